# SPDX-License-Identifier: Apache-2.0
"""Bundles of requests: batch and transaction, row by row of the facts. What
clients of the real service send is here as they send it: one URL with a slash
at its end for every entry, ifNoneExist without a system, fullUrl urn:uuid."""
import json
import re
import uuid

import pytest

from bundles import (new_uuid, entry, post, bundle, send, refused, text_of,
                     statuses, id_of, total, referring, referred, insulin,
                     identifier, INSTANT, BOTH)
from support import (MOCK, PHR, SCOPE, Person, errors, ids, outcome,
                     patient_resource, places, run, weight)

OPTIONS = ["--set", "batch_stu3=on"]


# ---- the Bundle itself ------------------------------------------------------

@pytest.mark.parametrize("kind", ["collection", "searchset", "document",
                                  "transaction-response", "history", "Batch"])
def test_other_types(person, kind):
    o = refused(person, 400, post(weight(person.id)), kind=kind)
    assert text_of(o) == ("Unable to process transaction where incoming "
                          "Bundle.type = " + kind)
    assert places(o) == ["Bundle.type"]
    assert total(person) == 0


BODIES = [
    # body, status, the text has
    ({"resourceType": "Bundle"}, 400, "Bundle.type = null"),
    ({"resourceType": "Bundle", "type": 7}, 400, "Bundle.type = null"),
    ({"resourceType": "Bundle", "type": "batch", "entry": {}}, 400,
     "Bundle.entry is no array"),
    ({"resourceType": "Observation"}, 400, 'Incorrect resource type found, '
     'expected "Bundle" but found "Observation"'),
    ({"resourceType": "bundle"}, 400, "found similar name: 'Bundle'"),
    ([], 400, "Failed to parse request body as JSON resource"),
    ("{", 400, "Failed to parse request body as JSON resource"),
    ("", 400, "The body is empty"),
]


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("body,status,text", BODIES)
def test_bodies(person, fhir, body, status, text):
    r = person.post(body, fhir, "/", status)
    assert text in text_of(outcome(r))


def test_content_type(person):
    r = person.post(bundle("batch"), path="/", status=400,
                    Content_Type="text/plain")
    assert 'Content-Type header value of "text/plain"' in text_of(outcome(r))
    assert '"TRANSACTION" operation' in text_of(outcome(r))
    person.post(bundle("batch"), path="/", status=200,
                Content_Type="application/json; charset=UTF-8")


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_empty(person, fhir, kind):
    assert send(person, kind, fhir=fhir) == []
    r = person.post({"resourceType": "Bundle", "type": kind}, fhir, "/", 200)
    assert "entry" not in r.json()


@pytest.mark.parametrize("path", ["", "/"])
def test_with_and_without_slash(person, path):
    r = person.post(bundle("batch", post(weight(person.id))), path=path)
    assert r.status_code == 200


def test_pretty_and_xml(person):
    r = person.post(bundle("batch"), path="/?_pretty=true", status=200)
    assert r.text.startswith('{\n  "resourceType": "Bundle"')
    person.post(bundle("batch"), path="/", status=406,
                Accept="application/fhir+xml")


def test_stu3_is_off(start):
    s = start()
    p = s.person(s.register())
    for kind in ("batch", "transaction"):
        o = refused(p, 400, post(weight(p.id, fhir="stu3")), kind=kind,
                    fhir="stu3")
        assert text_of(o).startswith(
            "Invalid request: The FHIR endpoint on this server does not know "
            "how to handle POST operation[null] with parameters [[]]")
        assert "batch_stu3" in text_of(o)
    assert total(p, "stu3") == 0
    assert statuses(send(p, "batch", post(weight(p.id)))) == [201]


def test_r4_can_be_off(start):
    s = start("--set", "batch_r4=off")
    p = s.person(s.register())
    o = refused(p, 400, post(weight(p.id)), kind="batch")
    assert "batch_r4" in text_of(o)


def test_limit(start):
    s = start("--set", "batch_max=3")
    p = s.person(s.register())
    four = [post(weight(p.id)) for _ in range(4)]
    for kind in ("batch", "transaction"):
        o = refused(p, 413, *four, kind=kind)
        assert "4 entries" in text_of(o) and "batch_max" in text_of(o)
        assert statuses(send(p, kind, *four[1:])) == [201] * 3
    assert total(p) == 6


