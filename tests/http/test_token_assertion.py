# SPDX-License-Identifier: Apache-2.0
"""Applications that sign instead of sending a secret: private_key_jwt (RFC
7523), at the token endpoint, in both behaviours."""
import datetime
import hashlib
import hmac
import uuid

import pytest

import signer
import support
from support import CALLBACK, SCOPE, session

NOW = int(datetime.datetime.fromisoformat(support.CLOCK).timestamp())


@pytest.fixture(scope="module")
def place(own_either):
    return own_either


@pytest.fixture(scope="module")
def key():
    return signer.rsa_key()


def registered(place, *keys, **more):
    return place.register(token_endpoint_auth_method="private_key_jwt",
                          jwks={"keys": list(keys)}, **more)


@pytest.fixture(scope="module")
def signing(place, key):
    return registered(place, dict(key.jwk, kid="one"))


def claims(place, app, **more):
    c = {"iss": app["client_id"], "sub": app["client_id"],
         "aud": place.auth + "/token", "exp": NOW + 60, "iat": NOW,
         "jti": str(uuid.uuid4())}
    c.update(more)
    return {k: v for k, v in c.items() if v is not None}


def ask(place, assertion, **more):
    form = {"grant_type": "fish", "client_assertion_type": signer.JWT_BEARER,
            "client_assertion": assertion, **more}
    with session() as http:
        return http.post(place.auth + "/token", timeout=30, data={
            k: v for k, v in form.items() if v is not None})


def known(r):
    """It was refused for its grant type: the application is known."""
    assert (r.status_code, r.json()["error"]) == \
        (400, "unsupported_grant_type"), r.text


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_found_at_one_listener_sent_to_another(start, key, host):
    """The issuer of http:// is who an mtls:// listener is, too (RFC 8705 5)."""
    s = start("--listen", "mtls://127.0.0.1:0")
    app = registered(s, dict(key.jwk, kid="one"))
    issuer = s.request("GET", "/phr-authserver-sandbox/.well-known/"
                       "openid-configuration").json()["issuer"]
    issuer = issuer.replace("127.0.0.1", host)
    url = s.ready["listeners"][1]["url"].replace("127.0.0.1", host)
    for aud, is_it in ((issuer, True), (issuer + "x", False),
                       (issuer.replace("http:", "https:"), False)):
        r = s.http.post(
            url + "/phr-authserver-sandbox/token", timeout=30, verify=False,
            data={"grant_type": "fish",
                  "client_assertion_type": signer.JWT_BEARER,
                  "client_assertion": signer.jwt(
                      key, "RS256", claims(s, app, aud=aud))})
        assert r.status_code == (400 if is_it else 401), r.text


def refused(place, r, why=None):
    assert r.status_code == 401, r.text
    assert r.json()["error"] == "invalid_client"
    assert r.headers["Cache-Control"] == "no-store"
    if not place.strict:
        assert r.json()["error_description"] == "Bad client credentials"
        assert r.headers["WWW-Authenticate"].startswith('Form realm="oauth"')
        return
    assert "WWW-Authenticate" not in r.headers
    assert why is None or why in r.json()["error_description"], r.text


def test_whole_way(place, key, signing):
    citizen = place.citizen()["hetu"]
    tokens = place.issue(signing, citizen)
    assert "client_secret" not in signing
    r = ask(place, signer.jwt(key, "RS256", claims(place, signing)),
            grant_type="refresh_token",
            refresh_token=tokens["refresh_token"])
    assert r.status_code == 200, r.text
    assert r.json()["access_token"]


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512", "PS256", "PS384",
                                 "PS512", "ES256", "ES384"])
def test_algorithms(place, key, alg):
    mine = {"ES256": signer.Ec("P-256"), "ES384": signer.Ec("P-384")}.get(
        alg, key)
    app = registered(place, mine.jwk)
    good = signer.jwt(mine, alg, claims(place, app))
    known(ask(place, good))
    head, body, signature = signer.jwt(mine, alg,
                                       claims(place, app)).split(".")
    for wrong in (signature[:-4] + "AAAA", signature[:-4], "",
                  good.split(".")[2]):
        refused(place, ask(place, f"{head}.{body}.{wrong}"), "verifies")


