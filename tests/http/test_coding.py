# SPDX-License-Identifier: Apache-2.0
"""gzip in both directions, HEAD, and what browsers ask before they ask."""
import functools
import gzip
import json
import zlib

import pytest

import support

METADATA = "/phr-resourceserver/baseR4/metadata"
SMALL = "/phr-resourceserver/baseR4/.well-known/nothing"

# Without the time of packing, which would be in the names of the tests: the
# processes that run them must find the same ones.
pack = functools.partial(gzip.compress, mtime=0)


def raw(server, path, accept, method="GET"):
    """The answer's headers and its body as it was sent."""
    headers = {"Accept-Encoding": accept}
    r = server.request(method, path, headers=headers, stream=True)
    return r, r.raw.read(decode_content=False)


@pytest.mark.parametrize("accept, packed", [
    ("gzip", True), ("deflate, gzip", True), ("gzip;q=0.5, br", True),
    ("x-gzip", True), ("GZIP", True), ("identity", False), ("", False),
    ("gzip;q=0", False), ("gzip; q=0.0", False), ("br", False),
    ("gzipped", False)])
def test_answers(server, accept, packed):
    plain = raw(server, METADATA, "identity")[1]
    r, body = raw(server, METADATA, accept)
    assert r.status_code == 200
    assert r.headers["Vary"] == "Accept-Encoding"
    assert (r.headers.get("Content-Encoding") == "gzip") == packed
    assert int(r.headers["Content-Length"]) == len(body)
    assert (gzip.decompress(body) if packed else body) == plain
    assert not packed or len(body) * 3 < len(plain)


def test_small_answers_stay_as_they_are(server):
    r, body = raw(server, SMALL, "gzip")
    assert "Content-Encoding" not in r.headers
    assert json.loads(body)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("accept", ["gzip", "identity"])
def test_head(server, accept):
    get, body = raw(server, METADATA, accept)
    head, nothing = raw(server, METADATA, accept, "HEAD")
    assert nothing == b""
    assert head.status_code == get.status_code
    for name in ("Content-Type", "Content-Length", "Content-Encoding",
                 "Vary"):
        assert head.headers.get(name) == get.headers.get(name), name


def test_bodies(person):
    text = json.dumps(support.weight(person.id)).encode()
    made = person.post(pack(text), Content_Encoding="gzip")
    assert made.status_code == 201, made.text
    stored = made.json()
    for name in ("id", "meta"):
        del stored[name]
    sent = json.loads(text)
    del sent["meta"]
    assert stored == sent


@pytest.mark.parametrize("body, coding, status", [
    (b"{}", "gzip", 400), (pack(b"{}")[:-4], "gzip", 400),
    (pack(b"{}") + b"x", "gzip", 400), (b"{}", "br", 415),
    (zlib.compress(b"{}"), "deflate", 415), (b"{}", "gzip, gzip", 415),
    (pack(b" " * (9 << 20)), "gzip", 413),
    (pack(pack(b"{}")), "gzip", 400)])
def test_bad_bodies(person, body, coding, status):
    r = person.post(body, Content_Encoding=coding)
    assert r.status_code == status, r.text
    assert r.json()["resourceType"] == "OperationOutcome"


def test_a_bomb_is_small(person):
    """What would unpack to a thousand times its size is refused early."""
    bomb = pack(b"[" * (100 << 20))
    assert len(bomb) < 1 << 20
    assert person.post(bomb, Content_Encoding="gzip").status_code == 413


def test_preflight(server):
    r = server.request(
        "OPTIONS", "/phr-resourceserver/baseR4/Observation",
        headers={"Origin": "https://app.example",
                 "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers":
                 "authorization, content-type, if-none-exist, prefer"})
    assert r.status_code == 200
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    allowed = {h.strip().lower() for h in
               r.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type", "if-none-exist", "if-match",
            "if-none-match", "if-modified-since", "prefer",
            "accept"} <= allowed
    methods = {m.strip() for m in
               r.headers["Access-Control-Allow-Methods"].split(",")}
    assert {"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"} <= methods


def test_what_a_page_may_see(server, person):
    r = person.post(support.weight(person.id),
                    Origin="https://app.example")
    assert r.status_code == 201
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    shown = {h.strip() for h in
             r.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"Location", "Content-Location", "ETag", "Last-Modified"} <= shown
