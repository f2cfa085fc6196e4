# SPDX-License-Identifier: Apache-2.0
"""Client certificates: what a mutual handshake costs beside a bare server with
GnuTLS that verifies the same chain (handshake.c), what verifying costs
(trust.c), and what 500 slow clients (slow.py) do to the others.

Everything compared is measured in turn, round after round; the ratio is the
median of the rounds' own. The processor's time of a server for each handshake
is told beside the rate, as the rate of a busy machine says little. The load is
made by load.c.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from served import BASE, ROOT, Server, row, weight

FOLDER = os.path.join(ROOT, "build", "bench")
IDENTITIES = 1024  # four times the verdicts that the server keeps
CONNECTIONS, SLOW = 16, 500
HEALTH = "/__admin/health"
WHERE = ("headers", "body", "handshake")


def processor_us(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        ticks = f.read().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) * 1e6 / os.sysconf("SC_CLK_TCK")


def median(values):
    return statistics.median(list(values))


# ---- who is there -----------------------------------------------------------

class Sides:
    """The certificates, the server with both listeners, and the bare one."""

    def __init__(self, binary, folder):
        self.folder = folder
        self.costs = json.loads(subprocess.run(
            [os.path.join(FOLDER, "trust"), folder, str(IDENTITIES)],
            check=True, capture_output=True).stdout)
        self.server = Server(
            binary, "--listen", "mtls://127.0.0.1:0",
            "--tls-cert", self.pem("server"), "--tls-key", self.pem("server"),
            "--client-ca", self.pem("ca"), "--client-crl", self.pem("crl"),
            "--client-certificate", "optional",
            "--on-missing-certificate", "alert")
        self.http, self.mtls = (int(one["url"].rsplit(":", 1)[1])
                                for one in self.server.ready["listeners"])
        self.bare = subprocess.Popen(
            [os.path.join(FOLDER, "handshake"), self.pem("server"),
             self.pem("ca")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bare_port = json.loads(self.bare.stdout.readline())["port"]

    def pem(self, name):
        return os.path.join(self.folder, f"{name}.pem")

    def stop(self):
        self.bare.stdin.close()
        self.bare.wait(10)
        self.server.stop()

    def load(self, port, path, seconds, *options):
        """One run of load.c; a request that failed ends the benchmark."""
        run = subprocess.run(
            [os.path.join(FOLDER, "load"), "-s", str(seconds), *options,
             str(port), path], check=True, capture_output=True, text=True)
        result = json.loads(run.stdout)
        if result["failed"] or not result["requests"]:
            raise RuntimeError(f"{options} {port} {path}: {run.stdout}")
        return result


# ---- handshakes -------------------------------------------------------------

def shake(sides, pid, port, version, identities, seconds):
    before = processor_us(pid)
    result = sides.load(port, HEALTH, seconds, "-v", version, "-i",
                        sides.folder, "-n", str(identities), "-c",
                        str(CONNECTIONS))
    us = (processor_us(pid) - before) / result["requests"]
    return result["per_second"], us


def handshake_rows(sides, rounds, seconds):
    kinds = [(version, n) for version in ("13", "12")
             for n in (1, IDENTITIES)]
    ours, bare = {k: [] for k in kinds}, {k: [] for k in kinds}
    for _ in range(rounds):
        for k in kinds:
            bare[k].append(shake(sides, sides.bare.pid, sides.bare_port, *k,
                                 seconds))
            ours[k].append(shake(sides, sides.server.process.pid, sides.mtls,
                                 *k, seconds))
    for k in kinds:
        what = (f"handshakes, TLS 1.{k[0][1]}, " +
                ("one certificate" if k[1] == 1 else "another one each"))
        row(what, median(r for r, _ in ours[k]), "/s", "bare GnuTLS",
            median(r for r, _ in bare[k]), ">= 0.8",
            median(a[0] / b[0] for a, b in zip(ours[k], bare[k])))
        row("  processor for each", median(us for _, us in ours[k]), "us",
            "bare GnuTLS", median(us for _, us in bare[k]), "",
            median(a[1] / b[1] for a, b in zip(ours[k], bare[k])))


def cost_rows(costs):
    row("chain read that was not seen lately", costs["read_us"], "us",
        "verified for the first time", costs["verify_us"])
    row("chain read and verified", costs["read_us"] + costs["verify_us"], "us",
        "wanted", 500, "<= 1")
    row("verified again, the verdict was kept", costs["kept_us"] * 1000, "ns",
        "for the first time", costs["verify_us"] * 1000)


# ---- slow clients -----------------------------------------------------------

class SlowClients:
    def __init__(self, sides, where):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "tests", "bench", "slow.py"),
             where, str(SLOW), str(sides.http), str(sides.mtls),
             sides.pem("0")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{where}: the slow clients did not connect")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def normal_clients(sides):
    """Name, port, path and load.c's options of those who are not slow."""
    plain = sides.server.token("010190-900P")
    made = sides.server.post(
        f"{BASE}/Observation", weight(plain["sub"], 1),
        {"Authorization": "Bearer " + plain["access_token"],
         "Content-Type": "application/fhir+json"})
    bound = sides.server.post("/__admin/tokens", {
        "client_id": "demo-production", "hetu": "010190-900P"})
    tls = ("-v", "13", "-i", sides.folder, "-t", bound["access_token"])
    path = f"{BASE}/Observation/{made['id']}"
    kinds = (("http", sides.http, ("-t", plain["access_token"])),
             ("mtls", sides.mtls, tls))
    return [(f"{name}, {how}", port, path, (*options, *more))
            for name, port, options in kinds
            for how, more in (("kept", ("-k",)), ("new each time", ()))]


