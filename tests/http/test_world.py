# SPDX-License-Identifier: Apache-2.0
"""The small world that a new server holds: each citizen's situation is really
there; every resource type is created, read and searched; answers are judged
against stored questionnaires; fixture documents with mistakes are refused."""
import json
import pathlib
import uuid

import pytest

from support import (CALLBACK, Browser, Form, Person, back,
                     errors, ids, outcome, request_of, run, weight)

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "fixtures" / "examples"

DEMO, EMPTY, MANY = "010190-900P", "150785-901A", "240306A902J"
MINOR, DIABETIC, PLANNER = "310712A903V", "120368-904V", "051199-905U"
WITHDRAWN, SHARER, REFUSER = "230577-906Y", "080452-9980", "290200A999J"
APPS = ("demo-app", "demo-mobile", "demo-production", "demo-professional")
TYPES = ("Observation", "MedicationAdministration", "CarePlan",
         "QuestionnaireResponse")
FORMS = "http://phr.kanta.fi/Questionnaire/"
DEMO_APP = {"client_id": "demo-app",
            "client_secret": "demo-app-secret-not-for-production"}


def me(server, hetu, app="demo-app"):
    """A citizen of the world, seen by an application with all its scopes."""
    r = server.admin("POST", "/tokens", {"client_id": app, "hetu": hetu}, 200)
    return Person(server, {"hetu": hetu, "patient_id": r.json()["sub"]},
                  {"client_id": app}, r.json())


def total(person, type="Observation", fhir="r4", query=""):
    return person.search("&_count=1" + query, fhir, type)["total"]


def resources(bundle):
    return [e["resource"] for e in bundle.get("entry", [])]


# ---- who is there -----------------------------------------------------------

def test_citizens_and_applications(own):
    citizens = {c["hetu"]: c for c in
                own.admin("GET", "/citizens").json()["citizens"]}
    assert set(citizens) >= {DEMO, EMPTY, MANY, MINOR, DIABETIC, PLANNER,
                             WITHDRAWN, SHARER, REFUSER}
    assert citizens[DEMO]["patient_id"] == \
        "90090090-0900-4900-8900-900900900900"
    assert citizens[MINOR]["behaviours"] == ["minor"]
    assert citizens[REFUSER]["behaviours"] == ["refuses-consent"]
    assert citizens[DEMO]["behaviours"] == []
    for c in citizens.values():
        assert c["hetu"][7:10] in c["patient_id"]
    clients = {c["client_id"]: c for c in
               own.admin("GET", "/clients").json()["clients"]}
    assert set(clients) >= set(APPS)
    assert clients["demo-production"]["certificate_serial_number"]
    assert clients["demo-mobile"]["code_challenge_method"] == "S256"
    assert clients["demo-professional"]["kind"] == "professional"
    assert "write" not in clients["demo-professional"]["scope"]


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
@pytest.mark.parametrize("type", TYPES)
def test_nothing(server, fhir, type):
    assert total(me(server, EMPTY), type, fhir) == 0


def test_rich_history(server):
    demo = me(server, DEMO)
    assert total(demo) >= 25
    assert total(demo, fhir="stu3") >= 12
    assert total(demo, query="&code=85354-9") == 6
    assert total(demo, query="&code=66334-4&date=ge2026-03-02") == 7
    newest = demo.search("&code=29463-7&_sort=-date&_count=1")
    assert resources(newest)[0]["effectiveDateTime"].startswith("2026-03-09")


def test_several_applications(server):
    """Each sees what the others have stored."""
    counts = {a: total(me(server, MANY, a)) for a in APPS[:3]}
    assert set(counts.values()) == {7}


def test_minor(server):
    browser = Browser(server)
    page = browser.authorize(request_of(DEMO_APP, redirect_uri=CALLBACK))
    page = browser.login(page, MINOR)
    assert "Location" not in page.headers
    assert Form(page.text).having("username") and "turned 16" in page.text


def test_behaves_as_a_minor(server):
    """An adult's code does not help who behaves as a minor."""
    c = server.citizen(behaviours=["minor"])
    assert c["behaviours"] == ["minor"]
    browser = Browser(server)
    page = browser.login(browser.authorize(request_of(DEMO_APP)), c["hetu"])
    assert "Location" not in page.headers and "turned 16" in page.text
    c = server.citizen(hetu=c["hetu"], behaviours=[])
    page = browser.login(browser.authorize(request_of(DEMO_APP)), c["hetu"])
    assert Form(page.text).having("user_oauth_approval")


