"""What lies in the vaults of a strategy, in every account: it decides what `destroy` may take away."""

import threading
from collections.abc import Iterable, Iterator
from functools import partial

from strongroom.aws import crew
from strongroom.aws.deployment.site import Shortfalls, Site, execute, owner_of, shortfall
from strongroom.aws.sessions import THREADS, Sessions
from strongroom.domain.changeplan import DeleteVault
from strongroom.domain.deployment import KeptVault
from strongroom.domain.names import AccountId, Region
from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials

Place = tuple[AccountId, Region]
Found = tuple[tuple[KeptVault, ...], str]  # the vaults of a place, or why they can't be read


def read_contents(sessions: Sessions, places: Iterable[Place], *, strategy: str) -> tuple[tuple[KeptVault, ...], tuple[str, ...]]:
    """Return the vaults that a strategy owns in some accounts and Regions, sorted, and the places that can't be read with the reason."""
    halt = threading.Event()

    def look(place: Place) -> tuple[Found, tuple[crew.Task[Found], ...]]:
        account, region = place
        try:
            return (tuple(_owned(sessions, account, region, strategy)), ""), ()
        except (NoCredentials, AwsUnreachable):
            raise
        except AwsRefused as error:
            return ((), f"vaults in account {account}, {region}: {error.message}"), ()

    found = [result for result, _ in crew.run((partial(look, place) for place in places), threads=THREADS, halt=halt)]
    vaults = sorted((vault for some, _ in found for vault in some), key=lambda each: (each.account, each.region, each.name))
    return tuple(vaults), tuple(sorted(reason for _, reason in found if reason))


def _owned(sessions: Sessions, account: AccountId, region: Region, strategy: str) -> Iterator[KeptVault]:
    for each in sessions.pages("backup", region, "list_backup_vaults", "BackupVaultList", account=account):
        tags = sessions.call("backup", region, "list_tags", account=account, ResourceArn=each["BackupVaultArn"])["Tags"]
        if owner_of({"Key": key, "Value": value} for key, value in tags.items()) == strategy:
            yield KeptVault(
                account=account, region=region, name=each["BackupVaultName"], recovery_points=int(each["NumberOfRecoveryPoints"])
            )  # fmt: skip


@execute.register
def _(action: DeleteVault, site: Site) -> Shortfalls:
    try:
        there = {each.name: each for each in _owned(site.sessions, action.account, action.region, site.strategy)}
        found = there.get(action.name)
        if found is not None and not found.recovery_points:
            site.sessions.call("backup", action.region, "delete_backup_vault", account=action.account, BackupVaultName=action.name)
    except AwsRefused as error:
        return shortfall(error, f"vault {action.name}", action.account, action.region)
    return ()
