/* SPDX-License-Identifier: Apache-2.0
 *
 * The page that asks the citizen (oauth.md 3.4; the names of the fields are
 * what scripted logins send). It says who asks, for what, and where the browser
 * goes next. Logos are not shown, since the page's policy loads nothing
 * foreign. An application that registered itself, without anybody having looked
 * at it, is marked as one, with the number of citizens who allow it something.
 */
#include "oauth/oauth_int.h"

#include <string.h>

static const struct site_link links[] = {
    {"client_uri", SAY("Home page")},
    {"policy_uri", SAY("Privacy policy")},
    {"tos_uri", SAY("The application's terms of use")},
};

static const struct {
	const char *value, *text;
} remembering[] = {
    {"until-revoked", SAY("Until I withdraw it")},
    {"one-hour", SAY("For one hour")},
    {"none", SAY("Ask me again next time")},
};

static size_t scope_rows(struct rq *rq, const char *scope,
			 struct page_values **rows)
{
	struct arena *a = rq->arena;
	size_t n = 0, len;

	for (const char *p = scope; oauth_word(&p, &len) != NULL;)
		n++;
	*rows = arena_alloc(a, n * sizeof(**rows));
	n = 0;
	for (const char *w; (w = oauth_word(&scope, &len)) != NULL; n++) {
		const char *word = arena_strndup(a, w, len);
		struct page_value v[] = {
		    {.name = "i", .text = arena_printf(a, "%zu", n)},
		    {.name = "scope", .text = word},
		    {.name = "text", .text = site_scope_text(rq, word)},
		};
		(*rows)[n] = page_row(a, v, LEN(v));
	}
	return n;
}

static size_t remember_rows(struct rq *rq, const char *chosen,
			    struct page_values **rows)
{
	struct arena *a = rq->arena;

	*rows = arena_alloc(a, LEN(remembering) * sizeof(**rows));
	for (size_t i = 0; i < LEN(remembering); i++) {
		bool is = strcmp(remembering[i].value, chosen) == 0;
		struct page_value v[] = {
		    {.name = "value", .text = remembering[i].value},
		    {.name = "text",
		     .text = site_word(rq, remembering[i].text)},
		    {.name = "chosen", .text = is ? "1" : NULL},
		};
		(*rows)[i] = page_row(a, v, LEN(v));
	}
	return LEN(remembering);
}

/* What is said of an application that registered itself, or NULL. */
static const char *caution(struct rq *rq, const struct store_client *c,
			   const struct json *metadata)
{
	if (json_get(metadata, "self_registered") == NULL)
		return NULL;
	int64_t n = store_grant_citizens(oauth_of(rq)->site.record->store,
					 c->client_id);
	const struct page_value v[] = {
	    {.name = "count",
	     .text = arena_printf(rq->arena, "%lld", (long long)n)}};
	const char *text =
	    n == 0 ? SAY("This application registered itself, and nobody has "
			 "allowed it anything yet.")
	    : n == 1
		? SAY("This application registered itself. One citizen has "
		      "allowed it something so far.")
		: SAY("This application registered itself. {count} citizens "
		      "have allowed it something so far.");
	return site_say(rq, text, &(struct page_values){v, LEN(v)});
}

bool oauth_consent_page(struct rq *rq, const struct oauth_request *q,
			const struct site_session *s)
{
	struct arena *a = rq->arena;
	const char *name =
	    q->client.name[0] != '\0' ? q->client.name : q->client.client_id;
	bool again = oauth_prompts(q, "consent");
	struct page_values *scopes, *remember;
	struct err ignored;
	const struct json *m = json_parse(a, q->client.metadata,
					  strlen(q->client.metadata), &ignored);
	size_t scope_n = scope_rows(rq, q->scope, &scopes);
	size_t remember_n =
	    remember_rows(rq, again ? "none" : "until-revoked", &remember);

	struct page_value v[] = {
	    {.name = "client", .text = name},
	    {.name = "hetu", .text = s->hetu},
	    {.name = "redirect_uri", .text = q->redirect_uri},
	    {.name = "caution", .text = caution(rq, &q->client, m)},
	    {.name = "supplier", .text = json_get_text(m, "supplier")},
	    {.name = "description",
	     .text = json_get_text(m, "client_description")},
	    {.name = "contacts", .text = site_contacts(a, m)},
	    {.name = "csrf", .text = oauth_request_keep(rq, q, s)},
	    {.name = "scopes", .rows = scopes, .row_count = scope_n},
	    {.name = "remember", .rows = remember, .row_count = remember_n},
	    site_links(rq, m, links, LEN(links)),
	};
	return site_page(rq, 200, SAY("Approval required"),
			 "server/oauth/consent.html",
			 &(struct page_values){v, LEN(v)},
			 site_policy_source(a, q->redirect_uri));
}
