/* SPDX-License-Identifier: Apache-2.0
 *
 * about: what this server is, for whoever looks at it: its environment, the
 * addresses to be put into an application, and each switch with where its value
 * comes from.
 *
 * Where from is found by comparing, not kept: a value is that of the defaults,
 * else of the environment, else of the behaviour of the authorization server,
 * else it was given at the start, else it was changed since (PUT /settings). So
 * it cannot disagree with the value.
 *
 * Addresses are those under which the caller reached the server, as in all
 * links (http/origin.c).
 *
 * Facts: stand-in.md 4.1; contracts.md 1 and 2.
 */
#include "admin/admin_int.h"

#include <string.h>

/* ---- switches -------------------------------------------------------- */

/* A layer of settings; the first that has the value is where it is from. */
struct layer {
	const char *name;
	struct settings s;
};
enum { LAYERS = 4 };

static void make_layers(const struct admin *a, struct layer layer[LAYERS])
{
	layer[0].name = "default";
	settings_init(&layer[0].s);
	layer[1].name = "environment";
	layer[1].s = layer[0].s;
	environment_apply(a->record->environment, &layer[1].s);
	layer[2].name = "oauth";
	layer[2].s = layer[1].s;
	(void)oauth_behaviour_apply(a->oauth, &layer[2].s);
	layer[3].name = "option";
	layer[3].s = a->settings;
}

static const char *value_in(struct arena *a, const struct settings *s, size_t i)
{
	struct setting_info info;

	return settings_list(s, a, i, &info) ? info.value : "";
}

/* What the layers above the first do not touch is the first's. */
static const char *from(struct arena *a, const struct layer layer[LAYERS],
			size_t i, const char *value)
{
	size_t at = 0;

	if (strcmp(value_in(a, &layer[LAYERS - 1].s, i), value) != 0)
		return "changed";
	for (size_t n = 1; n < LAYERS; n++)
		if (strcmp(value_in(a, &layer[n].s, i),
			   value_in(a, &layer[n - 1].s, i)) != 0)
			at = n;
	return layer[at].name;
}

static void switches_write(struct jw *w, struct rq *rq)
{
	const struct settings *s = &admin_of(rq)->record->settings;
	struct layer layer[LAYERS];
	struct setting_info info;

	make_layers(admin_of(rq), layer);
	jw_open(w, "switches", '{');
	for (size_t i = 0; settings_list(s, rq->arena, i, &info); i++) {
		jw_open(w, info.name, '{');
		jw_str(w, "value", info.value);
		jw_str(w, "from", from(rq->arena, layer, i, info.value));
		jw_str(w, "allowed", info.allowed);
		jw_str(w, "what", info.what);
		jw_bool(w, "at_start", info.at_start);
		jw_close(w);
	}
	jw_close(w);
}

/* ---- addresses ------------------------------------------------------- */

static void base_write(struct jw *w, struct rq *rq, const char *name,
		       const char *before, enum fhir_version v)
{
	const struct record *r = admin_of(rq)->record;

	if (v == FHIR_STU3 || r->settings.fhir_r4)
		jw_str(w, name,
		       arena_cat(rq->arena, rq->origin, before, r->fhir_base[v],
				 NULL));
}

static void addresses_write(struct jw *w, struct rq *rq)
{
	const struct record *r = admin_of(rq)->record;

	jw_open(w, "addresses", '{');
	jw_str(
	    w, "auth",
	    arena_cat(rq->arena, rq->origin, admin_of(rq)->issuer_path, NULL));
	jw_str(w, "issuer", issuer_of(rq));
	base_write(w, rq, "stu3", "", FHIR_STU3);
	base_write(w, rq, "r4", "", FHIR_R4);
	if (r->settings.open_sandbox) {
		base_write(w, rq, "open_stu3", "/open", FHIR_STU3);
		base_write(w, rq, "open_r4", "/open", FHIR_R4);
	}
	jw_str(w, "mtls", r->mtls_origin);
	jw_str(w, "admin", arena_cat(rq->arena, rq->origin, "/__admin", NULL));
	jw_str(w, "portal",
	       arena_cat(rq->arena, rq->origin, admin_of(rq)->issuer_path,
			 "/applications", NULL));
	jw_str(w, "omakanta",
	       arena_cat(rq->arena, rq->origin, "/omakanta/", NULL));
	jw_close(w);
}

void about_write(struct jw *w, struct rq *rq)
{
	jw_str(w, "environment", admin_of(rq)->record->environment->name);
	jw_str(w, "oauth", admin_of(rq)->oauth);
	addresses_write(w, rq);
	switches_write(w, rq);
}
