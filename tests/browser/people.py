"""People at their own browsers: each signs in as himself, and every page that one sees is held to the same rules."""

from __future__ import annotations

from playwright.sync_api import Page

from .city import PASSWORD
from .conftest import faults, settled


class Watch:
    """What was wrong on any page of anyone: [(address, what)]; and the requests that would have left the host."""

    def __init__(self, address: str):
        self.address, self.wrong, self.foreign = address, [], []
        self.expected = ("inline style",)  # console errors that are no fault: axe writes a style, which we block

    def over(self, page: Page) -> None:
        """Hear the page's errors, stop what leaves the host."""

        def console(said):
            if said.type == "error" and not any(words in said.text for words in self.expected):
                self.wrong.append((page.url, said.text))

        def guard(route):
            if route.request.url.startswith((self.address, "data:", "blob:")):
                route.continue_()
            else:
                self.foreign.append(route.request.url)
                route.abort()

        page.on("pageerror", lambda error: self.wrong.append((page.url, str(error))))
        page.on("console", console)
        page.route("**/*", guard)

    def look(self, page: Page, within: str = "body") -> None:
        """Whether the page, or a part of it, is accessible as it stands."""
        self.wrong += [(page.url, fault) for fault in faults(page, within)]


class Person:
    """One of the people, or with no name anyone at all, without signing in."""

    def __init__(self, chromium, watch: Watch, name: str = "", *, width: int = 1440, language: str = "zh-hans"):
        self.watch, self.name = watch, name
        self.context = chromium.new_context(
            viewport={"width": width, "height": 900}, accept_downloads=True, reduced_motion="reduce", locale="zh-CN"
        )
        self.context.add_cookies([{"name": "django_language", "value": language, "url": watch.address}])
        self.page = self.context.new_page()
        watch.over(self.page)
        if name:
            self.open("/account/sign-in/")
            self.page.fill("[name=username]", name)
            self.page.fill("[name=password]", PASSWORD)
            self._goes(self.page.locator("button.pri"))
            self.arrived()

    def open(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self.watch.address + path)
        return self.arrived()

    def follow(self, words: str, within: str = "main") -> Page:
        """Go where the link of these words leads."""
        self._goes(self.page.locator(within).get_by_role("link", name=words, exact=True).first)
        return self.arrived()

    def press(self, words: str) -> Page:
        """The page's button of these words, which leads to another page."""
        self._goes(self.page.locator("main").get_by_role("button", name=words, exact=True).first)
        return self.arrived()

    def do(self, words: str, **fields: str) -> Page:
        """A legal act: its button, the dialog that asks once, its fields, its word."""
        self.page.locator("main").get_by_role("button", name=words, exact=True).first.click()
        dialog = self.page.locator("dialog[open]")
        self.watch.look(self.page, "dialog[open]")
        for name, value in fields.items():
            field = dialog.locator(f"[name={name}]")
            field.select_option(value) if field.evaluate("f => f.tagName") == "SELECT" else field.fill(value)
        self._goes(dialog.locator("button:not([data-dismiss])"))
        return self.arrived()

    def arrived(self) -> Page:
        settled(self.page)
        self.watch.look(self.page)
        return self.page

    def text(self, within: str = "main") -> str:
        return self.page.inner_text(within)

    def leave(self) -> None:
        self.context.close()

    def _goes(self, what) -> None:
        with self.page.expect_navigation():
            what.click()
