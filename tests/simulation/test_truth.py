import numpy as np
import pytest

from mingcha.simulation.assumptions import CHRONIC, HOLLOW, ORDINARY, SIGNALS, Assumptions
from mingcha.simulation.inspectors import appoint, assign, outcomes
from mingcha.simulation.story import QUARTERS, VISIT_SHARE, tell
from mingcha.simulation.truth import events, found, ground, log_odds, pass_quarter

N = 40_000
ASSUMED = Assumptions()


@pytest.fixture(scope="module")
def firms():
    rng = np.random.default_rng(3)
    land = ground(rng, N, ASSUMED, stations=12)
    return found(rng, N, land, ASSUMED), land


def odds(firms, quarter=0):
    return 1 / (1 + np.exp(-log_odds(firms, quarter, ASSUMED)))


def test_base_rate_and_heavy_tail(firms):
    p = odds(firms[0])
    assert 0.10 < p.mean() < 0.14
    assert 0.02 < (p > 0.5).mean() < 0.07
    nature = firms[0].nature
    assert (nature == CHRONIC).mean() == pytest.approx(ASSUMED.chronic_share, abs=0.005)
    assert (nature == HOLLOW).mean() == pytest.approx(ASSUMED.hollow_share, abs=0.005)
    assert p[nature == ORDINARY].mean() < 0.11 < 0.35 < p[nature == CHRONIC].mean()


def test_hollow_firms_come_in_bursts_and_honest_crowds_exist(firms):
    hollow = firms[0].nature == HOLLOW
    assert np.median(firms[0].crowd[hollow]) >= 4
    _, of, count = np.unique(firms[0].address, return_inverse=True, return_counts=True)
    assert (count[of][~hollow] > 4).mean() > 0.05, "shared addresses alone give nobody away"


def test_own_numbers_count_from_first(firms):
    rng = np.random.default_rng(0)
    fresh = found(rng, 500, firms[1], ASSUMED, quarter=5, new=True, first=10**6)
    assert fresh.address.min() >= 10**6 and fresh.owner.min() >= 10**6
    assert (fresh.born == 5).all()


def test_drift_is_stationary_and_what_was_caught_is_forgotten(firms):
    rng = np.random.default_rng(5)
    some = found(rng, 20_000, firms[1], ASSUMED)
    some.caught[:] = 1
    before = some.drift.copy()
    for _ in range(8):
        pass_quarter(rng, some, ASSUMED)
    assert some.drift.std() == pytest.approx(ASSUMED.drift_sd, rel=0.05)
    assert np.corrcoef(before, some.drift)[0, 1] == pytest.approx(ASSUMED.drift_memory**8, abs=0.03)
    assert some.caught[0] == pytest.approx(ASSUMED.caught_memory**8)


def test_signals_tell_a_little_each(firms):
    """Each alone is weak; a good half of them at least points the right way."""
    rng = np.random.default_rng(1)
    truth = rng.random(N) < odds(firms[0])
    better = {}
    for name, signal in SIGNALS.items():
        seen = sum(events(rng, firms[0], signal) for _ in range(4))
        p, n = truth.sum(), (~truth).sum()
        order = np.argsort(np.argsort(seen + rng.random(N) * 1e-6))
        better[name] = (order[truth].sum() - p * (p - 1) / 2) / (p * n)
    assert max(better.values()) < 0.65
    assert sum(a > 0.505 for a in better.values()) >= 9


def test_a_stricter_pair_records_all_that_a_milder_one_does(firms):
    mild = outcomes(np.random.default_rng(2), firms[0], 0, np.full(N, -1, dtype=np.float32), ASSUMED)
    strict = outcomes(np.random.default_rng(2), firms[0], 0, np.full(N, 1, dtype=np.float32), ASSUMED)
    assert (strict.recorded | ~mild.recorded).all()
    assert mild.recorded.mean() < mild.violation.mean() < strict.recorded.mean()


def test_pairs_are_two_people_mostly_of_the_station(firms):
    rng = np.random.default_rng(2)
    inspectors = appoint(rng, firms[1].stations, 40, ASSUMED)
    assert abs(inspectors.strictness.mean()) < 1e-6
    pair = assign(rng, inspectors, firms[0].station)
    assert (pair[:, 0] != pair[:, 1]).all()
    assert (inspectors.station[pair[:, 0]] == inspectors.station[pair[:, 1]]).all()
    crossed = inspectors.station[pair[:, 0]] != firms[0].station
    assert crossed.mean() == pytest.approx(0.08, abs=0.01)


def test_story_visits_by_design():
    story = tell(np.random.default_rng(4), 20_000, ASSUMED)
    visits = story.visits
    planned = ~np.isnan(visits.pi)
    assert set(visits.quarter) == set(range(QUARTERS))
    for code, share in enumerate(VISIT_SHARE):
        assert visits.pi[planned & (visits.stratum == code)] == pytest.approx(share, rel=0.02)
    twice = visits.firm.astype(np.int64) * QUARTERS + visits.quarter
    assert len(set(twice.tolist())) == len(twice), "one visit a quarter"
    assert (story.firms.born[visits.firm] <= visits.quarter).all()
    assert (story.closed[visits.firm] > visits.quarter).all()
    led = visits.recorded[~planned].mean()
    assert led > 1.5 * visits.recorded[planned].mean(), "complaint-led visits find more"
