/* SPDX-License-Identifier: Apache-2.0
 *
 * The public list: every registered application, who supplies it, and what it
 * may access once a citizen has allowed it.
 *
 * Logos are not shown, since the page's policy loads nothing from elsewhere.
 * Access is told by type
 * of data, a line for reading and one for saving: an application with all
 * scopes has fifteen, and nobody reads fifteen sentences fifty times. There are
 * LIST_PAGE on a page, so that its size does not depend on how many there are.
 */
#include "web/portal_int.h"

#include <string.h>

#define LIST_PAGE 50

static const struct site_link links[] = {
    {"client_uri", SAY("Home page")},
    {"policy_uri", SAY("Privacy policy")},
    {"tos_uri", SAY("Terms of use")},
};

/* ---- one application ------------------------------------------------- */

/* The host of a web address, or "". */
static const char *host_of(struct arena *a, const char *url)
{
	if (!site_is_web(url))
		return "";
	const char *host = strstr(url, "://") + 3;
	size_t n = strcspn(host, "/?#");
	const char *user = memchr(host, '@', n);

	if (user != NULL) {
		n -= (size_t)(user + 1 - host);
		host = user + 1;
	}
	return arena_strndup(a, host, n);
}

static const char *supplier_of(struct arena *a, const struct json *m)
{
	const char *said = json_get_text(m, "supplier");

	if (said != NULL && said[0] != '\0')
		return said;
	said = host_of(a, json_get_text(m, "client_uri"));
	return said[0] != '\0' ? said : site_contacts(a, m);
}

/* The types that a scope reads, or writes, by their names. */
static const char *types_of(struct rq *rq, const char *scope, bool write)
{
	const struct page_locale locale = site_locale(rq);
	const char *name, *type;
	struct buf b;

	buf_init(&b, rq->arena);
	for (size_t i = 0; (type = site_scope_type(i, &name)) != NULL; i++)
		if (scope_allows(scope, type, write))
			buf_printf(&b, "%s%s", b.len > 0 ? "\u00a0· " : "",
				   page_word(&locale, name));
	if (scope_allows(scope, "*", write))
		return page_word(&locale, SAY("All data"));
	return b.p;
}

static void item(struct rq *rq, const struct store_client *c,
		 struct page_values *out)
{
	struct arena *a = rq->arena;
	struct err ignored;
	const struct json *m =
	    json_parse(a, c->metadata, strlen(c->metadata), &ignored);
	const char *name = portal_name(c);
	bool professional = text_is(c->kind, "professional");
	bool away = scope_has(c->scope, "offline_access");

	struct page_value v[] = {
	    {.name = "name", .text = name},
	    {.name = "id", .text = c->client_id},
	    {.name = "description",
	     .text = json_get_text(m, "client_description")},
	    {.name = "supplier", .text = supplier_of(a, m)},
	    {.name = "professional", .text = professional ? "1" : ""},
	    {.name = "reads", .text = types_of(rq, c->scope, false)},
	    {.name = "saves", .text = types_of(rq, c->scope, true)},
	    {.name = "away", .text = away ? "1" : ""},
	    site_links(rq, m, links, LEN(links)),
	    {.name = "edit", .text = portal_url_of(rq, c->client_id, "")},
	};
	*out = page_row(a, v, LEN(v));
}

/* ---- the page -------------------------------------------------------- */

bool portal_list(struct rq *rq)
{
	struct store *s = portal_record(rq)->store;
	int64_t all = store_client_count(s);
	int64_t last = all > 0 ? (all + LIST_PAGE - 1) / LIST_PAGE : 1;
	int64_t page = web_page(rq, last);
	struct store_client *c;
	size_t n = store_client_page(s, rq->arena, (page - 1) * LIST_PAGE,
				     LIST_PAGE, &c);
	struct page_values *rows = arena_alloc(rq->arena, n * sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		item(rq, &c[i], &rows[i]);
	struct page_value v[] = {
	    {.name = "applications", .rows = rows, .row_count = n},
	    {.name = "new",
	     .text = portal_record(rq)->settings.self_service
			 ? portal_url(rq, "/new")
			 : ""},
	    {.name = "deleted", .text = web_query(rq, "deleted")},
	    {.name = "page", .text = web_number(rq, page)},
	    {.name = "pages", .text = web_number(rq, last)},
	    {.name = "several", .text = last > 1 ? "1" : ""},
	    {.name = "before", .text = web_page_link(rq, page - 1, last)},
	    {.name = "after", .text = web_page_link(rq, page + 1, last)},
	};
	return site_page(rq, 200, SAY("Applications"), "server/web/portal.html",
			 &(struct page_values){v, LEN(v)}, "");
}
