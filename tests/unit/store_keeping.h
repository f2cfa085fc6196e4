/* SPDX-License-Identifier: Apache-2.0
 *
 * What is looked at later: history, kept results, referrers, parts of requests,
 * and files of an older program.
 */
#ifndef STORE_KEEPING_H
#define STORE_KEEPING_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store_clauses.h"

/* ---- history ------------------------------------------------------- */

static void put_version(struct world *w, const char *type, const char *id,
			int version, const char *patient, int64_t updated_ms)
{
	struct store_resource r = resource(id, version);
	r.type = type;
	r.patient = patient;
	r.updated_ms = updated_ms;
	if (updated_ms < 0) {
		r.updated_ms = -updated_ms;
		r.deleted = true;
		r.text = NULL;
		r.text_len = 0;
		r.method = "DELETE";
	}
	store_resource_put(w->store, &r, NULL, 0);
}

/* "id/version", the newest first. */
static const char *versions(struct world *w,
			    const struct store_history_query *q, int64_t total)
{
	struct store_found found;
	struct buf b;
	buf_init(&b, w->arena);
	store_history(w->store, w->arena, q, &found);
	assert_int_equal(found.total, total);
	for (size_t i = 0; i < found.n; i++)
		buf_printf(&b, "%s/%d%s ", found.v[i].id, found.v[i].version,
			   found.v[i].deleted ? "!" : "");
	return b.p;
}

static void put_history(struct world *w)
{
	put_version(w, "Observation", "a", 1, "p1", 10);
	put_version(w, "Observation", "b", 1, "p2", 20);
	put_version(w, "Observation", "a", 2, "p1", 30);
	put_version(w, "CarePlan", "c", 1, "p1", 40);
	put_version(w, "Observation", "a", 3, "p1", -50);
	put_version(w, "Questionnaire", "q", 1, "", 60);
	put_version(w, "Observation", "a", 4, "p1", 70);
}

static void history_is_newest_first(void **state)
{
	static const char *const two[] = {"Questionnaire", "CarePlan", NULL};
	static const struct {
		struct store_history_query q;
		const char *found;
		int64_t total;
	} cases[] = {
	    {{.type = NULL}, "a/4 q/1 a/3! c/1 a/2 b/1 a/1 ", 7},
	    {{.type = "Observation"}, "a/4 a/3! a/2 b/1 a/1 ", 5},
	    {{.type = "Observation", .patient = "p2"}, "b/1 ", 1},
	    {{.patient = "p1"}, "a/4 a/3! c/1 a/2 a/1 ", 5},
	    {{.patient = "nobody"}, "", 0},
	    {{.types = two}, "q/1 c/1 ", 2},
	    {{.types = two, .patient = "p1"}, "c/1 ", 1},
	    {{.type = "Observation", .id = "a"}, "a/4 a/3! a/2 a/1 ", 4},
	    {{.type = "Observation", .id = "a", .patient = "p2"}, "", 0},
	    {{.type = "Observation", .id = "x"}, "", 0},
	    {{.type = "CarePlan", .id = "a"}, "", 0},
	    {{.since_ms = 50}, "a/4 q/1 a/3! ", 3},
	    {{.type = "Observation", .id = "a", .since_ms = 31},
	     "a/4 a/3! ",
	     2},
	    {{.at = true, .at_lo_ms = 35, .at_hi_ms = 45}, "c/1 a/2 b/1 ", 3},
	    {{.type = "Observation",
	      .id = "a",
	      .at = true,
	      .at_lo_ms = 30,
	      .at_hi_ms = 51},
	     "a/3! a/2 ",
	     2},
	    {{.type = "Observation", .at = true, .at_lo_ms = 5, .at_hi_ms = 10},
	     "",
	     0},
	    {{.type = "Observation", .limit = 2, .offset = 1}, "a/3! a/2 ", 5},
	    {{.limit = 3, .offset = 5}, "b/1 a/1 ", 7},
	    {{.limit = 3, .offset = 7}, "", 7},
	    {{.type = "Observation", .snapshot = 4}, "a/2 b/1 a/1 ", 3},
	    {{.type = "Observation", .id = "a", .snapshot = 4}, "a/2 a/1 ", 2},
	};
	struct world *w = *state;
	put_history(w);
	for (size_t i = 0; i < LEN(cases); i++) {
		struct store_history_query q = cases[i].q;
		q.fhir = 1;
		q.limit = q.limit == 0 ? 100 : q.limit;
		assert_string_equal(versions(w, &q, cases[i].total),
				    cases[i].found);
	}
	struct store_history_query q = {.fhir = 1};
	assert_string_equal(versions(w, &q, 7), ""); /* only the total */
	q = (struct store_history_query){.fhir = 0, .limit = 9};
	assert_string_equal(versions(w, &q, 0), "");
}

