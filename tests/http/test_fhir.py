# SPDX-License-Identifier: Apache-2.0
"""The FHIR bases: create, read, search, refusals; what is stored comes back
as it was sent."""
import json
import re
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import (BUILT, FHIR_JSON, Person, blood_pressure, glucose, ids,
                     outcome, raw, session, steps, weight, weight_stu3)

UTF8 = "application/fhir+json;charset=utf-8"


def compact(header):
    return header.replace(" ", "").lower()


# ---- create -----------------------------------------------------------------

@pytest.mark.parametrize("what", BUILT)
def test_create_and_read(person, what):
    fhir, build = BUILT[what]
    sent = build(person.id)
    r = person.post(sent, fhir, status=201)
    stored = r.json()
    assert str(uuid.UUID(stored["id"])) == stored["id"]
    here = f"{person.server.base(fhir)}/Observation/{stored['id']}"
    for r in (r, person.get("/Observation/" + stored["id"], fhir)):
        assert r.json() == stored
        assert r.headers["ETag"] == 'W/"1"'
        assert r.headers["Content-Location"] == here + "/_history/1"
        assert compact(r.headers["Content-Type"]) == UTF8
        assert "Date" in r.headers and "Last-Modified" in r.headers
        assert "X-Powered-By" not in r.headers
    assert "Location" not in r.headers, "only an answer to POST has one"


def test_ids_and_versions_are_the_servers(person):
    sent = weight(person.id)
    sent["id"] = "chosen"
    sent["meta"].update(versionId="7", lastUpdated="1999-01-01T00:00:00Z",
                        tag=[{"system": "urn:x", "code": "kept"}])
    stored = person.post(sent, status=201).json()
    assert stored["id"] != "chosen"
    assert stored["meta"]["versionId"] == "1"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0[23]:00",
                        stored["meta"]["lastUpdated"])
    assert stored["meta"]["tag"] == sent["meta"]["tag"]
    assert stored["meta"]["profile"] == sent["meta"]["profile"]


DECIMALS = ["72.50", "1.0", "0.10", "72.500000000000000000", "100.00",
            "5.599999999999999644"]


@pytest.mark.parametrize("number", DECIMALS)
@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_decimals_come_back_byte_for_byte(person, fhir, number):
    text = json.dumps(weight(person.id, kg=98765, fhir=fhir))
    r = person.post(text.replace("98765", number), fhir, status=201)
    exact = re.compile(r'"value":\s*' + re.escape(number) + r"[,}\s]")
    assert exact.search(r.text)
    id = r.json()["id"]
    for path in (f"/Observation/{id}", f"/Observation/{id}?_pretty=true",
                 f"/Observation?patient={person.id}&_id={id}"):
        assert exact.search(person.get(path, fhir).text), path


def test_text_comes_back_as_it_was(person):
    sent = weight(person.id)
    sent["text"]["div"] = '<div xmlns="http://www.w3.org/1999/xhtml">' \
                          'ä€😀 &lt; "q" \\ / 1&#160;kg</div>'
    sent["note"] = [{"text": "rivi 1\nrivi\t2 \u2028 \u0085 €"}]
    for text in (json.dumps(sent), json.dumps(sent, ensure_ascii=False)):
        stored = person.post(text, status=201).json()
        assert stored["text"] == sent["text"]
        assert stored["note"] == sent["note"]


@pytest.mark.parametrize("content_type", [
    FHIR_JSON, "application/json", "application/json+fhir",
    "application/fhir+json; charset=UTF-8", "application/fhir+json;charset=x",
    "Application/FHIR+JSON", "application/json; charset=utf-8"])
def test_content_types_taken(person, content_type):
    person.post(weight(person.id), status=201, Content_Type=content_type)


@pytest.mark.parametrize("content_type", [
    "text/plain", "application/fhir+xml", "application/xml", "",
    "application/x-www-form-urlencoded"])
def test_content_types_refused(person, content_type):
    r = person.post(weight(person.id), status=400, Content_Type=content_type)
    assert "Content-Type" in outcome(r)["issue"][0]["diagnostics"]


@pytest.mark.parametrize("prefer,body", [
    ("return=representation", True), ("return=minimal", False),
    ("return=fish", True), ("handling=strict", True)])
def test_prefer(person, prefer, body):
    r = person.post(weight(person.id), status=201, Prefer=prefer)
    assert "Location" in r.headers and r.headers["ETag"] == 'W/"1"'
    assert bool(r.content) == body
    if not body:
        assert "Content-Type" not in r.headers


