# SPDX-License-Identifier: Apache-2.0
"""The console: the page at / and those below /console. Each page is the answer
of one call of the control API, each form is one call; whoever the API refuses
sees nothing here; what anybody sent is shown as text."""
import gzip
import html
import json
import re
import urllib.parse

import pytest

import support
from support import Browser, Form, weight

PAGES = ["/", "/console/requests", "/console/requests/latest",
         "/console/citizens", "/console/citizens/{hetu}", "/console/clients",
         "/console/clients/{client}", "/console/tokens",
         "/console/certificates", "/console/faults", "/console/clock",
         "/console/snapshots", "/console/settings", "/console/report",
         "/console/profiles", "/console/profiles/coverage",
         "/console/resources/r4", "/console/resources/stu3",
         "/console/resources/r4/Observation",
         "/console/resources/r4/Observation/$new"]
BROWSERS = "text/html,application/xhtml+xml"
HOSTILE = "<script>alert(1)</script>\"'{{csrf}}&amp;"
TOKEN = "console-test-token"


class Operator(Browser):
    """The browser of the person who runs the server."""

    def __init__(self, server, language="en"):
        super().__init__(server)
        self.http.headers["Accept-Language"] = language
        self.http.headers["Accept"] = BROWSERS

    def page(self, path, status=200):
        r = self.get(self.server.origin + path)
        assert r.status_code == status, (r.status_code, r.text[:2000])
        return r

    def form(self, page, action):
        for form in Form(page.text).forms:
            if (form["action"], form["method"]) == (action, "POST"):
                return form
        raise AssertionError(f"no form for {action}: {page.text}")

    def send(self, at, do, status=303, **fields):
        """Sends a form of a page; its answer as it is."""
        form = self.form(self.page(at), do)
        values = {k: v for k, v in form["fields"].items() if v is not None}
        values.update(fields)
        r = self.http.post(self.server.origin + do, data=values,
                           allow_redirects=False, timeout=30)
        assert r.status_code == status, (r.status_code, r.text[:3000])
        return r

    def done(self, at, do, **fields):
        """Sends it; the page that it led to, which says what was done."""
        r = self.send(at, do, **fields)
        page = self.page(r.headers["Location"].split(
            self.server.origin)[-1])
        assert 'class="notice good" role="status"' in page.text
        return page


@pytest.fixture
def operator(own):
    return Operator(own)


def text_of(page):
    return html.unescape(re.sub(r"<[^>]*>", " ", page.text))


def where(own, person, app, path):
    return path.format(hetu=person.hetu, client=app["client_id"])


# ---- pages ------------------------------------------------------------------

@pytest.mark.parametrize("path", PAGES)
def test_every_page(own, operator, person, app, path):
    person.search()
    page = operator.page(where(own, person, app, path))
    assert "Mock, not Kanta; no real data." in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    # else a browser says "Origin: null" of its forms, which is nobody's
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    assert "<script>" not in page.text and " style=" not in page.text
    assert " onclick" not in page.text and "{{" not in page.text
    assert page.text.count("<h1>") == 1
    assert 'aria-current="page"' in page.text


@pytest.mark.parametrize("path", [p for p in PAGES if "resources" not in p])
def test_each_has_a_twin(own, operator, person, app, path):
    """The page names the call and links to its answer, which is the same."""
    page = operator.page(where(own, person, app, path))
    twin, call = re.search(
        r'<a href="([^"]*)"><code>GET ([^<]*)</code></a>', page.text).groups()
    same = operator.http.get(own.origin + html.unescape(twin), timeout=30)
    told = own.request("GET", html.unescape(call))
    assert (same.status_code, same.headers["Content-Type"]) == (
        told.status_code, told.headers["Content-Type"])
    assert same.json().keys() == told.json().keys()


