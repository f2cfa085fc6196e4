# SPDX-License-Identifier: Apache-2.0
"""What application developers get wrong, one mistake at a time: the first
error is the cause, in its place, and its hint says what to change.

A row: the mistake, what is made (a builder, or several for one mistake in
several kinds of data), how it is made wrong, the rule and the place of the
first error, a part of its hint, and how many errors there are (1 if it is not
said). The same rows go through validate and through POST, in both styles.
"""
import json
import re

import pytest

from support import (CATEGORY, FITNESS, PHR, WHEN, blood_pressure, coding,
                     errors, glucose, outcome, patient_resource, places,
                     quantity, run, steps, weight, weight_stu3)

ID = "90090090-0900-4900-8900-900900900900"
APP = PHR + "fiphr-ext-creatingapplication"
OTHER_UNIT = PHR + "fiphr-ext-pq-translation"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
OLD_CATEGORY, NEW_CATEGORY = CATEGORY["stu3"], CATEGORY["r4"]


# ---- what is made -----------------------------------------------------------

def patient(i):
    return patient_resource(i, "r4")


def patient_stu3(i):
    return patient_resource(i, "stu3")


def weekly(i):
    return steps(i, week=("2026-03-09", "2026-03-02"))


STU3 = (weight_stu3, patient_stu3)
BP, GLUCOSE, STEPS = [blood_pressure], [glucose], [steps]
R4, OLD, WEIGHT = [weight], [weight_stu3], [weight, weight_stu3]


# ---- how it is made wrong ---------------------------------------------------

def keys(path):
    return [int(s) if s.isdigit() else s
            for s in re.findall(r"[^.\[\]]+", path)]


def put(**changes):
    """Members by their path, with __ for a dot: None removes one."""
    def change(o):
        for path, value in changes.items():
            set_at(o, path.replace("__", "."), value)
        return o
    return change


def at(*pairs):
    """Path and value in turn; a path alone is removed."""
    def change(o):
        for pair in pairs:
            path, value = pair if isinstance(pair, tuple) else (pair, None)
            set_at(o, path, value)
        return o
    return change


class Null:
    """A null of JSON, where None removes."""


def set_at(o, path, value):
    *way, last = keys(path)
    for key in way:
        o = o[key]
    if value is None:
        del o[last]
    elif isinstance(o, list) and last == len(o):
        o.append(value)
    else:
        o[last] = None if value is Null else value


def profile(url):
    return at(("meta.profile[0]", url))


def div(text):
    return at(("text.div", '<div xmlns="http://www.w3.org/1999/xhtml">'
                           f"{text}</div>"))


def application(change):
    def made(o):
        o["extension"] = [{"url": APP, "extension": [
            {"url": "name", "valueString": "Testi"},
            {"url": "applicationId", "valueString": "urn:x"}]}]
        return change(o)
    return made


def text(old, new):
    """In the text that is sent."""
    def change(o):
        t = json.dumps(o, indent=1, ensure_ascii=False)
        assert old in t
        return t.replace(old, new, 1)
    return change


# ---- the mistakes -----------------------------------------------------------

MEANT = "did you mean " + PHR + "fiphr-sd-bloodpressure?"
CONFORMS = "conforms to " + PHR
COMPONENT = "Observation.component"
FIRST = COMPONENT + "[0]"
CODING = "Observation.code.coding"
VALUE = "Observation.valueQuantity"
EFFECTIVE = "Observation.effectiveDateTime"
DIV = "Observation.text.div"
SUBJECT = "Observation.subject"
INNER = "Observation.extension[0].extension"
NAMED = "Observation.meta.profile"

