/* SPDX-License-Identifier: Apache-2.0
 *
 * certificate: what follows from a client's certificate (kanta.md 2.2, 3.2;
 * RFC 8705).
 *
 * Three questions, each with its own answer in words, since "the handshake
 * failed" is all that a vendor sees elsewhere. Does the policy demand a
 * certificate of this application (client_certificate, and how it is
 * registered)? Is the presented one to be believed: pki says that, by the clock
 * that cert_clock names. Is it the application's own: its Subject serialNumber
 * is what the service registered (certificate_serial_number), or one of the
 * rules of RFC 8705 2.1.2 holds; and the certificates of social welfare and
 * health care (SOTE) are for applications for professionals and nobody else.
 *
 * The same answers are used in the handshake, where they become an alert, and
 * in HTTP, where on_missing_certificate chooses the status. A status of 400 has
 * the words of the front end that answers so, nginx, at its beginning. Whose
 * certificate it is, no handshake is refused for: only the request says which
 * application asks.
 *
 * The texts name what was presented and what was expected. Who has not proved
 * to be the application must not read what it is registered with: see
 * oauth/certificate.c.
 */
#include "record/record_int.h"

#include <arpa/inet.h>
#include <string.h>

#define SERIAL_NUMBER		   "certificate_serial_number"
#define TRUSTED			   "a CA of --client-ca, --pki or /__admin/certificates/ca.pem"
#define CERTIFICATE_REQUIRED_ALERT 116 /* RFC 8446 6.2 */

/* ---- what is registered ------------------------------------------------ */

