# SPDX-License-Identifier: Apache-2.0
"""No input may crash the server, hang it or make it answer 5xx.

Thousands of mutants of what clients really send: resources of every profile,
searches, headers, OAuth forms and control API bodies. The seed is fixed, so a
failure comes again. Each group is one test; the server must be alive after it,
and the module's end looks for sanitizer reports.
"""
import json
import random
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

import support
from support import (BUILT, CALLBACK, FHIR_JSON, SCOPE, Browser, request_of,
                     raw, session)

SEED = 20260310
ID = "90090090-0900-4900-8900-900900900900"
ATLEAST = 2000


def rng(name):
    return random.Random(f"{SEED} {name}")


# ---- mutants of bytes -------------------------------------------------------

ODD = [b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
       b"\xe2\x82", b"%", b"%00", b"\\u0000", b"\\ud800", b'"', b"\\", b"{",
       b"[", b"]", b"}", b",", b"\r\n", b"\xe2\x80\xae", b"\xef\xbb\xbf"]


def bytes_of(r, text, flips, cuts, odds):
    for _ in range(flips):
        b = bytearray(text)
        for _ in range(r.choice((1, 1, 1, 2, 5))):
            any_byte = r.random() < 0.5
            b[r.randrange(len(b))] = r.randrange(256) if any_byte else \
                r.randrange(33, 127)
        yield bytes(b)
    for _ in range(cuts):
        yield text[:r.randrange(len(text))]
    for _ in range(odds):
        at = r.randrange(len(text))
        yield text[:at] + r.choice(ODD) + text[at:]


# ---- mutants of JSON --------------------------------------------------------

