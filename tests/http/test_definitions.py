# SPDX-License-Identifier: Apache-2.0
"""Definitions that applications store: a profile, a value set or a code system
takes effect with the next request; official ones stay what they are; what
cannot be used is refused with its place; restarts keep them, a reset does
not."""
import json
import pathlib

import pytest

from support import FHIR_JSON, PHR, errors, outcome, places, weight

OWN = "http://example.org/fhir/"
URL = OWN + "StructureDefinition/weighed"
CORE = "http://hl7.org/fhir/StructureDefinition/"
OPEN = "/open/phr-resourceserver/baseR4"
FHIR_VERSION = {"r4": "4.0.1", "stu3": "3.0.1"}
OPTIONS = ["--errors", "explain"]


def profile(url=URL, base=PHR + "fiphr-sd-bodyweight", fhir="r4", **change):
    """A profile on the national one that demands a note (STU3: a comment)."""
    what = {"r4": "note", "stu3": "comment"}[fhir]
    definition = {
        "resourceType": "StructureDefinition", "url": url, "name": "Weighed",
        "status": "draft", "fhirVersion": FHIR_VERSION[fhir],
        "kind": "resource", "abstract": False, "type": "Observation",
        "baseDefinition": base, "derivation": "constraint",
        "differential": {"element": [
            {"id": "Observation." + what, "path": "Observation." + what,
             "min": 1}]}}
    definition.update(change)
    return definition


def terms(kind, name, **more):
    return dict({"resourceType": kind, "url": f"{OWN}{kind}/{name}",
                 "name": name, "status": "active"}, **more)


def named(o, *urls):
    o["meta"]["profile"] += urls or (URL,)
    return o


@pytest.fixture
def fresh(own):
    """The server, without anybody's definitions."""
    own.admin("POST", "/reset", status=204)
    return own


@pytest.fixture
def someone(fresh):
    return fresh.person(fresh.register())


def store(someone, resource, fhir="r4", status=201):
    r = someone.post(resource, fhir, "/" + resource["resourceType"])
    assert r.status_code == status, r.text
    return r


def update(someone, resource, fhir="r4"):
    return someone.fhir(
        "PUT", f"/{resource['resourceType']}/{resource['id']}", fhir,
        json=resource, headers={"Content-Type": FHIR_JSON})


def lacks_note(r):
    assert r.status_code == 422, r.text
    found = errors(outcome(r))
    assert any("Observation.note" in i["diagnostics"] for i in found), found
    assert any(e["valueUri"] == URL for i in found
               for e in i.get("extension", []) if "valueUri" in e), found


def test_effect_at_once(someone):
    o = named(weight(someone.id))
    assert someone.post(o).status_code == 201  # foreign, unknown
    made = store(someone, profile())
    stored = made.json()
    assert stored["meta"]["versionId"] == "1"
    assert made.headers["Location"].endswith(
        f"/StructureDefinition/{stored['id']}/_history/1")
    lacks_note(someone.post(named(weight(someone.id))))
    assert someone.post(weight(someone.id)).status_code == 201
    o = dict(named(weight(someone.id)), note=[{"text": "aamulla"}])
    assert someone.post(o).status_code == 201
    # it is a resource like others
    r = someone.get("/StructureDefinition/" + stored["id"])
    assert r.json() == stored
    found = someone.get("/StructureDefinition", params={"url": URL}).json()
    assert [e["resource"]["id"] for e in found["entry"]] == [stored["id"]]
    found = someone.get("/StructureDefinition",
                        params={"_id": stored["id"]}).json()
    assert found["total"] == 1
    statement = someone.get("/metadata").json()
    assert URL in json.dumps(statement)


def test_update_of_ones_own(someone):
    stored = store(someone, profile()).json()
    lacks_note(someone.post(named(weight(someone.id))))
    stored["differential"]["element"] = [
        {"id": "Observation.issued", "path": "Observation.issued",
         "max": "0"}]
    r = update(someone, stored)
    assert r.status_code == 200, r.text
    assert r.json()["meta"]["versionId"] == "2"
    r = someone.post(named(weight(someone.id)))
    assert r.status_code == 422 and "Observation.issued" in r.text
    # and again, with another URL: the old one is nobody's any more
    stored["url"] = URL + "-2"
    assert update(someone, stored).status_code == 200
    assert someone.post(named(weight(someone.id))).status_code == 201
    r = someone.post(named(weight(someone.id), URL + "-2"))
    assert r.status_code == 422 and "Observation.issued" in r.text


