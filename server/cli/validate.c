/* SPDX-License-Identifier: Apache-2.0
 *
 * validate: the check of POST, for files.
 *
 * Every file is read, judged by the same rule engine under the same switches,
 * and reported in the order of the names: as text, one line an issue in the
 * form that editors and CI systems turn into links (file:line:column: severity
 * rule path: text), or as ndjson, one OperationOutcome a line. What is no JSON
 * or no resource is invalid too, with its position.
 *
 * The FHIR version is the one told, else that of the first profile which the
 * resource names and which is loaded, else R4.
 *
 * Limits: whether referenced resources exist is not checked; folders are
 * searched for *.json.
 *
 * contracts.md section 1, "validate".
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

/* What a run judges with, and what it found. */
struct run {
	const struct config *config;
	struct profiles *profiles[FHIR_VERSIONS];
	size_t files, invalid, errors, warnings;
};

static const char *const severity[] = {
    [ISSUE_FATAL] = "fatal",
    [ISSUE_ERROR] = "error",
    [ISSUE_WARNING] = "warning",
    [ISSUE_INFO] = "information",
};

/* ---- judging ------------------------------------------------------------- */

static bool known(const struct run *r, enum fhir_version v, const char *url)
{
	struct profile_info info;

	return url && profile_find(r->profiles[v], url, &info);
}

static enum fhir_version version_of(const struct run *r,
				    const struct json *resource)
{
	const struct json *p =
	    json_first(json_get(json_get(resource, "meta"), "profile"));

	if (r->config->fhir)
		return strcmp(r->config->fhir, "stu3") == 0 ? FHIR_STU3
							    : FHIR_R4;
	for (; p; p = json_next(p)) {
		if (known(r, FHIR_R4, json_text(p)))
			return FHIR_R4;
		if (known(r, FHIR_STU3, json_text(p)))
			return FHIR_STU3;
	}
	for (size_t i = 0; i < r->config->profile_count; i++) {
		if (known(r, FHIR_R4, r->config->profile[i]))
			return FHIR_R4;
		if (known(r, FHIR_STU3, r->config->profile[i]))
			return FHIR_STU3;
	}
	return FHIR_R4;
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

static const struct issues *judge(const struct run *r, struct arena *a,
				  const char *path)
{
	struct profile_options o = settings_rules(&r->config->settings);
	struct err e = {.kind = ERR_NONE};
	const struct json *resource;
	const char *text;
	size_t n;

	o.extra = r->config->profile;
	o.extra_count = r->config->profile_count;
	text = file_read(a, path, &n, &e);
	if (!text)
		return one_issue(a, "KPHR-FILE-0001", &e);
	resource = json_parse(a, text, n, &e);
	if (!resource)
		return one_issue(a, "KPHR-FILE-0002", &e);
	if (!json_get_text(resource, "resourceType")) {
		err_set(&e, ERR_INVALID, NULL, NULL,
			"not a FHIR resource: no resourceType");
		return one_issue(a, "KPHR-FILE-0003", &e);
	}
	return profile_check(r->profiles[version_of(r, resource)], a, resource,
			     &o);
}

/* ---- reporting ----------------------------------------------------------- */

static void print_text(const char *path, const struct issues *issues)
{
	for (size_t i = 0; i < issues->n; i++) {
		const struct issue *p = &issues->v[i];
		const bool extra = p->expected || p->hint;

		printf("%s:%u:%u: %s", path, p->line ? p->line : 1,
		       p->column ? p->column : 1, severity[p->severity]);
		printf("%s%s", p->rule ? " " : "", p->rule ? p->rule : "");
		printf("%s%s: %s", p->path ? " " : "", p->path ? p->path : "",
		       p->text);
		printf("%s%s%s%s%s%s\n", extra ? " (" : "",
		       p->expected ? "expected " : "",
		       p->expected ? p->expected : "",
		       p->expected && p->hint ? "; " : "",
		       p->hint ? p->hint : "", extra ? ")" : "");
	}
}

static void print_ndjson(struct arena *a, const struct run *r, const char *path,
			 const struct issues *issues)
{
	const struct settings *s = &r->config->settings;
	struct buf outcome, line;
	struct jw w = {.b = &line};

	buf_init(&outcome, a);
	buf_init(&line, a);
	fhir_outcome(&outcome, issues, s->errors, s->oo_narrative);
	jw_open(&w, NULL, '{');
	jw_str(&w, "file", path);
	jw_bool(&w, "valid", issues->errors == 0);
	jw_raw(&w, "outcome", outcome.p, outcome.len);
	jw_close(&w);
	puts(line.p);
}

static void count(struct run *r, const struct issues *issues)
{
	r->files++;
	r->invalid += issues->errors > 0;
	r->errors += issues->errors;
	for (size_t i = 0; i < issues->n; i++)
		r->warnings += issues->v[i].severity == ISSUE_WARNING;
}

static void check_file(struct run *r, const char *path)
{
	struct arena *a = arena_new(0);
	const char *name = strcmp(path, "-") == 0 ? "<stdin>" : path;
	const struct issues *issues = judge(r, a, path);

	count(r, issues);
	if (strcmp(r->config->format, "ndjson") == 0)
		print_ndjson(a, r, name, issues);
	else
		print_text(name, issues);
	arena_free(a);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int finish(const struct run *r)
{
	if (strcmp(r->config->format, "text") == 0)
		printf("%zu file%s: %zu valid, %zu invalid; %zu error%s, "
		       "%zu warning%s\n",
		       r->files, plural(r->files), r->files - r->invalid,
		       r->invalid, r->errors, plural(r->errors), r->warnings,
		       plural(r->warnings));
	return r->invalid > 0 ? EXIT_FAILED : EXIT_DONE;
}

int cli_validate(struct arena *boot, const struct config *c)
{
	struct file_list files = {.arena = boot};
	struct run r = {.config = c};
	struct err e = {.kind = ERR_NONE};

	if (!cli_profiles(boot, c, NULL, r.profiles, &e))
		return cli_complain(EXIT_BAD_DATA, &e);
	for (size_t i = 0; i < c->operand_count; i++)
		if (!file_find(&files, c->operand[i], true, &e))
			return cli_complain(EXIT_USAGE_ERROR, &e);
	for (size_t i = 0; i < files.n; i++)
		check_file(&r, files.v[i]);
	if (files.n == 0)
		fputs("mock-kanta-phr: no *.json file there\n", stderr);
	return finish(&r);
}
