"""What a snapshot says of the accounts that a plan is for: tags that a tag policy would reject, and who is not equipped."""

from datetime import UTC, datetime

import pytest

from strongroom import ledger
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.tables import ACCOUNTS, READS, RESOURCES, SETTINGS, VAULTS
from strongroom.forecast.tagrejections import Rejection, tag_rejections
from strongroom.proof.enrolment import Lack, enrolment
from strongroom.workflows.planning.accounts import account_findings

NOW = datetime(2027, 1, 4, tzinfo=UTC)
MANAGEMENT, SHOP, PAYMENTS, ELSEWHERE = (AccountId(digit * 12) for digit in "1567")
HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
UNSAID = [None for column in RESOURCES.columns if column.later]
PLAN = "plans: {p: {select: {tags: {environment: prod}}, rules: {r: {keep: 30d}}}}"
TAGS = "tag_policy: {tags: {environment: [prod, dev], owner: ['*']}, enforce: [ebs]}"


def resource(number, account, kind, **tags):
    return (account, HOME, f"arn:{account}:{number}", kind, "n", tags, NOW, True, None, None, 8, *UNSAID)


def switches(account, region, *types, kind="opt_in"):
    return [(account, region, kind, each, "true") for each in types]


@pytest.fixture
def snapshot_of(tmp_path):
    """Write a snapshot of an organization with two governed accounts; `settings` are rows of that table."""

    def made(settings=(), unread=()):
        accounts = ((MANAGEMENT, "", True), (SHOP, "Workloads/Prod", False), (PAYMENTS, "Workloads", False), (ELSEWHERE, "Sandbox", False))
        resources = [
            resource(1, SHOP, "EBS", environment="prod", owner="anybody"),
            resource(2, SHOP, "EBS", environment="Prod"),
            resource(3, PAYMENTS, "S3", environment="Prod"),
            resource(4, PAYMENTS, "EBS", Environment="prod"),
            resource(5, PAYMENTS, "EBS", colour="blue"),
            resource(6, ELSEWHERE, "EBS", environment="nonsense"),
        ]
        rows = {
            ACCOUNTS: [(each, "n", "ACTIVE", path, ["r-1"], top, NOW) for each, path, top in accounts],
            RESOURCES: resources,
            VAULTS: [(SHOP, HOME, "towers", "arn:vault", "BACKUP_VAULT", None, False, None, None, None, None, NOW)],
            SETTINGS: list(settings),
            READS: [
                (each, region, subject, (each, region) not in unread, "", "")
                for each in (MANAGEMENT, SHOP, PAYMENTS)
                for region in (HOME, SECOND)
                for subject in ("settings", "vaults")
            ],
        }
        tables = {table.name: ledger.from_rows(table, found) for table, found in rows.items()}
        return ledger.write(tmp_path, tables, observed_at=NOW, source={})

    return made


def equipped(*places):
    """Rows of an opt-in to DynamoDB with advanced features."""
    return [
        row for account, region in places for kind in ("opt_in", "management") for row in switches(account, region, "DynamoDB", kind=kind)
    ]


def test_rejected_tags_are_counted_below_the_ous_of_the_policy(estate_of, snapshot_of):
    """By spelling and value, most resources first, with how many of them are refused rather than reported."""
    policy = estate_of(PLAN, TAGS).tag_policy
    assert tag_rejections(policy, snapshot_of()) == (
        Rejection(key="environment", value="Prod", why="its value is one of prod, dev", resources=2, enforced=1),
        Rejection(key="Environment", value="prod", why="its key is written environment", resources=1, enforced=1),
    )


def test_who_lacks_what_is_told_by_account_and_region(estate_of, snapshot_of):
    """Opt-in and advanced features apart; the management account, whose switches apply sets, and other OUs are not asked."""
    estate = estate_of(PLAN, head=HEAD)
    rows = [*equipped((SHOP, HOME), (SHOP, SECOND)), *switches(PAYMENTS, HOME, "DynamoDB")]
    found = enrolment(estate, snapshot_of(rows))
    kind = (ResourceType.DYNAMODB,)
    assert found.lacking == (
        Lack(account=PAYMENTS, region=HOME, opt_in=(), managed=kind),
        Lack(account=PAYMENTS, region=SECOND, opt_in=kind, managed=kind),
    )
    assert (found.unread, found.accounts) == ((), 2)


def test_an_account_that_was_not_read_is_not_equipped_and_not_lacking(estate_of, snapshot_of):
    """Nothing is known of it: a remark of its own, never a pass."""
    estate = estate_of(PLAN, head=HEAD)
    snapshot = snapshot_of(equipped((SHOP, HOME), (SHOP, SECOND), (PAYMENTS, HOME)), unread=[(PAYMENTS, SECOND)])
    assert enrolment(estate, snapshot).lacking == ()
    assert enrolment(estate, snapshot).unread == ((PAYMENTS, SECOND),)
    [finding] = account_findings(estate, snapshot)
    assert (finding.code, finding.severity) == ("ORG013", Severity.INFO)
    assert "the settings of 1 account could not be read, first of 666666666666" in finding.message


def test_a_plan_warns_of_accounts_and_of_tags(estate_of, snapshot_of):
    """Both as old as the snapshot, and the message says how old."""
    estate = estate_of(PLAN, TAGS, head=HEAD)
    found = account_findings(estate, snapshot_of(equipped((SHOP, HOME), (SHOP, SECOND))))
    assert [(each.code, each.severity) for each in found] == [("ORG011", Severity.WARNING), *[("ORG012", Severity.WARNING)] * 2]
    assert found[0].message == "not yet equipped for DynamoDB: 1 of 2 accounts, 666666666666 (seen 2027-01-04 00:00 UTC)"
    assert found[1].message == (
        "the tag policy rejects environment: Prod of 2 resources: its value is one of prod, dev; refused for 1 of them "
        "(seen 2027-01-04 00:00 UTC)"
    )


def test_without_a_snapshot_nothing_is_known_and_the_plan_says_so(estate_of):
    """Unknown is never pass."""
    [finding] = account_findings(estate_of(PLAN), None)
    assert (finding.code, finding.help) == ("ORG013", "strongroom sync")


def test_an_adopted_vault_that_accounts_lack_is_a_warning(estate_of, snapshot_of):
    """Where the vaults were read and it isn't among them; an account that was not read is another remark."""
    head = HEAD + "keys: {backup: {kind: per-account}}\nvaults: {local: {in: every-account, adopt: towers, key: backup}}\n"
    estate = estate_of(PLAN, head=head)
    places = [(account, region) for account in (SHOP, PAYMENTS) for region in (HOME, SECOND)]
    [finding] = account_findings(estate, snapshot_of(equipped(*places)))
    assert (finding.code, finding.severity) == ("ORG006", Severity.WARNING)
    assert "is missing in 2 accounts, first of 555555555555 in eu-west-1 (seen" in finding.message


def test_equipped_accounts_give_no_warning(estate_of, snapshot_of):
    """Nothing to say about what is as it should be."""
    places = [(account, region) for account in (SHOP, PAYMENTS) for region in (HOME, SECOND)]
    assert account_findings(estate_of(PLAN, head=HEAD), snapshot_of(equipped(*places))) == ()


HEAD = """\
strongroom: 1
name: small
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111"}
  governs: [Workloads]
  opt_in: [dynamodb]
"""
