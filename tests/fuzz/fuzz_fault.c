/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of faults: the input is the body of POST /__admin/faults. Then
 * an application asks the usual things, by which the rule, if it was one, is
 * matched and done.
 *
 * What is refused says where, as a JSON Pointer or as a place in the text, and
 * arms nothing. Whatever the rule does, an answer has a status, its headers
 * hold no control character, and who says that a fault was applied names it.
 * When all faults are gone, nothing of them is left: the same request is
 * answered as before.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with admin,
 * fhir, oauth and the layers below them.
 */
#include "admin/admin_int.h"
#include "fhir/fhir.h"
#include "http/http_int.h"
#include "oauth/oauth.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ORIGIN	"http://h"
#define ADMIN	"/__admin"
#define AUTH	"/phr-authserver-sandbox"
#define BASE	"/r4"
#define APP	"app"
#define SECRET	"SECRET-of-the-application-0123456789"
#define HETU	"010190-900P"
#define PATIENT "90090090-0900-4900-8900-900900900900"
#define GROUPS	3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the world ------------------------------------------------------ */

static const struct log quiet = {LOG_OFF, 2};

struct world {
	struct arena *boot;
	struct record record;
	struct admin admin;
	struct oauth oauth;
	struct fhir fhir;
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

static void fill(struct world *w)
{
	static const char app[] =
	    "{\"client_id\":\"" APP "\",\"client_secret\":\"" SECRET
	    "\",\"redirect_uris\":[\"https://app.example/cb\"],\"scope\":"
	    "\"offline_access "
	    "patient/Observation.read\",\"auto_approve\":\"deny"
	    "\"}";
	const struct store_citizen citizen = {.hetu = HETU, .patient = PATIENT};
	struct record *r = &w->record;
	struct record_secrets secrets;
	struct store_client c;
	struct err e = {.kind = ERR_NONE};

	store_citizen_put(r->store, &citizen);
	assert(record_client(r, w->boot,
			     json_parse(w->boot, app, sizeof(app) - 1, &e),
			     true, &c, &secrets, &e));
}

static void open_groups(struct world *w)
{
	w->oauth.site = (struct site){.record = &w->record,
				      .path = AUTH,
				      .cookie = "JSESSIONID",
				      .style = AUTH "/style.css",
				      .words = page_words_new(w->boot)};
	w->fhir = (struct fhir){.record = &w->record,
				.version = FHIR_R4,
				.base = BASE,
				.auth_path = AUTH,
				.software = "fuzz"};
	admin_group(&w->admin, &w->group[0]);
	oauth_group(&w->oauth, &w->group[1]);
	fhir_group(&w->fhir, &w->group[2]);
	w->group[2].guard[0] = (struct http_guard){fhir_guard_open, NULL};
	w->config = (struct http_config){.log = &quiet,
					 .clock = &w->record.clock,
					 .group = w->group,
					 .group_count = GROUPS,
					 .fault = admin_fault,
					 .amend = admin_amend,
					 .fault_ctx = &w->admin};
	w->config.turn.ctx = w->record.store;
	w->config.turn.nest = nest;
	w->config.turn.unnest = unnest;
	w->http.config = &w->config;
}

static struct profiles *rules(struct arena *a, enum fhir_version v,
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
	bytes = arena_alloc(a, n);
	assert(fread(bytes, 1, n, f) == n);
	fclose(f);
	p = profile_open(a, v, bytes, n, &e);
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
	w.record.fhir_base[FHIR_R4] = BASE;
	w.record.store = store_open(":memory:", &quiet, &e);
	assert(w.record.store);
	w.record.profiles[FHIR_STU3] =
	    rules(w.boot, FHIR_STU3, "build/image/stu3.img");
	w.record.profiles[FHIR_R4] =
	    rules(w.boot, FHIR_R4, "build/image/r4.img");
	settings_init(&w.record.settings);
	w.record.settings.access_token_format = 1;
	w.admin = (struct admin){.record = &w.record,
				 .version = "fuzz",
				 .token = "none",
				 .issuer_path = AUTH,
				 .journal = journal_new(10),
				 .faults = faults_new()};
	w.admin.settings = w.record.settings;
	open_groups(&w);
	fill(&w);
	return &w;
}

/* ---- a request ------------------------------------------------------ */

struct asked {
	const char *method, *target, *authorization, *body;
	size_t body_len;
};

static struct rq *outer(struct world *w, struct arena *a,
			const struct http_group *g)
{
	struct rq_private *p = arena_alloc(a, sizeof(*p));

	p->http = &w->http;
	p->group = g;
	p->last_header = &p->first_header;
	p->rq = (struct rq){.arena = a,
			    .id = "00000000-0000-4000-8000-000000000000",
			    .method = "POST",
			    .path = g->prefix,
			    .query = "",
			    .body = "",
			    .origin = ORIGIN,
			    .loopback = true,
			    .ctx = g->ctx,
			    .private = p};
	return &p->rq;
}

/* Asked once within another one, which finds its route; then by itself. */
static struct rq *ask(struct world *w, struct arena *a, const struct asked *q)
{
	const struct http_group *g =
	    http_group_find(&w->config, q->target, strcspn(q->target, "?"));
	struct http_pair header[2] = {
	    {"Content-Type", *q->body == '{'
				 ? "application/json"
				 : "application/x-www-form-urlencoded"},
	    {"Authorization", q->authorization}};
	const struct http_nested n = {.method = q->method,
				      .url = q->target,
				      .header = header,
				      .header_count = q->authorization ? 2 : 1,
				      .body = q->body,
				      .body_len = q->body_len};
	struct rq *rq = http_inner(outer(w, a, g), &n);

