# SPDX-License-Identifier: Apache-2.0
"""The self-service portal: the public list, registering an application and
what is wrong beside its field, a page for each part afterwards, what is shown
once, who may change what, deleting, hostile input, three languages."""
import html
import json
import re
import shlex
import urllib.parse

import pytest

from support import Browser, CALLBACK, Form, SCOPE, dance, hetu, request_of

AUTH = "/phr-authserver-sandbox"
APPS = AUTH + "/applications"
TOKEN = "portal-test-token"
MAIN = ("client_name", "client_description", "supplier", "redirect_uris",
        "client_uri", "policy_uri", "tos_uri", "logo_uri", "contacts")
METHOD = "token_endpoint_auth_method"
PAGES = ("", "/access", "/credentials", "/delete")
JWKS = {"keys": [{"kty": "RSA", "e": "AQAB", "n": "x" * 342, "kid": "k1"}]}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y> & {{name}}"


class Portal(Browser):
    """A browser at the portal."""

    def url(self, below=""):
        return self.server.auth + "/applications" + below

    def page(self, below="", status=200, **more):
        r = self.http.get(self.url(below), allow_redirects=False, timeout=30,
                          **more)
        assert r.status_code == status, (r.status_code, r.text)
        return r

    def form(self, below="/new", having="_csrf"):
        form = Form(self.page(below).text).having(having)
        assert form, below
        return form

    def send(self, form, status=None, drop=(), **fields):
        """What the form holds, with other values for some fields."""
        data = {k: v for k, v in form["fields"].items() if k not in drop}
        data.update(fields)
        r = self.http.post(form["action"], data=data, allow_redirects=False,
                           timeout=30)
        if status is not None:
            assert r.status_code == status, (r.status_code, r.text)
        return r

    def create(self, **fields):
        """Registers one; the secrets that the page shows."""
        values = {"client_name": "An application", "redirect_uris": CALLBACK}
        values.update(fields)
        return secrets(self.send(self.form(), 200, **values))

    def save(self, app, below="", status=303, drop=(), **fields):
        return self.send(self.form("/" + app["client_id"] + below,
                                   "_csrf"), status, drop, **fields)


def facts(page):
    """The names and values that a page lists."""
    found = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page.text)
    plain = lambda s: html.unescape(re.sub(r"<[^>]*>", "", s))
    return {plain(k): plain(v) for k, v in found}


def secrets(page):
    got = facts(page)
    assert re.fullmatch(r"[\w-]{36}", got["client_id"]), got
    return got


def errors(page):
    """{field: message} of what stands beside the fields."""
    found = re.findall(r'<p class="field-error" id="([^"]*)-error">(.*?)</p>',
                       page.text, re.DOTALL)
    return {k: html.unescape(re.sub(r"<[^>]*>", "", v)) for k, v in found}


def stored(server, client_id):
    return server.admin("GET", "/clients/" + client_id, status=200).json()


def card(portal, name):
    """The part of the list that is about the application, on whatever page."""
    page, number = portal.page(), 1
    while True:
        for part in page.text.split("<article")[1:]:
            if "<h2>" + html.escape(name) in part:
                return part.split("</article>")[0]
        number += 1
        assert f'href="?page={number}"' in page.text, name + " is not listed"
        page = portal.page(f"?page={number}")


@pytest.fixture
def portal(server):
    return Portal(server)


@pytest.fixture(scope="module")
def locked(start_shared):
    """A server whose control API asks for a token, so that being on the same
    machine opens nothing."""
    s = start_shared("--admin-token", TOKEN)
    s.http.headers["Authorization"] = "Bearer " + TOKEN
    return s


@pytest.fixture
def owner(locked):
    """A browser that has registered an application."""
    p = Portal(locked)
    p.app = p.create()
    return p


# ---- the list ---------------------------------------------------------------

def test_the_list_is_public(server):
    server.register(client_name="Listed", supplier="Leverans Ab",
                    client_description="Counts steps.",
                    client_uri="https://listed.example/",
                    policy_uri="https://listed.example/p",
                    scope="offline_access patient/Observation.read "
                          "patient/CarePlan.write")
    portal = Portal(server)
    part = card(portal, "Listed")
    for text in ("Leverans Ab", "Counts steps.", "For citizens",
                 'href="https://listed.example/"', "Home page",
                 'href="https://listed.example/p"', "Privacy policy",
                 "while the citizen is away"):
        assert text in part, text
    got = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", part)
    assert ("May read", "Measurements and activity") in got
    assert ("May save and change", "Plans and goals") in got
    assert "Terms of use" not in part
    assert not portal.page().cookies, "no form, no session"


@pytest.mark.parametrize("metadata,shown", [
    ({"supplier": "Oy X", "client_uri": "https://y.example/a"}, "Oy X"),
    ({"client_uri": "https://y.example/a"}, "y.example"),
    ({"client_uri": "https://u:p@y.example:8443?a"}, "y.example:8443"),
    ({"contacts": ["a@x.example", "b@x.example"]},
     "a@x.example, b@x.example")])
def test_who_supplies_it(server, metadata, shown):
    name = "Supplied " + shown
    server.register(client_name=name, **metadata)
    assert f'<p class="quiet">{shown}</p>' in \
        card(Portal(server), name)


