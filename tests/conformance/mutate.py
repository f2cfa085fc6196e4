#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mutants: valid resources with one thing changed, each named by the class of
its change.

    mutate.py --out FOLDER --count N [--seed S] SOURCE...

Each mutant is FOLDER/CLASS-NUMBER.json; FOLDER/index.tsv tells class, source
and path. The same sources, count and seed give the same mutants. Whether a
mutant is still valid is for the validators to say: the classes break one rule
each where the element has that rule.
"""
import argparse
import copy
import json
import os
import random

DATES = ["2020-13-01", "2020-02-30", "20200101", "2020-1-1", "01.02.2020",
         "2020-01-01T10:00:00", "2020-01-01T25:00:00Z", "2020-01-01T10:00Z",
         "yesterday", "2020-01-01 10:00:00Z", "2020-01-01T10:00:00+2:00"]
URIS = ["http://example.org/a b", "oid:1.2.3", "uuid:1", "urn:oid:01.2.x",
        "urn:uuid:ABC", " http://example.org", "not absolute"]


def walk(value, path=(), up=None):
    """(path, container, key) of everything below."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in list(items):
        here = path + (key,)
        yield here, value, key
        if isinstance(child, (dict, list)):
            yield from walk(child, here)


class Mutator:
    """One resource and the ways to break it. A way returns the path of what it
    changed, or None when the resource has nothing for it."""

    def __init__(self, resource, rng):
        self.resource = resource
        self.rng = rng
        self.places = [p for p in walk(resource) if p[0][-1] != "resourceType"
                       and p[0][0] not in ("meta",)]

    def pick(self, wanted):
        found = [p for p in self.places if wanted(p)]
        return self.rng.choice(found) if found else None

    def replace(self, wanted, values):
        place = self.pick(wanted)
        if not place:
            return None
        path, box, key = place
        box[key] = values(box[key]) if callable(values) else \
            self.rng.choice(values)
        return path

    def named(self, *names, kind=None):
        return lambda p: p[2] in names and (kind is None or
                                            isinstance(p[1][p[2]], kind))

    def text(self, ends):
        return lambda p: (isinstance(p[2], str) and isinstance(p[1][p[2]], str)
                          and p[2].endswith(ends))

    # -- cardinality and shape

    def removed(self):
        place = self.pick(lambda p: isinstance(p[2], str) and
                          len(p[1]) > 1 and p[2] != "div")
        if not place:
            return None
        del place[1][place[2]]
        return place[0]

    def item_removed(self):
        place = self.pick(lambda p: isinstance(p[2], int) and len(p[1]) > 1)
        if not place:
            return None
        place[1].pop(place[2])
        return place[0]

    def item_doubled(self):
        place = self.pick(lambda p: isinstance(p[2], int))
        if not place:
            return None
        place[1].append(copy.deepcopy(place[1][place[2]]))
        return place[0]

    def to_array(self):
        return self.replace(lambda p: isinstance(p[2], str) and
                            not isinstance(p[1][p[2]], list), lambda v: [v])

    def from_array(self):
        return self.replace(lambda p: isinstance(p[1][p[2]], list) and
                            len(p[1][p[2]]) == 1, lambda v: v[0])

    def unknown(self):
        place = self.pick(lambda p: isinstance(p[1][p[2]], dict))
        if not place:
            return None
        place[1][place[2]]["unknownElement"] = "x"
        return place[0]

    def moved(self):
        """An element where it does not belong."""
        place = self.pick(lambda p: isinstance(p[2], str))
        other = self.pick(lambda p: isinstance(p[1][p[2]], dict) and
                          place and p[1][p[2]] is not place[1])
        if not place or not other or place[2] in other[1][other[2]]:
            return None
        other[1][other[2]][place[2]] = copy.deepcopy(place[1][place[2]])
        return other[0] + (place[2],)

    def to_scalar(self):
        return self.replace(lambda p: isinstance(p[1][p[2]], dict), ["x", 5])

    def to_object(self):
        return self.replace(lambda p: isinstance(p[1][p[2]], str) and
                            p[2] != "div", [{"value": "x"}])

    def quoted(self):
        return self.replace(lambda p: isinstance(p[1][p[2]], (bool, int, float)),
                            lambda v: json.dumps(v))

    def unquoted(self):
        return self.replace(lambda p: isinstance(p[1][p[2]], str) and
                            p[2] != "div", [5, True, 1.5])

    def choice_renamed(self):
        """The same value under another type's name."""
        place = self.pick(lambda p: isinstance(p[2], str) and
                          p[2].startswith(("value", "effective", "onset",
                                           "deceased", "occurrence",
                                           "medication")) and
                          any(ch.isupper() for ch in p[2]))
        if not place:
            return None
        path, box, key = place
        stem = key[:next(i for i, ch in enumerate(key) if ch.isupper())]
        box[stem + self.rng.choice(["Period", "Integer", "Reference",
                                    "Quantity", "String"])] = box.pop(key)
        return path

    def choice_twice(self):
        place = self.pick(lambda p: isinstance(p[2], str) and
                          p[2].startswith(("value", "effective", "onset")) and
                          any(ch.isupper() for ch in p[2]))
        if not place:
            return None
        path, box, key = place
        stem = key[:next(i for i, ch in enumerate(key) if ch.isupper())]
        if stem + "String" in box or stem + "Period" in box:
            return None
        if stem == "value":
            box["valueString"] = "x"
        else:
            box[stem + "Period"] = {"start": "2020-01-01"}
        return path

    # -- primitives

    def date(self):
        return self.replace(
            lambda p: isinstance(p[1][p[2]], str) and len(p[1][p[2]]) >= 4 and
            p[1][p[2]][:4].isdigit() and p[1][p[2]][4:5] in ("", "-"), DATES)

    def uri(self):
        return self.replace(self.text(("system", "url", "uri", "Uri",
                                       "fullUrl")), URIS)

    def code(self):
        return self.replace(self.named("status", "use", "gender", "intent",
                                       "type", "kind", "mode", "comparator",
                                       kind=str), ["nonsense", "FINAL", "a  b"])

    def coding(self):
        return self.replace(self.named("code", kind=str),
                            ["nonsense", " x", "0"])

    def number(self):
        return self.replace(
            lambda p: isinstance(p[1][p[2]], (int, float)) and
            not isinstance(p[1][p[2]], bool), [-1, 0, 1.5, 3000000000])

    def identifier(self):
        if "id" not in self.resource:
            return None
        self.resource["id"] = self.rng.choice(
            ["a b", "x" * 65, "a_b", "ä", "a/b"])
        return ("id",)

    def base64(self):
        return self.replace(self.named("data", "signature", kind=str),
                            ["%%%", "AAA", "A A="])

    # -- references

    def reference(self):
        return self.replace(self.named("reference", kind=str),
                            ["#nothing", "Nothing/1", "Patient", "Patient/a b",
                             "/Patient/1", "Patient/1/2"])

    def target(self):
        return self.replace(self.named("reference", kind=str),
                            ["Binary/1", "Slot/1", "Patient/1", "Device/1"])

    def contained(self):
        if self.resource["resourceType"] in ("Bundle", "Binary", "Parameters"):
            return None
        self.resource.setdefault("contained", []).append(
            {"resourceType": "Patient", "id": "unused-mutant"})
        return ("contained",)

    def contained_id(self):
        return self.replace(lambda p: p[0][0] == "contained" and p[2] == "id"
                            and len(p[0]) == 3, ["other"])

    # -- extensions

    def extension_empty(self):
        place = self.pick(lambda p: isinstance(p[1][p[2]], dict))
        if not place:
            return None
        place[1][place[2]].setdefault("extension", []).append(
            self.rng.choice([{"url": "http://example.org/e"},
                             {"valueString": "x"},
                             {"url": "http://example.org/e",
                              "valueString": "x", "extension": [
                                  {"url": "a", "valueString": "y"}]}]))
        return place[0]

    def extension_type(self):
        place = self.pick(lambda p: isinstance(p[1][p[2]], dict) and
                          "url" in p[1][p[2]] and isinstance(p[0][-1], int)
                          and p[0][-2] == "extension")
        if not place:
            return None
        box = place[1][place[2]]
        for key in [k for k in box if k.startswith("value")]:
            del box[key]
        box[self.rng.choice(["valueBoolean", "valueMarkdown"])] = True
        return place[0]

    # -- narrative

    def narrative(self):
        return self.replace(
            self.named("div", kind=str),
            ["<div>x</div>", "x",
             "<div xmlns=\"http://www.w3.org/1999/xhtml\"></div>",
             "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x</div>",
             "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script>"
             "</div>",
             "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p onclick=\"x\">x"
             "</p></div>",
             "<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>"])

    # -- invariants

    def period(self):
        place = self.pick(lambda p: isinstance(p[1][p[2]], dict) and
                          "start" in p[1][p[2]] and "end" in p[1][p[2]])
        if not place:
            return None
        box = place[1][place[2]]
        box["start"], box["end"] = box["end"], box["start"]
        return place[0]

    def quantity(self):
        place = self.pick(lambda p: isinstance(p[1][p[2]], dict) and
                          "value" in p[1][p[2]] and "code" in p[1][p[2]])
        if not place:
            return None
        place[1][place[2]].pop("system", None)
        return place[0]

    def system(self):
        return self.replace(self.named("system", kind=str),
                            ["http://example.org/other", "relative/system"])

    def value_and_absence(self):
        if self.resource["resourceType"] != "Observation":
            return None
        self.resource["dataAbsentReason"] = {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/"
                      "data-absent-reason", "code": "unknown"}]}
        return ("dataAbsentReason",)

    def emptied(self):
        return self.replace(lambda p: isinstance(p[1][p[2]], str) and
                            p[2] != "div", [""])


