# SPDX-License-Identifier: Apache-2.0
"""What an application sees when the citizen acts in My Kanta: the permission is
withdrawn, or data are deleted. In both behaviours, by the page and by the
control API. The eleventh scenario (test_scenarios.py)."""
import pytest

from support import (Browser, Form, back, ids, outcome, request_of, session,
                     weight, FHIR_JSON)
from vendor import (OFFLINE, READ, Vendor, dead_access, dead_code,
                    dead_refresh, granted, machine)


@pytest.fixture(scope="module")
def server(own_either):
    return own_either


class MyKanta(Browser):
    """A citizen who is logged in there."""

    def __init__(self, server, code):
        super().__init__(server)
        self.site = server.origin + "/omakanta"
        page = self.login(self.get(self.site + "/"), code)
        assert page.status_code == 200

    def send(self, below, page="/applications", **fields):
        found = self.get(self.site + page)
        token = Form(found.text).having("_csrf")["fields"]["_csrf"]
        return self.http.post(self.site + below, allow_redirects=False,
                              timeout=30, data=dict(fields, _csrf=token))


def by_call(vendor, code):
    assert vendor.withdrawn(code) > 0


def by_page(vendor, code):
    r = MyKanta(vendor.server, code).send("/applications/withdraw",
                                          client_id=vendor.id)
    assert r.status_code == 303


either_way = pytest.mark.parametrize("withdraw", [by_call, by_page])


def ended(vendor, *tokens):
    for t in tokens:
        dead_access(vendor.search(t))
        dead_access(vendor.store(t))
        if "refresh_token" in t:
            dead_refresh(vendor, vendor.refresh(t["refresh_token"]),
                         t["refresh_token"])


def active(server, token):
    inspector = Vendor(server, allow_introspection=True)
    return machine(inspector.post("/introspect", token=token),
                   200).json()["active"]


# ---- the permission ---------------------------------------------------------

@either_way
def test_all_tokens_end(vendor, citizen, withdraw):
    """Those of every authorization, refreshed or not, at the next call."""
    first = vendor.connect(citizen)
    newer = granted(vendor, vendor.refresh(first["refresh_token"]))
    narrow = vendor.connect(citizen, granted_scope=OFFLINE + " " + READ)
    once = vendor.connect(citizen, granted_scope=READ)
    assert vendor.store(first).status_code == 201
    assert active(vendor.server, newer["access_token"])
    withdraw(vendor, citizen)
    ended(vendor, first, newer, narrow, once)
    for t in (first, newer, narrow, once):
        assert not active(vendor.server, t["access_token"])
    for t in (newer, narrow):
        assert not active(vendor.server, t["refresh_token"])
    r = session().get(vendor.server.auth + "/userinfo", timeout=30, headers={
        "Authorization": "Bearer " + newer["access_token"]})
    assert r.status_code == 401


@either_way
def test_others_go_on(server, vendor, citizen, withdraw):
    """Another application of the citizen, and another citizen's permission."""
    another = Vendor(server, client_name="Another")
    somebody = server.citizen()["hetu"]
    mine, elsewhere = vendor.connect(citizen), another.connect(citizen)
    theirs = vendor.connect(somebody)
    made = vendor.store(mine).json()["id"]
    withdraw(vendor, citizen)
    ended(vendor, mine)
    assert ids(another.search(elsewhere).json()) == [made], "the data stays"
    assert another.store(elsewhere).status_code == 201
    assert another.reads(granted(another, another.refresh(
        elsewhere["refresh_token"])))
    assert vendor.store(theirs).status_code == 201
    assert vendor.reads(granted(vendor,
                                vendor.refresh(theirs["refresh_token"])))


@either_way
def test_a_code_that_was_not_exchanged_yet(vendor, citizen, withdraw):
    code = vendor.code(citizen)
    withdraw(vendor, citizen)
    dead_code(vendor, vendor.exchange(code), code)


