/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of fhirpath: the input is an expression, evaluated on a small
 * Patient and a small Observation, with the definitions of R4 and without any;
 * what follows a NUL byte is a resource of the input's own.
 *
 * An error has a place in the text and can be explained. A result is JSON when
 * it is written. The truth of the expression, found by its shortcuts, is that
 * of its collection. And all of it is the same when it is done again, with a
 * compiled expression that has met other types in between.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with
 * profile and the layers below it; runs from the repository's root.
 */
#include "fuzz_profile.h"

#include "fhirpath/fhirpath.h"

#define STEPS 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const resources[] = {
    "{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true,"
    "\"birthDate\":\"1974-12-25\",\"_birthDate\":{\"extension\":[{\"url\":"
    "\"u\",\"valueDateTime\":\"1974-12-25T14:35:45+02:00\"}]},"
    "\"multipleBirthInteger\":2,\"name\":[{\"use\":\"official\",\"given\":"
    "[\"Peter\",null],\"_given\":[null,{\"id\":\"g\"}],\"family\":\"C\"},"
    "{\"given\":[\"Jim\"]}],\"contained\":[{\"resourceType\":"
    "\"Organization\",\"id\":\"o\"}],\"managingOrganization\":{"
    "\"reference\":\"#o\"}}",
    "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{"
    "\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]},"
    "\"valueQuantity\":{\"value\":72.50,\"unit\":\"kg\",\"system\":"
    "\"http://unitsofmeasure.org\",\"code\":\"kg\"},\"effectivePeriod\":{"
    "\"start\":\"2019-01\",\"end\":\"2019-01-05\"}}",
};

static const struct profiles *the_profiles(void)
{
	static struct profiles *p;
	struct arena *a;
	struct err e = {.kind = ERR_NONE};
	const char *image;
	size_t n;

	if (p)
		return p;
	a = arena_new(0); /* lives as long as the program */
	image = file_read(a, "build/image/r4.img", &n);
	p = profile_open(a, FHIR_R4, image, n, &e);
	assert(p);
	assert(profile_compile(p, &e));
	return p;
}

static void check_error(struct arena *a, const char *text, const struct err *e,
			enum err_kind kind)
{
	struct buf b;

	assert(e->kind == kind && e->line > 0 && e->column > 0 && *e->text);
	assert(e->line + e->column <= strlen(text) + 3);
	buf_init(&b, a);
	fp_explain(&b, text, e);
	assert(strstr(b.p, "^\n"));
}

/* The truth that a collection has for an invariant. */
static int truth_of(const struct fp_list *l)
{
	const struct fp_item *x = l->v;

	if (l->n != 1)
		return l->n > 1;
	if (x->kind == FP_BOOLEAN)
		return x->u.boolean;
	return !(x->kind == FP_NODE && x->u.node.value &&
		 json_kind(x->u.node.value) == JSON_FALSE);
}

static bool out_of_steps(const struct err *e)
{
	return strstr(e->text, "too many steps") != NULL;
}

/* What an evaluation gave, as text; "" after an error. */
static const char *evaluate(const struct fp_expr *x, struct fp_env *env,
			    const char *text)
{
	struct err e = {.kind = ERR_NONE}, f = {.kind = ERR_NONE};
	struct buf b;
	struct jw w = {.b = &b};
	struct fp_list l;
	const bool ok = fp_eval(x, env, &env->resource, &l, &e);
	const int holds = fp_holds(x, env, &env->resource, &f);

	if (!ok)
		check_error(env->arena, text, &e, ERR_UNPROCESSABLE);
	if (holds < 0)
		check_error(env->arena, text, &f, ERR_UNPROCESSABLE);
	if (out_of_steps(&e) || out_of_steps(&f))
		return "";
	assert(holds == (ok ? truth_of(&l) : -1));
	if (!ok)
		return "";
	buf_init(&b, env->arena);
	fp_write(&w, env, &l, true);
	(void)parse_text(env->arena, b.p, b.len);
	return b.p;
}

static void check(struct arena *a, const char *text, const struct fp_expr *x,
		  const struct json *const *r, size_t n)
{
	const struct fp_model model = profile_model(the_profiles());
	const char *first[8];

	for (size_t i = 0; i < 4 * n; i++) {
		struct buf trace;
		struct fp_env env = {.arena = a,
				     .steps = STEPS,
				     .model = i % 2 ? &model : NULL,
				     .flags = i % 2 ? FP_STRICT : 0,
				     .now_ms = 1700000000000,
				     .trace = &trace};
		const size_t k = i % (2 * n);
		const char *got;

		buf_init(&trace, a);
		env.resource = env.root = fp_resource(&env, r[k / 2]);
		got = evaluate(x, &env, text);
		if (i < 2 * n)
			first[k] = got;
		else
			assert(strcmp(first[k], got) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 10);
	struct err e = {.kind = ERR_NONE};
	const char *text = arena_strndup(a, (const char *)data, size);
	const size_t n = strlen(text);
	const struct json *r[3] = {NULL};
	const struct fp_expr *x = fp_compile(a, text, &e);

	if (!x)
		check_error(a, text, &e, ERR_INVALID);
	for (size_t i = 0; i < LEN(resources); i++)
		r[i] = parse_text(a, resources[i], strlen(resources[i]));
	if (n < size)
		r[2] = json_parse(a, text + n + 1, size - n - 1, &e);
	if (x)
		check(a, text, x, r, r[2] ? 3 : 2);
	arena_free(a);
	return 0;
}
