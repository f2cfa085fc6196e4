# SPDX-License-Identifier: Apache-2.0
"""The control API on what is in the server: fixture documents, permissions
that are remembered, data that a citizen deletes, what My Kanta shows, the
profiles in force."""
import base64
import json

import pytest
import support
from support import CALLBACK, Server, weight

pytestmark = pytest.mark.skipif(not support.MOCK, reason="needs the binary")


@pytest.fixture(scope="module")
def s():
    with Server() as server:
        yield server


@pytest.fixture
def person(s):
    return s.person(s.register())


# ---- fixtures ---------------------------------------------------------------

def test_a_fixture_document_is_loaded_and_told(s):
    hetu = s.citizen()["hetu"]
    patient = s.admin("GET", "/citizens/" + hetu).json()["patient_id"]
    made = s.admin("POST", "/fixtures", {
        "citizens": [{"age": 40}, {"hetu": hetu}],
        "clients": [{"client_name": "x", "redirect_uris": [CALLBACK],
                     "scope": support.SCOPE}],
        "permissions": [{"client_id": "demo-app", "hetu": hetu}],
        "consents": [{"hetu": hetu, "decision": "consent"}],
        "treatments": [{"hetu": hetu, "client_id": "demo-professional"}],
        "resources": [{"fhir": "r4", "resource": weight(patient)}],
    }, 201).json()
    assert made["citizens"][1] == {"hetu": hetu, "patient_id": patient}
    s.admin("GET", "/citizens/" + made["citizens"][0]["hetu"], status=200)
    assert made["clients"][0]["client_secret"]
    assert made["permissions"][0]["hetu"] == hetu
    assert len(made["consents"]) == len(made["treatments"]) == 1
    resource = made["resources"][0]
    assert (resource["fhir"], resource["type"], resource["version"]) == (
        "r4", "Observation", 1)
    r = s.request("GET", "/open/phr-resourceserver/baseR4/Observation/"
                  + resource["id"])
    assert r.status_code == 200


@pytest.mark.parametrize("wrong, where", [
    ({"citizens": [{"age": 40}, {"hetu": "010101-123N"}]}, "/citizens/1"),
    ({"citizens": [{"age": 40}], "permissions": [
        {"client_id": "none", "hetu": "010190-900P"}]}, "/permissions/0"),
    ({"citizens": [{"age": 40}], "citisens": []}, "/citisens"),
    ({"citizens": {"age": 40}}, "/citizens"),
    ({"citizens": [{"age": 40}], "resources": [{"fhir": "r4"}]},
     "/resources/0"),
])
def test_all_of_it_or_nothing(s, wrong, where):
    before = s.admin("GET", "/state").json()["counts"]
    r = s.admin("POST", "/fixtures", wrong)
    assert r.status_code in (400, 404, 409), r.text
    assert r.json()["error"]["where"] == where
    assert set(r.json()) == {"error"}
    assert s.admin("GET", "/state").json()["counts"] == before


# ---- permissions ------------------------------------------------------------

def test_a_remembered_permission_needs_no_page(s):
    app = s.register()
    hetu = s.citizen()["hetu"]
    got = s.admin("POST", "/permissions", {
        "client_id": app["client_id"], "hetu": hetu,
        "scope": "patient/Observation.read"}, 201).json()
    assert got["scope"] == "patient/Observation.read"
    moved = s.advance("P400D")
    assert moved["expired"]["approvals"] == 0  # until it is withdrawn
    count = s.admin("POST", "/permissions/withdraw", {
        "client_id": app["client_id"], "hetu": hetu}, 200).json()["count"]
    assert count == 1


