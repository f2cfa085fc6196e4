# SPDX-License-Identifier: Apache-2.0
"""The joint-testing report: GET /__admin/report judges what an application
did, from the journal. A small application goes through the whole journey, and
each form of the report is parsed and asked what it says of it."""
import csv
import hashlib
import html.parser
import http.client
import io
import json
import xml.etree.ElementTree as ET

import pytest

from support import (Browser, Form, PHR, blood_pressure, request_of, run,
                     steps, weight, weight_stu3)
from vendor import Vendor

AGENT = {"User-Agent": "Weigher/2.1"}
WEIGHT = PHR + "fiphr-sd-bodyweight"
WEIGHT_STU3 = PHR + "fiphr-bodyweight-stu3"
PRESSURE = PHR + "fiphr-sd-bloodpressure"
OFFICIAL = "not an official Kela document"


def report(server, **query):
    r = server.request("GET", "/__admin/report",
                       params=dict({"format": "json"}, **query))
    assert r.status_code == 200, r.text
    return r.json()


def cells(doc):
    """By id."""
    return {c["id"]: c for g in doc["groups"] for c in g["cells"]}


def verdicts(doc, *ids):
    found = cells(doc)
    return [found[i]["verdict"] for i in ids]


def findings(doc):
    return {f["id"]: f for f in doc["findings"]}


class Weigher(Vendor):
    """An application that says who it is."""

    def __init__(self, server, **more):
        super().__init__(server, **more)
        self.http.headers.update(AGENT)

    def create(self, tokens, resource, **headers):
        return self.fhir("POST", "/" + resource["resourceType"],
                         tokens["access_token"], json=resource,
                         headers=headers)


def once(resource):
    return {"If-None-Exist": "identifier=" +
            resource["identifier"][0]["value"]}


@pytest.fixture(scope="module")
def journey(own):
    """The report of an application that did all that is asked of it, and one
    thing wrong."""
    own.admin("DELETE", "/requests", status=204)
    app = Weigher(own)
    person = own.citizen()
    got = app.pages(person["hetu"])
    tokens = app.exchange(got["code"]).json()
    sub = tokens["sub"]
    token = tokens["access_token"]
    body = weight(sub)
    r = app.create(tokens, body, **once(body))
    assert r.status_code == 201, r.text
    stored = r.json()
    there = "/Observation/" + stored["id"]
    assert app.fhir("GET", there, token).status_code == 200
    assert app.fhir("GET", there + "/_history/1", token).status_code == 200
    assert app.fhir("GET", there + "/_history", token).status_code == 200
    assert app.fhir("PUT", there, token,
                    json=stored).status_code in (200, 201)
    assert app.search(tokens).status_code == 200
    wrong = blood_pressure(sub)
    del wrong["status"]
    assert app.create(tokens, wrong, **once(wrong)).status_code == 422
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"resource": weight(sub, kg=80 + i),
         "request": {"method": "POST", "url": "Observation"}}
        for i in range(2)]}
    assert app.fhir("POST", "/", token, json=bundle).status_code == 200
    assert app.fhir("DELETE", there, token).status_code in (200, 204)
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    return app, tokens, report(own, client_id=app.id), person


def test_what_passed_and_what_failed(journey):
    doc = journey[2]
    assert verdicts(doc, "AUTH-01", "AUTH-03", "AUTH-04") == ["passed"] * 3
    assert verdicts(doc, *["FUNC-0%d/r4/Observation" % i
                           for i in range(1, 9)]) == ["passed"] * 8
    assert verdicts(doc, *["FUNC-0%d/r4/fiphr-sd-bodyweight" % i
                           for i in range(1, 9)]) == ["passed"] * 8
    assert verdicts(doc, "CONT-02/r4/fiphr-sd-bodyweight",
                    "CONT-02/r4/fiphr-sd-bloodpressure",
                    "CONT-02/r4/fiphr-sd-bodyheight") == [
                        "passed", "failed", "not_exercised"]
    assert verdicts(doc, "FUNC-01/r4/fiphr-sd-bloodpressure",
                    "FUNC-01/stu3/Observation") == ["failed", "not_exercised"]
    assert "status" in cells(doc)["CONT-02/r4/fiphr-sd-bloodpressure"]["why"]
    assert verdicts(doc, "DISP-01/r4/fiphr-sd-bodyweight") == ["passed"]


