# SPDX-License-Identifier: Apache-2.0
"""Servers, browsers, citizens and payloads for the HTTP tests."""
import html.parser
import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import uuid

import pytest
import requests

import answers

MOCK = os.environ.get("MOCK", "")
URL = os.environ.get("URL", "").rstrip("/")
CORPUS = os.environ.get("CORPUS", "")

CLOCK = "2026-03-10T12:00:00+02:00"
CALLBACK = "http://127.0.0.1:1300/cb"
TYPES = ("Observation", "Patient", "MedicationAdministration")
SCOPES = ["offline_access"] + [
    f"patient/{t}.{a}" for t in TYPES for a in ("read", "write")]
SCOPE = " ".join(SCOPES)
FHIR_JSON = "application/fhir+json"
PHR = "http://phr.kanta.fi/StructureDefinition/"

READY_S = 20
STOP_S = 10
REPORT = re.compile(
    r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:|"
    r"[Aa]ssertion .* failed")


def clean_environment(**more):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("MOCK_PHR_")}
    env["ASAN_OPTIONS"] = "halt_on_error=1:detect_leaks=1"
    env["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
    env.update(more)
    return env


def run(binary, *arguments, stdin=None, env=None, cwd=None, timeout=60):
    """Runs a subcommand to its end; no sanitizer report is ever allowed."""
    done = subprocess.run(
        [binary, *map(str, arguments)], input=stdin, capture_output=True,
        env=clean_environment(**(env or {})), cwd=cwd, timeout=timeout)
    done.out = done.stdout.decode("utf-8", "replace")
    done.err = done.stderr.decode("utf-8", "replace")
    assert not REPORT.search(done.err), done.err
    return done


def session():
    s = requests.Session()
    s.trust_env = False  # no proxy between us and the server
    s.hooks["response"].append(answers.keep)
    return s


# ---- servers ----------------------------------------------------------------

MOCK_NEEDED = "needs a server of its own (URL names a running one)"
# What changes a server for everybody who uses it.
DISTURBING = re.compile(
    r"POST /(reset|clock/advance|keys/rotate|snapshots.*|fixtures)$|"
    r"PUT /(clock|settings)$|DELETE /(requests|faults|snapshots.*)$")


class Running:
    """A server by its address. Server adds starting and stopping."""
    behaviour = "kanta"
    shared = True

    def __init__(self, origin):
        self.origin = origin
        self.auth = origin + "/phr-authserver-sandbox"
        self.r4 = origin + "/phr-resourceserver/baseR4"
        self.stu3 = origin + "/phr-resourceserver/baseStu3"
        self.admin_url = origin + "/__admin"
        self.http = session()

    @property
    def strict(self):
        return self.behaviour == "strict"

    def base(self, fhir):
        return {"r4": self.r4, "stu3": self.stu3}[fhir]

    def request(self, method, path, **more):
        """Any request below the origin; redirects are not followed."""
        more.setdefault("allow_redirects", False)
        more.setdefault("timeout", 30)
        return self.http.request(method, self.origin + path, **more)

    def spare(self, method, path, body):
        """Others use the server, too: a test that would disturb them ends."""
        somebodys = {"hetu", "patient", "client_id", "state"}
        if DISTURBING.match(f"{method} {path}") or (
                (method, path) == ("POST", "/faults") and not
                somebodys & set((body or {}).get("match") or {})):
            pytest.skip(MOCK_NEEDED)

    def admin(self, method, path, body=None, status=None):
        if self.shared:
            self.spare(method, path, body)
        r = self.request(method, "/__admin" + path, json=body)
        if status is not None:
            assert r.status_code == status, r.text
        return r

    def citizen(self, **more):
        return self.admin("POST", "/citizens", more, 201).json()

    def register(self, **more):
        body = {"client_name": "Test application", "scope": SCOPE,
                "redirect_uris": [CALLBACK], "kind": "citizen",
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "client_secret_basic"}
        body.update(more)
        return self.admin("POST", "/clients", body, 201).json()

    def issue(self, app, hetu, scope=SCOPE, **more):
        body = {"client_id": app["client_id"], "hetu": hetu, "scope": scope}
        body.update(more)
        return self.admin("POST", "/tokens", body, 200).json()

    def person(self, app, scope=SCOPE, **more):
        citizen = self.citizen(**more)
        return Person(self, citizen, app,
                      self.issue(app, citizen["hetu"], scope))

    def token(self, app=None, status=None, basic=None, **form):
        """POST /token. app: authenticates with its secret in Basic."""
        auth = basic
        if app is not None:
            auth = (app["client_id"], app["client_secret"])
        r = self.http.post(self.auth + "/token", data=form, auth=auth,
                           timeout=30)
        if status is not None:
            assert r.status_code == status, r.text
        return r

    def advance(self, by):
        return self.admin("POST", "/clock/advance", {"by": by}, 200).json()

    def time(self):
        """What every instant of about now begins with: the minute where the
        clock stands still, else the day."""
        clock = self.admin("GET", "/clock", status=200).json()
        return clock["now"][:16 if clock["mode"] == "frozen" else 10]


class Server(Running):
    """The binary, started with a free port; its log goes to a file."""
    shared = False

    def __init__(self, *options, clock=CLOCK, env=None, listen=True):
        self.command = [MOCK, "serve"]
        if listen:
            self.command += ["--listen", "http://127.0.0.1:0"]
        if clock:
            self.command += ["--clock", clock]
        self.command += [str(o) for o in options]
        if "--oauth" in options:
            self.behaviour = options[options.index("--oauth") + 1]
        self.env = clean_environment(**(env or {}))
        self.log_file = tempfile.NamedTemporaryFile(
            prefix="mock-kanta-phr-", suffix=".log")
        self.process = None

    def start(self):
        assert self.process is None, "it runs already"
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=self.log_file,
            stdin=subprocess.DEVNULL, env=self.env)
        self.ready_line = self._line()
        self.ready = json.loads(self.ready_line)
        super().__init__(self.ready["listeners"][0]["url"].rstrip("/"))
        self.auth = self.ready["auth"]  # its path goes by the environment
        return self

    def _line(self):
        got, end = b"", time.monotonic() + READY_S
        out = self.process.stdout.fileno()
        while not got.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                break
            part = os.read(out, 4096)
            if not part:
                break
            got += part
        if not got.endswith(b"\n"):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no ready line ({got!r}):\n{self.log()}")
        return got.decode()

    def log(self):
        with open(self.log_file.name, encoding="utf-8",
                  errors="replace") as f:
            return f.read()

    def stop(self, expect=0):
        """SIGTERM; the exit code and the log are looked at."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        began = time.monotonic()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("did not end after SIGTERM:\n" + self.log())
        process.stdout.close()
        took = time.monotonic() - began
        log = self.log()
        assert not REPORT.search(log), log[-20000:]
        assert process.returncode == expect, (process.returncode, log[-5000:])
        return took

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, kind, value, trace):
        self.stop()


# ---- requests as bytes ------------------------------------------------------

def answers_in(got):
    """How many whole answers the bytes hold; None for a begun one."""
    n = 0
    while got:
        head, end, rest = got.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(length[1]) if length else 0
        if not end or len(rest) < size:
            return None
        got, n = rest[size:], n + 1
    return n


def raw(server, data, expect=1, patience=0.5):
    """Sends bytes and reads that many answers; what came when nothing more
    does for a while, or when the server closes."""
    port = int(server.origin.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), patience) as s:
        got = b""
        try:
            s.sendall(data)
            while True:
                part = s.recv(65536)
                got += part
                if not part or (answers_in(got) or 0) >= expect:
                    return got
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            return got


# ---- citizens ---------------------------------------------------------------

CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def hetu(day, number, sign="-"):
    """A personal identity code with its right check character."""
    return f"{day}{sign}{number}" + CHECK[int(day + number) % 31]


class Person:
    """A citizen, seen by an application that holds a token."""

    def __init__(self, server, citizen, app, tokens):
        self.server, self.app, self.tokens = server, app, tokens
        self.hetu = citizen["hetu"]
        self.id = citizen["patient_id"]
        self.token = tokens["access_token"]

    def fhir(self, method, path, fhir="r4", **more):
        headers = {"Authorization": "Bearer " + self.token}
        headers.update(more.pop("headers", {}))
        more.setdefault("timeout", 30)
        more.setdefault("allow_redirects", False)
        url = path if path.startswith("http") else self.server.base(fhir) + path
        return self.server.http.request(
            method, url, headers={k: v for k, v in headers.items() if v},
            **more)

    def get(self, path, fhir="r4", **more):
        return self.fhir("GET", path, fhir, **more)

    def post(self, resource, fhir="r4", path="/Observation", status=None,
             **headers):
        """resource: an object, or text or bytes sent as they are."""
        if not isinstance(resource, (str, bytes)):
            resource = json.dumps(resource)
        if isinstance(resource, str):
            resource = resource.encode()
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        headers.setdefault("Content-Type", FHIR_JSON)
        r = self.fhir("POST", path, fhir, data=resource, headers=headers)
        if status is not None:
            assert r.status_code == status, r.text
        return r

    def search(self, query="", fhir="r4", type="Observation", status=200):
        r = self.get(f"/{type}?patient={self.id}" + query, fhir)
        assert r.status_code == status, r.text
        return r.json()


def ids(bundle):
    return [e["resource"]["id"] for e in bundle.get("entry", [])]


# ---- OperationOutcome -------------------------------------------------------

def outcome(r):
    """The OperationOutcome of an answer, after a look at its shape."""
    assert r.headers["Content-Type"].startswith(FHIR_JSON), r.headers
    o = r.json()
    assert o["resourceType"] == "OperationOutcome", o
    assert o["issue"], o
    for issue in o["issue"]:
        assert issue["severity"] in ("fatal", "error", "warning",
                                     "information"), issue
        assert issue["code"] and issue["diagnostics"], issue
    return o


def errors(o):
    return [i for i in o["issue"] if i["severity"] in ("fatal", "error")]


def places(o, member="location"):
    """Where the errors of an outcome are."""
    return [p for i in errors(o) for p in i.get(member, [])]


# ---- payloads ---------------------------------------------------------------

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORY = {
    "r4": "http://terminology.hl7.org/CodeSystem/observation-category",
    "stu3": "http://hl7.org/fhir/observation-category"}
FITNESS = "http://phr.kanta.fi/fiphr-cs-fitnesscategory"


def coding(code, display, system=LOINC):
    return {"system": system, "code": code, "display": display}


def loinc(code, display="x"):
    return coding(code, display)


def extension(name, **value):
    """A national one."""
    return {"url": PHR + name, **value}


def quantity(value, unit, code=None):
    return {"value": value, "unit": unit, "system": UCUM,
            "code": code or unit}


def observation(profile, patient, codings, category, when):
    reference = {"reference": "Patient/" + patient}
    return {
        "resourceType": "Observation",
        "meta": {"profile": [PHR + profile]},
        "language": "fi",
        "text": {"status": "generated",
                 "div": '<div xmlns="http://www.w3.org/1999/xhtml">'
                        f'Koodi: {codings[0]["display"]}</div>'},
        "identifier": [{"system": "urn:ietf:rfc:3986",
                        "value": "urn:uuid:" + str(uuid.uuid4())}],
        "status": "final",
        "category": [{"coding": [category]}],
        "code": {"coding": codings},
        "subject": dict(reference),
        "effectiveDateTime": when,
        "issued": "2026-03-10T11:00:00+02:00",
        "performer": [dict(reference)]}


def vital(profile, patient, codings, when, fhir="r4"):
    category = {"system": CATEGORY[fhir], "code": "vital-signs"}
    return observation(profile, patient, codings, category, when)


WHEN = "2026-03-01T08:00:00+02:00"


def blood_pressure(patient, when=WHEN, systolic=128, diastolic=82):
    o = vital("fiphr-sd-bloodpressure", patient,
              [coding("85354-9", "Verenpaine")], when)
    o["component"] = [
        {"code": {"coding": [coding("8480-6", "Systolinen verenpaine")]},
         "valueQuantity": quantity(systolic, "mm[Hg]")},
        {"code": {"coding": [coding("8462-4", "Diastolinen verenpaine")]},
         "valueQuantity": quantity(diastolic, "mm[Hg]")}]
    return o


def weight(patient, when=WHEN, kg=72.5, fhir="r4"):
    profile = {"r4": "fiphr-sd-bodyweight",
               "stu3": "fiphr-bodyweight-stu3"}[fhir]
    o = vital(profile, patient, [coding("29463-7", "Paino")], when, fhir)
    o["valueQuantity"] = quantity(kg, "kg")
    return o


def weight_stu3(patient, when=WHEN, kg=72.5):
    return weight(patient, when, kg, "stu3")


def glucose(patient, when=WHEN, value=5.6, meter=True):
    codings = [coding("15074-8", "Verensokeri"),
               coding("14743-9", "Verensokeri verensokerimittarilla")]
    if not meter:
        codings = [coding("14745-4", "Kudossokeri")]
    o = vital("fiphr-sd-bloodglucose", patient, codings, when)
    o["valueQuantity"] = quantity(value, "mmol/l", "mmol/L")
    return o


def steps(patient, when=WHEN, count=8431, week=None):
    category = {"system": FITNESS, "code": "fitness", "display": "Fitness"}
    o = observation("fiphr-sd-stepstaken", patient,
                    [coding("66334-4", "Askelmäärä")], category, when)
    o["valueQuantity"] = quantity(count, "1")
    if week:
        del o["effectiveDateTime"]
        o["effectivePeriod"] = {"start": week[0], "end": week[1]}
        o["code"]["coding"].append(
            coding("41952-3", "Viikoittainen askelmäärä"))
    return o


def patient_resource(patient, fhir="r4"):
    profile = {"r4": "fiphr-sd-patient", "stu3": "fiphr-patient-stu3"}[fhir]
    return {"resourceType": "Patient", "meta": {"profile": [PHR + profile]},
            "identifier": [{"system": "urn:ietf:rfc:3986",
                            "value": "urn:uuid:" + patient}]}


# every profile that can be stored: (FHIR version, builder)
BUILT = {
    "blood pressure R4": ("r4", blood_pressure),
    "weight R4": ("r4", weight),
    "glucose R4": ("r4", glucose),
    "steps R4": ("r4", steps),
    "weight STU3": ("stu3", weight_stu3)}


# ---- the browser ------------------------------------------------------------

class Form(html.parser.HTMLParser):
    """The forms of a page: action, hidden and other fields as a browser sends
    them when nothing is changed (unticked boxes and buttons left out)."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.text, self.area = [], text, None
        self.feed(text)

    def handle_starttag(self, tag, pairs):
        a = dict(pairs)
        if tag == "form":
            self.forms.append({"action": a.get("action") or "",
                               "method": (a.get("method") or "get").upper(),
                               "fields": {}, "names": set(),
                               "buttons": {}})
        elif self.forms and tag in ("input", "button") and a.get("name"):
            self._field(self.forms[-1], tag, a)
        elif self.forms and tag == "textarea" and a.get("name"):
            self.area = a["name"]
            self.forms[-1]["names"].add(self.area)
            self.forms[-1]["fields"][self.area] = ""

    def handle_data(self, data):
        if self.area:
            self.forms[-1]["fields"][self.area] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.area:
            fields = self.forms[-1]["fields"]
            fields[self.area] = fields[self.area].removeprefix("\n")
            self.area = None

    handle_startendtag = handle_starttag

    @staticmethod
    def _field(form, tag, a):
        kind = a.get("type") or ("submit" if tag == "button" else "text")
        value = a.get("value") or ""
        form["names"].add(a["name"])
        if kind == "submit":
            form["buttons"][a["name"]] = value
        elif kind not in ("checkbox", "radio") or "checked" in a:
            form["fields"][a["name"]] = value

    def having(self, name):
        for form in self.forms:
            if name in form["names"]:
                return form
        return None


