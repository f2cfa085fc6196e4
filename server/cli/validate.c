/* SPDX-License-Identifier: Apache-2.0
 *
 * validate: the check of POST, for files.
 *
 * Every file is read, judged by the same rule engine under the same switches,
 * and reported in the order of the names (report.c). What is no JSON or no
 * resource is invalid too, with its position.
 *
 * A file whose name ends in .ndjson holds a resource a line; so does standard
 * input when its first line is a whole JSON object. Such a stream is answered
 * line by line as it comes, so that another program can hold a conversation
 * with the validator and pay for its start once.
 *
 * The FHIR version is the one told, else that of the first profile which the
 * resource names and which is loaded, else R4.
 *
 * Limits: whether referenced resources exist is not checked; folders are
 * searched for *.json; a line has LINE_BYTES at most.
 *
 * contracts.md section 1, "validate".
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES ((size_t)64 << 20)

/* What a run judges with, and what it found. */
struct run {
	const struct config *config;
	struct profiles *profiles[FHIR_VERSIONS];
	struct verdicts verdicts;
};

/* ---- judging ------------------------------------------------------------- */

static bool known(const struct run *r, enum fhir_version v, const char *url)
{
	struct profile_info info;

	return url && profile_find(r->profiles[v], url, &info);
}

/* By a profile that is known; false: it is not. */
static bool version_by(const struct run *r, const char *url,
		       enum fhir_version *out)
{
	for (*out = FHIR_VERSIONS; *out > 0;) {
		*out -= 1; /* R4 first */
		if (known(r, *out, url))
			return true;
	}
	return false;
}

static enum fhir_version version_of(const struct run *r,
				    const struct json *resource)
{
	const struct json *p =
	    json_first(json_get(json_get(resource, "meta"), "profile"));
	enum fhir_version v;

	if (r->config->fhir)
		return strcmp(r->config->fhir, "stu3") == 0 ? FHIR_STU3
							    : FHIR_R4;
	for (; p; p = json_next(p))
		if (version_by(r, json_text(p), &v))
			return v;
	for (size_t i = 0; i < r->config->profile_count; i++)
		if (version_by(r, r->config->profile[i], &v))
			return v;
	return FHIR_R4;
}

/* One that is told by name and would not be checked is a mistake. */
static bool profiles_known(const struct run *r, struct err *e)
{
	enum fhir_version v;

	if (r->config->settings.unknown_profile)
		return true;
	for (size_t i = 0; i < r->config->profile_count; i++)
		if (!version_by(r, r->config->profile[i], &v))
			return err_set(e, ERR_INVALID, NULL, "--profile",
				       "no profile \"%s\" is loaded; give its "
				       "canonical URL, as \"mock-kanta-phr "
				       "profiles\" lists it",
				       r->config->profile[i]);
	return true;
}

/* A list of one issue: what is wrong with the file itself. */
static const struct issues *one_issue(struct arena *a, const char *rule,
				      const struct err *e)
{
	struct issues *out = arena_alloc(a, sizeof(*out));
	struct issue *i = arena_alloc(a, sizeof(*i));

	*i = (struct issue){
	    .severity = ISSUE_FATAL,
	    .code = "structure",
	    .rule = rule,
	    .text = arena_strdup(a, e->text),
	    .line = e->line > 0 ? e->line : 1,
	    .column = e->column > 0 ? e->column : 1,
	};
	*out = (struct issues){.v = i, .n = 1, .errors = 1};
	return out;
}

static const struct issues *judge_json(const struct run *r, struct arena *a,
				       const struct json *resource)
{
	struct profile_options o = settings_rules(&r->config->settings);
	struct err e = {.kind = ERR_NONE};

	o.extra = r->config->profile;
	o.extra_count = r->config->profile_count;
	if (json_get_text(resource, "resourceType")) {
		const enum fhir_version v = version_of(r, resource);
		o.other = r->profiles[v == FHIR_R4 ? FHIR_STU3 : FHIR_R4];
		return profile_check(r->profiles[v], a, resource, &o);
	}
	err_set(&e, ERR_INVALID, NULL, NULL,
		"not a FHIR resource: no resourceType%s",
		json_kind(resource) == JSON_ARRAY
		    ? "; a resource is an object, not an array"
		    : "; add \"resourceType\"");
	return one_issue(a, "KPHR-FILE-0003", &e);
}

