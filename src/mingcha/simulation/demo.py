"""`mingcha demo`: the steps that turn an empty instance into the simulated city 云汀市, ready to be looked at.

Each step is thin: it calls the same services as a person would. `demo.json` in the instance tells which are done, so
that a second run goes straight to serving, and one that was killed goes on where it stopped: every step may be run
again over its own half-done work.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mingcha.instance import home
from mingcha.problems import Problem

from .words import CITY, DISTRICTS, DIVISIONS

RECORDS_PER_ENTITY = 100
INSPECTIONS = "spot_inspections"
TODAY = dt.date(2026, 10, 1)  # the day after the city's last delivery
STAFF = {
    "administrator": "陆一鸣", "head": "苏畅", "clerk": "何苗", "planner": "许岚", "officer": "周楠", "auditor": "高宁",
    "community": "童谣",
}  # fmt: skip
PASSWORD = "Yunting-demo-2026"  # noqa: S105 of a simulated city on one's own machine; printed when it is made
PARTIES = ("云汀市司法局", "云汀市纪委监委", "临江公证处")
PUBLIC_VALUE = "03 09 14 21 27 30 + 11"  # stands for a lottery's numbers
STATE = "demo.json"
INSTANCE = ("demo", "lake", "files", "models", "draws", "tmp", "static", "mingcha.sqlite3*", ".schema", "secret.key")


@dataclass
class Demo:
    """What is asked for, and what has been done: step -> its seconds and its counts."""

    entities: int
    seed: int
    code: str
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The departments' files."""
        return home() / "demo" / "city"


@dataclass(frozen=True)
class Step:
    """`run` does the work and gives counts to be shown; it may be run again after it was killed."""

    name: str
    zh: str
    en: str
    run: Callable[[Demo], dict[str, Any]]


def city(demo: Demo) -> dict[str, Any]:
    """The departments' files."""
    from .city import write_city

    shutil.rmtree(demo.folder, ignore_errors=True)
    sent = write_city(demo.folder, entities=demo.entities, records=RECORDS_PER_ENTITY * demo.entities, seed=demo.seed)
    return {"datasets": len(sent), "rows": sum(d.rows for d in sent), "spoiled": sum(d.spoiled for d in sent)}


def deliver(demo: Demo) -> dict[str, Any]:
    """Import what the departments sent. A file that was taken before adds nothing."""
    _open_django()
    from mingcha.apps.exchange.hooks import together
    from mingcha.apps.exchange.services import batch_import

    manifest = json.loads((demo.folder / "manifest.json").read_text(encoding="utf-8"))
    with together():
        reports = [
            batch_import(
                contract=demo.folder / "contracts" / f"{sent['name']}.yaml",
                files=[demo.folder / name for name in sent["files"]],
            )
            for sent in manifest["datasets"]
        ]
    return {
        "batches": len(reports),
        "accepted": sum(r.rows_accepted for r in reports),
        "quarantined": sum(r.rows_quarantined for r in reports),
    }


def resolve(demo: Demo) -> dict[str, Any]:
    """One entity, one file."""
    _open_django()
    from mingcha.apps.entities.models import Entity
    from mingcha.apps.entities.services import entities_resolve

    report = entities_resolve()
    return {
        "entities": Entity.objects.count(),
        "provisional": Entity.objects.filter(provisional=True).count(),
        "links": report.links_new,
    }


def people(demo: Demo) -> dict[str, Any]:
    """The bureau, its districts with their outlines on the map, and a member of staff of each role."""
    _open_django()
    from mingcha.apps.accounts.models import User
    from mingcha.apps.accounts.services import unit_save, user_create

    from . import bureau

    top = unit_save(code="9801", name=f"{CITY}市场监督管理局", division="9801")
    for code, name in zip(DIVISIONS, DISTRICTS, strict=True):
        unit_save(code=code, name=f"{name}市场监督管理局", division=code, parent=top)
    for role, name in STAFF.items():
        if not User.objects.filter(username=role).exists():
            user_create(username=role, password=PASSWORD, role=role, unit=top, name=name)
    _districts(demo)
    bureau.officers()
    return {"users": [*STAFF, "officer1"], "password": PASSWORD}


def _districts(demo: Demo) -> None:
    from mingcha.web.services import districts_import

    from .districts import write_districts
    from .story import stations_of

    path = write_districts(home() / "demo" / "districts.geojson", stations=stations_of(demo.entities), seed=demo.seed)
    districts_import(path=path, simulated=True, source="模拟的边界：云汀市并不存在")


def registers(demo: Demo) -> dict[str, Any]:
    """What may be inspected, whom, by whom, and the year's plan."""
    _open_django()
    from . import bureau

    return bureau.registers()


def visits(demo: Demo) -> dict[str, Any]:
    """Officers make the first visits; what they find is published, and goes back to the lake."""
    _open_django()
    from . import bureau

    return bureau.visits()


def campaign(demo: Demo) -> dict[str, Any]:
    """A plan without a draw, beside it."""
    _open_django()
    from . import bureau

    return bureau.campaign()


