"""What apps above this one do when a batch has been accepted; they add themselves when they are ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence

after_import: list[Callable[[Sequence[str]], None]] = []
"""Called with the names of the datasets that got new batches, outside of the import's transaction."""


def imported(datasets: Sequence[str]) -> None:
    """Tell everyone in `after_import`."""
    for hook in after_import:
        hook(datasets)
