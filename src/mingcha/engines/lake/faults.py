"""What is wrong with a contract, gathered while it is read, so that all of it is told at once, each with its line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import yaml

from mingcha.problems import Problem

from .contract import Field
from .expressions import compile_expression

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path = tuple[str | int, ...]


class Faults:
    """What is wrong with a contract, with where; kept until all of it has been read."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source
        self.found: list[tuple[Path, str, str]] = []

    def add(self, path: Path, zh: str, en: str) -> None:
        self.found.append((path, zh, en))

    def unknown(self, path: Path, name: str, known: Iterable[str], zh: str, en: str) -> None:
        """An unknown name, with the nearest known one."""
        near = difflib.get_close_matches(name, list(known), 1, 0.5)
        self.add(
            path,
            f"{zh}“{name}”" + (f"，是否为“{near[0]}”？" if near else ""),
            f"{en} {name!r}" + (f"; is it {near[0]!r}?" if near else ""),
        )

    def expression(self, path: Path, text: Any, fields: Iterable[Field]) -> str:
        """`text`, if it is a condition over `fields`."""
        if not isinstance(text, str) or not text.strip():
            self.add(path, "应为一个表达式", "this must be an expression")
            return ""
        try:
            compile_expression(text, fields)
        except Problem as problem:
            self.add(path, problem.zh.rstrip("。"), problem.en.rstrip("."))
        return text

    def check(self) -> None:
        """Raise a Problem that tells everything found."""
        if not self.found:
            return
        root = yaml.compose(self.text, Loader=LOADER)

        def place(path: Path, line: str) -> str:
            dotted = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
            return line.format(_line(root, path)) + (f" ({dotted})" if dotted else "")

        n = len(self.found)
        raise Problem(
            zh=f"数据契约有 {n} 处不合规：\n" + "\n".join(f"  {place(p, '第 {} 行')}：{zh}" for p, zh, _ in self.found),
            en=f"The contract has {n} fault{'s' * (n > 1)}:\n"
            + "\n".join(f"  {place(p, 'line {}')}: {en}" for p, _, en in self.found),
            where=self.source,
            todo_zh="请按 docs/contracts.md 修改后重试。",
            todo_en="Mend them as docs/contracts.md tells and try again.",
        )


def _line(node: Any, path: Path) -> int:
    """The line of the value at `path`, or of the nearest place above it."""
    line: int = node.start_mark.line + 1 if node else 1
    for step in path:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
            line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line
