# SPDX-License-Identifier: Apache-2.0
"""STU3 besides the vital signs: what the national profiles take, what they
refuse.

No STU3 package was published, so what is known is written down here, as tables.
A row is one change of an example of fixtures/: a path, what is put there (GONE:
it is taken out) and all that is refused then, as rule and place ("0014
identifier"; an invariant by its key), nothing when it is accepted. First what
holds for all profiles, tried on each of them, then what each has of its own,
the switches, and the carbohydrates and the insulin that a client stored in
production for years, field by field.
"""
import json
import pathlib

import pytest

from edits import GONE, changed, told, verdicts
from support import PHR, extension, loinc, quantity, run

EXAMPLES = pathlib.Path(__file__).parents[2] / "fixtures" / "examples"
ID = "90090090-0900-4900-8900-900900900900"
ME = {"reference": "Patient/" + ID}
SECRET = "http://hl7.org/fhir/v3/Confidentiality"
SECRET_R4 = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
V2 = "http://hl7.org/fhir/v2/0078"
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
KANTA = "http://phr.kanta.fi/"
CATEGORY = KANTA + "CodeSystem/fiphr-cs-observationcategory"
INSULIN = KANTA + "CodeSystem/fiphr-cs-insulincode"
PLAN = KANTA + "CodeSystem/fiphr-cs-careplancategory"
VNR = "urn:oid:1.2.246.537.6.55"
ENABLE = PHR + "fiphr-ext-questionnaire-enablewhen"
ABSENT = "http://hl7.org/fhir/data-absent-reason"

FITNESS = ["fiphr-stepstaken-stu3", "fiphr-distance-stu3",
           "fiphr-caloriesburned-stu3", "fiphr-moderatetovigorouspatime-stu3",
           "fiphr-sd-exercisetracking-stu3"]
NUTRITION = ["fiphr-sd-macronutrientintake-stu3",
             "fiphr-sd-calorieintake-stu3", "fiphr-sd-fluidintake-stu3"]
MEDICATION = ["fiphr-sd-insulindosing-stu3",
              "fiphr-medicationadministration-stu3"]
QUESTIONS = ["fiphr-sd-questionnaire-stu3", "fiphr-questionnaire-stu3"]
RESPONSE, SELF_CARE = ("fiphr-sd-questionnaireresponse-stu3",
                       "fiphr-sd-selfcareplan-stu3")
CONSENT, PATIENT = "fiphr-consent-stu3", "fiphr-patient-stu3"
OBSERVATIONS = FITNESS + NUTRITION
MEASURED = [n for n in OBSERVATIONS if "exercise" not in n]
ALL = [*OBSERVATIONS, *MEDICATION, *QUESTIONS, RESPONSE, SELF_CARE, CONSENT,
       PATIENT]
NOT_FIXED = {*MEDICATION, *QUESTIONS, SELF_CARE, CONSENT}
ONE_IDENTIFIER = {RESPONSE, CONSENT}  # an object, not a list


# ---- rows --------------------------------------------------------------------

def example(name, size="min"):
    return json.loads((EXAMPLES / f"{name}-{size}.json").read_text("utf-8"))


def one(path, value, *refused, size="min"):
    """A row of one change."""
    return {path: value}, refused, size


def many(changes, *refused, size="min"):
    return changes, refused, size


def cases(rows):
    """(label, resource, refused) of {names: rows}."""
    out = []
    for names, table in rows:
        for name in names:
            for changes, refused, size in table:
                out.append((f"{name}: {changes}",
                            changed(example(name, size), changes),
                            set(refused)))
    return out


def differences(binary, rows, *options):
    made = cases(rows)
    assert len({label for label, _, _ in made}) == len(made)
    found = verdicts(binary, [r for _, r, _ in made], "--fhir", "stu3",
                     *options)
    return [(label, sorted(want), sorted(map(told, errors)))
            for (label, _, want), (_, errors, _) in zip(made, found)
            if want != {told(i) for i in errors}]


# ---- all resources (3.0) -----------------------------------------------------

def identifiers(name):
    """Where system and value stand, and what may be said besides."""
    at = "identifier" if name in ONE_IDENTIFIER else "identifier[0]"
    rows = [
        one("identifier", GONE, "0014 identifier"),
        one(f"{at}.value", GONE, f"0014 {at}.value"),
        one(f"{at}.system", GONE, f"0014 {at}.system"),
        one(f"{at}.assigner", {"display": "Sovellus"},
            f"0015 {at}.assigner")]
    if name == PATIENT:
        return rows + [
            one(f"{at}.use", "official", f"0015 {at}.use"),
            one(f"{at}.type", {"text": "x"}, f"0015 {at}.type"),
            one(f"{at}.period", {"start": "2026"}, f"0015 {at}.period"),
            one(f"{at}.system", "urn:x", f"0023 {at}.system"),
            one("identifier[1]", {"system": "urn:ietf:rfc:3986",
                                  "value": "urn:uuid:" + ID},
                "0015 identifier")]
    rows += [one(f"{at}.use", "official"), one(f"{at}.use", "secondary"),
             one(f"{at}.type", {"text": "x"}),
             one(f"{at}.period", {"start": "2026-03-01"})]
    if name not in ONE_IDENTIFIER:
        rows.append(one("identifier[1]", {"system": "urn:x", "value": "1"}))
    return rows


