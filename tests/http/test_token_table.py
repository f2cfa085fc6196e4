# SPDX-License-Identifier: Apache-2.0
"""The token endpoint's answers, row by row, in both behaviours: status, body,
and the headers that clients look at. kanta is what clients of the real service
saw; strict is RFC 6749 and RFC 9700."""
import base64
import hashlib
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import Browser, CALLBACK, SCOPE, back, request_of, session
from vendor import CHALLENGE, READ, S256, VERIFIER, WRITE

FORM_TYPE = "application/x-www-form-urlencoded"


class World:
    """A server with its behaviour, applications, and what a row presents."""

    def __init__(self, server):
        self.server, self.strict = server, server.strict
        self.app = server.register()
        self.second = server.register(client_name="Second")
        self.mobile = server.register(client_name="Mobile",
                                      token_endpoint_auth_method="none")
        self.once = server.register(client_name="No refresh",
                                    grant_types=["authorization_code"])
        self.reader = server.register(client_name="Reader",
                                      scope="offline_access " + READ)
        self.presented = None
        self.http = session()

    # -- what is presented

    def code(self, app=None, **more):
        citizen = self.server.citizen()["hetu"]
        r = Browser(self.server).walk(request_of(app or self.app, **more),
                                      citizen)
        self.presented = back(r)["code"]
        return self.presented

    def tokens(self, app=None, scope=SCOPE):
        citizen = self.server.citizen()["hetu"]
        t = self.server.issue(app or self.app, citizen, scope)
        self.presented = t["refresh_token"]
        return dict(t, hetu=citizen)

    # -- asking

    def ask(self, form=None, headers=None, query="", auth=None, method="POST",
            http=None):
        if auth is not None:
            headers = dict(headers or {}, **basic(*auth))
        return (http or self.http).request(
            method, self.server.auth + "/token" + query, data=form,
            headers=headers, timeout=30, allow_redirects=False)

    def by(self, app, **form):
        """With the application's own credentials."""
        if "client_secret" in app:
            return self.ask(form, auth=(app["client_id"],
                                        app["client_secret"]))
        return self.ask(dict(form, client_id=app["client_id"]))

    def exchange(self, app, code, **more):
        form = {"grant_type": "authorization_code", "code": code,
                "redirect_uri": CALLBACK, **more}
        return self.by(app, **{k: v for k, v in form.items()
                               if v is not None})

    def refresh(self, app, token, **more):
        return self.by(app, grant_type="refresh_token", refresh_token=token,
                       **more)

    def reads(self, token):
        return self.http.get(
            self.server.r4 + "/Observation", timeout=30,
            headers={"Authorization": "Bearer " + token}).status_code != 401

    def settings(self, **more):
        self.server.admin("PUT", "/settings", more, 200)


def basic(user, secret):
    pair = f"{user}:{secret}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


@pytest.fixture(scope="module")
def world(own_either):
    return World(own_either)


# ---- what is expected ---------------------------------------------------------

WHO = "The application is unknown or its credentials are wrong"
NO_CODE = "JpaAuthorizationCodeRepository: no authorization code found for " \
          "value "
MISMATCH = "Code challenge and verifier do not match"


def form_realm(error, text):
    return f'Form realm="oauth", error="{error}", error_description="{text}"'


def realm(error, text):
    return f'Bearer realm="openidconnect", error="{error}", ' \
           f'error_description="{text}"'


def plain(error, text):
    return f'Bearer error="{error}", error_description="{text}"'


def kanta(status, error, text, challenge=None, **more):
    return status, error, text, challenge and challenge(error, text), more


def strict(status, error, text, challenge=None):
    return status, error, text, challenge, {}


BAD_FORM = (kanta(401, "invalid_client", "Bad client credentials",
                  form_realm),
            strict(401, "invalid_client", WHO))
BAD_BASIC = (kanta(401, "unauthorized", "Bad credentials", realm),
             strict(401, "invalid_client", WHO, 'Basic realm="oauth"'))
CODE = (kanta(400, "invalid_grant", NO_CODE + "{}"),
        strict(400, "invalid_grant",
               "The code is unknown, was used before or has expired"))
REFRESH = (kanta(401, "invalid_token", "Invalid refresh token: {}", plain),
           strict(400, "invalid_grant", "The refresh token is unknown, has "
                  "expired or was revoked"))
VERIFIER_BAD = (kanta(400, "invalid_request", MISMATCH),
                strict(400, "invalid_grant",
                       "code_verifier is not that of the code_challenge"))
