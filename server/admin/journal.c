/* SPDX-License-Identifier: Apache-2.0
 *
 * journal: what was asked of the server and how it answered, for tests that
 * look at it afterwards.
 *
 * A ring in memory of the newest entries, bounded in number and in bytes; what
 * goes is counted, and every answer tells how many went, so that nobody takes a
 * part for the whole. The sequence number of an entry is never given again.
 * Health checks and looks through the control API leave no entry, changes
 * through it do (kind "control"). What an application is refused by a redirect
 * counts as refused. A handshake that was refused for its certificate is an
 * entry, too (kind "tls"); what is told of certificates: peer.c.
 *
 * What is secret is taken out before an entry is kept: codes, tokens and
 * secrets in a query, and the end of a personal code; headers and bodies are
 * not kept at all. A token that a message shows is told by the beginning of its
 * digest. What a refusal keeps from the one who asked (was the secret wrong, or
 * the client_id?) stands beside its message, as why. Whose request it was,
 * patient tells; a look-up by hetu is turned into one by patient.
 *
 * Facts: stand-in.md 5, oauth.md 18.14; contracts.md section 3.
 */
#include "admin/admin_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jose/jose.h"

#define JOURNAL_BYTES (16u << 20)
#define LIMIT	      100  /* entries in an answer, unless asked */
#define LIMIT_MAX     1000 /* and whatever was asked */

/* One request; the texts lie behind it, in one piece of memory with it. */
struct entry {
	int64_t seq, at_ms, us;
	size_t bytes; /* of this piece */
	size_t answer_bytes;
	int status;
	int alert; /* a handshake that was refused; 0: a request */
	bool control;
	const char *text[];
};

enum text {
	T_ID,
	T_METHOD,
	T_PATH,
	T_QUERY,
	T_CLIENT,
	T_HETU,
	T_PATIENT,
	T_SCOPE,
	T_CODE,
	T_ERROR,
	T_WHERE,
	T_WHY,
	T_FROM,	       /* the client's address, of a handshake */
	T_CERTIFICATE, /* an object, as JSON */
	T_THUMBPRINT,
	T_OID,
	T_SHADOW,
	TEXTS
};

struct journal {
	struct entry **ring;
	size_t cap, first, n;
	size_t bytes;
	int64_t seq, dropped;
};

/* ---- the ring ------------------------------------------------------- */

struct journal *journal_new(size_t entries)
{
	struct journal *j = calloc(1, sizeof(*j));
	struct entry **ring = calloc(entries, sizeof(struct entry *));

	if (j == NULL || ring == NULL)
		abort();
	j->ring = ring;
	j->cap = entries;
	return j;
}

static struct entry *at(const struct journal *j, size_t i)
{
	return j->ring[(j->first + i) % j->cap];
}

static void drop_oldest(struct journal *j)
{
	struct entry *e = at(j, 0);

	j->bytes -= e->bytes;
	free(e);
	j->first = (j->first + 1) % j->cap;
	j->n--;
}

void journal_clear(struct journal *j)
{
	while (j->n > 0)
		drop_oldest(j);
	j->dropped = 0;
}

void journal_free(struct journal *j)
{
	if (j == NULL)
		return;
	journal_clear(j);
	free(j->ring);
	free(j);
}

static void put(struct journal *j, struct entry *e)
{
	while (j->n > 0 &&
	       (j->n == j->cap || j->bytes + e->bytes > JOURNAL_BYTES)) {
		drop_oldest(j);
		j->dropped++;
	}
	e->seq = ++j->seq;
	j->ring[(j->first + j->n++) % j->cap] = e;
	j->bytes += e->bytes;
}

/* ---- what is kept --------------------------------------------------- */

static bool secret(const char *name, size_t n)
{
	static const char *const names[] = {
	    "code",	     "token",	      "access_token",
	    "refresh_token", "client_secret", "code_verifier",
	    "id_token_hint", "login_hint",    "client_assertion",
	    "username",	     "password",      "registration_access_token",
	    "hetu",	     "patient_hetu"};

	for (size_t i = 0; i < LEN(names); i++)
		if (strlen(names[i]) == n &&
		    strncasecmp(name, names[i], n) == 0)
			return true;
	return false;
}

/* "code" is a secret of the authorization server and a search parameter of the
 * others; a secret has no business in the query of those either. */
static const char *clean_query(const struct rq *rq, bool fhir)
{
	struct buf b;

	if (*rq->query == '\0')
		return "";
	buf_init(&b, rq->arena);
	for (const char *p = rq->query; *p != '\0';) {
		size_t n = strcspn(p, "&"), name = strcspn(p, "=&");

		if (secret(p, name) && !(fhir && text_begins(p, "code=")))
			buf_printf(&b, "%.*s=***", (int)name, p);
		else
			buf_add(&b, p, n);
		p += n;
		if (*p == '&') {
			buf_putc(&b, '&');
			p++;
		}
	}
	return mask_hetu(rq->arena, b.p);
}

