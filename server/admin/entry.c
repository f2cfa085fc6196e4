/* SPDX-License-Identifier: Apache-2.0
 *
 * entry: what the journal keeps of a request.
 *
 * Every request pays for it, so it is copied and nothing is parsed: the texts,
 * headers and bodies, without what is secret in them (redact.c), lie one behind
 * the other in one piece of memory. What can be told from literals (the group,
 * the route, the checks that were passed) is kept as pointers. What costs more
 * is found out when somebody reads: the profiles that a body names, once.
 *
 * Health checks and looks through the control API leave no entry, changes
 * through it do (kind "control"), and so do pages for people ("page"). What an
 * application is refused by a redirect counts as refused. A handshake that was
 * refused for its certificate is an entry, too (kind "tls"). Whose request it
 * was, patient tells; where there is no token, whom the request names.
 *
 * A body is kept as far as JOURNAL_BODY goes, when it is JSON, a form or
 * another text; of pages, which may show a secret anywhere, and of what is no
 * text the length alone stays.
 *
 * Facts: stand-in.md 5, oauth.md 18.14.
 */
#include "admin/admin_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MARGIN                                                                 \
	16 /* bytes by which a personal code is known where one is cut         \
	    */

enum text {
	T_ID,
	T_METHOD,
	T_PATH,
	T_QUERY,
	T_TYPE,
	T_CLIENT,
	T_HETU,
	T_PATIENT,
	T_SCOPE,
	T_TOKEN,
	T_GRANT_TYPE,
	T_STATE,
	T_CODE,
	T_ERROR,
	T_WHERE,
	T_WHY,
	T_FROM,
	T_CERTIFICATE,
	T_THUMBPRINT,
	T_OID,
	T_SHADOW,
	T_FAULT,
	T_BODY,
	T_ANSWER,
	TEXTS
};

/* One request; the texts lie behind it, each with a NUL, and then the headers,
 * names and values by turns. */
struct request {
	struct entry entry; /* the first */
	int64_t at_ms, wall_ms, us;
	size_t body_bytes, answer_bytes; /* as they were sent */
	int status, alert;
	const struct http_group *group;
	const struct route *route;
	size_t passed_count;
	const char *passed[HTTP_PASSED];
	char *profile;	   /* NULL: nobody has looked yet */
	size_t headers[2]; /* of the request and of the answer */
	const char *header[2];
	struct octets text[TEXTS];
	char memory[];
};

/* ---- making one ------------------------------------------------------ */

/* What goes into it. */
struct making {
	struct arena *arena;
	struct octets text[TEXTS];
	struct http_pair *header[2];
	size_t headers[2];
	const char *shown; /* a secret that the refusal repeats; or NULL */
	bool fhir;
};

static void text(struct making *m, enum text which, const char *s)
{
	if (s != NULL && *s != '\0')
		m->text[which] =
		    (struct octets){(const unsigned char *)s, strlen(s)};
}

static size_t headers_bytes(const struct making *m)
{
	size_t n = 0;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < m->headers[side]; i++)
			n += strlen(m->header[side][i].name) +
			     strlen(m->header[side][i].value) + 2;
	return n;
}

static char *put(char *to, const char *s)
{
	const size_t n = strlen(s) + 1;

	memcpy(to, s, n);
	return to + n;
}

static struct request *make(const struct making *m)
{
	size_t bytes = sizeof(struct request) + headers_bytes(m);
	struct request *r;
	char *to;

	for (int i = 0; i < TEXTS; i++)
		bytes += m->text[i].n + 1;
	r = malloc(bytes);
	if (r == NULL)
		abort();
	memset(r, 0, sizeof(*r));
	r->entry.bytes = bytes;
	to = r->memory;
	for (int i = 0; i < TEXTS; i++) {
		r->text[i] = (struct octets){(unsigned char *)to, m->text[i].n};
		if (m->text[i].n > 0)
			memcpy(to, m->text[i].p, m->text[i].n);
		to += m->text[i].n;
		*to++ = '\0';
	}
	for (int side = 0; side < 2; side++) {
		r->headers[side] = m->headers[side];
		r->header[side] = to;
		for (size_t i = 0; i < m->headers[side]; i++) {
			to = put(to, m->header[side][i].name);
			to = put(to, m->header[side][i].value);
		}
	}
	return r;
}

