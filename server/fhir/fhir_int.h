/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of fhir share: the wishes a client states in its headers, the
 * ways to answer, the handlers, and the search grammar.
 */
#ifndef FHIR_INT_H
#define FHIR_INT_H

#include "fhir/fhir.h"

/* ---- rules of REST, as --errors explain names them ------------------- */

#define RULE_FORMAT	   "KPHR-REST-0101" /* an answer in XML is wanted */
#define RULE_CONTENT_TYPE  "KPHR-REST-0102" /* the body's media type */
#define RULE_BODY	   "KPHR-REST-0103" /* the body is not a resource */
#define RULE_BODY_TYPE	   "KPHR-REST-0104" /* resourceType and URL differ */
#define RULE_BODY_ID	   "KPHR-REST-0105" /* POST with an id in the URL */
#define RULE_TYPE	   "KPHR-REST-0110" /* a type this base has not */
#define RULE_INTERACTION   "KPHR-REST-0111" /* not offered for this type */
#define RULE_CONDITION	   "KPHR-REST-0113" /* If-None-Exist */
#define RULE_NOT_DEFINED   "KPHR-REST-0114" /* named, without definition */
#define RULE_BUNDLE	   "KPHR-REST-0115" /* a Bundle as a whole */
#define RULE_ENTRY	   "KPHR-REST-0116" /* an entry of one */
#define RULE_BATCH_OFF	   "KPHR-REST-0117" /* Bundles are not taken */
#define RULE_PATIENT	   "KPHR-REST-0120" /* patient missing in a search */
#define RULE_OTHER_PATIENT "KPHR-REST-0121" /* another citizen's record */
#define RULE_PARAMETER	   "KPHR-REST-0122" /* unknown search parameter */
#define RULE_MODIFIER	   "KPHR-REST-0123" /* unknown search modifier */
#define RULE_VALUE	   "KPHR-REST-0124" /* value of a search parameter */
#define RULE_SORT	   "KPHR-REST-0125"
#define RULE_PAGE	   "KPHR-REST-0126" /* page link that is none of ours */
#define RULE_UPDATE_ID	   "KPHR-REST-0160" /* ids of the body and of the URL */
#define RULE_CHAIN	   "KPHR-REST-0128" /* chain, _has */
#define RULE_INCLUDE	   "KPHR-REST-0129" /* _include, _revinclude */
#define RULE_SUMMARY	   "KPHR-REST-0148" /* _summary, _elements */
#define RULE_OPERATION	   "KPHR-REST-0149" /* an operation of another type */

/* ---- negotiate.c: what the client wants ------------------------------ */

enum prefer_return { RETURN_REPRESENTATION, RETURN_MINIMAL, RETURN_OUTCOME };
enum prefer_handling { HANDLING_OPEN, HANDLING_STRICT, HANDLING_LENIENT };

struct wish {
	const char *type; /* Content-Type of the answer */
	bool pretty;
	enum prefer_return answer;
	enum prefer_handling handling;
	struct http_pair *pair; /* the query, in order */
	size_t pairs;
};

/* Reads Accept, _format, _pretty, Prefer and the query. False with rq->err
 * for a query that cannot be read and for a client that takes only XML; w is
 * good for answering the refusal even then. */
bool fhir_wish(struct rq *rq, struct wish *w);

/* Does text, a list with commas or semicolons, hold the word? Case is
 * ignored, and so is what stands behind a match up to the next separator. */
bool fhir_names(const char *text, const char *word);

/* The version's base as a URL, in the request's arena. */
const char *fhir_own_base(const struct rq *rq);

/* Replies with the JSON in rq->out, indented if so wished. Always true. */
bool fhir_reply(struct rq *rq, const struct wish *w, int status);

/* ETag, Last-Modified and Content-Location of a version (and Location). */
void fhir_version_headers(struct rq *rq, const struct store_resource *r,
			  bool location);

