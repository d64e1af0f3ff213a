"""How a department's dataset is declared: whose rows it holds, how they come about, and its columns.

A column is one line, `name title kind arguments`; the kinds are in `KINDS`. The declaration yields both the contract
(contracts.py) and the rows (rows.py, columns.py), so that they can't drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = {
    # of the firm's entry in the register
    "uscc": "unified social credit code", "legacy15": "15-digit number", "food_licence": "food licence number",
    "name": "registered name", "representative": "person", "address": "address", "street": "street",
    "district": "district", "division": "division code", "station": "supervising station", "phone": "telephone",
    "agent": "registration agent", "sector": "industry", "kind": "legal form", "scope": "scope", "status": "status",
    "capital": "capital, 10,000 yuan", "capital_form": "how capital was contributed", "staff": "people",
    "opened_on": "date of establishment", "closed_on": "date of closing",
    "latitude": "of the row's place", "longitude": "of the row's place",
    # of the row's time
    "date": "day of the event", "time": "day and time of the event", "month": "month of the event",
    "known": "day on which the department knew: LEAST MOST days later",
    "after": "a later day: LEAST MOST days [SHARE that have one]",
    "from": "first day of validity", "to": "last day of validity: YEARS",
    # of its own
    "no": "serial number of the source, its key: PREFIX", "unit": "number of a thing of the firm: PREFIX",
    "choice": "one of WORD=WEIGHT ...", "int": "LEAST MOST, even chances",
    "count": "MEAN, Poisson", "money": "MEDIAN SPREAD, log-normal", "number": "MEAN SD LEAST MOST, normal",
    "person": "a name", "words": "free text on a THEME", "made": "made by the dataset's own rule: TYPE",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """`arguments` as the kind reads them; `options`: null=SHARE left empty, zero=SIGNAL nil in quarters with that
    signal, lean=STRENGTH leaning on the hidden truth, secret=1 for masked fields."""

    name: str
    title: str
    kind: str
    arguments: tuple[str, ...]
    options: Mapping[str, str]


@dataclass(frozen=True)
class Whom:
    """Which firms a source covers: a share of the given sectors and legal forms."""

    share: float = 1.0
    sectors: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Register:
    """A row for each firm covered; with `term` years, one for each term. `early`: issued before the firm's story."""

    whom: Whom = Whom()
    term: int = 0


@dataclass(frozen=True)
class Events:
    """Rows now and then: of a signal (`keep` its share of it), or `rate` a firm and year that `lean`s on the truth."""

    rate: float = 0.0
    signal: str = ""
    keep: tuple[float, float] = (0.0, 1.0)
    lean: float = 0.0
    whom: Whom = Whom()


@dataclass(frozen=True)
class Periodic:
    """A row every so many months for each firm covered."""

    months: int
    whom: Whom


@dataclass(frozen=True)
class Places:
    """Events at places: near the firms of a signal, or `rate` a street and year, `lean`ing on the street's effect."""

    rate: float = 0.0
    signal: str = ""
    lean: float = 0.0


@dataclass(frozen=True)
class Days:
    """A row a day."""


@dataclass(frozen=True)
class Own:
    """Rows that the story itself makes; own.py has the builder of this name."""

    builder: str


Rows = Register | Events | Periodic | Places | Days | Own


@dataclass(frozen=True)
class Dataset:
    """One dataset. `columns` in order; `law` and `article` the lawful basis, "" = nothing may be derived from it."""

    name: str
    title: str
    department: str
    rows: Rows
    columns: tuple[Column, ...]
    law: str = ""
    article: str = ""
    domain: str = ""
    purpose: str = ""
    key: tuple[str, ...] = ()
    event: str = ""
    known_lag: int = 1
    categories: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, int] = field(default_factory=dict)
    measures: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    direction: Mapping[str, str] = field(default_factory=dict)
    peers: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    rules: tuple[tuple[str, str, str], ...] = ()  # (name, expression, reason "zh / en")
    format: str = "csv"  # csv, csv.gz, xlsx, parquet
    encoding: str = "utf-8"
    dates: str = "yyyy-MM-dd"
    datum: str = "WGS-84"
    dirt: float = 0.01  # share of bad rows

    def of(self, kind: str) -> str:
        """Name of the first column of `kind`, "" if there is none."""
        return next((c.name for c in self.columns if c.kind == kind), "")


def columns(text: str) -> tuple[Column, ...]:
    """Columns from lines of `name title kind arguments option=value`. ValueError for an unknown kind."""
    out = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, title, kind, *rest = line.split()
        if kind not in KINDS:
            raise ValueError(f"no kind of column {kind!r}: {line}")
        split = [part.split("=", 1) for part in rest if part.split("=")[0] in ("null", "zero", "lean", "secret")]
        arguments = [part for part in rest if part.split("=")[0] not in ("null", "zero", "lean", "secret")]
        out.append(Column(name, title, kind, tuple(arguments), dict(split)))
    return tuple(out)
