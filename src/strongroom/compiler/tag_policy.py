"""Tag policies: how the tags that backups depend on have to be written (aws/05 §5.7).

A tag policy acts when somebody writes a tag: what has a wrong one already keeps it, and is reported. Nobody has to have a tag.
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.canonical import canonical_json
from strongroom.compiler.template import Json
from strongroom.domain.estate import Estate, OrganizationPolicy, Undeployed
from strongroom.domain.governance import TagPolicy, TagRule
from strongroom.domain.names import PolicyType, ResourceType
from strongroom.facts import fact, limit, names


def with_tag_policy(estate: Estate) -> Estate:
    """Return the estate with tag policies `<name>-tags`, as few as fit into AWS's limit of characters."""
    policy = estate.tag_policy
    if policy is None:
        return estate
    policies = tuple(
        OrganizationPolicy(
            type=PolicyType.TAG,
            name=f"{estate.name}-tags" + (f"-{number}" if number > 1 else ""),
            content=_document(rules),
            targets=policy.attach_to,
        )
        for number, rules in enumerate(_packed(policy), start=1)
    )
    return replace(estate, tag_policies=policies, undeployed=(*estate.undeployed, *_undeployed(policy)))


def enforced_name(kind: ResourceType) -> str | None:
    """Return how a tag policy names a type that it enforces tags on; None where AWS can't.

    Example:
        >>> enforced_name(ResourceType.EBS), enforced_name(ResourceType.TIMESTREAM)
        ('ec2:volume', None)
    """
    return str(fact("tag_policies", kind).value) if kind in names("tag_policies") else None


def _packed(policy: TagPolicy) -> Iterator[tuple[tuple[str, Json], ...]]:
    """Yield the rules in order, each group within the limit where that is possible at all."""
    bound = int(limit("policy_characters").value)
    group: tuple[tuple[str, Json], ...] = ()
    for key, rule in _by_key(policy).items():
        entry = (key, _rule(rule, policy.enforced_for))
        if group and len(_document((*group, entry))) > bound:
            yield group
            group = ()
        group = (*group, entry)
    if group:
        yield group


def _by_key(policy: TagPolicy) -> dict[str, TagRule]:
    """Return the rule of each key; a tag policy knows keys without their capitals, and the first spelling counts."""
    found: dict[str, TagRule] = {}
    for rule in policy.tags:
        found.setdefault(rule.key.lower(), rule)
    return found


def _rule(rule: TagRule, enforced_for: tuple[ResourceType, ...]) -> Json:
    element: Json = {"tag_key": {"@@assign": rule.key}}
    if rule.values:
        element["tag_value"] = {"@@assign": list(rule.values)}
    enforced = sorted({name for kind in enforced_for if (name := enforced_name(kind))})
    if enforced:
        element["enforced_for"] = {"@@assign": enforced}
    return element


def _document(rules: tuple[tuple[str, Json], ...]) -> str:
    return canonical_json({"tags": dict(rules)})


def _undeployed(policy: TagPolicy) -> Iterator[Undeployed]:
    spelled = _by_key(policy)
    for rule in policy.tags:
        if (first := spelled[rule.key.lower()]) is not rule:
            reason = f"a tag policy spells a key in one way, and {first.key} comes first"
            yield Undeployed(subject=f"tag policy for {rule.key}", reason=reason, origin=rule.origin)
    for kind in policy.enforced_for:
        if enforced_name(kind) is None:
            reason = "AWS can't refuse wrong tags for this type: they are only reported"
            yield Undeployed(subject=f"tag policy for {kind.keyword}", reason=reason, origin=policy.origin)
