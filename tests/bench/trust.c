/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates for the benchmark, and what it costs to believe them.
 *
 *	trust FOLDER COUNT
 *
 * Makes a CA, which is forgotten with this process, and writes into FOLDER:
 * ca.pem and crl.pem, server.pem with the server's certificate, chain and key
 * behind one another, and COUNT applications' 0.pem, 1.pem, ... in that form.
 * Then prints one JSON object: microseconds of the processor to make the CA, to
 * issue one certificate, to read a chain that was presented, to verify it for
 * the first time, and to do so again, as the verdict was kept.
 */
#include "pki/pki.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT_MAX 4096
#define AGAIN	  100000

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void write_file(const char *folder, const char *name, const char *one,
		       const char *two)
{
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
	f = fopen(path, "w");
	if (f && fputs(one, f) >= 0 && fputs(two, f) >= 0 && fclose(f) == 0)
		return;
	fprintf(stderr, "trust: %s: cannot be written\n", path);
	exit(1);
}

static void issue(struct pki *p, struct arena *a, int64_t now_ms, size_t i,
		  struct pki_issued *out, const char *folder)
{
	const struct pki_order order = {.kind = pki_kind_find("wellbeing"),
					.now_ms = now_ms};
	struct err e = {.kind = ERR_NONE};

	if (!pki_issue(p, a, &order, out, &e)) {
		fprintf(stderr, "trust: %s\n", e.text);
		exit(1);
	}
	write_file(folder, arena_printf(a, "%zu", i), out->cert, out->key);
}

/* The DER of a PEM chain, as a handshake brings it. */
static size_t der_of(struct arena *a, const char *pem,
		     struct octets out[PKI_CHAIN])
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	size_t n = 0;
	X509 *x;

	while (n < PKI_CHAIN && (x = PEM_read_bio_X509(b, NULL, NULL, NULL))) {
		unsigned char *der = NULL;
		int size = i2d_X509(x, &der);

		out[n].p = arena_alloc(a, (size_t)size);
		out[n].n = (size_t)size;
		memcpy((void *)(uintptr_t)out[n++].p, der, (size_t)size);
		OPENSSL_free(der);
		X509_free(x);
	}
	BIO_free(b);
	return n;
}

/* Microseconds each. */
static double read_all(struct arena *a, const struct pki_issued *c, size_t n,
		       struct pki_peer **peer)
{
	double us = 0;

	for (size_t i = 0; i < n; i++) {
		struct octets chain[PKI_CHAIN];
		size_t links = der_of(a, c[i].cert, chain);
		struct err e = {.kind = ERR_NONE};
		double begin = cpu_us();

		peer[i] = pki_peer_new(chain, links, &e);
		us += cpu_us() - begin;
		if (!peer[i])
			exit(1);
	}
	return us / (double)n;
}

static double verify_all(struct pki *p, struct pki_peer **peer, size_t n,
			 int64_t now_ms, size_t again)
{
	double us = 0;

	for (size_t i = 0; i < n; i++) {
		double begin = cpu_us();

		for (size_t k = 0; k < again; k++)
			if (pki_verify(p, peer[i], now_ms, false).error != 0)
				exit(1);
		us += cpu_us() - begin;
	}
	return us / (double)(n * again);
}

int main(int argc, char **argv)
{
	static struct pki_issued issued[COUNT_MAX];
	static struct pki_peer *peer[COUNT_MAX];
	struct arena *a = arena_new((size_t)1 << 20);
	const int64_t now_ms = (int64_t)time(NULL) * 1000;
	const struct pki_own own = {.now_ms = now_ms, .real_ms = now_ms};
	struct pki *p = pki_new();
	size_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (n < 1 || n > COUNT_MAX) {
		fputs("usage: trust FOLDER COUNT\n", stderr);
		return 2;
	}
	double begin = cpu_us();
	pki_make(p, &own);
	double made = cpu_us() - begin;
	begin = cpu_us();
	for (size_t i = 0; i < n; i++)
		issue(p, a, now_ms, i, &issued[i], argv[1]);
	double each = (cpu_us() - begin) / (double)n;
	const struct pki_texts *t = pki_texts(p);
	write_file(argv[1], "ca", t->ca, "");
	write_file(argv[1], "crl", t->crl, "");
	write_file(argv[1], "server", t->server_cert, t->server_key);
	double read_us = read_all(a, issued, n, peer);
	double full = verify_all(p, peer, n, now_ms, 1);
	/* the last one stands in the cache for certain */
	double kept = verify_all(p, &peer[n - 1], 1, now_ms, AGAIN);
	printf("{\"make_us\":%.1f,\"issue_us\":%.1f,\"read_us\":%.1f,"
	       "\"verify_us\":%.1f,\"kept_us\":%.3f}\n",
	       made, each, read_us, full, kept);
	for (size_t i = 0; i < n; i++)
		pki_peer_free(peer[i]);
	pki_free(p);
	arena_free(a);
	return 0;
}
