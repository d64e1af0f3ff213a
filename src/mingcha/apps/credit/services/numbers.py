"""Numbers of documents, by unit and year: no gaps, no doubles."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.services import audit_record
from mingcha.problems import Problem

from ..models import Letterhead, NumberSeries

WORDS = {
    "abnormal": "异列",
    "abnormal.tell": "异告",
    "abnormal.leave": "异移",
    "dishonest": "严列",
    "dishonest.tell": "严告",
    "dishonest.leave": "严移",
    "interview": "约",
}


def number_next(*, unit: Unit, word: str) -> str:
    """The unit's next number of this word in this year, 云市监异列〔2026〕001号. To be called in the transaction that
    uses it, after the step itself: the row stays locked until that ends, and what is rolled back leaves no gap."""
    year = timezone.localdate().year
    series, _made = NumberSeries.objects.get_or_create(unit=unit, word=WORDS[word], year=year)
    NumberSeries.objects.filter(pk=series.pk).update(last=F("last") + 1)
    series.refresh_from_db()
    return f"{letterhead(unit)}{WORDS[word]}〔{year}〕{series.last:03d}号"


def letterhead(unit: Unit) -> str:
    """The unit's prefix; made from its name on first use: the shortest beginning that no other unit has."""
    found = Letterhead.objects.filter(unit=unit).first()
    if found:
        return found.prefix
    for length in range(1, len(unit.name) + 1):
        prefix = unit.name[:length] + "市监"
        if Letterhead.objects.filter(prefix=prefix).exists():
            continue
        try:
            with transaction.atomic():
                return Letterhead.objects.create(unit=unit, prefix=prefix).prefix
        except IntegrityError:  # made at the same moment, by us or by a namesake
            if found := Letterhead.objects.filter(unit=unit).first():
                return found.prefix
    return Letterhead.objects.create(unit=unit, prefix=f"{unit.name}{unit.code}"[:20]).prefix


@transaction.atomic
def letterhead_set(*, unit: Unit, prefix: str, user: User | None) -> Letterhead:
    """Give a unit its prefix. Numbers given before keep theirs."""
    prefix = prefix.strip()
    if not prefix or Letterhead.objects.filter(prefix=prefix).exclude(unit=unit).exists():
        raise Problem(
            zh=f"文号字头“{prefix}”为空或已由其他单位使用。",
            en=f"The prefix {prefix!r} is empty, or another unit's.",
            todo_zh="请换一个，如“云市监”。",
            todo_en="Choose another one.",
        )
    before = Letterhead.objects.filter(unit=unit).first()
    after, _made = Letterhead.objects.update_or_create(unit=unit, defaults={"prefix": prefix})
    audit_record(
        user=user,
        action="credit.letterhead.set",
        obj=after,
        before={"prefix": before.prefix} if before else None,
        after={"prefix": prefix},
    )
    return after


def authority(user: User) -> Unit:
    """The unit in whose name `user` decides: his own, or of a station or community the one above it."""
    unit = user.unit
    while unit is not None and getattr(unit, "kind", "") in ("station", "community") and unit.parent_id:
        unit = unit.parent
    if unit is None:
        raise Problem(
            zh=f"“{user}”不属于任何单位，不能以单位名义出具文书。",
            en=f"{str(user)!r} belongs to no unit, and can't issue a document in its name.",
            todo_zh="请由管理员为其设置单位。",
            todo_en="Ask an administrator to set his unit.",
        )
    return unit
