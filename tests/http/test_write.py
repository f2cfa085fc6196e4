# SPDX-License-Identifier: Apache-2.0
"""Update and delete: versions, preconditions, whose and which application's a
resource is, references, and what Prefer asks for; both FHIR versions.

Resources are the least that FHIR itself demands, so that a test says what it is
about; the server does not demand a national profile."""
import json
import re
import uuid

import pytest

import support
from support import FHIR_JSON, errors, ids, outcome

OPTIONS = ["--set", "profile_required=off"]
TYPES = ("Observation", "Patient", "CarePlan", "Questionnaire",
         "QuestionnaireResponse", "MedicationAdministration")
SCOPE = " ".join(f"patient/{t}.{a}" for t in TYPES for a in ("read", "write"))
BOTH = pytest.mark.parametrize("fhir", ["r4", "stu3"])


@pytest.fixture(scope="module")
def app(server):
    return server.register(scope=SCOPE)


@pytest.fixture
def person(server, app):
    return server.person(app, SCOPE)


@pytest.fixture
def other(server, app):
    return server.person(app, SCOPE)


class Caller:
    """Somebody who writes: a citizen's application, or anybody in the open
    sandbox."""

    def __init__(self, server, fhir, base, person=None):
        self.server, self.fhir, self.base = server, fhir, base
        self.id = person.id if person else None
        self.head = {"Content-Type": FHIR_JSON}
        if person:
            self.head["Authorization"] = "Bearer " + person.token

    def ask(self, method, path, resource=None, status=None, **headers):
        data = resource
        if isinstance(resource, (dict, list)):
            data = json.dumps(resource)
        head = dict(self.head, **{k.replace("_", "-"): v
                                  for k, v in headers.items()})
        r = self.server.http.request(
            method, path if path.startswith("http") else self.base + path,
            data=data.encode() if data else None, headers=head, timeout=30)
        if status is not None:
            assert r.status_code == status, r.text
        return r

    def get(self, path, status=200, **headers):
        return self.ask("GET", path, None, status, **headers)

    def post(self, resource, status=201, **headers):
        return self.ask("POST", "/" + resource["resourceType"], resource,
                        status, **headers)

    def put(self, resource, status=200, path=None, **headers):
        path = path or "/%(resourceType)s/%(id)s" % resource
        return self.ask("PUT", path, resource, status, **headers)

    def delete(self, path, status=200, **headers):
        return self.ask("DELETE", path, None, status, **headers)


def caller(person, fhir):
    return Caller(person.server, fhir, person.server.base(fhir), person)


def anybody(server, fhir):
    base = server.base(fhir)
    return Caller(server, fhir, base.replace("/phr-res", "/open/phr-res"))


@pytest.fixture
def me(person, fhir):
    return caller(person, fhir)


@pytest.fixture
def them(other, fhir):
    return caller(other, fhir)


@pytest.fixture
def beside(server, person, fhir):
    """The same citizen by another application."""
    app = server.register(client_name="Another", scope=SCOPE)
    tokens = server.issue(app, person.hetu, SCOPE)
    return caller(support.Person(server, {"hetu": person.hetu,
                                          "patient_id": person.id},
                                 app, tokens), fhir)


@pytest.fixture
def open_sandbox(server, fhir):
    return anybody(server, fhir)


def observation(patient, text="x", **more):
    o = {"resourceType": "Observation", "status": "final",
         "code": {"text": text},
         "subject": {"reference": "Patient/" + patient}}
    o.update(more)
    return o


def plan(patient, *supporting, **more):
    p = {"resourceType": "CarePlan", "status": "completed", "intent": "plan",
         "subject": {"reference": "Patient/" + patient}}
    if supporting:
        p["supportingInfo"] = [{"reference": s} for s in supporting]
    p.update(more)
    return p


def response(patient, fhir, **more):
    q = {"resourceType": "QuestionnaireResponse", "status": "completed",
         "subject": {"reference": "Patient/" + patient}}
    q.update(more)
    return q


def said(r):
    """The text of an answer's only issue."""
    (issue,) = outcome(r)["issue"]
    return issue["diagnostics"]


def version_of(r):
    """ETag, Content-Location, Last-Modified and meta agree; the version."""
    n = re.fullmatch(r'W/"(\d+)"', r.headers["ETag"])[1]
    where = r.headers["Content-Location"]
    assert where.endswith("/_history/" + n)
    assert r.headers["Last-Modified"].endswith(" GMT")
    if r.content and r.json()["resourceType"] != "OperationOutcome":
        assert r.json()["meta"]["versionId"] == n
        assert where.split("/")[-3] == r.json()["id"]
    return int(n)


# ---- update -----------------------------------------------------------------

