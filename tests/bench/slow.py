#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that send one byte a second each and never come to an end, until the
standard input ends.

    slow.py WHERE COUNT HTTP-PORT MTLS-PORT IDENTITY

WHERE they are slow: "headers" or "body" of a request, every second client over
TLS, whose handshake is quick; "handshake", all of them; or "stalled": three
bytes of a handshake at once and then nothing. IDENTITY is a PEM file with
certificate and key. Bytes are spread evenly over the second. Who is cut off
connects anew. Prints "ready" when all are connected, and at the end how many
connections were made.
"""
import select
import socket
import ssl
import sys
import time

HEADERS = b"GET /__admin/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (b"POST /phr-authserver-sandbox/token HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 60000\r\n\r\n")


def client_hello():
    """The bytes that a TLS client sends first."""
    out = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), out, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def context(identity):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    tls.load_cert_chain(identity)
    return tls


class Slow:
    """One client: what it says at once, and what byte by byte."""
    made = 0

    def __init__(self, port, tls, at_once, slowly):
        self.port, self.tls = port, tls
        self.at_once, self.slowly = at_once, slowly
        self.socket = None
        self.connect()

    def connect(self):
        if self.socket:
            self.socket.close()
        self.socket = socket.create_connection(("127.0.0.1", self.port), 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            self.socket = self.tls.wrap_socket(self.socket)
        self.socket.sendall(self.at_once)
        self.said = 0
        Slow.made += 1

    def byte(self):
        if not self.slowly:
            return
        at = self.said % len(self.slowly)
        try:
            self.socket.send(self.slowly[at:at + 1])
            self.said += 1
        except OSError:
            self.connect()


def clients(where, count, http, mtls, identity):
    hello, tls = client_hello(), context(identity)
    if where == "handshake":
        return [Slow(mtls, None, b"", hello) for _ in range(count)]
    if where == "stalled":
        return [Slow(mtls, None, hello[:3], b"") for _ in range(count)]
    at_once = {"headers": HEADERS, "body": BODY}[where]
    return [Slow(*((mtls, tls) if i % 2 else (http, None)), at_once, b"a")
            for i in range(count)]


def main():
    where, count, http, mtls, identity = sys.argv[1:]
    every = clients(where, int(count), int(http), int(mtls), identity)
    print("ready", flush=True)
    due, turn = time.monotonic(), 0
    while True:
        due += 1 / len(every)
        wait = max(0, due - time.monotonic())
        if select.select([sys.stdin], [], [], wait)[0]:
            break
        every[turn % len(every)].byte()
        turn += 1
    print(Slow.made, flush=True)


if __name__ == "__main__":
    main()
