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


def test_a_model_that_passed_no_gate_is_signed_with_a_reason_only(signed_in):
    from mingcha.apps.accounts.models import AuditRecord

    champion = RiskModel.objects.get()
    fields = {f.name: getattr(champion, f.name) for f in RiskModel._meta.fields if f.name != "id"}
    fields |= {"number": "M-2", "digest": "6f" * 32, "state": "challenger", "signed_by": None, "signed_at": None}
    RiskModel.objects.create(**fields)
    client = signed_in("administrator")
    assert 'name="reason"' in client.get("/risk/models/M-2/").content.decode()
    refused = client.post("/risk/models/M-2/sign/")
    assert refused.status_code == 400 and "gates of a promotion" in refused.content.decode()
    assert client.post("/risk/models/M-2/sign/", {"reason": "new items of inspection"}).status_code == 302
    assert RiskModel.objects.get(number="M-2").state == "champion"
    assert AuditRecord.objects.get(action="risk.model.sign").after["reason"] == "new items of inspection"
