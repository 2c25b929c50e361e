"""The roles that EventBridge takes on to send events, from the tables of principals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.access import Principal
from strongroom.proof.entitlements import access
from strongroom.proof.observed import Tables
from strongroom.proof.watching.seen import Seen


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """Tables without the principals that no rule uses: most of a large organization."""

    tables: Tables
    arns: pa.Array

    @property
    def observed_at(self) -> datetime:
        """AWS's time."""
        return self.tables.observed_at

    def table(self, name: str) -> pa.Table:
        """Return one table; of keys, grants and vaults nothing is asked here."""
        found = self.tables.table(name)
        if name in {"keys", "grants", "vaults", "control_policies"}:
            return found.slice(0, 0)
        column = {"principals": "arn", "principal_policies": "principal_arn"}.get(name)
        return found if column is None else found.filter(pc.is_in(found[column], value_set=self.arns))


def target_roles(tables: Tables, seen: Seen) -> Iterator[Principal]:
    """Yield the roles of all rules that were read."""
    arns = {target.role_arn for rules in seen.rules.values() for rule in rules for target in rule.targets if target.role_arn}
    yield from access(_Narrowed(tables, pa.array(sorted(arns), pa.string()))).principals
