# SPDX-License-Identifier: Apache-2.0
"""Professional use: an application for professionals reads a citizen's data
with the citizen's consent and in a relationship of treatment, and stores
nothing. Each condition alone, missing, is what the refusal names; and the
control API's lists of consents and treatments."""
import json
import re

import pytest

from support import (Browser, CALLBACK, CLOCK, FHIR_JSON, Person, back, errors,
                     ids, outcome, request_of, weight)
from vendor import READ

OPTIONS = ["--errors", "explain"]
SCOPE = READ + " patient/Patient.read patient/MedicationAdministration.read"
OIDS = {"service_provider": "1.2.246.10.99999999.10.7",
        "access_point": "1.2.246.10.99999999.11.7"}
(KIND, UNREGISTERED, NO_CITIZEN, NO_TREATMENT, NO_CONSENT, REFUSED,
 READS_ONLY) = ("KPHR-REST-018%d" % n for n in range(7))


def register(server, **more):
    body = {"client_name": "Ward", "kind": "professional", "scope": SCOPE,
            "grant_types": ["client_credentials"], "redirect_uris": [],
            **OIDS}
    body.update(more)
    return server.register(**{k: v for k, v in body.items()
                              if v is not None})


@pytest.fixture(scope="module")
def ward(server):
    return register(server)


@pytest.fixture(scope="module")
def clinic(server):
    return register(server, client_name="Clinic")


def ask(server, app, hetu, status=None, **more):
    form = {"grant_type": "client_credentials", "patient_hetu": hetu}
    form.update(more)
    return server.token(app, status,
                        **{k: v for k, v in form.items() if v is not None})


def consent(server, hetu, decision="consent", **more):
    return server.admin("POST", "/consents", dict(
        {"hetu": hetu, "decision": decision}, **more), 201).json()


def treat(server, app, hetu, **more):
    return server.admin("POST", "/treatments", dict(
        {"hetu": hetu, "client_id": app["client_id"]}, **more), 201).json()


def at(hour):
    """An hour of the day on which the clock stands at noon."""
    return CLOCK[:11] + "%02d" % hour + CLOCK[13:]


@pytest.fixture
def patient(server, person, ward):
    """A citizen with one weight, who consents and is treated."""
    person.weight = person.post(weight(person.id), status=201).json()["id"]
    person.consent = consent(server, person.hetu)["id"]
    person.treatment = treat(server, ward, person.hetu)["id"]
    return person


@pytest.fixture
def doctor(server, ward, patient):
    """What the ward holds: a token about the patient."""
    tokens = ask(server, ward, patient.hetu, 200).json()
    return Person(server, {"hetu": patient.hetu, "patient_id": patient.id},
                  ward, tokens)


def rule_of(r, status=403):
    """The rule that an OperationOutcome names."""
    assert r.status_code == status, r.text
    (issue,) = errors(outcome(r))
    assert issue["code"] == "forbidden"
    return issue["details"]["coding"][0]["code"]


def refused(r, error, rule=None):
    assert r.status_code == 400, r.text
    assert "no-store" in r.headers["Cache-Control"]
    assert r.headers["Content-Type"].startswith("application/json")
    assert "WWW-Authenticate" not in r.headers
    body = r.json()
    assert body["error"] == error, body
    # RFC 6749 5.2: what a description may consist of
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+",
                        body["error_description"]), body
    if rule:
        assert "(" + rule + ")" in body["error_description"], body
    return body["error_description"]


# ---- the token --------------------------------------------------------------

def test_token(server, ward, patient):
    r = ask(server, ward, patient.hetu, 200)
    body = r.json()
    assert list(body) == ["access_token", "token_type", "expires_in", "scope",
                          "sub"]
    assert body["sub"] == patient.id
    assert body["scope"] == SCOPE
    assert body["token_type"] == "Bearer" and body["expires_in"] == 3600
    assert "no-store" in r.headers["Cache-Control"]


