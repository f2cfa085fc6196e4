/* SPDX-License-Identifier: Apache-2.0
 *
 * cli: where a value comes from, what is refused with which exit code, and the
 * words that are suggested.
 *
 * Messages go to stderr, which a test reads back from a file.
 */
#include "cli/cli_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DIR_TEMPLATE "/tmp/test_cli.XXXXXX"

static struct arena *arena;
static char dir[sizeof(DIR_TEMPLATE)];

static int setup(void **state)
{
	(void)state;
	arena = arena_new(0);
	memcpy(dir, DIR_TEMPLATE, sizeof(dir));
	return mkdtemp(dir) ? 0 : -1;
}

static void remove_file(const char *name)
{
	(void)unlink(arena_printf(arena, "%s/%s", dir, name));
}

static int teardown(void **state)
{
	(void)state;
	remove_file("config.json");
	remove_file("stderr");
	(void)rmdir(dir);
	arena_free(arena);
	return 0;
}

/* What a run said to stderr. */
static const char *said;

/* Reads the command line (words separated by a space) with stderr kept. */
static int configure(const char *line, enum command *command, struct config *c)
{
	const char *path = arena_printf(arena, "%s/stderr", dir);
	char *argv[256] = {arena_strdup(arena, "mock-kanta-phr")};
	char *words = arena_strdup(arena, line);
	struct err e;
	int argc = 1, old, code;
	size_t n;

	for (char *w; (w = strsep(&words, " "));)
		if (*w)
			argv[argc++] = w;
	fflush(stderr);
	old = dup(2);
	assert_non_null(freopen(path, "w", stderr));
	code = cli_config(arena, argc, argv, command, c);
	fflush(stderr);
	assert_true(dup2(old, 2) >= 0);
	close(old);
	said = file_read(arena, path, &n, &e);
	assert_non_null(said);
	return code;
}

static struct config config_of(const char *line)
{
	struct config c;
	enum command command;
	int code = configure(line, &command, &c);

	if (code != -1)
		fail_msg("%s: %d %s", line, code, said);
	return c;
}

static const char *config_file(const char *text)
{
	const char *path = arena_printf(arena, "%s/config.json", dir);
	struct err e;

	assert_true(cli_write_file(path, text, &e));
	return path;
}

/* ---- values -------------------------------------------------------------- */

static void test_defaults(void **state)
{
	struct config c = config_of("");

	(void)state;
	assert_int_equal(c.listen_count, 1);
	assert_string_equal(c.listen[0], "http://127.0.0.1:8080");
	assert_string_equal(c.db, ":memory:");
	assert_string_equal(c.auth_path, "/phr-authserver-sandbox");
	assert_string_equal(c.fhir_path, "/phr-resourceserver");
	assert_string_equal(c.clock, "real");
	assert_null(c.log);
	assert_null(c.admin_token);
	assert_null(c.auto_approve);
	assert_int_equal(c.fixtures_count, 0);
	assert_int_equal(c.settings.validation_status, 422);
	assert_int_equal(c.settings.errors, ERRORS_KANTA);
}

static void test_forms_of_a_flag(void **state)
{
	struct config c;

	(void)state;
	c = config_of("--db a.db --port-file=p --exit-on-stdin-eof");
	assert_string_equal(c.db, "a.db");
	assert_string_equal(c.port_file, "p");
	assert_true(c.exit_on_stdin_eof);
	c = config_of("serve --db=a.db --db b.db");
	assert_string_equal(c.db, "b.db");
	c = config_of("--port-file=");
	assert_string_equal(c.port_file, "");
	c = config_of("--auto-approve --db x");
	assert_string_equal(c.auto_approve, "");
	assert_string_equal(c.db, "x");
	c = config_of("--auto-approve=010190-900P");
	assert_string_equal(c.auto_approve, "010190-900P");
	c = config_of("--public-url https://phr.example/");
	assert_string_equal(c.public_url, "https://phr.example");
}

static void test_lists(void **state)
{
	struct config c;

	(void)state;
	c = config_of(
	    "--listen http://127.0.0.1:1 --listen=http://127.0.0.1:2");
	assert_int_equal(c.listen_count, 2);
	assert_string_equal(c.listen[0], "http://127.0.0.1:1");
	assert_string_equal(c.listen[1], "http://127.0.0.1:2");
	setenv("MOCK_PHR_ALLOWED_HOST", "a,b,,c", 1);
	c = config_of("");
	assert_int_equal(c.allowed_host_count, 3);
	assert_string_equal(c.allowed_host[2], "c");
	/* replaced, not added to */
	c = config_of("--allowed-host d");
	assert_int_equal(c.allowed_host_count, 1);
	assert_string_equal(c.allowed_host[0], "d");
	unsetenv("MOCK_PHR_ALLOWED_HOST");
}

