# SPDX-License-Identifier: Apache-2.0
"""Client certificates: of whom one is demanded, and what the answer is to each
kind of it, at the token endpoint and at FHIR; what the journal, the metadata
and bound tokens say of it.

The table of expected answers comes first. The clients are Python's own ssl, on
an mtls:// listener; how other clients see the same is test_mtls_*.py.
"""
import base64
import hashlib
import http.client
import json
import ssl
import urllib.parse

import pytest

import support
from support import CLOCK, SCOPE

OWN_OID, OTHER_OID = ("1.2.246.10.99999999.99.%d" % n for n in (1, 2))

# ---- the table --------------------------------------------------------------

# what is presented: is it sound, and whose is it? else the alert
OWN, OTHER = "own", "other"
PRESENTED = {
    None: 116,
    "wellbeing": OWN, "wellbeing-nochain": OWN, "wellbeing-both": OWN,
    "wellbeing-noeku": OWN, "wellbeing-rsa": OWN,
    "wrong-oid": OTHER, "wrong-app": OTHER, "no-oid": OTHER,
    "two-oids": OTHER, "sote": OTHER,
    "expired": 45, "future": 45, "revoked": 44, "wrong-eku": 43,
    "other-ca": 48, "self-signed": 48, "weak-key": 42,
}
ALERTS = {
    42: "bad_certificate", 43: "unsupported_certificate",
    44: "certificate_revoked", 45: "certificate_expired", 48: "unknown_ca",
    116: "certificate_required"}

POLICIES = ("off", "optional", "required")
MODES = ("alert", "400", "401")

# Applications: certificate - method none, registered with OWN_OID, as in
# production; secret - a secret and no certificate; both - a secret, and
# registered with OWN_OID.
APPLICATIONS = ("certificate", "secret", "both")


def expected(application, policy, mode, kind):
    """The answers (token, FHIR), or the alert of the handshake. FHIR is asked
    with a good token."""
    what = PRESENTED[kind]
    sound = what in (OWN, OTHER)
    missing = kind is None
    if policy == "off":
        token = 401 if application == "certificate" and what != OWN else 200
        return token, 200
    if not sound and mode == "alert" and (policy == "required" or
                                          not missing):
        return what
    refused = 400 if mode == "400" else 401
    if not sound and not missing:
        return refused, refused  # a bad one: whoever it is
    if policy == "optional" and application == "secret":
        return 200, 200  # nobody demands one of it
    if missing:
        return refused, refused
    if what == OTHER or application == "secret":
        return 401, 401  # not this application's
    return 200, 200


def test_the_table_is_what_was_agreed():
    """A few of its rows, spelled out."""
    for row, want in (
            (("certificate", "required", "alert", None), 116),
            (("certificate", "required", "401", None), (401, 401)),
            (("certificate", "required", "400", None), (400, 400)),
            (("certificate", "optional", "alert", None), (401, 401)),
            (("certificate", "required", "alert", "expired"), 45),
            (("secret", "optional", "alert", "expired"), 45),
            (("secret", "optional", "400", "expired"), (400, 400)),
            (("secret", "optional", "alert", None), (200, 200)),
            (("secret", "required", "401", "wellbeing"), (401, 401)),
            (("both", "required", "400", "wrong-app"), (401, 401)),
            (("both", "off", "alert", "expired"), (200, 200)),
            (("certificate", "off", "401", None), (401, 200)),
            (("both", "required", "alert", "wellbeing"), (200, 200))):
        assert expected(*row) == want, row


# ---- a client ---------------------------------------------------------------

class Refused(Exception):
    """The handshake was refused; alert: its number, or None."""

    def __init__(self, error):
        super().__init__(str(error))
        reason = getattr(error, "reason", "") or str(error)
        self.alert = next((n for n, name in ALERTS.items()
                           if name.upper().replace("_", "") in
                           reason.upper().replace("_", "").replace(
                               " ", "")), None)


class Answer:
    def __init__(self, r):
        self.status, self.headers = r.status, r.headers
        self.text = r.read().decode()

    def json(self):
        return json.loads(self.text)

    def what(self):
        """What it says to a person, of OAuth or of FHIR."""
        body = self.json()
        if "error_description" in body:
            return body["error_description"]
        return body["issue"][0]["diagnostics"]


