"""Values that tests of planning and of runs begin with."""

from datetime import UTC, datetime

import pytest

from strongroom.domain.changeplan import ChangePlan
from strongroom.domain.deployment import Deployment
from strongroom.domain.names import AccountId, Region


@pytest.fixture
def empty_deployment() -> Deployment:
    """An organization in which nothing is switched on or deployed."""
    return Deployment(
        observed_at=datetime(2026, 11, 21, tzinfo=UTC),
        organization_id="o-abc",
        management_account=AccountId("111111111111"),
        root_id="r-1",
        units=(),
        accounts=(),
        policy_types=(),
        trusted_services=(),
        stack_sets_trusted=False,
        delegated_administrators=(),
        global_settings=(),
        opt_in=((Region("eu-west-2"), ()),),
        policies=(),
        stacks=(),
        stack_sets=(),
    )


@pytest.fixture
def empty_plan() -> ChangePlan:
    """A plan without steps that has read nothing."""
    return ChangePlan(
        plan_id="tiers-1",
        strategy="tiers",
        management_account=AccountId("111111111111"),
        home_region=Region("eu-west-2"),
        deploy_role="strongroom-deploy",
        created_at="2026-11-21T00:00:00+00:00",
        reads=(),
        steps=(),
    )
