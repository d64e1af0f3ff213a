"""Help: for each page what it is, what one can do there, the words on it and the law behind it.

A page's help is `help/<view>.<zh|en>.md` in its app's folder, after the name of its address ("plan" of
"supervision:plan"); a page without has its app's `help/index.<zh|en>.md`. The first line is the title (`# ...`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve
from django.urls.exceptions import Resolver404
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from mingcha.apps.accounts.permissions import every_member
from mingcha.language import language

INDEX = "index"


@dataclass(frozen=True)
class Help:
    app: str
    name: str
    title: str
    text: str  # Markdown, without the title

    @property
    def html(self) -> SafeString:
        return _rendered(self.text)


def help_of(view: str, language: str) -> Help | None:
    """Of the view `app:name`, else of its app; None where not even that is there."""
    app, _, name = view.partition(":")
    pages = help_pages(language)
    return pages.get((app, name)) or pages.get((app, INDEX))


@cache
def help_pages(language: str) -> dict[tuple[str, str], Help]:
    """All that there is in a language ("zh" or "en"), an app's index before its pages."""
    found = {}
    for config in apps.get_app_configs():
        if not config.name.startswith("mingcha."):
            continue
        files = sorted(
            Path(config.path, "help").glob(f"*.{language}.md"), key=lambda f: (f.name[:6] != "index.", f.name)
        )
        for file in files:
            title, _, text = file.read_text(encoding="utf-8").partition("\n")
            name = file.name.removesuffix(f".{language}.md")
            found[config.label, name] = Help(config.label, name, title.lstrip("# ").strip(), text.strip())
    return found


def searched(words: str, language: str) -> list[Help]:
    """Pages that have every word, those with it in the title first."""
    wanted = words.lower().split()
    pages = [p for p in help_pages(language).values() if all(w in f"{p.title}\n{p.text}".lower() for w in wanted)]
    return sorted(pages, key=lambda page: not any(word in page.title.lower() for word in wanted))


@every_member
@require_safe
def panel(request: HttpRequest) -> HttpResponse:
    """The help of the page at the address `at`, for the panel beside it."""
    try:
        view = resolve(request.GET.get("at", "/")).view_name
    except Resolver404:
        view = "web:home"
    found = help_of(view, language()) or help_of("web:home", language())
    return render(request, "web/help/panel.html", {"page": found})


@every_member
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    groups: dict[str, list[Help]] = {}
    for page in help_pages(language()).values():
        groups.setdefault(page.app, []).append(page)
    ordered = sorted(groups.values(), key=lambda pages: pages[0].app != "web")
    context = {"words": words, "hits": searched(words, language()) if words else [], "groups": ordered}
    return render(request, "web/help/index.html", context)


@every_member
@require_safe
def page(request: HttpRequest, app: str, name: str) -> HttpResponse:
    found = help_pages(language()).get((app, name))
    if found is None:
        raise Http404(f"{app}/{name}")
    others = [other for other in help_pages(language()).values() if other.app == app]
    return render(request, "web/help/page.html", {"page": found, "others": others})


@cache
def _rendered(text: str) -> SafeString:
    from markdown_it import MarkdownIt

    return mark_safe(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))  # noqa: S308 no raw HTML
