"""People merge and split; rows that come later don't undo it, and the past stays as it was told."""

import pytest
from tests.apps.entities.entity_deliveries import dataset, deliver

from mingcha.apps.accounts.models import AuditRecord, Unit, User
from mingcha.apps.entities.models import Entity, EntityKey, KeyConflict
from mingcha.apps.entities.selectors import entity_file, entity_get
from mingcha.apps.entities.services import decide, entities_resolve, entity_merge, entity_split
from mingcha.engines.linkage.evidence import provisional_key
from mingcha.problems import Problem

U, V = "91440604193644872E", "914406048936207755"
LATER = 40_000  # a day after the decision
pytestmark = pytest.mark.django_db


@pytest.fixture
def licences():
    licences = dataset("licences", {"licence": "licence:food", "uscc": "uscc"}, ("name",))
    deliver(
        licences,
        [
            {"id": "1", "known": 1, "licence": "L1", "uscc": U, "name": "甲"},
            {"id": "2", "known": 1, "licence": "L2", "uscc": V, "name": "乙"},
            {"id": "3", "known": 1, "licence": "L3", "name": "丙"},
        ],
    )
    entities_resolve()
    return licences


@pytest.fixture
def person():
    return User.objects.create(username="zhang", role="clerk", unit=Unit.objects.create(code="4406", name="佛山"))


def test_a_provisional_one_is_merged_and_goes_on_following_its_rows(licences, person):
    stall = entity_get("L3")
    entity_merge(keep=entity_get(U), drop=stall, reason="现场核实为同一经营者", user=person)
    assert entity_get("L3").key == U and entity_get(stall.key).key == U
    assert entity_file(U).total == 2
    record = AuditRecord.objects.get(action="entities.merge")
    assert record.user == person and record.after["reason"] == "现场核实为同一经营者"
    deliver(licences, [{"id": "4", "known": 3, "licence": "L3", "uscc": V}])
    entities_resolve()
    assert entity_get("L3").key == V  # known on day 3, before the person decided


def test_two_credit_codes_merged_by_a_person_stay_merged(licences, person):
    entity_merge(keep=entity_get(U), drop=entity_get(V), reason="换发执照，原代码注销", user=person)
    assert entity_get(V).key == U and entity_file(V).total == 2
    deliver(licences, [{"id": "5", "known": 5, "licence": "L9", "uscc": V}])
    entities_resolve()
    assert entity_get("L9").key == U
    assert Entity.objects.filter(key=V).count() == 0 and Entity.ever.get(key=V).merged_into.key == U


def test_a_key_that_was_split_off_stays_off(licences, person):
    other = entity_split(entity=entity_get(U), keys=["licence:food:L1"], reason="许可证号录入错误", user=person)
    assert other.provisional and entity_get("L1") == other
    deliver(licences, [{"id": "6", "known": 6, "licence": "L1", "uscc": U}])
    assert entities_resolve().conflicts_new == 0  # known before the decision: nothing new
    deliver(licences, [{"id": "7", "known": LATER, "licence": "L1", "uscc": U}])
    assert entities_resolve().conflicts_new == 1
    assert entity_get("L1") == other
    assert KeyConflict.objects.get().value == "licence:food:L1"
    rows = EntityKey.objects.filter(value="licence:food:L1").order_by("known_at")
    assert [r.entity.key for r in rows] == [U, other.key] and rows[0].retracted_at == rows[1].known_at
    assert rows[1].source == "user:zhang" and rows[1].pinned


def test_a_decision_closes_the_conflict(licences, person):
    deliver(licences, [{"id": "7", "known": 7, "licence": "L1", "uscc": V}])
    entities_resolve()
    assert KeyConflict.objects.filter(decided_at=None).count() == 1
    entity_split(entity=entity_get(U), keys=["licence:food:L1"], to=entity_get(V), reason="许可证已转让", user=person)
    assert entity_get("L1").key == V and not KeyConflict.objects.filter(decided_at=None).exists()


def test_what_can_t_be_decided(licences, person):
    one, other, stall = entity_get(U), entity_get(V), entity_get("L3")
    for wrong in (
        lambda: entity_merge(keep=one, drop=one, reason="同一个", user=person),
        lambda: entity_merge(keep=stall, drop=one, reason="反了", user=person),
        lambda: entity_merge(keep=one, drop=other, reason=" ", user=person),
        lambda: entity_split(entity=one, keys=[f"uscc:{U}"], reason="自己的代码", user=person),
        lambda: entity_split(entity=one, keys=["licence:food:L2"], reason="不是它的", user=person),
        lambda: entity_split(entity=stall, keys=["licence:food:L3"], reason="最后一个", user=person),
    ):
        with pytest.raises(Problem):
            wrong()
    assert not AuditRecord.objects.filter(action__in=("entities.merge", "entities.split")).exists()


