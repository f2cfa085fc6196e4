/* SPDX-License-Identifier: Apache-2.0
 *
 * json: the only view of JSON. Strict in, exact out.
 *
 * A scanner of our own checks RFC 8259 to the letter (UTF-8, depth, duplicate
 * members, \u0000, trailing text) and builds a tree of cJSON nodes in an
 * arena; each node also keeps the bytes it was read from. What is written back
 * is those bytes, so 72.50 stays 72.50. Nothing of a tree is ever changed or
 * freed by itself: it ends with its arena, and the text must live as long.
 */
#ifndef JSON_H
#define JSON_H

#include "base/base.h"

#define JSON_MAX_DEPTH	128
#define JSON_MAX_VALUES (1u << 20) /* in one text; some 110 MB of tree */

struct json; /* one value; const once parsed */

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* Reads one JSON text of n bytes (no NUL needed at the end). A byte order mark
 * is refused. NULL with e set to ERR_INVALID, line and column (both from 1,
 * columns count characters) and where = "line L, column C" when the text is
 * not JSON. */
const struct json *json_parse(struct arena *a, const char *text, size_t n,
			      struct err *e);

enum json_kind json_kind(const struct json *v);

/* The decoded text of a string (UTF-8, never holds a NUL), the literal text of
 * a number as it was written, or "true"/"false"/"null". NULL for containers.
 * json_len gives its length in bytes. */
const char *json_text(const struct json *v);
size_t json_len(const struct json *v);

/* The name of a member; NULL for array items and for the root. */
const char *json_name(const struct json *v);

/* Walking: children in document order. json_first of anything but a non-empty
 * container is NULL. */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *v);
size_t json_count(const struct json *v);

/* A member by its name (case-sensitive); NULL when v is NULL, no object, or has
 * none. So look-ups chain: json_get(json_get(r, "meta"), "profile"). */
const struct json *json_get(const struct json *v, const char *name);

/* The text of a member that is a string; NULL otherwise. */
const char *json_get_text(const struct json *v, const char *name);

/* The value that a JSON Pointer (RFC 6901) leads to from v; NULL when it leads
 * nowhere, or is none. */
const struct json *json_pointer(const struct json *v, const char *pointer);
/* Is it one, by its form? */
bool json_pointer_ok(const char *pointer);
/* The pointer to a member of what where leads to, in the arena. */
const char *json_pointer_step(struct arena *a, const char *where,
			      const char *name);
/* A step of n bytes as the number of an item; false: it is none. */
bool json_pointer_index(const char *step, size_t n, size_t *out);

/* The whole document with a patch (RFC 6902: a list of operations) applied to
 * it, in the arena: json_source() is its text. NULL: it cannot be, and e (code
 * "json_patch") says which operation and why. */
const struct json *json_patch(struct arena *a, const struct json *doc,
			      const struct json *patch, struct err *e);
/* Is it one, by its form? False: e. */
bool json_patch_ok(const struct json *patch, struct err *e);

/* The bytes that the value was read from, strings with their quotes. They are
 * part of the text that was parsed: places of values in one text compare. */
const char *json_source(const struct json *v, size_t *n);

/* Where the value begins in the text that was parsed. */
void json_position(const struct json *v, unsigned *line, unsigned *column);

/* Same value? Objects without regard to order, numbers by their text. */
bool json_equal(const struct json *x, const struct json *y);

/* ---- writing --------------------------------------------------------- */

/* A string with its quotes, escaped as RFC 8259 demands and no more. */
void json_quote(struct buf *b, const char *s, size_t n);

/* Appends the value with its own tokens, without white space between them;
 * pretty: indented by two spaces, one member a line. */
void json_write(struct buf *b, const struct json *v, bool pretty);

/* A writer that puts the commas. Names are NULL inside arrays and for the root.
 *	struct jw w = { .b = &b };
 *	jw_open(&w, NULL, '{'); jw_str(&w, "a", "x"); jw_close(&w);
 * A NULL string writes nothing at all, so optional members need no branch.
 * jw_close asserts that something is open; depth is limited to 64. */
struct jw {
	struct buf *b;
	unsigned depth;
	bool some[64]; /* has something been written at this depth? */
	char kind[64];
};
void jw_open(struct jw *w, const char *name, char brace);
void jw_close(struct jw *w);
void jw_str(struct jw *w, const char *name, const char *value);
void jw_int(struct jw *w, const char *name, int64_t value);
void jw_bool(struct jw *w, const char *name, bool value);
void jw_null(struct jw *w, const char *name);
/* Words with spaces between them as an array. */
void jw_words(struct jw *w, const char *name, const char *words);
void jw_value(struct jw *w, const char *name, const struct json *value);
/* Text that is JSON already. */
void jw_raw(struct jw *w, const char *name, const char *text, size_t n);

#endif