static const struct issues *judge(const struct run *r, struct arena *a,
				  const char *text, size_t n)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *resource;

	text = skip_bom(text, &n);
	resource = json_parse(a, text, n, &e);
	return resource ? judge_json(r, a, resource)
			: one_issue(a, "KPHR-FILE-0002", &e);
}

static void judge_file(struct run *r, const char *path)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	size_t n;
	const char *text = file_read(a, path, &n, &e);
	const char *name = strcmp(path, "-") == 0 ? "<stdin>" : path;

	verdicts_add(&r->verdicts, a, name, 0,
		     text ? judge(r, a, text, n)
			  : one_issue(a, "KPHR-FILE-0001", &e));
	arena_free(a);
}

/* ---- streams ------------------------------------------------------------- */

static bool is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr(" \t\r\n", s[i]) || !s[i])
			return false;
	return true;
}

/* A whole JSON object in one line. */
static bool is_object(const char *line, size_t n)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	const struct json *v;
	bool is;

	line = skip_bom(line, &n);
	v = json_parse(a, line, n, &e);
	is = v && json_kind(v) == JSON_OBJECT;
	arena_free(a);
	return is;
}

/* Lines of a file; line is getline(3)'s buffer. */
struct stream {
	FILE *in;
	const char *name;
	char *line;
	size_t size, n;
	unsigned number;
};

static bool next_line(struct stream *s)
{
	ssize_t n = getline(&s->line, &s->size, s->in);

	s->n = n > 0 ? (size_t)n : 0;
	s->number++;
	return n > 0;
}

static void judge_line(struct run *r, const struct stream *s)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	const struct issues *found;

	if (s->n > LINE_BYTES) {
		err_set(&e, ERR_TOO_LARGE, NULL, NULL, "the line is too long");
		found = one_issue(a, "KPHR-FILE-0001", &e);
	} else {
		found = judge(r, a, s->line, s->n);
	}
	verdicts_add(&r->verdicts, a, s->name, s->number, found);
	fflush(stdout);
	arena_free(a);
}

/* The line that is there, and all that follow. */
static void judge_lines(struct run *r, struct stream *s)
{
	do {
		if (!is_blank(s->line, s->n))
			judge_line(r, s);
	} while (next_line(s));
}

/* One text of several lines: what is there, and all that follows. */
static void judge_rest(struct run *r, struct stream *s)
{
	struct arena *a = arena_new(0);
	struct buf b;

	buf_init(&b, a);
	do {
		buf_add(&b, s->line, s->n);
	} while (b.len <= LINE_BYTES && next_line(s));
	verdicts_add(&r->verdicts, a, s->name, 0, judge(r, a, b.p, b.len));
	arena_free(a);
}

static void judge_stream(struct run *r, const char *path)
{
	const bool in = strcmp(path, "-") == 0;
	struct stream s = {.name = in ? "<stdin>" : path};

	s.in = in ? stdin : fopen(path, "re");
	if (!s.in || !next_line(&s))
		judge_file(r, path); /* which says why */
	else if (!in || is_object(s.line, s.n))
		judge_lines(r, &s);
	else
		judge_rest(r, &s);
	free(s.line);
	if (s.in && !in)
		fclose(s.in);
}

static bool is_stream(const char *path)
{
	const size_t n = strlen(path);

	return strcmp(path, "-") == 0 ||
	       (n > 7 && strcmp(path + n - 7, ".ndjson") == 0);
}

/* ---- the command --------------------------------------------------------- */

int cli_validate(struct arena *boot, const struct config *c)
{
	struct file_list files = {.arena = boot};
	struct run r = {.config = c};
	struct err e = {.kind = ERR_NONE};

	if (c->explain_rule)
		return rule_explain(c->explain_rule);
	if (!cli_profiles(boot, c, NULL, r.profiles, &e))
		return cli_complain(EXIT_BAD_DATA, &e);
	if (!profiles_known(&r, &e))
		return cli_complain(EXIT_USAGE_ERROR, &e);
	for (size_t i = 0; i < c->operand_count; i++)
		if (!file_find(&files, c->operand[i], true, &e))
			return cli_complain(EXIT_USAGE_ERROR, &e);
	if (files.n == 0)
		fputs("mock-kanta-phr: no *.json file there\n", stderr);
	verdicts_start(&r.verdicts, boot, c);
	for (size_t i = 0; i < files.n; i++) {
		if (is_stream(files.v[i]))
			judge_stream(&r, files.v[i]);
		else
			judge_file(&r, files.v[i]);
	}
	return verdicts_end(&r.verdicts);
}
