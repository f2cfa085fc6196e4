/* SPDX-License-Identifier: Apache-2.0
 *
 * report_int.h: the joint-testing report as one structure. It is made from the
 * journal in one pass (report_collect.c) and written by one file for each
 * format. All of it lives in the arena that it is made in.
 */
#ifndef REPORT_INT_H
#define REPORT_INT_H

#include "admin/admin_int.h"
#include "jose/jose.h"
#include "page/page.h"

/* ---- where it comes from ---- */

/* The entries of a journal, in order; false behind the last. */
struct report_journal {
	bool (*at)(const void *of, size_t i, struct seen *out);
	const void *of;
	int64_t dropped;
};

/* Whose entries; NULL and 0: all. */
struct report_wanted {
	const char *client_id, *patient;
	int64_t since, since_ms; /* the entries behind that number, that time */
};

/* ---- the cases: report_cases.c ---- */

enum report_per { PER_APPLICATION = 1, PER_TYPE = 2, PER_PROFILE = 4 };
enum report_look { LOOK_NONE, LOOK_NATIONAL, LOOK_DISPLAY };

#define REPORT_CASES 64

struct report_source {
	const char *id, *title, *url;
};
struct report_group {
	const char *id, *mark;
	const struct json *title; /* en, fi, sv */
	const struct report_source *source;
};
struct report_case {
	const char *id, *mark;
	const char *column; /* of the matrix; NULL: none */
	const struct json *requirement;
	const struct report_group *group;
	const struct report_source *source;
	const struct match *match;
	unsigned per;		    /* of enum report_per */
	unsigned needs;		    /* IA_...: what the type must offer; or 0 */
	const struct json *expect;  /* "2xx", "404": passed */
	const struct json *neither; /* statuses, codes: no try; or NULL */
	/* A redirect without any of these parameters is no try; or NULL. */
	const struct json *redirect;
	bool refused; /* passed by a refusal alone */
	bool all;     /* one that failed is enough; else one that passed */
	bool batch;   /* entries of a batch count as if they were alone */
	bool anybody; /* the citizen's own pages, whoever's they are */
	enum report_look look;
};
struct report_cases {
	const struct json *doc;
	struct report_source source[16];
	size_t sources;
	struct report_group group[8];
	size_t groups;
	struct report_case of[REPORT_CASES];
	size_t n;
};

/* Reads the embedded cases, or other ones, into the request's arena. False:
 * rq->err says where they are wrong. */
bool report_cases_read(struct rq *rq, const char *text, size_t n,
		       struct report_cases *out);

/* The text of {"en","fi","sv"} in the language. */
const char *report_text(const struct json *v, const struct page_locale *l);

/* ---- the report ---- */

enum verdict {
	VERDICT_UNTRIED,
	VERDICT_PASSED,
	VERDICT_FAILED,
	VERDICT_FAULT, /* only while a fault was injected */
	VERDICTS
};

/* Words, each once, in the order of the letters
 * when report_words_sort() has been called. */
struct report_words {
	struct arena *arena;
	const char **v;
	size_t n, cap;
	uint32_t *slot;
	size_t slots;
};
void report_words_init(struct report_words *w, struct arena *a);
/* The place of the word, which stays until it is sorted; copied if it is new.
 */
size_t report_words_add(struct report_words *w, const char *text);
bool report_words_has(const struct report_words *w, const char *text);
/* Takes the word that was added last away again. */
void report_words_forget(struct report_words *w);
void report_words_sort(struct report_words *w);

/* A type, or a profile of one, in a version. */
struct report_subject {
	enum fhir_version fhir;
	const char *type;
	const char *profile; /* NULL: the type itself */
	const char *title;   /* of the profile, or "" */
	unsigned offered;    /* IA_... */
	size_t kept;	     /* requests about it */
	/* coverage, of profiles */
	struct profile_part *part; /* with sums; NULL: nothing was sent */
	size_t parts, resources;
	struct report_words *codes; /* NULL: none */
	unsigned met[600];	    /* answers by status */
};

#define REPORT_CITED 5
struct report_cited {
	size_t of[REPORT_CITED]; /* in report.evidence */
	size_t n;
};

struct report_cell {
	const struct report_case *of;
	const struct report_subject *subject; /* NULL: the application */
	enum verdict verdict;
	unsigned passed, failed, faulted;
	struct report_cited cited;
	const char *why; /* of the first failure; NULL: none */
};

struct report_evidence {
	int64_t seq;
	const char *id, *at, *method, *path, *query, *fault;
	int status;
	char digest[JOSE_DIGEST]; /* report_evidence_text() */
};

/* A habit worth mending. */
struct report_habit {
	const char *id, *what, *change; /* English texts (page_word) */
	const char *client_id;
	size_t count;
	struct report_cited cited;
};

#define REPORT_AGENTS 20

/* An application that was seen. */
struct report_client {
	const char *client_id, *name; /* name "": not registered (any more) */
	struct report_words agents;   /* User-Agent, at most REPORT_AGENTS */
	size_t requests;
	struct habits *habits; /* report_habits.c's */
	const char *scope;     /* that it last asked for */
};

enum report_used {
	USED_FUNCTIONS, /* "r4 Observation create" */
	USED_TYPES,	/* "r4 Observation" */
	USED_PROFILES,	/* URLs */
	USED_SCOPES,
	USED_CODES, /* "system|code" */
	USEDS
};

struct report {
	struct arena *arena;
	struct record *record;
	const struct report_cases *cases;
	struct report_wanted wanted;
	struct page_locale locale;

