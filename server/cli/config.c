/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration: flags, environment, file, defaults.
 *
 * Each of the three sources is read into a layer of its own: for every option
 * the texts that were given. Then each option takes its value from the highest
 * layer that names it, so a repeatable option is replaced, never mixed. The
 * switches are applied layer by layer, from the file upwards, because --errors
 * and --set errors= are the same switch by two names: the later layer wins
 * between them, and within a layer --set.
 *
 * A wrong flag is a usage error (2) that names the nearest option; a wrong
 * member of the file, a wrong variable and a wrong value are configuration
 * errors (78), as they are found where nobody is typing.
 *
 * contracts.md section 1.
 */
#include "cli/cli_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

#define OPTIONS_MAX 56

/* A list is copied together with its count. */
#define COUNT_FOLLOWS(list)                                                    \
	_Static_assert(offsetof(struct config, list##_count) ==                \
			   offsetof(struct config, list) +                     \
			       LIST_MAX * sizeof(char *),                      \
		       "the count stands behind its list")
COUNT_FOLLOWS(listen);
COUNT_FOLLOWS(fixtures);
COUNT_FOLLOWS(package);
COUNT_FOLLOWS(profile);
COUNT_FOLLOWS(allowed_host);
COUNT_FOLLOWS(trusted_proxy);
COUNT_FOLLOWS(hostname);
COUNT_FOLLOWS(citizen);

/* The texts that one source gives for one option. */
struct given {
	const char *v[LIST_MAX];
	size_t n;
};

enum layer { LAYER_FILE, LAYER_ENV, LAYER_FLAG, LAYERS };

/* What reads a configuration. */
struct setup {
	struct arena *arena;
	enum command command;
	struct config *config;
	struct given given[LAYERS][OPTIONS_MAX];
	/* members of the file that are switches: name, value, name, value */
	const char *plain[2 * LIST_MAX];
	size_t plain_count;
	const char *file; /* its name; NULL: none */
	int exit;	  /* the code that a failure ends with */
};

static bool complain(struct setup *u, int code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static bool complain(struct setup *u, int code, const char *fmt, ...)
{
	va_list list;

	u->exit = code;
	fputs("mock-kanta-phr: ", stderr);
	va_start(list, fmt);
	vfprintf(stderr, fmt, list);
	va_end(list);
	fputc('\n', stderr);
	return false;
}

static size_t index_of(const struct option *o)
{
	return (size_t)(o - option_at(0));
}

static bool repeatable(const struct option *o)
{
	return o->kind == OPT_LIST || o->kind == OPT_SET;
}

static bool give(struct setup *u, enum layer l, const struct option *o,
		 const char *value, int code)
{
	struct given *g = &u->given[l][index_of(o)];

	if (!repeatable(o))
		g->n = 0;
	if (g->n == LIST_MAX)
		return complain(u, code, "--%s: too many of them (at most %d)",
				o->name, LIST_MAX);
	g->v[g->n++] = value;
	return true;
}

/* ---- flags --------------------------------------------------------------- */

static const char *words(struct arena *a, const char *before, const char *near)
{
	return near ? arena_printf(a, "; did you mean %s%s?", before, near)
		    : "";
}

static bool unknown_flag(struct setup *u, const char *name)
{
	const char *near = option_nearest(name, u->command);

	return complain(u, EXIT_USAGE_ERROR, "%s has no option --%s%s",
			command_row(u->command)->name, name,
			words(u->arena, "--", near));
}

/* One argument that begins with "--"; *i moves over a value behind it. */
static bool read_flag(struct setup *u, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	const size_t n = strcspn(name, "=");
	const char *value = name[n] ? name + n + 1 : NULL;
	const struct option *o = option_find(name, n);

	if (!o || !(o->commands & FOR(u->command)))
		return unknown_flag(u, arena_strndup(u->arena, name, n));
	if (o->kind == OPT_FLAG && value && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		return complain(u, EXIT_USAGE_ERROR, "--%s takes no value",
				o->name);
	if (o->kind == OPT_FLAG && !value)
		value = "true";
	if (o->kind == OPT_OPTIONAL && !value)
		value = "";
	if (!value && *i + 1 >= argc)
		return complain(u, EXIT_USAGE_ERROR, "--%s needs a value: %s",
				o->name, o->value);
	if (!value)
		value = argv[++*i];
	return give(u, LAYER_FLAG, o, value, EXIT_USAGE_ERROR);
}

static bool add_operand(struct setup *u, const char *text)
{
	struct config *c = u->config;

	if (!*command_row(u->command)->operands)
		return complain(
		    u, EXIT_USAGE_ERROR,
		    "%s takes no operand, but \"%s\" is there (an "
		    "option's optional value is written --NAME=VALUE)",
		    command_row(u->command)->name, text);
	c->operand[c->operand_count++] = text;
	return true;
}

static bool read_flags(struct setup *u, int argc, char **argv, int first)
{
	bool only_operands = false;

	/* a shell's pattern may be thousands of them */
	u->config->operand =
	    arena_alloc(u->arena, (size_t)argc * sizeof(char *));
	for (int i = first; i < argc; i++) {
		const char *s = argv[i];
		bool ok;

		if (!only_operands && strcmp(s, "--") == 0) {
			only_operands = true;
			continue;
		}
		if (only_operands || s[0] != '-' || s[1] == '\0')
			ok = add_operand(u, s);
		else if (s[1] == '-')
			ok = read_flag(u, argc, argv, &i);
		else
			ok = complain(u, EXIT_USAGE_ERROR,
				      "there is no option %s; options begin "
				      "with two hyphens",
				      s);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- environment --------------------------------------------------------- */

static bool give_list(struct setup *u, const struct option *o, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, ",");

		if (n > 0 &&
		    !give(u, LAYER_ENV, o, arena_strndup(u->arena, text, n),
			  EXIT_CONFIGURATION))
			return false;
		text += n + (text[n] == ',');
	}
	return true;
}

static bool unknown_variable(struct setup *u, const char *name)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; i < option_count(); i++) {
		const char *env = option_env(u->arena, option_at(i));

		if (strncmp(env, name, strlen(name)) == 0) {
			near.best = env; /* its beginning */
			break;
		}
		nearest_try(&near, env);
	}
	return complain(u, EXIT_CONFIGURATION,
			"the environment has %s, which is no option%s", name,
			words(u->arena, "", near.best));
}

/* Every variable of ours must be an option, of whatever command: a misspelt
 * one would otherwise be silently without effect. */
static bool read_environment(struct setup *u)
{
	for (char **p = environ; *p; p++) {
		const size_t n = strcspn(*p, "=");
		const char *name = arena_strndup(u->arena, *p, n);
		const struct option *o = NULL;
		const char *value = *p + n + ((*p)[n] == '=');

		/* compose files hand on unset variables as empty ones */
		if (strncmp(name, "MOCK_PHR_", 9) != 0 || !*value)
			continue;
		for (size_t i = 0; !o && i < option_count(); i++)
			if (strcmp(option_env(u->arena, option_at(i)), name) ==
			    0)
				o = option_at(i);
		if (!o)
			return unknown_variable(u, name);
		if (repeatable(o)
			? !give_list(u, o, value)
			: !give(u, LAYER_ENV, o, value, EXIT_CONFIGURATION))
			return false;
	}
	return true;
}

/* ---- file ---------------------------------------------------------------- */

static bool is_scalar(const struct json *v)
{
	return json_kind(v) != JSON_ARRAY && json_kind(v) != JSON_OBJECT &&
	       json_kind(v) != JSON_NULL;
}

static bool bad_member(struct setup *u, const char *file, const char *name,
		       const char *why)
{
	return complain(u, EXIT_CONFIGURATION, "%s: %s: %s", file, name, why);
}

/* "set" may be an object of its own: {"set": {"page_max": 100}}. */
static bool give_object(struct setup *u, const char *file,
			const struct option *o, const struct json *v)
{
	if (o->kind != OPT_SET)
		return bad_member(u, file, o->name, "cannot be an object");
	for (v = json_first(v); v; v = json_next(v)) {
		if (!is_scalar(v))
			return bad_member(u, file, json_name(v),
					  "must be text or a number");
		if (!give(u, LAYER_FILE, o,
			  arena_printf(u->arena, "%s=%s", json_name(v),
				       json_text(v)),
			  EXIT_CONFIGURATION))
			return false;
	}
	return true;
}

static bool give_member(struct setup *u, const char *file,
			const struct option *o, const struct json *v)
{
	if (o->kind == OPT_CONFIG)
		return bad_member(u, file, o->name, "a file names no other");
	if (json_kind(v) == JSON_OBJECT)
		return give_object(u, file, o, v);
	if (is_scalar(v))
		return give(u, LAYER_FILE, o, json_text(v), EXIT_CONFIGURATION);
	if (json_kind(v) != JSON_ARRAY || !repeatable(o))
		return bad_member(u, file, o->name, "must be text");
	for (v = json_first(v); v; v = json_next(v)) {
		if (!is_scalar(v))
			return bad_member(u, file, o->name,
					  "must be a list of texts");
		if (!give(u, LAYER_FILE, o, json_text(v), EXIT_CONFIGURATION))
			return false;
	}
	return true;
}

static bool is_switch(struct arena *a, const char *name)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	for (size_t i = 0; settings_list(&s, a, i, &info); i++)
		if (strcmp(info.name, name) == 0)
			return true;
	return false;
}

