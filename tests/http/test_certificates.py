# SPDX-License-Identifier: Apache-2.0
"""Certificates by the control API: ordered, listed, revoked, expired by the
clock; and where the server has its own from: files, a folder, memory, and the
same read again by SIGHUP."""
import base64
import os
import re
import signal
import ssl
import subprocess
import time

import pytest

import support

MTLS = ["--listen", "mtls://127.0.0.1:0"]
OPTIONS = MTLS
OID = "1.2.246.10.99999999.99.1"
KINDS = ["wellbeing", "wellbeing-nochain", "wellbeing-both",
         "wellbeing-noeku", "wellbeing-rsa", "sote", "expired", "future",
         "revoked", "wrong-eku", "other-ca", "self-signed", "wrong-oid",
         "wrong-app", "no-oid", "two-oids", "weak-key"]


def order(server, kind="wellbeing", status=201, **more):
    return server.admin("POST", "/certificates", dict(more, kind=kind),
                        status).json()


def text_of(server, name):
    r = server.admin("GET", "/certificates/" + name, status=200)
    assert r.headers["Content-Type"] == "application/x-pem-file"
    return r.text


def error_of(server, certificate, tmp_path):
    """What openssl verify says at the server's time, 0: OK."""
    for name in ("ca.pem", "crl.pem"):
        (tmp_path / name).write_text(text_of(server, name))
    (tmp_path / "leaf.pem").write_text(certificate)
    now = server.admin("GET", "/clock").json()["now"]
    at = subprocess.run(["date", "-d", now, "+%s"], capture_output=True,
                        text=True, check=True).stdout.strip()
    done = subprocess.run(
        ["openssl", "verify", "-auth_level", "2", "-purpose", "sslclient",
         "-attime", at, "-CAfile", tmp_path / "ca.pem", "-crl_check",
         "-CRLfile", tmp_path / "crl.pem", tmp_path / "leaf.pem"],
        capture_output=True, text=True)
    if done.returncode == 0:
        return 0
    return int(re.search(r"error (\d+)", done.stdout + done.stderr)[1])


# ---- ordering ---------------------------------------------------------------

def test_kinds_are_listed(own):
    kinds = own.admin("GET", "/certificates", status=200).json()["kinds"]
    assert [k["kind"] for k in kinds] == KINDS
    assert all(k["what"] for k in kinds)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_what_the_list_says(own, kind, tmp_path):
    kinds = own.admin("GET", "/certificates").json()["kinds"]
    got = order(own, kind)
    assert error_of(own, got["certificate"], tmp_path) == \
        {k["kind"]: k["error"] for k in kinds}[kind]
    assert got["revoked"] is (kind == "revoked")


