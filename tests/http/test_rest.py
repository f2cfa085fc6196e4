# SPDX-License-Identifier: Apache-2.0
"""The resource server's answers as HTTP: tables of requests with the status,
the headers and the words that come back, for what every interaction has in
common. Row by row the facts of negotiation, headers and errors; what clients
saw of the real service is the default, the switches are the other half."""
import json
import re
import uuid

import pytest

from support import FHIR_JSON, errors, outcome, raw, weight

UTF8 = "application/fhir+json;charset=UTF-8"
LEGACY = "application/json+fhir;charset=UTF-8"
BOTH = ["r4", "stu3"]


def ask(person, method, path, fhir="r4", data=None, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    if data is not None and not isinstance(data, (str, bytes)):
        data = json.dumps(data)
    if data is not None:
        headers.setdefault("Content-Type", FHIR_JSON)
    return person.fhir(method, path, fhir, data=data, headers=headers)


def told(r):
    """The text of the one error of an answer."""
    o = outcome(r)
    assert len(o["issue"]) == 1, o
    return o["issue"][0]["diagnostics"]


@pytest.fixture
def settings(own):
    """settings(name=value) sets switches for one test."""
    before = {}

    def go(**values):
        now = own.admin("GET", "/settings", status=200).json()
        for name, value in values.items():
            before.setdefault(name, now[name])
        own.admin("PUT", "/settings", values, 200)
    yield go
    if before:
        own.admin("PUT", "/settings", before, 200)


@pytest.fixture
def stored(person):
    return person.post(weight(person.id), status=201).json()


# ---- paths ------------------------------------------------------------------

UNKNOWN = ("Invalid request: The FHIR endpoint on this server does not know "
           "how to handle {} operation[{}] with parameters [[{}]]")

# What there is no method for: method, path, the names of the parameters.
NO_METHOD = [
    ("GET", "/$fish", ""),
    ("POST", "/$fish?a=1&b=2&a=3", "a, b"),
    ("GET", "/_fish", ""),
    ("GET", "/Observation/$fish", ""),
    ("POST", "/Observation/$fish", ""),
    ("GET", "/Observation/_fish?_pretty=false&x=y", "_pretty, x"),
    ("GET", "/Observation/1/$fish", ""),
    ("POST", "/Observation/1/$fish/", ""),
    ("GET", "/Observation/1/2/3/4", ""),
    ("GET", "/Patient/1/Observation", ""),
    ("GET", "/$a/b/c", ""),
    ("PATCH", "/Observation/1/$fish", ""),
    ("POST", "/Observation/_history", ""),
    ("PUT", "/Observation/1/_history/", ""),
    ("PUT", "/Observation/$validate?x=1", "x"),
    ("DELETE", "/Observation/1/$validate", ""),
    ("GET", "/Observation/$validate", ""),
]

PATHS = [
    # method, path, status, text
    ("GET", "", 400, "This is the base URL of FHIR server. Unable to handle "
     "this request, as it does not contain a resource type or operation "
     "name."),
    ("POST", "?_getpages=x", 400, "Requests for _getpages must use HTTP GET"),
    ("GET", "/Fish", 404, "Unknown resource type 'Fish' - Server knows how to "
     "handle: ["),
    ("GET", "/Fish/1", 404, "Unknown resource type 'Fish' - Server knows"),
    ("GET", "/Fish/1/2/3", 404, "Unknown resource type 'Fish' - Server knows"),
    ("POST", "/Fish", 404, "Unknown resource type 'Fish' - Server knows"),
    ("GET", "/observation", 404, "Unknown resource type 'observation' - "),
    ("PUT", "/Fish/1", 404, "Unknown resource type 'Fish' - "),
    ("DELETE", "/Fish/1", 404, "Unknown resource type 'Fish' - "),
    ("GET", "/Fish/_history", 404, "Unknown resource type 'Fish' - "),
    ("POST", "/Fish/$validate", 404, "Unknown resource type 'Fish' - "),
    ("POST", "/Observation/1", 400, 'Can not create resource with ID "1", ID '
     "must not be supplied on a create (POST) operation (use an HTTP PUT / "
     "update operation if you wish to supply an ID)"),
] + [
    (method, path, 400,
     UNKNOWN.format(method, path.split("?")[0].strip("/"), parameters))
    for method, path, parameters in NO_METHOD
]


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("method,path,status,text", PATHS,
                         ids=[f"{m} {p}" for m, p, *_ in PATHS])
def test_paths(person, fhir, method, path, status, text):
    r = ask(person, method, path, fhir,
            data={"resourceType": "Observation"} if method in
            ("POST", "PUT") else None)
    assert r.status_code == status, r.text
    assert told(r).startswith(text)


def test_the_list_of_types_is_that_of_the_base(person):
    for fhir in BOTH:
        said = told(ask(person, "GET", "/Fish", fhir))
        types = re.search(r"\[(.*)\]$", said)[1].split(", ")
        stated = ask(person, "GET", "/metadata", fhir).json()["rest"][0]
        assert {t["type"] for t in stated["resource"]} <= set(types)
        assert types == sorted(types)
        assert ("Consent" in types) == (fhir == "stu3")


METHODS = [
    ("PATCH", "/Observation/1"), ("DELETE", "/metadata"),
    ("POST", "/metadata"), ("PUT", "/Observation/1/_history/1"),
    ("DELETE", ""), ("DELETE", "/Patient/1")]


@pytest.mark.parametrize("method,path", METHODS)
def test_methods_not_allowed(person, method, path):
    r = ask(person, method, path, data="{}" if method != "DELETE" else None)
    assert r.status_code == 405, r.text
    allowed = r.headers["Allow"].split(", ")
    assert method not in allowed and "OPTIONS" in allowed
    told(r)


@pytest.mark.parametrize("method,path", METHODS)
def test_methods_not_known(person, settings, method, path):
    settings(hapi_unknown_method="400")
    r = ask(person, method, path, data="{}" if method != "DELETE" else None)
    assert r.status_code == 400, r.text
    assert told(r) == UNKNOWN.format(method, path[1:], "")


@pytest.mark.parametrize("method", ["TRACE", "BREW", "MKCOL"])
@pytest.mark.parametrize("path", ["/Observation", "/Observation/1",
                                  "/Observation/1/x/y", ""])
def test_methods_of_others(own, person, settings, method, path):
    for switch in ("405", "400"):
        settings(hapi_unknown_method=switch)
        got = raw(own, (f"{method} /phr-resourceserver/baseR4{path} HTTP/1.1"
                        "\r\nHost: 127.0.0.1\r\n\r\n").encode()).decode()
        assert got.startswith("HTTP/1.1 405 "), got
        assert "\r\nAllow: GET" in got
        assert "OperationOutcome" in got


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("method,path", [
    ("GET", "/Observation/1/$readWithIncludes"),
    ("POST", "/Observation/1/$readWithIncludes"),
    ("GET", "/Observation/$readWithIncludes"),
    ("POST", "/Observation/$readWithIncludes")])
def test_an_operation_without_definition(person, fhir, method, path):
    r = ask(person, method, path, fhir, data="{}" if method == "POST" else None)
    assert r.status_code == 501
    assert "definition is not published" in told(r)


# ---- what a request's body is ------------------------------------------------

BODY_TYPES = [
    # Content-Type, right?
    (FHIR_JSON, True), ("application/json", True),
    ("application/json+fhir", True), ("application/fhir+json;charset=utf-8",
                                      True),
    ("application/json; charset=ISO-8859-1", True),
    ("Application/JSON ; fhirVersion=4.0", True),
    ("application/fhir+json ; charset=UTF-8", True),
    (None, False), ("text/plain", False), ("application/fhir+xml", False),
    ("application/xml+fhir", False), ("application/xml", False),
    ("text/xml", False), ("application/jsonx", False), ("json", False),
    ("application/x-www-form-urlencoded", False),
    ("multipart/form-data; boundary=x", False),
    ("application/json-patch+json", False)]


@pytest.mark.parametrize("status", ["400", "415"])
@pytest.mark.parametrize("sent,right", BODY_TYPES)
def test_body_types(person, settings, sent, right, status):
    settings(content_type_status=status)
    headers = {"Authorization": "Bearer " + person.token}
    if sent:
        headers["Content-Type"] = sent
    r = person.server.http.post(
        person.server.r4 + "/Observation", headers=headers,
        data=json.dumps(weight(person.id)).encode())
    assert r.status_code == (201 if right else int(status)), r.text
    if right:
        return
    if sent:
        assert told(r) == (
            f'Incorrect Content-Type header value of "{sent}" was provided in '
            'the request. A FHIR Content-Type is required for "CREATE" '
            "operation")
    else:
        assert told(r) == (
            "No Content-Type header was provided in the request. This is "
            'required for "CREATE" operation')


@pytest.mark.parametrize("method,path,name", [
    ("POST", "/Observation", "CREATE"), ("PUT", "/Observation/1", "UPDATE"),
    ("POST", "/Observation/$validate", "VALIDATE"),
    ("POST", "/Observation/1/$validate", "VALIDATE"),
    ("POST", "", "TRANSACTION")])
def test_body_types_by_operation(person, method, path, name):
    r = ask(person, method, path, data="x", Content_Type="text/plain")
    assert r.status_code == 400
    assert f'is required for "{name}" operation' in told(r)


BODIES = [
    # body, text
    ("", "Failed to parse request body as JSON resource. Error was: "),
    ("{", "Failed to parse request body as JSON resource. Error was: "),
    ("[]", "Failed to parse request body as JSON resource. Error was: "),
    ("{}", "Failed to parse request body as JSON resource. Error was: "
     "Invalid JSON content detected, missing required element: "
     "'resourceType'"),
    ("<Observation/>", "Failed to parse request body as JSON resource. "),
    (b'{"resourceType":"\xff"}', "Failed to parse request body as JSON "),
    ('{"resourceType":"Patient"}', "Incorrect resource type found, expected "
     '"Observation" but found "Patient"'),
    ('{"resourceType":"Fish"}', "Incorrect resource type found, expected "
     '"Observation" but found "Fish"'),
    ('{"resourceType":"observation"}', "Unknown resource type 'observation': "
     "Resource names are case sensitive, found similar name: 'Observation'"),
]


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("body,text", BODIES)
def test_bodies(person, fhir, body, text):
    r = ask(person, "POST", "/Observation", fhir, data=body)
    assert r.status_code == 400
    assert told(r).startswith(text)


# ---- what form the answer has -----------------------------------------------

ACCEPT = [
    # Accept, _format, Content-Type or None for 406
    (None, None, UTF8), ("*/*", None, UTF8), ("application/*", None, UTF8),
    ("application/json", None, UTF8), (FHIR_JSON, None, UTF8),
    ("application/fhir+json; charset=utf-8", None, UTF8),
    ("application/fhir+json;fhirVersion=4.0", None, UTF8),
    ("application/json+fhir", None, LEGACY),
    ("Application/JSON+FHIR;q=0.8", None, LEGACY),
    ("application/json+fhir;q=0.9, application/fhir+json", None, UTF8),
    ("application/fhir+json;q=0.5,application/json+fhir;q=0.9", None, LEGACY),
    ("application/json+fhir, application/fhir+json", None, UTF8),
    ("application/fhir+xml;q=1.0, application/fhir+json;q=1.0, "
     "application/xml+fhir;q=0.9, application/json+fhir;q=0.9", None, UTF8),
    ("application/fhir+xml", None, None), ("application/xml+fhir", None, None),
    ("application/fhir+xml;q=0.3", None, None),
    ("application/fhir+xml;q=0", None, UTF8),
    ("application/fhir+xml, application/json;q=0", None, None),
    ("application/fhir+xml, */*;q=0.1", None, UTF8),
    ("application/fhir+xml, application/*;q=0.1", None, UTF8),
    ("application/fhir+xml, application/json;q=0.1", None, UTF8),
    ("application/xml", None, UTF8), ("text/xml", None, UTF8),
    ("text/html", None, UTF8), ("text/plain", None, UTF8),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None,
     UTF8),
    ("fish", None, UTF8), (",;,q=", None, UTF8), ("", None, UTF8),
    ("application/fhir+json;q=fish", None, UTF8),
    (None, "json", UTF8), (None, "application/json", UTF8),
    (None, "application/fhir+json", UTF8),
    (None, "application/fhir%2Bjson", UTF8),
    (None, "application/json%2Bfhir", LEGACY),
    (None, "application/json+fhir", LEGACY), (None, "html/json", UTF8),
    (None, "JSON", UTF8), (None, "", UTF8), (None, "fish", UTF8),
    (None, "text/turtle", UTF8),
    (None, "xml", None), (None, "text/xml", None),
    (None, "application/xml", None), (None, "application/fhir%2Bxml", None),
    (None, "application/fhir+xml", None), (None, "html/xml", None),
    (None, "application/xml%2Bfhir", None),
    ("application/fhir+xml", "json", UTF8), (FHIR_JSON, "xml", None),
    ("application/fhir+xml", "fish", None),
    ("application/json+fhir", "fish", LEGACY)]


