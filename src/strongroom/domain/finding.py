"""Findings: what is wrong with the input or with the world; returned, all of them, never raised."""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.origin import Origin


class Severity(StrEnum):
    """How much a finding matters; ERROR and WARNING make a command exit with 1, INFO doesn't."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem with its place, its reason and its fix."""

    code: str  # three letters of subject and a number, such as LCK001; never reused
    severity: Severity
    subject: str  # what it is about: "rule production.daily", an ARN, "account 111122223333"
    message: str  # lower case, no full stop, with the value and the bound
    why: str  # the mechanism, one sentence; empty where the message says it all
    help: str  # a thing to type or edit
    origin: Origin
    failure_mode: str = ""  # FM01…FM39, empty for plain mistakes in a file
    count: int = 1  # how many resources, accounts or jobs it stands for
