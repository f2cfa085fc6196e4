# SPDX-License-Identifier: Apache-2.0
"""What answers a search: the Bundle, its pages that hold still while data comes,
changes and goes, POST _search, and $everything."""
import json
import re
import urllib.parse
import uuid

import pytest

from support import FHIR_JSON, ids, outcome, session, weight, weight_stu3


def link(bundle, relation):
    urls = [x["url"] for x in bundle.get("link", [])
            if x["relation"] == relation]
    assert len(urls) <= 1
    return urls[0] if urls else None


def follow(person, bundle, between=lambda n: None):
    """All pages from this one on, by the links; between: called before
    each."""
    all_pages = [bundle]
    for n in range(50):
        url = link(all_pages[-1], "next")
        if not url:
            return all_pages
        between(n)
        r = person.get(url)
        assert r.status_code == 200, r.text
        all_pages.append(r.json())
    raise AssertionError("pages without end")


def put(person, resource):
    return person.fhir(
        "PUT", f"/{resource['resourceType']}/{resource['id']}",
        data=json.dumps(resource), headers={"Content-Type": FHIR_JSON})


@pytest.fixture
def nine(person):
    """The ids of nine weights of as many days."""
    return [person.post(weight(person.id, f"2026-01-{d:02}"),
                        status=201).json()["id"] for d in range(1, 10)]


# ---- the Bundle -------------------------------------------------------------

def test_members_of_the_bundle(person, nine):
    b = person.search("&_count=4")
    assert list(b) == ["resourceType", "id", "meta", "type", "total", "link",
                       "entry"]
    assert uuid.UUID(b["id"]) and b["type"] == "searchset" and b["total"] == 9
    assert list(b["meta"]) == ["lastUpdated"]
    assert b["meta"]["lastUpdated"].startswith(person.server.time())
    assert [x["relation"] for x in b["link"]] == ["self", "next"]
    for e in b["entry"]:
        assert list(e) == ["fullUrl", "resource", "search"]
        assert e["fullUrl"] == \
            f"{person.server.r4}/Observation/{e['resource']['id']}"
    assert list(person.search("&code=x")) == [
        "resourceType", "id", "meta", "type", "total", "link"]


def test_self_link(person):
    b = person.search("&date=ge2026-01-01T00:00:00%2B02:00&code=a|b,c&"
                      "_sort:desc=code&_sort=date")
    assert link(b, "self") == (
        f"{person.server.r4}/Observation?_sort%3Adesc=code&_sort=date&code="
        "a%7Cb%2Cc&date=ge2026-01-01T00%3A00%3A00%2B02%3A00&patient="
        + person.id)
    again = person.get(link(b, "self")).json()
    assert link(again, "self") == link(b, "self")


def test_next_link(person, nine):
    url = link(person.search("&_count=4&_pretty=true&_format=json"), "next")
    base, query = url.split("?")
    assert base == person.server.r4
    token = re.match(r"_getpages=([0-9a-f-]{36})&", query)[1]
    assert uuid.UUID(token)
    assert query == (f"_getpages={token}&_getpagesoffset=4&_count=4&"
                     "_format=json&_pretty=true&_bundletype=searchset")


def test_as_many_parameters_as_there_may_be(person, nine):
    filler = "".join(f"&x{i}=1" for i in range(48))
    b = person.search("&_count=1" + filler)
    for x in b["link"]:
        assert person.get(x["url"]).status_code == 200, x
    r = person.get(f"/Observation?patient={person.id}&_count=1{filler}&y=1")
    assert r.status_code == 400


def test_no_total(person, nine):
    for page in follow(person, person.search("&_count=4&_total=none")):
        assert "total" not in page and page["entry"]
    for value in ("accurate", "estimate"):
        assert person.search("&_total=" + value)["total"] == 9


# ---- pages ------------------------------------------------------------------

def test_there_and_back(person, nine):
    there = follow(person, person.search("&_sort=date&_count=4"))
    assert [ids(p) for p in there] == [nine[:4], nine[4:8], nine[8:]]
    assert all(p["total"] == 9 for p in there)
    assert link(there[0], "previous") is None
    back = person.get(link(there[2], "previous")).json()
    assert ids(back) == nine[4:8] and link(back, "next")
    assert ids(person.get(link(back, "previous")).json()) == nine[:4]
    assert ids(person.get(link(there[1], "self")).json()) == nine[4:8]
    # a page may have another size than the one before
    other = link(there[0], "next").replace("_count=4", "_count=2")
    assert [ids(p) for p in follow(person, person.get(other).json())] == \
        [nine[4:6], nine[6:8], nine[8:]]


def test_no_link_without_further_pages(person, nine):
    for query in ("&_count=9", "", "&_count=0", "&code=x"):
        assert link(person.search(query), "next") is None


