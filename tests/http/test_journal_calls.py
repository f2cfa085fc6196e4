# SPDX-License-Identifier: Apache-2.0
"""The calls of the journal: what an entry holds, counting with what was
nearest, waiting, sequences, the stream, requests as curl sends them again."""
import html
import http.client
import json
import re
import subprocess
import threading

import pytest

import support

BASE = "/phr-resourceserver/baseR4"
KILO = 1024


@pytest.fixture(scope="module")
def quiet(own):
    """The module's own server, from an empty journal on."""
    own.admin("DELETE", "/requests", status=204)
    return own


def last(server):
    return server.admin("GET", "/requests/latest", status=200).json()


def ask(server, path, status=200, **body):
    return server.admin("POST", "/requests" + path, body, status=status).json()


def count(server, match, **more):
    return ask(server, "/count", match=match, **more)


# ---- what an entry holds ---------------------------------------------------

def test_the_whole_exchange(quiet, person):
    made = person.post(support.weight(person.id), status=201).json()
    e = last(quiet)
    assert e["endpoint"] == "fhir" and e["interaction"] == "create"
    assert e["fhir_version"] == "r4" and e["type"] == "Observation"
    assert e["profile"] == support.PHR + "fiphr-sd-bodyweight"
    assert e["patient"] == person.id and e["wall"] > e["at"]
    assert "patient/Observation" in e["scope"] and "fault" not in e
    assert json.loads(e["request"]["body"])["status"] == "final"
    assert json.loads(e["response"]["body"])["id"] == made["id"]
    assert not e["request"]["truncated"]
    sent = {h["name"].lower(): h["value"] for h in e["request"]["headers"]}
    assert sent["authorization"] == "Bearer " + e["token"]
    assert e["token"].startswith("sha256:") and len(e["token"]) == 13
    got = {h["name"] for h in e["response"]["headers"]}
    assert {"Location", "ETag", "Content-Type"} <= got


def test_a_token_is_known_again(quiet):
    """By the same digits where it was issued and where it is used."""
    app = quiet.register()
    p = quiet.person(app)
    issued, = [e for e in quiet.admin(
        "GET", "/requests?kind=control&order=newest&limit=1").json()[
            "requests"]]
    answer = json.loads(quiet.admin("GET", "/requests/" + issued["id"])
                        .json()["response"]["body"])
    p.get("/Patient/" + p.id)
    assert last(quiet)["token"] == answer["access_token"]


def test_the_token_request_is_the_citizens(quiet, app):
    hetu = quiet.citizen()["hetu"]
    support.dance(quiet, app, hetu)
    told = quiet.admin("GET", "/requests", None).json()["requests"]
    mine = quiet.admin("GET", "/requests?hetu=" + hetu).json()["requests"]
    assert [e["endpoint"] for e in mine if e["endpoint"] == "token"] == [
        "token"]
    token, = [e for e in mine if e["endpoint"] == "token"]
    assert token["grant_type"] == "authorization_code"
    assert token["client_id"] == app["client_id"]
    assert {"login", "authorize"} <= {e["endpoint"] for e in mine}
    assert hetu not in json.dumps(told)


DECISIONS = [
    # what is asked, which checks were passed, which refused
    ("GET", "/Observation?patient={id}", ["token", "type", "scope",
                                          "parameter"], None),
    ("GET", "/Observation?patient=other", ["token", "type", "scope"],
     "owner"),
    ("GET", "/Nonsense", ["token"], "type"),
    ("GET", "/Observation?patient={id}&code:wrong=1",
     ["token", "type", "scope"], "parameter"),
    ("POST", "/Observation", ["token", "type", "scope"], "format"),
    ("GET", "/Observation/unknown", ["token", "type", "scope"], "resource"),
    ("PATCH", "/Observation/x", [], "request"),
]


