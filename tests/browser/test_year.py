"""The year of a plan, through the real pages and in Chinese, each step by whoever does it in a bureau.

One test, since each step stands on the one before. Every page on the way must be free of serious faults (axe-core) and
of console errors, and may ask nothing of another host.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import expect

from mingcha.engines.sampling import keys, results, steps
from mingcha.engines.sampling.folder import secret_folder

from .conftest import served
from .people import Person, Watch

TODAY = datetime.date.today()
PARTIES = ("市司法局", "市纪委监委", "临江公证处")
LUCK = "中国福利彩票双色球下一期全部号码"
HEAD = ("抽查类别", "抽查事项", "事项编码", "检查对象", "检查方式", "检查依据", "检查内容", "抽查比例", "抽查频次")
ITEMS = (
    ("食品安全", "餐饮服务环节食品安全检查", "SP-01", "餐饮服务提供者", "现场检查", "《食品安全法》第一百一十条"),
    ("食品安全", "食品销售环节检查", "SP-02", "食品销售者", "现场检查", "《食品安全法》第一百一十条"),
    ("登记事项", "营业执照规范使用检查", "DJ-01", "企业、个体工商户", "现场检查", ""),  # no basis: refused
    ("公示信息", "年度报告公示信息检查", "GS-01", "企业", "书面检查", "《企业信息公示暂行条例》第十五条"),
)
INSPECTORS = (("0001", "周楠", "officer"), ("0002", "汪河", "wang"))
AREAS = "临江区、鹿鸣区、望湖区、东浦区"


@dataclass
class Year:
    """The instance, and what the steps leave to those after them."""

    home: Path
    place: Path  # for files that people make at their own desks
    chromium: object
    watch: Watch
    people: dict[str, Person] = field(default_factory=dict)
    plan: str = ""
    tasks: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Person:
        """year.planner, year.head, ...: each signed in when first needed."""
        if name not in ("planner", "head", "clerk", "officer"):
            raise AttributeError(name)
        if name not in self.people:
            self.people[name] = Person(self.chromium, self.watch, name)
        return self.people[name]

    def anyone(self, width: int = 390) -> Person:
        """A citizen with a phone, who doesn't sign in."""
        return self.people.setdefault(f"anyone-{width}", Person(self.chromium, self.watch, width=width))

    def sheet(self, name: str, *rows) -> Path:
        path = self.place / name
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet()
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
        return path


@pytest.fixture
def year(tmp_path, chromium):
    with served("year_town", tmp_path / "instance") as address:
        made = Year(tmp_path / "instance", tmp_path, chromium, Watch(address))
        yield made
        for person in made.people.values():
            person.leave()


def test_the_year_of_a_plan(year):
    for step in (
        catalogue,
        directories,
        years_plan,
        plan,
        draw,
        proof,
        visit,
        rectification,
        lead_and_interview,
        listing,
        withdrawal,
    ):
        step(year)
        assert not year.watch.wrong, step.__name__
        assert not year.watch.foreign, step.__name__


def catalogue(year):
    """The planner imports the items: of the row without a legal basis he is told the place. The head publishes."""
    planner = year.planner
    planner.open("/directories/")
    planner.follow("拟订清单")
    planner.page.fill("[name=title]", f"随机抽查事项清单（{TODAY.year} 年版）")
    planner.press("拟订")
    planner.follow("导入")
    rows = [HEAD, *((*row, "按规定的要点检查", "不低于3%", "每年1次") for row in ITEMS)]
    planner.page.set_input_files("[name=file]", year.sheet("事项清单.xlsx", *rows))
    planner.press("预览")
    wrong = planner.page.locator("tr", has_text="没有检查依据").inner_text()
    assert "4" in wrong and "检查依据" in wrong, wrong
    planner.press("导入 3 行")
    assert planner.page.locator("#list tbody tr").count() == 3
    address = planner.page.url

    assert not planner.page.get_by_role("button", name="公开", exact=True).count()
    year.head.open(address)
    year.head.do("公开")
    assert "已公布" in year.head.text()
    page = year.anyone().open("/public/catalogue/")
    assert "食品销售环节检查" in page.inner_text("main") and "营业执照规范" not in page.inner_text("main")


