# SPDX-License-Identifier: Apache-2.0
"""Every FHIR answer that the tests get is written to a folder, once each, and
at the end of the run all of them are held against the base specification of
their version, as this program's own validator has it. ANSWERS names the folder,
for other validators to look at it too (make clients); else it is a temporary
one. Several processes may run tests at once.

What a server that was told to judge less (--profiles none, --set ...) handed
back is a client's resource as it was stored, so it is held to the same."""
import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading

BASE = re.compile(r"/base(Stu3|R4)(/|\?|$)")
VERSIONS = ("r4", "stu3")
SHOWN = 20

seen = set()


def prepare():
    """Before any test, and before other processes are started for tests."""
    if not os.environ.get("ANSWERS"):
        os.environ["ANSWERS"] = tempfile.mkdtemp(prefix="mock-kanta-phr-")
        atexit.register(shutil.rmtree, os.environ["ANSWERS"])
    for version in VERSIONS:
        os.makedirs(os.path.join(os.environ["ANSWERS"], version),
                    exist_ok=True)


def keep(r, *_args, **more):
    """A hook of requests: looks at each response. Beside NAME.json stands
    NAME.txt, what was asked."""
    version = BASE.search(r.request.path_url.split("?")[0] + "/")
    if (not version or more.get("stream") or r.request.method == "HEAD"
            or ".well-known" in r.request.path_url
            or "json" not in r.headers.get("Content-Type", "")):
        return
    if "X-Mock-Fault" in r.headers and b"OperationOutcome" not in r.content:
        return  # wrong because a test asked for it
    if b'"resourceType"' not in r.content and r.status_code == 404:
        return  # no FHIR base: production has no R4
    key = version.group(1).lower() + "/" + hashlib.sha256(
        r.content).hexdigest()[:24]
    if key in seen:
        return
    seen.add(key)
    path = os.path.join(os.environ["ANSWERS"], key)
    with open(path + ".txt", "w", encoding="utf-8") as f:
        f.write("%s %s: %d" % (r.request.method, r.request.path_url,
                               r.status_code))
    with open(path + ".json", "wb") as f:
        f.write(r.content)


def _wrong(folder, verdict):
    name = os.path.basename(verdict["file"])
    with open(os.path.join(folder, name[:-5] + ".txt"), encoding="utf-8") as f:
        asked = f.read()
    return "%s\n  %s" % (asked, "\n  ".join(
        i["diagnostics"] + " " + str(i.get("expression", ""))
        for i in verdict["outcome"]["issue"][:5]))


def _validate(binary, version, folder):
    return subprocess.Popen(
        [binary, "validate", "--profiles", "none", "--fhir", version,
         "--format", "ndjson", "--level", "error", folder],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def judge(binary, answers):
    """(how many answers there are, what is wrong with some of them)."""
    judged, wrong = 0, []
    folders = {v: os.path.join(answers, v) for v in VERSIONS}
    counts = {v: sum(n.endswith(".json") for n in os.listdir(folders[v]))
              for v in VERSIONS}
    running = {v: _validate(binary, v, folders[v])
               for v in VERSIONS if counts[v] > 0}
    outputs = {}
    readers = [threading.Thread(
        target=lambda v=v, p=p: outputs.update({v: p.communicate()}))
        for v, p in running.items()]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    for version, process in running.items():
        out, err = outputs[version]
        verdicts = [json.loads(v) for v in out.splitlines()]
        if len(verdicts) != counts[version] or process.returncode not in (0, 1):
            wrong.append("%d verdicts for %d answers; exit code %d\n%s" % (
                len(verdicts), counts[version], process.returncode,
                err[-2000:]))
        wrong += [_wrong(folders[version], v)
                  for v in verdicts if not v["valid"]]
        judged += counts[version]
    return judged, wrong
