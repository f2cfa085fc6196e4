# SPDX-License-Identifier: Apache-2.0
"""What would let somebody in never stands in the journal, the log or the
database: canaries are sent to every endpoint, in every place and in every
disguise that a client may give them (oauth.md 18.14)."""
import base64
import json
import re
import urllib.parse

import pytest

import support

SECRETS = ["client_secret", "code", "token", "access_token", "refresh_token",
           "id_token", "code_verifier", "client_assertion", "password",
           "registration_access_token", "id_token_hint"]
FHIR_SECRETS = [s for s in SECRETS if "_" in s]
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OAUTH = "/phr-authserver-sandbox"
BASE = "/phr-resourceserver/baseR4"
ENDPOINTS = [
    ("POST", OAUTH + "/token"), ("POST", OAUTH + "/introspect"),
    ("POST", OAUTH + "/revoke"), ("POST", OAUTH + "/register"),
    ("GET", OAUTH + "/register/x"), ("PUT", OAUTH + "/register/x"),
    ("DELETE", OAUTH + "/register/x"), ("GET", OAUTH + "/authorize"),
    ("POST", OAUTH + "/authorize"), ("GET", OAUTH + "/login"),
    ("POST", OAUTH + "/login"), ("POST", OAUTH + "/terms"),
    ("GET", OAUTH + "/userinfo"), ("POST", OAUTH + "/userinfo"),
    ("GET", OAUTH + "/jwk"), ("POST", OAUTH + "/logout"),
    ("GET", OAUTH + "/applications"), ("POST", OAUTH + "/applications"),
    ("GET", "/omakanta/"), ("POST", "/omakanta/login"),
    ("GET", "/nothing"), ("POST", "/nothing"),
    ("POST", "/__admin/tokens"), ("POST", "/__admin/tokens/expire"),
    ("POST", "/__admin/tokens/revoke"), ("POST", "/__admin/clients"),
    ("PUT", "/__admin/settings"), ("POST", "/__admin/citizens"),
    ("POST", "/__admin/authorize"), ("POST", "/__admin/faults"),
    ("POST", "/__admin/nothing"), ("DELETE", "/__admin/consents"),
    ("POST", BASE + "/Observation"), ("PUT", BASE + "/Observation/x"),
    ("POST", BASE + "/Observation/_search"), ("GET", BASE + "/Observation"),
    ("POST", BASE), ("GET", BASE + "/metadata"),
    ("POST", "/open" + BASE + "/Patient"),
]


class Canaries:
    """Values that are never the same, and by which they are known again."""

    def __init__(self):
        self.n = 0

    def new(self):
        self.n += 1
        return "CANARY-%04d-Zq" % self.n


def bodies(names, new):
    """The same secrets in each of the forms in which they may come."""
    def pairs():
        return {name: new() for name in names}
    yield FORM, urllib.parse.urlencode(pairs())
    yield FORM, "&".join("%s=%s'x;y,z" % p for p in pairs().items())
    yield FORM, "&".join("%s=%s" % (k.replace("_", "%5F"), v)
                         for k, v in pairs().items())
    yield JSON, json.dumps(pairs())
    yield JSON, json.dumps({"a": [{"b": pairs()}]}, indent=1)
    yield JSON, json.dumps(pairs())[:-3]
    yield JSON, json.dumps({"text": json.dumps(pairs())})
    yield JSON, json.dumps({"a": {n: [new(), {"x": new()}] for n in names}})
    yield JSON, json.dumps({"u": "https://a/cb?" + urllib.parse.urlencode(
        pairs())})
    yield JSON, "{%s}" % ",".join(
        '"%s":"%s\\"%s"' % (k.replace("_", "\\u005f"), v, new())
        for k, v in pairs().items())
    yield {"Content-Type": "text/plain"}, "\n".join(
        "%s: %s" % p for p in pairs().items())
    yield {"Content-Type": "text/html"}, "<input value=%s>" % new()
    yield {}, json.dumps(pairs())
    yield {"Content-Type": "multipart/form-data; boundary=b"}, (
        '--b\r\nContent-Disposition: form-data; name="client_secret"\r\n\r\n'
        '%s\r\n--b--\r\n' % new())


