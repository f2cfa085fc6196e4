# SPDX-License-Identifier: Apache-2.0
"""The whole journey of an application: log in, store, be refused for the
right reason, refresh; with the seeded application and citizen, on both bases.
"""
import json
import re
from email.utils import parsedate_to_datetime
from datetime import datetime

import pytest

from support import (Browser, CALLBACK, SCOPE, back, blood_pressure, ids,
                     outcome, places, quantity, request_of, session,
                     weight_stu3, Person)
import support

pytestmark = pytest.mark.skipif(
    bool(support.URL), reason="needs the seeded data of a fresh server")

DEMO = {"client_id": "demo-app",
        "client_secret": "demo-app-secret-not-for-production"}
SUB = "90090090-0900-4900-8900-900900900900"
HETU = "010190-900P"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BUILDERS = {"r4": blood_pressure, "stu3": weight_stu3}
CODE = {"r4": "85354-9", "stu3": "29463-7"}


@pytest.fixture(scope="module")
def explain(start_shared):
    """A server that explains its refusals."""
    return start_shared("--errors", "explain")


def citizen_of(server, tokens):
    return Person(server, {"hetu": HETU, "patient_id": SUB}, DEMO, tokens)


@pytest.fixture(scope="module")
def tokens(server):
    """The token answer after login, consent and code exchange."""
    browser = Browser(server)
    page = browser.authorize(request_of(DEMO))
    page = browser.login(page, HETU)
    assert page.status_code == 200
    assert "Demo application" in page.text
    got = back(browser.approve(page))
    assert got["state"] == "st4te"
    r = server.token(DEMO, 200, grant_type="authorization_code",
                     code=got["code"], redirect_uri=CALLBACK)
    return r.json()


@pytest.fixture
def me(server, tokens):
    return citizen_of(server, tokens)


def test_token_answer(tokens):
    assert list(tokens) == ["access_token", "token_type", "refresh_token",
                            "expires_in", "scope", "sub"]
    assert tokens["token_type"] == "Bearer"
    assert tokens["sub"] == SUB
    assert tokens["expires_in"] == 3600  # the clock is frozen
    assert tokens["scope"] == SCOPE


@pytest.mark.parametrize("fhir,version", [("r4", "4.0.1"), ("stu3", "3.0.1")])
def test_metadata_needs_no_token(server, fhir, version):
    r = session().get(server.base(fhir) + "/metadata", timeout=30)
    assert r.status_code == 200
    statement = r.json()
    assert statement["resourceType"] == "CapabilityStatement"
    # STU3 definitions are of 3.0.2, the service says 3.0.1: same FHIR
    assert statement["fhirVersion"][:4] == version[:4]


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_store_read_search(me, fhir):
    sent = BUILDERS[fhir](SUB, "2026-03-05T08:30:00+02:00")
    r = me.post(sent, fhir, status=201)
    stored = r.json()
    assert UUID.fullmatch(stored["id"])
    here = f"{me.server.base(fhir)}/Observation/{stored['id']}"
    assert r.headers["Location"] == here + "/_history/1"
    assert r.headers["ETag"] == 'W/"1"'
    updated = datetime.fromisoformat(stored["meta"]["lastUpdated"])
    assert updated.utcoffset().total_seconds() == 7200
    assert parsedate_to_datetime(r.headers["Last-Modified"]) == \
        updated.replace(microsecond=0)
    assert stored["meta"]["versionId"] == "1"
    for name, value in sent.items():
        if name != "meta":
            assert stored[name] == value
    assert stored["meta"]["profile"] == sent["meta"]["profile"]

    assert me.get(f"/Observation/{stored['id']}", fhir).json() == stored
    for query in (f"&code={CODE[fhir]}", f"&code=http://loinc.org|{CODE[fhir]}",
                  "&date=2026-03-05", "&date=ge2026-03-05T08:30:00%2B02:00",
                  f"&code={CODE[fhir]}&date=2026-03-05"):
        assert stored["id"] in ids(me.search(query, fhir)), query
    for query in ("&code=8302-2", "&date=2026-03-04", "&date=gt2026-03-05"):
        assert stored["id"] not in ids(me.search(query, fhir)), query


def without_profile(o):
    del o["meta"]


def with_device(o):
    o["device"] = {"display": "meter"}


def first_quantity(o):
    return o.get("valueQuantity") or o["component"][0]["valueQuantity"]


def wrong_unit(o):
    first_quantity(o)["unit"] = "mmHg"


def wrong_code_of_unit(o):
    first_quantity(o)["code"] = "lb"


def three_components(o):
    o.setdefault("component", []).append(
        {"code": {"coding": [support.coding("8867-4", "Syke")]},
         "valueQuantity": quantity(70, "/min")})


def second_systolic(o):
    o["component"][1] = json.loads(json.dumps(o["component"][0]))


def no_language(o):
    del o["language"]


def not_final(o):
    o["status"] = "preliminary"


