# SPDX-License-Identifier: Apache-2.0
"""The authorization endpoint, row by row of its tables, in both behaviours:
what is read of a request, the order of its checks, its errors, the pages' HTTP
sequence, success, and PKCE. A row names what each of "kanta" and "strict"
answers; the same browser walks through both."""
import base64
import html
import json
import re
import urllib.parse

import pytest

import support
from support import (Browser, CALLBACK, Form, SCOPE, SCOPES, back, hetu,
                     request_of)
from vendor import CHALLENGE, READ, S256, VERIFIER, WRITE


class Site:
    """A server of one behaviour, with an application."""

    def __init__(self, server):
        self.server, self.strict = server, server.strict
        self.app = server.register()
        self.issuer = server.auth + ("" if self.strict else "/")

    def pick(self, pair):
        return pair[self.strict]

    def browser(self, app=None, logged_in=True):
        b = Browser(self.server)
        if logged_in:
            b.code = self.server.citizen()["hetu"]
            b.login(b.authorize(request_of(app or self.app)), b.code)
        return b


@pytest.fixture(scope="module")
def site(own_either):
    return Site(own_either)


@pytest.fixture
def browser(site):
    return site.browser()


@pytest.fixture
def nobody(site):
    return site.browser(logged_in=False)


def encoded(query):
    return query if isinstance(query, str) else urllib.parse.urlencode(query)


def ask(browser, query, method="GET"):
    """The very answer to a request, by GET or as a form."""
    if method == "GET":
        return browser.http.get(browser.authorize_url(query), timeout=30,
                                allow_redirects=False)
    return browser.http.post(
        browser.server.auth + "/authorize", data=encoded(query), timeout=30,
        allow_redirects=False,
        headers={"Content-Type": "application/x-www-form-urlencoded"})


def alert(r):
    """What a page of refusal says, and its error code."""
    assert r.headers["Content-Type"] == "text/html;charset=utf-8"
    assert "Location" not in r.headers
    said = re.search(r'role="alert"[^>]*>([^<]*)', r.text)
    code = re.search(r'<dd class="code">([a-z_]+)<', r.text)
    assert said and code, r.text
    return html.unescape(said[1]), code[1]


def error(site, r, status=303, state="st4te"):
    """The error of a redirect; its members, in their order."""
    assert r.status_code == status, (r.status_code, r.text)
    assert r.headers["Cache-Control"] == "no-store"
    got = back(r)
    names = [n for n in got if n not in ("error_description", "scope")]
    assert names == ["error"] + ["state"] * (state is not None) + \
        ["iss"] * site.strict, got
    assert got.get("state") == state
    if site.strict:
        assert got["iss"] == site.issuer
    text = got.get("error_description", "")
    assert re.fullmatch(r"[ -!#-\[\]-~]*", text), "RFC 6749 4.1.2.1"
    return got


def is_consent(r):
    return r.status_code == 200 and \
        Form(r.text).having("user_oauth_approval") is not None


def at_login(r):
    return r.status_code == 302 and urllib.parse.urlsplit(
        r.headers["Location"]).path == "/phr-authserver-sandbox/login"


# ---- 2.2: what is read of a request -----------------------------------------

@pytest.mark.parametrize("name", [
    "response_type", "scope", "state", "code_challenge", "prompt", "max_age",
    "code_challenge_method", "login_hint", "nonce", "aud"])
def test_repeated_parameter(site, browser, name):
    first = dict(request_of(site.app), max_age="1000", **S256)
    query = encoded(first) + "&" + encoded({name: first.get(name, ""), "x": 1})
    if name not in first:
        query += "&" + encoded({name: ""})
    r = ask(browser, query)
    if not site.strict:
        assert is_consent(r)
        return
    got = error(site, r, state=None if name == "state" else "st4te")
    assert got["error"] == "invalid_request"
    assert name in got["error_description"]


def test_the_first_of_a_repeated_one_counts(site, browser):
    query = encoded(request_of(site.app)) + "&state=second&scope=" + READ
    r = ask(browser, query)
    if site.strict:
        assert error(site, r, state=None)["error"] == "invalid_request"
        return
    assert "scope_" + WRITE in browser.consent_form(r)["names"]
    assert back(browser.approve(r))["state"] == "st4te"


