/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of TLS listeners, with GnuTLS as the client and certificates made here:
 * the contract of struct http_tls, and that a handshake which waits for its
 * client costs nothing.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "http_live.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

/* ---- certificates ------------------------------------------------------- */

struct made {
	char cert[2048], key[2048]; /* PEM, signed by itself */
};

static void make(struct made *m, const char *name)
{
	const time_t now = time(NULL);
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
	size_t n = sizeof(m->key);
	unsigned char number = 1;

	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&cert);
	assert_int_equal(gnutls_x509_privkey_generate(
			     key, GNUTLS_PK_ECDSA,
			     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
			     0),
			 0);
	gnutls_x509_crt_set_key(cert, key);
	gnutls_x509_crt_set_version(cert, 3);
	gnutls_x509_crt_set_serial(cert, &number, 1);
	gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0,
				      name, (unsigned)strlen(name));
	gnutls_x509_crt_set_activation_time(cert, now - 1000);
	gnutls_x509_crt_set_expiration_time(cert, now + 100000);
	assert_int_equal(
	    gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(
	    gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, m->key, &n),
	    0);
	n = sizeof(m->cert);
	assert_int_equal(
	    gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, m->cert, &n), 0);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}

/* What the server is told; SIGHUP goes on to the next. */
struct told {
	struct http_identity identity[4];
	size_t now;
	int alert; /* of those without a certificate */
};

static void told_identity(void *ctx, struct http_identity *out)
{
	struct told *t = ctx;

	*out = t->identity[t->now];
}

static int told_judge(void *ctx, const struct pki_peer *peer, const char *from,
		      bool tls12)
{
	struct told *t = ctx;

	if (strcmp(from, "127.0.0.1") != 0)
		return GNUTLS_A_INTERNAL_ERROR;
	if (peer || t->alert == 0)
		return 0;
	return tls12 ? GNUTLS_A_HANDSHAKE_FAILURE : t->alert;
}

static void told_reload(void *ctx)
{
	((struct told *)ctx)->now++;
}

static struct http_tls telling(struct told *t)
{
	return (struct http_tls){
	    .identity = told_identity,
	    .peer_new = peer_new,
	    .peer_free = peer_free,
	    .judge = told_judge,
	    .reload = told_reload,
	    .ctx = t,
	};
}

/* ---- a client ----------------------------------------------------------- */

struct secret {
	struct client c;
	gnutls_session_t session;
	gnutls_certificate_credentials_t own;
	int code; /* of the handshake */
};

