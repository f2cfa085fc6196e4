# SPDX-License-Identifier: Apache-2.0
"""STU3 vital signs: what the national profiles take and what they refuse.

There is no published STU3 package to compare with, so what is known is written
down here as tables. A row is a change of a resource that is accepted as it is:
a path, what is put there, and all that is refused then ("rule place", none: it
is accepted). First the two forms of glucose that a client stored in production
for years, field by field; then what all vital signs share, tried on each of
them; then what each profile has of its own; the switches; the drafts of 2017.
"""
import copy
import json
import os
import uuid

import pytest

import support
from edits import GONE, changed, told, verdicts
from support import PHR, extension, loinc, quantity, run

ID = "90090090-0900-4900-8900-900900900900"
ME = {"reference": "Patient/" + ID}
CATEGORY = "http://hl7.org/fhir/observation-category"
SECRET = "http://hl7.org/fhir/v3/Confidentiality"
V2 = "http://hl7.org/fhir/v2/0078"


# ---- resources and changes ---------------------------------------------------

def narrative(text, status="generated"):
    return {"status": status, "div":
            f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'}


def observation(profile, codings, **more):
    """What every client sent, and no more."""
    return {
        "resourceType": "Observation",
        "meta": {"profile": [PHR + profile]},
        "language": "fi",
        "text": narrative("Koodi: mittaus"),
        "identifier": [{"system": "urn:ietf:rfc:3986",
                        "value": f"urn:uuid:{uuid.uuid4()}"}],
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY,
                                  "code": "vital-signs"}]}],
        "code": {"coding": codings},
        "subject": dict(ME),
        "effectiveDateTime": "2021-09-04T16:39:35.000+03:00",
        "issued": "2021-09-04T16:39:35.000+03:00",
        "performer": [dict(ME)], **more}


SENSOR = observation(
    "fiphr-bloodglucose-stu3", [loinc("14745-4", "Kudossokeri")],
    text=narrative("Koodi: Kudossokeri (LOINC 14745-4)<br />Tulos: 5.6 mmol/l",
                   "extensions"),
    identifier=[{"system": "urn:ietf:rfc:3986", "value":
                 "urn:uuid:886313e1-3b8a-5372-9b90-0c9aee199e5d"}],
    valueQuantity=quantity(5.6, "mmol/l", "mmol/L"))
METER = dict(
    copy.deepcopy(SENSOR),
    identifier=[{"system": "urn:ietf:rfc:3986", "value":
                 "urn:uuid:2ed6657d-e927-568b-95e1-2665a8aea6a2"}],
    code={"coding": [loinc("14743-9", "Verensokeri verensokerimittarilla"),
                     loinc("15074-8", "Verensokeri")]})
PRESSURE = observation(
    "fiphr-bloodpressure-stu3", [loinc("85354-9", "Verenpaine")], component=[
        {"code": {"coding": [loinc("8480-6", "Systolinen verenpaine")]},
         "valueQuantity": quantity(121, "mm[Hg]")},
        {"code": {"coding": [loinc("8462-4", "Diastolinen verenpaine")]},
         "valueQuantity": quantity(79, "mm[Hg]")}])
SIMPLE = {  # profile: code, display, value, unit
    "fiphr-bodyweight-stu3": ("29463-7", "Paino", 72.5, "kg"),
    "fiphr-bodyheight-stu3": ("8302-2", "Pituus", 172, "cm"),
    "fiphr-bodytemperature-stu3": ("8310-5", "Kehon lämpö", 36.8, "Cel"),
    "fiphr-heartrate-stu3": ("8867-4", "Syke", 64, "beats/min"),
    "fiphr-respiratoryrate-stu3": ("9279-1", "Hengitystiheys", 14,
                                   "breaths/min"),
    "fiphr-pef-stu3": (
        "19935-6", "PEF-mittarilla mitattu maksimaalinen "
        "uloshengitysvirtauksen arvo", 480, "L/min")}
BASES = {name.split("-")[1]: observation(
    name, [loinc(code, display)], valueQuantity=quantity(value, unit))
    for name, (code, display, value, unit) in SIMPLE.items()}
BASES.update(sensor=SENSOR, meter=METER, bloodpressure=PRESSURE)