def test_the_same_url_again(someone):
    """The later one counts; both are there."""
    store(someone, profile())
    lacks_note(someone.post(named(weight(someone.id))))
    store(someone, profile(differential={"element": [
        {"id": "Observation.note", "path": "Observation.note", "max": "0"}]}))
    assert someone.post(named(weight(someone.id))).status_code == 201
    found = someone.get("/StructureDefinition", params={"url": URL}).json()
    assert found["total"] == 2


def test_profile_alone(someone):
    """An own profile on FHIR's own type is enough of a profile to name."""
    url = OWN + "StructureDefinition/mood"
    store(someone, profile(url, CORE + "Observation"))
    o = weight(someone.id)
    o["meta"]["profile"] = [url]
    r = someone.post(o)
    assert r.status_code == 422 and "Observation.note" in r.text
    o["note"] = [{"text": "x"}]
    assert someone.post(o).status_code == 201
    assert someone.post(dict(o, status="no")).status_code == 422


def bound(vs):
    return profile(OWN + "StructureDefinition/mood", CORE + "Observation",
                   differential={"element": [
                       {"id": "Observation.code", "path": "Observation.code",
                        "binding": {"strength": "required", "valueSet": vs}},
                       {"id": "Observation.value[x]",
                        "path": "Observation.value[x]",
                        "constraint": [{
                            "key": "mood-1", "severity": "error",
                            "human": "No moods above ten",
                            "expression": "($this as Quantity).value <= 10"}],
                        "type": [{"code": "Quantity"}]}]})


def test_terminology(someone):
    """A code system, a value set of it and a profile bound to that."""
    store(someone, terms("CodeSystem", "moods", content="complete",
                         caseSensitive=True,
                         concept=[{"code": "good"}, {"code": "bad"}]))
    vs = store(someone, terms("ValueSet", "mood", compose={"include": [
        {"system": OWN + "CodeSystem/moods"}]})).json()
    store(someone, bound(vs["url"]))
    o = weight(someone.id)
    o["meta"]["profile"] = [OWN + "StructureDefinition/mood"]

    def mood(code, value=7):
        o["code"] = {"coding": [
            {"system": OWN + "CodeSystem/moods", "code": code}]}
        o["valueQuantity"]["value"] = value
        return someone.post(o)

    assert mood("good").status_code == 201
    r = mood("so-so")
    assert r.status_code == 422, r.text
    assert "Observation.code" in places(r.json())
    assert any("so-so" in i["diagnostics"] for i in errors(outcome(r)))
    r = mood("bad", 11)
    assert r.status_code == 422 and "mood-1" in r.text
    # an own invariant counts as often as it is asked
    assert mood("bad", 11).status_code == 422
    vs["compose"] = {"include": [{"system": OWN + "CodeSystem/moods",
                                  "concept": [{"code": "good"}]}]}
    assert update(someone, vs).status_code == 200
    assert mood("bad").status_code == 422
    assert mood("good").status_code == 201


def test_versions_of_fhir_are_apart(someone):
    base = PHR + "fiphr-bodyweight-stu3"
    store(someone, profile(base=base, fhir="stu3"), "stu3")
    r = someone.post(named(weight(someone.id, fhir="stu3")), "stu3")
    assert r.status_code == 422 and "Observation.comment" in r.text
    assert someone.post(named(weight(someone.id))).status_code == 201
    assert someone.get("/StructureDefinition",
                       params={"url": URL}).json()["total"] == 0


# ---- refusals ---------------------------------------------------------------