static void test_precedence(void **state)
{
	const char *file = config_file("{\"db\":\"file\",\"log\":\"json\"}");
	struct config c;

	(void)state;
	c = config_of(arena_printf(arena, "--config %s", file));
	assert_string_equal(c.db, "file");
	setenv("MOCK_PHR_DB", "env", 1);
	c = config_of(arena_printf(arena, "--config %s", file));
	assert_string_equal(c.db, "env");
	assert_string_equal(c.log, "json");
	c = config_of(arena_printf(arena, "--db flag --config %s", file));
	assert_string_equal(c.db, "flag");
	setenv("MOCK_PHR_CONFIG", file, 1);
	setenv("MOCK_PHR_DB", "", 1); /* empty is as if unset */
	c = config_of("");
	assert_string_equal(c.db, "file");
	unsetenv("MOCK_PHR_CONFIG");
	unsetenv("MOCK_PHR_DB");
}

static void test_file_forms(void **state)
{
	struct config c;

	(void)state;
	c = config_of(arena_printf(
	    arena, "--config %s",
	    config_file("{\"listen\":[\"http://a:1\",\"http://b:2\"],"
			"\"exit-on-stdin-eof\":true,\"auto-approve\":true,"
			"\"fixtures\":\"none\",\"page_max\":7,"
			"\"set\":{\"validation_status\":412}}")));
	assert_int_equal(c.listen_count, 2);
	assert_string_equal(c.listen[1], "http://b:2");
	assert_true(c.exit_on_stdin_eof);
	assert_string_equal(c.auto_approve, "");
	assert_int_equal(c.fixtures_count, 1);
	assert_int_equal(c.settings.page_max, 7);
	assert_int_equal(c.settings.validation_status, 412);
	c = config_of(arena_printf(
	    arena, "--config %s",
	    config_file("{\"set\":[\"page_max=8\"],\"auto-approve\":false}")));
	assert_int_equal(c.settings.page_max, 8);
	assert_null(c.auto_approve);
}

static void test_switches(void **state)
{
	struct config c;

	(void)state;
	c = config_of("--errors explain --unknown-profile warn "
		      "--set page_max=9 --set page_default=3");
	assert_int_equal(c.settings.errors, ERRORS_EXPLAIN);
	assert_int_equal(c.settings.unknown_profile, 1);
	assert_int_equal(c.settings.page_max, 9);
	assert_int_equal(c.settings.page_default, 3);
	/* two names of one switch: the later layer wins, within one --set */
	setenv("MOCK_PHR_SET", "errors=explain", 1);
	c = config_of("");
	assert_int_equal(c.settings.errors, ERRORS_EXPLAIN);
	c = config_of("--errors kanta");
	assert_int_equal(c.settings.errors, ERRORS_KANTA);
	unsetenv("MOCK_PHR_SET");
	c = config_of("--set errors=explain --errors kanta");
	assert_int_equal(c.settings.errors, ERRORS_EXPLAIN);
	c = config_of("--profiles none");
	assert_int_equal(c.settings.profile_required, REQUIRED_OFF);
	assert_int_equal(c.settings.unknown_profile, 1);
	c = config_of("--profiles none --unknown-profile reject");
	assert_int_equal(c.settings.unknown_profile, 0);
	c = config_of("--profiles none --set profile_required=all");
	assert_int_equal(c.settings.profile_required, REQUIRED_ALL);
	setenv("MOCK_PHR_PROFILES", "none", 1);
	c = config_of("--profiles finnish-phr");
	assert_int_equal(c.settings.profile_required, REQUIRED_ALL);
	unsetenv("MOCK_PHR_PROFILES");
}