def change(resource, path, value):
    return changed(resource, {path: value})


def judge(binary, resources, *options):
    """[(what is refused, what is warned of)], in one run."""
    found = verdicts(binary, resources, "--fhir", "stu3", *options)
    return [({told(i) for i in refused}, {told(i) for i in warned})
            for _, refused, warned in found]


def differences(binary, cases, *options):
    """Of (label, resource, what is to be refused): those it differs for."""
    found = judge(binary, [r for _, r, _ in cases], *options)
    return [(label, sorted(want), sorted(got))
            for (label, _, want), (got, _) in zip(cases, found)
            if set(want) != got]


def rows(resource, table):
    return [(f"{path} {value if value is not GONE else 'gone'}",
             change(resource, path, value), wanted)
            for path, value, *wanted in table]


# ---- the client of production, field by field --------------------------------

# what is refused when a field of the client's is left out, in either form
FIELDS = [
    ("meta", GONE, "0063 meta.profile"),
    ("meta.profile", GONE, "0063 meta.profile"),
    ("language", GONE, "0014 language"),
    ("text", GONE, "0014 text"),
    ("text.status", GONE, "0014 text.status"),
    ("text.div", GONE, "0014 text.div"),
    ("identifier", GONE, "0014 identifier"),
    ("identifier[0].system", GONE, "0014 identifier[0].system"),
    ("identifier[0].value", GONE, "0014 identifier[0].value"),
    ("status", GONE, "0014 status"),
    ("category", GONE, "0014 category"),
    ("category[0].coding[0].system", GONE,
     "0014 category[0].coding[0].system"),
    ("category[0].coding[0].code", GONE, "0014 category[0].coding[0].code"),
    ("code", GONE, "0014 code"),
    ("code.coding[0].system", GONE, "0014 code.coding[0].system"),
    ("code.coding[0].display", GONE, "0014 code.coding[0].display"),
    ("subject", GONE, "0014 subject"),
    ("subject.reference", GONE, "0014 subject.reference"),
    ("effectiveDateTime", GONE, "0014 effectiveDateTime"),
    ("issued", GONE, "0014 issued"),
    ("performer", GONE, "0014 performer"),
    ("performer[0].reference", GONE, "0014 performer[0].reference"),
    ("valueQuantity", GONE, "kphr-glucose-value"),
    ("valueQuantity.value", GONE, "0014 valueQuantity.value"),
    ("valueQuantity.unit", GONE, "0014 valueQuantity.unit"),
    ("valueQuantity.system", GONE, "0014 valueQuantity.system"),
    ("valueQuantity.code", GONE, "0014 valueQuantity.code")]
# and when it is there in another form
FORMS = [
    ("meta.profile[0]", PHR + "fiphr-bloodglucose-stu3-modified20190128",
     "0064 meta.profile[0]"),
    ("text.status", "generated"),
    ("language", "sv"),
    ("language", "kotus", "0046 language"),
    ("identifier[0].use", "official"),
    ("identifier[0].type", {"text": "oma"}),
    ("identifier[0].assigner", {"display": "x"},
     "0015 identifier[0].assigner"),
    ("identifier[1]", {"use": "secondary", "system": "urn:x", "value": "1"}),
    ("status", "amended", "0023 status"),
    ("category[0].coding[0].display", "Vital Signs"),
    ("code.text", "Verensokeri"),
    ("effectiveDateTime", "2021-09-04T16:39:35+03:00"),
    ("effectiveDateTime", "2021-09-04"),
    ("subject.display", "Minä"),
    ("performer[0].display", "Minä"),
    ("valueQuantity.value", "5.6", "0012 valueQuantity.value"),
    ("valueQuantity.value", 5.5999999999999996),
    ("valueQuantity.comparator", "<"),
    ("valueQuantity.unit", "mmol/L", "0023 valueQuantity.unit"),
    ("valueQuantity.code", "mmol/l", "0023 valueQuantity.code"),
    ("valueQuantity.system", "http://example.org/units",
     "0023 valueQuantity.system"),
    ("extension", [extension("fiphr-unsignedint", valueUnsignedInt=2)]),
    ("extension", [extension("fiphr-unsignedint", valueInteger=2)],
     "0122 extension[0].valueInteger"),
    ("extension", 2 * [extension("fiphr-unsignedint", valueUnsignedInt=2)],
     "0019 extension"),
    ("valueQuantity.extension", [extension(
        "fiphr-ext-pq-translation",
        valueQuantity=quantity(101, "mg/dl", "mg/dL"))]),
    ("valueQuantity.extension", [extension(
        "fiphr-ext-pq-translation", valueQuantity={"value": 101})],
     "0014 valueQuantity.extension[0].valueQuantity.code",
     "0014 valueQuantity.extension[0].valueQuantity.system",
     "0014 valueQuantity.extension[0].valueQuantity.unit"),
    ("valueString", "5.6", "0017 valueString"),
    ("component", [{"code": {"coding": [loinc("8480-6")]},
                    "valueString": "x"}], "0015 component"),
    ("code.coding", [loinc("29463-7")],
     "0020 code.coding[0]", "kphr-glucose-code"),
    ("code.coding", [loinc("15074-8")], "kphr-glucose-meter"),
    ("code.coding", [loinc("14743-9")], "kphr-glucose-blood"),
    ("code.coding", [loinc("14745-4"), loinc("14745-4")], "0019 code.coding")]
