"""What a factor is: a number about an entity as of a day, declared so that anyone can read and recompute it.

factor = statistic of a signal of a dataset's rows, over a circle of rows, within a window of days before the day.

- **signal**: what each row says: that it exists, that a condition holds, that a field has a value, a number, a date;
  *adjusted*: minus what its inspector finds on average, so that stringency doesn't pass for risk.
- **circle**: whose rows: the entity's own, its peers' (others that share an address, a name, ...), its neighbours'
  (others within a radius), events around its place, the days' (weather), or none (the calendar).
- **window**: so many days before the day, or everything known (0); or a half-life, by which older rows weigh less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mingcha.engines.lake.contract import Basis

Family = Literal["count", "recency", "rate", "state", "peers", "neighbours", "density", "date", "calendar"]
Statistic = Literal["count", "sum", "mean", "rate", "max", "last", "days_since", "others", "valid", "part"]
Kind = Literal["rows", "condition", "category", "topic", "measure", "date"]


@dataclass(frozen=True)
class Signal:
    """What of a row is taken.

    `name`: the condition's name, or the field. `expression`: of a condition. `value`: of a category (as text); of a
    topic its words with `|` between, of which the text holds one. `decimals`: of a measure; sums are of whole numbers
    of 10^-decimals, so that they are exact in any order.
    """

    kind: Kind = "rows"
    name: str = ""
    expression: str = ""
    value: str = ""
    decimals: int = 0
    adjusted: bool = False

    @property
    def label(self) -> str:
        values = {"rows": "rows", "category": f"{self.name}={self.value}", "topic": f"{self.name}~{self.value}"}
        text = values.get(self.kind, self.name)
        return f"{text}.adjusted" if self.adjusted else text


@dataclass(frozen=True)
class Peer:
    """An attribute that makes peers: role or field `name`, read of `dataset` (the entity's last known value)."""

    dataset: str
    name: str
    field: str
    form: Literal["exact", "address", "name", "words"] = "exact"  # how values are made comparable, see attributes.py


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One candidate or retained factor. `name` is stable: the same declaration gives the same name.

    window: days before the day, 0 = all that is known. half_life: days (then `window` is 0). radius: metres.
    kernel: weights exp(-d^2 / 2s^2), s = radius / 3, in place of 1 within the radius. latitude: of the grid (degrees).
    A rate is (sum + prior * strength) / (rows + strength): few rows don't make an extreme; unknown below `least` rows.
    over: what is taken of the rates of an entity's several groups (the words of its name).
    """

    name: str
    dataset: str
    family: Family
    statistic: Statistic
    signal: Signal = Signal()
    window: int = 0
    half_life: int = 0
    peer: Peer | None = None
    radius: int = 0
    kernel: bool = False
    latitude: float = 0.0
    prior: float = 0.0
    strength: float = 0.0
    least: int = 0
    over: Literal["mean", "max", "min"] = "mean"
    direction: Literal["up", "down", ""] = ""
    unit: Literal["times", "days", "share", "value", "entities", "flag"] = "value"
    basis: Basis | None = None  # None only for the calendar, which says nothing of anyone
    title_zh: str = ""
    title_en: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON of this factor; `from_json` gives the factor back."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Factor:
        """The factor that `to_json` wrote."""
        values = dict(data)
        values["signal"] = Signal(**values["signal"])
        values["peer"] = Peer(**values["peer"]) if values.get("peer") else None
        values["basis"] = Basis(**values["basis"]) if values.get("basis") else None
        return Factor(**values)
