/* SPDX-License-Identifier: Apache-2.0
 *
 * tell: an entry of the journal as people and programs read it.
 *
 * In a list, what a request was about and how it ended; by itself, also the
 * headers and bodies as they were kept. A member that has nothing to say is
 * left out, but for those that a reader looks for to see that there is nothing
 * (certificate). What is kept of a request is text as it came, so bytes that
 * are no UTF-8 are told as question marks, and a body of such is not told.
 *
 * The decision trace is what the request was asked, in order: the checks that
 * it passed (rq_passed), and the one that refused it, with its rule.
 *
 * Facts: stand-in.md 5.
 */
#include "admin/admin_int.h"

#include <stdio.h>
#include <string.h>

static bool is_text(const char *s, size_t n)
{
	while (n > 0) {
		const size_t len = utf8_char(s, n);

		if (len == 0)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

static void write_text(struct jw *w, const char *name, const char *s)
{
	if (*text_or_empty(s) == '\0')
		return;
	if (!is_text(s, strlen(s))) {
		char *plain = arena_strdup(w->b->arena, s);

		for (char *c = plain; *c != '\0'; c++)
			*c = *c > 0 ? *c : '?';
		s = plain;
	}
	jw_str(w, name, s);
}

static void write_time(struct jw *w, const char *name, int64_t ms)
{
	char when[TIME_TEXT];

	time_finnish(when, ms);
	jw_str(w, name, when);
}

/* ---- headers and bodies ---------------------------------------------- */

static void write_headers(struct jw *w, const struct seen *s, bool answer)
{
	struct http_pair h;

	jw_open(w, "headers", '[');
	for (size_t i = 0; s->header_at(s, answer, i, &h); i++) {
		jw_open(w, NULL, '{');
		write_text(w, "name", h.name);
		write_text(w, "value", h.value);
		jw_close(w);
	}
	jw_close(w);
}

static void write_side(struct jw *w, const struct seen *s, bool answer)
{
	const char *body = answer ? s->answer : s->body;
	const size_t len = answer ? s->answer_len : s->body_len;
	const size_t bytes = answer ? s->answer_bytes : s->body_bytes;

	jw_open(w, answer ? "response" : "request", '{');
	write_headers(w, s, answer);
	if (len > 0 && is_text(body, len))
		jw_str(w, "body", body);
	else
		jw_null(w, "body");
	jw_int(w, "bytes", (int64_t)bytes);
	jw_bool(w, "truncated", bytes > JOURNAL_BODY);
	jw_close(w);
}

/* ---- the decision ----------------------------------------------------- */

static bool refused(const struct seen *s)
{
	return s->status >= 400 || *s->error != '\0';
}

static void write_refused_check(struct jw *w, const struct seen *s)
{
	const char *rule = s->outcome_code;
	const size_t n = strcspn(rule, " ");

	jw_open(w, NULL, '{');
	jw_str(w, "check", decision_check(s));
	jw_bool(w, "ok", false);
	if (n > 0)
		jw_str(w, "rule", arena_strndup(w->b->arena, rule, n));
	if (s->alert == 0)
		write_text(w, "why", *s->why != '\0' ? s->why : s->error);
	jw_close(w);
}

static void write_decision(struct jw *w, const struct seen *s)
{
	if (s->passed_count == 0 && !refused(s))
		return;
	jw_open(w, "decision", '[');
	for (size_t i = 0; i < s->passed_count; i++) {
		jw_open(w, NULL, '{');
		jw_str(w, "check", s->passed[i]);
		jw_bool(w, "ok", true);
		jw_close(w);
	}
	if (refused(s))
		write_refused_check(w, s);
	jw_close(w);
}

/* ---- all of it -------------------------------------------------------- */

static void write_texts(struct jw *w, const struct seen *s)
{
	const struct {
		const char *name, *text;
	} texts[] = {
	    {"id", s->id},
	    {"method", s->method},
	    {"path", s->path},
	    {"query", s->query},
	    {"endpoint", s->endpoint},
	    {"interaction", s->interaction},
	    {"fhir_version", s->fhir_version},
	    {"type", s->type},
	    {"profile", s->profile},
	    {"client_id", s->client_id},
	    {"hetu", s->hetu},
	    {"patient", s->patient},
	    {"token", s->token},
	    {"scope", s->scope},
	    {"grant_type", s->grant_type},
	    {"state", s->state},
	};

	for (size_t i = 0; i < LEN(texts); i++)
		write_text(w, texts[i].name, texts[i].text);
}

static void write_handshake(struct jw *w, const struct seen *s)
{
	jw_str(w, "method", "");
	jw_str(w, "path", "");
	jw_str(w, "peer", s->from);
	jw_int(w, "alert", s->alert);
	jw_str(w, "alert_name", journal_alert(s->alert));
}

static void write_error(struct jw *w, const struct seen *s)
{
	const size_t n = strcspn(s->outcome_code, " ");

	if (*s->error == '\0')
		return;
	jw_open(w, "error", '{');
	if (n > 0)
		jw_str(w, "code",
		       arena_strndup(w->b->arena, s->outcome_code, n));
	write_text(w, "message", s->error);
	write_text(w, "where", s->where);
	write_text(w, "why", s->why);
	jw_close(w);
}

static void write_json(struct jw *w, const char *name, const char *json)
{
	jw_raw(w, name, json, strlen(json));
}

void seen_write(struct jw *w, const struct journal *j, const struct seen *s,
		bool whole)
{
	char ms[32];

	snprintf(ms, sizeof(ms), "%.3f", (double)s->us / 1000.0);
	jw_open(w, NULL, '{');
	jw_int(w, "seq", s->seq);
	write_time(w, "at", s->at_ms);
	write_time(w, "wall", s->wall_ms);
	jw_str(w, "kind", s->kind);
	if (s->alert != 0)
		write_handshake(w, s);
	write_texts(w, s);
	write_json(w, "certificate",
		   *s->certificate != '\0' ? s->certificate : "null");
	jw_int(w, "status", s->status);
	write_json(w, "ms", ms);
	jw_int(w, "bytes", (int64_t)s->answer_bytes);
	write_error(w, s);
	write_decision(w, s);
	write_text(w, "fault", s->fault);
	if (*s->shadow != '\0')
		write_json(w, "shadow", s->shadow);
	findings_write(w, j, s);
	if (whole && s->alert == 0) {
		write_side(w, s, false);
		write_side(w, s, true);
	}
	jw_close(w);
}
