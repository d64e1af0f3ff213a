"""Files that a firm hands in: taken by their bytes, not their names, and kept under their digest."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.storage import default_storage

from mingcha.problems import Problem

MOST_BYTES = 20 * 1024 * 1024  # a file
MOST_FILES = 20  # of one appeal
_PIECE = 1 << 20
_MAGIC: tuple[tuple[bytes, int, str, tuple[str, ...]], ...] = (  # bytes, where, MIME type, endings
    (b"%PDF-", 0, "application/pdf", ("pdf",)),
    (b"\xff\xd8\xff", 0, "image/jpeg", ("jpg", "jpeg")),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", ("png",)),
    (b"ftypheic", 4, "image/heic", ("heic",)),
    (b"ftypmif1", 4, "image/heic", ("heic", "heif")),
)


@dataclass(frozen=True)
class Taken:
    """A file that is kept: its type by its bytes, its size and digest."""

    name: str
    mime: str
    bytes: int
    sha256: str


def sniffed(head: bytes, name: str) -> str:
    """The MIME type that a file's first bytes show. Problem: a kind that isn't taken, or a name that says another."""
    found = next((row for row in _MAGIC if head[row[1] : row[1] + len(row[0])] == row[0]), None)
    ending = name.rpartition(".")[2].lower()
    if found is None or ending not in found[3]:
        raise Problem(
            zh="只收 PDF、JPEG、PNG、HEIC 文件。" if found is None else "文件内容与扩展名不符。",
            en="Only PDF, JPEG, PNG and HEIC files are taken."
            if found is None
            else "The file is not of the kind that its name says.",
            where=name,
            todo_zh="请拍照、扫描或另存为 PDF 后再交。"
            if found is None
            else f"其内容为 {found[2]}，请改正扩展名或重新导出。",
            todo_en="Photograph or scan it, or save it as a PDF."
            if found is None
            else f"Its bytes are {found[2]}: correct its name, or export it again.",
        )
    return found[2]


def evidence_keep(file: BinaryIO, name: str) -> Taken:
    """Keep a file under its digest; the same bytes are kept once. Problem: empty, too large, no kind that is taken."""
    name = name.replace("\\", "/").rpartition("/")[2].strip()[:255] or "evidence"
    head = file.read(64)
    digest, size, body = hashlib.sha256(head), len(head), io.BytesIO()
    body.write(head)
    while head and (piece := file.read(_PIECE)):
        size += len(piece)
        if size > MOST_BYTES:
            break
        digest.update(piece)
        body.write(piece)
    if not size or size > MOST_BYTES:
        raise Problem(
            zh="文件是空的。" if not size else f"文件超过 {MOST_BYTES >> 20} MB。",
            en="The file is empty." if not size else f"The file is larger than {MOST_BYTES >> 20} MB.",
            where=name,
            todo_zh="请重新选择文件。" if not size else "请压缩或分成几个文件。",
            todo_en="Choose it again." if not size else "Compress it, or hand it in as several.",
        )
    mime = sniffed(head, name)
    sha256 = digest.hexdigest()
    if not default_storage.exists(path_of(sha256)):
        body.seek(0)
        default_storage.save(path_of(sha256), File(body))
    return Taken(name, mime, size, sha256)


def evidence_bytes(sha256: str) -> Iterator[bytes]:
    """The bytes of a file that was kept, in pieces. Problem where they are gone, or no longer what they were."""
    if not default_storage.exists(path_of(sha256)):
        raise _spoiled(sha256)
    with default_storage.open(path_of(sha256), "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _spoiled(sha256)
    yield data


def path_of(sha256: str) -> str:
    return f"evidence/{sha256[:2]}/{sha256}"


def _spoiled(sha256: str) -> Problem:
    return Problem(
        zh="证据文件缺失或与登记的摘要不符。",
        en="The file is missing, or no longer what its digest says.",
        where=sha256,
        todo_zh="请从备份恢复。",
        todo_en="Restore it from a backup.",
    )
