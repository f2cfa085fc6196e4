# SPDX-License-Identifier: Apache-2.0
"""Where the sources contradict each other, a switch decides: each of them in
every position, with validate --set and by PUT /settings for POST; and how sure a
rule is, in what is told of it.

tests/data/switches is a profile that names the switches for STU3, so that each
of them stands alone; the national profiles are asked where they have the same.
"""
import copy
import json
import pathlib
import uuid

import pytest

from support import (PHR, blood_pressure, coding, errors, glucose, outcome,
                     places, run, weight)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests/data/switches"
DRAFTS = ROOT / "profiles/finnish-phr-stu3-draft2017"
OPTIONS = ["--package", str(DATA), "--errors", "explain"]
ID = "90090090-0900-4900-8900-900900900900"
CREATOR = PHR + "fiphr-ext-creatingapplication"
FOREIGN = "http://example.org/StructureDefinition/mine"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


# ---- resources: one statement of a switch is broken in each -----------------

def probe(patient, **more):
    o = {"resourceType": "Observation",
         "meta": {"profile": [PHR + "test-switches-stu3"]},
         "status": "final",
         "identifier": [{"system": "urn:ietf:rfc:3986",
                         "value": f"urn:uuid:{uuid.uuid4()}"}],
         "code": {"coding": [coding("8302-2", "Pituus")]},
         "subject": {"reference": "Patient/" + patient}}
    o.update(more)
    return o


def extra_coding(patient):
    o = probe(patient)
    o["code"]["coding"].append(coding("x", "X", "urn:oid:1.2.246.10"))
    return o


def old_code(patient):
    return probe(patient, code={"coding": [coding("55284-4", "RR")]})


def half_pair(patient):
    return probe(patient, code={"coding": [coding("15074-8", "B")]})


def by_hand(patient):
    return probe(patient, method={"text": "by hand"})


def by_device(patient):
    return probe(patient, device={"display": "a meter"})


def related(patient):
    return probe(patient, related=[
        {"target": {"reference": "Observation/1"}}])


def national_pair(patient):
    o = glucose(patient)
    del o["code"]["coding"][1]
    return o


def with_member(patient):
    o = blood_pressure(patient)
    o["hasMember"] = [{"reference": "QuestionnaireResponse/1"}]
    return o


def with_member_weight(patient):
    o = weight(patient)
    o["hasMember"] = [{"reference": "QuestionnaireResponse/1"}]
    return o


def example(patient, name):
    text = (ROOT / f"fixtures/examples/{name}.json").read_text()
    o = json.loads(text.replace(ID, patient))
    for i in o["identifier"]:
        i["value"] = f"urn:uuid:{uuid.uuid4()}"
    return o


def national_extra_coding(patient, name="fiphr-stepstaken-stu3-min"):
    o = example(patient, name)
    del o["code"]["coding"][1:]
    o["code"]["coding"].append(coding("x", "X", "urn:oid:1.2.246.10"))
    return o


def national_weight_extra_coding(patient):
    return national_extra_coding(patient, "fiphr-bodyweight-stu3-min")


def national_old_code(patient):
    o = example(patient, "fiphr-bloodpressure-stu3-min")
    o["code"] = {"coding": [coding("55284-4", "Verenpaine")]}
    return o


def national_pair_stu3(patient):
    o = example(patient, "fiphr-bloodglucose-stu3-min")
    o["code"] = {"coding": [coding("15074-8", "Verensokeri")]}
    return o


def national_by_hand(patient):
    return dict(example(patient, "fiphr-stepstaken-stu3-min"),
                method={"text": "by hand"})


def national_by_device(patient):
    return dict(example(patient, "fiphr-stepstaken-stu3-min"),
                device={"display": "a meter"})


def foreign(patient):
    o = weight(patient)
    o["meta"]["profile"].append(FOREIGN)
    return o


def odd_display(patient):
    o = weight(patient)
    o["category"][0]["coding"][0]["display"] = "Something else"
    return o