@pytest.mark.parametrize("name,value", [
    ("client_id", None), ("client_id", "nobody"), ("redirect_uri", None),
    ("redirect_uri", "https://evil.example/cb")])
def test_client_or_address_twice(site, browser, name, value):
    value = value or request_of(site.app)[name]
    for query in (encoded(request_of(site.app)) + "&" +
                  encoded({name: value}),
                  encoded({name: value}) + "&" + encoded(
                      request_of(site.app))):
        r = ask(browser, query)
        if site.strict:
            assert r.status_code == 400
            assert alert(r)[1] == "invalid_request"
        else:
            assert is_consent(r) or "Location" not in r.headers


def test_unknown_parameter_twice(site, browser):
    assert is_consent(ask(browser, encoded(request_of(site.app)) +
                          "&resource=a&resource=b"))


def test_empty_state(site, browser):
    r = browser.deny(ask(browser, request_of(site.app, state="")))
    got = error(site, r, state=None if site.strict else "")
    assert got["error"] == "access_denied"


@pytest.mark.parametrize("name,kanta,strict", [
    ("client_id", (401, "invalid_client"), (400, "invalid_request")),
    ("redirect_uri", (200, None), (200, None)),
    ("scope", (200, None), (200, None)),
    ("code_challenge", (200, None), (200, None)),
    ("prompt", (200, None), (200, None))])
def test_empty_is_absent(site, browser, name, kanta, strict):
    status, code = site.pick((kanta, strict))
    r = ask(browser, dict(request_of(site.app), **{name: ""}))
    assert r.status_code == status, r.text
    assert code is None or alert(r)[1] == code


@pytest.mark.parametrize("raw", ["state=%00", "state=%ff", "state=%", "x=%zz",
                                 "state=%01", "%ff=1"])
def test_no_text(site, browser, raw):
    query = encoded(request_of(site.app, state=None)) + "&" + raw
    r = ask(browser, query, "POST")
    assert r.status_code == 400, r.text
    assert alert(r)[1] == "invalid_request"
    # a library would mend the URL
    got = support.raw(site.server, (
        "GET /phr-authserver-sandbox/authorize?%s HTTP/1.1\r\nHost: x\r\n"
        "Connection: close\r\n\r\n" % query).encode()).decode()
    assert got.startswith("HTTP/1.1 400 "), got
    assert ">invalid_request<" in got
    assert "\r\nlocation:" not in got.lower()


def test_plus_is_a_space(site, browser):
    r = browser.deny(ask(browser, encoded(request_of(site.app, state=None)) +
                         "&state=a+b%2Bc%20d"))
    assert error(site, r, state="a b+c d")


def test_too_large(site, browser):
    r = ask(browser, request_of(site.app, state="x" * 70000), "POST")
    assert r.status_code == 413 and "Location" not in r.headers


# ---- 3.2: the order of checks -----------------------------------------------

BAD = [  # what is wrong with it, without a session: kanta, strict
    ({"client_id": "nobody"}, None, 400),
    ({"redirect_uri": "https://evil.example"}, None, 400),
    ({"response_type": "fish"}, None, "unsupported_response_type"),
    ({"scope": "fish"}, None, "invalid_scope"),
    ({"code_challenge": "short", "code_challenge_method": "S256"}, None,
     "invalid_request")]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("change,_,strict", BAD)
def test_who_before_what(site, nobody, change, _, strict, method):
    """kanta: even a bad request first meets the login page."""
    r = ask(nobody, request_of(site.app, **change), method)
    if not site.strict:
        if method == "POST":  # a GET asks who is there
            assert r.status_code == 303
            r = nobody.http.get(r.headers["Location"], allow_redirects=False,
                                timeout=30)
        assert at_login(r)
        page = nobody.get(r.headers["Location"])
        done = nobody.login(page, site.server.citizen()["hetu"])
        assert not is_consent(done)
    elif isinstance(strict, int):
        assert r.status_code == strict and "Location" not in r.headers
        assert "Set-Cookie" not in r.headers
    else:
        assert error(site, r)["error"] == strict


