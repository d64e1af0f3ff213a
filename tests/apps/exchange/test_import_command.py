"""The commands as a clerk runs them: what they print, and how they say no."""

import json
import os
import subprocess
import sys

import pytest
from tests.apps.exchange.licences import file, licences


@pytest.fixture
def run(instance, tmp_path):
    (tmp_path / "c.yaml").write_text(licences(), encoding="utf-8")

    def run(*words, lang="en"):
        env = {**os.environ, "MINGCHA_HOME": str(instance), "MINGCHA_LANG": lang}
        code = "from mingcha.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)], env=env, cwd=tmp_path, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


def test_from_import_to_export(run, tmp_path):
    path = file(tmp_path / "a.csv", "JY1,91440606748023528A,张三,10,2020-01-01", "JY2,,李四,many,2020-01-01")
    code, out, _ = run("import", "c.yaml", path, "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["dataset"], report["batch"], report["rows_accepted"], report["rows_quarantined"]) == (
        "licences",
        1,
        1,
        1,
    )
    code, out, _ = run("import", "c.yaml", path, lang="zh")
    assert code == 0
    assert "已导入过" in out
    code, out, _ = run("quarantine", "list", "--rows", "5")
    assert "licences/1" in out
    assert "is not a whole number" in out
    assert "many" in out
    code, out, _ = run("quarantine", "export", "licences", "-o", "out.xlsx")
    assert code == 0
    assert (tmp_path / "out.xlsx").exists()
    code, out, _ = run("dataset", "show", "licences")
    assert "1 rows, 1 files" in out
    code, out, _ = run("dataset", "contract", "licences")
    assert "id: licences" in out
    code, out, _ = run("dataset", "withdraw", "licences", "--yes")
    assert "1 rows withdrawn" in out
    code, out, _ = run("dataset", "list", "--json")
    assert json.loads(out)[0]["rows"] == 0


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        (["import", "c.yaml", "nothing.csv"], "没有这个文件", "can't be read"),
        (["import", "nothing.yaml", "a.csv"], "找不到数据契约", "no such contract"),
        (["import", "a.csv", "c.yaml"], "不是", "no contract"),
        (["import", "c.yaml", "a.csv", "--where", "seats = 'x'"], "不能放在一起", "don't go together"),
        (["dataset", "show", "nothing"], "没有数据集", "no dataset"),
        (["quarantine", "export", "nothing", "-o", "x.csv"], "没有数据集", "no dataset"),
    ],
)
def test_a_problem_is_told_in_the_users_language_and_the_status_is_2(run, tmp_path, words, zh, en):
    file(tmp_path / "a.csv", "JY1,,,10,2020-01-01")
    for lang, said in (("zh", zh), ("en", en)):
        code, out, errors = run(*words, lang=lang)
        assert (code, out) == (2, "")
        assert said in errors
