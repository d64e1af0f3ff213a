"""`mingcha plan`: from a draft to a published draw. The parties themselves work with `mingcha draw` on the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.apps.accounts.commands import By
from mingcha.apps.supervision.draw_words import warn
from mingcha.instance import open_django
from mingcha.output import say
from mingcha.problems import Problem, languages

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="抽查计划 / Inspection plans: create, approve, freeze, run, publish; void where a party stays away; "
    "replace who was in the frame by mistake.",
)
Number = Annotated[str, typer.Argument(help="计划编号 / the plan's number, e.g. JH-2026-Q4-001")]


def _plan(number: str, user: Any) -> Any:
    from .models import Plan
    from .selectors import plans_visible

    try:
        return plans_visible(user).get(number=number)
    except Plan.DoesNotExist:
        raise Problem(
            zh=f"没有计划“{number}”。",
            en=f"There is no plan {number!r}.",
            todo_zh="用 mingcha plan list 查看。",
            todo_en="See mingcha plan list.",
        ) from None


def _draw(number: str, user: Any) -> Any:
    if draw := _plan(number, user).draw:
        return draw
    raise Problem(
        zh=f"计划“{number}”的名录还没有冻结。",
        en=f"The frame of plan {number!r} has not been frozen.",
        todo_zh=f"先运行 mingcha plan freeze {number}。",
        todo_en=f"Run mingcha plan freeze {number} first.",
    )


def _model(number: str) -> Any:
    """The model in force that is named, or the only one there is."""
    from mingcha.apps.risk.models import RiskModel

    models = RiskModel.objects.filter(state="champion")
    found = list(models.filter(number=number) if number else models)
    if (number and not found) or len(found) > 1:
        raise Problem(
            zh=f"没有现行模型“{number}”。" if number else "现行模型不止一个，须指明按哪一个定向。",
            en=f"No model in force is {number!r}."
            if number
            else "Several models are in force: say which one to aim by.",
            todo_zh="用 --model 给出编号：" + "、".join(models.values_list("number", flat=True)),
            todo_en="Give its number with --model: " + ", ".join(models.values_list("number", flat=True)),
        )
    return found[0] if found else None


@app.command("list")
def list_() -> None:
    """列出计划 / List plans."""
    open_django()
    from .models import Plan

    for plan in Plan.objects.all():
        typer.echo(f"{plan.number}  {plan.state:10}  {plan.budget:>6}  {plan.title}")


@app.command()
def show(number: Number, by: By) -> None:
    """一个计划：所填各项、预期结果、须注意之处 / One plan: what was typed, what to expect, what should give pause."""
    open_django()
    from django.utils import translation

    from mingcha.apps.accounts.selectors import user_signing

    from .proof import terms

    plan = _plan(number, user_signing(by, "supervision.plan.view"))
    for language in languages():
        with translation.override("zh-hans" if language == "zh" else "en"):
            typer.echo(f"{plan.number}  {plan.get_state_display()}  {plan.title}")
            for label, value in terms(plan):
                typer.echo(f"  {label}: {value}")
    _say_expected(plan)


@app.command()
def create(
    title: Annotated[str, typer.Argument(help="名称 / title")],
    by: By,
    budget: Annotated[
        int | None, typer.Option(min=1, help="户次（须抽取的种类）/ visits, of a kind that is drawn")
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            help="种类 / kind: targeted, non_targeted, focused, campaign, for_cause, flight, full_coverage, revisit"
        ),
    ] = "targeted",
    key: Annotated[
        list[str] | None, typer.Option(help="检查对象的代码（不经抽取的种类，可多个）/ whom it visits; repeatable")
    ] = None,
    cause: Annotated[str, typer.Option(help="因由（有因检查）/ the cause, of a visit for cause")] = "",
    department: Annotated[list[str] | None, typer.Option(help="联合部门（可多个）/ of a joint inspection")] = None,
    start: Annotated[str, typer.Option(help="检查起始日 / visits from, YYYY-MM-DD")] = "",
    end: Annotated[str, typer.Option(help="检查截止日 / visits until, YYYY-MM-DD")] = "",
    industry: Annotated[str, typer.Option(help="只抽这一行业 / only this industry")] = "",
    division: Annotated[str, typer.Option(help="行政区划代码前缀 / prefix of the division code")] = "",
    stratify_by: Annotated[str, typer.Option(help="分层：district 或 industry / strata")] = "",
    uniform_share: Annotated[float, typer.Option(min=0, max=1, help="随机探索比例 / share drawn uniformly")] = 0.1,
    cap: Annotated[int | None, typer.Option(min=1, help="每户每年最多检查次数 / visits of one entity a year")] = None,
    skills: Annotated[str, typer.Option(help="检查人员须具备的专业，以 ; 分隔 / skills that inspectors need")] = "",
    public_source: Annotated[str, typer.Option(help="公开值：什么、哪一天 / the public value and its day")] = "",
    public_on: Annotated[str, typer.Option(help="公开值公布日，此前不能抽取 / its day, YYYY-MM-DD")] = "",
    basis: Annotated[str, typer.Option(help="依据 / legal basis")] = "",
    untargeted: Annotated[bool, typer.Option("--non-targeted", help="不定向 / non-targeted")] = False,
    model: Annotated[str, typer.Option(help="按哪个现行模型定向 / number of the model to aim by")] = "",
) -> None:
    """拟订计划，并显示预期结果 / Draft a plan; shows what it may be expected to find."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .choices import PlanKind
    from .draw_words import day_to_come
    from .services import plan_create, plan_terms

    user = user_signing(by, "supervision.plan.create")
    chosen = PlanKind.NON_TARGETED if untargeted else _kind(kind)
    plan = plan_create(
        title=title,
        budget=budget,
        user=user,
        kind=chosen,
        keys=key or (),
        cause=cause,
        departments=department or (),
        starts_on=_day(start),
        ends_on=_day(end),
        industry=industry,
        division=division,
        stratify_by=stratify_by,
        skills=skills,
        floor_share=uniform_share,
        cap=cap,
        public_source=public_source,
        public_on=day_to_come(public_on),
        basis=basis,
        risk_model=_model(model) if model or chosen == PlanKind.TARGETED else None,
    )
    units = plan.expected["units"]
    if not plan_terms(plan)["drawn"]:
        say(f"{plan.number}：到 {units} 户", f"{plan.number}: {units} visits")
        return
    say(f"{plan.number}：名录 {units} 户，抽 {budget} 户", f"{plan.number}: frame of {units}, {budget} visits")
    _say_expected(plan)