def test_token_needed(person):
    r = person.post(bundle("batch"), path="/", Authorization="")
    assert r.status_code == 401


# ---- as real clients send it ------------------------------------------------

@pytest.mark.parametrize("fhir", BOTH)
def test_upload(person, fhir):
    """300 entries, all to Observation/, whatever they are; then again."""
    sent = [insulin(person.id, fhir) if i % 3 == 0
            else weight(person.id, fhir=fhir, kg=50 + i / 10)
            for i in range(300)]
    b = [post(o, new_uuid(), "Observation/",
              ifNoneExist="identifier=" + (
                  o["identifier"] if isinstance(o["identifier"], dict)
                  else o["identifier"][0])["value"]) for o in sent]
    first = send(person, "batch", *b, fhir=fhir)
    assert {e["response"]["status"] for e in first} == {"201 Created"}
    for o, e in zip(sent, first):
        assert set(e) == {"response"}
        r = e["response"]
        assert re.fullmatch(o["resourceType"] + r"/[0-9a-f-]{36}/_history/1",
                            r["location"])
        assert r["etag"] == 'W/"1"'
        assert INSTANT.match(r["lastModified"])
    assert len({id_of(e) for e in first}) == 300
    again = send(person, "batch", *b, fhir=fhir)
    assert {e["response"]["status"] for e in again} == {"200 OK"}
    assert [id_of(e) for e in again] == [id_of(e) for e in first]
    assert total(person, fhir) == 200
    stored = person.get("/Observation/" + id_of(first[1]), fhir).json()
    assert {k: v for k, v in stored.items() if k not in ("id", "meta")} == \
        {k: v for k, v in sent[1].items() if k != "meta"}


def test_some_of_them_are_wrong(person):
    """A batch goes on; what is wrong with an entry is in its answer."""
    bad = weight(person.id)
    del bad["status"], bad["code"]
    got = send(person, "batch", post(weight(person.id)), post(bad),
               post(weight(str(uuid.uuid4()))), post(weight(person.id)),
               {"resource": weight(person.id)})
    assert statuses(got) == [201, 422, 403, 201, 400]
    assert got[1]["response"]["status"] == "422 Unprocessable Entity"
    o = got[1]["response"]["outcome"]
    assert len(errors(o)) >= 2
    assert "Observation.status" in places(o)
    alone = outcome(person.post(bad, status=422))
    assert o == alone
    assert "location" not in got[1]["response"]
    assert total(person) == 2


def test_generated(start, tmp_path):
    """What the program itself makes as a transaction."""
    s = start()
    made = run(MOCK, "generate", "--fhir", "r4", "--format", "bundle",
               "--days", "5", "--clock", "2026-03-10T12:00:00+02:00")
    b = json.loads(made.out)
    app = s.register(scope=" ".join([SCOPE] + [
        f"patient/{t}.{a}" for a in ("read", "write") for t in
        ("CarePlan", "Questionnaire", "QuestionnaireResponse")]))
    token = s.issue(app, "010190-900P", app["scope"])["access_token"]
    r = s.request("POST", "/phr-resourceserver/baseR4", data=made.out.encode(),
                  headers={"Authorization": "Bearer " + token,
                           "Content-Type": "application/fhir+json"})
    assert r.status_code == 200, r.text
    assert len(r.json()["entry"]) == len(b["entry"]) > 10
    for e, asked in zip(r.json()["entry"], b["entry"]):
        # the citizen is there from the start
        there = asked["resource"]["resourceType"] == "Patient"
        assert statuses([e]) == [200 if there else 201]


# ---- the request of an entry ------------------------------------------------

VERB = ("Transaction bundle entry has missing or invalid HTTP Verb specified "
        'in Bundle.entry({}).request.method. Found value: "{}"')

