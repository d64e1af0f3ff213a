"""The catalogue of inspection items: imported from lists as departments write them, published, superseded, public."""

import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.supervision.catalogue_rows import read_items
from mingcha.apps.supervision.cells import articles, day, percent, times_a_year
from mingcha.apps.supervision.models import Catalogue
from mingcha.apps.supervision.samples import sample_path
from mingcha.apps.supervision.services import catalogue as services
from mingcha.problems import Problem

from .registers import desk, published

pytestmark = pytest.mark.django_db
HEAD = ["序号", "抽查类别", "抽查事项", "检查对象", "事项类别", "检查方式", "检查主体", "检查依据", "抽查比例", "频次"]
BASIS = "《食品安全法》第五十五条、第五十六条"
ROW = ["1", "食品", "餐饮检查", "餐饮单位", "重点检查事项", "现场检查、抽样检测", "县级局", BASIS, "3%", "每年1次"]


def sheet(rows, head=HEAD):
    raw = io.BytesIO()
    with xlsxwriter.Workbook(raw) as book:
        page = book.add_worksheet("清单")
        page.merge_range("A1:J1", "随机抽查事项清单")
        for number, row in enumerate([head, *rows], start=1):
            page.write_row(number, 0, row)
    return raw.getvalue()


def upload(rows, name="清单.xlsx"):
    return SimpleUploadedFile(name, sheet(rows))


def changed(row, **cells):
    return [cells.get(head, cell) for head, cell in zip(HEAD, row, strict=True)]


@pytest.fixture
def read(tmp_path):
    def made(*rows):
        path = tmp_path / "清单.xlsx"
        path.write_bytes(sheet(rows))
        return read_items(path)

    return made


def test_a_row_says_what_who_how_and_on_what_basis(read):
    (item,) = read(ROW).items
    assert item["kind"] == "key" and item["methods"] == ["on_site", "sampling"]
    assert item["articles"] == [{"law": "食品安全法", "articles": ["第五十五条", "第五十六条"]}]
    assert str(item["ratio"]) == "3" and item["times_a_year"] == 1 and item["objects_text"] == "餐饮单位"


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("抽查事项", "", "没有事项名称"),
        ("检查依据", "", "没有检查依据"),
        ("检查对象", "", "检查对象"),
        ("检查对象", "x" * 501, "最多 500"),
        ("事项类别", "其他", "看不懂"),
        ("检查方式", "飞检", "看不懂"),
        ("抽查比例", "0.03", "不明确"),
        ("抽查比例", "300%", "超过"),
    ],
)
def test_a_bad_cell_keeps_its_row_out_and_the_good_rows_in(read, column, cell, said):
    found = read(ROW, changed(ROW, **{"抽查事项": "另一项", column: cell}))
    assert [item["name"] for item in found.items] == ["餐饮检查"]
    (wrong,) = found.listed.wrong
    assert said in wrong.zh and wrong.row == 4 and f"“{column}”" in wrong.where_zh and "清单" in wrong.where_zh


def test_the_same_item_twice_is_told(read):
    found = read(ROW, changed(ROW, 序号="2"))
    assert len(found.items) == 1 and "第 3 行重复" in found.listed.wrong[0].zh


def test_cells_are_understood_as_departments_write_them():
    assert [str(percent(cell)) for cell in ("3%", "不低于5％", "3%-5%", "全覆盖", "10")] == ["3", "5", "3", "100", "10"]
    assert percent("按计划确定") is None
    assert [times_a_year(c) for c in ("每年1次", "每季度一次", "2次/年", "每半年至少1次", "根据需要", "")] == [
        1,
        4,
        2,
        2,
        None,
        None,
    ]
    assert {str(day(c)) for c in ("2026-01-05", "2026/1/5", "2026.1.5", "2026年1月5日", "2026-01-05 00:00")} == {
        "2026-01-05"
    }
    assert day("长期") is None
    with pytest.raises(ValueError):
        day("明年")
    assert articles("《价格法》第十三条、第十四条；《广告法》第四十九条第一款") == [
        {"law": "价格法", "articles": ["第十三条", "第十四条"]},
        {"law": "广告法", "articles": ["第四十九条"]},
    ]


def test_the_sample_that_ships_is_whole():
    found = read_items(sample_path("catalogue"))
    assert len(found.items) == 26 and not found.listed.wrong and not found.listed.unknown
    assert all(item["articles"] and item["methods"] and item["code"] for item in found.items)


def test_an_import_twice_changes_nothing(staff, read):
    draft = services.catalogue_create(year=2026, title="清单", unit=None, user=staff["planner"])
    second = changed(ROW, 序号="2", 抽查事项="冷链检查")
    first = services.catalogue_import(catalogue=draft, items=read(ROW, second).items, user=staff["planner"])
    assert len(first.new) == 2 and [i.code for i in draft.items.order_by("position")] == ["001", "002"]
    again = services.catalogue_import(catalogue=draft, items=read(ROW, second).items, user=staff["planner"])
    assert not again.new and not again.changed and len(again.same) == 2
    more = services.catalogue_import(
        catalogue=draft, items=read(changed(ROW, 抽查比例="5%")).items, user=staff["planner"], drop_gone=True
    )
    assert len(more.changed) == 1 and [i.name for i in more.gone] == ["冷链检查"]
    (left,) = draft.items.all()
    assert left.ratio == 5 and left.code == "001"
    assert AuditRecord.objects.filter(action="supervision.catalogue.import").count() == 3


