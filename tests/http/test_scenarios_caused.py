# SPDX-License-Identifier: Apache-2.0
"""Each of the thirty situations of an OAuth client that is caused from outside
(by a control call, the clock, a fault, the registration) is caused by ONE call.
A row has the number of the situation, what it is, the call, and what the
application then meets; the test makes that call and no other."""
import json
import threading

import pytest
import requests

from support import (CALLBACK, SCOPE, back, Browser, outcome, request_of,
                     session)
from vendor import (OFFLINE, READ, S256, VERIFIER, WRITE, Vendor, dead_access,
                    dead_code, dead_refresh, granted, query_of)


@pytest.fixture(scope="module")
def server(own_either):
    return own_either


class World:
    """An application, its citizen, the tokens it has and a code it may use."""

    def __init__(self, server, **more):
        self.v = Vendor(server, **more)
        self.server = server
        self.hetu = server.citizen()["hetu"]
        self.t = self.v.connect(self.hetu)
        self.answer = None  # of the one call

    @property
    def refresh_token(self):
        return self.t["refresh_token"]

    def refresh(self):
        return self.v.refresh(self.refresh_token)

    def search(self):
        return self.v.search(self.t)

    def callback(self, **more):
        return self.v.pages(self.hetu, **more)

    def exchange(self, **more):
        """With a code that the citizen gives at the pages."""
        return self.v.exchange(self.callback(**more)["code"])


def fault(action, times=1, **match):
    return lambda w: ("POST", "/faults", {
        "match": dict(match, client_id=w.v.id), "action": action,
        "times": times})


def fault_of_citizen(action, times=1, **match):
    return lambda w: ("POST", "/faults", {
        "match": dict(match, hetu=w.hetu, endpoint="fhir"),
        "action": action, "times": times})


def decide(decision="approve", hetu=None, **more):
    return lambda w: ("POST", "/authorize", dict(
        {"client_id": w.v.id, "hetu": hetu or w.hetu, "decision": decision,
         "redirect_uri": CALLBACK, "state": "st4te", "scope": SCOPE}, **more))


def register(**change):
    return lambda w: ("PUT", "/clients/" + w.v.id, dict(w.v.app, **change))


def advance(by):
    return lambda w: ("POST", "/clock/advance", {"by": by})


def of_tokens(what, **more):
    return lambda w: ("POST", "/tokens/" + what, dict(
        {"client_id": w.v.id, "hetu": w.hetu}, **more))


def withdraw(w):
    return "POST", "/permissions/withdraw", {"client_id": w.v.id,
                                             "hetu": w.hetu}


# ---- what the application meets ---------------------------------------------

def sees_success(w):
    granted(w.v, w.v.exchange(query_of(w.answer["redirect_url"])["code"]))


def sees_denial(w):
    got = query_of(w.answer["redirect_url"])
    assert (got["error"], got["state"]) == ("access_denied", "st4te")
    assert "code" not in got


def sees_denial_in_browser(w):
    got = back(Browser(w.server).authorize(request_of(w.v.app)))
    assert (got["error"], got["state"]) == ("access_denied", "st4te")


def sees_less(w):
    code = query_of(w.answer["redirect_url"])["code"]
    granted(w.v, w.v.exchange(code), OFFLINE + " " + READ)


def sees_no_scope(w):
    got = w.exchange().json()
    assert "scope" not in got and got["access_token"]


def sees_other_state(w):
    got = w.callback()
    assert got["state"] == "x" and got["code"]
    assert w.callback()["state"] == "st4te"


def sees_expired_code(w):
    dead_code(w.v, w.v.exchange(w.code), w.code)


def sees_invalid_grant(w):
    r = w.exchange()
    assert (r.status_code, r.json()["error"]) == (400, "invalid_grant")
    granted(w.v, w.exchange())


def sees_outage_at_exchange(*wanted):
    def see(w):
        code = w.callback()["code"]
        for status in wanted:
            r = w.v.exchange(code)
            assert r.status_code == status
            assert r.json()["error"] in ("server_error",
                                         "temporarily_unavailable")
        granted(w.v, w.v.exchange(code))  # it was not used up
    return see


