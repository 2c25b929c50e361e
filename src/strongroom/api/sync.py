"""`sync`: read the live state of every account into the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from strongroom import ledger
from strongroom.api.home import require_writable
from strongroom.api.strategy import load_strategy
from strongroom.aws import fleet
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region
from strongroom.errors import AwsRefused, BadInput, ExitCode

READ_ROLE = "strongroom-read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A subject that could not be read in some places."""

    account_id: str
    region: str
    subjects: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """A new snapshot in the ledger."""

    snapshot: ledger.Snapshot
    rows: tuple[tuple[str, int], ...]  # (table, rows)
    unread: tuple[Unread, ...]

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when anything could not be read."""
        return ExitCode.COULD_NOT_VERIFY if self.unread else ExitCode.PROVEN


def sync(
    strategy: Path | None,
    *,
    home: Path,
    regions: Sequence[str] = (),
    role: str | None = None,
    on_progress: Callable[[int, int, str], None],
) -> Synced:
    """Read all accounts into a new snapshot; without a strategy, the given Regions (else the SDK's) are read.

    `on_progress` hears (done, total, what). Raises AwsRefused when the organization itself can't be read.
    """
    require_writable(home)
    wanted, role_name = _scope(strategy, regions, role)
    sessions = Sessions.open(role=role_name, region=wanted[0] if wanted else None)
    if not wanted:
        wanted = (Region(sessions.caller().region),)
    sessions.caller()
    try:
        read = fleet.read(sessions, home_region=wanted[0], regions=wanted, on_progress=on_progress)
    except AwsRefused as error:
        raise organization_refusal(error, sessions) from error
    snapshot = ledger.write(
        home, read.tables, observed_at=read.observed_at, source={"caller": sessions.caller().arn, "regions": ",".join(wanted)}
    )
    return Synced(
        snapshot=snapshot,
        rows=tuple((name, table.num_rows) for name, table in read.tables.items()),
        unread=_unread(read.tables["reads"].to_pylist()),
    )


def organization_refusal(error: AwsRefused, sessions: Sessions) -> AwsRefused:
    """Return a refusal to read the organization with the hint that helps there: who may read it."""
    if error.code in {"AccessDenied", "AccessDeniedException"}:
        error.hint = (
            f"account {sessions.caller().account} may not read the organization: use credentials of the management account, "
            "or of a delegated administrator whom the organization's resource policy lets read it"
        )
    return error


def _scope(strategy: Path | None, regions: Sequence[str], role: str | None) -> tuple[tuple[Region, ...], str]:
    if strategy is None:
        try:
            return tuple(Region.parse(region) for region in regions), role or READ_ROLE
        except ValueError as error:
            raise BadInput(str(error), hint="name Regions such as: --region eu-west-2") from error
    if regions:
        raise BadInput(
            f"{strategy} says which Regions to read, and --region {regions[0]} too",
            hint="leave out --region, or the strategy",
        )
    declared = load_strategy(strategy)
    home = declared.organization.home_region
    others = tuple(region for region in declared.organization.regions if region != home)
    return (home, *others), role or declared.roles.read


def _unread(reads: list[dict[str, object]]) -> tuple[Unread, ...]:
    subjects: dict[tuple[str, str, str], list[str]] = {}
    for row in reads:
        if not row["read"]:
            place = (str(row["account_id"]), str(row["region"]), str(row["reason"]))
            subjects.setdefault(place, []).append(str(row["subject"]))
    return tuple(
        Unread(account_id=account, region=region, reason=reason, subjects=tuple(sorted(names)))
        for (account, region, reason), names in sorted(subjects.items())
    )
