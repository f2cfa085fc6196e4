/* SPDX-License-Identifier: Apache-2.0
 *
 * The client's certificate, as a proxy hands it on in a header of the request.
 *
 * RFC 9440: Client-Cert is the leaf and Client-Cert-Chain the list of what the
 * client sent behind it, each a byte sequence of RFC 8941 3.3.5, ":base64:" of
 * the DER. Proxies that do not know it write PEM, its line ends as %0A (nginx's
 * $ssl_client_escaped_cert) or as spaces (Apache httpd), with the chain behind
 * the leaf or without it. Which of the two it is can be seen, so the header may
 * have any name (--client-certificate-header) and either form. An empty value
 * and Apache's "(null)" are what a proxy writes of a client without a
 * certificate.
 *
 * A header that cannot be read refuses the request, and so does one that comes
 * twice: a proxy that adds its own to the client's lets everybody be whoever
 * they like. Whether the certificate is to be believed is not asked here.
 *
 * Limits: HTTP_CHAIN certificates, what is behind them is left out; the length
 * of all headers.
 */
#include "http/http_int.h"

#include "jose/jose.h"

#include <string.h>
#include <strings.h>

#define ARMOUR_BEGIN "-----BEGIN CERTIFICATE-----"
#define ARMOUR_END   "-----END CERTIFICATE-----"

static size_t blanks(const char *s)
{
	return strspn(s, " \t");
}

/* n characters of base64, among them spaces and line ends. Padding may be
 * missing (RFC 8941 4.2.7). */
static bool add(struct http_chain *c, const char *s, size_t n)
{
	char *text = arena_alloc(c->arena, n + 4);
	size_t used = 0, size = 0;
	char *der;

	for (size_t i = 0; i < n; i++) {
		if (!ascii_space(s[i]))
			text[used++] = s[i];
	}
	while (used % 4)
		text[used++] = '=';
	der = jose_b64_decode(c->arena, text, used, &size);
	if (!der || size == 0)
		return false;
	if (c->n < HTTP_CHAIN)
		c->v[c->n++] = (struct octets){(unsigned char *)der, size};
	return true;
}

/* One byte sequence; *s is moved behind it. */
static bool byte_sequence(struct http_chain *c, const char **s)
{
	size_t n;

	if (**s != ':')
		return false;
	n = strcspn(*s + 1, ": \t");
	if ((*s)[1 + n] != ':' || !add(c, *s + 1, n))
		return false;
	*s += n + 2;
	return true;
}

bool http_cert_item(struct http_chain *c, const char *s)
{
	s += blanks(s);
	return byte_sequence(c, &s) && s[blanks(s)] == '\0';
}

bool http_cert_list(struct http_chain *c, const char *s)
{
	s += blanks(s);
	while (*s) {
		if (!byte_sequence(c, &s))
			return false;
		s += blanks(s);
		if (*s == '\0')
			return true;
		if (*s++ != ',')
			return false;
		s += blanks(s);
		if (*s == '\0')
			return false;
	}
	return true;
}

static const char *unescape(struct arena *a, const char *s)
{
	char *out = arena_strdup(a, s), *to = out;

	for (; *s; s++) {
		int c = *s == '%' ? http_hex2(s + 1) : -1;

		*to++ = c > 0 ? (char)c : *s;
		if (c > 0)
			s += 2;
	}
	*to = '\0';
	return out;
}

bool http_cert_pem(struct http_chain *c, const char *s)
{
	const char *end;

	s = unescape(c->arena, s);
	s += strspn(s, " \t\r\n");
	while (text_begins(s, ARMOUR_BEGIN)) {
		s += strlen(ARMOUR_BEGIN);
		end = strstr(s, ARMOUR_END);
		if (!end || !add(c, s, (size_t)(end - s)))
			return false;
		s = end + strlen(ARMOUR_END);
		s += strspn(s, " \t\r\n");
	}
	return c->n > 0 && *s == '\0';
}

static bool bad(struct rq_private *p, const char *name, const char *text)
{
	return err_set(&p->rq.err, ERR_INVALID, "invalid_request", name,
		       "the header %s that the trusted proxy sent %s", name,
		       text);
}

/* The chain header may stand on several lines, which are one list. */
static bool read_chain(struct rq_private *p, struct http_chain *c)
{
	const char *name = p->http->proxy.chain;

	for (size_t i = 0; i < p->header_count; i++) {
		if (strcasecmp(p->header[i].name, name) == 0 &&
		    !http_cert_list(c, p->header[i].value))
			return bad(p, name,
				   "is no list of byte sequences (RFC 9440: "
				   ":base64:, :base64:)");
	}
	return true;
}

static bool nobody(const char *value)
{
	return value[blanks(value)] == '\0' || strcmp(value, "(null)") == 0;
}

bool http_check_certificate(struct rq_private *p)
{
	const struct http_tls *tls = p->http->config->tls;
	const char *name = p->http->proxy.certificate;
	const char *value = rq_header_in(&p->rq, name);
	struct http_chain c = {.arena = p->rq.arena};

	if (!p->forwarded.passed_on)
		return true;
	p->rq.peer = NULL; /* the proxy's own */
	if (!value || !tls)
		return true;
	if (rq_header_count(&p->rq, name) > 1)
		return bad(p, name,
			   "is there more than once: it must replace what "
			   "the client sent under that name");
	if (nobody(value))
		return true;
	if (value[blanks(value)] == ':' ? !http_cert_item(&c, value)
					: !http_cert_pem(&c, value))
		return bad(p, name,
			   "is neither a byte sequence (RFC 9440: :base64:) "
			   "nor URL-encoded PEM");
	if (c.n == 1 && !read_chain(p, &c))
		return false;
	p->proxied = tls->peer_new(tls->ctx, c.v, c.n);
	p->rq.peer = p->proxied;
	return p->proxied || bad(p, name, "holds no certificate");
}

void http_certificate_free(struct rq_private *p)
{
	if (p->proxied)
		p->http->config->tls->peer_free(p->proxied);
	p->proxied = NULL;
}
