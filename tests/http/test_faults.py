# SPDX-License-Identifier: Apache-2.0
"""Faults (POST /__admin/faults): which requests a rule is about, when it fires,
what happens to them, and that nobody else notices."""
import json
import urllib.parse

import pytest

from support import (Browser, CALLBACK, FHIR_JSON, back, ids, outcome,
                     request_of, session, weight)
from vendor import (OFFLINE, READ, S256, Vendor, granted, query_of)

HEADERS = {"Content-Type": FHIR_JSON}
WEIGHT = "http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight"


@pytest.fixture(scope="module")
def server(own):
    return own


@pytest.fixture
def arm(server):
    """arm(...) arms a rule; they go with the test."""
    armed = []

    def go(**rule):
        armed.append(server.admin("POST", "/faults", rule, 201).json()["id"])
        return armed[-1]
    yield go
    for name in armed:
        server.admin("DELETE", "/faults/" + name)


@pytest.fixture
def tokens(vendor, citizen):
    return vendor.connect(citizen)


def told(server, name):
    return server.admin("GET", "/faults/" + name, None, 200).json()


def refused(server, rule, where, *words):
    r = server.admin("POST", "/faults", rule, 400)
    error = r.json()["error"]
    assert error["where"] == where, error
    for w in words:
        assert w in error["message"], error


def statuses(vendor, tokens, n):
    return [vendor.search(tokens).status_code for _ in range(n)]


# ---- when it fires ----------------------------------------------------------

def test_nothing_is_armed(server):
    assert server.admin("GET", "/faults", None, 200).json() == {"faults": []}
    assert server.admin("GET", "/faults/f0").status_code == 404
    assert server.admin("DELETE", "/faults/f0").status_code == 404


def test_citizen_who_comes_again(server, vendor, citizen, arm):
    """Removed and made again a citizen has another Patient, and is the same
    person."""
    name = arm(match={"hetu": citizen, "endpoint": "fhir"},
               action={"status": 503})
    assert vendor.search(vendor.connect(citizen)).status_code == 503
    server.admin("DELETE", "/citizens/" + citizen, status=204)
    server.admin("POST", "/citizens", {"hetu": citizen}, 201)
    assert vendor.search(vendor.connect(citizen)).status_code == 503
    assert told(server, name)["fired"] == 2


def test_three_outages_then_success(vendor, tokens, citizen, arm, server):
    """One call; Retry-After; the citizen's own requests alone."""
    name = arm(match={"hetu": citizen}, times=3,
               action={"status": 503, "retry_after": 2})
    for left in (2, 1, 0):
        r = vendor.search(tokens)
        assert r.status_code == 503
        assert r.headers["Retry-After"] == "2"
        assert r.headers["X-Mock-Fault"] == name
        assert outcome(r)["issue"][0]["code"] == "transient"
        rule = told(server, name)
        assert (rule["left"], rule["armed"]) == (left, left > 0)
        assert rule["last"] == r.headers["X-Request-Id"]
    r = vendor.search(tokens)
    assert r.status_code == 200 and "X-Mock-Fault" not in r.headers
    assert told(server, name)["fired"] == told(server, name)["matched"] == 3


COUNTING = {
    "always": ({}, "ffffff"),
    "once": ({"times": 1}, "f....."),
    "after": ({"after": 2, "times": 2}, "..ff.."),
    "nth": ({"nth": [2, 5]}, ".f..f."),
    "nth, one": ({"nth": 3}, "..f..."),
    "nth behind after": ({"nth": [2], "after": 1}, "..f..."),
    "every": ({"every": 3}, "..f..f"),
    "every, once": ({"every": 2, "times": 1}, ".f...."),
    "never": ({"probability": 0}, "......"),
    "surely": ({"probability": 1.0}, "ffffff"),
    "in the match": ({"match": {"nth": [1, 3], "every": 1}}, "f.f..."),
}


@pytest.mark.parametrize("name", COUNTING)
def test_counting(vendor, tokens, citizen, arm, name):
    rule, want = COUNTING[name]
    rule = dict(rule, match=dict(rule.get("match", {}), hetu=citizen))
    arm(action={"status": 500}, **rule)
    got = "".join("f" if s == 500 else "." for s in
                  statuses(vendor, tokens, len(want)))
    assert got == want


def test_dice(vendor, tokens, citizen, arm, server):
    name = arm(match={"hetu": citizen}, action={"status": 500},
               probability=0.5)
    fired = statuses(vendor, tokens, 60).count(500)
    assert 5 < fired < 55  # one in 10 million runs fails
    assert told(server, name)["fired"] == fired
    assert told(server, name)["matched"] == 60


def test_ttl_by_the_clock(vendor, tokens, citizen, arm, server):
    name = arm(match={"hetu": citizen}, action={"status": 500}, ttl_s=60)
    server.advance("PT59S")
    assert statuses(vendor, tokens, 1) == [500]
    assert told(server, name)["armed"]
    server.advance("PT1S")
    assert not told(server, name)["armed"]
    assert statuses(vendor, tokens, 1) == [200]


SEQUENCE = [{"status": 503}, {}, {"status": 429, "retry_after": 1}]


@pytest.mark.parametrize("rule, want", [
    ({"actions": SEQUENCE}, [503, 200, 429, 200, 200]),
    ({"action": {"sequence": SEQUENCE}}, [503, 200, 429, 200, 200]),
    ({"actions": SEQUENCE, "times": 4}, [503, 200, 429, 503, 200]),
    ({"actions": SEQUENCE, "after": 1}, [200, 503, 200, 429, 200]),
])
def test_sequence(vendor, tokens, citizen, arm, rule, want):
    arm(match={"hetu": citizen}, **rule)
    assert statuses(vendor, tokens, len(want)) == want


