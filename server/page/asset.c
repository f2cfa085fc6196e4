/* SPDX-License-Identifier: Apache-2.0
 *
 * The files embedded in the binary: pages, style sheet, fixtures, national
 * profiles and, in the server, the compiled definitions.
 *
 * server/tools/embed writes the table while building, in the order of
 * strcmp(), and puts a NUL behind each file's bytes that n does not count; so
 * a text may be read as a C string and a name is found by halving.
 */
#include "page/page.h"

#include <string.h>

/* In the assembler file that embed wrote. */
extern const struct page_asset page_asset_table[];
extern const size_t page_asset_count;

/* The first asset whose name is not before the given one. */
static size_t lower_bound(const char *name)
{
	size_t lo = 0, hi = page_asset_count;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		if (strcmp(page_asset_table[middle].name, name) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

const struct page_asset *page_asset(const char *name)
{
	size_t i = lower_bound(name);
	if (i == page_asset_count ||
	    strcmp(page_asset_table[i].name, name) != 0)
		return NULL;
	return &page_asset_table[i];
}

const struct page_asset *page_asset_below(const char *prefix, size_t i)
{
	size_t first = lower_bound(prefix);
	if (i >= page_asset_count - first)
		return NULL;
	const struct page_asset *a = &page_asset_table[first + i];
	return strncmp(a->name, prefix, strlen(prefix)) == 0 ? a : NULL;
}
