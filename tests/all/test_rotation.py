# SPDX-License-Identifier: Apache-2.0
"""Certificates change while the server runs: its own, the CAs that it trusts
and their revocation lists are replaced and read again on SIGHUP, over and over,
while clients with certificates of two CAs send requests, on connections that
stay and on fresh ones. Not one request is lost. And what a client that keeps
its connection meets when its certificate is revoked or expires, or when its CA
is trusted no more."""
import http.client
import json
import os
import shutil
import signal
import ssl
import sys
import threading
import time
import urllib.parse

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "http"))
import support  # noqa: E402

ROTATIONS = 24
OWNER = "demo-production"
SCOPE = "offline_access patient/Observation.read"
SEARCH = "/phr-resourceserver/baseR4/Observation?patient="
WAIT_S = 20


@pytest.fixture(scope="module")
def pkis(tmp_path_factory):
    """Two PKIs that know nothing of one another."""
    made = [str(tmp_path_factory.mktemp("pki")) for _ in range(2)]
    for folder in made:
        assert support.run(support.MOCK, "pki", folder).returncode == 0
    return made


class Live:
    """A server whose files can be changed, and its clients' configuration."""

    def __init__(self, folder, pkis):
        self.folder, self.pkis = str(folder), pkis
        self.trust = os.path.join(self.folder, "trust.pem")
        self._join("trust.pem", pkis, "ca.pem")
        self.write(server=pkis[0], ca=pkis, crl=pkis)
        self.server = support.Server(
            "--listen", "mtls://127.0.0.1:0", "--client-certificate",
            "required", "--tls-cert", self.file("server.pem"),
            "--tls-key", self.file("server.key"),
            "--client-ca", self.file("ca.pem"),
            "--client-crl", self.file("crl.pem"), clock=None).start()
        self.port = urllib.parse.urlsplit(
            self.server.ready["listeners"][1]["url"]).port
        self.citizen = self.server.citizen()
        self.sign_in()

    def sign_in(self):
        self.token = self.server.issue({"client_id": OWNER},
                                       self.citizen["hetu"],
                                       SCOPE)["access_token"]

    def file(self, name):
        return os.path.join(self.folder, name)

    def _join(self, name, pkis, part):
        """The new file is whole whenever somebody looks."""
        with open(self.file(name + ".new"), "wb") as out:
            for pki in pkis:
                with open(os.path.join(pki, part), "rb") as f:
                    shutil.copyfileobj(f, out)
        os.replace(self.file(name + ".new"), self.file(name))

    def write(self, server=None, ca=None, crl=None):
        if server:
            self._join("server.pem", [server], "server.pem")
            self._join("server.key", [server], "server.key")
        if ca:
            self._join("ca.pem", ca, "ca.pem")
        if crl:
            self._join("crl.pem", crl, "crl.pem")

    def rotate(self, **more):
        """When this returns the server has read its files."""
        self.write(**more)
        self.hup()

    def hup(self):
        self.server.process.send_signal(signal.SIGHUP)
        for _ in range(2):  # the second one was read after the signal
            self.server.request("GET", "/__admin/health")

    def client(self, pki, name="wellbeing"):
        return Client(self, pki, name)

    def shown(self):
        """The certificate that a fresh connection sees."""
        return self.client(self.pkis[0]).shown()


class Client:
    """A client that keeps its connection as long as the server does."""

    def __init__(self, live, pki, name):
        context = ssl.create_default_context(cafile=live.trust)
        context.load_cert_chain(os.path.join(pki, name + ".pem"),
                                os.path.join(pki, name + ".key"))
        self.live = live
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", live.port, context=context, timeout=WAIT_S)

    def get(self, **headers):
        headers["Authorization"] = "Bearer " + self.live.token
        self.connection.request(
            "GET", SEARCH + self.live.citizen["patient_id"], headers=headers)
        r = self.connection.getresponse()
        return r.status, r.read().decode()

    def says(self):
        """Status, and what the outcome says of a refusal. The connection is
        the same as before."""
        socket = self.connection.sock
        status, text = self.get()
        assert socket is None or self.connection.sock is socket
        if status == 200:
            return status, ""
        return status, json.loads(text)["issue"][0]["diagnostics"]

    def shown(self):
        self.connection.connect()
        try:
            return self.connection.sock.getpeercert(binary_form=True)
        finally:
            self.connection.close()