def secret(code, display="x", system=SECRET):
    return {"system": system, "code": code, "display": display}


AT = "meta.security[0]"
META = [
    one(AT, secret("R", "restricted")), one(AT, secret("U", "unrestricted")),
    one(AT, secret("R", "restricted", SECRET_R4)),
    one(AT, secret("N", "normal"), f"0046 {AT}"),
    one(AT, secret("R", "restricted", "urn:x"), f"0046 {AT}"),
    one(AT, {"system": SECRET, "code": "R"}, f"0014 {AT}.display"),
    one(AT, {"code": "R", "display": "restricted"}, f"0014 {AT}.system"),
    one(AT, {"system": SECRET, "display": "x"}, f"0014 {AT}.code"),
    one("meta.security", [secret("R", "restricted"),
                          secret("U", "unrestricted")],
        "0015 meta.security")]
APPLICATION = extension("fiphr-ext-creatingapplication", extension=[
    {"url": "name", "valueString": "Omaseuranta"},
    {"url": "applicationId", "valueString": "omaseuranta-demo"}])
NAMED, NUMBERED = APPLICATION["extension"]
CREATOR = [
    one("extension", [APPLICATION]),
    one("extension", [dict(APPLICATION, extension=[NAMED])],
        "0018 extension[0].extension"),
    one("extension", [dict(APPLICATION, extension=[NUMBERED])],
        "0018 extension[0].extension"),
    one("extension", [dict(APPLICATION, extension=[NAMED, NAMED, NUMBERED])],
        "0019 extension[0].extension"),
    one("extension", [dict(APPLICATION, extension=[
        {"url": "name", "valueInteger": 1}, NUMBERED])],
        "0016 extension[0].extension[0].valueInteger")]
LANGUAGE = [one("language", "sv"), one("language", "en"),
            one("language", "suomi", "0046 language")]
MANDATORY_LANGUAGE = [one("language", GONE, "0014 language")]
MANDATORY_TEXT = [one("text", GONE, "0014 text")]
NO_PROFILE = [one("meta", GONE, "0063 meta.profile"),
              one("meta.profile", [PHR + "fiphr-x-stu3"],
                  "0064 meta.profile[0]")]


def test_all_resources(binary):
    narrated = [n for n in ALL if n not in QUESTIONS and n != PATIENT]
    rows = [(ALL, META + CREATOR + LANGUAGE + NO_PROFILE),
            (narrated, MANDATORY_LANGUAGE + MANDATORY_TEXT)]
    rows += [([n], identifiers(n)) for n in ALL]
    assert not differences(binary, rows)


@pytest.mark.parametrize("name", ALL)
def test_one_profile_alone(binary, name):
    """STU3 names exactly one: neither a second nor a foreign one."""
    fixed = [] if name in NOT_FIXED else ["0023 meta.profile[1]"]
    assert not differences(binary, [([name], [
        one("meta.profile[1]", PHR + name, "0015 meta.profile"),
        one("meta.profile[1]", "http://example.org/StructureDefinition/mine",
            "0015 meta.profile", *fixed)])])


REFERENCES = [
    (OBSERVATIONS, ["subject", "performer[0]"]),
    (MEDICATION, ["subject"]),
    ([RESPONSE], ["subject", "source"]), ([SELF_CARE], ["subject",
                                                       "author[0]"]),
    ([CONSENT], ["patient"])]


def references(name, at):
    contained = ["0015 contained"] if name == SELF_CARE else []
    return [
        one(at, dict(ME, display="Minä")),
        one(at, dict(ME, identifier={"system": "urn:x", "value": "1"})),
        one(at, {"display": "Minä"}, f"0014 {at}.reference"),
        one(at, {"reference": "Group/1"}, f"0052 {at}.reference"),
        many({at: {"reference": "#p"}, "contained": [
            {"resourceType": "Patient", "id": "p"}]},
             f"0104 {at}.reference", *contained)]


def test_references(binary):
    rows = [([name], references(name, at)) for names, places in REFERENCES
            for name in names for at in places]
    assert not differences(binary, rows)


# ---- observations (3.2 and 3.3) ----------------------------------------------

INTERPRETED = {"system": V2, "code": "H", "display": "High"}
SHARED = [
    one("status", "preliminary", "0023 status"),
    one("status", "amended", "0023 status"),
    one("category", GONE, "0014 category"),
    one("issued", GONE, "0014 issued"),
    one("subject", GONE, "0014 subject"),
    one("performer", GONE, "0014 performer"),
    one("performer[1]", ME, "0015 performer"),
    one("comment", "Aamulla"),
    one("basedOn", [{"reference": "CarePlan/1"}], "0015 basedOn"),
    one("context", {"reference": "Encounter/1"}, "0015 context"),
    one("bodySite", {"text": "x"}, "0015 bodySite"),
    one("method", {"text": "x"}, "0015 method"),
    one("specimen", {"reference": "Specimen/1"}, "0015 specimen"),
    one("device", {"reference": "Device/1"}, "0015 device"),
    one("related", [{"target": {"reference": "Observation/1"}}],
        "0015 related"),
    one("code.text", "Mittaus"),
    one("code.coding[0].display", GONE, "0014 code.coding[0].display")]
