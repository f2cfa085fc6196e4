# SPDX-License-Identifier: Apache-2.0
"""The table of environments: the command that prints and compares it, that it
is in force in a server of each environment, and what its switches decide (who
may log in, who registers applications, which bases are there, how long tokens
live). test_environment.py is about the open sandbox."""
import json
import re

import pytest

import support
from support import Browser, Form, back, dance, request_of, run

NAMES = ["sandbox-open", "sandbox", "client-test", "production"]
BEHAVIOURS = ["kanta", "strict"]
OFF = ("--client-certificate", "off")
R4 = "/phr-resourceserver/baseR4"
STU3 = "/phr-resourceserver/baseStu3"
MARK = re.compile(r"\[([QSPCMI?]|RFC \d+ [\d.]+)\]")
GROWN = "010190-900P"
CHILD = support.hetu("110612", "921", "A")  # 13 years by the tests' clock
REGISTRATION = {"client_name": "x", "redirect_uris": [support.CALLBACK]}


def said(binary, *arguments, code=0):
    done = run(binary, "environments", *arguments)
    assert done.returncode == code, done.err
    return done.out if code == 0 else done.err


def told(binary, *arguments):
    return json.loads(said(binary, *arguments, "--format", "json"))


@pytest.fixture(scope="module")
def table(binary):
    """{environment or behaviour: {row: {value, mark, means}}}."""
    got, columns = told(binary), {}
    for kind in ("environments", "behaviours"):
        for row in got[kind]:
            assert row["kind"] in ("switch", "option")
            for name, cell in row["values"].items():
                columns.setdefault(name, {})[row["name"]] = dict(
                    cell, kind=row["kind"])
    return columns


# ---- the command ------------------------------------------------------------

def test_the_matrix(binary, table):
    """Every cell of the table stands in the text, in its column."""
    assert list(table) == NAMES + BEHAVIOURS
    lines = said(binary).splitlines()
    assert lines[0].split() == NAMES
    at = [m.start() for m in re.finditer(r"\S+", lines[0])]
    rows, row = {}, None
    for line in lines[1:lines.index("")]:
        name = line[:at[0]].strip()
        row = rows.setdefault(name, [""] * 4) if name else row
        for i, begin in enumerate(at):
            end = at[i + 1] if i < 3 else None
            row[i] += line[begin:end].strip().replace(" ", "")
    assert [n.lstrip("-") for n in rows] == list(table["sandbox"])
    for name, cells in rows.items():
        for environment, cell in zip(NAMES, cells):
            want = table[environment][name.lstrip("-")]
            assert cell == want["value"] + want["mark"], (name, environment)
    assert max(map(len, lines)) <= 90
    assert "[?] unknown" in said(binary)


@pytest.mark.parametrize("name", NAMES + BEHAVIOURS)
def test_one(binary, table, name):
    text = said(binary, name)
    joined = " ".join(text.split())
    for row, cell in table[name].items():
        dashes = "--" if cell["kind"] == "option" else ""
        assert f"\n{dashes}{row}  {cell['value']} {cell['mark']}\n" in text
        assert cell["means"] in joined
        assert MARK.fullmatch(cell["mark"]), cell
    assert max(map(len, text.splitlines())) <= 80
    got = told(binary, name)
    assert got["name"] == name
    assert [(r["name"], r["value"], r["mark"], r["means"], r["kind"])
            for r in got["rows"]] == [
        (n, c["value"], c["mark"], c["means"], c["kind"])
        for n, c in table[name].items()]


