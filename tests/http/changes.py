# SPDX-License-Identifier: Apache-2.0
"""A systematic walk over a resource: every way to change it in one place.

changes(resource, pool) yields (label, changed resource): each member left out,
each list entry twice or last first, each value replaced by others of its kind
and of other kinds, each thing added that a profile may prohibit. The values to
choose from are those that the definitions themselves speak of (the pool), so
that the right code of another rule is tried everywhere. pairs() makes two
changes at once, at random with a seed.
"""
import copy
import random

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
PHR = "http://phr.kanta.fi/StructureDefinition/"
ACTIVITY = "urn:oid:1.2.246.537.6.301"
TEXT = '<div xmlns="http://www.w3.org/1999/xhtml">Koodi: x</div>'
REFERENCE = {"reference": "Patient/90090090-0900-4900-8900-900900900900"}
CODING = {"system": LOINC, "code": "9052-2", "display": "Kokonaisenergiamäärä"}
CONCEPT = {"coding": [CODING]}
QUANTITY = {"value": 3.5, "unit": "kg", "system": UCUM, "code": "kg"}
PERIOD = {"start": "2026-03-01T08:00:00+02:00",
          "end": "2026-03-08T08:00:00+02:00"}
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
HIGH = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
INTERPRETED = {"coding": [{"system": HIGH, "code": "H", "display": "High"}]}
APPLICATION = {
    "url": PHR + "fiphr-ext-creatingapplication", "extension": [
        {"url": "name", "valueString": "Sovellus"},
        {"url": "applicationId", "valueString": "1.2.246"}]}


def less(value, *names):
    return {k: v for k, v in value.items() if k not in names}


def twice(value, **change):
    return dict(value, **change)


EXTENSIONS = [
    APPLICATION, less(APPLICATION, "extension"),
    twice(APPLICATION, valueString="x"),
    twice(APPLICATION, extension=APPLICATION["extension"][:1]),
    twice(APPLICATION, extension=APPLICATION["extension"][1:]),
    twice(APPLICATION, extension=APPLICATION["extension"] * 2),
    twice(APPLICATION, extension=APPLICATION["extension"] +
          [{"url": "other", "valueString": "x"}]),
    twice(APPLICATION, extension=[
        {"url": "name", "valueCode": "x"}, APPLICATION["extension"][1]]),
    twice(APPLICATION, extension=[
        {"url": "name"}, {"url": "applicationId", "valueUri": "urn:x"}]),
    {"url": PHR + "fiphr-unsignedint", "valueUnsignedInt": 2},
    {"url": PHR + "fiphr-unsignedint", "valueUnsignedInt": -2},
    {"url": PHR + "fiphr-unsignedint", "valueUnsignedInt": 1.5},
    {"url": PHR + "fiphr-unsignedint", "valueInteger": 2},
    {"url": PHR + "fiphr-unsignedint"},
    {"url": PHR + "fiphr-ext-boolean", "valueBoolean": True},
    {"url": PHR + "fiphr-ext-boolean", "valueString": "true"},
    {"url": PHR + "fiphr-ext-boolean", "valueBoolean": "true"},
    {"url": PHR + "fiphr-ext-boolean"},
    {"url": PHR + "fiphr-ext-pq-translation", "valueQuantity": QUANTITY},
    {"url": PHR + "fiphr-ext-pq-translation", "valueString": "3 kg"},
    {"url": PHR + "fiphr-ext-pq-translation"},
    *({"url": PHR + "fiphr-ext-pq-translation",
       "valueQuantity": less(QUANTITY, n)} for n in QUANTITY),
    {"url": PHR + "fiphr-ext-pq-translation",
     "valueQuantity": twice(QUANTITY, system="http://x.example/units")},
    {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-PQ-translation",
     "valueQuantity": QUANTITY},
    {"url": PHR + "fiphr-ext-unheard-of", "valueString": "x"},
    {"url": "http://x.example/extension", "valueString": "x"}]

