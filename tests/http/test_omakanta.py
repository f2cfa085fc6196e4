# SPDX-License-Identifier: Apache-2.0
"""My Kanta as a citizen meets it: logging in, the data by kind with its charts,
an entry in full, deleting one, withdrawing a permission, consents and refusals;
in three languages, and with whatever a resource says shown as text."""
import collections
import html
import html.parser
import json
import re
import urllib.parse

import pytest

import support
from support import (Browser, Form, blood_pressure, glucose, hetu, ids, quantity,
                     steps, weight)

SITE = "/omakanta"
PHR = support.PHR
# the kinds, with the last segments of their profiles
KINDS = {
    "bloodpressure": ("fiphr-sd-bloodpressure", "fiphr-bloodpressure-stu3"),
    "bodyweight": ("fiphr-sd-bodyweight", "fiphr-bodyweight-stu3"),
    "bodyheight": ("fiphr-sd-bodyheight", "fiphr-bodyheight-stu3"),
    "bloodglucose": ("fiphr-sd-bloodglucose", "fiphr-bloodglucose-stu3"),
    "heartrate": ("fiphr-heartrate-stu3",),
    "bodytemperature": ("fiphr-bodytemperature-stu3",),
    "respiratoryrate": ("fiphr-respiratoryrate-stu3",),
    "pef": ("fiphr-pef-stu3",),
    "stepstaken": ("fiphr-sd-stepstaken", "fiphr-stepstaken-stu3"),
    "distance": ("fiphr-sd-distance", "fiphr-distance-stu3"),
    "moderatetovigorouspatime": ("fiphr-sd-moderatetovigorouspatime",
                                 "fiphr-moderatetovigorouspatime-stu3"),
    "exercisetracking": ("fiphr-sd-exercisetracking",
                         "fiphr-sd-exercisetracking-stu3"),
    "metbystandardrmr": ("fiphr-sd-metbystandardrmr",),
    "caloriesburned": ("fiphr-caloriesburned-stu3",),
    "calorieintake": ("fiphr-sd-calorieintake",
                      "fiphr-sd-calorieintake-stu3"),
    "macronutrientintake": ("fiphr-sd-macronutrientintake",
                            "fiphr-sd-macronutrientintake-stu3"),
    "fluidintake": ("fiphr-sd-fluidintake-stu3",),
    "insulindosing": ("fiphr-sd-insulindosing-r4",
                      "fiphr-sd-insulindosing-stu3"),
    "medicationadministration": ("fiphr-medicationadministration-stu3",),
    "selfcareplan": ("fiphr-sd-selfcareplan-r4",
                     "fiphr-sd-selfcareplan-stu3"),
    "questionnaireresponse": ("fiphr-sd-questionnaireresponse-r4",
                              "fiphr-sd-questionnaireresponse-stu3"),
    "consent": ("fiphr-consent-stu3",),
}


# ---- reading pages ----------------------------------------------------------

class Tree(html.parser.HTMLParser):
    """A page as nested elements: [tag, attributes, children]."""

    VOID = {"meta", "link", "input", "br", "path", "circle", "polyline"}

    def __init__(self, text):
        super().__init__()
        self.root = ["", {}, []]
        self.open = [self.root]
        self.feed(text)

    def handle_starttag(self, tag, pairs):
        node = [tag, dict(pairs), []]
        self.open[-1][2].append(node)
        if tag not in self.VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, pairs):
        self.open[-1][2].append([tag, dict(pairs), []])

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open[-1][0] == tag, (tag, self.open[-1])
            self.open.pop()

    def handle_data(self, data):
        self.open[-1][2].append(data)


def every(node, tag, **wanted):
    """All elements of that name below, in order."""
    for child in node[2]:
        if isinstance(child, str):
            continue
        if child[0] == tag and all(
                child[1].get(k.rstrip("_")) == v for k, v in wanted.items()):
            yield child
        yield from every(child, tag, **wanted)


def words(node):
    if isinstance(node, str):
        return node
    return " ".join("".join(words(c) for c in node[2]).split())


def rows(page, table="table"):
    """The cells of each row of the first such table, as texts."""
    tables = list(every(Tree(page.text).root, "table", class_=table))
    if not tables:
        return []
    body = next(every(tables[0], "tbody"))
    return [[words(c) for c in row[2] if not isinstance(c, str)]
            for row in every(body, "tr")]


def links(page, below):
    found = [a[1].get("href", "") for a in every(Tree(page.text).root, "a")]
    return [u for u in found if u.startswith(SITE + below)]


def details(page):
    """Label and value of each line of an entry, without what was sent."""
    table = next(every(Tree(page.text).root, "table", class_="details"))
    out = []
    for row in every(table, "tr"):
        label, value = [c for c in row[2] if not isinstance(c, str)]
        said = [c for c in value[2]
                if isinstance(c, str) or "code" not in c[1].get("class", "")]
        out.append((words(label), " ".join("".join(
            words(c) if not isinstance(c, str) else c
            for c in said).split())))
    return out