BROKEN = [("", None), ("{", (1, 2)), ("[1,2]", None), ("null", None),
          ('{"a":01}', (1, 6)), ('{"a":1,}', (1, 8)), ("{}x", (1, 3)),
          ('{\n\t"a":\n  nul}', (3, 3)), ('{"ä€": "x",\n "a": @}', (2, 7)),
          ('{"a":1,"a":2}', (1, 8)), ('{"a":"\\u0000"}', (1, 7)),
          ('{"a":"\t"}', (1, 7)), ("\ufeff{}", (1, 1)), ("{'a':1}", (1, 2)),
          ('{"a":"\\ud800"}', (1, 7))]


@pytest.mark.parametrize("text,where", BROKEN, ids=[t for t, w in BROKEN])
@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_broken_json(person, fhir, text, where):
    r = person.post(text, fhir, status=400)
    issue = outcome(r)["issue"][0]
    if where:
        told = issue["diagnostics"] + " ".join(issue.get("location", []))
        found = re.findall(r"line\W{0,3}(\d+)\W+col\w*\W{0,3}(\d+)", told,
                           re.I)
        # within the broken token: its begin, or where it broke
        assert any(int(line) == where[0] and 0 <= int(column) - where[1] <= 6
                   for line, column in found), told


def test_bad_utf8(person):
    text = json.dumps(weight(person.id)).encode()
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                b"\xe2\x82"):
        person.post(text.replace(b"Paino", bad), status=400)


def test_depth(person):
    for depth, status in ((100, 422), (10000, 400)):
        text = '{"resourceType":"Observation","x":' + "[" * depth + \
            "]" * depth + "}"
        person.post(text, status=status)


@pytest.mark.parametrize("resource,status", [
    ({"resourceType": "Patient"}, 400), ({"resourceType": "observation"}, 400),
    ({"resourceType": "Fish"}, 400), ({"resourceType": 1}, 400), ({}, 400),
    ([], 400), ("text", 400), ({"resourceType": "Observation"}, 422)])
def test_not_an_observation(person, resource, status):
    outcome(person.post(json.dumps(resource), status=status))


def test_id_in_the_url_of_a_create(person):
    r = person.post(weight(person.id), path="/Observation/abc")
    assert r.status_code in (400, 405)
    outcome(r)


def test_creates_side_by_side(person):
    def one(_):
        with session() as http:
            return http.post(
                person.server.r4 + "/Observation", json=weight(person.id),
                headers={"Authorization": "Bearer " + person.token,
                         "Content-Type": FHIR_JSON}, timeout=30).status_code
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(one, range(100))) == {201}
    bundle = person.search("&_count=1000")
    assert bundle["total"] == 100 == len(set(ids(bundle)))


KNOWN = "urn:uuid:00000000-0000-4000-8000-00000000000a"


def identified(person, value=KNOWN):
    sent = weight(person.id)
    sent["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": value}]
    return sent


@pytest.mark.parametrize("condition", [
    "identifier=", "?identifier=", "Observation?identifier=",
    "identifier=urn:ietf:rfc:3986|", "identifier=urn:other?|x,"])
def test_create_on_condition(person, condition):
    if condition.endswith("="):
        condition += KNOWN
    if condition.endswith(","):
        condition += KNOWN
    first = person.post(identified(person), status=201).json()
    r = person.post(identified(person), If_None_Exist=condition)
    assert r.status_code == 200, r.text
    assert r.json() == first
    assert person.search()["total"] == 1


def test_create_on_condition_that_nothing_meets(person):
    for value in (KNOWN, KNOWN[:-1] + "b"):
        person.post(identified(person, value), status=201,
                    If_None_Exist="identifier=" + value)
    r = person.post(identified(person), status=412,
                    If_None_Exist="identifier=urn:ietf:rfc:3986|")
    assert "matched 2 resources" in outcome(r)["issue"][0]["diagnostics"]


@pytest.mark.parametrize("condition", [
    "Patient?identifier=x", "observation?identifier=x", "Obs?identifier=x",
    "http://x/Observation?identifier=x", "identifier=|", "identifier=x,|",
    "identifier=", "identifier=,", "identifier", "?", "Observation?",
    "identifier=x&identifier=", "identifier=x&identifier=|",
    "identifier:not=x", "identifier:fish=x", "code=x", "_id=x",
    "identifier=x&code=y", "identifier=x&_count=1", "identifier=%zz"])
