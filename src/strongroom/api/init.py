"""`init`: a first strategy, from a template or from what AWS shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from strongroom import strategyfile
from strongroom.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A strategy for an organization that others built."""

    file: Path
    snapshot: str  # id of the snapshot that it was written from
    synced: bool  # there was none, so that one was read first
    plans: int
    remarks: tuple[str, ...]  # what is there and not in the strategy; the file has them as comments


def init(path: Path, template: str) -> tuple[Path, ...]:
    """Write a template as a new strategy, with the files that it names, and return their paths; raises BadInput when one exists."""
    target = path / "strategy.yaml" if path.is_dir() else path
    texts = {target: strategyfile.template(template)}
    texts |= {target.parent / name: text for name, text in strategyfile.companions(template).items()}
    for file in texts:
        if file.exists():
            raise BadInput(f"{file} exists already", hint="name another file or folder: strongroom init FILE")
    for file, text in texts.items():
        _write(file, text, folder=file.parent != target.parent)
    return tuple(texts)


def init_from_aws(
    path: Path, *, home: Path, regions: Sequence[str] = (), role: str | None = None, on_progress: Callable[[int, int, str], None]
) -> Adopted:
    """Write what the newest snapshot shows as a new strategy; where there is no snapshot, `sync` reads one first.

    Raises BadInput when the file exists, CouldNotVerify when the snapshot shows no plan, AwsRefused.
    """
    from strongroom import ledger
    from strongroom.api.sync import sync
    from strongroom.proof import adopting

    target = path / "strategy.yaml" if path.is_dir() else path
    if target.exists():
        raise BadInput(f"{target} exists already", hint="name another file or folder: strongroom init --from-aws FILE")
    synced = None if ledger.snapshots(home) else sync(None, home=home, regions=regions, role=role, on_progress=on_progress)
    snapshot = synced.snapshot if synced else ledger.latest(home)
    found = adopting.find(snapshot)
    _write(target, adopting.written(found, observed_at=snapshot.observed_at, snapshot=snapshot.id), folder=False)
    return Adopted(file=target, snapshot=snapshot.id, synced=synced is not None, plans=len(found.plans), remarks=found.remarks)


def _write(file: Path, text: str, *, folder: bool) -> None:
    try:
        if folder:
            file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise BadInput(f"{file} exists already", hint="name another file or folder: strongroom init FILE") from None
    except OSError as error:
        raise BadInput(f"can't write {file}: {error.strerror}", hint="name a file in a folder that exists") from error
