# SPDX-License-Identifier: Apache-2.0
"""Faults on the way of an answer, as the wire has them: late, lost, cut short,
stalled, slow; and nobody else waits."""
import http.client
import json
import socket
import threading
import urllib.parse

import pytest

from support import FHIR_JSON, weight
from vendor import Vendor, granted

CLOSED = (http.client.RemoteDisconnected, http.client.BadStatusLine,
          ConnectionError)


@pytest.fixture(scope="module")
def server(own):
    return own


class Wire:
    """One application, one citizen, and connections of its own."""

    def __init__(self, server):
        self.server = server
        self.v = Vendor(server)
        self.hetu = server.citizen()["hetu"]
        self.t = self.v.connect(self.hetu)
        self.armed = None

    def arm(self, action, **rule):
        rule.setdefault("times", 1)
        rule["match"] = dict(rule.get("match", {}), hetu=self.hetu)
        rule["action"] = action
        self.armed = self.server.admin("POST", "/faults", rule,
                                       201).json()["id"]
        return self

    def fired(self):
        return self.server.admin("GET", "/faults/" + self.armed).json()[
            "fired"]

    def begin(self, timeout=30, body=None):
        """Sends a request; the connection."""
        c = http.client.HTTPConnection(
            urllib.parse.urlsplit(self.server.origin).netloc, timeout=timeout)
        path = "/phr-resourceserver/baseR4/Observation"
        headers = {"Authorization": "Bearer " + self.t["access_token"]}
        if body is None:
            c.request("GET", path + "?patient=" + self.t["sub"],
                      headers=headers)
        else:
            headers["Content-Type"] = FHIR_JSON
            c.request("POST", path, json.dumps(body), headers)
        return c

    def ask(self, **more):
        """The answer and its body."""
        c = self.begin(**more)
        r = c.getresponse()
        body = r.read()
        c.close()
        return r, body

    def fine(self):
        r, body = self.ask()
        assert r.status == 200
        assert json.loads(body)["resourceType"] == "Bundle"

    def total(self):
        return json.loads(self.ask()[1])["total"]


@pytest.fixture
def wire(server):
    return Wire(server)


# ---- late -------------------------------------------------------------------

@pytest.mark.parametrize("action", [
    {"delay_ms": 300}, {"delay": {"uniform": [300, 400]}},
    {"delay": {"lognormal": {"median": 300, "sigma": 0}}},
    {"delay_ms": 300, "status": 503}])
def test_late(server, wire, action):
    """Others are answered meanwhile, and in the end so is this one."""
    wire.arm(action)
    c, other = wire.begin(), Wire(server)
    while wire.fired() == 0:
        other.fine()
    c.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        c.sock.recv(1)
    c.sock.setblocking(True)
    other.fine()
    r = c.getresponse()
    assert r.status == action.get("status", 200)
    assert r.getheader("X-Mock-Fault") == wire.armed
    assert json.loads(r.read())
    wire.fine()


def test_many_are_late_at_once(server):
    wires = [Wire(server).arm({"delay_ms": 500}) for _ in range(20)]
    began = [w.begin() for w in wires]
    other = Wire(server)
    other.fine()
    assert [c.getresponse().status for c in began] == [200] * 20


def test_who_does_not_wait(server, wire):
    """A client that gives up leaves nothing behind."""
    wire.arm({"delay_ms": 600000})
    c = wire.begin(timeout=0.2)
    with pytest.raises(socket.timeout):
        c.getresponse()
    c.close()
    wire.fine()


# ---- lost -------------------------------------------------------------------

@pytest.mark.parametrize("action", [
    {"drop": "before"}, {"fault": "EMPTY_RESPONSE"}, {"drop": "reset"},
    {"fault": "CONNECTION_RESET_BY_PEER"}])
@pytest.mark.parametrize("commit", [False, True])
def test_lost(wire, action, commit):
    """Not a byte; what was asked is carried out with commit_first alone."""
    before = wire.total()
    wire.arm(dict(action, **({"commit_first": True} if commit else {})))
    with pytest.raises(CLOSED) as e:
        wire.ask(body=weight(wire.t["sub"]))
    reset = action.get("drop") == "reset" or "RESET" in action.get("fault", "")
    assert isinstance(e.value, ConnectionResetError) or not reset
    assert wire.fired() == 1
    assert wire.total() == before + commit


