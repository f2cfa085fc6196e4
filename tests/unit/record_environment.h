/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of environments and behaviours: that every row is about a switch
 * with that value, or an option, and says what it means; that a preset is put
 * into force. A part of test_record.c.
 */
#ifndef RECORD_ENVIRONMENT_H
#define RECORD_ENVIRONMENT_H

/* The value of a switch; NULL when there is none of that name. */
static const char *switch_value(struct t *t, const struct settings *s,
				const char *name)
{
	struct setting_info info;

	for (size_t i = 0; settings_list(s, t->a, i, &info); i++)
		if (strcmp(info.name, name) == 0)
			return info.value;
	return NULL;
}

static bool is_mark(const char *mark)
{
	size_t n = strlen(mark);

	return (n == 3 && mark[0] == '[' && strchr("QSPCMI?", mark[1]) &&
		mark[2] == ']') ||
	       (strncmp(mark, "[RFC ", 5) == 0 && mark[n - 1] == ']');
}

static void check_row(struct t *t, const char *env, const struct preset *p)
{
	struct settings s;

	settings_init(&s);
	if (!is_mark(p->mark))
		fail_msg("%s: %s has the mark %s", env, p->name, p->mark);
	if (strlen(p->means) < 20 || p->means[strlen(p->means) - 1] != '.')
		fail_msg("%s: %s=%s means \"%s\"", env, p->name, p->value,
			 p->means);
	if (p->option) {
		assert_string_equal(p->name, "auth-path");
		assert_null(switch_value(t, &s, p->name));
	} else if (!settings_set(&s, p->name, p->value, &t->e)) {
		fail_msg("%s: %s", env, t->e.text);
	} else {
		assert_string_equal(switch_value(t, &s, p->name), p->value);
	}
}

static void test_environment_rows(void **state)
{
	static const char *const names[] = {"sandbox-open", "sandbox",
					    "client-test",  "production",
					    "kanta",	    "strict"};
	struct t *t = *state;
	struct preset p, other;
	size_t rows[LEN(names)] = {0};

	for (size_t i = 0; i < LEN(names); i++) {
		assert_string_equal(environment_name(i), names[i]);
		for (; environment_row(names[i], rows[i], &p); rows[i]++) {
			check_row(t, names[i], &p);
			for (size_t k = 0; k < rows[i]; k++) {
				environment_row(names[i], k, &other);
				assert_string_not_equal(other.name, p.name);
			}
		}
		assert_true(rows[i] > 20);
	}
	assert_null(environment_name(LEN(names)));
	assert_int_equal(rows[0], rows[3]);
	assert_int_equal(rows[4], rows[5]);
	assert_false(environment_row("Sandbox", 0, &p));
	assert_false(environment_preset("", 0, &p));
	assert_null(environment_find("strict"));
}

/* What they set is in force afterwards, whatever was before; and an option is
 * none of it. */
static void test_environment_applies(void **state)
{
	struct t *t = *state;
	struct settings s;
	struct preset p;
	const char *name;

	for (size_t n = 0; (name = environment_name(n)) != NULL; n++) {
		const struct environment *env = environment_find(name);

		memset(&s, 0, sizeof s);
		settings_init(&s);
		if (env != NULL)
			environment_apply(env, &s);
		else
			assert_true(oauth_behaviour_apply(name, &s));
		for (size_t i = 0; environment_preset(name, i, &p); i++) {
			assert_false(p.option);
			assert_string_equal(switch_value(t, &s, p.name),
					    p.value);
		}
	}
	settings_init(&s);
	assert_false(oauth_behaviour_apply("sandbox", &s));
	assert_string_equal(
	    environment_option(environment_find("sandbox"), "auth-path"),
	    "/phr-authserver-sandbox");
	assert_string_equal(
	    environment_option(environment_find("production"), "auth-path"),
	    "/phr-authserver");
	assert_null(environment_option(environment_find("sandbox"), "listen"));
	assert_null(environment_option(environment_find("sandbox"), "terms"));
}

/* Without an environment the server is the sandbox: its column holds the
 * defaults, and so does the behaviour kanta. */
static void test_environment_defaults(void **state)
{
	struct t *t = *state;
	struct settings usual;
	struct preset p;

	settings_init(&usual);
	for (size_t i = 0; environment_preset("sandbox", i, &p); i++)
		assert_string_equal(switch_value(t, &usual, p.name), p.value);
	for (size_t i = 0; environment_preset("kanta", i, &p); i++)
		assert_string_equal(switch_value(t, &usual, p.name), p.value);
}

static void test_environment_notes(void **state)
{
	struct t *t = *state;
	const char *note;

	t->r.environment = environment_find("production");
	environment_apply(t->r.environment, &t->r.settings);
	note = record_preset_note(&t->r, t->a, "open_sandbox");
	assert_non_null(note);
	has(note, "open_sandbox=off");
	has(note, "[I]");
	has(record_preset_note(&t->r, t->a, "access_token_s"), "[?]");
	/* known of the service; no row; no switch */
	assert_null(record_preset_note(&t->r, t->a, "fhir_r4"));
	assert_null(record_preset_note(&t->r, t->a, "delete_status"));
	assert_null(record_preset_note(&t->r, t->a, "auth-path"));
	/* what the user says is not the environment's */
	t->r.settings.open_sandbox = 1;
	assert_null(record_preset_note(&t->r, t->a, "open_sandbox"));
	t->r.environment = NULL;
	assert_null(record_preset_note(&t->r, t->a, "citizens"));
}

/* A life time of the application's own wins over access_token_s. */
static void test_access_token_life(void **state)
{
	struct t *t = *state;
	struct record_secrets secrets;
	struct store_client c;

	t->r.settings.access_token_s = 90;
	assert_true(record_client(&t->r, t->a, J(t, "{" U "}"), true, &c,
				  &secrets, &t->e));
	assert_int_equal(c.access_token_seconds, 90);
	assert_true(record_client(&t->r, t->a,
				  J(t, "{'access_token_seconds':7," U "}"),
				  true, &c, &secrets, &t->e));
	assert_int_equal(c.access_token_seconds, 7);
	assert_true(record_client(&t->r, t->a,
				  J(t, "{'access_token_seconds':7," U "}"),
				  false, &c, &secrets, &t->e));
	assert_int_equal(c.access_token_seconds, 90);
}

#endif
