# SPDX-License-Identifier: Apache-2.0
"""The example resources and the plans of the generator, as files: each example
is judged valid, each national profile has its two, the minimal ones are
minimal, plans name what there is, and each mutant by hand breaks its one rule
and no other."""
import copy
import json
import pathlib
import re

import pytest

from edits import broken, has, put, removed, verdicts
from support import run

ROOT = pathlib.Path(__file__).parents[2] / "fixtures"
EXAMPLES = sorted((ROOT / "examples").glob("fiphr-*.json"))
PLANS = sorted((ROOT / "generate").glob("fiphr-*.json"))

# What the base of others is for, though its definition does not say abstract.
NO_EXAMPLES = {
    "fiphr-sd-vitalsigns": "the guide: no instances of it, only of its kinds",
    "fiphr-device": "only ever contained in an observation",
}
NO_SYSTEM = "a code without its system says nothing (a warning)"
# What a minimal example has beyond the least that is accepted.
REMOVABLE = {
    "fiphr-sd-insulindosing-r4-min": {
        "medicationCodeableConcept.coding[0].system": NO_SYSTEM},
    "fiphr-sd-insulindosing-stu3-min": {
        "medicationCodeableConcept.coding[0].system": NO_SYSTEM},
    "fiphr-medicationadministration-stu3-min": {
        "medicationCodeableConcept.coding[0].system": NO_SYSTEM,
        "medicationCodeableConcept.coding[0].code":
            "as above, and it was this code that was sent"},
    "fiphr-sd-questionnaireresponse-stu3-min": {
        "item[0].answer": "generated responses have answers"},
}
SLOTS = {"time", "date", "start", "end", "uuid", "patient", "citizen"}


def load(path):
    return json.loads(path.read_text("utf-8"))


def example(name):
    return load(ROOT / "examples" / f"{name}.json")


def of_version(path):
    return "stu3" if "-stu3" in path.name else "r4"


QUESTIONNAIRES = [a for p in EXAMPLES if "-questionnaire-" in p.name
                  for a in ("--package", str(p))]


def removals(value, path=""):
    """A path for each thing that can be taken out and leaves something: the
    only member of an object is taken out by taking out the object."""
    members = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for k, v in members:
        at = f"{path}[{k}]" if isinstance(k, int) else \
            f"{path}.{k}" if path else k
        if len(members if isinstance(value, dict) else value) > 1:
            yield at
        yield from removals(v, at)


# ---- examples ----------------------------------------------------------------

def test_there_are_examples():
    assert len(EXAMPLES) >= 32 and len(PLANS) >= 16


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_is_valid(binary, path):
    done = run(binary, "validate", "--fhir", of_version(path), "--level",
               "warning", *QUESTIONNAIRES, path)
    assert done.returncode == 0, done.out


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_is_of_the_profile_of_its_name(path):
    name, size = path.stem.rsplit("-", 1)
    r = load(path)
    assert size in ("min", "max")
    assert [p.rsplit("/", 1)[1] for p in r["meta"]["profile"]] == [name]
    assert "id" not in r


def test_identifiers_of_the_examples_differ():
    seen = [i for p in EXAMPLES
            for i in re.findall(r'"urn:uuid:[^"]*"', p.read_text("utf-8"))]
    assert seen and len(seen) == len(set(seen))
    for i in seen:
        assert re.fullmatch(r'"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-'
                            r'[89ab][0-9a-f]{3}-[0-9a-f]{12}"', i), i


