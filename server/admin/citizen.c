/* SPDX-License-Identifier: Apache-2.0
 *
 * citizen: what one citizen does in My Kanta, behind the application's back,
 * and what he or she sees there.
 *
 * Deleting data is the citizen's right, whichever application stored it: so it
 * is done by the operation that the page uses, as new versions that say
 * deleted, and the application finds 410, fewer results and a history. What
 * refers to something that goes too is no obstacle.
 *
 * The display is record's, the same as the page's, with a warning wherever a
 * person would look in vain: a resource of no national profile is shown under
 * other data, one without a value or a time as an empty field.
 *
 * Facts: stand-in.md 4.2; kanta.md 4.5, 5.
 */
#include "admin/admin_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- deleting -------------------------------------------------------- */

struct deletion {
	struct rq *rq;
	const char *patient;
	const char *type;  /* NULL: all */
	int64_t before_ms; /* INT64_MAX: whenever it was stored */
	struct store_resource *v;
	size_t n, room;
	const char **names; /* "Type/id" of all of them, sorted */
};

static bool older_than(struct rq *rq, const char *text, int64_t *ms)
{
	const int64_t now = record_now_ms(admin_of(rq)->record);
	struct time_span t;

	*ms = INT64_MAX;
	if (text == NULL)
		return true;
	if (duration_parse(text, ms)) {
		*ms = *ms > now ? 0 : now - *ms;
		return true;
	}
	if (time_parse(text, strlen(text), &t)) {
		*ms = t.lo_ms;
		return true;
	}
	return err_set(
	    &rq->err, ERR_INVALID, "invalid_value", "/older_than",
	    "\"older_than\" must be a date, a time with its zone, or "
	    "a duration such as P30D; it goes by when a resource was "
	    "last stored.");
}

static bool type_ok(struct rq *rq, const char *type)
{
	struct nearest near = {.word = type};
	const struct record_type *t;

	for (int v = 0; v < FHIR_VERSIONS; v++) {
		for (size_t i = 0;
		     (t = record_type_at((enum fhir_version)v, i)) != NULL;
		     i++) {
			if (t->shared || strcmp(t->type, "Patient") == 0)
				continue;
			if (type == NULL || strcmp(t->type, type) == 0)
				return true;
			nearest_try(&near, t->type);
		}
	}
	return err_set(&rq->err, ERR_INVALID, "invalid_value", "/type",
		       "There is no data of a citizen of type \"%.64s\"%s%s%s.",
		       type, near.best ? "; did you mean \"" : "",
		       near.best ? near.best : "", near.best ? "\"?" : "");
}

static void add(struct deletion *d, const struct store_resource *r)
{
	if (d->n == d->room) {
		struct store_resource *more;

		d->room = d->room > 0 ? 2 * d->room : 64;
		more = arena_alloc(d->rq->arena, d->room * sizeof *more);
		if (d->n > 0)
			memcpy(more, d->v, d->n * sizeof *more);
		d->v = more;
	}
	d->v[d->n++] = *r;
}

