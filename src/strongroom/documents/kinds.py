"""Which kind of document a file is, told from its keys."""

from enum import StrEnum

from strongroom.documents.nodes import Items, Members, Node, child, entries, text
from strongroom.documents.notes import Notes
from strongroom.documents.reading import read
from strongroom.errors import BadInput


class Kind(StrEnum):
    """What somebody wrote; the values are those of `--kind`."""

    STRATEGY = "strategy"  # ours: `strategyfile` reads it
    POLICY = "policy"  # an Organizations backup policy, or a folder of them with attachments.yaml
    PLAN = "plan"  # as GetBackupPlan returns it, or CreateBackupPlan takes it
    SELECTION = "selection"  # as GetBackupSelection returns it, or CreateBackupSelection takes it
    VAULT_POLICY = "vault-policy"  # a vault access policy
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"  # what `terraform show -json` prints


def recognize(text: str, file: str) -> Kind:
    """Return the kind of a document; raises BadInput that names the kinds, or says why the text can't be read.

    Example:
        >>> recognize('{"plans": {}}', "policy.json").value
        'policy'
    """
    notes = Notes(file)
    root = read(text, notes)
    if root is None:
        first = notes.findings[0]
        raise BadInput(f"{first.origin}: {first.message}", hint=first.help)
    found = recognized(root)
    if found is None:
        raise BadInput(f"{file} is none of the kinds that can be checked", hint=f"name its kind: --kind {choices()}")
    return found


def recognized(root: Node) -> Kind | None:
    """Return the kind of a document that was read; None when no key tells it."""
    if not isinstance(root, Members):
        return None
    keys = root.entries.keys()
    if "strongroom" in keys:
        return Kind.STRATEGY
    if keys & {"planned_values", "terraform_version"} or {"values", "format_version"} <= keys:
        return Kind.TERRAFORM
    if "plans" in keys:
        return Kind.POLICY
    if "AWSTemplateFormatVersion" in keys or _has_resource_types(root):
        return Kind.CLOUDFORMATION
    return _of_the_api(root)


def choices() -> str:
    """Return all kinds, as `--kind` takes them.

    Example:
        >>> choices().split("|")[:2]
        ['strategy', 'policy']
    """
    return "|".join(Kind)


def _of_the_api(root: Members) -> Kind | None:
    keys = root.entries.keys()
    if "BackupSelection" in keys or "SelectionName" in keys:
        return Kind.SELECTION
    if "BackupPlan" in keys or "BackupPlanName" in keys or isinstance(child(root, "Rules"), Items):
        return Kind.PLAN
    if keys & {"ListOfTags", "NotResources", "IamRoleArn"}:
        return Kind.SELECTION
    if "Statement" in keys or ("Policy" in keys and "BackupVaultName" in keys):
        return Kind.VAULT_POLICY
    return None


def _has_resource_types(root: Members) -> bool:
    return any("::" in (text(child(entry.value, "Type")) or "") for entry in entries(child(root, "Resources")))