@pytest.mark.parametrize("xml", ["406", "json"])
@pytest.mark.parametrize("accept,form,type", ACCEPT)
def test_forms(person, settings, accept, form, type, xml):
    settings(xml=xml)
    query = "" if form is None else "?_format=" + form
    headers = {"Authorization": "Bearer " + person.token,
               "Accept": accept}  # None: none is sent
    r = person.server.http.get(
        person.server.r4 + "/Patient/" + person.id + query, headers=headers)
    refused = type is None and xml == "406"
    assert r.status_code == (406 if refused else 200), r.text
    assert r.headers["Content-Type"] == (type or UTF8)
    assert r.json()["resourceType"] == ("OperationOutcome" if refused else
                                        "Patient")


@pytest.mark.parametrize("accept,query,pretty", [
    (FHIR_JSON, "", False), (FHIR_JSON, "?_pretty=true", True),
    (FHIR_JSON, "?_pretty=false", False), (FHIR_JSON, "?_pretty=1", False),
    ("application/fhir+json;pretty=true", "", True),
    ("application/fhir+json; pretty=true", "", True),
    ("application/fhir+json;pretty=true", "?_pretty=false", False)])
@pytest.mark.parametrize("path", ["/Patient/{}", "/Fish"])
def test_pretty(person, accept, query, pretty, path):
    r = ask(person, "GET", path.format(person.id) + query, Accept=accept)
    assert ('\n  "' in r.text) == pretty
    assert r.json()["resourceType"] in ("Patient", "OperationOutcome")


