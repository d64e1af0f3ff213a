"""Files in our own layout are read in a quicker way: it takes just what the plain way takes, and says the same."""

import json
import math
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.verifier.conftest import load_verifier
from tests.verifier.test_mutations import changes, free, places, put, quick  # noqa: F401 - a fixture

KINDS = ["public", "audit"]


def laid(value):
    """`value` as text in our layout, a unit a line."""
    head = {name: item for name, item in value.items() if name != "units"}
    lines = [json.dumps(unit, ensure_ascii=False, separators=(",", ":")) for unit in value["units"]]
    return json.dumps(head, ensure_ascii=False)[:-1] + ',"units":[\n' + ",\n".join(lines) + "\n]}\n"


def plainly(verifier, text):
    """What `laid_out` should give, by way of `strict`; None if there is anything to report."""
    try:
        value = verifier.strict(text)
    except (ValueError, RecursionError):
        return None
    columns = verifier.TABLES[verifier.kind_of(value)](value["units"])
    return None if columns is None else dict(value, units=columns)


def both_ways(verifier, monkeypatch, path):
    """All that is said of a file; asserts that the plain way says the same."""
    report = verifier.check(path)[0]
    with monkeypatch.context() as without:
        without.setattr(verifier, "laid_out", lambda text: None)
        slow = verifier.check(path)[0]
    assert (report.faults, report.more, report.proved, report.unproved) == (
        slow.faults,
        slow.more,
        slow.proved,
        slow.unproved,
    )
    assert report.headline == slow.headline
    return report


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("large", [1, 10**9])
def test_our_own_files_are_read_the_quick_way(draw, verifier, monkeypatch, kind, large):
    monkeypatch.setattr(verifier, "LARGE", large)
    text = draw.paths[kind].read_text()
    found = verifier.laid_out(text)
    assert found is not None and found == plainly(verifier, text)
    assert isinstance(found["units"], verifier.Table)


@pytest.mark.parametrize("kind", KINDS)
def test_the_child_s_half_isn_t_done_again(draw, verifier, monkeypatch, kind):
    monkeypatch.setattr(verifier, "LARGE", 1)
    calls, listed = [], verifier.listed_objects
    monkeypatch.setattr(verifier, "listed_objects", lambda text: calls.append(os.getpid()) or listed(text))
    assert verifier.laid_out(draw.paths[kind].read_text()) is not None
    assert calls == [os.getpid()]


HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
TEXTS = st.text(max_size=6) | st.sampled_from(
    [":", '"', "\\", "},\n{", ',"units":[\n', "\n]}\n", "店:1", "\x00", "e\u0301"]
)
QS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-5, 2**54)
    | st.sampled_from([1e-300, 1e300, 5e-324, -0.0])
)
UNITS = {
    "public": st.fixed_dictionaries({"leaf": HASHES, "stratum": TEXTS, "q": QS})
    | st.fixed_dictionaries(
        {"leaf": HASHES, "stratum": TEXTS, "drawn": st.just(True), "id": TEXTS, "s": HASHES, "b": HASHES}
    ),
    "audit": st.fixed_dictionaries(
        {"id": TEXTS, "stratum": TEXTS, "P": st.integers(-1, 2**54), "s": HASHES, "t": HASHES}
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_units_of_all_sorts(kind, data):
    verifier = load_verifier()
    units = data.draw(st.lists(UNITS[kind], min_size=1, max_size=4))
    text = laid({"format": f"mingcha-draw-{kind}/1", "draw": data.draw(TEXTS), "units": units})
    assert verifier.laid_out(text) == plainly(verifier, text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("large", [1, 10**9])
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_texts_that_are_cut_and_pasted(kind, large, data):
    """Anything put anywhere among the units: taken only if the whole is JSON of that very value."""
    verifier = load_verifier()
    verifier.LARGE = large
    hashes = dict.fromkeys("stb", "ab" * 32)
    one = {"id": "a", "stratum": "x", "P": 5, "s": hashes["s"], "t": hashes["t"]}
    if kind == "public":
        one = {"leaf": hashes["b"], "stratum": "x", "q": 0.5}
    text = laid({"format": f"mingcha-draw-{kind}/1", "draw": "D", "units": [one] * 4})
    begin = text.index("[\n")
    for _ in range(data.draw(st.integers(1, 3))):
        low = data.draw(st.integers(begin, len(text)))
        high = data.draw(st.integers(low, min(len(text), low + 3)))
        scraps = [
            "",
            " ",
            "\n",
            ",",
            "}",
            "{",
            "]",
            "[",
            '"',
            ":",
            "},\n{",
            "],\n[",
            "\n]}\n",
            '"q":1E0',
            "NaN",
            "0",
            "-",
            "\\",
        ]
        text = text[:low] + data.draw(st.sampled_from(scraps)) + text[high:]
    found = verifier.laid_out(text)
    if found is not None:
        assert found == plainly(verifier, text)


LEAF = re.compile(r'\{"leaf":("[0-9a-f]{64}"),"stratum":("[^"]*"),"q":([0-9.e+-]+)\}')
P = re.compile(r'"P":([0-9]+)')
DOUBLES = {  # the same value twice, or another before it
    "a double name": (LEAF, r'{"leaf":\1,"leaf":\1,"stratum":\2,"q":\3}'),
    "a double name with another value": (LEAF, r'{"leaf":\1,"stratum":\2,"q":0.5,"q":\3}'),
    "a double name, escaped": (LEAF, r'{"leaf":\1,"stratum":\2,"\\u0071":0.5,"q":\3}'),
    "a double name, with blanks": (LEAF, r'{"leaf" :\1,"stratum":\2,"q" : 0.5,"q":\3}'),
    "a double P": (P, r'"P":1,"P":\1'),
}
SAME = {  # other texts of the same value
    "reordered": (LEAF, r'{"q":\3,"stratum":\2,"leaf":\1}'),
    "blanks": (LEAF, r'{ "leaf" : \1 , "stratum":\2,"q":\3 }'),
    "an escaped name": (LEAF, r'{"leaf":\1,"stratum":\2,"\\u0071":\3}'),
    "units on one line": (re.compile(r"\},\n\{"), "},{"),
    "blank lines": (re.compile(r"\},\n\{"), "},\n\n{"),
    "blanks at the end": (re.compile(r"\n\]\}\n"), "\n ] } \n\n"),
    "blanks before the units": (re.compile(r',"units":\['), ', "units" : ['),
    "P in a blank": (P, r'"P": \1 '),
}
WRONG = {
    "NaN": (LEAF, r'{"leaf":\1,"stratum":\2,"q":NaN}'),
    "Infinity": (LEAF, r'{"leaf":\1,"stratum":\2,"q":Infinity}'),
    "beyond doubles": (LEAF, r'{"leaf":\1,"stratum":\2,"q":1e999}'),
    "another number": (LEAF, r'{"leaf":\1,"stratum":\2,"q":1E0}'),
    "a leading zero": (LEAF, r'{"leaf":\1,"stratum":\2,"q":0\3}'),
    "a plus": (LEAF, r'{"leaf":\1,"stratum":\2,"q":+\3}'),
    "a bare point": (LEAF, r'{"leaf":\1,"stratum":\2,"q":5.}'),
    "another member": (LEAF, r'{"leaf":\1,"stratum":\2,"q":\3,"x":1}'),
    "a member within": (LEAF, r'{"leaf":\1,"stratum":\2,"q":{"q":\3}}'),
    "a missing member": (LEAF, r'{"leaf":\1,"stratum":\2}'),
    "a text in place of a unit": (LEAF, r'"{\3:::::}"'),
    "a list in place of a unit": (LEAF, r"[\1,\2,\3]"),
    "upper case": (LEAF, lambda found: found[0].replace("a", "A").replace("A", "a", 1)),
    "P as a double": (P, r'"P":\1.0'),
    "P as a power": (P, r'"P":\1E0'),
    "P beyond all readers": (P, r'"P":99999999999999999999'),
    "a unit less": (re.compile(r"\},\n\{.*\}(?=\n\])"), "}"),
    "no comma": (re.compile(r"\},\n\{"), "}\n{"),
    "two commas": (re.compile(r"\},\n\{"), "},,\n{"),
    "a comma at the end": (re.compile(r"\n\]\}\n"), ",\n]}\n"),
    "two lists": (re.compile(r"\},\n\{"), "}],\n[{"),
    "units twice": (re.compile(r"^\{"), '{"units":[],'),
    "units twice, after": (re.compile(r"\n\]\}\n"), '\n],"units":[\n]}\n'),
    "no units": (re.compile(r'(?s)"units":\[.*'), '"units":[\n\n]}\n'),
    "blank units": (re.compile(r'(?s)"units":\[.*'), '"units":[\n  \n]}\n'),
    "a blank first half": (re.compile(r'(?s)"units":\[.*'), '"units":[\n' + " " * 900 + "},\n{\n]}\n"),
    "a byte order mark": (re.compile(r"^\{"), "\ufeff{"),
    "more after the end": (re.compile(r"$"), "x\n]}\n"),
    "another object after the end": (re.compile(r"$"), '{"a":[\n]}\n'),
}
TAMPERED = [(name, *one, False) for name, one in {**WRONG, **DOUBLES}.items()]
TAMPERED += [(name, *one, True) for name, one in SAME.items()]


@pytest.mark.parametrize("large", [1, 10**9])
@pytest.mark.parametrize(("name", "pattern", "new", "holds"), TAMPERED, ids=[one[0] for one in TAMPERED])
def test_written_otherwise(draw, verifier, monkeypatch, tmp_path, name, pattern, new, holds, large):
    """Of one unit or all: both ways say the same, and only the same value holds."""
    monkeypatch.setattr(verifier, "LARGE", large)
    seen = 0
    for kind in KINDS:
        text = draw.paths[kind].read_text()
        for count in (0, 1):
            changed = pattern.sub(new, text, count=count)
            if changed != text:
                seen += 1
                path = tmp_path / "changed.json"
                path.write_text(changed)
                report = both_ways(verifier, monkeypatch, path)
                assert (not report.faults) == holds, (kind, report.faults)
    assert seen


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_value_is_seen_in_our_layout(draw, verifier, tmp_path, kind):
    value, path, unseen = draw.value(kind), tmp_path / "changed.json", []
    for place in places(value):
        if place[:1] == ("units",) and len(place) > 1:
            old = value
            for name in place:
                old = old[name]
            for new in changes(old):
                if not free(place, old, new):
                    path.write_text(laid(put(value, place, new)))
                    if not verifier.check(path)[0].faults:
                        unseen.append((place, old, new))
    assert unseen == []


def test_a_negative_zero_keeps_its_sign(verifier):
    """It would give another result than zero."""
    unit = {"leaf": "ab" * 32, "stratum": "x", "q": -0.0}
    found = verifier.laid_out(laid({"format": "mingcha-draw-public/1", "units": [unit]}))
    assert math.copysign(1, found["units"]["q"][0]) == -1
