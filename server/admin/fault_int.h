/* SPDX-License-Identifier: Apache-2.0
 *
 * fault_int.h: what the files of faults share. faults.c keeps the rules and
 * chooses, fault_read.c and fault_action.c read them, fault_seen.c finds out
 * whom a request is about, fault_answer.c does what a rule says.
 */
#ifndef FAULT_INT_H
#define FAULT_INT_H

#include "admin/admin_int.h"

#define FAULTS_MAX   1000 /* rules that are kept */
#define ACTIONS_MAX  50	  /* of a sequence */
#define FAULT_LIST   20	  /* headers, names, ... */
#define DELAY_MS_MAX ((int64_t)10 * 60 * 1000)

enum delay_kind { DELAY_NONE, DELAY_FIXED, DELAY_UNIFORM, DELAY_LOGNORMAL };

struct fault_pairs {
	struct http_pair *of;
	size_t n;
};

/* What is to happen once; zeroed: nothing. */
struct action {
	unsigned does; /* DOES_... */
	int status;    /* 0: not said */
	int alert;
	enum { TOKEN_STAYS, TOKEN_EXPIRES, TOKEN_GOES } ends;
	enum delay_kind delay;
	bool commit_first, malformed;
	double delay_a, delay_b;
	const char *body; /* NULL: not said */
	size_t body_len;
	struct fault_pairs headers; /* value NULL: left out of the answer */
	const char *retry_after;
	const char *oauth_error, *error_description;
	const char *outcome_code;
	const char *error_page; /* why the page refuses: "client_id" */
	const char *endpoint;	/* the only one it is for; NULL: any */
	const struct json *patch;
	struct fault_pairs drop, add, replace; /* of a redirect */
	struct record_twist twist;
	struct http_effect effect;
};
#define DOES_REPLACE  1u  /* another answer in the place of the real one */
#define DOES_TOKEN    2u  /* the token ends before it is looked at */
#define DOES_TWIST    4u  /* the handler does something otherwise */
#define DOES_CHANGE   8u  /* the real answer is changed */
#define DOES_EFFECT   16u /* its way is */
#define DOES_REDIRECT 32u
#define DOES_ALERT    64u
#define DOES_DROP     128u /* nothing of an answer is needed */

struct rule {
	struct rule *next;
	struct arena *arena; /* it lives here */
	char id[24];
	const char *name;	 /* NULL: none */
	const struct json *body; /* as it was sent */
	struct match *match;
	struct action *action;
	size_t actions;
	int64_t times; /* -1: always */
	int64_t after, every;
	int64_t nth[FAULT_LIST];
	size_t nths;
	double probability; /* negative: always */
	uint64_t dice;
	int64_t ttl_ms, ends_ms; /* -1: no end */
	/* what came of it */
	bool armed;
	int64_t matched, fired;
	const char *note; /* why it did not fire when it could have */
	char why[768];	  /* where a text of it lies; asked of many requests */
	char last[UUID_TEXT];
};

struct faults {
	struct rule *first, **last;
	size_t n, armed;
	int64_t given; /* ids */
	unsigned wants;
	/* between the two halves of one request */
	const struct rq *under;
	struct rule *rule;
	const struct action *action;
};

/* ---- fault_read.c, fault_action.c ------------------------------------ */

/* What is being read. */
struct fault_reading {
	struct rq *rq;
	struct arena *arena;
	const char *where;
	const char *name; /* of the member */
	struct rule *rule;
	struct action *action;
	struct fault_pairs *pairs;
};

/* A member of an object, its meaning and its reader. */
struct part {
	const char *name, *type, *what;
	bool (*read)(struct fault_reading *in, const struct json *v);
};
/* Reads an object by a table; false: refused. */
bool fault_parts(struct fault_reading *in, const struct part *parts, size_t n,
		 const struct json *v);
/* Refuses the value of the member that is being read. Always false. */
bool fault_wrong(struct fault_reading *in, const char *must);
/* Numbers and words, each as JSON has them; false: refused. */
bool fault_number(struct fault_reading *in, const struct json *v, int64_t lo,
		  int64_t hi, int64_t *out);
bool fault_decimal(struct fault_reading *in, const struct json *v, double lo,
		   double hi, double *out);
bool fault_text(struct fault_reading *in, const struct json *v,
		const char **out);
bool fault_truth(struct fault_reading *in, const struct json *v, bool *out);
/* One of the words (ended by NULL): its index. */
bool fault_word(struct fault_reading *in, const struct json *v,
		const char *const *words, size_t *out);

/* Reads an action into in->action. */
bool fault_action(struct fault_reading *in, const struct json *v);

/* Reads a rule's body. NULL: refused; its arena is gone. */
struct rule *fault_rule(struct rq *rq, const struct json *body);

/* ---- fault_seen.c ---------------------------------------------------- */

/* What can be said of a request, as far as it is wanted (MATCH_...). */
void fault_seen(struct rq *rq, const struct admin *a, unsigned wants,
		struct seen *out);
/* What the request's route is called: "token", "create"; "" for none. */
const char *fault_route(const struct rq *rq);
/* The digest of the token that it shows: the bearer's, or the refresh token of
 * a token request; NULL: none. */
const char *fault_token(struct rq *rq);

/* ---- fault_answer.c -------------------------------------------------- */

/* Can it be done to this request, before it is answered, or to its answer? */
bool fault_fits_request(struct rq *rq, const struct admin *a,
			const struct action *x);
bool fault_fits_answer(struct rq *rq, struct rule *r, const struct action *x);

/* Does what comes before the handler; true: replied. */
bool fault_before(struct rq *rq, const struct admin *a, const struct action *x);
/* Changes the answer that stands. */
void fault_after(struct rq *rq, struct rule *r, const struct action *x);

/* faults.c: how long to wait, by dice if it says so */
int64_t fault_delay(struct rule *r, const struct action *x);

/* fault_shape.c: the answer in the place of the real one */
void fault_replace(struct rq *rq, const struct action *x);
/* Sets, or takes away (NULL), a header of the answer that stands. */
void fault_header(struct rq *rq, const char *name, const char *value);
/* The answer's JSON with a patch applied, in its place; false: e. */
bool fault_patch(struct rq *rq, const struct json *patch, struct err *e);

/* fault_redirect.c: "?code=..." or "?error=..." to an application */
bool fault_is_callback(const struct rq *rq);
void fault_redirect(struct rq *rq, const struct action *x);
/* Can an authorization request be refused by a redirect; and does so. */
const char *fault_redirect_uri(struct rq *rq, const struct admin *a);
bool fault_redirect_error(struct rq *rq, const struct admin *a,
			  const struct action *x);

/* fault_error.c: codes of errors and what belongs to them */
struct fault_oauth_error {
	const char *error;
	int status;	/* for programs */
	bool authorize; /* can be told through the browser */
	bool resource;	/* can be told by a challenge (RFC 6750) */
	const char *text;
};
const struct fault_oauth_error *fault_oauth_error(size_t i);
const struct fault_oauth_error *fault_oauth_error_find(const char *error);
struct fault_outcome {
	const char *code; /* IssueType */
	int status;
};
const struct fault_outcome *fault_outcome(size_t i);
const char *fault_outcome_of(int status);
int fault_outcome_status(const char *code);
/* SMART launcher's names for whole actions: NULL for others. */
struct fault_alias {
	const char *name, *endpoint, *json;
};
const struct fault_alias *fault_alias(size_t i);

#endif
