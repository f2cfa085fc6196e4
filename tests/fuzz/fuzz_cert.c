/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of what pki takes from strangers: distinguished names, PEM texts,
 * chains of DER. The input is all of them: a name and a PEM text as it stands,
 * a leaf with a chain (cut where a byte says), and changes of a good chain,
 * three bytes each: where, and what is there instead.
 *
 * A name that is read is printed as a name that is the same; texts of a
 * certificate are UTF-8 without control characters; nothing but the good leaf
 * is ever sound, and a verdict that is kept is the one that was found.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with pki
 * and the layers below.
 */
#include "pki/pki_int.h"

#include <assert.h>
#include <stdlib.h>

#define NOW    INT64_C(1767225600000)
#define DAY_MS INT64_C(86400000)
#define MOST   20 /* changes of one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A CA and a good chain of it. */
struct world {
	struct arena *arena;
	struct pki *pki;
	struct octets *chain;
	size_t n;
};

static const struct world *the_world(void)
{
	static struct world w; /* as long as the program */
	const struct pki_own own = {.now_ms = NOW, .real_ms = NOW};
	struct pki_order o = {.now_ms = NOW};
	struct pki_issued c;
	struct err e;
	const char *why;

	if (w.pki)
		return &w;
	w.arena = arena_new(0);
	w.pki = pki_new();
	pki_make(w.pki, &own);
	o.kind = pki_kind_find("wellbeing");
	if (!pki_issue(w.pki, w.arena, &o, &c, &e))
		abort();
	w.chain = pki_pem_blocks(w.arena, c.cert, "CERTIFICATE", PKI_CHAIN,
				 &w.n, &why);
	assert(w.chain && w.n == 2);
	return &w;
}

/* UTF-8 without control characters. */
static void check_text(const char *s)
{
	for (size_t n = strlen(s), step; n > 0; s += step, n -= step) {
		const unsigned char *u = (const unsigned char *)s;

		step = utf8_char(s, n);
		assert(step > 0 && *u >= 0x20 && *u != 0x7f);
		assert(step != 2 || u[0] != 0xc2 || u[1] >= 0xa0);
	}
}

static void check_names(const struct pki_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		check_text(names->v[i]);
}

static void check_info(const struct pki_info *info)
{
	check_text(info->subject);
	check_text(info->issuer);
	check_text(info->number);
	check_text(info->key);
	if (info->subject_serial_number)
		check_text(info->subject_serial_number);
	assert((info->subject_serial_numbers == 1) ==
	       (info->subject_serial_number != NULL));
	assert(strlen(info->thumbprint) == PKI_THUMBPRINT - 1);
	check_names(&info->dns);
	check_names(&info->uri);
	check_names(&info->ip);
	check_names(&info->email);
}

/* Sound is the good leaf alone, in whatever company. */
static void check_chain(const struct world *w, const struct octets *chain,
			size_t n)
{
	struct err e;
	struct pki_peer *peer = pki_peer_new(chain, n, &e);
	bool good;

	if (!peer)
		return;
	good = chain[0].n == w->chain[0].n &&
	       memcmp(chain[0].p, w->chain[0].p, chain[0].n) == 0;
	check_info(pki_peer_info(peer));
	for (int i = 0; i < 4; i++) {
		const int64_t now = NOW + i / 2 * 500 * DAY_MS;
		struct pki_verdict v = pki_verify(w->pki, peer, now, i % 2);

		assert((v.error == 0) == (good && i < 2));
		assert((v.error == 0) == (v.alert == 0));
		check_text(v.text);
		assert(pki_verify(w->pki, peer, now, i % 2).error == v.error);
	}
	(void)pki_peer_subject_is(peer, pki_peer_info(peer)->subject);
	pki_peer_free(peer);
}

static void check_changed(const struct world *w, struct arena *a,
			  const uint8_t *data, size_t size)
{
	struct octets chain[PKI_CHAIN];
	unsigned char *bytes[PKI_CHAIN];

	for (size_t i = 0; i < w->n; i++) {
		bytes[i] = (unsigned char *)arena_strndup(
		    a, (const char *)w->chain[i].p, w->chain[i].n);
		chain[i] = (struct octets){bytes[i], w->chain[i].n};
	}
	for (size_t i = 0; i + 3 <= size && i < 3 * MOST; i += 3) {
		size_t which = data[i] >> 7;
		size_t at = (size_t)(data[i] & 0x7f) << 8 | data[i + 1];

		bytes[which][at % chain[which].n] = data[i + 2];
	}
	check_chain(w, chain, w->n);
}

static void check_bytes(const struct world *w, const uint8_t *data, size_t size)
{
	struct octets chain[2] = {{data, size}, {NULL, 0}};

	check_chain(w, chain, 1);
	if (size > 2) {
		chain[0] =
		    (struct octets){data + 2, (size - 2) * data[0] / 256};
		chain[1] = (struct octets){chain[0].p + chain[0].n,
					   size - 2 - chain[0].n};
		check_chain(w, chain, 2);
		chain[0] = w->chain[0];
		check_chain(w, chain, 2);
	}
}

static void check_pem(struct arena *a, const char *text)
{
	struct pki_texts t = {.server_cert = text, .server_key = text};
	struct pki *p = pki_new();
	struct err e;
	struct pki_peer *peer = pki_peer_read(text, &e);

	if (peer)
		check_info(pki_peer_info(peer));
	pki_peer_free(peer);
	(void)pki_load(p, &t, &e);
	t = (struct pki_texts){.ca = text};
	(void)pki_load(p, &t, &e);
	t = (struct pki_texts){.ca = text, .crl = text};
	(void)pki_load(p, &t, &e);
	pki_free(p);
	check_text(
	    pki_clean_text(a, (const unsigned char *)text, strlen(text)));
}

static void check_name(struct arena *a, const char *dn)
{
	X509_NAME *name = pki_name_parse(dn), *again;
	char *text;

	assert(pki_dn_ok(dn) == (name != NULL));
	if (!name)
		return;
	text = pki_name_text(a, name);
	check_text(text);
	again = pki_name_parse(text);
	if (again)
		assert(X509_NAME_cmp(name, again) == 0);
	else /* escapes make it longer */
		assert(strlen(text) > 2000);
	X509_NAME_free(name);
	X509_NAME_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct world *w = the_world();
	struct arena *a = arena_new(0);
	const char *text = arena_strndup(a, (const char *)data, size);

	check_name(a, text);
	check_pem(a, text);
	check_bytes(w, data, size);
	check_changed(w, a, data, size);
	arena_free(a);
	return 0;
}