def walk(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from walk(inner, path + (key,))


SWAPS = ["null", "true", "0", "-1", "1e999999", "-0", "72.5", "1E-400",
         "9" * 400, '""', '"x"', '" "', '"\\n"', "[]", "{}", "[[]]", "[null]",
         "[{}]", '{"":""}', '{"a":{"b":[1]}}', '"' + "x" * 70000 + '"',
         '"Patient/' + "1" * 300 + '"', '"\U0001f600"', '"2026-99-99"',
         '{"value":1}', '[1,"a",{}]', '{"reference":"#"}',
         '{"resourceType":"Observation"}']


def edit(text, path, swap=None, twice=False):
    """The JSON text with the value at path swapped for another text, its
    member left out (swap None) or written twice."""
    def show(value, at):
        if at == path and swap is not None:
            return swap
        if isinstance(value, dict):
            parts = []
            for k, v in value.items():
                if at + (k,) == path and swap is None and not twice:
                    continue
                part = json.dumps(k) + ":" + show(v, at + (k,))
                parts += [part] * (2 if twice and at + (k,) == path else 1)
            return "{" + ",".join(parts) + "}"
        if isinstance(value, list):
            return "[" + ",".join(
                show(v, at + (i,)) for i, v in enumerate(value)
                if swap is not None or twice or at + (i,) != path) + "]"
        return json.dumps(value)
    return show(json.loads(text), ()).encode()


DEEP = ["[" * 10000 + "]" * 10000, "[" * 10000, '{"a":' * 10000,
        '{"a":' * 10000 + "1" + "}" * 10000,
        '{"extension":[' * 5000 + "]}" * 5000,
        '{"contained":[' * 60 + "]}" * 60]


def json_of(r, text, swaps):
    paths = [p for p in walk(json.loads(text)) if p]
    for path in paths:
        yield edit(text, path)
    for path in r.sample(paths, min(15, len(paths))):
        yield edit(text, path, twice=True)
    for _ in range(swaps):
        yield edit(text, r.choice(paths), r.choice(SWAPS))
    for deep in DEEP:
        yield edit(text, r.choice(paths), deep)
        yield deep.encode()
    for extra in ("extension", "modifierExtension", "contained", "_status",
                  "_id", "fish", "__proto__", "", "component"):
        for value in ('[{"url":"x"}]', "{}", "1", '[{"resourceType":"Fish"}]'):
            yield text[:-1] + b"," + json.dumps(extra).encode() + b":" + \
                value.encode() + b"}"


def resources(what):
    r = rng(what)
    text = json.dumps(BUILT[what][1](ID)).encode()
    yield from bytes_of(r, text, 70, 25, 40)
    yield from json_of(r, text, 60)


def big():
    text = json.dumps(support.weight(ID)).encode()
    yield text[:-1] + b',"note":[{"text":"' + b"x" * (10 << 20) + b'"}]}'
    yield b" " * (10 << 20)
    yield b"[" * (10 << 20)
    yield text[:-1] + b',"fish":[' + b"0," * 500000 + b"0]}"
    yield text[:-1] + b',"note":[' + b'{"text":"x"},' * 50000 + \
        b'{"text":"x"}]}'
    yield text[:-1] + b',"extension":[' + b'{"url":"http://x/y"},' * 20000 + \
        b'{"url":"x"}]}'
    yield text[:-1] + b',"category":[' + b"{}," * 20000 + b"{}]}"
    yield b"{" + b",".join(b'"m%d":1' % i for i in range(100000)) + b"}"


# ---- mutants of queries, forms and headers ----------------------------------

QUERY = f"patient={ID}&code=http://loinc.org|85354-9,29463-7&date=ge2026-01-" \
        "01T00:00:00%2B02:00&date=lt2026-12-31&_sort=-date&_count=5&_id=x"
SEARCHES = ["_count=-1", "_count=1e9", "_sort=,,", "_sort=-", "_sort=----date",
            "date=" + "9" * 400, "date=ge", "code=" + "|" * 50, "code=\\",
            "code=\\,\\|\\$", "patient=" + "," * 500, "_id=" + "a," * 2000,
            "code=" + "x," * 1500, "_getpages=x", "_getpagesoffset=-1",
            "date=0000-00-00", "date=9999-12-31T23:59:60Z", "date=+1",
            "date=2026-01-01T00:00:00.999999999999999Z", "_lastUpdated=ge1",
            "date=-0001-01-01", "=", "&&&&", "patient", "patient=&patient=",
            "_elements=a", "_summary=fish", "_total=fish", "_include=*",
            "_has:a:b:c=d", "patient.name=x", "code:not=1", "date:missing=x"]


def quoted(mutant):
    """Bytes as they may stand in a request target."""
    return urllib.parse.quote_from_bytes(mutant, safe="&=%+,:|/?;-._~$!*'()")


def queries():
    r = rng("queries")
    for mutant in bytes_of(r, QUERY.encode(), 120, 40, 60):
        yield quoted(mutant)
    for one in SEARCHES:
        yield f"patient={ID}&{one}"
        yield one


def paths():
    r = rng("paths")
    whole = f"/Observation/{ID}/_history/1".encode()
    for mutant in bytes_of(r, whole, 60, 20, 30):
        yield quoted(mutant)


HEADERS = {"Authorization": "Bearer abc.def.ghi", "If-None-Match": 'W/"1"',
           "Accept": "application/fhir+json;q=0.5, text/html",
           "Content-Type": "application/fhir+json; charset=UTF-8",
           "Prefer": "return=representation, handling=strict",
           "Cookie": "JSESSIONID=abc; x=y", "Host": "127.0.0.1:80",
           "Origin": "http://x", "If-Modified-Since":
           "Tue, 10 Mar 2026 10:00:00 GMT"}


def headers():
    r = rng("headers")
    for name, value in HEADERS.items():
        for mutant in bytes_of(r, value.encode(), 10, 3, 4):
            yield name, mutant.translate(None, b"\r\n\x00").strip()
        for value in (b"", b"x" * 5000, b'"' * 100, b"," * 1000, b";" * 1000):
            yield name, value


FORMS = [urllib.parse.urlencode(f).encode() for f in (
    {"grant_type": "authorization_code", "code": "abcdef",
     "redirect_uri": CALLBACK, "client_id": "demo-app", "client_secret":
     "demo-app-secret-not-for-production", "code_verifier": "x" * 43},
    {"grant_type": "refresh_token", "refresh_token": "abcdef", "scope": SCOPE,
     "client_id": "demo-app", "client_secret":
     "demo-app-secret-not-for-production"})]


def token_forms():
    r = rng("forms")
    for form in FORMS:
        yield from bytes_of(r, form, 70, 25, 40)
    yield b"&" * 60000
    yield b"a=" + b"%41" * 20000
    yield b"=" * 65536
    yield b"x" * (10 << 20)


AUTHORIZE = urllib.parse.urlencode(request_of(
    {"client_id": "demo-app"}, code_challenge="x" * 43,
    code_challenge_method="S256", prompt="consent", login_hint="010190-900P",
    max_age="100", ui_locales="fi"))


def authorize_queries():
    r = rng("authorize")
    for mutant in bytes_of(r, AUTHORIZE.encode(), 80, 25, 40):
        yield quoted(mutant)


ADMIN = {"/citizens": {"hetu": "010190-900P", "age": 30},
         "/clients": {"client_name": "x", "redirect_uris": [CALLBACK],
                      "scope": SCOPE, "grant_types": ["authorization_code"],
                      "client_id": "mutant", "client_secret": "secret",
                      "token_endpoint_auth_method": "client_secret_basic",
                      "kind": "citizen", "access_token_seconds": 60},
         "/tokens": {"client_id": "demo-app", "hetu": "010190-900P",
                     "scope": SCOPE, "expires_in": 60},
         "/clock/advance": {"by": "PT0S"}}


def admin_bodies():
    for path, body in ADMIN.items():
        r = rng(path)
        text = json.dumps(body).encode()
        members = [p for p in walk(body) if p]
        mutants = list(bytes_of(r, text, 25, 8, 12))
        mutants += [edit(text, p) for p in members]
        mutants += [edit(text, p, s) for p in members
                    for s in r.sample(SWAPS, 5)]
        for mutant in mutants:
            yield path, mutant


RAW = ("POST /phr-resourceserver/baseR4/Observation HTTP/1.1\r\n"
       "Host: 127.0.0.1\r\nAuthorization: Bearer x\r\n"
       "Content-Type: application/fhir+json\r\nContent-Length: 2\r\n\r\n"
       "{}").encode()


def raw_requests():
    yield from bytes_of(rng("raw"), RAW, 90, 30, 40)


# ---- the tests --------------------------------------------------------------

@pytest.fixture(scope="module")
def citizen(server, app):
    return server.person(app)


def judge(answers):
    bad = [(what, status) for what, status in answers if status >= 500]
    assert not bad, bad[:5]


@pytest.fixture
def sure(own):
    """After the test the server still answers, as the same process."""
    yield own
    assert own.process.poll() is None, own.log()[-5000:]
    own.admin("GET", "/health", status=200)


def all_of(send, mutants, workers=3):
    """Sends every mutant, each worker over its own kept connection; an answer
    that does not come raises here."""
    mutants = list(mutants)

    def work(share):
        with session() as http:
            return [(m if len(m) < 3000 else m[:100],
                     send(http, m).status_code) for m in share]

    with ThreadPoolExecutor(workers) as pool:
        for part in pool.map(work, [mutants[i::workers]
                                    for i in range(workers)]):
            judge(part)


@pytest.mark.parametrize("what", BUILT)
def test_resources(sure, citizen, what):
    url = sure.base(BUILT[what][0]) + "/Observation"
    mutants = [m.replace(ID.encode(), citizen.id.encode())
               for m in resources(what)]
    all_of(lambda http, m: http.post(url, data=m, timeout=60, headers={
        "Authorization": "Bearer " + citizen.token,
        "Content-Type": FHIR_JSON}), mutants)


def test_big_bodies(sure, citizen):
    all_of(lambda http, m: http.post(
        sure.r4 + "/Observation", timeout=60, headers={
            "Authorization": "Bearer " + citizen.token,
            "Content-Type": FHIR_JSON},
        data=m.replace(ID.encode(), citizen.id.encode())), big(), 1)


def test_searches(sure, citizen):
    mutants = [q.replace(ID, citizen.id) for q in queries()]
    all_of(lambda http, q: http.get(
        f"{sure.r4}/Observation?{q}", timeout=60,
        headers={"Authorization": "Bearer " + citizen.token}), mutants)


def test_paths(sure, citizen):
    all_of(lambda http, p: http.get(
        sure.r4 + p if p.startswith("/") else sure.r4 + "/" + p, timeout=60,
        headers={"Authorization": "Bearer " + citizen.token}), paths())


def test_headers(sure, citizen):
    def send(http, m):
        with_it = {"Authorization": "Bearer " + citizen.token, m[0]: m[1]}
        if m[0] == "Content-Type":
            return http.post(sure.r4 + "/Observation", data=b"{}", timeout=60,
                             headers=with_it)
        return http.get(f"{sure.r4}/Observation?patient={citizen.id}",
                        headers=with_it, timeout=60)
    all_of(send, headers())


def test_token_forms(sure):
    all_of(lambda http, m: http.post(
        sure.auth + "/token", data=m, timeout=60, headers={
            "Content-Type": "application/x-www-form-urlencoded"}),
        token_forms())


def test_authorize(sure):
    mutants = list(authorize_queries())
    browser = Browser(sure)
    page = browser.authorize(AUTHORIZE)
    if support.Form(page.text).having("username"):
        browser.login(page, "010190-900P")
    all_of(lambda http, q: browser.http.get(
        sure.auth + "/authorize?" + q, allow_redirects=False, timeout=60),
        mutants, 1)
    all_of(lambda http, q: http.get(
        sure.auth + "/authorize?" + q, allow_redirects=False, timeout=60),
        mutants)


@pytest.mark.parametrize("which", ["username", "user_oauth_approval"])
def test_pages_forms(sure, which):
    browser = Browser(sure)
    page = browser.authorize(AUTHORIZE)
    if which != "username":
        page = browser.login(page, "010190-900P")
    form = support.Form(page.text).having(which)
    url = urllib.parse.urljoin(page.url, form["action"])
    text = urllib.parse.urlencode(
        dict(form["fields"], username="010190-900P")).encode()
    all_of(lambda http, m: browser.http.post(
        url, data=m, allow_redirects=False, timeout=60,
        headers={"Content-Type": "application/x-www-form-urlencoded"}),
        page_forms(which, text), 1)


def page_forms(which, text):
    return list(bytes_of(rng(which), text, 40, 15, 20))


def test_admin(sure):
    all_of(lambda http, m: http.post(
        sure.admin_url + m[0], data=m[1], timeout=60,
        headers={"Content-Type": "application/json"}), admin_bodies())


class Answered:
    """What came back for bytes that are hardly a request: no answer is one
    too, and 505 is right for a version of HTTP that does not exist."""

    def __init__(self, answer):
        status = int(answer.split(b" ", 2)[1]) if answer else 0
        self.status_code = 0 if status == 505 else status


def test_raw_requests(sure):
    all_of(lambda http, m: Answered(raw(sure, m)), raw_requests(), 8)


def test_there_are_enough():
    sizes = {what: len(list(resources(what))) for what in BUILT}
    for group in (queries, paths, headers, token_forms, authorize_queries,
                  admin_bodies, raw_requests):
        sizes[group.__name__] = len(list(group()))
    assert sum(sizes.values()) >= ATLEAST, sizes
