# SPDX-License-Identifier: Apache-2.0
"""Every row of the tables of introspect, revoke, userinfo and the bearer
errors, in both behaviours: status, body, headers. Registering is
test_register_table.py, the metadata test_metadata_table.py."""
import pytest

from endpoints import (BASIC, EMPTY, FULL, REALM, WELL_KNOWN, World, check,
                       error, expired, inspect, manage, register, revoke,
                       revoked, withdrawn)
from support import CALLBACK, FHIR_JSON, SCOPE, URL, outcome
from vendor import READ, WRITE

FORM = 'Form realm="oauth", error="%s", error_description="%s"'


@pytest.fixture(scope="module")
def world(either):
    return World(either)


# ---- not authenticated: the same at introspect and revoke -------------------

NOT_AUTHENTICATED = {
    "nothing": (lambda w, p: w.post(p, token="x"),
                (401, error("unauthorized", FULL),
                 REALM % ("unauthorized", FULL)),
                (401, error("invalid_client"), BASIC)),
    "wrong secret, form": (
        lambda w, p: w.post(p, token="x", client_secret="wrong",
                            client_id=w.app["client_id"]),
        (401, error("invalid_client", "Bad client credentials"),
         FORM % ("invalid_client", "Bad client credentials")),
        (401, error("invalid_client"), None)),
    "wrong secret, Basic": (
        lambda w, p: w.post(p, token="x", app=dict(w.app,
                                                   client_secret="wrong")),
        (401, error("unauthorized", "Bad credentials"),
         REALM % ("unauthorized", "Bad credentials")),
        (401, error("invalid_client"), BASIC)),
    "unknown client": (
        lambda w, p: w.post(p, token="x", client_id="nobody",
                            client_secret="x"),
        (401, error("invalid_client", "Bad client credentials"),
         FORM % ("invalid_client", "Bad client credentials")),
        (401, error("invalid_client"), None)),
    "its own access token is no credential": (
        lambda w, p: w.post(p, token="x", headers={
            "Authorization": "Bearer " + w.issue()["access_token"]}),
        (401, error("unauthorized", FULL), REALM % ("unauthorized", FULL)),
        (401, error("invalid_client"), BASIC)),
}


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
@pytest.mark.parametrize("act,kanta,strict", NOT_AUTHENTICATED.values(),
                         ids=NOT_AUTHENTICATED.keys())
def test_not_authenticated(world, path, act, kanta, strict):
    check(act(world, path), *(strict if world.strict else kanta))


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
@pytest.mark.parametrize("form", [{}, {"token": ""},
                                  {"token_type_hint": "access_token"}])
def test_no_token_parameter(world, path, form):
    check(world.post(path, world.inspector, **form), 400,
          error("invalid_request", None if world.strict else
                "Required String parameter 'token' is not present"))


# ---- introspect -------------------------------------------------------------

def scope_of(world, tokens, app):
    if world.strict:
        return tokens["scope"]
    may = app["scope"].split()
    return " ".join(s for s in tokens["scope"].split() if s in may)


# the clock of the tests stands still at 2026-03-10T12:00:00+02:00
NOW = 1773136800


def active(world, tokens, app, access=True, client=None):
    """The members, in their order."""
    client = (client or world.app)["client_id"]
    end = {"exp": NOW + 3600} if access else {}
    kind = {"token_type": "Bearer"} if access else {}
    if world.strict:
        return {"active": True, "scope": scope_of(world, tokens, app),
                "client_id": client, **kind, **end, "iat": NOW,
                "sub": tokens["sub"], "iss": world.server.auth}
    if access:
        end = {"expires_at": "2026-03-10T13:00:00+0200", **end}
    return {"active": True, "scope": scope_of(world, tokens, app), **end,
            "sub": tokens["sub"], "user_id": tokens["sub"],
            "client_id": client, **kind}


@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token",
                                  "fish"])
def test_introspect_access_token(own_world, hint):
    w = own_world
    t = w.issue()
    check(inspect(w, t["access_token"], token_type_hint=hint), 200,
          active(w, t, w.inspector))


@pytest.fixture
def own_world(world):
    if URL:
        pytest.skip("needs a clock that stands still")
    return world