def test_professional_ones_are_marked(start):
    s = start()
    part = card(Portal(s), "Demo application for professionals")
    assert "For professionals" in part and "May save" not in part


def test_fifty_on_a_page(start):
    s = start("--fixtures", "none")
    assert "No application is registered yet" in Portal(s).page().text
    for i in range(101):
        s.register(client_name="App %03d" % i)
    names = lambda r: re.findall(r"<h2>(App \d+)", r.text)
    p = Portal(s)
    first, second, third = p.page(), p.page("?page=2"), p.page("?page=3")
    assert names(first) == ["App %03d" % i for i in range(50)]
    assert names(second) == ["App %03d" % i for i in range(50, 100)]
    assert names(third) == ["App 100"]
    assert 'href="?page=2"' in first.text and "?page=0" not in first.text
    assert 'href="?page=1"' in second.text and 'href="?page=3"' in second.text
    assert "?page=4" not in third.text and "Page 3 of 3" in third.text
    for odd, like in (("0", first), ("-7", first), ("x", first), ("", first),
                      ("99999999999999999999999", third)):
        assert names(p.page("?page=" + odd)) == names(like), odd
    assert names(p.page("?page=%zz")) == names(first)


def test_the_authorization_server_leads_here(server):
    r = Browser(server).get(server.auth + "/")
    assert r.status_code == 200 and "<h1" in r.text
    assert r.url.rstrip("/").endswith(APPS)


# ---- registering ------------------------------------------------------------

def test_register(server, portal):
    form = portal.form()
    assert set(MAIN) < form["names"] and METHOD in form["names"]
    assert len(form["names"]) <= 45, "a form has fifty fields at most"
    r = portal.send(
        form, 200, client_name="Åbo hälsa", client_description="For\r\nsteps.",
        supplier="Åbo Ab", contacts=" a@x.example \r\n\r\nb@x.example\r\n",
        redirect_uris=CALLBACK + "\r\n  https://b.example/cb  \r\n",
        client_uri="https://b.example/", policy_uri="https://b.example/p",
        tos_uri="https://b.example/t", logo_uri="https://b.example/l.png",
        **{METHOD: "client_secret_post", "jwks": json.dumps(JWKS),
           "scope_patient/CarePlan.read": "patient/CarePlan.read"})
    assert "no-store" in r.headers["Cache-Control"]
    assert "Location" not in r.headers
    got = secrets(r)
    now = stored(server, got["client_id"])
    for member, value in (
            ("client_name", "Åbo hälsa"), ("supplier", "Åbo Ab"),
            ("client_description", "For steps."),
            ("redirect_uris", [CALLBACK, "https://b.example/cb"]),
            ("contacts", ["a@x.example", "b@x.example"]),
            ("client_uri", "https://b.example/"),
            ("policy_uri", "https://b.example/p"),
            ("tos_uri", "https://b.example/t"),
            ("logo_uri", "https://b.example/l.png"),
            (METHOD, "client_secret_post"), ("jwks", JWKS)):
        assert now[member] == value, member
    assert set(now["scope"].split()) == {
        "offline_access", "patient/Observation.read",
        "patient/Observation.write", "patient/CarePlan.read"}
    assert set(now["grant_types"]) == {"authorization_code", "refresh_token"}
    assert "Åbo Ab" in card(portal, "Åbo hälsa")
    # and it works, as it was registered
    assert dance(server, got, hetu("010190", "900"),
                 scope="patient/CarePlan.read")["access_token"]


def test_secrets_are_shown_once(server, portal):
    got = portal.create()
    assert len(got["client_secret"]) >= 43
    assert len(got["registration_access_token"]) >= 22
    where = got["registration_client_uri"]
    assert where == server.auth + "/register/" + got["client_id"]
    r = server.http.get(where, timeout=30, headers={
        "Authorization": "Bearer " + got["registration_access_token"]})
    assert r.status_code == 200 and r.json()["client_name"] == "An application"
    for below in ("",) + tuple("/" + got["client_id"] + p for p in PAGES):
        text = portal.page(below).text
        assert got["client_secret"] not in text
        assert got["registration_access_token"] not in text


def test_the_lines_to_copy(server, portal):
    """They name what was registered, and a shell reads them as meant."""
    wicked = "http://127.0.0.1:1300/cb?a='$(id)'&b=1"
    r = portal.send(portal.form(), 200, client_name="Lines",
                    redirect_uris=wicked)
    got = secrets(r)
    one, two = [shlex.split(html.unescape(re.sub(r"<[^>]*>", "", x)))
                for x in re.findall(r"<pre.*?</pre>", r.text, re.DOTALL)]
    assert one[:2] == ["curl", "-si"]
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(one[2]).query))
    assert query["client_id"] == got["client_id"]
    assert query["redirect_uri"] == wicked
    assert one[2].startswith(server.auth + "/authorize?")
    assert two[:3] == ["curl", "-s", server.auth + "/token"]
    assert got["client_id"] + ":" + got["client_secret"] in two
    assert "redirect_uri=" + wicked in two and "code=CODE" in two
    # the first one leads to the login, and its query is accepted afterwards
    b = Browser(server)
    page = b.login(b.get(one[2]), hetu("010190", "900"))
    assert b.consent_form(page)