def test_publishing_supersedes_and_nothing_changes_afterwards(staff):
    old = published(staff["planner"])
    new = services.catalogue_create(year=2027, title="清单", unit=None, user=staff["planner"], copy_of=old)
    assert new.items.count() == 26 and old.state == "published"
    services.catalogue_publish(catalogue=new, user=staff["head"])
    old.refresh_from_db()
    assert (old.state, new.state) == ("superseded", "published")
    for act in (
        lambda: services.catalogue_publish(catalogue=new, user=staff["head"]),
        lambda: services.catalogue_discard(catalogue=new, user=staff["head"]),
        lambda: services.catalogue_import(catalogue=new, items=[], user=staff["head"]),
        lambda: services.item_delete(item=new.items.first(), user=staff["head"]),
    ):
        with pytest.raises(Problem, match="published"):
            act()
    empty = services.catalogue_create(year=2028, title="空", unit=None, user=staff["planner"])
    with pytest.raises(Problem, match="no item"):
        services.catalogue_publish(catalogue=empty, user=staff["head"])


def test_what_was_done_to_an_item_is_said_in_words(client, staff):
    draft = services.catalogue_create(year=2027, title="清单", unit=None, user=staff["planner"])
    item = services.item_save(catalogue=draft, user=staff["planner"], code="001", name="餐饮检查")
    page = (
        desk(client, staff["planner"]).get(f"/directories/catalogue/{draft.number}/items/{item.pk}/").content.decode()
    )
    assert "supervision.catalogue.item" not in page and "Item of the catalogue changed" in page


def test_a_list_is_looked_at_before_it_is_taken_in(client, staff):
    planner = staff["planner"]
    draft = services.catalogue_create(year=2026, title="清单", unit=None, user=planner)
    page = desk(client, planner)
    address = f"/directories/catalogue/{draft.number}/import/"
    bad = changed(ROW, 抽查事项="无据", 检查依据="")
    shown = page.post(address, {"file": upload([ROW, bad])})
    text = shown.content.decode()
    assert shown.status_code == 200 and "no legal basis" in text and "H4" in text and not draft.items.exists()
    word = shown.context["word"]
    assert page.post(address, {"word": word}).status_code == 302
    assert [item.name for item in draft.items.all()] == ["餐饮检查"]
    gone = page.post(address, {"word": word})  # sent twice
    assert gone.status_code == 400 and "Hand it in again" in gone.content.decode() and draft.items.count() == 1


def test_somebody_else_s_file_is_not_taken(client, staff):
    draft = services.catalogue_create(year=2026, title="清单", unit=None, user=staff["planner"])
    address = f"/directories/catalogue/{draft.number}/import/"
    word = desk(client, staff["planner"]).post(address, {"file": upload([ROW])}).context["word"]
    assert desk(client, staff["head"]).post(address, {"word": word}).status_code == 400
    assert not draft.items.exists()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"PK\x03\x04broken", b"a,b\n1,2\n"])
def test_a_file_that_can_t_be_read_is_refused_on_the_page(client, staff, content):
    draft = services.catalogue_create(year=2026, title="清单", unit=None, user=staff["planner"])
    page = desk(client, staff["planner"])
    answer = page.post(
        f"/directories/catalogue/{draft.number}/import/", {"file": SimpleUploadedFile("a.xlsx", content)}
    )
    assert answer.status_code == 400 and b"/tmp/" not in answer.content


def test_who_may_do_what(client, staff):
    one = published(staff["planner"])
    draft = services.catalogue_create(year=2027, title="草稿", unit=None, user=staff["planner"])
    page = desk(client, staff["east"])  # an officer of a district: reads what is published above him, and no draft
    assert page.get(f"/directories/catalogue/{one.number}/").status_code == 200
    assert page.get(f"/directories/catalogue/{draft.number}/").status_code == 404
    for act in ("publish", "discard", "revise"):
        assert page.post(f"/directories/catalogue/{draft.number}/{act}/").status_code == 403
    assert page.get(f"/directories/catalogue/{draft.number}/import/").status_code == 403
    page = desk(client, staff["planner"])
    assert page.post(f"/directories/catalogue/{draft.number}/publish/").status_code == 403
    assert page.get(f"/directories/catalogue/{draft.number}/publish/").status_code == 405
    assert Catalogue.objects.get(pk=draft.pk).state == "draft"


def test_anyone_reads_what_is_published_and_nothing_else(client, staff):
    nothing = client.get("/public/catalogue/")  # the page is there, and says that nothing is in it yet
    assert nothing.status_code == 200 and "尚未公布抽查事项清单" in nothing.content.decode()
    one = published(staff["planner"])
    text = client.get("/public/catalogue/").content.decode()
    assert "餐饮服务食品安全监督检查" in text and "示例" in text
    answer = client.get(f"/public/catalogue/{one.number}/items.xlsx")
    assert answer.status_code == 200 and b"".join(answer.streaming_content)[:2] == b"PK"
    draft = services.catalogue_create(year=2027, title="草稿", unit=None, user=staff["planner"])
    assert client.get(f"/public/catalogue/{draft.number}/").status_code == 404
    assert client.get(f"/public/catalogue/{draft.number}/items.xlsx").status_code == 404


def test_an_export_can_be_imported_again(client, staff, tmp_path):
    one = published(staff["planner"])
    cols = "name,code,category,kind,objects,methods,content,basis,level,department,joint,ratio,frequency,from,to"
    answer = desk(client, staff["planner"]).get(f"/directories/catalogue/{one.number}/?as=xlsx&cols={cols}")
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))
    found = read_items(path)
    assert len(found.items) == 26 and not found.listed.wrong
    draft = services.catalogue_create(year=2027, title="清单", unit=None, user=staff["planner"], copy_of=one)
    change = services.catalogue_import(catalogue=draft, items=found.items, user=staff["planner"])
    assert len(change.same) == 26