PROFILES = [
    ("profile with a letter missing", BP,
     profile(PHR + "fiphr-sd-bloodpresure"), "0064", NAMED + "[0]", MEANT),
    ("profile with https", BP,
     profile("https" + (PHR + "fiphr-sd-bloodpressure")[4:]), "0064",
     NAMED + "[0]", MEANT),
    ("profile with a slash behind", BP,
     profile(PHR + "fiphr-sd-bloodpressure/"), "0064", NAMED + "[0]", MEANT),
    ("profile with a space behind", BP,
     profile(PHR + "fiphr-sd-bloodpressure "), "0031", NAMED + "[0]",
     'write "' + PHR + 'fiphr-sd-bloodpressure"'),
    ("profile with a capital letter", BP,
     profile(PHR + "fiphr-sd-bloodPressure"), "0064", NAMED + "[0]", MEANT),
    ("profile with a version", BP,
     profile(PHR + "fiphr-sd-bloodpressure|9.9"), "0018", NAMED,
     f'in profile[0] write "{PHR}fiphr-sd-bloodpressure"'),
    ("profile of another host", BP,
     profile("http://kanta.fi/StructureDefinition/fiphr-sd-bloodpressure"),
     "0064", NAMED + "[0]", MEANT),
    ("profile by an older name", BP,
     profile(PHR + "fiphr-bloodpressure"), "0064", NAMED + "[0]", MEANT),
    ("profile of STU3 in R4", R4, profile(PHR + "fiphr-bodyweight-stu3"),
     "0064", NAMED + "[0]", "that is a profile of STU3"),
    ("profile of R4 in STU3", OLD, profile(PHR + "fiphr-sd-bodyweight"),
     "0064", NAMED + "[0]", CONFORMS + "fiphr-bodyweight-stu3"),
    ("profile that is not there, of other data", R4,
     lambda o: profile(PHR + "fiphr-sd-heartrate")(
         at(("code.coding[0]", coding("8867-4", "Syke")),
            ("valueQuantity", quantity(62, "/min")))(o)), "0064",
     NAMED + "[0]", "none fits its code; the nearest is"),
    ("profile of HL7 alone", BP,
     profile("http://hl7.org/fhir/StructureDefinition/bp"), "0063", NAMED,
     CONFORMS + "fiphr-sd-bloodpressure"),
    ("abstract profile", OLD, profile(PHR + "fiphr-vitalsigns-stu3"), "0065",
     NAMED, CONFORMS + "fiphr-bodyweight-stu3"),
    ("profile of another type", R4, profile(PHR + "fiphr-sd-patient"), "0066",
     NAMED + "[0]", CONFORMS + "fiphr-sd-bodyweight"),
    ("profile of other data", BP, profile(PHR + "fiphr-sd-bodyweight"), "0018",
     CODING, CONFORMS + "fiphr-sd-bloodpressure", 3),
    ("profile that is no array", WEIGHT,
     lambda o: put(meta__profile=o["meta"]["profile"][0])(o), "0004", NAMED,
     "put [ ] around"),
    ("no profile", BP, at("meta.profile"), "0063", NAMED,
     CONFORMS + "fiphr-sd-bloodpressure"),
    ("no meta", WEIGHT, at("meta"), "0063", NAMED, CONFORMS),
]

CODES = [
    ("category system of STU3 in R4", BP,
     at(("category[0].coding[0].system", OLD_CATEGORY)), "0018",
     "Observation.category",
     f'write coding.system = "{NEW_CATEGORY}" instead of'),
    ("category system of R4 in STU3", OLD,
     at(("category[0].coding[0].system", NEW_CATEGORY)), "0023",
     "Observation.category[0].coding[0].system", f'use "{OLD_CATEGORY}"'),
    ("category with capital letters", BP,
     at(("category[0].coding[0].code", "Vital-Signs")), "0018",
     "Observation.category", 'write coding.code = "vital-signs"'),
    ("no category", BP, at("category"), "0014", "Observation.category",
     'coding.code = "vital-signs"'),
    ("category that is no array", R4,
     lambda o: put(category=o["category"][0])(o), "0004",
     "Observation.category", "put [ ] around"),
    ("category of fitness for a vital sign", BP,
     at(("category[0].coding[0]", coding("fitness", "Fitness", FITNESS))),
     "0018", "Observation.category", 'coding.code = "vital-signs"'),
    ("category of vital signs for steps", STEPS,
     at(("category[0].coding[0]",
         {"system": NEW_CATEGORY, "code": "vital-signs"})), "0018",
     "Observation.category[0].coding", f'system = "{FITNESS}"'),
    ("no display", WEIGHT, at("code.coding[0].display"), "0014",
     CODING + "[0].display", 'add "display"'),
    ("no display in a component", BP, at("component[0].code.coding[0].display"),
     "0014", FIRST + ".code.coding[0].display", 'add "display"'),
    ("empty display", WEIGHT, at(("code.coding[0].display", "")), "0029",
     CODING + "[0].display", 'give "display" a value'),
    ("code with a wrong digit", R4, at(("code.coding[0].code", "29463-8")),
     "0018", CODING, 'in coding[0] write code = "29463-7" instead'),
    ("code with a wrong digit", OLD, at(("code.coding[0].code", "29463-8")),
     "0046", "Observation.code", 'did you mean "29463-7"?', 2),
    ("code with a space", WEIGHT, at(("code.coding[0].code", " 29463-7")),
     "0035", CODING + "[0].code", 'write "29463-7"'),
    ("code that is a number", WEIGHT, at(("code.coding[0].code", 29463)),
     "0012", CODING + "[0].code", 'write "29463" with quotes', 2),
    ("code system with https", WEIGHT,
     at(("code.coding[0].system", "https://loinc.org")), "0023",
     CODING + "[0].system", 'use "http://loinc.org"'),
    ("code system with a slash behind", WEIGHT,
     at(("code.coding[0].system", "http://loinc.org/")), "0023",
     CODING + "[0].system", 'use "http://loinc.org"'),
    ("code system that is a word", WEIGHT,
     at(("code.coding[0].system", "LOINC")), "0023", CODING + "[0].system",
     'use "http://loinc.org"'),
    ("no code system", WEIGHT, at("code.coding[0].system"), "0014",
     CODING + "[0].system", 'add "system": "http://loinc.org"'),
    ("code that is a text", WEIGHT, put(code="29463-7"), "0007",
     "Observation.code", '{"coding": [{"system": ..., "code": "29463-7"}]}'),
    ("no code", WEIGHT, at("code"), "0014", "Observation.code",
     'coding.code = "29463-7"'),
    ("no coding", R4, at(("code.coding", [])), "0018", CODING,
     'code = "29463-7"'),
    ("no coding", OLD, at(("code.coding", [])), "0014", CODING,
     'code = "29463-7"'),
    ("a coding that is no array", WEIGHT,
     lambda o: put(code__coding=o["code"]["coding"][0])(o), "0004", CODING,
     "put [ ] around"),
    ("a second coding", OLD, at(("code.coding[1]", coding("3141-9", "Paino"))),
     "0020", CODING + "[1]", 'wanted "29463-7"'),
    ("glucose by the meter without the main code", GLUCOSE,
     at("code.coding[0]"), "0080", "Observation", 'code = "15074-8"'),
    ("glucose without its second code", GLUCOSE, at("code.coding[1]"), "0080",
     "Observation", 'code = "14743-9"'),
    ("interpretation of STU3", GLUCOSE,
     put(interpretation=[{"coding": [coding("H", "High",
                                            "http://hl7.org/fhir/v2/0078")]}]),
     "0018", "Observation.interpretation[0].coding",
     "v3-ObservationInterpretation"),
    ("status that is not final", WEIGHT, put(status="preliminary"), "0023",
     "Observation.status", 'use "final"'),
    ("status with a capital letter", WEIGHT, put(status="Final"), "0023",
     "Observation.status", 'use "final"'),
    ("no status", WEIGHT, at("status"), "0014", "Observation.status",
     'add "status": "final"'),
    ("status that is an array", WEIGHT, put(status=["final"]), "0005",
     "Observation.status", "remove the [ ]"),
    ("language by its name", WEIGHT, put(language="suomi"), "0046",
     "Observation.language", '"fi", "sv"'),
    ("language as a locale", WEIGHT, put(language="fi_FI"), "0046",
     "Observation.language", '"fi", "sv"'),
    ("language in capital letters", WEIGHT, put(language="FI"), "0046",
     "Observation.language", 'did you mean "fi"?'),
    ("the country for the language", WEIGHT, put(language="se"), "0046",
     "Observation.language", '"sv"'),
    ("no language", WEIGHT, at("language"), "0014", "Observation.language",
     'add "language"'),
]