GRANT_TYPE = (kanta(400, "unsupported_grant_type", "Unsupported grant type"),
              strict(400, "unsupported_grant_type", "The grant_type must be "
                     "authorization_code or refresh_token"))
OK = (200, 200)


# ---- what is asked --------------------------------------------------------------

def unknown_code(w, **more):
    w.presented = "nothing"
    return dict({"grant_type": "authorization_code", "code": "nothing"},
                **more)


def own(w, **more):
    return dict(unknown_code(w), client_id=w.app["client_id"], **more)


def right_form(w):
    return w.ask(own(w, client_secret=w.app["client_secret"]))


def right_basic(w):
    return w.by(w.app, **unknown_code(w))


def right_encoded(w):
    pair = [urllib.parse.quote(w.app[k], safe="").replace("-", "%2D")
            for k in ("client_id", "client_secret")]
    return w.ask(unknown_code(w), auth=pair)


def two_secrets(w):
    return w.ask(own(w, client_secret="x"), auth=(w.app["client_id"],
                                                  w.app["client_secret"]))


def two_ids(w):
    return w.ask(unknown_code(w, client_id="other"),
                 auth=(w.app["client_id"], w.app["client_secret"]))


def public(w, **more):
    return w.ask(dict(grant_type="authorization_code", redirect_uri=CALLBACK,
                      code=w.code(w.mobile, **S256), code_verifier=VERIFIER,
                      client_id=w.mobile["client_id"], **more))


def public_without_pkce(w):
    w.settings(pkce_required="never")
    code = w.code(w.mobile)
    w.settings(pkce_required="public" if w.strict else "never")
    return w.exchange(w.mobile, code)


def replayed(w):
    code = w.code()
    assert w.exchange(w.app, code).status_code == 200
    return w.exchange(w.app, code)


def expired_code(w):
    code = w.code()
    w.server.advance("PT60S" if w.strict else "PT300S")
    return w.exchange(w.app, code)


def foreign_code(w):
    return w.exchange(w.second, w.code())


def foreign_code_then_own(w):
    code = w.code()
    w.exchange(w.second, code)
    return w.exchange(w.app, code)


def pkce(challenge, method, verifier):
    def go(w):
        more = {"code_challenge": challenge, "code_challenge_method": method}
        return w.exchange(w.app, w.code(**more), code_verifier=verifier)
    return go


def used_refresh(w):
    t = w.tokens()
    assert w.refresh(w.app, t["refresh_token"]).status_code == 200
    return w.refresh(w.app, t["refresh_token"])


def foreign_refresh_then_own(w):
    t = w.tokens()
    w.refresh(w.second, t["refresh_token"])
    return w.refresh(w.app, t["refresh_token"])


def withdrawn(w):
    t = w.tokens()
    w.server.admin("POST", "/permissions/withdraw",
                   {"client_id": w.app["client_id"], "hetu": t["hetu"]}, 200)
    return w.refresh(w.app, t["refresh_token"])


def revoked(w):
    t = w.tokens()
    w.server.admin("POST", "/tokens/revoke", {"token": t["refresh_token"]},
                   200)
    return w.refresh(w.app, t["refresh_token"])


def expired_refresh(w):
    app = w.server.register(refresh_token_seconds=60)
    t = w.tokens(app)
    w.server.advance("PT60S")
    return w.refresh(app, t["refresh_token"])


def twice(w):
    pairs = [("grant_type", "refresh_token"), ("grant_type", "fish")]
    return w.ask(pairs, auth=(w.app["client_id"], w.app["client_secret"]))


def in_query(**query):
    def go(w):
        text = "?" + urllib.parse.urlencode(query)
        return w.ask({"grant_type": "fish"}, query=text,
                     auth=(w.app["client_id"], w.app["client_secret"]))
    return go


def secret_in_query(w):
    text = urllib.parse.urlencode({"client_id": w.app["client_id"],
                                   "client_secret": w.app["client_secret"]})
    return w.ask({"grant_type": "fish"}, query="?" + text)


def as_json(w):
    return w.ask('{"grant_type":"fish"}',
                 headers={"Content-Type": "application/json"},
                 auth=(w.app["client_id"], w.app["client_secret"]))


def too_large(w):
    return w.ask({"grant_type": "x" * (65 << 10)},
                 auth=(w.app["client_id"], w.app["client_secret"]))


def by(**form):
    return lambda w: w.by(w.app, **form)


def text_of(r):
    return "\n".join((str(r.status_code), r.text))