MISTAKES = [
    # entry without its resource, status, text, place within the entry
    ({}, 400, VERB.format(1, "null"), "request.method"),
    ({"request": {}}, 400, VERB.format(1, "null"), "request.method"),
    ({"request": {"url": "Observation"}}, 400, VERB.format(1, "null"),
     "request.method"),
    ({"request": {"method": 5, "url": "Observation"}}, 400,
     VERB.format(1, "null"), "request.method"),
    (entry("post", "Observation"), 400, VERB.format(1, "post"),
     "request.method"),
    (entry("FETCH", "Observation"), 400, VERB.format(1, "FETCH"),
     "request.method"),
    ({"request": {"method": "POST"}}, 400,
     "Unable to perform POST, no URL provided.", "request.url"),
    (entry("POST", ""), 400, "Unable to perform POST, no URL provided.",
     "request.url"),
    (entry("DELETE", ""), 400, "Unable to perform DELETE, no URL provided.",
     "request.url"),
    (entry("PUT", "/"), 400,
     "Unable to perform PUT, URL provided is invalid: /", "request.url"),
    (entry("POST", "?x=y"), 400,
     "Unable to perform POST, URL provided is invalid: ?x=y", "request.url"),
    (entry("PUT", "http://elsewhere/fhir/Observation/1"), 400,
     "Unable to perform PUT, URL provided is invalid: "
     "http://elsewhere/fhir/Observation/1", "request.url"),
    (entry("GET", "Observation/a b"), 400,
     "Unable to perform GET, URL provided is invalid: Observation/a b",
     "request.url"),
    (dict(entry("POST", "Observation"), fullUrl="urn:x:1"), 400,
     "Invalid placeholder ID found: urn:x:1 - Must be of the form "
     "'urn:uuid:[uuid]' or 'urn:oid:[oid]'", "fullUrl"),
    (dict(entry("POST", "Observation"), fullUrl="cid:1"), 400,
     "Invalid placeholder ID found: cid:1 - Must be of the form "
     "'urn:uuid:[uuid]' or 'urn:oid:[oid]'", "fullUrl"),
]


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("wrong,status,text,place", MISTAKES)
def test_mistakes(person, fhir, wrong, status, text, place):
    wrong = dict(wrong, resource=weight(person.id, fhir=fhir))
    right = post(weight(person.id, fhir=fhir))
    got = send(person, "batch", right, wrong, fhir=fhir)
    assert statuses(got) == [201, status]
    assert text_of(got[1]["response"]["outcome"]) == text
    o = refused(person, status, right, wrong, fhir=fhir)
    assert text_of(o) == text
    assert places(o) == ["Bundle.entry[1]." + place]
    assert total(person, fhir) == 1


NO_RESOURCE = [
    # entry, status
    ({"request": {"method": "POST", "url": "Observation"}}, 400),
    ({"request": {"method": "PUT", "url": "Observation/1"}}, 400),
    ({"request": {"method": "POST", "url": "Observation"}, "resource": None},
     400),
    ({"request": {"method": "POST", "url": "Observation"}, "resource": []},
     400),
    ({"request": {"method": "POST", "url": "Observation"}, "resource": {}},
     400),
    ({"request": {"method": "POST", "url": "Observation"},
      "resource": {"resourceType": "Fish"}}, 404),
    ({"request": {"method": "POST", "url": "Bundle"},
      "resource": {"resourceType": "Bundle"}}, 404),
    (None, 400),
    (7, 400),
    ("x", 400),
    ([], 400),
]


@pytest.mark.parametrize("wrong,status", NO_RESOURCE)
def test_no_resource(person, wrong, status):
    got = send(person, "batch", wrong, post(weight(person.id)))
    assert statuses(got) == [status, 201]
    assert got[0]["response"]["outcome"]["issue"]
    refused(person, status, post(weight(person.id)), wrong)
    assert total(person) == 1


@pytest.mark.parametrize("verb", ["HEAD", "PATCH"])
def test_verbs_of_r4(person, verb):
    """STU3's list of verbs does not have them."""
    made = person.post(weight(person.id), status=201).json()["id"]
    e = entry(verb, "Observation/" + made, weight(person.id))
    got = send(person, "batch", e)
    assert statuses(got) == [200 if verb == "HEAD" else 405]
    assert "resource" not in got[0]
    made = person.post(weight(person.id, fhir="stu3"), "stu3",
                       status=201).json()["id"]
    got = send(person, "batch", e, fhir="stu3")
    assert statuses(got) == [400]
    assert text_of(got[0]["response"]["outcome"]) == VERB.format(0, verb)


URLS = ["Observation", "Observation/", "/Observation", "/Observation/",
        "//Observation", "{base}/Observation", "{base}/Observation/",
        "{path}/Observation", "Patient/", "Observation?", "x"]


@pytest.mark.parametrize("url", URLS)
def test_urls_of_creates(person, url):
    url = url.format(base=person.server.r4,
                     path=person.server.r4[len(person.server.origin):])
    got = send(person, "batch", post(weight(person.id), url=url))
    assert statuses(got) == [201]
    assert got[0]["response"]["location"].startswith("Observation/")