MEASURED_ROWS = [
    one("interpretation", {"coding": [INTERPRETED]}),
    one("interpretation", {"text": "korkea"}),
    one("interpretation", {"coding": [dict(INTERPRETED, system=V3)]},
        "0023 interpretation.coding[0].system"),
    one("interpretation", {"coding": [INTERPRETED, INTERPRETED]},
        "0015 interpretation.coding"),
    one("interpretation", {"coding": [{"system": V2, "code": "H"}]},
        "0014 interpretation.coding[0].display"),
    one("valueQuantity", GONE, "0014 valueQuantity"),
    one("valueQuantity.value", GONE, "0014 valueQuantity.value"),
    one("valueQuantity.unit", GONE, "0014 valueQuantity.unit"),
    one("valueQuantity.unit", "x", "0023 valueQuantity.unit"),
    one("valueQuantity.system", GONE, "0014 valueQuantity.system"),
    one("valueQuantity.system", "urn:x", "0023 valueQuantity.system"),
    one("valueQuantity.code", GONE, "0014 valueQuantity.code"),
    one("valueQuantity.value", "5", "0012 valueQuantity.value"),
    many({"valueQuantity": GONE, "valueString": "5"},
         "0016 valueString"),
    many({"valueQuantity": GONE, "dataAbsentReason": {"coding": [
        {"system": ABSENT, "code": "unknown", "display": "Unknown"}]}},
        "0014 valueQuantity", "0015 dataAbsentReason"),
    one("component", [{"code": {"coding": [loinc("55411-3")]},
                       "valueQuantity": quantity(5, "min")}],
        "0015 component")]
PERIOD = {"start": "2026-03-02T00:00:00+02:00",
          "end": "2026-03-08T23:00:00+02:00"}


def category(system, code, other):
    at = "category[0].coding[0]"
    good = {"system": system, "code": code}
    return [
        one(f"{at}.display", "Luokka"),
        one("category[0].coding[1]", {"system": "urn:x", "code": "y"}),
        one(f"{at}.code", "x", f"0023 {at}.code"),
        one(f"{at}.code", other, f"0023 {at}.code"),
        one(f"{at}.system", "urn:x", "0018 category[0].coding"),
        one("category[1]", {"coding": [good]}, "0015 category")]


def test_observations(binary):
    assert not differences(binary, [
        (OBSERVATIONS, SHARED), (MEASURED, MEASURED_ROWS),
        (FITNESS, category(KANTA + "fiphr-cs-fitnesscategory", "fitness",
                           "vital-signs") + [
            many({"effectiveDateTime": GONE, "effectivePeriod": PERIOD}),
            one("effectiveDateTime", GONE, "0014 effective[x]")]),
        (NUTRITION, category(CATEGORY, "nutrition", "urinary-monitoring") + [
            many({"effectiveDateTime": GONE, "effectivePeriod": PERIOD},
                 "0016 effectivePeriod"),
            one("effectiveDateTime", GONE, "0014 effectiveDateTime"),
            one("referenceRange", [{"text": "x"}], "0015 referenceRange")]),
        ([n for n in FITNESS if n in MEASURED], [
            one("referenceRange", [{"text": "x"}])])])


# ---- each profile ------------------------------------------------------------

OTHER_CODE = {"system": "urn:x", "code": "y", "display": "z"}
DAY = {"effectiveDateTime": "2026-03-09"}
WEEK = {"effectiveDateTime": GONE, "effectivePeriod": PERIOD}


def amount(code, daily, weekly):
    """A code, which may be said to be of a day or of a week."""
    return [
        many({"code.coding[1]": loinc(daily), **DAY}),
        many({"code.coding[1]": loinc(weekly), **WEEK}),
        one("code.coding[0].code", daily, "0018 code.coding"),
        one("code.coding[1]", loinc(code), "0019 code.coding"),
        one("code.coding[1]", loinc("8302-2"), "0020 code.coding[1]"),
        one("code.coding[1]", OTHER_CODE, "0020 code.coding[1]")]


ACTIVITY = KANTA + "fiphr-cs-moderatetovigorouspa"
MINUTES = [
    one("code.coding", [loinc("82290-8")]),
    one("code.coding", [{"system": ACTIVITY, "code": "82290-8-24h",
                         "display": "x"}]),
    one("code.coding", [loinc("82290-8-24h")], "0020 code.coding[0]",
        "0046 code"),
    one("code.coding", [{"system": ACTIVITY, "code": "82290-8",
                         "display": "x"}], "0020 code.coding[0]",
        "0046 code"),
    one("code.coding", [loinc("66334-4")], "0020 code.coding[0]",
        "kphr-activity"),
    one("code.coding[1]", loinc("66334-4"), "0020 code.coding[1]")]


def component(code, value, type="Quantity"):
    return {"code": {"coding": [loinc(code)]}, "value" + type: value}


def concept(system, code):
    return {"coding": [{"system": system, "code": code, "display": "x"}]}


