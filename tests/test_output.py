"""What commands print: one or both languages, strict JSON, and the notice that data are invented."""

import datetime as dt
import json
import subprocess
import sys

import pytest

from mingcha.output import notice, print_json, print_table, said, say, unmarked


@pytest.fixture
def language(monkeypatch):
    return lambda *which: monkeypatch.setattr("mingcha.output.languages", lambda: which)


def test_one_language_or_both(language, capsys):
    language("zh", "en")
    assert said("行", "rows") == "行 / rows" and said("AUC", "AUC") == "AUC"
    say("好", "good")
    say("好", "good", aside=True)
    assert capsys.readouterr() == ("好\ngood\n", "好\ngood\n")
    language("en")
    assert said("行", "rows") == "rows"


def test_json_is_strict(capsys):
    print_json({"a": float("nan"), "b": (1, float("inf")), "c": dt.date(2026, 11, 22), "d": "中"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"a": None, "b": [1, None], "c": "2026-11-22", "d": "中"} and "中" in out


def test_a_table_prints_cells_as_they_are(capsys):
    print_table(["name", "n"], [("[bold]x[/bold]", None), ("y", 3)])
    assert "[bold]x[/bold]" in capsys.readouterr().out
    print_table(["name"], [])
    assert capsys.readouterr().out == ""


def test_simulated_is_said_where_it_is_so(language, capsys):
    language("zh", "en")
    notice(False)
    assert capsys.readouterr().out == ""
    notice(True)
    assert capsys.readouterr().out.count("\n") == 2
    assert unmarked("投诉（模拟数据）：次数") == "投诉：次数"


def test_no_connection_draws_its_progress_into_what_is_printed(tmp_path):
    """A program without a file of its own (python -c) is interactive to DuckDB: its bar is on unless it's told."""
    code = """
import sys, duckdb, pyarrow, pyarrow.parquet
from pathlib import Path
from mingcha.engines.lake import folder, lookup

lake, asked = Path(sys.argv[1]), "SELECT current_setting('enable_progress_bar')"
bars = [folder.connect(lake / "tmp").execute(asked).fetchone()[0]]
class Kept:
    def __init__(self):
        self.connection = connect()
    def __enter__(self):
        return self.connection
    def __exit__(self, *_):
        bars.append(self.connection.execute(asked).fetchone()[0])
connect, duckdb.connect = duckdb.connect, Kept
pyarrow.parquet.write_table(pyarrow.table({"_key": ["a"]}), lake / "a.parquet")
lookup.index_build(lake / "a.parquet", lake=lake)
print(bars)
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert done.stdout == "[False, False]\n", done.stderr
