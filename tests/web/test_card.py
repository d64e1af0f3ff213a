"""What the model's card says is so: who signed its factors, and whose strictness stands in the table."""

from mingcha.apps.risk.models import RiskModel


def test_the_list_of_factors_is_signed_only_where_somebody_signed(signed_in):
    client = signed_in("administrator")
    assert "陆一鸣 signed the list" in client.get("/risk/models/M-2026.11-1/").content.decode()
    RiskModel.objects.update(state="challenger", signed_by=None, signed_at=None)
    page = client.get("/risk/models/M-2026.11-1/").content.decode()
    assert "nobody has signed the list" in page and "陆一鸣 signed" not in page


def test_strictness_is_of_inspectors_or_groups(signed_in):
    page = signed_in("administrator").get("/risk/models/M-2026.11-1/").content.decode()
    assert '<th scope="col">Inspector or group</th>' in page
