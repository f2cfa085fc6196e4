/* SPDX-License-Identifier: Apache-2.0
 *
 * healthcheck: is a server answering? For container images, which have no
 * other program to ask with.
 *
 * Without a URL it asks where serve would listen with the same environment, so
 * an image whose address is changed by MOCK_PHR_LISTEN needs nothing else. Of
 * several listeners it asks the first that asks for no certificate, as it has
 * none; nor does it verify the server's (http_probe).
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

#define HEALTH "/__admin/health"

/* The listener to ask: one that wants no certificate, if there is one. */
static const char *listener(const struct config *c)
{
	enum http_kind kind;

	for (size_t i = 0; i < c->listen_count; i++) {
		if (http_listen_kind(c->listen[i], &kind) && kind != HTTP_MTLS)
			return c->listen[i];
	}
	return c->listen[0];
}

static const char *own_url(struct arena *a, const struct config *c)
{
	static const char *const any[][2] = {{"0.0.0.0", "127.0.0.1"},
					     {"[::]", "[::1]"}};
	const char *listen = listener(c);
	const char *host = strstr(listen, "://");
	const char *scheme =
	    strncmp(listen, "http://", 7) == 0 ? "http://" : "https://";

	if (!host)
		return listen;
	host += 3;
	for (size_t i = 0; i < LEN(any); i++) {
		const size_t n = strlen(any[i][0]);

		if (strncmp(host, any[i][0], n) == 0 &&
		    (host[n] == ':' || host[n] == '\0'))
			return arena_cat(a, scheme, any[i][1], host + n, HEALTH,
					 NULL);
	}
	return arena_cat(a, scheme, host, HEALTH, NULL);
}

/* The health path is added to a URL that has none. */
static const char *told_url(struct arena *a, const char *url)
{
	const char *host = strstr(url, "://");
	const char *slash = host ? strchr(host + 3, '/') : NULL;

	if (!host || (slash && slash[1]))
		return url;
	return arena_printf(a, "%.*s" HEALTH,
			    slash ? (int)(slash - url) : (int)strlen(url), url);
}

int cli_healthcheck(const struct config *c)
{
	struct arena *a = arena_new(0);
	const char *url =
	    c->operand_count > 0 ? told_url(a, c->operand[0]) : own_url(a, c);
	struct err e = {.kind = ERR_NONE};
	int status = http_probe(url, 2000, &e);

	if (status < 0)
		fprintf(stderr, "%s: %s\n", url, e.text);
	else if (status != 200)
		fprintf(stderr, "%s: status %d\n", url, status);
	arena_free(a);
	return status == 200 ? EXIT_DONE : EXIT_FAILED;
}