@BOTH
def test_update(me):
    old = me.post(observation(me.id, "old")).json()
    new = dict(old, code={"text": "new"})
    r = me.put(new)
    assert version_of(r) == 2
    assert "Location" not in r.headers
    got = r.json()
    assert got["meta"]["lastUpdated"] > old["meta"]["lastUpdated"]
    assert {k: v for k, v in got.items() if k != "meta"} == \
        {k: v for k, v in new.items() if k != "meta"}
    path = "/Observation/" + old["id"]
    assert me.get(path).json() == got
    assert me.get(path + "/_history/1").json() == old
    assert me.get(path + "/_history/2").json() == got


@BOTH
def test_times_grow_though_the_clock_stands(me):
    o = me.post(observation(me.id)).json()
    times = [o["meta"]["lastUpdated"]]
    for i in range(5):
        o["code"]["text"] = str(i)
        o = me.put(o).json()
        times.append(o["meta"]["lastUpdated"])
    assert times == sorted(set(times))
    assert o["meta"]["versionId"] == "6"


@BOTH
def test_text_is_kept(me):
    o = me.post(observation(me.id)).json()
    text = ('{ "valueQuantity" : {"value": 72.50, "unit":"k\\u0067"},'
            '"status":"final","id":"%s","code":{"text":"\\u00e4 \\/"},'
            '"subject":{"reference":"Patient/%s"},'
            '"resourceType":"Observation"}' % (o["id"], me.id))
    r = me.ask("PUT", "/Observation/" + o["id"], text, 200)
    assert r.text.endswith(
        '},"valueQuantity":{"value":72.50,"unit":"k\\u0067"},'
        '"status":"final","code":{"text":"\\u00e4 \\/"},'
        '"subject":{"reference":"Patient/%s"}}' % me.id)


@BOTH
def test_what_is_found_is_the_new_version(me):
    o = me.post(observation(
        me.id, identifier=[{"system": "urn:s", "value": "old"}])).json()
    o["identifier"][0]["value"] = "new"
    me.put(o)
    query = f"/Observation?patient={me.id}&identifier="
    assert ids(me.get(query + "old").json()) == []
    assert ids(me.get(query + "new").json()) == [o["id"]]


NEEDS_ID = "resource body must contain an ID element"
# what of the body and the URL is changed, status, text
UPDATES = [
    ({"id": None}, "", 400, NEEDS_ID + " for update (PUT) operation"),
    ({"id": "x"}, "", 400, "which matches the request URL"),
    ({"id": 5}, "", 400, NEEDS_ID),
    ({}, "x", 400, "does not match URL ID of"),
    ({"resourceType": "Patient"}, "", 400, "Incorrect resource type found"),
    ({"resourceType": "observation"}, "", 400, "case sensitive"),
    ({"status": None}, "", 422, "status"),
    ({"status": "ready"}, "", 422, "ready"),
    ({"subject": None}, "", 403, "Observation.subject"),
    ({"subject": {"reference": "Patient/x"}}, "", 403, "refers to Patient/x"),
    ({"performer": [{"reference": "Patient/x"}]}, "", 403, "Patient/x")]


@BOTH
@pytest.mark.parametrize("change,more,status,text", UPDATES)
def test_updates_refused(me, change, more, status, text):
    stored = me.post(observation(me.id)).json()
    o = {k: v for k, v in dict(stored, **change).items() if v is not None}
    r = me.put(o, status, "/Observation/" + stored["id"] + more)
    assert any(text in i["diagnostics"] for i in errors(outcome(r))), r.text
    assert me.get("/Observation/" + stored["id"]).json() == stored


UNKNOWN = [str(uuid.UUID(int=7)), "x", "x" * 64, "17"]


@BOTH
@pytest.mark.parametrize("id", UNKNOWN)
def test_update_of_what_is_not_there(me, id):
    o = observation(me.id, id=id)
    assert said(me.put(o, 404)) == f"Resource Observation/{id} is not known"
    me.put(o, 412, If_Match='W/"1"')
    me.put(o, 412, If_Match="*")


@BOTH
def test_update_of_what_is_deleted(me):
    o = me.post(observation(me.id)).json()
    me.delete("/Observation/" + o["id"])
    assert "Resource was deleted at 2026-03-10T" in said(me.put(o, 410))


@BOTH
def test_update_without_an_id_in_the_url(me):
    o = observation(me.id, id="x")
    r = me.put(o, 400, "/Observation")
    assert "request URL must contain an ID element" in said(r)
    r = me.put(o, 400, "/Observation?identifier=x")
    assert "does not know how to handle PUT operation[Observation] with " \
        "parameters [[identifier]]" in said(r)


TAGS = [
    (None, 200), ("", 200), ('W/"2"', 200), ('"2"', 200), ("2", 200),
    ("*", 200), ('W/"1", W/"2"', 200), ('"7","2"', 200), ('W/"1" , W/"2" ,', 200),
    ('w/"2"', 200), ('W/"1"', 409), ('W/"3"', 409), ("1", 409), ("0", 409),
    ("fish", 409), ('W/"02"', 409), ('W/"2', 409), ('W/"22"', 409),
    ('""', 409), ("W/", 409), ('"2"x', 409),
    ('W/"99999999999999999999"', 409)]


