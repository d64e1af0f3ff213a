import pytest
from tests.browser import city


@pytest.fixture(autouse=True)
def nothing_kept():
    """What a test before this one left in the cache, of users with the same numbers."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def town(db):
    """The small town without its plans."""
    city.people()
    city.entities(60)
    city.datasets()
    city.model()


@pytest.fixture
def signed_in(client, town):
    """signed_in(user name) -> the test client with that user's session, in English."""
    from django.conf import settings

    from mingcha.apps.accounts.models import User

    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def sign_in(username: str):
        client.force_login(User.objects.get(username=username), backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return sign_in
