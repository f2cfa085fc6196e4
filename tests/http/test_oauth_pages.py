# SPDX-License-Identifier: Apache-2.0
"""The pages of the authorization server as a person meets them: logging out,
prompt and max_age, what is remembered, auto-approval, hostile names, and what
every page has and has not."""
import html
import re
import urllib.parse

import pytest

from support import (Browser, CALLBACK, Form, SCOPE, SCOPES, back, hetu,
                     request_of)
from vendor import READ, WRITE

ADULT, OLDER, CHILD = "240306A902J", "150785-901A", "310712A903V"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def fresh(server):
    """An application that nobody has approved yet."""
    return server.register(client_name="Fresh application")


class Visit(Browser):
    """One citizen's browser at one application."""

    def __init__(self, server, app, code):
        super().__init__(server)
        self.app, self.code = app, code

    def ask(self, **more):
        """The very answer to an authorization request."""
        return self.http.get(self.authorize_url(request_of(self.app, **more)),
                             allow_redirects=False, timeout=30)

    def page(self, **more):
        return self.authorize(request_of(self.app, **more))

    def enter(self, **more):
        """Logs in for the request; it must end before the consent page."""
        page = self.login(self.page(**more), self.code)
        assert self.consent_form(page)
        return page

    def remember(self, choice, **more):
        return back(self.approve(self.page(**more), remember=choice))["code"]


@pytest.fixture
def visit(server, fresh, citizen):
    """Logged in, nothing approved."""
    v = Visit(server, fresh, citizen)
    v.enter()
    return v


def at_login(r):
    """Sent to the login page, which is ours."""
    return r.status_code == 302 and \
        urllib.parse.urlsplit(r.headers["Location"]).path.endswith("/login")


def asks(r):
    """Is it the page that asks the citizen?"""
    return r.status_code == 200 and \
        Form(r.text).having("user_oauth_approval") is not None


def alert(r):
    found = re.search(r'role="alert"[^>]*>([^<]*)', r.text)
    assert found, r.text
    return html.unescape(found[1])


def scope_of(server, app, code):
    return server.token(app, 200, grant_type="authorization_code", code=code,
                        redirect_uri=CALLBACK).json()["scope"]


# ---- logging out ------------------------------------------------------------

def test_logout(server, visit):
    visit.remember("until-revoked")
    asked = visit.get(server.auth + "/logout")
    assert asked.status_code == 200 and visit.code in asked.text
    cookie = visit.http.cookies["JSESSIONID"]
    done = visit.submit(asked, Form(asked.text).having("_csrf"),
                        Form(asked.text).having("_csrf")["fields"])
    assert done.status_code == 200 and visit.code not in done.text
    assert "JSESSIONID=;" in done.headers["Set-Cookie"]
    assert "Max-Age=0" in done.headers["Set-Cookie"]
    assert not visit.http.cookies
    # the session is gone, not just the cookie
    visit.http.cookies.set("JSESSIONID", cookie)
    assert at_login(visit.ask())
    # what was allowed stays allowed
    page = visit.login(visit.page(), visit.code)
    assert back(page)["code"]


@pytest.mark.parametrize("csrf", [None, "", "guess"])
def test_logout_needs_its_form_token(server, visit, csrf):
    r = visit.http.post(server.auth + "/logout", timeout=30,
                        data={} if csrf is None else {"_csrf": csrf})
    assert r.status_code == 403
    assert asks(visit.ask()), "still logged in"


def test_logout_of_nobody(server):
    r = Browser(server).get(server.auth + "/logout")
    assert r.status_code == 200
    assert "logged out" in r.text and not Form(r.text).forms


def test_not_you(server, visit):
    """The consent page leads to the logout page."""
    assert 'href="/phr-authserver-sandbox/logout"' in visit.page().text


# ---- prompt -----------------------------------------------------------------

def error_of(r, state="st4te"):
    got = back(r)
    assert got["state"] == state and "code" not in got
    return got["error"]


@pytest.mark.parametrize("prompt", ["none", "none login", "none consent",
                                    "consent none login"])
def test_none_without_session(server, fresh, prompt):
    r = Visit(server, fresh, None).ask(prompt=prompt)
    assert error_of(r) == "login_required"


@pytest.mark.parametrize("wrong", [{"redirect_uri": "https://evil.example"},
                                   {"client_id": "nobody"}])
