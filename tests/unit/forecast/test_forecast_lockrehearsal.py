"""A rehearsal says which jobs fail under a lock and what it commits."""

from datetime import UTC, datetime, timedelta

import pytest

from strongroom.domain.names import FOREVER
from strongroom.domain.strategy import LockMode
from strongroom.facts import message
from strongroom.forecast.lockrehearsal import JobKind, ProposedLock, declared_locks, refusal, rehearse

NOW = datetime(2027, 1, 4, tzinfo=UTC)
VAULTS = ("central: {in: central, region: eu-west-1}",)
NIGHTLY = 'nightly: {at: "02:00", start_within: 1h, keep: 30d, copy: {to: central, keep: 1y}}'


def lock(label="central", mode=LockMode.COMPLIANCE, low=7, high=None, grace=3):
    return ProposedLock(label=label, mode=mode, min_days=low, max_days=high, grace_days=grace)


def rehearsed(estate, **members):
    return rehearse(estate, [lock(**members)], now=NOW, days=10).locks[0]


def test_copies_outside_the_range_fail_with_the_message_of_aws(plan_of):
    """A year is more than 180 days: ten nights, ten failed copies for each resource, in the Region of the copy."""
    found = rehearsed(plan_of(NIGHTLY, vaults=VAULTS), high=180)
    assert [(job.kind, job.runs, job.regions, job.message) for job in found.failing] == [
        (JobKind.COPY, 10, ("eu-west-1",), message("lock_range_copy"))
    ]
    assert (found.failing_runs, found.committed_until_at) == (10, None)


@pytest.mark.parametrize(("low", "high", "fails"), [(30, 30, False), (31, None, True), (1, 29, True), (None, None, False)])
def test_the_bounds_belong_to_the_range(plan_of, low, high, fails):
    """30 days pass a lock from 30 to 30 days."""
    found = rehearsed(plan_of(NIGHTLY, vaults=VAULTS), label="local", low=low, high=high)
    assert [bool(job.message) for job in found.jobs if job.kind is JobKind.BACKUP] == [fails]
    assert {job.message for job in found.failing} <= {message("lock_range_backup")}


def test_a_compliance_lock_commits_until_the_last_recovery_point_is_due(plan_of):
    """The last run is on 13 January at 02:00; its job may start an hour later and is kept a year of 366 days."""
    found = rehearsed(plan_of(NIGHTLY, vaults=VAULTS))
    assert found.hardens_at == NOW + timedelta(days=3)
    assert found.committed_until_at == datetime(2027, 1, 13, 3, tzinfo=UTC) + timedelta(days=366)
    assert not found.committed_forever


def test_a_governance_lock_commits_nothing(plan_of):
    """Whoever may can remove it."""
    found = rehearsed(plan_of(NIGHTLY, vaults=VAULTS), mode=LockMode.GOVERNANCE)
    assert (found.hardens_at, found.committed_until_at, found.committed_forever) == (None, None, False)


def test_what_is_kept_forever_is_committed_forever(plan_of):
    """Without a maximum "forever" passes and can never be deleted; with one it fails."""
    estate = plan_of('nightly: {at: "02:00", keep: forever}')
    assert rehearsed(estate, label="local").committed_forever
    found = rehearsed(estate, label="local", high=3650)
    assert [(job.keep, job.fails) for job in found.jobs] == [(FOREVER, True)]
    assert not found.committed_forever


def test_a_lost_run_is_no_job(plan_of):
    """What overlap drops can't fail under a lock."""
    estate = plan_of('nightly: {at: "03:00", keep: 1d}', 'weekly: {at: "Sunday 02:00", start_within: 8h, keep: 90d}')
    found = rehearsed(estate, label="local", low=7)
    assert [(job.rule, job.runs) for job in found.failing] == [("nightly", 9)]


def test_declared_locks_are_those_of_the_strategy(plan_of):
    """Every vault with a lock is rehearsed, with the grace time it declares."""
    estate = plan_of(NIGHTLY, vaults=("central: {in: central, lock: {mode: compliance, min: 7d, max: 1y, grace: 14d}}",))
    assert declared_locks(estate) == (lock(low=7, high=366, grace=14),)
    assert rehearse(estate, declared_locks(estate), now=NOW).locks[0].hardens_at == NOW + timedelta(days=14)


@pytest.mark.parametrize(("members", "words"), [({"grace": 2}, "ChangeableForDays is 2"), ({"low": 9, "high": 8}, "MaxRetentionDays is 8")])
def test_a_lock_that_aws_refuses_is_refused(plan_of, members, words):
    """Nothing is judged under a lock that can't be put."""
    found = rehearsed(plan_of(NIGHTLY, vaults=VAULTS), **members)
    assert found.refused.startswith(words)
    assert found.failing == ()
    assert refusal(lock(**members)) == found.refused


def test_the_lock_of_an_air_gapped_vault_is_hard_at_once(plan_of):
    """Its range judges the rules that name the vault as target; nothing can be changed after it is made."""
    estate = plan_of(
        'nightly: {at: "02:00", keep: 30d, vault: airgap}',
        'monthly: {at: "day 1 03:00", keep: 7y, vault: airgap}',
        'other: {at: "12:00", keep: 7y}',
        vaults=("airgap: {type: air-gapped, in: every-account, lock: {min: 7d, max: 1y}}",),
    )
    (found,) = rehearse(estate, declared_locks(estate), now=NOW).locks
    assert (found.refused, found.hardens_at) == ("", NOW)
    assert [(job.rule, bool(job.message)) for job in found.jobs] == [("nightly", False), ("monthly", True)]
