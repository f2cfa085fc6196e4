# SPDX-License-Identifier: Apache-2.0
"""The HTTP tests of the journey once more under valgrind, which sees what the
sanitizers do not: reads of memory that was never written."""
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def test_journey_under_valgrind(tmp_path):
    wrapper = tmp_path / "mock-under-valgrind"
    wrapper.write_text(
        "#!/bin/sh\n"
        "exec valgrind -q --error-exitcode=99 --leak-check=full "
        f"--errors-for-leak-kinds=definite '{os.environ['MOCK']}' \"$@\"\n")
    wrapper.chmod(0o755)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         os.path.join(ROOT, "tests", "http", "test_journey.py")],
        env={**os.environ, "MOCK": str(wrapper), "URL": ""},
        capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:]
    assert " passed" in run.stdout
