# SPDX-License-Identifier: Apache-2.0
"""--shadow: what another environment, or strict, would have refused, told in the
journal and in the header X-Mock-Shadow. By the rows of the presets; without a
difference nothing; and whatever is told, the answers and what is stored are
those of a server without it."""
import json
import random
import re
import sqlite3
import urllib.parse

import pytest

from bundles import bundle, entry, post
from support import (Browser, CALLBACK, FHIR_JSON, PHR, SCOPE, Server,
                     request_of, run, session, weight)
from vendor import CHALLENGE, VERIFIER, Vendor, at_once

STRICTER = "client-test,production,strict"
FORM = re.compile(r"^([a-z-]+);(would|might)=(\d{3})"
                  r'(?:;because="([^"\\]*)";mark="([^"\\]*)")?$')
ADULT = "010190-900P"


@pytest.fixture(scope="module")
def shadowed(own, start_shared):
    return start_shared("--shadow", STRICTER)


def found(r, name=None):
    """[(environment, verb, status, [row], [mark])] of an answer."""
    out = []
    for line in r.raw.headers.getlist("X-Mock-Shadow"):
        m = FORM.match(line)
        assert m, line
        rows, marks = ((m.group(i) or "").split(", ") for i in (4, 5))
        assert len(rows) == len(marks)
        out.append((m.group(1), m.group(2), int(m.group(3)), rows, marks))
    return out if name is None else [f[1:] for f in out if f[0] == name]


def noted(s, r):
    """The same of the journal."""
    e = s.admin("GET", "/requests/" + r.headers["X-Request-Id"], status=200)
    return e.json().get("shadow", [])


def read(s, path, **more):
    return s.request("GET", "/phr-resourceserver/" + path, **more)


# ---- by the rows ------------------------------------------------------------

NO_CERTIFICATE = ("would", 401, ["client_certificate=required"])


def test_no_certificate_at_fhir(shadowed):
    p = shadowed.person(shadowed.register())
    r = p.post(weight(p.id, fhir="stu3"), "stu3", status=201)
    assert found(r) == [("client-test", *NO_CERTIFICATE, ["[S]"]),
                        ("production", *NO_CERTIFICATE, ["[C]"])]
    r = p.get("/Observation?patient=" + p.id, "stu3")
    assert r.status_code == 200 and len(r.json()["entry"]) == 1
    assert found(r, "production") == [(*NO_CERTIFICATE, ["[C]"])]


def test_no_certificate_at_token(shadowed, citizen):
    """A secret is not how an application authenticates itself there."""
    v = Vendor(shadowed)
    r = v.exchange(v.code(citizen))
    assert r.status_code == 200
    assert found(r, "production") == [(*NO_CERTIFICATE, ["[C]"])]
    assert "certificate" in noted(shadowed, r)[1]["message"]
    assert found(r, "strict") == []


def test_open_routes_need_none(shadowed):
    """What both answer is no finding."""
    for r in (read(shadowed, "baseStu3/metadata"),
              shadowed.http.get(shadowed.auth + "/jwk"),
              shadowed.http.get(shadowed.auth + "/")):
        assert r.status_code == 200 and found(r) == []
        assert noted(shadowed, r) == []


def test_what_is_refused_anyway_is_no_finding(shadowed):
    for r in (read(shadowed, "baseStu3/Observation?patient=1"),
              read(shadowed, "baseR4/Nonsense/1"),
              shadowed.token(grant_type="refresh_token", refresh_token="x"),
              read(shadowed, "nowhere")):
        assert r.status_code >= 400 and found(r) == []


def test_r4_in_production(shadowed):
    r = read(shadowed, "baseR4/metadata")
    assert r.status_code == 200
    assert found(r) == [
        ("production", "would", 404, ["fhir_r4=off"], ["[Q]"])]