@either_way
def test_asked_again(vendor, citizen, withdraw):
    """What was remembered is not, until the citizen approves again; then the
    old tokens stay dead and the data is there."""
    b = Browser(vendor.server)
    old = granted(vendor, vendor.exchange(vendor.pages(citizen, b)["code"]))
    made = vendor.store(old).json()["id"]
    assert "code" in back(b.authorize(request_of(vendor.app))), "remembered"
    withdraw(vendor, citizen)
    page = b.authorize(request_of(vendor.app))
    assert b.consent_form(page)
    silent = back(b.authorize(request_of(vendor.app, prompt="none")))
    assert silent["error"] == ("consent_required" if vendor.server.strict
                               else "interaction_required")
    new = granted(vendor, vendor.exchange(back(b.approve(page))["code"]))
    ended(vendor, old)
    assert ids(vendor.search(new).json()) == [made]
    assert "code" in back(b.authorize(request_of(vendor.app))), "remembered"


@either_way
def test_while_the_citizen_is_being_asked(vendor, citizen, withdraw):
    """What is approved after that is a permission of its own."""
    old = vendor.connect(citizen)
    b = Browser(vendor.server)
    page = b.login(b.authorize(request_of(vendor.app)), citizen)
    withdraw(vendor, citizen)
    new = granted(vendor, vendor.exchange(back(b.approve(page))["code"]))
    assert vendor.reads(new)
    ended(vendor, old)


@either_way
def test_revoking_afterwards_is_no_error(vendor, citizen, withdraw):
    tokens = vendor.connect(citizen)
    withdraw(vendor, citizen)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert machine(vendor.revoke(token), 200).content == b""


def test_withdrawn_twice(vendor, citizen):
    tokens = vendor.connect(citizen)
    vendor.connect(citizen)
    assert vendor.withdrawn(citizen) == 2, "each authorization is one"
    assert vendor.withdrawn(citizen) == 0
    mine = MyKanta(vendor.server, citizen)
    assert vendor.id not in mine.get(mine.site + "/applications").text
    ended(vendor, tokens)


def test_the_page_lists_what_may_be_withdrawn(vendor, citizen):
    mine = MyKanta(vendor.server, citizen)
    vendor.connect(citizen)
    assert vendor.id in mine.get(mine.site + "/applications").text
    assert mine.send("/applications/withdraw",
                     client_id=vendor.id).status_code == 303
    assert vendor.id not in mine.get(mine.site + "/applications").text


def test_giving_back_is_not_withdrawing(vendor, citizen):
    """An application that disconnects may be connected without a question."""
    b = Browser(vendor.server)
    tokens = granted(vendor, vendor.exchange(vendor.pages(citizen,
                                                          b)["code"]))
    machine(vendor.revoke(tokens["refresh_token"]), 200)
    ended(vendor, tokens)
    assert "code" in back(b.authorize(request_of(vendor.app)))
    by_page(vendor, citizen)
    assert b.consent_form(b.authorize(request_of(vendor.app)))


# ---- who is gone altogether -------------------------------------------------

def test_the_citizen_is_deleted(server, vendor, citizen):
    tokens, code = vendor.connect(citizen), vendor.code(citizen)
    assert server.admin("DELETE", "/citizens/" + citizen).status_code == 204
    ended(vendor, tokens)
    dead_code(vendor, vendor.exchange(code), code)


def test_the_application_is_deleted(server, vendor, citizen):
    another = Vendor(server)
    tokens, elsewhere = vendor.connect(citizen), another.connect(citizen)
    made = vendor.store(tokens).json()["id"]
    assert server.admin("DELETE", "/clients/" + vendor.id).status_code == 204
    dead_access(vendor.search(tokens))
    r = vendor.refresh(tokens["refresh_token"])
    assert r.status_code == 401
    assert r.json()["error"] == ("invalid_client" if server.strict
                                 else "unauthorized")
    assert ids(another.search(elsewhere).json()) == [made]


