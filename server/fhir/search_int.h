/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the search share: the grammar (query to store_query), its
 * values, includes, and the Bundle that answers.
 */
#ifndef SEARCH_INT_H
#define SEARCH_INT_H

#include "fhir/fhir_int.h"

/* Bounds of one query. */
#define SEARCH_VALUES	200 /* as they are written */
#define SEARCH_DEPTH	4   /* chains and _has, in all */
#define SEARCH_CLAUSES	90
#define SEARCH_SORTS	8
#define SEARCH_TEXT	200 /* characters of a string value */
#define SEARCH_INCLUDES 20  /* parameters */
#define SEARCH_INCLUDED 1000

/* ---- texts of values: value.c ----------------------------------------- */

/* The text of *s up to an unescaped sep: where it is, and its length. *s moves
 * behind the sep, to NULL at the end. */
size_t fhir_value_part(const char **s, char sep, const char **part);

/* A text with its escapes undone. */
char *fhir_unescaped(struct arena *a, const char *p, size_t n);

struct value_context {
	struct arena *arena;
	const struct search_rules *rules;
	struct err *err;
};

/* Reads one value of n bytes, never 0, into a zeroed v, whose texts are in the
 * arena. False with c->err set. */
typedef bool fhir_value_reader(const struct value_context *c, const char *p,
			       size_t n, struct store_value *v);
fhir_value_reader fhir_value_token, fhir_value_id, fhir_value_date,
    fhir_value_reference, fhir_value_uri, fhir_value_uri_above,
    fhir_value_uri_below, fhir_value_string, fhir_value_string_exact,
    fhir_value_string_contains, fhir_value_token_text, fhir_value_number,
    fhir_value_quantity;

/* ---- grammar.c: a query becomes a store_query ------------------------ */

/* What the words of a query are read by. */
struct search_rules {
	struct record *record;
	enum fhir_version fhir;
	const struct record_type *type;
	const struct settings *settings;
	const char *own_base; /* "http://h/phr-resourceserver/baseR4" */
	const char *patient;  /* the only one whose data may be asked for;
			       * NULL: everybody's */
	const char *scope;    /* that types must be in; NULL: all are */
	enum prefer_handling handling;
	int64_t now_ms; /* what ap (about) is measured from */
	const struct log *log;
};

/* _include=Type:param:target, or _revinclude */
struct search_include {
	const struct record_type *type;	  /* NULL: any */
	const struct record_param *param; /* NULL: every reference */
	const char *target;		  /* a type; NULL: any */
	bool iterate, reverse;
};

struct search {
	struct store_query query; /* all but fhir, in the arena */
	int64_t count;		  /* entries on a page at most */
	bool count_only;	  /* _summary=count or _count=0 */
	bool no_total;		  /* _total=none */
	bool nothing;		  /* it can find nothing */
	struct subset subset;
	struct search_include *include;
	size_t includes;
	const char **ignored; /* parameters that nobody knows */
	size_t ignored_count;
};

/* Reads the pairs of a query. False with e set. */
bool fhir_search_parse(struct arena *a, const struct search_rules *r,
		       const struct http_pair *pair, size_t n,
		       struct search *out, struct err *e);

/* May the resources of that type be looked at? */
bool fhir_may_see(const struct search_rules *r, const char *type);

/* A page size: n (below 0: none was given) within the settings' limits. */
int64_t fhir_page_size(const struct settings *s, int64_t n);

/* A decimal number without sign; false for anything else. */
bool fhir_read_count(const char *s, int64_t *out);

/* ---- clauses.c: one condition of a query ------------------------------ */

/* What a query is read with and into. */
struct reading {
	struct arena *arena;
	const struct search_rules *rules;
	struct search *out;
	struct err *err;
	size_t values;	   /* sent in the whole query */
	size_t references; /* that bare ids of references stand for */
	size_t depth;	   /* of chains */
	size_t clauses;
	bool patient; /* was it named? */
};

/* Clauses that hold together: of the query, or of what a chain leads to. */
struct clauses {
	const struct record_type *type; /* what they are about */
	struct store_clause *v;
	size_t n, cap;
};

/* One parameter: name[:modifier][.chain], or _has:Type:param:rest */
struct named {
	const char *name;     /* without modifier and chain */
	const char *modifier; /* or NULL */
	const char *chain;    /* what follows a '.', or NULL */
	const char *value;
};

/* Takes the name of a pair apart. */
struct named fhir_named(struct arena *a, const struct http_pair *pair);

