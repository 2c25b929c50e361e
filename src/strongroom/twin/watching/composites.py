"""Composite alarms: rules such as `ALARM("failed") AND NOT OK(heartbeat)` over the states of other alarms.

Source: CloudWatch API reference, PutCompositeAlarm (read 2026-11).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.watching.book import Where
from strongroom.twin.watching.history import Change

_ALARM = r"""(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*?))\s*\)"""
_TOKEN = re.compile(rf"\s*(?:(\()|(\))|{_ALARM}|(AND|OR|NOT|TRUE|FALSE)\b)")


class BadRule(Exception):
    """A rule that can't be read."""


def concerned(alarm: Any) -> Iterator[Any]:
    """Yield the composite alarms whose rule names an alarm."""
    backend = backend_of("cloudwatch", *place_of(alarm))
    for other in [] if backend is None else list(backend.alarms.values()):
        if other.rule is not None and other is not alarm and alarm.name in names(other.rule):
            yield other


def place_of(alarm: Any) -> Where:
    """Return account and Region of an alarm."""
    parts = alarm.alarm_arn.split(":")
    return parts[4], parts[3]


def names(rule: str) -> set[str]:
    """Return the names of the alarms in a rule; ARNs count as the name at their end.

    Example:
        >>> sorted(names('ALARM("a b") OR NOT OK(c)'))
        ['a b', 'c']
    """
    return {_name(found) for found in _TOKEN.finditer(rule) if found[3]}


def _name(found: re.Match[str]) -> str:
    text = found[4] or found[5] or found[6] or ""
    return text.partition(":alarm:")[2] or text


def judge(alarm: Any) -> Change:
    """Return the state that a composite alarm should have by its children's."""
    backend = backend_of("cloudwatch", *place_of(alarm))

    def state_of(name: str) -> str:
        child = None if backend is None else backend.alarms.get(name)
        return "INSUFFICIENT_DATA" if child is None else str(child.state_value)

    state = "ALARM" if holds(alarm.rule, state_of) else "OK"
    return Change(state=state, reason=f"{alarm.alarm_arn} transitioned to {state}: its rule is {alarm.rule}")


def holds(rule: str, state_of: Callable[[str], str]) -> bool:
    """Return whether a rule holds; raises BadRule.

    Example:
        >>> holds('ALARM(a) AND NOT (OK("b") OR FALSE)', {"a": "ALARM", "b": "ALARM"}.__getitem__)
        True
    """
    reader = _Reader(rule, state_of)
    found = reader.either()
    if reader.rest():
        raise BadRule(f"AlarmRule can't be read from '{reader.rest()}' on")
    return found


class _Reader:
    def __init__(self, rule: str, state_of: Callable[[str], str]) -> None:
        self._rule, self._at, self._state_of = rule, 0, state_of

    def rest(self) -> str:
        """Return what has not been read yet."""
        return self._rule[self._at :].strip()

    def either(self) -> bool:
        """Read parts with OR between them; AND binds more closely."""
        found = self._both()
        while self._word("OR"):
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._word("AND"):
            found = self._one() and found
        return found

    def _one(self) -> bool:
        token = _TOKEN.match(self._rule, self._at)
        if token is None:
            raise BadRule(f"AlarmRule can't be read from '{self.rest()}' on")
        self._at = token.end()
        if token[1]:
            found = self.either()
            closing = _TOKEN.match(self._rule, self._at)
            if closing is None or not closing[2]:
                raise BadRule("AlarmRule lacks a closing parenthesis")
            self._at = closing.end()
            return found
        if token[3]:
            return self._state_of(_name(token)) == token[3]
        if token[7] == "NOT":
            return not self._one()
        if token[7] in {"TRUE", "FALSE"}:
            return token[7] == "TRUE"
        raise BadRule(f"AlarmRule has {token[0].strip()} where an alarm is expected")

    def _word(self, word: str) -> bool:
        token = _TOKEN.match(self._rule, self._at)
        if token is None or token[7] != word:
            return False
        self._at = token.end()
        return True
