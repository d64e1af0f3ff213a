"""The house itself: locks, licences, the command, and that nothing names where it was built."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def test_locks_hold_hashes_and_no_registry_addresses():
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.findall(r"^[a-z0-9][^\s=]*==", lock, re.M)
    assert len(entries) > 40
    assert len(re.findall(r"==[^\\]+\\\n\s+--hash=sha256:", lock)) == len(entries)
    for name in ("requirements.lock", "package-lock.json"):
        text = (ROOT / name).read_text()
        assert '"resolved"' not in text and "index-url" not in text and "find-links" not in text


def installed_by_default():
    """Names of all distributions that the default install (no extras) brings, by their own metadata."""
    found, queue = set(), ["mingcha"]
    while queue:
        name = queue.pop()
        if name in found:
            continue
        found.add(name)
        for text in importlib.metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                queue.append(re.sub(r"[-_.]+", "-", requirement.name).lower())
    return found - {"mingcha"}


def test_default_install_has_no_gpl():
    for name in installed_by_default():
        meta = importlib.metadata.metadata(name)
        stated = " ".join(
            [meta.get("License-Expression") or "", (meta.get("License") or "")[:200]]
            + [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
        )
        assert not re.search(r"(?<![L])A?GPL|(?<!Lesser )General Public License", stated), f"{name}: {stated}"


def test_every_dependency_is_explained():
    text = (ROOT / "docs" / "dependencies.md").read_text().lower()
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for line in declared:
        assert Requirement(line).name.lower() in text, line


def test_nothing_names_this_machine():
    mark = re.compile(rb"/(work|root|home/[a-z]+)/(main|shared|\.)")
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            assert not mark.search(path.read_bytes()), path


def test_the_tree_holds_no_links():
    """A clone's link to packages elsewhere, once committed, takes the place of the packages wherever it is pulled."""
    listing = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert not [line for line in listing.splitlines() if line.startswith("120000")]


def test_no_real_data_in_the_project():
    names = [path.name for path in tracked()]
    assert not [n for n in names if n.endswith((".csv.gz", ".parquet", ".xlsx"))]


def test_an_unknown_command_is_refused_and_help_lists_all():
    run = [sys.executable, "-m", "mingcha.cli"]
    assert subprocess.run([*run, "nonsense"], capture_output=True).returncode == 2
    out = subprocess.run([*run, "--help"], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    for name in ("import", "quarantine", "entity", "risk", "draw", "simulate", "bench", "example"):
        assert name in out.stdout


def test_a_test_run_touches_no_instance_but_its_own():
    from django.conf import settings

    from mingcha.testing import HOME

    assert str(settings.STATIC_ROOT) == f"{HOME}/static"
    assert str(settings.DATABASES["default"]["NAME"]).startswith((HOME, "file:memorydb", ":memory:"))
