# SPDX-License-Identifier: Apache-2.0
"""What can be said of docker/ without an engine: the version that its texts
name is the program's, the build sees what it copies, and whoever has nothing
to build images with is told so."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
DOCKER = ROOT / "docker"


def version():
    text = (ROOT / "server" / "cli" / "cli.h").read_text()
    return re.search(r'#define PROGRAM_VERSION "(.*)"', text)[1]


def texts():
    yield ROOT / "README.md"
    for p in sorted(DOCKER.rglob("*")):
        if p.is_file() and "node_modules" not in p.parts:
            yield p


def test_one_version():
    named = {(p.name, v) for p in texts() for v in
             re.findall(r"mock-kanta-phr:(\d[\w.]*\w)", p.read_text())}
    assert len(named) > 5
    assert {v for _, v in named} == {version()}


def test_the_build_sees_what_it_copies():
    allowed = re.findall(r"^!(.*)", (
        DOCKER / "Dockerfile.dockerignore").read_text(), re.M)
    copied = [word for line in re.findall(
        r"^COPY (?!--from)(.*)", (DOCKER / "Dockerfile").read_text(), re.M)
        for word in line.split()[:-1]]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(source == a or source.startswith(a + "/")
                   for a in allowed), source


def test_it_is_small_by_its_base():
    stages = re.findall(r"^FROM (\S+)", (DOCKER / "Dockerfile").read_text(),
                        re.M)
    assert stages == ["node:20-bookworm-slim", "debian:bookworm-slim",
                      "scratch"]


@pytest.mark.parametrize("there", [False, True])
def test_what_builds_it(tmp_path, there):
    """Nothing there: it says what could be. A builder: it is given the version,
    and the commit's own time."""
    for tool in ("sh", "sed", "date", "cat", "dirname", "git"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "build-image").write_text('#!/bin/sh\necho "given: $*"\n')
    (tools / "build-image").chmod(0o755)
    env = {"PATH": str(tmp_path), "SOURCE_DATE_EPOCH": "86400"}
    if there:
        env["IMAGE_TOOLS"] = str(tools)
    done = subprocess.run(["sh", str(DOCKER / "build.sh")], text=True,
                          env=env, cwd=os.sep, capture_output=True)
    if not there:
        assert done.returncode == 1
        for what in ("docker info", "apt-get install buildah", "IMAGE_TOOLS="):
            assert what in done.stderr
        return
    assert done.returncode == 0, done.stderr
    for what in (f"-t mock-kanta-phr:{version()} ", f"VERSION={version()} ",
                 "CREATED=1970-01-02T00:00:00Z", "SOURCE_DATE_EPOCH=86400 ."):
        assert what in done.stdout
    assert done.stdout.endswith(f"image: mock-kanta-phr:{version()}\n")