/* All of one type that are old enough, page by page. */
static bool collect(struct deletion *d, enum fhir_version v,
		    const struct record_type *t)
{
	const struct store_value before = {.op = OP_UPDATED_LT,
					   .hi_ms = d->before_ms};
	const struct store_clause clause = {.value = &before, .n = 1};
	struct store_query q = {
	    .fhir = (int)v,
	    .type = t->type,
	    .patient = d->patient,
	    .clause = &clause,
	    .clause_count = d->before_ms < INT64_MAX,
	    .limit = 1000,
	};
	struct store_found found;

	do {
		if (!store_search(store_of(d->rq), d->rq->arena, &q, &found,
				  &d->rq->err))
			return false;
		for (size_t i = 0; i < found.n; i++)
			add(d, &found.v[i]);
		q.offset += (int64_t)found.n;
		q.snapshot = found.snapshot;
	} while (found.n > 0 && q.offset < found.total);
	return true;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void name_all(struct deletion *d)
{
	struct arena *a = d->rq->arena;

	d->names = arena_alloc(a, (d->n + 1) * sizeof *d->names);
	for (size_t i = 0; i < d->n; i++)
		d->names[i] =
		    arena_printf(a, "%s/%s", d->v[i].type, d->v[i].id);
	if (d->n > 0)
		qsort(d->names, d->n, sizeof *d->names, by_text);
}

static bool delete_one(struct deletion *d, const struct store_resource *x)
{
	struct record *r = admin_of(d->rq)->record;
	const enum fhir_version v = (enum fhir_version)x->fhir;
	const struct record_write w = {
	    .fhir = v,
	    .own_base =
		arena_cat(d->rq->arena, d->rq->origin, r->fhir_base[v], NULL),
	    .id = x->id,
	    .leaving = d->names,
	    .leaving_count = d->n,
	};
	struct store_resource deleted;
	int count;

	return record_delete(r, d->rq->arena, &w, record_type_find(v, x->type),
			     &deleted, &count, &d->rq->err);
}

static bool delete_all(struct deletion *d)
{
	const struct record_type *t;

	for (int v = 0; v < FHIR_VERSIONS; v++)
		for (size_t i = 0;
		     (t = record_type_at((enum fhir_version)v, i)) != NULL; i++)
			if (!t->shared && strcmp(t->type, "Patient") != 0 &&
			    (d->type == NULL ||
			     strcmp(t->type, d->type) == 0) &&
			    !collect(d, (enum fhir_version)v, t))
				return false;
	name_all(d);
	for (size_t i = 0; i < d->n; i++)
		if (!delete_one(d, &d->v[i]))
			return false;
	return true;
}

static const struct member delete_data[] = {
    {"type", MEMBER_TEXT, false},
    {"older_than", MEMBER_TEXT, false},
};
const struct body citizen_delete_data_body = BODY_OF(delete_data);

bool admin_citizen_delete_data(struct rq *rq)
{
	struct deletion d = {.rq = rq};
	struct jw w = {.b = &rq->out};
	struct store_citizen c;
	const struct json *body;

	if (!citizen_get(rq, rq_param(rq, "hetu"), &c) ||
	    !body_read(rq, &citizen_delete_data_body, &body))
		return false;
	d.patient = c.patient;
	d.type = member_text(body, "type");
	if (!type_ok(rq, d.type) ||
	    !older_than(rq, member_text(body, "older_than"), &d.before_ms) ||
	    !delete_all(&d))
		return false;
	jw_open(&w, NULL, '{');
	jw_int(&w, "count", (int64_t)d.n);
	jw_close(&w);
	return reply_json(rq, 200);
}

/* ---- what is shown ---------------------------------------------------- */

#define SHOWN_MAX 1000 /* entries in an answer */

static void warnings_write(struct jw *w, const struct record_display *d)
{
	jw_open(w, "warnings", '[');
	if (d->profile == NULL)
		jw_str(w, NULL, "It names no profile.");
	else if (record_kind_of(d->profile) == record_kind_find("other"))
		jw_str(w, NULL,
		       "Its profile is no national one: it is shown under "
		       "other data.");
	if (*d->name == '\0')
		jw_str(w, NULL, "Nothing says what it is.");
	if (*d->value == '\0' && d->points == 0)
		jw_str(w, NULL, "It shows no value.");
	if (*d->when == '\0')
		jw_str(w, NULL, "It says no time.");
	jw_close(w);
}

static void entry_write(struct jw *w, struct rq *rq,
			const struct page_locale *l,
			const struct store_resource *r)
{
	struct err ignored = {.kind = ERR_NONE};
	const struct json *v =
	    json_parse(rq->arena, r->text, r->text_len, &ignored);
	struct record_display d;

	record_display_brief(admin_of(rq)->record, rq->arena, l, v, &d);
	jw_open(w, NULL, '{');
	jw_str(w, "fhir", r->fhir == FHIR_R4 ? "r4" : "stu3");
	jw_str(w, "type", r->type);
	jw_str(w, "id", r->id);
	jw_str(w, "client_id", r->client_id);
	jw_str(w, "title", d.title);
	jw_str(w, "name", d.name);
	jw_str(w, "value", d.value);
	jw_str(w, "when", d.when);
	warnings_write(w, &d);
	jw_close(w);
}

static void shelf_write(struct jw *w, struct rq *rq,
			const struct page_locale *l,
			const struct record_shelf *shelf, size_t *left)
{
	struct store_resource r;

	jw_open(w, NULL, '{');
	jw_str(w, "kind", shelf->kind->key);
	jw_str(w, "title", page_word(l, shelf->kind->title));
	jw_int(w, "total", (int64_t)shelf->n);
	jw_open(w, "entries", '[');
	for (size_t i = 0; i<shelf->n && * left> 0; i++, (*left)--)
		if (store_glance_read(store_of(rq), rq->arena, &shelf->v[i],
				      SIZE_MAX >> 1, &r))
			entry_write(w, rq, l, &r);
	jw_close(w);
	jw_close(w);
}

static bool language_of(struct rq *rq, enum page_language *out)
{
	struct http_pair *p;
	size_t n;

	*out = PAGE_FI;
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &p, &n,
		       &rq->err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct nearest near = {.word = p[i].name};

		nearest_try(&near, "lang");
		if (strcmp(p[i].name, "lang") != 0)
			return refuse_unknown(rq, &near);
		if (!page_language_wanted(p[i].value, out))
			return err_set(&rq->err, ERR_INVALID, "invalid_value",
				       "/lang", "lang must be fi, sv or en.");
	}
	return true;
}

bool admin_citizen_display(struct rq *rq)
{
	struct admin *a = admin_of(rq);
	struct page_locale l = {.words = a->words};
	struct jw w = {.b = &rq->out};
	struct record_shelf *shelf;
	size_t left = SHOWN_MAX, n;
	struct store_citizen c;

	if (!citizen_get(rq, rq_param(rq, "hetu"), &c) ||
	    !language_of(rq, &l.language))
		return false;
	n = record_shelves(a->record, rq->arena, c.patient, &shelf);
	jw_open(&w, NULL, '{');
	jw_str(&w, "hetu", c.hetu);
	jw_str(&w, "patient_id", c.patient);
	jw_open(&w, "kinds", '[');
	for (size_t i = 0; i < n; i++)
		shelf_write(&w, rq, &l, &shelf[i], &left);
	jw_close(&w);
	jw_bool(&w, "complete", left > 0);
	jw_close(&w);
	return reply_json(rq, 200);
}
