# SPDX-License-Identifier: Apache-2.0
"""The application under test, in place of yours: it stores weights, and tries
again when the service asks for patience."""
import time
import urllib.parse
import uuid
from datetime import datetime, timezone

from kanta import ask

PROFILE = "http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml" lang="fi" xml:lang="fi">'


def weight(citizen, kilograms, unit="kg"):
    subject = {"reference": f"Patient/{citizen}"}
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {
        "resourceType": "Observation", "status": "final", "language": "fi",
        "meta": {"profile": [PROFILE]},
        "text": {"status": "generated",
                 "div": f"{XHTML}Paino: {kilograms} kg</div>"},
        "identifier": [{"system": "urn:ietf:rfc:3986",
                        "value": f"urn:uuid:{uuid.uuid4()}"}],
        "category": [{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7",
                             "display": "Paino"}]},
        "subject": subject, "performer": [subject],
        "effectiveDateTime": now, "issued": now,
        "valueQuantity": {"value": kilograms, "unit": unit, "code": "kg",
                          "system": "http://unitsofmeasure.org"},
    }


class Refused(Exception):
    pass


class Weights:
    def __init__(self, base, token):
        self.base = base
        self.headers = {"Authorization": f"Bearer {token}",
                        "Content-Type": "application/fhir+json"}

    def store(self, resource, tries=3):
        once = "identifier=" + resource["identifier"][0]["value"]
        status, headers, answer = ask(
            "POST", self.base + "/Observation", resource,
            {**self.headers, "If-None-Exist": once})
        if status == 503 and tries > 1:
            time.sleep(float(headers.get("Retry-After", 1)))
            return self.store(resource, tries - 1)
        if status >= 300:
            raise Refused(f"{status}: {answer['issue'][0]['diagnostics']}")
        return headers["Location"]

    def all(self, citizen):
        query = urllib.parse.urlencode(
            {"patient": citizen, "code": "http://loinc.org|29463-7"})
        status, _, bundle = ask("GET", f"{self.base}/Observation?{query}",
                                headers=self.headers)
        if status != 200:
            raise Refused(f"{status}: {bundle['issue'][0]['diagnostics']}")
        return [e["resource"]["valueQuantity"]["value"]
                for e in bundle.get("entry", [])]