def test_an_entry_point_for_all(operator):
    """The ways through the site lead to pages."""
    page = operator.page("/")
    rail = re.search(r'<nav class="rail".*?</nav>', page.text, re.S)[0]
    links = re.findall(r'href="([^"]*)"', rail)
    assert len(links) >= 12 and links[0] == "/"
    for link in links:
        shown = operator.page(link)
        assert f'href="{link}" aria-current="page"' in shown.text


def test_overview(own, operator):
    text = text_of(operator.page("/"))
    for url in (own.auth, own.stu3, own.r4, own.admin_url):
        assert url in text
    assert f"KANTA_PHR_FHIR_R4={own.r4}" in text
    state = own.admin("GET", "/state").json()
    assert state["environment"] in text and state["version"] in text


def test_state_tells_addresses_and_origins(start):
    s = start("--environment", "sandbox-open", "--oauth", "strict",
              "--set", "page_default=7")
    state = s.admin("GET", "/state").json()
    assert state["environment"] == "sandbox-open"
    assert state["oauth"] == "strict"
    assert state["addresses"]["r4"] == s.r4
    assert "mtls" not in state["addresses"]
    switches = state["switches"]
    assert {k: v["value"] for k, v in switches.items()} == state["settings"]
    assert switches["page_default"]["from"] == "option"
    assert switches["token_required"]["from"] == "environment"
    assert switches["oauth_errors"]["from"] == "oauth"
    assert switches["validation_status"]["from"] == "default"
    s.admin("PUT", "/settings", {"validation_status": "400"}, 200)
    assert s.admin("GET", "/state").json()["switches"]["validation_status"][
        "from"] == "changed"


@pytest.mark.parametrize("path", [
    "/nope", "/console/nope", "/console/requests/latest/more",
    "/console/a/b/c/d", "/console/resources/r4/Observation/a/b/c"])
def test_unknown_paths(own, path):
    program = own.request("GET", path)
    assert program.status_code == 404
    paths = program.json()["error"]["paths"]
    assert "/phr-resourceserver/baseR4/" in paths and "/__admin/" in paths
    person = own.request("GET", path, headers={"Accept": BROWSERS})
    assert person.status_code == 404
    assert person.headers["Content-Type"].startswith("text/html")


def test_what_nothing_takes_is_a_request(own):
    own.request("GET", "/typo-of-a-base/Observation")
    last = own.admin("GET", "/requests/latest").json()
    assert (last["path"], last["kind"]) == ("/typo-of-a-base/Observation",
                                            "request")


def test_looking_leaves_no_entry(own, operator):
    before = own.admin("GET", "/requests?order=newest&limit=1").json()
    for path in ("/", "/console/requests", "/console/clock"):
        operator.page(path)
    after = own.admin("GET", "/requests?order=newest&limit=1").json()
    assert before["requests"] == after["requests"]


@pytest.mark.parametrize("path", ["", "/", "/a", "/a/b/c/d/e?x=y"])
def test_the_place_of_the_tester(own, path):
    r = own.request("GET", "/phr-resourceserver-ui" + path)
    assert r.status_code == 302
    assert r.headers["Location"] == "/console/resources"


def test_how_much_is_sent(own, operator):
    """All that a page needs besides itself, packed, and how long the script
    is."""
    page = operator.page("/")
    urls = re.findall(r'(?:href|src)="(/[^"]*\?v=[^"]*)"', page.text)
    assert len(urls) == 3
    packed = 0
    for url in urls:
        r = own.request("GET", html.unescape(url))
        assert r.status_code == 200 and "immutable" in r.headers[
            "Cache-Control"]
        packed += len(gzip.compress(r.content))
        if "javascript" in r.headers["Content-Type"]:
            assert len(r.text.splitlines()) <= 150
    assert packed < 15000


# ---- the journal ------------------------------------------------------------

