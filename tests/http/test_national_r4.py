# SPDX-License-Identifier: Apache-2.0
"""The national R4 data content: it is complete, and it says what the published
package says.

The second needs the package: CORPUS/finnish-phr-r4 (and CORPUS/payloads). Every
change that changes.py can think of is made to every example of fixtures/; the
verdict and the rules that are broken have to be the same with the definitions
that are built in and with the published ones (equivalence.py). Left out are
the two profiles that the package lacks.
"""
import glob
import json
import os

import pytest

import changes
import equivalence
import support
from support import PHR

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
FOLDER = os.path.join(ROOT, "profiles", "finnish-phr-r4")
EXAMPLES = os.path.join(ROOT, "fixtures", "examples")
UNPUBLISHED = {PHR + "fiphr-sd-bodyheight", PHR + "fiphr-sd-distance"}
PAIRS = 400

needs_corpus = pytest.mark.skipif(
    not os.path.isdir(os.path.join(support.CORPUS, equivalence.OFFICIAL)),
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


def same(binary, folder, resources, **more):
    count, valid, found = equivalence.compare(
        binary, folder, resources, equivalence.NATIONAL,
        equivalence.published(support.CORPUS), **more)
    assert not found, equivalence.told(found)
    return count, valid


# a name for a test each, so that a failure tells the profile
NAMES = sorted(examples()) if support.CORPUS else ["none"]


@needs_corpus
@pytest.mark.parametrize("which", NAMES)
def test_every_change_is_judged_alike(binary, tmp_path, which):
    all_of = examples()
    r = all_of[which]
    pool = changes.pool_of(all_of.values())
    pool["profile"] = [p for p in pool["profile"] if p not in UNPUBLISHED]
    count, valid = same(binary, tmp_path, changes.changes(r, pool))
    assert count > 500 and 0 < valid < count
    same(binary, tmp_path, changes.pairs(r, pool, PAIRS, which))
