"""What is handed in: known by its bytes, bounded, kept once under its digest, whole when it is taken out."""

import hashlib

import pytest
from django.core.files.storage import default_storage

from mingcha.apps.credit import services
from mingcha.apps.credit.models import Paper
from mingcha.apps.credit.services import papers
from mingcha.problems import Problem

from .conftest import upload, xlsx_bomb


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("证据.pdf", b"MZ\x90\x00", "of this kind"),
        ("证据.pdf", b"\x89PNG\r\n\x1a\n....", "the bytes are those of a PNG"),
        ("a.exe", b"%PDF-1.7", "the bytes are those of a PDF"),
        ("空.pdf", b"", "empty"),
        ("a.docx", b"PK\x03\x04nothing", "of this kind"),
        ("a.svg", b"<svg onload='x'>", "of this kind"),
    ],
)
def test_what_isn_t_what_it_says_is_refused(proposed, officer, name, content, why):
    with pytest.raises(Problem, match=why):
        services.paper_hand_in(of=proposed, file=upload(name, content), step="evidence", user=officer)
    assert not Paper.objects.exists()


def test_too_large_or_a_bomb_is_refused(proposed, officer, monkeypatch):
    with pytest.raises(Problem, match="Unpacked"):
        services.paper_hand_in(of=proposed, file=xlsx_bomb(megabytes=300), step="evidence", user=officer)
    monkeypatch.setattr(papers, "MOST", 10)
    with pytest.raises(Problem, match="are taken"):
        services.paper_hand_in(of=proposed, file=upload(), step="evidence", user=officer)


def test_equal_files_lie_there_once(proposed, officer):
    for name in ("甲.pdf", "../乙.pdf"):
        services.paper_hand_in(of=proposed, file=upload(name), step="evidence", user=officer)
    digests = set(Paper.objects.values_list("sha256", flat=True))
    assert len(digests) == 1 and Paper.objects.count() == 2
    place = papers.place_of(digests.pop())
    assert default_storage.listdir(place.rsplit("/", 1)[0])[1] == [place.rsplit("/", 1)[1]]


def test_it_comes_out_as_it_was_handed_in(proposed, officer, head, person, client):
    paper = services.paper_hand_in(of=proposed, file=upload(), step="evidence", user=officer)
    client.force_login(head)
    answer = client.get(f"/credit/papers/{paper.pk}/")
    assert hashlib.sha256(answer.content).hexdigest() == paper.sha256
    assert "attachment" in answer["Content-Disposition"] and answer["X-Content-Type-Options"] == "nosniff"
    client.force_login(person("officer", "980103"))
    assert client.get(f"/credit/papers/{paper.pk}/").status_code == 404


def test_a_file_that_was_changed_on_the_disk_isn_t_handed_out(proposed, officer, head, client):
    paper = services.paper_hand_in(of=proposed, file=upload(), step="evidence", user=officer)
    with open(default_storage.path(papers.place_of(paper.sha256)), "wb") as file:
        file.write(b"%PDF-other")
    client.force_login(head)
    assert client.get(f"/credit/papers/{paper.pk}/").status_code == 400