@pytest.mark.parametrize("body, status, where", [
    ({"client_id": "none", "hetu": "010190-900P"}, 404, "/client_id"),
    ({"client_id": "demo-app", "hetu": "x"}, 400, "/hetu"),
    ({"client_id": "demo-app", "hetu": "010190-900P", "scope": "x"}, 400,
     "/scope"),
    ({"client_id": "demo-app"}, 400, "/hetu"),
    ({"client_id": "demo-professional", "hetu": "010190-900P"}, 403,
     "/client_id"),
])
def test_permissions_that_cannot_be(s, body, status, where):
    error = s.admin("POST", "/permissions", body, status).json()["error"]
    assert error["where"] == where


# ---- behaviours -------------------------------------------------------------

def behave(s, hetu, *words):
    return s.admin("POST", "/citizens", {"hetu": hetu,
                                         "behaviours": list(words)}, 201)


def test_one_who_is_heavy(s, person):
    behave(s, person.hetu, "heavy")
    assert person.search("&_summary=count")["total"] == 10000
    page = person.search("&_count=3&_sort=-date")
    assert len(page["entry"]) == 3
    behave(s, person.hetu, "heavy")  # as it is
    assert person.search("&_summary=count")["total"] == 10000
    behave(s, person.hetu, "empty")
    assert person.search("&_summary=count")["total"] == 0
    assert person.get("/Patient/" + person.id).status_code == 200


def test_one_who_withdraws(s, person):
    other = s.person(person.app)
    behave(s, person.hetu, "withdrawn")
    assert person.get("/Patient/" + person.id).status_code == 401
    assert other.get("/Patient/" + other.id).status_code == 200


def test_one_who_has_died_does_not_log_in(s, person):
    behave(s, person.hetu, "deceased")
    told = s.admin("POST", "/authorize", {
        "client_id": person.app["client_id"], "redirect_uri": CALLBACK,
        "scope": support.SCOPE, "hetu": person.hetu, "decision": "approve"})
    assert "access_denied" in told.text
    s.admin("POST", "/tokens", {"client_id": person.app["client_id"],
                                "hetu": person.hetu}, 403)
    assert person.get("/Patient/" + person.id).status_code == 200


def test_one_who_consents_to_professional_use(s, person):
    before = s.admin("GET", "/consents?hetu=" + person.hetu).json()
    behave(s, person.hetu, "professional-consent")
    behave(s, person.hetu, "professional-consent")
    after = s.admin("GET", "/consents?hetu=" + person.hetu).json()
    assert len(after["consents"]) == len(before["consents"]) + 1


def test_slow_says_what_to_do(s, person):
    error = s.admin("POST", "/citizens", {
        "hetu": person.hetu, "behaviours": ["slow"]}, 400).json()["error"]
    assert error["where"] == "/behaviours" and "delay_ms" in error["message"]


# ---- tokens -----------------------------------------------------------------

@pytest.mark.parametrize("call", ["expire", "revoke"])
def test_tokens_of_a_type(s, person, call):
    def ended(**more):
        return s.admin("POST", "/tokens/" + call, more, 200).json()["count"]

    assert ended(type="refresh", hetu=person.hetu) == 1
    assert person.get("/Patient/" + person.id).status_code == 200
    s.token(person.app, 401, grant_type="refresh_token",
            refresh_token=person.tokens["refresh_token"])
    assert ended(type="refresh", token=person.token) == 0
    assert ended(type="access", token=person.token) == 1
    assert person.get("/Patient/" + person.id).status_code == 401
    error = s.admin("POST", "/tokens/" + call, {"type": "id"},
                    400).json()["error"]
    assert error["where"] == "/type"


# ---- keys -------------------------------------------------------------------

def kid_of(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]


