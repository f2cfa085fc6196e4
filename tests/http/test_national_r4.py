# SPDX-License-Identifier: Apache-2.0
"""The national R4 data content is complete, and says what the published package
says.

The second needs the package: CORPUS/finnish-phr-r4 (and CORPUS/payloads). Every
change that changes.py can think of is made to every example of fixtures/; the
verdict and the rules that are broken have to be the same with the definitions
that are built in and with the published ones (equivalence.py). Left out are
the two profiles that the package lacks.
"""
import glob
import itertools
import json
import os

import pytest

import changes
import equivalence
import support
from support import PHR, run

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
FOLDER = os.path.join(ROOT, "profiles", "finnish-phr-r4")
EXAMPLES = os.path.join(ROOT, "fixtures", "examples")
PUBLISHED = os.path.join(support.CORPUS, "finnish-phr-r4")
UNPUBLISHED = {PHR + "fiphr-sd-bodyheight", PHR + "fiphr-sd-distance"}
# A build with sanitizers takes ten times as long: it judges every tenth change.
STEP = 10 if "/san/" in support.MOCK else 1
PAIRS = 400 // STEP

needs_corpus = pytest.mark.skipif(
    not support.CORPUS or not os.path.isdir(PUBLISHED),
    reason="CORPUS names no folder with the published R4 package")


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def published_profiles():
    return {load(p)["url"] for p in glob.glob(os.path.join(FOLDER, "*-*.json"))
            if load(p)["resourceType"] == "StructureDefinition"} - UNPUBLISHED


def examples():
    """{name: resource} of those that name a profile of the package."""
    known = published_profiles()
    found = {}
    for path in sorted(glob.glob(os.path.join(EXAMPLES, "*.json"))):
        r = load(path)
        if known.intersection(r.get("meta", {}).get("profile", [])):
            found[os.path.basename(path)[:-5]] = r
    return found


def same(binary, folder, resources):
    count, valid, found = equivalence.compare(
        binary, folder, resources, equivalence.NATIONAL,
        equivalence.package(PUBLISHED), warnings=True)
    assert not found, equivalence.told(found)
    return count, valid


# ---- the same verdicts ------------------------------------------------------

# a name for a test each, so that a failure tells the profile
NAMES = sorted(examples()) if support.CORPUS else ["none"]


@needs_corpus
@pytest.mark.parametrize("which", NAMES)
def test_every_change_is_judged_alike(binary, tmp_path, which):
    """Warnings included, which extensible bindings give."""
    known = examples()
    pool = changes.pool_of(known.values())
    pool["profile"] = [p for p in pool["profile"] if p not in UNPUBLISHED]
    walk = itertools.islice(changes.changes(known[which], pool), 0, None, STEP)
    count, valid = same(binary, tmp_path, walk)
    assert count * STEP > 200 and 0 < valid < count
    same(binary, tmp_path, changes.pairs(known[which], pool, PAIRS, which))


@needs_corpus
def test_payloads_are_judged_alike(binary, tmp_path):
    found = glob.glob(os.path.join(support.CORPUS, "payloads", "r4", "*",
                                   "*.json"))
    resources = []
    for path in found:
        r = load(path)
        name = os.path.basename(path)
        if UNPUBLISHED.intersection(r.get("meta", {}).get("profile", [])):
            continue
        resources.append((name, r))
        for i, entry in enumerate(r.get("entry", [])):
            resources.append((f"{name} entry {i}", entry["resource"]))
    count, valid = same(binary, tmp_path, resources)
    assert count > 300 and valid > 300


@needs_corpus
def test_the_world_is_judged_alike(binary, tmp_path):
    """What a new database holds."""
    resources = [
        (f"{os.path.basename(path)} {i}", item["resource"])
        for path in sorted(glob.glob(os.path.join(ROOT, "fixtures", "*.json")))
        for i, item in enumerate(load(path).get("resources", []))
        if item["fhir"] == "r4" and
        not UNPUBLISHED.intersection(item["resource"]["meta"]["profile"])]
    count, valid = same(binary, tmp_path, resources)
    assert count == valid > 50


