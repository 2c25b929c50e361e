"""The proof chain of one resource, one rule and one destination: its links, their states, their evidence."""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.names import AccountId, Region


class LinkName(StrEnum):
    """The links of a chain, in the order in which protection is built up."""

    SELECTED = "selected"  # policy, plan, tags and opt-in include the resource
    EQUIPPED = "equipped"  # role, vaults, keys and settings let the jobs run
    BACKED_UP = "backed_up"  # a recovery point inside the RPO, and none missing since
    COPIED = "copied"  # the same at the destination
    SEALED = "sealed"  # key and lock as intended
    KEPT = "kept"  # the history that is demanded exists
    RESTORABLE = "restorable"  # a restore would be allowed and possible
    RESTORED = "restored"  # it was restored and validated lately enough


class LinkState(StrEnum):
    """What is known about a link; only PROVEN counts as proof."""

    PROVEN = "proven"
    BROKEN = "broken"
    UNKNOWN = "unknown"  # what it needs could not be read
    NOT_REQUIRED = "not_required"  # the strategy doesn't ask for it, or nothing can be due yet
    NOT_ASSESSED = "not_assessed"  # this release can't judge it


ASSESSED = tuple(LinkName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """A call that shows again what a link rests on."""

    account_id: str  # whose credentials it needs
    command: str  # of the AWS CLI, quoted for a shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a chain."""

    name: LinkName
    state: LinkState
    cause: str = ""  # why it isn't proven, one sentence with the values
    fix: str = ""  # a thing to do
    evidence: tuple[str, ...] = ()  # what was observed
    failure_mode: str = ""  # FM01…FM39
    code: str = ""  # VRF…, for `strongroom explain`
    by_hand: tuple[Recheck, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """All links of one resource, one rule and one destination."""

    resource_arn: str
    account_id: AccountId
    region: Region
    resource_type: str
    plan: str
    rule: str
    destination_label: str  # label of the vault in the strategy
    destination_vault_arn: str
    links: tuple[Link, ...]  # all of LinkName, in order

    @property
    def state(self) -> LinkState:
        """BROKEN when a link is broken, else UNKNOWN when one is unknown, else PROVEN."""
        states = {link.state for link in self.links}
        return next((state for state in (LinkState.BROKEN, LinkState.UNKNOWN) if state in states), LinkState.PROVEN)
