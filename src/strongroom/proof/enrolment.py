"""Which governed accounts lack the opt-in or the advanced features that no template brings them."""

from collections.abc import Mapping
from dataclasses import dataclass

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.proof.scope import Scope, scope_of

SETTINGS = "SELECT account_id, region, kind, name FROM settings WHERE kind IN ('opt_in', 'management') AND value = 'true'"
READ = "SELECT account_id, region FROM reads WHERE subject = 'settings' AND read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What one account lacks in one Region."""

    account: AccountId
    region: Region
    opt_in: tuple[ResourceType, ...]  # sorted, as the next
    managed: tuple[ResourceType, ...]  # advanced features


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The equipment of the governed accounts, as a snapshot has it."""

    lacking: tuple[Lack, ...]  # by account and Region
    unread: tuple[tuple[AccountId, Region], ...]  # nothing is known of these
    accounts: int  # governed and active


def enrolment(estate: Estate, snapshot: ledger.Snapshot) -> Enrolment:
    """Return what governed accounts lack; raises CouldNotVerify for a snapshot without accounts or with a damaged table."""
    scope = scope_of(estate, snapshot.table("accounts"))
    with ledger.connect(snapshot) as connection:
        switches: dict[tuple[str, str], dict[str, set[str]]] = {}
        for row in ledger.rows(connection, SETTINGS):
            place = switches.setdefault((row["account_id"], row["region"]), {})
            place.setdefault(row["kind"], set()).add(row["name"])
        read = {(row["account_id"], row["region"]) for row in ledger.rows(connection, READ)}
    return _compared(estate, scope, switches, read)


def _compared(
    estate: Estate, scope: Scope, switches: Mapping[tuple[str, str], Mapping[str, set[str]]], read: set[tuple[str, str]]
) -> Enrolment:
    governed = {account.id for account in scope.accounts} - {scope.management}  # whose switches `apply` sets
    places = [place for place in scope.places if place[0] in governed]
    lacks = []
    for account, region in places:
        there = switches.get((account, region), {})
        opt_in = tuple(sorted(kind for kind in estate.settings.opt_in if kind not in there.get("opt_in", ())))
        managed = tuple(sorted(kind for kind in estate.settings.managed if kind not in there.get("management", ())))
        if (account, region) in read and (opt_in or managed):
            lacks.append(Lack(account=account, region=region, opt_in=opt_in, managed=managed))
    return Enrolment(
        lacking=tuple(lacks),
        unread=tuple(place for place in places if place not in read),
        accounts=len({account for account, _ in places}),
    )