def astext(patient):
    o = glucose(patient)
    del o["valueQuantity"]
    o["dataAbsentReason"] = {"coding": [coding("astext", "As Text", ABSENT)]}
    return o


# (switch, its value, FHIR version, resource, where, severity or None), the
# default first
REFUSED, WARNED, SILENT = "error", "warning", None
ROWS = [
    ("stu3_extra_codings", "reject", "stu3", extra_coding,
     "Observation.code.coding[1]", REFUSED),
    ("stu3_extra_codings", "allow", "stu3", extra_coding,
     "Observation.code.coding[1]", SILENT),
    ("stu3_extra_codings", "reject", "stu3", national_extra_coding,
     "Observation.code.coding[1]", REFUSED),
    ("stu3_extra_codings", "allow", "stu3", national_extra_coding,
     "Observation.code.coding[1]", SILENT),
    ("stu3_bp_55284", "off", "stu3", old_code, "Observation", REFUSED),
    ("stu3_bp_55284", "on", "stu3", old_code, "Observation", SILENT),
    ("stu3_bp_55284", "off", "stu3", national_old_code, "Observation.code",
     REFUSED),
    ("stu3_bp_55284", "on", "stu3", national_old_code, "Observation.code",
     SILENT),
    ("stu3_extra_codings", "reject", "stu3", national_weight_extra_coding,
     "Observation.code.coding[1]", REFUSED),
    ("stu3_extra_codings", "allow", "stu3", national_weight_extra_coding,
     "Observation.code.coding[1]", SILENT),
    ("glucose_pair", "enforce", "stu3", half_pair, "Observation", REFUSED),
    ("glucose_pair", "warn", "stu3", half_pair, "Observation", WARNED),
    ("glucose_pair", "enforce", "stu3", national_pair_stu3, "Observation",
     REFUSED),
    ("glucose_pair", "warn", "stu3", national_pair_stu3, "Observation",
     WARNED),
    ("glucose_pair", "enforce", "r4", national_pair, "Observation", REFUSED),
    ("glucose_pair", "warn", "r4", national_pair, "Observation", WARNED),
    ("stu3_method", "reject", "stu3", by_hand, "Observation.method", REFUSED),
    ("stu3_method", "allow", "stu3", by_hand, "Observation.method", SILENT),
    ("stu3_device", "reject", "stu3", by_device, "Observation.device",
     REFUSED),
    ("stu3_device", "allow", "stu3", by_device, "Observation.device", SILENT),
    ("stu3_method", "reject", "stu3", national_by_hand, "Observation.method",
     REFUSED),
    ("stu3_method", "allow", "stu3", national_by_hand, "Observation.method",
     SILENT),
    ("stu3_device", "reject", "stu3", national_by_device,
     "Observation.device", REFUSED),
    ("stu3_device", "allow", "stu3", national_by_device, "Observation.device",
     SILENT),
    ("snapshot_literal", "off", "stu3", related, "Observation.related",
     REFUSED),
    ("snapshot_literal", "on", "stu3", related, "Observation.related",
     SILENT),
    ("snapshot_literal", "off", "r4", with_member, "Observation.hasMember",
     REFUSED),
    ("snapshot_literal", "on", "r4", with_member, "Observation.hasMember",
     SILENT),
    ("snapshot_literal", "off", "r4", with_member_weight,
     "Observation.hasMember", REFUSED),
    ("snapshot_literal", "on", "r4", with_member_weight,
     "Observation.hasMember", SILENT),
    ("foreign_profiles", "allow", "r4", foreign, "Observation.meta.profile[1]",
     "information"),
    ("foreign_profiles", "reject", "r4", foreign,
     "Observation.meta.profile[1]", REFUSED),
    ("creating_application", "optional", "r4", weight,
     "Observation.extension", SILENT),
    ("creating_application", "required", "r4", weight,
     "Observation.extension", REFUSED),
    ("creating_application", "add", "r4", weight, "Observation.extension",
     SILENT),
    ("display_check", "by-rules", "r4", odd_display,
     "Observation.category[0].coding[0].display", WARNED),
    ("display_check", "off", "r4", odd_display,
     "Observation.category[0].coding[0].display", SILENT),
    ("display_check", "warn", "r4", odd_display,
     "Observation.category[0].coding[0].display", WARNED),
    ("display_check", "error", "r4", odd_display,
     "Observation.category[0].coding[0].display", REFUSED),
    ("unknown_code", "by-rules", "r4", astext,
     "Observation.dataAbsentReason.coding[0].code", WARNED),
    ("unknown_code", "warn", "r4", astext,
     "Observation.dataAbsentReason.coding[0].code", WARNED),
    ("unknown_code", "error", "r4", astext,
     "Observation.dataAbsentReason.coding[0].code", REFUSED),
]
DEFAULTS = {}
for name, value, *_ in ROWS:
    DEFAULTS.setdefault(name, value)

