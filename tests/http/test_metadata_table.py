# SPDX-License-Identifier: Apache-2.0
"""The metadata of the authorization server, row by row, in both behaviours;
methods and CORS of its endpoints."""
import base64
import json

import pytest

from endpoints import WELL_KNOWN, World, check, error, register
from vendor import READ


@pytest.fixture(scope="module")
def world(either):
    return World(either)


# ---- the metadata -----------------------------------------------------------

LISTS = {"response_types_supported": ["code"],
         "grant_types_supported": ["authorization_code", "refresh_token"],
         "subject_types_supported": ["public"],
         "id_token_signing_alg_values_supported": ["RS256"]}


def places(server):
    """Where the metadata are by RFC 8414: below the issuer, as some clients
    have it, and where the RFC puts it."""
    path = server.auth[len(server.origin):]
    return [server.auth + WELL_KNOWN + "oauth-authorization-server",
            server.origin + WELL_KNOWN + "oauth-authorization-server" + path]


def test_metadata(world):
    auth = world.server.auth
    r = world.call("GET", WELL_KNOWN + "openid-configuration")
    got = r.json()
    check(r, 200, got)
    assert got["issuer"] == auth + ("" if world.strict else "/")
    for member, path in (("authorization_endpoint", "/authorize"),
                         ("token_endpoint", "/token"),
                         ("jwks_uri", "/jwk"),
                         ("registration_endpoint", "/register"),
                         ("introspection_endpoint", "/introspect"),
                         ("revocation_endpoint", "/revoke")):
        assert got[member] == auth + path
    for member, values in LISTS.items():
        assert got[member] == values
    assert "userinfo_endpoint" not in got, "no token has openid"
    assert {"client_secret_basic", "client_secret_post", "none",
            "private_key_jwt"} == \
        set(got["token_endpoint_auth_methods_supported"])
    assert got["code_challenge_methods_supported"] == \
        (["S256"] if world.strict else ["plain", "S256"])
    assert got.get("authorization_response_iss_parameter_supported") == \
        (True if world.strict else None)
    assert got["scopes_supported"][0] == "offline_access"
    assert READ in got["scopes_supported"]
    assert not [s for s in got["scopes_supported"]
                if s == "openid" or "*" in s]
    everything = " ".join(got["scopes_supported"])
    assert world.server.register(scope=everything)["scope"] == everything
    for absent in ("end_session_endpoint", "device_authorization_endpoint"):
        assert absent not in got


def test_one_issuer_everywhere(world):
    made = register(world).json()
    issuer = world.call("GET", WELL_KNOWN + "openid-configuration").json()[
        "issuer"]
    claims = world.issue()["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=" * 3))
    assert claims["iss"] == issuer
    assert made["registration_client_uri"].startswith(issuer)


def test_metadata_at_the_places_of_rfc_8414(world):
    for url in places(world.server):
        r = world.server.http.get(url, timeout=30)
        if world.strict:
            check(r, 200, world.call(
                "GET", WELL_KNOWN + "openid-configuration").json())
        else:
            check(r, 404, error("not_found"))


def test_metadata_follow_the_switches(start):
    s = start("--set", "openid=on", "--set", "scope_wildcards=on",
              "--set", "rfc8414_document=on", "--set",
              "issuer_trailing_slash=off")
    for url in places(s) + [s.auth + WELL_KNOWN + "openid-configuration"]:
        got = s.http.get(url, timeout=30).json()
        assert got["issuer"] == s.auth
        assert got["userinfo_endpoint"] == s.auth + "/userinfo"
        assert {"openid", "patient/*.read", "patient/*.write"} <= \
            set(got["scopes_supported"])


