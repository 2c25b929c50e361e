"""Names of AWS and the organization's tree: what follows from a Region's code, and who is governed."""

import json
import re
from importlib.resources import files

import pytest

from strongroom import facts
from strongroom.domain.names import partition_of
from strongroom.domain.organization import is_governed

PARTITIONS = json.loads(files("botocore").joinpath("data/partitions.json").read_text(encoding="utf-8"))["partitions"]


@pytest.mark.parametrize("region", sorted(facts.regions()))
def test_a_region_is_in_the_partition_that_botocore_says(region):
    """Every Region of the facts, those of the ISO partitions and the sovereign cloud too."""
    assert [partition_of(region)] == [each["id"] for each in PARTITIONS if re.fullmatch(each["regionRegex"], region)]


def test_every_partition_of_botocore_is_known():
    """A partition that AWS adds is noticed here."""
    assert {each["id"] for each in PARTITIONS} == {partition_of(region) for region in facts.regions()}


def test_an_account_directly_under_the_root_is_in_no_ou():
    """Its path is empty; only the root's id reaches it."""
    assert [is_governed([each], ou_path="", ou_ids=("r-1",)) for each in ("Workloads", "Workloads/Prod", "r-1")] == [False, False, True]


def test_nothing_governed_governs_nobody():
    """An empty list reaches no account."""
    assert is_governed([], ou_path="Workloads", ou_ids=("r-1", "ou-1")) is False
