"""A real server, in a process of its own, over an instance with the small town; a real Chromium in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("MINGCHA_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
]
BUILD = "from mingcha.instance import open_django; open_django(); from tests.browser import {0}; {0}.build()"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def desk(tmp_path_factory) -> Iterator[str]:
    """The address of `mingcha serve` over a fresh instance."""
    with served("city", tmp_path_factory.mktemp("instance")) as address:
        yield address


@contextmanager
def served(town: str, home: Path) -> Iterator[str]:
    """The address of `mingcha serve` over an instance in `home`, which the module `town` of this folder has built."""
    environment = os.environ | {"MINGCHA_HOME": str(home), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", BUILD.format(town)], cwd=ROOT, env=environment, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mingcha.cli", "serve", "--port", str(port)]
    log = (home / "serve.log").open("w+b")  # a file, not a pipe: nobody empties a pipe while a long test runs
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, home / "serve.log")
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(150):
        if server.poll() is not None:
            pytest.fail(f"mingcha serve ended: {log.read_text(errors='replace')}")
        try:
            urllib.request.urlopen(f"{address}/account/sign-in/", timeout=5)
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("mingcha serve did not answer within 30 seconds")


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sessions(chromium, desk):
    """Cookies of each role's session, signed in once."""
    from .city import PASSWORD

    kept: dict[str, list] = {}

    def cookies(role: str) -> list:
        if role not in kept:
            context = chromium.new_context()
            page = context.new_page()
            page.goto(f"{desk}/account/sign-in/")
            page.fill("[name=username]", role)
            page.fill("[name=password]", PASSWORD)
            page.click("button.pri")
            page.wait_for_url(f"{desk}/")
            kept[role] = [c for c in context.cookies() if c["name"] == "sessionid"]
            context.close()
        return kept[role]

    return cookies


def settled(page) -> None:
    """Loaded, and every part that HTMX fetches on loading is in its place."""
    page.wait_for_load_state("load")
    page.wait_for_selector("[hx-trigger=load].htmx-request", state="detached")
    page.wait_for_timeout(120)


def faults(page, within: str = "body") -> list:
    """What axe-core finds that is serious or critical: [(rule, help, [(element, why)])]."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": AXE_TAGS, "resultTypes": ["violations"]}
    found = page.evaluate("([where, how]) => axe.run(where, how)", [within, options])["violations"]
    return [
        (v["id"], v["help"], [(n["target"], n["failureSummary"][:200]) for n in v["nodes"][:3]])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def open_page(chromium, desk, sessions):
    """open_page(path, role=..., language=..., width=..., theme=...) -> the page, loaded.

    At the test's end no page may have had a script error, a console error, or a breach of the content policy.
    """
    contexts, complaints = [], []

    def opened(path: str, *, role: str = "administrator", language="zh-hans", width=1440, height=900, theme="light"):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, reduced_motion="reduce"
        )
        contexts.append(context)
        cookies = [{"name": "django_language", "value": language, "url": desk}]
        cookies.append({"name": "mc_theme", "value": theme, "url": desk})
        context.add_cookies(cookies + (sessions(role) if role else []))
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("console", lambda said: complaints.append(f"{path}: {said.text}") if wrong(said) else None)
        page.goto(desk + path)
        settled(page)
        return page

    def wrong(said) -> bool:  # axe writes a style of its own, which our policy blocks, rightly
        return said.type == "error" and not (opened.axe and "inline style" in said.text)

    opened.complaints, opened.axe = complaints, False
    yield opened
    for context in contexts:
        context.close()
    assert not complaints
