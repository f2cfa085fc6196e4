# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged is on disk: the server is killed without warning at a
random moment while several clients create, update, delete and send
transactions, and is started again on the same file, fifty times. Every write
whose answer arrived must be there, with its text, and none of them twice."""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import requests

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "bench"))
from bench import weight  # noqa: E402

MOCK = os.environ["MOCK"]
ROUNDS = int(os.environ.get("ROUNDS", "50"))
WORKERS = 4
BASE = "/phr-resourceserver/baseR4"
SEED = 20261122  # of the moments; the load makes them different anyway


class Server:
    def __init__(self, db):
        self.process = subprocess.Popen(
            [MOCK, "serve", "--listen", "http://127.0.0.1:0", "--db", db,
             "--log", "off"], stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        assert line, "it does not start on the file that was left"
        self.url = json.loads(line)["listeners"][0]["url"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def token_of(url):
    client = {"client_id": "kill", "client_secret": "kill-test-secret-value",
              "client_name": "kill", "redirect_uris": ["http://localhost/cb"],
              "scope": "patient/Observation.read patient/Observation.write"}
    requests.post(url + "/__admin/clients", json=client, timeout=10)
    answer = requests.post(url + "/__admin/tokens", timeout=10, json={
        "client_id": "kill", "hetu": "010190-900P"})
    assert answer.status_code == 200, answer.text
    return answer.json()


class Worker(threading.Thread):
    """Writes until the server is gone. acknowledged: {id: the answer of the
    last write that was answered; None: deleted}. sent: ids that a write was
    under way for when the server went."""

    def __init__(self, url, token, first):
        super().__init__()
        self.url, self.sub = url + BASE, token["sub"]
        self.http = requests.Session()
        self.http.headers = {
            "Authorization": "Bearer " + token["access_token"],
            "Content-Type": "application/fhir+json",
            "Prefer": "return=representation"}
        self.number, self.acknowledged, self.sent = first, {}, set()

    def run(self):
        try:
            while True:
                self.create()
                self.transaction()
                self.change(random.choice(list(self.acknowledged)))
                self.remove(random.choice(list(self.acknowledged)))
        except requests.RequestException:
            return

    def new(self):
        self.number += 1
        return weight(self.sub, self.number)

    def create(self):
        r = self.http.post(self.url + "/Observation", timeout=5,
                           data=json.dumps(self.new()))
        assert r.status_code == 201, r.text
        self.acknowledged[r.json()["id"]] = r.json()

    def transaction(self):
        r = self.http.post(self.url, timeout=5, data=json.dumps({
            "resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": self.new(),
                 "request": {"method": "POST", "url": "Observation"}}
                for _ in range(3)]}))
        assert r.status_code == 200, r.text
        for entry in r.json()["entry"]:
            self.acknowledged[entry["resource"]["id"]] = entry["resource"]

    def change(self, identity):
        o = self.acknowledged[identity]
        if o is None:
            return
        o = dict(o, issued="2026-11-21T07:00:00+02:00",
                 valueQuantity=dict(o["valueQuantity"],
                                    value=self.number % 300 + 1))
        self.sent.add(identity)
        r = self.http.put(self.url + "/Observation/" + identity, timeout=5,
                          data=json.dumps(o))
        assert r.status_code == 200, r.text
        self.acknowledged[identity] = r.json()
        self.sent.discard(identity)

    def remove(self, identity):
        if self.number % 3:
            return
        self.sent.add(identity)
        r = self.http.delete(self.url + "/Observation/" + identity, timeout=5)
        assert r.status_code == 200, r.text
        self.acknowledged[identity] = None
        self.sent.discard(identity)


def check(http, url, worker):
    """Every write that was acknowledged holds; what was under way may."""
    for identity, resource in worker.acknowledged.items():
        if identity in worker.sent:
            continue
        r = http.get(f"{url}{BASE}/Observation/{identity}", timeout=10)
        if resource is None:
            assert r.status_code == 410, (identity, r.text)
            continue
        assert r.status_code == 200, (identity, r.text)
        assert r.json() == resource


def check_once(http, url, sub, count):
    """No identifier stands twice, and all that is there can be found."""
    seen, link = set(), (f"{url}{BASE}/Observation?patient={sub}"
                         "&identifier=urn:ietf:rfc:3986|&_count=20000")
    while link:
        page = http.get(link, timeout=60).json()
        for entry in page.get("entry", []):
            value = entry["resource"]["identifier"][0]["value"]
            assert value not in seen, value
            seen.add(value)
        link = next((n["url"] for n in page["link"]
                     if n["relation"] == "next"), None)
    assert len(seen) >= count


def test_acknowledged_writes_survive_kill(tmp_path):
    db, moments = str(tmp_path / "kill.db"), random.Random(SEED)
    server, alive = Server(db), 0
    for number in range(ROUNDS):
        token = token_of(server.url)
        workers = [Worker(server.url, token,
                          (number * WORKERS + i) * 1000000)
                   for i in range(WORKERS)]
        for worker in workers:
            worker.start()
        while not all(w.acknowledged for w in workers):
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.3))
        server.kill()
        for worker in workers:
            worker.join()

        server = Server(db)
        http = requests.Session()
        http.headers["Authorization"] = "Bearer " + token["access_token"]
        for worker in workers:
            check(http, server.url, worker)
            alive += sum(r is not None and i not in worker.sent
                         for i, r in worker.acknowledged.items())
        if number % 10 == 9:
            check_once(http, server.url, token["sub"], alive)
    server.process.terminate()
    assert server.process.wait(10) == 0
    with sqlite3.connect(db) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    print(f"{ROUNDS} kills, {alive} resources acknowledged and there")