static bool has_name(struct pki_names n, const char *want,
		     bool (*same)(const char *, const char *))
{
	for (size_t i = 0; i < n.n; i++)
		if (same(n.v[i], want))
			return true;
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool same_host(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

/* The domain of an address has no case, what stands before it has. */
static bool same_mail(const char *a, const char *b)
{
	const char *x = strrchr(a, '@'), *y = strrchr(b, '@');

	return x != NULL && y != NULL && x - a == y - b &&
	       memcmp(a, b, (size_t)(x - a)) == 0 && same_host(x, y);
}

static bool same_address(const char *a, const char *b)
{
	unsigned char x[16], y[16];

	if (inet_pton(AF_INET, a, x) == 1)
		return inet_pton(AF_INET, b, y) == 1 && memcmp(x, y, 4) == 0;
	return inet_pton(AF_INET6, a, x) == 1 &&
	       inet_pton(AF_INET6, b, y) == 1 && memcmp(x, y, 16) == 0;
}

static bool subject_is(const struct pki_peer *p, const char *want)
{
	return pki_peer_subject_is(p, want);
}

static bool dns_is(const struct pki_peer *p, const char *want)
{
	return has_name(pki_peer_info(p)->dns, want, same_host);
}

static bool uri_is(const struct pki_peer *p, const char *want)
{
	return has_name(pki_peer_info(p)->uri, want, same_text);
}

static bool ip_is(const struct pki_peer *p, const char *want)
{
	return has_name(pki_peer_info(p)->ip, want, same_address);
}

static bool email_is(const struct pki_peer *p, const char *want)
{
	return has_name(pki_peer_info(p)->email, want, same_mail);
}

static const struct {
	const char *member; /* RFC 8705 2.1.2 */
	bool (*is)(const struct pki_peer *peer, const char *want);
} rules[] = {
    {"tls_client_auth_subject_dn", subject_is},
    {"tls_client_auth_san_dns", dns_is},
    {"tls_client_auth_san_uri", uri_is},
    {"tls_client_auth_san_ip", ip_is},
    {"tls_client_auth_san_email", email_is},
};

static const char *rule_of(struct arena *a, const struct store_client *c,
			   size_t i)
{
	const struct json *v = record_client_member(a, c, rules[i].member);

	return v != NULL && json_kind(v) == JSON_STRING ? json_text(v) : NULL;
}

bool record_has_certificate(struct arena *a, const struct store_client *c)
{
	if (c->certificate_serial_number[0] != '\0')
		return true;
	for (size_t i = 0; i < LEN(rules); i++)
		if (rule_of(a, c, i) != NULL)
			return true;
	return false;
}

bool record_is_public(struct arena *a, const struct store_client *c)
{
	return strcmp(c->auth_method, "none") == 0 &&
	       c->secret_digest[0] == '\0' && !record_has_certificate(a, c);
}

bool record_by_certificate(struct arena *a, const struct settings *s,
			   const struct store_client *c)
{
	if ((s->client_auth != 0 && s->client_certificate != CERTIFICATE_OFF) ||
	    strcmp(c->auth_method, "tls_client_auth") == 0)
		return true;
	return strcmp(c->auth_method, "none") == 0 &&
	       record_has_certificate(a, c);
}

bool record_certificate_demanded(struct arena *a, const struct settings *s,
				 const struct store_client *c)
{
	switch (s->client_certificate) {
	case CERTIFICATE_REQUIRED: return true;
	case CERTIFICATE_OPTIONAL:
		return c != NULL && record_has_certificate(a, c);
	default: return false;
	}
}

/* ---- refusals ---------------------------------------------------------- */

/* What is wrong, behind the words that belong to the status. */
static bool refuse(const struct settings *s, const char *rule, struct err *e,
		   const char *text)
{
	const bool missing = strcmp(rule, RULE_NO_CERTIFICATE) == 0;

	if (s->client_certificate == CERTIFICATE_OFF ||
	    s->on_missing_certificate != MISSING_400)
		return err_set(e, ERR_UNAUTHORIZED, rule, NULL, "%c%s",
			       text[0] - 'a' + 'A', text + 1);
	return err_set(e, ERR_INVALID, rule, NULL, "%s: %s",
		       missing ? "No required SSL certificate was sent"
			       : "The SSL certificate error",
		       text);
}

#define NONE_PRESENTED                                                         \
	"no client certificate was presented. Let the application send its "   \
	"certificate, with the key, on every connection to the token "         \
	"endpoint and to FHIR.%s If it is configured to do so: Node's "        \
	"built-in fetch, which fhir-kit-client uses, ignores an https.Agent "  \
	"with a certificate without a word; use https.request, or undici "     \
	"with a dispatcher that has the certificate"

/* A proxy has its part in it, if there may be one. */
static const char *by_proxy(struct arena *a, const struct record *r)
{
	if (r->proxy_header == NULL)
		return "";
	return arena_printf(a,
			    " The proxy must ask for it, and hand it on in the "
			    "header %.100s.",
			    r->proxy_header);
}

/* One that listens everywhere has no address of its own. */
static const char *to_mtls(struct arena *a, const char *origin)
{
	const bool any = strncmp(origin, "https://0.0.0.0:", 16) == 0 ||
			 strncmp(origin, "https://[::]:", 13) == 0;

	return arena_printf(a,
			    "Send the request to the mtls:// listener, which "
			    "asks: %s%.200s",
			    any ? "https:// on this host's port " : "",
			    any ? strrchr(origin, ':') + 1 : origin);
}

static bool refuse_missing(const struct record *r, struct arena *a,
			   const struct settings *s, bool asked, struct err *e)
{
	const char *where = "Start the server with --listen mtls://HOST:PORT "
			    "and send the request there";

	if (asked)
		return refuse(s, RULE_NO_CERTIFICATE, e,
			      arena_printf(a, NONE_PRESENTED, by_proxy(a, r)));
	if (r->mtls_origin != NULL)
		where = to_mtls(a, r->mtls_origin);
	else if (r->proxy_header != NULL)
		where =
		    "Send it through the proxy, and see that --trusted-proxy "
		    "has the address that the proxy comes from";
	return refuse(s, RULE_NO_CERTIFICATE, e,
		      arena_printf(a,
				   "no client certificate was presented, and "
				   "none could be: this listener does not ask "
				   "for one. %s",
				   where));
}

/* What a certificate says of its application. */
static const char *number_text(struct arena *a, const struct pki_info *i)
{
	if (i->subject_serial_number != NULL)
		return arena_printf(a, "Subject serialNumber %.80s",
				    i->subject_serial_number);
	if (i->subject_serial_numbers == 0)
		return "without a serialNumber in its Subject";
	return arena_printf(a,
			    "with %zu serialNumbers in its Subject, where "
			    "one is expected",
			    i->subject_serial_numbers);
}

const char *record_certificate_shown(struct arena *a,
				     const struct pki_peer *peer)
{
	const struct pki_info *i = pki_peer_info(peer);

	return arena_printf(a, "the client certificate \"%.160s\" (%s)",
			    i->subject, number_text(a, i));
}

const char *record_certificate_advice(const struct pki_peer *peer)
{
	const struct pki_info *i = pki_peer_info(peer);

	if (i->subject_serial_number == NULL)
		return "Use one with a single serialNumber in its Subject, or "
		       "register its name as tls_client_auth_subject_dn";
	if (i->class == PKI_SOTE)
		return "Register the Subject serialNumber as its " SERIAL_NUMBER
		       " and professional as its kind: SOTE "
		       "certificates are for no others";
	return "Register the Subject serialNumber as its " SERIAL_NUMBER;
}

/* ---- is it to be believed? --------------------------------------------- */

/* What to do about an X509_V_ERR_ number. */
static const struct {
	int error;
	const char *what;
} advice[] = {
    {2, "Send the issuing CA's certificate with it, or name it by --client-ca"},
    {3, "Give --client-crl a CRL of its issuer, or switch crl_strict off"},
    {9, "Use one that is valid already, or move the server's clock"},
    {10, "Use one that is still valid, or move the server's clock back"},
    {11, "Give --client-crl the CRL of now, or switch crl_strict off"},
    {12, "Give --client-crl the CRL of now, or switch crl_strict off"},
    {18, "Use one that " TRUSTED " issued"},
    {19, "Use one that " TRUSTED " issued, or name its root by --client-ca"},
    {20, "Use one that " TRUSTED " issued, or send the issuing CA's "
	 "certificate with it"},
    {21, "Use one that " TRUSTED " issued, or send the issuing CA's "
	 "certificate with it"},
    {23, "Use another one"},
    {26, "Use one whose extendedKeyUsage has clientAuth, or that has none"},
    {66, "Use a key of RSA 2048 or EC P-256"},
};

static const char *advice_for(int error)
{
	for (size_t i = 0; i < LEN(advice); i++)
		if (advice[i].error == error)
			return advice[i].what;
	return "Use one that the service's CA issued for clients";
}

static int64_t certificate_now_ms(const struct record *r,
				  const struct settings *s)
{
	const struct clock real = {.mode = CLOCK_REAL};

	return s->cert_clock ? record_now_ms(r) : clock_now_ms(&real);
}

struct pki_verdict record_certificate_verdict(struct record *r,
					      const struct settings *s,
					      const struct pki_peer *peer)
{
	return pki_verify(r->pki, peer, certificate_now_ms(r, s),
			  s->crl_strict != 0);
}

/* When it is valid, where that is what is wrong. */
static const char *times(struct arena *a, const struct record *r,
			 const struct settings *s, const struct pki_peer *peer,
			 int error)
{
	enum { NOT_YET = 9, EXPIRED = 10 };
	char now[TIME_TEXT], end[TIME_TEXT];
	const struct pki_info *i = pki_peer_info(peer);

	if (error != NOT_YET && error != EXPIRED)
		return "";
	time_finnish(end,
		     error == EXPIRED ? i->not_after_ms : i->not_before_ms);
	time_finnish(now, certificate_now_ms(r, s));
	return arena_printf(a, " (valid %s %s; by the %s clock it is %s)",
			    error == EXPIRED ? "until" : "from", end,
			    s->cert_clock ? "server's" : "machine's", now);
}

static bool believed(struct record *r, struct arena *a,
		     const struct settings *s, const struct pki_peer *peer,
		     struct pki_verdict *v, struct err *e)
{
	*v = record_certificate_verdict(r, s, peer);
	if (v->error == 0)
		return true;
	return refuse(s, RULE_BAD_CERTIFICATE, e,
		      arena_printf(a, "%s is not accepted: %.160s%s. %s",
				   record_certificate_shown(a, peer), v->text,
				   times(a, r, s, peer, v->error),
				   advice_for(v->error)));
}

bool record_certificate_good(struct record *r, struct arena *a,
			     const struct settings *s,
			     const struct record_presented *p, struct err *e)
{
	struct pki_verdict v;

	if (p->peer == NULL || r->pki == NULL)
		return refuse_missing(r, a, s, p->asked, e);
	return believed(r, a, s, p->peer, &v, e);
}

int record_certificate_alert(struct record *r, struct arena *a,
			     const struct pki_peer *peer, struct err *e)
{
	const struct settings *s = &r->settings;
	const bool required = s->client_certificate == CERTIFICATE_REQUIRED;
	struct pki_verdict v;

	if (s->client_certificate == CERTIFICATE_OFF ||
	    !(s->on_missing_certificate == MISSING_ALERT ||
	      (s->on_missing_certificate == MISSING_BY_POLICY && required)))
		return 0;
	if (peer != NULL && r->pki != NULL)
		return believed(r, a, s, peer, &v, e) ? 0 : v.alert;
	if (!required)
		return 0;
	refuse_missing(r, a, s, true, e);
	return CERTIFICATE_REQUIRED_ALERT;
}

/* ---- whose is it? ------------------------------------------------------ */

static bool is_own(struct arena *a, const struct store_client *c,
		   const struct pki_peer *peer)
{
	const char *number = pki_peer_info(peer)->subject_serial_number;
	const char *want = c->certificate_serial_number;

	if (*want != '\0' && text_is(number, want))
		return true;
	for (size_t i = 0; i < LEN(rules); i++) {
		want = rule_of(a, c, i);
		if (want != NULL && rules[i].is(peer, want))
			return true;
	}
	return false;
}

/* What it would have to be. */
static const char *expected(struct arena *a, const struct store_client *c)
{
	struct buf b;

	buf_init(&b, a);
	if (c->certificate_serial_number[0] != '\0')
		buf_printf(&b, "the Subject serialNumber %.80s",
			   c->certificate_serial_number);
	for (size_t i = 0; i < LEN(rules); i++) {
		const char *want = rule_of(a, c, i);

		if (want != NULL)
			buf_printf(&b, "%s%s %.120s", b.len > 0 ? ", or " : "",
				   rules[i].member, want);
	}
	return b.p;
}

static bool refuse_other(struct err *e, const char *text)
{
	return err_set(e, ERR_UNAUTHORIZED, RULE_OTHER_CERTIFICATE, NULL,
		       "%c%s", text[0] - 'a' + 'A', text + 1);
}

/* The issuers of both kinds do not stand in for one another. */
static bool of_its_class(struct arena *a, const struct store_client *c,
			 const struct pki_peer *peer, struct err *e)
{
	const bool sote = pki_peer_info(peer)->class == PKI_SOTE;
	const bool professional = strcmp(c->kind, "professional") == 0;

	if (sote == professional)
		return true;
	return refuse_other(
	    e, arena_printf(
		   a,
		   "%s is of the wrong class: its issuer is \"%.100s\", and "
		   "%.80s, an application for %s",
		   record_certificate_shown(a, peer),
		   pki_peer_info(peer)->issuer, c->client_id,
		   sote ? "citizens, needs a service certificate for wellbeing "
			  "applications"
			: "professionals, needs a SOTE certificate (of social "
			  "welfare and health care)"));
}

bool record_certificate_own(struct record *r, struct arena *a,
			    const struct settings *s,
			    const struct store_client *c,
			    const struct record_presented *p, struct err *e)
{
	if (!record_certificate_good(r, a, s, p, e))
		return false;
	if (is_own(a, c, p->peer))
		return of_its_class(a, c, p->peer, e);
	const char *shown = record_certificate_shown(a, p->peer);
	if (!record_has_certificate(a, c))
		return refuse_other(
		    e, arena_printf(
			   a,
			   "%s was presented, and the application %.80s is "
			   "registered without one: register the Subject "
			   "serialNumber as its " SERIAL_NUMBER,
			   shown, c->client_id));
	return refuse_other(
	    e, arena_printf(a,
			    "%s is not that of the application %.80s: it "
			    "must have %s. Use the application's own one, or "
			    "register this one",
			    shown, c->client_id, expected(a, c)));
}

const char *record_certificate_client(struct record *r, struct arena *a,
				      const struct pki_peer *peer)
{
	const char *number = pki_peer_info(peer)->subject_serial_number;

	return number == NULL
		   ? NULL
		   : store_client_of_certificate(r->store, a, number);
}

/* ---- tokens bound to it ------------------------------------------------ */

const char *record_certificate_binding(struct arena *a,
				       const struct settings *s,
				       const struct store_client *c,
				       const struct record_presented *p)
{
	const struct json *own = record_client_member(
	    a, c, "tls_client_certificate_bound_access_tokens");

	if (p->peer == NULL ||
	    !(s->bind_tokens || (own != NULL && json_kind(own) == JSON_TRUE)))
		return NULL;
	return pki_peer_info(p->peer)->thumbprint;
}

bool record_certificate_bound(struct arena *a, const char *thumbprint,
			      const struct record_presented *p, struct err *e)
{
	if (*thumbprint == '\0')
		return true;
	if (p->peer == NULL)
		return err_set(e, ERR_UNAUTHORIZED, RULE_UNBOUND, NULL,
			       "The token is bound to the client certificate "
			       "with which it was issued (x5t#S256 %s), and "
			       "none was presented%s",
			       thumbprint,
			       p->asked ? ""
					: ": this listener does not ask for "
					  "one, an mtls:// listener does");
	const char *has = pki_peer_info(p->peer)->thumbprint;
	if (strcmp(has, thumbprint) == 0)
		return true;
	const char *shown = record_certificate_shown(a, p->peer);
	return err_set(e, ERR_UNAUTHORIZED, RULE_UNBOUND, NULL,
		       "The token is bound to another client certificate: it "
		       "was issued with the one of x5t#S256 %s, and %s has %s",
		       thumbprint, shown, has);
}