def test_introspect_refresh_token(own_world):
    """kanta: it never ends, so there is neither exp nor expires_at."""
    w = own_world
    t = w.issue()
    expected = active(w, t, w.inspector, access=False)
    if w.strict:  # they end there: 90 days without use
        at = list(expected)
        at.insert(at.index("iat"), "exp")
        expected["exp"] = NOW + 90 * 24 * 3600
        expected = {k: expected[k] for k in at}
    check(inspect(w, t["refresh_token"]), 200, expected)


def test_introspect_scope_of_this_token(own_world):
    w = own_world
    t = w.issue(scope=READ + " " + WRITE)
    got = inspect(w, t["access_token"]).json()
    assert got["scope"] == (READ + " " + WRITE if w.strict else READ)


def test_introspect_without_permission(own_world):
    """kanta: nothing for applications that registered themselves. strict: one's
    own tokens alone."""
    w = own_world
    mine, theirs = w.issue(), w.issue(w.other)
    if not w.strict:
        for token in (mine["access_token"], "unknown"):
            check(inspect(w, token, w.app), 403, EMPTY)
        return
    check(inspect(w, mine["access_token"], w.app), 200, active(w, mine, w.app))
    for token in (theirs["access_token"], theirs["refresh_token"], "unknown"):
        check(inspect(w, token, w.app), 200, {"active": False})


def test_introspect_by_who_cannot_authenticate(world):
    r = world.post("/introspect", token=world.issue()["access_token"],
                   client_id=world.public["client_id"])
    if world.strict:
        check(r, 401, error("invalid_client"), BASIC)
    else:
        check(r, 403, EMPTY)


def used(world):
    """A refresh token that has a successor."""
    t = world.issue()
    world.server.token(world.app, 200, grant_type="refresh_token",
                       refresh_token=t["refresh_token"])
    return t["refresh_token"]


@pytest.mark.parametrize("dead", [
    lambda w: "unknown", lambda w: "x" * 3000, lambda w: "ä\u2028", revoked,
    expired, withdrawn],
    ids=["unknown", "long", "odd", "revoked", "expired", "withdrawn"])
def test_introspect_dead_token(world, dead):
    check(inspect(world, dead(world)), 200, {"active": False})


def test_introspect_used_refresh_token(world):
    """Where refresh tokens rotate, one that was used is good no more."""
    got = inspect(world, used(world)).json()
    assert got["active"] != world.strict


def test_introspect_registration_token(world):
    check(inspect(world, world.app["registration_access_token"]), 200,
          {"active": False})


def test_introspection_can_be_an_applications_own_switch(world):
    app = world.server.register(
        set={"introspection_needs_permission": "off",
             "introspection_answer": "rfc"})
    t = world.server.issue(app, world.hetu)
    got = inspect(world, t["access_token"], app).json()
    assert list(got) == ["active", "scope", "client_id", "token_type", "exp",
                         "iat", "sub", "iss"]


# ---- revoke -----------------------------------------------------------------

HINTS = [None, "access_token", "refresh_token", "fish"]


@pytest.mark.parametrize("hint", HINTS)
def test_revoke_access_token(world, hint):
    t = world.issue()
    check(revoke(world, t["access_token"], token_type_hint=hint), 200, EMPTY)
    assert world.reads(t) == 401
    assert world.refreshes(t) == 200
    check(revoke(world, t["access_token"]), 200, EMPTY)


@pytest.mark.parametrize("hint", HINTS)
def test_revoke_refresh_token(world, hint):
    t = world.issue()
    more = world.server.token(world.app, 200, grant_type="refresh_token",
                              refresh_token=t["refresh_token"]).json()
    stays = world.issue()
    check(revoke(world, more["refresh_token"], token_type_hint=hint), 200,
          EMPTY)
    assert world.reads(t) == world.reads(more) == 401
    assert world.refreshes(t) == world.refreshes(more) == \
        (400 if world.strict else 401)
    assert world.reads(stays) == 200, "another authorization is not touched"


def test_revoke_used_refresh_token(world):
    t = world.issue()
    more = world.server.token(world.app, 200, grant_type="refresh_token",
                              refresh_token=t["refresh_token"]).json()
    check(revoke(world, t["refresh_token"]), 200, EMPTY)
    assert world.reads(more) == 401
    assert world.refreshes(more) in (400, 401)


@pytest.mark.parametrize("dead", [lambda w: "unknown", revoked, expired,
                                  withdrawn],
                         ids=["unknown", "revoked", "expired", "withdrawn"])
