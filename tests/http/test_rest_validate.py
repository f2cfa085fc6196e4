# SPDX-License-Identifier: Apache-2.0
"""$validate: each verdict is compared with what storing the same thing says,
and nothing is ever stored by it."""
import json
import uuid

import pytest

from support import (FHIR_JSON, PHR, Person, errors, outcome, patient_resource,
                     weight)

BOTH = ["r4", "stu3"]
FINE = "No issues detected during validation"


def validate(person, body, fhir="r4", path="/Observation", status=200, **more):
    """POST path/$validate; more: the query. The outcome."""
    r = person.fhir("POST", path + "/$validate", fhir, params=more,
                    headers={"Content-Type": FHIR_JSON},
                    data=body if isinstance(body, str) else json.dumps(body))
    assert r.status_code == status, r.text
    return outcome(r)


def parameters(**more):
    kinds = {"resource": "resource", "mode": "valueCode",
             "profile": "valueUri"}
    return {"resourceType": "Parameters", "parameter": [
        {"name": n, kinds[n]: v} for n, v in more.items()]}


def texts(o):
    return [i["diagnostics"] for i in errors(o)]


def fine(o):
    return not errors(o)


@pytest.fixture
def stored(person):
    return person.post(weight(person.id), status=201).json()


def total(person, fhir="r4"):
    return person.search("&_summary=count", fhir)["total"]


@pytest.mark.parametrize("fhir", BOTH)
def test_valid(person, fhir):
    o = validate(person, weight(person.id, fhir=fhir), fhir)
    issue, = o["issue"]
    assert (issue["severity"], issue["code"], issue["diagnostics"]) == (
        "information", "informational", FINE)
    assert total(person, fhir) == 0


def bad_unit(o):
    o["valueQuantity"]["code"] = "lb"


def no_subject(o):
    del o["subject"]


def no_profile(o):
    del o["meta"]


def other_subject(o):
    o["subject"] = {"reference": "Patient/" + str(uuid.UUID(int=1))}


def dangling(o):
    o["performer"] = [{"reference": "Patient/" + str(uuid.UUID(int=1))}]


def external(o):
    o["subject"] = {"reference": "http://fish.example/Patient/1"}


def wrong_type(o):
    o["resourceType"] = "Patient"


def wrong_case(o):
    o["resourceType"] = "observation"


def unknown_profile(o):
    o["meta"]["profile"] = [PHR + "fish"]


def unknown_member(o):
    o["fish"] = 1


BROKEN = [bad_unit, no_subject, no_profile, other_subject, dangling, external,
          unknown_profile, unknown_member]


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("break_it", BROKEN)
@pytest.mark.parametrize("wrapped", [False, True])
def test_says_what_a_create_says(person, fhir, break_it, wrapped):
    sent = weight(person.id, fhir=fhir)
    break_it(sent)
    r = person.post(sent, fhir)
    assert r.status_code >= 400
    o = validate(person, parameters(resource=sent) if wrapped else sent, fhir)
    assert texts(o) == texts(outcome(r))
    places = [i.get("location") for i in errors(o)]
    assert places == [i.get("location") for i in errors(outcome(r))]


@pytest.mark.parametrize("break_it", [wrong_type, wrong_case])
def test_a_type_that_is_not_the_urls(person, break_it):
    sent = weight(person.id)
    break_it(sent)
    said = texts(outcome(person.post(sent, status=400)))
    assert texts(validate(person, sent))[0] == said[0]


@pytest.mark.parametrize("fhir", BOTH)
def test_says_what_an_update_says(person, fhir):
    sent = weight(person.id, fhir=fhir)
    id = person.post(sent, fhir, status=201).json()["id"]
    changes = [
        {}, {"id": id}, {"id": "fish"}, {"id": id, "status": "fish"},
        {"id": id, "subject": {"reference": "Patient/1"}},
        {"id": id, "valueQuantity": {"value": 80, "unit": "kg", "code": "kg",
                                     "system": "http://unitsofmeasure.org"}}]
    for change in changes:
        body = dict(sent, **change)
        o = validate(person, body, fhir, "/Observation/" + id)
        assert total(person, fhir) == 1
        assert person.get(f"/Observation/{id}", fhir).json()["meta"][
            "versionId"] == "1"
        if change == changes[-1] or change == {"id": id}:
            assert fine(o), o
            continue
        r = person.fhir("PUT", "/Observation/" + id, fhir,
                        data=json.dumps(body),
                        headers={"Content-Type": FHIR_JSON})
        assert texts(o) == texts(outcome(r)) != []


