"""Writes: models trained and signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.selectors import lake_view
from mingcha.apps.exchange.selectors import dataset_get
from mingcha.instance import home
from mingcha.output import strict
from mingcha.problems import Problem

from .. import selectors
from ..choices import ModelState
from ..limits import limits_latest
from ..models import ModelSignature, RiskModel

Report = Callable[[str, str], None]  # what is being done: zh, en
STEPS = 3  # that a training reports


def model_train(
    *,
    dataset: str,
    risk_point: str,
    until: dt.date | None = None,
    retained: Sequence[str] | None = None,
    config: dict[str, Any] | None = None,
    user: User | None = None,
    report: Report = lambda zh, en: None,
) -> RiskModel:
    """Train a challenger on what was known before `until` (default today): candidates, screening, fit, backtest, card.

    `retained`: factors to use, without screening. `config`: settings that differ from engines/risk/config.py. The
    model's folder is written whole first, then its row.
    """
    from mingcha.engines.factors.candidates import candidates
    from mingcha.engines.risk.backtest import require_windows
    from mingcha.engines.risk.config import Config
    from mingcha.engines.risk.model import save
    from mingcha.engines.risk.train import train, windows_of

    until = until or timezone.localdate()
    source = dataset_get(dataset)
    view = lake_view()
    settings = Config.of(config or {})
    report("列出候选因子", "list the candidate factors")
    visits = selectors.labelled_visits(view, dataset, risk_point, until=until)
    tested = visits["eligible"].to_numpy(zero_copy_only=False)
    windows = windows_of(selectors.sample_of(view, visits, ()), settings, tested)
    require_windows(windows)
    # What depends on data, such as the commonest values, is taken from before the tested windows.
    declared = candidates(view, known_before=windows[0].first.astype(dt.date))
    if retained is not None:
        declared = [f for f in declared if f.name in set(retained)]
    champion, theirs = selectors.champion_of(source, risk_point)
    computed = [*declared, *(f for f in theirs if f.name not in {d.name for d in declared})]
    report(f"计算 {len(computed)} 个候选因子", f"compute {len(computed)} candidate factors")
    sample = selectors.sample_of(view, visits, computed)
    report(f"筛选、训练、回测（{len(sample)} 次检查）", f"screen, train, backtest ({len(sample)} visits)")
    trained = train(
        sample,
        config=settings,
        retained=retained,
        allowed=[f.name for f in declared],
        prior=selectors.directions(declared),
        tested=tested,
        factors=selectors.told(declared, view),
        of_days=selectors.of_days(declared),
        champion=champion,
    )
    of_name = {f.name: f for f in declared}
    kept = [of_name[name].to_json() for name in trained.model.factors]
    model = replace(trained.model, about={**trained.model.about, "declared": kept})
    digest = model.digest
    save(model, home() / "models" / digest[:16])
    point = next(p for p in view.sources[dataset].contract.inspections.risk_points if p.name == risk_point)
    with transaction.atomic():
        row, created = RiskModel.objects.get_or_create(
            digest=digest,
            dataset=source,
            risk_point=risk_point,
            defaults={
                "number": _next_number(),
                "title": f"{point.title_zh} / {point.title_en}",
                "trained_until": until,
                "folder": digest[:16],
                "card": strict({**trained.card, "population": len(sample)}),
                "simulated": source.simulated,
            },
        )
        if created:
            audit_record(user=user, action="risk.model.train", obj=row, after={"digest": digest, "until": str(until)})
    return row


def _next_number() -> str:
    prefix = f"M-{timezone.localdate():%Y.%m}-"
    return f"{prefix}{RiskModel.objects.filter(number__startswith=prefix).count() + 1}"


@transaction.atomic
def model_sign(*, model: RiskModel, user: User, reason: str = "") -> RiskModel:
    """Make a challenger the champion, on a person's signature; the champion before it retires.

    A challenger that was not shown to be better than the champion, or is unfair to a group, needs a `reason`, which is
    kept with the signature.
    """
    in_force = RiskModel.objects.filter(dataset=model.dataset, risk_point=model.risk_point, state=ModelState.CHAMPION)
    before = in_force.exclude(pk=model.pk)
    champion = before.first()
    challenge = challenge_of(model, champion)
    passed = not champion or bool(challenge and challenge["allowed"])
    if not passed and not reason.strip():
        zh, en = why_not(challenge)
        raise Problem(
            zh=f"{model.number} 未过晋级关：{zh}。",
            en=f"{model.number} hasn't passed the gates of a promotion: {en}.",
            todo_zh="可在积累新结果后重新训练；确需换用，请写明理由，随签发留存。",
            todo_en="Train again when there are new results; or give a reason, which is kept with the signature.",
        )
    before.update(state=ModelState.RETIRED)
    if RiskModel.objects.filter(pk=model.pk).exclude(state=ModelState.CHAMPION).update(state=ModelState.CHAMPION) != 1:
        raise Problem(
            zh=f"{model.number} 已是在用模型。",
            en=f"{model.number} is the champion already.",
            todo_zh="不必重复签发。",
            todo_en="There is nothing to sign.",
        )
    model.state, model.signed_by, model.signed_at = ModelState.CHAMPION, user, timezone.now()
    model.save(update_fields=["signed_by", "signed_at"])
    limits = limits_latest()
    ModelSignature.objects.create(
        model=model,
        before=champion,
        user=user,
        passed=passed,
        verdict=challenge or {},
        reason=reason.strip()[:500],
        limits=limits.version,
        limits_digest=limits.digest,
    )
    after = {"state": model.state, **({"reason": reason.strip()} if reason.strip() else {})}
    audit_record(user=user, action="risk.model.sign", obj=model, after=after)
    return model


def challenge_of(model: RiskModel, champion: RiskModel | None) -> dict[str, Any] | None:
    """The comparison with the champion on the model's card; None where it was of another model, or of none."""
    challenge = model.card.get("challenge")
    return challenge if champion and challenge and challenge.get("champion") == champion.digest else None


def why_not(challenge: dict[str, Any] | None) -> tuple[str, str]:
    """What keeps a challenger from the champion's place: zh, en."""
    if not challenge:
        return "没有与现在的在用模型比较过", "it was not compared with the model that is in force now"
    if not challenge["rows"]:
        return "没有两个模型都未见过的检查可比", "there are no visits that neither model had seen"
    gain = challenge["gain"]
    if not challenge["better"]:
        interval = f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]"
        return f"命中率增益 {interval} 未排除 0", f"its gain in hit rate, {interval}, doesn't exclude 0"
    return "对部分群体不公平，见模型卡", "it is unfair to some group, see its card"
