/* SPDX-License-Identifier: Apache-2.0
 *
 * The members that a match may have, one row each: what may stand there, how it
 * is compared, and where a request has it.
 *
 * The order is that of asking: what costs nothing first. A word whose values
 * are all known is refused when it is none of them, because a rule that can
 * never fire is worse than none.
 *
 * Facts: contracts.md section 3 (match), stand-in.md 4.4 and 5.
 */
#include "admin/match_int.h"

#include <stdio.h>
#include <string.h>

/* ---- what a request has there --------------------------------------- */

static const char *plain(const struct criterion *c, struct look *l)
{
	const char *text;

	memcpy(&text, (const char *)l->s + c->known->offset, sizeof(text));
	return text && *text != '\0' ? text : NULL;
}

static const char *status_of(const struct criterion *c, struct look *l)
{
	(void)c;
	if (l->s->status == 0)
		return NULL;
	return arena_printf(match_arena(l), "%d", l->s->status);
}

static const char *seq_of(const struct criterion *c, struct look *l)
{
	char when[TIME_TEXT];

	if (c->words == 0)
		return arena_printf(match_arena(l), "%lld",
				    (long long)l->s->seq);
	time_finnish(when, l->s->at_ms);
	return arena_strdup(match_arena(l), when);
}

/* By thumbprint or by OID, whichever is the one that was asked for. */
static const char *certificate_of(const struct criterion *c, struct look *l)
{
	const char *oid = text_or_empty(l->s->oid);

	if (*oid != '\0' && strcmp(oid, c->word[0]) == 0)
		return oid;
	oid = text_or_empty(l->s->thumbprint);
	return *oid != '\0' ? oid : NULL;
}

static const char *refused_of(const struct criterion *c, struct look *l)
{
	const struct seen *s = l->s;

	(void)c;
	return s->status >= 400 || *text_or_empty(s->error) != '\0' ? "true"
								    : "false";
}

static const char *header_of(const struct criterion *c, struct look *l)
{
	return l->s->header ? l->s->header(l->s, c->key) : NULL;
}

static const char *query_of(const struct criterion *c, struct look *l)
{
	return match_query(l, c->key);
}

static const char *body_of(const struct criterion *c, struct look *l)
{
	const struct json *v = match_body(l, c->key);
	struct buf b;

	if (!v)
		return l->doc || *c->key == '\0' ? NULL
						 : match_form(l, c->key + 1);
	if (json_kind(v) < JSON_ARRAY)
		return json_text(v);
	buf_init(&b, match_arena(l));
	json_write(&b, v, false);
	return b.p;
}

/* ---- the table ------------------------------------------------------ */

static const char *const kinds[] = {"request", "control", "page", "tls", NULL};
static const char *const methods[] = {"GET",   "HEAD",	 "POST",    "PUT",
				      "PATCH", "DELETE", "OPTIONS", NULL};
static const char *const endpoints[] = {
    "fhir",   "authorize", "login",	"token",    "introspect",
    "revoke", "register",  "jwk",	"metadata", "userinfo",
    "terms",  "logout",	   "preflight", "portal",   NULL};
static const char *const interactions[] = {
    "search",	      "history",
    "read",	      "vread",
    "update",	      "delete",
    "create",	      "search-type",
    "search-page",    "batch",
    "history-type",   "capabilities",
    "history-system", "history-instance",
    "$validate",      "$readWithIncludes",
    "$everything",    "smart-configuration",
    "well-known",     NULL};
static const char *const versions[] = {"stu3", "r4", NULL};
static const char *const grant_types[] = {
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "implicit",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    NULL};

#define TEXT(member) .actual = plain, .offset = offsetof(struct seen, member)
#define WORDS	     "a string, or a list of them"
#define TESTS	     "an object: its values are as in body"

static const struct known known[] = {
    {"kind", WORDS, "request, control, page or tls", HOW_EQUAL, 0,
     match_read_words, TEXT(kind), .words = kinds},
    {"method", WORDS, "of HTTP", HOW_FOLDED, 0, match_read_words, TEXT(method),
     .words = methods},
    {"endpoint", WORDS, "of the authorization server; or fhir", HOW_EQUAL, 0,
     match_read_words, TEXT(endpoint), .words = endpoints},
    {"interaction", WORDS,
     "of FHIR: create, search-type, ...; search and history are all of their "
     "kind",
     HOW_STEM, 0, match_read_words, TEXT(interaction), .words = interactions},
    {"fhir_version", WORDS, "stu3 or r4", HOW_FOLDED, 0, match_read_words,
     TEXT(fhir_version), .words = versions},
    {"type", WORDS, "of resource", HOW_EQUAL, 0, match_read_types, TEXT(type)},
    {"since", "a number or a time",
     "behind that number of the journal, or from that time on", HOW_SINCE, 0,
     match_read_since, .actual = seq_of},
    {"status", "a number or a string, or a list of them", "404, or 4xx",
     HOW_STATUS, MATCH_ANSWER, match_read_status, .actual = status_of},
    {"outcome_code", WORDS,
     "of a refusal: the OAuth error, the code of an issue, the rule", HOW_PART,
     MATCH_ANSWER, match_read_words, TEXT(outcome_code)},
    {"refused", "true or false", "was it refused?", HOW_TRUTH, MATCH_ANSWER,
     match_read_truth, .actual = refused_of},
    {"fault", WORDS, "the fault that was applied", HOW_EQUAL, MATCH_ANSWER,
     match_read_words, TEXT(fault)},
    {"certificate", "a string",
     "the thumbprint or the OID of the client's certificate", HOW_EQUAL, 0,
     match_read_words, .actual = certificate_of},
    {"client_id", WORDS, "whose application it is", HOW_EQUAL, MATCH_WHO,
     match_read_words, TEXT(client_id)},
    {"patient", WORDS, "whom it is about, by Patient id", HOW_EQUAL, MATCH_WHO,
     match_read_words, TEXT(patient)},
    {"hetu", "a string", "whom it is about, by personal identity code",
     HOW_EQUAL, MATCH_WHO, match_read_hetu, TEXT(hetu)},
    {"grant_type", WORDS, "of a request for tokens", HOW_EQUAL, MATCH_FORM,
     match_read_words, TEXT(grant_type), .words = grant_types},
    {"state", WORDS, "of an authorization request; * and ? stand for others",
     HOW_GLOB, MATCH_FORM, match_read_words, TEXT(state)},
    {"profile", WORDS,
     "that the resource names: its URL, or what stands behind the last slash",
     HOW_PART, MATCH_BODY, match_read_words, TEXT(profile)},
    {"path", WORDS, "how the path begins; or /a regular expression/",
     HOW_PREFIX, 0, match_read_path, TEXT(path)},
    {"header", TESTS, "of the request, by name", HOW_EQUAL, 0, match_read_test,
     .actual = header_of, .keyed = true},
    {"query", TESTS, "parameters, by name", HOW_EQUAL, 0, match_read_test,
     .actual = query_of, .keyed = true},
    {"body", "an object: JSON Pointer to value",
     "what stands there: a value, {\"matches\": \"a regular expression\"} or "
     "{\"absent\": true}; of a form, /name",
     HOW_VALUE, 0, match_read_value, .actual = body_of, .keyed = true},
};

const struct known *match_known(size_t i)
{
	return i < LEN(known) ? &known[i] : NULL;
}
