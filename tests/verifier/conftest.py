import importlib.util
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.engines.sampling.small_draw import finished, joint_staff

from mingcha.engines.sampling import fieldwork, results

VERIFIER = Path(__file__).resolve().parents[2] / "verifier" / "verify_draw.py"


def load_verifier():
    spec = importlib.util.spec_from_file_location("verify_draw", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def verifier():
    return load_verifier()


@dataclass(frozen=True)
class Draw:
    """A finished draw's files by kind, and a folder for spoiled copies."""

    made: object
    paths: dict[str, Path]

    def value(self, kind):
        return json.loads(self.paths[kind].read_bytes())


@pytest.fixture(scope="session")
def draw(tmp_path_factory):
    made = finished(tmp_path_factory.mktemp("verified"), units=10, take=4)
    drawn = results.receipts(made.folder)
    every = results.receipts(made.folder, made.frame.ids)
    results.open_leaves(made.folder)
    fieldwork.assign(made.folder)
    design = (made.secret / "design.csv").read_text("utf-8-sig").splitlines()
    fieldwork.replace_unit(made.folder, design[1].split(",")[0], "已注销")
    for name in ("replacements.json", "../draw-secret/assignment.json"):
        fieldwork.countersign(made.folder, (made.folder / name).resolve(), made.key("公证处"))
    paths = {
        "public": made.folder / "public.json",
        "audit": made.secret / "audit.json",
        "receipt": drawn[0],
        "undrawn": next(path for path in every if path not in drawn),
        "opening": made.secret / "opening.json",
        "assignment": made.secret / "assignment.json",
        "replacements": made.folder / "replacements.json",
        "joint": joint(tmp_path_factory.mktemp("joint")),
    }
    return Draw(made, paths)


def joint(at):
    """An assignment of two departments, of a draw of its own."""
    made = finished(at, units=10, take=4, staff=joint_staff())
    fieldwork.assign(made.folder)
    fieldwork.countersign(made.folder, made.secret / "assignment.json", made.key("公证处"))
    return made.secret / "assignment.json"


@pytest.fixture
def spoil(tmp_path, draw):
    """`spoil(kind, change)`: the path of a copy that `change(value)` was made to."""

    def spoiled(kind, change):
        value = draw.value(kind)
        path = tmp_path / f"{kind}.json"
        path.write_text(json.dumps(change(value) or value, ensure_ascii=False))
        return path

    return spoiled


@pytest.fixture
def said(verifier, capsys):
    """`said(path, ...)`: (exit status, what was printed in English)."""

    def run(*arguments):
        status = verifier.main([*map(str, arguments), "--lang", "en"])
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def copied(tmp_path):
    def copy(path):
        return Path(shutil.copy(path, tmp_path / path.name))

    return copy