every = pytest.mark.parametrize(
    "name, value, fhir, make, where, severity", ROWS,
    ids=[f"{r[0]}={r[1]} {r[2]} {r[3].__name__}" for r in ROWS])


# ---- validate ----------------------------------------------------------------

def judged(binary, tmp_path, resource, fhir, *options):
    """(valid, the issues) by validate."""
    file = tmp_path / "a.json"
    file.write_text(json.dumps(resource))
    done = run(binary, "validate", "--fhir", fhir, "--package", DATA,
               "--errors", "explain", "--format", "ndjson", *options, file)
    assert done.returncode in (0, 1), done.err
    line = json.loads(done.out)
    assert line["valid"] == (done.returncode == 0)
    return line["valid"], line["outcome"]["issue"]


@every
def test_validate(binary, tmp_path, name, value, fhir, make, where, severity):
    valid, issues = judged(binary, tmp_path, make(ID), fhir, "--set",
                           f"{name}={value}")
    # dom-6 is a recommendation of FHIR itself
    found = [i["severity"] for i in issues
             if i.get("location") == [where] and "dom-6" not in json.dumps(i)]
    assert found == ([severity] if severity else []), issues
    assert valid == (severity != REFUSED), issues


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_defaults(binary, tmp_path, name):
    """Without --set it is as with the first of each switch's values."""
    for row in ROWS:
        if row[:2] != (name, DEFAULTS[name]):
            continue
        resource = row[3](ID)
        assert judged(binary, tmp_path, resource, row[2]) == \
            judged(binary, tmp_path, resource, row[2], "--set",
                   f"{name}={row[1]}")


def test_display_of_today(binary, tmp_path):
    """by-rules means an error under the rules of today."""
    today = "--rules", "current"
    o = odd_display(ID)
    where = ["Observation.category[0].coding[0].display"]
    _, issues = judged(binary, tmp_path, o, "r4", *today)
    assert [i["severity"] for i in issues if i["location"] == where] == \
        ["error"]
    _, issues = judged(binary, tmp_path, o, "r4", *today, "--set",
                       "display_check=warn")
    assert [i["severity"] for i in issues if i["location"] == where] == \
        ["warning"]


# ---- over HTTP ---------------------------------------------------------------

@pytest.fixture
def settings(own):
    """settings(name=value) changes switches until the test ends."""
    before = own.admin("GET", "/settings", status=200).json()

    def put(status=200, **values):
        return own.admin("PUT", "/settings", values, status)

    yield put
    own.admin("PUT", "/settings", before, 200)


@every
def test_post(settings, person, name, value, fhir, make, where, severity):
    # what the resources refer to is not here: that is not the question
    settings(references="free", **{name: value})
    r = person.post(make(person.id), fhir)
    if severity != REFUSED:
        assert r.status_code == 201, r.text
        return
    assert r.status_code == 422
    assert where in places(outcome(r)), r.text


def test_settings_are_listed(own):
    listed = own.admin("GET", "/settings", status=200).json()
    assert {name: listed[name] for name in DEFAULTS} == DEFAULTS
    assert listed["stu3_rules"] == "effective"