def test_a_public_application(portal):
    r = portal.send(portal.form(), 200, client_name="Mobile",
                    redirect_uris="com.example.app:/cb", **{METHOD: "none"})
    got = secrets(r)
    assert "client_secret" not in got
    assert "code_challenge=" in r.text and "code_verifier=" in r.text


def test_the_page_of_secrets_is_not_left_by_its_own_links(portal):
    r = portal.send(portal.form(), 200, client_name="x",
                    redirect_uris=CALLBACK)
    assert "?lang=" not in r.text and '<html lang="en">' in r.text
    assert "?lang=" in portal.page("/new").text


def test_an_application_that_signs(server, portal):
    r = portal.send(portal.form(), 200, client_name="Signs",
                    redirect_uris=CALLBACK,
                    **{METHOD: "private_key_jwt", "jwks": json.dumps(JWKS)})
    got = secrets(r)
    assert "client_secret" not in got and "client_assertion=JWT" in r.text
    assert stored(server, got["client_id"])["jwks"] == JWKS
    form = portal.form("/" + got["client_id"] + "/credentials")
    assert json.loads(form["fields"]["jwks"]) == JWKS
    portal.send(form, 303)
    r = portal.send(form, 400, jwks="")
    assert "needs the public keys" in errors(r)["jwks"]


@pytest.mark.parametrize("jwks", ["", "{}", '{"keys": []}',
                                  json.dumps(JWKS["keys"][0])])
def test_keys_that_are_missing_are_asked_for_where_they_belong(portal, jwks):
    r = portal.send(portal.form(), 400, client_name="x",
                    redirect_uris=CALLBACK,
                    **{METHOD: "private_key_jwt", "jwks": jwks})
    got = errors(r)
    assert set(got) == {"jwks"} and "needs the public keys" in got["jwks"]


def test_public_ones_where_they_may_not_be(start):
    p = Portal(start("--set", "public_clients=off"))
    r = p.send(p.form(), 400, client_name="x", redirect_uris=CALLBACK,
               **{METHOD: "none"})
    assert "cannot register themselves" in errors(r)["method"]
    app = p.create()
    # nor become so; but those that are can be changed
    r = p.save(app, "/credentials", 400, **{METHOD: "none"})
    assert "cannot register themselves" in errors(r)["method"]
    for part in ("", "/access", "/credentials"):
        p.save(app, part)
        p.save({"client_id": "demo-mobile"}, part)
    p.save(app, "/credentials", **{METHOD: "client_secret_post"})


LONG = "x" * 2049
REFUSED = [
    ("client_name", "", "Give a name"),
    ("client_name", "   ", "Give a name"),
    ("client_name", LONG, "client_name must be a string"),
    ("client_name", "two\r\nlines", "client_name must be a string"),
    ("client_description", LONG, "at most 2048"),
    ("supplier", LONG, "at most 2048"),
    ("redirect_uris", "", "absolute URIs"),
    ("redirect_uris", "not a uri", "not an absolute URI"),
    ("redirect_uris", "localhost:3000/cb", "begin with http://"),
    ("redirect_uris", "https://a.example/#f", "fragment"),
    ("redirect_uris", "javascript:alert(1)", "not an absolute URI"),
    ("redirect_uris", "\n".join("https://a.example/%d" % i
                                for i in range(21)), "at most 20"),
    ("client_uri", "ftp://a.example", "http or https"),
    ("client_uri", "javascript:alert(1)", "http or https"),
    ("policy_uri", "x", "http or https"),
    ("tos_uri", "//a.example", "http or https"),
    ("logo_uri", "data:image/png;base64,AA", "http or https"),
    ("contacts", "\n".join(["a@b"] * 21), "at most 20"),
    ("jwks", "{", "not JSON"),
    ("jwks", "[]", "must be an object"),
    ("jwks", '{"a":1,"a":2}', "not JSON"),
    (METHOD, "client_secret_jwt", "Unknown authentication method"),
    (METHOD, "", "Choose one of the methods"),
    ("scope", None, "at least one"),
]


def named(server, name):
    """How many applications have that name; others may come meanwhile."""
    told = server.admin("GET", "/clients", None, 200).json()["clients"]
    return sum(c["client_name"] == name for c in told)


@pytest.mark.parametrize("field,value,message", REFUSED)
def test_a_refusal_stands_beside_its_field(server, portal, field, value,
                                           message):
    form = portal.form()
    scopes = [n for n in form["fields"] if n.startswith("scope_")]
    typed = {"client_name": "Refused one", "redirect_uris": CALLBACK,
             "supplier": "Typed Oy", "scope_patient/Consent.read": "x"}
    if value is None:
        del typed["scope_patient/Consent.read"]
    else:
        typed[field] = value
    r = portal.send(form, 400, drop=scopes, **typed)
    got = errors(r)
    beside = "method" if field == METHOD else field
    assert set(got) == {beside} and message in got[beside], got
    assert f'href="#{field}"' in r.text and f'id="{field}"' in r.text
    assert 'role="alert"' in r.text
    assert "<title>Error: Register an application" in r.text
    # what was typed is there again, and can be put right
    again = Form(r.text).having("client_name")
    for name, text in typed.items():
        if name != METHOD:
            assert again["fields"][name].split() == text.split() or \
                name.startswith("scope_"), name
    if value is not None:
        assert "scope_patient/Consent.read" in again["fields"]
        assert "scope_offline_access" not in again["fields"]
    mark = re.findall(r'aria-invalid="true"', r.text)
    assert len(mark) == (0 if field in (METHOD, "scope") else 1)
    assert named(server, typed["client_name"]) == 0
    portal.send(again, 200, **{
        "scope_patient/Consent.read": "x", "client_name": "Right",
        "redirect_uris": CALLBACK, "supplier": "", "client_description": "",
        "client_uri": "", "policy_uri": "", "tos_uri": "", "logo_uri": "",
        "contacts": "", "jwks": "", METHOD: "client_secret_basic"})


