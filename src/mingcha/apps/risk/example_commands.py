"""`mingcha example NAME`: real public data, end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.instance import open_django
from mingcha.output import print_json, say, under_way
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
    say(
        f"检验 {found['test_rows']:,} 次检查，{found['positives']:,} 次有违法。AUC 及 95% 区间；"
        "within：同一检查人员内的 AUC；days：违法提前几天发现；half：前一半检查发现的违法占比。",
        f"Tested on {found['test_rows']:,} visits, {found['positives']:,} in violation. AUC with its 95% interval; "
        "within: AUC among one inspector's visits; days: by how many days violations are found earlier; "
        "half: share of them found in the first half.",
    )
    differs = False
    for name_ in ("retained", "full"):
        removed, with_inspector = (found[name_][kind] for kind in ("with_stringency_removed", "with_inspector"))
        _tell(name_, "stringency removed", removed)
        if with_inspector["auc"] != removed["auc"]:
            differs = True
            _tell(name_, "with the inspector", with_inspector)
    if not differs:
        say("检验期内检查人员未知，带不带没有差别。", "Who inspected isn't known in the test: no difference.")
    for name_, f in found["baselines"].items():
        _tell("", name_, f)


def _tell(name: str, kind: str, f: dict[str, Any]) -> None:
    within, interval = f.get("within_inspector_auc"), f.get("auc_ci95")
    typer.echo(
        f"{name:9} {kind:20} AUC {f['auc']:.3f}"
        + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "")
        + (f"  within {within:.3f}" if within is not None and within == within else "")
        + f"  days {f['days_earlier']:+.2f}  half {f['found_first_half']:.1%}"
    )
