"""Which tag policies are in force for the governed accounts, grouped where they say the same, and what each says of one key."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from strongroom.domain.governance import TagRule
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import LiveOrigin
from strongroom.facts import fact, names
from strongroom.proof.engine import Judgement
from strongroom.proof.organized import rows
from strongroom.semantics.policies import Merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """What the effective tag policy of some accounts says of one key."""

    accounts: tuple[str, ...]
    rule: TagRule
    enforced_for: tuple[str, ...]  # as AWS names types of resources; empty: wrong tags are only reported

    def enforces(self, kind: ResourceType) -> bool:
        """Return whether a wrong tag is refused for a type."""
        if str(kind) not in names("tag_policies"):
            return False
        name = str(fact("tag_policies", str(kind)).value)
        service = name.partition(":")[0]
        return not {name, f"{service}:ALL_SUPPORTED", f"{service}:*"}.isdisjoint(self.enforced_for)


def taggings(judgement: Judgement) -> Iterator[Tagging]:
    """Yield what is in force for the governed accounts, a key at a time."""
    attached: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows(judgement, "tag_policies"):
        if row["target_id"]:
            attached.setdefault(row["target_id"], []).append(json.loads(row["content"]))
    groups: dict[tuple[str, ...], list[str]] = {}
    for account in judgement.scope.everyone:
        line = tuple(node for node in (*account.ou_ids, account.id) if node in attached)
        if line:
            groups.setdefault(line, []).append(account.id)
    for line, accounts in groups.items():
        merged = Merged()
        for node in line:
            merged = merged.with_level(attached[node])
        document = merged.document(accounts[0]) or {}
        for each in (document.get("tags") or {}).values():
            yield _tagging(each, tuple(accounts))


def _tagging(written: Mapping[str, Any], accounts: tuple[str, ...]) -> Tagging:
    rule = TagRule(
        key=str(written.get("tag_key", "")),
        values=tuple(map(str, written.get("tag_value", ()))),
        origin=LiveOrigin(accounts[0], "", ""),
    )
    return Tagging(accounts=accounts, rule=rule, enforced_for=tuple(map(str, written.get("enforced_for", ()))))
