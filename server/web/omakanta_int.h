/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files omakanta*.c share.
 */
#ifndef OMAKANTA_INT_H
#define OMAKANTA_INT_H

#include "web/web_int.h"

/* The citizen who looks at a page. */
struct visitor {
	struct site_session session;
	struct store_citizen citizen;
};

/* Who it is. False: nobody is logged in; then return om_login_first(). */
bool om_visitor(struct rq *rq, struct visitor *v);
/* To the login page, and back here afterwards. */
bool om_login_first(struct rq *rq);

/* Reads a form of a page, checks its token, and who sent it. False: *done, what
 * the handler returns. */
bool om_posted(struct rq *rq, struct site_post *p, struct visitor *v,
	       bool *done);

/* The parts of My Kanta, as the ways through it have them. */
enum om_part { OM_DATA, OM_APPLICATIONS, OM_PROFESSIONALS };

/* A page of it: n values of the page's own beside the common ones. */
bool om_page(struct rq *rq, const struct visitor *v, enum om_part part,
	     int status, const char *title, const char *file,
	     const struct page_value *value, size_t n);

/* Goes to a page of it ("/applications") that says what has been done: a word
 * of the table in omakanta.c. */
bool om_done(struct rq *rq, const char *below, const char *done);

/* The application's name, or a word for "not known". */
const char *om_client(struct rq *rq, const char *client_id);

/* ---- omakanta_data.c, _entry.c, _share.c: the pages ------------------- */

bool om_front(struct rq *rq);
bool om_kind(struct rq *rq);
bool om_entry(struct rq *rq);
bool om_delete_get(struct rq *rq);
bool om_delete_post(struct rq *rq);
bool om_applications(struct rq *rq);
bool om_withdraw(struct rq *rq);
bool om_professionals(struct rq *rq);
bool om_decide(struct rq *rq);
bool om_undo(struct rq *rq);

/* The path of an entry's page ("" below it) or of one below ("/delete"). */
const char *om_entry_url(struct rq *rq, const struct store_resource *r,
			 const char *below);

/* ---- omakanta_chart.c ------------------------------------------------- */

/* An entry that may be drawn. */
struct om_entry {
	const struct store_glance *glance;
	struct store_resource resource;
	struct record_display display;
};
/* The rows of charts: from entries, the newest first. */
#define OM_CHART_ENTRIES 200
struct page_value om_charts(struct rq *rq, const struct om_entry *e, size_t n);

#endif