@BOTH
@pytest.mark.parametrize("tag,status", TAGS)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match(me, method, tag, status):
    o = me.post(observation(me.id)).json()
    o = me.put(dict(o, code={"text": "2"})).json()
    path = "/Observation/" + o["id"]
    body = dict(o, code={"text": "3"}) if method == "PUT" else None
    head = {} if tag is None else {"If_Match": tag}
    r = me.ask(method, path, body, status, **head)
    if status == 409:
        assert re.fullmatch(
            r"Trying to %s %s/_history/-?\d+ but this is not the current "
            r"version" % ({"PUT": "update", "DELETE": "delete"}[method],
                          path[1:]), said(r))
        assert me.get(path).json() == o


@BOTH
def test_if_none_match(me):
    o = me.post(observation(me.id)).json()
    assert "is there already" in said(
        me.put(dict(o, code={"text": "y"}), 412, If_None_Match="*"))
    me.put(dict(o, code={"text": "y"}), 200, If_None_Match='W/"1"')


def test_if_match_as_fhir_has_it(start):
    server = start(*OPTIONS, "--set", "if_match_status=412")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), "r4")
    o = me.post(observation(me.id)).json()
    me.put(dict(o, code={"text": "y"}), 412, If_Match='W/"2"')
    me.delete("/Observation/" + o["id"], 412, If_Match='W/"2"')


# changes of a resource, and is it another one
CHANGES = [
    ("nothing", lambda o: o, False),
    ("order", lambda o: dict(reversed(o.items())), False),
    ("version and time", lambda o: dict(o, meta=dict(
        o["meta"], versionId="9", lastUpdated="2001-01-01T00:00:00Z")), False),
    ("decimal", lambda o: dict(o, valueQuantity={"value": 1.5}), True),
    ("tag", lambda o: dict(o, meta=dict(
        o["meta"], tag=[{"code": "t"}])), True),
    ("one member less", lambda o: {
        k: v for k, v in o.items() if k != "note"}, True)]


def noted(patient):
    return observation(patient, valueQuantity={"value": 1.25},
                       **{"note": [{"text": "n"}], "comment": "n"})


@BOTH
@pytest.mark.parametrize("change,other", [c[1:] for c in CHANGES],
                         ids=[c[0] for c in CHANGES])
def test_an_update_that_changes_nothing(me, change, other):
    o = noted(me.id)
    del o["comment" if me.fhir == "r4" else "note"]
    o = me.post(o).json()
    sent = change(o)
    if "note" not in o and sent == o and change is CHANGES[5][1]:
        del sent["comment"]
    r = me.put(sent)
    assert version_of(r) == 1 + other
    if not other:
        assert r.json() == o


def test_a_number_is_its_text(person):
    me = caller(person, "r4")
    o = me.post(observation(me.id, valueQuantity={"value": 98765})).json()
    text = json.dumps(o)
    for version, number in ((2, "72.5"), (2, "72.5"), (3, "72.50")):
        r = me.ask("PUT", "/Observation/" + o["id"],
                   text.replace("98765", number), 200)
        assert version_of(r) == version


@BOTH
def test_noop_update(start, fhir):
    server = start(*OPTIONS, "--set", "noop_update=new-version")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), fhir)
    o = me.post(observation(me.id)).json()
    assert version_of(me.put(o)) == 2


# ---- Patient ----------------------------------------------------------------

@BOTH
def test_the_citizens_patient_is_updated(me, beside):
    p = me.get("/Patient/" + me.id).json()
    p["meta"]["tag"] = [{"system": "urn:t", "code": "mine"}]
    r = me.put(p)
    assert version_of(r) == 2
    p["meta"]["tag"][0]["code"] = "ours"  # all applications of the citizen
    assert version_of(beside.put(p)) == 3
    assert "does not conform" not in r.text


@BOTH
def test_a_citizen_has_one_patient(me, them):
    p = support.patient_resource(me.id, me.fhir)
    r = me.post(p, 409)
    assert "PUT Patient/" + me.id in said(r)
    for id in (them.id, str(uuid.uuid4()), "x"):
        r = me.put(dict(p, id=id), 403)
        assert errors(outcome(r))
    assert them.get("/Patient/" + them.id).json()["meta"]["versionId"] == "1"


@BOTH
def test_patient_on_condition(me):
    p = support.patient_resource(me.id, me.fhir)
    r = me.post(p, 200, If_None_Exist="identifier=urn:uuid:" + me.id)
    assert r.json()["id"] == me.id


@BOTH
def test_patient_is_not_deleted(me):
    r = me.delete("/Patient/" + me.id, 405)
    assert "DELETE" not in r.headers["Allow"]
    assert {"GET", "PUT"} <= set(re.split(r"[ ,]+", r.headers["Allow"]))
    me.get("/Patient/" + me.id)


