"""An interview from its notice to the last undertaking. Each step is one transaction: state, event, audit, clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.entities.models import Entity
from mingcha.problems import Problem

from .. import clocks
from ..choices import InterviewState, Source, Step, UndertakingState
from ..models import Interview, Undertaking
from .events import advance, event_write, said
from .numbers import authority, number_next
from .papers import paper_add

DRAFT, NOTIFIED, HELD = InterviewState.DRAFT, InterviewState.NOTIFIED, InterviewState.HELD


@transaction.atomic
def interview_open(
    *,
    entity: Entity,
    reason: str,
    basis: str,
    at: dt.datetime,
    place: str,
    by: str | Sequence[str],
    user: User,
    source_type: str = Source.HAND,
    source_id: str = "",
    contact: str = "",
) -> Interview:
    """Draft an interview with `entity`. `by`: the names of those who will hold it; `at`: aware, not in the past."""
    if at <= timezone.now():
        raise _past(at)
    interview = Interview.objects.create(
        entity=entity,
        division=entity.division,
        unit=user.unit,
        reason=said(reason, "约谈事由", "the subject"),
        basis=said(basis, "法律依据", "the legal basis"),
        source_type=source_type,
        source_id=source_id,
        at=at,
        place=said(place, "约谈地点", "the place"),
        officers=names_of(by),
        contact=contact.strip(),
        opened_by=user,
        opened_at=timezone.now(),
        simulated=entity.simulated,
    )
    event_write(interview, "open", user=user, data={"source": f"{source_type} {source_id}".strip()})
    return interview


@transaction.atomic
def interview_notify(*, interview: Interview, user: User, urgent: str = "") -> str:
    """Issue the notice, which gets its number. `urgent`: why it comes later than the rule on notice allows."""
    if interview.at <= timezone.now():
        raise _past(interview.at)
    _in_time(interview, interview.at, urgent)
    unit = authority(user)
    advance(interview, (DRAFT,), NOTIFIED, unit=unit)
    interview.number = number_next(unit=unit, word="interview")
    interview.save(update_fields=["number"])
    event_write(interview, "notify", user=user, note=urgent.strip(), data={"number": interview.number})
    return interview.number


@transaction.atomic
def interview_serve(*, interview: Interview, on: dt.date, how: str, to: str, user: User, file: Any = None) -> None:
    """Note that the notice reached the firm: when, how, who took it."""
    how, to = said(how, "送达方式", "how it was served"), said(to, "签收人", "who took it")
    if on > timezone.localdate():
        raise Problem(zh=f"送达日期 {on} 在将来。", en=f"The day {on} lies in the future.", where=str(interview))
    if (told := _told_at(interview)) and on < timezone.localdate(told):
        raise _too_early(interview, on)
    changed = Interview.objects.filter(pk=interview.pk, state=NOTIFIED, notified_on=None).update(
        notified_on=on, served_by=how, served_to=to
    )
    if changed != 1:
        raise Problem(
            zh="通知未发出，或送达已登记。",
            en="No notice waits to be served, or it is written down.",
            where=str(interview),
        )
    interview.notified_on, interview.served_by, interview.served_to = on, how, to
    if file:
        paper_add(of=interview, file=file, step=Step.SERVICE, user=user, quiet=True)
    event_write(interview, "serve", user=user, data={"on": on.isoformat(), "how": how, "to": to})


@transaction.atomic
def interview_postpone(
    *, interview: Interview, at: dt.datetime, reason: str, user: User, place: str = "", urgent: str = ""
) -> None:
    """Another day, with its reason; also after one that wasn't attended. The firm must be told again: once the notice
    is out, as early as the rule on notice wants, unless `urgent` says why not."""
    reason = said(reason, "改期原因", "the reason")
    if at <= timezone.now():
        raise _past(at)
    if interview.state != DRAFT:  # a draft is asked when its notice goes out
        _in_time(interview, at, urgent)
    before = interview.at
    changed = Interview.objects.filter(
        pk=interview.pk, at=before, state__in=(DRAFT, NOTIFIED, InterviewState.ABSENT)
    ).update(at=at, place=place.strip() or interview.place, notified_on=None, served_by="", served_to="")
    if changed != 1:
        raise Problem(
            zh="约谈已举行、已结束，或已由他人改期。",
            en="It is held, ended, or someone postponed it already.",
            where=str(interview),
            todo_zh="请刷新页面查看。",
            todo_en="Look at the page again.",
        )
    interview.refresh_from_db()
    if interview.state == InterviewState.ABSENT:
        advance(interview, (InterviewState.ABSENT,), NOTIFIED)
    event_write(
        interview,
        "postpone",
        user=user,
        note=reason,
        data={"before": before.isoformat(), "at": at.isoformat(), "urgent": urgent.strip()},
    )


@transaction.atomic
def interview_hold(
    *,
    interview: Interview,
    held_at: dt.datetime,
    officers: str | Sequence[str],
    attended: str,
    attended_as: str,
    record: str,
    user: User,
    undertakings: Iterable[tuple[str, dt.date]] = (),
    file: Any = None,
    unsigned: str = "",
    unserved: str = "",
) -> None:
    """Write down the talk: who, what, and what the firm undertakes to do until when. The record is signed on paper by
    both officers and the firm, and its scan is `file`; where the firm didn't sign, `unsigned` says why. Where no
    service of the notice is on record, `unserved` says how the firm knew of it.

    Problem: fewer officers than the rule wants, nobody of the firm, no record, neither scan nor reason, no service, or
    a time before the notice.
    """
    people = names_of(officers)
    needed = clocks.number("credit.interview.officers", interview.division)
    record, attended = said(record, "约谈记录", "the record"), said(attended, "企业参加人", "who came for the firm")
    if len(people) < needed:
        raise Problem(
            zh=f"约谈人员不得少于 {needed} 人，现填 {len(people)} 人。",
            en=f"At least {needed} officers hold an interview; {len(people)} are named.",
            where=str(interview),
            todo_zh="请填写全部约谈人员，用顿号分开。",
            todo_en="Name all of them, with commas between.",
        )
    if held_at > timezone.now():
        raise Problem(zh="约谈时间在将来。", en="The time lies in the future.", where=str(interview))
    told = _told_at(interview)
    if (told and held_at < told) or (interview.notified_on and timezone.localdate(held_at) < interview.notified_on):
        raise _too_early(interview, timezone.localdate(held_at))
    if interview.state == NOTIFIED and not interview.notified_on and not unserved.strip():
        raise Problem(
            zh="通知的送达没有登记。",
            en="No service of the notice is on record.",
            where=str(interview),
            todo_zh="请先登记送达；确未送达的，写明企业如何得知约谈。",
            todo_en="Note the service first, or say how the firm knew of the interview.",
        )
    if not file and not unsigned.strip():
        raise Problem(
            zh="没有上传签字的约谈记录扫描件。",
            en="The scan of the signed record is missing.",
            where=str(interview),
            todo_zh="请上传扫描件；企业拒绝签字的，写明情况。",
            todo_en="Add the scan; where the firm refused to sign, say so.",
        )
    promised = [(said(text, "承诺事项", "the undertaking"), due) for text, due in undertakings]
    day = timezone.localdate(held_at)
    if any(due < day for _text, due in promised):
        raise Problem(
            zh="承诺事项的完成期限早于约谈日。", en="An undertaking is due before the talk.", where=str(interview)
        )
    advance(
        interview,
        (NOTIFIED,),
        HELD,
        held_at=held_at,
        officers=people,
        attended=attended,
        attended_as=attended_as.strip(),
        record=record,
    )
    if file:
        paper_add(of=interview, file=file, step=Step.RECORD, user=user, quiet=True)
    made = [Undertaking.objects.create(interview=interview, text=text, due_on=due) for text, due in promised]
    event_write(
        interview,
        "hold",
        user=user,
        note=unsigned.strip(),
        data={
            "officers": people,
            "attended": attended,
            "undertakings": len(made),
            "unserved": unserved.strip(),
        },
    )
    for undertaking in made:
        clocks.start(
            undertaking,
            "credit.interview.recheck",
            undertaking.due_on,
            user=user,
            of=interview,
            role="officer",
        )


@transaction.atomic
def undertaking_check(*, undertaking: Undertaking, done: bool, note: str, user: User, file: Any = None) -> None:
    """Whether the firm did what it undertook, and how that was found. What wasn't done may be found done later."""
    note = said(note, "核查情况", "how it was checked")
    sources = (UndertakingState.OPEN, UndertakingState.NOT_DONE) if done else (UndertakingState.OPEN,)
    target = UndertakingState.DONE if done else UndertakingState.NOT_DONE
    changed = Undertaking.objects.filter(pk=undertaking.pk, state__in=sources, interview__state=HELD).update(
        state=target, note=note, checked_by=user, checked_at=timezone.now()
    )
    if changed != 1:
        raise Problem(
            zh="这一项已核查过，或约谈已办结。",
            en="It was checked already, or the interview is closed.",
            where=undertaking.text,
            todo_zh="请刷新页面查看。",
            todo_en="Look at the page again.",
        )
    undertaking.refresh_from_db()
    if file:
        paper_add(
            of=undertaking.interview, file=file, step=Step.UNDERTAKING, undertaking=undertaking, user=user, quiet=True
        )
    event_write(
        undertaking.interview,
        "undertaking_done" if done else "undertaking_not_done",
        user=user,
        note=f"{undertaking.text}：{note}",
    )
    clocks.meet(undertaking, "credit.interview.recheck", user=user)