def test_what_nobody_knows_might_be(shadowed):
    r = shadowed.request("GET", "/open/phr-resourceserver/baseStu3/metadata")
    assert r.status_code == 200
    row = ("might", 404, ["open_sandbox=off"], ["[I]"])
    assert found(r) == [("client-test", *row), ("production", *row)]
    assert [n["verdict"] for n in noted(shadowed, r)] == ["might", "might"]


def test_one_that_is_known_decides(shadowed):
    """A public client: two rows refuse it, and of one it is known."""
    r = shadowed.http.post(shadowed.auth + "/register", timeout=30, json={
        "client_name": "Public", "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none"})
    assert r.status_code == 201, r.text
    assert found(r, "production") == [
        ("would", 403, ["self_service=off", "public_clients=off"],
         ["[S]", "[I]"])]


def definition():
    return {"resourceType": "StructureDefinition",
            "url": "http://example.org/fhir/StructureDefinition/own",
            "name": "Own", "status": "draft", "fhirVersion": "4.0.1",
            "kind": "resource", "abstract": False, "type": "Observation",
            "baseDefinition": PHR + "fiphr-sd-bodyweight",
            "derivation": "constraint", "differential": {"element": [
                {"id": "Observation.note", "path": "Observation.note",
                 "min": 1}]}}


def test_own_profiles(start):
    """A profile of one's own; the next resource is still judged by it."""
    s = start("--shadow", "client-test", "--environment", "sandbox")
    s.admin("PUT", "/settings", {"client_certificate": "off"}, 200)
    p = s.person(s.register())
    r = p.post(definition(), path="/StructureDefinition", status=201)
    rows = found(r, "client-test")[0]
    assert "allow_test_profiles=off" in rows[2]
    named = weight(p.id)
    named["meta"]["profile"].append(definition()["url"])
    assert p.post(named).status_code == 422
    named["note"] = [{"text": "weighed"}]
    r = p.post(named, status=201)
    assert found(r, "client-test")[0][1] == 401


def test_batch(start):
    s = start("--shadow", "production", "--set", "batch_stu3=on")
    p = s.person(s.register())
    b = bundle("batch", post(weight(p.id, fhir="stu3")),
               entry("GET", "Observation?patient=" + p.id))
    r = p.post(b, "stu3", "/", 200)
    assert [e["response"]["status"][:3] for e in r.json()["entry"]] == [
        "201", "200"]
    assert found(r) == [("production", "would", 401, [
        "client_certificate=required", "batch_stu3=off"], ["[C]", "[C]"])]
    assert len(p.search(fhir="stu3")["entry"]) == 1


def authorize(s, app, **more):
    """One request of a browser that is logged in."""
    return s.http.get(s.auth + "/authorize", params=request_of(app, **more),
                      allow_redirects=False, timeout=30)


PLAIN = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}


def test_pkce_plain(start):
    s = start("--shadow", "strict", "--auto-approve=" + ADULT)
    app = s.register()
    r = authorize(s, app, **PLAIN)
    assert r.status_code == 303 and "code=" in r.headers["Location"]
    assert found(r) == [("strict", "would", 303, ["pkce_methods=S256"],
                         ["[RFC 9700 2.1.1]"])]
    assert noted(s, r)[0]["code"] == "invalid_request"
    r = authorize(s, app, code_challenge=CHALLENGE,
                  code_challenge_method="S256")
    assert r.status_code == 303 and found(r) == []


def test_two_rows_together(shadowed):
    """Without a login strict looks at the request first, and then at PKCE:
    neither of the two rows refuses it alone."""
    r = authorize(shadowed, shadowed.register(), **PLAIN)
    assert r.status_code == 302 and r.headers["Location"].endswith("/login")
    assert found(r, "strict") == [
        ("would", 303, ["authorize_order=request-first", "pkce_methods=S256"],
         ["[RFC 6749 4.1.2.1]", "[RFC 9700 2.1.1]"])]


