# SPDX-License-Identifier: Apache-2.0
"""What the token endpoint gives, switch by switch: rotation and its grace,
limits, formats, ID tokens, ways to authenticate. Each application has its own
switches, so one server is enough."""
import base64
import collections
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import CALLBACK, back, request_of, session
from vendor import READ, WRITE

OPTIONS = ["--auto-approve", "--set", "openid=on"]


@pytest.fixture
def make(own):
    """make(**switches): an application that has them for itself."""
    def go(more=(), **switches):
        return own.register(set=switches, **dict(more))
    return go


def code(server, app, citizen=None, **more):
    """A code, without pages."""
    hint = citizen or server.citizen()["hetu"]
    r = server.http.get(server.auth + "/authorize", params=request_of(
        app, login_hint=hint, **more), allow_redirects=False, timeout=30)
    return back(r)["code"]


def exchange(server, app, text, **more):
    return server.token(app, grant_type="authorization_code", code=text,
                        redirect_uri=CALLBACK, **more)


def granted(server, app, **more):
    r = exchange(server, app, code(server, app, **more))
    assert r.status_code == 200, r.text
    return r.json()


def refresh(server, app, token, status=200, **more):
    r = server.token(app, grant_type="refresh_token", refresh_token=token,
                     **more)
    assert r.status_code == status, r.text
    return r.json()


def reads(server, token):
    return server.http.get(
        server.r4 + "/Observation", timeout=30,
        headers={"Authorization": "Bearer " + token}).status_code != 401


# ---- rotation -----------------------------------------------------------------

def test_rotation(own, make):
    app = make(refresh_rotation="rotate")
    tokens, seen = granted(own, app), set()
    for _ in range(5):
        seen.add(tokens["refresh_token"])
        tokens = refresh(own, app, tokens["refresh_token"])
        assert tokens["refresh_token"] not in seen
        assert reads(own, tokens["access_token"])


def test_reuse_ends_the_family_and_no_other(own, make):
    app = make(refresh_rotation="rotate")
    person = own.citizen()["hetu"]
    one, two = (granted(own, app, citizen=person) for _ in "ab")
    newer = refresh(own, app, one["refresh_token"])
    refresh(own, app, one["refresh_token"], 401)
    assert not reads(own, one["access_token"])
    assert not reads(own, newer["access_token"])
    refresh(own, app, newer["refresh_token"], 401)
    assert reads(own, two["access_token"])
    refresh(own, app, two["refresh_token"])


def test_reuse_after_long(own, make):
    """A used token is known as long as its family is."""
    app = make(refresh_rotation="rotate", refresh_idle_d="30")
    first = granted(own, app)
    newest = first
    for _ in range(3):
        own.advance("P20D")
        newest = refresh(own, app, newest["refresh_token"])
    assert reads(own, newest["access_token"])
    refresh(own, app, first["refresh_token"], 401)
    assert not reads(own, newest["access_token"])


def test_another_application_cannot_end_a_family(own, make):
    app = make(refresh_rotation="rotate", foreign_refresh_token="kept")
    thief = make(refresh_rotation="rotate", foreign_refresh_token="kept")
    tokens = granted(own, app)
    newer = refresh(own, app, tokens["refresh_token"])
    refresh(own, thief, tokens["refresh_token"], 401)
    refresh(own, thief, newer["refresh_token"], 401)
    assert reads(own, newer["access_token"])
    refresh(own, app, newer["refresh_token"])


def test_scope_comes_before_use_and_reuse_before_scope(own, make):
    app = make(refresh_rotation="rotate")
    tokens = granted(own, app, scope="offline_access " + READ)
    refresh(own, app, tokens["refresh_token"], 400, scope=WRITE)
    newer = refresh(own, app, tokens["refresh_token"])
    refresh(own, app, tokens["refresh_token"], 401, scope=WRITE)
    assert not reads(own, newer["access_token"])


def test_grace(own, make):
    app = make(refresh_rotation="rotate", refresh_grace_s="30")
    tokens = granted(own, app)
    first = refresh(own, app, tokens["refresh_token"])
    own.advance("PT29S")
    again = refresh(own, app, tokens["refresh_token"])
    assert again["refresh_token"] == first["refresh_token"]
    assert again["access_token"] != first["access_token"]
    assert reads(own, first["access_token"])
    assert reads(own, again["access_token"])
    # the successor is used: who comes with its predecessor is another
    second = refresh(own, app, first["refresh_token"])
    refresh(own, app, tokens["refresh_token"], 401)
    assert not reads(own, second["access_token"])
    refresh(own, app, second["refresh_token"], 401)


