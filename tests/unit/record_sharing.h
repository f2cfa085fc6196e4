/* SPDX-License-Identifier: Apache-2.0
 *
 * Permissions, consents and treatments of fixture documents: a part of
 * test_record.c.
 */
#ifndef RECORD_SHARING_H
#define RECORD_SHARING_H

/* ---- permissions, consents, treatments --------------------------------- */

static void load(struct t *t, const char *doc)
{
	if (!loads(t, J(t, doc), false))
		fail_msg("%s: %s", t->e.where, t->e.text);
}

static void test_fixture_permissions(void **state)
{
	struct t *t = *state;
	struct grant *g;

	load(t, "{" TWO ",'permissions':[{'client_id':'app','hetu':'010190-900p"
		"','scope':'patient/Observation.read',"
		"'at':'2026-01-02T03:04:05+02:00'}]}");
	assert_true(store_grant_remembered(t->r.store, t->a, "app", HETU,
					   ms("2036-01-01T00:00:00+02:00"),
					   &g));
	assert_string_equal(g->scope, "patient/Observation.read");
	assert_int_equal(g->created_ms, ms("2026-01-02T03:04:05+02:00"));
	load(t, "{'permissions':[{'client_id':'app','hetu':'" HETU
		"','withdrawn':false}]}");
	assert_true(
	    store_grant_remembered(t->r.store, t->a, "app", HETU, ms(NOW), &g));
	assert_string_equal(g->scope, "patient/Observation.read "
				      "patient/Observation.write "
				      "offline_access");
	load(t, "{'permissions':[{'client_id':'app','hetu':'" HETU
		"','withdrawn':true}]}");
	assert_false(
	    store_grant_remembered(t->r.store, t->a, "app", HETU, ms(NOW), &g));
}

static void test_fixture_sharings(void **state)
{
	struct t *t = *state;
	struct store_sharing *x;

	load(t, "{" TWO ",'consents':[{'hetu':'" HETU
		"','decision':'consent'},{'hetu':'" HETU
		"','decision':'refusal','client_id':'pro','from':'2026-02-01',"
		"'until':'2026-03-01'}],'treatments':[{'hetu':'" HETU
		"','client_id':'pro','until':'2027-01-01'}]}");
	assert_int_equal(store_sharing_list(t->r.store, t->a, HETU, &x), 3);
	assert_int_equal(x[0].kind, SHARING_CONSENT);
	assert_string_equal(x[0].client_id, "");
	assert_int_equal(x[0].from_ms, ms(NOW));
	assert_true(x[0].until_ms == INT64_MAX);
	assert_int_equal(x[1].kind, SHARING_REFUSAL);
	assert_string_equal(x[1].client_id, "pro");
	assert_int_equal(x[1].from_ms, ms("2026-02-01T00:00:00+02:00"));
	assert_int_equal(x[1].until_ms, ms("2026-03-01T00:00:00+02:00"));
	assert_int_equal(x[2].kind, SHARING_TREATMENT);
	assert_string_equal(x[2].client_id, "pro");
	assert_int_equal(x[2].until_ms, ms("2027-01-01T00:00:00+02:00"));
	assert_true(uuid_ok(x[2].id));
}

static void test_behaviours(void **state)
{
	struct t *t = *state;
	struct store_citizen c;
	struct grant g;

	client(t, APP);
	citizen(t, HETU, PATIENT);
	assert_true(store_citizen_find(t->r.store, t->a, HETU, NULL, &c));
	assert_false(record_behaves(&c, "minor"));
	assert_true(record_behaviours(
	    &t->r, t->a, J(t, "['refuses-consent','minor','minor']"), &c,
	    &t->e));
	assert_true(store_citizen_find(t->r.store, t->a, HETU, NULL, &c));
	assert_string_equal(c.behaviours, "refuses-consent minor");
	assert_true(record_behaves(&c, "minor"));
	assert_false(
	    record_grant(&t->r, t->a, "app", HETU, NULL, 0, &g, &t->e));
	assert_int_equal(t->e.kind, ERR_FORBIDDEN);
	assert_string_equal(t->e.code, "access_denied");
	assert_false(
	    record_behaviours(&t->r, t->a, J(t, "['slow']"), &c, &t->e));
	assert_string_equal(t->e.code, "unknown_behaviour");
	has(t->e.text, "delay_ms");
	assert_true(record_behaviours(&t->r, t->a, J(t, "[]"), &c, &t->e));
	assert_true(record_grant(&t->r, t->a, "app", HETU, NULL, 0, &g, &t->e));
}

#endif