static bool unknown_member(struct setup *u, const char *file, const char *name)
{
	struct nearest near = {.word = name};
	struct settings s;
	struct setting_info info;

	for (size_t i = 0; i < option_count(); i++)
		nearest_try(&near, option_at(i)->name);
	settings_init(&s);
	for (size_t i = 0; settings_list(&s, u->arena, i, &info); i++)
		nearest_try(&near, info.name);
	return complain(u, EXIT_CONFIGURATION,
			"%s: there is no option \"%s\"%s", file, name,
			words(u->arena, "", near.best));
}

static bool read_member(struct setup *u, const char *file, const struct json *v)
{
	const char *name = json_name(v);
	const struct option *o = option_find(name, strlen(name));

	if (o)
		return give_member(u, file, o, v);
	if (!is_switch(u->arena, name))
		return unknown_member(u, file, name);
	if (!is_scalar(v))
		return bad_member(u, file, name, "must be text or a number");
	if (u->plain_count + 2 > LEN(u->plain))
		return bad_member(u, file, name, "too many switches");
	u->plain[u->plain_count++] = name;
	u->plain[u->plain_count++] = json_text(v);
	return true;
}

static bool read_file(struct setup *u)
{
	const size_t at = index_of(option_find("config", 6));
	const struct given *flag = &u->given[LAYER_FLAG][at];
	const struct given *env = &u->given[LAYER_ENV][at];
	const char *path = flag->n ? flag->v[0] : env->n ? env->v[0] : NULL;
	const struct json *v;
	struct err e = {.kind = ERR_NONE};

	if (!path)
		return true;
	u->file = path;
	v = file_json(u->arena, path, &e);
	if (!v)
		return complain(u, EXIT_CONFIGURATION, "%s", e.text);
	if (json_kind(v) != JSON_OBJECT)
		return complain(u, EXIT_CONFIGURATION,
				"%s: must be a JSON object", path);
	for (v = json_first(v); v; v = json_next(v))
		if (!read_member(u, path, v))
			return false;
	return true;
}