def test_revoke_dead_token(world, dead):
    check(revoke(world, dead(world)), 200, EMPTY)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoke_of_another_client(world, which):
    t = world.issue()
    r = revoke(world, t[which], world.other)
    if world.strict:
        check(r, 400, error("invalid_request"))
    else:
        check(r, 403, EMPTY)
    assert world.reads(t) == 200 and world.refreshes(t) == 200


def test_revoke_by_a_public_client(world):
    t = world.issue(world.public)
    r = world.post("/revoke", token=t["access_token"],
                   client_id=world.public["client_id"])
    check(r, 200, EMPTY)
    assert world.reads(t) == 401


# ---- userinfo ---------------------------------------------------------------

@pytest.fixture
def with_openid(world):
    """A token whose scope has openid, by the application's own switch."""
    app = world.server.register(set={"openid": "on"}, scope="openid " + SCOPE)
    return world.server.issue(app, world.hetu, scope="openid " + READ)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo(world, with_openid, method):
    check(world.call(method, "/userinfo", with_openid["access_token"]), 200,
          {"sub": with_openid["sub"]})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_without_openid(world, method):
    check(world.call(method, "/userinfo", world.issue()["access_token"]), 403,
          error("insufficient_scope"),
          'Bearer realm="openidconnect", error="insufficient_scope", '
          'scope="openid"')


# ---- bearer errors ----------------------------------------------------------

def invalid_token(realm):
    return f'Bearer realm="{realm}", error="invalid_token", ' \
        'error_description="The access token expired"'


BEARER = {
    "no token": (lambda w: {}, 401, 'Bearer realm="%s"'),
    "another scheme": (lambda w: {"Authorization": "Basic YTpi"}, 401,
                       'Bearer realm="%s"'),
    "unknown": (lambda w: {"Authorization": "Bearer unknown"}, 401,
                invalid_token("%s")),
    "expired": (lambda w: {"Authorization": "Bearer " + expired(w)}, 401,
                invalid_token("%s")),
    "revoked": (lambda w: {"Authorization": "Bearer " + revoked(w)}, 401,
                invalid_token("%s")),
    "withdrawn": (lambda w: {"Authorization": "Bearer " + withdrawn(w)}, 401,
                  invalid_token("%s")),
    "refresh token": (lambda w: {"Authorization": "Bearer "
                                 + w.issue()["refresh_token"]}, 401,
                      invalid_token("%s")),
    "malformed": (lambda w: {"Authorization": "Bearer a b"}, 400,
                  'Bearer realm="%s", error="invalid_request", '
                  'error_description="The Authorization header is malformed"'),
    "no text": (lambda w: {"Authorization": "Bearer"}, 400,
                'Bearer realm="%s", error="invalid_request", '
                'error_description="The Authorization header is malformed"'),
    "tab": (lambda w: {"Authorization": "Bearer\t"
                       + w.issue()["access_token"]}, 400,
            'Bearer realm="%s", error="invalid_request", '
            'error_description="The Authorization header is malformed"'),
}


@pytest.mark.parametrize("headers,status,challenge", BEARER.values(),
                         ids=BEARER.keys())
@pytest.mark.parametrize("base", ["r4", "stu3"])
def test_bearer_errors_at_fhir(world, base, headers, status, challenge):
    r = world.server.http.get(
        world.server.base(base) + "/Patient/x", timeout=30,
        headers=headers(world))
    assert r.status_code == status
    assert r.headers["WWW-Authenticate"] == challenge % "phr-resourceserver"
    assert r.headers["Content-Type"].startswith(FHIR_JSON)
    outcome(r)


@pytest.mark.parametrize("headers,status,challenge", BEARER.values(),
                         ids=BEARER.keys())
def test_bearer_errors_at_userinfo(world, headers, status, challenge):
    r = world.call("GET", "/userinfo", headers=headers(world))
    code = "unauthorized" if "error=" not in challenge else \
        "invalid_token" if status == 401 else "invalid_request"
    check(r, status, error(code), challenge % "openidconnect")


def test_two_authorization_headers(world):
    """requests cannot send a header twice."""
    import http.client
    host = world.server.origin.split("//")[1]
    c = http.client.HTTPConnection(host, timeout=30)
    c.putrequest("GET", "/phr-resourceserver/baseR4/Patient/x")
    for _ in range(2):
        c.putheader("Authorization",
                    "Bearer " + world.issue()["access_token"])
    c.endheaders()
    r = c.getresponse()
    assert r.status == 400
    assert 'error="invalid_request"' in r.headers["WWW-Authenticate"]
    c.close()


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER    "])
def test_scheme_in_any_case(world, scheme):
    t = world.issue()
    r = world.server.http.get(
        f"{world.server.r4}/Patient/{t['sub']}", timeout=30,
        headers={"Authorization": scheme + t["access_token"]})
    assert r.status_code == 200


