# SPDX-License-Identifier: Apache-2.0
"""The thirty situations that an OAuth client has to get along with, each as the
client meets it, in both behaviours: what is answered, and what becomes of
tokens and data. Those that only a fault of the server makes are in
test_scenarios_caused.py, with the one call that causes each. The eleventh, a
permission that is withdrawn, is test_withdrawal.py; what two requests at one
moment do is test_races.py."""
import base64
import datetime
import hashlib
import json
import time
import urllib.parse

import pytest

import signer
import support
from support import (Browser, CALLBACK, Form, SCOPE, back, ids, outcome,
                     request_of, session)
from vendor import (CHALLENGE, OFFLINE, READ, S256, VERIFIER, WRITE,
                    Vendor, at_once, dead_access, dead_code, dead_refresh,
                    granted, machine, query_of, refused)

STRICT_WHO = "The application is unknown or its credentials are wrong"


@pytest.fixture(scope="module")
def server(own_either):
    return own_either


def has_iss(server, got):
    """The issuer is said in strict, as the metadata have it, and nowhere
    else."""
    if server.strict:
        issuer = server.http.get(
            server.auth + "/.well-known/oauth-authorization-server",
            timeout=30).json()["issuer"]
        assert got["iss"] == issuer
    else:
        assert "iss" not in got


def count_of(server, what):
    return server.admin("GET", "/state", None, 200).json()["counts"][what]


# ---- 1: success -------------------------------------------------------------

def test_01_success_request_by_request(server, vendor, citizen):
    http = session()

    def ask(method, url, **more):
        return http.request(method, url, allow_redirects=False, timeout=30,
                            **more)
    begin = server.auth + "/authorize?" + urllib.parse.urlencode(
        request_of(vendor.app, state="a b/å&=#%"))
    r = ask("GET", begin)
    assert r.status_code == 302
    assert r.headers["Location"] == server.auth + "/login"
    cookie = r.headers["Set-Cookie"]
    assert cookie.startswith("JSESSIONID=")
    assert "; Path=/phr-authserver-sandbox; HttpOnly" in cookie
    r = ask("GET", r.headers["Location"])
    assert r.status_code == 200
    fields = Form(r.text).having("username")["fields"]
    r = ask("POST", server.auth + "/login", data=dict(fields,
                                                      username=citizen))
    assert r.status_code == 302
    assert r.headers["Location"] == begin
    assert r.headers["Set-Cookie"].split(";")[0] != cookie.split(";")[0]
    r = ask("GET", begin)
    assert r.status_code == 200
    fields = Form(r.text).having("user_oauth_approval")["fields"]
    r = ask("POST", server.auth + "/authorize",
            data=dict(fields, authorize="Authorize"))
    assert r.status_code == 303
    assert r.headers["Cache-Control"].startswith("no-") and \
        "no-store" in r.headers["Cache-Control"]
    got = back(r)
    assert list(got)[:2] == ["code", "state"]
    assert got["state"] == "a b/å&=#%"
    assert got["code"].isalnum() and len(got["code"]) >= 22
    has_iss(server, got)
    tokens = granted(vendor, vendor.exchange(got["code"]))
    assert tokens["expires_in"] == 3600
    stored = vendor.store(tokens)
    assert stored.status_code == 201
    assert ids(vendor.search(tokens).json()) == [stored.json()["id"]]


def test_01_success_of_one_call(server, vendor, citizen):
    """The headless way gives what the pages give."""
    got = query_of(vendor.decide(citizen))
    assert list(got) == ["code", "state"] + ["iss"] * server.strict
    has_iss(server, got)
    tokens = granted(vendor, vendor.exchange(got["code"]))
    assert vendor.reads(tokens)


# ---- 2: the citizen denies --------------------------------------------------

def denied_in_the_form(vendor, citizen):
    b = Browser(vendor.server)
    page = b.login(b.authorize(request_of(vendor.app)), citizen)
    return back(b.deny(page))


def denied_by_call(vendor, citizen):
    return query_of(vendor.decide(citizen, "deny"))


def denied_by_registration(vendor, citizen):
    vendor.server.admin("PUT", "/clients/" + vendor.id,
                        dict(vendor.app, auto_approve="deny"), 200)
    r = session().get(vendor.server.auth + "/authorize",
                      params=request_of(vendor.app), allow_redirects=False,
                      timeout=30)
    assert r.status_code == 303
    return back(r)


@pytest.mark.parametrize("deny", [denied_in_the_form, denied_by_call,
                                  denied_by_registration])
def test_02_denied(server, vendor, citizen, deny):
    before = [count_of(server, n) for n in ("permissions", "tokens")]
    got = deny(vendor, citizen)
    has_iss(server, got)
    got.pop("iss", None)
    assert got == {"error": "access_denied", "state": "st4te",
                   "error_description": "User denied access"}
    assert [count_of(server, n) for n in ("permissions", "tokens")] == before