/* ---- values -------------------------------------------------------------- */

/* The layer whose texts an option takes; LAYERS if none names it. */
static enum layer winner(const struct setup *u, const struct option *o)
{
	for (int l = LAYERS - 1; l >= 0; l--)
		if (u->given[l][index_of(o)].n > 0)
			return (enum layer)l;
	return LAYERS;
}

/* An option as the user named it: "--clock", "MOCK_PHR_CLOCK", "x.json: clock".
 */
static const char *as_named(const struct setup *u, const char *name)
{
	const struct option *o = option_find(name, strlen(name));

	switch (winner(u, o)) {
	case LAYER_ENV: return option_env(u->arena, o);
	case LAYER_FILE: return arena_printf(u->arena, "%s: %s", u->file, name);
	default: return arena_printf(u->arena, "--%s", name);
	}
}

static int value_exit(enum layer l)
{
	return l == LAYER_FLAG ? EXIT_USAGE_ERROR : EXIT_CONFIGURATION;
}

static bool apply(struct setup *u, const struct option *o,
		  const struct given *g, enum layer l)
{
	char *at = (char *)u->config + o->at;
	const char *last = g->v[g->n - 1];

	switch (o->kind) {
	case OPT_STRING: *(const char **)(void *)at = last; return true;
	case OPT_OPTIONAL:
		if (strcmp(last, "true") == 0)
			last = "";
		*(const char **)(void *)at =
		    strcmp(last, "false") == 0 ? NULL : last;
		return true;
	case OPT_LIST:
		memcpy(at, g->v, sizeof(g->v));
		memcpy(at + sizeof(g->v), &g->n, sizeof(g->n));
		return true;
	case OPT_FLAG:
		if (strcmp(last, "true") != 0 && strcmp(last, "false") != 0)
			return complain(u, value_exit(l),
					"%s must be true or false",
					as_named(u, o->name));
		*(bool *)(void *)at = strcmp(last, "true") == 0;
		return true;
	default: return true; /* switches have their own turn */
	}
}