def test_lower_case_code(server, ward, patient):
    assert ask(server, ward, patient.hetu.lower(), 200).json()["sub"] == \
        patient.id


def test_scope_is_what_is_asked(server, ward, patient):
    got = ask(server, ward, patient.hetu, 200, scope=READ).json()
    assert got["scope"] == READ
    nurse = Person(server, {"hetu": patient.hetu, "patient_id": patient.id},
                   ward, got)
    assert nurse.get("/Observation/" + patient.weight).status_code == 200
    assert nurse.get("/Patient/" + patient.id).status_code == 403


@pytest.mark.parametrize("scope", [
    "patient/Observation.write", "offline_access", READ + " openid",
    "patient/CarePlan.read", "patient/*.read", "launch", "system/*.read"])
def test_scope_that_is_not_for_reading(server, ward, patient, scope):
    r = ask(server, ward, patient.hetu, scope=scope)
    assert r.status_code == 400 and r.json()["error"] == "invalid_scope"


def test_registered_scope_that_does_not_read_is_left_out(server, patient):
    app = register(server, scope="offline_access " + READ)
    treat(server, app, patient.hetu)
    body = ask(server, app, patient.hetu, 200).json()
    assert body["scope"] == READ and "refresh_token" not in body
    refused(ask(server, app, patient.hetu, scope="offline_access " + READ),
            "invalid_scope")
    nothing = register(server, scope="offline_access")
    treat(server, nothing, patient.hetu)
    refused(ask(server, nothing, patient.hetu), "invalid_scope")


@pytest.mark.parametrize("hetu,word", [
    (None, "missing"), ("", "missing"), ("matti", "11 characters"),
    ("010190-900R", "check character"), ("010190-1234", "11 characters|check"),
    ("010190-123M", "real person|check character")])
def test_code_that_is_none(server, ward, hetu, word):
    said = refused(ask(server, ward, hetu), "invalid_request")
    assert said.startswith("patient_hetu") and re.search(word, said), said
    assert not hetu or hetu not in said


def test_code_in_a_url(server, own, ward, patient):
    r = server.http.post(
        server.auth + "/token?patient_hetu=" + patient.hetu, timeout=30,
        data={"grant_type": "client_credentials"},
        auth=(ward["client_id"], ward["client_secret"]))
    said = refused(r, "invalid_request")
    assert "URL" in said
    told = own.admin("GET", "/requests?path=/phr-authserver-sandbox/token")
    assert "patient_hetu=" + patient.hetu[:7] + "****" in told.text
    assert patient.hetu not in told.text + own.log()


def test_no_refresh_and_no_code(server, ward, patient):
    tokens = ask(server, ward, patient.hetu, 200).json()
    for form in ({"grant_type": "refresh_token",
                  "refresh_token": tokens["access_token"]},
                 {"grant_type": "authorization_code", "code": "x",
                  "redirect_uri": CALLBACK}):
        r = server.token(ward, **form)
        assert r.status_code in (400, 401), r.text
        assert "access_token" not in r.json()


def test_citizens_do_not_authorize_it(server, patient):
    app = register(server, redirect_uris=[CALLBACK],
                   grant_types=["client_credentials", "authorization_code"])
    page = Browser(server).walk(
        request_of(app, scope=READ), patient.hetu)
    assert back(page)["error"] == "unauthorized_client"


def test_applications_of_citizens_have_no_such_grant(server, app, patient):
    r = ask(server, app, patient.hetu)
    assert r.status_code in (400, 401), r.text
    assert r.json()["error"] in ("invalid_client", "unauthorized_client")
    r = server.admin("POST", "/clients", {
        "redirect_uris": [CALLBACK], "grant_types": ["client_credentials"]})
    assert r.status_code == 400
    assert "professionals" in r.json()["error"]["message"]


def test_public_application(server, patient):
    app = register(server, token_endpoint_auth_method="none")
    treat(server, app, patient.hetu)
    r = server.token(grant_type="client_credentials",
                     client_id=app["client_id"], patient_hetu=patient.hetu)
    assert r.status_code in (400, 401), r.text
    assert "access_token" not in r.json()


