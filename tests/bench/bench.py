#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Start, memory and speed of one binary, each beside a yardstick measured in
turn with it in the same run, so that the ratio means something on a noisy
machine.

    bench.py BINARY [--runs N] [--check PROGRAM] [--bare PROGRAM]
             [--peer FOLDER [--peer-modules FOLDER]] [--quick]
             [--oracle COMMAND] [--oracle-package FOLDER] [--only PART]

The programs are those made of check.c and bare.c. COMMAND is another validator,
run as by tests/conformance/differential.py, with --bench N: all files N times
more. The peer is another FHIR server (rates.py). PART is one of start, check,
rates, tls, search, pages.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import tempfile
import time

import found
import pages
import rates
import tls
from served import ROOT, Server, row, weight


def spawn_yardstick():
    begin = time.perf_counter()
    subprocess.run(["/bin/true"], check=True)
    return (time.perf_counter() - begin) * 1000


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def start_once(binary):
    """Milliseconds from before the fork to the last byte of the first answer,
    of one FHIR version and then the other; resident megabytes after both."""
    server = Server(binary)
    for base in ("baseR4", "baseStu3"):
        status, _ = server.request("GET",
                                   f"/phr-resourceserver/{base}/metadata")
        if status != 200:
            raise RuntimeError(f"{base}/metadata answered {status}")
    ms = (time.perf_counter() - server.begin) * 1000
    mb = resident_mb(server.process.pid)
    server.stop()
    return ms, mb


def blood_pressure(patient, value):
    o = weight(patient, value)
    loinc, ucum = "http://loinc.org", "http://unitsofmeasure.org"
    o["meta"]["profile"] = ["http://phr.kanta.fi/StructureDefinition/"
                            "fiphr-sd-bloodpressure"]
    o["code"]["coding"] = [{"system": loinc, "code": "85354-9",
                            "display": "Blood pressure panel"}]
    del o["valueQuantity"]
    o["component"] = [
        {"code": {"coding": [{"system": loinc, "code": code,
                              "display": "Blood pressure"}]},
         "valueQuantity": {"value": mm, "unit": "mm[Hg]", "system": ucum,
                           "code": "mm[Hg]"}}
        for code, mm in (("8480-6", 128), ("8462-4", 82))]
    return o


def bundle(count):
    return {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": f"http://example.org/fhir/Observation/{i}",
         "resource": dict(blood_pressure("1", i), id=str(i))}
        for i in range(count)]}