ROWS = {
    # 5.1, who asks
    "right secret in the form": (right_form, CODE),
    "right secret by Basic": (right_basic, CODE),
    "right secret by Basic, percent-encoded": (right_encoded, CODE),
    "wrong secret in the form": (
        lambda w: w.ask(own(w, client_secret="wrong")), BAD_FORM),
    "unknown client in the form": (
        lambda w: w.ask(unknown_code(w, client_id="nobody",
                                     client_secret="wrong")), BAD_FORM),
    "wrong secret by Basic": (
        lambda w: w.ask(unknown_code(w), auth=(w.app["client_id"], "wrong")),
        BAD_BASIC),
    "unknown client by Basic": (
        lambda w: w.ask(unknown_code(w), auth=("nobody", "wrong")),
        BAD_BASIC),
    "nothing at all": (
        lambda w: w.ask(unknown_code(w)), (
            kanta(401, "unauthorized", "Full authentication is required to "
                  "access this resource", realm),
            strict(401, "invalid_client", "The application must authenticate "
                   "itself: send its client_id and client_secret",
                   'Basic realm="oauth"'))),
    "client_id only, client has a secret": (lambda w: w.ask(own(w)),
                                            BAD_FORM),
    "public client": (public, OK),
    "public client without PKCE": (public_without_pkce, (
        200, strict(400, "invalid_grant", "There was no code_challenge in "
                    "the authorization request"))),
    "public client with a secret": (
        lambda w: public(w, client_secret="x"), BAD_FORM),
    "Basic and form secret": (two_secrets, (
        CODE[0], strict(400, "invalid_request", "The application must "
                        "authenticate itself in one way, not in two"))),
    "Basic and another client_id": (two_ids, (
        kanta(401, "invalid_client", "Given client ID does not match "
              "authenticated client", plain),
        strict(400, "invalid_request", "client_id is not that of the "
               "application that authenticated itself"))),
    "Basic without colon": (
        lambda w: w.ask(unknown_code(w), headers={
            "Authorization": "Basic " +
            base64.b64encode(b"nocolon").decode()}), BAD_BASIC),
    "Basic that is no base64": (
        lambda w: w.ask(unknown_code(w),
                        headers={"Authorization": "Basic !!"}), BAD_BASIC),
    # 2.2, how it is read
    "a parameter twice": (twice, (
        kanta(400, "invalid_request", "refresh_token parameter not provided"),
        strict(400, "invalid_request",
               "This parameter was sent more than once: grant_type"))),
    "a parameter in the query": (
        in_query(grant_type="implicit"), (
            kanta(400, "invalid_grant", "Implicit grant type not supported "
                  "from token endpoint"), GRANT_TYPE[1])),
    "the secret in the query": (secret_in_query, (
        GRANT_TYPE[0],
        strict(400, "invalid_request", "Credentials must not be sent in the "
               "query: put them into the body or into the Authorization "
               "header"))),
    "another content type": (as_json, (
        kanta(400, "invalid_request",
              "The body must be application/x-www-form-urlencoded"),
        strict(400, "invalid_request",
               "The body must be application/x-www-form-urlencoded"))),
    # 5.3, 5.4
    "GET": (lambda w: w.ask(method="GET", auth=(w.app["client_id"],
                                                w.app["client_secret"])), (
        kanta(405, "method_not_allowed",
              "Request method 'GET' not supported"),
        strict(405, "invalid_request",
               "Request method 'GET' not supported"))),
    "grant_type missing": (by(), (
        kanta(400, "invalid_request", "Missing grant type"),
        strict(400, "invalid_request",
               "The parameter grant_type is missing"))),
    "grant_type empty": (by(grant_type=""), (
        kanta(400, "invalid_request", "Missing grant type"),
        strict(400, "invalid_request",
               "The parameter grant_type is missing"))),
    "grant_type unknown": (by(grant_type="fish"), GRANT_TYPE),
    "password": (by(grant_type="password", username="a", password="b"),
                 GRANT_TYPE),
    "implicit": (by(grant_type="implicit"), (
        kanta(400, "invalid_grant",
              "Implicit grant type not supported from token endpoint"),
        GRANT_TYPE[1])),
    "grant that is not allowed": (
        lambda w: w.refresh(w.once, "x"), (
            kanta(401, "invalid_client", "Unauthorized grant type", plain),
            strict(400, "unauthorized_client", "The application is not "
                   "registered for this grant_type"))),
    "scope that the client may not have": (
        lambda w: w.by(w.reader, scope=READ + " " + WRITE), (
            kanta(400, "invalid_scope", "Invalid scope; requested:"
                  f"[{READ}, {WRITE}]", scope="offline_access " + READ),
            strict(400, "invalid_scope", "The application is not registered "
                   "for that scope"))),
    "code missing": (by(grant_type="authorization_code"), (
        kanta(400, "invalid_request",
              "An authorization code must be supplied."),
        strict(400, "invalid_request", "The parameter code is missing"))),
    "code unknown": (lambda w: w.by(w.app, **unknown_code(w)), CODE),
    "code used": (replayed, CODE),
    "code expired": (expired_code, CODE),
    "redirect_uri differs": (
        lambda w: w.exchange(w.app, w.code(), redirect_uri=CALLBACK + "/"), (
            kanta(400, "invalid_grant", "Redirect URI mismatch."),
            strict(400, "invalid_grant", "redirect_uri is not that of the "
                   "authorization request"))),
    "redirect_uri missing": (
        lambda w: w.exchange(w.app, w.code(), redirect_uri=None), (
            kanta(400, "invalid_grant", "Redirect URI mismatch."),
            strict(400, "invalid_grant", "redirect_uri is not that of the "
                   "authorization request"))),
    "code of another client": (foreign_code, (
        kanta(401, "invalid_client", "Client ID mismatch", plain),
        strict(400, "invalid_grant",
               "The code was given to another application"))),
    "code that another client presented": (foreign_code_then_own,
                                           (CODE[0], 200)),
    "refresh_token missing": (by(grant_type="refresh_token"), (
        kanta(400, "invalid_request", "refresh_token parameter not provided"),
        strict(400, "invalid_request",
               "The parameter refresh_token is missing"))),
    "refresh token unknown": (
        lambda w: w.refresh(w.app, setattr(w, "presented", "xyz") or "xyz"),
        REFRESH),
    "refresh token expired": (expired_refresh, REFRESH),
    "refresh token revoked": (revoked, REFRESH),
    "refresh token of a withdrawn permission": (withdrawn, REFRESH),
    "refresh token of another client": (
        lambda w: w.refresh(w.second, w.tokens()["refresh_token"]), (
            kanta(401, "invalid_client", "Client does not own the presented "
                  "refresh token", plain),
            strict(400, "invalid_grant", "The refresh token was given to "
                   "another application"))),
    "refresh token that another client presented": (foreign_refresh_then_own,
                                                    (REFRESH[0], 200)),
    "more scope than granted": (
        lambda w: w.refresh(
            w.app, w.tokens(scope="offline_access " + READ)["refresh_token"],
            scope=READ + " " + WRITE), (
                kanta(400, "invalid_scope", "Up-scoping is not allowed."),
                strict(400, "invalid_scope",
                       "The citizen did not grant that scope"))),
    "refresh token used": (used_refresh, (200, REFRESH[1])),
    # 6
    "S256": (pkce(CHALLENGE, "S256", VERIFIER), OK),
    "verifier wrong": (pkce(CHALLENGE, "S256", VERIFIER[:-1] + "X"),
                       VERIFIER_BAD),
    "verifier too short": (pkce(CHALLENGE, "S256", VERIFIER[:42]),
                           VERIFIER_BAD),
    "verifier of other characters": (
        pkce(CHALLENGE, "S256", VERIFIER[:-1] + "+"), VERIFIER_BAD),
    "verifier is the challenge": (pkce(CHALLENGE, "S256", CHALLENGE),
                                  VERIFIER_BAD),
    "verifier missing": (pkce(CHALLENGE, "S256", None), VERIFIER_BAD),
    "verifier empty": (pkce(CHALLENGE, "S256", ""), VERIFIER_BAD),
    "verifier superfluous": (
        lambda w: w.exchange(w.app, w.code(), code_verifier=VERIFIER), (
            200, strict(400, "invalid_grant", "There was no code_challenge "
                        "in the authorization request"))),
}


