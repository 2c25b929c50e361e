"""A tag policy before it is attached: which tags of live resources it would reject."""

from dataclasses import dataclass

from strongroom import ledger
from strongroom.domain.governance import TagPolicy
from strongroom.domain.names import ResourceType
from strongroom.domain.organization import is_governed
from strongroom.semantics.tagpolicies import rejection

TAGS = """
    WITH each_tag AS (SELECT account_id, type, unnest(map_keys(tags)) AS key, unnest(map_values(tags)) AS value FROM resources)
    SELECT account_id, type, key, value, count(*) AS resources
    FROM each_tag WHERE lower(key) IN (SELECT unnest($keys))
    GROUP BY account_id, type, key, value
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A tag that resources have and the policy does not allow."""

    key: str
    value: str
    why: str
    resources: int
    enforced: int  # of them, those of types whose tagging is refused; the others are only reported


def tag_rejections(policy: TagPolicy, snapshot: ledger.Snapshot) -> tuple[Rejection, ...]:
    """Return what a tag policy would reject in the accounts below its OUs, most resources first; raises CouldNotVerify."""
    accounts = {
        row["account_id"]
        for row in snapshot.table("accounts").to_pylist()
        if is_governed(policy.attach_to, ou_path=row["ou_path"], ou_ids=row["ou_ids"])
    }
    keys = {rule.key.lower() for rule in policy.tags}
    counts: dict[tuple[str, str, str], list[int]] = {}
    with ledger.connect(snapshot) as connection:
        for row in ledger.rows(connection, TAGS, {"keys": sorted(keys)}):
            if row["account_id"] in accounts and (why := rejection(policy.tags, row["key"], row["value"])):
                count = counts.setdefault((row["key"], row["value"], why), [0, 0])
                count[0] += row["resources"]
                count[1] += row["resources"] if ResourceType(row["type"]) in policy.enforced_for else 0
    found = (
        Rejection(key=key, value=value, why=why, resources=count, enforced=enforced)
        for (key, value, why), (count, enforced) in counts.items()
    )
    return tuple(sorted(found, key=lambda each: (-each.resources, each.key, each.value)))