ABSENT = {"coding": [{"system": "http://hl7.org/fhir/data-absent-reason",
                      "code": "error", "display": "Error"}]}


@pytest.mark.parametrize("form", ["sensor", "meter"])
def test_what_the_client_stored(binary, person, form):
    o = json.loads(json.dumps(BASES[form]).replace(ID, person.id))
    assert judge(binary, [o]) == [(set(), set())]
    stored = person.post(o, "stu3", status=201).json()
    assert stored["category"] == o["category"]
    assert stored["valueQuantity"] == o["valueQuantity"]


@pytest.mark.parametrize("form", ["sensor", "meter"])
def test_every_field_of_the_client(binary, form):
    assert not differences(binary, rows(BASES[form], FIELDS + FORMS))


def test_a_value_or_why_there_is_none(binary):
    without = change(SENSOR, "valueQuantity", GONE)
    assert not differences(binary, [
        ("reason", change(without, "dataAbsentReason", ABSENT), []),
        ("both", change(SENSOR, "dataAbsentReason", ABSENT), ["obs-6"])])


# ---- what all vital signs share ----------------------------------------------

CREATOR = extension("fiphr-ext-creatingapplication", extension=[
    {"url": "name", "valueString": "Oma"},
    {"url": "applicationId", "valueString": "oma"}])
SHARED = [
    ("meta.profile[1]", PHR + "fiphr-vitalsigns-stu3",
     "0015 meta.profile", "0023 meta.profile[1]"),
    ("meta.security", [{"system": SECRET, "code": "R",
                        "display": "Restricted"}]),
    ("meta.security", [{"system": "http://terminology.hl7.org/CodeSystem/"
                        "v3-Confidentiality", "code": "U",
                        "display": "unrestricted"}]),
    ("meta.security", [{"system": SECRET, "code": "N", "display": "x"}],
     "0046 meta.security[0]"),
    ("meta.security", [{"system": SECRET, "code": "R"}],
     "0014 meta.security[0].display"),
    ("meta.security", 2 * [{"system": SECRET, "code": "R",
                            "display": "Restricted"}], "0015 meta.security"),
    ("extension", [CREATOR]),
    ("extension", [dict(CREATOR, extension=CREATOR["extension"][:1])],
     "0018 extension[0].extension"),
    ("status", "preliminary", "0023 status"),
    ("category[0].coding[0].system",
     "http://terminology.hl7.org/CodeSystem/observation-category",
     "0023 category[0].coding[0].system"),
    ("category[0].coding[0].code", "survey",
     "0023 category[0].coding[0].code"),
    ("category[0].coding[1]", {"system": "urn:x", "code": "x"},
     "0015 category[0].coding", "0023 category[0].coding[1].code",
     "0023 category[0].coding[1].system"),
    ("category[1]", {"coding": [{"system": CATEGORY, "code": "survey"}]},
     "0015 category", "0023 category[1].coding[0].code"),
    ("code.text", "oma"),
    ("code.coding[0].display", GONE, "0014 code.coding[0].display"),
    ("subject", {"reference": "Group/1"}, "0052 subject.reference"),
    ("subject.identifier", {"value": "1"}),
    ("performer[1]", ME, "0015 performer"),
    ("effectiveDateTime", GONE, "0014 effectiveDateTime"),
    ("issued", GONE, "0014 issued"),
    ("interpretation", {"text": "oma"}),
    ("interpretation", {"coding": [{"system": V2, "code": "H",
                                    "display": "High"}]}),
    ("interpretation", {"coding": [{"system": V2, "code": "H"}]},
     "0014 interpretation.coding[0].display"),
    ("interpretation", {"coding": 2 * [{"system": V2, "code": "H",
                                        "display": "High"}]},
     "0015 interpretation.coding"),
    ("interpretation", {"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/"
         "v3-ObservationInterpretation", "code": "H", "display": "High"}]},
     "0023 interpretation.coding[0].system"),
    ("comment", "oma"),
    ("referenceRange", [{"text": "oma"}]),
    ("basedOn", [{"reference": "CarePlan/1"}], "0015 basedOn"),
    ("context", {"reference": "Encounter/1"}, "0015 context"),
    ("bodySite", {"text": "x"}, "0015 bodySite"),
    ("specimen", {"display": "x"}, "0015 specimen"),
    ("related", [{"target": {"display": "x"}}], "0015 related"),
    ("method", {"text": "x"}, "0015 method"),
    ("device", {"display": "x"}, "0015 device")]