@pytest.mark.parametrize("resource", [
    profile(PHR + "fiphr-sd-bodyweight"),
    profile(PHR + "fiphr-sd-bodyweight|9.0"),
    profile(PHR + "of-our-own"),
    profile(CORE + "Observation", CORE + "DomainResource"),
    terms("ValueSet", "x", url="http://phr.kanta.fi/ValueSet/fitness-category",
          compose={"include": [{"system": OWN + "a"}]}),
    terms("CodeSystem", "x", url="http://unitsofmeasure.org",
          content="not-present"),
    terms("CodeSystem", "x", content="not-present",
          url="http://terminology.hl7.org/CodeSystem/observation-category"),
], ids=lambda r: r["resourceType"] + " " + r["url"].split("/", 2)[-1])
def test_official_ones_stay(someone, resource):
    kind = resource["resourceType"]
    r = someone.post(resource, path="/" + kind)
    assert r.status_code == 403, r.text
    issue, = outcome(r)["issue"]
    assert resource["url"].split("|")[0] in issue["diagnostics"]
    assert "cannot be overwritten" in issue["diagnostics"]
    assert issue["details"]["coding"][0]["code"] == "KPHR-REST-0141"
    assert issue["details"]["text"]
    assert issue["location"] == [kind + ".url"]
    assert someone.post(weight(someone.id)).status_code == 201


def test_update_to_an_official_one(someone):
    stored = store(someone, profile()).json()
    r = update(someone, dict(stored, url=PHR + "fiphr-sd-bodyweight"))
    assert r.status_code == 403, r.text
    lacks_note(someone.post(named(weight(someone.id))))


def elements(*more):
    return {"element": list(more)}


@pytest.mark.parametrize("change, place, word", [
    ({"baseDefinition": OWN + "nowhere"}, "StructureDefinition", "nowhere"),
    ({"differential": elements(
        {"id": "Observation.note", "path": "Observation.note"},
        {"id": "Observation.mood", "path": "Observation.mood", "min": 1})},
     "StructureDefinition.differential.element[1]", "mood"),
    ({"differential": elements(
        {"id": "Observation.note", "path": "Observation.note",
         "constraint": [
             {"key": "a-1", "severity": "error", "human": "h",
              "expression": "text.exists()"},
             {"key": "a-2", "severity": "error", "human": "h",
              "expression": "text.exists("}]})},
     "StructureDefinition.differential.element[0].constraint[1].expression",
     "FHIRPath"),
    ({"type": "Patient", "differential": elements(
        {"id": "Patient.name", "path": "Patient.name", "min": 1})},
     "StructureDefinition", "Patient"),
    ({"differential": elements(
        {"id": "Observation.note", "path": "Observation.note",
         "type": [{"code": "Annotatoin"}]})},
     "StructureDefinition.differential.element[0]", "Annotatoin"),
])
def test_not_to_be_used(someone, change, place, word):
    """Nothing is stored, and the reason says where it is."""
    r = someone.post(profile(**change), path="/StructureDefinition")
    assert r.status_code == 422, r.text
    issue = next(i for i in errors(outcome(r)) if word in i["diagnostics"])
    assert issue["location"] == [place], issue
    if issue["details"]["coding"][0]["code"] == "KPHR-REST-0143":
        assert issue["expression"] == [place], issue
        assert any(e["url"].endswith("issue-line")
                   for e in issue["extension"]), issue
    found = someone.get("/StructureDefinition", params={"url": URL}).json()
    assert found["total"] == 0
    assert someone.post(named(weight(someone.id))).status_code == 201


def test_others_would_suffer(someone):
    """An update that makes what is based on it useless is refused."""
    base = store(someone, profile(differential=elements(
        {"id": "Observation.note", "path": "Observation.note",
         "slicing": {"discriminator": [{"type": "value", "path": "text"}],
                     "rules": "open"}}))).json()
    above = store(someone, profile(URL + "-2", URL, differential=elements(
        {"id": "Observation.note:a", "path": "Observation.note",
         "sliceName": "a", "min": 1}))).json()
    r = update(someone, dict(base, differential=elements(
        {"id": "Observation.note", "path": "Observation.note", "min": 1})))
    assert r.status_code == 422, r.text
    assert "StructureDefinition/" + above["id"] in r.text
    assert someone.get("/StructureDefinition/" +
                       base["id"]).json()["meta"]["versionId"] == "1"


def test_form_comes_first(someone):
    broken = profile()
    del broken["name"]
    r = someone.post(broken, path="/StructureDefinition")
    assert r.status_code == 422, r.text
    assert "StructureDefinition.name" in r.text


