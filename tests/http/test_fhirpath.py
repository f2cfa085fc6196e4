# SPDX-License-Identifier: Apache-2.0
"""The fhirpath command, and the public suite of FHIRPath when a folder with it
is given by CORPUS (fhirpath/tests-fhir-r4.jsonl and its inputs).

The suite is one run of --batch. What it does not pass stands, with the reason,
in tests/data/fhirpath/not-passed.tsv; a test that fails and is not listed fails
here, and so does one that is listed and passes.
"""
import csv
import json
import os

import pytest

import support
from support import run

SUITE = os.path.join(support.CORPUS, "fhirpath")
DATA = os.path.join(os.path.dirname(__file__), "..", "data", "fhirpath")
LISTED = os.path.join(DATA, "not-passed.tsv")
SHARE = 0.97  # of the suite must pass, whatever is listed


# ---- the suite --------------------------------------------------------------

def suite():
    path = os.path.join(SUITE, "tests-fhir-r4.jsonl")
    if not support.CORPUS or not os.path.exists(path):
        pytest.skip("CORPUS names no folder with the FHIRPath suite")
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def listed():
    with open(LISTED, encoding="utf-8", newline="") as f:
        return {(row["group"], row["name"]): row["reason"]
                for row in csv.DictReader(f, delimiter="\t",
                                          quoting=csv.QUOTE_NONE)}


def question(test, inputs={}):
    """A line of --batch. The input goes in as it is written: numbers keep
    their digits. A test that expects a refusal may get it by checking too."""
    q = {"expression": test["expression"]}
    if test.get("invalid") or "strict" in (test.get("mode"),
                                           test.get("expressionMode")):
        q["strict"] = True
    if test.get("checkOrderedFunctions"):
        q["ordered"] = True
    name = test.get("input")
    if not name:
        return json.dumps(q)
    if name not in inputs:
        with open(os.path.join(SUITE, name), encoding="utf-8") as f:
            inputs[name] = f.read().replace("\r", " ").replace("\n", " ")
    return '%s,"input":%s}' % (json.dumps(q)[:-1], inputs[name])