# ---- 3: less is granted than was asked for ----------------------------------

def less_by_form(vendor, citizen):
    b = Browser(vendor.server)
    page = b.login(b.authorize(request_of(vendor.app)), citizen)
    return back(b.approve(page, only=[OFFLINE, READ]))["code"]


def less_by_call(vendor, citizen):
    return vendor.code(citizen, granted_scope=OFFLINE + " " + READ)


@pytest.mark.parametrize("approve", [less_by_form, less_by_call])
def test_03_less_granted(vendor, citizen, approve):
    tokens = granted(vendor, vendor.exchange(approve(vendor, citizen)),
                     OFFLINE + " " + READ)
    assert vendor.search(tokens).status_code == 200
    r = vendor.store(tokens)
    assert r.status_code == 403
    assert 'error="insufficient_scope", scope="%s"' % WRITE in \
        r.headers["WWW-Authenticate"]
    assert vendor.search(tokens).json()["total"] == 0
    refused(vendor.refresh(tokens["refresh_token"], scope=WRITE), 400,
            "invalid_scope")
    newer = granted(vendor, vendor.refresh(tokens["refresh_token"]),
                    OFFLINE + " " + READ)
    assert vendor.store(newer).status_code == 403


# ---- 4: state ---------------------------------------------------------------

def test_04_state_is_the_applications_to_check(vendor, citizen):
    """Each redirect has the state of its own request. What arrives with
    another one is good at the server: only the application can tell."""
    mine = query_of(vendor.decide(citizen, state="mine"))
    other = vendor.server.citizen()["hetu"]
    theirs = query_of(vendor.decide(other, state="theirs"))
    assert (mine["state"], theirs["state"]) == ("mine", "theirs")
    swapped = granted(vendor, vendor.exchange(theirs["code"]))
    assert swapped["sub"] != \
        granted(vendor, vendor.exchange(mine["code"]))["sub"]


def test_04_replayed_callback(server, vendor, citizen):
    """A callback that comes again has a code that is used up."""
    code = vendor.code(citizen, state="once")
    tokens = granted(vendor, vendor.exchange(code))
    refused(vendor.exchange(code), 400, "invalid_grant")
    assert vendor.reads(tokens) == (not server.strict)


def test_04_two_sessions_at_once(vendor):
    """Two citizens' requests under way at one time do not mix."""
    people = [vendor.server.citizen() for _ in range(2)]
    browsers = [Browser(vendor.server) for _ in people]
    pages = [b.login(b.authorize(request_of(vendor.app, state=f"s{i}")),
                     p["hetu"])
             for i, (b, p) in enumerate(zip(browsers, people))]
    for i in (1, 0):
        got = back(browsers[i].approve(pages[i]))
        assert got["state"] == f"s{i}"
        assert granted(vendor, vendor.exchange(got["code"]))["sub"] == \
            people[i]["patient_id"]


def test_04_form_of_another_session(vendor, citizen):
    """Who takes another session's consent form is not let through."""
    pages = []
    for code in (citizen, vendor.server.citizen()["hetu"]):
        b = Browser(vendor.server)
        pages.append((b, b.login(b.authorize(request_of(vendor.app)), code)))
    r = pages[1][0].approve(pages[0][1])
    assert r.status_code == 403
    assert "Location" not in r.headers


# ---- 5: the code exchange fails ---------------------------------------------

def ex_expired(v, code):
    v.server.advance("PT60S" if v.server.strict else "PT300S")
    return v.exchange(code)


def ex_used(v, code):
    assert v.exchange(code).status_code == 200
    return v.exchange(code)


def ex_invalid(v, code):
    return v.exchange(code[:-1] + ("a" if code[-1] != "a" else "b"))


def ex_by_another(v, code):
    return Vendor(v.server).exchange(code)


def ex_wrong_secret(v, code):
    return v.exchange(code, auth=(v.id, "wrong"))


def ex_other_redirect(v, code):
    return v.exchange(code, redirect_uri=CALLBACK + "/")


def ex_withdrawn(v, code):
    assert v.withdrawn(v.hetu) == 1
    return v.exchange(code)


def ex_no_code(v, code):
    return v.exchange(None)