class Citizen(Browser):
    """A citizen's browser in My Kanta, logged in."""

    def __init__(self, server, code, language="en"):
        super().__init__(server)
        self.site = server.origin + SITE
        self.http.headers["Accept-Language"] = language
        self.code = code
        self.front = self.login(self.get(self.site + "/"), code)
        assert self.front.status_code == 200, self.front.text

    def page(self, below, status=200):
        r = self.get(self.site + below)
        assert r.status_code == status, (r.status_code, r.text)
        return r

    def kind(self, kind, query="", status=200):
        return self.page("/data/" + kind + query, status)

    def entries(self, kind):
        return links(self.kind(kind), "/entry/")

    def post(self, below, page=None, **fields):
        """A form's answer as it is, with the token of that page."""
        page = page or self.page("/professionals")
        token = Form(page.text).having("_csrf")["fields"]["_csrf"]
        return self.http.post(self.site + below,
                              data=dict(fields, _csrf=token),
                              allow_redirects=False, timeout=30)

    def delete(self, entry):
        below = entry[len(SITE):] + "/delete"
        return self.post(below, self.page(below))


@pytest.fixture
def mine(server, person):
    return Citizen(server, person.hetu)


def stored(person, resource, fhir="r4", type="Observation"):
    return person.post(resource, fhir, "/" + type, 201).json()["id"]


# ---- logging in -------------------------------------------------------------

@pytest.mark.parametrize("below", [
    "/", "/data/bodyweight?page=2", "/entry/r4/Observation/abc",
    "/entry/r4/Observation/abc/delete", "/applications", "/professionals"])
def test_who_is_not_logged_in_logs_in_first(server, below):
    r = server.request("GET", SITE + below)
    assert r.status_code == 302
    assert r.headers["Location"] == server.origin + SITE + "/login"


@pytest.mark.parametrize("below,there", [
    ("/professionals", "/professionals"),
    ("/data/bodyweight?page=2", "/data/bodyweight?page=2"),
    ("/data/a%20b:%c3%a4?x=%0D%0AX:y", "/data/a%20b%3A%C3%A4?x=%0D%0AX:y"),
    ("/data/" + 600 * "x", "/"),
    ("/", "/")])
def test_after_login_one_is_where_one_was_going(server, below, there):
    b = Browser(server)
    page = b.get(server.origin + SITE + below)
    form = Form(page.text).having("username")
    code = server.citizen()["hetu"]
    r = b.http.post(server.origin + form["action"],
                    data=dict(form["fields"], username=code),
                    allow_redirects=False, timeout=30)
    assert r.status_code == 303
    assert r.headers["Location"] == server.origin + SITE + there
    assert "X" not in r.headers


def test_the_session_is_this_sites_alone(server, app):
    code = server.citizen()["hetu"]
    c = Citizen(server, code)
    (cookie,) = [k for k in c.http.cookies if k.name == "OMAKANTA"]
    assert cookie.path == SITE
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert len(cookie.value) == 43
    page = c.get(c.authorize_url(support.request_of(app)))
    assert Form(page.text).having("username"), "logged in elsewhere as well"


def test_logged_out_is_logged_out(server):
    c = Citizen(server, server.citizen()["hetu"])
    page = c.page("/logout")
    assert c.post("/logout", page).status_code == 200
    r = c.http.get(c.site + "/", allow_redirects=False, timeout=30)
    assert r.headers["Location"].endswith(SITE + "/login")


def test_another_code_than_of_the_900_series_is_refused(server):
    b = Browser(server)
    asks = b.get(server.origin + SITE + "/")
    assert "<title>Log in" in asks.text
    page = b.login(asks, hetu("010190", "123"))
    assert page.status_code == 200
    assert "<title>Error: Log in" in page.text
    assert 'role="alert"' in page.text
    assert Form(page.text).having("username")


def test_a_session_ends_after_half_an_hour(start):
    s = start()
    c = Citizen(s, s.citizen()["hetu"])
    s.advance("PT29M")
    c.page("/applications")
    s.advance("PT2M")
    r = c.http.get(c.site + "/applications", allow_redirects=False, timeout=30)
    assert r.status_code == 302


# ---- the data ---------------------------------------------------------------

def test_nothing_is_stored_yet(mine):
    assert rows(mine.front) == []
    assert "Nothing is stored about you yet" in mine.front.text


def test_the_front_page_says_whose_and_how_much(mine, person):
    stored(person, weight(person.id, "2026-03-01T08:00:00+02:00", 71))
    stored(person, weight(person.id, "2026-03-05T08:00:00+02:00", 72), "r4")
    stored(person, weight(person.id, "2026-02-01T08:00:00+02:00", 73, "stu3"),
           "stu3")
    page = mine.page("/")
    assert rows(page) == [["Weight", "72 kg", "2026-03-05 08:00", "3"]]
    assert person.hetu in page.text
    assert person.id in page.text
    assert links(page, "/data/") == [SITE + "/data/bodyweight"]


def test_both_bases_together_newest_first(mine, person):
    when = ["2026-02-03T08:00:00+02:00", "2026-02-01T08:00:00+02:00",
            "2026-02-02T08:00:00+02:00"]
    for i, fhir in enumerate(["r4", "stu3", "r4"]):
        stored(person, weight(person.id, when[i], 70 + i, fhir), fhir)
    assert [[r[0], r[1], r[3], r[4]] for r in rows(mine.kind("bodyweight"))] \
        == [["2026-02-03 08:00", "70 kg", "Test application", "R4"],
            ["2026-02-02 08:00", "72 kg", "Test application", "R4"],
            ["2026-02-01 08:00", "71 kg", "Test application", "STU3"]]


