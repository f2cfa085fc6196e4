# SPDX-License-Identifier: Apache-2.0
"""Authorizing without pages, in both behaviours: --auto-approve, the member
auto_approve of an application, login_hint as the citizen, and the control
API's POST /authorize."""
import urllib.parse

import pytest

from support import (Browser, CALLBACK, Form, SCOPE, SCOPES, back, hetu,
                     request_of, session)
from vendor import CHALLENGE, READ, VERIFIER, WRITE

FIRST, ADULT, CHILD = "010190-900P", "240306A902J", "310712A903V"


@pytest.fixture(scope="module")
def plain(own_either):
    """A server with pages."""
    return own_either


@pytest.fixture(scope="module")
def auto(plain, start_shared):
    """One that shows none."""
    return start_shared("--auto-approve=" + ADULT, "--oauth", plain.behaviour)


def fetch(server, query, method="GET"):
    """One request of a program that knows no cookies."""
    url = server.auth + "/authorize"
    if method == "POST":
        return session().post(url, data=query, allow_redirects=False,
                              timeout=30)
    return session().get(url, params=query, allow_redirects=False, timeout=30)


def tokens(server, app, code, **more):
    return server.token(app, 200, grant_type="authorization_code", code=code,
                        redirect_uri=CALLBACK, **more).json()


def patient(server, code):
    return server.admin("GET", "/citizens/" + code,
                        status=200).json()["patient_id"]


def shows_pages(r):
    """The login page, which both behaviours come to for a sound request."""
    return r.status_code == 302 and r.headers["Location"].endswith("/login")


# ---- the server's own -------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("prompt", [None, "none", "login", "consent"])
def test_one_request(auto, method, prompt):
    app = auto.register()
    r = fetch(auto, request_of(app, prompt=prompt), method)
    assert r.status_code == 303 and "Set-Cookie" not in r.headers
    assert r.headers["Cache-Control"] == "no-store"
    got = back(r)
    assert list(got) == ["code", "state"] + ["iss"] * auto.strict
    answer = tokens(auto, app, got["code"])
    assert answer["sub"] == patient(auto, ADULT)
    assert answer["scope"].split() == SCOPES


@pytest.mark.parametrize("hint", [FIRST, hetu("150561", "957"),
                                  ADULT.lower()])
def test_the_hint_is_the_citizen(auto, hint):
    app = auto.register()
    got = back(fetch(auto, request_of(app, login_hint=hint)))
    assert tokens(auto, app, got["code"])["sub"] == patient(auto,
                                                            hint.upper())


@pytest.mark.parametrize("hint,said", [
    (CHILD, "13 years old"), ("nobody", "11 characters"),
    (hetu("010190", "123"), "real person"), ("ä" * 11, "11 characters")])
def test_who_may_not_log_in(auto, hint, said):
    r = fetch(auto, request_of(auto.register(), login_hint=hint))
    assert r.status_code == 303
    got = back(r)
    assert got["error"] == "access_denied" and got["state"] == "st4te"
    assert said in got["error_description"]
    assert got["error_description"].isascii()


def test_a_citizen_who_refuses(auto):
    code = auto.citizen(behaviours=["refuses-consent"])["hetu"]
    got = back(fetch(auto, request_of(auto.register(), login_hint=code)))
    assert (got["error"], got["error_description"]) == \
        ("access_denied", "User denied access")


@pytest.mark.parametrize("change,error", [
    ({"scope": "fish"}, "invalid_scope"),
    ({"response_type": "x"}, "unsupported_response_type"),
    ({"code_challenge": "x", "code_challenge_method": "S256"},
     "invalid_request")])
def test_checked_as_ever(auto, change, error):
    assert back(fetch(auto, request_of(auto.register(),
                                       **change)))["error"] == error


@pytest.mark.parametrize("change", [{"client_id": "nobody"},
                                    {"redirect_uri": "https://evil.example"},
                                    {"client_id": None}])
def test_no_redirect_elsewhere(auto, change):
    r = fetch(auto, request_of(auto.register(), **change))
    assert r.status_code == (400 if auto.strict or "redirect_uri" in change
                             else 401)
    assert "Location" not in r.headers


# ---- an application's own ---------------------------------------------------

def test_true(plain):
    app = plain.register(auto_approve=True)
    got = back(fetch(plain, request_of(app)))
    assert tokens(plain, app, got["code"])["sub"] == patient(plain, FIRST)
    assert shows_pages(fetch(plain, request_of(plain.register())))


def test_a_citizen(plain):
    app = plain.register(auto_approve=ADULT)
    got = back(fetch(plain, request_of(app)))
    assert tokens(plain, app, got["code"])["sub"] == patient(plain, ADULT)
    got = back(fetch(plain, request_of(app, login_hint=FIRST)))
    assert tokens(plain, app, got["code"])["sub"] == patient(plain, FIRST)


@pytest.mark.parametrize("prompt", [None, "none"])
def test_deny(plain, auto, prompt):
    for server in (plain, auto):
        app = server.register(auto_approve="deny")
        r = fetch(server, request_of(app, prompt=prompt))
        assert r.status_code == 303
        got = back(r)
        assert got["error"] == "access_denied" and got["state"] == "st4te"
        got = back(fetch(server, request_of(app, scope="fish")))
        assert got["error"] == "invalid_scope", "checked before it is denied"


