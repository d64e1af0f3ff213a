import datetime as dt
import io
import zipfile

import pytest
from django.utils import timezone

from mingcha.apps.accounts.models import Unit
from mingcha.apps.accounts.services import unit_save, user_create
from mingcha.apps.credit import services
from mingcha.apps.entities.models import Entity

TODAY = dt.date(2026, 11, 20)  # a Friday


@pytest.fixture(autouse=True)
def papers_aside(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        }
    }


@pytest.fixture
def bureau(db):
    found = unit_save(code="98", name="云汀市市场监督管理局", division="98")
    unit_save(code="980102", name="临江区市场监督管理局", division="980102", parent=found)
    unit_save(code="980103", name="鹿鸣区市场监督管理局", division="980103", parent=found)
    return found


@pytest.fixture
def person(bureau):
    """person(role, unit code, name) -> a user."""

    def make(role, unit="98", name=""):
        name = name or f"{role}_{unit}"
        unit = Unit.objects.get(code=unit)
        return user_create(username=name, password="Cloud-Ting-2026", role=role, unit=unit, name=name)

    return make


@pytest.fixture
def officer(person):
    return person("officer")


@pytest.fixture
def head(person):
    return person("head")


@pytest.fixture
def firm(db):
    return Entity.objects.create(
        key="91980102MA00000012", name="汇味轩餐饮管理有限公司", kind="有限责任公司", status="active",
        division="980102", address="临江区鹿鸣路 88 号", opened_on=dt.date(2019, 3, 18),
    )  # fmt: skip


@pytest.fixture
def on_day(monkeypatch):
    """on_day(date, hour): from now on it is that moment."""

    def set_day(day, hour=10):
        at = timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))
        monkeypatch.setattr(timezone, "now", lambda: at.astimezone(dt.UTC))

    return set_day


@pytest.fixture
def today(on_day):
    on_day(TODAY)
    return TODAY


@pytest.fixture
def proposed(firm, officer, today):
    """A firm that couldn't be reached, proposed for the abnormal list."""
    return services.listing_propose(
        entity=firm, kind="abnormal", ground="unreachable", evidence="11月18日实地核查，住所查无此户。", user=officer
    )


@pytest.fixture
def published(proposed, head):
    services.listing_decide(listing=proposed, listed=True, reason="查证属实。", user=head)
    proposed.refresh_from_db()
    services.listing_publish(listing=proposed, user=head)
    return proposed


def upload(name="证据.pdf", content=b"%PDF-1.7\n1 0 obj\n"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, content)


def xlsx_bomb(name="类别.xlsx", megabytes=2_000):
    """An xlsx that says it unpacks to much, in a few kilobytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(megabytes):
                sheet.write(b" " * 2**20)
    return upload(name, buffer.getvalue())