@pytest.mark.parametrize("a", NAMES)
@pytest.mark.parametrize("b", NAMES)
def test_two(binary, table, a, b):
    """What differs by the table is what is told, with what b means by it."""
    differ = [n for n in table[a]
              if table[a][n]["value"] != table[b][n]["value"]]
    text = said(binary, a, b)
    got = told(binary, a, b)
    assert (got["from"], got["to"]) == (a, b)
    assert [d["name"] for d in got["differences"]] == differ
    for d in got["differences"]:
        x, y = table[a][d["name"]], table[b][d["name"]]
        assert d["from"] == {"value": x["value"], "mark": x["mark"]}
        assert d["to"] == {"value": y["value"], "mark": y["mark"]}
        assert d["means"] == y["means"]
        assert (f"{d['name']}  {x['value']} {x['mark']} -> {y['value']} "
                f"{y['mark']}\n") in text
        assert y["means"] in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert ("Nothing differs." in text) == (not differ) == (a == b)
    if differ:
        assert f"\n  mock-kanta-phr --environment {b}" in text
    assert ("--client-certificate off" in text) == (
        bool(differ) and b in ("client-test", "production"))


def test_what_production_brings(binary):
    """The steps that a vendor meets on the way out of the sandbox."""
    names = [d["name"] for d in told(binary, "sandbox", "production")
             ["differences"]]
    for name in ("fhir_r4", "auth-path", "client_certificate", "client_auth",
                 "self_service", "citizens", "terms"):
        assert name in names
    assert "token_required" not in names and "batch_stu3" not in names
    assert "token_required" in [
        d["name"] for d in told(binary, "sandbox-open", "sandbox")
        ["differences"]]


@pytest.mark.parametrize("a, b", [("kanta", "strict"), ("sandbox", "strict"),
                                  ("production", "strict")])
def test_behaviours_are_compared(binary, table, a, b):
    """An environment has the behaviour kanta until it is told otherwise."""
    got = told(binary, a, b)["differences"]
    assert {d["name"] for d in got} == {
        n for n in table["strict"]
        if table["strict"][n]["value"] != table["kanta"][n]["value"]}
    for d in got:
        assert d["to"]["value"] == table["strict"][d["name"]]["value"]
    more = "" if a == "kanta" else " --environment " + a
    assert f"  mock-kanta-phr{more} --oauth strict\n" in said(binary, a, b)
    back_again = told(binary, b, a)["differences"]
    assert [(d["name"], d["to"]["value"]) for d in back_again] == [
        (d["name"], d["from"]["value"]) for d in got]


def test_an_environment_is_of_the_behaviour_kanta(binary):
    assert "Nothing differs." in said(binary, "client-test", "kanta")


@pytest.mark.parametrize("arguments, words", [
    (["produktion"], "did you mean production?"),
    (["sandbox", "client-tets"], "did you mean client-test?"),
    (["sandbx-open"], "did you mean sandbox-open?"),
    (["strikt"], "did you mean strict?"),
    (["xyzzy"], "there are sandbox-open, sandbox, client-test, production, "
     "kanta, strict"),
    ([""], "there is no environment \"\""),
    (["sandbox", "production", "strict"], "two at most"),
])
def test_mistakes(binary, arguments, words):
    assert words in said(binary, *arguments, code=2)


def test_other_formats(binary):
    assert "text or json" in said(binary, "--format", "ndjson", code=78)
    assert "environments" in run(binary, "--help").out
    assert "[A [B]]" in run(binary, "environments", "--help").out


# ---- in force ---------------------------------------------------------------

@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_in_force(start, table, name):
    s = start("--environment", name, *OFF)
    settings = s.admin("GET", "/settings", status=200).json()
    for row, cell in table[name].items():
        if row == "client_certificate":
            assert settings[row] == "off"  # by name, so it wins
        elif cell["kind"] == "switch":
            assert settings[row] == cell["value"], row
    assert s.ready["auth"] == s.origin + table[name]["auth-path"]["value"]
    assert ("r4" in s.ready) == (table[name]["fhir_r4"]["value"] == "on")


def test_strict_is_in_force(start, table):
    s = start("--environment", "sandbox", "--oauth", "strict")
    settings = s.admin("GET", "/settings", status=200).json()
    for row, cell in table["strict"].items():
        assert settings[row] == cell["value"], row