def test_strict_urls(start):
    s = start("--set", "batch_url_type=strict")
    p = s.person(s.register())
    got = send(p, "batch", post(weight(p.id), url="Observation/"),
               post(insulin(p.id), url="Observation/"),
               post(insulin(p.id), url="MedicationAdministration"))
    assert statuses(got) == [201, 400, 201]
    assert text_of(got[1]["response"]["outcome"]) == (
        'Incorrect resource type found, expected "Observation" but found '
        '"MedicationAdministration"')


def test_create_with_id(person):
    got = send(person, "batch",
               post(weight(person.id), url="Observation/17"))
    assert statuses(got) == [400]
    assert text_of(got[0]["response"]["outcome"]).startswith(
        'Can not create resource with ID "17"')


def test_reads(person):
    made = person.post(weight(person.id), status=201).json()
    where = "Observation/" + made["id"]
    got = send(person, "batch",
               entry("GET", where),
               entry("GET", "/" + where + "/"),
               entry("GET", person.server.r4 + "/" + where),
               entry("GET", where + "/_history/1"),
               entry("GET", where, ifNoneMatch='W/"1"'),
               entry("GET", where, ifNoneMatch='W/"2"'),
               entry("GET", where, ifModifiedSince=made["meta"][
                   "lastUpdated"]),
               entry("GET", where,
                     ifModifiedSince="2020-01-01T00:00:00.000Z"),
               entry("GET", "Observation/none"),
               entry("GET", "Observation?patient=" + person.id),
               entry("GET", "Observation"),
               entry("GET", "metadata"),
               entry("GET", "Fish"),
               entry("GET", "Patient/" + str(uuid.uuid4())))
    assert statuses(got) == [200, 200, 200, 200, 304, 200, 304, 200, 404, 200,
                             400, 200, 404, 404]
    for e in got[:4]:
        assert e["resource"] == made
        assert e["response"] == {"status": "200 OK", "etag": 'W/"1"',
                                 "lastModified": made["meta"]["lastUpdated"]}
    assert set(got[4]) == {"response"}
    assert got[4]["response"]["status"] == "304 Not Modified"
    assert got[8]["response"]["status"] == "404 Not Found"
    assert text_of(got[8]["response"]["outcome"]) == \
        "Resource Observation/none is not known"
    assert ids(got[9]["resource"]) == [made["id"]]
    assert got[9]["resource"]["type"] == "searchset"
    assert got[11]["resource"]["resourceType"] == "CapabilityStatement"


def test_etag_bare(start):
    s = start("--set", "batch_etag=bare")
    p = s.person(s.register())
    got = send(p, "batch", post(weight(p.id)))
    assert got[0]["response"]["etag"] == "1"


# ---- Prefer -----------------------------------------------------------------

@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("fhir", BOTH)
def test_prefer(person, kind, fhir):
    def e():
        return post(weight(person.id, fhir=fhir))
    for prefer in ({}, {"Prefer": "return=minimal"},
                   {"Prefer": "handling=lenient"}):
        got = send(person, kind, e(), fhir=fhir, **prefer)
        assert set(got[0]) == {"response"}
        assert "outcome" not in got[0]["response"]
    got = send(person, kind, e(), fhir=fhir, Prefer="return=representation")
    assert got[0]["resource"] == person.get(
        "/Observation/" + id_of(got[0]), fhir).json()
    assert list(got[0]) == ["resource", "response"]
    got = send(person, kind, e(), fhir=fhir, Prefer="return=OperationOutcome")
    assert "resource" not in got[0]
    text = text_of(got[0]["response"]["outcome"])
    assert "created" in text and id_of(got[0]) in text


def test_handling(person):
    search = entry("GET", f"Observation?patient={person.id}&fish=1")
    assert statuses(send(person, "batch", search)) == [200]
    got = send(person, "batch", search, Prefer="handling=strict")
    assert statuses(got) == [400]


# ---- update and delete ------------------------------------------------------

