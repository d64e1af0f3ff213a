import subprocess
import sys

import pytest

from mingcha.engines.lake.reading import read_contract
from mingcha.simulation import contracts
from mingcha.simulation.catalogue import CATALOGUE
from mingcha.simulation.catalogue.grammar import columns


def test_there_are_a_hundred_datasets():
    assert len({d.name for d in CATALOGUE}) == len(CATALOGUE) == 100
    assert len(list(contracts.FOLDER.glob("*.yaml"))) == 100


@pytest.mark.parametrize("dataset", CATALOGUE, ids=lambda d: d.name)
def test_committed_contract_is_in_step_and_readable(dataset):
    path = contracts.FOLDER / f"{dataset.name}.yaml"
    assert path.read_text(encoding="utf-8") == contracts.text(dataset), "run python -m mingcha.simulation.contracts"
    contract = read_contract(path)
    assert contract.name == dataset.name
    assert contract.simulated and "模拟数据" in contract.title
    assert contract.department.startswith("云汀")
    assert [f.name for f in contract.fields] == [c.name for c in dataset.columns]
    assert (contract.factors is None) == (not dataset.law), "factors only where the law allows them"


def test_all_kinds_of_key_and_delivery_are_there():
    read = [read_contract(contracts.FOLDER / f"{d.name}.yaml") for d in CATALOGUE]
    assert {c.keyed_by for c in read} == {"entity", "place", "date"}
    assert {c.format for c in read} == {"csv", "xlsx", "parquet"}
    assert {c.encoding for c in read if c.format == "csv"} == {"utf-8", "gb18030"}
    assert {c.datum for c in read if c.latitude} == {"WGS-84", "GCJ-02"}
    assert {key.scheme for c in read for key in c.entity_keys} == {"uscc", "legacy15", "licence:yunting-food"}
    assert any(f.masked for c in read for f in c.fields)


def test_inspections_declare_design_and_inspectors():
    contract = read_contract(contracts.FOLDER / "spot_inspections.yaml")
    assert contract.inspections.pi == "pi" and contract.inspections.inspector == "inspectors"
    assert contract.field("inspectors").type == "array"
    assert [p.name for p in contract.inspections.risk_points] == ["violation", "unreachable"]
    assert "inspectors" in contract.factors.forbid


def test_unknown_kind_of_column_is_refused():
    with pytest.raises(ValueError, match="no kind of column"):
        columns("a 甲 colour")


def test_writing_contracts_needs_neither_arrow_nor_polars():
    """So that the test of step above stays cheap, and so does a hook that runs it."""
    code = (
        "import mingcha.simulation.contracts, sys; "
        "assert not {'polars', 'pyarrow', 'duckdb', 'django', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
