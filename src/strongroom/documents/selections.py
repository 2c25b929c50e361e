"""AWS's BackupSelection in the grammars of API, CloudFormation and Terraform -> drafts; what AWS refuses of it.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
"""

from dataclasses import dataclass
from typing import Final

from strongroom.documents.drafts import DraftSelection
from strongroom.documents.fields import Fields
from strongroom.documents.nodes import Items, Place, Scalar, items
from strongroom.documents.notes import Notes, shown
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import FileOrigin, Unread
from strongroom.facts import capabilities, limit, message
from strongroom.semantics.selection import TAG_PREFIX, is_exact

OPERATORS: Final = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
CONSOLE_ROLE: Final = "AWSBackupDefaultServiceRole"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionNames:
    """The keys of one grammar; operators in the order of `OPERATORS`."""

    name: str
    role: str
    resources: str
    not_resources: str
    tags: str
    tag_type: str
    tag_key: str
    tag_value: str
    conditions: str
    operators: tuple[str, str, str, str]
    condition_key: str
    condition_value: str
    listed_conditions: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """All keys of a selection."""
        return frozenset({self.name, self.role, self.resources, self.not_resources, self.tags, self.conditions})


API: Final = SelectionNames(
    name="SelectionName",
    role="IamRoleArn",
    resources="Resources",
    not_resources="NotResources",
    tags="ListOfTags",
    tag_type="ConditionType",
    tag_key="ConditionKey",
    tag_value="ConditionValue",
    conditions="Conditions",
    operators=OPERATORS,
    condition_key="ConditionKey",
    condition_value="ConditionValue",
)
TERRAFORM: Final = SelectionNames(
    name="name",
    role="iam_role_arn",
    resources="resources",
    not_resources="not_resources",
    tags="selection_tag",
    tag_type="type",
    tag_key="key",
    tag_value="value",
    conditions="condition",
    operators=("string_equals", "string_not_equals", "string_like", "string_not_like"),
    condition_key="key",
    condition_value="value",
    listed_conditions=True,
)


def selection(fields: Fields, names: SelectionNames, *, strict: bool = True) -> DraftSelection:
    """Return a selection; what AWS refuses of it is noted."""
    name = fields.text(names.name, required=True)
    if isinstance(name, str):
        fields.subject = f"selection {name}"
    if strict:
        fields.only(names.keys)
    role = fields.text(names.role, required=True)
    if isinstance(role, str):
        note_console_role(fields.notes, fields.place(names.role), fields.subject, role)
    draft = DraftSelection(
        subject=fields.subject,
        role=role,
        resources=fields.texts(names.resources),
        not_resources=fields.texts(names.not_resources),
        tags=_tags(fields, names),
        conditions=_conditions(fields, names),
        origin=fields.origin,
        resource_origins=tuple(fields.notes.origin(each.place) for each in items(fields.value(names.resources))),
    )
    _note_limits(fields, names, draft)
    _note_wildcards(fields, names)
    return draft


def note_console_role(notes: Notes, place: Place | FileOrigin, subject: str, role: str) -> None:
    """Note a role that only the console creates (P24)."""
    if role.rpartition("/")[2] == CONSOLE_ROLE:
        text = f"role {CONSOLE_ROLE} exists only where the console created it"
        notes.add("DOC018", place, subject, text, "declare a role of your own, with AWSBackup in its name")


def note_console_vault(notes: Notes, place: Place | FileOrigin, subject: str, vault: str) -> None:
    """Note the vault that only the console creates (P24)."""
    if vault == "Default" or vault.endswith(":backup-vault:Default"):
        text = "vault Default exists only where the console created it"
        notes.add("DOC018", place, subject, text, "declare a vault of your own")


def _tags(fields: Fields, names: SelectionNames) -> tuple[tuple[str, str], ...] | Unread:
    found = fields.objects(names.tags, f"{fields.subject}, tag")
    if isinstance(found, Unread):
        return found
    made: list[tuple[str, str]] = []
    for tag in found:
        tag.only({names.tag_type, names.tag_key, names.tag_value})
        kind, key, value = tag.text(names.tag_type), tag.text(names.tag_key, required=True), tag.text(names.tag_value)
        if isinstance(kind, str) and kind.upper() != "STRINGEQUALS":
            tag.wrong(names.tag_type, f"{names.tag_type} is {shown(kind)}: STRINGEQUALS expected", "write STRINGEQUALS")
        if isinstance(key, str) and key.startswith(TAG_PREFIX):
            fix = f"write {key.removeprefix(TAG_PREFIX)}"
            tag.wrong(names.tag_key, f"{shown(key)} is the key of a condition, a plain tag key expected here", fix)
        if not isinstance(key, str) or isinstance(value, Unread):
            return Unread("a tag can't be read")
        made.append((key, value or ""))
    return tuple(made)


