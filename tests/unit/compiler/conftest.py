"""Strategies built directly, without a file: `build` makes parts, `three_tiers` is the whole of the demo."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Region, ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.domain.roles import Roles
from strongroom.domain.strategy import (
    Accounts,
    Copy,
    Key,
    KeyKind,
    Organization,
    Plan,
    Rule,
    Selection,
    Strategy,
    TagTerm,
    Vault,
)

HERE = FileOrigin("strategy.yaml", 1, 1)
HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
CENTRAL = AccountId("333333333333")


def tagged(*terms, **parts):
    """A selection from (key, value, value…) terms."""
    return replace(Selection(tags=tuple(TagTerm(key=key, values=tuple(values)) for key, *values in terms), origin=HERE), **parts)


def rule(name="daily", **parts):
    return replace(
        Rule(
            name=name,
            schedule="cron(0 2 * * ? *)",
            timezone="UTC",
            start_within_minutes=60,
            complete_within_minutes=360,
            keep=30,
            cold_after_days=None,
            continuous=False,
            vault="local",
            copies=(),
            origin=HERE,
        ),
        **parts,
    )


def copy(to, **parts):
    return replace(Copy(to=to, keep=None, cold_after_days=None, origin=HERE), **parts)


def plan(name="production", **parts):
    return replace(Plan(name=name, select=tagged(("environment", "prod")), rules=(rule(),), origin=HERE), **parts)


def vault(label, **parts):
    return replace(
        Vault(label=label, name=f"tiers-{label}", account=CENTRAL, regions=(HOME,), key="backup", lock=None, origin=HERE),
        **parts,
    )


THREE_TIERS = Strategy(
    name="tiers",
    organization=Organization(
        home_region=HOME,
        regions=(HOME, SECOND),
        accounts=Accounts(
            management=AccountId("111111111111"),
            backup_admin=AccountId("222222222222"),
            central=CENTRAL,
            log_archive=AccountId("444444444444"),
        ),
        governs=("Workloads",),
        opt_in=(ResourceType.DYNAMODB, ResourceType.EBS, ResourceType.RDS, ResourceType.S3),
        origin=HERE,
    ),
    roles=Roles(read="strongroom-read", deploy="strongroom-deploy", backup="tiers-AWSBackup"),
    keys=(Key(name="backup", kind=KeyKind.PER_ACCOUNT, origin=HERE),),
    vaults=(vault("local", account=EVERY_ACCOUNT, regions=(HOME, SECOND)), vault("central"), vault("dr", regions=(SECOND,))),
    plans=(
        plan(rules=(rule(copies=(copy("central", keep=2557), copy("dr", keep=2557))),)),
        plan(
            "staging",
            select=tagged(("environment", "staging")),
            rules=(rule(schedule="cron(0 3 * * ? *)", keep=7, copies=(copy("central", keep=366),)),),
        ),
        plan("development", select=tagged(("environment", "dev")), rules=(rule("weekly", schedule="cron(0 4 ? * SUN *)", keep=7),)),
    ),
    objectives=(),
    retention=(),
    origin=HERE,
)


@pytest.fixture(scope="session")
def builders():
    """Builders of parts of a strategy."""
    return SimpleNamespace(tagged=tagged, rule=rule, copy=copy, plan=plan, vault=vault, home=HOME, second=SECOND, central=CENTRAL)


@pytest.fixture
def build(builders):
    """The same, for single tests."""
    return builders


@pytest.fixture
def three_tiers():
    """The strategy of the demo."""
    return THREE_TIERS


@pytest.fixture(scope="session")
def three_tiers_once():
    """The same, made once: property tests may not use a fixture that is made anew for each test."""
    return THREE_TIERS