def test_garbage(wire):
    wire.arm({"fault": "RANDOM_DATA_THEN_CLOSE"})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        wire.ask()
    wire.fine()


# ---- cut short --------------------------------------------------------------

def part(wire, **more):
    """What came of a body that ends too early."""
    c = wire.begin(**more)
    r = c.getresponse()
    assert r.status == 200
    with pytest.raises((http.client.IncompleteRead, ConnectionError,
                        socket.timeout)) as e:
        r.read()
    c.close()
    return getattr(e.value, "partial", None), r


@pytest.mark.parametrize("action", [
    {"drop": "during"}, {"drop": "headers"},
    {"fault": "MALFORMED_RESPONSE_CHUNK"}])
def test_cut_short(wire, action):
    wire.arm(action)
    got, r = part(wire)
    assert r.getheader("X-Mock-Fault") == wire.armed
    if action.get("drop") == "headers":
        assert not got
    wire.fine()


@pytest.mark.parametrize("n", [0, 1, 100])
def test_truncated(wire, n):
    wire.arm({"truncate_bytes": n})
    got, r = part(wire)
    assert len(got or b"") == n
    assert int(r.getheader("Content-Length")) > n
    wire.fine()


@pytest.mark.parametrize("n", [0, 100])
def test_stalled(server, wire, n):
    """So many bytes, and then nothing, while others are answered."""
    wire.arm({"stall_after_bytes": n})
    c = wire.begin(timeout=0.3)
    r = c.getresponse()
    assert r.read(n) is not None
    with pytest.raises(socket.timeout):
        r.read(1)
    Wire(server).fine()
    c.close()
    wire.fine()


def test_stalled_for_a_while(wire):
    wire.arm({"stall_after_bytes": 50, "stall_ms": 200})
    r, body = wire.ask()
    assert json.loads(body)["resourceType"] == "Bundle"


def test_slow(server, wire):
    """All of it, in time; others are not slow."""
    length = len(wire.ask()[1])
    wire.arm({"bytes_per_second": length * 2})
    c = wire.begin()
    while wire.fired() == 0:
        pass
    Wire(server).fine()
    r = c.getresponse()
    assert json.loads(r.read())["resourceType"] == "Bundle"


# ---- and what is told -------------------------------------------------------

@pytest.mark.parametrize("action", [
    {"drop": "before"}, {"drop": "during"}, {"truncate_bytes": 5},
    {"delay_ms": 20}])
def test_the_journal_tells(wire, action):
    wire.arm(action)
    try:
        wire.ask()
    except (http.client.HTTPException, ConnectionError):
        pass
    entries = wire.server.admin(
        "GET", "/requests?hetu=" + wire.hetu).json()["requests"]
    assert entries[-1]["fault"] == wire.armed


@pytest.mark.parametrize("all_", [True, False])
def test_reset_ends_the_waiting(start, all_):
    """Those that were late are answered 503, with X-Mock-Reset; not another
    citizen's when it is one citizen who is reset."""
    s = start()
    wires = [Wire(s).arm({"delay_ms": 600000 if i == 0 else 1000})
             for i in range(2)]
    late = [w.begin() for w in wires]
    for w in wires:
        while w.fired() == 0:
            pass
    s.admin("POST", "/reset", {} if all_ else {"hetu": wires[0].hetu}, 204)
    for i, c in enumerate(late):
        r = c.getresponse()
        gone = all_ or i == 0
        assert r.status == (503 if gone else 200)
        assert (r.getheader("X-Mock-Reset") == "true") == gone
        json.loads(r.read())


def test_two_at_once(server):
    """Of two citizens at one moment each has its own fault."""
    one = Wire(server).arm({"delay_ms": 200, "status": 503}, times=5)
    two = Wire(server).arm({"truncate_bytes": 3}, times=5)
    got = {}

    def run(name, w, see):
        got[name] = [see(w) for _ in range(5)]
    threads = [
        threading.Thread(target=run, args=("one", one, lambda w:
                                           w.ask()[0].status)),
        threading.Thread(target=run, args=("two", two, lambda w:
                                           len(part(w)[0])))]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert got == {"one": [503] * 5, "two": [3] * 5}
    granted(one.v, one.v.refresh(one.t["refresh_token"]))