def test_stu3_rules_are_decided_at_the_start(settings):
    told = settings(400, stu3_rules="draft2017").json()["error"]
    assert told["code"] == "only_at_start"
    assert told["where"] == "/stu3_rules"
    assert "--set stu3_rules=draft2017" in told["message"]
    # what it is already may be said, so that a listing can be sent back
    assert settings(200, stu3_rules="effective")


def test_stu3_rules(binary, tmp_path):
    """The drafts of 2017 allow one identifier; production took several."""
    o = weight(ID, fhir="stu3")
    o["identifier"].append({"system": "urn:x", "value": "1"})
    assert judged(binary, tmp_path, o, "stu3")[0]
    draft = "--set", "stu3_rules=draft2017"
    valid, issues = judged(binary, tmp_path, o, "stu3", *draft)
    assert not valid
    assert ["Observation.identifier"] in [i["location"] for i in issues]
    assert DRAFTS.name in run(binary, "profiles", *draft).out
    assert DRAFTS.name not in run(binary, "profiles").out


def test_stu3_rules_of_a_server(start):
    """The fixtures keep to both; what an application sends is refused."""
    s = start("--set", "stu3_rules=draft2017")
    assert s.admin("GET", "/settings").json()["stu3_rules"] == "draft2017"
    assert s.admin("GET", "/state").json()["counts"]["resources"] > 0
    who = s.person(s.register())
    r = who.post(weight(who.id, fhir="stu3"), "stu3")
    assert r.status_code == 422
    assert places(outcome(r)) == [
        "Observation.category[0].coding[0].display"]
    r = s.admin("PUT", "/settings", {"stu3_rules": "effective"}, 400)
    assert r.json()["error"]["code"] == "only_at_start"


def test_help_marks_them(binary):
    text = run(binary, "serve", "--help").out
    (row,) = [t for t in text.splitlines() if "stu3_rules" in t]
    assert "effective | draft2017; only at start" in row
    assert text.count("only at start") == 1


# ---- who made it -------------------------------------------------------------

def creators(resource):
    return [{p["url"]: p["valueString"] for p in e["extension"]}
            for e in resource.get("extension", []) if e["url"] == CREATOR]


def test_creator_is_added(settings, person):
    settings(creating_application="add")
    stored = person.post(weight(person.id), status=201).json()
    assert creators(stored) == [{
        "name": person.app["client_name"],
        "applicationId": person.app["client_id"]}]
    found = person.get("/Observation/" + stored["id"]).json()
    assert found == stored


def test_creator_that_is_named_stays(settings, person):
    own = {"url": CREATOR, "extension": [
        {"url": "name", "valueString": "Mine"},
        {"url": "applicationId", "valueString": "mine"}]}
    o = weight(person.id)
    o["extension"] = [own]
    for value in ("add", "required", "optional"):
        settings(creating_application=value)
        o["identifier"][0]["value"] = f"urn:uuid:{uuid.uuid4()}"
        stored = person.post(o, status=201).json()
        assert stored["extension"] == [own]


def test_creator_is_not_added_unasked(own, person):
    stored = person.post(weight(person.id), status=201).json()
    assert "extension" not in stored


def test_creator_comes_behind_other_extensions(settings, person):
    settings(creating_application="add")
    other = {"url": "http://example.org/e", "valueString": "x"}
    o = weight(person.id)
    o["extension"] = [other]
    stored = person.post(o, status=201).json()
    assert stored["extension"][0] == other and len(creators(stored)) == 1


def test_fixtures_need_not_name_it(start):
    """What is demanded of applications is no reason not to start."""
    s = start("--set", "creating_application=required")
    who = s.person(s.register())
    assert who.post(weight(who.id)).status_code == 422
    assert s.admin("GET", "/state").json()["counts"]["resources"] > 0
    s.admin("POST", "/reset", status=204)
    assert s.admin("GET", "/settings").json()["creating_application"] == \
        "required"


# ---- how sure a rule is ------------------------------------------------------