static void every_version_can_be_read(void **state)
{
	struct world *w = *state;
	struct store_resource r;
	put_history(w);
	for (int version = 1; version <= 4; version++) {
		assert_true(store_resource_find(
		    w->store, w->arena, 1, "Observation", "a", version, &r));
		assert_int_equal(r.version, version);
		assert_int_equal(r.deleted, version == 3);
	}
	assert_false(store_resource_find(w->store, w->arena, 1, "Observation",
					 "a", 5, &r));
	assert_false(store_resource_find(w->store, w->arena, 1, "Observation",
					 "b", 2, &r));
}

/* ---- kept results ---------------------------------------------------- */

static const char *keep(struct world *w, int64_t limit, int64_t now_ms)
{
	static const struct store_sort by_id = {"_id", true};
	struct store_kept kept = {.fhir = 1,
				  .type = "Observation",
				  .patient = "p1",
				  .query = "code=x",
				  .made_ms = now_ms};
	struct store_query q = all();
	struct store_found found;
	q.limit = limit;
	q.sort = &by_id;
	q.sort_count = 1;
	q.keep = &kept;
	assert_true(store_search(w->store, w->arena, &q, &found, &w->err));
	assert_true(kept.token == NULL || kept.total == found.total);
	return kept.token;
}

static const char *kept_ids(struct world *w, const char *token, int64_t offset,
			    int64_t limit, int64_t *next)
{
	struct store_kept what;
	struct store_found found;
	struct buf b;
	buf_init(&b, w->arena);
	if (!store_page(w->store, w->arena, token, 1000, offset, limit, &what,
			&found, next))
		return NULL;
	assert_string_equal(what.query, "code=x");
	assert_string_equal(what.type, "Observation");
	assert_string_equal(what.patient, "p1");
	assert_string_equal(what.token, token);
	assert_int_equal(what.fhir, 1);
	assert_int_equal(found.total, what.total);
	for (size_t i = 0; i < found.n; i++)
		buf_printf(&b, "%s/%d ", found.v[i].id, found.v[i].version);
	return b.p;
}

static void kept_results_stay(void **state)
{
	struct world *w = *state;
	struct store_resource r;
	int64_t next;
	for (const char *id = "a\0b\0c\0d\0e\0"; *id != '\0'; id += 2)
		put(w, id, "p1");
	assert_null(keep(w, 5, 1000)); /* the page is all of it */
	const char *token = keep(w, 2, 1000);
	assert_non_null(token);
	put(w, "f", "p1");
	r = resource("c", 2);
	store_resource_put(w->store, &r, NULL, 0);
	put_version(w, "Observation", "b", 2, "p1", -9);
	assert_string_equal(kept_ids(w, token, 0, 2, &next), "e/1 d/1 ");
	assert_int_equal(next, 2);
	assert_string_equal(kept_ids(w, token, 2, 2, &next), "c/2 ");
	assert_int_equal(next, 4);
	assert_string_equal(kept_ids(w, token, 4, 2, &next), "a/1 ");
	assert_int_equal(next, 0);
	assert_string_equal(kept_ids(w, token, 9, 2, &next), "");
	assert_int_equal(next, 0);
	assert_string_equal(kept_ids(w, token, -3, INT64_MAX, &next),
			    "e/1 d/1 c/2 a/1 ");
	assert_null(kept_ids(w, "no-such-token", 0, 2, &next));
	assert_null(kept_ids(w, keep(w, 2, 1000 - STORE_KEPT_MS), 0, 2, &next));
	store_reset(w->store);
	assert_null(kept_ids(w, token, 0, 2, &next));
}

static void old_kept_results_make_room(void **state)
{
	struct world *w = *state;
	int64_t next;
	put(w, "a", "p1");
	put(w, "b", "p1");
	const char *first = keep(w, 1, 1000), *second = keep(w, 1, 1000);
	for (int i = 0; i < 499; i++)
		keep(w, 1, 1000);
	assert_null(kept_ids(w, first, 0, 1, &next));
	assert_string_equal(kept_ids(w, second, 0, 1, &next), "b/1 ");
}

