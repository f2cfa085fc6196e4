# SPDX-License-Identifier: Apache-2.0
"""Real payloads, when a folder of them is given by CORPUS.

CORPUS/payloads/index.tsv names for each file the FHIR version, the profile, the
verdict and the reason. What is valid is accepted, what is invalid is refused
for the reason that stands there (REASONS translates it), by the validate
command and by POST. Bundles are sent as they are to the command, and entry by
entry to the server. What was made for the drafts of 2017 is judged by them too.
"""
import collections
import csv
import json
import os
import re

import pytest

import support
from support import outcome, run

pytestmark = pytest.mark.skipif(
    not support.CORPUS, reason="CORPUS names no folder with payloads")

# what is judged by the drafts of its time
DRAFT = {"stu3/invalid/bug824-resource.json":
         ("--set", "stu3_rules=draft2017")}
# words of a reason, the rule that is broken, where, words of the text
REASONS = [
    (r"category:VSCat carries a second coding", "0023",
     r"Observation\.category\[0\]\.coding\[1\]\.(system|code)", ""),
    (r"note\[0\]\.text is the empty string", "0029",
     r"Observation\.note\[0\]\.text", ""),
    (r"is a quoted number", "0012", r"Observation\.valueQuantity\.value", ""),
    (r"category system is the STU3 one", "0018", r"Observation\.category", ""),
    (r"issued is missing", "0014", r"Observation\.issued", ""),
    (r"^PHR-2:", "0080", r"Observation", "code '15074-8' also code '14743-9'"),
    (r"^PHR-3:", "0080", r"Observation", "code '14743-9' also code '15074-8'"),
    (r"status is active, profile fixes completed", "0023",
     r"CarePlan\.status", ""),
    (r"that name no Kanta profile", "0063",
     r"Bundle\.entry\[\d+\]\.resource\.meta\.profile", ""),
    (r"^(names )?no Kanta profile|no meta\.profile", "0063",
     r"\w+\.meta\.profile", ""),
    (r"code 13 is not in the required value set", "0046",
     r"Observation\.extension\[0\]\.valueCodeableConcept",
     "fiphr-vs-medicationcontext"),
    (r"names an unpublished test profile", "0064",
     r"Questionnaire\.meta\.profile\[0\]", "")]
PAYLOADS = os.path.join(support.CORPUS, "payloads")


TYPES = ("Observation", "MedicationAdministration", "CarePlan",
         "Questionnaire", "QuestionnaireResponse", "Patient")
SCOPE = " ".join(f"patient/{t}.{a}" for t in TYPES for a in ("read", "write"))


@pytest.fixture(scope="module")
def app(server):
    return server.register(scope=SCOPE)


@pytest.fixture
def person(server, app):
    return server.person(app, SCOPE)


def index():
    path = os.path.join(PAYLOADS, "index.tsv")
    if not support.CORPUS or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t",
                                   quoting=csv.QUOTE_NONE))


def text_of(row):
    with open(os.path.join(PAYLOADS, row["file"]), encoding="utf-8") as f:
        return f.read()


def version(row):
    return row["file"].split("/", 1)[0]


def is_bundle(row):
    return '"resourceType": "Bundle"' in text_of(row)[:2000] or \
        json.loads(text_of(row))["resourceType"] == "Bundle"


def rows(verdict, bundles):
    out = []
    for row in index():
        if row["verdict"] != verdict or is_bundle(row) != bundles:
            continue
        out.append(pytest.param(row, id=row["file"]))
    return out or [pytest.param(None, id="none", marks=pytest.mark.skip(
        reason="no such payloads in CORPUS"))]


def own(text, patient):
    """The payload as the citizen's application would have sent it: references
    to a Patient become the token's. Text, so that numbers stay."""
    return re.sub(r'("reference"\s*:\s*")[^"]*Patient/[^"]*"',
                  lambda m: m[1] + "Patient/" + patient + '"', text)


def post(person, text, fhir):
    type = json.loads(text)["resourceType"]
    return person.post(own(text, person.id), fhir, "/" + type)


@pytest.mark.parametrize("row", rows("valid", False))
def test_valid_is_accepted(person, row):
    r = post(person, text_of(row), version(row))
    assert r.status_code == 201, r.text