def test_refuses_consent(server):
    browser = Browser(server)
    page = browser.login(browser.authorize(request_of(DEMO_APP)), REFUSER)
    assert back(page)["error"] == "access_denied"
    r = server.admin("POST", "/tokens",
                     {"client_id": "demo-app", "hetu": REFUSER}, 403)
    assert r.json()["error"]["code"] == "access_denied"


def test_refuses_without_pages(start):
    s = start("--auto-approve=" + REFUSER)
    page = Browser(s).authorize(request_of(DEMO_APP))
    assert back(page)["error"] == "access_denied"


def asked(server, hetu):
    """Does the consent page come, or a code at once?"""
    browser = Browser(server)
    page = browser.login(browser.authorize(request_of(DEMO_APP)), hetu)
    if Form(page.text).having("user_oauth_approval"):
        return True
    assert "code" in back(page)
    return False


def test_permissions(server):
    """A permission of the world is remembered, a withdrawn one is not."""
    assert not asked(server, MANY)
    assert asked(server, WITHDRAWN)
    assert asked(server, DEMO)


def test_withdrawn(own):
    person = me(own, WITHDRAWN)
    assert total(person) == 3
    r = own.admin("POST", "/permissions/withdraw",
                  {"client_id": "demo-app", "hetu": WITHDRAWN}, 200)
    assert r.json()["count"] >= 1
    assert person.get("/Observation?patient=" + person.id).status_code == 401


def test_diabetic(server):
    person = me(server, DIABETIC, "demo-mobile")
    kind = "MedicationAdministration"
    day = "effective-time=ge2026-03-08T00:00:00%2B02:00" \
          "&effective-time=lt2026-03-09T00:00:00%2B02:00"
    r = person.get(f"/{kind}?_sort=effective-time&code=ins-short-fast&{day}"
                   f"&patient={person.id}")
    found = resources(r.json())
    assert [f["dosage"]["dose"]["value"] for f in found] == [5, 7, 6]
    assert total(person, kind) == 5
    assert total(person, query="&code=14743-9,14745-4") == 8
    assert person.get("/" + kind).status_code == 400


def test_both_versions(server):
    """What is in STU3 is there beside R4, each in its own base."""
    person = me(server, DIABETIC, "demo-mobile")
    assert total(person, "MedicationAdministration", "stu3",
                 "&code=ins-short-fast,ins-intermediate-long") == 2
    assert total(person, fhir="stu3") == 3
    person = me(server, PLANNER)
    assert total(person, "QuestionnaireResponse", "stu3",
                 "&questionnaire=" + FORMS + "paivan-kunto") == 1
    assert person.get("/CarePlan?category=45", "stu3").json()["total"] == 1


def test_plan_and_answers(server):
    person = me(server, PLANNER)
    plans = person.get("/CarePlan?category=45").json()
    assert plans["total"] == 1
    plan = resources(plans)[0]
    answers = person.search("", type="QuestionnaireResponse")
    assert answers["total"] == 4
    for info in plan["supportingInfo"]:
        assert info["reference"].split("/")[1] in ids(answers)
    named = plan["supportingInfo"][0]["reference"]
    for value in (named, named.split("/")[1]):
        assert ids(person.get("/CarePlan?supporting-info=" + value).json()) \
            == [plan["id"]]
    for canonical, n in ((FORMS + "paivan-kunto", 2),
                         (FORMS + "paivan-kunto|1.0", 2),
                         (FORMS + "paivan-kunto|2", 0),
                         (FORMS + "own-goals", 1)):
        assert total(person, "QuestionnaireResponse",
                     query="&questionnaire=" + canonical) == n
    for query, n in (("date=2026-03-20", 2), ("date=lt2026-02-20", 1),
                     ("status=completed", 2), ("status=active", 0)):
        assert person.get("/CarePlan?" + query).json()["total"] == n, query


def test_professional_use(own):
    counts = own.admin("GET", "/state").json()["counts"]
    assert (counts["consents"], counts["treatments"]) == (4, 2)
    browser = Browser(own)
    page = browser.login(browser.authorize(request_of(
        {"client_id": "demo-professional"}, scope="patient/Observation.read",
        redirect_uri="http://localhost:1300/cb")), SHARER)
    assert back(page, "http://localhost:1300/cb")["error"] == \
        "unauthorized_client"