@pytest.mark.parametrize("method,missing", [("GET", READ), ("POST", WRITE)])
def test_scope_is_missing(world, method, missing):
    t = world.issue(scope="patient/Patient.read")
    r = world.server.http.request(
        method, f"{world.server.r4}/Observation?patient={t['sub']}",
        json={} if method == "POST" else None, timeout=30,
        headers={"Authorization": "Bearer " + t["access_token"]})
    assert r.status_code == 403
    assert r.headers["WWW-Authenticate"] == \
        'Bearer realm="phr-resourceserver", error="insufficient_scope", ' \
        f'scope="{missing}"'
    outcome(r)


def test_token_in_the_query(world):
    t = world.issue()
    r = world.server.http.get(
        f"{world.server.r4}/Observation?patient={t['sub']}&access_token="
        + t["access_token"], timeout=30)
    assert r.status_code == 401
    assert r.headers["WWW-Authenticate"] == \
        'Bearer realm="phr-resourceserver"'


# ---- switches ---------------------------------------------------------------

def test_bearer_in_query(start):
    s = start("--set", "bearer_in_query=on")
    app = s.register()
    t = s.issue(app, s.citizen()["hetu"])
    url = f"{s.r4}/Observation?patient={t['sub']}&access_token="
    r = s.http.get(url + t["access_token"] + "&_count=3", timeout=30)
    assert r.status_code == 200, r.text
    assert t["access_token"] not in r.text, "links do not repeat it"
    assert "_count=3" in r.json()["link"][0]["url"]
    for headers, more, status in (
            ({}, t["refresh_token"], 401), ({}, "", 401), ({}, "x", 401),
            ({"Authorization": "Bearer " + t["access_token"]},
             t["access_token"], 400),
            ({}, t["access_token"] + "&access_token=x", 400)):
        r = s.http.get(url + more, headers=headers, timeout=30)
        assert r.status_code == status, more
        assert r.headers["WWW-Authenticate"].startswith(
            'Bearer realm="phr-resourceserver", error=')
        outcome(r)
    # not a parameter of that name
    assert s.http.get(f"{s.r4}/Observation?my_access_token=x",
                      timeout=30).status_code == 401
    r = s.http.get(f"{s.r4}/Observation?my_access_token=x&patient={t['sub']}"
                   f"&access_token={t['access_token']}", timeout=30)
    assert r.status_code == 200, r.text
    assert t["access_token"] not in s.log()


def test_wildcard_scopes(start):
    s = start("--set", "scope_wildcards=on")
    app = s.register(scope="offline_access patient/*.read")
    citizen = s.citizen()["hetu"]
    for scope in ("patient/*.read", READ):
        t = s.issue(app, citizen, scope=scope)
        assert t["scope"] == scope
        headers = {"Authorization": "Bearer " + t["access_token"]}
        url = f"{s.r4}/Observation?patient={t['sub']}"
        assert s.http.get(url, headers=headers, timeout=30).status_code == 200
        r = s.http.post(s.r4 + "/Observation", headers=headers, json={},
                        timeout=30)
        assert r.status_code == 403
        r = s.http.get(f"{s.r4}/MedicationAdministration?patient={t['sub']}",
                       headers=headers, timeout=30)
        assert r.status_code == (200 if "*" in scope else 403)
    s.admin("POST", "/tokens", {"client_id": app["client_id"],
                                "hetu": citizen, "scope": WRITE}, 400)


def test_openid_is_offered_by_its_switch(start):
    s = start("--set", "openid=on")
    body = {"redirect_uris": [CALLBACK], "scope": "openid " + READ}
    r = s.http.post(s.auth + "/register", json=body, timeout=30)
    assert r.status_code == 201
    t = s.issue(r.json(), s.citizen()["hetu"], scope="openid")
    r = s.http.get(s.auth + "/userinfo", timeout=30,
                   headers={"Authorization": "Bearer " + t["access_token"]})
    assert r.json() == {"sub": t["sub"]}