/* A path that holds a personal code is told by its route. */
static const char *clean_path(const struct rq *rq)
{
	if (rq->route == NULL || *rq_param(rq, "hetu") == '\0')
		return mask_hetu(rq->arena, rq->path);
	return arena_printf(rq->arena, "/__admin%s", rq->route->path);
}

const char *journal_message(struct arena *a, const struct err *e)
{
	const char *secret = e->text + e->secret_at;
	char digest[JOSE_DIGEST];

	if (e->secret_at == 0)
		return mask_hetu(a, e->text);
	jose_digest(digest, secret, strlen(secret));
	return arena_printf(a, "%.*s(SHA-256 %.6s...)", (int)e->secret_at,
			    e->text, digest);
}

static struct entry *entry_new(const char *const text[TEXTS])
{
	size_t bytes = sizeof(struct entry) + TEXTS * sizeof(char *);
	size_t len[TEXTS];
	struct entry *e;
	char *to;

	for (int i = 0; i < TEXTS; i++) {
		len[i] = strlen(text[i]) + 1;
		bytes += len[i];
	}
	e = malloc(bytes);
	if (e == NULL)
		abort();
	*e = (struct entry){.bytes = bytes};
	to = (char *)&e->text[TEXTS];
	for (int i = 0; i < TEXTS; i++) {
		memcpy(to, text[i], len[i]);
		e->text[i] = to;
		to += len[i];
	}
	return e;
}

/* Is it a redirect that carries a refusal? */
static bool told_by_redirect(const struct rq *rq)
{
	return rq->status >= 300 && rq->err.kind != ERR_NONE && rq->why != NULL;
}

void admin_journal(const struct rq *rq, int64_t us, void *ctx)
{
	const struct admin *a = ctx;
	const struct grant *g = rq->grant;
	const bool control = strncmp(rq->path, "/__admin", 8) == 0;
	const bool refused = rq->status >= 400 || told_by_redirect(rq);
	struct journal_peer peer;

	if (control && strcmp(rq->method, "GET") == 0)
		return;
	journal_log_refused(a->record, rq);
	journal_peer(a->record, rq->arena, rq->peer, &peer);
	const char *text[TEXTS] = {
	    [T_ID] = rq->id,
	    [T_METHOD] = rq->head ? "HEAD" : rq->method,
	    [T_PATH] = clean_path(rq),
	    [T_QUERY] = clean_query(rq, rq->grant != NULL),
	    [T_CLIENT] =
		g && g->client_id ? g->client_id : text_or_empty(rq->client_id),
	    [T_HETU] = g && g->hetu ? mask_hetu(rq->arena, g->hetu) : "",
	    [T_PATIENT] = g && g->patient ? g->patient : "",
	    [T_SCOPE] = g && g->scope ? g->scope : "",
	    [T_CODE] = refused ? rq->err.code : "",
	    [T_ERROR] = refused ? journal_message(rq->arena, &rq->err) : "",
	    [T_WHERE] = refused ? rq->err.where : "",
	    [T_WHY] = refused ? text_or_empty(rq->why) : "",
	    [T_FROM] = "",
	    [T_CERTIFICATE] = peer.json,
	    [T_THUMBPRINT] = peer.thumbprint,
	    [T_OID] = peer.oid,
	    [T_SHADOW] = text_or_empty(rq->shadow),
	};
	struct entry *e = entry_new(text);

	e->at_ms = rq->now_ms;
	e->us = us;
	e->status = rq->status;
	e->answer_bytes = rq->out.len;
	e->control = control;
	put(a->journal, e);
}

void journal_refused(struct journal *j, const struct journal_handshake *h)
{
	const char *text[TEXTS];
	char id[UUID_TEXT];
	struct entry *e;

	for (int i = 0; i < TEXTS; i++)
		text[i] = "";
	uuid_make(id);
	text[T_ID] = id;
	text[T_FROM] = h->from;
	text[T_CODE] = h->code;
	text[T_ERROR] = h->reason;
	text[T_CERTIFICATE] = h->peer.json;
	text[T_THUMBPRINT] = h->peer.thumbprint;
	text[T_OID] = h->peer.oid;
	e = entry_new(text);
	e->at_ms = h->at_ms;
	e->alert = h->alert;
	put(j, e);
}

/* ---- what is told --------------------------------------------------- */

static const char *kind_of(const struct entry *e)
{
	if (e->alert != 0)
		return "tls";
	return e->control ? "control" : "request";
}

