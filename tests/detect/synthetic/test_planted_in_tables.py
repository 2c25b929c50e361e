"""Plant one failure mode in a healthy ledger: `verify` names it, with cause and fix, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import proof

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(4))
def test_a_healthy_organization_has_no_findings(builder, tmp_path, seed):
    """Whatever names, tags and accounts are: nothing is broken, nothing unknown, every chain proven."""
    world = builder(seed, 40).build()
    found = proof.verify(world.estate, world.write(tmp_path))
    assert [finding.message for finding in found.findings] == []
    assert (found.broken, found.unknown, int(found.exit_code)) == (0, 0, 0)
    assert found.proven == found.chains.num_rows > 30