@pytest.mark.parametrize("session", [False, True])
def test_none_never_redirects_elsewhere(server, fresh, visit, session, wrong):
    v = visit if session else Visit(server, fresh, None)
    r = v.ask(prompt="none", **wrong)
    assert r.status_code in (400, 401)
    assert "Location" not in r.headers


def test_none_with_session(visit):
    assert error_of(visit.ask(prompt="none")) == "interaction_required"
    assert error_of(visit.ask(prompt="none login")) == "login_required"
    assert error_of(visit.ask(prompt="none", scope="fish")) == "invalid_scope"
    visit.remember("until-revoked", scope=READ)
    assert back(visit.ask(prompt="none", scope=READ))["code"]
    assert error_of(visit.ask(prompt="none")) == "interaction_required"
    assert error_of(visit.ask(prompt="none consent", scope=READ)) == \
        "interaction_required"


@pytest.mark.parametrize("prompt", ["login", "login consent",
                                    "consent  login"])
def test_login_again(visit, prompt):
    visit.remember("until-revoked")
    for _ in range(2):  # a login is good for one request
        assert at_login(visit.ask(prompt=prompt))
        page = visit.login(visit.page(prompt=prompt), visit.code)
        if "consent" in prompt:
            assert asks(page)
        else:
            assert back(page)["code"]
    assert back(visit.ask())["code"], "the session itself stayed"


def test_login_for_another_request_does_not_count(visit):
    visit.enter(prompt="login", state="one")
    assert at_login(visit.ask(prompt="login", state="two"))


def test_login_as_somebody_else(server, visit):
    visit.remember("until-revoked")
    page = visit.login(visit.page(prompt="login"), server.citizen()["hetu"])
    assert asks(page), "what one citizen approved, another did not"


def chosen(page):
    return Form(page.text).having("remember")["fields"]["remember"]


def test_consent_again(visit):
    assert chosen(visit.page()) == "until-revoked"
    visit.remember("until-revoked")
    page = visit.page(prompt="consent")
    assert asks(page)
    assert chosen(page) == "none"
    assert back(visit.approve(page))["code"]
    assert back(visit.ask())["code"], "the first approval still stands"


@pytest.mark.parametrize("prompt", ["", "select_account", "NONE", "logins"])
def test_other_prompts_say_nothing(visit, prompt):
    assert asks(visit.ask(prompt=prompt))


# ---- max_age and login_hint -------------------------------------------------

def test_max_age(own, fresh, citizen):
    v = Visit(own, fresh, citizen)
    v.enter()
    own.advance("PT5M")
    assert at_login(v.ask(max_age="299"))
    assert asks(v.ask(max_age="300"))
    assert error_of(v.ask(max_age="299", prompt="none")) == "login_required"
    v.enter(max_age="299")
    assert asks(v.ask(max_age="299"))
    own.advance("PT1S")
    assert at_login(v.ask(max_age="0"))
    v.enter(max_age="0")


@pytest.mark.parametrize("value", ["", "-1", "1e3", "x", "9" * 30, "0x10"])
def test_max_age_that_is_no_number(own, visit, value):
    own.advance("PT1M")
    assert asks(visit.ask(max_age=value))


@pytest.mark.parametrize("hint", [OLDER, "nobody", '"><script>alert(1)',
                                  "a'b&amp;c"])
def test_hint_is_filled_in(server, fresh, hint):
    page = Visit(server, fresh, None).page(login_hint=hint)
    form = Form(page.text).having("username")
    assert form["fields"]["username"] == hint
    assert "<script" not in page.text


def test_hint_does_not_log_in(visit):
    """Who is logged in stays so, whoever the application expects."""
    page = visit.page(login_hint=OLDER)
    assert asks(page) and visit.code in page.text


# ---- the decision -----------------------------------------------------------

def test_nothing_ticked_is_a_refusal(visit):
    r = visit.approve(visit.page(), only=[], remember="until-revoked")
    assert back(r) == {"error": "access_denied", "state": "st4te",
                       "error_description": "User denied access"}
    assert asks(visit.ask()), "and nothing is remembered"


def test_deny_wins(visit):
    page = visit.page()
    assert error_of(visit.approve(page, deny="Deny")) == "access_denied"


@pytest.mark.parametrize("approval", ["false", "", "TRUE", "1"])
def test_only_true_approves(visit, approval):
    r = visit.approve(visit.page(), user_oauth_approval=approval)
    assert error_of(r) == "access_denied"


