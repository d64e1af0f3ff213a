"""The `mingcha` command: finds the room that a command lives in, opens the instance, and says problems plainly.

Each app keeps its commands in its own `commands.py`; a room is imported only when its command is called, so
that `mingcha entity show` doesn't pay for the risk engine.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from mingcha.problems import Problem, languages

COMMANDS = {
    "demo": "mingcha.simulation.commands:demo",
    "serve": "mingcha.web.commands:serve",
    "init": "mingcha.web.commands:init",
    "user": "mingcha.apps.accounts.commands:app",
    "import": "mingcha.apps.exchange.commands:import_app",
    "quarantine": "mingcha.apps.exchange.commands:quarantine_app",
    "dataset": "mingcha.apps.exchange.commands:dataset_app",
    "entity": "mingcha.apps.entities.commands:app",
    "risk": "mingcha.apps.risk.commands:app",
    "draw": "mingcha.apps.supervision.commands:app",
    "plan": "mingcha.apps.supervision.plan_commands:app",
    "example": "mingcha.apps.risk.example_commands:app",
    "simulate": "mingcha.simulation.commands:simulate",
    "bench": "mingcha.benchmarks:app",
}


class Rooms(TyperGroup):
    """The root group: commands in the order a newcomer meets them, imported on use."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command = typer.main.get_command(getattr(importlib.import_module(module), attribute))
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Rooms,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="明察 Mingcha: departments' files in, a targeted and verifiable inspection plan out. "
    "The instance (database, lake, files) is in MINGCHA_HOME, default ./instance.",
)


@app.callback()
def root() -> None: ...


def main() -> None:
    """Entry point. Exit status: 0 done, 2 a problem that the user can mend, 1 a fault of ours (with its trace)."""
    try:
        app()
    except Problem as problem:
        fail(problem)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno not in (28, 122):  # ENOSPC, EDQUOT
            raise
        fail(
            Problem(
                zh=f"磁盘已满：{error.strerror}",
                en=f"The disk is full: {error.strerror}",
                where=str(error.filename or os.environ.get("MINGCHA_HOME", "./instance")),
                todo_zh="请腾出空间后重试；已提交的数据完好，未完成的批次不会显示。",
                todo_en="Free some space and run it again; what was committed is whole, nothing unfinished is shown.",
            )
        )


def fail(problem: Problem) -> None:
    """Print `problem` to standard error in the user's language(s) and exit with its status."""
    sys.stderr.write("\n".join(problem.text(language) for language in languages()) + "\n")
    sys.exit(problem.status)


if __name__ == "__main__":
    main()
