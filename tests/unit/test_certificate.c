/* SPDX-License-Identifier: Apache-2.0
 *
 * certificate: what follows from a client's certificate. Whom the policy
 * demands one of, which alert a handshake is refused with, which text a request
 * is, whose a certificate is, what a registration may say of it, which tokens
 * are bound to it. The certificates are made here, by the CA for rehearsals.
 */
#include "record/record_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1773136800000) /* 2026-03-10T10:00:00Z */
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define PEERS  20

struct t {
	struct arena *a;
	struct log log;
	struct record r;
	struct pki_peer *peer[PEERS];
	size_t peers;
	struct err e;
};

/* Keys take long: one CA for all tests. */
static struct pki *ca;

static int open_ca(void **state)
{
	(void)state;
	ca = pki_new();
	pki_make(ca, &(struct pki_own){.now_ms = NOW_MS, .real_ms = NOW_MS});
	return 0;
}

static int close_ca(void **state)
{
	(void)state;
	pki_free(ca);
	return 0;
}

static int setup(void **state)
{
	struct t *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->a = arena_new(0);
	t->log.format = LOG_OFF;
	t->r.log = &t->log;
	t->r.store = store_open(":memory:", &t->log, &t->e);
	assert_non_null(t->r.store);
	t->r.clock.mode = CLOCK_FROZEN;
	t->r.clock.frozen_ms = NOW_MS;
	t->r.pki = ca;
	settings_init(&t->r.settings);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct t *t = *state;

	for (size_t i = 0; i < t->peers; i++)
		pki_peer_free(t->peer[i]);
	record_close(&t->r);
	store_close(t->r.store);
	arena_free(t->a);
	free(t);
	return 0;
}

/* ---- helpers ---------------------------------------------------------- */

static void set(struct t *t, const char *name, const char *value)
{
	if (!settings_set(&t->r.settings, name, value, &t->e))
		fail_msg("%s=%s: %s", name, value, t->e.text);
}

/* A certificate of that kind; NULL and "": none was presented. */
static const struct pki_peer *peer_of(struct t *t, const char *kind)
{
	struct pki_issued issued;
	struct pki_peer *peer;

	if (kind == NULL || *kind == '\0')
		return NULL;
	const struct pki_order order = {.kind = pki_kind_find(kind),
					.now_ms = NOW_MS};
	assert_non_null(order.kind);
	if (!pki_issue(ca, t->a, &order, &issued, &t->e))
		fail_msg("%s: %s", kind, t->e.text);
	peer = pki_peer_read(issued.cert, &t->e);
	if (peer == NULL)
		fail_msg("%s: %s", kind, t->e.text);
	assert_true(t->peers < PEERS);
	t->peer[t->peers++] = peer;
	return peer;
}

static struct record_presented with(struct t *t, const char *kind)
{
	return (struct record_presented){peer_of(t, kind), true};
}

/* JSON with ' for ". */
static const struct json *J(struct t *t, const char *text)
{
	char *s = arena_strdup(t->a, text);
	const struct json *v;

	for (char *c = s; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	v = json_parse(t->a, s, strlen(s), &t->e);
	if (v == NULL)
		fail_msg("%s: %s: %s", text, t->e.where, t->e.text);
	return v;
}

static bool registers(struct t *t, const char *members,
		      struct store_client *out)
{
	struct record_secrets secrets;

	return record_client(
	    &t->r, t->a,
	    J(t, arena_printf(t->a,
			      "{'redirect_uris':['https://a.example/cb']%s%s}",
			      *members != '\0' ? "," : "", members)),
	    true, out, &secrets, &t->e);
}

static struct store_client app(struct t *t, const char *members)
{
	struct store_client c;

	if (!registers(t, members, &c))
		fail_msg("%s: %s", members, t->e.text);
	return c;
}

#define SERIAL(oid) "'certificate_serial_number':'" oid "'"
#define CITIZENS    SERIAL(PKI_OID)
#define NONE	    "'token_endpoint_auth_method':'none'"
#define PROFESSIONAL                                                           \
	"'kind':'professional','scope':'patient/Observation.read',"            \
	"'service_provider':'1.2.246.10.1','access_point':'1.2.246.10.2'"

static void holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

/* ---- of whom one is demanded ------------------------------------------ */

static void demands(void **state)
{
	static const struct {
		const char *policy, *members; /* NULL: nobody known */
		bool demanded;
	} rows[] = {
	    {"off", NULL, false},
	    {"off", "", false},
	    {"off", CITIZENS, false},
	    {"optional", NULL, false},
	    {"optional", "", false},
	    {"optional", CITIZENS, true},
	    {"optional", "'tls_client_auth_subject_dn':'CN=a'", true},
	    {"optional", "'tls_client_auth_san_dns':'a.example'", true},
	    {"optional", "'tls_client_auth_san_uri':'https://a.example/'",
	     true},
	    {"optional", "'tls_client_auth_san_ip':'192.0.2.1'", true},
	    {"optional", "'tls_client_auth_san_email':'a@a.example'", true},
	    {"optional",
	     "'client_description':'\\\"tls_client_auth_san_dns\\\":1'", false},
	    {"required", NULL, true},
	    {"required", "", true},
	    {"required", CITIZENS, true},
	};
	struct t *t = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct store_client c;

		set(t, "client_certificate", rows[i].policy);
		if (rows[i].members != NULL)
			c = app(t, rows[i].members);
		bool demanded = record_certificate_demanded(
		    t->a, &t->r.settings, rows[i].members ? &c : NULL);
		if (demanded != rows[i].demanded)
			fail_msg("%s, %s", rows[i].policy, rows[i].members);
	}
}