def lexical(value):
    """Dates and times without their marks; anything else by its text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).lstrip("@").lstrip("T")


def same(expected, got):
    return expected.get("type") in (None, got["type"]) and \
        lexical(expected.get("value")) == lexical(got.get("value"))


def passes(test, answer):
    if test.get("invalid"):
        return "error" in answer
    if "error" in answer:
        return False
    got = answer["result"]
    expected = test["outputs"]
    if test.get("predicate") == "true":
        got = [{"type": "boolean", "value": bool(got)}]
    if test.get("ordered") == "false":
        got = sorted(got, key=lambda x: lexical(x["value"]))
        expected = sorted(expected, key=lambda x: lexical(x["value"]))
    return len(got) == len(expected) and \
        all(same(e, g) for e, g in zip(expected, got))


def test_suite(binary):
    tests = suite()
    reasons = listed()
    lines = "\n".join(map(question, tests)) + "\n"
    done = run(binary, "fhirpath", "--batch", "--fhir", "r4",
               stdin=lines.encode(), timeout=120)
    assert done.returncode == 0, done.err
    answers = [json.loads(line, parse_float=str, parse_int=str)
               for line in done.out.splitlines()]
    assert len(answers) == len(tests)

    failed = {}
    for test, answer in zip(tests, answers):
        if not passes(test, answer):
            failed[test["group"], test["name"]] = (test, answer)
    unlisted = ["%s/%s: %s wants %s, got %s" % (
        *name, test["expression"], test.get("invalid") or test["outputs"],
        answer) for name, (test, answer) in failed.items()
        if name not in reasons]
    assert not unlisted, "\n".join(unlisted)
    stale = [name for name in reasons if name not in failed]
    assert not stale, "listed in not-passed.tsv, but they pass now"
    assert len(failed) <= (1 - SHARE) * len(tests)


def test_listed_with_reasons():
    for name, reason in listed().items():
        assert reason.strip(), name


# ---- cases of our own, with types -------------------------------------------

def groups(name):
    """Of a table; data/fhirpath/README.md says what they are."""
    with open(os.path.join(DATA, name), encoding="utf-8") as f:
        return json.load(f)


def answers_of(binary, group, fhir):
    lines = []
    for case in group["cases"]:
        q = {"expression": case[0], "input": group["input"]}
        q.update((flag, True) for flag in group.get("flags", []))
        lines.append(json.dumps(q))
    done = run(binary, "fhirpath", "--batch", "--fhir", fhir,
               stdin="\n".join(lines).encode())
    assert done.returncode == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize("name", sorted(
    n for n in os.listdir(DATA) if n.startswith("typed-")))
def test_typed(binary, name):
    wrong = []
    for group in groups(name):
        fhir = "stu3" if "stu3" in name else "r4"
        for case, got in zip(group["cases"], answers_of(binary, group, fhir)):
            if isinstance(case[1], list):
                ok = "result" in got and \
                    [x["value"] for x in got["result"]] == case[1]
            else:
                ok = case[-1] in got.get("error", "")
            if not ok:
                wrong.append(f"{group['about']}: {case}, got {got}")
    assert not wrong, "\n".join(wrong)


# ---- the command ------------------------------------------------------------

PATIENT = """{"resourceType":"Patient","id":"p","active":true,
"birthDate":"1974-12-25","_birthDate":{"id":"b"},"multipleBirthInteger":2,
"name":[{"given":["Peter","James"],"family":"Chalmers"},{"given":["Jim"]}]}"""

OBSERVATION = """{"resourceType":"Observation","status":"final",
"code":{"text":"x"},"valueQuantity":{"value":72.50,"unit":"kg",
"system":"http://unitsofmeasure.org","code":"kg"}}"""


def ask(binary, expression, resource=None, *options):
    operands = [expression] + (["-"] if resource else [])
    done = run(binary, "fhirpath", *options, "--", *operands,
               stdin=(resource or "").encode())
    assert done.returncode == 0, done.err
    return json.loads(done.out, parse_float=str)


@pytest.mark.parametrize("expression, expected", [
    ("name.given.first()", [{"type": "string", "value": "Peter"}]),
    ("active", [{"type": "boolean", "value": True}]),
    ("birthDate", [{"type": "date", "value": "1974-12-25"}]),
    ("birthDate.id", [{"type": "string", "value": "b"}]),
    ("multipleBirth", [{"type": "integer", "value": 2}]),
    ("name.count() * 1.50", [{"type": "decimal", "value": "3.00"}]),
    ("4 'mg'", [{"type": "Quantity", "value": "4 'mg'"}]),
    ("@2014-01", [{"type": "date", "value": "2014-01"}]),
    ("name[1]", [{"type": "HumanName", "value": {"given": ["Jim"]}}]),
    ("name.suffix", []),
])
def test_values(binary, expression, expected):
    assert ask(binary, expression, PATIENT) == expected


def test_file(binary, tmp_path):
    path = tmp_path / "o.json"
    path.write_text(OBSERVATION, encoding="utf-8")
    done = run(binary, "fhirpath", "value.value", path)
    assert json.loads(done.out, parse_float=str) == \
        [{"type": "decimal", "value": "72.50"}]


def test_versions(binary):
    old = '{"resourceType":"Sequence","coordinateSystem":1,' \
        '"type":"dna"}'
    assert ask(binary, "coordinateSystem is integer", old, "--fhir",
               "stu3")[0]["value"] is True
    # R4 has no such resource: what it holds is plain JSON there
    assert ask(binary, "type is code", old, "--fhir", "r4") == \
        [{"type": "boolean", "value": False}]


def test_plain_json(binary):
    """Without definitions nothing is known but what JSON says."""
    assert ask(binary, "value", OBSERVATION, "--fhir", "none") == []
    assert ask(binary, "valueQuantity.value > 72", OBSERVATION, "--fhir",
               "none") == [{"type": "boolean", "value": True}]
    assert ask(binary, "a.b", '{"a":[{"b":1},{"b":[2,"x"]}]}', "--fhir",
               "none") == [{"type": "integer", "value": 1},
                           {"type": "integer", "value": 2},
                           {"type": "string", "value": "x"}]


@pytest.mark.parametrize("expression, column", [
    ("name.given..first()", 12),
    ("name.frist()", 6),
    ("name.where(", 12),
    ("'open", 1),
    ("name = = 1", 8),
    ("1 + true", 3),
])
def test_caret(binary, expression, column):
    done = run(binary, "fhirpath", "--", expression, "-",
               stdin=PATIENT.encode())
    assert done.returncode == 65
    lines = done.err.splitlines()
    assert lines[0] == expression
    assert lines[1] == " " * (column - 1) + "^"
    assert lines[2]


def test_did_you_mean(binary):
    done = run(binary, "fhirpath", "name.frist()")
    assert "did you mean first()?" in done.err


def test_batch(binary):
    lines = "\n".join([
        '{"expression":"a + 1","input":{"a":1}}',
        '{"expression":"a +"}',
        '',
        '{"expression":"1 = 1"}',
        'no json',
        '{"expr":"1"}',
        '{"expression":"valueQuantity.exists()","strict":true,"input":' +
        OBSERVATION.replace("\n", "") + '}',
    ])
    done = run(binary, "fhirpath", "--batch", stdin=lines.encode())
    assert done.returncode == 0
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert answers[0] == {"result": [{"type": "integer", "value": 2}]}
    assert answers[2] == {"result": [{"type": "boolean", "value": True}]}
    assert [set(a) for a in answers] == [
        {"result"}, {"error"}, {"result"}, {"error"}, {"error"}, {"error"}]
    assert "column 4" in answers[1]["error"]


def test_trace(binary):
    done = run(binary, "fhirpath", "name.given.trace('n').count()", "-",
               stdin=PATIENT.encode())
    assert json.loads(done.out) == [{"type": "integer", "value": 3}]
    assert done.err.startswith('n: [{"type":"string","value":"Peter"}')


@pytest.mark.parametrize("expression", [
    "1.repeatAll($this + 1)",
    "(1 | 2 | 3 | 4).repeatAll(%context | %resource | 5 | 6)",
    "(" * 99 + "1" + ")" * 99,
    "(" * 20000 + "1" + ")" * 20000,
    "-" * 30000 + "1",
    "a" + ".a" * 30000,
    "1" + " + 1" * 15000,
])
def test_ends(binary, expression):
    done = run(binary, "fhirpath", "--", expression, timeout=10)
    assert done.returncode in (0, 65)


def test_product_ends(binary):
    """Thirty factors of two each: 2^30 items if nobody counted."""
    expression = "(1 | 2)" + ".select($this.combine($this))" * 30
    done = run(binary, "fhirpath", expression, timeout=20)
    assert done.returncode == 65
    assert "too many steps" in done.err


@pytest.mark.parametrize("arguments, code", [
    ((), 2),
    (("1", "2", "3"), 2),
    (("--batch", "1"), 2),
    (("--fhir", "r5", "1"), 78),
    (("1", "/nonexistent/file"), 65),
])
def test_usage(binary, arguments, code):
    assert run(binary, "fhirpath", *arguments, stdin=b"").returncode == code


def test_only_fhirpath_goes_without_definitions(binary):
    assert run(binary, "validate", "--fhir", "none", "-",
               stdin=b"").returncode == 78