@pytest.mark.parametrize("name", sorted(BASES))
def test_what_they_share(binary, name):
    base = BASES[name]
    period = change(base, "effectivePeriod", {"start": "2021-09-04"})
    cases = rows(base, SHARED) + [
        ("as it is", base, []),
        ("a period", change(period, "effectiveDateTime", GONE),
         ["0016 effectivePeriod"])]
    assert not differences(binary, cases)


# ---- what each has of its own ------------------------------------------------

OTHER = {"system": "http://snomed.info/sct", "code": "1", "display": "x"}
NO_COMPONENT = [{"code": {"coding": [loinc("8480-6")]}, "valueString": "x"}]


def measured(unit):
    """Value, unit, system and code of exactly this unit."""
    return [
        ("valueQuantity", GONE, "0014 valueQuantity"),
        ("valueQuantity.value", GONE, "0014 valueQuantity.value"),
        ("valueQuantity.unit", GONE, "0014 valueQuantity.unit"),
        ("valueQuantity.unit", unit + "s", "0023 valueQuantity.unit"),
        ("valueQuantity.system", GONE, "0014 valueQuantity.system"),
        ("valueQuantity.code", "1", "0023 valueQuantity.code"),
        ("dataAbsentReason", ABSENT, "0015 dataAbsentReason", "obs-6"),
        ("component", NO_COMPONENT, "0015 component"),
        ("code.coding[0].code",
         "8280-0", "0018 code.coding", "0020 code.coding[0]"),
        ("code.coding[0].system", "urn:x", "0023 code.coding[0].system"),
        ("code.coding[1]", OTHER, "0020 code.coding[1]")]


MEDICATION = "http://phr.kanta.fi/fiphr-cs-medicationcontext"


def medication(code, **more):
    return extension("fiphr-medicationcontext", valueCodeableConcept={
        "coding": [{"system": MEDICATION, "code": code, **more}]})


