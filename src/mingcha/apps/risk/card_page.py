"""A model's card as its page draws it: each figure beside its baselines, each interval placed on its axis."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from mingcha.engines.risk.drift import MOVED, STABLE
from mingcha.language import in_language
from mingcha.output import unmarked

from .drift import SCORE

Json = dict[str, Any]


def figures(card: Json) -> list[Json]:
    """The key figures in reading order: title, value, interval and baselines, with how each is written."""
    names = {
        "auc": (_("AUC"), _("how well it ranks: 0.5 is chance"), "plain"),
        "within_inspector_auc": (_("AUC within one inspector"), _("free of who inspected"), "plain"),
        "hit_rate_top_decile": (
            _("Hit rate of the top tenth"),
            _("of those scored highest, found in violation"),
            "share",
        ),
        "recall_top_decile": (_("Found in the top tenth"), _("share of all violations"), "share"),
        "visits_to_compliant": (_("Visits to compliant firms"), _("among the top tenth"), "count"),
        "days_earlier": (_("Days earlier"), _("violations move forward at the same daily capacity"), "days"),
        "brier_skill": (_("Brier skill"), _("gain over always saying the base rate"), "plain"),
        "ece": (_("Calibration error"), _("mean distance of said from seen"), "plain"),
    }
    shown = []
    for name, (title, meaning, unit) in names.items():
        if figure := card.get("figures", {}).get(name):
            shown.append({"name": name, "title": title, "meaning": meaning, "unit": unit} | _written(figure, unit))
    return shown


def stringency(card: Json) -> list[Json]:
    """Groups of inspectors from the most to the least ready to record a violation, drawn on one axis."""
    if not told_apart(card):
        return []
    groups = card["stringency"]["groups"]
    reach = max((abs(edge) for g in groups for edge in g["ci95"]), default=1.0) or 1.0

    def place(value: float) -> float:
        return round(100 + 95 * value / reach, 1)

    drawn = [g | {"x": place(g["effect"]), "low": place(g["ci95"][0]), "high": place(g["ci95"][1])} for g in groups]
    return sorted(drawn, key=lambda g: -g["effect"])


def told_apart(card: Json) -> bool:
    """Whether the model knows inspectors and found them to differ: a standard deviation below .005 draws nothing."""
    found = card.get("stringency") or {}
    return bool(found.get("groups")) and (found.get("sigma") is None or found["sigma"] >= 0.005)


def drift(found: Json, card: Json) -> Json | None:
    """The score's and each factor's PSI, and whether outcomes still agree; None before the second scoring, since the
    first has nothing to be compared with."""
    if not found or (found["as_of"] == found["since"] and not found["visits"]):
        return None
    titles = {f["name"]: unmarked(in_language(f["title"])) for f in card.get("factors", [])}
    rows = [
        {
            "title": titles.get(name, _("score") if name == SCORE else name),
            "psi": value,
            "state": "moved" if value > MOVED else "watch" if value > STABLE else "stable",
        }
        for name, value in found["psi"].items()
    ]
    alarm = (found["cusum"] or {}).get("alarm")
    return {
        "since": dt.date.fromisoformat(found["since"]),
        "as_of": dt.date.fromisoformat(found["as_of"]),
        "rows": rows,
        "visits": found["visits"],
        "alarm": dt.date.fromisoformat(alarm) if alarm else None,
    }


def fairness(card: Json) -> list[Json]:
    """One table for each attribute; a group's rates in the order of the table's columns."""
    rates = ("false_discovery", "false_positive", "missed")
    return [
        table
        | {
            "title": _attribute(in_language(table["attribute"])),
            "groups": [g | {"rates": [g.get(name) for name in rates]} for g in table["groups"]],
        }
        for table in card.get("fairness", [])
    ]


def _attribute(name: str) -> str:
    return {
        "district": _("District"),
        "industry": _("Industry"),
        "kind": _("Kind"),
        "size": _("Size"),
        "ownership": _("Ownership"),
        "age": _("Age of the firm"),
        "sector": _("Sector"),
    }.get(name, name)


def windows(card: Json) -> list[Json]:
    """The tested windows in the order of time, each AUC placed on an axis from .4 to 1."""

    def place(value: float) -> float:
        return round(200 * min(1.0, max(0.0, (value - 0.4) / 0.6)), 1)

    return [
        w | {"x": place(w["auc"]["value"]), "ends": [place(e) for e in w["auc"]["ci95"] or ()], "half": place(0.5)}
        for w in card.get("windows", [])
    ]


def gates(champion: Any, challenge: Json | None) -> list[Json]:
    """What a promotion needs, in order: title, how it stands (True, False, None: not told), and in which words."""
    if champion is None:
        return []
    compared = bool(challenge and challenge["rows"])
    gain = (challenge or {}).get("gain") or {}
    said = ""
    if gain:
        said = f"{_signed(gain['value'])} [{_signed(gain['low'])}, {_signed(gain['high'])}]"
    unfair = (challenge or {}).get("unfair") or []
    return [
        {
            "title": _("Compared with the model that is in force, on visits that neither had seen"),
            "passes": compared,
            "said": _("%(n)s visits") % {"n": f"{challenge['rows']:,}"} if compared and challenge else "",
        },
        {
            "title": _("The interval of its gain in hit rate excludes 0"),
            "passes": bool(challenge and challenge["better"]) if compared else None,
            "said": said,
        },
        {
            "title": _("No group beyond the fairness gates"),
            "passes": bool(challenge and challenge["fair"]) if compared else None,
            "said": "；".join(f"{_attribute(g['attribute'])} {g['level']} ×{g['ratio']:.2f}" for g in unfair[:4]),
        },
    ]


def side_by_side(model: Any, champion: Any) -> list[Json]:
    """Each figure of the challenger beside the champion's, as each card says it: of its own tested windows."""
    theirs = {f["name"]: f for f in figures(champion.card)}
    return [
        {"title": f["title"], "meaning": f["meaning"], "ours": f, "theirs": theirs.get(f["name"])}
        for f in figures(model.card)
    ]


