"""CloudFormation templates -> drafts: AWS::Backup plans, selections and vaults, and the keys that vaults name.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Backup.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from strongroom.documents import plandocument, selections, vaultparts, vaultpolicy, verdicts, wirenames
from strongroom.documents.drafts import OWN_ACCOUNT, OWN_REGION, Draft, DraftPlan, DraftRule, DraftSelection, DraftVault
from strongroom.documents.fields import Fields
from strongroom.documents.intrinsics import Template
from strongroom.documents.kinds import Kind
from strongroom.documents.nodes import Members, Node, Opaque, child, entries, items, text
from strongroom.documents.notes import Notes, shortened
from strongroom.documents.roles import WrittenRole, note_roles
from strongroom.domain.origin import Unread
from strongroom.domain.strategy import Lock

_PLAN: Final = "AWS::Backup::BackupPlan"
_SELECTION: Final = "AWS::Backup::BackupSelection"
_VAULT: Final = "AWS::Backup::BackupVault"
_AIR_GAPPED: Final = "AWS::Backup::LogicallyAirGappedBackupVault"
_ROLE: Final = "AWS::IAM::Role"
_TOPIC_POLICY: Final = "AWS::SNS::TopicPolicy"
_KEYS: Final = frozenset({"AWS::KMS::Key", "AWS::KMS::ReplicaKey"})
_GIVERS: Final = frozenset({"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"})
_ACCESS: Final = frozenset({_ROLE, _TOPIC_POLICY, *_KEYS, *_GIVERS})
_VAULT_KEYS: Final = frozenset(
    {"BackupVaultName", "EncryptionKeyArn", "LockConfiguration", "AccessPolicy", "Notifications", "BackupVaultTags"}
)
_AIR_GAPPED_KEYS: Final = frozenset(
    {
        *("BackupVaultName", "EncryptionKeyArn", "MinRetentionDays", "MaxRetentionDays", "AccessPolicy", "Notifications"),
        *("BackupVaultTags", "MpaApprovalTeamArn", "VaultType"),
    }
)


def template(root: Members, notes: Notes, *, account: str | None = None, region: str | None = None) -> Draft | None:
    """Return what a template deploys; None with a finding when it has nothing of AWS Backup."""
    return _Reading(root, notes, account, region).draft()


@dataclass(slots=True)
class _Reading:
    root: Members
    notes: Notes
    account: str | None
    region: str | None

    def draft(self) -> Draft | None:
        parts = tuple(self._resources())
        if not any(kind.startswith("AWS::Backup::") for _, kind, _ in parts):
            text_ = "no resource of the template is a backup plan, selection or vault"
            self.notes.add("DOC024", self.root.place, "template", text_, "check that this is the right file")
            return None
        vaults = tuple(self._vault(logical, properties, kind) for logical, kind, properties in parts if kind in {_VAULT, _AIR_GAPPED})
        selected = [self._selection(properties) for _, kind, properties in parts if kind == _SELECTION]
        plans = tuple(self._plan(logical, properties, selected) for logical, kind, properties in parts if kind == _PLAN)
        self._note_strangers(selected, {plan_id for plan_id, kind, _ in parts if kind == _PLAN})
        beside = tuple(self._beside())
        note_roles((each for _, each in selected if each is not None), self._roles(beside), self.notes)
        self._judge_keys(parts, beside)
        self._judge_topics(parts, beside)
        name = shortened(self.notes.file.replace("\\", "/").rpartition("/")[2])
        return Draft(name=name, plans=plans, vaults=vaults, account=self.account, region=self.region)

    def _resources(self) -> Iterator[tuple[str, str, Fields]]:
        """Yield logical id, type and properties of what can be deployed."""
        resolver = Template(self.root, self.notes, region=self.region)
        for entry in entries(child(self.root, "Resources")):
            if entry.key.startswith("Fn::"):
                message = f"the resources of {shortened(entry.key)} are only known when it is deployed"
                self.notes.add("DOC011", entry.place, entry.key, message, "check what is deployed")
                continue
            kind = text(child(entry.value, "Type")) or ""
            if not kind.startswith("AWS::Backup::") or resolver.is_left_out(entry.value):
                continue
            written = child(entry.value, "Properties")
            properties = resolver.resolved(written) if written is not None else Members({}, entry.value.place)
            if isinstance(properties, Members):
                yield entry.key, kind, Fields(Members(properties.entries, entry.place), entry.key, self.notes, lenient=True)
            elif isinstance(properties, Opaque):
                message = f"the properties of {entry.key} are unknown: {properties.reason}"
                self.notes.add("DOC011", entry.place, entry.key, message, "check what is deployed")
            else:
                self.notes.add("DOC009", entry.place, entry.key, f"Properties of {entry.key} is no object", "write an object")

    def _beside(self) -> Iterator[tuple[str, str, str, Members]]:
        """Yield logical id, name, type and properties of what decides who may do what; parameters are not noted a second time."""
        resolver = Template(self.root, Notes(self.notes.file), region=self.region)
        for entry in entries(child(self.root, "Resources")):
            kind = text(child(entry.value, "Type")) or ""
            if kind in _ACCESS and not resolver.is_left_out(entry.value):
                properties = resolver.resolved(child(entry.value, "Properties") or Members({}, entry.place))
                if isinstance(properties, Members):
                    yield entry.key, resolver.name_of(entry.key), kind, Members(properties.entries, entry.place)

    def _roles(self, beside: tuple[tuple[str, str, str, Members], ...]) -> Iterator[WrittenRole]:
        """Yield the roles; one that something else may give policies to has some that aren't known."""
        more = any(kind in _GIVERS for _, _, kind, _ in beside)
        for _, name, kind, properties in beside:
            if kind != _ROLE:
                continue
            arns = [text(each) for each in items(child(properties, "ManagedPolicyArns"))]
            sure = not more and "Policies" not in properties.entries and None not in arns
            trust = child(properties, "AssumeRolePolicyDocument")
            yield WrittenRole(
                name=name,
                trust=trust if isinstance(trust, Members) else None,
                policies=tuple(each for each in arns if each) if sure else Unread("it may have other policies"),
                place=properties.place,
            )

    def _judge_keys(self, parts: tuple[tuple[str, str, Fields], ...], beside: tuple[tuple[str, str, str, Members], ...]) -> None:
        used = {str(text(properties.value("EncryptionKeyArn"))).rpartition("/")[2] for _, kind, properties in parts if kind == _VAULT}
        for logical, _, kind, properties in beside:
            policy = child(properties, "KeyPolicy")
            if kind in _KEYS and logical in used and isinstance(policy, Members):
                verdicts.of_key(policy, f"policy of key {logical}", self.notes, used=True)

    def _judge_topics(self, parts: tuple[tuple[str, str, Fields], ...], beside: tuple[tuple[str, str, str, Members], ...]) -> None:
        if any(properties.value("Notifications") is not None for _, _, properties in parts):
            for logical, _, kind, properties in beside:
                policy = child(properties, "PolicyDocument")
                if kind == _TOPIC_POLICY and isinstance(policy, Members):
                    verdicts.of_topic(policy, f"topic policy {logical}", self.notes)

    def _plan(self, logical: str, properties: Fields, selected: list[tuple[str | None, DraftSelection | None]]) -> DraftPlan:
        properties.subject = f"plan {logical}"
        properties.only({"BackupPlan", "BackupPlanTags"})
        body = properties.object("BackupPlan")
        name = logical
        rules: tuple[DraftRule, ...] = ()
        unread = Unread("the plan can't be read") if not isinstance(body, Fields) else None
        if body is None:
            properties.missing("BackupPlan")
        if isinstance(body, Fields):
            body.only(wirenames.CLOUDFORMATION.plan_keys)
            name = _named(body, "BackupPlanName", logical, required=True)
            body.subject = f"plan {name}"
            rules, _ = plandocument.rules(body, wirenames.CLOUDFORMATION)
        own = tuple(each for plan, each in selected if each is not None and plan == logical)
        if any(plan is None or each is None for plan, each in selected):
            unread = Unread("the plan of a selection is unknown")
        return DraftPlan(
            name=name,
            rules=rules,
            selections=own,
            regions=(self.region,) if self.region else (),
            account=self.account,
            origin=properties.origin,
            selections_unread=unread,
        )

    def _selection(self, properties: Fields) -> tuple[str | None, DraftSelection | None]:
        """Return the plan's logical id and the selection; None for what is unknown."""
        properties.subject = f"selection {properties.subject}"
        properties.only({"BackupPlanId", "BackupSelection"})
        plan = properties.text("BackupPlanId", required=True)
        body = properties.object("BackupSelection")
        if body is None:
            properties.missing("BackupSelection")
        found = selections.selection(body, selections.API) if isinstance(body, Fields) else None
        return (plan if isinstance(plan, str) else None), found

    def _note_strangers(self, selected: list[tuple[str | None, DraftSelection | None]], plans: set[str]) -> None:
        for plan, each in selected:
            if plan is not None and each is not None and plan not in plans:
                message = f"{each.subject} belongs to plan {shortened(plan)}, which is not in the template"
                self.notes.add("DOC012", each.origin, each.subject, message, "check it together with the plan")

    def _vault(self, logical: str, properties: Fields, kind: str) -> DraftVault:
        air_gapped = kind == _AIR_GAPPED
        name = _named(properties, "BackupVaultName", logical, required=True)
        properties.subject = f"vault {name}"
        selections.note_console_vault(self.notes, properties.place("BackupVaultName"), properties.subject, name)
        properties.only(_AIR_GAPPED_KEYS if air_gapped else _VAULT_KEYS)
        policy = properties.value("AccessPolicy")
        if policy is not None:
            subject = f"policy of vault {name}"
            verdicts.of_policy(Kind.VAULT_POLICY, vaultpolicy.policy(policy, subject, self.notes, lenient=True), subject, self.notes)
        key = properties.text("EncryptionKeyArn")
        return DraftVault(
            name=name,
            account=OWN_ACCOUNT,
            region=self.region or OWN_REGION,
            key=Unread("AWS owns the key of an air-gapped vault") if air_gapped and key is None else vaultparts.key_kind(key),
            lock=_air_gapped_lock(properties) if air_gapped else _lock(properties),
            origin=properties.origin,
        )


def _lock(properties: Fields) -> Lock | Unread | None:
    written = properties.object("LockConfiguration", properties.subject)
    if written is None or isinstance(written, Unread):
        return written
    written.only({"MinRetentionDays", "MaxRetentionDays", "ChangeableForDays"})
    if written.value("MinRetentionDays") is None:
        written.missing("MinRetentionDays")
    return vaultparts.lock(written, "MinRetentionDays", "MaxRetentionDays", "ChangeableForDays")


def _air_gapped_lock(properties: Fields) -> Lock | Unread:
    for key in ("MinRetentionDays", "MaxRetentionDays"):
        if properties.value(key) is None:
            properties.missing(key)
    return vaultparts.lock(properties, "MinRetentionDays", "MaxRetentionDays", None, air_gapped=True)


def _named(fields: Fields, key: str, logical: str, *, required: bool) -> str:
    """Return a name, or the logical id for one that is made up at deployment: it stands for itself everywhere."""
    node: Node | None = fields.value(key)
    if isinstance(node, Opaque):
        return logical
    name = fields.text(key, required=required)
    return name if isinstance(name, str) and name else logical