def test_a_form_registers_once(server, portal):
    form = portal.form()
    fields = {"client_name": "Pressed twice", "redirect_uris": CALLBACK}
    got = secrets(portal.send(form, 200, **fields))
    count = named(server, fields["client_name"])
    r = portal.send(form, 409, **fields)
    assert got["client_id"] in r.text and "Registered already" in r.text
    assert got["client_secret"] not in r.text
    assert named(server, fields["client_name"]) == count
    for drop, once in ((("once",), {}), ((), {"once": ""}),
                       ((), {"once": "short"})):
        portal.send(form, 400, drop=drop, **fields, **once)
    # a refusal does not use it up
    form = portal.form()
    portal.send(form, 400, client_name="")
    portal.send(form, 200, **fields)


def test_a_tick_decides_about_refresh(server, portal):
    form = portal.form()
    r = portal.send(form, 200, drop=("scope_offline_access",),
                    client_name="No refresh", redirect_uris=CALLBACK)
    now = stored(server, secrets(r)["client_id"])
    assert now["grant_types"] == ["authorization_code"]
    assert "offline_access" not in now["scope"]


# ---- the parts --------------------------------------------------------------

FULL = {"client_name": "Full", "supplier": "Oy", "kind": "citizen",
        "client_uri": "https://f.example/", "software_id": "soft-1",
        "access_token_seconds": 120, "refresh_token_seconds": 777,
        "certificate_serial_number": "1.2.246.10.1.1",
        "default_max_age": 5, "post_logout_redirect_uris":
            ["https://f.example/out"],
        "scope": SCOPE + " registration-token",
        "set": {"code_s": "33"}, "auto_approve": "deny",
        "allow_introspection": True}


def same_but(server, client_id, before, **changed):
    now = stored(server, client_id)
    assert {k for k in set(now) | set(before)
            if now.get(k) != before.get(k)} == set(changed), now
    for member, value in changed.items():
        if isinstance(value, set):
            assert set(now[member].split()) == value
        else:
            assert now.get(member) == value


@pytest.mark.parametrize("part,typed,changed", [
    ("", {"client_name": "Other", "contacts": "c@x.example",
          "redirect_uris": CALLBACK + "\r\nhttps://n.example/cb"},
     {"client_name": "Other", "contacts": ["c@x.example"],
      "redirect_uris": [CALLBACK, "https://n.example/cb"]}),
    ("", {"client_uri": "", "supplier": ""},
     {"client_uri": None, "supplier": None}),
    ("", {}, {}),
    ("/access", {}, {}),
    ("/access", {"scope_patient/CarePlan.read": "x"},
     {"scope": set(SCOPE.split()) | {"registration-token",
                                     "patient/CarePlan.read"}}),
    ("/credentials", {}, {}),
    ("/credentials", {METHOD: "client_secret_post",
                      "jwks": json.dumps(JWKS)},
     {METHOD: "client_secret_post", "jwks": JWKS}),
])
def test_a_part_changes_what_it_shows(server, portal, part, typed, changed):
    app = server.register(**FULL)
    before = stored(server, app["client_id"])
    r = portal.save(app, part, **typed)
    assert r.headers["Location"] == portal.url(
        "/" + app["client_id"] + part + "?saved=1")
    assert "Saved." in Browser(server).get(r.headers["Location"]).text
    same_but(server, app["client_id"], before, **changed)


def test_tokens_and_permissions_stay(server, portal, app, person):
    """The real portal's applications could not be edited (kanta.md 2)."""
    app = server.register(**dict(FULL, auto_approve=False,
                                 certificate_serial_number=None))
    citizen = server.citizen()["hetu"]
    tokens = dance(server, app, citizen)
    for part in ("", "/access", "/credentials"):
        portal.save(app, part)
        form = portal.form("/" + app["client_id"] + part)
        portal.send(form, 303)
    r = server.http.get(server.r4 + "/Patient/" + tokens["sub"], timeout=30,
                        headers={"Authorization":
                                 "Bearer " + tokens["access_token"]})
    assert r.status_code == 200
    server.token(app, 200, grant_type="refresh_token",
                 refresh_token=tokens["refresh_token"])


def test_offline_access_comes_and_goes(server, portal):
    app = portal.create()
    portal.save(app, "/access", drop=("scope_offline_access",))
    now = stored(server, app["client_id"])
    assert now["grant_types"] == ["authorization_code"]
    portal.save(app, "/access", scope_offline_access="x")
    now = stored(server, app["client_id"])
    assert now["grant_types"] == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize("part,field,value", [
    ("", "client_name", ""), ("", "redirect_uris", ""),
    ("", "client_uri", "nothing"), ("/credentials", "jwks", "nothing"),
    ("/credentials", METHOD, "nothing"), ("/access", "scope", None)])