# ---- headers ----------------------------------------------------------------

@pytest.mark.parametrize("fhir", BOTH)
def test_headers_of_a_create(own, person, fhir):
    r = ask(person, "POST", "/Observation", fhir, weight(person.id, fhir=fhir))
    o = r.json()
    where = f"{own.base(fhir)}/Observation/{o['id']}/_history/1"
    assert r.headers["Location"] == r.headers["Content-Location"] == where
    assert r.headers["ETag"] == 'W/"1"'
    assert o["meta"]["lastUpdated"] == "2026-03-10T12:00:00.000+02:00"
    assert r.headers["Last-Modified"] == "Tue, 10 Mar 2026 10:00:00 GMT"
    assert "X-Powered-By" not in r.headers


@pytest.mark.parametrize("prefer", ["return=minimal", "return=representation",
                                    "return=OperationOutcome"])
def test_headers_by_prefer(person, prefer):
    r = ask(person, "POST", "/Observation", data=weight(person.id),
            Prefer=prefer)
    assert r.status_code == 201
    assert {"Location", "Content-Location", "ETag", "Last-Modified"} <= set(
        r.headers)
    where = r.headers["Location"].split("/baseR4/")[1]
    if prefer == "return=minimal":
        assert not r.content and "Content-Type" not in r.headers
    elif prefer == "return=OperationOutcome":
        issue, = outcome(r)["issue"]
        assert (issue["severity"], issue["code"]) == ("information",
                                                      "informational")
        assert re.fullmatch('Successfully created resource "%s" in [0-9]+ms'
                            % where, issue["diagnostics"])
    else:
        assert r.json()["resourceType"] == "Observation"


