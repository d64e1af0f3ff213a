"""What a user did that can't be done, said so that he can mend it: what, where, what to do, in both languages."""

from __future__ import annotations

import os


class Problem(Exception):
    """A bad input or state. Commands print it and exit with `status`; pages show it; nothing is half-done.

    `zh`, `en`: what is wrong. `where`: file, row, field, object. `todo_zh`, `todo_en`: what mends it.
    """

    status = 2

    def __init__(self, *, zh: str, en: str, where: str = "", todo_zh: str = "", todo_en: str = "") -> None:
        super().__init__(en)
        self.zh, self.en, self.where, self.todo_zh, self.todo_en = zh, en, where, todo_zh, todo_en

    def __reduce__(self) -> tuple[object, ...]:  # raised in a worker process, it must reach the caller whole
        return (_rebuilt, ({**self.__dict__},))

    def text(self, language: str) -> str:
        """The message in `language` ("zh" or "en"), one to three lines."""
        zh = language.startswith("zh")
        lines = [self.zh if zh else self.en]
        if self.where:
            lines.append(("位置：" if zh else "Where: ") + self.where)
        todo = self.todo_zh if zh else self.todo_en
        if todo:
            lines.append(("处理：" if zh else "What to do: ") + todo)
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text("en")


def languages() -> tuple[str, ...]:
    """The command line's languages: MINGCHA_LANG, else the locale, else both (a C locale tells nothing)."""
    for name in ("MINGCHA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").lower()
        if value.startswith(("zh", "en")):
            return (value[:2],)
    return ("zh", "en")


def _rebuilt(values: dict[str, str]) -> Problem:
    return Problem(**values)