@BOTH
def test_patient_made_in_the_open_sandbox(open_sandbox, fhir):
    id = str(uuid.uuid4())
    p = dict(support.patient_resource(id, fhir), id=id)
    r = open_sandbox.put(p, 201)
    assert version_of(r) == 1 and "Location" not in r.headers
    assert r.json()["id"] == id
    assert version_of(open_sandbox.put(p)) == 1
    made = open_sandbox.post(support.patient_resource(id, fhir))
    assert made.headers["Location"].endswith("/_history/1")
    assert made.json()["id"] != id
    open_sandbox.post(observation(made.json()["id"]))


@BOTH
@pytest.mark.parametrize("id,status,text", [
    ("1" * 5, 400, "clients may only assign IDs which contain at least one "
     "non-numeric character"),
    ("a_b", 422, "is not valid"), ("x" * 65, 422, "is not valid"),
    ("-", 201, ""), ("1.5", 201, "")])
def test_ids_that_clients_choose(open_sandbox, fhir, id, status, text):
    p = dict(support.patient_resource(str(uuid.uuid4()), fhir), id=id)
    r = open_sandbox.put(p, status)
    assert text in r.text


def test_update_create(start):
    for value, patient, other in (("on", 201, 201), ("off", 404, 404),
                                  ("by-type", 201, 404)):
        server = start(*OPTIONS, "--set", "update_create=" + value)
        everybody = anybody(server, "r4")
        citizen = server.citizen()["patient_id"]
        p = dict(support.patient_resource("a", "r4"), id="a")
        everybody.put(p, patient)
        everybody.put(observation(citizen, id="a"), other)


# ---- whose, and which application's ------------------------------------------

@BOTH
def test_another_application_changes_nothing(me, beside, them):
    o = me.post(observation(me.id)).json()
    path = "/Observation/" + o["id"]
    assert beside.get(path).json() == o
    for one, text in ((beside, "only by the application that stored it"),
                      (them, "belongs to another patient")):
        assert text in said(one.put(dict(o, code={"text": "y"}), 403))
        assert text in said(one.put(o, 403))
        assert text in said(one.delete(path, 403))
    me.put(dict(o, code={"text": "y"}))
    me.delete(path)
    assert text in said(them.delete(path, 403))
    beside.delete(path, 403)


@BOTH
def test_the_open_sandbox_changes_everything(me, open_sandbox):
    o = me.post(observation(me.id)).json()
    r = open_sandbox.put(dict(o, code={"text": "y"}))
    assert version_of(r) == 2
    # it stays what the first application stored
    assert version_of(me.put(o)) == 3
    open_sandbox.delete("/Observation/" + o["id"])
    me.get("/Observation/" + o["id"], 410)
    theirs = open_sandbox.post(observation(me.id)).json()
    assert me.get("/Observation/" + theirs["id"]).json() == theirs
    me.delete("/Observation/" + theirs["id"], 403)


@BOTH
def test_the_owner_stays(me, them, open_sandbox):
    o = me.post(observation(me.id)).json()
    o["subject"]["reference"] = "Patient/" + them.id
    me.put(o, 403)
    assert "cannot be changed" in said(open_sandbox.put(o, 403))
    them.put(o, 403)


def test_switches_of_ownership(start):
    server = start(*OPTIONS, "--set", "update_by_other=allow", "--set",
                   "foreign_read=404", "--set", "patient_mismatch_status=404")
    app, app2 = (server.register(scope=SCOPE) for _ in range(2))
    person, other = (server.person(app, SCOPE) for _ in range(2))
    again = support.Person(server, {"hetu": person.hetu,
                                    "patient_id": person.id}, app2,
                           server.issue(app2, person.hetu, SCOPE))
    me, them, beside = (caller(p, "r4") for p in (person, other, again))
    o = me.post(observation(me.id)).json()
    path = "/Observation/" + o["id"]
    o = beside.put(dict(o, code={"text": "y"})).json()
    beside.delete(path, 403)  # who updates it does not become its source
    unknown = f"Resource {path[1:]} is not known"
    assert said(them.put(o, 404)) == unknown
    assert said(them.delete(path, 404)) == unknown
    them.post(observation(me.id), 404)
    me.delete(path)


def questionnaire(fhir, url):
    return {"resourceType": "Questionnaire", "status": "active", "url": url,
            "item": [{"linkId": "1", "type": "string", "text": "?"}]}


@BOTH
def test_questionnaires_are_their_applications(me, beside, them,
                                               open_sandbox):
    q = me.post(questionnaire(me.fhir, "http://q.test/" + me.fhir)).json()
    for one in (beside, them, open_sandbox):
        one.get("/Questionnaire/" + q["id"])
    q["title"] = "Other"
    beside.put(q, 403)
    # the application's, whoever the citizen is
    assert version_of(them.put(q)) == 2
    assert version_of(me.put(dict(q, title="Another"))) == 3
    beside.delete("/Questionnaire/" + q["id"], 403)
    them.delete("/Questionnaire/" + q["id"])


