"""All checks, written out in the order in which they are documented."""

from strongroom.checks.check import Check
from strongroom.checks.compliance_lock_hardens import compliance_lock_hardens
from strongroom.checks.continuous_lifecycle_refused import continuous_lifecycle_refused
from strongroom.checks.copy_through_aws_managed_vault import copy_through_aws_managed_vault
from strongroom.checks.deleted_too_soon_after_cold import deleted_too_soon_after_cold
from strongroom.checks.inventory_incomplete import inventory_incomplete
from strongroom.checks.kept_shorter_than_interval import kept_shorter_than_interval
from strongroom.checks.lock_hardens_before_first_run import lock_hardens_before_first_run
from strongroom.checks.name_refused import name_refused
from strongroom.checks.objective_out_of_reach import objective_out_of_reach
from strongroom.checks.plans_collide import plans_collide
from strongroom.checks.policy_limit_exceeded import policy_limit_exceeded
from strongroom.checks.retention_outside_copy_lock import retention_outside_copy_lock
from strongroom.checks.retention_outside_rule_lock import retention_outside_rule_lock
from strongroom.checks.retention_owed_not_kept import retention_owed_not_kept
from strongroom.checks.schedule_refused import schedule_refused
from strongroom.checks.schedule_surprises import schedule_surprises
from strongroom.checks.source_on_aws_managed_key import source_on_aws_managed_key
from strongroom.checks.tag_near_miss import tag_near_miss
from strongroom.checks.time_zone_not_utc import time_zone_not_utc
from strongroom.checks.type_not_copyable import type_not_copyable
from strongroom.checks.type_not_opted_in import type_not_opted_in
from strongroom.checks.type_shares_pattern import type_shares_pattern
from strongroom.checks.windows_overlap import windows_overlap

CHECKS: tuple[Check, ...] = (
    copy_through_aws_managed_vault,  # CPY001
    type_not_copyable,  # CPY002
    source_on_aws_managed_key,  # CPY003
    schedule_refused,  # CRN001
    schedule_surprises,  # CRN002
    retention_outside_rule_lock,  # LCK001
    retention_outside_copy_lock,  # LCK002
    compliance_lock_hardens,  # LCK003
    lock_hardens_before_first_run,  # LCK004
    deleted_too_soon_after_cold,  # LIF001
    continuous_lifecycle_refused,  # LIF002
    kept_shorter_than_interval,  # LIF003
    name_refused,  # NAM001
    type_not_opted_in,  # OPT001
    policy_limit_exceeded,  # POL001
    retention_owed_not_kept,  # RET001
    objective_out_of_reach,  # RPO001
    plans_collide,  # SEL001
    tag_near_miss,  # SEL002
    type_shares_pattern,  # SEL003
    time_zone_not_utc,  # TZN001
    inventory_incomplete,  # UNK001
    windows_overlap,  # WIN001
)
