import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from mingcha.engines.sampling.frame import probabilities, read_frame
from mingcha.problems import Problem

GOOD = (
    "id,stratum,score,class,visits,must_visit\nb,餐饮,0.5,A,0,否\na,零售,0.2,,1,\nc,餐饮,0.9,D,2,是\nd,餐饮,0.1,B,3,0\n"
)


@pytest.fixture
def write(tmp_path):
    def written(text, encoding="utf-8", name="frame.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return written


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_who_may_be_drawn_and_who_stands_outside(write, encoding):
    frame = read_frame(write(GOOD, encoding), cap=3)
    assert (frame.ids, frame.strata) == (["a", "b"], ["零售", "餐饮"])
    assert frame.scores.tolist() == [0.2, 0.5] and frame.classes == ["", "A"]
    assert (frame.focused, frame.capped) == (["c"], ["d"])


def test_parquet_and_chinese_column_names(tmp_path, write):
    table = pyarrow.table({"统一社会信用代码": ["b", "a"], "风险分": [0.5, 0.25], "辖区": ["东", None]})
    pyarrow.parquet.write_table(table, tmp_path / "frame.parquet")
    frame = read_frame(tmp_path / "frame.parquet")
    assert (frame.ids, frame.strata, frame.areas) == (["a", "b"], ["all", "all"], ["", "东"])
    assert frame.scores.tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    ("text", "said", "where"),
    [
        ("", "is empty", ""),
        ("name\nx\n", "no column id", ""),
        ("id\na\na\n", r"a stands twice \(first in record 1 \(line 2\)\)", "record 2 (line 3)"),
        ("id,score\n,1\n", "id is empty", "record 1 (line 2)"),
        ("id,score\na,1\nb,high\nc,-1\nd,nan\n", "3 are not", "record 2 (line 3): high, record 3 (line 4): -1, rec"),
        ('id,stratum,score\n\na,"x\ny",1\n\nb,x,?\n', "1 are not", "record 2 (line 6): ?"),
        ("id,score\na,1\nb\n", "1 fields, but the head has 2", "record 2 (line 3)"),
        ('id,score\na,"1\n', "not sound CSV", ""),
        ("id,id\na,b\n", "same name", ""),
        ("id,stratum\na,x\nb,\n", "b has no stratum", ""),
        ("id,must_visit\na,maybe\n", "must be yes or no", "record 1 (line 2)"),
        (b"\xff\xfe\x00\xff\xff", "neither UTF-8 nor GB18030", ""),
    ],
)
def test_bad_frames_say_where(write, text, said, where):
    with pytest.raises(Problem, match=said) as caught:
        read_frame(write(text))
    assert where in caught.value.where and "frame.csv" in caught.value.where


def test_files_that_are_not_there_or_not_sound(tmp_path, write):
    with pytest.raises(Problem, match="no such file") as caught:
        read_frame(tmp_path / "none.csv")
    assert str(tmp_path.cwd()) in caught.value.todo_en
    with pytest.raises(Problem, match="not sound Parquet"):
        read_frame(write("id\na\n", name="frame.parquet"))
    with pytest.raises(Problem, match="no column visits"):
        read_frame(write("id\na\n"), cap=2)


def test_a_frame_brings_its_own_probabilities_or_is_allocated(write):
    own = read_frame(write("id,pi\na,0.5\nb,0.5\n"))
    assert probabilities(own, None, ceiling=0.9).P.tolist() == [500_000, 500_000]
    with pytest.raises(Problem, match="don't sum to 2"):
        probabilities(own, 2, ceiling=0.9)
    scored = read_frame(write("id,score\na,0.5\nb,0.5\nc,0\n"))
    assert probabilities(scored, 1).P.sum() == 1_000_000
    with pytest.raises(Problem, match="not given"):
        probabilities(scored, None)
    empty = read_frame(write("id,must_visit\na,yes\n"))
    with pytest.raises(Problem, match="frame is empty"):
        probabilities(empty, 1)


def test_order_of_the_file_doesnt_matter(write):
    lines = [f"u{i:03d},{np.sin(i) + 1}\n" for i in range(50)]
    one = read_frame(write("id,score\n" + "".join(lines)))
    other = read_frame(write("id,score\n" + "".join(reversed(lines))))
    assert (probabilities(one, 7).P == probabilities(other, 7).P).all()


def test_whom_another_frozen_frame_may_take_stands_outside_under_that_reason(write):
    text = "id,visits,must_visit,reserved\na,0,,\nb,1,,1\nc,2,,1\nd,0,1,1\ne,1,,0\n"
    frame = read_frame(write(text), cap=2)
    assert (frame.ids, frame.focused, frame.capped, frame.reserved) == (["a", "e"], ["d"], ["c"], ["b"])
    assert read_frame(write("id,待另案抽取\na,是\nb,\n")).reserved == ["a"]
    with pytest.raises(Problem, match="reserved must be yes or no"):
        read_frame(write("id,reserved\na,maybe\n"))
