/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of packages as archives: the input is a .tgz as it is, and once
 * more a tar archive that is packed here, so that the reader of tar is reached
 * without a checksum in the way. The checksums of tar's headers are put right
 * in that copy for the same reason.
 *
 * An archive is refused with words that say where and why, and takes no more
 * than a file of its size can hold; one that is taken has told what it is.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with
 * profile and the layers below it.
 */
#include "profile/profile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOURCE	 "fuzz.tgz"
#define BLOCK	 512
#define SUM	 148
#define SUM_SIZE 8

static void load(const void *bytes, size_t n)
{
	struct arena *a = arena_new(0);
	struct err e = {.kind = ERR_NONE};
	struct profiles *set[FHIR_VERSIONS];
	struct package k = {.set = set, .arena = a, .source = SOURCE};

	for (int v = 0; v < FHIR_VERSIONS; v++)
		set[v] = profile_new(a, (enum fhir_version)v);
	if (profile_package_archive(&k, bytes, n, &e)) {
		assert(k.name || k.files > 0);
		assert(k.taken <= FHIR_VERSIONS * k.files);
	} else {
		assert(e.kind == ERR_INVALID || e.kind == ERR_TOO_LARGE);
		assert(*e.text && *e.code);
		assert(strncmp(e.where, SOURCE, strlen(SOURCE)) == 0);
	}
	arena_free(a);
}

/* Every block that could be a header gets the sum that it should have. */
static void put_sums(unsigned char *tar, size_t n)
{
	for (size_t at = 0; at + BLOCK <= n; at += BLOCK) {
		unsigned char *h = tar + at;
		unsigned sum = 0;

		if (memcmp(h + 257, "ustar", 5) != 0)
			continue;
		memset(h + SUM, ' ', SUM_SIZE);
		for (int i = 0; i < BLOCK; i++)
			sum += h[i];
		snprintf((char *)h + SUM, SUM_SIZE, "%06o", sum);
	}
}

static size_t pack(unsigned char *out, size_t cap, unsigned char *tar, size_t n)
{
	z_stream z = {.next_in = tar,
		      .avail_in = (unsigned)n,
		      .next_out = out,
		      .avail_out = (unsigned)cap};

	assert(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 9, 0) == Z_OK);
	assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&z);
	return cap - z.avail_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	const size_t tar_bytes = size + 2 * BLOCK;
	const size_t cap = tar_bytes + tar_bytes / 8 + 1024;
	unsigned char *tar = arena_alloc(a, tar_bytes);
	unsigned char *packed = arena_alloc(a, cap);

	load(data, size);
	if (size > 0)
		memcpy(tar, data, size);
	put_sums(tar, size);
	load(packed, pack(packed, cap, tar, tar_bytes - tar_bytes % BLOCK));
	arena_free(a);
	return 0;
}
