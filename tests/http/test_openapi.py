# SPDX-License-Identifier: Apache-2.0
"""The control API as it tells itself (/__admin/openapi.json), against what it
does: every documented call is made once (CALLS), and its answer judged by the
documented schema, strictly: a member that is not documented is an error. What a
body may hold is documented from the tables that it is checked with, so here it
is seen that they are the ones: the unknown is refused, and the documented is
known."""
import re

import pytest
import jsonschema

from support import CALLBACK, weight


@pytest.fixture(scope="module")
def world(start_shared):
    """A server with certificates, and what paths may name."""
    return World(start_shared("--listen", "mtls://127.0.0.1:0"))


class World:
    def __init__(self, server):
        self.server = server
        self.document = server.admin("GET", "/openapi.json", status=200).json()
        self.operations = {
            o["operationId"]: (method.upper(), path, o)
            for path, methods in self.document["paths"].items()
            for method, o in methods.items()}
        self.fresh()

    def fresh(self):
        """Things to read and to delete."""
        s = self.server
        self.app = s.register()
        self.person = s.person(self.app)
        self.person.post(weight(self.person.id), status=201)
        self.hetu = self.person.hetu
        self.client_id = self.app["client_id"]
        self.pro = s.register(kind="professional",
                              scope="patient/Observation.read")["client_id"]
        self.consent = self.made("/consents", {
            "hetu": self.hetu, "decision": "consent"})["id"]
        self.treatment = self.made("/treatments", {
            "hetu": self.hetu, "client_id": self.pro})["id"]
        self.number = self.made("/certificates", {"kind": "wellbeing"})[
            "number"]
        self.fault = self.made("/faults", {
            "match": {"hetu": self.hetu, "endpoint": "token"},
            "action": {"status": 503, "retry_after": 2}, "times": 1,
            "ttl_s": 60, "name": "never"})["id"]
        self.snapshot = self.made("/snapshots", {"name": "kept"})["name"]

    def made(self, path, body):
        return self.server.admin("POST", path, body, status=201).json()

    def resolve(self, schema):
        """The schema with everything that it refers to."""
        return dict(schema, components=self.document["components"])

    def path(self, operation, **more):
        values = dict({"hetu": self.hetu, "client_id": self.client_id,
                       "number": self.number, "name": self.snapshot}, **more)
        _, path, _ = self.operations[operation]
        path = path.replace("/__admin", "", 1)
        return re.sub(r"{(\w+)}", lambda m: str(values[m.group(1)]), path)


def strict(node):
    """A copy in which objects have no members but those that are named."""
    if isinstance(node, list):
        return [strict(x) for x in node]
    if not isinstance(node, dict):
        return node
    out = {k: strict(v) for k, v in node.items()}
    if isinstance(node.get("properties"), dict) and \
            "additionalProperties" not in node and "type" in node:
        out["additionalProperties"] = False
    return out


def faults_of(world, schema, value):
    whole = strict(world.resolve(schema))
    judge = jsonschema.Draft202012Validator(whole)
    return ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:300])
            for e in judge.iter_errors(value)]