# ---- the data ---------------------------------------------------------------

BASES = {"r4": "/phr-resourceserver/baseR4",
         "stu3": "/phr-resourceserver/baseStu3"}


def ask(vendor, method, fhir, path, tokens, **more):
    headers = {"Authorization": "Bearer " + tokens["access_token"]}
    if "json" in more:
        headers["Content-Type"] = FHIR_JSON
    return vendor.http.request(
        method, vendor.server.origin + BASES[fhir] + path, headers=headers,
        timeout=30, **more)


def stored(vendor, fhir, tokens, kg):
    r = ask(vendor, "POST", fhir, "/Observation", tokens,
            json=weight(tokens["sub"], kg=kg, fhir=fhir))
    assert r.status_code == 201, r.text
    return r.json()["id"]


def found(vendor, fhir, tokens, query=""):
    r = ask(vendor, "GET", fhir,
            f"/Observation?patient={tokens['sub']}" + query, tokens)
    assert r.status_code == 200, r.text
    bundle = r.json()
    assert bundle["total"] == len(bundle.get("entry", []))
    return sorted(ids(bundle))


@pytest.mark.parametrize("fhir", BASES)
def test_deleted_entries(vendor, citizen, fhir):
    """410 for what was there, 404 for what never was, and searches without
    it; the other entries stay, and their application goes on."""
    tokens = vendor.connect(citizen)
    made = [stored(vendor, fhir, tokens, 70 + i) for i in range(3)]
    mine = MyKanta(vendor.server, citizen)
    left = list(made)
    for one in made[:2]:
        entry = f"/entry/{fhir}/Observation/{one}/delete"
        assert ask(vendor, "GET", fhir, "/Observation/" + one,
                   tokens).status_code == 200
        assert mine.send(entry, entry).status_code == 303
        left.remove(one)
        r = ask(vendor, "GET", fhir, "/Observation/" + one, tokens)
        assert r.status_code == 410
        outcome(r)
        assert found(vendor, fhir, tokens) == sorted(left)
        assert found(vendor, fhir, tokens, "&_id=" + one) == []
    r = ask(vendor, "GET", fhir, "/Observation/never-there", tokens)
    assert r.status_code == 404
    outcome(r)
    newer = granted(vendor, vendor.refresh(tokens["refresh_token"]))
    made = stored(vendor, fhir, newer, 80)
    assert found(vendor, fhir, newer) == sorted(left + [made])


def test_deleted_for_every_application(server, vendor, citizen):
    another = Vendor(server)
    mine, theirs = vendor.connect(citizen), another.connect(citizen)
    made = stored(vendor, "r4", mine, 70)
    assert found(another, "r4", theirs) == [made]
    page = f"/entry/r4/Observation/{made}/delete"
    assert MyKanta(server, citizen).send(page, page).status_code == 303
    for v, t in ((vendor, mine), (another, theirs)):
        assert ask(v, "GET", "r4", "/Observation/" + made,
                   t).status_code == 410
        assert found(v, "r4", t) == []


def test_what_an_application_does_with_a_deleted_entry(vendor, citizen):
    """Deleting it again is no harm; a change does not bring it back."""
    tokens = vendor.connect(citizen)
    made = stored(vendor, "r4", tokens, 70)
    page = f"/entry/r4/Observation/{made}/delete"
    mine = MyKanta(vendor.server, citizen)
    assert mine.send(page, page).status_code == 303
    r = ask(vendor, "DELETE", "r4", "/Observation/" + made, tokens)
    assert r.status_code == 200
    assert "Successfully deleted 0 resource" in r.text
    body = dict(weight(tokens["sub"], kg=90), id=made)
    r = ask(vendor, "PUT", "r4", "/Observation/" + made, tokens, json=body)
    assert r.status_code == 410
    assert "Resource was deleted at " in outcome(r)["issue"][0]["diagnostics"]
    assert found(vendor, "r4", tokens) == []