SYMPTOMS = extension("fiphr-boolean", valueBoolean=True)
OWN = {
    "bodyweight": measured("kg"),
    "bodyheight": measured("cm"),
    "respiratoryrate": measured("breaths/min"),
    "bodytemperature": measured("Cel") + [
        ("code.coding[1]", loinc("8331-1", "Lämpö, suu")),
        ("code.coding[1]", loinc("8332-9", "Lämpö, peräsuoli")),
        ("code.coding[1]", loinc("76011-6", "Lämpö, korva")),
        ("code.coding[1]", loinc("8328-7", "Lämpö, kainalo")),
        ("code.coding", [loinc("8310-5"), loinc("8331-1"), loinc("8328-7")],
         "kphr-temperature-site code"),
        ("code.coding", [loinc("8331-1")], "0018 code.coding"),
        ("code.coding[1]", loinc("8867-4"), "0020 code.coding[1]")],
    "heartrate": measured("beats/min") + [
        ("code.coding[1]", loinc("41924-2", "Keskisyke 24h")),
        ("code.coding[1]", loinc("8883-1", "Leposyke 24h")),
        ("code.coding[1]", loinc("8873-2", "Sydämen syke 24 h maksimiarvo")),
        ("code.coding", [loinc("8867-4"), loinc("8883-1"), loinc("8873-2")],
         "kphr-heartrate-day code"),
        ("code.coding", [loinc("41924-2")], "0018 code.coding"),
        ("extension", [SYMPTOMS]),
        ("extension", [extension("fiphr-ext-boolean", valueBoolean=True)]),
        ("extension", [extension("fiphr-ext-boolean", valueString="x")],
         "0122 extension[0].valueString"),
        ("extension", [SYMPTOMS, SYMPTOMS], "0019 extension")],
    "pef": measured("L/min") + [
        ("valueQuantity.comparator", "<", "0015 valueQuantity.comparator"),
        ("extension", [SYMPTOMS, medication("1", display="Before medication")
                       ]),
        ("extension", [medication("3", display="Medication is not used")]),
        ("extension", [medication("4", display="x")],
         "0046 extension[0].valueCodeableConcept"),
        ("extension", [medication("1")],
         "0014 extension[0].valueCodeableConcept.coding[0].display"),
        ("extension", 2 * [medication("2", display="After medication")],
         "0019 extension"),
        ("extension", [SYMPTOMS, SYMPTOMS], "0019 extension"),
        ("extension", [extension("fiphr-boolean", valueString="x")],
         "0122 extension[0].valueString")],
    "bloodpressure": [
        ("valueQuantity", quantity(1, "mm[Hg]"), "0015 valueQuantity"),
        ("dataAbsentReason", ABSENT, "0015 dataAbsentReason"),
        ("component", GONE, "0018 component"),
        ("component[0]", GONE, "0018 component"),
        ("component[1]", GONE, "0018 component"),
        ("component[0].valueQuantity", GONE,
         "0014 component[0].valueQuantity"),
        ("component[0].valueQuantity.value", GONE,
         "0014 component[0].valueQuantity.value"),
        ("component[0].valueQuantity.unit", "mmHg",
         "0023 component[0].valueQuantity.unit"),
        ("component[1].valueQuantity.system", GONE,
         "0014 component[1].valueQuantity.system"),
        ("component[1].valueQuantity.code", "kPa",
         "0023 component[1].valueQuantity.code"),
        ("component[1].dataAbsentReason", ABSENT,
         "0015 component[1].dataAbsentReason"),
        ("component[0].code.coding[0].display", GONE,
         "0014 component[0].code.coding[0].display"),
        ("component[0].code.coding[0].system", "urn:x",
         "0023 component[0].code.coding[0].system"),
        ("component[0].code.coding[1]", OTHER,
         "0015 component[0].code.coding",
         "0023 component[0].code.coding[1].code",
         "0023 component[0].code.coding[1].system"),
        ("component[0].code.text", "oma"),
        ("component[2]", {"code": {"coding": [loinc("8867-4")]},
                          "valueQuantity": quantity(60, "/min")},
         "0020 component[2]"),
        ("code.coding[0].code",
         "8480-6", "0020 code.coding[0]", "kphr-bp-code code"),
        ("code.coding[0].code", "55284-4", "kphr-code-55284 code"),
        ("code.coding[1]", loinc("55284-4"),
         "kphr-bp-code code", "kphr-code-55284 code"),
        ("code.coding[1]", OTHER, "0020 code.coding[1]")],
}


@pytest.mark.parametrize("name", sorted(OWN))
def test_what_it_has_of_its_own(binary, name):
    assert not differences(binary, rows(BASES[name], OWN[name]))


ENABLE = "fiphr-ext-questionnaire-enablewhen"


@pytest.mark.parametrize("name,loinc_code,unit", [
    ("fiphr-heartrate-stu3", "8867-4", "beats/min"),
    ("fiphr-respiratoryrate-stu3", "9279-1", "breaths/min")])
