# SPDX-License-Identifier: Apache-2.0
"""The process and its edges: caps, paths and methods of HTTP, the command
line, precedence of configuration, start and stop."""
import json
import resource
import signal
import socket
import subprocess

import pytest

import support
from support import CLOCK, Server, blood_pressure, raw, run, session, weight

MIB = 1 << 20


# ---- caps -------------------------------------------------------------------

def padded(person, size):
    text = json.dumps(weight(person.id))
    return text + " " * (size - len(text))


def test_fhir_body_cap(person):
    person.post(padded(person, 8 * MIB), status=201)
    r = person.post(padded(person, 8 * MIB + 1), status=413)
    support.outcome(r)


def test_form_body_cap(server):
    def post(size):
        return server.http.post(
            server.auth + "/token", data=b"a" * size, timeout=30,
            headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert post(64 << 10).status_code in (400, 401)
    assert post((64 << 10) + 1).status_code == 413


def test_admin_body_cap(server):
    r = server.http.post(server.admin_url + "/citizens", timeout=30,
                         data=b" " * (9 * MIB))
    assert r.status_code == 413


def test_chunked_body_over_the_cap(person):
    r = person.fhir(
        "POST", "/Observation", headers={"Content-Type": support.FHIR_JSON},
        data=(b" " * 65536 for _ in range(140)))
    assert r.status_code == 413


def test_chunked_body(person):
    text = json.dumps(weight(person.id)).encode()
    r = person.fhir("POST", "/Observation",
                    headers={"Content-Type": support.FHIR_JSON},
                    data=(text[i:i + 7] for i in range(0, len(text), 7)))
    assert r.status_code == 201, r.text


def test_header_cap(server):
    r = server.http.get(server.admin_url + "/health", timeout=30,
                        headers={"X-Long": "x" * (20 << 10)})
    assert r.status_code == 200
    r = server.http.get(server.admin_url + "/health", timeout=30,
                        headers={"X-Long": "x" * (40 << 10)})
    assert r.status_code in (400, 413, 431)


def test_url_cap(server):
    r = server.http.get(server.admin_url + "/health?" + "x" * 8000, timeout=30)
    assert r.status_code == 200
    r = server.http.get(server.admin_url + "/health?" + "x" * 9000, timeout=30)
    assert r.status_code == 414


def test_parameter_cap(person):
    many = "".join(f"&p{i}=1" for i in range(60))
    r = person.get(f"/Observation?patient={person.id}{many}")
    assert r.status_code == 400


# ---- raw requests -----------------------------------------------------------

@pytest.mark.parametrize("request_bytes", [
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /__admin/citizens HTTP/1.1\r\nHost: x\r\n"
    b"Content-Length: 99999999999999999999\r\n\r\n{}",
    b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /__admin/health?%ff HTTP/1.1\r\n\r\n",
    b"G\x00T / HTTP/1.1\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n\r\n",
    b"GET http://evil/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
    b"GET / HTTP/1.1\r\nHost: x\r\nA\x00B: \x01\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost", b"G", b""])
def test_what_is_hardly_http(own, request_bytes):
    answer = raw(own, request_bytes)
    if answer:
        status = int(answer.split(b" ", 2)[1])
        assert status in (200, 400, 404, 405, 411, 413, 414, 505), answer
        assert b"\r\nX-Planted" not in answer
    own.admin("GET", "/health", status=200)


def test_http_1_0(own):
    answer = raw(own, b"GET /__admin/health HTTP/1.0\r\n\r\n")
    assert answer.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))


def test_pipelined(own):
    one = b"GET /__admin/health HTTP/1.1\r\nHost: x\r\n\r\n"
    assert raw(own, one * 10, 10).count(b"HTTP/1.1 200") == 10


def test_many_connections(own):
    port = int(own.origin.rsplit(":", 1)[1])
    held = [socket.create_connection(("127.0.0.1", port), 20)
            for _ in range(300)]
    try:
        for s in held:
            s.sendall(b"GET /__admin/health HTTP/1.1\r\nHost: x\r\n\r\n")
        for s in held:
            assert s.recv(4096).startswith(b"HTTP/1.1 200")
        own.admin("GET", "/health", status=200)
    finally:
        for s in held:
            s.close()


def test_foreign_host_is_not_reflected(server):
    for host, kept in (("evil.example", False), ("evil.example:80", False),
                       ("localhost:9", True), ("phr:8080", True),
                       ("x.localhost", True), ("fhirsandbox2.kanta.fi", True),
                       ("127.0.0.1.evil.example", False),
                       ('"><script>', False)):
        r = server.http.get(
            server.auth + "/.well-known/openid-configuration", timeout=30,
            headers={"Host": host, "X-Forwarded-Host": "forwarded.example"})
        assert (f"http://{host}/" in r.text) == kept, host
        assert "forwarded.example" not in r.text


