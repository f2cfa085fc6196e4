# SPDX-License-Identifier: Apache-2.0
"""The national data content rule by rule: one change of a sound resource, and
the place that must be refused (None: the change is allowed)."""
import copy
import json

import pytest

from support import (PHR, blood_pressure, coding, glucose, outcome, places,
                     quantity, steps, weight, weight_stu3)

ID = "00000000-0000-4000-8000-000000000000"  # becomes the citizen's
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
V2 = "http://hl7.org/fhir/v2/0078"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
REMOVE = object()
SNOMED = "http://snomed.info/sct"
ME = {"reference": "Patient/" + ID}


def put(path, value):
    """A change: the value at a dotted path, REMOVE to delete it."""
    def change(o):
        *way, last = [int(p) if p.isdigit() else p for p in path.split(".")]
        for p in way:
            o = o[p]
        if value is REMOVE:
            del o[last]
        elif isinstance(o, list) and last == len(o):
            o.append(copy.deepcopy(value))
        else:
            o[last] = copy.deepcopy(value)
    change.__name__ = path + ("" if value is not REMOVE else " removed")
    return change


def both(*changes):
    def change(o):
        for c in changes:
            c(o)
    change.__name__ = " and ".join(c.__name__ for c in changes)
    return change


def absent(*paths):
    return [(put(p, REMOVE), p) for p in paths]


def forbidden(**members):
    return [(put(name, value), name) for name, value in members.items()]


CREATING = {"url": PHR + "fiphr-ext-creatingapplication", "extension": [
    {"url": "name", "valueString": "App"},
    {"url": "applicationId", "valueString": "app-1"}]}
HOURS = {"url": PHR + "fiphr-unsignedint", "valueUnsignedInt": 2}
INTERPRETATION = {"coding": [coding("H", "High", V3)]}
OTHER_ID = {"system": "urn:x", "value": "1"}

# of every Observation profile of R4
COMMON = absent("language", "text", "identifier", "status",
                "category", "code", "subject", "issued", "performer",
                "subject.reference", "performer.0.reference") + [
    (put("meta", REMOVE), "meta.profile"),
    (put("language", "fi-FI"), "language"), (put("language", "sv"), None),
    (put("status", "amended"), "status"), (put("status", "fish"), "status"),
    (put("identifier", []), "identifier"),
    (put("identifier.1", OTHER_ID), None),
    (put("identifier.0.system", REMOVE), "identifier[0].system"),
    (put("identifier.0.value", REMOVE), "identifier[0].value"),
    (put("identifier.0.assigner", {"display": "x"}),
     "identifier[0].assigner"),
    (put("identifier.0.use", "official"), None),
    (put("identifier.0.use", "fish"), "identifier[0].use"),
    (put("performer.1", ME), "performer"),
    (put("subject.display", "x"), None),
    (put("issued", "2026-03-01"), "issued"),
    (put("issued", "2026-02-30T08:00:00Z"), "issued"),
    (put("effectiveDateTime", REMOVE), "effective[x]"),
    (put("effectiveDateTime", "2026-03-01T08:00"), "effectiveDateTime"),
    (put("effectiveDateTime", "2026-03-01T08:00:00+02:00"), None),
    (put("note", [{"text": "huomio"}]), None),
    (put("note", [{"text": ""}]), "note[0].text"),
    (put("note", [{"text": "x", "authorString": "x"}]),
     "note[0].authorString"),
    (put("meta.profile.1", "http://example.org/other"), None),
    (put("meta.profile.0", "http://example.org/other"), "meta.profile"),
    (put("extension", [CREATING]), None),
    (put("extension", [dict(CREATING, extension=[
        {"url": "name", "valueString": "App"}])]),
     "extension[0].extension"),
    (put("extension", [{"url": CREATING["url"], "valueString": "x"}]),
     "extension[0].valueString"),
    (put("interpretation", [INTERPRETATION]), None),
    (put("interpretation", [{"coding": [coding("H", "x", SNOMED)]}]),
     "interpretation[0].coding"),
    (put("interpretation", [{"coding": [
        {"system": V3, "code": "H"}]}]),
     "interpretation[0].coding[0].display"),
    (put("interpretation", INTERPRETATION), "interpretation"),
    (put("referenceRange", [{"text": "x"}]), None),
] + forbidden(
    basedOn=[{"reference": "CarePlan/1"}], device={"display": "x"},
    partOf=[{"reference": "Procedure/1"}], focus=[ME], encounter={
        "display": "x"}, bodySite={"text": "x"}, method={"text": "x"},
    specimen={"display": "x"}, derivedFrom=[{"display": "x"}])