/* A request that only reads keeps its result, too. */
static void readers_keep_results(void **state)
{
	struct world *w = *state;
	int64_t next;
	put(w, "a", "p1");
	put(w, "b", "p1");
	store_enter(w->store);
	const char *token = keep(w, 1, 1000);
	assert_true(store_leave(w->store, true));
	assert_false(store_pending(w->store));
	assert_true(store_commit(w->store));
	store_enter(w->store);
	assert_string_equal(kept_ids(w, token, 1, 1, &next), "a/1 ");
	assert_true(store_leave(w->store, true));
}

/* ---- referrers ------------------------------------------------------- */

static const char *referrer(struct world *w, const char *to)
{
	struct store_resource r;
	const char *param;
	if (!store_referrer(w->store, w->arena, 1, to, NULL, 0, &r, &param))
		return "";
	return arena_printf(w->arena, "%s/%s by %s", r.type, r.id, param);
}

static void referrers_are_found(void **state)
{
	struct world *w = *state;
	put_family(w);
	struct store_index_row self = reference("part-of", "CarePlan/c");
	put_rows(w, "CarePlan", "c", "p2", &self, 1);
	assert_string_equal(referrer(w, "Patient/p2"),
			    "Observation/o2 by subject");
	assert_string_equal(referrer(w, "Questionnaire/q1"),
			    "Observation/o1 by form");
	assert_string_equal(referrer(w, "Patient/nobody"), "");
	/* but for those that go, too */
	static const char *const except[] = {"Observation/o", "Observation/o2"};
	struct store_resource r;
	const char *param;
	assert_true(store_referrer(w->store, w->arena, 1, "Patient/p2", except,
				   1, &r, &param));
	assert_string_equal(r.id, "o2");
	assert_false(store_referrer(w->store, w->arena, 1, "Patient/p2", except,
				    2, &r, &param));
	assert_string_equal(referrer(w, "CarePlan/c"), "");
	assert_string_equal(referrer(w, "900P"), ""); /* only a token */
	put_version(w, "Observation", "o2", 2, "p2", -9);
	assert_string_equal(referrer(w, "Patient/p2"), "");
}

/* ---- parts of a request ------------------------------------------------ */

static void parts_are_kept_or_not(void **state)
{
	struct world *w = *state;
	store_enter(w->store);
	store_nest(w->store);
	put(w, "first", "p1");
	assert_true(store_unnest(w->store, false));
	put(w, "a", "p1");
	store_nest(w->store);
	put(w, "b", "p2");
	assert_true(has(w, "b"));
	assert_true(store_unnest(w->store, false));
	assert_false(has(w, "b"));
	store_nest(w->store);
	put(w, "c", "p3");
	assert_true(store_unnest(w->store, true));
	store_nest(w->store); /* one that writes nothing */
	assert_true(store_unnest(w->store, false));
	assert_true(store_leave(w->store, true));
	assert_true(store_commit(w->store));
	assert_false(has(w, "first"));
	assert_true(has(w, "a"));
	assert_false(has(w, "b"));
	assert_true(has(w, "c"));
	struct store_query q = all();
	q.patient = "p3"; /* its number was not that of the lost one */
	assert_string_equal(ids(w, &q), "c ");
}

/* A part's own part: what it wrote is kept or lost before its outer one is. */
static void parts_have_parts(void **state)
{
	struct world *w = *state;
	store_enter(w->store);
	store_nest(w->store);
	store_nest(w->store); /* the first to write */
	put(w, "a", "p1");
	assert_true(store_unnest(w->store, false));
	assert_false(has(w, "a"));
	put(w, "b", "p1");
	store_nest(w->store); /* writes nothing */
	assert_true(store_unnest(w->store, false));
	assert_true(has(w, "b"));
	store_nest(w->store);
	put(w, "c", "p1");
	assert_true(store_unnest(w->store, true));
	assert_true(has(w, "c"));
	assert_true(store_unnest(w->store, true));
	store_nest(w->store);
	store_nest(w->store);
	put(w, "d", "p1");
	assert_true(store_unnest(w->store, true));
	assert_true(has(w, "d"));
	assert_true(store_unnest(w->store, false));
	assert_true(store_leave(w->store, true));
	assert_true(store_commit(w->store));
	assert_true(has(w, "b"));
	assert_true(has(w, "c"));
	assert_false(has(w, "a"));
	assert_false(has(w, "d"));
}