def test_every_advertised_endpoint_is_there(world):
    got = world.call("GET", WELL_KNOWN + "openid-configuration").json()
    for member, url in got.items():
        if member.endswith("_endpoint") or member == "jwks_uri":
            r = world.server.http.get(url, allow_redirects=False, timeout=30)
            assert r.status_code != 404, member


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"},
    {"Forwarded": "host=evil.example"},
    {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil"}])
def test_metadata_cannot_be_poisoned(world, headers):
    urls = [world.server.auth + WELL_KNOWN + "openid-configuration",
            world.server.r4 + WELL_KNOWN + "smart-configuration",
            world.server.r4 + "/metadata"]
    for url in urls + places(world.server):
        r = world.server.http.get(url, headers=headers, timeout=30)
        assert "evil" not in r.text and "https://127" not in r.text


def test_jwk(world):
    r = world.call("GET", "/jwk")
    got = r.json()
    check(r, 200, got)
    key, = got["keys"]
    assert list(key) == ["kty", "e", "use", "kid", "alg", "n"]
    assert (key["kty"], key["use"], key["kid"], key["alg"]) == \
        ("RSA", "sig", "rsa1", "RS256")


@pytest.mark.parametrize("path", ["endsession", "devicecode", "device",
                                  "resource", "api/clients",
                                  ".well-known/webfinger"])
def test_what_nobody_used_is_not_there(world, path):
    check(world.call("GET", "/" + path), 404, error("not_found"))


@pytest.mark.parametrize("base", ["r4", "stu3"])
def test_nothing_partial_at_the_fhir_base(world, base):
    for document in ("openid-configuration", "oauth-authorization-server"):
        r = world.server.http.get(
            world.server.base(base) + WELL_KNOWN + document, timeout=30)
        assert r.status_code == 404


@pytest.mark.parametrize("base", ["r4", "stu3"])
def test_smart_configuration(world, base):
    auth = world.server.auth
    r = world.server.http.get(
        world.server.base(base) + WELL_KNOWN + "smart-configuration",
        timeout=30)
    assert r.status_code == 200
    assert r.headers["Content-Type"].startswith("application/json")
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    got = r.json()
    for member in ("authorization", "token", "introspection", "revocation",
                   "registration"):
        path = {"authorization": "authorize", "introspection": "introspect",
                "revocation": "revoke", "registration": "register"}
        assert got[member + "_endpoint"] == \
            f"{auth}/{path.get(member, member)}"
    assert {"launch-standalone", "client-confidential-symmetric",
            "permission-patient", "permission-offline"} <= \
        set(got["capabilities"])
    assert got["code_challenge_methods_supported"] == ["S256"]
    assert got["grant_types_supported"] == ["authorization_code",
                                            "refresh_token"]
    assert READ in got["scopes_supported"]
    assert "issuer" not in got, "there is no sso-openid-connect"


@pytest.mark.parametrize("base", ["r4", "stu3"])
def test_oauth_uris_of_the_statement(world, base):
    auth = world.server.auth
    statement = world.server.http.get(
        world.server.base(base) + "/metadata", timeout=30).json()
    security = statement["rest"][0]["security"]
    uris = security["extension"][0]
    assert uris["url"] == "http://fhir-registry.smarthealthit.org/" \
        "StructureDefinition/oauth-uris"
    assert {e["url"]: e["valueUri"] for e in uris["extension"]} == {
        name: f"{auth}/{name}" for name in (
            "authorize", "token", "register", "introspect", "revoke")}


# ---- methods and CORS -------------------------------------------------------

METHODS = {
    "/token": "POST", "/introspect": "POST", "/revoke": "POST",
    "/register": "POST", "/register/x": "GET, HEAD, PUT, DELETE",
    "/userinfo": "GET, HEAD, POST", "/jwk": "GET, HEAD",
    "/.well-known/openid-configuration": "GET, HEAD",
    "/.well-known/oauth-authorization-server": "GET, HEAD",
}


@pytest.mark.parametrize("path,allowed", METHODS.items())
def test_preflight(world, path, allowed):
    r = world.call("OPTIONS", path, headers={
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization"})
    assert r.status_code == 200
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    assert r.headers["Access-Control-Allow-Methods"] == \
        "GET, POST, PUT, DELETE"
    assert r.headers["Access-Control-Allow-Headers"] == \
        "X-Requested-With,Origin,Content-Type, Accept, Authorization"
    assert "Access-Control-Allow-Credentials" not in r.headers
    assert set(r.headers["Allow"].split(", ")) == \
        set(allowed.split(", ")) | {"OPTIONS"}


@pytest.mark.parametrize("path,allowed,method", [
    (path, allowed, method) for path, allowed in METHODS.items()
    for method in ("GET", "PUT", "PATCH", "DELETE")
    if method not in allowed.split(", ")])
def test_method_not_allowed(world, path, allowed, method):
    r = world.call(method, path)
    check(r, 405, error(
        "invalid_request" if world.strict else "method_not_allowed",
        f"Request method '{method}' not supported"))
    assert set(r.headers["Allow"].split(", ")) == \
        set(allowed.split(", ")) | {"OPTIONS"}


def test_cors_at_the_root(world):
    r = world.server.http.options(places(world.server)[1], timeout=30,
                                  headers={"Origin": "https://app.example"})
    assert r.status_code == 200
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    assert set(r.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
