# SPDX-License-Identifier: Apache-2.0
"""Python's clients with a certificate, as in client test and production: the
browser at https://, the application at mtls:// with requests' cert=, by
requests alone, requests-oauthlib and Authlib. And what they raise when the
certificate is not the right one."""
import os
import sys
import types
import urllib.parse

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.integrations.requests_client import OAuthError
from requests_oauthlib import OAuth2Session as RequestsOAuthlib

HERE = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(HERE, "..", "http"))
import support  # noqa: E402
from support import CALLBACK, SCOPE, Browser, Server, weight  # noqa: E402

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the callback is http
OID = "1.2.246.10.99999999.99.1"  # of the PKI, unless told otherwise


class Plain:
    """An application that has no library for OAuth."""

    def __init__(self, at, app, certificate):
        self.at, self.app = at, app
        self.session = requests.Session()
        at.equip(self.session, certificate)

    def login(self):
        return self.at.auth + "/authorize?" + urllib.parse.urlencode({
            "response_type": "code", "client_id": self.app["client_id"],
            "redirect_uri": CALLBACK, "scope": SCOPE, "state": "st4te"})

    def _token(self, **form):
        r = self.session.post(self.at.token, timeout=10, data=dict(
            form, client_id=self.app["client_id"]))
        if r.status_code != 200:
            raise OAuthError(r.json()["error"])
        return r.json()

    def callback(self, url):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        return self._token(grant_type="authorization_code",
                           code=query["code"], redirect_uri=CALLBACK)

    def refresh(self, token):
        return self._token(grant_type="refresh_token",
                           refresh_token=token["refresh_token"])

    def request(self, token, method, url, **more):
        return self.session.request(method, url, timeout=10, headers={
            "Authorization": "Bearer " + token["access_token"]}, **more)


class WithAuthlib:
    def __init__(self, at, app, certificate):
        self.at = at
        self.session = Authlib(
            app["client_id"], token_endpoint_auth_method="none", scope=SCOPE,
            redirect_uri=CALLBACK, token_endpoint=at.token)
        at.equip(self.session, certificate)

    def login(self):
        url, self.session.state = self.session.create_authorization_url(
            self.at.auth + "/authorize")
        return url

    def callback(self, url):
        return self.session.fetch_token(self.at.token,
                                        authorization_response=url)

    def refresh(self, token):
        return self.session.refresh_token(self.at.token,
                                          token["refresh_token"])

    def request(self, token, method, url, **more):
        self.session.token = token
        return self.session.request(method, url, **more)


class WithRequestsOAuthlib:
    def __init__(self, at, app, certificate):
        self.at, self.client_id = at, app["client_id"]
        self.session = RequestsOAuthlib(self.client_id, scope=SCOPE,
                                        redirect_uri=CALLBACK)
        at.equip(self.session, certificate)
        # unlike other requests, those for tokens ask for verify each time
        self.tls = {"verify": at.ca, "cert": self.session.cert}

    def login(self):
        return self.session.authorization_url(self.at.auth + "/authorize")[0]

    def callback(self, url):
        return self.session.fetch_token(
            self.at.token, authorization_response=url,
            include_client_id=True, **self.tls)

    def refresh(self, token):
        self.session.token = token
        return self.session.refresh_token(
            self.at.token, token["refresh_token"], client_id=self.client_id,
            verify=self.at.ca)

    def request(self, token, method, url, **more):
        self.session.token = token
        return self.session.request(method, url, **more)


LIBRARIES = [Plain, WithAuthlib, WithRequestsOAuthlib]
ENVIRONMENTS = {"client-test": "r4", "production": "stu3"}


class At:
    """A server of an environment, as an application has it configured."""

    def __init__(self, server, pki, fhir):
        self.server, self.pki, self.fhir = server, pki, fhir
        self.ca = os.path.join(pki, "ca.pem")
        kinds = {one["kind"]: one["url"].rstrip("/")
                 for one in server.ready["listeners"]}

        def on(kind, url):
            return kinds[kind] + urllib.parse.urlsplit(url).path

        self.origin = kinds["https"]
        self.auth = on("https", server.ready["auth"])
        self.token = on("mtls", server.ready["auth"] + "/token")
        self.base = on("mtls", server.ready[fhir])

    def equip(self, session, certificate):
        session.trust_env = False
        session.verify = self.ca
        if certificate:
            session.cert = tuple(
                os.path.join(self.pki, certificate + end)
                for end in (".pem", ".key"))

    def browser(self):
        b = Browser(types.SimpleNamespace(origin=self.origin, auth=self.auth))
        b.http.verify = self.ca
        return b


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("pki"))
    assert support.run(support.MOCK, "pki", folder).returncode == 0
    return folder


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def at(request, pki):
    with Server("--listen", "https://127.0.0.1:0",
                "--listen", "mtls://127.0.0.1:0", "--pki", pki,
                "--environment", request.param,
                "--set", "bind_tokens=on", clock=None) as server:
        yield At(server, pki, ENVIRONMENTS[request.param])


@pytest.fixture(params=LIBRARIES, ids=lambda p: p.__name__)
def library(request):
    return request.param


@pytest.fixture
def app(at):
    return at.server.register(certificate_serial_number=OID,
                              token_endpoint_auth_method="none")


def sign_in(at, one, citizen):
    query = urllib.parse.urlsplit(one.login()).query
    r = at.browser().walk(query, citizen["hetu"])
    return dict(one.callback(r.headers["Location"]))


def test_the_journey(at, app, library):
    citizen = at.server.citizen()
    one = library(at, app, "wellbeing")
    token = sign_in(at, one, citizen)
    assert token["sub"] == citizen["patient_id"]
    made = one.request(token, "POST", at.base + "/Observation",
                       json=weight(token["sub"], fhir=at.fhir))
    assert made.status_code == 201, made.text
    token = dict(one.refresh(token))
    found = one.request(
        token, "GET", at.base + "/Observation?patient=" + token["sub"])
    assert found.json()["total"] == 1

    # bound to the certificate: the application's other one is another
    other = library(at, app, "wellbeing-both")
    r = other.request(token, "GET", at.base + "/Observation")
    assert r.status_code == 401
    assert 'error="invalid_token"' in r.headers["WWW-Authenticate"]


@pytest.mark.parametrize("certificate,reason", [
    (None, "CERTIFICATE_REQUIRED"), ("expired", "CERTIFICATE_EXPIRED"),
    ("revoked", "CERTIFICATE_REVOKED"), ("other-ca", "UNKNOWN_CA"),
    ("wrong-eku", "UNSUPPORTED_CERTIFICATE")])
def test_refused_in_the_handshake(at, app, library, certificate, reason):
    one = library(at, app, certificate)
    with pytest.raises(requests.exceptions.SSLError, match=reason):
        one.refresh({"refresh_token": "any", "access_token": "any"})
    with pytest.raises(requests.exceptions.SSLError, match=reason):
        one.request({"access_token": "any"}, "GET", at.base + "/Observation")


@pytest.mark.parametrize("certificate", ["wrong-oid", "wrong-app", "sote",
                                         "no-oid"])
def test_refused_by_token(at, app, library, certificate):
    one = library(at, app, certificate)
    with pytest.raises(Exception) as caught:
        one.refresh({"refresh_token": "any", "access_token": "any"})
    assert caught.value.error == "invalid_client"
