"""Where AWS Config does not record what the frameworks of a strategy evaluate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from strongroom import facts, ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region
from strongroom.proof.scope import scope_of

RECORDED: Final[tuple[str, ...]] = tuple(facts.fact("other_services", "config_types_of_frameworks").value)  # whatever the controls
RECORDERS = "SELECT account_id, region, recording, everything, types, excluded FROM config_recorders"
READ = "SELECT account_id, region FROM reads WHERE subject = 'config_recorders' AND read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded:
    """An account and Region whose frameworks evaluate nothing, or not all."""

    account: AccountId
    region: Region
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What AWS Config records in the governed accounts, as a snapshot has it."""

    lacking: tuple[Unrecorded, ...]  # by account and Region
    unread: tuple[tuple[AccountId, Region], ...]  # nothing is known of these


def recording(estate: Estate, snapshot: ledger.Snapshot) -> Recording:
    """Return where a governed account has no recorder that does; raises CouldNotVerify for a snapshot without accounts."""
    places = scope_of(estate, snapshot.table("accounts"))
    governed = [place for place in places.places if place[0] != places.management]  # to which StackSets bring frameworks
    with ledger.connect(snapshot) as connection:
        recorders: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in ledger.rows(connection, RECORDERS):
            recorders.setdefault((row["account_id"], row["region"]), []).append(row)
        read = {(row["account_id"], row["region"]) for row in ledger.rows(connection, READ)}
    unknown = [place for place in governed if place not in read or any(each["recording"] is None for each in recorders.get(place, ()))]
    lacking = [
        Unrecorded(account=place[0], region=place[1], why=why) for place, why in _lacking(governed, recorders) if place not in unknown
    ]
    return Recording(lacking=tuple(lacking), unread=tuple(unknown))


def _lacking(
    places: Sequence[tuple[AccountId, Region]], recorders: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
) -> Iterator[tuple[tuple[AccountId, Region], str]]:
    for place in places:
        found = recorders.get(place, ())
        running = [each for each in found if each["recording"]]
        missing = [kind for kind in RECORDED if not any(_records(each, kind) for each in running)]
        if not found:
            yield place, "no recorder of AWS Config"
        elif not running:
            yield place, "a recorder of AWS Config that is stopped"
        elif missing:
            yield place, f"a recorder of AWS Config that leaves out {', '.join(missing)}"


def _records(recorder: Mapping[str, Any], kind: str) -> bool:
    return kind not in recorder["excluded"] if recorder["everything"] else kind in recorder["types"]
