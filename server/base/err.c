/* SPDX-License-Identifier: Apache-2.0
 *
 * err: a refusal, filled where it is detected and answered elsewhere.
 *
 * Fixed arrays, no pointers: an err outlives any arena. Texts that do not fit
 * are cut at a whole UTF-8 character, because they are written into JSON and
 * HTML afterwards. The arguments may point into the err that is being filled,
 * so that a caller can put its own words around an inner refusal.
 */
#include "base/base_int.h"

#include <stdio.h>
#include <string.h>

static void copy_cut(char *out, size_t size, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n >= size)
		n = utf8_whole(s, size - 1);
	if (n)
		memcpy(out, s, n);
	out[n] = '\0';
}

bool err_set(struct err *e, enum err_kind kind, const char *code,
	     const char *where, const char *fmt, ...)
{
	struct err new = {.kind = kind};
	va_list ap;
	int n;

	copy_cut(new.code, sizeof(new.code), code);
	copy_cut(new.where, sizeof(new.where), where);
	va_start(ap, fmt);
	n = vsnprintf(new.text, sizeof(new.text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(new.text))
		new.text[utf8_whole(new.text, strlen(new.text))] = '\0';
	*e = new;
	return false;
}
