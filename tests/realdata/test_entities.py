"""Foshan's firms of the enterprise sample: imported, resolved, found and shown as a user would."""

import json
import os
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.realdata


@pytest.fixture
def sample(realdata):
    path = realdata / "enterprises" / "enterprises_sample.parquet"
    if not path.exists():
        pytest.skip(f"no {path}")
    return path


@pytest.fixture
def mingcha(instance):
    def mingcha(*arguments):
        command = [sys.executable, "-m", "mingcha.cli", *map(str, arguments)]
        env = {**os.environ, "MINGCHA_HOME": str(instance), "MINGCHA_LANG": "en"}
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return mingcha


def test_import_find_and_show(sample, mingcha):
    mingcha("import", "contracts/enterprises.yaml", sample, "--where", "city = '佛山'")
    assert json.loads(mingcha("entity", "resolve", "--json"))["batches"] == 0  # the import has done it
    found = json.loads(mingcha("entity", "find", "粤鸿 北香园", "--json"))
    assert [e["key"] for e in found] == ["91440604193644872E"]
    assert found[0]["division"].startswith("4406")
    assert json.loads(mingcha("entity", "find", "yhcyspyxgsbxy", "--json")) == found
    file = json.loads(mingcha("entity", "show", "91440604193644872e", "--json"))
    assert file["total"] == 1 and file["milliseconds"] < 2000
    fields = file["records"][0]["fields"]
    assert fields["address"] == "佛山市锦华路35号" and "*" in fields["legal_representative"]
    everyone = json.loads(mingcha("entity", "list", "--limit", "9000", "--json"))
    assert 8500 <= len(everyone) <= 8539
    assert all(e["provisional"] == e["key"].startswith("P-") for e in everyone)
    resolved = [e for e in everyone if not e["provisional"]]
    assert len(resolved) > 8400 and len({e["key"] for e in everyone}) == len(everyone)
    # most addresses or codes tell the district
    assert sum(e["division"][:4] == "4406" for e in resolved) / len(resolved) > 0.95


def test_identifiers_agree_with_stdnum_on_every_code(sample):
    import pyarrow.parquet as pq
    from stdnum.cn import uscc
    from stdnum.iso7064 import mod_11_10

    from mingcha.engines.linkage.identifiers import legacy15_valid, uscc_valid

    codes = pq.read_table(sample, columns=["uscc"]).column(0).drop_null()
    texts = codes.to_pylist()
    valid = uscc_valid(codes)
    for text, ours in zip(texts, valid, strict=True):
        if text[:2].isdigit():
            assert ours == (len(text) == 18 and text == text.upper() and uscc.is_valid(text)), text
    assert len(texts) - int(valid.sum()) < 1500
    old = [text for text, ours in zip(texts, legacy15_valid(codes), strict=True) if ours]
    assert len(old) > 1000 and all(mod_11_10.is_valid(text) for text in old)


def test_initials_agree_with_pypinyin(sample):
    import pyarrow.parquet as pq
    from pypinyin import Style, lazy_pinyin

    from mingcha.engines.linkage.pinyin import initials

    names = [n for n in pq.read_table(sample, columns=["name"]).column(0).to_pylist() if n][::100]
    # 行, 长 and 曾 are read as firms' names read them
    names = [n for n in names if not re.search("[行长曾]", n)]
    agree = 0
    for name, ours in zip(names, initials(names), strict=True):
        letters = lazy_pinyin(re.sub(r"[^\w]", "", name), style=Style.FIRST_LETTER)
        agree += ours == "".join(x for x in letters if x.isascii() and x.isalnum()).lower()
    assert agree / len(names) > 0.98
