"""What an import sets off."""

from mingcha.apps.entities.apps import _resolve
from mingcha.apps.exchange import hooks


def test_the_resolution_follows_an_import():
    assert _resolve in hooks.after_import


def test_many_imports_in_a_row_are_told_of_once(monkeypatch):
    told = []
    monkeypatch.setattr(hooks, "after_import", [told.append])
    with hooks.together():
        hooks.imported(["a"])
        hooks.imported(["b", "a"])
        assert told == []
    hooks.imported(["c"])
    assert told == [["a", "b"], ["c"]]
    with hooks.together():
        pass
    assert len(told) == 2
