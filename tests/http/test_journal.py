# SPDX-License-Identifier: Apache-2.0
"""The journal: GET /__admin/requests tells what was asked and how it was
answered, to whoever tests an application."""
import http.client
import json
import threading

import pytest

import support
from signer import JWT_BEARER


def requests_of(server, **query):
    r = server.request("GET", "/__admin/requests", params=query)
    assert r.status_code == 200, r.text
    return r.json()


@pytest.fixture(scope="module")
def quiet(own):
    """The module's own server, from an empty journal on."""
    own.admin("DELETE", "/requests", status=204)
    return own


def test_an_entry(quiet, person):
    r = person.get("/Observation?patient=%s&code=1234-5" % person.id)
    got = requests_of(quiet, patient=person.id)
    assert got["dropped"] == 0
    entry = got["requests"][-1]
    assert got["next"] >= entry["seq"]
    assert entry["id"] == r.headers["X-Request-Id"]
    assert entry["method"] == "GET"
    assert entry["path"] == "/phr-resourceserver/baseR4/Observation"
    assert entry["query"] == "patient=%s&code=1234-5" % person.id
    assert entry["status"] == 200
    assert entry["client_id"] == person.app["client_id"]
    assert entry["hetu"] == person.hetu[:7] + "****"
    assert entry["kind"] == "request"
    assert entry["bytes"] == len(r.content)
    assert entry["at"].startswith("2026-03-10T12:00:00.000+02:00")
    one = quiet.request("GET", "/__admin/requests/" + entry["id"])
    whole = one.json()
    sides = [whole.pop("request"), whole.pop("response")]
    assert whole == entry
    assert sides[0]["body"] is None and not sides[1]["truncated"]
    assert json.loads(sides[1]["body"]) == r.json()


def test_a_refusal_says_why(quiet, person):
    person.get("/Observation?patient=somebody-else")
    entry = requests_of(quiet, patient=person.id, refused="true")[
        "requests"][-1]
    assert entry["status"] == 403
    assert entry["error"]["code"].startswith("KPHR-REST-")
    assert "another patient" in entry["error"]["message"]


def whys(server, **query):
    return [(e.get("client_id"), e["error"].get("why", ""))
            for e in requests_of(server, refused="true", **query)["requests"]]


def code_of(server, app, **more):
    r = support.Browser(server).walk(support.request_of(app, **more),
                                     server.citizen()["hetu"])
    return support.back(r)["code"]


def test_what_a_refusal_keeps_from_who_asked(quiet):
    """One wording for an unknown application and for a wrong secret, for a
    code that is old and one that is nobody's: here they are told apart."""
    app = quiet.register()
    since = requests_of(quiet)["next"]
    who, secret = app["client_id"], app["client_secret"]
    verifier = "v" * 50

    def ask(basic=(who, secret), **form):
        quiet.token(basic=basic, **dict(
            {"grant_type": "authorization_code", "code": "nobodys",
             "redirect_uri": support.CALLBACK}, **form))

    used = code_of(quiet, app)
    ask(code=used)
    wanted = []
    for why, more in (
            ("no application has", {"basic": ("nobody", secret)}),
            ("is not the application's", {"basic": (who, "wrong")}),
            ("client_secret is missing", {"basic": (who, "")}),
            ("must be a signed JWT", {
                "basic": None, "client_assertion": "x",
                "client_assertion_type": JWT_BEARER}),
            ("no such code", {}),
            ("presented before", {"code": used}),
            ("redirect_uri is missing, and", {
                "code": code_of(quiet, app), "redirect_uri": None}),
            ("code_verifier is missing", {
                "code": code_of(quiet, app, code_challenge="c" * 43,
                                code_challenge_method="S256")}),
            ("50 bytes long", {
                "code": code_of(quiet, app, code_challenge="c" * 43,
                                code_challenge_method="S256"),
                "code_verifier": verifier}),
            ("no such refresh token", {"grant_type": "refresh_token",
                                       "refresh_token": "x"})):
        ask(**more)
        known = who in (more.get("basic", (who,)) or ())
        wanted.append((who if known else None, why))
    got = whys(quiet, since=since, path="/phr-authserver-sandbox/token")
    assert len(got) == len(wanted), got
    for (client, why), (client_wanted, why_wanted) in zip(got, wanted):
        assert client == client_wanted and why_wanted in why, (why, why_wanted)
    text = json.dumps(requests_of(quiet, since=since))
    assert secret not in text and used not in text and verifier not in text


