/* SPDX-License-Identifier: Apache-2.0
 *
 * token: the token that comes with every request.
 *
 * An application sends the same token with thousands of requests, and each time
 * it must be looked up, with its permission, before anything else is done; that
 * took a fifth of the time of a read. So those that were found of late are
 * kept, in a table without chains by the first letters of their digest, and
 * each is good as long as nothing was written that decides on tokens: nobody
 * has to remember to drop it. Statements that write such a thing are known from
 * when they were prepared (open.c) and change the store's access_epoch when
 * they are used (run.c), as do a roll-back and what another process wrote.
 *
 * What is handed out is the caller's own, as from a row: the next look-up may
 * take the slot. A token whose texts are too long for a slot is looked up each
 * time.
 */
#include "store/store_int.h"

/* Their texts, which stand in a slot one behind the other. */
#define TEXTS 9
static void texts_of(struct store_token *t, struct grant *g,
		     const char **out[TEXTS])
{
	out[0] = &t->digest;
	out[1] = &t->scope;
	out[2] = &g->id;
	out[3] = &g->client_id;
	out[4] = &g->hetu;
	out[5] = &g->patient;
	out[6] = &g->scope;
	out[7] = &g->audience;
	out[8] = &t->certificate;
}

/* t and g have their texts elsewhere, packed in a text of the same form. */
static void point(const char *text, struct store_token *t, struct grant *g)
{
	const char **at[TEXTS];

	texts_of(t, g, at);
	for (size_t i = 0; i < TEXTS; i++) {
		*at[i] = text;
		text += strlen(text) + 1;
	}
	t->grant_id = g->id;
}

static struct token_slot *slot_of(struct store *s, const char *digest)
{
	return &s->token[hash_text(digest) % TOKEN_SLOTS];
}

static void keep(struct store *s, const struct store_token *token,
		 const struct grant *grant)
{
	struct token_slot *slot = slot_of(s, token->digest);
	struct store_token t = *token;
	struct grant g = *grant;
	const char **at[TEXTS];
	size_t len = 0;

	texts_of(&t, &g, at);
	slot->epoch = 0;
	for (size_t i = 0; i < TEXTS; i++) {
		size_t n = strlen(*at[i]) + 1;

		if (len + n > TOKEN_BYTES)
			return;
		memcpy(slot->text + len, *at[i], n);
		len += n;
	}
	slot->epoch = s->access_epoch;
	slot->token = t;
	slot->grant = g;
	slot->len = len;
}

/* A row of ST_TOKEN_FIND and ST_TOKEN_LIST. */
static void take(sqlite3_stmt *st, struct arena *a, struct store_token *t,
		 struct grant *g)
{
	store_grant_take(st, a, g);
	*t = (struct store_token){
	    .grant_id = g->id,
	    .digest = store_column(a, st, 9),
	    .kind = (enum token_kind)sqlite3_column_int(st, 10),
	    .scope = store_column(a, st, 11),
	    .issued_ms = sqlite3_column_int64(st, 12),
	    .expires_ms = sqlite3_column_int64(st, 13),
	    .used_ms = sqlite3_column_int64(st, 14),
	    .certificate = store_column(a, st, 15),
	};
}

static void take_row(sqlite3_stmt *st, struct arena *a, void *row)
{
	struct store_token_row *out = row;

	take(st, a, &out->token, &out->grant);
}

size_t store_token_list(struct store *s, struct arena *a, const char *client_id,
			const char *hetu, int64_t now_ms, int64_t limit,
			struct store_token_row **out)
{
	size_t n;

	*out =
	    store_list(s, a,
		       store_query(s, ST_TOKEN_LIST,
				   ARGS(TEXT(client_id), TEXT(hetu),
					now_ms < 0 ? TEXT(NULL) : INT(now_ms),
					INT(limit))),
		       sizeof **out, take_row, &n);
	return n;
}

static bool look_up(struct store *s, struct arena *a, const char *digest,
		    struct store_token *out, struct grant *grant)
{
	sqlite3_stmt *st = store_query(s, ST_TOKEN_FIND, ARGS(TEXT(digest)));

	if (!store_row(s, st))
		return false;
	take(st, a, out, grant);
	store_done(st);
	return true;
}

bool store_token_find(struct store *s, struct arena *a, const char *digest,
		      struct store_token *out, struct grant *grant)
{
	const struct token_slot *slot = slot_of(s, digest);
	struct grant unwanted;

	if (!grant)
		grant = &unwanted;
	if (slot->epoch != s->access_epoch || !s->entered ||
	    strcmp(slot->text, digest) != 0) {
		if (!look_up(s, a, digest, out, grant))
			return false;
		keep(s, out, grant);
		return true;
	}
	*out = slot->token;
	*grant = slot->grant;
	point(arena_strndup(a, slot->text, slot->len), out, grant);
	return true;
}