def test_the_filter(own, operator, person, app):
    person.search()
    own.request("GET", "/phr-resourceserver/baseR4/Observation")

    def rows(q):
        page = operator.page("/console/requests?" +
                             urllib.parse.urlencode({"q": q}))
        return [(r[1], html.unescape(r[0])) for r in re.findall(
            r'/console/requests/[0-9a-f-]{36}">([^<]*)</a>(?:(?!</tr>).)*?'
            r'data-label="Who">([^<]*)<', page.text, re.S)]

    mine = rows(f"citizen:{person.hetu}")
    assert mine and all(app["client_id"] in who for who, _ in mine)
    assert rows(f"client:{app['client_id']} status:2xx type:Observation")
    assert not rows(f"client:{app['client_id']} status:5xx")
    assert rows("path:Observation is:refused") and rows("Observation")
    assert not rows("path:nothing-has-that")
    assert rows("path:/phr-resourceserver") and rows('kind:"request"')


@pytest.mark.parametrize("q,word", [
    ("colour:red", "colour"), ("status:many", "status"),
    ("citizen:nobody", "nobody"), ("kind:x", "kind"),
    (HOSTILE + ":" + HOSTILE, "script")])
def test_a_filter_that_says_nothing(operator, q, word):
    page = operator.page("/console/requests?" +
                         urllib.parse.urlencode({"q": q}),
                         404 if word == "nobody" else 400)
    assert 'role="alert"' in page.text and word in text_of(page)
    assert "<script>alert" not in page.text
    assert f'value="{html.escape(q)}"'.replace("&#x27;", "&#39;") in page.text
    assert "<title>Error: " in page.text


# ---- one request ------------------------------------------------------------

def test_a_refusal_explained(own, operator, person):
    bad = weight(person.id)
    bad["status"] = "finall"
    bad["valueQuantity"]["unit"] = "lb"
    person.post(bad, "r4", "/Observation", 422)
    page = operator.page("/console/requests/latest")
    text = text_of(page)
    assert "KPHR-PROF-0023" in text and "use \"final\"" in text
    assert "FHIR ElementDefinition" in text
    marked = re.findall(r'<li class="bad">(.*?)</li>', page.text, re.S)
    assert [w for w in ("finall", "&quot;lb&quot;")
            if not any(w in m for m in marked)] == []
    assert len(marked) < 5
    assert f"curl -i -X POST '{own.r4}/Observation'" in text
    assert '"Authorization: Bearer $TOKEN"' in text
    assert person.token not in page.text


def test_a_request_that_is_not_there(operator):
    page = operator.page("/console/requests/" + 36 * "0", 404)
    assert "The journal has no request" in text_of(page)


def test_hostile_values_are_text(own, operator, person):
    bad = weight(person.id)
    bad["note"] = [{"text": HOSTILE}]
    bad["status"] = HOSTILE
    person.post(bad, "r4", "/Observation", 422)
    own.request("GET", "/phr-resourceserver/baseR4/Observation", params={
        HOSTILE: HOSTILE}, headers={"User-Agent": HOSTILE})
    own.register(client_name=HOSTILE)
    ids = [r["id"] for r in own.admin(
        "GET", "/requests?order=newest&limit=4").json()["requests"]]
    pages = [operator.page("/console/requests/" + i) for i in ids]
    pages += [operator.page(p) for p in ("/", "/console/requests",
                                         "/console/clients")]
    for page in pages:
        assert "<script>alert" not in page.text
        assert "\"'{{csrf}}" not in page.text
    assert any("&lt;script&gt;alert(1)&lt;/script&gt;" in p.text
               for p in pages)


# ---- forms ------------------------------------------------------------------

def test_citizens(own, operator):
    page = operator.done("/console/citizens", "/console/citizens", age="42",
                         behaviours="refuses-consent no-terms-accepted")
    assert "There is a new citizen." in text_of(page)
    made = own.admin("GET", "/citizens").json()["citizens"]
    code = [c["hetu"] for c in made
            if len(c["behaviours"]) == 2][-1]
    mine = f"/console/citizens/{code}"
    operator.done(mine, mine + "/behaviours", behaviours="")
    assert own.admin("GET", "/citizens/" + code).json()["behaviours"] == []
    operator.done(mine, mine + "/delete")
    assert own.admin("GET", "/citizens/" + code).status_code == 404


