/* SPDX-License-Identifier: Apache-2.0
 *
 * fhirpath: an expression, evaluated on a resource or on nothing.
 *
 * The result is a JSON array of items with their types. With --batch each line
 * of standard input is a question of its own, {"expression", "input"}, and gets
 * a line for an answer, so that a suite of a thousand tests is one process. A
 * question may also have "strict": true (paths that the types do not have are
 * errors) and "ordered": true (order-dependent functions of collections without
 * order are).
 *
 * Types are those of the definitions that --fhir names (R4 unless told), or of
 * JSON alone with --fhir none. resolve(), memberOf(), conformsTo() and the like
 * ask the rule engine; trace() speaks on stderr.
 *
 * contracts.md section 1, "fhirpath".
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What all questions of a run are asked of. */
struct run {
	const struct profiles *profiles; /* NULL: no types */
	int64_t now_ms;
};

struct question {
	const char *expression;
	const struct json *input; /* NULL: nothing */
	unsigned flags;
};

/* ---- one question -------------------------------------------------------- */

/* Writes the result into out; false with e set: line and column are of the
 * expression. */
static bool answer(const struct run *r, struct arena *a,
		   const struct question *q, struct buf *out, struct err *e)
{
	struct fp_env env = {
	    .arena = a, .now_ms = r->now_ms, .flags = q->flags};
	const struct fp_expr *x = fp_compile(a, q->expression, e);
	struct jw w = {.b = out};
	struct fp_list list;
	struct buf said;
	bool ok;

	if (!x)
		return false;
	buf_init(&said, a);
	env.trace = &said;
	if (r->profiles)
		profile_fhirpath(r->profiles, a, q->input, &env);
	else if (q->input)
		env.resource = env.root = fp_resource(&env, q->input);
	ok = fp_eval(x, &env, q->input ? &env.resource : NULL, &list, e);
	fputs(said.p, stderr);
	if (ok)
		fp_write(&w, &env, &list, true);
	return ok;
}

/* ---- many ---------------------------------------------------------------- */

static bool flag(const struct json *line, const char *name)
{
	const struct json *v = json_get(line, name);

	return v && json_kind(v) == JSON_TRUE;
}

static bool read_question(const struct json *line, struct question *q,
			  struct err *e)
{
	const struct json *input = json_get(line, "input");

	*q = (struct question){
	    .expression = json_get_text(line, "expression"),
	    .input = input && json_kind(input) != JSON_NULL ? input : NULL};
	if (!q->expression)
		return err_set(e, ERR_INVALID, NULL, NULL,
			       "a line is {\"expression\":\"...\","
			       "\"input\":{...}}");
	if (flag(line, "strict"))
		q->flags |= FP_STRICT;
	if (flag(line, "ordered"))
		q->flags |= FP_ORDERED;
	return true;
}

static void answer_line(const struct run *r, const char *line, size_t n)
{
	struct arena *a = arena_new((size_t)64 << 10);
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, line, n, &e);
	struct buf result, out;
	struct jw w = {.b = &out};
	struct question q;
	bool ok;

	buf_init(&result, a);
	buf_init(&out, a);
	ok = v && read_question(v, &q, &e) && answer(r, a, &q, &result, &e);
	jw_open(&w, NULL, '{');
	if (ok)
		jw_raw(&w, "result", result.p, result.len);
	else if (v && e.line > 0)
		jw_str(&w, "error",
		       arena_printf(a, "line %u, column %u: %s", e.line,
				    e.column, e.text));
	else
		jw_str(&w, "error", e.text);
	jw_close(&w);
	puts(out.p);
	arena_free(a);
}

static int answer_lines(const struct run *r)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) >= 0) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		if (n > 0)
			answer_line(r, line, (size_t)n);
	}
	free(line);
	return EXIT_DONE;
}

/* ---- the command --------------------------------------------------------- */

static int answer_one(const struct run *r, struct arena *boot,
		      const struct config *c)
{
	struct question q = {.expression = c->operand[0]};
	struct err e = {.kind = ERR_NONE};
	struct buf out;

	if (c->operand_count > 1) {
		q.input = file_json(boot, c->operand[1], &e);
		if (!q.input)
			return cli_complain(EXIT_BAD_DATA, &e);
	}
	buf_init(&out, boot);
	if (answer(r, boot, &q, &out, &e)) {
		puts(out.p);
		return EXIT_DONE;
	}
	fp_explain(&out, q.expression, &e);
	fputs(out.p, stderr);
	return EXIT_BAD_DATA;
}

int cli_fhirpath(struct arena *boot, const struct config *c)
{
	const char *fhir = c->fhir ? c->fhir : "r4";
	struct clock clock;
	struct run r = {.profiles = NULL};
	struct profiles *p[FHIR_VERSIONS];
	struct err e = {.kind = ERR_NONE};

	if (!clock_parse(&clock, c->clock, &e))
		return cli_complain(EXIT_CONFIGURATION, &e);
	r.now_ms = clock_now_ms(&clock);
	if (strcmp(fhir, "none") != 0) {
		if (!cli_profiles(boot, c, NULL, p, &e))
			return cli_complain(EXIT_BAD_DATA, &e);
		r.profiles = p[strcmp(fhir, "stu3") == 0 ? FHIR_STU3 : FHIR_R4];
	}
	return c->batch ? answer_lines(&r) : answer_one(&r, boot, c);
}
