"""What a strategy promises beyond its plans: losses to survive, bounds of retention, regulations; and the archive."""

import pytest

from strongroom import strategyfile
from strongroom.domain.strategy import Loss, RegulationName

HEAD = """strongroom: 1
name: promises
organization: {home_region: eu-west-2, governs: [Workloads]}
plans:
  p:
    select: {tags: {a: b}}
    rules:
      r: {at: "day 1 02:00", keep: 1y, %s}
"""
RULE = "cold_after: 30d, archive: true"


def _parsed(text, rule="start_within: 1h"):
    return strategyfile.parse(HEAD % rule + text, file="s.yaml")


def _strategy(text, rule="start_within: 1h"):
    parsed = _parsed(text, rule)
    assert parsed.findings == ()
    return parsed.strategy


@pytest.mark.parametrize(("written", "losses"), [("account", (Loss.ACCOUNT,)), ("[region, deletion]", (Loss.REGION, Loss.DELETION))])
def test_losses_are_one_or_several_words(written, losses):
    """An objective may say nothing but what it survives."""
    (objective,) = _strategy(f"objectives:\n  - {{select: {{tags: {{a: b}}}}, survives: {written}}}\n").objectives
    assert (objective.survives, objective.rpo_minutes) == (losses, None)


def test_objective_without_losses_promises_none():
    """The default promises nothing."""
    (objective,) = _strategy("objectives:\n  - {select: {tags: {a: b}}, rpo: 26h}\n").objectives
    assert objective.survives == ()


def test_retention_has_a_lower_bound_an_upper_one_or_both():
    """Zero days are owed where only the upper bound is written."""
    text = (
        "retention:\n  - {select: {tags: {a: b}}, at_most: 2y, basis: GDPR}\n"
        "  - {select: {tags: {a: b}}, at_least: 1y, at_most: 2y, basis: both}\n"
        "  - {select: {tags: {a: b}}, at_least: 1y, basis: SOX}\n"
    )
    assert [(owed.at_least_days, owed.at_most_days) for owed in _strategy(text).retention] == [(0, 731), (366, 731), (366, None)]


def test_regulations_are_names_or_mappings():
    """`regulations: dora`, a list, or one with a selection of its own."""
    (dora,) = _strategy("regulations: dora\n").regulations
    assert (dora.name, dora.select) == (RegulationName.DORA, None)
    text = "regulations:\n  - gdpr\n  - {name: sec-17a-4, select: {tags: {records: broker}}}\n"
    gdpr, sec = _strategy(text).regulations
    assert (gdpr.name, sec.name, str(sec.origin)) == (RegulationName.GDPR, RegulationName.SEC_17A_4, "s.yaml:11:5")
    assert sec.select.tags[0].values == ("broker",)


def test_rule_archives_only_where_it_says_so():
    """The switch is off by default."""
    assert _strategy("").plans[0].rules[0].archive is False
    assert _strategy("", RULE).plans[0].rules[0].archive is True


@pytest.mark.parametrize(
    ("text", "rule", "code", "message"),
    [
        (
            "objectives:\n  - {select: {tags: {a: b}}, survives: zone}\n",
            "",
            "STR023",
            "survives 'zone' is not one of account, region, deletion",
        ),
        ("retention:\n  - {select: {tags: {a: b}}, basis: GDPR}\n", "", "STR025", "retention[0] has neither at_least nor at_most"),
        (
            "retention:\n  - {select: {tags: {a: b}}, at_least: 7y, at_most: 2y, basis: b}\n",
            "",
            "STR025",
            "retention[0] owes 2557 days and allows 731",
        ),
        ("regulations: [doar]\n", "", "STR023", "name 'doar' is not one of dora, gdpr, hipaa, nis2, pci, sec-17a-4"),
        ("regulations:\n  - {name: dora, select: {}}\n", "", "STR021", "regulations[0].select names neither tags nor types nor arns"),
        ("", "archive: true", "STR004", "rule p.r archives snapshots and lacks the key cold_after, which says when"),
    ],
)
def test_mistake_is_one_finding(text, rule, code, message):
    """Code and message."""
    (finding,) = _parsed(text, rule or "start_within: 1h").findings
    assert (finding.code, finding.message) == (code, message)
