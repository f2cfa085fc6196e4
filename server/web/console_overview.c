/* SPDX-License-Identifier: Apache-2.0
 *
 * The overview's own: what is ready to be pasted. An environment block with the
 * names that an application's configuration mostly has, and lines for curl that
 * go all the way: an application, a token, a resource.
 *
 * They are made of the addresses that GET /__admin/state tells, so they are
 * those that work from where the browser is.
 */
#include "web/console_int.h"

#include <string.h>

struct line {
	const char *name;   /* of the variable */
	const char *member; /* of addresses */
	const char *below;
};

static const char *environment(struct arena *a, const struct json *addresses)
{
	static const struct line lines[] = {
	    {"KANTA_PHR_ISSUER", "issuer", ""},
	    {"KANTA_PHR_AUTHORIZE_URL", "auth", "/authorize"},
	    {"KANTA_PHR_TOKEN_URL", "auth", "/token"},
	    {"KANTA_PHR_FHIR_R4", "r4", ""},
	    {"KANTA_PHR_FHIR_STU3", "stu3", ""},
	    {"KANTA_PHR_MTLS", "mtls", ""},
	    {"MOCK_PHR_ADMIN", "admin", ""},
	};
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < LEN(lines); i++) {
		const char *url = json_get_text(addresses, lines[i].member);

		if (url)
			buf_printf(&b, "%s=%s%s\n", lines[i].name, url,
				   lines[i].below);
	}
	return b.p;
}

void console_overview_more(struct console_view *v, const struct json *answer)
{
	struct arena *a = v->rq->arena;
	const struct json *at = json_get(answer, "addresses");
	const char *admin = json_get_text(at, "admin");
	const char *r4 = json_get_text(at, "r4");
	const char *base = r4 ? r4 : json_get_text(at, "stu3");
	const char *guard = web_of(v->rq)->admin_token;
	const bool token = guard && strcmp(guard, "none") != 0;

	console_forgotten(v, json_get(answer, "journal"));
	if (!admin || !base)
		return;
	console_text(v, "env", environment(a, at));
	console_text(
	    v, "curl",
	    arena_printf(
		a,
		"curl -s %s/tokens%s -d '{\"client_id\":\"demo-app\","
		"\"hetu\":\"010190-900P\"}'\n"
		"curl -s '%s/Observation?_count=3' -H \"Authorization: Bearer "
		"$TOKEN\"\n"
		"curl -s -X POST %s/reset%s\n",
		admin, token ? " -H \"Authorization: Bearer $ADMIN\"" : "",
		base, admin,
		token ? " -H \"Authorization: Bearer $ADMIN\"" : ""));
}
