"""The approval teams of logically air-gapped vaults, as state alone: nobody in the twin votes, so what waits for a vote runs out.

Source: AWS Backup API reference, AssociateBackupVaultMpaApprovalTeam; developer guide, multipartyapproval (read 2026-11).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from strongroom.domain.names import Arn, partition_of
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import invalid_parameter, invalid_request
from strongroom.twin.backup.kept import Approval, ApprovalRequest
from strongroom.twin.backup.state import Vault, World
from strongroom.twin.backup.vaults import authorize, find
from strongroom.twin.backup.wire import Call

_SESSION = timedelta(days=1)  # unverified: how long a session is open to votes


def associate_team(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """AssociateBackupVaultMpaApprovalTeam: the first team at once, another one once the present team has approved."""
    vault = air_gapped(world, call, parameters["BackupVaultName"], "AssociateBackupVaultMpaApprovalTeam")
    team_arn = parameters["MpaApprovalTeamArn"]
    if not _is_team(team_arn):
        raise invalid_parameter(f"Invalid MpaApprovalTeamArn: {team_arn}")
    if world.global_settings.get("isMpaEnabled") != "true":
        raise invalid_request("Multi-party approval is not enabled for the organization.")
    if vault.approval is None:
        vault.approval = Approval(team_arn=team_arn)
    elif vault.approval.team_arn != team_arn:
        vault.approval.update = asked(world, call, vault.approval.team_arn)
    return {}


def disassociate_team(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DisassociateBackupVaultMpaApprovalTeam: once the team has approved."""
    vault = air_gapped(world, call, parameters["BackupVaultName"], "DisassociateBackupVaultMpaApprovalTeam")
    if vault.approval is None:
        raise invalid_request(f"Backup vault {vault.name} has no approval team.")
    vault.approval.update = asked(world, call, vault.approval.team_arn)
    return {}


def air_gapped(world: World, call: Call, name: str, action: str) -> Vault:
    """Return a logically air-gapped vault that the caller may act on; raises ApiError for others."""
    vault = find(world, call, name)
    authorize(world, call, vault, action)
    if not vault.air_gapped:
        raise invalid_request(f"Backup vault {name} is not logically air-gapped.")
    return vault


def _is_team(arn: str) -> bool:
    try:
        parsed = Arn.parse(arn)
    except ValueError:
        return False
    return parsed.service == "mpa" and parsed.resource.startswith("approval-team/")


def asked(world: World, call: Call, team_arn: str) -> ApprovalRequest:
    """Return a new session of a team; teams live in one Region, and so do their sessions."""
    luck = chance(world.seed, "approval", call.account, call.region, team_arn, world.serial())
    team = Arn.parse(team_arn)
    session = f"arn:{partition_of(team.region)}:mpa:{team.region}:{team.account}:session/{team.resource.partition('/')[2]}/{luck.uuid}"
    return ApprovalRequest(session_arn=session, initiated_at=call.at, expires_at=call.at + _SESSION)
