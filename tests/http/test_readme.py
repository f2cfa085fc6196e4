# SPDX-License-Identifier: Apache-2.0
"""The README is true: its shell blocks are run in one shell, in order, and each
must print what stands in the block behind it. There "…" means anything. The
ports that they name are replaced by free ones."""
import os
import re
import socket
import subprocess

import pytest

from support import MOCK, Server

URL = "http://127.0.0.1:8080"
ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def blocks():
    """The ```sh blocks with the output that is shown for each."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        text = f.read()
    return re.findall(r"```sh\n(.*?)```\n(?:```\n(.*?)```\n)", text, re.S)


def free_ports(n):
    """Free until somebody takes them: the blocks name theirs, as people do."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def pattern(shown):
    return ".*".join(re.escape(part) for part in shown.split("…"))


def test_the_journey_of_the_readme(tmp_path):
    if os.environ.get("URL"):
        pytest.skip("the journey needs a server with the fixtures of its own")
    steps = blocks()
    assert len(steps) == 12
    ports = {f":{old}": f":{new}"
             for old, new in zip((8081, 8443), free_ports(2))}
    os.symlink(os.path.join(ROOT, "fixtures"), tmp_path / "fixtures")
    os.symlink(MOCK, tmp_path / "mock-kanta-phr")
    with Server("--errors", "explain", clock=None) as server:
        script = "set -e\ntrap 'kill $! 2>&- || :' EXIT\n"
        script += "\necho '<<<>>>'\n".join(s for s, _ in steps)
        script = script.replace(URL, server.origin)
        for old, new in ports.items():
            script = script.replace(old, new)
        run = subprocess.run(
            ["sh"], input=script, text=True,
            cwd=tmp_path, capture_output=True, timeout=60,
            env=dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}"))
        assert run.returncode == 0, run.stdout + run.stderr
        printed = run.stdout.replace(server.origin, URL)
    for old, new in ports.items():
        printed = printed.replace(new, old)
    printed = printed.split("<<<>>>\n")
    for (script, shown), output in zip(steps, printed, strict=True):
        lines = output.replace("\r", "").splitlines()
        wanted = shown.splitlines()
        assert len(lines) == len(wanted), output
        for line, want in zip(lines, wanted):
            assert re.fullmatch(pattern(want), line), (want, line)
