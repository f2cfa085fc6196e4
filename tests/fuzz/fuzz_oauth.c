/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of the authorization server, the portal and My Kanta as a whole:
 * what any sequence of requests by strangers may do. The input is a letter (s:
 * the behaviour strict) and then a request a line, its parts apart by tabs:
 * method, target, Authorization, body. There is one browser, which keeps its
 * cookie. What the last answers gave may be used: $c the token of a form, $k a
 * code, $t an access token, $r a refresh token, $g a registration token, $i and
 * $s a client's id and secret, $o the mark of a form that is good once.
 *
 * Whatever is asked, the answer is one of ours and no 500. A header holds no
 * control character. A redirect leads to ourselves or to where a registered
 * redirect URI begins. What says it is JSON is; a page has the headers of
 * pages, and no script. What carries a token is not to be stored. A secret of
 * an application is in no answer to who does not know it.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with oauth,
 * web and the layers below them.
 */
#include "http/http_int.h"
#include "jose/jose.h"
#include "oauth/oauth.h"
#include "web/web.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ORIGIN	 "http://h"
#define AUTH	 "/phr-authserver-sandbox"
#define OMAKANTA "/omakanta"
#define COOKIE	 "JSESSIONID"
#define APP	 "app"
#define SECRET	 "SECRET-of-the-application-0123456789"
#define HETU	 "010190-900P"
#define PATIENT	 "90090090-0900-4900-8900-900900900900"
#define REQUESTS 13
#define PARTS	 4
#define GROUPS	 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the world ------------------------------------------------------------
 */

static const struct log quiet = {LOG_OFF, 2};

struct world {
	struct arena *boot;
	struct record record;
	struct settings settings[2]; /* kanta, strict */
	struct oauth oauth;
	struct web portal, omakanta;
	struct http_group group[GROUPS];
	struct http_config config;
	struct http http;
};

static void nest(void *ctx)
{
	store_nest(ctx);
}

static bool unnest(void *ctx, bool keep)
{
	return store_unnest(ctx, keep);
}

static bool anybody(struct rq *rq, void *ctx)
{
	(void)rq, (void)ctx;
	return true;
}

/* A nested request is not asked by the first guard. */
static void keep_guards(struct http_group *g)
{
	assert(!g->guard[HTTP_GUARDS - 1].check);
	memmove(g->guard + 1, g->guard, sizeof(g->guard) - sizeof(*g->guard));
	g->guard[0].check = anybody;
}

static void add_client(struct record *r, struct arena *a, const char *text)
{
	struct record_secrets secrets;
	struct store_client c;
	struct err e = {.kind = ERR_NONE};

	assert(record_client(r, a, json_parse(a, text, strlen(text), &e), true,
			     &c, &secrets, &e));
}

/* Something to be seen in My Kanta. */
static void put_weight(struct record *r)
{
	static const char text[] =
	    "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"meta\":{"
	    "\"versionId\":\"1\",\"lastUpdated\":"
	    "\"2026-03-01T08:00:00.000+02:00\",\"profile\":[\"http://"
	    "phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight\"]},"
	    "\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
	    "\"http://loinc.org\",\"code\":\"29463-7\",\"display\":"
	    "\"<b>Paino\"}]},\"subject\":{\"reference\":\"Patient/" PATIENT
	    "\"},\"effectiveDateTime\":\"2026-03-01T08:00:00+02:00\","
	    "\"valueQuantity\":{\"value\":72.50,\"unit\":\"kg\"}}";
	const struct store_resource o = {.fhir = FHIR_R4,
					 .type = "Observation",
					 .id = "o1",
					 .version = 1,
					 .patient = PATIENT,
					 .client_id = APP,
					 .method = "POST",
					 .text = text,
					 .text_len = sizeof(text) - 1};

	store_resource_put(r->store, &o, NULL, 0);
}

