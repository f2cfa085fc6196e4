/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a request that carries a resource.
 *
 * It is refused step by step in the order in which the real stack meets the
 * faults: media type, JSON, and then the resource's own type against that of
 * the URL. The words are those of the stack. Only JSON is taken, under each of
 * the names that FHIR has had for it; the charset that a media type names is
 * not looked at, as JSON is UTF-8, and what is not is refused as broken JSON.
 * A request within a Bundle has its resource read already; it stays where it
 * stands in the Bundle's text, and so do lines and columns.
 *
 * FHIR R4 3.1.0.1.11; facts: fhir-rest.md 1.2, 1.4.
 */
#include "fhir/fhir_int.h"

#include <string.h>
#include <strings.h>

/* ---- media type ------------------------------------------------------ */

/* What the stack calls what a request is about to do. */
static const char *operation_of(const struct rq *rq)
{
	static const char *const names[][3] = {
	    {"POST", "/", "TRANSACTION"},
	    {"POST", "$validate", "VALIDATE"},
	    {"POST", "$", "EXTENDED_OPERATION_TYPE"},
	    {"PUT", "", "UPDATE"},
	    {"POST", "", "CREATE"},
	};
	const char *path = rq->route->path;
	const char *last = strrchr(path, '/');

	last = last && last[1] ? last + 1 : path;
	for (size_t i = 0; i < LEN(names); i++)
		if (strcmp(rq->method, names[i][0]) == 0 &&
		    text_begins(last, names[i][1]))
			return names[i][2];
	return "CREATE";
}

static bool is_json(const char *type)
{
	static const char *const good[] = {
	    "application/fhir+json",
	    "application/json+fhir",
	    "application/json",
	};
	size_t n;

	type += strspn(type, " \t");
	n = strcspn(type, "; \t");
	for (size_t i = 0; i < LEN(good); i++)
		if (n == strlen(good[i]) && strncasecmp(type, good[i], n) == 0)
			return true;
	return false;
}

bool fhir_body_type(struct rq *rq)
{
	const char *type = rq_header_in(rq, "Content-Type");

	if (!type || !*type)
		return err_set(&rq->err, ERR_INVALID, RULE_CONTENT_TYPE, NULL,
			       "No Content-Type header was provided in the "
			       "request. This is required for \"%s\" operation",
			       operation_of(rq));
	if (is_json(type))
		return true;
	return err_set(&rq->err, ERR_INVALID, RULE_CONTENT_TYPE, NULL,
		       "Incorrect Content-Type header value of \"%.200s\" was "
		       "provided in the request. A FHIR Content-Type is "
		       "required for \"%s\" operation",
		       type, operation_of(rq));
}

/* ---- JSON ------------------------------------------------------------ */

static bool refuse_body(struct err *e, const char *where, const char *why)
{
	return err_set(e, ERR_INVALID, RULE_BODY, where,
		       "Failed to parse request body as JSON resource. Error "
		       "was: %s%s%s%s",
		       why, where ? " (" : "", where ? where : "",
		       where ? ")" : "");
}

/* Whether v is a resource, is asked here alone. */
static bool has_type(const struct json *v, struct err *e)
{
	if (json_kind(v) != JSON_OBJECT)
		return refuse_body(e, NULL,
				   "Content does not appear to be FHIR JSON, "
				   "it is not an object");
	if (!json_get_text(v, "resourceType"))
		return refuse_body(e, NULL,
				   "Invalid JSON content detected, missing "
				   "required element: 'resourceType'");
	return true;
}

const struct json *fhir_body(struct rq *rq)
{
	const struct fhir_within *in = rq->within;
	struct err bad = {.kind = ERR_NONE};
	const struct json *v;

	if (in && in->resource)
		return has_type(in->resource, &rq->err) ? in->resource : NULL;
	if (!fhir_body_type(rq))
		return NULL;
	if (rq->body_len == 0) {
		(void)refuse_body(&rq->err, NULL, "The body is empty");
		return NULL;
	}
	v = json_parse(rq->arena, rq->body, rq->body_len, &bad);
	if (!v) {
		(void)refuse_body(&rq->err, bad.where, bad.text);
		rq->err.line = bad.line;
		rq->err.column = bad.column;
		return NULL;
	}
	if (!has_type(v, &rq->err))
		return NULL;
	rq_passed(rq, "json");
	return v;
}

bool fhir_body_is(const struct json *resource, const char *want, struct err *e)
{
	const char *type = json_get_text(resource, "resourceType");

	if (!type)
		return has_type(resource, e);
	if (strcmp(type, want) == 0)
		return true;
	if (strcasecmp(type, want) == 0)
		return err_set(e, ERR_INVALID, RULE_BODY_TYPE, "resourceType",
			       "Unknown resource type '%s': Resource names are "
			       "case sensitive, found similar name: '%s'",
			       type, want);
	return err_set(e, ERR_INVALID, RULE_BODY_TYPE, "resourceType",
		       "Incorrect resource type found, expected \"%s\" but "
		       "found \"%.100s\"",
		       want, type);
}

const struct json *fhir_body_of(struct rq *rq, const char *type)
{
	const struct json *v = fhir_body(rq);

	return v && fhir_body_is(v, type, &rq->err) ? v : NULL;
}
