# SPDX-License-Identifier: Apache-2.0
"""Every FHIR answer that the tests get is remembered, once each, so that
test_zz_answers.py can hold all of them against the base specification. With
ANSWERS=FOLDER they are written there too, for other validators."""
import hashlib
import os
import re

FOLDER = os.environ.get("ANSWERS", "")
BASE = re.compile(r"/base(Stu3|R4)(/|\?|$)")

# {(version, digest): (request, body)}
seen = {}


def keep(r, *_args, **more):
    """A hook of requests: looks at each response."""
    if more.get("stream"):
        return
    version = BASE.search(r.request.path_url.split("?")[0] + "/")
    if not version or "json" not in r.headers.get("Content-Type", ""):
        return
    if b'"resourceType"' not in r.content and r.status_code == 404:
        return  # no FHIR base: production has no R4
    if r.request.method == "HEAD" or ".well-known" in r.request.path_url:
        return
    body = r.content
    key = (version.group(1).lower(), hashlib.sha256(body).hexdigest())
    if key not in seen:
        seen[key] = ("%s %s: %d" % (r.request.method, r.request.path_url,
                                    r.status_code), body)


def write(folder):
    """One file for each; returns {file name: (version, request)}."""
    names = {}
    for (version, digest), (request, body) in seen.items():
        name = "%s/%s.json" % (version, digest[:24])
        os.makedirs(os.path.join(folder, version), exist_ok=True)
        with open(os.path.join(folder, name), "wb") as f:
            f.write(body)
        names[name] = (version, request)
    return names
