/* SPDX-License-Identifier: Apache-2.0
 *
 * admin: the control API as a table, who may call it, and how it refuses.
 *
 * What a test script asks of the mock: put the world into a state, move time,
 * look. It has no business on the network of anybody else, so without a token
 * it answers this machine alone, and of its browsers' pages only our own
 * (rq->foreign); with one (--admin-token) it answers whoever
 * shows it, and with the token "none" everybody, which is for containers.
 * Health is always open. The token is compared in constant time.
 *
 * Every answer is JSON and is not to be stored. A refusal is
 * {"error":{"code","message","where"}}: a word for programs, a sentence for
 * people, and the member (as a JSON Pointer) or the place in the text.
 *
 * Facts: contracts.md section 3, stand-in.md 4 and 6.
 */
#include "admin/admin_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "jose/jose.h"

#define BODY HTTP_FORM_BODY_BYTES

static const struct route routes[] = {
    {"GET", "/health", admin_health, ACCESS_OPEN, 0, "is it up?", "health"},
    {"GET", "/openapi.json", admin_openapi, ACCESS_ADMIN, 0,
     "this API, as OpenAPI 3.1", "openapi"},
    {"GET", "/state", admin_state, ACCESS_ADMIN, 0,
     "version, counts, settings, clock", "state"},
    {"POST", "/reset", admin_reset, ACCESS_ADMIN, BODY,
     "back to a fresh start with the same options", "reset"},
    {"POST", "/fixtures", admin_fixtures, ACCESS_ADMIN, HTTP_FHIR_BODY_BYTES,
     "loads a fixture document, all of it or nothing", "fixtures"},
    {"GET", "/settings", admin_settings, ACCESS_ADMIN, 0,
     "the behaviour switches in force", "settings"},
    {"PUT", "/settings", admin_settings_put, ACCESS_ADMIN, BODY,
     "changes those that are named; what is decided at the start is refused",
     "settings_put"},

    {"GET", "/citizens", admin_citizens, ACCESS_ADMIN, 0, "all citizens",
     "citizens"},
    {"POST", "/citizens", admin_citizen_post, ACCESS_ADMIN, BODY,
     "makes a citizen, with a Patient in both bases", "citizen_post"},
    {"GET", "/citizens/:hetu", admin_citizen, ACCESS_ADMIN, 0, "one citizen",
     "citizen"},
    {"POST", "/citizens/:hetu/age", admin_citizen_age, ACCESS_ADMIN, BODY,
     "makes the citizen's codes, tokens, approvals and sessions older",
     "citizen_age"},
    {"POST", "/citizens/:hetu/delete-data", admin_citizen_delete_data,
     ACCESS_ADMIN, BODY, "what the citizen deletes in My Kanta",
     "citizen_delete_data"},
    {"GET", "/citizens/:hetu/display", admin_citizen_display, ACCESS_ADMIN, 0,
     "what My Kanta shows of the citizen's data, with warnings",
     "citizen_display"},
    {"DELETE", "/citizens/:hetu", admin_citizen_delete, ACCESS_ADMIN, 0,
     "removes a citizen and everything about him or her", "citizen_delete"},

    {"GET", "/clients", admin_clients, ACCESS_ADMIN, 0, "all applications",
     "clients"},
    {"POST", "/clients", admin_client_post, ACCESS_ADMIN, BODY,
     "registers an application", "client_post"},
    {"GET", "/clients/:client_id", admin_client, ACCESS_ADMIN, 0,
     "one application, without its secret", "client"},
    {"PUT", "/clients/:client_id", admin_client_put, ACCESS_ADMIN, BODY,
     "replaces an application's metadata", "client_put"},
    {"DELETE", "/clients/:client_id", admin_client_delete, ACCESS_ADMIN, 0,
     "removes an application with its permissions and tokens", "client_delete"},

    {"GET", "/tokens", admin_tokens, ACCESS_ADMIN, 0,
     "the tokens that there are, the newest first, without their values",
     "tokens"},
    {"POST", "/tokens", admin_tokens_post, ACCESS_ADMIN, BODY,
     "tokens without login and consent", "tokens_post"},
    {"POST", "/tokens/expire", admin_tokens_expire, ACCESS_ADMIN, BODY,
     "ends the life of tokens now", "tokens_expire"},
    {"POST", "/tokens/revoke", admin_tokens_revoke, ACCESS_ADMIN, BODY,
     "forgets tokens", "tokens_revoke"},
    {"POST", "/keys/rotate", admin_keys_rotate, ACCESS_ADMIN, BODY,
     "another key signs from now on; those before stay in the key set",
     "keys_rotate"},
    {"POST", "/authorize", admin_authorize, ACCESS_ADMIN, BODY,
     "a citizen's decision about an application: where the browser goes",
     "authorize"},
    {"POST", "/permissions", admin_permission_post, ACCESS_ADMIN, BODY,
     "a permission that is remembered, without its page", "permission_post"},
    {"POST", "/permissions/withdraw", admin_withdraw, ACCESS_ADMIN, BODY,
     "what the citizen does in My Kanta", "withdraw"},

    {"GET", "/consents", admin_sharings, ACCESS_ADMIN, 0,
     "consents to professional use, and refusals of it", "consents"},
    {"POST", "/consents", admin_sharing_post, ACCESS_ADMIN, BODY,
     "what the citizen decides in My Kanta", "consent_post"},
    {"DELETE", "/consents", admin_sharings_delete, ACCESS_ADMIN, 0,
     "removes them: all, or those of a citizen or an application",
     "consents_delete"},
    {"GET", "/consents/:id", admin_sharing, ACCESS_ADMIN, 0, "one of them",
     "consent"},
    {"DELETE", "/consents/:id", admin_sharing_delete, ACCESS_ADMIN, 0,
     "removes one", "consent_delete"},
    {"GET", "/treatments", admin_sharings, ACCESS_ADMIN, 0,
     "relationships of treatment", "treatments"},
    {"POST", "/treatments", admin_sharing_post, ACCESS_ADMIN, BODY,
     "a citizen is treated by those who use an application", "treatment_post"},
    {"DELETE", "/treatments", admin_sharings_delete, ACCESS_ADMIN, 0,
     "removes them: all, or those of a citizen or an application",
     "treatments_delete"},
    {"GET", "/treatments/:id", admin_sharing, ACCESS_ADMIN, 0, "one of them",
     "treatment"},
    {"DELETE", "/treatments/:id", admin_sharing_delete, ACCESS_ADMIN, 0,
     "removes one", "treatment_delete"},

    {"GET", "/certificates", admin_certificates, ACCESS_ADMIN, 0,
     "kinds of certificates, and those that were issued", "certificates"},
    {"POST", "/certificates", admin_certificate_post, ACCESS_ADMIN, BODY,
     "issues one, sound or wrong in one way", "certificate_post"},
    {"POST", "/certificates/:number/revoke", admin_certificate_revoke,
     ACCESS_ADMIN, BODY, "puts one on the list of revoked ones",
     "certificate_revoke"},
    {"GET", "/certificates/ca.pem", admin_certificates_ca, ACCESS_ADMIN, 0,
     "whom the server trusts", "certificates_ca"},
    {"GET", "/certificates/crl.pem", admin_certificates_crl, ACCESS_ADMIN, 0,
     "the lists of revoked ones", "certificates_crl"},

    {"GET", "/requests", admin_requests, ACCESS_ADMIN, 0,
     "the journal: what was asked and how it was answered", "requests"},
    {"GET", "/requests/:id", admin_request, ACCESS_ADMIN, 0,
     "one request by its id (X-Request-Id)", "request"},
    {"GET", "/requests/stream", admin_requests_stream, ACCESS_ADMIN, 0,
     "the journal as it comes, as server-sent events", "requests_stream"},
    {"POST", "/requests/count", admin_requests_count, ACCESS_ADMIN, BODY,
     "how many requests match; if none does, which were nearest",
     "requests_count"},
    {"POST", "/requests/wait", admin_requests_wait, ACCESS_ADMIN, BODY,
     "answers as soon as so many requests match, or 408", "requests_wait"},
    {"DELETE", "/requests", admin_requests_delete, ACCESS_ADMIN, 0,
     "empties the journal", "requests_delete"},

    {"GET", "/faults", admin_faults, ACCESS_ADMIN, 0,
     "what is armed, and what came of it", "faults"},
    {"POST", "/faults", admin_fault_post, ACCESS_ADMIN, BODY,
     "arms one: what is to go wrong, with which requests", "fault_post"},
    {"DELETE", "/faults", admin_faults_delete, ACCESS_ADMIN, 0,
     "disarms all, or with ?hetu= those about a citizen", "faults_delete"},
    {"GET", "/faults/:id", admin_fault_get, ACCESS_ADMIN, 0, "one of them",
     "fault"},
    {"DELETE", "/faults/:id", admin_fault_delete, ACCESS_ADMIN, 0,
     "disarms one", "fault_delete"},

    {"GET", "/report", admin_report, ACCESS_ADMIN, 0,
     "the joint-testing report: html, json, csv, junit or fhir", "report"},
    {"GET", "/profiles", admin_profiles, ACCESS_ADMIN, 0,
     "what the server judges by: national profiles, packages", "profiles"},
    {"GET", "/profiles/coverage", admin_coverage, ACCESS_ADMIN, 0,
     "what of each profile the application ever sent", "coverage"},

    {"GET", "/snapshots", admin_snapshots, ACCESS_ADMIN, 0,
     "the snapshots there are", "snapshots"},
    {"POST", "/snapshots", admin_snapshot_post, ACCESS_ADMIN, BODY,
     "keeps the state of now under a name", "snapshot_post"},
    {"GET", "/snapshots/:name", admin_snapshot, ACCESS_ADMIN, 0,
     "the database of one, as an SQLite file", "snapshot"},
    {"POST", "/snapshots/:name/restore", admin_snapshot_restore, ACCESS_ADMIN,
     BODY, "back to it: data, permissions, clock, switches, certificates",
     "snapshot_restore"},
    {"DELETE", "/snapshots/:name", admin_snapshot_delete, ACCESS_ADMIN, 0,
     "forgets one", "snapshot_delete"},

    {"GET", "/clock", admin_clock, ACCESS_ADMIN, 0, "the time", "clock"},
    {"PUT", "/clock", admin_clock_put, ACCESS_ADMIN, BODY,
     "sets the time: real, offset or frozen", "clock_put"},
    {"POST", "/clock/advance", admin_clock_advance, ACCESS_ADMIN, BODY,
     "moves the time forward", "clock_advance"},
};