GONE = "gone"
# what; kanta; strict; is the code good for its owner afterwards?
FAILS = {
    "expired": (ex_expired, GONE, GONE, (False, False)),
    "used": (ex_used, GONE, GONE, (False, False)),
    "invalid": (ex_invalid, (400, "invalid_grant"), (400, "invalid_grant"),
                (True, True)),
    "of another application": (
        ex_by_another,
        (401, "invalid_client", "Client ID mismatch", "Bearer "),
        (400, "invalid_grant", "The code was given to another application"),
        (False, True)),
    "wrong secret": (
        ex_wrong_secret,
        (401, "unauthorized", "Bad credentials",
         'Bearer realm="openidconnect", '),
        (401, "invalid_client", STRICT_WHO), (True, True)),
    "redirect_uri": (
        ex_other_redirect,
        (400, "invalid_grant", "Redirect URI mismatch."),
        (400, "invalid_grant", "redirect_uri is not that of the "
         "authorization request"), (False, False)),
    "withdrawn": (ex_withdrawn, GONE, GONE, (False, False)),
    "no code": (
        ex_no_code,
        (400, "invalid_request", "An authorization code must be supplied."),
        (400, "invalid_request", "The parameter code is missing"),
        (True, True)),
}


def check_failed(v, r, code, kanta, strict):
    want = strict if v.server.strict else kanta
    if want == GONE:
        return dead_code(v, r, code)
    if v.server.strict and want[0] == 401:
        assert r.headers.pop("WWW-Authenticate") == 'Basic realm="oauth"'
    refused(r, *want)


@pytest.mark.parametrize("name", FAILS)
def test_05_exchange_fails(vendor, citizen, name):
    ask, kanta, strict, good = FAILS[name]
    vendor.hetu = citizen
    code = vendor.code(citizen)
    check_failed(vendor, ask(vendor, code), code, kanta, strict)
    r = vendor.exchange(code)
    if good[vendor.server.strict]:
        granted(vendor, r)
    else:
        dead_code(vendor, r, code)
    granted(vendor, vendor.exchange(vendor.code(citizen)))


# ---- 6: the access token expires, the refresh works -------------------------

def by_time(vendor, tokens, hetu):
    vendor.server.advance("PT59M59S")
    assert vendor.reads(tokens), "good until the last second"
    vendor.server.advance("PT1S")


def by_call(vendor, tokens, hetu):
    assert vendor.server.admin("POST", "/tokens/expire", {
        "token": tokens["access_token"]}, 200).json() == {"count": 1}


@pytest.mark.parametrize("expire", [by_time, by_call])
def test_06_expires_and_is_refreshed(server, vendor, citizen, expire):
    tokens = vendor.connect(citizen)
    made = vendor.store(tokens).json()["id"]
    expire(vendor, tokens, citizen)
    dead_access(vendor.search(tokens))
    dead_access(vendor.store(tokens))
    newer = granted(vendor, vendor.refresh(tokens["refresh_token"]))
    assert newer["expires_in"] == 3600
    assert newer["sub"] == tokens["sub"]
    assert (newer["refresh_token"] == tokens["refresh_token"]) == \
        (not server.strict)
    assert ids(vendor.search(newer).json()) == [made]
    dead_access(vendor.search(tokens))


# ---- 7: the refresh fails for good ------------------------------------------

def revoked_by_server(v, tokens, hetu):
    got = v.server.admin("POST", "/tokens/revoke", {
        "client_id": v.id, "hetu": hetu}, 200).json()
    assert got == {"count": 2}


def withdrawn(v, tokens, hetu):
    assert v.withdrawn(hetu) == 1


def expired_by_call(v, tokens, hetu):
    v.server.admin("POST", "/tokens/expire", {"client_id": v.id,
                                              "hetu": hetu}, 200)


def expired_by_registration(v, tokens, hetu):
    v.server.advance("PT2H")


def given_back(v, tokens, hetu):
    machine(v.revoke(tokens["refresh_token"]), 200)


@pytest.mark.parametrize("end", [
    revoked_by_server, withdrawn, expired_by_call, expired_by_registration,
    given_back])
def test_07_refresh_fails_for_good(server, citizen, end):
    v = Vendor(server, refresh_token_seconds=7200)
    tokens = v.connect(citizen)
    assert v.store(tokens).status_code == 201
    end(v, tokens, citizen)
    for _ in range(2):
        dead_refresh(v, v.refresh(tokens["refresh_token"]),
                     tokens["refresh_token"])
    dead_access(v.search(tokens))
    again = v.connect(citizen)
    assert v.search(again).json()["total"] == 1, "data outlives tokens"
    dead_access(v.search(tokens))


def test_07_without_use(server, vendor, citizen):
    """Ninety days without use end a refresh token in strict, none in kanta."""
    tokens = vendor.connect(citizen)
    server.advance("P90D")
    r = vendor.refresh(tokens["refresh_token"])
    if server.strict:
        dead_refresh(vendor, r, tokens["refresh_token"])
    else:
        granted(vendor, r)


# ---- 8: the refresh fails twice, then works ---------------------------------