@needs_corpus
def test_a_difference_would_be_seen(binary, tmp_path):
    """Without one line of a profile, the walk tells of it."""
    folder = tmp_path / "package"
    folder.mkdir()
    for path in glob.glob(os.path.join(FOLDER, "*.json")):
        r = load(path)
        if r["id"] == "fiphr-sd-bodyweight":
            r["differential"]["element"] = [
                e for e in r["differential"]["element"]
                if not e["id"].endswith(".unit")]
        (folder / os.path.basename(path)).write_text(json.dumps(r))
    _, _, found = equivalence.compare(
        binary, tmp_path,
        changes.values(examples()["fiphr-sd-bodyweight-min"], {}),
        equivalence.NATIONAL, equivalence.package(folder))
    assert found
    assert {i[1:3] for d in found for i in d.only_ours} == {
        ("KPHR-PROF-0014", "Observation.valueQuantity.unit"),
        ("KPHR-PROF-0023", "Observation.valueQuantity.unit")}


# ---- complete ---------------------------------------------------------------

PROFILES = {  # name: version, confidence
    "fiphr-sd-vitalsigns": ("0.1.0", "official"),
    "fiphr-sd-bloodglucose": ("0.1.0", "official"),
    "fiphr-sd-bloodpressure": ("0.1.0", "official"),
    "fiphr-sd-bodyweight": ("0.1.0", "official"),
    "fiphr-sd-bodyheight": ("0.1.0", "inferred"),
    "fiphr-sd-fitness": ("0.1.0", "official"),
    "fiphr-sd-stepstaken": ("0.1.0", "official"),
    "fiphr-sd-distance": ("0.1.0", "inferred"),
    "fiphr-sd-moderatetovigorouspatime": ("0.1.0", "official"),
    "fiphr-sd-exercisetracking": ("0.1.0", "official"),
    "fiphr-sd-metbystandardrmr": ("0.1.0", "official"),
    "fiphr-sd-nutrition": ("0.1.0", "official"),
    "fiphr-sd-calorieintake": ("0.1.0", "official"),
    "fiphr-sd-macronutrientintake": ("0.1.0", "official"),
    "fiphr-sd-insulindosing-r4": ("0.1.0", "official"),
    "fiphr-sd-patient": ("0.1", "official"),
    "fiphr-sd-questionnaire-r4": ("0.1.0", "official"),
    "fiphr-sd-questionnaireresponse-r4": ("0.1.1", "official"),
    "fiphr-sd-selfcareplan-r4": ("0.1.0", "official"),
    "fiphr-ext-creatingapplication": ("0.2", "official"),
    "fiphr-ext-boolean": ("0.1", "official"),
    "fiphr-ext-pq-translation": ("0.01", "official"),
    "fiphr-unsignedint": ("0.2", "official")}
KANTA = "http://phr.kanta.fi/"
CODES = {  # URL: version, codes, of them with fi, sv and en; None: all there are
    KANTA + "CodeSystem/fiphr-cs-careplancategory": ("2.1", 48, 48, 48, 48),
    KANTA + "fiphr-cs-consentcategory": ("1.0", 1, 1, 1, 1),
    KANTA + "fiphr-cs-fitnesscategory": ("1.0", 1, 0, 0, 0),
    KANTA + "CodeSystem/fiphr-cs-insulincode": ("1.0", 2, 2, 2, 2),
    KANTA + "fiphr-cs-moderatetovigorouspa": ("1.1", 1, 1, 1, 1),
    KANTA + "CodeSystem/fiphr-cs-observationcategory": ("1.0", 2, 2, 2, 2),
    "urn:oid:1.2.246.537.6.55": ("1.0", 0, 0, 0, 0),
    KANTA + "ValueSet/fiphr-vs-careplancategory": ("2.1", 48, 48, 48, 48),
    KANTA + "ValueSet/fiphr-vs-confidentiality": ("1.0", 2, 2, 2, 2),
    KANTA + "ValueSet/fiphr-vs-consentcategory": ("1.0", None, 0, 0, 0),
    KANTA + "ValueSet/fiphr-vs-exerciseactivity": ("1.1", 49, 49, 49, 49),
    KANTA + "ValueSet/fiphr-vs-exerciseintensity": ("1.0", 3, 3, 3, 3),
    KANTA + "ValueSet/fiphr-vs-exercisetracking": ("1.0", 5, 5, 5, 5),
    KANTA + "ValueSet/fitness-category": ("1.0", None, 0, 0, 0),
    KANTA + "ValueSet/fiphr-vs-fitnessresult": ("1.1", 11, 11, 11, 11),
    KANTA + "ValueSet/fiphr-vs-insulincode": ("1.0", None, 0, 0, 0),
    KANTA + "ValueSet/fiphr-vs-macronutrients": ("1.0", 6, 6, 6, 6),
    KANTA + "ValueSet/fiphr-vs-metbystandardrmr": ("1.0", 9, 9, 9, 9),
    KANTA + "ValueSet/fiphr-vs-nutrition": ("1.0", 2, 2, 2, 2),
    KANTA + "ValueSet/fiphr-vs-observationcategory": ("1.0", 2, 2, 2, 2),
    KANTA + "ValueSet/fiphr-vs-sourceforadjustedmet": ("1.0", 5, 5, 5, 5),
    KANTA + "ValueSet/fiphr-vs-sourceforestimatedmet": ("1.0", 4, 4, 4, 4),
    KANTA + "ValueSet/fiphr-vs-sourceforreportedmet": ("1.0", 3, 3, 3, 3),
    KANTA + "ValueSet/fiphr-vs-vitalsigns": ("1.2", 20, 20, 20, 0)}
