"""`terraform show -json`, of a plan or a state -> drafts.

A plan leaves out what is known only after apply; `after_unknown` tells it from what nobody wrote.
Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from strongroom.documents import plandocument, selections, vaultparts, vaultpolicy, verdicts, wirenames
from strongroom.documents.apidocument import place_of
from strongroom.documents.drafts import OWN_ACCOUNT, OWN_REGION, Draft, DraftPlan, DraftRule, DraftSelection, DraftVault
from strongroom.documents.fields import Fields
from strongroom.documents.kinds import Kind
from strongroom.documents.nodes import Entry, Items, Members, Node, Opaque, Place, Scalar, child, entries, find, items, text
from strongroom.documents.notes import Notes, shortened
from strongroom.documents.roles import WrittenRole, note_roles
from strongroom.domain.origin import Unread
from strongroom.domain.strategy import KeyKind, Lock

_LATER: Final = "it is known only after apply"
_KINDS: Final = frozenset(
    {
        *("aws_backup_plan", "aws_backup_selection", "aws_backup_vault", "aws_backup_vault_lock_configuration"),
        *("aws_backup_vault_policy", "aws_backup_logically_air_gapped_vault"),
        *("aws_organizations_policy", "aws_organizations_policy_attachment"),
    }
)
_ORGANIZATION: Final = frozenset({"aws_organizations_policy", "aws_organizations_policy_attachment"})
_GIVERS: Final = frozenset({"aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_policy_attachment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A policy of the organization on one target."""

    policy: str  # address of a backup policy of the document, or the id of another one; empty: unknown
    target: str  # id of a root, OU or account; where that is unknown, what it is called in the configuration
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a plan or state has of AWS Backup."""

    draft: Draft
    policies: Mapping[str, tuple[str, Members]]  # name and content of backup policies, by address
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class _Resource:
    address: str
    kind: str
    values: Fields


def show(root: Members, notes: Notes, *, account: str | None = None, region: str | None = None) -> Shown | None:
    """Return what a plan or state has; None with a finding when it has nothing of AWS Backup."""
    reading = _Reading(root, notes, account, region)
    found = tuple(reading.resources())
    written = tuple(each for each in found if each.kind == "aws_organizations_policy")
    policies = {each.address: policy for each in written for policy in _policy(each, notes)}
    own = tuple(each for each in found if each.kind not in _ORGANIZATION)
    if not own and not policies:
        notes.add("DOC024", root.place, "document", "no resource is a backup plan, selection, vault or policy", "check the file")
        return None
    attached = tuple(each for each in found if each.kind == "aws_organizations_policy_attachment")
    others = frozenset(each.address for each in written if each.address not in policies)  # tag policies and the like
    return Shown(draft=reading.draft(own), policies=policies, attachments=tuple(reading.attachments(attached, written, others)))


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
        yield from self._of_kinds(_KINDS)

    def _of_kinds(self, kinds: frozenset[str]) -> Iterator[_Resource]:
        modules = [find(self._root, top, "root_module") for top in ("planned_values", "values")]
        while modules:
            module = modules.pop(0)
            modules += items(child(module, "child_modules"))
            for each in items(child(module, "resources")):
                kind, address = text(child(each, "type")) or "", text(child(each, "address")) or "resource"
                values = child(each, "values")
                if kind in kinds and text(child(each, "mode")) != "data" and isinstance(values, Members):
                    whole = _overlaid(values, self._unknown.get(address))
                    if isinstance(whole, Members):
                        yield _Resource(address, kind, Fields(whole, shortened(address), self._notes, lenient=True))

    def attachments(self, attached: tuple[_Resource, ...], written: tuple[_Resource, ...], others: frozenset[str]) -> Iterator[Attachment]:
        """Yield what is attached where, without what is no backup policy."""
        addresses = {text(each.values.value("id")): each.address for each in written}
        for each in attached:
            known = text(each.values.value("policy_id"))
            policy = (addresses.get(known, known) if known else self._referred(each.address, "policy_id")) or ""
            target = text(each.values.value("target_id")) or self._referred(each.address, "target_id") or each.address
            if policy not in others:
                yield Attachment(policy=policy, target=target, place=each.values.node.place)

    def _referred(self, address: str, name: str) -> str | None:
        """Return the address of the one resource that an expression refers to."""
        references = items(find(self._configured.get(address.partition("[")[0]), name, "references"))
        named = {".".join((text(each) or "").split(".")[:2]) for each in references}
        return named.pop() if len(named) == 1 else None

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
                policy = vaultpolicy.policy(each.values.value("policy"), each.values.subject, self._notes)
                verdicts.of_policy(Kind.VAULT_POLICY, policy, each.values.subject, self._notes)
        missing = Unread("a lock names a vault that is unknown") if stray else None
        vaults = tuple(self._vault(each, locks, missing) for each in found if each.kind in _VAULTS)
        selected = [self._selection(each) for each in found if each.kind == "aws_backup_selection"]
        roles = dict(self._roles())
        note_roles(self._with_roles(found, selected, roles), roles.values(), self._notes)
        plans = [each for each in found if each.kind == "aws_backup_plan"]
        return Draft(
            name=shortened(self._notes.file.replace("\\", "/").rpartition("/")[2]),
            plans=tuple(self._plan(each, selected, alone=len(plans) == 1) for each in plans),
            vaults=tuple({(each.name, each.account, each.region): each for each in vaults}.values()),
            account=self._account,
            region=self._region,
        )

    def _with_roles(
        self, found: tuple[_Resource, ...], selected: list[tuple[str | None, DraftSelection]], roles: Mapping[str, WrittenRole]
    ) -> Iterator[DraftSelection]:
        """Yield the selections; where the ARN of the role is known only after apply, the configuration says whose it is."""
        written = (each for each in found if each.kind == "aws_backup_selection")
        for each, (_, selection) in zip(written, selected, strict=True):
            role = roles.get(self._referred(each.address, "iam_role_arn") or "")
            yield selection if isinstance(selection.role, str) or role is None else replace(selection, role=f"role/{role.name}")

    def _roles(self) -> Iterator[tuple[str, WrittenRole]]:
        """Yield the roles that the document declares by address, with the policies attached to them one by one."""
        given = tuple(self._of_kinds(_GIVERS))
        for found in self._of_kinds(frozenset({"aws_iam_role"})):
            name = text(found.values.value("name"))
            trust = vaultpolicy.embedded(found.values.value("assume_role_policy"), found.address, Notes(self._notes.file))
            mine = [each for each in given if self._gives_to(each, name, found.address)]
            arns = [text(each.values.value("policy_arn")) for each in mine if each.kind == "aws_iam_role_policy_attachment"]
            own = any(items(found.values.value(key)) for key in ("inline_policy", "managed_policy_arns"))
            sure = len(arns) == len(mine) and None not in arns and not own
            if name is not None:
                policies = tuple(each for each in arns if each) if sure else Unread("it may have other policies")
                yield found.address, WrittenRole(name=name, trust=trust, policies=policies, place=found.values.node.place)

    def _gives_to(self, giver: _Resource, name: str | None, address: str) -> bool:
        """Tell whether something may give policies to a role: it names the role, or doesn't say which one."""
        target = text(giver.values.value("role")) or self._referred(giver.address, "role")
        return target is None or target in {name, address}

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
            plan = self._referred(found.address, "plan_id")
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
    if kind == "SERVICE_CONTROL_POLICY":
        subject = f"policy {found.address}"
        verdicts.of_policy(Kind.SCP, vaultpolicy.embedded(found.values.value("content"), subject, notes), subject, notes)
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
