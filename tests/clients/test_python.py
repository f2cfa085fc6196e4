# SPDX-License-Identifier: Apache-2.0
"""The OAuth libraries that Debian has for Python, Authlib and
requests-oauthlib, unchanged: the whole journey in both behaviours."""
import os
import sys
import time
import urllib.parse

import pytest
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.integrations.requests_client import OAuthError
from authlib.jose import JsonWebKey, jwt
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from requests_oauthlib import OAuth2Session as RequestsOAuthlib

HERE = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(HERE, "..", "http"))
from support import (  # noqa: E402
    CALLBACK, SCOPE, SCOPES, Browser, Server, weight)

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # what its manual says
BEHAVIOURS = os.environ.get("OAUTH", "kanta strict").split()

# what a library reports of a refusal: the OAuth error of the answer
ERRORS = {
    "kanta": {"denied": "access_denied", "code": "invalid_grant",
              "refresh": "invalid_token",
              "client_secret_post": "invalid_client",
              "client_secret_basic": "unauthorized",
              "private_key_jwt": "invalid_client"},
    "strict": {"denied": "access_denied", "code": "invalid_grant",
               "refresh": "invalid_grant",
               "client_secret_post": "invalid_client",
               "client_secret_basic": "invalid_client",
               "private_key_jwt": "invalid_client"}}

KEY, FOREIGN_KEY = (JsonWebKey.generate_key("RSA", 2048, is_private=True)
                    for _ in range(2))


def own_secret(app, method):
    """What the application proves itself with."""
    if method == "private_key_jwt":
        wrong = app.get("client_secret") == "wrong"
        return (FOREIGN_KEY if wrong else KEY).as_pem(is_private=True)
    return None if method == "none" else app["client_secret"]


class WithAuthlib:
    """PKCE always; it can revoke and introspect."""
    can = {"revoke", "introspect"}

    def __init__(self, server, app, method, scope=SCOPE):
        self.auth = server.auth
        self.session = Authlib(
            app["client_id"], own_secret(app, method),
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method, scope=scope,
            redirect_uri=CALLBACK, code_challenge_method="S256",
            token_endpoint=server.auth + "/token")
        self.session.trust_env = False
        self.assert_at()

    def assert_at(self, ahead=0):
        """Assertions are made by a clock that runs ahead."""
        claims = {"exp": int(time.time()) + ahead + 60} if ahead else None
        self.session.register_client_auth_method(
            PrivateKeyJWT(self.auth + "/token", claims=claims))

    def login(self, **more):
        self.verifier = generate_token(48)
        url, self.session.state = self.session.create_authorization_url(
            self.auth + "/authorize", code_verifier=self.verifier, **more)
        return url

    # A redirect with an error is looked at by its parts for web frameworks,
    # not by the session: so does the application here.
    def callback(self, url):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        if "error" in query:
            raise OAuthError(query["error"], query.get("error_description"))
        return self.session.fetch_token(
            self.auth + "/token", authorization_response=url,
            code_verifier=self.verifier)

    def refresh(self, token):
        return self.session.refresh_token(
            self.auth + "/token", token["refresh_token"],
            scope=token["scope"])

    def refresh_by_itself(self, store):
        self.session.update_token = lambda token, **_: store(dict(token))

    def revoke(self, token, kind):
        r = self.session.revoke_token(self.auth + "/revoke", token[kind],
                                      token_type_hint=kind)
        assert r.status_code == 200, r.text

    def introspect(self, text):
        r = self.session.introspect_token(self.auth + "/introspect", text)
        assert r.status_code == 200, r.text
        return r.json()

    def request(self, token, method, url, **more):
        self.session.token = token
        return self.session.request(method, url, **more)