@pytest.mark.parametrize("method, path, passed, refused", DECISIONS)
def test_decision(quiet, person, method, path, passed, refused):
    person.fhir(method, path.format(id=person.id))
    e = last(quiet)
    steps = e["decision"]
    assert [d["check"] for d in steps if d["ok"]] == passed
    assert [d["check"] for d in steps if not d["ok"]] == (
        [refused] if refused else [])
    if refused:
        assert steps[-1]["rule"] == e["error"]["code"]
        assert steps[-1]["why"]


def test_decision_of_a_write(quiet, person):
    person.post(support.weight(person.id), status=201)
    assert [d["check"] for d in last(quiet)["decision"]] == [
        "token", "type", "scope", "json", "profile", "owner", "reference"]
    body = support.weight(person.id)
    del body["language"]
    person.post(body)
    refused = last(quiet)["decision"][-1]
    assert refused["check"] == "profile" and not refused["ok"]
    assert refused["rule"].startswith("KPHR-PROF-")


def test_decision_of_scope_and_no_token(quiet, app):
    p = quiet.person(app, scope="patient/Patient.read")
    p.get("/Observation?patient=" + p.id)
    assert [(d["check"], d["ok"]) for d in last(quiet)["decision"]] == [
        ("token", True), ("type", True), ("scope", False)]
    quiet.request("GET", BASE + "/Observation")
    assert [(d["check"], d["ok"]) for d in last(quiet)["decision"]] == [
        ("token", False)]


def test_decision_of_oauth(quiet, app):
    hetu = quiet.citizen()["hetu"]
    b = support.Browser(quiet)
    code = support.back(b.walk(support.request_of(app), hetu))["code"]
    assert [d["check"] for d in last(quiet)["decision"]] == [
        "client", "redirect_uri", "consent"]
    quiet.token(app, grant_type="authorization_code", code=code,
                redirect_uri="http://other")
    assert [(d["check"], d["ok"]) for d in last(quiet)["decision"]] == [
        ("client", True), ("grant", True), ("redirect_uri", False)]
    quiet.token(basic=(app["client_id"], "wrong"), grant_type="refresh_token")
    assert [(d["check"], d["ok"]) for d in last(quiet)["decision"]] == [
        ("client", False)]
    b.authorize(support.request_of(app, scope="patient/Nothing.read"))
    assert [(d["check"], d["ok"]) for d in last(quiet)["decision"]] == [
        ("client", True), ("redirect_uri", True), ("response_type", True),
        ("scope", False)]


def test_a_refusal_names_its_page(quiet, person):
    r = person.get("/Nonsense")
    e = last(quiet)
    assert r.headers["X-Mock-Explain"] == (
        quiet.origin + "/console/requests/" + e["id"])
    assert "X-Mock-Explain" not in person.get("/Patient/" + person.id).headers
    r = quiet.token(grant_type="x")
    assert r.headers["X-Mock-Explain"].endswith(last(quiet)["id"])


@pytest.mark.parametrize("method, path", [
    ("GET", "/state"), ("GET", "/nothing"), ("POST", "/state"),
    ("POST", "/tokens/expire"), ("DELETE", "/faults")])
def test_the_control_api_names_itself(quiet, method, path):
    r = quiet.admin(method, path)
    assert r.headers["X-Mock-Kanta-Phr"] == quiet.admin(
        "GET", "/state").json()["version"]


def test_bodies_are_cut(quiet):
    form = "x=" + "y" * 60 * KILO
    quiet.http.post(quiet.auth + "/revoke", data=form.encode(), headers={
        "Content-Type": "application/x-www-form-urlencoded"})
    e = last(quiet)
    assert e["request"]["body"] == form and not e["request"]["truncated"]
    app = quiet.register()
    p = quiet.person(app)
    body = support.weight(p.id)
    body["text"]["div"] = body["text"]["div"].replace("Koodi", "ä" * 40000)
    p.post(body)
    side = last(quiet)["request"]
    assert side["truncated"] and side["bytes"] > 80000
    assert 64 * KILO - 4 < len(side["body"].encode()) <= 64 * KILO
    assert last(quiet)["profile"].endswith("fiphr-sd-bodyweight")


