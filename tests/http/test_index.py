# SPDX-License-Identifier: Apache-2.0
"""What FHIR defines as searchable is found, of the types that other tests pass
over: definitions, a Patient, and what STU3 alone has. Each resource is stored,
and each query must find it, or must not.
"""
import json

import pytest

from support import FHIR_JSON, ids

OPTIONS = ["--profiles", "none", "--set", "references=free"]

URL = "http://example.org/"
CODED = {"coding": [{"system": "http://s", "code": "c", "display": "Ääni"}],
         "text": "Oma sana"}
DIV = {"status": "generated",
       "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def definition(type, **more):
    return {"resourceType": type, "url": URL + type, "name": "Paino",
            "title": "Paino ja pituus", "status": "draft", "text": DIV,
            "description": "Äidin mitat", "version": "1.0",
            "date": "2026-03-02", "publisher": "Mittaajat", **more}


CONTEXT = [
    {"code": {"system": "http://u", "code": "age"},
     "valueRange": {"low": {"value": 18, "code": "a",
                            "system": "http://unitsofmeasure.org"}}},
    {"code": {"code": "focus"}, "valueCodeableConcept": CODED},
]

# of a version ("" both): the resource, what finds it, what does not
ROWS = [
    ("", definition("CodeSystem", content="complete", concept=[
        {"code": "a", "designation": [{"language": "sv", "value": "x"}]}]),
     ["url=" + URL + "CodeSystem", "system=" + URL + "CodeSystem",
      "url:below=http://example.org", "name=paino", "title=PAINO JA",
      "title:contains=pituus", "title:exact=Paino ja pituus", "status=draft",
      "description=aidin", "version=1.0", "date=2026-03", "publisher=mitt",
      "code=a", "language=sv", "content-mode=complete"],
     ["url=" + URL, "name=pituus", "title:exact=paino ja pituus", "code=x",
      "status=active", "date=2025"]),
    ("r4", definition("CodeSystem", content="complete", useContext=CONTEXT),
     ["context=c", "context:text=oma", "context-type=http://u|age",
      "context-quantity=ge20", "context-type-quantity=age$ge20",
      "context-type-value=focus$http://s|c"],
     ["context-quantity=lt17", "context-type-quantity=focus$ge20",
      "context-type-value=age$c"]),
    ("", definition("ValueSet", compose={"include": [
        {"system": "http://s", "concept": [{"code": "q"}]}]}),
     ["url=" + URL + "ValueSet", "reference=http://s"], ["reference=http://"]),
    ("r4", definition("ValueSet", compose={"include": [
        {"system": "http://s", "concept": [{"code": "q"}]}]}), ["code=q"], []),
    ("", {"resourceType": "Patient", "active": True, "gender": "female",
          "birthDate": "1990-05-06", "deceasedDateTime": "2026-02-03",
          "name": [{"family": "Ämmälä", "given": ["Åsa", "Maria"]}],
          "address": [{"city": "Jyväskylä", "use": "home"}],
          "telecom": [{"system": "phone", "value": "+358501", "use": "home"},
                      {"system": "email", "value": "a@example.com"}],
          "generalPractitioner": [{"reference": "Organization/1"}]},
     ["name=ammala", "name=asa", "given=maria", "family:exact=Ämmälä",
      "phonetic=asa", "address=jyvas", "address-city:contains=kyl",
      "address-use=home", "phone=%2B358501", "email=a@example.com",
      "telecom=home|%2B358501", "birthdate=lt2000", "death-date=2026-02",
      "deceased=true", "active=true", "gender=female",
      "general-practitioner=Organization/1"],
     ["family=maria", "phone=a@example.com", "gender=male", "active=false",
      "birthdate=ge1991"]),
    ("stu3", {"resourceType": "MedicationStatement", "status": "active",
              "taken": "y", "subject": {"reference": "Patient/{me}"},
              "medicationCodeableConcept": CODED,
              "identifier": [{"value": "m-1"}],
              "effectivePeriod": {"start": "2026-01-01"}},
     ["code=c", "code:text=aani", "status=active", "effective=2026-05",
      "identifier=m-1", "subject=Patient/{me}"],
     ["effective=2025", "status=completed", "identifier=m"]),
    ("stu3", {"resourceType": "Consent", "status": "active",
              "patient": {"reference": "Patient/{me}"},
              "dateTime": "2026-03-02", "policyRule": "http://p",
              "category": [CODED], "identifier": {"value": "c-1"}},
     ["status=active", "date=2026-03-02", "category=http://s|c",
      "identifier=c-1"], ["date=2026-03-03", "category=x"]),
    ("stu3", {"resourceType": "Observation", "status": "final", "code": CODED,
              "subject": {"reference": "Patient/{me}"},
              "related": [{"type": "has-member", "target":
                           {"reference": "Observation/1"}}],
              "valueDateTime": "2026-01-02"},
     ["related-target=Observation/1", "related-type=has-member",
      "related=Observation/1$has-member", "value-date=2026-01-02",
      "code-value-date=c$2026-01-02", "combo-code=c"],
     ["related=Observation/1$derived-from", "value-date=2026-01-03"]),
]


def both(rows):
    for fhir, resource, finds, misses in rows:
        for v in (fhir,) if fhir else ("r4", "stu3"):
            yield pytest.param(v, resource, finds, misses,
                               id=v + "-" + resource["resourceType"])


@pytest.mark.parametrize("fhir,resource,finds,misses", both(ROWS))
def test_found(server, fhir, resource, finds, misses):
    me = server.citizen()["patient_id"]
    base = "/open" + server.base(fhir)[len(server.origin):]
    path = base + "/" + resource["resourceType"]
    text = json.dumps(resource).replace("{me}", me)
    r = server.request("POST", path, data=text.encode(),
                       headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 201, r.text
    id = r.json()["id"]
    whose = "patient=" + me + "&" if "{me}" in json.dumps(resource) else ""
    for query in finds + misses:
        r = server.request(
            "GET", path + "?" + whose + query.replace("{me}", me),
            headers={"Prefer": "handling=strict"})
        assert r.status_code == 200, (query, r.text)
        assert (id in ids(r.json())) == (query in finds), query
