/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be said of a request before its handler ran, for the rules of
 * faults.
 *
 * Whom it is about decides on isolation: a rule about one citizen must not
 * touch another one's request. At FHIR the guard has found the grant; where it
 * refused the token, the token still tells whose it was. At the token endpoint
 * the code or the refresh token in the form does, at authorize the citizen who
 * is logged in in this browser, at login the code that is being typed in. In
 * the open sandbox nobody is known, and a request is about the Patient that it
 * names.
 *
 * Nothing is looked up that no rule asks for.
 */
#include "admin/fault_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "jose/jose.h"
#include "site/site.h"

#define PATIENT "Patient/"

static const char *header(const struct seen *s, const char *name)
{
	return rq_header_in(s->of, name);
}

static bool is_fhir(const struct rq *rq)
{
	return text_is(rq_group(rq)->kind, "fhir");
}

const char *fault_route(const struct rq *rq)
{
	return rq->route ? text_or_empty(rq->route->name) : "";
}

/* ---- forms ---------------------------------------------------------- */

struct form {
	struct http_pair *pair;
	size_t n;
};

static struct form form_of(struct rq *rq, const char *text, size_t len)
{
	struct form f = {NULL, 0};
	struct err ignored;

	if (!http_form(rq->arena, text, len, &f.pair, &f.n, &ignored))
		f.n = 0;
	return f;
}

static const char *get(const struct form *f, const char *name)
{
	return f->n > 0 ? http_form_get(f->pair, f->n, name) : NULL;
}

/* ---- tokens --------------------------------------------------------- */

static const char *digest_of(struct rq *rq, const char *secret, size_t n)
{
	char digest[JOSE_DIGEST];

	jose_digest(digest, secret, n);
	return arena_strdup(rq->arena, digest);
}

static const char *bearer(struct rq *rq)
{
	const char *text = rq_header_in(rq, "Authorization");
	size_t n;

	if (!text || strncasecmp(text, "Bearer ", 7) != 0)
		return NULL;
	text += 7;
	text += strspn(text, " ");
	n = strcspn(text, " ");
	return n > 0 ? digest_of(rq, text, n) : NULL;
}

const char *fault_token(struct rq *rq)
{
	const char *endpoint = fault_route(rq);
	const char *text;
	struct form f;

	if (is_fhir(rq) || strcmp(endpoint, "userinfo") == 0)
		return bearer(rq);
	if (strcmp(endpoint, "token") != 0)
		return NULL;
	f = form_of(rq, rq->body, rq->body_len);
	text = get(&f, "refresh_token");
	return text ? digest_of(rq, text, strlen(text)) : NULL;
}

/* ---- who ------------------------------------------------------------ */

static void about(struct seen *s, const struct grant *g)
{
	s->client_id = text_or_empty(g->client_id);
	s->patient = text_or_empty(g->patient);
	s->hetu = text_or_empty(g->hetu);
	s->scope = text_or_empty(g->scope);
}

static bool about_token(struct rq *rq, struct store *store, const char *digest,
			struct seen *s)
{
	struct store_token t;
	struct grant g;

	if (!digest || !store_token_find(store, rq->arena, digest, &t, &g))
		return false;
	about(s, &g);
	return true;
}

static bool about_code(struct rq *rq, struct store *store, const char *code,
		       struct seen *s)
{
	struct store_code c;
	struct grant g;

	if (!code ||
	    !store_code_find(store, rq->arena,
			     digest_of(rq, code, strlen(code)), &c, &g))
		return false;
	about(s, &g);
	return true;
}

static void about_hetu(struct rq *rq, struct store *store, const char *hetu,
		       struct seen *s)
{
	struct store_citizen c;
	char *capital;

