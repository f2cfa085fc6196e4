# SPDX-License-Identifier: Apache-2.0
"""What a person reads who has gone wrong with certificates, and whether it says
what to change: in the answer, in the journal, in the log, at the start."""
import os
import re
import shutil
import subprocess
import urllib.parse

import pytest

import support

LISTEN = ("--listen", "http://127.0.0.1:0")
MTLS = ("--listen", "mtls://127.0.0.1:0")
OWNER = "demo-production"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not support.MOCK:
        pytest.skip("needs the binary (MOCK is not set)")
    path = tmp_path_factory.mktemp("pki") / "pki"
    assert support.run(support.MOCK, "pki", path).returncode == 0
    return path


@pytest.fixture
def half(folder, tmp_path):
    """A copy, to take something away from."""
    return shutil.copytree(folder, tmp_path / "half")


def refused(binary, *options):
    done = support.run(binary, *LISTEN, *options, timeout=20)
    assert done.returncode == 78, (options, done.err)
    return done.err


def exchange(at, folder, name):
    """token's answer to an application that has only its certificate."""
    done = support.run(
        shutil.which("curl"), "-sS", "--cacert", folder / "ca.pem",
        "--cert", folder / f"{name}.pem", "--key", folder / f"{name}.key",
        at + "/phr-authserver/token", "-d", "grant_type=authorization_code",
        "-d", f"client_id={OWNER}", "-d", "code=x")
    return done.out


# ---- while it runs ----------------------------------------------------------

@pytest.mark.parametrize("name,advice", [
    ("wrong-oid", "Register the Subject serialNumber as its "
                  "certificate_serial_number"),
    ("wrong-app", "Register the Subject serialNumber as its "
                  "certificate_serial_number"),
    ("sote", "professional as its kind"),
    ("no-oid", "Use one with a single serialNumber"),
    ("two-oids", "Use one with a single serialNumber")])
def test_whose_certificate_it_should_be(start, folder, name, advice):
    """The answer tells what to change and not what is registered, which the
    journal tells."""
    s = start(*MTLS, "--environment", "production", "--pki", folder,
              clock=None)
    said = exchange(s.ready["listeners"][1]["url"], folder, name)
    assert advice in said and "journal" in said
    assert ("professional" in said) == (name == "sote")
    due = "it must have the Subject serialNumber 1.2.246.10.99999999.99.1."
    assert due not in said
    why = s.admin("GET", "/requests?refused=true").json()
    assert due in why["requests"][-1]["error"]["why"]


def test_a_certificate_of_another_ca(start, folder):
    """Trusted may be the CA of files, of a folder, or of the server's own."""
    s = start(*MTLS, "--environment", "production", "--pki", folder,
              "--on-missing-certificate", "401", clock=None)
    said = exchange(s.ready["listeners"][1]["url"], folder, "other-ca")
    for ca in ("--client-ca", "--pki", "/__admin/certificates/ca.pem"):
        assert ca in said, said


def ask(s, **headers):
    r = s.request("POST", "/phr-authserver/token", headers=headers, data={
        "grant_type": "authorization_code", "client_id": OWNER, "code": "x"})
    assert r.status_code == 401
    return r.json()["error_description"]


def test_behind_a_proxy(start, folder):
    """Who terminates TLS has a part in it, so it is named."""
    production = ("--environment", "production", "--pki", folder)
    sent = urllib.parse.quote((folder / "wellbeing.pem").read_text())
    s = start(*production, "--trusted-proxy", "127.0.0.1",
              "--client-certificate-header", "X-Client")
    assert "in the header X-Client" in ask(s)
    s = start(*production, "--trusted-proxy", "192.0.2.1")
    said = ask(s, **{"Client-Cert": sent})
    assert "--trusted-proxy has the address" in said and "mtls:" not in said
    s = start(*MTLS, *production)
    assert "https://127.0.0.1:" in ask(s) and "proxy" not in ask(s)


def test_healthcheck_has_no_certificate(binary, start, folder):
    s = start(*MTLS, "--client-certificate", "required", clock=None)
    done = support.run(binary, "healthcheck", s.ready["listeners"][1]["url"])
    assert done.returncode == 1
    assert "demands a certificate" in done.err and "http://" in done.err


def test_what_production_does_not_have(start):
    s = start("--environment", "production", "--client-certificate", "off")
    r = s.request("GET", "/phr-resourceserver/baseR4/metadata")
    assert r.status_code == 404
    assert "fhir_r4 is off (environment production)" in r.text


# ---- at the start -----------------------------------------------------------

@pytest.mark.parametrize("name", ["ca.pem", "server.pem", "server.key"])
def test_a_folder_from_which_something_is_gone(binary, half, name):
    (half / name).unlink()
    said = refused(binary, *MTLS, "--pki", half)
    assert f"--pki {half} is incomplete" in said and name in said, said
    assert "--force" in said


def test_a_folder_that_is_a_file(binary, tmp_path):
    (tmp_path / "file").write_text("mine")
    said = refused(binary, *MTLS, "--pki", tmp_path / "file")
    assert "is a file, no folder" in said and "made" not in said


def test_nothing_is_revoked_without_a_list(start, half):
    assert "CRL" not in start(*MTLS, "--pki", half).log()
    (half / "crl.pem").unlink()
    assert "no CRL" in start(*MTLS, "--pki", half).log()


def test_a_server_certificate_that_has_ended(start, half):
    s = start(*MTLS, "--tls-cert", half / "expired.pem",
              "--tls-key", half / "expired.key", "--client-ca",
              half / "ca.pem")
    assert re.search(r"valid until 20\d\d-.*renew --tls-cert", s.log())


def test_der_and_pkcs12_are_no_pem(binary, folder):
    said = refused(binary, *MTLS, "--tls-cert", folder / "server.p12",
                   "--tls-key", folder / "server.key",
                   "--client-ca", folder / "ca.pem")
    assert "server.p12" in said and "openssl pkcs12" in said


def test_who_demands_the_certificate(binary):
    said = refused(binary, "--environment", "production")
    assert "environment production, client_certificate=required" in said


def test_a_header_that_nobody_may_send(binary):
    said = refused(binary, "--client-certificate-header", "X-Client")
    assert "--trusted-proxy" in said


def test_the_beginning_of_an_option(binary):
    done = support.run(binary, "--client-cert", "required")
    assert done.returncode == 2
    assert "did you mean --client-certificate?" in done.err
    done = support.run(binary, env={"MOCK_PHR_CLIENT_CERT": "required"})
    assert done.returncode == 78
    assert "did you mean MOCK_PHR_CLIENT_CERTIFICATE?" in done.err


# ---- what the commands tell -------------------------------------------------

def test_the_line_that_starts_production(binary, tmp_path):
    """As environments prints it, with free ports."""
    shown = support.run(binary, "environments", "production").out
    line = re.search(r"mock-kanta-phr (--environment.*\\\n.*)\n", shown)[1]
    assert "--listen mtls://" in line and "--pki pki" in line
    words = re.sub(r":84\d\d", ":0", line.replace("\\\n", " ")).split()
    words[words.index("--pki") + 1] = str(tmp_path / "pki")
    run = subprocess.Popen(
        [binary, *words, "--exit-on-stdin-eof"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert '"kind":"mtls"' in run.stdout.readline()
        assert os.path.exists(tmp_path / "pki" / "wellbeing.p12")
    finally:
        run.communicate("", timeout=20)
    assert run.returncode == 0