@pytest.mark.parametrize("fhir", BOTH)
def test_headers_of_reads(own, person, fhir):
    o = person.post(weight(person.id, fhir=fhir), fhir, status=201).json()
    own.advance("PT1.500S")
    for path in ("", "/_history/1"):
        r = ask(person, "GET", f"/Observation/{o['id']}{path}", fhir)
        assert r.headers["Content-Location"] == \
            f"{own.base(fhir)}/Observation/{o['id']}/_history/1"
        assert "Location" not in r.headers
        assert r.headers["ETag"] == 'W/"1"'
        assert r.headers["Last-Modified"].endswith(" GMT")
        assert r.headers["Date"] > r.headers["Last-Modified"]


def test_last_modified_is_cut(own, person):
    own.advance("PT0.999S")
    o = person.post(weight(person.id), status=201).json()
    r = ask(person, "GET", "/Observation/" + o["id"])
    seconds = o["meta"]["lastUpdated"][17:19]
    assert o["meta"]["lastUpdated"][20:23] != "000"
    assert r.headers["Last-Modified"][23:25] == seconds


HEADED = ["/Patient/{p}", "/Observation?patient={p}", "/metadata", "/Fish",
          "", "/Observation/{o}", "/Observation/{o}/_history/1",
          "/Observation/none", "/.well-known/smart-configuration"]


