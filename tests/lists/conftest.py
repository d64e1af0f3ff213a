import pytest
from django.conf import settings
from tests.browser import city

from mingcha.apps.accounts.models import Unit, User


@pytest.fixture
def town(db):
    city.people()
    city.entities(60)


@pytest.fixture
def desk_of(client, town):
    """desk_of(user name) -> the test client as his, in English."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def sign_in(username):
        client.force_login(User.objects.get(username=username), backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return sign_in


@pytest.fixture
def colleague(town):
    return User.objects.create(username="colleague", role="planner", unit=Unit.objects.get(code="98"))
