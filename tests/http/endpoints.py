# SPDX-License-Identifier: Apache-2.0
"""What the tables of the endpoints for programs stand on: applications, ways to
ask, and what every answer has."""
from support import CALLBACK, SCOPE
from vendor import READ

JSON = "application/json;charset=utf-8"
EMPTY = "nothing"  # a body of no bytes
FULL = "Full authentication is required to access this resource"
REALM = 'Bearer realm="openidconnect", error="%s", error_description="%s"'
BASIC = 'Basic realm="oauth"'
WELL_KNOWN = "/.well-known/"


def error(code, text=None):
    """An OAuth error; text None: any, but there is one."""
    return {"error": code, "error_description": text}


class World:
    """Applications and a citizen, and fresh tokens for each row."""

    def __init__(self, server):
        self.server = server
        self.strict = server.strict
        self.hetu = server.citizen()["hetu"]
        self.app = server.register()
        self.other = server.register(client_name="Other")
        self.public = server.register(client_name="Mobile",
                                      token_endpoint_auth_method="none")
        self.inspector = server.register(
            client_name="Inspector", allow_introspection=True,
            scope=READ + " offline_access")

    def issue(self, app=None, **more):
        return self.server.issue(app or self.app, self.hetu, **more)

    def post(self, path, app=None, headers=None, **form):
        auth = (app["client_id"], app["client_secret"]) if app else None
        return self.server.http.post(
            self.server.auth + path, data=form, auth=auth, headers=headers,
            timeout=30)

    def call(self, method, path, token=None, **more):
        headers = dict(more.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        return self.server.http.request(
            method, self.server.auth + path, headers=headers, timeout=30,
            **more)

    def reads(self, tokens):
        return self.server.http.get(
            f"{self.server.r4}/Observation?patient={tokens['sub']}",
            headers={"Authorization": "Bearer " + tokens["access_token"]},
            timeout=30).status_code

    def refreshes(self, tokens, app=None):
        return self.server.token(
            app or self.app, grant_type="refresh_token",
            refresh_token=tokens["refresh_token"]).status_code


def check(r, status, body, challenge=None):
    """An answer of a machine endpoint, with the headers that all have."""
    assert r.status_code == status, r.text
    if status != 204:
        assert r.headers["Content-Type"].replace(" ", "").lower() == JSON
    assert r.headers["Cache-Control"] == "no-store"
    assert r.headers["Pragma"] == "no-cache"
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in r.headers
    assert r.headers.get("WWW-Authenticate") == challenge
    if body == EMPTY:
        assert r.content == b""
        return
    got = r.json()
    assert list(got) == list(body), got
    for name, value in body.items():
        if name == "error_description" and value is None:
            assert got[name]
        else:
            assert got[name] == value, (name, got)


# ---- asking -----------------------------------------------------------------

def inspect(world, token, app=None, **more):
    return world.post("/introspect", app or world.inspector, token=token,
                      **more)


def revoke(world, token, app=None, **more):
    return world.post("/revoke", app or world.app, token=token, **more)


def register(world, **more):
    body = {"client_name": "Self-made", "redirect_uris": [CALLBACK],
            "scope": SCOPE}
    body.update(more)
    return world.call("POST", "/register", json=body)


def manage(world, method, made, token=None, **more):
    return world.call(method, "/register/" + made["client_id"],
                      token or made["registration_access_token"], **more)


# ---- tokens that are dead ---------------------------------------------------

def revoked(world):
    t = world.issue()
    world.server.admin("POST", "/tokens/revoke",
                       {"token": t["access_token"]}, 200)
    return t["access_token"]


def expired(world):
    t = world.issue()
    world.server.admin("POST", "/tokens/expire",
                       {"token": t["access_token"]}, 200)
    return t["access_token"]


def withdrawn(world):
    app = world.server.register()
    t = world.server.issue(app, world.hetu)
    world.server.admin("POST", "/permissions/withdraw",
                       {"client_id": app["client_id"], "hetu": world.hetu})
    return t["access_token"]
