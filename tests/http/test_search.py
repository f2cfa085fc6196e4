# SPDX-License-Identifier: Apache-2.0
"""Searches by every kind of parameter, as tables: the query, and which of the
stored resources it finds.

The server checks no national profiles here, so that values of every form can
be stored. What dates find is worked out in Python, from the definition of the
prefixes; everything else is written down.
"""
import datetime
import itertools
import json
import urllib.parse

import pytest

from support import LOINC, UCUM, ids, outcome

OPTIONS = ["--profiles", "none"]

TYPES = ("Patient", "Observation", "MedicationAdministration", "CarePlan",
         "Questionnaire", "QuestionnaireResponse")
SCOPE = " ".join(f"patient/{t}.{a}" for t in TYPES for a in ("read", "write"))
SNOMED = "http://snomed.info/sct"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def coded(code, system=LOINC, **more):
    return {"coding": [{"system": system, "code": code, **more}]}


def observation(person, code="1-8", **more):
    return {"resourceType": "Observation", "status": "final",
            "code": coded(code) if isinstance(code, str) else code,
            "subject": {"reference": "Patient/" + person.id}, **more}


class Shelf:
    """A citizen's resources by short names."""

    def __init__(self, person):
        self.person, self.name, self.id = person, {}, {}

    def put(self, name, resource, fhir="r4"):
        r = self.person.post(resource, fhir,
                             path="/" + resource["resourceType"], status=201)
        self.id[name] = r.json()["id"]
        self.name[self.id[name]] = name
        return f"{resource['resourceType']}/{self.id[name]}"

    def bundle(self, query, type="Observation", status=200):
        for name, i in self.id.items():
            query = query.replace("{%s}" % name, i)
        return self.person.search(query, type=type, status=status)

    def found(self, query, type="Observation"):
        b = self.bundle(query, type)
        assert b["total"] == len([e for e in b.get("entry", [])
                                  if e["search"]["mode"] == "match"])
        return [self.name.get(e["resource"]["id"], e["resource"]["id"])
                for e in b.get("entry", [])]


@pytest.fixture(scope="module")
def wide(server):
    """An application that may do everything with every type."""
    return server.register(scope=SCOPE)


def shelf_of(server, app):
    return Shelf(server.person(app, SCOPE))


def check(shelf, query, names, type="Observation"):
    got = shelf.found(query, type)
    assert sorted(got) == sorted(names.split()), got


# ---- dates ------------------------------------------------------------------

STORED = {
    "year": "2026", "month": "2026-02", "day": "2026-02-10",
    "second": "2026-02-10T10:30:00+02:00",
    "fraction": "2026-02-10T10:30:15.250+02:00",
    "utc": "2026-02-10T23:30:00Z",
    "summer": "2025-07-01T00:30:00+03:00",
    "week": ("2026-02-09", "2026-02-15"),
    "hour": ("2026-02-10T10:00:00+02:00", "2026-02-10T10:59:59+02:00"),
    "since": ("2026-02-10", None), "until": (None, "2026-02-10")}
SOUGHT = ["2026", "2026-02", "2026-02-10", "2026-02-11", "2025-07-01",
          "2026-02-10T10:30+02:00", "2026-02-10T10:30:00+02:00",
          "2026-02-10T08:30:00Z", "2026-02-10T10:30:15.250+02:00",
          "2026-02-09"]
NOW = datetime.datetime.fromisoformat("2026-03-10T12:00:00+02:00")
FIRST = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
LAST = datetime.datetime.max.replace(tzinfo=datetime.timezone.utc)


def finland(*date):
    """Midnight there; the dates of the table are far from a change."""
    summer = 4 <= date[1] <= 9
    return datetime.datetime(*date, tzinfo=datetime.timezone(
        datetime.timedelta(hours=3 if summer else 2)))