def test_update_of_what_is_not_there(person):
    body = dict(weight(person.id), id="fish")
    assert texts(validate(person, body, path="/Observation/fish")) == [
        "Resource Observation/fish is not known"]
    assert texts(validate(person, body, mode="update")) == [
        "Resource Observation/fish is not known"]
    assert fine(validate(person, body))  # a create takes no notice of an id
    assert fine(validate(person, body, path="/Observation/fish",
                         mode="create"))


def test_modes(person, stored):
    at = "/Observation/" + stored["id"]
    for body in ("", parameters(mode="delete"), dict(stored)):
        mode = {} if isinstance(body, dict) and "parameter" in body else {
            "mode": "delete"}
        assert fine(validate(person, body, path=at, **mode))
    assert person.get(at).status_code == 200
    assert fine(validate(person, parameters(mode="update", resource=stored)))
    assert fine(validate(person, parameters(mode="create", resource=stored)))
    assert total(person) == 1
    for mode in ("fish", "Create"):
        o = validate(person, stored, status=400, mode=mode)
        assert texts(o)[0].startswith(f'Invalid mode "{mode}"')
        validate(person, parameters(mode=mode, resource=stored), status=400)


def test_deletes_that_are_refused(server, person, stored):
    assert texts(validate(person, "", path="/Observation/fish",
                          mode="delete")) == [
        "Resource Observation/fish is not known"]
    assert texts(validate(person, "", path="/Patient/" + person.id,
                          mode="delete")) == [
        "Resources of type Patient cannot be deleted"]
    app = server.register(client_name="Another")
    them = Person(server, {"hetu": person.hetu, "patient_id": person.id}, app,
                  server.issue(app, person.hetu))
    at = "/Observation/" + stored["id"]
    said = outcome(them.fhir("DELETE", at))
    assert texts(validate(them, "", path=at, mode="delete")) == texts(said)
    body = dict(stored, status="amended")
    assert not fine(validate(them, body, path=at))


@pytest.mark.parametrize("path,mode,text", [
    ("/Observation", "", "No resource supplied for $validate operation "
     '(resource is required unless mode is "delete")'),
    ("/Observation", "create", "No resource supplied"),
    ("/Observation", "update", "No resource supplied"),
    ("/Observation/1", "", "No resource supplied"),
    ("/Observation", "delete", "No ID supplied. ID is required when "
     'validating with mode of "delete"')])
def test_without_a_resource(person, path, mode, text):
    for body in ("", parameters(), parameters(resource="x"),
                 {"resourceType": "Parameters"}):
        o = validate(person, body, path=path, status=400, mode=mode)
        assert texts(o)[0].startswith(text)


def test_update_without_an_id(person):
    o = validate(person, weight(person.id), mode="update", status=400)
    assert texts(o) == [
        'No ID supplied. ID is required when validating with mode of "update"']


@pytest.mark.parametrize("body", ["{", "[]", "{}", "null", '{"a":1,"a":2}'])
def test_what_is_no_resource(person, body):
    r = person.post(body, status=400)
    assert texts(validate(person, body, status=400)) == texts(outcome(r))


@pytest.mark.parametrize("fhir,name", [("r4", "fiphr-sd-bloodpressure"),
                                       ("stu3", "fiphr-bloodpressure-stu3")])
def test_profiles(person, fhir, name):
    sent = weight(person.id, fhir=fhir)
    for o in (validate(person, sent, fhir, profile=PHR + name),
              validate(person, parameters(resource=sent, profile=PHR + name),
                       fhir)):
        assert not fine(o)
        assert total(person, fhir) == 0
    own = sent["meta"]["profile"][0]
    assert fine(validate(person, sent, fhir, profile=own))
    o = validate(person, sent, fhir, profile=PHR + "fish")
    assert any(PHR + "fish" in t for t in texts(o)), o
    many = {"profile": [own] * 20}
    assert fine(validate(person, sent, fhir, **many))
    validate(person, sent, fhir, status=400, profile=[own] * 21)