@pytest.mark.parametrize("change,code,status", [
    ({}, "login_required", (302, 303)),
    ({"scope": "fish"}, ("login_required", "invalid_scope"), (302, 303)),
    ({"response_type": "x"}, ("login_required", "unsupported_response_type"),
     (302, 303))])
def test_silent_without_session(site, nobody, change, code, status):
    r = ask(nobody, request_of(site.app, prompt="none", **change))
    got = error(site, r, site.pick(status))
    assert got["error"] == (code if isinstance(code, str)
                            else site.pick(code))
    assert "Set-Cookie" not in r.headers


def test_response_type_before_the_client(site, browser):
    """The stock order: what is wrong first is what the page says."""
    r = ask(browser, request_of(site.app, client_id="nobody",
                                response_type="fish"))
    assert r.status_code == 400
    assert alert(r)[1] == site.pick(("unsupported_response_type",
                                     "invalid_client"))


def test_strict_order_of_faults(site, browser):
    r = ask(browser, request_of(site.app, response_type="x", scope="fish",
                                code_challenge="x"))
    assert error(site, r)["error"] == "unsupported_response_type"
    r = ask(browser, request_of(site.app, scope="fish", code_challenge="x"))
    assert error(site, r)["error"] == "invalid_scope"


def test_remembered_is_answered_at_once(site, browser):
    back(browser.approve(ask(browser, request_of(site.app)),
                         remember="until-revoked"))
    for method in ("GET", "POST"):
        r = ask(browser, request_of(site.app), method)
        assert r.status_code == 303 and back(r)["code"]
    assert is_consent(ask(browser, request_of(site.app, prompt="consent")))
    r = ask(browser, request_of(site.app, prompt="none"))
    assert back(r)["code"]


# ---- 3.3: errors ------------------------------------------------------------

PAGES = [  # change, where; (status, code, text) of kanta, (status, code)
    ({"client_id": None}, (401, "invalid_client",
                           "A client id must be provided"),
     (400, "invalid_request")),
    ({"client_id": "nobody"}, (401, "invalid_client",
                               "Bad client credentials"),
     (400, "invalid_client")),
    ({"redirect_uri": "https://evil.example"},
     (400, "invalid_grant", "Invalid redirect uri does not match one of the "
      "registered values."), (400, "invalid_request"))]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("change,kanta,strict", PAGES)
def test_never_a_redirect(site, browser, change, kanta, strict, method):
    query = request_of(site.app, **change)
    r = ask(browser, query, method)
    text, code = alert(r)
    wanted = site.pick((kanta, strict))
    if "client_id" not in query and method == "POST":
        # no application's request: a form of ours, without its token
        assert (r.status_code, code) == (403, "invalid_csrf")
        return
    assert (r.status_code, code) == wanted[:2]
    if not site.strict:
        assert text == kanta[2]
    assert "no-store" in r.headers["Cache-Control"]
    assert "You were not sent back" in r.text


MISMATCHES = [
    CALLBACK + "/", CALLBACK + "?x=1", CALLBACK + "?", CALLBACK + "#f",
    CALLBACK + "#", CALLBACK.replace("http://", "http://evil@"),
    CALLBACK.replace("http://", "http://evil:pw@"),
    CALLBACK.replace(":1300", ":1301"), CALLBACK.replace(":1300", ""),
    CALLBACK.upper(), CALLBACK.replace("http", "HTTP"),
    CALLBACK.replace("/cb", "/../cb"), CALLBACK.replace("/cb", "/./cb"),
    CALLBACK.replace("/cb", "/%63b"), CALLBACK.replace("/cb", "//cb"),
    CALLBACK.replace("/cb", ""), CALLBACK.replace("127.0.0.1", "127.0.0.2"),
    CALLBACK.replace("127.0.0.1", "127.0.0.1.evil.example"),
    CALLBACK.replace("http:", "https:"), CALLBACK + " ", " " + CALLBACK,
    CALLBACK + " " + CALLBACK, "https://evil.example/cb",
    "//evil.example/cb", "/cb", "cb", "javascript:alert(1)",
    "data:text/html,x", "\\\\evil.example", "http:evil.example",
    CALLBACK + "\r\nX-Planted: 1", CALLBACK + "\tx", "https://evil.example/?"
    + CALLBACK]


