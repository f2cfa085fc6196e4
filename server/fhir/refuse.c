/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals: what a request was refused for becomes an OperationOutcome and a
 * status.
 *
 * The kind of the refusal decides on the status, except where a switch does.
 * Each refusal has a rule, which --errors explain shows together with what to
 * do about it: its own ("KPHR-REST-...") or that of its kind.
 *
 * http refuses some requests before they have a handler: a path that no row of
 * the table has, a method that the path has not. There the real stack's words
 * are used, too.
 *
 * A failure of our own surroundings (ERR_INTERNAL) says nothing but the
 * request's id, by which the log tells the rest.
 *
 * FHIR R4 3.1.0.1.5; facts: fhir-rest.md 1.1, 1.4, stand-in.md 10.
 */
#include "fhir/fhir_int.h"

#include <string.h>

/* What a refusal is called in explain style, when nobody was more exact. */
static const struct {
	const char *code; /* IssueType of both versions */
	const char *rule;
} refusal[] = {
    [ERR_NONE] = {"exception", "KPHR-REST-0001"},
    [ERR_INVALID] = {"invalid", "KPHR-REST-0002"},
    [ERR_UNAUTHORIZED] = {"login", "KPHR-REST-0003"},
    [ERR_FORBIDDEN] = {"forbidden", "KPHR-REST-0004"},
    [ERR_NOT_FOUND] = {"not-found", "KPHR-REST-0005"},
    [ERR_METHOD] = {"not-supported", "KPHR-REST-0006"},
    [ERR_MEDIA_TYPE] = {"not-supported", "KPHR-REST-0016"},
    [ERR_NOT_ACCEPTABLE] = {"not-supported", "KPHR-REST-0007"},
    [ERR_TIMEOUT] = {"timeout", "KPHR-REST-0008"},
    [ERR_CONFLICT] = {"conflict", "KPHR-REST-0009"},
    [ERR_GONE] = {"not-found", "KPHR-REST-0010"},
    [ERR_PRECONDITION] = {"conflict", "KPHR-REST-0011"},
    [ERR_TOO_LARGE] = {"too-long", "KPHR-REST-0012"},
    [ERR_UNPROCESSABLE] = {"business-rule", "KPHR-REST-0013"},
    [ERR_INTERNAL] = {"exception", "KPHR-REST-0014"},
    [ERR_NOT_IMPLEMENTED] = {"not-supported", "KPHR-REST-0015"},
};

