# SPDX-License-Identifier: Apache-2.0
"""GET metadata: what the base says of itself. With CORPUS, what it says of each
R4 type is held against the official statement."""
import json
import os

import pytest

import support

OFFICIAL = os.path.join(support.CORPUS, "finnish-phr-r4",
                        "capabilitystatementR4.json")
STATED = ("versioning", "readHistory", "updateCreate", "conditionalCreate",
          "conditionalUpdate", "conditionalDelete", "referencePolicy")


def statement(server, fhir="r4"):
    r = server.http.get(server.base(fhir) + "/metadata", timeout=10)
    assert r.status_code == 200, r.text
    return r.json()


def of_types(statement):
    """Type: (what is said of it, interactions, parameters)."""
    return {t["type"]: ({k: t.get(k) for k in STATED},
                        {i["code"] for i in t["interaction"]},
                        {(p["name"], p["type"])
                         for p in t.get("searchParam", [])})
            for t in statement["rest"][0]["resource"]}


@pytest.mark.skipif(not os.path.exists(OFFICIAL),
                    reason="CORPUS names no folder with the statement")
def test_as_the_official_statement(server):
    with open(OFFICIAL, encoding="utf-8") as f:
        official = json.load(f)
    ours = statement(server)
    assert of_types(ours) == of_types(official)
    assert ours["instantiates"] == [official["url"]]
    assert ours["fhirVersion"] == official["fhirVersion"]
    assert ours["format"] == official["format"]
    theirs = official["rest"][0]["security"]
    mine = ours["rest"][0]["security"]
    assert mine["cors"] == theirs["cors"]
    assert mine["description"] == theirs["description"]
    assert mine["service"][0]["text"] == theirs["service"][0]["text"]


def test_stu3_has_two_types_more(server):
    r4, stu3 = (of_types(statement(server, v)) for v in ("r4", "stu3"))
    assert set(stu3) == set(r4) | {"MedicationStatement", "Consent"}
    for name, (said, interactions, params) in r4.items():
        assert stu3[name][0] == said
        assert stu3[name][1] == interactions
        more = set() if name in ("Patient", "ValueSet", "CodeSystem",
                                 "StructureDefinition") else {"_security"}
        assert {n for n, _ in stu3[name][2]} == {n for n, _ in params} | more


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_valid(server, binary, fhir):
    text = json.dumps(statement(server, fhir))
    done = support.run(binary, "validate", "--profiles", "none", "--fhir",
                       fhir, "-", stdin=text.encode())
    assert done.returncode == 0, done.out


def test_environments(start):
    for name, end in (("client-test", "ATR4"), ("sandbox-open", "R4")):
        s = start("--environment", name, "--client-certificate", "off")
        url = "http://phr.kanta.fi/capabilitystatement"
        assert statement(s)["instantiates"] == [url + end]
        assert statement(s, "stu3")["instantiates"] == [url]


def test_switches_are_stated(start):
    s = start("--set", "conditional_update=on", "--set", "references=free",
              "--set", "update_create=on")
    said = of_types(statement(s))["Observation"][0]
    assert said["conditionalUpdate"] is True
    assert said["updateCreate"] is True
    assert said["referencePolicy"] == ["literal", "local"]