def test_names_win(start):
    s = start("--environment", "production", *OFF, "--auth-path", "/auth",
              "--set", "citizens=any", "--set", "fhir_r4=on")
    assert s.ready["auth"] == s.origin + "/auth" and "r4" in s.ready
    got = s.request("GET", R4 + "/metadata").json()
    assert got["instantiates"] == [
        "http://phr.kanta.fi/capabilitystatementR4"]
    assert "code" in back(Browser(s).walk(request_of(s.register()), GROWN))


# ---- what is there ----------------------------------------------------------

@pytest.fixture(scope="module")
def switched(start_shared):
    """A server whose switches are changed while it runs."""
    return start_shared()


@pytest.fixture
def put(switched):
    """put(name=value): until the end of the test."""
    before = switched.admin("GET", "/settings", status=200).json()

    def go(**values):
        switched.admin("PUT", "/settings", values, 200)

    yield go
    go(**{k: v for k, v in before.items() if v is not None})


def status(s, path, **more):
    return s.request("GET", path, **more).status_code


def test_fhir_r4_goes_and_comes(switched, put):
    paths = [R4 + "/metadata", R4 + "/Observation?patient=x", R4 + "/Fish/1",
             R4 + "/.well-known/smart-configuration", "/open" + R4 +
             "/metadata"]
    put(fhir_r4="off")
    for path in paths:
        r = switched.request("GET", path)
        assert r.status_code == 404, (path, r.text)
        assert "fhir_r4" in support.outcome(r)["issue"][0]["diagnostics"]
        assert "WWW-Authenticate" not in r.headers
    assert status(switched, STU3 + "/metadata") == 200
    put(fhir_r4="on")
    assert [status(switched, p) for p in paths] == [200, 401, 401, 200, 200]


def test_open_sandbox_goes_and_comes(switched, put):
    path = "/open" + STU3 + "/Observation?patient=" + switched.citizen()[
        "patient_id"]
    host = {"Host": "fhirsandbox.kanta.fi"}
    for value, opened in (("off", False), ("on", True)):
        put(open_sandbox=value)
        assert status(switched, path) == (200 if opened else 404)
        assert status(switched, "/open" + STU3 + "/metadata") == (
            200 if opened else 404)
        assert status(switched, path[5:], headers=host) == (
            200 if opened else 401)
        assert status(switched, path[5:]) == 401


def test_tokens_are_needed_or_not(switched, put):
    path = R4 + "/Observation?patient=" + switched.citizen()["patient_id"]
    put(token_required="off")
    assert status(switched, path) == 200
    put(token_required="on")
    assert status(switched, path) == 401


def test_statement(switched, put):
    url = "http://phr.kanta.fi/capabilitystatement"
    for value, end in (("testing", "ATR4"), ("production", "R4")):
        put(capability_statement=value)
        got = switched.request("GET", R4 + "/metadata").json()
        assert got["instantiates"] == [url + end]
        got = switched.request("GET", STU3 + "/metadata").json()
        assert got["instantiates"] == [url]


def test_no_base_beside_a_batch(switched, put):
    """The switch decides when a request comes, for what is in a Bundle too."""
    put(fhir_r4="off")
    r = switched.request("POST", "/open" + R4 + "/", json={
        "resourceType": "Bundle", "type": "batch", "entry": []},
        headers={"Content-Type": support.FHIR_JSON})
    assert r.status_code == 404


@pytest.mark.parametrize("name", ["client-test", "production"])
def test_paths(start, name):
    s = start("--environment", name, *OFF)
    well_known = "/.well-known/openid-configuration"
    got = s.request("GET", "/phr-authserver" + well_known).json()
    assert got["issuer"] == s.origin + "/phr-authserver/"
    assert got["token_endpoint"] == s.origin + "/phr-authserver/token"
    assert status(s, "/phr-authserver-sandbox" + well_known) == 404
    smart = s.request("GET", STU3 + "/.well-known/smart-configuration").json()
    assert smart["token_endpoint"] == s.origin + "/phr-authserver/token"


def refusals(s):
    """{path: what the journal says beyond the answer}, the last of each."""
    listed = s.admin("GET", "/requests?refused=true").json()["requests"]
    return {e["path"]: e["error"].get("why") for e in listed}


