/* SPDX-License-Identifier: Apache-2.0
 *
 * The command report: "report diff OLD NEW" says what an application uses now
 * that it did not use before, which is what its supplier must notify of.
 *
 * Both are reports of GET /__admin/report?format=json, of the same journey
 * before and after a change. What is compared is their member "used":
 * functions, resource types, profiles, scopes and codes, each a list of texts.
 * What is gone is told as well, as something else may have been forgotten in
 * the later run. A report that is not whole (entries of the journal were
 * dropped), or of other rules, is compared with a warning.
 *
 * Exit codes: 0 compared, with --exit-code 1 when there is something new; 2
 * usage; 65 a file is no such report.
 *
 * Facts: stand-in.md 11, kanta.md 6.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT "mock-kanta-phr joint testing"

static const struct {
	const char *member, *title;
} parts[] = {
    {"functions", "Functions"}, {"types", "Resource types"},
    {"profiles", "Profiles"},	{"scopes", "Scopes"},
    {"codes", "Codes"},
};

/* ---- reading ---- */

static bool is_list(const struct json *v)
{
	if (!v || json_kind(v) != JSON_ARRAY)
		return false;
	for (v = json_first(v); v; v = json_next(v))
		if (json_kind(v) != JSON_STRING)
			return false;
	return true;
}

static const struct json *read_report(struct arena *a, const char *path)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *v = file_json(a, path, &e);
	bool sound = text_is(json_get_text(v, "report"), REPORT);

	if (!v) {
		cli_complain(EXIT_BAD_DATA, &e);
		return NULL;
	}
	for (size_t i = 0; i < LEN(parts); i++)
		sound = sound &&
			is_list(json_get(json_get(v, "used"), parts[i].member));
	if (sound)
		return v;
	err_set(&e, ERR_INVALID, "report", path,
		"this is not a joint-testing report as JSON; get one with "
		"GET /__admin/report?format=json");
	cli_complain(EXIT_BAD_DATA, &e);
	return NULL;
}

/* ---- comparing ---- */

/* What a report says is used, each part sorted. */
struct used {
	const struct json *doc;
	struct {
		const char **v;
		size_t n;
	} of[LEN(parts)];
};

static int by_letters(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void read_used(struct arena *a, const struct json *doc, struct used *out)
{
	out->doc = doc;
	for (size_t i = 0; i < LEN(parts); i++) {
		const struct json *list =
		    json_get(json_get(doc, "used"), parts[i].member);
		size_t n = 0;

		out->of[i].v =
		    arena_alloc(a, json_count(list) * sizeof(char *));
		for (const struct json *v = json_first(list); v;
		     v = json_next(v))
			out->of[i].v[n++] = json_text(v);
		out->of[i].n = n;
		if (n > 0)
			qsort(out->of[i].v, n, sizeof(char *), by_letters);
	}
}

static bool has(const struct used *u, size_t part, const char *text)
{
	return u->of[part].n > 0 && bsearch(&text, u->of[part].v, u->of[part].n,
					    sizeof(char *), by_letters);
}

/* The place of the next text of a part, from i on, that the other does not
 * have; n: there is none. */
static size_t more(const struct used *from, const struct used *than,
		   size_t part, size_t i)
{
	while (i < from->of[part].n && has(than, part, from->of[part].v[i]))
		i++;
	return i;
}

static bool any_more(const struct used *from, const struct used *than)
{
	for (size_t i = 0; i < LEN(parts); i++)
		if (more(from, than, i, 0) < from->of[i].n)
			return true;
	return false;
}

/* ---- as text ---- */

/* A text without what a terminal would take for a command. */
static void put_plain(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_putc(b, (unsigned char)*s < ' ' || *s == 127 ? '?' : *s);
}

static void print_more(struct buf *b, const struct used *from,
		       const struct used *than, char sign)
{
	for (size_t p = 0; p < LEN(parts); p++) {
		size_t i = more(from, than, p, 0);

		if (i < from->of[p].n)
			buf_printf(b, "\n%s\n", parts[p].title);
		for (; i < from->of[p].n; i = more(from, than, p, i + 1)) {
			buf_printf(b, "  %c ", sign);
			put_plain(b, from->of[p].v[i]);
			buf_putc(b, '\n');
		}
	}
}

static bool is_whole(const struct used *u)
{
	const struct json *v = json_get(u->doc, "complete");

	return v && json_kind(v) == JSON_TRUE;
}

static const char *rules_of(const struct used *u)
{
	return text_or_empty(
	    json_get_text(json_get(u->doc, "tool"), "rules_sha256"));
}

static void print_text(struct buf *b, const struct used *before,
		       const struct used *after)
{
	if (!is_whole(before) || !is_whole(after))
		buf_puts(b, "Warning: entries of a journal were dropped before "
			    "its report was made, so\nsomething that was used "
			    "may be missing.\n\n");
	if (strcmp(rules_of(before), rules_of(after)) != 0)
		buf_puts(b, "Note: the two were made with different "
			    "definitions.\n\n");
	if (any_more(after, before)) {
		buf_puts(b, "Used now and not before, so the supplier must "
			    "notify of it:\n");
		print_more(b, after, before, '+');
	} else {
		buf_puts(b, "Nothing is used now that was not used before.\n");
	}
	if (!any_more(before, after))
		return;
	buf_puts(b, "\nNot used any more:\n");
	print_more(b, before, after, '-');
}

/* ---- as JSON ---- */

static void write_more(struct jw *w, const char *name, const struct used *from,
		       const struct used *than)
{
	jw_open(w, name, '{');
	for (size_t p = 0; p < LEN(parts); p++) {
		size_t i = more(from, than, p, 0);

		jw_open(w, parts[p].member, '[');
		for (; i < from->of[p].n; i = more(from, than, p, i + 1))
			jw_str(w, NULL, from->of[p].v[i]);
		jw_close(w);
	}
	jw_close(w);
}

static void print_json(struct buf *b, const struct used *before,
		       const struct used *after)
{
	struct jw w = {.b = b};

	jw_open(&w, NULL, '{');
	jw_bool(&w, "notify", any_more(after, before));
	jw_bool(&w, "complete", is_whole(before) && is_whole(after));
	jw_bool(&w, "same_rules",
		strcmp(rules_of(before), rules_of(after)) == 0);
	write_more(&w, "added", after, before);
	write_more(&w, "removed", before, after);
	jw_close(&w);
	buf_putc(b, '\n');
}

int cli_report(struct arena *boot, const struct config *c)
{
	struct used before, after;
	const struct json *old = read_report(boot, c->operand[1]);
	const struct json *new = old ? read_report(boot, c->operand[2]) : NULL;
	struct buf b;

	if (!old || !new)
		return EXIT_BAD_DATA;
	read_used(boot, old, &before);
	read_used(boot, new, &after);
	buf_init(&b, boot);
	if (strcmp(c->format, "json") == 0)
		print_json(&b, &before, &after);
	else
		print_text(&b, &before, &after);
	fputs(b.p, stdout);
	return c->exit_code && any_more(&after, &before) ? EXIT_FAILED
							 : EXIT_DONE;
}
