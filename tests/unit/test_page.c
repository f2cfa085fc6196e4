/* SPDX-License-Identifier: Apache-2.0
 *
 * page: the template engine (tables of template, values, text), what it does
 * to broken templates, the languages and their catalogue, the document frame
 * and the embedded files.
 */
#include "page/page_int.h"

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
    /* a brace behind a value is text */
    {"{ {{who}}}", "{ world}"},
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

/* Does it end the process by an assertion? */
static bool aborts(void (*what)(struct arena *a, const char *text),
		   const char *text)
{
	pid_t child = fork();
	if (child == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		what(arena_new(0), text);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void render_all(struct arena *a, const char *template)
{
	struct buf b;
	buf_init(&b, a);
	page_render(&b, NULL, template, &all);
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
	    "{{_ words",
	    "{{_}}",
	    "{{_ }}",
	    "{{#empty}}{{_ words{{/empty}}",
	};
	for (size_t i = 0; i < LEN(broken); i++)
		if (!aborts(render_all, broken[i]))
			fail_msg("accepted: %s", broken[i]);
	assert_false(aborts(render_all, "{{#who}}x{{/who}}"));
}

/* ---- languages ------------------------------------------------------- */

/* Two files, so that neither is sorted and the whole is not either. */
static const char *const files[] = {
    "# A file of the test.\n"
    "\n"
    "en Log in\n"
    "fi Kirjaudu sisään\n"
    "sv Logga in\n"
    "\n"
    "en Hello {who}!\n"
    "fi Hei {who}!\n"
    "sv Hej {who}!\n"
    "en {n} of {who}\n"
    "fi {who}: {n}\n"
    "sv {who}s {n}\n",
    "en Cats & <dogs>\n"
    "fi Kissat & <koirat>\n"
    "sv Katter & <hundar>\n"
    "\n"
    "en Two lines of words\n"
    "# in between\n"
    "fi Kaksi riviä\n"
    "sv Två rader\n"
    "en Welcome, {who}\n"
    "fi Tervetuloa, {who}\n"
    "sv Välkommen, {who}",
};

static const struct {
	const char *template, *en, *fi;
} worded[] = {
    {"{{_ Log in}}", "Log in", "Kirjaudu sisään"},
    {"<b>{{_ Log in}}</b>{{_ Log in}}", "<b>Log in</b>Log in",
     "<b>Kirjaudu sisään</b>Kirjaudu sisään"},
    {"{{_Log in}}", "Log in", "Kirjaudu sisään"},
    /* values inside, first and last */
    {"{{_ Hello {who}!}}", "Hello world!", "Hei world!"},
    {"{{_ Welcome, {who}}}", "Welcome, world", "Tervetuloa, world"},
    {"[{{_ Welcome, {who}}}]", "[Welcome, world]", "[Tervetuloa, world]"},
    /* a row's values win, and each row has its own */
    {"{{#fruit}}{{_ {n} of {who}}};{{/fruit}}",
     "apple of row;&lt;b&gt; of world;", "row: apple;world: &lt;b&gt;;"},
    /* the words are escaped as the values are */
    {"{{_ Cats & <dogs>}}", "Cats &amp; &lt;dogs&gt;",
     "Kissat &amp; &lt;koirat&gt;"},
    {"{{_ So {bad}}}",
     "So &lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;&lt;/a&gt;",
     "So &lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;&lt;/a&gt;"},
    /* over lines, indented or not */
    {"{{_ Two lines\nof words}}", "Two lines of words", "Kaksi riviä"},
    {"{{_\n\tTwo  lines\n\t\tof words}}", "Two lines of words", "Kaksi riviä"},
    /* what is not in the catalogue is said in English */
    {"{{_ Nobody translated {who}}}", "Nobody translated world",
     "Nobody translated world"},
    {"{{_ log in}}", "log in", "log in"},
    {"{{_ Log}} {{_ Log in now}}", "Log Log in now", "Log Log in now"},
    /* values that are not there, lists, braces that are no names */
    {"[{{_ a {unknown} {empty} {fruit} {} b}}]", "[a     b]", "[a     b]"},
    {"{{_ an open { brace}}", "an open { brace", "an open { brace"},
    /* no value is looked up, or filled again, or read as a template */
    {"{{words}} {{_ A {words}}}", "Log in A Log in", "Log in A Log in"},
    {"{{_ A {name} {braces}}}", "A {who} {{who}}", "A {who} {{who}}"},
    /* within sections */
    {"{{#who}}{{_ Log in}}{{/who}}{{^who}}{{_ Log out}}{{/who}}", "Log in",
     "Kirjaudu sisään"},
};

static void words_are_filled(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct page_value v[LEN(values) + 2];
	memcpy(v, values, sizeof(values));
	v[LEN(values)] = (struct page_value){.name = "words", .text = "Log in"};
	v[LEN(values) + 1] =
	    (struct page_value){.name = "name", .text = "{who}"};
	struct page_values more = {v, LEN(v)};
	struct page_locale en = {page_words_of(a, files, LEN(files)), PAGE_EN};
	struct page_locale fi = {en.words, PAGE_FI};
	struct page_locale empty = {page_words_of(a, NULL, 0), PAGE_FI};
	const struct page_locale *const in_english[] = {NULL, &en, &empty};
	struct buf b;

	for (size_t i = 0; i < LEN(worded); i++) {
		for (size_t k = 0; k < LEN(in_english); k++) {
			buf_init(&b, a);
			page_render(&b, in_english[k], worded[i].template,
				    &more);
			assert_string_equal(b.p, worded[i].en);
		}
		buf_init(&b, a);
		page_render(&b, &fi, worded[i].template, &more);
		assert_string_equal(b.p, worded[i].fi);
	}
	arena_free(a);
}

static void says_plain_text(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct page_locale sv = {page_words_of(a, files, LEN(files)), PAGE_SV};
	struct page_value v[] = {{.name = "who", .text = "<b> & {n}"},
				 {.name = "n", .text = "1"}};
	struct page_values two = {v, LEN(v)};

	assert_string_equal(page_say(a, &sv, SAY("Log in"), NULL), "Logga in");
	assert_string_equal(page_say(a, &sv, SAY("Hello {who}!"), &two),
			    "Hej <b> & {n}!");
	assert_string_equal(page_say(a, &sv, SAY("{n} of {who}"), &two),
			    "<b> & {n}s 1");
	assert_string_equal(page_say(a, &sv, "{n}, unknown", &two),
			    "1, unknown");
	assert_string_equal(page_say(a, &sv, "Hello {who}!", NULL), "Hej !");
	assert_string_equal(page_say(a, NULL, "Hello {who}!", &two),
			    "Hello <b> & {n}!");
	assert_string_equal(page_say(a, &sv, "", NULL), "");
	arena_free(a);
}

static void makes_a_catalogue(struct arena *a, const char *file)
{
	page_words_of(a, &file, 1);
}

static void broken_catalogues_assert(void **state)
{
	(void)state;
	static const char *const broken[] = {
	    "en A\n",
	    "en A\nfi B\n",
	    "fi B\nsv C\n",
	    "en A\nsv C\nfi B\n",
	    "en A\nfi B\n\nen D\nfi E\nsv F\n",
	    "en A\nen A\nfi B\nsv C\n",
	    "en \nfi B\nsv C\n",
	    "en A\nfi B\nsv \n",
	    "en A\nfi B\nsvC\n",
	};
	static const char *const sound[] = {
	    "",
	    "# nothing\n",
	    "en A\nfi B\nsv C",
	    "english\nfinnish\nen A\n#\nfi B\nsv C\n",
	    "en\nfi\nsv\n",
	};
	for (size_t i = 0; i < LEN(broken); i++)
		if (!aborts(makes_a_catalogue, broken[i]))
			fail_msg("accepted: %s", broken[i]);
	for (size_t i = 0; i < LEN(sound); i++)
		if (aborts(makes_a_catalogue, sound[i]))
			fail_msg("refused: %s", sound[i]);
}

/* Looks up the entries of one file; how many there are. */
static size_t finds_texts_of(struct arena *a, struct page_locale *l,
			     const char *text)
{
	const char *english = NULL;
	size_t entries = 0;

	for (size_t n; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		const char *said =
		    n > 3 ? arena_strndup(a, text + 3, n - 3) : "";
		if (strncmp(text, "en ", 3) == 0)
			english = said;
		l->language = text[0] == 'f' ? PAGE_FI : PAGE_SV;
		if (strncmp(text, "fi ", 3) != 0 &&
		    strncmp(text, "sv ", 3) != 0)
			continue;
		assert_non_null(english);
		assert_string_equal(page_word(l, english), said);
		entries++;
	}
	return entries;
}

static void finds_every_text(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct page_locale l = {page_words_new(a), PAGE_EN};
	const struct page_asset *f;
	size_t entries = 0;

	assert_string_equal(page_word(&l, "Language"), "Language");
	for (size_t i = 0; (f = page_asset_below("server/", i)); i++)
		if (strcmp(strrchr(f->name, '.'), ".words") == 0)
			entries +=
			    finds_texts_of(a, &l, (const char *)f->bytes);
	assert_true(entries > 8);
	assert_string_equal(page_word(&l, "Not there"), "Not there");
	assert_string_equal(page_word(&l, ""), "");
	arena_free(a);
}

static const struct {
	const char *list;
	const char *code; /* NULL: none of ours */
} wanted[] = {
    {NULL, NULL},
    {"", NULL},
    {"fi", "fi"},
    {"FI", "fi"},
    {"fi-FI", "fi"},
    {"sv-FI, fi;q=0.9", "sv"},
    {"fi;q=0.8, sv;q=0.9, en;q=0.1", "sv"},
    {"fi;q=0.8,sv;q=0.81", "sv"},
    {"fi;q=0.801,sv;q=0.802", "sv"},
    {"fi;q=0.8 , sv ; q=0.9", "sv"},
    {"fi;Q=0.1,sv;Q=0.2", "sv"},
    {"fi;q=0.5,sv;q=0.50,en;q=0.500", "fi"},
    {"en;q=1, fi;q=1.000", "en"},
    {"sv, fi, en", "sv"},
    /* not ours, and words that only begin as ours do */
    {"de, fr;q=0.9", NULL},
    {"fil, fin, f, sve, english", NULL},
    {"de, sv;q=0.2", "sv"},
    {"fi_FI", NULL},
    /* never */
    {"fi;q=0", NULL},
    {"fi;q=0, sv;q=0.000", NULL},
    {"fi;q=0, sv;q=0.001", "sv"},
    /* anything else: the first of ours that is not named */
    {"*", "en"},
    {"*;q=0", NULL},
    {"de, *;q=0.1", "en"},
    {"en;q=0, *", "fi"},
    {"en;q=0, fi;q=0, *;q=0.3", "sv"},
    {"fi;q=0.5, *;q=0.1", "fi"},
    {"fi, *", "fi"},
    {"*, fi", "fi"},
    {"**", NULL},
    /* words with spaces, as ui_locales has them */
    {"sv fi-FI", "sv"},
    {"de fi", "fi"},
    /* odd */
    {",,, fi ,,", "fi"},
    {";;;", NULL},
    {";q=1", NULL},
    {"fi;", "fi"},
    {"fi;q", "fi"},
    {"fi;q=", NULL},
    {"fi;q=x", NULL},
    {"fi;q=0.", NULL},
    {"fi;q=0.x,sv;q=0.1", "sv"},
    {"fi;q=-1", NULL},
    {"fi;q=0.9999999999999999999,sv;q=1", "sv"},
    {"fi;level=q=1;q=0.1,sv;q=0.2", "sv"},
    {"fi;x=1", "fi"},
    {"fi;x=1;q=0.1, sv;q=0.2", "sv"},
    {"fi;q=0.1;x=1, sv;q=0.2", "sv"},
    /* the weight of the next one is not this one's */
    {"fi, sv;q=0.1", "fi"},
    {"fi;, sv;q=0.1", "fi"},
    {"fi;x, sv;q=0.1", "fi"},
};

static void picks_a_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(wanted); i++) {
		enum page_language l = PAGE_LANGUAGES;
		bool found = page_language_wanted(wanted[i].list, &l);

		if (found != (wanted[i].code != NULL))
			fail_msg("%s: %d", wanted[i].list, found);
		if (!found)
			assert_int_equal(l, PAGE_LANGUAGES);
		else if (strcmp(page_language_code(l), wanted[i].code) != 0)
			fail_msg("%s: %s", wanted[i].list,
				 page_language_code(l));
	}
}

