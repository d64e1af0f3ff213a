"""The worked example of the format, every intermediate value (draw-vectors.json, ten invented firms)."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from mingcha.engines.sampling import ceremony, files, merkle
from mingcha.engines.sampling.ceremony import Attestation, Party, Terms
from mingcha.engines.sampling.draw import run, seal
from mingcha.engines.sampling.encoding import canonical, digest, params_hash

V = json.loads((Path(__file__).parent / "draw-vectors.json").read_text())
DRAW, PARAMS = V["public"]["draw"], V["public"]["params"]
H = bytes.fromhex


@pytest.fixture(scope="module")
def units():
    rows = sorted(V["units"], key=lambda unit: unit["id"])  # any order: sealing sorts by leaf
    blob = {name: b"".join(H(unit[name]) for unit in rows) for name in "st"}
    P = np.array([unit["P"] for unit in rows])
    return seal(DRAW, [u["id"] for u in rows], [u["stratum"] for u in rows], P, blob["s"], blob["t"])


@pytest.fixture(scope="module")
def record(units):
    fields = ("key", "commitment", "signature", "nonce")
    parties = [Party(p["id"], *(H(p[field]) for field in fields)) for p in V["public"]["parties"]]
    attestations = [Attestation(a["id"], H(a["signature"])) for a in V["public"]["attestations"]]
    terms = Terms(DRAW, H(V["root"]), PARAMS)
    return files.Record(terms, parties, V["public"]["public_value"], H(V["seed"]), H(V["result"]), attestations)


def test_canonical_parameters_and_their_hash():
    assert canonical(PARAMS).decode() == V["params_canonical"]
    assert params_hash(PARAMS).hex() == V["params_hash"]


@pytest.mark.parametrize("unit", V["units"], ids=lambda unit: unit["id"])
def test_unit_hashes(unit):
    a = digest("unit", DRAW, unit["stratum"], unit["id"], H(unit["s"]))
    b = digest("probability", DRAW, unit["P"], H(unit["t"]))
    ticket = digest("ticket", H(V["seed"]), H(unit["t"]), unit["stratum"], unit["id"])
    assert (a.hex(), b.hex()) == (unit["a"], unit["b"])
    assert sha256(b"\x00" + a + b).hexdigest() == unit["leaf"]
    assert ticket.hex() == unit["ticket"]
    assert int.from_bytes(ticket[:8], "big") >> 12 == unit["k"]


def test_sealed_order_and_root(units):
    assert units.ids == [unit["id"] for unit in V["units"]]
    assert units.leaf.hex() == "".join(unit["leaf"] for unit in V["units"])
    assert units.root.hex() == V["root"] == merkle.root(units.leaves).hex()


def test_parties_and_seed(record):
    for party in record.parties:
        ceremony.check_commitment(record.terms, party)
        assert ceremony.reveal(party, party.nonce) == party
    assert ceremony.seed(record.terms, reversed(record.parties), record.public_value).hex() == V["seed"]


def test_tickets_q_selection_and_result(units):
    outcome = run(units, PARAMS, H(V["seed"]))
    assert outcome.tickets.hex() == "".join(unit["ticket"] for unit in V["units"])
    assert outcome.q.tolist() == [unit["q"] for unit in V["units"]]
    assert [name for name, drawn in zip(units.ids, outcome.drawn, strict=True) if drawn] == V["drawn"]
    assert outcome.result.hex() == V["result"]


def test_attestations_are_of_the_result(record):
    for attestation in record.attestations:
        ceremony.check_attestation(record.parties, attestation, record.result)


def test_files_are_the_example_objects(units, record, tmp_path):
    outcome = run(units, PARAMS, H(V["seed"]))
    files.write_public(tmp_path / "public.json", record, units, outcome)
    files.write_audit(tmp_path / "audit.json.gz", record, units, zipped=True)
    assert json.loads((tmp_path / "public.json").read_bytes()) == V["public"]
    assert files.read_json(tmp_path / "audit.json.gz", "audit") == V["audit"]
