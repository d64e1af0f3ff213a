"""Single sign-on by OpenID Connect, through Authlib: authorization code with PKCE, state and nonce.

Authlib keeps state, nonce and verifier in the session, and checks state, signature, nonce, issuer, audience and time.
Here: what to ask the provider, and what its refusals mean to a user.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mingcha.problems import Problem

LEEWAY = 60  # seconds that the provider's clock may be off
_TIMEOUT = 10  # seconds to wait for the provider


def begin(request: HttpRequest, *, back: str, again: bool = False) -> HttpResponse:
    """Send the browser to the provider; it comes back to the address `back`. `again`: who is signed in there already
    must show once more that it is he."""
    return _asked(lambda: _client().authorize_redirect(request, back, **({"prompt": "login"} if again else {})))


def claims(request: HttpRequest) -> dict[str, Any]:
    """What the provider's signed token says of who came back. Problem: it can't be trusted, or he declined."""
    wanted = {
        "iss": {"essential": True, "value": settings.OIDC["issuer"]},
        "aud": {"essential": True, "value": settings.OIDC["client_id"]},
        "nonce": {"essential": True},
    }
    token = _asked(lambda: _client().authorize_access_token(request, claims_options=wanted, leeway=LEEWAY))
    if not token.get("userinfo"):
        raise _refused("no id_token")
    return dict(token["userinfo"])


def _client() -> Any:
    given = settings.OIDC
    return _registered(given["issuer"], given["client_id"], given["client_secret"], given["scope"])


@cache
def _registered(issuer: str, client_id: str, secret: str, scope: str) -> Any:
    from authlib.integrations.django_client import OAuth

    return OAuth().register(
        "oidc",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": scope, "code_challenge_method": "S256", "default_timeout": _TIMEOUT},
    )


def _asked(ask: Any) -> Any:
    """What `ask` answers. Its errors in words."""
    import requests
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.base_client.errors import MismatchingStateError
    from joserfc.errors import ExpiredTokenError, JoseError

    try:
        return ask()
    except MismatchingStateError:
        raise Problem(
            zh="这次单点登录与本浏览器发起的不符，或已过期。",
            en="This sign-on isn't the one that this browser began, or it took too long.",
            todo_zh="请回到登录页重新登录。",
            todo_en="Go back to the sign-in page and begin again.",
        ) from None
    except ExpiredTokenError:
        raise Problem(
            zh="单点登录的凭据已过期。",
            en="What the sign-on provider issued has expired.",
            todo_zh="请重新登录；反复出现时，请管理员校对两边服务器的时间。",
            todo_en="Sign in again; if it stays, have the clocks of both servers checked.",
        ) from None
    except JoseError as error:
        raise _refused(str(error)) from None
    except AuthlibBaseError as error:
        if error.error == "access_denied":
            raise Problem(
                zh="您在单点登录页面取消了登录。",
                en="You declined at the sign-on provider.",
                todo_zh="请重新登录，或用密码登录。",
                todo_en="Sign in again, or by password.",
            ) from None
        raise _refused(f"{error.error} {error.description or ''}".strip()) from None
    except (requests.RequestException, json.JSONDecodeError, KeyError, RuntimeError) as error:
        raise Problem(
            zh="连不上单点登录服务。",
            en="The sign-on provider can't be reached.",
            where=f"{settings.OIDC['issuer']} ({type(error).__name__})",
            todo_zh="请稍后再试，或用密码登录；并告知管理员。",
            todo_en="Try again later, or sign in by password; and tell your administrator.",
        ) from None


def _refused(said: str) -> Problem:
    return Problem(
        zh="单点登录的凭据不可信，已拒绝。",
        en="What the sign-on provider sent can't be trusted, and was refused.",
        where=said[:200],
        todo_zh="请重新登录；反复出现时，请管理员检查单点登录的设置。",
        todo_en="Sign in again; if it stays, have an administrator check the sign-on settings.",
    )
