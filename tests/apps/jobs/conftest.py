import pytest
from tests.apps.jobs import kinds  # noqa: F401 registers them

from mingcha.apps.accounts.models import Unit, User


@pytest.fixture
def bureau(db):
    return Unit.objects.create(code="98", name="市局", division="98")


@pytest.fixture
def user(bureau):
    return User.objects.create(username="planner", role="planner", unit=bureau, language="en")


@pytest.fixture
def head(bureau):
    return User.objects.create(username="head", role="head", unit=bureau, language="en")
