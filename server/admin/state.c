/* SPDX-License-Identifier: Apache-2.0
 *
 * state: the server as a whole. Is it up, what is in it, which switches are in
 * force. What is decided when the server starts is told with the rest, but
 * cannot be changed: PUT says so by the name of the switch.
 *
 * Facts: contracts.md section 3, stand-in.md 4.1 and 8.
 */
#include "admin/admin_int.h"

#include <string.h>

bool admin_health(struct rq *rq)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_str(&w, "status", "ok");
	jw_close(&w);
	return reply_json(rq, 200);
}

/* ---- state ---------------------------------------------------------- */

static void counts_write(struct jw *w, struct store *s)
{
	struct store_counts n;

	store_count(s, &n);
	jw_open(w, "counts", '{');
	jw_int(w, "citizens", n.citizens);
	jw_int(w, "clients", n.clients);
	jw_int(w, "resources", n.resources);
	jw_int(w, "versions", n.versions);
	jw_int(w, "permissions", n.grants);
	jw_int(w, "tokens", n.tokens);
	jw_int(w, "consents", n.consents);
	jw_int(w, "treatments", n.treatments);
	jw_close(w);
}

static void settings_write(struct jw *w, const char *name, struct rq *rq)
{
	const struct settings *s = &admin_of(rq)->record->settings;
	struct setting_info info;

	jw_open(w, name, '{');
	for (size_t i = 0; settings_list(s, rq->arena, i, &info); i++)
		jw_str(w, info.name, info.value);
	jw_close(w);
}

bool admin_state(struct rq *rq)
{
	struct jw w = {.b = &rq->out};

	jw_open(&w, NULL, '{');
	jw_str(&w, "version", admin_of(rq)->version);
	counts_write(&w, store_of(rq));
	settings_write(&w, "settings", rq);
	jw_open(&w, "clock", '{');
	clock_write(&w, &admin_of(rq)->record->clock);
	jw_close(&w);
	journal_write(&w, admin_of(rq)->journal);
	shadow_write(&w, &admin_of(rq)->shadows);
	faults_write(&w, admin_of(rq)->faults,
		     record_now_ms(admin_of(rq)->record));
	about_write(&w, rq);
	jw_close(&w);
	return reply_json(rq, 200);
}

/* ---- settings ------------------------------------------------------- */

bool admin_settings(struct rq *rq)
{
	struct jw w = {.b = &rq->out};

	settings_write(&w, NULL, rq);
	return reply_json(rq, 200);
}

static const char *setting_name(size_t i, void *ctx)
{
	struct rq *rq = ctx;
	struct setting_info info;

	if (!settings_list(&admin_of(rq)->record->settings, rq->arena, i,
			   &info))
		return NULL;
	return info.name;
}

/* Switches are words; numbers and true and false may be written as such. */
static const char *setting_value(const struct json *v)
{
	switch (json_kind(v)) {
	case JSON_TRUE: return "on";
	case JSON_FALSE: return "off";
	case JSON_STRING:
	case JSON_NUMBER: return json_text(v);
	default: return NULL;
	}
}

static bool setting_put(struct rq *rq, const struct json *v, struct settings *s)
{
	const char *value = setting_value(v);

	if (value == NULL)
		return err_set(&rq->err, ERR_INVALID, "wrong_type",
			       arena_printf(rq->arena, "/%s", json_name(v)),
			       "\"%.64s\" must be a string or a number.",
			       json_name(v));
	if (settings_change(s, json_name(v), value, &rq->err))
		return true;
	return refuse_member(rq);
}

static bool setting_known(struct rq *rq, const char *name)
{
	struct nearest near = {.word = name};
	const char *other;

	for (size_t i = 0; (other = setting_name(i, rq)) != NULL; i++) {
		if (strcmp(other, name) == 0)
			return true;
		nearest_try(&near, other);
	}
	return refuse_unknown(rq, &near);
}

bool admin_settings_put(struct rq *rq)
{
	struct settings s = admin_of(rq)->record->settings;
	const struct json *body;

	if (!body_object(rq, &body))
		return false;
	for (const struct json *v = json_first(body); v; v = json_next(v)) {
		if (!setting_known(rq, json_name(v)) || !setting_put(rq, v, &s))
			return false;
	}
	admin_of(rq)->record->settings = s;
	return admin_settings(rq);
}
