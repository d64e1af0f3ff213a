"""A drawn entity that was in the frame by mistake: who comes in its place, and that everyone can see and check it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from typer.testing import CliRunner

from mingcha.apps.accounts.models import AuditRecord, User
from mingcha.apps.risk.overrides import Overrides, overrides_of
from mingcha.apps.supervision import plan_commands, selectors, services
from mingcha.apps.supervision.models import Draw, Result, Task, TaskEvent
from mingcha.apps.supervision.selectors import draw_folder, secret_table, visits_this_year
from mingcha.engines.sampling import fieldwork, steps
from mingcha.engines.sampling.folder import secret_folder
from mingcha.engines.sampling.keys import keygen, public_file, read_party
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db
VERIFIER = Path(__file__).resolve().parents[3] / "verifier" / "verify_draw.py"
TODAY = timezone.localdate
PARTIES = ("司法局", "公证处")
STAFF = "id,name,areas,certified,load\n" + "".join(f"Z{i},王{i},区{i % 2},2099-01-31,9\n" for i in range(8))


@pytest.fixture
def keys(tmp_path):
    return {party: tmp_path / f"{party}.key" for party in PARTIES}


@pytest.fixture
def frozen(staff, scored, tmp_path, monkeypatch, keys):
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))
    monkeypatch.setenv("MINGCHA_LANG", "en")
    monkeypatch.setattr(plan_commands, "open_django", lambda: None)
    (tmp_path / "staff.csv").write_text(STAFF)
    parties = {party: keygen(party, key) for party, key in keys.items()}
    about = {"budget": 12, "stratify_by": "district", "cap": 1, "public_source": "lottery", "risk_model": scored}
    plan = services.plan_create(title="四季度抽查", user=staff["planner"], **about)
    services.plan_approve(plan=plan, user=staff["head"])
    inspectors = {"inspectors": tmp_path / "staff.csv", "day": "2026-12-01"}
    return services.draw_freeze(plan=plan, parties=parties, user=staff["planner"], **inspectors)


@pytest.fixture
def drawn(frozen, keys):
    for step in (steps.commit, steps.reveal):
        for key in keys.values():
            step(draw_folder(frozen), key)
        if step is steps.commit:
            services.draw_commitments_check(draw=frozen, user=None)
    return services.draw_run(draw=frozen, public_value="03 07", user=None)


def replace(draw, key, reason="已于三月注销", user=None):
    return services.draw_replace(draw=draw, key=key, reason=reason, user=user)


def keys_of(draw):
    return set(draw.tasks.filter(replaced_at=None).values_list("entity__key", flat=True))


def pi_of(draw):
    return {task.entity.key: task.pi for task in draw.tasks.filter(replaced_at=None).select_related("entity")}


def test_the_next_of_the_stratum_comes_in_and_everything_that_speaks_of_it_follows(drawn, staff, keys):
    out = drawn.tasks.order_by("number").first()
    team, before, pi = out.inspectors, keys_of(drawn), pi_of(drawn)
    made = replace(drawn, out.entity.key, user=staff["planner"])
    out.refresh_from_db()
    assert (out.replaced_by, out.replace_reason, out.inspectors) == (made, "已于三月注销", team)
    assert out.replaced_at and made.replaced_at is None and made.replaces == out
    assert (made.stratum, made.number, made.inspectors) == (out.stratum, out.number[:-4] + "0013", [])
    assert made.risk_class in "ABCD" and made.risk_class
    assert keys_of(drawn) == before - {out.entity.key} | {made.entity.key}
    design = {row["id"]: float(row["pi"]) for row in secret_table(drawn, "design.csv")}
    now = pi_of(drawn)
    assert now == pytest.approx(design) and set(design) == keys_of(drawn)
    same = [task.entity.key for task in drawn.tasks.exclude(pk__in=(out.pk, made.pk)) if task.stratum == out.stratum]
    assert same and all(now[key] > pi[key] for key in same)  # as many visits for one unit less
    others = set(before) - set(same) - {out.entity.key}
    assert others and all(now[key] == pi[key] for key in others)
    drawn.refresh_from_db()
    assert drawn.taken == 12 and drawn.tasks.count() == 13
    record = AuditRecord.objects.latest("id")
    assert (record.action, record.user, record.object_id) == (
        "supervision.draw.replace",
        staff["planner"],
        str(drawn.pk),
    )
    assert (record.before["out"], record.after["in"]) == (out.entity.key, made.entity.key)
    assert record.after["reason"] == "已于三月注销"
    folder = draw_folder(drawn)
    for key in keys.values():
        fieldwork.countersign(folder, folder / "replacements.json", key)
    about = [folder / "replacements.json", "--against", folder / "public.json"]
    done = subprocess.run([sys.executable, VERIFIER, *about], capture_output=True, text=True)
    assert done.returncode == 0 and "was the next one of its stratum" in done.stdout, done.stdout
    assert visits_this_year()[out.entity.key] == 0 and visits_this_year()[made.entity.key] == 1


def test_who_came_in_may_have_been_a_mistake_too(drawn):
    first = drawn.tasks.first()
    second = replace(drawn, first.entity.key)
    third = replace(drawn, second.entity.key, "重复户")
    second.refresh_from_db()
    assert (second.replaced_by, second.replace_reason, third.replaces.replaces) == (third, "重复户", first)
    assert len(keys_of(drawn)) == 12 and third.number.endswith("0014")
    told = fieldwork.replacements(draw_folder(drawn))
    assert [(one["out"], one["in"]["id"]) for one in told] == [
        (first.entity.key, second.entity.key),
        (second.entity.key, third.entity.key),
    ]


def test_a_replacement_cut_off_after_its_files_is_gone_on_with(drawn, monkeypatch):
    """The files stand, the database knows nothing: so with one made by `mingcha draw replace` on the folder."""
    one, two, three = drawn.tasks.order_by("number")[:3]
    fieldwork.replace_unit(draw_folder(drawn), one.entity.key, "已注销")

    def killed(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(services.draws, "audit_record", killed)
        replace(drawn, two.entity.key, "重复户")
    assert not Task.objects.exclude(replaced_at=None).exists() and drawn.tasks.count() == 12
    made = replace(drawn, two.entity.key, "once more")
    assert (
        made.replaces == two and made.replaces.replace_reason == "重复户"
    )  # the file's, which parties may have signed
    one.refresh_from_db()
    assert one.replace_reason == "已注销" and one.replaced_by.entity.key in keys_of(drawn)
    replace(drawn, three.entity.key)
    assert len(fieldwork.replacements(draw_folder(drawn))) == 3 and len(keys_of(drawn)) == 12
    assert AuditRecord.objects.filter(action="supervision.draw.replace").count() == 3


def test_what_is_not_replaced(drawn, frozen):
    taken = keys_of(drawn)
    undrawn = next(f"E{i:03d}" for i in range(120) if f"E{i:03d}" not in taken)
    key = min(taken)
    for wrong, reason in ((undrawn, "x"), ("nobody", "x"), (key, " ")):
        with pytest.raises(Problem):
            replace(drawn, wrong, reason)
    assert keys_of(drawn) == taken and not (draw_folder(drawn) / "replacements.json").exists()
    replace(drawn, key)
    with pytest.raises(Problem, match="not among the units to visit"):
        replace(drawn, key)
    assert drawn.tasks.count() == 13


def test_nothing_is_replaced_before_the_draw(frozen):
    with pytest.raises(Problem, match="needs it to be drawn"):
        replace(frozen, "E001")


def next_in(drawn, task):
    """Who would come in for `task`, if anyone asked."""

    class Asked(Exception):
        pass

    def ask(key):
        raise Asked(key)

    with pytest.raises(Asked) as caught:
        fieldwork.replace_unit(draw_folder(drawn), task.entity.key, "x", may_come=ask)
    return caught.value.args[0]


def test_who_comes_in_must_not_have_had_the_year_s_visits(drawn, staff, scored, keys):
    """Another plan has drawn it since, or may yet. No other can be chosen, so the replacement is refused."""
    task = drawn.tasks.first()
    key = next_in(drawn, task)
    values = {"title": "x", "budget": 12, "user": staff["planner"], "public_source": "l", "risk_model": scored}
    other = services.plan_create(**values)
    draw = Draw.objects.create(plan=other, name=other.number, folder=other.number, drawn_at=timezone.now())
    visit = Task.objects.create(
        number="RW-X", plan=other, draw=draw, entity=services.draws.Entity.objects.get(key=key), stratum="全部", pi=0.1
    )
    with pytest.raises(Problem, match="year's visits") as caught:
        replace(drawn, task.entity.key)
    assert key in caught.value.where and caught.value.todo_zh and caught.value.todo_en
    assert not (draw_folder(drawn) / "replacements.json").exists() and drawn.tasks.count() == 12
    visit.delete()
    draw.delete()
    services.plan_approve(plan=other, user=staff["head"])
    party = read_party(public_file(keys["公证处"]))
    frozen = services.draw_freeze(plan=other, parties=dict([party]), user=None, alone=True)
    with pytest.raises(Problem, match="year's visits") as caught:
        replace(drawn, task.entity.key)
    assert other.number in caught.value.todo_en and key in caught.value.where
    services.draw_void(draw=frozen, reason="停电", user=None)
    assert replace(drawn, task.entity.key).entity.key == key


@pytest.fixture
def desk(client, staff):
    def sign_in(name):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        client.force_login(staff[name], backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return sign_in


def test_the_public_page_tells_of_it_and_why(drawn, desk, client, keys):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    public = f"/public/draw/{drawn.name}/"
    out = drawn.tasks.order_by("number").first()
    made = replace(drawn, out.entity.key, "已于<三月>注销")
    assert client.get(public + "replacements.json").status_code == 404  # not public yet
    services.draw_publish(draw=drawn, user=None)
    page = client.get(public).content.decode()
    assert out.entity.name in page and made.entity.name in page and "已于&lt;三月&gt;注销" in page
    assert "Not countersigned by 公证处、司法局" in page or "Not countersigned by 司法局、公证处" in page
    folder = draw_folder(drawn)
    fieldwork.countersign(folder, folder / "replacements.json", keys["公证处"])
    page = client.get(public).content.decode()
    assert "Countersigned by 公证处." in page and "Not countersigned by 司法局." in page
    answer = client.get(public + "replacements.json")
    assert json.loads(b"".join(answer.streaming_content))["replacements"][0]["reason"] == "已于<三月>注销"
    value = json.loads((folder / "replacements.json").read_bytes())
    value["signatures"].append({"id": "司法局", "signature": "00" * 64})
    (folder / "replacements.json").write_text(json.dumps(value))
    assert "Not countersigned by 司法局." in client.get(public).content.decode()
    made.refresh_from_db()
    replace_page = desk("planner").get(f"/plans/{drawn.plan.number}/").content.decode()
    assert "已于&lt;三月&gt;注销" in replace_page and "to be assigned" in replace_page
    entity = desk("planner").get(f"/entities/{out.entity.key}/").content.decode()
    assert out.number in entity and "replaced" in entity


def test_a_draw_without_replacements_says_nothing_of_them(drawn, client):
    services.draw_publish(draw=drawn, user=None)
    page = client.get(f"/public/draw/{drawn.name}/").content.decode()
    assert "replacements" not in page and "ountersigned" not in page
    assert client.get(f"/public/draw/{drawn.name}/replacements.json").status_code == 404


def command(draw, key, user, reason="已注销"):
    words = ["replace", draw.plan.number, key, "--reason", reason, "--by", user]
    done = CliRunner().invoke(plan_commands.app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command(drawn):
    key = drawn.tasks.first().entity.key
    said = command(drawn, key, "planner")
    made = Task.objects.get(replaces__entity__key=key)
    assert key in said and made.entity.key in said and made.number in said and "mingcha draw sign" in said


@pytest.mark.parametrize("user", ["east", "nobody", "clerk"])
def test_who_may_not(drawn, staff, user):
    User.objects.create(username="clerk", role="clerk", unit=staff["head"].unit)
    with pytest.raises(Problem, match="may not do this"):
        command(drawn, drawn.tasks.first().entity.key, user)
    assert drawn.tasks.count() == 12 and not (secret_folder(draw_folder(drawn)).parent / "replacements.json").exists()


def test_a_planner_keeps_to_his_jurisdiction(drawn, staff):
    User.objects.filter(username="east").update(role="planner")
    with pytest.raises(Problem, match="There is no plan"):
        command(drawn, drawn.tasks.first().entity.key, "east")


def test_a_task_that_was_replaced_is_no_visit_of_the_year(drawn):
    key = drawn.tasks.first().entity.key
    assert visits_this_year()[key] == 1
    replace(drawn, key)
    assert visits_this_year()[key] == 0 and selectors.tasks_visible(User.objects.get(username="head")).count() == 13


def test_a_model_s_card_counts_what_was_changed_against_its_plans(drawn, staff, scored):
    one, other, third = drawn.tasks.order_by("number")[:3]
    for task, kind in ((one, "none"), (other, "follow_up"), (third, "follow_up")):
        Task.objects.filter(pk=task.pk).update(state="recorded")
        Result.objects.create(task=task, version=1, kind=kind, visited_on=TODAY(), recorded_by=staff["head"])
    TaskEvent.objects.create(task=other, kind="assign", override=True)
    assert overrides_of(scored) == Overrides(12, 1, 1, 1, 2, 1)
