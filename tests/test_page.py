"""What a browser is sent for the page: files with a policy that lets nothing in, to nobody else's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from tests.serving import Server, serving
from titans_edge.backbone.sampling import Sampling
from titans_edge.server import pages
from titans_edge.server.settings import Key, Settings


@pytest.fixture(scope="module")
def server(users_home: Path, tiny_path: Path, graft_path: Path) -> Iterator[Server]:
    with serving(tiny_path, graft_path, Settings(port=0, sampling=Sampling(max_tokens=8))) as server:
        yield server


def test_the_page_s_files_are_served_with_a_policy_that_lets_nothing_in(server: Server) -> None:
    for path in ("/", *(f"/page/{name}" for name in pages.names())):
        answer = server.client.get(path)
        assert answer.status_code == 200 and answer.headers["x-content-type-options"] == "nosniff", path
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["x-frame-options"] == "DENY"
    for path in ("/page/", "/page/../app.py", "/page/%2e%2e%2fapp.py", "/page/__init__.py", "/page/none.js"):
        assert server.client.get(path).status_code == 404, path
    assert "frame-ancestors 'none'" in server.client.get("/v1/models").headers["content-security-policy"]


def test_the_page_has_no_inline_code_no_other_address_and_reads_no_markup(server: Server) -> None:
    folder = files("titans_edge.server").joinpath("page")
    texts = {name: folder.joinpath(name).read_text("utf-8") for name in pages.names()}
    html = texts["index.html"]
    assert re.findall(r"<script(?![^>]* src=\"/page/)|\son\w+=|style=|<style", html) == []
    for name, text in texts.items():
        known = text.replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"https?:|[\"'(]//\w|@import|url\(", known) == [], name
        unsafe = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|srcdoc|DOMParser|localStorage"
        assert re.findall(unsafe, text) == [], name
    asked = set(re.findall(r"(?:src|href)=\"(/page/[^\"]+)\"", html))
    asked |= {f"/page/{m}" for text in texts.values() for m in re.findall(r"from \"\./([^\"]+)\"", text)}
    assert asked == {f"/page/{name}" for name in texts if name != "index.html"}
    ids = set(re.findall(r" id=\"([\w-]+)\"", html))
    used = {m for text in texts.values() for m in re.findall(r"\$\(\"([\w-]+)\"\)", text)}
    assert used <= ids


def test_the_page_needs_no_key_and_the_memory_behind_it_does(
    users_home: Path, tiny_path: Path, graft_path: Path
) -> None:
    settings = Settings(port=0, keys=(Key("sk-ann", ("ann",)),))
    with serving(tiny_path, graft_path, settings) as server:
        assert server.client.get("/").status_code == server.client.get("/page/app.js").status_code == 200
        for path in ("/v1/memory/growth", "/v1/memories", "/page", "/pages/x"):
            assert server.client.get(path).status_code == 401, path
        assert server.client.post("/v1/surprise", json={"text": "x"}).status_code == 401


def test_what_another_site_s_page_may_ask_of_a_browser_is_refused(server: Server) -> None:
    for site in ("cross-site", "same-site", "nonsense"):
        for path in ("/v1/memory/spans", "/v1/memory/why", "/metrics"):
            assert server.client.get(path, headers={"Sec-Fetch-Site": site}).status_code == 403, (site, path)
        assert server.client.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200, "a link may lead here"
    for site in ("same-origin", "none"):
        assert server.client.get("/v1/memories", headers={"Sec-Fetch-Site": site}).status_code == 200