def test_questionnaires_outside_the_sandboxes(start):
    server = start(*OPTIONS, "--set", "store_questionnaires=off")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), "r4")
    q = questionnaire("r4", "http://q.test/q")
    assert "store_questionnaires" in said(me.post(q, 403))
    stored = anybody(server, "r4").post(q, 403)
    assert "store_questionnaires" in said(stored)


# ---- delete -----------------------------------------------------------------

@BOTH
def test_delete(me):
    o = me.post(observation(me.id)).json()
    path = "/Observation/" + o["id"]
    r = me.delete(path)
    (issue,) = outcome(r)["issue"]
    assert issue["severity"] == "information"
    assert re.fullmatch(r"Successfully deleted 1 resource\(s\) in \d+ms",
                        issue["diagnostics"])
    assert "Location" not in r.headers
    assert "deleted at 2026-03-10T" in said(me.get(path, 410))
    me.get(path + "/_history/2", 410)
    assert me.get(path + "/_history/1").json() == o
    assert ids(me.get("/Observation?patient=" + me.id).json()) == []
    assert "Successfully deleted 0 resource(s)" in said(me.delete(path))
    me.delete(path, 200, If_Match='W/"1"')  # repeated: still no refusal
    me.get(path + "/_history/3", 404)


@BOTH
@pytest.mark.parametrize("id", UNKNOWN)
def test_delete_of_what_is_not_there(me, id):
    r = me.delete("/Observation/" + id, 404)
    assert said(r) == f"Resource Observation/{id} is not known"


REFERRERS = [
    ("supportingInfo", lambda r: {"supportingInfo": [r]}),
    ("activity.reference", lambda r: {
        "activity": [{"progress": [{"text": "x"}]}, {"reference": r}]})]


@BOTH
@pytest.mark.parametrize("path,refer", REFERRERS,
                         ids=[r[0] for r in REFERRERS])
@pytest.mark.parametrize("form", ["%s", "{base}/%s", "%s/_history/1"])
def test_what_is_referred_to_is_not_deleted(me, path, refer, form):
    target = "Observation/" + me.post(observation(me.id)).json()["id"]
    by = me.post(plan(me.id, **refer({
        "reference": form.format(base=me.base) % target}))).json()
    assert said(me.delete("/" + target, 409)) == (
        f"Unable to delete {target} because at least one resource has a "
        "reference to this resource. First reference found was resource "
        f"CarePlan/{by['id']} in path CarePlan.{path}")
    me.get("/" + target)
    me.put({k: v for k, v in by.items() if k not in ("supportingInfo",
                                                     "activity")})
    me.delete("/" + target)
    me.put(by, 200 if path == "supportingInfo" else 400)


@BOTH
def test_what_refers_is_deleted_first(me):
    target = me.post(observation(me.id)).json()["id"]
    by = me.post(plan(me.id, "Observation/" + target)).json()["id"]
    me.delete("/Observation/" + target, 409)
    me.delete("/CarePlan/" + by)
    me.delete("/Observation/" + target)


@BOTH
def test_what_refers_to_itself_is_deleted(me):
    p = me.post(plan(me.id)).json()
    p["basedOn"] = [{"reference": "CarePlan/" + p["id"]}]
    me.put(p)
    me.delete("/CarePlan/" + p["id"])


def transaction(*entries):
    """entries: (method, url) or (method, url, resource)"""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [
        dict({"request": {"method": e[0], "url": e[1]}},
             **({"resource": e[2]} if e[2:] else {})) for e in entries]}


def test_a_transaction_is_one(person):
    """What refers is deleted, or refers to something else, in the same one:
    the order of its entries does not count."""
    me = caller(person, "r4")
    for turn in (1, -1):
        o = "Observation/" + me.post(observation(me.id)).json()["id"]
        p = "CarePlan/" + me.post(plan(me.id, o)).json()["id"]
        entries = [("DELETE", o), ("DELETE", p)][::turn]
        me.ask("POST", "", transaction(*entries), 200)
        for path in (o, p):
            me.get("/" + path, 410)
    o = "Observation/" + me.post(observation(me.id)).json()["id"]
    p = me.post(with_reference(me.id, "CarePlan.activity[1]", o)).json()
    path = "CarePlan/" + p["id"]
    r = me.ask("POST", "", transaction(("DELETE", o), ("PUT", path, p)), 400)
    assert f"Resource {o} is deleted" in said(r)
    me.get("/" + o)
    del p["activity"]
    me.ask("POST", "", transaction(("DELETE", o), ("PUT", path, p)), 200)
    me.get("/" + o, 410)
    assert me.get("/" + path).json()["meta"]["versionId"] == "2"