@pytest.mark.parametrize("row", rows("invalid", False))
def test_invalid_is_refused(person, row):
    r = post(person, text_of(row), version(row))
    refused(row, r)


def refused(row, r):
    type = json.loads(text_of(row))["resourceType"]
    if r.status_code == 404:  # a type that is not served
        assert "Unknown resource type '%s'" % type in r.text
    else:
        assert r.status_code == 422, r.text
    assert support.errors(outcome(r))


@pytest.mark.parametrize("row", [p for p in rows("invalid", False)
                                 if p.values[0] and
                                 p.values[0]["file"] in DRAFT])
def test_invalid_is_refused_by_the_drafts(start, row):
    # the world that is built in is of the newer profiles
    server = start(*DRAFT[row["file"]], "--errors", "explain", "--fixtures",
                   "none")
    r = post(server.person(server.register(scope=SCOPE), SCOPE), text_of(row),
             version(row))
    refused(row, r)
    reasoned(row, support.errors(outcome(r)))


def entries(row):
    """The text of each resource of a bundle."""
    bundle = json.loads(text_of(row), parse_float=str)
    # numbers keep their text: written back without quotes
    for entry in bundle["entry"]:
        text = json.dumps(entry["resource"])
        yield re.sub(r'("value": )"(-?\d[\d.eE+-]*)"', r"\1\2", text)


@pytest.mark.parametrize("row", rows("valid", True))
def test_each_entry_of_a_bundle(person, row):
    stored = collections.Counter()
    for text in entries(row):
        r = post(person, text, version(row))
        assert r.status_code == 201, r.text
        sent, got = json.loads(text), r.json()
        stored[sent["resourceType"]] += 1
        for member in ("valueQuantity", "dosage", "effectivePeriod"):
            assert got.get(member) == sent.get(member)
    assert stored
    for type, count in stored.items():
        found = person.search("&_count=0", version(row), type)
        assert found["total"] == count


@pytest.mark.parametrize("row", rows("invalid", True))
def test_no_entry_of_an_invalid_bundle(person, row):
    for entry in json.loads(text_of(row))["entry"][:50]:
        o = entry["resource"]
        if o["resourceType"] == "Observation":
            r = post(person, json.dumps(o), version(row))
            assert r.status_code == 422, r.text


def told(binary, row):
    """(valid, issues that are errors) of the validate command."""
    done = run(binary, "validate", "--fhir", version(row), "--format",
               "ndjson", "--errors", "explain", "--level", "error",
               *DRAFT.get(row["file"], ()),
               os.path.join(PAYLOADS, row["file"]))
    answer = json.loads(done.out)
    return answer["valid"], answer["outcome"].get("issue", [])


@pytest.mark.parametrize("row", rows("valid", False) + rows("valid", True))
def test_validate_accepts(binary, row):
    valid, issues = told(binary, row)
    assert valid, issues


@pytest.mark.parametrize("row", rows("invalid", False) + rows("invalid", True))
def test_validate_refuses_for_the_reason(binary, row):
    valid, issues = told(binary, row)
    assert not valid
    reasoned(row, issues)


def reasoned(row, issues):
    """Each reason that the index gives is among the issues."""
    wanted = [w for w in REASONS if re.search(w[0], row["reason"])]
    assert wanted, "no row for this reason"
    for _, rule, path, text in wanted:
        assert any(i["details"]["coding"][0]["code"] == "KPHR-PROF-" + rule
                   and re.fullmatch(path, i["expression"][0])
                   and text in i["diagnostics"] for i in issues), \
            (rule, path, text, issues)


@pytest.mark.parametrize("row", [p for p in rows("invalid", False)
                                 if p.values[0] and
                                 p.values[0]["file"] in DRAFT])
def test_the_words_of_the_drafts(binary, row):
    """The code is in no value set, says the style of the service too."""
    done = run(binary, "validate", "--fhir", version(row), "--errors", "kanta",
               "--format", "ndjson", *DRAFT[row["file"]],
               os.path.join(PAYLOADS, row["file"]))
    (issue,) = [i for i in json.loads(done.out)["outcome"]["issue"]
                if i["diagnostics"].startswith("None of the codes provided")]
    assert issue["severity"] == "error"
    assert issue["location"] == ["Observation.extension[0]"
                                 ".valueCodeableConcept"]
    assert "ValueSet/fiphr-vs-medicationcontext" in issue["diagnostics"]