def test_a_number_is_the_text_that_was_sent(mine, person):
    text = json.dumps(weight(person.id)).replace("72.5", "72.50")
    stored(person, text)
    (row,) = rows(mine.kind("bodyweight"))
    assert row[1] == "72.50 kg"
    page = mine.page(mine.entries("bodyweight")[0][len(SITE):])
    assert ("Value", "72.50 kg") in details(page)
    assert "Weight: 72.50 kg" in page.text


@pytest.mark.parametrize("sent,shown", [
    ("2026-03-01T06:00:00Z", "2026-03-01 08:00"),
    ("2025-07-01T06:00:00Z", "2025-07-01 09:00"),
    ("2026-03-01T23:30:00+00:00", "2026-03-02 01:30"),
    ("2026-03-01T08:00:07+02:00", "2026-03-01 08:00:07"),
    ("2026-03-01", "2026-03-01")])
def test_times_are_finnish(mine, person, sent, shown):
    stored(person, weight(person.id, sent))
    assert rows(mine.kind("bodyweight"))[0][0] == shown
    page = mine.page(mine.entries("bodyweight")[0][len(SITE):])
    assert sent in page.text


def test_pages_of_fifty(mine, person):
    for i in range(103):
        stored(person, steps(person.id, "2026-%02d-%02d" % (i // 28 % 12 + 1,
                                                            i % 28 + 1), i))
    sizes, seen = [], []
    for n in (1, 2, 3):
        page = mine.kind("stepstaken", "?page=%d" % n)
        assert "Page %d of 3" % n in page.text
        sizes.append(len(rows(page)))
        seen += [int(r[1]) for r in rows(page)]
    assert sizes == [50, 50, 3]
    assert seen == list(range(102, -1, -1))
    first, last = mine.kind("stepstaken"), mine.kind("stepstaken", "?page=3")
    assert 'rel="prev"' not in first.text and 'rel="next"' in first.text
    assert 'rel="prev"' in last.text and 'rel="next"' not in last.text
    for odd in ("0", "-1", "x", "99999999999999999999", "4"):
        assert len(rows(mine.kind("stepstaken", "?page=" + odd))) in (50, 3)


def test_large_entries_are_not_read_for_a_list(mine, person):
    large = weight(person.id, "2026-03-02T08:00:00+02:00", 70)
    large["note"] = 2 * [{"text": 700000 * "x"}]
    names = [stored(person, large) for _ in range(2)]
    stored(person, weight(person.id, kg=80))
    page = mine.kind("bodyweight")
    assert len(page.content) < 10000
    assert sorted(r[1] for r in rows(page)) == ["", "70 kg", "80 kg"]
    assert page.text.count("Too large for a list") == 1
    for name in names:
        entry = mine.page("/entry/r4/Observation/" + name)
        assert ("Value", "70 kg") in details(entry)
    r = mine.delete(SITE + "/entry/r4/Observation/" + names[0])
    assert r.status_code == 303


def test_an_unknown_kind_is_no_page(mine):
    assert "There is no such page" in mine.kind("nothing", status=404).text


# as it is sent, as people write it, and what stands beside it
@pytest.mark.parametrize("unit,code,language,shown,beside", [
    ("mm[Hg]", "mm[Hg]", "en", "36 mmHg", "mm[Hg] (%s)"),
    ("Cel", "Cel", "fi", "36 °C", "Cel (%s)"),
    ("kg/m2", "kg/m2", "sv", "36 kg/m²", "kg/m2 (%s)"),
    ("[iU]", "[iU]", "en", "36 IU", "[iU] (%s)"),
    ("beats/min", "/min", "en", "36 /min", "beats/min, /min (%s)"),
    ("a", "a", "en", "36 yr", "a (%s)"),
    ("a", "a", "fi", "36 v", "a (%s)"),
    ("a", "a", "sv", "36 år", "a (%s)"),
    ("1", "1", "en", "36", "1 (%s)"),
    ("pisteitä", "{score}", "fi", "36 pisteitä", "{score} (%s)"),
    ("", "Cel", "en", "36 °C", "Cel (%s)"),
    ("Cel", None, "en", "36 °C", "Cel, (%s)"),
])
def test_units_are_those_that_people_write(anything, unit, code, language,
                                           shown, beside):
    o = weight(anything.id)
    o["code"] = {"text": "Something"}
    del o["meta"]
    o["valueQuantity"] = {k: v for k, v in {
        "value": 36, "unit": unit, "system": support.UCUM,
        "code": code}.items() if v}
    o["referenceRange"] = [{"low": o["valueQuantity"]}]
    name = stored(anything, o)
    c = Citizen(anything.server, anything.hetu, language)
    assert rows(c.kind("other"))[0][1] == shown
    page = c.page("/entry/r4/Observation/" + name)
    exact = [words(s) for s in every(Tree(page.text).root, "span")
             if "code" in s[1].get("class", "")]
    said = beside % support.UCUM
    assert exact.count(" ".join(said.split())) == 2, exact
    assert [v for _, v in details(page)].count(shown) == 1
    assert anything.get("/Observation/" + name).json()[
        "valueQuantity"] == o["valueQuantity"]


@pytest.fixture
def anything(start):
    s = start("--set", "profile_required=off")
    return s.person(s.register())