def test_professionals_do_not_register_themselves(server):
    r = server.http.post(server.auth + "/register", timeout=30, json={
        "redirect_uris": [CALLBACK], "kind": "professional",
        "scope": "patient/Observation.read"})
    assert r.status_code == 400
    assert r.json()["error"] == "invalid_client_metadata"


# ---- every type -------------------------------------------------------------

CREATED = {
    ("r4", "MedicationAdministration"): "fiphr-sd-insulindosing-r4-min",
    ("r4", "CarePlan"): "fiphr-sd-selfcareplan-r4-min",
    ("r4", "Questionnaire"): "fiphr-sd-questionnaire-r4-max",
    ("r4", "QuestionnaireResponse"): "fiphr-sd-questionnaireresponse-r4-min",
    ("stu3", "Consent"): "fiphr-consent-stu3-max",
    ("stu3", "MedicationAdministration"): "fiphr-sd-insulindosing-stu3-min",
    ("stu3", "CarePlan"): "fiphr-sd-selfcareplan-stu3-min",
    ("stu3", "Questionnaire"): "fiphr-sd-questionnaire-stu3-max",
    ("stu3", "QuestionnaireResponse"):
        "fiphr-sd-questionnaireresponse-stu3-min"}


def example(server, fhir, name, patient):
    """An example about that citizen, with an identifier of its own."""
    text = (EXAMPLES / (name + ".json")).read_text(encoding="utf-8")
    o = json.loads(text.replace("90090090-0900-4900-8900-900900900900",
                                patient))
    value = "urn:uuid:" + str(uuid.uuid4())
    first = o["identifier"]
    first = first[0] if isinstance(first, list) else first
    first["value"] = value
    if o["resourceType"] == "Questionnaire":
        o["url"] = "urn:uuid:" + str(uuid.uuid4())
    return o, value


@pytest.fixture
def someone(server):
    return me(server, server.citizen()["hetu"])


@pytest.mark.parametrize("fhir,type", list(CREATED))
def test_create_read_search(server, someone, fhir, type):
    o, value = example(server, fhir, CREATED[fhir, type], someone.id)
    path = "/" + type
    if (fhir, type) == ("stu3", "QuestionnaireResponse"):
        # a Reference there, which must lead to a stored one
        form = (EXAMPLES / "fiphr-sd-questionnaire-stu3-min.json").read_text(
            encoding="utf-8")
        someone.post(form, fhir, "/Questionnaire", 201)
    once = {"If_None_Exist": "identifier=" + value}
    made = someone.post(o, fhir, path, 201, **once)
    assert someone.post(o, fhir, path, 200, **once).json() == made.json()
    where = made.headers["Location"]
    for url in (where, where.split("/_history")[0]):
        read = someone.get(url, fhir)
        assert read.status_code == 200 and read.json() == made.json()
    patient = "" if type == "Questionnaire" else f"patient={someone.id}&"
    found = someone.get(f"{path}?{patient}identifier={value}", fhir).json()
    assert ids(found) == [made.json()["id"]]
    found = someone.get(f"{path}?{patient}identifier=urn:uuid:x", fhir).json()
    assert found["total"] == 0


@pytest.mark.parametrize("fhir,type", [
    k for k in CREATED if k[1] != "Questionnaire"])
def test_only_of_the_citizen(server, someone, fhir, type):
    o, _ = example(server, fhir, CREATED[fhir, type], str(uuid.uuid4()))
    someone.post(o, fhir, "/" + type, 403)