def test_every_profile_has_two_examples(binary):
    known = json.loads(run(binary, "profiles", "--format", "json").out)
    names = {p["url"].rsplit("/", 1)[1] for p in known
             if not p["abstract"] and p["type"] != "Extension"}
    have = {p.stem for p in EXAMPLES}
    missing = {f"{n}-{s}" for n in names - set(NO_EXAMPLES)
               for s in ("min", "max")} - have
    assert not missing
    assert set(NO_EXAMPLES) <= names and not have & {
        f"{n}-min" for n in NO_EXAMPLES}


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_a_minimal_example_is_minimal(binary, fhir):
    cases = [(p.stem, at, removed(load(p), [at])) for p in EXAMPLES
             if p.stem.endswith("-min") and of_version(p) == fhir
             for at in removals(load(p))
             if at.split(".")[0] not in ("resourceType", "meta")]
    assert len(cases) > 100
    found = verdicts(binary, [r for _, _, r in cases], "--fhir", fhir)
    accepted = {(name, at) for (name, at, _), (valid, _, _)
                in zip(cases, found) if valid}
    allowed = {(name, at) for name, paths in REMOVABLE.items()
               for at in paths if ("-stu3" in name) == (fhir == "stu3")}
    assert accepted == allowed


# ---- plans -------------------------------------------------------------------

def shapes(plan):
    return plan["shapes"] + [s for w in plan["when"]
                             for s in w.get("shapes", [])]


def named_values(plan):
    """What slots may name; a value is made of those above it."""
    names = set()
    for name, value in plan.get("values", {}).items():
        for how in ("of", "times", "plus"):
            of = value.get(how)
            assert not isinstance(of, str) or of in names, (name, of)
        names.add(name)
        for c in value.get("choice", []):
            names.update(f"{name}.{member}" for member in c)
    return names


@pytest.mark.parametrize("path", PLANS, ids=lambda p: p.stem)
def test_a_plan_names_what_there_is(path):
    plan = load(path)
    assert plan["profile"].rsplit("/", 1)[1] == path.stem
    assert plan["fhir"] == of_version(path)
    for s in shapes(plan):
        r = example(s["example"])
        assert r["meta"]["profile"] == [plan["profile"]]
        absent = [p for p in [*s.get("set", {}), *s.get("remove", [])]
                  if not has(r, p)]
        assert not absent, s["example"]
    for p in plan.get("set", {}):
        assert any(has(example(s["example"]), p) for s in shapes(plan)), p
    names = named_values(plan) | SLOTS
    texts = [t for s in [plan, *shapes(plan)] for t in s.get("set", {}).values()
             if isinstance(t, str)]
    for slot in re.findall(r"\{([^{}]*)\}", "".join(texts)):
        assert re.split(r"[:+-]", slot)[0] in names, slot


def mutant(plan, m):
    """As the generator makes it: of the first shape, of those that are named,
    that has the paths that are taken out."""
    for s in shapes(plan):
        r = removed(example(s["example"]), s.get("remove", []))
        if m.get("shape", s["example"]) == s["example"] and all(
                has(r, p) for p in m.get("remove", [])):
            break
    else:
        raise AssertionError(f"no shape for {m}")
    for p, v in m.get("put", {}).items():
        put(r, p, copy.deepcopy(v))
    return removed(r, m.get("remove", []))


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_a_mutant_by_hand_breaks_its_rule_alone(binary, fhir):
    made = [(p.stem, m, mutant(load(p), m)) for p in PLANS
            if of_version(p) == fhir for m in load(p).get("mutants", [])]
    assert made
    found = verdicts(binary, [r for _, _, r in made], "--fhir", fhir)
    wrong = [(name, m, [i["diagnostics"] for i in errors])
             for (name, m, _), (_, errors, _) in zip(made, found)
             if len(errors) != 1 or m["rule"] not in broken(errors[0])]
    assert not wrong


@pytest.mark.parametrize("fhir", ["r4", "stu3"])
def test_the_values_for_forbidden_elements_are_for_known_types(fhir):
    elements = load(ROOT / "generate" / f"elements-{fhir}.json")
    types = {example(s["example"])["resourceType"]
             for p in PLANS if of_version(p) == fhir
             for s in shapes(load(p))}
    assert types <= set(elements)
    assert all(len(v) > 10 for v in elements.values())