VITAL = [
    (put("hasMember", [{"display": "x"}]), "hasMember"),
    (both(put("effectiveDateTime", REMOVE),
          put("effectivePeriod", {"start": "2026-03-01"})),
     "effectivePeriod"),
    (put("category.1", {"coding": [coding("x", "x", SNOMED)]}), None),
    (put("category.0.coding.1", coding("x", "x", SNOMED)),
     "category[0].coding[1].system"),
    (put("category.0.coding.0.display", "Vital Signs"), None),
    (put("category.0.coding.0.system",
         "http://hl7.org/fhir/observation-category"), "category"),
    (put("category.0.coding.0.code", "laboratory"), "category"),
    (put("category.0", {"text": "x"}), "category"),
    (put("interpretation", [INTERPRETATION, INTERPRETATION]),
     "interpretation")]


def unit(at, name, code):
    return [
        (put(at + ".unit", "fish"), at + ".unit"),
        (put(at + ".unit", REMOVE), at + ".unit"),
        (put(at + ".code", "fish"), at + ".code"),
        (put(at + ".code", REMOVE), at + ".code"),
        (put(at + ".system", SNOMED), at + ".system"),
        (put(at + ".system", REMOVE), at + ".system"),
        (put(at + ".value", REMOVE), at + ".value"),
        (put(at + ".value", "1"), at + ".value"),
        (put(at + ".value", None), at + ".value"),
        (put(at + ".comparator", "<"), None),
        (put(at + ".comparator", "~"), at + ".comparator"),
        (put(at, quantity(1, name, code)), None)]


EXTRA = coding("1", "x", SNOMED)

PRESSURE = [
    (put("code.coding.0.display", REMOVE), "code.coding[0].display"),
    (put("code.coding.1", EXTRA), None),
    (put("code.coding.0.code", "55284-4"), "code.coding"),
    (put("code.coding.0.system", SNOMED), "code.coding[0].system"),
    (put("code.coding.1", coding("85354-9", "x")), "code.coding"),
    (put("valueQuantity", quantity(1, "mm[Hg]")), "valueQuantity"),
    (put("valueString", "128/82"), "valueString"),
    (put("dataAbsentReason", {"coding": [coding("unknown", "x", ABSENT)]}),
     "dataAbsentReason.coding"),
    (put("dataAbsentReason", {"text": "x"}), "dataAbsentReason.text"),
    (put("component.1", REMOVE), "component"),
    (put("component.2", {"code": {"coding": [coding("8867-4", "Syke")]},
                         "valueQuantity": quantity(70, "/min")}),
     "component[2]"),
    (put("component", REMOVE), "component"),
    (lambda o: o["component"].reverse(), None),
    (put("component.0.code.coding.1", EXTRA), None),
    (put("component.0.code.coding.0.display", REMOVE),
     "component[0].code.coding[0].display"),
    (put("component.0.code.coding.0.system", SNOMED),
     "component[0].code.coding[0].system"),
    (put("component.0.code.coding.0.code", "8459-0"), "component[0]"),
    (put("component.0.valueQuantity", REMOVE), "component[0].value[x]"),
    (both(put("component.0.valueQuantity", REMOVE),
          put("component.0.valueString", "128")), "component[0].value[x]"),
    (put("component.0.interpretation", [INTERPRETATION]), None),
    (put("component.0.interpretation", [{"text": "x"}]),
     "component[0].interpretation[0].coding"),
]

WEIGHT = [
    (put("code.coding.0.display", REMOVE), "code.coding[0].display"),
    (put("code.coding.1", EXTRA), None),
    (put("code.coding.0.code", "3141-9"), "code.coding"),
    (put("valueQuantity", REMOVE), "value[x]"),
    (both(put("valueQuantity", REMOVE), put("valueInteger", 72)),
     "value[x]"),
    (put("dataAbsentReason", {"coding": [coding("unknown", "x", ABSENT)]}),
     "dataAbsentReason.coding"),
    (put("component", [{"code": {"coding": [coding("1", "x")]},
                        "valueQuantity": quantity(1, "kg")}]), "component")]

