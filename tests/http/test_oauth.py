# SPDX-License-Identifier: Apache-2.0
"""The authorization server as clients of the real service saw it: pages,
codes, tokens, refusals, and the bearer guard of the FHIR bases."""
import base64
import hashlib
import html
import re
import secrets
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import (Browser, CALLBACK, Form, FHIR_JSON, SCOPE, SCOPES, back,
                     dance, hetu, outcome, request_of, session, weight)
from vendor import CHALLENGE, READ, VERIFIER, WRITE


@pytest.fixture
def browser(server):
    return Browser(server)


@pytest.fixture
def logged_in(server, app, citizen):
    """A browser with a session: it stands before the consent page."""
    b = Browser(server)
    page = b.login(b.authorize(request_of(app)), citizen)
    assert b.consent_form(page)
    return b


@pytest.fixture(scope="module")
def second_app(server):
    return server.register(client_name="Second application")


@pytest.fixture(scope="module")
def mobile(server):
    """A public client: it has no secret."""
    return server.register(client_name="Mobile",
                           token_endpoint_auth_method="none")


def code_for(server, app, citizen, **more):
    return back(Browser(server).walk(request_of(app, **more), citizen))["code"]


def exchange(server, app, code, status=None, **more):
    form = {"grant_type": "authorization_code", "code": code,
            "redirect_uri": CALLBACK}
    form.update(more)
    return server.token(app, status,
                        **{k: v for k, v in form.items() if v is not None})


def refused(r, status, error, description=None):
    """An OAuth error with the headers it must have."""
    assert r.status_code == status, r.text
    assert r.json()["error"] == error, r.text
    if description is not None:
        assert r.json()["error_description"] == description
    assert "no-store" in r.headers["Cache-Control"]
    assert r.headers["Content-Type"].replace(" ", "").lower() == \
        "application/json;charset=utf-8"


# ---- authorize: who asks, and where the answer goes -------------------------

MISMATCHES = [CALLBACK + "/", CALLBACK + "?x=1", CALLBACK + "#f",
              CALLBACK.replace("http://", "http://evil@"),
              CALLBACK.replace(":1300", ":1301"), CALLBACK.upper(),
              CALLBACK.replace("/cb", "/../cb"), CALLBACK.replace("/cb", ""),
              "https://evil.example/cb", "//evil.example/cb", "javascript:1",
              CALLBACK + "\r\nX-Planted: 1"]


@pytest.mark.parametrize("uri", MISMATCHES)
def test_wrong_redirect_uri_never_redirects(app, logged_in, uri):
    r = logged_in.authorize(request_of(app, redirect_uri=uri))
    assert r.status_code == 400, r.text
    assert "Location" not in r.headers
    assert r.headers["Content-Type"].startswith("text/html")
    assert "X-Planted" not in r.headers


@pytest.mark.parametrize("client_id", ["nobody", "", None, "demo-app\x01"])
def test_unknown_client_never_redirects(app, logged_in, client_id):
    r = logged_in.authorize(request_of(app, client_id=client_id))
    assert r.status_code in (400, 401), r.text
    assert "Location" not in r.headers
    assert r.headers["Content-Type"].startswith("text/html")


def test_refused_pages_say_what_to_look_at(app, logged_in):
    page = logged_in.authorize(request_of(app, client_id="<nobody>")).text
    assert "the client_id &quot;&lt;nobody&gt;&quot;" in page
    page = logged_in.authorize(request_of(
        app, redirect_uri=CALLBACK + "/\"<b>")).text
    assert f"&quot;{CALLBACK}/&quot;&lt;b&gt;&quot;" in page
    assert f"are: {CALLBACK}" in page


@pytest.mark.parametrize("change", [{"client_id": "nobody"},
                                    {"redirect_uri": "https://evil.example"}])
def test_without_session_nothing_leaves_the_server(app, browser, change):
    r = browser.authorize(request_of(app, **change))
    assert "Location" not in r.headers  # stayed here, at the login page
    assert "evil.example" not in r.headers.get("Location", "")


def test_one_registered_uri_may_be_left_out(server, app, logged_in):
    got = back(logged_in.approve(
        logged_in.authorize(request_of(app, redirect_uri=None))))
    exchange(server, app, got["code"], 200, redirect_uri=None)


@pytest.mark.parametrize("change,error", [
    ({"response_type": None}, "unsupported_response_type"),
    ({"response_type": "fish"}, "unsupported_response_type"),
    ({"scope": "patient/Observation.read fish"}, "invalid_scope"),
    ({"scope": "patient/*.read"}, "invalid_scope")])
