#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Start, memory and speed of one binary, each beside a yardstick measured in
turn with it in the same run, so that the ratio means something on a noisy
machine.

    bench.py BINARY [--runs N] [--check PROGRAM] [--oracle COMMAND]
             [--oracle-package FOLDER]

PROGRAM is the one made of check.c. COMMAND is another validator, run as by
tests/conformance/differential.py, with --bench N: all files N times more.
"""
import argparse
import http.client
import json
import os
import shlex
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


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


class Server:
    """The binary on a free port; begin is taken before the fork."""

    def __init__(self, binary, *options):
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "http://127.0.0.1:0", "--log", "off",
             *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.ready = json.loads(self.process.stdout.readline())
        self.host = self.ready["listeners"][0]["url"].split("//")[1]
        self.http = http.client.HTTPConnection(self.host)

    def request(self, method, path, body=None, headers=None):
        self.http.request(method, path, body, headers or {})
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def stop(self):
        self.http.close()
        self.process.terminate()
        if self.process.wait(10) != 0:
            raise RuntimeError("the server did not stop cleanly")
        self.process.stdout.close()


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


def weight(patient, value):
    return {
        "resourceType": "Observation",
        "meta": {"profile": ["http://phr.kanta.fi/StructureDefinition/"
                             "fiphr-sd-bodyweight"]},
        "language": "en",
        "text": {"status": "generated", "div":
                 "<div xmlns=\"http://www.w3.org/1999/xhtml\">Code: Body "
                 f"weight (29463-7)<br/>Result: {value} kg</div>"},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value":
                        f"urn:uuid:00000000-0000-4000-8000-{value:012d}"}],
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/"
                                  "CodeSystem/observation-category",
                                  "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7",
                             "display": "Body weight"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-20T07:00:00+02:00",
        "issued": "2026-11-20T07:00:00+02:00",
        "performer": [{"reference": f"Patient/{patient}"}],
        "valueQuantity": {"value": 70 + value % 10, "unit": "kg",
                          "system": "http://unitsofmeasure.org", "code": "kg"},
    }


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


def request_rates(binary, options, count):
    """Creates and reads a second over one kept-alive connection."""
    server = Server(binary, *options)
    hetu = "010190-900P"
    client = {"client_name": "bench", "client_id": "bench",
              "client_secret": "bench-secret-of-the-benchmark",
              "redirect_uris": ["http://localhost/cb"],
              "scope": "patient/Observation.read patient/Observation.write"}
    json_type = {"Content-Type": "application/json"}
    status, body = server.request("POST", "/__admin/clients",
                                  json.dumps(client), json_type)
    if status != 201:
        raise RuntimeError(f"client: {status} {body[:300]}")
    status, body = server.request(
        "POST", "/__admin/tokens",
        json.dumps({"client_id": "bench", "hetu": hetu}), json_type)
    token = json.loads(body)
    headers = {"Authorization": "Bearer " + token["access_token"],
               "Content-Type": "application/fhir+json"}
    base = "/phr-resourceserver/baseR4/Observation"
    bodies = [json.dumps(weight(token["sub"], i)) for i in range(count)]
    begin = time.perf_counter()
    for body in bodies:
        status, answer = server.request("POST", base, body, headers)
        if status != 201:
            raise RuntimeError(f"create: {status} {answer[:300]}")
    creates = count / (time.perf_counter() - begin)
    path = f"{base}/{json.loads(answer)['id']}"
    begin = time.perf_counter()
    for _ in range(count):
        server.request("GET", path, None, headers)
    reads = count / (time.perf_counter() - begin)
    server.stop()
    return creates, reads


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


def row(what, value, unit, against, other):
    print(f"{what:<44}{value:>10.1f} {unit:<6}{against}: {other:.1f}"
          f"  ratio {value / other:.2f}")


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--check")
    parser.add_argument("--oracle")
    parser.add_argument("--oracle-package")
    args = parser.parse_args()
    binary = os.path.abspath(args.binary)

    start_once(binary)  # warms the page cache
    times, memory, yardstick = [], [], []
    for _ in range(args.runs):
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
    ours, parse = validate_rate(binary, 2000)
    row("validate command, body weights", ours, "/s", "Python only parsing",
        parse)
    lines, stored = generate_rates(binary)
    row("generate, as lines", lines, "/s", "wanted", 50000)
    row("generate, into a database file", stored, "/s", "wanted", 8300)
    if args.check:
        check_rows(args)
    creates, reads = request_rates(binary, [], 3000)
    row("create, in memory, one connection", creates, "/s", "reads", reads)
    with tempfile.TemporaryDirectory() as folder:
        durable, reads = request_rates(
            binary, ["--db", os.path.join(folder, "x.db")], 3000)
    row("create, in a file, one connection", durable, "/s", "in memory",
        creates)


if __name__ == "__main__":
    main()
