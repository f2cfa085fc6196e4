# SPDX-License-Identifier: Apache-2.0
"""The command pki: every file is there, other programs read it, and OpenSSL's
own verdict on each certificate is the one that the table promises, whatever
the clock shows. And what serve --pki makes of such a folder is as good."""
import json
import os
import shlex
import stat
import subprocess

import pytest

import support

CAS = ["root", "ica", "sote-ica"]
OWN = CAS + ["server"]
# what openssl verify says of each as a client's, 0: OK
ERRORS = {
    "wellbeing": 0, "wellbeing-nochain": 0, "wellbeing-both": 0,
    "wellbeing-noeku": 0, "wellbeing-rsa": 0, "sote": 0, "expired": 10,
    "future": 9, "revoked": 23, "wrong-eku": 26, "other-ca": 20,
    "self-signed": 18, "wrong-oid": 0, "wrong-app": 0, "no-oid": 0,
    "two-oids": 0, "weak-key": 66}
ALONE = {"wellbeing-nochain", "other-ca", "self-signed"}
OID = "1.2.246.10.99999999.99.1"


def make(binary, folder, *options, **more):
    return support.run(binary, "pki", folder, *options, **more)


@pytest.fixture(scope="module")
def folder(binary, tmp_path_factory):
    path = tmp_path_factory.mktemp("pki") / "deep" / "er"
    done = make(binary, path)
    assert done.returncode == 0, done.err
    return path, done.out


@pytest.fixture(scope="module")
def path(folder):
    return folder[0]


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def verify(path, name, *options, purpose="sslclient", crl=True):
    """The first error that openssl verify finds; 0: none."""
    lists = ["-crl_check", "-CRLfile", path / "crl.pem"] if crl else []
    code, said = openssl(
        "verify", "-auth_level", 2, "-purpose", purpose,
        "-CAfile", path / "ca.pem", *lists, *options, path / (name + ".pem"))
    if code == 0:
        return 0
    assert "error " in said, said
    return int(said.split("error ", 1)[1].split()[0])


def text_of(path, name):
    code, said = openssl("x509", "-in", path / (name + ".pem"), "-noout",
                         "-text", "-nameopt", "RFC2253")
    assert code == 0, said
    return said


# ---- files ------------------------------------------------------------------

def test_every_file_is_there_and_no_other(path):
    names = [n + e for n in OWN + list(ERRORS)
             for e in (".pem", ".key", ".p12")]
    assert sorted(os.listdir(path)) == sorted(names + ["ca.pem", "crl.pem"])


def test_keys_are_their_owners_alone(path):
    for name in os.listdir(path):
        mode = stat.S_IMODE(os.stat(path / name).st_mode)
        if name.endswith((".key", ".p12")):
            assert mode == 0o600, name
        else:
            assert mode & 0o400 and not mode & 0o111, name
            assert "PRIVATE" not in (path / name).read_text(), name


@pytest.mark.parametrize("name", ERRORS)
def test_the_library_agrees_with_the_table(path, name):
    assert verify(path, name) == ERRORS[name]


@pytest.mark.parametrize("name", list(ERRORS) + OWN)
def test_key_and_certificate_belong_together(path, name):
    _, public = openssl("x509", "-in", path / (name + ".pem"), "-noout",
                        "-pubkey")
    code, own = openssl("pkey", "-in", path / (name + ".key"), "-pubout")
    assert code == 0 and own == public


@pytest.mark.parametrize("name", list(ERRORS) + OWN)
def test_the_p12_opens(path, name):
    file = path / (name + ".p12")
    code, said = openssl("pkcs12", "-in", file, "-passin", "pass:mock",
                         "-nodes")
    assert code == 0, said
    assert "PRIVATE KEY" in said
    pem = (path / (name + ".pem")).read_text()
    assert said.count("BEGIN CERT") == pem.count("BEGIN CERT")
    assert openssl("pkcs12", "-in", file, "-passin", "pass:other",
                   "-nodes")[0] != 0


@pytest.mark.parametrize("name", ERRORS)
def test_the_chain_is_sent_as_the_kind_says(path, name):
    pem = (path / (name + ".pem")).read_text()
    assert pem.count("BEGIN CERT") == (1 if name in ALONE else 2)