def test_what_has_no_known_profile_is_called_what_its_code_says(start):
    s = start("--set", "profile_required=off")
    person = s.person(s.register())
    o = weight(person.id)
    o["meta"] = {"profile": []}
    del o["meta"]
    o["code"] = {"text": "Mood"}
    o["valueQuantity"] = quantity(4, "points", "{score}")
    stored(person, o)
    c = Citizen(s, person.hetu)
    assert rows(c.front)[0][0] == "Other data"
    page = c.kind("other")
    assert rows(page)[0][1:3] == ["4 points", "Mood"]
    assert "<svg" not in page.text
    assert "<h1>Mood: 4 points</h1>" in c.page(
        c.entries("other")[0][len(SITE):]).text


# ---- every profile ----------------------------------------------------------

def told(quantity):
    unit = {"1": "", "mm[Hg]": "mmHg", "Cel": "°C", "[iU]": "IU",
            "[MET]": "MET", "beats/min": "/min", "breaths/min": "/min",
            }.get(quantity["unit"], quantity["unit"])
    return quantity.get("comparator", "") + quantity["value"] + \
        (" " + unit if unit else "")


def expected_value(o):
    """What the list shows, for the types where it is a number."""
    if "valueQuantity" in o:
        return told(o["valueQuantity"])
    if "dosage" in o and "dose" in o["dosage"]:
        return told(o["dosage"]["dose"])
    if o["meta"]["profile"][0].split("/")[-1].find("bloodpressure") >= 0:
        by = {c["code"]["coding"][0]["code"]: c["valueQuantity"]["value"]
              for c in o["component"]}
        return "%s/%s mmHg" % (by["8480-6"], by["8462-4"])
    if o["resourceType"] == "CarePlan" and "title" in o:
        return o["title"]
    return None


@pytest.fixture(scope="module")
def everything(binary, tmp_path_factory):
    """A server with data of each profile about one citizen, and that data."""
    file = tmp_path_factory.mktemp("omakanta") / "all.db"
    arguments = ["--citizen", "010190-900P", "--days", "30", "--clock",
                 support.CLOCK, "--fixtures", "none"]
    made = support.run(binary, "generate", *arguments)
    assert made.returncode == 0, made.err
    data = [json.loads(line, parse_float=str, parse_int=str)
            for line in made.out.splitlines()]
    kept = support.run(binary, "generate", "--db", file, *[
        a for a in arguments if a not in ("--fixtures", "none")])
    assert kept.returncode == 0, kept.err
    with support.Server("--db", file) as s:
        yield s, data


def all_rows(citizen, kind):
    out = []
    for n in range(1, 100):
        page = citizen.kind(kind, "?page=%d" % n)
        out += rows(page)
        if 'rel="next"' not in page.text:
            return out
    raise AssertionError("pages without end")


def test_data_of_every_profile_is_shown(everything):
    server, data = everything
    c = Citizen(server, "010190-900P")
    by_kind = collections.defaultdict(list)
    names = {p: k for k, profiles in KINDS.items() for p in profiles}
    for o in data:
        name = o["meta"]["profile"][0].rpartition("/")[2]
        if o["resourceType"] not in ("Patient", "Questionnaire"):
            by_kind[names[name]].append(o)
    assert set(by_kind) == set(KINDS), "a profile is missing in the data"
    counts = {u.rpartition("/")[2]: int(r[3])
              for u, r in zip(links(c.front, "/data/"), rows(c.front))}
    # those of the fixtures are there besides
    assert set(counts) == set(KINDS)
    for kind, made in by_kind.items():
        shown = all_rows(c, kind)
        assert len(shown) == counts[kind] >= len(made)
        wanted = collections.Counter(
            v for v in map(expected_value, made) if v is not None)
        missing = wanted - collections.Counter(r[1] for r in shown)
        assert not missing, (kind, missing)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_entry_of_every_kind_can_be_read(everything, kind):
    server, _ = everything
    for language in ("en", "fi", "sv"):
        c = Citizen(server, "010190-900P", language)
        for entry in c.entries(kind)[:4]:
            page = c.page(entry[len(SITE):])
            lines = details(page)
            assert len(lines) > 3
            assert all(label for label, _ in lines), lines
            assert entry.split("/")[-1] in page.text


# ---- charts -----------------------------------------------------------------

def charts(page):
    return list(every(Tree(page.text).root, "figure", class_="chart"))


def drawn(figure):
    """Each line's points as values and shares of the time, by the axes."""
    svg = next(every(figure, "svg", role="img"))
    ticks = [(float(t[1]["y"]) - 4, float(words(t)))
             for t in every(svg, "text", class_="y")]
    (y0, v0), (y1, v1) = ticks[0], ticks[-1]
    axis = re.match(r"M([\d.]+) [\d.]+V[\d.]+H([\d.]+)",
                    next(every(svg, "path", class_="axis"))[1]["d"])
    left, right = map(float, axis.groups())
    lines = []
    for line in every(svg, "polyline"):
        points = [tuple(map(float, p.split(",")))
                  for p in line[1]["points"].split()]
        lines.append([((x - left) / (right - left),
                       v0 + (y - y0) / (y1 - y0) * (v1 - v0))
                      for x, y in points])
    return lines


