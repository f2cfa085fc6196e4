# SPDX-License-Identifier: Apache-2.0
"""Random walks through the life of codes and tokens: authorize, exchange,
refresh, replay, give back, withdraw, expire, and time that goes by, by rightful
applications and by others. Beside the server runs a model of a page's length,
which says of every request how it is answered and of every token whether it is
alive; after each step the server is asked the same of all of them (a read at
the FHIR base, introspection).

The walks are made from seeds, so that what fails once fails again: a failure
says the steps that led there. Each behaviour has its walks, and so have the
switches in other combinations than those two."""
import base64
import functools
import http.client
import json
import random
import urllib.parse

import pytest

import support
from support import CALLBACK
from vendor import Vendor

STEPS = 300
FAMILIES = 7  # of which tokens are looked at; older ones are forgotten
NEVER = float("inf")
DAY = 24 * 3600
SCOPE = "offline_access patient/Patient.read"

KANTA = {"oauth_errors": "mitreid", "refresh_rotation": "reuse",
         "refresh_grace_s": "0", "refresh_idle_d": "0",
         "refresh_absolute_d": "0", "code_s": "300",
         "code_replay_revokes": "off", "foreign_code": "burnt",
         "foreign_refresh_token": "deleted"}
STRICT = {"oauth_errors": "rfc", "refresh_rotation": "rotate",
          "refresh_grace_s": "0", "refresh_idle_d": "90",
          "refresh_absolute_d": "365", "code_s": "60",
          "code_replay_revokes": "on", "foreign_code": "kept",
          "foreign_refresh_token": "kept"}


def mixed(seed):
    r = random.Random(f"switches {seed}")
    some = {n: r.choice((KANTA[n], STRICT[n])) for n in KANTA}
    some["refresh_grace_s"] = r.choice(("0", "30", "3600"))
    return some


# ---- the model --------------------------------------------------------------

class Family:
    """What descends from one authorization."""

    def __init__(self, app, citizen, now):
        self.app, self.citizen, self.created = app, citizen, now
        self.tokens = []

    def end(self):
        for t in self.tokens:
            t.gone = True


class Token:
    """An access or a refresh token, or a code."""

    def __init__(self, kind, family, text, end):
        self.kind, self.family, self.text = kind, family, text
        self.end, self.gone, self.used, self.next = end, False, None, None
        family.tokens.append(self)


class Model:
    def __init__(self, switches):
        self.s, self.now = switches, 0.0
        self.rotates = switches["refresh_rotation"] == "rotate"
        self.rfc = switches["oauth_errors"] == "rfc"

    def on(self, name, value):
        return self.s[name] == value

    def alive(self, t):
        return not t.gone and self.now < t.end and t.used is None

    # -- making

    def refresh_end(self, family):
        idle, whole = (int(self.s[n]) * DAY for n in
                       ("refresh_idle_d", "refresh_absolute_d"))
        return min(self.now + idle if idle else NEVER,
                   family.created + whole if whole else NEVER)

    def authorized(self, app, citizen, text):
        family = Family(app, citizen, self.now)
        return Token("code", family, text, self.now + int(self.s["code_s"]))

    def access(self, family, text):
        return Token("access", family, text, self.now + 3600)

    # -- what is asked: True when it is granted, else (status, error)

    def unknown(self):
        return (400, "invalid_grant") if self.rfc else (401, "invalid_token")

    def foreign(self):
        return (400, "invalid_grant") if self.rfc else (401, "invalid_client")

    def exchange(self, code, app, redirect):
        no = (400, "invalid_grant")
        if code.kind != "code" or code.gone:
            return no
        mine = code.family.app is app
        if not mine and self.on("foreign_code", "kept"):
            return self.foreign()
        first, code.used = code.used is None, True
        if not first and self.on("code_replay_revokes", "on"):
            for t in code.family.tokens:
                t.gone = t.gone or t.kind != "code"
        if not first or self.now >= code.end or redirect != CALLBACK:
            return no
        return True if mine else self.foreign()

    def in_grace(self, t):
        return self.now < t.used + int(self.s["refresh_grace_s"]) and \
            self.alive(t.next)

    def refresh(self, t, app):
        if t.kind != "refresh" or t.gone or \
                t.used is None and self.now >= t.end:
            return self.unknown()
        if t.family.app is not app:
            t.gone = t.gone or self.on("foreign_refresh_token", "deleted")
            return self.foreign()
        if t.used is not None and not self.in_grace(t):
            for other in t.family.tokens:
                other.gone = other.gone or other.kind != "code"
            return self.unknown()
        return True

    def refreshed(self, t, text):
        """The refresh token of the answer."""
        if not self.rotates:
            assert text == t.text
            if self.s["refresh_idle_d"] != "0":
                t.end = self.refresh_end(t.family)
        elif t.used is not None:
            assert text == t.next.text, "the same successor"
        else:
            assert text != t.text
            t.used = self.now
            t.next = Token("refresh", t.family, text,
                           self.refresh_end(t.family))

    def revoke(self, t, app):
        if t.kind == "code" or t.gone or self.now >= t.end:
            return 200
        if t.family.app is not app:
            return 400 if self.rfc else 403
        if t.kind == "access":
            t.gone = True
        else:
            for other in t.family.tokens:
                other.gone = other.gone or other.kind != "code"
        return 200


