/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of admin/ share: the member checker, refusals, the handlers.
 */
#ifndef ADMIN_INT_H
#define ADMIN_INT_H

#include "admin/admin.h"

/* ---- members.c: what a body may hold -------------------------------- */

enum member_kind {
	MEMBER_TEXT,
	MEMBER_COUNT,
	MEMBER_LIST,
	MEMBER_OBJECT,
	MEMBER_FLAG
};

struct member {
	const char *name;
	enum member_kind kind;
	bool required;
};

/* A member of a body, told to people: its name, what may stand there, and what
 * that means. */
struct member_told {
	const char *name, *type, *what;
};

/* The body as a JSON object; an absent body is an empty one. False: rq->err
 * says where it is not JSON, or that it is no object. */
bool body_object(struct rq *rq, const struct json **out);

/* The body as an object of these members alone, each of its kind, none of the
 * required ones missing. null is as good as absent. */
bool body_members(struct rq *rq, const struct member *m, size_t n,
		  const struct json **out);

/* What a call takes, as a thing that the handler checks and openapi.c tells; so
 * the two cannot differ. The handler's table stands before it:
 *	static const struct member fault_post[] = {...};
 *	const struct body fault_post_body = BODY_OF(fault_post);
 * and a row of the table in openapi_calls.c names it. What somebody else reads
 * (a match, a registration) is told one by one by told(). */
struct body {
	const struct member *m;
	size_t n;
	bool (*told)(size_t i, struct member_told *out); /* NULL: m is all */
};
#define BODY_OF(members)                                                       \
	{                                                                      \
		(members), LEN(members), NULL                                  \
	}
/* body_members() with its table. */
bool body_read(struct rq *rq, const struct body *b, const struct json **out);

/* A JSON Schema of the kind: an object. */
const char *member_schema(enum member_kind kind);

/* A member that was checked: NULL, or otherwise, when it is absent. */
const char *member_text(const struct json *body, const char *name);
int64_t member_count(const struct json *body, const char *name,
		     int64_t otherwise);
bool member_flag(const struct json *body, const char *name); /* absent: false */

/* Refuses the member near->word by name, with the nearest known one if there is
 * any. Always false. */
bool refuse_unknown(struct rq *rq, const struct nearest *near);

/* The same of a member that stands at where, a JSON Pointer. */
bool admin_unknown(struct rq *rq, const struct nearest *near,
		   const char *where);

/* After record refused a member of the body: where becomes "/member". Always
 * false. */
bool refuse_member(struct rq *rq);

/* ---- openapi_calls.c: what is taken by which call --------------------- */

/* What a route takes; NULL: nothing that is told. */
const struct body *call_body(const struct route *r);
/* The rows, by index; NULL behind the last. */
const char *call_name(size_t i);
/* Bodies within bodies, that the schemas of several calls name, by index; NULL
 * behind the last. */
const struct body *call_part(size_t i, const char **name);

/* ---- openapi.c: the API told ------------------------------------------ */

/* Where the texts come from, by the name of a route: descriptions, parameters,
 * schemas of answers. */
#define OPENAPI_TEXTS "server/admin/openapi.json"

/* A document about these routes. */
struct openapi {
	const struct route *routes;
	size_t n;
	const char *version; /* of the program */
	const char *server;  /* "http://127.0.0.1:8080" */
};
/* Writes it. False: the texts are wrong, e says where. */
bool openapi_write(struct buf *b, const struct openapi *x, struct err *e);
bool admin_openapi(struct rq *rq);

/* ---- admin.c -------------------------------------------------------- */

struct admin *admin_of(const struct rq *rq);
struct store *store_of(const struct rq *rq);
const struct route *admin_routes(size_t *n);
const char *issuer_of(const struct rq *rq); /* the authorization server's */

/* Answers with the JSON in rq->out. */
bool reply_json(struct rq *rq, int status);

/* Finds or refuses: 404. */
bool client_get(struct rq *rq, const char *client_id, struct store_client *out);
bool citizen_get(struct rq *rq, const char *hetu, struct store_citizen *out);

/* ---- about.c -------------------------------------------------------- */

/* Writes environment, behaviour, addresses and switches into the object under
 * way. */
void about_write(struct jw *w, struct rq *rq);

/* ---- clock.c -------------------------------------------------------- */

/* Writes now and mode into the object under way. */
void clock_write(struct jw *w, const struct clock *c);

/* ---- redact.c: what no text keeps ------------------------------------ */

/* The n bytes without secrets and whole personal codes: themselves, or a copy
 * in the arena, whose length *n becomes. fhir: "code" and "token" are none. */