static void parts_go_with_their_request(void **state)
{
	struct world *w = *state;
	put(w, "before", "p1");
	const char *before = dump(w);
	store_enter(w->store);
	put(w, "a", "p1");
	store_nest(w->store);
	put(w, "b", "p1");
	assert_true(store_unnest(w->store, true));
	assert_true(store_leave(w->store, false));
	assert_true(store_commit(w->store));
	assert_string_equal(dump(w), before);
}

/* ---- the index, exact -------------------------------------------------- */

/* What is in the index of a resource goes with what it was made of, whatever
 * comes instead. */
static void index_rows_go_exactly(void **state)
{
	struct world *w = *state;
	struct store_index_row rows[] = {
	    word("code", "s", "a"),
	    in_part(2, word("code", "s", "a")),
	    span(1, 2, false),
	    span(1, INT64_MAX, true),
	    number(3, 1.5, 1.5),
	    number(0, -INFINITY, 3),
	    string("name", "long value of a string", "L"),
	    reference("subject", "Patient/p1")};
	struct store_resource r = resource("a", 1);
	store_resource_put(w->store, &r, rows, LEN(rows));
	assert_string_equal(exec_text(w, "SELECT count(*)FROM index_row"),
			    "7\n");
	r.version = 2; /* the same: nothing changes */
	store_resource_put(w->store, &r, rows, LEN(rows));
	assert_string_equal(exec_text(w, "SELECT count(*)FROM index_row"),
			    "7\n");
	r.version = 3; /* another owner takes them along */
	r.patient = "p2";
	store_resource_put(w->store, &r, rows, LEN(rows));
	assert_string_equal(exec_text(w, "SELECT count(*),count(DISTINCT owner)"
					 "FROM index_row"),
			    "7|1\n");
	r.version = 4;
	store_resource_put(w->store, &r, rows, 1);
	assert_string_equal(exec_text(w, "SELECT count(*)FROM index_row"),
			    "1\n");
	put_version(w, "Observation", "a", 5, "p2", -9);
	assert_string_equal(exec_text(w, "SELECT count(*)FROM index_row"),
			    "0\n");
}

/* ---- the log, in one piece ---------------------------------------------- */

/* No file may grow beyond that: writing to the log fails, as on a full disk. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static bool put_turn(struct world *w, const char *id, size_t bytes)
{
	struct store_resource r = resource(id, 1);
	char *text = arena_alloc(w->arena, bytes);
	memset(text, ' ', bytes);
	r.text = text;
	r.text_len = bytes;
	store_enter(w->store);
	store_resource_put(w->store, &r, NULL, 0);
	bool left = store_leave(w->store, true);
	return store_commit(w->store) && left;
}

/* What cannot be written is told, lost, and in nobody's way afterwards: small
 * turns and such as exceed the buffer and the cache. */
static void full_disks_lose_only_their_turn(void **state)
{
	static const size_t sizes[] = {1000, 100000, 3 << 20};
	struct world *w = *state;
	assert_true(put_turn(w, "first", 1000));
	exec_text(w, "PRAGMA cache_size=50");
	for (size_t i = 0; i < LEN(sizes); i++) {
		struct stat log;
		char *path = arena_printf(w->arena, "%s-wal", w->path);
		assert_int_equal(stat(path, &log), 0);
		limit_files((rlim_t)log.st_size + sizes[i] / 2);
		bool kept = put_turn(w, "lost", sizes[i]);
		limit_files(RLIM_INFINITY);
		assert_false(kept);
		assert_false(has(w, "lost"));
		assert_true(has(w, "first"));
		assert_string_equal(exec_text(w, "PRAGMA integrity_check"),
				    "ok\n");
		assert_true(put_turn(w, arena_printf(w->arena, "next%zu", i),
				     sizes[i]));
	}
	struct store *other = store_open(w->path, &quiet, &w->err);
	assert_non_null(other);
	assert_int_equal(store_serial(other), 4);
	store_close(other);
	reopen(w);
	assert_true(has(w, "next2"));
	assert_string_equal(exec_text(w, "PRAGMA integrity_check"), "ok\n");
}

/* A copy of the files, as another program or a crash would find them. */
static void what_is_committed_is_in_the_files(void **state)
{
	struct world *w = *state;
	struct store_counts n;
	for (int i = 0; i < 40; i++) {
		assert_true(put_turn(w, arena_printf(w->arena, "r%d", i),
				     (size_t)1 << (i % 20)));
		struct store *other = store_open(w->path, &quiet, &w->err);
		assert_non_null(other);
		store_count(other, &n);
		assert_int_equal(n.resources, i + 1);
		store_close(other);
	}
}