@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("fhir", BOTH)
def test_every_verb(person, kind, fhir):
    """Carried out as delete, create, update, read, whatever the order; the
    answers stand in the order of the requests."""
    one, two = (person.post(weight(person.id, fhir=fhir), fhir,
                            status=201).json() for _ in range(2))
    changed = dict(two, valueQuantity=dict(two["valueQuantity"], value=99))
    got = send(person, kind,
               entry("GET", f"Observation?patient={person.id}&_count=10"),
               entry("GET", "Observation/" + two["id"]),
               entry("PUT", "Observation/" + two["id"], changed),
               post(weight(person.id, fhir=fhir)),
               entry("DELETE", "Observation/" + one["id"]), fhir=fhir)
    assert [e["response"]["status"] for e in got] == [
        "200 OK", "200 OK", "200 OK", "201 Created", "204 No Content"]
    assert sorted(ids(got[0]["resource"])) == sorted([two["id"],
                                                      id_of(got[3])])
    assert got[1]["resource"]["valueQuantity"]["value"] == 99
    assert got[1]["resource"]["meta"]["versionId"] == "2"
    assert got[2]["response"]["location"] == \
        f"Observation/{two['id']}/_history/2"
    assert got[2]["response"]["etag"] == 'W/"2"'
    assert set(got[4]) == {"response"}
    assert "outcome" not in got[4]["response"]
    assert person.get("/Observation/" + one["id"], fhir).status_code == 410


def test_delete_with_outcome(person):
    made = person.post(weight(person.id), status=201).json()["id"]
    got = send(person, "batch", entry("DELETE", "Observation/" + made),
               entry("DELETE", "Observation/none"),
               Prefer="return=OperationOutcome")
    assert got[0]["response"]["status"] == "200 OK"
    assert "Successfully deleted" in text_of(got[0]["response"]["outcome"])
    assert statuses(got) == [200, 404]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_if_match(person, kind):
    made = person.post(weight(person.id), status=201).json()
    made["valueQuantity"]["value"] = 80
    stale = entry("PUT", "Observation/" + made["id"], made, ifMatch='W/"7"')
    right = entry("PUT", "Observation/" + made["id"], made, ifMatch='W/"1"')
    if kind == "batch":
        got = send(person, kind, stale, right)
        assert statuses(got) == [409, 200]
        assert got[0]["response"]["status"] == "409 Conflict"
    else:
        o = refused(person, 409, stale, post(weight(person.id)))
        assert "is not the current version" in text_of(o)
        assert places(o) == ["Bundle.entry[0]"]
        assert total(person) == 1
        assert statuses(send(person, kind, right)) == [200]


def test_update_needs_its_id(person):
    made = person.post(weight(person.id), status=201).json()
    other = dict(made, id="other")
    got = send(person, "batch",
               entry("PUT", "Observation/" + made["id"], other),
               entry("PUT", "Observation/", made),
               entry("PUT", "Observation?identifier=x", made))
    assert statuses(got) == [400, 400, 400]


# ---- scope and ownership ----------------------------------------------------

def test_scope(server, app, person):
    read = server.issue(app, person.hetu, "patient/Observation.read")
    write = server.issue(app, person.hetu, "patient/Observation.write")
    search = entry("GET", "Observation?patient=" + person.id)
    store = post(weight(person.id))
    person.token = read["access_token"]
    got = send(person, "batch", search, store, post(insulin(person.id)))
    assert statuses(got) == [200, 403, 403]
    assert got[1]["response"]["status"] == "403 Forbidden"
    assert "patient/Observation.write" in text_of(
        got[1]["response"]["outcome"])
    o = refused(person, 403, search, store)
    assert "patient/Observation.write" in text_of(o)
    assert places(o) == ["Bundle.entry[1]"]
    person.token = write["access_token"]
    assert statuses(send(person, "batch", search, store)) == [403, 201]
    r = person.post(bundle("transaction", store, search), path="/", status=403)
    assert "insufficient_scope" in r.headers["WWW-Authenticate"]


def test_others_data(person, other):
    mine = person.post(weight(person.id), status=201).json()
    got = send(other, "batch",
               entry("GET", "Observation/" + mine["id"]),
               entry("GET", "Observation?patient=" + person.id),
               entry("PUT", "Observation/" + mine["id"], mine),
               entry("DELETE", "Observation/" + mine["id"]),
               post(weight(person.id)))
    assert statuses(got) == [403, 403, 403, 403, 403]
    assert person.get("/Observation/" + mine["id"]).json() == mine