static void who_authenticates_by_it(void **state)
{
	static const struct {
		const char *members;
		bool public, by_certificate; /* by its registration */
	} rows[] = {
	    {"", false, false},
	    {CITIZENS, false, false},
	    {NONE, true, false},
	    {NONE "," CITIZENS, false, true},
	    {NONE ",'tls_client_auth_san_dns':'a.example'", false, true},
	    {"'token_endpoint_auth_method':'tls_client_auth'," CITIZENS, false,
	     true},
	};
	struct t *t = *state;
	struct settings by = t->r.settings;

	assert_true(settings_set(&by, "client_auth", "certificate", &t->e));
	const struct settings off = by;
	assert_true(settings_set(&by, "client_certificate", "optional", &t->e));
	for (size_t i = 0; i < LEN(rows); i++) {
		struct store_client c = app(t, rows[i].members);

		if (record_is_public(t->a, &c) != rows[i].public)
			fail_msg("%s: public", rows[i].members);
		if (record_by_certificate(t->a, &t->r.settings, &c) !=
		    rows[i].by_certificate)
			fail_msg("%s: by certificate", rows[i].members);
		assert_true(record_by_certificate(t->a, &by, &c));
		/* where none is demanded, a secret is what there is */
		assert_int_equal(record_by_certificate(t->a, &off, &c),
				 rows[i].by_certificate);
	}
}

/* ---- handshakes ------------------------------------------------------- */

/* Of each kind: the alert where handshakes are refused. */
static const struct {
	const char *kind;
	int alert;
} alerts[] = {
    {"", 116},
    {"wellbeing", 0},
    {"wellbeing-nochain", 0},
    {"wellbeing-both", 0},
    {"wellbeing-noeku", 0},
    {"wellbeing-rsa", 0},
    {"sote", 0},
    {"expired", 45},
    {"future", 45},
    {"revoked", 44},
    {"wrong-eku", 43},
    {"other-ca", 48},
    {"self-signed", 48},
    {"wrong-oid", 0},
    {"wrong-app", 0},
    {"no-oid", 0},
    {"two-oids", 0},
    {"weak-key", 42},
};

static void handshakes(void **state)
{
	static const struct {
		const char *policy, *missing;
		bool refuses_bad, refuses_none;
	} rows[] = {
	    {"off", "by-policy", false, false},
	    {"off", "alert", false, false},
	    {"optional", "by-policy", false, false},
	    {"optional", "alert", true, false},
	    {"optional", "400", false, false},
	    {"optional", "401", false, false},
	    {"required", "by-policy", true, true},
	    {"required", "alert", true, true},
	    {"required", "400", false, false},
	    {"required", "401", false, false},
	};
	struct t *t = *state;

	assert_true(LEN(alerts) <= PEERS);
	for (size_t k = 0; k < LEN(alerts); k++) {
		const struct pki_peer *peer = peer_of(t, alerts[k].kind);

		for (size_t i = 0; i < LEN(rows); i++) {
			bool refused = peer != NULL ? rows[i].refuses_bad
						    : rows[i].refuses_none;
			int want = refused ? alerts[k].alert : 0;

			set(t, "client_certificate", rows[i].policy);
			set(t, "on_missing_certificate", rows[i].missing);
			t->e.text[0] = '\0';
			int got =
			    record_certificate_alert(&t->r, t->a, peer, &t->e);
			if (got != want)
				fail_msg("%s %s %s: %d", rows[i].policy,
					 rows[i].missing, alerts[k].kind, got);
			assert_int_equal(t->e.text[0] != '\0', want != 0);
		}
	}
}

