/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes of one FHIR base, and the guard that knows its resource types.
 *
 * The table is what the base can do; http answers everything else: 405 with
 * Allow for another method of a path that stands here, 404 for other paths,
 * both as an OperationOutcome by fhir_refuse. What looks like an operation and
 * has no row is refused in the words of the real stack (operation.c).
 *
 * Order of the guards (main puts them together): who asks, which type, what
 * for. So an unknown type is 404 for everybody with a token, whatever the
 * token's scope.
 *
 * FHIR R4 3.1; facts: fhir-rest.md 1.1.
 */
#include "fhir/fhir_int.h"

#include <string.h>

static bool post_base(struct rq *rq)
{
	struct wish w;

	if (!fhir_wish(rq, &w))
		return false;
	if (http_form_get(w.pair, w.pairs, PARAM_PAGES))
		return err_set(&rq->err, ERR_INVALID, RULE_PAGE, NULL,
			       "Requests for _getpages must use HTTP GET");
	return fhir_bundle(rq);
}

/* Clients look here for documents of the authorization server; a refusal for
 * want of a token would make them try again with one (oauth.md 12, 15.5). */
static bool no_document(struct rq *rq)
{
	return err_set(&rq->err, ERR_NOT_FOUND, NULL, NULL,
		       "There is no document .well-known/%.64s here",
		       rq_param(rq, "document"));
}

static const struct route routes[] = {
    {"GET", "/", fhir_at_base, ACCESS_READ, 0, "pages of a search",
     "search-page"},
    {"POST", "/", post_base, ACCESS_WRITE, HTTP_FHIR_BODY_BYTES,
     "batch and transaction", "batch"},
    {"GET", "/_history", fhir_history, ACCESS_READ, 0, "history of all types",
     "history-system"},
    {"GET", "/metadata", fhir_metadata, ACCESS_OPEN, 0, "CapabilityStatement",
     "capabilities"},
    {"GET", "/.well-known/smart-configuration", fhir_smart, ACCESS_OPEN, 0,
     "where the authorization server is", "smart-configuration"},
    {"GET", "/.well-known/:document", no_document, ACCESS_OPEN, 0,
     "other documents are the authorization server's", "well-known"},
    {"GET", "/:type", fhir_search, ACCESS_READ, 0, "search", "search-type"},
    {"POST", "/:type/_search", fhir_search_post, ACCESS_READ,
     HTTP_FORM_BODY_BYTES, "search, with the parameters in a form",
     "search-type"},
    {"POST", "/:type", fhir_create, ACCESS_WRITE, HTTP_FHIR_BODY_BYTES,
     "create; checked against meta.profile", "create"},
    {"PUT", "/:type", fhir_update_conditional, ACCESS_WRITE,
     HTTP_FHIR_BODY_BYTES, "conditional update; by switch", "update"},
    {"DELETE", "/:type", fhir_delete_conditional, ACCESS_WRITE, 0,
     "conditional delete; by switch", "delete"},
    {"GET", "/:type/_history", fhir_history, ACCESS_READ, 0,
     "history of a type", "history-type"},
    {"POST", "/:type/$validate", fhir_validate, ACCESS_READ,
     HTTP_FHIR_BODY_BYTES, "is it valid? nothing is stored", "$validate"},
    {"GET", "/:type/:id", fhir_read, ACCESS_READ, 0, "read the current version",
     "read"},
    {"POST", "/:type/:id", fhir_create_with_id, ACCESS_WRITE,
     HTTP_FHIR_BODY_BYTES, "refused: ids are the server's", "create"},
    {"PUT", "/:type/:id", fhir_update, ACCESS_WRITE, HTTP_FHIR_BODY_BYTES,
     "update; checked against meta.profile", "update"},
    {"DELETE", "/:type/:id", fhir_delete, ACCESS_WRITE, 0, "delete", "delete"},
    {"GET", "/:type/:id/_history", fhir_history, ACCESS_READ, 0,
     "history of a resource", "history-instance"},
    {"GET", "/:type/:id/_history/:vid", fhir_vread, ACCESS_READ, 0,
     "read one version", "vread"},
    {"GET", "/:type/:id/$validate", fhir_validate, ACCESS_READ, 0,
     "is it valid, as it is stored?", "$validate"},
    {"POST", "/:type/:id/$validate", fhir_validate, ACCESS_READ,
     HTTP_FHIR_BODY_BYTES, "would it be valid as the next version?",
     "$validate"},
    {"GET", "/:type/$everything", fhir_everything, ACCESS_READ, 0,
     "all that belongs to the citizens", "$everything"},
    {"GET", "/:type/:id/$everything", fhir_everything, ACCESS_READ, 0,
     "all that belongs to the citizen", "$everything"},
    {"POST", "/:type/:id/$everything", fhir_everything, ACCESS_READ,
     HTTP_FHIR_BODY_BYTES, "the same", "$everything"},
    {"GET", "/:type/$readWithIncludes", fhir_not_defined, ACCESS_READ, 0,
     "named by the guide, without a definition: 501", "$readWithIncludes"},
    {"POST", "/:type/$readWithIncludes", fhir_not_defined, ACCESS_READ,
     HTTP_FHIR_BODY_BYTES, "the same", "$readWithIncludes"},
    {"GET", "/:type/:id/$readWithIncludes", fhir_not_defined, ACCESS_READ, 0,
     "the same", "$readWithIncludes"},
    {"POST", "/:type/:id/$readWithIncludes", fhir_not_defined, ACCESS_READ,
     HTTP_FHIR_BODY_BYTES, "the same", "$readWithIncludes"},
};

void fhir_name_software(struct rq *rq)
{
	static const char *const versions[FHIR_VERSIONS] = {
	    [FHIR_STU3] = "FHIR 3.0.1/DSTU3", [FHIR_R4] = "FHIR 4.0.0/R4"};
	const struct fhir *f = rq->ctx;

	if (f->record->settings.x_powered_by &&
	    !rq_header_out(rq, "X-Powered-By"))
		rq_header(rq, "X-Powered-By",
			  "HAPI FHIR 3.6.0 REST Server (FHIR Server; %s)",
			  versions[f->version]);
}

bool fhir_guard_type(struct rq *rq, void *ctx)
{
	const struct fhir *f = rq->ctx;
	const struct record_type *t;
	const char *type;

	(void)ctx;
	fhir_name_software(rq);
	if (strncmp(rq->route->path, "/:type", 6) != 0)
		return true;
	type = rq_param(rq, "type");
	if (*type == '_' || *type == '$')
		return fhir_unknown(rq);
	t = record_type_get(rq->arena, f->version, type, &rq->err);
	if (t && t->definition)
		record_official(f->record, rq->arena, f->version);
	if (t) {
		rq_passed(rq, "type");
		return true;
	}
	return err_set(&rq->err, rq->err.kind, RULE_TYPE, NULL, "%s",
		       rq->err.text);
}

bool fhir_guard_open(struct rq *rq, void *ctx)
{
	static const struct grant everybody = {
	    .id = "", .client_id = "", .hetu = "", .patient = NULL};

	(void)ctx;
	if (rq->route->access != ACCESS_OPEN)
		rq->grant = &everybody;
	return true;
}

void fhir_group(struct fhir *f, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = f->base,
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = f,
	    .refuse = fhir_refuse,
	    .cors = true,
	    .faults = true,
	    .kind = "fhir",
	    .version = f->version == FHIR_R4 ? "r4" : "stu3",
	};
}
