"""What a snapshot shows of an organization's backups, as the parts of a strategy."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strongroom import ledger
from strongroom.domain.names import ResourceType
from strongroom.errors import CouldNotVerify
from strongroom.proof.adopting.accounts import few, governed_units, largest_group, members
from strongroom.proof.adopting.plans import FoundPlan, own_plans, policy_plans
from strongroom.proof.adopting.vaults import FoundKey, FoundVault, Vaults
from strongroom.proof.configured.documents import plan_documents

_PLACES = "SELECT DISTINCT account_id, region FROM reads WHERE subject = 'backup_plans' AND read ORDER BY ALL"
_VAULTS = """
    SELECT v.*, k.manager, k.multi_region, k.primary_arn
    FROM vaults AS v
    LEFT JOIN (
        SELECT arn, any_value(manager) AS manager, any_value(multi_region) AS multi_region, any_value(primary_arn) AS primary_arn
        FROM keys GROUP BY arn
    ) AS k ON k.arn = v.key_arn
    ORDER BY v.account_id, v.region, v.name"""
_NOT_READ = "SELECT DISTINCT account_id FROM reads WHERE NOT read ORDER BY ALL"
_OTHERS = (  # what is there and not taken over: table, its column of names, and what it is called
    ("restore_testing_plans", "name", "restore testing plans"),
    ("frameworks", "name", "frameworks of AWS Backup Audit Manager"),
    ("report_plans", "name", "report plans"),
    ("legal_holds", "title", "legal holds"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An organization's backups."""

    home_region: str
    regions: tuple[str, ...]
    names: Mapping[str, str]  # of accounts, by id
    governs: tuple[str, ...]
    backup_admin: str | None
    central: str | None
    log_archive: str | None
    opt_in: tuple[ResourceType, ...]
    role: str | None  # name of the role of the plans; None: no selection names one
    keys: tuple[FoundKey, ...]
    vaults: tuple[FoundVault, ...]
    plans: tuple[FoundPlan, ...]
    remarks: tuple[str, ...]  # what the strategy doesn't say of what is there


def find(snapshot: ledger.Snapshot) -> Found:
    """Return what a snapshot shows; raises CouldNotVerify when there is no plan, or no account below an OU."""
    with ledger.connect(snapshot) as connection:
        return _Finding(connection, dict(ledger.manifest(snapshot).source)).found()


