# SPDX-License-Identifier: Apache-2.0
"""The control API: health, state, reset, citizens, applications, tokens, clock.
Each test that resets or moves time has a server of its own."""
import json
import re
import time
import uuid

import pytest

from support import (CALLBACK, CHECK, CLOCK, SCOPE, Person, hetu, ids, run,
                     weight)


def told(r, status=400):
    """The error object of a refusal, as one text."""
    assert r.status_code == status, r.text
    assert r.headers["Content-Type"].startswith("application/json")
    error = r.json()["error"]
    assert error["code"] and error["message"]
    return json.dumps(error)


# ---- health and state -------------------------------------------------------

def test_health(server):
    r = server.admin("GET", "/health", status=200)
    assert r.json()["status"] == "ok"


def test_state(server):
    state = server.admin("GET", "/state", status=200).json()
    assert state["version"]
    assert state["clock"]["now"]
    assert "validation_status" in json.dumps(state["settings"])
    assert set(state["counts"]) >= {"citizens", "clients", "resources",
                                    "tokens"}


def test_state_counts(own, person):
    before = own.admin("GET", "/state").json()["counts"]
    person.post(weight(person.id), status=201)
    after = own.admin("GET", "/state").json()["counts"]
    assert after["resources"] == before["resources"] + 1


def test_unknown_path(server):
    r = server.admin("GET", "/fish")
    told(r, 404)
    assert r.json()["error"]["code"] == "not_found"


def test_wrong_method(server):
    r = server.admin("PUT", "/health")
    told(r, 405)
    assert r.json()["error"]["code"] == "method_not_allowed"
    assert "GET" in r.headers["Allow"]


def test_too_large(server):
    r = server.http.post(server.admin_url + "/citizens", timeout=30,
                         data=b" " * (65 << 10))
    told(r, 413)
    assert r.json()["error"]["code"] == "too_long"


# ---- citizens ---------------------------------------------------------------

def test_fresh_citizen(server):
    seen = set()
    for _ in range(20):
        c = server.citizen()
        day, number, check = re.fullmatch(
            r"(\d{6})[-+A-FU-Y](9\d\d)([0-9A-Y])", c["hetu"]).groups()
        assert check == CHECK[int(day + number) % 31]
        seen.add(c["hetu"])
        seen.add(c["patient_id"])
    assert len(seen) == 40


def test_citizen_with_hetu(server):
    code = hetu("241262", "961")
    first = server.citizen(hetu=code)
    assert first["hetu"] == code
    r = server.admin("GET", "/citizens/" + code, status=200)
    assert r.json()["patient_id"] == first["patient_id"]
    listed = server.admin("GET", "/citizens", status=200).text
    assert code in listed and first["patient_id"] in listed


@pytest.mark.parametrize("code", ["", "fish", "010190-900R",
                                  hetu("010190", "123"), 12, ["x"]])
def test_citizen_with_wrong_hetu(server, code):
    told(server.admin("POST", "/citizens", {"hetu": code}))


@pytest.mark.parametrize("age", [15, 16, 30, 95])
def test_citizen_of_an_age(own, age):
    c = own.citizen(age=age)["hetu"]
    century = {"+": 1800, "A": 2000, "B": 2000, "C": 2000, "D": 2000,
               "E": 2000, "F": 2000}.get(c[6], 1900)
    year = century + int(c[4:6])
    assert 2026 - year - 1 <= age <= 2026 - year


def test_delete_citizen(server, person):
    person.post(weight(person.id), status=201)
    r = server.admin("DELETE", "/citizens/" + person.hetu)
    assert r.status_code == 204
    told(server.admin("GET", "/citizens/" + person.hetu), 404)
    told(server.admin("DELETE", "/citizens/" + person.hetu), 404)
    assert person.get("/Observation?patient=" + person.id).status_code == 401
    again = server.citizen(hetu=person.hetu)
    assert again["patient_id"] != person.id


# ---- applications -----------------------------------------------------------

def test_register(server):
    r = server.admin("POST", "/clients", {
        "client_name": "Ä", "redirect_uris": [CALLBACK], "scope": SCOPE}, 201)
    app = r.json()
    assert len(app["client_secret"]) >= 32
    assert app["redirect_uris"] == [CALLBACK]
    assert app["client_name"] == "Ä"
    assert set(app["scope"].split()) >= set(SCOPE.split())
    assert isinstance(app["client_id_issued_at"], int)
    got = server.admin("GET", "/clients/" + app["client_id"], status=200)
    assert got.json()["client_name"] == "Ä"
    assert app["client_secret"] not in got.text
    assert app["client_id"] in server.admin("GET", "/clients").text