def test_08_refusals_do_not_use_the_token(vendor, citizen):
    token = vendor.connect(citizen)["refresh_token"]
    assert vendor.refresh(token, auth=(vendor.id, "x")).status_code == 401
    assert vendor.refresh(token, scope="x").status_code == 400
    newer = granted(vendor, vendor.refresh(token))
    assert vendor.reads(newer)


# ---- 9: rotation ------------------------------------------------------------

def rotates(v, citizen):
    first = v.connect(citizen)
    second = granted(v, v.refresh(first["refresh_token"]))
    third = granted(v, v.refresh(second["refresh_token"]))
    line = [first, second, third]
    assert len({t["refresh_token"] for t in line}) == 3
    assert [v.reads(t) for t in line] == [True] * 3
    dead_refresh(v, v.refresh(first["refresh_token"]), first["refresh_token"])
    assert [v.reads(t) for t in line] == [False] * 3, "the family ends"
    dead_refresh(v, v.refresh(third["refresh_token"]), third["refresh_token"])
    again = v.connect(citizen)
    assert v.reads(again), "the citizen may connect it again"


def test_09_rotation(server, vendor, citizen):
    if server.strict:
        return rotates(vendor, citizen)
    first = vendor.connect(citizen)
    line = [first]
    for _ in range(3):
        line.append(granted(vendor, vendor.refresh(first["refresh_token"])))
    assert {t["refresh_token"] for t in line} == {first["refresh_token"]}
    assert len({t["access_token"] for t in line}) == 4
    assert all(vendor.reads(t) for t in line)


def test_09_rotation_of_one_application(server, citizen):
    """A switch of its registration: the others are as before."""
    v = Vendor(server, set={"refresh_rotation": "rotate"})
    rotates(v, citizen)
    kept = Vendor(server, set={"refresh_rotation": "reuse"})
    first = kept.connect(citizen)
    for _ in range(2):
        assert granted(kept, kept.refresh(first["refresh_token"]))[
            "refresh_token"] == first["refresh_token"]


# ---- 10: two refreshes at once ----------------------------------------------

def test_10_concurrent_refresh(server, vendor, citizen):
    for _ in range(5):
        tokens = vendor.connect(citizen)
        token = tokens["refresh_token"]
        got = at_once([lambda: vendor.refresh(token)] * 2)
        won = [r.json() for r in got if r.status_code == 200]
        lost = [r for r in got if r.status_code != 200]
        assert len(won) == (1 if server.strict else 2)
        for r in lost:
            dead_refresh(vendor, r, tokens["refresh_token"])
        for t in won + [tokens]:
            assert vendor.reads(t) == (not server.strict)
        for t in won:
            r = vendor.refresh(t["refresh_token"])
            if server.strict:
                dead_refresh(vendor, r, t["refresh_token"])
            else:
                granted(vendor, r)


# ---- 12: nothing secret where it can be read --------------------------------

@pytest.mark.parametrize("oauth", ["kanta", "strict"])
def test_12_no_secret_in_log_or_journal(start, oauth):
    s = start("--oauth", oauth)
    v = Vendor(s)
    hetu = s.citizen()["hetu"]
    code = v.code(hetu, **S256)
    tokens = v.exchange(code, code_verifier=VERIFIER).json()
    newer = v.refresh(tokens["refresh_token"]).json()
    reused = v.refresh(tokens["refresh_token"]).json()
    v.reads(newer)
    v.revoke(newer["refresh_token"])
    v.refresh(newer["refresh_token"])
    v.exchange(code)
    v.post("/token", auth=False, client_secret="SECRET-form",
           grant_type="refresh_token", refresh_token="SECRET-refresh")
    v.exchange("SECRET-code", auth=(v.id, "SECRET-basic"),
               code_verifier="SECRET-verifier")
    v.fhir("GET", "/Patient", "SECRET-bearer")
    typed = [support.hetu("010190", "123"), "010190-SECRET-"]
    for page in (s.auth + "/authorize?" + urllib.parse.urlencode(
            request_of(v.app)), s.origin + "/omakanta/"):
        for code_ in typed:
            b = Browser(s)
            assert "Location" not in b.login(b.get(page), code_).headers
    for code_ in typed:
        for path in ("/tokens", "/permissions/withdraw", "/authorize"):
            s.admin("POST", path, {"client_id": v.id, "hetu": code_,
                                   "decision": "deny"})
    v.post("/introspect", token="SECRET-introspected")
    v.revoke("SECRET-revoked")
    session().get(s.auth + "/userinfo?access_token=SECRET-query", timeout=30)
    registered = session().post(s.auth + "/register", timeout=30, json={
        "redirect_uris": [CALLBACK], "scope": READ}).json()
    session().get(registered["registration_client_uri"], timeout=30, headers={
        "Authorization": "Bearer " + registered["registration_access_token"]})
    seen = s.log() + s.admin("GET", "/requests", None, 200).text
    assert seen.count("/token") > 6 and "/revoke" in seen, "they are noted"
    secrets = typed + [code, VERIFIER, hetu, v.secret]
    secrets += [registered["client_secret"],
                registered["registration_access_token"]]
    secrets += [t[m] for t in (tokens, newer, reused) if "access_token" in t
                for m in ("access_token", "refresh_token")]
    for secret in secrets:
        assert secret not in seen
        assert urllib.parse.quote(secret, safe="") not in seen
    pair = base64.b64encode(f"{v.id}:{v.secret}".encode()).decode()
    assert pair not in seen
    assert "SECRET-" not in seen
    if not s.strict:
        shown = hashlib.sha256(code.encode()).hexdigest()[:6]
        assert f"for value (SHA-256 {shown}...)" in seen


