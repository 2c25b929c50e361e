"""Running the live checks, and explaining their codes."""

from collections.abc import Iterator

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
        failure_mode=said.failure if said.failure.startswith("FM") else "",
        count=lack.count,
    )
    return Fault(finding=finding, state=lack.state, link=lack.link, resources=lack.resources, chains=0, arns=lack.arns)