def test_false(plain, auto):
    """The application is asked properly, though the server asks nobody."""
    for server in (plain, auto):
        app = server.register(auto_approve=False)
        assert shows_pages(fetch(server, request_of(app)))
        assert back(Browser(server).walk(request_of(app), ADULT))["code"]


def test_true_takes_the_servers_citizen(auto):
    app = auto.register(auto_approve=True)
    got = back(fetch(auto, request_of(app)))
    assert tokens(auto, app, got["code"])["sub"] == patient(auto, ADULT)


def test_nobody_makes_himself_approved(plain):
    app = plain.http.post(plain.auth + "/register", timeout=30, json={
        "redirect_uris": [CALLBACK], "scope": SCOPE, "auto_approve": True})
    assert shows_pages(fetch(plain, request_of(app.json())))


# ---- POST /__admin/authorize ------------------------------------------------

def decide(server, status=200, **body):
    r = server.admin("POST", "/authorize", body, status).json()
    return r["redirect_url"] if status == 200 else r["error"]


def query_of(url, uri=CALLBACK):
    assert url.startswith(uri + "?"), url
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query,
                                       keep_blank_values=True,
                                       strict_parsing=True))


def test_approve(plain):
    app = plain.register()
    got = query_of(decide(plain, client_id=app["client_id"], hetu=ADULT,
                          redirect_uri=CALLBACK, state="ä &+",
                          scope=f"{READ} {WRITE}", decision="approve"))
    assert got["state"] == "ä &+"
    assert ("iss" in got) == plain.strict
    if plain.strict:
        assert got["iss"] == plain.auth
    answer = tokens(plain, app, got["code"])
    assert answer["sub"] == patient(plain, ADULT)
    assert answer["scope"] == f"{READ} {WRITE}"


def test_least(plain):
    """The application's first address and all its scope; the token request
    need not name the address then."""
    app = plain.register(redirect_uris=[CALLBACK, CALLBACK + "2"])
    got = query_of(decide(plain, client_id=app["client_id"], hetu=ADULT,
                          decision="approve"))
    assert "state" not in got
    answer = plain.token(app, 200, grant_type="authorization_code",
                         code=got["code"]).json()
    assert answer["scope"].split() == SCOPES


def test_granted_is_less(plain):
    app = plain.register()
    body = dict(client_id=app["client_id"], hetu=ADULT, decision="approve",
                redirect_uri=CALLBACK)
    got = query_of(decide(plain, scope=f"{READ} {WRITE}", granted_scope=READ,
                          **body))
    assert tokens(plain, app, got["code"])["scope"] == READ
    e = decide(plain, 400, scope=READ, granted_scope=WRITE, **body)
    assert (e["code"], e["where"]) == ("invalid_scope", "/granted_scope")
    e = decide(plain, 400, granted_scope="fish", **body)
    assert e["code"] == "invalid_scope"


@pytest.mark.parametrize("behaviours,decision", [
    ([], "deny"), (["refuses-consent"], "approve")])
def test_denied(plain, behaviours, decision):
    app = plain.register()
    code = plain.citizen(behaviours=behaviours)["hetu"]
    got = query_of(decide(plain, client_id=app["client_id"], hetu=code,
                          state="s", decision=decision))
    assert (got["error"], got["error_description"], got["state"]) == \
        ("access_denied", "User denied access", "s")
    assert "code" not in got


def test_challenge(plain):
    app = plain.register()
    got = query_of(decide(plain, client_id=app["client_id"], hetu=ADULT,
                          redirect_uri=CALLBACK, decision="approve",
                          code_challenge=CHALLENGE,
                          code_challenge_method="S256"))
    r = plain.token(app, grant_type="authorization_code", code=got["code"],
                    redirect_uri=CALLBACK, code_verifier=VERIFIER)
    assert r.status_code == 200, r.text
    got = query_of(decide(plain, client_id=app["client_id"], hetu=ADULT,
                          decision="approve", code_challenge=CHALLENGE,
                          code_challenge_method="S256"))
    plain.token(app, 400, grant_type="authorization_code", code=got["code"])


@pytest.mark.parametrize("change,status,where", [
    ({"client_id": "nobody"}, 404, "/client_id"),
    ({"client_id": None}, 400, "/client_id"),
    ({"hetu": "010190-123X"}, 400, "/hetu"), ({"hetu": None}, 400, "/hetu"),
    ({"decision": "maybe"}, 400, "/decision"),
    ({"decision": None}, 400, "/decision"),
    ({"redirect_uri": "https://evil.example"}, 400, "/redirect_uri"),
    ({"redirect_uri": ""}, 400, "/redirect_uri"),
    ({"scope": "fish"}, 400, "/scope"),
    ({"code_challenge": "x", "code_challenge_method": "S256"}, 400,
     "/code_challenge"),
    ({"desicion": "approve"}, 400, "/desicion"), ({"state": 1}, 400,
                                                  "/state")])
def test_refused(plain, change, status, where):
    app = plain.register()
    body = {"client_id": app["client_id"], "hetu": ADULT,
            "decision": "approve"}
    body.update(change)
    e = decide(plain, status, **body)
    assert e["where"] == where, e


def test_it_leaves_no_session(plain):
    """A decision here logs nobody in, and is not remembered."""
    app = plain.register()
    decide(plain, client_id=app["client_id"], hetu=ADULT, decision="approve")
    b = Browser(plain)
    page = b.login(b.authorize(request_of(app)), ADULT)
    assert Form(page.text).having("user_oauth_approval")
