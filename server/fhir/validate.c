/* SPDX-License-Identifier: Apache-2.0
 *
 * $validate: what would be said of a resource if it were stored, or of a
 * deletion, and nothing happens.
 *
 * The verdict is no imitation of the one that storing gives: after the check of
 * the content, which also tells what is only doubtful, the resource is really
 * stored (updated, deleted), by the very functions that do it otherwise, and
 * all of it is taken back (rq->undo). So whose data it is, where its references
 * lead and who may change it are judged as well; a refusal becomes an issue.
 * No more than permission to read the type is needed.
 *
 * The resource is the body, or a parameter of a Parameters resource beside mode
 * and profile, which may also stand in the query. Without a mode, a type's
 * operation validates for create and a resource's for update; GET, and a POST
 * about a resource that is stored, check that one as it is.
 *
 * The service does not state the operation (switch validate_op). HAPI 3.6
 * answers 412 when there are errors, FHIR wants 200 (validate_op_status).
 *
 * FHIR R4 and STU3 Resource/$validate; facts: fhir-rest.md 2.9.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <string.h>

#define NO_RESOURCE                                                            \
	"No resource supplied for $validate operation (resource is required "  \
	"unless mode is \"delete\")"
#define NO_ID                                                                  \
	"No ID supplied. ID is required when validating with mode of \"%s\""
#define PROFILES_MAX 20

enum mode { MODE_NONE, MODE_CREATE, MODE_UPDATE, MODE_DELETE };

/* What is asked for. */
struct asked {
	const struct record_type *type;
	const char *id; /* "": none */
	enum mode mode;
	const struct json *resource; /* NULL: that which is stored */
	bool stored;
	const char *profile[PROFILES_MAX];
	size_t profiles;
};

/* What has been found. */
struct findings {
	struct rq *rq;
	struct issue *v;
	size_t n, room, errors;
};

/* ---- findings ---------------------------------------------------------- */

static void add_issue(struct findings *f, const struct issue *i)
{
	if (f->n == f->room) {
		const size_t room = f->room ? 2 * f->room : 16;
		struct issue *v = arena_alloc(f->rq->arena, room * sizeof(*v));

		if (f->n > 0)
			memcpy(v, f->v, f->n * sizeof(*v));
		f->v = v;
		f->room = room;
	}
	f->v[f->n++] = *i;
	f->errors += i->severity <= ISSUE_ERROR;
}

static void add_issues(struct findings *f, const struct issues *more)
{
	for (size_t i = 0; i < more->n; i++)
		add_issue(f, &more->v[i]);
}

static void add_refusal(struct findings *f, const struct err *e)
{
	const struct issue i = fhir_refusal(f->rq, e);

	add_issue(f, &i);
}

/* ---- what is asked for --------------------------------------------------- */

static bool read_mode(struct rq *rq, const char *text, struct asked *a)
{
	static const char *const names[] = {
	    [MODE_CREATE] = "create",
	    [MODE_UPDATE] = "update",
	    [MODE_DELETE] = "delete",
	};

	for (size_t i = MODE_CREATE; i < LEN(names); i++) {
		if (strcmp(names[i], text) != 0)
			continue;
		a->mode = (enum mode)i;
		return true;
	}
	return err_set(&rq->err, ERR_INVALID, RULE_VALUE, "mode",
		       "Invalid mode \"%.64s\" for $validate operation: it is "
		       "create, update or delete",
		       text);
}

static bool read_profile(struct rq *rq, const char *text, struct asked *a)
{
	if (a->profiles == PROFILES_MAX)
		return err_set(&rq->err, ERR_INVALID, RULE_VALUE, "profile",
			       "At most %d profiles can be validated against",
			       PROFILES_MAX);
	a->profile[a->profiles++] = text;
	return true;
}

static bool read_named(struct rq *rq, const char *name, const char *value,
		       struct asked *a)
{
	if (!name || !value || !*value)
		return true;
	if (strcmp(name, "mode") == 0)
		return read_mode(rq, value, a);
	return strcmp(name, "profile") != 0 || read_profile(rq, value, a);
}

/* A parameter's value, of whatever type of text. */
static const char *value_of(const struct json *p)
{
	static const char *const names[] = {"valueUri", "valueCanonical",
					    "valueCode", "valueString"};
	const char *value = NULL;

	for (size_t i = 0; i < LEN(names) && !value; i++)
		value = json_get_text(p, names[i]);
	return value;
}

static bool read_parameters(struct rq *rq, const struct json *v,
			    struct asked *a)
{
	const struct json *p = json_first(json_get(v, "parameter"));

	for (; p; p = json_next(p)) {
		const char *name = json_get_text(p, "name");

		if (text_is(name, "resource") && !a->resource)
			a->resource = json_get(p, "resource");
		else if (!read_named(rq, name, value_of(p), a))
			return false;
	}
	return true;
}

static bool read_body(struct rq *rq, struct asked *a)
{
	const struct fhir_within *in = rq->within;
	const struct json *v;

	if (rq->body_len == 0 && !(in && in->resource))
		return true;
	v = fhir_body(rq);
	if (!v)
		return false;
	if (text_is(json_get_text(v, "resourceType"), "Parameters"))
		return read_parameters(rq, v, a);
	a->resource = v;
	return true;
}

static bool no_resource(struct rq *rq)
{
	return err_set(&rq->err, ERR_INVALID, RULE_BODY, NULL, NO_RESOURCE);
}

