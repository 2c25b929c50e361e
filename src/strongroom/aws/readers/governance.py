"""What the organization says about backups: its settings, backup policies, the effective policy of each account; and what it forbids."""

from collections.abc import Iterator

from strongroom.aws.organization import OrganizationTree, read_backup_administrators, read_trusted_services
from strongroom.aws.readers.harvest import Harvest, Subject
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.domain.access import ControlType
from strongroom.domain.tables import ACCOUNTS, CONTROL_POLICIES, EFFECTIVE_POLICIES, POLICIES, SETTINGS
from strongroom.errors import AwsRefused

POLICY_TYPE = "BACKUP_POLICY"
# Codes with which DescribeEffectivePolicy says that no backup policy reaches the account.
NO_POLICY = frozenset({"EffectivePolicyNotFoundException", "PolicyTypeNotEnabledException"})


def add_accounts(tree: OrganizationTree, harvest: Harvest) -> None:
    """Add the accounts of an organization that was read."""
    for account in tree.accounts:
        management = account.id == tree.management_account
        harvest.add(
            ACCOUNTS, account.id, account.name, account.status, account.ou_path, list(account.ou_ids), management, account.joined_at
        )
    harvest.add(SETTINGS, tree.management_account, "", "organization", "id", tree.organization_id)
    harvest.read(tree.management_account, "", "accounts")


def read_organization_settings(reading: Reading, management: str, harvest: Harvest) -> None:
    """Add AWS Backup's global settings, trusted access and the delegated administrators of AWS Backup."""
    with harvest.subject(management, "", "settings") as subject:
        with subject.item():
            answer = Scope(reading, management, reading.home_region).call("backup", "describe_global_settings")
            for name, value in sorted((answer.get("GlobalSettings") or {}).items()):
                harvest.add(SETTINGS, management, "", "global", name, str(value).lower())
        with subject.item():
            for principal in sorted(read_trusted_services(reading.sessions)):
                harvest.add(SETTINGS, management, "", "service_access", principal, "true")
        with subject.item():
            for account in sorted(read_backup_administrators(reading.sessions)):
                harvest.add(SETTINGS, management, "", "delegated_administrator", account, "true")


def read_policies(reading: Reading, account: str, management: str, harvest: Harvest) -> None:
    """Add the backup policies with what they are attached to; `account` is who asks."""
    scope = Scope(reading, account, reading.home_region)
    with harvest.subject(management, "", "policies") as subject:
        for policy_id, name, content, target in attachments(scope, POLICY_TYPE, subject):
            harvest.add(POLICIES, management, policy_id, name, content, target)


def read_control_policies(reading: Reading, account: str, tree: OrganizationTree, kind: ControlType, harvest: Harvest) -> None:
    """Add the control policies of one type with what they are attached to; none where the type is not enabled, for then none counts."""
    scope = Scope(reading, account, reading.home_region)
    with harvest.subject(tree.management_account, "", "control_policies") as subject:
        if kind in tree.enabled_policy_types:
            for policy_id, name, content, target in attachments(scope, kind, subject):
                harvest.add(CONTROL_POLICIES, tree.management_account, policy_id, str(kind), name, content, target)


def attachments(scope: Scope, kind: str, subject: Subject) -> Iterator[tuple[str, str, str, str]]:
    """Yield id, name, text and target of each policy of a type; an empty target where it is attached nowhere."""
    for summary in scope.items("organizations", "list_policies", "Policies", Filter=kind):
        targets: list[str] = []
        content = None
        with subject.item():
            content = scope.call("organizations", "describe_policy", PolicyId=summary["Id"])["Policy"]["Content"]
            listed = scope.items("organizations", "list_targets_for_policy", "Targets", PolicyId=summary["Id"])
            targets = sorted(each["TargetId"] for each in listed) or [""]
        for target in targets:
            yield summary["Id"], summary["Name"], str(content), target


def read_effective_policy(reading: Reading, asker: str, account: str, harvest: Harvest) -> None:
    """Add the effective backup policy of an account; empty where none reaches it."""
    scope = Scope(reading, asker, reading.home_region)
    with harvest.subject(account, "", "effective_policies"):
        try:
            answer = scope.call("organizations", "describe_effective_policy", PolicyType=POLICY_TYPE, TargetId=account)
            content = answer["EffectivePolicy"].get("PolicyContent") or ""
        except AwsRefused as error:
            if error.code not in NO_POLICY:
                raise
            content = ""
        harvest.add(EFFECTIVE_POLICIES, account, content)
