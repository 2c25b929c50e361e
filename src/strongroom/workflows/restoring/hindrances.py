"""What stands in the way of a restore, or should be known before it: one entry a code, for findings and for `strongroom explain`."""

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import LiveOrigin, Origin
from strongroom.workflows.catalogue import BY_CODE

__all__ = ["hindrance", "live"]


def hindrance(code: str, subject: str, message: str, origin: Origin, *, fix: str = "", severity: Severity | None = None) -> Finding:
    """Return a finding of a restore; `fix`: a better help than that of the catalogue."""
    entry = BY_CODE[code]
    return Finding(
        code=code,
        severity=severity or entry.severity,
        subject=subject,
        message=message,
        why=entry.why,
        help=fix or entry.fix,
        origin=origin,
        failure_mode=entry.failure_mode,
    )


def live(account: str, region: str, arn: str) -> LiveOrigin:
    """Return where something was seen in AWS."""
    return LiveOrigin(account, region, arn)