GLUCOSE = [
    (put("code.coding.0.display", REMOVE), "code.coding[0].display"),
    (put("code.coding.2", EXTRA), None),
    (put("code.coding.2", coding("15074-8", "x")), "code.coding"),
    (both(put("valueQuantity", REMOVE), put(
        "dataAbsentReason", {"coding": [coding("unknown", "x", ABSENT)]})),
     None),
    (both(put("valueQuantity", REMOVE),
          put("dataAbsentReason", {"text": "x"})),
     "dataAbsentReason.coding"),
    (both(put("valueQuantity", REMOVE), put("valueString", "5.6")),
     "valueString"),
    (put("valueQuantity.unit", "mmol/L"), "valueQuantity.unit"),
    (put("valueQuantity.code", "mmol/l"), "valueQuantity.code"),
    (put("extension", [HOURS]), None),
    (put("extension", [HOURS, HOURS]), "extension"),
    (put("extension", [{"url": HOURS["url"], "valueUnsignedInt": -1}]),
     "extension[0].valueUnsignedInt"),
    (put("extension", [{"url": HOURS["url"], "valueDecimal": 1}]),
     "extension[0].valueDecimal"),
    (put("valueQuantity.extension", [
        {"url": PHR + "fiphr-ext-pq-translation",
         "valueQuantity": quantity(101, "mg/dl", "mg/dL")}]), None),
    (put("valueQuantity.extension", [
        {"url": PHR + "fiphr-ext-pq-translation",
         "valueQuantity": {"value": 101, "unit": "mg/dl"}}]),
     "valueQuantity.extension[0].valueQuantity.system"),
    (put("component", [{"code": {"coding": [coding("1", "x")]},
                        "valueString": "x"}]), "component")]

STEPS = [
    (put("code.coding.0.display", REMOVE), "code.coding[0].display"),
    (put("code.coding.1", coding("41950-7", "x")), None),
    (put("code.coding.1", EXTRA), None),
    (put("code.coding.1", {"system": SNOMED, "code": "1"}),
     "code.coding[1].display"),
    (put("code.coding.0.code", "41950-7"), "code.coding"),
    (put("code.coding.0.system", SNOMED), "code.coding"),
    (put("category.1", {"coding": [EXTRA]}), "category"),
    (put("category.0.coding.1", EXTRA), None),
    (put("category.0.coding.0.display", REMOVE), None),
    (put("category.0.coding.0.code", "sport"), "category[0].coding"),
    (put("valueQuantity", REMOVE), "value[x]"),
    (both(put("effectiveDateTime", REMOVE), put(
        "effectivePeriod", {"start": "2026-03-01", "end": "2026-03-07"})),
     None),
    (put("dataAbsentReason", {"text": "x"}), "dataAbsentReason"),
    (put("hasMember", [{"display": "x"}]), None),
    (put("hasMember", [{"display": "x"}, {"display": "y"}]), "hasMember"),
    (put("component", [{"code": {"coding": [coding("1", "x")]}}]),
     "component")]

CONFIDENTIAL = {"system": "http://hl7.org/fhir/v3/Confidentiality",
                "code": "R", "display": "Restricted"}

STU3 = absent("language", "text", "identifier", "status", "category",
              "code", "subject", "issued", "performer",
              "subject.reference") + [
    (put("meta", REMOVE), "meta.profile"),
    (put("meta.profile.1", "http://example.org/other"), "meta.profile"),
    (put("meta.security", [CONFIDENTIAL]), None),
    (put("meta.security", [dict(CONFIDENTIAL, code="N")]),
     "meta.security[0]"),
    (put("meta.security", [CONFIDENTIAL, CONFIDENTIAL]), "meta.security"),
    (put("identifier.1", OTHER_ID), None),
    (put("identifier.0.use", "secondary"), None),
    (put("identifier.0.assigner", {"display": "x"}),
     "identifier[0].assigner"),
    (put("category.0.coding.0.display", "x"), None),
    (put("category.1", {"coding": [EXTRA]}), "category"),
    (put("category.0.coding.1", EXTRA), "category[0].coding"),
    (put("category.0.coding.0.system",
         "http://terminology.hl7.org/CodeSystem/observation-category"),
     "category[0].coding[0].system"),
    (put("code.text", "Paino"), None),
    (put("code.coding.1", coding("8302-2", "x")), "code.coding"),
    (put("code.coding.0.code", "8302-2"), "code.coding"),
    (put("code.coding.0.system", SNOMED), "code.coding[0].system"),
    (put("code.coding.0.display", REMOVE), "code.coding[0].display"),
    (put("interpretation", {"coding": [coding("H", "High", V2)]}), None),
    (put("interpretation", {"coding": [coding("H", "High", V3)]}),
     "interpretation.coding[0].system"),
    (put("interpretation", [{"coding": [coding("H", "x", V2)]}]),
     "interpretation"),
    (put("comment", "huomio"), None),
    (put("note", [{"text": "only R4 has it"}]), "note"),
    (both(put("effectiveDateTime", REMOVE),
          put("effectivePeriod", {"start": "2026-03-01"})),
     "effectivePeriod"),
    (put("valueQuantity", REMOVE), "value[x]"),
    (put("performer.1", ME), "performer"),
    (put("extension", [CREATING]), None),
    (put("referenceRange", [{"text": "x"}]), None),
] + forbidden(
    basedOn=[{"reference": "CarePlan/1"}], context={"display": "x"},
    bodySite={"text": "x"}, method={"text": "x"}, specimen={"display": "x"},
    device={"display": "x"}, related=[{"target": {"display": "x"}}],
    dataAbsentReason={"text": "x"},
    component=[{"code": {"coding": [coding("29463-7", "x")]}}])

