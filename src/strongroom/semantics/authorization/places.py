"""Where an operation of AWS Backup happens: vaults, keys, roles and who asks; and which ARN each of its calls is for.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from strongroom import facts
from strongroom.domain.names import Arn, ResourceType
from strongroom.domain.origin import Unread

Key = str | Unread | None  # ARN; None: not encrypted, or under a key of AWS's own that needs no permission


class Operation(StrEnum):
    """What AWS Backup does, or what somebody asks it for."""

    BACKUP = "backup"
    COPY = "copy"  # within the account and Region; to others by what its places say
    COPY_BACK = "copy back"  # from the account that keeps copies into the account that lost its data
    RESTORE = "restore"
    RESTORE_TEST = "restore test"
    DELETE = "delete"
    EXPIRE = "expire"  # deletion at the end of the lifecycle
    CHANGE_LIFECYCLE = "lifecycle change"
    LOCK = "lock change"
    UNLOCK = "lock removal"
    HOLD = "hold"
    RELEASE = "hold release"
    CREATE_VAULT = "vault creation"
    NOTIFY = "notification"
    REPORT = "report"


class Maker(StrEnum):
    """Who makes a call."""

    JOB_ROLE = "job role"  # that AWS Backup was given: of the backup, the copy or the restore
    CALLER = "caller"  # who uses AWS Backup's API
    SERVICE_LINKED = "service-linked role"  # AWSServiceRoleForBackup of the vault's account
    DESTINATION_LINKED = "destination's service-linked role"
    TESTING_LINKED = "restore testing role"  # AWSServiceRoleForBackupRestoreTesting
    REPORTS_LINKED = "reports role"  # AWSServiceRoleForBackupReports
    SERVICE = "AWS Backup"  # backup.amazonaws.com
    STORAGE = "AWS Backup storage"  # backup-storage.amazonaws.com, which encrypts what vaults hold


class When(StrEnum):
    """What makes a difference to the calls."""

    CONTINUOUS = "continuous"
    BASIC_DYNAMODB = facts.BASIC_DYNAMODB
    COPY = "copy"  # the recovery point is a copy: another account's service-linked role made it, under the vault's key
    ARCHIVED = "archived"  # EBS: to the archive, or from it
    VSS = "VSS"
    SETTING_UP = "setting up"  # the selection or the notification is being made
    NO_SERVICE_LINKED_ROLE = "no service-linked role"
    INTO_AIR_GAPPED = "into an air-gapped vault"
    OUT_OF_AIR_GAPPED = "out of an air-gapped vault"


_TO_REGION: Final = "copy to another Region"
_TO_ACCOUNT: Final = "copy to another account"
_BY_HAND: Final = "by hand"
_AIR_GAPPED: Final = "air-gapped"
_INSTANCE_PROFILE: Final = "instance profile"
_DESTINATION_ALIAS: Final = "destination alias"
_SERVICES: Final = {Maker.SERVICE: "backup.amazonaws.com", Maker.STORAGE: "backup-storage.amazonaws.com"}
_LINKED: Final = {
    Maker.SERVICE_LINKED: "backup.amazonaws.com/AWSServiceRoleForBackup",
    Maker.DESTINATION_LINKED: "backup.amazonaws.com/AWSServiceRoleForBackup",
    Maker.TESTING_LINKED: "restore-testing.backup.amazonaws.com/AWSServiceRoleForBackupRestoreTesting",
    Maker.REPORTS_LINKED: "reports.backup.amazonaws.com/AWSServiceRoleForBackupReports",
}
_OWN_FORM: Final = "arn:{partition}:backup:{region}:{account}:recovery-point:00000000-0000-0000-0000-000000000000"
_STAY_UNENCRYPTED: Final = frozenset({ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE})  # copies of unencrypted ones
_TESTING_PLAN: Final = "arn:{partition}:backup:{region}:{account}:restore-testing-plan:example-00000000"
_LEGAL_HOLD: Final = "arn:{partition}:backup:{region}:{account}:legal-hold:00000000"
_AT_DESTINATION: Final = frozenset({"destination vault", "destination key", "new recovery point"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The things that an operation touches, as ARNs; what isn't known before, such as a new snapshot, has an example of its form.

    Keys are ARNs of the Region at hand: for a multi-Region key that of the replica, whose policy is its own.
    """

    job_role: str
    vault: str  # of the recovery point; of a copy its source
    source: str = ""  # the protected resource
    recovery_point: str = ""
    caller: str = ""  # who asks; empty: AWS Backup works by its schedule
    destination_vault: str = ""  # copies only
    destination_path: str = ""  # o-…/r-…/ou-…/ of the destination's account; empty: not known
    source_key: Key = None  # of the resource, and of recovery points that AWS Backup doesn't fully manage
    vault_key: Key = None
    destination_key: Key = None
    destination_alias: str = ""  # alias of that key: alias/aws/backup; empty: not known or without importance
    restored: str = ""  # what a restore writes into; empty: it makes something new
    restored_key: Key = None  # of what a restore makes
    instance_role: str = ""  # that a restored instance or cluster gets
    topic: str = ""
    topic_key: Key = None
    report_bucket: str = ""
    report_key: Key = None
    restore_testing_plan: str = ""
    legal_hold: str = ""
    situation: frozenset[When] = frozenset()