def test_validation_tells_the_same(someone):
    """$validate, and nothing is stored."""
    path = "/StructureDefinition/$validate"
    r = someone.post(profile(baseDefinition=OWN + "nowhere"), path=path)
    assert any("nowhere" in i["diagnostics"] for i in errors(outcome(r)))
    r = someone.post(profile(), path=path)
    assert r.status_code == 200 and not errors(outcome(r)), r.text
    assert someone.post(named(weight(someone.id))).status_code == 201


# ---- transactions -----------------------------------------------------------

def bundle(kind, *resources):
    return {"resourceType": "Bundle", "type": kind, "entry": [
        {"resource": r, "request": {"method": "POST",
                                    "url": r["resourceType"]}}
        for r in resources]}


def test_transaction_takes_it_back(someone):
    """All or nothing holds for definitions as well."""
    bad = dict(weight(someone.id), status="no")
    r = someone.post(bundle("transaction", profile(), bad), path="/")
    assert r.status_code >= 400, r.text
    assert someone.post(named(weight(someone.id))).status_code == 201
    found = someone.get("/StructureDefinition", params={"url": URL}).json()
    assert found["total"] == 0


def test_batch_goes_on_with_it(someone):
    """Within a batch, too, it holds for what comes behind it."""
    r = someone.post(bundle("batch", profile(), named(weight(someone.id)),
                            weight(someone.id)), path="/")
    assert r.status_code == 200, r.text
    status = [e["response"]["status"][:3] for e in r.json()["entry"]]
    assert status == ["201", "422", "201"], r.text
    lacks_note(someone.post(named(weight(someone.id))))


# ---- official ones as resources ---------------------------------------------

NATIONAL = pathlib.Path(__file__).parents[2] / "profiles"


def definitions_of(fhir):
    """What the repository holds for that version, by (type, id)."""
    files = {"r4": ["finnish-phr-r4/*"],
             "stu3": ["finnish-phr-r4/fiphr-cs-*", "finnish-phr-r4/fiphr-vs-*",
                      "finnish-phr-stu3/*"]}[fhir]
    found = {}
    for pattern in files:
        for path in NATIONAL.glob(pattern + ".json"):
            d = json.loads(path.read_text())
            found[d["resourceType"], d["id"]] = d
    return found


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_official_ones_are_read(someone, fhir):
    wanted = definitions_of(fhir)
    assert len(wanted) > 40
    got = {}
    for kind in ("StructureDefinition", "ValueSet", "CodeSystem"):
        r = someone.get(f"/{kind}?_count=100", fhir)
        assert r.status_code == 200, r.text
        for e in r.json()["entry"]:
            got[kind, e["resource"]["id"]] = e["resource"]
    assert got.keys() == wanted.keys()
    updated = {"r4": "2021-11-24T00:00:00.000+02:00",
               "stu3": "2018-06-15T00:00:00.000+03:00"}[fhir]
    for key, resource in got.items():
        assert resource["meta"] == {"versionId": "1", "lastUpdated": updated}
        assert resource["url"] == wanted[key]["url"]
        assert "urn:mock-kanta-phr" not in json.dumps(resource)
    url = PHR + {"r4": "fiphr-sd-bodyweight",
                 "stu3": "fiphr-bodyweight-stu3"}[fhir]
    found, = someone.get("/StructureDefinition", fhir,
                         params={"url": url}).json()["entry"]
    identity = found["resource"]["id"]
    r = someone.get("/StructureDefinition/" + identity, fhir)
    assert r.json() == found["resource"] and r.headers["ETag"] == 'W/"1"'
    r = someone.get(f"/StructureDefinition/{identity}/_history/1", fhir)
    assert r.json() == found["resource"]


def test_official_ones_come_and_go(someone, fresh, start):
    """A request that is refused leaves none behind, and a reset none."""
    path = "/StructureDefinition/fiphr-sd-bodyweight"
    assert someone.get("/StructureDefinition/none").status_code == 404
    assert someone.get(path).status_code == 200
    fresh.admin("POST", "/reset", status=204)
    someone = fresh.person(fresh.register())
    assert someone.get(path).status_code == 200
    r = someone.fhir("DELETE", path)
    assert r.status_code in (400, 405), r.text
    s = start("--profiles", "none")
    someone = s.person(s.register())
    assert someone.get(path).status_code == 404