def sees_expiry(w):
    dead_access(w.search())
    assert w.v.reads(granted(w.v, w.refresh()))


def sees_the_end(w):
    dead_refresh(w.v, w.refresh(), w.refresh_token)
    dead_access(w.search())


def sees_two_outages(w):
    assert [w.refresh().status_code for _ in range(3)] == [503, 503, 200]


def sees_rotation(w):
    newer = granted(w.v, w.refresh())
    assert newer["refresh_token"] != w.refresh_token
    dead_refresh(w.v, w.refresh(), w.refresh_token)


def sees_no_rotation(w):
    assert granted(w.v, w.refresh())["refresh_token"] == w.refresh_token


def sees_a_slow_refresh(w):
    """While the first answer is under way the second request is answered."""
    order, started = [], threading.Event()

    def slow():
        started.set()
        order.append(("slow", w.refresh()))
    t = threading.Thread(target=slow)
    t.start()
    started.wait(10)
    rule = "/faults/" + w.answer["id"]
    while w.server.admin("GET", rule, None, 200).json()["armed"]:
        assert t.is_alive()
    order.append(("quick", w.refresh()))
    t.join(30)
    assert [name for name, _ in order] == ["quick", "slow"]
    won = [r.status_code for _, r in order]
    if w.server.strict:
        assert won == [400, 200]  # the first one has used the token
    else:
        assert won == [200, 200]


def sees_withdrawal(w):
    dead_access(w.search())
    dead_refresh(w.v, w.refresh(), w.refresh_token)


def sees_no_refresh_token(w):
    code = query_of(w.answer["redirect_url"])["code"]
    granted(w.v, w.v.exchange(code), READ, refresh=False)


def sees_none_issued(w):
    got = w.exchange().json()
    assert "refresh_token" not in got and got["access_token"]


def sees_no_pkce_check(w):
    for status in (200, 400):
        code = w.v.code(w.hetu, **S256)
        assert w.v.exchange(code).status_code == status


def sees_pkce_required(w):
    assert w.callback()["error"] == "invalid_request"
    granted(w.v, w.v.exchange(w.callback(**S256)["code"],
                              code_verifier=VERIFIER))


def sees_code_and_error(w):
    got = w.callback()
    assert got["code"] and got["error"] == "server_error"


def sees_no_code(w):
    got = w.callback()
    assert "code" not in got and got["state"] == "st4te"


def sees_no_json(w):
    r = w.refresh()
    assert r.status_code == 200
    with pytest.raises(ValueError):
        json.loads(r.text)
    if not w.server.strict:  # there the successor went with the answer
        granted(w.v, w.refresh())


def sees_a_page(w):
    r = w.refresh()
    assert r.status_code == 200
    assert r.headers["Content-Type"].startswith("text/html")


def sees_html(w):
    sees_a_page(w)
    granted(w.v, w.refresh())


def sees_member(name, value):
    def see(w):
        got = w.refresh().json()
        if value is None:
            assert name not in got
        else:
            assert got[name] == value and \
                type(got[name]) is type(value)
    return see


def asks_in_vain(w, error):
    with session() as http, pytest.raises(error):
        http.post(w.server.auth + "/token", timeout=0.3, data={
            "grant_type": "refresh_token",
            "refresh_token": w.refresh_token}, auth=(w.v.id, w.v.secret))
    assert w.v.reads(w.t), "others are answered"


def sees_a_late_answer(w):
    asks_in_vain(w, requests.Timeout)


def sees_no_answer(w):
    asks_in_vain(w, requests.ConnectionError)


def sees_half_an_answer(w):
    """Libraries that look at the length notice; others get broken JSON."""
    try:
        r = w.refresh()
    except requests.RequestException:
        return
    with pytest.raises(ValueError):
        r.json()


def sees_a_stall(w):
    asks_in_vain(w, (requests.ConnectionError, requests.Timeout))


def sees_other_method(w):
    assert w.refresh().status_code == 401, "Basic, as it was"
    granted(w.v, w.v.refresh(w.refresh_token, auth=(),
                             client_secret=w.v.secret))


