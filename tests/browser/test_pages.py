"""Every page, in both languages and themes and at every width: whole, accessible, translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "home": "/",
    "todos": "/todos/",
    "search": "/search/?q=汇味",
    "map": "/map/",
    "help": "/help/?q=冻结",
    "help-page": "/help/supervision/plan/",
    "entities": "/entities/?class=D",
    "nothing-found": "/entities/?q=没有这家&class=D",
    "entity": "/entities/{entity}/",
    "datasets": "/data/",
    "dataset": "/data/spot_inspections/",
    "quarantine": "/data/quarantine/",
    "quarantine-rows": "/data/quarantine/1/",
    "risk-insight": "/risk/",
    "firms": "/risk/firms/",
    "appeals": "/risk/appeals/",
    "statements": "/risk/statements/",
    "models": "/risk/models/",
    "factor": "/risk/models/M-2026.11-1/factors/0/",
    "limits": "/risk/models/M-2026.11-1/limits/",
    "model": "/risk/models/M-2026.11-1/",
    "plans": "/plans/",
    "plan-published": "/plans/{published}/",
    "plan-committed": "/plans/{committed}/",
    "plan-draft": "/plans/{draft}/",
    "plan-new": "/plans/new/",
    "public-draw": "/public/draw/{published}/",
    "jobs": "/jobs/",
    "notices": "/notices/",
    "sign-in": "/account/sign-in/",
    "account-me": "/account/me/",
    "account-password": "/account/me/password/",
    "account-factor": "/account/me/factor/",
    "account-units": "/account/units/",
    "account-unit": "/account/units/980103/",
    "account-unit-new": "/account/units/new/",
    "account-people": "/account/people/",
    "account-person": "/account/people/1/",
    "account-person-new": "/account/people/new/",
    "account-table": "/account/people/table/",
    "account-certificates": "/account/certificates/",
    "account-rights": "/account/rights/",
    "account-audit": "/account/audit/",
    "account-record": "/account/audit/1/",
}
PLAIN = {"sign-in", "account-password", "account-factor"}  # no data, so no word of whether they are simulated
WIDTHS = (390, 1280, 1440, 1920)
MAY_BE_LATIN = re.compile(
    r"\S*[0-9_]\S*|Chrome|Linux|AUC|ROC|Brier|CSV|Excel|Enter|Ctrl|SHA|Mingcha|English|[A-DSTNK]|UTC|WGS|MB|KB|json|mingcha"
)


@pytest.fixture(scope="module")
def places(desk, chromium, sessions) -> dict[str, str]:
    """Addresses of one entity and of a plan in each state, as the lists link them."""
    context = chromium.new_context()
    context.add_cookies(sessions("administrator"))
    page = context.new_page()
    page.goto(f"{desk}/entities/?class=D")
    entity = page.get_attribute("#list tbody a", "href").strip("/").split("/")[-1]
    page.goto(f"{desk}/plans/?sort=number")
    numbers = [a.get_attribute("href").strip("/").split("/")[-1] for a in page.query_selector_all("#list tbody a")]
    context.close()
    return {"entity": entity, "published": numbers[0], "committed": numbers[1], "draft": numbers[2]}


def _path(name: str, places: dict[str, str]) -> str:
    return PAGES[name].format(**places)


def _role(name: str) -> str:
    return "" if name in ("sign-in", "public-draw") else "administrator"


@pytest.mark.parametrize("name", PAGES)
def test_chinese_page(name, open_page, places):
    """It fits every width, is accessible in both themes, says that its data are simulated, and is all Chinese."""
    page = open_page(_path(name, places), role=_role(name))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(40)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{over} px too wide at {width}"
    assert "模拟" in page.inner_text("body") or name in PLAIN
    assert not [text for text in _shown(page) if _is_english(text)]
    page.set_viewport_size({"width": 1440, "height": 900})
    assert not open_page.complaints
    open_page.axe = True
    page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        assert not _violations(page), theme


@pytest.mark.parametrize("name", PAGES)
def test_english_page(name, open_page, places):
    """Headings, buttons, table heads and navigation are ours, so English; what they hold may be the data's."""
    page = open_page(_path(name, places), role=_role(name), language="en", width=1280)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{over} px too wide"
    assert "imulat" in page.inner_text("body") or name in PLAIN
    labels = page.eval_on_selector_all(
        "h2:not(dialog *), h3, th[scope=col]:not(.mc-datum), dt, nav.mc-nav ul a, button:not([lang]), label,"
        ".mc-utabs a",
        "els => els.map(e => e.innerText.trim())",
    )
    assert not [label for label in labels if re.search(r"[\u4e00-\u9fff]", label)]


def _violations(page) -> list:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)["violations"]
    return [
        (v["id"], v["help"], [(n["target"], n["failureSummary"][:200]) for n in v["nodes"][:3]])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def _is_english(text: str) -> bool:
    words = [w for w in re.findall(r"[A-Za-z][\w.:#/-]*", text) if not MAY_BE_LATIN.fullmatch(w)]
    return len(words) >= 2 and not re.search(r"[\u4e00-\u9fff]", text)


def _shown(page) -> list[str]:
    script = """() => { const out = []; const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) { const p = walk.currentNode.parentElement;
        if (p.closest('script, style, code, .mono, [lang=en]') || !p.checkVisibility()) continue;
        const t = walk.currentNode.textContent.trim(); if (t) out.push(t); } return out; }"""
    return page.evaluate(script)