@pytest.mark.parametrize("path", HEADED)
def test_head_is_get_without_a_body(person, stored, path):
    path = path.format(p=person.id, o=stored["id"])
    full = person.get(path)
    r = person.fhir("HEAD", path)
    assert not r.content
    for changing in ("Date", "X-Request-Id", "Content-Length",
                     "X-Mock-Explain"):
        full.headers.pop(changing, None)
        r.headers.pop(changing, None)
    assert (r.status_code, r.headers) == (full.status_code, full.headers)


@pytest.mark.parametrize("path,token", [
    ("/Patient/{}", True), ("/Fish", True), ("/Patient/{}", False),
    ("/metadata", False), ("/a/b/c/d", False)])
@pytest.mark.parametrize("fhir,version", [("r4", "FHIR 4.0.0/R4"),
                                          ("stu3", "FHIR 3.0.1/DSTU3")])
def test_powered_by(person, settings, path, token, fhir, version):
    settings(x_powered_by="on")
    r = ask(person, "GET", path.format(person.id), fhir,
            **({} if token else {"Authorization": None}))
    assert r.headers["X-Powered-By"] == \
        f"HAPI FHIR 3.6.0 REST Server (FHIR Server; {version})"


# ---- read and vread ----------------------------------------------------------

@pytest.mark.parametrize("header,value,status", [
    ("If-None-Match", 'W/"1"', 304), ("If-None-Match", '"1"', 304),
    ("If-None-Match", "1", 304), ("If-None-Match", "*", 304),
    ("If-None-Match", 'W/"2", "x" , W/"1"', 304),
    ("If-None-Match", 'w/"1"', 304), ("If-None-Match", 'W/"2"', 200),
    ("If-None-Match", '"11"', 200), ("If-None-Match", "", 200),
    ("If-None-Match", ",,", 200), ("If-None-Match", '"*"', 200),
    ("If-Modified-Since", "{now}", 304),
    ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT", 304),
    ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ("If-Modified-Since", "fish", 200), ("If-Modified-Since", "", 200),
    ("If-Modified-Since", "2100-01-01T00:00:00Z", 200),
    ("If-Match", 'W/"2"', 200)])
@pytest.mark.parametrize("path", ["/Observation/{}",
                                  "/Observation/{}/_history/1"])
def test_conditional_reads(person, stored, path, header, value, status):
    path = path.format(stored["id"])
    now = person.get(path).headers["Last-Modified"]
    r = person.get(path, headers={header: value.format(now=now)})
    assert r.status_code == status
    assert r.headers["ETag"] == 'W/"1"'
    assert r.headers["Last-Modified"] == now
    assert bool(r.content) == (status == 200)
    assert ("Content-Type" in r.headers) == (status == 200)


