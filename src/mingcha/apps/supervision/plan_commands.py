"""`mingcha plan`: from a draft to a published draw. The parties themselves work with `mingcha draw` on the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.instance import open_django
from mingcha.problems import Problem, languages

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="抽查计划 / Inspection plans: create, approve, freeze, run, publish.",
)
By = Annotated[str, typer.Option("--by", help="经办人（用户名）/ who does it (user name)")]
Number = Annotated[str, typer.Argument(help="计划编号 / the plan's number, e.g. JH-2026-Q4-001")]


def _user(username: str) -> Any:
    from mingcha.apps.accounts.models import User

    try:
        return User.objects.get(username=username, is_active=True)
    except User.DoesNotExist:
        raise Problem(
            zh=f"没有用户“{username}”。",
            en=f"There is no user {username!r}.",
            todo_zh="用 mingcha user list 查看。",
            todo_en="See mingcha user list.",
        ) from None


def _plan(number: str) -> Any:
    from .models import Plan

    try:
        return Plan.objects.select_related("risk_model").get(number=number)
    except Plan.DoesNotExist:
        raise Problem(
            zh=f"没有计划“{number}”。",
            en=f"There is no plan {number!r}.",
            todo_zh="用 mingcha plan list 查看。",
            todo_en="See mingcha plan list.",
        ) from None


def _allowed(user: Any, action: str) -> None:
    from mingcha.apps.accounts.permissions import may

    if not may(user, action):
        raise Problem(
            zh=f"“{user}”没有此项权限（{action}）。",
            en=f"{user} may not do this ({action}).",
            todo_zh="请由有权限的人员办理。",
            todo_en="Ask someone who has the right.",
        )


def _say(zh: str, en: str) -> None:
    for language in languages():
        typer.echo(zh if language == "zh" else en)


@app.command("list")
def list_() -> None:
    """列出计划 / List plans."""
    open_django()
    from .models import Plan

    for plan in Plan.objects.all():
        typer.echo(f"{plan.number}  {plan.state:10}  {plan.budget:>6}  {plan.title}")


@app.command()
def create(
    title: Annotated[str, typer.Argument(help="名称 / title")],
    budget: Annotated[int, typer.Option(min=1, help="户次 / visits")],
    by: By,
    industry: Annotated[str, typer.Option(help="只抽这一行业 / only this industry")] = "",
    division: Annotated[str, typer.Option(help="行政区划代码前缀 / prefix of the division code")] = "",
    stratify_by: Annotated[str, typer.Option(help="分层：district 或 industry / strata")] = "",
    uniform_share: Annotated[float, typer.Option(min=0, max=1, help="随机探索比例 / share drawn uniformly")] = 0.1,
    public_source: Annotated[str, typer.Option(help="公开值：什么、哪一天 / the public value and its day")] = "",
    basis: Annotated[str, typer.Option(help="依据 / legal basis")] = "",
    untargeted: Annotated[bool, typer.Option("--non-targeted", help="不定向 / non-targeted")] = False,
) -> None:
    """拟订计划，并显示预期结果 / Draft a plan; shows what it may be expected to find."""
    open_django()
    from mingcha.apps.risk.models import RiskModel

    from .choices import PlanKind
    from .services import plan_create

    user = _user(by)
    _allowed(user, "supervision.plan.create")
    plan = plan_create(
        title=title,
        budget=budget,
        user=user,
        kind=PlanKind.NON_TARGETED if untargeted else PlanKind.TARGETED,
        industry=industry,
        division=division,
        stratify_by=stratify_by,
        floor_share=uniform_share,
        public_source=public_source,
        basis=basis,
        risk_model=RiskModel.objects.filter(state="champion").first(),
    )
    ours, uniform = plan.expected["plan"], plan.expected["uniform"]
    _say(
        f"{plan.number}：名录 {plan.expected['units']} 户，抽 {budget} 户；预期命中率 {ours['hit_rate']:.1%}"
        f"（全随机 {uniform['hit_rate']:.1%}），到守法企业 {ours['compliant_visits']:.0f} 户次"
        f"（全随机 {uniform['compliant_visits']:.0f}）。",
        f"{plan.number}: frame of {plan.expected['units']}, {budget} visits; expected hit rate {ours['hit_rate']:.1%} "
        f"(uniform {uniform['hit_rate']:.1%}), visits to compliant firms {ours['compliant_visits']:.0f} "
        f"(uniform {uniform['compliant_visits']:.0f}).",
    )


@app.command()
def approve(number: Number, by: By) -> None:
    """批准（不能由起草人批准）/ Approve; not by the one who drew it up."""
    open_django()
    from .services import plan_approve

    user = _user(by)
    _allowed(user, "supervision.plan.approve")
    plan_approve(plan=_plan(number), user=user)
    _say(f"{number} 已批准。", f"{number} is approved.")


@app.command()
def freeze(
    number: Number,
    party: Annotated[list[Path], typer.Option(help="参与方公钥文件（可多个）/ a party's .pub file, repeatable")],
    by: By,
) -> None:
    """冻结名录，生成抽取目录供各方承诺 / Freeze the frame; makes the folder on which the parties commit."""
    open_django()
    from mingcha.engines.sampling import folder

    from .selectors import draw_folder
    from .services import draw_freeze

    user = _user(by)
    _allowed(user, "supervision.draw.run")
    draw = draw_freeze(plan=_plan(number), parties=dict(folder.read_party(path) for path in party), user=user)
    _say(f"已冻结 {draw.units} 户，根 {draw.root}", f"Frozen: {draw.units} units, root {draw.root}")
    typer.echo(str(draw_folder(draw)))


@app.command()
def run(
    number: Number,
    public_value: Annotated[str, typer.Option(help="公开值，原样填写 / the public value, just as published")],
    by: By,
) -> None:
    """各方揭示后抽取，生成任务 / Draw, once all parties have revealed; yields the tasks."""
    open_django()
    from .choices import PlanState
    from .services import draw_commitments_check, draw_run

    user = _user(by)
    _allowed(user, "supervision.draw.run")
    plan = _plan(number)
    draw = plan.draw
    if plan.state == PlanState.APPROVED:
        draw = draw_commitments_check(draw=draw, user=user)
    draw = draw_run(draw=draw, public_value=public_value, user=user)
    _say(f"抽中 {draw.taken} 户，结果 {draw.result}", f"Drawn: {draw.taken}, result {draw.result}")


@app.command()
def publish(number: Number, by: By) -> None:
    """公开抽取证明 / Open the draw's public page."""
    open_django()
    from .services import draw_publish

    user = _user(by)
    _allowed(user, "supervision.draw.run")
    draw_publish(draw=_plan(number).draw, user=user)
    _say(f"已公开：/public/draw/{number}/", f"Public: /public/draw/{number}/")
