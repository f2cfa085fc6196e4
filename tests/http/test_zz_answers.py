# SPDX-License-Identifier: Apache-2.0
"""The last module: every FHIR answer that the modules before it got is valid by
the base specification of its version, as this program's own validator has it.

What a server that was told to judge less (--profiles none, --set ...) handed
back is a client's resource as it was stored, so it is held to the same."""
import json
import os

import pytest

import answers
import support


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    if not answers.seen:
        pytest.skip("no other module ran before this one")
    folder = answers.FOLDER or str(tmp_path_factory.mktemp("answers"))
    names = answers.write(folder)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "requests.json"), "w",
              encoding="utf-8") as f:
        json.dump(names, f, indent=0)
    return folder, names


@pytest.mark.parametrize("version", ["r4", "stu3"])
def test_answers_are_valid(written, binary, version):
    folder, names = written
    mine = {n: request for n, (v, request) in names.items() if v == version}
    if not mine:
        pytest.skip("no answer of this version")
    done = support.run(binary, "validate", "--profiles", "none", "--fhir",
                       version, "--format", "ndjson", "--level", "error",
                       os.path.join(folder, version), timeout=300)
    wrong, judged = [], 0
    for line in done.out.splitlines():
        verdict = json.loads(line)
        judged += 1
        if not verdict["valid"]:
            name = version + "/" + os.path.basename(verdict["file"])
            wrong.append("%s\n  %s" % (mine[name], "\n  ".join(
                i["diagnostics"] + " " + str(i.get("expression", ""))
                for i in verdict["outcome"]["issue"][:5])))
    assert judged == len(mine)
    assert not wrong, "%d of %d answers are invalid:\n%s" % (
        len(wrong), judged, "\n".join(wrong[:20]))