@pytest.mark.parametrize("how", ["nothing", "wrong secret", "basic"])
def test_who_asks_is_checked_first(server, ward, patient, how):
    form = {"nothing": {"client_id": ward["client_id"]},
            "wrong secret": {"client_id": ward["client_id"],
                             "client_secret": "x"},
            "basic": {"basic": (ward["client_id"], "x")}}[how]
    r = server.token(grant_type="client_credentials",
                     patient_hetu=patient.hetu, **form)
    assert r.status_code == 401, r.text


def test_strict_behaviour(start):
    """The same: the switches of OAuth change nothing of it."""
    s = start("--oauth", "strict")
    citizen, app = s.citizen(), register(s)
    refused(ask(s, app, citizen["hetu"]), "access_denied", NO_TREATMENT)
    treat(s, app, citizen["hetu"])
    refused(ask(s, app, citizen["hetu"]), "access_denied", NO_CONSENT)
    consent(s, citizen["hetu"])
    body = ask(s, app, citizen["hetu"], 200).json()
    assert "refresh_token" not in body
    assert body["sub"] == citizen["patient_id"]


# ---- each condition alone, missing ------------------------------------------

def test_kind(server, ward, doctor, patient):
    """It was for professionals when it got its token, and is no longer."""
    app = register(server)
    treat(server, app, patient.hetu)
    nurse = Person(server, {"hetu": patient.hetu, "patient_id": patient.id},
                   app, ask(server, app, patient.hetu, 200).json())
    server.admin("PUT", "/clients/" + app["client_id"], {
        "scope": SCOPE, "redirect_uris": [CALLBACK], "kind": "citizen",
        **OIDS}, 200)
    r = nurse.get("/Observation/" + patient.weight)
    assert rule_of(r) == KIND
    assert doctor.get("/Observation/" + patient.weight).status_code == 200


def test_becoming_one(server, patient):
    """What citizens allowed is over, since they allow nothing to these."""
    app = server.register(scope=SCOPE)
    tokens = server.admin("POST", "/tokens", {
        "client_id": app["client_id"], "hetu": patient.hetu}, 200).json()
    user = Person(server, {"hetu": patient.hetu, "patient_id": patient.id},
                  app, tokens)
    assert user.get("/Observation/" + patient.weight).status_code == 200
    server.admin("PUT", "/clients/" + app["client_id"], {
        "scope": SCOPE, "redirect_uris": [CALLBACK], "kind": "professional",
        **OIDS}, 200)
    assert user.get("/Observation/" + patient.weight).status_code == 401


def change_itself(server, app, **members):
    r = server.http.put(
        server.auth + "/register/" + app["client_id"], json=members,
        timeout=30, headers={"Authorization":
                             "Bearer " + app["registration_access_token"]})
    assert r.status_code == 200, r.text
    return r.json()["scope"].split()


def test_changing_itself(server):
    """It stays one, and without a scope it has what one may have."""
    app = register(server)
    scope = change_itself(server, app, client_name="Ward 2", kind="citizen")
    assert READ in scope
    assert all(word.endswith(".read") for word in scope)
    now = server.admin("GET", "/clients/" + app["client_id"], None,
                       200).json()
    assert (now["kind"], now["client_name"]) == ("professional", "Ward 2")


def test_changing_itself_makes_none(server):
    scope = change_itself(server, server.register(), kind="professional",
                          redirect_uris=[CALLBACK])
    assert "patient/Observation.write" in scope


