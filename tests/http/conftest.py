# SPDX-License-Identifier: Apache-2.0
"""What every HTTP test stands on.

The program under test is named by the environment:
  MOCK    the binary; each test module starts its own server on a free port,
          with a frozen clock, and ends it with SIGTERM. A sanitizer report or
          another exit code than 0 fails the module.
  URL     a server that already runs: tests that would disturb it (reset, clock,
          own options) are skipped and say so.
  CORPUS  a folder with real payloads (test_corpus.py) and with the published
          R4 package (test_national_r4.py).

Time moves by the control API, never by sleep. Tests share a server, so each
uses its own citizen (fixture "person") and its own application.
"""
import os

import pytest

import answers
import support
from support import MOCK_NEEDED
from vendor import Vendor

JUDGED = pytest.StashKey()


def pytest_configure(config):
    if not support.URL and not support.MOCK:
        raise pytest.UsageError("set MOCK=path of mock-kanta-phr, or URL")
    answers.prepare()


def pytest_sessionfinish(session):
    """The answers of the whole run are judged, once."""
    if hasattr(session.config, "workerinput") or not support.MOCK:
        return
    judged, wrong = answers.judge(support.MOCK, os.environ["ANSWERS"])
    session.config.stash[JUDGED] = judged, wrong
    if wrong:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    judged, wrong = config.stash.get(JUDGED, (0, []))
    if wrong:
        terminalreporter.section("answers that are not valid FHIR")
        terminalreporter.line("\n".join(wrong[:answers.SHOWN]))
        terminalreporter.line(
            "%d of %d FHIR answers are NOT valid" % (len(wrong), judged))
    elif judged:
        terminalreporter.line("%d FHIR answers, all valid" % judged)


@pytest.fixture(scope="session")
def binary():
    """The path of the program, for tests of the command line."""
    if not support.MOCK:
        pytest.skip("needs the binary (MOCK is not set)")
    return support.MOCK


@pytest.fixture(scope="module")
def server(request):
    """The server that the tests of a module share, started with the module's
    OPTIONS, if it has such."""
    options = getattr(request.module, "OPTIONS", [])
    if support.URL:
        if options:
            pytest.skip(MOCK_NEEDED)
        yield support.Running(support.URL)
        return
    with support.Server(*options) as s:
        yield s


@pytest.fixture(scope="module")
def own(server):
    """The same server, when it may be moved in time and looked into."""
    if support.URL:
        pytest.skip(MOCK_NEEDED)
    return server


@pytest.fixture(scope="module", params=["kanta", "strict"])
def either(request):
    """A server of each behaviour in turn that the tests of a module share."""
    if support.URL:
        if request.param != support.Running.behaviour:
            pytest.skip("URL names a server of one behaviour")
        yield support.Running(support.URL)
        return
    with support.Server("--oauth", request.param) as s:
        yield s


@pytest.fixture(scope="module")
def own_either(either):
    """The same, when it may be moved in time and looked into."""
    if support.URL:
        pytest.skip(MOCK_NEEDED)
    return either


def starting():
    if support.URL:
        pytest.skip(MOCK_NEEDED)
    started = []

    def go(*options, **more):
        started.append(support.Server(*options, **more))
        return started[-1].start()

    yield go
    for s in started:
        s.stop()


@pytest.fixture
def start():
    """start(*options) gives a server of the test's own."""
    yield from starting()


@pytest.fixture(scope="module")
def start_shared():
    """The same for fixtures that the tests of a module share."""
    yield from starting()


@pytest.fixture(scope="module")
def app(server):
    """An application that may do everything the tests need."""
    return server.register()


@pytest.fixture
def person(server, app):
    """A fresh citizen with a token of app."""
    return server.person(app)


@pytest.fixture
def other(server, app):
    """Another fresh citizen with a token of app."""
    return server.person(app)


@pytest.fixture
def vendor(server):
    """A fresh application, as its vendor wrote it."""
    return Vendor(server)


@pytest.fixture
def citizen(server):
    """The personal identity code of a fresh citizen."""
    return server.citizen()["hetu"]
