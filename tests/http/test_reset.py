# SPDX-License-Identifier: Apache-2.0
"""POST /reset: a fresh start, of everything or of what is named.

The whole is compared with a server that has just been started: the same rows,
of random sequences of calls from fixed numbers. Reset of a citizen is compared
with a server on which that citizen never was.
"""
import pytest

import support
from dump import differences, dump
from lives import HETUS, World
from support import SCOPE, Server, weight

pytestmark = pytest.mark.skipif(not support.MOCK, reason="needs the binary")
URL = ("--public-url", "https://phr.test", "--allowed-host", "127.0.0.1")


class Kept:
    """A seeded server whose file can be looked into."""

    def __init__(self, folder, *options):
        self.path = folder / "phr.db"
        self.s = Server("--db", self.path, *URL, *options)

    def __enter__(self):
        self.s.start()
        return self

    def __exit__(self, *why):
        self.s.stop()

    def dump(self):
        return dump(self.path)


@pytest.fixture
def folder(tmp_path_factory):
    return lambda: tmp_path_factory.mktemp("db")


def same(one, two):
    assert differences(one, two) == {}


# ---- everything -------------------------------------------------------------

@pytest.mark.parametrize("dice", range(4))
def test_a_reset_is_a_fresh_start(folder, dice):
    with Kept(folder(), "--seed", 5) as k:
        fresh = k.dump()
        world = World(k.s, dice)
        for _ in range(40):
            world.step()
        assert differences(fresh, k.dump())
        k.s.admin("POST", "/reset", status=204)
        same(fresh, k.dump())
        state = k.s.admin("GET", "/state").json()
    with Kept(folder(), "--seed", 5) as k:
        same(fresh, k.dump())
        now = k.s.admin("GET", "/state").json()
        assert now["counts"] == state["counts"]
        assert now["settings"] == state["settings"]
        assert now["clock"] == state["clock"]


def test_what_comes_after_a_reset_is_what_comes_after_a_start(folder):
    with Kept(folder(), "--seed", 5) as k:
        first = World(k.s, 9)
        for _ in range(15):
            first.step()
        one = k.dump()
        k.s.admin("POST", "/reset", status=204)
        again = World(k.s, 9)
        for _ in range(15):
            again.step()
        assert [x.said for x in again.lives] == [x.said for x in first.lives]
        two = k.dump()
        one.pop("ticket"), two.pop("ticket")  # sessions are always random
        same(one, two)


def test_without_a_seed_what_fixtures_name_is_the_same(folder):
    with Kept(folder()) as k:
        fresh = k.dump()
        k.s.citizen()
        k.s.admin("POST", "/reset", status=204)
        now = k.dump()
        assert now["citizen"] == fresh["citizen"]
        assert ([r[:1] + r[2:13] for r in now["client"]]
                == [r[:1] + r[2:13] for r in fresh["client"]])
        assert now["chance"] == []


def test_tokens_from_before_are_dead(server):
    person = server.person(server.register())
    assert status(person) == 200
    server.admin("POST", "/reset", status=204)
    assert status(person) == 401


def test_fixtures_that_the_user_names_come_back(folder, tmp_path):
    given = tmp_path / "f.json"
    given.write_text('{"citizens":[{"hetu":"010190-900P","behaviours":'
                     '["refuses-consent"]}]}')
    with Kept(folder(), "--fixtures", given, "--seed", 5) as k:
        fresh = k.dump()
        k.s.admin("DELETE", "/citizens/010190-900P", status=204)
        k.s.admin("POST", "/reset", status=204)
        same(fresh, k.dump())


# ---- a citizen --------------------------------------------------------------

@pytest.mark.parametrize("hetu", ["230577-999Y", HETUS[0]])
def test_a_citizen_who_is_reset_never_was(folder, hetu):
    """One of the fixtures too: then it is as they have it."""
    said = []
    for there in (False, True):
        with Kept(folder(), "--seed", 5) as k:
            app = k.s.register()
            other = k.s.person(app, hetu=HETUS[1])
            if there:
                person = k.s.person(app, hetu=hetu)
                for kg in range(3):
                    person.post(weight(person.id, kg=70 + kg), status=201)
                k.s.admin("POST", "/consents", {
                    "hetu": hetu, "decision": "consent"}, 201)
            other.post(the_same_weight(other), status=201)
            if there:
                k.s.admin("POST", "/reset", {"hetu": hetu.lower()}, 204)
                assert status(person) == 401
            other.post(the_same_weight(other), status=201)
            said.append(k.dump())
    same(*said)


def the_same_weight(person):
    body = weight(person.id)
    body["identifier"][0]["value"] = (
        "urn:uuid:11111111-1111-4111-8111-111111111111")
    return body


def test_nobody_cannot_be_reset(server):
    r = server.admin("POST", "/reset", {"hetu": "230577-999Y"}, 404)
    assert r.json()["error"]["code"] == "unknown_citizen"
    assert r.json()["error"]["where"] == "/hetu"
    r = server.admin("POST", "/reset", {"hetu": "nobody"}, 400)
    assert r.json()["error"]["where"] == "/hetu"
    r = server.admin("POST", "/reset", {"client_id": "nobody"}, 404)
    assert r.json()["error"]["where"] == "/client_id"


