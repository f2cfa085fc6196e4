# SPDX-License-Identifier: Apache-2.0
"""A proxy that ends TLS in front of the server: whose headers count
(--trusted-proxy), and what they then say of who asked and of how the server was
called. The client's certificate among them: test_mtls_proxy.py."""
import pytest

from support import Server, run

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
               "--client-certificate-header", name, timeout=20)
    assert done.returncode == 78, done.err
    assert "--client-certificate-header" in done.err
