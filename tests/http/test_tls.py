# SPDX-License-Identifier: Apache-2.0
"""Listeners that speak TLS: https:// never asks for a certificate, mtls:// does.

Here is what holds whatever certificate a client has: versions, no resumption,
who is asked and with which names, the server's key, SIGHUP, links, and clients
that stop, leave, send something else or come by the hundred. What follows from
each certificate is test_mtls*.py.

The clients are Python's ssl (OpenSSL) and bare sockets, the certificates those
of the command pki.
"""
import base64
import copy
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import threading
import time

import pytest

import support

STATUS = re.compile(rb"^HTTP/1\.1 (\d+) ")
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = [TLS_1_2, TLS_1_3]
CERTIFICATE_REQUEST = 13  # RFC 8446 4
LISTEN = ("--listen", "http://127.0.0.1:0", "--listen", "https://127.0.0.1:0",
          "--listen", "mtls://127.0.0.1:0")
HALF_OPEN = 200


class Pki:
    """A folder that the command pki wrote."""

    def __init__(self, binary, folder, *options):
        self.folder = str(folder)
        done = support.run(binary, "pki", self.folder, *options)
        assert done.returncode == 0, done.err

    def file(self, name):
        return os.path.join(self.folder, name)

    def options(self):
        return ("--tls-cert", self.file("server.pem"), "--tls-key",
                self.file("server.key"), "--client-ca", self.file("ca.pem"))

    def context(self, version=None, client=None):
        """A client that trusts the PKI, with or without a certificate."""
        ctx = ssl.create_default_context(cafile=self.file("ca.pem"))
        if version:
            ctx.minimum_version = ctx.maximum_version = version
        if client:
            ctx.load_cert_chain(self.file(client + ".pem"),
                                self.file(client + ".key"))
        return ctx


@pytest.fixture(scope="module")
def pki(binary, tmp_path_factory):
    return Pki(binary, tmp_path_factory.mktemp("pki") / "p")


@pytest.fixture(scope="module")
def tls(start_shared, pki):
    """A server with a listener of each kind, in the order http, https, mtls."""
    return start_shared(*LISTEN, *pki.options(), listen=False)


def port(server, kind):
    found = [x for x in server.ready["listeners"] if x["kind"] == kind]
    assert len(found) == 1, server.ready
    return int(found[0]["url"].rsplit(":", 1)[1])


def dial(server, kind):
    return socket.create_connection(("127.0.0.1", port(server, kind)),
                                    timeout=30)


def secured(server, kind, ctx, **more):
    return ctx.wrap_socket(dial(server, kind), server_hostname="localhost",
                           **more)