ISSUED = "2026-03-01T08:00:00.000+02:00"
TODAY = "2026-03-01"
SOME_OF = {  # by the type of the resource or data type: members and samples
    "Resource": {
        "implicitRules": "http://x.example/rules",
        "contained": [{"resourceType": "Patient", "id": "p", "active": True}],
        "modifierExtension": [{"url": "http://x.example/m",
                               "valueBoolean": True}]},
    "Observation": {
        "basedOn": [{"reference": "CarePlan/1"}],
        "partOf": [{"reference": "Procedure/1"}],
        "focus": [REFERENCE], "encounter": {"reference": "Encounter/1"},
        "effectiveDateTime": "2026-03-01", "effectivePeriod": PERIOD,
        "effectiveInstant": ISSUED,
        "effectiveTiming": {"event": ["2026-03-01"]},
        "valueQuantity": QUANTITY, "valueCodeableConcept": CONCEPT,
        "valueString": "x", "valueBoolean": True, "valueInteger": 1,
        "valueRange": {"low": {"value": 1}}, "valueTime": "08:00:00",
        "valueDateTime": "2026-03-01", "valuePeriod": PERIOD,
        "valueRatio": {"numerator": {"value": 1},
                       "denominator": {"value": 2}},
        "valueSampledData": {"origin": {"value": 1}, "period": 1,
                             "dimensions": 1, "data": "1 2"},
        "dataAbsentReason": {"coding": [
            {"system": ABSENT, "code": "unknown", "display": "Unknown"}]},
        "interpretation": [INTERPRETED],
        "note": [{"text": "x"}], "bodySite": CONCEPT, "method": CONCEPT,
        "specimen": {"reference": "Specimen/1"},
        "device": {"reference": "Device/1"},
        "referenceRange": [{"text": "x"}],
        "hasMember": [{"reference": "Observation/1"}],
        "derivedFrom": [{"reference": "Observation/1"}],
        "component": [{"code": CONCEPT, "valueQuantity": QUANTITY}]},
    "MedicationAdministration": {
        "instantiates": ["http://x.example/protocol"],
        "partOf": [{"reference": "Procedure/1"}],
        "statusReason": [CONCEPT], "category": CONCEPT,
        "medicationReference": {"reference": "Medication/1"},
        "medicationCodeableConcept": CONCEPT,
        "context": {"reference": "Encounter/1"},
        "supportingInformation": [{"reference": "Observation/1"}],
        "effectiveDateTime": "2026-03-01", "effectivePeriod": PERIOD,
        "performer": [{"actor": REFERENCE}], "reasonCode": [CONCEPT],
        "reasonReference": [{"reference": "Observation/1"}],
        "request": {"reference": "MedicationRequest/1"},
        "device": [{"reference": "Device/1"}],
        "note": [{"text": "x", "authorReference": REFERENCE}],
        "dosage": {"site": {"coding": [
            {"system": "urn:oid:1.2.246.537.5.163", "code": "1",
             "display": "Vatsa"}]}, "dose": QUANTITY},
        "eventHistory": [{"reference": "Provenance/1"}]},
    "Patient": {
        "active": True, "name": [{"family": "x"}],
        "telecom": [{"system": "phone", "value": "1"}], "gender": "female",
        "birthDate": TODAY, "deceasedBoolean": False, "deceasedDateTime": TODAY,
        "address": [{"city": "x"}], "maritalStatus": CONCEPT,
        "multipleBirthBoolean": True, "multipleBirthInteger": 2,
        "photo": [{"title": "x"}], "contact": [{"name": {"family": "x"}}],
        "communication": [{"language": {"text": "fi"}}],
        "generalPractitioner": [{"reference": "Practitioner/1"}],
        "managingOrganization": {"reference": "Organization/1"},
        "link": [{"other": REFERENCE, "type": "seealso"}]},
    "CarePlan": {
        "instantiatesCanonical": ["http://x.example/plan"],
        "instantiatesUri": ["http://x.example/plan"],
        "basedOn": [{"reference": "CarePlan/1"}],
        "replaces": [{"reference": "CarePlan/1"}],
        "partOf": [{"reference": "CarePlan/1"}],
        "encounter": {"reference": "Encounter/1"}, "period": PERIOD,
        "created": TODAY, "contributor": [REFERENCE],
        "careTeam": [{"reference": "CareTeam/1"}],
        "addresses": [{"reference": "Condition/1"}],
        "supportingInfo": [{"reference": "QuestionnaireResponse/1"}],
        "goal": [{"reference": "Goal/1"}],
        "activity": [{"reference": {"reference": "Task/1"}}],
        "note": [{"text": "x"}]},
    "Questionnaire": {
        "derivedFrom": ["http://x.example/q"], "experimental": True,
        "subjectType": ["Patient", "Practitioner"], "publisher": "x",
        "contact": [{"name": "x"}], "purpose": "x", "copyright": "x",
        "useContext": [{"code": CODING, "valueCodeableConcept": CONCEPT}],
        "jurisdiction": [CONCEPT], "approvalDate": TODAY,
        "effectivePeriod": PERIOD},
    "QuestionnaireResponse": {
        "basedOn": [{"reference": "CarePlan/1"}],
        "partOf": [{"reference": "Observation/1"}],
        "encounter": {"reference": "Encounter/1"}, "author": REFERENCE,
        "source": {"reference": "Practitioner/1"}},
    "Coding": {"version": "1", "userSelected": True, "display": "x"},
    "CodeableConcept": {"text": "x"},
    "Identifier": {"use": "usual", "type": CONCEPT, "period": PERIOD,
                   "assigner": {"display": "x"}},
    "Reference": {"type": "Patient", "display": "x", "identifier": {
        "system": "urn:x", "value": "y", "assigner": {"display": "x"}}},
    "Quantity": {"comparator": "<"},
    "Annotation": {"authorString": "x", "authorReference": REFERENCE,
                   "time": TODAY},
    "component": {
        "interpretation": [INTERPRETED],
        "dataAbsentReason": {"coding": [
            {"system": ABSENT, "code": "unknown", "display": "Unknown"}]},
        "referenceRange": [{"text": "x"}, {"text": "y"}],
        "valueQuantity": QUANTITY, "valueString": "x",
        "valueCodeableConcept": CONCEPT}}