VALUES = [
    ("unit mmHg", BP, at(("component[0].valueQuantity.unit", "mmHg"),
                         ("component[0].valueQuantity.code", "mmHg")),
     "0023", FIRST + ".valueQuantity.unit", 'use "mm[Hg]"', 2),
    ("unit code mmHg", BP, at(("component[0].valueQuantity.code", "mmHg")),
     "0023", FIRST + ".valueQuantity.code", 'use "mm[Hg]"'),
    ("pounds", WEIGHT, put(valueQuantity=quantity(160, "lb", "[lb_av]")),
     "0023", VALUE + ".unit", 'use "kg"', 2),
    ("milligrams", GLUCOSE, put(valueQuantity=quantity(100, "mg/dl", "mg/dL")),
     "0023", VALUE + ".unit", 'use "mmol/l"', 2),
    ("unit code in small letters", GLUCOSE, at(("valueQuantity.code",
                                                "mmol/l")),
     "0023", VALUE + ".code", 'use "mmol/L"'),
    ("steps as a unit", STEPS,
     put(valueQuantity=quantity(8000, "steps", "{steps}")), "0023",
     VALUE + ".unit", 'use "1"', 2),
    ("no unit system", WEIGHT, at("valueQuantity.system"), "0014",
     VALUE + ".system", 'add "system": "http://unitsofmeasure.org"'),
    ("unit system with https", WEIGHT,
     at(("valueQuantity.system", "https://unitsofmeasure.org")), "0023",
     VALUE + ".system", 'use "http://unitsofmeasure.org"'),
    ("no unit code", WEIGHT, at("valueQuantity.code"), "0014", VALUE + ".code",
     'add "code": "kg"'),
    ("no unit", WEIGHT, at("valueQuantity.unit"), "0014", VALUE + ".unit",
     'add "unit": "kg"'),
    ("value in quotes", WEIGHT, at(("valueQuantity.value", "72.5")), "0012",
     VALUE + ".value", "write 72.5 without quotes"),
    ("value with a comma", WEIGHT, at(("valueQuantity.value", "72,5")), "0012",
     VALUE + ".value", "write 72.5 without quotes"),
    ("value with its unit", WEIGHT, at(("valueQuantity.value", "72.5 kg")),
     "0012", VALUE + ".value", "write the number alone"),
    ("value null", WEIGHT, at(("valueQuantity.value", Null)), "0011",
     VALUE + ".value", 'give "value" a value'),
    ("no value", WEIGHT, at("valueQuantity"), "0014", VALUE,
     'with value = ..., unit = "kg"'),
    ("empty value", WEIGHT, put(valueQuantity={}), "0014", VALUE + ".value",
     'add "value"', 4),
    ("value without its object", WEIGHT, put(valueQuantity=72.5), "0007",
     VALUE, 'write {"value": 72.5'),
    ("value of STU3's or nobody's type", STEPS,
     at("valueQuantity", ("valueInteger", 8431)), "0016",
     "Observation.valueInteger", 'use "valueQuantity"'),
    ("value of another type", R4, at("valueQuantity", ("valueInteger", 72)),
     "0018", VALUE, 'use "valueQuantity"'),
    ("value of a type that is not there", OLD,
     at("valueQuantity", ("valueInteger", 72)), "0003",
     "Observation.valueInteger", "valueQuantity", 2),
    ("value without its type", WEIGHT, at("valueQuantity",
                                          ("value", quantity(72.5, "kg"))),
     "0003", "Observation.value", "valueQuantity", 2),
    ("two values", WEIGHT, put(valueString="72"), "0017",
     "Observation.valueString", 'remove "valueString"'),
    ("a value beside components", BP,
     put(valueQuantity=quantity(128, "mm[Hg]")), "0019", VALUE,
     'remove "valueQuantity"'),
    ("a value and a reason that there is none", WEIGHT,
     put(dataAbsentReason={"coding": [coding("unknown", "Unknown", ABSENT)]}),
     "0080", "Observation", 'remove "dataAbsentReason" or the value', 2),
    ("a reason without a code", GLUCOSE,
     at("valueQuantity", ("dataAbsentReason", {"text": "rikki"})), "0014",
     "Observation.dataAbsentReason.coding", f'system = "{ABSENT}"'),
    ("an empty reference range", GLUCOSE,
     put(referenceRange=[{"type": {"text": "x"}}]), "0080",
     "Observation.referenceRange[0]", 'add "low"'),
]