	if (!hetu || *hetu == '\0')
		return;
	capital = arena_strdup(rq->arena, hetu);
	for (char *p = capital; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	s->hetu = capital;
	if (store_citizen_find(store, rq->arena, capital, NULL, &c))
		s->patient = c.patient;
}

/* Its name in an Authorization header of the scheme Basic. */
static const char *basic(struct rq *rq)
{
	const char *text = rq_header_in(rq, "Authorization");
	char *pair, *colon;
	size_t n;

	if (!text || strncasecmp(text, "Basic ", 6) != 0)
		return NULL;
	text += 6;
	text += strspn(text, " ");
	pair = jose_b64_decode(rq->arena, text, strlen(text), &n);
	colon = pair ? strchr(pair, ':') : NULL;
	if (!colon)
		return NULL;
	*colon = '\0';
	return pair;
}

/* In the browser: who is logged in, or is about to, or is meant. */
static void who_browses(struct rq *rq, struct store *store,
			const struct form *body, struct seen *s)
{
	const struct form query = form_of(rq, rq->query, strlen(rq->query));
	struct site_session session;
	const char *hetu = get(body, "username");

	if (!hetu) {
		site_session_find(rq, &session);
		hetu = session.hetu;
	}
	about_hetu(rq, store, hetu ? hetu : get(&query, "login_hint"), s);
	if (*s->client_id == '\0')
		s->client_id = text_or_empty(get(&query, "client_id"));
}

static void who_at_oauth(struct rq *rq, struct store *store, struct seen *s)
{
	const struct form body = form_of(rq, rq->body, rq->body_len);
	const char *token = get(&body, "token");
	const char *id = basic(rq);

	if (!id)
		id = get(&body, "client_id");
	if (!about_token(rq, store, fault_token(rq), s) &&
	    !about_code(rq, store, get(&body, "code"), s))
		(void)about_token(
		    rq, store,
		    token ? digest_of(rq, token, strlen(token)) : NULL, s);
	if (id)
		s->client_id = id;
	about_hetu(rq, store, get(&body, "patient_hetu"), s);
	if (strcmp(s->endpoint, "authorize") == 0 ||
	    strcmp(s->endpoint, "login") == 0 ||
	    strcmp(s->endpoint, "terms") == 0)
		who_browses(rq, store, &body, s);
}

/* The open sandbox: "Patient/x" or "x". */
static const char *patient_id(const char *reference)
{
	const char *at = reference ? strstr(reference, PATIENT) : NULL;

	return at ? at + strlen(PATIENT) : text_or_empty(reference);
}

static void who_is_named(struct rq *rq, struct seen *s)
{
	const struct form query = form_of(rq, rq->query, strlen(rq->query));
	const char *who = get(&query, "patient");
	const struct json *body;
	struct err ignored;

	if (!who)
		who = get(&query, "subject");
	if (!who && strcmp(s->type, "Patient") == 0)
		who = rq_param(rq, "id");
	if (!who && rq->body_len > 0) {
		body = json_parse(rq->arena, rq->body, rq->body_len, &ignored);
		who = json_get_text(json_get(body, "subject"), "reference");
		if (!who)
			who = json_get_text(json_get(body, "patient"),
					    "reference");
	}
	s->patient = patient_id(who);
}

static void find_who(struct rq *rq, struct store *store, struct seen *s)
{
	const struct grant *g = rq->grant;

	if (g)
		about(s, g);
	if (g && !g->patient && is_fhir(rq))
		who_is_named(rq, s);
	if (g || is_fhir(rq)) {
		if (!g)
			(void)about_token(rq, store, bearer(rq), s);
		return;
	}
	who_at_oauth(rq, store, s);
}

/* Behind authorize the redirect tells, too: by its code, and its state. */
static void who_was_answered(struct rq *rq, struct store *store, struct seen *s)
{
	const char *location = rq_header_out(rq, "Location");
	const char *query = location ? strchr(location, '?') : NULL;
	struct form f;

	if (*s->client_id == '\0')
		s->client_id = text_or_empty(rq->client_id);
	if (!query)
		return;
	f = form_of(rq, query + 1, strcspn(query + 1, "#"));
	if (*s->patient == '\0' || *s->client_id == '\0')
		(void)about_code(rq, store, get(&f, "code"), s);
	if (*s->state == '\0')
		s->state = text_or_empty(get(&f, "state"));
}

/* ---- the rest ------------------------------------------------------- */

static void find_form(struct rq *rq, struct seen *s)
{
	const struct form body = form_of(rq, rq->body, rq->body_len);
	const struct form query = form_of(rq, rq->query, strlen(rq->query));
	const char *state = get(&query, "state");

	s->grant_type = text_or_empty(get(&body, "grant_type"));
	s->state = text_or_empty(state ? state : get(&body, "state"));
}

static void find_profile(struct rq *rq, struct seen *s)
{
	const struct json *body, *list;
	struct err ignored;
	struct buf b;

	if (rq->body_len == 0)
		return;
	body = json_parse(rq->arena, rq->body, rq->body_len, &ignored);
	list = json_get(json_get(body, "meta"), "profile");
	buf_init(&b, rq->arena);
	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (json_kind(v) == JSON_STRING)
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
				   json_text(v));
	s->profile = b.p;
}

