# SPDX-License-Identifier: Apache-2.0
"""Every rule of lint.py is shown to fail on a planted violation and to hold on
the same tree without it."""
import os
import subprocess

import pytest

import lint

ESSAY = ("/* SPDX-License-Identifier: Apache-2.0\n *\n * A file of the test.\n"
         " * It says what it is for,\n * how, and\n * within which limits.\n"
         " */\n")


def tree(root, files, objects=None):
    for path, text in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
    return lint.Tree(str(root), objects)


def found(rule, root, files, objects=None):
    return [what for _, _, what in
            lint.RULES[rule](tree(root, files, objects))]


def function(body):
    return ESSAY + "int f(void)\n{\n" + body + "}\n"


# rule, file, text that breaks it, the same without the violation
PLANTED = [
    ("layers", "server/store/a.c", '#include "http/http.h"\n',
     '#include "base/base.h"\n'),
    ("layers", "server/fhir/a.c", '#include "oauth/oauth.h"\n',
     '#include "record/record.h"\n'),
    ("layers", "server/fhir/a.c", '#include "store/store_int.h"\n',
     '#include "fhir/fhir_int.h"\n'),
    ("layers", "server/base/a.c", '#include "json/json.h"\n',
     '#include "base/base.h"\n'),
    ("layers", "server/tools/a.c", '#include "store/store.h"\n',
     '#include "profile/profile.h"\n'),
    ("layers", "server/http/a.c", '#include "cli/cli.h"\n',
     '/* #include "cli/cli.h" */\n'),
    ("one_header", "server/json/more.h", "int x;\n", None),
    ("doors", "server/oauth/a.c", "#include <microhttpd.h>\n", ""),
    ("doors", "server/oauth/a.c", "#include <gnutls/gnutls.h>\n", ""),
    ("doors", "server/record/a.c", "#include <sqlite3.h>\n", ""),
    ("doors", "server/http/a.c", "#include <openssl/evp.h>\n", ""),
    ("doors", "server/fhir/a.c", "#include <cjson/cJSON.h>\n", ""),
    ("doors", "server/store/a.c", "#include <uuid/uuid.h>\n", ""),
    ("doors", "server/http/a.c", "#include <zlib.h>\n", ""),
    ("doors", "server/fhir/a.c", "int sqlite3_open(const char *);\n", ""),
    ("sql", "server/fhir/a.c", 'const char *q = "SELECT 1";\n',
     'const char *q = "SELECTED 1";\n'),
    ("sizes", "server/base/a.c", "int x;\n" * 1001, "int x;\n" * 900),
    ("sizes", "server/base/a.c", function("\tg();\n" * 80),
     function("\tg();\n" * 70)),
    ("sizes", "server/base/a.c", function("{" * 6 + "\n" + "}" * 6 + "\n"),
     function("{" * 2 + "\n" + "}" * 2 + "\n")),
    ("essays", "server/base/a.c", "int x;\n", ESSAY + "int x;\n"),
    ("essays", "server/base/a.c",
     "/* SPDX-License-Identifier: Apache-2.0\n *\n * Short.\n */\n",
     ESSAY),
    ("rulers", "server/base/a.c", "/* ---- x ----\n * ---- */\n",
     "/* ---- x ---- */\n"),
    ("lock", "profiles/package-lock.json",
     '{"resolved": "https://packages.example/x.tgz"}\n', "{}\n"),
] + [("banned", "server/base/a.c", f"\t{name}(x);\n",
      f"\tmy_{name}(x); /* {name}(x) */ p->{name}(x);\n")
     for name in lint.BANNED]


