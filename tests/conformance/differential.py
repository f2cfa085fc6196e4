#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The same resources before the validate command (--rules kanta) and before
another validator; where the verdicts differ, and why.

    differential.py BINARY --oracle COMMAND --fhir stu3|r4 [--package PATH]
                    FOLDER

COMMAND is run with "--fhir V [--ig PATH] --any-extension FOLDER" behind it and
prints for each file: file, valid|invalid|crash, issues ("severity|code|path|
text" joined by " || "), number of issues that were left out, with tabs. Its
answer is kept in FOLDER/oracle.tsv and used again when it is there.

What only newer validators refuse is left out of the count (LATER); so are the
oracle's crashes.
"""
import argparse
import collections
import json
import os
import re
import shlex
import subprocess
import sys

# What validators refuse since, and the one of 2019 did not: (rule, words of the
# text that are meant; all if none), and why it is a rule here.
LATER = [
    ("KPHR-PROF-0009", "", "empty arrays"),
    ("KPHR-FILE-0002", "", "duplicate members and other faults of JSON"),
    ("KPHR-PROF-0034", "", "characters and length of Resource.id: R4's own "
     "definition calls it a string"),
    ("KPHR-PROF-0014", ".url':", "Extension.url is missing"),
    ("KPHR-PROF-0045", "", "base64: it counted characters only"),
    ("KPHR-PROF-0062", "", "txt-2: a narrative without content"),
]


def is_later(rule, text):
    return any(rule == r and words in text for r, words, _ in LATER)


def oracle(command, fhir, package, folder):
    path = os.path.join(folder, "oracle.tsv")
    if not os.path.exists(path):
        argv = shlex.split(command) + ["--fhir", fhir]
        argv += ["--ig", package] if package else []
        argv += ["--any-extension", folder]
        with open(path + ".part", "wb") as out:
            subprocess.run(argv, stdout=out, check=True)
        os.rename(path + ".part", path)
    with open(path, encoding="utf-8") as f:
        for line in f:
            fields = line.rstrip("\n").split("\t")
            yield os.path.basename(fields[0]), fields[1], fields[2]


def ours(binary, fhir, package, files):
    argv = [binary, "validate", "--fhir", fhir, "--rules", "kanta",
            "--profiles", "none", "--unknown-profile", "warn", "--errors",
            "explain", "--format", "ndjson"]
    argv += ["--package", package] if package else []
    verdicts = {}
    for i in range(0, len(files), 500):
        run = subprocess.run(argv + files[i:i + 500], capture_output=True,
                             text=True, check=False)
        for line in run.stdout.splitlines():
            answer = json.loads(line)
            verdicts[os.path.basename(answer["file"])] = answer
    return verdicts


def rules_of(answer):
    """(rule, path, text) of each error."""
    found = []
    for issue in answer["outcome"]["issue"]:
        if issue["severity"] not in ("error", "fatal"):
            continue
        coding = issue.get("details", {}).get("coding", [{}])
        found.append((coding[0].get("code", "?"),
                      issue.get("expression", [""])[0],
                      issue.get("diagnostics", "")))
    return found


def shape(text):
    """The class of a text: without what it quotes, counts and names."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"|\([^)]*\)|\[[^]]*\]", "~", text)
    return re.sub(r"\d+|https?://\S+|[A-Z]\w+(\.\w+)+", "~", text)[:90]


def classes(verdicts, theirs, index):
    """Counts, and examples of each class of disagreement."""
    count = collections.Counter()
    example = collections.defaultdict(list)
    for name, verdict, issues in theirs:
        if name not in verdicts:
            continue
        if verdict == "crash":
            count["oracle crashed"] += 1
            continue
        answer = verdicts[name]
        rules = rules_of(answer)
        agree = answer["valid"] == (verdict == "valid")
        if not agree and rules and all(is_later(r[0], r[2]) for r in rules):
            count["left out: later rules"] += 1
            continue
        count["agree" if agree else "disagree"] += 1
        if agree:
            continue
        if answer["valid"]:
            first = (issues.split(" || ")[0].split("|", 3) + [""] * 4)[3]
            key = "we accept: " + shape(first)
        else:
            first = f"{rules[0][1]}: {rules[0][2]}"
            key = f"we refuse: {rules[0][0]} " + shape(rules[0][2])
        example[key].append(f"{name} {index.get(name, '')} {first[:200]}")
    return count, example


def main():
    args = argparse.ArgumentParser()
    args.add_argument("binary")
    args.add_argument("--oracle", required=True)
    args.add_argument("--fhir", required=True)
    args.add_argument("--package")
    args.add_argument("--least", type=float, default=0.0,
                      help="fail below this agreement, in per cent")
    args.add_argument("folder")
    args = args.parse_args()
    files = sorted(os.path.join(args.folder, n)
                   for n in os.listdir(args.folder) if n.endswith(".json"))
    index = {}
    with open(os.path.join(args.folder, "index.tsv"), encoding="utf-8") as f:
        for line in f:
            name, _, source, path = line.rstrip("\n").split("\t")
            index[name] = f"({source}: {path})"
    theirs = list(oracle(args.oracle, args.fhir, args.package, args.folder))
    count, example = classes(ours(args.binary, args.fhir, args.package, files),
                             theirs, index)
    for key in sorted(example, key=lambda k: -len(example[k])):
        print(f"{len(example[key]):5}  {key}")
        for line in example[key][:3]:
            print(f"           {line}")
    judged = count["agree"] + count["disagree"]
    later = count["left out: later rules"]
    share = 100 * count["agree"] / judged if judged else 0.0
    print(", ".join(f"{k}: {v}" for k, v in sorted(count.items())))
    print(f"agreement: {share:.2f} % of {judged}; with the later rules "
          f"{100 * count['agree'] / max(1, judged + later):.2f} %")
    return 1 if not judged or share < args.least else 0


if __name__ == "__main__":
    sys.exit(main())