def test_the_oldest_armed_one_wins(vendor, tokens, citizen, arm):
    one = arm(match={"hetu": citizen}, action={"status": 500}, times=1)
    two = arm(match={"hetu": citizen}, action={"status": 502})
    got = [vendor.search(tokens).headers["X-Mock-Fault"] for _ in range(3)]
    assert got == [one, two, two]


def test_disarming(vendor, tokens, citizen, arm, server):
    one = arm(match={"hetu": citizen}, action={"status": 500})
    assert server.admin("DELETE", "/faults/" + one).status_code == 204
    assert statuses(vendor, tokens, 1) == [200]
    arm(match={"hetu": citizen}, action={"status": 500})
    arm(match={"patient": tokens["sub"]}, action={"status": 500})
    other = arm(match={"client_id": "nobody"}, action={"status": 500})
    assert server.admin(
        "DELETE", "/faults?hetu=" + citizen).status_code == 204
    assert [f["id"] for f in server.admin("GET", "/faults").json()["faults"]
            ] == [other]
    r = server.admin("DELETE", "/faults?het=x")
    assert r.status_code == 400 and "hetu" in r.json()["error"]["message"]
    assert server.admin("DELETE", "/faults").status_code == 204
    assert server.admin("GET", "/faults").json() == {"faults": []}


def test_a_rule_is_shown_as_it_was_sent(server, arm):
    rule = {"name": "flaky \u00e4", "match": {"type": "Observation"},
            "action": {"status": 503, "delay_ms": 1.50}, "times": 2,
            "ttl_s": 5}
    name = arm(**rule)
    shown = told(server, name)
    assert {k: shown[k] for k in rule} == rule
    assert shown["until"] and shown["fired"] == 0 and shown["armed"]


# ---- what is matched --------------------------------------------------------

class Asks:
    """Requests that differ in one thing each."""

    def __init__(self, vendor, tokens):
        self.v, self.t = vendor, tokens

    def search(self, query="", **more):
        return self.v.fhir("GET", "/Observation?patient=" + self.t["sub"] +
                           query, self.t["access_token"], **more)

    def create(self, kg=72.5):
        return self.v.store(self.t, kg=kg)

    def stu3(self):
        return self.v.http.get(
            self.v.server.stu3 + "/Observation?patient=" + self.t["sub"],
            headers={"Authorization": "Bearer " + self.t["access_token"]},
            timeout=30)

    def patient(self):
        return self.v.fhir("GET", "/Patient/" + self.t["sub"],
                           self.t["access_token"])

    def none(self):
        return self.v.fhir("GET", "/Observation/none", self.t["access_token"])

    def post_search(self):
        return self.v.fhir("POST", "/Observation/_search",
                           self.t["access_token"],
                           data={"patient": self.t["sub"], "code": "29463-7"})

    def refresh(self):
        return self.v.refresh(self.t["refresh_token"])

    def revoke(self):
        return self.v.revoke("none")

    def metadata(self):
        return self.v.http.get(self.v.server.r4 + "/metadata", timeout=30)

    def authorize(self, state):
        return self.v.http.get(self.v.server.auth + "/authorize", params={
            "client_id": self.v.id, "state": state, "response_type": "code",
            "redirect_uri": CALLBACK}, allow_redirects=False, timeout=30)


