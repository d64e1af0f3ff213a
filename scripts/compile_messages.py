"""Compiles the .po files of every room to .mo with msgfmt (Debian: gettext). Quick when nothing changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "mingcha"


def main() -> None:
    for po in sorted(PACKAGE.glob("**/locale/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        if not (msgfmt := shutil.which("msgfmt")):
            sys.exit("缺少 msgfmt，请安装 gettext。 / msgfmt is missing: install gettext.")
        subprocess.run([msgfmt, "--check", "-o", str(mo), str(po)], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