def test_why_a_token_is_refused(quiet):
    app = quiet.register()
    p = quiet.person(app)
    refresh = p.tokens["refresh_token"]
    since = requests_of(quiet)["next"]
    for text in ("x.y.z", refresh):
        r = quiet.request("GET", "/phr-resourceserver/baseR4/Observation",
                          headers={"Authorization": "Bearer " + text})
        assert r.status_code == 401
    (_, unknown), (client, other) = whys(quiet, since=since)
    assert "no such token" in unknown
    assert client == app["client_id"] and "refresh token" in other


def test_an_empty_refusal_is_told(quiet):
    app = quiet.register()
    since = requests_of(quiet)["next"]
    r = quiet.http.post(quiet.auth + "/introspect", data={"token": "x"},
                        auth=(app["client_id"], app["client_secret"]))
    assert r.status_code == 403 and r.content == b""
    r = quiet.http.post(quiet.auth + "/register", data="{nonsense")
    assert r.status_code == 400 and r.content == b""
    (client, why), (_, syntax) = whys(quiet, since=since)
    assert client == app["client_id"] and "allow_introspection" in why
    assert "not JSON" in syntax


def test_what_a_redirect_refuses_is_told(quiet):
    app = quiet.register()
    since = requests_of(quiet)["next"]
    b = support.Browser(quiet)
    hetu = quiet.citizen()["hetu"]
    b.walk(support.request_of(app), hetu)
    assert requests_of(quiet, since=since, refused="true")["requests"] == []
    r = b.authorize(support.request_of(app, scope="patient/Nothing.read"))
    assert support.back(r)["error"] == "invalid_scope"
    e, = requests_of(quiet, since=since, refused="true")["requests"]
    assert e["status"] == r.status_code and e["client_id"] == app["client_id"]
    assert e["error"]["code"] == "invalid_scope"
    assert "patient/Nothing.read" in e["error"]["message"]


def test_what_the_portal_refuses_is_told(quiet):
    since = requests_of(quiet)["next"]
    b = support.Browser(quiet)
    page = b.get(quiet.auth + "/applications/new")
    form = support.Form(page.text).having("client_name")
    assert b.submit(page, form, form["fields"]).status_code == 400
    error = requests_of(quiet, since=since, refused="true")[
        "requests"][0]["error"]
    assert error["where"] == "client_name"


def test_filters(quiet, person, other):
    person.get("/Observation?patient=" + person.id)
    other.get("/Patient/" + other.id)
    other.get("/Patient/unknown")
    for query, paths in (
            ({"patient": other.id}, ["/Patient/" + other.id,
                                     "/Patient/unknown"]),
            ({"hetu": other.hetu}, ["/Patient/" + other.id,
                                    "/Patient/unknown"]),
            ({"hetu": person.hetu}, ["/Observation"]),
            ({"patient": other.id, "status": "2xx"},
             ["/Patient/" + other.id]),
            ({"patient": other.id, "status": "404"}, ["/Patient/unknown"]),
            ({"patient": other.id, "method": "POST"}, []),
            ({"patient": other.id, "limit": "1"}, ["/Patient/" + other.id]),
            ({"patient": other.id,
              "path": "/phr-resourceserver/baseR4/Patient/u"},
             ["/Patient/unknown"])):
        found = requests_of(quiet, **query)["requests"]
        assert [e["path"].replace("/phr-resourceserver/baseR4", "")
                for e in found] == paths, query


def test_since_goes_on_where_one_stopped(quiet, person):
    person.get("/Patient/" + person.id)
    first = requests_of(quiet)
    assert requests_of(quiet, since=first["next"])["requests"] == []
    person.get("/Patient/" + person.id)
    more = requests_of(quiet, since=first["next"])["requests"]
    assert len(more) == 1
    assert more[0]["seq"] == first["next"] + 1


