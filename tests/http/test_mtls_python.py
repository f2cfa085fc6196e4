# SPDX-License-Identifier: Apache-2.0
"""Every client certificate, presented by Python's ssl and http.client; and what
the table of them has to be for its tests to mean something."""
import http.client
import os
import re
import socket
import ssl

import pytest

import mtls
from mtls import pki, servers  # noqa: F401

RSA = bytes.fromhex("06092a864886f70d010101")  # the OID of such a key
ssl_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def context(case):
    c = ssl.create_default_context(cafile=case.ca)
    c.minimum_version = c.maximum_version = ssl_version[case.tls]
    if case.any_key:
        c.set_ciphers(mtls.ANY_KEY)
    if case.cert:
        c.load_cert_chain(case.cert, case.key)
    return c


def ask(case):
    """One connection; each request when the one before has been answered."""
    connection = http.client.HTTPSConnection(
        "127.0.0.1", case.at.port, context=context(case), timeout=30)
    got = []
    try:
        for path, authorization, form in case.at.requests:
            headers = {"Authorization": authorization} if authorization else {}
            if form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("POST" if form else "GET", path, form, headers)
            r = connection.getresponse()
            got.append(mtls.Answer(
                r.status, {k.lower(): v for k, v in r.getheaders()},
                r.read().decode()))
    except ssl.SSLError as e:
        return e.reason or repr(e)
    except (OSError, http.client.HTTPException) as e:
        return repr(e)
    finally:
        connection.close()
    return got


def alert(case):
    return case.alert["openssl"]


@mtls.every_combination
def test_matrix(servers, demand, missing, tls):  # noqa: F811
    mtls.check(servers(demand, missing), tls, ask, alert)


@pytest.mark.parametrize("tls", mtls.VERSIONS)
def test_a_server_with_an_rsa_key(start, tmp_path, tls):
    rsa = mtls.make_pki(tmp_path, "--key", "rsa")
    at = mtls.At(rsa, "required", "alert", start)
    mtls.check(at, tls, ask, alert)
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(
        ("127.0.0.1", at.port)))
    assert RSA in der, "the key is an RSA one"


def test_refused_all_at_once(servers):  # noqa: F811
    """A client of TLS 1.3 has sent its request before it is refused: the alert
    reaches each of many all the same."""
    at = servers("required", "alert")
    case = next(c for c in at.cases("1.3") if c.name == "expired")
    told = context(case)
    waiting = []
    for _ in range(50):
        plain = socket.create_connection(("127.0.0.1", at.port), 30)
        waiting.append(told.wrap_socket(plain, do_handshake_on_connect=False,
                                        server_hostname="127.0.0.1"))
    for one in waiting:
        one.do_handshake()
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    for one in waiting:
        with pytest.raises(ssl.SSLError, match="CERTIFICATE_EXPIRED"):
            one.recv(1)
        one.close()


@pytest.mark.parametrize("tls", mtls.VERSIONS)
def test_the_journal_tells_what_the_client_was_told(servers, tls):  # noqa: F811
    at = servers("required", "alert")
    refused = [case for case in at.cases(tls) if case.alert]
    assert len(refused) > 10
    for case in refused:
        ask(case)
        entries = at.server.admin("GET", "/requests?kind=tls", status=200)
        last = entries.json()["requests"][-1]
        assert str(last["alert"]) == case.alert["alert"], case.name
        if case.row["says"] != "-":
            assert re.search(case.row["says"], last["error"]["message"],
                             re.IGNORECASE), case.name


def test_the_table_is_whole(pki):  # noqa: F811
    """Every certificate that pki makes, and every problem in every policy."""
    names = {f[:-len(".pem")] for f in os.listdir(pki) if f.endswith(".pem")}
    assert names - {"ca", "crl"} == {
        c["certificate"] for c in mtls.CERTIFICATES} - {"none"}
    problems = {c["problem"] for c in mtls.CERTIFICATES}
    assert set(mtls.OUTCOMES) == {
        (*policy, p) for policy in mtls.POLICIES for p in problems}
    assert len(mtls.POLICIES) == 7
    for c in mtls.CERTIFICATES:
        for tls in ("tls12", "tls13"):
            assert (c[tls] in mtls.ALERTS) == (
                c["problem"] in ("missing", "bad", "unusable")), c
