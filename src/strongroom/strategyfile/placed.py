"""Parts of the domain that remember where they are written: the places of a file, and selections."""

from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.domain.names import ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.strategyfile.nodes import MappingNode, Path, key_place, nearest
from strongroom.strategyfile.parts import SelectionPart


@dataclass(frozen=True, slots=True)
class Source:
    """The nodes of a file, which know where everything is written."""

    root: MappingNode
    file: str

    def key(self, *path: str | int) -> FileOrigin:
        """Return where the key of a part is written."""
        place = key_place(self.root, path)
        return FileOrigin(self.file, place.line, place.column)

    def value(self, *path: str | int) -> FileOrigin:
        """Return where the value of a part starts."""
        place = nearest(self.root, path).place
        return FileOrigin(self.file, place.line, place.column)


def selection(part: SelectionPart, path: Path, source: Source) -> Selection:
    """Return a selection; every type is written as none in the domain, so that types added by a later release are included."""
    return Selection(
        tags=_terms(part.tags),
        types=() if set(part.types) == set(ResourceType) else part.types,
        arns=part.arns,
        not_tags=_terms(part.excluded.tags),
        not_types=part.excluded.types,
        not_arns=part.excluded.arns,
        origin=source.value(*path),
    )


def _terms(tags: Mapping[str, tuple[str, ...]]) -> tuple[TagTerm, ...]:
    return tuple(TagTerm(key=key, values=tag_values) for key, tag_values in tags.items())