@dataclass(frozen=True)  # without slots: what is derived is kept
class Scene:
    """An operation on a resource type at its places: what holds there, who makes a call, and which ARN it is for."""

    operation: Operation
    type: ResourceType
    places: Places

    @cached_property
    def basic(self) -> bool:
        """Whether it is about DynamoDB without advanced features."""
        return When.BASIC_DYNAMODB in self.places.situation

    @cached_property
    def named(self) -> str:
        """Return how the facts name the operation; a copy is named by where it goes, an account counting more than a Region."""
        if self.operation is not Operation.COPY:
            return self.operation
        vault, destination = Arn.parse(self.places.vault), Arn.parse(self.places.destination_vault)
        if destination.account != vault.account:
            return _TO_ACCOUNT
        return self.operation if destination.region == vault.region else _TO_REGION

    @cached_property
    def holds(self) -> frozenset[str]:
        """Return the conditions of the facts that hold."""
        places = self.places
        found = {str(each) for each in places.situation}
        found |= {_BY_HAND} if places.caller else set()
        found |= {_AIR_GAPPED} if {When.INTO_AIR_GAPPED, When.OUT_OF_AIR_GAPPED} & places.situation else set()
        found |= {_INSTANCE_PROFILE} if places.instance_role else set()
        found |= {_DESTINATION_ALIAS} if places.destination_alias else set()
        return frozenset(found | ({str(When.COPY)} if self.operation is Operation.COPY_BACK else set()))

    def principal(self, maker: Maker) -> str:
        """Return the ARN of who makes a call, or a service principal; empty: it isn't known."""
        if maker is Maker.JOB_ROLE:
            return self.places.job_role
        if maker is Maker.CALLER:
            return self.places.caller
        if maker in _SERVICES:
            return _SERVICES[maker]
        where = Arn.parse(self.places.destination_vault if maker is Maker.DESTINATION_LINKED else self.places.vault)
        return f"arn:{where.partition}:iam::{where.account}:role/aws-service-role/{_LINKED[maker]}"

    def resource(self, place: str, action: str) -> Key:
        """Return what a call is for; None: there is nothing there, as with the key of what isn't encrypted."""
        if place.startswith("arn:"):
            return place.format_map(self._words)
        if place == "everything":
            return "*"
        if place.endswith(" key"):
            return self._key(place)
        if place == "recovery point":
            return self._recovery_point(action)
        return self._things[place].format_map(self._words) or None

    def filled(self, values: Mapping[str, tuple[str, ...]], resource: str | Unread, place: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the context keys of a call whose values are known, and the account that owns what it is for."""
        words = {**self._words, "key_region": self._region(resource, place)}
        if place == "job role":
            words["account"] = self._job_account
        account = self.owner(resource, place)
        if account:
            yield "aws:ResourceAccount", (account,)
        if place == "destination key" and self.places.destination_alias:
            yield "kms:ResourceAliases", (self.places.destination_alias,)
        for key, forms in values.items():
            found = tuple(form.format_map(words) for form in forms)
            if all(found):
                yield key, found

    def owner(self, resource: str | Unread, place: str) -> str:
        """Return the account of what a call is for; empty: it isn't known, or there is no such thing."""
        if resource == "*" or isinstance(resource, Unread) or place == "report objects":  # the bucket of reports may be anybody's
            return ""
        words = self._words
        at_destination = place in _AT_DESTINATION or "{destination_region}" in place
        if place.startswith("restored "):
            return resource.split(":")[4] or self._job_account
        return resource.split(":")[4] or words["destination_account" if at_destination else "account"]

    def is_new(self, place: str) -> bool:
        """Return whether a thing doesn't exist before the call, so that it has neither policy nor tags."""
        return place.startswith("restored ") and not place.endswith(" key") and not self.places.restored

    def guard(self, place: str, action: str) -> str:
        """Return the vault whose policy AWS Backup asks for a recovery point; the services that keep it don't know that policy."""
        if not action.startswith("backup:"):
            return ""
        return {"recovery point": self.places.vault, "new recovery point": self.places.destination_vault}.get(place, "")

    @cached_property
    def _job_account(self) -> str:
        """Where the job runs: that of its role, which is not the vault's where an air-gapped one of another account is shared."""
        parts = self.places.job_role.split(":")
        return parts[4] if len(parts) > 5 and parts[2] == "iam" else self._words["account"]

    @cached_property
    def _words(self) -> dict[str, str]:
        vault = Arn.parse(self.places.vault)
        words = {"partition": vault.partition, "region": vault.region, "account": vault.account, "vault": self.places.vault}
        destination = Arn.parse(self.places.destination_vault) if self.places.destination_vault else vault
        forms = facts.arn_forms(self.type, basic=self.basic)
        return words | {
            "source": self.places.source or forms.source.format_map(words),
            "service": forms.service,
            "destination_vault": self.places.destination_vault,
            "destination_account": destination.account,
            "destination_region": destination.region,
            "destination_path": self.places.destination_path,
            "destination_alias": self.places.destination_alias,
        }

    def _key(self, place: str) -> Key:
        places = self.places
        copied = str(When.COPY) in self.holds or When.OUT_OF_AIR_GAPPED in places.situation
        kept = places.vault_key if copied else places.source_key
        return {
            # a copy is encrypted by the key of the vault that it was made in, whatever its type
            "source key": places.source_key if self.operation is Operation.BACKUP else kept,
            "recovery point key": kept,
            "vault key": places.vault_key,
            "destination key": None if kept is None and self.type in _STAY_UNENCRYPTED else places.destination_key,
            "restored key": places.restored_key,
            "topic key": places.topic_key,
            "report key": places.report_key,
        }[place]

    @cached_property
    def _things(self) -> dict[str, str]:
        places, words = self.places, self._words
        forms = facts.arn_forms(self.type, basic=self.basic)
        there = words | {"region": words["destination_region"], "account": words["destination_account"]}
        restored = places.restored or forms.restored.format_map(words | {"account": self._job_account})
        return {
            "job role": places.job_role,
            "instance role": places.instance_role,
            "service-linked role": self.principal(Maker.SERVICE_LINKED),
            "vault": places.vault,
            "destination vault": places.destination_vault,
            "source": words["source"],
            "source objects": f"{words['source']}/*",
            "restored resource": restored,
            "restored objects": f"{restored}/*",
            "new recovery point": (_OWN_FORM if When.INTO_AIR_GAPPED in places.situation else forms.recovery_point).format_map(there),
            "topic": places.topic,
            "report objects": f"{places.report_bucket}/*" if places.report_bucket else "",
            "restore testing plan": places.restore_testing_plan or _TESTING_PLAN,
            "legal hold": places.legal_hold or _LEGAL_HOLD,
        }

    def _recovery_point(self, action: str) -> str:
        """In an air-gapped vault AWS Backup names a recovery point by its own form, the type's service by the service's."""
        form = facts.arn_forms(self.type, basic=self.basic).recovery_point
        if When.OUT_OF_AIR_GAPPED in self.places.situation:
            found = self.places.recovery_point or _OWN_FORM if action.startswith("backup:") else form
        else:
            found = self.places.recovery_point or form
        return found.format_map(self._words)

    def _region(self, resource: str | Unread, place: str) -> str:
        words = self._words
        named = resource.split(":")[3] if isinstance(resource, str) and resource.count(":") >= 5 else ""
        return named or (words["destination_region"] if place in _AT_DESTINATION else words["region"])