# ---- who may log in ---------------------------------------------------------

@pytest.fixture(scope="module")
def tested(start_shared):
    """The environment of client tests, without certificates."""
    return start_shared("--environment", "client-test", *OFF)


STRANGER = support.hetu("050570", "955")


def login(s, code, **more):
    browser = Browser(s)
    return browser.login(browser.authorize(request_of(s.register(), **more)),
                         code)


@pytest.mark.parametrize("language, words", [
    ("en", "Register one: POST /__admin/citizens with the code as hetu"),
    ("fi", "vain rekisteröidyt voivat kirjautua. Rekisteröi henkilö: POST "
           "/__admin/citizens"),
    ("sv", "endast registrerade kan logga in. Registrera en: POST "
           "/__admin/citizens"),
])
def test_strangers_are_told_how_to_register(tested, language, words):
    page = login(tested, STRANGER, ui_locales=language)
    assert page.status_code == 200
    assert words in page.text
    assert Form(page.text).having("username")
    assert tested.admin("GET", "/citizens/" + STRANGER).status_code == 404


def test_the_login_page_says_who_may(tested, switched):
    known = Browser(tested).authorize(request_of(tested.register())).text
    assert "Only test citizens that are registered here can log in" in known
    any_one = Browser(switched).authorize(request_of(switched.register())).text
    assert "Any sound code of the 900 series will do" in any_one


def test_registered_ones_log_in(tested):
    """By the control API, or by the fixtures."""
    code = support.hetu("050570", "956")
    assert "POST /__admin/citizens" in login(tested, code).text
    tested.citizen(hetu=code)
    app = tested.register()
    assert dance(tested, app, code)["access_token"]
    assert dance(tested, app, GROWN)["access_token"]
    # in small letters it is the same person
    assert "POST /__admin/citizens" not in login(tested, code.lower()).text


def test_the_journal_says_on_what_it_rests(start):
    """In production it is inferred that strangers cannot log in; of the
    environment of client tests it is known."""
    for name, rests in (("production", True), ("client-test", False)):
        s = start("--environment", name, *OFF)
        app = s.register(auto_approve=STRANGER)
        got = back(s.http.get(s.auth + "/authorize", params=request_of(app),
                              allow_redirects=False))
        assert got["error"] == "access_denied"
        assert "POST /__admin/citizens" in got["error_description"]
        why = refusals(s)["/phr-authserver/authorize"] or ""
        assert ("citizens=registered" in why) == rests, why
    s = start("--environment", "production", *OFF)
    gone, open_gone = R4 + "/metadata", "/open" + STU3 + "/metadata"
    assert status(s, gone) == 404
    assert status(s, open_gone) == 404
    whys = refusals(s)
    assert "open_sandbox=off" in whys[open_gone]
    assert "[I]" in whys[open_gone]
    assert whys[gone] is None


def test_headless_with_nobody_registered(start):
    s = start("--environment", "client-test", *OFF, "--fixtures", "none",
              "--auto-approve")
    got = back(s.http.get(s.auth + "/authorize",
                          params=request_of(s.register()),
                          allow_redirects=False))
    assert got["error"] == "access_denied"
    assert "register one" in got["error_description"]
    assert s.admin("GET", "/state").json()["counts"]["citizens"] == 0


def test_age(switched, put):
    assert "13 years old" in login(switched, CHILD).text
    put(login_age="13")
    assert Form(login(switched, CHILD).text).having("user_oauth_approval")
    put(login_age="14")
    assert "those who have turned 14" in login(switched, CHILD).text
    put(login_age="37")
    assert "those who have turned 37" in login(switched, GROWN).text


def test_terms(tested, switched):
    """At the first login, before the application is asked about."""
    code = tested.citizen()["hetu"]
    assert Form(login(tested, code).text).having("accept")
    code = switched.citizen()["hetu"]
    assert not Form(login(switched, code).text).having("accept")


# ---- who registers ----------------------------------------------------------

