"""Which keys mean one entity, since when: a function of what was seen together on one row, and when that was known.

Keys are nodes. A row that carries several keys joins them from the moment it was known. At any moment, the keys that
are joined are one entity. Some keys say by themselves which entity they mean (a USCC, a key that a person assigned):
anchors. A join that would put two anchors into one entity is refused and reported. So nothing that is learned later
moves the past, and two USCCs never become one firm by machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
OPEN = np.iinfo(np.int64).max
NONE = -1


@dataclass(frozen=True)
class Timelines:
    """Who was who, when. Aligned arrays: `key` meant entity `entity` from `since` until `until` (OPEN: still).

    Keys and entities are node numbers: an entity goes by its anchor, or else by its key known first.
    `refused`: numbers of the joins that were refused; `kept`, `claimed`: the two anchors, the left key's first.
    """

    key: Ints
    entity: Ints
    since: Ints
    until: Ints
    refused: Ints
    kept: Ints
    claimed: Ints


def resolve(first: Ints, anchor: Ints, left: Ints, right: Ints, at: Ints) -> Timelines:
    """Timelines of n keys from m joins, in O((n + m) log m).

    first (n,): when each key was first known. anchor (n,): the node that it means by itself, or NONE.
    left, right (m,): joined keys; at (m,): since when that is known, no earlier than either key. Times are
    any integers.

    The usual case, every key of an entity seen with its USCC (or with the first key) before it was seen with any other,
    is solved by columns; what is left goes join by join.
    """
    n = len(first)
    group = _groups(n, left, right)
    hub, simple = _hubs(first, anchor, group)
    direct = np.full(n, OPEN)
    for one, other in ((left, right), (right, left)):
        to_hub = hub[one] == other
        np.minimum.at(direct, one[to_hub], at[to_hub])
    is_hub = hub == np.arange(n)
    direct[is_hub] = first[is_hub]
    simple &= _all(group, direct < OPEN)
    late = at >= np.maximum(direct[left], direct[right])
    simple &= ~np.isin(group, group[left[~(late | (hub[left] == right) | (hub[right] == left))]])

    before = np.flatnonzero(simple & (first < direct))
    keys = np.flatnonzero(simple)
    rest = _one_by_one(np.flatnonzero(~simple), first, anchor, *(column[~simple[left]] for column in (left, right, at)))
    numbers = np.flatnonzero(~simple[left])
    events = np.array(rest.events, dtype=np.int64).reshape(-1, 4)
    refused = np.array(rest.refused, dtype=np.int64).reshape(-1, 3)
    return Timelines(
        key=np.concatenate((before, keys, events[:, 0])),
        entity=np.concatenate((before, hub[keys], events[:, 1])),
        since=np.concatenate((first[before], direct[keys], events[:, 2])),
        until=np.concatenate((direct[before], np.full(len(keys), OPEN), events[:, 3])),
        refused=numbers[refused[:, 0]],
        kept=refused[:, 1],
        claimed=refused[:, 2],
    )


def _groups(n: int, left: Ints, right: Ints) -> Ints:
    """The connected component of each key, times left out."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _hubs(first: Ints, anchor: Ints, group: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """For each key the one that its group would go by, and whether that is plain: no anchor, or one that is itself."""
    n = len(first)
    order = np.lexsort((np.arange(n), first, anchor == NONE, group))
    heads = order[np.flatnonzero(np.diff(group[order], prepend=-1))]
    hub = np.empty(n, dtype=np.int64)
    hub[group[heads]] = heads  # by group for now; groups are numbered from 0
    anchors = np.bincount(group, weights=anchor != NONE, minlength=n)
    plain = (anchors[group] == 0) | ((anchors[group] == 1) & (anchor[hub[group]] == hub[group]))
    return hub[group], plain


def _all(group: Ints, flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether all of each key's group are true."""
    false = np.bincount(group, weights=~flags)
    return np.asarray(false[group] == 0)


@dataclass(frozen=True)
class _Steps:
    events: list[tuple[int, int, int, int]]  # key, entity, since, until
    refused: list[tuple[int, int, int]]  # join, anchor of its left key, anchor of its right key


def _one_by_one(keys: Ints, first: Ints, anchor: Ints, left: Ints, right: Ints, at: Ints) -> _Steps:
    """Kruskal's way: joins in order of time (ties by key), groups as union-find with their members at hand."""
    parent = {k: k for k in keys.tolist()}
    members = {k: [k] for k in parent}
    means = dict(zip(parent, anchor[keys].tolist(), strict=True))
    eldest = dict(zip(parent, zip(first[keys].tolist(), parent, strict=True), strict=True))
    named = {k: means[k] if means[k] != NONE else k for k in parent}
    story = {k: [(eldest[k][0], named[k])] for k in parent}

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    refused: list[tuple[int, int, int]] = []
    for number in np.lexsort((right, left, at)).tolist():
        a, b, time = root(int(left[number])), root(int(right[number])), int(at[number])
        if a == b:
            continue
        if means[a] != NONE and means[b] != NONE and means[a] != means[b]:
            refused.append((number, means[a], means[b]))
            continue
        means[a] = means[b] = means[a] if means[a] != NONE else means[b]
        eldest[a] = eldest[b] = min(eldest[a], eldest[b])
        name = means[a] if means[a] != NONE else eldest[a][1]
        for side in (a, b):
            if named[side] != name:
                for k in members[side]:
                    story[k].append((time, name))
            named[side] = name
        big, small = (a, b) if len(members[a]) >= len(members[b]) else (b, a)
        parent[small] = big
        members[big] += members.pop(small)
    return _Steps([(k, *step) for k in story for step in _spans(story[k])], refused)


def _spans(story: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """(entity, since, until) from dated names: of several at one moment the last counts; a repeated one is one span."""
    latest = dict(story)  # time -> name, in order of time
    changes: list[tuple[int, int]] = []
    for time, name in latest.items():
        if not changes or changes[-1][1] != name:
            changes.append((time, name))
    ends = [time for time, _ in changes[1:]] + [OPEN]
    for (time, name), end in zip(changes, ends, strict=True):
        yield name, time, int(end)
