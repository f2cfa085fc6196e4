# SPDX-License-Identifier: Apache-2.0
"""What the parts of the benchmark share: a server of the binary, an application
with a token on it, a body weight to store, a row of the table."""
import http.client
import json
import os
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BASE = "/phr-resourceserver/baseR4"
SCOPE = "patient/Observation.read patient/Observation.write"
JSON = {"Content-Type": "application/json"}


def row(what, value, unit, against, other, wanted="", ratio=None):
    """One line of the table; the ratio is value / other unless it is given."""
    digits = 2 if other < 10 else 1
    print(f"{what:<44}{value:>10.{digits}f} {unit:<6}{against}: "
          f"{other:.{digits}f}  ratio "
          f"{value / other if ratio is None else ratio:.2f}"
          f"{wanted and '  wanted ' + wanted}", flush=True)


class Server:
    """The binary on a free port; begin is taken before the fork."""

    def __init__(self, binary, *options):
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "http://127.0.0.1:0", "--log", "off",
             *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.ready = json.loads(self.process.stdout.readline())
        self.url = self.ready["listeners"][0]["url"]
        self.host = self.url.split("//")[1]
        self.http = http.client.HTTPConnection(self.host)
        self.headers = {}

    def request(self, method, path, body=None, headers=None):
        self.http.request(method, path, body, headers or {})
        answer = self.http.getresponse()
        self.headers = dict(answer.getheaders())
        return answer.status, answer.read()

    def post(self, path, content, headers=None):
        """What is made by it; a refusal ends the benchmark."""
        status, body = self.request("POST", path, json.dumps(content),
                                    headers or JSON)
        if status not in (200, 201):
            raise RuntimeError(f"POST {path}: {status} {body[:300]}")
        return json.loads(body)

    def citizen(self):
        return self.post("/__admin/citizens", {})["hetu"]

    def token(self, hetu):
        """An access token for the citizen; its "sub" is the Patient."""
        name = f"bench-{time.time_ns()}"
        self.post("/__admin/clients", {
            "client_name": name, "client_id": name, "scope": SCOPE,
            "client_secret": "secret-of-the-benchmark-1",
            "redirect_uris": ["http://localhost/cb"]})
        return self.post("/__admin/tokens", {"client_id": name, "hetu": hetu})

    def stop(self):
        self.http.close()
        self.process.terminate()
        if self.process.wait(10) != 0:
            raise RuntimeError("the server did not stop cleanly")
        self.process.stdout.close()


def weight(patient, value):
    return {
        "resourceType": "Observation",
        "meta": {"profile": ["http://phr.kanta.fi/StructureDefinition/"
                             "fiphr-sd-bodyweight"]},
        "language": "en",
        "text": {"status": "generated", "div":
                 "<div xmlns=\"http://www.w3.org/1999/xhtml\">Code: Body "
                 f"weight (29463-7)<br/>Result: {value} kg</div>"},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value":
                        f"urn:uuid:00000000-0000-4000-8000-{value:012d}"}],
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/"
                                  "CodeSystem/observation-category",
                                  "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7",
                             "display": "Body weight"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-20T07:00:00+02:00",
        "issued": "2026-11-20T07:00:00+02:00",
        "performer": [{"reference": f"Patient/{patient}"}],
        "valueQuantity": {"value": 70 + value % 10, "unit": "kg",
                          "system": "http://unitsofmeasure.org", "code": "kg"},
    }
