/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that are rehearsed before they are answered (rehearse.c), seen from
 * outside: the live server's hook (http_live.h, w_before) tells what came of
 * it in the header X-Would.
 */
#ifndef HTTP_REHEARSE_H
#define HTTP_REHEARSE_H

#include "http_live.h"

static void test_rehearsed(void **state)
{
	static const struct {
		const char *line, *would; /* status, refused, code */
		int status;
	} cases[] = {
	    {"GET /base/metadata", "200 0 ", 200},
	    {"POST /base/write", "201 0 ", 201},
	    {"DELETE /base/a/b", "409 1 conflict", 409},
	    {"DELETE /base/a/keep", "409 1 conflict", 409},
	    {"GET /base/redirect", "303 0 ", 303},
	    {"GET /base/denied", "303 1 access_denied", 303},
	    {"GET /base/denied/hash", "303 1 login_required", 303},
	    {"GET /base/denied/no", "303 0 ", 303},
	    {"GET /base/empty", "204 0 ", 204},
	    {"GET /nest/a/b", "401 1 invalid_token", 401},
	    {"POST /base/fail-leave", NULL, 500},
	    /* of no group that asks for it, of no handler */
	    {"GET /plain", NULL, 200},
	    {"GET /base/a/b/c", NULL, 404},
	    {"OPTIONS /base/write", NULL, 200},
	};
	struct server s;
	struct client c;
	char request[200], want[100];

	(void)state;
	start(&s, (struct setup){.rehearse = true});
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *told;

		snprintf(request, sizeof(request),
			 "%s HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
			 cases[i].line);
		ask(&s, &c, request);
		told = strstr(c.head, "\nX-Would: ");
		snprintf(want, sizeof(want), "\nX-Would: %s\r\n",
			 text_or_empty(cases[i].would));
		if (c.status != cases[i].status ||
		    (told != NULL) != (cases[i].would != NULL) ||
		    (told && !strstr(c.head, want)))
			fail_msg("%s%s", request, c.head);
	}
	stop(&s);
}

/* It keeps nothing, holds no savepoint open, and is in the log once. */
static void test_rehearsed_keeps_nothing(void **state)
{
	struct server s;
	struct client c;
	const char *log;
	size_t lines = 0;

	(void)state;
	start(&s, (struct setup){.rehearse = true});
	for (int i = 0; i < 3; i++)
		ask(&s, &c,
		    "POST /nest/ HTTP/1.1\r\n" H "Authorization: Bearer x\r\n"
		    "Content-Length: 20\r\n\r\nPOST made\nPOST made\n");
	assert_int_equal(c.status, 200);
	ask(&s, &c, "GET /base/state HTTP/1.1\r\n" H "\r\n");
	/* of each request once: itself, the state asked for within */
	assert_non_null(strstr(c.body, "entered=1 kept=3 "));
	assert_non_null(strstr(c.body, "nested=0 "));
	log = stop(&s);
	for (; (log = strstr(log, "POST /nest/")) != NULL; log++)
		lines++;
	assert_int_equal(lines, 3);
}

#endif
