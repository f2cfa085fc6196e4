# SPDX-License-Identifier: Apache-2.0
"""Every mutant that generate makes is refused with the rule it says, at the
place it says and with no other, by validate and by POST; what it was made of
is accepted.

Everything goes through validate; of the mutants that can be stored every
other is posted.
"""
import json
import os
import re

import pytest

import equivalence
import support
from support import FHIR_JSON, MOCK, run

OPTIONS = ["--set", "errors=explain"]
pytestmark = pytest.mark.skipif(not MOCK, reason="needs the binary")

CITIZEN = "010190-900P"
GLUCOSE = "fiphr-sd-bloodglucose"
EVERY = 2


def generate(*arguments):
    """Each line as it is read; "text" is the resource byte for byte."""
    done = run(MOCK, "generate", "--clock", support.CLOCK, "--citizen", CITIZEN,
               "--days", 1, *arguments, timeout=120)
    assert done.returncode == 0, done.err
    return [read(line) for line in done.out.splitlines()]


def read(line):
    it = json.loads(line)
    if "resource" in it:
        it["text"] = line[len('{"resource":'):line.rindex(',"valid":')]
    return it


@pytest.fixture(scope="module")
def among_all():
    return generate("--invalid", "all", "--profile", "all")


def table(*arguments):
    """Of --invalid list: profile, rule, key, all or apart, path and what."""
    done = run(MOCK, "generate", "--clock", support.CLOCK,
               "--invalid", "list", *arguments, timeout=120)
    return [line.split(None, 5) for line in done.out.splitlines()]


@pytest.fixture(scope="module")
def apart():
    """Those that are made only when they or their rule are asked for."""
    return generate("--invalid", "apart", "--profile", "all")


@pytest.fixture(scope="module")
def mutants(among_all, apart):
    return among_all + apart


def is_stu3(mutant):
    return mutant["profile"].endswith("-stu3")


def verdicts(folder, texts, *arguments):
    path = folder / "resources.ndjson"
    path.write_text("".join(text + "\n" for text in texts))
    done = run(MOCK, "validate", "--format", "ndjson", "--set",
               "errors=explain", *arguments, path, timeout=300)
    return [json.loads(line) for line in done.out.splitlines()]


def errors_of(outcome):
    """(rule, path) of each error of an OperationOutcome."""
    found = set()
    for issue in outcome["issue"]:
        if issue["severity"] not in ("error", "fatal"):
            continue
        codes = [c["code"] for c in issue["details"]["coding"]]
        found.add((codes[0], issue["expression"][0]))
    return found


@pytest.mark.parametrize("fhir", ["stu3", "r4"])
def test_mutants_are_refused(mutants, tmp_path, fhir):
    mutants = [m for m in mutants if is_stu3(m) == (fhir == "stu3")]
    answers = verdicts(tmp_path, [m["text"] for m in mutants], "--fhir", fhir)
    assert len(answers) == len(mutants)
    for mutant, answer in zip(mutants, answers):
        assert not mutant["valid"] and not answer["valid"], mutant["what"]
        assert errors_of(answer["outcome"]) == {
            (mutant["rule"], mutant["path"])}, mutant["what"]


def test_twins_are_accepted(tmp_path):
    resources = generate("--profile", "all")
    assert len(resources) > 40
    texts = [json.dumps(r) for r in resources]
    for resource, answer in zip(resources, verdicts(tmp_path, texts)):
        assert answer["valid"], (resource["meta"], answer["outcome"])


def test_every_profile_and_rule_by_name(mutants):
    profiles = {m["profile"] for m in mutants}
    assert len(profiles) >= 40
    rules = {m["rule"] for m in mutants}
    assert len(rules) >= 60
    one = sorted(profiles)[0]
    alone = generate("--profile", one, "--invalid", "KPHR-PROF-0014")
    assert alone and {m["rule"] for m in alone} == {"KPHR-PROF-0014"}
    assert {m["profile"] for m in alone} == {one}


def test_some_are_asked_for_by_name(among_all, apart):
    """What the HL7 validator accepts is not among "all"."""
    assert generate("--invalid", "KPHR-PROF-0036", "--profile", GLUCOSE)
    rules = {m["rule"] for m in apart}
    assert {"KPHR-PROF-0063", "KPHR-PROF-0064", "KPHR-PROF-0036"} <= rules
    assert not {"KPHR-PROF-0063", "KPHR-PROF-0036"} & {
        m["rule"] for m in among_all}
    rows = table("--profile", "all", "--citizen", CITIZEN)
    assert len(rows) == len(among_all) + len(apart)
    assert sum(row[3] == "apart" for row in rows) == len(apart)
    assert all(("(apart: " in row[5]) == (row[3] == "apart") for row in rows)


def test_list_is_a_table():
    rows = table("--profile", GLUCOSE, "--citizens", 3)
    assert len(rows) > 40 and all(len(row) == 6 for row in rows)
    assert [GLUCOSE, "KPHR-PROF-0080", "PHR-2", "all"] in [
        row[:4] for row in rows]
    assert all(re.fullmatch(r"KPHR-PROF-\d{4}", row[1]) for row in rows)
    assert {row[3] for row in rows} == {"all", "apart"}
    assert len({tuple(row) for row in rows}) == len(rows)


def test_unknown_rule_is_refused():
    done = run(MOCK, "generate", "--invalid", "PRH-2", "--profile", GLUCOSE)
    assert done.returncode == 2 and "PHR-2" in done.err
    assert done.out == ""


def test_posted_mutants_are_refused(own, mutants):
    server = own
    app = server.register()
    token = server.issue(app, CITIZEN)["access_token"]
    posted = 0
    for mutant in mutants[::EVERY]:
        kind = mutant["resource"]["resourceType"]
        if kind != "Observation":
            continue
        base = server.base("stu3" if is_stu3(mutant) else "r4")
        r = server.http.post(
            f"{base}/{kind}", timeout=30,
            headers={"Authorization": f"Bearer {token}",
                     "Content-Type": FHIR_JSON},
            data=mutant["text"].encode())
        assert r.status_code == 422, (mutant["what"], r.text)
        assert errors_of(r.json()) == {(mutant["rule"], mutant["path"])}, \
            mutant["what"]
        posted += 1
    assert posted > 100


# ---- the published package --------------------------------------------------

PUBLISHED = os.path.join(support.CORPUS, "finnish-phr-r4")
UNPUBLISHED = ("fiphr-sd-bodyheight", "fiphr-sd-distance")


def published(resource):
    profile = resource["meta"]["profile"][0]
    return not profile.endswith(UNPUBLISHED + ("-stu3",))


@pytest.mark.skipif(not os.path.isdir(PUBLISHED),
                    reason="CORPUS names no folder with the R4 package")
def test_published_package_says_the_same(mutants, tmp_path):
    """Of all that is generated: the verdict, and the rules that are broken."""
    resources = [(m["what"], m["text"]) for m in mutants
                 if published({"meta": {"profile": [m["profile"]]}})]
    resources += [("valid", json.dumps(r)) for r in
                  generate("--fhir", "r4") if published(r)]
    count, valid, found = equivalence.compare(
        MOCK, tmp_path, resources, equivalence.NATIONAL,
        equivalence.package(PUBLISHED))
    assert not found, equivalence.told(found)
    assert count > 2000 and valid > 10
