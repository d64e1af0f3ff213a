"""What all tests share. Their instance is made by mingcha.testing, before any settings are read."""

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def instance(tmp_path, monkeypatch) -> Path:
    """A fresh MINGCHA_HOME for one test that runs the command line as a process of its own."""
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))
    return tmp_path / "instance"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MB, where we may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount a small file system")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data; the test is skipped where there is none."""
    path = Path(os.environ.get("MINGCHA_REALDATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}: set MINGCHA_REALDATA")
    return path