static void fill(struct world *w)
{
	struct record *r = &w->record;
	const struct store_citizen citizen = {.hetu = HETU, .patient = PATIENT};

	store_citizen_put(r->store, &citizen);
	put_weight(r);
	add_client(r, w->boot,
		   "{\"client_id\":\"" APP "\",\"client_secret\":\"" SECRET
		   "\",\"redirect_uris\":[\"https://app.example/cb\"],"
		   "\"scope\":\"offline_access openid patient/Observation.read "
		   "patient/Observation.write\",\"allow_introspection\":true}");
	add_client(r, w->boot,
		   "{\"client_id\":\"mobile\",\"redirect_uris\":[\"app:/cb\"],"
		   "\"token_endpoint_auth_method\":\"none\"}");
	add_client(r, w->boot,
		   "{\"client_id\":\"ward\",\"client_secret\":\"" SECRET
		   "\",\"kind\":\"professional\",\"redirect_uris\":[],"
		   "\"grant_types\":[\"client_credentials\"],"
		   "\"service_provider\":\"1.2\",\"access_point\":\"1.3\","
		   "\"scope\":\"patient/Observation.read\"}");
	store_sharing_put(r->store,
			  &(struct store_sharing){.id = "1",
						  .kind = SHARING_CONSENT,
						  .hetu = HETU,
						  .client_id = "",
						  .until_ms = INT64_MAX});
	store_sharing_put(r->store,
			  &(struct store_sharing){.id = "2",
						  .kind = SHARING_TREATMENT,
						  .hetu = HETU,
						  .client_id = "ward",
						  .until_ms = INT64_MAX});
}

static struct site site_at(struct world *w, const char *path,
			   const char *cookie)
{
	return (struct site){.record = &w->record,
			     .path = path,
			     .cookie = cookie,
			     .style = AUTH "/style.css",
			     .words = w->oauth.site.words};
}

/* A citizen who logs in first is made a Patient of, in both versions. */
static struct profiles *rules(struct world *w, enum fhir_version v,
			      const char *path)
{
	struct err e = {.kind = ERR_NONE};
	FILE *f = fopen(path, "rb");
	struct profiles *p;
	size_t n;
	char *bytes;

	assert(f && fseek(f, 0, SEEK_END) == 0);
	n = (size_t)ftell(f);
	rewind(f);
	bytes = arena_alloc(w->boot, n);
	assert(fread(bytes, 1, n, f) == n);
	fclose(f);
	p = profile_open(w->boot, v, bytes, n, &e);
	assert(p);
	return p;
}

static struct world *the_world(void)
{
	static struct world w;
	struct err e = {.kind = ERR_NONE};

	if (w.boot)
		return &w;
	w.boot = arena_new(0);
	w.record.log = &quiet;
	w.record.environment = environment_find("sandbox");
	w.record.fhir_base[FHIR_STU3] = "/stu3";
	w.record.fhir_base[FHIR_R4] = "/r4";
	w.record.profiles[FHIR_STU3] =
	    rules(&w, FHIR_STU3, "build/image/stu3.img");
	w.record.profiles[FHIR_R4] = rules(&w, FHIR_R4, "build/image/r4.img");
	w.record.store = store_open(":memory:", &quiet, &e);
	assert(w.record.store);
	settings_init(&w.record.settings);
	w.record.settings.openid = 1;
	w.settings[0] = w.settings[1] = w.record.settings;
	assert(oauth_behaviour_apply("strict", &w.settings[1]));
	w.settings[1].terms = 1;
	w.oauth.site.words = page_words_new(w.boot);
	w.oauth.site = site_at(&w, AUTH, COOKIE);
	w.portal = (struct web){.site = site_at(&w, AUTH, COOKIE),
				.prefix = AUTH "/applications",
				.issuer_path = AUTH};
	w.omakanta = (struct web){.site = site_at(&w, OMAKANTA, COOKIE),
				  .prefix = OMAKANTA,
				  .issuer_path = AUTH};
	oauth_group(&w.oauth, &w.group[0]);
	web_portal_group(&w.portal, &w.group[1]);
	web_omakanta_group(&w.omakanta, &w.group[2]);
	for (size_t i = 0; i < GROUPS; i++)
		keep_guards(&w.group[i]);
	w.config = (struct http_config){.log = &quiet,
					.clock = &w.record.clock,
					.group = w.group,
					.group_count = GROUPS};
	w.config.turn.ctx = w.record.store;
	w.config.turn.nest = nest;
	w.config.turn.unnest = unnest;
	w.http.config = &w.config;
	fill(&w);
	return &w;
}