def _conditions(fields: Fields, names: SelectionNames) -> tuple[tuple[str, str, str], ...] | Unread:
    holder: Fields | Unread | None
    if names.listed_conditions and isinstance(fields.value(names.conditions), Items):
        several = fields.objects(names.conditions, f"{fields.subject}, condition")
        holder = several if isinstance(several, Unread) else (several[0] if several else None)
    else:
        holder = fields.object(names.conditions, f"{fields.subject}, conditions")
    if holder is None or isinstance(holder, Unread):
        return holder or ()
    holder.only(names.operators)
    made: list[tuple[str, str, str]] = []
    for operator, written in zip(OPERATORS, names.operators, strict=True):
        found = holder.objects(written, f"{fields.subject}, {written}")
        if isinstance(found, Unread):
            return found
        for each in found:
            each.only({names.condition_key, names.condition_value})
            key, value = each.text(names.condition_key, required=True), each.text(names.condition_value)
            if isinstance(key, str) and not key.startswith(TAG_PREFIX):
                text = f"the key of a condition is {shown(key)}: {TAG_PREFIX}KEY expected"
                each.wrong(names.condition_key, text, f"write {TAG_PREFIX}{key}")
            if not isinstance(key, str) or isinstance(value, Unread):
                return Unread("a condition can't be read")
            made.append((operator, key, value or ""))
    return tuple(made)


def _note_limits(fields: Fields, names: SelectionNames, draft: DraftSelection) -> None:
    """Note an empty selection and each limit that is broken (P20)."""
    resources = () if isinstance(draft.resources, Unread) else draft.resources
    tags = () if isinstance(draft.tags, Unread) else draft.tags
    conditions = () if isinstance(draft.conditions, Unread) else draft.conditions
    if not resources and not tags and not isinstance(draft.resources, Unread) and not isinstance(draft.tags, Unread):
        text = f"{fields.subject} names neither resources nor tags"
        fix = f'add {names.resources} or {names.tags}; AWS answers: "{message("selection_empty")}"'
        fields.notes.add("DOC016", fields.node.place, fields.subject, text, fix)
    exact = sum(map(is_exact, resources))
    for key, count, bound in (
        (names.resources, exact, limit("selection_arns_max")),
        (names.resources, len(resources) - exact, limit("selection_wildcard_arns_max")),
        (names.tags, len(tags), limit("selection_tags_max")),
        (names.conditions, len(conditions), limit("selection_conditions_max")),
    ):
        if count > bound.value:
            fields.wrong(key, f"{fields.subject} has {count} {bound.unit}, {bound.value} allowed", "use several selections", code="DOC016")


def _note_wildcards(fields: Fields, names: SelectionNames) -> None:
    for key in (names.resources, names.not_resources):
        node = fields.value(key)
        for each in node.items if isinstance(node, Items) else ():
            if isinstance(each, Scalar) and isinstance(each.value, str):
                note_wildcard(fields.notes, each.place, fields.subject, each.value)


def note_wildcard(notes: Notes, place: Place | FileOrigin, subject: str, pattern: str) -> None:
    """Note a wildcard that is neither at the end nor part of a whole type's pattern (P21)."""
    if "*" in pattern.rstrip("*") and not types_of(pattern)[0]:
        text = f"{shown(pattern)} has a wildcard inside the ARN"
        notes.add("DOC017", place, subject, text, "end the ARN with the wildcard, or select by tag")


def types_of(pattern: str) -> tuple[tuple[ResourceType, ...], tuple[ResourceType, ...]]:
    """Return the types that a pattern takes as a whole, and those of which it takes some resources.

    Example:
        >>> types_of("arn:aws:dynamodb:*:*:table/*")
        ((<ResourceType.DYNAMODB: 'DynamoDB'>,), ())
        >>> types_of("arn:aws:dynamodb:eu-west-2:111122223333:table/orders")
        ((), (<ResourceType.DYNAMODB: 'DynamoDB'>,))
    """
    start, _, rest = pattern.partition(":")
    written = f"{start}:aws:{rest.partition(':')[2]}" if rest else pattern  # partitions differ, types don't
    whole: list[ResourceType] = []
    part: list[ResourceType] = []
    for kind in ResourceType:
        patterns = capabilities(kind).policy_pattern
        if any(_takes(written, form) for form in patterns):
            whole.append(kind)
        elif any(_takes(form, written) for form in patterns):
            part.append(kind)
    return tuple(whole), tuple(part)


def _takes(pattern: str, text: str) -> bool:
    """Match as AWS does, but in linear time whatever somebody wrote: a regular expression of many stars would never end."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == text
    if not text.startswith(first):
        return False
    offset, last = len(first), others.pop()
    for part in others:
        offset = text.find(part, offset)
        if offset < 0:
            return False
        offset += len(part)
    return len(text) - len(last) >= offset and text.endswith(last)