def ask(sock, path="/__admin/health", host="localhost", more=""):
    """One request on a connection that stays; (status, body)."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode())
    got = b""
    while support.answers_in(got) != 1:
        part = sock.recv(65536)
        assert part, got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    return int(STATUS.match(head)[1]), body


def works(server, pki, kind="https"):
    with secured(server, kind, pki.context()) as s:
        assert ask(s)[0] == 200


def log_has(server, text, times=1, since=0):
    """The log is written before what a client sees, but not before its end of
    a connection is noticed."""
    for _ in range(500):
        if server.log()[since:].count(text) >= times:
            return
        time.sleep(0.02)
    raise AssertionError(f"not {times} times in the log: {text}\n"
                         + server.log()[since:][-3000:])


# ---- what is listened to ----------------------------------------------------

def test_the_ready_line_tells_kinds_and_urls(tls):
    listeners = tls.ready["listeners"]
    assert [x["kind"] for x in listeners] == ["http", "https", "mtls"]
    assert [x["url"].split(":")[0] for x in listeners] == [
        "http", "https", "https"]
    assert tls.ready["auth"].startswith(listeners[0]["url"])


def test_the_port_file_has_them_all(start, pki, tmp_path):
    server = start(*LISTEN, *pki.options(), "--port-file", tmp_path / "ports",
                   listen=False)
    ports = (tmp_path / "ports").read_text().split()
    assert ports == [str(port(server, k)) for k in ("http", "https", "mtls")]


@pytest.mark.parametrize("kind", ["https", "mtls"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("client", [None, "wellbeing"])
def test_a_request_is_answered(tls, pki, kind, version, client):
    with secured(tls, kind, pki.context(version, client)) as s:
        assert s.version() == {TLS_1_2: "TLSv1.2", TLS_1_3: "TLSv1.3"}[version]
        for _ in range(2):
            assert ask(s) == (200, b'{"status":"ok"}\n')


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1,
                                     ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(tls, pki, version):
    ctx = pki.context()
    ctx.set_ciphers("DEFAULT@SECLEVEL=0")  # or OpenSSL itself would not
    with pytest.warns(DeprecationWarning):
        ctx.minimum_version = ctx.maximum_version = version
    since = len(tls.log())
    with pytest.raises((ssl.SSLError, OSError)):
        secured(tls, "https", ctx)
    log_has(tls, "TLS 1.2 and 1.3 are spoken here", since=since)


def test_only_http_1_1_is_negotiated(tls, pki):
    ctx = pki.context()
    ctx.set_alpn_protocols(["h2", "http/1.1"])
    with secured(tls, "https", ctx) as s:
        assert s.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("kind", ["https", "mtls"])
@pytest.mark.parametrize("version", VERSIONS)
def test_no_session_is_resumed(tls, pki, kind, version):
    ctx = pki.context(version, "wellbeing")
    with secured(tls, kind, ctx) as s:
        assert ask(s)[0] == 200  # tickets would come with it
        session = s.session
    assert not session.has_ticket
    with secured(tls, kind, ctx, session=session) as s:
        assert ask(s)[0] == 200
        assert not s.session_reused


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind,asks", [("https", False), ("mtls", True)])
def test_who_is_asked_and_with_which_names(tls, pki, kind, asks, version):
    seen = []

    def saw(conn, direction, protocol, content, message, data):
        if direction == "read" and message == CERTIFICATE_REQUEST:
            seen.append(data)

    ctx = pki.context(version)
    ctx._msg_callback = saw
    with secured(tls, kind, ctx) as s:
        assert ask(s)[0] == 200
    assert len(seen) == asks
    if asks:
        for name in (b"MOCK Gov. Root CA - G1",
                     b"MOCK Service Certificates - G1",
                     b"MOCK Social Welfare and Health Care Prof. - G1"):
            assert name in seen[0]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_keys_of_the_server(binary, start, tmp_path, kind):
    pki = Pki(binary, tmp_path / "p", "--key", kind)
    server = start(*LISTEN, *pki.options(), listen=False)
    with secured(server, "https", pki.context(TLS_1_2)) as s:
        assert {"ec": "ECDSA", "rsa": "RSA"}[kind] in s.cipher()[0]
    with secured(server, "mtls", pki.context(TLS_1_3, "wellbeing-rsa")) as s:
        assert ask(s)[0] == 200


# ---- what cannot be listened with -------------------------------------------

@pytest.mark.parametrize("cert,key", [
    ("server.pem", "wellbeing.key"), ("server.pem", "ca.pem"),
    ("server.key", "server.key"), ("nothing.pem", "server.key")])
def test_files_that_do_not_serve(binary, pki, cert, key):
    """What is wrong is said of the option, or of a file that is not there."""
    done = support.run(
        binary, "serve", "--listen", "https://127.0.0.1:0", "--tls-cert",
        pki.file(cert), "--tls-key", pki.file(key))
    assert done.returncode == 78, done.err
    assert ("--tls-" in done.err) != ("nothing.pem: No such" in done.err)
    assert not done.out


# ---- links ------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["https", "mtls"])
def test_links_have_the_listeners_scheme(tls, pki, kind):
    path = "/phr-authserver-sandbox/.well-known/openid-configuration"
    with secured(tls, kind, pki.context()) as s:
        for host in ("localhost:1", "phr", "fhirsandbox2-auth.kanta.fi"):
            assert f'"issuer":"https://{host}/'.encode() in ask(
                s, path, host)[1]
        own = f"https://127.0.0.1:{port(tls, kind)}/".encode()
        assert b'"issuer":"' + own in ask(s, path, "stranger.example")[1]
    with dial(tls, "http") as s:
        assert b'"issuer":"http://phr/' in ask(s, path, "phr")[1]


def test_all_addresses_links_to_the_one_that_was_asked(start, pki):
    server = start("--listen", "https://0.0.0.0:0", *pki.options(),
                   listen=False)
    path = "/phr-authserver-sandbox/.well-known/openid-configuration"
    with secured(server, "https", pki.context()) as s:
        own = f"https://127.0.0.1:{port(server, 'https')}/".encode()
        assert b'"issuer":"' + own in ask(s, path, "stranger.example")[1]


def test_certificates_are_asked_for_at_the_host_that_was_asked(start, pki):
    """A listener on all addresses has none of its own for the metadata."""
    server = start("--listen", "http://127.0.0.1:0", "--listen",
                   "mtls://0.0.0.0:0", "--oauth", "strict", *pki.options(),
                   listen=False)
    path = "/phr-authserver-sandbox/.well-known/openid-configuration"
    with dial(server, "http") as s:
        aliases = json.loads(ask(s, path, "phr:8080")[1])[
            "mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == (
        f"https://phr:{port(server, 'mtls')}/phr-authserver-sandbox/token")


@pytest.mark.parametrize("origin,status", [
    ("https://localhost:1", 201), ("http://localhost:1", 403)])
def test_a_page_of_the_other_scheme_is_another_origin(tls, pki, origin,
                                                       status):
    """What is open to this machine alone is closed to pages of others."""
    with secured(tls, "https", pki.context()) as s:
        s.sendall(b"POST /__admin/citizens HTTP/1.1\r\nHost: localhost:1\r\n"
                  b"Origin: " + origin.encode() + b"\r\n"
                  b"Content-Type: application/json\r\nContent-Length: 2\r\n"
                  b"Connection: close\r\n\r\n{}")
        assert int(STATUS.match(s.recv(65536))[1]) == status


def test_an_id_token_is_from_where_the_browser_was(start, pki):
    """The application found the issuer there, and compares it (OpenID Connect
    Core 3.1.3.7), though its back end goes to another listener."""
    s = start("--listen", "mtls://127.0.0.1:0", "--auto-approve",
              "--set", "openid=on", *pki.options(), clock=None)
    s.admin("POST", "/clients", {
        "client_id": "mine", "redirect_uris": [support.CALLBACK],
        "token_endpoint_auth_method": "none",
        "certificate_serial_number": "1.2.246.10.99999999.99.1",
        "scope": "openid patient/Observation.read"}, 201)
    request = {"response_type": "code", "client_id": "mine",
               "redirect_uri": support.CALLBACK,
               "scope": "openid patient/Observation.read"}
    r = s.request("GET", "/phr-authserver-sandbox/authorize", params=request)
    code = re.search("code=([^&]+)", r.headers["Location"])[1]
    r = s.http.post(
        f"https://localhost:{port(s, 'mtls')}/phr-authserver-sandbox/token",
        verify=pki.file("ca.pem"), timeout=30,
        cert=(pki.file("wellbeing.pem"), pki.file("wellbeing.key")),
        data={"grant_type": "authorization_code", "code": code,
              "client_id": request["client_id"],
              "redirect_uri": request["redirect_uri"]})
    assert r.status_code == 200, r.text
    claims = r.json()["id_token"].split(".")[1] + "=="
    found = s.request("GET", "/phr-authserver-sandbox/.well-known/"
                      "openid-configuration").json()["issuer"]
    assert json.loads(base64.urlsafe_b64decode(claims))["iss"] == found
    assert found.startswith(s.origin)


def test_healthcheck(binary, tls):
    for kind in ("http", "https", "mtls"):
        scheme = "http" if kind == "http" else "https"
        url = f"{scheme}://127.0.0.1:{port(tls, kind)}"
        assert support.run(binary, "healthcheck", url).returncode == 0
        env = {"MOCK_PHR_LISTEN": url.replace(scheme, kind, 1).replace(
            "127.0.0.1", "0.0.0.0")}
        assert support.run(binary, "healthcheck", env=env).returncode == 0
    url = "https://127.0.0.1:%d/__admin/nothing" % port(tls, "https")
    assert support.run(binary, "healthcheck", url).returncode == 1


# ---- SIGHUP -----------------------------------------------------------------

def serial(server, pki):
    with secured(server, "https", pki.context()) as s:
        return s.getpeercert()["serialNumber"]


def until(holds):
    for _ in range(500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it never comes true")


@pytest.fixture
def rotating(binary, start, tmp_path, pki):
    """A server whose files may be changed, its PKI and the serial number of a
    second certificate with its files: (server, pki, other PKI)."""
    mine = Pki(binary, tmp_path / "mine")
    other = Pki(binary, tmp_path / "other")
    with open(mine.file("ca.pem"), "a") as f, open(other.file("ca.pem")) as g:
        f.write(g.read())  # clients trust both
    return start(*LISTEN, *mine.options(), listen=False), mine, other


def test_sighup_shows_another_certificate(rotating):
    server, mine, other = rotating
    first = serial(server, mine)
    kept = secured(server, "https", mine.context())
    begun = secured(server, "mtls", mine.context())
    begun.sendall(b"GET /__admin/health HTTP/1.1\r\n")
    assert ask(kept)[0] == 200
    for name in ("server.pem", "server.key"):
        shutil.copy(other.file(name), mine.file(name))
    assert serial(server, mine) == first
    server.process.send_signal(signal.SIGHUP)
    until(lambda: serial(server, mine) != first)
    # who came before goes on, with what it was shown
    assert ask(kept)[0] == 200
    assert kept.getpeercert()["serialNumber"] == first
    begun.sendall(b"Host: localhost\r\n\r\n")
    assert STATUS.match(begun.recv(65536))[1] == b"200"
    kept.close()
    begun.close()


class Asking(threading.Thread):
    """Asks again and again, on one connection or on a new one each time."""

    def __init__(self, server, ctx, keep):
        super().__init__()
        self.server, self.ctx, self.keep = server, ctx, keep
        self.over, self.answered, self.failed = False, 0, []

    def run(self):
        kept = None
        while not self.over and not self.failed:
            try:
                kept = kept or secured(self.server, "mtls", self.ctx)
                self.answered += ask(kept)[0] == 200
                if not self.keep:
                    kept.close()
                    kept = None
            except (OSError, AssertionError) as e:
                self.failed.append(repr(e))
        if kept:
            kept.close()


def test_rotation_under_load_loses_no_request(binary, start, tmp_path):
    """CA, CRL and the server's certificate change while clients of either CA
    ask, who all have to show theirs."""
    pkis = [Pki(binary, tmp_path / n) for n in "ab"]
    live = copy.copy(pkis[0])
    live.folder = str(tmp_path / "live")
    os.mkdir(live.folder)
    trusted = "".join(pathlib.Path(p.file("ca.pem")).read_text() for p in pkis)

    def put(p, order):
        for name in ("server.pem", "server.key", "crl.pem"):
            shutil.copy(p.file(name), live.file(name))
        cas = [pathlib.Path(x.file("ca.pem")).read_text()
               for x in pkis[::order]]
        pathlib.Path(live.file("ca.pem")).write_text("".join(cas))

    put(pkis[0], 1)
    server = start(*LISTEN, *live.options(), "--client-crl",
                   live.file("crl.pem"), "--client-certificate", "required",
                   listen=False)
    asking = []
    for p in pkis:
        for keep in (False, True):
            ctx = p.context(client="wellbeing")
            ctx.load_verify_locations(cadata=trusted)
            asking.append(Asking(server, ctx, keep))
    for a in asking:
        a.start()
    shows = pkis[0].context()
    shows.load_verify_locations(cadata=trusted)
    for i in range(10):
        before = server.log().count("certificates were read again")
        put(pkis[(i + 1) % 2], -1 if i % 2 else 1)
        server.process.send_signal(signal.SIGHUP)
        log_has(server, "certificates were read again", before + 1)
        with secured(server, "https", shows) as s:
            assert ask(s)[0] == 200
    for a in asking:
        a.over = True
        a.join()
        assert a.answered > 0 and not a.failed, a.failed


def test_sighup_with_a_bad_file_changes_nothing(rotating):
    server, mine, other = rotating
    first = serial(server, mine)
    shutil.copy(other.file("server.key"), mine.file("server.key"))
    since = len(server.log())
    server.process.send_signal(signal.SIGHUP)
    log_has(server, "key", since=since)
    assert serial(server, mine) == first


# ---- clients that do not go through with it ---------------------------------

def hello():
    """What a client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(
        incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_a_client_that_does_not_trust_the_server(tls, pki):
    since = len(tls.log())
    with pytest.raises(ssl.SSLCertVerificationError):
        secured(tls, "https", ssl.create_default_context())
    log_has(tls, "may not trust the server's certificate", since=since)
    works(tls, pki)


@pytest.mark.parametrize("kind", ["https", "mtls"])
@pytest.mark.parametrize("cut", [1, 3, 5, 60, None])
def test_a_client_that_leaves_in_the_handshake(tls, pki, kind, cut):
    for _ in range(3):
        with dial(tls, kind) as s:
            s.sendall(hello()[:cut])
    works(tls, pki, kind)


def test_a_client_that_leaves_after_the_handshake(tls, pki):
    for version in VERSIONS:
        s = secured(tls, "mtls", pki.context(version, "wellbeing"))
        os.close(s.detach())
    works(tls, pki, "mtls")


def test_a_client_that_only_looks_leaves_no_line(tls, pki):
    since = len(tls.log())
    with dial(tls, "https"):
        pass
    works(tls, pki)
    assert " tls " not in tls.log()[since:]


@pytest.mark.parametrize("junk", [
    b"\x00" * 1000, b"\xff" * 5, b"\x16\x03\x01\xff\xff" + b"A" * 20000,
    b"SSH-2.0-x\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    b"\x80\x2e\x01\x03\x01", b"\x15\x03\x01\x00\x02\x02\x28"],
    ids=range(7))
def test_junk_ends_the_connection(tls, pki, junk):
    with dial(tls, "https") as s:
        try:
            s.sendall(junk)
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass
        except OSError:
            pass  # bytes that nobody read are answered by a reset
    works(tls, pki)


@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                   b"POST /x HTTP/1.1\r\nHost: a\r\n",
                                   b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_plain_http_gets_a_plain_answer(tls, pki, begin):
    since = len(tls.log())
    with dial(tls, "https") as s:
        s.sendall(begin)
        got = b""
        while part := s.recv(4096):
            got += part
    assert STATUS.match(got)[1] == b"400" and support.answers_in(got) == 1
    assert b"https://" in got
    assert tls.log()[since:].count("plain HTTP") == 1
    assert "ended the handshake" not in tls.log()[since:]
    works(tls, pki)


def test_a_hello_in_many_pieces(tls, pki):
    """Each piece wakes the connection, which then sleeps again."""
    ctx = pki.context(client="wellbeing")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ctx.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with dial(tls, "mtls") as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        done = False
        while not done:
            try:
                client.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            for byte in outgoing.read():
                s.send(bytes([byte]))
            if not done:
                incoming.write(s.recv(65536))
        client.write(b"GET /__admin/health HTTP/1.1\r\nHost: a\r\n\r\n")
        for byte in outgoing.read():
            s.send(bytes([byte]))
        incoming.write(s.recv(65536))
        assert STATUS.match(client.read(65536))[1] == b"200"


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", hello()],
                         ids=["nothing", "three bytes", "a hello"])
def test_half_open_handshakes_leave_nothing_behind(tls, pki, sent):
    before = open_files(tls)
    half = [dial(tls, ("https", "mtls")[i % 2]) for i in range(HALF_OPEN)]
    for s in half:
        s.sendall(sent)
    works(tls, pki)
    works(tls, pki, "mtls")
    with dial(tls, "http") as s:
        assert ask(s)[0] == 200
    for s in half:
        s.close()
    until(lambda: open_files(tls) <= before)


def test_a_server_ends_with_half_open_handshakes(start, pki):
    server = start(*LISTEN, *pki.options(), listen=False)
    half = [dial(server, ("https", "mtls")[i % 2]) for i in range(20)]
    for i, s in enumerate(half):
        s.sendall(hello()[:i * 40 or None])
    works(server, pki)
    server.stop()  # looks at exit code and reports
    assert "handshake" not in server.log()
    for s in half:
        s.close()


def test_a_keep_alive_connection_serves_many(tls, pki):
    c = http.client.HTTPSConnection(
        "localhost", port(tls, "mtls"), timeout=30,
        context=pki.context(client="wellbeing"))
    for i in range(20):
        c.request("POST", "/__admin/citizens", "{}",
                  {"Content-Type": "application/json"})
        r = c.getresponse()
        assert r.status == 201, r.read()
        assert len(r.read()) > 10
    c.close()
