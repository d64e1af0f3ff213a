import pytest

from mingcha.apps.exchange import hooks


@pytest.fixture
def lake(instance, db, monkeypatch):
    """An empty lake of this test's own. What other apps do after an import is tested with them."""
    monkeypatch.setattr(hooks, "after_import", [])
    return instance / "lake"