CLASSES = [name for name, f in vars(Mutator).items()
           if callable(f) and name not in ("__init__", "pick", "replace",
                                           "named", "text")]


def read(path):
    with open(path, encoding="utf-8-sig") as f:
        resource = json.load(f)
    return resource if isinstance(resource, dict) else None


# How often the common faults of applications come for one of the others.
WEIGHT = {"removed": 5, "item_removed": 2, "item_doubled": 3, "to_array": 2,
          "from_array": 2, "unknown": 2, "moved": 2, "quoted": 2, "date": 4,
          "code": 3, "coding": 3, "system": 3, "emptied": 2, "reference": 2,
          "target": 2, "choice_renamed": 2}


def mutants(sources, count, seed):
    """Each class in turn, on a resource that has something for it."""
    rng = random.Random(seed)
    turn = [c for c in CLASSES for _ in range(WEIGHT.get(c, 1))]
    for made in range(count):
        for _ in range(200):
            name, original = rng.choice(sources)
            cls = turn[made % len(turn)]
            resource = copy.deepcopy(original)
            path = getattr(Mutator(resource, rng), cls)()
            if path is not None and resource != original:
                yield cls, name, path, resource
                break


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--out", required=True)
    args.add_argument("--count", type=int, required=True)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("source", nargs="+")
    args = args.parse_args()
    os.makedirs(args.out, exist_ok=True)
    sources = [(os.path.basename(p), read(p)) for p in args.source]
    sources = [s for s in sources if s[1]]
    with open(os.path.join(args.out, "index.tsv"), "w",
              encoding="utf-8") as index:
        for i, (cls, name, path, resource) in enumerate(
                mutants(sources, args.count, args.seed)):
            file = f"{cls}-{i:05d}.json"
            with open(os.path.join(args.out, file), "w",
                      encoding="utf-8") as f:
                json.dump(resource, f, ensure_ascii=False)
            index.write(f"{file}\t{cls}\t{name}\t"
                        f"{'.'.join(str(p) for p in path)}\n")


if __name__ == "__main__":
    main()
