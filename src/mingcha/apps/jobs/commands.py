"""`mingcha worker`."""

from __future__ import annotations

from typing import Annotated

import typer

from mingcha.instance import open_django

worker = typer.Typer()


@worker.command()
def worker_(
    batch: Annotated[bool, typer.Option("--batch", help="run what waits, then end")] = False,
    parent: Annotated[int, typer.Option(hidden=True, help="end when this process, which started us, is gone")] = 0,
) -> None:
    """Run long work (draws, exports) and what comes round. `mingcha serve` has one by itself, unless on PostgreSQL."""
    open_django()
    from .worker import alone, drain, heed_signals, work

    if batch:
        drain()
        return
    heed_signals()
    with alone(parent) as ours:
        if ours:
            work(parent=parent)
