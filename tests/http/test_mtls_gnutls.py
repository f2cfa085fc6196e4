# SPDX-License-Identifier: Apache-2.0
"""Every client certificate, presented by gnutls-cli: the alert that it
prints. It sends all requests at once, without waiting for the answers."""
import re
import subprocess

import mtls
from mtls import pki, servers  # noqa: F401


def command(case):
    return ["timeout", "30", "gnutls-cli", "--x509cafile", case.ca,
            *(["--x509certfile", case.cert, "--x509keyfile", case.key]
              if case.cert else []),
            "--priority", "NORMAL:-VERS-ALL:+VERS-TLS" + case.tls,
            "-p", str(case.at.port), "127.0.0.1"]


def ask(case):
    # it ends when the server closes, or when its own input does: which
    # therefore stays open
    with subprocess.Popen(command(case), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as client:
        try:
            client.stdin.write(mtls.wire(case.at))
            client.stdin.flush()
        except BrokenPipeError:
            pass  # it ended before
        said = client.stdout.read()
        try:
            client.stdin.close()
        except BrokenPipeError:
            pass
    got = re.search(rb"Received alert \[(\d+)\]: ([^\r\n]*)", said)
    if got:
        return got.group(1).decode() + " " + got.group(2).decode()
    start = said.find(b"HTTP/1.1 ")
    if start >= 0:
        return mtls.answers(said[start:])
    said = said.decode(errors="replace")
    got = re.search(r"Fatal error: ([^\r\n]*)", said)
    return got.group(1) if got else said[-500:]


def alert(case):
    """What is not for signing it does not use on TLS 1.2."""
    if case.row["problem"] == "unusable" and case.tls == "1.2":
        return "Key usage violation in certificate has been detected."
    return case.alert["alert"] + " " + case.alert["gnutls"]


@mtls.every_combination
def test_matrix(servers, demand, missing, tls):  # noqa: F811
    mtls.check(servers(demand, missing), tls, ask, alert)
