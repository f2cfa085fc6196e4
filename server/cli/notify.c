/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness for a service manager: sd_notify(3), without its library.
 *
 * The protocol is one datagram of NAME=VALUE lines to the Unix socket that
 * NOTIFY_SOCKET names: a path, or "@name" in the abstract namespace. A unit of
 * Type=notify is started when READY=1 has come, so what is ordered after it
 * finds the port open.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Its length; 0: no address that there could be. */
static socklen_t address(struct sockaddr_un *to, const char *path)
{
	const size_t n = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || n < 2 ||
	    n >= sizeof(to->sun_path))
		return 0;
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path, path, n);
	if (path[0] == '@')
		to->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

void cli_notify(const struct log *log, const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to;
	socklen_t n;
	int fd;

	if (!path)
		return;
	n = address(&to, path);
	if (n == 0) {
		log_line(log, "notify",
			 "NOTIFY_SOCKET is no path and no @name: %s", path);
		return;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		   (const struct sockaddr *)(const void *)&to, n) < 0)
		log_line(log, "notify", "%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
}