def train(demo: Demo) -> dict[str, Any]:
    """A risk model of what visits of the three years found, signed by the administrator."""
    _open_django()
    from mingcha.apps.risk.models import RiskModel
    from mingcha.apps.risk.services import model_sign, model_train

    model = RiskModel.objects.filter(dataset__name=INSPECTIONS, trained_until=TODAY).first()
    if model is None:
        model = model_train(dataset=INSPECTIONS, risk_point="violation", until=TODAY)
    if model.signed_at is None:
        model_sign(model=model, user=_staff("administrator"))
    return {"model": model.number}


def score(demo: Demo) -> dict[str, Any]:
    """Everyone's probability and class as of the day after the last delivery."""
    _open_django()
    from mingcha.apps.risk.services import scores_refresh

    done = scores_refresh(model=_champion(), as_of=TODAY)
    return {"scored": done["scored"], "classes": done["classes"]}


def plan(demo: Demo) -> dict[str, Any]:
    """The quarter's plan: firms and inspectors drawn among three parties, who recompute and sign it; published."""
    _open_django()
    from mingcha.apps.supervision import services
    from mingcha.apps.supervision.models import Plan

    Plan.objects.filter(draws=None, kind="targeted").delete()  # half-made by a run that was killed
    if not Plan.objects.filter(state="published").exists():
        draw = _ceremony(_plan("四季度双随机定向抽查", max(30, round(0.011 * demo.entities))))
        services.draw_run(draw=draw, public_value=PUBLIC_VALUE, user=_staff("planner"))
        _attest(draw)
        services.draw_publish(draw=draw, user=_staff("planner"))
    drawn = Plan.objects.get(state="published")
    return {
        "plan": drawn.number,
        "drawn": drawn.draw.taken,
        "frame": drawn.draw.units,
        "outside": drawn.frame["outside"],
        "inspectors": len(drawn.draw.inspectors),
    }


def _plan(title: str, budget: int) -> Any:
    from django.utils import timezone

    from mingcha.apps.supervision import services
    from mingcha.apps.supervision.models import Catalogue, InspectorDirectory, YearEntry

    made = services.plan_create(
        title=title,
        budget=budget,
        user=_staff("planner"),
        division="9801",
        cap=1,
        public_source="模拟的公共随机数（演示用）",
        basis="随机抽查事项清单（模拟）",
        risk_model=_champion(),
        inspectors=InspectorDirectory.objects.get(),
        entry=YearEntry.objects.filter(title=title).first(),
        items=Catalogue.objects.get().items.filter(code__in=("DJ-01", "DJ-02")),
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate() + dt.timedelta(days=45),
    )
    return services.plan_approve(plan=made, user=_staff("head"))


def _ceremony(made: Any) -> Any:
    """Three parties with keys of their own commit and reveal. In the demo all of them are this machine."""
    from mingcha.apps.supervision import services
    from mingcha.apps.supervision.selectors import draw_folder
    from mingcha.engines.sampling import keys, steps

    shutil.rmtree(_keys(made)[0].parent, ignore_errors=True)
    parties = {name: keys.keygen(name, key) for name, key in zip(PARTIES, _keys(made), strict=True)}
    draw = services.draw_freeze(
        plan=made,
        parties=parties,
        user=_staff("planner"),
    )
    folder = draw_folder(draw)
    for key in _keys(made):
        steps.commit(folder, key)
    services.draw_commitments_check(draw=draw, user=_staff("planner"))
    for key in _keys(made):
        steps.reveal(folder, key)
    return draw


def _attest(draw: Any) -> None:
    """Each party recomputes every probability from the frame and the whole draw from the audit file, and signs; the
    inspectors' assignment too."""
    from mingcha.apps.supervision.selectors import draw_folder
    from mingcha.engines.sampling import fieldwork, results
    from mingcha.engines.sampling.folder import secret_folder
    from mingcha.engines.sampling.frame import read_frame

    folder = draw_folder(draw)
    secret = secret_folder(folder)
    frame = read_frame(secret / "frame.csv", draw.plan.cap)
    for key in _keys(draw.plan):
        results.attest(folder, key, secret / "audit.json", frame=frame)
        fieldwork.countersign(folder, secret / "assignment.json", key, frame=frame)


def _keys(made: Any) -> list[Path]:
    return [home() / "demo" / "keys" / made.number / f"{i}.key" for i in range(len(PARTIES))]


def count(demo: Demo) -> dict[str, Any]:
    """The figures of the desk and the map, for the bureau and each district: the first page has them at once."""
    _open_django()
    from mingcha.apps.accounts.models import Unit
    from mingcha.desk import aggregates

    names = aggregates.all_names()
    for division in set(Unit.objects.values_list("division", flat=True)):
        aggregates.refresh(names, division)
    return {"figures": len(names)}


def _staff(username: str) -> Any:
    from mingcha.apps.accounts.models import User

    return User.objects.get(username=username)


def _champion() -> Any:
    from mingcha.apps.risk.models import RiskModel

    return RiskModel.objects.get(dataset__name=INSPECTIONS, risk_point="violation", state="champion")


def _open_django() -> None:
    from mingcha.instance import open_django

    open_django()