def test_with_the_chain_the_root_alone_is_enough(path, tmp_path):
    code, said = openssl(
        "verify", "-purpose", "sslclient", "-CAfile", path / "root.pem",
        "-untrusted", path / "wellbeing.pem", path / "wellbeing.pem")
    assert code == 0, said
    assert openssl(
        "verify", "-purpose", "sslclient", "-CAfile", path / "root.pem",
        "-untrusted", path / "wellbeing-nochain.pem",
        path / "wellbeing-nochain.pem")[0] != 0


def test_the_lists_are_signed_and_last(path):
    lists = (path / "crl.pem").read_text().split("-----BEGIN X509 CRL-----")
    assert len(lists) == 3
    code, said = openssl("crl", "-in", path / "crl.pem", "-CAfile",
                         path / "ca.pem", "-noout", "-nextupdate")
    assert code == 0 and "verify OK" in said and "9999" in said, said
    for year in (2021, 2040, 2100):
        at = (year - 1970) * 31556952
        error = verify(path, "wellbeing", "-attime", at)
        assert error in (0, 10), year
        assert verify(path, "revoked", "-attime", at) == 23


def test_cas_are_cas(path):
    for name, error in (("root", 0), ("ica", 0), ("sote-ica", 0)):
        assert verify(path, name, purpose="any", crl=False) == error
        said = text_of(path, name)
        assert "CA:TRUE" in said and "Certificate Sign, CRL Sign" in said
    assert "CN=MOCK Gov. Root CA - G1,O=Mock Kanta,C=FI" in \
        text_of(path, "root")
    assert "CN=MOCK Service Certificates - G1" in text_of(path, "ica")
    assert "CN=MOCK Social Welfare and Health Care Prof. - G1" in \
        text_of(path, "sote-ica")


def test_the_subject_names_the_application(path):
    said = text_of(path, "wellbeing")
    assert "Subject: CN=app.example.fi,serialNumber=" + OID + ",O=" in said
    assert "TLS Web Client Authentication" in said
    assert "serialNumber=1.2.246.10.99999999.99.2," in text_of(path, "sote")
    assert "serialNumber=1.2.246.10.99999999.99.2," in \
        text_of(path, "wrong-app")
    assert "Issuer: CN=MOCK Service" in text_of(path, "wrong-app")
    assert "serialNumber=" not in text_of(path, "no-oid")
    assert text_of(path, "two-oids").count("serialNumber=") == 2
    assert "1024 bit" in text_of(path, "weak-key")
    assert "2048 bit" in text_of(path, "wellbeing-rsa")


# ---- the server's own -------------------------------------------------------

@pytest.mark.parametrize("name", [
    "localhost", "fhirsandbox2.kanta.fi", "fhirsandbox2-auth.kanta.fi"])
def test_the_server_is_known_by_its_usual_names(path, name):
    assert verify(path, "server", "-verify_hostname", name,
                  purpose="sslserver") == 0
    assert verify(path, "server", "-verify_hostname", "other." + name,
                  purpose="sslserver") == 62
    assert verify(path, "server", "-verify_ip", "127.0.0.1",
                  purpose="sslserver") == 0
    assert verify(path, "server", "-verify_ip", "::1",
                  purpose="sslserver") == 0


def test_more_names_and_another_key(binary, tmp_path):
    done = make(binary, tmp_path, "--hostname", "phr.test", "--hostname",
                "10.1.2.3", "--hostname", "fd00::1", "--key", "rsa")
    assert done.returncode == 0, done.err
    for option, value in (("-verify_hostname", "phr.test"),
                          ("-verify_hostname", "localhost"),
                          ("-verify_ip", "10.1.2.3"),
                          ("-verify_ip", "fd00::1")):
        assert verify(tmp_path, "server", option, value,
                      purpose="sslserver") == 0, value
    assert "2048 bit" in text_of(tmp_path, "server")
    assert "256 bit" in text_of(tmp_path, "wellbeing")


# ---- time -------------------------------------------------------------------

@pytest.mark.parametrize("clock, at", [
    ("1999-12-31T12:00:00+02:00", 946634400),
    ("2015-06-01T12:00:00+03:00", 1433149200),
    ("2049-12-31T23:00:00+02:00", 2524597200),
    ("2150-01-01T00:00:00+02:00", 5680274400)])
def test_a_clock_that_stands_elsewhere(binary, tmp_path, clock, at):
    done = make(binary, tmp_path, "--clock", clock)
    assert done.returncode == 0, done.err
    for name, error in ERRORS.items():
        assert verify(tmp_path, name, "-attime", at) == error, name
    # the server is judged by its clients' clocks, which are real
    assert verify(tmp_path, "server", purpose="sslserver") == 0
    assert "--clock " + clock in done.out


