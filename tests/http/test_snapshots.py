# SPDX-License-Identifier: Apache-2.0
"""Snapshots: the state of now under a name, to come back to.

What a server is brought back to is compared row by row with what it was, after
random sequences of calls from fixed numbers; and with what the application
sees: its tokens, its search results, the clock.
"""
import random

import pytest
import support
from dump import differences, dump
from lives import HETUS, World
from support import Server, weight

pytestmark = pytest.mark.skipif(not support.MOCK, reason="needs the binary")
URL = ("--public-url", "https://phr.test", "--allowed-host", "127.0.0.1")


@pytest.fixture(params=["memory", "file"])
def server(request, tmp_path):
    db = ":memory:" if request.param == "memory" else tmp_path / "phr.db"
    with Server("--db", db, "--seed", 3, *URL) as s:
        yield s


def take(s, name="one"):
    return s.admin("POST", "/snapshots", {"name": name}, 201).json()


def restore(s, name="one"):
    return s.admin("POST", f"/snapshots/{name}/restore", status=200).json()


def state(s, tmp_path):
    """Everything there is: the rows, and what is memory."""
    take(s, "look")
    got = s.request("GET", "/__admin/snapshots/look")
    assert got.headers["Content-Type"] == "application/vnd.sqlite3"
    assert 'filename="look.db"' in got.headers["Content-Disposition"]
    s.admin("DELETE", "/snapshots/look", status=204)
    path = tmp_path / "look.db"
    path.write_bytes(got.content)
    rows = dump(path)
    told = s.admin("GET", "/state").json()
    rows["memory"] = [(repr(told["settings"]), repr(told["clock"]))]
    rows["counts"] = [tuple(told["counts"].items())]
    return rows


@pytest.mark.parametrize("dice", range(3))
def test_a_snapshot_is_what_was(server, tmp_path, dice):
    """Operations, snapshot, operations, restore; then the same operations have
    the same transcript as the first time."""
    world = World(server, dice)
    for _ in range(15):
        world.step()
    take(server)
    then = state(server, tmp_path)
    said, after = [], None
    for _ in range(2):
        again = World.__new__(World)
        again.s, again.lives = server, world.lives
        again.dice = random.Random(dice + 50)
        for life in again.lives:
            life.said, life.dice = [], random.Random(dice)
            life.forget()
        for _ in range(20):
            again.step()
        now = state(server, tmp_path)
        assert differences(then, now)
        said.append([life.said for life in again.lives])
        if after is not None:
            now.pop("ticket"), after.pop("ticket")
            assert differences(after, now) == {}
        after = now
        restore(server)
        assert differences(then, state(server, tmp_path)) == {}
    assert said[0] == said[1]


def test_tokens_and_searches_of_then(server):
    person = server.person(server.register(), hetu=HETUS[0])
    person.post(weight(person.id), status=201)
    before = person.search()["total"]
    take(server)
    made = person.post(weight(person.id), status=201).json()["id"]
    page = person.search("&_count=1")
    following = [x["url"] for x in page["link"] if x["relation"] == "next"][0]
    server.admin("POST", "/tokens/revoke", {}, 200)
    assert status(person) == 401
    later = server.issue(person.app, HETUS[0])
    restore(server)
    assert status(person) == 200
    assert person.search()["total"] == before
    assert person.get("/Observation/" + made).status_code == 404
    assert status(support.Person(server, {"hetu": "", "patient_id": person.id},
                                 person.app, later)) == 401
    # a result that was kept is of a time that never was
    gone = person.get(following.split("baseR4", 1)[1])
    assert gone.status_code in (404, 410), gone.text


def status(person):
    return person.get("/Observation?patient=" + person.id).status_code


def test_clock_and_switches(server):
    was = server.admin("GET", "/clock").json()["now"]
    take(server)
    server.advance("P3D")
    server.admin("PUT", "/settings", {"page_default": 3}, 200)
    restore(server)
    assert server.admin("GET", "/clock").json()["now"] == was
    assert server.admin("GET", "/settings").json()["page_default"] != "3"


def test_faults(server):
    """Those that were armed, as far as they had come; others go. The number of
    one is never given again."""
    server.admin("DELETE", "/faults", None, 204)
    kept = server.admin("POST", "/faults", {
        "match": {"path": "/phr-resourceserver", "method": "GET"},
        "action": {"status": 503}, "times": 3}, 201).json()
    hit = server.http.get(server.r4 + "/metadata", timeout=30)
    assert hit.headers["X-Mock-Fault"] == kept["id"]
    before = server.admin("GET", "/faults").json()
    take(server)
    server.admin("DELETE", "/faults", None, 204)
    other = server.admin("POST", "/faults", {"action": {"status": 500}},
                         201).json()
    restore(server)
    assert server.admin("GET", "/faults").json() == before
    again = [server.http.get(server.r4 + "/metadata", timeout=30).status_code
             for _ in range(3)]
    assert again == [503, 503, 200]
    restore(server)
    assert server.admin("GET", "/faults").json() == before
    server.admin("DELETE", "/faults", None, 204)
    third = server.admin("POST", "/faults", {"action": {"status": 500}},
                         201).json()
    assert third["id"] not in (kept["id"], other["id"])
    server.admin("DELETE", "/faults", None, 204)


