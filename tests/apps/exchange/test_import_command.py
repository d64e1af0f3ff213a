"""The commands as a clerk runs them: what they print, and how they say no."""

import json
import os
import subprocess
import sys

import pytest
from tests.apps.exchange.licences import changed, file, licences


@pytest.fixture
def run(instance, tmp_path):
    (tmp_path / "c.yaml").write_text(licences(), encoding="utf-8")

    def run(*words, lang="en"):
        env = {**os.environ, "MINGCHA_HOME": str(instance), "MINGCHA_LANG": lang}
        code = "from mingcha.cli import program; program()"
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


def test_a_file_of_which_nothing_was_accepted_is_no_success(run, tmp_path):
    properties = changed("issued", logicalTypeOptions={"format": "MM/dd/yyyy"})
    (tmp_path / "wrong.yaml").write_text(licences(properties=properties), encoding="utf-8")
    bad = file(tmp_path / "a.csv", *(f"JY{i},,,1,2020-01-{i:02}" for i in range(1, 21)))
    code, out, errors = run("import", "wrong.yaml", bad)
    assert code == 2 and "licences/1" in errors
    assert "of 20 rows read, none was accepted" in errors and "The commonest reason (20 rows): issued" in errors
    assert "(MM/dd/yyyy), as '2020-01-01'" in errors and "%" not in errors + out
    assert "quarantine stay" in errors and "quarantine replay licences --contract FILE" in errors
    listed = json.loads(run("quarantine", "list", "--json")[1])["reasons"]
    assert [(r["rows"], r["reason_zh"]) for r in listed] == [(20, "不是日期（MM/dd/yyyy）")]
    (tmp_path / "mended.yaml").write_text(licences(version="1.1.0"), encoding="utf-8")
    assert run("quarantine", "replay", "licences", "--contract", "mended.yaml")[0] == 0
    assert "20 rows, 1 files" in run("dataset", "show", "licences")[1]


def test_each_barren_file_of_a_delivery_is_named_and_a_masked_value_is_not_told(run, tmp_path):
    good = file(tmp_path / "good.csv", "JY1,,,1,2020-01-01")
    long = file(tmp_path / "long.csv", "JY2,,张三李四王五,1,2020-01-01")
    code, out, errors = run("import", "c.yaml", good, long, "--json", lang="zh")
    assert code == 2 and json.loads(out)["rows_accepted"] == 1
    assert "long.csv：读入 1 行，没有一行入库" in errors and "good.csv" not in errors
    assert "张三" not in errors and "***" in errors


def test_a_where_that_chooses_nothing_is_said_and_an_empty_delivery_is_a_warning(run, tmp_path):
    path = file(tmp_path / "a.csv", "JY1,,,10,2020-01-01")
    code, _, errors = run("import", "c.yaml", path, "--where", "seats > 99")
    assert code == 2 and "--where chose none" in errors and "Check the condition of --where" in errors
    assert run("import", "c.yaml", path)[0] == 0
    code, _, errors = run("import", "c.yaml", file(tmp_path / "empty.csv"))
    assert code == 0 and "empty.csv has a header and no rows" in errors
    assert run("import", "c.yaml", file(tmp_path / "b.csv", "JY1,,,10,2020-01-01", ""))[0] == 0  # known already