@pytest.mark.parametrize("member", OIDS)
def test_registered_without(server, patient, member):
    app = register(server, **{member: None})
    treat(server, app, patient.hetu)
    said = refused(ask(server, app, patient.hetu), "unauthorized_client",
                   UNREGISTERED)
    assert "(" + member + ")" in said
    whole = {"scope": SCOPE, "kind": "professional", "redirect_uris": [],
             "grant_types": ["client_credentials"], **OIDS}
    server.admin("PUT", "/clients/" + app["client_id"], whole, 200)
    nurse = Person(server, {"hetu": patient.hetu, "patient_id": patient.id},
                   app, ask(server, app, patient.hetu, 200).json())
    assert nurse.get("/Patient/" + patient.id).status_code == 200
    del whole[member]
    server.admin("PUT", "/clients/" + app["client_id"], whole, 200)
    assert rule_of(nurse.get("/Patient/" + patient.id)) == UNREGISTERED


@pytest.mark.parametrize("oid", ["1", "1.", ".1", "3.1", "1..2", "1.02", "a",
                                 "1.2 ", "urn:oid:1.2", "1.2." + "3" * 200])
def test_what_is_no_oid(server, oid):
    for member in OIDS:
        r = server.admin("POST", "/clients", {
            "kind": "professional", "scope": READ, "redirect_uris": [],
            "grant_types": ["client_credentials"], **dict(OIDS, **{
                member: oid})}, 400)
        assert r.json()["error"]["where"] == "/" + member
        assert "OID" in r.json()["error"]["message"]


def test_unknown_citizen(server, own, ward):
    gone = server.citizen()["hetu"]
    own.admin("DELETE", "/citizens/" + gone, status=204)
    refused(ask(server, ward, gone), "access_denied", NO_CITIZEN)


def test_citizen_who_is_gone(server, patient, doctor):
    server.admin("DELETE", "/citizens/" + patient.hetu, status=204)
    assert doctor.get("/Observation/" + patient.weight).status_code == 401


def test_no_treatment(server, ward, clinic, patient, doctor):
    treat(server, clinic, patient.hetu)  # somebody else's
    server.admin("DELETE", "/treatments/" + patient.treatment, status=204)
    refused(ask(server, ward, patient.hetu), "access_denied", NO_TREATMENT)
    assert rule_of(doctor.get("/Observation/" + patient.weight)) == \
        NO_TREATMENT
    ask(server, clinic, patient.hetu, 200)


def test_no_consent(server, ward, patient, doctor):
    """Withdrawn between two reads."""
    assert doctor.get("/Observation/" + patient.weight).status_code == 200
    server.admin("DELETE", "/consents/" + patient.consent, status=204)
    r = doctor.get("/Observation/" + patient.weight)
    assert rule_of(r) == NO_CONSENT
    assert "consent" in errors(r.json())[0]["diagnostics"]
    refused(ask(server, ward, patient.hetu), "access_denied", NO_CONSENT)
    consent(server, patient.hetu)
    assert doctor.get("/Observation/" + patient.weight).status_code == 200


def test_refusal(server, ward, patient, doctor):
    no = consent(server, patient.hetu, "refusal", **{"from": at(12)})
    assert rule_of(doctor.get("/Patient/" + patient.id)) == REFUSED
    refused(ask(server, ward, patient.hetu), "access_denied", REFUSED)
    server.admin("DELETE", "/consents/" + no["id"], status=204)
    assert doctor.get("/Patient/" + patient.id).status_code == 200


def test_refusal_without_any_consent(server, ward, person):
    treat(server, ward, person.hetu)
    consent(server, person.hetu, "refusal")
    refused(ask(server, ward, person.hetu), "access_denied", REFUSED)


def test_refusal_of_one_application(server, ward, clinic, patient, doctor):
    treat(server, clinic, patient.hetu)
    other = Person(server, {"hetu": patient.hetu, "patient_id": patient.id},
                   clinic, ask(server, clinic, patient.hetu, 200).json())
    consent(server, patient.hetu, "refusal", client_id=ward["client_id"])
    assert rule_of(doctor.get("/Observation/" + patient.weight)) == REFUSED
    assert other.get("/Observation/" + patient.weight).status_code == 200