def test_conditions_refused(person, condition):
    r = person.post(identified(person), status=400, If_None_Exist=condition)
    outcome(r)
    assert person.search()["total"] == 0


# ---- read -------------------------------------------------------------------

@pytest.fixture
def stored(person):
    return person.post(weight(person.id), status=201).json()


def test_unknown_id(person):
    for id in (str(uuid.uuid4()), "1", "x" * 64, "a_b", "ä", "%00", "x" * 65):
        r = person.get("/Observation/" + urllib.parse.quote(id, safe="%"))
        assert r.status_code in (404,) if id != "%00" else (400, 404), id
        outcome(r)


def test_id_of_another_type_or_base(person, stored):
    assert person.get("/Patient/" + stored["id"]).status_code == 404
    assert person.get("/Observation/" + stored["id"],
                      "stu3").status_code == 404


def test_vread(person, stored):
    path = f"/Observation/{stored['id']}/_history/"
    r = person.get(path + "1")
    assert r.status_code == 200 and r.json() == stored
    for version in ("2", "0", "x", "99999999999999999999"):
        assert person.get(path + version).status_code == 404


@pytest.mark.parametrize("tag,status", [
    ('W/"1"', 304), ('"1"', 304), ("*", 304), ('W/"2"', 200),
    ('W/"3", W/"1"', 304), ("fish", 200)])
def test_if_none_match(person, stored, tag, status):
    r = person.get("/Observation/" + stored["id"],
                   headers={"If-None-Match": tag})
    assert r.status_code == status
    assert r.headers["ETag"] == 'W/"1"'
    assert bool(r.content) == (status == 200)


def test_head(person, stored):
    r = person.fhir("HEAD", "/Observation/" + stored["id"])
    full = person.get("/Observation/" + stored["id"])
    assert r.status_code == 200 and not r.content
    assert r.headers["ETag"] == 'W/"1"'
    assert r.headers["Content-Length"] == str(len(full.content))


def test_pretty(person, stored):
    r = person.get(f"/Observation/{stored['id']}?_pretty=true")
    assert r.json() == stored
    assert '\n  "resourceType": "Observation"' in r.text


@pytest.mark.parametrize("accept,query,status", [
    ("application/fhir+json", "", 200), ("application/json", "", 200),
    ("*/*", "", 200), ("text/html", "", 200), ("", "", 200),
    ("application/fhir+xml", "", 406), ("", "_format=xml", 406),
    ("application/fhir+xml", "_format=json", 200),
    ("application/fhir+xml, application/fhir+json;q=0.5", "", 200),
    ("", "_format=application/fhir%2Bjson", 200)])
def test_negotiation(person, stored, accept, query, status):
    r = person.get(f"/Observation/{stored['id']}?{query}",
                   headers={"Accept": accept})
    assert r.status_code == status
    assert compact(r.headers["Content-Type"]).startswith(FHIR_JSON)


def test_legacy_content_type(person, stored):
    r = person.get("/Observation/" + stored["id"],
                   headers={"Accept": "application/json+fhir"})
    assert r.headers["Content-Type"].startswith("application/json+fhir")


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_patient_is_there(person, fhir):
    r = person.get("/Patient/" + person.id, fhir)
    assert r.status_code == 200
    patient = r.json()
    assert patient["id"] == person.id
    assert patient["identifier"] == [{"system": "urn:ietf:rfc:3986",
                                      "value": "urn:uuid:" + person.id}]
    for absent in ("name", "birthDate", "gender"):
        assert absent not in patient


# ---- whose data -------------------------------------------------------------

@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_another_citizen_is_out_of_reach(person, other, fhir):
    theirs = other.post(weight(other.id, fhir=fhir), fhir, status=201).json()
    for path in (f"/Observation/{theirs['id']}", "/Patient/" + other.id,
                 f"/Observation?patient={other.id}",
                 f"/Observation/{theirs['id']}/_history/1"):
        r = person.get(path, fhir)
        assert r.status_code == 403, path
        outcome(r)
    r = person.post(weight(other.id, fhir=fhir), fhir, status=403)
    assert ids(person.search(f"&_id={theirs['id']}", fhir)) == []
    assert other.search(fhir=fhir)["total"] == 1


def test_subject_forms(person):
    for reference in ("Patient/" + person.id,
                      person.server.r4 + "/Patient/" + person.id):
        o = weight(person.id)
        o["subject"]["reference"] = reference
        person.post(o, status=201)