def test_the_points_of_a_chart(mine, person):
    values = [("2026-03-01", 71.5), ("2026-03-03", 72.4), ("2026-03-05", 70)]
    for day, kg in values:
        stored(person, weight(person.id, day + "T08:00:00+02:00", kg))
    (figure,) = charts(mine.kind("bodyweight"))
    (line,) = drawn(figure)
    assert [round(v, 1) for _, v in line] == [71.5, 72.4, 70.0]
    assert [round(x, 2) for x, _ in line] == [0, 0.5, 1]
    svg = next(every(figure, "svg", role="img"))
    label = svg[1]["aria-label"]
    assert "3 values from 2026-03-01 to 2026-03-05" in label
    assert "the lowest is 70 kg, the highest 72.4 kg" in label
    assert words(next(every(figure, "figcaption"))) == "Body weight (kg)"
    days = [words(t) for t in every(svg, "text", class_="x")]
    assert days == ["2026-03-01", "2026-03-03", "2026-03-05"]
    assert len(list(every(svg, "circle"))) == 3


def test_blood_pressure_has_two_lines(mine, person):
    for day, (up, low) in enumerate([(120, 80), (135, 85), (128, 82)], 1):
        o = blood_pressure(person.id, "2026-03-0%dT08:00:00+02:00" % day, up,
                           low)
        if day == 2:
            o["component"].reverse()
        stored(person, o)
    page = mine.kind("bloodpressure")
    (figure,) = charts(page)
    upper, lower = drawn(figure)
    assert [round(v) for _, v in upper] == [120, 135, 128]
    assert [round(v) for _, v in lower] == [80, 85, 82]
    assert [r[1] for r in rows(page)] == [
        "128/82 mmHg", "135/85 mmHg", "120/80 mmHg"]
    keys = [words(k) for k in every(figure, "span", class_="key")]
    assert len(keys) == 2 and "ystolic" in keys[0] and "iastolic" in keys[1]


def test_steps_of_a_week_have_a_chart_of_their_own(mine, person):
    stored(person, steps(person.id, "2026-03-01", 8000))
    stored(person, steps(person.id, count=52000, week=("2026-02-23",
                                                       "2026-03-01")))
    daily = steps(person.id, "2026-03-02", 7000)
    daily["code"]["coding"].append(
        support.coding("41950-7", "Askelmäärä vuorokaudessa"))
    stored(person, daily)
    page = mine.kind("stepstaken")
    assert sorted(round(f[0][0][1]) for f in map(drawn, charts(page))) == \
        [7000, 8000, 52000]
    assert "2026-02-23 – 2026-03-01" in [r[0] for r in rows(page)]


@pytest.mark.parametrize("value", [0, -3, 1e-9, 123456789, 5.6])
def test_a_single_value_is_drawn(mine, person, value):
    stored(person, glucose(person.id, value=value))
    (figure,) = charts(mine.kind("bloodglucose"))
    ((_, shown),) = drawn(figure)[0]
    assert shown == pytest.approx(value, rel=0.01, abs=abs(value) / 100 + .1)
    for tick in every(figure, "text", class_="y"):
        assert len(words(tick)) < 20


@pytest.mark.parametrize("value", ["5e-324", "1e-300", "-1e-13"])
def test_values_without_a_distance_are_drawn(mine, person, value):
    for text in ("0", value):
        o = json.dumps(glucose(person.id))
        assert "5.6" in o
        stored(person, o.replace("5.6", text))
    (figure,) = charts(mine.kind("bloodglucose"))
    assert [len(line) for line in drawn(figure)] == [2]
    for line in drawn(figure):
        assert [v for _, v in line] == pytest.approx([0, 0], abs=.1)
    for tick in every(figure, "text", class_="y"):
        assert len(words(tick)) < 20


@pytest.mark.parametrize("value", ["1e300", "-1e308", "1e13"])
def test_a_number_without_measure_is_told_and_not_drawn(mine, person, value):
    text = json.dumps(glucose(person.id)).replace("5.6", value)
    stored(person, text)
    page = mine.kind("bloodglucose")
    assert charts(page) == []
    assert rows(page)[0][1] == value + " mmol/l"


def test_a_chart_is_of_the_newest_200_and_bounded(everything):
    server, _ = everything
    c = Citizen(server, "010190-900P")
    for kind in KINDS:
        page = c.kind(kind)
        assert len(page.content) < 60000, (kind, len(page.content))
        assert len(charts(page)) <= 6
        for figure in charts(page):
            lines = drawn(figure)
            assert 1 <= len(lines) <= 3
            for line in lines:
                assert 1 <= len(line) <= 200
                assert all(-0.01 <= x <= 1.01 for x, _ in line)
    for kind in ("selfcareplan", "questionnaireresponse", "consent"):
        assert charts(c.kind(kind)) == []


# ---- an entry ---------------------------------------------------------------