# ---- 13: no refresh token ---------------------------------------------------

def test_13_not_asked_for(vendor, citizen):
    code = vendor.code(citizen, scope=READ)
    assert vendor.reads(granted(vendor, vendor.exchange(code), READ, False))


def test_13_unticked(vendor, citizen):
    b = Browser(vendor.server)
    page = b.login(b.authorize(request_of(vendor.app)), citizen)
    code = back(b.approve(page, only=[READ]))["code"]
    granted(vendor, vendor.exchange(code), READ, refresh=False)


def test_13_not_registered_for_it(server, citizen):
    v = Vendor(server, grant_types=["authorization_code"])
    granted(v, v.exchange(v.code(citizen)), SCOPE, refresh=False)


def test_13_what_is_left_to_do(server, citizen):
    """After the expiry the citizen's browser is sent again; what was approved
    and remembered is not asked again."""
    v = Vendor(server, access_token_seconds=300)
    b = Browser(server)
    first = granted(v, v.exchange(v.pages(citizen, b, scope=READ)["code"]),
                    READ, refresh=False)
    server.advance("PT5M")
    dead_access(v.search(first))
    dead_refresh(v, v.refresh("undefined"), "undefined")
    r = b.http.get(b.authorize_url(request_of(v.app, scope=READ)),
                   allow_redirects=False, timeout=30)
    assert r.status_code == 303
    second = granted(v, v.exchange(back(r)["code"]), READ, refresh=False)
    assert v.reads(second)


# ---- 14: PKCE ---------------------------------------------------------------

def test_14_pkce(vendor, citizen):
    tokens = granted(vendor, vendor.exchange(
        vendor.pages(citizen, **S256)["code"], code_verifier=VERIFIER))
    assert vendor.reads(tokens)


@pytest.mark.parametrize("verifier", [VERIFIER[:-1] + "l", CHALLENGE, None])
def test_14_wrong_verifier(server, vendor, citizen, verifier):
    code = vendor.code(citizen, **S256)
    r = vendor.exchange(code, code_verifier=verifier)
    if server.strict:
        refused(r, 400, "invalid_grant")
    else:
        refused(r, 400, "invalid_request",
                "Code challenge and verifier do not match")
    dead_code(vendor, vendor.exchange(code, code_verifier=VERIFIER), code)


def test_14_plain(server, vendor, citizen):
    got = vendor.pages(citizen, code_challenge=VERIFIER,
                       code_challenge_method="plain")
    if server.strict:
        assert got["error"] == "invalid_request"
        assert got["error_description"] == "transform algorithm not supported"
        has_iss(server, got)
        return
    granted(vendor, vendor.exchange(got["code"], code_verifier=VERIFIER))


def test_14_downgrade(server, vendor, citizen):
    """A verifier for a code that was asked for without a challenge: somebody
    took the challenge away."""
    r = vendor.exchange(vendor.code(citizen), code_verifier=VERIFIER)
    if server.strict:
        refused(r, 400, "invalid_grant")
    else:
        granted(vendor, r)


def test_14_public_application(server, citizen):
    v = Vendor(server, token_endpoint_auth_method="none")
    assert v.secret is None
    tokens = granted(v, v.exchange(v.pages(citizen, **S256)["code"],
                                   code_verifier=VERIFIER))
    assert granted(v, v.refresh(tokens["refresh_token"]))
    got = v.pages(citizen)
    assert ("code" in got) == (not server.strict)
    if server.strict:
        assert got["error"] == "invalid_request"


# ---- 15: odd callbacks --------------------------------------------------

def test_15_code_and_error(server, citizen):
    """A redirect URI that has an error in its own query: the server keeps it
    and adds the code."""
    uri = CALLBACK + "?error=server_error"
    v = Vendor(server, redirect_uris=[uri])
    got = v.pages(citizen, redirect_uri=uri)
    assert list(got)[:3] == ["error", "code", "state"]
    assert got["error"] == "server_error"
    granted(v, v.exchange(got["code"], redirect_uri=uri))


