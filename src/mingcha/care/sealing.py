"""Files under a passphrase: AES-256-GCM in chunks, the key by scrypt, each file under a key of its own (HKDF).

    magic (17) | salt (16) | file's own number (32) | chunks of 1 MiB, each with its tag (16)

A chunk's nonce is its place, and whether it is the last: a chunk that was changed, moved, or cut off is noticed. A file
tells all that is needed but the passphrase.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import IO

from mingcha.problems import Problem

MAGIC = b"mingcha-sealed/1\n"
SALT, NUMBER, TAG = 16, 32, 16
HEAD = len(MAGIC) + SALT + NUMBER
CHUNK = 1 << 20
COST = {"n": 1 << 17, "r": 8, "p": 1}  # 128 MB and some tenths of a second for each guess


def sealed_size(plain: int) -> int:
    """Bytes of a sealed file whose content has `plain` bytes."""
    return HEAD + plain + TAG * max(1, -(-plain // CHUNK))


def new_salt() -> bytes:
    return secrets.token_bytes(SALT)


def seal(source: Iterable[bytes], passphrase: str, salt: bytes) -> Iterator[bytes]:
    """The sealed form of `source`'s bytes, piece by piece."""
    number = secrets.token_bytes(NUMBER)
    cipher = _cipher(passphrase, salt, number)
    yield MAGIC + salt + number
    held, place = b"", 0
    for piece in source:
        held += piece
        while len(held) > CHUNK:  # the last chunk is never sealed before the end is known
            yield cipher.encrypt(_nonce(place, last=False), held[:CHUNK], None)
            held, place = held[CHUNK:], place + 1
    yield cipher.encrypt(_nonce(place, last=True), held, None)


def unseal(source: IO[bytes], passphrase: str, *, where: str) -> Iterator[bytes]:
    """The content of a sealed file, piece by piece. Problem where the passphrase is another, or a byte was changed."""
    from cryptography.exceptions import InvalidTag

    salt, number = _head(source, where)
    cipher = _cipher(passphrase, salt, number)
    piece, place = source.read(CHUNK + TAG), 0
    while True:
        following = source.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(place, last=not following), piece, None)
        except InvalidTag:
            raise Problem(
                zh="口令不对，或文件已损坏。",
                en="The passphrase is another one, or the file is damaged.",
                where=where,
                todo_zh="请核对口令（MINGCHA_BACKUP_PASSPHRASE）；若口令无误，请改用另一份备份。",
                todo_en="Check the passphrase (MINGCHA_BACKUP_PASSPHRASE); if it is right, take another backup.",
            ) from None
        if not following:
            return
        piece, place = following, place + 1


def salt_of(source: IO[bytes], where: str) -> bytes:
    return _head(source, where)[0]


def _head(source: IO[bytes], where: str) -> tuple[bytes, bytes]:
    head = source.read(HEAD)
    if len(head) < HEAD or not head.startswith(MAGIC):
        raise Problem(
            zh="这不是明察加密的文件，或开头已损坏。",
            en="This is no file that Mingcha sealed, or its head is damaged.",
            where=where,
            todo_zh="请改用另一份备份。",
            todo_en="Take another backup.",
        )
    return head[len(MAGIC) : len(MAGIC) + SALT], head[-NUMBER:]


def _nonce(place: int, *, last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes([last])


def _cipher(passphrase: str, salt: bytes, number: bytes):  # -> AESGCM
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(algorithm=SHA256(), length=32, salt=number, info=MAGIC)
    return AESGCM(key.derive(_master(passphrase, salt)))


@lru_cache(maxsize=4)
def _master(passphrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, **COST).derive(passphrase.encode())
