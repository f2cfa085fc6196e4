# SPDX-License-Identifier: Apache-2.0
"""serve --seed: the same ids and tokens at every start, whoever else is
there.

Two servers of one seed give one transcript, byte for byte; two citizens who
use a server in turns have the transcripts that each has alone. Sequences of
calls are random, from fixed seeds.
"""
import random

import pytest
import support
from lives import Life
from support import Server

pytestmark = pytest.mark.skipif(not support.MOCK, reason="needs the binary")

URL = "https://phr.test"
OPTIONS = ("--public-url", URL, "--allowed-host", "127.0.0.1")


def seeded(seed, *more):
    return Server("--seed", seed, *OPTIONS, *more)


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