# member: a value, a request that it is about, one that it is not about
MATCHES = [
    ({"method": "post"}, lambda a: a.create(), lambda a: a.search()),
    ({"method": ["PUT", "GET"]}, lambda a: a.search(), lambda a: a.create()),
    ({"path": "/phr-resourceserver/baseR4/Obs"}, lambda a: a.search(),
     lambda a: a.patient()),
    ({"path": "/^.{1,30}/Patient/"}, lambda a: a.patient(),
     lambda a: a.search()),
    ({"path": ["/x", "/base(Stu3|R3)/"]}, lambda a: a.stu3(),
     lambda a: a.search()),
    ({"interaction": "create"}, lambda a: a.create(), lambda a: a.search()),
    ({"interaction": ["read", "search-type"]}, lambda a: a.none(),
     lambda a: a.create()),
    ({"interaction": "search"}, lambda a: a.post_search(),
     lambda a: a.none()),
    ({"endpoint": "fhir"}, lambda a: a.metadata(), lambda a: a.refresh()),
    ({"endpoint": "token"}, lambda a: a.refresh(), lambda a: a.revoke()),
    ({"endpoint": ["revoke"]}, lambda a: a.revoke(), lambda a: a.refresh()),
    ({"type": "Observation"}, lambda a: a.search(), lambda a: a.patient()),
    ({"profile": "fiphr-sd-bodyweight"}, lambda a: a.create(),
     lambda a: a.search()),
    ({"profile": WEIGHT}, lambda a: a.create(), lambda a: a.search()),
    ({"fhir_version": "STU3"}, lambda a: a.stu3(), lambda a: a.search()),
    ({"grant_type": "refresh_token"}, lambda a: a.refresh(),
     lambda a: a.v.exchange("none")),
    ({"state": "worker-7-*"}, lambda a: a.authorize("worker-7-x"),
     lambda a: a.authorize("worker-71")),
    ({"state": "?a*b?"}, lambda a: a.authorize("xaxxbx"),
     lambda a: a.authorize("xaxxb")),
    ({"status": 404}, lambda a: a.none(), lambda a: a.search()),
    ({"status": "2xx"}, lambda a: a.search(), lambda a: a.none()),
    ({"status": ["5xx", "404"]}, lambda a: a.none(), lambda a: a.search()),
    ({"outcome_code": "not-found"}, lambda a: a.none(),
     lambda a: a.search()),
    ({"outcome_code": ["invalid_grant", "x"]}, lambda a: a.v.exchange("none"),
     lambda a: a.refresh()),
    ({"refused": True}, lambda a: a.none(), lambda a: a.search()),
    ({"refused": False}, lambda a: a.search(), lambda a: a.none()),
    ({"header": {"x-trace": "7"}},
     lambda a: a.search(headers={"X-Trace": "7"}),
     lambda a: a.search(headers={"X-Trace": "70"})),
    ({"header": {"X-Trace": {"matches": "^[0-9]+$"}}},
     lambda a: a.search(headers={"X-Trace": "70"}),
     lambda a: a.search(headers={"X-Trace": "7x"})),
    ({"header": {"X-Trace": {"absent": True}}}, lambda a: a.search(),
     lambda a: a.search(headers={"X-Trace": "7"})),
    ({"query": {"code": "29463-7"}}, lambda a: a.search("&code=29463-7"),
     lambda a: a.search("&code=x")),
    ({"query": {"code": "29463-7"}}, lambda a: a.post_search(),
     lambda a: a.search()),
    ({"query": {"_count": 5, "date": {"matches": "^ge"}}},
     lambda a: a.search("&_count=5&date=ge2020"),
     lambda a: a.search("&_count=5&date=le2020")),
    ({"body": {"/code/coding/0/code": "29463-7"}}, lambda a: a.create(),
     lambda a: a.search()),
    ({"body": {"/valueQuantity/value": 99.50}}, lambda a: a.create(kg=99.5),
     lambda a: a.create()),
    ({"body": {"/code/coding/0/code": {"matches": "-7$"},
               "/id": {"absent": True}}}, lambda a: a.create(),
     lambda a: a.search()),
    ({"body": {"/grant_type": "refresh_token"}}, lambda a: a.refresh(),
     lambda a: a.revoke()),
    ({"kind": "request"}, lambda a: a.search(), None),
    ({"kind": "page"}, None, lambda a: a.search()),
    ({"since": "2020-01-01T00:00:00Z"}, lambda a: a.search(), None),
    ({"since": "2120-01-01T00:00:00Z"}, None, lambda a: a.search()),
    ({"since": 999999999}, None, lambda a: a.search()),
    ({}, lambda a: a.search(), None),
    ({"type": "Observation", "method": "GET", "query": {"code": "x"}},
     lambda a: a.search("&code=x"), lambda a: a.search("&code=y")),
]


@pytest.mark.parametrize("match, hit, miss", MATCHES,
                         ids=[json.dumps(m[0])[:60] for m in MATCHES])
def test_match(server, vendor, citizen, arm, match, hit, miss):
    asks = Asks(vendor, vendor.connect(citizen))
    name = arm(match=match, action={"headers": {"X-Was": "here"}})
    if miss:
        assert "X-Was" not in miss(asks).headers
        assert told(server, name)["matched"] == 0
    if hit:
        r = hit(asks)
        assert r.headers["X-Was"] == "here"
        assert r.headers["X-Mock-Fault"] == name
        assert told(server, name)["matched"] == 1


@pytest.mark.parametrize("member", ["hetu", "patient", "client_id"])
@pytest.mark.parametrize("ask", [
    lambda v, c, t: v.search(t),
    lambda v, c, t: v.store(t),
    lambda v, c, t: v.refresh(t["refresh_token"]),
    lambda v, c, t: v.revoke(t["access_token"]),
    lambda v, c, t: v.post("/introspect", token=t["access_token"]),
    lambda v, c, t: v.exchange(v.code(c)),
    lambda v, c, t: v.fhir("GET", "/Observation?patient=" + t["sub"],
                           v.expired(t)),
], ids=["search", "store", "refresh", "revoke", "introspect", "exchange",
        "expired"])
def test_whom_it_is_about(server, arm, member, ask):
    """A rule about one citizen, or one application, touches nobody else, also
    where no token tells who it is."""
    sides = []
    for _ in range(2):
        v, person = Vendor(server), server.citizen()
        v.expired = lambda t: server.admin("POST", "/tokens/expire", {
            "token": t["access_token"]}, 200) and t["access_token"]
        sides.append((v, person["hetu"], v.connect(person["hetu"])))
    (v, code, t), other = sides
    value = {"hetu": code, "patient": t["sub"], "client_id": v.id}[member]
    name = arm(match={member: value}, action={"status": 503})
    assert "X-Mock-Fault" not in ask(*other).headers
    r = ask(v, code, t)
    assert (r.status_code, r.headers["X-Mock-Fault"]) == (503, name)


def test_who_is_not_there_yet(server, vendor, arm):
    """A rule may come before its citizen."""
    person = server.citizen()
    server.admin("DELETE", "/citizens/" + person["hetu"], None, 204)
    name = arm(match={"hetu": person["hetu"].lower()},
               action={"status": 503}, times=1)
    other = server.citizen()["hetu"]
    assert vendor.reads(vendor.connect(other))
    r = vendor.exchange(vendor.code(person["hetu"]))
    assert r.headers["X-Mock-Fault"] == name


