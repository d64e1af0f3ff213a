"""A factor's name and its titles in Chinese and English, made from its declaration: nobody writes a thousand titles."""

from __future__ import annotations

import re
from dataclasses import replace

from mingcha.engines.lake.contract import Contract

from .factor import Factor, Signal

_FAMILY_OF_ROLE = {
    "address": ("地址", "address"),
    "name": ("名称", "name"),
    "representative": ("法定代表人", "legal representative"),
    "agent": ("代理机构", "agent"),
    "industry": ("行业", "industry"),
    "phone": ("电话", "telephone"),
    "district": ("辖区", "district"),
}
_STATISTICS = {
    "count": ("次数", "number of"),
    "sum": ("合计", "sum of"),
    "mean": ("平均", "mean of"),
    "rate": ("比例", "share of"),
    "max": ("最大值", "greatest"),
    "last": ("最近一次", "latest"),
    "days_since": ("距今天数", "days since"),
    "valid": ("当前有效条数", "now valid"),
    "others": ("数量", "number of"),
}
_CALENDAR = {
    "year_sin": ("季节（正弦）", "Season (sine)"),
    "year_cos": ("季节（余弦）", "Season (cosine)"),
    "weekday": ("星期", "Weekday"),
    "month": ("月份", "Month"),
}


_COMPARISON = re.compile(  # field = 'value', field > 5, field IN ('a', 'b')
    r"(?P<field>\w+) (?:(?P<sign>=|<>|>=|<=|>|<) (?P<value>'[^',]*'|-?[\d.]+)"
    r"|IN \((?P<values>'[^',]*'(?:, ?'[^',]*')*)\))"
)
_SIGNS_ZH = {"=": "为", "<>": "不为", ">": "大于", "<": "小于", ">=": "不小于", "<=": "不大于", "IN": "为"}
_SIGNS_EN = {"<>": "not", "IN": "one of"}


def named(factor: Factor, contract: Contract | None) -> Factor:
    """`factor` with its name and titles."""
    if contract is None:
        zh, en = _CALENDAR[factor.signal.name]
        return replace(factor, name=f"calendar.{factor.signal.name}", title_zh=zh, title_en=en)
    return replace(factor, name=_name(factor), title_zh=_chinese(factor, contract), title_en=_english(factor, contract))


def meaning(factor: Factor, contract: Contract | None) -> dict[str, str]:
    """{"zh", "en"}: where a factor comes from, when its facts are known (and whether that is assumed), how it is
    smoothed. For its card."""
    if contract is None:
        return {"zh": "取自日期本身，对所有主体相同。", "en": "Of the day itself, the same for everyone."}
    title_zh, title_en = two_languages(contract.title)
    department_zh, department_en = two_languages(contract.department)
    known_zh, known_en = _known(contract)
    zh = f"来源：{department_zh or '未说明部门'}“{title_zh}”。{known_zh}。"
    en = f"Source: {title_en}{f', {department_en}' if department_en else ''}. {known_en}."
    if factor.statistic == "rate":
        zh += f"记录少时向 {factor.prior:.3g} 收缩（相当于 {factor.strength:g} 条）。"
        en += f" With few records it is drawn towards {factor.prior:.3g}, as by {factor.strength:g} more."
    return {"zh": zh, "en": en}


def _known(contract: Contract) -> tuple[str, str]:
    if contract.known_time:
        zh, en = two_languages(contract.field(contract.known_time).title or contract.known_time)
        return f"何时可知：以来源所载“{zh}”为准", f"Known when the source says so ({en})"
    if contract.known_lag is not None:
        days = "day" if contract.known_lag == 1 else "days"
        return (
            f"何时可知：假定为事后 {contract.known_lag} 天",
            f"Assumed known {contract.known_lag} {days} after it happened",
        )
    if contract.known_since:
        return f"何时可知：假定自 {contract.known_since} 起", f"Assumed known since {contract.known_since}"
    return "何时可知：以我方收到时为准", "Known when we received it"


def two_languages(title: str) -> tuple[str, str]:
    """ "中文 / English" in its parts; both the same where there is one."""
    zh, _, en = title.partition(" / ")
    return zh.strip(), (en or zh).strip()


def _name(f: Factor) -> str:
    circle = ""
    if f.peer:
        circle = f"same_{f.peer.name}" + ("_words" if f.peer.form == "words" else "")
    elif f.radius:
        circle = f"within_{f.radius}m" + ("_kernel" if f.kernel else "")
    span = f"{f.window}d" if f.window else f"half{f.half_life}d" if f.half_life else "all"
    timeless = f.statistic in ("last", "days_since", "max", "valid", "others")
    over = "" if f.over == "mean" else f.over
    what = "" if f.statistic in ("valid", "others") else f.signal.label
    return ".".join(p for p in (f.dataset, circle, what, f.statistic, over, "" if timeless else span) if p)


def _signal(f: Factor, contract: Contract) -> tuple[str, str]:
    s = f.signal
    if s.kind == "rows":
        return "记录", "records"
    if s.kind == "condition":
        points = contract.inspections.risk_points if contract.inspections else ()
        titles = {p.name: (p.title_zh, p.title_en) for p in points} | {"unplanned": ("因故检查", "visits with a cause")}
        return titles.get(s.name) or _condition(s, contract)
    field = contract.field(s.name)
    zh, en = two_languages(field.title or s.name)
    if s.kind == "topic":
        words = s.value.split("|")
        return f"{zh}提到“{'、'.join(words)}”", f"{en} that mention {', '.join(words)}"
    return (f"{zh}为“{s.value}”", f"{en} = {s.value}") if s.kind == "category" else (zh, en)