def test_refresh_twice(start, citizen):
    """Each request is judged as things stand: what strict would have done to
    the first token, it did not."""
    s = start("--shadow", "strict")
    v = Vendor(s)
    tokens = v.connect(s.citizen()["hetu"])
    for _ in range(2):
        r = v.refresh(tokens["refresh_token"])
        assert r.status_code == 200 and found(r) == []


@pytest.mark.parametrize("name", ["duplicate", "query", "two"])
def test_strict_forms(shadowed, name):
    v = Vendor(shadowed)
    code = v.code(shadowed.citizen()["hetu"])
    form = [("grant_type", "authorization_code"), ("code", code),
            ("redirect_uri", CALLBACK)]
    secret = [("client_id", v.id), ("client_secret", v.secret)]
    more, query, basic, row = {
        "duplicate": (form[2:], "", (v.id, v.secret),
                      "duplicate_parameters=reject"),
        "query": ([], "?" + urllib.parse.urlencode(secret), None,
                  "credentials_in_query=off"),
        "two": (secret, "", (v.id, v.secret), "two_auth_methods=reject"),
    }[name]
    r = shadowed.http.post(shadowed.auth + "/token" + query, data=form + more,
                           auth=basic, timeout=30)
    assert r.status_code == 200, r.text
    assert [f[2] for f in found(r, "strict")] == [[row]]


def test_a_looser_one_refuses_less(start):
    """The shadow of an open sandbox has nothing to say; of one that runs open,
    the other one has."""
    s = start("--environment", "sandbox-open", "--shadow", "sandbox")
    citizen = s.citizen()
    r = read(s, "baseStu3/Observation?patient=" + citizen["patient_id"])
    assert r.status_code == 200
    assert found(r) == [("sandbox", "would", 401, ["token_required=on"],
                         ["[C]"])]
    s = start("--shadow", "sandbox-open,kanta")
    p = s.person(s.register())
    r = p.post(weight(p.id), status=201)
    assert found(r) == []


def test_with_a_good_certificate_nothing(start):
    """The rehearsal that a vendor is after: production would take it."""
    s = start("--shadow", "production", "--trusted-proxy", "127.0.0.1")
    oid = "1.2.246.10.99999999.99.1"
    v = Vendor(s, certificate_serial_number=oid)
    certificate = {}

    def use(kind):
        pem = s.admin("POST", "/certificates", {"kind": kind, "oid": oid},
                      201).json()["certificate"]
        certificate["Client-Cert"] = urllib.parse.quote(pem, safe="")

    def both():
        token = s.http.post(s.auth + "/token", auth=(v.id, v.secret), data={
            "grant_type": "authorization_code", "redirect_uri": CALLBACK,
            "code": v.code(s.citizen()["hetu"])}, headers=certificate)
        assert token.status_code == 200, token.text
        r = read(s, "baseStu3/Observation?patient=" + token.json()["sub"],
                 headers={"Authorization": "Bearer " +
                          token.json()["access_token"], **certificate})
        assert r.status_code == 200, r.text
        return token, r

    use("wellbeing")
    for r in both():
        assert found(r) == [], noted(s, r)
    use("expired")
    for r in both():
        assert found(r) == [("production", *NO_CERTIFICATE, ["[C]"])]
        assert "has expired" in noted(s, r)[0]["message"]


# ---- what is told -----------------------------------------------------------

def test_the_journal(shadowed):
    p = shadowed.person(shadowed.register())
    r = p.get("/Observation?patient=" + p.id)
    notes = noted(shadowed, r)
    assert [n["environment"] for n in notes] == ["client-test", "production"]
    assert list(notes[1]) == ["environment", "verdict", "status", "message",
                              "because"] or "code" in notes[1]
    assert notes[1]["status"] == 404 and "fhir_r4" in notes[1]["message"]
    assert notes[1]["because"][0]["switch"] == "fhir_r4"
    assert notes[1]["because"][0]["value"] == "off"
    assert notes[1]["because"][0]["mark"] == "[Q]"
    assert "baseStu3" in notes[1]["because"][0]["means"]
    assert "certificate" in notes[0]["message"].lower()
    assert p.token not in json.dumps(notes) and p.hetu not in json.dumps(notes)