def test_a_batch_is_not(person):
    me = caller(person, "r4")
    o = "Observation/" + me.post(observation(me.id)).json()["id"]
    p = "CarePlan/" + me.post(plan(me.id, o)).json()["id"]
    batch = dict(transaction(("DELETE", o), ("DELETE", p)), type="batch")
    entries = me.ask("POST", "", batch, 200).json()["entry"]
    assert [e["response"]["status"][:3] for e in entries] == ["409", "204"]
    me.get("/" + o)


def test_delete_integrity_off(start):
    server = start(*OPTIONS, "--set", "delete_integrity=off")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), "r4")
    target = "Observation/" + me.post(observation(me.id)).json()["id"]
    by = me.post(plan(me.id, target)).json()
    me.delete("/" + target)
    assert me.get("/CarePlan/" + by["id"]).json() == by


@BOTH
def test_conditional_delete_is_not_served(me):
    me.post(observation(me.id, identifier=[{"value": "x"}]))
    r = me.delete("/Observation?identifier=x", 400)
    assert "handle DELETE operation[Observation] with parameters " \
        "[[identifier]]" in said(r)
    assert me.get(f"/Observation?patient={me.id}").json()["total"] == 1


def test_delete_status(start):
    server = start(*OPTIONS, "--set", "delete_status=204")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), "r4")
    o = me.post(observation(me.id)).json()
    for _ in range(2):
        r = me.delete("/Observation/" + o["id"], 204)
        assert not r.content and "Content-Type" not in r.headers


def test_unknown_method_as_hapi_has_it(start):
    server = start(*OPTIONS, "--set", "hapi_unknown_method=400")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), "r4")
    r = me.delete("/Patient/" + me.id, 400)
    assert "does not know how to handle DELETE operation[Patient" in said(r)


@BOTH
def test_versions_go_on_after_a_deletion(start, fhir):
    server = start(*OPTIONS, "--set", "update_create=on")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), fhir)
    o = me.post(observation(me.id)).json()
    me.delete("/Observation/" + o["id"])
    r = me.put(o, 201)
    assert version_of(r) == 3
    times = [o["meta"]["lastUpdated"], r.json()["meta"]["lastUpdated"]]
    assert times[0] < times[1]


# ---- references -------------------------------------------------------------

MISSING = "Resource %s not found, specified in path: "
# where it stands, the reference, status, text
REFERENCES = [
    ("CarePlan.supportingInfo[0]", "Observation/{mine}", 201, ""),
    ("CarePlan.supportingInfo[0]", "{base}/Observation/{mine}", 201, ""),
    ("CarePlan.supportingInfo[0]", "Observation/{mine}/_history/1", 201, ""),
    ("CarePlan.supportingInfo[0]", "{base}/Observation/{mine}/_history/1",
     201, ""),
    ("CarePlan.supportingInfo[0]", "#c", 201, ""),
    ("CarePlan.supportingInfo[0]", "Patient/{me}/_history/1", 201, ""),
    ("CarePlan.supportingInfo[0]", "Observation/99", 400,
     MISSING % "Observation/99"),
    ("CarePlan.supportingInfo[0]", "{base}/Observation/99", 400,
     MISSING % "Observation/99"),
    ("CarePlan.supportingInfo[0]", "Observation/{mine}/_history/2", 400,
     MISSING % "Observation/{mine}/_history/2"),
    ("CarePlan.supportingInfo[0]", "Observation/{gone}", 400,
     "Resource Observation/{gone} is deleted, specified in path: "),
    ("CarePlan.supportingInfo[0]", "Observation/{gone}/_history/1", 400,
     "Resource Observation/{gone} is deleted, specified in path: "),
    ("CarePlan.supportingInfo[0]", "Patient/{me}/_history/9", 400,
     MISSING % "Patient/{me}/_history/9"),
    ("CarePlan.supportingInfo[0]", "Medication/1", 400,
     "Invalid resource reference found at path[CarePlan.supportingInfo] - "
     "Resource type is unknown or not supported on this server - "
     "Medication/1"),
    ("CarePlan.supportingInfo[0]", "Observation/{theirs}", 403,
     "CarePlan.supportingInfo refers to Observation/{theirs}, which belongs "
     "to another patient"),
    ("CarePlan.supportingInfo[0]", "http://other.test/fhir/Observation/1", 400,
     'Resource contains external reference to URL "http://other.test/fhir/'
     'Observation/1" but this server is not configured to allow external '
     "references"),
    ("CarePlan.supportingInfo[0]",
     "urn:uuid:9d2fbdb5-0d1e-4d0a-8a8c-4c1e9d0d9f11", 400,
     "Unable to satisfy placeholder ID urn:uuid:9d2fbdb5-0d1e-4d0a-8a8c-"
     "4c1e9d0d9f11 found in element named 'supportingInfo' within resource of "
     "type: CarePlan"),
    ("CarePlan.activity[1].reference", "Observation/99", 400,
     MISSING % "Observation/99" + "CarePlan.activity.reference"),
    ("CarePlan.activity[1].reference", "Observation/{mine}", 201, ""),
    ("CarePlan.extension[0].valueReference", "Observation/99", 400,
     MISSING % "Observation/99" + "CarePlan.extension.valueReference"),
    ("CarePlan.extension[0].valueReference", "Observation/{mine}", 201, "")]