# ---- 17: lifetimes ----------------------------------------------------------

@pytest.mark.parametrize("seconds", [1, 61, 31536000])
def test_17_odd_lifetimes(server, citizen, seconds):
    v = Vendor(server, access_token_seconds=seconds)
    tokens = v.connect(citizen)
    assert tokens["expires_in"] == seconds
    assert isinstance(tokens["expires_in"], int)
    if seconds < 1000:
        server.advance(f"PT{seconds - 1}S")
        assert v.reads(tokens)
        server.advance("PT1S")
        dead_access(v.search(tokens))


# ---- 19: ways to authenticate -----------------------------------------------

def as_registered(v, code):
    return v.exchange(code)


def in_the_form(v, code):
    return v.exchange(code, auth=False, client_secret=v.secret)


def percent_encoded(v, code):
    pair = [urllib.parse.quote(p, safe="").replace("-", "%2D")
            for p in (v.id, v.secret)]
    return v.exchange(code, auth=tuple(pair))


def both(v, code):
    return v.exchange(code, client_secret=v.secret)


def nothing(v, code):
    return v.exchange(code, auth=False)


def nobody(v, code):
    return v.exchange(code, auth=False, client_id="")


@pytest.mark.parametrize("method", ["client_secret_basic",
                                    "client_secret_post"])
@pytest.mark.parametrize("way,kanta,strict", [
    (as_registered, 200, 200), (in_the_form, 200, 200),
    (percent_encoded, 200, 200), (both, 200, (400, "invalid_request")),
    (nothing, (401, "invalid_client"), (401, "invalid_client")),
    (nobody, (401, "unauthorized"), (401, "invalid_client"))])
def test_19_ways_to_authenticate(server, citizen, method, way, kanta, strict):
    """Which of the two was registered does not matter in either behaviour."""
    v = Vendor(server, token_endpoint_auth_method=method)
    code = v.code(citizen)
    r, want = way(v, code), strict if server.strict else kanta
    if want == 200:
        granted(v, r)
        return
    assert (r.status_code, r.json()["error"]) == want
    granted(v, v.exchange(code))


def test_19_the_registered_way_alone(server, citizen):
    """When the registration's own switch says so."""
    v = Vendor(server, token_endpoint_auth_method="client_secret_post",
               set={"enforce_auth_method": "on"})
    code = v.code(citizen)
    r = v.exchange(code)
    assert r.status_code == 401
    assert r.json()["error"] == \
        ("invalid_client" if server.strict else "unauthorized")
    granted(v, in_the_form(v, code))


def test_19_signed(server, citizen):
    key = signer.rsa_key()
    v = Vendor(server, token_endpoint_auth_method="private_key_jwt",
               jwks={"keys": [dict(key.jwk, kid="one")]})
    now = int(datetime.datetime.fromisoformat(
        server.admin("GET", "/clock", None, 200).json()["now"]).timestamp())
    claims = {"iss": v.id, "sub": v.id, "aud": server.auth + "/token",
              "exp": now + 60, "jti": "one"}
    form = {"client_assertion_type": signer.JWT_BEARER,
            "client_assertion": signer.jwt(key, "RS256", claims, kid="one")}
    code = v.code(citizen)
    assert v.exchange(code).status_code == 401
    granted(v, v.exchange(code, **form))
    code = v.code(citizen)
    assert v.exchange(code, **form).status_code == 401, "a jti is good once"


# ---- 20 to 24: what the FHIR server answers ----------------------------------

def test_20_good(vendor, citizen):
    tokens = vendor.connect(citizen)
    made = vendor.store(tokens)
    assert made.status_code == 201
    where = "/Observation/" + made.json()["id"]
    r = vendor.fhir("GET", where, tokens["access_token"])
    assert r.status_code == 200
    assert r.headers["Content-Type"].startswith(support.FHIR_JSON)
    assert r.json()["valueQuantity"]["value"] == 72.5


def altered(text):
    return text[:-1] + ("A" if text[-1] != "A" else "B")


@pytest.mark.parametrize("present", [
    lambda t: altered(t["access_token"]), lambda t: t["refresh_token"],
    lambda t: "x"], ids=["altered", "refresh token", "nonsense"])
def test_21_wrong_token(vendor, citizen, present):
    tokens = vendor.connect(citizen)
    dead_access(vendor.search(dict(tokens, access_token=present(tokens))))
    assert vendor.reads(tokens)


def test_21_no_token(vendor, citizen):
    tokens = vendor.connect(citizen)
    r = vendor.search(dict(tokens, access_token=""))
    assert r.status_code == 401
    assert r.headers["WWW-Authenticate"] == 'Bearer realm="phr-resourceserver"'
    outcome(r)


