/* SPDX-License-Identifier: Apache-2.0
 *
 * What an action does to a request: can it be done here at all, what is done
 * before the handler runs, and what to the answer that stands.
 *
 * A rule waits for a request that its action fits: a redirect to the
 * application, JSON that the patch can be applied to, a token that can end. So
 * the counters count what a test meant, and not the requests that came between.
 * Where a patch did not fit, the rule says why.
 *
 * A token that ends is ended in the database and the guards are asked again, so
 * the refusal is the real one, and stays true for the requests behind it.
 */
#include "admin/fault_int.h"

#include <stdio.h>

#define INSTEAD (DOES_REPLACE | DOES_DROP)

static bool is_fhir(const struct rq *rq)
{
	return text_is(rq_group(rq)->kind, "fhir");
}

static bool at(const struct rq *rq, const char *endpoint)
{
	return text_is(is_fhir(rq) ? "fhir" : fault_route(rq), endpoint);
}

/* ---- does it fit? --------------------------------------------------- */

/* Programs are told by JSON, browsers by a redirect, FHIR by a challenge. */
static bool error_fits(struct rq *rq, const struct admin *a,
		       const struct action *x)
{
	const struct fault_oauth_error *o =
	    fault_oauth_error_find(x->oauth_error);

	if (is_fhir(rq))
		return o->resource;
	if (at(rq, "authorize"))
		return o->authorize && fault_redirect_uri(rq, a) != NULL;
	return at(rq, "token") || at(rq, "introspect") || at(rq, "revoke") ||
	       at(rq, "register") || at(rq, "userinfo");
}

static bool token_there(struct rq *rq, const struct admin *a)
{
	const char *digest = fault_token(rq);
	struct store_token t;

	return digest &&
	       store_token_find(a->record->store, rq->arena, digest, &t, NULL);
}

static bool writes(const struct rq *rq)
{
	return at(rq, "fhir") && (text_is(fault_route(rq), "update") ||
				  text_is(fault_route(rq), "delete"));
}

bool fault_fits_request(struct rq *rq, const struct admin *a,
			const struct action *x)
{
	if (x->endpoint && !at(rq, x->endpoint))
		return false;
	if (x->oauth_error && !error_fits(rq, a, x))
		return false;
	if (x->outcome_code && !is_fhir(rq))
		return false;
	if ((x->does & DOES_TOKEN) && !token_there(rq, a))
		return false;
	return !x->twist.conflict || writes(rq);
}

static bool is_json(const struct rq *rq)
{
	const char *type = rq_content_type(rq);

	return rq->out.len > 0 && type && strstr(type, "json");
}

bool fault_fits_answer(struct rq *rq, struct rule *r, const struct action *x)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *doc;

	if ((x->does & DOES_REDIRECT) && !fault_is_callback(rq))
		return false;
	if ((x->patch || x->malformed) && !is_json(rq))
		return false;
	if (x->commit_first && rq->status >= 400) {
		r->note = "commit_first waits for a request that is carried "
			  "out; this one was refused";
		return false;
	}
	if (!x->patch)
		return true;
	doc = json_parse(rq->arena, rq->out.p, rq->out.len, &e);
	if (doc && json_patch(rq->arena, doc, x->patch, &e))
		return true;
	snprintf(r->why, sizeof(r->why), "%s", e.text);
	r->note = r->why;
	return false;
}

/* ---- before the handler --------------------------------------------- */

static void end_token(struct rq *rq, const struct admin *a,
		      const struct action *x)
{
	struct store *store = a->record->store;
	const char *digest = fault_token(rq);

	if (x->ends == TOKEN_EXPIRES)
		store_token_expire(store, NULL, NULL, digest,
				   record_now_ms(a->record));
	else
		store_token_delete(store, NULL, NULL, digest);
	rq->keep = true;
}

/* The guards, once more; true: the group has refused. */
static bool guarded(struct rq *rq)
{
	const struct http_group *g = rq_group(rq);

	for (size_t i = 0; i < HTTP_GUARDS && g->guard[i].check; i++) {
		if (g->guard[i].check(rq, g->guard[i].ctx))
			continue;
		g->refuse(rq);
		return true;
	}
	return false;
}

static bool replace(struct rq *rq, const struct admin *a,
		    const struct action *x)
{
	if (x->oauth_error && at(rq, "authorize"))
		return fault_redirect_error(rq, a, x);
	fault_replace(rq, x);
	return true;
}

bool fault_before(struct rq *rq, const struct admin *a, const struct action *x)
{
	struct record_twist *twist;

	if (x->does & DOES_TWIST) {
		twist = arena_alloc(rq->arena, sizeof(*twist));
		*twist = x->twist;
		if (twist->scope)
			twist->scope = arena_strdup(rq->arena, twist->scope);
		rq->twist = twist;
	}
	if (x->does & DOES_TOKEN)
		end_token(rq, a, x);
	if ((x->does & INSTEAD) && !x->commit_first)
		return replace(rq, a, x);
	return (x->does & DOES_TOKEN) && guarded(rq);
}

/* ---- the answer that stands ----------------------------------------- */

/* What was JSON ends where a member would have to follow. */
static void break_json(struct rq *rq)
{
	struct buf *b = &rq->out;

	while (b->len > 0 && ascii_space(b->p[b->len - 1]))
		b->len--;
	if (b->len == 0)
		return;
	b->p[b->len - 1] = ',';
	b->p[b->len] = '\0';
}

static void change(struct rq *rq, const struct action *x)
{
	struct err e = {.kind = ERR_NONE};

	if (x->patch)
		(void)fault_patch(rq, x->patch, &e);
	if (x->malformed)
		break_json(rq);
	for (size_t i = 0; i < x->headers.n; i++)
		fault_header(rq, x->headers.of[i].name, x->headers.of[i].value);
}

void fault_after(struct rq *rq, struct rule *r, const struct action *x)
{
	struct http_effect *effect;

	if ((x->does & DOES_REPLACE) && x->commit_first)
		fault_replace(rq, x);
	if ((x->does & DOES_REDIRECT) && fault_is_callback(rq))
		fault_redirect(rq, x);
	change(rq, x);
	rq_header_text(rq, "X-Mock-Fault", r->id);
	if (!(x->does & DOES_EFFECT))
		return;
	effect = arena_alloc(rq->arena, sizeof(*effect));
	*effect = x->effect;
	effect->delay_ms = fault_delay(r, x);
	rq->effect = effect;
}
