/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_search.c: the SearchParameters of a FHIR version, one record for each
 * resource type they are for, sorted by type and code. Kept for the search: the
 * check does not look at them.
 */
#include "compile_int.h"

#include <stdlib.h>
#include <string.h>

struct raw {
	const char *base;
	const char *code;
	const struct json *json;
};

static int by_base_and_code(const void *x, const void *y)
{
	const struct raw *a = x, *b = y;
	int d = strcmp(a->base, b->base);
	return d ? d : strcmp(a->code, b->code);
}

static ref join(struct build *b, const struct json *list)
{
	struct buf out;
	buf_init(&out, b->tmp);
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		if (out.len > 0)
			buf_putc(&out, ' ');
		if (json_text(v))
			buf_puts(&out, json_text(v));
	}
	return out.len > 0 ? build_text(b, out.p) : 0;
}

static size_t count(const struct build *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n_sp; i++)
		n += json_count(json_get(b->sp[i]->json, "base"));
	return n;
}

void compile_search_params(struct build *b)
{
	size_t cap = count(b), n = 0;

	if (cap == 0 || b->p->n_search > 0)
		return;
	struct raw *v = arena_alloc(b->tmp, cap * sizeof(*v));
	for (size_t i = 0; i < b->n_sp; i++) {
		const struct json *sp = b->sp[i]->json;
		const struct json *base = json_first(json_get(sp, "base"));
		const char *code = json_get_text(sp, "code");
		for (; base && code; base = json_next(base)) {
			if (json_text(base))
				v[n++] =
				    (struct raw){json_text(base), code, sp};
		}
	}
	qsort(v, n, sizeof(*v), by_base_and_code);
	ref r = heap_alloc(b->p, n * sizeof(struct search_param));
	struct search_param *out = heap_at(b->p, r);
	for (size_t i = 0; i < n; i++) {
		const struct json *sp = v[i].json;
		out[i].base = build_text(b, v[i].base);
		out[i].code = build_text(b, v[i].code);
		out[i].type = build_text(b, json_get_text(sp, "type"));
		out[i].expression =
		    build_text(b, json_get_text(sp, "expression"));
		out[i].targets = join(b, json_get(sp, "target"));
	}
	b->p->search = out;
	b->p->n_search = n;
}