const char *redact(struct arena *a, const char *s, size_t *n, bool fhir);
const char *redact_text(struct arena *a, const char *s, bool fhir);
/* Likewise of a form or a query, where a value ends at the next &. */
const char *redact_form(struct arena *a, const char *s, size_t *n, bool fhir);
const char *redact_query(struct arena *a, const char *s, bool fhir);

/* The n bytes without that text, wherever it stands, also as JSON writes it:
 * NULL when it is not among them. */
const char *redact_value(struct arena *a, const char *s, size_t *n,
			 const char *value);

/* A header's value likewise, by its name. */
const char *redact_header(struct arena *a, const struct http_pair *h,
			  bool fhir);

/* "sha256:ab12cd"; "" for none. */
const char *redact_token(struct arena *a, const char *token, size_t n);

/* What a refusal says, without what is secret in it. */
const char *journal_message(struct arena *a, const struct err *e);

/* ---- journal.c: the ring --------------------------------------------- */

/* A client's certificate: an object as JSON, and by what it is looked for; all
 * "" for none. */
struct journal_peer {
	const char *json, *thumbprint, *oid;
};
/* A handshake that was refused, which is copied. */
struct journal_handshake {
	int64_t at_ms;
	int alert;
	const char *from, *code, *reason;
	struct journal_peer peer;
};
void journal_refused(struct journal *j, const struct journal_handshake *h);

/* What an entry begins with. */
struct entry {
	int64_t seq;
	size_t bytes; /* of memory, in all */
};
/* Takes the entry and gives it its number; the oldest go for it. */
void journal_put(struct journal *j, struct entry *e);

void journal_clear(struct journal *j);

/* Writes how many entries are kept and how many went. */
void journal_write(struct jw *w, const struct journal *j);

/* ---- entry.c: what is kept of a request ------------------------------ */

#define JOURNAL_BODY (64u << 10) /* bytes kept of one */

struct seen;
/* What an entry says; the texts are the entry's own. */
void entry_seen(struct entry *e, struct seen *out);
void entry_free(struct entry *e);

/* ---- named.c --------------------------------------------------------- */

/* The profiles that a resource names, of which this is the text or its
 * beginning, with spaces between; to be freed. */
char *profiles_named(const char *text, size_t n);

/* ---- tell.c: an entry as it is shown --------------------------------- */

/* Writes the object. whole: with headers and bodies. */
void seen_write(struct jw *w, const struct journal *j, const struct seen *s,
		bool whole);

/* What of an application's habits shows in a request: writes the array
 * "findings", if there are any. */
void findings_write(struct jw *w, const struct journal *j,
		    const struct seen *s);

/* ---- decision.c: which check refused --------------------------------- */

/* The name of the check (as in rq_passed) that refused a request. */
const char *decision_check(const struct seen *s);

/* ---- requests.c ------------------------------------------------------ */

/* What entries a query asks for. */
struct match;
struct journal_wanted {
	struct match *match;
	int64_t since, limit;
	bool has_since, newest_first;
};
/* Reads the request's own query; false: refused. */
bool requests_wanted(struct rq *rq, struct journal_wanted *want);

/* The entry of a request by its id, or the latest one ("latest") that is not
 * the control API's; or refuses: 404. */
bool request_find(struct rq *rq, const char *id, struct seen *out);

bool admin_requests(struct rq *rq);
bool admin_request(struct rq *rq);
bool admin_requests_delete(struct rq *rq);

/* ---- replay.c -------------------------------------------------------- */

/* Answers with the request as curl sends it (as ".curl") or in a file
 * (".http"). */
bool replay(struct rq *rq, const struct seen *s, const char *as);

/* ---- count.c --------------------------------------------------------- */

bool admin_requests_count(struct rq *rq);
bool admin_requests_wait(struct rq *rq);

/* ---- follow.c -------------------------------------------------------- */

bool admin_requests_stream(struct rq *rq);

/* ---- peer.c --------------------------------------------------------- */

/* What is told of a certificate (NULL: none was presented), in the arena. */
void journal_peer(struct record *r, struct arena *a,
		  const struct pki_peer *peer, struct journal_peer *out);

/* The line of the log for a request that was refused for its certificate, if it
 * was. */
void journal_log_refused(const struct record *r, const struct rq *rq);

/* "certificate_expired"; and back, 0 for an unknown name */
const char *journal_alert(int alert);
int journal_alert_number(const char *name);

/* ---- match.c: what a fault or a question is about ------------------- */

/* What can be said of a request, before it is answered, afterwards, or from the
 * journal; "" and 0 where there is nothing to say. */
