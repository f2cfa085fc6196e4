/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of page share, and its unit test looks at.
 */
#ifndef PAGE_INT_H
#define PAGE_INT_H

#include "page/page.h"

/* The catalogue of n files, given as their texts. Asserts that each is made of
 * whole entries. */
struct page_words *page_words_of(struct arena *boot, const char *const *file,
				 size_t n);

#endif
