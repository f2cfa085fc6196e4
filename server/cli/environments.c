/* SPDX-License-Identifier: Apache-2.0
 *
 * The command environments: what the server is in each environment, and what
 * changes for an application that moves from one to another.
 *
 *	environments		the matrix: a row for each switch or option, a
 *				column for each environment
 *	environments A		all rows of A, with what they mean
 *	environments A B	the rows that differ, and what B means for an
 *				application that worked in A
 *
 * A name may be one of a behaviour of the authorization server (kanta, strict),
 * too: compared with an environment, it is that environment with --oauth of the
 * behaviour. An environment has the behaviour kanta where it says nothing else.
 *
 * Everything comes from the table in record/environment.c; here it is only laid
 * out, for 80 columns (the matrix needs 87) or as JSON.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

#define WIDTH	   80
#define NAME_WIDTH 23
#define CELL_WIDTH 16
#define INDENT	   4
#define USUAL	   "kanta" /* of every environment */

/* ---- what a name says of a row ----------------------------------------- */

static bool is_behaviour(const char *name)
{
	return environment_find(name) == NULL;
}

static bool row_of(const char *name, const char *row, struct preset *out)
{
	for (size_t i = 0; environment_row(name, i, out); i++)
		if (strcmp(out->name, row) == 0)
			return true;
	return false;
}

/* The row of a name, when it is set beside another one. False: neither says
 * anything of it. */
static bool beside(const char *name, const char *other, const char *row,
		   struct preset *out)
{
	if (row_of(name, row, out))
		return true;
	if (is_behaviour(name) && !is_behaviour(other))
		return row_of(other, row, out);
	return !is_behaviour(name) && row_of(USUAL, row, out);
}

/* The i-th row there is, of environments and behaviours. */
static bool any_row(size_t i, struct preset *out)
{
	const char *env = environment_name(0);
	struct preset same;
	size_t n = 0;

	for (; environment_row(env, n, out); n++)
		if (n == i)
			return true;
	i -= n;
	for (n = 0; environment_row(USUAL, n, out); n++)
		if (!row_of(env, out->name, &same) && i-- == 0)
			return true;
	return false;
}

/* Do the two differ in the row? */
static bool differ(const char *from, const char *to, const char *row,
		   struct preset *a, struct preset *b)
{
	return beside(from, to, row, a) && beside(to, from, row, b) &&
	       strcmp(a->value, b->value) != 0;
}

/* ---- as text ------------------------------------------------------------ */