def test_who_is_logged_in(server, vendor, arm):
    """In the browser: by the code that is typed in, then by the session."""
    people = [server.citizen()["hetu"] for _ in range(2)]
    browsers = [Browser(server) for _ in people]
    pages = [b.authorize(request_of(vendor.app)) for b in browsers]
    name = arm(match={"hetu": people[0], "endpoint": "login"},
               action={"status": 500}, times=1)
    pages[1] = browsers[1].login(pages[1], people[1])
    assert browsers[1].consent_form(pages[1])
    r = browsers[0].login(pages[0], people[0])
    assert (r.status_code, r.headers["X-Mock-Fault"]) == (500, name)
    assert r.headers["Content-Type"].startswith("text/html")
    pages[0] = browsers[0].login(browsers[0].authorize(
        request_of(vendor.app)), people[0])
    name = arm(match={"hetu": people[0], "endpoint": "authorize"},
               action={"redirect": {"add": {"x": "1"}}})
    assert "x" not in back(browsers[1].approve(pages[1]))
    assert back(browsers[0].approve(pages[0]))["x"] == "1"


def test_open_sandbox(server, arm):
    """Nobody is known there; a request is about the Patient that it names."""
    one, two = [server.citizen()["patient_id"] for _ in range(2)]
    arm(match={"patient": one}, action={"status": 503})
    url = server.origin + "/open/phr-resourceserver/baseR4"
    http = session()
    for patient, status in ((one, 503), (two, 200)):
        assert http.get(url + "/Observation?patient=" + patient,
                        timeout=30).status_code == status
        assert http.get(url + "/Patient/" + patient,
                        timeout=30).status_code == status
        assert http.post(url + "/Observation", json=weight(patient),
                         headers=HEADERS, timeout=30).status_code == \
            (503 if status == 503 else 201)


# ---- what happens -----------------------------------------------------------

@pytest.mark.parametrize("status, code", [
    (400, "invalid"), (403, "forbidden"), (404, "not-found"),
    (409, "conflict"), (410, "deleted"), (422, "invariant"),
    (429, "throttled"), (500, "exception"), (502, "exception"),
    (503, "transient"), (504, "timeout"), (418, "processing")])
def test_status_on_fhir(vendor, tokens, citizen, arm, status, code):
    """With the OperationOutcome of a real refusal; nothing is carried out."""
    arm(match={"hetu": citizen}, action={"status": status}, times=1)
    r = vendor.store(tokens)
    assert r.status_code == status
    assert outcome(r)["issue"][0]["code"] == code
    assert vendor.search(tokens).json()["total"] == 0


def test_401_on_fhir_has_a_challenge(vendor, tokens, citizen, arm):
    arm(match={"hetu": citizen}, action={"status": 401}, times=1)
    r = vendor.search(tokens)
    assert r.status_code == 401
    assert 'error="invalid_token"' in r.headers["WWW-Authenticate"]
    assert vendor.reads(tokens), "the token itself is as good as before"


def test_status_without_a_body(vendor, tokens, citizen, arm):
    arm(match={"hetu": citizen}, action={"status": 204}, times=1)
    r = vendor.search(tokens)
    assert (r.status_code, r.content) == (204, b"")


@pytest.mark.parametrize("status, error", [
    (400, "invalid_request"), (401, "invalid_client"),
    (429, "temporarily_unavailable"), (500, "server_error"),
    (502, "server_error"), (503, "temporarily_unavailable")])
def test_status_at_token(vendor, tokens, arm, status, error):
    arm(match={"client_id": vendor.id}, action={"status": status}, times=1)
    r = vendor.refresh(tokens["refresh_token"])
    assert r.status_code == status
    assert r.json()["error"] == error
    assert r.headers["Cache-Control"] == "no-store"
    granted(vendor, vendor.refresh(tokens["refresh_token"]))


def test_status_at_authorize_is_a_page(server, vendor, arm):
    arm(match={"client_id": vendor.id}, action={"status": 503}, times=1)
    r = Browser(server).authorize(request_of(vendor.app))
    assert r.status_code == 503
    assert r.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("body, text, type_", [
    ("oops", "oops", "application/fhir+json;charset=UTF-8"),
    ("<h1>Bad Gateway</h1>", "<h1>Bad Gateway</h1>",
     "text/html;charset=utf-8"),
    ({"a": [72.50]}, '{"a":[72.5]}', "application/fhir+json;charset=UTF-8"),
    ("", "", "application/fhir+json;charset=UTF-8")])
def test_body(vendor, tokens, citizen, arm, body, text, type_):
    arm(match={"hetu": citizen}, action={"status": 502, "body": body},
        times=1)
    r = vendor.search(tokens)
    assert (r.status_code, r.text) == (502, text)
    assert r.headers["Content-Type"] == type_


def test_body_and_headers(vendor, tokens, citizen, arm):
    arm(match={"hetu": citizen}, times=1, action={
        "body": "ok", "headers": {"content-type": "text/plain", "X-A": "1"}})
    r = vendor.search(tokens)
    assert (r.status_code, r.text) == (200, "ok")
    assert r.headers["Content-Type"] == "text/plain"
    assert r.headers["X-A"] == "1"


def test_headers_of_the_real_answer(vendor, tokens, arm):
    """Another content type, another date, one header less."""
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    arm(match={"client_id": vendor.id}, times=1, action={"headers": {
        "Content-Type": "text/html", "Date": date, "Pragma": None}})
    r = vendor.refresh(tokens["refresh_token"])
    assert r.status_code == 200 and r.json()["access_token"]
    assert r.headers["Content-Type"] == "text/html"
    assert r.headers["Date"] == date
    assert "Pragma" not in r.headers
    assert r.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("value", ["Thu, 01 Jan 2026 00:00:00 GMT", 0, 120])
def test_retry_after_alone(vendor, tokens, citizen, arm, value):
    arm(match={"hetu": citizen}, action={"retry_after": value}, times=1)
    r = vendor.search(tokens)
    assert (r.status_code, r.headers["Retry-After"]) == (503, str(value))