static void write_handshake(struct jw *w, const struct entry *e)
{
	jw_str(w, "method", "");
	jw_str(w, "path", "");
	jw_str(w, "peer", e->text[T_FROM]);
	jw_int(w, "alert", e->alert);
	jw_str(w, "alert_name", journal_alert(e->alert));
}

static void write_certificate(struct jw *w, const struct entry *e)
{
	const char *json = e->text[T_CERTIFICATE];

	if (*json == '\0')
		json = "null";
	jw_raw(w, "certificate", json, strlen(json));
}

static void write_texts(struct jw *w, const struct entry *e)
{
	static const char *const names[TEXTS] = {
	    [T_ID] = "id",
	    [T_METHOD] = "method",
	    [T_PATH] = "path",
	    [T_QUERY] = "query",
	    [T_CLIENT] = "client_id",
	    [T_HETU] = "hetu",
	    [T_PATIENT] = "patient",
	    [T_SCOPE] = "scope",
	};

	for (int i = 0; i < TEXTS; i++)
		if (names[i] && *e->text[i] != '\0')
			jw_str(w, names[i], e->text[i]);
}

static void write_entry(struct jw *w, const struct entry *e)
{
	char when[TIME_TEXT], ms[32];

	time_finnish(when, e->at_ms);
	snprintf(ms, sizeof(ms), "%.3f", (double)e->us / 1000.0);
	jw_open(w, NULL, '{');
	jw_int(w, "seq", e->seq);
	jw_str(w, "at", when);
	jw_str(w, "kind", kind_of(e));
	if (e->alert != 0)
		write_handshake(w, e);
	write_texts(w, e);
	write_certificate(w, e);
	jw_int(w, "status", e->status);
	jw_raw(w, "ms", ms, strlen(ms));
	jw_int(w, "bytes", (int64_t)e->answer_bytes);
	if (*e->text[T_ERROR] != '\0') {
		jw_open(w, "error", '{');
		if (*e->text[T_CODE] != '\0')
			jw_str(w, "code", e->text[T_CODE]);
		jw_str(w, "message", e->text[T_ERROR]);
		if (*e->text[T_WHERE] != '\0')
			jw_str(w, "where", e->text[T_WHERE]);
		if (*e->text[T_WHY] != '\0')
			jw_str(w, "why", e->text[T_WHY]);
		jw_close(w);
	}
	if (*e->text[T_SHADOW] != '\0')
		jw_raw(w, "shadow", e->text[T_SHADOW],
		       strlen(e->text[T_SHADOW]));
	jw_close(w);
}

/* ---- looking through it --------------------------------------------- */

/* What an entry must be to be told; a text that is NULL was not asked for. */
struct wanted {
	const char *text[TEXTS];
	const char *status;	 /* "404", "4xx" */
	const char *kind;	 /* "tls" */
	const char *certificate; /* thumbprint, or OID */
	bool refused;
	int64_t since, limit;
};

static bool read_count(struct rq *rq, const char *name, const char *value,
		       int64_t *out)
{
	const size_t n = strspn(value, "0123456789");

	if (n == 0 || n > 15 || value[n] != '\0')
		return err_set(&rq->err, ERR_INVALID, "invalid_value", name,
			       "%s must be a number, not \"%.40s\"", name,
			       value);
	*out = strtoll(value, NULL, 10);
	return true;
}

static bool read_status(struct rq *rq, const char *value, struct wanted *want)
{
	const bool form =
	    strlen(value) == 3 && value[0] >= '1' && value[0] <= '5' &&
	    (strcmp(value + 1, "xx") == 0 || strspn(value, "0123456789") == 3);

	want->status = value;
	return form ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "status",
		       "status must be like 404 or 4xx, not \"%.40s\"", value);
}

static bool read_kind(struct rq *rq, const char *value, struct wanted *want)
{
	want->kind = value;
	return strcmp(value, "request") == 0 || strcmp(value, "control") == 0 ||
	       strcmp(value, "tls") == 0 ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "kind",
		       "kind must be request, control or tls, not \"%.40s\"",
		       value);
}

static bool read_hetu(struct rq *rq, const char *value, struct wanted *want)
{
	struct store_citizen c;

	if (!citizen_get(rq, value, &c))
		return false;
	want->text[T_PATIENT] = c.patient;
	return true;
}

static bool read_one(struct rq *rq, const struct http_pair *p,
		     struct wanted *want)
{
	static const struct {
		const char *name;
		enum text text;
	} exact[] = {{"client_id", T_CLIENT},
		     {"patient", T_PATIENT},
		     {"method", T_METHOD},
		     {"path", T_PATH}};
	struct nearest near = {.word = p->name};