@pytest.mark.parametrize("fhir", BOTH)
def test_what_is_stored(person, fhir):
    id = person.post(weight(person.id, fhir=fhir), fhir,
                     status=201).json()["id"]
    r = person.get(f"/Observation/{id}/$validate", fhir)
    assert r.status_code == 200 and fine(outcome(r))
    r = person.get(f"/Observation/{id}/$validate", fhir,
                   params={"profile": PHR + "fish"})
    assert r.status_code == 200 and not fine(outcome(r))
    assert person.get("/Observation/fish/$validate",
                      fhir).status_code == 404
    assert person.get(f"/Patient/{person.id}/$validate",
                      fhir).status_code == 200


def test_others_see_nothing(person, other):
    theirs = other.post(weight(other.id), status=201).json()
    at = "/Observation/" + theirs["id"]
    assert person.get(at + "/$validate").status_code == 403
    assert not fine(validate(person, dict(weight(person.id), id=theirs["id"]),
                             path=at))
    assert not fine(validate(person, "", path=at, mode="delete"))


def test_patient(person):
    mine = patient_resource(person.id)
    assert fine(validate(person, dict(mine, id=person.id), path="/Patient",
                         mode="update"))
    r = person.post(mine, path="/Patient")
    assert texts(validate(person, mine, path="/Patient")) == (
        texts(outcome(r)) if r.status_code >= 400 else [])


def test_read_is_permission_enough(server, app):
    person = server.person(app, scope="patient/Observation.read")
    assert fine(validate(person, weight(person.id)))
    assert person.post(weight(person.id)).status_code == 403
    r = person.fhir("POST", "/CarePlan/$validate", data="{}",
                    headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 403


def test_switches(start):
    with start("--set", "validate_op=off") as s:
        person = s.person(s.register())
        o = validate(person, weight(person.id), status=400)
        assert texts(o) == [
            "Invalid request: The FHIR endpoint on this server does not know "
            "how to handle POST operation[Observation/$validate] with "
            "parameters [[]]"]
    with start("--set", "validate_op_status=412") as s:
        person = s.person(s.register())
        assert fine(validate(person, weight(person.id)))
        sent = weight(person.id)
        bad_unit(sent)
        assert not fine(validate(person, sent, status=412))


def test_warnings_are_told(person):
    sent = weight(person.id)
    sent["code"]["coding"][0]["display"] = "Kala"
    o = validate(person, sent)
    assert fine(o)
    assert {i["severity"] for i in o["issue"]} <= {"warning", "information"}


def test_nothing_is_used_up(own, person):
    """Neither serial numbers nor versions tell of a validation."""
    first = person.post(weight(person.id), status=201).json()
    for _ in range(3):
        validate(person, weight(person.id))
        validate(person, first, path="/Observation/" + first["id"])
        validate(person, "", path="/Observation/" + first["id"], mode="delete")
    before = own.admin("GET", "/state", status=200).json()["counts"]
    validate(person, weight(person.id))
    after = own.admin("GET", "/state", status=200).json()["counts"]
    assert before == after
    assert person.get("/Observation/" + first["id"]).json() == first


def test_in_a_batch(person, stored):
    """An entry that validates takes nothing back but what it did itself."""
    sent = weight(person.id)
    bad = weight(person.id)
    bad_unit(bad)

    def entry(method, url, resource=None):
        e = {"request": {"method": method, "url": url}}
        if resource:
            e["resource"] = resource
        return e
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [
        entry("POST", "Observation", sent),
        entry("POST", "Observation/$validate", sent),
        entry("POST", "Observation/$validate", bad),
        entry("GET", f"Observation/{stored['id']}/_history"),
        entry("GET", f"Observation/{stored['id']}/$validate")]}
    r = person.post(bundle, path="/")
    assert r.status_code == 200, r.text
    got = r.json()["entry"]
    assert [e["response"]["status"][:3] for e in got] == [
        "201", "200", "200", "200", "200"]
    assert total(person) == 2
    assert got[3]["resource"]["total"] == 1
    said = [e.get("resource") or e["response"].get("outcome") for e in got]
    assert [bool(errors(said[i])) for i in (1, 2, 4)] == [False, True, False]
