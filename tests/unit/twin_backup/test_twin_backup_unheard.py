"""Where nobody listens, a job costs a counter: no event is made, nothing waits to be delivered."""

import json
from collections import Counter
from datetime import timedelta

from strongroom.twin.backup import notices
from strongroom.twin.watching import metrics


def _estate(scene, kit):
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(Lifecycle={"DeleteAfterDays": 5}))


def _waiting(scene):
    """How many deliveries wait in the clockwork just after a job was done."""
    return Counter(happening.__name__ for _, _, happening, _ in scene.backup.world.clockwork._events)


def _first_state_change(scene):
    while not scene.do("ListBackupJobs")["BackupJobs"]:
        scene.wait(minutes=1)


def test_without_a_rule_no_event_waits_for_its_delivery(scene, kit):
    """A job has come, and nothing but its own next steps and the plan's are planned."""
    _estate(scene, kit)
    _first_state_change(scene)
    assert notices._deliver.__name__ not in _waiting(scene)


def test_with_a_rule_an_event_waits_for_its_delivery(scene, kit):
    """The same with somebody who listens."""
    from moto.events.models import events_backends

    events_backends[kit.WORKLOAD][kit.REGION].put_rule("jobs", event_pattern=json.dumps({"source": ["aws.backup"]}))
    _estate(scene, kit)
    _first_state_change(scene)
    assert _waiting(scene)[notices._deliver.__name__] >= 1


def test_counts_are_kept_by_the_step_and_later_by_the_hour(scene, kit):
    """After a hundred days the sums are whole, the old ones by the hour; nothing is kept for a job."""
    _estate(scene, kit)
    start = scene.at
    scene.wait(days=100)
    world, where = scene.backup.world, (kit.WORKLOAD, kit.REGION)
    series = (metrics.BACKUP, "NumberOfBackupJobsCompleted", (("BackupVaultName", "local"),))
    span = (int(start.timestamp()), int(scene.at.timestamp()))
    found = metrics.read(world, where, series, span, span[1])
    assert 99 <= sum(each.total for each in found) <= 101
    old = [each for each in found if each.at < (scene.at - timedelta(days=64)).timestamp()]
    assert old
    assert all(each.at % 3600 == 0 for each in old)