# ---- parts ------------------------------------------------------------------

def part(server, *scope, **more):
    return server.admin("POST", "/reset", {"scope": list(scope), **more}, 204)


@pytest.fixture
def pair(server):
    server.admin("POST", "/reset", status=204)
    app = server.register()
    return (server.person(app, hetu=HETUS[0]),
            server.person(app, hetu=HETUS[1]), app)


def total(person):
    return person.search("&_summary=count")["total"]


def status(person):
    return person.get("/Observation?patient=" + person.id).status_code


def test_data_of_all(server, pair):
    one, two, _ = pair
    before = total(one), total(two)
    for person in (one, two):
        person.post(weight(person.id), status=201)
    part(server, "data")
    assert (total(one), total(two)) == before
    assert one.get("/Patient/" + one.id).status_code == 200


def test_data_of_a_citizen(server, pair):
    one, two, _ = pair
    before = total(one), total(two)
    for person in (one, two):
        person.post(weight(person.id), status=201)
    part(server, "data", hetu=HETUS[0])
    assert (total(one), total(two)) == (before[0], before[1] + 1)
    version = one.get("/Patient/" + one.id).json()["meta"]["versionId"]
    assert version == "1"


def test_tokens(server, pair):
    one, two, app = pair
    part(server, "tokens", hetu=HETUS[0])
    assert status(one) == 401
    assert status(two) == 200
    state = server.admin("GET", "/state").json()["counts"]
    part(server, "tokens", client_id=app["client_id"])
    assert status(two) == 401
    now = server.admin("GET", "/state").json()["counts"]
    assert now["permissions"] == state["permissions"] > 0
    assert now["tokens"] < state["tokens"]


def test_permissions_of_the_fixtures_come_back(server, pair):
    counts = server.admin("GET", "/state").json()["counts"]
    server.admin("POST", "/permissions/withdraw", {
        "client_id": "demo-app", "hetu": HETUS[0]}, 200)
    part(server, "permissions")
    now = server.admin("GET", "/state").json()["counts"]
    assert now["permissions"] == counts["permissions"] - 2  # those of pair
    assert now["consents"] == counts["consents"]
    assert now["treatments"] == counts["treatments"]
    for person in pair[:2]:
        assert status(person) == 401


def test_clients(server, pair):
    _, _, app = pair
    names = {c["client_id"] for c in
             server.admin("GET", "/clients").json()["clients"]}
    server.admin("DELETE", "/clients/demo-app", status=204)
    part(server, "clients")
    assert {c["client_id"] for c in
            server.admin("GET", "/clients").json()["clients"]} == (
                names - {app["client_id"]})


def test_one_client(server, pair):
    one, _, app = pair
    part(server, "all", client_id=app["client_id"])
    server.admin("GET", "/clients/" + app["client_id"], status=404)
    assert status(one) == 401
    server.admin("GET", "/citizens/" + HETUS[0], status=200)


def test_the_pair_of_both(server, pair):
    one, two, app = pair
    part(server, "all", client_id=app["client_id"], hetu=HETUS[0])
    assert status(one) == 401
    assert status(two) == 200


def test_clock_and_settings(server, pair):
    before = server.admin("GET", "/clock").json()["now"]
    server.advance("P1D")
    server.admin("PUT", "/settings", {"page_default": 3}, 200)
    part(server, "clock")
    assert server.admin("GET", "/clock").json()["now"] == before
    assert server.admin("GET", "/settings").json()["page_default"] == "3"
    part(server, "settings")
    assert server.admin("GET", "/settings").json()["page_default"] != "3"


def test_requests(server, pair):
    part(server, "data")
    assert len(server.admin("GET", "/requests").json()["requests"]) > 1
    part(server, "requests")
    assert len(server.admin("GET", "/requests").json()["requests"]) <= 1
    assert status(pair[0]) == 200


def test_requests_of_a_citizen(server, pair):
    one, two, _ = pair
    status(one), status(two)

    def seen(person):
        return len(server.admin(
            "GET", "/requests?patient=" + person.id).json()["requests"])

    assert seen(one) and seen(two)
    part(server, "requests", hetu=HETUS[0])
    assert not seen(one) and seen(two)


# ---- what is refused --------------------------------------------------------

@pytest.mark.parametrize("body, where, word", [
    ({"scope": ["dta"]}, "/scope", '"data"'),
    ({"scope": [1]}, "/scope", "words"),
    ({"scope": "data"}, "/scope", "list"),
    ({"scope": []}, "/scope", "all"),
    ({"scopes": ["data"]}, "/scopes", '"scope"'),
    ({"scope": ["clock"], "hetu": HETUS[0]}, "/scope", "citizen"),
    ({"scope": ["clients"], "hetu": HETUS[0]}, "/scope", "citizen"),
    ({"scope": ["data"], "client_id": "demo-app"}, "/scope", "application"),
    ({"scope": ["data"], "client_id": "demo-app", "hetu": HETUS[0]},
     "/scope", "tokens"),
])
def test_what_makes_no_sense_is_refused(server, body, where, word):
    error = server.admin("POST", "/reset", body, 400).json()["error"]
    assert error["where"] == where
    assert word in error["message"]
