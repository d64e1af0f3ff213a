"""A pytest plugin: every test run has an instance of its own, thrown away at its end.

pytest-django reads the settings before any conftest, and the settings make the instance's folder: so this is loaded by
`-p mingcha.testing` (pyproject.toml), which comes before both.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

HOME = tempfile.mkdtemp(prefix="mingcha-test-")
os.environ["MINGCHA_HOME"] = HOME
os.environ.setdefault("MINGCHA_LANG", "en")


def pytest_unconfigure(config: Any) -> None:
    shutil.rmtree(HOME, ignore_errors=True)
