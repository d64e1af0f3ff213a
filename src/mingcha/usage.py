"""What was typed wrongly at the command line, said as every other problem is: what, where, what to do, bilingually.

Typer says it in English only, and carries a click of its own; so its errors are known by what they say.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

import typer

from mingcha.problems import Problem

UsageError: Any = typer.BadParameter.__base__  # Typer exports the subclass alone

_SAID = (
    (r"No such option: (.+)", "没有选项 {0}", "there is no option {0}"),
    (r"No such command '(.+?)'\.?", "没有命令“{0}”", "there is no command {0!r}"),
    (r"Missing command\.?", "缺少子命令", "the command is missing"),
    (r"Missing argument '(.+?)'.*", "缺少参数 {0}", "the argument {0} is missing"),
    (r"Missing option '(.+?)'.*", "缺少选项 {0}", "the option {0} is missing"),
    (r"Option '(.+?)' requires an argument\.?", "选项 {0} 后面缺少值", "the option {0} lacks its value"),
    (r"Option '(.+?)' requires (\d+) arguments\.?", "选项 {0} 须有 {1} 个值", "the option {0} takes {1} values"),
    (r"Option '(.+?)' does not take a value\.?", "选项 {0} 不带值", "the option {0} takes no value"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", "多出的参数：{0}", "there is too much: {0}"),
)
_VALUE = re.compile(r"Invalid value for '(.+?)': (.+)", re.S)
_VALUES = (
    (r"Input should be a valid integer.*", "应为整数", "it must be a whole number"),
    (r"Input should be a valid number.*", "应为数字", "it must be a number"),
    (r"Input should be greater than or equal to (.+)", "不得小于 {0}", "it must be {0} or more"),
    (r"Input should be less than or equal to (.+)", "不得大于 {0}", "it must be {0} or less"),
    (r"(?:Value error, )?.+ is not one of (.+?)\.?", "应为 {0} 之一", "it must be one of {0}"),
    (r"Input should be (.+)", "应为 {0}", "it must be {0}"),
)


def problem_of(error: Any) -> Problem:
    """The Problem that tells of a `UsageError`."""
    message = error.format_message().strip()
    place = error.ctx.command_path if error.ctx else "mingcha"
    if value := _VALUE.fullmatch(message):
        zh, en = _matched(value[2], _VALUES)
        zh, en = f"{value[1]} 的值不对：{zh}", f"the value of {value[1]} is wrong: {en}"
    else:
        zh, en = _matched(re.sub(r"\s*(\(Possible options: .*\)|Did you mean .*\?)$", "", message), _SAID)
    near = _meant(error)
    return Problem(
        zh=zh + "。",
        en=en[:1].upper() + en[1:] + ".",
        where=place,
        todo_zh=(f"是不是 {'、'.join(near)}？" if near else "") + f"用法见 {place} --help",
        todo_en=(f"Did you mean {' or '.join(near)}? " if near else "") + f"See {place} --help",
    )


def _matched(message: str, kinds: tuple[tuple[str, str, str], ...]) -> tuple[str, str]:
    for pattern, zh, en in kinds:
        if found := re.fullmatch(pattern, message, re.S):
            return zh.format(*found.groups()), en.format(*found.groups())
    return message.rstrip("."), message.rstrip(".")


def _meant(error: Any) -> list[str]:
    """What there is of a name like the one that was typed."""
    if option := getattr(error, "option_name", ""):
        every = [name for param in error.ctx.command.params for name in param.opts] if error.ctx else []
        return difflib.get_close_matches(option, every, 2) if option not in every else []
    if error.ctx and (typed := re.match(r"No such command '(.+?)'", error.message)):
        return difflib.get_close_matches(typed[1], error.ctx.command.list_commands(error.ctx), 2)
    return []
