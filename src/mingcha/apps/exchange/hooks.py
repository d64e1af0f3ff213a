"""What apps above this one do when a batch has been accepted; they add themselves when they are ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

after_import: list[Callable[[Sequence[str]], None]] = []
"""Called outside of the import's transaction with the names of the datasets that got new batches, new files for the
same rows, or a file that they had: doing it again must add nothing, and make up for what broke off before."""

_waiting: list[list[str]] = []


def imported(datasets: Sequence[str]) -> None:
    """Tell everyone in `after_import`; within `together`, later."""
    if _waiting:
        _waiting[-1].extend(datasets)
        return
    for hook in after_import:
        hook(datasets)


@contextmanager
def together() -> Iterator[None]:
    """Many imports in a row are told of once, at the end."""
    _waiting.append([])
    try:
        yield
    finally:
        names = list(dict.fromkeys(_waiting.pop()))
    if names:
        imported(names)
