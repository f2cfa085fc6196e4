/* SPDX-License-Identifier: Apache-2.0
 *
 * load_tar.c: the entries of a packed archive, one after the other, as gunzip
 * gives them: nothing is written anywhere, and only the content that is asked
 * for is kept.
 *
 * Read are ustar (POSIX.1-1988), its pax extension (POSIX.1-2001: path and
 * size) and GNU's long names; that is what npm, tar and the makers of FHIR
 * packages write. Everything is strict: checksums must be right, numbers octal
 * (or GNU's binary), the end marked. What has no business in a package is
 * refused by name instead of being passed over: links, devices, sparse files,
 * names that are absolute, climb with ".." or hold characters that some system
 * takes for a separator.
 *
 * Limits: TAR_ENTRIES entries, names of TAR_NAME bytes, files of TAR_FILE.
 */
#include "load_int.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK	512U
#define PAX_MAX 65536U
#define NO_SIZE SIZE_MAX

/* What stands before an entry and speaks of it. */
struct ahead {
	bool named;
	size_t size;
};

void tar_open(struct tar *t, struct arena *a, struct gunzip *in)
{
	*t = (struct tar){.in = in, .arena = a};
}

/* name: of the entry, or NULL */
static bool bad(struct err *e, const char *name, const char *what)
{
	return err_set(e, ERR_INVALID, "archive", NULL, "%s%s%s",
		       name ? name : "", name ? ": " : "", what);
}

/* ---- bytes --------------------------------------------------------------- */

static bool take(struct tar *t, void *out, size_t n, struct err *e)
{
	size_t got;

	if (!gunzip_read(t->in, out, n, &got, e))
		return false;
	return got == n || bad(e, NULL, "the archive is cut short");
}

static bool skip(struct tar *t, size_t n, struct err *e)
{
	char part[16384];

	while (n > 0) {
		const size_t k = n < sizeof(part) ? n : sizeof(part);

		if (!take(t, part, k, e))
			return false;
		n -= k;
	}
	return true;
}

static size_t padding(size_t size)
{
	return (BLOCK - size % BLOCK) % BLOCK;
}

/* ---- headers ------------------------------------------------------------- */

/* Fields of a header: where, how long. */
enum {
	NAME = 0,
	SIZE = 124,
	SUM = 148,
	KIND = 156,
	MAGIC = 257,
	PREFIX = 345,
	N_NAME = 100,
	N_SIZE = 12,
	N_SUM = 8,
	N_PREFIX = 155
};

/* Octal with blanks around it, ended by a blank or NUL; or, if the first bit is
 * set, binary. NO_SIZE: it is no number, or too large to be true. */
static size_t number(const unsigned char *f, size_t n)
{
	const bool binary = f[0] == 0x80;
	size_t v = 0, i = binary ? 1 : 0;

	while (!binary && i < n && f[i] == ' ')
		i++;
	for (; i < n && (binary || (f[i] >= '0' && f[i] <= '7')); i++) {
		if (v >> 40)
			return NO_SIZE;
		v = binary ? v << 8 | f[i] : v << 3 | (f[i] - (size_t)'0');
	}
	for (; i < n; i++)
		if (f[i] != ' ' && f[i] != 0)
			return NO_SIZE;
	return v;
}

static bool sum_ok(const unsigned char *h)
{
	size_t sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= SUM && i < SUM + N_SUM ? ' ' : h[i];
	return number(h + SUM, N_SUM) == sum;
}

static bool all_zero(const unsigned char *h)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (h[i] != 0)
			return false;
	return true;
}

/* Behind the first block of zeros: a second one, and nothing else. */
static bool at_end(struct tar *t, struct err *e)
{
	unsigned char block[BLOCK];
	size_t got, blocks = 0;

	do {
		if (!gunzip_read(t->in, block, BLOCK, &got, e))
			return false;
		memset(block + got, 0, BLOCK - got);
		if (!all_zero(block))
			return bad(e, NULL, "something stands behind its end");
		blocks += got == BLOCK;
	} while (got == BLOCK);
	return blocks > 0 || bad(e, NULL, "the archive is cut short");
}