@pytest.mark.parametrize("uri", MISMATCHES)
@pytest.mark.parametrize("more", [{}, {"prompt": "none"},
                                  {"response_type": "x"}, {"scope": "fish"}])
def test_open_redirect(site, browser, uri, more):
    for b in (browser, site.browser(logged_in=False)):
        r = ask(b, request_of(site.app, redirect_uri=uri, **more))
        assert "evil" not in r.headers.get("Location", "").split("?")[0]
        assert "X-Planted" not in r.headers
        if site.strict or b is browser or more.get("prompt"):
            assert r.status_code == 400, r.text
            assert "Location" not in r.headers
        else:
            assert at_login(r)


def test_address_left_out(site, browser):
    page = ask(browser, request_of(site.app, redirect_uri=None))
    assert back(browser.approve(page))["code"]
    two = site.server.register(redirect_uris=[CALLBACK, CALLBACK + "2"])
    r = ask(browser, request_of(two, redirect_uri=None))
    assert r.status_code == 400
    assert alert(r)[1] == site.pick(("invalid_grant", "invalid_request"))


FAULTS = [  # change, error of kanta, of strict, description of kanta
    ({"response_type": None}, "unsupported_response_type", "invalid_request",
     "Unsupported response types"),
    ({"response_type": "fish"}, "unsupported_response_type",
     "unsupported_response_type", "Unsupported response types"),
    ({"response_type": "token"}, "unsupported_response_type",
     "unsupported_response_type", None),
    ({"response_type": "code token"}, "unsupported_response_type",
     "unsupported_response_type", None),
    ({"scope": "fish"}, "invalid_scope", "invalid_scope",
     "Invalid scope; requested:[fish]"),
    ({"scope": f"{READ} patient/*.read"}, "invalid_scope", "invalid_scope",
     f"Invalid scope; requested:[{READ}, patient/*.read]"),
    ({"scope": "x" * 3000}, "invalid_scope", "invalid_scope", None),
    ({"scope": "registration-token"}, "invalid_scope", "invalid_scope", None)]


@pytest.mark.parametrize("state", ["st4te", None, "ä€😀 +&=\r\n"])
@pytest.mark.parametrize("change,kanta,strict,text", FAULTS)
def test_told_by_redirect(site, browser, change, kanta, strict, text, state):
    got = error(site, ask(browser, request_of(site.app, state=state,
                                              **change)), state=state)
    assert got["error"] == site.pick((kanta, strict))
    assert got["error_description"]
    if not site.strict and text:
        assert got["error_description"] == text
    if got["error"] == "invalid_scope":
        assert set(got["scope"].split()) == set(SCOPES)
    else:
        assert "scope" not in got


def test_grant_that_is_not_the_clients(site, browser):
    app = site.server.register(grant_types=["refresh_token"])
    got = error(site, ask(browser, request_of(app)))
    assert got["error"] == "unauthorized_client"


def test_professionals_are_not_authorized_by_citizens(site, browser):
    query = {"response_type": "code", "client_id": "demo-professional",
             "redirect_uri": "http://localhost:1300/cb", "state": "s"}
    got = back(ask(browser, query), "http://localhost:1300/cb")
    assert got["error"] == "unauthorized_client" and got["state"] == "s"


def test_query_of_the_registered_address_stays(site, browser):
    uri = CALLBACK + "?a=1&b=%20c"
    app = site.server.register(redirect_uris=[uri])
    r = ask(browser, request_of(app, redirect_uri=uri, scope="fish"))
    assert r.headers["Location"].startswith(uri + "&error=invalid_scope")


@pytest.mark.parametrize("scheme", ["com.example.app:/cb",
                                    "com.example.app://cb"])