SORTS = ["", "&_sort=date", "&_sort=-date", "&_sort=-_lastUpdated",
         "&_sort=_id", "&_sort=-code,date"]


@pytest.mark.parametrize("sort", SORTS)
def test_pages_hold_still_while_data_comes_in(person, nine, sort):
    order = ids(person.search(sort))
    assert sorted(order) == sorted(nine)

    def meanwhile(n):
        for day in ("2025-01-01", "2026-01-05", "2026-03-01"):
            person.post(weight(person.id, day), status=201)

    got = follow(person, person.search("&_count=2" + sort), meanwhile)
    assert [len(ids(p)) for p in got] == [2, 2, 2, 2, 1]
    assert sum((ids(p) for p in got), []) == order
    assert got[-1]["total"] == 9
    assert person.search()["total"] == 9 + 4 * 3


@pytest.mark.parametrize("sort", SORTS)
def test_pages_hold_still_while_data_changes(person, nine, sort):
    """What is changed so that it would move, or not be found any more, stays
    in its place, with its new content."""
    first = person.search("&_count=3&code=29463-7" + sort)
    order = ids(person.search("&code=29463-7" + sort))

    def meanwhile(n):
        one = dict(weight(person.id, f"2026-03-0{n + 1}", kg=90 + n),
                   id=order[-1 - n])
        assert put(person, one).status_code == 200

    got = follow(person, first, meanwhile)
    assert sum((ids(p) for p in got), []) == order
    last = got[-1]["entry"][-1]["resource"]
    assert last["valueQuantity"]["value"] == 90


@pytest.mark.parametrize("sort", SORTS)
def test_pages_hold_still_while_data_goes(person, nine, sort):
    order = ids(person.search(sort))
    first = person.search("&_count=3" + sort)
    gone = [order[0], order[4], order[8]]

    def meanwhile(n):
        if n == 0:
            for i in gone:
                r = person.fhir("DELETE", "/Observation/" + i)
                assert r.status_code == 200, r.text

    got = follow(person, first, meanwhile)
    seen = sum((ids(p) for p in got), [])
    assert seen == [i for i in order if i not in gone[1:]]
    assert person.search()["total"] == 6


def test_large_pages_end_early(person):
    """Three of 7 MB are more than 16 MiB; the links go on where it ended."""
    sent = weight(person.id)
    sent["note"] = [{"text": "x" * 1_000_000}] * 7
    text = json.dumps(sent)
    stored = [person.post(text, status=201).json()["id"] for _ in range(5)]
    got = follow(person, person.search(""))
    assert [len(ids(p)) for p in got] == [3, 2]
    assert sorted(sum((ids(p) for p in got), [])) == sorted(stored)
    assert got[1]["total"] == 5


def test_every_page_has_its_includes_and_its_elements(person, nine):
    first = person.search("&_count=4&_include=Observation:patient"
                          "&_elements=code")
    for page in follow(person, first):
        modes = [e["search"]["mode"] for e in page["entry"]]
        assert modes.count("include") == 1 and modes[-1] == "include"
        assert page["entry"][-1]["resource"]["id"] == person.id
        assert "valueQuantity" not in page["entry"][0]["resource"]
        assert page["total"] == 9


# ---- links that are good for nobody -----------------------------------------

GONE = 'Search ID "%s" does not exist and may have expired'


def gone(r, token):
    assert r.status_code == 410, r.text
    assert outcome(r)["issue"][0]["diagnostics"] == GONE % token


def token_of(url):
    return re.search(r"_getpages=([^&]*)", url)[1]


def test_a_page_is_its_citizens_own(server, person, other, nine):
    url = link(person.search("&_count=2"), "next")
    gone(other.get(url), token_of(url))
    assert session().get(url, timeout=30).status_code == 401
    gone(person.get(url.replace("baseR4", "baseStu3")), token_of(url))
    poor = server.register(scope="patient/Patient.read")
    token = server.issue(poor, person.hetu, "patient/Patient.read")
    gone(person.get(url, headers={
        "Authorization": "Bearer " + token["access_token"]}), token_of(url))
    # another application of the same citizen that may see it all
    rich = server.register()
    token = server.issue(rich, person.hetu)
    r = person.get(url, headers={
        "Authorization": "Bearer " + token["access_token"]})
    assert r.status_code == 200 and ids(r.json()) == nine[2:4]


@pytest.mark.parametrize("token", [
    "fish", "0", "-1", "99999999999", "'--", "%C3%A4",
    "00000000-0000-4000-8000-000000000000"])
def test_tokens_that_were_never_given(person, nine, token):
    gone(person.get(f"/?_getpages={token}&_getpagesoffset=2&_count=2"),
         urllib.parse.unquote(token))