static size_t field(char *out, size_t at, const unsigned char *f, size_t n)
{
	const size_t len = strnlen((const char *)f, n);

	memcpy(out + at, f, len);
	out[at + len] = '\0';
	return at + len;
}

/* The name in the header: of the ustar kind with a prefix before it. */
static void header_name(struct tar *t, const unsigned char *h)
{
	size_t n = 0;

	if (memcmp(h + MAGIC, "ustar\0", 6) == 0 && h[PREFIX]) {
		n = field(t->name, 0, h + PREFIX, N_PREFIX);
		t->name[n++] = '/';
	}
	(void)field(t->name, n, h + NAME, N_NAME);
}

/* ---- names --------------------------------------------------------------- */

static bool climbs(const char *name)
{
	while (name) {
		if (strncmp(name, "..", 2) == 0 &&
		    (name[2] == '/' || name[2] == '\0'))
			return true;
		name = strchr(name, '/');
		if (name)
			name++;
	}
	return false;
}

static bool is_plain(const char *name)
{
	size_t n = strlen(name);

	for (size_t k; n > 0; name += k, n -= k) {
		const unsigned char ch = (unsigned char)*name;

		k = utf8_char(name, n);
		if (k == 0 || ch < 0x20 || ch == 0x7f || ch == '\\')
			return false;
	}
	return true;
}

static bool name_ok(const char *name, struct err *e)
{
	if (!is_plain(name))
		return bad(e, NULL,
			   "the name of an entry holds characters that no "
			   "package needs");
	if (!*name)
		return bad(e, NULL, "an entry has no name");
	if (*name == '/' || (name[1] == ':' && name[2] == '/'))
		return bad(e, name, "the path is absolute");
	return !climbs(name) || bad(e, name, "the path climbs with \"..\"");
}

/* ---- what stands before an entry ----------------------------------------- */

static char *read_text(struct tar *t, size_t size, struct err *e)
{
	if (size > PAX_MAX) {
		(void)bad(e, NULL, "an extended header is too large");
		return NULL;
	}
	if (!t->text)
		t->text = arena_alloc(t->arena, PAX_MAX + 1);
	if (!take(t, t->text, size, e) || !skip(t, padding(size), e))
		return NULL;
	t->text[size] = '\0';
	return t->text;
}

static bool set_name(struct tar *t, const char *name, size_t n, struct err *e)
{
	if (n >= TAR_NAME || memchr(name, 0, n))
		return bad(e, NULL, "the name of an entry is too long");
	memcpy(t->name, name, n);
	t->name[n] = '\0';
	return true;
}

static bool pax_number(const char *s, size_t n, size_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || *out >> 40)
			return false;
		*out = *out * 10 + (size_t)(s[i] - '0');
	}
	return n > 0;
}

static bool key_is(const char *s, size_t n, const char *key)
{
	return strlen(key) == n && memcmp(s, key, n) == 0;
}

/* key=value of one record */
static bool pax_pair(struct tar *t, const char *s, size_t n,
		     struct ahead *ahead, struct err *e)
{
	const char *eq = memchr(s, '=', n);
	const size_t key = eq ? (size_t)(eq - s) : 0;
	const size_t value = n - key - 1;

	if (key == 0)
		return bad(e, NULL, "a pax header is malformed");
	if (key >= 10 && memcmp(s, "GNU.sparse", 10) == 0)
		return bad(e, NULL, "sparse files have no place in a package");
	if (key_is(s, key, "path")) {
		ahead->named = true;
		return set_name(t, eq + 1, value, e);
	}
	if (key_is(s, key, "size") && !pax_number(eq + 1, value, &ahead->size))
		return bad(e, NULL, "a pax header is malformed");
	return true;
}

