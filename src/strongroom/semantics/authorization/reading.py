"""From the JSON of a policy to statements, noting what AWS would refuse.

What is malformed stays in the statement as something uncertain, so that nothing is allowed or denied by a mistake.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from strongroom.semantics.authorization import operators
from strongroom.semantics.authorization.conditions import Condition, condition
from strongroom.semantics.authorization.principals import KINDS, Principals, principals, refused
from strongroom.semantics.authorization.statement import Effect, Patterns, Statement, patterns, statement

Path = tuple[str | int, ...]

VERSIONS: Final = ("2012-10-17", "2008-10-17")
_SHOWN: Final = 200  # characters of a value in a message: more than an ARN has
_POLICY_ELEMENTS: Final = ("Version", "Id", "Statement")
_STATEMENT_ELEMENTS: Final = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProblem:
    """What AWS would refuse in a policy, or what makes its meaning uncertain."""

    path: Path  # into the JSON; (): the whole text
    message: str  # lower case, no full stop
    help: str  # a thing to type or edit


class Reader:
    """Reads one policy and collects its problems."""

    def __init__(self) -> None:
        self.problems: list[PolicyProblem] = []
        self._twice: dict[int, tuple[str, ...]] = {}  # keys that stand twice in one object
        self._variables = False

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return a JSON object, remembering keys that stand in it twice."""
        found = dict(pairs)
        if len(found) != len(pairs):
            times = Counter(key for key, _ in pairs)
            self._twice[id(found)] = tuple(key for key, number in times.items() if number > 1)
        return found

    def statements(self, document: Any) -> tuple[Statement, ...]:
        """Return the statements of a policy document."""
        if not isinstance(document, dict):
            self._problem((), f"a policy is a JSON object, this is {_kind(document)}", "write {…} with Version and Statement")
            return (self._statement(None, (), 0, sound=False),)
        sound = self._no_key_twice(document, ())
        sound = self._known_elements(document, _POLICY_ELEMENTS, ()) and sound
        version = document.get("Version", "2008-10-17")
        self._variables = version != "2008-10-17"
        if version not in VERSIONS:
            self._problem(("Version",), f"there is no version {_quoted(version)}", "write 2012-10-17")
            sound = False
        if "Statement" not in document:
            self._problem((), "the policy has no Statement", "add Statement: […]")
            return (self._statement(None, (), 0, sound=False),)
        written = document["Statement"]
        if isinstance(written, list):
            return tuple(self._read(entry, ("Statement", number), number, sound=sound) for number, entry in enumerate(written))
        return (self._read(written, ("Statement",), 0, sound=sound),)

    def _read(self, entry: Any, path: Path, position: int, *, sound: bool) -> Statement:
        if not isinstance(entry, dict):
            self._problem(path, f"a statement is a JSON object, this is {_kind(entry)}", "write {Effect, Action, Resource}")
            return self._statement(None, path, position, sound=False)
        return self._statement(entry, path, position, sound=sound)

    def _statement(self, entry: dict[str, Any] | None, path: Path, position: int, *, sound: bool) -> Statement:
        if entry is None:
            return statement(position=position, sound=False)
        before = len(self.problems)
        self._no_key_twice(entry, path)
        self._known_elements(entry, _STATEMENT_ELEMENTS, path)
        effect = self._effect(entry, path)
        action = self._patterns(entry, "Action", path, needed=True)
        resource = self._patterns(entry, "Resource", path)
        named = self._principals(entry, path, effect)
        sid = self._sid(entry, path)
        structural = len(self.problems)
        conditions = self._conditions(entry.get("Condition", {}), (*path, "Condition"))
        # an operator that doesn't exist, or a value that makes no sense, is uncertain by itself: the other parts still decide
        return statement(
            position=position,
            sid=sid,
            effect=effect,
            action=action,
            resource=resource,
            principals=named,
            conditions=conditions or (),
            sound=sound and structural == before and conditions is not None,
        )

    def _sid(self, entry: dict[str, Any], path: Path) -> str:
        sid = entry.get("Sid", "")
        if isinstance(sid, str):
            return sid
        self._problem((*path, "Sid"), f"Sid is {_kind(sid)}: text expected", "write a name")
        return ""

    def _effect(self, entry: dict[str, Any], path: Path) -> Effect | None:
        if "Effect" not in entry:
            self._problem(path, "the statement has no Effect", "add Effect: Allow or Deny")
            return None
        effect = entry["Effect"]
        if effect in {"Allow", "Deny"} if isinstance(effect, str) else False:
            return Effect(effect)
        self._problem((*path, "Effect"), f"Effect is {_quoted(effect)}: Allow or Deny expected", "write Allow or Deny")
        return None

    def _patterns(self, entry: dict[str, Any], element: str, path: Path, *, needed: bool = False) -> Patterns | None:
        contrary = f"Not{element}"
        if element in entry and contrary in entry:
            self._problem(path, f"the statement has both {element} and {contrary}", f"keep {element} or {contrary}")
            return None
        name = contrary if contrary in entry else element
        if name not in entry:
            if needed:
                self._problem(path, f"the statement has neither {element} nor {contrary}", f"add {element}")
            return None
        texts = self._texts(entry[name], (*path, name))
        if texts is None:
            return None
        is_action = element == "Action"
        before = len(self.problems)
        for number, text in enumerate(texts):
            place = (*path, name, number) if isinstance(entry[name], list) else (*path, name)
            if is_action and text != "*" and not _is_action(text):
                self._problem(
                    place, f"{_quoted(text)} is no action: service:Name or * expected", "write something like backup:StartBackupJob"
                )
            if not is_action and text != "*" and text.count(":") < 5 and not text.startswith(("${", "*", "arn:*")):
                self._problem(
                    place, f"{_quoted(text)} is no ARN: * or arn:partition:service:region:account:resource expected", "write an ARN"
                )
        senseless = len(self.problems) > before
        variables = self._variables and not is_action
        found = patterns(texts, negated=name == contrary, variables=variables, action=is_action, senseless=senseless)
        if found.senseless and not senseless:
            self._problem((*path, name), "a policy variable isn't closed or has no name", "write ${key} or ${key, 'default'}")
        return found

    def _principals(self, entry: dict[str, Any], path: Path, effect: Effect | None) -> Principals | None:
        if "Principal" in entry and "NotPrincipal" in entry:
            self._problem(path, "the statement has both Principal and NotPrincipal", "keep Principal")
            return None
        name = "NotPrincipal" if "NotPrincipal" in entry else "Principal"
        if name not in entry:
            return None
        if name == "NotPrincipal" and effect is Effect.ALLOW:
            self._problem((*path, name), "NotPrincipal can't stand in a statement that allows", "name those allowed in Principal")
        written = entry[name]
        if written == "*":
            return principals([("AWS", "*")], negated=name == "NotPrincipal")
        if not isinstance(written, dict):
            self._problem((*path, name), f"{name} is {_kind(written)}: * or an object expected", 'write {"AWS": …} or {"Service": …}')
            return None
        self._no_key_twice(written, (*path, name))
        entries: list[tuple[str, str]] = []
        for kind, values in written.items():
            place: Path = (*path, name, kind)
            if kind not in KINDS:
                self._problem(place, f"there is no kind of principal {kind}", f"write one of {', '.join(KINDS)}")
                continue
            for number, text in enumerate(self._texts(values, place) or ()):
                if why := refused(kind, text):
                    self._problem((*place, number) if isinstance(values, list) else place, why, "write * or one whole name")
                entries.append((kind, text))
        return principals(entries, negated=name == "NotPrincipal")

    def _conditions(self, written: Any, path: Path) -> tuple[Condition, ...] | None:
        """Return the conditions; None: they aren't even of the right form."""
        if not isinstance(written, dict):
            self._problem(path, f"Condition is {_kind(written)}: an object expected", "write {operator: {key: value}}")
            return None
        right = self._no_key_twice(written, path)
        found: list[Condition] = []
        for operator, block in written.items():
            if operators.read(operator) is None:
                self._problem((*path, operator), f"there is no operator {operator}", _nearest_operator(operator))
            if not isinstance(block, dict):
                self._problem((*path, operator), f"{operator} is {_kind(block)}: an object expected", "write {key: value}")
                right = False
                continue
            right = self._no_key_twice(block, (*path, operator)) and right
            for key, values in block.items():
                place: Path = (*path, operator, key)
                texts = self._texts(values, place)
                if texts is None:
                    right = False
                    continue
                compiled = condition(operator, key, texts, variables=self._variables)
                if compiled.senseless:
                    self._problem(place, f"{', '.join(texts)} can't be compared by {operator}", "write a value of the operator's type")
                found.append(compiled)
        return tuple(found) if right else None

    def _texts(self, written: Any, path: Path) -> list[str] | None:
        """Return one text or a list of them; numbers and booleans are texts too. None: something else stands there."""
        values = written if isinstance(written, list) else [written]
        texts: list[str] = []
        for number, value in enumerate(values):
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, bool):
                texts.append("true" if value else "false")
            elif isinstance(value, int | float):
                texts.append(str(value))
            else:
                place = (*path, number) if isinstance(written, list) else path
                self._problem(place, f"{path[-1]} has {_kind(value)}: text expected", "write a text or a list of texts")
                return None
        return texts

    def _no_key_twice(self, written: dict[str, Any], path: Path) -> bool:
        twice = self._twice.get(id(written), ())
        for key in twice:
            self._problem((*path, key), f"{key} stands twice in one object", "merge the two: only one of them would count")
        return not twice

    def _known_elements(self, written: dict[str, Any], known: tuple[str, ...], path: Path) -> bool:
        strange = [key for key in written if key not in known]
        for key in strange:
            close = difflib.get_close_matches(key, known, n=1)
            self._problem((*path, key), f"there is no element {key}", f"write {close[0]}" if close else f"remove {key}")
        return not strange

    def _problem(self, path: Path, message: str, help: str) -> None:  # noqa: A002 - the field's name
        self.problems.append(PolicyProblem(path=path, message=message, help=help))


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_action(text: str) -> bool:
    service, colon, name = text.partition(":")
    return bool(colon and service and name and ":" not in name and " " not in text)


def _nearest_operator(operator: str) -> str:
    prefix, colon, base = operator.rpartition(":")
    suffix = "IfExists" if base.endswith("IfExists") else ""
    close = difflib.get_close_matches(base.removesuffix("IfExists"), operators.names(), n=1)
    if not close:
        return f"write one of {', '.join(operators.names())}"
    return f"write {prefix}{colon}{close[0]}{suffix if close[0] != 'Null' else ''}"


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), type(value).__name__)
