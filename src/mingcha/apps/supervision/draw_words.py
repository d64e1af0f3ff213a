"""What the draw's commands say and how they read what they are told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mingcha.apps.supervision.cautions import of_parties
from mingcha.problems import Problem, languages

if TYPE_CHECKING:
    from mingcha.engines.sampling.ceremony import Terms
    from mingcha.engines.sampling.folder import Status


def say(zh: str, en: str) -> None:
    """A line in the user's language or both."""
    for language in languages():
        typer.echo(plain(zh if language == "zh" else en))


def warn(cautions: Iterable[tuple[str, str]]) -> None:
    """What should give pause, each on a line of its own."""
    for zh, en in cautions:
        say(f"注意：{zh}", f"Mind: {en}")


def plain(text: str) -> str:
    """`text` on one line and without control characters: what a party is shown before it signs can't be forged."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def tell_terms(terms: Terms) -> None:
    """What a party signs, in words."""
    from mingcha.engines.sampling.frame import reasons

    params = terms.params
    size = sum(sizes["N"] for sizes in params["strata"].values())
    take = sum(sizes["n"] for sizes in params["strata"].values())
    say(
        f"{terms.draw}：{size} 户抽 {take} 户，{len(params['strata'])} 层",
        f"{terms.draw}: {take} of {size} in {len(params['strata'])} strata",
    )
    say("各层 抽取 / 户数：", "visits / units by stratum:")
    for name, sizes in list(params["strata"].items())[:20]:
        typer.echo(plain(f"  {name}: {sizes['n']} / {sizes['N']}"))
    low, high = params["floor"] / 10_000, params["ceiling"] / 10_000
    parties = [party["id"] for party in params["parties"]]
    day = params.get("public_on", "")
    say(
        f"概率 {low:g}%–{high:g}%；公开值：{params['public_source']}" + f"（{day} 公布，此前不能抽取）" * bool(day),
        f"pi {low:g}% to {high:g}%; public value: {params['public_source']}"
        + f" (out on {day}; nothing is drawn before)" * bool(day),
    )
    say(f"参与方：{'、'.join(parties) or '无'}", f"parties: {', '.join(parties) or 'none'}")
    warn(of_parties(len(parties)))
    say(
        f"第 {params['attempt']} 次仪式；根 {terms.root.hex()}",
        f"ceremony {params['attempt']}; root {terms.root.hex()}",
    )
    told = {"strata", "floor", "ceiling", "public_source", "public_on", "parties", "attempt"}
    outside = params.get("outside")
    if isinstance(outside, dict) and all(isinstance(n, int) for n in outside.values()):
        zh, en = reasons({reason: n for reason, n in outside.items() if n})
        say(f"名录之外：{zh or '无'}", f"outside the frame: {en or 'nobody'}")
        told.add("outside")
    for name in sorted(params.keys() - told):  # all of it is signed, so all of it is shown
        value = params[name]
        typer.echo(plain(f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"))


def next_step(state: Status) -> tuple[str, str]:
    if state.void:
        return "已作废；用 prepare --after 重新封存", "void; next: prepare --after this folder"
    if state.drawn and set(state.parties) - set(state.attested):
        return "已抽取；下一步：各方 attest，然后 publish", "drawn; next: the parties attest, then publish"
    if state.drawn:
        return "已抽取，各方已签认；publish 写入文件", "drawn and attested; publish puts that into the files"
    if state.uncommitted:
        return f"下一步：{'、'.join(state.uncommitted)} commit", f"next: commit by {', '.join(state.uncommitted)}"
    if state.unrevealed:
        return f"下一步：{'、'.join(state.unrevealed)} reveal", f"next: reveal by {', '.join(state.unrevealed)}"
    return "下一步：公开值公布后 run", "next: run, when the public value is out"


def passphrase(locked: bool, confirm: bool = False) -> bytes | None:
    if given := os.environ.get("MINGCHA_KEY_PASSPHRASE"):
        return given.encode()
    if not locked:
        return None
    return str(typer.prompt("口令 passphrase", hide_input=True, confirmation_prompt=confirm)).encode()


def visits(said: str) -> int | dict[str, int] | None:
    if not said:
        return None
    return int(said) if said.isdecimal() else pairs(said, int)


def pairs(said: str, kind: type) -> dict[str, Any]:
    """ "A=0.4,B=1" as a dict."""
    try:
        return {name.strip(): kind(value) for name, value in (item.split("=") for item in said.split(",") if item)}
    except ValueError:
        raise Problem(
            zh=f"看不懂“{said}”",
            en=f"Not understood: {said!r}",
            todo_zh="写成 名称=数，以逗号分隔。",
            todo_en="Write NAME=NUMBER, separated by commas.",
        ) from None


def model_digest(said: str) -> str:
    """SHA-256 of the model's file, or the digest itself."""
    from mingcha.engines.sampling.steps import NO_MODEL

    if not said:
        return NO_MODEL
    if len(said) == 64 and all(c in "0123456789abcdef" for c in said):
        return said
    if not Path(said).is_file():
        raise Problem(zh="没有这个模型文件", en="There is no such model file", where=said)
    from hashlib import sha256

    return sha256(Path(said).read_bytes()).hexdigest()


def day_of(said: str) -> str:
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise Problem(
            zh="请用 --day 给出检查开始之日，如 2026-12-01，届时证件须有效",
            en="Give --day, the day visits begin (like 2026-12-01), on which certificates must be valid",
        ) from None


def day_to_come(said: str) -> date | None:
    """The day of the public value; None where none is said. A day that has passed named a value that is known."""
    if not said:
        return None
    try:
        day = date.fromisoformat(said)
    except ValueError:
        day = None
    if day is None or day < date.today():  # noqa: DTZ011 - the clerk's calendar
        raise Problem(
            zh=f"--public-on 应为今天或以后的日期，如 2026-11-30，而不是“{said}”",
            en=f"--public-on must be today or a day to come, like 2026-11-30, not {said!r}",
            todo_zh="公开值须在各方揭示之后才公布；不限定日期则不填。",
            todo_en="The public value must come out after the last reveal; leave it out where no day is set.",
        )
    return day
