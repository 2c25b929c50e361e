"""The EBS direct APIs over the store: blocks of snapshots read and written by clients.

Source: EBS direct APIs reference; Amazon EBS user guide, ebsapi-elements and ebsapi-faq (read 2026-11-21). moto serves what was put
into a snapshot through this API, and nothing of others.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, NoReturn

from strongroom import facts
from strongroom.semantics.blocks import BLOCK_BYTES
from strongroom.twin.backup.surroundings import key_of
from strongroom.twin.data.blocks import managed
from strongroom.twin.data.blocks.keeper import Blocks
from strongroom.twin.data.blocks.shown import digest
from strongroom.twin.data.blocks.store import Stored, whole
from strongroom.twin.data.blocks.volumes import volume_arn
from strongroom.twin.dispatch import before_first_use

_PAGE_MIN: int = facts.limit("ebs_blocks_page_min").value
_PAGE_MAX: int = facts.limit("ebs_blocks_page_max").value
_TOKENS_FOR = timedelta(days=7)  # until tokens expire: ListSnapshotBlocks, ExpiryTime


def install(blocks: Blocks) -> None:
    """Let the EBS direct APIs know the blocks when they are first used."""
    before_first_use("ebs", lambda: _teach(blocks))


def _teach(blocks: Blocks) -> None:
    from moto.ebs.models import EBSBackend
    from moto.ebs.responses import EBSResponse

    taught = hasattr(EBSBackend, "blocks")
    EBSBackend.blocks = blocks
    if taught:
        return
    for operation in (list_snapshot_blocks, list_changed_blocks, get_snapshot_block, start_snapshot, put_snapshot_block, complete_snapshot):
        setattr(EBSResponse, operation.__name__, operation)


def list_snapshot_blocks(response: Any) -> Any:
    """ListSnapshotBlocks."""
    seen = _seen(response, "SnapshotId")
    named = {index: {"BlockIndex": index, "BlockToken": token(seen, index, each)} for index, each in _blocks(seen).items()}
    return _page(response, seen, "Blocks", named)


def list_changed_blocks(response: Any) -> Any:
    """ListChangedBlocks: those that were written anew, whatever was written."""
    first, second = _seen(response, "FirstSnapshotId"), _seen(response, "SecondSnapshotId")
    if first.snapshot is not None and second.snapshot is not None and first.snapshot.volume != second.snapshot.volume:
        _refuse("ValidationException", "UNRELATED_SNAPSHOTS", "The specified snapshots do not belong to the same volume.")
    before, after = _blocks(first), _blocks(second)
    named = {}
    for index in sorted(before.keys() | after.keys()):
        if index not in before or index not in after or before[index].written != after[index].written:
            tokens = {
                "FirstBlockToken": token(first, index, before[index]) if index in before else None,
                "SecondBlockToken": token(second, index, after[index]) if index in after else None,
            }
            named[index] = {"BlockIndex": index} | {name: text for name, text in tokens.items() if text is not None}
    return _page(response, second, "ChangedBlocks", named)


def get_snapshot_block(response: Any) -> Any:
    """GetSnapshotBlock: 512 KiB with their SHA-256."""
    seen = _seen(response, "SnapshotId")
    index, given = int(response._get_param("BlockIndex")), response._get_param("BlockToken")
    found = _blocks(seen).get(index)
    if found is None or given != token(seen, index, found):
        _refuse("ValidationException", "INVALID_BLOCK_TOKEN", "The provided BlockToken is invalid or has expired.")
    return _answer(DataLength=BLOCK_BYTES, BlockData=whole(found.data), Checksum=digest(found.data), ChecksumAlgorithm="SHA256")


def start_snapshot(response: Any) -> Any:
    """StartSnapshot: a snapshot that blocks are put into, perhaps over those of another one."""
    backend, parent = response.ebs_backend, response._get_param("ParentSnapshotId")
    if parent is not None:
        _seen(response, "ParentSnapshotId")
    made = backend.start_snapshot(
        volume_size=response._get_param("VolumeSize"),
        tags=response._get_param("Tags"),
        description=response._get_param("Description") or "",
    )
    snapshot = backend.ec2_backend.snapshots[made.snapshot_id]
    backend.ec2_backend.volumes.pop(snapshot.volume.id)  # moto's, which AWS doesn't have
    encrypted, key = bool(response._get_param("Encrypted")), response._get_param("KmsKeyArn")
    snapshot.status, snapshot.encrypted, snapshot.kms_key_id = "pending", encrypted or key is not None, key
    made.parent_snapshot_id = parent
    told = {"SnapshotId": made.snapshot_id, "OwnerId": made.account_id, "Status": "pending", "StartTime": made.start_time}
    return _answer(
        **told, VolumeSize=made.volume_size, BlockSize=BLOCK_BYTES, Tags=made.tags, Description=made.description, ParentSnapshotId=parent
    )


def put_snapshot_block(response: Any) -> Any:
    """PutSnapshotBlock: refused unless it is what its checksum says."""
    made, data = _pending(response), response._get_param("BlockData")
    index, checksum = int(response._get_param("BlockIndex")), response._get_param("Checksum")
    body = data.encode("latin-1") if isinstance(data, str) else bytes(data)
    if len(body) != BLOCK_BYTES or response._get_param("DataLength") not in {BLOCK_BYTES, str(BLOCK_BYTES)}:
        _refuse("ValidationException", "INVALID_PARAMETER_VALUE", f"A block has {BLOCK_BYTES} bytes.")
    if checksum != base64.b64encode(sha256(body).digest()).decode():
        _refuse("ValidationException", "INVALID_BLOCK", "The checksum does not match the data.")
    made.put_block(index, body, checksum, "SHA256", BLOCK_BYTES)
    return _answer(Checksum=checksum, ChecksumAlgorithm="SHA256")


def complete_snapshot(response: Any) -> Any:
    """CompleteSnapshot: from now on it can be read, copied and made a volume of."""
    made, backend = _pending(response), response.ebs_backend
    blocks, ec2 = backend.blocks, backend.ec2_backend
    snapshot = ec2.snapshots[made.snapshot_id]
    parent = managed.seen(blocks, ec2, made.parent_snapshot_id) if made.parent_snapshot_id else None
    base = parent.snapshot.number if parent is not None and parent.snapshot is not None else None
    shelf = blocks.shelf(ec2.account_id, ec2.region_name, snapshot, key=snapshot.kms_key_id)
    given = {index: block.block_data for index, block in made.blocks.items()}
    volume = parent.snapshot.volume if parent is not None and parent.snapshot is not None else volume_arn(ec2, snapshot.volume.id)
    number = blocks.store.put(volume, shelf, blocks.now(), given, base)
    blocks.store.names[ec2.account_id, ec2.region_name, made.snapshot_id] = number
    snapshot.status = made.status = "completed"
    made.blocks = {}
    return _answer(Status="completed")


def token(seen: managed.Seen, index: int, block: Stored) -> str:
    """Return the token of a block in a snapshot."""
    number = 0 if seen.snapshot is None else seen.snapshot.number
    return base64.b64encode(sha256(f"{number}/{index}/{block.number}".encode()).digest()).decode()


def _seen(response: Any, member: str) -> managed.Seen:
    """Return the snapshot that a call names, complete and readable; raises moto's ServiceException."""
    name, blocks = response._get_param(member), response.ebs_backend.blocks
    if not name:
        _refuse("ValidationException", "INVALID_SNAPSHOT_ID", f"{member} is missing.")
    blocks.catch_up()
    found = managed.seen(blocks, response.ebs_backend.ec2_backend, name)
    if found is None:
        _refuse("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", f"The snapshot '{name}' does not exist.")
    if not found.completed:
        _refuse("ValidationException", "INVALID_SNAPSHOT_ID", f"The snapshot '{name}' is not completed.")
    if found.archived:
        _refuse("ValidationException", "INVALID_SNAPSHOT_ID", f"The snapshot '{name}' is archived.")
    if found.key_arn is not None:
        key = key_of(blocks.world, found.key_arn, response.current_account, response.region)
        if key.state not in ("Enabled", "Missing"):
            _refuse(
                "AccessDeniedException", "DEPENDENCY_ACCESS_DENIED", f"The KMS key of the snapshot '{name}' can't be used: {key.state}."
            )
    return found