def test_consent_to_one_application(server, ward, clinic, person):
    for app in (ward, clinic):
        treat(server, app, person.hetu)
    consent(server, person.hetu, client_id=clinic["client_id"])
    refused(ask(server, ward, person.hetu), "access_denied", NO_CONSENT)
    ask(server, clinic, person.hetu, 200)


# (decision, for whom, since when), ... -> what comes of them
DECISIONS = [
    ([("consent", "all", 8), ("refusal", "all", 9)], REFUSED),
    ([("refusal", "all", 8), ("consent", "all", 9)], None),
    ([("consent", "all", 9), ("refusal", "all", 8)], None),
    ([("consent", "all", 8), ("refusal", "ward", 9)], REFUSED),
    ([("refusal", "ward", 8), ("consent", "all", 9)], None),
    ([("refusal", "all", 8), ("consent", "ward", 9)], None),
    ([("consent", "ward", 8), ("refusal", "all", 9)], REFUSED),
    ([("consent", "all", 8), ("refusal", "clinic", 9)], None),
    ([("refusal", "all", 8), ("consent", "clinic", 9)], REFUSED),
    ([("consent", "all", 9), ("refusal", "all", 9)], REFUSED),
    ([("refusal", "all", 9), ("consent", "all", 9)], REFUSED),
    ([("consent", "all", 8), ("refusal", "all", 9), ("consent", "all", 10)],
     None),
    ([("consent", "all", 13)], NO_CONSENT),
    ([("consent", "all", 8), ("refusal", "all", 13)], None)]


@pytest.mark.parametrize("decisions,rule", DECISIONS, ids=range(len(
    DECISIONS)))
def test_the_later_decision_counts(server, ward, clinic, person, decisions,
                                   rule):
    treat(server, ward, person.hetu)
    apps = {"all": {}, "ward": {"client_id": ward["client_id"]},
            "clinic": {"client_id": clinic["client_id"]}}
    for decision, whom, hour in decisions:
        consent(server, person.hetu, decision, **apps[whom],
                **{"from": at(hour)})
    r = ask(server, ward, person.hetu)
    if rule:
        refused(r, "access_denied", rule)
    else:
        assert r.status_code == 200, r.text


def test_time_limits(start):
    """By the hour, in force from the first millisecond to before the last;
    one token is judged as a new one would be."""
    s = start("--errors", "explain")
    app, citizen = register(s, access_token_seconds=86400), s.citizen()
    hetu = citizen["hetu"]
    for when in ((9, 10), (13, 18)):
        treat(s, app, hetu, **{"from": at(when[0]), "until": at(when[1])})
    for when in ((9, 10), (14, 17)):
        consent(s, hetu, **{"from": at(when[0]), "until": at(when[1])})
    consent(s, hetu, "refusal", **{"from": at(15), "until": at(16)})

    def now(hour, ms=0):
        s.admin("PUT", "/clock", {"mode": "frozen", "now": at(hour)}, 200)
        if ms:
            s.advance("PT3599.999S")

    def verdict(r):
        found = re.search(r"KPHR-REST-\d+", r.text)
        return found[0] if r.status_code >= 400 else "ok"

    now(9)
    doctor = Person(s, citizen, app, ask(s, app, hetu, 200).json())
    for hour, wanted in ((9, "ok"), (10, NO_TREATMENT), (12, NO_TREATMENT),
                         (13, NO_CONSENT), (14, "ok"), (15, REFUSED),
                         (16, "ok"), (17, NO_CONSENT), (18, NO_TREATMENT)):
        for ms in (0, 999):
            now(hour, ms)
            got = doctor.get("/Patient/" + citizen["patient_id"])
            assert verdict(got) == wanted, (hour, ms, got.text)
            assert verdict(ask(s, app, hetu)) == wanted, (hour, ms)


# ---- reading ----------------------------------------------------------------

