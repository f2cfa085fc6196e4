/* SPDX-License-Identifier: Apache-2.0
 *
 * chance: where ids and secrets come from.
 *
 * Without a seed it is the system's generator, and nobody can guess anything.
 * With one (serve --seed) it is HMAC-SHA-256 under the seed over
 *
 *	purpose, citizen, application, counter, block
 *
 * so a test that runs again meets the same ids and the same tokens. The counter
 * belongs to that purpose of that citizen and application, and stands in the
 * database: it is taken back with a request that is refused, goes with a reset,
 * comes with a snapshot, and two citizens who use the server at a time have the
 * ids that they would have alone. Who knows the seed knows every token, which
 * the log says at the start.
 *
 * Not from here, since no application ever compares them: ids of requests,
 * sessions of browsers and the tokens of their forms, serial numbers of
 * certificates.
 *
 * Facts: stand-in.md 7 and 8.
 */
#include "record/record_int.h"

#include <string.h>

/* Of one drawing: bytes come one after another. */
struct stream {
	struct arena *arena;
	const char *seed, *what;
	unsigned char block[JOSE_MAC];
	unsigned blocks;
	size_t left;
};

/* Names have no control characters, so the text can be read in one way only. */
static void stream_open(struct stream *s, struct record *r,
			const struct chance *c)
{
	const char *citizen = text_or_empty(c->citizen);
	const char *client = text_or_empty(c->client_id);
	long long n =
	    (long long)store_chance(r->store, citizen, client, c->purpose);

	*s = (struct stream){.arena = arena_new(0), .seed = r->seed};
	s->what = arena_printf(s->arena, "%s\n%s\n%s\n%lld", c->purpose,
			       citizen, client, n);
}

static unsigned char stream_next(struct stream *s)
{
	if (s->left == 0) {
		jose_mac(
		    s->block, s->seed,
		    arena_printf(s->arena, "%s\n%u", s->what, s->blocks++));
		s->left = sizeof s->block;
	}
	return s->block[sizeof s->block - s->left--];
}

void record_random(struct record *r, const struct chance *c, void *out,
		   size_t n)
{
	unsigned char *p = out;
	struct stream s;

	if (r->seed == NULL) {
		jose_random(out, n);
		return;
	}
	stream_open(&s, r, c);
	for (size_t i = 0; i < n; i++)
		p[i] = stream_next(&s);
	arena_free(s.arena);
}

/* As jose_random_text(): a byte beyond the last whole alphabet is thrown away.
 */
void record_random_text(struct record *r, const struct chance *c, char *out,
			size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789";
	const unsigned size = sizeof letters - 1;
	struct stream s;

	if (r->seed == NULL) {
		jose_random_text(out, n);
		return;
	}
	stream_open(&s, r, c);
	for (size_t i = 0; i < n;) {
		unsigned byte = stream_next(&s);

		if (byte < 256 / size * size)
			out[i++] = letters[byte % size];
	}
	out[n] = '\0';
	arena_free(s.arena);
}

const char *record_uuid(struct record *r, struct arena *a,
			const struct chance *c)
{
	unsigned char bytes[UUID_BYTES];
	char id[UUID_TEXT];

	if (r->seed == NULL) {
		uuid_make(id);
		return arena_strdup(a, id);
	}
	record_random(r, c, bytes, sizeof bytes);
	uuid_from(bytes, id);
	return arena_strdup(a, id);
}

const char *record_resource_id(struct record *r, struct arena *a,
			       const char *patient)
{
	char id[UUID_TEXT];

	if (r->seed != NULL)
		return record_uuid(
		    r, a,
		    &(struct chance){.purpose = STORE_CHANCE_RESOURCE,
				     .citizen = patient});
	uuid_make_at(id, record_now_ms(r));
	return arena_strdup(a, id);
}

const char *record_answer_id(const struct record *r, struct arena *a,
			     const char *patient, const char *what)
{
	unsigned char mac[JOSE_MAC];
	char id[UUID_TEXT];

	if (r->seed == NULL) {
		uuid_make(id);
		return arena_strdup(a, id);
	}
	jose_mac(mac, r->seed,
		 arena_printf(a, "answer\n%s\n%s\n%lld", text_or_empty(patient),
			      what, (long long)record_now_ms(r)));
	uuid_from(mac, id);
	return arena_strdup(a, id);
}