struct seen {
	int64_t seq, at_ms, us;
	int64_t wall_ms; /* by the real clock; 0: it is not known */
	const char *id;
	const char *kind; /* "request", "control", "page", "tls" */
	const char *method, *path, *query;
	const char *endpoint;	  /* "fhir", "token", "authorize", ... */
	const char *interaction;  /* of FHIR: "create", "search-type", ... */
	const char *fhir_version; /* "stu3", "r4" */
	const char *type;	  /* of resource */
	const char *profile;	  /* meta.profile, spaces between several */
	const char *client_id, *patient, *scope;
	const char *hetu; /* whole before the answer, masked in the journal */
	const char *thumbprint, *oid;
	const char *grant_type, *state; /* parameters of OAuth */
	const char *outcome_code; /* of a refusal: the OAuth error, the code of
				   * the first issue, or the rule's id */
	const char *error, *where, *why, *fault;
	int status, alert;
	const char *body;	     /* of the request, as far as it was kept */
	size_t body_len, body_bytes; /* of all of it, as it was sent */
	const char *answer;	     /* likewise */
	size_t answer_len, answer_bytes;
	/* Of the journal alone. */
	const char *token;	   /* "sha256:ab12cd" */
	const char *certificate;   /* an object as JSON */
	const char *shadow;	   /* an array as JSON */
	const char *from;	   /* the client's address, of a handshake */
	const char *const *passed; /* checks, so many */
	size_t passed_count;
	/* The i-th header, of the answer or of the request; false behind the
	 * last. */
	bool (*header_at)(const struct seen *s, bool answer, size_t i,
			  struct http_pair *out);
	/* A request header by its name; NULL: none. */
	const char *(*header)(const struct seen *s, const char *name);
	const void *of; /* where it comes from */
};

/* Reads the object v, which stands in the body at where ("/match"), into the
 * arena a. NULL: rq->err names the member. */
struct match *match_read(struct rq *rq, struct arena *a, const struct json *v,
			 const char *where);

/* The same where members of these names (ended by NULL) are somebody else's to
 * read. */
struct match *match_read_but(struct rq *rq, struct arena *a,
			     const struct json *v, const char *where,
			     const char *const *others);
/* A citizen who was not there when it was read may be there now: whoever asks
 * for long (a wait) says so before each round. a: the match's arena. */
void match_again(struct match *m, struct store *s, struct arena *a);

/* What has to be found out about a request before it can be asked. */
#define MATCH_ANSWER 1u /* how it was answered */
#define MATCH_WHO    2u /* client_id, patient, hetu */
#define MATCH_FORM   4u /* grant_type, state */
#define MATCH_BODY   8u /* profile */
unsigned match_wants(const struct match *m);

/* Has it no members but these (ended by NULL)? */
bool match_within(const struct match *m, const char *const *names);

/* Is there an expression that is not asked any more, as it cost too much with
 * several texts? Then what matches is not all that there is. */
bool match_gave_up(const struct match *m);

/* Is it about that citizen (Patient id) and nobody else? */
bool match_about(const struct match *m, const char *patient);

/* The members there are, by index; false behind the last. */
bool match_member(size_t i, struct member_told *out);

/* Does the request match in every member? */
bool match_is(const struct match *m, const struct seen *s);

/* How nearly: how many of the members match (of *of), and those that do not, in
 * the arena. */
struct match_difference {
	const char *field, *expected, *actual;
};
size_t match_score(const struct match *m, const struct seen *s, struct arena *a,
		   size_t *of, struct match_difference **differences,
		   size_t *n);

/* ---- journal.c: reading it ------------------------------------------ */

/* The entry with the i-th lowest number; false behind the last. Its texts last
 * until the journal changes. */
bool journal_at(const struct journal *j, size_t i, struct seen *out);
size_t journal_kept(const struct journal *j);
/* The place of the first entry whose number is greater. */
size_t journal_behind(const struct journal *j, int64_t seq);
/* The highest number of those that went for want of room; 0: none did. */
int64_t journal_lost(const struct journal *j);
/* The highest number given so far; how many entries went for want of room. */
int64_t journal_last(const struct journal *j);
int64_t journal_dropped(const struct journal *j);
/* Forgets the entries of a citizen (Patient id). */
void journal_clear_patient(struct journal *j, const char *patient);

/* ---- faults.c ------------------------------------------------------- */

struct faults;
/* Disarms all (patient NULL), or those that are about a citizen alone. */
void faults_clear(struct faults *f, const char *patient);
/* Whoever waits for an answer that is late gets 503 with X-Mock-Reset: all, or
 * those whose token is that citizen's. */
void faults_flush(struct rq *rq, const char *patient);
/* For a snapshot: the same rules with what they have counted; freed by
 * faults_free(). And back: those of f go. */
struct faults *faults_copy(struct rq *rq, const struct faults *from);
void faults_restore(struct rq *rq, struct faults *f, const struct faults *from);
/* Writes which are armed, and how many, as the member faults. */
void faults_write(struct jw *w, struct faults *f, int64_t now_ms);
/* The alert that a handshake is to be refused with; 0: none. *id: the fault's
 * name. */