/* told: what the user wrote, for messages. */
static bool set_switch(struct setup *u, const char *told, const char *name,
		       const char *value)
{
	struct err e = {.kind = ERR_NONE};

	if (settings_set(&u->config->settings, name, value, &e))
		return true;
	return complain(u, EXIT_CONFIGURATION, "%s: %s", told, e.text);
}

static bool set_pair(struct setup *u, const char *pair)
{
	const size_t n = strcspn(pair, "=");
	const char *told = as_named(u, "set");

	if (!pair[n])
		return complain(u, EXIT_CONFIGURATION,
				"%s needs NAME=VALUE, not \"%s\"", told, pair);
	return set_switch(u, told, arena_strndup(u->arena, pair, n),
			  pair + n + 1);
}

/* --profiles none: no profile is demanded, one that a resource names can only
 * be unknown, and what it refers to need not be here: any FHIR will do. */
static bool without_profiles(struct setup *u)
{
	const char *told = as_named(u, "profiles");

	return set_switch(u, told, "profile_required", "off") &&
	       set_switch(u, told, "unknown_profile", "warn") &&
	       set_switch(u, told, "references", "free") &&
	       set_switch(u, told, "allow_test_profiles", "inert");
}

/* The switches that one layer decides. */
static bool apply_switches(struct setup *u, enum layer l)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)); i++) {
		const struct given *g = &u->given[l][i];

		if (winner(u, o) != l)
			continue;
		if (o->kind == OPT_SETTING &&
		    !set_switch(u, as_named(u, o->name), o->other, g->v[0]))
			return false;
		if (strcmp(o->name, "profiles") == 0 &&
		    strcmp(g->v[0], "none") == 0 && !without_profiles(u))
			return false;
	}
	o = option_find("set", 3);
	for (size_t i = 0; winner(u, o) == l && i < u->given[l][index_of(o)].n;
	     i++)
		if (!set_pair(u, u->given[l][index_of(o)].v[i]))
			return false;
	return true;
}

/* Its switches, and its options where the user gave none; the choice of words
 * is checked later. */
static void apply_environment(struct setup *u)
{
	struct config *c = u->config;
	const struct environment *env = environment_find(c->environment);

	if (!env)
		return;
	environment_apply(env, &c->settings);
	if (!c->auth_path)
		c->auth_path = environment_option(env, "auth-path");
}

static bool apply_all(struct setup *u)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)); i++) {
		enum layer l = winner(u, o);

		if (l != LAYERS && !apply(u, o, &u->given[l][i], l))
			return false;
	}
	apply_environment(u);
	oauth_behaviour_apply(u->config->oauth, &u->config->settings);
	for (size_t i = 0; i < u->plain_count; i += 2)
		if (!set_switch(u, u->file, u->plain[i], u->plain[i + 1]))
			return false;
	for (int l = 0; l < LAYERS; l++)
		if (!apply_switches(u, (enum layer)l))
			return false;
	return true;
}

/* ---- what must hold ------------------------------------------------------ */

static bool listed(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static bool not_a_choice(struct setup *u, const struct option *o, const char *v)
{
	const char *const *word = words_of(o->name);
	struct nearest near = {.word = v};
	struct buf all;

	buf_init(&all, u->arena);
	for (size_t k = 0; word[k]; k++) {
		nearest_try(&near, word[k]);
		buf_printf(&all, "%s%s",
			   k > 0 ? " | " : "; allowed: ", word[k]);
	}
	return complain(u, EXIT_CONFIGURATION, "%s cannot be \"%s\"%s",
			as_named(u, o->name), v,
			near.best ? words(u->arena, "", near.best) : all.p);
}

static bool check_choices(struct setup *u)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)); i++) {
		const char *v;

		if (o->kind != OPT_STRING || !words_of(o->name))
			continue;
		v = *(
		    const char *const *)(const void *)((const char *)u->config +
						       o->at);
		if (v && !listed(words_of(o->name), v))
			return not_a_choice(u, o, v);
	}
	return true;
}

/* Links are made by putting a path behind it. */
static const char *without_slash(struct arena *a, const char *url)
{
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	return arena_strndup(a, url, n);
}

/* Which formats a command has. */
static bool check_format(struct setup *u)
{
	const char *const *words = words_of_format(u->command);
	struct buf all;

	if (!words || listed(words, u->config->format))
		return true;
	buf_init(&all, u->arena);
	for (size_t i = 0; words[i]; i++)
		buf_printf(&all, "%s%s",
			   i == 0	  ? ""
			   : words[i + 1] ? ", "
					  : " or ",
			   words[i]);
	return complain(u, EXIT_CONFIGURATION, "%s of %s is %s",
			as_named(u, "format"), command_row(u->command)->name,
			all.p);
}