static void test_commands(void **state)
{
	static const struct {
		const char *line;
		enum command command;
		size_t operands;
	} c[] = {
	    {"", CMD_SERVE, 0},
	    {"--log off", CMD_SERVE, 0},
	    {"serve", CMD_SERVE, 0},
	    {"validate a.json", CMD_VALIDATE, 1},
	    {"validate --fhir stu3 a b -", CMD_VALIDATE, 3},
	    {"validate -- --a", CMD_VALIDATE, 1},
	    {"profiles", CMD_PROFILES, 0},
	    {"fhirpath 1", CMD_FHIRPATH, 1},
	    {"fhirpath a.b -", CMD_FHIRPATH, 2},
	    {"fhirpath --batch --fhir none", CMD_FHIRPATH, 0},
	    {"fhirpath -- -1", CMD_FHIRPATH, 1},
	    {"healthcheck", CMD_HEALTHCHECK, 0},
	    {"healthcheck http://a/", CMD_HEALTHCHECK, 1},
	    {"completion bash", CMD_COMPLETION, 1},
	    {"man", CMD_MAN, 0},
	};

	(void)state;
	for (size_t i = 0; i < LEN(c); i++) {
		struct config config;
		enum command command;

		if (configure(c[i].line, &command, &config) != -1)
			fail_msg("%s: %s", c[i].line, said);
		assert_int_equal(command, c[i].command);
		assert_int_equal(config.operand_count, c[i].operands);
	}
}

/* as many as a shell's pattern gives */
static void test_many_operands(void **state)
{
	const char *line = "validate --format ndjson";
	struct config c;

	(void)state;
	for (int i = 0; i < 200; i++)
		line = arena_printf(arena, "%s %d.json", line, i);
	c = config_of(line);
	assert_int_equal(c.operand_count, 200);
	assert_string_equal(c.operand[0], "0.json");
	assert_string_equal(c.operand[199], "199.json");
}

/* ---- refusals ------------------------------------------------------------ */

static const struct {
	const char *line;
	int code;
	const char *says;
} wrong[] = {
    {"--lisen x", 2, "did you mean --listen?"},
    {"--db", 2, "needs a value: PATH"},
    {"--verion", 2, "--version"},
    {"--format text", 2, "serve has no option --format"},
    {"validate --listen x a", 2, "validate has no option --listen"},
    {"validate", 2, "needs a FILE"},
    {"-x", 2, "-x"},
    {"serve extra", 2, "extra"},
    {"valdate x", 2, "did you mean validate?"},
    {"fish", 2, "there is no command \"fish\"\n"},
    {"--exit-on-stdin-eof=maybe", 2, "takes no value"},
    {"--set page_mx=1", 78, "page_max"},
    {"--set page_max", 78, "NAME=VALUE"},
    {"--errors loud", 78, "explain"},
    {"--environment produktion", 78, "production"},
    {"--environment sandbx", 78, "did you mean sandbox?"},
    {"--environment prod", 78, "sandbox | client-test | production"},
    {"--oauth rfc", 78, "allowed: kanta | strict"},
    {"--auto-approve 010190-900P", 2, "--NAME=VALUE"},
    {"--set fo=1", 78, "serve --help lists them"},
    {"validate --format junit5 x", 78, "did you mean junit?"},
    {"validate --level warnings x", 78, "did you mean warning?"},
    {"profiles --format junit", 78, "text or json"},
    {"validate --fhir r5 x", 78, "r4"},
    {"--profiles all", 78, "--profiles"},
    {"--clock yesterday", 78, "--clock"},
    {"--auth-path x", 78, "slash"},
    {"--fhir-path /x/", 78, "slash"},
    {"--auth-path /phr-resourceserver", 78, "differ"},
    {"--public-url phr.example", 78, "http://"},
    {"--public-url httpfish://phr", 78, "http://"},
    {"--public-url http://", 78, "--public-url"},
    {"--public-url http://phr?x", 78, "query"},
    {"--config /no/such/file", 78, "/no/such/file"},
    {"--admin-token=", 78, "--admin-token"},
    {"--admin-token=p\xc3\xa4", 78, "ASCII"},
    {"--db=", 78, ":memory:"},
    {"--auto-approve=010190-900R", 78, "check character"},
    {"--auto-approve=fish", 78, "--auto-approve"},
    {"--allowed-host=", 78, "--allowed-host"},
    {"--allowed-host=phr --allowed-host=phr:80", 78, "\"phr:80\""},
    {"--allowed-host=http://phr", 78, "no host name"},
    {"--auth-path=", 78, "slash"},
    {"--auth-path=/", 78, "slash"},
    {"--auth-path=/a//b", 78, "slash"},
    {"--auth-path=/a/../b", 78, "segments"},
    {"--auth-path=/a?b", 78, "segments"},
    {"--auth-path=/a%20b", 78, "segments"},
    {"--auth-path=/\xc3\xa4", 78, "segments"},
    {"--fhir-path=/:x", 78, "--fhir-path"},
    {"--fhir-path=/__admin", 78, "/__admin"},
    {"--auth-path=/__admin/x", 78, "--auth-path"},
    {"--auth-path=/a/b --fhir-path=/a", 78, "below"},
    {"--auth-path=/a --fhir-path=/a/b", 78, "below"},
    {"--clock 0001-01-02T00:00:00Z", 78, "0002-01-01T00:00:00Z"},
    {"--clock 0001-01-01T00:00:00Z", 78, "--clock"},
    {"--clock 9600-01-01T00:00:00Z", 78, "9599-12-31T23:59:59Z"},
    {"--clock 9999-12-31T23:59:59Z", 78, "9599-12-31T23:59:59Z"},
    {"--clock +P3000000D", 78, "9599-12-31T23:59:59Z"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(wrong); i++) {
		struct config c;
		enum command command;
		int code = configure(wrong[i].line, &command, &c);

		if (code != wrong[i].code || !strstr(said, wrong[i].says))
			fail_msg("%s: %d %s", wrong[i].line, code, said);
	}
}