def confidence(issue):
    return [e["valueCode"] for e in issue.get("extension", [])
            if e["url"] == "urn:mock-kanta-phr:confidence"]


SURE = [
    (old_code, "Observation", "client",
     "this rule is known from what clients of the service send: the service "
     "may accept it"),
    (by_device, "Observation.device", "stock",
     "remove \"device\"; this rule is that of the software the service was "
     "built on: the service may accept it"),
    (related, "Observation.related", "unknown",
     "remove \"related\"; it is not known whether the service has this rule: "
     "it may accept it"),
    (half_pair, "Observation", None, None),  # official
]


@pytest.mark.parametrize("make, where, mark, text", SURE)
def test_confidence_in_explain(person, own, make, where, mark, text):
    o = outcome(person.post(make(person.id), "stu3"))
    (issue,) = errors(o)
    assert issue["location"] == [where]
    assert confidence(issue) == ([mark] if mark else [])
    assert issue["details"].get("text") == text


def test_confidence_of_a_closed_slicing(person, own):
    (issue,) = errors(outcome(person.post(extra_coding(person.id), "stu3")))
    assert confidence(issue) == ["inferred"]
    assert issue["details"]["text"].endswith(
        "; this rule is inferred: the service may accept it")


def test_confidence_is_not_told_in_the_style_of_kanta(settings, person):
    settings(errors="kanta")
    r = person.post(old_code(person.id), "stu3")
    assert r.status_code == 422 and "confidence" not in r.text
    assert "may accept" not in r.text


def test_what_only_warns_is_accepted_anyway(binary, tmp_path):
    _, issues = judged(binary, tmp_path, extra_coding(ID), "stu3", "--set",
                       "stu3_extra_codings=allow")
    assert "may accept" not in json.dumps(issues)


def test_confidence_in_text(binary, tmp_path):
    file = tmp_path / "a.json"
    file.write_text(json.dumps(by_device(ID)))
    done = run(binary, "validate", "--package", DATA, file)
    assert done.returncode == 1
    assert "(expected at most 0; remove \"device\"; this rule is that of the " \
        "software the service was built on: the service may accept it)\n" \
        in done.out


def test_confidence_of_profiles(binary):
    done = run(binary, "profiles", "--package", DATA)
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert {len(r) for r in rows} == {5}
    marks = {r[0]: r[4] for r in rows}
    assert marks[PHR + "test-switches-stu3"] == "client"
    assert set(marks.values()) <= {"official", "client", "stock", "inferred",
                                   "unknown", "-"}
    done = run(binary, "profiles", "--package", DATA, "--format", "json")
    for row in json.loads(done.out):
        assert row.get("confidence", "-") == marks[row["url"]]


@pytest.mark.parametrize("place, word, where", [
    (("extension", 0), "sure", ".extension[0].valueCode"),
    (("differential", "element", 1, "extension", 1), "extra_codings",
     ".differential.element[1].extension[1].valueCode"),
    (("differential", "element", 0, "constraint", 1, "extension", 0), "yes",
     ".differential.element[0].constraint[1].extension[0].valueCode")])
def test_words_that_are_not_known(binary, tmp_path, place, word, where):
    d = json.loads((DATA / "test-switches-stu3.json").read_text())
    piece = copy.deepcopy(d)
    at = piece
    for step in place:
        at = at[step]
    at["valueCode"] = word
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(piece))
    done = run(binary, "profiles", "--package", file)
    assert done.returncode == 65
    assert "mine.json: StructureDefinition" + where + ":" in done.err
    assert f'"{word}"; use one of: ' in done.err


@pytest.mark.parametrize("rule, settings", [
    ("KPHR-PROF-0133", "display_check"),
    ("KPHR-PROF-0125", "unknown_code"),
    ("KPHR-PROF-0067", "foreign_profiles"),
    ("KPHR-PROF-0239", "creating_application")])
def test_explain_rule_names_the_switch(binary, rule, settings):
    assert f"  --set            {settings}\n" in \
        run(binary, "validate", "--explain-rule", rule).out
