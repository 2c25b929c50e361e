"""One resource judged alone, from the rows that are about it, is judged as among all."""

import random
from dataclasses import replace

import pyarrow as pa
import pytest

from strongroom import ledger, proof
from strongroom.domain.tables import TABLES
from strongroom.ledger.narrowing import Narrowing
from strongroom.proof.engine import judge
from strongroom.proof.touched import touched
from strongroom.proof.verification import chain_table

FAULTS = {
    "a key is off": lambda world, luck: luck.choice(world.rows("keys")).update(state="Disabled"),
    "a key's policy says nothing": lambda world, luck: luck.choice(world.rows("keys")).update(policy='{"Statement": []}'),
    "a vault lets nobody in": lambda world, luck: luck.choice(world.rows("vaults", account_id=world.central)).update(access_policy=None),
    "a vault is gone": lambda world, luck: world.tables["vaults"].remove(luck.choice(world.tables["vaults"])),
    "something is unread": lambda world, luck: luck.choice(world.tables["reads"]).update(read=False, code="AccessDenied", reason="no"),
    "an account is unread": lambda world, luck: [
        row.update(read=False, code="AccessDenied", reason="no")
        for account in (luck.choice(world.workloads),)
        for row in world.rows("reads", account_id=account)
    ],
    "points are gone": lambda world, luck: [
        world.tables["recovery_points"].remove(each) for each in luck.sample(world.tables["recovery_points"], 40)
    ],
    "jobs fail": lambda world, luck: [
        job.update(state="FAILED", message="no room")
        for job in luck.sample(world.tables["backup_jobs"], min(40, len(world.tables["backup_jobs"])))
    ],
    "a plan is gone": lambda world, luck: world.tables["backup_plans"].remove(luck.choice(world.tables["backup_plans"])),
    "copies are off": lambda world, _: [row.update(value="false") for row in world.rows("settings", kind="global")],
    "an account is closed": lambda world, luck: luck.choice(world.rows("accounts")).update(status="SUSPENDED"),
}


@pytest.mark.parametrize("seed", range(4))
def test_a_resource_alone_is_judged_as_among_all(builder, tmp_path, seed):
    """Whatever is broken and unread: the rows of `verify` about a resource are those of `prove`."""
    luck = random.Random(seed)  # noqa: S311
    world = builder(seed, 12).build()
    for fault in luck.sample(sorted(FAULTS), 4):
        FAULTS[fault](world, luck)
    snapshot = world.write(tmp_path)
    earlier = (replace(snapshot, observed_at=snapshot.observed_at.replace(day=1)),)
    whole = proof.verify(world.estate, snapshot, earlier).chains.to_pylist()
    arns = sorted({row["arn"] for row in world.tables["resources"]})
    for arn in luck.sample(arns, 4):
        with judge(world.estate, snapshot, earlier, arn=arn) as alone:
            assert chain_table(alone).to_pylist() == [row for row in whole if row["resource_arn"] == arn]


def test_only_rows_that_matter_are_read(builder, tmp_path):
    """Of other resources and of accounts without a part in its backups nothing is read, neither by Arrow nor by SQL."""
    world = builder(2, 12).build()
    resource = world.resource()
    narrow = touched(world.estate, world.write(tmp_path), resource["arn"])
    others = set(world.workloads) - {resource["account_id"]}
    assert others, "there is no account to leave out"
    with ledger.connect(narrow) as connection:
        for table in TABLES:
            read = narrow.table(table.name)
            assert sorted(map(str, read.to_pylist())) == sorted(map(str, ledger.rows(connection, f"FROM {table.name}")))
            if "account_id" in read.column_names:
                assert others.isdisjoint(read["account_id"].to_pylist()), table.name
    assert narrow.table("resources")["arn"].to_pylist() == [resource["arn"]]
    assert set(narrow.table("recovery_points")["resource_arn"].to_pylist()) == {resource["arn"]}


def test_the_account_of_a_foreign_key_matters(builder, tmp_path):
    """A resource or vault may be encrypted with a key of an account that the strategy doesn't name."""
    world = builder(3, 12).build()
    mine, other = world.resource()["account_id"], next(each for each in world.workloads if each != world.resource()["account_id"])
    for row in world.rows("vaults", account_id=mine):
        row["key_arn"] = f"arn:aws:kms:eu-west-2:{other}:key/shared"
    narrow = touched(world.estate, world.write(tmp_path), world.resource()["arn"])
    assert other in narrow.only.accounts


def test_rows_that_name_no_resource_are_kept(builder, tmp_path):
    """A restore job of which AWS doesn't tell the resource may be this one's."""
    narrow = replace(builder(1, 1).build().write(tmp_path), only=Narrowing(resource="arn:aws:s3:::b'ucket", accounts=("111122223333",)))
    conditions = {table.name: narrow.only.condition(table) for table in TABLES}
    assert conditions["restore_jobs"] == "(source_resource_arn = 'arn:aws:s3:::b''ucket' OR source_resource_arn IS NULL)"
    assert conditions["recovery_points"] == "resource_arn = 'arn:aws:s3:::b''ucket'"
    assert conditions["vaults"] == "account_id IN ('111122223333')"
    assert isinstance(narrow.table("recovery_points"), pa.Table)
