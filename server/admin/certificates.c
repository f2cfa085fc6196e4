/* SPDX-License-Identifier: Apache-2.0
 *
 * certificates: a test orders the certificate that it needs, of the server's
 * own CA, and revokes it while the server runs.
 *
 * The answer holds certificate and key once; the server keeps neither. What is
 * kept is a list of what was issued, the newest ISSUED_MAX of it, in memory as
 * the journal: for whoever looks, and for the clock, which counts what expired.
 * Revoking needs no list: a number says who issued it, so those of a folder
 * that
 * --pki names can be revoked too.
 *
 * A reset empties the list and takes revocations back; the CA stays, as keys
 * do. If the files were read again meanwhile (SIGHUP), what they say stays.
 *
 * Facts: contracts.md section 3, stand-in.md 4.3, mtls-libmicrohttpd.md 12.
 */
#include "admin/admin_int.h"

#include <stdlib.h>

#include "jose/jose.h"

#define ISSUED_MAX 10000
#define PASSWORD   "mock"
#define NUMBER_MAX 64

struct issued {
	const struct pki_kind *kind;
	char number[NUMBER_MAX];
	char thumbprint[PKI_THUMBPRINT];
	char subject[768]; /* the longest that can be ordered */
	char oid[80];	   /* "": none, or several */
	int64_t not_before_ms, not_after_ms;
	bool revoked;
};

struct certificates {
	struct issued *v; /* oldest first */
	size_t n, cap;
	/* The list of revoked ones as it was before the first change of ours,
	 * and the generation after the last. */
	bool changed;
	char *crl;
	uint64_t generation;
};

struct certificates *certificates_new(void)
{
	struct certificates *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	return c;
}

void certificates_free(struct certificates *c)
{
	if (c == NULL)
		return;
	free(c->v);
	free(c->crl);
	free(c);
}

static struct certificates *list_of(const struct rq *rq)
{
	return admin_of(rq)->certificates;
}

/* ---- the list ------------------------------------------------------- */

static void list_add(struct certificates *c, const struct issued *x)
{
	if (c->n == ISSUED_MAX) {
		memmove(c->v, c->v + 1, (c->n - 1) * sizeof(*c->v));
		c->n--;
	}
	if (c->n == c->cap) {
		c->cap = c->cap > 0 ? 2 * c->cap : 16;
		c->v = realloc(c->v, c->cap * sizeof(*c->v));
		if (c->v == NULL)
			abort();
	}
	c->v[c->n++] = *x;
}

static void copy(char *out, size_t size, const char *text)
{
	const size_t n = text != NULL ? strlen(text) : 0;
	const size_t taken = n < size ? n : 0;

	if (taken > 0)
		memcpy(out, text, taken);
	out[taken] = '\0';
}

static void remember(struct certificates *c, const struct pki_kind *kind,
		     const struct pki_info *info)
{
	struct issued x = {
	    .kind = kind,
	    .not_before_ms = info->not_before_ms,
	    .not_after_ms = info->not_after_ms,
	    .revoked = strcmp(kind->name, "revoked") == 0,
	};

	copy(x.number, sizeof(x.number), info->number);
	copy(x.thumbprint, sizeof(x.thumbprint), info->thumbprint);
	copy(x.subject, sizeof(x.subject), info->subject);
	copy(x.oid, sizeof(x.oid), info->subject_serial_number);
	list_add(c, &x);
}

int64_t certificates_expired(const struct certificates *c, int64_t from_ms,
			     int64_t to_ms)
{
	int64_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].not_after_ms > from_ms &&
		     c->v[i].not_after_ms <= to_ms;
	return n;
}

void certificates_expired_write(struct jw *w, const char *name,
				const struct certificates *c, int64_t from_ms,
				int64_t to_ms)
{
	jw_open(w, name, '[');
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].not_after_ms > from_ms &&
		    c->v[i].not_after_ms <= to_ms)
			jw_str(w, NULL, c->v[i].number);
	jw_close(w);
}

/* ---- what a reset takes back ---------------------------------------- */

static void before_change(struct certificates *c, const struct pki *p)
{
	const char *crl = pki_texts(p)->crl;

	if (c->changed && c->generation == pki_generation(p))
		return;
	c->changed = true;
	free(c->crl);
	c->crl = crl != NULL ? strdup(crl) : NULL;
}

static void after_change(struct certificates *c, const struct pki *p)
{
	c->generation = pki_generation(p);
}