/* ---- what one input does --------------------------------------------------
 */

struct run {
	struct world *w;
	struct arena *a;
	const char *cookie;
	const char *given[128]; /* by letter */
	bool said;		/* the secret, by the input itself */
};

/* A part of a request with what was given in it. */
static const char *filled(const struct run *r, const char *text, size_t n)
{
	struct buf b;

	buf_init(&b, r->a);
	for (size_t i = 0; i < n; i++) {
		const char *given = NULL;

		if (text[i] == '$' && i + 1 < n && (text[i + 1] & 0x80) == 0)
			given = r->given[(int)text[i + 1]];
		if (given)
			buf_puts(&b, given);
		else
			buf_putc(&b, text[i]);
		i += given != NULL;
	}
	return b.p;
}

/* What stands between open and the next of the characters in close. */
static const char *between(const struct run *r, const char *text,
			   const char *open, const char *close)
{
	const char *p = text ? strstr(text, open) : NULL;

	if (!p)
		return NULL;
	p += strlen(open);
	return arena_strndup(r->a, p, strcspn(p, close));
}

static void take(struct run *r, const struct rq *rq)
{
	const struct {
		char letter;
		const char *text, *open, *close;
	} find[] = {
	    {'c', rq->out.p, "name=\"_csrf\" value=\"", "\""},
	    {'k', rq_header_out(rq, "Location"), "code=", "&"},
	    {'t', rq->out.p, "\"access_token\":\"", "\""},
	    {'r', rq->out.p, "\"refresh_token\":\"", "\""},
	    {'g', rq->out.p, "\"registration_access_token\":\"", "\""},
	    {'o', rq->out.p, "name=\"once\" value=\"", "\""},
	    {'i', rq->out.p, "\"client_id\":\"", "\""},
	    {'s', rq->out.p, "\"client_secret\":\"", "\""},
	};
	const char *set = rq_header_out(rq, "Set-Cookie");

	for (size_t i = 0; i < LEN(find); i++) {
		const char *found =
		    between(r, find[i].text, find[i].open, find[i].close);

		if (found)
			r->given[(int)find[i].letter] = found;
	}
	if (set && text_begins(set, COOKIE "="))
		r->cookie = arena_strndup(r->a, set, strcspn(set, ";"));
}

/* ---- what must hold of an answer ------------------------------------------
 */

static bool begins_registered(const struct run *r, const char *location)
{
	struct store_client *c;
	size_t clients = store_client_list(r->w->record.store, r->a, &c);

	for (size_t i = 0; i < clients; i++) {
		const char *uri = c[i].redirect_uris;

		for (size_t n; *(uri += strspn(uri, " ")); uri += n) {
			n = strcspn(uri, " ");
			if (strncmp(location, uri, n) == 0 && location[n] &&
			    strchr("?&", location[n]))
				return true;
		}
	}
	return false;
}

static void check_headers(const struct run *r, const struct rq *rq)
{
	const struct http_header *h = rq->private->first_header;
	const char *location = rq_header_out(rq, "Location");

	for (; h; h = h->next)
		for (const char *p = h->value; *p; p++)
			assert(*p >= ' ' && *p <= '~');
	if (!location)
		return;
	assert(rq->status == 201 || rq->status / 100 == 3);
	assert(strncmp(location, ORIGIN "/", strlen(ORIGIN "/")) == 0 ||
	       begins_registered(r, location));
}