def _pending(response: Any) -> Any:
    """Return moto's snapshot that is being written; raises moto's ServiceException."""
    name = response._get_param("SnapshotId")
    made = response.ebs_backend.snapshots.get(name)
    if made is None or name not in response.ebs_backend.ec2_backend.snapshots:
        _refuse("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", f"The snapshot '{name}' does not exist.")
    if made.status != "pending":
        _refuse("ValidationException", "INVALID_SNAPSHOT_ID", f"The snapshot '{name}' is not pending.")
    return made


def _blocks(seen: managed.Seen) -> Mapping[int, Stored]:
    return {} if seen.snapshot is None else seen.snapshot.blocks


def _page(response: Any, seen: managed.Seen, member: str, named: Mapping[int, Any]) -> Any:
    """Return a page of blocks in the order of their indexes."""
    size = min(max(int(response._get_param("MaxResults") or _PAGE_MAX), _PAGE_MIN), _PAGE_MAX)
    first = _first(response._get_param("NextToken"), response._get_param("StartingBlockIndex"))
    left = sorted(index for index in named if index >= first)
    told: dict[str, Any] = {member: [named[index] for index in left[:size]]}
    if len(left) > size:
        told["NextToken"] = base64.b64encode(str(left[size]).encode()).decode()
    expires_at = response.ebs_backend.blocks.now() + _TOKENS_FOR
    return _answer(**told, ExpiryTime=expires_at, VolumeSize=seen.size_gib, BlockSize=BLOCK_BYTES)


def _first(page: str | None, index: Any) -> int:
    """Return the index that a page begins with; raises moto's ServiceException."""
    if page is None:
        return int(index or 0)
    try:
        return int(base64.b64decode(page, validate=True))
    except ValueError:
        _refuse("ValidationException", "INVALID_PAGE_TOKEN", "The provided NextToken is invalid.")


def _refuse(code: str, reason: str, message: str) -> NoReturn:
    from moto.core.exceptions import ServiceException

    class Refusal(ServiceException):  # moto looks for the model of an error by the module of its class: here, that of the service
        """An error of the EBS direct APIs."""

    refusal = Refusal(code, message)
    refusal.Reason = reason
    raise refusal


def _answer(**members: Any) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult({name: value for name, value in members.items() if value is not None})
