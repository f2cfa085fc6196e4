# SPDX-License-Identifier: Apache-2.0
"""Every client certificate, presented by curl (OpenSSL): its exit code and what
it prints."""
import os
import re
import subprocess

import pytest

import mtls
from mtls import pki, servers  # noqa: F401

# A key that is too short curl does not even read, and --ciphers comes too late
# for that. Only OpenSSL's own configuration lets it.
CONFIGURATION = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = default
[default]
CipherString = """ + mtls.ANY_KEY + "\n"


def command(case):
    tls = ["--cacert", case.ca, "--tlsv" + case.tls, "--tls-max", case.tls]
    if case.cert:
        tls += ["--cert", case.cert, "--key", case.key]
    parts = ["curl", "-q", "--fail-early"]
    for i, (path, authorization, form) in enumerate(case.at.requests):
        parts += (["--next"] if i else []) + [
            "-sS", "-i", "--max-time", "30", "--noproxy", "*", *tls,
            f"https://{case.at.host}{path}"]
        if authorization:
            parts += ["-H", "Authorization: " + authorization]
        if form:
            parts += ["-d", form]
    return parts


def ask(case, configuration=None):
    env = dict(os.environ)
    if configuration:
        env["OPENSSL_CONF"] = configuration
    done = subprocess.run(command(case), capture_output=True, env=env)
    if done.returncode == 0:
        return mtls.answers(done.stdout)
    said = done.stderr.decode()
    reason = re.search(r"SSL routines::([a-z0-9 ]+)", said)
    return f"{done.returncode} " + (
        reason.group(1) if reason else said.split("\n")[0])


def alert(case):
    """Of an expired certificate on TLS 1.2 it speaks as if the server's were
    the bad one."""
    code = case.alert["curl" + case.tls.replace(".", "")]
    if code == "60":
        return "60 curl: (60) SSL certificate verification failed"
    return code + " " + case.alert["openssl"].lower().replace("_", " ")


@pytest.fixture(scope="module")
def any_key(tmp_path_factory):
    path = tmp_path_factory.mktemp("openssl") / "openssl.cnf"
    path.write_text(CONFIGURATION)
    return str(path)


@mtls.every_combination
def test_matrix(servers, any_key, demand, missing, tls):  # noqa: F811
    mtls.check(servers(demand, missing), tls,
               lambda case: ask(case, case.any_key and any_key), alert)


def test_a_short_key_as_curl_is_configured(servers):  # noqa: F811
    case = next(c for c in servers("required", "alert").cases("1.3")
                if c.any_key)
    assert ask(case) == "58 ee key too small"
