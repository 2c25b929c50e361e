"""Where a part of an estate comes from, so that every finding can point at it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class FileOrigin:
    """A place in a file that somebody wrote; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class LiveOrigin:
    """Something that was read in AWS; `region` is empty for global things, `arn` for a whole account."""

    account: str
    region: str
    arn: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.account, self.region, self.arn) if part)


@dataclass(frozen=True, slots=True, order=True)
class BuiltIn:
    """A documented default that nobody wrote."""

    def __str__(self) -> str:
        return "(default)"


Origin = FileOrigin | LiveOrigin | BuiltIn


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why; it is a value, so that no check takes it for a pass."""

    reason: str
