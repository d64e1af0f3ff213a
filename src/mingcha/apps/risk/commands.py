"""`mingcha risk`: train, sign, score, explain, backtest, card."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.apps.accounts.commands import By
from mingcha.instance import open_django
from mingcha.output import notice, print_json, print_table, say, under_way, unmarked, users_language
from mingcha.problems import Problem, languages

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="风险模型 / The risk model: train, sign, score, explain, backtest, card.",
)
Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
Dataset = Annotated[str, typer.Argument(help="检查数据集 / the dataset of inspections")]
Point = Annotated[str, typer.Argument(help="风险点；只有一个时可省 / the risk point; may be left out if there is one")]
Number = Annotated[
    str, typer.Argument(help="模型编号；默认在用的那一个 / the model's number; default the one in force")
]
STALE = 180  # days without a visit after which a scoring is remarked upon
Day = Annotated[str, typer.Option(help="YYYY-MM-DD，只用此日之前已知的事实 / facts known before this day")]


def day(text: str) -> dt.date | None:
    """A date option; Problem where it is none."""
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Problem(
            zh=f"“{text}”不是日期。",
            en=f"{text!r} is not a date.",
            todo_zh="请写成 2026-11-21。",
            todo_en="Write it as 2026-11-21.",
        ) from None


def the_point(dataset: str, point: str) -> str:
    from mingcha.apps.exchange.selectors import dataset_contract, dataset_get

    inspections = dataset_contract(dataset_get(dataset)).inspections
    names = [p.name for p in inspections.risk_points] if inspections else []
    if point or len(names) != 1:
        if point in names:
            return point
        raise Problem(
            zh=f"“{dataset}”没有风险点“{point}”。" if names else f"“{dataset}”不是检查数据。",
            en=f"{dataset!r} has no risk point {point!r}." if names else f"{dataset!r} is not one of inspections.",
            todo_zh="可用：" + "、".join(names) if names else "请在其契约中写明 inspections。",
            todo_en="There are: " + ", ".join(names) if names else "Declare inspections in its contract.",
        )
    return names[0]


@app.command()
def train(
    dataset: Dataset,
    point: Point = "",
    until: Day = "",
    retain: Annotated[list[str] | None, typer.Option(help="用这些因子，不再筛选 / use these, no screening")] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """训练：候选因子、筛选、拟合、回测、模型卡 / Train: candidates, screening, fit, backtest, card."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .services import model_train

    user = user_acting(by, "risk.model.train")
    model = model_train(
        dataset=dataset,
        risk_point=the_point(dataset, point),
        until=day(until),
        retained=retain,
        user=user,
        report=under_way,
    )
    if as_json:
        print_json(_card(model))
    else:
        _summary(model)


@app.command()
def sign(
    number: Annotated[
        str, typer.Argument(help="模型编号；只有一个待签发时可省 / the number; may be left out if one waits")
    ] = "",
    by: By = "",
    reason: Annotated[str, typer.Option(help="未过晋级关而仍要换用的理由 / why, where it didn't pass the gates")] = "",
) -> None:
    """签发模型，使其在用 / Sign a model: it becomes the champion."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .models import RiskModel
    from .selectors import model_get
    from .services import model_sign

    user = user_signing(by, "risk.model.sign")
    model = model_sign(model=model_get(number, to_sign=True), user=user, reason=reason)
    point = f"{model.dataset.name}.{model.risk_point}"
    say(f"{model.number} 已签发，现为 {point} 的在用模型。", f"{model.number} is signed, and in force for {point}.")
    others = RiskModel.objects.filter(state="champion").exclude(pk=model.pk).select_related("dataset")
    if said := ", ".join(f"{m.number} ({m.dataset.name}.{m.risk_point})" for m in others):
        say(f"另有在用：{said}", f"Also in force: {said}")
    _tell_verdict(model)


@app.command()
def score(
    number: Number = "",
    as_of: Day = "",
    frame: Annotated[
        Path | None, typer.Option(help="另写成可供 draw prepare 抽取的名录 / also as a frame for draw prepare (CSV)")
    ] = None,
    stratum: Annotated[str, typer.Option(help="名录的分层：district、industry、kind / the frame's strata")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """评分：全部主体，截至某日 / Score everyone as of a day."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .frame import frame_write
    from .selectors import model_get
    from .services import scores_refresh

    user = user_acting(by, "risk.scores.refresh")
    model = model_get(number)
    done = scores_refresh(model=model, as_of=day(as_of), user=user) | {"simulated": model.simulated}
    if frame:
        done["frame"] = {"file": str(frame), "units": frame_write(Path(done["file"]), frame, stratum=stratum)}
    if as_json:
        print_json(done)
        return
    classes = "  ".join(f"{letter} {n:,}" for letter, n in done["classes"].items())
    say(f"{model.number} 已评 {done['scored']:,} 户：{classes}", f"{model.number} scored {done['scored']:,}: {classes}")
    if done["newest_visit"] and (dt.date.fromisoformat(done["as_of"]) - done["newest_visit"]).days > STALE:
        newest = done["newest_visit"]
        say(
            f"最近一次检查是 {newest}：截至 {done['as_of']} 近期的因子大多为空。可用 --as-of 指定更早的日子。",
            f"The newest visit is of {newest}: as of {done['as_of']} recent factors are empty. --as-of sets a day.",
        )
    if model.state != "champion":
        say("该模型未签发，评分未启用。", "The model isn't signed; its scores are not in force.")
    typer.echo(done["file"])
    if frame:
        units = done["frame"]["units"]
        say(f"名录 {units:,} 户：{frame}", f"A frame of {units:,}: {frame}")
        typer.echo(f"mingcha draw prepare {frame} DIR --name NAME --take N --public SOURCE --model {model.digest} ...")
    notice(model.simulated)


