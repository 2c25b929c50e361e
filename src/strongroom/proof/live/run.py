"""Running the live checks, and explaining their codes."""

from collections.abc import Iterator

from strongroom.checks.check import Documentation
from strongroom.domain.finding import Finding
from strongroom.domain.origin import LiveOrigin
from strongroom.proof.engine import Judgement
from strongroom.proof.findings import Fault
from strongroom.proof.live.catalogue import LIVE
from strongroom.proof.live.check import Lack, LiveCheck
from strongroom.proof.readings import Unreadable


def run(judgement: Judgement) -> tuple[tuple[Fault, ...], tuple[Unreadable, ...]]:
    """Return what all live checks found, and what they needed and nobody could read."""
    found: list[Fault] = []
    unread: dict[Unreadable, None] = {}
    for check in LIVE:
        for each in check.find(judgement):
            if isinstance(each, Unreadable):
                unread[each] = None
            else:
                found.append(_fault(check, each))
    return tuple(found), tuple(unread)


def explanations() -> Iterator[tuple[str, str]]:
    """Yield the code of each live check and what `strongroom explain` says of it."""
    for check in LIVE:
        title, _, rest = check.text.partition("\n")
        yield check.code, f"{check.code} ({check.severity}): {title.rstrip('.')}\n{rest}"


def said_of(code: str) -> tuple[str, str]:
    """Return what the check of a code says to do, and its failure mode; empty: none of the list."""
    said = next(check.documentation for check in LIVE if check.code == code)
    return said.fix, _mode(said)


def _mode(said: Documentation) -> str:
    return said.failure if said.failure.startswith("FM") else ""


def _fault(check: LiveCheck, lack: Lack) -> Fault:
    said = check.documentation
    finding = Finding(
        code=check.code,
        severity=lack.severity or check.severity,
        subject=lack.subject,
        message=lack.message,
        why=said.why,
        help=lack.help or said.fix,
        origin=LiveOrigin(lack.account_id, lack.region, lack.arn),
        failure_mode=_mode(said),
        count=lack.count,
    )
    return Fault(finding=finding, state=lack.state, link=lack.link, resources=lack.resources, chains=0, arns=lack.arns)