def test_chosen_credentials(server):
    name, secret = "chosen-" + str(uuid.uuid4()), "s3cret:%41+"
    app = server.register(client_id=name, client_secret=secret)
    assert app["client_id"] == name
    r = server.token(None, basic=(name, secret),
                     grant_type="refresh_token", refresh_token="x")
    assert r.json()["error"] == "invalid_token", "the secret is right"


def test_change_and_delete(server):
    app = server.register()
    path = "/clients/" + app["client_id"]
    changed = {"client_name": "New name", "redirect_uris": [CALLBACK],
               "scope": "patient/Observation.read"}
    server.admin("PUT", path, changed, 200)
    now = server.admin("GET", path).json()
    assert now["client_name"] == "New name"
    assert now["scope"] == "patient/Observation.read"
    assert server.admin("DELETE", path).status_code == 204
    told(server.admin("GET", path), 404)
    told(server.admin("DELETE", path), 404)
    told(server.admin("PUT", path, changed), 404)


def test_change_keeps_secret_and_tokens(own, person):
    app = own.register(client_secret="before")
    path = "/clients/" + app["client_id"]
    issued = own.issue(app, person.hetu)
    changed = {"client_id": app["client_id"], "client_name": "New name",
               "redirect_uris": [CALLBACK]}
    now = own.admin("PUT", path, changed, 200).json()
    assert "client_secret" not in now
    assert now["client_id_issued_at"] == app["client_id_issued_at"]

    def refreshed(secret):
        return own.token(None, basic=(app["client_id"], secret),
                         grant_type="refresh_token",
                         refresh_token=issued["refresh_token"]).status_code
    assert refreshed("before") == 200
    own.admin("PUT", path, {**changed, "client_secret": "after"}, 200)
    assert (refreshed("before"), refreshed("after")) == (401, 200)
    told(own.admin("PUT", path, {**changed, "client_id": "other"}), 400)
    assert [c["client_id"] for c in own.admin("GET", "/clients").json()[
        "clients"]].count(app["client_id"]) == 1


def test_lifetime_of_an_application(own, person):
    app = own.register(access_token_seconds=60)
    assert own.issue(app, person.hetu)["expires_in"] == 60


# ---- tokens -----------------------------------------------------------------

def test_token_without_the_dance(own, app):
    c = own.citizen()
    t = own.issue(app, c["hetu"], expires_in=30)
    assert list(t) == ["access_token", "token_type", "refresh_token",
                       "expires_in", "scope", "sub"]
    assert t["expires_in"] == 30 and t["sub"] == c["patient_id"]
    assert t["scope"] == SCOPE
    less = own.issue(app, c["hetu"], "patient/Observation.read")
    assert "refresh_token" not in less


@pytest.mark.parametrize("change", [
    {"client_id": "nobody"}, {"hetu": "fish"}, {"scope": "fish"},
    {"client_id": None}, {"hetu": 1}, {"expires_in": "x"},
    {"expires_in": -5}])
def test_token_refused(server, app, person, change):
    body = {"client_id": app["client_id"], "hetu": person.hetu,
            "scope": SCOPE}
    body.update(change)
    r = server.admin("POST", "/tokens", body)
    told(r, r.status_code if r.status_code in (400, 404) else 400)


def alive(p):
    return p.get("/Observation?patient=" + p.id).status_code == 200


@pytest.mark.parametrize("how", ["expire", "revoke"])
def test_ending_tokens(server, app, person, other, how):
    by_hand = {"hetu": person.hetu}
    r = server.admin("POST", "/tokens/" + how, by_hand, 200)
    assert r.json()["count"] >= 1
    assert not alive(person) and alive(other)
    r = server.admin("POST", "/tokens/" + how, {"token": other.token}, 200)
    assert r.json()["count"] == 1
    assert not alive(other)


# ---- the clock --------------------------------------------------------------

def test_clock_is_frozen(own):
    first = own.admin("GET", "/clock", status=200).json()
    time.sleep(0.01)
    then = own.admin("GET", "/clock").json()
    assert then.pop("wall") > first.pop("wall")
    assert then == first
    assert first["mode"] == "frozen"