# ---- paths and methods ------------------------------------------------------

@pytest.mark.parametrize("path", [
    "/fish", "/phr-resourceserver/", "/phr-resourceserver/baseR5/metadata",
    "/phr-authserver-sandbox/fish", "/__admin", "/__adminx/health",
    "/phr-resourceserver/baseR4/metadata/x/y/z",
    "/phr-resourceserver/baseR4/../baseR4/metadata/..", "/%2e%2e/etc/passwd"])
def test_unknown_path(server, path):
    r = server.request("GET", path)
    assert r.status_code in (400, 401, 404), r.text


def test_base_itself(person):
    r = person.get("")
    assert r.status_code == 400
    assert "base URL" in support.outcome(r)["issue"][0]["diagnostics"]


@pytest.mark.parametrize("method,path,allowed", [
    ("DELETE", "/__admin/health", "GET"),
    ("PUT", "/phr-authserver-sandbox/token", "POST"),
    ("GET", "/phr-authserver-sandbox/token", "POST"),
    ("DELETE", "/phr-resourceserver/baseR4/metadata", "GET")])
def test_405_has_allow(server, method, path, allowed):
    r = server.request(method, path)
    assert r.status_code in (401, 405)  # /token: who are you comes first
    if r.status_code == 405:
        assert allowed in r.headers["Allow"].split(", ")


@pytest.mark.parametrize("path", ["/__admin/health",
                                  "/phr-resourceserver/baseR4/metadata"])
def test_head(server, path):
    full, head = server.request("GET", path), server.request("HEAD", path)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Length"] == full.headers["Content-Length"]
    assert head.headers["Content-Type"] == full.headers["Content-Type"]


def test_options_tells_the_methods(server):
    r = server.request("OPTIONS", "/phr-resourceserver/baseR4/Observation")
    assert r.status_code in (200, 204)
    assert {"GET", "POST"} <= set(r.headers["Allow"].replace(" ", "")
                                  .split(","))


def test_unknown_method(server):
    r = server.request("FISH", "/phr-resourceserver/baseR4/metadata")
    assert r.status_code in (400, 405, 501)


# ---- start and stop ---------------------------------------------------------

def test_ready_line(start):
    s = start("--listen", "http://127.0.0.1:0")
    ready = s.ready
    assert ready["event"] == "ready"
    assert ready["pid"] == s.process.pid
    assert 0 < ready["start_ms"] < 60000
    assert len(ready["listeners"]) == 2
    for listener in ready["listeners"]:
        assert listener["kind"] == "http"
        r = session().get(listener["url"] + "/__admin/health", timeout=30)
        assert r.status_code == 200
    assert ready["auth"].rstrip("/") == s.auth
    assert ready["stu3"].rstrip("/") == s.stu3
    assert ready["r4"].rstrip("/") == s.r4
    assert ready["admin"].rstrip("/") == s.admin_url
    s.process.send_signal(signal.SIGTERM)
    assert s.process.stdout.read() == b"", "one line on stdout, no more"


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_stops_quickly(start, sig):
    s = start()
    port = int(s.origin.rsplit(":", 1)[1])
    idle = socket.create_connection(("127.0.0.1", port), 10)
    half = socket.create_connection(("127.0.0.1", port), 10)
    half.sendall(b"POST /__admin/citizens HTTP/1.1\r\nHost: x\r\n"
                 b"Content-Length: 100\r\n\r\n{")
    s.admin("GET", "/health", status=200)
    s.process.send_signal(sig)
    assert s.process.wait(10) == 0
    idle.close()
    half.close()


def test_exit_on_stdin_eof(start):
    s = Server("--exit-on-stdin-eof")
    process = subprocess.Popen(s.command, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=s.log_file,
                               env=s.env)
    assert b"ready" in process.stdout.readline()
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()
    assert not support.REPORT.search(s.log())


def test_stdin_that_is_at_its_end(start):
    """/dev/null cannot be watched: the server is ready, and stops."""
    s = Server("--exit-on-stdin-eof")
    done = subprocess.run(s.command, stdin=subprocess.DEVNULL, timeout=10,
                          capture_output=True, env=s.env)
    assert done.returncode == 0 and b'"ready"' in done.stdout


def test_port_in_use(start, binary):
    s = start()
    done = run(binary, "serve", "--listen", s.origin)
    assert done.returncode == 69
    assert s.origin.rsplit(":", 1)[1] in done.err
    assert done.out == ""


def test_port_file(start, tmp_path):
    file = tmp_path / "port"
    s = start("--port-file", file)
    assert file.read_text().strip() == s.origin.rsplit(":", 1)[1]