	if (strcmp(p->name, "kind") == 0)
		return read_kind(rq, p->value, want);
	if (strcmp(p->name, "certificate") == 0) {
		want->certificate = p->value;
		return true;
	}

	if (strcmp(p->name, "since") == 0)
		return read_count(rq, p->name, p->value, &want->since);
	if (strcmp(p->name, "limit") == 0)
		return read_count(rq, p->name, p->value, &want->limit);
	if (strcmp(p->name, "status") == 0)
		return read_status(rq, p->value, want);
	if (strcmp(p->name, "hetu") == 0)
		return read_hetu(rq, p->value, want);
	if (strcmp(p->name, "refused") == 0) {
		want->refused = strcmp(p->value, "true") == 0;
		return true;
	}
	for (size_t i = 0; i < LEN(exact); i++) {
		if (strcmp(p->name, exact[i].name) == 0) {
			want->text[exact[i].text] = p->value;
			return true;
		}
		nearest_try(&near, exact[i].name);
	}
	return refuse_unknown(rq, &near);
}

static bool read_wanted(struct rq *rq, struct wanted *want)
{
	struct http_pair *pair;
	size_t n;

	*want = (struct wanted){.limit = LIMIT};
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &pair, &n,
		       &rq->err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!read_one(rq, &pair[i], want))
			return false;
	if (want->limit > LIMIT_MAX)
		want->limit = LIMIT_MAX;
	return true;
}

static bool status_is(const struct entry *e, const char *status)
{
	char has[16];

	snprintf(has, sizeof(has), "%d", e->status);
	return status[1] == 'x' ? has[0] == status[0]
				: strcmp(has, status) == 0;
}

static bool certificate_is(const struct entry *e, const char *want)
{
	return *want != '\0' && (strcmp(e->text[T_THUMBPRINT], want) == 0 ||
				 strcmp(e->text[T_OID], want) == 0);
}

/* A path is wanted by its beginning. */
static bool is_wanted(const struct entry *e, const struct wanted *want)
{
	for (int i = 0; i < TEXTS; i++) {
		const char *text = want->text[i];

		if (text != NULL && i == T_PATH &&
		    strncmp(e->text[i], text, strlen(text)) != 0)
			return false;
		if (text != NULL && i != T_PATH &&
		    strcmp(e->text[i], text) != 0)
			return false;
	}
	return e->seq > want->since &&
	       (want->kind == NULL || strcmp(kind_of(e), want->kind) == 0) &&
	       (want->certificate == NULL ||
		certificate_is(e, want->certificate)) &&
	       (!want->refused || e->status >= 400 ||
		*e->text[T_ERROR] != '\0') &&
	       (want->status == NULL || status_is(e, want->status));
}

bool admin_requests(struct rq *rq)
{
	const struct journal *j = admin_of(rq)->journal;
	struct jw w = {.b = &rq->out};
	struct wanted want;
	int64_t next;

	if (!read_wanted(rq, &want))
		return false;
	next = want.since;
	jw_open(&w, NULL, '{');
	jw_open(&w, "requests", '[');
	for (size_t i = 0; i < j->n && want.limit > 0; i++) {
		const struct entry *e = at(j, i);

		if (e->seq > next)
			next = e->seq;
		if (!is_wanted(e, &want))
			continue;
		write_entry(&w, e);
		want.limit--;
	}
	jw_close(&w);
	jw_int(&w, "next", next);
	jw_int(&w, "dropped", j->dropped);
	jw_close(&w);
	return reply_json(rq, 200);
}

bool admin_request(struct rq *rq)
{
	const struct journal *j = admin_of(rq)->journal;
	const char *id = rq_param(rq, "id");
	struct jw w = {.b = &rq->out};

	for (size_t i = j->n; i > 0; i--) {
		if (strcmp(at(j, i - 1)->text[T_ID], id) != 0)
			continue;
		write_entry(&w, at(j, i - 1));
		return reply_json(rq, 200);
	}
	return err_set(&rq->err, ERR_NOT_FOUND, "unknown_request", "/id",
		       "The journal has no request \"%.64s\" (any more).", id);
}

bool admin_requests_delete(struct rq *rq)
{
	journal_clear(admin_of(rq)->journal);
	return rq_reply(rq, 204, NULL);
}

void journal_write(struct jw *w, const struct journal *j)
{
	jw_open(w, "journal", '{');
	jw_int(w, "kept", (int64_t)j->n);
	jw_int(w, "dropped", j->dropped);
	jw_close(w);
}

int64_t journal_last(const struct journal *j)
{
	return j->seq;
}

int64_t journal_dropped(const struct journal *j)
{
	return j->dropped;
}