TIMES = [
    ("a time without a zone", WEIGHT,
     put(effectiveDateTime="2026-03-01T08:00:00"), "0039", EFFECTIVE,
     'write "2026-03-01T08:00:00+02:00"'),
    ("a date as it is written in Finland", WEIGHT,
     put(effectiveDateTime="1.3.2026"), "0038", EFFECTIVE,
     'write "2026-03-01"'),
    ("date and time with a space", WEIGHT,
     put(effectiveDateTime="2026-03-01 08:00:00+02:00"), "0038", EFFECTIVE,
     'write "2026-03-01T08:00:00+02:00"'),
    ("a time without seconds", WEIGHT,
     put(effectiveDateTime="2026-03-01T08:00+02:00"), "0038", EFFECTIVE,
     'write "2026-03-01T08:00:00+02:00"'),
    ("a zone without a colon", WEIGHT,
     put(effectiveDateTime="2026-03-01T08:00:00.120+0200"), "0038", EFFECTIVE,
     'write "2026-03-01T08:00:00.120+02:00"'),
    ("a day that is not there", WEIGHT, put(effectiveDateTime="2026-02-30"),
     "0038", EFFECTIVE, "there is no such day"),
    ("a date that is no date", WEIGHT, put(effectiveDateTime="eilen"), "0038",
     EFFECTIVE, ""),
    ("seconds since 1970", WEIGHT, put(effectiveDateTime=1772000000), "0012",
     EFFECTIVE, '"2026-03-01T08:00:00+02:00"'),
    ("issued without its time", WEIGHT, put(issued="2026-03-10"), "0040",
     "Observation.issued", '"2026-03-10T08:00:00+02:00"'),
    ("no issued", WEIGHT, at("issued"), "0014", "Observation.issued",
     'add "issued"'),
    ("no time", WEIGHT, at("effectiveDateTime"), "0014", EFFECTIVE,
     'add "effectiveDateTime"'),
    ("a period", WEIGHT, at("effectiveDateTime",
                            ("effectivePeriod", {"start": WHEN})),
     "0016", "Observation.effectivePeriod", 'use "effectiveDateTime"'),
    ("a week that ends before it begins", [weekly], at(), "0080",
     "Observation.effectivePeriod", 'put "start" before "end"'),
]

TEXTS = [
    ("no text", WEIGHT, at("text"), "0014", "Observation.text",
     "status = ..., div = ..."),
    ("text without div", WEIGHT, at("text.div"), "0014", DIV, 'add "div"'),
    ("text without status", WEIGHT, at("text.status"), "0014",
     "Observation.text.status", 'add "status"'),
    ("text that is a string", WEIGHT, put(text="Paino"), "0007",
     "Observation.text", '{"status": "generated", "div"'),
    ("text that is no XHTML", WEIGHT, put(text__div="Paino 72,5 kg"), "0059",
     DIV, "into a div"),
    ("a div without namespace", WEIGHT, put(text__div="<div>Paino</div>"),
     "0061", DIV, "add xmlns="),
    ("an empty div", WEIGHT, div(""), "0062", DIV, "in words"),
    ("HTML", WEIGHT, div("a<br>b"), "0059", DIV, "<br/>"),
    ("an ampersand", WEIGHT, div("a & b"), "0059", DIV, "&amp;"),
    ("a script", WEIGHT, div("<script>a</script>"), "0071", DIV,
     "remove <script>"),
    ("an attribute of scripts", WEIGHT, div('<p onclick="x()">a</p>'), "0072",
     DIV, "remove the attribute onclick"),
]