def test_grace_ends(own, make):
    app = make(refresh_rotation="rotate", refresh_grace_s="30")
    tokens = granted(own, app)
    first = refresh(own, app, tokens["refresh_token"])
    own.advance("PT30S")
    refresh(own, app, tokens["refresh_token"], 401)
    assert not reads(own, first["access_token"])


def test_grace_is_not_renewed(own, make):
    app = make(refresh_rotation="rotate", refresh_grace_s="30")
    tokens = granted(own, app)
    for _ in range(2):
        refresh(own, app, tokens["refresh_token"])
        own.advance("PT15S")
    refresh(own, app, tokens["refresh_token"], 401)


def test_successors_cannot_be_told_from_the_token(own, make):
    app = make(refresh_rotation="rotate")
    tokens = granted(own, app)
    first = tokens["refresh_token"]
    second = refresh(own, app, first)["refresh_token"]
    for name in ("sha256", "sha512"):
        digest = hashlib.new(name, first.encode()).digest()
        for text in (base64.urlsafe_b64encode(digest).decode(),
                     digest.hex()):
            assert second not in text
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", second)


@pytest.mark.parametrize("grace", ["0", "30"])
def test_refreshes_at_once(own, make, grace):
    app = make(refresh_rotation="rotate", refresh_grace_s=grace)
    tokens = granted(own, app)

    def one(_):
        with session() as http:
            return http.post(
                own.auth + "/token", timeout=30,
                auth=(app["client_id"], app["client_secret"]),
                data={"grant_type": "refresh_token",
                      "refresh_token": tokens["refresh_token"]})

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(one, range(8)))
    count = collections.Counter(r.status_code for r in got)
    if grace == "0":
        assert count == {200: 1, 401: 7}
        return
    assert count == {200: 8}
    assert len({r.json()["refresh_token"] for r in got}) == 1
    assert len({r.json()["access_token"] for r in got}) == 8


# ---- limits -------------------------------------------------------------------

def used(own, app, times, by):
    """What an application has that refreshed so often, so long after."""
    tokens = granted(own, app)
    for _ in range(times):
        own.advance(by)
        tokens = refresh(own, app, tokens["refresh_token"])
    return tokens


@pytest.mark.parametrize("rotation", ["reuse", "rotate"])
def test_idle_limit(own, make, rotation):
    app = make(refresh_rotation=rotation, refresh_idle_d="10")
    tokens = used(own, app, 4, "P9D")
    own.advance("P10D")
    refresh(own, app, tokens["refresh_token"], 401)


@pytest.mark.parametrize("rotation", ["reuse", "rotate"])
def test_absolute_limit(own, make, rotation):
    app = make(refresh_rotation=rotation, refresh_absolute_d="10")
    tokens = used(own, app, 3, "P3D")
    own.advance("PT23H59M59S")
    tokens = refresh(own, app, tokens["refresh_token"])
    own.advance("PT1S")
    refresh(own, app, tokens["refresh_token"], 401)


@pytest.mark.parametrize("rotation,later", [("reuse", 401), ("rotate", 200)])
def test_the_clients_own_limit(own, make, rotation, later):
    """It is that of one refresh token."""
    app = make({"refresh_token_seconds": 100}, refresh_rotation=rotation)
    tokens = used(own, app, 1, "PT60S")
    own.advance("PT60S")
    refresh(own, app, tokens["refresh_token"], later)


def test_the_earliest_limit_counts(own, make):
    app = make({"refresh_token_seconds": 3 * 86400}, refresh_idle_d="2",
               refresh_absolute_d="4")
    tokens = granted(own, app)
    own.advance("P2D")
    refresh(own, app, tokens["refresh_token"], 401)


@pytest.mark.parametrize("seconds", [1, 60, 7200])
def test_life_of_an_access_token(own, make, seconds):
    app = make({"access_token_seconds": seconds})
    tokens = granted(own, app)
    assert tokens["expires_in"] == seconds
    own.advance(f"PT{seconds - 1}S")
    assert reads(own, tokens["access_token"])
    own.advance("PT1S")
    assert not reads(own, tokens["access_token"])
    again = refresh(own, app, tokens["refresh_token"])
    assert again["expires_in"] == seconds


def test_expires_in_of_a_running_clock(start):
    server = start("--auto-approve", clock=None)
    app = server.register()
    assert granted(server, app)["expires_in"] == 3599


@pytest.mark.parametrize("seconds", ["1", "60", "600"])
def test_life_of_a_code(own, make, seconds):
    app = make(code_s=seconds)
    for by, status in ((int(seconds) - 1, 200), (int(seconds), 400)):
        text = code(own, app)
        own.advance(f"PT{by}S")
        assert exchange(own, app, text).status_code == status