@pytest.mark.parametrize("type", TYPES + ("Questionnaire",))
def test_scope_by_type(server, type):
    """Each type wants its own scope, for reading and for writing."""
    person = me(server, DEMO)
    other = "CarePlan" if type != "CarePlan" else "Observation"
    person.token = server.issue(DEMO_APP, DEMO, f"patient/{other}.read "
                                f"patient/{type}.write")["access_token"]
    r = person.get(f"/{type}?patient={person.id}")
    assert r.status_code == 403
    assert f"patient/{type}.read" in outcome(r)["issue"][0]["diagnostics"]
    person.token = server.issue(DEMO_APP, DEMO,
                                f"patient/{type}.read")["access_token"]
    assert person.get(f"/{type}?patient={person.id}").status_code == 200
    r = person.post({"resourceType": type}, path="/" + type)
    assert r.status_code == 403


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_statement(server, fhir):
    r = server.http.get(server.base(fhir) + "/metadata", timeout=30)
    types = {t["type"]: t for t in r.json()["rest"][0]["resource"]}
    assert set(types) >= set(TYPES) | {"Questionnaire", "Patient"}
    told = {p["name"]: p["type"] for p in
            types["MedicationAdministration"]["searchParam"]}
    assert told.pop("_security", "token") == "token"
    special = {"r4": "special", "stu3": "token"}[fhir]
    assert told == {"_id": "token", "_lastUpdated": "date", "_total": special,
                    "code": "token", "effective-time": "date",
                    "identifier": "token", "patient": "reference"}
    for name in set(types) - {"Patient"}:
        assert types[name]["conditionalCreate"] is True
        params = {p["name"] for p in types[name]["searchParam"]}
        definition = name in ("CodeSystem", "StructureDefinition", "ValueSet")
        assert ("_security" in params) == (fhir == "stu3" and not definition)


# ---- questionnaires ---------------------------------------------------------

def test_questionnaires_are_everybodys(server):
    person = me(server, EMPTY)
    found = person.get("/Questionnaire?url=" + FORMS + "paivan-kunto").json()
    assert found["total"] == 1
    id = ids(found)[0]
    assert person.get("/Questionnaire/" + id).status_code == 200
    assert me(server, DEMO).get("/Questionnaire/" + id).status_code == 200
    codes = "/Questionnaire?code="
    for code, there in (("uni", True), ("paivan-kunto", True),
                        ("motionsvanor", False)):
        assert (id in ids(person.get(codes + code).json())) == there, code


def answers(person, form, items):
    name = "fiphr-sd-questionnaireresponse-r4-min"
    o, _ = example(person.server, "r4", name, person.id)
    o["questionnaire"] = form
    o["item"] = items
    return o


GOAL = [{"linkId": "goal", "answer": [{"valueString": "Sleep"}]},
        {"linkId": "sure", "answer": [{"valueInteger": 8}]}]
WRONG = {
    "a linkId that is not there":
        (GOAL + [{"linkId": "gaol", "answer": [{"valueString": "x"}]}],
         "QuestionnaireResponse.item[2]"),
    "an answer of another type":
        ([GOAL[0], {"linkId": "sure", "answer": [{"valueString": "8"}]}],
         "QuestionnaireResponse.item[1]"),
    "a required answer is missing":
        (GOAL[:1], "QuestionnaireResponse")}


@pytest.mark.parametrize("items,where", WRONG.values(), ids=list(WRONG))
@pytest.mark.parametrize("version", ["", "|1.0"])
def test_judged_by_the_stored_one(server, someone, items, where, version):
    path = "/QuestionnaireResponse"
    form = FORMS + "own-goals" + version
    someone.post(answers(someone, form, GOAL), "r4", path, 201)
    r = someone.post(answers(someone, form, items), "r4", path, 422)
    assert any(p.startswith(where) for i in errors(outcome(r))
               for p in i["location"]), r.text
    # of a version that is not stored nothing is known
    someone.post(answers(someone, FORMS + "own-goals|9", items), "r4", path,
                 201)


def test_judged_by_one_just_stored(server, someone):
    """An application's own questions count at once, the newest first."""
    form, _ = example(server, "r4", "fiphr-sd-questionnaire-r4-min",
                      someone.id)
    form["item"] = [{"linkId": "a", "text": "A?", "type": "string"}]
    path = "/QuestionnaireResponse"
    a = [{"linkId": "a", "answer": [{"valueString": "x"}]}]
    b = [{"linkId": "b", "answer": [{"valueString": "x"}]}]
    someone.post(form, "r4", "/Questionnaire", 201)
    someone.post(answers(someone, form["url"], a), "r4", path, 201)
    someone.post(answers(someone, form["url"], b), "r4", path, 422)
    form["version"] = "2"
    form["item"][0]["linkId"] = "b"
    someone.post(form, "r4", "/Questionnaire", 201)
    someone.post(answers(someone, form["url"], b), "r4", path, 201)
    someone.post(answers(someone, form["url"] + "|2", b), "r4", path, 201)
    someone.post(answers(someone, form["url"] + "|1", b), "r4", path, 422)