PARTS = example(FITNESS[4], "max")["component"]
EXERCISE = [
    one("component", PARTS), *(one("component", [p]) for p in PARTS),
    one("component", GONE, "0014 component"),
    one("component[1]", component("55411-3", quantity(45, "min")),
        "0019 component"),
    one("component[1]", component("66334-4", quantity(1, "1")),
        "0020 component[1]"),
    one("component", [component("55411-3", quantity(1, "h"))],
        "0023 component[0].valueQuantity.code",
        "0023 component[0].valueQuantity.unit"),
    one("component", [component("55421-2", quantity(1, "kJ"))],
        "0023 component[0].valueQuantity.code",
        "0023 component[0].valueQuantity.unit"),
    one("component", [component("73985-4", "x", "String")],
        "0016 component[0].valueString"),
    one("component[0].valueQuantity", GONE,
        "0014 component[0].valueQuantity"),
    one("component[0].code.coding[0].display", GONE,
        "0014 component[0].code.coding[0].display"),
    one("valueQuantity", quantity(45, "min"), "0015 valueQuantity"),
    one("interpretation", {"coding": [INTERPRETED]}, "0015 interpretation"),
    one("referenceRange", [{"text": "x"}], "0015 referenceRange"),
    one("code.coding", [loinc("55411-3")], "0020 code.coding[0]"),
    one("code.coding[1]", loinc("55411-3"), "0020 code.coding[1]"),
    one("code.coding[1]", OTHER_CODE,
        "0020 code.coding[1]")]

GRAMS = [
    *(one("code.coding[0].code", c)
      for c in ("9060-5", "9066-2", "9067-0", "9079-5", "9080-3")),
    one("code.coding[0].code", "9052-2", "0046 code", "PHR"),
    one("code.coding[0].system", "urn:x", "0018 code.coding",
        "0020 code.coding[0]", "0046 code"),
    one("code.coding[1]", loinc("9066-2"), "0019 code.coding"),
    one("code.coding[1]", OTHER_CODE, "0020 code.coding[1]"),
    one("valueQuantity", quantity(15, "mg"), "0023 valueQuantity.code",
        "0023 valueQuantity.unit")]
OTHER_INTAKE = [
    one("code.coding[0].code", "9059-7", "0020 code.coding[0]", "0046 code"),
    one("code.coding[1]", loinc("9059-7"), "0020 code.coding[1]"),
    one("code.coding[1]", OTHER_CODE, "0020 code.coding[1]")]
FLUID = [
    one("valueQuantity.code", "mL"), one("valueQuantity.code", "ml"),
    one("valueQuantity.code", "L", "kphr-fluid"),
    one("valueQuantity.unit", "mL", "0023 valueQuantity.unit"),
    one("valueQuantity.unit", "l", "0023 valueQuantity.unit")]

MED, CODING = "medicationCodeableConcept", "medicationCodeableConcept.coding"
MEDICATION_ROWS = [
    one("status", "in-progress", "0023 status"),
    one(MED, GONE, "0014 medication[x]", f"0014 {MED}"),
    one(f"{MED}.text", GONE, f"0014 {MED}.text"),
    one(CODING, GONE, f"0014 {CODING}"),
    many({MED: GONE, "medicationReference": {"reference": "Medication/1"}},
         "0016 medicationReference"),
    one("effectiveDateTime", GONE, "0014 effective[x]"),
    many({"effectiveDateTime": GONE, "effectivePeriod": PERIOD}),
    one("subject", GONE, "0014 subject"),
    one("performer", [{"actor": ME}]),
    one("performer", [{"actor": {"reference": "Practitioner/1"}}],
        "0052 performer[0].actor.reference"),
    one("performer", [{"actor": {"display": "Minä"}}],
        "0014 performer[0].actor.reference"),
    one("note", [{"text": "x"}]),
    one("dosage", {"dose": quantity(3, "IU", "[iU]")}),
    one("dosage", {"rateQuantity": quantity(1, "[iU]/h")}),
    one("dosage", {"text": "x"}, "mad-1 dosage")]
FORBIDDEN = {
    "definition": [{"reference": "PlanDefinition/1"}],
    "partOf": [{"reference": "Procedure/1"}], "category": {"text": "x"},
    "context": {"reference": "Encounter/1"},
    "supportingInformation": [{"reference": "Observation/1"}],
    "notGiven": False, "reasonCode": [{"text": "x"}],
    "reasonReference": [{"reference": "Observation/1"}],
    "prescription": {"reference": "MedicationRequest/1"},
    "device": [{"reference": "Device/1"}],
    "eventHistory": [{"reference": "Provenance/1"}]}
MEDICATION_ROWS += [one(k, v, f"0015 {k}") for k, v in FORBIDDEN.items()]
MEDICATION_ROWS.append(many({"notGiven": True,
                             "reasonNotGiven": [{"text": "x"}]},
                            "0015 notGiven", "0015 reasonNotGiven"))
INSULIN_ROWS = [
    one(CODING, [{"system": INSULIN, "code": "ins-intermediate-long",
                  "display": "x"}]),
    one(CODING, [{"system": VNR, "code": "010206", "display": "Lantus"}]),
    one(CODING, [{"system": VNR, "code": "010206"}],
        f"0014 {CODING}[0].display"),
    one(CODING, [{"system": INSULIN, "code": "ins-short-fast"}],
        f"0014 {CODING}[0].display"),
    one(CODING, [{"system": INSULIN, "code": "nonesuch", "display": "x"}]),
    one(CODING, [{"system": INSULIN, "code": c, "display": "x"}
                 for c in ("ins-short-fast", "ins-intermediate-long")],
        f"0019 {CODING}"),
    one(f"{CODING}[1]", {"system": "http://snomed.info/sct",
                         "code": "67866001", "display": "Insulin"})]