TABLE = [
    ("r4", blood_pressure, COMMON + VITAL + PRESSURE
     + unit("component.0.valueQuantity", "mm[Hg]", "mm[Hg]")),
    ("r4", weight, COMMON + VITAL + WEIGHT
     + unit("valueQuantity", "kg", "kg")),
    ("r4", glucose, COMMON + VITAL + GLUCOSE
     + unit("valueQuantity", "mmol/l", "mmol/L")),
    ("r4", steps, COMMON + STEPS + unit("valueQuantity", "1", "1")),
    ("stu3", weight_stu3, STU3 + unit("valueQuantity", "kg", "kg"))]


def place(where):
    """component.0.x of a change is component[0].x in an outcome."""
    out = ""
    for part in where.split("."):
        out += f"[{part}]" if part.isdigit() else "." + part
    return "Observation" + out


def cases():
    for fhir, build, changes in TABLE:
        for n, (change, where) in enumerate(changes):
            yield pytest.param(
                fhir, build, change, where and place(where),
                id=f"{build.__name__}-{n}-{change.__name__}-"
                   f"{'refused' if where else 'allowed'}")


def names(told, wanted):
    """Does an outcome's place name the wanted one? value[x] stands for any
    type; a missing or superfluous item may be told at the list, at the item or
    as the name of the slice."""
    plain = told.replace("[x]", "")
    wanted = wanted.replace("[x]", "")
    return plain == wanted or plain.startswith((wanted + "[", wanted + ":")) \
        or (plain.startswith(wanted) and plain[len(wanted):][:1].isupper())


@pytest.mark.parametrize("fhir,build,change,where", cases())
def test_rule(person, fhir, build, change, where):
    o = build(ID)
    change(o)
    text = json.dumps(o).replace(ID, person.id)
    r = person.post(text, fhir)
    if where is None:
        assert r.status_code == 201, r.text
        return
    # a missing subject is a refusal of whose data it is as well
    assert r.status_code == 422, r.text
    found = places(outcome(r))
    assert any(names(p, where) for p in found), (where, r.json()["issue"])


# ---- whose data it is -------------------------------------------------------

FOREIGN = {
    "another server": "http://evil.example/fhir/Patient/{me}",
    "the other base": "{other_base}/Patient/{me}",
    "a contained Patient": "#a",
    "another citizen": "Patient/{other}",
    "another citizen below the base": "{base}/Patient/{other}"}
BASES = [("r4", weight, "performer.0.reference"),
         ("stu3", weight_stu3, "performer.0.reference"),
         ("r4", weight, "subject.reference"),
         ("stu3", weight_stu3, "subject.reference")]


@pytest.mark.parametrize("fhir,build,path", BASES)
@pytest.mark.parametrize("reference", FOREIGN.values(), ids=list(FOREIGN))
def test_only_of_the_citizen(server, person, other, fhir, build, path,
                             reference):
    o = build(person.id)
    put(path, reference.format(
        me=person.id, other=other.id, base=getattr(server, fhir),
        other_base=server.stu3 if fhir == "r4" else server.r4))(o)
    if reference == "#a":
        patient = person.fhir("GET", "/Patient/" + person.id, fhir).json()
        meta = {"profile": patient["meta"]["profile"]} \
            if "profile" in patient["meta"] else None
        o["contained"] = [{k: v for k, v in dict(patient, id="a", meta=meta)
                           .items() if v and k != "text"}]
    r = person.post(o, fhir)
    # the profiles want it referenced: that it is contained is told first
    status, where = (422, place(path)) if reference == "#a" else \
        (403, "Observation." + path.split(".")[0])
    assert r.status_code == status, r.text
    assert places(outcome(r)) == [where]
    assert person.fhir("GET", "/Observation", fhir, params={
        "patient": person.id}).json()["total"] == 0


@pytest.mark.parametrize("fhir,build,path", BASES)
def test_no_urn_outside_of_a_bundle(person, fhir, build, path):
    o = build(person.id)
    put(path, "urn:uuid:" + person.id)(o)
    r = person.post(o, fhir)
    assert r.status_code == 422, r.text
    assert place(path) in places(outcome(r))


@pytest.mark.parametrize("fhir,build,path", BASES)
def test_citizen_below_the_own_base(server, person, fhir, build, path):
    o = build(person.id)
    put(path, getattr(server, fhir) + "/Patient/" + person.id)(o)
    person.post(o, fhir, status=201)
