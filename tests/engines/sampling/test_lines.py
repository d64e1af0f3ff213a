"""Lines of public.json and audit.json, made in columns: the same bytes as row by row."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.sampling import files
from mingcha.engines.sampling.draw import Outcome, seal

EXTREMES = [0.0, 1.0, 5.0, 1e-300, 1e300, 5e-324, 1.7976931348623157e308, 1e-4, 9.999999999999999e-5, 1e-5, 1.5e-7]
EXTREMES += [1e8, 1e9, 999999999.9999999, 1e9 + 0.5, 1e15, 1e16, 1e17, 2.0**53, 0.1, 1 / 3, 123456.0, 123456.5]


def written(lines):
    return b"".join(map(bytes, lines)).decode()


@pytest.mark.parametrize("kind", ["any bits", "near one", "near the ends of what Arrow writes alike", "Q"])
def test_doubles_are_written_as_python_does(kind):
    """The shortest text that reads back the same, so that every reader and every run has the same bytes."""
    rng = np.random.default_rng(20261130)
    count = 100_000
    values = {
        "any bits": rng.integers(0, 0x7FF0 << 48, count).view(np.float64),
        "near one": np.exp(rng.normal(0, 3, count)),
        "near the ends of what Arrow writes alike": np.concatenate(
            [10.0**k * (1 + np.arange(-200, 200) * 2.0**-52) for k in range(-12, 25)]
        ),
        "Q": rng.random(count) / rng.random(count),
    }[kind]
    values = np.concatenate([np.array(EXTREMES), values])
    assert files._doubles(values).to_pylist() == list(map(repr, values.tolist()))


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=8, unique_by=lambda x: x[0]))
@settings(deadline=None, max_examples=60)
def test_texts_are_quoted_as_json_has_it(pairs):
    ids, strata = (list(column) for column in zip(*pairs, strict=True))

    def parts(low, high):
        return ['{"id":"', files._quoted(ids[low:high]), '","stratum":"', files._quoted(strata[low:high]), '"},\n']

    lines = files._lines(parts, len(ids))
    expected = [json.dumps({"id": i, "stratum": h}, ensure_ascii=False, separators=(",", ":")) for i, h in pairs]
    assert written(lines) == "".join(f"{line},\n" for line in expected)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, files.ROWS - 1, files.ROWS, files.ROWS + 1])
def test_every_unit_has_its_line(tmp_path, count):
    """Around the ends of what is made at a time; drawn units open their leaf in place of Q."""
    odd = ['a"b', "back\\slash", "店铺", "\u2028", "emoji😀", "new\nline"]
    units = seal("D", [f"{odd[i % 6]}{i}" for i in range(count)], ['x"', "y"] * count, np.arange(1, count + 1))
    q, drawn = np.arange(count) / 7, np.arange(count) % 5 == 0
    outcome = Outcome(bytes(32), b"", q, drawn, bytes(32))

    class Record:
        def head(self, kind):
            return {"format": kind}

    files.write_both(tmp_path / "public.json", tmp_path / "audit.json", Record(), units, outcome)
    public, audit = (json.loads((tmp_path / f"{kind}.json").read_text())["units"] for kind in ("public", "audit"))
    hexes = {
        name: [getattr(units, name)[32 * i : 32 * i + 32].hex() for i in range(count)] for name in ("leaf", "s", "t")
    }
    assert audit == [
        {"id": i, "stratum": h, "P": P, "s": s, "t": t}
        for i, h, P, s, t in zip(units.ids, units.strata, units.P.tolist(), hexes["s"], hexes["t"], strict=True)
    ]
    for i, line in enumerate(public):
        assert (line["leaf"], line["stratum"]) == (hexes["leaf"][i], units.strata[i])
        if drawn[i]:
            assert set(line) == {"leaf", "stratum", "drawn", "id", "s", "b"} and line["drawn"] is True
            assert (line["id"], line["s"]) == (units.ids[i], hexes["s"][i])
        else:
            assert set(line) == {"leaf", "stratum", "q"} and line["q"] == q[i]
