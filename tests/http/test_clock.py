# SPDX-License-Identifier: Apache-2.0
"""One clock for everything, from outside: what follows it, a frozen one that
ticks, going back, and time that passes for one citizen alone."""
import base64
import email.utils
import json

import pytest
import support
from support import Server, weight

pytestmark = pytest.mark.skipif(not support.MOCK, reason="needs the binary")


@pytest.fixture
def s():
    with Server() as server:
        yield server


@pytest.fixture
def person(s):
    return s.person(s.register())


def set_clock(s, **body):
    return s.admin("PUT", "/clock", body, 200).json()


def alive(person):
    return person.get("/Observation?patient=" + person.id).status_code == 200


# ---- what follows it --------------------------------------------------------

@pytest.mark.parametrize("mode", ["frozen", "offset"])
def test_everything_says_one_time(s, mode):
    now = "2031-07-01T10:00:00.000+03:00"
    assert set_clock(s, mode=mode, now=now)["now"].startswith("2031-07-01T10:0")
    person = s.person(s.register())
    made = person.post(weight(person.id), status=201)
    assert made.json()["meta"]["lastUpdated"].startswith("2031-07-01T10:0")
    date = email.utils.parsedate_to_datetime(made.headers["Date"])
    modified = email.utils.parsedate_to_datetime(
        made.headers["Last-Modified"])
    for x in (date, modified):
        assert (x.year, x.month, x.day, x.hour) == (2031, 7, 1, 7)
    claims = person.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert abs(claims["iat"] - 1940655600) < 60
    assert claims["exp"] - claims["iat"] == 3600
    entry = s.admin("GET", "/requests").json()["requests"][-1]
    assert entry["at"].startswith("2031-07-01T10:0")
    history = person.get(
        f"/Observation/{made.json()['id']}/_history").json()
    assert history["meta"]["lastUpdated"].startswith("2031-07-01T10:0")
    for query, total in (("ge2031-07-01", 1), ("lt2031-07-01", 0)):
        assert person.search("&_lastUpdated=" + query)["total"] == total


def test_wall_is_the_real_time(s):
    clock = s.admin("GET", "/clock").json()
    assert clock["wall"] > "2026" and clock["wall"] != clock["now"]
    assert clock["tick_ms"] == 0
    assert "tick_ms" not in set_clock(s, mode="real")


# ---- a frozen one that ticks ------------------------------------------------

def test_it_ticks_with_each_request_of_an_application(s, person):
    now = "2026-03-01T10:00:00.000+02:00"
    set_clock(s, mode="frozen", now=now, tick_ms=1)
    said = [person.post(weight(person.id), status=201).json()["meta"][
        "lastUpdated"] for _ in range(3)]
    assert said == [now.replace(".000", f".00{i}") for i in range(3)]
    for _ in range(2):  # looking does not move it
        assert s.admin("GET", "/clock").json()["now"] == now.replace(
            ".000", ".003")
    assert s.admin("GET", "/clock").json()["tick_ms"] == 1
    set_clock(s, mode="frozen")
    was = s.admin("GET", "/clock").json()["now"]
    alive(person)
    assert s.admin("GET", "/clock").json()["now"] == was


def test_a_reset_stops_it(s, person):
    set_clock(s, mode="frozen", tick_ms=1000)
    alive(person)
    s.admin("POST", "/reset", status=204)
    clock = s.admin("GET", "/clock").json()
    assert clock["tick_ms"] == 0
    assert clock["now"] == "2026-03-10T12:00:00.000+02:00"


@pytest.mark.parametrize("body, where", [
    ({"mode": "real", "tick_ms": 1}, "/tick_ms"),
    ({"mode": "offset", "tick_ms": 1}, "/tick_ms"),
    ({"mode": "frozen", "tick_ms": "1"}, "/tick_ms"),
    ({"mode": "frozen", "tick": 1}, "/tick"),
])
def test_what_cannot_tick(s, body, where):
    error = s.admin("PUT", "/clock", body, 400).json()["error"]
    assert error["where"] == where


# ---- moving it --------------------------------------------------------------

