"""The `mingcha` command: finds the room that a command lives in, opens the instance, and says problems plainly.

Each app keeps its commands in its own `commands.py`; a room is imported only when its command is called, so
that `mingcha entity show` doesn't pay for the risk engine.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from mingcha.output import say
from mingcha.problems import Problem, languages
from mingcha.usage import UsageError, problem_of

COMMANDS = {
    "demo": "mingcha.simulation.commands:demo",
    "serve": "mingcha.care.serving:serve",
    "worker": "mingcha.apps.jobs.commands:worker",
    "init": "mingcha.web.commands:init",
    "user": "mingcha.apps.accounts.commands:app",
    "token": "mingcha.apps.accounts.token_commands:app",
    "import": "mingcha.apps.exchange.commands:import_app",
    "quarantine": "mingcha.apps.exchange.commands:quarantine_app",
    "dataset": "mingcha.apps.exchange.commands:dataset_app",
    "entity": "mingcha.apps.entities.commands:app",
    "law": "mingcha.apps.law.commands:app",
    "region": "mingcha.web.region_commands:app",
    "credit": "mingcha.apps.credit.commands:credit_app",
    "listing": "mingcha.apps.credit.commands:listing_app",
    "risk": "mingcha.apps.risk.commands:app",
    "catalogue": "mingcha.apps.supervision.register_commands:catalogue_app",
    "inspector": "mingcha.apps.supervision.register_commands:inspector_app",
    "draw": "mingcha.apps.supervision.commands:app",
    "plan": "mingcha.apps.supervision.plan_commands:app",
    "task": "mingcha.apps.supervision.task_commands:app",
    "example": "mingcha.apps.risk.example_commands:app",
    "simulate": "mingcha.simulation.commands:simulate",
    "upgrade": "mingcha.care.commands:upgrade",
    "doctor": "mingcha.care.commands:doctor",
    "static": "mingcha.care.serving:static",
    "backup": "mingcha.care.commands:backup",
    "restore": "mingcha.care.commands:restore",
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


def program() -> None:
    """The process: `main`, and an end at once. What the interpreter takes down after the last word (threads of DuckDB,
    Arrow and Polars) costs time and, very rarely, aborts: what is done must not end with a status not its own."""
    try:
        main()
        status: Any = 0
    except SystemExit as ended:
        status = ended.code
    atexit._run_exitfuncs()  # temporary folders go
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def main() -> None:
    """The command line. Exit status: 0 done, 2 a problem that the user can mend, 1 a fault of ours (with its trace)."""
    try:
        sys.exit(app(standalone_mode=False) or 0)  # Typer would say what was typed wrongly itself, in English only
    except KeyboardInterrupt:
        sys.exit(130)
    except typer.Abort:  # whoever was asked said no
        say("已取消。", "Aborted.", aside=True)
        sys.exit(1)
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # nothing was typed: it is the help
            error.show()
            sys.exit(2)
        fail(problem_of(error))
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        problem = error if isinstance(error, Problem) else of_the_machine(error)
        if problem is None:
            raise
        fail(problem)


_PATH = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EROFS, errno.ENAMETOOLONG}
_NO_FILE = re.compile(r"""(?:No files found that match the pattern|Cannot open file|local file) ["'](.+?)["']""")


def of_the_machine(error: Exception) -> Problem | None:
    """What the user's disk or paths did, whoever noticed it (Python, DuckDB, Arrow, SQLite); None for our own fault."""
    from mingcha.engines.lake.folder import disk_errors

    try:
        with disk_errors():
            raise error
    except OSError as known:
        if known.errno in (errno.ENOSPC, errno.EDQUOT):
            return _full(known.strerror or str(known), known.filename)
        if known.errno in _PATH:
            named = _NO_FILE.search(str(known))
            return _path(os.strerror(known.errno), known.filename or (named and named[1]))
    except Exception as known:
        text = str(known).split("\n")[0]
        if "max_temp_directory_size" in str(known):  # DuckDB's own limit: what was left on the disk
            return _full(text, None)
        if missing := _NO_FILE.search(str(known)):
            return _path(os.strerror(errno.ENOENT), missing[1])
        if "unable to open database file" in text or "readonly database" in text:
            return _path(text, None)
    return None


def _full(said: str, path: Any) -> Problem:
    return Problem(
        zh=f"磁盘已满：{said}",
        en=f"The disk is full: {said}",
        where=str(path or _home()),
        todo_zh="请腾出空间后重新运行；已提交的数据完好，未完成的部分不会显示。",
        todo_en="Free some space and run it again; what was committed is whole, nothing unfinished is shown.",
    )


def _path(said: str, path: Any) -> Problem:
    place = Path(path or _home()).absolute()
    ours = any(place.is_relative_to(_home() / folder) for folder in ("lake", "models"))
    return Problem(
        zh=f"读写不了这个文件或目录：{said}。",
        en=f"This file or folder can't be read or written: {said}.",
        where=str(place),
        todo_zh="它是本实例的一部分：请从备份恢复（数据库与 lake/、models/ 须同一时刻）。"
        if ours
        else "请检查路径和权限。",
        todo_en="It is part of the instance: restore it from a backup (database, lake/ and models/ of one moment)."
        if ours
        else "Check the path and its permissions.",
    )


def _home() -> Path:
    return Path(os.environ.get("MINGCHA_HOME", "instance")).absolute()


def fail(problem: Problem) -> None:
    """Print `problem` to standard error in the user's language(s) and exit with its status."""
    sys.stderr.write("\n".join(problem.text(language) for language in languages()) + "\n")
    sys.exit(problem.status)


if __name__ == "__main__":
    program()
