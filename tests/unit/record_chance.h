/* SPDX-License-Identifier: Apache-2.0
 *
 * Ids and secrets with a seed and without: a part of test_record.c.
 */
#ifndef RECORD_CHANCE_H
#define RECORD_CHANCE_H

static const char *id_of(struct t *t, const char *citizen)
{
	const struct chance c = {"grant", citizen, "app"};

	return record_uuid(&t->r, t->a, &c);
}

/* Each has the same ids whether the other one is there or not. */
static void test_chance_by_citizen(void **state)
{
	struct t *t = *state;
	const char *alone[3];

	t->r.seed = "7";
	store_enter(t->r.store);
	for (size_t i = 0; i < LEN(alone); i++)
		alone[i] = id_of(t, "A");
	store_leave(t->r.store, false); /* what is taken back never was */
	for (size_t i = 0; i < LEN(alone); i++) {
		const char *other = id_of(t, "B");

		assert_true(uuid_ok(alone[i]));
		assert_string_not_equal(other, alone[i]);
		assert_string_equal(id_of(t, "A"), alone[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(alone[k], alone[i]);
	}
	t->r.seed = "8";
	store_reset(t->r.store);
	assert_string_not_equal(id_of(t, "A"), alone[0]);
	t->r.seed = "7";
	store_reset(t->r.store);
	assert_string_equal(id_of(t, "A"), alone[0]);
}

static void test_chance_without_seed(void **state)
{
	struct t *t = *state;
	const struct chance c = {"code", "A", "app"};
	char one[33], two[33];

	assert_string_not_equal(id_of(t, "A"), id_of(t, "A"));
	record_random_text(&t->r, &c, one, 32);
	store_reset(t->r.store);
	record_random_text(&t->r, &c, two, 32);
	assert_string_not_equal(one, two);
}

/* A citizen who is removed, or an application, begins again. */
static void test_chance_begins_again(void **state)
{
	struct t *t = *state;
	struct store_citizen c;
	const char *patient, *resource, *grant;

	t->r.seed = "7";
	assert_true(
	    record_citizen(&t->r, t->a, "010190-900P", -1, NULL, &c, &t->e));
	patient = c.patient;
	resource = record_resource_id(&t->r, t->a, patient);
	grant = id_of(t, c.hetu);
	assert_true(record_citizen_delete(&t->r, t->a, c.hetu, &t->e));
	assert_true(
	    record_citizen(&t->r, t->a, "010190-900P", -1, NULL, &c, &t->e));
	assert_string_equal(c.patient, patient);
	assert_string_equal(record_resource_id(&t->r, t->a, patient), resource);
	assert_string_equal(id_of(t, c.hetu), grant);
	store_client_delete(t->r.store, "app");
	assert_string_equal(id_of(t, c.hetu), grant);
}

static void test_chance_texts(void **state)
{
	struct t *t = *state;
	const struct chance c = {"code", NULL, NULL};
	unsigned char bytes[100], again[100];
	char text[301];

	t->r.seed = "7";
	record_random_text(&t->r, &c, text, 300);
	assert_int_equal(strlen(text), 300);
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789"),
			 300);
	record_random(&t->r, &c, bytes, sizeof bytes);
	record_random(&t->r, &c, again, sizeof again);
	assert_memory_not_equal(bytes, again, sizeof bytes);
	assert_memory_not_equal(bytes, bytes + 32, 32);
}

#endif
