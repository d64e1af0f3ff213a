"""The bytes of a draw: domain-tagged hashes and canonical parameters (docs/draw-protocol.md, "The bytes").

Every field is hashed with its length before it and every hash with its purpose, so that no two different
things can have the same bytes.
"""

from __future__ import annotations

import json
import unicodedata
from hashlib import sha256
from typing import Any

DOMAIN = "mingcha/draw/1/"
MILLION = 1_000_000  # probabilities are whole millionths
LARGEST = 2**53 - 1  # the largest integer that every JSON reader keeps exactly

Field = bytes | str | int
Params = dict[str, Any]


def text(value: str) -> bytes:
    """UTF-8 of `value` in NFC. UnicodeEncodeError for a lone surrogate."""
    return unicodedata.normalize("NFC", value).encode()


def lp(value: bytes) -> bytes:
    """`value` after its length in 4 bytes, big-endian."""
    return len(value).to_bytes(4, "big") + value


def framed(tag: str, *fields: Field) -> bytes:
    """The message that `digest` hashes; batches use it as the part that all their messages begin with."""
    return lp((DOMAIN + tag).encode()) + b"".join(lp(_field(field)) for field in fields)


def digest(tag: str, *fields: Field) -> bytes:
    """H(tag, fields...): 32 bytes. Text in NFC, integers as decimals, hashes and salts as they are."""
    return sha256(framed(tag, *fields)).digest()


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a value made of text, integers, lists and objects. TypeError or ValueError otherwise.

    Text is put into NFC. Floats, booleans and null have no place in parameters.
    """
    return json.dumps(_checked(value), ensure_ascii=False, separators=(",", ":")).encode()


def params_hash(params: Params) -> bytes:
    return digest("params", canonical(params))


def _field(field: Field) -> bytes:
    if isinstance(field, bytes):
        return field
    if isinstance(field, str):
        return text(field)
    if field < 0:
        raise ValueError(f"an integer of the draw is never negative: {field}")
    return b"%d" % field


def _checked(value: Any) -> Any:
    """The same value with its texts in NFC and its members in order, so that one call of the encoder writes it."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > LARGEST:
            raise ValueError(f"{value} is beyond 2^53-1")
        return int(value)
    if isinstance(value, list):
        return [_checked(item) for item in value]
    if isinstance(value, dict):
        members = {unicodedata.normalize("NFC", key): item for key, item in value.items()}
        if len(members) < len(value):
            raise ValueError("two names are the same in NFC")
        # RFC 8785 sorts by UTF-16 code units, which differs from Python's order beyond the first plane
        return {name: _checked(members[name]) for name in sorted(members, key=_code_units)}
    raise TypeError(f"parameters hold text, integers, lists and objects, not {type(value).__name__}")


def _code_units(name: str) -> bytes:
    return name.encode("utf-16-be")
