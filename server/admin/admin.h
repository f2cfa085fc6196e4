/* SPDX-License-Identifier: Apache-2.0
 *
 * admin: the control API below /__admin (contracts.md section 3): health,
 * state, reset, citizens, clients, tokens, clock. JSON in, JSON out; unknown
 * members are refused by name.
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "http/http.h"
#include "record/record.h"

struct certificates;
struct faults;
struct journal;
struct page_words;
struct snapshots;

/* The environments and behaviours that each request is judged by besides those
 * in force (--shadow), and how many requests they would have refused. */
struct shadows {
	struct shadow {
		const char *name;
		uint64_t found;
	} of[8];
	size_t n;
};
/* Names with commas between. False: e names the nearest one. */
bool shadow_read(const char *list, struct shadows *out, struct err *e);

struct admin {
	struct record *record;
	const char *version; /* of the program */
	const char *token;   /* NULL: none set; "none": open everywhere */
	struct clock clock;  /* as at start: what a reset goes back to */
	struct settings settings;
	const char *issuer_path; /* "/phr-authserver-sandbox" */
	const char *oauth;	 /* the behaviour at start: "kanta", "strict" */
	struct journal *journal;
	const struct page_words *words; /* the pages' texts */
	struct shadows shadows;
	struct certificates *certificates;
	struct faults *faults;
	struct snapshots *snapshots;
};

/* What POST /snapshots took; freeing takes NULL. */
struct snapshots *snapshots_new(void);
void snapshots_free(struct snapshots *all);

/* The faults that are armed; freeing takes NULL. */
struct faults *faults_new(void);
void faults_free(struct faults *f);

/* http_config.fault and amend; ctx: struct admin. */
bool admin_fault(struct rq *rq, bool let, void *ctx);
void admin_amend(struct rq *rq, void *ctx);

/* The journal of so many requests at most (never 0); freeing takes NULL. */
#define JOURNAL_ENTRIES_MAX 1000000
struct journal *journal_new(size_t entries);
void journal_free(struct journal *j);

/* Puts a request that has been answered into it (http_config.answered). ctx:
 * struct admin. */
void admin_journal(const struct rq *rq, int64_t us, void *ctx);

/* http_tls.judge: the alert that a handshake is refused with, or 0. What is
 * refused is logged and an entry of the journal. */
int admin_judge(struct admin *a, const struct pki_peer *peer, const char *from,
		bool tls12);

/* Notes on a request, before it is answered, what the shadows would refuse
 * (http_config.before). ctx: struct admin. */
void admin_shadow(struct rq *rq, void *ctx);

/* The list of the certificates that the control API issued; freeing takes
 * NULL. */
struct certificates *certificates_new(void);
void certificates_free(struct certificates *c);

/* May the clock show this time? False with e set, code "invalid_value": the
 * text names the range. */
bool admin_clock_check(int64_t now_ms, const char *where, struct err *e);

/* Fills the group of routes and its guard: /health is open; the rest needs the
 * token when one is set, else the loopback interface and no foreign page. */
void admin_group(struct admin *a, struct http_group *out);

#endif