class Browser:
    """Walks through login and consent as a person's browser would."""

    def __init__(self, server):
        self.server, self.http = server, session()

    def get(self, url):
        return self._follow(self.http.get(url, allow_redirects=False,
                                          timeout=30))

    def _follow(self, r):
        """Follows redirects as long as they stay at the server."""
        for _ in range(10):
            where = r.headers.get("Location")
            if where is None:
                return r
            url = urllib.parse.urljoin(r.url, where)
            if not url.startswith(self.server.origin + "/"):
                return r
            r = self.http.get(url, allow_redirects=False, timeout=30)
        raise AssertionError("redirects in a circle: " + r.url)

    def submit(self, page, form, fields):
        url = urllib.parse.urljoin(page.url, form["action"])
        return self._follow(self.http.post(url, data=fields, timeout=30,
                                           allow_redirects=False))

    def authorize_url(self, query):
        if not isinstance(query, str):
            query = urllib.parse.urlencode(query)
        return self.server.auth + "/authorize?" + query

    def authorize(self, query):
        return self.get(self.authorize_url(query))

    def login(self, page, code, name="username"):
        form = Form(page.text).having("username")
        assert form, "no login form: %s %s" % (page.status_code, page.text)
        fields = dict(form["fields"], **{name: code})
        if name != "username":
            fields.pop("username", None)
        return self.submit(page, form, fields)

    def consent_form(self, page):
        form = Form(page.text).having("user_oauth_approval")
        assert form, "no consent form: %s %s" % (page.status_code, page.text)
        return form

    def approve(self, page, only=None, **more):
        """Presses Authorize; only: the scopes that stay ticked."""
        form = self.consent_form(page)
        fields = dict(form["fields"])
        if only is not None:
            for name in list(fields):
                if name.startswith("scope_") and name[6:] not in only:
                    del fields[name]
        fields["authorize"] = form["buttons"].get("authorize", "Authorize")
        fields.update(more)
        return self.submit(page, form, fields)

    def deny(self, page):
        form = self.consent_form(page)
        return self.submit(page, form, dict(form["fields"], deny="Deny"))

    def walk(self, query, code):
        """From authorize to the redirect back, approving everything."""
        page = self.authorize(query)
        if "Location" not in page.headers and Form(page.text).having(
                "username"):
            page = self.login(page, code)
        if "Location" not in page.headers and Form(page.text).having(
                "accept"):
            page = self.accept_terms(page)
        if "Location" not in page.headers:
            page = self.approve(page)
        return page

    def accept_terms(self, page, button="accept"):
        """On the page that is shown before the first consent."""
        form = Form(page.text).having(button)
        assert form, "no terms: %s %s" % (page.status_code, page.text)
        return self.submit(page, form, dict(form["fields"], **{
            button: form["buttons"][button]}))


def request_of(app, **more):
    """The parameters of an authorization request."""
    query = {"response_type": "code", "client_id": app["client_id"],
             "redirect_uri": CALLBACK, "scope": SCOPE, "state": "st4te"}
    query.update(more)
    return {k: v for k, v in query.items() if v is not None}


def back(r, uri=CALLBACK):
    """The query of a redirect back to the application."""
    assert r.status_code in (302, 303), (r.status_code, r.text)
    where = r.headers["Location"]
    assert where.startswith(uri), where
    return dict(urllib.parse.parse_qsl(
        urllib.parse.urlsplit(where).query, keep_blank_values=True,
        strict_parsing=True))


def dance(server, app, code, **more):
    """Login, consent, code, token: the token answer as an object."""
    got = back(Browser(server).walk(request_of(app, **more), code))
    assert "code" in got, got
    r = server.token(app, grant_type="authorization_code", code=got["code"],
                     redirect_uri=CALLBACK)
    assert r.status_code == 200, r.text
    return r.json()
