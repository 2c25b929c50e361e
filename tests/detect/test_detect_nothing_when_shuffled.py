"""The same organization without its faults, and under other names: nothing is found."""

import re

import pytest
from tests.detect.shuffling import EXAMPLE, shuffled

from strongroom.api.check import check
from strongroom.errors import ExitCode

FEW = range(1, 4)
MANY = range(4, 24)


def test_the_example_without_its_planted_faults_is_proven(deployed, tmp_path, told):
    """Without `planted:` the example has nothing to find."""
    text = (EXAMPLE / "organization.yaml").read_text(encoding="utf-8")
    (tmp_path / "organization.yaml").write_text(re.split(r"^planted:$", text, flags=re.MULTILINE)[0], encoding="utf-8")
    (tmp_path / "strategy.yaml").write_text((EXAMPLE / "strategy.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with deployed(tmp_path, 10) as world:
        found = world.verify()
    assert told(found) == []
    assert (found.broken, found.unknown, found.exit_code) == (0, 0, ExitCode.PROVEN)


@pytest.mark.parametrize("seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.long) for seed in MANY)])
def test_a_shuffled_organization_is_proven(deployed, tmp_path, told, seed):
    """With other names, tags, accounts, Regions and places of resources, there is still nothing to find."""
    organization = shuffled(seed)
    organization.write(tmp_path)
    assert check(tmp_path).findings == ()
    with deployed(tmp_path, 10) as world:
        found = world.verify()
    meant = sum(resource.tier >= 0 for resource in organization.resources)
    assert told(found) == []
    assert (found.resources, found.broken, found.unknown, found.exit_code) == (meant, 0, 0, ExitCode.PROVEN)


@pytest.mark.parametrize("seed", [7, 8])
def test_a_seed_always_draws_the_same(seed):
    """A failing seed can be run again."""
    assert shuffled(seed) == shuffled(seed)
    assert shuffled(seed) != shuffled(seed + 1)
