/* SPDX-License-Identifier: Apache-2.0
 *
 * The page with the form of an application. A new one has all parts on one
 * page, a registered one has a page for each, with links between them that look
 * like tabs: pages of their own need no script, can be linked to, and send only
 * what they show.
 *
 * After a refusal it is the same page with what was typed (status 400): a line
 * on top says that nothing was saved and leads to the field, the reason stands
 * beside it. Reasons that belong to no field stand on top themselves, in
 * English, as record/ words them.
 */
#include "web/portal_int.h"

#include "jose/jose.h"

#include <string.h>

static const struct {
	enum portal_part part;
	const char *below, *label;
} tabs[] = {
    {PART_MAIN, "", SAY("Main")},
    {PART_ACCESS, "/access", SAY("Access")},
    {PART_CREDENTIALS, "/credentials", SAY("Credentials")},
};

static const char *path_of(struct rq *rq, const struct portal_form *f)
{
	if (f->client == NULL)
		return portal_url(rq, "");
	for (size_t i = 0; i < LEN(tabs); i++)
		if (f->parts == (unsigned)tabs[i].part)
			return portal_url_of(rq, f->client->client_id,
					     tabs[i].below);
	return NULL;
}

static struct page_value tab_links(struct rq *rq, const struct portal_form *f)
{
	struct page_values *rows =
	    arena_alloc(rq->arena, LEN(tabs) * sizeof(*rows));

	if (f->client == NULL)
		return (struct page_value){.name = "tabs"};
	for (size_t i = 0; i < LEN(tabs); i++) {
		bool here = f->parts == (unsigned)tabs[i].part;
		struct page_value v[] = {
		    {.name = "label", .text = site_word(rq, tabs[i].label)},
		    {.name = "url",
		     .text = portal_url_of(rq, f->client->client_id,
					   tabs[i].below)},
		    {.name = "current", .text = here ? "1" : ""},
		};
		rows[i] = page_row(rq->arena, v, LEN(v));
	}
	return (struct page_value){
	    .name = "tabs", .rows = rows, .row_count = LEN(tabs)};
}

/* A new form's own name, by which it registers once; it stays the same while
 * the form comes back. */
static const char *once_of(struct rq *rq, const struct portal_form *f)
{
	char *once = arena_alloc(rq->arena, SITE_SECRET_CHARS + 1);

	if (f->client != NULL)
		return NULL;
	if (f->post != NULL)
		return site_field(f->post, "once");
	jose_random_text(once, SITE_SECRET_CHARS);
	return once;
}

static const char *title_of(struct rq *rq, const struct portal_form *f)
{
	if (f->client == NULL)
		return SAY("Register an application");
	for (size_t i = 0; i < LEN(tabs); i++)
		if (f->parts == (unsigned)tabs[i].part)
			return arena_printf(rq->arena, "%s: %s",
					    portal_name(f->client),
					    site_word(rq, tabs[i].label));
	return portal_name(f->client);
}

/* What a page says of the application itself. */
struct about {
	const char *name, *id, *professional, *certificate, *secret;
	const char *new_secret, *delete;
};

static struct about about(struct rq *rq, const struct store_client *c)
{
	if (c == NULL)
		return (struct about){0};
	return (struct about){
	    .name = portal_name(c),
	    .id = c->client_id,
	    .professional = text_is(c->kind, "professional") ? "1" : "",
	    .certificate = c->certificate_serial_number,
	    .secret = c->secret_digest[0] != '\0' ? "1" : "",
	    .new_secret = portal_url_of(rq, c->client_id, "/secret"),
	    .delete = portal_url_of(rq, c->client_id, "/delete"),
	};
}

static const char *flag(bool on)
{
	return on ? "1" : "";
}

bool portal_form_page(struct rq *rq, const struct portal_form *f)
{
	static const char method[] = "token_endpoint_auth_method";
	struct page_values *main, *keys, *types, *words, *methods;
	struct about a = about(rq, f->client);
	const char *more_scope, *more_method;
	const char *refused = f->refused != NULL ? f->refused->text : NULL;
	const char *label =
	    refused != NULL ? portal_label(f->refused->where) : NULL;
	size_t main_n = portal_fields(rq, f, PART_MAIN, &main);
	size_t keys_n = portal_fields(rq, f, PART_CREDENTIALS, &keys);
	size_t types_n = portal_types(rq, f, &types);
	size_t words_n = portal_words(rq, f, &words);
	size_t methods_n = portal_methods(rq, f, &methods);

	struct page_value v[] = {
	    {.name = "list", .text = portal_url(rq, "")},
	    {.name = "name", .text = a.name},
	    {.name = "id", .text = a.id},
	    {.name = "professional", .text = a.professional},
	    {.name = "certificate", .text = a.certificate},
	    {.name = "secret", .text = a.secret},
	    {.name = "new_secret", .text = a.new_secret},
	    {.name = "delete", .text = a.delete},
	    tab_links(rq, f),
	    {.name = "new", .text = flag(f->client == NULL)},
	    {.name = "main_part", .text = flag(f->parts & PART_MAIN)},
	    {.name = "access_part", .text = flag(f->parts & PART_ACCESS)},
	    {.name = "credentials_part",
	     .text = flag(f->parts & PART_CREDENTIALS)},
	    {.name = "saved",
	     .text = flag(refused == NULL && web_query(rq, "saved"))},
	    {.name = "refused", .text = refused},
	    {.name = "at", .text = label != NULL ? f->refused->where : ""},
	    {.name = "label",
	     .text = label != NULL ? site_word(rq, label) : ""},
	    {.name = "action", .text = path_of(rq, f)},
	    {.name = "csrf", .text = site_csrf(rq, f->session)},
	    {.name = "once", .text = once_of(rq, f)},
	    {.name = "main_fields", .rows = main, .row_count = main_n},
	    {.name = "types", .rows = types, .row_count = types_n},
	    {.name = "words", .rows = words, .row_count = words_n},
	    {.name = "scope_error",
	     .text = portal_wrong(rq, f, "scope", &more_scope)},
	    {.name = "scope_detail", .text = more_scope},
	    {.name = "methods", .rows = methods, .row_count = methods_n},
	    {.name = "method_error",
	     .text = portal_wrong(rq, f, method, &more_method)},
	    {.name = "method_detail", .text = more_method},
	    {.name = "keys", .rows = keys, .row_count = keys_n},
	};
	return site_page(rq, refused != NULL ? 400 : 200, title_of(rq, f),
			 "server/web/portal_form.html",
			 &(struct page_values){v, LEN(v)}, "");
}
