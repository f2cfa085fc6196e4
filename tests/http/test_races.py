# SPDX-License-Identifier: Apache-2.0
"""Two requests at one moment: of those that can be good only once, one is; and
what becomes of the other, and of the tokens, is what the behaviour says.
The tenth scenario (test_scenarios.py) at its edges."""
import pytest

from vendor import (Vendor, at_once, dead_access, dead_code, dead_refresh,
                    granted, machine, query_of)

ROUNDS = 5


@pytest.fixture(scope="module")
def server(own_either):
    return own_either


# ---- one code ---------------------------------------------------------------

def test_one_code(server, vendor, citizen):
    """One wins. In strict the other was a replay: what was issued ends."""
    for _ in range(ROUNDS):
        code = vendor.code(citizen)
        got = at_once([lambda: vendor.exchange(code)] * 2)
        won = [r for r in got if r.status_code == 200]
        assert len(won) == 1
        tokens = granted(vendor, won[0])
        for r in got:
            if r is not won[0]:
                dead_code(vendor, r, code)
        assert vendor.reads(tokens) == (not server.strict)
        r = vendor.refresh(tokens["refresh_token"])
        if server.strict:
            dead_refresh(vendor, r, tokens["refresh_token"])
        else:
            granted(vendor, r)


def test_one_code_by_two_applications(server, vendor, citizen):
    """Who is not its owner never gets tokens. In kanta it may be the first and
    burn the code; in strict the owner gets its tokens and keeps them."""
    other = Vendor(server)
    for _ in range(ROUNDS):
        code = vendor.code(citizen)
        mine, theirs = at_once([lambda: vendor.exchange(code),
                                lambda: other.exchange(code)])
        assert theirs.status_code in (400, 401)
        assert "access_token" not in theirs.json()
        if server.strict or mine.status_code == 200:
            assert vendor.reads(granted(vendor, mine))
        else:
            dead_code(vendor, mine, code)


# ---- one refresh token ------------------------------------------------------

def two(vendor, token):
    return at_once([lambda: vendor.refresh(token)] * 2)


def test_concurrent_refresh_with_grace(server, citizen):
    """Within it both get the same successor, and nothing ends."""
    v = Vendor(server, set={"refresh_rotation": "rotate",
                            "refresh_grace_s": "10"})
    for _ in range(ROUNDS):
        tokens = v.connect(citizen)
        won = [granted(v, r) for r in two(v, tokens["refresh_token"])]
        assert len({t["refresh_token"] for t in won}) == 1
        assert won[0]["refresh_token"] != tokens["refresh_token"]
        assert len({t["access_token"] for t in won}) == 2
        assert all(v.reads(t) for t in won + [tokens])
        newer = granted(v, v.refresh(won[1]["refresh_token"]))
        assert v.reads(newer)


def test_the_answer_was_lost(server, citizen):
    """Within the grace the used token gives the successor again; behind it, or
    when the successor is used itself, it is reuse."""
    v = Vendor(server, set={"refresh_rotation": "rotate",
                            "refresh_grace_s": "10"})
    first = v.connect(citizen)
    lost = granted(v, v.refresh(first["refresh_token"]))
    server.advance("PT9S")
    again = granted(v, v.refresh(first["refresh_token"]))
    assert again["refresh_token"] == lost["refresh_token"]
    server.advance("PT1S")
    dead_refresh(v, v.refresh(first["refresh_token"]), first["refresh_token"])
    assert not v.reads(again)
    first = v.connect(citizen)
    second = granted(v, v.refresh(first["refresh_token"]))
    third = granted(v, v.refresh(second["refresh_token"]))
    dead_refresh(v, v.refresh(first["refresh_token"]), first["refresh_token"])
    assert not v.reads(third)


def test_refresh_and_withdraw(server, vendor, citizen):
    """Whichever comes first: afterwards nothing is alive."""
    for _ in range(ROUNDS):
        tokens = vendor.connect(citizen)
        r, count = at_once([lambda: vendor.refresh(tokens["refresh_token"]),
                            lambda: vendor.withdrawn(citizen)])
        assert count == 1
        assert not vendor.reads(tokens)
        last = tokens["refresh_token"]
        if r.status_code == 200:
            newer = granted(vendor, r)
            assert not vendor.reads(newer)
            last = newer["refresh_token"]
        dead_refresh(vendor, vendor.refresh(last), last)


def test_refresh_and_disconnect(server, vendor, citizen):
    for _ in range(ROUNDS):
        tokens = vendor.connect(citizen)
        token = tokens["refresh_token"]
        r, gone = at_once([lambda: vendor.refresh(token),
                           lambda: vendor.revoke(token)])
        machine(gone, 200)
        dead_access(vendor.search(tokens))
        if r.status_code == 200:
            dead_access(vendor.search(granted(vendor, r)))
        else:
            dead_refresh(vendor, r, token)
        dead_refresh(vendor, vendor.refresh(token), token)


def test_two_connections_at_once(server, vendor, citizen):
    """Two authorizations of one citizen do not disturb one another."""
    codes = [query_of(vendor.decide(citizen))["code"] for _ in range(2)]
    got = at_once([lambda c=c: vendor.exchange(c) for c in codes])
    one, other = [granted(vendor, r) for r in got]
    got = at_once([lambda t=t: vendor.refresh(t["refresh_token"])
                   for t in (one, other)])
    assert all(vendor.reads(granted(vendor, r)) for r in got)