def test_no_nesting(person):
    """A Bundle within a Bundle is no request of one."""
    inner = bundle("batch", post(weight(person.id)))
    got = send(person, "batch", post(inner, url="Observation"),
               entry("POST", person.server.r4, inner),
               entry("POST", "/", inner))
    assert statuses(got) == [404, 400, 400]
    assert total(person) == 0


# ---- transactions: one refused, all refused ---------------------------------

def everything(person, fhir="r4"):
    """All that can be seen of what is stored."""
    state = person.server.admin("GET", "/state", status=200).json()["counts"]
    return state, person.search("&_count=1000", fhir)["entry"]


@pytest.mark.parametrize("fhir", BOTH)
def test_rollback(own, person, fhir):
    made = person.post(weight(person.id, fhir=fhir), fhir, status=201).json()
    gone = person.post(weight(person.id, fhir=fhir), fhir, status=201).json()
    before = everything(person, fhir)
    new = weight(person.id, fhir=fhir)
    bad = weight(person.id, fhir=fhir)
    del bad["status"], bad["code"]
    changed = dict(made, valueQuantity=dict(made["valueQuantity"], value=99))
    o = refused(person, 422,
                entry("DELETE", "Observation/" + gone["id"]),
                post(new, new_uuid(), ifNoneExist="identifier=" +
                     identifier(new)),
                post(bad, new_uuid()),
                entry("PUT", "Observation/" + made["id"], changed), fhir=fhir)
    assert len(errors(o)) >= 2
    assert all(p.startswith("Bundle.entry[2].resource") for p in places(o)), o
    assert "Bundle.entry[2].resource.status" in places(o)
    assert all(i.get("expression") == i["location"] for i in errors(o))
    assert everything(person, fhir) == before
    assert person.search("&identifier=" + identifier(new), fhir)["total"] == 0
    assert person.get("/Observation/" + gone["id"], fhir).status_code == 200
    assert person.get("/Observation/" + made["id"] + "/_history/2",
                      fhir).status_code == 404
    # and the same condition makes it anew
    got = send(person, "transaction",
               post(new, ifNoneExist="identifier=" + identifier(new)),
               fhir=fhir)
    assert statuses(got) == [201]


def test_rollback_of_a_late_failure(own, person):
    """Reads come last, and one that fails takes all with it."""
    before = person.server.admin("GET", "/state").json()["counts"]
    o = refused(person, 404, entry("GET", "Observation/none"),
                *[post(weight(person.id), new_uuid()) for _ in range(50)])
    assert places(o) == ["Bundle.entry[0]"]
    assert text_of(o) == "Resource Observation/none is not known"
    assert person.server.admin("GET", "/state").json()["counts"] == before


def test_explained(start):
    s = start("--errors", "explain")
    p = s.person(s.register())
    bad = weight(p.id)
    bad["status"] = "fish"
    text = json.dumps(bundle("transaction", post(weight(p.id)), post(bad)),
                      indent=1)
    o = outcome(p.post(text, path="/", status=422))
    line = next(n for n, t in enumerate(text.splitlines(), 1) if "fish" in t)
    lines = [x["valueInteger"] for i in errors(o)
             for x in i.get("extension", []) if x["url"].endswith("issue-line")]
    assert lines and set(lines) == {line}
    o = refused(p, 400, {"resource": bad})
    assert o["issue"][0]["details"]["coding"][0]["code"] == "KPHR-REST-0116"
    o = refused(p, 400, kind="fish")
    assert o["issue"][0]["details"]["coding"][0]["code"] == "KPHR-REST-0115"


# ---- the open sandbox -------------------------------------------------------

@pytest.fixture(scope="module")
def open_sandbox(start_shared):
    return Anyone(start_shared("--environment", "sandbox-open", *OPTIONS))


