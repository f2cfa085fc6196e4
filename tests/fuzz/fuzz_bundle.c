/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target of Bundles: POST [base] with a store behind it that is as it was
 * before after every input.
 *
 * An input that begins with '{' is the body itself. Any other is a row of
 * choices from tables, three for each entry, so that Bundles come about whose
 * entries refer to each other, meet conditions, and fail late.
 *
 * Whatever is sent: a Bundle that is answered has an answer for each entry, in
 * the form of one; what was created is there, and nothing else; a transaction
 * that is refused keeps nothing and says where it failed; savepoints are closed
 * as they were opened.
 *
 * Built by clang with -fsanitize=fuzzer,address,undefined, together with fhir
 * and the layers below it; "make fuzz" runs it in the top folder.
 */
#include "fhir/fhir_int.h"
#include "http/http_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELF "3f0c2a8e-0000-4000-8000-000000000001"
#define HOST "http://h"
#define PATH "/phr-resourceserver/baseR4"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct log quiet = {LOG_OFF, 2};

/* ---- the server ----------------------------------------------------------
 */

static void *image(struct arena *a, size_t *n)
{
	FILE *f = fopen("build/image/r4.img", "rb");
	void *p;

	assert(f && fseek(f, 0, SEEK_END) == 0);
	*n = (size_t)ftell(f);
	rewind(f);
	p = arena_alloc(a, *n);
	assert(fread(p, 1, *n, f) == *n);
	fclose(f);
	return p;
}

static void put(struct record *r, struct arena *a, const char *id,
		const char *text)
{
	const struct record_write w = {
	    .fhir = FHIR_R4, .seed = true, .own_base = HOST PATH, .id = id};
	const struct issues *issues;
	struct store_resource out;
	struct err e = {.kind = ERR_NONE};
	const struct json *v = json_parse(a, text, strlen(text), &e);

	assert(v && record_store_new(r, a, &w, v, &out, &issues, &e));
}

#define OBSERVATION                                                            \
	"{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{"    \
	"\"text\":\"x\"},\"subject\":{\"reference\":\"Patient/" SELF "\"}"

static struct record *the_record(void)
{
	static struct record r = {.log = &quiet,
				  .fhir_base = {[FHIR_R4] = PATH}};
	struct err e = {.kind = ERR_NONE};
	struct arena *a;
	size_t n;
	void *bytes;

	if (r.store)
		return &r;
	a = arena_new(0);
	bytes = image(a, &n);
	r.profiles[FHIR_R4] = profile_open(a, FHIR_R4, bytes, n, &e);
	assert(r.profiles[FHIR_R4]);
	r.store = store_open(":memory:", &quiet, &e);
	assert(r.store);
	settings_init(&r.settings);
	r.settings.profile_required = REQUIRED_OFF;
	r.settings.conditional_update = 1;
	r.settings.batch_max = 20;
	put(&r, a, SELF, "{\"resourceType\":\"Patient\"}");
	put(&r, a, "a", OBSERVATION ",\"identifier\":[{\"value\":\"one\"}]}");
	put(&r, a, "b", OBSERVATION ",\"identifier\":[{\"value\":\"two\"}]}");
	put(&r, a, "c", OBSERVATION ",\"identifier\":[{\"value\":\"two\"}]}");
	return &r;
}

/* What the turn saw of the request. */
struct turn {
	struct store *store;
	struct store_counts before, after; /* of it */
	bool kept;
	int nested;
};

static void enter(void *ctx)
{
	struct turn *t = ctx;

	store_count(t->store, &t->before);
	store_enter(t->store);
}

/* Whatever it is, it is not there for the next input. */
static bool leave(void *ctx, bool keep)
{
	struct turn *t = ctx;

	assert(t->nested == 0);
	t->kept = keep;
	store_count(t->store, &t->after);
	return store_leave(t->store, false);
}

static void nest(void *ctx)
{
	struct turn *t = ctx;

	assert(t->nested++ == 0);
	store_nest(t->store);
}

static bool unnest(void *ctx, bool keep)
{
	struct turn *t = ctx;

	assert(--t->nested == 0);
	return store_unnest(t->store, keep);
}

/* ---- the answer ----------------------------------------------------------
 */

struct tally {
	int64_t created, versions, deleted;
};