def test_refused_by_redirect(app, logged_in, change, error):
    got = back(logged_in.authorize(request_of(app, state="a b+c", **change)))
    assert got["error"] == error
    assert got["state"] == "a b+c"
    assert got["error_description"]
    assert "code" not in got
    if error == "invalid_scope":
        assert set(got["scope"].split()) == set(SCOPES)


def test_implicit_grant_gives_no_token(app, logged_in):
    r = logged_in.authorize(request_of(app, response_type="token"))
    assert "access_token" not in r.headers.get("Location", "") + r.text


STATES = ["", "st4te", "a b+c", "100%&x=y?#/;", "ä€😀 \u2028", '"<script>\\',
          "%41%00", "x" * 2000, "äö" * 500]


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
def test_state_comes_back_exactly(server, app, citizen, state):
    for press in ("deny", "approve"):  # what is approved is remembered
        b = Browser(server)
        page = b.login(b.authorize(request_of(app, state=state)), citizen)
        assert back(getattr(b, press)(page)).get("state") == state


def test_no_state_no_state(server, app, citizen):
    r = Browser(server).walk(request_of(app, state=None), citizen)
    assert "state" not in back(r)


@pytest.mark.parametrize("raw", ["state=%ff%fe", "state=a%00b", "state=%zz",
                                 "state=%"])
def test_state_that_is_no_text(app, logged_in, raw):
    query = urllib.parse.urlencode(request_of(app, state=None)) + "&" + raw
    r = logged_in.authorize(query)
    assert r.status_code == 400 or \
        back(r)["error"] == "invalid_request", r.text


def test_query_of_registered_uri_is_kept(server, citizen):
    uri = CALLBACK + "?app=1&x=%20y"
    app = server.register(redirect_uris=[uri])
    r = Browser(server).walk(request_of(app, redirect_uri=uri), citizen)
    assert r.headers["Location"].startswith(uri + "&")
    assert back(r, uri)["code"]


def test_success_redirect(app, logged_in):
    r = logged_in.approve(logged_in.authorize(request_of(app)))
    assert r.status_code == 303
    assert "no-store" in r.headers["Cache-Control"]
    got = back(r)
    assert list(got) == ["code", "state"]
    assert re.fullmatch(r"[A-Za-z0-9]{22,}", got["code"])


def test_first_of_repeated_parameters_counts(app, logged_in):
    query = urllib.parse.urlencode(request_of(app)) + "&state=second"
    assert back(logged_in.approve(logged_in.authorize(query)))["state"] == \
        "st4te"


def test_unknown_parameters_are_ignored(server, app, citizen):
    r = Browser(server).walk(request_of(app, nonce="n", aud="x", zzz="1"),
                             citizen)
    assert back(r)["code"]


def test_authorize_by_post(server, app, logged_in):
    r = logged_in.http.post(server.auth + "/authorize", data=request_of(app),
                            allow_redirects=False, timeout=30)
    # not the decision of a form: a new request, or refused; never a code
    assert "code=" not in r.headers.get("Location", "")
    assert r.status_code < 500


# ---- login ------------------------------------------------------------------

BAD_HETU = {
    "empty": "", "word": "matti", "short": "010190-900", "long":
    "010190-900PP", "check character": "010190-900R", "day": hetu("320190",
                                                                  "900"),
    "leap day": hetu("290201", "900", "A"), "month": hetu("011390", "900"),
    "sign": "010190*900P", "a real person's": hetu("010190", "123"),
    "a child's": hetu("310720", "903", "A"), "unborn": hetu("010199", "903",
                                                            "A"),
    "markup": '"><script>alert(1)</script>', "blank": " 010190-900P ",
    "other digits": "٠١٠١٩٠-900P"}


@pytest.mark.parametrize("code", BAD_HETU.values(), ids=BAD_HETU.keys())
def test_login_refused(server, app, browser, code):
    page = browser.login(browser.authorize(request_of(app)), code)
    assert page.status_code in (200, 400)
    assert Form(page.text).having("username"), "the form comes again"
    assert "<script>alert" not in page.text
    # and nobody is logged in
    again = browser.authorize(request_of(app))
    assert Form(again.text).having("username")


def test_real_persons_code_is_said_to_be_one(app, browser):
    page = browser.login(browser.authorize(request_of(app)),
                         BAD_HETU["a real person's"])
    assert "real person" in html.unescape(page.text)


