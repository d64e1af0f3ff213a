"""No page offers its reader a link that he may not follow."""

import re

import pytest

from mingcha.apps.entities.models import Entity

START = (
    "/",
    "/entities/",
    "/entities/?cols=name,credit",
    "/credit/listings/",
    "/credit/interviews/",
    "/credit/classes/",
    "/data/",
    "/data/?cols=title,rows,held",
    "/risk/models/",
    "/plans/",
    "/data/quarantine/",
)


@pytest.mark.parametrize("role", ["administrator", "clerk", "planner", "officer", "auditor", "deer"])
def test_every_link_leads_somewhere(signed_in, role):
    client = signed_in(role)
    scored = Entity.objects.filter(risk__isnull=False).first()
    pages = [*START, f"/entities/{scored.key}/", "/data/complaints/", "/risk/models/M-2026.11-1/"]
    refused, asked = [], set()
    for page in pages:
        response = client.get(page)
        if response.status_code != 200:
            continue
        text = response.content.decode()
        for address in set(re.findall(r'(?:href|hx-get)="(/[^"]*)"', text)) - asked:
            asked.add(address)
            if not address.startswith(("/static/", "/account/")) and client.get(address).status_code == 403:
                refused.append((page, address))
    assert not refused and len(asked) > 10
