"""`check`: what will fail, before anything is deployed."""

from dataclasses import dataclass
from pathlib import Path

from strongroom import checks, compiler, strategyfile
from strongroom.api.strategy import strategy_path
from strongroom.domain.finding import Finding, Severity
from strongroom.errors import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """All findings about a strategy, in the order of the file."""

    file: str
    findings: tuple[Finding, ...]
    parsed: bool  # false: the file itself is wrong, so no check could run

    @property
    def exit_code(self) -> ExitCode:
        """BAD_INPUT for a file that can't be read as a strategy, FINDINGS for errors and warnings."""
        if not self.parsed:
            return ExitCode.BAD_INPUT
        serious = any(finding.severity is not Severity.INFO for finding in self.findings)
        return ExitCode.FINDINGS if serious else ExitCode.PROVEN


def check(path: Path, *, inventory: checks.Inventory | None = None) -> Checked:
    """Return every finding about a strategy file, or a folder with `strategy.yaml`; raises BadInput when there is none.

    With an inventory, checks that need to know the resources run too.
    """
    file = strategy_path(path)
    parsed = strategyfile.load(file)
    if parsed.strategy is None:
        return Checked(file=str(file), findings=parsed.findings, parsed=False)
    findings = checks.run(compiler.compile_strategy(parsed.strategy), inventory)
    return Checked(file=str(file), findings=(*parsed.findings, *findings), parsed=True)
