# SPDX-License-Identifier: Apache-2.0
"""Bundles for the tests of batch and transaction, and what is looked at in the
answers."""
import json
import pathlib
import re
import uuid

from support import outcome, weight

EXAMPLES = pathlib.Path(__file__).parents[2] / "fixtures" / "examples"
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$")
BOTH = ["r4", "stu3"]


def new_uuid():
    return "urn:uuid:" + str(uuid.uuid4())


def entry(method, url, resource=None, full=None, **request):
    e = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        e["resource"] = resource
    if full:
        e["fullUrl"] = full
    return e


def post(resource, full=None, url=None, **request):
    return entry("POST", url or resource["resourceType"], resource, full,
                 **request)


def bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def send(person, kind, *entries, fhir="r4", **headers):
    """The entries of the answer, which has the form that it must have."""
    r = person.post(bundle(kind, *entries), fhir, "/", 200, **headers)
    b = r.json()
    assert list(b)[:4] == ["resourceType", "id", "type", "link"], b
    assert b["type"] == kind + "-response"
    assert b["link"] == [{"relation": "self",
                          "url": person.server.base(fhir)}]
    assert uuid.UUID(b["id"]).version == 4
    assert len(b.get("entry", [])) == len(entries)
    return b.get("entry", [])


def refused(person, status, *entries, kind="transaction", fhir="r4",
            **headers):
    """The one outcome of a Bundle that is refused as a whole."""
    r = person.post(bundle(kind, *entries), fhir, "/", status, **headers)
    return outcome(r)


def text_of(o):
    assert len(o["issue"]) == 1, o
    return o["issue"][0]["diagnostics"]


def statuses(entries):
    return [int(e["response"]["status"].split()[0]) for e in entries]


def id_of(e):
    return e["response"]["location"].split("/")[1]


def total(person, fhir="r4", query=""):
    return person.search("&_summary=count" + query, fhir)["total"]


def referring(patient, reference, fhir="r4", **values):
    """A weight that refers to something else."""
    o = weight(patient, fhir=fhir)
    o["extension"] = [{"url": "http://test/ref",
                       "valueReference": {"reference": reference}}]
    o["extension"] += [{"url": "http://test/" + name, name: value}
                       for name, value in values.items()]
    return o


def referred(person, id, fhir="r4"):
    o = person.get("/Observation/" + id, fhir).json()
    return o["extension"][0]["valueReference"]["reference"]


def insulin(patient, fhir="r4"):
    name = f"fiphr-sd-insulindosing-{fhir}-min.json"
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    o = json.loads(text.replace("90090090-0900-4900-8900-900900900900",
                                patient))
    first = o["identifier"]
    first = first[0] if isinstance(first, list) else first
    first["value"] = new_uuid()
    return o


def identifier(resource):
    return resource["identifier"][0]["value"]
