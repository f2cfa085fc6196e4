# SPDX-License-Identifier: Apache-2.0
"""Reads and creates a second, by wrk over 16 connections, each beside others
that do the same in turn with it, round after round. Of each the best round
counts: whatever else runs on the machine can only make a round worse. They are:

- the library alone (bare.c), answering with the size and headers of our read;
- the peer, another FHIR server, if there is one: a folder with a program
  *-peer.cjs for node that takes PORT --modules FOLDER and prints
  "ready URL ...", and a package.json with what it needs.

Ours is measured on a database file, each create checked against its national
profile and committed before it is answered. The same body goes to the peer.
"""
import glob
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from served import BASE, ROOT, Server, row, weight

CONNECTIONS, ROUNDS = 16, 5
LUA = os.path.join(ROOT, "tests", "bench", "request.lua")


def wrk(url, seconds, token=None, body=None):
    """One run; any request that failed ends the benchmark."""
    env = {k: v for k, v in os.environ.items() if k not in ("TOKEN", "BODY")}
    env["SEED"] = str(time.time_ns() % 2**31)
    if token:
        env["TOKEN"] = token
    if body:
        env["BODY"] = body
    run = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", LUA, url],
        env=env, check=True, capture_output=True, text=True)
    result = json.loads(run.stdout.splitlines()[-1])
    if result["failed"] or not result["requests"]:
        raise RuntimeError(f"{url}: {run.stdout}")
    return result


class Side:
    """One of those that are measured in turn."""

    def __init__(self, pid, read_url, create_url=None, token=None, body=None):
        self.pid = pid
        self.read_url, self.create_url = read_url, create_url
        self.token, self.body = token, body
        self.reads, self.creates = [], []

    def processor_us(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
            ticks = f.read().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) * 1e6 / os.sysconf("SC_CLK_TCK")

    def run(self, results, url, seconds, body=None):
        before = self.processor_us()
        result = wrk(url, seconds, self.token, body)
        result["processor_us"] = ((self.processor_us() - before) /
                                  result["requests"])
        results.append(result)

    def read(self, seconds):
        self.run(self.reads, self.read_url, seconds)

    def create(self, seconds):
        if self.create_url:
            self.run(self.creates, self.create_url, seconds, self.body)


def best(results):
    return max(r["per_second"] for r in results)


def print_side(what, results):
    if not results:
        return
    half, most, us = (statistics.median(r[k] for r in results)
                      for k in ("p50_ms", "p99_ms", "processor_us"))
    print(f"{what:<44}{half:>10.2f} ms    99 of 100 within: {most:.2f} ms"
          f"  processor: {us:.1f} us each")


# ---- the three ------------------------------------------------------------

def ours(server, folder):
    token = server.token("010190-900P")
    body = weight(token["sub"], 1)
    headers = {"Authorization": "Bearer " + token["access_token"],
               "Content-Type": "application/fhir+json"}
    made = server.post(f"{BASE}/Observation", body, headers)
    body["identifier"][0]["value"] = "%ID%"
    file = os.path.join(folder, "body.json")
    with open(file, "w", encoding="utf-8") as f:
        json.dump(body, f)
    url = f"{server.url}{BASE}/Observation"
    return Side(server.process.pid, f"{url}/{made['id']}", url,
                token["access_token"], file)


def read_once(server, side):
    status, body = server.request(
        "GET", side.read_url[len(server.url):], None,
        {"Authorization": "Bearer " + side.token})
    if status != 200:
        raise RuntimeError(f"read: {status} {body[:300]}")
    return len(body), [f"{k}: {v}" for k, v in server.headers.items()
                       if k.lower() != "content-length"]


def start_bare(program, size, headers):
    process = subprocess.Popen([program, str(size)] + headers,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = json.loads(process.stdout.readline())["port"]
    return process, f"http://127.0.0.1:{port}"


def peer_modules(peer, modules):
    """Where the peer's packages are; installed when nobody says where."""
    if modules:
        return modules
    modules = os.path.join(ROOT, "build", "peer")
    os.makedirs(modules, exist_ok=True)
    if not os.path.isdir(os.path.join(modules, "node_modules")):
        shutil.copy(os.path.join(peer, "package.json"), modules)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund",
                        "--silent"], cwd=modules, check=True)
    return modules


def start_peer(peer, modules):
    program, = glob.glob(os.path.join(peer, "*-peer.cjs"))
    process = subprocess.Popen(
        ["node", program, "0", "--modules", peer_modules(peer, modules)],
        stdout=subprocess.PIPE, text=True)
    ready = process.stdout.readline().split()
    return process, ready[1].rstrip("/")


def peer_side(pid, url, body):
    """Its read is of what it was sent as the first create."""
    with open(body, encoding="utf-8") as f:
        text = f.read().replace(
            "%ID%", "urn:uuid:00000000-0000-4000-8000-000000000001")
    made = subprocess.run(
        ["curl", "-sf", "-H", "Content-Type: application/fhir+json",
         "--data-binary", "@-", f"{url}/Observation"],
        input=text, capture_output=True, text=True, check=True)
    made_id = json.loads(made.stdout)["id"]
    return Side(pid, f"{url}/Observation/{made_id}", f"{url}/Observation",
                None, body)


# ---- the rounds -----------------------------------------------------------

def measure(sides, seconds):
    for side in sides:
        wrk(side.read_url, 1, side.token)  # warms it up
        if side.create_url:
            wrk(side.create_url, 2, side.token, side.body)
    for _ in range(ROUNDS):
        for side in sides:
            side.read(seconds)
        for side in sides:
            side.create(seconds)


def print_rows(we, bare, peer):
    reads, creates = best(we.reads), best(we.creates)
    if bare:
        row("read, 16 connections", reads, "/s", "bare libmicrohttpd",
            best(bare.reads), ">= 0.45")
    if peer:
        row("read, 16 connections", reads, "/s", "the peer",
            best(peer.reads), ">= 2")
        row("create, checked, in a file", creates, "/s", "the peer, in memory",
            best(peer.creates), ">= 3")
    else:
        print("the peer is left out: PEER=FOLDER names it")
        row("create, checked, in a file", creates, "/s", "our reads", reads)
    for name, side in (("", we), ("bare ", bare), ("the peer's ", peer)):
        if side:
            print_side(f"  {name}read: half of them within", side.reads)
            print_side(f"  {name}create: half of them within", side.creates)


def rows(binary, args):
    started = []
    seconds = 1 if args.quick else 3
    with tempfile.TemporaryDirectory(dir=os.path.join(ROOT, "build")) as d:
        server = Server(binary, "--db", os.path.join(d, "x.db"))
        try:
            we = ours(server, d)
            bare = peer = None
            if args.bare:
                process, url = start_bare(args.bare, *read_once(server, we))
                started.append(process)
                bare = Side(process.pid, url + we.read_url[len(server.url):],
                            token=we.token)
            if args.peer:
                process, url = start_peer(args.peer, args.peer_modules)
                started.append(process)
                peer = peer_side(process.pid, url, we.body)
            measure([s for s in (bare, we, peer) if s], seconds)
            print_rows(we, bare, peer)
        finally:
            for process in started:
                process.terminate()
                process.wait(10)
            server.stop()
