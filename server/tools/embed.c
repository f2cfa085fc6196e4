/* SPDX-License-Identifier: Apache-2.0
 *
 * embed OUT.S FILE...: writes an assembler file that carries the named files
 * and a table of them in name order (struct page_asset), for page/asset.c.
 * The assembler's .incbin does the copying, so large images cost no compile
 * time. Names are the paths as given. Runs at build time only.
 */
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

static void write_table(FILE *f, int n)
{
	fprintf(f, "\t.section .data.rel.ro,\"aw\"\n\t.balign 8\n"
		   "\t.globl page_asset_table\npage_asset_table:\n");
	for (int i = 0; i < n; i++)
		fprintf(f, "\t.quad name%d, data%d, end%d - data%d\n", i, i, i,
			i);
	fprintf(f,
		"\t.globl page_asset_count\n"
		"page_asset_count:\t.quad %d\n"
		"\t.section .note.GNU-stack,\"\",@progbits\n",
		n);
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
	write_table(f, n);
	if (fclose(f) != 0) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
