"""`check`: what will fail, before anything is deployed; of a strategy, or of what others wrote."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from strongroom import checks, compiler, strategyfile
from strongroom.api.strategy import strategy_path
from strongroom.domain.finding import Finding, Severity
from strongroom.errors import BadInput, ExitCode

LEDGER = "ledger"  # in place of an inventory file: the newest snapshot
_ACCESS = re.compile(rb"^[\"']?access[\"']?\s*:", re.MULTILINE)  # which has an organization too
_STRATEGY = re.compile(rb"^[\"']?(strongroom|organization)[\"']?\s*:", re.MULTILINE)  # also one whose first line was forgotten
_RECOGNIZED_BYTES_MAX = 1_048_576  # of YAML; JSON is read by `documents` itself
# Findings of `documents` after which nothing of the document is left to check.
_UNUSABLE = frozenset({"DOC001", "DOC002", "DOC003", "DOC004", "DOC005", "DOC006"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """All findings about a file or folder; what is suppressed is listed apart.

    `unknown` are those of the findings that say what could not be judged; what is ignored or suppressed is not among them.
    """

    file: str
    findings: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, checks.Suppression], ...]
    parsed: bool  # false: the file itself is wrong, so no check could run
    fail_on: Severity | None  # the least severity that fails; None: nothing does, not even what is unknown
    unknown: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """BAD_INPUT for what can't be read as what it is, COULD_NOT_VERIFY when anything is unknown, else FINDINGS for one of `fail_on`."""
        if not self.parsed:
            return ExitCode.BAD_INPUT
        if self.unknown and self.fail_on is not None:
            return ExitCode.COULD_NOT_VERIFY
        return ExitCode.FINDINGS if checks.fails(self.findings, self.fail_on) else ExitCode.PROVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a document doesn't say of itself, and what is known besides."""

    kind: str | None = None  # None: told by its keys
    account: str | None = None
    region: str | None = None
    inventory: checks.Stock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which findings are shown, and which of them fail."""

    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    fail_on: Severity | None = Severity.WARNING
    suppressions: Path | None = None
    today: date = date.min  # decides which suppressions have expired


def check(path: Path, *, scope: Scope | None = None, choice: Choice | None = None) -> Checked:
    """Return every finding about a strategy, or about a policy, plan, selection, template or folder that others wrote.

    Raises BadInput for a file that is not there or of no known kind.
    """
    scope, choice = scope or Scope(), choice or Choice()
    file, findings, parsed = _strategy(path, scope) if _is_strategy(path, scope.kind) else _document(path, scope)
    known = _known_codes() if choice.select or choice.ignore else ()
    chosen = checks.choose(findings, choice.select, choice.ignore, known=known)
    accepted, mistakes = _suppressions(choice.suppressions)
    result = checks.suppress(chosen, accepted, choice.today)
    return Checked(
        file=file,
        findings=(*mistakes, *result.kept, *result.about),
        unknown=tuple(finding for finding in result.kept if _is_unknown(finding)),
        suppressed=result.suppressed,
        parsed=parsed,
        fail_on=choice.fail_on,
    )


def inventory(source: str, *, home: Path) -> checks.Stock:
    """Return the resources in a CSV or Parquet file, or for "ledger" those of the newest snapshot; raises BadInput, CouldNotVerify."""
    if source == LEDGER:
        from strongroom import ledger
        from strongroom.checks.inventory_table import inventory as of_tables

        snapshot = ledger.latest(home)
        return of_tables(snapshot.table("resources"), snapshot.table("reads"))
    path = Path(source)
    if path.suffix.lower() in {".parquet", ".pq"}:
        from strongroom.checks.inventory_table import read_parquet

        return read_parquet(source)
    return checks.read_csv(_text(path), file=source)


def _known_codes() -> tuple[str, ...]:
    """Every code that a check can print, so that one list of ignored codes serves strategies and documents."""
    from strongroom import documents
    from strongroom.checks import suppressions

    return (*checks.codes(), *strategyfile.CODES, *documents.CODES, *suppressions.CODES)


def _is_unknown(finding: Finding) -> bool:
    if finding.code.startswith("DOC"):
        from strongroom import documents

        return finding.code in documents.UNKNOWN
    return finding.code in checks.UNKNOWN


def _is_strategy(path: Path, kind: str | None) -> bool:
    if kind is not None:
        return kind == "strategy"
    if path.is_dir():
        return (path / "strategy.yaml").exists()
    if not path.is_file():
        return True  # whose absence is told there
    with path.open("rb") as file:
        content = file.read(_RECOGNIZED_BYTES_MAX)
    if path.suffix.lower() not in {".yaml", ".yml"}:
        return False
    if _ACCESS.search(content) is not None:
        return False
    too_large = len(content) == _RECOGNIZED_BYTES_MAX  # refused by its size, not parsed first
    return too_large or _STRATEGY.search(content) is not None or not _is_document(content)


def _is_document(content: bytes) -> bool:
    """Whether the keys of a YAML file are those of something that others wrote."""
    from strongroom import documents

    try:
        return documents.recognize(content.decode("utf-8", errors="replace"), "") is not documents.Kind.STRATEGY
    except BadInput:
        return False


def _strategy(path: Path, scope: Scope) -> tuple[str, tuple[Finding, ...], bool]:
    file = strategy_path(path)
    parsed = strategyfile.load(file)
    if parsed.strategy is None:
        return str(file), parsed.findings, False
    absent = strategyfile.absent_files(parsed.strategy, file.parent)
    return str(file), (*parsed.findings, *absent, *checks.run(compiler.compile_strategy(parsed.strategy), scope.inventory)), True


def _document(path: Path, scope: Scope) -> tuple[str, tuple[Finding, ...], bool]:
    from strongroom import documents

    kind = documents.Kind(scope.kind) if scope.kind else None
    loaded = documents.load(path, kind=kind, account=scope.account, region=scope.region)
    found = [
        finding
        for part in loaded.parts
        for finding in checks.run(part.estate, _within(scope.inventory, frozenset(map(str, part.accounts))))
    ]
    findings = tuple(dict.fromkeys((*loaded.findings, *found)))  # a plan with several selections says the same twice
    usable = bool(loaded.parts) or not _UNUSABLE & {finding.code for finding in loaded.findings}
    return str(path), findings, usable


def _within(everything: checks.Stock | None, accounts: frozenset[str]) -> checks.Stock | None:
    """The inventory of the accounts that a document reaches; of all, where it doesn't say which."""
    return everything if everything is None or not accounts else everything.within(accounts)


def _suppressions(path: Path | None) -> tuple[tuple[checks.Suppression, ...], tuple[Finding, ...]]:
    if path is None:
        return (), ()
    from strongroom.checks.suppression_file import parse_suppressions

    parsed = parse_suppressions(_text(path), file=str(path))
    return parsed.suppressions, parsed.findings


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"can't read {path}: {error.strerror}", hint="check the path and its permissions") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: byte {error.start}", hint="save it as UTF-8") from error
