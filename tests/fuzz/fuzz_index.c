/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of the index: the input is a resource of any type that is served,
 * in whatever form.
 *
 * What is no resource of ours is passed over. Of the others the rows are sound:
 * bounded, each with a parameter and a value, spans that do not end before they
 * begin; and what FHIRPath alone finds is bounded by the same. Text that is
 * folded stays as it is when it is folded again, and never grows.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with record
 * and the layers below it.
 */
#include "fuzz_profile.h"

#include "record/index_int.h"

#define HOST "http://h/phr-resourceserver/baseR4"

static struct record *world(void)
{
	static struct record r;
	static const char *const image[FHIR_VERSIONS] = {
	    [FHIR_STU3] = "build/image/stu3.img",
	    [FHIR_R4] = "build/image/r4.img",
	};
	struct arena *a;

	if (r.profiles[FHIR_R4])
		return &r;
	a = arena_new(1 << 20);
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		struct err e = {.kind = ERR_NONE};
		size_t n;
		const char *text = file_read(a, image[v], &n);

		r.profiles[v] =
		    profile_open(a, (enum fhir_version)v, text, n, &e);
		assert(r.profiles[v]);
	}
	return &r;
}

static void check_text(struct arena *a, const char *text)
{
	const char *folded = record_fold(a, text);

	assert(strlen(folded) <= strlen(text));
	assert(strcmp(record_fold(a, folded), folded) == 0);
}

static void check_rows(struct arena *a, const struct store_index_row *row,
		       size_t n)
{
	assert(n <= ROWS_MAX);
	for (; n > 0; n--, row++) {
		assert(row->param && row->value && row->system);
		assert(row->kind != INDEX_DATE || row->lo_ms <= row->hi_ms ||
		       row->period);
		assert(row->kind != INDEX_NUMBER || row->lo == row->lo);
		assert(row->kind != INDEX_NUMBER || row->hi == row->hi);
		if (row->text)
			check_text(a, row->text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record *r = world();
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, (const char *)data, size, &e);
	const char *name = v ? json_get_text(v, "resourceType") : NULL;

	for (int f = 0; name && f < FHIR_VERSIONS; f++) {
		const enum fhir_version fhir = (enum fhir_version)f;
		const struct record_type *t = record_type_find(fhir, name);
		size_t n;

		if (!t)
			continue;
		check_rows(a, record_index(r, a, fhir, t, v, HOST, &n), n);
		check_rows(
		    a, record_index_by_engine(r, a, fhir, t, v, HOST, &n), n);
	}
	arena_free(a);
	return 0;
}