static void shake(struct secret *x, const struct server *s,
		  const struct made *own, const char *priorities)
{
	dial(&x->c, s);
	gnutls_init(&x->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	gnutls_certificate_allocate_credentials(&x->own);
	if (own) {
		const gnutls_datum_t cert = {(void *)(uintptr_t)own->cert,
					     (unsigned)strlen(own->cert)};
		const gnutls_datum_t key = {(void *)(uintptr_t)own->key,
					    (unsigned)strlen(own->key)};

		assert_int_equal(gnutls_certificate_set_x509_key_mem(
				     x->own, &cert, &key, GNUTLS_X509_FMT_PEM),
				 0);
	}
	assert_int_equal(
	    gnutls_priority_set_direct(x->session, priorities, NULL), 0);
	gnutls_credentials_set(x->session, GNUTLS_CRD_CERTIFICATE, x->own);
	gnutls_transport_set_int(x->session, x->c.fd);
	do {
		x->code = gnutls_handshake(x->session);
	} while (x->code < 0 && !gnutls_error_is_fatal(x->code));
}

/* Is there a whole answer? Then its body. */
static const char *answered(const struct client *c)
{
	const char *end = strstr(c->in, "\r\n\r\n");
	const char *length = strcasestr(c->in, "\r\nContent-Length:");

	if (!end || !length || strlen(end + 4) < strtoul(length + 17, NULL, 10))
		return NULL;
	return end + 4;
}

/* The answer's body; "" when the connection ended instead. */
static const char *overhear(struct secret *x)
{
	struct client *c = &x->c;
	ssize_t n = 1;

	c->len = 0;
	c->in[0] = '\0';
	while (n > 0 && !answered(c)) {
		n = gnutls_record_recv(x->session, c->in + c->len,
				       sizeof(c->in) - 1 - c->len);
		c->len += n > 0 ? (size_t)n : 0;
		c->in[c->len] = '\0';
	}
	x->code = (int)n;
	return n > 0 ? answered(c) : "";
}

static const char *secretly(struct secret *x, const char *request)
{
	ssize_t n = gnutls_record_send(x->session, request, strlen(request));

	x->code = (int)n;
	return n > 0 ? overhear(x) : "";
}

static void part(struct secret *x)
{
	gnutls_deinit(x->session);
	gnutls_certificate_free_credentials(x->own);
	hang_up(&x->c);
}

#define ONLY(v) "NORMAL:-VERS-ALL:+VERS-TLS" v
static const char *const versions[] = {ONLY("1.2"), ONLY("1.3")};
#define GET(path) "GET " path " HTTP/1.1\r\n" H "\r\n"

/* ---- tests -------------------------------------------------------------- */

static void test_identity(void **state)
{
	struct made a, b;
	struct err e = {0};

	(void)state;
	make(&a, "a");
	make(&b, "b");
	const struct {
		struct http_identity id;
		const char *why; /* NULL: it is good */
	} cases[] = {
	    {{a.cert, a.key, NULL, 1}, NULL},
	    {{a.cert, a.key, "", 1}, NULL},
	    {{a.cert, a.key, b.cert, 1}, NULL},
	    {{a.cert, b.key, NULL, 1}, "not that of"},
	    {{a.key, a.key, NULL, 1}, "certificate and key"},
	    {{a.cert, a.cert, NULL, 1}, "certificate and key"},
	    {{"", "", NULL, 1}, "certificate and key"},
	    {{a.cert, a.key, "x", 1}, "CA"},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		bool ok = http_identity_ok(&cases[i].id, &e);

		if (ok != !cases[i].why)
			fail_msg("%zu: %d %s", i, ok, e.text);
		if (!ok) {
			assert_int_equal(e.kind, ERR_INVALID);
			assert_non_null(strstr(e.text, cases[i].why));
		}
	}
}

static void test_listen_kind(void **state)
{
	enum http_kind kind;

	(void)state;
	assert_true(http_listen_kind("http://127.0.0.1:0", &kind));
	assert_int_equal(kind, HTTP_PLAIN);
	assert_true(http_listen_kind("https://[::]:1", &kind));
	assert_int_equal(kind, HTTP_TLS);
	assert_true(http_listen_kind("mtls://localhost:8443", &kind));
	assert_int_equal(kind, HTTP_MTLS);
	assert_false(http_listen_kind("ftp://localhost:8443", &kind));
	assert_false(http_listen_kind("mtls", &kind));
	assert_false(http_listen_kind("", &kind));
}

static void test_tls(void **state)
{
	struct made a;
	struct told t = {.alert = GNUTLS_A_CERTIFICATE_REQUIRED};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret x;

	(void)state;
	make(&a, "a");
	t.identity[0] = (struct http_identity){a.cert, a.key, NULL, 1};
	start(&s, (struct setup){.listen = "https://127.0.0.1:0", .tls = &tls});
	for (size_t i = 0; i < LEN(versions); i++) {
		/* nobody is judged, whatever certificate he has */
		shake(&x, &s, i ? &a : NULL, versions[i]);
		assert_int_equal(x.code, 0);
		assert_non_null(strstr(secretly(&x, GET("/base/x")),
				       "o=https://localhost l=1 f=0"));
		assert_non_null(
		    strstr(secretly(&x, GET("/base/peer")), "asked=0 n=0"));
		part(&x);
	}
	shake(&x, &s, NULL, ONLY("1.1"));
	assert_int_not_equal(x.code, 0);
	part(&x);
	assert_non_null(strstr(stop(&s), "TLS 1.2 and 1.3"));
}

static void test_mtls_peer(void **state)
{
	struct made a, b;
	struct told t = {.alert = 0};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret x;

	(void)state;
	make(&a, "a");
	make(&b, "b");
	t.identity[0] = (struct http_identity){a.cert, a.key, b.cert, 1};
	start(&s, (struct setup){.listen = "mtls://127.0.0.1:0", .tls = &tls});
	for (size_t i = 0; i < LEN(versions); i++) {
		shake(&x, &s, NULL, versions[i]);
		assert_non_null(
		    strstr(secretly(&x, GET("/base/peer")), "asked=1 n=0"));
		part(&x);
		shake(&x, &s, &b, versions[i]);
		for (int j = 0; j < 3; j++)
			assert_non_null(strstr(secretly(&x, GET("/base/peer")),
					       "asked=1 n=1 "));
		part(&x);
	}
	stop(&s); /* LeakSanitizer: each peer was freed */
}

static void test_mtls_alert(void **state)
{
	struct made a;
	struct told t = {.alert = GNUTLS_A_CERTIFICATE_REQUIRED};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret x;
	char *log;

	(void)state;
	make(&a, "a");
	t.identity[0] = (struct http_identity){a.cert, a.key, a.cert, 1};
	start(&s, (struct setup){.listen = "mtls://127.0.0.1:0", .tls = &tls});
	for (size_t i = 0; i < LEN(versions); i++) {
		shake(&x, &s, NULL, versions[i]);
		if (x.code == 0) /* of 1.3 the client hears later */
			secretly(&x, GET("/base/x"));
		assert_int_equal(x.code, GNUTLS_E_FATAL_ALERT_RECEIVED);
		/* TLS 1.2 has no certificate_required */
		assert_int_equal(gnutls_alert_get(x.session),
				 gnutls_protocol_get_version(x.session) ==
					 GNUTLS_TLS1_3
				     ? GNUTLS_A_CERTIFICATE_REQUIRED
				     : GNUTLS_A_HANDSHAKE_FAILURE);
		part(&x);
		shake(&x, &s, &a, versions[i]);
		assert_int_equal(x.code, 0);
		assert_non_null(strstr(secretly(&x, GET("/base/x")), "o="));
		part(&x);
	}
	log = stop(&s);
	assert_null(strstr(log, "handshake")); /* judge has said it */
}

/* The name in the certificate that the server shows. */
static void shown(const struct server *s, char name[64])
{
	gnutls_x509_crt_t cert;
	struct secret x;
	unsigned n = 0;
	size_t size = 64;

	shake(&x, s, NULL, "NORMAL");
	assert_int_equal(x.code, 0);
	gnutls_x509_crt_init(&cert);
	assert_int_equal(gnutls_x509_crt_import(
			     cert, gnutls_certificate_get_peers(x.session, &n),
			     GNUTLS_X509_FMT_DER),
			 0);
	gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
				      name, &size);
	gnutls_x509_crt_deinit(cert);
	part(&x);
}