def test_a_unit_that_is_fixed(binary, name, loinc_code, unit):
    """UCUM has no such unit: that is told where no profile demands it."""
    own = observation(name, [loinc(loinc_code)],
                      valueQuantity=quantity(70, unit))
    bare = dict(own)
    del bare["meta"]
    assert judge(binary, [own, bare], "--set", "profile_required=off") == [
        (set(), set()), (set(), {"0134 valueQuantity.code"})]


def test_when_a_question_is_asked(binary):
    """The extension alone; what the questionnaire needs is not asked here."""
    item = {"linkId": "1", "type": "boolean", "text": "Yskittääkö?"}
    asked = {"resourceType": "Questionnaire", "status": "active"}
    cases = [dict(asked, item=[dict(item, extension=[x])]) for x in (
        extension(ENABLE, valueString="true"),
        extension(ENABLE, valueBoolean=True))]
    (fine, _), (wrong, _) = judge(binary, cases, "--set",
                                  "profile_required=off")
    assert not fine and wrong == {"0122 item[0].extension[0].valueBoolean"}


# ---- switches ----------------------------------------------------------------

METHOD = "http://phr.kanta.fi/fiphr-cs-observationmethod"
BY_METHOD = {"coding": [{"system": METHOD, "code": "1",
                         "display": "Metodi 1"}]}
DEVICE = {"resourceType": "Device", "id": "d",
          "meta": {"profile": [PHR + "fiphr-device"]},
          "identifier": [{"system": "urn:ietf:rfc:3986", "value":
                          "urn:uuid:7d76bd60-51b4-46cb-8f36-1f2b5a9a0d11"}],
          "manufacturer": "Mittari Oy", "model": "M1"}


def with_device(resource, path="model", value="M1"):
    return change(dict(resource, contained=[change(DEVICE, path, value)]),
                  "device", {"reference": "#d"})


def code(*codes):
    return [loinc(c) if isinstance(c, str) else c for c in codes]


# (the other position, of what, what is put where, errors, warnings)
SWITCHES = [
    ("glucose_pair=warn", "meter", "code.coding", code("15074-8"), [],
     ["kphr-glucose-meter"]),
    ("glucose_pair=warn", "meter", "code.coding", code("14743-9"), [],
     ["kphr-glucose-blood"]),
    ("glucose_pair=warn", "meter", "code.coding", code("29463-7"),
     ["0020 code.coding[0]", "kphr-glucose-code"], []),
    ("stu3_bp_55284=on", "bloodpressure", "code.coding", code("55284-4"), [],
     []),
    ("stu3_bp_55284=on", "bloodpressure", "code.coding",
     code("85354-9", "55284-4"), ["kphr-bp-code code"], []),
    ("stu3_bp_55284=on", "bodyweight", "code.coding", code("55284-4"),
     ["0018 code.coding", "0020 code.coding[0]"], []),
    ("stu3_extra_codings=allow", "bodytemperature", "code.coding",
     code("8310-5", "8331-1", "8328-7"), ["kphr-temperature-site code"], []),
    ("stu3_extra_codings=allow", "heartrate", "code.coding",
     code("8867-4", "8883-1", "8873-2"), ["kphr-heartrate-day code"], []),
    ("stu3_extra_codings=allow", "bodyweight", "code.coding", code(OTHER),
     ["0018 code.coding", "0046 code"], []),
    ("stu3_extra_codings=allow", "sensor", "code.coding", code(OTHER),
     ["0046 code", "kphr-glucose-code"], []),
    ("stu3_method=allow", "pef", "method", BY_METHOD, [], []),
    ("stu3_method=allow", "pef", "method", {"text": "x"}, ["0047 method"],
     []),
    ("stu3_method=allow", "pef", "method",
     {"coding": [{"system": METHOD, "code": "2", "display": "x"}]},
     ["0046 method"],
     ["0125 method.coding[0].code"]),
    ("stu3_device=allow", "pef", "device", {"display": "x"}, [], []),
    ("stu3_device=allow", "pef", "device", {"reference": "Device/1"},
     ["0104 device.reference"],
     [])] + [
    ("stu3_extra_codings=allow", name, "code.coding",
     BASES[name]["code"]["coding"] + [OTHER], [], []) for name in BASES]