static void check_response(const struct json *entry, struct tally *n)
{
	const struct json *response = json_get(entry, "response");
	const char *status = json_get_text(response, "status");
	const char *location = json_get_text(response, "location");
	long code = status ? strtol(status, NULL, 10) : 0;

	assert(code >= 200 && (code < 500 || code == 501) && status[3] == ' ');
	if (code >= 400)
		assert(json_get(response, "outcome") && !location);
	n->created += code == 201;
	n->versions += location && code == 201;
	n->deleted += code == 204;
}

static void check_answer(const struct rq *rq, const struct json *sent,
			 const struct turn *t)
{
	struct err e = {.kind = ERR_NONE};
	const struct json *v =
	    json_parse(rq->arena, rq->out.p, rq->out.len, &e);
	const bool whole = text_is(json_get_text(sent, "type"), "transaction");
	const struct json *entry = json_get(v, "entry");
	struct tally n = {0, 0, 0};

	assert(v && (rq->status < 500 || rq->status == 501));
	if (rq->status != 200) {
		assert(!t->kept);
		assert(text_is(json_get_text(v, "resourceType"),
			       "OperationOutcome"));
		return;
	}
	assert(t->kept);
	assert(json_count(entry) == json_count(json_get(sent, "entry")));
	assert(strncmp(json_get_text(v, "type"), whole ? "tr" : "ba", 2) == 0);
	for (entry = json_first(entry); entry; entry = json_next(entry))
		check_response(entry, &n);
	/* a delete of what was deleted before counts for nothing */
	assert(t->after.resources <= t->before.resources + n.created);
	assert(t->after.resources >=
	       t->before.resources + n.created - n.deleted);
	assert(t->after.versions >= t->before.versions + n.versions);
}

/* Who asks is said. */
static bool known(struct rq *rq, void *ctx)
{
	(void)ctx;
	return rq->grant != NULL;
}

static void check_bundle(const char *body, size_t len, const char *prefer)
{
	static const struct grant grant = {
	    .client_id = "c",
	    .patient = SELF,
	    .scope = "patient/Observation.read patient/Observation.write"};
	struct record *r = the_record();
	struct arena *a = arena_new(0);
	struct fhir f = {.record = r, .version = FHIR_R4, .base = PATH};
	struct turn t = {.store = r->store};
	struct http_group group;
	const struct http_config config = {
	    .clock = &r->clock,
	    .log = &quiet,
	    .turn = {enter, leave, NULL, NULL, NULL, nest, unnest, &t}};
	struct http http = {.config = &config};
	struct http_pair header[] = {{"Content-Type", "application/fhir+json"},
				     {"Prefer", prefer}};
	struct rq_private *p = arena_alloc(a, sizeof(*p));
	struct err e = {.kind = ERR_NONE};
	const struct json *sent = json_parse(a, body, len, &e);
	struct store_counts after;

	fhir_group(&f, &group);
	group.guard[0] = (struct http_guard){known, NULL};
	group.guard[1] = (struct http_guard){fhir_guard_type, NULL};
	p->http = &http;
	p->group = &group;
	p->header = header;
	p->header_count = LEN(header);
	p->last_header = &p->first_header;
	p->request_id = p->verb = "POST";
	p->rq = (struct rq){.arena = a,
			    .method = "POST",
			    .path = PATH "/",
			    .query = "",
			    .body = body,
			    .body_len = len,
			    .origin = HOST,
			    .ctx = &f,
			    .grant = &grant,
			    .now_ms = 1000000,
			    .private = p};
	buf_init(&p->rq.out, a);
	assert(http_check_route(p));
	http_dispatch(p);
	check_answer(&p->rq, sent, &t);
	store_count(r->store, &after);
	assert(after.versions == t.before.versions);
	arena_free(a);
}

/* ---- Bundles from tables -------------------------------------------------
 */

