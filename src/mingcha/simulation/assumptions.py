"""What the simulated city assumes: how firms differ, and which traces of it departments see. docs/simulation.md
gives the reasons, and measures what a perfect reader of the traces could know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

KINDS = ("company", "individual", "branch", "cooperative")
KIND_SHARE = (0.37, 0.57, 0.04, 0.02)
SECTORS = (
    "catering", "food_retail", "food_making", "retail", "wholesale", "manufacturing", "repair", "beauty",
    "medical", "education", "lodging", "construction", "logistics", "services",
)  # fmt: skip
SECTOR_SHARE = (0.14, 0.11, 0.03, 0.17, 0.13, 0.09, 0.05, 0.05, 0.03, 0.03, 0.02, 0.04, 0.03, 0.08)
SECTOR_RISK = (0.55, 0.25, 0.35, -0.1, -0.1, 0.1, 0.0, 0.15, -0.2, -0.1, 0.1, 0.05, -0.1, -0.35)
FOOD = (0, 1, 2)
ORDINARY, CHRONIC, HOLLOW = 0, 1, 2
CAPITAL_FORMS = ("货币", "实物", "知识产权", "土地使用权", "认缴未实缴")
CAPITAL_SHARE = ((0.62, 0.09, 0.05, 0.02, 0.22), (0.46, 0.09, 0.05, 0.02, 0.38), (0.08, 0.02, 0.03, 0.01, 0.86))
WARM_QUARTER = 0.12  # log-odds: food spoils and more is sold in the third quarter of the year


@dataclass(frozen=True)
class Assumptions:
    """What the truth is made of; log-odds where nothing else is said."""

    intercept: float = -2.95
    chronic_share: float = 0.060  # firms that break rules as a habit
    hollow_share: float = 0.020  # registered in bursts at one address; nobody is there
    chronic_effect: float = 2.85
    hollow_effect: float = 3.45
    firm_sd: float = 0.55
    owner_sd: float = 0.35
    street_sd: float = 0.30
    drift_sd: float = 0.60
    drift_memory: float = 0.80  # a quarter
    caught_effect: float = 0.9
    caught_memory: float = 0.70  # a quarter
    inspector_sd: float = 0.50
    station_sd: float = 0.15
    turnover: float = 0.03  # of firms close in a quarter, and as many open

    def with_tail(self, factor: float) -> Assumptions:
        """The same city with `factor` times as many chronic offenders and hollow firms."""
        return replace(self, chronic_share=factor * self.chronic_share, hollow_share=factor * self.hollow_share)


@dataclass(frozen=True)
class Signal:
    """A department's trace of the truth: `rate` events a firm and quarter for an ordinary firm of sector weight 1.

    The rate is multiplied by exp(firm * own fixed effect + drift * this quarter's) and, for chronic offenders and
    hollows, by their factor. `sectors`: weight by sector, 0 = not covered; `covered`: share of firms that the source
    knows; `cap`: events in a quarter at most.
    """

    rate: float
    firm: float = 0.0
    drift: float = 0.0
    chronic: float = 1.0
    hollow: float = 1.0
    street: float = 0.0
    sectors: Mapping[str, float] = field(default_factory=dict)
    covered: float = 1.0
    companies_only: bool = False
    cap: int = 20


_FOOD_ONLY = dict.fromkeys((s for s in SECTORS if s not in ("catering", "food_retail", "food_making")), 0.0)
_PUBLIC = {"catering": 2.5, "food_retail": 1.2, "retail": 1.3, "beauty": 1.6, "education": 1.5, "repair": 1.2,
           "wholesale": 0.4, "manufacturing": 0.3, "construction": 0.4, "food_making": 0.5}  # fmt: skip
SIGNALS: Mapping[str, Signal] = {
    "complaint": Signal(0.050, firm=0.5, drift=0.7, chronic=5.5, hollow=0.7, sectors=_PUBLIC),
    "bad_review": Signal(0.9, firm=0.3, drift=0.6, chronic=3.2, hollow=0.0, covered=0.7,
                         sectors={**_FOOD_ONLY, "food_making": 0.0, "food_retail": 0.3}),
    "kitchen_alarm": Signal(0.5, firm=0.4, drift=0.6, chronic=4.0, hollow=0.0, covered=0.35,
                            sectors={**_FOOD_ONLY, "food_retail": 0.0}),
    "health_lapse": Signal(0.10, firm=0.4, drift=0.3, chronic=4.0, hollow=0.0, sectors=_FOOD_ONLY),
    "other_penalty": Signal(0.013, firm=0.6, drift=0.3, chronic=7.0, hollow=0.8),
    "wage_arrears": Signal(0.012, firm=0.3, drift=0.6, chronic=4.0, hollow=0.2),
    "no_insured": Signal(0.05, firm=0.2, chronic=2.0, hollow=9.0, companies_only=True, cap=1),
    "power_stopped": Signal(0.03, firm=0.1, drift=0.2, chronic=1.4, hollow=12.0, cap=1),
    "utility_arrears": Signal(0.06, firm=0.3, drift=0.5, chronic=2.8, hollow=1.6, cap=3),
    "report_late": Signal(0.05, firm=0.4, chronic=3.0, hollow=6.0, cap=1),
    "change_of_representative": Signal(0.012, firm=0.2, chronic=2.2, hollow=3.5, companies_only=True, cap=2),
    "nuisance": Signal(0.06, street=1.2, sectors={"catering": 2.0}),  # reports of smell, rats and rubbish nearby
}  # fmt: skip
