"""Files that are handed in: bounded, known by their first bytes, kept under their digest."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import PurePath
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.problems import Problem

from ..models import Interview, Listing, Paper, Undertaking
from .events import event_write

MOST = 20 * 2**20  # bytes
_UNPACKED = 200 * 2**20
_PDF, _PNG, _JPEG = "application/pdf", "image/png", "image/jpeg"
_OFD = "application/ofd"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {_PDF: ("pdf",), _PNG: ("png",), _JPEG: ("jpg", "jpeg"), _OFD: ("ofd",), _WORD: ("docx",), _SHEET: ("xlsx",)}
ACCEPT = ",".join(f".{ending}" for endings in ENDINGS.values() for ending in endings)
_MARKS = ((b"%PDF-", _PDF), (b"\x89PNG\r\n\x1a\n", _PNG), (b"\xff\xd8\xff", _JPEG))
_ZIPPED = (("OFD.xml", _OFD), ("word/document.xml", _WORD), ("xl/workbook.xml", _SHEET))


def paper_add(
    *,
    of: Listing | Interview,
    file: Any,
    step: str,
    user: User | None,
    undertaking: Undertaking | None = None,
    quiet: bool = False,
) -> Paper:
    """Keep `file` (an upload, or an opened file with a name) with `of`, in the caller's transaction. Problem: empty,
    too large, of a kind that isn't taken, or its name says another kind than its bytes. `quiet`: a step tells."""
    name = PurePath(str(getattr(file, "name", "") or "file")).name[:200]
    size = _size(file)
    mime = sniffed(file, name, size)
    digest = kept(file)
    paper = Paper.objects.create(
        **{"listing" if isinstance(of, Listing) else "interview": of},
        undertaking=undertaking,
        step=step,
        name=name,
        mime=mime,
        size=size,
        sha256=digest,
        at=timezone.now(),
        by=user,
    )
    if not quiet:
        event_write(of, "paper", user=user, note=name, data={"sha256": digest})
    return paper


@transaction.atomic
def paper_hand_in(*, of: Listing | Interview, file: Any, step: str, user: User) -> Paper:
    """`paper_add` as an act of its own."""
    return paper_add(of=of, file=file, step=step, user=user)


def kept(file: IO[bytes], digest: str = "") -> str:
    """Put the bytes into the storage under their SHA-256, once; the digest, which a large file's reader may know."""
    if not digest:
        file.seek(0)
        read = hashlib.sha256()
        while piece := file.read(1 << 20):
            read.update(piece)
        digest = read.hexdigest()
    place = place_of(digest)
    if not default_storage.exists(place):
        file.seek(0)
        written = default_storage.save(place, File(file))
        if written != place:  # someone stored the same at the same moment
            default_storage.delete(written)
    return digest


def place_of(digest: str) -> str:
    return f"papers/{digest[:2]}/{digest}"


def sniffed(file: IO[bytes], name: str, size: int) -> str:
    """The MIME type by the bytes; Problem as in `paper_add`."""
    if size == 0 or size > MOST:
        raise Problem(
            zh="文件是空的。" if not size else f"文件有 {size / 2**20:.1f} MB，超过 {MOST >> 20} MB。",
            en="The file is empty." if not size else f"The file has {size / 2**20:.1f} MB; {MOST >> 20} MB are taken.",
            where=name,
            todo_zh="请重新选择文件；扫描件可降低分辨率或分成几份。",
            todo_en="Choose another; a scan can be made smaller, or cut in parts.",
        )
    file.seek(0)
    head = file.read(16)
    mime = next((mime for mark, mime in _MARKS if head.startswith(mark)), "")
    if head.startswith(b"PK\x03\x04"):
        mime = _of_zip(file, name)
    ending = PurePath(name).suffix.lower().lstrip(".")
    if not mime or ending not in ENDINGS[mime]:
        raise Problem(
            zh="不接收这种文件。"
            if not mime
            else f"文件名的后缀“.{ending}”与内容不符：内容是 {ENDINGS[mime][0].upper()}。",
            en="Files of this kind aren't taken."
            if not mime
            else f"The name ends in .{ending}, but the bytes are those of a {ENDINGS[mime][0].upper()}.",
            where=name,
            todo_zh="请上传 PDF、OFD、JPG、PNG、DOCX 或 XLSX，后缀与内容一致。",
            todo_en="Give a PDF, OFD, JPG, PNG, DOCX or XLSX whose name says the same.",
        )
    return mime


def _of_zip(file: IO[bytes], name: str) -> str:
    """What a zip container is by what lies in it; nothing is unpacked."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as container:
            entries = container.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    if len(entries) > 5_000 or sum(entry.file_size for entry in entries) > _UNPACKED:
        raise Problem(
            zh="文件解压后过大，拒绝接收。",
            en="Unpacked, the file would be too large: it is refused.",
            where=name,
            todo_zh="请另存为 PDF 后上传。",
            todo_en="Save it as a PDF and give that.",
        )
    names = {entry.filename for entry in entries}
    return next((mime for inside, mime in _ZIPPED if inside in names), "")


def _size(file: Any) -> int:
    file.seek(0, 2)
    size: int = file.tell()
    file.seek(0)
    return size