QUESTION_ROWS = [
    *(one(m, GONE, f"0014 {m}") for m in
      ("url", "version", "name", "title", "date", "description", "code",
       "item")),
    one("status", GONE, "0014 status"),
    one("language", "fi"),
    one("code[0].system", "urn:x", "0018 code"),
    one("code[0].code", GONE, "0014 code[0].code"),
    one("code[1]", {"system": "urn:x", "code": "y"}),
    one("subjectType", ["Patient"]),
    one("subjectType", ["Group"], "0023 subjectType[0]"),
    one("useContext", [{"code": {"system": "urn:x", "code": "y"},
                        "valueCodeableConcept": {"text": "x"}}],
        "0015 useContext"),
    one("jurisdiction", [{"text": "x"}], "0015 jurisdiction"),
    one("item[0].extension", [{"url": ENABLE, "valueString": "true"}]),
    one("item[0].extension", [{"url": ENABLE, "valueBoolean": True}],
        "0122 item[0].extension[0].valueBoolean")]
RESPONSE_ROWS = [
    *(one(m, GONE, f"0014 {m}") for m in
      ("questionnaire", "status", "subject", "authored", "source", "item")),
    *(one("status", s) for s in ("in-progress", "amended", "stopped")),
    one("status", "entered-in-error", "kphr-status"),
    one("questionnaire", {"display": "Vointi"},
        "0014 questionnaire.reference"),
    one("questionnaire", "http://phr.kanta.fi/Questionnaire/vointi",
        "0007 questionnaire"),
    one("context", {"reference": "Encounter/1"}, "0015 context"),
    one("author", ME),
    one("author", {"reference": "Practitioner/1"}, "0052 author.reference"),
    one("basedOn", [{"reference": "CarePlan/1"}]),
    one("basedOn", [{"reference": "ReferralRequest/1"}],
        "0052 basedOn[0].reference"),
    one("identifier.system", "urn:x", "0023 identifier.system"),
    one("identifier", [{"system": "urn:ietf:rfc:3986", "value": "urn:x:1"}],
        "0005 identifier")]
PLAN_ROWS = [
    *(one(m, GONE, f"0014 {m}") for m in
      ("category", "title", "description", "subject", "author")),
    one("status", "active", "0023 status"),
    one("status", "draft", "0023 status"),
    one("intent", "order", "0023 intent"),
    one("category[0].coding[0].system", "urn:x", "0018 category[0].coding"),
    one("category[0].coding[0].display", GONE,
        "0014 category[0].coding[0].display"),
    one("category[0].coding[0].code", GONE,
        "0014 category[0].coding[0].code"),
    one("category[0].coding[1]", {"system": "urn:x", "code": "y"}),
    one("category[1]", concept(PLAN, "1"), "0015 category"),
    one("author[1]", ME, "0015 author"),
    one("author", [{"reference": "Practitioner/1"}],
        "0052 author[0].reference"),
    one("supportingInfo", [{"reference": "QuestionnaireResponse/1"}]),
    one("supportingInfo", [{"reference": "Observation/1"}],
        "0052 supportingInfo[0].reference")]
NOT_IN_A_PLAN = {
    "definition": [{"reference": "PlanDefinition/1"}],
    "basedOn": [{"reference": "CarePlan/1"}],
    "replaces": [{"reference": "CarePlan/1"}],
    "partOf": [{"reference": "CarePlan/1"}],
    "context": {"reference": "Encounter/1"},
    "careTeam": [{"reference": "CareTeam/1"}],
    "addresses": [{"reference": "Condition/1"}],
    "goal": [{"reference": "Goal/1"}],
    "activity": [{"reference": {"reference": "Task/1"}}],
    "note": [{"text": "x"}]}
PLAN_ROWS += [one(k, v, f"0015 {k}") for k, v in NOT_IN_A_PLAN.items()]
PERSON = {
    "name": [{"text": "x"}], "telecom": [{"system": "phone", "value": "1"}],
    "gender": "female", "birthDate": "1990-01-01", "deceasedBoolean": False,
    "address": [{"city": "Turku"}], "maritalStatus": {"text": "x"},
    "multipleBirthBoolean": False, "photo": [{"title": "x"}],
    "contact": [{"name": {"text": "x"}}], "animal": {"species": {"text": "x"}},
    "generalPractitioner": [{"reference": "Practitioner/1"}],
    "managingOrganization": {"reference": "Organization/1"},
    "link": [{"other": ME, "type": "seealso"}]}
PATIENT_ROWS = [one("active", True),
                one("communication", [{"language": {"text": "suomi"}}]),
                *(one(k, v, f"0015 {k}") for k, v in PERSON.items())]
CONSENT_ROWS = [
    *(one(m, GONE, f"0014 {m}") for m in
      ("category", "dateTime", "patient", "status")),
    one("category[0].coding[0].system", "urn:x", "0018 category[0].coding"),
    one("category[0].coding[0].code", "2",
        "0046 category[0].coding[0]"),
    one("category[0].coding[0].display", GONE,
        "0014 category[0].coding[0].display"),
    one("category[1]", concept(KANTA + "fiphr-cs-consentcategory", "1"),
        "0015 category"),
    one("consentingParty", [ME]),
    one("consentingParty", [{"reference": "Practitioner/1"}],
        "0052 consentingParty[0].reference")]

