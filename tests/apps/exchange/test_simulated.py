"""What is simulated says so in every printout, once."""

import json

import pytest
from tests.apps.exchange.licences import file, licences
from typer.testing import CliRunner

from mingcha.apps.entities import commands as entities
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange import commands
from mingcha.apps.exchange.services import batch_import
from mingcha.engines.linkage.spelling import words


@pytest.fixture
def run(lake, tmp_path, monkeypatch):
    monkeypatch.setattr("mingcha.output.languages", lambda: ("zh",))
    for module in (commands, entities):
        monkeypatch.setattr(module, "open_django", lambda: None)
    batch_import(
        contract=licences(custom={"simulated": True}), files=[file(tmp_path / "a.csv", "JY1,,,many,2020-01-01")]
    )
    Entity.objects.create(key="P-1", name="甲店", simulated=True, search=" ".join(words("甲店")))

    def run(app, *arguments):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (commands.quarantine_app, ("list",)),
        (commands.dataset_app, ("show", "licences")),
        (commands.dataset_app, ("list",)),
        (entities.app, ("list",)),
        (entities.app, ("find", "甲店")),
    ],
)
def test_every_printout_says_it_once(run, app, words):
    assert run(app, *words).count("模拟") == 1
    assert "true" in run(app, *words, "--json").lower()


def test_a_status_is_said_in_the_user_s_language(run, monkeypatch):
    assert "不详" in run(entities.app, "list")
    monkeypatch.setattr("mingcha.output.languages", lambda: ("en",))
    assert "Unknown" in run(entities.app, "list") and "不详" not in run(entities.app, "list")


def test_json_has_it_as_a_field(run):
    assert json.loads(run(commands.quarantine_app, "list", "--json"))["simulated"] is True