def test_address_of_an_installed_application(site, browser, scheme):
    app = site.server.register(redirect_uris=[scheme])
    r = browser.approve(ask(browser, request_of(app, redirect_uri=scheme)))
    assert r.headers["Location"].startswith(scheme + "?code=")


# ---- the port of a loopback address (RFC 8252 7.3) --------------------------

@pytest.fixture(scope="module")
def loopback(site, start_shared):
    other = Site(start_shared("--oauth", site.server.behaviour, "--set",
                              "loopback_redirect_port=on"))
    other.app = other.server.register(redirect_uris=[
        "http://127.0.0.1/cb", "http://[::1]:4000/cb?x=1",
        "http://localhost:1300/cb"])
    return other


@pytest.mark.parametrize("uri,ok", [
    ("http://127.0.0.1/cb", True), ("http://127.0.0.1:1/cb", True),
    ("http://127.0.0.1:65000/cb", True), ("http://[::1]/cb?x=1", True),
    ("http://[::1]:5/cb?x=1", True), ("http://localhost:1300/cb", True),
    ("http://localhost:1301/cb", False), ("http://127.0.0.1:1/cb/", False),
    ("http://[::1]:1/cb", False), ("http://127.0.0.1:1x/cb", False),
    ("http://127.0.0.1:1@evil/cb", False), ("http://127.0.0.1@evil/cb", False),
    ("https://127.0.0.1:1/cb", False), ("http://127.0.0.1.evil/cb", False),
    ("http://127.0.0.1:1/cb?x=1", False), ("http://[::1]:4000/cb", False)])
def test_any_port_of_this_machine(loopback, uri, ok):
    b = loopback.browser(logged_in=False)
    r = b.walk(request_of(loopback.app, redirect_uri=uri),
               loopback.server.citizen()["hetu"]) if ok else \
        loopback.browser().authorize(request_of(loopback.app,
                                                redirect_uri=uri))
    if not ok:
        assert r.status_code == 400 and "Location" not in r.headers
        return
    got = back(r, uri)
    loopback.server.token(loopback.app, 200, grant_type="authorization_code",
                          code=got["code"], redirect_uri=uri)


# ---- 3.4: the HTTP sequence of the pages ------------------------------------

def test_sequence(site, nobody):
    query = encoded(request_of(site.app))
    asked = ask(nobody, query)
    assert asked.status_code == 302
    assert asked.headers["Location"] == site.server.auth + "/login"
    cookie = asked.headers["Set-Cookie"]
    assert cookie.startswith("JSESSIONID=")
    assert "; Path=/phr-authserver-sandbox; HttpOnly" in cookie
    page = nobody.get(asked.headers["Location"])
    form = Form(page.text).having("username")
    assert {"username", "_csrf", "submit"} <= form["names"]
    done = nobody.http.post(
        urllib.parse.urljoin(page.url, form["action"]), timeout=30,
        data=dict(form["fields"], username=site.server.citizen()["hetu"],
                  password="x"), allow_redirects=False)
    assert done.status_code == 302
    assert done.headers["Location"] == site.server.auth + "/authorize?" + query
    assert done.headers["Set-Cookie"].split(";")[0] != cookie.split(";")[0]
    consent = ask(nobody, query)
    assert consent.status_code == 200
    form = nobody.consent_form(consent)
    assert form["fields"]["user_oauth_approval"] == "true"
    assert form["fields"]["remember"] == "until-revoked"
    assert {"authorize", "deny"} <= set(form["buttons"])
    for scope in SCOPES:
        assert form["fields"]["scope_" + scope] == scope
    end = nobody.approve(consent)
    assert end.status_code == 303
    assert list(back(end)) == ["code", "state"] + ["iss"] * site.strict


def test_refusal(site, browser):
    r = browser.deny(ask(browser, request_of(site.app)))
    assert error(site, r) == dict(
        {"error": "access_denied", "error_description": "User denied access",
         "state": "st4te"}, **({"iss": site.issuer} if site.strict else {}))
    assert "error_description=User+denied+access" in r.headers["Location"]


