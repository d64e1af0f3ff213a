"""A delivery of which nothing was taken: it must not look like one that was."""

from __future__ import annotations

from typing import Any

from mingcha.output import say
from mingcha.problems import Problem

from .selectors import quarantine_commonest
from .services import ImportReport


def came_to_nothing(report: ImportReport) -> None:
    """A warning for each file without rows, which may be meant; a Problem (status 2) where there were rows and none
    passed, with the commonest reason, though the batch and its quarantine stay."""
    for file in report.files:
        if not file["rows"]:
            say(
                f"注意：{file['file']} 只有表头，没有数据行；没有任何行入库。",
                f"Note: {file['file']} has a header and no rows; nothing came of it.",
                aside=True,
            )
    barren = [(n, file) for n, file in enumerate(report.files, 1) if file["rows"] and not file["good"]]
    if not barren or report.batch is None:
        return
    told = [_why(report.dataset, report.batch, n, file) for n, file in barren]
    if all(file["left_out"] == file["rows"] for _, file in barren):
        todo = "请检查 --where 的条件，然后重新导入。", "Check the condition of --where, then import it again."
    else:
        retry = f"mingcha quarantine replay {report.dataset} --contract"
        todo = (
            f"本批及其隔离区已保留。契约有误：改正后运行 {retry} 契约文件；文件有误：请提供单位改正后重新导入。",
            f"The batch and its quarantine stay. If the contract is wrong, mend it and run {retry} FILE; "
            "if the file is, have it mended and import it.",
        )
    raise Problem(
        zh="\n".join(zh for zh, _ in told),
        en="\n".join(en for _, en in told),
        where=f"{report.dataset}/{report.batch}",
        todo_zh=todo[0],
        todo_en=todo[1],
    )


def _why(dataset: str, batch: int, number: int, file: dict[str, Any]) -> tuple[str, str]:
    zh = f"{file['file']}：读入 {file['rows']:,} 行，没有一行入库"
    en = f"{file['file']}: of {file['rows']:,} rows read, none was accepted"
    if file["left_out"] == file["rows"]:
        return f"{zh}：--where 没有选中任何一行。", f"{en}: --where chose none."
    worst = quarantine_commonest(dataset, batch, number)
    if worst is None:
        return f"{zh}。", f"{en}."
    value = (worst["value"] or "")[:80]
    such = (f"，如“{value}”", f", as {value!r}") if value else ("", "")
    field = f"{worst['field']} " if worst["field"] else ""
    zh += f"。最常见的原因（{worst['rows']:,} 行）：{field}{worst['reason_zh']}{such[0]}。"
    en += f". The commonest reason ({worst['rows']:,} rows): {field}{worst['reason_en']}{such[1]}."
    return zh, en
