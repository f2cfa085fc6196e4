/* SPDX-License-Identifier: Apache-2.0
 *
 * json_int: what the files of json know of one another: the node, the scanner
 * and the sorted members.
 */
#ifndef JSON_INT_H
#define JSON_INT_H

#include "json/json.h"

#include <cjson/cJSON.h>

/* One text that was parsed. */
struct json_doc {
	struct arena *arena;
	const char *text;
	uint32_t n;
	struct json_mark *marks; /* made when a position is first asked for */
};

/* A cJSON node, so that cJSON's look-ups work on it, and where it stood. A
 * number is cJSON_Raw with its text in valuestring, so that no library ever
 * gets to reformat it. In a chain of children the first one's prev is the last
 * one, as cJSON has it. */
struct json {
	cJSON node; /* must be first */
	struct json_doc *doc;
	uint32_t start, end;	       /* the value's token in the text */
	uint32_t name_start, name_end; /* the name with its quotes */
	uint32_t size;		       /* bytes of a scalar; children */
	uint32_t name_len;	       /* bytes of the decoded name */
};

_Static_assert(offsetof(struct json, node) == 0, "a node is a cJSON");

/* The one place where a node is taken for what it is part of. */
static inline const struct json *json_of(const cJSON *node)
{
	return (const struct json *)node;
}

/* ---- scanning -------------------------------------------------------- */

struct json_scan {
	struct json_doc *doc;
	const char *text, *p, *end;
	unsigned depth;
	unsigned values;
	struct err *e;
};

/* Refuses at a place in the text; returns false. */
bool json_refuse(struct json_scan *in, const char *at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Refuses at in->p: "expected <what> but found ..."; returns false. */
bool json_expected(struct json_scan *in, const char *what);

/* The string at in->p, which is at its opening quote: moves behind the closing
 * one and gives the decoded text. */
bool json_scan_string(struct json_scan *in, char **text, uint32_t *len);

/* Line and column (both from 1) of an offset, from a place that is known. */
void json_locate(const char *text, uint32_t from, uint32_t to, unsigned *line,
		 unsigned *column);

/* ---- sorted members -------------------------------------------------- */

/* Up to this many members looking at each pair is the fastest. */
#define JSON_SMALL 16

/* The members of an object ordered by name, those of the same name in document
 * order; in the arena. */
const struct json **json_sorted(struct arena *a, const struct json *object);

/* Have the two the same name? */
bool json_same_name(const struct json *x, const struct json *y);

/* The first member whose name an earlier one has, with that one; NULL if all
 * differ. */
const struct json *json_duplicate(const struct json *object,
				  const struct json **earlier);

#endif