def test_reads_of_all_kinds(doctor, patient):
    one = "/Observation/" + patient.weight
    for path in (one, one + "/_history/1", one + "/_history",
                 "/Observation/_history", "/Patient/" + patient.id,
                 "/Patient/%s/$everything" % patient.id,
                 one + "?_summary=true"):
        r = doctor.get(path)
        assert r.status_code == 200, (path, r.text)
    assert ids(doctor.search()) == [patient.weight]
    r = doctor.fhir("POST", "/Observation/_search",
                    data={"patient": patient.id})
    assert r.status_code == 200 and ids(r.json()) == [patient.weight]
    assert doctor.fhir("HEAD", one).status_code == 200


def test_pages_of_a_search(server, doctor, patient):
    for day in range(1, 4):
        patient.post(weight(patient.id, "2026-02-0%dT08:00:00+02:00" % day),
                     status=201)
    page = doctor.search("&_count=2")
    (more,) = [k["url"] for k in page["link"] if k["relation"] == "next"]
    assert doctor.get(more).status_code == 200
    server.admin("DELETE", "/consents/" + patient.consent, status=204)
    assert rule_of(doctor.get(more)) == NO_CONSENT


def batch(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": [
        dict({"request": {"method": m, "url": u}},
             **({"resource": body} if body else {}))
        for m, u, body in entries]}


def test_bundle_that_reads(doctor, patient):
    for kind in ("batch", "transaction"):
        r = doctor.post(batch(
            kind, ("GET", "Observation/" + patient.weight, None),
            ("GET", "Observation?patient=" + patient.id, None)), path="")
        assert r.status_code == 200, r.text
        assert all(e["response"]["status"].startswith("200")
                   for e in r.json()["entry"]), r.text


def test_bundle_that_writes(doctor, patient):
    write = ("POST", "Observation", weight(patient.id))
    r = doctor.post(batch("batch", write, ("DELETE", "Observation/"
                                           + patient.weight, None),
                          ("GET", "Observation/" + patient.weight, None)),
                    path="")
    assert [e["response"]["status"][:3] for e in r.json()["entry"]] == \
        ["403", "403", "200"], r.text
    assert READS_ONLY in r.text
    r = doctor.post(batch("transaction", write), path="")
    assert r.status_code == 403, r.text
    assert patient.search()["total"] == 1


def test_writes_are_refused(doctor, patient):
    one, body = "/Observation/" + patient.weight, weight(patient.id)
    profile = {"resourceType": "StructureDefinition", "url": "http://e.fi/x",
               "name": "x", "status": "draft", "kind": "resource",
               "abstract": False, "type": "Observation",
               "baseDefinition":
               "http://hl7.org/fhir/StructureDefinition/Observation",
               "derivation": "constraint"}
    for method, path, what in (
            ("POST", "/Observation", body), ("PUT", one, body),
            ("DELETE", one, None), ("POST", "/Patient", body),
            ("PUT", "/Patient/" + patient.id, body),
            ("PUT", "/Observation?identifier=x", body),
            ("DELETE", "/Observation?identifier=x", None),
            ("POST", "/StructureDefinition", profile),
            ("POST", "/Questionnaire", body)):
        r = doctor.fhir(method, path, data=json.dumps(what) if what else None,
                        headers={"Content-Type": FHIR_JSON})
        assert rule_of(r) == READS_ONLY, (method, path)
    r = doctor.post(body, If_None_Exist="identifier=x")
    assert rule_of(r) == READS_ONLY
    assert patient.get(one).json()["meta"]["versionId"] == "1"


def test_both_versions(server, doctor, patient):
    assert doctor.get("/Patient/" + patient.id, "stu3").status_code == 200
    assert doctor.search(fhir="stu3")["total"] == 0
    server.admin("DELETE", "/consents?hetu=" + patient.hetu, status=200)
    assert rule_of(doctor.get("/Patient/" + patient.id, "stu3")) == NO_CONSENT


