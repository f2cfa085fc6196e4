/* SPDX-License-Identifier: Apache-2.0
 *
 * rows: the index rows of one resource, in a row, as bytes.
 *
 * They stand with the resource (resource.rows) in full: values, systems, what a
 * token is called, how a string was written, units, and which rows belong
 * together. A search judges its candidates by them; and by them the rows of the
 * index table are found when they must go, whatever today's parameters would
 * extract.
 *
 * The index table has only a key of each, one number: a hash of a token,
 * reference or uri; the first eight bytes of a string; where a date or number
 * begins. Keys of strings, dates and numbers are in the order of their values.
 * What begins early may still end late: so dates longer than 25 hours, and
 * numbers that are no points, have a parameter number of their own ("wide"),
 * and all others are bounded at both ends by where they begin.
 *
 *	row	:= head term [part] [system] content [text]
 *	content	:= lo hi		date, number: 8 bytes each
 *		 | lo hi value		number, whose value is the unit's code
 *		 | value		all others
 *	value, text := length bytes
 *
 * Whole numbers are of seven bits a byte, the low ones first, the last byte
 * below 128. The 8 bytes have the low ones first, too.
 */
#include "store/store_int.h"

#include <assert.h>
#include <string.h>

enum head {
	KIND_BITS = 7,
	HAS_PERIOD = 8,
	HAS_TEXT = 16,
	HAS_PART = 32,
	HAS_SYSTEM = 64
};

/* ---- to bytes ------------------------------------------------------- */

static void put_number(struct buf *b, uint64_t n)
{
	for (; n >= 128; n >>= 7)
		buf_putc(b, (char)(n % 128 + 128));
	buf_putc(b, (char)n);
}

static void put_8(struct buf *b, uint64_t n)
{
	char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (char)(n >> 8 * i & 0xff);
	buf_add(b, bytes, sizeof bytes);
}

static void put_real(struct buf *b, double d)
{
	uint64_t bits;
	memcpy(&bits, &d, sizeof bits);
	put_8(b, bits);
}

static void put_text(struct buf *b, const char *text)
{
	size_t n = text == NULL ? 0 : strlen(text);
	put_number(b, n);
	buf_add(b, text == NULL ? "" : text, n);
}

/* The difference as if there were no end of numbers. */
static bool is_wide(int64_t lo_ms, int64_t hi_ms)
{
	return hi_ms > lo_ms &&
	       (uint64_t)hi_ms - (uint64_t)lo_ms > DATE_NARROW_MS;
}

static enum name_class class_of(const struct store_index_row *r)
{
	switch (r->kind) {
	case INDEX_REFERENCE: return NAME_REFERENCE;
	case INDEX_STRING: return NAME_STRING;
	case INDEX_DATE:
		return is_wide(r->lo_ms, r->hi_ms) ? NAME_DATE_WIDE : NAME_DATE;
	case INDEX_NUMBER:
		return r->lo < r->hi ? NAME_NUMBER_WIDE : NAME_NUMBER;
	default: return NAME_WORD;
	}
}

static void encode(struct store *s, struct buf *b, int64_t kind,
		   const struct store_index_row *r)
{
	int64_t term = store_name_put(s, class_of(r), kind, r->param);
	int64_t system = r->kind == INDEX_TOKEN || r->kind == INDEX_NUMBER
			     ? store_system_put(s, r->system)
			     : 0;
	int head = (int)r->kind;
	head |= r->kind == INDEX_DATE && r->period ? HAS_PERIOD : 0;
	head |= r->text != NULL ? HAS_TEXT : 0;
	head |= r->part != 0 ? HAS_PART : 0;
	head |= system != 0 ? HAS_SYSTEM : 0;
	buf_putc(b, (char)head);
	put_number(b, (uint64_t)term);
	if (r->part != 0)
		put_number(b, r->part);
	if (system != 0)
		put_number(b, (uint64_t)system);
	if (r->kind == INDEX_DATE) {
		put_8(b, (uint64_t)r->lo_ms);
		put_8(b, (uint64_t)r->hi_ms);
	} else if (r->kind == INDEX_NUMBER) {
		put_real(b, r->lo);
		put_real(b, r->hi);
	}
	if (r->kind != INDEX_DATE)
		put_text(b, r->value);
	if (r->text != NULL)
		put_text(b, r->text);
}

