"""Names, codes, addresses and people of the simulated firms: the table that every department copies from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import identifiers, place, words
from .assumptions import CAPITAL_FORMS, FOOD, HOLLOW, KINDS, SECTORS
from .story import QUARTERS, Story, quarter_start

USCC_SINCE = np.datetime64("2015-10-01")  # firms of before have a 15-digit number too
NEVER_CONVERTED = 0.02  # of individuals of before have nothing but that number


def register(rng: np.random.Generator, story: Story) -> pl.DataFrame:
    """One row a firm, in the story's order. Columns are what datasets may show of a firm (catalogue's grammar)."""
    firms, n = story.firms, len(story.firms)
    street = streets(rng, story)
    opened = _days(rng, firms.born)
    burst = np.flatnonzero(firms.nature == HOLLOW)  # a burst is registered within a fortnight
    _, of = np.unique(firms.address[burst], return_inverse=True)
    first = rng.integers(0, 75, len(burst))[of]
    opened[burst] = quarter_start(firms.born[burst]) + first + rng.integers(0, 14, len(burst))
    closed = np.where(story.closed < QUARTERS, _days(rng, story.closed), np.datetime64("NaT"))
    closed = np.where(closed > opened, closed, np.where(np.isnat(closed), closed, opened + 30))
    district = street["district"].gather(firms.street)
    company = firms.kind != KINDS.index("individual")
    old = opened < USCC_SINCE
    legacy = identifiers.legacy15(district_codes(district), np.arange(n))
    codes = identifiers.uscc(np.array(["91", "92", "91", "93"])[firms.kind], district_codes(district), np.arange(n))
    converted = ~(old & ~company & (rng.random(n) < NEVER_CONVERTED / 0.3))
    address, latitude, longitude = _addresses(rng, story, street)
    agent = pl.Series(firms.agent).cast(pl.Int64).set(pl.Series(firms.agent < 0), None)
    capital = np.exp(rng.normal(3.4, 1.3, n) + 0.5 * firms.size).round(-1).clip(1, 90_000)
    frame = pl.DataFrame(
        {
            "uscc": pl.Series(codes).set(pl.Series(~converted), None),
            "legacy15": pl.Series(legacy).set(pl.Series(~old), None),
            "food_licence": _food_licences(firms.sector, n),
            "name": names(rng, firms.kind, firms.sector, district),
            "kind": _pick(words.KIND_TITLES, firms.kind),
            "sector": _pick([words.SECTOR_TITLES[s] for s in SECTORS], firms.sector),
            "scope": _pick([words.TRADES[s][2] for s in SECTORS], firms.sector),
            "representative": people(rng, firms.owner),
            "address": address,
            "street": street["name"].gather(firms.street),
            "district": district,
            "division": pl.Series(district_codes(district)),
            "station": street["station"].gather(firms.street),
            "latitude": latitude,
            "longitude": longitude,
            "phone": identifiers.serial("0980-2", rng.integers(0, 10**6, n), 6),
            "agent": agents(story.land.agents).gather(agent),
            "capital": np.where(company, capital, (capital / 20).round(1).clip(0.5, 100)),
            "capital_form": _pick(CAPITAL_FORMS, firms.capital_form).set(pl.Series(firms.kind != 0), None),
            "status": np.where(story.closed < QUARTERS, np.where(firms.nature == HOLLOW, "吊销", "注销"), "存续"),
            "opened_on": opened,
            "closed_on": closed,
            "staff": np.maximum(1, np.exp(firms.size)).astype(np.int64),
        }
    )  # fmt: skip
    return frame


def streets(rng: np.random.Generator, story: Story) -> pl.DataFrame:
    """One row a street: name, district, station, middle (WGS-84)."""
    station = story.land.station_of
    n = len(station)
    order = rng.permutation(len(words.STREET_FIRST) * len(words.STREET_LAST))
    pick = order[np.arange(n) % len(order)]
    first, last = pick // len(words.STREET_LAST), pick % len(words.STREET_LAST)
    middle_lat, middle_lon = place.stations(rng, story.land.stations)
    lat, lon = place.moved(middle_lat[station], middle_lon[station], rng.normal(0, 1_100, n), rng.normal(0, 1_100, n))
    district = station % len(words.DISTRICTS)
    return pl.DataFrame(
        {
            "name": _pick(words.STREET_FIRST, first) + _pick(words.STREET_LAST, last),
            "district": _pick(words.DISTRICTS, district),
            "station": pl.Series(station_names(story.land.stations)).gather(station),
            "latitude": lat,
            "longitude": lon,
        }
    )


def station_names(n: int) -> list[str]:
    """临江路所 and so on: a word of the place and, beyond the first round, a number."""
    stems = [*(d[:2] for d in words.DISTRICTS), *words.STREET_FIRST]
    return [f"{stems[i % len(stems)]}{'' if i < len(stems) else i // len(stems) + 1}市场监管所" for i in range(n)]


def district_codes(district: pl.Series) -> NDArray[np.str_]:
    """The six-digit division code of each district name."""
    return district.replace_strict(dict(zip(words.DISTRICTS, words.DIVISIONS, strict=True))).to_numpy().astype("U6")


def names(rng: np.random.Generator, kind: NDArray, sector: NDArray, district: pl.Series) -> pl.Series:
    """Registered names: place, brand, trade, form."""
    n = len(kind)
    brand = _pick(words.BRAND_FIRST, rng.integers(0, len(words.BRAND_FIRST), n))
    brand = brand + _pick(words.BRAND_SECOND, rng.integers(0, len(words.BRAND_SECOND), n))
    third = _pick(words.BRAND_THIRD, rng.integers(0, len(words.BRAND_THIRD), n))
    brand = brand + third.set(pl.Series(rng.random(n) < 0.4), "")
    firm_trades, shop_trades = ([words.TRADES[s][i].split() for s in SECTORS] for i in (0, 1))
    form = _pick(("有限公司", "有限责任公司", "股份有限公司"), np.searchsorted([0.86, 0.985], rng.random(n)))
    where = rng.random(n)
    prefix = pl.Series(np.where(where < 0.45, words.CITY, ""))
    prefix = prefix.set(pl.Series((where > 0.8) | (kind == 1)), None)
    prefix = prefix.fill_null(pl.Series(np.full(n, words.CITY)) + district)
    firm = prefix + brand + _nested(rng, firm_trades, sector) + form
    shop = prefix + brand + _nested(rng, shop_trades, sector)
    branch = firm + district.str.slice(0, 2) + pl.Series(np.full(n, "分公司"))
    farm = prefix + brand + pl.Series(np.full(n, "农民专业合作社"))
    out = firm.set(pl.Series(kind == 1), None).set(pl.Series(kind == 2), None).set(pl.Series(kind == 3), None)
    chosen = pl.select(
        pl.when(pl.Series(kind == 1)).then(shop).when(pl.Series(kind == 2)).then(branch)
        .when(pl.Series(kind == 3)).then(farm).otherwise(out)
    ).to_series()  # fmt: skip
    return chosen


def people(rng: np.random.Generator, owner: NDArray) -> pl.Series:
    """A person's name for each owner number; the same number is the same name."""
    _, of = np.unique(owner, return_inverse=True)
    n = int(of.max(initial=-1)) + 1
    rank = np.minimum((rng.exponential(0.22, n) * len(words.SURNAMES)).astype(int), len(words.SURNAMES) - 1)
    given = rng.integers(0, len(words.GIVEN), (2, n))
    second = _pick(words.GIVEN, given[1]).set(pl.Series(rng.random(n) < 0.18), "")
    return (_pick(words.SURNAMES, rank) + _pick(words.GIVEN, given[0]) + second).gather(of)