def test_form_sent_twice(site, browser):
    page = ask(browser, request_of(site.app))
    back(browser.approve(page, remember="none"))
    r = browser.approve(page)
    assert r.status_code == 400
    assert alert(r) == ("Cannot approve uninitialized authorization request.",
                        "invalid_request")


@pytest.mark.parametrize("change", [
    {"redirect_uris": [CALLBACK + "2"]}, {"scope": READ}])
def test_changed_meanwhile(site, browser, change):
    app = site.server.register()
    page = ask(browser, request_of(app))
    site.server.admin("PUT", "/clients/" + app["client_id"], dict(
        {"redirect_uris": [CALLBACK], "scope": SCOPE}, **change), 200)
    r = browser.approve(page)
    assert r.status_code == 400
    assert alert(r) == ("Changes were detected from the original "
                        "authorization request.", "invalid_request")


@pytest.mark.parametrize("csrf", [None, "", "x", "ä"])
def test_without_form_token(site, browser, csrf):
    page = ask(browser, request_of(site.app))
    form = browser.consent_form(page)
    fields = dict(form["fields"], _csrf=csrf, authorize="Authorize",
                  client_id=site.app["client_id"])
    r = browser.submit(page, form, {k: v for k, v in fields.items()
                                    if v is not None})
    assert r.status_code == 403 and "Location" not in r.headers


def test_life_of_the_form(site):
    for later, good in ((("PT29M59S", "PT9M59S"), True),
                        (("PT30M", "PT10M"), False)):
        b = site.browser()
        page = ask(b, request_of(site.app))
        site.server.advance(site.pick(later))
        r = b.approve(page)
        assert (r.status_code == 303) == good, later
        assert good or r.status_code == 403


def test_session_of_half_an_hour(site, browser):
    site.server.advance("PT29M59S")
    assert is_consent(ask(browser, request_of(site.app)))
    site.server.advance("PT2S")
    assert at_login(ask(browser, request_of(site.app)))


def test_silent_with_session(site, browser):
    got = error(site, ask(browser, request_of(site.app, prompt="none")))
    assert got["error"] == site.pick(("interaction_required",
                                      "consent_required"))


def test_silent_and_more(site, browser):
    r = ask(browser, request_of(site.app, prompt="none login"))
    got = error(site, r, site.pick((302, 303)))
    assert got["error"] == site.pick(("login_required", "invalid_request"))


def test_prompt_login(site, browser):
    query = request_of(site.app, prompt="login")
    assert at_login(ask(browser, query))
    page = browser.login(browser.authorize(query), browser.code)
    assert is_consent(page)
    assert at_login(ask(browser, query)), "a login is good for it once"


def test_prompt_consent(site, browser):
    page = ask(browser, request_of(site.app, prompt="consent"))
    assert browser.consent_form(page)["fields"]["remember"] == "none"


def test_max_age(site, browser):
    site.server.advance("PT2M")
    assert is_consent(ask(browser, request_of(site.app, max_age="120")))
    assert at_login(ask(browser, request_of(site.app, max_age="119")))
    got = error(site, ask(browser, request_of(site.app, max_age="119",
                                              prompt="none")),
                site.pick((302, 303)))
    assert got["error"] == "login_required"


def test_login_hint(site, nobody):
    page = nobody.authorize(request_of(site.app, login_hint="010190-900P"))
    form = Form(page.text).having("username")
    assert form["fields"]["username"] == "010190-900P"


@pytest.mark.parametrize("code,said", [
    ("nobody", "11 characters"), ("010190*900P", "sign of a century"),
    ("010190-900R", "check character does not fit"),
    (hetu("320190", "900"), "no such date of birth"),
    (hetu("010190", "123"), "a real person's"),
    (hetu("010190", "001"), "begin with 002"),
    ("0x0190-900P", "begins with six digits"),
    ("310712A903V", "13 years old; the service is for those who have turned "
     "16."), (hetu("010199", "903", "A"), "not been born yet")])
def test_login_refused(site, nobody, code, said):
    page = nobody.login(nobody.authorize(request_of(site.app)), code)
    assert page.status_code == 200
    told = html.unescape(re.search(r'role="alert"[^>]*>([^<]*)',
                                   page.text)[1])
    assert said in told
    assert (code in html.unescape(page.text)) == ("real person" not in said)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("remembered", [False, True])
