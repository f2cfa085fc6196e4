# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged is on disk: the server is killed without warning while
several clients write, started again on the same file, and every resource whose
201 arrived must be there, with its text."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "bench"))
from bench import weight  # noqa: E402

MOCK = os.environ["MOCK"]
BASE = "/phr-resourceserver/baseR4/Observation"


def start(db):
    process = subprocess.Popen(
        [MOCK, "serve", "--listen", "http://127.0.0.1:0", "--db", db,
         "--log", "off"], stdout=subprocess.PIPE)
    url = json.loads(process.stdout.readline())["listeners"][0]["url"]
    return process, url


def token_of(url):
    client = {"client_id": "kill", "client_secret": "kill-test-secret-value",
              "client_name": "kill", "redirect_uris": ["http://localhost/cb"],
              "scope": "patient/Observation.read patient/Observation.write"}
    requests.post(url + "/__admin/clients", json=client, timeout=10)
    answer = requests.post(url + "/__admin/tokens", timeout=10, json={
        "client_id": "kill", "hetu": "010190-900P"})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("round_number", range(5))
def test_acknowledged_writes_survive_kill(tmp_path, round_number):
    db = str(tmp_path / "kill.db")
    process, url = start(db)
    token = token_of(url)
    headers = {"Authorization": "Bearer " + token["access_token"],
               "Content-Type": "application/fhir+json"}
    stored = []

    def write(worker):
        session = requests.Session()
        number = worker * 100000
        try:
            while True:
                number += 1
                answer = session.post(
                    url + BASE, timeout=5, headers=headers,
                    data=json.dumps(weight(token["sub"], number)))
                assert answer.status_code == 201, answer.text
                stored.append(answer.json())
        except requests.RequestException:
            return

    workers = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    # The moment differs from round to round; which one it is does not matter.
    while len(stored) < 50 + 37 * round_number:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for worker in workers:
        worker.join()

    process, url = start(db)
    try:
        for resource in stored:
            answer = requests.get(f"{url}{BASE}/{resource['id']}", timeout=10,
                                  headers=headers)
            assert answer.status_code == 200, answer.text
            assert answer.json() == resource
    finally:
        process.terminate()
        assert process.wait(10) == 0
