"""A listing from its proposal to its publication. Each step is one transaction: state, event, audit, clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.models import User
from mingcha.apps.entities.models import Entity
from mingcha.problems import Problem

from .. import clocks
from ..choices import ON_THE_LIST, UNDER_WAY, ListingState, Source, Step
from ..grounds import Ground, ground
from ..models import Listing
from ..selectors import deciders_of
from .events import advance, event_write, not_now, notify, said
from .numbers import authority, number_next
from .papers import paper_add

PROPOSED, TOLD = ListingState.PROPOSED, ListingState.TOLD


@transaction.atomic
def listing_propose(
    *,
    entity: Entity,
    kind: str,
    ground: str,
    evidence: str,
    source_type: str = Source.HAND,
    source_id: str = "",
    user: User | None,
    found_on: dt.date | None = None,
    period: str = "",
    penalty: str = "",
    files: Iterable[Any] = (),
    automatic: bool = False,
) -> Listing:
    """Propose to list `entity`; nobody is listed by it. `evidence`: the facts found, in words; `files`: uploads.
    `found_on`: the day that starts the time to decide in (today). `period`: the year of a missing report. `automatic`:
    it follows from facts on record, not from anybody's own look.

    Problem: no such ground, no facts, a penalty that the ground needs isn't named, or the same is under way already.
    """
    chosen = _checked(ground, kind, entity, period=period, penalty=penalty)
    found_on = found_on or timezone.localdate()
    if found_on > timezone.localdate():
        raise _future(found_on)
    listing = Listing(
        kind=kind,
        ground=chosen.key,
        basis=chosen.basis,
        period=period if chosen.period else "",
        entity=entity,
        division=entity.division,
        facts=said(evidence, "查明的事实", "the facts found"),
        found_on=found_on,
        penalty=penalty.strip(),
        source_type=source_type,
        source_id=source_id,
        proposed_by=user,
        proposed_at=timezone.now(),
        automatic=automatic,
        simulated=entity.simulated,
    )
    try:
        with transaction.atomic():
            listing.save()
    except IntegrityError:
        raise _already(entity, chosen) from None
    for file in files:
        paper_add(of=listing, file=file, step=Step.EVIDENCE, user=user, quiet=True)
    event_write(
        listing, "propose", user=user, data={"ground": chosen.key, "source": f"{source_type} {source_id}".strip()}
    )
    clocks.start(listing, chosen.list_rule, listing.found_on, user=user, role="head")
    notify(
        deciders_of(listing).exclude(pk=user.pk if user else None),
        gettext_noop("A listing is proposed: %(firm)s"),
        {"firm": str(entity)},
        listing,
    )
    return listing


@transaction.atomic
def listing_drop(*, listing: Listing, reason: str, user: User) -> None:
    """Give a proposal up before anyone has decided on it."""
    reason = said(reason, "原因", "the reason")
    advance(listing, UNDER_WAY, ListingState.DROPPED, ended_at=timezone.now())
    clocks.cancel_all(listing, reason=reason, user=user)
    event_write(listing, "drop", user=user, note=reason)


@transaction.atomic
def listing_notice(*, listing: Listing, user: User) -> str:
    """Number the notice, so that it can be printed and served; nothing runs before it is."""
    listing = Listing.objects.select_for_update(of=("self",)).get(pk=listing.pk)
    if listing.state != PROPOSED or listing.told_number:
        raise Problem(
            zh="告知书已编号，或已不在建议阶段。",
            en="The notice has its number already, or it is proposed no longer.",
            where=str(listing),
            todo_zh="请刷新页面查看。",
            todo_en="Look at the page again.",
        )
    number = _number_notice(listing, user)
    event_write(listing, "notice", user=user, data={"number": number})
    return number


def _number_notice(listing: Listing, user: User) -> str:
    unit = authority(user)
    listing.told_number, listing.unit = number_next(unit=unit, word=f"{listing.kind}.tell"), unit
    listing.save(update_fields=["told_number", "unit"])
    return listing.told_number


@transaction.atomic
def listing_tell(*, listing: Listing, user: User, on: dt.date | None = None, file: Any = None) -> None:
    """Note that the notice was served: what is intended, on which facts and ground, and what the firm may say. `on`:
    the day, from which its time runs; `file`: proof of service. A notice without a number gets it now.

    Problem: a day to come, or one before the notice had its number."""
    on = on or timezone.localdate()
    if on > timezone.localdate():
        raise _future(on)
    _not_before(listing, on, _noticed_on(listing), "告知书编号之日", "the notice had its number")
    rule = ground(listing.ground).statement_rule
    until = clocks.due(rule, on, listing.division)
    advance(listing, (PROPOSED,), TOLD, told_on=on, statement_until=until)
    number = listing.told_number or _number_notice(listing, user)
    if file:
        paper_add(of=listing, file=file, step=Step.SERVICE, user=user, quiet=True)
    event_write(listing, "tell", user=user, data={"number": number, "on": on.isoformat(), "until": until.isoformat()})
    clocks.start(listing, rule, on, user=user)


@transaction.atomic
def listing_statement(
    *, listing: Listing, text: str, user: User, on: dt.date | None = None, waived: bool = False, file: Any = None
) -> None:
    """Write down what the firm states, or that it has waived its right. One that comes after its time is written down
    all the same, as late: whoever decides may still heed it."""
    on = on or timezone.localdate()
    if on > timezone.localdate():
        raise _future(on)
    text = "放弃陈述申辩" if waived and not text.strip() else said(text, "陈述申辩内容", "what the firm states")
    _not_before(listing, on, listing.told_on, "告知送达之日", "the firm was told")
    changed = Listing.objects.filter(pk=listing.pk, state=TOLD, statement_on=None).update(
        statement=text, statement_on=on
    )
    if changed != 1:
        listing.refresh_from_db()
        raise Problem(
            zh="现在不能登记陈述申辩：尚未告知、已有登记，或已作出决定。",
            en="A statement can't be written down now: the firm wasn't told, one is there, or it is decided.",
            where=str(listing),
            todo_zh="补充材料请作为附件添加。",
            todo_en="Add further papers as files.",
        )
    listing.refresh_from_db()
    late = bool(listing.statement_until and on > listing.statement_until)
    if file:
        paper_add(of=listing, file=file, step=Step.STATEMENT, user=user, quiet=True)
    event_write(
        listing,
        "statement_late" if late else "statement",
        user=user,
        note=text,
        data={"on": on.isoformat(), "waived": waived},
    )
    clocks.meet(listing, ground(listing.ground).statement_rule, user=user, on=on)


@transaction.atomic
def listing_hearing_ask(*, listing: Listing, user: User, on: dt.date | None = None) -> None:
    """The firm asks for a hearing, within its time. Problem: the ground knows no hearing, or the time is over."""
    on = on or timezone.localdate()
    if on > timezone.localdate():
        raise _future(on)
    if not ground(listing.ground).hearing:
        raise Problem(
            zh="这一列入事由不适用听证。",
            en="The law gives no hearing on this ground.",
            where=str(listing),
            todo_zh="可登记其陈述申辩。",
            todo_en="Its statement can be written down.",
        )
    _not_before(listing, on, listing.told_on, "告知送达之日", "the firm was told")
    if listing.statement_until and on > listing.statement_until:
        raise Problem(
            zh=f"听证申请期限已于 {listing.statement_until} 届满。",
            en=f"The time to ask for a hearing ended on {listing.statement_until}.",
            where=str(listing),
            todo_zh="可登记其陈述申辩，由决定人酌情考虑。",
            todo_en="Its statement can still be written down; whoever decides may heed it.",
        )
    if Listing.objects.filter(pk=listing.pk, state=TOLD, hearing_asked_on=None).update(hearing_asked_on=on) != 1:
        raise Problem(
            zh="听证申请已登记，或不在告知阶段。",
            en="It is written down already, or the firm wasn't told.",
            where=str(listing),
        )
    listing.hearing_asked_on = on
    event_write(listing, "hearing_ask", user=user, data={"on": on.isoformat()})


@transaction.atomic
def listing_hearing_hold(
    *, listing: Listing, on: dt.date, opinion: str, notified_on: dt.date, user: User, file: Any = None
) -> None:
    """Write down the hearing that was held. Problem: nobody asked for one, or it was announced too late."""
    opinion = said(opinion, "听证意见", "the opinion of the hearing")
    if on > timezone.localdate():
        raise _future(on)
    asked_on = listing.hearing_asked_on
    _not_before(listing, notified_on, asked_on, "申请听证之日", "the hearing was asked for")
    latest = clocks.due("case.hearing.notice", on, listing.division)
    if notified_on > latest:
        raise Problem(
            zh=f"{on} 听证，至迟应于 {latest} 通知，实际 {notified_on} 才通知。",
            en=f"A hearing on {on} had to be announced by {latest}; it was on {notified_on}.",
            where=str(listing),
            todo_zh="请核对通知和听证日期；时间不足的须重新举行。",
            todo_en="Check both days; a hearing announced too late must be held again.",
        )
    changed = Listing.objects.filter(pk=listing.pk, state=TOLD, hearing_asked_on__isnull=False, hearing_on=None).update(
        hearing_on=on, hearing_opinion=opinion
    )
    if changed != 1:
        raise Problem(zh="没有待举行的听证。", en="No hearing waits to be held.", where=str(listing))
    listing.hearing_on, listing.hearing_opinion = on, opinion
    if file:
        paper_add(of=listing, file=file, step=Step.HEARING, user=user, quiet=True)
    event_write(
        listing, "hearing", user=user, note=opinion, data={"on": on.isoformat(), "notified": notified_on.isoformat()}
    )


@transaction.atomic
def listing_consent(*, listing: Listing, number: str, user: User) -> None:
    """Note the consent of the authority above, which the law asks for before a county or city lists as dishonest."""
    number = said(number, "上一级同意的文号", "the number of the consent")
    if Listing.objects.filter(pk=listing.pk, state__in=UNDER_WAY).update(consent=number) != 1:
        raise Problem(zh="已经决定，不能再登记。", en="It is decided already.", where=str(listing))
    listing.consent = number
    event_write(listing, "consent", user=user, note=number)


@transaction.atomic
def listing_decide(*, listing: Listing, listed: bool, reason: str, user: User) -> Listing:
    """Decide, as another person than who proposed. `reason`: why it is listed, or isn't; what the firm said included.

    Problem: the proposer himself; the firm isn't told though it must be, or its time still runs; a hearing that was
    asked for isn't held; the consent of the authority above is missing.
    """
    reason = said(reason, "决定理由", "the reasons")
    # Held until the end: a hearing that is asked for meanwhile comes before the decision, or is told that it is late.
    listing = Listing.objects.select_for_update(of=("self",)).select_related("entity").get(pk=listing.pk)
    if listing.proposed_by_id == user.pk:
        raise Problem(
            zh="提出列入建议的人不能自己作出决定。",
            en="Who proposed a listing can't decide on it.",
            where=str(listing),
            todo_zh="请由其他有决定权的人员办理。",
            todo_en="Ask another person with the right to decide.",
        )
    now = timezone.now()
    if not listed:
        advance(
            listing, UNDER_WAY, ListingState.NOT_LISTED, decided_by=user, decided_at=now, reason=reason, ended_at=now
        )
        clocks.meet(listing, ground(listing.ground).list_rule, user=user)
        clocks.cancel_all(listing, reason="不予列入", user=user)
        event_write(listing, "not_list", user=user, note=reason)
        _tell_proposer(listing, gettext_noop("Not listed: %(firm)s"))
        return listing
    _ready(listing)
    unit = authority(user)
    chosen = ground(listing.ground)
    advance(listing, (listing.state,), ListingState.DECIDED, decided_by=user, decided_at=now, reason=reason, unit=unit)
    listing.decision_number = number_next(unit=unit, word=listing.kind)
    if chosen.term_rule:
        listing.public_until = clocks.due(chosen.term_rule, timezone.localdate(), listing.division)
    listing.save(update_fields=["decision_number", "public_until"])
    event_write(listing, "list", user=user, note=reason, data={"number": listing.decision_number})
    clocks.cancel(listing, chosen.statement_rule, reason="已作出决定", user=user)
    clocks.start(listing, chosen.publish_rule, timezone.localdate(), user=user, role="head")
    _tell_proposer(listing, gettext_noop("Listed: %(firm)s"))
    return listing


@transaction.atomic
def listing_publish(*, listing: Listing, user: User) -> None:
    """Show the listing to the public, until it is removed or its term ends."""
    advance(listing, (ListingState.DECIDED,), ListingState.PUBLISHED, published_at=timezone.now())
    event_write(
        listing, "publish", user=user, data={"until": listing.public_until and listing.public_until.isoformat()}
    )
    chosen = ground(listing.ground)
    clocks.meet(listing, chosen.publish_rule or chosen.list_rule, user=user)


@transaction.atomic
def listing_correct(*, listing: Listing, facts: str, reason: str, user: User) -> None:
    """Correct the facts of a decision that stands; both texts are kept, and the public page says that it was mended."""
    reason, facts = said(reason, "更正原因", "the reason"), said(facts, "更正后的事实", "the corrected facts")
    before = listing.facts
    changed = Listing.objects.filter(pk=listing.pk, state__in=ON_THE_LIST, facts=before).update(facts=facts)
    if changed != 1 or facts == before:
        raise Problem(
            zh="没有可更正的内容，或已由他人更正。",
            en="There is nothing to correct, or someone has corrected it.",
            where=str(listing),
            todo_zh="请刷新页面查看。",
            todo_en="Look at the page again.",
        )
    listing.facts = facts
    event_write(listing, "correct", user=user, note=reason, data={"before": before, "after": facts})


@transaction.atomic
def listing_annul(*, listing: Listing, reason: str, user: User) -> None:
    """Take a decision back that should not have been: wrong, or its penalty was annulled. It is public no longer."""
    reason = said(reason, "撤销原因", "the reason")
    if listing.removals.filter(state__in=("applied", "accepted")).exists():
        raise Problem(
            zh="有尚未办结的移出申请或异议。",
            en="An application or objection isn't decided yet.",
            where=str(listing),
            todo_zh="请先对其作出决定。",
            todo_en="Decide on it first.",
        )
    advance(listing, (ListingState.DECIDED, ListingState.PUBLISHED), ListingState.ANNULLED, ended_at=timezone.now())
    clocks.cancel_all(listing, reason=reason, user=user)
    event_write(listing, "annul", user=user, note=reason)


def _checked(key: str, kind: str, entity: Entity, *, period: str, penalty: str) -> Ground:
    chosen = ground(key, kind)
    if chosen.penalty and not penalty.strip():
        raise Problem(
            zh="这一事由须以行政处罚决定为依据，没有填写决定书文号。",
            en="This ground rests on a penalty decision, and its number isn't given.",
            where=str(entity),
            todo_zh="请填写处罚决定书文号。",
            todo_en="Give the number of the penalty decision.",
        )
    if chosen.period and not (period.isdigit() and len(period) == 4):
        raise Problem(
            zh="没有写明是哪一年度的年度报告。",
            en="Say of which year the annual report is missing.",
            where=str(entity),
            todo_zh="请填写四位年份，如 2025。",
            todo_en="Give the year in four digits.",
        )
    return chosen


def _ready(listing: Listing) -> None:
    """Problem unless everything is there that the law wants before a firm is listed."""
    if listing.state not in UNDER_WAY:
        raise not_now(listing)
    chosen = ground(listing.ground)
    if chosen.told == "must" and listing.state != TOLD:
        raise Problem(
            zh="决定列入前须先告知当事人事由、依据和权利。",
            en="Before it is listed the firm must be told the ground, the basis and its rights.",
            where=str(listing),
            todo_zh="请先制作并送达告知书。",
            todo_en="Issue and serve the notice first.",
        )
    # What it stated uses up its time, but not where it may still ask for a hearing; only a waiver does.
    done = _waived(listing) if chosen.hearing else listing.statement_on
    if listing.state == TOLD and not done and timezone.localdate() <= (listing.statement_until or dt.date.min):
        raise Problem(
            zh=f"当事人陈述申辩{'、申请听证' if chosen.hearing else ''}的期限至 {listing.statement_until}，尚未届满。",
            en=f"The firm may make its statement{' or ask for a hearing' if chosen.hearing else ''}"
            f" until {listing.statement_until}.",
            where=str(listing),
            todo_zh=f"请等期限届满，或登记其{'' if chosen.hearing else '陈述、'}放弃声明后再决定。",
            todo_en=f"Wait for its end, or write down its {'' if chosen.hearing else 'statement or '}waiver first.",
        )
    if listing.hearing_asked_on and not listing.hearing_on:
        raise Problem(
            zh="当事人申请了听证，尚未举行。",
            en="The firm asked for a hearing, which isn't held yet.",
            where=str(listing),
            todo_zh="请先举行听证并登记意见。",
            todo_en="Hold it and write down its opinion first.",
        )
    if (
        listing.kind == "dishonest"
        and not listing.consent
        and clocks.flag("credit.dishonest.consent", listing.division)
    ):
        raise Problem(
            zh="县级、市级列入严重违法失信名单须报经上一级同意，没有登记同意文号。",
            en="A county or city needs the consent of the authority above to list a firm as seriously dishonest.",
            where=str(listing),
            todo_zh="请登记上一级市场监管部门同意的文号。",
            todo_en="Note the number of that consent first.",
        )


def _waived(listing: Listing) -> bool:
    return listing.events.filter(what__in=("statement", "statement_late"), data__waived=True).exists()


def _noticed_on(listing: Listing) -> dt.date:
    """The day on which the notice had its number; today for one that has it this moment."""
    event = listing.events.filter(what="notice").first()
    return timezone.localdate(event.at) if event else timezone.localdate()


def _not_before(listing: Listing, on: dt.date, first: dt.date | None, zh: str, en: str) -> None:
    if first and on < first:
        raise Problem(
            zh=f"日期 {on} 早于{zh}（{first}）。",
            en=f"The day {on} lies before {first}, when {en}.",
            where=str(listing),
            todo_zh="请核对日期。",
            todo_en="Check the day.",
        )


def _tell_proposer(listing: Listing, text: str) -> None:
    if listing.proposed_by_id and not listing.automatic:  # of what a run proposed he would be told a thousand times
        notify([listing.proposed_by], text, {"firm": str(listing.entity)}, listing)


def _already(entity: Entity, chosen: Ground) -> Problem:
    return Problem(
        zh=f"“{entity}”因“{chosen.zh}”已在列入程序中或已被列入。",
        en=f"{entity} is listed, or proposed, on this ground already.",
        where=entity.key,
        todo_zh="请在名录中查看这一户。",
        todo_en="Look the firm up in the list.",
    )


def _future(day: dt.date) -> Problem:
    return Problem(
        zh=f"日期 {day} 在将来。",
        en=f"The day {day} lies in the future.",
        todo_zh="请填写实际发生的日期。",
        todo_en="Give the day on which it happened.",
    )