# ---- what is granted ------------------------------------------------------------

def test_no_refresh_token_without_offline_access(own, make):
    tokens = granted(own, make(), scope=READ)
    assert "refresh_token" not in tokens


def test_no_refresh_token_for_who_may_not_refresh(own, make):
    app = make({"grant_types": ["authorization_code"]})
    assert "refresh_token" not in granted(own, app)


def test_scope_order_is_that_of_the_request(own, make):
    scope = " ".join([WRITE, "offline_access", READ])
    tokens = granted(own, make(), scope=scope)
    assert tokens["scope"] == scope


def test_narrowed_scope_is_that_of_one_answer(own, make):
    app = make()
    tokens = granted(own, app, scope=f"offline_access {READ} {WRITE}")
    less = refresh(own, app, tokens["refresh_token"], scope=READ)
    assert less["scope"] == READ
    assert claims(less["access_token"])["sub"] == tokens["sub"]
    again = refresh(own, app, less["refresh_token"])
    assert again["scope"] == tokens["scope"]


# ---- formats --------------------------------------------------------------------

def claims(token, which=1):
    part = token.split(".")[which]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def verified(server, token):
    """With the published key, by plain arithmetic (RFC 8017 8.2.2)."""
    key = server.http.get(server.auth + "/jwk", timeout=30).json()["keys"][0]
    assert claims(token, 0) == {"kid": key["kid"], "alg": "RS256"}

    def number(text):
        return int.from_bytes(base64.urlsafe_b64decode(
            text + "=" * (-len(text) % 4)), "big")

    text, _, signature = token.rpartition(".")
    block = pow(number(signature), number(key["e"]), number(key["n"]))
    return block.to_bytes(256, "big").endswith(
        hashlib.sha256(text.encode()).digest())


def test_access_token_as_jwt(own, make):
    tokens = granted(own, make())
    got = claims(tokens["access_token"])
    assert list(got) == ["sub", "azp", "iss", "exp", "iat", "jti"]
    assert got["sub"] == tokens["sub"]
    assert got["exp"] - got["iat"] == tokens["expires_in"]
    assert got["iss"] == own.auth + "/"
    assert verified(own, tokens["access_token"])


def test_audience(own, make):
    app = make()
    tokens = granted(own, app, aud=own.r4)
    assert claims(tokens["access_token"])["aud"] == own.r4
    again = refresh(own, app, tokens["refresh_token"])
    assert claims(again["access_token"])["aud"] == own.r4


def test_opaque_access_token(own, make):
    app = make(access_token_format="opaque")
    tokens = granted(own, app)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43,}", tokens["access_token"])
    assert reads(own, tokens["access_token"])
    again = refresh(own, app, tokens["refresh_token"])
    assert again["access_token"] != tokens["access_token"]


def test_patient_member(own, make):
    app = make(token_patient_member="on")
    tokens = granted(own, app)
    assert tokens["patient"] == tokens["sub"]
    assert refresh(own, app, tokens["refresh_token"])["patient"] == \
        tokens["sub"]
    assert "patient" not in granted(own, make())


def test_texts_are_random(own, make):
    """At least 128 bits of letters that are all in use."""
    app = make(access_token_format="opaque", refresh_rotation="rotate")
    kinds = collections.defaultdict(list)
    for _ in range(12):
        text = code(own, app)
        tokens = exchange(own, app, text).json()
        newer = refresh(own, app, tokens["refresh_token"])
        kinds["code"].append(text)
        kinds["access"].append(tokens["access_token"])
        kinds["refresh"].append(tokens["refresh_token"])
        kinds["successor"].append(newer["refresh_token"])
    for kind, texts in kinds.items():
        assert len(set(texts)) == len(texts), kind
        assert all(len(t) >= 22 for t in texts), kind
        assert len(set("".join(texts))) > 50, kind
        for column in zip(*texts):
            assert len(set(column)) > 1, kind


# ---- ID tokens --------------------------------------------------------------------

OPENID = "openid offline_access " + READ


def openid_app(make):
    return make({"scope": OPENID})


def test_id_token(own, make):
    app = openid_app(make)
    tokens = granted(own, app, scope=OPENID, nonce='n"1')
    got = claims(tokens["id_token"])
    assert list(got) == ["iss", "sub", "aud", "exp", "iat", "auth_time",
                         "nonce"]
    found = own.http.get(own.auth + "/.well-known/openid-configuration",
                         timeout=30).json()
    assert got["iss"] == found["issuer"]
    assert got["sub"] == tokens["sub"]
    assert got["aud"] == app["client_id"]
    assert got["nonce"] == 'n"1'
    assert got["exp"] > got["iat"] >= got["auth_time"]
    assert verified(own, tokens["id_token"])
    assert list(tokens)[-1] == "id_token"