static void check_page(const struct rq *rq)
{
	const char *csp = rq_header_out(rq, "Content-Security-Policy");

	assert(csp && strstr(csp, "frame-ancestors 'none'") &&
	       strstr(csp, "default-src 'none'") && !strstr(csp, "unsafe"));
	assert(strcmp(rq_header_out(rq, "X-Frame-Options"), "DENY") == 0);
	assert(strstr(rq_header_out(rq, "Cache-Control"), "no-store"));
	assert(!strcasestr(rq->out.p, "<script") &&
	       !strcasestr(rq->out.p, "=\"javascript:"));
}

static void check_answer(const struct run *r, const struct rq *rq)
{
	const char *type = rq->private->content_type;
	struct err e = {.kind = ERR_NONE};

	assert(rq->status >= 200 && rq->status < 500);
	check_headers(r, rq);
	assert(r->said || !strstr(rq->out.p, SECRET));
	if (type && text_begins(type, "text/html"))
		check_page(rq);
	if (!type || !text_begins(type, "application/json") || !rq->out.len)
		return;
	assert(json_parse(r->a, rq->out.p, rq->out.len, &e));
	if (strstr(rq->out.p, "_token\":\""))
		assert(strstr(rq_header_out(rq, "Cache-Control"), "no-store"));
}

/* ---- a request ------------------------------------------------------------
 */

static struct rq *outer(struct run *r, const struct http_group *g)
{
	struct rq_private *p = arena_alloc(r->a, sizeof(*p));

	p->http = &r->w->http;
	p->group = g;
	p->last_header = &p->first_header;
	p->rq = (struct rq){
	    .arena = r->a,
	    .method = "POST",
	    .path = g->prefix,
	    .query = "",
	    .body = "",
	    .origin = ORIGIN,
	    .loopback = true,
	    .ctx = g->ctx,
	    .now_ms = clock_now_ms(&r->w->record.clock),
	    .private = p,
	};
	return &p->rq;
}

static void ask(struct run *r, const char *const part[PARTS])
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE",
					      "HEAD"};
	const struct http_group *g =
	    http_group_find(&r->w->config, part[1], strcspn(part[1], "?"));
	struct http_pair header[4];
	struct http_nested n = {.method = methods[0], .header = header};

	for (size_t i = 0; i < LEN(methods); i++)
		if (strcmp(part[0], methods[i]) == 0)
			n.method = methods[i];
	if (!g)
		g = &r->w->group[0];
	n.url = text_begins(part[1], g->prefix) ? part[1] + strlen(g->prefix)
						: part[1];
	n.body = part[3];
	n.body_len = strlen(part[3]);
	header[n.header_count++] = (struct http_pair){
	    "Content-Type", *n.body == '{'
				? "application/json"
				: "application/x-www-form-urlencoded"};
	if (r->cookie)
		header[n.header_count++] =
		    (struct http_pair){"Cookie", r->cookie};
	if (*part[2])
		header[n.header_count++] =
		    (struct http_pair){"Authorization", part[2]};
	struct rq *rq = http_nested(outer(r, g), &n);
	check_answer(r, rq);
	take(r, rq);
}

static void one(struct run *r, const char *line, size_t n)
{
	const char *part[PARTS] = {"", "", "", ""};

	for (size_t i = 0; i < PARTS && n > 0; i++) {
		const char *tab = memchr(line, '\t', n);
		size_t len = tab ? (size_t)(tab - line) : n;

		part[i] = filled(r, line, len);
		line += len + (tab != NULL);
		n -= len + (tab != NULL);
	}
	ask(r, part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = {.w = the_world(), .a = arena_new(0)};
	const char *text = arena_strndup(r.a, (const char *)data, size);

	r.w->record.settings = r.w->settings[*text == 's'];
	text += *text != '\0';
	r.said = strstr(text, SECRET) != NULL;
	store_enter(r.w->record.store);
	for (size_t i = 0; i < REQUESTS && *text; i++) {
		size_t n = strcspn(text, "\n");

		one(&r, text, n);
		text += n + (text[n] != '\0');
	}
	store_leave(r.w->record.store, false);
	arena_free(r.a);
	return 0;
}
