/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole file, for tests that stand on images and data.
 */
#ifndef SLURP_H
#define SLURP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base.h"

/* The n bytes of it, in the arena, and a NUL; NULL when it cannot be opened. */
static char *slurp(struct arena *a, const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *s;
	long size;

	if (f == NULL)
		return NULL;
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size >= 0);
	rewind(f);
	s = arena_alloc(a, (size_t)size + 1);
	*n = fread(s, 1, (size_t)size, f);
	assert_int_equal(*n, size);
	fclose(f);
	return s;
}

#endif