def test_one_entry_a_request(own):
    """The rehearsals are no requests: not in the journal, not in the log."""
    with Server("--shadow", STRICTER) as s:
        p = s.person(s.register())
        s.admin("DELETE", "/requests", status=204)
        for _ in range(3):
            p.post(weight(p.id), status=201)
        entries = s.admin("GET", "/requests").json()["requests"]
        assert [e["path"] for e in entries if e["kind"] == "request"] == [
            "/phr-resourceserver/baseR4/Observation"] * 3
        assert s.log().count("POST /phr-resourceserver") == 3
        assert "refused" not in s.log()


def test_what_is_logged_once_is_logged(start, tmp_path):
    """A stored definition that cannot be used any more, at the first request."""
    options = ["--db", tmp_path / "phr.db", "--shadow", STRICTER]
    s = start(*options)
    p = s.person(s.register())
    p.post(definition(), path="/StructureDefinition", status=201)
    s.stop()
    s = start(*options, "--profiles", "none", "--set",
              "allow_test_profiles=on")
    read(s, "baseR4/metadata")
    assert s.log().count("is left out") == 1


def test_counted(start):
    s = start("--shadow", "production,sandbox")
    assert s.admin("GET", "/state").json()["shadow"] == {
        "production": 0, "sandbox": 0}
    for _ in range(3):
        read(s, "baseR4/metadata")
    assert s.admin("GET", "/state").json()["shadow"] == {
        "production": 3, "sandbox": 0}
    s.admin("POST", "/reset", status=204)
    assert s.admin("GET", "/state").json()["shadow"]["production"] == 0


def test_a_large_body(start):
    """It is said that it would be refused; which rows decide takes too long."""
    s = start("--shadow", "production")
    p = s.person(s.register())
    o = weight(p.id, fhir="stu3")
    o["comment"] = "x" * 300000
    r = p.post(o, "stu3", status=201)
    assert r.raw.headers.getlist("X-Mock-Shadow") == ["production;would=401"]
    assert noted(s, r)[0]["because"] == []


def test_off_there_is_nothing(server, person):
    r = person.post(weight(person.id), status=201)
    assert "X-Mock-Shadow" not in r.headers
    assert "shadow" not in server.admin("GET", "/state").json()


def test_settings_that_change_meanwhile(start):
    """The shadow is laid over what is in force at that moment."""
    s = start("--shadow", "sandbox")
    p = s.person(s.register())
    bare = {k: v for k, v in weight(p.id).items() if k != "meta"}
    assert p.post(bare).status_code == 422
    s.admin("PUT", "/settings", {"profile_required": "off"}, 200)
    r = p.post(bare, status=201)
    assert found(r) == [("sandbox", "would", 422, ["profile_required=all"],
                         ["[S]"])]
    assert s.admin("GET", "/settings").json()["profile_required"] == "off"
    s.admin("PUT", "/settings", {"profile_required": "all"}, 200)
    assert found(p.post(weight(p.id), status=201)) == []


def test_pages_and_control_are_left_alone(shadowed):
    for path in ("/__admin/state", "/omakanta/", "/"):
        r = shadowed.request("GET", path)
        assert found(r) == []


# ---- without side effects ---------------------------------------------------

class Walk:
    """The same requests at any server; what was answered, ids aside."""
    UNLIKE = ("Date", "X-Request-Id", "X-Mock-Explain",
              "X-Mock-Shadow", "Content-Length")

    def __init__(self, s):
        self.s, self.names, self.told = s, {}, []

    def plain(self, text):
        text = text.replace(self.s.origin, "ORIGIN")
        text = text.replace(urllib.parse.quote(self.s.origin, safe=""), "ORIGIN")
        return re.sub(
            r"[A-Za-z0-9_.%-]{20,}",
            lambda m: self.names.setdefault(m.group(), f"#{len(self.names)}"),
            text)

    def note(self, r):
        headers = [f"{k}: {v}" for k, v in r.headers.items()
                   if k not in self.UNLIKE]
        self.told.append((r.request.method, r.status_code,
                          self.plain("\n".join(headers)), self.plain(r.text)))
        return r


