"""CloudFormation's functions, as far as a template says what they give; what it doesn't say becomes `Opaque`.

The account and Region of the deployment stand as `$account` and `$region`, as in Organizations policies.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from strongroom.documents.drafts import OWN_ACCOUNT, OWN_REGION
from strongroom.documents.nodes import Entry, Items, Members, Node, Opaque, Place, Scalar, child, entries, find, items, plain, text
from strongroom.documents.notes import Notes, shortened
from strongroom.domain.names import partition_of

_CHARACTERS_MAX: Final = 10_000  # of a value that functions put together
_VARIABLE: Final = re.compile(r"\$\{([^!{}][^{}]*)\}")
_NAMES: Final = {  # property that names the thing, where it has one
    "AWS::Backup::BackupVault": "BackupVaultName",
    "AWS::Backup::LogicallyAirGappedBackupVault": "BackupVaultName",
    "AWS::IAM::Role": "RoleName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
}
_HERE: Final = f"{OWN_REGION}:{OWN_ACCOUNT}"
_ATTRIBUTES: Final = {
    ("AWS::Backup::BackupVault", "BackupVaultArn"): f"arn:aws:backup:{_HERE}:backup-vault:{{}}",
    ("AWS::Backup::BackupVault", "BackupVaultName"): "{}",
    ("AWS::Backup::LogicallyAirGappedBackupVault", "BackupVaultArn"): f"arn:aws:backup:{_HERE}:backup-vault:{{}}",
    ("AWS::Backup::LogicallyAirGappedBackupVault", "BackupVaultName"): "{}",
    ("AWS::Backup::BackupPlan", "BackupPlanId"): "{}",
    ("AWS::IAM::Role", "Arn"): f"arn:aws:iam::{OWN_ACCOUNT}:role/{{}}",
    ("AWS::KMS::Key", "Arn"): f"arn:aws:kms:{_HERE}:key/{{}}",
    ("AWS::KMS::ReplicaKey", "Arn"): f"arn:aws:kms:{_HERE}:key/{{}}",
    ("AWS::DynamoDB::Table", "Arn"): f"arn:aws:dynamodb:{_HERE}:table/{{}}",
    ("AWS::EFS::FileSystem", "Arn"): f"arn:aws:elasticfilesystem:{_HERE}:file-system/{{}}",
    ("AWS::S3::Bucket", "Arn"): "arn:aws:s3:::{}",
    ("AWS::RDS::DBInstance", "DBInstanceArn"): f"arn:aws:rds:{_HERE}:db:{{}}",
    ("AWS::RDS::DBCluster", "DBClusterArn"): f"arn:aws:rds:{_HERE}:cluster:{{}}",
}
_REFERENCES: Final = frozenset({*_NAMES, "AWS::Backup::BackupPlan", "AWS::KMS::Key", "AWS::KMS::ReplicaKey", "AWS::KMS::Alias"})
_LATER: Final = "is only known when it is deployed"


class Template:
    """The parts of a template that its values can refer to."""

    def __init__(self, root: Members, notes: Notes, *, region: str | None = None) -> None:
        self._root = root
        self._notes = notes
        self._region = region
        self._busy: set[tuple[str, str]] = set()  # what is being looked up, so that circles end
        self._known: dict[str, bool | None] = {}  # conditions

    def resolved(self, node: Node) -> Node:
        """Return a value with its functions carried out."""
        match node:
            case Items(items=found):
                made = [self.resolved(each) for each in found]
                return Items(tuple(each for each in made if not _is_nothing(each)), node.place)
            case Members(entries=members):
                name = next(iter(members), "") if len(members) == 1 else ""
                if name == "Ref" or name.startswith("Fn::"):
                    return self._function(name, members[name].value, node.place)
                resolved = {key: Entry(key, entry.place, self.resolved(entry.value)) for key, entry in members.items()}
                return Members({key: entry for key, entry in resolved.items() if not _is_nothing(entry.value)}, node.place)
            case _:
                return node

    def is_left_out(self, resource: Node) -> bool:
        """Tell whether a resource's condition is certainly false."""
        condition = text(child(resource, "Condition"))
        return condition is not None and self._condition(condition) is False

    def name_of(self, logical: str) -> str:
        """Return the name of a resource, or its logical id where the template leaves the name to CloudFormation."""
        resource = find(self._root, "Resources", logical)
        named = child(child(resource, "Properties"), _NAMES.get(text(child(resource, "Type")) or "", ""))
        if named is None or ("name", logical) in self._busy:
            return logical
        self._busy.add(("name", logical))
        try:
            return text(self.resolved(named)) or logical
        finally:
            self._busy.discard(("name", logical))

    def _function(self, name: str, argument: Node, place: Place) -> Node:
        known: Mapping[str, Callable[[Node, Place], Node]] = {
            "Ref": self._ref_to,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._attribute,
            "Fn::Join": self._join,
            "Fn::If": self._if,
            "Fn::FindInMap": self._in_map,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
        }
        function = known.get(name)
        return function(argument, place) if function else Opaque(f"{shortened(name)} {_LATER}", place)

    def _ref_to(self, argument: Node, place: Place) -> Node:
        return self._ref(text(argument) or "", place)

    def _ref(self, name: str, place: Place) -> Node:
        pseudo: Mapping[str, str | None] = {
            "AWS::AccountId": OWN_ACCOUNT,
            "AWS::Region": self._region or OWN_REGION,
            "AWS::Partition": partition_of(self._region or ""),
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": None,
        }
        if name in pseudo:
            return Scalar(pseudo[name], place)
        if name.startswith("AWS::"):
            return Opaque(f"{shortened(name)} {_LATER}", place)
        parameter = find(self._root, "Parameters", name)
        if parameter is not None:
            return self._parameter(name, parameter, place)
        resource = find(self._root, "Resources", name)
        kind = text(child(resource, "Type")) or ""
        if kind in _REFERENCES:
            return Scalar(self.name_of(name), place)
        reason = f"resource {shortened(name)} {_LATER}" if resource else f"{shortened(name)} is neither a parameter nor a resource"
        return Opaque(reason, place)

    def _parameter(self, name: str, parameter: Node, place: Place) -> Node:
        kind, default = text(child(parameter, "Type")) or "String", child(parameter, "Default")
        allowed = items(child(parameter, "AllowedValues"))
        if kind.startswith("AWS::SSM::"):
            return Opaque(f"parameter {shortened(name)} is read from SSM", place)
        if len(allowed) == 1 and isinstance(allowed[0], Scalar):
            return Scalar(allowed[0].value, place)
        if not isinstance(default, Scalar) or default.value is None:
            return Opaque(f"parameter {shortened(name)} has no default", place)
        written = str(default.value)[:_CHARACTERS_MAX]
        message = f"parameter {shortened(name)} is taken as its default {shortened(written)!r}"
        self._notes.add("DOC026", default.place, f"parameter {name}", message, "check with the value that is deployed")
        if kind.startswith("List<") or kind == "CommaDelimitedList":
            return Items(tuple(Scalar(part.strip(), place) for part in written.split(",")), place)
        return Scalar(default.value, place)

    def _sub(self, argument: Node, place: Place) -> Node:
        pattern = text(argument) if isinstance(argument, Scalar) else text(next(iter(items(argument)), None))
        own = items(argument)[1] if len(items(argument)) == 2 else None
        if pattern is None:
            return Opaque("Fn::Sub has no text", place)
        parts: list[str] = []
        offset = 0
        for match in _VARIABLE.finditer(pattern[:_CHARACTERS_MAX]):
            name = match[1].strip()
            given = child(own, name)
            value = self.resolved(given) if given is not None else self._variable(name, place)
            if not isinstance(value, Scalar) or value.value is None:
                return Opaque(value.reason if isinstance(value, Opaque) else f"{shortened(name)} is no text", place)
            parts += [pattern[offset : match.start()], _written(value)]
            offset = match.end()
        return _joined([*parts, pattern[offset:]], "", place, literal=True)

    def _variable(self, name: str, place: Place) -> Node:
        resource, dot, attribute = name.partition(".")
        if dot:
            return self._attribute(Items((Scalar(resource, place), Scalar(attribute, place)), place), place)
        return self._ref(name, place)

    def _attribute(self, argument: Node, place: Place) -> Node:
        if isinstance(argument, Scalar) and isinstance(argument.value, str):
            logical, _, attribute = argument.value.partition(".")
        else:
            parts = [text(each) or "" for each in items(argument)]
            logical, attribute = (parts[0], parts[1]) if len(parts) == 2 else ("", "")
        resource = find(self._root, "Resources", logical)
        form = _ATTRIBUTES.get((text(child(resource, "Type")) or "", attribute))
        if form is None:
            return Opaque(f"{shortened(attribute) or 'an attribute'} of {shortened(logical) or 'a resource'} {_LATER}", place)
        here = form.replace(OWN_REGION, self._region) if self._region else form
        return Scalar(here.format(self.name_of(logical)), place)

    def _join(self, argument: Node, place: Place) -> Node:
        parts = items(argument)
        separator = text(parts[0]) if len(parts) == 2 else None
        listed = self.resolved(parts[1]) if len(parts) == 2 else None
        if separator is None or not isinstance(listed, Items):
            return listed if isinstance(listed, Opaque) else Opaque("Fn::Join has no list", place)
        unknown = next((each for each in listed.items if not isinstance(each, Scalar)), None)
        if unknown is not None:
            return unknown if isinstance(unknown, Opaque) else Opaque("Fn::Join has something else than texts", place)
        return _joined([_written(each) for each in listed.items if isinstance(each, Scalar)], separator, place)

    def _split(self, argument: Node, place: Place) -> Node:
        first, second = self._pair(argument)
        separator = text(first)
        if separator and isinstance(second, Scalar) and isinstance(second.value, str):
            return Items(tuple(Scalar(part, place) for part in second.value.split(separator)), place)
        return second if isinstance(second, Opaque) else Opaque("Fn::Split can't be read", place)

    def _select(self, argument: Node, place: Place) -> Node:
        first, second = self._pair(argument)
        number = str(first.value) if isinstance(first, Scalar) else ""
        if isinstance(second, Items) and number.isdecimal() and len(number) < 6 and int(number) < len(second.items):
            return second.items[int(number)]
        return second if isinstance(second, Opaque) else Opaque("Fn::Select can't be read", place)

    def _pair(self, argument: Node) -> tuple[Node | None, Node | None]:
        parts = items(argument)
        return (self.resolved(parts[0]), self.resolved(parts[1])) if len(parts) == 2 else (None, None)

    def _in_map(self, argument: Node, place: Place) -> Node:
        keys = [self.resolved(each) for each in items(argument)[:3]]
        names = [_written(each) if isinstance(each, Scalar) else "" for each in keys]
        found = find(self._root, "Mappings", *names) if len(names) == 3 else None
        if found is None:
            unknown = next((each.reason for each in keys if isinstance(each, Opaque)), "")
            own = next((each for each in names if each in {OWN_ACCOUNT, OWN_REGION}), "")
            return Opaque(unknown or f"Fn::FindInMap {f'by {own[1:]} ' if own else ''}{_LATER}", place)
        return found

    def _if(self, argument: Node, place: Place) -> Node:
        parts = items(argument)
        name = text(parts[0]) if len(parts) == 3 else None
        if name is None:
            return Opaque("Fn::If can't be read", place)
        truth = self._condition(name)
        if truth is not None:
            return self.resolved(parts[1 if truth else 2])
        one, other = self.resolved(parts[1]), self.resolved(parts[2])
        return one if plain(one) == plain(other) and not isinstance(one, Opaque) else Opaque(f"condition {shortened(name)} {_LATER}", place)

    def _condition(self, name: str) -> bool | None:
        """Return whether a condition holds; None when the template doesn't say."""
        if name not in self._known:
            self._known[name] = None  # a circle says nothing
            written = find(self._root, "Conditions", name)
            self._known[name] = self._truth(written) if written is not None else None
        return self._known[name]

    def _truth(self, node: Node) -> bool | None:
        name, argument = next(((entry.key, entry.value) for entry in entries(node)), ("", node))
        match name:
            case "Condition":
                return self._condition(text(argument) or "")
            case "Fn::Not":
                inner = self._truth(items(argument)[0]) if items(argument) else None
                return None if inner is None else not inner
            case "Fn::And" | "Fn::Or":
                decisive = name == "Fn::Or"
                truths = [self._truth(each) for each in items(argument)]
                return decisive if decisive in truths else None if None in truths else not decisive
            case "Fn::Equals":
                sides = [self.resolved(each) for each in items(argument)]
                values = [_written(each) for each in sides if isinstance(each, Scalar)]
                undecided = len(values) != 2 or len(sides) != 2 or any(OWN_ACCOUNT in value or OWN_REGION in value for value in values)
                return None if undecided else values[0] == values[1]
            case _:
                return None


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _written(node: Scalar) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return "" if node.value is None else str(node.value)


def _joined(parts: list[str], separator: str, place: Place, *, literal: bool = False) -> Node:
    if sum(map(len, parts)) + len(separator) * len(parts) > _CHARACTERS_MAX:
        return Opaque(f"it has more than {_CHARACTERS_MAX} characters", place)
    whole = separator.join(parts)
    return Scalar(whole.replace("${!", "${") if literal else whole, place)
