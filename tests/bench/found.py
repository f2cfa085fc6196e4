# SPDX-License-Identifier: Apache-2.0
"""How long a search takes when much is stored: a page of 20 of a citizen's 100
body weights, with 10 000 Observations of others in the file and with 1 000 000,
asked in turn.

The files are filled by "generate --db" and kept below build/bench, under a name
that changes with the sources that decide what is in them. Each run adds a fresh
citizen with exactly 100 matches, and as many Observations that do not match.
Every query has another date, so that nothing remembered helps.
"""
import datetime
import glob
import hashlib
import json
import os
import socket
import statistics
import subprocess
import time

from served import BASE, ROOT, Server, row, weight

SIZES = (10_000, 1_000_000)
QUICK = (10_000, 100_000)
DAYS, MATCHES, PAGE = 365, 100, 20
PER_CITIZEN = 285  # body weights that generate makes in DAYS, about
WARM, QUERIES = 100, 500
FIRST = datetime.date(2026, 6, 1)


def sources_hash():
    """Of what decides on schema, index and generated content."""
    h = hashlib.sha256()
    for pattern in ("server/store/*.c", "server/record/index*.c",
                    "server/record/types.c", "server/generate/*.c"):
        for name in sorted(glob.glob(os.path.join(ROOT, pattern))):
            with open(name, "rb") as f:
                h.update(f.read())
    return h.hexdigest()[:12]


def filled(binary, count):
    """A file with at least that many Observations."""
    folder = os.path.join(ROOT, "build", "bench")
    name = os.path.join(folder, f"{count}-{sources_hash()}.db")
    if os.path.exists(name):
        return name
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, f"{count}-*.db*")):
        os.remove(old)
    begin = time.perf_counter()
    citizens = count // PER_CITIZEN + 1
    subprocess.run(
        [binary, "generate", "--fhir", "r4", "--profile", "bodyweight",
         "--citizens", str(citizens), "--days", str(DAYS), "--db",
         name + ".new"], check=True, stderr=subprocess.DEVNULL)
    os.rename(name + ".new", name)
    print(f"{'filled a file for the search':<44}{count:>10}        in "
          f"{time.perf_counter() - begin:.0f} s", flush=True)
    return name


class Searched:
    """A server on a file, and its citizen with the matches."""

    def __init__(self, binary, count, file):
        self.server = Server(binary, "--db", file)
        self.count = count
        token = self.server.token(self.server.citizen())
        self.patient = token["sub"]
        self.headers = {"Authorization": "Bearer " + token["access_token"],
                        "Content-Type": "application/fhir+json"}
        for i in range(MATCHES):
            self.store(i, "29463-7")
            self.store(i + MATCHES, "3141-9")
        self.socket = socket.create_connection(
            self.server.host.rsplit(":", 1))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.times = []

    def store(self, i, code):
        resource = weight(self.patient, i)
        day = FIRST + datetime.timedelta(days=i % MATCHES)
        resource["effectiveDateTime"] = f"{day}T07:00:00+03:00"
        resource["code"]["coding"][0]["code"] = code
        if code != "29463-7":
            resource["code"]["coding"].append(
                weight("", 0)["code"]["coding"][0])
            resource["effectiveDateTime"] = "2020-01-01T07:00:00+02:00"
        self.server.post(f"{BASE}/Observation", resource, self.headers)

    def query(self, n):
        day = FIRST - datetime.timedelta(days=1 + n)
        return (f"{BASE}/Observation?patient={self.patient}"
                f"&code=http://loinc.org%7C29463-7&date=ge{day}"
                f"&_count={PAGE}")

    def receive(self):
        part = self.socket.recv(1 << 20)
        if not part:
            raise RuntimeError("the server closed the connection")
        return part

    def ask(self, n):
        """Milliseconds to the last byte of the answer, and its body."""
        request = (f"GET {self.query(n)} HTTP/1.1\r\nHost: localhost\r\n"
                   f"Authorization: {self.headers['Authorization']}\r\n\r\n"
                   ).encode()
        begin = time.perf_counter()
        self.socket.sendall(request)
        got = self.receive()
        while b"\r\n\r\n" not in got:
            got += self.receive()
        head, body = got.split(b"\r\n\r\n", 1)
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        while len(body) < length:
            body += self.receive()
        ms = (time.perf_counter() - begin) * 1000
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"search: {got[:500]}")
        return ms, body

    def check(self):
        _, body = self.ask(0)
        bundle = json.loads(body)
        found = [e for e in bundle["entry"]
                 if e["resource"]["resourceType"] == "Observation"]
        if bundle["total"] != MATCHES or len(found) != PAGE:
            raise RuntimeError(f"{bundle['total']} matches, {len(found)} in "
                               f"the page: wanted {MATCHES} and {PAGE}")

    def stop(self):
        self.socket.close()
        self.server.stop()


def rows(binary, quick):
    # filled before any is started: an idle connection ends in a minute
    files = [(n, filled(binary, n)) for n in (QUICK if quick else SIZES)]
    few, many = [Searched(binary, n, file) for n, file in files]
    for one in (few, many):
        one.check()
    for n in range(WARM + QUERIES):
        for one in (few, many):
            ms, _ = one.ask(n)
            if n >= WARM:
                one.times.append(ms)
    few.stop()
    many.stop()
    row(f"search, 20 of 100, {many.count} stored (median)",
        statistics.median(many.times), "ms", f"with {few.count}",
        statistics.median(few.times), "<= 2, and < 2 ms")
    row("  the same, 99 of 100 within",
        statistics.quantiles(many.times, n=100)[98], "ms",
        f"with {few.count}", statistics.quantiles(few.times, n=100)[98])
