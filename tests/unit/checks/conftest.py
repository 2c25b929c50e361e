"""Strategies as text, compiled: `estate` takes what stands under a common head."""

import pytest

from strongroom import compiler, strategyfile

HEAD = """strongroom: 1
name: tiers
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {central: "333333333333"}
  governs: [Workloads]
  opt_in: [dynamodb, ebs, rds, s3]
vaults:
  local: {in: every-account}
  central: {in: central}
"""
PLANS = """plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "02:00", start_within: 1h, keep: 30d, copy: {to: central, keep: 7y}}
"""


@pytest.fixture
def estate():
    """Compile a strategy; without text of its own, one plan."""

    def build(text=PLANS, *, head=HEAD):
        parsed = strategyfile.parse(head + text, file="strategy.yaml")
        assert parsed.findings == ()
        return compiler.compile_strategy(parsed.strategy)

    return build
