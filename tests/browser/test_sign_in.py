"""Signing in, being locked out, the language, signing out."""

from __future__ import annotations

from playwright.sync_api import expect

from .city import PASSWORD


def test_wrong_password_then_right(open_page, desk):
    page = open_page("/account/sign-in/?next=/plans/", role="")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", "wrong-password")
    page.click("button.pri")
    assert "用户名或密码不正确" in page.inner_text("[role=alert]")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", PASSWORD)
    page.click("button.pri")
    page.wait_for_url(f"{desk}/plans/")


def test_five_failures_lock_the_account(open_page):
    page = open_page("/account/sign-in/", role="")
    for _ in range(5):
        page.fill("[name=username]", "deer")
        page.fill("[name=password]", "wrong-password")
        page.click("button.pri")
        page.wait_for_load_state()
        if page.locator("[name=password]").count() == 0:
            break
    assert "账号暂时锁定" in page.inner_text("h1")
    open_page.complaints.clear()  # the browser reports the 429 itself


def test_language_changes_and_stays(open_page):
    page = open_page("/plans/")
    page.click("header button[value=en]")
    page.wait_for_load_state("load")
    assert page.inner_text("h1") == "Inspection plans" and page.get_attribute("html", "lang") == "en"
    page.goto(page.url)
    assert page.inner_text("h1") == "Inspection plans"
    page.click("header button[value=zh-hans]")
    page.wait_for_load_state("load")
    assert page.inner_text("h1") == "抽查计划"


def test_theme_changes_and_stays(open_page):
    page = open_page("/risk/models/M-2026.11-1/")
    page.click(".mc-me > summary")
    page.click("[data-theme-switch]")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"


def test_phone_opens_the_navigation(open_page):
    page = open_page("/", width=390, height=844)
    assert not page.is_visible("nav.mc-nav")
    page.click(".mc-burger")
    expect(page.locator("nav.mc-nav")).to_be_visible()
    page.click("nav.mc-nav a:has-text('市场主体')")
    page.wait_for_url("**/entities/")


def test_sign_out(open_page, chromium, desk):
    page = open_page("/account/sign-in/", role="")
    page.fill("[name=username]", "officer")
    page.fill("[name=password]", PASSWORD)
    page.click("button.pri")
    page.wait_for_url(f"{desk}/")
    page.click(".mc-me summary")
    page.click("text=退出")
    page.wait_for_url("**/account/sign-in/")
    page.goto(f"{desk}/entities/")
    assert "/account/sign-in/" in page.url