void certificates_reset(struct certificates *c, struct pki *p)
{
	struct err e;

	c->n = 0;
	if (p != NULL && c->changed && c->generation == pki_generation(p)) {
		struct pki_texts t = *pki_texts(p);

		t.crl = c->crl;
		(void)pki_load(p, &t, &e); /* it was loaded once */
	}
	c->changed = false;
}

/* ---- what a snapshot keeps ------------------------------------------ */

struct certificates *certificates_copy(const struct certificates *c,
				       const struct pki *p)
{
	struct certificates *copy = certificates_new();
	const char *crl = p != NULL ? pki_texts(p)->crl : NULL;

	for (size_t i = 0; i < c->n; i++)
		list_add(copy, &c->v[i]);
	copy->crl = crl != NULL ? strdup(crl) : NULL;
	return copy;
}

/* Without a change of ours since the start, or since the files were read again,
 * there is nothing to take back. */
static void crl_restore(struct certificates *c, struct pki *p, const char *crl)
{
	struct pki_texts t;
	struct err e;

	if (p == NULL || !c->changed || c->generation != pki_generation(p) ||
	    text_same(pki_texts(p)->crl, crl))
		return;
	t = *pki_texts(p);
	t.crl = crl;
	(void)pki_load(p, &t, &e); /* it was loaded once */
	after_change(c, p);
}

void certificates_restore(struct certificates *c, struct pki *p,
			  const struct certificates *from)
{
	c->n = 0;
	for (size_t i = 0; i < from->n; i++)
		list_add(c, &from->v[i]);
	crl_restore(c, p, from->crl);
}

/* ---- answers -------------------------------------------------------- */

static void time_write(struct jw *w, const char *name, int64_t ms)
{
	char text[TIME_TEXT];

	time_finnish(text, ms);
	jw_str(w, name, text);
}

static void members_write(struct jw *w, const struct issued *x)
{
	jw_str(w, "number", x->number);
	jw_str(w, "kind", x->kind->name);
	jw_str(w, "thumbprint", x->thumbprint);
	jw_str(w, "subject", x->subject);
	if (*x->oid != '\0')
		jw_str(w, "oid", x->oid);
	else
		jw_null(w, "oid");
	time_write(w, "not_before", x->not_before_ms);
	time_write(w, "not_after", x->not_after_ms);
	jw_bool(w, "revoked", x->revoked);
}

bool admin_certificates(struct rq *rq)
{
	const struct certificates *c = list_of(rq);
	const struct pki_kind *kind;
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_open(&w, "kinds", '[');
	for (size_t i = 0; (kind = pki_kind_at(i)) != NULL; i++) {
		jw_open(&w, NULL, '{');
		jw_str(&w, "kind", kind->name);
		jw_str(&w, "what", kind->what);
		jw_int(&w, "error", kind->error);
		jw_close(&w);
	}
	jw_close(&w);
	jw_open(&w, "issued", '[');
	for (size_t i = 0; i < c->n; i++) {
		jw_open(&w, NULL, '{');
		members_write(&w, &c->v[i]);
		jw_close(&w);
	}
	jw_close(&w);
	jw_close(&w);
	return reply_json(rq, 200);
}