WORSE_OF = {  # samples that are not as they should be
    "dataAbsentReason": [{"text": "x"}, {"id": "x", "text": "x"}, {"coding": [
        {"system": ABSENT, "code": "unknown"}]}],
    "interpretation": [[{"text": "x"}], [{"coding": [
        {"system": HIGH, "code": "H"}]}]]}

OTHERS = {  # for a member of that name, whatever stands there
    "language": ["sv", "en-GB", "fi-FI", "sv-FI", "xx", "FI", "fi ", "se"],
    "status": ["final", "completed", "active", "amended", "registered",
               "draft", "entered-in-error", "in-progress", "x"],
    "intent": ["order", "proposal", "x"],
    "system": [LOINC, UCUM, CATEGORY, "http://hl7.org/fhir/observation-category",
               HIGH, ABSENT, "http://x.example/system", ACTIVITY,
               "http://phr.kanta.fi/fiphr-cs-fitnesscategory",
               "http://phr.kanta.fi/CodeSystem/fiphr-cs-fitnesscategory",
               "http://phr.kanta.fi/CodeSystem/fiphr-cs-observationcategory",
               "http://phr.kanta.fi/fiphr-cs-moderatetovigorouspa",
               "http://phr.kanta.fi/CodeSystem/fiphr-cs-insulincode",
               "http://phr.kanta.fi/CodeSystem/fiphr-cs-careplancategory",
               "http://phr.kanta.fi/CodeSystem/fiphr-cs-questionnairecode",
               "urn:oid:1.2.246.537.6.55", "urn:oid:1.2.246.537.5.163",
               "urn:ietf:rfc:3986"],
    "unit": ["kg", "g", "mmol/l", "mmol/L", "mm[Hg]", "1", "min", "kcal",
             "cm", "m", "MET", "ml/kg/min", "x"],
    "reference": ["#p", "Practitioner/1", "Observation/1", "Patient/1",
                  "http://x.example/fhir/Patient/1", "x", "urn:uuid:"
                  "90090090-0900-4900-8900-900900900901"],
    "effectiveDateTime": ["2026", "2026-03", "2026-03-01", "2026-03-01T08:00",
                          "2026-13-01", "2026-03-01T08:00:00"],
    "issued": ["2026-03-01", "2026-03-01T08:00:00"],
    "url": ["x", PHR + "fiphr-unsignedint", PHR + "fiphr-ext-boolean",
            "http://x.example/u"],
    "questionnaire": ["http://x.example/q", "Questionnaire/1", ""],
    "div": ["", "x", TEXT]}
KINDS = ["", "x", 1, -1.5, True, None, [], {}, ["x"], {"x": 1}]


def pool_of(resources):
    """The codes, units and profiles that resources speak of."""
    found = {"code": {"vital-signs", "fitness", "nutrition"}, "profile": set(),
             "unit": set()}

    def walk(value):
        for key, inner in (value.items() if isinstance(value, dict) else
                           enumerate(value)):
            if isinstance(inner, (dict, list)):
                walk(inner)
            if key in ("code", "unit") and isinstance(inner, str):
                found[key].add(inner)
            if key == "profile":
                found[key].update(inner)

    for r in resources:
        walk(r)
    return {k: sorted(v) for k, v in found.items()}


def places(value, at=()):
    """The path of every member and list entry."""
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield at + (key,)
        yield from places(inner, at + (key,))


def get(value, at):
    for key in at:
        value = value[key]
    return value


def edited(resource, at, edit):
    """A copy with edit(parent, key) done to the last one of the path. Only what
    is on the path is copied, the list or object at its end included; all else
    is shared by the copies, so an edit must not reach deeper."""
    top = inner = copy.copy(resource)
    for key in at[:-1]:
        child = copy.copy(inner[key])
        inner[key] = child
        inner = child
    last = at[-1]
    if last in inner if isinstance(inner, dict) else last < len(inner):
        inner[last] = copy.copy(inner[last])
    edit(inner, last)
    return top