def test_advance_expires(start):
    s = start()
    app = s.register()
    p = s.person(app)
    assert alive(p)
    got = s.advance("PT59M59S")
    assert got["now"].startswith("2026-03-10T12:59:59")
    assert alive(p)
    got = s.advance("PT1S")
    assert got["now"].startswith("2026-03-10T13:00:00")
    assert got["expired"]["tokens"] == 1
    assert not alive(p)
    p = s.person(app)
    stored = p.post(weight(p.id), status=201).json()
    assert stored["meta"]["lastUpdated"] == "2026-03-10T13:00:00.000+02:00"
    assert s.http.get(s.admin_url + "/health").headers["Date"] == \
        "Tue, 10 Mar 2026 11:00:00 GMT"


def test_summer_time(start):
    s = start(clock="2026-03-29T02:59:59+02:00")
    assert s.admin("GET", "/clock").json()["now"] == \
        "2026-03-29T02:59:59.000+02:00"
    assert s.advance("PT1S")["now"] == "2026-03-29T04:00:00.000+03:00"


def test_set_the_clock(start):
    s = start()
    r = s.admin("PUT", "/clock", {"mode": "frozen",
                                  "now": "2030-01-01T00:00:00Z"}, 200)
    assert r.json()["now"] == "2030-01-01T02:00:00.000+02:00"
    r = s.admin("PUT", "/clock", {"mode": "real"}, 200)
    assert r.json()["mode"] == "real"
    assert not s.admin("GET", "/clock").json()["now"].startswith("2030")


@pytest.mark.parametrize("body", [
    {"by": "fish"}, {"by": 1}, {}, {"by": "P1Y"}, {"by": "PT99999999999999H"},
    {"by": "PT1H", "fish": 1}])
def test_advance_refused(server, body):
    told(server.admin("POST", "/clock/advance", body))


@pytest.mark.parametrize("body", [
    {"mode": "fish"}, {"mode": "frozen", "now": "yesterday"}, {},
    {"mode": "frozen", "now": "2030-01-01T00:00:00"}])
def test_clock_refused(server, body):
    told(server.admin("PUT", "/clock", body))


FIRST, LAST = "0002-01-01T00:00:00Z", "9599-12-31T23:59:59Z"


def test_ends_of_the_clock(start):
    """The clock shows what it was set to, or says how far it goes."""
    s = start()
    for now in ("0001-01-01T00:00:00Z", "0001-12-31T23:59:59Z",
                "9600-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        for mode in ("frozen", "offset"):
            error = told(s.admin("PUT", "/clock", {"mode": mode, "now": now}))
            assert FIRST in error and LAST in error and "/now" in error, now
    assert s.admin("GET", "/clock").json()["now"] == CLOCK.replace("+", ".000+")
    for now, shown in ((FIRST, "0002-01-01T0"),
                       (LAST, "9600-01-01T01:59:59.000+02:00")):
        r = s.admin("PUT", "/clock", {"mode": "frozen", "now": now}, 200)
        assert r.json()["now"].startswith(shown)
        assert s.admin("GET", "/clock").json()["now"] == r.json()["now"]
    error = told(s.admin("POST", "/clock/advance", {"by": "PT1S"}))
    assert LAST in error and "/by" in error
    s.advance("PT0.999S")


# ---- reset ------------------------------------------------------------------

def whole_state(s):
    state = s.admin("GET", "/state", status=200).json()
    for changing in ("journal", "uptime_ms", "started", "requests"):
        state.pop(changing, None)
    demo = {"client_id": "demo-app",
            "client_secret": "demo-app-secret-not-for-production"}
    return (state, s.admin("GET", "/citizens").json(),
            s.admin("GET", "/clients").json(), demo)


def test_reset_equals_a_fresh_start(start):
    s = start()
    fresh = whole_state(s)
    app = s.register()
    p = s.person(app)
    p.post(weight(p.id), status=201)
    s.admin("DELETE", "/citizens/150785-901A")
    s.advance("P10D")
    assert whole_state(s) != fresh
    assert s.admin("POST", "/reset").status_code == 204
    assert whole_state(s) == fresh
    assert not alive(p)
    told(s.admin("GET", "/citizens/" + p.hetu), 404)
    # the seeded data is there again, as seen by the seeded application
    t = s.issue(fresh[3], "010190-900P")
    me = Person(s, {"hetu": "010190-900P", "patient_id": t["sub"]}, fresh[3],
                t)
    assert me.search()["total"] >= 2
    first = me.search()
    s.admin("POST", "/reset")
    t = s.issue(fresh[3], "010190-900P")
    me.token = t["access_token"]
    assert me.search()["total"] == first["total"]
    assert len(set(ids(first))) == first["total"]


def test_reset_of_an_empty_server(start):
    s = start("--fixtures", "none")
    assert s.admin("GET", "/state").json()["counts"]["citizens"] == 0
    s.citizen()
    s.admin("POST", "/reset")
    assert s.admin("GET", "/state").json()["counts"]["citizens"] == 0


# ---- what is refused everywhere ---------------------------------------------

POSTS = ["/citizens", "/clients", "/tokens", "/clock/advance"]


@pytest.mark.parametrize("path", POSTS)
def test_unknown_members_are_named(server, path):
    r = server.admin("POST", path, {"fishy_member": 1})
    assert "fishy_member" in told(r)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", ["{", "[]", '"x"', "", "{} {}", '{"a":1,"a"',
                                  "[" * 10000, "\x00"])