def common_headers(r):
    assert r.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert r.headers["Cache-Control"] == "no-store"
    assert r.headers["Pragma"] == "no-cache"
    assert r.headers["Access-Control-Allow-Origin"] == "*"


def check(w, r, expected):
    want = expected[w.strict]
    common_headers(r)
    if want == 200:
        assert r.status_code == 200, text_of(r)
        assert "WWW-Authenticate" not in r.headers
        return
    status, error, text, challenge, more = want
    shown = str(w.presented)
    body = {"error": error, "error_description": text.replace("{}", shown),
            **more}
    assert r.status_code == status, text_of(r)
    assert list(r.json().items()) == list(body.items())
    assert r.headers.get("WWW-Authenticate") == \
        (challenge and challenge.replace("{}", shown))
    assert ("Allow" in r.headers) == (status == 405)


@pytest.mark.parametrize("name", ROWS)
def test_row(world, name):
    ask, expected = ROWS[name]
    check(world, ask(world), expected)


def test_get_says_what_is_allowed(world):
    assert "POST" in world.ask(method="GET").headers["Allow"]


def test_other_methods(world):
    for method in ("PUT", "DELETE", "PATCH"):
        r = world.ask(method=method)
        assert r.status_code == 405
        assert r.headers["Content-Type"] == "application/json;charset=UTF-8"
        assert r.json()["error"] == \
            ("invalid_request" if world.strict else "method_not_allowed")


