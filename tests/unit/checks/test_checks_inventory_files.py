"""Inventories from CSV and Parquet."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strongroom import checks, ledger
from strongroom.checks.inventory import Interest
from strongroom.checks.inventory_rows import COLUMNS
from strongroom.checks.inventory_table import inventory, read_parquet
from strongroom.domain.names import ResourceType
from strongroom.domain.tables import READS, RESOURCES
from strongroom.errors import BadInput

VOLUME = "arn:aws:ec2:eu-west-2:555555555555:volume/vol-1"
BUCKET = "arn:aws:s3:::pictures"
EVERYTHING = Interest(accounts=frozenset(), regions=frozenset(), tag=lambda _: True, arns=(VOLUME, BUCKET))


def test_csv_needs_an_arn_and_a_type():
    """Account and Region are in most ARNs; what is not said is None."""
    (found,) = checks.read_csv(f"arn,type\n{VOLUME},ebs\n", file="i.csv").alike(EVERYTHING).resources
    assert (found.type, found.account, found.region, found.tags) == (ResourceType.EBS, "555555555555", "eu-west-2", ())
    assert (found.encrypted, found.key_manager, found.maintenance_window) == (None, None, None)


def test_csv_takes_tags_in_one_column_or_in_one_each():
    """As spreadsheets and as tools write them; an empty cell is no tag."""
    text = f"arn,type,tags,tag:team,tag:empty\n{VOLUME},EBS,environment=prod;app=a=b,payments,\n"
    (found,) = checks.read_csv(text, file="i.csv").alike(EVERYTHING).resources
    assert found.tags == (("app", "a=b"), ("environment", "prod"), ("team", "payments"))


def test_csv_says_what_is_known_of_a_bucket():
    """A bucket's ARN has neither account nor Region: columns do."""
    text = f"arn,type,account,region,versioned,mfa_delete,replication\n{BUCKET},s3,555555555555,eu-west-2,no,TRUE,bucket\n"
    (found,) = checks.read_csv(text, file="i.csv").alike(EVERYTHING).resources
    assert found.bucket == checks.Bucket(versioned=False, mfa_delete=True)
    assert found.replication is checks.Replication.BUCKET


def test_csv_with_another_type_is_an_unsupported_resource():
    """ECS is in the organization, AWS Backup does not know it."""
    text = "arn,type\narn:aws:ecs:eu-west-2:555555555555:cluster/web,AWS::ECS::Cluster\n"
    found = checks.read_csv(text, file="i.csv").alike(EVERYTHING)
    assert (found.resources, [each.type for each in found.unsupported]) == ((), ["AWS::ECS::Cluster"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "i.csv:1: the inventory is empty"),
        ("arn,kind\n", "i.csv:1: column 'kind' is unknown"),
        ("arn,tpye\n", "i.csv:1: column 'tpye' is unknown: did you mean type?"),
        ("arn,type,account,account_id\n", "i.csv:1: column 'account' is named twice"),
        ("type\n", "i.csv:1: column 'arn' is missing"),
        (f"arn,type\n\n{VOLUME},ebs,x\n", "i.csv:3: 3 cells, 2 columns are named"),
        ("arn,type\nvol-1,ebs\n", "i.csv:2: 'vol-1' is not an ARN"),
        (f"arn,type\n{VOLUME},dynamobd\n", "i.csv:2: type 'dynamobd' is no type of AWS Backup: did you mean dynamodb?"),
        (f"arn,type\n{BUCKET},s3\n", "i.csv:2: account or region is missing"),
        (f"arn,type,encrypted\n{VOLUME},ebs,perhaps\n", "i.csv:2: encrypted 'perhaps' is not a truth value"),
        (f"arn,type,key_manager\n{VOLUME},ebs,me\n", "i.csv:2: key_manager 'ME' is not one of AWS, CUSTOMER"),
        (f"arn,type,replication\n{VOLUME},ebs,raid\n", "i.csv:2: replication 'raid' is not one of none, multi-az"),
        (f"arn,type,tags\n{VOLUME},ebs,prod\n", "i.csv:2: tags 'prod' is no tag"),
        (f'arn,type\n"{VOLUME},ebs\n', "i.csv:2: not CSV"),
    ],
)
def test_mistake_in_csv_is_named_with_its_line(text, message):
    """One clear error, never a traceback."""
    with pytest.raises(BadInput) as caught:
        checks.read_csv(text, file="i.csv")
    assert caught.value.message.startswith(message)


