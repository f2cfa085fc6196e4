# SPDX-License-Identifier: Apache-2.0
"""Clients that leave in the middle of a TLS handshake, at every point of it,
politely and by a reset; and a thousand that begin one and go no further. Each
time a client with a certificate is served afterwards (and, while the thousand
wait, meanwhile), and the server ends as it should."""
import resource
import socket
import ssl
import struct

import pytest

import mtls
from mtls import pki, servers  # noqa: F401

HALF_OPEN = 1000
FILES = HALF_OPEN + 500
POLICIES = [("required", "alert"), ("optional", "401")]


@pytest.fixture(scope="module", autouse=True)
def enough_files():
    """For the server, too: it is started later and inherits the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 2 * FILES)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"no more than {hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module", params=POLICIES, ids="-".join)
def at(request, servers):  # noqa: F811
    return servers(*request.param)


class Half:
    """A connection whose handshake is made by hand: what either side says is
    passed on as far as the test wants."""

    def __init__(self, at, tls, name="wellbeing"):
        self.socket = socket.create_connection(("127.0.0.1", at.port), 10)
        context = ssl.create_default_context(cafile=at.pki + "/ca.pem")
        context.minimum_version = context.maximum_version = {
            "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[tls]
        if name != "none":
            context.load_cert_chain(f"{at.pki}/{name}.pem",
                                    f"{at.pki}/{name}.key")
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname="127.0.0.1")

    def flight(self):
        """What the client says next; b"" when it waits for the server."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """Everything that the server says before the client speaks again."""
        while not (said := self.flight()):
            data = self.socket.recv(65536)
            assert data, "the server closed"
            self.incoming.write(data)
        return said

    def finished(self):
        """On TLS 1.2 the last word of the handshake is the server's."""
        while True:
            try:
                return self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.incoming.write(self.socket.recv(65536))

    def request(self, data):
        self.tls.write(data)
        return self.outgoing.read()

    def leave(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.socket.close()


def served(at):
    """A client as it should be gets all its answers."""
    half = Half(at, "1.3")
    half.send(half.flight())
    half.send(half.receive())
    half.send(half.request(mtls.wire(at)))
    got = b""
    while True:
        data = half.socket.recv(65536)
        half.incoming.write(data)
        if not data:
            half.incoming.write_eof()
        try:
            while part := half.tls.read(65536):
                got += part
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError:
            pass
        break
    half.leave()
    want = mtls.OUTCOMES[at.demand, at.missing, "fine"]
    assert [str(a.status) for a in mtls.answers(got)] == [
        want[request].split()[0] for request in mtls.REQUESTS]


def some(data, n=12):
    """Beginnings of data: none of it, a byte, ever more, all but a byte."""
    return sorted({0, 1, 5, len(data) - 1, *range(
        0, len(data), max(1, len(data) // n))})


ways = pytest.mark.parametrize("reset", [False, True], ids=["close", "reset"])
versions = pytest.mark.parametrize("tls", mtls.VERSIONS)


@ways
@versions
def test_within_the_client_hello(at, tls, reset):
    hello = Half(at, tls)
    whole = hello.flight()
    hello.leave(reset)
    for k in some(whole, 24):
        half = Half(at, tls)
        half.send(half.flight()[:k])
        half.leave(reset)
    served(at)


@ways
@versions
def test_after_the_server_hello(at, tls, reset):
    for read in (False, True):
        half = Half(at, tls)
        half.send(half.flight())
        if read:
            half.receive()
        half.leave(reset)
    served(at)


@ways
@versions
@pytest.mark.parametrize("name", ["none", "wellbeing", "expired"])
def test_within_the_certificate_and_what_follows(at, tls, name, reset):
    half = Half(at, tls, name)
    half.send(half.flight())
    length = len(half.receive())
    half.leave(reset)
    for k in some(bytes(length)) + [length]:
        half = Half(at, tls, name)
        half.send(half.flight())
        half.send(half.receive()[:k])
        half.leave(reset)
    served(at)


@ways
@versions
def test_within_a_request(at, tls, reset):
    request = mtls.wire(at)
    for k in some(request[:400]) + [len(request)]:
        half = Half(at, tls)
        half.send(half.flight())
        half.send(half.receive())
        if tls == "1.2":
            half.finished()
        half.send(half.request(request[:k]))
        half.leave(reset)
    served(at)


@pytest.mark.parametrize("garbage", [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 999,
    b"\x16\x03\x01\x00\x00", b"\x15\x03\x01\x00\x02\x02\x28", bytes(2000)],
    ids=["http", "too-long", "empty", "alert", "nul"])
def test_what_is_no_handshake(at, garbage):
    half = Half(at, "1.3")
    half.send(garbage)
    try:
        half.socket.shutdown(socket.SHUT_WR)
        while half.socket.recv(65536):
            pass
    except OSError:
        pass  # it was quicker
    half.leave()
    served(at)


def test_a_thousand_that_go_no_further(at):
    waiting = []
    for i in range(HALF_OPEN):
        half = Half(at, mtls.VERSIONS[i % 2])
        said = half.flight()
        if i % 4 == 1:
            half.send(said[:1])
        elif i % 4 == 2:
            half.send(said[:len(said) // 2])
        elif i % 4 == 3:
            half.send(said)
        waiting.append(half)
    served(at)
    for i, half in enumerate(waiting):
        half.leave(reset=i % 2 == 1)
    served(at)
