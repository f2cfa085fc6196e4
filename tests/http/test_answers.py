# SPDX-License-Identifier: Apache-2.0
"""The judge of answers sees what is wrong with one; it speaks at the end of
every run (conftest.py)."""
import json
import os

import answers


def write(folder, version, name, text):
    os.makedirs(folder / "r4", exist_ok=True)
    os.makedirs(folder / "stu3", exist_ok=True)
    (folder / version / (name + ".json")).write_text(text)
    (folder / version / (name + ".txt")).write_text("GET /" + name + ": 200")


def test_judge(binary, tmp_path):
    good = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    write(tmp_path, "r4", "good", json.dumps(good))
    assert answers.judge(binary, str(tmp_path)) == (1, [])
    write(tmp_path, "stu3", "bad", json.dumps(dict(good, total="0")))
    write(tmp_path, "stu3", "broken", "{")
    judged, wrong = answers.judge(binary, str(tmp_path))
    assert judged == 3
    assert sorted(w.split("\n")[0] for w in wrong) == [
        "GET /bad: 200", "GET /broken: 200"]


def test_answers_are_kept(server):
    server.http.get(server.r4 + "/metadata", timeout=10)
    with open(os.path.join(os.environ["ANSWERS"], max(
            k for k in answers.seen if k.startswith("r4/")) + ".txt"),
            encoding="utf-8") as f:
        assert "baseR4" in f.read()