def span(text):
    """The half-open span of time that a date leaves open."""
    if len(text) == 4:
        return finland(int(text), 1, 1), finland(int(text) + 1, 1, 1)
    if len(text) == 7:
        y, m = int(text[:4]), int(text[5:])
        return finland(y, m, 1), finland(y + m // 12, m % 12 + 1, 1)
    if len(text) == 10:
        lo = finland(*map(int, text.split("-")))
        return lo, lo + datetime.timedelta(days=1)
    lo = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    step = {True: {"milliseconds": 1}, False: {"seconds": 1}}["." in text]
    if len(text.replace("Z", "+00:00")) == 22:
        step = {"minutes": 1}
    return lo, lo + datetime.timedelta(**step)


def stored_span(value):
    if isinstance(value, str):
        return (*span(value), False)
    start, end = value
    return (span(start)[0] if start else FIRST,
            span(end)[1] if end else LAST, True)


def matches(prefix, stored, sought):
    """By the definition, and a period equals a date that falls in it."""
    lo, hi, period = stored_span(stored)
    a, b = span(sought)
    if prefix == "ap":
        far = a - NOW if a > NOW else NOW - b
        if far > datetime.timedelta(0):
            a, b = a - far / 10, b + far / 10
        prefix = "eq"
    equal = lo < b and hi > a and (period or (lo >= a and hi <= b))
    return {"": equal, "eq": equal, "ne": not equal, "gt": hi > b,
            "ge": hi > a, "lt": lo < a, "le": lo < b, "sa": lo >= b,
            "eb": hi <= a}[prefix]


@pytest.fixture(scope="module")
def dated(server, wide):
    shelf = shelf_of(server, wide)
    for name, value in STORED.items():
        o = observation(shelf.person)
        if isinstance(value, str):
            o["effectiveDateTime"] = value
        else:
            o["effectivePeriod"] = {k: v for k, v in zip(
                ("start", "end"), value) if v}
        shelf.put(name, o)
    shelf.put("none", observation(shelf.person))
    return shelf


PREFIXES = ["", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"]


@pytest.mark.parametrize("prefix,sought",
                         list(itertools.product(PREFIXES, SOUGHT)))
def test_dates(dated, prefix, sought):
    want = {n for n, v in STORED.items() if matches(prefix, v, sought)}
    got = dated.found("&date=" + urllib.parse.quote(prefix + sought))
    assert set(got) == want


def test_the_table_of_dates_tells_prefixes_apart():
    """No two of them find the same everywhere."""
    rows = {p: tuple(n for s in SOUGHT for n, v in STORED.items()
                     if matches(p, v, s)) for p in PREFIXES[1:]}
    assert len(set(rows.values())) == len(rows)


@pytest.mark.parametrize("query,names", [
    ("&date=2026-02-09,2025-07-01", "week until summer"),
    ("&date=ge2026-02-10&date=lt2026-02-11",
     "year month day second fraction week hour since until"),
    ("&date:missing=true", "none"),
    ("&date=2025&date:missing=false", "summer until"),
    ("&_lastUpdated=2026-03-10", " ".join([*STORED, "none"])),
    ("&_lastUpdated=2026-01-01,2026-03-10", " ".join([*STORED, "none"])),
    ("&_lastUpdated=2026-01-01,2026-03-11", ""),
    ("&_lastUpdated=lt2026-03-10", ""), ("&_lastUpdated=ne2026-03-10", ""),
    ("&_lastUpdated=2026-03-10T12:00:00%2B02:00", " ".join([*STORED, "none"])),
    ("&_lastUpdated=gt2026-03-10T12:00:00%2B02:00", "")])
def test_lists_of_dates(dated, query, names):
    check(dated, query, names)


def hapi(prefix, stored, sought):
    lo, hi, period = stored_span(stored)
    a, b = span(sought)
    tick = datetime.timedelta(milliseconds=1)
    high = (hi - tick if hi != LAST else LAST) if period else lo
    return {"": lo >= a and high < b, "gt": high >= b, "ge": high >= a,
            "lt": lo < a, "le": lo < b, "sa": lo >= b, "eb": high < a,
            "ne": not (lo >= a and high < b)}[prefix]


@pytest.fixture(scope="module")
def other_dates(start_shared):
    """A server whose switches have dates compared in other ways."""
    s = start_shared(*OPTIONS, "--set", "search_dates=hapi")
    shelf = shelf_of(s, s.register(scope=SCOPE))
    for name, value in STORED.items():
        o = observation(shelf.person)
        if isinstance(value, str):
            o["effectiveDateTime"] = value
        else:
            o["effectivePeriod"] = {k: v for k, v in zip(
                ("start", "end"), value) if v}
        shelf.put(name, o)
    return shelf


@pytest.mark.parametrize("prefix", ["", "ne", "gt", "ge", "lt", "le", "sa",
                                    "eb"])
def test_dates_as_hapi_has_them(other_dates, prefix):
    for sought in SOUGHT:
        want = {n for n, v in STORED.items() if hapi(prefix, v, sought)}
        got = other_dates.found("&date=" + urllib.parse.quote(prefix + sought))
        assert set(got) == want, sought


def test_a_date_may_have_to_hold_a_period(start):
    s = start(*OPTIONS, "--set", "date_eq_period=contain")
    shelf = shelf_of(s, s.register(scope=SCOPE))
    shelf.put("week", observation(shelf.person, effectivePeriod={
        "start": "2026-02-09", "end": "2026-02-15"}))
    check(shelf, "&date=2026-02-10", "")
    check(shelf, "&date=2026-02", "week")
    check(shelf, "&date=ne2026-02-10", "week")


# ---- tokens -----------------------------------------------------------------

@pytest.fixture(scope="module")
def coded_shelf(server, wide):
    shelf = shelf_of(server, wide)
    p = shelf.person

    def put(name, code, **more):
        shelf.put(name, observation(p, code, **more))

    put("loinc", coded("15074-8", display="Verensokeri"),
        identifier=[{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:A"}],
        category=[coded("vital-signs", "http://c")])
    put("snomed", coded("15074-8", SNOMED),
        identifier=[{"value": "urn:uuid:A"}])
    put("bare", {"coding": [{"code": "15074-8"}]},
        category=[coded("vital-signs", "http://c"),
                  coded("laboratory", "http://c")])
    put("two", {"coding": [{"system": LOINC, "code": "15074-8"},
                           {"system": LOINC, "code": "14743-9"}]},
        meta={"tag": [{"system": "http://t", "code": "x"}],
              "security": [{"system": CONFIDENTIALITY, "code": "R"}],
              "profile": ["http://example.org/p"]})
    put("text", {"text": "Ääkkösiä ja muuta"}, status="amended",
        language="fi")
    put("comma", coded("a,b|c$d\\e"))
    return shelf


ALL = "loinc snomed bare two text comma"


@pytest.mark.parametrize("query,names", [
    ("&code=15074-8", "loinc snomed bare two"),
    ("&code=http://loinc.org|15074-8", "loinc two"),
    ("&code=http://snomed.info/sct|15074-8", "snomed"),
    ("&code=|15074-8", "bare"),
    ("&code=http://loinc.org|", "loinc two comma"),
    ("&code=http://snomed.info/sct|", "snomed"),
    ("&code=http://nowhere|", ""), ("&code=15074", ""),
    ("&code=15074-8,x", "loinc two"),
    ("&code=http://snomed.info/sct|15074-8,|15074-8", "snomed bare"),
    ("&code=15074-8&code=14743-9", "two"),
    ("&code=,15074-8,", "loinc snomed bare two"),
    ("&code=a%5C,b%5C%7Cc%5C$d%5C%5Ce", "comma"),
    ("&code=a%5C,b%5C%7Cc$d%5C%5Ce", "comma"),
    ("&code=a,b", ""),
    ("&code:not=15074-8", "text comma"),
    ("&code:not=http://loinc.org|15074-8", "snomed bare text comma"),
    ("&code:not=http://loinc.org|14743-9,http://snomed.info/sct|15074-8",
     "loinc bare text comma"),
    ("&category:not=laboratory", "loinc snomed two text comma"),
    ("&category:not=vital-signs,laboratory", "snomed two text comma"),
    ("&category=vital-signs&category:not=laboratory", "loinc"),
    ("&category:missing=true", "snomed two text comma"),
    ("&category:missing=false", "loinc bare"),
    ("&code:missing=true", ""),
    ("&code:text=verensokeri", "loinc"), ("&code:text=VEREN", "loinc"),
    ("&code:text=sokeri", ""), ("&code:text=aakkosia", "text"),
    ("&identifier=urn:uuid:A", "loinc snomed"),
    ("&identifier=urn:uuid:a", ""),
    ("&identifier=urn:ietf:rfc:3986|urn:uuid:A", "loinc"),
    ("&identifier=|urn:uuid:A", "snomed"),
    ("&status=amended", "text"),
    ("&status=final", "loinc snomed bare two comma"),
    ("&status:not=final", "text"),
    ("&_tag=x", "two"), ("&_tag=http://t|x", "two"), ("&_tag=|x", ""),
    ("&_security=R", "two"),
    ("&_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|",
     "two"),
    ("&_security:not=R", "loinc snomed bare text comma"),
    ("&_profile=http://example.org/p", "two"), ("&_profile=http://example", ""),
    ("&_profile:below=http://example.org", "two"),
    ("&_language=fi", "text"), ("&_language:missing=false", "text"),
    ("&_id={two}", "two"), ("&_id={two},{text},nothing", "two text"),
    ("&_id:not={two}", "loinc snomed bare text comma"),
    ("&_id:missing=true", ""), ("&_id:missing=false", ALL),
    ("&_id={two}&code=14743-9", "two"), ("&_id={two}&code=x", ""),
    ("&_security:in=http://terminology.hl7.org/ValueSet/"
     "v3-ConfidentialityClassification", "two"),
    ("&_security:not-in=http://terminology.hl7.org/ValueSet/"
     "v3-ConfidentialityClassification", "loinc snomed bare text comma"),
    ("&_security:below=" + CONFIDENTIALITY + "|R", "two"),
    ("&_security:above=" + CONFIDENTIALITY + "|N", ""),
    ("&status:in=http://hl7.org/fhir/ValueSet/observation-status", ""),
])
def test_tokens(coded_shelf, query, names):
    if "status:in" in query:  # bare codes have no system here
        assert coded_shelf.bundle(query)["resourceType"] == "Bundle"
        return
    check(coded_shelf, query, names)


@pytest.mark.parametrize("query,text", [
    ("&code:in=http://nowhere", "There is no value set http://nowhere"),
    ("&code:in=http://hl7.org/fhir/ValueSet/observation-codes",
     "cannot be enumerated"),
    ("&code:below=15074-8", "system|code"),
    ("&code:below=http://loinc.org|15074-8", "not loaded in full"),
    ("&_security:above=" + CONFIDENTIALITY + "|fish", 'no code "fish"')])
def test_codes_that_cannot_be_told(coded_shelf, query, text):
    r = coded_shelf.person.get("/Observation?patient=" +
                               coded_shelf.person.id + query)
    assert r.status_code == 400
    assert text in outcome(r)["issue"][0]["diagnostics"]


# ---- numbers, strings, uris -------------------------------------------------

@pytest.fixture(scope="module")
def valued(server, wide):
    shelf = shelf_of(server, wide)
    p = shelf.person
    values = {
        "q54": {"value": 5.4, "unit": "kg", "system": UCUM, "code": "kg"},
        "q540": '{"value": 5.40, "system": "%s", "code": "kg"}' % UCUM,
        "q5395": {"value": 5.395, "unit": "kilo", "system": "http://u",
                  "code": "kg"},
        "q5405": {"value": 5.405, "unit": "kg"},
        "q100": {"value": 100, "unit": "mg", "system": UCUM, "code": "mg"},
        "minus": {"value": -5.4, "unit": "kg", "system": UCUM, "code": "kg"},
        "less": {"value": 10, "comparator": "<", "unit": "g",
                 "system": UCUM, "code": "g"},
        "zero": {"value": 0, "unit": "g", "system": UCUM, "code": "g"}}
    for name, v in values.items():
        if isinstance(v, str):
            text = json.dumps(observation(p, valueQuantity="@"))
            r = p.post(text.replace('"@"', v), status=201)
            shelf.id[name] = r.json()["id"]
            shelf.name[shelf.id[name]] = name
        else:
            shelf.put(name, observation(p, valueQuantity=v))
    shelf.put("aiti", observation(p, valueString="Äiti sanoi, että"))
    shelf.put("isa", observation(p, valueString="isä"))
    shelf.put("yes", observation(p, valueCodeableConcept=coded("yes", "http://s")))
    shelf.put("parts", observation(p, component=[
        {"code": coded("8480-6"),
         "valueQuantity": {"value": 128, "unit": "mm[Hg]", "system": UCUM,
                           "code": "mm[Hg]"}},
        {"code": coded("8462-4"),
         "valueQuantity": {"value": 82, "unit": "mm[Hg]", "system": UCUM,
                           "code": "mm[Hg]"}}]))
    return shelf


@pytest.mark.parametrize("query,names", [
    ("5.4", "q54 q540 q5395 q5405"), ("5.40", "q54 q540 q5395"),
    ("5.400", "q54 q540"), ("5", "q54 q540 q5395 q5405"), ("6", ""),
    ("5.40||kg", "q54 q540 q5395"),
    ("5.40|http://unitsofmeasure.org|kg", "q54 q540"),
    ("5.40|http://u|kg", "q5395"), ("5.40|http://unitsofmeasure.org|", "q54 q540"),
    ("5.40||kilo", "q5395"), ("5.40||lb", ""),
    ("5.405||kg", "q5405"), ("eq5.40", "q54 q540 q5395"),
    ("ne5.40", "q5405 q100 minus less zero"),
    ("gt5.4", "q5405 q100 less"), ("ge5.4", "q54 q540 q5405 q100 less"),
    ("lt5.4", "q5395 minus less zero"), ("le5.395", "q5395 minus less zero"),
    ("gt100", ""), ("ge100", "q100"), ("lt-5.3", "minus less"),
    ("sa5.4", "q5405 q100"), ("eb5.4", "q5395 minus zero"),
    ("-5.4", "minus"), ("-5.40", "minus"), ("0", "zero"), ("1e2", "q100"),
    ("1.00e2", "q100"), ("100.0", "q100"), ("99", ""), ("0.1e3", "q100"),
    ("ap5.5", "q54 q540 q5395 q5405 less"), ("ap6.1", "less"),
    ("ap100", "q100"), ("ap111", "q100"), ("ap112", ""),
    ("5.400,100", "q54 q540 q100"), ("gt5&value-quantity=lt6",
                                     "q54 q540 q5395 q5405 less"),
    ("5.40||kg,100||mg", "q54 q540 q5395 q100"),
    ("lt20||g", "less zero")])
def test_quantities(valued, query, names):
    check(valued, "&value-quantity=" + query, names)


@pytest.mark.parametrize("query,names", [
    ("&value-string=%C3%A4iti", "aiti"), ("&value-string=AITI", "aiti"),
    ("&value-string=iti", ""), ("&value-string=is", "isa"),
    ("&value-string=is,ai", "isa aiti"),
    ("&value-string:contains=SANOI", "aiti"), ("&value-string:contains=i",
                                               "aiti isa"),
    ("&value-string:exact=is%C3%A4", "isa"), ("&value-string:exact=is", ""),
    ("&value-string:exact=isa", ""), ("&value-string:exact=ISÄ", ""),
    ("&value-string=%C3%84iti+sanoi%5C,", "aiti"),
    ("&value-string:missing=false", "aiti isa"),
    ("&value-concept=yes", "yes"), ("&value-concept=http://s|yes", "yes"),
    ("&value-quantity:missing=false&value-quantity=gt50", "q100"),
    ("&component-code=8480-6", "parts"), ("&code=8480-6", ""),
    ("&combo-code=8480-6", "parts"), ("&combo-code=1-8&component-code=8480-6",
                                      "parts"),
    ("&component-value-quantity=gt100", "parts"),
    ("&combo-value-quantity=gt99", "q100 parts"),
    # both halves in one component
    ("&component-code-value-quantity=8480-6$gt100", "parts"),
    ("&component-code-value-quantity=http://loinc.org|8480-6$128||mm[Hg]",
     "parts"),
    ("&component-code-value-quantity=8462-4$gt100", ""),
    ("&component-code-value-quantity=8462-4$gt100,8462-4$lt100", "parts"),
    ("&component-code=8462-4&component-value-quantity=gt100", "parts"),
    ("&code-value-quantity=1-8$gt50", "q100"),
    ("&code-value-quantity=1-8$5.400", "q54 q540"),
    ("&code-value-quantity=x$gt50", ""),
    ("&combo-code-value-quantity=8480-6$gt100", "parts"),
    ("&combo-code-value-quantity=1-8$gt99,8480-6$128", "q100 parts"),
    ("&code-value-string=1-8$is", "isa"),
    ("&code-value-concept=1-8$http://s%7Cyes", "yes")])
def test_values(valued, query, names):
    check(valued, query, names)


@pytest.fixture(scope="module")
def library(server, wide):
    """Questionnaires belong to nobody, so their urls are this test's own."""
    shelf = shelf_of(server, wide)
    for name in ("http://a.example/q", "http://a.example/q/one",
                 "http://a.example/q/one/two", "urn:uuid:9"):
        shelf.put(name, {"resourceType": "Questionnaire", "status": "draft",
                         "url": name, "title": name})
    return shelf


@pytest.mark.parametrize("query,names", [
    ("url=http://a.example/q", "http://a.example/q"),
    ("url=http://A.example/q", ""), ("url=http://a.example/", ""),
    ("url:below=http://a.example/q/one",
     "http://a.example/q/one http://a.example/q/one/two"),
    ("url:above=http://a.example/q/one",
     "http://a.example/q http://a.example/q/one"),
    ("url=urn:uuid:9,http://a.example/q", "urn:uuid:9 http://a.example/q"),
    ("url:below=http://a.example&title=http://a.example/q/one/t",
     "http://a.example/q/one/two")])
def test_uris(library, query, names):
    r = library.person.get("/Questionnaire?" + query)
    assert r.status_code == 200, r.text
    assert sorted(library.name[i] for i in ids(r.json())) == \
        sorted(names.split())


# ---- references, chains, includes -------------------------------------------

@pytest.fixture(scope="module")
def linked(server, wide):
    shelf = shelf_of(server, wide)
    p = shelf.person
    me = {"reference": "Patient/" + p.id}
    form = shelf.put("form", {
        "resourceType": "Questionnaire", "status": "active",
        "url": "http://b.example/form", "version": "2", "title": "Lomake"})
    answers = shelf.put("answers", {
        "resourceType": "QuestionnaireResponse", "status": "completed",
        "questionnaire": "http://b.example/form|2", "subject": me,
        "authored": "2026-02-01"})
    a = shelf.put("a", observation(p, "1-8"))
    b = shelf.put("b", observation(p, "2-6", hasMember=[
        {"reference": a}, {"identifier": {"system": "http://s", "value": "v"}}]))
    c = shelf.put("c", observation(p, "3-4", hasMember=[{"reference": b}],
                                   derivedFrom=[{"reference": answers}]))
    shelf.put("plan", {
        "resourceType": "CarePlan", "status": "active", "intent": "plan",
        "subject": me, "supportingInfo": [{"reference": answers}]})
    shelf.named = {"form": form, "answers": answers, "a": a, "b": b, "c": c}
    return shelf


@pytest.mark.parametrize("query,names", [
    ("&has-member={a}", "b"), ("&has-member=Observation/{a}", "b"),
    ("&has-member:Observation={b}", "c"), ("&has-member={a},{b}", "b c"),
    ("&has-member=Observation/{a}/_history/7", "b"),
    ("&has-member=Patient/{a}", ""),
    ("&has-member:identifier=http://s|v", "b"), ("&has-member:identifier=v", "b"),
    ("&has-member:identifier=http://x|v", ""), ("&has-member:missing=true", "a"),
    ("&derived-from={answers}", "c"),
    # chains
    ("&has-member.code=1-8", "b"), ("&has-member:Observation.code=2-6", "c"),
    ("&has-member.code=3-4", ""), ("&has-member.code:not=1-8", "c"),
    ("&has-member.has-member.code=1-8", "c"),
    ("&has-member:Observation.has-member:Observation._id={a}", "c"),
    ("&has-member.code=1-8,2-6", "b c"),
    ("&has-member.code=1-8&has-member.code=2-6", ""),
    ("&derived-from:QuestionnaireResponse.status=completed", "c"),
    ("&derived-from:QuestionnaireResponse.authored=2026-02", "c"),
    ("&derived-from:QuestionnaireResponse.authored=2025", ""),
    ("&patient._id={a}", ""), ("&subject:Patient.gender:missing=true", "a b c"),
    # _has
    ("&_has:Observation:has-member:code=2-6", "a"),
    ("&_has:Observation:has-member:code=3-4", "b"),
    ("&_has:Observation:has-member:code=1-8", ""),
    ("&_has:Observation:has-member:_has:Observation:has-member:code=3-4", "a"),
    ("&_has:Observation:has-member:has-member.code=1-8", "a"),
    ("&_has:Observation:has-member:code=3-4&code=1-8", "")])
def test_references(linked, query, names):
    check(linked, query, names)


@pytest.mark.parametrize("query,names", [
    ("&questionnaire=http://b.example/form", "answers"),
    ("&questionnaire=http://b.example/form|2", "answers"),
    ("&questionnaire=http://b.example/form|1", ""),
    ("&_has:CarePlan:supporting-info:status=active", "answers"),
    ("&_has:Observation:derived-from:code=3-4", "answers"),
    ("&_has:Observation:derived-from:code=1-8", "")])
def test_references_of_answers(linked, query, names):
    check(linked, query, names, "QuestionnaireResponse")


@pytest.mark.parametrize("query,text", [
    ("subject.fish=1", "Invalid parameter chain: subject.fish"),
    ("subject:Patient.fish=1", "Invalid parameter chain: subject:Patient.fish"),
    ("code.x=1", "Invalid parameter chain: code.x"),
    ("has-member:Patient.code=1", "Invalid parameter chain"),
    ("_has=1", "Invalid _has parameter syntax"),
    ("_has:Observation:code:status=1", "Invalid _has parameter syntax"),
    ("code:fish=1", 'Modifier ":fish" is not supported'),
    ("value-quantity=x", 'Invalid number: "x"'),
    ("code-value-quantity=1", "two parts"),
    ("_sort=fish", 'Unknown _sort parameter value "fish"'),
    ("_summary=fish", "Invalid _summary value"),
    ("_summary=text,data", "Can not combine _summary=text"),
    ("_summary=data&_elements=code", "Can not combine"),
    ("_include=Observation:fish", "Valid values are: [*, Observation:"),
    ("_include=fish", 'Invalid _include parameter value: "fish"'),
    ("_revinclude=Observation:subject", "Invalid _revinclude"),
    ("value-string=" + "x" * 201, "at most 200 characters"),
    ("code=" + ",".join("x" * 300), "at most 200"),
    (".".join(["has-member"] * 6) + ".code=1", "at most 4 steps"),
    ("value-quantity=" + "1" * 61, "Invalid number")])
def test_refusals(linked, query, text):
    r = linked.person.get(f"/Observation?patient={linked.person.id}&{query}")
    assert r.status_code == 400, r.text
    assert text in outcome(r)["issue"][0]["diagnostics"]


def modes(shelf, bundle):
    out = {}
    for e in bundle.get("entry", []):
        out.setdefault(e["search"]["mode"], []).append(
            shelf.name.get(e["resource"]["id"], "me"))
    return {k: sorted(v) for k, v in out.items()}


@pytest.mark.parametrize("type,query,match,include", [
    ("Observation", "&code=2-6&_include=Observation:has-member", "b", "a"),
    ("Observation", "&code=3-4&_include=Observation:has-member", "c", "b"),
    ("Observation", "&code=3-4&_include:iterate=Observation:has-member", "c",
     "a b"),
    ("Observation", "&code=3-4&_include:recurse=Observation:has-member", "c",
     "a b"),
    ("Observation", "&code=3-4&_include=Observation:patient", "c", "me"),
    ("Observation", "&code=3-4&_include=*", "c", "answers b me"),
    ("Observation", "&code=3-4&_include=Observation:*", "c", "answers b me"),
    ("Observation", "&_include=Observation:has-member", "a b c", ""),
    ("Observation", "&code=3-4&_include=Observation:derived-from:"
     "QuestionnaireResponse", "c", "answers"),
    ("Observation", "&code=3-4&_include=Observation:derived-from:"
     "Observation", "c", ""),
    ("Observation", "&code=3-4&_include=Observation:derived-from"
     "&_include:iterate=QuestionnaireResponse:questionnaire", "c",
     "answers form"),
    ("Observation", "&code=1-8&_revinclude=Observation:has-member", "a", "b"),
    ("Observation", "&code=1-8&_revinclude:iterate=Observation:has-member",
     "a", "b c"),
    ("QuestionnaireResponse", "&_revinclude=CarePlan:supporting-info",
     "answers", "plan"),
    ("QuestionnaireResponse", "&_revinclude=*", "answers", "c plan"),
    ("QuestionnaireResponse", "&_include=QuestionnaireResponse:questionnaire",
     "answers", "form"),
    ("QuestionnaireResponse", "&_include=QuestionnaireResponse:subject"
     "&_revinclude=Observation:derived-from", "answers", "c me"),
    ("Observation", "&code=x&_include=*", "", "")])
def test_includes(linked, type, query, match, include):
    bundle = linked.bundle(query, type)
    got = modes(linked, bundle)
    assert got.get("match", []) == match.split()
    assert got.get("include", []) == include.split()
    assert bundle["total"] == len(match.split())
    urls = [e["fullUrl"] for e in bundle.get("entry", [])]
    assert len(set(urls)) == len(urls)


def test_nothing_comes_from_outside_the_scope(server, linked):
    app = server.register(scope="patient/Observation.read")
    token = server.issue(app, linked.person.hetu, "patient/Observation.read")
    headers = {"Authorization": "Bearer " + token["access_token"]}

    def get(query):
        return linked.person.get(
            f"/Observation?patient={linked.person.id}&{query}",
            headers=headers)

    bundle = get("code=3-4&_include=*&_revinclude=*").json()
    assert modes(linked, bundle) == {"match": ["c"], "include": ["b"]}
    for query in ("subject:Patient.gender=male",
                  "derived-from:QuestionnaireResponse.status=completed"):
        r = get(query)
        assert r.status_code == 403, r.text
    assert get("has-member.code=1-8").json()["total"] == 1


def test_chains_from_what_is_nobodys_stay_with_the_citizen(server, wide):
    """A Questionnaire is everybody's; who answered it is not."""
    mine, theirs = (server.person(wide, SCOPE) for _ in range(2))
    form = mine.post({"resourceType": "Questionnaire", "status": "active"},
                     "stu3", path="/Questionnaire", status=201).json()["id"]
    theirs.post({"resourceType": "QuestionnaireResponse",
                 "status": "completed", "authored": "2026-02-01",
                 "questionnaire": {"reference": "Questionnaire/" + form},
                 "subject": {"reference": "Patient/" + theirs.id}}, "stu3",
                path="/QuestionnaireResponse", status=201)
    query = (f"/Questionnaire?_id={form}&_has:QuestionnaireResponse:"
             "questionnaire:authored=2026")
    assert theirs.get(query, "stu3").json()["total"] == 1
    assert mine.get(query, "stu3").json()["total"] == 0
    for q in ("&_revinclude=QuestionnaireResponse:questionnaire",
              "&_revinclude=*"):
        path = f"/Questionnaire?_id={form}{q}"
        assert len(theirs.get(path, "stu3").json()["entry"]) == 2
        assert len(mine.get(path, "stu3").json()["entry"]) == 1


def test_too_much_comes_along(server, wide):
    shelf = shelf_of(server, wide)
    p = shelf.person
    answers = shelf.put("answers", {
        "resourceType": "QuestionnaireResponse", "status": "completed",
        "subject": {"reference": "Patient/" + p.id}})
    entry = {"resource": observation(p, derivedFrom=[{"reference": answers}]),
             "request": {"method": "POST", "url": "Observation"}}
    query = f"?patient={p.id}&_revinclude=Observation:derived-from"

    def store(n):
        p.post({"resourceType": "Bundle", "type": "batch",
                "entry": [entry] * n}, path="/", status=200)

    store(1000)
    r = p.get("/QuestionnaireResponse" + query)
    assert r.status_code == 200 and len(r.json()["entry"]) == 1001
    assert r.json()["total"] == 1
    store(1)
    r = p.get("/QuestionnaireResponse" + query)
    assert r.status_code == 413
    assert outcome(r)["issue"][0]["diagnostics"].startswith(
        "More than 1000 resources would be included")
    # a page with includes has at most as many matches, whatever is asked for
    b = shelf.bundle("&_count=5000&_include=Observation:patient")
    assert len(b["entry"]) == 1001 and b["total"] == 1001
    url = [x["url"] for x in b["link"] if x["relation"] == "next"][0]
    assert len(p.get(url).json()["entry"]) == 2
    url = url.replace("offset=1000&_count=1000", "offset=0&_count=5000")
    assert len(p.get(url).json()["entry"]) == 1001


# ---- order ------------------------------------------------------------------

@pytest.mark.parametrize("sort,names", [
    ("date", "until summer year month week day since hour second fraction "
     "utc none"),
    ("-date", "none utc fraction second hour day since week month year "
     "summer until")])
def test_sorting_by_date(dated, sort, names):
    """By the start; those of one start in the order they were stored."""
    assert dated.found("&_sort=" + sort) == names.split()


def test_sorting(valued, coded_shelf):
    assert valued.found("&_sort=value-string")[:2] == ["aiti", "isa"]
    by_status = coded_shelf.found("&_sort=status,-_id")
    assert by_status[0] == "text"
    rest = [coded_shelf.id[n] for n in by_status[1:]]
    assert rest == sorted(rest, reverse=True)
    same = coded_shelf.found("&_sort:asc=status&_sort:desc=_id")
    assert same == by_status
    up = coded_shelf.found("&_sort=_lastUpdated")
    assert coded_shelf.found("&_sort=-_lastUpdated") == up[::-1]


# ---- parts ------------------------------------------------------------------

@pytest.mark.parametrize("query,there,not_there", [
    ("_summary=true", "code component status subject", ""),
    ("_summary=text", "code status", "component subject"),
    ("_summary=data", "code component status subject", "text"),
    ("_elements=subject", "status code subject", "component"),
    ("_elements=Observation.component,subject", "component subject", ""),
    ("_elements=fish", "status code", "component subject")])
def test_parts_of_resources(valued, query, there, not_there):
    e = valued.bundle(f"&component-code=8480-6&{query}")["entry"][0]
    got = e["resource"]
    assert set(there.split()) <= set(got)
    assert not set(not_there.split()) & set(got)
    assert [t["code"] for t in got["meta"]["tag"]] == ["SUBSETTED"]
    one = valued.person.get(f"/Observation/{valued.id['parts']}?{query}")
    assert one.status_code == 200 and one.json() == got


def test_whole_resources_have_no_tag(valued):
    for query in ("", "&_summary=false", "&_elements="):
        e = valued.bundle("&component-code=8480-6" + query)["entry"][0]
        assert "tag" not in e["resource"]["meta"]


# ---- unknown parameters -----------------------------------------------------

@pytest.mark.parametrize("name", ["fish", "_text", "_content", "_query",
                                  "_filter", "_list"])
def test_unknown_parameters(valued, name):
    everything = valued.bundle("")["total"]
    assert valued.bundle(f"&{name}=x")["total"] == everything
    r = valued.person.get(
        f"/Observation?patient={valued.person.id}&{name}=x",
        headers={"Prefer": "handling=strict"})
    assert r.status_code == 400
    text = outcome(r)["issue"][0]["diagnostics"]
    assert text.startswith(f'Unknown search parameter "{name}". Value search '
                           "parameters for this search are: [_count, ")


def test_explain_tells_what_was_ignored(start):
    s = start(*OPTIONS, "--errors", "explain")
    shelf = shelf_of(s, s.register(scope=SCOPE))
    shelf.put("a", observation(shelf.person))
    b = shelf.bundle("&fish=1")
    assert [e["search"]["mode"] for e in b["entry"]] == ["match", "outcome"]
    assert b["total"] == 1
    assert "fish" in b["entry"][1]["resource"]["issue"][0]["diagnostics"]
    assert len(shelf.bundle("")["entry"]) == 1


# ---- both versions ----------------------------------------------------------

def test_stu3_searches_the_same_way(server, wide):
    shelf = shelf_of(server, wide)
    p = shelf.person
    shelf.put("old", observation(p, "1-8", valueString="Äiti",
                                 effectiveDateTime="2026-01-01"), "stu3")
    for query in ("&code=1-8", "&date=2026", "&value-string=ai",
                  "&code-value-string=1-8$ai", "&subject:Patient.gender:"
                  "missing=true"):
        got = p.search(query, "stu3")
        assert [shelf.name[i] for i in ids(got)] == ["old"], query
    assert p.search("", "r4")["total"] == 0
    got = p.search("&_summary=true", "stu3")["entry"][0]["resource"]
    assert got["meta"]["tag"][0]["system"] == \
        "http://hl7.org/fhir/v3/ObservationValue"


@pytest.mark.parametrize("behind", [False, True])
def test_ids_without_a_type_are_counted_in_any_order(person, behind):
    """Each stands for one of every type that focus may lead to."""
    for n, status in ((5, 200), (50, 400)):
        focus = "focus=" + ",".join(f"id-{i}" for i in range(n))
        rest = f"patient={person.id}&code=1,2"
        r = person.get("/Observation?" + "&".join(
            [rest, focus] if behind else [focus, rest]))
        assert r.status_code == status, r.text
        if status == 400:
            assert "write the type before it" in r.text
