/* SPDX-License-Identifier: Apache-2.0
 *
 * nearest: which known word was meant by a mistyped one.
 *
 * Levenshtein's distance (one letter more, less or other is one edit), computed
 * with one row of the table on the stack. A candidate is near when its distance
 * is at most a third of the typed word's length, plus one; of several the first
 * with the least distance wins. Words longer than WORD_MAX are near to nothing:
 * names of options, settings and members are shorter, and the work stays
 * bounded whatever a client sends.
 */
#include "base/base.h"

#include <string.h>

#define WORD_MAX 63

static size_t least_of(size_t x, size_t y, size_t z)
{
	size_t least = x < y ? x : y;

	return z < least ? z : least;
}

static size_t edits(const char *x, size_t nx, const char *y, size_t ny)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= ny; j++)
		row[j] = j;
	for (size_t i = 1; i <= nx; i++) {
		size_t corner = row[0]++;

		for (size_t j = 1; j <= ny; j++) {
			size_t above = row[j];

			row[j] = least_of(corner + (x[i - 1] != y[j - 1]),
					  above + 1, row[j - 1] + 1);
			corner = above;
		}
	}
	return row[ny];
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t length = strlen(n->word), other = strlen(candidate);
	size_t d;

	if (n->tried < NEAREST_KNOWN)
		n->known[n->tried] = candidate;
	n->tried++;
	if (length > WORD_MAX || other > WORD_MAX)
		return;
	d = edits(n->word, length, candidate, other);
	if (d > length / 3 + 1 || (n->best != NULL && d >= n->edits))
		return;
	n->best = candidate;
	n->edits = d;
}

/* A quarter of the letters wrong is a typing error, more is a guess. */
static bool is_sure(const struct nearest *n)
{
	return n->best != NULL && n->edits * 4 <= strlen(n->word);
}

const char *nearest_hint(const struct nearest *n, struct arena *a)
{
	struct buf b;

	buf_init(&b, a);
	if (n->best)
		buf_printf(&b, "; did you mean \"%s\"?", n->best);
	else
		buf_putc(&b, '.');
	if (is_sure(n) || n->tried == 0 || n->tried > NEAREST_KNOWN)
		return b.p;
	buf_puts(&b, n->tried == 1 ? " Known is " : " Known are ");
	for (size_t i = 0; i < n->tried; i++)
		buf_printf(&b, "%s\"%s\"",
			   i == 0	       ? ""
			   : i + 1 == n->tried ? " and "
					       : ", ",
			   n->known[i]);
	buf_putc(&b, '.');
	return b.p;
}
