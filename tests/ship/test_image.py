# SPDX-License-Identifier: Apache-2.0
"""The container image, built and run: how large it is, how fast it starts and
stops, as whom it runs, what it may write, and the HTTP tests against it.

IMAGE_TOOLS names the folder with build-image, which builds it, and with-docker,
which gives an engine for the docker client to talk to. Without it everything
here is skipped, and says so. MOCK is the binary beside it, of the same source.
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime

import pytest

from figures import measured
from test_examples import SUITES, passed, run

ROOT = pathlib.Path(__file__).parents[2]
TOOLS = os.environ.get("IMAGE_TOOLS", "")
MOCK = os.environ.get("MOCK", "")

MOST_BYTES = 12_000_000
HEALTHY_MS = 100
STOP_S = 1.0
LOCKED = ["--read-only", "--cap-drop=ALL", "--memory=64m",
          "--security-opt=no-new-privileges"]

pytestmark = [
    pytest.mark.skipif(not TOOLS, reason="no image builder: IMAGE_TOOLS "
                       "names no folder with build-image and with-docker"),
    pytest.mark.skipif(not shutil.which("docker"),
                       reason="no docker client to run the image with"),
]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Builds the image: its name, the builder's report, the archive."""
    archive = tmp_path_factory.mktemp("image") / "image.tar"
    began = time.monotonic()
    done = subprocess.run(
        ["sh", str(ROOT / "docker" / "build.sh"), "mock-kanta-phr:test"],
        env=dict(os.environ, ARCHIVE=str(archive)), text=True,
        capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    measured("built in %.0f s, %.1f MB compressed" % (
        time.monotonic() - began, archive.stat().st_size / 1e6))
    yield {"name": "mock-kanta-phr:test", "report": done.stdout,
           "archive": archive}
    archive.unlink()


class Docker:
    """The docker client, and the containers that it started."""

    def __init__(self, host, image):
        self.env = dict(os.environ, DOCKER_HOST=host)
        self.image = image

    def __call__(self, *arguments, code=0):
        """What it printed, the errors behind."""
        done = subprocess.run(["docker", *map(str, arguments)], env=self.env,
                              text=True, capture_output=True, timeout=60)
        assert code is None or done.returncode == code, done.stderr
        return (done.stdout + done.stderr).strip()

    @contextlib.contextmanager
    def running(self, *options):
        """A container and a free port of this machine that leads into it."""
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        c = self("run", "-d", "-p", f"127.0.0.1:{port}:8080", *options,
                 self.image)
        try:
            yield c, port
        finally:
            self("rm", "-f", "-v", c)

    def compose(self, *arguments, **env):
        """docker-compose with docker/compose.yaml; what it printed."""
        done = subprocess.run(
            ["docker-compose", "-f", str(ROOT / "docker" / "compose.yaml"),
             "-p", "mock-kanta-phr-test", *arguments],
            env=dict(self.env, KANTA_IMAGE="localhost/" + self.image, **env),
            text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def inspect(self, what):
        return json.loads(self("inspect", what))[0]


@pytest.fixture(scope="session")
def docker(built):
    """with-docker's engine, for as long as its command reads."""
    holder = subprocess.Popen(
        [os.path.join(TOOLS, "with-docker"), "sh", "-c",
         'echo "$DOCKER_HOST"; exec cat'], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    host = holder.stdout.readline().strip()
    try:
        assert host, "with-docker gives no engine"
        yield Docker(host, built["name"])
    finally:
        holder.stdin.close()
        holder.wait(30)


def ask(port, path="/__admin/health", body=None):
    """Status and JSON of a request; 0 when nothing answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode() if body is not None else None,
        {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as r:
            return r.status, json.load(r)
    except urllib.error.HTTPError as e:
        return e.code, None
    except OSError:
        return 0, None


def until_healthy(port):
    end = time.monotonic() + 20
    while ask(port)[0] != 200:
        assert time.monotonic() < end, "it never answered"
        time.sleep(0.02)


# ---- what it is -------------------------------------------------------------

def test_it_is_small(built):
    assert built["archive"].stat().st_size <= MOST_BYTES


def test_the_builder_has_nothing_to_complain_of(built):
    lines = built["report"].splitlines()
    assert not [line for line in lines if line.startswith("note:")]
    assert "setuid/gid:   0 files" in lines


def test_it_says_what_it_is(docker):
    config = docker.inspect(docker.image)["Config"]
    label = {k.rpartition(".")[2]: v for k, v in config["Labels"].items()}
    version = subprocess.run([MOCK, "--version"], capture_output=True,
                             text=True).stdout.split()[1]
    assert label["version"] == version
    assert label["licenses"] == "Apache-2.0"
    assert label["title"] == "mock-kanta-phr"
    assert label["created"].endswith("Z") and label["revision"]
    assert "Not a service of Kela" in label["description"]
    assert config["User"] == "65532:65532"
    assert list(config["ExposedPorts"]) == ["8080/tcp"]
    assert list(config["Volumes"]) == ["/data"]
    assert config["Entrypoint"] == ["/mock-kanta-phr"]
    assert config["StopSignal"] in ("SIGTERM", "15")


def test_it_holds_the_program_and_little_else(docker, tmp_path):
    c = docker("create", docker.image)
    docker("export", "-o", tmp_path / "files.tar", c)
    docker("rm", "-v", c)
    names = subprocess.run(["tar", "tf", tmp_path / "files.tar"], text=True,
                           capture_output=True, check=True).stdout.split()
    files = [n for n in names if not n.endswith("/")]
    assert "mock-kanta-phr" in files
    assert not [n for n in files if n.split("/")[-1] in ("sh", "curl", "npm")]
    assert not [n for n in files if n.endswith((".c", ".o", ".key", ".pem"))]
    libraries = [n for n in files if ".so" in n]
    licences = [n for n in files if n.endswith("/copyright")]
    assert 5 < len(libraries) < 40 and len(files) < 100
    assert 5 < len(licences) <= len(libraries) + 1


# ---- how it runs ------------------------------------------------------------

def test_it_is_healthy_at_once(docker):
    """From what the engine calls the start to the first answer."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]

    def watch():
        end = time.monotonic() + 30
        while not seen and time.monotonic() < end:
            if ask(port)[0] == 200:
                seen.append(time.time())
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    c = docker("run", "-d", "-p", f"127.0.0.1:{port}:8080", *LOCKED,
               docker.image)
    try:
        watcher.join()
        began = docker.inspect(c)["State"]["StartedAt"]
        began = datetime.fromisoformat(began[:26] + "+00:00").timestamp()
        assert seen, "it never answered"
        ms = (seen[0] - began) * 1000
        ready = json.loads(docker("logs", c).splitlines()[0])
        measured(f"healthy {ms:.0f} ms after the start "
                 f"({ready['start_ms']} ms of its own)")
        assert ready["pid"] == 1
        assert ms <= HEALTHY_MS
    finally:
        docker("rm", "-f", "-v", c)


def test_it_stops_at_once_as_process_1(docker):
    with docker.running(*LOCKED) as (c, port):
        until_healthy(port)
        with socket.create_connection(("127.0.0.1", port)):  # that says nothing
            began = time.monotonic()
            docker("stop", "-t", "10", c)
            took = time.monotonic() - began
        state = docker.inspect(c)["State"]
        measured(f"stopped in {took * 1000:.0f} ms, the engine included")
        assert state["ExitCode"] == 0
        assert took <= STOP_S


def test_it_is_not_root_and_the_files_cannot_be_written(docker):
    with docker.running(*LOCKED) as (c, port):
        until_healthy(port)
        pid = docker.inspect(c)["State"]["Pid"]
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        words = dict(line.split(":", 1) for line in status.splitlines())
        assert words["Uid"].split() == ["65532"] * 4
        assert int(words["CapEff"], 16) == 0
        assert docker("exec", c, "/mock-kanta-phr", "healthcheck") == ""
        citizen = ask(port, "/__admin/citizens", {})[1]
        token = {"client_id": "demo-app", "hetu": citizen["hetu"],
                 "scope": "patient/Observation.read"}
        assert ask(port, "/__admin/tokens", token)[0] == 200


def test_the_health_check_goes_where_the_server_listens(docker, built):
    line = [x for x in built["report"].splitlines() if "Healthcheck:" in x][0]
    check = json.loads(line.split(":", 1)[1])
    assert check["Test"] == ["CMD", "/mock-kanta-phr", "healthcheck"]
    assert "StartPeriod" not in check, "engines would ask more seldom"
    command = check["Test"][1:]
    with docker.running("-e", "MOCK_PHR_LISTEN=https://0.0.0.0:8443") as (c, _):
        end = time.monotonic() + 20
        while "8443" not in docker("logs", c):
            assert time.monotonic() < end, "no ready line"
        docker("exec", c, *command)
        docker("exec", c, *command, "http://127.0.0.1:8080", code=1)


@pytest.mark.parametrize("day,offset", [("2026-01-10", "+02:00"),
                                        ("2026-07-10", "+03:00")])
def test_it_knows_finlands_time_without_a_zone_file(docker, day, offset):
    with docker.running("-e", f"MOCK_PHR_CLOCK={day}T12:00:00Z") as (_, port):
        until_healthy(port)
        now = ask(port, "/__admin/clock")[1]["now"]
        assert now.startswith(day) and now.endswith(offset)


def test_what_is_in_the_volume_stays(docker):
    options = ["-v", "mock-kanta-phr-test:/data", "-e", "MOCK_PHR_DB=phr.db"]
    try:
        with docker.running(*LOCKED, *options) as (c, port):
            until_healthy(port)
            hetu = ask(port, "/__admin/citizens", {})[1]["hetu"]
            docker("stop", c)
        with docker.running(*LOCKED, *options) as (c, port):
            until_healthy(port)
            assert ask(port, f"/__admin/citizens/{hetu}")[0] == 200
    finally:
        docker("volume", "rm", "mock-kanta-phr-test", code=None)


def test_a_folder_of_fixtures_is_added_to_the_world(docker, tmp_path):
    tmp_path.chmod(0o755)
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"clients": [{
        "client_id": "my-app", "client_name": "My application",
        "redirect_uris": ["http://localhost:1300/cb"],
        "token_endpoint_auth_method": "none"}]}))
    own.chmod(0o644)
    mounted = ["-v", f"{tmp_path}:/fixtures:ro"]
    with docker.running(*mounted) as (c, port):
        until_healthy(port)
        for client in ("my-app", "demo-app"):
            assert ask(port, f"/__admin/clients/{client}")[0] == 200
    own.write_text('{"clientz": []}')
    with docker.running(*mounted) as (c, port):
        assert docker("wait", c) == "65"
        assert "own.json" in docker("logs", c)


