"""The shell in a real browser: search by keys, help beside the page, the map with and without WebGL."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from .test_pages import ROOT, _violations


def test_search_by_keys(open_page):
    page = open_page("/plans/")
    page.keyboard.press("Control+k")
    page.keyboard.type("汇味", delay=30)
    expect(page.locator("#hits .mc-hit").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.classList.contains('mc-hit')")
    name = page.evaluate("document.activeElement.querySelector('.mc-med').innerText")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entities/*/")
    assert page.inner_text("h1") == name


def test_one_character_asks_for_another(open_page):
    page = open_page("/")
    page.click("[data-search-open]")
    page.keyboard.type("汇")
    page.wait_for_timeout(600)
    assert "两个字就够" in page.inner_text("#hits")
    page.keyboard.press("Escape")
    assert not page.locator("#search").is_visible()


def test_help_stands_beside_the_page(open_page):
    page = open_page("/plans/")
    page.click("[data-help-open]")
    expect(page.locator("#help h2").first).to_have_text("双随机抽查计划")
    page.click("#list tbody a >> nth=0")  # one works on while it stands there
    page.wait_for_url("**/plans/*/")
    page.click("[data-help-open]")
    expect(page.locator("#help h2").first).to_have_text("抽查计划")
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


@pytest.mark.parametrize("path", ["/", "/map/"])
def test_the_map_has_its_districts_and_a_table(open_page, path):
    page = open_page(path)
    marks = page.locator(".mc-map :is(svg.draw a, a.spot)")
    expect(marks.first).to_be_attached()
    page.click("[data-map-table]")
    expect(page.locator("[data-map-rows] tbody tr")).to_have_count(4)
    page.click("[data-map-rows] tbody a >> nth=0")
    page.wait_for_url("**/risk/**")


def test_search_and_help_are_accessible(open_page):
    page = open_page("/")
    open_page.axe = True
    page.evaluate((Path(ROOT) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    page.click("[data-help-open]")
    page.wait_for_selector("#help h2")
    page.keyboard.press("Control+k")
    page.keyboard.type("汇味", delay=30)
    page.wait_for_selector("#hits .mc-hit")
    assert not _violations(page)


def test_a_form_pressed_twice_is_sent_once(open_page):
    page = open_page("/plans/", role="planner")
    sent = page.evaluate(
        """() => {
          const form = document.body.appendChild(Object.assign(document.createElement('form'), { method: 'post' }));
          const press = () => form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
          const first = [press(), press()];
          dispatchEvent(new Event('pageshow'));
          return [...first, press()];
        }"""
    )
    assert sent == [True, False, True]