def test_what_expired_is_told(s, person):
    number = s.admin("GET", "/clock").json()["now"]
    moved = s.advance("PT1H")
    assert moved["expired"]["tokens"] >= 1
    assert moved["expired"]["approvals"] == 0
    assert moved["expired"]["certificate_numbers"] == []
    assert not alive(person)
    back = s.admin("POST", "/clock/advance",
                   {"by": "-PT1H", "allow_back": True}, 200).json()
    assert back["now"] == number and back["expired"]["tokens"] == 0
    assert alive(person)


@pytest.mark.parametrize("body, where, word", [
    ({"by": "-PT1H"}, "/by", "allow_back"),
    ({"by": "-PT1H", "allow_back": False}, "/by", "allow_back"),
    ({"by": "--PT1H", "allow_back": True}, "/by", "duration"),
    ({"by": "-P9999999D", "allow_back": True}, "/by", "0002"),
    ({"by": "PT1H", "allow_back": "yes"}, "/allow_back", "true or false"),
    ({}, "/by", "missing"),
])
def test_what_cannot_be_moved(s, body, where, word):
    error = s.admin("POST", "/clock/advance", body, 400).json()["error"]
    assert error["where"] == where and word in error["message"]


def test_certificates_that_expired_by_number():
    with Server("--listen", "mtls://127.0.0.1:0") as s:
        made = s.admin("POST", "/certificates", {"kind": "wellbeing"},
                       201).json()
        moved = s.advance("P4000D")
        assert made["number"] in moved["expired"]["certificate_numbers"]
        assert moved["expired"]["certificates"] == len(
            moved["expired"]["certificate_numbers"])


# ---- time for one citizen ---------------------------------------------------

def test_a_citizen_ages_alone(s, person):
    other = s.person(person.app)
    now = s.admin("GET", "/clock").json()["now"]
    told = s.admin("POST", f"/citizens/{person.hetu.lower()}/age",
                   {"by": "PT1H"}, 200).json()
    assert told["tokens"] == 2 and told["approvals"] == 1
    assert told["count"] == sum(
        told[x] for x in ("tokens", "codes", "approvals", "sessions"))
    assert not alive(person) and alive(other)
    assert s.admin("GET", "/clock").json()["now"] == now
    r = s.token(person.app, 200, grant_type="refresh_token",
                refresh_token=person.tokens["refresh_token"])
    assert r.json()["access_token"] != person.token


def test_codes_age(s):
    app = s.register()
    hetu = s.citizen()["hetu"]
    answers = []
    for by in ("PT1S", "PT1H"):
        there = s.admin("POST", "/authorize", {
            "client_id": app["client_id"], "redirect_uri": support.CALLBACK,
            "scope": support.SCOPE, "hetu": hetu, "decision": "approve"},
            200).json()
        code = there["redirect_url"].split("code=")[1].split("&")[0]
        told = s.admin("POST", f"/citizens/{hetu}/age", {"by": by},
                       200).json()
        assert told["codes"] >= 1
        answers.append(s.token(
            app, grant_type="authorization_code", code=code,
            redirect_uri=support.CALLBACK).status_code)
    assert answers == [200, 400]


def test_refresh_tokens_that_end_do(start):
    s = start("--set", "refresh_absolute_d=2")
    person = s.person(s.register())
    s.admin("POST", f"/citizens/{person.hetu}/age", {"by": "P1D"}, 200)
    s.token(person.app, 200, grant_type="refresh_token",
            refresh_token=person.tokens["refresh_token"])
    s.admin("POST", f"/citizens/{person.hetu}/age", {"by": "P1D"}, 200)
    s.token(person.app, 401, grant_type="refresh_token",
            refresh_token=person.tokens["refresh_token"])


def test_nobody_ages(s, person):
    s.admin("POST", "/citizens/230577-999Y/age", {"by": "PT1H"}, 404)
    for by in ("-PT1H", "1", "P99999999D"):
        error = s.admin("POST", f"/citizens/{person.hetu}/age", {"by": by},
                        400).json()["error"]
        assert error["where"] == "/by"
    assert alive(person)