STEPS: tuple[Step, ...] = (
    Step("city", "生成模拟城市各部门的数据文件", "make the departments' files", city),
    Step("import", "导入并检查各部门数据", "import and check them", deliver),
    Step("resolve", "归并为一户一档", "resolve them into one file an entity", resolve),
    Step("people", "建立单位与用户", "make units and users", people),
    Step("train", "训练并签发风险模型", "train a risk model and sign it", train),
    Step("score", "为全部主体评分", "score every entity", score),
    Step(
        "registers",
        "建立事项清单、两库和年度计划",
        "the item catalogue, the directories and the year's plan",
        registers,
    ),
    Step("plan", "制定计划，三方抽取并公示", "make a plan, draw it among three parties, publish it", plan),
    Step("visits", "实施检查、公示结果并交回标签", "make visits, publish results, hand labels back", visits),
    Step("campaign", "派发一项专项检查", "issue a special campaign", campaign),
    Step("count", "统计工作台的数字", "count the desk's figures", count),
)


def prepare(
    entities: int, seed: int, *, fresh: bool = False, report: Callable[[Step, float | None], None] | None = None
) -> Demo:
    """Bring the instance to where every step is done. Raises Problem where it holds anything else."""
    demo = _open(entities, seed, fresh)
    for step in STEPS:
        if step.name in demo.done:
            continue
        if report:
            report(step, None)
        start = time.perf_counter()
        counts = step.run(demo)
        seconds = round(time.perf_counter() - start, 2)
        demo.done[step.name] = {"seconds": seconds, **counts}
        _save(demo)
        if report:
            report(step, seconds)
    return demo


def complete(demo: Demo) -> bool:
    return all(step.name in demo.done for step in STEPS)


def _open(entities: int, seed: int, fresh: bool) -> Demo:
    """The instance's demo, or a new one. Never touches an instance that people work in."""
    if os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith("server"):
        raise Problem(
            zh="演示只用于默认的单机设置，不会写入服务器数据库。",
            en="The demo is for the default, embedded settings: it doesn't write into a server's database.",
            where="DJANGO_SETTINGS_MODULE",
            todo_zh="请取消该环境变量后重试。",
            todo_en="Unset this environment variable and run it again.",
        )
    path = home() / STATE
    code = code_digest()
    if not path.exists():
        if any((home() / "lake").iterdir()) or (home() / "mingcha.sqlite3").exists():
            raise Problem(
                zh="该实例中已有数据，模拟数据不会与真实数据混在一起。",
                en="This instance holds data; invented data are never mixed with real ones.",
                where=str(home()),
                todo_zh="请用 MINGCHA_HOME 指定另一个空文件夹，例如 MINGCHA_HOME=./demo-instance。",
                todo_en="Name another, empty folder in MINGCHA_HOME, e.g. MINGCHA_HOME=./demo-instance.",
            )
        demo = Demo(entities, seed, code)
        _save(demo)
        return demo
    kept = json.loads(path.read_text(encoding="utf-8"))
    demo = Demo(kept["entities"], kept["seed"], kept["code"], kept["done"])
    same = (demo.entities, demo.seed) == (entities, seed)
    if same and not fresh and (complete(demo) or demo.code == code):
        return demo
    if not same and not fresh:
        raise Problem(
            zh=f"该实例是另一座模拟城市（{demo.entities} 户，种子 {demo.seed}）。",
            en=f"This instance is another simulated city ({demo.entities} entities, seed {demo.seed}).",
            where=str(home()),
            todo_zh="加 --fresh 重新生成（删除该实例），或用 MINGCHA_HOME 指定另一个文件夹。",
            todo_en="Add --fresh to make it anew (this deletes the instance), or name another folder in MINGCHA_HOME.",
        )
    _clear()  # asked for, or left unfinished by an older version of the code
    return _open(entities, seed, False)


def _clear() -> None:
    """Delete what an instance is made of, and nothing else that may lie in its folder; the demo's mark goes last, so
    that a killed deletion is gone on with."""
    root = home()
    _refuse_real_data()
    for name in INSTANCE:
        for path in root.glob(name):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    (root / STATE).unlink()


def _refuse_real_data() -> None:
    """An instance into which somebody imported something of his own is not the demo's to delete."""
    if not (home() / "mingcha.sqlite3").exists():
        return
    _open_django()
    from django.db import connections

    from mingcha.apps.exchange.models import Dataset

    if names := list(Dataset.objects.filter(simulated=False).values_list("name", flat=True)[:5]):
        raise Problem(
            zh=f"该实例中有非模拟的数据集（{'、'.join(names)}），不会删除。",
            en=f"This instance holds datasets that aren't simulated ({', '.join(names)}): it won't be deleted.",
            where=str(home()),
            todo_zh="请用 MINGCHA_HOME 指定另一个空文件夹。",
            todo_en="Name another, empty folder in MINGCHA_HOME.",
        )
    connections.close_all()


def _save(demo: Demo) -> None:
    path = home() / STATE
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"simulated": True} | asdict(demo), ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(path)


def code_digest() -> str:
    """Of the code that makes the city."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