# ---- the walk ---------------------------------------------------------------

class Walk:
    """One server, some applications and citizens, and the model of them."""

    def __init__(self, server, switches, seed):
        self.server, self.random = server, random.Random(f"walk {seed}")
        self.model = Model(switches)
        self.apps = [Vendor(server, client_name=f"App {i}", scope=SCOPE)
                     for i in range(2)]
        self.inspector = Vendor(server, allow_introspection=True)
        self.citizens = [server.citizen() for _ in range(2)]
        self.families, self.told = [], []
        self.line = http.client.HTTPConnection(
            server.origin.split("//")[1], timeout=30)

    # -- choosing

    def any(self, *kinds):
        """Mostly one that is alive, mostly one of the newest."""
        found = [t for f in self.families for t in f.tokens
                 if t.kind in kinds]
        alive = [t for t in found if self.model.alive(t)]
        if alive and self.random.random() < 0.6:
            found = alive
        return self.random.choice(found[-self.random.choice((3, 30)):]) \
            if found else None

    def by(self, t):
        """Mostly the application it belongs to."""
        return t.family.app if self.random.random() < 0.85 else \
            self.random.choice(self.apps)

    def tell(self, *what):
        self.told.append(" ".join(str(w) for w in what))

    def name(self, t):
        return f"{t.kind} {self.families.index(t.family)}." \
               f"{t.family.tokens.index(t)}"

    # -- the steps

    def authorize(self):
        app, who = (self.random.choice(x) for x in (self.apps, self.citizens))
        code = app.code(who["hetu"], scope=SCOPE)
        t = self.model.authorized(app, who, code)
        self.families = (self.families + [t.family])[-FAMILIES:]
        self.tell("authorize", self.name(t))

    def exchange(self):
        t = self.any("code")
        if t is None:
            return
        app = self.by(t)
        redirect = CALLBACK + "/" * (self.random.random() < 0.1)
        self.tell("exchange", self.name(t), app is t.family.app, redirect)
        r = app.exchange(t.text, redirect_uri=redirect)
        if self.answered(r, self.model.exchange(t, app, redirect)):
            got = r.json()
            self.model.access(t.family, got["access_token"])
            Token("refresh", t.family, got["refresh_token"],
                  self.model.refresh_end(t.family))

    def refresh(self):
        t = self.any("refresh", "refresh", "refresh", "access")
        if t is None:
            return
        app = self.by(t)
        self.tell("refresh", self.name(t), app is t.family.app)
        r = app.refresh(t.text)
        if self.answered(r, self.model.refresh(t, app)):
            got = r.json()
            self.model.access(t.family, got["access_token"])
            self.model.refreshed(t, got["refresh_token"])

    def revoke(self):
        t = self.any("access", "refresh")
        if t is None:
            return
        app = self.by(t)
        self.tell("revoke", self.name(t), app is t.family.app)
        assert app.revoke(t.text).status_code == self.model.revoke(t, app)

    def withdraw(self):
        app, who = (self.random.choice(x) for x in (self.apps, self.citizens))
        self.tell("withdraw", app is self.apps[0], who is self.citizens[0])
        app.withdrawn(who["hetu"])
        for f in self.families:
            if f.app is app and f.citizen is who:
                f.end()

    def expire(self):
        """One token, or all of an application and a citizen."""
        t = self.any("access", "refresh")
        if t is None:
            return
        chosen, body = [t], {"token": t.text}
        if self.random.random() < 0.3:
            chosen = [x for f in self.families for x in f.tokens
                      if (f.app, f.citizen) == (t.family.app,
                                                t.family.citizen)]
            body = {"client_id": t.family.app.id,
                    "hetu": t.family.citizen["hetu"]}
        self.tell("expire", self.name(t), *body)
        self.server.admin("POST", "/tokens/expire", body, 200)
        for x in chosen:
            if x.kind != "code":
                x.end = min(x.end, self.model.now)

    def delete(self):
        t = self.any("access", "refresh")
        if t is None:
            return
        self.tell("delete", self.name(t))
        got = self.server.admin("POST", "/tokens/revoke", {"token": t.text},
                                200).json()
        assert got == {"count": int(not t.gone)}
        t.gone = True

    def wait(self):
        seconds = self.random.choice(self.random.choice((
            (1, 20, 29, 30, 59, 60), (1, 20, 29, 30, 59, 60),
            (299, 300, 1800, 3599, 3600),
            (20 * DAY, 89 * DAY, 90 * DAY, 364 * DAY))))
        self.tell("wait", seconds)
        self.server.advance(f"PT{seconds}S")
        self.model.now += seconds

    STEPS = ((authorize, 5), (exchange, 7), (refresh, 12), (revoke, 1),
             (withdraw, 1), (expire, 1), (delete, 1), (wait, 4))

    def step(self):
        steps, weights = zip(*self.STEPS)
        self.random.choices(steps, weights)[0](self)
        self.look()

    # -- asking the server the same

    def answered(self, r, want):
        if want is True:
            assert r.status_code == 200, (r.status_code, r.text)
            return True
        assert (r.status_code, r.json().get("error")) == want
        return False

    def get(self, method, path, body=None, **headers):
        """As fast as can be: there are thousands of these."""
        self.line.request(method, path, body, headers)
        r = self.line.getresponse()
        return r.status, r.read()

    def active(self, t):
        pair = f"{self.inspector.id}:{self.inspector.secret}"
        status, body = self.get(
            "POST", "/phr-authserver-sandbox/introspect",
            urllib.parse.urlencode({"token": t.text}),
            **{"Content-Type": "application/x-www-form-urlencoded",
               "Authorization": "Basic " +
               base64.b64encode(pair.encode()).decode()})
        assert status == 200, body
        return json.loads(body)["active"]

    def reads(self, t):
        status, _ = self.get(
            "GET", "/phr-resourceserver/baseR4/Patient/" +
            t.family.citizen["patient_id"],
            Authorization="Bearer " + t.text)
        assert status in (200, 401), status
        return status == 200

    def look(self):
        for t in [t for f in self.families for t in f.tokens]:
            alive = self.model.alive(t)
            assert self.active(t) == (alive and t.kind != "code"), \
                self.name(t)
            if t.kind == "access" or self.random.random() < 0.1:
                assert self.reads(t) == (alive and t.kind == "access"), \
                    self.name(t)


