# SPDX-License-Identifier: Apache-2.0
"""The pages of the authorization server in Finnish, Swedish and English: which
language it is, that nothing of another is left over, and that what people and
scripts rely on is the same in all. Also the page of the terms of use, which
stands between the first login and the first consent."""
import html
import html.parser
import pathlib
import re

import pytest

from support import Browser, CALLBACK, Form, SCOPE, back, hetu, request_of

LANGUAGES = ["en", "fi", "sv"]
ERRORS = {"en": "Error: ", "fi": "Virhe: ", "sv": "Fel: "}
TITLES = {"en": "Log in", "fi": "Kirjaudu sisään", "sv": "Logga in"}
CHILD = "310712A903V"


def title(page):
    return html.unescape(re.search("<title>([^<]*)</title>", page.text)[1])


def language(page):
    """What the page says it is, in all places alike."""
    found = re.search(r'<html lang="(..)">', page.text)[1]
    assert page.headers["Content-Language"] == found
    return found


def speaks(page, lang):
    assert page.status_code == 200, page.text
    assert language(page) == lang, page.text
    assert title(page).startswith(TITLES[lang] + " ")


# ---- which language ---------------------------------------------------------

@pytest.mark.parametrize("header,lang", [
    (None, "en"), ("", "en"), ("fi", "fi"), ("fi-FI", "fi"), ("SV-fi", "sv"),
    ("sv-SE,sv;q=0.9,en;q=0.5", "sv"), ("de,fr;q=0.8", "en"),
    ("de, fi;q=0.2, en;q=0.1", "fi"), ("en;q=0.3,fi;q=0.4", "fi"),
    ("fi;q=0,sv", "sv"), ("fin", "en"), ("*", "en"), ("x" * 4000, "en"),
    (",;=q", "en")])
