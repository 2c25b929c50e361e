"""YAML with the place of every value: what the seed file's grammar is written in."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from strongroom.domain.origin import FileOrigin
from strongroom.errors import BadInput

T = TypeVar("T")

SIZE_BYTES_MAX = 1024 * 1024
_KIND = {MappingNode: "a mapping", SequenceNode: "a list", ScalarNode: "a single value"}


@dataclass(frozen=True, slots=True)
class Value:
    """A node of the document; every reader of it raises BadInput with file:line:column."""

    node: Any
    file: str

    @property
    def origin(self) -> FileOrigin:
        """Where it stands."""
        mark = self.node.start_mark
        return FileOrigin(self.file, mark.line + 1, mark.column + 1)

    def bad(self, message: str, hint: str = "") -> BadInput:
        """Return the error about this value."""
        return BadInput(f"{self.origin}  {message}", hint=hint)

    def fields(self, *, needed: Iterable[str] = (), possible: Iterable[str] = ()) -> dict[str, "Value"]:
        """Return the fields of a mapping whose keys are fixed."""
        needed = tuple(needed)
        known = (*needed, *possible)
        found = self.entries()
        for key, (name, _) in found.items():
            if key not in known:
                raise name.bad(f"key {key!r} is unknown", suggest(key, known))
        missing = [key for key in needed if key not in found]
        if missing:
            raise self.bad(f"key {missing[0]!r} is missing")
        return {key: value for key, (_, value) in found.items()}

    def entries(self) -> dict[str, tuple["Value", "Value"]]:
        """Return the entries of a mapping with free keys: key -> (the key's node, the value)."""
        self._expect(MappingNode)
        found: dict[str, tuple[Value, Value]] = {}
        for key_node, node in self.node.value:
            name = Value(key_node, self.file)
            key = name.text()
            if key in found:
                raise name.bad(f"key {key!r} is there twice")
            if isinstance(node, ScalarNode) and not node.value and node.style is None:
                raise name.bad(f"key {key!r} has no value", "write {} for an empty mapping, [] for an empty list")
            found[key] = (name, Value(node, self.file))
        return found

    def items(self) -> tuple["Value", ...]:
        """Return the items of a list."""
        self._expect(SequenceNode)
        return tuple(Value(node, self.file) for node in self.node.value)

    def text(self) -> str:
        """Return a scalar as it is written; account ids should be quoted, but need not be."""
        self._expect(ScalarNode)
        if not self.node.value and self.node.style is None:
            raise self.bad("a value is missing")
        return str(self.node.value)

    def whole(self, *, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        text = self.text()
        if not text.isdecimal() or not least <= int(text) <= most:
            raise self.bad(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    def truth(self) -> bool:
        """Return a yes or no."""
        text = self.text()
        if text not in {"true", "false", "yes", "no"}:
            raise self.bad(f"{text!r} is neither true nor false")
        return text in {"true", "yes"}

    def parsed(self, parse: Callable[[str], T]) -> T:
        """Return what `parse` makes of the text; its ValueError becomes the message."""
        try:
            return parse(self.text())
        except ValueError as error:
            raise self.bad(str(error)) from error

    def one_of(self, choices: Mapping[str, T], what: str) -> T:
        """Return the choice that the text names."""
        text = self.text()
        if text not in choices:
            raise self.bad(f"{what} {text!r} is unknown", suggest(text, choices))
        return choices[text]

    def _expect(self, kind: type[Node]) -> None:
        if not isinstance(self.node, kind):
            raise self.bad(f"{_KIND[kind]} is expected here, this is {_KIND.get(type(self.node), 'something else')}")


def read(path: Path) -> Value:
    """Return the document of a file; raises BadInput for no such file, unreadable, empty, too large or not YAML."""
    try:
        size = path.stat().st_size
        if size > SIZE_BYTES_MAX:
            raise BadInput(f"{path} has {size} bytes, at most {SIZE_BYTES_MAX} are read", hint="is it a seed file?")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"can't read {path}: {error.strerror}", hint="name the seed file with --seed FILE") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#x}") from error
    return parse(text, file=str(path))


def parse(text: str, *, file: str) -> Value:
    """Return the document in `text`; raises BadInput for an empty one or bad YAML."""
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise BadInput(f"{place}  this is not YAML: {error.problem}") from error
    except YAMLError as error:  # without a place: a character that YAML forbids
        raise BadInput(f"{file} is not YAML: {str(error).splitlines()[0]}") from error
    if node is None:
        raise BadInput(f"{file} is empty", hint="examples/three-tiers/organization.yaml shows what a seed file looks like")
    return Value(node, file)


def suggest(text: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest of the known words, or all of them.

    Example:
        >>> suggest("acount", ["account", "region"])
        'did you mean account?'
    """
    words = list(known)
    near = difflib.get_close_matches(text, words, n=1)
    return f"did you mean {near[0]}?" if near else f"possible: {', '.join(words)}"