# One call of each operation: what its path names besides the usual, its body,
# its status. In the order in which they are made; what forgets stands behind.
# answers that go on and on: test_journal_calls.py reads it
ENDLESS = {"requests_stream"}
CALLS = [
    ("health", {}, None, 200),
    ("openapi", {}, None, 200),
    ("state", {}, None, 200),
    ("settings", {}, None, 200),
    ("settings_put", {}, {"errors": "explain", "batch_stu3": True,
                          "code_s": 299, "validation_status": 422}, 200),
    ("citizens", {}, None, 200),
    ("citizen_post", {}, {"age": 40, "behaviours": ["refuses-consent"]}, 201),
    ("citizen", {}, None, 200),
    ("citizen_age", {}, {"by": "PT1S"}, 200),
    ("citizen_display", {}, None, 200),
    ("citizen_delete_data", {}, {"type": "Observation",
                                 "older_than": "P1D"}, 200),
    ("permission_post", {}, lambda w: {"client_id": w.client_id,
                                       "hetu": w.hetu}, 201),
    ("fixtures", {}, lambda w: {
        "citizens": [{"age": 40}],
        "clients": [{"redirect_uris": [CALLBACK],
                     "scope": "patient/Observation.read"}],
        "permissions": [{"client_id": w.client_id, "hetu": w.hetu}],
        "consents": [{"hetu": w.hetu, "decision": "consent"}],
        "treatments": [{"hetu": w.hetu, "client_id": w.pro}],
        "resources": [{"fhir": "r4", "resource": weight(w.person.id)}]}, 201),
    ("profiles", {}, None, 200),
    ("keys_rotate", {}, None, 200),
    ("clients", {}, None, 200),
    ("client_post", {}, {"client_name": "x", "redirect_uris": [CALLBACK],
                         "scope": "patient/Observation.read",
                         "set": {"refresh_rotation": "rotate"}}, 201),
    ("client", {}, None, 200),
    ("client_put", {}, {"client_name": "y", "redirect_uris": [CALLBACK],
                        "scope": "patient/Observation.read"}, 200),
    ("tokens_post", {}, lambda w: {"client_id": w.client_id, "hetu": w.hetu,
                                   "expires_in": 60}, 200),
    ("tokens", {}, None, 200),
    ("authorize", {}, lambda w: {"client_id": w.client_id, "hetu": w.hetu,
                                 "decision": "approve", "state": "x"}, 200),
    ("consents", {}, None, 200),
    ("consent_post", {}, lambda w: {
        "hetu": w.hetu, "decision": "refusal", "client_id": w.pro,
        "from": "2026-01-01T00:00:00Z", "until": "2036-01-01T00:00:00Z"}, 201),
    ("consent", {"id": lambda w: w.consent}, None, 200),
    ("treatments", {}, None, 200),
    ("treatment_post", {}, lambda w: {"hetu": w.hetu, "client_id": w.pro},
     201),
    ("treatment", {"id": lambda w: w.treatment}, None, 200),
    ("certificates", {}, None, 200),
    ("certificate_post", {}, {"kind": "wellbeing", "format": "p12"}, 201),
    ("certificate_revoke", {}, None, 200),
    ("certificates_ca", {}, None, 200),
    ("certificates_crl", {}, None, 200),
    ("requests", {}, None, 200),
    ("request", {"id": "latest"}, None, 200),
    ("requests_count", {}, {"match": {"interaction": "create"}}, 200),
    ("requests_wait", {}, {"match": {"interaction": "create"}}, 200),
    ("faults", {}, None, 200),
    ("fault_post", {}, lambda w: {"match": {"hetu": w.hetu, "nth": [2]},
                                  "actions": [{"status": 503}, {}]}, 201),
    ("fault", {"id": lambda w: w.fault}, None, 200),
    ("report", {}, None, 200),
    ("coverage", {}, None, 200),
    ("snapshots", {}, None, 200),
    ("snapshot_post", {}, {"name": "made"}, 201),
    ("snapshot", {}, None, 200),
    ("clock", {}, None, 200),
    ("clock_put", {}, {"mode": "frozen", "now": "2026-11-21T12:00:00Z"}, 200),
    ("clock_advance", {}, {"by": "PT1S"}, 200),
    # what forgets
    ("snapshot_restore", {}, None, 200),
    ("tokens_expire", {}, lambda w: {"client_id": w.client_id}, 200),
    ("withdraw", {}, lambda w: {"client_id": w.client_id, "hetu": w.hetu},
     200),
    ("tokens_revoke", {}, lambda w: {"hetu": w.hetu}, 200),
    ("snapshot_delete", {}, None, 204),
    ("consent_delete", {"id": lambda w: w.consent}, None, 204),
    ("treatment_delete", {"id": lambda w: w.treatment}, None, 204),
    ("fault_delete", {"id": lambda w: w.fault}, None, 204),
    ("consents_delete", {}, None, 200),
    ("treatments_delete", {}, None, 200),
    ("faults_delete", {}, None, 204),
    ("requests_delete", {}, None, 204),
    ("client_delete", {}, None, 204),
    ("citizen_delete", {}, None, 204),
    ("reset", {}, None, 204),
]