def sees_tokens(w):
    got = dict(w.answer)
    assert w.v.reads(got)


def sees_401_once(w):
    dead_access(w.search())
    assert w.search().status_code == 200


def sees_403_once(w):
    r = w.search()
    assert r.status_code == 403
    outcome(r)
    assert w.search().status_code == 200


def sees_429(w):
    for _ in range(2):
        r = w.search()
        assert (r.status_code, r.headers["Retry-After"]) == (429, "3")
        assert outcome(r)["issue"][0]["code"] == "throttled"
    assert w.search().status_code == 200


def sees_outages(*wanted):
    def see(w):
        for status in wanted:
            r = w.search()
            assert r.status_code == status
            outcome(r)
        assert w.search().status_code == 200
    return see


def sees_more(w):
    code = query_of(w.answer["redirect_url"])["code"]
    tokens = granted(w.v, w.v.exchange(code))
    assert w.v.store(tokens).status_code == 201


def sees_another_citizen(w):
    code = query_of(w.answer["redirect_url"])["code"]
    tokens = granted(w.v, w.v.exchange(code))
    assert tokens["sub"] != w.t["sub"]


def sees_second_connection(w):
    assert w.v.reads(w.answer) and w.v.reads(w.t)
    w.v.revoke(w.answer["refresh_token"])
    assert w.v.reads(w.t) and not w.v.reads(w.answer)


def sees_skew(w):
    before = w.refresh()
    assert before.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert before.json()["expires_in"] == 3600


