#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What generate makes, before another validator: valid data has to pass, and
mutants have to be refused.

    generated.py BINARY --oracle COMMAND --package FOLDER [--days N] WORK

COMMAND is run as in differential.py, with --package as its definitions. Data
of the profiles that are in the package is put into WORK, a file each; only R4
has one that is published. What the other validator accepts must be in GAPS: why
it does, by rule and by words of what was done.
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys

from differential import oracle

TERMS = "no terminology server: it takes any code of this value set"
LATER = "checked since, not yet in 2019"
LINKS = "by itself it follows no reference"
EASED = "an error in 2018, a warning since"
# (rule or invariant, pattern of what was done, why it accepts it)
GAPS = [
    ("KPHR-PROF-0009", "", LATER),
    ("KPHR-PROF-0014", r"\burl$", LATER),
    ("KPHR-PROF-0015", r"Observation\.hasMember",
     "the published snapshot has lost what its base forbids"),
    ("KPHR-PROF-0016", r"place of Observation\.effectiveDateTime|"
     r"^with Observation\.value",
     "a choice of one type is not held to it when the value is another's"),
    ("KPHR-PROF-0034", "", "R4 itself calls Resource.id a string"),
    ("KPHR-PROF-0036", "", EASED),
    ("KPHR-PROF-0045", "", "base64: it counted characters only"),
    ("KPHR-PROF-0046", r"\.language is", TERMS),
    ("KPHR-PROF-0051", "", LINKS),
    ("KPHR-PROF-0052", "", LINKS),
    ("KPHR-PROF-0059", "without </div>", "its reader closes it at the end"),
    ("KPHR-PROF-0062", "", LATER),
    ("KPHR-PROF-0068", "", LINKS),
    ("KPHR-PROF-0069", "", LATER),
    ("KPHR-PROF-0072", "is \"<div ", "it looks at the attributes within only"),
    ("KPHR-PROF-0143", "", LATER),
    ("vs-1", "", "it compares another text of the time"),
    ("que-13", "", "evaluated at another place"),
]


def why(mutant):
    for rule, pattern, reason in GAPS:
        if rule in (mutant["rule"], mutant.get("key")) and \
                re.search(pattern, mutant["what"]):
            return reason
    return None


def generate(binary, *arguments):
    done = subprocess.run(
        [binary, "generate", "--fhir", "r4", "--clock",
         "2026-03-10T12:00:00+02:00", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        text=True)
    return done.stdout.splitlines()


def published(folder):
    """The canonical URLs of a package's profiles."""
    found = set()
    for name in os.listdir(folder):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                found.add(json.load(f).get("url"))
    return found


def put(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


def write_all(binary, folder, days, known):
    """{file name: its mutation, or None for a valid resource}"""
    index = {}
    for i, text in enumerate(generate(binary, "--days", days)):
        profile = json.loads(text)["meta"]["profile"][0]
        if profile in known:
            name = f"valid-{i:06}.json"
            index[name] = None
            put(folder, name, text)
    for i, line in enumerate(generate(binary, "--invalid", "all")):
        mutant = json.loads(line)
        if mutant["profile"] in known:
            name = f"mutant-{i:06}.json"
            index[name] = mutant
            put(folder, name, line[len('{"resource":'):
                                   line.rindex(',"valid":')])
    return index


def judge(index, verdicts):
    """(counts, gaps that occurred, what should not be)"""
    count, gaps = collections.Counter(), collections.Counter()
    wrong = []
    for name, verdict, issues in verdicts:
        mutant = index[name]
        kind = "mutants" if mutant else "valid"
        count[f"{kind} {'' if verdict == 'crash' else 'judged '}{verdict}"] += 1
        if not mutant and verdict != "valid":
            wrong.append(f"{name} is refused: {issues[:300]}")
        if not mutant or verdict != "valid":
            continue
        reason = why(mutant)
        label = f"{mutant['rule']} {mutant.get('key', '')}"
        if reason:
            gaps[f"{label}: {reason}"] += 1
        else:
            wrong.append(f"{name} is accepted: {label} {mutant['profile']} "
                         f"{mutant['what']}")
    return count, gaps, wrong


def main():
    args = argparse.ArgumentParser()
    args.add_argument("binary")
    args.add_argument("--oracle", required=True)
    args.add_argument("--package", required=True)
    args.add_argument("--days", default="30")
    args.add_argument("folder")
    args = args.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    index = write_all(args.binary, args.folder, args.days,
                      published(args.package))
    verdicts = list(oracle(args.oracle, "r4", args.package, args.folder))
    count, gaps, wrong = judge(index, verdicts)
    for label, n in sorted(gaps.items()):
        print(f"{n:5}  accepted, {label}")
    for line in wrong:
        print(line)
    print(", ".join(f"{k}: {v}" for k, v in sorted(count.items())))
    return 1 if wrong or not verdicts or len(verdicts) < len(index) else 0


if __name__ == "__main__":
    sys.exit(main())
