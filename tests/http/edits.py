# SPDX-License-Identifier: Apache-2.0
"""Resources that are changed at a path (component[0].valueQuantity.value), and
what the validate command says of many of them at once."""
import copy
import json
import re

from support import run

GONE = object()  # put at a path, it takes out what is there


def steps(path):
    return [int(s[1:-1]) if s[0] == "[" else s
            for s in re.findall(r"\[\d+\]|[^.\[\]]+", path)]


def has(resource, path):
    for s in steps(path):
        try:
            resource = resource[s]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def put(resource, path, value):
    *way, last = steps(path)
    for s, after in zip(way, [*way[1:], last]):
        new = [] if isinstance(after, int) else {}
        if isinstance(s, int) and s == len(resource):
            resource.append(new)
        elif isinstance(s, str):
            resource.setdefault(s, new)
        resource = resource[s]
    if isinstance(last, int) and last == len(resource):
        resource.append(value)
    else:
        resource[last] = value


def without(value):
    """The value less all that is marked as gone."""
    if isinstance(value, dict):
        return {k: without(v) for k, v in value.items() if v is not GONE}
    if isinstance(value, list):
        return [without(v) for v in value if v is not GONE]
    return value


def removed(resource, paths):
    for path in paths:
        assert has(resource, path), path
        put(resource, path, GONE)
    return without(resource)


def changed(resource, changes):
    """A copy with each value of {path: value} in its place."""
    r = copy.deepcopy(resource)
    for path, value in changes.items():
        assert value is not GONE or has(r, path), path
        put(r, path, copy.deepcopy(value) if value is not GONE else GONE)
    return without(r)


def verdicts(binary, resources, *options):
    """(valid, errors, warnings) of each, in one run."""
    lines = "".join(json.dumps(r) + "\n" for r in resources)
    done = run(binary, "validate", "--format", "ndjson", "--errors", "explain",
               *options, "-", stdin=lines.encode())
    found = [json.loads(line) for line in done.out.splitlines()]
    assert len(found) == len(resources), done.err
    return [(f["valid"],
             [i for i in f["outcome"]["issue"]
              if i["severity"] in ("fatal", "error")],
             [i for i in f["outcome"]["issue"]
              if i["severity"] == "warning"]) for f in found]


def told(issue):
    """The invariant's key or the rule's number, and the place."""
    code = issue["details"]["coding"][-1]["code"].replace("KPHR-PROF-", "")
    place = issue["location"][0].partition(".")[2]
    return f"{code} {place}".strip()


def broken(issue):
    """The rule's id, and the key when it is an invariant."""
    key = re.search(r"\(expected: ([A-Za-z0-9-]+): ", issue["diagnostics"])
    return {issue["details"]["coding"][0]["code"], key.group(1) if key else ""}
