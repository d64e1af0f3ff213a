"""schemathesis calls every operation with what the schema allows and with what it doesn't, on a small town: no fault of
ours, and every answer is one that the schema tells of. A few operations here; all, and many calls, with `-m slow`."""

import random
import warnings
from dataclasses import dataclass

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.conftest import Town
from tests.api.operations import OBJECTS, make, operations
from tests.api.test_matrix import EVERYTHING

from mingcha.config.wsgi import application

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # an instance of tests has no folder of styles
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW = [  # one of each manner
    *("entities_list", "entity_records", "scores_list", "model_get", "audit_records_list", "calendar_get"),
    *("public_results_list", "tasks_changes", "task_get", "task_accept", "task_result", "lead_open", "plan_create"),
]
PROFILE = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(hypothesis.HealthCheck),
}


@dataclass
class Place:
    town: Town
    token: str
    chance: random.Random
    values: dict[str, str]

    def there(self, path: str) -> str:
        """What stands in the address of an object that is there; "" where the address has none."""
        path = path.removeprefix("/api/v1")
        known = next((one for one in OBJECTS if path == one or path.startswith(one + "/")), "")
        if known and known not in self.values:
            self.values[known] = str(make(next(one for one in operations() if one.object == known)))
        return self.values.get(known, "")


@pytest.fixture
def place(town):
    """The database is the test's, not a request's to close."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    request_started.disconnect(reset_queries)
    yield Place(town, town.token("admin", *EVERYTHING), random.Random(1), {})
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    request_started.connect(reset_queries)


def call(case: schemathesis.Case, place: Place) -> None:
    """Half of the calls are about an object that is there."""
    if place.chance.random() < 0.5 and (there := place.there(case.operation.path)):
        case.path_parameters = dict.fromkeys(case.path_parameters, there)
    case.call_and_validate(headers={"Authorization": f"Bearer {place.token}"}, checks=CHECKS)


@schema.include(operation_id=FEW).parametrize()
@hypothesis.settings(max_examples=2, **PROFILE)
def test_every_operation_holds_its_schema(case, place):
    call(case, place)


@pytest.mark.slow
@schema.parametrize()
@hypothesis.settings(max_examples=25, **PROFILE)
def test_every_operation_holds_its_schema_however_called(case, place):
    call(case, place)