def headers(new):
    return [
        {"Authorization": "Bearer " + new()},
        {"Authorization": new()},
        {"Authorization": "Digest a=" + new()},
        {"Authorization": "Basic " + base64.b64encode(
            ("%s:%s" % (new(), new())).encode()).decode()},
        {"Cookie": "MOCK_AUTH=%s; other=%s" % (new(), new())},
        {"X-Api-Key": new(), "X-Auth-Token": new()},
        {"Referer": "https://app/cb?state=1&code=" + new()},
        {"Client-Secret": new()},
    ]


def kept(server):
    """All that the journal tells, entry by entry."""
    texts = []
    for path in ("/requests?limit=1000",):
        listed = server.admin("GET", path, status=200)
        texts.append(listed.text)
        for e in listed.json()["requests"]:
            for form in ("", ".curl", ".http"):
                r = server.admin("GET", "/requests/" + e["id"] + form)
                texts.append(r.text)
    return texts


def found(text):
    return sorted(set(re.findall("CANARY-[0-9]+-Zq", text)))


@pytest.mark.parametrize("method, path", ENDPOINTS)
def test_canaries(own, method, path):
    own.admin("DELETE", "/requests", status=204)
    birds = Canaries()
    fhir = "phr-resourceserver" in path
    names = FHIR_SECRETS if fhir else SECRETS
    sent = 0
    for more in headers(birds.new):
        own.request(method, path, headers=more)
        sent += 1
    for name in names:
        for query in ("%s=%s'x,y", "a=1&%s=%s#f", "x=y%%3F%s%%3D%s%%26z=1"):
            own.request(method, path + "?" + query % (name, birds.new()))
            sent += 1
    for more, body in bodies(names, birds.new):
        own.request(method, path, data=body.encode(), headers=more)
        sent += 1
    texts = kept(own)
    assert len(texts) == 1 + 3 * (1 + sent)  # the DELETE is one
    for text in texts:
        assert not found(text), text
    assert not found(own.log())


def test_canaries_in_a_whole_journey(start, tmp_path):
    """Secrets that work, their answers, and the database."""
    path = str(tmp_path / "db")
    s = start("--db", path)
    new = Canaries().new
    app = s.register(client_secret="CANARY-9001-Zq-and-long-enough-1",
                     client_id="canary-app")
    hetu = s.citizen()["hetu"]
    got = support.back(support.Browser(s).walk(
        support.request_of(app, state="s"), hetu))
    tokens = s.token(app, grant_type="authorization_code", code=got["code"],
                     redirect_uri=support.CALLBACK).json()
    s.token(app, grant_type="authorization_code", code=got["code"],
            redirect_uri=support.CALLBACK)
    s.token(app, grant_type="authorization_code", code=new() + '"<\\',
            redirect_uri=support.CALLBACK, code_verifier=new())
    s.token(app, grant_type="refresh_token", refresh_token=new())
    more = s.token(app, grant_type="refresh_token",
                   refresh_token=tokens["refresh_token"]).json()
    registered = s.http.post(s.auth + "/register", json={
        "client_name": "x", "redirect_uris": [support.CALLBACK]}).json()
    issued = s.admin("POST", "/tokens", {"client_id": "canary-app",
                                         "hetu": hetu}).json()
    secrets = [app["client_secret"], got["code"], hetu,
               tokens["access_token"], tokens["refresh_token"],
               more["access_token"], issued["access_token"]]
    secrets += [registered[k] for k in ("client_secret",
                                        "registration_access_token")
                if k in registered]
    for token in (tokens["access_token"], issued["access_token"]):
        s.request("GET", BASE + "/Observation",
                  headers={"Authorization": "Bearer " + token})
    texts = kept(s) + [s.log()]
    for text in texts:
        assert not found(text), text
        for secret in secrets:
            assert secret not in text, (secret, text)
    s.stop()
    stored = b"".join((tmp_path / name).read_bytes()
                      for name in ("db", "db-wal")
                      if (tmp_path / name).exists())
    for secret in secrets:
        if secret != hetu:
            assert secret.encode() not in stored
    assert b"CANARY" not in stored


