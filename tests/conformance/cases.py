#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Conformance cases: a folder of cases, each a folder with case.json, against
the validate command under --rules current.

    cases.py BINARY CASES [--score FILE] [--show NAME]

Prints the agreement of verdicts for each FHIR version and area and every
disagreement with what was said and what was expected. With --score it fails
when one of the file's lines (version, area, at least so many agree) no longer
holds: a ratchet. A crash (no outcome, a signal, a sanitizer's report) fails
always.
"""
import argparse
import collections
import json
import os
import subprocess
import sys


def load(folder):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name, "case.json")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as f:
                yield name, os.path.dirname(path), json.load(f)


def command(binary, folder, case):
    argv = [binary, "validate", "--fhir", case["fhir"], "--rules", "current",
            "--profiles", "none", "--unknown-profile", "warn", "--errors",
            "explain", "--format", "ndjson"]
    for name in case["supporting"]:
        argv += ["--package", os.path.join(folder, name)]
    for url in case["profiles"]:
        argv += ["--profile", url]
    if case.get("options", {}).get("examples") is False:
        argv += ["--set", "example_urls=off"]
    return argv + [os.path.join(folder, case["input"])]


def errors_of(outcome):
    return [(issue.get("expression", [""])[0], issue.get("diagnostics", ""))
            for issue in outcome["issue"]
            if issue["severity"] in ("error", "fatal")]


def judge(binary, folder, case):
    """The verdict, and what was said."""
    run = subprocess.run(command(binary, folder, case), capture_output=True,
                         text=True, timeout=60, check=False)
    if run.returncode not in (0, 1) or not run.stdout.startswith("{"):
        return "crash", [(str(run.returncode), run.stderr[-400:])]
    answer = json.loads(run.stdout)
    return ("valid" if answer["valid"] else "invalid",
            errors_of(answer["outcome"]))


def tell(name, case, verdict, said):
    print(f"{name}: expected {case['expect']}, got {verdict}")
    for where, text in said[:6]:
        print(f"    said     {where}: {text[:160]}")
    for issue in case["issues"]:
        if issue["severity"] in ("error", "fatal"):
            print(f"    expected {issue.get('expression')}: "
                  f"{issue['text'][:160]}")


def ratchet(path, agree):
    fallen = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            if not line.strip() or line.startswith("#"):
                continue
            version, area, least = line.split()
            if agree[version, area] < int(least):
                fallen.append(f"{version} {area}: {agree[version, area]} "
                              f"agree, it has been {least}")
    return fallen


def main():
    args = argparse.ArgumentParser()
    args.add_argument("binary")
    args.add_argument("cases")
    args.add_argument("--score")
    args.add_argument("--show", default=None)
    args = args.parse_args()
    agree, total = collections.Counter(), collections.Counter()
    crashes = 0
    for name, folder, case in load(args.cases):
        if args.show and args.show not in name:
            continue
        verdict, said = judge(args.binary, folder, case)
        crashes += verdict == "crash"
        for area in (case["area"], "all"):
            total[case["fhir"], area] += 1
            agree[case["fhir"], area] += verdict == case["expect"]
        if verdict != case["expect"] or args.show:
            tell(name, case, verdict, said)
    for key in sorted(total):
        print(f"{key[0]:5} {key[1]:14} {agree[key]:4} of {total[key]:4}  "
              f"{100 * agree[key] / total[key]:5.1f} %")
    if not total:
        print("no case found")
        return 1
    fallen = ratchet(args.score, agree) if args.score else []
    for line in fallen:
        print("the score fell:", line)
    print(f"{crashes} crashes")
    return 1 if fallen or crashes else 0


if __name__ == "__main__":
    sys.exit(main())
