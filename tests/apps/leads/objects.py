"""How to make this room's objects for tests/web/test_guards.py."""

from mingcha.apps.leads.models import Lead


def a_lead(division: str, owner=None) -> Lead:
    lead = Lead.objects.create(title="t", division=division, opened_by=owner)
    lead.number = f"XS-2026-{lead.pk:06d}"
    lead.save(update_fields=["number"])
    return lead


OBJECTS = {
    "leads:number": lambda division: {"number": a_lead(division).number},
    "leads:token": lambda division: {"token": a_lead(division).token},
}
ROWS = {"leads.Lead": a_lead}
