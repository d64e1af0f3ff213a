"""Codes with true check characters, made in bulk. All are of region 9801, which does not exist."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)  # GB 32100: no I, O, S, V, Z
_VALUE = np.zeros(128, dtype=np.int64)
_VALUE[ALPHABET] = np.arange(31)
_ORG_VALUE = np.zeros(128, dtype=np.int64)  # GB 11714: 0-9, then A-Z with all letters
_ORG_VALUE[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)] = np.arange(36)
_USCC_WEIGHTS = np.array([3**i % 31 for i in range(17)])
_ORG_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])

Bytes = NDArray[np.uint8]
Text = NDArray[np.str_]


def uscc(prefix: Sequence[str], division: Sequence[str], numbers: NDArray[np.int64]) -> Text:
    """GB 32100-2015 codes. `prefix` two characters (91 company, 92 individual, 93 cooperative), `division` six
    digits, `numbers` a serial number each: different numbers give different codes (below 31**6)."""
    n = len(numbers)
    code = np.empty((n, 18), dtype=np.uint8)
    code[:, :2] = _bytes(prefix, 2)
    code[:, 2:8] = _bytes(division, 6)
    code[:, 8:10] = np.frombuffer(b"MA", dtype=np.uint8)
    scattered = (numbers * 48_271_013 + 7_919) % 31**6  # neighbours in number are not neighbours in code
    for place in range(6):
        code[:, 15 - place] = ALPHABET[scattered // 31**place % 31]
    organisation = 11 - _ORG_VALUE[code[:, 8:16]] @ _ORG_WEIGHTS % 11
    code[:, 16] = np.array([0, *b"123456789X0"], dtype=np.uint8)[organisation]
    code[:, 17] = ALPHABET[(31 - _VALUE[code[:, :17]] @ _USCC_WEIGHTS % 31) % 31]
    return code.view("S18").ravel().astype(str)


def legacy15(division: Sequence[str], numbers: NDArray[np.int64]) -> Text:
    """15-digit registration numbers (GS 15-2006): division, eight digits, ISO 7064 MOD 11,10 check digit."""
    code = np.empty((len(numbers), 15), dtype=np.uint8)
    code[:, :6] = _bytes(division, 6)
    scattered = (numbers * 48_271_013 + 7_919) % 10**8
    for place in range(8):
        code[:, 13 - place] = 48 + scattered // 10**place % 10
    check = np.full(len(numbers), 10)
    for place in range(14):
        check = (check + code[:, place] - 48) % 10
        check = np.where(check == 0, 10, check) * 2 % 11
    code[:, 14] = 48 + (11 - check) % 10
    return code.view("S15").ravel().astype(str)


def serial(prefix: str, numbers: NDArray[np.int64], digits: int) -> Text:
    """`prefix` and a number of so many digits."""
    code = np.empty((len(numbers), digits), dtype=np.uint8)
    for place in range(digits):
        code[:, digits - 1 - place] = 48 + numbers // 10**place % 10
    return np.char.add(prefix, code.view(f"S{digits}").ravel().astype(str))


def _bytes(values: Sequence[str], width: int) -> Bytes:
    return np.asarray(values, dtype=f"S{width}").view(np.uint8).reshape(-1, width)
