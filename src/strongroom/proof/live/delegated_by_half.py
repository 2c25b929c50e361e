"""The backup administrator can't change backup policies: only half of the delegation is there

Why:     A registered delegated administrator of AWS Backup sees jobs and reports of the organization. Changing its backup policies is
         a matter of the organization's resource policy alone: without it every change is refused, and has to be made by somebody in
         the management account.
Fix:     strongroom apply, or organizations put-resource-policy in the management account
Limits:  What the resource policy lets the root of the administrator's account do; what its users and roles may is for their policies.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs-policy-delegate.html, read 2026-11-21 (05 §5.6)
Failure: FM23
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.delegation import given, lacking
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import unread, was_asked
from strongroom.proof.readings import Unreadable

SHOWN = 3


@live("VRF125", severity=Severity.ERROR)
def delegated_by_half(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Ask the organization's resource policy for everything that the strategy lets the administrator do."""
    administrator = judgement.estate.settings.delegated_administrator
    if administrator is None or not was_asked(judgement, "resource_policies"):
        return
    missing = unread(judgement, "resource_policies")
    yield from missing
    if missing:
        return
    text = given(judgement)
    actions = lacking(judgement, text)
    if not actions:
        return
    more = f" and {len(actions) - SHOWN} more" if len(actions) > SHOWN else ""
    what = f"does not let account {administrator} do {', '.join(actions[:SHOWN])}{more}"
    yield Lack(
        subject=f"account {administrator}",
        message=f"the organization's resource policy {what}" if text else "the organization has no resource policy: it only registers",
        account_id=judgement.scope.management,
    )