def test_id_token_without_nonce(own, make):
    tokens = granted(own, openid_app(make), scope=OPENID)
    assert "nonce" not in claims(tokens["id_token"])


def test_no_id_token_elsewhere(own, make):
    app = openid_app(make)
    tokens = granted(own, app, scope=OPENID)
    assert "id_token" not in json.dumps(
        refresh(own, app, tokens["refresh_token"]))
    assert "id_token" not in json.dumps(granted(own, app, scope=READ))
    hetu = own.citizen()["hetu"]
    assert "id_token" not in json.dumps(own.issue(app, hetu, OPENID))
    # granted while the switch was on
    text = code(own, app, scope=OPENID)
    own.admin("PUT", "/settings", {"openid": "off"}, 200)
    try:
        assert "id_token" not in exchange(own, app, text).json()
    finally:
        own.admin("PUT", "/settings", {"openid": "on"}, 200)


def test_an_id_token_opens_nothing(own, make):
    tokens = granted(own, openid_app(make), scope=OPENID)
    assert not reads(own, tokens["id_token"])


# ---- who asks -----------------------------------------------------------------------

def ask(server, app, way, secret=None):
    """An exchange of nothing, with the credentials in that place."""
    form = {"grant_type": "authorization_code", "code": "none"}
    secret = app.get("client_secret", "") if secret is None else secret
    if way == "client_secret_basic":
        return server.token(None, basic=(app["client_id"], secret), **form)
    form["client_id"] = app["client_id"]
    if way == "client_secret_post":
        form["client_secret"] = secret
    return server.token(None, **form)


WAYS = ("client_secret_basic", "client_secret_post", "none")


@pytest.mark.parametrize("enforced", ["on", "off"])
@pytest.mark.parametrize("method", WAYS)
def test_method_that_is_registered(own, make, method, enforced):
    app = make({"token_endpoint_auth_method": method},
               enforce_auth_method=enforced)
    for way in WAYS:
        r = ask(own, app, way)
        if way == "client_secret_post" and method == "none":
            way = "none"  # an empty secret is no secret
        good = way == method or (enforced == "off" and
                                 (way == "none") == (method == "none"))
        if method == "none" and way == "client_secret_basic":
            good = enforced == "off"
        assert (r.status_code == 400) == good, (way, r.text)
        assert r.json()["error"] in \
            ({"invalid_grant"} if good else {"invalid_client",
                                             "unauthorized"})


def test_methods_refused_look_like_wrong_secrets(own, make):
    app = make(enforce_auth_method="on")
    refused = ask(own, app, "client_secret_post")
    wrong = ask(own, app, "client_secret_post", "wrong")
    assert refused.text == wrong.text
    assert refused.headers["WWW-Authenticate"] == \
        wrong.headers["WWW-Authenticate"]


def test_wording_of_one_application(own, make):
    """Before it is known the server's words count, behind that its own."""
    app = make(oauth_errors="rfc")
    r = own.token(app, grant_type="refresh_token", refresh_token="x")
    assert (r.status_code, r.json()["error"]) == (400, "invalid_grant")
    assert "WWW-Authenticate" not in r.headers
    r = ask(own, app, "client_secret_post", "wrong")
    assert r.json()["error_description"] == "Bad client credentials"


# ---- what is kept -------------------------------------------------------------------

def test_only_digests_are_stored(start, tmp_path):
    path = tmp_path / "a.db"
    server = start("--auto-approve", "--db", path)
    app = server.register(set={"refresh_rotation": "rotate",
                               "access_token_format": "opaque"})
    text = code(server, app)
    tokens = exchange(server, app, text).json()
    newer = refresh(server, app, tokens["refresh_token"])
    secrets = [text, app["client_secret"]] + [
        t[k] for t in (tokens, newer)
        for k in ("access_token", "refresh_token")]
    server.stop()
    stored = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert app["client_id"].encode() in stored
    for secret in secrets:
        assert secret.encode() not in stored
        assert hashlib.sha256(secret.encode()).hexdigest().encode() in stored


def test_grace_survives_a_restart(start, tmp_path):
    """The successor is made anew from the token and the stored key."""
    options = ["--auto-approve", "--db", tmp_path / "a.db"]
    server = start(*options)
    app = server.register(set={"refresh_rotation": "rotate",
                               "refresh_grace_s": "60"})
    tokens = granted(server, app)
    first = refresh(server, app, tokens["refresh_token"])
    server.stop()
    server = start(*options)
    again = refresh(server, app, tokens["refresh_token"])
    assert again["refresh_token"] == first["refresh_token"]
