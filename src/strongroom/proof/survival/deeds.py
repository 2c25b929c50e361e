"""What an intruder has to do to destroy what is in a vault: to delete the recovery points, or to change their key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from strongroom.semantics.authorization import operations
from strongroom.semantics.authorization.reach import Asked

_CANCEL: Final = "backup:CancelLegalHold"
_UNLOCK: Final = "backup:DeleteBackupVaultLockConfiguration"
_KEY_CHANGES: Final = ("kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A vault with a key that its recovery points are encrypted with."""

    account: str
    vault_arn: str
    example: str  # ARN of a recovery point in it
    key_arn: str  # of a key that somebody could change; empty: none
    locked: bool  # by a lock that could still be removed
    hardened: bool  # a compliance lock after its grace time, or an air-gapped vault: nobody deletes anything through AWS Backup
    hold_arn: str = ""  # of a legal hold that keeps the recovery points; empty: none. Whoever cancels one is taken to cancel all


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that takes one call of `then`, after all of `first`, each by any of the identities that somebody has by that time."""

    first: tuple[Asked, ...] = ()  # what stands in the way is removed, in any order
    then: tuple[Asked, ...]  # alternatives

    @property
    def resources(self) -> tuple[str, ...]:
        """ARNs of everything whose policies have a say."""
        return tuple(dict.fromkeys(arn for each in (*self.first, *self.then) for arn in (each.resource, each.guard) if arn))

    @property
    def owners(self) -> frozenset[str]:
        """Accounts that own it."""
        named = (arn.split(":")[4] for arn in self.resources if arn.count(":") >= 5)
        return frozenset(each for each in (*named, *(asked.owner for asked in self.then)) if each)


def key_changes(target: Target) -> Iterator[Deed]:
    """Yield what makes the key unusable."""
    if target.key_arn:
        yield Deed(then=tuple(Asked(action=each, resource=target.key_arn) for each in _KEY_CHANGES))


def deletions(target: Target, *, certain: bool) -> Iterator[Deed]:
    """Yield the ways to delete recovery points that certainly work, or the others; lock and hold are removed first where they can be.

    Both stop AWS Backup's own calls; whether they also stop those of the service that keeps a snapshot, AWS doesn't say.
    """
    own: list[Asked] = []
    native: list[Asked] = []
    for way in operations.deed("delete").ways:
        (need,) = way.needs
        by_service = not need.action.startswith("backup:")
        works = operations.certain(way) and not (by_service and (target.locked or target.hardened or target.hold_arn))
        if works is not certain or not operations.concerns(need, target.example) or (target.hardened and not by_service):
            continue
        guard = "" if by_service else target.vault_arn
        asked = Asked(action=need.action, resource=target.example, owner=target.account, guard=guard)
        (native if by_service else own).append(asked)
    first = (
        *((Asked(action=_UNLOCK, resource=target.vault_arn),) if target.locked else ()),
        *((Asked(action=_CANCEL, resource=target.hold_arn),) if target.hold_arn else ()),
    )
    yield from (Deed(first=before, then=tuple(asked)) for before, asked in ((first, own), ((), native)) if asked)