/* Records "LENGTH key=value\n". */
static bool pax(struct tar *t, const char *s, size_t size, struct ahead *ahead,
		struct err *e)
{
	while (size > 0) {
		const char *space = memchr(s, ' ', size < 8 ? size : 8);
		const size_t digits = space ? (size_t)(space - s) : 0;
		size_t n;

		if (!space || !pax_number(s, digits, &n) || n > size ||
		    n < digits + 3 || s[n - 1] != '\n')
			return bad(e, NULL, "a pax header is malformed");
		if (!pax_pair(t, space + 1, n - digits - 2, ahead, e))
			return false;
		s += n;
		size -= n;
	}
	return true;
}

/* Headers that speak of the next entry. */
static bool read_ahead(struct tar *t, char kind, size_t size,
		       struct ahead *ahead, struct err *e)
{
	struct ahead ignored = {.size = NO_SIZE};
	const char *text = read_text(t, size, e);

	if (!text)
		return false;
	if (kind == 'x')
		return pax(t, text, size, ahead, e);
	if (kind == 'g') /* of all entries: times, owners, comments */
		return pax(t, text, size, &ignored, e) &&
		       (!(ignored.named || ignored.size != NO_SIZE) ||
			bad(e, NULL, "a global pax header names a file"));
	ahead->named = true;
	return set_name(t, text, strlen(text), e);
}

/* ---- entries ------------------------------------------------------------- */

static bool kind_ok(const struct tar *t, char kind, struct err *e)
{
	switch (kind) {
	case '0':
	case '\0':
	case '5': return true;
	case '1':
	case '2':
	case 'K': return bad(e, t->name, "links have no place in a package");
	case '3':
	case '4':
	case '6': return bad(e, t->name, "devices have no place in a package");
	default:
		return bad(e, t->name,
			   "an entry of a kind that no package needs");
	}
}

static bool entry(struct tar *t, char kind, size_t size, struct tar_entry *out,
		  struct err *e)
{
	if (!name_ok(t->name, e) || !kind_ok(t, kind, e))
		return false;
	if (size > TAR_FILE)
		return err_set(e, ERR_TOO_LARGE, "archive", NULL,
			       "%s: a file of more than %u MB", t->name,
			       TAR_FILE >> 20);
	out->name = t->name;
	while (strncmp(out->name, "./", 2) == 0)
		out->name += 2;
	out->file = kind != '5';
	out->size = size;
	t->left = size;
	return true;
}

static bool read_header(struct tar *t, unsigned char *h, bool *end,
			struct err *e)
{
	if (!take(t, h, BLOCK, e))
		return false;
	*end = all_zero(h);
	if (*end)
		return at_end(t, e);
	if (memcmp(h + MAGIC, "ustar", 5) != 0)
		return bad(e, NULL,
			   "this is no tar archive (of the ustar kind)");
	if (!sum_ok(h))
		return bad(e, NULL, "the checksum of a tar header is wrong");
	return ++t->entries <= TAR_ENTRIES ||
	       err_set(e, ERR_TOO_LARGE, "archive", NULL,
		       "more than %u entries", TAR_ENTRIES);
}

bool tar_next(struct tar *t, struct tar_entry *out, struct err *e)
{
	struct ahead ahead = {.size = NO_SIZE};
	unsigned char h[BLOCK];
	bool end;

	*out = (struct tar_entry){.name = NULL};
	if (!skip(t, t->left + padding(t->left), e))
		return false;
	t->left = 0;
	for (;;) {
		if (!read_header(t, h, &end, e))
			return false;
		if (end)
			return true;
		const size_t size = number(h + SIZE, N_SIZE);
		const char kind = (char)h[KIND];
		if (size == NO_SIZE)
			return bad(e, NULL,
				   "the size of an entry is no number");
		if (!strchr("xgL", kind) || !kind) {
			if (!ahead.named)
				header_name(t, h);
			return entry(t, kind,
				     ahead.size == NO_SIZE ? size : ahead.size,
				     out, e);
		}
		if (!read_ahead(t, kind, size, &ahead, e))
			return false;
	}
}

bool tar_content(struct tar *t, char *out, struct err *e)
{
	const size_t size = t->left;

	t->left = 0;
	return take(t, out, size, e) && skip(t, padding(size), e);
}
