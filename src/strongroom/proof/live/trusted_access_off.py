"""Trusted access that the strategy needs is off

Why:     Without trusted access AWS Backup makes no plans of organization policies, and CloudFormation reaches no account of an OU: what
         was deployed stays as it is, changes and new accounts are left out, and nothing says so.
Fix:     strongroom apply, or organizations enable-aws-service-access and cloudformation activate-organizations-access
Limits:  What Organizations and CloudFormation say now, in the management account.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html, read 2026-11-21 (05 §5.1)
Failure: FM23
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import unread, was_asked
from strongroom.proof.readings import Unreadable

BACKUP = "backup.amazonaws.com"


@live("VRF124", severity=Severity.ERROR)
def trusted_access_off(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look at trusted access of AWS Backup and of CloudFormation's StackSets."""
    estate, management = judgement.estate, judgement.scope.management
    settings = judgement.observed.settings
    lacks = []
    if estate.policies and not unread(judgement, "settings") and BACKUP not in settings.get((management, "", "service_access"), {}):
        lacks.append("trusted access of AWS Backup is off: organization policies become no plans")
    if estate.stack_sets and was_asked(judgement, "stack_sets"):
        missing = unread(judgement, "stack_sets")
        yield from missing
        if not missing and settings.get((management, "", "stack_sets"), {}).get("organizations_access") != "true":
            lacks.append("trusted access of CloudFormation StackSets is off: they reach no account")
    for message in lacks:
        yield Lack(subject="trusted access", message=message, account_id=management)
