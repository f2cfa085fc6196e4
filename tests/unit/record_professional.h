/* SPDX-License-Identifier: Apache-2.0
 *
 * Professional use: its conditions, one after the other, and what of a scope
 * reads: a part of test_record.c.
 */
#ifndef RECORD_PROFESSIONAL_H
#define RECORD_PROFESSIONAL_H

#include "record_sharing.h"

#define WARD(more)                                                             \
	"{'clients':[{'client_id':'ward','kind':'professional','scope':"       \
	"'patient/Observation.read offline_access patient/Patient.read',"      \
	"'grant_types':['client_credentials']" more "}]}"
#define OIDS ",'service_provider':'1.2.246.10.1','access_point':'1.2.246.10.2'"

/* The rule that does not hold for the ward and the citizen; "" when all do. */
static const char *broken_rule(struct t *t, const char *client_id)
{
	t->e = (struct err){.kind = ERR_NONE};
	if (record_professional(&t->r, t->a, client_id, HETU, &t->e))
		return "";
	assert_int_equal(t->e.kind, ERR_FORBIDDEN);
	return arena_strdup(t->a, t->e.code);
}

static void breaks(struct t *t, const char *rule)
{
	assert_string_equal(broken_rule(t, "ward"), rule);
}

static void test_professional_conditions(void **state)
{
	struct t *t = *state;
	struct store_client c;

	assert_string_equal(broken_rule(t, "nobody"), RULE_NOT_PROFESSIONAL);
	load(t, "{'clients':[" APP "]}");
	assert_string_equal(broken_rule(t, "app"), RULE_NOT_PROFESSIONAL);
	load(t, WARD(""));
	breaks(t, RULE_UNREGISTERED);
	has(t->e.text, "service_provider");
	assert_true(store_client_find(t->r.store, t->a, "ward", &c));
	c.metadata = "{\"service_provider\":\"1.2\",\"access_point\":\"\"}";
	store_client_put(t->r.store, &c);
	breaks(t, RULE_UNREGISTERED);
	has(t->e.text, "access_point");
	store_client_delete(t->r.store, "ward");
	load(t, WARD(OIDS));
	breaks(t, RULE_NO_CITIZEN);
	load(t, "{'citizens':[{'hetu':'" HETU "'}]}");
	breaks(t, RULE_NO_TREATMENT);
	load(t, "{'treatments':[{'hetu':'" HETU "','client_id':'ward'}]}");
	breaks(t, RULE_NO_CONSENT);
	load(t, "{'consents':[{'hetu':'" HETU "','decision':'consent'}]}");
	breaks(t, "");
	load(t, "{'consents':[{'hetu':'" HETU "','decision':'refusal'}]}");
	breaks(t, RULE_REFUSED); /* of the same instant */
	t->r.clock.frozen_ms += 1;
	breaks(t, RULE_REFUSED);
	load(t, "{'consents':[{'hetu':'" HETU "','decision':'consent'}]}");
	breaks(t, "");
}

/* A treatment in [from, until) of the clock, and one of another application. */
static void test_professional_times(void **state)
{
	static const struct {
		const char *now, *rule;
	} rows[] = {
	    {"2026-11-30T23:59:59.999+02:00", RULE_NO_TREATMENT},
	    {"2026-12-01T00:00:00+02:00", ""},
	    {"2026-12-31T23:59:59.999+02:00", ""},
	    {"2027-01-01T00:00:00+02:00", RULE_NO_TREATMENT},
	};
	struct t *t = *state;

	load(t, WARD(OIDS));
	load(t, "{" TWO "}");
	load(t, "{'treatments':[{'hetu':'" HETU "','client_id':'pro'},"
		"{'hetu':'" HETU "','client_id':'ward',"
		"'from':'2026-12-01','until':'2027-01-01'}],"
		"'consents':[{'hetu':'" HETU "','decision':'consent'},"
		"{'hetu':'" HETU "','decision':'refusal','client_id':'pro',"
		"'from':'2026-11-22'}]}");
	for (size_t i = 0; i < LEN(rows); i++) {
		t->r.clock.frozen_ms = ms(rows[i].now);
		breaks(t, rows[i].rule);
	}
}

static void test_professional_grant(void **state)
{
	static const struct {
		const char *asked, *granted;
	} rows[] = {
	    {NULL, "patient/Observation.read patient/Patient.read"},
	    {"patient/Patient.read", "patient/Patient.read"},
	    {"patient/Patient.read  patient/Patient.read ",
	     "patient/Patient.read"},
	    {"offline_access", NULL},
	    {"patient/Patient.read offline_access", NULL},
	    {"patient/Observation.write", NULL},
	    {"patient/CarePlan.read", NULL},
	    {"patient/.read", NULL},
	    {".read", NULL},
	    {"", NULL},
	};
	struct t *t = *state;
	struct store_client c;
	struct grant g;

	load(t, WARD(OIDS));
	assert_true(store_client_find(t->r.store, t->a, "ward", &c));
	assert_string_equal(c.grant_types, "client_credentials");
	assert_string_equal(c.redirect_uris, "");
	citizen(t, HETU, PATIENT);
	assert_false(
	    record_professional_grant(&t->r, t->a, &c, HETU, NULL, &g, &t->e));
	assert_string_equal(t->e.code, RULE_NO_TREATMENT);
	load(t, "{'treatments':[{'hetu':'" HETU "','client_id':'ward'}],"
		"'consents':[{'hetu':'" HETU "','decision':'consent'}]}");
	for (size_t i = 0; i < LEN(rows); i++) {
		bool ok = record_professional_grant(
		    &t->r, t->a, &c, "010190-900p", rows[i].asked, &g, &t->e);

		assert_int_equal(ok, rows[i].granted != NULL);
		if (!ok) {
			assert_int_equal(t->e.kind, ERR_INVALID);
			assert_string_equal(t->e.code, "invalid_scope");
			continue;
		}
		assert_string_equal(g.scope, rows[i].granted);
		assert_string_equal(g.hetu, HETU);
		assert_string_equal(g.patient, PATIENT);
		assert_true(g.professional);
		assert_int_equal(g.remember_until_ms, 0);
	}
}

static void test_oids(void **state)
{
	static const char *const good[] = {"1.2", "0.0", "2.999.1",
					   "1.2.246.10.99999999.10.1"};
	static const char *const bad[] = {
	    "", "1", "1.", ".1", "3.1", "1..2", "1.02", "1.2.", "a.b", "1.2 ",
	};

	(void)state;
	assert_true(record_professional_oid(NULL));
	for (size_t i = 0; i < LEN(good); i++)
		if (!record_professional_oid(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < LEN(bad); i++)
		if (record_professional_oid(bad[i]))
			fail_msg("%s", bad[i]);
}

#endif