@pytest.mark.parametrize("query, text", [
    ("since=x", "since must be a number"),
    ("limit=-1", "limit must be a number"),
    ("status=6xx", '"status" must be a status like'),
    ("hetu=010190-999X", "There is no citizen"),
    ("pathh=x", "path")])
def test_mistakes(quiet, query, text):
    r = quiet.request("GET", "/__admin/requests?" + query)
    assert r.status_code in (400, 404), r.text
    assert text in r.json()["error"]["message"]


def test_unknown_entry(quiet):
    r = quiet.request("GET", "/__admin/requests/nothing")
    assert r.status_code == 404
    assert r.json()["error"]["code"] == "unknown_request"


def test_no_secrets(quiet, app):
    """What would let somebody in, or names a person, is not kept."""
    citizen = quiet.citizen()
    support.dance(quiet, app, citizen["hetu"])
    quiet.request("GET", "/__admin/citizens/" + citizen["hetu"])
    quiet.admin("DELETE", "/citizens/" + citizen["hetu"])
    quiet.request("GET", "/phr-authserver-sandbox/authorize?code=CANARY-1&"
                  "client_secret=CANARY-2&access_token=CANARY-3")
    text = json.dumps(requests_of(quiet, limit=1000))
    assert "authorize" in text
    assert "CANARY" not in text
    assert citizen["hetu"][-4:] not in text.replace(citizen["patient_id"], "")
    assert app["client_secret"] not in text


def test_personal_codes_wherever_they_stand(quiet, person):
    for path in ("/Patient/" + person.hetu, "/Patient?hetu=" + person.hetu,
                 f"/Patient?identifier=urn:oid:1.2.246.21%7C{person.hetu}",
                 f"/Observation?patient={person.hetu}"):
        person.get(path)
    kept = requests_of(quiet, patient=person.id)["requests"]
    text = json.dumps(kept)
    assert len(kept) == 4
    assert text.count(person.hetu[:7] + "****") >= 4 + 3
    assert person.hetu not in text


def test_control_requests_that_change(quiet):
    before = requests_of(quiet)["next"]
    quiet.admin("GET", "/state")
    quiet.request("GET", "/__admin/health")
    quiet.citizen()
    after = requests_of(quiet, since=before)["requests"]
    assert [(e["kind"], e["method"], e["path"]) for e in after] == [
        ("control", "POST", "/__admin/citizens")]


def test_bounded(start):
    s = start("--journal", "5")
    ids = [s.request("GET", "/phr-resourceserver/baseR4/metadata")
           .headers["X-Request-Id"] for _ in range(12)]
    got = requests_of(s)
    assert [e["id"] for e in got["requests"]] == ids[-5:]
    assert got["dropped"] == 7
    state = s.admin("GET", "/state", status=200).json()
    assert state["journal"] == {"kept": 5, "dropped": 7}
    s.admin("POST", "/reset", status=204)
    assert [e["path"] for e in requests_of(s)["requests"]] == [
        "/__admin/reset"]


def test_bounded_in_bytes(start):
    s = start()
    form = "x=" + "y" * 60000

    def many():
        wire = http.client.HTTPConnection(s.origin.split("//")[1])
        for _ in range(400):
            wire.request("POST", "/phr-authserver-sandbox/revoke", form, {
                "Content-Type": "application/x-www-form-urlencoded"})
            wire.getresponse().read()
        wire.close()

    workers = [threading.Thread(target=many) for _ in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    journal = s.admin("GET", "/state", status=200).json()["journal"]
    assert journal["kept"] + journal["dropped"] == 1600
    assert journal["kept"] * 60000 < 64 << 20
    assert journal["kept"] > 1000


@pytest.mark.parametrize("value", ["0", "-1", "many", "1000001"])
def test_option(binary, value):
    done = support.run(binary, "serve", "--journal", value)
    assert done.returncode == 78
    assert "--journal" in done.err