class WithRequestsOAuthlib:
    """The secret in the header, or with include_client_id in the form."""
    can = set()

    def __init__(self, server, app, method):
        self.auth, self.app, self.method = server.auth, app, method
        self.session = RequestsOAuthlib(
            app["client_id"], scope=SCOPE, redirect_uri=CALLBACK)
        self.session.trust_env = False

    def login(self):
        url, _ = self.session.authorization_url(self.auth + "/authorize")
        return url

    def assert_at(self, ahead):
        pass

    def callback(self, url):
        return self.session.fetch_token(
            self.auth + "/token", authorization_response=url,
            client_secret=self.app["client_secret"],
            include_client_id=self.method == "client_secret_post")

    def refresh(self, token):
        id_and_secret = (self.app["client_id"], self.app["client_secret"])
        if self.method == "client_secret_basic":
            more = {"auth": id_and_secret}
        else:
            more = dict(zip(("client_id", "client_secret"), id_and_secret))
        self.session.scope = token["scope"]
        return self.session.refresh_token(
            self.auth + "/token", token["refresh_token"], **more)

    def refresh_by_itself(self, store):
        self.session.auto_refresh_url = self.auth + "/token"
        self.session.token_updater = lambda token: store(dict(token))
        self.session.auto_refresh_kwargs = {
            name: self.app[name] for name in ("client_id", "client_secret")}

    def request(self, token, method, url, **more):
        self.session.token = token
        return self.session.request(method, url, **more)


LIBRARIES = [(WithAuthlib, "client_secret_basic"),
             (WithAuthlib, "client_secret_post"),
             (WithAuthlib, "private_key_jwt"),
             (WithAuthlib, "none"),
             (WithRequestsOAuthlib, "client_secret_basic"),
             (WithRequestsOAuthlib, "client_secret_post")]


def registration(method, **more):
    if method == "private_key_jwt":
        more["jwks"] = {"keys": [KEY.as_dict(is_private=False)]}
    return dict(more, token_endpoint_auth_method=method,
                allow_introspection=method != "none")


class Application:
    """One library's application at one server, with a citizen's browser."""

    def __init__(self, server, oauth, library, method):
        self.server, self.library, self.method = server, library, method
        self.strict, self.errors = oauth == "strict", ERRORS[oauth]
        self.citizen = server.citizen()
        self.app = server.register(**registration(method))
        self.browser = Browser(server)
        self.one = library(server, self.app, method)

    def back(self, one=None, **more):
        """The URL with which the browser comes back."""
        url = (one or self.one).login()
        if more:
            url += "&" + urllib.parse.urlencode(more)
        query = urllib.parse.urlsplit(url).query
        r = self.browser.walk(query, self.citizen["hetu"])
        return r.headers["Location"]

    def sign_in(self, one=None):
        return dict((one or self.one).callback(self.back(one)))

    def refresh(self, token):
        return dict(self.one.refresh(token))

    def status(self, token):
        url = self.server.r4 + "/Patient/" + self.citizen["patient_id"]
        return self.one.request(token, "GET", url).status_code

    def refused(self, what, action, *arguments):
        with pytest.raises(Exception) as caught:
            action(*arguments)
        got = getattr(caught.value, "error", repr(caught.value))
        assert got == self.errors[what]


@pytest.fixture(scope="module", params=BEHAVIOURS)
def behaviour(request):
    with Server("--oauth", request.param, clock=None) as server:
        yield server, request.param


@pytest.fixture(params=LIBRARIES,
                ids=lambda p: f"{p[0].__name__}-{p[1]}")
def app(request, behaviour):
    return Application(*behaviour, *request.param)


def test_tokens_and_fhir(app):
    token = app.sign_in()
    scope = token["scope"]
    assert (scope.split() if isinstance(scope, str) else scope) == SCOPES
    assert 3590 < token["expires_in"] <= 3600
    assert token["sub"] == app.citizen["patient_id"]
    made = app.one.request(
        token, "POST", app.server.r4 + "/Observation",
        json=weight(token["sub"]))
    assert made.status_code == 201, made.text
    found = app.one.request(
        token, "GET", app.server.r4 + "/Observation?patient=" + token["sub"])
    assert found.json()["total"] == 1


def test_refresh_twice(app):
    tokens = [app.sign_in()]
    for _ in range(2):
        tokens.append(app.refresh(tokens[-1]))
        assert app.status(tokens[-1]) == 200
    assert len({t["access_token"] for t in tokens}) == 3
    assert len({t["refresh_token"] for t in tokens}) == (
        3 if app.strict else 1)


def test_the_library_refreshes_by_itself(app):
    stored = []
    token = dict(app.sign_in(), expires_at=1)
    app.one.refresh_by_itself(stored.append)
    assert app.status(token) == 200
    assert app.status(stored[-1]) == 200
    stale = dict(stored[-1], expires_at=1)
    assert app.status(stale) == 200, "what was stored can be refreshed"
    assert len({t["access_token"] for t in [token] + stored}) == 3


