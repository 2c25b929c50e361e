"""`terraform show -json`, of a plan or a state -> drafts.

A plan leaves out what is known only after apply; `after_unknown` tells it from what nobody wrote.
Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from strongroom.documents import plandocument, selections, vaultparts, vaultpolicy, wirenames
from strongroom.documents.apidocument import place_of
from strongroom.documents.drafts import OWN_ACCOUNT, OWN_REGION, Draft, DraftPlan, DraftRule, DraftSelection, DraftVault
from strongroom.documents.fields import Fields
from strongroom.documents.nodes import Entry, Items, Members, Node, Opaque, Scalar, child, entries, find, items, text
from strongroom.documents.notes import Notes, shortened
from strongroom.domain.origin import Unread
from strongroom.domain.strategy import KeyKind, Lock

_LATER: Final = "it is known only after apply"
_KINDS: Final = frozenset(
    {
        *("aws_backup_plan", "aws_backup_selection", "aws_backup_vault", "aws_backup_vault_lock_configuration"),
        *("aws_backup_vault_policy", "aws_backup_logically_air_gapped_vault", "aws_organizations_policy"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a plan or state has of AWS Backup."""

    draft: Draft
    policies: tuple[tuple[str, Members], ...]  # name and content of backup policies


@dataclass(frozen=True, slots=True)
class _Resource:
    address: str
    kind: str
    values: Fields


def show(root: Members, notes: Notes, *, account: str | None = None, region: str | None = None) -> Shown | None:
    """Return what a plan or state has; None with a finding when it has nothing of AWS Backup."""
    reading = _Reading(root, notes, account, region)
    found = tuple(reading.resources())
    policies = tuple(policy for each in found if each.kind == "aws_organizations_policy" for policy in _policy(each, notes))
    own = tuple(each for each in found if each.kind != "aws_organizations_policy")
    if not own and not policies:
        notes.add("DOC024", root.place, "document", "no resource is a backup plan, selection, vault or policy", "check the file")
        return None
    return Shown(draft=reading.draft(own), policies=policies)