def quoted_number(o):
    first_quantity(o)["value"] = "72.5"


def unknown_member(o):
    o["valueKilograms"] = 72.5


def unknown_profile(o):
    o["meta"]["profile"] = [support.PHR + "fiphr-sd-shoesize"]


# name, change, the places of which one must be named (r4, stu3)
REFUSED = [
    (wrong_unit, ["Observation.component[0].valueQuantity.unit"],
     ["Observation.valueQuantity.unit"]),
    (wrong_code_of_unit, ["Observation.component[0].valueQuantity.code"],
     ["Observation.valueQuantity.code"]),
    (with_device, ["Observation.device"], ["Observation.device"]),
    (three_components, ["Observation.component", "Observation.component[2]"],
     ["Observation.component", "Observation.component[0]"]),
    (second_systolic, ["Observation.component", "Observation.component[1]"],
     None),
    (without_profile, ["Observation.meta.profile", "Observation.meta"],
     ["Observation.meta.profile", "Observation.meta"]),
    (unknown_profile, ["Observation.meta.profile[0]",
                       "Observation.meta.profile"],
     ["Observation.meta.profile[0]", "Observation.meta.profile"]),
    (no_language, ["Observation.language"], ["Observation.language"]),
    (not_final, ["Observation.status"], ["Observation.status"]),
    (quoted_number, ["Observation.component[0].valueQuantity.value"],
     ["Observation.valueQuantity.value"]),
    (unknown_member, ["Observation.valueKilograms", "Observation"],
     ["Observation.valueKilograms", "Observation"])]
CASES = [pytest.param(fhir, change, where, id=f"{change.__name__}-{fhir}")
         for change, *expected in REFUSED
         for fhir, where in zip(("r4", "stu3"), expected) if where]


@pytest.mark.parametrize("fhir,change,where", CASES)
def test_refused_for_the_right_reason(me, fhir, change, where):
    o = BUILDERS[fhir](SUB, "2026-02-01T08:00:00+02:00")
    change(o)
    refused = outcome(me.post(o, fhir, status=422))
    assert set(where) & set(places(refused)), refused["issue"]
    if fhir == "r4":
        assert set(where) & set(places(refused, "expression"))
    assert "KPHR-" not in json.dumps(refused)
    assert me.search("&date=2026-02-01", fhir)["total"] == 0


@pytest.mark.parametrize("fhir,change,where", CASES)
def test_explained(explain, fhir, change, where):
    me = citizen_of(explain, explain.issue(DEMO, HETU))
    o = BUILDERS[fhir](SUB)
    change(o)
    refused = outcome(me.post(o, fhir, status=422))
    named = [i for i in support.errors(refused)
             if set(where) & set(i["location"])]
    assert named, refused["issue"]
    for issue in named:
        assert re.search(r"KPHR-[A-Z]+-\d+", json.dumps(issue)), issue


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_no_token(server, me, fhir):
    r = me.fhir("GET", f"/Observation?patient={SUB}", fhir,
                headers={"Authorization": None})
    assert r.status_code == 401
    assert r.headers["WWW-Authenticate"].startswith("Bearer")
    outcome(r)


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_other_citizens_patient(server, me, fhir):
    other = server.citizen()["patient_id"]
    r = me.post(BUILDERS[fhir](other), fhir)
    assert r.status_code == 403
    outcome(r)
    r = me.get(f"/Observation?patient={other}", fhir)
    assert r.status_code == 403
    outcome(r)


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_broken_json(me, fhir):
    r = me.post('{\n  "resourceType": "Observation",\n  "status": @\n}',
                fhir, status=400)
    text = " ".join(i["diagnostics"] + " ".join(i.get("location", []))
                    for i in outcome(r)["issue"])
    assert re.search(r"line\W{0,3}3\b", text, re.I), text
    assert re.search(r"col\w*\W{0,3}13\b", text, re.I), text


def test_refresh(server, tokens):
    r = server.token(DEMO, 200, grant_type="refresh_token",
                     refresh_token=tokens["refresh_token"])
    again = r.json()
    assert list(again) == list(tokens)
    assert again["refresh_token"] == tokens["refresh_token"]
    assert again["access_token"] != tokens["access_token"]
    assert again["sub"] == SUB
    for t in (again, tokens):
        assert citizen_of(server, t).search()["total"] >= 2


def test_fixtures_are_there(me):
    assert me.search("&code=85354-9&date=lt2026-03-10")["total"] >= 2
    text = me.get("/Observation?patient=" + SUB + "&code=29463-7").text
    assert re.search(r'"value":\s*72\.50\b', text)
    assert me.search("&code=29463-7", "stu3")["total"] >= 1
    for fhir in ("r4", "stu3"):
        patient = me.get("/Patient/" + SUB, fhir)
        assert patient.status_code == 200
        assert patient.json()["identifier"][0]["value"] == "urn:uuid:" + SUB