def test_a_citizen_withdraws(own, operator, person, app):
    mine = f"/console/citizens/{person.hetu}"
    operator.done(mine, mine + "/withdraw", client_id=app["client_id"])
    assert person.get("/Observation?patient=" + person.id).status_code \
        == 401


def test_applications(own, operator):
    r = operator.send("/console/clients", "/console/clients", 200,
                      client_name="From the console", scope=support.SCOPE,
                      redirect_uris="http://a.example/cb http://b.example/cb")
    assert "client_secret" in r.text and "hreflang" not in r.text
    made = [c for c in own.admin("GET", "/clients").json()["clients"]
            if c["client_name"] == "From the console"]
    assert made[0]["redirect_uris"] == ["http://a.example/cb",
                                        "http://b.example/cb"]
    mine = "/console/clients/" + made[0]["client_id"]
    assert "From the console" in operator.page(mine).text
    operator.done(mine, mine + "/delete")
    assert own.admin("GET", "/clients/" + made[0]["client_id"]) \
        .status_code == 404


def test_an_application_as_json(own, operator):
    body = {"client_id": "console-json", "client_name": "As JSON",
            "redirect_uris": [support.CALLBACK], "scope": support.SCOPE}
    operator.send("/console/clients", "/console/clients", 200,
                  whole=json.dumps(body), client_name="not this")
    told = own.admin("GET", "/clients/console-json").json()
    assert told["client_name"] == "As JSON"


def test_tokens(own, operator, person, app):
    listed = operator.page("/console/tokens?hetu=" + person.hetu)
    assert "sha256:" in listed.text and person.token not in listed.text
    page = operator.done("/console/tokens", "/console/tokens/expire",
                         hetu=person.hetu)
    assert "The tokens have expired." in text_of(page)
    assert person.get("/Observation?patient=" + person.id).status_code \
        == 401
    issued = operator.send("/console/tokens", "/console/tokens", 200,
                           client_id=app["client_id"], hetu=person.hetu,
                           expires_in="60")
    assert "access_token" in issued.text
    form = operator.form(operator.page("/console/tokens"),
                         "/console/tokens/expire")
    r = operator.http.post(own.origin + "/console/tokens/revoke", data=dict(
        form["fields"], hetu=person.hetu), allow_redirects=False, timeout=30)
    assert r.status_code == 303
    assert own.admin("GET", "/tokens?hetu=" + person.hetu).json()[
        "tokens"] == []


def test_the_list_of_tokens(own, person, app):
    told = own.admin("GET", f"/tokens?hetu={person.hetu}"
                     f"&client_id={app['client_id']}&active=true").json()
    assert told["complete"]
    assert {t["type"] for t in told["tokens"]} == {"access", "refresh"}
    assert all(t["active"] and t["client_id"] == app["client_id"]
               and t["patient"] == person.id for t in told["tokens"])
    assert person.token not in json.dumps(told)
    for query, code in [("hetu=nobody", 404), ("client_id=nobody", 404),
                        ("active=maybe", 400), ("clientid=x", 400)]:
        assert own.admin("GET", "/tokens?" + query).status_code == code


def test_clock(start):
    s = start()
    o = Operator(s)
    o.done("/console/clock", "/console/clock/advance", by="P400D")
    assert s.admin("GET", "/clock").json()["now"].startswith("2027-04-14")
    # the session has not ended with that, nor does it with a reset
    o.done("/console/clock", "/console/clock", mode="frozen",
           now="2026-03-01T10:00:00+02:00")
    o.done("/", "/console/reset")
    assert s.admin("GET", "/clock").json()["now"].startswith("2026-03-10")
    r = o.send("/console/clock", "/console/clock/advance", 400, by="soon")
    assert "/by" in r.text and 'value="soon"' in r.text