@pytest.mark.parametrize("sign", "-YXWVUABCDEF")
def test_every_century_sign(server, sign):
    year = "90" if sign in "-YXWVU" else "05"
    server.admin("POST", "/citizens", {"hetu": hetu("0101" + year, "905",
                                                    sign)}, 201)


def test_first_login_makes_the_citizen(server, app):
    code = hetu("150561", secrets.choice(["950", "951", "952", "953"]))
    tokens = dance(server, app, code)
    r = server.http.get(server.r4 + "/Patient/" + tokens["sub"], timeout=30,
                        headers={"Authorization":
                                 "Bearer " + tokens["access_token"]})
    assert r.status_code == 200
    assert r.json()["identifier"][0]["value"] == "urn:uuid:" + tokens["sub"]
    assert dance(server, app, code)["sub"] == tokens["sub"]


def test_hetu_is_an_alias_of_username(server, app, citizen, browser):
    page = browser.login(browser.authorize(request_of(app)), citizen, "hetu")
    assert browser.consent_form(page)


def test_login_needs_its_form_token(server, app, citizen, browser):
    page = browser.authorize(request_of(app))
    form = Form(page.text).having("username")
    for wrong in (None, "", "guess"):
        fields = dict(form["fields"], username=citizen, _csrf=wrong)
        r = browser.submit(page, form, {k: v for k, v in fields.items()
                                        if v is not None})
        assert r.status_code == 403, wrong


def test_session_changes_at_login(server, app, citizen, browser):
    page = browser.authorize(request_of(app))
    before = {c.value for c in browser.http.cookies}
    browser.login(page, citizen)
    after = {c.value for c in browser.http.cookies}
    assert after and not before & after


def test_session_cookie(server, app, citizen, browser):
    page = browser.authorize(request_of(app))
    form = Form(page.text).having("username")
    r = browser.http.post(
        urllib.parse.urljoin(page.url, form["action"]), timeout=30,
        data=dict(form["fields"], username=citizen), allow_redirects=False)
    cookie = r.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/phr-authserver-sandbox" in cookie
    assert "SameSite=Lax" in cookie


def test_session_ends_after_half_an_hour(own, app, logged_in):
    own.advance("PT31M")
    page = logged_in.authorize(request_of(app))
    assert Form(page.text).having("username")


# ---- consent ----------------------------------------------------------------

def test_consent_page(server, citizen, browser):
    app = server.register(client_name='<b>"Evil" & Co</b>')
    page = browser.login(browser.authorize(request_of(app)), citizen)
    assert page.status_code == 200
    assert "<b>" not in page.text
    assert html.escape('<b>"Evil" & Co</b>', quote=False) in \
        page.text.replace("&#34;", '"').replace("&quot;", '"')
    assert CALLBACK in html.unescape(page.text)
    form = browser.consent_form(page)
    assert {"_csrf", "user_oauth_approval", "remember"} <= form["names"]
    assert {"authorize", "deny"} <= set(form["buttons"])
    assert {"scope_" + s for s in SCOPES} <= form["names"]
    for header, value in {"X-Frame-Options": "DENY",
                          "X-Content-Type-Options": "nosniff"}.items():
        assert page.headers[header] == value
    assert "no-store" in page.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in page.headers


@pytest.mark.parametrize("ticked", [[READ], [READ, "offline_access"],
                                    SCOPES[:3], SCOPES])
def test_unticked_scopes_are_not_granted(server, app, citizen, browser,
                                         ticked):
    page = browser.login(browser.authorize(request_of(app)), citizen)
    code = back(browser.approve(page, only=ticked))["code"]
    tokens = exchange(server, app, code, 200).json()
    assert tokens["scope"].split() == [s for s in SCOPES if s in ticked]
    assert ("refresh_token" in tokens) == ("offline_access" in ticked)
    r = server.http.post(server.r4 + "/Observation", json={}, timeout=30,
                         headers={"Authorization":
                                  "Bearer " + tokens["access_token"],
                                  "Content-Type": FHIR_JSON})
    assert (r.status_code == 403) == (WRITE not in ticked), r.text


def test_ticking_more_than_asked_gives_nothing_more(server, app, citizen,
                                                    browser):
    page = browser.login(browser.authorize(request_of(app, scope=READ)),
                         citizen)
    r = browser.approve(page, **{"scope_" + WRITE: WRITE})
    tokens = exchange(server, app, back(r)["code"], 200).json()
    assert tokens["scope"] == READ


