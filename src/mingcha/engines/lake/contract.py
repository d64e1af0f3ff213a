"""A data contract as the rest of the code sees it. docs/contracts.md tells what each part means.

`read_contract` (reading.py) makes these from an ODCS v3.1 file and refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "array"]
KeyedBy = Literal["entity", "place", "date"]


@dataclass(frozen=True)
class Rule:
    """One check. `expression` must be true of a row (SQL over typed fields) unless `standard` names a shipped one."""

    name: str
    field: str  # "" for a rule of the whole row
    expression: str = ""
    standard: str = ""
    reason_zh: str = ""
    reason_en: str = ""
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True)
class Field:
    """One column. `header` is its name in the file; `name` its name everywhere else."""

    name: str
    header: str
    type: LogicalType
    title: str = ""
    description: str = ""
    required: bool = False
    unique: bool = False
    classification: str = ""
    formats: tuple[str, ...] = ()  # strptime, for date and timestamp
    letters: str = ""  # the formats as the contract writes them, MM/dd/yyyy: what a reader of a message knows
    separator: str = ""  # for array
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def masked(self) -> bool:
        return self.classification in ("restricted", "confidential")


@dataclass(frozen=True)
class EntityKey:
    scheme: str
    field: str


@dataclass(frozen=True)
class Basis:
    """The lawful basis on which factors may be derived."""

    law: str
    article: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class FactorDeclaration:
    """What the risk model may derive from a dataset; without a basis, nothing."""

    basis: Basis
    windows: tuple[int, ...] = (30, 90, 180, 365, 730)  # days; "all" is always added
    families: tuple[str, ...] = ()  # () = what the kind of dataset allows
    measures: tuple[str, ...] = ()
    categories: Mapping[str, int] = field(default_factory=dict)  # field -> how many of the commonest values
    texts: Mapping[str, int] = field(default_factory=dict)  # field of free text -> how many topics at most
    conditions: Mapping[str, str] = field(default_factory=dict)  # name -> row expression
    peers: tuple[str, ...] = ()
    radii: tuple[int, ...] = (500, 1500)  # metres
    forbid: tuple[str, ...] = ()
    direction: Mapping[str, Literal["up", "down"]] = field(default_factory=dict)
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateCondition:
    """A condition on another dataset's rows of the same entity, on the day of the visit; by what is known when it is
    asked, since it tells whom a model is for, not how it scores."""

    dataset: str
    exists: str


@dataclass(frozen=True)
class RiskPoint:
    name: str
    title_zh: str
    title_en: str
    label: str
    population: str = ""  # "" = every visit
    where: tuple[StateCondition, ...] = ()
    label_window: int = 60  # days
    label_in: str = ""  # dataset whose rows of the same entity `label` asks, "" = the visit's own
    label_within: int = 0  # days from the visit on in which such a row counts, 0 = its own day


@dataclass(frozen=True)
class Inspections:
    visit: tuple[str, ...]
    risk_points: tuple[RiskPoint, ...]
    inspector: str = ""
    unplanned: str = ""
    pi: str = ""
    stratum: str = ""


@dataclass(frozen=True)
class Contract:
    """One dataset's contract. `digest` is the SHA-256 of the contract's canonical JSON."""

    name: str
    version: str
    digest: str
    title: str
    description: str
    department: str
    keyed_by: KeyedBy
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    primary_key: tuple[str, ...]  # () = the whole row
    entity_keys: tuple[EntityKey, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)  # role of the entity -> field
    latitude: str = ""
    longitude: str = ""
    datum: str = "WGS-84"
    event_time: str = ""  # field; "" only where rows have no event (then the known time)
    zone: str = "Asia/Shanghai"
    known_time: str = ""  # field, else
    known_lag: int | None = None  # days after the event, an assumption, else
    known_since: str = ""  # ISO date: assumed known since then (registers without dates), else when we received it
    valid_from: str = ""
    valid_to: str = ""
    factors: FactorDeclaration | None = None
    inspections: Inspections | None = None
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    missing: tuple[str, ...] = ()  # texts that stand for "no value", beside the empty one
    simulated: bool = False

    @property
    def known_assumed(self) -> bool:
        """True where the known time is assumed by declaration, not told by the source."""
        return not self.known_time

    def field(self, name: str) -> Field:
        """The field `name`; KeyError where there is none."""
        return next(f for f in self.fields if f.name == name)


STORED: Mapping[LogicalType, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "array": "VARCHAR[]",
}
"""How a field's values are stored, in DuckDB's names."""

SYSTEM_TYPES: Mapping[str, str] = {
    "_key": "VARCHAR",  # scheme:value of the first entity key present; null where rows belong to a place or a date
    "_event_at": "TIMESTAMP",  # UTC without zone, like the next two
    "_known_at": "TIMESTAMP",
    "_received_at": "TIMESTAMP",
    "_batch": "BIGINT",  # number of the batch in the dataset
    "_file": "INTEGER",  # which of the batch's source files, from 1
    "_row": "BIGINT",  # record number in that file, from 1, the header not counted
    "_id": "BLOB",  # 16 bytes: digest of the primary key, or of the whole row where there is none
}
SYSTEM_COLUMNS = tuple(SYSTEM_TYPES)
"""What is added to each stored row."""
