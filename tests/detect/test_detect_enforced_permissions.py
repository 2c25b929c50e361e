"""On a twin that enforces IAM the deployment itself has all permissions it needs, and jobs fail for want of one until it is back."""

import pytest
from tests.detect import faults
from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled, shuffled

DRAWN = 12


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(DRAWN, accounts=3)


@pytest.mark.parametrize(
    "fault",
    [
        faults.role_without_its_policy,
        pytest.param(faults.copies_denied_by_control_policy, marks=pytest.mark.long),
        pytest.param(faults.central_key_without_its_statements, marks=pytest.mark.long),
    ],
)
def test_jobs_fail_for_want_of_a_permission_as_that_one_fault(deployed, drawn, tmp_path, told, fault):
    """First everything that `apply` made has its permissions; then days of failed jobs are told as the one that is missing."""
    drawn.write(tmp_path)
    with deployed(tmp_path, 10, enforce_iam=True) as world:
        healthy = world.verify()
        assert (told(healthy), healthy.unknown) == ([], 0)
        with fault(world, drawn) as expected:
            world.let_pass(3)
            found = world.verify()
        failed = _failures(world, drawn)
    assert failed, "no job failed"
    modes = [each.finding.failure_mode for each in found.faults]
    assert modes.count(expected.mode) == 1, f"no error found, the checker is broken: {told(found)}"
    assert set(modes) <= {expected.mode, *expected.later}, told(found)
    assert expected.says in next(each.finding.message for each in found.faults if each.finding.failure_mode == expected.mode)
    assert found.unknown == 0


def _failures(world: World, it: Shuffled) -> set[str]:
    """What AWS says of the jobs that failed in the account where something is in production."""
    at = it.pick("dynamodb", 0)
    backup = world.client("backup", at.account, at.region)
    jobs = [*backup.list_backup_jobs(ByState="FAILED")["BackupJobs"], *backup.list_copy_jobs(ByState="FAILED")["CopyJobs"]]
    return {str(job["StatusMessage"]) for job in jobs}