def test_settings(start):
    s = start()
    o = Operator(s)
    o.done("/console/settings", "/console/settings",
           name="validation_status", value="400")
    assert s.admin("GET", "/settings").json()["validation_status"] == "400"
    row = re.search(r'<th scope="row" class="code whole">validation_status</th>'
                    r'.*?</tr>', o.page("/console/settings").text, re.S)[0]
    assert "<strong>400</strong>" in row and ">changed<" in row
    assert "422 | 412 | 400" in row
    r = o.send("/console/settings", "/console/settings", 400,
               name="validation_status", value="tomorrow")
    assert 'role="alert"' in r.text


def test_deep_json(own, operator):
    """A page is made of what it shows, not of each way through it."""
    body = HOSTILE
    for _ in range(50):
        body = {"a": [body]}
    made = own.admin("POST", "/faults", {
        "match": {"client_id": "nobody"},
        "action": {"status": 500, "body": body}}, 201).json()["id"]
    page = operator.page("/console/faults")
    own.admin("DELETE", "/faults/" + made, status=204)
    assert made in page.text and "<script>alert" not in page.text
    assert len(page.text) < 100000


def test_faults(start):
    s = start()
    o = Operator(s)
    o.done("/console/faults", "/console/faults", path="/phr-resourceserver",
           action='{"status":503,"retry_after":2}', times="1")
    told = s.admin("GET", "/faults").json()["faults"][0]
    assert s.admin("GET", "/state").json()["faults"] == {
        "ids": [told["id"]], "armed": 1}
    assert f"<dd>1 <code>{told['id']}</code></dd>" in o.page("/").text
    assert told["match"] == {"path": "/phr-resourceserver"}
    assert told["action"] == {"status": 503, "retry_after": 2}
    r = s.request("GET", "/phr-resourceserver/baseR4/metadata")
    assert (r.status_code, r.headers["Retry-After"]) == (503, "2")
    one = f"/console/faults/{told['id']}/delete"
    o.done("/console/faults", one)
    o.done("/console/faults", "/console/faults", action_json='{"status":418}',
           match_json="", client_id="a", endpoint="token")
    told = s.admin("GET", "/faults").json()["faults"]
    assert [(f["match"], f["action"]) for f in told] == [
        ({"client_id": "a", "endpoint": "token"}, {"status": 418})]
    o.done("/console/faults", "/console/faults/clear")
    assert s.admin("GET", "/faults").json()["faults"] == []
    r = o.send("/console/faults", "/console/faults", 400, whole="{nonsense")
    assert "{nonsense" in html.unescape(r.text) and 'role="alert"' in r.text


def test_certificates(start):
    s = start("--listen", "mtls://127.0.0.1:0")
    o = Operator(s)
    r = o.send("/console/certificates", "/console/certificates", 200,
               kind="wellbeing", oid="1.2.246.1", format="p12")
    assert "BEGIN CERTIFICATE" in r.text and "PRIVATE KEY" in r.text
    assert 'download="wellbeing.p12"' in r.text
    number = s.admin("GET", "/certificates").json()["issued"][0]["number"]
    o.done("/console/certificates", f"/console/certificates/{number}/revoke")
    assert s.admin("GET", "/certificates").json()["issued"][0]["revoked"]
    pem = o.http.get(s.origin + "/console/certificates/ca.pem", timeout=30)
    assert pem.text == s.admin("GET", "/certificates/ca.pem").text


def test_the_journal_is_emptied(start):
    s = start()
    o = Operator(s)
    s.request("GET", "/phr-resourceserver/baseR4/metadata")
    o.done("/console/requests", "/console/requests/clear")
    left = s.admin("GET", "/requests").json()["requests"]
    assert [r["path"] for r in left if "metadata" in r["path"]] == []


