# SPDX-License-Identifier: Apache-2.0
"""Real payloads, when a folder of them is given by CORPUS.

CORPUS/payloads/index.tsv names for each file the FHIR version, the profile, the
verdict and the reason. What is valid is accepted, what is invalid is refused
for the reason that stands there (REASONS translates it), by the validate
command and by POST. Bundles are sent as they are to the command, and entry by
entry to the server.
"""
import csv
import json
import os
import re

import pytest

import support
from support import PHR, outcome, run

pytestmark = pytest.mark.skipif(
    not support.CORPUS, reason="CORPUS names no folder with payloads")

# of STU3, the profiles that are built
BUILT_STU3 = {PHR + "fiphr-bodyweight-stu3", PHR + "fiphr-patient-stu3"}
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
     r"\w+\.meta\.profile", "")]
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


def profiles_of(resource):
    return set(resource.get("meta", {}).get("profile", []))


def is_bundle(row):
    return '"resourceType": "Bundle"' in text_of(row)[:2000] or \
        json.loads(text_of(row))["resourceType"] == "Bundle"


def rows(verdict, bundles):
    out = []
    for row in index():
        if row["verdict"] != verdict or is_bundle(row) != bundles:
            continue
        marks = []
        if verdict == "valid" and not bundles and version(row) == "stu3" and \
                row["profile"] not in BUILT_STU3:
            marks = [pytest.mark.skip(reason="profile not built: " +
                                      row["profile"])]
        out.append(pytest.param(row, id=row["file"], marks=marks))
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
    type = json.loads(text_of(row))["resourceType"]
    if r.status_code == 404:  # a type that is not served
        assert "Unknown resource type '%s'" % type in r.text
    elif type == "Patient" and r.status_code == 400:  # made by the login
        assert "does not know how to handle POST" in r.text
    else:
        assert r.status_code == 422, r.text
    assert support.errors(outcome(r))


def observations(row):
    """(accepted?, text) of each Observation for a profile that is built."""
    bundle = json.loads(text_of(row), parse_float=str)
    # numbers keep their text: written back without quotes
    for entry in bundle["entry"]:
        o = entry["resource"]
        if o["resourceType"] == "Observation" and (
                version(row) == "r4" or profiles_of(o) & BUILT_STU3):
            text = json.dumps(o)
            yield re.sub(r'("value": )"(-?\d[\d.eE+-]*)"', r"\1\2", text)


@pytest.mark.parametrize("row", rows("valid", True))
def test_each_observation_of_a_bundle(person, row):
    texts = list(observations(row))
    if not texts:
        pytest.skip("no profile in this bundle is built")
    for text in texts:
        r = post(person, text, version(row))
        assert r.status_code == 201, r.text
        assert r.json()["valueQuantity"] == json.loads(text)["valueQuantity"]
    assert person.search("&_count=0", version(row))["total"] == len(texts)


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
               os.path.join(PAYLOADS, row["file"]))
    answer = json.loads(done.out)
    return answer["valid"], answer["outcome"].get("issue", [])


@pytest.mark.parametrize("row", rows("valid", False) + rows("valid", True))
def test_validate_accepts(binary, row):
    if version(row) == "stu3" and is_bundle(row):
        pytest.skip("not all STU3 profiles are built")
    valid, issues = told(binary, row)
    assert valid, issues


@pytest.mark.parametrize("row", rows("invalid", False) + rows("invalid", True))
def test_validate_refuses_for_the_reason(binary, row):
    valid, issues = told(binary, row)
    assert not valid
    wanted = [w for w in REASONS if re.search(w[0], row["reason"])]
    assert wanted or version(row) == "stu3", "no row for this reason"
    for _, rule, path, text in wanted:
        assert any(i["details"]["coding"][0]["code"] == "KPHR-PROF-" + rule
                   and re.fullmatch(path, i["expression"][0])
                   and text in i["diagnostics"] for i in issues), \
            (rule, path, text, issues)