class _Reading:
    def __init__(self, root: Members, notes: Notes, account: str | None, region: str | None) -> None:
        self._root = root
        self._notes = notes
        self._account = account
        self._region = region
        self._unknown = {
            text(child(change, "address")) or "": find(change, "change", "after_unknown")
            for change in items(child(root, "resource_changes"))
        }
        self._configured = {
            text(child(each, "address")) or "": child(each, "expressions")
            for each in items(find(root, "configuration", "root_module", "resources"))
        }

    def resources(self) -> Iterator[_Resource]:
        """Yield the resources of AWS Backup in all modules."""
        modules = [find(self._root, top, "root_module") for top in ("planned_values", "values")]
        while modules:
            module = modules.pop(0)
            modules += items(child(module, "child_modules"))
            for each in items(child(module, "resources")):
                kind, address = text(child(each, "type")) or "", text(child(each, "address")) or "resource"
                values = child(each, "values")
                if kind in _KINDS and text(child(each, "mode")) != "data" and isinstance(values, Members):
                    whole = _overlaid(values, self._unknown.get(address))
                    if isinstance(whole, Members):
                        yield _Resource(address, kind, Fields(whole, shortened(address), self._notes, lenient=True))

    def draft(self, found: tuple[_Resource, ...]) -> Draft:
        """Return plans with their selections, and vaults with their locks."""
        locks: dict[str, Lock | Unread] = {}
        stray = False
        for each in found:
            if each.kind == "aws_backup_vault_lock_configuration":
                vault = each.values.text("backup_vault_name", required=True)
                stray = stray or not isinstance(vault, str)
                found_lock = vaultparts.lock(each.values, "min_retention_days", "max_retention_days", "changeable_for_days")
                locks |= {vault: found_lock} if isinstance(vault, str) else {}
            elif each.kind == "aws_backup_vault_policy":
                vaultpolicy.policy(each.values.value("policy"), each.values.subject, self._notes)
        missing = Unread("a lock names a vault that is unknown") if stray else None
        vaults = tuple(self._vault(each, locks, missing) for each in found if each.kind in _VAULTS)
        selected = [self._selection(each) for each in found if each.kind == "aws_backup_selection"]
        plans = [each for each in found if each.kind == "aws_backup_plan"]
        return Draft(
            name=shortened(self._notes.file.replace("\\", "/").rpartition("/")[2]),
            plans=tuple(self._plan(each, selected, alone=len(plans) == 1) for each in plans),
            vaults=tuple({(each.name, each.account, each.region): each for each in vaults}.values()),
            account=self._account,
            region=self._region,
        )

    def _plan(self, plan: _Resource, selected: list[tuple[str | None, DraftSelection]], *, alone: bool) -> DraftPlan:
        name = plan.values.text("name", required=True)
        named = name if isinstance(name, str) else plan.address
        identity = text(plan.values.value("id"))
        plan.values.subject = f"plan {named}"
        rules: tuple[DraftRule, ...] = plandocument.rules(plan.values, wirenames.TERRAFORM, strict=False)[0]
        own = tuple(each for target, each in selected if target in {plan.address, identity} or (target is None and alone))
        unsure = any(target is None for target, _ in selected) and not alone
        account, region = self._place(plan)
        return DraftPlan(
            name=named,
            rules=rules,
            selections=own,
            regions=(region,) if region else (),
            account=account,
            origin=plan.values.origin,
            selections_unread=Unread("the plan of a selection is unknown") if unsure else None,
        )

    def _selection(self, found: _Resource) -> tuple[str | None, DraftSelection]:
        """Return the plan's address or id (None: unknown) and the selection."""
        target = found.values.value("plan_id")
        plan = text(target)
        if plan is None:
            references = items(find(self._configured.get(found.address), "plan_id", "references"))
            named = {".".join((text(each) or "").split(".")[:2]) for each in references}
            plan = named.pop() if len(named) == 1 else None
        found.values.node = Members({k: e for k, e in found.values.node.entries.items() if k != "plan_id"}, found.values.node.place)
        return plan, selections.selection(found.values, selections.TERRAFORM, strict=False)

    def _vault(self, found: _Resource, locks: Mapping[str, Lock | Unread], stray: Unread | None) -> DraftVault:
        fields = found.values
        name = fields.text("name", required=True)
        named = name if isinstance(name, str) else found.address
        fields.subject = f"vault {named}"
        account, region = self._place(found)
        air_gapped = found.kind == "aws_backup_logically_air_gapped_vault"
        lock = vaultparts.lock(fields, "min_retention_days", "max_retention_days", None, air_gapped=True) if air_gapped else None
        return DraftVault(
            name=named,
            account=account or OWN_ACCOUNT,
            region=region or OWN_REGION,
            key=Unread("AWS may own the key of an air-gapped vault") if air_gapped else self._key(found),
            lock=lock or locks.get(named) or stray,
            origin=fields.origin,
        )

    def _key(self, vault: _Resource) -> KeyKind | Unread:
        """Return who manages a vault's key: the state names a key even where AWS chose it, the plan's configuration tells."""
        written = vault.values.value("kms_key_arn")
        address = vault.address.partition("[")[0]
        if address in self._configured:
            named = child(self._configured[address], "kms_key_arn")
            if named is None:
                return KeyKind.AWS_MANAGED
            return vaultparts.key_kind(text(written) or "a key that the plan makes")
        if text(written) in self._own_keys():
            return KeyKind.PER_ACCOUNT
        return Unread("who manages the key is not in the document")

    def _own_keys(self) -> frozenset[str]:
        """Return the ARNs of the KMS keys that the document manages itself."""
        resources = items(find(self._root, "values", "root_module", "resources"))
        arns = (text(find(each, "values", "arn")) for each in resources if text(child(each, "type")) == "aws_kms_key")
        return frozenset(arn for arn in arns if arn)

    def _place(self, found: _Resource) -> tuple[str | None, str | None]:
        account, region = place_of(text(found.values.value("arn")))
        return account or self._account, region or text(found.values.value("region")) or self._region


_VAULTS: Final = frozenset({"aws_backup_vault", "aws_backup_logically_air_gapped_vault"})


def _policy(found: _Resource, notes: Notes) -> Iterator[tuple[str, Members]]:
    kind = found.values.text("type")
    if kind == "BACKUP_POLICY":
        content = vaultpolicy.embedded(found.values.value("content"), f"policy {found.address}", notes)
        name = found.values.text("name")
        if content is not None:
            yield (name if isinstance(name, str) else found.address), content


def _overlaid(values: Node, unknown: Node | None) -> Node:
    """Return values with what is known only after apply as `Opaque`."""
    if isinstance(unknown, Scalar) and unknown.value is True:
        return Opaque(_LATER, values.place)
    if isinstance(values, Members) and isinstance(unknown, Members):
        made = {key: Entry(key, entry.place, _overlaid(entry.value, child(unknown, key))) for key, entry in values.entries.items()}
        for entry in entries(unknown):
            if entry.key not in made and isinstance(entry.value, Scalar) and entry.value.value is True:
                made[entry.key] = Entry(entry.key, values.place, Opaque(_LATER, values.place))
        return Members(made, values.place)
    if isinstance(values, Items) and isinstance(unknown, Items) and len(values.items) == len(unknown.items):
        return Items(tuple(_overlaid(each, other) for each, other in zip(values.items, unknown.items, strict=True)), values.place)
    return values
