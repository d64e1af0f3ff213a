"""`mingcha bench NAME --json`: the checkout's benchmarks/ folder, one file a benchmark."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from mingcha.problems import Problem

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


class Benchmarks(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(p.stem.replace("_", "-") for p in FOLDER.glob("[a-z]*.py"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        if str(FOLDER.parent) not in sys.path:
            sys.path.insert(0, str(FOLDER.parent))
        module = importlib.import_module(f"benchmarks.{cmd_name.replace('-', '_')}")
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command()(module.main)
        command = typer.main.get_command(single)
        command.name = cmd_name
        return command


app = typer.Typer(cls=Benchmarks, no_args_is_help=True, help="Benchmarks. Each measures its reference in the same run.")


@app.callback()
def bench() -> None:
    if not FOLDER.is_dir():
        raise Problem(
            zh="这里没有基准测试：它们随源代码提供，不在安装包中。",
            en="There are no benchmarks here: they come with the source, not with the installed package.",
            where=str(FOLDER),
            todo_zh="请在源代码目录中运行。",
            todo_en="Run it from a checkout.",
        )