def _kind(text: str) -> Any:
    from .choices import PlanKind

    if text in PlanKind:
        return PlanKind(text)
    raise Problem(
        zh=f"没有“{text}”这一种计划。",
        en=f"There is no kind of plan {text!r}.",
        where="--kind",
        todo_zh="可选：" + "、".join(PlanKind.values),
        todo_en="Choose one of: " + ", ".join(PlanKind.values),
    )


def _day(text: str) -> Any:
    """A day, or None where none is given; Problem where it is none."""
    import datetime as dt

    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Problem(
            zh=f"“{text}”不是日期。",
            en=f"{text!r} is no date.",
            todo_zh="请写成 2026-11-30。",
            todo_en="Write it as 2026-11-30.",
        ) from None


@app.command()
def issue(
    number: Number,
    by: By,
    leave_out: Annotated[bool, typer.Option(help="不含本年度检查已达上限者 / without who has had the visits")] = False,
) -> None:
    """派发不经抽取的计划的任务 / Issue the tasks of a plan that isn't drawn."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .services import plan_issue

    user = user_signing(by, "supervision.plan.issue")
    count = plan_issue(plan=_plan(number, user), user=user, leave_out=leave_out)
    say(f"{number} 已派发 {count} 项任务。", f"{number}: {count} tasks are issued.")


def _say_expected(plan: Any) -> None:
    """What the plan may be expected to find, who stands outside its frame, and what should give pause."""
    from .cautions import of_plan
    from .proof import ceremony

    _say_outside(plan.frame.get("outside", {}))
    if "plan" in plan.expected:
        ours, uniform = plan.expected["plan"], plan.expected["uniform"]
        say(
            f"预期命中率 {ours['hit_rate']:.1%}（全随机 {uniform['hit_rate']:.1%}），"
            f"到守法企业 {ours['compliant_visits']:.0f} 户次（全随机 {uniform['compliant_visits']:.0f}）",
            f"expected hit rate {ours['hit_rate']:.1%} (uniform {uniform['hit_rate']:.1%}), visits to compliant firms "
            f"{ours['compliant_visits']:.0f} (uniform {uniform['compliant_visits']:.0f})",
        )
        say(
            f"违规率的预期误差 ±{100 * ours['half_width']:.1f} 个百分点",
            f"expected error of the violation rate ±{100 * ours['half_width']:.1f} percentage points",
        )
    state = ceremony(plan.draw)
    warn(of_plan(plan, len(state.parties) if state and not state.problem else None))


def _say_outside(counts: dict[str, int]) -> None:
    from django.utils import translation

    from .proof import outside

    for language in languages():
        with translation.override("zh-hans" if language == "zh" else "en"):
            for reason, n in outside(counts):
                typer.echo(
                    f"  名录之外 {n} 户：{reason}" if language == "zh" else f"  outside the frame, {n}: {reason}"
                )


@app.command()
def approve(number: Number, by: By) -> None:
    """批准（不能由起草人批准）/ Approve; not by the one who drew it up."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .services import plan_approve

    user = user_signing(by, "supervision.plan.approve")
    plan_approve(plan=_plan(number, user), user=user)
    say(f"{number} 已批准。", f"{number} is approved.")


