"""Shipped data standards: what a field of a kind must look like, as a condition on its typed column.

Sources: GB 32100-2015 (USCC) and GS 15-2006 (15-digit registration number), checked by engines/linkage;
GB 11643-1999 (citizen's number); GB/T 2260 (division codes); the numbering of mainland telephones and postcodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mingcha.engines.linkage import identifiers

if TYPE_CHECKING:
    import pyarrow as pa

    Flags = identifiers.Flags


@dataclass(frozen=True)
class Standard:
    """Either `sql`, DuckDB's, over {f}, the typed field, and {now}, the local time of reception; or `column`, a check
    of a whole column of texts, which is several times as fast as SQL arithmetic or a function called by SQL. `folded`:
    SQL over {f} that is true of a text, spelt in capitals or half-width, that would be right."""

    reason_zh: str
    reason_en: str
    types: tuple[str, ...] = ("string",)
    sql: str = ""
    column: Callable[[pa.Array], Flags] | None = None
    folded: str = ""


_PROVINCES = "11|12|13|14|15|21|22|23|31|32|33|34|35|36|37|41|42|43|44|45|46|50|51|52|53|54|61|62|63|64|65|71|81|82"
_MOBILE = r"(\+?86[- ]?)?1[3-9][0-9]{{9}}"
_FIXED = r"(\+?86[- ]?)?(0[0-9]{{2,3}}[- ]?)?[2-9][0-9]{{6,7}}([-转][0-9]{{1,6}})?"
_SERVICE = r"[48]00[- ]?[0-9]{{3}}[- ]?[0-9]{{4}}|1[0-9]{{4}}"


def cn_id_valid(numbers: pa.Array) -> Flags:
    """Which of a string array are 18-character citizens' numbers: province, date of birth, check character."""
    import numpy as np
    import pyarrow.compute as pc

    shape = pc.fill_null(pc.match_substring_regex(numbers, r"^[0-9]{17}[0-9X]$"), False)
    right: Flags = shape.to_numpy(zero_copy_only=False)
    texts = "".join(pc.filter(numbers, shape).to_pylist()).encode()
    digits = np.frombuffer(texts, np.uint8).reshape(-1, 18).astype(np.int32) - ord("0")
    weights = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int32)
    expected = np.array([1, 0, ord("X") - ord("0"), 9, 8, 7, 6, 5, 4, 3, 2], np.int32)[digits[:, :17] @ weights % 11]
    year = digits[:, 6:10] @ np.array([1000, 100, 10, 1])
    month, day = digits[:, 10] * 10 + digits[:, 11], digits[:, 12] * 10 + digits[:, 13]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    length = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, *[0] * 87])[month] + (leap & (month == 2))
    good = (digits[:, 17] == expected) & (year >= 1880) & (day >= 1) & (day <= length)
    good &= np.isin(digits[:, 0] * 10 + digits[:, 1], [int(p) for p in _PROVINCES.split("|")])
    right = right.copy()
    right[right] = good
    return right


def registration_no_valid(numbers: pa.Array) -> Flags:
    """Which of a string array are what a firm was registered under, then or now: a USCC, a 15-digit number with a true
    check digit, or an older certificate's number (13 digits, or in words: 企合粤佛总字第000123号)."""
    import pyarrow.compute as pc

    older = pc.match_substring_regex(numbers, r"^([0-9]{13}|.{1,16}字第.{0,2}[0-9]{3,8}号?)$")
    flags: Flags = pc.fill_null(older, False).to_numpy(zero_copy_only=False)
    return flags | identifiers.uscc_valid(numbers) | identifiers.legacy15_valid(numbers)


STANDARDS: dict[str, Standard] = {
    "uscc": Standard(
        "不是有效的统一社会信用代码（18 位，校验码须正确）",
        "not a valid unified social credit code (18 characters with a right check character)",
        column=identifiers.uscc_valid,
        folded="uscc_valid({f})",
    ),
    "legacy15": Standard(
        "不是有效的 15 位工商注册号（校验位须正确）",
        "not a valid 15-digit registration number (with a right check digit)",
        column=identifiers.legacy15_valid,
        folded="legacy15_valid({f})",
    ),
    "registration_no": Standard(
        "不是有效的统一社会信用代码（校验码须正确）、15 位注册号（校验位须正确）或更早的证照号",
        "not a valid USCC or 15-digit registration number (with a right check character), nor an older certificate's",
        column=registration_no_valid,
        folded="(uscc_valid({f}) OR legacy15_valid({f}))",
    ),
    "cn_id": Standard(
        "不是有效的公民身份号码（18 位，出生日期和校验码须正确）",
        "not a valid citizen's identity number (18 characters with a date of birth and a right check character)",
        column=cn_id_valid,
    ),
    "postcode_cn": Standard(
        "邮政编码应为 6 位数字", "a postcode has six digits", sql="regexp_full_match({f}, '[0-9]{{6}}')"
    ),
    "phone_cn": Standard(
        "不是电话号码", "not a telephone number", sql=f"regexp_full_match({{f}}, '{_MOBILE}|{_FIXED}|{_SERVICE}')"
    ),
    "gb_t_2260": Standard(
        "不是行政区划代码（GB/T 2260，6 位）",
        "not a division code (GB/T 2260, six digits)",
        sql=f"regexp_full_match({{f}}, '({_PROVINCES})[0-9]{{{{4}}}}')",
    ),
    "readable": Standard(
        "文字有乱码（含替换符 U+FFFD）",
        "the text is garbled (it holds the replacement character U+FFFD)",
        sql="NOT contains({f}, '\ufffd')",
    ),
    "not_future": Standard("日期在将来", "the date is in the future", ("date", "timestamp"), "{f} <= {now}"),
    "latitude": Standard(
        "纬度应在 -90 与 90 之间", "a latitude is between -90 and 90", ("number",), "{f} BETWEEN -90 AND 90"
    ),
    "longitude": Standard(
        "经度应在 -180 与 180 之间", "a longitude is between -180 and 180", ("number",), "{f} BETWEEN -180 AND 180"
    ),
}
