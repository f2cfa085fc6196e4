/* SPDX-License-Identifier: Apache-2.0
 *
 * Pointers and patches for test_json.c: the examples of RFC 6901 (5) and RFC
 * 6902 (appendix A), and what else there is to get wrong.
 */
#ifndef JSON_PATCHES_H
#define JSON_PATCHES_H

#define POINTED                                                                \
	"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"     \
	"\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,"               \
	"\"x\":{\"\":{\"y\":9}}}"

struct pointer_row {
	const char *pointer;
	const char *value; /* NULL: leads nowhere */
};

static const struct pointer_row pointer_rows[] = {
    {"", POINTED},
    {"/foo", "[\"bar\",\"baz\"]"},
    {"/foo/0", "\"bar\""},
    {"/foo/1", "\"baz\""},
    {"/", "0"},
    {"/a~1b", "1"},
    {"/c%d", "2"},
    {"/e^f", "3"},
    {"/g|h", "4"},
    {"/i\\j", "5"},
    {"/k\"l", "6"},
    {"/ ", "7"},
    {"/m~0n", "8"},
    {"/x//y", "9"},
    {"foo", NULL},
    {"/fo", NULL},
    {"/fooo", NULL},
    {"/foo/2", NULL},
    {"/foo/00", NULL},
    {"/foo/01", NULL},
    {"/foo/-", NULL},
    {"/foo/-1", NULL},
    {"/foo/", NULL},
    {"/foo/0/0", NULL},
    {"/foo/99999999999999999999", NULL},
    {"/a~1b/x", NULL},
    {"/m~n", NULL},
    {"/m~2n", NULL},
    {"/m~", NULL},
};

struct patch_row {
	const char *doc, *patch;
	const char *result; /* NULL: cannot be done */
};

#define OP(op, path) "[{\"op\":\"" op "\",\"path\":\"" path "\"}]"
#define OPV(op, path, v)                                                       \
	"[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":" v "}]"
#define OPF(op, from, path)                                                    \
	"[{\"op\":\"" op "\",\"from\":\"" from "\",\"path\":\"" path "\"}]"

static const struct patch_row patch_rows[] = {
    {"{\"foo\":\"bar\"}", OPV("add", "/baz", "\"qux\""),
     "{\"foo\":\"bar\",\"baz\":\"qux\"}"},
    {"{\"foo\":[\"bar\",\"baz\"]}", OPV("add", "/foo/1", "\"qux\""),
     "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
    {"{\"baz\":\"qux\",\"foo\":\"bar\"}", OP("remove", "/baz"),
     "{\"foo\":\"bar\"}"},
    {"{\"foo\":[\"bar\",\"qux\",\"baz\"]}", OP("remove", "/foo/1"),
     "{\"foo\":[\"bar\",\"baz\"]}"},
    {"{\"baz\":\"qux\",\"foo\":\"bar\"}", OPV("replace", "/baz", "\"boo\""),
     "{\"baz\":\"boo\",\"foo\":\"bar\"}"},
    {"{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":"
     "\"grault\"}}",
     OPF("move", "/foo/waldo", "/qux/thud"),
     "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":"
     "\"fred\"}}"},
    {"{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}",
     OPF("move", "/foo/1", "/foo/3"),
     "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}"},
    {"{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}",
     "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"},"
     "{\"op\":\"test\",\"path\":\"/foo/1\",\"value\":2}]",
     "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}"},
    {"{\"baz\":\"qux\"}", OPV("test", "/baz", "\"bar\""), NULL},
    {"{\"foo\":\"bar\"}", OPV("add", "/child", "{\"grandchild\":{}}"),
     "{\"foo\":\"bar\",\"child\":{\"grandchild\":{}}}"},
    {"{\"foo\":\"bar\"}",
     "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}]",
     "{\"foo\":\"bar\",\"baz\":\"qux\"}"},
    {"{\"foo\":\"bar\"}", OPV("add", "/baz/bat", "\"qux\""), NULL},
    {"{\"/\":9,\"~1\":10}", OPV("test", "/~01", "10"), "{\"/\":9,\"~1\":10}"},
    {"{\"/\":9,\"~1\":10}", OPV("test", "/~01", "\"10\""), NULL},
    {"{\"foo\":[\"bar\"]}", OPV("add", "/foo/-", "[\"abc\",\"def\"]"),
     "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}"},
    /* nothing but what is meant */
    {" { \"a\" : 72.50 , \"b\" : 1e2 } ", OPV("replace", "/b", "0.10"),
     "{ \"a\" : 72.50 , \"b\" : 0.10 }"},
    {"{}", OPV("add", "/a~1b~0", "1"), "{\"a/b~\":1}"},
    {"{}", OPV("add", "/", "1"), "{\"\":1}"},
    {"{\"\":1}", OP("remove", "/"), "{}"},
    {"[]", OPV("add", "/-", "1"), "[1]"},
    {"[]", OPV("add", "/0", "1"), "[1]"},
    {"[1]", OPV("add", "/0", "0"), "[0,1]"},
    {"[1]", OPV("add", "/2", "0"), NULL},
    {"[1]", OPV("add", "/01", "0"), NULL},
    {"[1]", OP("remove", "/0"), "[]"},
    {"[1,2]", OP("remove", "/1"), "[1]"},
    {"[1,2]", OP("remove", "/-"), NULL},
    {"{\"a\":1}", OPV("add", "/a", "2"), "{\"a\":2}"},
    {"{\"a\":1}", OPV("replace", "/b", "2"), NULL},
    {"{\"a\":1}", OPV("replace", "", "[]"), "[]"},
    {"{\"a\":1}", OPV("add", "", "null"), "null"},
    {"{\"a\":1}", OP("remove", ""), NULL},
    {"{\"a\":1}", OP("remove", "/b"), NULL},
    {"{\"a\":{\"b\":1}}", OPF("copy", "/a", "/a/c"),
     "{\"a\":{\"b\":1,\"c\":{\"b\":1}}}"},
    {"{\"a\":{\"b\":1}}", OPF("move", "/a", "/a/b"), NULL},
    {"{\"a\":{\"b\":1}}", OPF("move", "/a", "/a"), "{\"a\":{\"b\":1}}"},
    {"{\"a\":1,\"ab\":2}", OPF("move", "/a", "/ab"), "{\"ab\":1}"},
    {"{\"a\":1}", OPF("move", "/x", "/y"), NULL},
    {"{\"a\":1}",
     "[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"remove\",\"path\":"
     "\"/a\"}]",
     NULL},
    {"1", OPV("add", "/a", "1"), NULL},
};

/* Not even patches. */
static const char *const no_patches[] = {
    "{}",
    "[]",
    "[1]",
    "[{}]",
    OP("drop", "/a"),
    OP("remove", "a"),
    OP("remove", "/~2"),
    OP("add", "/a"),
    OP("move", "/a"),
    OPF("move", "a", "/a"),
    "[{\"op\":\"remove\"}]",
    "[{\"op\":1,\"path\":\"/a\"}]",
};

#endif
