/* SPDX-License-Identifier: Apache-2.0
 *
 * A proxy in front of the server that ends TLS in its place. What such a proxy
 * says of a request comes as headers, which anybody can write; so they count
 * when the TCP peer is one of --trusted-proxy, and from everybody else they are
 * what any unknown header is: nothing.
 *
 * X-Forwarded-For: the peer of the first proxy is the last address that is not
 * a trusted proxy's own, seen from the end, as each proxy adds the one it was
 * asked by; what stands before it, the client may have made up. Without an
 * address that can be read the client is somewhere else: what is open to this
 * machine alone stays closed. X-Forwarded-Host stands for the Host header and
 * is under its rules (origin.c), X-Forwarded-Proto for the listener's scheme in
 * links; of several values the first counts, which is the outermost proxy's.
 * The client's certificate: client_cert.c.
 *
 * Forwarded (RFC 7239) is not read; that it is there says that the request is
 * passed on, so it is not this machine's own.
 *
 * Addresses are compared as IPv6 ones, IPv4 mapped into it (RFC 4291 2.5.5.2).
 */
#include "http/http_int.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAPPED 96 /* bits in front of an IPv4 address */

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* ---- addresses ----------------------------------------------------------- */

bool http_address(const char *text, unsigned char out[HTTP_ADDRESS])
{
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out + sizeof(mapped)) == 1 ||
	       inet_pton(AF_INET6, text, out) == 1;
}

static void address_of(const struct sockaddr *sa,
		       unsigned char out[HTTP_ADDRESS])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *four = (const struct sockaddr_in *)sa;

	memset(out, 0, HTTP_ADDRESS);
	if (sa->sa_family == AF_INET6) {
		memcpy(out, &six->sin6_addr, HTTP_ADDRESS);
	} else if (sa->sa_family == AF_INET) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + sizeof(mapped), &four->sin_addr, 4);
	}
}

static bool is_mapped(const unsigned char *address)
{
	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static const char *address_text(struct arena *a, const unsigned char *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (is_mapped(address))
		inet_ntop(AF_INET, address + sizeof(mapped), text,
			  sizeof(text));
	else
		inet_ntop(AF_INET6, address, text, sizeof(text));
	return arena_strdup(a, text);
}

static bool loopback(const unsigned char *address)
{
	struct in6_addr six;

	memcpy(&six, address, sizeof(six));
	return is_mapped(address) ? address[sizeof(mapped)] == 127
				  : IN6_IS_ADDR_LOOPBACK(&six);
}

/* ---- networks ------------------------------------------------------------ */

/* Whether a bit of the address stands behind the prefix. */
static bool bits_behind(const struct http_cidr *c)
{
	for (unsigned i = c->bits; i < 8 * HTTP_ADDRESS; i++) {
		if (c->address[i / 8] & (0x80u >> i % 8))
			return true;
	}
	return false;
}

static bool prefix_length(const char *text, unsigned max, unsigned *out)
{
	size_t n = strlen(text);

	if (n < 1 || n > 3 || strspn(text, "0123456789") != n)
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out <= max;
}

bool http_cidr(const char *text, struct http_cidr *out)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	unsigned bits = 0;
	bool four;

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (!http_address(address, out->address))
		return false;
	four = !strchr(address, ':');
	out->bits = 8 * HTTP_ADDRESS;
	if (!slash)
		return true;
	if (!prefix_length(slash + 1, four ? 32 : 128, &bits))
		return false;
	out->bits = bits + (four ? MAPPED : 0);
	return !bits_behind(out);
}

bool http_cidr_has(const struct http_cidr *c, const unsigned char *address)
{
	const size_t whole = c->bits / 8;
	const unsigned mask = 0xff00u >> c->bits % 8 & 0xff;

	return memcmp(c->address, address, whole) == 0 &&
	       (mask == 0 || (address[whole] & mask) == c->address[whole]);
}

static bool trusted(const struct http *h, const unsigned char *address)
{
	for (size_t i = 0; i < h->config->trusted_proxy_count; i++) {
		if (http_cidr_has(&h->proxy.trusted[i], address))
			return true;
	}
	return false;
}

const char *http_proxy_header(const struct http *h)
{
	return h->config->trusted_proxy_count > 0 ? h->proxy.certificate : NULL;
}