@pytest.mark.parametrize("first", ["approve", "deny"])
def test_form_sent_twice(visit, first):
    page = visit.page()
    back(getattr(visit, first)(page))
    r = visit.approve(page)
    assert r.status_code == 400 and "Location" not in r.headers
    assert alert(r) == "Cannot approve uninitialized authorization request."


def test_two_pages_at_once(server, visit):
    """Each form carries its own request."""
    one, two = visit.page(scope=READ, state="1"), visit.page(state="2")
    got = back(visit.approve(two, remember="none"))
    assert got["state"] == "2"
    got = back(visit.approve(one, remember="none"))
    assert got["state"] == "1"
    assert scope_of(server, visit.app, got["code"]) == READ


# ---- what is remembered -----------------------------------------------------

def test_remembered_for_less_not_for_more(server, visit):
    visit.remember("until-revoked", scope=f"{READ} {WRITE}")
    for scope in (READ, WRITE, f"{WRITE} {READ}"):
        code = back(visit.ask(scope=scope))["code"]
        assert scope_of(server, visit.app, code) == scope
    assert asks(visit.ask(scope=f"{READ} {WRITE} patient/Patient.read"))
    assert asks(visit.ask(scope=None))


def test_only_what_was_ticked_is_remembered(visit):
    back(visit.approve(visit.page(), only=[READ], remember="until-revoked"))
    assert back(visit.ask(scope=READ))["code"]
    assert asks(visit.ask(scope=WRITE)) and asks(visit.ask())


def test_one_hour(own, fresh, citizen):
    v = Visit(own, fresh, citizen)
    v.enter()
    v.remember("one-hour")
    for _ in range(2):
        own.advance("PT29M59S")
        v.login(v.page(prompt="login"), v.code)  # the session is shorter
    assert back(v.ask())["code"]
    own.advance("PT2S")
    assert asks(v.ask())


@pytest.mark.parametrize("choice", ["none", "", "for-ever"])
def test_not_remembered(visit, choice):
    visit.remember(choice)
    assert asks(visit.ask())


def test_withdrawn_is_forgotten(server, visit):
    visit.remember("until-revoked")
    assert back(visit.ask())["code"]
    server.admin("POST", "/permissions/withdraw", {
        "client_id": visit.app["client_id"], "hetu": visit.code})
    assert asks(visit.ask())


def test_remembered_for_that_application(server, visit):
    visit.remember("until-revoked")
    visit.app = server.register(client_name="Another application")
    assert asks(visit.ask())


# ---- --auto-approve ---------------------------------------------------------

@pytest.fixture(scope="module", params=["", "=" + OLDER])
def auto(start_shared, request):
    """A server that shows no pages, an application, and whom it takes."""
    s = start_shared("--auto-approve" + request.param)
    return s, s.register(), request.param[1:] or "010190-900P"


def patient_of(server, code):
    r = server.admin("GET", "/citizens/" + code, status=200)
    return r.json()["patient_id"]


def test_auto_approve(auto):
    server, app, who = auto
    r = Visit(server, app, None).ask()
    assert r.status_code == 303 and "Set-Cookie" not in r.headers
    tokens = server.token(app, 200, grant_type="authorization_code",
                          code=back(r)["code"], redirect_uri=CALLBACK).json()
    assert tokens["sub"] == patient_of(server, who)
    assert set(tokens["scope"].split()) == set(SCOPES)


def test_auto_approve_takes_the_hint(auto):
    server, app, _ = auto
    for code in (ADULT, hetu("150561", "954")):  # known, and not yet
        got = back(Visit(server, app, None).ask(login_hint=code))
        tokens = server.token(app, 200, grant_type="authorization_code",
                              code=got["code"], redirect_uri=CALLBACK).json()
        assert tokens["sub"] == patient_of(server, code)


@pytest.mark.parametrize("hint", [CHILD, "010190-900R", "nobody",
                                  hetu("010190", "123")])
def test_auto_approve_of_whom_may_not(auto, hint):
    server, app, _ = auto
    got = back(Visit(server, app, None).ask(login_hint=hint))
    assert got["error"] == "access_denied" and got["state"] == "st4te"
    assert got["error_description"] and "code" not in got


def test_auto_approve_refuses_as_always(auto):
    server, app, _ = auto
    v = Visit(server, app, None)
    assert error_of(v.ask(scope="fish")) == "invalid_scope"
    assert error_of(v.ask(response_type="x")) == "unsupported_response_type"
    for wrong in ({"redirect_uri": "https://evil.example"},
                  {"client_id": "nobody"}):
        assert "Location" not in v.ask(**wrong).headers