	struct report_subject *subject;
	size_t subjects;
	struct report_cell *cell;
	size_t cells;
	struct report_cell **at; /* see report_cell_at(); NULL: none there */
	struct report_evidence *evidence;
	size_t evidences, evidence_cap;
	struct report_habit *habit;
	size_t habits;
	struct report_client **client;
	size_t clients, client_cap;
	struct report_words used[USEDS];
	/* The resources that were met, "r4 Type/id", and what each named as its
	 * profiles, with spaces between. */
	struct report_words met_resource;
	struct report_words met_patient; /* of those of the application */
	const char **met_profiles;
	size_t met_cap;

	/* coverage beside profiles */
	unsigned met[600]; /* answers of FHIR and OAuth by status */
	size_t searches, pages_offered, pages_followed;
	size_t creates, creates_conditional;

	/* while it is made */
	const struct report_journal *journal;
	struct arena *scratch; /* cleared behind each entry */
	size_t now;	       /* the entry under way */

	size_t entries; /* that were looked at */
	int64_t first, last;
	bool complete; /* nothing was dropped */
	int64_t dropped;
};

/* ---- one thing that an application did: report_event.c ---- */

#define EVENT_PROFILES 8
struct report_event {
	const struct seen *seen; /* of an entry of a batch: what it would be */
	struct report_client *client; /* NULL: none is known */
	enum fhir_version fhir;
	bool is_fhir;
	bool entry;  /* of a batch */
	bool first;  /* of its entry of the journal */
	bool others; /* not of the application that was asked for */
	bool refused;
	int status;
	const char *type; /* NULL: none */
	const char *profile[EVENT_PROFILES];
	size_t profiles;
	const struct json *resource; /* that was sent; NULL: none */
	const struct json *answer;   /* NULL: none that can be read */
	const char *scope;	     /* OAuth: what it is about; or NULL */
	const char *why;	     /* it was refused; or "" */
};

/* Calls see for an entry of the journal: once, and for a batch for each of its
 * entries, as part of it and (entry) as if it had come alone. scratch: for what
 * lasts until see returns. */
typedef void (*report_see)(struct report *r, struct arena *scratch,
			   const struct report_event *e);
void report_events(struct report *r, struct arena *scratch,
		   const struct seen *s, bool others, report_see see);

/* ---- the making ---- */

/* report_collect.c: the whole report, in the arena. */
void report_make(struct report *r, const struct report_journal *j);
/* Cites the entry once more. */
void report_cite(struct report *r, struct report_cited *c,
		 const struct seen *s);
struct report_client *report_client(struct report *r, const char *client_id);

/* report_judge.c */
void report_subjects(struct report *r);
void report_cells(struct report *r);
void report_judge(struct report *r, struct arena *scratch,
		  const struct report_event *e);
void report_verdicts(struct report *r);
/* The cell of a case and a subject (NULL: the application); NULL: there is
 * none. */
struct report_cell *report_cell_at(const struct report *r,
				   const struct report_case *c,
				   const struct report_subject *s);
/* Does a list of "2xx" and "404" name the status? */
bool report_status_in(const struct json *list, int status);
struct report_subject *report_subject(struct report *r, enum fhir_version v,
				      const char *type, const char *profile);

/* report_habits.c */
void report_habits(struct report *r, struct arena *scratch,
		   const struct report_event *e);
/* The i-th habit that shows in one request alone: its id if it does in this
 * one, "" if not; NULL behind the last. */
const char *report_habit_shown(const struct seen *s, size_t i);
void report_habits_end(struct report *r, const struct report_journal *j);

/* report_cover.c */
void report_cover(struct report *r, struct arena *scratch,
		  const struct report_event *e);
/* The statuses of errors that an application should have met, by index; 0
 * behind the last. */
int report_error_status(size_t i);
/* Was the i-th part never sent, though what it is a part of was? */
bool report_never_sent(const struct report_subject *s, size_t i);
/* Is it mandatory, or does the profile speak of it? */
bool report_is_stated(const struct report_subject *s, size_t i);

/* ---- what it says of itself: report_head.c ---- */

struct report_head {
	const char *version, *rules, *rules_digest, *environment, *clock, *at;
	const char *manifest; /* lines as sha256sum prints them */
	char manifest_digest[JOSE_DIGEST];
};
void report_head(struct report *r, const struct admin *a,
		 struct report_head *out);
/* What of an entry its digest is of. */
const char *report_evidence_text(struct arena *a, const struct seen *s);
/* "passed", "failed", "not exercised", "only under a fault": English texts */
const char *report_verdict(enum verdict v);
/* "FUNC-01/r4/fiphr-sd-bodyweight" */
const char *report_cell_id(struct arena *a, const struct report_cell *c);
/* "R4 Observation fiphr-sd-bodyweight" or "the application" */
const char *report_subject_name(struct report *r,
				const struct report_subject *s);
/* How many cells of a group (NULL: of all) have the verdict. */
size_t report_count(const struct report *r, const struct report_group *g,
		    enum verdict v);
const char *report_fhir(enum fhir_version v); /* "r4" */

/* ---- one writer for each format ---- */

void report_json(struct report *r, const struct report_head *h, struct buf *b);
void report_csv(struct report *r, const struct report_head *h, struct buf *b);
void report_junit(struct report *r, const struct report_head *h, struct buf *b);
void report_fhir_write(struct report *r, const struct report_head *h,
		       struct buf *b);
void report_html(struct report *r, const struct report_head *h, struct buf *b);

/* coverage.c */
void coverage_write(struct report *r, struct jw *w);

#endif