def test_no_scope_asks_for_all(server, app, citizen):
    code = code_for(server, app, citizen, scope=None)
    assert set(exchange(server, app, code, 200).json()["scope"].split()) == \
        set(SCOPES)


def test_deny(app, logged_in):
    r = logged_in.deny(logged_in.authorize(request_of(app)))
    assert r.status_code == 303
    assert back(r) == {"error": "access_denied", "state": "st4te",
                       "error_description": "User denied access"}


@pytest.mark.parametrize("wrong", [None, "", "guess"])
def test_consent_needs_its_form_token(app, logged_in, wrong):
    page = logged_in.authorize(request_of(app))
    form = logged_in.consent_form(page)
    fields = dict(form["fields"], authorize="Authorize", _csrf=wrong)
    r = logged_in.submit(page, form, {k: v for k, v in fields.items()
                                      if v is not None})
    assert r.status_code == 403
    assert "Location" not in r.headers


def test_form_token_of_another_session(server, app, logged_in):
    stranger = Browser(server)
    page = stranger.login(stranger.authorize(request_of(app)),
                          server.citizen()["hetu"])
    theirs = stranger.consent_form(page)["fields"]["_csrf"]
    page = logged_in.authorize(request_of(app))
    r = logged_in.approve(page, _csrf=theirs)
    assert r.status_code == 403


def test_consent_form_is_good_once(app, logged_in):
    page = logged_in.authorize(request_of(app))
    back(logged_in.approve(page))
    r = logged_in.approve(page)
    assert r.status_code in (400, 403), r.text
    assert "Location" not in r.headers


@pytest.mark.parametrize("remember,later,asked", [
    ("until-revoked", None, False), ("until-revoked", "P30D", False),
    ("one-hour", "PT20M", False), ("one-hour", "PT61M", True),
    ("none", None, True)])
def test_remembered_approval(own, citizen, remember, later, asked):
    app = own.register()
    b = Browser(own)
    page = b.login(b.authorize(request_of(app)), citizen)
    back(b.approve(page, remember=remember))
    if later:
        own.advance(later)
    page = b.authorize(request_of(app))
    if "Location" not in page.headers and Form(page.text).having("username"):
        page = b.login(page, citizen)
    assert ("Location" not in page.headers) == asked


def test_approval_does_not_cover_more_than_was_approved(server, app, citizen,
                                                        browser):
    page = browser.login(browser.authorize(request_of(app, scope=READ)),
                         citizen)
    back(browser.approve(page, remember="until-revoked"))
    assert back(browser.authorize(request_of(app, scope=READ)))["code"]
    assert browser.consent_form(browser.authorize(request_of(app)))


# ---- the code ---------------------------------------------------------------

NO_CODE = "JpaAuthorizationCodeRepository: no authorization code found for " \
          "value "


def test_code_is_good_once(server, app, citizen):
    code = code_for(server, app, citizen)
    first = exchange(server, app, code, 200)
    assert "no-store" in first.headers["Cache-Control"]
    assert first.headers["Pragma"] == "no-cache"
    refused(exchange(server, app, code), 400, "invalid_grant", NO_CODE + code)


def test_code_is_good_once_when_many_try(server, app, citizen):
    code = code_for(server, app, citizen)

    def one(_):
        with session() as http:
            return http.post(
                server.auth + "/token", timeout=30,
                auth=(app["client_id"], app["client_secret"]),
                data={"grant_type": "authorization_code", "code": code,
                      "redirect_uri": CALLBACK}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(one, range(6))) == [200] + [400] * 5


@pytest.mark.parametrize("by,status", [("PT299S", 200), ("PT300S", 400),
                                       ("PT1H", 400)])
def test_code_expires(own, app, citizen, by, status):
    code = code_for(own, app, citizen)
    own.advance(by)
    exchange(own, app, code, status)


def test_code_of_another_client(server, app, second_app, citizen):
    code = code_for(server, app, citizen)
    refused(exchange(server, second_app, code), 401, "invalid_client",
            "Client ID mismatch")
    refused(exchange(server, app, code), 400, "invalid_grant")


@pytest.mark.parametrize("uri", [None, CALLBACK + "/", "http://localhost/"])
def test_redirect_uri_at_the_token_endpoint(server, app, citizen, uri):
    code = code_for(server, app, citizen)
    refused(exchange(server, app, code, redirect_uri=uri), 400,
            "invalid_grant", "Redirect URI mismatch.")
    refused(exchange(server, app, code), 400, "invalid_grant")