class _Finding:
    def __init__(self, connection: Any, source: Mapping[str, str]) -> None:
        self.connection = connection
        self.source = source
        self.active = members(self.rows("SELECT * FROM accounts"))
        self.remarks: list[str] = []

    def rows(self, text: str) -> list[dict[str, Any]]:
        return ledger.rows(self.connection, text)

    def found(self) -> Found:
        places = [(row["account_id"], row["region"]) for row in self.rows(_PLACES)]
        documents = plan_documents(self.connection, set(places), None)
        policies = {row["account_id"]: row["content"] for row in self.rows("SELECT account_id, content FROM effective_policies")}
        group, others = largest_group(policies, self.active)
        vaults = Vaults(self.rows(_VAULTS))
        of_policies = tuple(policy_plans(documents, group))
        of_accounts = tuple(own_plans(documents, {member.id for member in self.active}, self.remarks))
        if not of_policies and not of_accounts:
            raise CouldNotVerify(
                "the snapshot shows no backup plan in any account", hint="start from a template: strongroom init --template minimal"
            )
        governs = self._governs(group or {plan.account or "" for plan in of_accounts})
        central = self._central((*of_policies, *of_accounts), group)
        plans = vaults.placed((*of_policies, *of_accounts), group, central)
        regions = self._regions([*(region for plan in plans for region in plan.regions), *vaults.regions()])
        if others:
            names = few([f"{self._names[each]} ({each})" for each in others])
            self.remarks.append(f"{len(others)} accounts have other backup policies, which this strategy does not describe: {names}")
        self._remark_on_others(vaults)
        role, more = self._roles(documents)
        if more:
            self.remarks.append(f"some selections name other roles, which verify does not look at: {few(more)}")
        return Found(
            home_region=regions[0],
            regions=regions,
            names=self._names,
            governs=governs,
            backup_admin=self._backup_admin(),
            central=central,
            log_archive=next((each.id for each in self.active if "log" in each.name.lower()), None),
            opt_in=self._opt_in(regions),
            role=role,
            keys=vaults.keys(),
            vaults=vaults.found(len(group)),
            plans=plans,
            remarks=tuple(self.remarks),
        )

    @property
    def _names(self) -> dict[str, str]:
        return {member.id: member.name for member in self.active}

    def _governs(self, group: set[str] | frozenset[str]) -> tuple[str, ...]:
        units, outside = governed_units(self.active, group)
        if outside:
            self.remarks.append(f"{len(outside)} accounts have these plans and are in no OU that governs could name: {few(outside)}")
        units = units or tuple(sorted({member.ou_path.split("/")[0] for member in self.active if member.ou_path}))
        if not units:
            raise CouldNotVerify(
                "no account is below an OU: governs has nothing to name", hint="move the accounts into an OU, then: strongroom sync"
            )
        return units

    def _central(self, plans: tuple[FoundPlan, ...], group: frozenset[str]) -> str | None:
        counts = Counter(
            str(copy.account) for plan in plans for rule in plan.rules for copy in rule.copies if isinstance(copy.account, str)
        )
        return min(counts, key=lambda account: (account in group, -counts[account], account)) if counts else None

    def _regions(self, used: list[str]) -> tuple[str, ...]:
        synced = [each for each in self.source.get("regions", "").split(",") if each]
        home = synced[0] if synced else min(used)
        regions = tuple(dict.fromkeys((home, *sorted(used))))
        if unread := [each for each in regions if synced and each not in synced]:
            self.remarks.append(
                f"plans and copies name Regions that were not read: {', '.join(unread)}; sync with this file, then init again"
            )
        return regions

    def _backup_admin(self) -> str | None:
        found = [row["name"] for row in self.rows("SELECT name FROM settings WHERE kind = 'delegated_administrator' ORDER BY name")]
        if len(found) > 1:
            self.remarks.append(f"AWS Backup has {len(found)} delegated administrators, of which a strategy names one: {few(found)}")
        return found[0] if found else None

    def _opt_in(self, regions: tuple[str, ...]) -> tuple[ResourceType, ...]:
        management = next((member.id for member in self.active if member.management), "")
        known: dict[str, set[str]] = {}
        for row in self.rows("SELECT account_id, region, name, value FROM settings WHERE kind = 'opt_in'"):
            if row["account_id"] == management and row["value"] == "true":
                known.setdefault(row["region"], set()).add(row["name"])
        everywhere = set.intersection(*(known.get(region, set()) for region in regions))
        somewhere = set().union(*(known.get(region, set()) for region in regions)) - everywhere
        if somewhere:
            self.remarks.append(f"types that are opted in in some of the Regions only, and left out here: {few(somewhere)}")
        return tuple(kind for kind in ResourceType if kind.value in everywhere)

    def _roles(self, documents: Mapping[Any, Any]) -> tuple[str | None, tuple[str, ...]]:
        counts = Counter(row["role_arn"].rpartition("/")[2] for row in self.rows("SELECT role_arn FROM selections") if row["role_arn"])
        if not counts or not documents:
            return None, ()
        most = min(counts, key=lambda name: (-counts[name], name))
        return most, tuple(name for name in counts if name != most)

    def _remark_on_others(self, vaults: Vaults) -> None:
        if unused := vaults.unused():
            self.remarks.append(f"vaults that no plan uses: {few(unused)}")
        for table, column, called in _OTHERS:
            if names := self._named(table, column):
                self.remarks.append(f"{called} that are there and not taken over: {few(names)}")
        if unread := [row["account_id"] for row in self.rows(_NOT_READ)]:
            self.remarks.append(f"what is in {len(unread)} accounts could be read in part only, so that there may be more: {few(unread)}")

    def _named(self, table: str, column: str) -> set[str]:
        return {row["name"] for row in self.rows(f"SELECT DISTINCT {column} AS name FROM {table}")}  # noqa: S608 - our own names
