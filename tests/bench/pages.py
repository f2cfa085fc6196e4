# SPDX-License-Identifier: Apache-2.0
"""How long a page takes: from the last byte of the request to the last byte of
the answer, on a connection that is open already, as a Python client sees it; so
the server's own part is smaller. Beside it what the health check takes in turn,
which is hardly more than the connection.

A citizen with 400 entries looks at them; 200 applications are in the list.
"""
import re
import statistics
import time
import urllib.parse

from served import BASE, Server, row, weight

WANTED_MS = 5
ROUNDS = 100
CALLBACK = "http://localhost/cb"


class Person:
    """A browser without a window: cookies and forms."""

    def __init__(self, server):
        self.server, self.cookies = server, {}

    def ask(self, method, path, body=None):
        headers = {"Cookie": "; ".join(map("=".join, self.cookies.items()))}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        status, text = self.server.request(
            method, path, body and urllib.parse.urlencode(body), headers)
        for name, value in self.server.headers.items():
            if name.lower() == "set-cookie":
                self.cookies.update([value.split(";")[0].split("=", 1)])
        return status, text.decode()

    def login(self, path, hetu):
        """On the login page of that site; it must lead somewhere."""
        _, page = self.ask("GET", path)
        csrf = re.search(r'name="_csrf" value="([^"]+)"', page)[1]
        status, text = self.ask("POST", path, {"_csrf": csrf,
                                               "username": hetu})
        if status not in (302, 303):
            raise RuntimeError(f"{path}: {status} {text[:300]}")


def filled(binary):
    """A server, a citizen with entries, an application that asks."""
    server = Server(binary)
    hetu = server.citizen()
    token = server.token(hetu)
    for i in range(400):
        body = weight(token["sub"], i)
        server.post(BASE + "/Observation", body, {
            "Content-Type": "application/fhir+json",
            "Authorization": "Bearer " + token["access_token"]})
    for i in range(200):
        app = server.post("/__admin/clients", {
            "client_name": f"Application {i}", "redirect_uris": [CALLBACK],
            "scope": "patient/Observation.read"})
    return server, hetu, app


def measured(person, path, holds):
    """Milliseconds of the page, the first time and the median, and the median
    of the health check in turn."""
    page, health = [], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        status, text = person.ask("GET", path)
        page.append(time.perf_counter() - begin)
        if status != 200 or holds not in text:
            raise RuntimeError(f"{path}: {status} {text[:300]}")
        begin = time.perf_counter()
        person.server.request("GET", "/__admin/health")
        health.append(time.perf_counter() - begin)
    return [s * 1000 for s in (page[0], statistics.median(page),
                               statistics.median(health))]


def rows(binary):
    server, hetu, app = filled(binary)
    auth = urllib.parse.urlsplit(server.ready["auth"]).path.rstrip("/")
    one, firsts = Person(server), []
    request = auth + "/authorize?" + urllib.parse.urlencode({
        "response_type": "code", "client_id": app["client_id"],
        "redirect_uri": CALLBACK, "scope": "patient/Observation.read",
        "state": "s"})
    for what, path, holds, site in (
            ("page: log in", auth + "/login", "username", None),
            ("page: consent", request, "user_oauth_approval", auth),
            ("page: list of 200 applications", auth + "/applications/",
             "client_id", None),
            ("page: My Kanta, 400 entries", "/omakanta/", "<table",
             "/omakanta")):
        if site is not None:
            one = Person(server)
            one.login(site + "/login", hetu)
        first, ms, health = measured(one, path, holds)
        firsts.append(first)
        row(what, ms, "ms", "health check", health, f"under {WANTED_MS} ms")
    row("  the slowest of their first times", max(firsts), "ms",
        "health check", health, f"under {WANTED_MS} ms")
    server.stop()