def test_another_citizen(doctor, other, server, ward):
    consent(server, other.hetu)
    treat(server, ward, other.hetu)
    theirs = other.post(weight(other.id), status=201).json()["id"]
    for path in ("/Patient/" + other.id, "/Observation/" + theirs,
                 "/Observation?patient=" + other.id):
        assert doctor.get(path).status_code == 403, path


def test_metadata_needs_no_condition(server, doctor, patient):
    server.admin("DELETE", "/consents/" + patient.consent, status=204)
    assert doctor.get("/metadata").status_code == 200


def test_the_citizens_own_application_goes_on(server, doctor, patient):
    consent(server, patient.hetu, "refusal")
    assert doctor.get("/Observation/" + patient.weight).status_code == 403
    assert patient.get("/Observation/" + patient.weight).status_code == 200
    patient.post(weight(patient.id), status=201)


def test_token_ends_like_any(server, ward, doctor, patient):
    hetu = patient.hetu
    r = server.admin("POST", "/tokens/expire", {
        "client_id": ward["client_id"], "hetu": hetu}, 200)
    assert r.json()["count"] >= 1
    assert doctor.get("/Patient/" + patient.id).status_code == 401


@pytest.mark.parametrize("answer", ["mitreid", "rfc"])
def test_introspection(server, doctor, patient, answer):
    judge = server.register(allow_introspection=True,
                            set={"introspection_answer": answer})

    def told(token):
        r = server.http.post(
            server.auth + "/introspect", data={"token": token}, timeout=30,
            auth=(judge["client_id"], judge["client_secret"]))
        assert r.status_code == 200, r.text
        return r.json()

    got = told(doctor.token)
    assert got["active"] is True and got["professional"] is True
    assert got["sub"] == patient.id
    assert got["client_id"] == doctor.app["client_id"]
    assert "professional" not in told(patient.token)
    server.admin("DELETE", "/consents/" + patient.consent, status=204)
    assert told(doctor.token) == {"active": False}
    assert told(patient.token)["active"] is True


# ---- without the dance ------------------------------------------------------

def test_token_by_the_control_api(server, ward, patient):
    body = {"client_id": ward["client_id"], "hetu": patient.hetu}
    tokens = server.admin("POST", "/tokens", body, 200).json()
    assert tokens["scope"] == SCOPE and "refresh_token" not in tokens
    nurse = Person(server, {"hetu": patient.hetu, "patient_id": patient.id},
                   ward, tokens)
    assert rule_of(nurse.post(weight(patient.id))) == READS_ONLY
    server.admin("DELETE", "/consents/" + patient.consent, status=204)
    assert rule_of(nurse.get("/Patient/" + patient.id)) == NO_CONSENT
    r = server.admin("POST", "/tokens", body, 403)
    assert r.json()["error"]["code"] == "access_denied"
    assert NO_CONSENT in r.json()["error"]["message"]
    r = server.admin("POST", "/tokens", dict(body, scope="fish"))
    assert r.status_code in (400, 403)


def test_built_in_world(own, start):
    s = start("--clock", "2026-11-21T12:00:00+02:00")
    pro = ("demo-professional", "demo-professional-secret-not-for-production")
    form = {"grant_type": "client_credentials", "basic": pro}
    r = s.token(patient_hetu="120368-904V", status=200, **form)
    doctor = Person(s, {"hetu": "120368-904V", "patient_id": r.json()["sub"]},
                    {"client_id": pro[0]}, r.json())
    assert doctor.search()["total"] > 0
    refused(s.token(patient_hetu="080452-9980", **form), "access_denied",
            REFUSED)
    refused(s.token(patient_hetu="010190-900P", **form), "access_denied",
            NO_TREATMENT)


# ---- the control API --------------------------------------------------------

LISTS = ("consents", "treatments")


def body_of(name, hetu, app):
    return {"consents": {"hetu": hetu, "decision": "consent"},
            "treatments": {"hetu": hetu,
                           "client_id": app["client_id"]}}[name]