def test_bad_json(server, path, body):
    r = server.http.post(server.admin_url + path, data=body.encode(),
                         headers={"Content-Type": "application/json"},
                         timeout=30)
    if body == "" and path == "/citizens":
        assert r.status_code in (201, 400)  # a body is optional there
    else:
        told(r)


def test_admin_token(start):
    s = start("--admin-token", "let-me-in")
    assert s.admin("GET", "/health").status_code == 200
    assert s.admin("GET", "/state").status_code in (401, 403)
    for header, status in (("Bearer let-me-in", 200), ("Bearer wrong", 401),
                           ("Bearer let-me-in2", 401)):
        r = s.http.get(s.admin_url + "/state", timeout=30,
                       headers={"Authorization": header})
        assert (r.status_code == 200) == (status == 200)
        assert r.status_code in (200, 401, 403)
    assert "let-me-in" not in s.log()


@pytest.mark.parametrize("headers,status", [
    ({}, 200), ({"Host": "localhost"}, 200), ({"Host": "phr:8080"}, 200),
    ({"Host": "own.example:8080"}, 200),
    ({"Host": "rebound.example"}, 403),
    ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
    ({"Host": "own.example", "Origin": "http://own.example"}, 200),
    ({"Host": "own.example", "Origin": "http://other.example"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-origin"}, 200)])
def test_pages_of_others(request, headers, status):
    """What a browser of this machine may be made to send (DNS rebinding, a
    form on any page) is not let in for coming from this machine."""
    s = request.getfixturevalue("with_allowed_host")
    before = s.admin("GET", "/citizens").text
    r = s.http.post(s.admin_url + "/citizens", headers=headers, timeout=30)
    assert r.status_code == (201 if status == 200 else status), r.text
    assert (s.admin("GET", "/citizens").text == before) == (status == 403)
    r = s.http.get(s.admin_url + "/state", headers=headers, timeout=30)
    if status == 403:
        assert "--allowed-host" in told(r, 403)
        assert "--admin-token" in r.json()["error"]["message"]
    else:
        assert r.status_code == 200
    r = s.http.get(s.admin_url + "/health", headers=headers, timeout=30)
    assert r.status_code == 200


@pytest.fixture(scope="module")
def with_allowed_host(start_shared):
    return start_shared("--allowed-host", "own.example")


@pytest.mark.parametrize("token,shown", [
    ("let-me-in", "let-me-in"), ("none", "")])
def test_a_token_decides_alone(start, token, shown):
    """Whoever has the token may be any page; so may anybody with none."""
    s = start("--admin-token", token)
    r = s.http.get(s.admin_url + "/state", timeout=30, headers={
        "Host": "rebound.example", "Origin": "http://evil.example",
        "Authorization": "Bearer " + shown})
    assert r.status_code == 200


@pytest.mark.parametrize("how", ["flag", "file"])
def test_empty_token(binary, tmp_path, how):
    """A token that everybody knows is none."""
    file = tmp_path / "c.json"
    file.write_text('{"admin-token": ""}')
    options = {"flag": ["--admin-token", ""], "file": ["--config", file]}
    done = run(binary, "serve", "--listen", "http://127.0.0.1:0",
               *options[how], timeout=20)
    assert done.returncode == 78 and "admin-token" in done.err


def test_frozen_instant_of_the_start(own):
    now = own.admin("GET", "/clock").json()["now"]
    assert now == CLOCK.replace("+", ".000+")