def test_healthcheck(start, binary):
    s = start()
    assert run(binary, "healthcheck", s.origin).returncode == 0
    s.stop()
    assert run(binary, "healthcheck", s.origin).returncode == 1


def test_database_file_outlives_the_process(start, tmp_path):
    file = tmp_path / "phr.db"
    s = start("--db", file)
    app = s.register()
    p = s.person(app)
    stored = p.post(blood_pressure(p.id), status=201).json()
    s.stop()
    s = start("--db", file)
    p.server = s
    assert p.get("/Observation/" + stored["id"]).json() == stored


def limited(server, size):
    """Starts it as a process that may write no file beyond that size."""
    popen = subprocess.Popen

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", lambda *a, **more: popen(
            *a, preexec_fn=limit, **more))
        return server.start()


def test_full_file(start, tmp_path):
    """The kernel's signal for it (SIGXFSZ) must not end the server: what
    cannot be written is a 500, and what was acknowledged is there."""
    file, kept, failed = tmp_path / "phr.db", [], 0
    start("--db", file).stop()  # the fixtures need no more room
    s = limited(Server("--db", file, "--log", "off"), 2 * MIB)
    try:
        p = s.person(s.register())
        text = json.dumps(weight(p.id)) + " " * (100 << 10)
        while failed < 3 and len(kept) < 100:
            r = p.post(text)
            assert r.status_code in (201, 500), r.text
            failed += r.status_code == 500
            if r.status_code == 201:
                kept.append(r.json())
        assert failed == 3 and kept
        support.outcome(r)
        for stored in kept:
            assert p.get("/Observation/" + stored["id"]).json() == stored
        s.admin("GET", "/state", status=200)
    finally:
        s.stop()
    s = start("--db", file)
    p.server = s
    for stored in kept:
        assert p.get("/Observation/" + stored["id"]).json() == stored
    p.post(text, status=201)


