"""Credit classes come from the province, as sets: all are kept, the latest by its day is in force."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from mingcha.apps.credit import services
from mingcha.apps.credit.models import ClassInForce, CreditBatch, CreditClass
from mingcha.apps.credit.selectors import class_as_of, class_drives, classes_overdue
from mingcha.apps.credit.services.classes import classes_hand_in
from mingcha.apps.entities.models import Entity
from mingcha.problems import Problem
from mingcha.simulation.identifiers import uscc

from .conftest import upload, xlsx_bomb

HEAD = "统一社会信用代码,名称,信用风险类别\n"


@pytest.fixture
def firms(db):
    codes = pa.array(uscc(["92"] * 6, ["980102"] * 6, np.arange(6, dtype=np.int64))).to_pylist()
    return [Entity.objects.create(key=code, name=f"企业{i}", division="980102") for i, code in enumerate(codes)]


@pytest.fixture
def deliver(tmp_path, today):
    """deliver(rows or bytes, as of, name) -> the batch."""

    def make(rows, as_of="2026-10-31", name="类别.csv", source="省市场监督管理局"):
        path = tmp_path / name
        text = rows if isinstance(rows, bytes) else (HEAD + "".join(f"{k},某,{g}\n" for k, g in rows)).encode()
        path.write_bytes(text)
        return services.classes_import(path=path, source=source, as_of=dt.date.fromisoformat(as_of), user=None)

    return make


def force():
    return dict(ClassInForce.objects.values_list("entity__name", "grade"))


def test_the_latest_by_its_day_is_in_force_and_all_are_kept(firms, deliver):
    a, b = firms[0].key, firms[1].key
    first = deliver([(a, "A"), (b, "B类")])
    second = deliver([(a, "C"), (b, "B")], "2026-11-10")
    late = deliver([(a, "D"), (b, "D")], "2026-09-30")
    assert force() == {"企业0": "C", "企业1": "B"}
    assert ClassInForce.objects.get(entity=firms[0]).before == "A"
    assert CreditClass.objects.count() == 6 and CreditBatch.objects.count() == 3
    assert (first.changes, second.changes, late.changes) == ({"-A": 1, "-B": 1}, {"AC": 1, "BB": 1}, {})
    assert [class_as_of(firms[0], dt.date(2026, m, 30)).grade for m in (9, 10)] == ["D", "D"]
    assert class_as_of(firms[0], dt.date(2026, 11, 9)).grade == "A"
    assert class_as_of(firms[0], dt.date(2026, 1, 1)) is None


def test_a_corrected_file_of_the_same_day_takes_its_place(firms, deliver):
    deliver([(firms[0].key, "A")])
    with pytest.raises(Problem, match="imported before"):
        deliver([(firms[0].key, "A")])
    deliver([(firms[0].key, "B")])
    assert force() == {"企业0": "B"}


def test_faulty_and_unknown_rows_are_told_apart(firms, deliver):
    stranger = pa.array(uscc(["92"], ["980102"], np.array([99], dtype=np.int64))).to_pylist()[0]
    twice = firms[2].key
    batch = deliver(
        [
            (firms[0].key, "A"),
            ("12345", "A"),
            (firms[1].key, "优"),
            (stranger, "B"),
            (twice, "A"),
            (twice, "B"),
            ("", "C"),
        ]
    )
    assert (batch.rows, batch.taken, batch.unknown, batch.faulty) == (7, 1, 1, 5)
    assert [(f["row"], f["en"][:12]) for f in batch.faults[:2]] == [(3, "the unified "), (4, "the class is")]
    assert force() == {"企业0": "A"}


def test_gb18030_full_width_a_title_and_tabs_are_read(firms, deliver):
    text = "某省信用风险分类结果\n社会信用代码\t信用风险分类结果\n" + firms[0].key.lower() + "\tＢ类\n"
    assert deliver(text.encode("gb18030")).taken == 1
    assert force() == {"企业0": "B"}


def test_xlsx_is_read(firms, deliver, tmp_path):
    import xlsxwriter

    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["序号", "统一社会信用代码", "信用风险类别"])
    for number, (firm, grade) in enumerate(zip(firms, "ABCD", strict=False), 1):
        sheet.write_row(number, 0, [number, firm.key, grade])
    book.close()
    batch = deliver((tmp_path / "a.xlsx").read_bytes(), name="b.xlsx")
    assert batch.counts == {"A": 1, "B": 1, "C": 1, "D": 1}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_header_means_the_same_in_any_kind_of_file(firms, deliver, tmp_path, kind):
    """Of two columns that could be the class the one whose name comes first among ours."""
    import xlsxwriter

    rows = [["风险类别", "信用代码", "信用风险类别", "统一社会信用代码"], ["D", "x", "A", firms[0].key]]
    if kind == "csv":
        content = "".join(",".join(row) + "\n" for row in rows).encode()
    else:
        book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        book.close()
        content = (tmp_path / "a.xlsx").read_bytes()
    assert deliver(content, name=f"b.{kind}").counts["A"] == 1


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "a.csv", "empty"),
        (b"a,b\n1,2\n", "a.csv", "no header"),
        ((HEAD + "1,x,A\n").encode(), "a.csv", "Not one row is good"),
        (b"%PDF-1.7", "a.csv", "PDF"),
        (b"\xff\xfe\x00\x81" * 30, "a.csv", "can't be read|no table|neither|columns"),
    ],
)
def test_what_can_t_be_read_leaves_nothing_behind(firms, deliver, content, name, why):
    with pytest.raises(Problem, match=why):
        deliver(content, name=name)
    assert not CreditBatch.objects.exists()


def test_a_bomb_is_refused(firms, deliver):
    with pytest.raises(Problem, match="beyond bounds"):
        deliver(xlsx_bomb(megabytes=450).read(), name="a.xlsx")


def test_what_is_merged_means_the_firm_it_is_now(firms, deliver):
    Entity.ever.filter(pk=firms[1].pk).update(merged_into=firms[0])
    deliver([(firms[1].key, "C")])
    assert force() == {"企业0": "C"}


def test_a_day_to_come_and_no_source_are_refused(firms, deliver, today):
    for more in ({"as_of": "2026-11-21"}, {"source": " "}):
        with pytest.raises(Problem):
            deliver([(firms[0].key, "A")], **more)
    with pytest.raises(Problem, match="beyond bounds"):
        classes_hand_in(file=upload("a.csv", b""), source="x", as_of=dt.date(2026, 1, 1))


def test_our_own_score_never_takes_its_place(firms, deliver):
    deliver([(firms[0].key, "A")])
    assert "risk" not in {f.name for f in ClassInForce._meta.fields}
    assert ClassInForce.objects.get().batch.source == "省市场监督管理局"


def test_classes_are_due_monthly_and_drive_a_percentage(firms, deliver, on_day):
    deliver([(firms[0].key, "A")])
    assert classes_overdue() is None
    on_day(dt.date(2026, 12, 2))
    assert classes_overdue() == dt.date(2026, 10, 31)
    assert class_drives() == {"A": 1, "B": 3, "C": 10, "D": 20}


def test_the_job_imports_what_was_handed_in(firms, today, person, monkeypatch):
    from mingcha.apps.credit import tasks
    from mingcha.instance import home

    clerk = person("clerk")
    content = (HEAD + f"{firms[0].key},某,D\n").encode()
    params = classes_hand_in(file=upload("类别.csv", content), source="省局", as_of=dt.date(2026, 10, 31))

    class Job:
        url = ""
        progress = staticmethod(lambda done, total=None: None)

    job = Job()
    assert tasks.classes(job, user=clerk.pk, **params)["taken"] == 1
    assert job.url.endswith(f"/{CreditBatch.objects.get().pk}/")
    assert not list((home() / "tmp" / "classes").iterdir())
