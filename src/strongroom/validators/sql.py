"""Queries that must say true: of a file or of the settings; as PartiQL for DynamoDB."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from strongroom.domain.names import ResourceType
from strongroom.errors import BadInput
from strongroom.validators import partiql
from strongroom.validators.expectations import Answer, expected, judged
from strongroom.validators.postgres import Missing, Session, connected
from strongroom.validators.statements import Statement, statements
from strongroom.validators.target import Found, Target, failed, passed, unknown

READS: Final = ("select", "with", "values", "table", "show")  # words that statements which only read begin with
_SHOWN_MAX: Final = 20
_FILE_BYTES_MAX: Final = 1 << 20


def sql(target: Target, settings: Mapping[str, Any], /) -> Found:
    """Ask each query; without an expectation every value of every row must be true.

    A table that is missing fails; a query that is wrong, or tries to write, is unknown.
    """
    source = settings.get("file") or "query"
    asked = tuple(statements(_text(target, settings)))
    if not asked:
        return unknown(f"{source} has no query")
    for each in asked:
        if each.word not in READS:
            first = each.word.upper() or each.text[:20]
            return unknown(f"{source}:{each.line}: {first} is not asked: queries begin with {', '.join(READS).upper()}")
    if target.restored.type is ResourceType.DYNAMODB:
        return partiql.asked(target, source, asked, settings)
    measured: list[dict[str, Any]] = []
    with connected(target, settings.get("database") or "") as session:
        about = session.measured()
        for each in asked:
            where = f"{source}:{each.line}"
            begun = time.monotonic()
            try:
                answer = _asked(session, each, settings, where)
            except Missing as error:
                return failed(error.message, queries=measured, **about)
            if len(measured) < _SHOWN_MAX:
                seconds = round(time.monotonic() - begun, 4)
                measured.append({"line": each.line, "rows": answer.rows, "values": answer.shown(), "seconds": seconds})
            found = judged(answer, settings)
            if found is not None:
                return replace(found, measured={"queries": measured, **about})
    return passed(f"{len(asked)} quer{'y' if len(asked) == 1 else 'ies'} of {source} as expected", queries=measured, **about)


def _text(target: Target, settings: Mapping[str, Any]) -> str:
    if settings.get("query"):
        return str(settings["query"])
    path = target.path(settings["file"])
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"can't read {path}: {error.strerror}", hint="put the file beside the strategy") from error
    if len(content) > _FILE_BYTES_MAX:
        raise BadInput(f"{path} is larger than {_FILE_BYTES_MAX} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: byte {error.start}", hint="save it as UTF-8") from error


def _asked(session: Session, each: Statement, settings: Mapping[str, Any], where: str) -> Answer:
    """Return how many rows there are, and the row that decides: the first that isn't true where all must be, else the first."""
    must_be_true = not expected(settings)
    found = Answer(where=where)
    for names, row in session.columns(each.text, about=where):
        untrue = must_be_true and any(value is not True for value in row)
        if untrue or not found.rows:
            found = replace(found, names=names, row=row)
        found = replace(found, rows=found.rows + 1)
        if untrue:
            break
    return found