/* ---- pages ----------------------------------------------------------- */

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

static void frames_in_a_language(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct page_locale fi = {page_words_new(a), PAGE_FI};
	const struct page_value en_row[] = {
	    {.name = "code", .text = "en"},
	    {.name = "name", .text = "English"},
	    {.name = "url", .text = "?lang=en&"}};
	const struct page_value fi_row[] = {{.name = "code", .text = "fi"},
					    {.name = "name", .text = "Suomi"},
					    {.name = "url", .text = ""}};
	const struct page_values rows[] = {{en_row, 3}, {fi_row, 3}};
	const struct page_value v[] = {
	    {.name = "multilingual", .text = "1"},
	    {.name = "languages", .rows = rows, .row_count = 2}};
	struct buf b;

	buf_init(&b, a);
	page_document(&b, &fi, SAY("Language"), "<p>{{_ Language}}</p>",
		      &(struct page_values){v, LEN(v)});
	assert_non_null(strstr(b.p, "<html lang=\"fi\">"));
	assert_non_null(strstr(b.p, "<title>Kieli – "));
	assert_non_null(strstr(b.p, "<p>Kieli</p>"));
	assert_non_null(strstr(b.p, "aria-label=\"Kieli\""));
	assert_non_null(strstr(b.p, "<a href=\"?lang=en&amp;\" hreflang=\"en\" "
				    "lang=\"en\">English</a>"));
	assert_non_null(
	    strstr(b.p, "aria-current=\"true\" lang=\"fi\">Suomi<"));
	buf_init(&b, a);
	page_document(&b, &fi, "T", "body", &(struct page_values){NULL, 0});
	assert_null(strstr(b.p, "aria-label=\"Kieli\""));
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
		assert_true(x->digest ==
			    hash_bytes(HASH_START, x->bytes, x->n));
		before = x->name;
	}
	assert_true(n >= 2);

	assert_string_equal(page_asset_below("server/page/", 0)->name,
			    "server/page/frame.html");
	assert_string_equal(page_asset_below("server/page/", 1)->name,
			    "server/page/frame.words");
	assert_string_equal(page_asset_below("server/page/", 2)->name,
			    "server/page/icon.svg");
	assert_string_equal(page_asset_below("server/page/", 3)->name,
			    "server/page/page.js");
	assert_string_equal(page_asset_below("server/page/", 4)->name,
			    "server/page/style.css");
	assert_null(page_asset_below("server/page/", 5));
	assert_null(page_asset_below("server/page/", SIZE_MAX));
	assert_null(page_asset_below("nowhere/", 0));
	assert_null(page_asset_below("zzz/", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(renders),
	    cmocka_unit_test(broken_templates_assert),
	    cmocka_unit_test(words_are_filled),
	    cmocka_unit_test(says_plain_text),
	    cmocka_unit_test(broken_catalogues_assert),
	    cmocka_unit_test(finds_every_text),
	    cmocka_unit_test(picks_a_language),
	    cmocka_unit_test(escapes),
	    cmocka_unit_test(frames_a_document),
	    cmocka_unit_test(frames_in_a_language),
	    cmocka_unit_test(without_a_style_sheet),
	    cmocka_unit_test(finds_assets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
