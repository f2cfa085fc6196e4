/* SPDX-License-Identifier: Apache-2.0
 *
 * Citizens, applications, permissions, codes, tokens, forms under way.
 */
#ifndef STORE_PEOPLE_H
#define STORE_PEOPLE_H

#include "store_world.h"

/* ---- people --------------------------------------------------------- */

/* Finds a code that was not used, and uses it. */
static bool code_take(struct store *s, struct arena *a, const char *digest,
		      struct store_code *out, struct grant *g)
{
	return store_code_find(s, a, digest, out, g) &&
	       store_code_use(s, digest, 1);
}

static void citizens(void **state)
{
	struct world *w = *state;
	struct store_citizen c, *list;
	assert_int_equal(store_citizen_list(w->store, w->arena, &list), 0);
	put_citizen(w, HETU2, "p2");
	put_citizen(w, HETU, "p1");
	assert_true(store_citizen_find(w->store, w->arena, HETU, NULL, &c));
	assert_string_equal(c.patient, "p1");
	assert_int_equal(c.created_ms, 5);
	assert_true(store_citizen_find(w->store, w->arena, NULL, "p2", &c));
	assert_string_equal(c.hetu, HETU2);
	assert_false(store_citizen_find(w->store, w->arena, "x", NULL, &c));
	assert_false(store_citizen_find(w->store, w->arena, NULL, "x", &c));
	assert_int_equal(store_citizen_list(w->store, w->arena, &list), 2);
	assert_string_equal(list[0].hetu, HETU);
	assert_string_equal(list[1].hetu, HETU2);
	for (int i = 0; i < 50; i++)
		put_citizen(w, arena_printf(w->arena, "%02d", i),
			    arena_printf(w->arena, "q%02d", i));
	assert_int_equal(store_citizen_list(w->store, w->arena, &list), 52);
	assert_string_equal(list[0].patient, "q00");
	assert_string_equal(list[51].patient, "q49");
}

static void behaviours_are_kept(void **state)
{
	struct world *w = *state;
	struct store_citizen c;
	put_citizen(w, HETU, "p1");
	assert_true(store_citizen_find(w->store, w->arena, HETU, NULL, &c));
	assert_string_equal(c.behaviours, "");
	c.behaviours = "minor refuses-consent";
	store_citizen_put(w->store, &c);
	assert_true(store_citizen_find(w->store, w->arena, NULL, "p1", &c));
	assert_string_equal(c.behaviours, "minor refuses-consent");
}

/* The ids of a citizen's sharings, each with a space behind it. */
static const char *sharing_ids(struct world *w, const char *hetu)
{
	struct store_sharing *x;
	struct buf b;
	size_t n = store_sharing_list(w->store, w->arena, hetu, &x);
	buf_init(&b, w->arena);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s ", x[i].id);
	return b.p;
}

static void sharings(void **state)
{
	struct world *w = *state;
	struct store_sharing *x;
	assert_string_equal(sharing_ids(w, NULL), "");
	put_sharing(w, "z", SHARING_CONSENT, HETU, "");
	put_sharing(w, "y", SHARING_REFUSAL, HETU, "pro");
	put_sharing(w, "x", SHARING_TREATMENT, HETU2, "pro");
	assert_string_equal(sharing_ids(w, NULL), "z y x ");
	assert_string_equal(sharing_ids(w, HETU), "z y ");
	assert_string_equal(sharing_ids(w, "nobody"), "");
	put_sharing(w, "z", SHARING_REFUSAL, HETU, "other");
	assert_int_equal(store_sharing_list(w->store, w->arena, HETU, &x), 2);
	assert_string_equal(x[0].id, "z");
	assert_int_equal(x[0].kind, SHARING_REFUSAL);
	assert_string_equal(x[0].hetu, HETU);
	assert_string_equal(x[0].client_id, "other");
	assert_int_equal(x[0].from_ms, 3);
	assert_int_equal(x[0].until_ms, 8);
	assert_true(store_sharing_delete(w->store, "z"));
	assert_false(store_sharing_delete(w->store, "z"));
	assert_string_equal(sharing_ids(w, NULL), "y x ");
}