def test_a_refused_change_changes_nothing(server, portal, part, field, value):
    app = portal.create()
    before = stored(server, app["client_id"])
    form = portal.form("/" + app["client_id"] + part)
    scopes = [n for n in form["fields"] if n.startswith("scope_")]
    r = portal.send(form, 400, drop=scopes,
                    **({} if value is None else {field: value}))
    assert set(errors(r)) == {"method" if field == METHOD else field}
    assert stored(server, app["client_id"]) == before
    assert 'aria-current="page"' in r.text


def test_the_tabs(server, portal):
    app = portal.create(client_name="Tabbed")
    labels = {"": "Main", "/access": "Access", "/credentials": "Credentials"}
    for below, label in labels.items():
        r = portal.page("/" + app["client_id"] + below)
        tabs = re.search(r'<nav class="tabs".*?</nav>', r.text, re.DOTALL)[0]
        links = re.findall(r'<a href="([^"]*)"( aria-current="page")?>(.*?)<',
                           tabs)
        assert [x[2] for x in links] == list(labels.values())
        assert [x[2] for x in links if x[1]] == [label]
        assert [x[0] for x in links] == [
            portal.url("/" + app["client_id"] + b) for b in labels]
        assert f"<title>Tabbed: {label}" in r.text


def test_a_professional_one(start):
    """What it is stays; it may not write; it needs no redirect URI where no
    browser comes to it."""
    s = start()
    p = Portal(s)
    app = {"client_id": "demo-professional"}
    before = stored(s, "demo-professional")
    assert "For professionals" in p.page("/demo-professional").text
    for part in ("", "/access", "/credentials"):
        p.save(app, part)
        assert stored(s, "demo-professional") == before, part
    r = p.save(app, "/access", 400,
               **{"scope_patient/Observation.write": "x"})
    assert "read and do not write" in errors(r)["scope"]
    if "authorization_code" not in before["grant_types"]:
        p.save(app, "", redirect_uris="")


def test_what_no_form_offers_stays(server, portal):
    """A method and scopes of the control API's."""
    app = server.register(
        scope="openid patient/*.read registration-token",
        certificate_serial_number="1.2.246.10.1.2",
        set={"openid": "on", "scope_wildcards": "on"},
        **{METHOD: "tls_client_auth"})
    before = stored(server, app["client_id"])
    page = portal.page("/" + app["client_id"] + "/credentials").text
    assert 'value="tls_client_auth" checked' in page
    assert "serialNumber=1.2.246.10.1.2" in page
    form = portal.form("/" + app["client_id"] + "/access")
    assert {"scope_openid", "scope_patient/*.read"} <= set(form["fields"])
    for part in ("", "/access", "/credentials"):
        portal.save(app, part)
        assert stored(server, app["client_id"]) == before
    portal.save(app, "/access", drop=("scope_openid", "scope_patient/*.read"),
                **{"scope_patient/*.write": "x"})
    assert stored(server, app["client_id"])["scope"] == \
        "registration-token patient/*.write"
    # others are not offered them
    form = portal.form()
    assert not {"scope_openid", "scope_patient/*.read"} & form["names"]


# ---- a new secret -----------------------------------------------------------

def new_secret(p, app):
    forms = Form(p.page("/" + app["client_id"] + "/credentials").text).forms
    form = [f for f in forms if f["action"].endswith("/secret")][0]
    return facts(p.send(form, 200))


def test_a_new_secret(server, portal):
    app = portal.create()
    tokens = dance(server, app, hetu("010190", "900"), scope=None)
    new = new_secret(portal, app)
    assert new["client_secret"] != app["client_secret"]
    assert "registration_access_token" not in new
    renew = {"grant_type": "refresh_token",
             "refresh_token": tokens["refresh_token"]}
    assert server.token(app, **renew).status_code == 401
    server.token({**app, **new}, 200, **renew)
    assert new["client_secret"] not in portal.page(
        "/" + app["client_id"] + "/credentials").text


def test_methods_and_their_secrets(server, portal):
    app = portal.create()
    portal.save(app, "/credentials", **{METHOD: "none"})
    page = portal.page("/" + app["client_id"] + "/credentials")
    assert "/secret" not in page.text, "it has none"
    r = portal.save(app, "/credentials", 200,
                    **{METHOD: "client_secret_basic"})
    new = facts(r)["client_secret"]
    assert new != app["client_secret"]
    form = portal.form("/" + app["client_id"] + "/credentials")
    portal.send(form, 303, **{METHOD: "none"})
    r = portal.http.post(portal.url("/" + app["client_id"] + "/secret"),
                         data=form["fields"], timeout=30)
    assert r.status_code == 400 and "has no client_secret" in r.text
    assert 'value="client_secret_basic"' in r.text, "the page it came from"


# ---- who may ----------------------------------------------------------------

def test_who_registered_it_may(owner):
    for below in PAGES:
        owner.page("/" + owner.app["client_id"] + below)
    owner.save(owner.app, client_name="Mine")