def test_all_that_an_entry_says(mine, person):
    o = glucose(person.id)
    o["note"] = [{"text": "Two hours after breakfast"}]
    o["extension"] = [
        support.extension("fiphr-unsignedint", valueUnsignedInt=2)]
    o["interpretation"] = [{"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/"
                  "v3-ObservationInterpretation",
        "code": "N", "display": "Normal"}]}]
    o["referenceRange"] = [{"low": {"value": 4, "unit": "mmol/l"},
                            "high": {"value": 10, "unit": "mmol/l"}}]
    name = stored(person, o)
    page = mine.page("/entry/r4/Observation/" + name)
    lines = details(page)
    for line in [("Value", "5.6 mmol/l"), ("Hours after a meal", "2"),
                 ("Comment", "Two hours after breakfast"),
                 ("Interpretation", "Normal"), ("Status", "Final"),
                 ("Identifier", o["identifier"][0]["value"])]:
        assert line in lines, lines
    assert "14743-9 Verensokeri verensokerimittarilla (http://loinc.org)" \
        in page.text
    assert PHR + "fiphr-sd-bloodglucose" in page.text
    assert "Test application" in page.text
    assert person.server.time().replace("T", " ") in page.text, \
        "when it was stored"
    assert "Observation/" + name in page.text


def test_questions_and_answers(everything):
    server, data = everything
    c = Citizen(server, "010190-900P")
    wanted = {(i.get("text"), json.dumps(a)) for o in data
              if o["resourceType"] == "QuestionnaireResponse"
              for i in o["item"] for a in i.get("answer", ())
              if i.get("text") and "valueString" in a}
    assert wanted
    seen = set()
    for entry in c.entries("questionnaireresponse"):
        seen.update(details(c.page(entry[len(SITE):])))
    for question, answer in wanted:
        said = json.loads(answer)["valueString"]
        assert any(q == question and said in a for q, a in seen), question


@pytest.mark.parametrize("language,kind,name,status", [
    ("en", "Blood glucose", "Glucose", "Final"),
    ("fi", "Verensokeri", "erensokeri", "Lopullinen"),
    ("sv", "Blodsocker", "lod", "Slutgiltig")])
def test_names_in_the_language_of_the_page(server, person, language, kind,
                                           name, status):
    o = glucose(person.id)
    for coding in o["code"]["coding"]:
        coding["display"] = "Something of its own"
    stored(person, o)
    c = Citizen(server, person.hetu, language)
    assert rows(c.front)[0][0] == kind
    page = c.kind("bloodglucose")
    assert name in rows(page)[0][2]
    assert '<html lang="%s">' % language in page.text
    entry = c.page(c.entries("bloodglucose")[0][len(SITE):])
    assert status in [v for _, v in details(entry)]


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;{{csrf}}"


def test_whatever_a_resource_says_is_text(start):
    s = start("--set", "display_check=off")
    app = s.register(client_name=HOSTILE)
    person = s.person(app)
    o = weight(person.id)
    o["note"] = [{"text": HOSTILE}]
    o["code"]["text"] = HOSTILE
    o["code"]["coding"][0]["display"] = HOSTILE
    o["code"]["coding"].append({"system": "urn:x:" + 3 * "'", "code": "a",
                                "display": HOSTILE})
    o["identifier"].append({"system": "urn:y", "value": HOSTILE})
    o["text"]["div"] = ('<div xmlns="http://www.w3.org/1999/xhtml">'
                        "<p>Bold <b>word</b> &lt;script&gt;x&lt;/script&gt;"
                        " &#60;i&#62;</p><p>Next &amp; last</p></div>")
    name = stored(person, o)
    c = Citizen(s, person.hetu)
    pages = [c.front, c.kind("bodyweight"), c.page("/applications"),
             c.page("/entry/r4/Observation/" + name),
             c.page("/entry/r4/Observation/%s/delete" % name)]
    for page in pages:
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "<b>" not in page.text and "<i>" not in page.text
    text = pages[3].text
    assert HOSTILE in [v for k, v in details(pages[3]) if k == "Comment"]
    assert html.escape("Bold word <script>x</script> <i>") in text
    assert "Next &amp; last" in text


def test_another_citizens_entry_is_not_there(server, person, other, mine):
    theirs = stored(other, weight(other.id))
    for below in ("/entry/r4/Observation/" + theirs,
                  "/entry/r4/Observation/%s/delete" % theirs,
                  "/entry/r4/Observation/unknown",
                  "/entry/stu3/Observation/" + theirs,
                  "/entry/r5/Observation/" + theirs,
                  "/entry/r4/Patient/" + person.id,
                  "/entry/r4/Nothing/x"):
        page = mine.page(below, 404)
        assert "no such entry" in page.text
    r = mine.post("/entry/r4/Observation/%s/delete" % theirs)
    assert r.status_code == 404
    assert other.get("/Observation/" + theirs).status_code == 200
    assert mine.post("/entry/r4/Patient/%s/delete" % person.id).status_code \
        == 404


# ---- deleting ---------------------------------------------------------------

@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_the_citizen_deletes_an_entry(mine, person, fhir):
    keep = stored(person, weight(person.id, kg=70, fhir=fhir), fhir)
    gone = stored(person, weight(person.id, kg=80, fhir=fhir), fhir)
    entry = "%s/entry/%s/Observation/%s" % (SITE, fhir, gone)
    asked = mine.page(entry[len(SITE):] + "/delete")
    assert "80 kg" in asked.text
    assert person.get("/Observation/" + gone, fhir).status_code == 200
    r = mine.delete(entry)
    assert r.status_code == 303
    assert r.headers["Location"] == mine.site + "/data/bodyweight?done=deleted"
    done = mine.get(r.headers["Location"])
    assert "The entry has been deleted" in done.text
    assert [row[1] for row in rows(done)] == ["70 kg"]
    assert person.get("/Observation/" + gone, fhir).status_code == 410
    assert ids(person.search(fhir=fhir)) == [keep]
    mine.page(entry[len(SITE):], 404)
    assert mine.post(entry[len(SITE):] + "/delete").status_code == 404


