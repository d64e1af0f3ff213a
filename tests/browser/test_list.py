"""The one list pattern: search, filters, sort, columns, paging, keyboard; the address tells the state."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import expect


def test_search_narrows_and_the_address_says_so(open_page):
    page = open_page("/entities/")
    page.fill("#list-search", "汇味轩")
    page.wait_for_url("**q=**")
    names = page.locator("#list tbody a.nm").all_inner_texts()
    assert names and all("汇味轩" in name for name in names)
    assert page.evaluate("document.activeElement.id") == "list-search"
    page.reload()
    assert page.input_value("#list-search") == "汇味轩"


def test_filter_from_the_menu_becomes_a_chip_and_goes_again(open_page):
    page = open_page("/entities/")
    page.click("text=筛选")
    page.click(".mc-fpanel a:has-text('药品零售')")
    page.wait_for_url("**industry=**")
    assert page.locator(".mc-chip").inner_text().split() == ["行业", "药品零售"]
    industries = set(page.locator("#list tbody td:nth-child(5)").all_inner_texts())
    assert industries == {"药品零售"}
    page.click(".mc-chip .x")
    expect(page.locator(".mc-chip")).to_have_count(0)
    assert "industry" not in page.url


def test_composition_counts_add_up(open_page):
    page = open_page("/entities/")
    classes = page.locator(".mc-facets a:has(.mc-cls) b").all_inner_texts()
    page.click(".mc-facets a:has(.mc-cls-D)")
    page.wait_for_url("**class=D**")
    assert page.inner_text(".mc-cnt") == classes[0]


def test_sort_turns_with_each_click(open_page):
    page = open_page("/entities/")
    head = "th:has-text('违规概率')"
    assert page.get_attribute(head, "aria-sort") == "descending"
    page.click(f"{head} a")
    page.wait_for_url("**sort=risk**")
    assert page.get_attribute(head, "aria-sort") == "ascending"


def test_pages_forward_and_back(open_page):
    page = open_page("/entities/")
    first = page.locator("#list tbody a.nm").first.get_attribute("href")
    page.click("a[rel=next]")
    page.wait_for_url("**after=**")
    assert page.inner_text(".mc-lfoot > span").startswith("第 51–100")
    page.click("a[rel=prev]")
    expect(page.locator(".mc-lfoot > span").first).to_contain_text("1–50")
    assert page.locator("#list tbody a.nm").first.get_attribute("href") == first


def test_columns_are_chosen(open_page):
    page = open_page("/entities/")
    page.click("summary[aria-label=列设置]")
    page.click(".mc-pop a:has-text('地址')")
    page.wait_for_url("**cols=**")
    assert page.locator("th:has-text('地址')").count() == 0


def test_keyboard_moves_and_opens(open_page):
    page = open_page("/entities/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("#list tbody tr").nth(1).get_attribute("class") == "at"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "list-search"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.closest('dialog').id") == "search"
    page.keyboard.press("Escape")
    name = page.locator("#list tbody tr.at a.nm").inner_text()
    page.locator("#list tbody tr.at a.nm").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/entities/*/")
    assert page.inner_text("h1") == name


def test_nothing_found_names_the_filter_to_drop(open_page):
    page = open_page("/entities/?class=D&q=没有这家")
    assert "没有符合条件的结果" in page.inner_text("#list")
    page.click("#list .mc-state a:has-text('没有这家')")
    expect(page.locator("#list tbody tr").first).to_be_visible()
    assert "class=D" in page.url


def test_export_holds_what_the_filter_left(open_page):
    page = open_page("/entities/?class=D")
    shown = page.locator("#list tbody tr").count()
    page.click("summary:has-text('导出')")
    with page.expect_download() as got:
        page.click("text=CSV")
    text = Path(got.value.path()).read_text(encoding="utf-8-sig")
    assert len(text.strip().splitlines()) == shown + 1 and "市场主体" not in text.splitlines()[1]
    page.click("summary:has-text('导出')") if not page.is_visible("text=Excel") else None
    with page.expect_download() as got:
        page.click("text=Excel")
    book = zipfile.ZipFile(Path(got.value.path()))
    assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == shown + 1


def test_x_ticks_and_the_bar_tells_how_many(open_page):
    page = open_page("/entities/?class=D")
    bar = page.locator(".mc-bulk")
    expect(bar).to_be_hidden()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("x")
    expect(bar).to_contain_text("已选 2")
    with page.expect_download() as got:
        bar.get_by_role("button", name="导出所选").click()
    assert zipfile.ZipFile(Path(got.value.path())).read("xl/worksheets/sheet1.xml").count(b"<row ") == 3
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_the_whole_page_then_all_that_the_filter_finds(open_page):
    page = open_page("/entities/")
    page.check("[data-pick-page]")
    expect(page.locator(".mc-bulk")).to_contain_text("已选 50")
    page.click(".mc-bulk .allsel")
    expect(page.locator(".mc-bulk b")).to_contain_text("已选全部 240")
    page.locator("#list tbody .mc-ck").first.click()
    assert page.evaluate("document.querySelector('[data-pick-page]').indeterminate")


def test_a_view_is_saved_opened_with_and_deleted(open_page):
    page = open_page("/entities/?class=D", role="planner")
    page.click("summary:has-text('存为视图')")
    page.fill("#view-name", "高风险")
    page.check("label:has-text('设为默认视图') input")
    page.click("button[value=save]")
    page.wait_for_url("**view=**")
    page.goto(page.url.split("?")[0])
    expect(page.locator(".mc-utabs a[aria-current]")).to_contain_text("高风险")
    page.click("summary:has-text('视图设置')")
    page.click("button[value=delete]")
    expect(page.locator(".mc-utabs")).not_to_contain_text("高风险")


def test_rows_that_do_not_come_keep_the_filters_and_are_asked_for_again(open_page):
    page = open_page("/entities/?class=D")
    page.route("**/entities/?*sort=name*", lambda route: route.abort())
    page.click("th:has-text('名称') a")
    expect(page.locator(".mc-state.err")).to_contain_text("没有读出来")
    expect(page.locator(".mc-chip")).to_have_count(1)
    page.unroute("**/entities/?*sort=name*")
    page.click("[data-again]")
    page.wait_for_url("**sort=name**")
    expect(page.locator("#list tbody tr").first).to_be_visible()
    open_page.complaints.clear()


def test_rows_under_way_show_after_a_while(open_page):
    page = open_page("/entities/")
    page.route("**/entities/?*sort=name*", lambda route: None)  # it never comes
    page.click("th:has-text('名称') a")
    expect(page.locator(".mc-skelrows span").first).to_be_hidden()
    page.wait_for_timeout(450)
    expect(page.locator(".mc-skelrows span").first).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