@app.command()
def withdraw(number: Number, by: By, reason: Annotated[str, typer.Option(help="原因 / why")] = "") -> None:
    """撤回草案或尚未冻结的计划 / Withdraw a draft, or an approved plan whose frame was never frozen."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .services import plan_withdraw

    user = user_signing(by, "supervision.plan.withdraw")
    plan_withdraw(plan=_plan(number, user), reason=reason, user=user)
    say(f"{number} 已撤回。", f"{number} is withdrawn.")


@app.command()
def freeze(
    number: Number,
    by: By,
    party: Annotated[
        list[Path] | None, typer.Option(help="参与方公钥文件（可多个）/ a party's .pub file, repeatable")
    ] = None,
    inspectors: Annotated[
        Path | None, typer.Option(help="检查人员名录 CSV / their directory: id, name, areas, certified, load, ...")
    ] = None,
    day: Annotated[str, typer.Option(help="检查开始之日，届时证件须有效 / day visits begin, YYYY-MM-DD")] = "",
    must_visit: Annotated[
        Path | None, typer.Option(help="重点监管名单 CSV（id），不参加抽取 / who is visited without a draw")
    ] = None,
    alone: Annotated[
        bool,
        typer.Option("--alone", help="参与方不足两个：保管方可以反复试种子 / fewer than two: the keeper could choose"),
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="有户派不出检查人员也冻结 / though some can be given no team")
    ] = False,
) -> None:
    """冻结名录，生成抽取目录供各方承诺 / Freeze the frame; makes the folder on which the parties commit."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing
    from mingcha.engines.sampling.folder import secret_folder

    from .cautions import of_plan
    from .handed_in import read_ids, read_parties
    from .selectors import draw_folder, draw_reserved, named
    from .services import draw_freeze

    user = user_signing(by, "supervision.draw.run")
    draw = draw_freeze(
        plan=_plan(number, user),
        parties=read_parties(party or ()),
        user=user,
        inspectors=inspectors,
        day=day,
        must_visit=read_ids(must_visit) if must_visit else (),
        alone=alone,
        anyway=anyway,
    )
    say(f"已冻结 {draw.units} 户，根 {draw.root}", f"Frozen: {draw.units} units, root {draw.root}")
    if held := draw_reserved(draw):
        plans = draw.plan.frame["reserved_by"]
        say(
            f"{len(held)} 户列在名录之外：{'、'.join(plans)} 已冻结、尚未抽取，再抽可能突破年度检查上限：{named(held)}"
            "（全部见 outside.csv）",
            f"{len(held)} stand outside: {', '.join(plans)}, frozen and not yet drawn, may bring their year's last "
            f"visit: {named(held)} (all in outside.csv)",
        )
    warn(of_plan(draw.plan, len(party or ())))
    folder = draw_folder(draw)
    say(
        f"把 {folder} 发给各方承诺；{secret_folder(folder)} 不要外传，其中 frame.csv 供各方核对概率。",
        f"Send {folder} to the parties to commit; keep {secret_folder(folder)} to yourself, but for frame.csv, "
        "by which they check the probabilities.",
    )


