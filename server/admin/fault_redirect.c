/* SPDX-License-Identifier: Apache-2.0
 *
 * Redirects that lead back to the application: "?code=..." or "?error=...".
 *
 * On its way through login, terms and consent a browser is redirected several
 * times, and only the last one is the application's. So a rule about a redirect
 * waits for an answer that has a code or an error in its query.
 *
 * An error in the place of the whole journey (oauth_error at authorize) goes
 * where the request says, if that is where its application may be called: a
 * fault opens no door that is closed (oauth.md 3.3). state is the request's.
 */
#include "admin/fault_int.h"

#include "site/site.h"

struct parameters {
	struct http_pair *pair;
	size_t n;
};

static struct parameters query_of(struct rq *rq, const char *query, size_t len)
{
	struct parameters p = {NULL, 0};
	struct err ignored;

	if (!http_form(rq->arena, query, len, &p.pair, &p.n, &ignored))
		p.n = 0;
	return p;
}

static const char *get(const struct parameters *p, const char *name)
{
	return p->n > 0 ? http_form_get(p->pair, p->n, name) : NULL;
}

static bool begins_one(const char *at)
{
	return text_begins(at, "code=") || text_begins(at, "error=");
}

bool fault_is_callback(const struct rq *rq)
{
	const char *location = rq_header_out(rq, "Location");
	const char *at = location ? strpbrk(location, "?&") : NULL;

	if (rq->status / 100 != 3)
		return false;
	for (; at; at = strpbrk(at + 1, "?&"))
		if (begins_one(at + 1))
			return true;
	return false;
}

/* ---- another query -------------------------------------------------- */

static const struct http_pair *named(const struct fault_pairs *list,
				     const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->of[i].name, name) == 0)
			return &list->of[i];
	return NULL;
}

static void put(struct buf *b, char *mark, const char *name, const char *value)
{
	buf_putc(b, *mark);
	*mark = '&';
	http_escape(b, name);
	buf_putc(b, '=');
	http_escape(b, text_or_empty(value));
}

void fault_redirect(struct rq *rq, const struct action *x)
{
	const char *location = rq_header_out(rq, "Location");
	const size_t base = strcspn(location, "?#");
	const char *query = location + base + (location[base] == '?');
	const size_t len = strcspn(query, "#");
	const struct parameters old = query_of(rq, query, len);
	char mark = '?';
	struct buf b;

	buf_init(&b, rq->arena);
	buf_add(&b, location, base);
	for (size_t i = 0; i < old.n; i++) {
		const struct http_pair *p = &old.pair[i];
		const struct http_pair *other = named(&x->replace, p->name);

		if (!named(&x->drop, p->name))
			put(&b, &mark, p->name,
			    other ? other->value : p->value);
	}
	for (size_t i = 0; i < x->replace.n; i++)
		if (!get(&old, x->replace.of[i].name))
			put(&b, &mark, x->replace.of[i].name,
			    x->replace.of[i].value);
	for (size_t i = 0; i < x->add.n; i++)
		put(&b, &mark, x->add.of[i].name, x->add.of[i].value);
	buf_puts(&b, query + len);
	fault_header(rq, "Location", b.p);
}

/* ---- an error at once ----------------------------------------------- */

static struct parameters request_of(struct rq *rq)
{
	struct parameters p = query_of(rq, rq->query, strlen(rq->query));

	if (!get(&p, "client_id"))
		p = query_of(rq, rq->body, rq->body_len);
	return p;
}

const char *fault_redirect_uri(struct rq *rq, const struct admin *a)
{
	const struct parameters p = request_of(rq);
	const char *uri = get(&p, "redirect_uri");
	const char *id = get(&p, "client_id");
	struct store_client c;

	if (!id || !store_client_find(a->record->store, rq->arena, id, &c))
		return NULL;
	if (uri)
		return scope_has(c.redirect_uris, uri) ? uri : NULL;
	return *c.redirect_uris != '\0' && !strchr(c.redirect_uris, ' ')
		   ? c.redirect_uris
		   : NULL;
}

bool fault_redirect_error(struct rq *rq, const struct admin *a,
			  const struct action *x)
{
	const struct parameters p = request_of(rq);
	const struct http_pair pair[] = {
	    {"error", x->oauth_error},
	    {"error_description", x->error_description},
	    {"state", get(&p, "state")},
	    {"iss", a->record->settings.iss_parameter != 0
			? record_issuer(a->record, rq->arena, rq->origin,
					a->issuer_path)
			: NULL},
	};

	rq_reply_again(rq);
	err_set(&rq->err, ERR_INVALID, x->oauth_error, NULL, "%s",
		x->error_description ? x->error_description : x->oauth_error);
	rq->why = "a fault told the application so by a redirect";
	rq_header(rq, "Cache-Control", "no-store");
	return rq_redirect(rq, 303,
			   site_redirect_uri(rq->arena,
					     fault_redirect_uri(rq, a), pair,
					     LEN(pair)));
}
