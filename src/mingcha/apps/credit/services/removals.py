"""Off a list: on application, by our own finding, by credit repair, on an objection, or by the end of its term."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.models import User
from mingcha.problems import Problem

from .. import clocks
from ..choices import OPEN_REMOVALS, ListingState, RemovalKind, RemovalState, Step
from ..grounds import ground
from ..models import Listing, Removal
from ..rules import CONDITIONS, kinds_open
from ..selectors import deciders_of
from .events import advance, event_write, notify, said
from .numbers import authority, number_next
from .papers import paper_add

APPLIED, ACCEPTED = RemovalState.APPLIED, RemovalState.ACCEPTED
_DECIDE = {
    RemovalKind.APPLICATION: "credit.abnormal.remove",
    RemovalKind.OWN_FINDING: "credit.abnormal.remove",
    RemovalKind.REPAIR: "credit.repair.decide",
    RemovalKind.OBJECTION: "credit.abnormal.objection.check",
    RemovalKind.ANNULMENT: "credit.abnormal.remove",
}
_ACCEPT = {RemovalKind.REPAIR: "credit.repair.accept", RemovalKind.OBJECTION: "credit.abnormal.objection.accept"}


@transaction.atomic
def removal_apply(
    *,
    listing: Listing,
    kind: str,
    text: str,
    user: User | None,
    on: dt.date | None = None,
    conditions: Iterable[str] = (),
    files: Iterable[Any] = (),
) -> Removal:
    """Write down why the firm should leave the list. `conditions`: those of rules.CONDITIONS that a repair has shown.

    Problem: not on the list, one is open already, this list doesn't know the kind, too early, or conditions missing.
    """
    on = on or timezone.localdate()
    today = timezone.localdate()
    if kind not in kinds_open(listing.kind):
        raise Problem(
            zh="这一名录不适用这种移出方式。",
            en="A firm doesn't leave this list that way.",
            where=str(listing),
            todo_zh="可选：" + "、".join(str(RemovalKind(k).label) for k in kinds_open(listing.kind)),
            todo_en="Choose one of: " + ", ".join(kinds_open(listing.kind)),
        )
    if on > today or (listing.decided_at and on < timezone.localdate(listing.decided_at)):
        raise Problem(
            zh=f"日期 {on} 在将来，或早于列入决定。",
            en=f"The day {on} lies in the future, or before the decision.",
            where=str(listing),
            todo_zh="请核对收到申请的日期。",
            todo_en="Check on which day it was received.",
        )
    text = said(text, "申请或查实的内容", "what was applied for or found")
    if kind == RemovalKind.REPAIR:
        _repairable(listing, on, set(conditions))
    if kind == RemovalKind.OBJECTION and listing.published_at:
        until = clocks.due("credit.abnormal.objection", timezone.localdate(listing.published_at), listing.division)
        if on > until:
            raise Problem(
                zh=f"异议应在公示之日起的期限内提出，已于 {until} 届满。",
                en=f"An objection had to be made until {until}.",
                where=str(listing),
                todo_zh="可由本机关依职权查实后撤销，或告知复议、诉讼途径。",
                todo_en="The authority may annul on its own finding; the firm may ask for review or sue.",
            )
    advance(listing, (ListingState.PUBLISHED,), ListingState.LEAVING)
    try:
        with transaction.atomic():
            removal = Removal.objects.create(
                listing=listing,
                kind=kind,
                state=APPLIED if kind in _ACCEPT else ACCEPTED,
                accepted_at=None if kind in _ACCEPT else timezone.now(),
                text=text,
                applied_on=on,
                conditions=dict.fromkeys(conditions, True),
                recorded_by=user,
            )
    except IntegrityError:
        raise Problem(zh="已有未办结的申请。", en="One is open already.", where=str(listing)) from None
    for file in files:
        paper_add(of=listing, file=file, step=Step.APPLICATION, user=user, quiet=True)
    event_write(listing, "apply", user=user, note=text, data={"kind": kind, "on": on.isoformat()})
    clocks.start(listing, _ACCEPT.get(RemovalKind(kind), _DECIDE[RemovalKind(kind)]), on, user=user, role="head")
    notify(
        deciders_of(listing).exclude(pk=user.pk if user else None),
        gettext_noop("Removal from a list is asked for: %(firm)s"),
        {"firm": str(listing.entity)},
        listing,
    )
    return removal


@transaction.atomic
def removal_accept(*, removal: Removal, accepted: bool, reason: str, user: User) -> None:
    """Accept a repair or an objection for checking, or say why not."""
    listing = removal.listing
    reason = reason.strip() if accepted else said(reason, "不予受理的理由", "the reason")
    target = ACCEPTED if accepted else RemovalState.NOT_ACCEPTED
    values: dict[str, Any] = {"accepted_at": timezone.now()} if accepted else {"reason": reason, "decided_by": user}
    _move(removal, (APPLIED,), target, **values)
    clocks.meet(listing, _ACCEPT[RemovalKind(removal.kind)], user=user)
    if accepted:
        clocks.start(listing, _DECIDE[RemovalKind(removal.kind)], timezone.localdate(), user=user, role="head")
    else:
        advance(listing, (ListingState.LEAVING,), ListingState.PUBLISHED)
    event_write(listing, "accept" if accepted else "not_accept", user=user, note=reason)


@transaction.atomic
def removal_decide(*, removal: Removal, granted: bool, reason: str, user: User) -> Removal:
    """Decide, as another person than who wrote it down. Granted: the firm is off the list, and public no longer."""
    reason = said(reason, "决定理由", "the reasons")
    if removal.recorded_by_id == user.pk:
        raise Problem(
            zh="登记移出申请的人不能自己作出决定。",
            en="Who wrote the application down can't decide on it.",
            where=str(removal.listing),
            todo_zh="请由其他有决定权的人员办理。",
            todo_en="Ask another person with the right to decide.",
        )
    listing, now, unit = removal.listing, timezone.now(), authority(user)
    target = RemovalState.GRANTED if granted else RemovalState.REFUSED
    _move(removal, (ACCEPTED,), target, decided_by=user, decided_at=now, reason=reason, unit=unit)
    wrong = removal.kind in (RemovalKind.OBJECTION, RemovalKind.ANNULMENT)
    if granted:
        advance(
            listing, (ListingState.LEAVING,), ListingState.ANNULLED if wrong else ListingState.REMOVED, ended_at=now
        )
    else:
        advance(listing, (ListingState.LEAVING,), ListingState.PUBLISHED)
    removal.decision_number = number_next(unit=unit, word=f"{listing.kind}.leave")
    removal.save(update_fields=["decision_number"])
    clocks.meet(listing, _DECIDE[RemovalKind(removal.kind)], user=user)
    what = ("annul" if wrong else "remove") if granted else "refuse"
    event_write(listing, what, user=user, note=reason, data={"number": removal.decision_number, "kind": removal.kind})
    return removal


@transaction.atomic
def removal_revoke(*, removal: Removal, reason: str, user: User) -> None:
    """A repair that was granted on false papers: it is revoked, the firm is listed again, its term counted anew."""
    reason = said(reason, "撤销理由", "the reason")
    if removal.kind != RemovalKind.REPAIR:
        raise Problem(zh="只有信用修复可以撤销。", en="Only a credit repair can be revoked.", where=str(removal))
    listing, now = removal.listing, timezone.now()
    _move(removal, (RemovalState.GRANTED,), RemovalState.REVOKED)
    until = clocks.due(ground(listing.ground).term_rule, timezone.localdate(), listing.division)
    try:
        with transaction.atomic():
            advance(
                listing,
                (ListingState.REMOVED,),
                ListingState.PUBLISHED,
                ended_at=None,
                published_at=now,
                public_until=until,
            )
    except IntegrityError:
        raise Problem(
            zh="这一户已因同一事由重新列入。", en="The firm is listed on this ground again already.", where=str(listing)
        ) from None
    event_write(listing, "restore", user=user, note=reason, data={"until": until.isoformat()})


def listings_lapse(*, on: dt.date | None = None, user: User | None = None) -> int:
    """Take off whose term has ended; how many. The public page shows them no longer anyway. An application that is open
    still goes with it. To be run daily."""
    on = on or timezone.localdate()
    ended = Listing.objects.filter(
        state__in=(ListingState.PUBLISHED, ListingState.LEAVING), public_until__isnull=False, public_until__lt=on
    )
    count = 0
    for listing in ended.select_related("entity").iterator():
        with transaction.atomic():
            advance(listing, (listing.state,), ListingState.REMOVED, ended_at=timezone.now())
            Removal.objects.filter(listing=listing, state__in=OPEN_REMOVALS).update(
                state=RemovalState.REFUSED, reason="期满移出", decided_at=timezone.now()
            )
            Removal.objects.create(
                listing=listing,
                kind=RemovalKind.TERM,
                state=RemovalState.GRANTED,
                text="期满",
                applied_on=on,
                decided_at=timezone.now(),
            )
            clocks.cancel_all(listing, reason="期满移出", user=user)
            event_write(listing, "lapse", user=user)
        count += 1
    return count


def _repairable(listing: Listing, on: dt.date, shown: set[str]) -> None:
    earliest = clocks.due("credit.dishonest.repair.after", timezone.localdate(listing.decided_at), listing.division)
    missing = [c for c in CONDITIONS if c.key not in shown]
    if on < earliest or missing:
        zh = f"列入满一年（{earliest}）后才可申请" if on < earliest else "还不具备：" + "、".join(c.zh for c in missing)
        en = f"it can be asked for from {earliest}" if on < earliest else "missing: " + "; ".join(c.en for c in missing)
        raise Problem(
            zh=f"不符合信用修复条件：{zh}。",
            en=f"The conditions of a credit repair aren't met: {en}.",
            where=str(listing),
            todo_zh="请告知当事人条件，具备后再申请。",
            todo_en="Tell the firm, which may apply once they are met.",
        )


def _move(removal: Removal, sources: tuple[str, ...], target: str, **values: Any) -> None:
    if Removal.objects.filter(pk=removal.pk, state__in=sources).update(state=target, **values) != 1:
        removal.refresh_from_db()
        raise Problem(
            zh=f"申请现为“{removal.get_state_display()}”，不能办理这一步。",
            en=f"The application is {removal.state}; this step isn't possible.",
            where=str(removal.listing),
            todo_zh="可能已由他人办理或重复提交，请刷新页面查看。",
            todo_en="Someone may have done it already, or it was sent twice: look at the page again.",
        )
    removal.state = target
    for name, value in values.items():
        setattr(removal, name, value)