def test_commit_first(vendor, tokens, citizen, arm):
    """Stored, and the application never learnt it: the repeated create with
    If-None-Exist finds it."""
    arm(match={"hetu": citizen, "interaction": "create"}, times=1,
        action={"status": 504, "commit_first": True})
    body = dict(weight(tokens["sub"]), identifier=[
        {"system": "urn:x", "value": "1"}])
    ask = {"json": body, "headers": dict(HEADERS, **{
        "If-None-Exist": "identifier=urn:x|1"})}
    r = vendor.fhir("POST", "/Observation", tokens["access_token"], **ask)
    assert r.status_code == 504 and outcome(r)
    stored = ids(vendor.search(tokens).json())
    assert len(stored) == 1
    r = vendor.fhir("POST", "/Observation", tokens["access_token"], **ask)
    assert r.status_code == 200
    assert ids(vendor.search(tokens).json()) == stored


def test_commit_first_waits_for_success(server, vendor, tokens, citizen, arm):
    """What is refused is not committed: the refusal stands."""
    name = arm(match={"hetu": citizen}, times=1,
               action={"status": 504, "commit_first": True})
    r = vendor.fhir("GET", "/Observation/none", tokens["access_token"])
    assert r.status_code == 404 and "X-Mock-Fault" not in r.headers
    assert "refused" in told(server, name)["note"]
    assert vendor.search(tokens).status_code == 504


ERRORS = {
    "invalid_request": 400, "invalid_client": 401, "invalid_grant": 400,
    "unauthorized_client": 400, "unsupported_grant_type": 400,
    "invalid_scope": 400, "server_error": 500,
    "temporarily_unavailable": 503, "invalid_token": 401,
    "auth_invalid_client_secret": (401, "invalid_client"),
    "token_invalid_token": (400, "invalid_grant"),
    "token_invalid_scope": (400, "invalid_scope"),
    "token_invalid_jti": (401, "invalid_client"),
    "token_expired_registration_token": (401, "invalid_client"),
}


@pytest.mark.parametrize("error", ERRORS)
def test_oauth_error_at_token(vendor, tokens, arm, error):
    status = ERRORS[error]
    status, name = status if isinstance(status, tuple) else (status, error)
    arm(match={"client_id": vendor.id, "endpoint": "token"},
        action={"oauth_error": error}, times=1)
    assert vendor.reads(tokens)
    r = vendor.refresh(tokens["refresh_token"])
    assert (r.status_code, r.json()["error"]) == (status, name)
    assert r.json()["error_description"]
    if status == 401:
        assert r.headers["WWW-Authenticate"].startswith("Basic")
    granted(vendor, vendor.refresh(tokens["refresh_token"]))


def test_oauth_error_with_words(vendor, tokens, arm):
    arm(match={"client_id": vendor.id}, times=1, action={
        "oauth_error": "invalid_grant", "error_description": "Kaputt \u00e4",
        "status": 403})
    r = vendor.refresh(tokens["refresh_token"])
    assert r.status_code == 403
    assert r.json() == {"error": "invalid_grant",
                        "error_description": "Kaputt \u00e4"}


@pytest.mark.parametrize("error", [
    "access_denied", "server_error", "temporarily_unavailable",
    "invalid_scope", "login_required", "auth_invalid_scope"])
def test_oauth_error_at_authorize(server, vendor, arm, error):
    arm(match={"endpoint": "authorize", "client_id": vendor.id},
        action={"oauth_error": error}, times=1)
    r = Browser(server).authorize(request_of(vendor.app, state="a b&c"))
    assert r.status_code == 303
    got = back(r)
    assert got["error"] == error.replace("auth_", "")
    assert got["state"] == "a b&c"
    assert "code" not in got


def test_no_redirect_to_elsewhere(server, vendor, arm, own):
    """A fault opens no door that is closed."""
    name = arm(match={"endpoint": "authorize", "client_id": vendor.id},
               action={"oauth_error": "access_denied"})
    r = Browser(server).authorize(request_of(
        vendor.app, redirect_uri="https://evil.example/"))
    assert "evil" not in r.headers.get("Location", "")
    assert told(server, name)["fired"] == 0


@pytest.mark.parametrize("alias, status", [
    ("auth_invalid_client_id", 401), ("auth_invalid_redirect_uri", 400)])
def test_page_that_refuses(server, vendor, arm, alias, status):
    arm(match={"client_id": vendor.id}, action=alias, times=1)
    r = Browser(server).authorize(request_of(vendor.app))
    assert r.status_code == status and "Location" not in r.headers
    assert r.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("error, status", [
    ("invalid_token", 401), ("insufficient_scope", 403)])
def test_oauth_error_on_fhir(vendor, tokens, citizen, arm, error, status):
    arm(match={"hetu": citizen, "endpoint": "fhir"},
        action={"oauth_error": error}, times=1)
    r = vendor.search(tokens)
    assert r.status_code == status and outcome(r)
    assert 'error="%s"' % error in r.headers["WWW-Authenticate"]
    assert vendor.reads(tokens)


@pytest.mark.parametrize("code, status", [
    ("throttled", 429), ("conflict", 409), ("not-found", 404),
    ("timeout", 504), ("too-costly", 403), ("lock-error", 503)])
def test_outcome_code(vendor, tokens, citizen, arm, code, status):
    arm(match={"hetu": citizen}, action={"outcome_code": code}, times=1)
    assert vendor.refresh(tokens["refresh_token"]).status_code == 200
    r = vendor.search(tokens)
    assert r.status_code == status
    assert outcome(r)["issue"][0]["code"] == code


