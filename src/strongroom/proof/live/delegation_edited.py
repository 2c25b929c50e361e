"""The strategy's statements in the organization's resource policy were edited

Why:     The resource policy decides who may change backup policies, and where they may be attached. Statements that were widened by hand
         let whoever takes over the administrator's account attach a policy of their own anywhere.
Fix:     strongroom plan shows the difference, strongroom apply puts the statements back
Limits:  Only statements with the ids of the strategy; those of others are none of its business.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs-policy-delegate.html, read 2026-11-21 (05 §5.6)
Failure: FM35
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.delegation import edited, given, lacking
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import was_asked
from strongroom.proof.readings import Unreadable


@live("VRF126", severity=Severity.ERROR)
def delegation_edited(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold the strategy's own statements against the resource policy; where they allow too little, VRF125 says so."""
    if judgement.estate.settings.delegated_administrator is None or not was_asked(judgement, "resource_policies"):
        return
    text = given(judgement)  # unread: VRF125 asks for it
    if edited(judgement, text) and not lacking(judgement, text):
        yield Lack(
            subject="resource policy of the organization",
            message="statements of the strategy in the organization's resource policy differ from what it writes",
            account_id=judgement.scope.management,
        )