def test_kept_from_the_request(site, browser, remembered):
    """aud, nonce and the time of the login reach the tokens, by the form and
    by a remembered approval."""
    app = site.server.register(scope="openid " + READ, set={"openid": "on"})
    query = request_of(app, scope=None, aud=site.server.r4, nonce='n"\\ä')
    site.server.advance("PT1M")
    if remembered:
        back(browser.approve(ask(browser, request_of(app, scope=None))))
        r = ask(browser, query)
    else:
        r = browser.approve(ask(browser, query))
    got = site.server.token(app, 200, grant_type="authorization_code",
                            code=back(r)["code"],
                            redirect_uri=CALLBACK).json()
    assert claims(got["access_token"])["aud"] == site.server.r4
    told = claims(got["id_token"])
    assert told["nonce"] == 'n"\\ä'
    assert told["iat"] - told["auth_time"] == 60


def test_no_audience_was_asked_for(site, browser):
    r = browser.approve(ask(browser, request_of(site.app)))
    got = site.server.token(site.app, 200, grant_type="authorization_code",
                            code=back(r)["code"],
                            redirect_uri=CALLBACK).json()
    assert "aud" not in claims(got["access_token"])
    assert "id_token" not in got


# ---- requests as forms ------------------------------------------------------

def test_form_with_session(site, browser):
    page = ask(browser, request_of(site.app), "POST")
    assert is_consent(page)
    assert back(browser.approve(page))["state"] == "st4te"


def test_form_without_session(site, nobody):
    """A form of another site brings no cookie, so a GET asks who is there."""
    r = ask(nobody, request_of(site.app, state="ä &+"), "POST")
    assert r.status_code == 303 and "Set-Cookie" not in r.headers
    where = r.headers["Location"]
    assert where.startswith(site.server.auth + "/authorize?")
    page = nobody.login(nobody.get(where), site.server.citizen()["hetu"])
    assert back(nobody.approve(page))["state"] == "ä &+"


def test_form_and_query(site, browser):
    url = "/phr-authserver-sandbox/authorize?" + encoded({"state": "query"})
    r = browser.http.post(site.server.origin + url, timeout=30,
                          allow_redirects=False,
                          data=request_of(site.app, state=None))
    assert back(browser.deny(r))["state"] == "query"


def test_form_with_a_long_state(site, browser, nobody):
    state = "😀" * 1500  # a URL could not hold it
    page = ask(browser, request_of(site.app, state=state), "POST")
    assert back(browser.deny(page))["state"] == state
    r = ask(nobody, request_of(site.app, state=state), "POST")
    assert r.status_code == 413 and "Location" not in r.headers


# ---- 3.5: success -----------------------------------------------------------

STATES = ["", "0", "a b+c", "100%&x=y?#/;", "ä€😀\u2028", '"<script>\\',
          "%41%00", "x" * 1000, "x" * 2000, "äö" * 500, "a\r\nb: c"]


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
def test_success(site, browser, state):
    r = browser.approve(ask(browser, request_of(site.app, state=state)),
                        remember="none")
    assert r.status_code == 303
    assert r.headers["Cache-Control"] == "no-store"
    got = back(r)
    if site.strict:
        assert got["iss"] == site.issuer
    else:
        assert "iss" not in got
    assert got.get("state") == (None if site.strict and not state else state)
    assert re.fullmatch(r"[A-Za-z0-9]{22,}", got["code"])
    assert re.fullmatch(r"[!-~]+", r.headers["Location"])


@pytest.mark.parametrize("left,good", [(1, True), (0, False)])
def test_life_of_a_code(site, browser, left, good):
    got = back(browser.approve(ask(browser, request_of(site.app)),
                               remember="none"))
    site.server.advance("PT%dS" % (site.pick((300, 60)) - left))
    r = site.server.token(site.app, grant_type="authorization_code",
                          code=got["code"], redirect_uri=CALLBACK)
    assert (r.status_code == 200) == good, r.text