def test_too_large(world):
    r = too_large(world)
    assert r.status_code == 413
    assert r.json()["error"] == "invalid_request"


@pytest.mark.parametrize("name", [
    n for n in ROWS if all(isinstance(e, tuple) for e in ROWS[n][1])])
def test_worded_otherwise(world, name):
    """The same rows with the other behaviour's wording alone: a switch."""
    other = "mitreid" if world.strict else "rfc"
    world.settings(oauth_errors=other)
    try:
        r = ROWS[name][0](world)
        common_headers(r)
        if r.status_code == 200:
            return  # another switch than the wording makes this a refusal
        assert r.json()["error"] in {e[1] for e in ROWS[name][1]} | {
            "invalid_request"}
        challenge = r.headers.get("WWW-Authenticate", "")
        if other == "rfc":
            assert challenge in ("", 'Basic realm="oauth"')
        elif r.status_code == 401:
            assert 'error="' + r.json()["error"] in challenge
    finally:
        world.settings(oauth_errors="rfc" if world.strict else "mitreid")


# ---- 6: what authorize says of challenges ---------------------------------------

def redirected(w, app=None, **more):
    """The query of the answer to an authorization request."""
    citizen = w.server.citizen()["hetu"]
    return back(Browser(w.server).walk(request_of(app or w.app, **more),
                                       citizen))


@pytest.mark.parametrize("method", ["plain", None])
def test_plain_challenges(world, method):
    got = redirected(world, code_challenge=VERIFIER,
                     code_challenge_method=method)
    if world.strict:
        assert got["error"] == "invalid_request"
        assert got["error_description"] == \
            "transform algorithm not supported"
        return
    check(world, world.exchange(world.app, got["code"],
                                code_verifier=VERIFIER), OK)
    got = redirected(world, code_challenge=VERIFIER,
                     code_challenge_method=method)
    check(world, world.exchange(world.app, got["code"],
                                code_verifier=VERIFIER + "x"), VERIFIER_BAD)


def test_public_clients_need_a_challenge(world):
    got = redirected(world, world.mobile)
    assert ("error" in got) == world.strict
    if world.strict:
        assert got["error"] == "invalid_request"


def test_a_plain_code_when_only_s256_is_left(world):
    if world.strict:
        pytest.skip("no such code can be had")
    code = redirected(world, code_challenge=VERIFIER)["code"]
    world.settings(pkce_methods="S256")
    try:
        check(world, world.exchange(world.app, code, code_verifier=VERIFIER),
              VERIFIER_BAD)
    finally:
        world.settings(pkce_methods="plain S256")


# ---- 5.2, 5.3: what is given ---------------------------------------------------

def test_answer(world):
    got = world.exchange(world.app, world.code()).json()
    assert list(got) == ["access_token", "token_type", "refresh_token",
                         "expires_in", "scope", "sub"]
    assert got["token_type"] == "Bearer"
    assert got["expires_in"] == 3600
    assert got["scope"] == SCOPE


def test_code_replay(world):
    code = world.code()
    got = world.exchange(world.app, code).json()
    newer = world.refresh(world.app, got["refresh_token"]).json()
    other = world.tokens()
    check(world, world.exchange(
        world.app, setattr(world, "presented", code) or code), CODE)
    for token in (got["access_token"], newer["access_token"]):
        assert world.reads(token) == (not world.strict)
    assert world.reads(other["access_token"])
    r = world.refresh(world.app, newer["refresh_token"])
    assert (r.status_code == 200) == (not world.strict)


