"""Under which key each recovery point has to be: that of its vault, or that of its resource; keys as numbers, for SQL over all points.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from strongroom.domain.names import ResourceType
from strongroom.proof.groups import Group
from strongroom.proof.observed import Observed
from strongroom.semantics.copies import fully_managed, stays_unencrypted

KEY_NUMBERS = pa.schema(
    [
        ("key_no", pa.int32()),
        ("arn", pa.string()),
        ("state", pa.string()),  # null: it was not read
        ("usable", pa.bool_()),  # null: it was not read
    ]
)
ENABLED = "Enabled"
BARE, UNTOLD = 0, 1  # stand for hashes of keys in points.sql: not encrypted, no key told
BARE_NO, BARE_YES, BARE_UNKNOWN = 0, 1, 2  # whether unencrypted recovery points are as they have to be


@dataclass(frozen=True, slots=True)
class Sealing:
    """The keys of vaults, resources and recovery points."""

    observed: Observed
    groups: Sequence[Group]
    numbers: dict[str, int]

    def keys(self) -> pa.Table:
        """Return key_numbers: every key that was read, and those that vaults and resources name."""
        rows = [(number, arn, *self._state(arn)) for arn, number in self.numbers.items()]
        columns = list(zip(*rows, strict=True)) or [()] * len(KEY_NUMBERS)
        return pa.Table.from_arrays(
            [pa.array(values, each.type) for values, each in zip(columns, KEY_NUMBERS, strict=True)], schema=KEY_NUMBERS
        )

    def _state(self, arn: str) -> tuple[str | None, bool | None]:
        known = self.observed.keys.get(arn)
        if known is None:
            return None, None
        return known[1], known[0] == "AWS" or known[1] == ENABLED  # nobody can disable a key that AWS manages

    def vaults(self, places: pa.Table, hashes: Mapping[int, int]) -> pa.Table:
        """Return vault_places with the number and hash of each vault's key, null where none is told, and whether it is air-gapped."""
        names = zip(*(places[name].to_pylist() for name in ("account_id", "region", "vault_name")), strict=True)
        found = [self.observed.vaults.get((account, region, name)) for account, region, name in names]
        numbers = [self.numbers.get(vault.key_arn) if vault and vault.key_arn else None for vault in found]
        gapped = [vault is not None and vault.air_gapped for vault in found]
        known = [hashes[number] if number is not None else UNTOLD if owned else None for number, owned in zip(numbers, gapped, strict=True)]
        for name, values, kind in (("key_no", numbers, pa.int32()), ("key_hash", known, pa.uint64()), ("air_gapped", gapped, pa.bool_())):
            places = places.append_column(name, pa.array(values, kind))
        return places

    def resources(self, resources: pa.Table, hashes: Mapping[int, int]) -> pa.Table:
        """Return the resources with what their recovery points have to be encrypted under.

        vault_sealed: under their vault's key, wherever they are. source_key_no: else local ones are under that one. source_bare and
        copies_bare: whether they may be unencrypted, here and as copies. source_hash: what local ones have if all is well.
        """
        rows = [self._of(group, hashes) for group in self.groups]
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * 5
        kinds = (pa.bool_(), pa.int32(), pa.int8(), pa.int8(), pa.uint64())
        names = ("vault_sealed", "source_key_no", "source_bare", "copies_bare", "source_hash")
        for name, kind, values in zip(names, kinds, columns, strict=True):
            resources = resources.append_column(name, pa.array(values, kind).take(resources["group_no"].combine_chunks()))
        return resources

    def _of(self, group: Group, hashes: Mapping[int, int]) -> tuple[bool, int | None, int, int, int | None]:
        kind = ResourceType(group.type) if group.type in set(ResourceType) else None
        managed = self.observed.settings.get((group.account, group.region, "management"), {})
        advanced = managed.get(str(ResourceType.DYNAMODB)) != "false"
        whole = kind is not None and fully_managed(kind, advanced_dynamodb=advanced)
        source = self.numbers.get(group.under) if group.under else None
        if kind is None or kind is ResourceType.EC2:  # images are unencrypted, whatever their snapshots are
            return whole, source, BARE_YES, BARE_YES, None
        bare = {"NONE": BARE_YES, "UNKNOWN": BARE_UNKNOWN}.get(group.manager, BARE_NO)
        usable = source is not None and group.under is not None and self._state(group.under)[1]
        expected = hashes[source] if usable and source is not None else BARE if bare == BARE_YES else None
        return whole, source, bare, bare if stays_unencrypted(kind, encrypted=False) else BARE_NO, expected


def sealing(observed: Observed, groups: Sequence[Group]) -> Sealing:
    """Number the keys that anything of a snapshot names."""
    named = [vault.key_arn for vault in observed.vaults.values()] + [group.under for group in groups]
    arns = dict.fromkeys((*observed.keys, *(arn for arn in named if arn)))
    return Sealing(observed, groups, {arn: number for number, arn in enumerate(arns)})
