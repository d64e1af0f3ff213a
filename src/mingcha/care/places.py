"""Where a backup lies: a folder, or one file (tar). Written aside, its manifest last, then renamed; sealed or not.

Both kinds are written by `add` and `link` and finished by `finish`; both are read by `open_backup`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mingcha.engines.lake.folder import sync
from mingcha.problems import Problem

from . import sealing
from .manifest import Entry, Manifest, read_manifest

PLAIN, SEALED = "manifest.json", "manifest.sealed"
PIECE = 1 << 20
BLOCK = 512  # tar's
Passed = Callable[[int], None]  # told of every piece's bytes


def pieces(source: IO[bytes], size: int | None = None) -> Iterator[bytes]:
    """`source` in pieces; exactly `size` bytes, where it is given: OSError if it has fewer."""
    left = size
    while left is None or left > 0:
        piece = source.read(PIECE if left is None else min(PIECE, left))
        if not piece:
            if left:
                raise OSError(f"{getattr(source, 'name', '')}: shorter than it was")
            return
        if left is not None:
            left -= len(piece)
        yield piece


def hashed(source: Iterable[bytes], digest: Any, passed: Passed | None = None) -> Iterator[bytes]:
    for piece in source:
        digest.update(piece)
        if passed:
            passed(len(piece))
        yield piece


@dataclass
class Writing:
    """A backup that is being written beside its place. `since`: where the files of a former one may be linked."""

    target: Path
    passphrase: str = ""
    salt: bytes = b""
    tar: IO[bytes] | None = None

    @property
    def aside(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    def add(self, path: str, source: IO[bytes], *, secret: bool = False, passed: Passed | None = None) -> Entry:
        """Copy `source` to `path` in the backup, safe on disk; its entry for the manifest."""
        size = os.fstat(source.fileno()).st_size
        digest = hashlib.sha256()
        content: Iterable[bytes] = hashed(pieces(source, size), digest, passed)
        stored = size
        if self.passphrase:
            content, stored = sealing.seal(content, self.passphrase, self.salt), sealing.sealed_size(size)
        self._write(path, content, stored)
        return Entry(path, size, digest.hexdigest(), secret)

    def take(self, path: str, made: Path, *, passed: Passed | None = None) -> Entry:
        """As `add`, of a file that was made for the backup and is safe on disk: renamed where that does."""
        with made.open("rb") as source:
            if self.tar or self.passphrase:
                return self.add(path, source, secret=True, passed=passed)
            digest = hashlib.sha256()
            size = sum(len(piece) for piece in hashed(pieces(source), digest, passed))
        place = self.aside / path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made.rename(place)
        return Entry(path, size, digest.hexdigest(), True)

    def link(self, path: str, former: Path) -> bool:
        """Take a file of a former backup by a hard link; False where the disk can't."""
        place = self.aside / path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            os.link(former, place)
        except OSError:
            return False
        return True

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, and give the backup its name."""
        text = json.dumps(manifest.as_json(), ensure_ascii=False, indent=1).encode()
        if self.passphrase:
            sealed = list(sealing.seal([text], self.passphrase, self.salt))
            self._write(SEALED, sealed, sum(map(len, sealed)))
        else:
            self._write(PLAIN, [text], len(text))
        if self.tar:
            self.tar.write(bytes(2 * BLOCK))
            self.tar.flush()
            os.fsync(self.tar.fileno())
            self.tar.close()
        else:
            for folder in sorted((p for p in self.aside.rglob("*") if p.is_dir()), reverse=True):
                sync(folder)
            (self.aside / ".lock").unlink(missing_ok=True)
            sync(self.aside)
        self.aside.rename(self.target)
        sync(self.target.parent)

    def _write(self, path: str, content: Iterable[bytes], size: int) -> None:
        if self.tar:
            head = tarfile.TarInfo(path)
            head.size, head.mode = size, 0o600
            self.tar.write(head.tobuf(format=tarfile.PAX_FORMAT))
            for piece in content:
                self.tar.write(piece)
            self.tar.write(bytes(-size % BLOCK))
            return
        place = self.aside / path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            for piece in content:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())


@contextlib.contextmanager
def writing(target: Path, *, passphrase: str = "", salt: bytes = b"") -> Iterator[Writing]:
    """Make a backup at `target`: a tar where the name ends so, else a folder. Nothing of it is left where it fails;
    what a kill left of an earlier try goes first. Problem where something is there."""
    if target.exists():
        raise Problem(
            zh="那里已经有东西：备份不覆盖任何文件。",
            en="There is something already: a backup overwrites nothing.",
            where=str(target),
            todo_zh="请另取一个名称，例如加上日期。",
            todo_en="Choose another name, with the date for instance.",
        )
    place = Writing(target, passphrase, salt or sealing.new_salt())
    place.aside.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        if is_tar(target):
            place.tar = stack.enter_context(_private(place.aside))
            _only_one(place.tar, target)
            place.tar.truncate(0)
        else:
            place.aside.mkdir(mode=0o700, exist_ok=True)
            lock = stack.enter_context(_private(place.aside / ".lock"))
            _only_one(lock, target)
            for left in place.aside.iterdir():
                if left.name != ".lock":
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield place
        except BaseException:
            if place.tar:
                place.aside.unlink(missing_ok=True)
            else:
                shutil.rmtree(place.aside, ignore_errors=True)
            raise


def is_tar(path: Path) -> bool:
    return path.suffix == ".tar"


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b")


def _only_one(file: IO[bytes], target: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem(
            zh="另一个进程正在写这份备份。",
            en="Another process is writing this backup.",
            where=str(target),
            todo_zh="请等它结束，或另取一个名称。",
            todo_en="Wait until it is done, or choose another name.",
        ) from None


@dataclass
class Backup:
    """A backup that is there, with its manifest."""

    path: Path
    manifest: Manifest
    passphrase: str = ""
    members: dict[str, tarfile.TarInfo] | None = None  # of a tar

    def stored(self, path: str) -> int | None:
        """Bytes of `path` as it lies there; None where it is missing."""
        if self.members is not None:
            return self.members[path].size if path in self.members else None
        try:
            return (self.path / path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def expected(self, entry: Entry) -> int:
        return sealing.sealed_size(entry.bytes) if self.passphrase else entry.bytes

    def content(self, path: str) -> Iterator[bytes]:
        with _reading(self.path, path, self.members) as source:
            if self.passphrase:
                yield from sealing.unseal(source, self.passphrase, where=f"{self.path}: {path}")
            else:
                yield from pieces(source)

    @property
    def salt(self) -> bytes:
        with _reading(self.path, SEALED, self.members) as source:
            return sealing.salt_of(source, str(self.path))


@contextlib.contextmanager
def _reading(root: Path, path: str, members: dict[str, tarfile.TarInfo] | None) -> Iterator[IO[bytes]]:
    if members is None:
        with (root / path).open("rb") as file:
            yield file
        return
    with tarfile.open(root, "r:") as tar:
        source = tar.extractfile(members[path])
        assert source
        yield source


def open_backup(path: Path, passphrase: str = "") -> Backup:
    """The backup at `path`, its manifest read and checked. Problem where there is none, it was not finished, it is of
    another system or of a newer version of this, or it is sealed and there is no passphrase."""
    members = None
    if path.is_file():
        try:
            with tarfile.open(path, "r:") as tar:
                members = {member.name: member for member in tar.getmembers() if member.isfile()}
        except tarfile.TarError as error:
            raise _no_backup(path, str(error)) from None
    elif not path.is_dir():
        raise Problem(
            zh="那里没有备份。",
            en="There is no backup.",
            where=str(path),
            todo_zh="请检查路径。",
            todo_en="Check the path.",
        )
    there = set(members) if members is not None else {p.name for p in path.iterdir()}
    if PLAIN in there:
        with _reading(path, PLAIN, members) as source:
            return Backup(path, read_manifest(source.read(), str(path)), "", members)
    if SEALED not in there:
        raise _no_backup(path, PLAIN)
    if not passphrase:
        raise Problem(
            zh="这份备份是加密的，需要口令。",
            en="This backup is sealed: its passphrase is needed.",
            where=str(path),
            todo_zh="请设置环境变量 MINGCHA_BACKUP_PASSPHRASE。",
            todo_en="Set MINGCHA_BACKUP_PASSPHRASE.",
        )
    with _reading(path, SEALED, members) as source:
        text = b"".join(sealing.unseal(source, passphrase, where=f"{path}: {SEALED}"))
    return Backup(path, read_manifest(text, str(path)), passphrase, members)


def _no_backup(path: Path, said: str) -> Problem:
    return Problem(
        zh=f"这不是一份完成的备份：没有清单（{said}）。备份被中断，或这是别的东西。",
        en=f"This is no finished backup: it has no manifest ({said}). It was cut off, or it is something else.",
        where=str(path),
        todo_zh="请用另一份备份。",
        todo_en="Take another backup.",
    )