def test_accept_language(server, header, lang):
    b = Browser(server)
    if header is not None:
        b.http.headers["Accept-Language"] = header
    speaks(b.get(server.auth + "/login"), lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_switch_is_remembered(server, lang):
    b = Browser(server)
    b.http.headers["Accept-Language"] = "fi" if lang == "sv" else "sv"
    page = b.get(server.auth + "/login?lang=" + lang)
    speaks(page, lang)
    cookie = [c for c in page.headers["Set-Cookie"].split(", ")
              if c.startswith("lang=")]
    assert cookie and "HttpOnly" in page.headers["Set-Cookie"]
    speaks(b.get(server.auth + "/login"), lang)
    speaks(b.get(server.auth + "/login?ui_locales=en"), lang)


@pytest.mark.parametrize("wrong", ["de", "", "xx\r\nSet-Cookie: a=b", "f"])
def test_no_such_language(server, wrong):
    b = Browser(server)
    b.http.headers["Accept-Language"] = "sv"
    page = b.http.get(server.auth + "/login", params={"lang": wrong},
                      timeout=30)
    speaks(page, "sv")
    assert "lang=" not in page.headers.get("Set-Cookie", "")


@pytest.mark.parametrize("wanted,lang", [
    ("fi", "fi"), ("sv-FI en", "sv"), ("de fi", "fi"), ("de", "en")])
def test_the_application_asks_for_a_language(server, app, wanted, lang):
    """ui_locales holds from the login to the consent page."""
    b = Browser(server)
    query = request_of(app, ui_locales=wanted)
    page = b.authorize(query)
    speaks(page, lang)
    page = b.login(page, "nobody")
    assert language(page) == lang
    assert title(page).startswith(ERRORS[lang] + TITLES[lang])
    page = b.login(page, server.citizen()["hetu"])
    assert b.consent_form(page) and language(page) == lang


def test_links_to_the_other_languages(server, app):
    b = Browser(server)
    page = b.login(b.authorize(request_of(app, state="a&b=c")),
                   server.citizen()["hetu"])
    assert b.consent_form(page)
    for lang in LANGUAGES:
        links = dict(re.findall(r'<a href="([^"]*)" hreflang="(..)"',
                                page.text))
        links = {code: html.unescape(url) for url, code in links.items()}
        if lang in links:
            page = b.get(page.url.split("?")[0] + links[lang])
        assert language(page) == lang
        assert set(LANGUAGES) - {lang} == set(re.findall(
            r'hreflang="(..)"', page.text))
    assert back(b.deny(page))["state"] == "a&b=c"


# ---- every page in every language -------------------------------------------

class Text(html.parser.HTMLParser):
    """What a person reads or hears of a page."""

    def __init__(self, text):
        super().__init__()
        self.parts, self.skip = [], 0
        self.feed(text)

    def handle_starttag(self, tag, pairs):
        a = dict(pairs)
        self.skip += tag == "style"
        self.parts += [a[n] for n in ("aria-label", "title", "alt") if n in a]

    def handle_endtag(self, tag):
        self.skip -= tag == "style"

    def handle_data(self, data):
        if not self.skip and data.strip():
            self.parts.append(" ".join(data.split()))


def walk(server, lang):
    """Every page of the way, by name."""
    b = Browser(server)
    b.http.headers["Accept-Language"] = lang
    app = server.http.post(server.auth + "/register", timeout=30, json={
        "client_name": "ZZZ", "redirect_uris": [CALLBACK], "scope": SCOPE,
        "client_uri": "https://z.example/", "policy_uri":
        "https://z.example/p", "tos_uri": "https://z.example/t",
        "contacts": ["z@z.example"], "supplier": "ZZ",
        "client_description": "ZZZZ"}).json()
    citizen = server.citizen(behaviours=["no-terms-accepted"])["hetu"]
    out = {"login": b.authorize(request_of(app))}
    for name, code in REFUSED.items():
        out["login: " + name] = b.login(out["login"], code)
    out["terms"] = b.login(out["login"], citizen)
    out["consent"] = b.accept_terms(out["terms"])
    out["logged in"] = b.get(server.auth + "/login")
    out["log out"] = b.get(server.auth + "/logout")
    for name, change in BROKEN.items():
        out["refused: " + name] = b.authorize(request_of(app, **change))
    out["refused: form token"] = b.approve(out["consent"], _csrf="x")
    out["refused: method"] = b.http.delete(server.auth + "/login", timeout=30)
    out["refused: text"] = b.authorize("state=%ff")
    out["refused: size"] = b.http.post(
        server.auth + "/authorize", timeout=30, data={
            "client_id": app["client_id"], "state": "x" * 70000})
    b.approve(out["consent"])
    out["refused: twice"] = b.approve(out["consent"])
    form = Form(out["log out"].text).having("_csrf")
    out["logged out"] = b.submit(out["log out"], form, form["fields"])
    for name, page in out.items():
        assert page.headers["Content-Type"].startswith("text/html"), name
        assert language(page) == lang, name
    return out


REFUSED = {"none": "", "length": "x", "digits": "x" * 11,
           "sign": "010190*900P", "day": hetu("320190", "900"),
           "character": "010190-900R", "number": hetu("010190", "001"),
           "real": hetu("010190", "123"), "child": CHILD,
           "unborn": hetu("010199", "903", "A")}
BROKEN = {"no client": {"client_id": None}, "client": {"client_id": "x"},
          "address": {"redirect_uri": "https://evil.example"}}


@pytest.fixture(scope="module")
def pages(own_either):
    """Each behaviour has its own words."""
    return {lang: walk(own_either, lang) for lang in LANGUAGES}


# The same in every language: names, codes, what the application said.
ANYWHERE = re.compile(
    r"mock-kanta-phr|English|Suomi|Svenska|ZZ+|\d{6}[-A]\d{3}\w|https?://\S*|"
    r"z@z\.example|offline_access|patient/\w+\.\w+|invalid_\w+|\b\d+\b|"
    r"method_not_allowed|client_id|redirect_uri|DELETE|Status|[\W_]")


def read_of(page):
    return {p for p in Text(page.text).parts if ANYWHERE.sub("", p)}


@pytest.mark.parametrize("one,other", [("en", "fi"), ("en", "sv"),
                                       ("fi", "sv")])
def test_nothing_of_another_language_is_left(pages, one, other):
    for name, page in pages[one].items():
        both = read_of(page) & read_of(pages[other][name])
        assert not both, (name, both)
        assert len(read_of(page)) > 5, name


# Words that only English has, in what is not an application's or a code.
ENGLISH = re.compile(
    r"\b(the|and|you|your|this|that|with|of|is|are|not|application|page|"
    r"request|code|years|log|citizen|allow)\b", re.I)


@pytest.mark.parametrize("lang", ["fi", "sv"])
def test_no_english_words(pages, lang):
    for name, page in pages[lang].items():
        for part in read_of(page):
            assert not ENGLISH.search(ANYWHERE.sub(" ", part)), (name, part)


@pytest.mark.parametrize("lang", ["fi", "sv"])
def test_forms_are_the_same(pages, lang):
    for name, page in pages[lang].items():
        forms = Form(page.text).forms
        same = Form(pages["en"][name].text).forms
        assert [(f["method"], f["names"] - {"_csrf"}, set(f["buttons"]))
                for f in forms] == [
            (f["method"], f["names"] - {"_csrf"}, set(f["buttons"]))
            for f in same], name


@pytest.mark.parametrize("lang,numbers", [
    ("en", "13 years old; the service is for those who have turned 16."),
    ("fi", "13-vuotias. Palvelua voivat käyttää 16 vuotta täyttäneet."),
    ("sv", "13 år. Tjänsten är till för dem som har fyllt 16 år.")])
def test_texts_with_numbers(pages, lang, numbers):
    assert numbers in html.unescape(pages[lang]["login: child"].text)


@pytest.mark.parametrize("lang,text", [
    ("en", "Read your measurements and activity"),
    ("fi", "Lukea mittauksesi ja aktiivisuustietosi"),
    ("sv", "Läsa dina mätningar och din aktivitet")])
def test_scopes_in_words(pages, lang, text):
    assert text in pages[lang]["consent"].text


def test_every_page_was_looked_at(pages):
    assert len(pages["en"]) == 24
    assert {frozenset(p) for p in pages.values()} == {frozenset(pages["en"])}


# ---- an application that registered itself ----------------------------------

def test_use_count(server, app):
    b = Browser(server)
    mine = server.http.post(server.auth + "/register", timeout=30, json={
        "client_name": "Z", "redirect_uris": [CALLBACK],
        "scope": SCOPE}).json()
    said = []
    for _ in range(4):
        b = Browser(server)
        page = b.login(b.authorize(request_of(mine)),
                       server.citizen()["hetu"])
        said.append(re.search(r"registered itself[^<]*", page.text)[0])
        back(b.approve(page))
        back(b.authorize(request_of(mine)))  # the same citizen counts once
    assert "nobody has allowed it anything yet" in said[0]
    assert "One citizen has" in said[1]
    assert "2 citizens have" in said[2] and "3 citizens have" in said[3]
    b = Browser(server)
    page = b.login(b.authorize(request_of(app)), server.citizen()["hetu"])
    assert b.consent_form(page) and "registered itself" not in page.text


# ---- terms of use -----------------------------------------------------------

@pytest.fixture(scope="module", params=["kanta", "strict"])
def demanding(start_shared, request):
    return start_shared("--oauth", request.param, "--set", "terms=on")


def is_terms(page):
    return page.status_code == 200 and \
        Form(page.text).having("decline") is not None


@pytest.fixture
def visit(demanding):
    """A browser that stands before the terms, and its application."""
    b = Browser(demanding)
    b.app, b.code = demanding.register(), demanding.citizen()["hetu"]
    b.page = b.login(b.authorize(request_of(b.app)), b.code)
    assert is_terms(b.page)
    return b


def test_terms_are_accepted_once(visit):
    page = visit.accept_terms(visit.page)
    assert back(visit.approve(page, remember="none"))["code"]
    visit.app = visit.server.register()
    assert visit.consent_form(visit.authorize(request_of(visit.app)))
    later = Browser(visit.server)
    page = later.login(later.authorize(request_of(visit.app)), visit.code)
    assert later.consent_form(page)


def test_terms_are_declined(visit):
    r = visit.accept_terms(visit.page, "decline")
    assert r.status_code == 303
    got = back(r)
    assert got["error"] == "access_denied" and got["state"] == "st4te"
    assert is_terms(visit.authorize(request_of(visit.app)))


@pytest.mark.parametrize("csrf", [None, "", "x"])
def test_terms_need_their_form_token(visit, csrf):
    form = Form(visit.page.text).having("accept")
    fields = dict(form["fields"], accept="1", _csrf=csrf)
    r = visit.submit(visit.page, form, {k: v for k, v in fields.items()
                                        if v is not None})
    assert r.status_code == 403 and "Location" not in r.headers
    assert is_terms(visit.authorize(request_of(visit.app)))


def test_neither_button(visit):
    form = Form(visit.page.text).having("accept")
    assert is_terms(visit.submit(visit.page, form, form["fields"]))


def test_terms_lead_nowhere_else(visit):
    """The address of the form is not the one that was asked for."""
    form = Form(visit.page.text).having("accept")
    url = visit.server.auth + "/terms?client_id=%s&redirect_uri=%s" % (
        visit.app["client_id"], "https://evil.example/")
    r = visit.http.post(url, data=dict(form["fields"], decline="1"),
                        timeout=30, allow_redirects=False)
    assert r.status_code == 400 and "Location" not in r.headers
    r = visit.http.post(url, data=dict(form["fields"], accept="1"),
                        timeout=30, allow_redirects=False)
    assert r.headers["Location"].startswith(
        visit.server.auth + "/authorize?client_id=")


def test_silent_before_the_terms(visit):
    got = back(visit.authorize(request_of(visit.app, prompt="none")))
    assert got["error"] == "interaction_required"


def test_login_counts_beyond_the_terms(demanding):
    """prompt=login asks for one login, not for one before each page."""
    b, app = Browser(demanding), demanding.register()
    query = request_of(app, prompt="login")
    page = b.login(b.authorize(query), demanding.citizen()["hetu"])
    assert b.consent_form(b.accept_terms(page))
    assert Form(b.authorize(query).text).having("username")


def test_terms_page_may_end_at_the_application(visit):
    assert "form-action 'self' http://127.0.0.1:1300;" in \
        visit.page.headers["Content-Security-Policy"]


def test_no_terms_in_the_sandbox(server, app):
    b = Browser(server)
    page = b.login(b.authorize(request_of(app)), server.citizen()["hetu"])
    assert b.consent_form(page)
    b = Browser(server)
    code = server.citizen(behaviours=["no-terms-accepted"])["hetu"]
    assert is_terms(b.login(b.authorize(request_of(app)), code))


# ---- words that are there and words that are said ---------------------------

def test_entries_have_all_languages():
    root = pathlib.Path(__file__).resolve().parents[2] / "server"
    files = [root / "site/site.words", root / "oauth/oauth.words"]
    for f in files:
        lines = [line for line in f.read_text("utf-8").split("\n")
                 if line and not line.startswith("#")]
        assert len(lines) > 60 and len(lines) % 3 == 0
        assert [line[:3] for line in lines] == \
            ["en ", "fi ", "sv "] * (len(lines) // 3)