class Mtls:
    """The server as a client sees it that has a certificate, or none."""

    def __init__(self, world, kind, origin=None):
        self.url = urllib.parse.urlsplit(origin or world.mtls)
        self.ssl = ssl.create_default_context(cafile=world.file("ca.pem"))
        self.ssl.set_ciphers("DEFAULT@SECLEVEL=0")  # or weak-key is no key
        if kind is not None:
            self.ssl.load_cert_chain(world.file(kind + ".pem"),
                                     world.file(kind + ".key"))
        self.connection = None
        self.more = {}  # headers of every request

    def ask(self, method, path, body=None, headers=None):
        if self.connection is None:
            if self.url.scheme == "http":
                self.connection = http.client.HTTPConnection(
                    self.url.netloc, timeout=30)
            else:
                self.connection = http.client.HTTPSConnection(
                    self.url.netloc, context=self.ssl, timeout=30)
        try:
            self.connection.request(method, path, body,
                                    dict(headers or {}, **self.more))
            return Answer(self.connection.getresponse())
        except ssl.SSLError as e:
            self.close()
            raise Refused(e) from e
        except (ConnectionError, http.client.RemoteDisconnected) as e:
            self.close()
            raise Refused(e) from e

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def post(self, path, app, **form):
        form = dict(form, client_id=app["client_id"])
        if app.get("client_secret"):
            form["client_secret"] = app["client_secret"]
        return self.ask("POST", "/phr-authserver-sandbox" + path,
                        urllib.parse.urlencode(form),
                        {"Content-Type":
                         "application/x-www-form-urlencoded"})

    def refresh(self, app, tokens):
        return self.post("/token", app, grant_type="refresh_token",
                         refresh_token=tokens["refresh_token"])

    def search(self, tokens, path="/phr-resourceserver/baseR4"):
        return self.ask(
            "GET", "%s/Observation?patient=%s" % (path, tokens["sub"]),
            headers={"Authorization": "Bearer " + tokens["access_token"]})


# ---- the world --------------------------------------------------------------

class World:
    """A server of either behaviour with a listener of each kind, a PKI, and
    applications."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        urls = {x["kind"]: x["url"] for x in server.ready["listeners"]}
        self.plain, self.https = urls["http"], urls["https"]
        self.mtls = urls["mtls"]
        self.hetu = server.citizen()["hetu"]
        none = {"token_endpoint_auth_method": "none",
                "certificate_serial_number": OWN_OID}
        self.apps = {
            "certificate": server.register(client_name="C", **none),
            "secret": server.register(client_name="S"),
            "both": server.register(client_name="B",
                                    certificate_serial_number=OWN_OID),
            "public": server.register(client_name="P",
                                      token_endpoint_auth_method="none")}
        self.tokens = {}

    def file(self, name):
        return str(self.folder / name)

    def set(self, **switches):
        self.server.admin("PUT", "/settings", switches, 200)

    def policy(self, policy, mode="by-policy"):
        self.set(client_certificate=policy, on_missing_certificate=mode)

    def issue(self, name, **more):
        return self.server.issue(self.apps[name], self.hetu, **more)

    def good(self, name):
        """Tokens that stay good."""
        if name not in self.tokens:
            self.tokens[name] = self.issue(name)
        return self.tokens[name]

    def client(self, kind, origin=None):
        return Mtls(self, kind, origin)

    def journal(self, **query):
        r = self.server.request("GET", "/__admin/requests", params=query)
        assert r.status_code == 200, r.text
        return r.json()["requests"]

    def since(self):
        """The newest entry there is."""
        at = 0
        while True:
            got = self.server.request(
                "GET", "/__admin/requests?limit=1000&since=%d" % at).json()
            if not got["requests"]:
                return at
            at = got["next"]

    def der(self, kind):
        with open(self.file(kind + ".pem"), encoding="ascii") as f:
            pem = f.read()
        end = "-----END CERTIFICATE-----"
        return ssl.PEM_cert_to_DER_cert(
            pem[:pem.index(end) + len(end)] + "\n")

    def thumbprint(self, kind):
        digest = hashlib.sha256(self.der(kind)).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def folder(binary, tmp_path_factory):
    where = tmp_path_factory.mktemp("pki")
    done = support.run(binary, "pki", where, "--clock", CLOCK)
    assert done.returncode == 0, done.err
    return where


def listening(folder, *options):
    """What a server is started with that has these certificates."""
    return ("--listen", "https://127.0.0.1:0",
            "--listen", "mtls://127.0.0.1:0",
            "--tls-cert", folder / "server.pem",
            "--tls-key", folder / "server.key",
            "--client-ca", folder / "ca.pem",
            "--client-crl", folder / "crl.pem") + options


@pytest.fixture(scope="module", params=["kanta", "strict"])
def world(request, folder):
    if support.URL:
        pytest.skip("needs a server of its own (URL names a running one)")
    with support.Server(*listening(folder, "--oauth", request.param)) as s:
        yield World(s, folder)


@pytest.fixture
def unbound(world):
    """Tokens are bound to nothing, and nobody's token is used up."""
    world.set(bind_tokens="off", refresh_rotation="reuse")
    yield world
    world.set(bind_tokens="on" if world.server.strict else "off")
    world.policy("off")


