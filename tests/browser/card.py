"""A plausible card of a trained model, in the shape that `apps/risk/card_page.py` reads."""

from __future__ import annotations


def _curve(power: float, steps: int = 40) -> list[list[float]]:
    return [[round(i / steps, 4), round((i / steps) ** power, 4)] for i in range(steps + 1)]


def _figure(value: float, half: float, **baselines: float) -> dict:
    return {"value": value, "ci95": [round(value - half, 4), round(value + half, 4)], "baselines": baselines}


_NAMES = (
    ("days_since_inspection", "距上次检查天数", "Days since the last inspection", "up"),
    ("complaints_180d", "近 180 日投诉举报件数", "Complaints in 180 days", "up"),
    ("critical_730d", "近两年关键项问题数", "Critical violations in two years", "up"),
    ("same_address_found", "同址前任曾被查出问题", "Found at the same address before", "up"),
    ("neighbours_found_500m", "周边 500 米违规率", "Violation rate within 500 m", "up"),
    ("annual_report_years", "按期年报连续年数", "Years of annual reports in time", "down"),
    ("licence_age", "食品经营许可年限", "Age of the food licence", "down"),
    ("health_expired", "健康证明到期人数", "Expired health certificates", "up"),
    ("online_share", "网络订单占比", "Share of online orders", "up"),
    ("capital_in_kind", "股东出资方式", "How shareholders contributed", "none"),
    ("insured_change", "参保人数变化", "Change of insured staff", "down"),
    ("weather_hot", "前一日最高气温", "Yesterday's highest temperature", "up"),
)

CARD: dict = {
    "risk_point": {"name": "violation", "title": {"zh": "检查发现问题", "en": "A violation found"}},
    "trained": {"rows": 48_210, "positives": 8_437, "from": "2023-01-01", "until": "2026-08-01"},
    "tested": {"rows": 6_104, "positives": 1_062, "from": "2026-08-01", "until": "2026-10-01"},
    "figures": {
        "auc": _figure(0.742, 0.014, logistic=0.701, rule=0.655, random=0.5),
        "within_inspector_auc": _figure(0.728, 0.016, logistic=0.688, rule=0.641, random=0.5),
        "hit_rate_top_decile": _figure(0.421, 0.031, logistic=0.361, rule=0.312, random=0.174),
        "recall_top_decile": _figure(0.242, 0.022, logistic=0.207, rule=0.179, random=0.1),
        "visits_to_compliant": _figure(353.0, 19.0, logistic=390.0, rule=420.0, random=504.0),
        "days_earlier": _figure(6.4, 1.1, logistic=4.2, rule=2.9, random=0.0),
        "brier_skill": _figure(0.116, 0.018, logistic=0.083, rule=0.021, random=0.0),
        "ece": _figure(0.011, 0.004, logistic=0.019, rule=0.044),
    },
    "calibration": [
        {
            "predicted": p,
            "observed": round(p * 0.97 + 0.004, 4),
            "ci95": [round(p * 0.9, 4), round(p * 1.06 + 0.01, 4)],
            "rows": 610,
        }
        for p in (0.03, 0.06, 0.09, 0.12, 0.15, 0.19, 0.23, 0.29, 0.37, 0.55)
    ],
    "roc": {"ours": _curve(0.36), "logistic": _curve(0.43), "rule": _curve(0.55)},
    "gain": {"ours": _curve(0.42), "logistic": _curve(0.5), "rule": _curve(0.62)},
    "scores": {
        "edges": [round(i / 20, 2) for i in range(21)],
        "all": [1210, 1340, 960, 640, 450, 330, 260, 210, 170, 140, 110, 85, 66, 48, 33, 22, 14, 9, 5, 2],
        "positives": [22, 70, 95, 98, 92, 88, 84, 80, 74, 70, 61, 53, 46, 38, 28, 20, 13, 8, 5, 2],
    },
    "factors": [
        {
            "name": name,
            "title": {"zh": zh, "en": en},
            "meaning": {"zh": f"{zh}，按检查日前已知的事实计算", "en": f"{en}, of facts known before the visit"},
            "dataset": "spot_inspections",
            "basis": {"law": "优化营商环境条例", "article": "54", "purpose": "风险分级监督管理"},
            "direction": direction,
            "stability": round(0.99 - 0.012 * i, 3),
            "importance": round(0.21 * 0.82**i, 4),
        }
        for i, (name, zh, en, direction) in enumerate(_NAMES)
    ],
    "retained_against_all": {
        "retained": {"factors": 12, **_figure(0.742, 0.014)},
        "all": {"factors": 1043, **_figure(0.749, 0.014)},
        "cost": {"value": -0.007, "ci95": [-0.014, 0.001]},
    },
    "stringency": {
        "groups": [
            {
                "name": f"检查组 {i + 1}",
                "visits": 1900 - 210 * i,
                "effect": e,
                "ci95": [round(e - 0.16, 2), round(e + 0.16, 2)],
            }
            for i, e in enumerate((0.62, 0.31, 0.12, -0.04, -0.22, -0.57))
        ]
    },
    "fairness": [
        {
            "attribute": {"zh": "辖区", "en": "District"},
            "groups": [
                {
                    "name": name,
                    "rows": rows,
                    "false_discovery": {"value": 0.55 + d, "ci95": [0.5 + d, 0.6 + d]},
                    "false_positive": {"value": 0.07 + d / 4, "ci95": [0.05 + d / 4, 0.09 + d / 4]},
                    "missed": {"value": 0.57 - d, "ci95": [0.52 - d, 0.62 - d]},
                }
                for name, rows, d in (
                    ("临江区", 1822, 0.0),
                    ("鹿鸣区", 1511, 0.02),
                    ("望湖区", 1490, -0.03),
                    ("东浦区", 1281, 0.05),
                )
            ],
            "passes": True,
        }
    ],
    "limits": [
        {
            "zh": "得分只用于安排检查，不得作为违法的认定或处罚的依据。",
            "en": "A score orders inspections. It is never a finding, nor a ground for a penalty.",
        },
        {
            "zh": "投诉举报引起的检查没有已知的入样概率，不参加总体估计。",
            "en": "Visits led by complaints have no known probability; they take no part in estimates.",
        },
    ],
}
