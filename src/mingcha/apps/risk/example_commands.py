"""`mingcha example NAME`: real public data, end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mingcha.instance import open_django
from mingcha.output import print_json, under_way
from mingcha.problems import Problem

from .commands import day

app = typer.Typer(
    pretty_exceptions_enable=False, help="示例 / An example on real public data, which you bring: chicago."
)


@app.command()
def example(
    name: Annotated[str, typer.Argument(help="示例名 / the example's name, e.g. chicago")],
    data: Annotated[Path, typer.Option(help="数据目录 / the folder with its files")],
    train_until: Annotated[str, typer.Option(help="YYYY-MM-DD，只从此日之前学习 / learn from what was known before")],
    test: Annotated[str, typer.Option(help="YYYY-MM-DD:YYYY-MM-DD，检验的起止日 / days to test on, both included")],
    rolling: Annotated[str, typer.Option(help="YYYY-MM:YYYY-MM，另作滚动检验 / rolling windows, too")] = "",
    window: Annotated[int, typer.Option(min=1, help="每窗几个月 / months a window")] = 2,
    scores: Annotated[Path | None, typer.Option(help="逐行评分写到 / where the rows' scores go")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")] = False,
) -> None:
    """真实公开数据，从导入到检验 / Real public data, from import to test, by declarations alone."""
    from .examples import own_instance, read_example, run_example

    first, _, last = test.partition(":")
    span = (day(first), day(last))
    until = day(train_until)
    if until is None or span[0] is None or span[1] is None or not until <= span[0] <= span[1]:
        raise Problem(
            zh="日期不对：应先训练、后检验。",
            en="The dates don't fit: training ends before the test begins.",
            where=f"--train-until {train_until} --test {test}",
            todo_zh="例如 --train-until 2014-05-01 --test 2014-05-01:2014-06-30。",
            todo_en="For instance --train-until 2014-05-01 --test 2014-05-01:2014-06-30.",
        )
    said = read_example(name)
    own_instance(said, data)
    open_django()
    found = run_example(
        said,
        data,
        train_until=until,
        test=(span[0], span[1]),
        rolling=rolling,
        window=window,
        scores=scores,
        report=under_way,
    )
    if as_json:
        print_json(found)
        return
    rows = [("retained", found["retained"]), ("full", found["full"])]
    for name_, part in rows:
        for kind in ("with_stringency_removed", "with_inspector"):
            f = part[kind]
            typer.echo(
                f"{name_:9} {kind:24} AUC {f['auc']:.3f} [{f['auc_ci95'][0]:.3f}, {f['auc_ci95'][1]:.3f}]  within "
                f"{f['within_inspector_auc']:.3f}  days {f['days_earlier']:+.2f}  half {f['found_first_half']:.1%}"
            )
    for name_, f in found["baselines"].items():
        typer.echo(f"{'':9} {name_:24} AUC {f['auc']:.3f}  days {f['days_earlier']:+.2f}")
