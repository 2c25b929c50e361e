"""EBS snapshots as sets of blocks: what a later one and a copy share with earlier ones, and how many bytes are whose.

Sources: Amazon EBS user guide, how_snapshots_work, ebs-deleting-snapshot, ebs-copy-snapshot, snapshot-archive; EBS direct APIs,
ebsapi-elements (read 2026-11-21).
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from strongroom import facts

BLOCK_BYTES: int = facts.limit("ebs_block_bytes").value
_Name = TypeVar("_Name", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A snapshot that another one may build on."""

    key_arn: str | None  # None: not encrypted
    exists: bool
    archived: bool  # then it is full, and lies elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a snapshot refers to; both together are its full size."""

    unique_bytes: int  # that go when it alone is deleted
    shared_bytes: int  # that others refer to as well


def base_of_snapshot(earlier: Sequence[Earlier], key_arn: str | None) -> int | None:
    """Return which of the earlier snapshots of a volume a new one builds on: the last that is there; None: it is full.

    A volume that was made of a snapshot begins with that one, which it shares blocks with only under the same key.

    Example:
        >>> there, gone = (Earlier(key_arn=None, exists=exists, archived=False) for exists in (True, False))
        >>> base_of_snapshot([there, there, gone], None)
        1
    """
    usable = [number for number, each in enumerate(earlier) if each.exists and not each.archived and each.key_arn == key_arn]
    return usable[-1] if usable else None


def base_of_copy(earlier: Sequence[Earlier], key_arn: str | None) -> int | None:
    """Return which of the earlier copies of a volume's snapshots at a destination a new one builds on; None: it is full.

    Only the last one counts, whatever became of it, and only while all that are there are encrypted alike.

    Example:
        >>> there, gone = (Earlier(key_arn=None, exists=exists, archived=False) for exists in (True, False))
        >>> base_of_copy([gone, there], None), base_of_copy([there, gone], None)
        (1, None)
    """
    if not earlier or not earlier[-1].exists or earlier[-1].archived:
        return None
    alike = all(each.key_arn == key_arn for each in earlier if each.exists)
    return len(earlier) - 1 if alike else None


def usage(snapshots: Mapping[_Name, Collection[Hashable]]) -> dict[_Name, Usage]:
    """Return what each of the snapshots of an account and Region, given as the blocks that it refers to, has alone and shares."""
    holders = Counter(block for blocks in snapshots.values() for block in blocks)
    found = {}
    for name, blocks in snapshots.items():
        unique = sum(holders[block] == 1 for block in blocks)
        found[name] = Usage(unique_bytes=unique * BLOCK_BYTES, shared_bytes=(len(blocks) - unique) * BLOCK_BYTES)
    return found


def stored_bytes(snapshots: Iterable[Collection[Hashable]]) -> int:
    """Return what snapshots take up together: each block once.

    Example:
        >>> stored_bytes([{1, 2}, {2, 3}]) // BLOCK_BYTES
        3
    """
    return len(frozenset(block for blocks in snapshots for block in blocks)) * BLOCK_BYTES