bool http_proxy_open(struct http *h, struct err *e)
{
	const struct http_config *c = h->config;
	const size_t n = c->trusted_proxy_count;

	h->proxy.certificate = c->client_certificate_header
				   ? c->client_certificate_header
				   : "Client-Cert";
	if (!http_token_ok(h->proxy.certificate))
		return err_set(
		    e, ERR_INVALID, NULL, "--client-certificate-header",
		    "\"%s\" is no name of a header", h->proxy.certificate);
	h->proxy.chain =
	    arena_printf(h->arena, "%s-Chain", h->proxy.certificate);
	h->proxy.trusted = arena_alloc(h->arena, n * sizeof(struct http_cidr));
	for (size_t i = 0; i < n; i++) {
		if (!http_cidr(c->trusted_proxy[i], &h->proxy.trusted[i]))
			return err_set(
			    e, ERR_INVALID, NULL, "--trusted-proxy",
			    "\"%s\" is neither an address (192.0.2.1, ::1) nor "
			    "a network (10.0.0.0/8, fd00::/8; the bits behind "
			    "the prefix are 0)",
			    c->trusted_proxy[i]);
	}
	return true;
}

/* ---- what it says of a request ------------------------------------------- */

/* The first value of a header that may be a list; NULL when there is none. */
static const char *first_value(const struct rq *rq, const char *name)
{
	const char *s = rq_header_in(rq, name);
	size_t n;

	if (!s)
		return NULL;
	s += strspn(s, " \t");
	n = strcspn(s, ",");
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n > 0 ? arena_strndup(rq->arena, s, n) : NULL;
}

/* An address, perhaps with a port: "192.0.2.1:80", "[2001:db8::1]:80". */
static bool read_address(struct arena *a, const char *s, size_t n,
			 unsigned char out[HTTP_ADDRESS])
{
	char *text = arena_strndup(a, s, n);
	char *colon;

	text += strspn(text, " \t");
	text[strcspn(text, " \t")] = '\0';
	colon = strchr(text, ':');
	if (*text == '[') {
		text[strcspn(text, "]")] = '\0';
		text++;
	} else if (colon && !strchr(colon + 1, ':')) {
		*colon = '\0';
	}
	return http_address(text, out);
}

/* One line of X-Forwarded-For from its end on: true when it has told. */
static bool client_of_line(const struct rq_private *p, const char *s,
			   bool *local)
{
	unsigned char address[HTTP_ADDRESS];
	size_t end = strlen(s);

	for (;;) {
		size_t at = end;
		bool known;

		while (at > 0 && s[at - 1] != ',')
			at--;
		known = read_address(p->rq.arena, s + at, end - at, address);
		*local = known && loopback(address);
		if (!known || !trusted(p->http, address))
			return true;
		if (at == 0)
			return false;
		end = at - 1;
	}
}

/* Is who asked the outermost proxy on this machine? */
static bool client_local(const struct rq_private *p)
{
	bool local = false;

	for (size_t i = p->header_count; i-- > 0;) {
		if (strcasecmp(p->header[i].name, "X-Forwarded-For") == 0 &&
		    client_of_line(p, p->header[i].value, &local))
			break;
	}
	return local;
}

static bool passed_on(const struct rq_private *p)
{
	const char *const names[] = {"X-Forwarded-For",
				     "X-Forwarded-Host",
				     "X-Forwarded-Proto",
				     "Forwarded",
				     "Via",
				     p->http->proxy.chain,
				     p->http->proxy.certificate};

	for (size_t i = 0; i < LEN(names); i++) {
		if (rq_header_in(&p->rq, names[i]))
			return true;
	}
	return false;
}

/* Somebody whose word does not count. */
static void stranger(struct rq_private *p, const unsigned char *address)
{
	struct rq *rq = &p->rq;

	if (!rq_header_in(rq, p->http->proxy.certificate))
		return;
	rq->why = arena_printf(rq->arena,
			       "%s counts for nothing: it was sent by %s, "
			       "which is no --trusted-proxy",
			       p->http->proxy.certificate,
			       address_text(rq->arena, address));
	log_line(p->http->config->log, "proxy", "%s %s", rq->id, rq->why);
}

void http_proxy_read(struct rq_private *p)
{
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(
	    p->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	unsigned char address[HTTP_ADDRESS];
	struct rq *rq = &p->rq;
	const char *proto;

	address_of(peer->client_addr, address);
	rq->loopback = loopback(address);
	if (!trusted(p->http, address)) {
		stranger(p, address);
		return;
	}
	rq->asked = true;
	p->forwarded.passed_on = passed_on(p);
	if (!p->forwarded.passed_on)
		return;
	rq->loopback = client_local(p);
	p->forwarded.host = first_value(rq, "X-Forwarded-Host");
	proto = first_value(rq, "X-Forwarded-Proto");
	if (proto && strcasecmp(proto, "https") == 0)
		p->forwarded.scheme = "https";
	else if (proto && strcasecmp(proto, "http") == 0)
		p->forwarded.scheme = "http";
}

const char *http_proxy_origin(const struct rq_private *p, const char *origin,
			      bool allowed)
{
	const char *rest = strstr(origin, "://");

	if (!p->forwarded.scheme || !allowed || !rest ||
	    p->http->config->public_url)
		return origin;
	return arena_cat(p->rq.arena, p->forwarded.scheme, rest, NULL);
}
