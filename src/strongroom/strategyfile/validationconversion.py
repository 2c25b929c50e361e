"""From the grammar of validations to the domain: the settings of each validator become JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strongroom.domain.names import ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import Login, Validation
from strongroom.strategyfile.nodes import ListNode, Path, Plain, find
from strongroom.strategyfile.placed import Source
from strongroom.strategyfile.validationparts import LoginPart, ValidatorsPart


def validations(kind: ResourceType, parts: Sequence[ValidatorsPart], path: Path, source: Source) -> Iterator[Validation]:
    """Yield the validations of a type, in the order of the file; several in one mapping in the order of the grammar."""
    where: Path = (*path, kind.keyword)
    listed = isinstance(find(source.root, *where), ListNode)
    for position, part in enumerate(parts):
        shipped = part.model_dump(mode="json", exclude_none=True, exclude={"plugins"})
        for name, settings in (*shipped.items(), *((name, _json(settings)) for name, settings in part.plugins.items())):
            steps: Path = (*where, position, name) if listed else (*where, name)
            file = settings.get("file", "") if name == "sql" else ""
            origin = source.key(*steps) if find(source.root, *steps[:-1]) is not None else source.key(*where)
            yield Validation(
                type=kind, validator=name, settings=json.dumps(settings, sort_keys=True, ensure_ascii=False), file=file, origin=origin
            )


def login(kind: ResourceType, part: LoginPart, origin: FileOrigin) -> Login:
    """Return how validators log in to restored resources of a type."""
    return Login(
        type=kind,
        user=part.user or "",
        variable=part.password or "",
        secret_arn=part.secret or "",
        database=part.database or "",
        tls=part.tls,
        ca=part.ca or "",
        origin=origin,
    )


def _json(written: Any) -> Any:
    match written:
        case Plain(value=value):
            return value
        case Mapping():
            return {key: _json(value) for key, value in written.items()}
        case list() | tuple():
            return [_json(value) for value in written]
    return written