REFERENCES = [
    ("no performer", WEIGHT, at("performer"), "0014", "Observation.performer",
     'reference = "Patient/{id}"'),
    ("performer that is no array", WEIGHT,
     lambda o: put(performer=o["performer"][0])(o), "0004",
     "Observation.performer", "put [ ] around"),
    ("a professional as performer", WEIGHT,
     at(("performer[0].reference", "Practitioner/1")), "0052",
     "Observation.performer[0].reference", "refer to Patient"),
    ("performer by a name", WEIGHT, at(("performer[0]", {"display": "Testi"})),
     "0014", "Observation.performer[0].reference", 'add "reference"'),
    ("no subject", WEIGHT, at("subject"), "0014", SUBJECT,
     'reference = "Patient/{id}"'),
    ("a device as subject", WEIGHT, at(("subject.reference", "Device/1")),
     "0052", SUBJECT + ".reference", "refer to Patient"),
    ("an id as reference", WEIGHT, at(("subject.reference", ID)), "0051",
     SUBJECT + ".reference", f'write "Patient/{ID}"'),
    ("a path as reference", WEIGHT,
     at(("subject.reference", "/Patient/" + ID)), "0051",
     SUBJECT + ".reference", f'write "Patient/{ID}"'),
    ("a reference in small letters", WEIGHT,
     at(("subject.reference", "patient/" + ID)), "0051",
     SUBJECT + ".reference", f'write "Patient/{ID}"'),
    ("a urn as reference", WEIGHT, at(("subject.reference", "urn:uuid:" + ID)),
     "0068", SUBJECT + ".reference", "use Patient/{id}"),
    ("a reference without its object", WEIGHT, put(subject="Patient/" + ID),
     "0007", SUBJECT, 'write {"reference": "Patient/'),
    ("a subject that is an array", WEIGHT,
     lambda o: put(subject=[o["subject"]])(o), "0005", SUBJECT,
     "remove the [ ]"),
    ("a contained patient", WEIGHT,
     put(contained=[{"resourceType": "Patient", "id": "p"}],
         subject__reference="#p"), "0104", SUBJECT + ".reference",
     "refer to a resource of its own"),
    ("contained that is not there", WEIGHT, put(subject__reference="#p"),
     "0053", SUBJECT + ".reference", "contain the resource"),
    ("contained for nothing", WEIGHT,
     put(contained=[{"resourceType": "Patient", "id": "p"}]), "0108",
     "Observation.contained[0]", "refer to it, or remove it"),
]

COMPONENTS = [
    ("one component", BP, at("component[1]"), "0018", COMPONENT,
     'code.coding.code = "8462-4"'),
    ("no component", BP, at("component"), "0014", COMPONENT, "diastolic ("),
    ("a third component", BP,
     at(("component[2]", {"code": {"coding": [coding("8867-4", "Syke")]},
                          "valueQuantity": quantity(60, "/min")})), "0020",
     COMPONENT + "[2]", "remove it"),
    ("the same component twice", BP,
     at(("component[1].code.coding[0]",
         coding("8480-6", "Systolinen verenpaine"))), "0019", COMPONENT,
     "keep 1 of systolic", 2),
    ("a component's code with a space", BP,
     at(("component[0].code.coding[0].code", "8480-6 ")), "0035",
     FIRST + ".code.coding[0].code", 'write "8480-6"'),
    ("a component's code with a wrong digit", BP,
     at(("component[0].code.coding[0].code", "8480-5")), "0020", FIRST,
     'code.coding.code is "8480-5", wanted "8480-6"'),
    ("a component's code system", BP,
     at(("component[0].code.coding[0].system", "https://loinc.org")), "0023",
     FIRST + ".code.coding[0].system", 'use "http://loinc.org"'),
    ("a component's code as a text", BP,
     at(("component[0].code", {"text": "Systolinen"})), "0020", FIRST,
     'code.coding.code is missing, wanted "8480-6"', 3),
    ("a component's value as a text", BP,
     at("component[0].valueQuantity", ("component[0].valueString", "128")),
     "0018", FIRST + ".valueQuantity", 'use "valueQuantity"'),
    ("a component without its value", BP, at("component[1].valueQuantity"),
     "0018", COMPONENT + "[1].valueQuantity", 'unit = "mm[Hg]"'),
    ("a component in another unit", BP,
     at(("component[0].valueQuantity.code", "kPa")), "0023",
     FIRST + ".valueQuantity.code", 'use "mm[Hg]"'),
    ("components where there are none", WEIGHT,
     put(component=[{"code": {"coding": [coding("8302-2", "Pituus")]},
                     "valueQuantity": quantity(1, "cm")}]), "0015", COMPONENT,
     'remove "component"'),
]

