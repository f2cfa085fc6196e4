/* SPDX-License-Identifier: Apache-2.0
 *
 * openapi: every route, member and parameter has its texts, and no text is
 * about what is not there. Whether answers are as told, test_openapi.py asks a
 * server.
 */
#include "admin/admin_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page/page.h"

static struct arena *arena;
static const struct json *texts, *document;

static int setup(void **state)
{
	struct openapi x = {.version = "0", .server = "http://h"};
	const struct page_asset *file = page_asset(OPENAPI_TEXTS);
	struct err e = {.kind = ERR_NONE};
	struct buf b;

	(void)state;
	arena = arena_new(0);
	buf_init(&b, arena);
	x.routes = admin_routes(&x.n);
	texts = json_parse(arena, (const char *)file->bytes, file->n, &e);
	if (!texts || !openapi_write(&b, &x, &e))
		return -1;
	document = json_parse(arena, b.p, b.len, &e);
	if (!document)
		print_error("%s: %s\n", e.where, e.text);
	return document ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct route *route_find(const char *name)
{
	size_t n;
	const struct route *r = admin_routes(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].name, name) == 0)
			return &r[i];
	return NULL;
}

/* Names are operation ids: each is there once. */
static void test_every_route_is_told(void **state)
{
	size_t n;
	const struct route *r = admin_routes(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct json *call =
		    json_get(json_get(texts, "calls"), r[i].name);
		const struct json *answers = json_get(call, "answers");
		const char *tag = arena_strndup(arena, r[i].path + 1,
						strcspn(r[i].path + 1, "/."));

		if (route_find(r[i].name) != &r[i])
			fail_msg("two routes are called %s", r[i].name);
		if (!json_first(answers))
			fail_msg(OPENAPI_TEXTS ": no answers of %s", r[i].name);
		for (const struct json *v = json_first(answers); v;
		     v = json_next(v))
			if (!json_get_text(v, "description"))
				fail_msg("no description of what %s answers",
					 r[i].name);
		if (!json_get_text(json_get(texts, "tags"), tag))
			fail_msg(OPENAPI_TEXTS ": no tag %s", tag);
		if ((r[i].body_max > 0) != (call_body(&r[i]) != NULL))
			fail_msg("openapi_calls.c: does %s take a body?",
				 r[i].name);
		for (const char *p = r[i].path; (p = strchr(p, ':')); p++)
			if (!json_get(json_get(texts, "parameters"),
				      arena_strndup(arena, p + 1,
						    strcspn(p + 1, "/."))))
				fail_msg("no text of a parameter of %s",
					 r[i].path);
	}
}

static bool is_told(const struct body *b, const char *name)
{
	struct member_told m;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->m[i].name, name) == 0)
			return true;
	for (size_t i = 0; b->told && b->told(i, &m); i++)
		if (strcmp(m.name, name) == 0)
			return true;
	return false;
}

static void check_members(const char *call, const struct body *b,
			  const struct json *members)
{
	for (const struct json *v = json_first(members); v; v = json_next(v))
		if (!is_told(b, json_name(v)))
			fail_msg("%s takes no member %s", call, json_name(v));
	for (size_t i = 0; i < b->n; i++)
		if (!json_get(members, b->m[i].name))
			fail_msg("%s: no text of the member %s", call,
				 b->m[i].name);
}

static void test_every_member_is_told(void **state)
{
	const struct body *part;
	const char *name;

	(void)state;
	for (size_t i = 0; (name = call_name(i)); i++)
		if (!route_find(name))
			fail_msg("openapi_calls.c: there is no call %s", name);
	for (const struct json *v = json_first(json_get(texts, "calls")); v;
	     v = json_next(v)) {
		const struct route *r = route_find(json_name(v));
		const struct json *members = json_get(v, "members");

		if (!r)
			fail_msg(OPENAPI_TEXTS ": there is no call %s",
				 json_name(v));
		if (!call_body(r) && members)
			fail_msg("%s takes no body", json_name(v));
		if (call_body(r))
			check_members(json_name(v), call_body(r), members);
	}
	for (size_t i = 0; (part = call_part(i, &name)); i++)
		check_members(name, part,
			      json_get(json_get(texts, "parts"), name));
}

/* The value and all below it: what a $ref names is there. */
static void check_refs(const struct json *v)
{
	const char *ref = json_get_text(v, "$ref");

	if (ref && (*ref != '#' || !json_pointer(document, ref + 1)))
		fail_msg("%s leads nowhere", ref);
	for (const struct json *x = json_first(v); x; x = json_next(x))
		check_refs(x);
}

static void test_references(void **state)
{
	(void)state;
	check_refs(document);
}

static const struct json *at(const char *pointer)
{
	const struct json *v = json_pointer(document, pointer);

	if (!v)
		fail_msg("nothing at %s", pointer);
	return v;
}

#define POST_CITIZEN "/paths/~1__admin~1citizens/post/"
#define IN_BODY	     "requestBody/content/application~1json/schema/"

static void test_document(void **state)
{
	(void)state;
	assert_string_equal(json_get_text(document, "openapi"), "3.1.0");
	assert_string_equal(json_text(at(POST_CITIZEN "operationId")),
			    "citizen_post");
	assert_string_equal(
	    json_text(at(POST_CITIZEN IN_BODY "properties/age/maximum")),
	    "150");
	assert_string_equal(
	    json_text(at(POST_CITIZEN IN_BODY "properties/age/minimum")), "0");
	assert_string_equal(
	    json_text(
		at("/paths/~1__admin~1tokens/post/" IN_BODY "required/1")),
	    "hetu");
	assert_string_equal(
	    json_text(at("/paths/~1__admin~1citizens~1{hetu}/delete/parameters/"
			 "0/name")),
	    "hetu");
	assert_int_equal(
	    json_count(at("/paths/~1__admin~1health/get/security")), 0);
	assert_string_equal(
	    json_text(at("/components/schemas/SettingsChange/properties/"
			 "history/enum/2")),
	    "off");
	assert_null(json_pointer(document, "/components/schemas/SettingsChange/"
					   "properties/stu3_rules"));
	at("/components/schemas/Settings/properties/stu3_rules");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_route_is_told),
	    cmocka_unit_test(test_every_member_is_told),
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_document),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