OWN = [
    (FITNESS[:1], amount("66334-4", "41950-7", "41952-3")),
    (FITNESS[1:2], amount("55430-3", "41953-1", "41955-6")),
    (FITNESS[2:3], amount("55421-2", "41979-6", "41980-4")),
    (FITNESS[3:4], MINUTES), (FITNESS[4:], EXERCISE),
    (NUTRITION[:1], GRAMS), (NUTRITION[1:], OTHER_INTAKE),
    (NUTRITION[2:], FLUID),
    (MEDICATION, MEDICATION_ROWS), (MEDICATION, INSULIN_ROWS),
    (QUESTIONS, QUESTION_ROWS), ([RESPONSE], RESPONSE_ROWS),
    ([SELF_CARE], PLAN_ROWS), ([PATIENT], PATIENT_ROWS),
    ([CONSENT], CONSENT_ROWS)]


def test_each_profile(binary):
    assert not differences(binary, OWN)


# ---- what is only advised ----------------------------------------------------

LATER = dict(effectiveDateTime=GONE, effectivePeriod=PERIOD)
ADVISED = [  # profile, changes, the rule that warns
    ("fiphr-stepstaken-stu3", {"code.coding[1]": loinc("41950-7"), **LATER},
     "kphr-day"),
    ("fiphr-stepstaken-stu3", {"code.coding[1]": loinc("41952-3")},
     "kphr-week"),
    ("fiphr-stepstaken-stu3", {"valueQuantity.value": 1.5}, "kphr-steps"),
    ("fiphr-distance-stu3", {"code.coding[1]": loinc("41953-1"), **LATER},
     "kphr-day"),
    ("fiphr-distance-stu3", {"code.coding[1]": loinc("41955-6")},
     "kphr-week"),
    ("fiphr-caloriesburned-stu3",
     {"code.coding[1]": loinc("41979-6"), **LATER}, "kphr-day"),
    ("fiphr-caloriesburned-stu3", {"code.coding[1]": loinc("41980-4")},
     "kphr-week")]


def test_what_is_advised(binary):
    """The guide's form of a day and of a week: its text, no definition."""
    found = verdicts(binary, [changed(example(name), changes)
                              for name, changes, _ in ADVISED],
                     "--fhir", "stu3")
    for (name, changes, rule), (valid, _, warnings) in zip(ADVISED, found):
        assert valid and rule in map(told, warnings), (name, changes)


# ---- bases: urinary monitoring (3.4) has no codes that are known -------------

BASES = ["fiphr-vitalsigns-stu3", "fiphr-fitness-stu3",
         "fiphr-sd-nutrition-stu3", "fiphr-sd-urinarymonitoring-stu3"]


def test_no_resource_of_a_base(binary):
    found = verdicts(binary, [changed(example(NUTRITION[0]), {
        "meta.profile[0]": PHR + name}) for name in BASES], "--fhir", "stu3")
    assert all("0065 meta.profile" in map(told, errors)
               for _, errors, _ in found)


ASIDE = {"meta.profile[0]": PHR + "fiphr-sd-urinarymonitoring-stu3",
         "category[0].coding[0].code": "urinary-monitoring",
         "code.coding[0]": loinc("9187-6"),
         "valueQuantity": quantity(1500, "mL")}
URINE = [
    ({}, []),
    ({"identifier[1]": {"system": "urn:x", "value": "1"}},
     ["0015 identifier"]),
    ({"identifier": GONE}, ["0014 identifier"]),
    ({"category[0].coding[0].code": "nutrition"},
     ["0023 category[0].coding[0].code"]),
    ({"category": GONE}, ["0014 category"]),
    ({"status": "amended"}, ["0023 status"]),
    ({"language": GONE}, ["0014 language"]),
    ({"device": {"reference": "Device/1"}}, ["0015 device"])]


def test_urinary_monitoring(binary):
    """Its rules, though no resource may name it."""
    o = changed(example(NUTRITION[0]), ASIDE)
    found = verdicts(binary, [changed(o, c) for c, _ in URINE],
                     "--fhir", "stu3")
    assert [sorted(set(map(told, errors)) - {"0065 meta.profile"})
            for _, errors, _ in found] == [want for _, want in URINE]


# ---- switches ----------------------------------------------------------------

EXTRA = {"code.coding[1]": OTHER_CODE}
SWITCHES = [  # switch, profiles, a change, what refuses it by default
    ("stu3_extra_codings", OBSERVATIONS, EXTRA, "0020 code.coding[1]"),
    ("stu3_method", OBSERVATIONS, {"method": {"text": "x"}}, "0015 method"),
    ("stu3_device", OBSERVATIONS, {"device": {"reference": "Device/1"}},
     "0015 device")]


@pytest.mark.parametrize("switch, names, changes, refused", SWITCHES,
                         ids=[s[0] for s in SWITCHES])
def test_switches(binary, switch, names, changes, refused):
    for value, wanted in (("reject", [refused]), ("allow", [])):
        assert not differences(binary, [(names, [many(changes, *wanted)])],
                               "--set", f"{switch}={value}")
    # the others do not move it
    for other, *_ in SWITCHES:
        if other != switch:
            assert not differences(binary, [(names, [many(changes,
                                                          refused)])],
                                   "--set", f"{other}=allow")


# ---- what a client stored in production from 2019 to 2023 (2) ----------------

def sent(type, profile, div, identifier, **more):
    return {
        "resourceType": type, "meta": {"profile": [PHR + profile]},
        "language": "fi",
        "text": {"status": "generated", "div":
                 f'<div xmlns="http://www.w3.org/1999/xhtml">{div}</div>'},
        "identifier": [{"system": "urn:ietf:rfc:3986",
                        "value": "urn:uuid:" + identifier}],
        "subject": dict(ME),
        "effectiveDateTime": "2021-09-04T16:39:35.000+03:00", **more}


