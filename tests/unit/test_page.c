/* SPDX-License-Identifier: Apache-2.0
 *
 * page: the template engine (tables of template, values, text), what it does
 * to broken templates, the document frame and the embedded files.
 */
#include "page/page.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The values every case below sees. */
static const struct page_value fruit_a[] = {{.name = "n", .text = "apple"},
					    {.name = "who", .text = "row"}};
static const struct page_value fruit_b[] = {{.name = "n", .text = "<b>"}};
static const struct page_values fruit[] = {{fruit_a, 2}, {fruit_b, 1}};
static const struct page_value inner_1[] = {{.name = "x", .text = "1"}};
static const struct page_value inner_2[] = {{.name = "x", .text = "2"}};
static const struct page_values inner[] = {{inner_1, 1}, {inner_2, 1}};
static const struct page_value outer_row[] = {
    {.name = "in", .rows = inner, .row_count = 2}};
static const struct page_values outer[] = {{outer_row, 1}, {outer_row, 1}};
static const struct page_value values[] = {
    {.name = "who", .text = "world"},
    {.name = "bad", .text = "<a href='x' b=\"y\">&</a>"},
    {.name = "empty", .text = ""},
    {.name = "braces", .text = "{{who}}"},
    {.name = "fruit", .rows = fruit, .row_count = 2},
    {.name = "none", .rows = fruit, .row_count = 0},
    {.name = "outer", .rows = outer, .row_count = 2},
};
static const struct page_values all = {values, LEN(values)};

static const struct {
	const char *template, *text;
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"a { b } c }} d", "a { b } c }} d"},
    {"hello {{who}}!", "hello world!"},
    {"{{who}}{{who}}", "worldworld"},
    {"[{{unknown}}]", "[]"},
    {"[{{empty}}]", "[]"},
    {"{{bad}}", "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;&lt;/a&gt;"},
    /* a value is never read as a template */
    {"{{braces}}", "{{who}}"},
    /* a prefix of a name is another name */
    {"[{{wh}}][{{whole}}]", "[][]"},
    /* sections over text */
    {"{{#who}}yes {{who}}{{/who}}", "yes world"},
    {"{{#empty}}yes{{/empty}}", ""},
    {"{{#unknown}}yes{{/unknown}}", ""},
    {"{{^who}}no{{/who}}", ""},
    {"{{^empty}}no{{/empty}}", "no"},
    {"{{^unknown}}no {{who}}{{/unknown}}", "no world"},
    /* sections over lists; a row's names win over the outer ones */
    {"{{#fruit}}({{n}} {{who}}){{/fruit}}", "(apple row)(&lt;b&gt; world)"},
    {"{{#fruit}}{{/fruit}}after {{n}}.", "after ."},
    {"{{#none}}x{{/none}}{{^none}}nothing{{/none}}", "nothing"},
    {"{{^fruit}}x{{/fruit}}", ""},
    {"{{#outer}}<{{#in}}{{x}},{{/in}}>{{/outer}}", "<1,2,><1,2,>"},
    /* what is not shown is walked all the same */
    {"{{#none}}{{#fruit}}x{{/fruit}}{{/none}}end", "end"},
    {"{{#empty}}{{^unknown}}x{{/unknown}}{{/empty}}end", "end"},
    {"{{#who}}{{#who}}x{{/who}}{{/who}}", "x"},
};

static void renders(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf b;
		buf_init(&b, a);
		page_render(&b, NULL, cases[i].template, &all);
		assert_string_equal(b.p, cases[i].text);
		assert_int_equal(b.len, strlen(cases[i].text));
	}
	arena_free(a);
}