def test_etags_win_over_times(person, stored):
    r = person.get("/Observation/" + stored["id"], headers={
        "If-None-Match": 'W/"2"',
        "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert r.status_code == 200


@pytest.mark.parametrize("id", [
    "1", "none", "x" * 64, "x" * 65, "a_b", "%C3%A4", "a%2Fb", "a%20b", "..",
    "%27%3B--", "Observation", str(uuid.UUID(int=0))])
@pytest.mark.parametrize("fhir", BOTH)
def test_ids_that_are_not_known(person, fhir, id):
    for path in ("", "/_history/1", "/_history/x"):
        url = f"/Observation/{id}{path}"
        if id == "..":
            continue  # clients resolve it
        r = ask(person, "GET", url, fhir)
        assert r.status_code == 404, (url, r.text)
        assert re.fullmatch("Resource Observation/.* is not known", told(r))


@pytest.mark.parametrize("version", ["2", "9", "0", "01", "-1", "x", "1.0",
                                     "99999999999999999999", "%20"])
def test_versions_that_are_not_known(person, stored, version):
    r = ask(person, "GET", f"/Observation/{stored['id']}/_history/{version}")
    assert r.status_code == 404
    assert told(r) == 'Version "%s" is not valid for resource Observation/%s' \
        % (version.replace("%20", " "), stored["id"])


def test_versions_of_others_are_not_told(person, other):
    theirs = other.post(weight(other.id), status=201).json()
    for version in ("1", "2", "x"):
        r = ask(person, "GET",
                f"/Observation/{theirs['id']}/_history/{version}")
        assert r.status_code == 403


@pytest.mark.parametrize("query", ["fish=1", "_format=json", "_pretty=true",
                                   "_count=0", "x", "_sort=&a=b"])
def test_parameters_of_a_read(person, stored, query):
    r = ask(person, "GET", f"/Observation/{stored['id']}?{query}")
    assert r.status_code == 200 and r.json() == stored


PARTS = [
    # query, members that are left out, left in
    ("_summary=true", ("text",), ("code", "valueQuantity", "subject")),
    ("_summary=text", ("valueQuantity", "subject"), ("text", "code")),
    ("_summary=data", ("text",), ("code", "valueQuantity", "performer")),
    ("_elements=subject", ("text", "valueQuantity"), ("subject", "code")),
    ("_elements=subject,valueQuantity", ("text",), ("subject", "code",
                                                   "valueQuantity")),
]


@pytest.mark.parametrize("fhir,system", [
    ("r4", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"),
    ("stu3", "http://hl7.org/fhir/v3/ObservationValue")])
@pytest.mark.parametrize("query,out,left", PARTS)
@pytest.mark.parametrize("path", ["", "/_history/1"])
def test_parts(person, fhir, system, query, out, left, path):
    o = person.post(weight(person.id, fhir=fhir), fhir, status=201).json()
    r = ask(person, "GET", f"/Observation/{o['id']}{path}?{query}", fhir)
    got = r.json()
    assert r.headers["ETag"] == 'W/"1"'
    for name in out:
        assert name in o and name not in got
    for name in left + ("status", "id"):
        assert got[name] == o[name]
    assert {"system": system, "code": "SUBSETTED",
            "display": "Resource encoded in summary mode"} in \
        got["meta"]["tag"]


@pytest.mark.parametrize("query,status", [
    ("_summary=false", 200), ("_summary=count", 200), ("_summary=", 200),
    ("_elements=", 200), ("_summary=fish", 400),
    ("_summary=true&_elements=code", 400), ("_summary=text,data", 400)])
def test_parts_that_are_the_whole_or_refused(person, stored, query, status):
    r = ask(person, "GET", f"/Observation/{stored['id']}?{query}")
    assert r.status_code == status
    if status == 200:
        assert r.json() == stored
    else:
        told(r)


# ---- errors -----------------------------------------------------------------

def test_shape_of_the_stack(person):
    r = ask(person, "GET", "/Observation/none")
    said = "Resource Observation/none is not known"
    assert r.json() == {
        "resourceType": "OperationOutcome",
        "text": {"status": "generated",
                 "div": '<div xmlns="http://www.w3.org/1999/xhtml"><h1>'
                        'Operation Outcome</h1><table border="0"><tr><td '
                        'style="font-weight: bold;">ERROR</td><td>[]</td><td>'
                        f"<pre>{said}</pre></td>\n\t\t\t</tr>\n\t\t</table>\n\t"
                        "</div>"},
        "issue": [{"severity": "error", "code": "processing",
                   "diagnostics": said}]}


def test_no_narrative(person, settings):
    settings(oo_narrative="off")
    for path in ("/Observation/none", "/Fish"):
        assert list(ask(person, "GET", path).json()) == ["resourceType",
                                                         "issue"]


def test_places(person):
    bad = weight(person.id)
    bad["valueQuantity"]["code"] = "lb"
    for fhir in BOTH:
        r = ask(person, "POST", "/Observation", fhir, data=bad)
        o = outcome(r)
        assert r.status_code == 422
        assert errors(o)
        for issue in errors(o):
            assert issue["code"] == "processing"
            assert issue["location"] and issue["expression"]


# what is asked for: status, text; and how the stack's successors have it:
# code in both versions (or in R4, STU3), number
EXCEPTIONS = [
    ("GET", "/Observation?code=x", None, {}, 400, None, "invalid", ""),
    ("GET", "", None, {}, 400, "This is the base URL", "invalid",
     "HAPI-0287: "),
    ("GET", "/Observation/$x", None, {}, 400, "Invalid request: ",
     "not-supported invalid", "HAPI-0287: "),
    ("POST", "/Observation", "{", {}, 400, "Failed to parse request body",
     "invalid", "HAPI-0450: "),
    ("POST", "/Observation", "{}", {"Content-Type": "text/plain"}, 400,
     "Incorrect Content-Type header", "invalid", "HAPI-0449: "),
    ("POST", "/Observation", '{"resourceType":"Patient"}', {}, 400,
     "Incorrect resource type found", "invalid", "HAPI-1814: "),
    ("POST", "/Observation/1", "{}", {}, 400, "Can not create resource with "
     'ID "1"', "invalid", "HAPI-0365: "),
    ("GET", "/Observation/none", None, {"Authorization": "Bearer x"}, 401,
     "The access token expired", "login", ""),
    ("GET", "/Observation/none", None, {"Authorization": None}, 401,
     "An access token is required", "login", ""),
    ("GET", "/Questionnaire", None, {}, 403, "The token's scope does not hold "
     "patient/Questionnaire.read", "forbidden", ""),
    ("GET", "/Observation/none", None, {}, 404,
     "Resource Observation/none is not known", "not-found", "HAPI-2001: "),
    ("GET", "/Fish", None, {}, 404, "Unknown resource type 'Fish'",
     "not-found", "HAPI-0302: "),
    ("PATCH", "/Observation/1", "{}", {}, 405, "PATCH is not possible",
     "not-supported", ""),
    ("GET", "/metadata?_format=xml", None, {}, 406, "This server answers in "
     "JSON only", "not-supported", ""),
    ("POST", "/Observation", "x" * (9 << 20), {}, 413, "the body is larger",
     "too-long", ""),
    ("GET", "/Observation/1/$readWithIncludes", None, {}, 501, "The operation "
     "readWithIncludes", "not-supported", ""),
]


@pytest.mark.parametrize("style", ["hapi3", "hapi8"])
@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize(
    "method,path,body,headers,status,text,code,number", EXCEPTIONS,
    ids=[f"{e[4]} {e[0]} {e[1]}" for e in EXCEPTIONS])
def test_exceptions(person, settings, style, fhir, method, path, body, headers,
                    status, text, code, number):
    settings(oo_style=style)
    r = person.fhir(method, path, fhir, data=body, headers={
        **({"Content-Type": FHIR_JSON} if body else {}), **headers})
    assert r.status_code == status, r.text
    issue, = outcome(r)["issue"]
    assert issue["severity"] == "error"
    if style == "hapi3":
        assert issue["code"] == "processing"
        number = ""
    else:
        assert issue["code"] in code.split()
        assert "<pre>" not in r.json()["text"]["div"]
    assert issue["diagnostics"].startswith(number + (text or ""))
    if status == 401:
        assert r.headers["WWW-Authenticate"].startswith("Bearer ")
    if status == 405:
        assert "GET" in r.headers["Allow"]


def same_identifier(person):
    o = weight(person.id)
    for _ in range(2):
        person.post(o, status=201)
    return ask(person, "POST", "/Observation", data=o,
               If_None_Exist="identifier=" + o["identifier"][0]["value"])


def put(person, o, change=None, **headers):
    return ask(person, "PUT", "/Observation/" + o["id"],
               data=dict(o, **(change or {})), **headers)


def deleted(person, o):
    ask(person, "DELETE", "/Observation/" + o["id"])
    return ask(person, "GET", "/Observation/" + o["id"])


def other_reference(person):
    o = weight(person.id)
    o["performer"] = [{"reference": "http://fish.example/Patient/1"}]
    return ask(person, "POST", "/Observation", data=o)


WRITES = [
    # what is done, status, text, the successors' code and number
    (lambda p, o: ask(p, "GET", f"/Observation/{o['id']}/_history/7"), 404,
     'Version "7" is not valid for resource Observation/', "not-found",
     "HAPI-0979: "),
    (lambda p, o: put(p, o, If_Match='W/"7"'), 409, "Trying to update ",
     "conflict", "HAPI-0550: HAPI-0989: "),
    (lambda p, o: ask(p, "DELETE", "/Observation/" + o["id"],
                      If_Match='W/"7"'), 409, "Trying to delete ", "conflict",
     "HAPI-0550: HAPI-0961: "),
    (deleted, 410, "Resource was deleted at 2026-03-10T", "deleted", ""),
    (lambda p, o: same_identifier(p), 412, "Failed to CREATE resource with "
     "match URL ", "duplicate", "HAPI-0958: "),
    (lambda p, o: put(p, o, {"id": "x"}), 400, "Can not update resource, "
     "resource body must contain an ID element which matches the request URL "
     "for update (PUT) operation - Resource body ID of ", "invalid",
     "HAPI-0420: "),
    (lambda p, o: put(p, o, {"id": None}), 400, "Can not update resource, "
     "resource body must contain an ID element for update (PUT) operation",
     "invalid", "HAPI-0419: "),
    (lambda p, o: put(p, dict(o, id="x")), 404,
     "Resource Observation/x is not known", "not-found", "HAPI-2001: "),
    (lambda p, o: other_reference(p), 403, "Observation.performer refers to ",
     "forbidden", ""),
]


@pytest.mark.parametrize("style", ["hapi3", "hapi8"])
@pytest.mark.parametrize("do,status,text,code,number", WRITES,
                         ids=[f"{w[1]} {w[2][:20]}" for w in WRITES])
def test_exceptions_of_writes(person, settings, stored, style, do, status,
                              text, code, number):
    settings(oo_style=style)
    r = do(person, stored)
    assert r.status_code == status, r.text
    issue, = outcome(r)["issue"]
    if style == "hapi3":
        code, number = "processing", ""
    assert issue["code"] == code
    assert issue["diagnostics"].startswith(number + text), issue


@pytest.mark.parametrize("style", ["hapi3", "hapi8"])
@pytest.mark.parametrize("status", ["422", "412", "400"])
def test_all_issues_of_a_resource(person, settings, style, status):
    settings(oo_style=style, validation_status=status)
    o = weight(person.id)
    o["valueQuantity"]["code"] = "lb"
    del o["language"], o["identifier"]
    r = ask(person, "POST", "/Observation", data=o)
    assert r.status_code == int(status)
    found = errors(outcome(r))
    assert len(found) >= 3
    for issue in found:
        assert issue["code"] == "processing"
        assert issue["location"] and issue["expression"]
        assert not issue["diagnostics"].startswith("HAPI-")


@pytest.mark.parametrize("fhir", BOTH)
def test_success_of_the_successors(person, settings, fhir):
    settings(oo_style="hapi8")
    r = ask(person, "POST", "/Observation", fhir, weight(person.id, fhir=fhir),
            Prefer="return=OperationOutcome")
    issue, = outcome(r)["issue"]
    assert re.fullmatch(r'Successfully created resource "Observation/[^"]*/1"'
                        r"\. Took [0-9]+ms\.", issue["diagnostics"])
    assert issue["code"] == "informational"
    assert issue["details"]["coding"] == [{
        "system": "https://hapifhir.io/fhir/CodeSystem/"
                  "hapi-fhir-storage-response-code",
        "code": "SUCCESSFUL_CREATE", "display": "Create succeeded."}]


@pytest.mark.parametrize("style,first,second,code", [
    ("hapi3", "1 resource\\(s\\) in [0-9]+ms", "0 resource\\(s\\) in [0-9]+ms",
     None),
    ("hapi8", "1 resource\\(s\\). Took [0-9]+ms\\.",
     "0 resource\\(s\\). Took [0-9]+ms\\.", "SUCCESSFUL_DELETE")])
def test_deletions(person, settings, stored, style, first, second, code):
    settings(oo_style=style)
    path = "/Observation/" + stored["id"]
    for text, end in ((first, ""), (second, "_ALREADY_DELETED")):
        r = ask(person, "DELETE", path)
        issue, = outcome(r)["issue"]
        assert r.status_code == 200
        assert re.fullmatch("Successfully deleted " + text,
                            issue["diagnostics"])
        assert (issue["severity"], issue["code"]) == ("information",
                                                      "informational")
        assert ("details" in issue) == (code is not None)
        if code:
            assert issue["details"]["coding"][0]["code"] == code + end
    r = ask(person, "GET", path)
    assert r.status_code == 410
    issue, = outcome(r)["issue"]
    assert re.fullmatch(r"Resource was deleted at 2026-03-[0-9]{2}T[0-9:.]{12}"
                        r"\+02:00", issue["diagnostics"])
    assert issue["code"] == ("deleted" if code else "processing")


@pytest.mark.parametrize("style", ["kanta", "explain"])
def test_control_characters_do_not_come_back(person, settings, style):
    settings(errors=style)
    o = weight(person.id)
    o["status"] = "fi\f\x01nal"
    o["fish\x02"] = 1
    o["valueQuantity"]["code"] = "k\x1fg"
    r = ask(person, "POST", "/Observation", data=o)
    assert r.status_code == 422
    said = json.dumps(outcome(r), ensure_ascii=False)
    assert "fi\ufffd\ufffdnal" in said
    assert not re.search(r"\\u00[01]|\\[bf]", json.dumps(r.json()))