def test_foreign_database_file(binary, tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("this is no database " * 100)
    done = run(binary, "serve", "--listen", "http://127.0.0.1:0", "--db", file)
    assert done.returncode in (74, 78) and str(file) in done.err
    done = run(binary, "serve", "--listen", "http://127.0.0.1:0", "--db",
               tmp_path / "no" / "such" / "folder" / "x.db")
    assert done.returncode == 74
    assert file.read_text().startswith("this is no database")


# ---- the command line -------------------------------------------------------

@pytest.mark.parametrize("arguments,code,said", [
    (["--lisen", "x"], 2, "--listen"), (["serve", "--fixture=x"], 2,
                                        "--fixtures"),
    (["serv"], 2, "serve"), (["--listen"], 2, "--listen"),
    (["--clock", "yesterday"], 78, "yesterday"),
    (["--set", "validation_statu=422"], 78, "validation_status"),
    (["--set", "validation_status=999"], 78, "422"),
    (["--set", "fish"], 78, "fish"),
    (["--listen", "fish"], 78, "fish"),
    (["--listen", "http://127.0.0.1:99999"], 78, "99999"),
    (["--errors", "loud"], 78, "explain"),
    (["--config", "/no/such/file.json"], 78, "/no/such/file.json"),
    (["--db", ""], 78, "--db"), (["--allowed-host", "a b"], 78, "a b"),
    (["--fhir-path", "/__admin"], 78, "/__admin"),
    (["--auto-approve=010190-900R"], 78, "--auto-approve"),
    (["--clock", "0001-01-01T00:00:00Z"], 78, "0002-01-01"),
    (["--public-url", "httpfish"], 78, "--public-url")])
def test_usage(binary, arguments, code, said):
    done = run(binary, *arguments, timeout=20)
    assert done.returncode == code, done.err
    assert said in done.err and done.out == ""


def test_what_nobody_could_present_is_not_demanded(binary):
    done = run(binary, "--listen", "http://127.0.0.1:0",
               "--client-certificate", "required", timeout=20)
    assert done.returncode == 78 and "--listen mtls://" in done.err


def test_version_and_help(binary):
    assert "mock-kanta-phr" in run(binary, "--version").out
    for arguments in (["--help"], ["serve", "--help"], ["validate", "--help"],
                      ["profiles", "--help"], ["generate", "--help"],
                      ["fhirpath", "--help"], ["healthcheck", "--help"]):
        done = run(binary, *arguments)
        assert done.returncode == 0 and "--" in done.out, arguments
        assert done.err == ""
    assert "--listen" in run(binary, "--help").out


def test_help_says_what_an_option_is_to_the_command(binary):
    def row(command):
        lines = run(binary, command, "--help").out.splitlines()
        return next(t for t in lines if t.startswith("  --format "))

    assert "junit" in row("validate") and "[text]" in row("validate")
    assert "bundle" in row("generate") and "[ndjson]" in row("generate")
    assert row("profiles").endswith("text or json [text]")


def now_of(s):
    return s.admin("GET", "/clock", status=200).json()["now"][:4]


def test_flag_before_environment_before_file(start, tmp_path):
    def config(**members):
        file = tmp_path / "config.json"
        file.write_text(json.dumps(members))
        return ["--config", file]

    in_file = config(clock="2027" + CLOCK[4:])
    env = {"MOCK_PHR_CLOCK": "2028" + CLOCK[4:]}
    assert now_of(start(*in_file, clock=None)) == "2027"
    assert now_of(start(*in_file, clock=None, env=env)) == "2028"
    assert now_of(start(*in_file, clock="2029" + CLOCK[4:], env=env)) == "2029"


def test_lists_in_environment_and_file(start, tmp_path):
    env = {"MOCK_PHR_LISTEN": "http://127.0.0.1:0,http://127.0.0.1:0",
           "MOCK_PHR_SET": "validation_status=412"}
    s = start(env=env, listen=False)
    assert len(s.ready["listeners"]) == 2
    p = s.person(s.register())
    assert p.post({"resourceType": "Observation"}).status_code == 412
    file = tmp_path / "c.json"
    file.write_text(json.dumps({
        "listen": ["http://127.0.0.1:0"] * 3, "validation_status": "400"}))
    s = start("--config", file, listen=False)
    assert len(s.ready["listeners"]) == 3
    p = s.person(s.register())
    assert p.post({"resourceType": "Observation"}).status_code == 400


@pytest.mark.parametrize("text", ['{"fishy": 1}', "{", '{"clock": 5}', "[]"])
def test_bad_config_file(binary, tmp_path, text):
    file = tmp_path / "c.json"
    file.write_text(text)
    done = run(binary, "--config", file)
    assert done.returncode == 78, done.err
    assert str(file) in done.err or "fishy" in done.err


@pytest.mark.parametrize("document", [
    "{", '{"citizens": 1}', '{"fishy": []}',
    '{"citizens": [{"hetu": "010190-123X"}]}',
    '{"resources": [{"fhir": "r4", "hetu": "010190-900P", "client_id": "x",'
    ' "resource": {"resourceType": "Observation"}}]}'])
def test_bad_fixtures(binary, tmp_path, document):
    file = tmp_path / "bad.json"
    file.write_text(document)
    done = run(binary, "--listen", "http://127.0.0.1:0", "--fixtures", file,
               timeout=20)
    assert done.returncode in (65, 78), done.err
    assert "bad.json" in done.err


def test_own_fixtures(start, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(
        {"citizens": [{"hetu": support.hetu("010101", "999")}]}))
    (tmp_path / "b.json").write_text(json.dumps(
        {"clients": [{"client_id": "mine", "client_secret": "mine",
                      "redirect_uris": [support.CALLBACK],
                      "scope": support.SCOPE}]}))
    s = start("--fixtures", tmp_path)
    counts = s.admin("GET", "/state").json()["counts"]
    assert (counts["citizens"], counts["clients"]) == (1, 1)
    s = start("--fixtures", tmp_path / "a.json", "--fixtures",
              tmp_path / "b.json")
    counts = s.admin("GET", "/state").json()["counts"]
    assert (counts["citizens"], counts["clients"]) == (1, 1)


def test_log_formats(start):
    for form, check in (("json", lambda line: json.loads(line)),
                        ("text", lambda line: line.split(" ", 2)[1])):
        s = start("--log", form)
        s.admin("GET", "/health")
        s.stop()
        lines = s.log().splitlines()
        assert lines and any("/__admin/health" in line for line in lines)
        for line in lines:
            check(line)
    s = start("--log", "off")
    s.admin("GET", "/health")
    s.stop()
    assert s.log() == ""


def test_memory_after_start(start):
    """A loose bound; the exact one stands in the benchmark."""
    with open(support.MOCK, "rb") as f:
        if b"__asan_init" in f.read():
            pytest.skip("a sanitizer build needs memory of its own")
    s = start()
    with open(f"/proc/{s.process.pid}/status") as f:
        resident = [line for line in f if line.startswith("VmRSS")][0]
    assert int(resident.split()[1]) < 24 * 1024


@pytest.mark.parametrize("n", [51, 400, 700, 1500, 4000])
@pytest.mark.parametrize("path", ["/phr-resourceserver/baseR4/metadata",
                                  "/phr-authserver-sandbox/login"])
def test_many_parameters_are_answered(server, path, n):
    """However many fit into a URL: there is an answer, and it says why."""
    r = server.request("GET", path + "?" + "&".join(["a"] * n))
    assert r.status_code in (200, 400), r.text
    if "metadata" in path:
        assert r.status_code == 400 and "50" in r.text