static const char *const requests[] = {
    "\"method\":\"POST\",\"url\":\"Observation\"",
    "\"method\":\"POST\",\"url\":\"Observation/\",\"ifNoneExist\":"
    "\"identifier=one\"",
    "\"method\":\"POST\",\"url\":\"/Observation\",\"ifNoneExist\":"
    "\"Observation?identifier=two\"",
    "\"method\":\"POST\",\"url\":\"Observation\",\"ifNoneExist\":"
    "\"identifier=new\"",
    "\"method\":\"POST\",\"url\":\"Observation\",\"ifNoneExist\":\"code=x\"",
    "\"method\":\"POST\",\"url\":\"Observation/$validate\"",
    "\"method\":\"POST\",\"url\":\"Observation/_search?identifier=one\"",
    "\"method\":\"PUT\",\"url\":\"Observation/a\"",
    "\"method\":\"PUT\",\"url\":\"" HOST PATH
    "/Observation/b\",\"ifMatch\":\"W/\\\"1\\\"\"",
    "\"method\":\"PUT\",\"url\":\"Observation/b\",\"ifMatch\":\"7\"",
    "\"method\":\"PUT\",\"url\":\"Observation?identifier=new\"",
    "\"method\":\"PUT\",\"url\":\"Observation?identifier=one\"",
    "\"method\":\"DELETE\",\"url\":\"Observation/c\"",
    "\"method\":\"DELETE\",\"url\":\"Observation/a\"",
    "\"method\":\"DELETE\",\"url\":\"Observation?identifier=one\"",
    "\"method\":\"GET\",\"url\":\"Observation/a\",\"ifNoneMatch\":\"1\"",
    "\"method\":\"GET\",\"url\":\"urn:uuid:1\"",
    "\"method\":\"GET\",\"url\":\"Observation?subject=urn:uuid:1&patient=" SELF
    "\"",
    "\"method\":\"HEAD\",\"url\":\"Observation?patient=" SELF "\"",
    "\"method\":\"GET\",\"url\":\"Patient/" SELF "/_history\"",
    "\"method\":\"PATCH\",\"url\":\"Observation/a\"",
    "\"method\":\"POST\",\"url\":\"Fish\"",
    "\"method\":\"POST\"",
    "\"url\":\"%%%\"",
};

static const char *const names[] = {
    NULL,
    "urn:uuid:1",
    "urn:uuid:2",
    "urn:oid:1.2",
    "http://x/Observation/a",
    "http://x/Observation/d",
    "cid:1",
    HOST PATH "/Observation/b",
};

/* What a resource has besides. */
static const char *const members[] = {
    "",
    ",\"id\":\"a\"",
    ",\"id\":\"b\"",
    ",\"id\":\"d\"",
    ",\"derivedFrom\":[{\"reference\":\"urn:uuid:1\"}]",
    ",\"derivedFrom\":[{\"reference\":\"urn:uuid:2\"}]",
    ",\"hasMember\":[{\"reference\":\"urn:oid:1.2\"}]",
    ",\"derivedFrom\":[{\"reference\":\"Observation/d\"}]",
    ",\"derivedFrom\":[{\"reference\":\"Observation/a\"}]",
    ",\"derivedFrom\":[{\"reference\":\"Observation?identifier=one\"}]",
    ",\"derivedFrom\":[{\"reference\":\"Observation?identifier=two\"}]",
    ",\"derivedFrom\":[{\"reference\":\"http://x/Observation/d\"}]",
    ",\"derivedFrom\":[{\"reference\":\"#x\"}]",
    ",\"identifier\":[{\"value\":\"urn:uuid:1\"},{\"value\":\"new\"}]",
    ",\"extension\":[{\"url\":\"urn:uuid:1\",\"valueUri\":\"urn:uuid:2\"}]",
    ",\"status\":7",
    ",\"fish\":1",
};

static void add_entry(struct buf *b, uint8_t what, uint8_t name, uint8_t more)
{
	const char *full = names[name % LEN(names)];

	buf_puts(b, "{");
	if (full)
		buf_printf(b, "\"fullUrl\":\"%s\",", full);
	if (name < 240)
		buf_printf(b, "\"resource\":%s%s},", OBSERVATION,
			   members[more % LEN(members)]);
	buf_printf(b, "\"request\":{%s}}", requests[what % LEN(requests)]);
}

static void check_choices(const uint8_t *data, size_t size)
{
	static const char *const prefers[] = {"", "return=representation",
					      "return=OperationOutcome",
					      "handling=strict"};
	struct arena *a = arena_new(0);
	struct buf b;

	buf_init(&b, a);
	buf_printf(&b,
		   "{\"resourceType\":\"Bundle\",\"type\":\"%s\","
		   "\"entry\":[",
		   data[0] & 1 ? "batch" : "transaction");
	for (size_t i = 1; i + 2 < size; i += 3) {
		buf_puts(&b, i > 1 ? "," : "");
		add_entry(&b, data[i], data[i + 1], data[i + 2]);
	}
	buf_puts(&b, "]}");
	check_bundle(b.p, b.len, prefers[data[0] / 2 % LEN(prefers)]);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;

	if (size == 0 || size > 65536)
		return 0;
	if (*data != '{') {
		check_choices(data, size);
		return 0;
	}
	a = arena_new(0);
	check_bundle(arena_strndup(a, (const char *)data, size), size, "");
	arena_free(a);
	return 0;
}
