"""Queries of a restored DynamoDB table; `restored` stands for its name.

Source: DynamoDB developer guide, "PartiQL select statements for DynamoDB"; API reference, ExecuteStatement, read 2026-11-21.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from strongroom.aws.contents.sources import name_in
from strongroom.validators.statements import Statement
from strongroom.validators.target import Found, Target, failed, passed, unknown

_TABLE: Final = re.compile(r'(\bfrom\s+)(?:"restored"|restored\b)', re.IGNORECASE)


def asked(target: Target, source: str, queries: Sequence[Statement], settings: Mapping[str, Any]) -> Found:
    """Ask each query; it must find an item, or as many as `rows` says."""
    unmeant = sorted({"equals", "at_least", "at_most"} & set(settings))
    if unmeant:
        return unknown(f"PartiQL finds items and no values: {unmeant[0]} can't be judged, rows can")
    wanted, measured = settings.get("rows"), []
    for each in queries:
        if each.word != "select":
            return unknown(f"{source}:{each.line}: {each.word.upper()} is not PartiQL's word for reading, which is SELECT")
        statement = _TABLE.sub(rf'\1"{name_in(target.restored.resource_arn)}"', each.text)
        count = _count(target, statement, None if wanted is None else wanted + 1)
        measured.append({"line": each.line, "items": count})
        if wanted is None and not count:
            return failed(f"{source}:{each.line}: no item", queries=measured)
        if wanted is not None and count != wanted:
            more = " or more" if count > wanted else ""
            return failed(f"{source}:{each.line}: {count}{more} items, {wanted} expected", queries=measured)
    return passed(f"{len(queries)} quer{'y' if len(queries) == 1 else 'ies'} of {source} found what was expected", queries=measured)


def _count(target: Target, statement: str, most: int | None) -> int:
    """Return how many items a statement finds, counted until there are `most`, None: until there is one."""
    count, token = 0, ""
    while True:
        page = target.opened().call("dynamodb", "execute_statement", Statement=statement, **({"NextToken": token} if token else {}))
        count += len(page.get("Items") or ())
        token = page.get("NextToken") or ""
        if not token or count >= (most or 1):
            return count