# ---- client authentication --------------------------------------------------

def basic(user, password):
    raw = f"{user}:{password}".encode()
    return {"Authorization": "Basic " + base64.b64encode(raw).decode()}


def ask(server, headers=None, **form):
    form.setdefault("grant_type", "authorization_code")
    form.setdefault("code", "none")
    return server.http.post(server.auth + "/token", data=form, timeout=30,
                            headers=headers)


def percent(text):
    return "".join("%%%02X" % b for b in text.encode())


def test_ways_to_authenticate(server, app):
    user, secret = app["client_id"], app["client_secret"]
    for headers, form in (
            (basic(user, secret), {}),
            (basic(percent(user), percent(secret)), {}),
            ({}, {"client_id": user, "client_secret": secret}),
            (basic(user, secret), {"client_id": user}),
            (basic(user, secret), {"client_id": user, "client_secret": "x"})):
        r = ask(server, headers, **form)
        refused(r, 400, "invalid_grant", NO_CODE + "none")


def test_wrong_credentials(server, app):
    user, secret = app["client_id"], app["client_secret"]
    form = 'Form realm="oauth", error="invalid_client", ' \
           'error_description="Bad client credentials"'
    for pair in ({"client_id": user, "client_secret": "wrong"},
                 {"client_id": user, "client_secret": secret + "x"},
                 {"client_id": user}, {"client_id": "nobody"},
                 {"client_id": "nobody", "client_secret": secret}):
        r = ask(server, **pair)
        refused(r, 401, "invalid_client", "Bad client credentials")
        assert r.headers["WWW-Authenticate"] == form
    for pair in ((user, "wrong"), ("nobody", secret), (user, ""), ("", "")):
        r = ask(server, basic(*pair))
        refused(r, 401, "unauthorized", "Bad credentials")
        assert r.headers["WWW-Authenticate"] == \
            'Bearer realm="openidconnect", error="unauthorized", ' \
            'error_description="Bad credentials"'


def test_unknown_client_looks_like_a_wrong_secret(server, app):
    def looks(r):
        hidden = ("Date", "X-Request-ID", "X-Request-Id",
                  "X-Mock-Explain")
        return r.status_code, r.text, {k: v for k, v in r.headers.items()
                                       if k not in hidden}
    user = app["client_id"]
    assert looks(ask(server, client_id=user, client_secret="x")) == \
        looks(ask(server, client_id="nobody", client_secret="x"))
    assert looks(ask(server, basic(user, "x"))) == \
        looks(ask(server, basic("nobody", "x")))


def test_no_credentials(server):
    r = ask(server)
    refused(r, 401, "unauthorized",
            "Full authentication is required to access this resource")
    assert 'Bearer realm="openidconnect"' in r.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!!", "Basic " + "=" * 8,
    "Basic " + base64.b64encode(b"nocolon").decode(),
    "Basic " + base64.b64encode(b"\xff\xfe:\x00").decode(), "Fish x"])
def test_malformed_basic(server, header):
    r = ask(server, {"Authorization": header})
    assert r.status_code == 401, r.text


def test_basic_and_form_disagree(server, app):
    r = ask(server, basic(app["client_id"], app["client_secret"]),
            client_id="other")
    refused(r, 401, "invalid_client",
            "Given client ID does not match authenticated client")


def test_public_client(server, mobile, citizen):
    code = code_for(server, mobile, citizen)
    r = exchange(server, None, code, client_id=mobile["client_id"],
                 client_secret="anything")
    assert r.status_code == 401
    code = code_for(server, mobile, citizen)
    exchange(server, None, code, 200, client_id=mobile["client_id"])


# ---- the token endpoint's errors --------------------------------------------

@pytest.mark.parametrize("form,status,error,description", [
    ({}, 400, "invalid_request", "Missing grant type"),
    ({"grant_type": "fish"}, 400, "unsupported_grant_type",
     "Unsupported grant type"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type",
     "Unsupported grant type"),
    ({"grant_type": "implicit"}, 400, "invalid_grant",
     "Implicit grant type not supported from token endpoint"),
    ({"grant_type": "authorization_code"}, 400, "invalid_request",
     "An authorization code must be supplied."),
    ({"grant_type": "authorization_code", "code": "xyz"}, 400,
     "invalid_grant", NO_CODE + "xyz"),
    ({"grant_type": "authorization_code", "code": '"\\\n<é'}, 400,
     "invalid_grant", NO_CODE + '"\\\n<é'),
    ({"grant_type": "refresh_token"}, 400, "invalid_request",
     "refresh_token parameter not provided"),
    ({"grant_type": "refresh_token", "refresh_token": "xyz"}, 401,
     "invalid_token", "Invalid refresh token: xyz")])