static void sharings_go_with_both_ends(void **state)
{
	struct world *w = *state;
	struct store_client c = client("pro");
	struct store_counts n;
	store_client_put(w->store, &c);
	put_citizen(w, HETU, "p1");
	put_sharing(w, "a", SHARING_CONSENT, HETU, "");
	put_sharing(w, "b", SHARING_REFUSAL, HETU2, "pro");
	put_sharing(w, "c", SHARING_TREATMENT, HETU2, "pro");
	put_sharing(w, "d", SHARING_CONSENT, HETU2, "");
	store_count(w->store, &n);
	assert_int_equal(n.consents, 3);
	assert_int_equal(n.treatments, 1);
	store_citizen_delete(w->store, HETU);
	assert_string_equal(sharing_ids(w, NULL), "b c d ");
	store_client_delete(w->store, "pro");
	assert_string_equal(sharing_ids(w, NULL), "d ");
}

static void deleting_a_citizen_ends_permissions(void **state)
{
	struct world *w = *state;
	struct store_token t;
	struct store_code code;
	struct grant g;
	struct store_citizen c;
	put_citizen(w, HETU, "p1");
	put_citizen(w, HETU2, "p2");
	put_grant(w, "g1", "app", HETU, 1, FOREVER);
	put_grant(w, "g2", "app", HETU2, 1, FOREVER);
	put_token(w, "t1", "g1", 9);
	put_token(w, "t2", "g2", 9);
	put_code(w, "c1", "g1", 9);
	store_ticket_put(w->store, "s1", "session", HETU, 9);
	store_ticket_put(w->store, "s2", "session", HETU2, 9);
	put(w, "a", "p1");
	store_citizen_delete(w->store, HETU);
	assert_false(store_citizen_find(w->store, w->arena, HETU, NULL, &c));
	assert_false(store_token_find(w->store, w->arena, "t1", &t, NULL));
	assert_true(store_token_find(w->store, w->arena, "t2", &t, NULL));
	assert_false(code_take(w->store, w->arena, "c1", &code, &g));
	assert_null(store_ticket_find(w->store, w->arena, "s1", "session", 1));
	assert_non_null(
	    store_ticket_find(w->store, w->arena, "s2", "session", 1));
	assert_true(has(w, "a"));
}

/* The client_ids of a page, in one text. */
static const char *page_of(struct world *w, int64_t offset, int64_t limit)
{
	struct store_client *list;
	size_t n = store_client_page(w->store, w->arena, offset, limit, &list);
	const char *ids = "";
	for (size_t i = 0; i < n; i++)
		ids = arena_cat(w->arena, ids, list[i].client_id, " ", NULL);
	return ids;
}

static void clients_by_name(void **state)
{
	struct world *w = *state;
	static const char *const names[][2] = {{"1", "beta"},
					       {"2", "Alpha"},
					       {"3", "alpha"},
					       {"anon", ""},
					       {"5", "Gamma"}};
	assert_int_equal(store_client_count(w->store), 0);
	assert_string_equal(page_of(w, 0, 9), "");
	for (size_t i = 0; i < LEN(names); i++) {
		struct store_client c = client(names[i][0]);
		c.name = names[i][1];
		store_client_put(w->store, &c);
	}
	assert_int_equal(store_client_count(w->store), 5);
	assert_string_equal(page_of(w, 0, 9), "2 3 anon 1 5 ");
	assert_string_equal(page_of(w, 0, 2), "2 3 ");
	assert_string_equal(page_of(w, 2, 2), "anon 1 ");
	assert_string_equal(page_of(w, 4, 2), "5 ");
	assert_string_equal(page_of(w, 6, 2), "");
}