@pytest.mark.parametrize("setting,name,path,value,wanted,warned", SWITCHES)
def test_the_other_position(binary, setting, name, path, value, wanted,
                            warned):
    o = change(BASES[name], path, value)
    assert judge(binary, [o], "--set", setting) == [
        (set(wanted), set(warned))]
    if not wanted:
        assert judge(binary, [o])[0][0], "accepted in any position"


def test_a_device(binary):
    o, typed = with_device(BASES["pef"]), with_device(
        BASES["pef"], "type", {"text": "x"})
    assert not differences(binary, [("device", o, ["0015 device"])])
    assert not differences(binary, [
        ("device", o, []), ("its type", typed, 
         ["0015 contained[0].type", "0103 device.reference"])],
        "--set", "stu3_device=allow")


# ---- the drafts of 2017 ------------------------------------------------------

BUILT_IN = "--set", "stu3_rules=draft2017"
OF_DRAFT = change(BASES["pef"], "category[0].coding[0].display",
                  "Vital Signs")
STRICTER = [
    ("category[0].coding[0].display", GONE,
     "0014 category[0].coding[0].display"),
    ("category[0].text", "oma", "0015 category[0].text"),
    ("identifier[0].use", "official", "0015 identifier[0].use"),
    ("identifier[1]", {"system": "urn:ietf:rfc:3986", "value": "urn:x:1"},
     "0015 identifier"),
    ("identifier[0].period", {"start": "2021"}, "0015 identifier[0].period"),
    ("code.text", "oma", "0015 code.text"),
    ("subject.display", "Minä", "0015 subject.display"),
    ("performer[0].display", "Minä", "0015 performer[0].display"),
    ("meta.security", [{"system": SECRET, "version": "1", "code": "R",
                        "display": "Restricted"}],
     "0015 meta.security[0].version"),
    ("valueQuantity.comparator", "<", "0015 valueQuantity.comparator"),
    ("method", BY_METHOD),
    ("method", {"coding": [{"system": METHOD, "code": "1"}]},
     "0014 method.coding[0].display")]


def test_the_drafts_are_stricter(binary):
    cases = rows(OF_DRAFT, STRICTER) + [("device", with_device(OF_DRAFT), [])]
    assert not differences(binary, cases, *BUILT_IN)


# the drafts name it, but it is not among them
PATIENT = os.path.join(os.path.dirname(__file__), "..", "..", "profiles",
                       "finnish-phr-stu3", "fiphr-patient-stu3.json")


def published_drafts():
    return os.path.join(support.CORPUS, "payloads", "stu3", "bug824")


PUBLISHED = ("--profiles", "none", "--package", published_drafts(),
             "--package", PATIENT)
PAYLOAD = os.path.join(published_drafts(), "..", "invalid",
                       "bug824-resource.json")
needs_corpus = pytest.mark.skipif(
    not os.path.isdir(published_drafts()),
    reason="CORPUS names no folder with the drafts")


@needs_corpus
def test_the_drafts_say_what_was_published(binary):
    cases = [r for _, r, _ in rows(OF_DRAFT, SHARED + OWN["pef"] + STRICTER)
             if len(r["meta"]["profile"]) == 1]
    cases += [with_device(OF_DRAFT),
              with_device(OF_DRAFT, "type", {"text": "x"})]
    built_in = judge(binary, cases, *BUILT_IN)
    assert built_in == judge(binary, cases, *PUBLISHED)
    assert sum(bool(errors) for errors, _ in built_in) > 40


@needs_corpus
def test_the_payload_of_2017(binary):
    """A code that its required value set lacks: to the word as with the
    published definitions."""
    told_by = [run(binary, "validate", "--fhir", "stu3", "--format", "ndjson",
                   *options, PAYLOAD).out for options in (BUILT_IN, PUBLISHED)]
    assert told_by[0] == told_by[1]
    issues = json.loads(told_by[0])["outcome"]["issue"]
    refused = [i["diagnostics"] for i in issues if i["severity"] == "error"]
    assert len(refused) == 1
    assert any(t.startswith("None of the codes provided are in the value set")
               and "fiphr-vs-medicationcontext" in t for t in refused)