/* ---- what is wrong, in words ------------------------------------------ */

static void reasons(void **state)
{
	static const struct {
		const char *kind, *rule, *part, *advice;
	} rows[] = {
	    {"", RULE_NO_CERTIFICATE, "client certificate was presented",
	     "built-in fetch"},
	    {"expired", RULE_BAD_CERTIFICATE, "valid until 2026-03-09",
	     "move the server's clock back"},
	    {"future", RULE_BAD_CERTIFICATE, "valid from 2026-03-11",
	     "valid already"},
	    {"revoked", RULE_BAD_CERTIFICATE, "1.2.246.10.99999999.99.1",
	     "CRL"},
	    {"wrong-eku", RULE_BAD_CERTIFICATE, "lient certificate \"",
	     "clientAuth"},
	    {"other-ca", RULE_BAD_CERTIFICATE, "lient certificate \"",
	     "--client-ca"},
	    {"self-signed", RULE_BAD_CERTIFICATE, "lient certificate \"",
	     "--client-ca"},
	    {"weak-key", RULE_BAD_CERTIFICATE, "lient certificate \"",
	     "RSA 2048"},
	    {"wrong-oid", RULE_OTHER_CERTIFICATE, "99999999.99.99)",
	     "Subject serialNumber 1.2.246.10.99999999.99.1."},
	    {"wrong-app", RULE_OTHER_CERTIFICATE, "99999999.99.2)",
	     "Subject serialNumber 1.2.246.10.99999999.99.1."},
	    {"no-oid", RULE_OTHER_CERTIFICATE, "without a serialNumber",
	     "Subject serialNumber 1.2.246.10.99999999.99.1."},
	    {"two-oids", RULE_OTHER_CERTIFICATE, "with 2 serialNumbers",
	     "Subject serialNumber 1.2.246.10.99999999.99.1."},
	    {"sote", RULE_OTHER_CERTIFICATE, "", ""},
	};
	static const struct {
		const char *missing, *none, *bad;
		enum err_kind kind;
	} ways[] = {
	    {"401", "No client certificate", "The client certificate \"",
	     ERR_UNAUTHORIZED},
	    {"alert", "No client certificate", "The client certificate \"",
	     ERR_UNAUTHORIZED},
	    {"400", "No required SSL certificate was sent: no client",
	     "The SSL certificate error: the client certificate \"",
	     ERR_INVALID},
	};
	struct t *t = *state;
	const struct store_client c = app(t, CITIZENS);

	set(t, "client_certificate", "required");
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct record_presented p = with(t, rows[i].kind);
		const bool other =
		    strcmp(rows[i].rule, RULE_OTHER_CERTIFICATE) == 0;

		for (size_t k = 0; k < LEN(ways); k++) {
			set(t, "on_missing_certificate", ways[k].missing);
			assert_false(record_certificate_own(
			    &t->r, t->a, &t->r.settings, &c, &p, &t->e));
			assert_string_equal(t->e.code, rows[i].rule);
			holds(t->e.text, rows[i].part);
			holds(t->e.text, rows[i].advice);
			assert_true(strlen(t->e.text) + 1 < sizeof(t->e.text));
			const char *begin = p.peer == NULL ? ways[k].none
					    : other	   ? ways[0].bad
							   : ways[k].bad;
			if (!text_begins(t->e.text, begin))
				fail_msg("%s: %s", begin, t->e.text);
			assert_int_equal(t->e.kind, other ? ERR_UNAUTHORIZED
							  : ways[k].kind);
		}
	}
}

