/* SPDX-License-Identifier: Apache-2.0
 *
 * validate --explain-rule ID: what the rule that an issue names is about, from
 * the table of the rule engine: its title, what it weighs under both rule sets,
 * the code of its issues, where it comes from, and the settings that decide
 * otherwise.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

static const char *weight(enum issue_severity s)
{
	static const char *const words[] = {
	    [ISSUE_FATAL] = "fatal",	 [ISSUE_ERROR] = "error",
	    [ISSUE_WARNING] = "warning", [ISSUE_INFO] = "information",
	    [ISSUE_NONE] = "not a rule",
	};
	return words[s];
}

int rule_explain(const char *id)
{
	struct nearest near = {.word = id};
	struct rule_about r;
	struct err e;

	for (size_t i = 0; profile_rule(i, &r); i++) {
		nearest_try(&near, r.id);
		if (strcmp(r.id, id) != 0)
			continue;
		printf("%s: %s\n"
		       "  --rules kanta    %s\n"
		       "  --rules current  %s\n"
		       "  issue code       %s\n"
		       "  source           %s\n",
		       r.id, r.title, weight(r.severity[RULES_KANTA]),
		       weight(r.severity[RULES_CURRENT]), r.code, r.source);
		if (r.option)
			printf("  --set            %s\n", r.option);
		return EXIT_DONE;
	}
	err_set(&e, ERR_INVALID, NULL, NULL, "there is no rule \"%.60s\"%s%s%s",
		id, near.best ? "; did you mean " : "",
		near.best ? near.best : "", near.best ? "?" : "");
	return cli_complain(EXIT_USAGE_ERROR, &e);
}