def test_a_form_of_no_session(own, operator):
    before = own.admin("GET", "/citizens").json()
    for data in ({}, {"_csrf": "x"}, {"_csrf": 64 * "0"}):
        r = operator.http.post(own.origin + "/console/citizens", data=data,
                               timeout=30)
        assert r.status_code == 403
    assert own.admin("GET", "/citizens").json() == before


@pytest.mark.parametrize("path", ["/console/nope", "/console/a/b/c",
                                  "/console/requests", "/console/clock/set"])
def test_a_form_that_is_not_there(own, operator, path):
    token = operator.form(operator.page("/"), "/console/reset")["fields"]
    r = operator.http.post(own.origin + path, data=token, timeout=30)
    assert r.status_code == 404


@pytest.mark.parametrize("done", ["-1", "999999", "x", "1e3", "%00", HOSTILE,
                                  "99999999999999999999999999"])
def test_nothing_is_said_for_an_address(own, done):
    o = Operator(own)
    r = o.http.get(own.origin + "/console/clock?" + urllib.parse.urlencode(
        {"done": done}), timeout=30)
    assert 'role="status"' not in r.text and "<script>alert" not in r.text


# ---- who may ----------------------------------------------------------------

def test_the_token_is_asked_for_once(start):
    s = start("--admin-token", TOKEN)
    o = Operator(s)
    first = o.http.get(s.origin + "/console/citizens?x=y",
                       allow_redirects=False, timeout=30)
    assert first.status_code == 303
    assert first.headers["Location"] == "/console/unlock"
    assert o.http.get(s.origin + "/console/citizens.json",
                      timeout=30).status_code == 401
    page = o.page("/console/unlock")
    form = o.form(page, "/console/unlock")
    wrong = o.http.post(s.origin + "/console/unlock", data=dict(
        form["fields"], token="a guess"), timeout=30)
    assert wrong.status_code == 403 and "a guess" not in wrong.text
    right = o.http.post(s.origin + "/console/unlock", data=dict(
        form["fields"], token=TOKEN), allow_redirects=False, timeout=30)
    assert right.status_code == 303
    assert right.headers["Location"] == "/console/citizens?x=y"
    page = o.page("/console/citizens")
    assert "150785-901A" in page.text and TOKEN not in page.text
    assert o.http.get(s.origin + "/console/citizens.json",
                      timeout=30).status_code == 200
    journal = o.page("/console/requests")
    assert "/__admin/requests/stream" not in journal.text
    # another browser is none the wiser
    assert Operator(s).http.get(s.origin + "/", allow_redirects=False,
                                timeout=30).status_code == 303


def test_a_foreign_page_or_name_sees_nothing(own):
    for headers in ({"Host": "evil.example"},
                    {"Origin": "http://evil.example"}):
        o = Operator(own)
        r = o.http.get(own.origin + "/console/citizens", headers=headers,
                       timeout=30)
        assert r.status_code == 403 and "150785-901A" not in r.text
        r = o.http.get(own.origin + "/console/resources/r4", headers=headers,
                       timeout=30)
        assert r.status_code == 403
        form = o.form(o.page("/"), "/console/reset")
        r = o.http.post(own.origin + "/console/reset", data=form["fields"],
                        headers=headers, timeout=30, allow_redirects=False)
        assert r.status_code == 403


# ---- the browser of resources -----------------------------------------------

def asked(page):
    return html.unescape(re.search(
        r'<code class="secret">([^<]*)</code>', page.text)[1])


