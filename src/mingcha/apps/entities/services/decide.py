"""What a person decides about who is who: with a reason, from now on, and against what rows say later."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.engines.linkage.evidence import provisional_key
from mingcha.problems import Problem

from ..models import Entity, EntityKey, KeyConflict, Resolution
from ..store import one_at_a_time


def entity_merge(*, keep: Entity, drop: Entity, reason: str, user: User) -> Resolution:
    """Say that `drop` is `keep`: its keys mean `keep` from now on. The past stays as it was told.

    A provisional entity goes on following what rows say of its keys; an entity with a USCC of its own is pinned, as no
    row may ever say that two USCCs are one firm.
    """
    _check_reason(reason)
    with one_at_a_time(), transaction.atomic():
        keep, drop = _as_it_is(keep), _as_it_is(drop)
        _check_merge(keep, drop)
        keys = list(EntityKey.objects.filter(entity=drop, retracted_at=None))
        pins = {key.pk: key.pinned or not drop.provisional for key in keys}
        resolution = _move(keys, keep, "merge", reason, user, pins)
        Entity.ever.filter(merged_into=drop).update(merged_into=keep)
        Entity.ever.filter(pk=drop.pk).update(merged_into=keep)
        audit_record(
            user=user,
            action="entities.merge",
            obj=keep,
            before={"entity": drop.key, "keys": [key.value for key in keys]},
            after={"entity": keep.key, "reason": reason},
        )
    return resolution


def entity_split(*, entity: Entity, keys: Iterable[str], reason: str, user: User, to: Entity | None = None) -> Entity:
    """Say that `keys` (scheme:value) of `entity` mean another: `to`, or one of their own with a provisional key.

    They are pinned there: rows that tie them to `entity` again are listed as conflicts, and move nothing.
    """
    _check_reason(reason)
    values = sorted(set(keys))
    with one_at_a_time(), transaction.atomic():
        entity, to = _as_it_is(entity), to and _as_it_is(to)
        if to == entity or (to and to.merged_into_id):
            raise Problem(
                zh="编码不能归入这个主体：它就是原主体，或已被合并。",
                en="The keys can't go to that entity: it is the one that they are of, or has been merged.",
                where=to.key,
                todo_zh="请用 mingcha entity show 查看它现在的编码。",
                todo_en="See what key it has now, with mingcha entity show.",
            )
        held: dict[str, list[EntityKey]] = {}
        for row in EntityKey.objects.filter(entity=entity, retracted_at=None).order_by("known_at", "value"):
            held.setdefault(row.value, []).append(row)
        strange = [value for value in values if value not in held]
        own = [value for value in values if entity.key in (value.removeprefix("uscc:"), provisional_key(value))]
        if strange or not values or own or len(values) == len(held):
            raise Problem(
                zh="这些编码不能从该主体拆出："
                + ("、".join(strange) + " 不属于它。" if strange else "主体自己的编码和最后一个编码须留下。"),
                en="These keys can't be taken out of the entity: "
                + (
                    ", ".join(strange) + " don't belong to it."
                    if strange
                    else "the key that it goes by, and the last one, have to stay."
                ),
                where=entity.key,
                todo_zh="它的编码有：" + "、".join(sorted(held)[:20]),
                todo_en="Its keys are: " + ", ".join(sorted(held)[:20]),
            )
        if to is None:
            first = min(values, key=lambda value: (held[value][0].known_at, value))
            key = provisional_key(first)
            to, _ = Entity.ever.get_or_create(key=key, defaults={"provisional": True, "simulated": entity.simulated})
            Entity.ever.filter(pk=to.pk).update(merged_into=None)
        moved = [row for value in values for row in held[value]]
        _move(moved, to, "split", reason, user, dict.fromkeys((key.pk for key in moved), True))
        audit_record(
            user=user,
            action="entities.split",
            obj=entity,
            before={"entity": entity.key, "keys": values},
            after={"entity": to.key, "reason": reason},
        )
    return Entity.ever.get(pk=to.pk)


def _as_it_is(entity: Entity) -> Entity:
    """The entity as the database has it, read while links are held: another decision may have changed it meanwhile."""
    return Entity.ever.get(pk=entity.pk)


def _check_merge(keep: Entity, drop: Entity) -> None:
    if keep == drop or drop.merged_into_id or keep.merged_into_id:
        raise Problem(
            zh="这两个主体不能合并：它们是同一个，或其中之一已被合并。",
            en="These two can't be merged: they are one, or one of them has been merged already.",
            where=f"{keep.key}, {drop.key}",
            todo_zh="请用 mingcha entity show 查看它们现在的编码。",
            todo_en="See what keys they have now, with mingcha entity show.",
        )
    if keep.provisional and not drop.provisional:
        raise Problem(
            zh="有统一社会信用代码的主体不能并入临时主体。",
            en="An entity with a credit code can't be merged into a provisional one.",
            where=f"{keep.key}, {drop.key}",
            todo_zh="请把前后两个编码对调。",
            todo_en="Give the two keys the other way round.",
        )


def _move(keys: list[EntityKey], to: Entity, action: str, reason: str, user: User, pins: dict[int, bool]) -> Resolution:
    now = timezone.now()
    EntityKey.objects.filter(pk__in=[key.pk for key in keys]).update(retracted_at=now)
    EntityKey.objects.bulk_create(
        EntityKey(
            value=key.value,
            entity=to,
            valid_from=key.valid_from,
            valid_to=key.valid_to,
            known_at=now,
            recorded_at=now,
            source=f"user:{user.username}",
            pinned=pins[key.pk],
        )
        for key in keys
    )
    values = [key.value for key in keys]
    KeyConflict.objects.filter(value__in=values, decided_at=None).update(decided_at=now)
    return Resolution.objects.create(
        action=action, at=now, user=user, reason=reason, links_new=len(keys), links_retracted=len(keys)
    )


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < 2:
        raise Problem(
            zh="合并或拆分主体须写明理由。",
            en="A merge or split of entities needs a reason.",
            todo_zh="请用 --reason 写明依据，例如“营业执照换发，原代码注销”。",
            todo_en="Give it with --reason, for instance “licence reissued, the old code was cancelled”.",
        )