/* That which is stored is validated when none was sent. */
static bool read_stored(struct rq *rq, struct asked *a)
{
	const struct fhir *f = rq->ctx;
	struct err ignored = {.kind = ERR_NONE};
	struct store_resource r;

	if (!*a->id || a->mode == MODE_DELETE)
		return a->mode == MODE_DELETE || no_resource(rq);
	if (strcmp(rq->method, "GET") != 0)
		return no_resource(rq);
	if (!record_read(f->record, rq->arena, f->version, rq->grant,
			 a->type->type, a->id, 0, &r, &rq->err))
		return false;
	a->resource = json_parse(rq->arena, r.text, r.text_len, &ignored);
	a->stored = true;
	assert(a->resource);
	return true;
}

static bool read_request(struct rq *rq, const struct wish *w, struct asked *a)
{
	a->id = rq_param(rq, "id");
	for (size_t i = 0; i < w->pairs; i++)
		if (!read_named(rq, w->pair[i].name, w->pair[i].value, a))
			return false;
	if (!read_body(rq, a))
		return false;
	if (a->resource && json_kind(a->resource) != JSON_OBJECT)
		a->resource = NULL;
	if (!a->resource && !read_stored(rq, a))
		return false;
	if (a->mode == MODE_NONE)
		a->mode = *a->id ? MODE_UPDATE : MODE_CREATE;
	if (!*a->id && a->mode != MODE_CREATE)
		a->id = text_or_empty(json_get_text(a->resource, "id"));
	if (*a->id || a->mode == MODE_CREATE)
		return true;
	return err_set(&rq->err, ERR_INVALID, RULE_VALUE, "mode", NO_ID,
		       a->mode == MODE_DELETE ? "delete" : "update");
}

/* ---- the verdict -----------------------------------------------------------
 */

static void check_content(struct findings *found, const struct asked *a)
{
	const struct fhir *f = found->rq->ctx;
	struct err e = {.kind = ERR_NONE};

	if (!fhir_body_is(a->resource, a->type->type, &e))
		add_refusal(found, &e);
	if (!json_get_text(a->resource, "resourceType"))
		return;
	add_issues(found,
		   record_check_as(f->record, found->rq->arena, f->version,
				   a->resource, fhir_own_base(found->rq),
				   a->profile, a->profiles));
}

static bool try_create(struct rq *rq, const struct asked *a,
		       const struct issues **issues, struct err *e)
{
	const struct fhir *f = rq->ctx;
	const struct record_write write = fhir_write(rq, NULL);
	struct store_resource r;

	return record_store_new(f->record, rq->arena, &write, a->resource, &r,
				issues, e);
}

static bool try_update(struct rq *rq, const struct asked *a,
		       const struct issues **issues, struct err *e)
{
	const struct fhir *f = rq->ctx;
	const struct record_write write = fhir_write(rq, a->id);
	struct store_resource r;
	enum record_done done;

	return fhir_update_id(a->resource, a->id, true, e) &&
	       record_update(f->record, rq->arena, &write, a->resource, &r,
			     &done, issues, e);
}

static bool try_delete(struct rq *rq, const struct asked *a,
		       const struct issues **issues, struct err *e)
{
	const struct fhir *f = rq->ctx;
	const struct record_write write = fhir_write(rq, a->id);
	struct store_resource r;
	int count;

	(void)issues;
	if (!(a->type->interactions & IA_DELETE))
		return err_set(e, ERR_METHOD, RULE_INTERACTION, NULL,
			       "Resources of type %s cannot be deleted",
			       a->type->type);
	return record_delete(f->record, rq->arena, &write, a->type, &r, &count,
			     e);
}

/* Does it, and takes it back. False with rq->err set: a failure of our own. */
static bool try_it(struct findings *found, const struct asked *a)
{
	static bool (*const tries[])(struct rq *, const struct asked *,
				     const struct issues **, struct err *) = {
	    [MODE_CREATE] = try_create,
	    [MODE_UPDATE] = try_update,
	    [MODE_DELETE] = try_delete,
	};
	struct rq *rq = found->rq;
	const struct issues *issues = NULL;
	struct err e = {.kind = ERR_NONE};

	rq->undo = true;
	if (tries[a->mode](rq, a, &issues, &e))
		return true;
	if (e.kind == ERR_INTERNAL) {
		rq->err = e;
		return false;
	}
	if (issues)
		add_issues(found, issues);
	else
		add_refusal(found, &e);
	return true;
}

bool fhir_validate(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const struct settings *s = &f->record->settings;
	struct findings found = {.rq = rq};
	struct asked a = {.mode = MODE_NONE};
	struct issues issues;
	struct wish w;

	assert(rq->grant);
	if (!fhir_wish(rq, &w))
		return false;
	if (!s->validate_op)
		return fhir_unknown(rq);
	a.type = record_type_find(f->version, rq_param(rq, "type"));
	assert(a.type); /* by fhir_guard_type */
	if (!read_request(rq, &w, &a))
		return false;
	if (a.resource && a.mode != MODE_DELETE)
		check_content(&found, &a);
	if (found.errors == 0 && !a.stored && !try_it(&found, &a))
		return false;
	issues =
	    (struct issues){.v = found.v, .n = found.n, .errors = found.errors};
	return fhir_reply_issues(
	    rq, &w, found.errors > 0 ? s->validate_op_status : 200, &issues);
}