def with_reference(patient, place, text):
    p = plan(patient)
    name = place.split(".")[1].split("[")[0]
    reference = {"reference": text}
    p[name] = {
        "supportingInfo": [reference],
        "activity": [{"progress": [{"text": "x"}], "reference": {
            "reference": "Patient/" + patient}}, {"reference": reference}],
        "extension": [{"url": "urn:e", "valueReference": reference}]}[name]
    if text == "#c":
        p["contained"] = [observation(patient, id="c")]
    return p


@pytest.fixture
def around(me, them):
    """What there is to refer to, and where."""
    gone = me.post(observation(me.id)).json()["id"]
    me.delete("/Observation/" + gone)
    return {"mine": me.post(observation(me.id)).json()["id"], "gone": gone,
            "theirs": them.post(observation(them.id)).json()["id"],
            "me": me.id, "base": me.base}


@BOTH
@pytest.mark.parametrize("place,text,status,words", REFERENCES)
def test_references(me, around, place, text, status, words):
    p = with_reference(me.id, place, text.format(**around))
    r = me.post(p) if status == 201 else me.post(p, status)
    if status == 201:
        me.put(dict(r.json(), description="an update, too"))
        return
    (issue,) = errors(outcome(r))
    assert words.format(**around) in issue["diagnostics"]
    assert issue["location"] == [place]
    assert me.get(f"/CarePlan?patient={me.id}").json()["total"] == 0


@BOTH
def test_logical_references(me):
    me.post(plan(me.id, supportingInfo=[
        {"identifier": {"system": "urn:s", "value": "v"}},
        {"display": "somewhere"}]))


@BOTH
def test_what_is_contained_is_left_alone(me):
    inner = {"resourceType": "Observation", "id": "c", "status": "final",
             "code": {"text": "x"}, "subject": {"reference": "Patient/99"}}
    me.post(plan(me.id, "#c", contained=[inner]))


@BOTH
def test_supporting_info_of_an_update_is_left_alone(me):
    p = me.post(plan(me.id)).json()
    p["supportingInfo"] = [{"reference": "Observation/99"}]
    me.put(p)
    p["activity"] = [{"reference": {"reference": "Observation/99"}}]
    assert "CarePlan.activity" in said(me.put(p, 400))


@BOTH
def test_a_resource_may_refer_to_itself(me):
    p = me.post(plan(me.id)).json()
    p["basedOn"] = [{"reference": "CarePlan/" + p["id"]}]
    me.put(p)


def test_the_questionnaire_of_a_response(person):
    """A Reference in STU3, a canonical in R4, which is none."""
    stu3, r4 = caller(person, "stu3"), caller(person, "r4")
    q = questionnaire("stu3", "http://q.test/stored")
    q = stu3.post(q).json()
    refer = {"reference": "Questionnaire/" + q["id"]}
    stu3.post(response(person.id, "stu3", questionnaire=refer))
    refer = {"reference": "Questionnaire/99"}
    r = stu3.post(response(person.id, "stu3", questionnaire=refer), 400)
    assert "not found, specified in path: QuestionnaireResponse" in r.text
    r4.post(response(person.id, "r4", questionnaire="http://q.test/none"))


@BOTH
def test_references_free(start, fhir):
    server = start(*OPTIONS, "--set", "references=free")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), fhir)
    me.post(plan(me.id, "Observation/99", "http://other.test/Observation/1"))
    me.post(observation("nobody"), 403)
    everybody = anybody(server, fhir)
    for o in (observation("nobody"), observation("x", subject={
            "reference": "Group/1"}), observation("x", performer=[
                {"reference": "Practitioner/1"}])):
        stored = everybody.post(o).json()
        assert everybody.get("/Observation/" + stored["id"]).json() == stored
    nobodys = observation("x")
    del nobodys["subject"]
    stored = everybody.post(nobodys).json()
    assert me.get("/Observation/" + stored["id"]).json() == stored


@BOTH
def test_references_in_the_open_sandbox(open_sandbox, me):
    r = open_sandbox.post(observation("nobody"), 400)
    assert said(r) == (MISSING % "Patient/nobody") + "Observation.subject"
    open_sandbox.post(observation(me.id))
    r = open_sandbox.post(observation("x", subject={"display": "x"}), 403)
    assert "must refer to the Patient" in said(r)


# ---- Prefer -----------------------------------------------------------------

@BOTH
@pytest.mark.parametrize("prefer", ["minimal", "representation",
                                    "OperationOutcome"])
