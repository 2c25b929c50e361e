"""The specs beside this file, run: each strategy gives exactly the findings that its comments announce, and no others."""

import re
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from strongroom import checks, compiler, strategyfile
from strongroom.checks.inventory_rows import resource
from strongroom.domain.names import AccountId
from strongroom.domain.origin import FileOrigin

SPECS = sorted(Path(__file__).parent.glob("*.md"))
CASES = ("failing", "passing", "boundary")
HOME = "eu-west-2"
UNDEPLOYED = "UND001"  # what a release does not deploy yet changes with each; the other specs are about something else


def _cases():
    for spec in SPECS:
        for section in spec.read_text(encoding="utf-8").split("\n## ")[1:]:
            name = section.partition("\n")[0]
            blocks = dict(re.findall(r"```yaml (strategy|inventory)\n(.*?)```", section, re.DOTALL))
            yield pytest.param(spec.stem, name, blocks["strategy"], blocks.get("inventory"), id=f"{spec.stem}-{name}")


def _announced(text, where):
    """Count (block, line, severity, code) of the comments."""
    found = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        for severity, code in re.findall(r"(error|warning|info): ([A-Z]{3}[0-9]{3})", line.partition("  # ")[2]):
            found[where, number, severity, code] += 1
    return found


def _inventory(text):
    written = YAML(typ="safe").load(text)
    found = [
        resource(
            {key: "" if value is None else str(value) for key, value in {"region": HOME, **each}.items() if key != "tags"},
            each["tags"].items(),
        )
        for each in written["resources"]
    ]
    unread = [
        checks.UnreadPart(account=AccountId(each["account"]), region=HOME, subject=each["subject"], reason=each["reason"])
        for each in written.get("unread", ())
    ]
    supported = tuple(each for each in found if isinstance(each, checks.Resource))
    return checks.Inventory(
        resources=supported, unread=tuple(unread), unsupported=tuple(each for each in found if isinstance(each, checks.UnsupportedResource))
    )


def _found(finding, inventory):
    """A finding as the comments announce it; what points at no line of the strategy is looked up in the inventory."""
    if isinstance(finding.origin, FileOrigin):
        return "strategy", finding.origin.line, str(finding.severity), finding.code
    lines = [number for number, line in enumerate(inventory.splitlines(), 1) if finding.origin.account in line]
    return "inventory", lines[0], str(finding.severity), finding.code


@pytest.mark.parametrize(("code", "case", "strategy", "inventory"), tuple(_cases()))
def test_spec_gives_what_it_announces(code, case, strategy, inventory):
    """Line, severity and code of every finding are those of the comments; a failing case has its own code, a passing one hasn't."""
    parsed = strategyfile.parse(strategy, file="strategy.yaml")
    assert parsed.findings == ()
    findings = checks.run(compiler.compile_strategy(parsed.strategy), _inventory(inventory) if inventory else None)
    findings = [finding for finding in findings if code == UNDEPLOYED or finding.code != UNDEPLOYED]
    announced = _announced(strategy, "strategy") + _announced(inventory or "", "inventory")
    assert Counter(_found(finding, inventory or "") for finding in findings) == announced
    own = any(found == code for *_, found in announced)
    assert own or not case.startswith("failing")
    assert not own or not case.startswith("passing")


@pytest.mark.parametrize(("code", "case", "strategy", "inventory"), tuple(_cases()))
def test_finding_is_a_whole_sentence_with_a_reason_and_something_to_do(code, case, strategy, inventory):
    """Lower case names aside, no message ends with a full stop; why and help are never empty, and nothing is unfilled."""
    estate = compiler.compile_strategy(strategyfile.parse(strategy, file="strategy.yaml").strategy)
    for finding in checks.run(estate, _inventory(inventory) if inventory else None):
        assert finding.count >= 1, (code, case)
        for text in (finding.subject, finding.message, finding.why, finding.help):
            assert text
            assert not text.endswith((".", ",", " ")) or text.endswith('."')
            assert not re.search(r"\bNone\b|  |<[A-Za-z]+\.|\{[a-z_]+\}", text), text


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.code)
def test_check_has_a_spec_with_every_case(check):
    """A failing, a passing and a boundary case, and an unknown one where resources decide."""
    path = Path(__file__).parent / f"{check.code}.md"
    headings = re.findall(r"^## ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert {*CASES, *(("unknown",) if check.needs_inventory else ())} <= set(headings)


def test_no_spec_is_left_without_its_check():
    """Every spec belongs to a check of the catalogue."""
    assert {spec.stem for spec in SPECS} == set(checks.codes())
