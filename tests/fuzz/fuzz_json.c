/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of json: no bytes do harm, and what is taken comes through.
 *
 * Of each text that is taken: written compactly it reads as an equal tree and
 * is then written as the same bytes; written prettily it reads as an equal tree
 * as well; each string, quoted anew, reads as the same text; and every position
 * lies within the text.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with the
 * files of json and base.
 */
#include "json/json.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf written(struct arena *a, const struct json *v, bool pretty)
{
	struct buf b;

	buf_init(&b, a);
	json_write(&b, v, pretty);
	return b;
}

static const struct json *parse(struct arena *a, const struct buf *b)
{
	struct err e;
	const struct json *v = json_parse(a, b->p, b->len, &e);

	assert(v);
	return v;
}

static void check_text(struct arena *a, const char *text, size_t n)
{
	const struct json *again;
	struct buf b;

	buf_init(&b, a);
	json_quote(&b, text, n);
	again = parse(a, &b);
	assert(json_kind(again) == JSON_STRING && json_len(again) == n);
	assert(memcmp(json_text(again), text, n) == 0);
}

static void check_value(struct arena *a, const struct json *v, size_t size)
{
	unsigned line = 0, column = 0;
	size_t children = 0;

	json_position(v, &line, &column);
	assert(line >= 1 && column >= 1 && line + column <= size + 1);
	if (json_name(v))
		check_text(a, json_name(v), strlen(json_name(v)));
	if (json_kind(v) == JSON_STRING)
		check_text(a, json_text(v), json_len(v));
	for (const struct json *c = json_first(v); c; c = json_next(c)) {
		check_value(a, c, size);
		children++;
	}
	assert(children == json_count(v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, (const char *)data, size, &e);

	if (v) {
		struct buf compact = written(a, v, false);
		struct buf pretty = written(a, v, true);
		const struct json *again = parse(a, &compact);
		struct buf twice = written(a, again, false);

		assert(json_equal(v, again));
		assert(json_equal(v, parse(a, &pretty)));
		assert(twice.len == compact.len &&
		       memcmp(twice.p, compact.p, twice.len) == 0);
		check_value(a, v, size);
	} else {
		assert(e.kind == ERR_INVALID && *e.where && *e.text);
	}
	arena_free(a);
	return 0;
}
