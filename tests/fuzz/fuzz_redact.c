/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of what the journal takes out of texts.
 *
 * A secret is put under one of its names into a form, a JSON document, a string
 * within one or a header, between two texts that can be anything: it never
 * comes out again. Of any bytes at all nothing is read beyond the end, and what
 * comes out is bounded by what went in. Profiles are looked for in the same
 * bytes.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with the
 * files of admin and what they stand on.
 */
#include "admin/admin_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "s3cr3t-Zq-0815"

static const char *const names[] = {
    "access_token", "refresh_token", "id_token", "registration_access_token",
    "client_secret", "code_verifier", "client_assertion", "id_token_hint",
    /* not of FHIR */
    "code", "token", "password", "Authorization"};
#define OF_FHIR 8

/* What nobody can tell apart from a text: no NUL. */
static const char *text(struct arena *a, const uint8_t *data, size_t n)
{
	char *s = arena_strndup(a, (const char *)data, n);

	for (size_t i = 0; i < n; i++)
		if (s[i] == '\0')
			s[i] = ' ';
	return s;
}

/* The name with its first underscore, or its first letter, in disguise. */
static const char *disguised(struct arena *a, const char *name, unsigned how)
{
	const size_t at = strcspn(name, "_");

	if (how == 1 && name[at] == '_')
		return arena_printf(a, "%.*s\\u005f%s", (int)at, name,
				    name + at + 1);
	if (how == 2 && name[at] == '_')
		return arena_printf(a, "%.*s%%5F%s", (int)at, name,
				    name + at + 1);
	if (how == 3)
		return arena_printf(a, "\\u00%02x%s", (unsigned)*name,
				    name + 1);
	return name;
}

static void check(struct arena *a, const char *s, size_t n, bool form,
		  bool fhir)
{
	size_t len = n;
	const char *out = (form ? redact_form : redact)(a, s, &len, fhir);

	assert(len <= 3 * n + 64);
	assert(memmem(out, len, SECRET, strlen(SECRET)) == NULL);
}

static void check_json(struct arena *a, const char *name, const char *before,
		       const char *behind, bool fhir)
{
	struct buf b, outer;

	buf_init(&b, a);
	buf_puts(&b, "{\"a\":");
	json_quote(&b, before, strlen(before));
	buf_printf(&b, ",\"%s\":\"" SECRET "\",\"b\":", name);
	json_quote(&b, behind, strlen(behind));
	buf_putc(&b, '}');
	check(a, b.p, b.len, false, fhir);
	if (strchr(name, '\\') != NULL || strstr(before, SECRET) != NULL)
		return;
	/* JSON within JSON: nothing of ours before it, as where a string ends
	 * in there is a matter of how it begins */
	buf_init(&b, a);
	buf_printf(&b, "{\"%s\":\"" SECRET "\"}", name);
	buf_init(&outer, a);
	buf_puts(&outer, "{\"body\":");
	json_quote(&outer, b.p, b.len);
	buf_putc(&outer, '}');
	check(a, outer.p, outer.len, false, fhir);
}

static void check_form(struct arena *a, const char *name, const char *before,
		       const char *behind, bool fhir)
{
	const char *s =
	    arena_cat(a, before, "&", name, "=" SECRET "&", behind, NULL);
	const struct http_pair h = {
	    "Location", arena_cat(a, "https://a/?", name, "=" SECRET, NULL)};

	check(a, s, strlen(s), true, fhir);
	s = redact_header(a, &h, false);
	assert(strstr(s, SECRET) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	const char *before, *behind, *name;
	bool fhir;
	size_t n;

	if (size < 3)
		return 0;
	a = arena_new(0);
	fhir = data[0] & 1;
	name = names[data[1] % (fhir ? OF_FHIR : LEN(names))];
	n = (size - 3) * data[2] / 256;
	before = text(a, data + 3, n);
	behind = text(a, data + 3 + n, size - 3 - n);
	if (strstr(before, SECRET) == NULL && strstr(behind, SECRET) == NULL) {
		const unsigned how = data[0] >> 1 & 3;

		check_form(a, disguised(a, name, how == 2 ? 2 : 0), before,
			   behind, fhir);
		check_json(a,
			   disguised(a, name,
				     how == 1 || (how == 3 && !fhir) ? how : 0),
			   before, behind, fhir);
	}
	n = size;
	(void)redact(a, (const char *)data, &n, fhir);
	assert(n <= 3 * size + 64);
	free(profiles_named((const char *)data, size));
	arena_free(a);
	return 0;
}