def directories(year):
    """Who may be drawn, and who may be sent: two lists, each by a condition."""
    planner = year.planner
    planner.open("/directories/objects/")
    planner.follow("新建名录库")
    planner.page.fill("[name=name]", "餐饮单位")
    count = planner.page.locator(".mc-lookn .v")
    everyone = int(count.inner_text())
    planner.page.check("[name=industries][value=餐饮服务]")
    expect(count).not_to_have_text(str(everyone))
    assert 0 < int(count.inner_text()) < everyone
    planner.press("保存")

    planner.open("/directories/inspectors/")
    planner.follow("导入")
    until = TODAY + datetime.timedelta(days=600)
    head = ("编号", "姓名", "部门", "单位", "辖区", "执法专业", "执法证号", "证件有效期至", "账号")
    more = ("市场监督管理局", "云汀市市场监督管理局", AREAS, "食品安全")
    rows = [(n, who, *more, f"98-{n}", until.isoformat(), account) for n, who, account in INSPECTORS]
    planner.page.set_input_files("[name=file]", year.sheet("检查人员.xlsx", head, *rows))
    planner.press("预览")
    planner.press("导入 2 行")
    planner.open("/directories/teams/")
    planner.follow("新建名录库")
    planner.page.fill("[name=name]", "食品条线检查人员")
    planner.page.check("[name=skills][value=食品安全]")
    planner.press("保存")
    assert "汪河" in planner.text()


def years_plan(year):
    """Drawn up by the planner, approved and published by the head, read by anyone."""
    planner, head = year.planner, year.head
    planner.open("/years/")
    planner.follow("拟订年度计划")
    planner.page.fill("[name=title]", f"{TODAY.year} 年度抽查计划")
    planner.press("拟订")
    planner.follow("新增任务")
    planner.page.fill("[name=title]", "餐饮单位食品安全抽查")
    planner.page.get_by_label("餐饮服务环节食品安全检查").check()
    planner.page.select_option("[name=directory]", label="餐饮单位")
    planner.page.fill("[name=visits]", "12")
    planner.press("保存")
    assert "餐饮单位食品安全抽查" in planner.text()
    assert not planner.page.get_by_role("button", name="批准", exact=True).count()
    address = planner.page.url
    head.open(address)
    head.do("批准")
    head.do("公开")
    page = year.anyone().open(f"/public/year/{TODAY.year}/")
    assert "餐饮单位食品安全抽查" in page.inner_text("main")


def plan(year):
    """A targeted plan: what the designer foresees follows the budget. The head approves; nobody else could."""
    planner, head = year.planner, year.head
    planner.open("/plans/")
    planner.follow("拟订计划")
    planner._goes(planner.page.locator(".mc-kinds a[href='?kind=targeted']"))
    page = planner.arrived()
    page.fill("[name=title]", "餐饮单位定向抽查")
    page.select_option("[name=entry]", index=1)
    page.select_option("[name=items]", label=page.locator("[name=items] option").first.inner_text())
    page.select_option("[name=directory]", label="餐饮单位")
    page.fill("[name=public_source]", LUCK)
    page.fill("[name=starts_on]", TODAY.isoformat())
    page.fill("[name=ends_on]", (TODAY + datetime.timedelta(days=60)).isoformat())
    page.select_option("[name=inspectors]", label="食品条线检查人员")
    expected = page.locator("#design .mc-design")
    foreseen = []
    for budget in ("6", "12"):
        page.fill("[name=budget]", budget)
        page.keyboard.press("Tab")
        expect(expected.locator("p").first).to_contain_text(budget)
        foreseen.append(expected.locator(".v").all_inner_texts())
    assert len(foreseen[0]) == 3 and foreseen[0] != foreseen[1]
    year.watch.look(page, "#design")
    planner.press("拟订")
    assert foreseen[1][0] in planner.text()  # the hit rate that was foreseen stands on the plan
    year.plan = page.url.rstrip("/").split("/")[-1]
    assert not page.get_by_role("button", name="批准", exact=True).count()

    head.open(f"/plans/{year.plan}/")
    head.do("批准")
    assert "已批准" in head.text()


