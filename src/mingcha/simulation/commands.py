"""`mingcha demo` and `mingcha simulate`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

from mingcha.problems import Problem

demo = typer.Typer(add_completion=False)
simulate = typer.Typer(add_completion=False)


class PolicyName(StrEnum):
    uniform = "uniform"
    targeted = "targeted"
    top_k = "top-k"
    foshan = "foshan"


@demo.command()
def demo_(
    entities: Annotated[int, typer.Option(min=500, help="firms of the simulated city")] = 20_000,
    port: Annotated[int, typer.Option(min=1, max=65535, help="where the desk is served")] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="make the instance, but don't serve it")] = False,
    seed: Annotated[int, typer.Option(min=0, help="another seed, another city")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="delete this instance's city and make it anew")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the steps' figures as JSON")] = False,
) -> None:
    """A simulated city 云汀市, from departments' files to a drawn plan, and the desk to look at it. 模拟数据。"""
    import time

    from mingcha.instance import home

    from .city import SIMULATED
    from .demo import PASSWORD, STAFF, Step, prepare

    def report(step: Step, seconds: float | None) -> None:
        if seconds is None:
            print(f"· {step.zh}  {step.en} …", file=sys.stderr, flush=True)  # noqa: T201
        else:
            print(f"  {seconds:.1f} s", file=sys.stderr, flush=True)  # noqa: T201

    start = time.perf_counter()
    print(SIMULATED, file=sys.stderr)  # noqa: T201
    done = prepare(entities, seed, fresh=fresh, report=report)
    if as_json:
        result = {
            "simulated": True,
            "notice": SIMULATED,
            "home": str(home()),
            "entities": entities,
            "seed": seed,
            "seconds": round(time.perf_counter() - start, 2),
            "steps": done.done,
        }
        typer.echo(json.dumps(result, ensure_ascii=False, indent=1))
    if not no_serve:
        from mingcha.care.serving import run

        run(
            port=port,
            note=f"{SIMULATED}\n用户 / users: {', '.join([*STAFF, 'officer1'])}   密码 / password: {PASSWORD}",
        )


def _progress(replicates: int) -> Callable[[int], None]:
    """Towns done, to standard error, where somebody looks."""

    def shown(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} / {replicates}", end="\n" if done == replicates else "", file=sys.stderr)  # noqa: T201

    return shown


@simulate.command()
def simulate_(
    entities: Annotated[int, typer.Option(min=2_000, help="firms of the town")] = 40_000,
    months: Annotated[int, typer.Option(min=3, help="how long the policy runs; a draw a quarter")] = 24,
    policy: Annotated[PolicyName, typer.Option(help="whom to visit")] = PolicyName.targeted,
    replicates: Annotated[int, typer.Option(min=1, help="towns to try it in")] = 20,
    budget_share: Annotated[float, typer.Option(min=0.001, max=0.2, help="of firms visited in a quarter")] = 0.011,
    history: Annotated[int, typer.Option(min=3, help="months of uniform draws before, from which to learn")] = 36,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    tail: Annotated[float, typer.Option(min=0, max=3, help="how many times the assumed share of offenders")] = 1.0,
    exploration: Annotated[
        float | None, typer.Option(min=0, max=1, help="targeted: share of visits at random; default a plan's")
    ] = None,
    focus: Annotated[
        int | None, typer.Option(min=0, help="targeted: how sharply the rest follow the score; default a plan's")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes; results don't depend on it")] = 2,
    ceiling: Annotated[bool, typer.Option("--ceiling", help="instead: what anybody could know at most")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="all figures as JSON")] = False,
) -> None:
    """Try a policy in closed loop against a hidden truth, beside uniform draws in the same towns. 模拟数据。"""
    if months % 3 or history % 3:
        raise Problem(
            zh="月数应为 3 的倍数：每季度抽取一次。",
            en="Months must be a multiple of 3: there is a draw a quarter.",
            where=f"--months {months} --history {history}",
            todo_zh="例如 --months 24 --history 36。",
            todo_en="For example --months 24 --history 36.",
        )
    from .study import Study, printed, run

    aim = {name: value for name, value in (("exploration", exploration), ("focus", focus)) if value is not None}
    study = Study(
        policy=policy.value, entities=entities, quarters=months // 3, history=history // 3, replicates=replicates,
        budget_share=budget_share, seed=seed, tail=tail, **aim,
    )  # fmt: skip
    if ceiling:
        from .ceiling import ceiling as measured

        typer.echo(json.dumps(measured(study, threads=workers), ensure_ascii=False, indent=1))
        return
    result = run(study, workers=workers, report=_progress(replicates))
    typer.echo(json.dumps(result, ensure_ascii=False, indent=1) if as_json else printed(result))