PLACES = [
    lambda p, hetu: p.fhir("GET", "/" + hetu),
    lambda p, hetu: p.get("/Patient/" + hetu),
    lambda p, hetu: p.get("/Patient?identifier=urn:oid:1.2.246.21%7C" + hetu),
    lambda p, hetu: p.get("/Observation?patient=" + hetu),
    lambda p, hetu: p.fhir("POST", "/Observation", json={
        "resourceType": "Observation", "note": [{"text": "of " + hetu}]}),
    lambda p, hetu: p.fhir("GET", "/metadata", headers={"X-Who": hetu}),
    lambda p, hetu: p.fhir("GET", "/metadata", headers={
        "User-Agent": "app/" + hetu}),
    lambda p, hetu: p.fhir("POST", "/Patient/_search",
                           data={"identifier": "x|" + hetu}),
    lambda p, hetu: p.server.admin("POST", "/citizens", {"hetu": hetu}),
    lambda p, hetu: p.server.admin("DELETE", "/citizens/" + hetu),
    lambda p, hetu: p.server.admin("POST", "/tokens", {
        "client_id": "x", "hetu": hetu}),
    lambda p, hetu: p.server.http.post(p.server.auth + "/login",
                                       data={"username": hetu}),
]


@pytest.mark.parametrize("n", range(len(PLACES)))
def test_personal_codes(own, person, n):
    own.admin("DELETE", "/requests", status=204)
    PLACES[n](person, person.hetu)
    for text in kept(own):
        assert person.hetu not in text and person.hetu[-4:] not in re.sub(
            "[0-9a-f-]{36}", "", text), text


def test_tokens_in_odd_places(own, vendor, citizen):
    """A signed token is known by its form, whatever it is called there."""
    own.admin("DELETE", "/requests", status=204)
    fault = own.admin("POST", "/faults", {
        "match": {"client_id": vendor.id, "endpoint": "token"}, "times": 1,
        "action": {"json_patch": [{"op": "move", "from": "/access_token",
                                   "path": "/ticket"}]}}, 201).json()["id"]
    token = vendor.connect(citizen)["ticket"]
    assert token.count(".") == 2 and token.startswith("eyJ")
    own.request("GET", BASE + "/Observation?x=" + token)
    own.request("GET", BASE + "/" + token)
    own.request("GET", "/open" + BASE + "/" + token)
    own.request("POST", OAUTH + "/revoke", data={"token_type_hint": token})
    own.request("POST", BASE + "/Observation", json={
        "resourceType": "Observation", "note": [{"text": token}]})
    own.admin("DELETE", "/faults/" + fault)
    for text in kept(own) + [own.log()]:
        assert token[-40:] not in text, text


def test_fhir_keeps_its_words(own, person):
    """code and token are data of FHIR."""
    person.get("/Observation?patient=%s&code=1234-5&token=x" % person.id)
    person.post(support.weight(person.id))
    listed = own.admin("GET", "/requests?patient=" + person.id).json()
    search, create = listed["requests"]
    assert search["query"].endswith("&code=1234-5&token=x")
    body = json.loads(own.admin("GET", "/requests/" + create["id"]).json()[
        "request"]["body"])
    assert body["code"]["coding"][0]["code"] == "29463-7"


def test_what_is_kept_is_still_json(own):
    app = own.register()
    own.person(app)
    for e in own.admin("GET", "/requests?kind=control").json()["requests"]:
        whole = own.admin("GET", "/requests/" + e["id"]).json()
        for side in (whole["request"], whole["response"]):
            if side["body"] and side["body"][0] in "{[":
                json.loads(side["body"])
