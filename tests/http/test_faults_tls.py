# SPDX-License-Identifier: Apache-2.0
"""Faults of the handshake: the next one at an mtls:// listener is refused with
the alert that a test asks for, with a good certificate and without one; another
listener's is not."""
import http.client
import ssl
import urllib.parse

import pytest

import support
from mtls import pki  # noqa: F401

ALERTS = {
    "certificate_expired": "CERTIFICATE_EXPIRED",
    "certificate_revoked": "CERTIFICATE_REVOKED",
    "unknown_ca": "UNKNOWN_CA",
    "bad_certificate": "BAD_CERTIFICATE",
    "access_denied": "ACCESS_DENIED",
    80: "INTERNAL_ERROR",
}


@pytest.fixture(scope="module")
def server(pki, start_shared):  # noqa: F811
    return start_shared("--listen", "mtls://127.0.0.1:0",
                        "--listen", "https://127.0.0.1:0", "--pki", pki,
                        "--client-certificate", "optional", clock=None)


def ask(server, pki, listener, cert=None):  # noqa: F811
    """The status, or the alert's name."""
    c = ssl.create_default_context(cafile=pki + "/ca.pem")
    if cert:
        c.load_cert_chain(f"{pki}/{cert}.pem", f"{pki}/{cert}.key")
    port = urllib.parse.urlsplit(
        server.ready["listeners"][listener]["url"]).port
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=c,
                                             timeout=30)
    try:
        connection.request("GET", "/phr-resourceserver/baseR4/metadata")
        return connection.getresponse().status
    except ssl.SSLError as e:
        return e.reason
    finally:
        connection.close()


@pytest.mark.parametrize("cert", ["wellbeing", None])
@pytest.mark.parametrize("alert", ALERTS)
def test_alert(server, pki, alert, cert):  # noqa: F811
    name = server.admin("POST", "/faults", {
        "action": {"tls_alert": alert}, "times": 1}, 201).json()["id"]
    assert ask(server, pki, 2, cert) == 200, "https:// asks nobody"
    assert server.http.get(server.r4 + "/metadata",
                           timeout=30).status_code == 200
    assert ALERTS[alert] in ask(server, pki, 1, cert)
    assert ask(server, pki, 1, cert) == 200
    rule = server.admin("GET", "/faults/" + name).json()
    assert (rule["fired"], rule["armed"]) == (1, False)
    entry = [e for e in server.admin(
        "GET", "/requests?kind=tls").json()["requests"]][-1]
    assert name in entry["error"]["message"]


def test_of_one_certificate(server, pki):  # noqa: F811
    """Whose certificate it is, by its OID."""
    server.admin("POST", "/faults", {
        "match": {"certificate": "1.2.3.4"}, "times": 1,
        "action": {"tls_alert": "certificate_revoked"}}, 201)
    assert ask(server, pki, 1, "wellbeing") == 200
    assert ask(server, pki, 1) == 200
    server.admin("DELETE", "/faults", None, 204)


def test_a_handshake_has_no_more_than_a_certificate(server):
    r = server.admin("POST", "/faults", {
        "match": {"path": "/x"}, "action": {"tls_alert": "unknown_ca"}}, 400)
    assert "certificate" in r.json()["error"]["message"]
