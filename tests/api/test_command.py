"""`mingcha token`."""

import pytest
from tests.api.conftest import Caller
from typer.testing import CliRunner

from mingcha.apps.accounts import token_commands
from mingcha.apps.accounts.models import ApiToken
from mingcha.problems import Problem


@pytest.fixture
def run(town, monkeypatch):
    monkeypatch.setattr(token_commands, "open_django", lambda: None)

    def one(*words: str):
        done = CliRunner().invoke(token_commands.app, words)
        if isinstance(done.exception, Problem):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return one


def test_a_token_is_made_listed_and_revoked(run):
    text = run("create", "officer", "mobile", "--scope", "*.view", "--scope", "supervision.*", "--quiet").strip()
    assert Caller(text).get("/tasks").status_code == 200
    assert "mobile" in run("list") and "valid" in run("list")
    run("revoke", str(ApiToken.objects.get().pk))
    assert Caller(text).get("/tasks").status_code == 401
    assert "revoked" in run("list")


def test_what_can_t_be_is_refused_in_words(run):
    with pytest.raises(Problem, match="no user"):
        run("create", "nobody", "x", "--scope", "*.view")
    with pytest.raises(Problem, match="already"):
        for _ in range(2):
            run("create", "officer", "x", "--scope", "*.view")
    with pytest.raises(Problem, match="no token"):
        run("revoke", "99")