def test_the_answer_describes_it(own):
    got = order(own, oid="1.2.3.4", common_name="oma.example.fi")
    der = ssl.PEM_cert_to_DER_cert(
        got["certificate"].split("-----END")[0] +
        "-----END CERTIFICATE-----\n")
    import hashlib
    print_ = base64.urlsafe_b64encode(hashlib.sha256(der).digest())
    assert got["thumbprint"] == print_.decode().rstrip("=")
    assert got["subject"].startswith(
        "CN=oma.example.fi,serialNumber=1.2.3.4,O=")
    assert got["oid"] == "1.2.3.4" and got["kind"] == "wellbeing"
    assert got["not_before"] == "2020-01-01T02:00:00.000+02:00"
    assert got["not_after"] == "2027-03-10T12:00:00.000+02:00"
    assert re.fullmatch("[0-9A-F]{32}", got["number"])
    assert got["certificate"].count("BEGIN CERTIFICATE") == 2
    assert got["key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert "p12" not in got and "password" not in got
    listed = own.admin("GET", "/certificates").json()["issued"][-1]
    assert listed == {k: v for k, v in got.items()
                      if k not in ("certificate", "key")}


def test_oids(own):
    assert order(own)["oid"] == OID
    assert order(own, "sote")["oid"] == "1.2.246.10.99999999.99.2"
    assert order(own, "no-oid", oid="1.2.3")["oid"] is None
    assert order(own, "two-oids")["oid"] is None
    assert order(own, "wrong-oid")["oid"] == "1.2.246.10.99999999.99.99"


def test_a_p12_opens(own, tmp_path):
    got = order(own, format="p12")
    (tmp_path / "x.p12").write_bytes(base64.b64decode(got["p12"],
                                                      validate=True))
    done = subprocess.run(
        ["openssl", "pkcs12", "-in", tmp_path / "x.p12", "-nodes",
         "-passin", "pass:" + got["password"]], capture_output=True,
        text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("BEGIN CERTIFICATE") == 2
    assert "PRIVATE KEY" in done.stdout
    order(own, format="pem")


@pytest.mark.parametrize("name", [
    "\u00e4" * 64,  # 128 bytes of UTF-8
    "a" + "\u20ac" * 63,
    "\U0001f600" * 64,  # which no alias of PKCS #12 can have
    "\u0001\n"])
def test_a_p12_of_any_name_opens(own, tmp_path, name):
    got = order(own, format="p12", common_name=name)
    (tmp_path / "x.p12").write_bytes(base64.b64decode(got["p12"]))
    done = subprocess.run(
        ["openssl", "pkcs12", "-in", tmp_path / "x.p12", "-nodes",
         "-passin", "pass:mock"], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"BEGIN CERTIFICATE") == 2
    assert got["subject"].startswith("CN=")


@pytest.mark.parametrize("body, code, where", [
    ({}, "missing_member", "/kind"),
    ({"kind": "expire"}, "invalid_value", "/kind"),
    ({"kind": "nothing like it"}, "invalid_value", "/kind"),
    ({"kind": 1}, "wrong_type", "/kind"),
    ({"kind": "sote", "oid": ""}, "invalid_value", "/oid"),
    ({"kind": "sote", "oid": "1.2_3"}, "invalid_value", "/oid"),
    ({"kind": "sote", "oid": "ä"}, "invalid_value", "/oid"),
    ({"kind": "sote", "common_name": "x" * 65}, "invalid_value",
     "/common_name"),
    ({"kind": "sote", "common_name": ""}, "invalid_value", "/common_name"),
    ({"kind": "sote", "format": "der"}, "invalid_value", "/format"),
    ({"kind": "sote", "name": "x"}, "unknown_member", "/name")])
def test_what_cannot_be_ordered(own, body, code, where):
    before = own.admin("GET", "/certificates").json()["issued"]
    said = own.admin("POST", "/certificates", body, 400).json()["error"]
    assert (said["code"], said["where"]) == (code, where)
    assert own.admin("GET", "/certificates").json()["issued"] == before


def test_a_misspelt_kind_is_told_the_right_one(own):
    said = order(own, "expird", 400)["error"]["message"]
    assert "did you mean expired?" in said


def test_names_of_any_kind(own):
    for name in ("Äänekosken hyvinvointi", "a,b=c+d\"e", "*.example.fi",
                 "x" * 64, "\U0001f600"):
        assert order(own, common_name=name)["certificate"]


# ---- revoking ---------------------------------------------------------------

def test_revoking_takes_effect_at_once(own, tmp_path):
    for kind in ("wellbeing", "sote"):
        gone, stays = order(own, kind), order(own, kind)
        assert error_of(own, gone["certificate"], tmp_path) == 0
        said = own.admin("POST", f"/certificates/{gone['number']}/revoke",
                         status=200).json()
        assert said == {"number": gone["number"], "revoked": True}
        assert error_of(own, gone["certificate"], tmp_path) == 23
        assert error_of(own, stays["certificate"], tmp_path) == 0
        listed = {c["number"]: c["revoked"] for c in own.admin(
            "GET", "/certificates").json()["issued"]}
        assert listed[gone["number"]] and not listed[stays["number"]]


def test_a_number_may_be_written_otherwise(own, tmp_path):
    got = order(own)
    n = got["number"].lower()
    pairs = ":".join(n[i:i + 2] for i in range(0, len(n), 2))
    own.admin("POST", f"/certificates/{pairs}/revoke", status=200)
    own.admin("POST", f"/certificates/{n}/revoke", status=200)
    assert error_of(own, got["certificate"], tmp_path) == 23


def test_twice_revoked_stands_on_the_list_once(own):
    n = order(own)["number"]
    before = text_of(own, "crl.pem")
    own.admin("POST", f"/certificates/{n}/revoke", status=200)
    once = text_of(own, "crl.pem")
    own.admin("POST", f"/certificates/{n}/revoke", status=200)
    assert before != once == text_of(own, "crl.pem")


@pytest.mark.parametrize("number", [
    "1", "0", "zz", "%20", "4" + 31 * "0", "x" * 200, "ca.pem", "..%2F"])
def test_a_number_of_nobody(own, number):
    said = own.admin("POST", f"/certificates/{number}/revoke",
                     status=404).json()["error"]
    assert said["code"]


def test_others_cannot_be_revoked(own):
    for kind in ("other-ca", "self-signed"):
        got = order(own, kind)
        own.admin("POST", f"/certificates/{got['number']}/revoke",
                  status=404)


def test_revoke_takes_no_members(own):
    got = order(own)
    own.admin("POST", f"/certificates/{got['number']}/revoke", {"why": "x"},
              400)
    own.admin("POST", f"/certificates/{got['number']}/revoke", {}, 200)


# ---- time, reset ------------------------------------------------------------

def test_the_clock_counts_what_expired(start, tmp_path):
    s = start(*MTLS)
    got = [order(s), order(s), order(s, "expired")]
    assert s.advance("P364D")["expired"]["certificates"] == 0
    order(s)
    assert s.advance("P1D")["expired"]["certificates"] == 2
    assert error_of(s, got[0]["certificate"], tmp_path) == 10
    assert s.advance("P365D")["expired"]["certificates"] == 1
    assert s.advance("P3650D")["expired"]["certificates"] == 0
    late = order(s)
    assert error_of(s, late["certificate"], tmp_path) == 0


def test_a_reset_takes_revocations_back(start, tmp_path):
    s = start(*MTLS)
    ca, got, always = text_of(s, "ca.pem"), order(s), order(s, "revoked")
    s.admin("POST", f"/certificates/{got['number']}/revoke", status=200)
    assert error_of(s, got["certificate"], tmp_path) == 23
    s.admin("POST", "/reset", status=204)
    assert s.admin("GET", "/certificates").json()["issued"] == []
    assert text_of(s, "ca.pem") == ca
    assert error_of(s, got["certificate"], tmp_path) == 0
    assert error_of(s, always["certificate"], tmp_path) == 0
    s.admin("POST", f"/certificates/{got['number']}/revoke", status=200)
    assert error_of(s, got["certificate"], tmp_path) == 23


# ---- who may, and when it cannot --------------------------------------------

def test_a_plain_server_has_none(start):
    s = start()
    for method, path, body in (
            ("POST", "/certificates", {"kind": "sote"}),
            ("POST", "/certificates/1/revoke", None),
            ("GET", "/certificates/ca.pem", None),
            ("GET", "/certificates/crl.pem", None)):
        said = s.admin(method, path, body, 409).json()["error"]
        assert said["code"] == "cannot_issue" and "mtls://" in said["message"]
    said = s.admin("GET", "/certificates", status=200).json()
    assert len(said["kinds"]) == len(KINDS) and said["issued"] == []


def test_the_control_apis_guard_holds(start):
    s = start(*MTLS, "--admin-token", "s3cret")
    for method, path in (("POST", "/certificates"), ("GET", "/certificates"),
                         ("GET", "/certificates/ca.pem"),
                         ("POST", "/certificates/1/revoke")):
        assert s.admin(method, path).status_code == 401


@pytest.fixture(scope="module")
def folder(binary, tmp_path_factory):
    path = tmp_path_factory.mktemp("pki") / "p"
    assert support.run(binary, "pki", path, "--clock",
                       support.CLOCK).returncode == 0
    return path


def named(path, *names):
    files = {"--tls-cert": "server.pem", "--tls-key": "server.key",
             "--client-ca": "ca.pem", "--client-crl": "crl.pem"}
    return [x for n in names for x in (n, str(path / files[n]))]


ALL = ("--tls-cert", "--tls-key", "--client-ca", "--client-crl")


def test_another_ca_issues_nothing(start, folder):
    s = start(*MTLS, *named(folder, *ALL))
    said = order(s, status=409)["error"]
    assert said["code"] == "cannot_issue" and "--client-ca" in said["message"]
    assert text_of(s, "ca.pem") == (folder / "ca.pem").read_text()
    assert text_of(s, "crl.pem") == (folder / "crl.pem").read_text()


def test_a_folder_goes_on_issuing(start, folder, tmp_path):
    s = start(*MTLS, "--pki", folder)
    assert text_of(s, "ca.pem") == (folder / "ca.pem").read_text()
    old = (folder / "wellbeing.pem").read_text()
    fresh = order(s)
    assert error_of(s, fresh["certificate"], tmp_path) == 0
    serial = subprocess.run(
        ["openssl", "x509", "-in", folder / "wellbeing.pem", "-noout",
         "-serial"], capture_output=True, text=True).stdout
    assert error_of(s, old, tmp_path) == 0
    s.admin("POST", f"/certificates/{serial.strip()[7:]}/revoke", status=200)
    assert error_of(s, old, tmp_path) == 23
    assert error_of(s, (folder / "revoked.pem").read_text(), tmp_path) == 23
    assert "revoked" not in (folder / "crl.pem").read_text()


def test_a_folder_that_is_not_there_is_made(start, tmp_path):
    path = tmp_path / "a" / "b"
    s = start(*MTLS, "--pki", path)
    assert text_of(s, "ca.pem") == (path / "ca.pem").read_text()
    assert (path / "wellbeing.p12").exists()
    s.stop()
    again = start(*MTLS, "--pki", path)
    assert text_of(again, "ca.pem") == (path / "ca.pem").read_text()


def test_a_proxys_certificates_can_be_ordered_too(start, tmp_path):
    s = start("--trusted-proxy", "127.0.0.1")
    assert error_of(s, order(s)["certificate"], tmp_path) == 0


# ---- starts that are refused ------------------------------------------------

def refused(binary, *options):
    done = support.run(binary, "serve", "--listen", "http://127.0.0.1:0",
                       *options)
    assert done.returncode == 78, (done.returncode, done.err)
    return done.err


@pytest.mark.parametrize("names, says", [
    (("--tls-cert",), "--tls-key"),
    (("--tls-key",), "--tls-cert"),
    (("--client-ca",), "--tls-cert"),
    (("--tls-cert", "--tls-key"), "--client-ca"),
    (("--tls-cert", "--tls-key", "--client-crl"), "--client-ca"),
    (("--client-crl",), "--tls-cert"),
    (("--tls-cert", "--client-ca"), "--tls-key")])
def test_a_part_of_the_files_is_refused(binary, folder, names, says):
    said = refused(binary, *MTLS, *named(folder, *names))
    assert says + " is missing" in said


def test_https_alone_needs_no_clients_ca(start, folder):
    s = start("--listen", "https://127.0.0.1:0",
              *named(folder, "--tls-cert", "--tls-key"))
    assert s.admin("GET", "/health").status_code == 200


def test_a_file_that_is_wrong_is_named(binary, folder, tmp_path):
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    good = dict(zip(ALL, named(folder, *ALL)[1::2]))
    for name in ALL:
        options = [x for n in ALL for x in (n, str(bad) if n == name
                                            else good[n])]
        said = refused(binary, *MTLS, *options)
        assert str(bad) in said and name in said, said
    said = refused(binary, *MTLS, "--tls-cert", tmp_path / "none.pem",
                   *named(folder, "--tls-key", "--client-ca"))
    assert "none.pem" in said
    # each is sound, but they do not belong together
    said = refused(binary, *MTLS, *named(folder, "--tls-cert", "--client-ca"),
                   "--tls-key", folder / "root.key")
    assert "root.key" in said and "--tls-key" in said
    said = refused(binary, *MTLS, *named(folder, "--tls-cert", "--tls-key",
                                         "--client-crl"),
                   "--client-ca", folder / "root.pem")
    assert "crl.pem" in said and "--client-crl" in said


def test_nothing_behind_a_nul_is_left_out_unseen(binary, folder, tmp_path):
    bad = tmp_path / "crl.pem"
    bad.write_bytes((folder / "crl.pem").read_bytes().replace(
        b"-----\n-----", b"-----\n\0-----", 1))
    assert b"\0" in bad.read_bytes()
    said = refused(binary, *MTLS, "--client-crl", bad, *named(
        folder, "--tls-cert", "--tls-key", "--client-ca"))
    assert str(bad) in said and "DER" in said


def test_a_folder_of_something_else_stays_as_it_is(binary, start, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    said = refused(binary, *MTLS, "--pki", tmp_path)
    assert str(tmp_path) in said and "ca.pem" in said
    assert os.listdir(tmp_path) == ["notes.txt"]
    (tmp_path / "notes.txt").rename(tmp_path / ".notes")
    start(*MTLS, "--pki", tmp_path)
    assert (tmp_path / "ca.pem").exists()


@pytest.mark.parametrize("name", ALL)
def test_files_that_nobody_reads_are_a_forgotten_listener(binary, folder,
                                                          name):
    said = refused(binary, *named(folder, name))
    assert name + " is of no use" in said and "--listen https://" in said


def test_a_folder_that_is_wrong_is_named(binary, tmp_path):
    path = tmp_path / "p"
    assert support.run(binary, "pki", path).returncode == 0
    (path / "ica.key").unlink()
    assert "ica.key" in refused(binary, *MTLS, "--pki", path)
    (path / "server.pem").unlink()
    assert "server.pem" in refused(binary, *MTLS, "--pki", path)


@pytest.mark.parametrize("when", ["optional", "required"])
def test_a_demand_that_nobody_can_meet_is_refused(binary, when):
    said = refused(binary, "--client-certificate", when)
    assert "--listen mtls://127.0.0.1:8443" in said
    assert "--client-certificate off" in said
    said = refused(binary, "--client-certificate", when,
                   "--listen", "https://127.0.0.1:0")
    assert "mtls://" in said


@pytest.mark.parametrize("options", [
    MTLS, ["--trusted-proxy", "10.0.0.0/8"]])
def test_a_demand_that_can_be_met(start, options):
    s = start("--client-certificate", "required", *options)
    assert s.admin("GET", "/health").status_code == 200


# ---- SIGHUP -----------------------------------------------------------------

def hup(s, lines):
    s.process.send_signal(signal.SIGHUP)
    for _ in range(600):
        if s.log().count("reload") >= lines:
            return s.log()
        s.admin("GET", "/health", status=200)
        time.sleep(0.02)
    raise AssertionError(s.log())


def test_files_are_read_again(binary, start, tmp_path):
    path = tmp_path / "p"
    assert support.run(binary, "pki", path).returncode == 0
    s = start(*MTLS, "--pki", path)
    before = text_of(s, "ca.pem")
    assert support.run(binary, "pki", path, "--force").returncode == 0
    assert text_of(s, "ca.pem") == before
    assert "read again" in hup(s, 1)
    assert text_of(s, "ca.pem") == (path / "ca.pem").read_text() != before
    # all or nothing: one bad file, and everything stays
    ca = (path / "ca.pem").read_text()
    assert support.run(binary, "pki", path, "--force").returncode == 0
    os.replace(path / "root.key", path / "server.key")
    said = hup(s, 2)
    assert "stay as they were" in said and "server.key" in said
    assert text_of(s, "ca.pem") == ca


def test_without_files_nothing_is_read(start):
    s = start(*MTLS)
    before = text_of(s, "ca.pem")
    assert "made in memory" in hup(s, 1)
    assert text_of(s, "ca.pem") == before


def test_a_plain_server_lives_on(start):
    s = start()
    s.process.send_signal(signal.SIGHUP)
    for _ in range(5):
        s.admin("GET", "/health", status=200)
