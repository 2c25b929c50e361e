"""Load a strategy for verbs that can't work with a faulty one."""

from difflib import get_close_matches
from pathlib import Path

from strongroom import strategyfile
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.strategy import Strategy
from strongroom.errors import BadInput

DEFAULT = Path("strategy.yaml")


class FaultyStrategy(BadInput):
    """The strategy file has errors; `findings` are all of them."""

    def __init__(self, path: Path, findings: tuple[Finding, ...]) -> None:
        count = sum(finding.severity is Severity.ERROR for finding in findings)
        super().__init__(f"{path} has {count} error{'s' if count != 1 else ''}", hint=f"see them with: strongroom check {path}")
        self.findings = findings


def strategy_path(path: Path) -> Path:
    """Return the strategy file that a path means: itself, or `strategy.yaml` in a folder; raises BadInput."""
    found = path / "strategy.yaml" if path.is_dir() else path
    try:
        if found.exists():
            return found
        others = [file.name for file in found.parent.iterdir() if file.suffix in {".yaml", ".yml"}]
    except OSError:
        others = []
    near = get_close_matches(found.name, others, n=1)
    hint = f"did you mean {found.with_name(near[0])}?" if near else f"write one with: strongroom init {'' if path == DEFAULT else found}"
    raise BadInput(f"there is no {found}", hint=hint.rstrip())


def load_strategy(path: Path) -> Strategy:
    """Return the strategy in a file; raises FaultyStrategy with every finding when it has errors."""
    found = strategy_path(path)
    parsed = strategyfile.load(found)
    if parsed.strategy is None:
        raise FaultyStrategy(found, parsed.findings)
    return parsed.strategy