/* A paragraph, broken between words. */
static void wrap(struct buf *b, size_t indent, const char *text)
{
	size_t at = 0;

	while (*text) {
		const size_t n = strcspn(text, " ");

		if (at > 0 && at + 1 + n > WIDTH) {
			buf_putc(b, '\n');
			at = 0;
		}
		if (at == 0)
			buf_printf(b, "%*s", (int)indent, "");
		at = at == 0 ? indent : at + (size_t)(at > indent);
		if (at > indent)
			buf_putc(b, ' ');
		buf_add(b, text, n);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	buf_putc(b, '\n');
}

static const char *dashes(const struct preset *p)
{
	return p->option ? "--" : "";
}

static void legend(struct buf *b)
{
	buf_puts(b, "\nWhere it is known from: [Q] official text, [S] official "
		    "text as others quote it,\n[P] a presentation of the "
		    "service's own, [C] seen in a client or in data,\n[M] "
		    "stock behaviour of the software it was built on, [I] "
		    "inference, [?] unknown.\n");
}

/* How many bytes of a cell's text stand in one line: it is broken at a space or
 * before a hyphen. */
static size_t cell_part(const char *text)
{
	size_t n = strlen(text);

	if (n < CELL_WIDTH)
		return n;
	for (n = CELL_WIDTH - 1; n > 1; n--)
		if (text[n] == ' ' || text[n] == '-')
			return n;
	return CELL_WIDTH - 1;
}

/* A line of the matrix; what does not fit in a cell goes to the next line. True
 * when there is one more. */
static bool matrix_line(struct buf *b, const char *name, const char *rest[],
			size_t n)
{
	bool more = false;

	buf_printf(b, "%-*s", NAME_WIDTH, name);
	for (size_t i = 0; i < n; i++) {
		const int part = (int)cell_part(rest[i]);

		buf_printf(b, "%-*.*s", CELL_WIDTH, part, rest[i]);
		rest[i] += part;
		rest[i] += *rest[i] == ' ';
		more |= *rest[i] != '\0';
	}
	while (b->len > 0 && b->p[b->len - 1] == ' ')
		b->len--;
	buf_putc(b, '\n');
	return more;
}

#define ENVIRONMENTS 4

static void print_matrix(struct buf *b)
{
	static const char *const more[][2] = {
	    {"production", "what each row means"},
	    {"sandbox production", "what changes between the two"},
	    {"kanta strict", "what --oauth strict changes"},
	};
	const char *rest[ENVIRONMENTS];
	struct preset p;

	buf_printf(b, "%-*s", NAME_WIDTH, "");
	for (size_t i = 0; i + 1 < ENVIRONMENTS; i++)
		buf_printf(b, "%-*s", CELL_WIDTH, environment_name(i));
	buf_printf(b, "%s\n", environment_name(ENVIRONMENTS - 1));
	for (size_t row = 0; environment_row(environment_name(0), row, &p);
	     row++) {
		const char *name =
		    arena_cat(b->arena, dashes(&p), p.name, NULL);

		for (size_t i = 0; i < ENVIRONMENTS; i++) {
			environment_row(environment_name(i), row, &p);
			rest[i] =
			    arena_printf(b->arena, "%s %s", p.value, p.mark);
		}
		while (matrix_line(b, name, rest, ENVIRONMENTS))
			name = "";
	}
	legend(b);
	buf_putc(b, '\n');
	for (size_t i = 0; i < LEN(more); i++)
		buf_printf(b, "mock-kanta-phr environments %-19s %s\n",
			   more[i][0], more[i][1]);
}

/* How the server is started as this; behind from, if that is not NULL. */
static void print_start(struct buf *b, const char *name, const char *from)
{
	struct preset p;

	if (is_behaviour(name)) {
		const bool in = from != NULL && !is_behaviour(from);

		buf_printf(b, "  mock-kanta-phr%s%s --oauth %s\n",
			   in ? " --environment " : "", in ? from : "", name);
		return;
	}
	buf_printf(b, "  mock-kanta-phr --environment %s", name);
	if (!row_of(name, "client_certificate", &p) ||
	    strcmp(p.value, "off") == 0)
		buf_putc(b, '\n');
	else
		buf_printf(b,
			   " --pki pki \\\n"
			   "    --listen https://127.0.0.1:8444 "
			   "--listen mtls://127.0.0.1:8443\n"
			   "or while you have no certificates:\n"
			   "  mock-kanta-phr --environment %s "
			   "--client-certificate off\n",
			   name);
}

static void print_one(struct buf *b, const char *name)
{
	struct preset p;

	buf_printf(b, "%s %s:\n",
		   is_behaviour(name) ? "Behaviour" : "Environment", name);
	print_start(b, name, NULL);
	for (size_t i = 0; environment_row(name, i, &p); i++) {
		buf_printf(b, "\n%s%s  %s %s\n", dashes(&p), p.name, p.value,
			   p.mark);
		wrap(b, INDENT, p.means);
	}
	legend(b);
}

static void print_two(struct buf *b, const char *from, const char *to)
{
	size_t differing = 0, same = 0;
	struct preset p, x, y;

	buf_printf(b, "From %s to %s, for an application that worked there:\n",
		   from, to);
	for (size_t i = 0; any_row(i, &p); i++) {
		if (!differ(from, to, p.name, &x, &y)) {
			same += beside(from, to, p.name, &x);
			continue;
		}
		differing++;
		buf_printf(b, "\n%s%s  %s %s -> %s %s\n", dashes(&x), x.name,
			   x.value, x.mark, y.value, y.mark);
		wrap(b, INDENT, y.means);
	}
	if (differing == 0) {
		buf_puts(b, "\nNothing differs.\n");
		return;
	}
	buf_printf(b, "\nThe other %zu rows are the same. To rehearse %s:\n",
		   same, to);
	print_start(b, to, from);
	legend(b);
}

/* ---- as JSON ------------------------------------------------------------ */

static void write_value(struct jw *w, const char *name, const struct preset *p,
			bool means)
{
	jw_open(w, name, '{');
	jw_str(w, "value", p->value);
	jw_str(w, "mark", p->mark);
	jw_str(w, "means", means ? p->means : NULL);
	jw_close(w);
}

static void write_head(struct jw *w, const struct preset *p)
{
	jw_open(w, NULL, '{');
	jw_str(w, "name", p->name);
	jw_str(w, "kind", p->option ? "option" : "switch");
}

/* The rows of columns first..last. */
static void write_columns(struct jw *w, const char *member, size_t first,
			  size_t last)
{
	struct preset p;

	jw_open(w, member, '[');
	for (size_t row = 0; environment_row(environment_name(first), row, &p);
	     row++) {
		write_head(w, &p);
		jw_open(w, "values", '{');
		for (size_t i = first; i <= last; i++) {
			environment_row(environment_name(i), row, &p);
			write_value(w, environment_name(i), &p, true);
		}
		jw_close(w);
		jw_close(w);
	}
	jw_close(w);
}

static void write_one(struct jw *w, const char *name)
{
	struct preset p;

	jw_str(w, "name", name);
	jw_open(w, "rows", '[');
	for (size_t i = 0; environment_row(name, i, &p); i++) {
		write_head(w, &p);
		jw_str(w, "value", p.value);
		jw_str(w, "mark", p.mark);
		jw_str(w, "means", p.means);
		jw_close(w);
	}
	jw_close(w);
}

static void write_two(struct jw *w, const char *from, const char *to)
{
	struct preset p, x, y;

	jw_str(w, "from", from);
	jw_str(w, "to", to);
	jw_open(w, "differences", '[');
	for (size_t i = 0; any_row(i, &p); i++) {
		if (!differ(from, to, p.name, &x, &y))
			continue;
		write_head(w, &p);
		write_value(w, "from", &x, false);
		write_value(w, "to", &y, false);
		jw_str(w, "means", y.means);
		jw_close(w);
	}
	jw_close(w);
}

/* ---- the command -------------------------------------------------------- */

static void write_json(struct buf *b, const char **name, size_t n)
{
	struct jw w = {.b = b};

	jw_open(&w, NULL, '{');
	if (n == 0) {
		write_columns(&w, "environments", 0, ENVIRONMENTS - 1);
		write_columns(&w, "behaviours", ENVIRONMENTS, ENVIRONMENTS + 1);
	} else if (n == 1) {
		write_one(&w, name[0]);
	} else {
		write_two(&w, name[0], name[1]);
	}
	jw_close(&w);
	buf_putc(b, '\n');
}

static bool is_known(struct arena *a, const char *name)
{
	struct nearest near = {.word = name};
	const char *have;
	struct buf all;

	buf_init(&all, a);
	for (size_t i = 0; (have = environment_name(i)) != NULL; i++) {
		if (strcmp(have, name) == 0)
			return true;
		nearest_try(&near, have);
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", have);
	}
	fprintf(stderr, "mock-kanta-phr: there is no environment \"%s\"", name);
	if (near.best)
		fprintf(stderr, "; did you mean %s?\n", near.best);
	else
		fprintf(stderr, "; there are %s\n", all.p);
	return false;
}

int cli_environments(struct arena *boot, const struct config *c)
{
	const size_t n = c->operand_count;
	struct buf b;

	for (size_t i = 0; i < n; i++)
		if (!is_known(boot, c->operand[i]))
			return EXIT_USAGE_ERROR;
	if (n > 2) {
		fputs("mock-kanta-phr: environments compares two at most\n",
		      stderr);
		return EXIT_USAGE_ERROR;
	}
	buf_init(&b, boot);
	if (strcmp(c->format, "json") == 0)
		write_json(&b, c->operand, n);
	else if (n == 0)
		print_matrix(&b);
	else if (n == 1)
		print_one(&b, c->operand[0]);
	else
		print_two(&b, c->operand[0], c->operand[1]);
	fputs(b.p, stdout);
	return EXIT_DONE;
}
