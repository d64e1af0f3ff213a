"""Real deliveries, with the dirt that they came with."""

from pathlib import Path

import duckdb
import pytest
from stdnum.cn import uscc
from tests.engines.lake.deliveries import contract_text

from mingcha.apps.exchange import hooks
from mingcha.apps.exchange.selectors import lake_view, quarantine_reasons, quarantine_rows
from mingcha.apps.exchange.services import batch_import
from mingcha.engines.lake.view import rows_sql

pytestmark = pytest.mark.realdata
CONTRACTS = Path(__file__).parents[2] / "contracts"


@pytest.fixture(autouse=True)
def lake(instance, db, monkeypatch):
    monkeypatch.setattr(hooks, "after_import", [])


def seen(dataset, columns="*"):
    return duckdb.execute(rows_sql(lake_view().sources[dataset], columns=columns)).fetchall()


@pytest.fixture
def enterprises(realdata):
    return realdata / "enterprises" / "enterprises_sample.parquet"


def test_the_foshan_rows_of_the_enterprise_register(enterprises):
    report = batch_import(contract=CONTRACTS / "enterprises.yaml", files=[enterprises], where="city = '佛山'")
    assert report.rows_read == 315_816
    assert report.rows_read - report.rows_left_out == 8_539
    assert report.rows_accepted == 8_538
    # one row's columns are shifted: its capital is an electric cooker
    ((field, value),) = [(r["field"], r["value"]) for r in quarantine_rows(dataset="enterprises")]
    assert (field, value) == ("registered_capital", "电热多用锅")
    keys = [key for (key,) in seen("enterprises", "_key")]
    assert len(set(keys)) == 8_538
    assert all(key.startswith("uscc:") for key in keys)
    assert ("佛山市花木公司", "914406001935223575") in seen("enterprises", "name, uscc")


def test_the_whole_register_holds_back_every_wrong_check_character(enterprises):
    report = batch_import(contract=CONTRACTS / "enterprises.yaml", files=[enterprises])
    assert report.rows_accepted + report.rows_quarantined == 315_816
    codes = [c for (c,) in duckdb.execute(f"SELECT uscc FROM '{enterprises}' WHERE length(uscc) = 18").fetchall()]
    wrong = {c for c in codes if c.upper() != c or not uscc.is_valid(c)}
    held = {r["value"] for r in quarantine_rows(dataset="enterprises") if r["rule"] == "registration_no"}
    assert len(wrong) == 72
    assert wrong <= held
    assert report.rows_quarantined < 400
    kept = {key.split(":")[0] for (key,) in seen("enterprises", "_key")}
    assert kept == {"uscc", "legacy15"}
    (legacy,) = duckdb.execute(
        f"SELECT count(*) FROM ({rows_sql(lake_view().sources['enterprises'])}) WHERE _key LIKE 'legacy15:%'"
    ).fetchone()
    assert legacy > 1000
    reasons = {r["rule"] for r in quarantine_reasons()}
    assert {"registration_no", "readable", "amount", "primary_key"} <= reasons


SF = {"entityKeys": [{"scheme": "licence:sf", "field": "business_id"}]}


def test_san_franciscos_businesses_are_not_utf8(realdata):
    fields = [
        {"name": "business_id", "primaryKey": True},
        {"name": "name", "required": True},
        {"name": "address"},
        {"name": "postal_code"},
        {"name": "latitude", "logicalType": "number"},
        {"name": "longitude", "logicalType": "number"},
    ]
    said = contract_text(fields, id="sf_businesses", custom={**SF, "knownTime": {"since": "2013-01-01"}})
    report = batch_import(contract=said, files=[realdata / "inspections_sf" / "businesses.csv"])
    assert (report.files[0]["encoding"], report.files[0]["not_taken"]) == ("latin-1", ["city", "state"])
    assert report.rows_read == 6_399
    assert report.rows_accepted >= 6_390
    names = {name for (name,) in seen("sf_businesses", "name")}
    assert {"LAGUNA CAFÉ", "KIÊN THANH", "CRÈME BRULEE TO GO"} <= names


def test_san_franciscos_inspections_and_violations(realdata):
    day = {"name": "date", "logicalType": "date", "required": True, "logicalTypeOptions": {"format": "yyyyMMdd"}}
    times = {"eventTime": {"field": "date", "zone": "America/Los_Angeles"}, "knownTime": {"lag": "P0D"}}
    score = {"name": "score", "logicalType": "integer", "logicalTypeOptions": {"minimum": 0, "maximum": 100}}
    inspections = contract_text(
        [{"name": "business_id"}, score, day, {"name": "type"}], id="sf_visits", custom=SF | times
    )
    violations = contract_text(
        [{"name": "business_id"}, day, {"name": "description"}], id="sf_found", custom=SF | times
    )
    report = batch_import(contract=inspections, files=[realdata / "inspections_sf" / "inspections.csv"])
    assert (report.rows_read, report.rows_accepted + report.rows_duplicate) == (14_233, 14_233)
    report = batch_import(contract=violations, files=[realdata / "inspections_sf" / "violations.csv"])
    assert report.rows_read == 39_006
    assert report.rows_accepted + report.rows_duplicate + report.rows_quarantined == 39_006
    assert report.rows_quarantined < 10


CHICAGO = {
    "food_inspections": 22_843,
    "business_licences": 19_284,
    "sanitation_complaints": 65_389,
    "burglaries": 61_617,
    "weather": 1_187,
}


@pytest.mark.parametrize(("name", "rows"), CHICAGO.items(), ids=CHICAGO)
def test_chicagos_files_by_their_contracts(realdata, name, rows):
    report = batch_import(
        contract=CONTRACTS / "chicago" / f"{name}.yaml", files=[realdata / "chicago" / f"{name}.csv.gz"]
    )
    assert report.rows_read == rows
    assert report.rows_accepted > rows * 0.85
    assert {r["rule"] for r in report.reasons if not r["warning"]} <= {"primary_key"}