def says_who(text):
    return "/__admin/clients" in text and "Kela" in text


def test_register_refuses(tested):
    r = tested.http.post(tested.auth + "/register", json=REGISTRATION)
    assert r.status_code == 403, r.text
    assert r.json()["error"] == "access_denied"
    assert says_who(r.json()["error_description"])
    for body in ("", "{", "[]"):
        assert tested.http.post(tested.auth + "/register",
                                data=body).status_code == 403


def test_reading_a_registration_stays(tested):
    app = tested.register()
    url = tested.auth + "/register/" + app["client_id"]
    token = {"Authorization": "Bearer " + app["registration_access_token"]}
    assert tested.http.get(url, headers=token).json()["client_id"] == app[
        "client_id"]
    for method in ("PUT", "DELETE"):
        r = tested.http.request(method, url, headers=token, json=REGISTRATION)
        assert r.status_code == 403 and says_who(r.text), (method, r.text)
        # who has no right to it is told that first
        r = tested.http.request(method, url, json=REGISTRATION)
        assert r.status_code == 401, (method, r.text)
    assert tested.http.get(url, headers=token).status_code == 200


def test_documents_offer_no_registration(tested, switched):
    for s, offered in ((tested, False), (switched, True)):
        for url in (s.auth + "/.well-known/openid-configuration",
                    s.stu3 + "/.well-known/smart-configuration"):
            got = s.http.get(url).json()
            assert ("registration_endpoint" in got) == offered, url


@pytest.mark.parametrize("language, words", [
    ("en", "Applications do not register or change themselves"),
    ("fi", "sovellukset eivät rekisteröidy"),
    ("sv", "registrerar eller ändrar applikationer inte sig själva"),
])
def test_portal_refuses(tested, language, words):
    http = support.session()
    url = tested.auth + "/applications"
    page = http.get(url, params={"lang": language})
    assert page.status_code == 200 and words in page.text
    assert "/applications/new" not in page.text
    assert "demo-app" in page.text  # reading stays
    r = http.get(url + "/new")
    assert r.status_code == 403 and words in r.text and says_who(
        r.text.replace("FPA", "Kela"))
    r = http.post(url, data={"client_name": "x"})
    assert r.status_code == 403 and words in r.text


def test_portal_registers_in_the_sandbox(switched):
    page = switched.http.get(switched.auth + "/applications").text
    assert "/applications/new" in page and "Kela does it" not in page


def test_portal_changes(start):
    """Where Kela registers, an application's own secret does not open its
    registration; who runs the server may change it."""
    s = start("--environment", "client-test", *OFF, "--admin-token", "word")
    s.http.headers["Authorization"] = "Bearer word"
    app = s.register()
    http = support.session()
    url = s.auth + "/applications/" + app["client_id"]
    form = Form(http.get(url + "/unlock").text).having("secret")
    r = http.post(url + "/unlock", data=dict(
        form["fields"], secret=app["client_secret"]))
    assert r.status_code == 200
    form = Form(r.text).having("client_name")
    r = http.post(url, data=dict(form["fields"], client_name="other"))
    assert r.status_code == 403 and says_who(r.text), r.text
    got = s.admin("GET", "/clients/" + app["client_id"], status=200).json()
    assert got["client_name"] == app["client_name"]


def test_who_runs_the_server_changes_them(tested):
    app = tested.register()
    http = support.session()
    url = tested.auth + "/applications/" + app["client_id"]
    form = Form(http.get(url).text).having("client_name")
    r = http.post(url, data=dict(form["fields"], client_name="other"))
    assert r.status_code == 200, r.text
    got = tested.admin("GET", "/clients/" + app["client_id"]).json()
    assert got["client_name"] == "other"


