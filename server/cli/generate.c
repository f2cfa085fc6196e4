/* SPDX-License-Identifier: Apache-2.0
 *
 * generate: data of any national profile, for whom and how long is told.
 *
 * The data itself is generate/'s: the same arguments are the same bytes. Here
 * the arguments are read, the citizens found, and what comes is printed
 * (generate_out.c) or put into a database (generate_db.c), with a summary on
 * standard error at the end, and a line that moves while it takes (progress.c).
 *
 * Definitions are loaded only when something is judged: for mutants, and for a
 * database. A transaction Bundle goes to one FHIR base, so it has one version.
 *
 * Exit codes: contracts.md section 1; 74 when the output cannot be written.
 */
#include "cli/cli_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A run of the command. */
struct generation {
	struct arena *arena;
	const struct config *config;
	struct generate_options o;
	struct generate_citizen *citizen;
	struct profiles *profiles[FHIR_VERSIONS];
	const struct fixture *fixture;
	size_t fixture_count;
	struct generator *generator;
	struct filling *filling; /* NULL: standard output */
	struct sink sink;
	size_t done;
};

/* ---- arguments --------------------------------------------------- */

static bool combination(const struct config *c, struct err *e)
{
	if (c->db && c->invalid)
		return err_set(e, ERR_INVALID, NULL, "--invalid",
			       "mutants cannot be stored: leave --db out");
	if (c->db && strcmp(c->db, ":memory:") == 0)
		return err_set(e, ERR_INVALID, NULL, "--db",
			       "must name a file: what is in memory ends with "
			       "the command");
	if (c->db && strcmp(c->format, "ndjson") != 0)
		return err_set(e, ERR_INVALID, NULL, "--format",
			       "nothing is printed with --db");
	return c->db || !c->client ||
	       err_set(e, ERR_INVALID, NULL, "--client",
		       "only what is stored with --db has an application");
}

static bool arguments(struct generation *g, struct err *e)
{
	const struct config *c = g->config;
	struct clock clock;
	uint64_t days;

	if (!combination(c, e) ||
	    !cli_whole("--seed", c->seed, 1, 0, UINT64_MAX, &g->o.seed, e) ||
	    !cli_whole("--days", c->days, 30, 1, GENERATE_DAYS, &days, e) ||
	    !clock_parse(&clock, c->clock, e) ||
	    !citizens_read(g->arena, c, g->fixture, g->fixture_count, g->o.seed,
			   &g->citizen, &g->o.citizen_count, e))
		return false;
	g->o.days = (unsigned)days;
	g->o.until_ms = clock_now_ms(&clock);
	g->o.citizen = g->citizen;
	if (text_is(c->invalid, "list"))
		g->o.citizen_count = 1; /* others would be the same again */
	g->o.profile = c->profile;
	g->o.profile_count = c->profile_count;
	g->o.invalid = c->invalid;
	g->o.fhir[FHIR_STU3] = !text_is(c->fhir, "r4");
	g->o.fhir[FHIR_R4] = !text_is(c->fhir, "stu3");
	return true;
}

/* ---- opening ------------------------------------------------------------ */

/* A Bundle is of one version: the only one that there is something of. */
static struct generator *open_one(struct generation *g, struct err *e)
{
	struct generator *found = NULL, *one;
	struct generate_options *o;
	struct err why[FHIR_VERSIONS] = {{.kind = ERR_NONE}};

	for (int v = 0; v < FHIR_VERSIONS; v++) {
		o = arena_alloc(g->arena, sizeof(*o));
		*o = g->o;
		o->fhir[1 - v] = false;
		one = generate_open(g->arena, o, &why[v]);
		if (one && found) {
			(void)err_set(e, ERR_INVALID, NULL, "--format",
				      "a Bundle is of one FHIR version: choose "
				      "--fhir stu3 or --fhir r4");
			return NULL;
		}
		found = one ? one : found;
	}
	if (!found)
		*e = why[FHIR_R4];
	return found;
}