def test_looking_needs_no_session(locked):
    """Being sent away stores nothing."""
    p = Portal(locked)
    for below in PAGES:
        assert not p.page("/demo-app" + below, 303).cookies
    assert p.page("/demo-app/unlock").cookies


def test_others_may_not(locked, owner):
    other = Portal(locked)
    own = other.create()
    for below in PAGES:
        r = other.page("/" + owner.app["client_id"] + below, 303)
        assert r.headers["Location"] == other.url(
            "/" + owner.app["client_id"] + "/unlock")
    before = stored(locked, owner.app["client_id"])
    for below in PAGES + ("/secret",):
        form = other.form("/" + own["client_id"] + (
            "" if below == "/secret" else below))
        form["action"] = other.url("/" + owner.app["client_id"] + below)
        r = other.send(form, 403)
        assert "unlock it" in r.text and "<h1" in r.text
    assert stored(locked, owner.app["client_id"]) == before


@pytest.mark.parametrize("what", ["client_secret",
                                  "registration_access_token"])
def test_unlocking(locked, owner, what):
    other = Portal(locked)
    form = other.form("/" + owner.app["client_id"] + "/unlock")
    id_before = other.http.cookies["JSESSIONID"]
    r = other.send(form, 303, secret=owner.app[what])
    assert r.headers["Location"] == other.url("/" + owner.app["client_id"])
    assert other.http.cookies["JSESSIONID"] != id_before
    for below in PAGES:
        other.page("/" + owner.app["client_id"] + below)
    other.save(owner.app, client_name="Unlocked")
    assert stored(locked, owner.app["client_id"])["client_name"] == "Unlocked"
    # that one alone
    foreign = locked.register()
    other.page("/" + foreign["client_id"], 303)


def test_secrets_are_kept_nowhere(locked, owner):
    """Neither those that were shown nor those that were typed."""
    other = Portal(locked)
    other.send(other.form("/" + owner.app["client_id"] + "/unlock"), 303,
               secret=owner.app["client_secret"])
    other.send(other.form("/demo-app/unlock"), 403, secret="canary-in-a-form")
    new = new_secret(owner, owner.app)
    journal = locked.admin("GET", "/requests?limit=1000", status=200).text
    log = locked.log()
    assert "/unlock" in journal and "/unlock" in log
    for canary in (owner.app["client_secret"], new["client_secret"],
                   owner.app["registration_access_token"].split(".")[0],
                   "canary-in-a-form", owner.http.cookies["JSESSIONID"]):
        assert canary not in journal and canary not in log


def test_wrong_secrets_unlock_nothing(locked, owner):
    other = Portal(locked)
    foreign = locked.register()
    public = locked.register(**{METHOD: "none"})
    tries = [(owner.app["client_id"], x) for x in (
        "", "guess", foreign["client_secret"], "x" * 4000,
        owner.app["client_secret"] + "x", owner.app["client_secret"][:-1])]
    tries += [(public["client_id"], ""), ("nobody", "guess"),
              ("demo-mobile", "")]
    said = set()
    for client_id, secret in tries:
        form = other.form("/" + owner.app["client_id"] + "/unlock")
        form["action"] = other.url("/" + client_id + "/unlock")
        r = other.send(form, 403, secret=secret)
        said.add(re.search(r'role="alert"[^>]*>([^<]*)', r.text)[1])
        assert not secret or secret not in r.text
        assert "<title>Error: Unlock an application" in r.text
        if client_id != "nobody":
            other.page("/" + client_id, 303)
    assert len(said) == 1, said
    form = other.form("/" + owner.app["client_id"] + "/unlock")
    other.send(form, 403, drop=("secret",))


def test_a_session_keeps_twenty(locked):
    p = Portal(locked)
    apps = [p.create(client_name="Many %d" % i) for i in range(21)]
    p.page("/" + apps[0]["client_id"], 303)
    for app in apps[1:]:
        p.page("/" + app["client_id"])


def test_it_ends_with_the_session(locked, owner):
    owner.login(owner.get(locked.auth + "/login"), hetu("010190", "900"))
    page = owner.get(locked.auth + "/logout")
    owner.submit(page, Form(page.text).having("_csrf"),
                 Form(page.text).having("_csrf")["fields"])
    owner.page("/" + owner.app["client_id"], 303)


def test_login_keeps_it(locked, owner):
    page = owner.get(locked.auth + "/login")
    owner.login(page, hetu("010190", "900"))
    owner.page("/" + owner.app["client_id"])


def test_this_machine_may(own, portal):
    """Where the control API is open, the portal is too; but not for a page of
    another origin, unless it is open to everybody."""
    app = own.register()
    portal.page("/" + app["client_id"])
    r = portal.page("/" + app["client_id"], 303,
                    headers={"Origin": "https://evil.example"})
    assert r.headers["Location"].endswith("/unlock")
    portal.page("/" + app["client_id"], 303,
                headers={"Sec-Fetch-Site": "cross-site"})
    # unlocking is not asked for again
    r = portal.page("/" + app["client_id"] + "/unlock", 303)
    assert r.headers["Location"] == portal.url("/" + app["client_id"])


def test_open_everywhere(start):
    s = start("--admin-token", "none")
    app = s.register()
    Portal(s).page("/" + app["client_id"], headers={
        "Origin": "https://evil.example"})


# ---- form tokens ------------------------------------------------------------

