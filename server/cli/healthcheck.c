/* SPDX-License-Identifier: Apache-2.0
 *
 * healthcheck: is a server answering? For container images, which have no
 * other program to ask with.
 *
 * Without a URL it asks where serve would listen with the same environment, so
 * an image whose address is changed by MOCK_PHR_LISTEN needs nothing else.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

#define HEALTH "/__admin/health"
#define ANY    "http://0.0.0.0:"

static const char *own_url(struct arena *a, const struct config *c)
{
	const char *listen = c->listen[0];

	if (strncmp(listen, ANY, strlen(ANY)) == 0)
		return arena_printf(a, "http://127.0.0.1:%s" HEALTH,
				    listen + strlen(ANY));
	return arena_printf(a, "%s" HEALTH, listen);
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