static void clients(void **state)
{
	struct world *w = *state;
	struct store_client c = client("one"), got, *list;
	struct store_token t;
	c.certificate_serial_number = "1.2.3";
	c.refresh_token_seconds = 86400;
	store_client_put(w->store, &c);
	assert_true(store_client_find(w->store, w->arena, "one", &got));
	assert_string_equal(got.client_id, "one");
	assert_string_equal(got.secret_digest, "d");
	assert_string_equal(got.name, "An app");
	assert_string_equal(got.redirect_uris, c.redirect_uris);
	assert_string_equal(got.scope, c.scope);
	assert_string_equal(got.grant_types, c.grant_types);
	assert_string_equal(got.auth_method, c.auth_method);
	assert_string_equal(got.kind, "citizen");
	assert_string_equal(got.certificate_serial_number, "1.2.3");
	assert_int_equal(got.access_token_seconds, 3600);
	assert_int_equal(got.refresh_token_seconds, 86400);
	assert_int_equal(got.issued_ms, 77);
	assert_string_equal(got.metadata, c.metadata);
	c.name = "Renamed";
	store_client_put(w->store, &c);
	c = client("other");
	store_client_put(w->store, &c);
	assert_int_equal(store_client_list(w->store, w->arena, &list), 2);
	assert_string_equal(list[0].name, "Renamed");
	assert_string_equal(list[1].client_id, "other");
	put_grant(w, "g", "one", HETU, 1, FOREVER);
	put_token(w, "t", "g", 9);
	store_client_delete(w->store, "one");
	assert_false(store_client_find(w->store, w->arena, "one", &got));
	assert_false(store_token_find(w->store, w->arena, "t", &t, NULL));
}

/* ---- permissions ---------------------------------------------------- */

static void grants_are_remembered(void **state)
{
	struct world *w = *state;
	struct grant *g;
	put_grant(w, "forgotten", "app", HETU, 90, 0);
	put_grant(w, "old", "app", HETU, 10, FOREVER);
	put_grant(w, "short", "app", HETU, 20, 100);
	put_grant(w, "else", "other", HETU, 30, FOREVER);
	assert_int_equal(
	    store_grant_remembered(w->store, w->arena, "app", HETU, 99, &g), 2);
	assert_string_equal(g[0].id, "short");
	assert_string_equal(g[1].id, "old");
	assert_string_equal(g[0].patient, "p1");
	assert_string_equal(g[0].scope, "a b");
	assert_int_equal(g[0].created_ms, 20);
	assert_int_equal(g[0].remember_until_ms, 100);
	assert_int_equal(
	    store_grant_remembered(w->store, w->arena, "app", HETU, 100, &g),
	    1);
	assert_string_equal(g[0].id, "old");
	put_grant(w, "twin", "app", HETU, 10, FOREVER);
	assert_int_equal(
	    store_grant_remembered(w->store, w->arena, "app", HETU, 100, &g),
	    2);
	assert_string_equal(g[0].id, "twin"); /* of two at once the later one */
	assert_string_equal(g[1].id, "old");
	assert_int_equal(
	    store_grant_remembered(w->store, w->arena, "app", HETU2, 1, &g), 0);
	assert_null(g);
}

static void codes_are_good_once(void **state)
{
	struct world *w = *state;
	struct store_code c;
	struct grant g;
	put_grant(w, "g", "app", HETU, 1, FOREVER);
	put_code(w, "c", "g", 9);
	store_enter(w->store);
	assert_true(code_take(w->store, w->arena, "c", &c, &g));
	assert_string_equal(c.digest, "c");
	assert_string_equal(c.grant_id, "g");
	assert_string_equal(g.id, "g");
	assert_string_equal(g.hetu, HETU);
	assert_string_equal(c.client_id, "app");
	assert_string_equal(c.redirect_uri, "http://localhost/cb");
	assert_string_equal(c.challenge, "c");
	assert_string_equal(c.challenge_method, "S256");
	assert_int_equal(c.expires_ms, 9);
	assert_false(code_take(w->store, w->arena, "c", &c, &g));
	assert_true(store_leave(w->store, true));
	assert_true(store_commit(w->store));
	assert_false(code_take(w->store, w->arena, "c", &c, &g));
	assert_false(code_take(w->store, w->arena, "none", &c, &g));
}