# number, what; the one call; what is met then
ROWS = {
    "01 success": (decide(), sees_success),
    "02 denied, A": (decide("deny"), sees_denial),
    "02 denied, K": (register(auto_approve="deny"), sees_denial_in_browser),
    "02 denied, F": (fault({"oauth_error": "access_denied"},
                           endpoint="authorize"), sees_denial_in_browser),
    "03 less is granted": (decide(granted_scope=OFFLINE + " " + READ),
                           sees_less),
    "03 scope left out of the answer": (
        fault({"json_patch": [{"op": "remove", "path": "/scope"}]}),
        sees_no_scope),
    "04 redirect with another state": (
        fault({"redirect": {"replace": {"state": "x"}}}), sees_other_state),
    "05 code expired": (advance("PT301S"), sees_expired_code),
    "05 code refused": (fault({"oauth_error": "invalid_grant"},
                              grant_type="authorization_code"),
                        sees_invalid_grant),
    "05 outages at the exchange": (
        lambda w: ("POST", "/faults", {
            "match": {"client_id": w.v.id, "endpoint": "token",
                      "grant_type": "authorization_code"},
            "actions": [{"status": s} for s in (500, 502, 503, 504)]}),
        sees_outage_at_exchange(500, 502, 503, 504)),
    "06 expires, C": (advance("PT3601S"), sees_expiry),
    "06 expires, A": (lambda w: ("POST", "/tokens/expire", {
        "token": w.t["access_token"]}), sees_expiry),
    "06 expires, F": (fault_of_citizen({"expire_token": True}), sees_expiry),
    "07 refresh fails, A": (of_tokens("revoke"), sees_the_end),
    "07 refresh fails, expired": (of_tokens("expire"), sees_the_end),
    "08 two outages, then success": (
        fault({"status": 503}, times=2, grant_type="refresh_token"),
        sees_two_outages),
    "09 rotation": (register(set={"refresh_rotation": "rotate",
                                  "refresh_grace_s": "0"}), sees_rotation),
    "09 no rotation": (register(set={"refresh_rotation": "reuse"}),
                       sees_no_rotation),
    "10 refreshes at once, slowly": (
        fault({"delay_ms": 400}, grant_type="refresh_token"),
        sees_a_slow_refresh),
    "11 withdrawn": (withdraw, sees_withdrawal),
    "13 no refresh token, A": (decide(granted_scope=READ),
                               sees_no_refresh_token),
    "13 no refresh token, F": (fault({"token": {"omit_refresh": True}}),
                               sees_none_issued),
    "14 a server that does not check": (fault({"skip": ["pkce"]}),
                                        sees_no_pkce_check),
    "14 pkce is required": (register(set={"pkce_required": "all"}),
                            sees_pkce_required),
    "15 code with an error added": (
        fault({"redirect": {"add": {"error": "server_error"}}}),
        sees_code_and_error),
    "16 callback without code": (fault({"redirect": {"drop": ["code"]}}),
                                 sees_no_code),
    "17 answer that is no JSON": (fault({"malformed_json": True}),
                                  sees_no_json),
    "17 answer that is something else": (fault({"body": "OK"}), sees_no_json),
    "17 answer that is a page": (fault({"body": "<html>Sorry</html>"}),
                                 sees_html),
    "17 answer of another type": (
        fault({"headers": {"Content-Type": "text/html"}}), sees_a_page),
    "17 no access_token": (
        fault({"json_patch": [{"op": "remove", "path": "/access_token"}]}),
        sees_member("access_token", None)),
    "17 no expires_in": (
        fault({"json_patch": [{"op": "remove", "path": "/expires_in"}]}),
        sees_member("expires_in", None)),
    "17 expires_in is a string": (
        fault({"json_patch": [{"op": "replace", "path": "/expires_in",
                               "value": "3600"}]}),
        sees_member("expires_in", "3600")),
    "17 expires_in is negative": (
        fault({"json_patch": [{"op": "replace", "path": "/expires_in",
                               "value": -1}]}),
        sees_member("expires_in", -1)),
    "18 late answer": (fault({"delay_ms": 2000}), sees_a_late_answer),
    "18 no answer": (fault({"drop": "before"}), sees_no_answer),
    "18 half an answer": (fault({"drop": "during"}), sees_half_an_answer),
    "18 answer that stops": (fault({"stall_after_bytes": 10}), sees_a_stall),
    "19 another method": (
        register(token_endpoint_auth_method="client_secret_post",
                 set={"enforce_auth_method": "on"}), sees_other_method),
    "20 tokens without the dance": (lambda w: ("POST", "/tokens", {
        "client_id": w.v.id, "hetu": w.hetu, "scope": SCOPE}), sees_tokens),
    "21 401 once": (fault_of_citizen({"status": 401}), sees_401_once),
    "22 403 once": (fault_of_citizen({"status": 403}), sees_403_once),
    "23 too many requests": (
        fault_of_citizen({"status": 429, "retry_after": 3}, times=2),
        sees_429),
    "24 outages": (lambda w: ("POST", "/faults", {
        "match": {"hetu": w.hetu},
        "actions": [{"status": s} for s in (500, 502, 503, 504)]}),
        sees_outages(500, 502, 503, 504)),
    "25 more scopes later": (decide(scope=SCOPE), sees_more),
    "27 another citizen": (decide(hetu="010190-900P"), sees_another_citizen),
    "28 a second connection": (lambda w: ("POST", "/tokens", {
        "client_id": w.v.id, "hetu": w.hetu, "scope": SCOPE}),
        sees_second_connection),
    "30 expires_in that is wrong": (
        fault({"json_patch": [{"op": "replace", "path": "/expires_in",
                               "value": 999999}]}),
        sees_member("expires_in", 999999)),
    "30 another clock": (
        fault({"headers": {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}}),
        sees_skew),
}


@pytest.mark.parametrize("name", ROWS)
def test_caused_by_one_call(server, name):
    call, see = ROWS[name]
    w = World(server)
    if name == "05 code expired":
        w.code = w.v.code(w.hetu)
    method, path, body = call(w)
    r = server.admin(method, path, body)
    assert r.status_code in (200, 201), r.text
    w.answer = r.json()
    see(w)
    if path == "/faults":
        rule = server.admin("GET", "/faults/" + w.answer["id"]).json()
        assert not rule["armed"], "and it was that call that caused it"
        server.admin("DELETE", "/faults/" + w.answer["id"], None, 204)


def test_every_situation_is_there():
    """12, 26 and 29 are the application's own doing."""
    there = {int(name[:2]) for name in ROWS}
    assert there == set(range(1, 31)) - {12, 26, 29}