@app.command()
def explain(
    key: Annotated[str, typer.Argument(help="主体编码 / any key of the entity")],
    as_of: Day = "",
    number: Annotated[str, typer.Option("--model", help="模型编号 / the model's number")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """解释：理由相加等于评分，并说明什么会改变它 / Why: reasons that add up, and what would change them."""
    open_django()
    from django.utils import timezone

    from mingcha.apps.accounts.selectors import user_acting
    from mingcha.apps.entities.selectors import entity_get

    from .selectors import explanation, model_get

    model = model_get(number)
    entity = entity_get(key, user=user_acting(by, "risk.explanation.view"))
    said = explanation(model, entity, day(as_of) or timezone.localdate())
    said["simulated"] = model.simulated or entity.simulated
    if as_json:
        print_json(said)
        return
    lang = "zh" if languages()[0] == "zh" else "en"
    say(
        f"{entity.name or entity.key}：{said['probability']:.1%}（{model.number}，截至 {said['as_of']}）",
        f"{entity.name or entity.key}: {said['probability']:.1%} ({model.number}, as of {said['as_of']})",
    )
    typer.echo(f"  {said['start_probability'] * 100:+6.1f}  " + ("基线" if lang == "zh" else "base line"))
    for reason in said["reasons"]:
        value = "—" if reason["value"] is None else f"{reason['value']:g}"
        typer.echo(f"  {reason['points'] * 100:+6.1f}  {unmarked(reason[f'title_{lang}'])} = {value}")
    for change in said["changes"]:
        say(
            f"  若“{unmarked(change['title_zh'])}”为 {change['to']:g}：{change['probability']:.1%}",
            f"  if {unmarked(change['title_en'])!r} were {change['to']:g}: {change['probability']:.1%}",
        )
    notice(said["simulated"])


@app.command()
def backtest(
    dataset: Dataset,
    point: Point = "",
    rolling: Annotated[str, typer.Option(help="YYYY-MM:YYYY-MM，滚动窗口起止月 / first and last month")] = "",
    window: Annotated[int, typer.Option(min=1, help="每窗几个月 / months a window")] = 2,
    as_json: Json = False,
) -> None:
    """回测：站在每个窗口之前训练，与其后的事实对照 / Backtest: learn before each window, meet what came after."""
    open_django()
    from mingcha.apps.exchange.selectors import dataset_get

    from .backtests import rolling_report

    simulated = dataset_get(dataset).simulated
    found = rolling_report(dataset, the_point(dataset, point), rolling=rolling, window=window)
    found["simulated"] = simulated
    if as_json:
        print_json(found)
        return
    for row in found["rolling"]:
        ours, line = row["retained"]["with_stringency_removed"], row["baselines"]
        typer.echo(
            f"{row['from']} – {row['to']}  n={row['test_rows']:<6} AUC {ours['auc']:.3f} "
            f"[{ours['auc_ci95'][0]:.3f}, {ours['auc_ci95'][1]:.3f}]  "
            f"logistic {line['logistic']['auc']:.3f}  rule {line['rule']['auc']:.3f}  "
            f"days {ours['days_earlier']:+.1f}"
        )
    notice(simulated)


@app.command()
def appeal(
    key: Annotated[str, typer.Argument(help="主体 / the entity")],
    text: Annotated[str, typer.Option("--text", help="主体的意见 / what the entity says")],
    by: By = "",
) -> None:
    """登记申诉：主体对风险类别的意见 / Write down an entity's appeal against its class."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting
    from mingcha.apps.entities.selectors import entity_get

    from .appeals import appeal_file

    user = user_acting(by, "risk.appeal.file")
    filed = appeal_file(entity=entity_get(key, user=user), text=text, user=user)
    say(f"已登记申诉 {filed.number}。", f"Appeal {filed.number} is written down.")


@app.command()
def appeals(as_json: Json = False) -> None:
    """列出申诉，未答复的在前 / List appeals, those without an answer first."""
    open_django()
    from .appeals import appeals_listed

    rows = [
        {
            "number": a.number,
            "entity": a.entity.key,
            "class": a.risk_class,
            "model": a.model.number,
            "filed": a.filed_at.date(),
            "state": a.state,
            "outcome": a.outcome,
            "text": a.text,
            "answer": a.answer,
        }
        for a in appeals_listed()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(list(rows[0]) if rows else [], [list(row.values()) for row in rows])


@app.command()
def answer(
    number: Annotated[str, typer.Argument(help="申诉编号 / the appeal's number")],
    text: Annotated[str, typer.Option("--text", help="答复 / the answer")],
    by: By,
    outcome: Annotated[
        str, typer.Option(help="corrected 数据已更正、recomputed 重新评分、unchanged 维持 / what came of it")
    ] = "unchanged",
    corrected_by: Annotated[
        str, typer.Option(help="更正方式：hand_back、quarantine、key、delivery / how the data were corrected")
    ] = "",
    corrected_in: Annotated[str, typer.Option(help="数据集/批次，或编码决定编号 / dataset/batch, or decision")] = "",
) -> None:
    """答复申诉 / Answer an appeal."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .appeals import appeal_answer

    appeal_answer(
        number=number,
        outcome=outcome,
        answer=text,
        user=user_signing(by, "risk.appeal.answer"),
        corrected_by=corrected_by,
        corrected_in=corrected_in,
    )
    say(f"申诉 {number} 已答复。", f"Appeal {number} is answered.")


@app.command()
def card(number: Number = "", as_json: Json = False) -> None:
    """模型卡 / The model card."""
    open_django()
    from .selectors import model_get

    model = model_get(number)
    if as_json:
        print_json(_card(model))
    else:
        _summary(model)


def _card(model: Any) -> dict[str, Any]:
    return {
        "number": model.number,
        "state": model.state,
        "dataset": model.dataset.name,
        "risk_point": model.risk_point,
        "trained_until": str(model.trained_until),
        "digest": model.digest,
        "simulated": model.simulated,
        **model.card,
    }


def _tell_verdict(model: Any) -> None:
    """What its figures come to, where a card says it."""
    if verdict := model.card.get("verdict"):
        say(verdict["zh"], verdict["en"])


def _summary(model: Any) -> None:
    lang = "zh" if languages()[0] == "zh" else "en"
    with users_language():
        typer.echo(f"{model.number}  {model.title}  {model.get_state_display()}  {model.digest[:16]}")
    for name, figure in model.card["figures"].items():
        interval = "" if not figure["ci95"] else " [{:.3f}, {:.3f}]".format(*figure["ci95"])
        lines = "  ".join(f"{k} {v:.3f}" for k, v in figure["baselines"].items())
        typer.echo(f"  {name:22} {figure['value']:.3f}{interval}   {lines}")
    _tell_verdict(model)
    for factor in model.card["factors"]:
        title = unmarked(factor["title"][lang])
        typer.echo(f"  {factor['importance']:6.1%}  {factor['direction']:4}  {title}  ({factor['name']})")
    notice(model.simulated)