const struct route *admin_routes(size_t *n)
{
	*n = LEN(routes);
	return routes;
}

struct admin *admin_of(const struct rq *rq)
{
	return rq->ctx;
}

struct store *store_of(const struct rq *rq)
{
	return admin_of(rq)->record->store;
}

const char *issuer_of(const struct rq *rq)
{
	return record_issuer(admin_of(rq)->record, rq->arena, rq->origin,
			     admin_of(rq)->issuer_path);
}

bool reply_json(struct rq *rq, int status)
{
	rq_header(rq, "Cache-Control", "no-store");
	buf_putc(&rq->out, '\n');
	return rq_reply(rq, status, "application/json");
}

/* ---- who may call --------------------------------------------------- */

static const char *bearer(const struct rq *rq)
{
	const char *header = rq_header_in(rq, "Authorization");

	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7;
	return header + strspn(header, " ");
}

/* So that whoever asks for a stand-in knows that this is one. */
static void name_version(struct rq *rq, const struct admin *a)
{
	if (rq_header_out(rq, "X-Mock-Kanta-Phr") == NULL)
		rq_header(rq, "X-Mock-Kanta-Phr", "%s", a->version);
}

static bool guard(struct rq *rq, void *ctx)
{
	const struct admin *a = ctx;
	const char *token;

	name_version(rq, a);
	if (rq->route->access == ACCESS_OPEN)
		return true;
	if (a->token == NULL && rq->loopback && !rq->foreign)
		return true;
	if (a->token == NULL && rq->loopback)
		return err_set(&rq->err, ERR_FORBIDDEN, "forbidden", NULL,
			       "The control API was called by a host name that "
			       "is not the server's, or by a web page of "
			       "another origin. Start the server with "
			       "--allowed-host for the name, or with "
			       "--admin-token.");
	if (a->token == NULL)
		return err_set(&rq->err, ERR_FORBIDDEN, "forbidden", NULL,
			       "The control API answers this machine alone "
			       "unless the server is started with "
			       "--admin-token.");
	token = bearer(rq);
	if (strcmp(a->token, "none") == 0 ||
	    (token != NULL && jose_equal(token, a->token)))
		return true;
	rq_header(rq, "WWW-Authenticate", "Bearer realm=\"control API\"");
	return err_set(&rq->err, ERR_UNAUTHORIZED, "unauthorized", NULL,
		       "The control API needs the token that the server was "
		       "started with: Authorization: Bearer ...");
}