ELEMENTS = [
    ("an element of one's own", WEIGHT, put(timestamp=1), "0003",
     "Observation.timestamp", 'remove "timestamp"'),
    ("an element in small letters", WEIGHT,
     at("effectiveDateTime", ("effectiveDatetime", WHEN)), "0003",
     "Observation.effectiveDatetime", 'mean "effectiveDateTime"?'),
    ("an element that the profile forbids", WEIGHT,
     put(device={"display": "Vaaka"}), "0015", "Observation.device",
     'remove "device"'),
    ("an element of STU3", R4, put(comment="x"), "0003", "Observation.comment",
     'in R4 it is "note"'),
    ("an element of R4", OLD, put(note=[{"text": "x"}]), "0003",
     "Observation.note", 'in STU3 it is "comment"'),
    ("the author of a note", R4,
     put(note=[{"text": "x", "authorString": "minä"}]), "0015",
     "Observation.note[0].authorString", 'remove "authorString"'),
    ("a null", WEIGHT, put(language=Null), "0011", "Observation.language",
     'give "language" a value'),
    ("a null in an array", WEIGHT, put(identifier=[None]), "0011",
     "Observation.identifier[0]", "remove the null"),
    ("an empty text", WEIGHT, put(code__text=""), "0029",
     "Observation.code.text", 'give "text" a value'),
    ("an id with a space", WEIGHT, put(id="a b"), "0034", "Observation.id",
     ""),
    ("no identifier", WEIGHT, at("identifier"), "0014",
     "Observation.identifier", "system = ..., value = ..."),
    ("identifier that is no array", WEIGHT,
     lambda o: put(identifier=o["identifier"][0])(o), "0004",
     "Observation.identifier", "put [ ] around"),
    ("identifier without system", WEIGHT, at("identifier[0].system"), "0014",
     "Observation.identifier[0].system", 'add "system"'),
    ("identifier of a word as system", WEIGHT,
     at(("identifier[0].system", "myapp")), "0073",
     "Observation.identifier[0].system", "urn:oid:"),
]

EXTENSIONS = [
    ("extension without url", WEIGHT, at("extension[0].url"), "0014",
     "Observation.extension[0].url", 'add "url"'),
    ("part of another type", R4,
     at(("extension[0].extension[0]", {"url": "name", "valueCode": "T"})),
     "0018", INNER + "[0].valueString", 'use "valueString"'),
    ("part of another type", OLD,
     at(("extension[0].extension[0]", {"url": "name", "valueCode": "T"})),
     "0016", INNER + "[0].valueCode", 'use "valueString"'),
    ("part missing", WEIGHT, at("extension[0].extension[0]"), "0018", INNER,
     'url = "name"'),
    ("part in small letters", WEIGHT,
     at(("extension[0].extension[1].url", "applicationid")), "0018", INNER,
     'in extension[1] write url = "applicationId" instead'),
    ("part with a whole url", WEIGHT,
     at(("extension[0].extension[1].url", APP + "#applicationId")), "0018",
     INNER, 'in extension[1] write url = "applicationId" instead'),
    ("a value for parts", WEIGHT,
     at("extension[0].extension", ("extension[0].valueString", "Testi")),
     "0018", INNER, 'url = "name"', 3),
    ("a value beside parts", WEIGHT, at(("extension[0].valueString", "T")),
     "0015", "Observation.extension[0].valueString", 'remove "valueString"'),
    ("neither value nor parts", WEIGHT, at("extension[0].extension"), "0018",
     INNER, 'url = "name"', 2),
    ("two values", WEIGHT, at(("extension[0].extension[0].valueCode", "T")),
     "0017", INNER + "[0].valueCode", 'remove "valueCode"'),
    ("extension that is no array", WEIGHT,
     lambda o: put(extension=o["extension"][0])(o), "0004",
     "Observation.extension", "put [ ] around"),
    ("extension as a modifier", WEIGHT,
     lambda o: put(modifierExtension=o.pop("extension"))(o), "0121",
     "Observation.modifierExtension[0]", 'move it to "extension"'),
]
EXTENSIONS = [(what, kinds, application(change), *rest)
              for what, kinds, change, *rest in EXTENSIONS]
EXTENSIONS += [
    ("value in another unit as a text", GLUCOSE,
     at(("valueQuantity.extension", [
         {"url": OTHER_UNIT, "valueString": "100 mg/dl"}])), "0122",
     VALUE + ".extension[0].valueString", 'use "valueQuantity"'),
    ("value in another unit without unit", GLUCOSE,
     at(("valueQuantity.extension", [
         {"url": OTHER_UNIT, "valueQuantity": {"value": 100}}])), "0014",
     VALUE + ".extension[0].valueQuantity.unit", 'add "unit"', 3),
]