def test_prefer(me, prefer):
    head = {"Prefer": "return=" + prefer}

    def look(r, done, version):
        if prefer == "minimal":
            assert not r.content and "Content-Type" not in r.headers
        elif prefer == "representation":
            assert r.json()["resourceType"] == "Observation"
        else:
            assert re.match(r'Successfully %s resource "Observation/[^/]+/'
                            r'_history/%d"' % (done, version), said(r))
        assert r.headers["ETag"] == f'W/"{version}"'

    r = me.post(observation(me.id), **head)
    look(r, "created", 1)
    id = r.headers["Location"].split("/")[-3]
    o = observation(me.id, "y", id=id)
    look(me.put(o, **head), "updated", 2)
    look(me.put(o, **head), "updated", 2)
    r = me.delete("/Observation/" + id, **head)
    if prefer == "minimal":
        assert not r.content
    else:
        assert said(r).startswith("Successfully deleted 1 resource(s) in ")


# ---- conditions -------------------------------------------------------------

@BOTH
def test_conditional_update(start, fhir):
    server = start(*OPTIONS, "--set", "conditional_update=on")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), fhir)
    path = "/Observation?identifier=urn:s%7Ca"
    o = observation(me.id, identifier=[{"system": "urn:s", "value": "a"}])
    me.ask("PUT", path, o, 412, If_Match='W/"1"')
    r = me.ask("PUT", path, dict(o, id="mine"), 201)
    assert version_of(r) == 1 and "Location" not in r.headers
    id = r.json()["id"]
    assert id != "mine"
    r = me.ask("PUT", path + "&_format=json", dict(o, code={"text": "y"}), 200)
    assert (version_of(r), r.json()["id"]) == (2, id)
    r = me.ask("PUT", path, dict(o, id=id, code={"text": "z"}), 200)
    assert version_of(r) == 3
    r = me.ask("PUT", path, dict(o, id="mine"), 400)
    assert "does not match URL ID" in said(r)
    me.ask("PUT", path, dict(o, id=id), 409, If_Match='W/"1"')
    me.ask("PUT", "/Observation?code=x", o, 400)
    me.post(o)
    r = me.ask("PUT", path, o, 412)
    assert "Failed to UPDATE resource with match URL" in said(r)


@BOTH
def test_conditional_delete(start, fhir):
    server = start(*OPTIONS, "--set", "conditional_delete=on")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), fhir)
    path = "/Observation?identifier=urn:s%7Ca"
    o = observation(me.id, identifier=[{"system": "urn:s", "value": "a"}])
    r = me.delete(path)
    (issue,) = outcome(r)["issue"]
    assert issue["severity"] == "warning"
    assert re.fullmatch('Unable to find resource matching URL "Observation'
                        r'\?identifier=.*a". Deletion failed\.',
                        issue["diagnostics"])
    stored = me.post(o).json()
    assert "Successfully deleted 1" in said(me.delete(path))
    me.get("/Observation/" + stored["id"], 410)
    for _ in range(2):
        me.post(o)
    r = me.delete(path, 412)
    assert "Failed to DELETE resource with match URL" in said(r)
    me.delete("/Observation?code=x", 400)
    me.delete("/Observation", 400)


def test_if_none_exist_as_early_in_2019(start):
    server = start(*OPTIONS, "--set", "if_none_exist_stu3=off")
    person = server.person(server.register(scope=SCOPE), SCOPE)
    for fhir, status in (("stu3", 201), ("r4", 200)):
        me = caller(person, fhir)
        o = observation(me.id, identifier=[{"system": "urn:s", "value": "a"}])
        me.post(o)
        me.post(o, status, If_None_Exist="identifier=a")


# ---- meta -------------------------------------------------------------------

LABELS = {"profile": ["http://p.test/a"],
          "security": [{"system": "urn:s", "code": "R"}],
          "tag": [{"system": "urn:t", "code": "a", "display": "A"}]}


@BOTH
@pytest.mark.parametrize("merge", [False, True])
def test_meta(start, fhir, merge):
    server = start(*OPTIONS, "--set", "unknown_profile=warn", "--set",
                   "meta_merge=" + ("on" if merge else "off"), "--set",
                   "timezone=UTC")
    me = caller(server.person(server.register(scope=SCOPE), SCOPE), fhir)
    o = me.post(observation(me.id, meta=LABELS)).json()
    assert {k: o["meta"][k] for k in LABELS} == LABELS
    assert o["meta"]["lastUpdated"] == "2026-03-10T10:00:00.000+00:00"
    new = dict(o, code={"text": "y"}, meta={
        "tag": [{"system": "urn:t", "code": "a"},
                {"system": "urn:t", "code": "b"}]})
    got = me.put(new).json()["meta"]
    assert got.pop("versionId") == "2"
    assert got.pop("lastUpdated") == "2026-03-10T10:00:00.001+00:00"
    if not merge:
        assert got == new["meta"]
        return
    assert got["tag"] == new["meta"]["tag"]
    assert got["profile"] == LABELS["profile"]
    assert got["security"] == LABELS["security"]
    # what is merged in changes nothing
    assert version_of(me.put(
        {k: v for k, v in new.items() if k != "meta"})) == 2