	if (g == &w->group[0])
		return rq;
	assert(rq->route);
	rq_reply_again(rq);
	rq->err = (struct err){.kind = ERR_NONE};
	rq->grant = NULL;
	rq->keep = rq->undo = false;
	rq->private->aside = false;
	http_dispatch(rq->private);
	return rq;
}

static void check_answer(const struct rq *rq)
{
	const char *fault = rq_header_out(rq, "X-Mock-Fault");
	struct http_pair h;

	assert(rq->status >= 200 && rq->status <= 599);
	for (size_t i = 0; rq_header_out_at(rq, i, &h); i++)
		for (const char *p = h.value; *p; p++)
			assert(*p >= ' ' && *p <= '~');
	assert(!fault == !rq->fault);
	assert(!fault || strcmp(fault, rq->fault) == 0);
}

static const char *shot(const struct rq *rq)
{
	return arena_printf(rq->arena, "%d %s", rq->status,
			    text_or_empty(rq_content_type(rq)));
}

/* ---- what one input does -------------------------------------------- */

static const char *grant(struct world *w, struct arena *a, const char **refresh)
{
	struct record_tokens_for what = {
	    .refresh = true, .expires_in = -1, .issuer = ORIGIN AUTH};
	struct err e = {.kind = ERR_NONE};
	struct record_tokens t;
	struct store_client c;
	struct grant g;

	assert(store_client_find(w->record.store, a, APP, &c));
	assert(record_grant(&w->record, a, APP, HETU, NULL, 0, &g, &e));
	what.scope = g.scope;
	record_tokens(&w->record, a, &c, &g, &what, &t);
	*refresh = t.refresh_token;
	return t.access_token;
}

/* Is it armed? */
static bool arm(struct world *w, struct arena *a, const char *text, size_t n)
{
	const struct asked q = {"POST", ADMIN "/faults", NULL, text, n};
	struct err e = {.kind = ERR_NONE};
	const struct rq *rq = ask(w, a, &q);
	const struct json *v = json_parse(a, rq->out.p, rq->out.len, &e);
	const char *where = json_get_text(json_get(v, "error"), "where");

	assert(v && (rq->status == 201) == (where == NULL));
	assert(rq->status < 500);
	assert(!where || *where == '\0' || *where == '/' ||
	       text_begins(where, "line "));
	return rq->status == 201;
}

static void ask_all(struct world *w, struct arena *a, const char *token,
		    const char *refresh)
{
	const char *form = arena_cat(a,
				     "grant_type=refresh_token&client_id=" APP
				     "&client_secret=" SECRET "&refresh_token=",
				     refresh, NULL);
	const char *bearer = arena_cat(a, "Bearer ", token, NULL);
	const struct asked all[] = {
	    {"GET", BASE "/Observation?patient=" PATIENT "&code=x", bearer, "",
	     0},
	    {"GET", BASE "/Observation/none", bearer, "", 0},
	    {"DELETE", BASE "/Observation/none", bearer, "", 0},
	    {"POST", AUTH "/token", NULL, form, strlen(form)},
	    {"POST", AUTH "/revoke", NULL, "token=x", 7},
	    {"GET", AUTH "/userinfo", bearer, "", 0},
	    {"GET",
	     AUTH "/authorize?response_type=code&client_id=" APP
		  "&redirect_uri=https://app.example/cb&state=abc",
	     NULL, "", 0},
	    {"GET", AUTH "/login", NULL, "", 0},
	};

	for (size_t i = 0; i < LEN(all); i++)
		check_answer(ask(w, a, &all[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct asked plain = {"GET", BASE "/Observation/none",
					   NULL, "", 0};
	struct world *w = the_world();
	struct arena *a = arena_new(0);
	const char *text = arena_strndup(a, (const char *)data, size);
	const char *token, *refresh, *before;
	bool armed;

	store_enter(w->record.store);
	before = shot(ask(w, a, &plain));
	token = grant(w, a, &refresh);
	armed = arm(w, a, text, size);
	ask_all(w, a, token, refresh);
	ask_all(w, a, token, refresh);
	check_answer(
	    ask(w, a, &(struct asked){"GET", ADMIN "/faults", NULL, "", 0}));
	faults_clear(w->admin.faults, NULL);
	assert(strcmp(before, shot(ask(w, a, &plain))) == 0 || armed);
	assert(!rq_header_out(ask(w, a, &plain), "X-Mock-Fault"));
	store_leave(w->record.store, false);
	arena_free(a);
	return 0;
}