@pytest.mark.parametrize("name", LISTS)
def test_list(server, ward, clinic, person, name):
    body = body_of(name, person.hetu, ward)
    first = server.admin("POST", "/" + name, body, 201).json()
    assert first["hetu"] == person.hetu and first["from"].startswith(CLOCK[:19])
    assert "until" not in first
    second = server.admin("POST", "/" + name, dict(
        body, client_id=clinic["client_id"], **{
            "from": at(8), "until": at(20)}), 201).json()
    assert second["client_id"] == clinic["client_id"]
    assert second["until"].startswith(at(20)[:19])
    mine = "/%s?hetu=%s" % (name, person.hetu)
    assert server.admin("GET", mine, status=200).json() == {
        name: [first, second]}
    assert server.admin(
        "GET", mine + "&client_id=" + clinic["client_id"]).json() == {
            name: [second]}
    whole = server.admin("GET", "/" + name).json()[name]
    assert first in whole and second in whole
    one = "/%s/%s" % (name, first["id"])
    assert server.admin("GET", one, status=200).json() == first
    server.admin("DELETE", one, status=204)
    for method in ("GET", "DELETE"):
        r = server.admin(method, one, status=404)
        assert r.json()["error"]["where"] == "/id"
    assert server.admin("DELETE", mine, status=200).json() == {"count": 1}
    assert server.admin("DELETE", mine, status=200).json() == {"count": 0}
    assert server.admin("GET", mine).json() == {name: []}


def test_lists_are_apart(server, ward, person):
    yes = consent(server, person.hetu)
    there = treat(server, ward, person.hetu)
    assert "decision" not in there
    server.admin("GET", "/treatments/" + yes["id"], status=404)
    server.admin("DELETE", "/consents/" + there["id"], status=404)
    server.admin("DELETE", "/treatments?hetu=" + person.hetu, status=200)
    server.admin("GET", "/consents/" + yes["id"], status=200)


WRONG = [
    ("consents", {"hetu": None}, "hetu"),
    ("consents", {"hetu": "010190-900R"}, "hetu"),
    ("consents", {"hetu": 1}, "hetu"),
    ("consents", {"decision": None}, "decision"),
    ("consents", {"decision": "maybe"}, "decision"),
    ("consents", {"client_id": "nobody"}, "client_id"),
    ("consents", {"client_id": "demo-app"}, "client_id"),
    ("consents", {"from": "yesterday"}, "from"),
    ("consents", {"until": "2020-01-01"}, "until"),
    ("consents", {"untill": "2030-01-01"}, "untill"),
    ("treatments", {"hetu": None}, "hetu"),
    ("treatments", {"client_id": None}, "client_id"),
    ("treatments", {"client_id": "nobody"}, "client_id"),
    ("treatments", {"client_id": "demo-app"}, "client_id"),
    ("treatments", {"decision": "consent"}, "decision"),
    ("treatments", {"until": 3}, "until")]


@pytest.mark.parametrize("name,change,member", WRONG, ids=range(len(WRONG)))
def test_wrong_member_is_named(server, ward, person, name, change, member):
    body = dict(body_of(name, person.hetu, ward), **change)
    r = server.admin("POST", "/" + name,
                     {k: v for k, v in body.items() if v is not None})
    assert r.status_code in (400, 404), r.text
    error = r.json()["error"]
    assert error["where"] == "/" + member and error["code"], error
    assert "fixture" not in r.text
    assert server.admin("GET", "/%s?hetu=%s" % (name, person.hetu)).json() \
        == {name: []}


@pytest.mark.parametrize("name", LISTS)
def test_wrong_question(server, name):
    r = server.admin("GET", "/%s?hettu=x" % name, status=400)
    assert "hetu" in r.json()["error"]["message"]
    server.admin("GET", "/%s?hetu=x" % name, status=404)
    server.admin("DELETE", "/%s?client_id=nobody" % name, status=404)
    for body in ("[]", "{", "1"):
        r = server.http.post(server.admin_url + "/" + name, data=body,
                             timeout=30)
        assert r.status_code == 400, r.text