# ---- every kind, everywhere -------------------------------------------------

def refused_alert(world, kind, want, ask):
    with pytest.raises(Refused) as caught:
        ask(world.client(kind))
    # not every version of the protocol and the library tells the name
    assert caught.value.alert in (want, None), (kind, caught.value)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", POLICIES)
def test_each_certificate(unbound, policy, mode):
    world, wrong = unbound, []
    world.policy(policy, mode)
    for application in APPLICATIONS:
        app, tokens = world.apps[application], world.good(application)
        for kind in PRESENTED:
            want = expected(application, policy, mode, kind)
            if isinstance(want, int):
                since = world.since()
                refused_alert(world, kind, want,
                              lambda c: c.search(tokens))
                got = world.journal(kind="tls", since=since)[-1]["alert"]
            else:
                client = world.client(kind)
                got = (client.refresh(app, tokens).status,
                       client.search(tokens).status)
                client.close()
            if got != want:
                wrong.append((application, kind, got, want))
    assert not wrong


@pytest.mark.parametrize("listener", ["plain", "https"])
def test_where_nobody_asks(unbound, listener):
    """An alert cannot be sent there: 401, and where to go instead."""
    world = unbound
    app, tokens = world.apps["certificate"], world.good("certificate")
    for policy in ("optional", "required"):
        for mode, status in (("alert", 401), ("401", 401), ("400", 400)):
            world.policy(policy, mode)
            client = world.client(None, getattr(world, listener))
            for r in (client.refresh(app, tokens), client.search(tokens)):
                assert r.status == status
                assert world.mtls in r.what()
                assert "mtls://" in r.what()
            client.close()


@pytest.mark.parametrize("mode", MODES)
def test_behind_a_proxy(start, folder, mode):
    """It terminates TLS, so no handshake can be refused: alert is 401."""
    world = World(start(*listening(folder, "--trusted-proxy",
                                   "127.0.0.1/32")), folder)
    world.policy("required", mode)
    app, tokens = world.apps["certificate"], world.good("certificate")
    for kind, what in PRESENTED.items():
        client = world.client(None, world.plain)
        if kind is not None:
            cert = base64.b64encode(world.der(kind)).decode()
            client.more = {"Client-Cert": ":%s:" % cert}
        token, fhir = expected("certificate", "required",
                               "400" if mode == "400" else "401", kind)
        assert client.refresh(app, tokens).status == token, (kind, what)
        r = client.search(tokens)
        assert r.status == fhir, (kind, what)
        if kind is None:  # the proxy could have asked
            assert "fetch" in r.what()
        client.close()


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_the_other_endpoints_of_applications(unbound, path):
    world = unbound
    app = world.apps["both"]
    world.policy("required", "401")
    for kind, status in ((None, 401), ("expired", 401), ("wrong-app", 401),
                         ("wellbeing", None)):
        r = world.client(kind).post(path, app, token="nobodys")
        if status is None:
            assert r.status in (200, 403)  # introspecting needs permission
        else:
            assert (r.status, r.json()["error"]) == (status,
                                                     "invalid_client")


