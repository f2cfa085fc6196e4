/* SPDX-License-Identifier: Apache-2.0
 *
 * My Kanta: one entry, all that it says, and deleting it.
 *
 * An entry is its citizen's alone: another's, one that was deleted and one that
 * never was are the same answer. The citizen deletes what any application has
 * stored (kanta.md 4.5: "only the source of the resource or Omakanta can delete
 * resources"); what another entry refers to stays until that one is gone.
 */
#include "web/omakanta_int.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *path, *name;
} versions[FHIR_VERSIONS] = {
    [FHIR_STU3] = {"stu3", "FHIR STU3"},
    [FHIR_R4] = {"r4", "FHIR R4"},
};

struct entry {
	enum fhir_version fhir;
	const struct record_type *type;
	struct store_resource resource;
	struct record_display display;
};

/* The entry that the path names. False: rq->err. */
static bool find(struct rq *rq, const struct visitor *v, struct entry *e)
{
	struct record *r = site_of(rq)->record;
	struct page_locale locale = site_locale(rq);
	int fhir = 0;

	while (fhir < FHIR_VERSIONS &&
	       strcmp(versions[fhir].path, rq_param(rq, "fhir")) != 0)
		fhir++;
	e->fhir = (enum fhir_version)fhir;
	e->type = fhir < FHIR_VERSIONS
		      ? record_type_find(e->fhir, rq_param(rq, "type"))
		      : NULL;
	const struct json *json = NULL;
	if (e->type != NULL && (e->type->interactions & IA_DELETE) != 0 &&
	    store_resource_find(r->store, rq->arena, fhir, e->type->type,
				rq_param(rq, "id"), 0, &e->resource) &&
	    !e->resource.deleted &&
	    strcmp(e->resource.patient, v->citizen.patient) == 0)
		json = json_parse(rq->arena, e->resource.text,
				  e->resource.text_len, &rq->err);
	if (json == NULL)
		return err_set(&rq->err, ERR_NOT_FOUND, "not_found", NULL,
			       SAY("There is no such entry among your data; "
				   "perhaps it has been deleted."));
	record_display(r, rq->arena, &locale, json, &e->display);
	return true;
}

const char *om_entry_url(struct rq *rq, const struct store_resource *r,
			 const char *below)
{
	return arena_printf(rq->arena, "%s/entry/%s/%s/%s%s", site_of(rq)->path,
			    versions[r->fhir].path, r->type, r->id, below);
}

static const char *kind_url(struct rq *rq, const struct entry *e)
{
	assert(e->display.kind != NULL);
	return arena_cat(rq->arena, "/data/", e->display.kind->key, NULL);
}

/* ---- the page -------------------------------------------------------- */

static struct page_value detail_rows(struct rq *rq,
				     const struct record_display *d)
{
	static const char *const depths[] = {"",    "in1", "in2",
					     "in3", "in4", "in5"};
	struct page_values *row =
	    arena_alloc(rq->arena, (d->rows + 1) * sizeof(*row));

	for (size_t i = 0; i < d->rows; i++) {
		const struct record_row *r = &d->row[i];
		size_t depth =
		    r->depth < LEN(depths) ? r->depth : LEN(depths) - 1;
		const struct page_value v[] = {
		    {.name = "label", .text = r->label},
		    {.name = "value", .text = r->value},
		    {.name = "more", .text = r->more},
		    {.name = "depth", .text = depths[depth]},
		};
		row[i] = page_row(rq->arena, v, LEN(v));
	}
	return (struct page_value){
	    .name = "details", .rows = row, .row_count = d->rows};
}

static bool show(struct rq *rq, const struct visitor *v, const struct entry *e,
		 int status, const char *file, const char *refused)
{
	const struct record_display *d = &e->display;
	const struct store_resource *r = &e->resource;
	struct page_locale locale = site_locale(rq);
	struct arena *a = rq->arena;

	assert(d->name != NULL && d->title != NULL);
	const struct page_value value[] = {
	    {.name = "title", .text = d->title},
	    {.name = "name",
	     .text = strcmp(d->name, d->title) != 0 ? d->name : NULL},
	    {.name = "value", .text = d->value},
	    {.name = "when", .text = d->when},
	    {.name = "sent", .text = d->sent},
	    {.name = "text", .text = d->text},
	    {.name = "profile", .text = d->profile},
	    {.name = "fhir", .text = versions[e->fhir].name},
	    {.name = "type", .text = r->type},
	    {.name = "id", .text = r->id},
	    {.name = "version", .text = arena_printf(a, "%d", r->version)},
	    {.name = "stored",
	     .text = record_when_ms(a, &locale, r->updated_ms)},
	    {.name = "client", .text = om_client(rq, r->client_id)},
	    {.name = "here", .text = om_entry_url(rq, r, "")},
	    {.name = "delete", .text = om_entry_url(rq, r, "/delete")},
	    {.name = "kind_url",
	     .text = arena_cat(a, site_of(rq)->path, kind_url(rq, e), NULL)},
	    {.name = "kind", .text = site_word(rq, d->kind->title)},
	    {.name = "refused", .text = refused},
	    {.name = "refusal", .text = rq->err.text},
	    detail_rows(rq, d),
	};

	return om_page(rq, v, OM_DATA, status, d->kind->title, file, value,
		       LEN(value));
}

bool om_entry(struct rq *rq)
{
	struct visitor v;
	struct entry e = {0};

	if (!om_visitor(rq, &v))
		return om_login_first(rq);
	return find(rq, &v, &e) &&
	       show(rq, &v, &e, 200, "server/web/omakanta_entry.html", NULL);
}

/* ---- deleting -------------------------------------------------------- */

#define DELETE_PAGE "server/web/omakanta_delete.html"

bool om_delete_get(struct rq *rq)
{
	struct visitor v;
	struct entry e = {0};

	if (!om_visitor(rq, &v))
		return om_login_first(rq);
	return find(rq, &v, &e) && show(rq, &v, &e, 200, DELETE_PAGE, NULL);
}

static bool delete_entry(struct rq *rq, const struct entry *e)
{
	struct record *r = site_of(rq)->record;
	struct store_resource deleted;
	const struct record_write w = {
	    .fhir = e->fhir,
	    .own_base =
		arena_cat(rq->arena, rq->origin, r->fhir_base[e->fhir], NULL),
	    .id = e->resource.id,
	    .last = true,
	};
	int count;

	return record_delete(r, rq->arena, &w, e->type, &deleted, &count,
			     &rq->err);
}

bool om_delete_post(struct rq *rq)
{
	struct site_post p;
	struct visitor v;
	struct entry e = {0};
	bool done;

	if (!om_posted(rq, &p, &v, &done))
		return done;
	if (!find(rq, &v, &e))
		return false;
	if (delete_entry(rq, &e))
		return om_done(rq, kind_url(rq, &e), "deleted");
	if (rq->err.kind != ERR_CONFLICT)
		return false;
	return show(rq, &v, &e, 409, DELETE_PAGE,
		    site_word(rq, SAY("This entry cannot be deleted yet, since "
				      "another one refers to it. Delete that "
				      "one first.")));
}
