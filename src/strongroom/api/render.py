"""`render`: what `apply` would deploy, as files with an index and the order of application."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.api.writing import write_whole
from strongroom.aws.permissions import MANAGEMENT, PERMISSIONS
from strongroom.compiler.rendering import RenderedFile, RenderedGroup, rendered_groups
from strongroom.domain.estate import Estate, Undeployed
from strongroom.domain.names import AccountId
from strongroom.errors import BadInput

READ_ROLE: Final = "strongroom-read"
INDEX, README = "index.json", "README.md"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The files that were written, those of an earlier run that were removed, and what of the strategy no file holds."""

    files: tuple[Path, ...]
    removed: tuple[Path, ...]
    undeployed: tuple[Undeployed, ...]


def render(strategy: Path, out: Path) -> Rendered:
    """Write every template and policy of a strategy into a folder; raises BadInput.

    Files that an earlier run has written there and that are no longer part of it are removed; whatever else is there stays.
    """
    estate = compiler.compile_strategy(load_strategy(strategy))
    groups = rendered_groups(estate, management_actions=_management_actions(estate))
    texts = {
        file.path: json.dumps(json.loads(file.content), indent=2, ensure_ascii=False) + "\n" for group in groups for file in group.files
    }
    before = _listed(out)
    written = tuple(_write(out, {**texts, README: _readme(estate, groups)}))
    index = json.dumps(_index(estate, groups, sorted((*texts, README))), indent=2, ensure_ascii=False) + "\n"
    removed = tuple(_remove(out, before - {*texts, README}))
    # last: until it is there, the old one still names every file of before
    return Rendered(files=(*written, *_write(out, {INDEX: index})), removed=removed, undeployed=estate.undeployed)


def _management_actions(estate: Estate) -> Iterator[str]:
    """Yield what deploying calls in the management account, without what this strategy doesn't use."""
    unused = ["sts:", "iam:"]  # of whoever assumes the role
    unused += [] if estate.organization.control_tower else ["controltower:", "kms:"]
    unused += [] if any(vault.shared_with for vault in estate.vaults) else ["ram:"]
    named = {action for entry in PERMISSIONS if entry.principal == MANAGEMENT for action in entry.actions}
    return (action for action in sorted(named) if not action.startswith(tuple(unused)))


def _write(out: Path, texts: dict[str, str]) -> Iterator[Path]:
    for name, text in sorted(texts.items()):
        target = out / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"can't write {target}: {error.strerror}", hint="name a folder that you may write to") from error
        write_whole(target, text)
        yield target


def _listed(out: Path) -> set[str]:
    """Return the files that the index of an earlier run names, none where there is no index or it isn't ours."""
    try:
        document: Any = json.loads((out / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    named = document.get("files", []) if isinstance(document, dict) and document.get("format_version") == FORMAT_VERSION else []
    return {name for name in named if isinstance(name, str) and _inside(name)} if isinstance(named, list) else set()


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _remove(out: Path, names: Iterable[str]) -> Iterator[Path]:
    for name in sorted(names):
        target = out / name
        try:
            target.unlink(missing_ok=True)
            if target.parent != out and not any(target.parent.iterdir()):
                target.parent.rmdir()
        except OSError as error:
            raise BadInput(f"can't remove {target}: {error.strerror}", hint="remove it yourself, or name another folder") from error
        yield target


def _index(estate: Estate, groups: Sequence[RenderedGroup], files: Sequence[str]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "strategy": estate.name,
        "order": [
            {
                "number": number,
                "title": group.title,
                "why": group.why,
                "files": [
                    {
                        "path": file.path,
                        "kind": file.kind,
                        "name": file.name,
                        "where": file.where,
                        "parameters": [name for name, _ in file.parameters],
                        "note": file.note,
                    }
                    for file in group.files
                ],
            }
            for number, group in enumerate(groups, start=1)
        ],
        "undeployed": [{"subject": each.subject, "reason": each.reason} for each in estate.undeployed],
        "files": list(files),
    }


def _readme(estate: Estate, groups: Sequence[RenderedGroup]) -> str:
    lines = [
        f"# Strategy {estate.name}",
        "",
        "What `strongroom apply` would deploy, for your own pipeline. Apply the groups in this order: where you stop, what was",
        "protected is still protected. `index.json` says the same for programs. Change the strategy, not these files: `strongroom render`",
        "writes them anew.",
    ]
    for number, group in enumerate(groups, start=1):
        lines += ["", f"## {number}. {group.title}", "", f"Here because {group.why}.", "", "| file | for | note |", "|---|---|---|"]
        lines += [_row(file) for file in group.files]
    asked = sorted({parameter for group in groups for file in group.files for parameter in file.parameters})
    if asked:
        lines += ["", "## Parameters", "", "| parameter | what to give |", "|---|---|"]
        lines += [f"| `{name}` | {_cell(description)} |" for name, description in asked]
    if estate.undeployed:
        lines += ["", "## Declared, but in none of these files", "", "| part | why |", "|---|---|"]
        lines += [f"| {_cell(each.subject)} | {_cell(each.reason)} |" for each in estate.undeployed]
    return "\n".join(lines) + "\n"


def _row(file: RenderedFile) -> str:
    asks = f"asks for {', '.join(f'`{name}`' for name, _ in file.parameters)}" if file.parameters else ""
    note = "; ".join(part for part in (file.note, asks) if part)
    return f"| [`{file.path}`]({file.path}) | {_cell(file.where)} | {_cell(note)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def read_role_template(strategy: Path | None, trust: Sequence[str]) -> str:
    """Return the CloudFormation template of the read-only role; trusted are the given accounts, else the strategy's."""
    name, trusted = READ_ROLE, list(trust)
    if strategy is not None:
        declared = load_strategy(strategy)
        name = declared.roles.read
        accounts = declared.organization.accounts
        trusted = trusted or [account for account in (accounts.management, accounts.backup_admin) if account]
    if not trusted:
        raise BadInput(
            "nobody is named that may assume the read role",
            hint="declare organization.accounts.management in the strategy, or: strongroom render --read-role --trust ACCOUNT",
        )
    try:
        principals = [AccountId.parse(account) for account in trusted]
    except ValueError as error:
        raise BadInput(str(error), hint="give account ids: --trust 111122223333") from error
    template = json.loads(compiler.read_role_template(name, tuple(principals)))
    return json.dumps(template, indent=2)