def test_keys_are_rotated(start):
    s = start()
    app = s.register()
    hetu = s.citizen()["hetu"]

    def jwks():
        return s.http.get(s.auth + "/jwk").json()["keys"]

    first = jwks()
    assert [k["kid"] for k in first] == ["rsa1"]
    old = s.issue(app, hetu)["access_token"]
    s.admin("POST", "/snapshots", {"name": "a"}, 201)
    told = s.admin("POST", "/keys/rotate", status=200).json()
    assert told["kid"] == "rsa2" and told["keys"] == jwks()
    assert jwks()[1] == first[0] and jwks()[0]["n"] != first[0]["n"]
    new = s.issue(app, hetu)["access_token"]
    assert (kid_of(old), kid_of(new)) == ("rsa1", "rsa2")
    for token in (old, new):
        r = s.request("GET", "/phr-resourceserver/baseR4/Patient",
                      headers={"Authorization": "Bearer " + token})
        assert r.status_code != 401
    for n in range(3, 6):
        s.admin("POST", "/keys/rotate", status=200)
    assert [k["kid"] for k in jwks()] == ["rsa5", "rsa4", "rsa3"]
    s.admin("POST", "/snapshots/a/restore", status=200)
    assert jwks() == first
    assert kid_of(s.issue(app, hetu)["access_token"]) == "rsa1"


def test_rotated_keys_follow_from_the_seed():
    keys = []
    for _ in range(2):
        with Server("--seed", 1) as s:
            keys.append(s.admin("POST", "/keys/rotate").json()["keys"])
    assert keys[0] == keys[1]
    assert keys[0][0]["n"] != keys[0][1]["n"]


# ---- data that a citizen deletes --------------------------------------------

def test_data_goes_behind_the_application(s, person):
    other = s.person(person.app)
    kept = other.post(weight(other.id), status=201).json()["id"]
    gone = [person.post(weight(person.id), status=201).json()["id"]
            for _ in range(3)]
    stu3 = person.post(weight(person.id, fhir="stu3"), "stu3",
                       status=201).json()["id"]
    path = f"/citizens/{person.hetu}/delete-data"
    told = s.admin("POST", path, {"type": "MedicationAdministration"}, 200)
    assert told.json() == {"count": 0}
    assert person.search()["total"] == 3
    assert s.admin("POST", path, {}, 200).json() == {"count": 4}
    for one in gone:
        assert person.get("/Observation/" + one).status_code == 410
    assert person.get("/Observation/" + stu3, "stu3").status_code == 410
    assert person.search()["total"] == 0
    assert person.get("/Patient/" + person.id).status_code == 200
    assert other.get("/Observation/" + kept).status_code == 200
    assert s.admin("POST", path, {}, 200).json() == {"count": 0}


def test_only_what_is_old(s, person):
    old = person.post(weight(person.id), status=201).json()["id"]
    s.advance("P10D")
    person.token = s.issue(person.app, person.hetu)["access_token"]
    new = person.post(weight(person.id), status=201).json()["id"]
    path = f"/citizens/{person.hetu}/delete-data"
    assert s.admin("POST", path, {"older_than": "P11D"}).json()["count"] == 0
    assert s.admin("POST", path, {"older_than": "P5D"}).json()["count"] == 1
    assert person.get("/Observation/" + old).status_code == 410
    assert person.get("/Observation/" + new).status_code == 200
    assert s.admin("POST", path, {"older_than": "2200-01-01"}
                   ).json()["count"] == 1


@pytest.mark.parametrize("body, where", [
    ({"type": "Observations"}, "/type"), ({"type": "Patient"}, "/type"),
    ({"type": "Questionnaire"}, "/type"),
    ({"older_than": "yesterday"}, "/older_than"), ({"all": 1}, "/all"),
])
def test_what_cannot_be_deleted(s, person, body, where):
    error = s.admin("POST", f"/citizens/{person.hetu}/delete-data", body,
                    400).json()["error"]
    assert error["where"] == where


# ---- what My Kanta shows ----------------------------------------------------

