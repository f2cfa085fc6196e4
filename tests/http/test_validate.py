# SPDX-License-Identifier: Apache-2.0
"""The validate command: the same verdicts as POST, in its four formats."""
import json
import re
import subprocess
import xml.etree.ElementTree as xml

import pytest

from support import (BUILT, PHR, blood_pressure, patient_resource, run,
                     weight, weight_stu3)

ID = "90090090-0900-4900-8900-900900900900"


def wrong():
    o = blood_pressure(ID)
    o["component"][1]["valueQuantity"]["unit"] = "mmHg"
    return o


@pytest.fixture
def folder(tmp_path):
    def put(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content, indent=1)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path
    put.path = tmp_path
    return put


def lines(done):
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize("what", BUILT)
def test_valid(binary, folder, what):
    file = folder("a.json", BUILT[what][1](ID))
    done = run(binary, "validate", file)
    assert done.returncode == 0, done.out
    done = run(binary, "validate", "--format", "ndjson", file)
    assert done.returncode == 0
    (line,) = lines(done)
    assert line["valid"] is True and line["file"] == str(file)
    assert line["outcome"]["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_patient(binary, folder, fhir):
    sound = folder("a.json", patient_resource(ID, fhir))
    assert run(binary, "validate", sound).returncode == 0
    named = patient_resource(ID, fhir)
    named["name"] = [{"family": "Testi"}]
    done = run(binary, "validate", folder("b.json", named))
    assert done.returncode == 1 and "Patient.name" in done.out


def test_invalid_text(binary, folder):
    file = folder("bad.json", wrong())
    done = run(binary, "validate", file)
    assert done.returncode == 1
    assert "bad.json" in done.out
    assert "Observation.component[1].valueQuantity.unit" in done.out


def test_invalid_ndjson(binary, folder):
    file = folder("bad.json", wrong())
    done = run(binary, "validate", "--format", "ndjson", "--errors",
               "explain", file)
    assert done.returncode == 1
    (line,) = lines(done)
    assert line["valid"] is False
    errors = [i for i in line["outcome"]["issue"] if i["severity"] == "error"]
    assert ["Observation.component[1].valueQuantity.unit"] in \
        [i["expression"] for i in errors]
    assert re.search(r"KPHR-[A-Z]+-\d+", json.dumps(errors))


def test_stdin(binary):
    for o, code in ((weight(ID), 0), (wrong(), 1)):
        done = run(binary, "validate", "-", stdin=json.dumps(o).encode())
        assert done.returncode == code, done.out + done.err
    done = run(binary, "validate", "-", stdin=b"")
    assert done.returncode == 1


def test_json_is_one_array(binary, folder):
    folder("a.json", weight(ID))
    folder("b.json", wrong())
    done = run(binary, "validate", "--format", "json", folder.path)
    assert done.returncode == 1
    assert [e["valid"] for e in json.loads(done.out)] == [True, False]
    done = run(binary, "validate", "--format", "ndjson", folder.path)
    one = [json.dumps(line) for line in lines(done)]
    both = run(binary, "validate", "--format", "json", folder.path)
    assert [json.dumps(e) for e in json.loads(both.out)] == one
    (folder.path / "a.json").unlink()
    (folder.path / "b.json").unlink()
    done = run(binary, "validate", "--format", "json", folder.path)
    assert json.loads(done.out) == []


def test_junit(binary, folder):
    folder("a.json", weight(ID))
    folder("b.json", wrong())
    folder("<c>&\".json", "{\"a\": \"\x01")
    done = run(binary, "validate", "--format", "junit", folder.path)
    assert done.returncode == 1
    suite = xml.fromstring(done.out.encode()).find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    cases = {c.get("name").rsplit("/", 1)[1]: c.find("failure")
             for c in suite.findall("testcase")}
    assert list(cases) == ["<c>&\".json", "a.json", "b.json"]
    assert cases["a.json"] is None
    assert "mmHg" in cases["b.json"].get("message")
    assert "b.json:" in cases["b.json"].text
    assert cases["b.json"].get("type").startswith("KPHR-PROF-")


def test_level(binary, folder):
    o = wrong()
    o["extension"] = [{"url": "http://example.org/unknown",
                       "valueString": "x"}]
    file = folder("a.json", o)
    full = run(binary, "validate", file).out
    brief = run(binary, "validate", "--level", "error", file).out
    assert "information" in full and "information" not in brief
    assert ": error" in brief
    assert full.splitlines()[-1] == brief.splitlines()[-1]


def test_stream(binary, folder):
    """A line a resource: from a file, and from standard input."""
    rows = [json.dumps(weight(ID)), "", json.dumps(wrong()), "{broken",
            json.dumps(weight(ID))]
    file = folder("all.ndjson", "\n".join(rows))
    for done in (run(binary, "validate", "--format", "ndjson", file),
                 run(binary, "validate", "--format", "ndjson", "-",
                     stdin="\n".join(rows).encode())):
        assert done.returncode == 1
        assert [(line["line"], line["valid"]) for line in lines(done)] == [
            (1, True), (3, False), (4, False), (5, True)]
    done = run(binary, "validate", file)
    assert re.search(r"all\.ndjson:3:\d+: error", done.out)
    assert re.search(r"all\.ndjson:4:2: fatal", done.out)


def test_conversation(binary):
    """Each line is answered before the next one is written."""
    with subprocess.Popen(
            [binary, "validate", "--format", "ndjson", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
        for o, valid in ((weight(ID), True), (wrong(), False)) * 3:
            print(json.dumps(o), file=p.stdin, flush=True)
            assert json.loads(p.stdout.readline())["valid"] is valid
        p.stdin.close()
        assert p.wait() == 1


def test_byte_order_mark(binary, folder):
    for text in (json.dumps(weight(ID)), json.dumps(weight(ID), indent=1)):
        data = b"\xef\xbb\xbf" + text.encode()
        assert run(binary, "validate", folder("a.json",
                                              data)).returncode == 0
        assert run(binary, "validate", "-", stdin=data).returncode == 0


def explained(binary, o, *options):
    done = run(binary, "validate", "--errors", "explain", *options, "-",
               stdin=json.dumps(o).encode())
    assert done.returncode == 1
    return done.out


def test_the_profile_that_was_meant(binary):
    """Explained: by spelling, else the one with the fewest problems."""
    o = blood_pressure(ID)
    del o["meta"]
    right = PHR + "fiphr-sd-bloodpressure"
    assert f"it conforms to {right}" in explained(binary, o)
    o["component"][1]["valueQuantity"]["unit"] = "mmHg"
    assert f"nearest is {right}, with 1 problem;" in explained(binary, o)
    o["component"][0]["valueQuantity"]["unit"] = "mmHg"
    assert f"nearest is {right}, with 2 problems;" in explained(binary, o)
    o["meta"] = {"profile": [PHR + "fiphr-sd-bloodpresure"]}
    assert f"did you mean {right}?" in explained(binary, o)
    o["meta"] = {"profile": [PHR + "fiphr-sd-shoesize"]}
    assert f"nearest is {right}, with 2 problems;" in explained(binary, o)
    del o["meta"]
    assert "nearest" not in run(binary, "validate", "-",
                                stdin=json.dumps(o).encode()).out


def test_codes_of_the_service(binary):
    """kanta: every finding is "processing"; explain: its own code."""
    o = wrong()
    o["extension"] = [{"url": "http://example.org/unknown",
                       "valueString": "x"}]
    for style, codes in (("kanta", {"processing"}),
                         ("explain", {"value", "informational"})):
        done = run(binary, "validate", "--format", "ndjson", "--errors",
                   style, "-", stdin=json.dumps(o).encode())
        (line,) = lines(done)
        issues = line["outcome"]["issue"]
        assert {i["code"] for i in issues} >= codes
        assert {i["severity"] for i in issues} >= {"error", "information"}
        assert all(i["location"] and i["diagnostics"] for i in issues)
        assert style == "explain" or {i["code"] for i in issues} == codes


def test_folder(binary, folder):
    folder("a.json", weight(ID))
    folder("deep/er/b.json", weight_stu3(ID))
    folder("deep/c.json", wrong())
    folder("readme.txt", "not a resource")
    done = run(binary, "validate", "--format", "ndjson", folder.path)
    assert done.returncode == 1
    got = {line["file"].rsplit("/", 1)[1]: line["valid"]
           for line in lines(done)}
    assert got == {"a.json": True, "b.json": True, "c.json": False}


def test_several_files(binary, folder):
    files = [folder(f"{i}.json", weight(ID)) for i in range(5)]
    done = run(binary, "validate", "--format", "ndjson", *files)
    assert [line["file"] for line in lines(done)] == [str(f) for f in files]
    assert done.returncode == 0


@pytest.mark.parametrize("text,place", [
    ('{\n "resourceType": @}', (2, 18)), ("", None), (b"\xff\xfe", (1, 1)),
    ("[" * 10000, None), ('{"a":1}', None), ("[]", None),
    ('{"resourceType":"Fish"}', None)])
def test_not_a_resource(binary, folder, text, place):
    file = folder("bad.json", text)
    done = run(binary, "validate", "--format", "ndjson", file)
    assert done.returncode == 1
    (line,) = lines(done)
    assert line["valid"] is False
    if place:
        told = json.dumps(line["outcome"])
        found = re.search(r"line\W{0,3}(\d+)\W+col\w*\W{0,3}(\d+)", told,
                          re.I)
        assert found and (int(found[1]), int(found[2])) == place, told


def test_no_such_file(binary):
    done = run(binary, "validate", "/no/such/file.json")
    assert done.returncode != 0 and "/no/such/file.json" in \
        done.out + done.err


@pytest.mark.parametrize("arguments", [
    [], ["--format", "fish", "-"], ["--level", "fish", "-"],
    ["--fhir", "r5", "-"], ["--fish", "-"]])
def test_usage(binary, arguments):
    done = run(binary, "validate", *arguments, stdin=b"{}")
    assert done.returncode in (2, 78), done.err
    assert done.err and not done.out


def test_version_of_fhir(binary, folder):
    """By the profile; else as told; else R4."""
    file = folder("a.json", weight_stu3(ID))
    assert run(binary, "validate", "--fhir", "stu3", file).returncode == 0
    assert run(binary, "validate", "--fhir", "r4", file).returncode == 1
    plain = weight_stu3(ID)
    del plain["meta"]
    file = folder("b.json", plain)
    free = ["--set", "profile_required=off"]
    assert run(binary, "validate", file).returncode == 1
    assert run(binary, "validate", *free, "--fhir", "stu3",
               file).returncode == 0
    # context exists in STU3 only
    plain["context"] = {"reference": "Encounter/1"}
    file = folder("c.json", plain)
    assert run(binary, "validate", *free, file).returncode == 1
    assert run(binary, "validate", *free, "--fhir", "stu3",
               file).returncode == 0


def test_profile_besides_meta(binary, folder):
    file = folder("a.json", weight(ID))
    other = PHR + "fiphr-sd-bloodpressure"
    assert run(binary, "validate", "--profile", other, file).returncode == 1
    same = PHR + "fiphr-sd-bodyweight"
    assert run(binary, "validate", "--profile", same, file).returncode == 0


def test_a_profile_that_would_not_be_checked(binary, folder):
    file = folder("a.json", weight(ID))
    unknown = ["--profile", PHR + "fiphr-sd-shoesize"]
    done = run(binary, "validate", *unknown, file)
    assert done.returncode == 2 and "fiphr-sd-shoesize" in done.err
    assert run(binary, "validate", *unknown, "--unknown-profile", "warn",
               file).returncode == 0


def test_unknown_profile(binary, folder):
    o = weight(ID)
    o["meta"]["profile"].append("http://example.org/unknown")
    file = folder("a.json", o)
    alone = weight(ID)
    alone["meta"]["profile"] = [PHR + "fiphr-sd-shoesize"]
    lone = folder("b.json", alone)
    assert run(binary, "validate", lone).returncode == 1
    assert run(binary, "validate", "--unknown-profile", "warn",
               "--set", "profile_required=off", lone).returncode == 0
    # a second, foreign profile is allowed beside a national one
    assert run(binary, "validate", file).returncode == 0


def test_package(binary, folder):
    """A user's profile on top of a national one."""
    url = "http://example.org/StructureDefinition/light"
    definition = {
        "resourceType": "StructureDefinition", "id": "light", "url": url,
        "name": "Light", "status": "draft", "fhirVersion": "4.0.1",
        "kind": "resource", "abstract": False, "type": "Observation",
        "baseDefinition": PHR + "fiphr-sd-bodyweight",
        "derivation": "constraint", "differential": {"element": [
            {"id": "Observation.note", "path": "Observation.note",
             "min": 1}]}}
    package = folder("light.json", definition)
    o = weight(ID)
    o["meta"]["profile"].append(url)
    file = folder("a.json", o)
    done = run(binary, "validate", "--package", package, file)
    assert done.returncode == 1 and "Observation.note" in done.out
    o["note"] = [{"text": "kevyt"}]
    file = folder("a.json", o)
    assert run(binary, "validate", "--package", package, file).returncode == 0


@pytest.mark.parametrize("change", [
    {"baseDefinition": "http://example.org/nothing"},
    {"differential": {"element": [{"path": "Observation.fish"}]}},
    {"differential": {"element": 5}}, {"url": None}])
def test_package_that_does_not_compile(binary, folder, change):
    definition = {
        "resourceType": "StructureDefinition", "id": "bad",
        "url": "http://example.org/StructureDefinition/bad", "name": "Bad",
        "status": "draft", "fhirVersion": "4.0.1", "kind": "resource",
        "abstract": False, "type": "Observation",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "derivation": "constraint", "differential": {"element": [
            {"path": "Observation"}]}}
    definition.update(change)
    package = folder("broken-package.json", definition)
    file = folder("a.json", weight(ID))
    done = run(binary, "validate", "--package", package, file)
    assert done.returncode == 65, done.out + done.err
    assert "broken-package.json" in done.err
