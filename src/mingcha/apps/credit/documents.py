"""The documents that are served: their text, in Chinese whatever the language of the desk, from what is on record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from mingcha.apps.law.selectors import rule_in_force

from .grounds import ground
from .models import Interview, Listing, Removal

_UNITS = {"working_day": "个工作日", "calendar_day": "日", "month": "个月", "year": "年"}
LIST = {"abnormal": "经营异常名录", "dishonest": "严重违法失信名单"}


@dataclass(frozen=True)
class Document:
    """`facts`: pairs under the title. `lines`: paragraphs. `signs`: who signs by hand. `record`: what was
    said, `listed`: what was undertaken."""

    title: str
    number: str
    to: str
    lines: tuple[str, ...]
    issuer: str
    on: dt.date | None
    facts: tuple[tuple[str, str], ...] = ()
    signs: tuple[str, ...] = ()
    record: str = ""
    simulated: bool = False
    listed: tuple[str, ...] = ()

    mark = "模拟数据"

    @property
    def day(self) -> str:
        return _day(self.on)


def told(listing: Listing) -> Document:
    """The notice before a decision: facts, ground, basis, and what the firm may do."""
    issued = listing.events.filter(what="notice").first()
    chosen = ground(listing.ground)
    until = (
        f"在{_day(listing.statement_until)}前"
        if listing.statement_until
        else f"自收到本告知书之日起{_period(chosen.statement_rule, listing.division)}内"
    )
    rights = f"你单位可以{until}向本机关陈述、申辩"
    rights += "，并可以在此期限内要求听证" if chosen.hearing else ""
    return _of(
        listing,
        title=f"列入{LIST[listing.kind]}告知书",
        number=listing.told_number,
        on=timezone.localdate(issued.at) if issued else listing.told_on,
        lines=(
            f"经查，{listing.facts}",
            f"上述情形属于“{chosen.zh}”，依据{listing.basis}，本机关拟将你单位列入{LIST[listing.kind]}，并向社会公示。",
            f"{rights}；逾期未提出的，视为放弃。",
        ),
    )


def decision(listing: Listing) -> Document:
    """The decision to list."""
    chosen = ground(listing.ground)
    heard = []
    if listing.statement_on:
        heard.append(
            f"本机关于{_day(listing.told_on)}告知你单位，"
            f"你单位于{_day(listing.statement_on)}提出意见：{listing.statement}"
        )
    elif listing.told_on:
        heard.append(f"本机关于{_day(listing.told_on)}告知你单位，你单位在期限内未提出陈述、申辩。")
    if listing.hearing_on:
        heard.append(f"本机关于{_day(listing.hearing_on)}举行听证：{listing.hearing_opinion}")
    until = f"公示期至{_day(listing.public_until)}。" if listing.public_until else ""
    return _of(
        listing,
        title=f"列入{LIST[listing.kind]}决定书",
        number=listing.decision_number,
        on=listing.decided_at and timezone.localdate(listing.decided_at),
        lines=(
            f"经查，{listing.facts}" + (f"（行政处罚决定书：{listing.penalty}）" if listing.penalty else ""),
            *heard,
            listing.reason,
            f"上述情形属于“{chosen.zh}”。依据{listing.basis}，本机关决定将你单位列入{LIST[listing.kind]}，并向社会公示。{until}",
            f"移出条件和程序：{chosen.leave_zh}",
            _remedy(listing.division),
        ),
    )


def removal(found: Removal) -> Document:
    """The decision on leaving the list."""
    listing = found.listing
    granted = found.state in ("granted", "revoked")
    ends = (
        f"本机关决定将你单位移出{LIST[listing.kind]}，停止公示相关信息，并解除相关管理措施。"
        if granted
        else f"本机关决定不予移出{LIST[listing.kind]}。"
    )
    return _of(
        listing,
        title=f"{'' if granted else '不予'}移出{LIST[listing.kind]}决定书",
        number=found.decision_number,
        on=found.decided_at and timezone.localdate(found.decided_at),
        lines=(
            f"你单位因“{ground(listing.ground).zh}”被列入{LIST[listing.kind]}（{listing.decision_number}）。",
            f"{_day(found.applied_on)}，{found.text}",
            found.reason,
            f"依据{listing.basis}及有关信用修复的规定，{ends}",
            *(() if granted else (_remedy(listing.division),)),
        ),
        unit=found.unit,
    )


def notice(interview: Interview) -> Document:
    """The notice of an interview."""
    at = timezone.localtime(interview.at)
    issued = interview.events.filter(what="notify").first()
    return Document(
        title="行政约谈通知书",
        number=interview.number,
        to=str(interview.entity),
        lines=(
            f"因{interview.reason}，依据{interview.basis}，现就有关问题对你单位法定代表人或者主要负责人进行约谈。"
            "请按时参加，并携带身份证明、授权委托书（委托他人参加的）及相关材料。",
        ),
        facts=(
            ("时间", f"{at:%Y年%m月%d日 %H:%M}"),
            ("地点", interview.place),
            ("事由", interview.reason),
            ("依据", interview.basis),
            ("约谈人员", "、".join(interview.officers)),
            ("联系人", interview.contact or "—"),
        ),
        issuer=str(interview.unit or ""),
        on=issued and timezone.localdate(issued.at),
        signs=("签收人", "签收日期"),
        simulated=interview.simulated,
    )


def record(interview: Interview) -> Document:
    """The record of an interview, to be signed by both officers and the firm."""
    at = interview.held_at and timezone.localtime(interview.held_at)
    return Document(
        title="行政约谈记录",
        number=interview.number,
        to=str(interview.entity),
        lines=(),
        facts=(
            ("时间", f"{at:%Y年%m月%d日 %H:%M}" if at else "　　年　月　日　时　分"),
            ("地点", interview.place),
            ("事由", interview.reason),
            ("约谈人员", "、".join(interview.officers)),
            ("被约谈单位参加人", " ".join(filter(None, (interview.attended, interview.attended_as))) or "　"),
        ),
        record=interview.record,
        listed=tuple(f"{_day(u.due_on)}前：{u.text}" for u in interview.undertakings.all()),
        issuer=str(interview.unit or ""),
        on=at.date() if at else None,
        signs=("约谈人员签名", "约谈人员签名", "被约谈单位签名（盖章）"),
        simulated=interview.simulated,
    )


def _of(
    listing: Listing, *, title: str, number: str, on: dt.date | None, lines: tuple[str, ...], unit=None
) -> Document:
    entity = listing.entity
    return Document(
        title=title,
        number=number,
        to=str(entity),
        lines=tuple(line for line in lines if line),
        facts=(("统一社会信用代码", entity.key), ("住所", entity.address or "—")),
        issuer=str(unit or listing.unit or ""),
        on=on,
        simulated=listing.simulated,
    )


def _day(day: dt.date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "　　年　月　日"


def _remedy(division: str) -> str:
    review, suit = _period("review.apply", division), _period("review.sue", division)
    return (
        f"如不服本决定，可以自收到本决定书之日起{review}内依法申请行政复议，"
        f"或者自收到本决定书之日起{suit}内依法向人民法院提起行政诉讼。"
    )


def _period(rule: str, division: str) -> str:
    """A period of law in words: 5个工作日."""
    found = rule_in_force(rule, None, division)
    return f"{int(found.value or 0)}{_UNITS[found.unit]}"
