"""One-time codes by time (RFC 6238: SHA-1, 30 s, six digits, what every authenticator app understands) and recovery
codes. Pure: no clock, no database."""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import quote

STEP = 30  # seconds
DIGITS = 6
DRIFT = 1  # steps that a phone's clock may be off
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


def secret_new() -> str:
    """160 random bits, in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, code: str, *, now: float, after: int) -> int | None:
    """The step to which `code` belongs, if it is one of the steps around `now` and later than `after`; else None."""
    here = int(now // STEP)
    for step in range(here - DRIFT, here + DRIFT + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return None


def address(secret: str, *, account: str, issuer: str) -> str:
    """What the QR code holds."""
    label = quote(f"{issuer}:{account}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP}"


def recovery_codes() -> list[str]:
    """Ten codes of 50 bits: xxxxx-xxxxx."""
    parts = lambda: "".join(secrets.choice(_LETTERS) for _ in range(5))  # noqa: E731
    return [f"{parts()}-{parts()}" for _ in range(RECOVERY_CODES)]