def test_error_table(server, app, form, status, error, description):
    r = server.token(app, **form)
    refused(r, status, error, description)
    assert list(r.json())[:2] == ["error", "error_description"]
    if status == 401:
        assert f'error="{error}"' in r.headers["WWW-Authenticate"]


def test_header_takes_no_injection(server, app):
    r = server.token(app, grant_type="refresh_token",
                     refresh_token='a"b\\c\r\nX-Planted: 1')
    refused(r, 401, "invalid_token")
    assert "X-Planted" not in r.headers
    assert '"b' not in r.headers["WWW-Authenticate"]


def test_grant_the_client_may_not_use(server, citizen):
    app = server.register(grant_types=["authorization_code"])
    refused(server.token(app, grant_type="refresh_token", refresh_token="x"),
            401, "invalid_client", "Unauthorized grant type")


def test_get_token(server, app):
    r = server.http.get(server.auth + "/token", timeout=30,
                        auth=(app["client_id"], app["client_secret"]))
    assert r.status_code == 405
    assert "POST" in r.headers["Allow"]
    assert r.json()["error"] == "method_not_allowed"


@pytest.mark.parametrize("body", [
    b"grant_type=%", b"grant_type=%zz", b"grant_type=a%00b",
    b"grant_type=%ff", b"grant_type=\xff",
    b"&".join(b"a%d=1" % i for i in range(60))])
def test_form_that_cannot_be_read(server, app, body):
    r = server.http.post(
        server.auth + "/token", data=body, timeout=30,
        auth=(app["client_id"], app["client_secret"]),
        headers={"Content-Type": "application/x-www-form-urlencoded"})
    refused(r, 400, "invalid_request")


def test_parameters_of_the_query_count(server, app, citizen):
    code = code_for(server, app, citizen)
    query = urllib.parse.urlencode({"code": code, "redirect_uri": CALLBACK})
    r = server.http.post(f"{server.auth}/token?{query}", timeout=30,
                         data={"grant_type": "authorization_code"},
                         auth=(app["client_id"], app["client_secret"]))
    assert r.status_code == 200, r.text


def test_first_of_repeated_form_parameters(server, app):
    r = server.http.post(
        server.auth + "/token", timeout=30,
        auth=(app["client_id"], app["client_secret"]),
        data=[("grant_type", "authorization_code"), ("code", "one"),
              ("grant_type", "fish"), ("code", "two")])
    refused(r, 400, "invalid_grant", NO_CODE + "one")