/* Replies with one version of a resource as the client wishes it. done: what
 * an OperationOutcome says was done, e.g. "created". */
bool fhir_reply_resource(struct rq *rq, const struct wish *w, int status,
			 const struct store_resource *r, const char *done);

/* ---- body.c: the resource that came in --------------------------------- */

/* Is the body's media type one of FHIR's JSON ones? */
bool fhir_body_type(struct rq *rq);

/* The body: a JSON object with a resourceType, and of that type. NULL with
 * rq->err set. */
const struct json *fhir_body(struct rq *rq);
const struct json *fhir_body_of(struct rq *rq, const char *type);

/* Has the resource the type of its URL? */
bool fhir_body_is(const struct json *resource, const char *type, struct err *e);

/* ---- operation.c: what cannot be done ---------------------------------- */

/* Refuses what there is no method for, in HAPI's words. Always false. */
bool fhir_unknown(struct rq *rq);

/* The type's row; refuses an interaction that it does not offer. */
bool fhir_offers(struct rq *rq, enum interaction ia,
		 const struct record_type **out);

/* ---- search_bundle.c -------------------------------------------------- */

/* The id of something in the answer that is not stored. */
const char *fhir_answer_id(struct rq *rq, const char *what);

/* Opens a Bundle of results (searchset, history): a fresh id, the time of now,
 * its type. */
void fhir_bundle_open(struct jw *w, struct rq *rq, const char *type);

/* ---- outcome.c ------------------------------------------------------- */

/* How an outcome looks. */
struct look {
	bool explain, narrative;
	bool stack8;	/* as the stack's successors have it */
	bool own_codes; /* each issue's own code, not "processing" */
};
struct look fhir_look(const struct rq *rq); /* by the settings */

/* Replies with an outcome of these issues. Always true. */
bool fhir_reply_issues(struct rq *rq, const struct wish *w, int status,
		       const struct issues *issues);
bool fhir_reply_look(struct rq *rq, const struct wish *w, int status,
		     const struct issues *issues, const struct look *look);

/* Replies with an outcome that says what was done, and in how long. text: as in
 * "Successfully deleted 1 resource(s)"; code: "SUCCESSFUL_DELETE", or NULL (see
 * stack8.c). Always true. */
bool fhir_reply_done(struct rq *rq, const struct wish *w, int status,
		     const char *code, const char *text);

/* ---- refuse.c --------------------------------------------------------- */

/* Answers rq->err; the group's error page. */
void fhir_refuse(struct rq *rq);

/* A refusal as an issue; its texts are in the request's arena. */
struct issue fhir_refusal(const struct rq *rq, const struct err *e);

/* ---- stack8.c: oo_style=hapi8 ------------------------------------------- */

/* Rewords a refusal. */
void fhir_stack8(struct arena *a, enum fhir_version v, struct issue *i);
/* Writes the details that tell what was done. */
void fhir_stack8_done(struct jw *w, const char *code);

/* ---- group.c ------------------------------------------------------------ */

/* X-Powered-By, by the switch x_powered_by. */
void fhir_name_software(struct rq *rq);

/* ---- write.c: what create, update and delete share -------------------- */

/* With what the request writes: whose permission, which application, what the
 * headers If-Match and If-None-Match ask, and what rq->within says. id: see
 * struct record_write. */
struct record_write fhir_write(struct rq *rq, const char *id);

/* Does the body of an update carry the id? needed: it must have one. */
bool fhir_update_id(const struct json *resource, const char *want, bool needed,
		    struct err *e);

/* A write has passed the record's checks: notes it (rq_passed). */
void fhir_passed_write(struct rq *rq, const struct record_write *w);

/* Answers what record refused: a resource that breaks its profile with all of
 * issues and the status of validation_status (true), everything else by
 * rq->err (false). */
bool fhir_refuse_write(struct rq *rq, const struct wish *w,
		       const struct issues *issues);