static void test_tls_identity_changes(void **state)
{
	static const char *const names[] = {"a", "a", "a", "b"};
	struct made a, b;
	struct told t = {.alert = 0};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret old;
	char name[64] = "", *log;

	(void)state;
	make(&a, "a");
	make(&b, "b");
	t.identity[0] = (struct http_identity){a.cert, a.key, NULL, 1};
	t.identity[1] = (struct http_identity){b.cert, b.key, NULL, 1};
	t.identity[2] = (struct http_identity){b.cert, a.key, NULL, 2};
	t.identity[3] = (struct http_identity){b.cert, b.key, NULL, 3};
	start(&s, (struct setup){.listen = "https://127.0.0.1:0", .tls = &tls});
	shake(&old, &s, NULL, "NORMAL");
	for (size_t i = 0; i < LEN(names); i++) {
		shown(&s, name);
		assert_string_equal(name, names[i]);
		shown(&s, name);
		if (i + 1 < LEN(names))
			kill(s.pid, SIGHUP);
		/* the signal is read in the turn of one of these */
		assert_non_null(strstr(secretly(&old, GET("/base/x")), "o="));
		assert_non_null(strstr(secretly(&old, GET("/base/x")), "o="));
	}
	part(&old);
	log = stop(&s);
	log = strstr(log, "keeps the certificate");
	assert_non_null(log);
	assert_null(strstr(log + 1, "keeps the certificate"));
}

static int turns(struct secret *x)
{
	const char *at = strstr(secretly(x, GET("/base/state")), "turns=");

	assert_non_null(at);
	return (int)strtol(at + 6, NULL, 10);
}

static void test_tls_half_open(void **state)
{
	struct made a;
	struct told t = {.alert = 0};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct secret x;
	struct client half[60];
	int before;
	char *log;

	(void)state;
	make(&a, "a");
	t.identity[0] = (struct http_identity){a.cert, a.key, NULL, 1};
	start(&s, (struct setup){.listen = "mtls://127.0.0.1:0", .tls = &tls});
	for (size_t i = 0; i < LEN(half); i++) {
		dial(&half[i], &s);
		say(&half[i], "\x16\x03\x01\x02\x00", i % 6);
	}
	shake(&x, &s, NULL, "NORMAL");
	turns(&x);
	before = turns(&x);
	poll(NULL, 0, 200);
	/* a loop that spins takes ten thousands of turns, a few if it waits */
	assert_true(turns(&x) - before < 20);
	for (size_t i = 0; i < LEN(half); i += 2)
		hang_up(&half[i]);
	assert_non_null(strstr(secretly(&x, GET("/base/x")), "o="));
	part(&x);
	log = stop(&s); /* with those that sleep */
	assert_non_null(strstr(log, "no handshake that can be answered"));
	for (size_t i = 1; i < LEN(half); i += 2)
		hang_up(&half[i]);
}

static void test_tls_deadline(void **state)
{
	struct made a;
	struct told t = {.alert = 0};
	const struct http_tls tls = telling(&t);
	struct server s;
	struct client c;

	(void)state;
	make(&a, "a");
	t.identity[0] = (struct http_identity){a.cert, a.key, NULL, 1};
	start(&s, (struct setup){.listen = "https://127.0.0.1:0",
				 .tls = &tls,
				 .limits = {.request_ms = 100}});
	dial(&c, &s);
	tell(&c, "\x16\x03");
	assert_true(at_end(&c));
	hang_up(&c);
	assert_non_null(strstr(stop(&s), "did not finish its handshake"));
}

#endif
