"""A deadline, cap or period of law is a row of a rule, never a number in code."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "src" / "mingcha"
FOLDERS = ("apps", "web", "api", "care")
# One day is arithmetic. Everything else that counts days is a period, whose number must come from a rule.
DAYS = re.compile(r"timedelta\(\s*(?:days\s*=\s*)?-?(?!1\s*\))\d[\d_]*\s*[,)]|timedelta\(\s*(?:weeks|hours)\s*=\s*-?\d")
NAMED = re.compile(r"^\s*\w*(?:DAYS|DEADLINE|WITHIN|VISIT_CAP|days|deadline|within)\s*(?::\s*\w+\s*)?=\s*\d", re.M)
# No periods of law: how long we keep our own records, and over how long a figure is taken.
ALLOWED = {
    "apps/entities/aggregates.py": ("COMPLAINT_DAYS",),
    "apps/jobs/services.py": ("KEPT_JOBS",),
    "apps/notices/services.py": ("KEPT_READ",),
    "apps/supervision/aggregates.py": ("month +",),  # into the next month
    "api/once.py": ("KEPT",),
    "care/checkup.py": ("OLD_BACKUP",),
}


def found() -> list[str]:
    lines = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            name = path.relative_to(ROOT).as_posix()
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                code = line.split("#")[0]
                if (DAYS.search(code) or NAMED.search(code)) and not any(a in line for a in ALLOWED.get(name, ())):
                    lines.append(f"{name}:{number}: {line.strip()}")
    return lines


def test_no_number_of_days_stands_in_code():
    assert not found(), "a period of law belongs into apps/law/shipped; anything else is named in ALLOWED"


def test_the_search_finds_one():
    for line in ("due = start + dt.timedelta(days=20)", "timedelta(15)", "ANSWER_DAYS = 20", "    within: int = 7"):
        assert DAYS.search(line) or NAMED.search(line), line
    for line in ("day + dt.timedelta(days=1)", "dt.timedelta(n)", "timedelta(minutes=10)", "days = found.days"):
        assert not (DAYS.search(line) or NAMED.search(line)), line