def test_what_needs_none(unbound):
    world = unbound
    world.policy("required", "401")
    client = world.client(None)
    auth = "/phr-authserver-sandbox"
    for path in (auth + "/jwk", auth + "/.well-known/openid-configuration",
                 auth + "/login", "/phr-resourceserver/baseR4/metadata",
                 "/phr-resourceserver/baseStu3/metadata", "/__admin/health"):
        assert client.ask("GET", path).status == 200, path
    r = client.ask("GET", auth + "/userinfo")
    assert "certificate" not in r.text


def test_a_batch_is_asked_once(unbound):
    world = unbound
    world.policy("required", "401")
    tokens = world.good("certificate")
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET",
                     "url": "Observation?patient=" + tokens["sub"]}}]}

    def ask(kind):
        return world.client(kind).ask(
            "POST", "/phr-resourceserver/baseR4", json.dumps(bundle),
            {"Authorization": "Bearer " + tokens["access_token"],
             "Content-Type": support.FHIR_JSON})

    assert ask("wrong-oid").status == 401
    r = ask("wellbeing")
    assert r.status == 200
    assert r.json()["entry"][0]["response"]["status"].startswith("200")


# ---- what is said -----------------------------------------------------------

def test_texts(unbound):
    world = unbound
    app, tokens = world.apps["both"], world.good("both")
    said = {
        None: ["client certificate was presented", "fetch",
               "fhir-kit-client"],
        "expired": [OWN_OID, "2026-03-09", "clock"],
        "future": [OWN_OID, "2026-03-11", "clock"],
        "revoked": [OWN_OID, "CRL"],
        "wrong-eku": [OWN_OID, "clientAuth"],
        "other-ca": ["--client-ca"], "self-signed": ["--client-ca"],
        "weak-key": ["RSA 2048"],
        "wrong-oid": [OWN_OID, "99999999.99.99", app["client_id"]],
        "wrong-app": [OWN_OID, OTHER_OID, app["client_id"]],
        "no-oid": ["without a serialNumber", OWN_OID],
        "two-oids": ["2 serialNumbers", OWN_OID],
        "sote": [OTHER_OID, OWN_OID]}
    for mode in ("400", "401"):
        world.policy("required", mode)
        for kind, parts in said.items():
            client = world.client(kind)
            for r in (client.refresh(app, tokens), client.search(tokens)):
                for part in parts:
                    assert part in r.what(), (kind, r.text)
                begins = ("No required SSL certificate was sent"
                          if kind is None else "The SSL certificate error")
                assert r.what().startswith(begins) == (r.status == 400)
                if kind is not None:
                    assert 'lient certificate "' in r.what()
            client.close()


def test_challenges(unbound):
    world = unbound
    app, tokens = world.apps["both"], world.good("both")
    for mode in ("400", "401"):
        world.policy("required", mode)
        client = world.client("expired")
        r, at_token = client.search(tokens), client.refresh(app, tokens)
        assert r.headers["Content-Type"].startswith("application/fhir+json")
        if mode == "400":
            assert r.headers["WWW-Authenticate"] is None
            assert at_token.headers["WWW-Authenticate"] is None
            continue
        assert r.headers["WWW-Authenticate"].startswith(
            'Bearer realm="phr-resourceserver", error="invalid_token", '
            'error_description="The client certificate CN=')
        got = at_token.headers["WWW-Authenticate"]
        assert got is None if world.server.strict else got.startswith(
            'Form realm="oauth", error="invalid_client"')
        assert at_token.json()["error"] == "invalid_client"
        client.close()


@pytest.mark.parametrize("policy", POLICIES)
def test_an_unknown_application_is_like_one_with_another_certificate(
        unbound, policy):
    """Who has only named itself cannot find out which names there are."""
    world = unbound
    world.policy(policy, "401")
    known = world.apps["certificate"]
    unknown = {"client_id": "0" * len(known["client_id"])}
    forgot = {"client_id": world.apps["both"]["client_id"]}
    for kind in (None, "wrong-oid", "wrong-app", "no-oid", "expired"):
        answers = []
        for app in (known, unknown, forgot):
            r = world.client(kind).post("/token", app, code="nobodys",
                                        grant_type="authorization_code")
            challenge = r.headers["WWW-Authenticate"] or ""
            answers.append((r.status,
                            challenge.replace(app["client_id"], "X"),
                            r.text.replace(app["client_id"], "X")))
            assert OTHER_OID not in r.text or kind == "wrong-app"
            assert OWN_OID not in r.text or kind == "expired"
        assert answers[0][0] == 401
        assert answers[0] == answers[1] == answers[2], kind


