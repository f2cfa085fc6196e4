# SPDX-License-Identifier: Apache-2.0
"""The matrix of client certificates: every certificate of the PKI x TLS 1.2
and 1.3 x who has to have one x how a refusal is told, as tests/data/mtls has
it. What is expected stands there and nowhere else; a client brings only how it
is run and how it names an alert.

One connection makes all the requests of a combination: token and FHIR of the
application that the certificate belongs to, the same of an application that is
registered without one, and a route that asks nobody.
"""
import base64
import collections
import json
import os
import re
import urllib.parse

import pytest

import support

DATA = os.path.join(os.path.dirname(__file__), "..", "data", "mtls")
OWNER = "demo-production"  # of the fixtures, with the OID of the PKI's default
SCOPE = "offline_access patient/Observation.read"
REQUESTS = ("token", "fhir", "others_token", "others_fhir", "open")
VERSIONS = ("1.2", "1.3")
# what OpenSSL's clients are told so that they send a key that is too short
ANY_KEY = "DEFAULT@SECLEVEL=0"


def table(name):
    """The rows of a table, each as an object by the names of its head."""
    with open(os.path.join(DATA, name + ".tsv"), encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f
                 if not line.startswith("#")]
    assert all(len(line) == len(lines[0]) for line in lines), name
    return [dict(zip(lines[0], line)) for line in lines[1:]]


CERTIFICATES = table("certificates")
OUTCOMES = {(o["demand"], o["missing"], o["problem"]): o
            for o in table("outcomes")}
ALERTS = {a["alert"]: a for a in table("alerts")}
POLICIES = list(dict.fromkeys(key[:2] for key in OUTCOMES))

every_combination = pytest.mark.parametrize(
    "demand,missing,tls",
    [(*policy, tls) for policy in POLICIES for tls in VERSIONS])

Answer = collections.namedtuple("Answer", "status headers text")


# ---- the servers ------------------------------------------------------------

class Case:
    """A certificate, to be presented on TLS of one version to one server."""

    def __init__(self, at, certificate, tls):
        self.at, self.tls, self.row = at, tls, certificate
        self.name = certificate["certificate"]
        self.ca = os.path.join(at.pki, "ca.pem")
        self.cert = self.key = None
        if self.name != "none":
            self.cert = os.path.join(at.pki, self.name + ".pem")
            self.key = os.path.join(at.pki, self.name + ".key")
        self.any_key = self.name == "weak-key"
        self.want = OUTCOMES[at.demand, at.missing, certificate["problem"]]
        self.alert = None
        if self.want["handshake"] == "refused":
            number = certificate["tls" + tls.replace(".", "")]
            self.alert = ALERTS[number]


class At:
    """A server of one policy, with what is asked of it."""

    def __init__(self, pki, demand, missing, start):
        """pki: a folder of the command pki."""
        self.pki, self.demand, self.missing = pki, demand, missing
        options = ["--listen", "mtls://127.0.0.1:0",
                   "--pki", pki,
                   "--client-certificate", demand]
        if missing != "-":
            options += ["--on-missing-certificate", missing]
        self.server = start(*options, clock=None)
        url = self.server.ready["listeners"][1]["url"]
        self.port = urllib.parse.urlsplit(url).port
        self.host = f"127.0.0.1:{self.port}"
        self.requests = self._requests(self.server)

    @staticmethod
    def _requests(server):
        citizen = server.citizen()
        other = server.register(scope=SCOPE)
        path = urllib.parse.urlsplit(server.auth).path + "/token"
        base = "/phr-resourceserver/baseR4"
        search = f"{base}/Observation?patient={citizen['patient_id']}"
        basic = base64.b64encode(":".join((
            other["client_id"], other["client_secret"])).encode()).decode()
        own, others = (
            server.issue(app, citizen["hetu"], SCOPE)
            for app in ({"client_id": OWNER}, other))

        def refresh(tokens, **more):
            return urllib.parse.urlencode({
                "grant_type": "refresh_token",
                "refresh_token": tokens["refresh_token"], **more})

        def bearer(tokens):
            return "Bearer " + tokens["access_token"]

        return (  # in the order of REQUESTS: path, authorization, form
            (path, None, refresh(own, client_id=OWNER)),
            (search, bearer(own), None),
            (path, "Basic " + basic, refresh(others)),
            (search, bearer(others), None),
            (base + "/metadata", None, None))

    def cases(self, tls):
        return [Case(self, certificate, tls) for certificate in CERTIFICATES]


