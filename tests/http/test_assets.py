# SPDX-License-Identifier: Apache-2.0
"""What the pages load besides themselves: all of it is ours, embedded, kept by
browsers for ever under an address that changes with it, and small."""
import gzip
import html
import re
import urllib.parse

import pytest

from support import Browser, request_of

LIMIT = 40 * 1000  # bytes, of all assets together, packed with gzip
LOADS = re.compile(r'<(?:link|script|img|iframe|source|video|audio|embed|object'
                   r'|use|image)\b[^>]*?\s(?:xlink:)?(?:href|src|srcset|data|'
                   r'poster)="([^"]*)"')
IN_CSS = re.compile(r'url\(\s*["\']?([^"\')]+)|@import\s+["\']([^"\']+)')


def pages(server, app):
    """One of each kind that can be had without a change."""
    nobody, citizen = Browser(server), Browser(server)
    hetu = server.citizen()["hetu"]
    yield nobody.get(server.auth + "/login")
    yield nobody.get(server.auth + "/logout")
    yield nobody.get(server.auth + "/applications/nobody")
    yield nobody.get(server.auth + "/applications")
    yield nobody.get(server.auth + "/applications/new")
    yield citizen.login(citizen.authorize(request_of(app)), hetu)
    yield citizen.login(citizen.get(server.origin + "/omakanta/"), hetu)
    for below in ("/applications", "/professionals"):
        yield citizen.get(server.origin + "/omakanta" + below)


@pytest.fixture(scope="module")
def assets(server, app):
    """{address: answer} of all that the pages load, and that does."""
    found, kinds = {}, set()
    for page in pages(server, app):
        assert page.headers["Content-Type"].startswith("text/html"), page.url
        loads = LOADS.findall(page.text)
        assert loads, page.url
        kinds.add(page.text)
        todo = [urllib.parse.urljoin(page.url, html.unescape(u))
                for u in loads]
        while todo:
            url = todo.pop()
            assert url.startswith(server.origin + "/"), url
            if url in found:
                continue
            found[url] = server.http.get(url, timeout=30)
            if "css" in found[url].headers["Content-Type"]:
                todo += [urllib.parse.urljoin(url, a or b)
                         for a, b in IN_CSS.findall(found[url].text)]
    assert len(kinds) == 9, "each is another page"
    return found


def test_assets_are_there(assets):
    kinds = sorted(r.headers["Content-Type"] for r in assets.values())
    assert kinds == ["image/svg+xml", "text/css;charset=utf-8"]
    for url, r in assets.items():
        assert r.status_code == 200 and r.content, url


def test_assets_together_are_small(assets):
    packed = {u: len(gzip.compress(r.content)) for u, r in assets.items()}
    assert sum(packed.values()) < LIMIT, packed


def test_assets_are_kept(assets):
    for url, r in assets.items():
        assert "immutable" in r.headers["Cache-Control"], url
        assert r.headers["X-Content-Type-Options"] == "nosniff"
        assert re.search(r"\?v=[\w-]{12}$", url), "changes with its content"
        assert "Set-Cookie" not in r.headers


def test_icon_brings_no_script(assets):
    for r in assets.values():
        if "svg" in r.headers["Content-Type"]:
            assert not re.search(r"<script|\son\w+=|href=|@import|url\(",
                                 r.text)