def check_rate(program, resource, seconds):
    """What tests/bench/check.c says of one resource and the R4 profiles."""
    definitions = os.path.join(ROOT, "profiles", "finnish-phr-r4")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(resource, f)
        f.flush()
        run = subprocess.run(
            [program, os.path.join(ROOT, "build", "image", "r4.img"), "r4",
             str(seconds), f.name] +
            sorted(os.path.join(definitions, n)
                   for n in os.listdir(definitions)),
            capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError("the sample is refused: " + run.stderr[:1000])
    return json.loads(run.stdout)


def oracle_rate(command, package, resource, copies=200, rounds=(5, 25)):
    """Resources a second of another validator that is warm: the difference of
    a short and a long run."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(copies):
            with open(os.path.join(folder, f"{i}.json"), "w",
                      encoding="utf-8") as f:
                json.dump(resource, f)
        argv = shlex.split(command) + ["--fhir", "r4"]
        argv += ["--ig", package] if package else []
        for n in rounds:
            begin = time.perf_counter()
            subprocess.run(argv + ["--bench", str(n), folder],
                           capture_output=True, check=True)
            seconds.append(time.perf_counter() - begin)
    return copies * (rounds[1] - rounds[0]) / (seconds[1] - seconds[0])


def validate_rate(binary, count):
    """Resources a second through the validate command, one process, and of the
    same files merely parsed by Python: the yardstick."""
    with tempfile.TemporaryDirectory() as folder:
        for i in range(count):
            with open(os.path.join(folder, f"{i}.json"), "w",
                      encoding="utf-8") as f:
                json.dump(weight("90090090-0900-4900-8900-900900900900", i), f)
        begin = time.perf_counter()
        run = subprocess.run([binary, "validate", "--format", "ndjson", folder],
                             capture_output=True, text=True, check=False)
        ours = time.perf_counter() - begin
        if run.stdout.count('"valid":true') != count:
            raise RuntimeError("validate refused the sample: " +
                               run.stdout[:500])
        begin = time.perf_counter()
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                json.load(f)
        parse = time.perf_counter() - begin
    return count / ours, count / parse


def generate_rates(binary):
    """Resources a second: as lines, and into a file, checked and indexed."""
    def rate(*options):
        done = subprocess.run(
            [binary, "generate", "--fhir", "r4", *options], check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        n = int(done.stderr.split(" resources ")[0].split()[-1])
        return n, float(done.stderr.split(" s (")[0].split()[-1])

    n, s = rate("--citizens", "50", "--days", "365")
    lines = n / s
    with tempfile.TemporaryDirectory() as folder:
        n, s = rate("--citizens", "20", "--days", "100", "--db",
                    os.path.join(folder, "x.db"))
    return lines, n / s


def check_rows(args):
    pressure = blood_pressure("90090090-0900-4900-8900-900900900900", 1)
    one = check_rate(args.check, pressure, 2)
    text = json.dumps(pressure)
    begin = time.perf_counter()
    for _ in range(5000):
        json.loads(text)
    row("blood pressure, from bytes to issues", one["per_second"], "/s",
        "Python only parsing", 5000 / (time.perf_counter() - begin))
    if args.oracle:
        row("  the same", one["per_second"], "/s", "the other validator, warm",
            oracle_rate(args.oracle, args.oracle_package, pressure))
    many = check_rate(args.check, bundle(1000), 2)
    row("Bundle of 1000 of them (median)", many["median_us"] / 1000, "ms",
        "1000 alone", 1e6 / one["per_second"])


def start_rows(binary, runs):
    start_once(binary)  # warms the page cache
    times, memory, yardstick = [], [], []
    for _ in range(runs):
        ms, mb = start_once(binary)
        times.append(ms)
        memory.append(mb)
        yardstick.append(spawn_yardstick())
    base = statistics.median(yardstick)
    row("start to first answers, both bases (median)",
        statistics.median(times), "ms", "/bin/true", base)
    row("  the same, slowest of the runs", max(times), "ms", "/bin/true", base)
    print(f"{'resident after start (most)':<44}{max(memory):>10.1f} MB"
          f"    of which the binary's file: "
          f"{os.path.getsize(binary) / 2**20:.1f}")


def command_rows(binary):
    ours, parse = validate_rate(binary, 2000)
    row("validate command, body weights", ours, "/s", "Python only parsing",
        parse)
    lines, stored = generate_rates(binary)
    row("generate, as lines", lines, "/s", "wanted", 50000)
    row("generate, into a database file", stored, "/s", "wanted", 8300)


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--check")
    parser.add_argument("--bare")
    parser.add_argument("--peer")
    parser.add_argument("--peer-modules")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--oracle")
    parser.add_argument("--oracle-package")
    parser.add_argument("--only",
                        choices=["start", "check", "rates", "tls",
                                 "search", "pages"])
    return parser.parse_args()


def main():
    args = options()
    binary = os.path.abspath(args.binary)

    if args.only in (None, "start"):
        start_rows(binary, args.runs)
        command_rows(binary)
    if args.check and args.only in (None, "check"):
        check_rows(args)
    if args.only in (None, "rates"):
        rates.rows(binary, args)
    if args.only in (None, "tls"):
        tls.rows(binary, args.quick, args.runs)
    if args.only in (None, "search"):
        found.rows(binary, args.quick)
    if args.only in (None, "pages"):
        pages.rows(binary)


if __name__ == "__main__":
    main()