@pytest.mark.parametrize("csrf", [None, "", "guess", "other"])
@pytest.mark.parametrize("below", ["", "ID", "ID/access", "ID/credentials",
                                   "ID/secret", "ID/delete", "ID/unlock"])
def test_form_tokens(server, portal, below, csrf):
    app = server.register()
    below = below and "/" + below.replace("ID", app["client_id"])
    if csrf == "other":
        csrf = Portal(server).form()["fields"]["_csrf"]
    form = portal.form()
    form["action"] = portal.url(below)
    fields = {"client_name": "CSRF", "redirect_uris": CALLBACK,
              "secret": app["client_secret"]}
    before = stored(server, app["client_id"])
    count = named(server, fields["client_name"])
    r = portal.send(form, 403, drop=("_csrf",),
                    **(fields if csrf is None else dict(fields, _csrf=csrf)))
    assert "does not belong to your session" in html.unescape(r.text)
    assert stored(server, app["client_id"]) == before
    assert named(server, fields["client_name"]) == count
    # without a session there is no token at all
    r = Portal(server).http.post(form["action"], data=form["fields"],
                                 timeout=30)
    assert r.status_code == 403


# ---- deleting ---------------------------------------------------------------

def test_delete(server, portal):
    app = portal.create(client_name="To be deleted")
    tokens = dance(server, app, hetu("010190", "900"), scope=None)
    page = portal.page("/" + app["client_id"])
    assert portal.url("/" + app["client_id"] + "/delete") in page.text
    asked = portal.page("/" + app["client_id"] + "/delete")
    assert "Delete To be deleted?" in asked.text
    portal.page("/" + app["client_id"])  # nothing has happened yet
    r = portal.send(Form(asked.text).having("_csrf"), 303)
    listed = portal.get(r.headers["Location"])
    assert "was deleted" in listed.text
    assert app["client_id"] not in listed.text
    for below in PAGES:
        portal.page("/" + app["client_id"] + below, 404)
    r = server.http.get(server.r4 + "/Patient/" + tokens["sub"], timeout=30,
                        headers={"Authorization":
                                 "Bearer " + tokens["access_token"]})
    assert r.status_code == 401
    r = server.token(app, grant_type="refresh_token",
                     refresh_token=tokens["refresh_token"])
    assert r.status_code == 401
    b = Browser(server)
    r = b.login(b.authorize(request_of(app)), hetu("010190", "900"))
    assert r.status_code == 401 and "Location" not in r.headers


# ---- what every page has ----------------------------------------------------

def all_pages(p):
    app = p.create(client_name="Everywhere")
    yield p.page()
    yield p.page("/new")
    for below in PAGES:
        yield p.page("/" + app["client_id"] + below)
    form = p.form()
    yield p.send(form, 400)
    fields = {"client_name": "x", "redirect_uris": CALLBACK}
    yield p.send(form, 200, **fields)
    yield p.send(form, 409, **fields)
    yield p.page("/nobody", 404)
    yield p.page("/" + app["client_id"] + "/nothing", 404)


def test_headers_and_no_scripts(own, portal):
    pages = list(all_pages(portal))
    assert len(pages) == 11
    for r in pages:
        assert r.headers["Content-Type"] == "text/html;charset=utf-8", r.url
        assert r.headers["X-Frame-Options"] == "DENY"
        assert r.headers["X-Content-Type-Options"] == "nosniff"
        assert r.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in r.headers["Cache-Control"]
        policy = r.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script" not in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"<script|<style|\son\w+=|style=|javascript:",
                             r.text, re.I), r.url
        assert len(re.findall("<h1", r.text)) == 1
        assert "Mock, not Kanta" in r.text
        assert len(set(re.findall(r'\sid="([^"]*)"', r.text))) == \
            len(re.findall(r'\sid="([^"]*)"', r.text)), "ids are unique"


def test_what_refers_to_ids_finds_them(portal):
    for r in all_pages(portal):
        ids = set(re.findall(r'\sid="([^"]*)"', r.text))
        for names in re.findall(r'aria-describedby="([^"]*)"', r.text):
            assert set(names.split()) <= ids, (r.url, names)
        for name in re.findall(r'(?:\sfor="|href="#)([^"]*)"', r.text):
            assert name in ids, (r.url, name)
        for tag in re.findall(r"<(?:input|textarea)[^>]*>", r.text):
            if 'type="hidden"' in tag or "aria-label=" in tag:
                continue
            name = re.search(r'\sid="([^"]*)"', tag)[1]
            assert f'for="{name}"' in r.text, tag


@pytest.mark.parametrize("language,words", [
    ("fi", ["Sovellukset", "Rekisteröi sovellus", "Saa lukea",
            "Mittaukset ja aktiivisuus", "Paluuosoitteet", "Peruuta"]),
    ("sv", ["Applikationer", "Registrera en applikation", "Får läsa",
            "Mätningar och aktivitet", "Returadresser", "Avbryt"]),
    ("en", ["Applications", "Register an application", "May read",
            "Measurements and activity", "Redirect URIs", "Cancel"])])