@pytest.mark.parametrize("type, body", [
    ("application/octet-stream", b"\x00\x01\x02"),
    ("application/json", b"{\"a\":\"\xff\xfe\"}"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\nsecret\r\n--x--")])
def test_what_is_no_text_is_told_by_its_length(quiet, type, body):
    quiet.http.post(quiet.auth + "/token", data=body,
                    headers={"Content-Type": type})
    e = last(quiet)
    assert e["request"]["body"] is None
    assert e["request"]["bytes"] == len(body)


# ---- looking through it -----------------------------------------------------

def test_filters_and_match_are_one(quiet, person, other):
    """Every member finds the one request that it is about, as a parameter and
    in a match."""
    person.post(support.weight(person.id), status=201)
    e = last(quiet)
    other.get("/Nonsense")
    for name in ("endpoint", "interaction", "fhir_version", "type",
                 "client_id", "patient", "method", "path", "kind", "status"):
        value = str(e[name])
        both = {name: value, "patient": person.id}
        query = "&".join("%s=%s" % p for p in both.items())
        found = quiet.admin("GET", "/requests?" + query, status=200).json()
        assert [x["id"] for x in found["requests"]] == [e["id"]], name
        assert count(quiet, both)["count"] == 1, name
    for name, value in (("hetu", person.hetu),
                        ("profile", "fiphr-sd-bodyweight"),
                        ("header", {"Content-Type": {"matches": "json"}}),
                        ("body", {"/status": "final",
                                  "/code/coding/0/code": "29463-7"}),
                        ("refused", False)):
        assert count(quiet, {name: value, "patient": person.id})[
            "count"] == 1, name
    for name, value in (("type", "Patient"), ("status", "4xx"),
                        ("profile", "fiphr-sd-steps"), ("refused", True),
                        ("body", {"/status": "amended"}),
                        ("header", {"Content-Type": {"absent": True}})):
        assert count(quiet, {name: value, "patient": person.id})[
            "count"] == 0, name


def test_outcome_code(quiet, person):
    person.get("/Patient/unknown")
    for code in ("not-found", last(quiet)["error"]["code"]):
        assert count(quiet, {"patient": person.id,
                             "outcome_code": code})["count"] == 1, code


def test_order_and_limit(quiet, person):
    for i in range(3):
        person.get("/Patient/%d" % i)
    def paths(query):
        got = quiet.admin("GET", "/requests?patient=%s&%s" % (
            person.id, query), status=200).json()["requests"]
        return [e["path"][-1] for e in got]
    assert paths("") == ["0", "1", "2"]
    assert paths("order=newest&limit=2") == ["2", "1"]
    r = quiet.admin("GET", "/requests?order=up", status=400)
    assert "order must be oldest or newest" in r.json()["error"]["message"]


@pytest.mark.parametrize("body, where, text", [
    ({"mach": {}}, "/mach", "match"),
    ({"match": {"staus": 200}}, "/match/staus", "status"),
    ({"match": []}, "/match", "object"),
    ({"in_order": []}, "/in_order", "1 to 20"),
    ({"in_order": [{"typ": "x"}]}, "/in_order/0/typ", "type"),
    ({"match": {"in_order": [{}]}, "in_order": [{}]}, "/in_order",
     "already"),
    ({"timeout_ms": 10}, "/timeout_ms", "timeout_ms")])
def test_mistakes_of_a_question(quiet, body, where, text):
    error = ask(quiet, "/count", 400, **body)["error"]
    assert error["where"] == where and text in error["message"], error


def test_wait_has_limits(quiet):
    error = ask(quiet, "/wait", 400, timeout_ms=600001)["error"]
    assert error["where"] == "/timeout_ms" and "600000" in error["message"]


def test_near_misses(quiet, person):
    person.get("/Observation?patient=%s&code=8480-6" % person.id)
    near = person.get("/Observation?patient=%s&code=8480-7" % person.id)
    person.get("/Patient/" + person.id)
    got = count(quiet, {"patient": person.id, "type": "Observation",
                        "query": {"code": "85354-9"}})
    assert got["count"] == 0 and got["complete"] and len(got["near"]) == 3
    first = got["near"][0]
    assert first["id"] == near.headers["X-Request-Id"]
    assert (first["score"], first["of"]) == (2, 3)
    assert first["differences"] == [
        {"field": "query.code", "expected": "85354-9", "actual": "8480-7"}]
    assert [n["score"] for n in got["near"]] == [2, 2, 1]


def test_nothing_is_near(start):
    s = start()
    assert count(s, {"status": 418, "method": "PATCH"})["near"] == []


def test_in_order(quiet, person):
    steps = [{"interaction": "create"}, {"interaction": "read"},
             {"interaction": "delete"}]
    where = {"patient": person.id}
    def came():
        return count(quiet, dict(where, in_order=steps))
    made = person.post(support.weight(person.id), status=201).json()
    person.get("/Patient/" + person.id)
    got = came()
    assert (got["count"], got["step"]) == (0, 2)
    assert got["near"][0]["differences"][0]["field"] == "interaction"
    person.fhir("DELETE", "/Observation/" + made["id"])
    assert (came()["count"], came()["step"]) == (1, 0)
    steps.reverse()
    assert count(quiet, where, in_order=steps)["count"] == 0


def test_since(quiet, person):
    person.get("/Patient/" + person.id)
    since = last(quiet)["seq"]
    where = {"patient": person.id}
    assert count(quiet, where)["count"] == 1
    assert count(quiet, where, since=since)["count"] == 0
    person.get("/Patient/" + person.id)
    assert count(quiet, where, since=since)["count"] == 1
    assert count(quiet, dict(where, since=since))["count"] == 1


def test_a_count_over_what_went_is_not_complete(start):
    s = start("--journal", "3")
    for _ in range(5):
        s.request("GET", BASE + "/metadata")
    got = count(s, {"interaction": "capabilities"})
    assert (got["count"], got["complete"], got["dropped"]) == (3, False, 2)
    got = count(s, {"interaction": "capabilities"}, since=2)
    assert (got["count"], got["complete"], got["dropped"]) == (3, True, 2)
    s.admin("DELETE", "/requests", status=204)
    got = count(s, {})
    assert (got["count"], got["complete"], got["dropped"]) == (1, True, 0)
    seq = last_control(s)["seq"]
    assert seq == 6, "the sequence goes on"


def last_control(server):
    return server.admin("GET", "/requests?order=newest&limit=1").json()[
        "requests"][0]


# ---- waiting ------------------------------------------------------------------

def test_wait_at_once(quiet, person):
    person.get("/Patient/" + person.id)
    got = ask(quiet, "/wait", match={"patient": person.id}, timeout_ms=60000)
    assert got["count"] == 1 and got["complete"]
    assert [e["patient"] for e in got["requests"]] == [person.id]


def test_wait_for_what_comes_later(quiet, person):
    answers = []

    def wait():
        answers.append(ask(quiet, "/wait", match={"patient": person.id},
                           count=2, timeout_ms=60000))

    since = last_control(quiet)["seq"]
    waiting = threading.Thread(target=wait)
    waiting.start()
    for _ in range(2):
        person.get("/Patient/" + person.id)
    waiting.join(60)
    assert answers[0]["count"] == 2
    assert all(e["seq"] > since for e in answers[0]["requests"])


def test_wait_for_a_citizen_who_comes_later(quiet, app):
    hetu = support.hetu("050595", "961")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(ask(
        quiet, "/wait", match={"hetu": hetu, "endpoint": "token"},
        timeout_ms=60000)))
    waiting.start()
    support.dance(quiet, app, hetu)
    waiting.join(60)
    assert answers[0]["count"] == 1


def test_wait_in_vain(quiet, person):
    person.get("/Patient/" + person.id)
    got = ask(quiet, "/wait", 408, count=2, timeout_ms=50,
              match={"patient": person.id})
    assert got["error"]["code"] == "timeout"
    assert got["error"]["message"] == (
        "1 of the 2 awaited came within 50 ms.")
    assert got["count"] == 1 and got["complete"] and got["dropped"] == 0
    got = ask(quiet, "/wait", 408, timeout_ms=0,
              match={"patient": person.id, "status": 500})
    assert got["near"][0]["differences"] == [
        {"field": "status", "expected": "500", "actual": "200"}]


def test_questions_leave_no_entry(quiet):
    before = last_control(quiet)["seq"]
    count(quiet, {})
    ask(quiet, "/wait", match={}, timeout_ms=0)
    assert last_control(quiet)["seq"] == before


# ---- the stream -----------------------------------------------------------------

class Events:
    """One connection of a stream."""

    def __init__(self, server, query="", last=None):
        self.wire = http.client.HTTPConnection(
            server.origin.split("//")[1], timeout=60)
        self.wire.request("GET", "/__admin/requests/stream?" + query,
                          headers={"Last-Event-ID": last} if last else {})
        self.answer = self.wire.getresponse()
        assert self.answer.status == 200
        assert self.answer.headers["Content-Type"] == "text/event-stream"

    def next(self):
        """The next event as a dict; comments are passed over."""
        event = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line == "" and event:
                return event
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value

    def close(self):
        self.wire.close()


def test_stream(quiet, person, other):
    since = last_control(quiet)["seq"]
    events = Events(quiet, "patient=%s&since=%d" % (person.id, since))
    other.get("/Patient/" + other.id)
    person.get("/Patient/" + person.id)
    first = events.next()
    entry = json.loads(first["data"])
    assert first["event"] == "request" and first["id"] == str(entry["seq"])
    assert entry["patient"] == person.id and entry["seq"] > since
    events.close()
    person.get("/Patient/" + person.id)
    again = Events(quiet, "patient=" + person.id, last=first["id"])
    second = json.loads(again.next()["data"])
    assert second["seq"] > entry["seq"] and second["patient"] == person.id
    again.close()


def test_stream_tells_what_went(start):
    s = start("--journal", "2")
    for _ in range(5):
        s.request("GET", BASE + "/metadata")
    events = Events(s, last="1")
    event = events.next()
    assert event["event"] == "dropped"
    assert json.loads(event["data"]) == {"dropped": 3}
    assert [events.next()["id"] for _ in range(2)] == ["4", "5"]
    events.close()


def test_stream_mistakes(quiet):
    assert quiet.admin("GET", "/requests/stream?statu=4xx").status_code == 400
    r = quiet.request("GET", "/__admin/requests/stream",
                      headers={"Last-Event-ID": "x"})
    assert r.status_code == 400
    assert r.json()["error"]["where"] == "Last-Event-ID"


# ---- once more ------------------------------------------------------------------

def test_curl_sends_it_again(quiet, person):
    body = support.weight(person.id)
    body["note"] = [{"text": "it's \"quoted\" $HOME `x` \\ ä"}]
    person.post(body, status=201)
    e = last(quiet)
    text = quiet.admin("GET", "/requests/%s.curl" % e["id"], status=200).text
    assert person.tokens["access_token"] not in text and '"$TOKEN"' in text
    done = subprocess.run(
        ["sh", "-c", text], capture_output=True, text=True, timeout=60,
        env=support.clean_environment(TOKEN=person.tokens["access_token"]))
    assert "201 Created" in done.stdout, done.stdout + done.stderr
    again = last(quiet)
    assert again["request"]["body"] == e["request"]["body"]
    assert again["seq"] > e["seq"]


def test_curl_of_a_form(quiet, app):
    hetu = quiet.citizen()["hetu"]
    tokens = support.dance(quiet, app, hetu)
    quiet.token(app, grant_type="refresh_token",
                refresh_token=tokens["refresh_token"])
    text = quiet.admin("GET", "/requests/latest.curl", status=200).text
    done = subprocess.run(
        ["sh", "-c", text], capture_output=True, text=True, timeout=60,
        env=support.clean_environment(
            CLIENT_SECRET=app["client_secret"],
            REFRESH_TOKEN=tokens["refresh_token"]))
    assert "200 OK" in done.stdout, text + done.stdout + done.stderr


def test_a_file_for_editors(quiet, person):
    person.get("/Observation?patient=%s&_id=a%%20b" % person.id)
    e = last(quiet)
    lines = quiet.admin("GET", "/requests/latest.http").text.splitlines()
    assert lines[0] == "### %s: %d" % (e["id"], e["status"])
    assert lines[1] == "GET %s%s/Observation?patient=%s&_id=a%%20b HTTP/1.1" % (
        quiet.origin, BASE, person.id)
    assert "Authorization: Bearer {{TOKEN}}" in lines


def test_no_such_request(quiet):
    for path in ("/requests/nothing.curl", "/requests/nothing"):
        r = quiet.admin("GET", path, status=404)
        assert r.json()["error"]["code"] == "unknown_request"


@pytest.mark.parametrize("pattern", ["a.*b.*c", "(.*)(.*)(.*)(.*)z"])
def test_expression_that_costs_too_much(quiet, person, pattern):
    """It is given up after some texts, so that nobody waits for the rest; that
    is told, and what else is asked is answered."""
    match = {"patient": person.id, "interaction": "create"}
    place = "/note/0/text"

    def asked(p):
        return count(quiet, {**match, "body": {place: {"matches": p}}})
    fault = quiet.admin("POST", "/faults", {
        "match": {"body": {place: {"matches": pattern}}},
        "action": {"status": 500}}, 201).json()["id"]
    for n in range(9):
        if n == 1:
            assert asked(pattern)["complete"]
        r = person.fhir("POST", "/Observation", json={
            "resourceType": "Observation", "subject": {
                "reference": "Patient/" + person.id},
            "note": [{"text": "a" * 60000}]})
        assert r.status_code < 500
    assert not asked(pattern)["complete"]
    assert asked("^a+$") == {**asked("^a+$"), "count": 9, "complete": True}
    told = quiet.admin("GET", "/faults/" + fault).json()
    assert "costs too much" in told["note"] and told["fired"] == 0
    quiet.admin("DELETE", "/faults/" + fault, status=204)


@pytest.mark.parametrize("method, headers", [
    ("GET|id", {}), ("`id`", {}), ("A'`id`'", {}),
    ("GET", {"x'`id`'": "y"}), ("GET", {"X": "'`id`' $(id)"}),
    ("GET", {"Authorization": "`id` x"}), ("GET", {"Authorization": "$(id) x"}),
    ("GET", {"Authorization": "Bearer $(id)'`id`'"}),
])
def test_no_command_but_curl(quiet, method, headers):
    """What a client sent is nothing that a shell runs, when the line is
    copied: outside of single quotes there are variables alone."""
    c = http.client.HTTPConnection(quiet.origin.split("//")[1], timeout=30)
    c.putrequest(method, BASE + "/metadata?x='`id`'$(id)")
    for name, value in headers.items():
        c.putheader(name, value)
    c.endheaders()
    c.getresponse().read()
    c.close()
    e = last(quiet)
    assert e["kind"] == "request"
    page = quiet.http.get(quiet.origin + "/console/requests/" + e["id"],
                          headers={"Accept": "text/html"}, timeout=30).text
    shown = [html.unescape(t) for t in re.findall("<pre[^>]*>(.*?)</pre>", page,
                                                  re.S)]
    lines = [t for t in shown if t.startswith("curl ")]
    assert len(lines) == 1
    lines.append(quiet.admin("GET", "/requests/%s.curl" % e["id"],
                             status=200).text)
    for line in lines:
        bare = re.sub("'[^']*'", "", line.replace("'\\''", ""))
        assert re.fullmatch(r'(?:[\w\s:\\-]|"[\w: ]*\$[A-Z_]+")*', bare), line