def test_definitions(server):
    """A profile that an application stored is in force as it was then."""
    url = "http://test.example/StructureDefinition/mine"
    sd = {"resourceType": "StructureDefinition", "url": url, "name": "Mine",
          "status": "draft", "kind": "resource", "abstract": False,
          "type": "Observation", "derivation": "constraint",
          "baseDefinition":
          "http://hl7.org/fhir/StructureDefinition/Observation",
          "differential": {"element": [
              {"id": "Observation.device", "path": "Observation.device",
               "min": 1}]}}
    body = {"resourceType": "Observation", "meta": {"profile": [url]},
            "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/" + server.citizen()[
                "patient_id"]}}

    def wrong():
        r = server.request("POST", "/open/phr-resourceserver/baseR4/"
                           "Observation/$validate", json=body)
        return "device" in r.text

    take(server)
    assert not wrong()
    r = server.request("POST", "/open/phr-resourceserver/baseR4/"
                       "StructureDefinition", json=sd)
    assert r.status_code == 201, r.text
    assert wrong()
    take(server, "two")
    restore(server)
    assert not wrong()
    restore(server, "two")
    assert wrong()


def test_the_journal_goes_on(server):
    take(server)
    server.admin("GET", "/clock")
    last = server.admin("GET", "/requests").json()["requests"][-1]["seq"]
    restore(server)
    now = server.admin("GET", "/requests").json()["requests"][-1]["seq"]
    assert now > last


# ---- the list ---------------------------------------------------------------

def test_the_list(server):
    one = take(server)
    server.advance("PT1H")
    two = take(server, "two-2")
    listed = server.admin("GET", "/snapshots").json()["snapshots"]
    assert [x["name"] for x in listed] == ["one", "two-2"]
    for x, made in zip(listed, (one, two)):
        assert (x["at"], x["bytes"]) == (made["at"], made["bytes"])
        assert made["ms"] >= 0
    assert one["at"] != two["at"]
    server.admin("DELETE", "/snapshots/one", status=204)
    server.admin("DELETE", "/snapshots/one", status=404)
    server.admin("POST", "/snapshots/one/restore", status=404)
    assert server.request("GET", "/__admin/snapshots/one").status_code == 404
    server.admin("POST", "/reset", status=204)
    assert server.admin("GET", "/snapshots").json()["snapshots"] == []


def test_one_of_the_same_name_gives_way(server, tmp_path):
    take(server)
    server.citizen(hetu="290200A999J")
    person = server.citizen()["hetu"]
    take(server)
    server.admin("DELETE", "/citizens/" + person, status=204)
    restore(server)
    server.admin("GET", "/citizens/" + person, status=200)
    assert len(server.admin("GET", "/snapshots").json()["snapshots"]) == 1


@pytest.mark.parametrize("body, where", [
    ({}, "/name"), ({"name": ""}, "/name"), ({"name": "A"}, "/name"),
    ({"name": "a" * 65}, "/name"), ({"name": "../x"}, "/name"),
    ({"name": "a", "nme": "b"}, "/nme"), ({"name": 1}, "/name"),
])
def test_wrong_names_are_refused(server, body, where):
    error = server.admin("POST", "/snapshots", body, 400).json()["error"]
    assert error["where"] == where


def test_there_are_only_so_many(server):
    for i in range(64):
        take(server, f"n{i}")
    error = server.admin("POST", "/snapshots", {"name": "x"},
                         409).json()["error"]
    assert error["code"] == "too_many" and "DELETE" in error["message"]
    take(server, "n5")
    server.admin("DELETE", "/snapshots/n7", status=204)
    take(server, "x")


def test_certificates(tmp_path):
    with Server("--listen", "mtls://127.0.0.1:0", "--seed", 3) as s:
        one = s.admin("POST", "/certificates", {"kind": "wellbeing"}, 201).json()
        take(s)
        two = s.admin("POST", "/certificates", {"kind": "wellbeing"}, 201).json()
        s.admin("POST", f"/certificates/{one['number']}/revoke")
        crl = s.request("GET", "/__admin/certificates/crl.pem").text
        restore(s)
        listed = s.admin("GET", "/certificates").json()["issued"]
        assert [c["number"] for c in listed] == [one["number"]]
        assert not listed[0]["revoked"]
        assert two["number"] != one["number"]
        assert s.request("GET", "/__admin/certificates/crl.pem").text != crl


def test_the_file_outlives_the_server(tmp_path):
    """What was restored is on disk; and the image is a file of its own."""
    db = tmp_path / "phr.db"
    with Server("--db", db) as s:
        person = s.citizen()["hetu"]
        take(s)
        s.admin("DELETE", "/citizens/" + person, status=204)
        restore(s)
        image = s.request("GET", "/__admin/snapshots/one").content
    with Server("--db", db) as s:
        s.admin("GET", "/citizens/" + person, status=200)
    other = tmp_path / "other.db"
    other.write_bytes(image)
    with Server("--db", other) as s:
        s.admin("GET", "/citizens/" + person, status=200)
