# SPDX-License-Identifier: Apache-2.0
"""serve --seed: the same ids and tokens at every start, whoever else is
there.

Two servers of one seed give one transcript, byte for byte; two citizens who
use a server in turns have the transcripts that each has alone. Sequences of
calls are random, from fixed seeds.
"""
import random
import re
import uuid

import pytest
import support
from support import CALLBACK, PHR, SCOPE, Server, weight

pytestmark = pytest.mark.skipif(not support.MOCK, reason="needs the binary")

URL = "https://phr.test"
OPTIONS = ("--public-url", URL, "--allowed-host", "127.0.0.1")
INVALID = {"resourceType": "Observation",
           "meta": {"profile": [PHR + "fiphr-sd-bodyweight"]}}


def seeded(seed, *more):
    return Server("--seed", seed, *OPTIONS, *more)


class Life:
    """What one test does on a server, with the transcript of it."""

    def __init__(self, server, hetu, dice):
        self.s, self.hetu, self.dice = server, hetu, random.Random(dice)
        self.said = []
        self.app = self.note(server.admin(
            "POST", "/clients",
            {"client_name": "App of " + hetu, "scope": SCOPE,
             "redirect_uris": [CALLBACK], "kind": "citizen",
             "grant_types": ["authorization_code", "refresh_token"],
             "token_endpoint_auth_method": "client_secret_basic"}, 201))
        self.who = self.note(server.admin("POST", "/citizens",
                                          {"hetu": hetu}, 201))
        self.tokens = None
        self.ids = []
        self.login()

    def note(self, r):
        self.said.append((r.status_code, r.text, r.headers.get("Location"),
                          r.headers.get("ETag")))
        return r.json() if r.text else None

    def login(self):
        there = self.note(self.s.admin("POST", "/authorize", {
            "client_id": self.app["client_id"], "redirect_uri": CALLBACK,
            "scope": SCOPE, "state": "s", "hetu": self.hetu,
            "decision": "approve"}))
        code = re.search("code=([^&]+)", there["redirect_url"])[1]
        self.exchange(grant_type="authorization_code", code=code,
                      redirect_uri=CALLBACK)

    def exchange(self, **form):
        r = self.s.request(
            "POST", "/phr-authserver-sandbox/token", data=form,
            auth=(self.app["client_id"], self.app["client_secret"]))
        assert r.status_code == 200, r.text
        self.tokens = self.note(r)

    def refresh(self):
        self.exchange(grant_type="refresh_token",
                      refresh_token=self.tokens["refresh_token"])

    def ask(self, method, path, body=None):
        return self.note(self.s.request(
            method, "/phr-resourceserver/baseR4" + path, json=body,
            headers={"Authorization":
                     "Bearer " + self.tokens["access_token"]}))

    def weight(self):
        one = weight(self.who["patient_id"], kg=self.dice.randrange(50, 90))
        one["identifier"][0]["value"] = "urn:uuid:" + str(
            uuid.UUID(int=self.dice.getrandbits(128), version=4))
        return one

    def create(self):
        made = self.ask("POST", "/Observation", self.weight())
        self.ids.append(made["id"])

    def refused(self):
        self.ask("POST", "/Observation", INVALID)

    def search(self):
        self.ask("GET", "/Observation?_count=2")

    def transaction(self):
        entries = [{"resource": self.weight(),
                    "request": {"method": "POST", "url": "Observation"}}
                   for _ in range(2)]
        self.ask("POST", "/", {"resourceType": "Bundle",
                               "type": "transaction",
                               "entry": entries})

    def read(self):
        if self.ids:
            self.ask("GET", "/Observation/" + self.dice.choice(self.ids))

    def delete(self):
        if self.ids:
            self.ask("DELETE", "/Observation/" + self.ids.pop())

    def step(self):
        self.dice.choice([self.login, self.refresh, self.create, self.create,
                          self.refused, self.search, self.read, self.delete,
                          self.transaction])()


A, B = "010190-900P", "120368-904V"


def alone(hetu, dice, steps, *more):
    with seeded(7, *more) as s:
        life = Life(s, hetu, dice)
        for _ in range(steps):
            life.step()
        return life.said


@pytest.mark.parametrize("dice", [1, 2])
def test_two_runs_have_one_transcript(dice):
    assert alone(A, dice, 25) == alone(A, dice, 25)


def test_opaque_tokens_and_rotation_too():
    more = ("--set", "access_token_format=opaque", "--oauth", "strict")
    assert alone(A, 3, 12, *more) == alone(A, 3, 12, *more)


def test_another_seed_gives_other_ids():
    said = []
    for seed in (7, 8):
        with seeded(seed) as s:
            said.append(Life(s, A, 1))
    one, two = said
    assert one.app["client_id"] != two.app["client_id"]
    assert one.app["client_secret"] != two.app["client_secret"]
    assert one.tokens["access_token"] != two.tokens["access_token"]
    assert one.tokens["refresh_token"] != two.tokens["refresh_token"]


def test_without_a_seed_nothing_is_the_same():
    lives = []
    for _ in range(2):
        with Server(*OPTIONS) as s:
            lives.append(Life(s, A, 1))
            lives[-1].create()
    one, two = lives
    assert one.ids != two.ids
    assert one.app["client_id"] != two.app["client_id"]
    assert one.tokens["refresh_token"] != two.tokens["refresh_token"]


@pytest.mark.parametrize("dice", [4, 5])
def test_who_else_is_there_changes_nothing(dice):
    """Interleaved, each has the transcript that he or she has alone."""
    order = random.Random(dice)
    with seeded(7) as s:
        a, b = Life(s, A, dice), Life(s, B, dice + 100)
        left = [a] * 20 + [b] * 20
        order.shuffle(left)
        for life in left:
            life.step()
    assert a.said == alone(A, dice, 20)
    assert b.said == alone(B, dice + 100, 20)


def test_ids_are_the_same_by_a_clock_that_runs():
    ids = []
    for _ in range(2):
        with Server("--seed", 7, clock=None) as s:
            life = Life(s, A, 1)
            life.create()
            ids.append((life.ids, life.app["client_id"],
                        life.tokens["refresh_token"]))
    assert ids[0] == ids[1]


def test_fresh_citizens_are_the_same_ones():
    fresh = []
    for _ in range(2):
        with seeded(7) as s:
            fresh.append([s.citizen() for _ in range(5)]
                         + [s.citizen(age=12) for _ in range(5)])
    assert fresh[0] == fresh[1]
    assert len({c["hetu"] for c in fresh[0]}) == 10


def test_the_log_says_that_tokens_can_be_guessed():
    with seeded(7) as s:
        assert "--seed 7" in s.log()
        assert "token" in s.log()


@pytest.mark.parametrize("seed", ["", "x", "-1", "1.5", "18446744073709551616"])
def test_a_seed_is_a_number(binary, seed):
    done = support.run(binary, "serve", "--seed", seed)
    assert done.returncode == 78
    assert "--seed" in done.err and "number" in done.err
