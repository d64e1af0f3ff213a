"""Which records may have been seen before: a blocked Bloom filter over the hashes of their digests.

It knows 10 million records in 32 MB. "No" is sure, so that nearly every record goes straight to its place; "maybe"
(duplicates, and about one in a hundred others) is looked at closely when the delivery has been read (dedupe.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_BITS = 24  # of the filter, a record; more records than expected only make more "maybe"
_MOST = 1 << 25  # words: 256 MB


class Seen:
    def __init__(self, expected: int) -> None:
        words = 1 << max(14, (max(1, expected) * _BITS // 64 - 1).bit_length())
        self._words = np.zeros(min(words, _MOST), np.uint64)

    def _places(self, hashes: Hashes) -> tuple[npt.NDArray[np.int64], Hashes]:
        one, six = np.uint64(1), np.uint64(63)
        bits = [one << ((hashes >> np.uint64(shift)) & six) for shift in (40, 46, 52, 58)]
        place = (hashes & np.uint64(len(self._words) - 1)).astype(np.int64)
        return place, bits[0] | bits[1] | bits[2] | bits[3]

    def add(self, hashes: Hashes) -> None:
        place, mask = self._places(hashes)
        np.bitwise_or.at(self._words, place, mask)

    def maybe(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of `hashes`, in their order, may have been seen, before or earlier among them; all are seen then."""
        place, mask = self._places(hashes)
        found: npt.NDArray[np.bool_] = (self._words[place] & mask) == mask
        np.bitwise_or.at(self._words, place, mask)
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        found[order[1:][ordered[1:] == ordered[:-1]]] = True
        return found