static void tokens_belong_to_grants(void **state)
{
	struct world *w = *state;
	struct store_token t;
	struct grant g;
	put_grant(w, "g", "app", HETU, 4, 8);
	put_token(w, "t", "g", 1000);
	put_token(w, "orphan", "none", 1000);
	assert_true(store_token_find(w->store, w->arena, "t", &t, &g));
	assert_string_equal(t.digest, "t");
	assert_int_equal(t.kind, TOKEN_REFRESH);
	assert_string_equal(t.grant_id, "g");
	assert_string_equal(t.scope, "a");
	assert_int_equal(t.issued_ms, 3);
	assert_int_equal(t.expires_ms, 1000);
	assert_string_equal(g.id, "g");
	assert_string_equal(g.client_id, "app");
	assert_string_equal(g.hetu, HETU);
	assert_string_equal(g.scope, "a b");
	assert_int_equal(g.created_ms, 4);
	assert_int_equal(g.remember_until_ms, 8);
	assert_false(store_token_find(w->store, w->arena, "orphan", &t, &g));
	assert_false(store_token_find(w->store, w->arena, "x", &t, &g));
}

/* Also from the slot of those that were found of late. */
static void tokens_are_bound_to_certificates(void **state)
{
	struct world *w = *state;
	struct store_token t;
	struct grant g;

	put_grant(w, "g", "app", HETU, 4, 8);
	put_token(w, "free", "g", 1000);
	store_token_put(w->store, &(struct store_token){.digest = "bound",
							.grant_id = "g",
							.scope = "a",
							.certificate = "x5t",
							.expires_ms = 7});
	for (int i = 0; i < 3; i++) {
		store_enter(w->store);
		assert_true(
		    store_token_find(w->store, w->arena, "bound", &t, &g));
		assert_string_equal(t.certificate, "x5t");
		assert_string_equal(t.scope, "a");
		assert_true(
		    store_token_find(w->store, w->arena, "free", &t, &g));
		assert_string_equal(t.certificate, "");
		assert_true(store_leave(w->store, true));
		assert_true(store_commit(w->store));
	}
}

static void applications_are_found_by_certificate(void **state)
{
	static const char *const of[][2] = {
	    {"b", "1.2.3"}, {"a", "1.2.3"}, {"c", ""}, {"d", "1.2.4"}};
	struct world *w = *state;

	for (size_t i = 0; i < LEN(of); i++) {
		struct store_client c = client(of[i][0]);

		c.certificate_serial_number = of[i][1];
		store_client_put(w->store, &c);
	}
	assert_string_equal(
	    store_client_of_certificate(w->store, w->arena, "1.2.3"), "a");
	assert_string_equal(
	    store_client_of_certificate(w->store, w->arena, "1.2.4"), "d");
	assert_null(store_client_of_certificate(w->store, w->arena, "1.2"));
	assert_null(store_client_of_certificate(w->store, w->arena, ""));
}

/* In a request: the expiry of the token "t"; -1 when it is not found. */
static int64_t token_now(struct world *w)
{
	struct store_token t;
	struct grant g;
	bool found;

	store_enter(w->store);
	found = store_token_find(w->store, w->arena, "t", &t, &g);
	assert_true(store_leave(w->store, true));
	assert_true(store_commit(w->store));
	if (!found)
		return -1;
	assert_string_equal(t.digest, "t");
	assert_string_equal(t.grant_id, "g");
	assert_string_equal(g.id, "g");
	assert_string_equal(g.client_id, "app");
	assert_string_equal(g.patient, "p1");
	return t.expires_ms;
}

