# SPDX-License-Identifier: Apache-2.0
"""HTTP tests once more under valgrind, which sees what the sanitizers do not:
reads of memory that was never written. Of the journey all, of client
certificates the two policies that go different ways, and the clients that leave
in the middle of a handshake."""
import os
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")

SLICES = [("test_journey.py", ""),
          ("test_mtls_python.py", "required-alert or optional-401"),
          ("test_mtls_aborts.py", "")]


@pytest.mark.parametrize("tests,which", SLICES)
def test_under_valgrind(tests, which, tmp_path):
    wrapper = tmp_path / "mock-under-valgrind"
    wrapper.write_text(
        "#!/bin/sh\n"
        "exec valgrind -q --error-exitcode=99 --leak-check=full "
        f"--errors-for-leak-kinds=definite '{os.environ['MOCK']}' \"$@\"\n")
    wrapper.chmod(0o755)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "-k", which, os.path.join(ROOT, "tests", "http", tests)],
        env={**os.environ, "MOCK": str(wrapper), "URL": ""},
        capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:]
    assert " passed" in run.stdout