def test_22_forbidden(vendor, citizen):
    narrow = vendor.connect(citizen, granted_scope=READ)
    r = vendor.store(narrow)
    assert r.status_code == 403
    assert r.headers["WWW-Authenticate"] == \
        'Bearer realm="phr-resourceserver", error="insufficient_scope", ' \
        f'scope="{WRITE}"'
    outcome(r)
    assert vendor.search(narrow).json()["total"] == 0
    other = vendor.connect(vendor.server.citizen()["hetu"])
    foreign = vendor.search(dict(narrow, sub=other["sub"]))
    assert foreign.status_code == 403
    outcome(foreign)
    wide = vendor.connect(citizen)
    assert vendor.store(wide).status_code == 201


def test_24_deleted_and_unknown(vendor, citizen):
    """What a 5xx is not: these come with any number of retries."""
    tokens = vendor.connect(citizen)
    where = "/Observation/" + vendor.store(tokens).json()["id"]
    assert vendor.fhir("DELETE", where, tokens["access_token"]).ok
    for path, status in ((where, 410), ("/Observation/none", 404)):
        for _ in range(2):
            r = vendor.fhir("GET", path, tokens["access_token"])
            assert r.status_code == status
            outcome(r)


# ---- 25: incremental authorization ------------------------------------------

def test_25_more_scopes_later(vendor, citizen):
    b = Browser(vendor.server)
    less = OFFLINE + " " + READ
    first = granted(vendor, vendor.exchange(
        vendor.pages(citizen, b, scope=less)["code"]), less)
    page = b.authorize(request_of(vendor.app, scope=less))
    assert "code" in back(page), "remembered"
    page = b.authorize(request_of(vendor.app))
    assert b.consent_form(page), "more than is remembered: asked"
    second = granted(vendor, vendor.exchange(back(b.approve(page))["code"]))
    assert vendor.store(second).status_code == 201
    assert vendor.store(first).status_code == 403, "as it was granted"
    newer = granted(vendor, vendor.refresh(first["refresh_token"]), less)
    assert vendor.store(newer).status_code == 403
    assert "code" in back(b.authorize(request_of(vendor.app))), "remembered"


def test_25_other_scopes_later(vendor, citizen):
    """Each approval that is remembered counts, not the latest alone; two that
    cover the request only together do not."""
    b, ways = Browser(vendor.server), (OFFLINE + " " + READ, WRITE)
    for scope in ways:
        assert "code" in vendor.pages(citizen, b, scope=scope)
    for scope in ways:
        got = back(b.authorize(request_of(vendor.app, scope=scope)))
        granted(vendor, vendor.exchange(got["code"]), scope,
                refresh=OFFLINE in scope)
    page = b.authorize(request_of(vendor.app, scope=" ".join(ways)))
    assert b.consent_form(page)


# ---- 26: disconnect ---------------------------------------------------------

def test_26_disconnect(server, vendor, citizen):
    tokens = vendor.connect(citizen)
    newer = granted(vendor, vendor.refresh(tokens["refresh_token"]))
    other = Vendor(server)
    elsewhere = other.connect(citizen)
    r = machine(vendor.revoke(newer["refresh_token"]), 200)
    assert r.content == b""
    for t in (tokens, newer):
        dead_access(vendor.search(t))
        dead_refresh(vendor, vendor.refresh(t["refresh_token"]),
                     t["refresh_token"])
    assert other.reads(elsewhere)
    machine(vendor.revoke(newer["refresh_token"]), 200)
    assert vendor.reads(vendor.connect(citizen))


def test_26_access_token_alone(vendor, citizen):
    tokens = vendor.connect(citizen)
    machine(vendor.revoke(tokens["access_token"],
                          token_type_hint="refresh_token"), 200)
    dead_access(vendor.search(tokens))
    assert vendor.reads(granted(vendor,
                                vendor.refresh(tokens["refresh_token"])))


def test_26_not_by_another(server, vendor, citizen):
    tokens = vendor.connect(citizen)
    other = Vendor(server)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        r = other.revoke(token)
        if server.strict:
            refused(r, 400, "invalid_request")
        else:
            assert machine(r, 403).content == b""
    assert vendor.reads(tokens)
    granted(vendor, vendor.refresh(tokens["refresh_token"]))


# ---- 27: another citizen at the same browser --------------------------------

def test_27_another_citizen(vendor):
    people = [vendor.server.citizen() for _ in range(2)]
    b, tokens = Browser(vendor.server), []
    for p in people:
        page = b.login(b.authorize(request_of(vendor.app, prompt="login")),
                       p["hetu"])
        page = page if "Location" in page.headers else b.approve(page)
        tokens.append(granted(vendor, vendor.exchange(back(page)["code"])))
    assert [t["sub"] for t in tokens] == [p["patient_id"] for p in people]
    assert vendor.store(tokens[0]).status_code == 201
    assert [vendor.search(t).json()["total"] for t in tokens] == [1, 0]
    crossed = dict(tokens[1], sub=tokens[0]["sub"])
    assert vendor.search(crossed).status_code == 403
    # without prompt the session's citizen stays, whoever was meant
    last = granted(vendor, vendor.exchange(vendor.pages(
        people[0]["hetu"], b)["code"]))
    assert last["sub"] == people[1]["patient_id"]