def agents(n: int) -> pl.Series:
    """Names of registration agents."""
    i = np.arange(n)
    first = _pick(words.AGENTS_FIRST, i % len(words.AGENTS_FIRST))
    last = _pick(words.AGENTS_LAST, i // len(words.AGENTS_FIRST) % len(words.AGENTS_LAST))
    more = i // (len(words.AGENTS_FIRST) * len(words.AGENTS_LAST))
    return first + last + pl.Series(np.where(more > 0, more.astype(str), "")) + pl.Series(np.full(n, "有限公司"))


def _addresses(rng: np.random.Generator, story: Story, street: pl.DataFrame) -> tuple[pl.Series, NDArray, NDArray]:
    """Text and WGS-84 point of each firm's address. Firms of one address number share house and point; those of a
    market hall have a stall each, those of an incubator and of a burst share the very text."""
    firms, n = story.firms, len(story.firms)
    _, of, count = np.unique(firms.address, return_inverse=True, return_counts=True)
    houses = len(count)
    number = rng.integers(1, 400, houses)[of].astype(str)
    floor = rng.integers(1, 7, houses)[of].astype(str)
    room = rng.integers(1, 30, houses)[of].astype(str)
    hall = (rng.random(houses) < 0.6)[of] & (count[of] > 1) & (firms.nature != HOLLOW)
    block = _pick(tuple("ABCDE"), rng.integers(0, 5, n)) + pl.Series(np.full(n, "区"))
    stall = block + pl.Series(rng.integers(1, 300, n).astype(str)) + pl.Series(np.full(n, "号"))
    plain = pl.Series(
        np.where(
            rng.random(houses)[of] < 0.5,
            np.char.add(floor, "层"),
            np.char.add(np.char.add(floor, "0"), np.char.add(room, "室")),
        )
    )
    unit = plain.set(pl.Series(hall), None).fill_null(stall)
    text = (
        pl.Series(np.full(n, words.CITY))
        + street["district"].gather(firms.street)
        + street["name"].gather(firms.street)
        + pl.Series(np.char.add(number, "号"))
        + unit
    )
    lat, lon = place.moved(
        street["latitude"].to_numpy()[firms.street], street["longitude"].to_numpy()[firms.street],
        rng.normal(0, 180, houses)[of], rng.normal(0, 180, houses)[of],
    )  # fmt: skip
    return text, lat.round(6), lon.round(6)


def _food_licences(sector: NDArray, n: int) -> pl.Series:
    kind = np.where(
        sector == SECTORS.index("catering"), "JY2", np.where(sector == SECTORS.index("food_retail"), "JY1", "SC1")
    )
    code = np.char.add(kind, identifiers.serial("98010", np.arange(n), 8))
    return pl.Series(code).set(pl.Series(~np.isin(sector, FOOD)), None)


def _days(rng: np.random.Generator, quarter: NDArray) -> NDArray:
    """A day within each quarter; nothing was registered before 1985."""
    day = quarter_start(quarter) + rng.integers(0, 90, len(quarter))
    return np.maximum(day, np.datetime64("1985-01-01") + rng.integers(0, 3_000, len(quarter)))


def _pick(values: Sequence[str], index: NDArray) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String).gather(np.asarray(index, dtype=np.int64))


def _nested(rng: np.random.Generator, choices: list[list[str]], which: NDArray) -> pl.Series:
    """One of `choices[which]` by lot, for each."""
    flat = [word for group in choices for word in group]
    sizes = np.array([len(group) for group in choices])
    starts = np.cumsum(sizes) - sizes
    return _pick(flat, starts[which] + (rng.random(len(which)) * sizes[which]).astype(np.int64))