@transaction.atomic
def interview_absent(*, interview: Interview, reason: str, user: User, refused: bool = False) -> None:
    """The firm didn't come, or refused to. Problem: its time hasn't come yet and it didn't refuse."""
    reason = said(reason, "情况说明", "what happened")
    if not refused and interview.at > timezone.now():
        raise Problem(
            zh=f"约谈时间 {timezone.localtime(interview.at):%Y-%m-%d %H:%M} 未到。",
            en="Its time hasn't come yet.",
            where=str(interview),
            todo_zh="企业明确拒绝的，请勾选“拒绝参加”。",
            todo_en="Where the firm refused, say so.",
        )
    advance(interview, (NOTIFIED,), InterviewState.ABSENT)
    event_write(interview, "absent", user=user, note=reason, data={"refused": refused})


@transaction.atomic
def interview_close(*, interview: Interview, outcome: str, user: User) -> None:
    """Close it. Problem: an undertaking isn't checked yet."""
    outcome = said(outcome, "办结情况", "the outcome")
    waiting = interview.undertakings.filter(state=UndertakingState.OPEN).count()
    if waiting:
        raise Problem(
            zh=f"还有 {waiting} 项承诺未核查。",
            en=f"{waiting} undertakings aren't checked yet.",
            where=str(interview),
            todo_zh="请先逐项核查。",
            todo_en="Check them first.",
        )
    advance(interview, (HELD, InterviewState.ABSENT), InterviewState.CLOSED, outcome=outcome, closed_at=timezone.now())
    event_write(interview, "close", user=user, note=outcome)


