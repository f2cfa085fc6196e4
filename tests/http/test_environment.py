# SPDX-License-Identifier: Apache-2.0
"""The environments, and the open sandbox: the same data without a token."""
import pytest

import support

OPEN = "/open/phr-resourceserver/baseR4"
PLAIN = "/phr-resourceserver/baseR4"


def headers(person=None, **more):
    h = {"Content-Type": support.FHIR_JSON}
    if person is not None:
        h["Authorization"] = "Bearer " + person.token
    return dict(h, **more)


def test_open_base_needs_no_token(server, person):
    """What one of the two sandboxes stores, the other one has."""
    o = support.weight(person.id)
    made = server.request("POST", OPEN + "/Observation", json=o,
                          headers=headers())
    assert made.status_code == 201, made.text
    assert made.headers["Location"].startswith(
        server.origin + OPEN + "/Observation/")
    identity = made.json()["id"]
    plain = server.request("GET", PLAIN + "/Observation/" + identity,
                           headers=headers(person))
    assert plain.status_code == 200, plain.text
    assert plain.json() == made.json()
    found = server.request(
        "GET", OPEN + "/Observation?patient=" + person.id)
    assert found.status_code == 200, found.text
    assert [e["resource"]["id"] for e in found.json()["entry"]] == [identity]
    assert found.json()["entry"][0]["fullUrl"] == (
        server.origin + OPEN + "/Observation/" + identity)


def test_plain_base_needs_a_token(server, person):
    r = server.request("GET", PLAIN + "/Observation?patient=" + person.id)
    assert r.status_code == 401


def test_open_host(server, person):
    """The real open sandbox has a host of its own and the plain paths."""
    path = PLAIN + "/Observation?patient=" + person.id
    for host, status in (("fhirsandbox.kanta.fi", 200),
                         ("fhirsandbox.kanta.fi:8080", 200),
                         ("fhirsandbox2.kanta.fi", 401),
                         ("fhirsandbox.kanta.fi.example", 401)):
        r = server.request("GET", path, headers={"Host": host})
        assert r.status_code == status, (host, r.text)


def test_sandbox_open(start):
    s = start("--environment", "sandbox-open")
    citizen = s.citizen()
    r = s.request("GET", PLAIN + "/Observation?patient=" +
                  citizen["patient_id"])
    assert r.status_code == 200, r.text
    r = s.request("POST", PLAIN + "/Observation", headers=headers(),
                  json=support.weight(citizen["patient_id"]))
    assert r.status_code == 201, r.text


@pytest.mark.parametrize("environment", ["client-test", "production"])
def test_no_open_base(start, environment):
    s = start("--environment", environment, "--client-certificate", "off")
    assert s.request("GET", OPEN + "/metadata").status_code == 404
    r = s.request("GET", "/phr-resourceserver/baseStu3/metadata",
                  headers={"Host": "fhirsandbox.kanta.fi"})
    assert r.status_code == 200
    r = s.request("GET", "/phr-resourceserver/baseStu3/Observation?patient=1",
                  headers={"Host": "fhirsandbox.kanta.fi"})
    assert r.status_code == 401


def test_production_has_no_r4(start):
    s = start("--environment", "production", "--client-certificate", "off")
    assert "r4" not in s.ready
    assert s.request("GET", PLAIN + "/metadata").status_code == 404


def test_presets_yield_to_what_is_said(start):
    s = start("--environment", "production", "--client-certificate", "off",
              "--set", "allow_test_profiles=on")
    settings = s.admin("GET", "/settings", status=200).json()
    assert settings["allow_test_profiles"] == "on"
    assert settings["store_questionnaires"] == "off"
