"""The link `equipped`, as far as it doesn't depend on the single resource: role, vaults, keys, settings, policies, locks."""

from dataclasses import dataclass
from functools import cached_property

from strongroom.domain.estate import Estate
from strongroom.domain.names import RetentionDays
from strongroom.proof.access import Rights
from strongroom.proof.declared import Leg
from strongroom.proof.links import LinkState
from strongroom.proof.observed import Observed, ObservedVault
from strongroom.proof.scope import Account, Scope
from strongroom.proof.verdicts import PROVEN, Verdict, broken, doubtful, unknown, worst
from strongroom.semantics.authorization.model import Verdict as Answer
from strongroom.semantics.lifecycle import outside_lock

GLOBAL_SETTING = "isCrossAccountBackupEnabled"


@dataclass(frozen=True)
class EquippedJudge:
    """Judges the equipment of places."""

    estate: Estate
    scope: Scope
    observed: Observed
    rights: Rights

    def role(self, account: str, selected: Verdict) -> Verdict:
        """Return whether AWS Backup can assume the role in an account.

        A role that no selection names is not looked for; then the reason is that of `selected`.
        """
        unread = self.observed.readings.missing(account, "", "roles")
        if unread:
            return unknown(unread)
        name = self.estate.roles.backup
        found = self.observed.roles.get((account, name))
        if found is None and selected.state is not LinkState.PROVEN:
            return selected
        if found is None or not found[0]:
            return broken("VRF020", f"role {name} does not exist")
        unread = self.rights.unread(account)
        return worst(self._assumed(account, name), unknown(unread) if unread else PROVEN)

    def _assumed(self, account: str, name: str) -> Verdict:
        found = self.rights.assumes(account, name)
        if found.verdict is Answer.UNKNOWN:
            return doubtful(f"whether role {name} can be assumed by AWS Backup depends on {', '.join(found.missing)}")
        return PROVEN if found.verdict is Answer.ALLOWED else broken("VRF021", f"role {name} can't be assumed by AWS Backup")

    def vault(self, account: str, region: str, name: str, keep: RetentionDays, *, named: bool = False) -> Verdict:
        """Return whether a vault is there, its key usable and its lock content with a retention; `named`: say whose it is."""
        whose = f" (account {account})" if named else ""
        unread = self.observed.readings.missing(account, region, "vaults")
        if unread:
            return unknown(unread)
        found = self.observed.vaults.get((account, region, name))
        if found is None:
            return broken("VRF022", f"backup vault {name} does not exist in {region}{whose}")
        if outside_lock(keep, found.min_days, found.max_days):
            kept = f"{keep} days" if isinstance(keep, int) else "forever"
            bounds = f"{found.min_days or 1} to {found.max_days or 'any number of'} days"
            return broken("VRF027", f"vault {name} in {region} is locked to {bounds}, the retention is {kept}{whose}")
        return self._key(account, region, name, found, named=named)

    def copy(self, leg: Leg, account: Account, region: str) -> Verdict:
        """Return whether copies from an account and Region may reach the destination of a leg."""
        owner, where = leg.place(account.id, region)
        destination = self.vault(owner, where, leg.vault_name, leg.keep, named=leg.account is not None)
        return destination if owner == account.id else worst(destination, self._cross_account())

    def cross_account_enabled(self) -> bool | None:
        """Return the organization's switch for copies between accounts; None: not read."""
        if self.observed.readings.missing(self.scope.management, "", "settings"):
            return None
        return self._crosses_accounts

    @cached_property
    def _crosses_accounts(self) -> bool:
        settings = self.observed.settings.items()
        kinds = [values for (account, _, kind), values in settings if account == self.scope.management and kind == "global"]
        return any(values.get(GLOBAL_SETTING) == "true" for values in kinds)

    def key_manager(self, account: str, region: str, name: str) -> str | None:
        """Return AWS or CUSTOMER for the key of a vault; None: not known."""
        found = self.observed.vaults.get((account, region, name))
        key = self.observed.keys.get(found.key_arn) if found and found.key_arn else None
        return key[0] if key else None

    def _cross_account(self) -> Verdict:
        enabled = self.cross_account_enabled()
        if enabled is None:
            unread = self.observed.readings.missing(self.scope.management, "", "settings")
            return unknown(unread) if unread else PROVEN
        return PROVEN if enabled else broken("VRF024", f"{GLOBAL_SETTING} is off in the organization")

    def _key(self, account: str, region: str, name: str, vault: ObservedVault, *, named: bool) -> Verdict:
        if vault.key_arn is None:
            return PROVEN
        unread = self.observed.readings.missing(account, region, "keys")
        if unread:
            return unknown(unread)
        key = self.observed.keys.get(vault.key_arn)
        if key is None:
            return doubtful(f"key {vault.key_arn} of vault {name} was not found in the account")
        if key[1] != "Enabled":
            whose = f" (account {account}, {vault.key_arn})" if named else ""
            return broken("VRF023", f"the key of vault {name} in {region} is {key[1]}{whose}")
        return PROVEN
