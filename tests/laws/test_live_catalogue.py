"""Every live check is documented like a check of a strategy, has a code of its own, and is planted somewhere by API calls."""

import re
from pathlib import Path

import pytest

from strongroom.checks import CHECKS
from strongroom.proof import CAUSES
from strongroom.proof.live.catalogue import LIVE

TESTS = Path(__file__).parents[1]
PLANTED = "\n".join(file.read_text(encoding="utf-8") for file in sorted((TESTS / "detect").rglob("*.py")))


def test_no_code_is_given_twice():
    """Live checks, causes of links and checks of strategies share one list of codes."""
    codes = [each.code for each in (*LIVE, *CAUSES, *CHECKS)]
    assert sorted(set(codes)) == sorted(codes)


def test_the_catalogue_is_in_order():
    """The list reads by code."""
    assert [each.code for each in LIVE] == sorted(each.code for each in LIVE)


@pytest.mark.parametrize("check", LIVE, ids=lambda each: each.code)
def test_a_live_check_says_what_it_is(check):
    """Title, why, fix, limits, source with the date it was read, failure mode; its fix is one that can be done."""
    said = check.documentation
    assert re.fullmatch(r"VRF\d{3}", check.code)
    assert "read 20" in said.source
    assert re.fullmatch(r"none|FM\d\d", said.failure)
    assert said.title
    assert said.why
    assert said.fix
    assert said.limits


@pytest.mark.parametrize("check", LIVE, ids=lambda each: each.code)
def test_a_live_check_was_tried_on_a_planted_fault(check):
    """tests/detect plants it in a running organization."""
    assert check.code in PLANTED