def test_what_another_decided_meanwhile_counts(licences, person, monkeypatch):
    """Each clerk read the entities before the other decided: whoever waited meets what the first decided."""
    one, other, stall = entity_get(U), entity_get(V), entity_get("L3")
    lock = decide.one_at_a_time

    def waits():
        monkeypatch.setattr(decide, "one_at_a_time", lock)
        entity_merge(keep=entity_get(U), drop=entity_get(V), reason="换发执照，原代码注销", user=person)
        return lock()

    monkeypatch.setattr(decide, "one_at_a_time", waits)
    with pytest.raises(Problem, match="merged already"):
        entity_merge(keep=other, drop=one, reason="换发执照，原代码注销", user=person)
    assert entity_get(V).key == U == entity_get("L2").key
    for wrong in (
        lambda: entity_split(entity=one, keys=["licence:food:L1"], to=other, reason="许可证已转让", user=person),
        lambda: entity_split(entity=one, keys=["licence:food:L1"], to=one, reason="许可证已转让", user=person),
        lambda: entity_merge(keep=other, drop=stall, reason="同一经营者", user=person),
    ):
        with pytest.raises(Problem):
            wrong()
    assert entity_get("L1").key == U and entity_get("L3") == stall
    assert AuditRecord.objects.filter(action__in=("entities.merge", "entities.split")).count() == 1


def test_a_provisional_one_keeps_the_key_that_it_goes_by(licences, person):
    deliver(dataset("pairs", {"a": "a", "b": "b"}), [{"id": "1", "known": 1, "a": "1", "b": "2"}])
    entities_resolve()
    pair = entity_get("a:1")
    own, other = ("a:1", "b:2") if pair.key == provisional_key("a:1") else ("b:2", "a:1")
    with pytest.raises(Problem, match="goes by"):
        entity_split(entity=pair, keys=[own], reason="两个摊位", user=person)
    assert entity_split(entity=pair, keys=[other], reason="两个摊位", user=person) == entity_get(other) != pair


def test_by_the_command_line(licences, person, monkeypatch):
    from typer.testing import CliRunner

    from mingcha.apps.entities import commands

    monkeypatch.setattr(commands, "open_django", lambda: None)
    run = lambda *arguments: CliRunner().invoke(commands.app, arguments)  # noqa: E731
    deliver(licences, [{"id": "8", "known": 8, "licence": "L1", "uscc": V}])
    assert '"conflicts_new": 1' in run("resolve", "--json").stdout
    assert "licence:food:L1" in run("list", "--conflicts", "--json").stdout
    done = run("split", U, "licence:food:L1", "--to", V, "--reason", "许可证已转让", "--by", "zhang")
    assert done.exit_code == 0 and entity_get("L1").key == V
    assert run("merge", U, "L3", "--reason", "同一经营者", "--by", "zhang").exit_code == 0
    assert entity_get("L3").key == U
    User.objects.create(username="li", role="officer")
    refused = run("merge", U, "L2", "--reason", "同一经营者", "--by", "li")
    assert isinstance(refused.exception, Problem) and "entities.entity.decide" in refused.exception.text("en")
    nobody = run("merge", U, "L2", "--reason", "同一经营者", "--by", "nobody")
    assert isinstance(nobody.exception, Problem) and "zhang" in nobody.exception.text("en")


def test_a_command_reaches_what_lies_in_the_user_s_jurisdiction(licences, person, monkeypatch):
    """For whoever is named with --by, an entity elsewhere is not there: not shown, not found, not decided on."""
    from typer.testing import CliRunner

    from mingcha.apps.entities import commands

    monkeypatch.setattr(commands, "open_django", lambda: None)
    deliver(licences, [{"id": "8", "known": 8, "licence": "L1", "uscc": V}])
    entities_resolve()
    here, there = entity_get(U), entity_get(V)
    Entity.objects.filter(pk=here.pk).update(division="440604")
    Entity.objects.filter(pk=there.pk).update(division="440606")
    deer = Unit.objects.create(code="440606", name="顺德", division="440606")
    User.objects.create(username="chen", role="clerk", unit=deer)
    User.objects.create(username="nowhere", role="clerk")

    def run(*words):
        done = CliRunner().invoke(commands.app, words)
        return done.exception.text("en") if isinstance(done.exception, Problem) else done.stdout

    assert U in run("show", "L1", "--json") and U in run("show", "L1", "--json", "--by", "zhang")
    why = ("--reason", "同一经营者", "--by", "chen")
    for words in (
        ("show", U, "--by", "chen"),
        ("show", "L1", "--by", "chen"),
        ("show", V, "--by", "nowhere"),
        ("merge", V, U, *why),
        ("merge", U, V, *why),
        ("split", U, "licence:food:L1", *why),
        ("split", V, "licence:food:L2", "--to", "L1", *why),
    ):
        refused = run(*words)
        assert "within the jurisdiction of" in refused and "甲" not in refused
    assert there.key in run("show", "L2", "--json", "--by", "chen")
    for words in (("find", "甲"), ("list",), ("list", "--provisional")):
        assert here.key not in run(*words, "--json", "--by", "chen")
    assert here.key in run("find", "甲", "--json") and "P-" in run("list", "--provisional", "--json")
    assert there.key in run("find", "乙", "--json", "--by", "chen") and there.key in run("list", "--by", "chen")
    assert "licence:food:L1" in run("list", "--conflicts", "--by", "chen")  # the claim is of his own
    assert "licence:food:L1" not in run("list", "--conflicts", "--by", "nowhere")
    assert not AuditRecord.objects.filter(action__in=("entities.merge", "entities.split")).exists()
