/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of what jose takes from strangers: keys, signatures, base64,
 * challenges. The input is lines: an algorithm, a signature, the members of a
 * key (kty, n, e, crv, x, y), and the text that is signed.
 *
 * Nothing that the input makes of them is a good signature but the one that was
 * made; a token of ours and a published one (RFC 7515 A.3) are good by their
 * key and not when any of their bits is another. A key and an algorithm that do
 * not go together are never good. What is base64url reads as itself.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with jose
 * and base.
 */
#include "jose/jose.h"

#include <assert.h>
#include <string.h>

#define LINES  8
#define CLAIMS "{\"sub\":\"1\"}"
#define LETTERS                                                                \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A good signature, in parts. */
struct signed_text {
	struct jose_jwk key;
	const char *alg, *text, *signature;
};

static const struct signed_text published = {
    .key = {.kty = "EC",
	    .crv = "P-256",
	    .x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
	    .y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    .alg = "ES256",
    .text = "eyJhbGciOiJFUzI1NiJ9."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    .signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8I"
		 "SlSApmWQxfKTUJqPP3-Kg6NU1Q",
};

/* The text of a member of a JWK. */
static const char *member(struct arena *a, const char *jwk, const char *name)
{
	const char *p = strstr(jwk, arena_printf(a, "\"%s\":\"", name));

	assert(p);
	p += strlen(name) + 4;
	return arena_strndup(a, p, strcspn(p, "\""));
}

static const struct signed_text *our_own(void)
{
	static struct signed_text own;
	static struct arena *a; /* as long as the program */
	struct jose_key *k;
	const char *jwk;
	char *token, *dot;

	if (own.alg)
		return &own;
	a = arena_new(0);
	k = jose_key_new();
	jwk = jose_key_jwk(a, k, "k");
	token = jose_jwt(a, k, "k", CLAIMS, strlen(CLAIMS));
	dot = strrchr(token, '.');
	*dot = '\0';
	own = (struct signed_text){
	    .key = {.kty = "RSA",
		    .n = member(a, jwk, "n"),
		    .e = member(a, jwk, "e")},
	    .alg = "RS256",
	    .text = token,
	    .signature = dot + 1,
	};
	jose_key_free(k);
	return &own;
}

static bool verify(struct arena *a, const struct signed_text *s)
{
	bool ok = jose_jws_verify(a, &s->key, s->alg, s->text, strlen(s->text),
				  s->signature);

	assert(!ok || jose_jws_possible(&s->key, s->alg));
	return ok;
}

/* One letter of one part becomes another one. */
static void check_changed(struct arena *a, const struct signed_text *good,
			  uint8_t part, uint8_t at, uint8_t letter)
{
	struct signed_text s = *good;
	const char **texts[] = {&s.signature, &s.text,	&s.key.x,
				&s.key.y,     &s.key.n, &s.key.e};
	const char **text = texts[part % LEN(texts)];
	const char to = LETTERS[letter % 64];
	char *changed;

	assert(verify(a, &s));
	if (!*text)
		return;
	changed = arena_strdup(a, *text);
	changed[at % strlen(changed)] = to;
	if (strcmp(changed, *text) == 0)
		return;
	*text = changed;
	assert(!verify(a, &s));
}

static void check_base64(struct arena *a, const char *text)
{
	size_t n;
	char *bytes = jose_b64url_decode(a, text, strlen(text), &n);

	assert(!bytes || (bytes[n] == '\0' &&
			  strcmp(jose_b64url(a, bytes, n), text) == 0));
	bytes = jose_b64_decode(a, text, strlen(text), &n);
	assert(!bytes || (n <= strlen(text) / 4 * 3 && bytes[n] == '\0'));
	if (jose_pkce_challenge_ok(text))
		assert(strlen(text) == 43 && strspn(text, LETTERS) == 43);
	(void)jose_pkce_ok(text, text, "S256");
	assert(!jose_pkce_ok(text, text, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	const char *rest = arena_strndup(a, (const char *)data, size);
	const char *line[LINES];
	struct signed_text s;

	for (size_t i = 0; i < LINES; i++) {
		size_t n = strcspn(rest, "\n");

		line[i] = n > 0 ? arena_strndup(a, rest, n) : NULL;
		rest += n + (rest[n] != '\0');
		check_base64(a, text_or_empty(line[i]));
	}
	s = (struct signed_text){
	    .key = {.kty = line[2],
		    .n = line[3],
		    .e = line[4],
		    .crv = line[5],
		    .x = line[6],
		    .y = line[7]},
	    .alg = text_or_empty(line[0]),
	    .text = rest,
	    .signature = text_or_empty(line[1]),
	};
	assert(!verify(a, &s) || strcmp(s.text, published.text) == 0);
	s.key = our_own()->key;
	assert(!verify(a, &s));
	s.key = published.key;
	assert(!verify(a, &s) || strcmp(s.text, published.text) == 0);
	if (size > 2) {
		check_changed(a, our_own(), data[0], data[1], data[2]);
		check_changed(a, &published, data[0], data[1], data[2]);
	}
	arena_free(a);
	return 0;
}
