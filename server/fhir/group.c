/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes of one FHIR base, and the guard that knows its resource types.
 *
 * The table is what the base can do; http answers everything else: 405 with
 * Allow for another method of a path that stands here, 404 for other paths,
 * both as an OperationOutcome by fhir_refuse. Interactions that come with a
 * later version (update, delete, history, batch, operations) are refused as not
 * implemented where their path would otherwise be taken for a resource's id.
 *
 * Order of the guards (main puts them together): who asks, which type, what
 * for. So an unknown type is 404 for everybody with a token, whatever the
 * token's scope.
 *
 * FHIR R4 3.1; facts: fhir-rest.md 1.1.
 */
#include "fhir/fhir_int.h"

#include <string.h>

static bool at_base(struct rq *rq)
{
	struct wish w;
	const char *pages;

	if (!fhir_wish(rq, &w))
		return false;
	pages = http_form_get(w.pair, w.pairs, PARAM_PAGES);
	if (pages)
		return fhir_no_page(&rq->err, pages);
	return err_set(&rq->err, ERR_INVALID, NULL, NULL,
		       "This is the base URL of FHIR server. Unable to handle "
		       "this request, as it does not contain a resource type "
		       "or operation name.");
}

static bool later(struct rq *rq)
{
	return err_set(&rq->err, ERR_INVALID, RULE_LATER, NULL,
		       "Batch and transaction are not available in this "
		       "version");
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
    {"GET", "/", at_base, ACCESS_OPEN, 0, "the base has no content"},
    {"POST", "/", later, ACCESS_OPEN, HTTP_FHIR_BODY_BYTES,
     "batch and transaction"},
    {"GET", "/metadata", fhir_metadata, ACCESS_OPEN, 0, "CapabilityStatement"},
    {"GET", "/.well-known/smart-configuration", fhir_smart, ACCESS_OPEN, 0,
     "where the authorization server is"},
    {"GET", "/.well-known/:document", no_document, ACCESS_OPEN, 0,
     "other documents are the authorization server's"},
    {"GET", "/:type", fhir_search, ACCESS_READ, 0, "search"},
    {"POST", "/:type", fhir_create, ACCESS_WRITE, HTTP_FHIR_BODY_BYTES,
     "create; checked against meta.profile"},
    {"GET", "/:type/:id", fhir_read, ACCESS_READ, 0,
     "read the current version"},
    {"POST", "/:type/:id", fhir_create_with_id, ACCESS_WRITE,
     HTTP_FHIR_BODY_BYTES, "refused: ids are the server's"},
    {"GET", "/:type/:id/_history/:vid", fhir_vread, ACCESS_READ, 0,
     "read one version"},
};

bool fhir_guard_type(struct rq *rq, void *ctx)
{
	const struct fhir *f = rq->ctx;
	const char *type;

	(void)ctx;
	if (strncmp(rq->route->path, "/:type", 6) != 0)
		return true;
	type = rq_param(rq, "type");
	if (*type == '_' || *type == '$')
		return err_set(&rq->err, ERR_INVALID, RULE_LATER, NULL,
			       "%.64s is not available in this version", type);
	if (record_type_get(rq->arena, f->version, type, &rq->err))
		return true;
	return err_set(&rq->err, rq->err.kind, RULE_TYPE, NULL, "%s",
		       rq->err.text);
}

void fhir_group(struct fhir *f, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = f->record->fhir_base[f->version],
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = f,
	    .refuse = fhir_refuse,
	    .cors = true,
	};
}