/* A listener that could not ask names the one that can. */
static void where_to_send_it(void **state)
{
	const struct record_presented p = {NULL, false};
	struct t *t = *state;

	assert_false(
	    record_certificate_good(&t->r, t->a, &t->r.settings, &p, &t->e));
	holds(t->e.text, "--listen mtls://");
	t->r.mtls_origin = "https://127.0.0.1:8443";
	assert_false(
	    record_certificate_good(&t->r, t->a, &t->r.settings, &p, &t->e));
	holds(t->e.text,
	      "mtls:// listener, which asks: https://127.0.0.1:8443");
	for (size_t i = 0; i < 2; i++) {
		t->r.mtls_origin =
		    i ? "https://[::]:8443" : "https://0.0.0.0:8443";
		assert_false(record_certificate_good(
		    &t->r, t->a, &t->r.settings, &p, &t->e));
		holds(t->e.text, "asks: https:// on this host's port 8443");
	}
	assert_null(strstr(t->e.text, "fetch"));
}

static void by_which_clock(void **state)
{
	struct t *t = *state;
	const struct record_presented p = with(t, "wellbeing");

	assert_true(
	    record_certificate_good(&t->r, t->a, &t->r.settings, &p, &t->e));
	t->r.clock.frozen_ms += 400 * DAY_MS;
	assert_false(
	    record_certificate_good(&t->r, t->a, &t->r.settings, &p, &t->e));
	holds(t->e.text, "by the server's clock it is 2027-04-14");
	/* a certificate whose time is long over by the machine's clock */
	t->r.clock.frozen_ms = NOW_MS;
	set(t, "cert_clock", "real");
	const struct pki_verdict v =
	    record_certificate_verdict(&t->r, &t->r.settings, p.peer);
	const struct clock real = {.mode = CLOCK_REAL};
	const struct pki_info *i = pki_peer_info(p.peer);
	assert_int_equal(v.error == 0,
			 clock_now_ms(&real) < i->not_after_ms &&
			     clock_now_ms(&real) >= i->not_before_ms);
}

/* ---- whose it is ------------------------------------------------------ */

static void owners(void **state)
{
	static const struct {
		const char *kind, *members;
		bool own;
	} rows[] = {
	    {"wellbeing", CITIZENS, true},
	    {"wellbeing-nochain", CITIZENS, true},
	    {"wellbeing-both", CITIZENS, true},
	    {"wellbeing-noeku", CITIZENS, true},
	    {"wellbeing-rsa", CITIZENS, true},
	    {"wellbeing", "", false},
	    {"wellbeing", SERIAL("1.2.246.10.99999999.99.2"), false},
	    {"wellbeing", SERIAL("1.2.246.10.99999999.99.1 "), false},
	    {"wellbeing", SERIAL("1.2.246.10.99999999.99.10"), false},
	    {"wrong-app", SERIAL("1.2.246.10.99999999.99.2"), true},
	    {"two-oids", CITIZENS, false},
	    {"no-oid", CITIZENS, false},
	    /* the issuers of both classes */
	    {"sote", SERIAL("1.2.246.10.99999999.99.2"), false},
	    {"sote", SERIAL("1.2.246.10.99999999.99.2") "," PROFESSIONAL, true},
	    {"wrong-app", SERIAL("1.2.246.10.99999999.99.2") "," PROFESSIONAL,
	     false},
	};
	struct t *t = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct store_client c = app(t, rows[i].members);
		const struct record_presented p = with(t, rows[i].kind);
		bool own = record_certificate_own(&t->r, t->a, &t->r.settings,
						  &c, &p, &t->e);

		if (own != rows[i].own)
			fail_msg("%s for %s: %s", rows[i].kind, rows[i].members,
				 own ? "own" : t->e.text);
	}
}

static void owners_by_the_rfc(void **state)
{
	struct t *t = *state;
	const struct record_presented p = with(t, "wellbeing");
	const struct pki_info *i = pki_peer_info(p.peer);
	struct store_client c =
	    app(t, arena_printf(t->a, "'tls_client_auth_subject_dn':'%s'",
				i->subject));

	assert_true(
	    record_certificate_own(&t->r, t->a, &t->r.settings, &c, &p, &t->e));
	c = app(t, "'tls_client_auth_subject_dn':'CN=somebody else,C=FI'");
	assert_false(
	    record_certificate_own(&t->r, t->a, &t->r.settings, &c, &p, &t->e));
	holds(t->e.text, "tls_client_auth_subject_dn CN=somebody else,C=FI");
	if (i->dns.n > 0) {
		c = app(t, arena_printf(t->a, "'tls_client_auth_san_dns':'%s'",
					i->dns.v[0]));
		assert_true(record_certificate_own(&t->r, t->a, &t->r.settings,
						   &c, &p, &t->e));
	}
	c = app(t, "'tls_client_auth_san_dns':'nobody.example'");
	assert_false(
	    record_certificate_own(&t->r, t->a, &t->r.settings, &c, &p, &t->e));
}