/* A token that was found once is still what the file says of it. */
static void tokens_remembered_are_those_of_the_file(void **state)
{
	struct world *w = *state;
	struct store *other = store_open(w->path, &quiet, &w->err);
	char many[2 * TOKEN_BYTES];

	assert_non_null(other);
	memset(many, 'x', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	assert_int_equal(token_now(w), -1);
	put_grant(w, "g", "app", HETU, 4, 8);
	put_token(w, "t", "g", 1000);
	for (int i = 0; i < 3; i++)
		assert_int_equal(token_now(w), 1000);
	assert_int_equal(w->store->token[hash_text("t") % TOKEN_SLOTS].epoch,
			 w->store->access_epoch);

	/* by ourselves, taken back, by another process */
	put_token(w, "t", "g", 2000);
	assert_int_equal(token_now(w), 2000);
	store_enter(w->store);
	put_token(w, "t", "g", 3000);
	assert_int_equal(store_token_expire(w->store, NULL, NULL, "t", 5), 1);
	assert_true(store_leave(w->store, false));
	assert_true(store_commit(w->store));
	assert_int_equal(token_now(w), 2000);
	assert_int_equal(store_token_expire(other, NULL, NULL, "t", 6), 1);
	assert_int_equal(token_now(w), 6);
	assert_int_equal(store_token_delete(w->store, NULL, NULL, "t"), 1);
	assert_int_equal(token_now(w), -1);

	/* too long for a slot */
	put_token(w, "t", "g", 1000);
	store_token_put(w->store, &(struct store_token){.digest = "t",
							.grant_id = "g",
							.scope = many,
							.expires_ms = 7});
	for (int i = 0; i < 2; i++)
		assert_int_equal(token_now(w), 7);

	/* its permission ends */
	put_token(w, "t", "g", 1000);
	assert_int_equal(token_now(w), 1000);
	assert_int_equal(store_grant_withdraw(w->store, "app", NULL), 1);
	assert_int_equal(token_now(w), -1);
	store_close(other);
}

static void tokens_expire_and_go_by_filter(void **state)
{
	static const struct {
		const char *client_id, *hetu, *digest;
		const char *hit; /* which of t1..t4 */
	} cases[] = {
	    {NULL, NULL, NULL, "1234"},	 {"app", NULL, NULL, "12"},
	    {NULL, HETU, NULL, "134"},	 {"app", HETU, NULL, "1"},
	    {"other", HETU, NULL, "34"}, {NULL, NULL, "t3", "3"},
	    {"other", HETU, "t4", "4"},	 {"app", NULL, "t3", ""},
	    {"nobody", NULL, NULL, ""},	 {NULL, HETU2, "t1", ""},
	};
	struct world *w = *state;
	struct store_token t;
	put_grant(w, "g1", "app", HETU, 1, 0);
	put_grant(w, "g2", "app", HETU2, 1, 0);
	put_grant(w, "g3", "other", HETU, 1, 0);
	for (size_t i = 0; i < 2 * LEN(cases); i++) {
		put_token(w, "t1", "g1", 100);
		put_token(w, "t2", "g2", FOREVER);
		put_token(w, "t3", "g3", 100);
		put_token(w, "t4", "g3", 100);
		const char *id = cases[i / 2].client_id;
		const char *hetu = cases[i / 2].hetu;
		const char *digest = cases[i / 2].digest;
		bool expire = i % 2 == 0;
		int64_t count =
		    expire ? store_token_expire(w->store, id, hetu, digest, 50)
			   : store_token_delete(w->store, id, hetu, digest);
		assert_int_equal(count, strlen(cases[i / 2].hit));
		for (char k = '1'; k <= '4'; k++) {
			const char name[] = {'t', k, '\0'};
			bool hit = strchr(cases[i / 2].hit, k) != NULL;
			bool found = store_token_find(w->store, w->arena, name,
						      &t, NULL);
			assert_true(found == (expire || !hit));
			if (found && expire)
				assert_true((t.expires_ms == 50) == hit);
		}
	}
	assert_int_equal(store_token_expire(w->store, NULL, NULL, NULL, 60), 4);
	assert_int_equal(store_token_expire(w->store, NULL, NULL, NULL, 60), 0);
}

static void withdrawing_kills_codes_and_tokens(void **state)
{
	struct world *w = *state;
	struct store_token t;
	struct store_code c;
	struct grant g, *left;
	put_grant(w, "g1", "app", HETU, 1, FOREVER);
	put_grant(w, "g2", "app", HETU, 2, FOREVER);
	put_grant(w, "g3", "app", HETU2, 2, FOREVER);
	put_token(w, "t1", "g1", 9);
	put_token(w, "t2", "g2", 9);
	put_token(w, "t3", "g3", 9);
	put_code(w, "c1", "g1", 9);
	put_code(w, "c3", "g3", 9);
	assert_int_equal(store_grant_withdraw(w->store, "app", HETU), 2);
	assert_int_equal(store_grant_withdraw(w->store, "app", HETU), 0);
	assert_int_equal(
	    store_grant_remembered(w->store, w->arena, "app", HETU, 1, &left),
	    0);
	assert_false(store_token_find(w->store, w->arena, "t1", &t, &g));
	assert_false(store_token_find(w->store, w->arena, "t2", &t, &g));
	assert_false(code_take(w->store, w->arena, "c1", &c, &g));
	assert_true(store_token_find(w->store, w->arena, "t3", &t, &g));
	assert_true(code_take(w->store, w->arena, "c3", &c, &g));
	assert_int_equal(store_grant_withdraw(w->store, NULL, NULL), 1);
	assert_int_equal(store_token_delete(w->store, NULL, NULL, NULL), 0);
	struct store_counts n;
	store_count(w->store, &n);
	assert_int_equal(n.tokens, 0);
}

static void what_expired_is_counted(void **state)
{
	struct world *w = *state;
	int64_t codes, tokens;
	put_token(w, "t1", "g", 10);
	put_token(w, "t2", "g", 20);
	put_token(w, "t3", "g", FOREVER);
	put_code(w, "c1", "g", 20);
	store_expired(w->store, 10, 20, &codes, &tokens);
	assert_int_equal(tokens, 1); /* later than 10, not later than 20 */
	assert_int_equal(codes, 1);
	store_expired(w->store, 9, 19, &codes, &tokens);
	assert_int_equal(tokens, 1);
	assert_int_equal(codes, 0);
	store_expired(w->store, 20, 1000, &codes, &tokens);
	assert_int_equal(tokens, 0);
	assert_int_equal(codes, 0);
}

static void tickets(void **state)
{
	struct world *w = *state;
	struct store *s = w->store;
	store_ticket_put(s, "d", "session", HETU, 100);
	assert_string_equal(store_ticket_find(s, w->arena, "d", "session", 99),
			    HETU);
	assert_null(store_ticket_find(s, w->arena, "d", "session", 100));
	assert_null(store_ticket_find(s, w->arena, "d", "request", 99));
	assert_null(store_ticket_find(s, w->arena, "e", "session", 99));
	store_ticket_put(s, "d", "session", HETU, 200);
	assert_non_null(store_ticket_find(s, w->arena, "d", "session", 100));
	assert_false(store_ticket_delete(s, "d", "request"));
	assert_true(store_ticket_delete(s, "d", "session"));
	assert_false(store_ticket_delete(s, "d", "session"));
}

static void old_tickets_make_room(void **state)
{
	struct world *w = *state;
	store_enter(w->store);
	store_ticket_put(w->store, "s", "session", HETU, 9);
	for (int i = 0; i <= STORE_TICKETS; i++) {
		char digest[16];
		snprintf(digest, sizeof digest, "%d", i);
		store_ticket_put(w->store, digest, "request", "{}", 9);
	}
	assert_true(store_leave(w->store, true));
	assert_null(store_ticket_find(w->store, w->arena, "0", "request", 1));
	assert_non_null(
	    store_ticket_find(w->store, w->arena, "1", "request", 1));
	assert_non_null(
	    store_ticket_find(w->store, w->arena, "10000", "request", 1));
	assert_non_null(
	    store_ticket_find(w->store, w->arena, "s", "session", 1));
}

static const struct CMUnitTest people_tests[] = {
    MEMORY(citizens),
    MEMORY(deleting_a_citizen_ends_permissions),
    MEMORY(behaviours_are_kept),
    MEMORY(sharings),
    MEMORY(sharings_go_with_both_ends),
    MEMORY(clients),
    MEMORY(clients_by_name),
    MEMORY(grants_are_remembered),
    MEMORY(codes_are_good_once),
    MEMORY(tokens_belong_to_grants),
    MEMORY(tokens_are_bound_to_certificates),
    MEMORY(applications_are_found_by_certificate),
    FILED(tokens_remembered_are_those_of_the_file),
    MEMORY(tokens_expire_and_go_by_filter),
    MEMORY(withdrawing_kills_codes_and_tokens),
    MEMORY(what_expired_is_counted),
    MEMORY(tickets),
    MEMORY(old_tickets_make_room),
};

#endif
