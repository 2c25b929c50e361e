"""The mode for a real account, STRONGROOM_AWS=1, against an endpoint that stands in for AWS: a twin that nobody tells so."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from strongroom.twin import process

SUITE = Path(__file__).parent / "aws_backup"
ACCOUNT = "666666666666"


def test_the_suite_runs_on_an_account_without_costs_and_leaves_nothing(own_twin: Any) -> None:
    """What costs or locks is skipped, the rest passes without a clock that can be moved, and nothing that was made stays."""
    access_key, secret = own_twin.keys[ACCOUNT]
    own = {"STRONGROOM_AWS": "1", "AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret}
    surroundings = os.environ | process.environment(own_twin.endpoint) | own
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-rA", str(SUITE)]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False, cwd=SUITE.parents[2])
    assert done.returncode == 0, done.stdout[-2000:]
    passed = set(re.findall(r"^PASSED \S+::(\w+)", done.stdout, re.MULTILINE))
    assert {"test_an_access_policy_is_put_read_and_deleted", "test_plan_is_made_changed_and_deleted"} <= passed
    assert "test_a_composite_recovery_point_is_copied_with_its_members" not in passed
    writes = {call["operation"] for call in own_twin.calls(write=True) if call["account"] == ACCOUNT and not call["error"]}
    assert not writes & {"StartBackupJob", "StartCopyJob", "StartRestoreJob", "CreateLogicallyAirGappedBackupVault", "CreateFramework"}

    backup, iam = own_twin.client("backup", account=ACCOUNT), own_twin.client("iam", account=ACCOUNT)
    assert (backup.list_backup_vaults()["BackupVaultList"], backup.list_backup_plans()["BackupPlansList"]) == ([], [])
    assert backup.list_restore_testing_plans()["RestoreTestingPlans"] == []
    assert [role for role in iam.list_roles()["Roles"] if "conformance" in role["RoleName"]] == []
    assert own_twin.client("sns", account=ACCOUNT).list_topics()["Topics"] == []
