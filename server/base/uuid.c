/* SPDX-License-Identifier: Apache-2.0
 *
 * uuid: names for what is created (RFC 4122). The door to libuuid.
 *
 * Ids are random (version 4), in lower case, as the real service writes them.
 * Checking accepts every version and both cases, since clients bring their own.
 *
 * The randomness is the system's. libuuid asks it six times for each uuid and
 * stirs a generator of its own into the answer, which took a sixth of the time
 * of a read; so the system is asked here, for many at a time where many are
 * made, and libuuid where the system has nothing to say.
 */
#include "base/base.h"

#include <ctype.h>
#include <sys/random.h>
#include <uuid/uuid.h>

#define BYTES UUID_BYTES

/* 16 random bytes each; at most 256 bytes come in one piece for sure. */
static void randomise(unsigned char (*id)[BYTES], size_t n)
{
	const size_t step = 256 / BYTES;

	for (size_t i = 0; i < n; i += step) {
		size_t part = n - i < step ? n - i : step;

		if (getrandom(id[i], part * BYTES, GRND_NONBLOCK) ==
		    (ssize_t)(part * BYTES))
			continue;
		for (size_t k = i; k < i + part; k++)
			uuid_generate_random(id[k]);
	}
}

/* RFC 4122 4.4: all bits but those of variant and version are random. */
static void write_text(const unsigned char id[BYTES], char out[UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	char *to = out;

	for (size_t i = 0; i < BYTES; i++) {
		unsigned c = id[i];

		if (i == 6)
			c = (c & 0x0f) | 0x40;
		else if (i == 8)
			c = (c & 0x3f) | 0x80;
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	*to = '\0';
}

void uuid_from(const unsigned char bytes[BYTES], char out[UUID_TEXT])
{
	write_text(bytes, out);
}

void uuid_make(char out[UUID_TEXT])
{
	unsigned char id[1][BYTES];

	randomise(id, 1);
	write_text(id[0], out);
}

void uuid_make_at(char out[UUID_TEXT], int64_t ms)
{
	unsigned char id[1][BYTES];

	randomise(id, 1);
	for (int i = 0; i < 6; i++)
		id[0][i] = (unsigned char)((uint64_t)ms >> (40 - 8 * i));
	write_text(id[0], out);
}

void uuid_take(struct uuid_pool *p, char out[UUID_TEXT])
{
	if (p->left == 0) {
		randomise(p->bytes, LEN(p->bytes));
		p->left = LEN(p->bytes);
	}
	write_text(p->bytes[--p->left], out);
}

bool uuid_ok(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i]; i++) {
		bool ok = form[i] == '-' ? s[i] == '-'
					 : isxdigit((unsigned char)s[i]) != 0;
		if (!ok)
			return false;
	}
	return s[i] == '\0';
}
