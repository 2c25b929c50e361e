"""From the grammar of validations to the domain: the settings of each validator become JSON."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn, FileOrigin
from strongroom.domain.strategy import Login, Validation
from strongroom.errors import BadInput
from strongroom.strategyfile import examinations
from strongroom.strategyfile.nearmiss import did_you_mean
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


def named(kind: ResourceType, text: str) -> Validation:
    """Return the validation that a text means by itself: a validator that needs no settings, or a file of SQL; raises BadInput.

    Example:
        >>> named(ResourceType.RDS, "checks/ledger.sql").file, named(ResourceType.S3, "manifest").validator
        ('checks/ledger.sql', 'manifest')
    """
    known = [*examinations.SHIPPED, *sorted(examinations.installed())]
    if text not in known and not re.search(r"[./]", text):
        raise BadInput(f"there is no validator {text!r}", hint=did_you_mean(text, known))
    expanded: Any = examinations.validators(text)
    (name,) = expanded.get("plugins") or expanded
    fitting = examinations.SHIPPED.get(name)
    if fitting is not None and kind not in fitting:
        others = [each for each, types in examinations.SHIPPED.items() if types is None or kind in types]
        raise BadInput(f"validator {name} examines no {kind}", hint=f"for {kind} there are: {', '.join(others)}")
    try:
        part = ValidatorsPart.model_validate(expanded)
    except ValidationError:
        if text not in known:
            raise BadInput(f"{text!r} is no file beside the strategy", hint="such as checks/ledger.sql") from None
        hint = "declare a restore test that says them, under restore_tests: validate; or write a file of SQL"
        raise BadInput(f"{text!r} can't be used alone: validator {name} needs settings", hint=hint) from None
    settings = part.plugins.get(name, {}) or part.model_dump(mode="json", exclude_none=True, exclude={"plugins"}).get(name, {})
    file = settings.get("file", "") if name == "sql" else ""
    written = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return Validation(type=kind, validator=name, settings=written, file=file, origin=BuiltIn())


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
