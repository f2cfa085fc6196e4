# SPDX-License-Identifier: Apache-2.0
"""History: what was stored, changed and deleted, of a resource, of a type, of
all types; by time, in pages, for whom."""
import json
import urllib.parse

import pytest

from support import FHIR_JSON, outcome, weight

BOTH = ["r4", "stu3"]
READS = " ".join(f"patient/{t}.read" for t in (
    "Observation", "Patient", "Questionnaire"))


def history(person, path, fhir="r4", status=200, **query):
    query = {("_" + k): v for k, v in query.items()}
    r = person.get(path + "/_history", fhir, params=query)
    assert r.status_code == status, r.text
    o = r.json()
    if status == 200:
        assert o["resourceType"] == "Bundle" and o["type"] == "history"
    return o


def versions(bundle):
    """METHOD id-begin/version of each entry."""
    return ["%s %s" % (e["request"]["method"], e["request"]["url"])
            for e in bundle.get("entry", [])]


def change(person, o, kg, fhir="r4"):
    o = json.loads(json.dumps(o))
    o["valueQuantity"]["value"] = kg
    r = person.fhir("PUT", "/Observation/" + o["id"], fhir, json=o,
                    headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 200, r.text
    return r.json()


def delete(person, o, fhir="r4"):
    r = person.fhir("DELETE", f"/{o['resourceType']}/{o['id']}", fhir)
    assert r.status_code == 200, r.text


class Life:
    """A resource that was stored, changed and deleted, a minute between."""

    def __init__(self, own, person, fhir):
        self.id, self.states, self.times = None, [], []
        first = self.note(own, person.post(weight(person.id, fhir=fhir), fhir,
                                           status=201).json())
        self.id = first["id"]
        self.note(own, change(person, first, 80, fhir))
        delete(person, first, fhir)
        self.times.append(own.admin("GET", "/clock").json()["now"])
        own.advance("PT1M")

    def note(self, own, o):
        self.states.append(o)
        self.times.append(o["meta"]["lastUpdated"])
        own.advance("PT1M")
        return o

    def entries(self, *numbers):
        return ["%s Observation/%s/_history/%d" % (
            ["POST", "PUT", "DELETE"][n - 1], self.id, n) for n in numbers]


@pytest.fixture(params=BOTH)
def fhir(request):
    return request.param


@pytest.fixture
def life(own, person, fhir):
    return Life(own, person, fhir)


def test_of_a_resource(own, person, fhir, life):
    path = "/Observation/" + life.id
    b = history(person, path, fhir)
    assert b["total"] == 3
    assert versions(b) == life.entries(3, 2, 1)
    assert list(b) == ["resourceType", "id", "meta", "type", "total", "link",
                       "entry"]
    assert b["link"] == [{"relation": "self",
                          "url": own.base(fhir) + path + "/_history"}]
    gone, changed, stored = b["entry"]
    assert "resource" not in gone
    assert changed["resource"] == life.states[1]
    assert stored["resource"] == life.states[0]
    for e in b["entry"]:
        assert e["fullUrl"] == own.base(fhir) + path
        assert "search" not in e
        assert ("response" in e) == (fhir == "r4")
    if fhir == "r4":
        assert [e["response"]["status"] for e in b["entry"]] == [
            "200 OK", "200 OK", "201 Created"]
        assert [e["response"]["etag"] for e in b["entry"]] == [
            'W/"3"', 'W/"2"', 'W/"1"']
        assert [e["response"]["lastModified"] for e in b["entry"][1:]] == \
            [life.times[1], life.times[0]]


def test_versions_that_are_listed_can_be_read(person, fhir, life):
    b = history(person, "/Observation/" + life.id, fhir)
    for e in b["entry"]:
        r = person.get("/" + e["request"]["url"], fhir)
        assert r.status_code == (200 if "resource" in e else 410)
        if "resource" in e:
            assert r.json() == e["resource"]
        else:
            assert outcome(r)["issue"][0]["diagnostics"].startswith(
                "Resource was deleted at 2026-")


def test_of_a_type_and_of_all(person, fhir, life):
    kept = person.post(weight(person.id, fhir=fhir), fhir, status=201).json()
    mine = [f"POST Observation/{kept['id']}/_history/1"] + life.entries(
        3, 2, 1)
    b = history(person, "/Observation", fhir)
    assert versions(b) == mine and b["total"] == 4
    everything = versions(history(person, "", fhir, count="1000"))
    assert [v for v in everything if "Observation" in v] == mine
    assert f"POST Patient/{person.id}/_history/1" in everything
    assert versions(history(person, "/Patient", fhir)) == [
        f"POST Patient/{person.id}/_history/1"]
    assert history(person, "/CarePlan", fhir, status=403)


def minute(life, n, by=0):
    """The time of the n-th change, by some seconds."""
    t = life.times[n - 1]
    return t[:17] + "%02d" % by + t[19:] if by else t


@pytest.mark.parametrize("query,numbers", [
    ({"since": 1}, (3, 2, 1)), ({"since": 2}, (3, 2)), ({"since": 3}, (3,)),
    ({"since": (1, 1)}, (3, 2)), ({"since": (3, 1)}, ()),
    ({"at": 1}, (1,)), ({"at": (1, 30)}, (1,)), ({"at": 2}, (2,)),
    ({"at": (2, 30)}, (2,)), ({"at": (3, 30)}, (3,)),
    ({"since": "2026"}, (3, 2, 1)), ({"since": "2000-01-01"}, (3, 2, 1)),
    ({"since": "2100-01-01T00:00:00Z"}, ()), ({"at": "2026"}, (3, 2, 1)),
    ({"at": "2000"}, ()), ({"at": "lt1970-01-01T00:00:00Z"}, ()),
    ({"at": ["ge", (2, 30)]}, (3, 2)),
    ({"at": ["gt", (2, 30)]}, (3, 2)), ({"at": ["le", (1, 30)]}, (1,)),
    ({"at": ["lt", (2, 30)]}, (2, 1)), ({"at": ["eq", (2, 30)]}, (2,)),
    ({"since": ""}, (3, 2, 1)), ({"at": ""}, (3, 2, 1)),
    ({"format": "json"}, (3, 2, 1)), ({"pretty": "true"}, (3, 2, 1)),
    ({"fish": "x"}, (3, 2, 1)), ({"summary": "count"}, ()),
])
def test_times(person, fhir, life, query, numbers):
    def text(v):
        if isinstance(v, list):
            return v[0] + text(v[1])
        if isinstance(v, tuple):
            return minute(life, *v)
        return minute(life, v) if isinstance(v, int) else v
    query = {k: text(v) for k, v in query.items()}
    for path in ("/Observation/" + life.id, "/Observation"):
        b = history(person, path, fhir, **query)
        assert versions(b) == life.entries(*numbers), path
        assert b["total"] == (3 if "summary" in query else len(numbers))


@pytest.mark.parametrize("query,text", [
    ("_since=fish", 'Invalid date/time format: "fish"'),
    ("_since=2026-13-01", 'Invalid date/time format: "2026-13-01"'),
    ("_at=fish", 'Invalid date/time format: "fish"'),
    ("_at=ne2026", 'Invalid date/time format: "ne2026"'),
    ("_since=2026&_at=2026", "Unable to combine _at and _since parameters for "
     "history operation"),
    ("_at=2026&_since=2026-01-01T00:00:00Z", "Unable to combine _at and "
     "_since parameters for history operation")])
@pytest.mark.parametrize("path", ["/Patient/{}", "/Patient", ""])
def test_refused(person, fhir, path, query, text):
    r = person.get(path.format(person.id) + "/_history?" + query, fhir)
    assert r.status_code == 400
    assert outcome(r)["issue"][0]["diagnostics"] == text


@pytest.mark.parametrize("query", ["_getpages=x", "_getpages=0",
                                   "_getpages=-1", "_getpagesoffset=x",
                                   "_getpages=9999999999999999999999"])
def test_pages_that_were_never_given(person, query):
    r = person.get(f"/Patient/{person.id}/_history?{query}")
    assert r.status_code == 410
    assert "does not exist and may have expired" in \
        outcome(r)["issue"][0]["diagnostics"]


def link(bundle, relation):
    found = [k["url"] for k in bundle["link"] if k["relation"] == relation]
    return found[0] if found else None


@pytest.mark.parametrize("path", ["/Observation", "", "/Observation/{}"])
def test_pages(person, fhir, path):
    o = person.post(weight(person.id, fhir=fhir), fhir, status=201).json()
    for kg in range(60, 66):
        o = change(person, o, kg, fhir)
    path = path.format(o["id"])
    everything = versions(history(person, path, fhir, count="1000"))
    got, b = [], history(person, path, fhir, count="3", pretty="false")
    first, pages = b, 0
    while True:
        assert b["total"] == len(everything)
        got += versions(b)
        url = link(b, "next")
        if not url:
            break
        pages += 1
        o = change(person, o, 70 + pages, fhir)  # pages hold still
        assert len(b["entry"]) == 3
        r = person.get(url)
        assert r.status_code == 200, r.text
        b = r.json()
        assert link(b, "self") == url
        assert "_pretty=false" in url and "_count=3" in url
    assert got == everything
    assert pages >= 2
    while link(b, "previous"):
        b = person.get(link(b, "previous")).json()
    assert versions(b) == versions(first)


@pytest.mark.parametrize("count,entries", [
    ("2", 2), ("1", 1), ("0", 0), ("-1", 3), ("fish", 3), ("", 3),
    ("99999999999999999999999", 3), ("20001", 3)])
def test_count(person, fhir, life, count, entries):
    b = history(person, "/Observation/" + life.id, fhir, count=count)
    assert len(b.get("entry", [])) == entries
    assert ("entry" in b) == (entries > 0)
    assert b["total"] == 3


@pytest.mark.parametrize("query,out", [
    ({"summary": "true"}, "text"), ({"elements": "code"}, "valueQuantity"),
    ({"summary": "text"}, "valueQuantity"), ({"summary": "data"}, "text")])
def test_parts(person, life, fhir, query, out):
    path = "/Observation/" + life.id
    whole = history(person, path, fhir)
    parts = history(person, path, fhir, **query)
    assert versions(parts) == versions(whole)
    assert "resource" not in parts["entry"][0]
    for e in parts["entry"][1:]:
        assert out not in e["resource"]
        assert e["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"


def test_unknown_ids(person, fhir):
    for id in ("none", "x" * 64, "%20", "a_b"):
        r = person.get(f"/Observation/{id}/_history", fhir)
        assert r.status_code == 404
        assert outcome(r)["issue"][0]["diagnostics"] == \
            f"Resource Observation/{urllib.parse.unquote(id)} is not known"


def test_others_are_out_of_reach(person, other, fhir):
    theirs = other.post(weight(other.id, fhir=fhir), fhir, status=201).json()
    r = person.get(f"/Observation/{theirs['id']}/_history", fhir)
    assert r.status_code == 403
    delete(other, theirs, fhir)
    r = person.get(f"/Observation/{theirs['id']}/_history", fhir)
    assert r.status_code == 403
    for path in ("/Observation", ""):
        b = history(person, path, fhir, count="20000")
        assert not any(theirs["id"] in v for v in versions(b))
        assert not any(other.id in v for v in versions(b))


def test_the_scope_decides_on_types(server, app, person):
    stored = person.post(weight(person.id), status=201).json()
    seen = {}
    for scope in ("patient/Observation.read", "patient/Patient.read",
                  "patient/Questionnaire.read", READS, "offline_access"):
        person.token = server.issue(
            server.register(scope=READS + " offline_access"), person.hetu,
            scope)["access_token"]
        if scope == "offline_access":
            history(person, "", status=403)
            continue
        b = history(person, "", count="1000")
        seen[scope] = {v.split()[1].split("/")[0] for v in versions(b)}
    assert seen.pop("patient/Observation.read") == {"Observation"}
    assert seen.pop("patient/Patient.read") == {"Patient"}
    assert seen.pop("patient/Questionnaire.read") <= {"Questionnaire"}
    assert seen.pop(READS) >= {"Observation", "Patient"}
    assert stored["id"]


def test_what_is_nobodys(own, person):
    """Questionnaires are in everybody's history."""
    person.token = own.issue(own.register(scope=READS), person.hetu,
                             READS)["access_token"]
    of_type = versions(history(person, "/Questionnaire", count="1000"))
    of_all = versions(history(person, "", count="1000"))
    assert of_type
    assert [v for v in of_all if "Questionnaire/" in v] == of_type


@pytest.mark.parametrize("setting,instance,others", [
    ("off", 400, 400), ("instance", 200, 400), ("all", 200, 200)])
def test_switch(start, setting, instance, others):
    with start("--set", "history=" + setting) as s:
        person = s.person(s.register())
        for path, status in (("/Patient/" + person.id, instance),
                             ("/Patient", others), ("", others)):
            r = person.get(path + "/_history")
            assert r.status_code == status
            if status == 400:
                assert outcome(r)["issue"][0]["diagnostics"] == (
                    "Invalid request: The FHIR endpoint on this server does "
                    "not know how to handle GET operation[%s] with parameters "
                    "[[]]" % (path + "/_history")[1:])


def test_delete_status(own, person, life, fhir):
    if fhir == "stu3":
        return
    own.admin("PUT", "/settings", {"delete_status": "204"}, 200)
    b = history(person, "/Observation/" + life.id)
    own.admin("PUT", "/settings", {"delete_status": "200"}, 200)
    assert b["entry"][0]["response"]["status"] == "204 No Content"


def test_head(person, life, fhir):
    path = f"/Observation/{life.id}/_history"
    plain = {"Accept-Encoding": "identity"}
    r = person.fhir("HEAD", path, fhir, headers=plain)
    assert r.status_code == 200 and not r.content
    assert r.headers["Content-Length"] == str(
        len(person.get(path, fhir, headers=plain).content))


def test_open_sandbox_has_everybodys(start):
    with start("--environment", "sandbox-open") as s:
        someone = s.person(s.register())
        o = someone.post(weight(someone.id), status=201).json()
        for path in ("", "/Observation", "/Observation/" + o["id"]):
            r = s.http.get(s.r4 + path + "/_history?_count=1000", timeout=30)
            assert r.status_code == 200
            assert f"POST Observation/{o['id']}/_history/1" in versions(
                r.json())