/* ---- older files ------------------------------------------------------- */

/* A file as version 2 of the schema left it, with two resources of which one
 * was updated and then deleted. */
static void make_old_file(struct world *w)
{
	sqlite3 *db;
	store_close(w->store);
	w->store = NULL;
	unlink(w->path);
	assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    sqlite3_exec(db, store_migrations[i], NULL, NULL, NULL),
		    SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(
		db,
		"PRAGMA application_id=1297107026;PRAGMA user_version=2;"
		"INSERT INTO resource VALUES(3,1,'Observation','a',1,10,'p1',"
		"0),(5,1,'Observation','b',3,30,'',1),"
		"(6,1,'Observation','c',2,40,'p1',0);"
		"INSERT INTO version VALUES(3,1,10,'app',0,'POST','{\"x\":1}'),"
		"(5,1,15,'app',0,'POST','{}'),(6,1,17,'app',0,'POST','{}'),"
		"(5,2,20,'app',0,'PUT','{}'),(5,3,30,'app',1,'DELETE',NULL),"
		"(6,2,40,'app',0,'PUT','{\"y\":2}');",
		NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
}

static void older_files_are_indexed_anew(void **state)
{
	struct world *w = *state;
	struct store_resource r;
	struct store_index_row row = word("code", "", "x");
	int64_t after = 0;
	int walked = 0;
	make_old_file(w);
	reopen(w);
	assert_true(store_must_index(w->store));
	while (store_index_next(w->store, w->arena, &after, &r)) {
		store_index_put(w->store, &r, &row, 1);
		walked++;
	}
	assert_int_equal(walked, 2);
	assert_false(store_must_index(w->store));
	struct store_value v = WORD(OP_TOKEN, NULL, "x");
	assert_string_equal(ids_by(w, "code", v), "a c ");
	struct store_history_query q = {.fhir = 1, .limit = 10};
	assert_string_equal(versions(w, &q, 6), "c/2 b/3! b/2 c/1 b/1 a/1 ");
	assert_true(store_resource_find(w->store, w->arena, 1, "Observation",
					"c", 0, &r));
	assert_string_equal(r.text, "{\"y\":2}");
	assert_string_equal(r.patient, "p1");
	r = resource("c", 3);
	store_resource_put(w->store, &r, NULL, 0);
	assert_string_equal(ids_by(w, "code", v), "a ");
	reopen(w);
	assert_false(store_must_index(w->store));
}

/* A file as version 5 of the schema left it, with a token. */
static void older_tokens_are_bound_to_nothing(void **state)
{
	struct world *w = *state;
	struct store_token t;
	struct grant g;
	sqlite3 *db;

	store_close(w->store);
	w->store = NULL;
	unlink(w->path);
	assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    sqlite3_exec(db, store_migrations[i], NULL, NULL, NULL),
		    SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(
		db,
		"PRAGMA application_id=1297107026;PRAGMA user_version=5;"
		"INSERT INTO permission(id,client_id,hetu,patient,scope,"
		"created_ms,remember_until_ms)VALUES('g','app','h','p1','a',"
		"1,0);"
		"INSERT INTO token(digest,kind,grant_id,scope,issued_ms,"
		"expires_ms)VALUES('t',0,'g','a',1,9);",
		NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	reopen(w);
	assert_true(store_token_find(w->store, w->arena, "t", &t, &g));
	assert_string_equal(t.certificate, "");
	assert_int_equal(t.expires_ms, 9);
	assert_string_equal(g.client_id, "app");
}

static const struct CMUnitTest keeping_tests[] = {
    MEMORY(history_is_newest_first),
    MEMORY(every_version_can_be_read),
    MEMORY(kept_results_stay),
    MEMORY(old_kept_results_make_room),
    MEMORY(referrers_are_found),
    MEMORY(parts_are_kept_or_not),
    MEMORY(parts_have_parts),
    MEMORY(parts_go_with_their_request),
    MEMORY(index_rows_go_exactly),
    FILED(kept_results_stay),
    FILED(readers_keep_results),
    FILED(parts_are_kept_or_not),
    FILED(parts_have_parts),
    FILED(full_disks_lose_only_their_turn),
    FILED(what_is_committed_is_in_the_files),
    FILED(older_files_are_indexed_anew),
    FILED(older_tokens_are_bound_to_nothing),
};

#endif