CARBOHYDRATES = sent(
    "Observation", NUTRITION[0],
    "Koodi: Arvioitu hiilihydraattimäärä (LOINC 9059-7)<br />Aika: 4.9.2021 "
    "16.39<br />Arvioitu hiilihydraattimäärä: 15 g",
    "0b3c1a35-6f0e-5a5b-9d68-5b6a7d1f2c10", status="final",
    category=[{"coding": [{"system": CATEGORY, "code": "nutrition",
                           "display": "Ravitsemus"}]}],
    code={"coding": [loinc("9059-7", "Arvioitu hiilihydraattimäärä")]},
    issued="2021-09-04T16:39:35.000+03:00", performer=[dict(ME)],
    valueQuantity=quantity(15, "g"))
SHORT = {"system": INSULIN, "code": "ins-short-fast",
         "display": "Lyhytvaikutteinen insuliini"}
BOLUS = sent(
    "MedicationAdministration", MEDICATION[0],
    "Koodi: Lyhytvaikutteinen insuliini (ins-short-fast)<br />Aika: 4.9.2021 "
    "16.39<br />Annos: 3 IU",
    "7c1f9a5e-2b1d-5c0f-8a44-93d2f6b0e7aa", status="completed",
    medicationCodeableConcept={"coding": [SHORT], "text": SHORT["display"]},
    performer=[{"actor": dict(ME)}],
    dosage={"text": "Lyhytvaikutteinen insuliini, 3 yksikköä",
            "dose": quantity(3, "IU", "[iU]")})
SNOMED = "http://snomed.info/sct"
NEWER = {  # what the same client sent to the sandbox in 2022 and 2023
    "language": "sv", "identifier[0].use": "official",
    "identifier[1]": {"use": "secondary", "system": "urn:ietf:rfc:3986",
                      "value": "urn:uuid:" + ID},
    "text.div": '<div lang="sv" xml:lang="sv" '
                'xmlns="http://www.w3.org/1999/xhtml">Kod: x</div>'}
FORMS = {
    "carbohydrates": CARBOHYDRATES, "bolus": BOLUS,
    "newer carbohydrates": changed(CARBOHYDRATES, {
        **NEWER, "code.text": "Beräknad mängd kolhydratintag",
        "code.coding[0].display": "Beräknad mängd kolhydratintag",
        "category[0].coding[0].display": "Näringstillstånd"}),
    "basal": changed(BOLUS, {
        **NEWER, "performer": GONE, "effectiveDateTime": GONE,
        "effectivePeriod": {"start": "2021-09-04T17:23:17.000+03:00",
                            "end": "2021-09-04T17:28:16.000+03:00"},
        "medicationCodeableConcept.coding": [
            {"system": SNOMED, "code": "411531001", "display": "Insulin"},
            SHORT,
            {"system": SNOMED, "code": "67866001", "display": "Insulin"}],
        "dosage": {"dose": quantity(0.06613756613756614, "IU", "[iU]"),
                   "rateQuantity": quantity(0.7936507936507936, "[iU]/h")}})}
FORMS["older basal"] = changed(FORMS["basal"], {"dosage.rateQuantity": GONE,
                                                "dosage.rateRatio": {
    "numerator": quantity(1, "IU", "[iU]"),
    "denominator": quantity(1, "h")}})


@pytest.mark.parametrize("form", FORMS)
def test_what_the_client_stored(binary, person, form):
    [(valid, errors, _)] = verdicts(binary, [FORMS[form]], "--fhir", "stu3")
    assert valid, errors
    mine = json.loads(json.dumps(FORMS[form]).replace(ID, person.id))
    stored = person.post(mine, "stu3", "/" + mine["resourceType"],
                         status=201, Prefer="return=representation",
                         If_None_Exist="identifier=" +
                         mine["identifier"][0]["value"]).json()
    for member in mine:
        if member not in ("meta", "text"):
            assert stored[member] == mine[member]
    assert stored["meta"]["profile"] == mine["meta"]["profile"]


NEEDED = {  # field: what is refused without it; None: it could be left out
    "language": "0014 language", "text": "0014 text",
    "identifier": "0014 identifier",
    "identifier[0].system": "0014 identifier[0].system",
    "identifier[0].value": "0014 identifier[0].value",
    "status": "0014 status", "subject": "0014 subject",
    "subject.reference": "0014 subject.reference"}
FIELDS = {
    "carbohydrates": {
        **NEEDED, "category": "0014 category",
        "category[0].coding[0].system": "0018 category[0].coding",
        "category[0].coding[0].code": "0014 category[0].coding[0].code",
        "category[0].coding[0].display": None,
        "code": "0014 code", "code.coding": "0014 code.coding",
        "code.coding[0].display": "0014 code.coding[0].display",
        "effectiveDateTime": "0014 effectiveDateTime",
        "issued": "0014 issued", "performer": "0014 performer",
        "performer[0].reference": "0014 performer[0].reference",
        "valueQuantity": "0014 valueQuantity",
        "valueQuantity.value": "0014 valueQuantity.value",
        "valueQuantity.unit": "0014 valueQuantity.unit",
        "valueQuantity.system": "0014 valueQuantity.system",
        "valueQuantity.code": "0014 valueQuantity.code"},
    "bolus": {
        **NEEDED, MED: "0014 " + MED, CODING: "0014 " + CODING,
        f"{CODING}[0].display": f"0014 {CODING}[0].display",
        f"{CODING}[0].code": f"0014 {CODING}[0].code",
        f"{MED}.text": f"0014 {MED}.text",
        "effectiveDateTime": "0014 effective[x]", "performer": None,
        "dosage": None, "dosage.text": None, "dosage.dose": "mad-1 dosage",
        "dosage.dose.unit": None}}