# ---- 28: several connections of one citizen ---------------------------------

@pytest.mark.parametrize("end", [
    lambda v, t: v.revoke(t["refresh_token"]),
    lambda v, t: [v.refresh(t["refresh_token"]) for _ in range(2)],
    lambda v, t: v.server.admin("POST", "/tokens/revoke", {
        "token": t["access_token"]}, 200),
], ids=["disconnected", "reused", "revoked by the server"])
def test_28_grants_of_one_application(server, vendor, citizen, end):
    one, two_ = vendor.connect(citizen), vendor.connect(citizen)
    assert one["sub"] == two_["sub"]
    made = vendor.store(one).json()["id"]
    end(vendor, one)
    assert ids(vendor.search(two_).json()) == [made]
    assert vendor.reads(granted(vendor,
                                vendor.refresh(two_["refresh_token"])))


def test_28_two_applications(server, vendor, citizen):
    other = Vendor(server, client_name="Another")
    mine, theirs = vendor.connect(citizen), other.connect(citizen)
    made = vendor.store(mine).json()["id"]
    assert ids(other.search(theirs).json()) == [made], "one citizen's data"
    machine(vendor.revoke(mine["refresh_token"]), 200)
    assert not vendor.reads(mine)
    assert other.reads(theirs)
    granted(other, other.refresh(theirs["refresh_token"]))


# ---- 29: open redirect ------------------------------------------------------

EVIL = [CALLBACK + "/", CALLBACK + "?x", CALLBACK + "#f",
        CALLBACK.replace("127.0.0.1", "evil@127.0.0.1"),
        CALLBACK.replace(":1300", ":1301"), CALLBACK.replace("/cb", "/./cb"),
        "https://evil.example/", "//evil.example", "javascript:alert(1)",
        CALLBACK + ".evil.example", CALLBACK + "\r\nLocation: //evil.example"]


@pytest.mark.parametrize("uri", EVIL)
def test_29_open_redirect(server, vendor, citizen, uri):
    """Nobody is sent to an address that is not registered, whatever else is
    wrong: not before the login, not behind it, not with an error."""
    b = Browser(server)
    b.login(b.authorize(request_of(vendor.app)), citizen)
    for http in (b.http, session()):
        for more in ({}, {"prompt": "none"}, {"scope": "wrong"},
                     {"response_type": "token"}):
            r = http.get(b.authorize_url(request_of(
                vendor.app, redirect_uri=uri, **more)),
                allow_redirects=False, timeout=30)
            where = r.headers.get("Location")
            if where is not None:  # kanta: login comes before the look
                assert not server.strict and http is not b.http
                assert where == server.auth + "/login"
                continue
            assert r.status_code == 400
            assert r.headers["Content-Type"].startswith("text/html")


def test_29_unknown_application(server, vendor, citizen):
    b = Browser(server)
    b.login(b.authorize(request_of(vendor.app)), citizen)
    r = b.authorize(request_of(vendor.app, client_id="nobody",
                               redirect_uri="https://evil.example/"))
    assert r.status_code == (400 if server.strict else 401)
    assert "Location" not in r.headers


# ---- 30: clock skew ---------------------------------------------------------

def payload(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("oauth", ["kanta", "strict"])
@pytest.mark.parametrize("seconds", [600, -600])
def test_30_the_server_is_ahead_or_behind(start, oauth, seconds):
    """Its clock says another time than the application's, and goes on: what is
    left of a token is right by either clock, when it ends is not."""
    s = start("--oauth", oauth)
    there = datetime.datetime.fromtimestamp(time.time() + seconds,
                                            datetime.timezone.utc)
    s.admin("PUT", "/clock", {"mode": "offset", "now": there.isoformat()}, 200)
    v = Vendor(s)
    r = v.exchange(v.code(s.citizen()["hetu"]))
    now = time.time()
    tokens = granted(v, r)
    assert tokens["expires_in"] == 3599, "the clock runs"
    date = datetime.datetime.strptime(r.headers["Date"],
                                      "%a, %d %b %Y %H:%M:%S GMT")
    skew = date.replace(tzinfo=datetime.timezone.utc).timestamp() - now
    assert abs(skew - seconds) < 5
    claims = payload(tokens["access_token"])
    assert abs(claims["iat"] - now - seconds) < 5
    assert claims["exp"] - claims["iat"] == 3600
    assert v.reads(tokens)
