"""Everything in a restored resource, compared with the manifest that was taken before the backup."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from strongroom.domain.names import ResourceType
from strongroom.domain.recovery import Outcome
from strongroom.errors import BadInput
from strongroom.validators import commands, manifests
from strongroom.validators.content import Content, content
from strongroom.validators.manifests import Manifest
from strongroom.validators.target import Found, Target, passed

NAMED_MAX: Final = 5
_WORDS: Final = {  # what a name names
    ResourceType.RDS: "table",
    ResourceType.AURORA: "table",
    ResourceType.DYNAMODB: "item",
    ResourceType.S3: "object",
    ResourceType.EBS: "block",
    ResourceType.EFS: "file",
}


def manifest(target: Target, settings: Mapping[str, Any], /) -> Found:
    """Compare names and checksums; without a manifest from shortly before the recovery point it is unknown."""
    folder = target.path(settings["folder"]) if settings.get("folder") else None
    wanted = manifests.newest(target, settings.get("within", manifests.WITHIN_MINUTES), folder)
    with _mounted(target, settings) as mounted:
        found = content(target, mounted=mounted)
    measured = {
        "manifest": wanted.taken_at.isoformat(),
        "expected": len(wanted.entries),
        "found": len(found.entries),
        "expected_sha256": wanted.sha256,
        "sha256": manifests.digest(found.entries),
    }
    return _compared(target, wanted, found, measured, Outcome(settings.get("differs", Outcome.FAILED.value)))


def _compared(target: Target, wanted: Manifest, found: Content, measured: dict[str, Any], differing: Outcome) -> Found:
    missing = sorted(wanted.entries.keys() - found.entries.keys())
    added = sorted(found.entries.keys() - wanted.entries.keys())
    changed = sorted(name for name in wanted.entries.keys() & found.entries.keys() if wanted.entries[name] != found.entries[name])
    word = _WORDS[target.restored.type]
    taken = f"the manifest of {wanted.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    if not (missing or added or changed):
        rows = f" with {sum(found.rows.values())} rows" if found.rows else ""
        return passed(f"{len(found.entries)} {word}{'s' * (len(found.entries) != 1)}{rows} as in {taken}", **measured)
    told = "; ".join(
        f"{len(names)} {word}{'s' * (len(names) != 1)} {how} ({_named(names, wanted, found)})"
        for how, names in (("missing", missing), ("changed", changed), ("added", added))
        if names
    )
    measured |= {"missing": missing[:NAMED_MAX], "changed": changed[:NAMED_MAX], "added": added[:NAMED_MAX]}
    measured |= {"missing_count": len(missing), "changed_count": len(changed), "added_count": len(added)}
    as_of = target.as_of
    minutes = int((as_of - wanted.began_at).total_seconds() // 60) if as_of else 0
    since = f"; what was written in the {minutes} minutes before the recovery point would differ too" if minutes else ""
    return Found(outcome=differing, told=f"{told} against {taken}{since}", measured=measured)


def _named(names: Sequence[str], wanted: Manifest, found: Content) -> str:
    def told(name: str) -> str:
        rows = [str(of[name]) for of in (wanted.rows, found.rows) if name in of]
        return f"{name}: {' → '.join(rows)} rows" if rows else name

    more = f", and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return f"{', '.join(map(told, names[:NAMED_MAX]))}{more}"


@contextmanager
def _mounted(target: Target, settings: Mapping[str, Any]) -> Iterator[Path | None]:
    """Mount a file system by the user's command, which prints the folder, and unmount it again."""
    if target.restored.type is not ResourceType.EFS:
        yield None
        return
    if not settings.get("mount"):
        raise BadInput("files are read where they are mounted, and nobody says how", hint="add mount: [checks/mount.sh] to manifest")
    ended = commands.run(target, settings["mount"], {})
    if ended.code or not ended.last_line:
        said = f": {ended.last_line}" if ended.last_line else ""
        raise BadInput(f"{settings['mount'][0]} ended with {ended.code}{said}", hint="it has to print the folder, and to end with 0")
    try:
        yield target.path(ended.last_line)
    finally:
        if settings.get("unmount"):
            commands.run(target, [*settings["unmount"], ended.last_line], {})
