"""Topics of a free text, each a few words that anyone can read: rows that hold one of them are of the topic.

Found by non-negative matrix factorisation of TF-IDF weights (Lee and Seung 1999). A topic is then frozen as its most
telling words, so that it stays a plain condition on a row: the model's file holds it, and no text has to be read again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

TEXTS = 10_000  # texts that topics are sought in
LENGTH = 300  # characters of each
_WORDS = 4  # of a topic
_LEAST = 20  # texts that hold a word
_MOST = 0.5  # share of the texts that hold it: more tells nothing
_TERMS = 4_000
_PART = 0.8  # a run of characters that comes so often within one longer run is a part of that
_LATIN, _HAN = re.compile(r"[a-z][a-z]{3,}"), re.compile(r"[\u4e00-\u9fff]+")
# characters that join words rather than make them: a run that holds one is no word
_JOINTS = frozenset(
    "的了是在我有不和就也都这那们你他她它及与或等对为从到被把让给将很还又并但而所以着过吗呢吧啊"
    "于其之因此该本各个时后前中上下一二三四五六七八九十年月日元次"
)


def topics(texts: Sequence[str], most: int) -> list[tuple[tuple[str, ...], float]]:
    """At most `most` topics of `texts`: (words, share of the texts that hold one of them), the commonest first.

    Words are lower-case Latin words, or runs of two to four Han characters. Fewer topics, or none, where the texts are
    few or all alike.
    """
    import numpy as np
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.preprocessing import normalize

    held, words = _counts(texts)
    if len(words) < 2:
        return []
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(held)
    number = min(most, len(words) - 1, weights.shape[0] - 1)
    factors = NMF(number, init="nndsvda", random_state=0, max_iter=300, tol=1e-3).fit(weights).components_
    share = normalize(factors, "l1", axis=0)  # how much of a word belongs to each topic
    found = []
    taken: list[str] = []
    for weight, belongs in zip(factors, share, strict=True):
        chosen: list[str] = []
        for i in np.argsort(-weight * belongs, kind="stable")[: 5 * _WORDS]:
            word = words[i]
            if weight[i] <= 0 or belongs[i] < 0.5 or any(_overlap(word, other) for other in taken):
                continue
            chosen.append(word)
            taken.append(word)
            if len(chosen) == _WORDS:
                break
        if chosen:
            columns = [words.index(word) for word in chosen]
            found.append((tuple(chosen), float((held[:, columns].sum(axis=1) > 0).mean())))
    return sorted(found, key=lambda topic: (-topic[1], topic[0]))


def _counts(texts: Sequence[str]) -> tuple[Any, list[str]]:
    """(texts x words, sparse counts; the words): those that are neither rare nor everywhere, nor parts of others."""
    from sklearn.feature_extraction.text import CountVectorizer

    least = max(2, min(_LEAST, len(texts) // 50))
    most = max(least, int(_MOST * len(texts)))
    counter = CountVectorizer(analyzer=lambda text: list(_terms(text)), min_df=least, max_df=most, max_features=_TERMS)
    try:
        held = counter.fit_transform([text[:LENGTH] for text in texts])
    except ValueError:  # no word is left
        return None, []
    words = list(counter.get_feature_names_out())
    total = dict(zip(words, held.sum(axis=0).tolist()[0], strict=True))
    within: Counter[str] = Counter()  # the most that one longer run holds of a run's appearances
    for word in words:
        for part in _inner(word):
            within[part] = max(within[part], total[word])
    keep = [i for i, word in enumerate(words) if within[word] < _PART * total[word]]
    return held[:, keep], [words[i] for i in keep]


def _terms(text: str) -> Iterator[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    text = text.lower()
    yield from (word for word in _LATIN.findall(text) if word not in ENGLISH_STOP_WORDS)
    for run in _HAN.findall(text):
        for size in (2, 3, 4):
            for start in range(len(run) - size + 1):
                term = run[start : start + size]
                if _JOINTS.isdisjoint(term):
                    yield term


def _overlap(word: str, other: str) -> bool:
    """Whether two runs of Han characters share two in a row, so that they may be pieces of one text."""
    return bool(_HAN.match(word)) and any(word[i : i + 2] in other for i in range(len(word) - 1))


def _inner(word: str) -> Iterator[str]:
    """The shorter runs of characters within a run of Han characters."""
    if _HAN.fullmatch(word):
        for size in range(2, len(word)):
            yield from (word[start : start + size] for start in range(len(word) - size + 1))
