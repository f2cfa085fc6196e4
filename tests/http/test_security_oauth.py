# SPDX-License-Identifier: Apache-2.0
"""Security of the authorization server and of the pages, across all of them:
what is drawn at random, what the log says, what a refusal costs and tells, how
secrets are compared, cookies, and the headers of every page."""
import base64
import collections
import hashlib
import json
import pathlib
import re
import secrets as secrets_module
import string
import urllib.parse

import pytest

from signer import JWT_BEARER
from support import Browser, CALLBACK, Form, back, request_of, session

ROOT = pathlib.Path(__file__).parents[2]
AUTH = "/phr-authserver-sandbox"
ALNUM = string.ascii_letters + string.digits
B64URL = ALNUM + "-_"


def url(path, **query):
    return AUTH + path + "?" + urllib.parse.urlencode(query)


# ---- what is drawn at random ------------------------------------------------

def looks_random(values, alphabet, bits):
    """No value twice; each letter as often as chance has it, also at each end;
    enough of them."""
    assert len(set(values)) == len(values)
    length = {len(v) for v in values}
    assert len(length) == 1
    (length,) = length
    assert length * len(alphabet).bit_length() >= bits
    for text in ("".join(values), "".join(v[0] for v in values),
                 "".join(v[length // 2] for v in values)):
        seen = collections.Counter(text)
        assert set(seen) <= set(alphabet), set(seen) - set(alphabet)
        expected = len(text) / len(alphabet)
        if expected < 5:
            continue
        chi = sum((seen[c] - expected) ** 2 / expected for c in alphabet)
        # of 63 degrees of freedom: by chance once in 10**9 runs
        assert chi < 170, chi


@pytest.fixture(scope="module")
def drawn(start_shared):
    """Many of everything: by one GET a code, by one POST the tokens."""
    s = start_shared("--auto-approve=010190-900P", "--set",
                     "access_token_format=opaque")
    app, out = s.register(), collections.defaultdict(list)
    query = url("/authorize", **request_of(app))
    for _ in range(2000):
        r = s.request("GET", query)
        out["code"].append(back(r)["code"])
    for code in out["code"][:400]:
        got = s.token(app, 200, grant_type="authorization_code",
                      code=code, redirect_uri=CALLBACK).json()
        out["access"].append(got["access_token"])
        out["refresh"].append(got["refresh_token"])
    for _ in range(400):
        s.http.cookies.clear()
        r = s.request("GET", AUTH + "/login")
        out["session"].append(r.cookies["JSESSIONID"])
        out["form"].append(Form(r.text).having("username")["fields"][
            "_csrf"])
    for _ in range(200):
        r = s.request("POST", AUTH + "/register",
                      json={"redirect_uris": [CALLBACK]})
        got = r.json()
        out["secret"].append(got["client_secret"])
        mark, dot, named = got["registration_access_token"].partition(".")
        assert named == got["client_id"] and dot
        out["registration"].append(mark)
    return out


@pytest.mark.parametrize("what,alphabet,bits", [
    ("code", ALNUM, 128), ("session", ALNUM, 128), ("refresh", B64URL, 256),
    ("access", B64URL, 128), ("secret", B64URL, 256),
    ("registration", ALNUM, 256), ("form", "0123456789abcdef", 128)])
def test_drawn_at_random(drawn, what, alphabet, bits):
    looks_random(drawn[what], alphabet, bits)


def test_nothing_of_one_in_another(drawn):
    """No kind of secret is made of another one."""
    kinds = list(drawn)
    for kind in kinds:
        others = "\n".join(v for k in kinds if k != kind for v in drawn[k])
        for value in drawn[kind][:50]:
            assert value not in others


def test_signed_tokens_differ(server, app, person):
    """Of the same citizen, application, scope and second."""
    tokens = [server.issue(app, person.hetu)["access_token"]
              for _ in range(50)]
    claims = [json.loads(base64.urlsafe_b64decode(t.split(".")[1] + "=="))
              for t in tokens]
    assert len({c["jti"] for c in claims}) == len(set(tokens)) == 50
    for claim in claims:
        assert person.hetu not in json.dumps(claim)


# ---- the log ----------------------------------------------------------------

CANARY = "SECRET-canary-of-the-application-4711"


def journey(s):
    """Everything once, with all the secrets that there are; returns those."""
    citizen, secrets = s.citizen(), {CANARY}
    code = citizen["hetu"]
    app = s.register(client_secret=CANARY, allow_introspection=True,
                     token_endpoint_auth_method="client_secret_post")
    own = {"client_id": app["client_id"], "client_secret": CANARY}
    verifier = secrets_module.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(
        verifier.encode()).digest()).decode().rstrip("=")
    b = Browser(s)
    page = b.login(b.authorize(request_of(
        app, login_hint=code, code_challenge=challenge,
        code_challenge_method="S256", state="canary-of-the-state")), code)
    secrets |= {Form(page.text).having("_csrf")["fields"]["_csrf"],
                b.http.cookies["JSESSIONID"], code, verifier}
    got = back(b.approve(page))
    exchange = dict(own, grant_type="authorization_code", code=got["code"],
                    redirect_uri=CALLBACK)
    s.token(**dict(exchange, code_verifier=verifier))
    got2 = back(b.walk(request_of(app), code))
    tokens = s.token(None, 200, **dict(exchange, code=got2["code"]))
    tokens = tokens.json()
    s.token(**dict(exchange, code=got2["code"]))  # once more
    secrets |= {got["code"], got2["code"], tokens["access_token"],
                tokens["refresh_token"]}
    for form in (dict(own, grant_type="refresh_token",
                      refresh_token=tokens["refresh_token"]),
                 dict(own, grant_type="refresh_token",
                      refresh_token="x" + tokens["refresh_token"]),
                 dict(own, client_secret="wrong" + CANARY, grant_type="x")):
        s.token(**form)
    for place in ("/introspect", "/revoke"):
        s.http.post(s.auth + place, timeout=30, data=dict(
            own, token=tokens["refresh_token"]))
    for query in ("?client_secret=" + CANARY, "?code=" + got["code"],
                  "?refresh_token=" + tokens["refresh_token"]):
        s.http.post(s.auth + "/token" + query, data=own, timeout=30)
    r = s.http.post(s.auth + "/register", timeout=30,
                    json={"redirect_uris": [CALLBACK]}).json()
    secrets |= {r["registration_access_token"].partition(".")[0],
                r["client_secret"]}
    where = s.auth + "/register/" + r["client_id"]
    bearer = {"Authorization": "Bearer " + r["registration_access_token"]}
    s.http.get(where, headers=bearer, timeout=30)
    s.http.delete(where, headers=bearer, timeout=30)
    bearer = {"Authorization": "Bearer " + tokens["access_token"]}
    for path in (s.r4 + "/Patient/" + tokens["sub"], s.auth + "/userinfo",
                 s.r4 + "/Observation?patient=1&code=x",
                 s.r4 + "/Observation?access_token=" +
                 tokens["access_token"]):
        s.http.get(path, headers=bearer, timeout=30)
    mine = Browser(s)
    mine.login(mine.get(s.origin + "/omakanta/login"), code)
    mine.get(s.origin + "/omakanta/")
    secrets.add(mine.http.cookies["OMAKANTA"])
    s.admin("GET", "/citizens/" + code)
    s.admin("POST", "/permissions/withdraw", {
        "client_id": app["client_id"], "hetu": code})
    s.token(basic=(app["client_id"], CANARY), grant_type="client_credentials",
            patient_hetu=code)
    return secrets


@pytest.mark.parametrize("log", ["json", "text"])
@pytest.mark.parametrize("oauth", ["kanta", "strict"])
def test_no_secret_in_log_or_journal(start, log, oauth):
    s = start("--log", log, "--oauth", oauth)
    secrets = journey(s)
    assert len(secrets) >= 10 and all(len(x) >= 11 for x in secrets)
    journal = s.admin("GET", "/requests?limit=1000").text
    log = s.log()
    assert log.count("/token") >= 8 and journal.count("/token") >= 8
    for secret in secrets:
        for form in (secret, urllib.parse.quote(secret, safe=""),
                     secret[:40], secret[-20:]):
            assert len(form) < 11 or form not in log, form
            assert len(form) < 11 or form not in journal, form
        assert base64.b64encode(secret.encode())[:20].decode() not in log


def test_no_secret_in_the_database(start, tmp_path):
    """At rest there are digests alone; but who a citizen is, must be known."""
    s = start("--db", tmp_path / "phr.db")
    secrets = journey(s)
    s.stop()
    stored = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"010190-900P" in stored  # it can be found that way
    for secret in secrets:
        if re.fullmatch(r"\d{6}[-+A-FU-Y]\d{3}.|verifier.*|v.*", secret):
            continue
        assert secret.encode() not in stored, secret


# ---- what a refusal tells ---------------------------------------------------

def told(r):
    """All that can be seen of an answer, but what differs each time."""
    headers = {k.lower(): v for k, v in r.headers.items()}
    for name in ("date", "x-request-id", "x-mock-explain"):
        headers.pop(name, None)
    return r.status_code, headers, r.text


@pytest.mark.parametrize("oauth", ["kanta", "strict"])
@pytest.mark.parametrize("how", ["form", "basic"])
@pytest.mark.parametrize("place", ["/token", "/introspect", "/revoke"])
def test_unknown_client_is_as_a_wrong_secret(start, oauth, how, place):
    s = start("--oauth", oauth)
    app = s.register()
    public = s.register(token_endpoint_auth_method="none",
                        code_challenge_method="S256")

    def ask(client_id, secret="wrong"):
        form = {"grant_type": "authorization_code", "code": "x",
                "token": "x"}
        auth = None
        if how == "basic":
            auth = (client_id, secret)
        else:
            form.update(client_id=client_id, client_secret=secret)
        return told(s.http.post(s.auth + place, data=form, auth=auth,
                                timeout=30))

    known, unknown = ask(app["client_id"]), ask("nobody")
    assert known[0] == 401, known
    assert known == unknown
    assert ask(public["client_id"]) == unknown
    assert ask(app["client_id"], app["client_secret"]) != unknown


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_registration_is_as_a_wrong_token(server, method):
    app = server.http.post(server.auth + "/register", timeout=30,
                           json={"redirect_uris": [CALLBACK]}).json()

    def ask(client_id, token):
        return told(server.http.request(
            method, server.auth + "/register/" + client_id, timeout=30,
            json={"redirect_uris": [CALLBACK]} if method == "PUT" else None,
            headers={"Authorization": "Bearer " + token}))

    assert ask(app["client_id"], "wrong") == ask("nobody", "wrong")
    other = server.register()["client_id"]
    token = app["registration_access_token"]
    assert ask("nobody", token) == ask(other, token) != ask(
        app["client_id"], token)


# ---- what a refusal costs ---------------------------------------------------

BIG = "x" * 60000
REFUSED = {
    "wrong secret": {"grant_type": "authorization_code", "code": BIG},
    "many parameters": {"p%d" % i: "x" for i in range(51)},
    "long scope": {"grant_type": "refresh_token", "refresh_token": "x",
                   "scope": "patient/Observation.read " * 2000},
    "many words": {"grant_type": "refresh_token", "refresh_token": "x",
                   "scope": " ".join("a%d" % i for i in range(9000))},
    "long assertion": {"grant_type": "authorization_code",
                       "client_assertion_type": JWT_BEARER,
                       "client_assertion": ".".join([BIG[:19000]] * 3)},
    "long code": {"grant_type": "authorization_code", "code": BIG},
    "long verifier": {"grant_type": "authorization_code", "code": "x",
                      "code_verifier": BIG}}


@pytest.mark.parametrize("form", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("who", ["app", "nobody"])
def test_refused_requests_leave_nothing(server, own, app, form, who):
    before = own.admin("GET", "/state").json()["counts"]
    auth = (app["client_id"], app["client_secret"])
    if who == "nobody":
        auth = ("nobody", "x")
    for _ in range(5):
        r = server.http.post(server.auth + "/token", data=form, auth=auth,
                             timeout=10)
        assert r.status_code in (400, 401), r.text
        assert len(r.content) < 130000  # what was sent, at most, escaped
    assert own.admin("GET", "/state").json()["counts"] == before


@pytest.mark.parametrize("change", [
    {"redirect_uris": ["https://a.example/%d" % i for i in range(21)]},
    {"redirect_uris": ["https://a.example/" + "x" * 2048]},
    {"client_name": "x" * 2049}, {"scope": "patient/Observation.read " * 200},
    {"contacts": ["x"] * 21}, {"client_name": BIG},
    {"jwks": {"keys": [{"kty": "RSA", "n": BIG[:20000], "e": "AQAB"}]}}])
def test_registrations_have_a_size(server, own, change):
    before = own.admin("GET", "/state").json()["counts"]
    r = server.http.post(server.auth + "/register", timeout=10, json=dict(
        {"redirect_uris": [CALLBACK]}, **change))
    assert r.status_code == 400, r.text[:300]
    assert own.admin("GET", "/state").json()["counts"] == before


def test_a_url_has_a_length(server):
    r = server.request("GET", url("/authorize", client_id="x" * 9000))
    assert r.status_code == 414


def test_a_form_has_a_size(server):
    r = server.http.post(server.auth + "/token", data={"a": "x" * 66000},
                         timeout=10)
    assert r.status_code == 413


# ---- how secrets are compared -----------------------------------------------

# a table's slot by its digest, the name of a method, --admin-token none (a
# word that the command line knows)
FINE = {"store/token.c": "slot->text, digest",
        "oauth/grant_code.c": "code->challenge_method, ",
        "admin/admin.c": "a->token, ", "web/portal_lock.c": "token, ",
        "web/console_ask.c": "token, ",
        # thumbprints of certificates, which anyone may know
        "pki/peer.c": "->digest, digest, PKI_SHA256",
        "pki/verify.c": "k->digest, peer->digest, PKI_SHA256"}


def arguments(text, at):
    """What stands in the parentheses that open there, without strings."""
    depth, end = 0, at
    while depth > 0 or end == at:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return re.sub(r'"(\\.|[^"\\])*"', "", text[at + 1:end - 1])


def test_secrets_are_compared_in_constant_time():
    """No comparison that ends at the first difference is near a secret."""
    wrong, good = [], 0
    secret = re.compile(r"secret|csrf|digest|challenge|verifier|token|hmac|"
                        r"password")
    for path in sorted(ROOT.glob("server/*/*.c")):
        text = path.read_text(encoding="utf-8")
        name = "/".join(path.parts[-2:])
        good += text.count("jose_equal(")
        for call in re.finditer(
                r"\b(?:strn?(?:case)?cmp|memcmp|text_is)(?=\()", text):
            said = arguments(text, call.end())
            if secret.search(said) and FINE.get(name, "\0") not in said:
                wrong.append("%s: %s(%s)" % (name, call[0], said))
    assert not wrong, "\n".join(wrong)
    assert good >= 8  # and there are such


# ---- pages ------------------------------------------------------------------

def cookies_of(r):
    return [v for k, v in r.raw.headers.items() if k.lower() == "set-cookie"]


@pytest.mark.parametrize("path,name,below", [
    (AUTH + "/login", "JSESSIONID", AUTH),
    (AUTH + "/applications/new", "JSESSIONID", AUTH),
    ("/omakanta/login", "OMAKANTA", "/omakanta"),
    (AUTH + "/login?lang=fi", "lang", "/")])
def test_cookies(server, path, name, below):
    r = session().get(server.origin + path, timeout=30)
    (cookie,) = [c for c in cookies_of(r) if c.startswith(name + "=")]
    attributes = [a.strip().lower() for a in cookie.split(";")[1:]]
    assert "httponly" in attributes and "samesite=lax" in attributes
    assert "path=" + below in attributes
    assert "secure" not in attributes  # it came by http
    assert not any(a.startswith("domain") for a in attributes)


@pytest.mark.parametrize("path", [AUTH + "/login", "/omakanta/login"])
def test_cookies_by_https_alone(start, path):
    s = start("--public-url", "https://phr.example")
    for cookie in cookies_of(s.request("GET", path)):
        assert cookie.startswith("lang=") or "; Secure" in cookie, cookie


def pages(s):
    """One answer of every page there is, of what is refused too."""
    app, citizen = s.register(client_name="<b>&\"'"), s.citizen()["hetu"]
    b = Browser(s)
    login = b.authorize(request_of(app))
    yield "login", login
    yield "login refused", b.login(login, "x")
    consent = b.login(b.authorize(request_of(app)), citizen)
    yield "consent", consent
    yield "consent without its token", b.submit(
        consent, b.consent_form(consent), {"authorize": "1"})
    yield "unknown client", b.authorize(request_of({"client_id": "<nobody>"}))
    yield "wrong redirect", b.authorize(request_of(app, redirect_uri="x:<y>"))
    for path in ("/logout", "/applications", "/applications/new",
                 "/applications/" + app["client_id"],
                 "/applications/" + app["client_id"] + "/access",
                 "/applications/" + app["client_id"] + "/credentials",
                 "/applications/" + app["client_id"] + "/delete",
                 "/applications/nobody"):
        yield path, b.get(s.auth + path)
    for path in ("/login", "/", "/applications", "/professionals",
                 "/data/bodyweight", "/data/nothing", "/entry/r4/x/y"):
        mine = Browser(s)
        page = mine.get(s.origin + "/omakanta" + path)
        yield "omakanta login for " + path, page
        yield "omakanta" + path, mine.login(
            mine.get(s.origin + "/omakanta" + path), citizen)


def test_every_page_has_its_headers(server):
    seen = 0
    for name, r in pages(server):
        assert r.headers["Content-Type"].startswith("text/html"), name
        csp = r.headers["Content-Security-Policy"]
        assert "default-src 'none'" in csp, name
        assert "frame-ancestors 'none'" in csp and "base-uri 'none'" in csp
        assert "unsafe" not in csp and "script-src" not in csp, name
        assert r.headers["X-Frame-Options"] == "DENY", name
        assert r.headers["X-Content-Type-Options"] == "nosniff", name
        assert r.headers["Referrer-Policy"] == "no-referrer", name
        assert "no-store" in r.headers["Cache-Control"], name
        assert "<script" not in r.text and " onclick" not in r.text, name
        assert not re.search(r"(?i)(src|href|action)=[\"']?javascript:",
                             r.text), name
        assert "<b>&" not in r.text and "<nobody>" not in r.text, name
        seen += 1
    assert seen >= 20
