/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c: how many resources a second one core checks, from the bytes of the
 * text to the list of issues: parsing included, reading of files and printing
 * not. Time is the processor's, so that a busy machine does not count.
 *
 *	check IMAGE stu3|r4 SECONDS RESOURCE [DEFINITION...]
 *
 * IMAGE is the compiled official definitions, DEFINITIONs are overlaid on them
 * as the server does at start. Prints one JSON object: checks and bytes a
 * second, the slowest and the median of single checks in microseconds, and the
 * errors of one check (a benchmark of refusals is another one).
 */
#include "profile/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES_MAX 4096

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "check: %s: %s %s\n", what, e->where, e->text);
	exit(1);
}

static char *read_file(struct arena *a, const char *path, size_t *n)
{
	struct err e = {.text = "cannot be read"};
	FILE *f = fopen(path, "rb");
	struct buf b;
	char part[65536];
	size_t got;

	if (!f)
		die(path, &e);
	buf_init(&b, a);
	while ((got = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, got);
	fclose(f);
	*n = b.len;
	return b.p;
}

static struct profiles *open_definitions(struct arena *a, int argc, char **argv)
{
	struct err e = {.kind = ERR_NONE};
	size_t n;
	const char *image = read_file(a, argv[1], &n);
	struct profiles *p =
	    profile_open(a, strcmp(argv[2], "stu3") == 0 ? FHIR_STU3 : FHIR_R4,
			 image, n, &e);

	if (!p)
		die(argv[1], &e);
	for (int i = 5; i < argc; i++) {
		const char *text = read_file(a, argv[i], &n);
		const struct json *j = json_parse(a, text, n, &e);
		if (!j || !profile_add(p, j, argv[i], &e))
			die(argv[i], &e);
	}
	if (!profile_compile(p, &e))
		die("definitions", &e);
	return p;
}

static size_t check_once(const struct profiles *p, const char *text, size_t n)
{
	const struct profile_options o = {.required = REQUIRED_OFF,
					  .unknown_warns = true};
	struct err e = {.kind = ERR_NONE};
	struct arena *a = arena_new(0);
	const struct json *j = json_parse(a, text, n, &e);

	if (!j)
		die("resource", &e);
	const struct issues *is = profile_check(p, a, j, &o);
	size_t errors = is->errors;
	for (size_t i = 0; errors > 0 && i < is->n; i++) {
		if (is->v[i].severity <= ISSUE_ERROR)
			fprintf(stderr, "check: %s: %s\n", is->v[i].path,
				is->v[i].text);
	}
	arena_free(a);
	return errors;
}

static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int by_value(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;
	return (*a > *b) - (*a < *b);
}

int main(int argc, char **argv)
{
	static int64_t sample[SAMPLES_MAX];
	struct arena *a = arena_new((size_t)1 << 20);
	size_t n, count = 0, samples = 0;

	if (argc < 5) {
		fputs("usage: check IMAGE stu3|r4 SECONDS RESOURCE "
		      "[DEFINITION...]\n",
		      stderr);
		return 2;
	}
	struct profiles *p = open_definitions(a, argc, argv);
	const char *text = read_file(a, argv[4], &n);
	size_t errors = check_once(p, text, n);
	double seconds = strtod(argv[3], NULL);
	int64_t begin = cpu_us(), now = begin;
	while ((double)(now - begin) < seconds * 1e6 || count < 3) {
		int64_t before = now;
		check_once(p, text, n);
		now = cpu_us();
		count++;
		if (samples < SAMPLES_MAX)
			sample[samples++] = now - before;
	}
	qsort(sample, samples, sizeof(sample[0]), by_value);
	double rate = (double)count * 1e6 / (double)(now - begin);
	printf("{\"per_second\":%.0f,\"bytes_per_second\":%.0f,"
	       "\"median_us\":%lld,\"slowest_us\":%lld,\"errors\":%zu}\n",
	       rate, rate * (double)n, (long long)sample[samples / 2],
	       (long long)sample[samples - 1], errors);
	arena_free(a);
	return errors > 0;
}