WORDS = "server/web/a.words"
ENTRY = "en Hello {x}\nfi Hei {x}\nsv Hej {x}\n"
HTML = "<p>{{_ Hello {x}}}</p>\n"
# what there is; a violation or none
SPOKEN = [
    ({}, 0),
    ({WORDS: ENTRY, "server/web/a.html": HTML}, 0),
    ({"server/site/b.words": "# a comment\n\n" + ENTRY,
      "server/web/a.html": HTML}, 0),
    ({WORDS: ENTRY, "server/web/a.html": "<b>\n{{_ Hello\n\t{x}}}</b>"}, 0),
    ({WORDS: ENTRY, "server/web/a.c": 'f(SAY("Hello {x}"));\n'}, 0),
    ({WORDS: ENTRY, "server/web/a.c": 'f(SAY("Hel"\n\t"lo {x}"));\n'}, 0),
    ({WORDS: ENTRY, "server/web/a.c": 'e = "Hello"\n\t" {x}";\n'}, 0),
    ({WORDS: ENTRY.replace(" {x}", ' "{x}" \\'),
      "server/web/a.c": 'f(SAY("Hello \\"{x}\\" \\\\"));\n'}, 0),
    # not there, or not as it is written
    ({"server/web/a.html": HTML}, 1),
    ({"server/web/a.c": 'f(SAY("Hello"));\n'}, 1),
    ({"server/web/a.c": 'f(SAY("Hello")); /* SAY("Hello") */\n'}, 1),
    ({WORDS: ENTRY.replace("Hello", "hello"), "server/web/a.html": HTML}, 2),
    ({WORDS: "", "server/web/a.html": HTML * 2}, 2),
    # there and not used
    ({WORDS: ENTRY}, 1),
    ({WORDS: ENTRY, "server/web/a.c": '/* SAY("Hello {x}") */\n'}, 1),
    ({WORDS: ENTRY, "server/web/a.c": 'f("Say Hello {x}");\n'}, 1),
    # other values, two entries, broken ones
    ({WORDS: ENTRY.replace("Hei {x}", "Hei"), "server/web/a.html": HTML}, 1),
    ({WORDS: ENTRY.replace("Hej {x}", "Hej {y}"),
      "server/web/a.html": HTML}, 1),
    ({WORDS: ENTRY, "server/site/a.words": ENTRY,
      "server/web/a.html": HTML}, 1),
    ({WORDS: ENTRY.replace("sv Hej {x}\n", ""), "server/web/a.html": HTML}, 2),
    ({WORDS: ENTRY.replace("fi ", "sv "), "server/web/a.html": HTML}, 2),
    ({WORDS: ENTRY.replace("Hei {x}", "Hei {x} "),
      "server/web/a.html": HTML}, 1),
    # said without a look into the catalogue
    ({"server/web/a.html": "<p>Hello</p>\n"}, 1),
    ({"server/web/a.html": '<a aria-label="Hello"></a>\n'}, 1),
    ({"server/web/a.html": '<p class="quiet">1 – {{x}}&nbsp;<code>GET</code>'
      "</p>\n"}, 0),
    ({"server/web/a.c": 'f(site_word(rq, "Hello"));\n'}, 1),
    ({"server/web/a.c": 'site_page(rq, 200, "Hello", "server/a.html", v);'},
     1),
    ({WORDS: ENTRY, "server/web/a.c": 'f(site_say(rq, SAY("Hello {x}"), "a"'
      "));\n"}, 0),
]


@pytest.mark.parametrize("files,violations", SPOKEN)
def test_words_that_are_not_there_are_found(tmp_path, files, violations):
    assert len(found("words", tmp_path, files)) == violations


@pytest.mark.parametrize("rule,path,bad,good", PLANTED)
def test_planted_violation_is_found(tmp_path, rule, path, bad, good):
    assert found(rule, tmp_path / "bad", {path: bad}) != []
    if good is not None:
        assert found(rule, tmp_path / "good", {path: good}) == []


@pytest.mark.parametrize("source,writable", [
    ("int counter;\n", True),
    ("static int counter = 1;\nint *f(void) { return &counter; }\n", True),
    ("int f(void) { static int n; return n++; }\n", True),
    ("static const char *name[] = {\"a\"};\n"
     "const char **f(void) { return name; }\n", True),
    ("_Thread_local int mine;\n", True),
    ("const int limit = 3;\n", False),
    ("static const char *const name[] = {\"a\"};\n"
     "const char *const *f(void) { return name; }\n", False),
])
def test_writable_variable_is_found(tmp_path, source, writable):
    (tmp_path / "a.c").write_text(source)
    subprocess.run(["gcc", "-fPIE", "-c", "-o", tmp_path / "a.o",
                    tmp_path / "a.c"], check=True)
    problems = found("writable", tmp_path, {}, str(tmp_path))
    assert bool(problems) == writable, problems


def test_deep_code_is_found_by_its_share(tmp_path):
    deep = function("{{{{\n" + "x;\n" * 20 + "}}}}\n")
    assert found("sizes", tmp_path, {"server/base/a.c": deep}) != []


def test_every_rule_has_a_planted_violation():
    assert {p[0] for p in PLANTED} | {"writable", "words"} == \
        set(lint.RULES)


def test_exit_status_tells(tmp_path):
    tree(tmp_path, {"server/store/a.c": '#include "http/http.h"\n'})
    script = os.path.join(os.path.dirname(__file__), "lint.py")
    run = subprocess.run(["/usr/bin/python3", script, "--root", tmp_path,
                          "layers"], capture_output=True, text=True)
    assert run.returncode == 1 and "server/store/a.c:1: layers:" in run.stdout