def test_preflight(server):
    r = server.http.options(server.auth + "/token", timeout=30, headers={
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST"})
    assert r.status_code in (200, 204)
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in r.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in r.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in r.headers


# ---- PKCE -------------------------------------------------------------------

def challenge(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


MISMATCH = "Code challenge and verifier do not match"


@pytest.mark.parametrize("verifier,status", [
    (VERIFIER, 200), (VERIFIER[:-1] + "X", 400), (VERIFIER[:42], 400),
    (CHALLENGE, 400), ("", 400), (None, 400), ("x" * 200, 400)])
def test_s256(server, app, citizen, verifier, status):
    assert challenge(VERIFIER) == CHALLENGE
    code = code_for(server, app, citizen, code_challenge=CHALLENGE,
                    code_challenge_method="S256")
    r = exchange(server, app, code, code_verifier=verifier)
    assert r.status_code == status
    if status != 200:
        refused(r, 400, "invalid_request", MISMATCH)
        refused(exchange(server, app, code, code_verifier=VERIFIER), 400,
                "invalid_grant")


@pytest.mark.parametrize("method", ["plain", None])
def test_plain(server, app, citizen, method):
    for verifier, status in ((VERIFIER, 200), (VERIFIER + "x", 400)):
        code = code_for(server, app, citizen, code_challenge=VERIFIER,
                        code_challenge_method=method)
        exchange(server, app, code, status, code_verifier=verifier)


@pytest.mark.parametrize("bad", [
    {"code_challenge": CHALLENGE, "code_challenge_method": "S512"},
    {"code_challenge": "short", "code_challenge_method": "S256"}])
def test_challenge_that_cannot_be(app, logged_in, bad):
    got = back(logged_in.authorize(request_of(app, **bad)))
    assert got["error"] == "invalid_request"


def test_public_client_with_pkce(server, mobile, citizen):
    code = code_for(server, mobile, citizen, code_challenge=CHALLENGE,
                    code_challenge_method="S256")
    exchange(server, None, code, 200, client_id=mobile["client_id"],
             code_verifier=VERIFIER)


def test_superfluous_verifier(server, app, citizen):
    exchange(server, app, code_for(server, app, citizen), 200,
             code_verifier=VERIFIER)


# ---- refresh ----------------------------------------------------------------

@pytest.fixture
def tokens(server, app, citizen):
    return server.issue(app, citizen)


def refresh(server, app, token, **more):
    return server.token(app, grant_type="refresh_token", refresh_token=token,
                        **more)


def reads(server, tokens):
    r = server.http.get(
        f"{server.r4}/Observation?patient={tokens['sub']}", timeout=30,
        headers={"Authorization": "Bearer " + tokens["access_token"]})
    return r.status_code


def test_refresh_sends_the_token_again(server, app, tokens):
    for _ in range(3):
        r = refresh(server, app, tokens["refresh_token"])
        assert r.status_code == 200
        new = r.json()
        assert list(new) == list(tokens)
        assert new["refresh_token"] == tokens["refresh_token"]
        assert new["sub"] == tokens["sub"]
        assert new["access_token"] != tokens["access_token"]
        assert "no-store" in r.headers["Cache-Control"]
        assert reads(server, new) == reads(server, tokens) == 200


def test_refresh_with_less_scope(server, app, tokens):
    less = refresh(server, app, tokens["refresh_token"],
                   scope="offline_access patient/Patient.read").json()
    assert set(less["scope"].split()) == {"offline_access",
                                          "patient/Patient.read"}
    assert reads(server, less) == 403
    assert reads(server, refresh(server, app,
                                 tokens["refresh_token"]).json()) == 200


def test_refresh_with_more_scope(server, app, citizen):
    tokens = server.issue(app, citizen, "offline_access " + READ)
    refused(refresh(server, app, tokens["refresh_token"],
                    scope=READ + " " + WRITE), 400, "invalid_scope",
            "Up-scoping is not allowed.")


def test_refresh_token_of_another_client(server, app, second_app, tokens):
    token = tokens["refresh_token"]
    refused(refresh(server, second_app, token), 401, "invalid_client",
            "Client does not own the presented refresh token")
    refused(refresh(server, app, token), 401, "invalid_token")


def test_access_token_is_no_refresh_token(server, app, tokens):
    refused(refresh(server, app, tokens["access_token"]), 401,
            "invalid_token")


def test_refresh_outlives_the_access_token(own, app, citizen):
    tokens = own.issue(app, citizen)
    own.advance("PT59M59S")
    assert reads(own, tokens) == 200
    own.advance("PT1S")
    assert reads(own, tokens) == 401
    own.advance("P400D")
    new = refresh(own, app, tokens["refresh_token"]).json()
    assert reads(own, new) == 200


# ---- the bearer guard -------------------------------------------------------

@pytest.fixture
def guarded(server, tokens):
    def go(header, method="GET", query="", **more):
        headers = {"Authorization": header} if header is not None else {}
        return server.http.request(
            method, f"{server.r4}/Observation?patient={tokens['sub']}{query}",
            headers=dict(headers, **more.pop("headers", {})), timeout=30,
            **more)
    return go


def test_bearer_accepted(guarded, tokens):
    for scheme in ("Bearer ", "bearer ", "BEARER ", "Bearer   "):
        r = guarded(scheme + tokens["access_token"])
        assert r.status_code == 200, scheme


def test_no_token_no_error_code(guarded):
    r = guarded(None)
    assert r.status_code == 401
    assert r.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert "error" not in r.headers["WWW-Authenticate"]
    outcome(r)


@pytest.mark.parametrize("token", ["unknown", "a.b.c", "x" * 4000])
def test_unknown_token(guarded, token):
    r = guarded("Bearer " + token)
    assert r.status_code == 401
    assert 'error="invalid_token"' in r.headers["WWW-Authenticate"]
    outcome(r)


def test_refresh_token_opens_nothing(guarded, tokens):
    r = guarded("Bearer " + tokens["refresh_token"])
    assert r.status_code == 401
    assert 'error="invalid_token"' in r.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", [
    "Bearer", "Bearer ", "Bearer a b", "Bearer\tabc", "Basic abc", "fish"])
def test_malformed_authorization(guarded, header):
    r = guarded(header)
    assert r.status_code in (400, 401)
    assert r.headers["WWW-Authenticate"].startswith("Bearer")
    outcome(r)


def test_signature_is_not_trusted(guarded, tokens):
    """A token that was altered is unknown, whatever it says of itself."""
    head, claims, signature = tokens["access_token"].split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for forged in (f"{head}.{claims}.", f"{none}.{claims}.",
                   f"{head}.{claims}.{signature[:-4]}AAAA"):
        assert guarded("Bearer " + forged).status_code == 401


def test_token_in_the_query_is_no_token(guarded, tokens):
    r = guarded(None, query="&access_token=" + tokens["access_token"])
    assert r.status_code == 401


def test_scope_guard(server, app, citizen):
    for scope, method, missing in ((READ, "POST", WRITE),
                                   (WRITE, "GET", READ),
                                   ("patient/Patient.read", "GET", READ)):
        t = server.issue(app, citizen, scope)
        r = server.http.request(
            method, f"{server.r4}/Observation?patient={t['sub']}",
            json=weight(t["sub"]) if method == "POST" else None, timeout=30,
            headers={"Authorization": "Bearer " + t["access_token"]})
        assert r.status_code == 403
        told = r.headers["WWW-Authenticate"]
        assert 'error="insufficient_scope"' in told
        assert f'scope="{missing}"' in told
        outcome(r)


# ---- documents, and what must stay secret -----------------------------------

def test_discovery(server):
    r = server.http.get(server.auth + "/.well-known/openid-configuration",
                        timeout=30)
    assert r.status_code == 200
    found = r.json()
    assert found["issuer"] == server.auth + "/"
    assert found["authorization_endpoint"] == server.auth + "/authorize"
    assert found["token_endpoint"] == server.auth + "/token"
    assert "code" in found["response_types_supported"]
    assert set(found["grant_types_supported"]) >= {"authorization_code",
                                                   "refresh_token"}


def test_no_such_document_at_the_fhir_base(server):
    """Clients ask three places at once and take the first 200; the wrong
    place must say that nothing is there."""
    r = server.http.get(server.r4 + "/.well-known/openid-configuration",
                        timeout=30)
    assert r.status_code == 404


def test_register(server, citizen):
    r = server.http.post(server.auth + "/register", timeout=30, json={
        "client_name": "Self-made", "redirect_uris": [CALLBACK],
        "scope": SCOPE, "client_id": "chosen", "client_secret": "chosen"})
    assert r.status_code == 201, r.text
    app = r.json()
    assert app["client_id"] != "chosen" and app["client_secret"] != "chosen"
    assert app["token_endpoint_auth_method"] == "client_secret_basic"
    assert set(app["grant_types"]) == {"authorization_code", "refresh_token"}
    assert app["client_secret_expires_at"] == 0
    assert dance(server, app, citizen)["access_token"]


@pytest.mark.parametrize("body,error", [
    ({"client_name": "x"}, "invalid_redirect_uri"),
    ({"redirect_uris": [CALLBACK + "#f"]}, "invalid_redirect_uri"),
    ({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "fish"},
     "invalid_client_metadata"),
    ({"redirect_uris": [CALLBACK], "grant_types": ["password"]},
     "invalid_client_metadata")])
def test_register_refused(server, body, error):
    r = server.http.post(server.auth + "/register", json=body, timeout=30)
    assert r.status_code == 400, r.text
    assert r.json()["error"] == error


def test_nothing_secret_in_the_log(own, app, citizen):
    b = Browser(own)
    got = back(b.walk(request_of(app, state="SECRET-state"), citizen))
    tokens = exchange(own, app, got["code"], 200).json()
    refresh(own, app, tokens["refresh_token"])
    refresh(own, app, "SECRET-refresh")
    ask(own, client_id=app["client_id"], client_secret="SECRET-password")
    ask(own, basic(app["client_id"], "SECRET-basic"), code_verifier="SECRET-v")
    reads(own, tokens)
    reads(own, {"sub": "x", "access_token": "SECRET-bearer"})
    session().get(own.r4 + "/Observation?access_token=SECRET-query",
                  timeout=30)
    log = own.log()
    assert "/token" in log, "requests are logged"
    for secret in (got["code"], tokens["access_token"], citizen,
                   tokens["access_token"].split(".")[-1],
                   tokens["refresh_token"], app["client_secret"]):
        assert secret not in log
    for word in re.findall(r"SECRET-\w+", log):
        assert word == "SECRET-state", word
