"""YAML -> nodes with places, through the events of ruamel.yaml; CloudFormation's short functions become their long form.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import re
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from strongroom.documents.nodes import Entry, Items, Members, Node, Place, Scalar
from strongroom.documents.notes import shown
from strongroom.documents.stopped import Stopped, repeated

_EVENTS_MAX: Final = 40_000
_DEPTH_MAX: Final = 50
_LINE_CHARACTERS_MAX: Final = 100_000  # the parser takes quadratic time over some single tokens
_BYTES_MAX: Final = 1 << 20
_CONTROL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OTHER_VERSION: Final = re.compile(r"(?:^|[\r\x85\u2028\u2029])%YAML(?![ \t]+1\.[12][ \t\r]*(?:#.*)?$)", re.MULTILINE)
_STANDARD: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_FUNCTIONS: Final = frozenset(
    f"!{name}"
    for name in (
        *("Ref", "Sub", "GetAtt", "Join", "Select", "Split", "If", "FindInMap", "ImportValue", "GetAZs", "Base64", "Cidr"),
        *("Transform", "Condition", "And", "Or", "Not", "Equals", "ToJsonString", "Length", "ForEach"),
    )
)
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH: Final = {word: word.lower() in {"true", "yes", "on"} for base in ("true", "false", "yes", "no", "on", "off")
                 for word in (base, base.capitalize(), base.upper())}  # fmt: skip
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT: Final = re.compile(r"[-+]?[0-9]{1,40}\.[0-9]{0,40}")


def read_yaml(text: str, problems: list[Stopped]) -> Node:
    """Return the nodes of a YAML text; keys written twice are added to `problems`, the first one counts. Raises Stopped."""
    _refuse(text)
    builder = _Builder(problems)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except (YAMLError, ValueError, OverflowError) as error:
        raise _syntax(error) from error
    if builder.root is None:
        raise Stopped("DOC001", Place(1, 1), "the file is empty", "check that this is the right file")
    return builder.root


@dataclass(slots=True)
class _Open:
    place: Place
    mapping: bool
    function: str | None
    members: list[Node] = field(default_factory=list)  # of a mapping: key, value, key, value …


class _Builder:
    """Puts events together. Iterative: no depth of nesting can exhaust Python's stack."""

    def __init__(self, problems: list[Stopped]) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._open: list[_Open] = []
        self._documents = 0
        self._events = 0

    def take(self, event: Event) -> None:
        self._events += 1
        if self._events > _EVENTS_MAX:
            raise Stopped(
                "DOC003", _place(event), f"the file holds more than {_EVENTS_MAX // 2} values", "check that this is the right file"
            )
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise Stopped("DOC006", _place(event), "a second document starts here", "keep one document in one file")
            case AliasEvent():
                raise Stopped("DOC006", _place(event), f"alias {shown('*' + str(event.anchor))} is not read here", "write the value out")
            case ScalarEvent():
                self._add(_wrapped(_function(event), _scalar(event)))
            case CollectionStartEvent():
                if len(self._open) >= _DEPTH_MAX:
                    message = f"the file is nested deeper than {_DEPTH_MAX} levels"
                    raise Stopped("DOC004", _place(event), message, "close the brackets that stay open")
                self._open.append(_Open(_place(event), isinstance(event, MappingStartEvent), _function(event)))
            case CollectionEndEvent():
                opened = self._open.pop()
                node = self._mapping(opened) if opened.mapping else Items(tuple(opened.members), opened.place)
                self._add(_wrapped(opened.function, node))
            case _:
                pass

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1].members.append(node)
        else:
            self.root = node

    def _mapping(self, opened: _Open) -> Members:
        found: dict[str, Entry] = {}
        for position in range(0, len(opened.members), 2):
            key, value = opened.members[position], opened.members[position + 1]
            if not isinstance(key, _Key):
                raise Stopped("DOC006", key.place, "only plain text can be a key", "write the key as plain text")
            if key.written in found:
                self._problems.append(repeated(key.written, key.place, found[key.written].place))
            else:
                found[key.written] = Entry(key.written, key.place, value)
        return Members(found, opened.place)


@dataclass(frozen=True, slots=True)
class _Key(Scalar):
    """A scalar that remembers its text: as a key, 012345678901 and yes are text."""

    written: str = ""


def _scalar(event: ScalarEvent) -> Scalar:
    place = _place(event)
    strange = _CONTROL.search(event.value)
    if strange:
        raise Stopped("DOC002", place, f"a value contains the character U+{ord(strange[0]):04X}", "remove the escape")
    quoted = event.style is not None or event.tag in _TEXT_TAGS or event.tag in _FUNCTIONS
    return _Key(event.value if quoted else _resolved(event.value), place, event.value)


def _resolved(written: str) -> str | int | float | bool | None:
    if written in _NOTHING:
        return None
    if written in _TRUTH:
        return _TRUTH[written]
    if _INTEGER.fullmatch(written):
        return int(written)
    return float(written) if _FLOAT.fullmatch(written) else written


def _function(event: ScalarEvent | CollectionStartEvent) -> str | None:
    tag = event.tag
    if tag is None or tag in _STANDARD or tag == "!":
        return None
    if tag not in _FUNCTIONS:
        raise Stopped("DOC006", _place(event), f"tag {shown(str(tag))} is no function of CloudFormation", "remove it, or correct its name")
    return str(tag)[1:]


def _wrapped(function: str | None, node: Node) -> Node:
    """Return `!Sub x` as `{"Fn::Sub": x}`."""
    if function is None:
        return node
    name = function if function in {"Ref", "Condition"} else f"Fn::{function}"
    if function == "GetAtt" and isinstance(node, Scalar) and isinstance(node.value, str):
        resource, _, attribute = node.value.partition(".")
        node = Items((Scalar(resource, node.place), Scalar(attribute, node.place)), node.place)
    return Members({name: Entry(name, node.place, node)}, node.place)


def _refuse(text: str) -> None:
    if len(text) > _BYTES_MAX:
        message = f"the file has {len(text)} characters, at most {_BYTES_MAX} are read of YAML"
        raise Stopped("DOC003", Place(1, 1), message, "check that this is the right file")
    control = _CONTROL.search(text)
    if control:
        before = text[: control.start()]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise Stopped("DOC002", place, f"the file contains the control character U+{ord(control[0]):04X}", "remove it")
    other = _OTHER_VERSION.search(text)
    if other:
        place = Place(text.count("\n", 0, other.start()) + 1, 1)
        raise Stopped("DOC006", place, "another version of YAML is declared: 1.1 or 1.2 expected", "remove the line")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > _LINE_CHARACTERS_MAX:
            message = f"line {number} has {len(line)} characters, at most {_LINE_CHARACTERS_MAX} are read"
            raise Stopped("DOC003", Place(number, 1), message, "break the line, or check that this is the right file")


def _syntax(error: YAMLError | ValueError | OverflowError) -> Stopped:
    """Return the parser's complaint with its place."""
    mark = said = None
    if isinstance(error, MarkedYAMLError):
        mark, said = error.problem_mark or error.context_mark, error.problem or error.context
    place = Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)
    return Stopped("DOC001", place, f"not YAML: {_words(said)}", "look for a missing quote, colon or bracket here or in the line above")


def _words(said: str | None) -> str:
    text = " ".join((said or "an escape of a character that doesn't exist").split())
    return "".join(letter if letter.isprintable() else "?" for letter in text[:120]).rstrip(".")


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
