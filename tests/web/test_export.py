"""What leaves as a file: whole, in the list's order, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import zipfile

from mingcha.apps.entities.models import Entity


def _csv(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_csv_begins_with_the_mark_that_excel_needs(signed_in):
    body = b"".join(signed_in("administrator").get("/entities/?as=csv").streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")


def test_order_is_the_list_s(signed_in):
    lines = _csv(signed_in("administrator").get("/entities/?as=csv&sort=name"))
    names = [line[0] for line in lines[1:]]
    assert names == list(Entity.objects.order_by("name", "pk").values_list("name", flat=True))


def test_a_formula_stays_text(signed_in):
    Entity.objects.filter(pk=Entity.objects.first().pk).update(name='=HYPERLINK("x")')
    lines = _csv(signed_in("administrator").get("/entities/?as=csv"))
    assert '\'=HYPERLINK("x")' in [line[0] for line in lines]
    body = b"".join(signed_in("administrator").get("/entities/?as=xlsx").streaming_content)
    book = zipfile.ZipFile(io.BytesIO(body))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_an_excel_sheet_that_would_be_too_long_is_refused(signed_in, monkeypatch):
    monkeypatch.setattr("mingcha.lists.export.XLSX_ROWS", 10)
    response = signed_in("administrator").get("/entities/?as=xlsx")
    assert response.status_code == 400 and b"Add a filter, or export CSV" in response.content


def test_quarantined_rows_leave_with_reasons_in_both_languages(signed_in):
    from mingcha.apps.exchange.models import QuarantineReason

    reason = QuarantineReason.objects.filter(rule="not_future").first()
    lines = _csv(signed_in("clerk").get(f"/data/quarantine/{reason.pk}/?as=csv"))
    assert lines[0] == ["File", "Row", "Field", "Value", "原因", "Reason"]
    assert len(lines) == 21 and lines[1][2:] == [
        "published_on",
        "2062-11-02",
        "日期在将来",
        "the date lies in the future",
    ]