/* What to do about a refusal, where one sentence tells it; a rule once. */
static const char *const hints[][2] = {
    {"KPHR-REST-0003", "send Authorization: Bearer and a valid token"},
    {"KPHR-REST-0004", "refer to the citizen of the token, as Patient/{id}"},
    {"KPHR-REST-0006", "see /metadata for what is offered"},
    {RULE_FORMAT, "ask for application/fhir+json"},
    {RULE_CONTENT_TYPE, "set Content-Type: application/fhir+json"},
    {RULE_BODY, "send one resource: a JSON object with resourceType"},
    {RULE_BODY_TYPE, "send it to the URL of its resourceType"},
    {RULE_BODY_ID, "leave the id out of the URL: the server gives one"},
    {RULE_TYPE, "see /metadata for the types that are served"},
    {RULE_INTERACTION, "see /metadata for what is offered"},
    {RULE_NOT_DEFINED, "use read and search"},
    {RULE_BUNDLE, "send a Bundle of type batch or transaction"},
    {RULE_ENTRY, "correct that entry of the Bundle"},
    {RULE_BATCH_OFF, "send the entries one by one, or change the "
		     "setting"},
    {RULE_CONDITION, "send If-None-Exist: identifier=system|value"},
    {RULE_UPDATE_ID, "send the resource with the id of the URL"},
    {RULE_NEW_ID, "choose a uuid"},
    {RULE_VERSION, "read the resource again, apply the change to it, "
		   "and send the version that was read"},
    {RULE_APPLICATION, "store a resource of this application instead"},
    {RULE_OWNER, "leave the Patient as it is, or store a new resource"},
    {RULE_ONE_PATIENT, "update the Patient of the token with PUT"},
    {RULE_SWITCHED_OFF, "use a sandbox, or --set the switch to on"},
    {RULE_REFERENCE, "store what is referred to first, leave the "
		     "reference out, or --set references=free"},
    {RULE_EXTERNAL, "refer to what is stored here, as Type/id, or "
		    "--set references=free"},
    {RULE_PLACEHOLDER, "send a transaction with an entry of that "
		       "fullUrl"},
    {RULE_REFERRED_TO, "delete what refers to it first"},
    {RULE_NOT_PROFESSIONAL, "register it with kind professional"},
    {RULE_UNREGISTERED, "register it with service_provider and "
			"access_point"},
    {RULE_NO_TREATMENT, "put one on record: POST /__admin/treatments"},
    {RULE_NO_CONSENT, "the citizen consents in My Kanta, or POST "
		      "/__admin/consents"},
    {RULE_REFUSED, "the citizen takes it back in My Kanta, or DELETE "
		   "/__admin/consents/[id]"},
    {RULE_READS_ONLY, "store with an application of the citizen's"},
    {RULE_NO_CERTIFICATE, "send the application's certificate to the "
			  "mtls:// listener"},
    {RULE_BAD_CERTIFICATE, "use a certificate that the service's CA "
			   "issued for clients"},
    {RULE_OTHER_CERTIFICATE, "use the certificate of the token's "
			     "application"},
    {RULE_UNBOUND, "use the certificate that was sent for the token, "
		   "or ask for a new token with this one"},
    {RULE_PATIENT, "add patient={id} to the query"},
    {RULE_OTHER_PATIENT, "search with the Patient of the token"},
    {RULE_PAGE, "ask again, and follow the links of the answer"},
    {RULE_PARAMETER, "see /metadata for the search parameters"},
    {RULE_MODIFIER, "leave the modifier out, or take one that "
		    "parameters of this type have"},
    {RULE_VALUE, "correct the value of the parameter"},
    {RULE_SORT, "sort by _id, _lastUpdated or a search parameter"},
    {RULE_CHAIN, "write reference:Type.parameter, or "
		 "_has:Type:reference:parameter"},
    {RULE_INCLUDE, "write Type:reference, or Type:reference:Target"},
    {RULE_SUMMARY, "_summary is one of true, text, data, count and "
		   "false, and goes without _elements"},
    {RULE_OPERATION, "use Patient/[id]/$everything"},
    {RULE_DEFINITIONS_OFF,
     "use a sandbox, or allow_test_profiles=on, or --package"},
    {RULE_DEFINITION_OFFICIAL, "give the definition a URL of its own"},
    {RULE_DEFINITIONS_FULL, "update a definition that is stored"},
};

static const char *hint_of(const char *rule)
{
	for (size_t i = 0; i < LEN(hints); i++)
		if (strcmp(hints[i][0], rule) == 0)
			return hints[i][1];
	return NULL;
}

/* ---- what http refused ------------------------------------------------ */

#define METHODS "GET, HEAD, POST, PUT, DELETE, OPTIONS"

/* The first segment of a path below the base; "" for none. */
static const char *first_segment(const struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const char *p = rq->path;

	p += text_begins(p, f->base) ? strlen(f->base) : strlen(p);
	p += *p == '/';
	return arena_strndup(rq->arena, p, strcspn(p, "/"));
}

static bool method_known(const char *method)
{
	static const char *const known[] = {"GET", "POST", "PUT", "DELETE",
					    "PATCH"};

	for (size_t i = 0; i < LEN(known); i++)
		if (strcmp(known[i], method) == 0)
			return true;
	return false;
}

