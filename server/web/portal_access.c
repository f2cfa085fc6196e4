/* SPDX-License-Identifier: Apache-2.0
 *
 * The scope of an application as checkboxes, by type of data.
 *
 * A checkbox is named scope_{word}, as on the consent page. Words that no
 * checkbox stands for (registration-token, what a newer server offers) stay
 * with the application, and all words in their order. All types are words of
 * their own, or, where the switch scope_wildcards is on, one more row.
 */
#include "web/portal_int.h"

#include <string.h>

#define ALL_TYPES "*"

/* What is ticked for a new application. */
static const char start[] = "offline_access patient/Observation.read "
			    "patient/Observation.write";

static const struct {
	const char *word, *text, *hint;
} words[] = {
    {"offline_access", SAY("Refresh tokens (offline_access)"),
     SAY("It goes on using its permissions while the citizen is away.")},
    {"openid", SAY("Identity (openid)"),
     SAY("It gets an ID token, which says by an identifier who the citizen "
	 "is.")},
};

static const char *stored_scope(const struct portal_form *f)
{
	return f->stored != NULL
		   ? text_or_empty(json_get_text(f->stored, "scope"))
		   : start;
}

static bool ticked(struct rq *rq, const struct portal_form *f, const char *word)
{
	const char *box = arena_cat(rq->arena, "scope_", word, NULL);

	return f->post != NULL ? site_field(f->post, box) != NULL
			       : scope_has(stored_scope(f), word);
}

/* The switches that hold for it. */
static struct settings switches(struct rq *rq, const struct portal_form *f)
{
	const struct record *r = portal_record(rq);

	return f->client != NULL
		   ? record_client_settings(r, rq->arena, f->client)
		   : r->settings;
}

/* Is there a checkbox for it? Words that are switched off have one only where
 * the application has them. */
static bool offered(struct rq *rq, const struct portal_form *f,
		    const char *word)
{
	return strcmp(word, "openid") != 0 || switches(rq, f).openid != 0 ||
	       scope_has(stored_scope(f), word);
}

static const char *word_of(struct rq *rq, const char *type, bool write)
{
	return arena_cat(rq->arena, "patient/", type,
			 write ? ".write" : ".read", NULL);
}

/* ---- showing --------------------------------------------------------- */

static void type_row(struct rq *rq, const struct portal_form *f,
		     const char *type, const char *name,
		     struct page_values *out)
{
	const char *r = word_of(rq, type, false), *w = word_of(rq, type, true);
	struct page_value v[] = {
	    {.name = "type", .text = type},
	    {.name = "name", .text = site_word(rq, name)},
	    {.name = "read", .text = r},
	    {.name = "read_text", .text = site_scope_text(rq, r)},
	    {.name = "reads", .text = ticked(rq, f, r) ? "1" : ""},
	    {.name = "write", .text = w},
	    {.name = "write_text", .text = site_scope_text(rq, w)},
	    {.name = "writes", .text = ticked(rq, f, w) ? "1" : ""},
	};

	*out = page_row(rq->arena, v, LEN(v));
}

/* The i-th row of types; that of all types, where it is shown, is the last. */
static const char *type_at(struct rq *rq, const struct portal_form *f, size_t i,
			   const char **name)
{
	const char *type = site_scope_type(i, name);
	const char *has = stored_scope(f);

	if (type != NULL || (i > 0 && site_scope_type(i - 1, name) == NULL))
		return type;
	*name = SAY("All data");
	return switches(rq, f).scope_wildcards != 0 ||
		       scope_allows(has, ALL_TYPES, false) ||
		       scope_allows(has, ALL_TYPES, true)
		   ? ALL_TYPES
		   : NULL;
}

size_t portal_types(struct rq *rq, const struct portal_form *f,
		    struct page_values **rows)
{
	const char *name, *type;
	size_t n = 0;

	while (type_at(rq, f, n, &name) != NULL)
		n++;
	*rows = arena_alloc(rq->arena, n * sizeof(**rows));
	for (size_t i = 0; i < n; i++) {
		type = type_at(rq, f, i, &name);
		type_row(rq, f, type, name, &(*rows)[i]);
	}
	return n;
}

size_t portal_words(struct rq *rq, const struct portal_form *f,
		    struct page_values **rows)
{
	size_t n = 0;

	*rows = arena_alloc(rq->arena, LEN(words) * sizeof(**rows));
	for (size_t i = 0; i < LEN(words); i++) {
		const char *word = words[i].word;
		struct page_value v[] = {
		    {.name = "word", .text = word},
		    {.name = "text", .text = site_word(rq, words[i].text)},
		    {.name = "hint", .text = site_word(rq, words[i].hint)},
		    {.name = "ticked", .text = ticked(rq, f, word) ? "1" : ""},
		};

		if (offered(rq, f, word))
			(*rows)[n++] = page_row(rq->arena, v, LEN(v));
	}
	return n;
}

/* ---- taking ---------------------------------------------------------- */

static void add(struct buf *b, const char *word)
{
	scope_add(b, word, strlen(word));
}

/* What there are checkboxes for, and what of that is ticked. */
static void boxes(struct rq *rq, const struct portal_form *f, struct buf *shown,
		  struct buf *on)
{
	const char *name, *type;

	for (size_t i = 0; i < LEN(words); i++)
		if (offered(rq, f, words[i].word))
			add(shown, words[i].word);
	for (size_t i = 0; (type = type_at(rq, f, i, &name)) != NULL; i++) {
		add(shown, word_of(rq, type, false));
		add(shown, word_of(rq, type, true));
	}
	for (const char *p = shown->p; *(p += strspn(p, " ")) != '\0';) {
		size_t n = strcspn(p, " ");
		const char *word = arena_strndup(rq->arena, p, n);

		if (ticked(rq, f, word))
			scope_add(on, p, n);
		p += n;
	}
}

const char *portal_scope(struct rq *rq, const struct portal_form *f)
{
	struct buf b, shown, on;
	const char *has = f->stored != NULL ? stored_scope(f) : "";
	size_t n;

	buf_init(&b, rq->arena);
	buf_init(&shown, rq->arena);
	buf_init(&on, rq->arena);
	boxes(rq, f, &shown, &on);
	for (; *(has += strspn(has, " ")) != '\0'; has += n) {
		n = strcspn(has, " ");
		const char *word = arena_strndup(rq->arena, has, n);

		if (scope_has(on.p, word) || !scope_has(shown.p, word))
			scope_add(&b, has, n);
	}
	for (has = on.p; *(has += strspn(has, " ")) != '\0'; has += n) {
		n = strcspn(has, " ");
		scope_add(&b, has, n);
	}
	return b.p;
}
