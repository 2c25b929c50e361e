"""The ledger in a bucket: what one machine writes another one reads, damage and half-written snapshots are noticed."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest
from tests.unit.evidence.examples import RECORD

from strongroom import evidence, ledger
from strongroom.api import ledger as kept
from strongroom.api.home import home_for
from strongroom.domain.tables import ACCOUNTS
from strongroom.errors import BadInput, CouldNotVerify

BUCKET, REGION = "ledgers", "eu-west-2"
SEEN = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def s3(moto):
    """A client of a server that has S3."""
    keys = {"aws_access_key_id": "AKIALEDGER", "aws_secret_access_key": "none"}
    client = boto3.client("s3", region_name=REGION, endpoint_url=f"http://{moto[0]}:{moto[1]}", **keys)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


@pytest.fixture
def prefix(s3, tmp_path, monkeypatch):
    """A place in the bucket that `STRONGROOM_HOME` names."""
    values = {"AWS_ENDPOINT_URL": s3.meta.endpoint_url, "AWS_ACCESS_KEY_ID": "AKIALEDGER", "AWS_SECRET_ACCESS_KEY": "none"}
    place = {"AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "STRONGROOM_HOME": f"s3://{BUCKET}/{tmp_path.name}"}
    for name, value in {**values, **place}.items():
        monkeypatch.setenv(name, value)
    return tmp_path.name


def write(home, *names):
    rows = [(f"{number:012}", name, "ACTIVE", "", ["r-1"], False, None) for number, name in enumerate(names)]
    return ledger.write(home, {"accounts": ledger.from_rows(ACCOUNTS, rows)}, observed_at=SEEN, source={"caller": "test"})


def test_another_machine_reads_what_one_wrote(s3, prefix, tmp_path):
    """List, query, compare, check and prune work on a bucket; nothing is left in it of what was pruned."""
    here, there = tmp_path / "here", tmp_path / "there"
    first, second = write(here, "a"), write(here, "a", "b")
    assert home_for(tmp_path) == tmp_path / ".strongroom"
    assert [each.id for each in ledger.snapshots(there)] == sorted([first.id, second.id])
    counted = {
        each.id: kept.query("SELECT count(*) AS n FROM accounts", home=there, as_of=each.id)["n"][0].as_py() for each in (first, second)
    }
    assert counted == {first.id: 1, second.id: 2}
    assert [(each.table, each.new) for each in kept.compare(first.id, second.id, home=there).differences] == [("accounts", 1)]
    assert [each.damaged for each in kept.check(home=there)] == [(), ()]
    kept.prune(kept.pruning(home=there, keep=1, days=None), home=there)
    (left,) = ledger.snapshots(here)
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/")["Contents"]]
    assert {key.split("/")[1] for key in keys} - {""} == {left.id}


def test_records_of_restore_tests_are_there_for_other_machines(s3, prefix, tmp_path):
    """Written and documented again here, read there; reading snapshots forgets none; a changed byte is noticed where it is."""
    here, there = tmp_path / "here", tmp_path / "there"

    def keep(record):
        document = evidence.document(record, evidence.Sources(strategy_sha256="", files={}))
        ledger.keep_record(here, document, evidence.markdown(document))

    keep(replace(RECORD, cleaned_up=False, leftovers=("arn:left",)))
    assert ledger.records(there)[0].leftovers == ("arn:left",)
    keep(RECORD)
    write(here, "a")
    assert ([each.rows for each in kept.snapshots(home=there)], ledger.records(there)) == ([1], (RECORD,))
    assert ledger.record_text(there, RECORD.test_id).startswith(f"# Restore test {RECORD.test_id}: PASSED")
    key = f"{prefix}/tests/{RECORD.test_id}.json"
    content = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=key, Body=content.replace(b'"outcome":"passed"', b'"outcome":"failed"'))
    assert [each.damaged for each in kept.check(home=there)] == [(), (RECORD.test_id,)]
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert ledger.records(there) == ()


def test_what_changed_in_the_bucket_is_not_read(s3, prefix, tmp_path):
    """A byte more: `check` names the table, and a machine that fetches it refuses it."""
    here, there = tmp_path / "here", tmp_path / "there"
    snapshot = write(here, "a")
    key = f"{prefix}/{snapshot.id}/accounts.parquet"
    content = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=key, Body=content + b"x")
    assert [each.damaged for each in kept.check(home=here)] == [("accounts",)]
    with pytest.raises(CouldNotVerify, match=r"accounts\.parquet is damaged"):
        ledger.latest(there).table("accounts")


def test_a_snapshot_without_manifest_is_none(s3, prefix, tmp_path):
    """What an interrupted upload left behind is no snapshot."""
    snapshot = write(tmp_path / "here", "a")
    s3.delete_object(Bucket=BUCKET, Key=f"{prefix}/{snapshot.id}/manifest.json")
    shutil.rmtree(tmp_path / "here")
    assert ledger.snapshots(tmp_path / "here") == ()


@pytest.mark.usefixtures("prefix")
def test_a_bucket_that_is_not_there_is_one_error(tmp_path, monkeypatch):
    """Nothing is written, here or there, and what to check is said."""
    monkeypatch.setenv("STRONGROOM_HOME", "s3://no-such-bucket-here/ledger")
    with pytest.raises(BadInput, match="s3://no-such-bucket-here/ledger can't be written") as refused:
        write(tmp_path, "a")
    assert "STRONGROOM_HOME" in refused.value.hint
    assert list(tmp_path.glob("ledger-*/2026*")) == []
    monkeypatch.setenv("STRONGROOM_HOME", "s3://")
    with pytest.raises(BadInput, match="names no bucket"):
        write(tmp_path, "a")