void entry_free(struct entry *e)
{
	free(((struct request *)e)->profile);
	free(e);
}

/* ---- bodies ---------------------------------------------------------- */

/* Is it what programs say to each other? Pages and what belongs to them are not
 * kept, only how long they were. */
static bool kept(const char *type, const char *body)
{
	if (type == NULL || strncasecmp(type, "text/html", 9) == 0)
		return type == NULL && strchr("{[", *body) != NULL;
	return strstr(type, "json") || strstr(type, "urlencoded") ||
	       strstr(type, "fhir+xml") || strstr(type, "text/plain") ||
	       strchr("{[", *body) != NULL;
}

static void body(struct making *m, enum text which, const char *type,
		 const char *s, size_t n)
{
	const bool cut = n > JOURNAL_BODY;
	size_t len = cut ? JOURNAL_BODY + MARGIN : n;

	if (len > n)
		len = n;
	if (n == 0 || !kept(type, s) || memchr(s, '\0', len) != NULL)
		return;
	if (type != NULL && strstr(type, "urlencoded") != NULL)
		s = redact_form(m->arena, s, &len, m->fhir);
	else
		s = redact(m->arena, s, &len, m->fhir);
	if (which == T_ANSWER && m->shown != NULL)
		s = redact_value(m->arena, s, &len, m->shown);
	if (s == NULL)
		return;
	if (cut && len > MARGIN)
		len -= MARGIN;
	if (len > JOURNAL_BODY)
		len = JOURNAL_BODY;
	while (cut && len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	m->text[which] = (struct octets){(const unsigned char *)s, len};
}

/* ---- headers --------------------------------------------------------- */

/* What stands there differently, because it may not stand in a header as it
 * is, is known by the error that it is a part of. */
static const char *without_shown(struct making *m, const char *value)
{
	size_t n = strlen(value);
	const char *other;

	if (m->shown == NULL)
		return value;
	other = redact_value(m->arena, value, &n, m->shown);
	if (other != NULL)
		return other;
	return strstr(value, "error_description") != NULL ? "***" : value;
}

/* A token that was looked up has its digest already. */
static const char *header_value(struct making *m, const struct rq *rq,
				const struct http_pair *h)
{
	if (rq->token != NULL && strcasecmp(h->name, "Authorization") == 0)
		return arena_cat(m->arena, "Bearer ",
				 (const char *)m->text[T_TOKEN].p, NULL);
	return without_shown(m, redact_header(m->arena, h, m->fhir));
}

static void headers(struct making *m, const struct rq *rq)
{
	bool (*const at[])(const struct rq *rq, size_t i,
			   struct http_pair *out) = {rq_header_in_at,
						     rq_header_out_at};

	for (int side = 0; side < 2; side++) {
		struct http_pair h;
		size_t n = 0;

		while (at[side](rq, n, &h))
			n++;
		m->header[side] = arena_alloc(m->arena, (n + 1) * sizeof(h));
		for (size_t i = 0; at[side](rq, i, &h); i++) {
			h.value = header_value(m, rq, &h);
			m->header[side][m->headers[side]++] = h;
		}
	}
	if (rq_content_type(rq) != NULL)
		m->header[1][m->headers[1]++] =
		    (struct http_pair){"Content-Type", rq_content_type(rq)};
}

/* ---- what a request is about ----------------------------------------- */

/* A path that holds a personal code is told by its route. */
static const char *path(const struct rq *rq)
{
	if (rq->route == NULL || *rq_param(rq, "hetu") == '\0')
		return redact_text(rq->arena, rq->path, true);
	return arena_printf(rq->arena, "/__admin%s", rq->route->path);
}

static bool ends(char c)
{
	return !ascii_letter(c) && !ascii_digit(c) && c != '-';
}

/* The id at s, if it is one of the server's. */
static const char *id_at(struct arena *a, const char *s)
{
	const char *id;

	if (strnlen(s, UUID_TEXT - 1) < UUID_TEXT - 1 || !ends(s[36]))
		return "";
	id = arena_strndup(a, s, UUID_TEXT - 1);
	return uuid_ok(id) ? id : "";
}

/* The Patient whom a request without a grant names: in its path, its query or
 * its body. */
static const char *patient_named(const struct rq *rq)
{
	static const char *const names[] = {"patient=", "subject="};
	const char *at;

	if (strcmp(rq_param(rq, "type"), "Patient") == 0)
		return id_at(rq->arena, rq_param(rq, "id"));
	for (size_t i = 0; i < LEN(names); i++) {
		at = strstr(rq->query, names[i]);
		if (at == NULL || (at > rq->query && at[-1] != '&'))
			continue;
		at += strlen(names[i]);
		at += text_begins(at, "Patient/") ? 8 : 0;
		at += text_begins(at, "Patient%2F") ? 10 : 0;
		return id_at(rq->arena, at);
	}
	at = rq->body_len > 0 ? strstr(rq->body, "Patient/") : NULL;
	return at != NULL ? id_at(rq->arena, at + 8) : "";
}

static void who(struct making *m, const struct admin *a, const struct rq *rq)
{
	const struct grant *g = rq->grant;
	const char *hetu = g && g->hetu ? g->hetu : "";
	const char *patient = g && g->patient ? g->patient : "";
	struct store_citizen c;

	if (*hetu == '\0')
		hetu = text_or_empty(rq->hetu);
	if (*patient == '\0')
		patient = text_or_empty(rq->patient);
	if (*patient == '\0' && *hetu != '\0' &&
	    store_citizen_find(a->record->store, m->arena, hetu, NULL, &c))
		patient = c.patient;
	if (*patient == '\0' && m->fhir)
		patient = patient_named(rq);
	text(m, T_HETU, mask_hetu(m->arena, hetu));
	text(m, T_PATIENT, patient);
	text(m, T_CLIENT,
	     g && g->client_id && *g->client_id ? g->client_id
						: text_or_empty(rq->client_id));
	text(m, T_SCOPE, g && g->scope ? g->scope : "");
	if (rq->token != NULL)
		text(m, T_TOKEN,
		     arena_cat(m->arena, "sha256:",
			       arena_strndup(m->arena, rq->token, 6), NULL));
}

/* Parameters of OAuth, by which a request is looked for. */
static void parameters(struct making *m, const struct rq *rq)
{
	const char *s = rq->body_len > 0 ? rq->body : rq->query;
	struct http_pair *p;
	struct err ignored;
	size_t n;

	if (!http_form(m->arena, s, strlen(s), &p, &n, &ignored))
		return;
	text(m, T_GRANT_TYPE, http_form_get(p, n, "grant_type"));
	text(m, T_STATE, http_form_get(p, n, "state"));
	if (rq->grant == NULL)
		text(m, T_SCOPE, http_form_get(p, n, "scope"));
	if (m->text[T_CLIENT].n == 0)
		text(m, T_CLIENT, http_form_get(p, n, "client_id"));
}

/* Is it a redirect that carries a refusal? */
static bool told_by_redirect(const struct rq *rq)
{
	return rq->status >= 300 && rq->err.kind != ERR_NONE && rq->why != NULL;
}

/* The rule, or OAuth's error, and behind it the code of the first issue. */
static const char *outcome_code(struct making *m, const struct rq *rq)
{
	static const char before[] = "\"code\":\"";
	const char *issue = strstr(rq->out.p, "\"issue\":");
	const char *code = issue ? strstr(issue, before) : NULL;

	if (!m->fhir || code == NULL)
		return rq->err.code;
	code += strlen(before);
	code = arena_strndup(m->arena, code, strcspn(code, "\""));
	if (*rq->err.code == '\0' || strcmp(rq->err.code, code) == 0)
		return code;
	return arena_cat(m->arena, rq->err.code, " ", code, NULL);
}

static void refusal(struct making *m, const struct rq *rq)
{
	if (rq->status < 400 && !told_by_redirect(rq))
		return;
	text(m, T_CODE, outcome_code(m, rq));
	text(m, T_ERROR, journal_message(m->arena, &rq->err));
	text(m, T_WHERE, rq->err.where);
	text(m, T_WHY, rq->why ? redact_text(m->arena, rq->why, false) : "");
}

static const char *kind_of(const struct http_group *g)
{
	return g != NULL && g->kind != NULL ? g->kind : "";
}

/* What no route takes is nobody's, though a group with the empty prefix words
 * the refusal. */
static const struct http_group *group_of(const struct rq *rq)
{
	const struct http_group *g = rq_group(rq);

	return g != NULL && g->unseen && rq->route == NULL ? NULL : g;
}

static void note(struct request *r, const struct rq *rq, int64_t us)
{
	static const struct clock real = {.mode = CLOCK_REAL};

	r->at_ms = rq->now_ms;
	r->wall_ms = clock_now_ms(&real);
	r->us = us;
	r->status = rq->status;
	r->body_bytes = rq->body_len;
	r->answer_bytes = rq->out.len;
	r->group = group_of(rq);
	r->route = rq->route;
	while (r->passed_count < HTTP_PASSED && rq->passed[r->passed_count]) {
		r->passed[r->passed_count] = rq->passed[r->passed_count];
		r->passed_count++;
	}
}

/* Asking is not changing. */
static bool is_look(const struct rq *rq)
{
	const char *name = rq->route != NULL ? rq->route->name : NULL;
	const struct http_group *g = group_of(rq);

	if (g != NULL && g->unseen && strcmp(rq->method, "GET") == 0)
		return true;
	return strcmp(kind_of(rq_group(rq)), "control") == 0 &&
	       (strcmp(rq->method, "GET") == 0 ||
		text_is(name, "requests_count") ||
		text_is(name, "requests_wait"));
}

void admin_journal(const struct rq *rq, int64_t us, void *ctx)
{
	const struct admin *a = ctx;
	const char *kind = kind_of(rq_group(rq));
	struct making m = {.arena = rq->arena};
	struct journal_peer peer;
	struct request *r;

	if (is_look(rq))
		return;
	m.fhir = strcmp(kind, "fhir") == 0;
	if (rq->err.secret_at > 0)
		m.shown = rq->err.text + rq->err.secret_at;
	journal_log_refused(a->record, rq);
	journal_peer(a->record, rq->arena, rq->peer, &peer);
	text(&m, T_ID, rq->id);
	text(&m, T_METHOD, rq->head ? "HEAD" : rq->method);
	text(&m, T_PATH, path(rq));
	text(&m, T_QUERY, redact_query(rq->arena, rq->query, m.fhir));
	text(&m, T_TYPE,
	     m.fhir ? redact_text(rq->arena, rq_param(rq, "type"), true) : "");
	who(&m, a, rq);
	if (strcmp(kind, "oauth") == 0)
		parameters(&m, rq);
	refusal(&m, rq);
	text(&m, T_CERTIFICATE, peer.json);
	text(&m, T_THUMBPRINT, peer.thumbprint);
	text(&m, T_OID, peer.oid);
	text(&m, T_SHADOW, rq->shadow);
	text(&m, T_FAULT, rq->fault);
	body(&m, T_BODY, rq_header_in(rq, "Content-Type"), rq->body,
	     rq->body_len);
	if (!rq->head)
		body(&m, T_ANSWER, rq_content_type(rq), rq->out.p, rq->out.len);
	headers(&m, rq);
	r = make(&m);
	note(r, rq, us);
	journal_put(a->journal, &r->entry);
}

void journal_refused(struct journal *j, const struct journal_handshake *h)
{
	static const struct clock real = {.mode = CLOCK_REAL};
	struct making m = {.arena = NULL};
	char id[UUID_TEXT];
	struct request *r;

	uuid_make(id);
	text(&m, T_ID, id);
	text(&m, T_FROM, h->from);
	text(&m, T_CODE, h->code);
	text(&m, T_ERROR, h->reason);
	text(&m, T_CERTIFICATE, h->peer.json);
	text(&m, T_THUMBPRINT, h->peer.thumbprint);
	text(&m, T_OID, h->peer.oid);
	r = make(&m);
	r->at_ms = h->at_ms;
	r->wall_ms = clock_now_ms(&real);
	r->alert = h->alert;
	journal_put(j, &r->entry);
}

/* ---- reading one ----------------------------------------------------- */

static const char *kind(const struct request *r)
{
	const char *k = kind_of(r->group);

	if (r->alert != 0)
		return "tls";
	return strcmp(k, "control") == 0 || strcmp(k, "page") == 0 ? k
								   : "request";
}

static const char *endpoint(const struct request *r)
{
	if (strcmp(kind_of(r->group), "fhir") == 0)
		return "fhir";
	return r->route != NULL ? text_or_empty(r->route->name) : "";
}

static const char *said(const struct request *r, enum text which)
{
	return (const char *)r->text[which].p;
}

static bool header_at(const struct seen *s, bool answer, size_t i,
		      struct http_pair *out)
{
	const struct request *r = s->of;
	const char *at = r->header[answer];

	if (i >= r->headers[answer])
		return false;
	for (; i > 0; i--) {
		at += strlen(at) + 1;
		at += strlen(at) + 1;
	}
	*out = (struct http_pair){at, at + strlen(at) + 1};
	return true;
}

static const char *header(const struct seen *s, const char *name)
{
	const struct request *r = s->of;
	const char *at = r->header[0];

	for (size_t i = 0; i < r->headers[0]; i++) {
		const char *value = at + strlen(at) + 1;

		if (strcasecmp(at, name) == 0)
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

/* Of a create or an update. */
static const char *profile(struct request *r)
{
	const char *method = said(r, T_METHOD);

	if (r->profile != NULL)
		return r->profile;
	if (strcmp(kind_of(r->group), "fhir") != 0 ||
	    (strcmp(method, "POST") != 0 && strcmp(method, "PUT") != 0))
		return "";
	r->profile = profiles_named(said(r, T_BODY), r->text[T_BODY].n);
	return r->profile;
}

static void seen_request(const struct request *r, struct seen *s)
{
	const bool fhir = strcmp(kind_of(r->group), "fhir") == 0;

	s->kind = kind(r);
	s->endpoint = endpoint(r);
	s->interaction = fhir && r->route ? text_or_empty(r->route->name) : "";
	s->fhir_version = r->group ? text_or_empty(r->group->version) : "";
	s->seq = r->entry.seq;
	s->at_ms = r->at_ms;
	s->wall_ms = r->wall_ms;
	s->us = r->us;
	s->status = r->status;
	s->alert = r->alert;
	s->passed = r->passed;
	s->passed_count = r->passed_count;
	s->body = said(r, T_BODY);
	s->body_len = r->text[T_BODY].n;
	s->body_bytes = r->body_bytes;
	s->answer = said(r, T_ANSWER);
	s->answer_len = r->text[T_ANSWER].n;
	s->answer_bytes = r->answer_bytes;
}

void entry_seen(struct entry *e, struct seen *out)
{
	struct request *r = (struct request *)e;

	*out = (struct seen){
	    .id = said(r, T_ID),
	    .method = said(r, T_METHOD),
	    .path = said(r, T_PATH),
	    .query = said(r, T_QUERY),
	    .type = said(r, T_TYPE),
	    .profile = profile(r),
	    .client_id = said(r, T_CLIENT),
	    .hetu = said(r, T_HETU),
	    .patient = said(r, T_PATIENT),
	    .scope = said(r, T_SCOPE),
	    .token = said(r, T_TOKEN),
	    .grant_type = said(r, T_GRANT_TYPE),
	    .state = said(r, T_STATE),
	    .outcome_code = said(r, T_CODE),
	    .error = said(r, T_ERROR),
	    .where = said(r, T_WHERE),
	    .why = said(r, T_WHY),
	    .from = said(r, T_FROM),
	    .certificate = said(r, T_CERTIFICATE),
	    .thumbprint = said(r, T_THUMBPRINT),
	    .oid = said(r, T_OID),
	    .shadow = said(r, T_SHADOW),
	    .fault = said(r, T_FAULT),
	    .header = header,
	    .header_at = header_at,
	    .of = r,
	};
	seen_request(r, out);
}
