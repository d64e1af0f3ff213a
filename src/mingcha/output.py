"""What commands print: sentences in the user's language or in both, tables, JSON, and that data are simulated."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import typer

from mingcha.problems import languages

WIDTH = 200  # of a table that goes to a file or a pipe


def said(zh: str, en: str) -> str:
    """Both texts on one line where the user's language isn't known: a label, a heading, a part of a line."""
    texts = {"zh": zh, "en": en}
    return " / ".join(dict.fromkeys(texts[language] for language in languages()))


def say(zh: str, en: str, *, aside: bool = False) -> None:
    """A sentence, in each of the user's languages on a line of its own; `aside` to standard error."""
    for text in dict.fromkeys({"zh": zh, "en": en}[language] for language in languages()):
        typer.echo(text, err=aside)


@contextmanager
def users_language() -> Iterator[None]:
    """Within it Django's own texts (a state, a status) come in the user's language, not in the instance's."""
    from django.utils import translation

    with translation.override("zh-hans" if languages()[0] == "zh" else "en"):
        yield


def under_way(zh: str, en: str) -> None:
    """What is being done now; to standard error, so that it isn't taken for the result."""
    typer.echo(said(zh, en) + " …", err=True)


def notice(simulated: Any) -> None:
    """Say that what is printed was invented, where it was; it stands with the figures, and JSON has it as a field."""
    if simulated:
        say("（模拟数据：以上内容并非真实。）", "(Simulated data: none of this is real.)")


MARK = "（模拟数据）"


def unmarked(title: str) -> str:
    """A title without the mark that a simulated dataset's own title carries, for where the mark stands beside it."""
    return title.replace(MARK, "")


def print_json(value: Any) -> None:
    """Strict JSON on standard output: times in ISO 8601; what is not known is null, never NaN."""
    text = json.dumps(strict(value), ensure_ascii=False, indent=2, default=_plain, allow_nan=False)
    sys.stdout.write(text + "\n")


def print_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table without rules; nothing where there are no rows. Cells are printed as they are, never as markup."""
    lines = [[_cell(value) for value in row] for row in rows]
    if not lines:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in head:
        table.add_column(title, overflow="fold")
    for line in lines:
        table.add_row(*map(Text, line))
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    console.print(table)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def strict(value: Any) -> Any:
    """`value` as strict JSON takes it: None for every number that isn't one."""
    if isinstance(value, dict):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
