"""Policies in IAM's language: what AWS would refuse in them, at its place in the file.

`semantics.authorization.policy` finds the mistakes; here they get the line and column where they stand, and what a kind of policy
can't have or has to have is added. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import unquote

from strongroom.documents.nodes import Items, Members, Node, Place, Scalar, child, entries, items, plain, text
from strongroom.documents.notes import Notes
from strongroom.documents.vaultpolicy import embedded
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization import policy as authorization

_ELEMENTS: Final = frozenset(
    {
        *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition"),
    }
)


class Wanted(Enum):
    """Whether the statements of a kind of policy have an element."""

    REQUIRED = "required"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of policy: how people call it, and what its statements look like."""

    name: str
    principal: Wanted  # or NotPrincipal
    resource: Wanted  # or NotResource


IDENTITY: Final = Shape(name="identity policy", principal=Wanted.FORBIDDEN, resource=Wanted.REQUIRED)
BOUNDARY: Final = Shape(name="permissions boundary", principal=Wanted.FORBIDDEN, resource=Wanted.REQUIRED)
SCP: Final = Shape(name="service control policy", principal=Wanted.FORBIDDEN, resource=Wanted.REQUIRED)
RCP: Final = Shape(name="resource control policy", principal=Wanted.REQUIRED, resource=Wanted.REQUIRED)
TRUST: Final = Shape(name="trust policy", principal=Wanted.REQUIRED, resource=Wanted.FORBIDDEN)
KEY: Final = Shape(name="key policy", principal=Wanted.REQUIRED, resource=Wanted.REQUIRED)
TOPIC: Final = Shape(name="topic policy", principal=Wanted.REQUIRED, resource=Wanted.REQUIRED)
RESOURCE: Final = Shape(name="resource policy", principal=Wanted.REQUIRED, resource=Wanted.REQUIRED)


def document(root: Members, shape: Shape, notes: Notes) -> Members | None:
    """Note what is wrong with a policy, or with the answer of DescribePolicy or GetKeyPolicy that has it as a text; return it."""
    node: Node = root
    if "Statement" not in root.entries and "Policy" in root.entries:
        node = root.entries["Policy"].value
        if isinstance(node, Members) and "Content" in node.entries:
            node = node.entries["Content"].value
    found = embedded(node, shape.name, notes)
    if found is not None:
        judge(found, shape, shape.name, notes)
    return found


def written(node: Node, shape: Shape, subject: str, notes: Notes) -> str | Unread:
    """Return the JSON text of a policy that stands in a document, as an object or as JSON in a text; note what is wrong with it."""
    found = embedded(_decoded(node), subject, notes)
    return judge(found, shape, subject, notes) if found is not None else Unread("it can't be read")


def judge(root: Members, shape: Shape, subject: str, notes: Notes) -> str:
    """Note what AWS would refuse in a policy, and return its JSON text."""
    found = json.dumps(plain(root))
    for problem in authorization.parse(found, name=subject).problems:
        notes.add("DOC040", place_of(root, problem.path), subject, problem.message, problem.help or f"correct the {shape.name}")
    statement = root.entries.get("Statement")
    for each in items(statement.value) or (statement.value,) if statement else ():
        if isinstance(each, Members):
            _elements(each, shape, subject, notes)
    return found


def place_of(root: Node, path: tuple[str | int, ...]) -> Place:
    """Return where a path into the JSON leads, as far as it can be followed: a single value, else its key; a strange key itself."""
    node, place = root, root.place
    for step in path:
        if isinstance(node, Members) and isinstance(step, str) and step in node.entries:
            entry = node.entries[step]
            strange = step not in _ELEMENTS and not {"Condition", "Principal", "NotPrincipal"} & set(path)
            node, place = entry.value, entry.value.place if isinstance(entry.value, Scalar) and not strange else entry.place
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
        else:
            break
    return place


def _elements(statement: Members, shape: Shape, subject: str, notes: Notes) -> None:
    sid = text(child(statement, "Sid"))
    name = f"statement {sid} of {subject}" if sid else f"a statement of {subject}"
    for element, wanted in (("Principal", shape.principal), ("Resource", shape.resource)):
        found = next((entry for entry in entries(statement) if entry.key in {element, f"Not{element}"}), None)
        if found is None and wanted is Wanted.REQUIRED:
            notes.add("DOC040", statement.place, subject, f"{name} has no {element}", f"add {element}")
        elif found is not None and wanted is Wanted.FORBIDDEN:
            notes.add("DOC040", found.place, subject, f"{name} has {found.key}, which no {shape.name} can have", f"remove {found.key}")


def _decoded(node: Node) -> Node:
    """Return a text without the URL encoding that IAM's own answers have."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value[:3].lower() == "%7b":
        return Scalar(unquote(node.value), node.place)
    return node
