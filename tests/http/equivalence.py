# SPDX-License-Identifier: Apache-2.0
"""Do two sets of definitions say the same of the same resources?

compare(binary, folder, resources, ours, theirs) judges every resource with both
sets, one run of the validate command each over a stream of NDJSON, and gives
the differences. What is compared is what a client can tell: is it accepted, and
which rules are broken where (rule, path, and for an invariant its text).
"""
import collections
import json
import os

from support import run

INVARIANT = "KPHR-PROF-0080"

# that a profile has to be named at all is no rule of a definition
NATIONAL = ("--profiles", "finnish-phr", "--set", "profile_required=off")


def package(path):
    """The options that judge by a package alone. A profile that is not in it is
    refused, as it is with the built-in ones."""
    return ("--profiles", "none", "--unknown-profile", "reject",
            "--package", path)


Difference = collections.namedtuple("Difference",
                                    "label resource only_ours only_theirs")


def broken(outcome):
    """The rules that an OperationOutcome of --errors explain tells of, as
    (severity, rule, path, text of an invariant)."""
    out = set()
    for issue in outcome.get("issue", []):
        codes = issue.get("details", {}).get("coding", [])
        rule = codes[0]["code"] if codes else issue["code"]
        path = (issue.get("expression") or issue.get("location") or [""])[0]
        text = issue["diagnostics"].split(" [")[0] if rule == INVARIANT else ""
        out.add((issue["severity"], rule, path, text))
    return out


def judge(binary, path, options, fhir="r4", warnings=False, timeout=600):
    """{line: (valid, broken rules)} of a file of one resource a line."""
    done = run(binary, "validate", "--fhir", fhir, "--format", "ndjson",
               "--errors", "explain", "--level",
               "warning" if warnings else "error", "--set", "oo_narrative=off",
               *options, path, timeout=timeout)
    assert done.returncode in (0, 1), done.err
    out = {}
    for line in done.out.splitlines():
        got = json.loads(line)
        out[got["line"]] = (got["valid"], broken(got.get("outcome", {})))
    return out


def compare(binary, folder, resources, ours, theirs, **more):
    """(how many, how many of them valid, differences). resources: pairs of a
    label and an object or JSON text without line ends. more: as of judge()."""
    path = os.path.join(folder, "compared.ndjson")
    labels, texts = [], []
    with open(path, "w", encoding="utf-8") as f:
        for label, resource in resources:
            text = resource if isinstance(resource, str) else \
                json.dumps(resource, ensure_ascii=False)
            f.write(text + "\n")
            labels.append(label)
            texts.append(text)
    mine = judge(binary, path, ours, **more)
    other = judge(binary, path, theirs, **more)
    assert len(mine) == len(other) == len(labels), \
        (len(mine), len(other), len(labels))
    found = [Difference(labels[n - 1], texts[n - 1], mine[n][1] - other[n][1],
                        other[n][1] - mine[n][1])
             for n in sorted(mine) if mine[n] != other[n]]
    return len(labels), sum(valid for valid, _ in mine.values()), found


def told(differences, most=20):
    """For an assertion's message: a few, and how often each kind occurs."""
    kinds = collections.Counter(
        (tuple(sorted({(i[1], i[2]) for i in d.only_ours})),
         tuple(sorted({(i[1], i[2]) for i in d.only_theirs})))
        for d in differences)
    lines = [f"{len(differences)} differences, {len(kinds)} kinds"]
    for (ours, theirs), n in kinds.most_common(most):
        example = next(d for d in differences if
                       {(i[1], i[2]) for i in d.only_ours} == set(ours) and
                       {(i[1], i[2]) for i in d.only_theirs} == set(theirs))
        lines.append(f"{n} x, such as {example.label}:\n"
                     f"  only ours: {sorted(example.only_ours)}\n"
                     f"  only theirs: {sorted(example.only_theirs)}\n"
                     f"  {example.resource[:300]}")
    return "\n".join(lines)