def test_what_is_shown(s, person):
    made = person.post(weight(person.id), status=201).json()["id"]
    bare = {"resourceType": "Observation", "status": "final",
            "code": {"text": "?"},
            "subject": {"reference": "Patient/" + person.id}}
    s.admin("PUT", "/settings", {"profile_required": "off"}, 200)
    person.post(bare, status=201)
    s.admin("PUT", "/settings", {"profile_required": "all"}, 200)
    path = f"/citizens/{person.hetu}/display"
    told = s.admin("GET", path + "?lang=en", status=200).json()
    assert told["patient_id"] == person.id and told["complete"]
    kinds = {k["kind"]: k for k in told["kinds"]}
    one = kinds["bodyweight"]["entries"][0]
    assert one["id"] == made and one["fhir"] == "r4"
    assert "72.5" in one["value"] and "kg" in one["value"]
    assert one["client_id"] == person.app["client_id"]
    assert one["warnings"] == []
    other = kinds["other"]["entries"][0]["warnings"]
    assert any("profile" in x for x in other)
    assert any("value" in x for x in other)
    assert any("time" in x for x in other)
    fi = s.admin("GET", path, status=200).json()["kinds"]
    assert {k["title"] for k in fi} != {k["title"] for k in told["kinds"]}
    s.admin("GET", path + "?lang=de", status=400)
    assert s.admin("GET", path + "?long=fi", status=400).json()["error"][
        "where"] == "/long"
    s.admin("GET", "/citizens/230577-999Y/display", status=404)


# ---- profiles ---------------------------------------------------------------

def test_profiles_as_the_command_lists_them(s, binary):
    done = support.run(binary, "profiles", "--format", "json")
    told = s.admin("GET", "/profiles", status=200).json()["profiles"]
    assert told == json.loads(done.out) and len(told) > 20


def test_profiles_of_applications_are_among_them():
    sd = {"resourceType": "StructureDefinition", "name": "Mine",
          "url": "http://test.example/StructureDefinition/mine",
          "status": "draft", "kind": "resource", "abstract": False,
          "type": "Observation", "derivation": "constraint",
          "baseDefinition":
          "http://hl7.org/fhir/StructureDefinition/Observation",
          "differential": {"element": [
              {"id": "Observation.device", "path": "Observation.device",
               "min": 1}]}}
    with Server() as s:
        r = s.request("POST", "/open/phr-resourceserver/baseR4/"
                      "StructureDefinition", json=sd)
        assert r.status_code == 201, r.text
        told = s.admin("GET", "/profiles").json()["profiles"]
        assert [p["fhir"] for p in told if p["url"] == sd["url"]] == ["r4"]
        s.admin("POST", "/reset", status=204)
        told = s.admin("GET", "/profiles").json()["profiles"]
        assert not [p for p in told if p["url"] == sd["url"]]


# ---- what is not understood -------------------------------------------------

@pytest.mark.parametrize("call,body,said", [
    ("/tokens", {"client": "x"},
     'There is no member "client" here; did you mean "client_id"? Known are '
     '"client_id", "hetu", "scope", "expires_in" and "certificate".'),
    ("/tokens", {"ttl": 5},
     'There is no member "ttl" here. Known are "client_id", "hetu", "scope", '
     '"expires_in" and "certificate".'),
    ("/tokens", {"expires_inn": 5},
     'There is no member "expires_inn" here; did you mean "expires_in"?'),
    ("/faults", {"match": {}, "action": {"drop": "after"}},
     '"drop" is never "after". Known are "before", "during", "headers" and '
     '"reset".'),
    ("/faults", {"match": {"interaction": "crate"}, "action": {"status": 503}},
     '"interaction" is never "crate"; did you mean "create"?'),
])
def test_what_is_meant_or_known(s, call, body, said):
    """The nearest name; where that is no more than a guess, all of them."""
    r = s.admin("POST", call, body)
    assert (r.status_code, r.json()["error"]["message"]) == (400, said)


@pytest.mark.parametrize("method,path,status,said", [
    ("GET", "/fault", 404,
     "nothing is at /__admin/fault; /__admin/openapi.json says what there is."),
    ("GET", "/requests/count", 405,
     "GET is not possible at /__admin/requests/count: POST, OPTIONS"),
])
def test_what_there_is_instead(s, method, path, status, said):
    r = s.admin(method, path)
    assert (r.status_code, r.json()["error"]["message"]) == (status, said)
