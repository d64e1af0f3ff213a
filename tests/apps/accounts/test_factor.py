"""The second factor: codes of the standard, none twice, guesses counted, a sealed secret, recovery codes, who must."""

import base64
import re
import time

import pytest

from mingcha.apps.accounts import totp
from mingcha.apps.accounts.models import AuditRecord, RecoveryCode, SecondFactor
from mingcha.apps.accounts.sealing import seal, unseal
from mingcha.apps.accounts.services.factor import factor_begin, factor_check, factor_confirm, factor_remove
from mingcha.problems import Problem

from .conftest import PASSWORD


def now(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, int(time.time() // totp.STEP) + steps)


@pytest.fixture
def enrolled(bureau):
    """(the officer's account, its secret, its recovery codes)"""
    account = bureau["officer"]
    secret = factor_begin(account=account)
    return account, secret, factor_confirm(account=account, code=now(secret, -1))


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
     (2000000000, "69279037"), (20000000000, "65353130")],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(seconds, code):
    """Appendix B, of which ours are the last six digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert totp.code_at(secret, seconds // 30) == code[-6:]


def test_a_phone_s_clock_may_be_one_step_off_and_a_step_counts_once():
    secret = totp.secret_new()
    for drift, taken in ((-2, None), (-1, 99), (0, 100), (1, 101), (2, None)):
        assert totp.step_of(secret, totp.code_at(secret, 100 + drift), now=3000.0, after=0) == taken
    assert totp.step_of(secret, totp.code_at(secret, 100), now=3000.0, after=100) is None
    for text in ("", "abc", "１２３４５６", "0" * 400):
        assert totp.step_of(secret, text, now=3000.0, after=0) is None


def test_the_secret_is_sealed_to_its_holder_and_the_instance_s_key(enrolled, settings):
    account, secret, _ = enrolled
    kept = SecondFactor.objects.get(user=account).sealed
    assert secret not in kept and unseal(kept, purpose="totp", bound_to=str(account.pk)) == secret
    for purpose, bound_to in (("totp", "999"), ("other", str(account.pk))):
        with pytest.raises(Problem):
            unseal(kept, purpose=purpose, bound_to=bound_to)
    settings.SECRET_KEY = "another key of the same instance, after a loss"
    with pytest.raises(Problem, match="signing key"):
        factor_check(account=account, code=now(secret))
    assert seal("x", purpose="p", bound_to="1") != seal("x", purpose="p", bound_to="1")


def test_a_code_is_good_once(enrolled):
    account, secret, _ = enrolled
    code = now(secret)
    assert factor_check(account=account, code=f" {code[:3]} {code[3:]}") == "totp"
    with pytest.raises(Problem, match="used before"):
        factor_check(account=account, code=code)


def test_five_guesses_lock_it_even_for_the_right_code(enrolled):
    account, secret, codes = enrolled
    for _ in range(5):
        with pytest.raises(Problem, match="wrong"):
            factor_check(account=account, code="000000")
    for code in (now(secret), codes[0]):
        with pytest.raises(Problem, match="Too many"):
            factor_check(account=account, code=code)
    assert AuditRecord.objects.filter(action="accounts.factor.lock").count() == 1
    SecondFactor.objects.update(locked_until=None)
    assert factor_check(account=account, code=now(secret)) == "totp"


def test_recovery_codes_are_digests_and_good_once(enrolled):
    account, _, codes = enrolled
    assert len(set(codes)) == 10
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()
    assert factor_check(account=account, code=codes[3].upper()) == "recovery"
    assert factor_check(account=account, code=codes[4].replace("-", "")) == "recovery"
    with pytest.raises(Problem):
        factor_check(account=account, code=codes[3])


def test_signing_in_asks_for_the_code(client, enrolled):
    secret = enrolled[1]
    given = {"username": "officer", "password": PASSWORD, "next": "/account/me/"}
    response = client.post("/account/sign-in/", given)
    assert response.url == "/account/sign-in/code/" and "_auth_user_id" not in client.session
    assert client.get("/account/me/").status_code == 302  # the password alone opens nothing
    assert client.post("/account/sign-in/code/", {"code": "123456"}).status_code == 400
    response = client.post("/account/sign-in/code/", {"code": now(secret)})
    assert response.url == "/account/me/" and client.get("/account/me/").status_code == 200
    assert AuditRecord.objects.filter(action="accounts.session.fail_code").count() == 1


def test_the_code_page_needs_the_password_first_and_not_long_ago(client, enrolled):
    assert client.get("/account/sign-in/code/").url == "/account/sign-in/"
    client.post("/account/sign-in/", {"username": "officer", "password": PASSWORD})
    session = client.session
    session["accounts_code"] |= {"at": time.time() - 601}
    session.save()
    assert client.post("/account/sign-in/code/", {"code": now(enrolled[1])}).url == "/account/sign-in/"


def test_enrolling_by_the_pages(sign_in, bureau):
    client = sign_in("officer")
    assert client.post("/account/me/factor/begin/").url == "/account/me/factor/confirm/"
    page = client.get("/account/me/factor/confirm/").content.decode()
    secret = re.search(r'mono mc-break">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert "<svg" in page and client.get("/account/me/factor/confirm/").headers["Cache-Control"].startswith("max-age=0")
    assert client.post("/account/me/factor/confirm/", {"code": "000000"}).status_code == 400
    page = client.post("/account/me/factor/confirm/", {"code": now(secret)}).content.decode()
    codes = re.findall(r"<li>(\w{5}-\w{5})</li>", page)
    assert len(codes) == 10 and "10 recovery codes left" in client.get("/account/me/").content.decode()
    assert client.post("/account/me/factor/begin/").status_code == 400  # it is in force: remove it first
    renewed = client.post("/account/me/factor/codes/").content.decode()
    assert codes[0] not in renewed
    assert client.post("/account/me/factor/remove/").url == "/account/me/"
    assert not SecondFactor.objects.exists()


def test_an_unattended_desk_changes_no_factor(sign_in):
    client = sign_in("officer")
    session = client.session
    session["confirmed_at"] = time.time() - 601
    session.save()
    for path in ("begin", "codes", "remove"):
        assert client.post(f"/account/me/factor/{path}/").url.startswith("/account/me/confirm/")
    assert client.post("/account/me/confirm/", {"password": "wrong"}).status_code == 400
    done = client.post("/account/me/confirm/", {"password": PASSWORD, "next": "https://elsewhere.example/"})
    assert done.url == "/account/me/"
    assert client.post("/account/me/factor/begin/").url == "/account/me/factor/confirm/"


def test_a_role_that_must_have_one_gets_nowhere_without(sign_in, settings):
    settings.TOTP_ROLES = frozenset({"officer"})
    client = sign_in("officer")
    assert client.get("/").url == "/account/me/factor/" and client.get("/entities/").url == "/account/me/factor/"
    assert "Your role needs a second factor" in client.get("/account/me/factor/").content.decode()
    client.post("/account/me/factor/begin/")
    page = client.get("/account/me/factor/confirm/").content.decode()
    secret = re.search(r'mono mc-break">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    client.post("/account/me/factor/confirm/", {"code": now(secret)})
    assert client.get("/account/me/").status_code == 200
    assert client.post("/account/me/factor/remove/").status_code == 400 and SecondFactor.objects.exists()


def test_an_administrator_resets_a_lost_phone_s_within_his_say(sign_in, enrolled, bureau):
    account = enrolled[0]
    with pytest.raises(Problem, match="isn't yours"):
        factor_remove(account=account, user=bureau["deer_admin"])
    client = sign_in("root")
    client.post(f"/account/people/{account.pk}/factor/", {"reason": "phone lost"})
    assert not SecondFactor.objects.exists()
    record = AuditRecord.objects.get(action="accounts.factor.remove")
    assert record.user.username == "root" and record.after == {"reason": "phone lost"}