static bool open_generator(struct generation *g, struct err *e)
{
	for (int v = 0; v < FHIR_VERSIONS; v++)
		g->o.judge[v] = g->profiles[v];
	if (strcmp(g->config->format, "bundle") == 0 && !g->config->fhir)
		g->generator = open_one(g, e);
	else
		g->generator = generate_open(g->arena, &g->o, e);
	return g->generator != NULL;
}

/* What the generator refuses is an option here. */
static int misused(const struct err *e)
{
	static const struct {
		const char *where, *option;
	} names[] = {{"profile", "--profile"},
		     {"invalid", "--invalid"},
		     {"days", "--days"}};
	struct err told = *e;

	for (size_t i = 0; i < LEN(names); i++)
		if (strcmp(e->where, names[i].where) == 0)
			(void)err_set(&told, e->kind, e->code, names[i].option,
				      "%s", e->text);
	return cli_complain(EXIT_USAGE_ERROR, &told);
}

/* -1 to go on, else the exit code. */
static int open_all(struct generation *g)
{
	const struct config *c = g->config;
	struct err e = {.kind = ERR_NONE};
	int code = -1;

	if (!cli_fixtures(g->arena, c, &g->fixture, &g->fixture_count, &e))
		return cli_complain(EXIT_BAD_DATA, &e);
	if (!arguments(g, &e))
		return cli_complain(EXIT_USAGE_ERROR, &e);
	if ((c->db || c->invalid) &&
	    !cli_profiles(g->arena, c, NULL, g->profiles, &e))
		return cli_complain(EXIT_BAD_DATA, &e);
	/* before a file is made for nothing */
	if (!open_generator(g, &e))
		return misused(&e);
	if (!c->db) {
		sink_start(&g->sink, g->arena,
			   text_is(c->invalid, "list") ? "list" : c->format);
		return -1;
	}
	code = filling_open(g->arena, c, g->profiles, g->fixture,
			    g->fixture_count, &g->filling);
	return code < 0 ? filling_citizens(g->filling, g->citizen,
					   g->o.citizen_count)
			: code;
}

/* ---- running ------------------------------------------------------------ */

static int unwritten(const struct generation *g)
{
	if (g->sink.error != EPIPE) /* whoever reads has seen enough */
		fprintf(stderr, "mock-kanta-phr: cannot write: %s\n",
			strerror(g->sink.error));
	return EXIT_STORAGE;
}

static int add(struct generation *g, const struct generated *one)
{
	if (g->filling)
		return filling_add(g->filling, one);
	return sink_add(&g->sink, one) ? -1 : unwritten(g);
}

static int end(struct generation *g)
{
	if (g->filling)
		return filling_end(g->filling);
	return sink_end(&g->sink) ? -1 : unwritten(g);
}

static int make_all(struct generation *g)
{
	const bool shown = isatty(2) && (g->filling || !isatty(1));
	struct progress progress;
	struct generated one;
	int code = -1;

	progress_start(&progress, shown,
		       shown ? generate_count(g->generator) : 0);
	while (code < 0 && generate_next(g->generator, &one)) {
		code = add(g, &one);
		g->done++;
		progress_step(&progress);
	}
	progress_end(&progress);
	return code < 0 ? end(g) : code;
}

static void summary(const struct generation *g, int64_t started_us)
{
	const double s = (double)(clock_steady_us() - started_us) / 1e6;
	const size_t n = g->filling ? filling_stored(g->filling) : g->done;
	const size_t people = g->o.citizen_count;

	fprintf(stderr,
		"mock-kanta-phr: %zu %s of %zu citizen%s, %u day%s, %.2f s "
		"(%.0f/s)%s%s\n",
		n, g->o.invalid ? "mutants" : "resources", people,
		people == 1 ? "" : "s", g->o.days, g->o.days == 1 ? "" : "s", s,
		(double)n / (s > 0 ? s : 1), g->filling ? ", into " : "",
		g->filling ? g->config->db : "");
}

int cli_generate(struct arena *boot, const struct config *c)
{
	struct generation g = {.arena = boot, .config = c};
	int64_t started_us;
	int code = open_all(&g);

	started_us = clock_steady_us();
	if (code < 0)
		code = make_all(&g);
	if (code < 0)
		summary(&g, started_us);
	filling_close(g.filling);
	return code < 0 ? EXIT_DONE : code;
}