# ---- what is printed --------------------------------------------------------

def test_each_has_its_line(folder):
    path, said = folder
    assert sum(x.startswith("  openssl s_client") and "/weak-key.pem " in x
               for x in said.splitlines()) == 1  # curl loads no such key
    for name in ERRORS.keys() - {"weak-key"}:
        line = [x for x in said.splitlines()
                if x.startswith("  curl") and f"/{name}.pem " in x]
        assert len(line) == 1, name
        words = shlex.split(line[0])
        assert words[words.index("--cacert") + 1] == str(path / "ca.pem")
        assert words[words.index("--cert") + 1] == str(path / f"{name}.pem")
        assert words[words.index("--key") + 1] == str(path / f"{name}.key")
        assert words[words.index("-w") + 1] == "%{http_code}\\n"
    assert f"--pki {path}" in said and "mtls://" in said
    assert "password: mock" in said


def test_for_programs(binary, tmp_path):
    done = make(binary, tmp_path / "it's here", "--oid", "1.2.3",
                "--format", "json")
    assert done.returncode == 0, done.err
    said = json.loads(done.out)
    assert said["password"] == "mock" and said["oid"] == "1.2.3"
    assert [c["name"] for c in said["certificates"]] == OWN + list(ERRORS)
    for c in said["certificates"]:
        for member in ("certificate", "key", "p12"):
            assert os.path.exists(c[member])
        assert c["what"]
        if c["name"] in ERRORS.keys() - {"weak-key"}:
            assert c["error"] == ERRORS[c["name"]]
            words = shlex.split(c["use"])
            assert words[words.index("--cert") + 1] == c["certificate"]
            assert "client_id=YOUR-CLIENT-ID" in words
    assert "serialNumber=1.2.3," in text_of(tmp_path / "it's here",
                                            "wellbeing")
    _, serial = openssl("x509", "-in", said["certificates"][4]["certificate"],
                        "-noout", "-serial")
    assert serial.strip() == "serial=" + said["certificates"][4]["number"]


# ---- refusals ---------------------------------------------------------------

def test_a_pki_is_not_written_over(binary, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert make(binary, tmp_path).returncode == 0
    before = (tmp_path / "ca.pem").read_text()
    done = make(binary, tmp_path)
    assert done.returncode == 1 and "--force" in done.err
    assert str(tmp_path) in done.err
    assert (tmp_path / "ca.pem").read_text() == before
    assert make(binary, tmp_path, "--force").returncode == 0
    assert (tmp_path / "ca.pem").read_text() != before
    assert verify(tmp_path, "wellbeing") == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert stat.S_IMODE(os.stat(tmp_path / "root.key").st_mode) == 0o600


@pytest.mark.parametrize("options, code, says", [
    ([], 2, "DIR"),
    (["a", "b"], 2, "DIR"),
    (["a", "--oid", ""], 78, "OID"),
    (["a", "--oid", "1.2_3"], 78, "OID"),
    (["a", "--oid", "1" * 65], 78, "OID"),
    (["a", "--key", "ed25519"], 78, "ec | rsa"),
    (["a", "--hostname", "two words"], 78, "hostname"),
    (["a", "--hostname", "http://x"], 78, "hostname"),
    (["a", "--clock", "yesterday"], 78, "clock"),
    (["a", "--format", "junit"], 78, "text or json"),
    (["a", "--hostnam", "x"], 2, "--hostname"),
    (["a", "--listen", "http://127.0.0.1:0"], 2, "listen"),
    (["/dev/null/a"], 1, "/dev/null/a"),
    (["/dev/null"], 1, "/dev/null")])
def test_what_cannot_be_is_refused(binary, tmp_path, options, code, says):
    done = support.run(binary, "pki", *options, cwd=tmp_path)
    assert done.returncode == code, done.err
    assert says in done.err
    assert not done.out
    assert not (tmp_path / "a" / "ca.pem").exists()


def test_half_a_pki_is_none(binary, tmp_path):
    """A folder that cannot be written to the end has no ca.pem."""
    (tmp_path / "crl.pem").mkdir()
    done = make(binary, tmp_path)
    assert done.returncode == 1 and "crl.pem" in done.err
    assert not (tmp_path / "ca.pem").exists()
    assert not [n for n in os.listdir(tmp_path) if n.endswith(".part")]
