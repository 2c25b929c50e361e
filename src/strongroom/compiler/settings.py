"""Switches of the organization that the plans depend on."""

from dataclasses import replace

from strongroom.domain.estate import Estate, Settings
from strongroom.domain.names import EVERY_ACCOUNT
from strongroom.facts import fact


def with_settings(estate: Estate) -> Estate:
    """Return the estate with opt-in, advanced features, AWS Backup's global settings and the delegated administrator."""
    accounts = estate.organization.accounts
    admin = accounts.backup_admin
    crosses = any(copy.account is not EVERY_ACCOUNT for plan in estate.plans for rule in plan.rules for copy in rule.copies)
    # basic backups of DynamoDB can't be copied: advanced features are wanted wherever they are a choice (FM14)
    choices = frozenset(fact("type_lists", "managed_by_preference").value)
    settings = Settings(
        opt_in=estate.organization.opt_in,
        # whoever keeps the plans decides on it
        managed=() if all(plan.adopted for plan in estate.plans) else tuple(kind for kind in estate.organization.opt_in if kind in choices),
        cross_account_backup=crosses,
        # the management account administers AWS Backup anyway and can't be registered
        delegated_administrator=None if admin == accounts.management else admin,
    )
    return replace(estate, settings=settings)
