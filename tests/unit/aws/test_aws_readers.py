"""Answers of AWS become rows: what AWS leaves out stays null, what could not be read is said."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from strongroom import ledger
from strongroom.aws.fleet.merging import one_row_a_subject, with_managers
from strongroom.aws.readers import particulars
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.keys import KnownKey, owner_of
from strongroom.aws.readers.masses import backup_job_columns, copy_job_columns, recovery_point_columns, restore_job_columns
from strongroom.aws.readers.values import days, instants, key_arn, tags
from strongroom.domain.tables import BACKUP_JOBS, COPY_JOBS, READS, RECOVERY_POINTS, RESOURCES, RESTORE_JOBS, VAULTS
from strongroom.errors import AwsRefused, BadInput

PLACE = ("555555555555", "eu-west-2")
EPOCH = 1767225600.0


@pytest.mark.parametrize(
    ("columns", "item", "table"),
    [
        (lambda items: recovery_point_columns(items, "local"), {"RecoveryPointArn": "arn:p", "CreationDate": EPOCH}, RECOVERY_POINTS),
        (backup_job_columns, {"BackupJobId": "b", "CreationDate": EPOCH}, BACKUP_JOBS),
        (copy_job_columns, {"CopyJobId": "c", "CreationDate": EPOCH}, COPY_JOBS),
        (restore_job_columns, {"RestoreJobId": "r", "CreationDate": EPOCH}, RESTORE_JOBS),
    ],
    ids=["recovery points", "backup jobs", "copy jobs", "restore jobs"],
)
def test_columns_are_those_of_the_table(columns, item, table):
    """Everything AWS may leave out is null, or empty where the table has no null."""
    found = columns([item])
    schema = ledger.schema(table)
    assert ["account_id", "region", *found] == schema.names
    assert {name: column.type for name, column in found.items()} == {name: schema.field(name).type for name in found}
    assert [name for name, column in found.items() if column.null_count and not schema.field(name).nullable] == []
    assert found["created_at"][0].as_py() == datetime(2026, 1, 1, tzinfo=UTC)


def test_instants_come_from_seconds_and_from_texts():
    """Epoch seconds keep their milliseconds; ISO 8601 is understood too."""
    found = instants([1767225600.123, "2026-01-01T00:00:00Z", None]).to_pylist()
    assert found == [datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), None]


@pytest.mark.parametrize(("lifecycle", "expected"), [({"D": 7}, 7), ({"D": -1}, None), ({"D": 0}, None), ({}, None), (None, None)])
def test_never_is_null(lifecycle, expected):
    """AWS says never by leaving it out or by -1."""
    assert days(lifecycle, "D") == expected


def test_tags_without_value_are_empty():
    """A tag may have no value."""
    assert tags([{"Key": "a"}, {"Key": "b", "Value": "c"}]) == {"a": "", "b": "c"}


@pytest.mark.parametrize(
    ("key", "resource"), [("abc-1", "key/abc-1"), ("alias/aws/s3", "alias/aws/s3"), ("arn:aws:kms:eu-west-2:5:key/1", None)]
)
def test_keys_have_one_name(key, resource):
    """An id, an alias and an ARN become an ARN."""
    expected = f"arn:aws:kms:eu-west-2:555555555555:{resource}" if resource else key
    assert key_arn("aws", "eu-west-2", "555555555555", key) == expected


def test_a_key_belongs_to_the_account_of_its_arn():
    """The owner is asked, wherever the key is used."""
    assert owner_of(*PLACE, "arn:aws:kms:eu-west-1:333333333333:key/1") == ("333333333333", "eu-west-1")
    assert owner_of(*PLACE, "1") == PLACE


def test_a_subject_is_read_or_says_why_not():
    """A refusal inside ends the subject; code and sentence are kept."""
    harvest = Harvest()
    with harvest.subject(*PLACE, "vaults"):
        pass
    with harvest.subject(*PLACE, "backup_plans", "backup_rules"):
        raise AwsRefused("denied", code="AccessDenied")
    assert harvest.rows["reads"] == [
        (*PLACE, "vaults", True, "", ""),
        (*PLACE, "backup_plans", False, "AccessDenied", "denied"),
        (*PLACE, "backup_rules", False, "AccessDenied", "denied"),
    ]


def test_one_unread_item_leaves_the_others_but_not_the_subject():
    """Items that could be read stay, the subject counts as unread, equal reasons are told once."""
    harvest = Harvest()
    with harvest.subject(*PLACE, "resources:S3") as subject:
        for number in range(6):
            with subject.item():
                raise AwsRefused(f"bucket {number % 5}: denied", code="AccessDenied")
    (row,) = harvest.rows["reads"]
    assert row[3:] == (False, "AccessDenied", "bucket 0: denied; bucket 1: denied; bucket 2: denied; and 2 more")


def test_a_bug_is_not_taken_for_a_refusal():
    """Only AWS's refusals become unread rows."""
    with pytest.raises(KeyError), Harvest().subject(*PLACE, "vaults"):
        raise KeyError("Vault")


def test_rows_that_do_not_fit_are_refused():
    """A reader that forgets a column is stopped."""
    harvest = Harvest()
    harvest.add(VAULTS, *PLACE, "local")
    with pytest.raises(BadInput, match="table vaults: a row has 3 values"):
        harvest.settle()


def test_a_subject_read_in_parts_is_read_when_all_parts_are():
    """Vault by vault: one unread vault makes the recovery points unread; the first reason stays."""
    harvest = Harvest()
    for done, code in ((True, ""), (False, "A"), (True, ""), (False, "B")):
        harvest.read(*PLACE, "recovery_points", () if done else [AwsRefused(code, code=code)])
    merged = one_row_a_subject(pa.concat_tables(harvest.settle().columns[READS.name])).to_pylist()
    assert [(row["subject"], row["read"], row["code"]) for row in merged] == [("recovery_points", False, "A")]


def test_resources_learn_who_manages_their_key():
    """An alias is replaced by its key; a key that could not be read leaves its manager unknown."""
    names = {"aws/ebs": "arn:aws:kms:r:5:alias/aws/ebs", "mine": "arn:aws:kms:r:5:key/1", "denied": "arn:aws:kms:r:5:key/2", "none": None}
    unsaid = particulars.values(particulars.NOTHING)
    rows = [(*PLACE, name, "EBS", name, {}, None, True, key, None, 1, *unsaid) for name, key in names.items()]
    table = ledger.from_rows(RESOURCES, rows)
    keys = [KnownKey(names["aws/ebs"], "arn:aws:kms:r:5:key/9", "AWS"), KnownKey(names["mine"], names["mine"], "CUSTOMER")]
    found = {row["name"]: (row["key_arn"], row["key_manager"]) for row in with_managers(table, keys).to_pylist()}
    assert found == {
        "aws/ebs": ("arn:aws:kms:r:5:key/9", "AWS"),
        "mine": (names["mine"], "CUSTOMER"),
        "denied": (names["denied"], None),
        "none": (None, None),
    }
    assert with_managers(table, []).schema == ledger.schema(RESOURCES)
