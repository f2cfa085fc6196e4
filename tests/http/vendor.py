# SPDX-License-Identifier: Apache-2.0
"""An application as its vendor wrote it: plain HTTP, no library and no browser.
The citizen's part is a call of the control API, or the forms of the pages sent
as a script sends them."""
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import support
from support import Browser, CALLBACK, SCOPE, back, request_of, session, weight

OBSERVATION = ("patient/Observation.read", "patient/Observation.write")
READ, WRITE = OBSERVATION
OFFLINE = "offline_access"
JSON = "application/json;charset=UTF-8"
MEMBERS = ["access_token", "token_type", "refresh_token", "expires_in", "scope",
           "sub"]

# appendix B of RFC 7636
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def at_once(calls):
    """Their answers, all of them begun at the same moment."""
    gate = threading.Barrier(len(calls))

    def go(call):
        gate.wait(10)
        return call()
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


def query_of(url):
    return dict(urllib.parse.parse_qsl(
        urllib.parse.urlsplit(url).query, keep_blank_values=True,
        strict_parsing=True))


class Vendor:
    """One application at one server."""

    def __init__(self, server, **more):
        self.server = server
        self.app = server.register(**more)
        self.id = self.app["client_id"]
        self.secret = self.app.get("client_secret")
        self.http = session()

    # -- what the citizen does

    def decide(self, code, decision="approve", **more):
        """The URL that the browser would be sent to."""
        body = {"client_id": self.id, "hetu": code, "decision": decision,
                "redirect_uri": CALLBACK, "state": "st4te", "scope": SCOPE}
        body.update(more)
        return self.server.admin("POST", "/authorize", {
            k: v for k, v in body.items() if v is not None},
            200).json()["redirect_url"]

    def code(self, code, **more):
        return query_of(self.decide(code, **more))["code"]

    def withdrawn(self, code):
        return self.server.admin("POST", "/permissions/withdraw", {
            "client_id": self.id, "hetu": code}, 200).json()["count"]

    def pages(self, code, browser=None, **more):
        """Through login and consent; the parameters of the redirect back."""
        browser = browser or Browser(self.server)
        return back(browser.walk(request_of(self.app, **more), code))

    # -- what the application does

    def post(self, path, auth=None, **form):
        """As a form; auth: who says so, without: the application itself."""
        if auth is None and self.secret is not None:
            auth = (self.id, self.secret)
        elif not auth:
            form.setdefault("client_id", self.id)
        # a connection of its own: several may ask at once
        with session() as http:
            return http.post(
                self.server.auth + path, auth=auth or None, timeout=30,
                data={k: v for k, v in form.items() if v is not None})

    def exchange(self, code, **more):
        return self.post("/token", **{
            "grant_type": "authorization_code", "code": code,
            "redirect_uri": CALLBACK, **more})

    def refresh(self, token, **more):
        return self.post("/token", grant_type="refresh_token",
                         refresh_token=token, **more)

    def revoke(self, token, **more):
        return self.post("/revoke", token=token, **more)

    def connect(self, code, **more):
        """Tokens for a citizen who approves."""
        extra = {k: more.pop(k) for k in ("code_verifier",) if k in more}
        r = self.exchange(self.code(code, **more), **extra)
        assert r.status_code == 200, r.text
        return r.json()

    # -- data

    def fhir(self, method, path, token, **more):
        headers = {"Authorization": "Bearer " + token} if token else {}
        headers.update(more.pop("headers", {}))
        return self.http.request(method, self.server.r4 + path,
                                 headers=headers, timeout=30, **more)

    def search(self, tokens, query=""):
        return self.fhir("GET", "/Observation?patient=" + tokens["sub"] +
                         query, tokens["access_token"])

    def reads(self, tokens):
        """200 or 401, and nothing between."""
        status = self.search(tokens).status_code
        assert status in (200, 401), status
        return status == 200

    def store(self, tokens, kg=72.5):
        return self.fhir("POST", "/Observation", tokens["access_token"],
                         json=weight(tokens["sub"], kg=kg),
                         headers={"Content-Type": support.FHIR_JSON})


# ---- what is promised -------------------------------------------------------

def machine(r, status, challenge=None):
    """The headers that every answer for a program has."""
    assert r.status_code == status, r.text
    assert r.headers["Content-Type"] == JSON
    assert r.headers["Cache-Control"] == "no-store"
    assert r.headers["Pragma"] == "no-cache"
    assert r.headers.get("WWW-Authenticate") == challenge
    return r


def refused(r, status, error, text=None, challenge=None):
    """challenge: of the stock software, which says the error in it again."""
    if challenge is not None:
        challenge = '%serror="%s", error_description="%s"' % (
            challenge, error, text)
    machine(r, status, challenge)
    got = r.json()
    assert got["error"] == error, got
    assert got["error_description"]
    assert text is None or got["error_description"] == text, got
    assert not {"access_token", "refresh_token"} & set(got)


def dead_refresh(vendor, r, token):
    """As a refresh token that is not good (any more) is refused."""
    if vendor.server.strict:
        refused(r, 400, "invalid_grant",
                "The refresh token is unknown, has expired or was revoked")
    else:
        refused(r, 401, "invalid_token", "Invalid refresh token: " + token,
                "Bearer ")


def dead_code(vendor, r, code):
    """As a code that is unknown, used or expired."""
    refused(r, 400, "invalid_grant",
            "The code is unknown, was used before or has expired"
            if vendor.server.strict else
            "JpaAuthorizationCodeRepository: no authorization code found for "
            "value " + code)


def dead_access(r):
    assert r.status_code == 401, r.text
    assert r.headers["WWW-Authenticate"] == \
        'Bearer realm="phr-resourceserver", error="invalid_token", ' \
        'error_description="The access token expired"'
    assert support.outcome(r)["issue"][0]["severity"] == "error"


def granted(vendor, r, scope=SCOPE, refresh=True):
    """A token answer, whole."""
    machine(r, 200)
    got = r.json()
    wanted = [m for m in MEMBERS if refresh or m != "refresh_token"]
    assert list(got) == wanted, got
    assert got["token_type"] == "Bearer"
    assert got["scope"] == scope
    return got
