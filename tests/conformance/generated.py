#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What generate makes, before another validator: valid data has to pass, and
mutants have to be refused.

    generated.py BINARY --oracle COMMAND --package FOLDER [--days N] WORK

COMMAND is run as in differential.py, with --package as its definitions. Data
of the profiles that are in the package is put into WORK, a file each; only R4
has one that is published. What the other validator accepts must be in GAPS: why
it does, by rule and by words of what was done; where it gives no verdict, the
reason must be in CRASHES. Mutants that it cannot know to be wrong are no gaps:
they are not among "all" (server/generate/mutant_apart.c).
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
# (rule or invariant, pattern of what was done, why it accepts it)
GAPS = [
    ("KPHR-PROF-0046", r"\.language is", TERMS),
]
# Where it gives no verdict: (pattern of what it says, why).
CRASHES = [
    ("appear to be a FHIR resource", "it stops at an unknown type within"),
    ("\"xhtml\" is null", "it goes on with a narrative it could not read"),
    ("single element when there is more than one present .enableWhen",
     "que-12 as it was published"),
    ("Expected answer and actual answer have incompatible types",
     "it compares values of an enableWhen by type"),
]


def why_crashed(text):
    for pattern, reason in CRASHES:
        if re.search(pattern, text):
            return reason
    return None


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
        if not mutant or verdict == "invalid":
            continue
        crashed = verdict == "crash"
        reason = why_crashed(issues) if crashed else why(mutant)
        label = f"{mutant['rule']} {mutant.get('key') or ''}".strip()
        if reason:
            gaps[f"{'crash' if crashed else 'accepted'}, "
                 f"{label}: {reason}"] += 1
        else:
            wrong.append(f"{name} {'crashes it' if crashed else 'is accepted'}"
                         f": {label} {mutant['profile']} {mutant['what']} "
                         f"{issues[:200]}")
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
        print(f"{n:5}  {label}")
    for line in wrong:
        print(line)
    print(", ".join(f"{k}: {v}" for k, v in sorted(count.items())))
    return 1 if wrong or not verdicts or len(verdicts) < len(index) else 0


if __name__ == "__main__":
    sys.exit(main())