def test_leading_the_browser_to_the_login_is_no_permission(journey):
    """The journey has one authorization, of four requests of the browser."""
    cell = cells(journey[2])["AUTH-01"]
    assert (cell["passed"], cell["failed"]) == (1, 0)


def test_the_scope_says_of_which_types_a_permission_is(journey):
    doc = journey[2]
    assert verdicts(doc, "AUTH-01/r4/Observation", "AUTH-03/r4/Observation",
                    "AUTH-04/r4/Observation") == ["passed"] * 3
    assert verdicts(doc, "AUTH-03/r4/CarePlan") == ["not_exercised"]


def test_entries_of_a_batch_are_tried_as_content_too(journey):
    """One create, one update and the two of the batch; as a function the
    batch is one of its own."""
    found = cells(journey[2])
    assert found["CONT-02/r4/fiphr-sd-bodyweight"]["passed"] == 4
    assert found["FUNC-01/r4/fiphr-sd-bodyweight"]["passed"] == 1
    assert found["FUNC-08/r4/fiphr-sd-bodyweight"]["passed"] == 2


def test_the_mandatory_groups_and_their_sources(journey):
    doc = journey[2]
    assert [g["id"] for g in doc["groups"]] == [
        "authorisation", "functions", "content", "display"]
    assert OFFICIAL in doc["notice"]
    for group in doc["groups"]:
        assert group["mark"] == "S" and group["source"].startswith("http")
        for case in group["cases"]:
            assert case["mark"] in "QSCMI" and case["requirement"]
            assert case["source"].startswith("http")
        sums = {v: 0 for v in group["summary"]}
        for cell in group["cells"]:
            sums[cell["verdict"]] += 1
        assert sums == group["summary"]


def test_the_head(journey, own):
    app, _, doc, _ = journey
    assert doc["complete"] is True and doc["journal"]["dropped"] == 0
    assert doc["environment"] == "sandbox" and doc["clock"] == "frozen"
    assert doc["at"].startswith("2026-03-10T12:00:00")
    assert len(doc["tool"]["rules_sha256"]) == 64
    assert [a["client_id"] for a in doc["applications"]] == [app.id]
    assert doc["applications"][0]["name"] == "Test application"
    assert "Weigher/2.1" in doc["applications"][0]["user_agents"]
    assert doc["filter"] == {"client_id": app.id}


def test_evidence_is_in_the_journal(journey, own):
    doc = journey[2]
    listed = {e["id"]: e for e in doc["evidence"]}
    cited = {i for c in cells(doc).values() for i in c["evidence"]}
    cited |= {i for f in doc["findings"] for i in f["evidence"]}
    assert cited == set(listed) and cited
    for entry in listed.values():
        r = own.request("GET", entry["href"])
        assert r.status_code == 200
        assert r.json()["status"] == entry["status"]
        assert r.json()["path"] == entry["path"]
    lines = "".join("%s  %s\n" % (e["sha256"], e["id"])
                    for e in doc["evidence"])
    assert doc["manifest"]["text"] == lines
    assert doc["manifest"]["sha256"] == hashlib.sha256(
        lines.encode()).hexdigest()


def test_a_digest_can_be_computed_from_the_journal(journey, own):
    entry = next(e for e in journey[2]["evidence"] if e["method"] == "POST" and
                 e["status"] == 422)
    kept = own.request("GET", entry["href"]).json()
    at_ms = 1773136800000  # 2026-03-10T12:00:00+02:00
    text = "%d\n%s\n%d\n%s\n%s\n%s\n%d\n%s\n%s\n%s" % (
        kept["seq"], kept["id"], at_ms, kept["method"], kept["path"],
        kept.get("query", ""), kept["status"], "",
        kept["request"]["body"], kept["response"]["body"])
    assert hashlib.sha256(text.encode()).hexdigest() == entry["sha256"]


def test_the_same_twice(journey, own):
    """Looking leaves no trace: the same journal makes the same report."""
    for form in ("json", "html", "csv", "junit", "fhir"):
        a, b = (own.request("GET", "/__admin/report",
                            params={"format": form,
                                    "client_id": journey[0].id})
                for _ in range(2))
        assert a.content == b.content
    assert report(own, client_id=journey[0].id) == journey[2]