def draw(year):
    """Frozen, committed, revealed, drawn, attested, published: three parties with keys of their own at their desks."""
    planner, page = year.planner, year.planner.page
    mine = {name: year.place / name for name in PARTIES}
    for name, key in mine.items():
        keys.keygen(name, key)
    planner.open(f"/plans/{year.plan}/")
    planner.follow("冻结名录")
    page.set_input_files("[name=parties]", [key.with_name(f"{name}.pub") for name, key in mine.items()])
    planner.press("冻结名录")
    folder = year.home / "draws" / year.plan

    for key in mine.values():
        steps.commit(folder, key)
    planner.open(f"/plans/{year.plan}/")
    planner.do("截止承诺")
    for key in mine.values():
        steps.reveal(folder, key)
    planner.open(f"/plans/{year.plan}/")
    planner.do("抽取", public_value="05 11 16 20 28 33 + 08")
    assert page.locator(".mc-tg", has_text="已揭示").count() == len(PARTIES)
    for key in mine.values():
        results.attest(folder, key, secret_folder(folder) / "audit.json")
    planner.open(f"/plans/{year.plan}/")
    planner.do("公开（已签认 3 / 3）")
    planner.open("/tasks/")
    year.tasks = [a.get_attribute("href").strip("/").split("/")[-1] for a in page.locator("#list tbody a.nm").all()]
    assert len(year.tasks) == 12


def proof(year):
    """Anyone recomputes the draw on his own phone; of a file that was tampered with he is told what doesn't hold."""
    citizen = year.anyone()
    page = citizen.open(f"/public/draw/{year.plan}/")
    page.click("[data-recompute] button")
    expect(page.locator(".verdict.ok")).to_have_text("本机重算一致")
    year.watch.look(page, "[data-recompute]")

    def tampered(route):
        file = json.loads(route.fetch().text())
        next(unit for unit in file["units"] if unit.get("drawn")).update(id="92980102MA0000000X")
        route.fulfill(body=json.dumps(file), content_type="application/json")

    page.route("**/public.json", tampered)
    citizen.open(f"/public/draw/{year.plan}/")
    page.click("[data-recompute] button")
    expect(page.locator(".verdict.bad")).to_be_visible()
    expect(page.locator(".checks li")).to_have_count(7)
    assert [c for c in page.locator(".checks li").all_inner_texts() if c.startswith("✗") and "名录" in c]
    year.watch.look(page, "[data-recompute]")
    page.unroute("**/public.json")


def visit(year):
    """A task from its receipt to its public result, and the result's correction."""
    officer, page = year.officer, year.officer.page
    number = year.tasks[0]
    officer.open(f"/tasks/{number}/")
    firm = page.locator("h1").inner_text()
    accepted_and_told(year, number)
    officer.open(f"/tasks/{number}/notice/")
    assert firm in page.inner_text("main")
    assert page.pdf(format="A4").startswith(b"%PDF")
    enter(year, number)

    officer.follow("录入检查结果")
    form = page.url
    page.get_by_label("发现问题已责令改正").check()
    page.fill("[name=summary]", "冷藏柜温度 12 ℃，高于规定；无温度记录。")
    page.fill("[name=rectify_by]", (TODAY + datetime.timedelta(days=14)).isoformat())
    twice(page, "录入")
    officer.arrived()
    page.go_back()
    if page.url == form:  # as the browser kept it: handed in once more, it is refused
        year.watch.expected += ("400 (Bad Request)",)
        with page.expect_navigation():
            page.locator("main form button.law").click()
    officer.open(f"/tasks/{number}/")
    year.watch.expected = ("inline style",)
    assert page.locator(".mc-result").count() == 1
    assert not page.get_by_role("button", name="公示结果", exact=True).count()  # his own

    year.clerk.open(f"/tasks/{number}/")
    year.clerk.do("公示结果")
    assert "12 ℃" in year.anyone().open(public_of(year, number)).inner_text("main")

    officer.open(f"/tasks/{number}/")
    officer.follow("更正")
    page.fill("[name=summary]", "冷藏柜温度 9 ℃，高于规定；无温度记录。")
    page.fill("[name=reason]", "温度记录抄写有误")
    officer.press("录入")
    assert page.locator(".mc-result").count() == 2
    year.clerk.open(f"/tasks/{number}/")
    year.clerk.do("公示结果")
    said = year.anyone().open(public_of(year, number)).inner_text("main")
    assert "9 ℃" in said and "12 ℃" not in said and "抄写有误" in said


def rectification(year):
    """The firm reports, the recheck closes the task."""
    officer = year.officer
    officer.open(f"/tasks/{year.tasks[0]}/")
    officer.do("企业报告整改", reason="已更换冷藏柜，附照片")
    officer.do("录入复查", passed="1", text="温度 3 ℃，有记录")
    assert "已办结" in officer.text()


