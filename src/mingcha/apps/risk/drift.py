"""Has the city moved away from a model since it first scored it? Measured at each scoring, kept with the model."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mingcha.engines.lake.folder import aside

from . import selectors
from .models import RiskModel

if TYPE_CHECKING:
    from mingcha.engines.factors.factor import Factor
    from mingcha.engines.lake.view import LakeView
    from mingcha.engines.risk.model import Model

ROWS = 50_000  # of the first scoring, kept to compare with
SCORE = "score"  # its column beside the factors'


def drift_measure(
    model: RiskModel,
    loaded: Model,
    factors: list[Factor],
    view: LakeView,
    x: np.ndarray,
    probability: np.ndarray,
    as_of: dt.date,
) -> dict[str, Any]:
    """{"as_of", "since", "psi": {"score" or a factor: PSI against the first scoring}, "visits", "cusum"}.

    A factor that is the same for everyone on a day (season, weather) is left out: it always moves.
    "visits": results since the training that fell alike on everyone; "cusum": of observed less predicted over them,
    None where there are none.
    """
    from mingcha.engines.risk.drift import psi

    path = selectors.model_folder(model) / "first-scoring.parquet"
    names = [SCORE, *loaded.factors]
    now = dict(zip(names, [probability.astype(np.float32), *x.T], strict=True))
    if not path.exists():
        _keep(path, now, as_of)
    table = pq.read_table(path)
    first = {name: table[name].to_numpy() for name in names}
    visits, found = _outcomes(model, loaded, factors, view, as_of)
    return {
        "as_of": str(as_of),
        "since": table.schema.metadata[b"as_of"].decode(),
        "psi": {name: round(psi(first[name], now[name]), 4) for name in names if _varies(now[name])},
        "visits": visits,
        "cusum": found,
    }


def _varies(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    return 0 < len(known) < len(values) or (len(known) > 0 and known.min() < known.max())


def _keep(path: Path, columns: dict[str, np.ndarray], as_of: dt.date) -> None:
    n = len(columns[SCORE])
    at = np.arange(n) if n <= ROWS else np.sort(np.random.default_rng(0).choice(n, ROWS, replace=False))
    table = pa.table({name: values[at] for name, values in columns.items()})
    with aside(path) as beside:
        pq.write_table(table.replace_schema_metadata({"as_of": str(as_of)}), beside)


def _outcomes(
    model: RiskModel, loaded: Model, factors: list[Factor], view: LakeView, as_of: dt.date
) -> tuple[int, dict[str, Any] | None]:
    from mingcha.engines.risk.drift import cusum, uniform_arm

    visits = selectors.labelled_visits(view, model.dataset.name, model.risk_point, until=as_of)
    sample = selectors.sample_of(view, visits, ())
    late = sample.mature(as_of) & (sample.as_of >= np.datetime64(model.trained_until))
    arm = late & uniform_arm(sample.pi, sample.stratum, sample.row)
    if not arm.any():
        return 0, None
    kept = selectors.sample_of(view, visits.filter(pa.array(arm)), factors)
    order = np.argsort(kept.as_of, kind="stable")
    seen = cusum(kept.y, loaded.score(kept), np.ones(len(kept), dtype=bool), order)
    alarm = None if seen.alarm is None else str(kept.as_of[seen.alarm])
    return len(kept), {"up": list(seen.up), "down": list(seen.down), "limit": seen.limit, "alarm": alarm}
