import hashlib
import json

import numpy as np
import polars as pl
import pytest
from stdnum.cn import uscc

from mingcha.simulation import contracts
from mingcha.simulation.catalogue import CATALOGUE
from mingcha.simulation.city import write_city

BY_NAME = {d.name: d for d in CATALOGUE}


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read(city, name) -> pl.DataFrame:
    """A CSV dataset under its contract's names, all text."""
    dataset = BY_NAME[name]
    parts = [
        pl.read_csv(path, infer_schema=False, encoding="gb18030" if dataset.encoding == "gb18030" else "utf8")
        for path in city.deliveries[name].files
    ]
    frame = pl.concat(parts)
    frame.columns = [c.name for c in dataset.columns]
    return frame


def test_same_seed_same_bytes_another_seed_another_city(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_city(tmp_path / name, entities=400, records=20_000, seed=seed)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a")["complaints/complaints.csv"] != digests(tmp_path / "c")["complaints/complaints.csv"]


def test_every_dataset_is_delivered_with_its_contract(city):
    assert set(city.deliveries) == set(BY_NAME)
    for name, delivery in city.deliveries.items():
        assert delivery.contract.read_text(encoding="utf-8") == contracts.text(BY_NAME[name])
        assert delivery.files and all(path.stat().st_size for path in delivery.files)
    assert {p.suffix for d in city.deliveries.values() for p in d.files} == {".csv", ".gz", ".xlsx", ".parquet"}


def test_the_records_asked_for_and_the_dirt_declared(city):
    manifest = json.loads((city.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["simulated"] is True and "虚构" in manifest["notice"]
    assert manifest["rows"] == pytest.approx(200_000, rel=0.03)
    assert manifest["spoiled"] / manifest["rows"] == pytest.approx(0.01, rel=0.1)
    assert min(manifest["dirt"].values()) > 0
    assert set(manifest["dirt"]) == {
        "below_zero", "cut_short", "full_width", "future", "missing", "shifted", "twice", "typo", "unknown_word",
        "wrong_check",
    }  # fmt: skip


def test_clean_codes_have_true_check_characters(city):
    frame = read(city, "complaints")
    codes = frame["uscc"].drop_nulls().filter(frame["uscc"].drop_nulls().str.contains("^[0-9A-Z]{18}$"))
    wrong = codes.len() - sum(map(uscc.is_valid, codes))
    assert wrong <= city.deliveries["complaints"].dirt.get("wrong_check", 0)
    register = read(city, "business_registration")
    assert register["uscc"].drop_nulls().str.slice(2, 4).is_in(["9801"]).mean() > 0.98


def test_gb18030_is_not_utf8(city):
    raw = city.deliveries["complaints"].files[0].read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    assert "食品异物" in raw.decode("gb18030")


def test_some_old_firms_have_only_their_fifteen_digit_number(city):
    register = read(city, "business_registration")
    only = register.filter(pl.col("uscc").is_null() & pl.col("legacy15").is_not_null())
    assert 0 < len(only) < 0.03 * len(register)


def test_nothing_clean_happens_before_it_is_known_or_after_the_end(city):
    frame = read(city, "spot_inspections").drop_nulls(["inspected_on", "published_on"])
    days = frame.select(
        pl.col("inspected_on").str.to_date(strict=False), pl.col("published_on").str.to_date(strict=False)
    ).drop_nulls()
    bad = days.filter(
        (pl.col("inspected_on") >= pl.col("published_on")) | (pl.col("published_on") > pl.date(2026, 9, 30))
    )
    assert len(bad) <= city.deliveries["spot_inspections"].spoiled


def test_design_probabilities_stand_on_planned_visits_only(city):
    frame = read(city, "spot_inspections").filter(pl.col("cause").is_in(["双随机", "投诉举报"]))
    planned = frame.filter(pl.col("cause") == "双随机")
    assert planned["pi"].cast(pl.Float64, strict=False).drop_nulls().is_between(0.01, 0.1).all()
    assert frame.filter(pl.col("cause") == "投诉举报")["pi"].is_null().mean() > 0.97


def test_the_hidden_truth_is_kept_apart(city):
    truth = pl.read_parquet(city.folder / "truth" / "firms.parquet")
    assert len(truth) == 3_000 and truth["simulated"].all()
    assert 0.09 < truth["probability"].mean() < 0.16
    inspectors = pl.read_parquet(city.folder / "truth" / "inspectors.parquet")
    assert np.abs(inspectors["strictness"].to_numpy()).max() > 0.2
    assert not list((city.folder / "contracts").glob("firms*"))


def test_hollow_firms_use_no_power_and_insure_nobody(city):
    truth = pl.read_parquet(city.folder / "truth" / "firms.parquet")
    power = pl.concat([pl.read_parquet(path) for path in city.deliveries["power_usage"].files])
    seen = power.join(truth, on="uscc").with_columns(stopped=pl.col("kwh") < 5)
    by = dict(seen.group_by("nature").agg(pl.col("stopped").mean()).iter_rows())
    assert by["hollow"] > 5 * by["ordinary"] > 0


def test_typos_and_repeats_are_not_counted_as_spoiled(city):
    for delivery in city.deliveries.values():
        assert delivery.spoiled == sum(n for way, n in delivery.dirt.items() if way not in ("typo", "twice"))