@transaction.atomic
def interview_cancel(*, interview: Interview, reason: str, user: User) -> None:
    reason = said(reason, "取消原因", "the reason")
    advance(interview, (DRAFT, NOTIFIED), InterviewState.CANCELLED, closed_at=timezone.now())
    event_write(interview, "cancel", user=user, note=reason)


def names_of(people: str | Sequence[str]) -> list[str]:
    """Names as a list, from a text with commas or 、 between them; each once."""
    parts = re.split(r"[,，、;；\n]", people) if isinstance(people, str) else people
    return list(dict.fromkeys(name for part in parts if (name := part.strip())))


def _in_time(interview: Interview, at: dt.datetime, urgent: str) -> None:
    """Problem where a notice that goes out today comes too late for an interview `at`, and nothing makes it urgent."""
    latest = clocks.due("credit.interview.notice", timezone.localdate(at), interview.division)
    if timezone.localdate() > latest and not urgent.strip():
        raise Problem(
            zh=f"约谈通知至迟应于 {latest} 发出。",
            en=f"The notice had to go out by {latest}.",
            where=str(interview),
            todo_zh="请改期，或写明紧急约谈的理由。",
            todo_en="Postpone it, or say why it is urgent.",
        )


def _told_at(interview: Interview) -> dt.datetime | None:
    """The minute in which the notice went out, or the day was last changed: forms tell no seconds."""
    event = interview.events.filter(what__in=("notify", "postpone")).last()
    return event.at.replace(second=0, microsecond=0) if event else None


def _too_early(interview: Interview, day: dt.date) -> Problem:
    return Problem(
        zh=f"{day} 早于约谈通知。",
        en=f"The day {day} lies before the notice.",
        where=str(interview),
        todo_zh="请核对日期和时间。",
        todo_en="Check the day and the hour.",
    )


def _past(at: dt.datetime) -> Problem:
    return Problem(
        zh=f"约谈时间 {timezone.localtime(at):%Y-%m-%d %H:%M} 已过。",
        en=f"The time {timezone.localtime(at):%Y-%m-%d %H:%M} has passed.",
        todo_zh="请另定时间。",
        todo_en="Choose another time.",
    )
