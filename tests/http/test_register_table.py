# SPDX-License-Identifier: Apache-2.0
"""Every row of the table of register, in both behaviours: registering, reading,
changing and deleting, and what the control API alone may say."""
import uuid

import pytest

from endpoints import (BASIC, EMPTY, FULL, REALM, World, check, error,
                       manage, register, revoke)
from support import CALLBACK, SCOPE, session
from vendor import READ


@pytest.fixture(scope="module")
def world(either):
    return World(either)


# ---- register ---------------------------------------------------------------

ANSWER = """client_id client_secret redirect_uris client_name client_uri
logo_uri logoId contacts tos_uri token_endpoint_auth_method scope grant_types
response_types policy_uri jwks_uri jwks jwksType sector_identifier_uri
request_object_signing_alg userinfo_signed_response_alg
userinfo_encrypted_response_alg userinfo_encrypted_response_enc
id_token_signed_response_alg id_token_encrypted_response_alg
id_token_encrypted_response_enc default_max_age require_auth_time
default_acr_values initiate_login_uri post_logout_redirect_uris
claims_redirect_uris request_uris software_statement software_id
software_version code_challenge_method registration_access_token
registration_client_uri softwareId softwareVersion
token_endpoint_auth_signing_alg client_secret_expires_at
client_id_issued_at""".split()


@pytest.fixture
def made(world):
    r = register(world)
    assert r.status_code == 201, r.text
    return r.json()


def has_members(world, got):
    """Those of the real answer; strict leaves out what has no value."""
    if not world.strict:
        assert list(got) == ANSWER
        return
    assert None not in got.values(), got
    assert list(got) == [name for name in ANSWER if name in got]
    assert {"client_id", "scope", "redirect_uris",
            "client_id_issued_at"} <= set(got)


def test_register(world):
    r = register(world)
    got = r.json()
    check(r, 201, got)
    has_members(world, got)
    uuid.UUID(got["client_id"])
    assert len(got["client_secret"]) >= 43
    assert got["token_endpoint_auth_method"] == "client_secret_basic"
    assert got["grant_types"] == ["authorization_code", "refresh_token"]
    assert got["registration_client_uri"] == \
        world.server.auth + "/register/" + got["client_id"]
    assert len(got["registration_access_token"]) >= 43
    assert got["client_secret_expires_at"] == 0


def test_grants_follow_from_the_scope(world):
    got = register(world, scope=READ).json()
    assert got["grant_types"] == ["authorization_code"]


def test_submitted_credentials_are_ignored(world):
    got = register(world, client_id="mine", client_secret="mine",
                   registration_access_token="mine",
                   registration_client_uri="https://evil.example/").json()
    for name in ("client_id", "client_secret", "registration_access_token",
                 "registration_client_uri"):
        assert "mine" != got[name] and "evil" not in got[name]


@pytest.mark.parametrize("own", [
    {"auto_approve": True, "allow_introspection": True,
     "set": {"code_s": "9"}},
    {"auto_approve": 5, "allow_introspection": "yes", "set": "fish"}])
def test_the_mocks_own_members_are_ignored(world, own):
    got = register(world, **own).json()
    has_members(world, got)
    shown = world.server.admin("GET", "/clients/" + got["client_id"]).json()
    assert shown["auto_approve"] is False
    assert shown["allow_introspection"] is False
    assert shown["set"] == {}


REFUSED = {
    "no redirect_uris": (
        {"redirect_uris": None}, "invalid_redirect_uri",
        "Clients using a redirect-based grant type must register at least one "
        "redirect URI."),
    "fragment": ({"redirect_uris": [CALLBACK + "#f"]}, "invalid_redirect_uri",
                 "Redirect URI can not have a fragment"),
    "password": ({"grant_types": ["password"]}, "invalid_client_metadata",
                 "The password grant type is not allowed in dynamic "
                 "registration on this server."),
    "method": ({"token_endpoint_auth_method": "fish"},
               "invalid_client_metadata", "Unknown authentication method"),
    "method without keys": (
        {"token_endpoint_auth_method": "private_key_jwt",
         "jwks_uri": "https://app.example/keys"}, "invalid_client_metadata",
        "private_key_jwt needs the public keys by value: jwks with a list "
        "keys"),
    "scope": ({"scope": "openid"}, "invalid_client_metadata", None),
    "wildcard": ({"scope": "patient/*.read"}, "invalid_client_metadata", None),
    "professional": ({"kind": "professional", "scope": READ},
                     "invalid_client_metadata", None),
}


@pytest.mark.parametrize("change,code,text", REFUSED.values(),
                         ids=REFUSED.keys())
def test_register_refused(world, change, code, text):
    check(register(world, **change), 400, error(code, text))