def test_a_secret_is_still_to_be_right(unbound):
    world = unbound
    app = dict(world.apps["both"], client_secret="wrong")
    for policy in POLICIES:
        world.policy(policy, "401")
        r = world.client("wellbeing").refresh(app, world.good("both"))
        assert r.status == 401
        assert "certificate" not in r.text


def test_client_auth_certificate(unbound):
    """A certificate is enough, and nothing else is."""
    world = unbound
    tokens = world.good("both")
    bare = {"client_id": world.apps["both"]["client_id"]}
    world.set(client_auth="certificate")
    try:
        for policy in ("optional", "required"):
            world.policy(policy, "401")
            ok, none = world.client("wellbeing"), world.client(None)
            assert ok.refresh(bare, tokens).status == 200
            assert ok.refresh(world.apps["both"], tokens).status == 200
            assert ok.refresh(dict(bare, client_secret="x"),
                              tokens).status == 401
            assert none.refresh(bare, tokens).status == 401
            assert none.refresh(world.apps["both"], tokens).status == 401
            for name in ("secret", "public"):
                r = ok.refresh(world.apps[name], world.good(name))
                assert (r.status, r.json()["error"]) == (401,
                                                         "invalid_client")
                assert "certificate_serial_number" in r.what()
        world.policy("off")  # a secret is all there is then
        r = world.client(None).refresh(world.apps["both"], tokens)
        assert r.status == 200
        assert world.client(None).refresh(bare, tokens).status == 401
    finally:
        world.set(client_auth="basic+post")


def test_professional_applications_have_sote_certificates(unbound):
    world = unbound
    app = world.server.register(
        kind="professional", scope="patient/Observation.read",
        grant_types=["client_credentials"], service_provider="1.2.246.10.1",
        access_point="1.2.246.10.2", certificate_serial_number=OTHER_OID)
    world.policy("required", "401")
    r = world.client("sote").post("/token", app,
                                  grant_type="client_credentials",
                                  patient_hetu=world.hetu)
    assert r.json()["error"] != "invalid_client"  # it lacks a treatment
    r = world.client("wrong-app").post("/token", app,
                                       grant_type="client_credentials",
                                       patient_hetu=world.hetu)
    assert (r.status, r.json()["error"]) == (401, "invalid_client")
    assert "wrong class" in r.what()


def test_any_sound_certificate_at_fhir(unbound):
    world = unbound
    world.policy("required", "401")
    world.set(fhir_certificate="any")
    try:
        tokens = world.good("certificate")
        assert world.client("wrong-app").search(tokens).status == 200
        assert world.client("expired").search(tokens).status == 401
        assert world.client(None).search(tokens).status == 401
    finally:
        world.set(fhir_certificate="application")


def test_the_certificate_comes_before_the_token(unbound):
    world = unbound
    world.policy("required", "401")
    bad = {"access_token": "nobodys", "sub": "x"}
    assert "certificate" in world.client(None).search(bad).what()
    r = world.client("wellbeing").search(bad)
    assert r.status == 401
    assert "certificate" not in r.text


def test_a_connection_is_not_good_for_ever(start, folder):
    """One connection, and the certificate expires between two requests."""
    world = World(start(*listening(folder)), folder)
    world.policy("required", "401")
    client, tokens = world.client("wellbeing"), world.good("certificate")
    assert client.search(tokens).status == 200
    socket = client.connection.sock
    world.server.advance("P400D")
    r = client.search(world.issue("certificate"))
    assert client.connection.sock is socket
    assert r.status == 401
    assert "valid until" in r.what()


# ---- the journal ------------------------------------------------------------

