"""Every failure mode that `verify` has to detect has a code that stands for it, and a planted fault that names it."""

import re
import tomllib
from pathlib import Path

import pytest

from strongroom import facts
from strongroom.checks import CHECKS
from strongroom.proof import CAUSES
from strongroom.proof.configured import OF_FOREIGN_PLANS, OF_THE_STRATEGY
from strongroom.proof.live.catalogue import LIVE
from strongroom.proof.messages import failure_mode

ROOT = Path(__file__).parents[2]
WHERE: dict[str, str] = tomllib.loads((ROOT / "docs" / "failure-modes.toml").read_text(encoding="utf-8"))["where"]
TITLES = tomllib.loads((ROOT / "docs" / "failure-modes.toml").read_text(encoding="utf-8"))
COUNTED = {"FM31"}  # no fault of an organization: what `coverage` counts has to be right
DETECTED = [mode for mode, where in WHERE.items() if "V" in where]
PLANTED = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "tests" / "detect").rglob("*.py")))


def _codes(mode: str) -> set[str]:
    """The codes with which `verify` tells a failure mode."""
    live = {check.code for check in LIVE if mode in check.documentation.failure}
    causes = {cause.code for cause in CAUSES if mode in cause.failure_mode}
    seen = {*OF_THE_STRATEGY, *OF_FOREIGN_PLANS}
    static = {check.code for check in CHECKS if check.code in seen and mode in check.documentation.failure}
    by_message = {"VRF031", "VRF040"} if mode in {failure_mode(facts.message(name), "") for name in facts.names("messages")} else set()
    return live | causes | static | by_message


def test_every_failure_mode_says_where_it_shows():
    """The marks are those of the list of titles, each at least one of T, C, V."""
    assert set(WHERE) == set(TITLES) - {"where"}
    assert [mode for mode, where in WHERE.items() if not re.fullmatch(r"[TCV]( [CV])*", where)] == []


@pytest.mark.parametrize("mode", [mode for mode in DETECTED if mode not in COUNTED])
def test_verify_has_a_code_for_it(mode):
    """A cause of a link, a live check, a check that looks at live configuration, or a message of AWS."""
    assert _codes(mode)


@pytest.mark.parametrize("mode", DETECTED)
def test_it_was_planted_and_found(mode):
    """A test in tests/detect names the failure mode, and one of its codes or what AWS says of it."""
    assert mode in PLANTED