# ---- and what it answers ----------------------------------------------------

@pytest.mark.parametrize("language", SUITES)
def test_a_vendors_suite_passes_against_it(docker, language):
    with docker.running(*LOCKED) as (c, port):
        until_healthy(port)
        passed(language, run(language, KANTA_URL=f"http://127.0.0.1:{port}"))


@pytest.mark.skipif(not shutil.which("docker-compose"),
                    reason="no docker-compose")
def test_an_unchanged_application_beside_it(docker):
    """compose.yaml: https on port 443 under the sandbox's names, without root
    and without capabilities. That the application waits for "healthy" is not
    tried: with-docker's engine asks for no health."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = str(s.getsockname()[1])
    try:
        docker.compose("up", "-d", "kanta", KANTA_PORT=port)
        until_healthy(port)
        out = docker.compose("run", "--rm", "--no-deps", "-T", "app",
                             KANTA_PORT=port)
        assert "stored: 201 https://fhirsandbox2.kanta.fi/phr-resource" in out
        assert "read: 200 72.4 kg" in out
    finally:
        docker.compose("down", "-v", KANTA_PORT=port)


def test_the_http_tests_pass_against_it(docker):
    """What "make check URL=..." runs, but the tests of this machine's binary."""
    with docker.running(*LOCKED, "--memory=512m") as (c, port):
        until_healthy(port)
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
             "-n", "2", "--dist", "loadfile", "tests/http"],
            env=dict({k: v for k, v in os.environ.items() if k != "MOCK"},
                     URL=f"http://127.0.0.1:{port}"),
            cwd=ROOT, text=True, capture_output=True)
        measured("%s (%.0f s)" % (done.stdout.strip().splitlines()[-1],
                                  time.monotonic() - began))
        assert done.returncode == 0, done.stdout[-20000:]
        assert docker.inspect(c)["State"]["Running"]
        assert "ERROR" not in docker("logs", c)