def test_replay_by_another_client_revokes_nothing(world):
    code = world.code()
    got = world.exchange(world.app, code).json()
    world.exchange(world.second, code)
    assert world.reads(got["access_token"])


def test_code_is_burnt_by_a_failed_exchange(world):
    for wrong in ({"redirect_uri": CALLBACK + "/"},
                  {"code_verifier": "x" * 43}):
        code = world.code(**S256)
        world.exchange(world.app, code, **wrong)
        world.presented = code
        check(world, world.exchange(world.app, code, code_verifier=VERIFIER),
              CODE)


def test_credentials_come_before_the_code(world):
    """A refused client does not burn it."""
    code = world.code()
    r = world.ask({"grant_type": "authorization_code", "code": code,
                   "redirect_uri": CALLBACK,
                   "client_id": world.app["client_id"],
                   "client_secret": "wrong"})
    assert r.status_code == 401
    check(world, world.exchange(world.app, code), OK)


def test_life_of_a_code(world):
    for by, status in ((59, 200), (61, 400 if world.strict else 200),
                       (299, 400 if world.strict else 200), (300, 400)):
        code = world.code()
        world.server.advance(f"PT{by}S")
        assert world.exchange(world.app, code).status_code == status, by


# ---- 7 --------------------------------------------------------------------------

def test_refresh(world):
    t = world.tokens()
    r = world.refresh(world.app, t["refresh_token"])
    check(world, r, OK)
    new = r.json()
    assert list(new) == ["access_token", "token_type", "refresh_token",
                         "expires_in", "scope", "sub"]
    assert new["access_token"] != t["access_token"]
    assert (new["refresh_token"] == t["refresh_token"]) == \
        (not world.strict)
    assert world.reads(t["access_token"])
    assert world.reads(new["access_token"])


def test_reuse(world):
    t = world.tokens()
    others = world.tokens()
    first = world.refresh(world.app, t["refresh_token"]).json()
    second = world.refresh(world.app, first["refresh_token"]).json()
    world.presented = t["refresh_token"]
    check(world, world.refresh(world.app, t["refresh_token"]),
          (200, REFRESH[1]))
    for access in (t, first, second):
        assert world.reads(access["access_token"]) == (not world.strict)
    world.presented = second["refresh_token"]
    check(world, world.refresh(world.app, second["refresh_token"]),
          (200, REFRESH[1]))
    assert world.reads(others["access_token"]), "another family"
    check(world, world.refresh(world.app, others["refresh_token"]), OK)


def test_refused_requests_do_not_use_a_refresh_token(world):
    t = world.tokens(scope="offline_access " + READ)
    for more in ({"scope": WRITE}, {"scope": "fish"}):
        assert world.refresh(world.app, t["refresh_token"],
                             **more).status_code == 400
    check(world, world.refresh(world.app, t["refresh_token"]), OK)


def at_once(world, token, n=8):
    def one(_):
        with session() as http:
            return world.ask({"grant_type": "refresh_token",
                              "refresh_token": token}, http=http,
                             auth=(world.app["client_id"],
                                   world.app["client_secret"]))
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


def test_concurrent_refresh(world):
    got = at_once(world, world.tokens()["refresh_token"])
    won = [r for r in got if r.status_code == 200]
    if not world.strict:
        assert len(won) == len(got)
        return
    assert len(won) == 1, "exactly one"
    for r in got:
        if r is not won[0]:
            check(world, r, REFRESH)
    # the others were reuse: nobody knows who is the thief
    assert not world.reads(won[0].json()["access_token"])


def test_narrowed_scope(world):
    t = world.tokens()
    less = world.refresh(world.app, t["refresh_token"], scope=READ).json()
    assert less["scope"] == READ
    assert less["refresh_token"]
    again = world.refresh(world.app, less["refresh_token"]).json()
    assert again["scope"] == SCOPE, "the refresh token keeps all of it"


def test_limits(world):
    """kanta: none; strict: 90 days without use, a year in all."""
    t = world.tokens()
    for days in (89, 89, 89, 89):
        world.server.advance(f"P{days}D")
        r = world.refresh(world.app, t["refresh_token"])
        check(world, r, OK)
        t = r.json()
    world.server.advance("P10D")
    world.presented = t["refresh_token"]
    check(world, world.refresh(world.app, t["refresh_token"]),
          (200, REFRESH[1]))
    t = world.tokens()
    world.server.advance("P90D")
    check(world, world.refresh(world.app, t["refresh_token"]),
          (200, REFRESH[1]))


def test_s256_of_the_rfc():
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == CHALLENGE