void store_rows_encode(struct store *s, struct buf *b, int64_t kind,
		       const struct store_index_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		encode(s, b, kind, &rows[i]);
}

/* ---- from bytes ----------------------------------------------------- */

static uint64_t get_number(const char **p)
{
	uint64_t n = 0;
	unsigned shift = 0;
	unsigned char c;
	do {
		c = (unsigned char)*(*p)++;
		n |= (uint64_t)(c % 128) << shift;
		shift += 7;
	} while (c >= 128);
	return n;
}

static uint64_t get_8(const char **p)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < 8; i++)
		n |= (uint64_t)(unsigned char)*(*p)++ << 8 * i;
	return n;
}

static double get_real(const char **p)
{
	uint64_t bits = get_8(p);
	double d;
	memcpy(&d, &bits, sizeof d);
	return d;
}

static const char *get_text(const char **p, size_t *n)
{
	*n = get_number(p);
	const char *text = *p;
	*p += *n;
	return text;
}

bool store_rows_next(const char **p, const char *end, struct row *out)
{
	if (*p >= end)
		return false;
	int head = (unsigned char)*(*p)++;
	*out = (struct row){.kind = (enum store_index)(head & KIND_BITS)};
	out->period = (head & HAS_PERIOD) != 0;
	out->term = (int64_t)get_number(p);
	if (head & HAS_PART)
		out->part = (unsigned)get_number(p);
	if (head & HAS_SYSTEM)
		out->system = (int64_t)get_number(p);
	if (out->kind == INDEX_DATE) {
		out->lo_ms = (int64_t)get_8(p);
		out->hi_ms = (int64_t)get_8(p);
	} else if (out->kind == INDEX_NUMBER) {
		out->lo = get_real(p);
		out->hi = get_real(p);
	}
	if (out->kind != INDEX_DATE)
		out->value = get_text(p, &out->value_len);
	if (head & HAS_TEXT)
		out->text = get_text(p, &out->text_len);
	assert(*p <= end);
	return true;
}

/* ---- keys -------------------------------------------------------------- */

/* Six bytes of a hash: a row is shorter for it, and candidates are judged. */
int64_t store_key_word(const char *value, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)value[i]) * UINT64_C(0x100000001b3);
	return (int64_t)((h ^ h >> 47) & UINT64_C(0x7fffffffffff));
}

int64_t store_key_prefix(const char *value, size_t len, bool last)
{
	uint64_t key = 0;
	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (i < len ? (unsigned char)value[i]
				  : last  ? 255u
					  : 0u);
	return (int64_t)(key >> 1); /* not negative */
}

/* The bits of a double are in its order, but for those below 0. */
int64_t store_key_number(double d)
{
	int64_t bits;
	d += 0.0; /* of the two zeros one */
	memcpy(&bits, &d, sizeof bits);
	return bits < 0 ? INT64_MIN - bits : bits;
}

static int64_t key_of(const struct row *r)
{
	switch (r->kind) {
	case INDEX_DATE: return r->lo_ms;
	case INDEX_NUMBER: return store_key_number(r->lo);
	case INDEX_STRING:
		return store_key_prefix(r->value, r->value_len, false);
	default: return store_key_word(r->value, r->value_len);
	}
}

/* ---- the index table --------------------------------------------------- */

void store_rows_write(struct store *s, bool insert, int64_t owner,
		      int64_t serial, const char *rows, size_t len)
{
	enum stmt st = insert ? ST_INDEX_INSERT : ST_INDEX_DELETE;
	const char *end = rows + len;
	for (struct row r; !s->failed && store_rows_next(&rows, end, &r);)
		store_run(s, st,
			  ARGS(INT(owner), INT(r.term), INT(key_of(&r)),
			       INT(serial)));
}
