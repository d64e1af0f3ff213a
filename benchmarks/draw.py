"""`mingcha bench draw`: a weighted draw of many units, from a frame in memory to its files, and their verification.

All data are simulated. The reference, measured in the same run: bare SHA-256 of as many 110-byte messages as there
are units (the size of a unit's message), and a bare write of as many bytes as the two files have.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

VERIFIER = Path(__file__).resolve().parent.parent / "verifier" / "verify_draw.py"
STRATA = 20


def run(entities: int, take: int, folder: Path) -> dict[str, Any]:
    """Figures of one draw of `take` among `entities` in `folder`, with three parties."""
    import numpy as np

    from mingcha.engines.sampling import ceremony, files
    from mingcha.engines.sampling.allocation import allocate
    from mingcha.engines.sampling.draw import run as draw_run
    from mingcha.engines.sampling.draw import seal

    rng = np.random.default_rng(20261130)
    ids = [f"91SIM0{i:012d}" for i in range(entities)]
    strata = [f"stratum-{i:02d}" for i in rng.integers(0, STRATA, entities).tolist()]
    scores = rng.beta(1, 8, entities)
    parties = {name: ceremony.new_key() for name in ("discipline-inspection", "market-regulation", "notary")}
    public, audit = folder / "public.json", folder / "audit.json"

    clock = _Clock()
    allocation = allocate(strata, take, scores=scores)
    clock.lap("allocate_s")
    units = seal("bench", ids, strata, allocation.P)
    clock.lap("seal_s")
    params = {
        "strata": allocation.strata,
        "floor": allocation.floor,
        "ceiling": allocation.ceiling,
        "code": "0" * 64,
        "model": "0" * 64,
        "public_source": "simulated",
    }
    terms = ceremony.Terms(units.draw, units.root, params)
    signed = [ceremony.reveal(*ceremony.commit(terms, name, key)) for name, key in parties.items()]
    seed = ceremony.seed(terms, signed, "simulated public value")
    clock.lap("root_and_ceremony_s")
    outcome = draw_run(units, params, seed)
    clock.lap("tickets_and_selection_s")
    attested = [ceremony.attest(name, key, outcome.result) for name, key in parties.items()]
    record = files.Record(terms, signed, "simulated public value", seed, outcome.result, attested)
    files.write_both(public, audit, record, units, outcome)
    clock.lap("files_s")
    peak = _peak_mb(resource.RUSAGE_SELF) + _peak_mb(resource.RUSAGE_CHILDREN)

    verify = {name: _verify(path) for name, path in (("public", public), ("audit", audit))}
    return {
        "simulated": True,
        "entities": entities,
        "take": take,
        "drawn": int(outcome.drawn.sum()),
        "draw_s": round(clock.total, 3),
        **clock.laps,
        "verify_s": round(sum(verify.values()), 3),
        "verify_public_s": verify["public"],
        "verify_audit_s": verify["audit"],
        "public": str(public),
        "audit": str(audit),
        "public_mb": round(public.stat().st_size / 1e6, 1),
        "audit_mb": round(audit.stat().st_size / 1e6, 1),
        "peak_mb": round(peak),
        "reference": _reference(entities, public.stat().st_size + audit.stat().st_size, folder),
        "machine": {
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
    }


def main(
    entities: Annotated[int, typer.Option(help="Units in the frame.")] = 1_000_000,
    take: Annotated[int, typer.Option(help="Visits.")] = 10_000,
    out: Annotated[Path | None, typer.Option(help="Where the files go; a temporary folder by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Draw of --take among --entities units (simulated): seconds to draw and to verify, reach 8 and 15."""
    folder = out or Path(tempfile.mkdtemp(prefix="mingcha-bench-draw-"))
    folder.mkdir(parents=True, exist_ok=True)
    figures = run(entities, take, folder)
    if not as_json:
        typer.echo("模拟数据 / simulated data")
    typer.echo(json.dumps(figures, indent=1))


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.total = 0.0
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 3)
        self.total += now - self._last
        self._last = now


def _verify(path: Path) -> float:
    """Seconds that the standalone verifier takes, as a process of its own."""
    start = time.perf_counter()
    subprocess.run([sys.executable, str(VERIFIER), str(path), "--lang", "en"], check=True, stdout=subprocess.DEVNULL)
    return round(time.perf_counter() - start, 3)


def _reference(rows: int, size: int, folder: Path) -> dict[str, float]:
    messages = [i.to_bytes(110, "big") for i in range(rows)]
    start = time.perf_counter()
    for message in messages:
        sha256(message).digest()
    hashing = time.perf_counter() - start
    scratch, block = folder / "reference.bin", bytes(1 << 20)
    start = time.perf_counter()
    with scratch.open("wb") as file:
        for _ in range(size >> 20):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    writing = time.perf_counter() - start
    scratch.unlink()
    return {"sha256_s": round(hashing, 3), "write_s": round(writing, 3)}


def _peak_mb(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


if __name__ == "__main__":
    typer.run(main)