def test_languages(start, language, words):
    portal = Portal(start("--fixtures", "none"))
    portal.http.headers["Accept-Language"] = language
    text = ""
    for r in all_pages(portal):
        assert r.headers["Content-Language"] == language
        assert f'<html lang="{language}">' in r.text
        text += html.unescape(r.text)
    for word in words:
        assert re.search(word, text), word
    if language != "en":
        plain = re.sub(r'<span[^>]* lang="en">.*?</span>', "", text)
        plain = re.sub(r"<a [^>]*lang=.*?</a>|<code.*?</code>|<pre.*?</pre>"
                       r"|<[^>]*>", " ", plain, flags=re.DOTALL)
        for word in ("Applications", "application", "secret", "citizen",
                     "Save", "Read", "Delete", "required", "permission"):
            assert not re.search(rf"\b{word}\b", plain), word


def test_a_refusal_in_finnish(portal):
    portal.http.headers["Accept-Language"] = "fi"
    r = portal.send(portal.form(), 400, client_name="x",
                    redirect_uris=CALLBACK, client_uri="nothing")
    assert "Anna osoite" in errors(r)["client_uri"]
    assert '<span class="detail" lang="en">client_uri must' in r.text
    assert "Mitään ei tallennettu." in r.text


# ---- hostile input ----------------------------------------------------------

def test_hostile_texts_are_escaped(server, portal):
    uri = "https://a.example/?<x>".replace("<", "%3C").replace(">", "%3E")
    app = portal.create(client_name=HOSTILE, client_description=HOSTILE,
                        supplier=HOSTILE, contacts=HOSTILE,
                        client_uri=uri + "&'a=1")
    escaped = html.escape(HOSTILE).replace("&#x27;", "&#39;")
    for below in ("",) + tuple("/" + app["client_id"] + p for p in PAGES):
        text = portal.page(below).text
        assert "<script" not in text and "<img" not in text
        assert escaped in text, below
    form = portal.form("/" + app["client_id"])
    for name in ("client_name", "client_description", "supplier", "contacts"):
        assert form["fields"][name] == HOSTILE
    portal.save(app, "")
    assert stored(server, app["client_id"])["client_name"] == HOSTILE
    # what is refused comes back escaped too
    r = portal.send(portal.form(), 400, client_name=HOSTILE,
                    redirect_uris=HOSTILE + "</textarea>", jwks=HOSTILE,
                    **{METHOD: HOSTILE})
    assert "<script" not in r.text and "<img" not in r.text
    again = Form(r.text).having("client_name")["fields"]
    assert again["redirect_uris"] == HOSTILE + "</textarea>"
    assert again["jwks"] == HOSTILE


def test_a_dangerous_link_is_none(own, portal):
    """Whatever way it came in."""
    app = own.register(client_name="Odd", client_uri="https://ok.example/")
    part = card(portal, "Odd")
    assert 'href="https://ok.example/"' in part
    portal.save(app, "", 400, client_uri="javascript:alert(1)")
    assert "javascript:" not in portal.page().text


@pytest.mark.parametrize("body", [
    b"client_name=a%00b", b"client_name=%ff", b"client_name=%zz", b"%",
    b"&".join(b"f%d=x" % i for i in range(51)), b"=" * 100, b"\x00\xff",
    b"client_name=" + b"x" * 60000, b"redirect_uris=" + b"%0a" * 20000,
    b"jwks=" + b"[" * 20000, b"jwks=" + b"%7b%22a%22%3a" * 3000,
    b"redirect_uris=" + b"a:b%0a" * 10000,
    b"client_description=" + b"a+" * 30000,
    b"contacts=" + b"x%0d%0a" * 8000,
    b"jwks=%22" + b"x" * 20000 + b"%22"])
@pytest.mark.parametrize("below", ["", "/ID", "/ID/access",
                                   "/ID/credentials", "/ID/unlock",
                                   "/ID/secret"])
def test_bad_input_is_refused(server, portal, app, below, body):
    below = below.replace("ID", app["client_id"])
    head = ""
    if body.count(b"&") < 50:
        form = portal.form()
        keep = ("_csrf", "once", METHOD, "scope_offline_access")
        head = urllib.parse.urlencode(
            {k: form["fields"][k] for k in keep}) + "&"
    r = portal.http.post(
        portal.url(below), data=head.encode() + body, timeout=30,
        allow_redirects=False,
        headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert 200 <= r.status_code < 500, r.text
    assert r.status_code != 200 or below == "/" + app["client_id"] + \
        "/secret", r.text
    assert server.http.get(server.admin_url + "/health",
                           timeout=30).status_code == 200


def test_too_large_a_form(server, portal):
    r = portal.http.post(portal.url(), data=b"a=" + b"x" * 70000, timeout=30)
    assert r.status_code == 413


@pytest.mark.parametrize("name", ["nobody", "%2e%2e", "a%20b", "%3Cx%3E",
                                  "x" * 1000, "%27--", "new2"])
def test_unknown_ones(portal, name):
    for below in PAGES + ("/unlock",):
        r = portal.page("/" + name + below, 404)
        assert "There is no such application" in r.text or "<h1" in r.text
        assert f'<a href="{APPS}">' in r.text, "a way out"


def test_methods_that_are_not_there(server):
    r = server.request("PUT", APPS)
    assert r.status_code == 405 and "POST" in r.headers["Allow"]
    r = server.request("GET", APPS + "/x/secret")
    assert r.status_code == 405
