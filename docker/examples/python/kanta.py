# SPDX-License-Identifier: Apache-2.0
"""Kanta's stand-in for a test suite: a container, or, named by the environment,
KANTA_URL: one that runs already; MOCK_PHR: the program itself, without Docker.
Nothing but Testcontainers and the standard library."""
import contextlib
import json
import os
import subprocess
import urllib.error
import urllib.request

IMAGE = os.environ.get("KANTA_IMAGE", "mock-kanta-phr:0.1.0")


@contextlib.contextmanager
def container():
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy
    ready = HttpWaitStrategy(8080, "/__admin/health").for_status_code(200)
    with DockerContainer(IMAGE).with_exposed_ports(8080).waiting_for(
            ready) as c:
        yield f"http://{c.get_container_host_ip()}:{c.get_exposed_port(8080)}"


@contextlib.contextmanager
def program(path):
    """It ends with the tests, however they end: its input is closed then."""
    with subprocess.Popen(
            [path, "serve", "--listen", "http://127.0.0.1:0", "--log", "off",
             "--exit-on-stdin-eof"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"it ended: {process.wait()}")
        yield json.loads(line)["listeners"][0]["url"]


@contextlib.contextmanager
def running():
    url, path = os.environ.get("KANTA_URL"), os.environ.get("MOCK_PHR")
    with (contextlib.nullcontext(url) if url else
          program(path) if path else container()) as url:
        yield Kanta(url.rstrip("/"))


def ask(method, url, body=None, headers=()):
    """Status, headers and JSON of an answer, whatever the status."""
    request = urllib.request.Request(
        url, json.dumps(body).encode() if body is not None else None,
        {"Content-Type": "application/json", **dict(headers)}, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as e:
        answer = e
    with answer:
        text = answer.read()
        return answer.status, answer.headers, json.loads(text or "null")


class Kanta:
    """The addresses that an application is configured with, and the control
    API."""

    def __init__(self, url):
        self.r4 = url + "/phr-resourceserver/baseR4"
        self.auth = url + "/phr-authserver-sandbox"
        self.control = url + "/__admin"

    def admin(self, path, **body):
        status, _, answer = ask("POST", self.control + path, body)
        assert status < 300, f"{path}: {status} {answer}"
        return answer

    def citizen(self, client="demo-app"):
        """A citizen of the test's own, who permits the application; no
        pages."""
        citizen = self.admin("/citizens")
        token = self.admin("/tokens", client_id=client, hetu=citizen["hetu"])
        return dict(citizen, token=token["access_token"])