/* near to what is refused */
static void test_sound(void **state)
{
	(void)state;
	config_of("--auth-path /a --fhir-path /ab");
	config_of("--auth-path /__adminx --fhir-path /a/__admin");
	config_of("--auth-path /a/b_c-1.0~ --fhir-path /a/c");
	config_of("--clock 0002-01-01T00:00:00Z");
	config_of("--clock 9599-12-31T23:59:59Z");
	config_of("--admin-token a --allowed-host phr.example");
	config_of("--auto-approve --public-url http://[::1]:8080/mock");
}

static void test_wrong_environment(void **state)
{
	struct config c;
	enum command command;

	(void)state;
	setenv("MOCK_PHR_LISTN", "x", 1);
	assert_int_equal(configure("", &command, &c), EXIT_CONFIGURATION);
	assert_non_null(strstr(said, "did you mean MOCK_PHR_LISTEN?"));
	unsetenv("MOCK_PHR_LISTN");
	setenv("MOCK_PHR_CLOCK", "soon", 1);
	assert_int_equal(configure("", &command, &c), EXIT_CONFIGURATION);
	assert_non_null(strstr(said, "MOCK_PHR_CLOCK"));
	unsetenv("MOCK_PHR_CLOCK");
}

static const struct {
	const char *text;
	const char *says;
} wrong_file[] = {
    {"{\"lisen\":1}", "did you mean listen?"},
    {"{\"page_mx\":1}", "did you mean page_max?"},
    {"{\"page_max\":[1]}", "page_max"},
    {"{\"page_max\":0}", "page_max"},
    {"{\"db\":[\"x\"]}", "db"},
    {"{\"db\":{}}", "db"},
    {"{\"listen\":[[]]}", "listen"},
    {"{\"config\":\"x\"}", "config"},
    {"{\"clock\":5}", "config.json: clock"},
    {"{\"exit-on-stdin-eof\":1}", "exit-on-stdin-eof"},
    {"{\"admin-token\":\"\"}", "config.json: admin-token"},
    {"{\"db\":\"\"}", "config.json: db"},
    {"[]", "object"},
    {"{", "line 1"},
};

static void test_wrong_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(wrong_file); i++) {
		struct config c;
		enum command command;
		const char *line = arena_printf(
		    arena, "--config %s", config_file(wrong_file[i].text));

		if (configure(line, &command, &c) != EXIT_CONFIGURATION ||
		    !strstr(said, wrong_file[i].says))
			fail_msg("%s: %s", wrong_file[i].text, said);
	}
}

/* ---- small things -------------------------------------------------------- */

static void test_environment_names(void **state)
{
	(void)state;
	for (size_t i = 0; option_at(i); i++) {
		const char *env = option_env(arena, option_at(i));

		assert_int_equal(strncmp(env, "MOCK_PHR_", 9), 0);
		assert_null(strpbrk(env, "-abcdefghijklmnopqrstuvwxyz"));
	}
	assert_string_equal(option_env(arena, option_find("public-url", 10)),
			    "MOCK_PHR_PUBLIC_URL");
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FILES(test_defaults),
	    WITH_FILES(test_forms_of_a_flag),
	    WITH_FILES(test_lists),
	    WITH_FILES(test_precedence),
	    WITH_FILES(test_file_forms),
	    WITH_FILES(test_switches),
	    WITH_FILES(test_commands),
	    WITH_FILES(test_many_operands),
	    WITH_FILES(test_refusals),
	    WITH_FILES(test_sound),
	    WITH_FILES(test_wrong_environment),
	    WITH_FILES(test_wrong_files),
	    WITH_FILES(test_environment_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