def test_byte_order_mark_of_spreadsheets_is_passed_over():
    """Excel writes one."""
    assert len(checks.read_csv(f"\ufeffarn,type\n{VOLUME},ebs\n", file="i.csv").arns) == 1


def test_every_column_is_a_field_of_a_resource():
    """No column is read and forgotten."""
    fields = {*checks.Resource.__dataclass_fields__, *checks.Bucket.__dataclass_fields__} - {"bucket", "count", "more"}
    assert set(COLUMNS) == fields


def _row(**parts):
    default = dict.fromkeys(column.name for column in RESOURCES.columns)
    default |= {"account_id": "555555555555", "region": "eu-west-2", "arn": VOLUME, "type": "EBS", "name": "vol-1", "tags": {"a": "b"}}
    return tuple((default | parts).values())


def test_the_ledgers_table_is_an_inventory():
    """Same columns, with what could not be read beside it."""
    resources = ledger.from_rows(RESOURCES, [_row(encrypted=True, key_manager="AWS")])
    reads = ledger.from_rows(
        READS,
        [
            ("555555555555", "eu-west-2", "resources:EBS", True, "", ""),
            ("666666666666", "eu-west-2", "resources:EBS", False, "AccessDenied", "no"),
            ("666666666666", "eu-west-2", "vaults", False, "AccessDenied", "no"),
        ],
    )
    found = inventory(resources, reads).alike(EVERYTHING)
    assert [(each.arn, each.tags, each.encrypted, each.key_manager) for each in found.resources] == [(VOLUME, (("a", "b"),), True, "AWS")]
    assert [(part.account, part.subject) for part in found.unread] == [("666666666666", "resources:EBS")]


def test_details_that_were_not_read_are_named_where_the_resources_were():
    """A denied detail is a gap of its own; where the resources are unread already, it is not said twice."""
    place, denied = ("555555555555", "eu-west-2"), (False, "AccessDenied", "no")
    reads = ledger.from_rows(
        READS,
        [
            (*place, "resources:S3", True, "", ""),
            (*place, "details:S3", *denied),
            (*place, "resources:RDS", *denied),
            (*place, "details:RDS", *denied),
        ],
    )
    assert {part.subject for part in inventory(ledger.empty(RESOURCES), reads).unread} == {"details:S3", "resources:RDS"}


def test_parquet_of_somebody_is_an_inventory(tmp_path):
    """Tags as text, truth values as truth values."""
    file = tmp_path / "i.parquet"
    pq.write_table(pa.table({"arn": [VOLUME], "type": ["ebs"], "tags": ["a=b"], "encrypted": [False]}), file)
    (found,) = read_parquet(str(file)).alike(EVERYTHING).resources
    assert (found.tags, found.encrypted) == ((("a", "b"),), False)


def test_what_is_not_parquet_is_refused(tmp_path):
    """A CSV under the wrong name, or nothing at all."""
    file = tmp_path / "i.parquet"
    with pytest.raises(BadInput, match="can't read"):
        read_parquet(str(file))
    file.write_text("arn,type\n", encoding="utf-8")
    with pytest.raises(BadInput, match="can't read"):
        read_parquet(str(file))


def test_mistake_in_a_table_is_named_with_its_row():
    """Rows count from 1."""
    with pytest.raises(BadInput, match=r"i\.parquet, row 2: 'x' is not an ARN"):
        inventory(pa.table({"arn": [VOLUME, "x"], "type": ["ebs", "ebs"]}), file="i.parquet")
    with pytest.raises(BadInput, match="column 'arn' is missing"):
        inventory(pa.table({"type": ["ebs"]}), file="i.parquet")
