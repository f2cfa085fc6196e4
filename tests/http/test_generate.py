# SPDX-License-Identifier: Apache-2.0
"""The generate command: what it makes is valid, the same for the same arguments,
and served when it was put into a database."""
import json
import os
import re
import subprocess

import pytest

from support import CLOCK, PHR, Person, Server, clean_environment, run

HETU = "010190-900P"
PATIENT = "90090090-0900-4900-8900-900900900900"
PRESSURE = "fiphr-sd-bloodpressure"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def generate(binary, *arguments, code=0, **more):
    done = run(binary, "generate", "--clock", CLOCK, *arguments, **more)
    assert done.returncode == code, done.err
    return done


def resources(done):
    return [json.loads(line) for line in done.out.splitlines()]


# ---- what comes out -------------------------------------------------------------

@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_every_line_is_valid(binary, fhir):
    done = generate(binary, "--days", "3", "--profile", "all", "--fhir", fhir)
    assert len(done.out.splitlines()) > 20
    judged = run(binary, "validate", "--format", "ndjson", "--level", "error",
                 "-", stdin=done.stdout)
    bad = [v for v in map(json.loads, judged.out.splitlines())
           if not v["valid"]]
    assert not bad, bad[0]
    assert judged.returncode == 0


def test_summary_is_all_that_is_said(binary):
    done = generate(binary, "--days", "2")
    assert re.fullmatch(r"mock-kanta-phr: \d+ resources of 1 citizen, 2 days, "
                        r"[\d.]+ s \(\d+/s\)\n", done.err)


def test_same_arguments_same_bytes(binary):
    first = generate(binary, "--days", "5").stdout
    assert generate(binary, "--days", "5").stdout == first
    assert generate(binary, "--days", "5", "--seed", "1").stdout == first
    assert generate(binary, "--days", "5", "--seed", "2").stdout != first


def test_days_are_added_in_front(binary):
    short = generate(binary, "--days", "3", "--profile", PRESSURE).out
    longer = generate(binary, "--days", "30", "--profile", PRESSURE).out
    assert short and longer.endswith(short) and len(longer) > len(short)


def test_days_end_with_the_clock(binary):
    days = {r["effectiveDateTime"][:10] for r in resources(
        generate(binary, "--days", "4", "--profile", PRESSURE))}
    assert days <= {"2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"}
    assert len(days) > 1


def test_a_profile_by_its_url(binary):
    name = generate(binary, "--profile", PRESSURE)
    url = generate(binary, "--profile", PHR + PRESSURE)
    assert name.out == url.out
    assert {p for r in resources(name) for p in r["meta"]["profile"]} == {
        PHR + PRESSURE}


def test_a_profile_by_what_it_is_about(binary):
    made = generate(binary, "--profile", "bodyweight", "--days", "3").out
    found = {json.loads(line)["meta"]["profile"][0].rsplit("/")[-1]
             for line in made.splitlines()}
    assert found == {"fiphr-sd-bodyweight", "fiphr-bodyweight-stu3"}


def test_about_the_citizen_of_the_fixtures(binary):
    for r in resources(generate(binary, "--profile", PRESSURE)):
        assert r["subject"]["reference"] == f"Patient/{PATIENT}"
        assert UUID.search(r["identifier"][0]["value"])


def test_many_citizens(binary):
    three = generate(binary, "--citizens", "3", "--days", "3").out
    four = generate(binary, "--citizens", "4", "--days", "3").out
    assert four.startswith(three) and len(four) > len(three)
    patients = set(re.findall(r'"Patient/([^"]*)"', four))
    assert len(patients) == 4 and all(map(UUID.fullmatch, patients))


def test_a_questionnaire_is_for_all(binary):
    def made(*citizens):
        return [r for r in resources(generate(binary, "--days", "2", *citizens))
                if r["resourceType"] == "Questionnaire"]
    assert len(made()) == 3
    assert made() == made("--citizens", "5") == made("--citizen", "240306A902J")


def test_two_citizens_by_name(binary):
    alone = generate(binary, "--citizen", HETU).out
    both = generate(binary, "--citizen", HETU, "--citizen", "150785-901a").out
    assert both.startswith(alone) and len(both) > len(alone)


# ---- forms ------------------------------------------------------------------------

def test_json_is_one_list(binary):
    lines = generate(binary, "--days", "2")
    assert json.loads(generate(binary, "--days", "2", "--format", "json").out) \
        == resources(lines)


def test_bundle(binary):
    done = generate(binary, "--days", "2", "--fhir", "r4", "--format", "bundle")
    bundle = json.loads(done.out)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    plain = resources(generate(binary, "--days", "2", "--fhir", "r4"))
    assert [e["resource"] for e in bundle["entry"]] == plain
    assert len({e["fullUrl"] for e in bundle["entry"]}) == len(plain)
    for e in bundle["entry"]:
        request = e["request"]
        assert request["method"] == "POST"
        assert request["url"] == e["resource"]["resourceType"]
        assert re.fullmatch("urn:uuid:" + UUID.pattern, e["fullUrl"])
        if "ifNoneExist" in request:
            assert request["ifNoneExist"] == (
                "identifier=urn:ietf:rfc:3986|" + e["fullUrl"])
            assert e["fullUrl"] in json.dumps(e["resource"]["identifier"])
    assert any("ifNoneExist" in e["request"] for e in bundle["entry"])