@pytest.mark.parametrize("action", [
    {"expire_token": True}, {"expire_token": "revoked"},
    "request_expired_token"])
def test_token_that_ends(vendor, tokens, citizen, arm, action):
    """The request is refused as with an expired token, and so are those behind
    it; a refresh helps when it only expired."""
    arm(match={"hetu": citizen, "endpoint": "fhir"}, action=action, times=1)
    r = vendor.search(tokens)
    assert r.status_code == 401 and outcome(r)
    assert "X-Mock-Fault" in r.headers
    assert r.headers["WWW-Authenticate"] == \
        'Bearer realm="phr-resourceserver", error="invalid_token", ' \
        'error_description="The access token expired"'
    r = vendor.search(tokens)
    assert r.status_code == 401 and "X-Mock-Fault" not in r.headers
    assert vendor.reads(granted(vendor,
                                vendor.refresh(tokens["refresh_token"])))


def test_refresh_token_that_ends(vendor, tokens, arm):
    arm(match={"client_id": vendor.id},
        action="token_expired_refresh_token", times=1)
    for _ in range(2):
        r = vendor.refresh(tokens["refresh_token"])
        assert r.status_code == 401
        assert r.json()["error"] == "invalid_token"
    assert vendor.reads(tokens)


def test_invalid_token_once(vendor, tokens, citizen, arm):
    arm(match={"hetu": citizen}, action="request_invalid_token", times=1)
    assert [vendor.reads(tokens) for _ in range(2)] == [False, True]


PATCHES = [
    ([{"op": "remove", "path": "/refresh_token"}],
     lambda t: "refresh_token" not in t),
    ([{"op": "remove", "path": "/scope"}], lambda t: "scope" not in t),
    ([{"op": "replace", "path": "/expires_in", "value": "soon"}],
     lambda t: t["expires_in"] == "soon"),
    ([{"op": "add", "path": "/expires_in", "value": -1.50},
      {"op": "test", "path": "/token_type", "value": "Bearer"},
      {"op": "copy", "from": "/sub", "path": "/patient"},
      {"op": "move", "from": "/scope", "path": "/a~1b"}],
     lambda t: t["expires_in"] == -1.5 and t["patient"] == t["sub"] and
     "scope" not in t and OFFLINE in t["a/b"]),
    ([{"op": "replace", "path": "", "value": []}], lambda t: t == []),
]


@pytest.mark.parametrize("patch, holds", PATCHES)
def test_json_patch(vendor, tokens, arm, patch, holds):
    arm(match={"client_id": vendor.id}, action={"json_patch": patch},
        times=1)
    r = vendor.refresh(tokens["refresh_token"])
    assert r.status_code == 200
    assert holds(r.json())
    assert int(r.headers.get("Content-Length", len(r.content))) > 0


def test_patch_that_does_not_fit(server, vendor, tokens, arm):
    """The rule waits for an answer that it fits, and says why."""
    name = arm(match={"client_id": vendor.id, "endpoint": "token"}, times=1,
               action={"json_patch": [
                   {"op": "remove", "path": "/refresh_tokn"}]})
    granted(vendor, vendor.refresh(tokens["refresh_token"]))
    rule = told(server, name)
    assert rule["fired"] == rule["matched"] == 0
    assert "/refresh_tokn" in rule["note"]


def test_patch_that_does_not_fit_often(server, vendor, tokens, arm):
    """What a rule notes of requests that it lets pass is one note."""
    name = arm(match={"client_id": vendor.id}, action={"json_patch": [
        {"op": "remove", "path": "/nowhere"}]})
    assert statuses(vendor, tokens, 3) == [200] * 3
    assert told(server, name)["note"].count("/nowhere") == 1


def test_patch_that_never_ends(server, vendor, tokens, arm):
    """Each copy of the whole into itself doubles it."""
    name = arm(match={"client_id": vendor.id}, action={"json_patch": [
        {"op": "copy", "from": "", "path": "/x%d" % i} for i in range(50)]})
    assert vendor.search(tokens).json()["resourceType"] == "Bundle"
    assert "64 MiB" in told(server, name)["note"]
    assert told(server, name)["fired"] == 0


def test_malformed_json(vendor, tokens, citizen, arm):
    arm(match={"hetu": citizen}, action={"malformed_json": True}, times=1)
    r = vendor.search(tokens)
    assert r.status_code == 200
    with pytest.raises(ValueError):
        json.loads(r.text)
    assert vendor.search(tokens).json()["resourceType"] == "Bundle"


@pytest.mark.parametrize("redirect, want", [
    ({"drop": ["code"]}, ["state"]),
    ({"drop": ["state", "x"]}, ["code"]),
    ({"add": {"error": "server_error", "a b": "c&d"}},
     ["code", "state", "error", "a b"]),
    ({"replace": {"state": "x", "new": "y"}}, ["code", "state", "new"]),
])
@pytest.mark.parametrize("member", ["client_id", "state", "hetu"])
def test_redirect(server, vendor, citizen, arm, redirect, want, member):
    """Of all redirects on the way only the one to the application."""
    value = {"client_id": vendor.id, "state": "st4te", "hetu": citizen}
    name = arm(match={member: value[member]}, times=1,
               action={"redirect": redirect})
    got = vendor.pages(citizen)
    assert list(got) == want
    assert got.get("a b", "c&d") == "c&d"
    assert got.get("new", "y") == "y"
    assert got.get("state") in (None, "st4te" if "replace" not in redirect
                                else "x")
    assert told(server, name)["matched"] == told(server, name)["fired"] == 1