def test_update_of_an_official_resource(someone):
    official = someone.get("/StructureDefinition/fiphr-sd-bodyweight").json()
    assert update(someone, official).status_code == 403
    r = update(someone, dict(profile(), id="fiphr-sd-bodyweight"))
    assert r.status_code == 403, r.text
    assert "by POST" in errors(outcome(r))[0]["diagnostics"]
    # a copy that is one's own
    r = someone.post(dict(official, url=URL, name="Copy"),
                     path="/StructureDefinition")
    assert r.status_code == 201, r.text


# ---- how long it holds ------------------------------------------------------

def test_reset_takes_it(someone, fresh):
    store(someone, profile())
    lacks_note(someone.post(named(weight(someone.id))))
    fresh.admin("POST", "/reset", status=204)
    again = fresh.person(fresh.register())
    assert again.post(named(weight(again.id))).status_code == 201
    store(again, profile())
    lacks_note(again.post(named(weight(again.id))))


def test_restart_keeps_it(start, tmp_path):
    db = ("--db", tmp_path / "phr.db", "--errors", "explain")
    s = start(*db)
    app = s.register()
    someone = s.person(app)
    store(someone, profile())
    s.stop()
    s = start(*db)
    someone = s.person(app)
    lacks_note(someone.post(named(weight(someone.id))))
    s.stop()
    # with other definitions below it, it may not be usable any more
    s = start(*db, "--profiles", "none", "--set", "allow_test_profiles=on")
    someone = s.person(app)
    o = weight(someone.id)
    o["meta"]["profile"] = [URL]
    assert someone.post(o).status_code in (201, 422)
    assert "left out" in s.log()


def test_package_wins(start, tmp_path):
    """What came with --package is not to be overwritten."""
    (tmp_path / "p.json").write_text(json.dumps(
        profile(id="weighed", version="1.0")))
    s = start("--package", tmp_path / "p.json")
    someone = s.person(s.register())
    r = someone.post(profile(), path="/StructureDefinition")
    assert r.status_code == 403, r.text
    assert someone.post(named(weight(someone.id))).status_code == 422


# ---- environments -----------------------------------------------------------

def test_open_sandbox(fresh):
    """Anybody may, there."""
    r = fresh.request("POST", OPEN + "/StructureDefinition", json=profile(),
                      headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 201, r.text
    someone = fresh.person(fresh.register())
    lacks_note(someone.post(named(weight(someone.id))))


@pytest.mark.parametrize("options", [
    ["--environment", "client-test", "--client-certificate", "off"],
    ["--set", "allow_test_profiles=off"],
])
def test_switched_off(start, options):
    s = start("--errors", "explain", *options)
    someone = s.person(s.register())
    r = someone.post(profile(), path="/StructureDefinition")
    assert r.status_code == 403, r.text
    issue, = outcome(r)["issue"]
    assert "allow_test_profiles=on" in issue["diagnostics"]
    assert "--package" in issue["diagnostics"]
    assert someone.post(named(weight(someone.id))).status_code == 201


def test_needs_a_token(fresh):
    r = fresh.request("POST", "/phr-resourceserver/baseR4/StructureDefinition",
                      json=profile(), headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 401


def test_of_a_fixture(start, tmp_path):
    """A fixture may hold definitions anywhere, and what they judge."""
    doc = {"citizens": [{"hetu": "010190-900P",
                         "patient_id": "90090090-0900-4900-8900-900900900900"}],
           "resources": [{"fhir": "r4", "hetu": "010190-900P",
                          "resource": profile(id="weighed")}]}
    (tmp_path / "f.json").write_text(json.dumps(doc))
    s = start("--environment", "client-test", "--client-certificate", "off",
              "--errors", "explain",
              "--fixtures", tmp_path / "f.json")
    someone = s.person(s.register())
    lacks_note(someone.post(named(weight(someone.id))))
    s.admin("POST", "/reset", status=204)
    someone = s.person(s.register())
    lacks_note(someone.post(named(weight(someone.id))))
