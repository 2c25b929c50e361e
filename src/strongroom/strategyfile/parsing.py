"""Text -> a strategy, or all findings why not."""

from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path, PurePath

from strongroom.domain.finding import Finding
from strongroom.domain.strategy import Strategy
from strongroom.errors import BadInput
from strongroom.strategyfile import conversion, defaults, governancerelations, grammar, relations, rolerelations, source
from strongroom.strategyfile.declared import declared
from strongroom.strategyfile.nodes import MappingNode, Node, Place, find, plain
from strongroom.strategyfile.problem import SHOWN_MAX, Problem, ValueProblem, finding
from strongroom.strategyfile.reading import read
from strongroom.strategyfile.values import described, version


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A strategy and the findings about its file, by place; the strategy is None when any finding is an error."""

    strategy: Strategy | None
    findings: tuple[Finding, ...]


def load(path: Path) -> Parsed:
    """Return the strategy in a file; raises BadInput when there is no such file, or it can't be read, or is larger than 1 MiB."""
    try:
        with path.open("rb") as file:
            content = file.read(source.MAX_BYTES + 1)
    except FileNotFoundError:
        raise BadInput(f"there is no file {path}", hint="write one with: strongroom init") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder: a strategy file expected", hint=f"name the file: {path / 'strategy.yaml'}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(f"can't read {path}: {reason}", hint="check the path and its permissions") from error
    if len(content) > source.MAX_BYTES:
        raise BadInput(f"{path} is larger than {source.MAX_BYTES} bytes", hint="check that this is the right file")
    decoded = source.decoded(content)
    if isinstance(decoded, Problem):
        return _failed((decoded,), str(path))
    return _parse(decoded, file=str(path), default_name=defaults.strategy_name(path.absolute()))


def parse(text: str, *, file: str) -> Parsed:
    """Return the strategy in a text; `file` is what findings call it. Never raises, whatever the text.

    Example:
        >>> parse("strongroom: 2", file="strategy.yaml").findings[0].message
        'strongroom 2 is not a format version that this release reads: 1 expected'
    """
    return _parse(text, file=file, default_name=defaults.strategy_name(PurePath(file)))


def _parse(text: str, *, file: str, default_name: str) -> Parsed:
    found = read(text.removeprefix("\ufeff"))
    root = found.root
    if not isinstance(root, MappingNode):
        return _failed(found.problems or (_no_mapping(root),), file)
    unsupported = _unsupported(root)
    if unsupported:
        return _failed((unsupported,), file)
    part, in_values = grammar.validate(root)
    names = declared(root, name=default_name)
    between = islice(chain(relations.problems(names), rolerelations.problems(names), governancerelations.problems(names)), SHOWN_MAX + 1)
    problems = (*found.problems, *in_values, *between)
    if part is None or problems:
        return _failed(problems, file)
    return Parsed(strategy=conversion.strategy(part, root, file=file, name=default_name), findings=())


def _failed(problems: tuple[Problem, ...], file: str) -> Parsed:
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: (problem.place, problem.code, problem.subject))
    shown = ordered[:SHOWN_MAX]
    if len(ordered) > SHOWN_MAX:
        message = f"there are more problems: {SHOWN_MAX} are shown"
        rest = ordered[SHOWN_MAX].place
        shown.append(
            Problem(code="STR026", place=rest, subject="strategy", message=message, help="repair the first ones, then check again")
        )
    return Parsed(strategy=None, findings=tuple(finding(problem, file=file) for problem in shown))


def _no_mapping(root: Node | None) -> Problem:
    if root is None or plain(root) is None:
        return Problem(
            code="STR001", place=Place(1, 1), subject="strategy", message="the file is empty", help="write one with: strongroom init"
        )
    message = f"the file {described(plain(root))}: keys with values expected"
    return Problem(code="STR005", place=root.place, subject="strategy", message=message, help="start with: strongroom: 1")


def _unsupported(root: MappingNode) -> Problem | None:
    """Return why the file's grammar is unknown; its other parts can't be judged then."""
    node = find(root, "strongroom")
    if node is None:
        return None
    try:
        version(plain(node))
    except ValueProblem as problem:
        message = f"strongroom {problem.message}"
        return Problem(code=problem.code, place=node.place, subject="strongroom", message=message, help=problem.fix)
    return None
