# SPDX-License-Identifier: Apache-2.0
"""Lives of test citizens, at random from a fixed number: what an application
does for one of them, with the transcript of it, and what whoever runs the
server does besides."""
import random
import re
import uuid

from support import CALLBACK, PHR, SCOPE, weight

INVALID = {"resourceType": "Observation",
           "meta": {"profile": [PHR + "fiphr-sd-bodyweight"]}}
HETUS = ("010190-900P", "120368-904V", "150785-901A", "051199-905U")
GONE_BY = ("PT1S", "PT10M", "PT2H", "P40D")


class Life:
    """What one test does on a server, with the transcript of it."""

    def __init__(self, server, hetu, dice):
        self.s, self.hetu, self.dice = server, hetu, random.Random(dice)
        self.said = []
        self.app = self.note(server.admin(
            "POST", "/clients",
            {"client_name": "App of " + hetu, "scope": SCOPE,
             "redirect_uris": [CALLBACK], "kind": "citizen",
             "grant_types": ["authorization_code", "refresh_token"],
             "token_endpoint_auth_method": "client_secret_basic"}, 201))
        self.who = self.note(server.admin("POST", "/citizens",
                                          {"hetu": hetu}, 201))
        self.tokens = None
        self.ids = []
        self.login()

    def note(self, r):
        self.said.append((r.status_code, r.text, r.headers.get("Location"),
                          r.headers.get("ETag")))
        return r.json() if r.text else None

    def login(self):
        there = self.note(self.s.admin("POST", "/authorize", {
            "client_id": self.app["client_id"], "redirect_uri": CALLBACK,
            "scope": SCOPE, "state": "s", "hetu": self.hetu,
            "decision": "approve"}))
        code = re.search("code=([^&]+)", there["redirect_url"])[1]
        self.exchange(grant_type="authorization_code", code=code,
                      redirect_uri=CALLBACK)

    def exchange(self, **form):
        r = self.s.request(
            "POST", "/phr-authserver-sandbox/token", data=form,
            auth=(self.app["client_id"], self.app["client_secret"]))
        assert r.status_code == 200, r.text
        self.tokens = self.note(r)

    def refresh(self):
        self.exchange(grant_type="refresh_token",
                      refresh_token=self.tokens["refresh_token"])

    def ask(self, method, path, body=None):
        return self.note(self.s.request(
            method, "/phr-resourceserver/baseR4" + path, json=body,
            headers={"Authorization":
                     "Bearer " + self.tokens["access_token"]}))

    def weight(self):
        one = weight(self.who["patient_id"], kg=self.dice.randrange(50, 90))
        one["identifier"][0]["value"] = "urn:uuid:" + str(
            uuid.UUID(int=self.dice.getrandbits(128), version=4))
        return one

    def create(self):
        made = self.ask("POST", "/Observation", self.weight())
        self.ids.append(made["id"])

    def refused(self):
        self.ask("POST", "/Observation", INVALID)

    def search(self):
        self.ask("GET", "/Observation?_count=2")

    def transaction(self):
        entries = [{"resource": self.weight(),
                    "request": {"method": "POST", "url": "Observation"}}
                   for _ in range(2)]
        self.ask("POST", "/", {"resourceType": "Bundle",
                               "type": "transaction",
                               "entry": entries})

    def read(self):
        if self.ids:
            self.ask("GET", "/Observation/" + self.dice.choice(self.ids))

    def delete(self):
        if self.ids:
            self.ask("DELETE", "/Observation/" + self.ids.pop())

    def forget(self):
        """What it held is not good any more: it begins again."""
        self.ids = []

    def step(self):
        self.dice.choice([self.login, self.refresh, self.create, self.create,
                          self.refused, self.search, self.read, self.delete,
                          self.transaction])()


class World:
    """One server with several lives, and somebody who runs it."""

    def __init__(self, server, dice):
        self.s, self.dice = server, random.Random(dice)
        self.lives = [Life(server, h, self.dice.random()) for h in HETUS[:2]]

    def call(self, method, path, body=None):
        r = self.s.admin(method, path, body)
        assert r.status_code < 500, (method, path, body, r.text)
        return r

    def somebody(self):
        return self.dice.choice(HETUS)

    def step(self):
        self.dice.choice([self.life] * 5 + [
            self.citizen, self.client, self.withdraw, self.sharing,
            self.clock, self.setting, self.tokens, self.behaviour,
            self.page, self.definition, self.stu3])()

    def life(self):
        life = self.dice.choice(self.lives)
        life.login()
        life.step()

    def citizen(self):
        self.call("POST", "/citizens", self.dice.choice(
            [{}, {"age": 30}, {"hetu": self.somebody()}]))

    def client(self):
        self.call("POST", "/clients", {
            "client_name": "n%d" % self.dice.randrange(5), "scope": SCOPE,
            "redirect_uris": [CALLBACK]})

    def withdraw(self):
        self.call("POST", "/permissions/withdraw", {
            "client_id": self.dice.choice(self.lives).app["client_id"],
            "hetu": self.dice.choice(self.lives).hetu})

    def sharing(self):
        self.call("POST", "/consents", {
            "hetu": self.somebody(), "decision": self.dice.choice(
                ["consent", "refusal"])})

    def clock(self):
        self.call("POST", "/clock/advance",
                  {"by": self.dice.choice(GONE_BY)})

    def setting(self):
        self.call("PUT", "/settings", {
            "page_default": self.dice.randrange(1, 20)})

    def tokens(self):
        self.call("POST", self.dice.choice(
            ["/tokens/expire", "/tokens/revoke"]),
            {"hetu": self.dice.choice(self.lives).hetu})

    def behaviour(self):
        self.call("POST", "/citizens", {
            "hetu": HETUS[3], "behaviours": self.dice.choice(
                [[], ["minor"]])})

    def page(self):
        self.s.request("GET", "/omakanta/")

    def definition(self):
        """Nobody's, and it takes effect."""
        self.s.request("POST", "/open/phr-resourceserver/baseR4/ValueSet",
                       json={"resourceType": "ValueSet", "status": "active",
                             "url": "urn:test:%d" % self.dice.randrange(9)})

    def stu3(self):
        life = self.dice.choice(self.lives)
        body = weight(life.who["patient_id"], fhir="stu3")
        body["identifier"][0]["value"] = "urn:uuid:" + str(
            uuid.UUID(int=self.dice.getrandbits(128), version=4))
        self.s.request("POST", "/open/phr-resourceserver/baseStu3/Observation",
                       json=body)
