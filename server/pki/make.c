/* SPDX-License-Identifier: Apache-2.0
 *
 * make: a CA and a server's certificate, made in a few milliseconds.
 *
 * A root, and below it an issuing CA of each class, named as the real ones are
 * but beginning with MOCK, so that nobody takes one for the other. They are
 * valid for as long as a certificate can say: the mock's clock may be set to
 * any time, and what is refused for being old should be the certificate that a
 * test made so. (No library is asked to read a year before 1970 unless the
 * mock's clock stands there already.)
 *
 * The server's own certificate is judged by the clocks of its clients, which
 * are real; so it begins the day before the real time and ends within the 397
 * days that strict clients allow.
 *
 * Facts: mtls-libmicrohttpd.md sections 5.1, 7, 12.
 */
#include "pki/mint_int.h"

#include <assert.h>
#include <stdlib.h>

#define ORGANISATION "Mock Kanta"
#define SERVER_DAYS  396
#define BEGINNING_MS INT64_C(-62135596800000) /* 0001-01-01T00:00:00Z */

static const struct {
	const char *name;
	enum mint_use use;
} cas[] = {
    [PKI_ROOT] = {"MOCK Gov. Root CA - G1", FOR_ROOT},
    [PKI_ICA] = {"MOCK Service Certificates - G1", FOR_ISSUING},
    [PKI_SOTE_ICA] = {"MOCK Social Welfare and Health Care Prof. - G1",
		      FOR_ISSUING},
};

/* By which names a server of somebody's compose file or hosts file is called.
 */
static const char *const usual_hosts[] = {
    "localhost",
    "mock-kanta-phr",
    "kanta",
    "phr",
    "fhirsandbox.kanta.fi",
    "fhirsandbox2.kanta.fi",
    "fhirsandbox2-auth.kanta.fi",
    "host.docker.internal",
    "127.0.0.1",
    "::1",
};

/* What is made, until it is texts. */
struct making {
	struct arena *arena;
	int64_t ca_from_ms;
	struct pki_issuer ca[PKI_CAS];
	struct pki_texts texts;
};

static void make_ca(struct making *k, size_t i)
{
	struct mint m = {
	    .company = ORGANISATION,
	    .name = cas[i].name,
	    .from_ms = k->ca_from_ms,
	    .until_ms = MINT_LAST_MS,
	    .use = cas[i].use,
	    .issuer = i == PKI_ROOT ? NULL : k->ca[PKI_ROOT].cert,
	    .issuer_key = k->ca[PKI_ROOT].key,
	};
	struct err e;

	m.key = k->ca[i].key = mint_key(KEY_EC);
	k->ca[i].cert = mint_certificate(&m, &e);
	assert(k->ca[i].cert);
	k->texts.issuer[CA_TEXT(i)] =
	    mint_pem_certificate(k->arena, k->ca[i].cert);
	k->texts.issuer[CA_TEXT(i) + 1] = mint_pem_key(k->arena, k->ca[i].key);
}

static void make_server(struct making *k, const struct pki_own *own)
{
	const size_t usual = LEN(usual_hosts), n = usual + own->host_count;
	const char **host = arena_alloc(k->arena, n * sizeof(*host));
	struct mint m = {
	    .company = ORGANISATION,
	    .name = "localhost",
	    .from_ms = own->real_ms - MINT_DAY_MS,
	    .until_ms = own->real_ms + SERVER_DAYS * MINT_DAY_MS,
	    .use = FOR_SERVERS,
	    .host = host,
	    .host_count = n,
	    .issuer = k->ca[PKI_ICA].cert,
	    .issuer_key = k->ca[PKI_ICA].key,
	};
	struct err e;
	X509 *x;

	memcpy(host, usual_hosts, sizeof(usual_hosts));
	for (size_t i = 0; i < own->host_count; i++)
		host[usual + i] = own->host[i];
	m.key = mint_key(own->rsa ? KEY_RSA : KEY_EC);
	x = mint_certificate(&m, &e);
	assert(x);
	k->texts.server_key = mint_pem_key(k->arena, m.key);
	k->texts.server_cert =
	    arena_cat(k->arena, mint_pem_certificate(k->arena, x),
		      k->texts.issuer[CA_TEXT(PKI_ICA)], (char *)NULL);
	X509_free(x);
	EVP_PKEY_free(m.key);
}

void pki_make(struct pki *p, const struct pki_own *own)
{
	struct making k = {.arena = arena_new(0)};

	k.ca_from_ms = own->now_ms - MINT_YEAR_MS > MINT_FIRST_MS
			   ? MINT_FIRST_MS
			   : BEGINNING_MS;
	for (size_t i = 0; i < PKI_CAS; i++)
		make_ca(&k, i);
	make_server(&k, own);
	k.texts.ca =
	    arena_cat(k.arena, k.texts.issuer[CA_TEXT(PKI_ROOT)],
		      k.texts.issuer[CA_TEXT(PKI_ICA)],
		      k.texts.issuer[CA_TEXT(PKI_SOTE_ICA)], (char *)NULL);
	k.texts.crl = mint_crls(k.arena, k.ca, NULL, PKI_ICA, NULL);
	pki_adopt(p, &k.texts, k.ca);
	arena_free(k.arena);
}