def test_what_is_referred_to_stays(start):
    s = start("--set", "delete_integrity=on")
    person = s.person(s.register())
    target = stored(person, weight(person.id))
    o = steps(person.id)
    o["hasMember"] = [{"reference": "Observation/" + target}]
    referrer = stored(person, o)
    c = Citizen(s, person.hetu)
    r = c.delete(SITE + "/entry/r4/Observation/" + target)
    assert r.status_code == 409
    assert "another one refers to it" in r.text
    assert referrer in r.text and 'role="alert"' in r.text
    assert person.get("/Observation/" + target).status_code == 200
    assert c.delete(SITE + "/entry/r4/Observation/" + referrer).status_code \
        == 303
    assert c.delete(SITE + "/entry/r4/Observation/" + target).status_code \
        == 303
    assert person.get("/Observation/" + target).status_code == 410


# ---- applications -----------------------------------------------------------

def cards(page):
    return {words(next(every(c, "h2"))): c
            for c in every(Tree(page.text).root, "li", class_="card")}


def test_applications_with_permission(server, person, mine):
    second = server.register(client_name="Second", supplier="Supplier Ltd")
    server.issue(second, person.hetu, "patient/Observation.read")
    found = cards(mine.page("/applications"))
    assert set(found) == {"Test application", "Second"}
    text = words(found["Second"])
    assert "Supplier Ltd" in text
    assert server.time().replace("T", " ") in text
    assert [words(li) for li in every(found["Second"], "li")] == [
        "Read your measurements and activity patient/Observation.read"]
    assert "patient/Observation.write" in words(found["Test application"])


@pytest.mark.parametrize("oauth,status,error", [
    ("kanta", 401, "invalid_token"), ("strict", 400, "invalid_grant")])
def test_withdrawing_ends_what_an_application_may(start, oauth, status, error):
    s = start("--oauth", oauth)
    app, stays = s.register(), s.register(client_name="Stays")
    person = s.person(app)
    tokens = s.issue(stays, person.hetu)
    stored(person, weight(person.id))
    c = Citizen(s, person.hetu)
    r = c.post("/applications/withdraw", client_id=app["client_id"])
    assert r.status_code == 303
    done = c.get(r.headers["Location"])
    assert "The permission has been withdrawn" in done.text
    assert set(cards(done)) == {"Stays"}
    assert person.get("/Observation?patient=" + person.id).status_code == 401
    refused = s.token(app, status, grant_type="refresh_token",
                      refresh_token=person.tokens["refresh_token"])
    assert refused.json()["error"] == error
    assert len(rows(c.kind("bodyweight"))) == 1, "the data stays"
    person.token = tokens["access_token"]
    assert person.get("/Observation?patient=" + person.id).status_code == 200
    again = c.post("/applications/withdraw", client_id=app["client_id"])
    assert again.status_code == 404


def test_only_ones_own_permission_is_withdrawn(server, app, person, other):
    c = Citizen(server, other.hetu)
    assert c.post("/applications/withdraw",
                  client_id=app["client_id"]).status_code == 303
    assert person.get("/Observation?patient=" + person.id).status_code == 200
    assert other.get("/Observation?patient=" + other.id).status_code == 401


# ---- professionals ----------------------------------------------------------

@pytest.fixture(scope="module")
def ward(server):
    return server.register(
        client_name="Ward", kind="professional", redirect_uris=[],
        scope="patient/Observation.read", grant_types=["client_credentials"],
        service_provider="1.2.246.10.99999999.10.7",
        access_point="1.2.246.10.99999999.11.7")


def decide(citizen, decision, client_id=""):
    r = citizen.post("/professionals/decide", decision=decision,
                     client_id=client_id)
    assert r.status_code == 303, r.text
    return citizen.get(r.headers["Location"])


def test_consent_and_refusal_are_given_and_withdrawn(server, person, mine,
                                                     ward):
    assert "You have not decided anything" in mine.page("/professionals").text
    page = decide(mine, "consent")
    assert "Your consent is in force" in page.text
    page = decide(mine, "refusal", ward["client_id"])
    assert [r[:2] for r in rows(page)] == [
        ["Consent", "All providers of social welfare and health care"],
        ["Refusal", "Ward"]]
    for left in (1, 0):
        name = [f["fields"]["id"] for f in Form(page.text).forms
                if "id" in f["fields"]][0]
        r = mine.post("/professionals/withdraw", id=name)
        page = mine.get(r.headers["Location"])
        assert len(rows(page)) == left
    assert mine.post("/professionals/withdraw", id=name).status_code == 404


def test_the_latest_hundred_decisions_are_shown(server, person, mine):
    page = mine.page("/professionals")
    for i in range(101):
        mine.post("/professionals/decide", page, client_id="",
                  decision="refusal" if i == 0 else "consent")
    page = mine.page("/professionals")
    assert [r[0] for r in rows(page)] == 100 * ["Consent"]
    assert "the latest 100" in page.text
    name = Form(page.text).having("id")["fields"]["id"]
    assert mine.post("/professionals/withdraw", page,
                     id=name).status_code == 303
    page = mine.page("/professionals")
    assert [r[0] for r in rows(page)] == ["Refusal"] + 99 * ["Consent"]
    assert "the latest 100" not in page.text