def put(value):
    def edit(parent, key):
        parent[key] = value
    return edit


def name(at):
    return ".".join(map(str, at))


def type_of(value, at):
    """The data type, as far as its members or its place tell it."""
    key = next((k for k in reversed(at) if isinstance(k, str)), "")
    if key in ("identifier", "component"):
        return {"identifier": "Identifier"}.get(key, key)
    if key == "note":
        return "Annotation"
    if "reference" in value:
        return "Reference"
    if "coding" in value:
        return "CodeableConcept"
    if "unit" in value:
        return "Quantity"
    if "code" in value and isinstance(value["code"], str):
        return "Coding"
    return ""


def removals(r):
    for at in places(r):
        yield "without " + name(at), edited(r, at, lambda p, k: p.pop(k))
        value = get(r, at)
        if isinstance(value, list) and value:
            yield "reversed " + name(at), edited(r, at, put(value[::-1]))
            yield "no list " + name(at), edited(r, at, put(value[0]))
        elif isinstance(at[-1], int):
            yield "twice " + name(at), edited(
                r, at, lambda p, k: p.append(p[k]))
        else:
            yield "listed " + name(at), edited(r, at, put([value]))


def values(r, pool):
    for at in places(r):
        value = get(r, at)
        key = next((k for k in reversed(at) if isinstance(k, str)), "")
        some = [k for k in KINDS if type(k) is not type(value) or
                k in ("", "x", -1.5)]
        if not isinstance(value, (dict, list)):
            some = some + OTHERS.get(key, []) + pool.get(key, [])
        for other in some:
            if other != value:
                yield f"{name(at)} = {other!r}", edited(r, at, put(other))


def additions(r, pool):
    tops = dict(SOME_OF["Resource"], **SOME_OF.get(r["resourceType"], {}))
    for at in [()] + list(places(r)):
        value = get(r, at)
        if not isinstance(value, dict) or at[:1] in (("text",), ("contained",)):
            continue
        members = SOME_OF.get(type_of(value, at), {}) if at else tops
        for key, sample in members.items():
            for other in [sample, *WORSE_OF.get(key, ())]:
                yield f"{name(at)} + {key} {other!r:.40}", edited(
                    r, at + (key,), put(other))
            if isinstance(sample, list) and isinstance(value.get(key), list):
                yield f"{name(at)} + another {key}", edited(
                    r, at + (key,), lambda p, k, s=sample: p[k].extend(s))
        for i, extension in enumerate(EXTENSIONS):
            yield f"{name(at)} + extension {i}", edited(
                r, at + ("extension",), lambda p, k, e=extension:
                p.update({k: list(p.get(k) or ()) + [e]}))


def codings(r, pool):
    """More codings beside those that are there."""
    for at in places(r):
        if at[-1] != "coding" or not isinstance(get(r, at), list):
            continue
        first = get(r, at)[0]
        more = [less(first, n) for n in ("system", "code", "display")
                if n in first]
        more += [dict(first, code=c) for c in pool["code"]]
        more += [dict(first, system=s) for s in OTHERS["system"]]
        more += [dict(CODING, system=LOINC, code=c) for c in pool["code"]]
        more += [{"system": "http://x.example/system", "code": "x"},
                 {"system": ABSENT, "code": "masked", "display": "Masked"},
                 {"system": HIGH, "code": "L", "display": "Low"},
                 {"display": "x"}, CODING]
        for coding in more:
            for front in (True, False):
                yield f"{name(at)} + {coding}", edited(
                    r, at, lambda p, k, c=coding, f=front: p[k].insert(
                        0 if f else len(p[k]), c))


def profiles(r, pool):
    listed = get(r, ("meta", "profile"))
    for url in pool["profile"] + [PHR + "fiphr-sd-unheard-of",
                                  PHR + "fiphr-sd-vitalsigns",
                                  PHR + "fiphr-sd-fitness",
                                  PHR + "fiphr-sd-nutrition",
                                  "http://x.example/profile"]:
        for some in ([url], listed + [url], [url] + listed):
            yield f"profile {some}", edited(r, ("meta", "profile"), put(some))


def changes(r, pool):
    yield "as it is", r
    for made in (removals(r), values(r, pool), additions(r, pool),
                 codings(r, pool), profiles(r, pool)):
        yield from made


def pairs(r, pool, count, seed):
    """Two changes at once."""
    rng = random.Random(seed)
    first = rng.choices(list(changes(r, pool)), k=count // 8 + 1)
    for label, once in first:
        if once.get("resourceType") != r["resourceType"]:
            continue
        for also, both in rng.choices(list(removals(once)) +
                                      list(additions(once, pool)), k=8):
            yield f"{label}; {also}", both