def test_a_search_shows_what_was_asked(own, operator, person, app):
    person.post(weight(person.id, kg=71.5), "r4", "/Observation", 201)
    page = operator.page("/console/resources/r4/Observation?.hetu="
                         + person.hetu)
    assert asked(page) == ("GET /open/phr-resourceserver/baseR4/Observation"
                           f"?patient={person.id}&_count=20")
    assert "71.5 kg" in page.text and "Found: 1" in page.text
    query = urllib.parse.urlencode({
        ".hetu": person.hetu, ".client": app["client_id"], ".search": "1",
        "patient": person.id, "code": "", "date": "ge2020",
        ".more": "status:not=final"})
    page = operator.page("/console/resources/r4/Observation?" + query)
    assert asked(page) == (
        "GET /phr-resourceserver/baseR4/Observation"
        f"?patient={person.id}&date=ge2020&status:not=final")
    assert "Found: 0" in page.text
    assert person.token not in page.text


def test_reading_leaves_nothing_behind(own, operator, person, app):
    operator.page("/")
    before = own.admin("GET", "/state").json()["counts"]
    for path in ("/Observation", "/Patient/" + person.id):
        operator.page(f"/console/resources/r4{path}?.hetu={person.hetu}"
                      f"&.client={app['client_id']}")
    assert own.admin("GET", "/state").json()["counts"] == before


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_create_validate_change_delete(own, operator, person, fhir):
    base = f"/console/resources/{fhir}/Observation"
    ours = "?.hetu=" + person.hetu
    form = operator.form(operator.page(base + "/$new" + ours), base)
    resource = form["fields"]["resource"]
    assert person.id in resource

    def send(path, do, text, status):
        r = operator.http.post(own.origin + path, data=dict(
            form["fields"], resource=text, do=do), allow_redirects=False,
            timeout=30)
        assert r.status_code == status, r.text
        return r

    sound = send(base, "validate", resource, 200)
    assert "It keeps to all rules." in sound.text
    broken = resource.replace('"final"', '"finall"')
    for do in ("validate", "create"):
        r = send(base, do, broken, 200 if do == "validate" else 422)
        assert '<li class="bad">' in r.text and "KPHR-PROF-" in r.text
        assert "finall" in r.text
    send(base, "create", "{nonsense", 400)
    made = send(base, "create", resource, 303).headers["Location"]
    page = operator.page(made)
    assert 'class="badge good">200<' in page.text
    stored = html.unescape(re.search(
        r'<textarea id="resource"[^>]*>(.*?)</textarea>', page.text,
        re.S)[1])
    path = made.split("?")[0]
    stored, changes = re.subn(r'("valueQuantity": \{\s*"value": )[\d.]+',
                              r"\g<1>6.1", stored)
    assert changes == 1
    send(path, "update", stored, 303)
    page = operator.page(made)
    versions = re.findall(re.escape(path) + r'/(\d+)\?', page.text)
    assert versions == ['2', '1'], page.text
    assert asked(operator.page(path + "/1" + ours)).endswith("/_history/1")
    send(path, "delete", stored, 303)
    operator.page(made, 410)


@pytest.mark.parametrize("path,status", [
    ("/r4/Nonsense", 404), ("/r4/Observation/nobody", 404),
    ("/r4/Observation?.search=1", 400)])
def test_what_the_server_refuses_is_shown(operator, path, status):
    r = operator.http.get(operator.server.origin + "/console/resources"
                          + path, timeout=30)
    assert 400 <= r.status_code < 500 and 'role="alert"' in r.text


def test_without_an_open_sandbox(start):
    s = start("--environment", "client-test", "--client-certificate", "off")
    page = Operator(s).http.get(s.origin + "/console/resources/r4/Observation",
                                timeout=30)
    assert page.status_code == 401
    assert asked(page).startswith("GET /phr-resourceserver/baseR4/")


# ---- languages --------------------------------------------------------------

@pytest.mark.parametrize("language,title", [
    ("fi", "Yleiskuva"), ("sv", "Översikt"), ("en", "Overview")])
def test_in_three_languages(own, language, title):
    page = Operator(own, language).page("/")
    assert f"<h1>{title}</h1>" in page.text
    assert page.headers["Content-Language"] == language
