"""China's administrative divisions: codes of GB/T 2260 and what they are called, as python-stdnum carries them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


@cache
def divisions() -> dict[str, str]:
    """Six-digit code -> present name, of provinces (…0000), prefectures (…00) and counties that exist; code order."""
    found, province = {}, ""
    for line in (files("stdnum.cn") / "loc.dat").read_text(encoding="utf-8").splitlines():
        if match := re.match(r'^(\d\d) province="(.*)"', line):
            province = match[1]
        elif match := re.match(r'^\s+(\d{4}) county="(.*)"', line):
            # [1983-1992]顺德县,[1992-2002]顺德市,[2002-]顺德区: the span without an end, or without a span
            present = [name for until, name in re.findall(r"(?:\[\d*-(\d*)\])?([^\[\],]+)", match[2]) if not until]
            if present:
                found[province + match[1]] = present[-1]
    return found


def division_name(code: str) -> str:
    """What the division of the code's first six digits is called; "" where unknown."""
    return divisions().get(code[:6], "")