def make_pki(folder, *options):
    done = support.run(support.MOCK, "pki", folder, *options)
    assert done.returncode == 0, done.err
    return str(folder)


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """A folder with every certificate there is."""
    if not support.MOCK:
        pytest.skip("needs a server of its own (URL names a running one)")
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def servers(pki, start_shared):
    """servers(demand, missing): the server of that policy, started once."""
    started = {}

    def at(demand, missing):
        if (demand, missing) not in started:
            started[demand, missing] = At(pki, demand, missing, start_shared)
        return started[demand, missing]

    return at


# ---- what a client gets -----------------------------------------------------

def wire(at, close=True):
    """All requests of a connection, as they are sent."""
    out = b""
    for i, (path, authorization, form) in enumerate(at.requests):
        lines = [("POST " if form else "GET ") + path + " HTTP/1.1",
                 "Host: " + at.host]
        if authorization:
            lines.append("Authorization: " + authorization)
        if form:
            lines += ["Content-Type: application/x-www-form-urlencoded",
                      f"Content-Length: {len(form)}"]
        if close and i == len(at.requests) - 1:
            lines.append("Connection: close")
        out += ("\r\n".join(lines) + "\r\n\r\n" + (form or "")).encode()
    return out


def answers(data):
    """The answers in what came back, with a Content-Length each."""
    found = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        if not end:
            break
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in
                   (line.partition(":") for line in lines)}
        n = int(headers["content-length"])
        found.append(Answer(int(first.split()[1]), headers,
                            data[:n].decode()))
        data = data[n:]
        if len(found) == len(REQUESTS):
            break
    return found


def error_of(request, answer):
    """The error of a refusal, and what it says to people."""
    if request.endswith("token"):
        body = json.loads(answer.text)
        return body["error"], body["error_description"]
    challenge = answer.headers.get("www-authenticate", "")
    error = re.search(r' error="([^"]*)"', challenge)
    outcome = json.loads(answer.text)
    assert outcome["resourceType"] == "OperationOutcome"
    return (error.group(1) if error else "",
            outcome["issue"][0]["diagnostics"])


NGINX = {"missing": "No required SSL certificate was sent",
         "bad": "The SSL certificate error"}


def unclear(case, request, status, text):
    """Does a refusal say what is wrong? Whose a certificate would have to be,
    token tells nobody who has not proved to be that application."""
    problem = case.row["problem"]
    if status == 400 and not text.startswith(NGINX[problem]):
        return f"does not begin as nginx has it: {text}"
    if problem == "fine" or request == "token" and (
            problem == "foreign" or case.at.demand == "off"):
        return None
    if not re.search(case.row["says"], text, re.IGNORECASE):
        return f"does not say {case.row['says']!r}: {text}"
    return None


def wrong(case, got, alert):
    """How what a client got differs from the table. got: the answers, or in
    the client's words why there are none; alert: how it should have put it."""
    at = f"{case.name} with TLS {case.tls}, " \
         f"{case.at.demand} {case.at.missing}"
    if case.alert:
        return [] if got == alert else [f"{at}: {got!r} and not {alert!r}"]
    if isinstance(got, str) or len(got) != len(REQUESTS):
        return [f"{at}: the handshake should pass: {got}"]
    found = []
    for request, answer in zip(REQUESTS, got):
        said, more = str(answer.status), None
        if answer.status != 200:
            error, text = error_of(request, answer)
            said = f"{said} {error}".rstrip()
            more = unclear(case, request, answer.status, text)
        if said != case.want[request]:
            more = f"{said} and not {case.want[request]}: {answer.text[:300]}"
        if more:
            found.append(f"{at}, {request}: {more}")
    return found


def check(at, tls, client, alert):
    """client(case): what it got; alert(case): how it tells of the alert that
    the case has."""
    found = []
    for case in at.cases(tls):
        found += wrong(case, client(case), case.alert and alert(case))
    assert not found, "\n".join(found)
