"""Switches of the organization that the plans depend on."""

from dataclasses import replace

from strongroom.domain.estate import Estate, Settings
from strongroom.domain.names import EVERY_ACCOUNT


def with_settings(estate: Estate) -> Estate:
    """Return the estate with opt-in, AWS Backup's global settings and the delegated administrator."""
    accounts = estate.organization.accounts
    admin = accounts.backup_admin
    crosses = any(copy.account is not EVERY_ACCOUNT for plan in estate.plans for rule in plan.rules for copy in rule.copies)
    settings = Settings(
        opt_in=estate.organization.opt_in,
        cross_account_backup=crosses,
        # the management account administers AWS Backup anyway and can't be registered
        delegated_administrator=None if admin == accounts.management else admin,
    )
    return replace(estate, settings=settings)