def shared_factors(model: Any, champion: Any) -> Json:
    """Which factors both keep, and which only one of them does."""
    ours = {f["name"]: f for f in model.card.get("factors", [])}
    theirs = {f["name"]: f for f in champion.card.get("factors", [])}
    titles = {name: unmarked(in_language(f["title"])) for name, f in (theirs | ours).items()}
    return {
        "both": [titles[name] for name in ours if name in theirs],
        "ours": [titles[name] for name in ours if name not in theirs],
        "theirs": [titles[name] for name in theirs if name not in ours],
    }


def drift_history(scorings: list[Any], card: Json) -> Json | None:
    """The score's PSI and the largest factor's at each scoring, oldest first, drawn on one axis; None before two."""
    told = [s for s in reversed(scorings) if s.drift.get("psi")]
    if len(told) < 2:
        return None
    titles = {f["name"]: unmarked(in_language(f["title"])) for f in card.get("factors", [])}
    rows = []
    for scoring in told:
        psi = scoring.drift["psi"]
        worst = max((name for name in psi if name != SCORE), key=lambda name: psi[name], default="")
        rows.append(
            {
                "as_of": scoring.as_of,
                "score": psi.get(SCORE),
                "worst": titles.get(worst, worst),
                "psi": psi.get(worst),
                "visits": scoring.drift["visits"],
                "alarm": (scoring.drift["cusum"] or {}).get("alarm"),
            }
        )
    top = max(0.3, *(r["psi"] or 0 for r in rows), *(r["score"] or 0 for r in rows))
    step = 400 / (len(rows) - 1)

    def line(name: str) -> str:
        return " ".join(f"{i * step:.1f},{100 - 100 * (r[name] or 0) / top:.1f}" for i, r in enumerate(rows))

    return {
        "rows": rows[::-1],
        "lines": {"score": line("score"), "worst": line("psi")},
        "stable": f"{100 - 100 * STABLE / top:.1f}",
        "moved": f"{100 - 100 * MOVED / top:.1f}",
    }


def cusum(found: Json) -> Json | None:
    """The two walks of the CUSUM over the visits, and its limit, as lines; None where there were too few visits."""
    walk = (found or {}).get("cusum")
    if not walk or len(walk["up"]) < 2:
        return None
    top = max(walk["limit"] * 1.15, *walk["up"], *walk["down"])
    n = len(walk["up"])
    every = max(1, n // 400)

    def line(values: list[float]) -> str:
        return " ".join(
            f"{400 * i / (n - 1):.1f},{100 - 100 * v / top:.1f}" for i, v in enumerate(values) if i % every == 0
        )

    return {"up": line(walk["up"]), "down": line(walk["down"]), "limit": f"{100 - 100 * walk['limit'] / top:.1f}"}


def charts(card: Json) -> Json:
    """What the charts draw; their tables show the same."""
    return {name: card[name] for name in ("calibration", "roc", "gain", "scores") if card.get(name)}


def labels() -> Json:
    """The words on the charts, in the user's language."""
    curves = {
        "ours": _("this model"),
        "logistic": _("logistic regression"),
        "rule": _("a simple rule"),
        "random": _("all at random"),
    }
    return {
        "calibration": {"x": _("said"), "y": _("seen"), "perfect": _("said = seen")},
        "gain": curves | {"x": _("share of visits"), "y": _("share of violations found")},
        "roc": curves | {"x": _("compliant firms disturbed"), "y": _("violations found")},
        "scores": {"x": _("score"), "all": _("all"), "positives": _("in violation")},
    }


def _written(figure: Json, unit: str) -> Json:
    baselines = {"logistic": _("logistic regression"), "rule": _("a simple rule"), "random": _("all at random")}
    return {
        "value": _write(figure["value"], unit),
        "interval": "–".join(_write(edge, unit) for edge in figure["ci95"]) if figure.get("ci95") else "",
        "baselines": [
            (baselines.get(name, name), _write(value, unit)) for name, value in figure.get("baselines", {}).items()
        ],
    }


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _write(value: float, unit: str) -> str:
    text = {"share": f"{100 * value:.1f}%", "days": f"{value:.1f}", "count": f"{value:,.0f}"}.get(unit, f"{value:.3f}")
    return text.replace("-", "−")