def test_every_operation_is_called(world):
    called = [name for name, _, _, _ in CALLS]
    assert len(set(called)) == len(called)
    assert set(called) | ENDLESS == set(world.operations)


def judge(world, name, r, status):
    """What is wrong with the answer to a documented call."""
    _, _, operation = world.operations[name]
    assert r.status_code == status, (name, r.text)
    answer = operation["responses"].get(str(status))
    assert answer, "%s: %d is not documented" % (name, status)
    if "content" not in answer:
        assert r.content == b"", name
        return []
    media = r.headers["Content-Type"].split(";")[0]
    assert media in answer["content"], (name, media)
    if not media.endswith("json"):
        return []
    return [(name, fault) for fault in
            faults_of(world, answer["content"][media]["schema"], r.json())]


def called(world, name, names, body):
    more = {k: v(world) if callable(v) else v for k, v in names.items()}
    if callable(body):
        body = body(world)
    method = world.operations[name][0]
    return world.server.admin(method, world.path(name, **more), body), body


def test_calls(world):
    wrong = []
    for name, names, body, status in CALLS:
        r, body = called(world, name, names, body)
        wrong += judge(world, name, r, status)
        schema = body_schema(world, name)
        if body is not None:
            wrong += [(name, "its body: " + fault)
                      for fault in faults_of(world, schema, body)]
    world.fresh()
    assert not wrong


def test_other_forms(world):
    """Answers of more than one kind, and those that come late."""
    wrong = []
    for form in ("html", "json", "csv", "junit", "fhir"):
        r = world.server.admin("GET", "/report?format=" + form)
        wrong += judge(world, "report", r, 200)
    for end in (".curl", ".http"):
        r = world.server.admin("GET", "/requests/latest" + end)
        wrong += judge(world, "request", r, 200)
    ask = {"match": {"path": "/never"}, "timeout_ms": 1}
    r = world.server.admin("POST", "/requests/wait", ask)
    wrong += judge(world, "requests_wait", r, 408)
    r = world.server.admin("POST", "/requests/count",
                           {"match": {"path": "/never"}})
    wrong += judge(world, "requests_count", r, 200)
    assert not wrong


def body_schema(world, name):
    body = world.operations[name][2].get("requestBody")
    return body["content"]["application/json"]["schema"] if body else None


def properties(world, name):
    """The documented members of a body."""
    schema = body_schema(world, name)
    while "$ref" in schema:
        node = world.document
        for step in schema["$ref"].split("/")[1:]:
            node = node[step]
        schema = node
    return schema["properties"], schema.get("required", [])


def with_body(world):
    return [name for name in world.operations if body_schema(world, name)]


def send(world, name, body):
    ids = {"consent": world.consent, "fault": world.fault}
    path = world.path(name, id=ids.get(name.split("_")[0], "x"))
    return world.server.admin(world.operations[name][0], path, body)


def error_of(r):
    assert 400 <= r.status_code < 500, r.text
    return r.json()["error"]


def test_unknown_member_is_refused(world):
    for name in with_body(world):
        e = error_of(send(world, name, {"zebra_crossing": 1}))
        assert "zebra_crossing" in e["message"], (name, e)
        assert e["code"] in ("unknown_member", "unknown_setting",
                             "invalid_client_metadata"), (name, e)
        assert e["where"] == "/zebra_crossing", (name, e)


