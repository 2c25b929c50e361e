"""The roles, keys and topics beside the plans of a template or a Terraform plan, put to the evaluator."""

from collections.abc import Iterable
from dataclasses import dataclass

from strongroom import facts
from strongroom.documents import verdicts
from strongroom.documents.drafts import DraftSelection
from strongroom.documents.nodes import Members, Place
from strongroom.documents.notes import Notes
from strongroom.domain.access import PolicyText
from strongroom.domain.origin import BuiltIn, Unread

_BUCKETS = "arn:aws:s3:::"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRole:
    """A role as a document declares it."""

    name: str  # what the ARN in a selection ends with
    trust: Members | None  # None: not known
    policies: tuple[str, ...] | Unread  # ARNs of managed policies, all that it has; Unread: it may have others
    place: Place


def note_roles(selections: Iterable[DraftSelection], roles: Iterable[WrittenRole], notes: Notes) -> None:
    """Note which roles of selections AWS Backup can't take on, and which can't back up the buckets that are selected."""
    known = {role.name: role for role in roles}
    for selection in selections:
        role = known.get(_named(selection))
        if role is None:
            continue
        subject = f"role {role.name}"
        if role.trust is not None:
            verdicts.of_trust(role.trust, subject, notes)
        policies = _texts(role.policies)
        if policies is not None and _has_buckets(selection):
            verdicts.of_buckets(policies, role.place, subject, notes)


def _named(selection: DraftSelection) -> str:
    return selection.role.rpartition("/")[2] if isinstance(selection.role, str) else ""


def _has_buckets(selection: DraftSelection) -> bool:
    """Tell whether a selection names buckets; one by tags, or of everything, may have none."""
    return not isinstance(selection.resources, Unread) and any(each.startswith(_BUCKETS) for each in selection.resources)


def _texts(policies: tuple[str, ...] | Unread) -> tuple[PolicyText, ...] | None:
    """Return the texts of AWS's policies; None where one isn't known."""
    known = facts.managed_policies()
    if isinstance(policies, Unread) or any(each not in known for each in policies):
        return None
    return tuple(PolicyText(name=known[each].name, text=known[each].text, origin=BuiltIn()) for each in policies)
