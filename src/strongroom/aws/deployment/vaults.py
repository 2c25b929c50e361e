"""Backup vaults of single accounts by name: whether they are there, and whose they are."""

from collections.abc import Iterable, Iterator

from strongroom.aws.deployment.site import owner_of
from strongroom.aws.sessions import Sessions
from strongroom.domain.deployment import DeployedVault
from strongroom.domain.names import AccountId, Region


def read_vaults(sessions: Sessions, places: Iterable[tuple[AccountId, Region, str]]) -> Iterator[DeployedVault]:
    """Yield those of the named vaults that are there; raises AwsRefused."""
    listed: dict[tuple[AccountId, Region], dict[str, str]] = {}
    for account, region, name in places:
        if (account, region) not in listed:
            pages = sessions.pages("backup", region, "list_backup_vaults", "BackupVaultList", account=account)
            listed[account, region] = {each["BackupVaultName"]: each["BackupVaultArn"] for each in pages}
        if arn := listed[account, region].get(name):
            tags = sessions.call("backup", region, "list_tags", account=account, ResourceArn=arn)["Tags"]
            owner = owner_of([{"Key": key, "Value": value} for key, value in tags.items()])
            yield DeployedVault(account=account, region=region, name=name, owner=owner)
