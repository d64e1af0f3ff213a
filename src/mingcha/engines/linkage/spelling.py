"""Names and addresses in one spelling, for finding who shares them, and the words by which they are searched.

Each function exists twice with one meaning: in Python for one text, in DuckDB's SQL for a column. The patterns are such
that Python's `re` and RE2 read them alike.
"""

from __future__ import annotations

import re

from .identifiers import half_width, half_width_sql

HAN = "\u3400-\u9fff"
_NOT_A_WORD = f"[^0-9A-Za-z{HAN}]+"
_LEGAL_FORM = (
    "(有限责任公司|股份有限公司|有限公司|股份公司|总公司|公司|有限合伙|普通合伙|合伙企业|个体工商户"
    "|(INCORPORATED|CORPORATION|COMPANY|LIMITED|LLC|INC|CORP|LTD|CO|LLP|LP)+)$"
)
_REMARK = r"[(\[【〔][^)\]】〕]*[)\]】〕]"
_PROVINCE_CITY = (
    r"^(中国)?(.{2,3}省|内蒙古自治区|广西壮族自治区|宁夏回族自治区|西藏自治区|新疆维吾尔自治区)?"
    r"([^市区县镇路街号]{2,7}市|[^市区县镇路街号]{2,8}自治州|[^市区县镇路街号]{2,4}地区)?"
)
_BEYOND_DOOR = "^(.*?(路|街|道|巷|弄|里|村|庄|镇|区|园|坊|大厦|广场|城)[^号]{0,8}[0-9]+([-之][0-9]+)?号).*$"


def name_key(name: str) -> str:
    """A firm's name without brackets' marks, signs, spaces and legal form: what two writings of it share.

    佛山市粤鸿（集团）有限公司 and 佛山市粤鸿集团有限责任公司 give 佛山市粤鸿集团. A branch keeps its own name.
    """
    return re.sub(_LEGAL_FORM, "", _bare(name), count=1)


def name_key_sql(column: str) -> str:
    """`name_key` of a text column."""
    return f"regexp_replace({_bare_sql(column)}, '{_LEGAL_FORM}', '')"


def address_key(address: str) -> str:
    """An address down to its door: no province, city, remarks in brackets, signs, floor or room.

    广东省佛山市禅城区锦华路35号二楼（住所申报） gives 禅城区锦华路35号; one without a door number keeps all it has.
    """
    text = re.sub(_REMARK, "", half_width(address))
    return re.sub(_BEYOND_DOOR, r"\1", re.sub(_PROVINCE_CITY, "", _bare(text), count=1), count=1)


def address_key_sql(column: str) -> str:
    """`address_key` of a text column."""
    text = f"regexp_replace({half_width_sql(column)}, '{_REMARK}', '', 'g')"
    return rf"regexp_replace(regexp_replace({_bare_sql(text)}, '{_PROVINCE_CITY}', ''), '{_BEYOND_DOOR}', '\1')"


def words(text: str) -> list[str]:
    """The pieces by which a text is found, each once: pairs of neighbours if one is Han, triples of letters and digits.

    粤鸿餐饮 -> 粤鸿 鸿餐 餐饮; yhcy -> yhc hcy. A text that has all pieces of another contains it, but for rare chance.
    """
    bare = _bare(text).lower()
    pairs = [bare[i : i + 2] for i in range(len(bare) - 1)]
    triples = [bare[i : i + 3] for i in range(len(bare) - 2)]
    return list(dict.fromkeys([*(p for p in pairs if not p.isascii()), *(t for t in triples if t.isascii())]))


def words_sql(column: str) -> str:
    """`words` of a text column, as a list that may hold a piece more than once."""
    pairs = "list_transform(range(1, length(bare)), lambda i: substr(bare, i, 2))"
    triples = "list_transform(range(1, length(bare) - 1), lambda i: substr(bare, i, 3))"
    return (
        f"list_transform([lower({_bare_sql(column)})], lambda bare: "
        f"list_filter({pairs}, lambda w: strlen(w) > 2) || list_filter({triples}, lambda w: strlen(w) = 3))[1]"
    )


def contains(text: str, part: str) -> bool:
    """Whether `part` stands in `text`, both in bare spelling."""
    return _bare(part) in _bare(text)


def _bare(text: str) -> str:
    return re.sub(_NOT_A_WORD, "", half_width(text)).upper()


def _bare_sql(column: str) -> str:
    return f"upper(regexp_replace({half_width_sql(column)}, '{_NOT_A_WORD}', '', 'g'))"