int faults_alert(struct admin *a, const struct seen *s, const char **id);

/* What POST /faults takes, by index; false behind the last: the members of a
 * rule, and of an action. */
bool fault_member(size_t i, struct member_told *out);
bool fault_action_member(size_t i, struct member_told *out);
/* Those that a fault's match has besides. */
bool fault_counting_member(size_t i, struct member_told *out);

bool admin_faults(struct rq *rq);
bool admin_fault_post(struct rq *rq);
bool admin_fault_get(struct rq *rq);
bool admin_fault_delete(struct rq *rq);
bool admin_faults_delete(struct rq *rq);

/* ---- shadow.c ------------------------------------------------------- */

/* Writes how many requests each would have refused; begins to count anew. */
void shadow_write(struct jw *w, const struct shadows *all);
void shadow_clear(struct shadows *all);

/* ---- certificates.c ------------------------------------------------- */

/* How many of those that were issued expired in (from_ms, to_ms]. */
int64_t certificates_expired(const struct certificates *c, int64_t from_ms,
			     int64_t to_ms);

/* The same as a list of their numbers, a member of the object under way. */
void certificates_expired_write(struct jw *w, const char *name,
				const struct certificates *c, int64_t from_ms,
				int64_t to_ms);

/* Forgets what was issued and takes revocations back. p may be NULL. */
void certificates_reset(struct certificates *c, struct pki *p);

/* A copy of the list and of what is revoked, and back from it: what was issued
 * since is forgotten, what was revoked since is good again. p may be NULL. */
struct certificates *certificates_copy(const struct certificates *c,
				       const struct pki *p);
void certificates_restore(struct certificates *c, struct pki *p,
			  const struct certificates *from);

bool admin_certificates(struct rq *rq);
bool admin_certificate_post(struct rq *rq);
bool admin_certificate_revoke(struct rq *rq);
bool admin_certificates_ca(struct rq *rq);
bool admin_certificates_crl(struct rq *rq);

/* ---- report.c -------------------------------------------------------- */

bool admin_report(struct rq *rq);
bool admin_coverage(struct rq *rq);
bool admin_profiles(struct rq *rq); /* profiles.c */

/* ---- what they take -------------------------------------------------- */

extern const struct body citizen_age_body, citizen_delete_data_body,
    permission_post_body;
extern const struct body authorize_body, certificate_post_body,
    citizen_post_body, clock_advance_body, clock_put_body, requests_count_body,
    requests_wait_body, reset_body, snapshot_post_body, tokens_end_body,
    tokens_post_body, withdraw_body;

/* ---- snapshots.c ------------------------------------------------------ */

void snapshots_clear(struct snapshots *all);

bool admin_snapshots(struct rq *rq);
bool admin_snapshot_post(struct rq *rq);
bool admin_snapshot(struct rq *rq);
bool admin_snapshot_restore(struct rq *rq);
bool admin_snapshot_delete(struct rq *rq);

/* ---- handlers ------------------------------------------------------- */

bool admin_health(struct rq *rq);
bool admin_state(struct rq *rq);
bool admin_reset(struct rq *rq);
bool admin_settings(struct rq *rq);
bool admin_settings_put(struct rq *rq);

bool admin_citizens(struct rq *rq);
bool admin_citizen_post(struct rq *rq);
bool admin_citizen(struct rq *rq);
bool admin_citizen_delete(struct rq *rq);

bool admin_clients(struct rq *rq);
bool admin_client_post(struct rq *rq);
bool admin_client(struct rq *rq);
bool admin_client_put(struct rq *rq);
bool admin_client_delete(struct rq *rq);

bool admin_authorize(struct rq *rq);
bool admin_tokens(struct rq *rq);
bool admin_tokens_post(struct rq *rq);
bool admin_tokens_expire(struct rq *rq);
bool admin_tokens_revoke(struct rq *rq);
bool admin_withdraw(struct rq *rq);

/* /consents and /treatments */
bool admin_sharings(struct rq *rq);
bool admin_sharings_delete(struct rq *rq);
bool admin_sharing(struct rq *rq);
bool admin_sharing_post(struct rq *rq);
bool admin_sharing_delete(struct rq *rq);

bool admin_clock(struct rq *rq);
bool admin_clock_put(struct rq *rq);
bool admin_clock_advance(struct rq *rq);
bool admin_citizen_age(struct rq *rq);
bool admin_citizen_delete_data(struct rq *rq);
bool admin_citizen_display(struct rq *rq);

bool admin_keys_rotate(struct rq *rq);
bool admin_fixtures(struct rq *rq);
bool admin_permission_post(struct rq *rq);

#endif