# ---- what is sent in another way --------------------------------------------

@pytest.mark.parametrize("path", ["/jwk", WELL_KNOWN + "openid-configuration",
                                  "/userinfo"])
def test_head(world, path, with_openid):
    token = with_openid["access_token"]
    got = world.call("GET", path, token)
    r = world.call("HEAD", path, token)
    assert r.status_code == got.status_code == 200
    assert r.content == b""
    assert r.headers["Content-Length"] == got.headers["Content-Length"]
    assert r.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_another_content_type(world, path):
    check(world.call("POST", path, json={"token": "x"}), 400,
          error("invalid_request"))


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
@pytest.mark.parametrize("body", ["token=%zz", "token=%00", "token=a%ff"])
def test_broken_forms(world, path, body):
    r = world.call("POST", path, data=body, headers={
        "Content-Type": "application/x-www-form-urlencoded"})
    check(r, 400, error("invalid_request"))


@pytest.mark.parametrize("path", ["/introspect", "/revoke", "/register",
                                  "/userinfo"])
def test_too_large(world, path):
    r = world.call("POST", path, data=b"token=" + b"x" * 70000, headers={
        "Content-Type": "application/x-www-form-urlencoded"})
    check(r, 413, error("invalid_request"))


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_repeated_token(world, path):
    """The first one counts, or it is refused."""
    t = world.issue()
    form = [("token", "unknown"), ("token", t["access_token"]),
            ("client_id", world.inspector["client_id"]),
            ("client_secret", world.inspector["client_secret"])]
    r = world.server.http.post(world.server.auth + path, data=form, timeout=30)
    if world.strict:
        check(r, 400, error("invalid_request"))
    elif path == "/introspect":
        check(r, 200, {"active": False})
    else:
        check(r, 200, EMPTY)
    assert world.reads(t) == 200


def test_unknown_client_looks_like_a_wrong_secret(world):
    def looks(r):
        return r.status_code, r.content, {
            k: v for k, v in r.headers.items()
            if k not in ("Date", "X-Request-Id", "X-Mock-Explain")}
    for path in ("/introspect", "/revoke"):
        assert looks(world.post(path, token="x", client_secret="wrong",
                                client_id=world.app["client_id"])) == \
            looks(world.post(path, token="x", client_secret="wrong",
                             client_id="nobody"))


# ---- secrets and times ------------------------------------------------------

def test_nothing_secret_is_kept(world):
    """Neither the log nor the journal shows what opens a door."""
    if URL:
        pytest.skip("needs the server's log")
    server = world.server
    made = register(world).json()
    t = world.issue(made)
    manage(world, "GET", made)
    inspect(world, t["access_token"])
    inspect(world, t["refresh_token"])
    world.call("GET", "/userinfo", t["access_token"])
    world.call("POST", "/introspect?token=" + t["access_token"],
               data={"client_id": made["client_id"],
                     "client_secret": made["client_secret"]})
    revoke(world, t["refresh_token"], made)
    said = server.log() + server.admin("GET", "/requests").text
    assert "/introspect" in said
    for secret in (made["client_secret"], made["registration_access_token"],
                   t["access_token"], t["refresh_token"], world.hetu):
        assert secret not in said


def test_expires_at_in_another_zone(start):
    s = start("--set", "timezone=UTC")
    app = s.register(allow_introspection=True)
    t = s.issue(app, s.citizen()["hetu"])
    got = s.http.post(s.auth + "/introspect", timeout=30,
                      auth=(app["client_id"], app["client_secret"]),
                      data={"token": t["access_token"]}).json()
    assert got["expires_at"] == "2026-03-10T11:00:00+0000"


def test_introspection_as_time_goes_by(start):
    """Dead when now >= expiry; a refresh token without use ends, too."""
    s = start("--oauth", "strict")
    app = s.register()
    t = s.issue(app, s.citizen()["hetu"])

    def is_active(which):
        return s.http.post(
            s.auth + "/introspect", data={"token": t[which]}, timeout=30,
            auth=(app["client_id"], app["client_secret"])).json()["active"]
    for by, access, refresh in (("PT0S", True, True),
                                ("PT59M59S", True, True),
                                ("PT1S", False, True),
                                ("P89DT22H59M59S", False, True),
                                ("PT1S", False, False)):
        s.advance(by)
        assert is_active("access_token") == access
        assert is_active("refresh_token") == refresh