def test_auto_approve_in_an_empty_server(start):
    server = start("--auto-approve", "--fixtures", "none")
    app = server.register()
    assert back(Visit(server, app, None).ask())["code"]
    page = Browser(server).get(server.auth + "/login")
    assert Form(page.text).having("username")


# ---- what the token endpoint reads ------------------------------------------

@pytest.mark.parametrize("kind", [
    None, "application/json", "text/plain", "multipart/form-data; boundary=x",
    FORM + "x", "x" + FORM, "application/x-www-form", "*/*", ";"])
def test_other_content_types(server, app, kind):
    r = server.http.post(
        server.auth + "/token", data=b"grant_type=fish", timeout=30,
        headers={"Content-Type": kind},
        auth=(app["client_id"], app["client_secret"]))
    assert r.status_code == 400
    assert r.json() == {
        "error": "invalid_request", "error_description":
        "The body must be application/x-www-form-urlencoded"}


@pytest.mark.parametrize("kind", [FORM, FORM.upper(), FORM + ";charset=UTF-8",
                                  FORM + " ; charset=utf-8"])
def test_the_content_type_of_forms(server, app, kind):
    r = server.http.post(
        server.auth + "/token", data=b"grant_type=fish", timeout=30,
        headers={"Content-Type": kind},
        auth=(app["client_id"], app["client_secret"]))
    assert r.json()["error"] == "unsupported_grant_type"


# ---- every page -------------------------------------------------------------

MARKUP = ['<b>bold</b>', '<script>alert(1)</script>', '"><img src=x onerror=1>',
          "' onfocus='alert(1)", "{{csrf}}{{#scopes}}x{{/scopes}}",
          "</title></main>", "&lt;&#x3c;", "\u202egnp.\u2028", "x" * 300]
LINK = "https://h/?a='&lt;&b=%22"


def register(server, **metadata):
    """As anybody may register an application."""
    return server.http.post(server.auth + "/register", timeout=30, json=dict(
        {"redirect_uris": [CALLBACK], "scope": SCOPE}, **metadata))


@pytest.fixture(scope="module")
def hostile(server):
    """Applications whose every text is markup."""
    links = dict.fromkeys(("client_uri", "policy_uri", "tos_uri"), LINK)
    return [register(server, client_name=m, contacts=[m, "b"], **links).json()
            for m in MARKUP]


@pytest.mark.parametrize("member", ["client_uri", "policy_uri", "tos_uri"])
@pytest.mark.parametrize("link", ["javascript:alert(1)", "JavaScript:alert(1)",
                                  "data:text/html,x", "//evil.example", "x",
                                  'https://h/"><i>', "https://h/a b"])
def test_links_are_addresses(server, member, link):
    r = register(server, **{member: link})
    assert r.status_code == 400, r.text
    assert r.json()["error"] == "invalid_client_metadata"


class Tags(Form):
    """Also the elements of a page, and its text as it is read."""

    def __init__(self, text):
        self.tags, self.attributes, self.read = set(), [], ""
        super().__init__(text)

    def handle_starttag(self, tag, pairs):
        self.tags.add(tag)
        self.attributes += pairs
        super().handle_starttag(tag, pairs)

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.read += data


ELEMENTS = {
    "nav", "ul", "li", "html", "head", "meta", "title", "link", "body", "a", "header", "strong",
    "span", "main", "footer", "p", "h1", "h2", "form", "input", "label",
    "button", "dl", "dt", "dd", "fieldset", "legend", "div"}


def harmless(page):
    """Nothing but our own elements, nothing that runs, and no address that is
    no address."""
    t = Tags(page.text)
    assert t.tags <= ELEMENTS, t.tags - ELEMENTS
    for name, value in t.attributes:
        assert not name.startswith("on") and name != "style", (name, value)
        if name in ("href", "action", "src"):
            assert re.match(r"https?://|/phr-authserver-sandbox/|#|\?", value)
    assert "{{" not in page.text or "{{csrf}}" in t.read
    return t


@pytest.mark.parametrize("i", range(len(MARKUP)))
def test_hostile_names(server, hostile, citizen, i):
    v = Visit(server, hostile[i], citizen)
    page = v.page()
    assert MARKUP[i] in harmless(page).read
    page = v.login(page, v.code)
    t = harmless(page)
    assert t.read.count(MARKUP[i]) == 3  # twice the name, once a contact
    assert t.attributes.count(("href", LINK)) == 3
    assert {"scope_" + s for s in SCOPES} <= v.consent_form(page)["names"]


