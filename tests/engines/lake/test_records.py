"""Records cut out of delimited text: as the csv module would where all is well, each fault alone where it is not."""

import csv
import io

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mingcha.engines.lake.records import LONGEST, cells, fits, split

CELL = st.text(alphabet='ab,"\n;佛 é', max_size=8)  # bare carriage returns are gone by then (text.py)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12)


def written(rows, delimiter=",", end="\n") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode()


def cut(data, columns=3, delimiter=",", size=None):
    """All well-formed records and their numbers, and the malformed ones, reading `size` bytes at a time."""
    found, malformed, rest, row = [], [], b"", 0
    blocks = [data[i : i + size] for i in range(0, len(data), size)] if size else [data]
    for i, block in enumerate(blocks or [b""]):
        last = i >= len(blocks) - 1
        whole = rest + block
        end = len(whole) if last else whole.rfind(b"\n") + 1
        records = split(whole[:end], delimiter=delimiter, columns=columns, last=last)
        rest = whole[records.used :]
        found += list(zip((records.numbers + row).tolist(), records.pick(np.arange(len(records.starts))), strict=True))
        malformed += [(m.record + row, m.rule) for m in records.malformed]
        row += records.count
    return found, malformed


def blank(row) -> bool:
    return not any(row)


@settings(max_examples=300, deadline=None)
@given(ROWS, st.sampled_from([",", ";"]), st.sampled_from(["\n", "\r\n"]), st.sampled_from([None, 1, 7, 64]))
@example([["a", "b\nc", 'd"e'], ["", "", ""], ["1", "2", "3"]], ",", "\n", 1)
def test_well_formed_text_gives_its_records_however_it_is_read(rows, delimiter, end, size):
    # an empty row counts for nothing
    found, malformed = cut(written(rows, delimiter, end), delimiter=delimiter, size=size)
    assert malformed == []
    assert [cells(record, delimiter) for _, record in found] == [row for row in rows if not blank(row)]
    assert [number for number, _ in found] == list(range(len(found)))


@settings(max_examples=200, deadline=None)
@given(ROWS, st.data())
def test_a_broken_record_costs_itself_only(rows, data):
    rows = [row for row in rows if not blank(row) and not any("\n" in c or "\r" in c for c in row)]
    lines = [written([row]) for row in rows]
    place = data.draw(st.integers(0, len(lines)))
    bad = data.draw(st.sampled_from(['x,"y,z', '"x,y', "x,y", "x,y,z,w", 'a"b,"c']))
    lines.insert(place, bad.encode() + b"\n")
    found, malformed = cut(b"".join(lines), size=data.draw(st.sampled_from([None, 16])))
    assert [number for number, _ in malformed] in ([], [place])  # [] where Arrow will find the number of columns wrong
    kept = [(n, cells(r, ",")) for n, r in found if fits(r, ",", 3)]
    expected = [row for i, row in enumerate(rows)]
    numbers = [i for i in range(len(lines)) if i != place]
    assert kept == list(zip(numbers, expected, strict=True))


def test_what_is_said_of_each_fault():
    data = b'1,2,3\n4,"5,6\n7,8\n"9,9\n\n,,\n10,"1\n1",12\n13,1"4,15\n'
    records = split(data, delimiter=",", columns=3, last=True)
    assert [(m.record, m.rule, m.text) for m in records.malformed] == [(1, "quotes", '4,"5,6'), (3, "quotes", '"9,9')]
    assert records.numbers.tolist() == [0, 2, 4, 5]
    records.drop([1], ",", 3)
    assert records.malformed[-1].reason_en == "wrong number of columns: 2, where 3 are expected"
    assert records.numbers.tolist() == [0, 4, 5]
    assert records.text() == b'1,2,3\n10,"1\n1",12\n13,1"4,15\n'


def test_an_open_quote_is_followed_only_so_far():
    data = b'a,"b,c\n' + b"1,2,3\n" * (LONGEST // 6 + 10)
    found, malformed = cut(data, size=4096)
    assert malformed == [(0, "quotes")]
    assert len(found) == LONGEST // 6 + 10


def test_undecodable_lines_take_the_record_that_holds_them():
    data = b'1,2,3\n4,"x\n\\xff",6\n7,8,9\n'
    records = split(data, delimiter=",", columns=3, last=True, undecodable=np.array([2]))
    assert [(m.record, m.rule) for m in records.malformed] == [(1, "encoding")]
    assert records.numbers.tolist() == [0, 2]


def test_the_last_line_may_lack_its_end():
    found, malformed = cut(b"1,2,3\n4,5,6", size=3)
    assert ([r for _, r in found], malformed) == ([b"1,2,3\n", b"4,5,6\n"], [])


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab,"', max_size=20))
def test_a_record_fits_only_if_a_strict_reader_takes_it(text):
    """The csv module is more lenient: it lets text follow a closing quote."""
    found = cells(text.encode(), ",")
    if found is not None:
        assert found == next(csv.reader([text]), [""]) or "" in found
