# SPDX-License-Identifier: Apache-2.0
"""--package: folders, files and archives; what is refused and how it is told.
The archives are made here, byte by byte where no tool would make them."""
import gzip
import io
import json
import pathlib
import tarfile
import time

import pytest

from support import PHR, run, weight

ID = "90090090-0900-4900-8900-900900900900"
URL = "http://example.org/StructureDefinition/light"
MANIFEST = {"name": "org.example.light", "version": "1.0.0",
            "fhirVersions": ["4.0.1"]}


def light(**change):
    """A profile on the national one that demands a note."""
    definition = {
        "resourceType": "StructureDefinition", "id": "light", "url": URL,
        "name": "Light", "status": "draft", "fhirVersion": "4.0.1",
        "kind": "resource", "abstract": False, "type": "Observation",
        "baseDefinition": PHR + "fiphr-sd-bodyweight",
        "derivation": "constraint", "differential": {"element": [
            {"id": "Observation.note", "path": "Observation.note",
             "min": 1}]}}
    definition.update(change)
    return definition


def text(content):
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str)
            else json.dumps(content)).encode()


def archive(files, form=tarfile.PAX_FORMAT, edit=None):
    """A .tgz of [(name, content)]; edit may change each entry's header."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, content in files:
            info = tarfile.TarInfo(name)
            data = text(content)
            info.size = len(data)
            if edit:
                edit(info)
            tar.addfile(info, io.BytesIO(data[:info.size]))
    return out.getvalue()


def sound(*more):
    return [("package/package.json", MANIFEST),
            ("package/StructureDefinition-light.json", light()), *more]


@pytest.fixture
def judge(binary, tmp_path):
    """Judges a weight that names the light profile, with that package."""
    def judge(data, note=False, packed=True, extra=()):
        o = weight(ID)
        o["meta"]["profile"].append(URL)
        if note:
            o["note"] = [{"text": "kevyt"}]
        (tmp_path / "a.json").write_text(json.dumps(o))
        path = tmp_path / "light.tgz"
        path.write_bytes(gzip.compress(data) if packed else data)
        return run(binary, "validate", "--package", path, *extra,
                   tmp_path / "a.json")
    return judge


def refused(done, *words):
    assert done.returncode == 65, done.out + done.err
    for word in ("light.tgz", *words):
        assert word in done.err, (word, done.err)
    assert not done.out


@pytest.mark.parametrize("form", [
    tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archive(judge, form):
    data = archive(sound(), form)
    done = judge(data)
    assert done.returncode == 1 and "Observation.note" in done.out, done.err
    done = judge(data, note=True)
    assert done.returncode == 0 and not done.err, done.out + done.err


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names(judge, form):
    name = "package/StructureDefinition-" + "light" * 50 + ".json"
    files = [("package/package.json", MANIFEST), (name, light())]
    assert "Observation.note" in judge(archive(files, form)).out


def test_manifest_last_and_leading_dots(judge):
    files = [("./" + name, content) for name, content in reversed(sound())]
    assert "Observation.note" in judge(archive(files)).out


def test_what_a_package_does_not_define(judge):
    """Other folders, other types, other files."""
    data = archive(sound(
        ("package/example/broken.json", "{"), ("package/.index.json", "["),
        ("package/xml/a.xml", "<a/>"), ("other/x.json", "no"),
        ("package/Patient-a.json", {"resourceType": "Patient"}),
        ("package/readme.md", "words")))
    done = judge(data, note=True)
    assert done.returncode == 0, done.out + done.err


def test_byte_order_mark(judge):
    bom = b"\xef\xbb\xbf"
    files = [(name, bom + text(content)) for name, content in sound()]
    assert "Observation.note" in judge(archive(files)).out


def test_dependencies_are_told(judge):
    manifest = dict(MANIFEST, dependencies={
        "hl7.fhir.r4.core": "4.0.1", "org.example.other": "2.1.0"})
    done = judge(archive([("package/package.json", manifest),
                          *sound()[1:]]), note=True)
    assert done.returncode == 0
    assert "org.example.other 2.1.0" in done.err
    assert "hl7.fhir.r4.core" not in done.err


def test_missing_base(judge):
    base = "http://example.org/StructureDefinition/nothing"
    done = judge(archive([("package/a.json", light(baseDefinition=base))]))
    refused(done, "package/a.json", "StructureDefinition", base)


def test_bad_expression(judge):
    """With a caret below the place."""
    wrong = {"key": "a-1", "severity": "error", "human": "h",
             "expression": "text.exists( and time"}
    element = {"path": "Observation.note", "constraint": [wrong]}
    done = judge(archive([("package/a.json", light(
        differential={"element": [element]}))]))
    refused(done, "package/a.json", "element[0].constraint[0].expression",
            "\ntext.exists( and time\n             ^\n")


def test_ring_of_bases(judge):
    other = "http://example.org/StructureDefinition/other"
    done = judge(archive([
        ("package/a.json", light(baseDefinition=other)),
        ("package/b.json", light(url=other, baseDefinition=URL))]))
    refused(done, "package/", URL, other)


def test_broken_file(judge):
    done = judge(archive([("package/a.json", "{\n \"a\": }")]))
    refused(done, "package/a.json", "line 2, column 7")


def test_other_version(judge):
    manifest = dict(MANIFEST, fhirVersions=["5.0.0"])
    done = judge(archive([("package/package.json", manifest)]))
    refused(done, "5.0.0", "STU3", "R4")


@pytest.mark.parametrize("name,why", [
    ("/package/a.json", "absolute"), ("package/../a.json", "climbs"),
    ("../a.json", "climbs"), ("package/..", "climbs"),
    ("C:/package/a.json", "absolute"), ("package\\a.json", "characters"),
    ("package/\x1b[2J.json", "characters")])
def test_paths_that_lead_out(judge, name, why):
    refused(judge(archive(sound((name, "{}")))), why)


@pytest.mark.parametrize("kind,why", [
    (tarfile.SYMTYPE, "links"), (tarfile.LNKTYPE, "links"),
    (tarfile.CHRTYPE, "devices"), (tarfile.BLKTYPE, "devices"),
    (tarfile.FIFOTYPE, "devices"), (tarfile.CONTTYPE, "kind"), (b"S", "kind")])
def test_kinds_without_business(judge, kind, why):
    def edit(info):
        if info.name == "package/x.json":
            info.type = kind
            info.linkname = "/etc/passwd"
            info.size = 0
    refused(judge(archive(sound(("package/x.json", "")),
                          tarfile.USTAR_FORMAT, edit)), why)


def test_cut_short(judge):
    """Anywhere in the tar, and anywhere in the gzip."""
    data = archive(sound(), tarfile.USTAR_FORMAT)
    end = len(data.rstrip(b"\0")) + 300
    for n in range(0, end, 97):
        refused(judge(data[:n]), "cut short")
    packed = gzip.compress(data)
    for n in range(2, len(packed), 61):
        refused(judge(packed[:n], packed=False), "cut short")


def test_damaged(judge):
    data = archive(sound(), tarfile.USTAR_FORMAT)
    wrong = bytearray(data)
    wrong[3] ^= 1
    refused(judge(bytes(wrong)), "checksum of a tar header")
    packed = bytearray(gzip.compress(data))
    packed[-6] ^= 1
    refused(judge(bytes(packed), packed=False), "checksum or length")
    refused(judge(b"no archive at all" * 100), "no tar archive")
    refused(judge(data + b"x" * 512), "behind its end")
    refused(judge(b"\0" * 1024), "no FHIR package")
    refused(judge(archive([("a.json", light())])), "no FHIR package")


def quickly(judge, data, packed=True):
    start = time.monotonic()
    done = judge(data, packed=packed)
    took = time.monotonic() - start
    # a second is promised; the sanitizers' build takes ten times as long
    assert took < 10, took
    return done


def test_bombs(judge):
    member = gzip.compress(b"\0" * (1 << 24), 9)
    refused(quickly(judge, member * 40, packed=False), "times its size")
    data = archive([(f"package/{i}.txt", "") for i in range(20001)],
                   tarfile.USTAR_FORMAT)
    refused(quickly(judge, data), "entries")

    info = tarfile.TarInfo("package/a.json")
    for size in (1 << 27, 1 << 40, 1 << 60):
        info.size = size
        refused(judge(info.tobuf(tarfile.GNU_FORMAT)),
                "MB" if size < 1 << 43 else "no number")


@pytest.mark.parametrize("elements", [100_000])
def test_a_profile_without_end(judge, elements):
    path = "Observation.component.extension"
    many = [{"id": f"{path}:a{i}", "path": path, "sliceName": f"a{i}"}
            for i in range(elements)]
    definition = light(differential={"element": many})
    refused(quickly(judge, archive([("package/a.json", definition)])),
            "element[")
    same = [{"id": "Observation.note", "path": "Observation.note", "min": 1}
            for i in range(elements)]
    definition = light(differential={"element": same})
    done = quickly(judge, archive([("package/a.json", definition)]))
    assert done.returncode in (1, 65), done.err


def test_a_deep_one(judge):
    deep = "Extension" + ".extension" * 5000
    definition = light(differential={"element": [{"path": deep}]})
    refused(quickly(judge, archive([("package/a.json", definition)])))
    nested = "[" * 100_000
    refused(quickly(judge, archive([("package/a.json", nested)])), "deep")


def test_folder(binary, tmp_path):
    """Unpacked, with and without the folder "package"."""
    inner = tmp_path / "my" / "package"
    inner.mkdir(parents=True)
    for name, content in sound():
        (tmp_path / "my" / name).write_bytes(text(content))
    (inner / "example").mkdir()
    (inner / "example" / "broken.json").write_text("{")
    for folder in (tmp_path / "my", inner):
        done = run(binary, "profiles", "--package", folder)
        assert done.returncode == 0 and URL in done.out, done.err
    (tmp_path / "empty").mkdir()
    done = run(binary, "profiles", "--package", tmp_path / "empty")
    assert done.returncode == 65 and "empty" in done.err


def test_it_wins_over_what_is_built_in(binary, tmp_path):
    """Whatever the versions say; with its version each is found."""
    own = PHR + "fiphr-sd-bodyweight"
    (tmp_path / "own.json").write_text(json.dumps(light(
        url=own, version="0.0.1", baseDefinition=PHR + "fiphr-sd-vitalsigns")))
    package = "--package", tmp_path / "own.json"
    built_in = pathlib.Path(__file__).parents[2] / "profiles" / (
        "finnish-phr-r4/fiphr-sd-bodyweight.json")
    version = json.loads(built_in.read_text())["version"]
    for profile, wins in ((own, True), (own + "|0.0.1", True),
                          (own + "|" + version, False)):
        o = weight(ID)
        o["meta"]["profile"] = [profile]
        (tmp_path / "a.json").write_text(json.dumps(o))
        done = run(binary, "validate", *package, tmp_path / "a.json")
        assert ("Observation.note" in done.out) == wins, (profile, done.out)
    done = run(binary, "validate", tmp_path / "a.json")
    assert "Observation.note" not in done.out


def test_national_profiles_as_built_and_as_read(binary, tmp_path):
    """With nothing on top the build's own layer is used, else the files."""
    other = tmp_path / "other.json"
    other.write_text(json.dumps({
        "resourceType": "ValueSet", "url": "http://example.org/vs",
        "status": "draft"}))
    read = ("--package", str(other))
    listed = [run(binary, "profiles", "--format", "json", *options)
              for options in ((), read)]
    assert len(json.loads(listed[0].out)) >= 40
    assert listed[0].out == listed[1].out
    examples = pathlib.Path(__file__).parents[2] / "fixtures" / "examples"
    for fhir in ("r4", "stu3"):
        judged = [run(binary, "validate", "--fhir", fhir, "--format", "ndjson",
                      *options, examples)
                  for options in ((), read)]
        assert judged[0].out == judged[1].out
        assert '"valid":true' in judged[0].out
        assert '"valid":false' in judged[0].out
