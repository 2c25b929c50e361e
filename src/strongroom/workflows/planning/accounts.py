"""What the ledger says about the accounts that a plan is for: who is not equipped yet, and whose tags a tag policy would reject.

A plan reads AWS at a cost that doesn't grow with the accounts; what they have is as old as the newest snapshot, and the finding says so.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.governance import TagPolicy
from strongroom.errors import CouldNotVerify
from strongroom.workflows.catalogue import finding

if TYPE_CHECKING:
    from strongroom.ledger import Snapshot

ACCOUNTS_SHOWN = 5
TAGS_SHOWN = 10


def account_findings(estate: Estate, snapshot: "Snapshot | None") -> tuple[Finding, ...]:
    """Return warnings about the accounts of a plan, and a remark where nothing is known of them."""
    origin = estate.organization.origin
    if snapshot is None:
        return (finding("ORG013", "accounts", "no snapshot is in the ledger: whether accounts are equipped is not known", origin),)
    try:
        rejected = _rejected(estate.tag_policy, snapshot) if estate.tag_policy else ()
        # in accounts in which the strategy makes nothing there is nothing to equip, and no role that could
        unequipped = tuple(_unequipped(estate, snapshot)) if estate.stack_sets else ()
        return (*unequipped, *_without_adopted(estate, snapshot), *_unrecorded(estate, snapshot), *rejected)
    except CouldNotVerify as error:
        return (finding("ORG013", "accounts", f"whether accounts are equipped is not known: {error.message}", origin),)


def _unequipped(estate: Estate, snapshot: "Snapshot") -> Iterator[Finding]:
    from strongroom.proof.enrolment import enrolment

    found, origin = enrolment(estate, snapshot), estate.organization.origin
    accounts = sorted({each.account for each in found.lacking})
    kinds = sorted({kind for each in found.lacking for kind in (*each.opt_in, *each.managed)})
    if accounts:
        more = f" and {len(accounts) - ACCOUNTS_SHOWN} more" if len(accounts) > ACCOUNTS_SHOWN else ""
        listed = f"{', '.join(accounts[:ACCOUNTS_SHOWN])}{more}"
        message = f"not yet equipped for {', '.join(kinds)}: {len(accounts)} of {found.accounts} accounts, {listed} ({_seen(snapshot)})"
        yield finding("ORG011", "accounts", message, origin)
    if found.unread:
        unread = sorted({account for account, _ in found.unread})
        message = f"the settings of {_counted(len(unread), 'account')} could not be read, first of {unread[0]} ({_seen(snapshot)})"
        yield finding("ORG013", "accounts", message, origin)


def _without_adopted(estate: Estate, snapshot: "Snapshot") -> Iterator[Finding]:
    from strongroom.proof.adopted import missing_adopted

    for missing in missing_adopted(estate, snapshot):
        accounts = sorted({account for account, _ in missing.places})
        vault = missing.vault
        lacking = f"{_counted(len(accounts), 'account')}, first of {accounts[0]} in {missing.places[0][1]}"
        message = f"vault {vault.name}, which is adopted as {vault.label}, is missing in {lacking} ({_seen(snapshot)})"
        # what was seen some time ago keeps nothing from being planned: Control Tower may have made it since
        yield replace(finding("ORG006", f"vault {vault.label}", message, vault.origin), severity=Severity.WARNING)


def _unrecorded(estate: Estate, snapshot: "Snapshot") -> Iterator[Finding]:
    from strongroom.proof.recording import recording

    if not estate.frameworks:
        return
    found, origin = recording(estate, snapshot), estate.frameworks[0].origin
    for why in sorted({each.why for each in found.lacking}):
        places = [f"{each.account} in {each.region}" for each in found.lacking if each.why == why]
        more = f" and {len(places) - ACCOUNTS_SHOWN} more" if len(places) > ACCOUNTS_SHOWN else ""
        message = f"frameworks will evaluate nothing, or not all, where there is {why}: {', '.join(places[:ACCOUNTS_SHOWN])}{more}"
        yield finding("ORG016", "frameworks", f"{message} ({_seen(snapshot)})", origin)
    if found.unread:
        account, region = found.unread[0]
        number = "1 account and Region" if len(found.unread) == 1 else f"{len(found.unread)} accounts and Regions"
        message = f"whether AWS Config records what frameworks evaluate is not known of {number}, first of {account} in {region}"
        yield finding("ORG013", "frameworks", f"{message} ({_seen(snapshot)})", origin)


def _rejected(policy: TagPolicy, snapshot: "Snapshot") -> Iterator[Finding]:
    from strongroom.forecast.tagrejections import tag_rejections

    found = tag_rejections(policy, snapshot)
    for each in found[:TAGS_SHOWN]:
        refused = f"refused for {each.enforced} of them" if each.enforced else "reported, not refused"
        message = f"the tag policy rejects {each.key}: {each.value} of {_counted(each.resources, 'resource')}: {each.why}; {refused}"
        yield finding("ORG012", f"tag {each.key}", f"{message} ({_seen(snapshot)})", policy.origin)
    if len(found) > TAGS_SHOWN:
        rest = sum(each.resources for each in found[TAGS_SHOWN:])
        more = _counted(len(found) - TAGS_SHOWN, "more tag")
        message = f"the tag policy rejects {more} of {_counted(rest, 'resource')} ({_seen(snapshot)})"
        yield finding("ORG012", "tag policy", message, policy.origin)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _seen(snapshot: "Snapshot") -> str:
    return f"seen {snapshot.observed_at:%Y-%m-%d %H:%M} UTC"
