"""Finding entities: one by any key, many by what a person remembers of them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import division_of, in_jurisdiction
from mingcha.engines.linkage.identifiers import key_of
from mingcha.engines.linkage.spelling import contains, half_width
from mingcha.problems import Problem

from ..models import Entity, EntityKey, KeyConflict
from ..search import first_found, key_schemes


def entities_visible(user: User) -> QuerySet[Entity]:
    """The entities of the user's jurisdiction. A queryset: filter, sort and slice it."""
    visible = Entity.objects.filter(in_jurisdiction(user))
    division = division_of(user)
    if division:  # the same once more as a range, which every database's index serves
        visible = visible.filter(division__gte=division, division__lt=division + "~")
    return visible


def entities_search(user: User | None, text: str, *, limit: int = 50) -> list[Entity]:
    """Entities that `text` (words, parts of names or addresses, initials, codes) may mean, the likeliest first.

    Of the user's jurisdiction; `user` None is the command line, which sees all.
    """
    within = Entity.objects.all() if user is None else entities_visible(user)
    parts = half_width(text).split()
    if not parts:
        return []
    found = first_found(within, text, max(4 * limit, 100))
    exact = [e for e in found if all(_has(e, part) for part in parts)]
    whole = "".join(parts)
    exact.sort(key=lambda e: (e.name != text, not e.name.startswith(text), whole not in e.name, len(e.name), e.key))
    return exact[:limit]


def _has(entity: Entity, part: str) -> bool:
    """Whether the part is truly there: pieces may have met by chance."""
    texts = (entity.name, entity.name_other, entity.address, entity.initials)
    return any(contains(text, part) for text in texts) or any(c.isdigit() for c in part)


def entity_get(key: str, *, user: User | None = None) -> Entity:
    """The entity that `key` means now: its own key, `scheme:value`, or a bare number of any scheme.

    Of the user's jurisdiction: what lies outside of it is not there for him; `user` None is the command line, which
    sees all. Problem, with near matches, where there is none, or several.
    """
    text = half_width(key).strip()
    own = text.upper().replace(" ", "")
    entity = Entity.ever.filter(key=own).select_related("merged_into").first()
    if entity is not None:
        entity = entity.merged_into or entity
        if user is not None and not Entity.ever.filter(in_jurisdiction(user), pk=entity.pk).exists():
            raise _not_found(text, own, user)
        return entity
    values = {value for scheme in key_schemes() if (value := key_of(scheme, text))}
    if ":" in text:
        scheme, _, value = text.rpartition(":")
        values |= {text, key_of(scheme.lower(), value) or text}
    links = EntityKey.objects.filter(EntityKey.valid(timezone.now()), value__in=values, retracted_at=None)
    links = links.select_related("entity")
    if user is not None:
        links = links.filter(in_jurisdiction(user, "entity__division"))
    entities = {link.entity_id: link for link in links}
    if len(entities) == 1:
        return next(iter(entities.values())).entity
    if entities:
        shown = [f"{link.value} → {link.entity.key} {link.entity.name}".strip() for link in entities.values()]
        raise Problem(
            zh=f"编码“{text}”对应 {len(entities)} 个主体。",
            en=f"The key {text!r} means {len(entities)} entities.",
            todo_zh="请连同来源一起给出：" + "；".join(shown[:10]),
            todo_en="Give it with its scheme: " + "; ".join(shown[:10]),
        )
    raise _not_found(text, own, user)


def _not_found(text: str, own: str, user: User | None) -> Problem:
    within = Entity.objects.all() if user is None else entities_visible(user)
    near: list[Entity] = []
    for length in range(len(own) - 1, 7, -2):  # the longest beginning that some share
        near = list(within.filter(key__gte=own[:length], key__lt=own[:length] + "~")[:5])
        if near:
            break
    near = near or entities_search(user, text, limit=5)
    if not near and not Entity.objects.exists():
        todo_zh = "还没有任何主体：请先用 mingcha import 导入数据。"
        todo_en = "There are no entities yet: import some data first, with mingcha import."
    elif near:
        shown = [f"{e.key} {e.name}".strip() for e in near]
        todo_zh, todo_en = "是否要找：" + "；".join(shown), "Did you mean: " + "; ".join(shown)
    else:
        todo_zh, todo_en = (
            "可用 mingcha entity find 按名称或地址查找。",
            "Look for a name or an address with mingcha entity find.",
        )
    return Problem(
        zh=f"{f'“{user}”的辖区内' if user else ''}没有编码为“{text}”的主体。",
        en=f"There is no entity with the key {text!r}{f' within the jurisdiction of {str(user)!r}' if user else ''}.",
        todo_zh=todo_zh,
        todo_en=todo_en,
    )


def conflicts_open(user: User | None = None) -> QuerySet[KeyConflict]:
    """Keys that rows tie to two entities and nobody has decided on yet, the latest known first."""
    found = KeyConflict.objects.filter(decided_at=None).select_related("entity", "claimant").order_by("-known_at", "pk")
    if user is None:
        return found
    return found.filter(in_jurisdiction(user, "entity__division") | in_jurisdiction(user, "claimant__division"))