@pytest.mark.parametrize("body", ["", "{", "fish", '{"a":1}x', "\xff"])
def test_register_what_is_not_json(world, body):
    r = world.call("POST", "/register", data=body.encode("latin-1"),
                   headers={"Content-Type": "application/json"})
    if world.strict:
        check(r, 400, error("invalid_client_metadata"))
    else:
        check(r, 400, EMPTY)


def test_registering_an_array(world):
    check(world.call("POST", "/register", json=[]), 400,
          error("invalid_client_metadata"))


def without_secret(made):
    return {k: v for k, v in made.items() if k != "client_secret"}


def test_registration_is_read(world, made):
    check(manage(world, "GET", made), 200, without_secret(made))
    head = manage(world, "HEAD", made)
    assert head.status_code == 200 and head.content == b""


def test_registration_is_changed(world, made):
    r = manage(world, "PUT", made, json={
        "client_id": made["client_id"], "client_name": "Renamed",
        "client_secret": "chosen", "redirect_uris": [CALLBACK + "/2"],
        "scope": READ})
    check(r, 200, dict(without_secret(made), client_name="Renamed", scope=READ,
                       redirect_uris=[CALLBACK + "/2"],
                       grant_types=["authorization_code"]))
    check(manage(world, "GET", made), 200, r.json())
    # the secret is what it was
    check(revoke(world, "unknown", made), 200, EMPTY)
    check(revoke(world, "unknown", dict(made, client_secret="chosen")), 401,
          error("invalid_client" if world.strict else "unauthorized"),
          BASIC if world.strict else
          REALM % ("unauthorized", "Bad credentials"))


def test_change_that_is_refused_changes_nothing(world, made):
    r = manage(world, "PUT", made, json={"redirect_uris": ["x"]})
    check(r, 400, error("invalid_redirect_uri"))
    r = manage(world, "PUT", made, data="{")
    if world.strict:
        check(r, 400, error("invalid_client_metadata"))
    else:
        check(r, 400, EMPTY)
    check(manage(world, "GET", made), 200, without_secret(made))


def test_change_of_the_id(world, made):
    for other in ("other", world.app["client_id"], ""):
        check(manage(world, "PUT", made, json={
            "client_id": other, "redirect_uris": [CALLBACK]}), 403, EMPTY)


def test_a_change_that_needs_a_secret_shows_it(world):
    made = register(world, token_endpoint_auth_method="none").json()
    assert "client_secret" not in made
    got = manage(world, "PUT", made, json={"redirect_uris": [CALLBACK]}).json()
    has_members(world, got)
    check(revoke(world, "unknown", dict(made, **got)), 200, EMPTY)


def test_registration_is_deleted(world, made):
    t = world.issue(made)
    check(manage(world, "DELETE", made), 204, EMPTY)
    assert world.reads(t) == 401
    for method in ("GET", "DELETE"):
        r = manage(world, method, made)
        assert r.status_code == 401


MANAGED = {
    "no token": (None, (401, error("unauthorized", FULL),
                        REALM % ("unauthorized", FULL)),
                 (401, error("unauthorized"), 'Bearer realm="oauth"')),
    "another scheme": ("Basic YTpi", (401, error("unauthorized", FULL),
                                      REALM % ("unauthorized", FULL)),
                       (401, error("unauthorized"), 'Bearer realm="oauth"')),
    "made up": ("Bearer x.y", (401, error("invalid_token",
                                          "Invalid access token: x.y"),
                               REALM % ("invalid_token",
                                        "Invalid access token: x.y")),
                (401, error("invalid_token"),
                 'Bearer realm="oauth", error="invalid_token", '
                 'error_description="The registration access token is not one '
                 'of a registration"')),
}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("header,kanta,strict", MANAGED.values(),
                         ids=MANAGED.keys())
@pytest.mark.parametrize("client_id", [None, "nobody"])
def test_managing_without_its_token(world, made, method, header, kanta, strict,
                                    client_id):
    r = world.call(method, "/register/" + (client_id or made["client_id"]),
                   json={"redirect_uris": [CALLBACK]} if method == "PUT"
                   else None,
                   headers={"Authorization": header} if header else {})
    check(r, *(strict if world.strict else kanta))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_managing_with_another_clients_token(world, made, method):
    theirs = register(world).json()
    body = {"redirect_uris": [CALLBACK]} if method == "PUT" else None
    for made_one in (made, dict(made, client_id="nobody")):
        r = manage(world, method, made_one,
                   theirs["registration_access_token"], json=body)
        check(r, 403, EMPTY)
    check(manage(world, "GET", theirs), 200, without_secret(theirs))


def test_an_access_token_manages_nothing(world, made):
    t = world.issue(made)["access_token"]
    assert manage(world, "GET", made, t).status_code == 401


