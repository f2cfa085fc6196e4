# SPDX-License-Identifier: Apache-2.0
"""A proxy that ends TLS in front of the server: whose headers count
(--trusted-proxy), and what they then say of who asked and of how the server was
called. The client's certificate is among them: what it says then counts as if
it had been presented in the handshake."""
import re
import urllib.parse

import pytest

from support import FHIR_JSON, Server, outcome, run, weight
from vendor import Vendor

META = "/phr-authserver-sandbox/.well-known/openid-configuration"
STATE = "/__admin/state"


@pytest.fixture(scope="module")
def behind(own):
    """A server that trusts the proxies of this machine."""
    with Server("--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "::1",
                "--allowed-host", "phr.example") as s:
        yield s


def issuer(s, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    r = s.request("GET", META, headers=headers)
    assert r.status_code == 200, r.text
    return r.json()["issuer"].split("/phr-authserver")[0]


def test_links_are_as_the_client_called_us(behind):
    assert issuer(behind) == behind.origin
    assert issuer(behind, X_Forwarded_Host="phr.example:8443",
                  X_Forwarded_Proto="https") == "https://phr.example:8443"
    assert issuer(behind, Host="phr.example",
                  X_Forwarded_Proto="https") == "https://phr.example"


def test_a_forwarded_host_is_not_reflected(behind):
    """The rules of the Host header hold for it."""
    assert issuer(behind, X_Forwarded_Host="evil.example",
                  X_Forwarded_Proto="https") == behind.origin
    r = behind.request("GET", STATE, headers={
        "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "127.0.0.1"})
    assert r.status_code == 403 and "--allowed-host" in r.text


def test_public_url_stays(start):
    s = start("--trusted-proxy", "127.0.0.1", "--public-url",
              "http://phr.example/x")
    assert issuer(s, X_Forwarded_Host="phr",
                  X_Forwarded_Proto="https") == "http://phr.example/x"


def test_strangers_say_nothing(own):
    assert issuer(own, X_Forwarded_Host="phr",
                  X_Forwarded_Proto="https") == own.origin
    r = own.request("GET", STATE, headers={"X-Forwarded-For": "192.0.2.1"})
    assert r.status_code == 200
    r = own.request("GET", META, headers={
        "Client-Cert": ":MDAw:", "X-Request-Id": "stranger"})
    assert r.status_code == 200
    assert "Client-Cert counts for nothing: it was sent by 127.0.0.1" in (
        own.log())


@pytest.mark.parametrize("client,status", [
    ("127.0.0.1", 200), ("::1", 200), ("192.0.2.1", 403), ("unknown", 403),
    ("127.0.0.1, 192.0.2.1", 403), ("192.0.2.1, 127.0.0.1", 403)])
def test_the_control_api_is_for_this_machine(behind, client, status):
    """What the proxy passes on is somebody else's request."""
    r = behind.request("GET", STATE, headers={"X-Forwarded-For": client})
    assert r.status_code == status, r.text
    assert behind.request("GET", STATE).status_code == 200


@pytest.mark.parametrize("given,said", [
    ("10.0.0.1/8", "10.0.0.1/8"), ("proxy.example", "proxy.example"),
    ("10.0.0.0/8,::1/129", "::1/129"), ("", '""')])
def test_a_wrong_network_stops_the_start(binary, given, said):
    done = run(binary, "--listen", "http://127.0.0.1:0",
               env={"MOCK_PHR_TRUSTED_PROXY": given} if "," in given else None,
               *([] if "," in given else ["--trusted-proxy", given]),
               timeout=20)
    assert done.returncode == 78, done.err
    assert "--trusted-proxy" in done.err and said in done.err


@pytest.mark.parametrize("name", ["", "X Cert", "X-Cert:"])
def test_a_wrong_header_stops_the_start(binary, name):
    done = run(binary, "--listen", "http://127.0.0.1:0",
               "--trusted-proxy", "::1", "--client-certificate-header", name,
               timeout=20)
    assert done.returncode == 78, done.err
    assert "--client-certificate-header" in done.err


# ---- the client's certificate -----------------------------------------------

OID = "1.2.246.10.99999999.99.1"
REQUIRED = ["--client-certificate", "required"]


class Certificate:
    """One that the server's own CA has issued, as proxies write it."""

    def __init__(self, s, kind="wellbeing", **more):
        self.pem = s.admin("POST", "/certificates", dict(more, kind=kind),
                           201).json()["certificate"]
        self.der = [":" + re.sub(r"\s", "", b) + ":" for b in re.findall(
            r"-----BEGIN CERTIFICATE-----(.*?)-----END", self.pem, re.S)]

    def rfc9440(self):
        h = {"Client-Cert": self.der[0]}
        return dict(h, **{"Client-Cert-Chain": ", ".join(self.der[1:])}
                    if self.der[1:] else {})

    def escaped(self, name="Client-Cert"):
        """nginx: $ssl_client_escaped_cert"""
        return {name: urllib.parse.quote(self.pem, safe="")}


@pytest.fixture(scope="module")
def demands(own):
    with Server("--trusted-proxy", "127.0.0.1", *REQUIRED) as s:
        s.admin("PUT", "/settings", {"client_auth": "certificate"}, 200)
        yield s


@pytest.fixture
def known(demands):
    """An application with a certificate of its own and a citizen's token; each
    has an OID of its own."""
    known.n = getattr(known, "n", 0) + 1
    oid = f"1.2.246.10.99999999.99.7{known.n}"
    app = demands.register(certificate_serial_number=oid,
                           token_endpoint_auth_method="none")
    p = demands.person(app)
    p.oid = oid
    return p


def asks(p, headers):
    return p.get("/Observation?patient=" + p.id, "stu3", headers=headers)


def test_handed_on_it_counts(demands, known):
    mine = Certificate(demands, oid=known.oid)
    for headers in (mine.rfc9440(), mine.escaped()):
        r = asks(known, headers)
        assert r.status_code == 200, r.text
    e = demands.admin("GET", "/requests/" + r.headers["X-Request-Id"]).json()
    assert known.oid in str(e), e


def test_as_the_proxy_asks_none_is_none(demands, known):
    for headers in ({}, {"Client-Cert": ""}, {"Client-Cert": "(null)"}):
        r = asks(known, headers)
        assert r.status_code == 401, r.text
        assert "certificate" in r.text


@pytest.mark.parametrize("kind,said", [
    ("expired", "has expired"), ("future", "not yet valid"),
    ("revoked", "is revoked"), ("wrong-eku", "clientAuth"),
    ("other-ca", "no CA that is trusted"), ("self-signed", "by itself"),
    ("weak-key", "too small"), ("sote", "wrong class"),
    ("wrong-oid", "must have the Subject serialNumber"),
    ("no-oid", "without a serialNumber"), ("two-oids", "2 serialNumbers")])
def test_it_is_judged_as_any(demands, known, kind, said):
    """With the right OID, where the kind is not about that."""
    oid = {} if "oid" in kind else {"oid": known.oid}
    r = asks(known, Certificate(demands, kind, **oid).rfc9440())
    assert r.status_code == 401 and said in r.text, r.text


def test_without_a_chain(demands, known):
    """The server knows the issuing CA."""
    r = asks(known, {"Client-Cert": Certificate(demands, oid=known.oid).der[0]})
    assert r.status_code == 200, r.text


@pytest.mark.parametrize("value", [
    "x", ":x:", ":MDAw:", "-----BEGIN CERTIFICATE-----", ":" * 5000])
def test_what_cannot_be_read_is_refused(demands, known, value):
    """As the proxy's own mistake, in the group's words."""
    r = asks(known, {"Client-Cert": value})
    assert r.status_code == 400 and "Client-Cert" in r.text, r.text
    assert outcome(r)
    r = demands.http.post(demands.auth + "/token", timeout=30,
                          headers={"Client-Cert": value})
    assert r.status_code == 400 and r.json()["error"] == "invalid_request"


def test_it_authenticates_at_token(demands, known):
    """The client_id and the certificate, as in production."""
    v = Vendor(demands, certificate_serial_number=known.oid + "1",
               token_endpoint_auth_method="none")
    mine = Certificate(demands, oid=known.oid + "1")
    form = {"grant_type": "authorization_code", "client_id": v.id,
            "redirect_uri": "https://app.example.fi/callback"}
    for headers, status in (({}, 401),
                            (Certificate(demands).rfc9440(), 401),
                            (mine.rfc9440(), 200), (mine.escaped(), 200)):
        url = v.decide(demands.citizen()["hetu"])
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        form["code"] = query["code"][0]
        form["redirect_uri"] = url.split("?")[0]
        r = demands.http.post(demands.auth + "/token", data=form,
                              headers=headers, timeout=30)
        assert r.status_code == status, r.text


def test_another_header(start):
    s = start("--trusted-proxy", "::ffff:127.0.0.0/104", *REQUIRED,
              "--client-certificate-header", "X-SSL-Client-Cert")
    p = s.person(s.register(certificate_serial_number=OID))
    mine = Certificate(s, oid=OID)
    assert asks(p, mine.escaped("x-ssl-client-cert")).status_code == 200
    assert asks(p, mine.rfc9440()).status_code == 401


def test_from_a_stranger_it_is_nothing(start):
    """Whatever it is; and the log says why."""
    s = start("--trusted-proxy", "10.0.0.0/8", *REQUIRED)
    p = s.person(s.register(certificate_serial_number=OID))
    r = asks(p, Certificate(s, oid=OID).rfc9440())
    assert r.status_code == 401, r.text
    r = asks(p, {"Client-Cert": "nonsense"})
    assert r.status_code == 401 and "it was sent by 127.0.0.1" in s.log()


def test_many_that_differ(demands, known):
    """Each request has its own; a write with it is one as any."""
    mine = Certificate(demands, oid=known.oid).rfc9440()
    other = Certificate(demands, "wrong-oid").rfc9440()
    body = weight(known.id, fhir="stu3")
    for i in range(30):
        good = i % 3 == 0
        r = known.post(body, "stu3", **{
            k.replace("-", "_"): v
            for k, v in (mine if good else other).items()},
            Content_Type=FHIR_JSON)
        assert r.status_code == (201 if good else 401), r.text