/* ---- refusals ------------------------------------------------------- */

static const char *code_of(const struct err *e)
{
	switch (e->kind) {
	case ERR_NOT_FOUND: return "not_found";
	case ERR_METHOD: return "method_not_allowed";
	case ERR_TOO_LARGE: return "too_large";
	case ERR_TIMEOUT: return "timeout";
	case ERR_INTERNAL: return "internal";
	default: return "invalid";
	}
}

/* http refuses in the words of FHIR, with hyphens: "not-found". */
static const char *code_word(struct rq *rq)
{
	char *word = arena_strdup(rq->arena, rq->err.code);

	for (char *c = word; *c != '\0'; c++)
		*c = *c == '-' ? '_' : *c;
	return *word != '\0' ? word : code_of(&rq->err);
}

static void refuse(struct rq *rq)
{
	const struct err *e = &rq->err;
	struct jw w = {.b = &rq->out};

	name_version(rq, admin_of(rq));
	jw_open(&w, NULL, '{');
	jw_open(&w, "error", '{');
	jw_str(&w, "code", code_word(rq));
	jw_str(&w, "message",
	       rq->route != NULL || e->kind != ERR_NOT_FOUND
		   ? e->text
		   : arena_printf(rq->arena,
				  "%s; /__admin/openapi.json says what there "
				  "is.",
				  e->text));
	jw_str(&w, "where", e->where);
	jw_close(&w);
	jw_close(&w);
	reply_json(rq, http_status(e->kind));
}

bool client_get(struct rq *rq, const char *client_id, struct store_client *out)
{
	if (store_client_find(store_of(rq), rq->arena, client_id, out))
		return true;
	return err_set(&rq->err, ERR_NOT_FOUND, "unknown_client", "/client_id",
		       "There is no application \"%.128s\"; GET "
		       "/__admin/clients lists them.",
		       client_id);
}

bool citizen_get(struct rq *rq, const char *hetu, struct store_citizen *out)
{
	char *capital = arena_strdup(rq->arena, hetu);

	for (char *c = capital; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	if (store_citizen_find(store_of(rq), rq->arena, capital, NULL, out))
		return true;
	return err_set(&rq->err, ERR_NOT_FOUND, "unknown_citizen", "/hetu",
		       "There is no citizen \"%.64s\".", hetu);
}

void admin_group(struct admin *a, struct http_group *out)
{
	*out = (struct http_group){
	    .prefix = "/__admin",
	    .routes = routes,
	    .route_count = LEN(routes),
	    .ctx = a,
	    .guard = {{guard, a}},
	    .refuse = refuse,
	    .kind = "control",
	};
}