PATIENTS = [
    ("a name", [patient, patient_stu3], put(name=[{"family": "Testi"}]),
     "0015", "Patient.name", 'remove "name"'),
    ("no identifier", [patient, patient_stu3], at("identifier"), "0014",
     "Patient.identifier", 'system = "urn:ietf:rfc:3986"'),
    ("another identifier system", [patient, patient_stu3],
     at(("identifier[0].system", "urn:oid:1.2.246.21")), "0023",
     "Patient.identifier[0].system", 'use "urn:ietf:rfc:3986"'),
    ("profile of R4 in STU3", [patient_stu3], profile(PHR + "fiphr-sd-patient"),
     "0064", "Patient.meta.profile[0]", CONFORMS + "fiphr-patient-stu3"),
]

# What POST refuses before it looks at the content: the status is 400, and the
# text says what is wrong.
BODIES = [
    ("a decimal with a comma", text("72.5", "72,5"), "a decimal is written"),
    ("a comma missing", text('"final",', '"final"'), "a comma is missing"),
    ("a comma too many", text('"status": "final"', '"status": "final",'),
     "expected a member name"),
    ("a comma behind the last", lambda o: json.dumps(o)[:-1] + ",}",
     "remove the comma"),
    ("a comment", text('"status"', '// status\n"status"'), "no comments"),
    ("single quotes", text('"final"', "'final'"), "double quotes"),
    ("half of it", lambda o: json.dumps(o)[:-10], "no closing quote"),
    ("a member twice", text('"status": "final"',
                            '"status": "final", "status": "final"'),
     'the member name "status" stands already'),
    ("no number", text("72.5", "NaN"), "found 'NaN'"),
    ("XML", lambda o: "<Observation/>", "only JSON"),
    ("an array", lambda o: json.dumps([o]), "object"),
    ("no resourceType", at("resourceType"), "resourceType"),
    ("resourceType in small letters", put(resourceType="observation"),
     "Observation"),
    ("resourceType in the plural", put(resourceType="Observations"),
     "Observation"),
]

MISTAKES = [
    (f"{what}: {kind.__name__}", kind, *rest)
    for what, kinds, *rest in (PROFILES + CODES + VALUES + TIMES + TEXTS +
                               REFERENCES + COMPONENTS + ELEMENTS +
                               EXTENSIONS + PATIENTS)
    for kind in kinds]
# That the data is of another profile is told by trials, for explanations alone.
BY_TRIAL = "profile of other data"
IDS = [row[0] for row in MISTAKES]


def version(kind):
    return "stu3" if kind in STU3 else "r4"


def as_text(o):
    if isinstance(o, str):
        return o
    return json.dumps(o, indent=1, ensure_ascii=False)


def judged(binary, path, *options):
    """Outcomes of the files below path, by name."""
    done = run(binary, "validate", "--format", "ndjson", *options, path)
    return {line["file"].rsplit("/", 1)[1]: line["outcome"]
            for line in map(json.loads, done.out.splitlines())}


@pytest.fixture(scope="module")
def verdicts(binary, tmp_path_factory):
    """{style: {row: outcome}}, of one run for each version and style."""
    found = {"kanta": {}, "explain": {}}
    for fhir in ("r4", "stu3"):
        path = tmp_path_factory.mktemp(fhir)
        for i, (_, kind, change, *_) in enumerate(MISTAKES):
            if version(kind) == fhir:
                (path / f"{i}.json").write_text(as_text(change(kind(ID))))
        for style, all_of in found.items():
            all_of.update(judged(binary, path, "--fhir", fhir, "--errors",
                                 style))
    return found


@pytest.fixture(scope="module")
def explaining(start_shared):
    s = start_shared("--errors", "explain")
    return s, s.register()


# ---- the tests --------------------------------------------------------------

def hint(issue):
    """What is told beside the 2018 text."""
    return issue.get("details", {}).get("text", "")


def check_shape(issue, lines):
    """All that a user of --errors explain is promised."""
    assert issue["details"]["coding"][0]["code"].startswith("KPHR-"), issue
    assert issue["code"] != "processing", issue
    assert issue["expression"] == issue["location"], issue
    where = {e["url"].rsplit("-", 1)[-1]: e.get("valueInteger")
             for e in issue["extension"]}
    assert 1 <= where["line"] <= lines and where["col"] >= 1, issue
    if issue["severity"] in ("fatal", "error"):
        assert hint(issue) or "(expected: " in issue["diagnostics"], issue


def check_cause(o, rule, path, word, count, lines):
    for issue in o["issue"]:
        check_shape(issue, lines)
    first = o["issue"][0]
    assert first["severity"] in ("fatal", "error"), o
    assert first["details"]["coding"][0]["code"] == "KPHR-PROF-" + rule, o
    assert first["expression"] == [path], o
    assert word in hint(first), first
    assert len(errors(o)) == count, o
    said = [(i["expression"][0], i["diagnostics"]) for i in o["issue"]]
    assert len(set(said)) == len(said), o


