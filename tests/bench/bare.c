/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick of the benchmark's requests: libmicrohttpd, the same library
 * in the same mode (epoll, one thread), answering every request with the same
 * text and headers and doing nothing else: no token, no database, no route. So
 * what a server on this library can do at most on this machine.
 *
 *	bare BODY-BYTES ["Name: value" ...]
 *
 * The headers are those of an answer of the server that it is compared with;
 * Content-Length is libmicrohttpd's own. Prints one JSON line with the port,
 * and ends with its standard input.
 */
#include <microhttpd.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct answer {
	char *body;
	size_t len;
	char **header;
	int headers;
};

static void add_header(struct MHD_Response *r, const char *line)
{
	char name[128] = "";
	size_t n = strcspn(line, ":");

	if (n >= sizeof(name) || line[n] == '\0')
		return;
	memcpy(name, line, n);
	line += n + 1;
	MHD_add_response_header(r, name, line + strspn(line, " "));
}

/* A response of its own for each request, as a server that has something to
 * say makes it. */
static enum MHD_Result handle(void *cls, struct MHD_Connection *c,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **con_cls)
{
	static char seen;
	const struct answer *a = cls;
	struct MHD_Response *r;
	enum MHD_Result done;

	(void)url, (void)method, (void)version, (void)data;
	if (!*con_cls) {
		*con_cls = &seen;
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0;
		return MHD_YES;
	}
	r = MHD_create_response_from_buffer(a->len, a->body,
					    MHD_RESPMEM_PERSISTENT);
	if (!r)
		return MHD_NO;
	for (int i = 0; i < a->headers; i++)
		add_header(r, a->header[i]);
	done = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return done;
}

int main(int argc, char **argv)
{
	struct answer a = {.header = argv + 2, .headers = argc - 2};
	const struct sockaddr_in any = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_Daemon *d;
	char scrap[64];

	if (argc < 2)
		return 2;
	a.len = strtoul(argv[1], NULL, 10);
	a.body = malloc(a.len + 1);
	if (!a.body)
		return 1;
	memset(a.body, 'x', a.len);
	d = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0,
	    NULL, NULL, handle, &a, MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_END);
	if (!d)
		return 1;
	printf("{\"port\":%u}\n",
	       MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	while (read(STDIN_FILENO, scrap, sizeof(scrap)) > 0)
		continue;
	MHD_stop_daemon(d);
	free(a.body);
	return 0;
}
