"""Which kind of document a file is, told from its keys."""

from collections.abc import Iterator
from enum import StrEnum

from strongroom.documents.nodes import Items, Members, Node, Scalar, child, entries, find, items, text
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
    IDENTITY_POLICY = "identity-policy"  # of a user, group or role
    TRUST_POLICY = "trust-policy"  # who may assume a role
    KEY_POLICY = "key-policy"  # of a KMS key
    SCP = "scp"  # a service control policy
    TOPIC_POLICY = "topic-policy"  # of an SNS topic
    ACCESS = "access"  # our own: who may do what; or what GetAccountAuthorizationDetails returns


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
    if "plans" in keys or find(root, "Policy", "PolicySummary") or find(root, "EffectivePolicy", "PolicyContent"):
        return Kind.SCP if text(find(root, "Policy", "PolicySummary", "Type")) == "SERVICE_CONTROL_POLICY" else Kind.POLICY
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
    return _of_access(root)


def _of_access(root: Members) -> Kind | None:
    keys = root.entries.keys()
    if keys & {"access", "principals", "RoleDetailList", "UserDetailList"}:
        return Kind.ACCESS
    if "Policy" in keys and "BackupVaultName" in keys:
        return Kind.VAULT_POLICY
    if "PolicyName" in keys and isinstance(child(root, "Policy"), Scalar):
        return Kind.KEY_POLICY  # GetKeyPolicy returns both
    return of_statements(root)[0] if "Statement" in keys else None


def of_statements(root: Members) -> tuple[Kind, str]:
    """Return the kind of a policy in IAM's language, told from its statements, and how it was told."""
    statement = child(root, "Statement")
    statements = [each for each in items(statement) or (statement,) if isinstance(each, Members)]
    services = {name.lower() for each in statements for name in _services(each)}
    principal = any(each.entries.keys() & {"Principal", "NotPrincipal"} for each in statements)
    if statements and not principal:
        if all(text(child(each, "Effect")) == "Deny" for each in statements):
            return Kind.SCP, "no statement names a principal, and all deny"
        return Kind.IDENTITY_POLICY, "no statement names a principal"
    if len(services) == 1 and (kind := _BY_SERVICE.get(next(iter(services)))):
        return kind, f"its statements name principals, and actions of {services.pop()} alone"
    return Kind.VAULT_POLICY, "its statements name principals"


_BY_SERVICE = {"sts": Kind.TRUST_POLICY, "kms": Kind.KEY_POLICY, "sns": Kind.TOPIC_POLICY}


def _services(statement: Members) -> Iterator[str]:
    for key in ("Action", "NotAction"):
        node = child(statement, key)
        for each in items(node) or (node,):
            if name := (text(each) or "").partition(":")[0]:
                yield name


def _has_resource_types(root: Members) -> bool:
    return any("::" in (text(child(entry.value, "Type")) or "") for entry in entries(child(root, "Resources")))
