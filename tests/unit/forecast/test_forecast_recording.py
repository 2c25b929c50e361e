"""What a snapshot says of AWS Config, where the strategy has frameworks: a plan warns before they are made."""

from datetime import UTC, datetime

import pytest

from strongroom import ledger
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId, Region
from strongroom.domain.tables import ACCOUNTS, CONFIG_RECORDERS, READS
from strongroom.proof.recording import RECORDED, recording
from strongroom.workflows.planning.accounts import account_findings

NOW = datetime(2027, 1, 4, tzinfo=UTC)
MANAGEMENT, SHOP, PAYMENTS, ELSEWHERE = (AccountId(digit * 12) for digit in "1567")
HOME = Region("eu-west-2")
HEAD = (
    "strongroom: 1\nname: three-tiers\n"
    "organization: {home_region: eu-west-2, regions: [eu-west-2], accounts: {central: '333333333333'}, governs: [Workloads]}\n"
    "vaults: {towers: {in: every-account}}\n"
)
PLAN = "plans: {p: {select: {tags: {environment: prod}}, rules: {r: {keep: 30d}}}}"
FRAMEWORKS = "frameworks: {audit: {controls: [backup-recovery-point-encrypted]}}"
EVERYTHING = {"recording": True, "everything": True, "types": [], "excluded": []}


@pytest.fixture
def snapshot_of(tmp_path):
    """Write a snapshot of two governed accounts, one that is not governed, and the recorders that they have."""

    def made(recorders, unread=()):
        accounts = ((MANAGEMENT, "", True), (SHOP, "Workloads/Prod", False), (PAYMENTS, "Workloads", False), (ELSEWHERE, "Sandbox", False))
        subjects = ("settings", "vaults", "config_recorders")
        rows = {
            ACCOUNTS: [(each, "n", "ACTIVE", path, ["r-1"], top, NOW) for each, path, top in accounts],
            CONFIG_RECORDERS: [(account, HOME, "default", *members.values()) for account, members in recorders.items()],
            READS: [(each, HOME, subject, (each, subject) not in unread, "", "") for each, _, _ in accounts[:3] for subject in subjects],
        }
        tables = {table.name: ledger.from_rows(table, found) for table, found in rows.items()}
        return ledger.write(tmp_path, tables, observed_at=NOW, source={})

    return made


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (EVERYTHING, ""),
        ({**EVERYTHING, "everything": False, "types": [*RECORDED, "AWS::EC2::Volume"]}, ""),
        ({**EVERYTHING, "excluded": ["AWS::EC2::Volume"]}, ""),
        ({**EVERYTHING, "recording": False}, "a recorder of AWS Config that is stopped"),
        ({**EVERYTHING, "everything": False, "types": list(RECORDED[:3])}, f"a recorder of AWS Config that leaves out {RECORDED[3]}"),
        ({**EVERYTHING, "excluded": [RECORDED[0]]}, f"a recorder of AWS Config that leaves out {RECORDED[0]}"),
    ],
    ids=["everything", "these-types", "all-but-one", "stopped", "too-few-types", "one-excluded"],
)
def test_a_recorder_does_if_it_runs_and_records_what_frameworks_need(estate_of, snapshot_of, members, why):
    """The four types of AWS Backup are needed, however the recorder comes to record them."""
    found = recording(estate_of(PLAN, FRAMEWORKS, head=HEAD), snapshot_of({SHOP: members, PAYMENTS: EVERYTHING}))
    assert [(each.account, each.region, each.why) for each in found.lacking] == ([(SHOP, HOME, why)] if why else [])
    assert found.unread == ()


def test_what_was_not_read_is_neither_lacking_nor_there(estate_of, snapshot_of):
    """An account that was not asked, or whose recorder doesn't tell whether it runs, is unknown."""
    estate = estate_of(PLAN, FRAMEWORKS, head=HEAD)
    snapshot = snapshot_of({SHOP: {**EVERYTHING, "recording": None}}, unread=[(PAYMENTS, "config_recorders")])
    assert recording(estate, snapshot).lacking == ()
    assert recording(estate, snapshot).unread == ((SHOP, HOME), (PAYMENTS, HOME))
    [finding] = [each for each in account_findings(estate, snapshot) if each.subject == "frameworks"]
    assert (finding.code, finding.severity) == ("ORG013", Severity.INFO)
    assert "is not known of 2 accounts and Regions, first of 555555555555 in eu-west-2" in finding.message


def test_a_plan_warns_of_frameworks_that_would_evaluate_nothing(estate_of, snapshot_of):
    """Before the first write, by account and Region, and how old that is; without frameworks nobody needs a recorder."""
    snapshot = snapshot_of({SHOP: {**EVERYTHING, "recording": False}})
    found = [each for each in account_findings(estate_of(PLAN, FRAMEWORKS, head=HEAD), snapshot) if each.code == "ORG016"]
    assert {each.severity for each in found} == {Severity.WARNING}
    told = "frameworks will evaluate nothing, or not all, where there is"
    assert [each.message for each in found] == [
        f"{told} a recorder of AWS Config that is stopped: 555555555555 in eu-west-2 (seen 2027-01-04 00:00 UTC)",
        f"{told} no recorder of AWS Config: 666666666666 in eu-west-2 (seen 2027-01-04 00:00 UTC)",
    ]
    assert [each for each in account_findings(estate_of(PLAN, head=HEAD), snapshot) if each.subject == "frameworks"] == []