class Anyone(Person):
    """Who needs no token."""

    def __init__(self, server):
        self.server, self.id, self.token = server, "", ""

    def fhir(self, method, path, fhir="r4", **more):
        more.setdefault("headers", {})["Authorization"] = ""
        return super().fhir(method, path, fhir, **more)


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("order", ["before", "behind"])
def test_patient_and_data(open_sandbox, fhir, order):
    """A citizen and the first measurements, in one transaction."""
    name = new_uuid()
    o = weight("x", fhir=fhir)
    o["subject"]["reference"] = o["performer"][0]["reference"] = name
    pair = [post(patient_resource(str(uuid.uuid4()), fhir), name), post(o)]
    if order == "behind":
        pair.reverse()
    got = send(open_sandbox, "transaction", *pair, fhir=fhir)
    if order == "behind":
        got.reverse()
    assert statuses(got) == [201, 201]
    found = open_sandbox.get("/Observation?patient=" + id_of(got[0]), fhir)
    assert ids(found.json()) == [id_of(got[1])]
    stored = found.json()["entry"][0]["resource"]
    assert stored["subject"]["reference"] == "Patient/" + id_of(got[0])


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_patient_by_put(open_sandbox, fhir, kind):
    """Applications may give a Patient its uuid themselves."""
    id = str(uuid.uuid4())
    got = send(open_sandbox, kind,
               entry("PUT", "Patient/" + id,
                     dict(patient_resource(id, fhir), id=id)),
               entry("GET", "Patient/" + id), fhir=fhir)
    assert statuses(got) == [201, 200]
    assert got[0]["response"]["location"] == f"Patient/{id}/_history/1"
    got = send(open_sandbox, kind, post(weight(id, fhir=fhir)), fhir=fhir)
    assert statuses(got) == [201]


def test_definition_is_rolled_back(open_sandbox):
    """A profile that a refused transaction brought is not in force."""
    url = "http://test/" + str(uuid.uuid4())
    id = str(uuid.uuid4())
    send(open_sandbox, "batch", entry("PUT", "Patient/" + id, dict(
        patient_resource(id), id=id)))
    profile = {"resourceType": "StructureDefinition", "url": url,
               "name": "Heavy", "status": "active", "kind": "resource",
               "abstract": False, "type": "Observation",
               "baseDefinition": PHR + "fiphr-sd-bodyweight",
               "derivation": "constraint", "differential": {"element": [
                   {"id": "Observation", "path": "Observation"},
                   {"id": "Observation.note", "path": "Observation.note",
                    "min": 1}]}}
    profile["meta"] = {"profile": [
        "http://hl7.org/fhir/StructureDefinition/StructureDefinition"]}
    o = weight(id)
    o["meta"]["profile"].append(url)
    noted = dict(o, note=[{"text": "x"}])
    bad = refused(open_sandbox, 422, post(profile), post(noted), post(o))
    assert places(bad) == ["Bundle.entry[2].resource.note"], bad
    assert open_sandbox.get(
        "/StructureDefinition?url=" + url).json()["total"] == 0
    open_sandbox.post(o, status=201)
    assert statuses(send(open_sandbox, "transaction", post(profile),
                         post(noted))) == [201, 201]
    open_sandbox.post(o, status=422)


# ---- large ones -------------------------------------------------------------

def test_a_thousand(own, person):
    """All or nothing, with references in a chain."""
    names = [new_uuid() for _ in range(1000)]
    entries = [post(referring(person.id, names[i - 1]) if i else
                    weight(person.id), n) for i, n in enumerate(names)]
    bad = weight(person.id)
    del bad["status"]
    o = refused(person, 422, *entries[:-1], post(bad))
    assert places(o) == ["Bundle.entry[999].resource.status"]
    assert total(person) == 0
    got = send(person, "transaction", *entries)
    assert set(statuses(got)) == {201}
    made = [id_of(e) for e in got]
    assert referred(person, made[999]) == "Observation/" + made[998]
    assert total(person) == 1000


def test_deep(person):
    """Nesting has a limit, and names are looked for down to it."""
    value = "1"
    for _ in range(60):
        value = '[{"x":' + value + "}]"
    b = ('{"resourceType":"Bundle","type":"transaction","entry":[{"resource":'
         '{"resourceType":"Observation","x":%s},"request":{"method":"POST",'
         '"url":"Observation"}}]}' % value)
    assert person.post(b, path="/").status_code == 422
    b = b.replace(value, "[" * 200 + "]" * 200)
    assert person.post(b, path="/").status_code == 400


def test_many_searches(person):
    """References may be searches, but not without end."""
    old = weight(person.id)
    made = person.post(old, status=201).json()["id"]
    o = weight(person.id)
    o["extension"] = [{"url": "http://test/ref", "valueReference": {
        "reference": f"Observation?identifier={identifier(old)},urn:x:{i}"}}
        for i in range(2001)]
    assert "more than 2000" in text_of(refused(person, 413, post(o)))
    o["extension"].pop()
    got = send(person, "transaction", post(o))
    assert referred(person, id_of(got[0])) == "Observation/" + made