def test_a_bundle_has_one_version(binary):
    done = generate(binary, "--format", "bundle", code=2)
    assert "--fhir stu3 or --fhir r4" in done.err and not done.out
    assert generate(binary, "--format", "bundle", "--profile", PRESSURE)


def test_mutants_are_invalid_as_they_say(binary):
    done = generate(binary, "--invalid", "all", "--profile", PRESSURE)
    mutants = resources(done)
    assert len(mutants) > 20 and "mutants" in done.err
    text = "".join(json.dumps(m["resource"]) + "\n" for m in mutants)
    judged = run(binary, "validate", "--format", "ndjson", "-",
                 stdin=text.encode())
    verdicts = [json.loads(line) for line in judged.out.splitlines()]
    assert len(verdicts) == len(mutants)
    for m, v in zip(mutants, verdicts):
        assert m["valid"] is False and v["valid"] is False, m
        assert m["rule"].startswith("KPHR-") and m["what"]
        assert m["profile"] == PHR + PRESSURE


# ---- a database ---------------------------------------------------------------------

@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.db"


def test_database_is_served(binary, file):
    arguments = ("--days", "5", "--fhir", "r4")
    done = generate(binary, *arguments, "--citizen", HETU, "--db", file)
    assert not done.out and str(file) in done.err
    made = resources(generate(binary, *arguments))
    pressures = {r["identifier"][0]["value"] for r in made
                 if r["meta"]["profile"] == [PHR + PRESSURE]}
    assert pressures
    with Server("--db", file) as server:
        app = server.register()
        person = Person(server, {"hetu": HETU, "patient_id": PATIENT}, app,
                        server.issue(app, HETU))
        for value in pressures:
            found = person.search(f"&identifier=urn:ietf:rfc:3986|{value}")
            assert found["total"] == 1
            r = found["entry"][0]["resource"]
            assert r["subject"]["reference"] == f"Patient/{PATIENT}"
            assert r["meta"]["versionId"] == "1"


def test_database_takes_each_resource_once(binary, file):
    arguments = ("--days", "3", "--citizens", "2", "--db", file, "--profile",
                 PRESSURE)
    first = generate(binary, *arguments).err
    (n,) = re.findall(r"(\d+) resources of 2 citizens", first)
    assert int(n) > 0 and "already" not in first
    again = generate(binary, *arguments).err
    assert f"{n} resources were in {file} already" in again
    assert ": 0 resources of 2 citizens" in again


def test_what_a_server_does_not_store_is_left_out(binary, file):
    done = generate(binary, "--days", "1", "--fhir", "r4", "--db", file,
                    "--profile", "fiphr-sd-patient", "--profile", PRESSURE)
    assert "left out" not in done.err  # the citizen's Patient is there


def test_what_is_no_database(binary, file):
    file.write_bytes(b"x" * 4096)
    done = generate(binary, "--db", file, code=74)
    assert "not an SQLite database" in done.err


def test_an_unknown_application(binary, file):
    done = generate(binary, "--db", file, "--client", "nobody", code=78)
    assert "nobody" in done.err


# ---- mistakes ------------------------------------------------------------------------

@pytest.mark.parametrize("arguments,words", [
    (("--profile", "fiphr-sd-bloodpresure"), "did you mean " + PRESSURE),
    (("--profile", "shoesize"), '--profile: nothing is generated for'),
    (("--profile", PRESSURE, "--fhir", "stu3"), "other FHIR version"),
    (("--citizen", "010190-900X"), "check character"),
    (("--citizen", "010190-123A"), "personal identity code"),
    (("--citizen", "010190-123X"), '--citizen: "010190-123X": '),
    (("--client", "demo-app"), "--client: only what is stored with --db"),
    (("--citizens", "0"), "--citizens: must be a number from 1"),
    (("--citizens", "2", "--citizen", HETU), "not both"),
    (("--days", "0"), "from 1"),
    (("--days", "many"), "must be a number"),
    (("--seed", "-1"), "must be a number"),
    (("--invalid", "PHR-99", "--profile", PRESSURE), "--invalid: no mutant"),
    (("--db", "x.db", "--invalid", "all"), "--db"),
    (("--db", ":memory:"), "must name a file"),
    (("--db", "x.db", "--format", "json"), "nothing is printed"),
    (("--clock", "1805-01-01T00:00:00Z", "--days", "9000"),
     "--days: data begins in the year 1800"),
    (("--dais", "3"), "did you mean --days"),
])
def test_mistakes(binary, tmp_path, arguments, words):
    done = generate(binary, *arguments, code=2, cwd=tmp_path)
    assert words in done.err and not done.out
    assert not os.listdir(tmp_path)


def test_a_wrong_format(binary):
    assert "ndjson, json or bundle" in generate(
        binary, "--format", "text", code=78).err


def test_a_full_disk(binary):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [binary, "generate", "--days", "300"], stdout=full,
            stderr=subprocess.PIPE, env=clean_environment(), timeout=60)
    assert done.returncode == 74 and b"No space left" in done.stderr


def test_a_reader_that_goes_away(binary):
    with subprocess.Popen(
            [binary, "generate", "--days", "3000"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=clean_environment()) as process:
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) != 0
    assert not said