def test_every_field_of_the_client(binary):
    for form, fields in FIELDS.items():
        found = verdicts(binary, [changed(FORMS[form], {f: GONE})
                                  for f in fields], "--fhir", "stu3")
        for (field, wanted), (valid, errors, _) in zip(fields.items(), found):
            assert valid == (wanted is None), (form, field, errors)
            assert valid or wanted in map(told, errors), (form, field)


# ---- complete ----------------------------------------------------------------

CONFIDENCE = {  # every canonical that is known for STU3
    "fiphr-vitalsigns-stu3": "official", "fiphr-bloodglucose-stu3": "official",
    "fiphr-bodyweight-stu3": "official", "fiphr-bodyheight-stu3": "official",
    "fiphr-bloodpressure-stu3": "official",
    "fiphr-bodytemperature-stu3": "official",
    "fiphr-respiratoryrate-stu3": "official",
    "fiphr-heartrate-stu3": "official", "fiphr-pef-stu3": "official",
    "fiphr-fitness-stu3": "inferred", "fiphr-stepstaken-stu3": "official",
    "fiphr-distance-stu3": "official",
    "fiphr-caloriesburned-stu3": "official",
    "fiphr-moderatetovigorouspatime-stu3": "inferred",
    "fiphr-sd-exercisetracking-stu3": "official",
    "fiphr-sd-nutrition-stu3": "inferred",
    "fiphr-sd-macronutrientintake-stu3": "client",
    "fiphr-sd-calorieintake-stu3": "official",
    "fiphr-sd-fluidintake-stu3": "official",
    "fiphr-sd-urinarymonitoring-stu3": "unknown",
    "fiphr-sd-insulindosing-stu3": "client",
    "fiphr-medicationadministration-stu3": "client",
    "fiphr-patient-stu3": "inferred",
    "fiphr-sd-questionnaire-stu3": "official",
    "fiphr-questionnaire-stu3": "official",
    "fiphr-sd-questionnaireresponse-stu3": "official",
    "fiphr-sd-selfcareplan-stu3": "inferred", "fiphr-device": "official",
    "fiphr-consent-stu3": "unknown"}


def test_all_profiles_are_loaded(binary):
    listed = json.loads(run(binary, "profiles", "--format", "json").out)
    assert {p["url"]: p.get("confidence") for p in listed
            if p["fhir"] == "stu3" and p["type"] != "Extension"} == \
        {PHR + name: mark for name, mark in CONFIDENCE.items()}


@pytest.mark.parametrize("name, path, value, mark", [
    # the text of the guide, whatever the profile's own mark is
    ("fiphr-sd-macronutrientintake-stu3", "language", GONE, "official"),
    ("fiphr-sd-selfcareplan-stu3", "text", GONE, "official"),
    ("fiphr-sd-selfcareplan-stu3", "title", GONE, "inferred"),
    ("fiphr-stepstaken-stu3", "identifier[0].assigner", {"display": "x"},
     "client"),
    ("fiphr-stepstaken-stu3", "valueQuantity.unit", "steps", "inferred"),
    ("fiphr-stepstaken-stu3", "device", {"display": "x"}, "client"),
    ("fiphr-sd-insulindosing-stu3", "category", {"text": "x"}, "client"),
    ("fiphr-sd-insulindosing-stu3", "medicationCodeableConcept.text", GONE,
     "inferred"),
    ("fiphr-sd-insulindosing-stu3", "status", "in-progress", "official"),
    ("fiphr-sd-fluidintake-stu3", "valueQuantity.code", "L", "unknown"),
    ("fiphr-sd-questionnaireresponse-stu3", "identifier.system", "urn:x",
     "inferred"),
    ("fiphr-patient-stu3", "name", [{"text": "x"}], "inferred"),
    ("fiphr-consent-stu3", "dateTime", GONE, "unknown")])
def test_how_sure_a_rule_is(binary, name, path, value, mark):
    [(_, errors, _)] = verdicts(binary, [changed(example(name),
                                                 {path: value})],
                                "--fhir", "stu3")
    [issue] = errors
    marks = [e["valueCode"] for e in issue.get("extension", [])
             if e["url"] == "urn:mock-kanta-phr:confidence"]
    assert marks == ([] if mark == "official" else [mark])


def test_every_profile_has_its_tables():
    """Those that can be stored, without the vital signs."""
    vital = {n for n in CONFIDENCE if (EXAMPLES / f"{n}-min.json").exists()
             and example(n).get("category", [{}])[0].get("coding", [{}])[0]
             .get("code") == "vital-signs"}
    stored = {n for n in CONFIDENCE
              if (EXAMPLES / f"{n}-min.json").exists()} - vital
    assert stored == set(ALL) and len(vital) == 8
    assert {n for names, _ in OWN for n in names} == stored
