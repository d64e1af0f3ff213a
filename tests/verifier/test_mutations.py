"""Every value of every file, changed in turn: the verifier sees it, but for what the format leaves free.

What it leaves free is listed in `FREE`, and in docs/draw-protocol.md, "What no file shows".
"""

import copy
import functools
import json
import math

import pytest

KINDS = ["public", "audit", "receipt", "opening", "assignment", "replacements", "joint"]


@pytest.fixture(autouse=True)
def quick(verifier, monkeypatch):
    """Each signature is checked once: thousands of changed files hold the same ones."""
    monkeypatch.setattr(verifier, "signed", functools.cache(verifier.signed))


def places(value, path=()):
    """Paths of everything in a JSON value, itself first."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in members:
        yield from places(item, (*path, name))


def changes(value):
    """Other values that could stand in its place."""
    if isinstance(value, bool):
        return [not value, int(value), None]
    if isinstance(value, int):
        return [value + 1, value - 1, float(value), str(value), None]
    if isinstance(value, float):
        return [math.nextafter(value, math.inf), math.nextafter(value, 0.0), -value, str(value), None]
    if isinstance(value, str):
        last = "0" if value[-1:] != "0" else "1"
        other = value.upper() if value != value.upper() else value + "\u0301"
        return [value[:-1] + last, value + "0", other, 7]
    if value is None:
        return ["00" * 32, 0]
    if isinstance(value, list):
        every = [value[:i] + value[i + 1 :] for i in range(len(value))] + [[*value, value[0]] if value else ["x"], None]
        return every + ([[value[1], value[0], *value[2:]]] if len(value) > 1 else [])
    every = [{name: value[name] for name in value if name != gone} for gone in value]
    return [*every, {**value, "unknown": 1}, None]


def free(path, old, new):
    """Changes that prove nothing wrong, by design."""
    if path == () and isinstance(new, dict) and set(new) - set(old):
        return "a field of no format: reported as vouched for by nothing"
    signatures = path in (("attestations",), ("signatures",))
    if signatures and isinstance(new, list) and all(item in old for item in new) and len(new) <= len(old):
        return "an attestation or countersignature may be missing, or stand in another place: reported"
    if path == ("parties",) and isinstance(new, list) and sorted(map(str, new)) == sorted(map(str, old)):
        return "parties are hashed in order of id, wherever they stand"
    if path[-1:] == ("q",) and isinstance(new, int | float) and new == old:
        return "the same number, written otherwise"
    if path == ("drawn",) and isinstance(new, bool):
        return "a receipt alone doesn't prove whether it was drawn: --against does, see below"
    return None


def put(value, path, new):
    value = copy.deepcopy(value)
    if not path:
        return new
    at = value
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = new
    return value


def check_values(draw, verifier, tmp_path, kind, chosen):
    value, path, unseen = draw.value(kind), tmp_path / "changed.json", []
    for place in filter(chosen, places(value)):
        old = functools.reduce(lambda at, name: at[name], place, value)
        for new in changes(old):
            if not free(place, old, new):
                path.write_text(json.dumps(put(value, place, new), ensure_ascii=False))
                if not verifier.check(path)[0].faults:
                    unseen.append((place, old, new))
    assert unseen == []


def in_head(verifier, place):
    return len(place) > 1 and place[0] in verifier.HEAD


def test_every_changed_value_of_the_head_is_seen(draw, verifier, tmp_path):
    check_values(draw, verifier, tmp_path, "public", lambda place: in_head(verifier, place))


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_value_is_seen(draw, verifier, tmp_path, kind):
    check_values(draw, verifier, tmp_path, kind, lambda place: not in_head(verifier, place))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_value_of_every_head_is_seen(draw, verifier, tmp_path, kind):
    check_values(draw, verifier, tmp_path, kind, lambda place: in_head(verifier, place))


@pytest.mark.parametrize("kind", ["public", "audit", "receipt"])
def test_every_added_or_swapped_unit_or_stratum_is_seen(draw, verifier, tmp_path, kind):
    value, path = draw.value(kind), tmp_path / "changed.json"
    value["params"]["strata"]["new"] = {"N": 1, "n": 0}
    path.write_text(json.dumps(value))
    assert verifier.check(path)[0].faults


def flipped(raw, step, bit):
    for i in range(0, len(raw), step):
        yield i, raw[:i] + bytes([raw[i] ^ 1 << (bit + i) % 8]) + raw[i + 1 :]


def same(raw, other):
    """The same JSON value; a field of no format aside."""
    try:
        return json.loads(raw) == json.loads(other)
    except ValueError:
        return False


def check_bytes(draw, verifier, tmp_path, kind, step, bit):
    raw, path, unseen = draw.paths[kind].read_bytes(), tmp_path / "changed.json", []
    for i, changed in flipped(raw, step, bit):
        path.write_bytes(changed)
        if not verifier.check(path)[0].faults and not same(raw, changed):
            unseen.append((i, raw[max(0, i - 30) : i + 30]))
    if kind == "receipt":  # alone it doesn't prove whether it was drawn
        unseen = [one for one in unseen if b"drawn" not in one[1]]
    assert unseen == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_seen(draw, verifier, tmp_path, kind):
    check_bytes(draw, verifier, tmp_path, kind, 23, 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_of_every_byte_is_seen(draw, verifier, tmp_path, kind):
    check_bytes(draw, verifier, tmp_path, kind, 1, 3)


# ---- what one file can't show, another does -----------------------------------------------------------------------


def test_a_receipt_that_lies_about_being_drawn(draw, said, spoil):
    for kind in ("receipt", "undrawn"):
        path = spoil(kind, lambda value: value.update(drawn=not value["drawn"]))
        assert said(path)[0] == 0
        status, out = said(path, "--against", draw.paths["public"])
        assert status == 1 and "receipt.drawn: not the same" in out


def test_two_undrawn_units_swapped_between_strata(draw, said, spoil):
    def swap(value):
        undrawn = [unit for unit in value["units"] if "drawn" not in unit]
        one = next(unit for unit in undrawn if unit["stratum"] == "餐饮")
        other = next(unit for unit in undrawn if unit["stratum"] == "零售")
        one["stratum"], other["stratum"] = other["stratum"], one["stratum"]

    path = spoil("public", swap)
    assert said(path)[0] == 0  # an undrawn unit's stratum is bound by its leaf, which only the audit opens
    status, out = said(draw.paths["audit"], "--against", path)
    assert status == 1 and "units[" in out and "not the same as in" in out


def test_replacements_out_of_order(draw, said, spoil):
    """Somebody else than the next is brought in: seen against the public list, even with a fresh digest."""
    from mingcha.engines.sampling import folder, results
    from mingcha.engines.sampling.encoding import canonical, digest
    from mingcha.engines.sampling.fieldwork import _opened

    _, units, outcome = results.drawn(folder.status(draw.made.folder))

    def bring_in_a_friend(value):
        one = value["replacements"][0]
        stratum = one["in"]["stratum"]
        rest = [i for i in range(10) if units.strata[i] == stratum and not outcome.drawn[i]]
        friend = max(rest, key=lambda i: outcome.q[i])
        one["in"] = _opened(units, friend)
        body = canonical({"replacements": value["replacements"]})
        value["digest"] = digest("replacements", units.draw, outcome.result, body).hex()
        value["signatures"] = []

    path = spoil("replacements", bring_in_a_friend)
    assert said(path)[0] == 0
    status, out = said(path, "--against", draw.paths["public"])
    assert status == 1 and "the unit brought in is not the next one of the stratum" in out


def test_the_changed_unit_is_named(draw, said, spoil):
    def change(value):
        value["units"][6]["P"] += 1

    status, out = said(spoil("audit", change))
    named = "units[6]" in out or "or units[6]" in out or "units[" not in out  # its new leaf may fit between the others
    assert status == 1 and named and "root: is not the Merkle root" in out
    status, out = said(spoil("audit", lambda value: value["units"][6].update(P=900_001)))
    assert "units[6].P" in out and "expected" in out and "found 900001" in out
    status, out = said(spoil("public", lambda value: value["units"][3].update(leaf="0" * 63)))
    assert "units[3].leaf: wrong type or form: expected 32 bytes in lower-case hex" in out


def test_expected_and_found_are_told(draw, said, spoil):
    seed = draw.value("public")["seed"]
    status, out = said(spoil("public", lambda value: value.update(seed="0" * 64)))
    assert status == 1 and f"expected {seed}, found {'0' * 64}" in out
    status, out = said(spoil("public", lambda value: value["units"].pop() and None))
    assert "is not params' N: expected" in out
