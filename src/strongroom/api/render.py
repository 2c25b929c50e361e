"""`render`: what `apply` would deploy, as files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.domain.estate import Undeployed
from strongroom.domain.names import AccountId
from strongroom.errors import BadInput

READ_ROLE = "strongroom-read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The files that were written, and what of the strategy none of them holds."""

    files: tuple[Path, ...]
    undeployed: tuple[Undeployed, ...]


def render(strategy: Path, out: Path) -> Rendered:
    """Write every template and policy of a strategy into a folder; raises BadInput."""
    estate = compiler.compile_strategy(load_strategy(strategy))
    files = {
        **{f"stack-sets/{each.name}.template.json": each.template for each in estate.stack_sets},
        **{f"stacks/{each.name}.{each.account}.{each.region}.template.json": each.template for each in estate.stacks},
        **{f"policies/{each.name}.json": each.content for each in estate.policies},
        **{f"guard-rails/{each.name}.json": each.content for each in estate.rails},
    }
    return Rendered(files=tuple(_write(out, files)), undeployed=estate.undeployed)


def _write(out: Path, files: dict[str, str]) -> Iterator[Path]:
    for name, content in sorted(files.items()):
        target = out / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(json.loads(content), indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise BadInput(f"can't write {target}: {error.strerror}", hint="name a folder that you may write to: --out FOLDER") from error
        yield target


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