/* Adds what the parameter asks for. False with g->err set. *known: false: there
 * is no such parameter, and nothing was done. */
bool fhir_add_clauses(struct reading *g, struct clauses *c,
		      const struct named *q, bool *known);

/* Appends an empty clause. NULL with g->err set: they are too many. */
struct store_clause *fhir_new_clause(struct reading *g, struct clauses *c);

/* May a reference by the parameter lead to a resource of the type? */
bool fhir_leads_to(const struct record_param *p, const char *type);

/* A parameter of the type, or NULL. */
const struct record_param *fhir_find_param(const struct search_rules *r,
					   const struct record_type *t,
					   const char *name);
/* The index rows that it looks at; *also: the second ones, or NULL. */
const char *fhir_param_row(const struct record_param *p, const char **also);
enum param_type fhir_param_type(const struct record_param *p);

bool fhir_bad_modifier(struct reading *g, const struct named *q);
bool fhir_bad_value(struct reading *g, const char *name, const char *why);
bool fhir_bad_chain(struct reading *g, const struct named *q);

/* The values of a list, empty ones left out; *n may be 0. False with g->err
 * set. */
bool fhir_read_list(struct reading *g, const char *list,
		    fhir_value_reader *read, struct store_value **out,
		    size_t *n);

/* clause_chain.c: q->chain follows references of p; _has looks the other way */
bool fhir_add_chain(struct reading *g, struct clauses *c,
		    const struct record_param *p, const struct named *q);
bool fhir_add_reverse(struct reading *g, struct clauses *c,
		      const struct named *q);

/* clause_code.c: :in, :not-in, :above, :below of a token */
bool fhir_add_codes(struct reading *g, struct clauses *c,
		    const struct record_param *p, const struct named *q);
/* Codes without a system mean the parameter's own one, by switch. */
void fhir_default_system(const struct reading *g, const struct record_param *p,
			 struct store_value *v, size_t n);

/* clause_updated.c: _lastUpdated */
bool fhir_add_updated(struct reading *g, struct clauses *c,
		      const struct named *q);
/* :missing of what every resource has (clauses.c) */
bool fhir_missing_always(struct reading *g, struct clauses *c,
			 const struct named *q);

/* clause_reference.c: references, the citizen among them, and :identifier */
bool fhir_add_reference(struct reading *g, struct clauses *c,
			const struct record_param *p, const struct named *q);

/* ---- include.c -------------------------------------------------------- */

/* Reads one value of _include or _revinclude. False with e set. */
bool fhir_include_read(struct arena *a, const struct search_rules *r,
		       const char *name, const char *value,
		       struct search_include *out, struct err *e);

/* The resources that belong to a page of matches, without these. False with e
 * set: there are too many. */
bool fhir_include(struct arena *a, const struct search_rules *r,
		  const struct search *s, const struct store_found *matches,
		  struct store_found *out, struct err *e);

/* ---- search_bundle.c --------------------------------------------------- */

/* A result, or a page of it, that is to be answered. */
struct answer {
	const struct wish *wish;
	const struct search *search;
	const struct store_found *found; /* the matches of the page */
	const struct store_found *included;
	const char *self;     /* its own URL */
	const char *token;    /* of the kept result; NULL: it is all here */
	int64_t offset, next; /* next 0: there is no further page */
	int64_t count;
};
/* Replies with the Bundle. Always true. */
bool fhir_reply_found(struct rq *rq, const struct answer *a);

/* The URL with its parameters sorted by name. path: below the base, begins with
 * '/', or "". */
const char *fhir_self_url(struct rq *rq, const char *path,
			  const struct http_pair *pair, size_t n);

/* ---- search.c, page.c -------------------------------------------------- */

/* The rules of a request about a type. */
struct search_rules fhir_search_rules(const struct rq *rq,
				      const struct record_type *t,
				      const struct wish *w);

/* A query as it was written, for what is kept with its result. */
struct kept_words {
	const char *what; /* "", or the operation whose result it is */
	const struct http_pair *pair;
	size_t pairs;
	const char *self; /* link to it */
};

/* Runs the query and replies with its first page. */
bool fhir_run_search(struct rq *rq, const struct wish *w,
		     const struct search_rules *r, const struct search *s,
		     const struct kept_words *words);

/* Who asked for what, as one text (page.c). */
const char *fhir_kept_query(struct arena *a, const struct search_rules *r,
			    const struct kept_words *words);

#endif