def test_documented_member_is_known(world):
    """Each, alone and of a wrong kind: refused, but not as unknown."""
    for name in with_body(world):
        members, required = properties(world, name)
        for member in members:
            r = send(world, name, {member: {"wrong": ["kind"]}})
            if r.status_code < 400:
                continue
            e = r.json()["error"]
            assert e["code"] != "unknown_member" or \
                e["where"].count("/") > 1, (name, member, e)
        for member in required:
            e = error_of(send(world, name, {}))
            assert e["where"].strip("/") in required, (name, e)
    world.fresh()


def test_wrong_kind_is_refused(world):
    """What is documented to be of one kind is taken as no other."""
    other = {"string": 7, "integer": "seven", "array": "x", "object": "x",
             "boolean": "maybe", "number": "x"}
    for name in with_body(world):
        members, _ = properties(world, name)
        for member, schema in members.items():
            if schema.get("type") not in other or name.startswith("client_"):
                continue
            e = error_of(send(world, name, {member: other[schema["type"]]}))
            assert e["where"].startswith("/"), (name, member, e)


def test_query_parameters(world):
    """Those that are documented are known; another one is refused by name."""
    values = {"hetu": world.hetu, "client_id": world.client_id,
              "patient": world.person.id, "active": "true", "since": "1",
              "limit": "5", "order": "newest", "format": "json",
              "lang": "fi", "status": "4xx", "refused": "true"}
    for name, (method, _, operation) in world.operations.items():
        told = [p["name"] for p in operation.get("parameters", [])
                if p["in"] == "query"]
        if not told or method != "GET" or name in ENDLESS:
            continue
        path = world.path(name)
        for parameter in told:
            r = world.server.admin("GET", "%s?%s=%s" % (
                path, parameter, values.get(parameter, "x")))
            assert r.status_code == 200 or \
                r.json()["error"]["code"] != "unknown_member", (name, r.text)
        e = error_of(world.server.admin("GET", path + "?zebra=1"))
        assert "zebra" in e["message"], name


def test_methods(world):
    """A path answers the documented methods and no other ones."""
    for path, methods in world.document["paths"].items():
        place = re.sub(r"{\w+}", "x", path).replace("/__admin", "", 1)
        r = world.server.admin("PATCH", place)
        assert r.status_code == 405, path
        allowed = {m.strip().lower() for m in r.headers["Allow"].split(",")}
        allowed -= {"options", "head"}
        assert allowed == set(methods), path


def test_document(world):
    d = world.document
    assert d["openapi"] == "3.1.0"
    assert d["servers"] == [{"url": world.server.origin}]
    for name, (method, path, operation) in world.operations.items():
        assert operation["summary"], name
        assert "4XX" in operation["responses"], name
        assert operation["tags"][0] in {t["name"] for t in d["tags"]}
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (name, parameter)
        schema = body_schema(world, name)
        if schema and "$ref" not in schema:
            for member, text in schema["properties"].items():
                assert name.startswith("client_") or "$ref" in text or \
                    text.get("description"), (name, member)


def test_schemas_are_sound(world):
    for name, schema in world.document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_errors_are_as_told(world):
    schema = {"$ref": "#/components/schemas/Error"}
    for method, path, body in (("GET", "/citizens/010190-901X", None),
                               ("POST", "/tokens", {}), ("GET", "/no", None),
                               ("PUT", "/clock", {"mode": "x"})):
        r = world.server.admin(method, path, body)
        assert not faults_of(world, schema, r.json())


def test_guard(start):
    """It needs what the rest needs; the document says how to give it."""
    s = start("--admin-token", "secret")
    place = "/__admin/openapi.json"
    assert s.request("GET", place).status_code == 401
    r = s.request("GET", place, headers={"Authorization": "Bearer secret"})
    assert r.status_code == 200
    d = r.json()
    (scheme,) = d["components"]["securitySchemes"]
    assert {scheme: []} in d["security"]
    assert d["paths"]["/__admin/health"]["get"]["security"] == []