@pytest.mark.parametrize("name", ["/token", "/", ""])
def test_audiences(place, key, signing, name):
    for aud in (place.auth + name, ["https://else.example",
                                    place.auth + name]):
        known(ask(place, signer.jwt(key, "RS256",
                                    claims(place, signing, aud=aud))))


WRONG = {
    "other aud": ({"aud": "https://else.example/token"}, "aud"),
    "aud of a longer path": ({"aud": "{}/token/"}, "aud"),
    "no aud": ({"aud": None}, "aud"),
    "empty aud": ({"aud": []}, "aud"),
    "aud no text": ({"aud": 1}, "aud"),
    "no exp": ({"exp": None}, "exp"),
    "exp no number": ({"exp": "soon"}, "exp"),
    "expired": ({"exp": NOW - 1}, "expired"),
    "expires now": ({"exp": NOW}, "expired"),
    "a day": ({"exp": NOW + 86400}, "within"),
    "for ever": ({"exp": 10 ** 30}, "within"),
    "not yet": ({"nbf": NOW + 120}, "not valid yet"),
    "of the future": ({"iat": NOW + 120}, "not valid yet"),
    "no jti": ({"jti": None}, "jti"),
    "empty jti": ({"jti": ""}, "jti"),
    "jti no text": ({"jti": 5}, "jti"),
    "long jti": ({"jti": "x" * 600}, "jti"),
    "iss of another": ({"iss": "other"}, "iss and sub"),
    "no iss": ({"iss": None}, "iss and sub"),
    "no sub": ({"sub": None}, "iss and sub"),
    "unknown": ({"sub": "nobody", "iss": "nobody"}, "verifies"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_claims(place, key, signing, name):
    change, why = WRONG[name]
    change = {k: v.replace("{}", place.auth) if isinstance(v, str) else v
              for k, v in change.items()}
    text = signer.jwt(key, "RS256", claims(place, signing, **change))
    refused(place, ask(place, text), why)


def test_good_once(place, key, signing):
    text = signer.jwt(key, "RS256", claims(place, signing))
    known(ask(place, text))
    refused(place, ask(place, text), "jti")
    # the jti counts, not the text
    same = claims(place, signing)
    known(ask(place, signer.jwt(key, "RS256", same)))
    refused(place, ask(place, signer.jwt(key, "RS256",
                                         dict(same, exp=NOW + 50))), "jti")
    # and it is one's own
    other = registered(place, key.jwk)
    known(ask(place, signer.jwt(key, "RS256",
                                claims(place, other, jti=same["jti"]))))


def test_key_that_is_not_for_it(place, key):
    stranger = signer.rsa_key(1)
    for jwk, header in (
            (stranger.jwk, {}), (dict(key.jwk, use="enc"), {}),
            (dict(key.jwk, alg="PS256"), {}),
            (dict(key.jwk, kid="a"), {"kid": "b"}),
            ({"kty": "oct", "k": "AAAA"}, {}), ({}, {}), ({"kty": 1}, {})):
        app = registered(place, jwk)
        refused(place, ask(place, signer.jwt(key, "RS256",
                                             claims(place, app), **header)),
                "verifies")


def test_right_one_of_several_keys(place, key):
    stranger = signer.rsa_key(1)
    app = registered(place, signer.Ec().jwk, stranger.jwk,
                     dict(key.jwk, kid="b", use="sig", alg="RS256"))
    known(ask(place, signer.jwt(key, "RS256", claims(place, app))))
    known(ask(place, signer.jwt(key, "RS256", claims(place, app), kid="b")))


def test_forgeries(place, key, signing):
    c = claims(place, signing)
    head = signer.part({"alg": "none"}) + "." + signer.part(c)
    refused(place, ask(place, head + "."), "verifies")
    # the public key as a shared secret
    text = signer.part({"alg": "HS256"}) + "." + signer.part(c)
    mac = hmac.new(key.jwk["n"].encode(), text.encode(), hashlib.sha256)
    refused(place, ask(place, text + "." + signer.b64url(mac.digest())),
            "verifies")
    # with the key in the header
    stranger = signer.rsa_key(1)
    refused(place, ask(place, signer.jwt(stranger, "RS256", c,
                                         jwk=stranger.jwk)), "verifies")
    refused(place, ask(place, signer.jwt(key, "RS256", c, crit=["b64"],
                                         b64=False)), "signed JWT")


@pytest.mark.parametrize("text", [
    None, "x", "a.b", "a.b.c", "..", "a.b.c.d", "é.é.é", "e30.e30.e30",
    signer.part([]) + "." + signer.part([]) + ".AAAA", "." * 1000,
    signer.part({"alg": 1}) + "." + signer.part({"sub": 1}) + ".AAAA",
    signer.b64url(b"{") + "." + signer.b64url(b"{") + ".AAAA"])
def test_no_assertion(place, text):
    refused(place, ask(place, text), "signed JWT")


def test_type_of_assertion(place, key, signing):
    text = signer.jwt(key, "RS256", claims(place, signing))
    for name in (None, "fish", signer.JWT_BEARER.replace("jwt", "saml2")):
        refused(place, ask(place, text, client_assertion_type=name),
                "client_assertion_type")


def test_client_id_beside_it(place, key, signing):
    text = signer.jwt(key, "RS256", claims(place, signing))
    refused(place, ask(place, text, client_id="other"), "client_id")
    known(ask(place, text, client_id=signing["client_id"]))


def test_other_methods_have_no_assertion(place, key):
    """Keys that an application has for something else open nothing."""
    app = place.register(jwks={"keys": [key.jwk]})
    refused(place, ask(place, signer.jwt(key, "RS256", claims(place, app))),
            "verifies")


def test_no_secret_for_who_signs(place, signing):
    for form in ({"client_secret": "x"}, {}):
        r = place.token(grant_type="fish", client_id=signing["client_id"],
                        **form)
        assert r.status_code == 401
        assert r.json()["error"] == "invalid_client"


def test_unknown_application_looks_like_a_wrong_signature(place, signing):
    stranger = signer.rsa_key(1)

    def looks(app):
        r = ask(place, signer.jwt(stranger, "RS256", claims(place, app)))
        return r.status_code, r.text, {
            k: v for k, v in r.headers.items()
            if k.lower() not in (
                "date", "x-request-id", "x-mock-explain")}

    assert looks(signing) == looks({"client_id": "nobody"})


def test_registered_algorithm(place, key):
    app = registered(place, key.jwk, token_endpoint_auth_signing_alg="PS256")
    refused(place, ask(place, signer.jwt(key, "RS256", claims(place, app))),
            "verifies")
    known(ask(place, signer.jwt(key, "PS256", claims(place, app))))


def test_two_ways_at_once(place, key, signing):
    text = signer.jwt(key, "RS256", claims(place, signing))
    app = place.register()
    with session() as http:
        r = http.post(place.auth + "/token", timeout=30, data={
            "grant_type": "fish", "client_assertion": text,
            "client_assertion_type": signer.JWT_BEARER},
            auth=(app["client_id"], app["client_secret"]))
    if place.strict:
        assert (r.status_code, r.json()["error"]) == (400, "invalid_request")
    else:
        known(r)


def test_not_in_the_query(place, key, signing):
    text = signer.jwt(key, "RS256", claims(place, signing))
    with session() as http:
        r = http.post(place.auth + "/token", timeout=30,
                      data={"grant_type": "fish"},
                      params={"client_assertion": text,
                              "client_assertion_type": signer.JWT_BEARER})
    if place.strict:
        assert (r.status_code, r.json()["error"]) == (400, "invalid_request")
        assert "query" in r.json()["error_description"]
    else:
        known(r)


def test_keys_are_asked_for_at_registration(place):
    r = place.admin("POST", "/clients", {
        "redirect_uris": [CALLBACK], "scope": SCOPE,
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://app.example/jwks"})
    assert r.status_code == 400
    assert "jwks" in r.text


def test_nothing_of_it_in_the_log(place, key, signing):
    text = signer.jwt(key, "RS256", claims(place, signing))
    known(ask(place, text))
    log = place.log()
    assert "/token" in log
    assert text.split(".")[1] not in log
