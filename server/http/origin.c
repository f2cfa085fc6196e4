/* SPDX-License-Identifier: Apache-2.0
 *
 * What links to ourselves begin with: the issuer in the metadata, Location,
 * the links of a bundle.
 *
 * The Host header is the client's claim. Repeating it blindly lets a page put
 * an attacker's host into a redirect or a cached answer; ignoring it breaks
 * containers, where a server cannot know the name and port by which it is
 * reached. So it is repeated only when it names something that cannot belong
 * to a stranger on the internet: loopback, a name without dots (a compose
 * service), *.localhost, the sandboxes that this server stands in for, and what
 * the user allowed. Everything else gets the listener's own address
 * (contracts.md, --public-url and --allowed-host).
 *
 * The same rule says what a browser on this machine may be used for. A page of
 * the internet can post to 127.0.0.1, and by a name that it resolves anew (DNS
 * rebinding) read the answers too; but it cannot choose the Host, Origin (RFC
 * 6454 7) and Sec-Fetch-Site that the browser sends. A request that they
 * give away is foreign: what is open to this machine alone is closed to it.
 * Programs that are no browsers send neither of the last two.
 */
#include "http/http_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool all_of(const char *s, size_t n, const char *also)
{
	for (size_t i = 0; i < n; i++) {
		if (!alphanumeric(s[i]) && !strchr(also, s[i]))
			return false;
	}
	return n > 0;
}

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s);
	size_t t = strlen(tail);

	return n > t && strcasecmp(s + n - t, tail) == 0;
}

/* fhirsandbox.kanta.fi, fhirsandbox2.kanta.fi, fhirsandbox2-auth.kanta.fi */
static bool sandbox(const char *name)
{
	static const char head[] = "fhirsandbox";
	static const char tail[] = ".kanta.fi";
	const char *dot = strchr(name, '.');

	return strncasecmp(name, head, sizeof(head) - 1) == 0 && dot &&
	       strcasecmp(dot, tail) == 0;
}

static bool loopback(const char *name)
{
	struct in_addr a;

	return strcasecmp(name, "localhost") == 0 ||
	       strcmp(name, "[::1]") == 0 ||
	       (inet_pton(AF_INET, name, &a) == 1 &&
		ntohl(a.s_addr) >> 24 == 127);
}

/* Is s empty or ":" and a port number? */
static bool port_ok(const char *s)
{
	size_t n = strlen(s);

	if (n == 0)
		return true;
	return s[0] == ':' && n >= 2 && n <= 6 &&
	       strspn(s + 1, "0123456789") == n - 1 &&
	       strtoul(s + 1, NULL, 10) - 1 < 65535;
}

bool http_host_name_ok(const char *name)
{
	const size_t n = strlen(name);

	return all_of(name, n, "-_.") && n < 254 && name[0] != '-' &&
	       name[0] != '.' && name[n - 1] != '.' && !strstr(name, "..");
}

bool http_host_allowed(const struct http_config *c, const char *host)
{
	char name[256];
	size_t n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

	if (n == 0 || n >= sizeof(name) || n > strlen(host) ||
	    !port_ok(host + n))
		return false;
	memcpy(name, host, n);
	name[n] = '\0';
	if (loopback(name))
		return true;
	if (!all_of(name, n, "-_."))
		return false;
	if (!strchr(name, '.') || ends_with(name, ".localhost") ||
	    sandbox(name))
		return true;
	for (size_t i = 0; i < c->allowed_host_count; i++) {
		if (strcasecmp(name, c->allowed_host[i]) == 0)
			return true;
	}
	return false;
}

const char *http_origin(struct arena *a, const struct http_config *c,
			const char *own, const char *host, bool allowed)
{
	if (c->public_url) {
		size_t n = strlen(c->public_url);

		while (n > 0 && c->public_url[n - 1] == '/')
			n--;
		return arena_strndup(a, c->public_url, n);
	}
	if (host && allowed)
		return arena_cat(a, http_url_scheme(own), host, NULL);
	return own;
}

/* Did no page send it, or one that we served? */
static bool own_page(const struct rq *rq, const char *own, const char *host)
{
	const char *scheme = http_url_scheme(own);
	const char *origin = rq_header_in(rq, "Origin");

	if (!origin)
		return true;
	if (rq_header_count(rq, "Origin") > 1)
		return false;
	if (strcasecmp(origin, rq->origin) == 0)
		return true;
	return host && strncasecmp(origin, scheme, strlen(scheme)) == 0 &&
	       strcasecmp(origin + strlen(scheme), host) == 0;
}

bool http_foreign(const struct rq *rq, const char *own, const char *host,
		  bool allowed)
{
	const char *site = rq_header_in(rq, "Sec-Fetch-Site");

	return (host && !allowed) || !own_page(rq, own, host) ||
	       (site && strcasecmp(site, "cross-site") == 0);
}
