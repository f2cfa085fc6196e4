/* SPDX-License-Identifier: Apache-2.0
 *
 * grant: permissions, what was issued under them, and forms under way.
 *
 * Codes, tokens and tickets are known by the digest of their text alone, so the
 * file holds nothing that can be presented to the server. Whether something has
 * expired is the caller's judgement by the one clock; here an expired row is
 * like any other, so that answers may tell "expired" from "unknown".
 */
#include "store/store_int.h"

/* ---- permissions ---------------------------------------------------- */

void store_grant_put(struct store *s, const struct grant *g)
{
	store_write(s, ST_GRANT_PUT,
		    ARGS(TEXT(g->id), TEXT(g->client_id), TEXT(g->hetu),
			 TEXT(g->patient), TEXT(g->scope), INT(g->created_ms),
			 INT(g->remember_until_ms),
			 TEXT(text_or_empty(g->audience)),
			 INT(g->professional)));
}

void store_grant_take(sqlite3_stmt *st, struct arena *a, void *out)
{
	*(struct grant *)out = (struct grant){
	    .id = store_column(a, st, 0),
	    .client_id = store_column(a, st, 1),
	    .hetu = store_column(a, st, 2),
	    .patient = store_column(a, st, 3),
	    .scope = store_column(a, st, 4),
	    .created_ms = sqlite3_column_int64(st, 5),
	    .remember_until_ms = sqlite3_column_int64(st, 6),
	    .audience = store_column(a, st, 7),
	    .professional = sqlite3_column_int(st, 8) != 0,
	};
}

size_t store_grant_list(struct store *s, struct arena *a, const char *hetu,
			struct grant **out)
{
	size_t n;
	*out = store_list(s, a, store_query(s, ST_GRANT_LIST, ARGS(TEXT(hetu))),
			  sizeof **out, store_grant_take, &n);
	return n;
}

size_t store_grant_remembered(struct store *s, struct arena *a,
			      const char *client_id, const char *hetu,
			      int64_t now_ms, struct grant **out)
{
	size_t n;
	*out = store_list(s, a,
			  store_query(s, ST_GRANT_REMEMBERED,
				      ARGS(TEXT(client_id), TEXT(hetu),
					   INT(now_ms), INT(STORE_REMEMBERED))),
			  sizeof **out, store_grant_take, &n);
	return n;
}

int64_t store_grant_citizens(struct store *s, const char *client_id)
{
	return store_number(s, ST_GRANT_CITIZENS, ARGS(TEXT(client_id)));
}

int64_t store_grants_delete(struct store *s, const char *client_id,
			    const char *hetu)
{
	for (int i = ST_GRANT_CODES_DELETE; i <= ST_GRANT_DELETE; i++) {
		if (!store_run(s, (enum stmt)i,
			       ARGS(TEXT(client_id), TEXT(hetu))))
			return 0;
	}
	return sqlite3_changes64(s->db);
}

int64_t store_grant_withdraw(struct store *s, const char *client_id,
			     const char *hetu)
{
	if (!store_write_begin(s))
		return 0;
	int64_t count = store_grants_delete(s, client_id, hetu);
	store_write_end(s);
	return count;
}

/* ---- codes ---------------------------------------------------------- */

void store_code_put(struct store *s, const struct store_code *c)
{
	store_write(s, ST_CODE_PUT,
		    ARGS(TEXT(c->digest), TEXT(c->grant_id), TEXT(c->client_id),
			 TEXT(c->redirect_uri), TEXT(c->challenge),
			 TEXT(c->challenge_method), INT(c->expires_ms),
			 TEXT(text_or_empty(c->nonce)), INT(c->auth_ms),
			 TEXT(text_or_empty(c->issuer))));
}

static bool grant_find(struct store *s, struct arena *a, const char *id,
		       struct grant *out)
{
	return store_one(s, a, store_query(s, ST_GRANT_FIND, ARGS(TEXT(id))),
			 store_grant_take, out);
}