/* A path without a row. */
static void reword_path(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const char *first = first_segment(rq);

	if (!*first)
		return;
	if (!method_known(rq->method)) {
		rq_header(rq, "Allow", METHODS);
		(void)err_set(&rq->err, ERR_METHOD, NULL, NULL,
			      "%s is not possible at %.200s", rq->method,
			      rq->path);
	} else if (*first == '_' || *first == '$' ||
		   record_type_get(rq->arena, f->version, first, &rq->err)) {
		(void)fhir_unknown(rq);
	} else {
		(void)err_set(&rq->err, rq->err.kind, RULE_TYPE, NULL, "%s",
			      arena_strdup(rq->arena, rq->err.text));
	}
}

/* Is it an operation of a type or a resource, or a history? */
static bool names_operation(const struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const char *last = strrchr(rq->path, '/');

	if (last && !last[1]) /* a slash at the end */
		last = memrchr(rq->path, '/', (size_t)(last - rq->path));
	return last && (last[1] == '$' || last[1] == '_') &&
	       record_type_find(f->version, first_segment(rq));
}

static void reword(struct rq *rq)
{
	const struct fhir *f = rq->ctx;

	if (rq->route)
		return;
	if (rq->err.kind == ERR_NOT_FOUND)
		reword_path(rq);
	else if (rq->err.kind == ERR_METHOD && method_known(rq->method) &&
		 (f->record->settings.hapi_unknown_method == 400 ||
		  names_operation(rq)))
		(void)fhir_unknown(rq);
}

/* ---- answering -------------------------------------------------------- */

static int status_of(const struct settings *s, const struct err *e)
{
	if (e->kind == ERR_INVALID && strcmp(e->code, RULE_CONTENT_TYPE) == 0)
		return s->content_type_status;
	return http_status(e->kind);
}

struct issue fhir_refusal(const struct rq *rq, const struct err *e)
{
	struct issue issue = {
	    .severity = ISSUE_ERROR,
	    .code = refusal[e->kind].code,
	    .rule = refusal[e->kind].rule,
	    .line = e->line,
	    .column = e->column,
	};

	if (e->kind == ERR_INTERNAL) {
		issue.text = arena_printf(rq->arena,
					  "Internal error; request %s", rq->id);
		return issue;
	}
	if (text_begins(e->code, "KPHR-"))
		issue.rule = arena_strdup(rq->arena, e->code);
	issue.text = arena_strdup(rq->arena, e->text);
	issue.hint = e->line > 0 ? "correct the JSON in that place"
				 : hint_of(issue.rule);
	if (e->line == 0 && *e->where)
		issue.path = arena_strdup(rq->arena, e->where);
	return issue;
}

/* A switch that an environment has by inference decided: for the journal. */
static void note_switch(struct rq *rq, const char *rule)
{
	static const char *const by_switch[][2] = {
	    {RULE_DEFINITIONS_OFF, "allow_test_profiles"},
	    {RULE_SWITCHED_OFF, "store_questionnaires"},
	};
	const struct fhir *f = rq->ctx;

	for (size_t i = 0; i < LEN(by_switch); i++)
		if (strcmp(rule, by_switch[i][0]) == 0)
			rq->why = record_preset_note(f->record, rq->arena,
						     by_switch[i][1]);
}

void fhir_refuse(struct rq *rq)
{
	const struct fhir *f = rq->ctx;
	const struct settings *s = &f->record->settings;
	struct issues one = {.n = 1, .errors = 1};
	struct err kept;
	struct issue issue;
	struct look look;
	struct wish w;

	reword(rq);
	kept = rq->err; /* what a second failure may overwrite */
	note_switch(rq, kept.code);
	(void)fhir_wish(rq, &w);
	rq->err = kept;
	issue = fhir_refusal(rq, &kept);
	look = fhir_look(rq);
	look.own_codes = look.stack8;
	if (look.stack8 && !look.explain)
		fhir_stack8(rq->arena, f->version, &issue);
	one.v = &issue;
	fhir_name_software(rq);
	(void)fhir_reply_look(rq, &w, status_of(s, &kept), &one, &look);
}
