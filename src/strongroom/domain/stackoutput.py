"""A template's parameter that takes the output of another stack: known once that stack is there."""

from dataclasses import dataclass

from strongroom.domain.names import AccountId, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOutput:
    """Where the value of a parameter comes from."""

    parameter: str
    account: AccountId
    region: Region
    stack: str
    output: str