static void whom_it_belongs_to(void **state)
{
	struct t *t = *state;

	assert_null(
	    record_certificate_client(&t->r, t->a, peer_of(t, "wellbeing")));
	app(t, "'client_id':'one'," CITIZENS);
	assert_string_equal(
	    record_certificate_client(&t->r, t->a, peer_of(t, "wellbeing")),
	    "one");
	assert_null(
	    record_certificate_client(&t->r, t->a, peer_of(t, "no-oid")));
	assert_null(
	    record_certificate_client(&t->r, t->a, peer_of(t, "wrong-app")));
}

/* ---- registrations ---------------------------------------------------- */

static void registrations(void **state)
{
	static const struct {
		const char *members;
		const char *wrong; /* the member; NULL: nothing */
	} rows[] = {
	    {"'tls_client_auth_subject_dn':'CN=a,O=b,C=FI'", NULL},
	    {"'tls_client_auth_subject_dn':'no name'",
	     "tls_client_auth_subject_dn"},
	    {"'tls_client_auth_san_dns':'app.example.fi'", NULL},
	    {"'tls_client_auth_san_dns':'*.example.fi'",
	     "tls_client_auth_san_dns"},
	    {"'tls_client_auth_san_dns':''", "tls_client_auth_san_dns"},
	    {"'tls_client_auth_san_uri':'urn:uuid:a'", NULL},
	    {"'tls_client_auth_san_uri':'app'", "tls_client_auth_san_uri"},
	    {"'tls_client_auth_san_ip':'192.0.2.1'", NULL},
	    {"'tls_client_auth_san_ip':'2001:db8::1'", NULL},
	    {"'tls_client_auth_san_ip':'192.0.2'", "tls_client_auth_san_ip"},
	    {"'tls_client_auth_san_email':'a@b.example'", NULL},
	    {"'tls_client_auth_san_email':'b.example'",
	     "tls_client_auth_san_email"},
	    {"'tls_client_auth_san_email':'@b.example'",
	     "tls_client_auth_san_email"},
	    {"'tls_client_auth_san_dns':'a.example',"
	     "'tls_client_auth_san_ip':'192.0.2.1'",
	     "tls_client_auth_san_ip"},
	    {"'tls_client_auth_san_dns':'a.example',"
	     "'tls_client_auth_san_ip':null",
	     NULL},
	    {"'tls_client_auth_san_dns':'a.example'," CITIZENS, NULL},
	    {"'tls_client_certificate_bound_access_tokens':true", NULL},
	    {"'tls_client_certificate_bound_access_tokens':'yes'",
	     "tls_client_certificate_bound_access_tokens"},
	    {"'token_endpoint_auth_method':'tls_client_auth'",
	     "token_endpoint_auth_method"},
	    {"'token_endpoint_auth_method':'tls_client_auth',"
	     "'tls_client_auth_san_email':'a@b.example'",
	     NULL},
	    {"'set':{'bind_tokens':'on','client_auth':'certificate',"
	     "'fhir_certificate':'any'}",
	     NULL},
	    {"'set':{'client_certificate':'off'}", "set"},
	};
	struct t *t = *state;
	struct store_client c;

	for (size_t i = 0; i < LEN(rows); i++) {
		bool ok = registers(t, rows[i].members, &c);

		if (ok != (rows[i].wrong == NULL))
			fail_msg("%s: %s", rows[i].members,
				 ok ? "registered" : t->e.text);
		if (!ok)
			assert_string_equal(t->e.where, rows[i].wrong);
	}
}

/* ---- tokens ----------------------------------------------------------- */