def test_public_clients(start):
    """Where applications register themselves after all, not without a secret;
    a certificate is as good."""
    s = start("--environment", "client-test", *OFF, "--set",
              "self_service=on")
    url = s.auth + "/register"
    body = dict(REGISTRATION, token_endpoint_auth_method="none")
    r = s.http.post(url, json=body)
    assert r.status_code == 400 and "without a secret" in r.text
    body["certificate_serial_number"] = "1.2.246.10.99999999.99.7"
    assert s.http.post(url, json=body).status_code == 201
    assert s.http.post(url, json=REGISTRATION).status_code == 201
    s.admin("PUT", "/settings", {"public_clients": "pkce"}, 200)
    del body["certificate_serial_number"]
    assert s.http.post(url, json=body).status_code == 201


# ---- tokens -----------------------------------------------------------------

def test_life_of_access_tokens(start):
    s = start("--set", "access_token_s=90")
    code = s.citizen()["hetu"]
    got = dance(s, s.register(), code)
    assert got["expires_in"] == 90
    other = dance(s, s.register(access_token_seconds=7), code)
    assert other["expires_in"] == 7
    headers = {"Authorization": "Bearer " + got["access_token"]}
    url = s.r4 + "/Observation?patient=" + got["sub"]
    s.advance("PT89S")
    assert s.http.get(url, headers=headers).status_code == 200
    s.advance("PT1S")
    assert s.http.get(url, headers=headers).status_code == 401


@pytest.mark.parametrize("name", ["client-test", "production"])
def test_without_certificates_a_secret_is_enough(start, name):
    """client_auth=certificate counts where certificates are demanded."""
    s = start("--environment", name, *OFF)
    app = s.register()
    got = dance(s, app, GROWN)
    assert got["expires_in"] == 3600
    r = s.token(app, grant_type="refresh_token",
                refresh_token=got["refresh_token"])
    assert r.status_code == 200, r.text
    r = s.token(basic=(app["client_id"], "wrong"), grant_type="refresh_token",
                refresh_token=got["refresh_token"])
    assert r.status_code == 401


# ---- what is stored ---------------------------------------------------------

def store(s, person, resource):
    return s.http.post(
        s.stu3 + "/" + resource["resourceType"], json=resource, headers={
            "Authorization": "Bearer " + person.token,
            "Content-Type": support.FHIR_JSON})


def test_definitions_and_questionnaires(tested, switched):
    """Tests of an application's own are for the sandboxes."""
    for s, stored in ((tested, False), (switched, True)):
        person = s.person(s.register(scope=support.SCOPE +
                                     " patient/Questionnaire.write"),
                          scope=support.SCOPE)
        system = {"resourceType": "CodeSystem", "url": "http://x.example/cs",
                  "status": "draft", "content": "complete",
                  "concept": [{"code": "a"}]}
        r = store(s, person, system)
        assert (r.status_code == 201) == stored, r.text
        if not stored:
            assert r.status_code == 403, r.text
            why = refusals(s)[r.request.path_url]
            assert "allow_test_profiles=off" in why and "[I]" in why


@pytest.mark.parametrize("name", NAMES)
def test_patient_without_a_profile(start, name):
    """The open sandbox alone was seen to store one."""
    s = start("--environment", name, *OFF)
    someone = s.citizen()
    headers = {"Content-Type": support.FHIR_JSON}
    if name != "sandbox-open":
        headers["Authorization"] = "Bearer " + s.issue(
            s.register(), someone["hetu"])["access_token"]
    url = s.stu3 + "/Patient/" + someone["patient_id"]
    patient = s.http.get(url, headers=headers).json()
    del patient["meta"]
    patient["active"] = True
    r = s.http.put(url, json=patient, headers=headers)
    assert (r.status_code < 300) == (name == "sandbox-open"), r.text


@pytest.mark.parametrize("name", NAMES)
def test_no_batch_of_stu3(start, name):
    s = start("--environment", name, *OFF)
    headers = {"Content-Type": support.FHIR_JSON}
    if name != "sandbox-open":
        headers["Authorization"] = "Bearer " + s.issue(
            s.register(), GROWN)["access_token"]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": []}
    r = s.http.post(s.stu3 + "/", json=bundle, headers=headers)
    assert r.status_code >= 400 and "batch" in r.text, r.text