static void add_word(struct buf *b, const char *word)
{
	if (word && *word != '\0')
		buf_printf(b, "%s%s", b->len > 0 ? " " : "", word);
}

/* The refusal's own code, and those that its answer tells: the OAuth error, the
 * codes of the issues and their rules. */
static const char *codes(struct rq *rq)
{
	const struct json *doc, *issue;
	struct err ignored;
	struct buf b;

	buf_init(&b, rq->arena);
	add_word(&b, rq->err.code);
	if (rq->status < 400 || rq->out.len == 0)
		return b.p;
	doc = json_parse(rq->arena, rq->out.p, rq->out.len, &ignored);
	add_word(&b, json_get_text(doc, "error"));
	issue = json_first(json_get(doc, "issue"));
	for (; issue; issue = json_next(issue)) {
		add_word(&b, json_get_text(issue, "code"));
		const struct json *coding =
		    json_first(json_get(json_get(issue, "details"), "coding"));
		add_word(&b, json_get_text(coding, "code"));
	}
	return b.p;
}

static void find_answer(struct rq *rq, unsigned wants, struct seen *s)
{
	s->status = rq->status;
	s->error = rq->err.text;
	s->outcome_code = wants & MATCH_ANSWER ? codes(rq) : rq->err.code;
	s->fault = text_or_empty(rq->fault);
	s->answer = rq->out.p;
	s->answer_len = rq->out.len;
}

static void find_certificate(const struct rq *rq, struct seen *s)
{
	const struct pki_info *i = rq->peer ? pki_peer_info(rq->peer) : NULL;

	s->thumbprint = i ? i->thumbprint : "";
	s->oid = i ? text_or_empty(i->subject_serial_number) : "";
}

void fault_seen(struct rq *rq, const struct admin *a, unsigned wants,
		struct seen *out)
{
	struct store *store = a->record->store;
	const bool fhir = is_fhir(rq);

	*out = (struct seen){
	    .seq = journal_last(a->journal) + 1,
	    .at_ms = record_now_ms(a->record),
	    .id = rq->id,
	    .kind = "request",
	    .method = rq->head ? "HEAD" : rq->method,
	    .path = rq->path,
	    .query = rq->query,
	    .endpoint = fhir ? "fhir" : fault_route(rq),
	    .interaction = fhir ? fault_route(rq) : "",
	    .fhir_version = text_or_empty(rq_group(rq)->version),
	    .type = fhir ? rq_param(rq, "type") : "",
	    .profile = "",
	    .client_id = "",
	    .patient = "",
	    .scope = "",
	    .hetu = "",
	    .grant_type = "",
	    .state = "",
	    .outcome_code = "",
	    .error = "",
	    .body = rq->body,
	    .body_len = rq->body_len,
	    .header = header,
	    .of = rq,
	};
	find_certificate(rq, out);
	if (wants & MATCH_WHO)
		find_who(rq, store, out);
	if (wants & MATCH_FORM)
		find_form(rq, out);
	if (wants & MATCH_BODY)
		find_profile(rq, out);
	if (rq->status == 0)
		return;
	find_answer(rq, wants, out);
	if (wants & (MATCH_WHO | MATCH_FORM))
		who_was_answered(rq, store, out);
}
