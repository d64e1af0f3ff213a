"""One small city for all tests of this folder."""

from pathlib import Path
from typing import NamedTuple

import pytest

from mingcha.simulation.city import Delivery, write_city


class City(NamedTuple):
    folder: Path
    deliveries: dict[str, Delivery]


@pytest.fixture(scope="session")
def city(tmp_path_factory) -> City:
    folder = tmp_path_factory.mktemp("city")
    deliveries = write_city(folder, entities=3_000, records=200_000, seed=7)
    return City(folder, {d.dataset: d for d in deliveries})
