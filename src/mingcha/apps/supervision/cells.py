"""What a cell of a handed-in list says: days, lists, shares, how often. Pure; None or ValueError where it says nothing
that can be understood."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

_CHINESE = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_DAY = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?$")
_OFTEN = re.compile(r"每(年|半年|季度?|月)(?:度)?\s*(?:不少于|至少|不超过)?\s*([\d一两二三四五六七八九十]*)\s*次")
_A_YEAR = re.compile(r"([\d一两二三四五六七八九十]+)\s*次\s*[/／每]\s*(年|半年|季度?|月)")
_TIMES = {"年": 1, "半年": 2, "季": 4, "季度": 4, "月": 12}


def listed(cell: str) -> list[str]:
    """The items of a cell that holds a list, in their order, each once."""
    return list(dict.fromkeys(item.strip() for item in re.split("[;；|、，,\n]", cell) if item.strip()))


def day(cell: str) -> dt.date | None:
    """2026-01-31, 2026/1/31, 2026.1.31, 2026年1月31日; None of an empty cell or 长期. ValueError otherwise."""
    if not cell or cell in ("长期", "长期有效", "-", "—", "/"):
        return None
    if found := _DAY.match(cell.strip()):
        return dt.date(*map(int, found.groups()))
    raise ValueError(cell)


def percent(cell: str) -> Decimal | None:
    """The least share of a cell like 3%, 不低于5%, 3%-5%, 全覆盖; None where it names none. ValueError where it is
    above 100 %, or a bare fraction like 0.03, which may mean 3 % as well as 0.03 %."""
    if re.search("全覆盖|全部|100\\s*%", cell):
        return Decimal(100)
    marked = re.findall(r"(\d+(?:\.\d+)?)\s*[%％]", cell)
    if marked:
        share = min(map(Decimal, marked))
    elif re.fullmatch(r"\d+(?:\.\d+)?", cell.strip()):
        share = Decimal(cell.strip())
        if 0 < share < 1:
            raise ValueError(cell)
    else:
        return None
    if share > 100:
        raise ValueError(cell)
    return share


def times_a_year(cell: str) -> int | None:
    """每年1次, 每季度一次, 2次/年; None where it isn't a number of times in one year."""
    found = _OFTEN.search(cell)
    if found:
        period, many = found.groups()
    elif found := _A_YEAR.search(cell):
        many, period = found.groups()
    else:
        return None
    many = many or "1"
    number = int(many) if many.isdigit() else _CHINESE.get(many, 0)
    return number * _TIMES[period] or None


_LAW = re.compile(r"《([^《》]{2,60})》")
_ARTICLE = re.compile(r"第[一二三四五六七八九十百千零〇\d]+条(?:之[一二三四五六七八九十])?")


def articles(basis: str) -> list[dict[str, object]]:
    """[{"law", "articles"}] as a legal basis names them: each law with the articles up to the next one."""
    pieces = _LAW.split(basis)
    out: dict[str, list[str]] = {}
    for law, rest in zip(pieces[1::2], pieces[2::2], strict=True):
        out.setdefault(law, []).extend(a for a in _ARTICLE.findall(rest) if a not in out.get(law, []))
    return [{"law": law, "articles": found} for law, found in out.items()]
