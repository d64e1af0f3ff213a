"""A draw's public page: open to anyone, recomputed in the browser, false where a byte was changed."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect


@pytest.fixture
def published(open_page) -> str:
    page = open_page("/plans/?state=published")
    return page.locator("#list tbody .cd").first.inner_text()


def test_recomputes_without_signing_in(open_page, published):
    page = open_page(f"/public/draw/{published}/", role="", width=390)
    page.click("[data-recompute] button")
    page.wait_for_selector(".verdict.ok")
    assert page.inner_text(".verdict") == "本机重算一致"
    checks = page.locator(".checks li").all_inner_texts()
    assert len(checks) == 7 and not [c for c in checks if c.startswith("✗")]


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        (lambda f: f["units"][0].update(leaf="00" * 32), "名录根"),
        (lambda f: f.update(public_value="01 02 03 04 05 06 + 07"), "种子"),
        (lambda f: next(u for u in f["units"] if "q" in u).update(q=0.5), "结果"),
        (lambda f: next(u for u in f["units"] if u.get("drawn")).update(id="92980102MA0000000X"), "抽中者在名录内"),
        (lambda f: f["parties"][0].update(nonce="ab" * 32), "参数与承诺"),
        (lambda f: f["parties"][0].update(signature="ab" * 64), "签名"),
        (lambda f: next(iter(f["params"]["strata"].values())).update(n=1), "各层户数"),
    ],
)
def test_one_change_is_found(open_page, published, change, fails):
    page = open_page(f"/public/draw/{published}/", role="")

    def tampered(route):
        file = json.loads(route.fetch().text())
        change(file)
        route.fulfill(body=json.dumps(file), content_type="application/json")

    page.route("**/public.json", tampered)
    page.click("[data-recompute] button")
    page.wait_for_selector(".verdict.bad")
    expect(page.locator(".checks li")).to_have_count(7)
    wrong = [c[2:] for c in page.locator(".checks li").all_inner_texts() if c.startswith("✗")]
    assert fails in wrong


def test_public_page_tells_no_probability(open_page, published, desk):
    page = open_page(f"/public/draw/{published}/", role="")
    file = page.request.get(f"{desk}/public/draw/{published}/public.json").json()
    assert not [u for u in file["units"] if "P" in u or "pi" in u or (u.get("drawn") and "q" in u)]
    assert "π" not in page.inner_text("main") and "%" not in page.inner_text("main")


def test_public_page_is_light(open_page, published):
    """No library, no font, no cookie that needs consent: what a cheap phone loads stays under 100 KB."""
    page = open_page(f"/public/draw/{published}/", role="", width=390)
    sizes = page.evaluate("performance.getEntriesByType('resource').map(r => [r.name, r.decodedBodySize])")
    assert sum(size for _, size in sizes) < 100_000 and not [n for n, _ in sizes if "/vendor/" in n]


def test_approval_asks_once_and_names_its_effect(open_page):
    page = open_page("/plans/?state=draft")
    page.locator("#list tbody a.nm").first.click()
    page.wait_for_load_state("load")
    page.click("button[data-asks=ask-approve]")
    assert "以您的名义批准" in page.inner_text("dialog[open]")
    page.click("dialog[open] [data-dismiss]")
    assert not page.is_visible("dialog[open]")
    assert page.is_visible("button[data-asks=ask-approve]")