def scripted(s):
    w = Walk(s)
    v = Vendor(s)
    v.http.hooks["response"].append(lambda r, *a, **k: w.note(r) and None)
    hetu = s.citizen(hetu="240306A902J")["hetu"]
    browser = Browser(s)
    code = v.pages(hetu, browser)["code"]
    tokens = w.note(v.exchange(code)).json()
    w.note(v.exchange(code))
    w.note(v.refresh(tokens["refresh_token"]))
    r = v.store(tokens)
    made = r.json()
    made["valueQuantity"]["value"] = 71
    headers = {"Content-Type": FHIR_JSON}
    token, mine = tokens["access_token"], "/Observation/" + made["id"]
    v.fhir("PUT", mine, token, json=made, headers=headers)
    v.fhir("GET", mine + "/_history", token)
    v.fhir("POST", "/", token, headers=headers, json=bundle(
        "batch", post(weight(tokens["sub"])), entry("GET", mine[1:]),
        entry("DELETE", mine[1:])))
    v.fhir("POST", "/", token, headers=headers, json=bundle(
        "transaction", post(weight(tokens["sub"])), post({
            "resourceType": "Observation"})))
    v.fhir("POST", "/StructureDefinition", token, headers=headers,
           json=definition())
    named = weight(tokens["sub"])
    named["meta"]["profile"].append(definition()["url"])
    v.fhir("POST", "/Observation", token, headers=headers, json=named)
    v.fhir("POST", "/Observation/$validate", token, headers=headers, json=named)
    for _ in range(3):
        v.store(tokens)
    v.search(tokens, "&_count=2")
    v.search(tokens, "&_sort=-_lastUpdated")
    w.note(v.refresh("nonsense"))
    w.note(v.post("/introspect", token=token))
    other = v.connect(s.citizen(hetu="010190-900P")["hetu"])
    w.note(v.revoke(other["access_token"]))
    v.search(other)
    r = w.note(s.http.post(s.auth + "/register", timeout=30, json={
        "client_name": "Own", "redirect_uris": [CALLBACK], "scope": SCOPE}))
    own = {"Authorization": "Bearer " + r.json()["registration_access_token"]}
    w.note(s.http.get(r.json()["registration_client_uri"], headers=own))
    w.note(s.http.delete(r.json()["registration_client_uri"], headers=own))
    for path in ("/clients/" + v.id, "/citizens", "/state", "/settings",
                 "/clock"):
        r = s.admin("GET", path, status=200)
        r.headers.pop("Date")
        if path in ("/state", "/clock"):
            body = r.json()
            body.pop("shadow", None)
            body.get("clock", body).pop("wall", None)
            w.told.append(w.plain(json.dumps(body)))
        else:
            w.note(r)
    return w.told


