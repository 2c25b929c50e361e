"""Documents as others wrote them, with every finding that they give; `--update` rewrites the expectations."""

from pathlib import Path

import pytest

from strongroom import checks, documents

HERE = Path(__file__).parent
SITUATIONS = sorted(each.name for each in HERE.iterdir() if each.is_dir() and each.name != "__pycache__")


def _said(folder):
    """The findings as people see them, and what of each estate checks will look at."""
    loaded = documents.load(folder)
    lines = [f"kind: {loaded.kind or 'several'}", "", *_lines(loaded.findings)]
    for part in loaded.parts:
        estate = part.estate
        lines += ["", f"estate {estate.name}"]
        lines += [f"  vault {each.label}: lock {_range(each.lock)}, key {each.key}" for each in estate.vaults]
        for plan in estate.plans:
            lines.append(f"  plan {plan.name}: {len(plan.rules)} rules, {plan.select.tags} {plan.select.types}")
            lines += [f"    {rule.name}: {rule.schedule} {rule.timezone}, {rule.keep} days, {_copies(rule)}" for rule in plan.rules]
        lines += [f"  unknown: {each.aspect} of {each.subject}: {each.reason.reason}" for each in estate.unknown]
        assert checks.run(estate) == checks.run(estate)
    return "\n".join(lines).replace(str(folder) + "/", "") + "\n"


def _range(lock):
    return f"{lock.mode} {lock.min_days} to {lock.max_days}" if lock else "none"


def _copies(rule):
    return ", ".join(f"copy to {copy.label} for {copy.keep} days" for copy in rule.copies) or "no copies"


def _lines(findings):
    for found in dict.fromkeys(findings):
        file = Path(found.origin.file).name
        yield f"{found.severity}[{found.code}] {file}:{found.origin.line}:{found.origin.column} {found.message}"
        yield f"  help: {found.help}"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_findings_are_what_was_reviewed(situation, request):
    """Every finding, with its place and its help, is the one that somebody read."""
    said = _said(HERE / situation)
    expected = HERE / situation / "findings.txt"
    if request.config.getoption("--update"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
