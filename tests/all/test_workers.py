# SPDX-License-Identifier: Apache-2.0
"""Fifty workers of a test suite share one server for a minute, each with a
citizen of its own, and half of them with faults armed all the time: nobody sees
another one's data, fault or journal."""
import os
import random
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "http"))
import answers  # noqa: E402
import support  # noqa: E402
from support import ids  # noqa: E402
from vendor import Vendor  # noqa: E402

WORKERS = 50
SECONDS = float(os.environ.get("WORKERS_SECONDS", "60"))

# what is armed; the statuses that the worker then sees; None: it is cut off
ACTIONS = [
    ({"status": 503, "retry_after": 1}, [503]),
    ({"outcome_code": "throttled"}, [429]),
    ({"delay_ms": 50}, [200]),
    ({"truncate_bytes": 7}, [None]),
    ({"drop": "before"}, [None]),
    ({"malformed_json": True}, [200]),
    ({"status": 504, "commit_first": True}, [504]),
    ({"oauth_error": "insufficient_scope"}, [403]),
]


class Worker(threading.Thread):
    def __init__(self, server, number, until):
        super().__init__(daemon=True)
        self.server, self.number, self.until = server, number, until
        self.random = random.Random(number)
        self.faulty = number % 2 == 0
        self.admin = support.Running(server.origin)
        self.v = Vendor(self.admin, client_name=f"Worker {number}")
        self.v.id  # registered
        self.hetu = self.admin.citizen()["hetu"]
        self.rounds, self.fired, self.wrong = 0, 0, None
        self.stored, self.asked = set(), set()

    def run(self):
        try:
            self.tokens = self.v.connect(self.hetu)
            while time.monotonic() < self.until:
                self.round()
        except BaseException as e:  # told by the test
            self.wrong = repr(e)

    def ask(self, call):
        """The answer to a request of our own; None: it was cut off."""
        try:
            r = call()
        except support.requests.RequestException:
            return None
        self.asked.add(r.headers["X-Request-Id"])
        return r

    def clean(self):
        """Not a trace of anybody's fault, and our own data alone."""
        r = self.ask(lambda: self.v.search(self.tokens, "&_count=200"))
        assert r.status_code == 200, (r.status_code, r.text)
        assert "X-Mock-Fault" not in r.headers
        assert set(ids(r.json())) == self.stored

    def store(self):
        if len(self.stored) < 100:
            r = self.ask(lambda: self.v.store(self.tokens))
            assert r.status_code == 201 and "X-Mock-Fault" not in r.headers
            self.stored.add(r.json()["id"])

    def fault(self):
        action, statuses = self.random.choice(ACTIONS)
        name = self.admin.admin("POST", "/faults", {
            "match": {"hetu": self.hetu}, "action": action, "times": 2},
            201).json()["id"]
        for _ in range(2):
            r = self.ask(lambda: self.v.search(self.tokens))
            if r is None or not r.content.endswith((b"}", b"}\n")):
                continue
            assert r.status_code in statuses, (action, r.status_code)
            assert r.headers["X-Mock-Fault"] == name
        rule = self.admin.admin("GET", "/faults/" + name, None, 200).json()
        assert (rule["fired"], rule["armed"]) == (2, False), rule
        self.fired += 2

    def journal(self):
        """What the journal tells of our citizen is what we asked, and all of
        it that it still has."""
        got = self.admin.admin(
            "GET", f"/requests?hetu={self.hetu}&limit=50", None, 200).json()
        for e in got["requests"]:
            assert e["patient"] == self.tokens["sub"]
            assert e["client_id"] == self.v.id
            assert self.faulty or not e.get("fault"), e

    def round(self):
        self.store()
        self.clean()
        if self.faulty:
            self.fault()
            self.clean()
        if self.rounds % 5 == 0:
            self.journal()
        if self.rounds % 20 == 19:
            self.admin.admin("POST", "/tokens/expire", {
                "hetu": self.hetu, "token": self.tokens["access_token"]}, 200)
            assert not self.v.reads(self.tokens)
            self.tokens = self.v.refresh(self.tokens["refresh_token"]).json()
        self.rounds += 1


@pytest.fixture
def server():
    if support.URL:
        pytest.skip("needs a server of its own (URL names a running one)")
    answers.prepare()
    with support.Server("--journal", "100000", clock=None) as s:
        yield s


def test_fifty_workers(server):
    until = time.monotonic() + SECONDS
    workers = [Worker(server, i, until) for i in range(WORKERS)]
    for w in workers:
        w.start()
    for w in workers:
        w.join(SECONDS + 60)
    assert [(w.number, w.wrong) for w in workers if w.wrong] == []
    assert not any(w.is_alive() for w in workers)
    assert all(w.rounds > 0 for w in workers), [w.rounds for w in workers]
    assert all(w.fired == 2 * w.rounds for w in workers if w.faulty)
    everything = [w.stored for w in workers]
    assert sum(map(len, everything)) == len(set().union(*everything))
    print(sum(w.rounds for w in workers), "rounds,",
          sum(w.fired for w in workers), "faults")
