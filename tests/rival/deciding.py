"""Which conditions of a case decide it: those whose truth turns the verdict round. A comparison that none of them decides says nothing."""

import re
from collections.abc import Iterator

from tests.rival import ours
from tests.rival.cases import Case, Json
from tests.rival.differences import changed

NEVER = {"Null": {"aws:RequestedRegion": "true"}}  # every request of ours has a Region
OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?")


def parts(operator: str) -> tuple[str, ...]:
    """Return an operator's own name and its qualifiers."""
    matched = OPERATOR.fullmatch(operator)
    return tuple(part for part in matched.groups() if part) if matched else (operator,)


def operators(case: Case) -> set[str]:
    """Return every operator and qualifier that a case has."""
    return {part for _, each in case.statements() for operator in each.get("Condition", {}) for part in parts(operator)}


def deciding(case: Case) -> Iterator[tuple[str, bool]]:
    """Yield every operator and qualifier of the conditions that decide a case, and whether the condition holds."""
    verdict = ours.answer(case).verdict
    for number, (_, statement) in enumerate(case.statements()):
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                holding = ours.answer(_with(case, number, _without(statement, operator, key))).verdict
                failing = ours.answer(_with(case, number, statement | {"Condition": NEVER})).verdict
                if holding != failing:
                    yield from ((part, verdict == holding) for part in parts(operator))


def _without(statement: Json, operator: str, key: str) -> Json:
    conditions = {
        name: {each: values for each, values in keys.items() if (name, each) != (operator, key)}
        for name, keys in statement["Condition"].items()
    }
    return statement | {"Condition": {name: keys for name, keys in conditions.items() if keys}}


def _with(case: Case, number: int, statement: Json) -> Case:
    """Return a case with another statement in the place of one."""
    original = [each for _, each in case.statements()][number]
    return changed(case, lambda _layer, each: statement if each is original else each)
