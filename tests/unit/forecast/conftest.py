"""Estates from a few lines of YAML."""

import pytest

from strongroom.compiler import compile_strategy
from strongroom.strategyfile import parse

HEAD = """\
strongroom: 1
name: small
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333"}
  governs: [Workloads]
vaults:
  local: {in: every-account}
"""


@pytest.fixture(scope="session")
def estate_of():
    """Return a function that compiles a strategy: the head, then what the test adds."""

    def made(*lines, head=HEAD):
        parsed = parse(head + "\n".join(lines) + "\n", file="strategy.yaml")
        assert parsed.strategy is not None, parsed.findings
        return compile_strategy(parsed.strategy)

    return made


@pytest.fixture(scope="session")
def plan_of(estate_of):
    """Return a function that compiles a strategy with one plan for `environment: prod`."""

    def made(*rules, select="{tags: {environment: prod}}", vaults=()):
        head = HEAD + "".join(f"  {vault}\n" for vault in vaults)
        return estate_of("plans:", "  production:", f"    select: {select}", "    rules:", *(f"      {rule}" for rule in rules), head=head)

    return made
