"""Which backup policies of the organization reach an account, from a snapshot of the ledger."""

import difflib
from collections.abc import Mapping
from typing import Any

import duckdb

from strongroom.errors import BadInput, CouldNotVerify
from strongroom.ledger import Snapshot, connect, rows
from strongroom.semantics import policies
from strongroom.semantics.policies import AttachedPolicy, PolicyLevel

_POLICIES = "SELECT policy_id, name, content FROM policies WHERE target_id = $target ORDER BY policy_id"
_READ = "SELECT read, reason FROM reads WHERE subject = $subject AND ($account IS NULL OR account_id = $account) ORDER BY read LIMIT 1"


def synced_levels(snapshot: Snapshot, account_id: str) -> tuple[tuple[PolicyLevel, ...], str | None]:
    """Return root, OUs and account with their policies, and what AWS says is effective (empty: none; None: that was not read).

    In which order policies were attached to one entity no API tells: they come in the order of their ids. Raises BadInput for an
    account that the snapshot doesn't know, CouldNotVerify when the policies could not be read.
    """
    with connect(snapshot) as ledger:
        account = _account(ledger, account_id)
        read = rows(ledger, _READ, {"subject": "policies", "account": None})
        if not read or not read[0]["read"]:
            reason = read[0]["reason"] if read else "they were not asked for"
            raise CouldNotVerify(f"the backup policies of the organization could not be read: {reason}", hint="run: strongroom sync")
        names = account["ou_path"].split("/") if account["ou_path"] else []
        paths = ["Root", *("/".join(names[:number]) for number in range(1, len(names) + 1))]
        targets = [*zip(account["ou_ids"], paths, strict=False), (account_id, f"account {account_id}")]
        levels = tuple(_level(ledger, target, name) for target, name in targets)
        seen = rows(ledger, "SELECT content FROM effective_policies WHERE account_id = $account", {"account": account_id})
    return levels, seen[0]["content"] if seen else None


def _account(ledger: duckdb.DuckDBPyConnection, account_id: str) -> Mapping[str, Any]:
    found = rows(ledger, "SELECT ou_path, ou_ids FROM accounts WHERE account_id = $account", {"account": account_id})
    if found:
        return found[0]
    known = [row["account_id"] for row in rows(ledger, "SELECT account_id FROM accounts ORDER BY account_id")]
    near = difflib.get_close_matches(account_id, known, n=1, cutoff=0.8)
    hint = f"did you mean {near[0]}?" if near else "run: strongroom sync"
    raise BadInput(f"the ledger knows no account {account_id}", hint=hint)


def _level(ledger: duckdb.DuckDBPyConnection, target: str, name: str) -> PolicyLevel:
    attached = rows(ledger, _POLICIES, {"target": target})
    return PolicyLevel(
        name=name, policies=tuple(AttachedPolicy(id=f"{row['name']} ({row['policy_id']})", document=_document(row)) for row in attached)
    )


def _document(row: Mapping[str, Any]) -> Mapping[str, Any]:
    read = policies.read(row["content"])
    if read.document is None:
        raise CouldNotVerify(f"policy {row['policy_id']} in the ledger can't be read: {read.refused}", hint="run: strongroom sync")
    return read.document