/* Base64 with padding (RFC 4648 4). */
static const char *base64(struct arena *a, const struct octets *o)
{
	char *text = jose_b64url(a, o->p, o->n);

	for (char *c = text; *c != '\0'; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	return arena_cat(a, text, &"=="[(o->n + 2) % 3], (char *)NULL);
}

static bool reply_issued(struct rq *rq, const struct pki_issued *c, bool p12)
{
	const struct certificates *list = list_of(rq);
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	members_write(&w, &list->v[list->n - 1]);
	jw_str(&w, "certificate", c->cert);
	jw_str(&w, "key", c->key);
	if (p12) {
		struct octets o = pki_p12(rq->arena, c, PASSWORD);

		jw_str(&w, "p12", base64(rq->arena, &o));
		jw_str(&w, "password", PASSWORD);
	}
	jw_close(&w);
	return reply_json(rq, 201);
}

/* ---- ordering ------------------------------------------------------- */

static bool kind_of(struct rq *rq, const char *name,
		    const struct pki_kind **out)
{
	struct nearest near = {.word = name};
	const struct pki_kind *kind;

	*out = pki_kind_find(name);
	if (*out != NULL)
		return true;
	for (size_t i = 0; (kind = pki_kind_at(i)) != NULL; i++)
		nearest_try(&near, kind->name);
	return err_set(&rq->err, ERR_INVALID, "invalid_value", "/kind",
		       "There is no kind of certificate \"%.64s\"%s%s%s GET "
		       "/__admin/certificates lists them.",
		       name, near.best != NULL ? "; did you mean " : ".",
		       near.best != NULL ? near.best : "",
		       near.best != NULL ? "?" : "");
}

static bool format_ok(struct rq *rq, const char *format)
{
	return format == NULL || strcmp(format, "pem") == 0 ||
	       strcmp(format, "p12") == 0 ||
	       err_set(&rq->err, ERR_INVALID, "invalid_value", "/format",
		       "\"format\" must be pem, or p12: PKCS #12 beside it.");
}

/* The server's certificates; 409 without any. */
static bool pki_get(struct rq *rq, struct pki **out)
{
	*out = admin_of(rq)->record->pki;
	return *out != NULL ||
	       err_set(&rq->err, ERR_CONFLICT, "cannot_issue", NULL,
		       "The server has no certificates, as no listener speaks "
		       "TLS: start it with --listen mtls://127.0.0.1:8443.");
}

static bool issue(struct rq *rq, struct pki *p, const struct pki_order *o,
		  struct pki_issued *out)
{
	struct certificates *c = list_of(rq);
	struct pki_peer *peer;
	bool ok;

	before_change(c, p);
	ok = pki_issue(p, rq->arena, o, out, &rq->err);
	after_change(c, p);
	if (!ok)
		return refuse_member(rq);
	peer = pki_peer_read(out->cert, &rq->err);
	if (peer == NULL)
		return false;
	remember(c, o->kind, pki_peer_info(peer));
	pki_peer_free(peer);
	return true;
}

static const struct member certificate_post[] = {
    {"kind", MEMBER_TEXT, true},
    {"oid", MEMBER_TEXT, false},
    {"common_name", MEMBER_TEXT, false},
    {"format", MEMBER_TEXT, false},
};
const struct body certificate_post_body = BODY_OF(certificate_post);

bool admin_certificate_post(struct rq *rq)
{
	struct pki_order o = {.now_ms = record_now_ms(admin_of(rq)->record)};
	const struct json *body;
	struct pki_issued out;
	struct pki *p;

	if (!body_read(rq, &certificate_post_body, &body) ||
	    !kind_of(rq, member_text(body, "kind"), &o.kind) ||
	    !format_ok(rq, member_text(body, "format")) || !pki_get(rq, &p))
		return false;
	o.oid = member_text(body, "oid");
	o.common_name = member_text(body, "common_name");
	return issue(rq, p, &o, &out) &&
	       reply_issued(rq, &out,
			    text_is(member_text(body, "format"), "p12"));
}

/* ---- revoking ------------------------------------------------------- */

/* As some tools print it: 4A:1B:... */
static char *plain_number(struct arena *a, const char *text)
{
	struct buf b;

	buf_init(&b, a);
	for (; *text != '\0'; text++)
		if (*text != ':')
			buf_putc(&b, *text >= 'a' && *text <= 'f'
					 ? (char)(*text - 'a' + 'A')
					 : *text);
	return b.p;
}

bool admin_certificate_revoke(struct rq *rq)
{
	const char *number = plain_number(rq->arena, rq_param(rq, "number"));
	struct certificates *c = list_of(rq);
	struct jw w = {.b = &rq->out};
	const struct json *body;
	struct pki *p;
	bool ok;

	if (!body_members(rq, NULL, 0, &body) || !pki_get(rq, &p))
		return false;
	before_change(c, p);
	ok = pki_revoke(p, number, &rq->err);
	after_change(c, p);
	if (!ok)
		return false;
	for (size_t i = 0; i < c->n; i++)
		c->v[i].revoked |= strcmp(c->v[i].number, number) == 0;
	jw_open(&w, NULL, '{');
	jw_str(&w, "number", number);
	jw_bool(&w, "revoked", true);
	jw_close(&w);
	return reply_json(rq, 200);
}

/* ---- texts ---------------------------------------------------------- */

static bool reply_pem(struct rq *rq, const char *text)
{
	if (text == NULL)
		return err_set(&rq->err, ERR_NOT_FOUND, "not_found", NULL,
			       "The server has no such list.");
	rq_header(rq, "Cache-Control", "no-store");
	buf_puts(&rq->out, text);
	return rq_reply(rq, 200, "application/x-pem-file");
}

bool admin_certificates_ca(struct rq *rq)
{
	struct pki *p;

	return pki_get(rq, &p) && reply_pem(rq, pki_texts(p)->ca);
}

bool admin_certificates_crl(struct rq *rq)
{
	struct pki *p;

	return pki_get(rq, &p) && reply_pem(rq, pki_texts(p)->crl);
}
