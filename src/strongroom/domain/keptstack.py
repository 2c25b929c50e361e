"""A stack of a StackSet that an account kept when it left the OUs that the StackSet is for."""

from dataclasses import dataclass

from strongroom.domain.names import AccountId, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStack:
    """A stack that an account brought along when it came back: with its vaults and roles it is in the way of a new one."""

    account: AccountId
    region: Region
    stack: str  # ARN
    unit_id: str  # OU of the StackSet that the account is below
    instead: str  # ARN of the stack that the StackSet could not make; empty where it has none
    hollow: bool  # that one was rolled back and holds nothing, or is gone