class Load(threading.Thread):
    """Sends requests until it is told to end. stays: on one connection."""

    def __init__(self, live, pki, stays):
        super().__init__(daemon=True)
        self.live, self.pki, self.stays = live, pki, stays
        self.served, self.lost, self.over = 0, [], False

    def run(self):
        client, headers = None, {} if self.stays else {"Connection": "close"}
        while not self.over:
            client = client or self.live.client(self.pki)
            try:
                got = client.get(**headers)
                if got[0] != 200:
                    self.lost.append(got)
            except Exception as e:  # whatever it is, a request is lost
                self.lost.append(repr(e))
                client = None
            self.served += 1
            if not self.stays:
                client = None


@pytest.fixture
def live(tmp_path, pkis):
    one = Live(tmp_path, pkis)
    yield one
    one.server.stop()


def der(pki):
    with open(os.path.join(pki, "server.pem"), encoding="ascii") as f:
        return ssl.PEM_cert_to_DER_cert(
            f.read().split("-----END CERTIFICATE-----")[0]
            + "-----END CERTIFICATE-----\n")


def progress(loads, more):
    """Waits until each has been served so many times more."""
    until = [load.served + more for load in loads]
    end = time.monotonic() + WAIT_S
    while any(load.served < n for load, n in zip(loads, until)):
        assert time.monotonic() < end, [load.served for load in loads]
        time.sleep(0.005)


def test_nothing_is_lost_while_certificates_rotate(live, pkis):
    loads = [Load(live, pki, stays) for pki in pkis for stays in (True, False)]
    for load in loads:
        load.start()
    progress(loads, 1)
    for i in range(ROTATIONS):
        there, back = pkis[i % 2 - 1], pkis[i % 2]
        live.rotate(server=there, ca=[there, back] if i % 3 else [back, there],
                    crl=[back, there] if i % 4 else [there, back])
        assert live.shown() == der(there)
        progress(loads, 3)
    for load in loads:
        load.over = True
    for load in loads:
        load.join(WAIT_S)
        assert not load.is_alive()
    assert [load.lost for load in loads] == [[]] * len(loads)
    print(f"{ROTATIONS} rotations, {[load.served for load in loads]} requests")


def test_a_ca_that_is_trusted_no_more(live, pkis):
    ours, theirs = live.client(pkis[0]), live.client(pkis[1])
    assert ours.says()[0] == theirs.says()[0] == 200
    live.rotate(ca=[pkis[1]])
    assert ours.says()[0] == 200
    assert "crl.pem" in live.server.log(), "the list of a CA that is not there"
    live.rotate(ca=[pkis[1]], crl=[pkis[1]])
    status, text = ours.says()
    assert (status, "issuer" in text) == (401, True), text
    assert theirs.says()[0] == 200
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        live.client(pkis[0]).says()
    live.rotate(ca=pkis, crl=pkis)
    assert ours.says()[0] == theirs.says()[0] == 200


def test_revoked_while_the_connection_is_open(live, pkis):
    live.rotate(crl=[pkis[1]])
    revoked, other = live.client(pkis[0], "revoked"), live.client(pkis[0])
    assert revoked.says()[0] == other.says()[0] == 200
    live.rotate(crl=pkis)
    status, text = revoked.says()
    assert (status, "revoked" in text) == (401, True), text
    assert other.says()[0] == 200
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REVOKED"):
        live.client(pkis[0], "revoked").says()


def test_expired_between_two_requests(live, pkis):
    client = live.client(pkis[0])
    assert client.says()[0] == 200
    live.server.advance("P400D")
    live.sign_in()
    status, text = client.says()
    assert (status, "expired" in text) == (401, True), text
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_EXPIRED"):
        live.client(pkis[0]).says()
    live.server.admin("PUT", "/settings", {"cert_clock": "real"}, 200)
    assert client.says()[0] == 200, "by the clock of the machine"
    live.server.admin("PUT", "/settings", {"cert_clock": "virtual"}, 200)
    assert client.says()[0] == 401
    live.server.admin("PUT", "/clock", {"mode": "real"}, 200)
    live.sign_in()
    assert client.says()[0] == 200


@pytest.mark.parametrize("name", ["server.pem", "server.key", "ca.pem",
                                  "crl.pem"])
@pytest.mark.parametrize("content", [
    b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    None], ids=["empty", "broken", "gone"])
def test_what_cannot_be_used_changes_nothing(live, pkis, name, content):
    client, before = live.client(pkis[0]), live.shown()
    assert client.says()[0] == 200
    if content is None:
        os.remove(live.file(name))
    else:
        with open(live.file(name), "wb") as f:
            f.write(content)
    log = len(live.server.log())
    live.hup()
    assert live.shown() == before
    assert client.says()[0] == live.client(pkis[1]).says()[0] == 200
    assert name in live.server.log()[log:], "the log says which"
    live.rotate(server=pkis[1], ca=pkis, crl=pkis)
    assert live.shown() == der(pkis[1])
    assert client.says()[0] == 200