def test_journal(unbound):
    world = unbound
    world.policy("optional", "401")
    app, tokens = world.apps["certificate"], world.good("certificate")
    since = world.since()
    world.client("wellbeing").search(tokens)
    world.client("expired").search(tokens)
    world.client("wrong-oid").refresh(app, tokens)
    world.client(None).search(tokens)
    good, bad, other, none = world.journal(since=since, kind="request")
    what = good["certificate"]
    assert what["oid"] == OWN_OID
    assert "serialNumber=" + OWN_OID in what["subject"]
    assert "MOCK" in what["issuer"]
    assert what["number"] != what["oid"]
    assert what["thumbprint"] == world.thumbprint("wellbeing")
    assert what["not_before"] < CLOCK < what["not_after"]
    assert what["error"] == 0 and "text" not in what
    owners = {world.apps[x]["client_id"] for x in ("certificate", "both")}
    owners.add("demo-production")
    assert what["client_id"] in owners
    assert bad["certificate"]["error"] == 10
    assert "expired" in bad["certificate"]["text"]
    assert bad["error"]["code"] == "KPHR-REST-0191"
    assert OWN_OID in other["error"]["why"]
    assert "client_id" not in other["certificate"]
    assert none["certificate"] is None
    for query, want in (({"certificate": what["thumbprint"]}, [good]),
                        ({"certificate": OWN_OID}, [good, bad]),
                        ({"certificate": "1.2"}, []),
                        ({"kind": "tls"}, [])):
        assert world.journal(since=since, **query) == want, query
    r = world.server.request("GET", "/__admin/requests?kind=handshake")
    assert r.status_code == 400
    assert "PRIVATE" not in json.dumps([good, bad, other, none])
    lines = [x for x in world.server.log().splitlines()
             if '"event":"certificate"' in x]
    for entry, part in ((bad, "has expired"), (other, OWN_OID),
                        (none, "fhir-kit-client")):
        assert any(entry["id"] in x and part in x for x in lines), part


def test_refused_handshakes_are_in_the_journal_and_the_log(unbound):
    world = unbound
    world.policy("required", "alert")
    since = world.since()
    for kind in ("revoked", None):
        refused_alert(world, kind, PRESENTED[kind],
                      lambda c: c.ask("GET", "/__admin/health"))
    revoked, none = world.journal(since=since, kind="tls")
    assert (revoked["alert"], revoked["alert_name"]) == (
        44, "certificate_revoked")
    assert (revoked["method"], revoked["path"]) == ("", "")
    assert revoked["peer"].startswith("127.0.0.1")
    assert revoked["certificate"]["oid"] == OWN_OID
    assert "CRL" in revoked["error"]["message"]
    assert none["alert"] == 116 and none["certificate"] is None
    assert "fhir-kit-client" in none["error"]["message"]
    assert revoked in world.journal(since=since, refused="true")
    r = world.server.request("GET", "/__admin/requests/" + revoked["id"])
    assert r.json() == revoked
    assert "certificate_revoked" in world.server.log()


# ---- bound tokens -----------------------------------------------------------