/* Does rendering end the process by an assertion? */
static bool aborts(const char *template)
{
	pid_t child = fork();
	if (child == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		struct buf b;
		buf_init(&b, arena_new(0));
		page_render(&b, NULL, template, &all);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void broken_templates_assert(void **state)
{
	(void)state;
	static const char *const broken[] = {
	    "{{who",
	    "{{}}",
	    "{{#}}x{{/}}",
	    "{{#who}}x",
	    "x{{/who}}",
	    "{{#who}}x{{/whose}}",
	    "{{#who}}{{^empty}}{{/who}}{{/empty}}",
	    "{{#empty}}{{#who}}{{/empty}}",
	};
	for (size_t i = 0; i < LEN(broken); i++)
		if (!aborts(broken[i]))
			fail_msg("accepted: %s", broken[i]);
	assert_false(aborts("{{#who}}x{{/who}}"));
}

static void escapes(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct buf b;
	buf_init(&b, a);
	page_escape(&b, "<>&\"'");
	page_escape(&b, "");
	page_escape(&b, "Åke & Öljy");
	assert_string_equal(b.p, "&lt;&gt;&amp;&quot;&#39;Åke &amp; Öljy");
	arena_free(a);
}

static void frames_a_document(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct buf b;
	buf_init(&b, a);
	struct page_value v[] = {{.name = "style", .text = "/p/style.css"},
				 {.name = "x", .text = "<i>"},
				 {.name = "title", .text = "inner"}};
	page_document(&b, NULL, "A & B", "<p>{{x}} {{title}}</p>\n",
		      &(struct page_values){v, LEN(v)});
	assert_true(strncmp(b.p, "<!doctype html>\n", 16) == 0);
	assert_non_null(strstr(b.p, "<title>A &amp; B – "));
	assert_non_null(
	    strstr(b.p, "rel=\"stylesheet\" href=\"/p/style.css\""));
	assert_non_null(strstr(b.p, "Mock, not Kanta; no real data"));
	assert_non_null(strstr(b.p, "<p>&lt;i&gt; inner</p>"));
	assert_non_null(strstr(b.p, "</html>"));
	/* the policy of every page forbids these */
	assert_null(strstr(b.p, "<style"));
	assert_null(strstr(b.p, "<script"));
	assert_null(strstr(b.p, "style=\""));
	assert_null(strstr(b.p, "{{"));
	arena_free(a);
}

static void without_a_style_sheet(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct buf b;
	buf_init(&b, a);
	page_document(&b, NULL, "T", "body", &(struct page_values){NULL, 0});
	assert_null(strstr(b.p, "stylesheet"));
	assert_non_null(strstr(b.p, "body"));
	arena_free(a);
}

static void finds_assets(void **state)
{
	(void)state;
	const struct page_asset *f = page_asset("server/page/frame.html");
	assert_non_null(f);
	assert_string_equal(f->name, "server/page/frame.html");
	assert_int_equal(f->n, strlen((const char *)f->bytes));
	assert_null(page_asset("server/page/frame.htm"));
	assert_null(page_asset("server/page/frame.html2"));
	assert_null(page_asset(""));
	assert_null(page_asset("zzz"));

	const char *before = "";
	size_t n = 0;
	for (const struct page_asset *x; (x = page_asset_below("", n)); n++) {
		assert_true(strcmp(before, x->name) < 0);
		assert_ptr_equal(page_asset(x->name), x);
		before = x->name;
	}
	assert_true(n >= 2);

	assert_string_equal(page_asset_below("server/page/", 0)->name,
			    "server/page/frame.html");
	assert_string_equal(page_asset_below("server/page/", 1)->name,
			    "server/page/frame.words");
	assert_string_equal(page_asset_below("server/page/", 2)->name,
			    "server/page/style.css");
	assert_null(page_asset_below("server/page/", 3));
	assert_null(page_asset_below("server/page/", SIZE_MAX));
	assert_null(page_asset_below("nowhere/", 0));
	assert_null(page_asset_below("zzz/", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(renders),
	    cmocka_unit_test(broken_templates_assert),
	    cmocka_unit_test(escapes),
	    cmocka_unit_test(frames_a_document),
	    cmocka_unit_test(without_a_style_sheet),
	    cmocka_unit_test(finds_assets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
