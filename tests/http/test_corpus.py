# SPDX-License-Identifier: Apache-2.0
"""Real payloads, when a folder of them is given by CORPUS.

CORPUS/payloads/index.tsv names for each file the FHIR version, the profile, the
verdict and the reason. Judged here: what names a profile that is built, and
what is refused whatever the profile. A file whose only broken rule is a
FHIRPath invariant is skipped by name until invariants are evaluated.
"""
import csv
import json
import os
import re
import uuid

import pytest

import support
from support import PHR, outcome, run

pytestmark = pytest.mark.skipif(
    not support.CORPUS, reason="CORPUS names no folder with payloads")

BUILT = {"r4": {PHR + "fiphr-sd-" + n for n in
                ("bloodpressure", "bodyweight", "bloodglucose", "stepstaken",
                 "patient")},
         "stu3": {PHR + "fiphr-bodyweight-stu3", PHR + "fiphr-patient-stu3"}}
PAYLOADS = os.path.join(support.CORPUS, "payloads")


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
        built = BUILT[version(row)]
        if verdict == "valid" and not bundles and \
                row["profile"] not in built:
            marks = [pytest.mark.skip(reason="profile not built: " +
                                      row["profile"])]
        invariant = re.match(r"(PHR|dom|obs|vs|ele)-\d", row["reason"])
        if verdict == "invalid" and invariant:
            marks = [pytest.mark.skip(reason="FHIRPath invariant " +
                                      row["reason"])]
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
        if o["resourceType"] == "Observation" and \
                profiles_of(o) & BUILT[version(row)]:
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


def test_validate_command(binary, tmp_path):
    """The command line gives the verdicts of the server."""
    expected = {}
    for verdict in ("valid", "invalid"):
        for parameter in rows(verdict, False):
            (row,) = parameter.values
            if row is None or parameter.marks:
                continue
            name = f"{version(row)}-{uuid.uuid4()}.json"
            (tmp_path / name).write_text(text_of(row), encoding="utf-8")
            expected[name] = verdict == "valid"
    assert expected
    for fhir in ("r4", "stu3"):
        files = [tmp_path / n for n in expected if n.startswith(fhir)]
        done = run(binary, "validate", "--fhir", fhir, "--format", "ndjson",
                   *files)
        for line in done.out.splitlines():
            got = json.loads(line)
            name = os.path.basename(got["file"])
            assert got["valid"] == expected.pop(name), got
    assert not expected
