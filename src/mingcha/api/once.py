"""A request that comes twice is done once: Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).

The key is claimed first, for all to see. Then the write and its answer are committed together, if the claim is still
ours: whoever dies between the two has written nothing, and the claim can be taken over after a while.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .errors import Refusal
from .models import Answer

HEADER = "Idempotency-Key"
PATTERN = r"^[!-~]{8,128}$"
KEPT = dt.timedelta(hours=24)
ABANDONED = dt.timedelta(minutes=5)  # a claim of a process that died; one that lives after all fails to commit


def once(request: HttpRequest, act: Callable[[], str], status: int) -> HttpResponse:
    """Do `act`, whose JSON is the answer, in one transaction; or give the answer that its key got before."""
    key = request.headers.get(HEADER, "")
    if not re.match(PATTERN, key):
        raise Refusal(
            400,
            "malformed",
            "请给出请求头 Idempotency-Key：8 至 128 个可见字符，每件事一个，重试时不变。",
            "Give the header Idempotency-Key: 8 to 128 visible characters, one for each thing to do, the same when "
            "you try again.",
            where=HEADER,
        )
    found = _claim(request, key)
    if found.status:
        return _json(found.body, found.status, replayed=True)
    try:
        with transaction.atomic():
            body = act()
            if _ours(found).update(status=status, body=body, lease=None) != 1:
                raise _under_way()  # it took so long that another took it over
    except BaseException:
        _ours(found).delete()
        raise
    return _json(body, status)


def _claim(request: HttpRequest, key: str) -> Answer:
    """Our claim of the key, or the answer that it got."""
    token, now = request.auth.token, timezone.now()  # type: ignore[attr-defined]
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + request.body).hexdigest()
    Answer.objects.filter(token=token, at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            return Answer.objects.create(token=token, key=key, digest=digest, lease=uuid.uuid4(), at=now)
    except IntegrityError:
        found = Answer.objects.filter(token=token, key=key).first()
    if found is None:  # it failed in this very moment
        raise _under_way()
    if found.digest != digest:
        raise Refusal(
            422,
            "key-reused",
            "同一个键只能用于同一请求；另一件事请用另一个键。",
            "A key is for one request: take another for another thing to do.",
            where=HEADER,
        )
    if found.status is None:
        lease = uuid.uuid4()
        if found.at > now - ABANDONED or _ours(found).update(lease=lease, at=now) != 1:
            raise _under_way()
        found.lease = lease
    return found


def _ours(claim: Answer):
    return Answer.objects.filter(pk=claim.pk, lease=claim.lease, status=None)


def _under_way() -> Refusal:
    zh, en = "请稍候，用同一个键再试。", "Wait, and try again with the same key."
    return Refusal(409, "under-way", zh, en, where=HEADER, headers={"Retry-After": "2"})


def _json(body: str, status: int, *, replayed: bool = False) -> HttpResponse:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)
