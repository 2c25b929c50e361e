"""All checks, written out in the order in which they are documented."""

from strongroom.checks.air_gapped_target_falls_back import air_gapped_target_falls_back
from strongroom.checks.alerts_leave_out_failures import alerts_leave_out_failures
from strongroom.checks.archived_too_often import archived_too_often
from strongroom.checks.baseline_child_before_parent import baseline_child_before_parent
from strongroom.checks.baseline_key_not_multi_region import baseline_key_not_multi_region
from strongroom.checks.baseline_lacks_accounts import baseline_lacks_accounts
from strongroom.checks.bucket_without_versioning import bucket_without_versioning
from strongroom.checks.check import Check
from strongroom.checks.cold_breaks_the_chain import cold_breaks_the_chain
from strongroom.checks.cold_points_are_full import cold_points_are_full
from strongroom.checks.cold_storage_ignored import cold_storage_ignored
from strongroom.checks.compliance_lock_hardens import compliance_lock_hardens
from strongroom.checks.console_name_taken import console_name_taken
from strongroom.checks.continuous_lifecycle_refused import continuous_lifecycle_refused
from strongroom.checks.continuous_rules_compete import continuous_rules_compete
from strongroom.checks.continuous_takes_over_database import continuous_takes_over_database
from strongroom.checks.control_tower_tag_misspelled import control_tower_tag_misspelled
from strongroom.checks.copy_keeps_something_else import copy_keeps_something_else
from strongroom.checks.copy_misses_objective import copy_misses_objective
from strongroom.checks.copy_through_aws_managed_vault import copy_through_aws_managed_vault
from strongroom.checks.database_windows_overlap import database_windows_overlap
from strongroom.checks.declared_not_deployed import declared_not_deployed
from strongroom.checks.deleted_too_soon_after_cold import deleted_too_soon_after_cold
from strongroom.checks.every_point_is_full import every_point_is_full
from strongroom.checks.forever_under_compliance_lock import forever_under_compliance_lock
from strongroom.checks.framework_beyond_limits import framework_beyond_limits
from strongroom.checks.framework_never_met import framework_never_met
from strongroom.checks.guard_rails_fail import guard_rails_fail
from strongroom.checks.guard_rails_miss_vaults import guard_rails_miss_vaults
from strongroom.checks.guard_rails_without_exemption import guard_rails_without_exemption
from strongroom.checks.inventory_incomplete import inventory_incomplete
from strongroom.checks.inventory_silent import inventory_silent
from strongroom.checks.kept_longer_than_allowed import kept_longer_than_allowed
from strongroom.checks.kept_shorter_than_interval import kept_shorter_than_interval
from strongroom.checks.key_policy_of_others import key_policy_of_others
from strongroom.checks.lock_hardens_before_first_run import lock_hardens_before_first_run
from strongroom.checks.locked_without_guard_rail import locked_without_guard_rail
from strongroom.checks.loss_not_survived import loss_not_survived
from strongroom.checks.mfa_delete_with_lifecycle import mfa_delete_with_lifecycle
from strongroom.checks.name_refused import name_refused
from strongroom.checks.objective_out_of_reach import objective_out_of_reach
from strongroom.checks.plans_collide import plans_collide
from strongroom.checks.policy_limit_exceeded import policy_limit_exceeded
from strongroom.checks.promise_beyond_backup import promise_beyond_backup
from strongroom.checks.regulation_not_judged import regulation_not_judged
from strongroom.checks.regulation_wants_end import regulation_wants_end
from strongroom.checks.regulation_wants_history import regulation_wants_history
from strongroom.checks.regulation_wants_lock import regulation_wants_lock
from strongroom.checks.regulation_wants_objectives import regulation_wants_objectives
from strongroom.checks.regulation_wants_other_region import regulation_wants_other_region
from strongroom.checks.regulation_wants_restore_tests import regulation_wants_restore_tests
from strongroom.checks.regulation_wants_separate_account import regulation_wants_separate_account
from strongroom.checks.regulation_wants_union import regulation_wants_union
from strongroom.checks.replica_without_backup import replica_without_backup
from strongroom.checks.replication_that_skips import replication_that_skips
from strongroom.checks.resource_not_copyable import resource_not_copyable
from strongroom.checks.restore_slower_than_promised import restore_slower_than_promised
from strongroom.checks.restore_test_examines_nothing import restore_test_examines_nothing
from strongroom.checks.restore_test_finds_nothing import restore_test_finds_nothing
from strongroom.checks.restore_test_needs_override import restore_test_needs_override
from strongroom.checks.restore_test_of_untestable_type import restore_test_of_untestable_type
from strongroom.checks.restore_test_reaches_past_retention import restore_test_reaches_past_retention
from strongroom.checks.retention_outside_copy_lock import retention_outside_copy_lock
from strongroom.checks.retention_outside_rule_lock import retention_outside_rule_lock
from strongroom.checks.retention_owed_not_kept import retention_owed_not_kept
from strongroom.checks.retentions_contradict import retentions_contradict
from strongroom.checks.run_in_maintenance_window import run_in_maintenance_window
from strongroom.checks.schedule_refused import schedule_refused
from strongroom.checks.schedule_surprises import schedule_surprises
from strongroom.checks.selection_of_another_account import selection_of_another_account
from strongroom.checks.source_on_aws_managed_key import source_on_aws_managed_key
from strongroom.checks.tag_near_miss import tag_near_miss
from strongroom.checks.tag_policy_forbids_selected_tag import tag_policy_forbids_selected_tag
from strongroom.checks.time_zone_not_utc import time_zone_not_utc
from strongroom.checks.topic_out_of_reach import topic_out_of_reach
from strongroom.checks.type_never_backed_up import type_never_backed_up
from strongroom.checks.type_not_copyable import type_not_copyable
from strongroom.checks.type_not_opted_in import type_not_opted_in
from strongroom.checks.type_shares_pattern import type_shares_pattern
from strongroom.checks.type_unknown_to_backup import type_unknown_to_backup
from strongroom.checks.wildcard_inside_arn import wildcard_inside_arn
from strongroom.checks.windows_overlap import windows_overlap