def test_token_as_it_is_issued(vendor, citizen, arm):
    arm(match={"client_id": vendor.id}, times=1, action={"token": {
        "expires_in": 5, "omit_refresh": True, "scope": READ}})
    r = vendor.exchange(vendor.code(citizen))
    t = r.json()
    assert (t["expires_in"], t["scope"]) == (5, READ)
    assert "refresh_token" not in t
    assert vendor.store(t).status_code == 403
    assert vendor.reads(t)
    vendor.server.advance("PT5S")
    assert not vendor.reads(t)


def test_refresh_without_a_successor(vendor, tokens, arm):
    arm(match={"client_id": vendor.id}, times=1,
        action={"token": {"omit_refresh": True}})
    t = vendor.refresh(tokens["refresh_token"]).json()
    assert "refresh_token" not in t and vendor.reads(t)


def test_skip(vendor, citizen, arm):
    """One exchange without a check; the next one has it again."""
    arm(match={"client_id": vendor.id}, times=1,
        action={"skip": ["pkce", "redirect_uri"]})
    for status in (200, 400):
        r = vendor.exchange(vendor.code(citizen, **S256),
                            redirect_uri="http://other.example/")
        assert r.status_code == status


@pytest.mark.parametrize("match", [True, False])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_conflict(vendor, tokens, citizen, arm, method, match):
    """As if another had been faster; nothing is changed, and the next try
    works."""
    made = vendor.store(tokens).json()
    headers = dict(HEADERS, **({"If-Match": 'W/"1"'} if match else {}))
    arm(match={"hetu": citizen}, action={"conflict": True}, times=1)
    for status in (409, 200):
        assert vendor.search(tokens).json()["total"] == 1
        r = vendor.fhir(method, "/Observation/" + made["id"],
                        tokens["access_token"], headers=headers,
                        **({"json": made} if method == "PUT" else {}))
        assert r.status_code == status
    assert vendor.store(tokens).status_code == 201


# ---- what is told of it -----------------------------------------------------

def test_the_journal_tells(server, vendor, tokens, citizen, arm):
    name = arm(match={"hetu": citizen}, action={"status": 503}, times=1)
    r = vendor.search(tokens)
    entry = server.admin("GET", "/requests/" + r.headers["X-Request-Id"],
                         None, 200).json()
    assert entry["fault"] == name
    assert entry["status"] == 503
    r = vendor.search(tokens)
    entry = server.admin("GET", "/requests/" + r.headers["X-Request-Id"],
                         None, 200).json()
    assert entry.get("fault") is None


# ---- nobody else notices ----------------------------------------------------

def test_two_citizens_at_once(server, vendor, arm):
    people = [server.citizen()["hetu"] for _ in range(2)]
    tokens = [vendor.connect(p) for p in people]
    names = [arm(match={"hetu": p}, action={"status": 500 + i}, times=3)
             for i, p in enumerate(people)]
    for _ in range(3):
        for i in (1, 0):
            r = vendor.search(tokens[i])
            assert r.status_code == 500 + i
            assert r.headers["X-Mock-Fault"] == names[i]
    assert all(vendor.reads(t) for t in tokens)


def test_reset_of_one_citizen(server, vendor, arm):
    people = [server.citizen() for _ in range(2)]
    for p in people:
        arm(match={"hetu": p["hetu"]}, action={"status": 500})
    arm(match={"endpoint": "fhir", "client_id": "x"}, action={"status": 500})
    server.admin("POST", "/reset", {"hetu": people[0]["hetu"]}, 204)
    left = server.admin("GET", "/faults").json()["faults"]
    assert [f["match"].get("hetu") for f in left] == [people[1]["hetu"], None]


def test_reset(start):
    s = start()
    assert s.admin("POST", "/faults", {"action": {"status": 500}},
                   201).json()["id"] == "f1"
    assert s.http.get(s.r4 + "/metadata", timeout=30).status_code == 500
    s.admin("POST", "/reset", {}, 204)
    assert s.http.get(s.r4 + "/metadata", timeout=30).status_code == 200
    assert s.admin("POST", "/faults", {"action": {"status": 500}},
                   201).json()["id"] == "f1"


def test_a_shadow_does_not_count(start):
    """Rehearsals are no requests."""
    s = start("--shadow", "production,strict")
    v = Vendor(s)
    t = v.connect(s.citizen()["hetu"])
    name = s.admin("POST", "/faults", {
        "match": {"endpoint": "fhir"}, "action": {"status": 503},
        "times": 2}, 201).json()["id"]
    assert [v.search(t).status_code for _ in range(3)] == [503, 503, 200]
    assert s.admin("GET", "/faults/" + name).json()["matched"] == 2


# ---- what is refused --------------------------------------------------------