def _condition(s: Signal, contract: Contract) -> tuple[str, str]:
    """What a condition asks, where it asks one thing of one field; else its name."""
    found = _COMPARISON.fullmatch(s.expression.strip())
    named = {f.name: f for f in contract.fields}
    if not found or found["field"] not in named:
        return s.name, s.name.replace("_", " ")
    zh, en = two_languages(named[found["field"]].title or found["field"])
    values = [value.strip().strip("'") for value in (found["value"] or found["values"]).split(",")]
    sign = found["sign"] or "IN"
    return f"{zh}{_SIGNS_ZH[sign]}“{'、'.join(values)}”", f"{en} {_SIGNS_EN.get(sign, sign)} {', '.join(values)}"


def _peer(f: Factor) -> tuple[str, str]:
    assert f.peer is not None
    zh, en = _FAMILY_OF_ROLE.get(f.peer.name, (f.peer.name, f.peer.name.replace("_", " ")))
    return (f"{zh}用词", f"words in the {en}") if f.peer.form == "words" else (zh, en)


def _chinese(f: Factor, contract: Contract) -> str:
    signal, statistic = _signal(f, contract)[0], _STATISTICS[f.statistic][0]
    who = ""
    if f.peer:
        who = f"同{_peer(f)[0]}的其他主体"
    elif f.radius:
        whose = "" if f.family == "density" else "其他主体"
        who = f"周边{f.radius}米内{whose}" + ("（近者权重大）" if f.kernel else "")
    if f.statistic == "others":
        return who + statistic
    span = f"近{f.window}天" if f.window else f"按{f.half_life}天半衰" if f.half_life else "历来"
    if f.statistic in ("last", "days_since", "max", "valid"):
        span = ""
    if f.statistic == "last" and f.signal.kind == "date":
        signal, statistic = f"最近一次{signal}", "距今天数"
    adjusted = {"mean": "", "max": "（最高者）", "min": "（最低者）"}[f.over]
    adjusted += "（扣除检查人员尺度）" if f.signal.adjusted else ""
    return f"{who}{span}“{two_languages(contract.title)[0]}”{signal}{statistic}{adjusted}"


def _english(f: Factor, contract: Contract) -> str:
    signal, statistic = _signal(f, contract)[1], _STATISTICS[f.statistic][1]
    who = ""
    if f.peer:
        who = f", others with the same {_peer(f)[1]}"
    elif f.radius:
        whose = "" if f.family == "density" else "others "
        who = f", {whose}within {f.radius} m" + (" (the nearer weigh more)" if f.kernel else "")
    if f.statistic == "others":
        return f"Number of others{who.removeprefix(', others').removeprefix(', ')}" if f.peer else f"Number{who}"
    span = f", last {f.window} days" if f.window else f", half-life {f.half_life} days" if f.half_life else ", ever"
    if f.statistic in ("last", "days_since", "max", "valid"):
        span = ""
    if f.statistic == "last" and f.signal.kind == "date":
        statistic = "days since the latest"
    adjusted = {"mean": "", "max": ", the highest", "min": ", the lowest"}[f.over]
    adjusted += ", less the inspector's average" if f.signal.adjusted else ""
    return f"{two_languages(contract.title)[1]}: {statistic} {signal}{who}{span}{adjusted}"


def for_the_firm(factor: Factor, contract: Contract | None) -> dict[str, str] | None:
    """{"zh", "en"}: what a factor looks at, in words for the firm that it is about. None for the calendar.

    Of others it says only that there are others: never who, nor how they did. Of a text it says that it was read, not
    for which words: those of a complaint would tell who complained. Who inspected isn't spoken of.
    """
    if contract is None or factor.family in ("calendar", "date"):
        return None
    title_zh, title_en = two_languages(contract.title)
    if factor.family == "peers" and factor.peer:
        peer_zh, peer_en = _peer(factor)
        return {
            "zh": f"与贵单位{peer_zh}相同的主体在“{title_zh}”中的总体情况（不涉及任何一户）",
            "en": f"How those with the same {peer_en} stand in “{title_en}” as a whole (no single firm)",
        }
    if factor.family in ("peers", "neighbours", "density"):
        return {
            "zh": f"贵单位经营场所周边在“{title_zh}”中的总体情况（不涉及任何一户）",
            "en": f"How the surroundings of your premises stand in “{title_en}” as a whole (no single firm)",
        }
    signal_zh, signal_en = _signal(factor, contract)
    if factor.signal.kind == "topic":
        signal_zh, signal_en = "某类内容", "a kind of content"
    statistic_zh, statistic_en = _STATISTICS[factor.statistic]
    if factor.statistic == "last" and factor.signal.kind == "category":
        return {"zh": f"贵单位在“{title_zh}”中的{signal_zh}", "en": f"Your firm in “{title_en}”: {signal_en}"}
    lasting = factor.statistic in ("last", "days_since", "max", "valid")
    span_zh = "" if lasting else f"近 {factor.window} 天" if factor.window else "有记录以来"
    span_en = "" if lasting else f", last {factor.window} days" if factor.window else ", on record"
    noun = "记录" if factor.signal.kind == "rows" else f"“{signal_zh}”的"
    return {
        "zh": f"贵单位{span_zh}在“{title_zh}”中{'的' if noun == '记录' else ''}{noun}{statistic_zh}",
        "en": f"Your firm in “{title_en}”: {statistic_en} {signal_en}{span_en}",
    }
