/* SPDX-License-Identifier: Apache-2.0
 *
 * embed OUT.S FILE...: writes an assembler file that carries the named files
 * and a table of them in name order (struct page_asset), for page/asset.c.
 * Their digests are reckoned here, so that no request has to.
 * The assembler's .incbin does the copying, so large images cost no compile
 * time. Names are the paths as given. Runs at build time only.
 */
#include "base/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static void write_bytes(FILE *f, int n, char **file)
{
	fprintf(f, "\t.section .rodata\n");
	for (int i = 0; i < n; i++)
		fprintf(f,
			"name%d:\t.asciz \"%s\"\n\t.balign 16\n"
			"data%d:\t.incbin \"%s\"\nend%d:\t.byte 0\n",
			i, file[i], i, file[i], i);
}

/* False: the file cannot be read. */
static bool digest_of(const char *name, uint64_t *h)
{
	char piece[4096];
	FILE *f = fopen(name, "rb");
	size_t n;

	if (f == NULL)
		return false;
	*h = HASH_START;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		*h = hash_bytes(*h, piece, n);
	bool whole = !ferror(f);
	fclose(f);
	return whole;
}

static bool write_table(FILE *f, int n, char **file)
{
	uint64_t h;

	fprintf(f, "\t.section .data.rel.ro,\"aw\"\n\t.balign 8\n"
		   "\t.globl page_asset_table\npage_asset_table:\n");
	for (int i = 0; i < n; i++) {
		if (!digest_of(file[i], &h)) {
			perror(file[i]);
			return false;
		}
		fprintf(f,
			"\t.quad name%d, data%d, end%d - data%d, 0x%" PRIx64
			"\n",
			i, i, i, i, h);
	}
	fprintf(f,
		"\t.globl page_asset_count\n"
		"page_asset_count:\t.quad %d\n"
		"\t.section .note.GNU-stack,\"\",@progbits\n",
		n);
	return true;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: embed OUT.S FILE...\n");
		return 2;
	}
	FILE *f = fopen(argv[1], "w");
	if (f == NULL) {
		perror(argv[1]);
		return 1;
	}
	int n = argc - 2;
	qsort(argv + 2, (size_t)n, sizeof(*argv), by_name);
	write_bytes(f, n, argv + 2);
	bool whole = write_table(f, n, argv + 2);
	if (fclose(f) != 0) {
		perror(argv[1]);
		return 1;
	}
	return whole ? 0 : 1;
}