def share(sides, seconds=2):
    """Of one processor, in per cent."""
    pid = sides.server.process.pid
    before = processor_us(pid)
    time.sleep(seconds)
    return (processor_us(pid) - before) / seconds / 1e4


def slow_round(sides, normal, seconds, found, shares):
    for where in (None, *WHERE):
        slow = SlowClients(sides, where) if where else None
        if where:
            shares[where].append(share(sides))
        for name, port, path, options in normal:
            result = sides.load(port, path, seconds, *options)
            found[where, name].append(result["p50_us"])
        if slow:
            slow.stop()


def slow_rows(sides, rounds, seconds):
    normal = normal_clients(sides)
    found = {(where, one[0]): [] for where in (None, *WHERE) for one in normal}
    shares = {where: [] for where in (*WHERE, "stalled")}
    for _ in range(rounds):
        slow_round(sides, normal, seconds, found, shares)
    slow = SlowClients(sides, "stalled")
    shares["stalled"].append(share(sides))
    slow.stop()
    for where in WHERE:
        for one in normal:
            a, b = found[where, one[0]], found[None, one[0]]
            row(f"{one[0]}; {SLOW} slow in {where}", median(a), "us",
                "without them", median(b), "<= 2",
                median(x / y for x, y in zip(a, b)))
    for where, percent in shares.items():
        what = f"processor of {SLOW} {where}" if where == "stalled" else (
            f"processor of {SLOW} slow in {where}")
        print(f"{what:<44}{median(percent):>10.1f} %", flush=True)


# ---- the start ---------------------------------------------------------------

def ran_ms(pid):
    """For how long it had a processor, from its beginning."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e6


def start_rows(binary, runs):
    """What the server says of its start, with a CA made in it, and what it took
    of a processor until then, its loading by the system included."""
    plain, mutual = [], []
    for _ in range(runs):
        for found, options in ((plain, ()),
                               (mutual, ("--listen", "mtls://127.0.0.1:0"))):
            server = Server(binary, *options)
            found.append((server.ready["start_ms"],
                          ran_ms(server.process.pid)))
            server.stop()
    row("start_ms with an mtls:// listener (median)",
        median(ms for ms, _ in mutual), "ms", "plain http alone",
        median(ms for ms, _ in plain), "<= 20 ms")
    row("  processor until then", median(ms for _, ms in mutual), "ms",
        "plain http alone", median(ms for _, ms in plain))


def rows(binary, quick, runs):
    start_rows(binary, runs)
    with tempfile.TemporaryDirectory(dir=os.path.join(ROOT, "build")) as d:
        sides = Sides(binary, d)
        try:
            cost_rows(sides.costs)
            handshake_rows(sides, 3 if quick else 11, 1)
            slow_rows(sides, 1 if quick else 3, 1)
        finally:
            sides.stop()