/* The query as a condition: without _format and _pretty. */
const char *fhir_condition_query(struct rq *rq, const struct wish *w);

/* ---- handlers -------------------------------------------------------- */

bool fhir_create(struct rq *rq);
bool fhir_create_with_id(struct rq *rq);
bool fhir_update(struct rq *rq);
bool fhir_update_conditional(struct rq *rq);
bool fhir_delete(struct rq *rq);
bool fhir_delete_conditional(struct rq *rq);
bool fhir_read(struct rq *rq);
bool fhir_vread(struct rq *rq);
bool fhir_history(struct rq *rq); /* of a resource, a type, the base */
bool fhir_search(struct rq *rq);
bool fhir_search_post(struct rq *rq);
bool fhir_everything(struct rq *rq);
bool fhir_validate(struct rq *rq);
bool fhir_not_defined(struct rq *rq); /* an operation without definition */
bool fhir_bundle(struct rq *rq);
bool fhir_metadata(struct rq *rq);
bool fhir_smart(struct rq *rq);
/* An endpoint of the authorization server: "/token". */
const char *fhir_auth_url(const struct rq *rq, const char *end);

/* ---- bundle.c --------------------------------------------------------- */

/* What a Bundle tells the requests within it (rq->within); all may be NULL. */
struct fhir_within {
	const struct json *resource; /* the body, which is read already */
	const char *id;		     /* that a create gives the resource */
	const char *const *expected; /* see struct record_write */
	size_t expected_count;
	const char *const *leaving; /* the same */
	size_t leaving_count;
	struct store_resource *done; /* set to what was stored or read */
	const char *place; /* "Bundle.entry[2]": where the issues are; NULL: in
			    * the resource, as if it had come alone */
	bool moved;	   /* and lines and columns are not the client's */
};

/* The issues as the Bundle has them, when it says where its entry is. */
const struct issues *fhir_within_issues(const struct rq *rq,
					const struct issues *issues);

/* ---- condition.c ------------------------------------------------------ */

/* The resource that a condition names ("identifier=..", with or without "?" or
 * "Type?" before it): only identifiers, in the caller's own record alone (a
 * shared type's: everybody's). *n: how many there are, and if there are any,
 * out is one of them. what: "CREATE", "UPDATE", "DELETE": several are refused
 * in HAPI's words (ERR_PRECONDITION); NULL: the caller looks at *n. False with
 * rq->err set. */
bool fhir_condition_find(struct rq *rq, const struct record_type *t,
			 const char *text, const char *what,
			 struct store_resource *out, size_t *n);

/* ---- summary.c: parts of a resource ------------------------------------ */

enum summary {
	SUMMARY_FALSE, /* not asked for */
	SUMMARY_TRUE,
	SUMMARY_TEXT,
	SUMMARY_DATA,
	SUMMARY_COUNT
};
struct subset {
	enum summary summary;
	const char *elements; /* the value of _elements, or NULL */
};

/* What _summary and _elements of the pairs ask for. False with e set: a value
 * that is none, or both of them. */
bool fhir_subset_read(const struct http_pair *pair, size_t n,
		      struct subset *out, struct err *e);

/* Does it leave anything out? */
bool fhir_subset_asked(const struct subset *s);

/* Appends the resource with what is asked for and the tag SUBSETTED; or as it
 * is when everything is. */
void fhir_subset(struct buf *b, const struct fhir *f, const struct subset *s,
		 const struct store_resource *r);

/* ---- page.c ----------------------------------------------------------- */

/* GET base: the pages of results that are kept; else a refusal. */
bool fhir_at_base(struct rq *rq);

/* The parameters that say which page of a result is meant. */
#define PARAM_PAGES  "_getpages"
#define PARAM_OFFSET "_getpagesoffset"

/* Refuses a page that no link of ours names. Always false. */
bool fhir_no_page(struct err *e, const char *token);

#endif