@pytest.mark.parametrize("reference", [
    "Patient/nobody", "Patient/", "Patient", "Device/1", "#p", "",
    "urn:uuid:9d2fbdb5-0d1e-4d0a-8a8c-4c1e9d0d9f11",
    "https://evil.example/Patient/1"])
def test_subject_must_be_the_tokens_patient(person, reference):
    o = weight(person.id)
    o["subject"]["reference"] = reference
    r = person.post(o)
    assert r.status_code in (400, 403, 422), r.text
    outcome(r)


def test_another_application_sees_the_citizens_data(server, person, stored):
    app = server.register(client_name="Another")
    tokens = server.issue(app, person.hetu)
    them = Person(server, {"hetu": person.hetu, "patient_id": person.id}, app,
                  tokens)
    assert them.get("/Observation/" + stored["id"]).json() == stored


# ---- paths and methods ------------------------------------------------------

@pytest.mark.parametrize("type", ["Foo", "observation", "Device", "OBSERVATION",
                                  "Encounter"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_type(person, type, method):
    r = person.fhir(method, "/" + type, json={} if method == "POST" else None,
                    headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 404
    assert f"Unknown resource type '{type}'" in \
        outcome(r)["issue"][0]["diagnostics"]


@pytest.mark.parametrize("method,path", [
    ("PATCH", "/Observation/1"), ("DELETE", "/metadata")])
def test_method_not_allowed(person, method, path):
    r = person.fhir(method, path, data="{}",
                    headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 405, r.text
    assert "GET" in r.headers["Allow"]
    assert method not in r.headers["Allow"]
    outcome(r)


def test_trailing_slash(person):
    stored = person.post(weight(person.id), path="/Observation/",
                         status=201).json()
    assert "//" not in stored["id"]
    assert person.get(f"/Observation/{stored['id']}/").json() == stored
    assert person.get(f"/Observation/?patient={person.id}").json()["total"] \
        == 1
    assert person.get("/metadata/").status_code == 200


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_metadata(server, fhir):
    r = session().get(server.base(fhir) + "/metadata", timeout=30)
    assert compact(r.headers["Content-Type"]) == UTF8
    s = r.json()
    assert s["resourceType"] == "CapabilityStatement"
    assert s["kind"] == "instance" and s["format"] == ["json"]
    rest = s["rest"][0]
    assert rest["mode"] == "server"
    assert rest["security"]["cors"] is True
    assert rest["security"]["service"][0]["text"] == "OAuth"
    types = {t["type"]: t for t in rest["resource"]}
    assert {"Observation", "Patient"} <= set(types)
    observation = types["Observation"]
    assert {"read", "create", "search-type"} <= {
        i["code"] for i in observation["interaction"]}
    told = {p["name"]: p["type"] for p in observation["searchParam"]}
    assert told.items() >= {"patient": "reference", "code": "token",
                            "date": "date", "_id": "token"}.items()


def test_error_shape(person):
    r = person.get("/Observation/none")
    o = outcome(r)
    issue = o["issue"][0]
    assert issue["severity"] == "error" and issue["code"] == "processing"
    assert issue["diagnostics"] == "Resource Observation/none is not known"
    assert o["text"]["status"] == "generated"
    assert "Operation Outcome" in o["text"]["div"]


def test_error_text_is_escaped(person):
    r = person.get("/Observation/" +
                   urllib.parse.quote('<img src=x onerror="1">'))
    assert "<img" not in outcome(r)["text"]["div"]


# ---- search -----------------------------------------------------------------

DAYS = {"jan": "2026-01-10T08:00:00+02:00", "night": "2026-01-10T22:30:00Z",
        "feb": "2026-02-01T12:00:00.500+02:00", "day": "2026-02-10",
        "summer": "2025-07-01T00:30:00+03:00"}


@pytest.fixture(scope="module")
def rich(server, app):
    """A citizen with data, and the ids of it by a short name."""
    p = server.person(app)
    p.named = {}

    def put(name, o):
        p.named[p.post(o, status=201).json()["id"]] = name

    for name, when in DAYS.items():
        put(name, weight(p.id, when))
    put("bp", blood_pressure(p.id, "2026-03-01T08:00:00+02:00"))
    put("meter", glucose(p.id, "2026-03-02T08:00:00+02:00"))
    put("sensor", glucose(p.id, "2026-03-03T08:00:00+02:00", meter=False))
    put("week", steps(p.id, week=("2026-01-05T00:00:00+02:00",
                                  "2026-01-11T23:59:59+02:00")))
    return p


def found(rich, query):
    return {rich.named[i] for i in ids(rich.search(query))}


ALL = set(DAYS) | {"bp", "meter", "sensor", "week"}
GLUCOSE = {"meter", "sensor"}


@pytest.mark.parametrize("query,names", [
    ("", ALL),
    # code
    ("&code=29463-7", set(DAYS)), ("&code=http://loinc.org|85354-9", {"bp"}),
    ("&code=85354-9,29463-7", set(DAYS) | {"bp"}),
    ("&code=14743-9", {"meter"}), ("&code=14745-4,14743-9", GLUCOSE),
    ("&code=http://loinc.org|", ALL), ("&code=|85354-9", set()),
    ("&code=http://snomed.info/sct|85354-9", set()),
    ("&code=15074-8&code=14743-9", {"meter"}),
    ("&code=15074-8&code=14745-4", set()),
    ("&code=8480-6", set()), ("&code=", ALL), ("&code=85354-9,", {"bp"}),
    ("&code=29463-7X", set()),
    # date: a day is a Finnish day
    ("&date=2026-01-10", {"jan", "week"}), ("&date=eq2026-01-10",
                                            {"jan", "week"}),
    ("&date=2026-01-11", {"night", "week"}), ("&date=2026-01-07", {"week"}),
    ("&date=2025-07-01", {"summer"}), ("&date=2025-06-30", set()),
    ("&date=2026-02-10", {"day"}), ("&date=2026-02-10T10:00:00%2B02:00",
                                    set()),
    ("&date=2026-02", {"feb", "day"}), ("&date=2025", {"summer"}),
    ("&date=2026-01-10T08:00:00%2B02:00", {"jan", "week"}),
    ("&date=2026-01-10T06:00:00Z", {"jan", "week"}),
    ("&date=2026-01-10T08:00%2B02:00", {"jan", "week"}),
    ("&date=2026-02-01T12:00:00%2B02:00", {"feb"}),
    ("&date=2026-02-01T12:00:00.500%2B02:00", {"feb"}),
    ("&date=2026-02-01T12:00:00.501%2B02:00", set()),
    ("&date=ge2026-03-02", GLUCOSE), ("&date=gt2026-03-02", {"sensor"}),
    ("&date=lt2026-01-10", {"summer", "week"}),
    ("&date=le2026-01-10", {"summer", "week", "jan"}),
    ("&date=gt2026-01-10&date=lt2026-02-02", {"night", "feb", "week"}),
    ("&date=ge2026-03-01&date=le2026-03-02", {"bp", "meter"}),
    ("&date=sa2026-03-01", GLUCOSE), ("&date=eb2026-01-10", {"summer"}),
    ("&date=eb2026-01-12", {"summer", "jan", "night", "week"}),
    ("&date=ge2026-03-02T08:00:00%2B02:00", GLUCOSE),
    ("&date=gt2026-03-02T08:00:00%2B02:00", {"sensor"}),
    ("&date=2026-03-01,2026-03-02", {"bp", "meter"}),
    ("&date=ne2026-02-10&code=29463-7", set(DAYS) - {"day"}),
    # together, and what is not known
    ("&code=29463-7&date=ge2026-02-01", {"feb", "day"}),
    ("&fish=1", ALL), ("&_id=nothing", set())])
def test_search(rich, query, names):
    assert found(rich, query) == names


@pytest.mark.parametrize("query", ["&_count=0", "&_summary=count"])
def test_only_the_count(rich, query):
    bundle = rich.search(query)
    assert bundle["total"] == len(ALL) and "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_search_by_id(rich):
    some = list(rich.named)[:2]
    assert set(ids(rich.search("&_id=" + ",".join(some)))) == set(some)
    assert ids(rich.search("&_id=" + some[0])) == some[:1]


@pytest.mark.parametrize("patient", ["{id}", "Patient/{id}",
                                     "{base}/Patient/{id}"])
def test_forms_of_the_patient_parameter(rich, patient):
    value = patient.format(id=rich.id, base=rich.server.r4)
    r = rich.get("/Observation?patient=" + urllib.parse.quote(value))
    assert r.status_code == 200 and r.json()["total"] == len(ALL)


def test_patient_is_mandatory(rich):
    for query in ("", "?code=85354-9", "?patient="):
        r = rich.get("/Observation" + query)
        assert r.status_code == 400, query
        assert "patient" in outcome(r)["issue"][0]["diagnostics"]


@pytest.mark.parametrize("query", [
    "date=fish", "date=2026-13-01", "date=2026-02-30", "date=xx2026-01-01",
    "date=2026-01-01T25:00:00Z", "date=20260101", "_sort=fish",
    "code:fish=1", "date=%ff", "code=%00"])
def test_search_refused(rich, query):
    r = rich.get(f"/Observation?patient={rich.id}&{query}")
    assert r.status_code == 400, r.text
    outcome(r)


def test_lost_plus(rich):
    """A '+' of a URL is a space, so the time zone gets lost."""
    r = rich.get(f"/Observation?patient={rich.id}"
                 "&date=2026-01-01T10:00:00+02:00")
    assert r.status_code == 400
    assert "write + as %2B" in outcome(r)["issue"][0]["diagnostics"]


def test_broken_escape(own, rich):
    """requests would mend it, so the bytes are our own."""
    answer = raw(own, (f"GET /phr-resourceserver/baseR4/Observation?patient="
                       f"{rich.id}&code=%zz HTTP/1.1\r\nHost: x\r\n"
                       f"Authorization: Bearer {rich.token}\r\n"
                       "Connection: close\r\n\r\n").encode())
    assert answer.startswith(b"HTTP/1.1 400"), answer


def test_strict_handling(rich):
    r = rich.get(f"/Observation?patient={rich.id}&fish=1",
                 headers={"Prefer": "handling=strict"})
    assert r.status_code == 400
    assert "fish" in outcome(r)["issue"][0]["diagnostics"]


def test_bundle(rich):
    b = rich.search("&code=85354-9")
    assert b["resourceType"] == "Bundle" and b["type"] == "searchset"
    assert b["total"] == 1
    assert "self" in [link["relation"] for link in b["link"]]
    entry = b["entry"][0]
    assert list(entry) == ["fullUrl", "resource", "search"]
    assert entry["fullUrl"] == \
        f"{rich.server.r4}/Observation/{entry['resource']['id']}"
    assert entry["search"] == {"mode": "match"}
    assert entry["resource"]["meta"]["versionId"] == "1"


def test_empty_bundle(rich):
    b = rich.search("&code=8302-2")
    assert b["total"] == 0 and "entry" not in b
    assert b["link"]


def test_sort(rich):
    order = [rich.named[i] for i in ids(rich.search("&_sort=date"))]
    assert order == ["summer", "week", "jan", "night", "feb", "day", "bp",
                     "meter", "sensor"]
    back = [rich.named[i] for i in ids(rich.search("&_sort=-date"))]
    assert back == order[::-1]
    by_id = ids(rich.search("&_sort=_id"))
    assert by_id == sorted(by_id)
    codes = ids(rich.search("&_sort=-code,date"))
    assert rich.named[codes[0]] == "bp"


@pytest.mark.parametrize("count,entries", [
    ("1", 1), ("4", 4), ("9", 9), ("20000", 9), ("99999999999999999999", 9),
    ("fish", 9), ("0", 0)])
def test_count(rich, count, entries):
    b = rich.search("&_count=" + count)
    assert len(b.get("entry", [])) == entries
    assert b["total"] == 9
    links = [link["relation"] for link in b.get("link", [])]
    assert ("next" in links) == (0 < entries < 9)


def test_search_stays_in_its_base(person):
    person.post(weight(person.id), status=201)
    person.post(weight_stu3(person.id), "stu3", status=201)
    person.post(weight_stu3(person.id), "stu3", status=201)
    assert person.search()["total"] == 1
    assert person.search(fhir="stu3")["total"] == 2


def test_search_for_the_patient(person):
    r = person.get("/Patient?_id=" + person.id)
    assert r.status_code == 200
    assert ids(r.json()) == [person.id]


# ---- what a browser's application sees --------------------------------------

def test_cors(server, person):
    r = person.get("/Observation?patient=" + person.id,
                   headers={"Origin": "https://app.example"})
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    exposed = r.headers.get("Access-Control-Expose-Headers", "")
    assert "Location" in exposed and "ETag" in exposed
    r = server.http.options(server.r4 + "/Observation", timeout=30, headers={
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type"})
    assert r.status_code in (200, 204)
    assert "POST" in r.headers["Access-Control-Allow-Methods"]
    assert "authorization" in \
        r.headers["Access-Control-Allow-Headers"].lower()
