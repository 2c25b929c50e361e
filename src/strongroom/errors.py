"""The tree of raised errors; each class owns its exit code, each error its hint.

A raised error means: we can't do the job. What is wrong with the input or with the world is a `Finding`,
returned and never raised. Anything else that escapes is a bug (exit code 70).
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The one table of exit codes."""

    PROVEN = 0  # done, and nothing found
    FINDINGS = 1  # the answer is there, and it names problems
    BAD_INPUT = 2  # a file, an option or an argument is wrong
    COULD_NOT_VERIFY = 3  # something could not be read; outranks FINDINGS
    AWS_REFUSED = 4  # no credentials, access denied, or AWS rejected a call
    STOPPED = 5  # stopped half-way; `strongroom resume` goes on
    BUG = 70  # our fault
    CANCELLED = 130  # Ctrl-C before anything was done


class StrongroomError(Exception):
    """We can't do the job: one line that says what and why, and a hint that can be typed or edited."""

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(StrongroomError):
    """A file, an option or an argument can't be used as it is."""

    exit_code = ExitCode.BAD_INPUT


class MissingExtra(BadInput):
    """A part of Strongroom was not installed, such as the `[twin]` extra."""


class CouldNotVerify(StrongroomError):
    """Nothing could be read that the question needs."""

    exit_code = ExitCode.COULD_NOT_VERIFY


class AwsRefused(StrongroomError):
    """AWS answered, and the answer is no; `code` is AWS's own error code."""

    exit_code = ExitCode.AWS_REFUSED

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class NoCredentials(AwsRefused):
    """The AWS SDK found no usable credentials, or they have expired."""


class AwsUnreachable(AwsRefused):
    """An endpoint did not answer in time."""


class WorldMoved(AwsRefused):
    """Something that the plan was computed from has changed since; a new plan is needed."""


class LockNotAccepted(StrongroomError):
    """A plan puts a compliance lock that nobody has accepted by name; nothing was changed."""

    exit_code = ExitCode.FINDINGS


class Stopped(StrongroomError):
    """Work stopped half-way and can go on; the hint says how."""

    exit_code = ExitCode.STOPPED


class Cancelled(StrongroomError):
    """The user stopped before anything was changed."""

    exit_code = ExitCode.CANCELLED