def walk(server, switches, seed):
    # years go by in a walk, and personal codes are for two centuries
    server.admin("PUT", "/clock", {"mode": "frozen", "now": support.CLOCK},
                 200)
    w = Walk(server, switches, seed)
    for _ in range(STEPS):
        try:
            w.step()
        except AssertionError as e:
            raise AssertionError(
                f"seed {seed}, {switches}\n" + "\n".join(w.told)) from e
    return w


@pytest.fixture(scope="module")
def servers(start_shared):
    """By behaviour, started when first asked for."""
    return functools.cache(lambda behaviour: start_shared("--oauth", behaviour))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("behaviour,switches", [("kanta", KANTA),
                                                ("strict", STRICT)])
def test_behaviours(servers, behaviour, switches, seed):
    """The behaviour is what its switches say, and the model has them."""
    server = servers(behaviour)
    have = server.admin("GET", "/settings", None, 200).json()
    have = have.get("settings", have)
    assert {n: have[n] for n in switches} == switches
    w = walk(server, switches, seed)
    for step, _ in Walk.STEPS:
        assert any(t.startswith(step.__name__) for t in w.told), step


@pytest.mark.parametrize("seed", range(6))
def test_switches_in_other_combinations(servers, seed):
    server, switches = servers("kanta"), mixed(seed)
    server.admin("PUT", "/settings", switches, 200)
    try:
        walk(server, switches, seed)
    finally:
        server.admin("PUT", "/settings", KANTA, 200)


@pytest.mark.parametrize("name", KANTA)
def test_a_wrong_model_is_noticed(servers, name):
    """The walks look at each switch: a server that has another value of one
    does not pass for the model."""
    server = servers("kanta")
    have = dict(STRICT, refresh_grace_s="30")
    value = KANTA[name]
    if name == "refresh_absolute_d":
        have.update(refresh_idle_d="0", refresh_absolute_d="20")
    server.admin("PUT", "/settings", dict(have, **{name: value}), 200)
    try:
        for seed in range(20):
            try:
                walk(server, have, seed)
            except AssertionError:
                return
    finally:
        server.admin("PUT", "/settings", KANTA, 200)
    pytest.fail("no walk noticed that " + name + " is another")
