/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of what a proxy may say, and of who it may be: the texts of
 * --trusted-proxy and the headers that hand on a client's certificate.
 *
 * Of each network that is taken: it has the address it was made of, and not the
 * one whose last bit of the prefix is the other. Of each certificate header
 * that is taken: there are no more certificates than allowed and none is empty,
 * and written as RFC 9440 and as PEM they read as the same ones. Any bytes come
 * through both forms unchanged.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with the
 * files of http, jose and base.
 */
#include "http/http_int.h"
#include "jose/jose.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cidr(const char *text)
{
	unsigned char address[HTTP_ADDRESS];
	struct http_cidr c;

	if (!http_cidr(text, &c))
		return;
	assert(c.bits <= 8 * HTTP_ADDRESS);
	memcpy(address, c.address, sizeof(address));
	assert(http_cidr_has(&c, address));
	if (c.bits == 0)
		return;
	address[(c.bits - 1) / 8] ^= (unsigned char)(0x80u >> (c.bits - 1) % 8);
	assert(!http_cidr_has(&c, address));
}

/* Plain base64, from the other alphabet. */
static const char *base64(struct arena *a, const struct octets *o)
{
	char *text = jose_b64url(a, o->p, o->n);
	const size_t n = strlen(text);

	for (char *p = text; *p; p++)
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	return arena_cat(a, text,
			 n % 4 == 0   ? ""
			 : n % 4 == 3 ? "="
				      : "==",
			 NULL);
}

static bool same(const struct http_chain *x, const struct http_chain *y)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].n != y->v[i].n ||
		    memcmp(x->v[i].p, y->v[i].p, x->v[i].n) != 0)
			return false;
	return x->n == y->n;
}

static void check_again(const struct http_chain *c)
{
	struct http_chain list = {.arena = c->arena}, pem = {.arena = c->arena};
	struct buf one, two;

	buf_init(&one, c->arena);
	buf_init(&two, c->arena);
	for (size_t i = 0; i < c->n; i++) {
		const char *text = base64(c->arena, &c->v[i]);

		assert(c->v[i].n > 0);
		buf_printf(&one, "%s:%s:", i > 0 ? ", " : "", text);
		buf_printf(&two,
			   "-----BEGIN CERTIFICATE-----%%0A%s%%0A"
			   "-----END CERTIFICATE-----%%0A",
			   text);
	}
	assert(http_cert_list(&list, one.p) && same(c, &list));
	assert(c->n == 0 || (http_cert_pem(&pem, two.p) && same(c, &pem)));
}

static void check_certificates(struct arena *a, const char *text)
{
	bool (*const read[])(struct http_chain *, const char *) = {
	    http_cert_item, http_cert_list, http_cert_pem};

	for (size_t i = 0; i < LEN(read); i++) {
		struct http_chain c = {.arena = a};

		if (!read[i](&c, text))
			continue;
		assert(c.n <= HTTP_CHAIN);
		assert(c.n > 0 || read[i] == http_cert_list);
		check_again(&c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	const char *text = arena_strndup(a, (const char *)data, size);
	struct http_chain any = {.arena = a, .v = {{data, size}}, .n = 1};

	check_cidr(text);
	check_certificates(a, text);
	if (size > 0)
		check_again(&any);
	arena_free(a);
	return 0;
}