def pages_of(server, app, code):
    """Every page there is, by name."""
    v = Visit(server, app, code)
    out = {"login": v.page()}
    out["login refused"] = v.login(out["login"], "nobody")
    out["consent"] = v.login(out["login refused"], code)
    out["logged in"] = v.get(server.auth + "/login")
    out["log out"] = v.get(server.auth + "/logout")
    out["redirect uri"] = v.page(redirect_uri="https://evil.example/cb")
    out["client"] = v.page(client_id="nobody")
    out["query"] = v.get(server.auth + "/authorize?state=%ff")
    out["form token"] = v.approve(out["consent"], _csrf="guess")
    out["method"] = v.http.delete(server.auth + "/login", timeout=30)
    v.approve(out["consent"])
    out["twice"] = v.approve(out["consent"])
    form = Form(out["log out"].text).having("_csrf")
    out["logged out"] = v.submit(out["log out"], form, form["fields"])
    return out


@pytest.fixture(scope="module")
def pages(server):
    return pages_of(server, server.register(), server.citizen()["hetu"])


STATUS = {"redirect uri": 400, "client": 401, "query": 400, "form token": 403,
          "method": 405, "twice": 400}
HEADERS = {
    "Content-Type": "text/html;charset=utf-8", "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Pragma": "no-cache"}
NAMES = ["login", "login refused", "consent", "logged in", "log out",
         "logged out", *STATUS]


def policy(page):
    """The directives of the page's policy, by name."""
    parts = page.headers["Content-Security-Policy"].split("; ")
    return {p.split(" ")[0]: p.split(" ")[1:] for p in parts}


@pytest.mark.parametrize("name", NAMES)
def test_headers_of_a_page(pages, name):
    page = pages[name]
    assert page.status_code == STATUS.get(name, 200), page.text
    for header, value in HEADERS.items():
        assert page.headers[header] == value
    assert "Access-Control-Allow-Origin" not in page.headers
    assert "Location" not in page.headers
    csp = policy(page)
    ends_there = name in ("login", "login refused", "consent")
    assert csp.pop("form-action") == \
        ["'self'"] + ["http://127.0.0.1:1300"] * ends_there
    assert csp == {"default-src": ["'none'"], "style-src": ["'self'"],
                   "img-src": ["'self'"], "frame-ancestors": ["'none'"],
                   "base-uri": ["'none'"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_needs_no_script(pages, name):
    page = pages[name]
    assert "<script" not in page.text.lower()
    t = harmless(page)
    assert "Mock, not Kanta; no real data." in t.read
    assert page.text.startswith("<!doctype html>")
    assert re.search(r"<title>[^<]+</title>", page.text)
    for form in t.forms:
        assert form["method"] == "POST" and form["fields"]["_csrf"]


def test_every_page_was_looked_at(pages):
    assert set(pages) == set(NAMES)


@pytest.mark.parametrize("uri,source", [
    ("com.example.app:/cb", ["com.example.app:"]),
    ("https://app.example/a/b?c=d", ["https://app.example"]),
    ("http://[::1]:8080/cb", ["http://[::1]:8080"])])
def test_policy_names_where_the_form_ends(server, citizen, uri, source):
    app = server.register(redirect_uris=[uri])
    v = Visit(server, app, citizen)
    page = v.enter(redirect_uri=uri)
    assert policy(page)["form-action"] == ["'self'"] + source


def test_policy_of_an_address_that_is_not_registered(server, fresh):
    page = Visit(server, fresh, None).page(
        redirect_uri="https://evil.example/cb")
    assert policy(page)["form-action"] == ["'self'"]


def test_the_style_sheet(server, pages):
    found = re.findall(r'<link rel="stylesheet" href="([^"]+)">',
                       pages["login"].text)
    assert len(found) == 1
    r = server.request("GET", html.unescape(found[0]))
    assert r.status_code == 200 and r.text
    assert r.headers["Content-Type"].startswith("text/css")
    assert "url(" not in r.text and "@import" not in r.text


def test_scope_is_shown_in_words(pages):
    read = Tags(pages["consent"].text).read
    for scope in SCOPE.split():
        assert scope in read
    assert "Read your measurements" in read
