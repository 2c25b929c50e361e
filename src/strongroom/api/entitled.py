"""Where `can` and `who-can` read who may do what: access documents, or a snapshot of the ledger."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from strongroom.domain.access import Access
from strongroom.domain.finding import Finding, Severity
from strongroom.errors import BadInput, CouldNotVerify

if TYPE_CHECKING:
    from strongroom.ledger import Snapshot


class FaultyPolicies(BadInput):
    """Policies can't be used as they are; `findings` are all that is wrong with them."""

    def __init__(self, path: Path, findings: tuple[Finding, ...]) -> None:
        count = sum(finding.severity is Severity.ERROR for finding in findings)
        super().__init__(f"{path} has {count} error{'s' if count != 1 else ''}", hint="repair what the findings name")
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """Who may do what, and where that was read."""

    access: Access
    name: str  # of the document, or of the snapshot
    snapshot: "Snapshot | None" = None
    findings: tuple[Finding, ...] = ()  # about documents: statements that AWS would refuse, of which it isn't known what they decide

    @property
    def observed_at(self) -> datetime | None:
        """AWS's time of the snapshot; None: documents have none."""
        return self.snapshot.observed_at if self.snapshot else None


def entitled(*, policies: Path | None, home: Path, as_of: str | None = None) -> Entitled:
    """Return who may do what by access documents, else by the ledger's newest snapshot (`as_of`: the newest until then, or its id).

    Raises FaultyPolicies with all findings when documents can't be used, CouldNotVerify without a snapshot, BadInput.
    """
    if policies is not None:
        if as_of is not None:
            raise BadInput("documents have no history", hint="leave out --as-of, or --policies")
        return _documented(policies)
    from strongroom.proof import entitlements

    snapshot = snapshot_of(home, as_of)
    return Entitled(access=entitlements.access(snapshot), name=snapshot.id, snapshot=snapshot)


def _documented(path: Path) -> Entitled:
    from strongroom import documents

    access, findings = documents.load_access(path)
    path = path / "access.yaml" if path.is_dir() else path
    if access is None:
        raise FaultyPolicies(path, findings)
    return Entitled(access=access, name=str(path), findings=findings)


def snapshot_of(home: Path, as_of: str | None) -> "Snapshot":
    """Return the newest snapshot, until an instant or with an id where one is named; raises CouldNotVerify without one, BadInput."""
    from strongroom import ledger

    if as_of is None:
        return ledger.latest(home)
    kept = ledger.snapshots(home)
    named = next((each for each in kept if each.id == as_of), None)
    if named is not None:
        return named
    from strongroom.api.calendar import instant

    until = instant(as_of, "UTC")
    early = [each for each in kept if each.observed_at <= until]
    if not early:
        hint = f"the first one is of {kept[0].observed_at:%Y-%m-%d %H:%M} UTC" if kept else "run: strongroom sync"
        raise CouldNotVerify(f"no snapshot of {as_of} or before", hint=hint)
    return early[-1]