static void bindings(void **state)
{
	static const struct {
		const char *bind_tokens, *members, *kind;
		bool bound;
	} rows[] = {
	    {"off", "", "wellbeing", false},
	    {"on", "", "wellbeing", true},
	    {"on", "", "", false},
	    {"off", "'tls_client_certificate_bound_access_tokens':true",
	     "wellbeing", true},
	    {"off", "'tls_client_certificate_bound_access_tokens':false",
	     "wellbeing", false},
	};
	struct t *t = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct store_client c = app(t, rows[i].members);
		const struct record_presented p = with(t, rows[i].kind);

		set(t, "bind_tokens", rows[i].bind_tokens);
		const char *to =
		    record_certificate_binding(t->a, &t->r.settings, &c, &p);
		assert_int_equal(to != NULL, rows[i].bound);
		if (to != NULL)
			assert_string_equal(to,
					    pki_peer_info(p.peer)->thumbprint);
	}
}

static void bound_tokens(void **state)
{
	struct t *t = *state;
	const struct record_presented one = with(t, "wellbeing");
	const struct record_presented two = with(t, "wellbeing");
	const struct record_presented none = {NULL, true};
	const struct record_presented deaf = {NULL, false};
	const char *to = pki_peer_info(one.peer)->thumbprint;

	assert_true(record_certificate_bound(t->a, "", &none, &t->e));
	assert_true(record_certificate_bound(t->a, "", &two, &t->e));
	assert_true(record_certificate_bound(t->a, to, &one, &t->e));
	assert_false(record_certificate_bound(t->a, to, &two, &t->e));
	assert_string_equal(t->e.code, RULE_UNBOUND);
	holds(t->e.text, to);
	holds(t->e.text, pki_peer_info(two.peer)->thumbprint);
	assert_false(record_certificate_bound(t->a, to, &none, &t->e));
	holds(t->e.text, "none was presented");
	assert_false(record_certificate_bound(t->a, to, &deaf, &t->e));
	holds(t->e.text, "mtls://");
	assert_int_equal(t->e.kind, ERR_UNAUTHORIZED);
}

/* What the store says the token is bound to. */
static const char *bound_to(struct t *t, const char *token)
{
	struct store_token stored;
	struct grant g;
	char digest[JOSE_DIGEST];

	jose_digest(digest, token, strlen(token));
	assert_true(store_token_find(t->r.store, t->a, digest, &stored, &g));
	return stored.certificate;
}

/* Refresh tokens of public applications alone are bound, and so are their
 * successors (RFC 8705 4). */
static void families(void **state)
{
	static const struct {
		const char *members, *refresh;
	} rows[] = {
	    {NONE, "x5t"},
	    {NONE "," CITIZENS, ""},
	    {"", ""},
	};
	struct t *t = *state;
	const struct store_citizen citizen = {.hetu = "010190-900P",
					      .patient = "p1"};

	set(t, "refresh_rotation", "rotate");
	store_citizen_put(t->r.store, &citizen);
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct store_client c = app(t, rows[i].members);
		struct record_tokens_for f = {.refresh = true,
					      .expires_in = -1,
					      .issuer = "i",
					      .certificate = "x5t"};
		struct store_token stored;
		struct record_tokens k;
		struct grant g;
		size_t n;

		assert_true(record_grant(&t->r, t->a, c.client_id, citizen.hetu,
					 NULL, 0, &g, &t->e));
		f.scope = g.scope;
		record_tokens(&t->r, t->a, &c, &g, &f, &k);
		assert_string_equal(bound_to(t, k.access_token), "x5t");
		assert_string_equal(bound_to(t, k.refresh_token),
				    rows[i].refresh);
		const char *claims = strchr(k.access_token, '.') + 1;
		holds(
		    jose_b64url_decode(t->a, claims, strcspn(claims, "."), &n),
		    "\"cnf\":{\"x5t#S256\":\"x5t\"}");
		assert_true(record_refresh_find(&t->r, t->a, k.refresh_token,
						&stored, &g));
		const char *next = record_refresh_next(
		    &t->r, t->a, &c, &g, k.refresh_token, &stored);
		assert_string_equal(bound_to(t, next), rows[i].refresh);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(demands),
	    T(who_authenticates_by_it),
	    T(handshakes),
	    T(reasons),
	    T(where_to_send_it),
	    T(by_which_clock),
	    T(owners),
	    T(owners_by_the_rfc),
	    T(whom_it_belongs_to),
	    T(registrations),
	    T(bindings),
	    T(bound_tokens),
	    T(families),
	};

	return cmocka_run_group_tests(tests, open_ca, close_ca);
}
