"""What is handed in when a frame is frozen: parties' public keys, the directory of inspectors, who must be visited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mingcha.problems import Problem

NAMES = ("name", "姓名")  # what the column of names may be called


@dataclass(frozen=True)
class Directory:
    """`sealed`: what goes into the draw. `people`: [{"id", "name", "areas", "certified", "load", ...}]."""

    sealed: dict[str, Any]
    people: list[dict[str, Any]]


def read_departments(path: Path) -> list[str]:
    """The department of each inspector of a CSV that `read_directory` takes. Raises Problem."""
    from mingcha.engines.sampling.inspectors import read_inspectors

    return [one.department for one in read_inspectors(path)]


def read_directory(path: Path, day: str, departments: tuple[str, ...] = ()) -> Directory:
    """The CSV of `mingcha draw prepare --inspectors` (id, areas, certified, load; perhaps skills, conflicts; department
    in a joint inspection of `departments`), to which a column of names may be added. `areas` are districts as the
    entities have them. Raises Problem."""
    from mingcha.engines.sampling.frame import read_table
    from mingcha.engines.sampling.inspectors import Rules, directory, read_inspectors

    from .draw_words import day_of

    inspectors = read_inspectors(path)
    table = read_table(path)
    names = next((table[name] for name in NAMES if name in table), table["id"])
    people = [asdict(one) | {"name": name or one.id} for one, name in zip(inspectors, names, strict=True)]
    if departments:
        inspectors = [one for one in inspectors if one.department in departments]
    return Directory(directory(inspectors, Rules(day_of(day), departments=departments)), people)


def read_parties(paths: Iterable[Path]) -> dict[str, bytes]:
    """{party: public key} from the files that `mingcha draw keygen` makes. Problem where two are of one party."""
    from mingcha.engines.sampling.keys import read_party

    parties: dict[str, bytes] = {}
    for path in paths:
        party, key = read_party(path)
        if party in parties:
            raise Problem(
                zh=f"两个公钥文件都是“{party}”的",
                en=f"Two .pub files are of the same party, {party}",
                where=str(path),
                todo_zh="每个参与方一个公钥。",
                todo_en="Give one of each party.",
            )
        parties[party] = key
    return parties


def read_ids(path: Path) -> set[str]:
    """The column id of a CSV."""
    from mingcha.engines.sampling.frame import COLUMNS, read_table

    table = read_table(path)
    column = next((table[name] for name in COLUMNS["id"] if name in table), None)
    if column is None:
        raise Problem(
            zh="名单缺少 id 列",
            en="The list has no column id",
            where=str(path),
            todo_zh=f"可用列名：{'、'.join(COLUMNS['id'])}",
            todo_en=f"Its name may be any of {', '.join(COLUMNS['id'])}",
        )
    return {name for name in column if name}
