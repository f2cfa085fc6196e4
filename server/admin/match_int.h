/* SPDX-License-Identifier: Apache-2.0
 *
 * match_int.h: what the two halves of matching share. match.c reads what a
 * request must be and asks it; match_known.c has the members there are.
 */
#ifndef MATCH_INT_H
#define MATCH_INT_H

#include "admin/admin_int.h"

/* How a text is compared. */
enum match_how {
	HOW_EQUAL,  /* it is one of the words */
	HOW_STEM,   /* or begins with it and a hyphen */
	HOW_FOLDED, /* the same, whatever the case */
	HOW_PART,   /* one of the words that it is made of is */
	HOW_PREFIX, /* it begins with one of them */
	HOW_STATUS, /* "404", or 4xx for all of a hundred */
	HOW_GLOB,   /* * and ? */
	HOW_REGEX,
	HOW_ABSENT, /* there is none */
	HOW_VALUE,  /* a value of JSON */
	HOW_SINCE,  /* a number, or a time */
	HOW_TRUTH
};

/* One thing that a request must be. */
struct criterion {
	const struct known *known;
	const char *field; /* "status", "query.code" */
	const char *key;   /* "code", "Accept", "/code/text" */
	const char *shown; /* what is expected, for a person */
	enum match_how how;
	const char **word;
	size_t words;
	const struct json *value;
	int64_t number;
	const char *patient; /* of a hetu, once the citizen is there */
	unsigned *costly;    /* how often its expression was given up */
};

/* A request that is looked at, and what was read of it so far. */
struct look {
	const struct seen *s;
	struct arena *arena; /* made when it is needed; or NULL */
	bool body_read;
	const struct json *doc; /* the body, if it is JSON */
	struct http_pair *form; /* else, if it is a form */
	size_t forms;
};

/* What is being read. */
struct reading {
	struct rq *rq;
	struct arena *arena;
	const char *where; /* of the member */
	struct criterion *c;
};

/* A member that a match may have. */
struct known {
	const char *name;
	const char *type; /* of its value, for people */
	const char *what;
	enum match_how how;
	unsigned wants; /* MATCH_... */
	/* Reads one value into in->c; false: refused. */
	bool (*read)(struct reading *in, const struct json *v);
	/* What the request has there; NULL: nothing. */
	const char *(*actual)(const struct criterion *c, struct look *l);
	/* Which text of struct seen, where actual is the plain one. */
	size_t offset;
	const char *const *words; /* no others are known; ended by NULL */
	bool keyed;		  /* an object: a criterion each */
};

/* match_known.c: by index; NULL behind the last. */
const struct known *match_known(size_t i);

/* match_value.c: what stands behind a member */
bool match_read_words(struct reading *in, const struct json *v);
bool match_read_types(struct reading *in, const struct json *v);
bool match_read_status(struct reading *in, const struct json *v);
bool match_read_truth(struct reading *in, const struct json *v);
bool match_read_path(struct reading *in, const struct json *v);
bool match_read_hetu(struct reading *in, const struct json *v);
bool match_read_since(struct reading *in, const struct json *v);
bool match_read_test(struct reading *in, const struct json *v);
bool match_read_value(struct reading *in, const struct json *v);

/* match_text.c: texts against patterns (1, 0, or -1: that costs too much); what
 * is inside of a request, NULL where it is not */
int match_glob(const char *pattern, const char *text);
int match_pattern(const char *pattern, const char *text);
struct arena *match_arena(struct look *l);
const char *match_query(struct look *l, const char *name);
const struct json *match_body(struct look *l, const char *pointer);
const char *match_form(struct look *l, const char *name);

#endif