def test_the_registration_token_opens_nothing_else(world, made):
    t = made["registration_access_token"]
    assert world.reads({"sub": "x", "access_token": t}) == 401
    assert world.call("GET", "/userinfo", t).status_code == 401


def test_public_clients_off(start):
    with session() as http:
        s = start("--set", "public_clients=off")
        body = {"redirect_uris": [CALLBACK],
                "token_endpoint_auth_method": "none"}
        r = http.post(s.auth + "/register", json=body, timeout=30)
        check(r, 400, error("invalid_client_metadata"))
        r = http.post(s.auth + "/register", timeout=30, json=dict(
            body, certificate_serial_number="1.2.246.10.1.1"))
        assert r.status_code == 201
        found = http.get(s.auth + "/.well-known/openid-configuration",
                         timeout=30).json()
        assert "none" not in found["token_endpoint_auth_methods_supported"]


# ---- the control API's side -------------------------------------------------

OWN = {"allow_introspection": True, "auto_approve": "deny",
       "set": {"code_s": "7"}, "access_token_seconds": 60,
       "refresh_token_seconds": 120, "kind": "citizen",
       "certificate_serial_number": "1.2.246.10.99999999.99.7"}


def test_what_is_read_can_be_written(world):
    server = world.server
    made = server.register(supplier="Supplier", **OWN)
    path = "/clients/" + made["client_id"]
    got = server.admin("GET", path, status=200).json()
    for name, value in OWN.items():
        assert got[name] == made[name] == value
    assert got["supplier"] == "Supplier"
    again = server.admin("PUT", path, got, 200).json()
    assert again == got == server.admin("GET", path, status=200).json()


def test_a_registration_cannot_have_what_is_the_mocks_own(world):
    r = session().post(world.server.auth + "/register", timeout=30, json=dict(
        OWN, redirect_uris=[CALLBACK], scope=SCOPE, kind="citizen"))
    assert r.status_code == 201, r.text
    got = world.server.admin("GET", "/clients/" + r.json()["client_id"]).json()
    for name in set(OWN) - {"kind", "certificate_serial_number"}:
        assert got.get(name) != OWN[name], name


def test_a_registration_cannot_change_what_is_the_mocks_own(world):
    made = world.server.register(scope=SCOPE, **OWN)
    r = manage(world, "PUT", made, json=dict(
        redirect_uris=[CALLBACK], scope=SCOPE, auto_approve=True, set={},
        allow_introspection=False, access_token_seconds=5,
        certificate_serial_number="1.2.3"))
    assert r.status_code == 200, r.text
    got = world.server.admin("GET", "/clients/" + made["client_id"]).json()
    for name, value in OWN.items():
        assert got[name] == value, name
    assert made["client_secret"] not in r.text


def test_who_registers_itself_has_the_usual_life_times(world):
    made = world.server.http.post(world.server.auth + "/register", timeout=30,
                                  json=dict(OWN, redirect_uris=[CALLBACK]))
    assert made.status_code == 201, made.text
    got = world.server.admin(
        "GET", "/clients/" + made.json()["client_id"]).json()
    assert got["access_token_seconds"] == 3600
    assert got["refresh_token_seconds"] == 0
    assert got["allow_introspection"] is got["auto_approve"] is False
    assert got["set"] == {}


@pytest.mark.parametrize("name,value,word", [
    ("page_max", "5", "page_max"), ("cod_s", "5", "code_s"),
    ("code_s", "0", "1..600"), ("code_s", 5, "string")])
def test_switches_that_an_application_cannot_have(world, name, value, word):
    r = world.server.admin("POST", "/clients", {
        "redirect_uris": [CALLBACK], "set": {name: value}}, 400)
    assert r.json()["error"]["where"] == "/set"
    assert word in r.json()["error"]["message"]


def test_switches_that_an_application_can_have(world):
    server = world.server
    kept = {"oauth_errors": "rfc", "authorize_order": "request-first",
            "refresh_rotation": "rotate", "refresh_grace_s": "3",
            "refresh_idle_d": "4", "refresh_absolute_d": "5", "code_s": "6",
            "code_replay_revokes": "on", "foreign_code": "kept",
            "foreign_refresh_token": "kept", "pkce_methods": "S256",
            "pkce_required": "all", "pkce_downgrade_check": "on",
            "iss_parameter": "on", "enforce_auth_method": "on",
            "introspection_needs_permission": "off",
            "introspection_answer": "rfc", "loopback_redirect_port": "on",
            "access_token_format": "opaque", "token_patient_member": "on",
            "openid": "on", "scope_wildcards": "on", "terms": "on"}
    assert server.register(set=kept)["set"] == kept
