"""Every page of the desk has help in both languages, of its own or its app's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import get_resolver, resolve

from mingcha.web.help import help_of, help_pages

ROOT = Path(__file__).resolve().parents[2] / "src" / "mingcha"


def _views() -> list[str]:
    """Every address of the desk; public pages and files say themselves what they are."""
    found = []
    for namespace, (_, part) in get_resolver().namespace_dict.items():
        found += [f"{namespace}:{name}" for name in part.reverse_dict if isinstance(name, str)]
    return sorted(name for name in found if "public" not in name and not name.startswith(("api", "care", "ninja")))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_help(language):
    assert not [view for view in _views() if help_of(view, language) is None]


@pytest.mark.parametrize("file", sorted(ROOT.glob("**/help/*.md")), ids=lambda f: f"{f.parent.parent.name}/{f.name}")
def test_a_help_page_is_said_in_both_languages_and_has_a_title(file):
    other = file.with_name(
        file.name.replace(".zh.md", ".en.md") if ".zh." in file.name else file.name.replace(".en.", ".zh.")
    )
    assert other.exists()
    text = file.read_text("utf-8")
    assert text.startswith("# ") and len(text.splitlines()) > 2
    if ".zh." in file.name:
        assert re.search(r"[\u4e00-\u9fff]", text)
    assert not re.search(r"</?[a-z]+[ >]", text)


def test_a_page_s_panel_holds_its_own_help(signed_in):
    client = signed_in("planner")
    assert "Freeze the frame" in client.get("/help/panel/?at=/plans/JH-1/freeze/").content.decode()
    assert "List of entities" in client.get("/help/panel/?at=/entities/").content.decode()
    for nowhere in ("/nowhere/", "", "../../etc/passwd", "<script>"):
        assert client.get("/help/panel/", {"at": nowhere}).status_code == 200


def test_pages_that_a_panel_speaks_of_are_there():
    for (app, name), _page in help_pages("en").items():
        if name not in ("index", "help"):
            assert any(view == f"{app}:{name}" for view in _views()), f"{app}/help/{name} is of no page"


def test_help_is_found(signed_in):
    page = signed_in("planner").get("/help/?q=stringency").content.decode()
    assert "Model card" in page and page.count("mc-helplist") > 2
    assert "Nothing in the help has" in signed_in("planner").get("/help/?q=xyzzy").content.decode()
    assert signed_in("planner").get("/help/risk/model/").status_code == 200
    assert signed_in("planner").get("/help/risk/nothing/").status_code == 404
    assert resolve("/help/").view_name == "web:help"
