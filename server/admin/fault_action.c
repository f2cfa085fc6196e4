/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading one action: what happens to a request that a rule fires on.
 *
 * A table of members, each of which says what it does (DOES_...), from which
 * follows when it is done: before the handler (another answer in the place of
 * the real one, a token that ends, a check that is left out), to the answer
 * that stands (a patch, another header), or to its way (a delay, a connection
 * that breaks). Members go together unless they say the same thing twice.
 *
 * headers alone change the real answer, since a wrong content type needs one;
 * with status, body or an error they belong to the answer in its place.
 *
 * Facts: stand-in.md 4.4, mtls-libmicrohttpd.md 11.
 */
#include "admin/fault_int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX (48u << 10)

/* ---- another answer ------------------------------------------------- */

static bool read_status(struct fault_reading *in, const struct json *v)
{
	int64_t status;

	if (!fault_number(in, v, 200, 599, &status))
		return false;
	in->action->status = (int)status;
	in->action->does |= DOES_REPLACE;
	return true;
}

static bool read_body(struct fault_reading *in, const struct json *v)
{
	struct action *x = in->action;
	struct buf b;

	x->does |= DOES_REPLACE;
	if (json_len(v) > BODY_MAX)
		return fault_wrong(in, "shorter");
	buf_init(&b, in->arena);
	if (json_kind(v) == JSON_STRING)
		buf_puts(&b, json_text(v));
	else
		json_write(&b, v, false);
	x->body = b.p;
	x->body_len = b.len;
	return true;
}

