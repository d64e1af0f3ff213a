"""Secrets at rest: sealed with a key derived from the instance's own (AES-256-GCM; HKDF-SHA-256 by purpose)."""

from __future__ import annotations

import base64
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mingcha.problems import Problem


def seal(text: str, *, purpose: str, bound_to: str) -> str:
    """`text` sealed for `purpose` and one row (`bound_to`): put into another row it doesn't open."""
    nonce = os.urandom(12)
    return base64.b64encode(nonce + _cipher(purpose).encrypt(nonce, text.encode(), bound_to.encode())).decode()


def unseal(sealed: str, *, purpose: str, bound_to: str) -> str:
    """What was sealed. Problem where the instance's key is another one, or the row was tampered with."""
    raw = base64.b64decode(sealed)
    try:
        return _cipher(purpose).decrypt(raw[:12], raw[12:], bound_to.encode()).decode()
    except InvalidTag:
        raise Problem(
            zh="密文打不开：实例的签名密钥已更换，或数据被改动。",
            en="A sealed secret doesn't open: the instance's signing key is another one, or the row was changed.",
            where=f"{purpose} {bound_to}",
            todo_zh="请恢复原来的密钥；或用 mingcha user totp-reset 重置后重新登记。",
            todo_en="Restore the key, or reset it with mingcha user totp-reset and enrol again.",
        ) from None


def _cipher(purpose: str) -> AESGCM:
    return AESGCM(_key(settings.SECRET_KEY, purpose))


@cache
def _key(secret: str, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"mingcha {purpose}".encode()).derive(secret.encode())