@app.command()
def void(
    number: Number, by: By, reason: Annotated[str, typer.Option(help="原因（将公开）/ why; it is published")]
) -> None:
    """参与方缺席：作废并公开记录，然后重新冻结 / A party stays away: void, on the record; then freeze again."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .services import draw_void

    user = user_signing(by, "supervision.draw.run")
    draw = draw_void(draw=_draw(number, user), reason=reason, user=user)
    say(
        f"{number} 的本次仪式已作废，未到场：{'、'.join(draw.no_show)}。请重新冻结：mingcha plan freeze {number}",
        f"This ceremony of {number} is void; absent: {', '.join(draw.no_show)}. Next: mingcha plan freeze {number}",
    )


@app.command()
def run(
    number: Number,
    public_value: Annotated[str, typer.Option(help="公开值，原样填写 / the public value, just as published")],
    by: By,
    without: Annotated[
        list[str] | None, typer.Option(help="作废重来后仍未揭示者 / who stays away again, after a void; repeatable")
    ] = None,
) -> None:
    """各方揭示后抽取，生成任务 / Draw, once all parties have revealed; yields the tasks."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .choices import PlanState
    from .services import draw_commitments_check, draw_run

    user = user_signing(by, "supervision.draw.run")
    draw = _draw(number, user)
    if draw.plan.state == PlanState.FROZEN:
        draw = draw_commitments_check(draw=draw, user=user)
    draw = draw_run(draw=draw, public_value=public_value, user=user, without=without or ())
    say(f"抽中 {draw.taken} 户，结果 {draw.result}", f"Drawn: {draw.taken}, result {draw.result}")
    if draw.inspectors:
        unsent = draw.tasks.filter(inspectors=[]).count()
        say(f"检查人员已随机分派，无人可派 {unsent} 户", f"Inspectors are drawn too; nobody to send to {unsent}")
    teams = draw.tasks.values_list("inspectors", flat=True)
    for name in draw.plan.frame.get("departments", ()):  # of a joint inspection: one may lack where others go
        lacking = sum(all(one["department"] != name for one in team) for team in teams)
        if lacking:
            say(f"  其中“{name}”派不出人的 {lacking} 户", f"  of {name} nobody is sent to {lacking}")
    say(
        "请各方用 audit.json 和 frame.csv 核对并签认（mingcha draw attest），然后公开。",
        "Let each party check audit.json and frame.csv and attest (mingcha draw attest); then publish.",
    )


@app.command()
def replace(
    number: Number,
    key: Annotated[str, typer.Argument(help="误入名录的主体 / the drawn entity that was in the frame by mistake")],
    by: By,
    reason: Annotated[str, typer.Option(help="为何不该在名录中（将公开）/ why; it is published")],
) -> None:
    """误入名录者换为该层下一户；查无下落是结果，不是理由 / Replace who was in the frame by mistake."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import draw_folder
    from .services import draw_replace

    user = user_signing(by, "supervision.draw.replace")
    draw = _draw(number, user)
    task = draw_replace(draw=draw, key=key, reason=reason, user=user)
    file = draw_folder(draw) / "replacements.json"
    say(
        f"{key} 替出，替入该层下一户 {task.entity.key}（任务 {task.number}）；该层概率已更正，检查人员待指派。",
        f"{key} out, {task.entity.key} in, the next of its stratum (task {task.number}); the stratum's probabilities "
        "are corrected, officers are to be assigned.",
    )
    say(f"请各方加签：mingcha draw sign … {file}", f"Let each party countersign: mingcha draw sign … {file}")


@app.command()
def publish(number: Number, by: By) -> None:
    """公开抽取证明；此后收到的签认再次运行即并入 / Open the public page; again, to take in later attestations."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .services import draw_publish

    user = user_signing(by, "supervision.draw.run")
    missing = draw_publish(draw=_draw(number, user), user=user)
    say(f"已公开：/public/draw/{number}/", f"Public: /public/draw/{number}/")
    if missing:
        say(
            f"注意：{'、'.join(missing)} 没有签认结果。概率是否合规、名录是否齐全，只有签认方能担保；公开页上会写明。",
            f"Mind: not attested by {', '.join(missing)}. Only attestations vouch that the probabilities are right and "
            "nobody was left out; the public page says who is missing.",
        )