static bool token_char(char c)
{
	return ascii_letter(c) || ascii_digit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Those by which http itself says where an answer ends and whose it is. */
static bool name_ok(struct fault_reading *in, const char *name)
{
	static const char *const ours[] = {"Content-Length",
					   "Transfer-Encoding", "Connection",
					   "X-Request-Id", "X-Mock-Fault"};

	for (const char *p = name; *p; p++)
		if (!token_char(*p))
			return fault_wrong(in, "named by a header's name");
	for (size_t i = 0; i < LEN(ours); i++)
		if (strcasecmp(ours[i], name) == 0)
			return fault_wrong(in,
					   "left to the server; a length that "
					   "is wrong is truncate_bytes, a "
					   "connection that ends is drop");
	return *name != '\0' || fault_wrong(in, "named");
}

static bool add_pair(struct fault_reading *in, struct fault_pairs *to,
		     const struct json *v)
{
	const char *value = NULL;

	if (!to->of)
		to->of = arena_alloc(in->arena, FAULT_LIST * sizeof(*to->of));
	if (to->n == FAULT_LIST)
		return fault_wrong(in, "shorter");
	if (json_kind(v) >= JSON_ARRAY || json_len(v) > 2000)
		return fault_wrong(in, "made of strings");
	if (json_kind(v) != JSON_NULL)
		value = arena_strdup(in->arena, json_text(v));
	to->of[to->n++] =
	    (struct http_pair){arena_strdup(in->arena, json_name(v)), value};
	return true;
}

static bool read_headers(struct fault_reading *in, const struct json *v)
{
	if (json_kind(v) != JSON_OBJECT)
		return fault_wrong(in, "an object: name to value");
	for (const struct json *m = json_first(v); m; m = json_next(m))
		if (!name_ok(in, json_name(m)) ||
		    !add_pair(in, &in->action->headers, m))
			return false;
	in->action->does |= DOES_CHANGE;
	return true;
}

static bool read_retry_after(struct fault_reading *in, const struct json *v)
{
	int64_t seconds;

	in->action->does |= DOES_REPLACE;
	if (json_kind(v) == JSON_STRING)
		return fault_text(in, v, &in->action->retry_after);
	if (!fault_number(in, v, 0, 86400, &seconds))
		return false;
	in->action->retry_after =
	    arena_printf(in->arena, "%lld", (long long)seconds);
	return true;
}

static bool read_commit_first(struct fault_reading *in, const struct json *v)
{
	return fault_truth(in, v, &in->action->commit_first);
}

/* ---- by intent ------------------------------------------------------ */

static bool read_alias(struct fault_reading *in, const char *name, bool *is);

static bool unknown_error(struct fault_reading *in, const char *error)
{
	struct nearest near = {.word = error};
	const struct fault_oauth_error *o;
	const struct fault_alias *a;

	for (size_t i = 0; (o = fault_oauth_error(i)); i++)
		nearest_try(&near, o->error);
	for (size_t i = 0; (a = fault_alias(i)); i++)
		nearest_try(&near, a->name);
	return err_set(&in->rq->err, ERR_INVALID, "invalid_value", in->where,
		       "\"%s\" is never \"%.64s\"%s", in->name, error,
		       nearest_hint(&near, in->rq->arena));
}

static bool read_oauth_error(struct fault_reading *in, const struct json *v)
{
	const struct fault_oauth_error *known;
	bool alias;

	if (json_kind(v) != JSON_STRING)
		return fault_wrong(in, "a string");
	if (!read_alias(in, json_text(v), &alias))
		return false;
	if (alias)
		return true;
	known = fault_oauth_error_find(json_text(v));
	if (!known)
		return unknown_error(in, json_text(v));
	in->action->oauth_error = known->error;
	in->action->does |= DOES_REPLACE;
	return true;
}

static bool read_description(struct fault_reading *in, const struct json *v)
{
	return fault_text(in, v, &in->action->error_description);
}

static bool read_outcome_code(struct fault_reading *in, const struct json *v)
{
	const struct fault_outcome *o;
	const char *words[64];
	size_t n = 0;

	for (; (o = fault_outcome(n)); n++)
		words[n] = o->code;
	words[n] = NULL;
	if (!fault_word(in, v, words, &n))
		return false;
	in->action->outcome_code = fault_outcome(n)->code;
	in->action->does |= DOES_REPLACE;
	return true;
}

static bool read_refuse(struct fault_reading *in, const struct json *v)
{
	static const char *const words[] = {"client_id", "redirect_uri", NULL};
	size_t which;

	if (!fault_word(in, v, words, &which))
		return false;
	in->action->error_page = words[which];
	in->action->does |= DOES_REPLACE;
	return true;
}

static bool read_expire_token(struct fault_reading *in, const struct json *v)
{
	static const char *const words[] = {"expired", "revoked", NULL};
	size_t which = 0;

	if (json_kind(v) != JSON_TRUE && !fault_word(in, v, words, &which))
		return false;
	in->action->ends = which == 0 ? TOKEN_EXPIRES : TOKEN_GOES;
	in->action->does |= DOES_TOKEN;
	return true;
}

static bool read_conflict(struct fault_reading *in, const struct json *v)
{
	in->action->does |= DOES_TWIST;
	return fault_truth(in, v, &in->action->twist.conflict);
}

static bool read_expires_in(struct fault_reading *in, const struct json *v)
{
	in->action->twist.lives = true;
	return fault_number(in, v, 0, 315360000, &in->action->twist.expires_in);
}

static bool read_omit_refresh(struct fault_reading *in, const struct json *v)
{
	return fault_truth(in, v, &in->action->twist.omit_refresh);
}

static bool read_scope(struct fault_reading *in, const struct json *v)
{
	return fault_text(in, v, &in->action->twist.scope);
}

static bool read_token(struct fault_reading *in, const struct json *v)
{
	static const struct part parts[] = {
	    {"expires_in", "a number", "seconds; of the access token",
	     read_expires_in},
	    {"omit_refresh", "true", "no refresh token is issued",
	     read_omit_refresh},
	    {"scope", "a string", "is granted instead", read_scope},
	};

	in->action->endpoint = "token";
	in->action->does |= DOES_TWIST;
	return fault_parts(in, parts, LEN(parts), v);
}

static bool read_skip(struct fault_reading *in, const struct json *v)
{
	static const char *const words[] = {"pkce", "redirect_uri", NULL};
	size_t which;

	if (json_kind(v) != JSON_ARRAY)
		return fault_wrong(in, "a list of pkce, redirect_uri");
	for (const struct json *m = json_first(v); m; m = json_next(m)) {
		if (!fault_word(in, m, words, &which))
			return false;
		if (which == 0)
			in->action->twist.skip_pkce = true;
		else
			in->action->twist.skip_redirect_uri = true;
	}
	in->action->endpoint = "token";
	in->action->does |= DOES_TWIST;
	return true;
}

/* ---- the real answer, changed --------------------------------------- */

static bool read_patch(struct fault_reading *in, const struct json *v)
{
	struct err e = {.kind = ERR_NONE};
	const char *text;
	size_t n;

	if (!json_patch_ok(v, &e))
		return err_set(&in->rq->err, ERR_INVALID, "invalid_value",
			       in->where, "%s", e.text);
	text = json_source(v, &n);
	in->action->patch =
	    json_parse(in->arena, arena_strndup(in->arena, text, n), n, &e);
	in->action->does |= DOES_CHANGE;
	return true;
}

static bool read_malformed(struct fault_reading *in, const struct json *v)
{
	in->action->does |= DOES_CHANGE;
	return fault_truth(in, v, &in->action->malformed);
}

static bool read_pairs(struct fault_reading *in, struct fault_pairs *to,
		       const struct json *v)
{
	if (json_kind(v) != JSON_OBJECT)
		return fault_wrong(in, "an object: name to value");
	for (const struct json *m = json_first(v); m; m = json_next(m))
		if (!add_pair(in, to, m))
			return false;
	return true;
}

static bool read_add(struct fault_reading *in, const struct json *v)
{
	return read_pairs(in, &in->action->add, v);
}

static bool read_replace(struct fault_reading *in, const struct json *v)
{
	return read_pairs(in, &in->action->replace, v);
}

static bool read_drop_names(struct fault_reading *in, const struct json *v)
{
	struct fault_pairs *to = &in->action->drop;

	if (json_kind(v) != JSON_ARRAY || json_count(v) > FAULT_LIST)
		return fault_wrong(in, "a list of up to 20 names");
	to->of = arena_alloc(in->arena, FAULT_LIST * sizeof(*to->of));
	for (const struct json *m = json_first(v); m; m = json_next(m))
		if (!fault_text(in, m, &to->of[to->n++].name))
			return false;
	return true;
}

static bool read_redirect(struct fault_reading *in, const struct json *v)
{
	static const struct part parts[] = {
	    {"drop", "a list of names", "parameters that are left out",
	     read_drop_names},
	    {"add", "an object", "parameters that are put behind", read_add},
	    {"replace", "an object", "parameters that get another value",
	     read_replace},
	};

	in->action->does |= DOES_REDIRECT;
	return fault_parts(in, parts, LEN(parts), v);
}

/* ---- its way -------------------------------------------------------- */

static bool read_delay_ms(struct fault_reading *in, const struct json *v)
{
	in->action->does |= DOES_EFFECT;
	in->action->delay = DELAY_FIXED;
	return fault_decimal(in, v, 0, (double)DELAY_MS_MAX,
			     &in->action->delay_a);
}

static bool read_uniform(struct fault_reading *in, const struct json *v)
{
	struct action *x = in->action;

	x->delay = DELAY_UNIFORM;
	if (json_kind(v) != JSON_ARRAY || json_count(v) != 2)
		return fault_wrong(in, "[min, max], in milliseconds");
	return fault_decimal(in, json_first(v), 0, (double)DELAY_MS_MAX,
			     &x->delay_a) &&
	       fault_decimal(in, json_next(json_first(v)), x->delay_a,
			     (double)DELAY_MS_MAX, &x->delay_b);
}

static bool read_median(struct fault_reading *in, const struct json *v)
{
	return fault_decimal(in, v, 0.001, (double)DELAY_MS_MAX,
			     &in->action->delay_a);
}

static bool read_sigma(struct fault_reading *in, const struct json *v)
{
	return fault_decimal(in, v, 0, 10, &in->action->delay_b);
}

static bool read_lognormal(struct fault_reading *in, const struct json *v)
{
	static const struct part parts[] = {
	    {"median", "a number", "milliseconds", read_median},
	    {"sigma", "a number", "of the logarithm", read_sigma},
	};

	in->action->delay = DELAY_LOGNORMAL;
	return fault_parts(in, parts, LEN(parts), v) &&
	       (in->action->delay_a > 0 ||
		fault_wrong(in, "{\"median\": ms, \"sigma\": s}"));
}

static bool read_delay(struct fault_reading *in, const struct json *v)
{
	static const struct part parts[] = {
	    {"uniform", "[min, max]", "milliseconds, each as likely",
	     read_uniform},
	    {"lognormal", "an object", "most are short, few are long",
	     read_lognormal},
	};

	in->action->does |= DOES_EFFECT;
	return fault_parts(in, parts, LEN(parts), v) &&
	       (in->action->delay == DELAY_UNIFORM ||
		in->action->delay == DELAY_LOGNORMAL ||
		fault_wrong(in, "an object with uniform or lognormal; "
				"delay_ms takes a number"));
}

static bool drop_as(struct fault_reading *in, enum http_drop drop)
{
	in->action->effect.drop = drop;
	in->action->does |= DOES_EFFECT;
	if (drop == HTTP_DROP_EMPTY || drop == HTTP_DROP_RESET ||
	    drop == HTTP_DROP_GARBAGE)
		in->action->does |= DOES_DROP;
	return true;
}

static bool read_drop(struct fault_reading *in, const struct json *v)
{
	static const char *const words[] = {"before", "during", "headers",
					    "reset", NULL};
	static const enum http_drop drops[] = {
	    HTTP_DROP_EMPTY, HTTP_DROP_DURING, HTTP_DROP_HEADERS,
	    HTTP_DROP_RESET};
	size_t which;

	return fault_word(in, v, words, &which) && drop_as(in, drops[which]);
}

static bool read_fault(struct fault_reading *in, const struct json *v)
{
	static const char *const words[] = {
	    "EMPTY_RESPONSE", "CONNECTION_RESET_BY_PEER",
	    "RANDOM_DATA_THEN_CLOSE", "MALFORMED_RESPONSE_CHUNK", NULL};
	static const enum http_drop drops[] = {HTTP_DROP_EMPTY, HTTP_DROP_RESET,
					       HTTP_DROP_GARBAGE,
					       HTTP_DROP_CHUNK};
	size_t which;

	return fault_word(in, v, words, &which) && drop_as(in, drops[which]);
}

static bool read_bytes(struct fault_reading *in, const struct json *v,
		       size_t *out)
{
	int64_t n;

	in->action->does |= DOES_EFFECT;
	if (!fault_number(in, v, 0, 1000000000, &n))
		return false;
	*out = (size_t)n;
	return true;
}

static bool read_truncate(struct fault_reading *in, const struct json *v)
{
	in->action->effect.cut = true;
	return read_bytes(in, v, &in->action->effect.cut_bytes);
}

static bool read_stall(struct fault_reading *in, const struct json *v)
{
	in->action->effect.stall = true;
	return read_bytes(in, v, &in->action->effect.stall_bytes);
}

static bool read_stall_ms(struct fault_reading *in, const struct json *v)
{
	in->action->effect.stall = true;
	in->action->does |= DOES_EFFECT;
	return fault_number(in, v, 1, DELAY_MS_MAX,
			    &in->action->effect.stall_ms);
}

static bool read_speed(struct fault_reading *in, const struct json *v)
{
	return read_bytes(in, v, &in->action->effect.bytes_per_second) &&
	       (in->action->effect.bytes_per_second > 0 ||
		fault_wrong(in, "more than 0"));
}

static bool read_alert(struct fault_reading *in, const struct json *v)
{
	int64_t alert = 0;

	in->action->does |= DOES_ALERT;
	if (json_kind(v) == JSON_NUMBER) {
		if (!fault_number(in, v, 1, 255, &alert))
			return false;
		in->action->alert = (int)alert;
		return true;
	}
	if (json_kind(v) == JSON_STRING)
		in->action->alert = journal_alert_number(json_text(v));
	return in->action->alert != 0 ||
	       fault_wrong(in, "a TLS alert: certificate_expired, "
			       "certificate_revoked, unknown_ca, "
			       "bad_certificate, certificate_required, "
			       "access_denied, handshake_failure, or its "
			       "number");
}

/* ---- the table ------------------------------------------------------ */

static const struct part parts[] = {
    {"status", "200 to 599",
     "is answered instead, with the body that belongs to it; the request is "
     "not carried out",
     read_status},
    {"headers", "an object",
     "of the answer; null takes one away. Alone: of the real answer",
     read_headers},
    {"body", "any value", "is answered: a string as it is, others as JSON",
     read_body},
    {"retry_after", "a number or a string",
     "header Retry-After; with status "
     "503, unless said otherwise",
     read_retry_after},
    {"commit_first", "true",
     "the request is carried out, and then its answer is replaced or lost",
     read_commit_first},
    {"oauth_error", "a string",
     "invalid_grant, ...: JSON for programs, at authorize by a redirect, at "
     "fhir a challenge; or a name of the SMART launcher's",
     read_oauth_error},
    {"error_description", "a string", "goes with oauth_error",
     read_description},
    {"outcome_code", "a string",
     "an OperationOutcome with that code: "
     "throttled, conflict, ...",
     read_outcome_code},
    {"refuse", "client_id or redirect_uri",
     "at authorize: the page that says what is wrong with it", read_refuse},
    {"expire_token", "true, \"expired\" or \"revoked\"",
     "the token that the request shows ends now, before it is looked at",
     read_expire_token},
    {"conflict", "true", "an update or delete finds that another was faster",
     read_conflict},
    {"token", "an object", "of the tokens that this request gets", read_token},
    {"skip", "a list of pkce, redirect_uri", "checks that are left out",
     read_skip},
    {"json_patch", "a list of operations (RFC 6902)",
     "is applied to the JSON of the answer", read_patch},
    {"malformed_json", "true", "the JSON of the answer is broken",
     read_malformed},
    {"redirect", "an object", "of a redirect to the application",
     read_redirect},
    {"delay_ms", "a number", "before the first byte", read_delay_ms},
    {"delay", "an object", "the same by dice", read_delay},
    {"drop", "before, during, headers or reset",
     "the connection is closed without an answer, in the body, behind the "
     "headers; or reset",
     read_drop},
    {"truncate_bytes", "a number",
     "the connection is closed behind so many bytes of the body",
     read_truncate},
    {"stall_after_bytes", "a number", "nothing comes behind them", read_stall},
    {"stall_ms", "a number", "for so long; not said: until the client leaves",
     read_stall_ms},
    {"bytes_per_second", "a number", "of the body", read_speed},
    {"fault", "a name of WireMock's",
     "EMPTY_RESPONSE, CONNECTION_RESET_BY_PEER, RANDOM_DATA_THEN_CLOSE, "
     "MALFORMED_RESPONSE_CHUNK",
     read_fault},
    {"tls_alert", "a string or a number",
     "the next handshake at an mtls:// listener is refused with it",
     read_alert},
};

bool fault_action_member(size_t i, struct member_told *out)
{
	if (i >= LEN(parts))
		return false;
	*out =
	    (struct member_told){parts[i].name, parts[i].type, parts[i].what};
	return true;
}

/* ---- the whole ------------------------------------------------------ */

static bool read_members(struct fault_reading *in, const struct json *v)
{
	return fault_parts(in, parts, LEN(parts), v);
}

static bool read_alias(struct fault_reading *in, const char *name, bool *is)
{
	const struct fault_alias *a;
	struct err never;

	*is = false;
	for (size_t i = 0; (a = fault_alias(i)); i++) {
		if (strcmp(a->name, name) != 0)
			continue;
		*is = true;
		in->action->endpoint = a->endpoint;
		return read_members(in, json_parse(in->arena, a->json,
						   strlen(a->json), &never));
	}
	return true;
}

static bool together(struct fault_reading *in)
{
	struct action *x = in->action;
	const bool alert = x->does & DOES_ALERT;

	if (alert && x->does != DOES_ALERT)
		return fault_wrong(in, "tls_alert alone: there is no request "
				       "yet");
	if ((x->does & DOES_REDIRECT) && (x->does & DOES_REPLACE))
		return fault_wrong(in, "redirect, or another answer, not both");
	if (x->error_description && !x->oauth_error)
		return fault_wrong(in, "error_description together with "
				       "oauth_error");
	if (x->commit_first && !(x->does & (DOES_REPLACE | DOES_EFFECT)))
		return fault_wrong(in, "commit_first together with what is "
				       "answered then: status, drop, ...");
	return true;
}

bool fault_action(struct fault_reading *in, const struct json *v)
{
	bool alias = false;

	*in->action = (struct action){.alert = 0};
	if (json_kind(v) == JSON_STRING) {
		if (!read_alias(in, json_text(v), &alias))
			return false;
		return alias || unknown_error(in, json_text(v));
	}
	return read_members(in, v) && together(in);
}