def test_a_refresh_token_that_was_used(app):
    other, old = app.sign_in(), app.sign_in()
    new = app.refresh(old)
    if not app.strict:
        app.refresh(old)
        assert app.status(new) == 200
        return
    app.refused("refresh", app.refresh, old)
    app.refused("refresh", app.refresh, new)
    assert app.status(new) == 401
    assert app.status(other) == 200


def test_a_code_is_good_once(app):
    back = app.back()
    first = dict(app.one.callback(back))
    app.refused("code", app.one.callback, back)
    assert app.status(first) == (401 if app.strict else 200)


def test_a_wrong_secret(app):
    if app.method == "none":
        pytest.skip("it has no secret")
    wrong = app.library(app.server, dict(app.app, client_secret="wrong"),
                        app.method)
    app.refused(app.method, app.sign_in, wrong)


def test_a_state_that_is_not_ours(app):
    back = app.back().replace("state=", "state=not-ours")
    with pytest.raises(Exception, match="(?i)state"):
        app.one.callback(back)


def test_the_citizen_says_no(app):
    url = app.one.login()
    page = app.browser.login(app.browser.get(url), app.citizen["hetu"])
    back = app.browser.deny(page).headers["Location"]
    app.refused("denied", app.one.callback, back)


def test_revocation(app):
    if "revoke" not in app.library.can:
        pytest.skip("this library cannot")
    other, token = app.sign_in(), app.sign_in()
    app.one.revoke(token, "access_token")
    assert app.status(token) == 401
    token = app.refresh(token)
    assert app.status(token) == 200
    app.one.revoke(token, "refresh_token")
    app.refused("refresh", app.refresh, token)
    assert app.status(token) == 401
    assert app.status(other) == 200


def test_introspection(app):
    if "introspect" not in app.library.can:
        pytest.skip("this library cannot")
    if app.method == "none":
        pytest.skip("nobody vouches for who asks")
    token = app.sign_in()
    access = app.one.introspect(token["access_token"])
    assert access["active"] is True
    assert access["scope"] == SCOPE
    assert access["client_id"] == app.app["client_id"]
    assert app.one.introspect(token["refresh_token"])["active"] is True
    assert app.one.introspect("nobody's") == {"active": False}


def test_the_permission_is_withdrawn(app):
    token = app.sign_in()
    app.server.admin("POST", "/permissions/withdraw", {
        "client_id": app.app["client_id"], "hetu": app.citizen["hetu"]}, 200)
    assert app.status(token) == 401
    app.refused("refresh", app.refresh, token)


def test_the_access_token_expires(app):
    token = app.sign_in()
    app.server.advance("PT1H")
    try:
        app.one.assert_at(ahead=3600)
        assert app.status(token) == 401
        assert app.status(app.refresh(token)) == 200
    finally:
        app.server.admin("PUT", "/clock", {"mode": "real"}, 200)


# ---- OpenID Connect ---------------------------------------------------------

@pytest.mark.parametrize("oauth", BEHAVIOURS)
def test_authlib_validates_the_id_token(oauth):
    with Server("--oauth", oauth, "--set", "openid=on", clock=None) as server:
        scope = "openid " + SCOPE
        citizen = server.citizen()
        app = server.register(
            **registration("client_secret_basic", scope=scope))
        one = WithAuthlib(server, app, "client_secret_basic", scope)
        url = one.login(nonce="n0nce")
        r = Browser(server).walk(urllib.parse.urlsplit(url).query,
                                 citizen["hetu"])
        token = one.callback(r.headers["Location"])
        issuer = server.auth + ("" if oauth == "strict" else "/")
        keys = JsonWebKey.import_key_set(
            server.http.get(server.auth + "/jwk").json())
        claims = jwt.decode(
            token["id_token"], keys, claims_cls=CodeIDToken,
            claims_options={"iss": {"essential": True, "value": issuer}},
            claims_params={"nonce": "n0nce", "client_id": app["client_id"],
                           "access_token": token["access_token"]})
        claims.validate(leeway=5)
        assert claims["sub"] == citizen["patient_id"]
        assert claims["aud"] in (app["client_id"], [app["client_id"]])
        info = one.request(token, "GET", server.auth + "/userinfo")
        assert info.json()["sub"] == citizen["patient_id"]
