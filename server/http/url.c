/* SPDX-License-Identifier: Apache-2.0
 *
 * "scheme://host:port/rest", as --listen, --public-url and the healthcheck get
 * it. Strict: what is not exactly that is refused, because a listener on
 * another address than was meant is worse than a message. Hosts that are
 * numbers, and "localhost" (127.0.0.1), need no resolver, whose first use costs
 * more than the rest of the start.
 */
#include "http/http_int.h"

#include <stdlib.h>
#include <string.h>

static bool copy(char *out, size_t size, const char *s, size_t n)
{
	if (n == 0 || n >= size)
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return true;
}

/* ":8080" and so on; moves *s behind it. */
static bool port(struct http_url *out, const char **s)
{
	size_t n;
	unsigned long v;

	out->has_port = **s == ':';
	if (!out->has_port)
		return true;
	n = strspn(++*s, "0123456789");
	v = n > 0 && n <= 5 ? strtoul(*s, NULL, 10) : 65536;
	*s += n;
	out->port = (uint16_t)v;
	return v <= 65535;
}

bool http_url_split(const char *url, struct http_url *out)
{
	const char *s = strstr(url, "://");
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!s ||
	    !copy(out->scheme, sizeof(out->scheme), url, (size_t)(s - url)))
		return false;
	s += 3;
	out->ipv6 = *s == '[';
	s += out->ipv6;
	n = strcspn(s, out->ipv6 ? "]" : ":/?#@[]");
	if (!copy(out->host, sizeof(out->host), s, n))
		return false;
	s += n;
	if (out->ipv6 && *s++ != ']')
		return false;
	out->port = strcmp(out->scheme, "http") == 0 ? 80 : 443;
	if (!port(out, &s) || (*s && *s != '/' && *s != '?'))
		return false;
	out->rest = s;
	return true;
}

const char *http_url_scheme(const char *url)
{
	return strncmp(url, "https:", 6) == 0 ? "https://" : "http://";
}

bool http_url_address(const struct http_url *u, struct sockaddr_storage *sa,
		      socklen_t *len)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)sa;
	struct sockaddr_in *four = (struct sockaddr_in *)sa;
	const char *host =
	    strcmp(u->host, "localhost") == 0 ? "127.0.0.1" : u->host;

	memset(sa, 0, sizeof(*sa));
	if (u->ipv6) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(u->port);
		*len = sizeof(*six);
		return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(u->port);
	*len = sizeof(*four);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

bool http_base_url_ok(const char *url)
{
	static const char in_path[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~%/";
	struct in6_addr six;
	struct http_url u;

	if (!http_url_split(url, &u) ||
	    (strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0))
		return false;
	if (u.ipv6 ? inet_pton(AF_INET6, u.host, &six) != 1
		   : !http_host_name_ok(u.host))
		return false;
	return strspn(u.rest, in_path) == strlen(u.rest);
}