def lead_and_interview(year):
    """What a visit found goes on as a lead; the firm is talked to, and undertakes something."""
    officer, page, number = year.officer, year.officer.page, year.tasks[1]
    found(year, number, "发现问题待后续处理", "未见进货查验记录。")
    officer.do("转为线索", reason="涉嫌未履行进货查验义务")
    officer.follow(page.locator("main a[href*='/leads/']").first.inner_text())
    assert "进货查验" in officer.text()

    officer.open(f"/tasks/{number}/")
    officer.follow("发起约谈")
    soon = datetime.datetime.now() + datetime.timedelta(days=7)
    page.fill("[name=reason]", "进货查验记录缺失")
    page.fill("[name=basis]", "《食品安全法》第一百一十四条")
    page.fill("[name=at]", soon.strftime("%Y-%m-%dT%H:%M"))
    page.fill("[name=place]", "局 302 室")
    page.fill("[name=by]", "周楠、汪河")
    officer.press("拟定")
    officer.do("制发通知书")
    officer.do("登记送达", on=TODAY.isoformat(), how="直接送达", to="店长")
    officer.follow("填写约谈记录")
    page.fill("[name=held_at]", datetime.datetime.now().strftime("%Y-%m-%dT%H:%M"))
    page.fill("[name=attended]", "陈某某")
    page.fill("[name=record]", "已告知进货查验义务，当事人无异议。")
    page.fill("[name=undertakings]", f"{TODAY + datetime.timedelta(days=20)} 补齐进货查验记录")
    page.fill("[name=unsigned]", "原件扫描件稍后上传")
    officer.press("保存记录")
    assert "补齐进货查验记录" in officer.text()


def listing(year):
    """A firm that isn't to be found: proposed by the officer, told, decided and published by the head."""
    officer, head, number = year.officer, year.head, year.tasks[2]
    found(year, number, "通过登记的住所（经营场所）无法联系", "现场为空置房屋，邻居称已搬离半年。")
    officer.follow("提请列入经营异常名录")
    assert officer.page.locator("[name=ground]").input_value() == "unreachable"
    officer.page.fill("[name=facts]", "两次实地核查均无法联系，现场照片存档。")
    officer.press("提出")
    firm, address = officer.page.locator("h1").inner_text(), officer.page.url
    officer.do("登记告知书送达", on=TODAY.isoformat())
    officer.do("登记陈述申辩", text="放弃陈述申辩", on=TODAY.isoformat())
    head.open(address)
    head.do("作出决定", listed="yes", reason="事实清楚，予以列入")
    head.do("公示")
    assert firm in year.anyone().open("/public/listings/").inner_text("main")


def withdrawal(year):
    """Results stand by firm where anyone finds them, until one is withdrawn."""
    citizen, firm = year.anyone(), public_of(year, year.tasks[0])
    citizen.open("/public/results/")
    name = citizen.page.locator("main a[href*='/public/results/']").first.inner_text()
    citizen.page.fill("[name=q]", name)
    with citizen.page.expect_navigation():
        citizen.page.keyboard.press("Enter")
    assert name in citizen.arrived().inner_text("main")
    year.head.open(f"/tasks/{year.tasks[0]}/")
    year.head.do("撤下公示", reason="经复核，检查程序有瑕疵")
    assert "9 ℃" not in citizen.open(firm).inner_text("main")


# -- what several steps do


def accepted_and_told(year, number: str) -> None:
    year.officer.open(f"/tasks/{number}/")
    year.officer.press("接收")
    year.officer.do("登记通知", how="电话通知店长")


def enter(year, number: str) -> None:
    year.officer.open(f"/tasks/{number}/")
    year.officer.do("入场登记")


def found(year, number: str, kind: str, summary: str) -> None:
    """A visit that comes to this result, unpublished; the officer is on the task's page."""
    accepted_and_told(year, number)
    enter(year, number)
    year.officer.follow("录入检查结果")
    year.officer.page.get_by_label(kind).check()
    year.officer.page.fill("[name=summary]", summary)
    year.officer.press("录入")


def twice(page, words: str) -> None:
    """An impatient double click."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=words, exact=True).dblclick(no_wait_after=True)


def public_of(year, number: str) -> str:
    """Where the results of a task's firm are public."""
    key = year.clerk.open(f"/tasks/{number}/").locator("h1 a").get_attribute("href").strip("/").split("/")[-1]
    return f"/public/results/{key}/"
