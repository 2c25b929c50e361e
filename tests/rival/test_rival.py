"""An independent evaluator of IAM's policies and ours give the same answers, but for differences that are explained one by one."""

import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.rival import ours
from tests.rival.cases import Case
from tests.rival.conditions import OPERATORS
from tests.rival.deciding import deciding, operators
from tests.rival.differences import READINGS, RULED_OTHERWISE, WRITTEN_OTHERWISE, differences, readings
from tests.rival.generator import Generator
from tests.rival.simulation import HERE, answers

ROOT = Path(__file__).parents[2]
SEED, CASES = 20270110, 12_000
LONG_SEEDS, LONG_CASES = (1, 2, 3, 4, 5), 20_000
QUALIFIERS = {"Null", "IfExists", "ForAllValues", "ForAnyValue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A case and what the two evaluators answer."""

    case: Case
    ours: str
    rival: str


def answered(cases: list[Case]) -> list[Answered]:
    assert shutil.which("node"), "the rival runs on node: install node 18 or newer, with npm"
    assert (HERE / "node_modules").is_dir(), "the rival isn't installed: make tests/rival/node_modules/.installed"
    found = answers(cases)
    assert [(case.number, answer) for case, answer in zip(cases, found, strict=True) if "result" not in answer or answer["ignored"]] == []
    return [
        Answered(case=case, ours=str(ours.answer(case).verdict), rival="allowed" if answer["result"] == "Allowed" else "denied")
        for case, answer in zip(cases, found, strict=True)
    ]


def explained(different: list[Answered]) -> tuple[Counter[str], list[str]]:
    """Return how often each difference alone explains a case, and the cases that nothing explains."""
    said = [readings(each.case) for each in different]
    again = iter(answered([reading for _, found in said for reading in found]))
    alone: Counter[str] = Counter()
    unexplained = []
    for each, (touched, found) in zip(different, said, strict=True):
        pairs = [next(again) for _ in found]
        wanted = {"allowed", "denied"} if each.ours == "unknown" else {each.ours}
        if touched and all(pair.ours == pair.rival for pair in pairs) and {pair.ours for pair in pairs} == wanted:
            alone.update(touched if len(touched) == 1 else ())
        else:
            unexplained.append(shown(each, touched, pairs))
    return alone, unexplained


def shown(each: Answered, touched: tuple[str, ...], pairs: list[Answered]) -> str:
    """Return a case so that it can be looked at."""
    case = each.case
    lines = [
        f"case {case.number}: {case.who.principal} {case.action} {case.thing.arn}: ours {each.ours}, the rival's {each.rival}",
        f"  ours: {ours.answer(case).because}",
        f"  touches {touched}, said otherwise: {[(pair.ours, pair.rival) for pair in pairs]}",
        *(f"  {layer} {json.dumps(statement)}" for layer, statement in case.statements()),
    ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def compared() -> list[Answered]:
    return answered(list(Generator(SEED).cases(CASES)))


def test_the_two_agree_but_for_explained_differences(compared):
    """Nothing else differs, and what the table explains still does."""
    alone, unexplained = explained([each for each in compared if each.ours != each.rival])
    assert unexplained == []
    assert [each.name for each in differences() if not alone[each.name]] == []


def test_the_table_of_differences_is_what_the_code_says():
    """Each difference has a source and its way to be said otherwise."""
    by_kind = {kind: [each.name for each in differences() if each.kind == kind] for kind in ("rival", "open")}
    assert by_kind == {"rival": [*RULED_OTHERWISE, *WRITTEN_OTHERWISE], "open": list(READINGS)}
    assert all(each.source.startswith("https://docs.aws.amazon.com/") for each in differences())


def test_the_cases_are_worth_comparing(compared):
    """Many are allowed and many denied, whatever the layer that was drawn to decide; few are open."""
    verdicts = Counter(each.ours for each in compared)
    assert verdicts["allowed"] >= CASES * 0.25
    assert verdicts["denied"] >= CASES * 0.25
    assert verdicts["unknown"] <= CASES * 0.02
    layers = Counter((each.case.focus, each.rival) for each in compared)
    drawn = {"identity", "boundary", "session", "scp", "rcp", "resource"}
    assert {layer for layer in drawn if min(layers[layer, "allowed"], layers[layer, "denied"]) < 50} == set()
    askers = Counter((each.case.who.kind, each.ours) for each in compared)
    assert {kind for kind in ("role", "user", "root", "service") if min(askers[kind, "allowed"], askers[kind, "denied"]) < 50} == set()


def test_every_operator_decides_cases(compared):
    """Every operator and qualifier turns 30 verdicts round, ten of them by holding and ten by failing."""
    found: Counter[tuple[str, bool]] = Counter()
    wanted = {name for names in OPERATORS.values() for name in names} | QUALIFIERS
    for each in compared:
        if operators(each.case) & wanted:
            found.update(deciding(each.case))
            wanted = {
                name for name in wanted if min(found[name, True], found[name, False]) < 10 or found[name, True] + found[name, False] < 30
            }
        if not wanted:
            break
    assert wanted == set()


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_the_two_agree_on_other_seeds(seed):
    """The same holds of cases that nobody has looked at."""
    _, unexplained = explained([each for each in answered(list(Generator(seed).cases(LONG_CASES))) if each.ours != each.rival])
    assert unexplained == []


def test_the_lock_file_names_no_host():
    """Names, versions, licences and hashes only; every package has a hash."""
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, entry in locked.items() if "resolved" in entry] == []
    assert [name for name, entry in locked.items() if name and not entry["integrity"].startswith("sha512-")] == []


def test_the_rival_is_no_part_of_the_product():
    """Its licence allows to run it; nothing of ours imports or ships it."""
    shipped = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.hatch.build")[2].partition("[tool.ruff")[0]
    assert "tests" not in shipped
    assert [str(file) for file in (ROOT / "src").rglob("*.py") if "iam-simulate" in file.read_text(encoding="utf-8")] == []
