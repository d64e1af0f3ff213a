"""A file between its preview and the user's word: kept aside for two hours, for whoever handed it in."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from mingcha.instance import home
from mingcha.problems import Problem

HOURS = 2
_SALT = "supervision.kept"


def keep(file: UploadedFile, user) -> str:
    """Write the upload aside; the word by which `kept` finds it."""
    place = home() / "tmp" / "handed-in"
    place.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    name, folder = Path(file.name or "").name[-100:] or "file", uuid.uuid4().hex
    (place / folder).mkdir()
    with (place / folder / name).open("wb") as out:
        for piece in file.chunks():
            out.write(piece)
    return signing.dumps([folder, name, user.pk], salt=_SALT)


@contextmanager
def kept(word: str, user) -> Iterator[Path]:
    """The file that `user` handed in. Problem where it is gone, or somebody else's; Problems name it, not our copy."""
    try:
        folder, name, owner = signing.loads(word, salt=_SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        folder, name, owner = "", "", None
    path = home() / "tmp" / "handed-in" / folder / name
    if owner != user.pk or not path.is_file():
        raise Problem(
            zh="上传的文件已过期。",
            en="The file that was handed in is gone.",
            todo_zh="请重新上传。",
            todo_en="Hand it in again.",
        )
    try:
        yield path
    except Problem as problem:
        problem.where = problem.where.replace(str(path), name)
        raise


def forget(word: str) -> None:
    """It was taken in, or given up."""
    try:
        folder = signing.loads(word, salt=_SALT)[0]
    except signing.BadSignature:
        return
    shutil.rmtree(home() / "tmp" / "handed-in" / folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """What was never confirmed goes."""
    for folder in place.iterdir():
        if folder.stat().st_mtime < time.time() - HOURS * 3600:
            shutil.rmtree(folder, ignore_errors=True)