@pytest.mark.parametrize("row", range(len(MISTAKES)), ids=IDS)
def test_explained(verdicts, row):
    _, kind, change, rule, path, word, *count = MISTAKES[row]
    lines = as_text(change(kind(ID))).count("\n") + 1
    check_cause(verdicts["explain"][f"{row}.json"], rule, path, word,
                *(count or [1]), lines)


@pytest.mark.parametrize("row", range(len(MISTAKES)), ids=IDS)
def test_as_the_real_stack(verdicts, row):
    """The same cause first; nothing that the real stack does not say."""
    what, _, _, _, path, *_ = MISTAKES[row]
    o = verdicts["kanta"][f"{row}.json"]
    first = o["issue"][0]
    assert first["severity"] in ("fatal", "error"), o
    if not what.startswith(BY_TRIAL):
        assert first["location"] == [path], o
    assert len(errors(o)) >= len(errors(verdicts["explain"][f"{row}.json"]))
    for issue in o["issue"]:
        assert issue["code"] == "processing", issue
        assert set(issue) <= {"severity", "code", "diagnostics", "location",
                              "expression"}, issue


@pytest.mark.parametrize("row", [
    i for i, m in enumerate(MISTAKES) if m[1] not in (patient, patient_stu3)],
    ids=[m[0] for m in MISTAKES if m[1] not in (patient, patient_stu3)])
def test_posted(explaining, server, app, row):
    """POST says the same, in both styles, and stores nothing."""
    _, kind, change, rule, path, word, *count = MISTAKES[row]
    fhir = version(kind)
    person = explaining[0].person(explaining[1])
    body = as_text(change(kind(person.id))).replace(ID, person.id)
    o = outcome(person.post(body, fhir, status=422))
    check_cause(o, rule, path, word.replace(ID, person.id),
                *(count or [1]), body.count("\n") + 1)
    assert person.search(fhir=fhir)["total"] == 0

    person = server.person(app)
    body = as_text(change(kind(person.id))).replace(ID, person.id)
    o = outcome(person.post(body, fhir, status=422))
    assert path in places(o), o
    assert {i["code"] for i in o["issue"]} == {"processing"}, o


@pytest.mark.parametrize("what, change, word", BODIES,
                         ids=[b[0] for b in BODIES])
def test_no_resource(binary, explaining, what, change, word):
    """What is no resource: a place, and what to do."""
    done = run(binary, "validate", "--errors", "explain", "-",
               stdin=as_text(change(weight(ID))).encode())
    assert done.returncode == 1 and word in done.out, done.out
    person = explaining[0].person(explaining[1])
    for fhir, made in (("r4", weight), ("stu3", weight_stu3)):
        o = outcome(person.post(as_text(change(made(person.id))), fhir,
                                status=400))
        assert word in o["issue"][0]["diagnostics"], o
        assert hint(o["issue"][0]), o


# ---- what is no mistake -----------------------------------------------------

@pytest.mark.parametrize("kind", [blood_pressure, weight, glucose, steps,
                                  weight_stu3, patient, patient_stu3])
def test_sound_data_is_quiet(binary, kind):
    """Of everyday data there is nothing to say."""
    done = run(binary, "validate", "--fhir", version(kind), "--format",
               "ndjson", "-", stdin=as_text(kind(ID)).encode())
    assert done.returncode == 0
    told = json.loads(done.out)["outcome"]["issue"]
    assert {i["severity"] for i in told} == {"information"}, told


@pytest.mark.parametrize("change, word", [
    (at(("identifier[0].value", ID)), "write \"urn:uuid:" + ID),
    (at(("identifier[0].value", "urn:uuid:123")), "write a whole UUID"),
    (application(at(("extension[0].url", APP + "s"))), f"did you mean {APP}?"),
    (application(at(("extension[0].url", "https" + APP[4:]))),
     f"did you mean {APP}?"),
])
def test_what_is_not_refused_is_told(binary, change, word):
    """The real stack takes it; that it is meant is not likely."""
    for made in (weight, weight_stu3):
        done = run(binary, "validate", "--errors", "explain", "-",
                   stdin=as_text(change(made(ID))).encode())
        assert done.returncode == 0 and word in done.out, done.out


# ---- the rules --------------------------------------------------------------

def test_every_rule_can_be_looked_up(binary):
    done = run(binary, "validate", "--explain-rule", "KPHR-PROF-0133")
    assert done.returncode == 0
    assert "display of a code" in done.out
    assert re.search(r"--rules kanta +warning", done.out)
    assert re.search(r"--rules current +error", done.out)
    rules = {m[3] for m in MISTAKES}
    for rule in rules:
        assert run(binary, "validate", "--explain-rule",
                   "KPHR-PROF-" + rule).out.startswith("KPHR-PROF-" + rule)
    done = run(binary, "validate", "--explain-rule", "KPHR-PROF-133")
    assert done.returncode == 2 and "KPHR-PROF-0133" in done.err


def test_there_are_enough():
    assert len({(m[0], m[1].__name__) for m in MISTAKES}) >= 150
