"""Load a strategy for verbs that can't work with a faulty one."""

from pathlib import Path

from strongroom import strategyfile
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.strategy import Strategy
from strongroom.errors import BadInput


class FaultyStrategy(BadInput):
    """The strategy file has errors; `findings` are all of them."""

    def __init__(self, path: Path, findings: tuple[Finding, ...]) -> None:
        count = sum(finding.severity is Severity.ERROR for finding in findings)
        super().__init__(f"{path} has {count} errors", hint=f"see them with: strongroom check {path}")
        self.findings = findings


def strategy_path(path: Path) -> Path:
    """Return the strategy file that a path means: itself, or `strategy.yaml` in a folder; raises BadInput."""
    found = path / "strategy.yaml" if path.is_dir() else path
    if not found.exists():
        raise BadInput(f"there is no {found}", hint="write one with: strongroom init")
    return found


def load_strategy(path: Path) -> Strategy:
    """Return the strategy in a file; raises FaultyStrategy with every finding when it has errors."""
    found = strategy_path(path)
    parsed = strategyfile.load(found)
    if parsed.strategy is None:
        raise FaultyStrategy(found, parsed.findings)
    return parsed.strategy