def claims(tokens):
    part = tokens["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture
def bound(world):
    world.set(bind_tokens="on", refresh_rotation="reuse")
    yield world
    world.set(bind_tokens="on" if world.server.strict else "off")


def test_a_bound_token(bound):
    world = bound
    app = world.apps["both"]
    cnf = {"x5t#S256": world.thumbprint("wellbeing")}
    client = world.client("wellbeing")
    r = client.refresh(app, world.issue("both"))
    assert r.status == 200
    tokens = r.json()
    assert claims(tokens)["cnf"] == cnf
    assert client.search(tokens).status == 200
    inspector = world.server.register(allow_introspection=True)
    seen = world.client(None).post("/introspect", inspector,
                                   token=tokens["access_token"])
    assert seen.json()["cnf"] == cnf
    for kind, origin in (("wellbeing-rsa", None), (None, None),
                         (None, world.plain)):
        r = world.client(kind, origin).search(tokens)
        assert r.status == 401
        assert 'error="invalid_token"' in r.headers["WWW-Authenticate"]
        assert cnf["x5t#S256"] in r.what()
    # its refresh token is bound by the secret, not by the certificate
    r = world.client("wellbeing-rsa").refresh(app, tokens)
    assert claims(r.json())["cnf"]["x5t#S256"] == world.thumbprint(
        "wellbeing-rsa")
    r = world.client(None).refresh(app, tokens)
    assert "cnf" not in claims(r.json())


def test_the_refresh_token_of_a_public_application(bound):
    world = bound
    app = world.apps["public"]
    tokens = world.issue("public",
                         certificate=world.thumbprint("wellbeing"))
    since = world.since()
    for kind in ("wellbeing-rsa", None):
        r = world.client(kind).refresh(app, tokens)
        assert r.json()["error"] in ("invalid_grant", "invalid_token")
    r = world.client("wellbeing").refresh(app, tokens)
    assert r.status == 200
    assert "cnf" in claims(r.json())
    why = world.journal(client_id=app["client_id"], refused="true",
                        since=since)
    assert "bound to another client certificate" in why[0]["error"]["why"]


def test_userinfo_takes_bound_tokens_with_their_certificate(bound):
    world = bound
    world.set(openid="on")
    try:
        app = world.server.register(scope=SCOPE + " openid")
        tokens = world.server.issue(
            app, world.hetu, SCOPE + " openid",
            certificate=world.thumbprint("wellbeing"))

        def ask(kind):
            return world.client(kind).ask(
                "GET", "/phr-authserver-sandbox/userinfo",
                headers={"Authorization":
                         "Bearer " + tokens["access_token"]})

        assert ask("wellbeing").status == 200
        r = ask(None)
        assert (r.status, r.json()["error"]) == (401, "invalid_token")
    finally:
        world.set(openid="off")


def test_tokens_of_the_control_api(bound):
    world = bound
    for wrong in ("", "x", world.thumbprint("sote") + "=", "+" * 43):
        r = world.server.admin("POST", "/tokens", {
            "client_id": world.apps["both"]["client_id"],
            "hetu": world.hetu, "certificate": wrong}, 400)
        assert r.json()["error"]["where"] == "/certificate"
    tokens = world.issue("both", certificate=world.thumbprint("wellbeing"))
    assert claims(tokens)["cnf"] == {
        "x5t#S256": world.thumbprint("wellbeing")}
    assert "cnf" not in claims(world.issue("both"))


def test_an_application_that_asks_for_bound_tokens(unbound):
    world = unbound
    app = world.server.register(
        tls_client_certificate_bound_access_tokens=True)
    assert app["tls_client_certificate_bound_access_tokens"] is True
    tokens = world.server.issue(app, world.hetu)
    assert "cnf" in claims(world.client("wellbeing").refresh(
        app, tokens).json())


# ---- metadata ---------------------------------------------------------------

def test_metadata(world):
    for origin in (world.plain, world.https, world.mtls):
        got = world.client(None, origin).ask(
            "GET", "/phr-authserver-sandbox/.well-known/openid-configuration"
        ).json()
        methods = got["token_endpoint_auth_methods_supported"]
        if not world.server.strict:
            assert "mtls_endpoint_aliases" not in got
            assert "tls_client_auth" not in methods
            continue
        assert got["tls_client_certificate_bound_access_tokens"] is True
        assert "tls_client_auth" in methods
        auth = world.mtls + "/phr-authserver-sandbox"
        assert got["mtls_endpoint_aliases"] == {
            "token_endpoint": auth + "/token",
            "introspection_endpoint": auth + "/introspect",
            "revocation_endpoint": auth + "/revoke"}


def test_metadata_behind_a_public_name(start, folder):
    s = start(*listening(folder, "--oauth", "strict",
                         "--public-url", "https://phr.example/deep"))
    world = World(s, folder)
    port = urllib.parse.urlsplit(world.mtls).port
    got = world.client(None, world.plain).ask(
        "GET", "/phr-authserver-sandbox/.well-known/openid-configuration")
    assert got.json()["mtls_endpoint_aliases"]["token_endpoint"] == (
        "https://phr.example:%d/phr-authserver-sandbox/token" % port)


def test_metadata_without_such_a_listener(start):
    got = start("--oauth", "strict").request(
        "GET", "/phr-authserver-sandbox/.well-known/openid-configuration"
    ).json()
    assert "mtls_endpoint_aliases" not in got
    assert "tls_client_certificate_bound_access_tokens" not in got
