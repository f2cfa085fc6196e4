/* SPDX-License-Identifier: Apache-2.0
 *
 * log: one line for each thing worth telling.
 *
 * Text for people, one JSON object a line for machines:
 *	2026-11-21T12:00:00.000Z request GET /metadata 200
 *	{"time":"2026-11-21T12:00:00.000Z","event":"request","message":"..."}
 *
 * The time is the wall clock's, never the test clock's: a log is about what
 * happened on this machine. A message often repeats what a client sent, so no
 * byte of it may start a new line, drive a terminal or break the JSON: control
 * characters (C0, DEL and C1) are escaped and bytes that are not UTF-8 become
 * U+FFFD. A line is one write(2), so lines of several processes that share a
 * file do not mix. Messages are cut at MESSAGE_MAX bytes.
 */
#include "base/base_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 4096
#define CUT_MARK    "..."

/* A byte grows to six at most; the rest is time, event and frame. */
struct line {
	size_t len;
	char p[6 * MESSAGE_MAX + 1024];
};

static void put(struct line *l, const char *s, size_t n)
{
	if (n > sizeof(l->p) - l->len)
		n = sizeof(l->p) - l->len;
	memcpy(l->p + l->len, s, n);
	l->len += n;
}

static void put_escaped(struct line *l, unsigned code)
{
	char text[8];
	int n = snprintf(text, sizeof(text), "\\u%04x", code);

	put(l, text, (size_t)n);
}

/* One character of a message; returns how many bytes of it were taken. */
static size_t put_char(struct line *l, const char *s, size_t n, bool json)
{
	size_t k = utf8_char(s, n);
	unsigned char c = (unsigned char)s[0];

	if (!k) {
		put(l, "\xef\xbf\xbd", 3);
		return 1;
	}
	if (c < 0x20 || c == 0x7f)
		put_escaped(l, c);
	else if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
		put_escaped(l, (unsigned char)s[1]);
	else if (json && (c == '"' || c == '\\'))
		put(l, (char[]){'\\', (char)c}, 2);
	else
		put(l, s, k);
	return k;
}

static void put_message(struct line *l, const char *s, size_t n, bool json)
{
	while (n) {
		size_t k = put_char(l, s, n, json);

		s += k;
		n -= k;
	}
}

static void put_text(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static void write_line(const struct log *log, const char *event,
		       const char *message, size_t n)
{
	bool json = log->format == LOG_JSON;
	struct line l = {.len = 0};
	struct timespec now;
	char time[TIME_TEXT];

	clock_gettime(CLOCK_REALTIME, &now);
	time_utc(time, now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000);
	put_text(&l, json ? "{\"time\":\"" : "");
	put_text(&l, time);
	put_text(&l, json ? "\",\"event\":\"" : " ");
	put_text(&l, event);
	put_text(&l, json ? "\",\"message\":\"" : " ");
	put_message(&l, message, n, json);
	put_text(&l, json ? "\"}\n" : "\n");
	/* A log that cannot be written has nowhere to complain to. */
	if (write(log->fd, l.p, l.len) < 0)
		return;
}

void log_line(const struct log *l, const char *event, const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	va_list ap;
	size_t n;
	int full;

	if (l->format == LOG_OFF)
		return;
	va_start(ap, fmt);
	full = vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (full < 0)
		return;
	n = (size_t)full;
	if (n >= sizeof(message)) {
		n = utf8_whole(message, sizeof(message) - sizeof(CUT_MARK));
		memcpy(message + n, CUT_MARK, sizeof(CUT_MARK));
		n += sizeof(CUT_MARK) - 1;
	}
	write_line(l, event, message, n);
}
