/* SPDX-License-Identifier: Apache-2.0
 *
 * scope: the words of a scope (RFC 6749 3.3) and what they allow.
 *
 * A scope is a text of words with spaces between, as clients send and get it,
 * and is looked at in place: whether it allows what is asked for is found out
 * with every request. Words are compared whole. patient/<Type>.read and .write
 * are separate (SMART, first version). An asterisk stands for every type, a
 * word that the service does not know; by the switch scope_wildcards it is
 * offered, and so is openid by its own. The switches decide what applications
 * may register for; what a citizen granted counts as it was granted.
 *
 * Facts: oauth.md 8; kanta.md 3.1.
 */
#include "record/record_int.h"

#include <string.h>

static const char patient[] = "patient/";
#define PATIENT (sizeof patient - 1)

bool scope_each(struct arena *a, const char *text,
		bool (*f)(const char *word, void *ctx), void *ctx)
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t n = strcspn(text, " ");

		if (!f(arena_strndup(a, text, n), ctx))
			return false;
		text += n;
	}
	return true;
}

static bool has(const char *scope, const char *word, size_t wanted)
{
	while (*(scope += strspn(scope, " ")) != '\0') {
		size_t n = strcspn(scope, " ");

		if (n == wanted && memcmp(scope, word, n) == 0)
			return true;
		scope += n;
	}
	return false;
}

bool scope_has(const char *scope, const char *word)
{
	return has(scope, word, strlen(word));
}

/* Is it the type's word? It is as long. */
static bool is_word(const char *word, const char *type, size_t n,
		    const char *end, size_t tail)
{
	return memcmp(word + PATIENT, type, n) == 0 &&
	       memcmp(word, patient, PATIENT) == 0 &&
	       memcmp(word + PATIENT + n, end, tail) == 0;
}

/* type: n characters; end: ".read" or ".write". With every request: so most
 * words are told by their length alone. */
static bool allows(const char *scope, const char *type, size_t n,
		   const char *end)
{
	const size_t tail = strlen(end);
	const size_t its = PATIENT + n + tail, any = PATIENT + 1 + tail;

	while (*(scope += strspn(scope, " ")) != '\0') {
		size_t len = strcspn(scope, " ");

		if (len == its && is_word(scope, type, n, end, tail))
			return true;
		if (len == any && is_word(scope, "*", 1, end, tail))
			return true;
		scope += len;
	}
	return false;
}

bool scope_allows(const char *scope, const char *type, bool write)
{
	return allows(scope, type, strlen(type), write ? ".write" : ".read");
}

bool scope_covers(const char *scope, const char *word, size_t n)
{
	static const char *const ends[] = {".read", ".write"};

	if (has(scope, word, n))
		return true;
	if (n < PATIENT || memcmp(word, patient, PATIENT) != 0)
		return false;
	for (size_t i = 0; i < LEN(ends); i++) {
		size_t tail = strlen(ends[i]);

		if (n > PATIENT + tail &&
		    memcmp(word + n - tail, ends[i], tail) == 0)
			return allows(scope, word + PATIENT, n - PATIENT - tail,
				      ends[i]);
	}
	return false;
}

bool scope_known(const struct settings *s, const char *word)
{
	/* What the real service offers; not all of it is served here yet. */
	static const char *const offered[] = {
	    "Observation",   "MedicationAdministration", "CarePlan",
	    "Questionnaire", "QuestionnaireResponse",	 "Patient",
	    "Consent",	     "MedicationStatement",
	};

	if (strcmp(word, "offline_access") == 0 ||
	    strcmp(word, "registration-token") == 0)
		return true;
	if (strcmp(word, "openid") == 0)
		return s->openid != 0;
	if (scope_has("patient/*.read patient/*.write", word))
		return s->scope_wildcards != 0;
	for (size_t i = 0; i < LEN(offered); i++) {
		if (scope_allows(word, offered[i], false) ||
		    scope_allows(word, offered[i], true))
			return true;
	}
	return false;
}

void scope_add(struct buf *b, const char *word, size_t n)
{
	if (has(b->p, word, n))
		return;
	if (b->len > 0)
		buf_putc(b, ' ');
	buf_add(b, word, n);
}

static bool add_once(const char *word, void *ctx)
{
	scope_add(ctx, word, strlen(word));
	return true;
}

const char *scope_words(struct arena *a, const char *text)
{
	struct buf b;

	buf_init(&b, a);
	scope_each(a, text, add_once, &b);
	return b.p;
}

/* ---- lists ------------------------------------------------------------- */

static void offer(struct buf *b, const struct record_type *t, const char *end)
{
	add_once(arena_printf(b->arena, "patient/%s.%s", t->type, end), b);
}

const char *scope_offered(struct arena *a, const struct settings *s,
			  unsigned fhir)
{
	const struct record_type *t;
	struct buf b;

	buf_init(&b, a);
	buf_puts(&b, "offline_access");
	for (int v = 0; v < FHIR_VERSIONS; v++) {
		for (size_t i = 0;
		     (t = record_type_at((enum fhir_version)v, i)) != NULL;
		     i++) {
			if ((fhir & 1u << v) == 0 || t->definition)
				continue; /* definitions need no scope */
			if (t->interactions & (IA_READ | IA_SEARCH))
				offer(&b, t, "read");
			if (t->interactions & IA_CREATE)
				offer(&b, t, "write");
		}
	}
	if (s->scope_wildcards)
		buf_puts(&b, " patient/*.read patient/*.write");
	return b.p;
}

static bool write_word(const char *word, void *ctx)
{
	jw_str(ctx, NULL, word);
	return true;
}

void scope_write(struct jw *w, const char *name, const char *words)
{
	jw_open(w, name, '[');
	scope_each(w->b->arena, words, write_word, w);
	jw_close(w);
}