CONFIDENCE = "urn:mock-kanta-phr:confidence"
HUMAN = {  # the words of the invariants are known to clients
    "PHR-1": {"Resource SHALL contain code '15074-8' or '14743-9' or '14745-4'",
              "When using code '15074-8' or '14743-9' or '14745-4' system "
              "http://loinc.org SHALL be used"},
    "PHR-2": {"When using code '15074-8' also code '14743-9' SHALL be used"},
    "PHR-3": {"When using code '14743-9' also code '15074-8' SHALL be used"},
    "PHR": {"Resource SHALL contain code '9059-7' or '9060-5' or '9066-2' or "
            "'9067-0' or '9079-5' or '9080-3'"}}


def definitions(*types):
    found = [load(p) for p in glob.glob(os.path.join(FOLDER, "*.json"))]
    return {r["url"]: r for r in found if r["resourceType"] in types}


def marks(definition):
    return [e["valueCode"] for e in definition.get("extension", [])
            if e["url"] == CONFIDENCE]


def test_the_profiles_are_complete():
    found = definitions("StructureDefinition")
    assert {u: (r["version"], *marks(r)) for u, r in found.items()} == \
        {PHR + n: v for n, v in PROFILES.items()}


def test_the_profiles_are_loaded(binary):
    listed = run(binary, "profiles", "--format", "json")
    assert listed.returncode == 0, listed.err
    shown = {(p["url"], p["confidence"]) for p in json.loads(listed.out)
             if p["fhir"] == "r4"}
    resources = {(PHR + n, v[1]) for n, v in PROFILES.items() if "-sd-" in n}
    assert resources <= shown, resources - shown


def concepts(r):
    if r["resourceType"] == "CodeSystem":
        assert r.get("count", 0) == len(r.get("concept", []))
        return r.get("concept", [])
    parts = [i.get("concept") for i in r["compose"]["include"]]
    assert all(parts) or not any(parts)
    return [c for p in parts for c in p] if all(parts) else None


def test_the_terminology_is_complete():
    found = {}
    for url, r in definitions("CodeSystem", "ValueSet").items():
        some = concepts(r)
        if some is not None:
            assert len({c["code"] for c in some}) == len(some), url
        tongues = [[d["language"] for d in c.get("designation", [])]
                   for c in some or []]
        found[url] = (r["version"], None if some is None else len(some),
                      *(sum(t.count(x) == 1 for t in tongues)
                        for x in ("fi", "sv", "en")))
    assert found == CODES


def test_the_words_of_the_invariants():
    found = {}
    for r in definitions("StructureDefinition").values():
        for e in r["differential"]["element"]:
            for c in e.get("constraint", []):
                assert c["severity"] == "error"
                found.setdefault(c["key"], set()).add(c["human"])
    assert found == HUMAN
