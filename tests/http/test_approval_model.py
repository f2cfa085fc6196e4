# SPDX-License-Identifier: Apache-2.0
"""When is the citizen asked? Random walks of authorization requests with few
and many scopes, of approvals that are remembered for ever, for an hour or not
at all, of denials, withdrawals, disconnections and time, beside a model of what
is remembered. Made from seeds; a failure says the steps that led there."""
import random

import pytest

from support import Browser, Form, back, request_of
from vendor import OFFLINE, READ, WRITE, Vendor, granted, machine

STEPS = 120
WORDS = [OFFLINE, READ, WRITE, "patient/Patient.read"]
HOUR = 3600
NEVER = float("inf")
LIFE = {"until-revoked": NEVER, "one-hour": HOUR, "none": 0}


@pytest.fixture(scope="module")
def server(own_either):
    return own_either


class Walk:
    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(f"approve {seed}")
        self.apps = [Vendor(server, client_name=f"App {i}",
                            scope=" ".join(WORDS)) for i in range(2)]
        self.people = [server.citizen()["hetu"] for _ in range(2)]
        self.browsers = {p: Browser(server) for p in self.people}
        self.now, self.told = 0, []
        self.remembered = []  # (application, citizen, scopes, until)
        self.tokens = []      # (application, citizen, answer)

    def choose(self):
        return self.random.choice(self.apps), self.random.choice(self.people)

    def some(self, words):
        n = self.random.randint(1, len(words))
        return sorted(self.random.sample(words, n), key=WORDS.index)

    def covered(self, app, who, scopes):
        return any((a, w) == (app, who) and self.now < until and
                   set(scopes) <= had
                   for a, w, had, until in self.remembered)

    # -- the steps

    def ask(self):
        app, who = self.choose()
        scopes = self.some(WORDS)
        prompt = self.random.choice((None, None, None, "consent"))
        asked = prompt is not None or not self.covered(app, who, scopes)
        self.told.append(f"ask {self.apps.index(app)} "
                         f"{self.people.index(who)} {scopes} {prompt}")
        b = self.browsers[who]
        page = b.authorize(request_of(app.app, scope=" ".join(scopes),
                                      prompt=prompt))
        if "Location" not in page.headers and \
                Form(page.text).having("username"):
            page = b.login(page, who)
        assert ("Location" not in page.headers) == asked, self.told[-1]
        if asked:
            scopes, page = self.decide(app, who, scopes, page)
        got = back(page)
        assert ("code" in got) == bool(scopes)
        if scopes:
            self.exchange(app, who, scopes, got["code"])

    def decide(self, app, who, scopes, page):
        """What is ticked, and the answer; nothing: a denial."""
        b = self.browsers[who]
        assert list(n for n in b.consent_form(page)["fields"]
                    if n.startswith("scope_")) == \
            ["scope_" + s for s in scopes]
        if self.random.random() < 0.15:
            self.told.append("  deny")
            return [], b.deny(page)
        only, remember = self.some(scopes), self.random.choice(list(LIFE))
        self.told.append(f"  approve {only} {remember}")
        self.remembered.append((app, who, set(only),
                                self.now + LIFE[remember]))
        return only, b.approve(page, only=only, remember=remember)

    def exchange(self, app, who, scopes, code):
        t = granted(app, app.exchange(code), " ".join(scopes),
                    refresh=OFFLINE in scopes)
        self.tokens.append((app, who, t))

    def withdraw(self):
        app, who = self.choose()
        self.told.append(f"withdraw {self.apps.index(app)} "
                         f"{self.people.index(who)}")
        app.withdrawn(who)
        self.remembered = [r for r in self.remembered
                           if r[:2] != (app, who)]

    def disconnect(self):
        """Ends tokens, and not what is remembered."""
        if self.tokens:
            app, _, t = self.random.choice(self.tokens)
            self.told.append("disconnect")
            machine(app.revoke(t.get("refresh_token", t["access_token"])),
                    200)

    def wait(self):
        seconds = self.random.choice((60, 1800, 3599, 3600, 40000))
        self.told.append(f"wait {seconds}")
        self.server.advance(f"PT{seconds}S")
        self.now += seconds

    def step(self):
        self.random.choices((self.ask, self.withdraw, self.disconnect,
                             self.wait), (12, 1, 1, 3))[0]()


@pytest.mark.parametrize("seed", range(3))
def test_asked_when_it_is_not_remembered(server, seed):
    w = Walk(server, seed)
    for _ in range(STEPS):
        try:
            w.step()
        except AssertionError as e:
            raise AssertionError(f"seed {seed}\n" + "\n".join(w.told)) from e
    asks = [t for t in w.told if t.startswith("ask")]
    decided = [t for t in w.told if t.startswith("  ")]
    assert len(asks) > len(decided) > 10, "asked, and not asked"
