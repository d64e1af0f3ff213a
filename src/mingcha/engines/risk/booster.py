"""Gradient-boosted trees by LightGBM, held as text: small, deterministic, readable without pickle.

Each booster is trained by one thread, and several boosters (folds, rounds, bags) side by side: on a busy machine,
threads inside a booster wait for each other at every split, and a tree takes up to a hundred times as long.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from mingcha.engines.risk.arrays import Floats, Ints, sigmoid
from mingcha.engines.risk.config import Boosting

END = "end of trees"
Item = TypeVar("Item")
Result = TypeVar("Result")


def lightgbm() -> Any:
    """LightGBM, imported when it is first needed: it takes half a second. Its threads sleep while they wait."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import lightgbm as lgb
    except (ImportError, OSError) as error:
        from mingcha.problems import Problem

        raise Problem(
            zh="无法载入 LightGBM。",
            en="LightGBM can't be loaded.",
            where=str(error),
            todo_zh="请安装 lightgbm 及系统包 libgomp1（见 packages.apt）。",
            todo_en="Install lightgbm and the system package libgomp1 (see packages.apt).",
        ) from error
    return lgb


def each(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> list[Result]:
    """[function(item) ...], `threads` at a time; the results don't depend on how many."""
    if threads < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def base_parameters(seed: int) -> dict[str, Any]:
    """What every booster here shares."""
    return {
        "objective": "binary",
        "deterministic": True,
        "force_col_wise": True,  # a third to two thirds of row-wise's time here, whatever the shape
        "boost_from_average": False,
        "feature_pre_filter": False,
        "seed": seed,
        "num_threads": 1,
        "verbose": -1,
    }


def _parameters(c: Boosting, rows: int, directions: Sequence[int], seed: int) -> dict[str, Any]:
    return base_parameters(seed) | {
        "num_leaves": c.leaves,
        "learning_rate": c.learning_rate,
        "min_data_in_leaf": max(5, min(c.fewest_rows, rows // 20)),
        "lambda_l2": c.l2,
        "feature_fraction": float(np.clip(c.factors_a_tree / max(len(directions), 1), 0.2, 0.5)),
        "extra_trees": c.random_cuts,
        "enable_bundle": False,
        "bagging_fraction": c.row_fraction,
        "bagging_freq": 1,
        "max_bin": c.max_bin,
        "bin_construct_sample_cnt": 10_000,
        **({"monotone_constraints": list(directions)} if any(directions) else {}),
    }


@dataclass(frozen=True)
class Ensemble:
    """One or more boosters of the same factors; what they add to the log odds is averaged."""

    texts: tuple[str, ...]

    @cached_property
    def _boosters(self) -> list[Any]:
        lgb = lightgbm()
        return [lgb.Booster(model_str=text) for text in self.texts]

    def raw(self, x: Floats, *, threads: int = 1) -> Floats:
        """(n,) what the factors add to the log odds."""
        if not len(x):
            return np.zeros(0)
        parts = [b.predict(x, raw_score=True, num_threads=threads) for b in self._boosters]
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)

    def contributions(self, x: Floats, *, threads: int = 1) -> tuple[Floats, Floats]:
        """((n, p), (n,)): what each factor adds to a row's log odds, and the common start. Sums to `raw`."""
        if not len(x):
            return np.zeros(x.shape), np.zeros(0)
        parts = [b.predict(x, pred_contrib=True, num_threads=threads) for b in self._boosters]
        mean = np.mean(parts, axis=0)
        return mean[:, :-1], mean[:, -1]


def fit(
    x: Floats,
    y: Floats,
    *,
    offset: Floats,
    weight: Floats,
    trees: int,
    directions: Sequence[int],
    config: Boosting,
    seed: int,
    threads: int,
) -> Ensemble:
    """Boosters of log odds = offset + f(x). offset: (n,) what is already known, e.g. the inspector's effect."""
    weight = weight / weight.mean()

    def one(bag: int) -> str:
        return train(
            _parameters(config, len(y), directions, seed + bag), x, y, weight=weight, offset=offset, trees=trees
        )

    return Ensemble(tuple(each(one, range(config.bags), threads)))


def train(parameters: Mapping[str, Any], x: Floats, y: Floats, *, weight: Floats, offset: Floats, trees: int) -> str:
    """One booster's text, without the record of parameters that LightGBM puts below its trees."""
    lgb = lightgbm()
    data = lgb.Dataset(x, y, weight=weight, init_score=offset, params=dict(parameters))
    text = str(lgb.train(dict(parameters), data, num_boost_round=max(trees, 1)).model_to_string(num_iteration=-1))
    return text[: text.index(END) + len(END)] + "\n"


def choose_trees(
    x: Floats,
    y: Floats,
    *,
    offset: Floats,
    weight: Floats,
    folds: Sequence[tuple[Ints, Ints]],
    directions: Sequence[int],
    config: Boosting,
    seed: int,
    threads: int,
) -> int:
    """The number of trees at which the log loss of later rows, over (train, test) folds in time, is least."""
    lgb = lightgbm()

    def curve(fold: tuple[Ints, Ints]) -> Floats:
        train, test = fold
        parameters = _parameters(config, len(train), directions, seed) | {"metric": "binary_logloss"}
        data = lgb.Dataset(x[train], y[train], weight=weight[train], init_score=offset[train], params=parameters)
        later = lgb.Dataset(x[test], y[test], weight=weight[test], init_score=offset[test], reference=data)
        seen: dict[str, Any] = {}
        stop = [lgb.record_evaluation(seen), lgb.early_stopping(100, verbose=False)]
        lgb.train(parameters, data, config.most_trees, valid_sets=[later], callbacks=stop)
        loss = np.array(seen["valid_0"]["binary_logloss"])
        # A fold that stopped early counts on at its last value, so that folds of different length can be added.
        full = np.concatenate([loss, np.full(config.most_trees - len(loss), loss[-1])])
        return np.asarray(full * weight[test].sum())

    curves = each(curve, folds, threads)
    return int(np.argmin(np.sum(curves, axis=0))) + 1 if curves else min(100, config.most_trees)


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree. Children >= 0 are nodes, < 0 are leaves (~leaf). Values are shrunken, as LightGBM adds them."""

    feature: Ints
    left: Ints
    right: Ints
    node_value: Floats
    leaf_value: Floats


def trees(text: str) -> Iterator[Tree]:
    """The trees in a booster's text."""
    for block in text.split("\nTree=")[1:]:
        lines: Mapping[str, str] = dict(
            line.split("=", 1) for line in block.split("\n\n")[0].splitlines() if "=" in line
        )

        def numbers(name: str, lines: Mapping[str, str] = lines) -> Floats:
            return np.array(lines.get(name, "").split(), dtype=np.float64)

        yield Tree(
            feature=numbers("split_feature").astype(np.int64),
            left=numbers("left_child").astype(np.int64),
            right=numbers("right_child").astype(np.int64),
            node_value=numbers("internal_value"),
            leaf_value=numbers("leaf_value"),
        )


def held_out_gain(text: str, x: Floats, y: Floats, *, offset: Floats, weight: Floats) -> Floats:
    """(p,) how much each factor's splits lower the log loss of rows that the booster has not seen.

    Each split is charged with the loss of its two children's values less that of the value it replaces, to second
    order, at the score that the row had before the tree; over all splits this adds up to the trees' whole gain.
    On rows that were trained on, noise gains too, which favours factors with many values; on others it does not
    (Zhou and Hooker 2021, "Unbiased measurement of feature importance in tree-based methods").
    """
    booster = lightgbm().Booster(model_str=text)
    leaves = booster.predict(x, pred_leaf=True, num_threads=1).reshape(len(x), -1)
    gain = np.zeros(booster.num_feature())
    score = offset.astype(np.float64).copy()
    for t, tree in enumerate(trees(text)):
        if not len(tree.feature):
            continue
        leaf, count = leaves[:, t], len(tree.leaf_value)
        p = sigmoid(score)
        in_leaf = np.stack([np.bincount(leaf, weight * (p - y), count), np.bincount(leaf, weight * p * (1 - p), count)])
        in_node = np.zeros((2, len(tree.feature)))
        for node in range(len(tree.feature) - 1, -1, -1):  # children are numbered after their parents
            for child in (tree.left[node], tree.right[node]):
                in_node[:, node] += in_leaf[:, ~child] if child < 0 else in_node[:, child]
        leaf_loss = in_leaf[0] * tree.leaf_value + 0.5 * in_leaf[1] * tree.leaf_value**2
        node_loss = in_node[0] * tree.node_value + 0.5 * in_node[1] * tree.node_value**2
        loss = np.concatenate([node_loss, leaf_loss[::-1]])  # so that a negative child, ~leaf, finds its leaf
        np.add.at(gain, tree.feature, node_loss - loss[tree.left] - loss[tree.right])
        score += tree.leaf_value[leaf]
    return gain