# ---- behaviours, documents, reset -------------------------------------------

@pytest.mark.parametrize("words", [["lazy"], ["minor", "refuse-consent"],
                                   [1], "minor"])
def test_unknown_behaviours(server, words):
    r = server.admin("POST", "/citizens", {"behaviours": words}, 400)
    assert r.json()["error"]["where"] == "/behaviours"
    if words == ["lazy"]:
        assert "known are minor, deceased, no-terms-accepted" in r.text


CLIENT = {"client_id": "a", "redirect_uris": [CALLBACK]}
REFUSED = {
    "an unknown member": ({"permission": []}, "permissions"),
    "of a permission": ({"permissions": [
        {"client_id": "a", "hetu": DEMO, "scopes": ""}]}, "scope"),
    "of a consent": ({"consents": [{"hetu": DEMO, "decison": "consent"}]},
                     'did you mean "decision"'),
    "of a treatment": ({"treatments": [{"hetu": DEMO, "app": "a"}]},
                       'unknown member "app"'),
    "no such application": ({"citizens": [{"hetu": DEMO}], "permissions": [
        {"client_id": "a", "hetu": DEMO}]}, "no application"),
    "no such citizen": ({"clients": [CLIENT], "permissions": [
        {"client_id": "a", "hetu": DEMO}]}, "no such citizen"),
    "not for professionals": (
        {"citizens": [{"hetu": DEMO}], "clients": [CLIENT],
         "treatments": [{"hetu": DEMO, "client_id": "a"}]}, "professional"),
    "an unknown behaviour": ({"citizens": [
        {"hetu": DEMO, "behaviours": ["lazy"]}]}, "known are"),
    "a slow citizen": ({"citizens": [
        {"hetu": DEMO, "behaviours": ["slow"]}]}, "delay_ms")}


@pytest.mark.parametrize("document,text", REFUSED.values(), ids=list(REFUSED))
def test_refused_documents(binary, tmp_path, document, text):
    """Nothing of it holds: the server does not start."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    done = run(binary, "--listen", "http://127.0.0.1:0", "--fixtures", path)
    assert done.returncode == 65
    assert str(path) in done.err and text in done.err


@pytest.mark.parametrize("mine_first", [True, False])
def test_the_world_and_mine(start, tmp_path, mine_first):
    """built-in stands among paths in the order of loading; an empty folder,
    as an image has it where one can be mounted, adds nothing."""
    folder = tmp_path / "mine"
    folder.mkdir()
    named = ["--fixtures", "built-in", "--fixtures", folder]
    assert world_of(start(*named)) == world_of(start())
    mine = {"clients": [{"client_id": "mine", "redirect_uris": [CALLBACK]}]}
    if not mine_first:
        mine["permissions"] = [{"client_id": "mine", "hetu": DEMO}]
    (folder / "mine.json").write_text(json.dumps(mine))
    s = start(*(named[2:] + named[:2] if mine_first else named))
    people, clients = world_of(s)
    assert clients == {"mine", *APPS} and DEMO in people
    s.admin("POST", "/reset", status=204)
    assert world_of(s) == (people, clients)


def world_of(s):
    return ({c["hetu"] for c in s.admin("GET", "/citizens").json()["citizens"]},
            {c["client_id"] for c in
             s.admin("GET", "/clients").json()["clients"]})


def test_reset_restores_it_all(start):
    s = start()
    hetus = (DEMO, MANY, DIABETIC, PLANNER, WITHDRAWN, SHARER)

    def seen():
        people = [me(s, h) for h in hetus]
        return (s.admin("GET", "/state").json()["counts"]["consents"],
                s.admin("GET", "/citizens").json(), asked(s, MANY),
                [sorted(ids(p.search("&_count=200", type=t)))
                 for p in people for t in TYPES])

    fresh = seen()
    me(s, DEMO).post(weight(me(s, DEMO).id), status=201)
    s.admin("POST", "/permissions/withdraw",
            {"client_id": "demo-app", "hetu": MANY}, 200)
    s.citizen(hetu=REFUSER, behaviours=[])
    s.admin("DELETE", "/citizens/" + SHARER)
    assert seen() != fresh
    assert s.admin("POST", "/reset").status_code == 204
    assert seen() == fresh