static void code_take(sqlite3_stmt *st, struct arena *a, void *out)
{
	*(struct store_code *)out = (struct store_code){
	    .digest = store_column(a, st, 0),
	    .grant_id = store_column(a, st, 1),
	    .client_id = store_column(a, st, 2),
	    .redirect_uri = store_column(a, st, 3),
	    .challenge = store_column(a, st, 4),
	    .challenge_method = store_column(a, st, 5),
	    .expires_ms = sqlite3_column_int64(st, 6),
	    .nonce = store_column(a, st, 7),
	    .auth_ms = sqlite3_column_int64(st, 8),
	    .issuer = store_column(a, st, 9),
	};
}

bool store_code_find(struct store *s, struct arena *a, const char *digest,
		     struct store_code *out, struct grant *grant)
{
	return store_one(s, a, store_query(s, ST_CODE_FIND, ARGS(TEXT(digest))),
			 code_take, out) &&
	       grant_find(s, a, out->grant_id, grant);
}

bool store_code_use(struct store *s, const char *digest, int64_t now_ms)
{
	return store_write(s, ST_CODE_USE, ARGS(TEXT(digest), INT(now_ms))) > 0;
}

/* ---- tokens --------------------------------------------------------- */

void store_token_put(struct store *s, const struct store_token *t)
{
	store_write(s, ST_TOKEN_PUT,
		    ARGS(TEXT(t->digest), INT(t->kind), TEXT(t->grant_id),
			 TEXT(t->scope), INT(t->issued_ms), INT(t->expires_ms),
			 TEXT(text_or_empty(t->certificate))));
}

int64_t store_token_expire(struct store *s, const char *client_id,
			   const char *hetu, const char *digest, int64_t now_ms)
{
	return store_write(
	    s, ST_TOKEN_EXPIRE,
	    ARGS(TEXT(client_id), TEXT(hetu), TEXT(digest), INT(now_ms)));
}

int64_t store_token_delete(struct store *s, const char *client_id,
			   const char *hetu, const char *digest)
{
	return store_write(s, ST_TOKEN_DELETE,
			   ARGS(TEXT(client_id), TEXT(hetu), TEXT(digest)));
}

bool store_token_use(struct store *s, const char *digest, int64_t now_ms)
{
	return store_write(s, ST_TOKEN_USE, ARGS(TEXT(digest), INT(now_ms))) >
	       0;
}

int64_t store_family_delete(struct store *s, const char *grant_id)
{
	return store_write(s, ST_FAMILY_DELETE, ARGS(TEXT(grant_id)));
}

void store_expired(struct store *s, int64_t from_ms, int64_t to_ms,
		   int64_t *codes, int64_t *tokens)
{
	*codes =
	    store_number(s, ST_EXPIRED_CODES, ARGS(INT(from_ms), INT(to_ms)));
	*tokens =
	    store_number(s, ST_EXPIRED_TOKENS, ARGS(INT(from_ms), INT(to_ms)));
}

int64_t store_expired_grants(struct store *s, int64_t from_ms, int64_t to_ms)
{
	return store_number(s, ST_EXPIRED_GRANTS,
			    ARGS(INT(from_ms), INT(to_ms)));
}

/* ---- tickets -------------------------------------------------------- */

void store_ticket_put(struct store *s, const char *digest, const char *kind,
		      const char *text, int64_t expires_ms)
{
	if (!store_write_begin(s))
		return;
	store_run(s, ST_TICKET_PUT,
		  ARGS(TEXT(digest), TEXT(kind), TEXT(text), INT(expires_ms)));
	store_run(s, ST_TICKET_TRIM, ARGS(TEXT(kind), INT(STORE_TICKETS)));
	store_write_end(s);
}

const char *store_ticket_find(struct store *s, struct arena *a,
			      const char *digest, const char *kind,
			      int64_t now_ms)
{
	sqlite3_stmt *st = store_query(
	    s, ST_TICKET_FIND, ARGS(TEXT(digest), TEXT(kind), INT(now_ms)));
	if (!store_row(s, st))
		return NULL;
	char *text = store_column(a, st, 0);
	store_done(st);
	return text;
}

bool store_ticket_delete(struct store *s, const char *digest, const char *kind)
{
	return store_write(s, ST_TICKET_DELETE,
			   ARGS(TEXT(digest), TEXT(kind))) > 0;
}