def test_life_of_an_applications_code(site, browser):
    app = site.server.register(set={"code_s": "7"})
    for left, status in ((1, 200), (0, 400)):
        got = back(browser.approve(ask(browser, request_of(app)),
                                   remember="none"))
        site.server.advance("PT%dS" % (7 - left))
        site.server.token(app, status, grant_type="authorization_code",
                          code=got["code"], redirect_uri=CALLBACK)


@pytest.mark.parametrize("value", ["on", "off"])
def test_an_applications_own_switch(site, browser, value):
    app = site.server.register(set={"iss_parameter": value})
    got = back(browser.approve(ask(browser, request_of(app))))
    assert ("iss" in got) == (value == "on")


def test_codes_differ(site, browser):
    back(browser.approve(ask(browser, request_of(site.app))))
    codes = {back(ask(browser, request_of(site.app)))["code"]
             for _ in range(20)}
    assert len(codes) == 20


# ---- 6: PKCE ----------------------------------------------------------------

BAD_METHOD = "transform algorithm not supported"


@pytest.fixture(scope="module")
def mobile(site):
    return site.server.register(token_endpoint_auth_method="none",
                                client_name="Mobile")


@pytest.mark.parametrize("change,kanta,strict", [
    (S256, None, None),
    ({"code_challenge": VERIFIER}, None, BAD_METHOD),
    ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, None,
     BAD_METHOD),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "S512"},
     BAD_METHOD, BAD_METHOD),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
     BAD_METHOD, BAD_METHOD),
    ({"code_challenge": CHALLENGE + "=", "code_challenge_method": "S256"},
     "base64url", "base64url"),
    ({"code_challenge": CHALLENGE[1:], "code_challenge_method": "S256"},
     "base64url", "base64url"),
    ({"code_challenge": "+" + CHALLENGE[1:], "code_challenge_method": "S256"},
     "base64url", "base64url"),
    ({"code_challenge": "x" * 42}, "unreserved", BAD_METHOD),
    ({"code_challenge": "x" * 129}, "unreserved", BAD_METHOD),
    ({"code_challenge": "x" * 43 + "+"}, "unreserved", BAD_METHOD)])
@pytest.mark.parametrize("public", [False, True])
def test_challenge(site, browser, mobile, change, kanta, strict, public):
    r = ask(browser, request_of(mobile if public else site.app, **change))
    text = site.pick((kanta, strict))
    if text is None:
        assert is_consent(r)
        return
    got = error(site, r)
    assert got["error"] == "invalid_request"
    assert text in got["error_description"]


def test_public_client_without_challenge(site, browser, mobile):
    r = ask(browser, request_of(mobile))
    if not site.strict:
        assert is_consent(r)
        return
    assert error(site, r)["error"] == "invalid_request"
    assert back(r)["error_description"] == "code challenge required"


def test_certificate_makes_a_client_confidential(site, browser):
    app = site.server.register(token_endpoint_auth_method="none",
                               certificate_serial_number="1.2.246.10.1")
    assert is_consent(ask(browser, request_of(app)))


@pytest.mark.parametrize("required,public,refused", [
    ("never", True, False), ("public", False, False), ("public", True, True),
    ("all", False, True), ("all", True, True)])
def test_who_needs_a_challenge(site, browser, required, public, refused):
    app = site.server.register(set={"pkce_required": required}, **(
        {"token_endpoint_auth_method": "none"} if public else {}))
    r = ask(browser, request_of(app))
    if refused:
        assert error(site, r)["error"] == "invalid_request"
    else:
        assert is_consent(r)
    assert is_consent(ask(browser, request_of(app, **S256)))


# ---- the switches by themselves ---------------------------------------------

@pytest.mark.parametrize("switch,check", [
    ("authorize_order=request-first",
     lambda r: r.status_code == 401 and "Location" not in r.headers),
    ("oauth_errors=rfc", at_login)])
def test_order_and_words_are_switches_of_their_own(start, switch, check):
    s = start("--set", switch)
    app = s.register()
    b = Browser(s)
    assert check(ask(b, request_of(app, client_id="nobody")))