CHECKS: tuple[Check, ...] = (
    air_gapped_target_falls_back,  # AGV001
    alerts_leave_out_failures,  # ALT001
    topic_out_of_reach,  # ALT002
    bucket_without_versioning,  # BKT001
    mfa_delete_with_lifecycle,  # BKT002
    replication_that_skips,  # BKT003
    continuous_rules_compete,  # CNT001
    continuous_takes_over_database,  # CNT002
    copy_through_aws_managed_vault,  # CPY001
    type_not_copyable,  # CPY002
    source_on_aws_managed_key,  # CPY003
    copy_keeps_something_else,  # CPY004
    resource_not_copyable,  # CPY005
    schedule_refused,  # CRN001
    schedule_surprises,  # CRN002
    control_tower_tag_misspelled,  # CTW001
    baseline_child_before_parent,  # CTW002
    baseline_key_not_multi_region,  # CTW003
    baseline_lacks_accounts,  # CTW004
    framework_beyond_limits,  # FRM001
    framework_never_met,  # FRM002
    locked_without_guard_rail,  # GRD001
    guard_rails_without_exemption,  # GRD002
    guard_rails_fail,  # GRD003
    guard_rails_miss_vaults,  # GRD004
    key_policy_of_others,  # KEY001
    retention_outside_rule_lock,  # LCK001
    retention_outside_copy_lock,  # LCK002
    compliance_lock_hardens,  # LCK003
    lock_hardens_before_first_run,  # LCK004
    forever_under_compliance_lock,  # LCK005
    deleted_too_soon_after_cold,  # LIF001
    continuous_lifecycle_refused,  # LIF002
    kept_shorter_than_interval,  # LIF003
    cold_storage_ignored,  # LIF004
    archived_too_often,  # LIF005
    cold_points_are_full,  # LIF006
    every_point_is_full,  # LIF007
    cold_breaks_the_chain,  # LIF008
    run_in_maintenance_window,  # MNT001
    database_windows_overlap,  # MNT002
    name_refused,  # NAM001
    console_name_taken,  # NAM002
    type_not_opted_in,  # OPT001
    policy_limit_exceeded,  # POL001
    regulation_wants_separate_account,  # REG001
    regulation_wants_other_region,  # REG002
    regulation_wants_lock,  # REG003
    regulation_wants_end,  # REG004
    regulation_wants_history,  # REG005
    regulation_wants_objectives,  # REG006
    regulation_wants_union,  # REG007
    regulation_not_judged,  # REG008
    regulation_wants_restore_tests,  # REG009
    replica_without_backup,  # REP001
    retention_owed_not_kept,  # RET001
    kept_longer_than_allowed,  # RET002
    retentions_contradict,  # RET003
    objective_out_of_reach,  # RPO001
    copy_misses_objective,  # RPO002
    restore_test_finds_nothing,  # RST001
    restore_test_reaches_past_retention,  # RST002
    restore_test_needs_override,  # RST003
    restore_test_examines_nothing,  # RST004
    restore_test_of_untestable_type,  # RST005
    restore_slower_than_promised,  # RTO001
    plans_collide,  # SEL001
    tag_near_miss,  # SEL002
    type_shares_pattern,  # SEL003
    selection_of_another_account,  # SEL004
    wildcard_inside_arn,  # SEL005
    loss_not_survived,  # SRV001
    tag_policy_forbids_selected_tag,  # TAG001
    type_unknown_to_backup,  # TYP001
    type_never_backed_up,  # TYP002
    promise_beyond_backup,  # TYP003
    time_zone_not_utc,  # TZN001
    declared_not_deployed,  # UND001
    inventory_incomplete,  # UNK001
    inventory_silent,  # UNK002
    windows_overlap,  # WIN001
)