def test_coverage(journey, own):
    app = journey[0]
    r = own.request("GET", "/__admin/profiles/coverage",
                    params={"client_id": app.id})
    assert r.status_code == 200
    doc = r.json()
    assert {k: v for k, v in doc.items()
            if k not in ("entries", "dropped", "complete")} == \
        journey[2]["coverage"]
    by_url = {p["url"]: p for p in doc["profiles"]}
    mine = by_url[WEIGHT]
    assert mine["resources"] == 4
    assert mine["sent"]["status"] == 4 and mine["sent"]["code"] == 4
    assert "interpretation" in mine["never_sent"]
    assert not set(mine["sent"]) & set(mine["never_sent"])
    assert mine["elements"]["sent"] == len(mine["sent"])
    assert "http://loinc.org|29463-7" in mine["codes"]
    other = by_url[PRESSURE]
    assert other["statuses"] == {"422": 1} and other["resources"] == 0
    assert "sent" not in other, "what was refused is not sent yet"
    assert by_url[PHR + "fiphr-sd-bodyheight"]["requests"] == 0
    assert 401 in doc["never_met"] and 422 not in doc["never_met"]
    assert doc["creates"] == {"count": 2, "conditional": 2}
    assert doc["searches"]["count"] == 1


def test_slices_are_told_apart(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    assert app.create(tokens, blood_pressure(tokens["sub"])).status_code == 201
    doc = report(own, client_id=app.id)
    sent = next(p for p in doc["coverage"]["profiles"]
                if p["url"] == PRESSURE)["sent"]
    assert sent["component"] == 2
    slices = {k: v for k, v in sent.items() if k.startswith("component:")}
    assert len(slices) == 2 and set(slices.values()) == {1}, sent


def test_used(journey):
    used = journey[2]["used"]
    assert "r4 Observation vread" in used["functions"]
    assert "oauth token refresh_token" in used["functions"]
    assert used["types"] == ["r4 Observation"]
    assert used["profiles"] == [WEIGHT], "what was refused is not in use"
    assert "patient/Observation.read" in used["scopes"]
    assert "http://loinc.org|29463-7" in used["codes"]
    assert all(v == sorted(v) for v in used.values())


# ---- whose, and since when --------------------------------------------------

def test_filters(own):
    one, two = Weigher(own), Weigher(own)
    a, b = (one.connect(own.citizen()["hetu"]) for _ in range(2))
    one.store(a)
    one.store(b)
    two.search(two.connect(own.citizen()["hetu"]))
    doc = report(own, client_id=two.id)
    assert [x["client_id"] for x in doc["applications"]] == [two.id]
    assert verdicts(doc, "FUNC-01/r4/Observation",
                    "FUNC-06/r4/Observation") == ["not_exercised", "passed"]
    doc = report(own, patient=a["sub"])
    assert cells(doc)["FUNC-01/r4/Observation"]["passed"] == 1
    last = report(own)["journal"]["last"]
    doc = report(own, since=last)
    assert doc["journal"]["entries"] == 0
    assert set(c["verdict"] for c in cells(doc).values()) == {"not_exercised"}
    one.store(a)
    assert cells(report(own, since=last))[
        "FUNC-01/r4/Observation"]["passed"] == 1


def test_a_citizen_by_hetu(own):
    app = Weigher(own)
    person = own.citizen()
    app.store(app.connect(person["hetu"]))
    doc = report(own, hetu=person["hetu"])
    assert doc["filter"] == {"patient": person["patient_id"]}
    assert cells(doc)["FUNC-01/r4/Observation"]["passed"] == 1
    assert person["hetu"] not in json.dumps(doc)


@pytest.mark.parametrize("query, where, word", [
    ({"format": "pdf"}, "format", "html, json, csv, junit or fhir"),
    ({"format": "jsno"}, "format", "did you mean json"),
    ({"since": "yesterday"}, "since", "a number of the journal"),
    ({"client": "x"}, "/client", "client_id"),
    ({"lang": "de"}, "lang", "en, fi or sv"),
    ({"hetu": "010190-999X"}, "/hetu", "no citizen"),
])
def test_what_is_asked_wrongly(own, query, where, word):
    r = own.request("GET", "/__admin/report", params=query)
    assert r.status_code in (400, 404)
    error = r.json()["error"]
    assert error["where"] == where and word in error["message"], error


# ---- a fault that was injected ----------------------------------------------

def test_only_under_a_fault(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    own.admin("POST", "/faults", {
        "match": {"client_id": app.id, "interaction": "create"},
        "action": {"status": 503}, "times": 1}, 201)
    body = weight(tokens["sub"])
    assert app.create(tokens, body).status_code == 503
    doc = report(own, client_id=app.id)
    cell = cells(doc)["FUNC-01/r4/Observation"]
    assert cell["verdict"] == "only_under_fault" and cell["under_fault"] == 1
    assert verdicts(doc, "CONT-02/r4/fiphr-sd-bodyweight") == ["not_exercised"]
    assert doc["summary"]["only_under_fault"] >= 2
    assert any(e.get("fault") for e in doc["evidence"])
    assert app.create(tokens, body).status_code == 201
    assert verdicts(report(own, client_id=app.id),
                    "FUNC-01/r4/Observation") == ["passed"]


# ---- habits -----------------------------------------------------------------

def test_a_careful_application_has_no_findings(journey):
    assert journey[2]["findings"] == []


def test_pages_that_are_not_fetched(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    for i in range(3):
        body = weight(tokens["sub"], kg=70 + i)
        app.create(tokens, body, **once(body))
    first = app.search(tokens, "&_count=1").json()
    doc = report(own, client_id=app.id)
    found = findings(doc)["next-not-followed"]
    assert found["count"] == 1 and found["evidence"] and found["change"]
    while True:
        links = {x["relation"]: x["url"] for x in first["link"]}
        if "next" not in links:
            break
        first = app.http.get(links["next"], headers={
            "Authorization": "Bearer " + tokens["access_token"]}).json()
    doc = report(own, client_id=app.id)
    assert "next-not-followed" not in findings(doc)
    assert doc["coverage"]["searches"]["next_followed"] == 2


def test_a_create_again_without_if_none_exist(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    body = weight(tokens["sub"])
    app.create(tokens, body)
    assert "no-if-none-exist" not in findings(report(own, client_id=app.id))
    app.create(tokens, body)
    assert findings(report(own, client_id=app.id))[
        "no-if-none-exist"]["count"] == 1


def test_a_create_again_after_it_was_refused_is_no_duplicate(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    body = weight(tokens["sub"])
    wrong = dict(body)
    del wrong["status"]
    assert app.create(tokens, wrong).status_code == 422
    assert app.create(tokens, body).status_code == 201
    assert "no-if-none-exist" not in findings(report(own, client_id=app.id))


def test_a_token_for_every_call(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    for _ in range(3):
        tokens = app.refresh(tokens["refresh_token"]).json()
        app.search({"access_token": tokens["access_token"],
                    "sub": tokens["sub"]})
    found = findings(report(own, client_id=app.id))
    assert found["token-per-call"]["count"] == 4


def test_a_refresh_token_that_was_exchanged(own):
    app = Weigher(own, set={"refresh_rotation": "rotate"})
    tokens = app.connect(own.citizen()["hetu"])
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert "refresh-token-reused" not in findings(
        report(own, client_id=app.id))
    app.refresh(tokens["refresh_token"])
    assert "refresh-token-reused" in findings(report(own, client_id=app.id))


def test_a_token_that_was_refused_is_used_again(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    own.admin("POST", "/tokens/expire", {"client_id": app.id}, 200)
    assert app.search(tokens).status_code == 401
    assert "dead-token-used" not in findings(report(own, client_id=app.id))
    assert app.search(tokens).status_code == 401
    doc = report(own, client_id=app.id)
    assert findings(doc)["dead-token-used"]["count"] == 1
    assert verdicts(doc, "AUTH-06") == ["passed"]


def test_a_personal_identity_code_in_a_url_and_in_a_resource(own):
    app = Weigher(own)
    person = own.citizen()
    tokens = app.connect(person["hetu"])
    app.fhir("GET", "/Observation?patient=%s&identifier=%s" % (
        tokens["sub"], person["hetu"]), tokens["access_token"])
    body = weight(tokens["sub"])
    body["note"] = [{"text": "of " + person["hetu"]}]
    app.create(tokens, body, **once(body))
    found = findings(report(own, client_id=app.id))
    assert set(found) >= {"hetu-in-url", "hetu-in-resource"}
    assert person["hetu"] not in json.dumps(report(own, client_id=app.id))


def test_one_request_tells_its_findings(own, person):
    r = person.get("/Observation?patient=%s&identifier=%s" % (
        person.id, person.hetu), headers={"User-Agent": "x"})
    entry = own.request("GET", "/__admin/requests/" +
                        r.headers["X-Request-Id"]).json()
    assert entry["findings"] == ["hetu-in-url"]
    r = person.get("/Observation?patient=" + person.id)
    entry = own.request("GET", "/__admin/requests/" +
                        r.headers["X-Request-Id"]).json()
    assert "findings" not in entry


def test_nobody_says_who_it_is(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    assert "no-user-agent" not in findings(report(own, client_id=app.id))
    for name in ({}, {"User-Agent": ""}):
        c = http.client.HTTPConnection(own.origin.split("//")[1])
        c.request("GET", "/phr-resourceserver/baseR4/Observation?patient=" +
                  tokens["sub"], headers=dict(name, Authorization="Bearer " +
                                              tokens["access_token"]))
        assert c.getresponse().status == 200
        c.close()
    assert findings(report(own, client_id=app.id))[
        "no-user-agent"]["count"] == 2


def test_no_back_off(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    own.admin("POST", "/faults", {
        "match": {"client_id": app.id, "interaction": "search-type"},
        "action": {"status": 503, "retry_after": 30}, "times": 1}, 201)
    assert app.search(tokens).status_code == 503
    assert "no-back-off" not in findings(report(own, client_id=app.id))
    assert app.search(tokens).status_code == 200
    assert findings(report(own, client_id=app.id))["no-back-off"]["count"] == 1


def test_the_same_question_all_the_time(own):
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    for _ in range(2):
        app.search(tokens)
    assert "polling" not in findings(report(own, client_id=app.id))
    for _ in range(2):
        app.search(tokens)
    assert "polling" in findings(report(own, client_id=app.id))


# ---- My Kanta, refusals, STU3 ------------------------------------------------

def test_what_a_citizen_sees_and_refuses(own):
    app = Weigher(own)
    person = own.citizen()
    assert "error" in app.decide(person["hetu"], decision="deny")
    last = report(own)["journal"]["last"]
    b = Browser(own)
    page = b.get(own.origin + "/omakanta/")
    page = b.login(page, person["hetu"])
    b.get(own.origin + "/omakanta/applications")
    doc = report(own, since=last)
    assert verdicts(doc, "DISP-02", "DISP-03") == ["passed", "passed"]
    doc = report(own, since=last, client_id=app.id)
    assert verdicts(doc, "DISP-02", "DISP-03") == ["not_exercised"] * 2
    app.connect(person["hetu"])
    b.get(own.origin + "/omakanta/")
    doc = report(own, client_id=app.id)
    assert verdicts(doc, "DISP-02") == ["passed"]


def test_the_citizen_denies_in_the_browser(own):
    app = Weigher(own)
    person = own.citizen()
    b = Browser(own)
    page = b.login(b.authorize(request_of(app.app)), person["hetu"])
    if Form(page.text).having("accept"):
        page = b.accept_terms(page)
    b.deny(page)
    doc = report(own, client_id=app.id)
    assert verdicts(doc, "AUTH-01", "AUTH-02", "AUTH-03") == [
        "not_exercised", "passed", "not_exercised"]


def test_a_refresh_that_was_refused(own):
    app = Weigher(own)
    person = own.citizen()
    tokens = app.connect(person["hetu"])
    app.withdrawn(person["hetu"])
    assert app.refresh(tokens["refresh_token"]).status_code in (400, 401)
    doc = report(own, client_id=app.id)
    assert verdicts(doc, "AUTH-05", "AUTH-04") == ["passed", "failed"]


def test_stu3_is_a_matrix_of_its_own(own, person):
    person.post(weight_stu3(person.id), fhir="stu3", status=201)
    doc = report(own, patient=person.id)
    assert verdicts(doc, "FUNC-01/stu3/fiphr-bodyweight-stu3",
                    "FUNC-01/r4/fiphr-sd-bodyweight",
                    "FUNC-01/r4/Observation") == [
                        "passed", "not_exercised", "not_exercised"]
    assert doc["used"]["types"] == ["stu3 Observation"]
    assert doc["used"]["profiles"] == [WEIGHT_STU3]


def test_what_is_not_offered_is_no_cell(journey):
    found = cells(journey[2])
    assert "FUNC-05/r4/Patient" not in found, "nobody deletes a Patient"
    assert "FUNC-02/r4/Patient" in found


def test_what_the_server_judges_by(own):
    doc = own.request("GET", "/__admin/profiles").json()
    by_url = {p["url"]: p for p in doc["profiles"]}
    assert by_url[WEIGHT]["type"] == "Observation"
    assert by_url[WEIGHT]["fhir"] == "r4"
    assert by_url[WEIGHT_STU3]["fhir"] == "stu3"
    assert doc["official"] > 200
    assert all(p["source"] for p in doc["profiles"])


def test_an_environment_without_r4(start):
    s = start("--set", "fhir_r4=off")
    assert {c["subject"]["fhir"] for c in cells(report(s)).values()
            if c["subject"]} == {"stu3"}
    assert "FHIR R4" in html_of(s).text
    assert {p["fhir"] for p in s.request(
        "GET", "/__admin/profiles").json()["profiles"]} == {"stu3"}


def test_no_profile_is_named(own, person):
    body = steps(person.id)
    body["meta"] = {}
    person.post(body)
    doc = report(own, patient=person.id)
    assert verdicts(doc, "CONT-01/r4/Observation") == ["failed"]
    assert "meta.profile" in cells(doc)["CONT-01/r4/Observation"]["why"]


# ---- forms -------------------------------------------------------------------

FORMS = {"application/json": "json", "text/html": "html", "text/csv": "csv",
         "application/xml": "junit", "application/fhir+json": "fhir"}


@pytest.mark.parametrize("media", FORMS)
def test_by_accept_and_by_format(own, media):
    a = own.request("GET", "/__admin/report", headers={"Accept": media})
    b = own.request("GET", "/__admin/report",
                    params={"format": FORMS[media]})
    assert a.headers["Content-Type"].startswith(media)
    assert a.headers["Content-Type"] == b.headers["Content-Type"]
    assert a.content == b.content
    assert "no-store" in a.headers["Cache-Control"]
    assert "Accept" in a.headers["Vary"]


@pytest.mark.parametrize("accept, media", [
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
     "text/html"),
    ("application/json;q=0.2, text/csv;q=0.5", "text/csv"),
    ("*/*", "application/json"), ("image/png", "application/json"),
    ("", "application/json"), (";;,,q=", "application/json")])
def test_what_accept_likes_best(own, accept, media):
    r = own.request("GET", "/__admin/report", headers={"Accept": accept})
    assert r.headers["Content-Type"].startswith(media)


class Page(html.parser.HTMLParser):
    """What a browser makes of it, as far as it matters here."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.links, self.bad = [], "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.bad += [n for n, _ in attrs if n.startswith("on") or n == "src"]
        self.links += [v for n, v in attrs if n == "href"]

    def handle_data(self, data):
        self.text += data


def html_of(server, **query):
    r = server.request("GET", "/__admin/report",
                       params=dict({"format": "html"}, **query))
    assert r.status_code == 200
    return r


def test_html_stands_alone(journey, own):
    r = html_of(own, client_id=journey[0].id)
    page = Page(r.text)
    assert "script" not in page.tags and "link" not in page.tags
    assert "img" not in page.tags and not page.bad
    assert "default-src 'none'" in r.headers["Content-Security-Policy"]
    assert OFFICIAL in page.text
    assert "fiphr-sd-bodyweight" in page.text
    assert journey[2]["manifest"]["sha256"] in page.text
    assert "@page" in r.text and "@media print" in r.text
    assert "{{" not in r.text
    for case in ("AUTH-01", "FUNC-08", "CONT-02", "DISP-01"):
        assert case in page.text
    wanted = {e["href"] for e in journey[2]["evidence"]}
    assert wanted <= set(page.links)


@pytest.mark.parametrize("code, word", [
    ("en", "Joint-testing report"), ("fi", "Yhteistestauksen raportti"),
    ("sv", "Rapport om samtestning")])
def test_three_languages(own, code, word):
    a = html_of(own, lang=code)
    b = own.request("GET", "/__admin/report", params={"format": "html"},
                    headers={"Accept-Language": code + ",en;q=0.1"})
    assert a.content == b.content
    assert f'<html lang="{code}">' in a.text and word in a.text
    assert a.headers["Content-Language"] == code
    assert word in report(own, lang=code)["title"]


def test_csv(journey, own):
    r = own.request("GET", "/__admin/report", params={
        "format": "csv", "client_id": journey[0].id})
    assert r.content.count(b"\r\n") == len(r.content.split(b"\r\n")) - 1
    rows = list(csv.DictReader(io.StringIO(r.text, newline="")))
    assert {x["id"] for x in rows} == set(cells(journey[2]))
    by_id = {x["id"]: x for x in rows}
    mine = by_id["CONT-02/r4/fiphr-sd-bloodpressure"]
    assert mine["verdict"] == "failed" and mine["group"] == "content"
    assert mine["profile"] == PRESSURE and "status" in mine["why"]


def test_junit(journey, own):
    r = own.request("GET", "/__admin/report", params={
        "format": "junit", "client_id": journey[0].id})
    root = ET.fromstring(r.content)
    assert root.tag == "testsuites"
    found = cells(journey[2])
    cases = root.findall("testsuite/testcase")
    assert len(cases) == len(found)
    assert int(root.get("tests")) == len(cases)
    assert int(root.get("failures")) == len(
        root.findall("testsuite/testcase/failure")) == \
        journey[2]["summary"]["failed"]
    for suite in root.findall("testsuite"):
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(
            suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(
            suite.findall("testcase/skipped"))
        allowed = {"properties", "testcase", "system-out", "system-err"}
        assert {x.tag for x in suite} <= allowed
        notice = suite.find("properties/property[@name='notice']")
        assert OFFICIAL in notice.get("value")
    for case in cases:
        verdict = found[case.get("name").split(":")[0]]["verdict"]
        assert (case.find("failure") is not None) == (verdict == "failed")
        assert (case.find("skipped") is not None) == (
            verdict in ("not_exercised", "only_under_fault"))


def test_a_test_report_of_fhir(journey, own, binary, tmp_path):
    r = own.request("GET", "/__admin/report", params={
        "format": "fhir", "client_id": journey[0].id})
    doc = r.json()
    assert doc["resourceType"] == "TestReport" and doc["result"] == "fail"
    assert doc["status"] == "completed"
    assert OFFICIAL in doc["text"]["div"]
    results = [a["assert"]["result"] for t in doc["test"]
               for a in t["action"]]
    summary = journey[2]["summary"]
    assert results.count("fail") == summary["failed"]
    assert results.count("pass") == summary["passed"]
    path = tmp_path / "report.json"
    path.write_bytes(r.content)
    done = run(binary, "validate", "--profiles", "none", "--fhir", "r4", path)
    assert done.returncode == 0, done.out


# ---- hostile and empty -------------------------------------------------------

HOSTILE = '=1+cmd|\'/C calc\'!A0 "<script>alert(1)</script>&{{notice}}'


def test_names_that_would_be_something_else(own, binary, tmp_path):
    """A name is a text in every form: no markup, formula or template."""
    app = Weigher(own, client_name=HOSTILE)
    app.http.headers["User-Agent"] = "<b onload=x>=2"
    tokens = app.connect(own.citizen()["hetu"])
    body = weight(tokens["sub"])
    body["meta"]["profile"].append("=HYPERLINK(<a>)")
    app.create(tokens, body)
    app.create(tokens, body)
    page = Page(html_of(own, client_id=app.id).text)
    assert "script" not in page.tags and "b" not in page.tags
    assert not page.bad and HOSTILE in page.text
    text = own.request("GET", "/__admin/report", params={
        "format": "csv", "client_id": app.id}).text
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(c[:1] in tuple("=+-@\t\r") for c in row if c), row
    assert report(own, client_id=app.id)["applications"][0]["name"] == HOSTILE
    ET.fromstring(own.request("GET", "/__admin/report", params={
        "format": "junit", "client_id": app.id}).content)
    path = tmp_path / "report.json"
    path.write_bytes(own.request("GET", "/__admin/report", params={
        "format": "fhir", "client_id": app.id}).content)
    done = run(binary, "validate", "--profiles", "none", "--fhir", "r4", path)
    assert done.returncode == 0, done.out


def test_an_empty_journal(start, binary, tmp_path):
    s = start("--fixtures", "none")
    doc = report(s)
    assert doc["summary"]["not_exercised"] == len(cells(doc)) > 100
    assert doc["journal"] == {"entries": 0, "first": 0, "last": 0,
                              "dropped": 0}
    assert doc["applications"] == [] and doc["evidence"] == []
    assert "nothing has been judged" in html_of(s).text
    junit = ET.fromstring(s.request("GET", "/__admin/report", params={
        "format": "junit"}).content)
    assert junit.get("failures") == "0"
    r = s.request("GET", "/__admin/report", params={"format": "fhir"})
    assert r.json()["result"] == "pending"
    path = tmp_path / "report.json"
    path.write_bytes(r.content)
    assert run(binary, "validate", "--profiles", "none",
               path).returncode == 0


def test_what_was_dropped_makes_it_incomplete(start):
    s = start("--journal", "3")
    person = s.person(s.register())
    for _ in range(5):
        person.search()
    doc = report(s)
    assert doc["complete"] is False and doc["journal"]["dropped"] > 0
    assert "not complete" in html_of(s).text
    r = s.request("GET", "/__admin/profiles/coverage")
    assert r.json()["complete"] is False
    r = s.request("GET", "/__admin/report", params={"format": "fhir"})
    assert r.json()["status"] == "stopped"


def test_bodies_that_are_no_json(own, person):
    for body in ("{", "[]", '"x"', '{"resourceType":"Bundle","entry":[1,{}]}',
                 '{"meta":{"profile":"x"},"identifier":5}'):
        person.post(body)
        person.post(body, path="/")
    person.get("/Observation?%ff")
    assert report(own, patient=person.id)["journal"]["entries"] >= 10


# ---- report diff -------------------------------------------------------------

@pytest.fixture
def two(own, tmp_path):
    """Reports of an application before and after it learnt something."""
    app = Weigher(own)
    tokens = app.connect(own.citizen()["hetu"])
    app.store(tokens)
    old = tmp_path / "old.json"
    old.write_text(json.dumps(report(own, client_id=app.id)))
    app.create(tokens, blood_pressure(tokens["sub"]))
    app.search(tokens)
    new = tmp_path / "new.json"
    new.write_text(json.dumps(report(own, client_id=app.id)))
    return old, new


def test_diff_as_text(binary, two):
    done = run(binary, "report", "diff", *two)
    assert done.returncode == 0
    assert "  + r4 Observation search-type\n" in done.out
    assert "  + " + PRESSURE + "\n" in done.out
    assert WEIGHT not in done.out and "notify" in done.out
    back = run(binary, "report", "diff", two[1], two[0])
    assert "Nothing is used now" in back.out
    assert "  - " + PRESSURE + "\n" in back.out


def test_diff_as_json(binary, two):
    doc = json.loads(run(binary, "report", "diff", "--format", "json",
                         *two).out)
    assert doc["notify"] is True and doc["complete"] is True
    assert doc["added"]["functions"] == ["r4 Observation search-type"]
    assert doc["added"]["profiles"] == [PRESSURE]
    assert doc["added"]["scopes"] == [] == doc["removed"]["profiles"]
    same = json.loads(run(binary, "report", "diff", "--format", "json",
                          two[0], two[0]).out)
    assert same["notify"] is False


def test_diff_for_a_script(binary, two):
    assert run(binary, "report", "diff", "--exit-code", *two).returncode == 1
    assert run(binary, "report", "diff", "--exit-code", two[0],
               two[0]).returncode == 0


@pytest.mark.parametrize("text, word", [
    ("{", "line 1"), ("[]", "not a joint-testing report"),
    ('{"report":"mock-kanta-phr joint testing"}', "GET /__admin/report"),
    ('{"report":"mock-kanta-phr joint testing","used":{"functions":[1]}}',
     "not a joint-testing report")])
def test_diff_of_something_else(binary, two, tmp_path, text, word):
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    for files in ((bad, two[1]), (two[0], bad)):
        done = run(binary, "report", "diff", *files)
        assert done.returncode == 65 and word in done.err, done.err
        assert "bad.json" in done.err
    assert run(binary, "report", "diff", tmp_path / "no.json",
               two[0]).returncode == 65


@pytest.mark.parametrize("arguments", [[], ["diff"], ["diff", "a"],
                                       ["diff", "a", "b", "c"],
                                       ["compare", "a", "b"]])
def test_diff_usage(binary, arguments):
    done = run(binary, "report", *arguments)
    assert done.returncode == 2 and "report diff OLD NEW" in done.err
