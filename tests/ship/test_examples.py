# SPDX-License-Identifier: Apache-2.0
"""The suites of docker/examples are true: those for Node and Python are run as
a vendor runs them, against the binary; what those for Java and .NET ask of the
control API is there; none needs more than Testcontainers, or more than 150
lines a file."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parents[2] / "docker" / "examples"
MOCK = os.environ.get("MOCK", "")
SUITES = {
    "node": ["node", "--test", "--test-reporter=spec"],
    "python": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
}
SOURCES = (".mjs", ".py", ".java", ".cs")
TESTS = 6


def sources(language):
    return [p for p in sorted((EXAMPLES / language).rglob("*"))
            if p.suffix in SOURCES]


def run(language, **named):
    """A suite, in its folder, with nothing in the environment but what names
    the server."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("MOCK", "KANTA", "PYTEST", "NODE_"))}
    return subprocess.run(
        SUITES[language], cwd=EXAMPLES / language, text=True,
        env=dict(env, PYTHONDONTWRITEBYTECODE="1", **named),
        capture_output=True, timeout=120)


def passed(language, done):
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    wanted = {"node": rf"pass {TESTS}\b", "python": rf"{TESTS} passed"}
    assert re.search(wanted[language], text), text


@pytest.mark.parametrize("language", SUITES)
def test_the_suite_passes_against_the_binary(language):
    assert MOCK, "MOCK names no binary"
    passed(language, run(language, MOCK_PHR=MOCK))


@pytest.mark.parametrize("language", SUITES)
def test_the_suite_fails_without_a_server(language, tmp_path):
    fake = tmp_path / "mock"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    done = run(language, MOCK_PHR=str(fake))
    assert done.returncode != 0 and "it ended: 3" in done.stdout + done.stderr


@pytest.mark.parametrize("language", ["java", "dotnet", "node", "python"])
def test_what_it_asks_of_the_control_api_is_there(language):
    calls = set()
    for p in sources(language):
        calls.update(re.findall(r"admin(?:Async)?\(\s*\"(/[a-z/]+)\"",
                                p.read_text(), re.I))
    assert calls >= {"/citizens", "/tokens", "/faults", "/requests/count"}
    with subprocess.Popen([MOCK, "serve", "--listen", "http://127.0.0.1:0",
                           "--log", "off", "--exit-on-stdin-eof"],
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        admin = json.loads(process.stdout.readline())["admin"]
        for call in sorted(calls):
            done = subprocess.run(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d",
                 '{"fish": 1}', admin + call], capture_output=True, text=True)
            assert done.stdout == "400", call


@pytest.mark.parametrize("language", ["java", "dotnet", "node", "python"])
def test_it_is_short(language):
    for p in sources(language):
        assert len(p.read_text().splitlines()) < 150, p


def test_only_testcontainers_is_needed():
    package = json.loads((EXAMPLES / "node" / "package.json").read_text())
    assert set(package["devDependencies"]) == {"testcontainers"}
    needed = (EXAMPLES / "python" / "requirements.txt").read_text().split()
    assert {re.match(r"\w+", n)[0] for n in needed} == {
        "pytest", "testcontainers"}
    pom = (EXAMPLES / "java" / "pom.xml").read_text()
    assert set(re.findall(r"<groupId>(org[^<]*)", pom)) == {
        "org.testcontainers", "org.junit.jupiter"}
