"""All live checks, in the order of their codes."""

from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.proof.live.accounts_closing import accounts_closing
from strongroom.proof.live.alarm_does_nothing import alarm_does_nothing
from strongroom.proof.live.allowed_images_refuse_copies import allowed_images_refuse_copies
from strongroom.proof.live.baseline_key_not_replicated import baseline_key_not_replicated
from strongroom.proof.live.baseline_not_in_force import baseline_not_in_force
from strongroom.proof.live.buckets_not_as_declared import buckets_not_as_declared
from strongroom.proof.live.capture_bucket_not_as_declared import capture_bucket_not_as_declared
from strongroom.proof.live.check import LiveCheck, governed, live_query
from strongroom.proof.live.database_snapshots_missing import database_snapshots_missing
from strongroom.proof.live.databases_not_as_declared import databases_not_as_declared
from strongroom.proof.live.delegated_by_half import delegated_by_half
from strongroom.proof.live.delegation_edited import delegation_edited
from strongroom.proof.live.effective_policy_invalid import effective_policy_invalid
from strongroom.proof.live.events_get_lost import events_get_lost
from strongroom.proof.live.failed_copies_unseen import failed_copies_unseen
from strongroom.proof.live.framework_evaluates_nothing import framework_evaluates_nothing
from strongroom.proof.live.global_setting_off import global_setting_off
from strongroom.proof.live.landing_zone_differs import landing_zone_differs
from strongroom.proof.live.legal_holds_near_limit import legal_holds_near_limit
from strongroom.proof.live.nobody_has_subscribed import nobody_has_subscribed
from strongroom.proof.live.nobody_is_told import nobody_is_told
from strongroom.proof.live.plan_of_one_account_differs import plan_of_one_account_differs
from strongroom.proof.live.policy_of_organization_changed import policy_of_organization_changed
from strongroom.proof.live.replication_not_as_declared import replication_not_as_declared
from strongroom.proof.live.restore_test_finds_nothing import restore_test_finds_nothing
from strongroom.proof.live.restore_test_left_something import restore_test_left_something
from strongroom.proof.live.restore_test_not_deployed import restore_test_not_deployed
from strongroom.proof.live.restore_test_window_too_short import restore_test_window_too_short
from strongroom.proof.live.rule_lets_nothing_through import rule_lets_nothing_through
from strongroom.proof.live.silence_unnoticed import silence_unnoticed
from strongroom.proof.live.stack_set_differs import stack_set_differs
from strongroom.proof.live.stack_set_failed import stack_set_failed
from strongroom.proof.live.stack_set_missing import stack_set_missing
from strongroom.proof.live.tables_not_as_declared import tables_not_as_declared
from strongroom.proof.live.tag_policy_in_the_way import tag_policy_in_the_way
from strongroom.proof.live.tagged_and_unknown_to_backup import tagged_and_unknown_to_backup
from strongroom.proof.live.topic_takes_nothing import topic_takes_nothing
from strongroom.proof.live.trusted_access_off import trusted_access_off
from strongroom.proof.live.undeclared_lock_hardens import undeclared_lock_hardens
from strongroom.proof.live.vault_policy_differs import vault_policy_differs


def _timed(estate: Estate) -> bool:
    return any(each.rto_minutes for each in estate.objectives)


LIVE: tuple[LiveCheck, ...] = (
    silence_unnoticed,
    nobody_is_told,
    failed_copies_unseen,
    alarm_does_nothing,
    rule_lets_nothing_through,
    topic_takes_nothing,
    nobody_has_subscribed,
    events_get_lost,
    effective_policy_invalid,
    stack_set_failed,
    stack_set_missing,
    stack_set_differs,
    trusted_access_off,
    delegated_by_half,
    delegation_edited,
    global_setting_off,
    policy_of_organization_changed,
    tag_policy_in_the_way,
    landing_zone_differs,
    baseline_not_in_force,
    baseline_key_not_replicated,
    undeclared_lock_hardens,
    accounts_closing,
    live_query("VRF152", "sources_outside_organization", severity=Severity.WARNING, asks=governed()),
    live_query("VRF153", "completed_with_issues", severity=Severity.WARNING, asks=governed("backup_jobs")),
    live_query("VRF154", "air_gapped_falls_back", severity=Severity.ERROR, asks=governed("backup_jobs")),
    restore_test_not_deployed,
    restore_test_finds_nothing,
    restore_test_window_too_short,
    restore_test_left_something,
    live_query("VRF159", "copies_come_back_too_late", severity=Severity.ERROR, asks=governed("copy_jobs"), wanted=_timed),
    live_query("VRF160", "legal_hold_holds_nothing", severity=Severity.ERROR, asks=governed()),
    live_query("VRF161", "legal_hold_misses_copies", severity=Severity.WARNING, asks=governed()),
    legal_holds_near_limit,
    tagged_and_unknown_to_backup,
    allowed_images_refuse_copies,
    live_query("VRF176", "recovery_points_of_disabled_images", severity=Severity.ERROR, asks=governed()),
    framework_evaluates_nothing,
    vault_policy_differs,
    plan_of_one_account_differs,
    databases_not_as_declared,
    database_snapshots_missing,
    buckets_not_as_declared,
    replication_not_as_declared,
    tables_not_as_declared,
    capture_bucket_not_as_declared,
)
