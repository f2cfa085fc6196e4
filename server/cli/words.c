/* SPDX-License-Identifier: Apache-2.0
 *
 * Options that take a word out of a small set: which words, to which command.
 *
 * One table, read by two: the configuration refuses another word, and shell
 * completion offers these. What is no table here is a switch (record says what
 * values it has, as text) or any text at all.
 */
#include "cli/cli_int.h"

#include <string.h>

#define WORDS_MAX 6 /* NULL included */

static const struct {
	const char *option;
	const char *words[WORDS_MAX];
} choices[] = {
    {"environment", {"sandbox-open", "sandbox", "client-test", "production"}},
    {"profiles", {"finnish-phr", "none"}},
    {"oauth", {"kanta", "strict"}},
    {"format", {"text", "json", "ndjson", "junit", "bundle"}},
    {"level", {"error", "warning", "information"}},
    {"fhir", {"stu3", "r4", "none"}},
    {"log", {"text", "json", "off"}},
    {"key", {"ec", "rsa"}},
};

/* Those that do not take all of them. */
static const struct {
	enum command command;
	const char *option;
	const char *words[WORDS_MAX];
} narrower[] = {
    {CMD_PROFILES, "format", {"text", "json"}},
    {CMD_PKI, "format", {"text", "json"}},
    {CMD_ENVIRONMENTS, "format", {"text", "json"}},
    {CMD_REPORT, "format", {"text", "json"}},
    {CMD_VALIDATE, "format", {"text", "json", "ndjson", "junit"}},
    {CMD_GENERATE, "format", {"ndjson", "json", "bundle"}},
    {CMD_VALIDATE, "fhir", {"stu3", "r4"}},
    {CMD_PROFILES, "fhir", {"stu3", "r4"}},
    {CMD_GENERATE, "fhir", {"stu3", "r4"}},
};

const char *const *words_of(const char *option)
{
	for (size_t i = 0; i < LEN(choices); i++)
		if (strcmp(choices[i].option, option) == 0)
			return choices[i].words;
	return NULL;
}

static const char *const *narrowed(enum command c, const char *option)
{
	for (size_t i = 0; i < LEN(narrower); i++)
		if (narrower[i].command == c &&
		    strcmp(narrower[i].option, option) == 0)
			return narrower[i].words;
	return NULL;
}

const char *const *words_of_format(enum command c)
{
	return narrowed(c, "format");
}

const char *const *words_allowed(struct arena *a, const char *allowed)
{
	static const char bar[] = " | ";
	const char **out = arena_alloc(a, LIST_MAX * sizeof(*out));
	size_t n = 0;

	if (strstr(allowed, ".."))
		return NULL;
	while (n + 1 < LIST_MAX) {
		const char *end = strstr(allowed, bar);

		if (!end)
			break;
		out[n++] = arena_strndup(a, allowed, (size_t)(end - allowed));
		allowed = end + strlen(bar);
	}
	out[n++] = allowed;
	out[n] = NULL;
	return out;
}

const char *const *words_environments(struct arena *a)
{
	const char **out = arena_alloc(a, LIST_MAX * sizeof(*out));
	size_t n = 0;

	while (n + 1 < LIST_MAX && (out[n] = environment_name(n)))
		n++;
	out[n] = NULL;
	return out;
}

/* The switch that an option stands for. */
static const char *const *words_of_switch(struct arena *a, const char *name)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	for (size_t i = 0; settings_list(&s, a, i, &info); i++)
		if (strcmp(info.name, name) == 0)
			return words_allowed(a, info.allowed);
	return NULL;
}

const char *const *words_to(struct arena *a, enum command c,
			    const struct option *o)
{
	const char *const *words = narrowed(c, o->name);

	if (words)
		return words;
	if (o->kind == OPT_SETTING)
		return words_of_switch(a, o->other);
	if (strcmp(o->name, "shadow") == 0)
		return words_environments(a);
	return words_of(o->name);
}