A = {"status": 500}
REFUSED = [
    ({}, "/action", "action"),
    ({"action": {}}, "/action"),
    ({"actions": []}, "/actions"),
    ({"actions": [{}, {"statsu": 1}]}, "/actions/1/statsu", '"status"'),
    ({"action": A, "actions": [A]}, "/actions"),
    ({"action": A, "tims": 3}, "/tims", '"times"'),
    ({"action": A, "times": 0}, "/times"),
    ({"action": A, "times": "3"}, "/times"),
    ({"action": A, "after": -1}, "/after"),
    ({"action": A, "nth": []}, "/nth"),
    ({"action": A, "probability": 1.1}, "/probability"),
    ({"action": A, "ttl_s": 0}, "/ttl_s"),
    ({"action": A, "name": "x" * 65}, "/name"),
    ({"action": A, "match": []}, "/match"),
    ({"action": A, "match": {"endpont": "fhir"}}, "/match/endpont",
     '"endpoint"'),
    ({"action": A, "match": {"nht": 2}}, "/match/nht", '"nth"'),
    ({"action": A, "match": {"every": 0}}, "/match/every"),
    ({"action": A, "match": {"endpoint": "tokens"}}, "/match/endpoint",
     '"token"'),
    ({"action": A, "match": {"type": "Observatoin"}}, "/match/type",
     '"Observation"'),
    ({"action": A, "match": {"interaction": "serch"}},
     "/match/interaction", '"search"'),
    ({"action": A, "match": {"fhir_version": "r5"}}, "/match/fhir_version"),
    ({"action": A, "match": {"method": "FETCH"}}, "/match/method"),
    ({"action": A, "match": {"path": "Observation"}}, "/match/path"),
    ({"action": A, "match": {"path": "/(/"}}, "/match/path"),
    ({"action": A, "match": {"status": "4x"}}, "/match/status"),
    ({"action": A, "match": {"status": 600}}, "/match/status"),
    ({"action": A, "match": {"since": "today"}}, "/match/since"),
    ({"action": A, "match": {"hetu": "010190-123A"}}, "/match/hetu"),
    ({"action": A, "match": {"hetu": ["010190-900P"]}}, "/match/hetu"),
    ({"action": A, "match": {"header": "x"}}, "/match/header"),
    ({"action": A, "match": {"query": {"a/b~": {"matches": "["}}}},
     "/match/query/a~1b~0"),
    ({"action": A, "match": {"body": {"code": 1}}}, "/match/body/code"),
    ({"action": A, "match": {"client_id": 7}}, "/match/client_id"),
    ({"action": A, "match": {"client_id": []}}, "/match/client_id"),
    ({"action": A, "match": {"refused": 1}}, "/match/refused"),
    ({"action": {"status": 199}}, "/action/status"),
    ({"action": {"status": 503.5}}, "/action/status"),
    ({"action": {"headers": {"A b": "x"}}}, "/action/headers"),
    ({"action": {"headers": {"content-length": "1"}}}, "/action/headers",
     "truncate_bytes"),
    ({"action": {"oauth_error": "invalid_gran"}}, "/action/oauth_error",
     '"invalid_grant"'),
    ({"action": "request_expired_tokn"}, "/action",
     '"request_expired_token"'),
    ({"action": {"outcome_code": "throtled"}}, "/action/outcome_code",
     '"throttled"'),
    ({"action": {"skip": ["pcke"]}}, "/action/skip", '"pkce"'),
    ({"action": {"drop": "befor"}}, "/action/drop", '"before"'),
    ({"action": {"fault": "EMPTY"}}, "/action/fault", "EMPTY_RESPONSE"),
    ({"action": {"token": {"expire_in": 1}}}, "/action/token/expire_in",
     '"expires_in"'),
    ({"action": {"redirect": {"drp": []}}}, "/action/redirect/drp",
     '"drop"'),
    ({"action": {"delay": {"uniform": [5, 1]}}}, "/action/delay/uniform"),
    ({"action": {"delay": {"lognormal": {"sigma": 1}}}},
     "/action/delay/lognormal"),
    ({"action": {"delay": {}}}, "/action/delay"),
    ({"action": {"delay_ms": 600001}}, "/action/delay_ms"),
    ({"action": {"bytes_per_second": 0}}, "/action/bytes_per_second"),
    ({"action": {"json_patch": []}}, "/action/json_patch"),
    ({"action": {"json_patch": [{"op": "drop", "path": "/x"}]}},
     "/action/json_patch", "remove"),
    ({"action": {"json_patch": [{"op": "add", "path": "x", "value": 1}]}},
     "/action/json_patch", "JSON Pointer"),
    ({"match": {"nth": list(range(1, 21))}, "nth": [1000000] * 20,
      "action": {"status": 500}}, "/nth", "once"),
    ({"nth": [1], "match": {"nth": 2}, "action": {"status": 500}},
     "/match/nth", "once"),
    ({"action": {"tls_alert": "expired"}}, "/action/tls_alert",
     "certificate_expired"),
    ({"action": {"tls_alert": 45, "status": 500}}, "/action"),
    ({"action": {"commit_first": True}}, "/action"),
    ({"action": {"error_description": "x", "status": 500}}, "/action"),
    ({"match": {"status": 404}, "action": {"expire_token": True}},
     "/action"),
]


@pytest.mark.parametrize("row", REFUSED,
                         ids=[json.dumps(r[0])[:70] for r in REFUSED])
def test_refused(server, row):
    refused(server, *row)
    assert server.admin("GET", "/faults").json() == {"faults": []}


def test_null_is_as_good_as_absent(arm):
    arm(match={"type": None, "nth": None}, times=None, name=None,
        action={"status": 500, "body": None, "headers": None})


def test_room(start):
    """So many rules and no more; those that have done their work make room."""
    s = start()
    http = session()

    def post(rule):
        return http.post(s.admin_url + "/faults", json=rule, timeout=30)
    for _ in range(1000):
        assert post({"match": {"client_id": "x"}, "action": A,
                     "times": 1}).status_code == 201
    r = post({"action": A})
    assert (r.status_code, r.json()["error"]["code"]) == (409, "too_many")
    s.admin("DELETE", "/faults/f7", None, 204)
    assert post({"action": A, "times": 1}).json()["id"] == "f1001"
    assert http.get(s.r4 + "/metadata", timeout=30).status_code == 500
    assert post({"action": A, "times": 1}).json()["id"] == "f1002"
    assert s.admin("GET", "/faults/f1001").status_code == 404
    assert len(s.admin("GET", "/faults").json()["faults"]) == 1000
