"""Read AWS Organizations: the tree of OUs and accounts, and who may do what with backups in it."""

import threading
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from strongroom.aws import crew
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId
from strongroom.domain.organization import OrganizationalUnit, is_below

BACKUP_PRINCIPAL = "backup.amazonaws.com"
THREADS = 8  # Organizations throttles early


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationAccount:
    """An account and its place."""

    id: AccountId
    name: str
    status: str  # PENDING_ACTIVATION, ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED
    ou_path: str  # names joined by /, empty directly under the root
    ou_ids: tuple[str, ...]  # from the root to the parent OU
    joined_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationTree:
    """An organization as AWS Organizations describes it."""

    organization_id: str
    management_account: AccountId
    root_id: str
    enabled_policy_types: frozenset[str]
    units: tuple[OrganizationalUnit, ...]  # parents before their children
    accounts: tuple[OrganizationAccount, ...]  # sorted by id
    trusted_services: frozenset[str]  # service principals with trusted access
    backup_administrators: frozenset[AccountId]  # delegated administrators of backup.amazonaws.com

    def accounts_below(self, unit: str) -> tuple[OrganizationAccount, ...]:
        """Return the accounts in an OU or below it, by its id; those of the whole organization for the root's."""
        return tuple(account for account in self.accounts if unit in account.ou_ids)

    def accounts_under(self, path: str) -> tuple[OrganizationAccount, ...]:
        """Return the accounts in an OU or below it, by its path."""
        return tuple(account for account in self.accounts if is_below(account.ou_path, [path]))


def read_organization(sessions: Sessions) -> OrganizationTree:
    """Return the organization with its tree, trusted access and delegated administrators; raises AwsRefused.

    Works from the management account and, where its resource policy allows reading, from a delegated administrator.
    """
    tree = read_tree(sessions)
    return OrganizationTree(
        organization_id=tree.organization_id,
        management_account=tree.management_account,
        root_id=tree.root_id,
        enabled_policy_types=tree.enabled_policy_types,
        units=tree.units,
        accounts=tree.accounts,
        trusted_services=frozenset(read_trusted_services(sessions)),
        backup_administrators=frozenset(read_backup_administrators(sessions)),
    )


def read_tree(sessions: Sessions) -> OrganizationTree:
    """Return the organization without trusted access and delegated administrators; raises AwsRefused."""
    described = sessions.call("organizations", sessions.region, "describe_organization")["Organization"]
    root = next(iter(sessions.pages("organizations", sessions.region, "list_roots", "Roots")))
    children = _children(sessions, root["Id"])
    units: list[OrganizationalUnit] = []
    accounts: list[OrganizationAccount] = []
    todo: list[tuple[str, str, tuple[str, ...]]] = [(root["Id"], "", (root["Id"],))]
    while todo:
        parent, path, ids = todo.pop()
        below, members = children[parent]
        accounts.extend(_account(member, path, ids) for member in members)
        found = [
            OrganizationalUnit(id=unit["Id"], name=unit["Name"], path=f"{path}/{unit['Name']}" if path else unit["Name"]) for unit in below
        ]
        units.extend(found)
        todo.extend((unit.id, unit.path, (*ids, unit.id)) for unit in found)
    return OrganizationTree(
        organization_id=described["Id"],
        management_account=AccountId.parse(described["MasterAccountId"]),
        root_id=root["Id"],
        enabled_policy_types=frozenset(kind["Type"] for kind in root.get("PolicyTypes", ()) if kind["Status"] == "ENABLED"),
        units=tuple(sorted(units, key=lambda unit: unit.path)),  # a parent's path is a prefix, so it sorts first
        accounts=tuple(sorted(accounts, key=lambda account: account.id)),
        trusted_services=frozenset(),
        backup_administrators=frozenset(),
    )


def read_trusted_services(sessions: Sessions) -> tuple[str, ...]:
    """Return the service principals that have trusted access; raises AwsRefused."""
    listing = sessions.pages("organizations", sessions.region, "list_aws_service_access_for_organization", "EnabledServicePrincipals")
    return tuple(each["ServicePrincipal"] for each in listing)


def read_backup_administrators(sessions: Sessions) -> tuple[AccountId, ...]:
    """Return the accounts that administer AWS Backup for the organization; raises AwsRefused."""
    listing = sessions.pages(
        "organizations",
        sessions.region,
        "list_delegated_administrators",
        "DelegatedAdministrators",
        ServicePrincipal=BACKUP_PRINCIPAL,
    )
    return tuple(AccountId.parse(each["Id"]) for each in listing)


Children = dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]


def _children(sessions: Sessions, root: str) -> Children:
    """Return the OUs and accounts directly under the root and each OU."""

    def visit(parent: str) -> tuple[Children, list[crew.Task[Children]]]:
        place = ("organizations", sessions.region)
        units = list(sessions.pages(*place, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent))
        members = list(sessions.pages(*place, "list_accounts_for_parent", "Accounts", ParentId=parent))
        return {parent: (units, members)}, [partial(visit, unit["Id"]) for unit in units]

    found: Children = {}
    for part, _ in crew.run([partial(visit, root)], threads=THREADS, halt=threading.Event()):
        found |= part
    return found


def _account(member: dict[str, Any], path: str, ids: tuple[str, ...]) -> OrganizationAccount:
    return OrganizationAccount(
        id=AccountId.parse(member["Id"]),
        name=member["Name"],
        # AWS announced to retire Status on 9 September 2026 in favour of State (Organizations API reference, data type Account).
        status=member.get("State") or member["Status"],
        ou_path=path,
        ou_ids=ids,
        joined_at=member.get("JoinedTimestamp"),
    )