def test_a_professional_reads_with_consent_alone(server, person, mine, ward):
    server.admin("POST", "/treatments",
                 {"hetu": person.hetu, "client_id": ward["client_id"]}, 201)
    treated = mine.page("/professionals")
    assert "Ward" in [r[0] for r in rows(treated)]

    def asks():
        return server.token(ward, grant_type="client_credentials",
                            patient_hetu=person.hetu).status_code
    assert asks() != 200
    decide(mine, "consent")
    assert asks() == 200
    assert "Ward" not in cards(mine.page("/applications"))
    for form in Form(mine.page("/professionals").text).forms:
        if "id" in form["fields"]:
            mine.post("/professionals/withdraw", id=form["fields"]["id"])
    assert asks() != 200


@pytest.mark.parametrize("fields,status", [
    ({"decision": "perhaps"}, 400), ({}, 400),
    ({"decision": "consent", "client_id": "nobody"}, 404)])
def test_decisions_that_are_none(mine, fields, status):
    assert mine.post("/professionals/decide", **fields).status_code == status
    assert rows(mine.page("/professionals")) == []


def test_others_decisions_and_treatments_are_not_withdrawn(server, mine, other,
                                                           person, ward):
    theirs = server.admin("POST", "/consents", {
        "hetu": other.hetu, "decision": "consent"}, 201).json()["id"]
    treatment = server.admin("POST", "/treatments", {
        "hetu": person.hetu, "client_id": ward["client_id"]}, 201).json()["id"]
    for name in (theirs, treatment, ""):
        assert mine.post("/professionals/withdraw", id=name).status_code == 404


# ---- forms, headers, languages ----------------------------------------------

FORMS = ["/applications/withdraw", "/professionals/decide",
         "/professionals/withdraw", "/login", "/logout",
         "/entry/r4/Observation/x/delete"]


@pytest.mark.parametrize("below", FORMS)
@pytest.mark.parametrize("csrf", [None, "", "x", "another's"])
def test_a_form_needs_its_own_token(server, below, csrf):
    c = Citizen(server, server.citizen()["hetu"])
    if csrf == "another's":
        page = Citizen(server, server.citizen()["hetu"]).page("/professionals")
        csrf = Form(page.text).having("_csrf")["fields"]["_csrf"]
    fields = {"decision": "consent", "client_id": "", "username": c.code}
    if csrf is not None:
        fields["_csrf"] = csrf
    r = c.http.post(c.site + below, data=fields, allow_redirects=False,
                    timeout=30)
    assert r.status_code == 403
    assert "Set-Cookie" not in r.headers
    assert rows(c.page("/professionals")) == []


def test_a_delete_without_token_deletes_nothing(mine, person):
    name = stored(person, weight(person.id))
    r = mine.http.post(mine.site + "/entry/r4/Observation/%s/delete" % name,
                       timeout=30)
    assert r.status_code == 403
    assert person.get("/Observation/" + name).status_code == 200


PAGES = ["/", "/data/bodyweight", "/data/nothing", "/applications",
         "/professionals", "/login", "/logout", "/entry/r4/Observation/x"]


@pytest.mark.parametrize("below", PAGES)
@pytest.mark.parametrize("language,name", [
    ("en", "My data"), ("fi", "Omat tiedot"), ("sv", "Mina uppgifter")])
def test_every_page(server, below, language, name):
    c = Citizen(server, server.citizen()["hetu"], language)
    page = c.get(c.site + below)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "no-store" in page.headers["Cache-Control"]
    assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:", page.text)
    assert '<html lang="%s">' % language in page.text
    Tree(page.text)  # every element is closed where it was opened
    if page.status_code == 200 and below not in ("/login", "/logout"):
        assert name in page.text
        nav = next(every(Tree(page.text).root, "nav", class_="nav"))
        assert len(list(every(nav, "a"))) == 4
        assert len(list(every(nav, "a", aria_current="page"))) == 1 or \
            [a for a in every(nav, "a") if a[1].get("aria-current")]


def test_the_language_is_switched_by_a_link(mine):
    page = mine.page("/professionals?lang=sv")
    assert "Yrkesutbildade personer" in page.text
    assert "Yrkesutbildade personer" in mine.page("/professionals").text


def test_ten_thousand_entries_make_no_page_large(binary, start, tmp_path):
    file = tmp_path / "much.db"
    made = support.run(binary, "generate", "--db", file, "--citizen",
                       "010190-900P", "--days", "170", timeout=300)
    assert made.returncode == 0, made.err
    s = start("--db", file)
    c = Citizen(s, "010190-900P")
    total = sum(int(r[3]) for r in rows(c.page("/")))
    assert total > 9000
    for below in ("/", "/data/bloodglucose", "/data/bloodglucose?page=40"):
        page = c.page(below)
        assert len(page.content) < 60000


def test_addresses_have_no_surprises(server):
    r = server.request("GET", SITE)
    assert r.status_code == 302
    assert urllib.parse.urlsplit(r.headers["Location"]).path == \
        SITE + "/login"
    assert server.request("PUT", SITE + "/").status_code == 405