static bool check_operands(struct setup *u)
{
	const struct config *c = u->config;
	const size_t n = c->operand_count;

	if (!check_format(u))
		return false;
	if (u->command == CMD_VALIDATE && n == 0 && !c->explain_rule)
		return complain(u, EXIT_USAGE_ERROR,
				"validate needs a FILE, a DIR or -");
	if (u->command == CMD_PKI && n != 1)
		return complain(u, EXIT_USAGE_ERROR,
				"pki needs a DIR, and one alone");
	if (u->command == CMD_REPORT &&
	    (n != 3 || strcmp(c->operand[0], "diff") != 0))
		return complain(u, EXIT_USAGE_ERROR,
				"report is used as: report diff OLD NEW");
	if (u->command == CMD_COMPLETION && n != 1)
		return complain(u, EXIT_USAGE_ERROR,
				"completion needs a shell: bash, zsh or fish");
	if (u->command == CMD_MAN && n != 0)
		return complain(u, EXIT_USAGE_ERROR,
				"man takes nothing: it prints the page");
	if (u->command == CMD_FHIRPATH && c->batch && n > 0)
		return complain(u, EXIT_USAGE_ERROR,
				"fhirpath --batch reads standard input alone");
	if (u->command == CMD_FHIRPATH && !c->batch && (n == 0 || n > 2))
		return complain(u, EXIT_USAGE_ERROR,
				"fhirpath needs an EXPRESSION, and a FILE or "
				"- if it is about something");
	if (u->command != CMD_FHIRPATH && c->fhir &&
	    strcmp(c->fhir, "none") == 0)
		return complain(u, EXIT_CONFIGURATION,
				"%s cannot be \"none\" here",
				as_named(u, "fhir"));
	return true;
}

static bool check(struct setup *u)
{
	struct config *c = u->config;
	struct err e = {.kind = ERR_NONE};

	if (!check_choices(u))
		return false;
	if (c->public_url)
		c->public_url = without_slash(u->arena, c->public_url);
	if (!config_sound(c, &e))
		return complain(u, EXIT_CONFIGURATION, "%s: %s",
				as_named(u, e.where), e.text);
	return check_operands(u);
}

static void set_defaults(struct config *c)
{
	*c = (struct config){
	    .listen = {"http://127.0.0.1:8080"},
	    .listen_count = 1,
	    .db = ":memory:",
	    .environment = "sandbox",
	    .oauth = "kanta",
	    .profiles = "finnish-phr",
	    .fhir_path = "/phr-resourceserver",
	    .clock = "real",
	    .journal = "10000",
	    .format = "text",
	    .key = "ec",
	};
	settings_init(&c->settings);
}

/* ---- the whole ----------------------------------------------------------- */

/* Does one of the words stand before the operands end ("--")? */
static bool asks(int argc, char **argv, int first, const char *longer,
		 const char *shorter)
{
	for (int i = first; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], longer) == 0 ||
		    strcmp(argv[i], shorter) == 0)
			return true;
	return false;
}

static bool read_command(struct setup *u, int argc, char **argv, int *first)
{
	*first = 1;
	u->command = CMD_SERVE;
	if (argc < 2 || argv[1][0] == '-')
		return true;
	*first = 2;
	if (command_find(argv[1], &u->command))
		return true;
	return complain(u, EXIT_USAGE_ERROR, "there is no command \"%s\"%s",
			argv[1], words(u->arena, "", command_nearest(argv[1])));
}

int cli_config(struct arena *boot, int argc, char **argv, enum command *command,
	       struct config *c)
{
	struct setup *u = arena_alloc(boot, sizeof(*u));
	int first;

	assert(option_count() <= OPTIONS_MAX);
	u->arena = boot;
	u->config = c;
	set_defaults(c);
	if (!read_command(u, argc, argv, &first))
		return u->exit;
	*command = u->command;
	if (u->command == CMD_GENERATE) {
		c->db = NULL;
		c->format = "ndjson";
	}
	if (asks(argc, argv, first, "--help", "-h")) {
		if (first == 1)
			help_program();
		else
			help_command(boot, u->command);
		return EXIT_DONE;
	}
	if (asks(argc, argv, first, "--version", "-V")) {
		puts("mock-kanta-phr " PROGRAM_VERSION);
		return EXIT_DONE;
	}
	if (!read_flags(u, argc, argv, first) || !read_environment(u) ||
	    !read_file(u) || !apply_all(u) || !check(u))
		return u->exit;
	return -1;
}