def tables(file):
    """How many rows each has, and the numbers in them that count up."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        names = [n for n, in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {n: db.execute(f'SELECT count(*) FROM "{n}"').fetchone()
                for n in names}


def test_nothing_else_is_different(start, tmp_path):
    told, kept = [], []
    for i, options in enumerate(([], ["--shadow", STRICTER])):
        file = tmp_path / f"{i}.db"
        s = start("--db", file, "--set", "batch_r4=on", *options)
        told.append(scripted(s))
        if options:
            assert s.admin("GET", "/state").json()["shadow"]["production"] > 15
        s.stop()
        kept.append(tables(file))
    assert len(told[0]) == len(told[1]) > 25
    for x, y in zip(*told):
        assert x == y
    assert kept[0] == kept[1] and len(kept[0]) > 5


def test_a_code_is_not_used_up(shadowed):
    """By no rehearsal: it is good once, for the request itself."""
    v = Vendor(shadowed)
    code = v.code(shadowed.citizen()["hetu"])
    assert v.exchange(code).status_code == 200
    assert v.exchange(code).status_code == 400


def test_several_at_once(shadowed):
    """Their turn is committed together: a rehearsal between two of them takes
    nothing of theirs along."""
    p = shadowed.person(shadowed.register())

    def store():
        with session() as http:
            r = http.post(shadowed.stu3 + "/Observation", timeout=30,
                          data=json.dumps(weight(p.id, fhir="stu3")),
                          headers={"Authorization": "Bearer " + p.token,
                                   "Content-Type": FHIR_JSON})
        return r.status_code, r.json()["id"]

    made = [m for _ in range(4) for m in at_once([store] * 8)]
    assert {status for status, _ in made} == {201}
    there = p.search("&_count=100", "stu3")["entry"]
    assert {e["resource"]["id"] for e in there} == {i for _, i in made}


# ---- much of everything -----------------------------------------------------

def test_mixed_requests(start):
    s = start("--shadow", "sandbox-open,sandbox,client-test,production,kanta,"
              "strict", "--set", "batch_r4=on")
    v = Vendor(s)
    tokens = v.connect(s.citizen()["hetu"])
    token, me = tokens["access_token"], tokens["sub"]
    json_ = {"Content-Type": FHIR_JSON}
    stored = [v.store(tokens).json()["id"]]
    rng = random.Random(7)

    def store():
        stored.append(v.store(tokens).json()["id"])
        return 201

    def status(method, path, **more):
        return lambda: v.fhir(method, path, token, **more).status_code

    kinds = [
        store, store, status("GET", "/Observation?patient=" + me),
        lambda: v.fhir("GET", "/Observation/" + rng.choice(stored),
                       token).status_code,
        status("POST", "/Observation", json={"resourceType": "Observation"},
               headers=json_),
        status("POST", "/Observation", data="{", headers=json_),
        status("POST", "/", headers=json_, json=bundle(
            "batch", post(weight(me)), entry("GET", "Observation/nobody"))),
        status("POST", "/", headers=json_, json=bundle(
            "transaction", post(weight(me)), post({}, url="Observation"))),
        status("GET", "/metadata"), status("GET", "/Nothing"),
        lambda: v.refresh(tokens["refresh_token"]).status_code,
        lambda: v.refresh("x").status_code,
        lambda: v.exchange(v.code(s.citizen()["hetu"])).status_code,
        lambda: authorize(s, v.app, **PLAIN).status_code,
        lambda: session().get(s.auth + "/login", timeout=30).status_code,
        lambda: v.post("/introspect", token=token).status_code,
    ]
    seen = {}
    for _ in range(300):
        i = rng.randrange(len(kinds))
        got = kinds[i]()
        assert got < 500
        assert seen.setdefault(i, got) == got
    assert len(seen) == len(kinds)
    counts = s.admin("GET", "/state").json()["shadow"]
    assert counts["production"] > counts["strict"] > 0
    assert counts["sandbox"] == counts["sandbox-open"] == counts["kanta"] == 0


# ---- the option -------------------------------------------------------------

@pytest.mark.parametrize("given,said", [
    ("prodution", "production"), ("strict,prod", "prod"), ("", '""'),
    ("production,", '""'), ("x" * 200, "environment")])
def test_unknown_names(binary, given, said):
    done = run(binary, "--listen", "http://127.0.0.1:0", "--shadow", given,
               timeout=20)
    assert done.returncode == 78, done.err
    assert "--shadow" in done.err and said in done.err


def test_named_twice(start):
    s = start("--shadow", "strict,strict")
    assert s.admin("GET", "/state").json()["shadow"] == {"strict": 0}
