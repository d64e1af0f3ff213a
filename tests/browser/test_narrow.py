"""What a phone, and English on a desk, must show whole. Parts that need a lake are drawn from their templates."""

from __future__ import annotations

import datetime as dt

import pytest
from django.template.loader import render_to_string
from django.utils import translation


@pytest.fixture
def entity(open_page):
    def opened(**how):
        page = open_page("/entities/?class=D", **how)
        page.goto(page.url.split("/entities/")[0] + page.get_attribute("#list tbody a", "href"))
        page.wait_for_load_state("load")
        return page

    return opened


def _put(page, selector: str, template: str, language: str, **context) -> None:
    with translation.override(language):
        html = render_to_string(template, context)
    page.evaluate("([s, h]) => { document.querySelector(s).outerHTML = h }", [selector, html])


REASON = {
    "title": {
        "zh": "投诉举报登记信息：问题类别 = 质量问题的占比，近 365 天",
        "en": "complaints: share of 质量问题, 365 days",
    },
    "value": "4%",
    "typical": "11%",
    "points": 0.03,
    "bar": {"x": 40, "w": 20},
}
WHY = {"start": 0.08, "start_bar": {"x": 0, "w": 40}, "reasons": [REASON] * 3, "probability": 0.2, "changes": []}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_each_reason_has_a_line_of_its_own_on_a_phone(entity, language):
    page = entity(width=390, height=844, language=language)
    _put(page, "#why .mc-why", "risk/why_reasons.html", language, why=WHY)
    row = page.locator(".mc-facs tbody tr").nth(1)
    whole = row.bounding_box()
    title, points = row.locator("td").first.bounding_box(), row.locator("td").last.bounding_box()
    assert title["width"] > 0.95 * whole["width"] and title["height"] < 50
    assert points["y"] > title["y"] and points["x"] + points["width"] <= 390 and row.inner_text().endswith("+3.0")
    assert whole["height"] < 130


def test_an_assumed_day_keeps_clear_of_the_icon_in_english(entity):
    page = entity(width=1440, language="en")
    day = dt.date(2026, 9, 24)
    record = {"year": 2026, "happened": day, "known": dt.date(2026, 10, 28), "later": True, "assumed": True}
    record |= {
        "icon": "file-text",
        "dataset": "water_usage",
        "title": "用水量月结",
        "summary": [("用水量", "55.41 吨")],
        "department": "云汀水务集团",
    }
    _put(page, "#timeline", "entities/timeline.html", "en", file={"records": [record], "total": 1, "sources": []})
    said = page.evaluate(
        "() => { const r = document.createRange(); r.selectNodeContents(document.querySelector('.mc-tl time small'));"
        " return r.getBoundingClientRect().right }"
    )
    assert said <= page.locator(".mc-tl .ic").bounding_box()["x"]
    assert "用水量 55.41 吨" in page.inner_text(".mc-told")


def test_a_phone_shows_whose_rows_are_held_back(open_page):
    page = open_page("/data/quarantine/", width=390, height=844)
    assert "投诉举报登记信息" in page.locator("#list tbody").inner_text()


def test_titles_and_heads_do_not_break_by_letters_on_a_phone(open_page):
    page = open_page("/data/complaints/", width=390, height=844)
    widths = page.eval_on_selector_all(".mc-roomy td", "cells => cells.map(c => c.clientWidth)")
    assert min(widths) >= 80
    page = open_page("/entities/", width=390, height=844, language="en")
    box = page.locator("#list th:has-text('Probability of violation')").bounding_box()
    assert box["x"] + box["width"] <= 390


def test_home_offers_the_button_that_there_is(open_page):
    assert "mingcha plan create" not in open_page("/", role="planner").inner_text("body")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", ["/account/rights/", "/risk/models/M-2026.11-1/", "/map/"])
def test_a_phone_shows_the_page_whole(open_page, path, language):
    """Wide tables and drawings scroll within their own boxes; the page itself is as wide as the phone."""
    page = open_page(path, width=390, height=844, language=language)
    beyond = page.evaluate(
        """() => {
            const own = (e) => /auto|scroll|hidden/.test(getComputedStyle(e).overflowX);
            const scrolls = (e) => e && (own(e) || scrolls(e.parentElement));
            return [...document.querySelectorAll('main *')]
                .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement))
                .slice(0, 5).map((e) => e.outerHTML.slice(0, 200));
        }"""
    )
    assert page.evaluate("() => document.scrollingElement.scrollWidth") <= 390 and not beyond, beyond


def test_the_large_map_s_parts_are_named_in_the_user_s_language(open_page):
    page = open_page("/map/")
    page.wait_for_selector(".maplibregl-canvas, .draw")
    if page.locator(".maplibregl-canvas").count() == 0:
        pytest.skip("this browser has no WebGL")
    named = page.eval_on_selector_all("[data-map-box] [aria-label]", "all => all.map((e) => e.ariaLabel)")
    assert {"辖区地图", "放大", "缩小"} <= set(named)
