"""The link `equipped`, as far as it doesn't depend on the single resource: role, vaults, keys, settings, policies, locks."""

from dataclasses import dataclass

from strongroom.domain.estate import Estate
from strongroom.domain.names import RetentionDays
from strongroom.proof.access import lets_copies_in, trusts_backup
from strongroom.proof.declared import Leg
from strongroom.proof.links import LinkState
from strongroom.proof.observed import Observed, ObservedVault
from strongroom.proof.scope import Account, Scope
from strongroom.proof.verdicts import PROVEN, Verdict, broken, doubtful, unknown, worst
from strongroom.semantics.lifecycle import outside_lock

GLOBAL_SETTING = "isCrossAccountBackupEnabled"


@dataclass(frozen=True, slots=True)
class EquippedJudge:
    """Judges the equipment of places."""

    estate: Estate
    scope: Scope
    observed: Observed

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
        if not trusts_backup(found[1]):
            return broken("VRF021", f"role {name} can't be assumed by AWS Backup")
        return PROVEN

    def vault(self, account: str, region: str, name: str, keep: RetentionDays) -> Verdict:
        """Return whether a vault is there, its key usable and its lock content with a retention."""
        unread = self.observed.readings.missing(account, region, "vaults")
        if unread:
            return unknown(unread)
        found = self.observed.vaults.get((account, region, name))
        if found is None:
            return broken("VRF022", f"backup vault {name} does not exist in {region}")
        if outside_lock(keep, found.min_days, found.max_days):
            kept = f"{keep} days" if isinstance(keep, int) else "forever"
            bounds = f"{found.min_days or 1} to {found.max_days or 'any number of'} days"
            return broken("VRF027", f"vault {name} in {region} is locked to {bounds}, the retention is {kept}")
        return self._key(account, region, name, found)

    def copy(self, leg: Leg, account: Account, region: str) -> Verdict:
        """Return whether copies from an account and Region may reach the destination of a leg."""
        owner, where = leg.place(account.id, region)
        destination = self.vault(owner, where, leg.vault_name, leg.keep)
        if owner == account.id:
            return destination
        return worst(destination, self._cross_account(), self._lets_in(leg, account, owner, where))

    def cross_account_enabled(self) -> bool | None:
        """Return the organization's switch for copies between accounts; None: not read."""
        management = self.scope.management
        if self.observed.readings.missing(management, "", "settings"):
            return None
        kinds = [values for (account, _, kind), values in self.observed.settings.items() if account == management and kind == "global"]
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

    def _lets_in(self, leg: Leg, account: Account, owner: str, region: str) -> Verdict:
        found = self.observed.vaults.get((owner, region, leg.vault_name))
        if found is None:  # `vault` has said why
            return PROVEN
        allowed = lets_copies_in(found.access_policy, account, self._organization_id())
        if allowed is None:
            return doubtful(f"the access policy of vault {leg.vault_name} in {region} has conditions that are not interpreted")
        return PROVEN if allowed else broken("VRF025", f"the access policy of vault {leg.vault_name} in {region} does not let copies in")

    def _organization_id(self) -> str:
        return self.observed.settings.get((self.scope.management, "", "organization"), {}).get("id", "")

    def _key(self, account: str, region: str, name: str, vault: ObservedVault) -> Verdict:
        if vault.key_arn is None:
            return PROVEN
        unread = self.observed.readings.missing(account, region, "keys")
        if unread:
            return unknown(unread)
        key = self.observed.keys.get(vault.key_arn)
        if key is None:
            return doubtful(f"key {vault.key_arn} of vault {name} was not found in the account")
        if key[1] != "Enabled":
            return broken("VRF023", f"the key of vault {name} in {region} is {key[1]}")
        return PROVEN