@pytest.mark.parametrize("offset", ["-1", "fish", "1e3"])
def test_offsets_that_were_never_given(person, nine, offset):
    token = token_of(link(person.search("&_count=2"), "next"))
    gone(person.get(f"/?_getpages={token}&_getpagesoffset={offset}"), token)


def test_offsets_behind_the_end(person, nine):
    token = token_of(link(person.search("&_count=2"), "next"))
    r = person.get(f"/?_getpages={token}&_getpagesoffset=90&_count=2")
    assert r.status_code == 200
    assert r.json()["total"] == 9 and "entry" not in r.json()
    r = person.get(f"/?_getpages={token}")
    assert ids(r.json()) == nine or len(ids(r.json())) == 9


def test_pages_expire(start):
    s = start()
    p = s.person(s.register())
    for day in ("2026-01-01", "2026-01-02"):
        p.post(weight(p.id, day), status=201)
    url = link(p.search("&_count=1"), "next")
    s.advance("PT59M")
    p.token = s.issue(p.app, p.hetu)["access_token"]
    assert p.get(url).status_code == 200
    s.advance("PT2M")
    gone(p.get(url), token_of(url))
    url = link(p.search("&_count=1"), "next")
    s.admin("POST", "/reset", status=204)


def test_post_is_no_way_to_a_page(person, nine):
    url = link(person.search("&_count=2"), "next")
    r = person.fhir("POST", url, data="{}",
                    headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 400
    assert outcome(r)["issue"][0]["diagnostics"] == \
        "Requests for _getpages must use HTTP GET"


def test_the_base_itself(person):
    for path in ("", "/", "/?_count=1"):
        r = person.get(path)
        assert r.status_code == 400, path
        assert outcome(r)["issue"][0]["diagnostics"].startswith(
            "This is the base URL of FHIR server.")


# ---- POST _search -----------------------------------------------------------

FORM = "application/x-www-form-urlencoded"


def post_search(person, body="", query="", type="Observation", form=FORM,
                **more):
    return person.fhir("POST", f"/{type}/_search{query}", data=body,
                       headers={"Content-Type": form}, **more)


def test_post_search(person, nine):
    r = post_search(person, f"patient={person.id}&date=2026-01-02,2026-01-03")
    assert r.status_code == 200, r.text
    assert sorted(ids(r.json())) == sorted(nine[1:3])
    assert link(r.json(), "self") == person.server.r4 + "/Observation"
    r = post_search(person, "date=ge2026-01-08&_sort=-date&_count=1",
                    f"?patient={person.id}&date=lt2026-01-09")
    assert ids(r.json()) == [nine[7]]
    r = post_search(person, f"patient={person.id}&_count=4&_sort=date",
                    form=FORM + "; charset=utf-8")
    assert [ids(p) for p in follow(person, r.json())] == \
        [nine[:4], nine[4:8], nine[8:]]
    assert link(r.json(), "self") == person.server.r4 + "/Observation"
    r = post_search(person, "", "?patient=" + person.id)
    assert r.json()["total"] == 9
    r = post_search(person, f"patient={person.id}&_pretty=true")
    assert "\n  " in r.text


@pytest.mark.parametrize("body,form,text", [
    ('{"a":1}', FHIR_JSON, "Incorrect Content-Type"),
    ("patient=x", "text/plain", "Incorrect Content-Type"),
    ("", FORM, 'Missing mandatory search parameter "patient"'),
    ("patient=%zz", FORM, ""),
    ("patient=ME&code:fish=1", FORM, "fish")])
def test_post_search_refused(person, body, form, text):
    r = post_search(person, body.replace("ME", person.id), form=form)
    assert r.status_code == 400
    assert text in outcome(r)["issue"][0]["diagnostics"]


def test_post_search_is_for_the_own_citizen(person, other):
    assert post_search(person, "patient=" + other.id).status_code == 403
    r = post_search(person, "patient=" + person.id, type="Fish")
    assert r.status_code == 404


# ---- $everything ------------------------------------------------------------

def everything(person, query="", fhir="r4", **more):
    r = person.get(f"/Patient/{person.id}/$everything{query}", fhir, **more)
    assert r.status_code == 200, r.text
    return r.json()


def test_everything(person, nine):
    b = everything(person)
    assert b["type"] == "searchset" and b["total"] == 10
    assert set(ids(b)) == {person.id, *nine}
    assert {e["search"]["mode"] for e in b["entry"]} == {"match"}
    assert link(b, "self") == \
        f"{person.server.r4}/Patient/{person.id}/$everything"
    assert person.get("/Patient/$everything").json()["total"] == 10
    person.fhir("DELETE", "/Observation/" + nine[0])
    assert everything(person)["total"] == 9


def test_everything_in_pages(person, nine):
    first = everything(person, "?_count=4")
    got = follow(person, first, lambda n: person.post(
        weight(person.id), status=201))
    assert [len(ids(p)) for p in got] == [4, 4, 2]
    assert len(set(sum((ids(p) for p in got), []))) == 10


def test_everything_in_parts(own, app):
    p = own.person(app)
    before = p.post(weight(p.id, "2026-01-01"), status=201).json()["id"]
    own.advance("PT1M")
    p.token = own.issue(app, p.hetu)["access_token"]
    after = p.post(weight(p.id, "2026-01-02"), status=201).json()
    since = urllib.parse.quote(after["meta"]["lastUpdated"])
    assert ids(everything(p, "?_since=" + since)) == [after["id"]]
    assert set(ids(everything(p, "?_type=Observation"))) == \
        {before, after["id"]}
    assert ids(everything(p, "?_type=Patient")) == [p.id]
    assert everything(p, "?_type=CarePlan")["total"] == 0
    assert everything(p, "?_summary=count")["total"] == 3
    got = everything(p, "?_type=Observation&_elements=code")
    assert "valueQuantity" not in got["entry"][0]["resource"]
    r = p.fhir("POST", f"/Patient/{p.id}/$everything", data=json.dumps({
        "resourceType": "Parameters", "parameter": [
            {"name": "_since", "valueInstant": after["meta"]["lastUpdated"]},
            {"name": "_count", "valueInteger": 5}]}),
        headers={"Content-Type": FHIR_JSON})
    assert ids(r.json()) == [after["id"]]
    r = p.get(f"/Patient/{p.id}/$everything?_since=fish")
    assert r.status_code == 400


@pytest.mark.parametrize("body", [
    [], 7, [[1]], {"parameter": 7}, {"parameter": [1, "x", None, [1], {}]},
    {"parameter": {"name": {"valueCode": "x"}}},
    {"parameter": [{"name": "_type", "valueUri": {"a": [1]}}]}])
def test_everything_passes_over_what_is_no_parameter(person, body):
    r = person.fhir("POST", f"/Patient/{person.id}/$everything",
                    data=json.dumps(body), headers={"Content-Type": FHIR_JSON})
    assert r.status_code == 200 and ids(r.json()) == [person.id]


def test_everything_of_both_bases(person):
    person.post(weight_stu3(person.id), "stu3", status=201)
    assert everything(person, fhir="stu3")["total"] == 2
    assert everything(person)["total"] == 1


def test_everything_within_the_scope(server, person, nine):
    app = server.register(scope="patient/Patient.read")
    token = server.issue(app, person.hetu, "patient/Patient.read")
    b = everything(person, headers={
        "Authorization": "Bearer " + token["access_token"]})
    assert ids(b) == [person.id]


def test_everything_refused(person, other):
    assert person.get(
        f"/Patient/{other.id}/$everything").status_code == 403
    r = person.get(f"/Patient/{uuid.uuid4()}/$everything")
    assert r.status_code == 404
    r = person.get("/Observation/$everything")
    assert r.status_code == 400
    assert "Observation/$everything" in outcome(r)["issue"][0]["diagnostics"]


# ---- the open sandbox -------------------------------------------------------

def test_the_open_sandbox_takes_the_patient_from_the_query(server, person,
                                                           other):
    base = f"{server.origin}/open/phr-resourceserver/baseR4"
    mine = person.post(weight(person.id), status=201).json()["id"]
    other.post(weight(other.id), status=201)

    def get(path):
        return session().get(base + path, timeout=30)

    assert ids(get("/Observation?patient=" + person.id).json()) == [mine]
    both = get(f"/Observation?patient={person.id},{other.id}").json()
    assert both["total"] == 2
    assert get("/Observation?code=29463-7").status_code == 400
    assert ids(get("/Observation?subject=Patient/" + person.id
                   + "&patient=" + person.id).json()) == [mine]
    r = get(f"/Patient/{person.id}/$everything")
    assert set(ids(r.json())) == {person.id, mine}
    assert get("/Patient/$everything").status_code == 400
    first = get(f"/Observation?patient={person.id},{other.id}&_count=1").json()
    url = link(first, "next")
    r = session().get(url, timeout=30)
    assert r.status_code == 200 and len(ids(r.json())) == 1
    # nor does a page of it become one of the authorised server, or the other
    # way round
    assert person.get(url.replace("/open", "")).status_code == 410
    for day in ("2026-01-01", "2026-01-02"):
        person.post(weight(person.id, day), status=201)
    url = link(person.search("&_count=1"), "next")
    assert session().get(url.replace("/phr-res", "/open/phr-res"),
                         timeout=30).status_code == 410
