"""Against a simulated truth: who is strict, how surely, and that a score never asks who comes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from mingcha.engines.risk import stringency
from mingcha.engines.risk.arrays import sigmoid
from mingcha.engines.risk.sample import Inspectors


def fit(sample, offset, **more):
    return stringency.fit(
        sample.y,
        offset=offset,
        inspectors=sample.inspectors,
        stratum=sample.stratum,
        weight=np.ones(len(sample)),
        **more,
    )


def by_name(town, names):
    return town.stringency[[int(n[1:]) for n in names]]


def test_stringency_is_recovered_from_pairs(town_of):
    town = town_of(n=20_000, seed=1)
    effects = fit(town.sample, town.odds)
    known = [n for n in effects.names if n]
    found = effects.effect[[effects.names.index(n) for n in known]]
    truth = by_name(town, known)
    assert spearmanr(found, truth).statistic > 0.9
    assert effects.sigma == pytest.approx(0.8, abs=0.3)
    assert np.abs(found).mean() < np.abs(truth - truth.mean()).mean() * 1.15  # pooled towards the mean


def test_the_intervals_of_contrasts_cover(town_of):
    inside = total = 0
    for seed in range(8):
        town = town_of(n=3000, seed=seed)
        effects = fit(town.sample, town.odds)
        truth = by_name(town, [c.inspector for c in effects.contrasts])
        visits = np.array([c.visits for c in effects.contrasts])
        centred = truth - np.average(truth, weights=visits)
        inside += sum(c.low <= t <= c.high for c, t in zip(effects.contrasts, centred, strict=True))
        total += len(centred)
    assert 0.88 <= inside / total <= 0.99


def test_strata_that_never_meet_are_never_compared(town_of):
    effects = fit((t := town_of(n=2000, away=0.0)).sample, t.odds)
    assert {c.component for c in effects.contrasts} == {1, 2, 3, 4}
    for c in effects.contrasts:
        mates = {int(o.inspector[1:]) % 4 for o in effects.contrasts if o.component == c.component}
        assert mates == {int(c.inspector[1:]) % 4}
    together = fit((t := town_of(n=2000, away=0.2)).sample, t.odds)
    assert {c.component for c in together.contrasts} == {1}


def test_one_who_stands_alone_gets_no_contrast():
    y = np.array([1, 0, 1, 0, 1.0])
    who = Inspectors.of(["a", "b", "a", "b", "hermit"])
    effects = stringency.fit(
        y, offset=np.zeros(5), inspectors=who, stratum=np.array(["s", "s", "s", "s", "t"]), weight=np.ones(5)
    )
    assert {c.inspector for c in effects.contrasts} == {"a", "b"}
    none = stringency.fit(y, offset=np.zeros(5), inspectors=who, stratum=np.full(5, ""), weight=np.ones(5))
    assert not none.contrasts


def test_the_marginal_score_does_not_depend_on_who_comes(trained, town):
    someone_else = replace(town.sample, inspectors=town.sample.inspectors.take(np.arange(len(town.sample))[::-1]))
    nobody = replace(town.sample, inspectors=Inspectors.none(len(town.sample)))
    score = trained.model.score(town.sample)
    assert np.array_equal(score, trained.model.score(someone_else))
    assert np.array_equal(score, trained.model.score(nobody))
    assert not np.array_equal(
        trained.model.score_with_inspector(town.sample), trained.model.score_with_inspector(someone_else)
    )


def test_the_marginal_is_the_mean_over_the_visits_that_were_made(town):
    effects = fit(town.sample, town.odds, points=400)
    for odds in (-2.0, 0.5):
        exact = sigmoid(odds + effects.of(town.sample.inspectors)).mean()
        assert effects.marginal(np.array([odds]))[0] == pytest.approx(exact, abs=0.01)
    assert effects.masses.sum() == pytest.approx(1)
    ordered = effects.marginal(np.linspace(-5, 5, 50))
    assert (np.diff(ordered) > 0).all()


def test_without_any_inspector_there_is_an_intercept_and_nothing_else():
    y = np.array([1, 0, 0, 0.0])
    effects = stringency.fit(
        y, offset=np.zeros(4), inspectors=Inspectors.none(4), stratum=np.full(4, "s"), weight=np.ones(4)
    )
    assert sigmoid(np.array([effects.intercept]))[0] == pytest.approx(0.25, abs=1e-6)
    assert effects.marginal(np.array([0.0]))[0] == pytest.approx(0.5)


def test_rows_without_an_inspector_are_a_level_of_their_own():
    rng = np.random.default_rng(0)
    named = rng.random(4000) < 0.5
    y = (rng.random(4000) < np.where(named, 0.2, 0.5)).astype(float)
    who = Inspectors.of([f"i{i % 4}" if k else None for i, k in enumerate(named)])
    effects = stringency.fit(y, offset=np.zeros(4000), inspectors=who, stratum=np.full(4000, ""), weight=np.ones(4000))
    u = effects.of(Inspectors.of([None, "i0", "never seen"]))
    assert u[0] - u[1] == pytest.approx(np.log(1) - np.log(0.25), abs=0.35)
    assert u[2] == 0
