"""A twin in which everything was backed up for some days, and time that goes on while somebody waits for a restore."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.conftest import Shell, World

from strongroom.aws.sessions import Sessions
from strongroom.twin import client as control
from strongroom.twin import process

SEED = Path(__file__).parent / "restores.yaml"
SHOP, CENTRAL = "555555555555", "333333333333"
ORDERS = f"arn:aws:dynamodb:eu-west-2:{SHOP}:table/orders"
LEDGER = f"arn:aws:rds:eu-west-2:{SHOP}:db:ledger"
PLAIN = f"arn:aws:rds:eu-west-2:{SHOP}:db:plain"
CLUSTER = f"arn:aws:rds:eu-west-2:{SHOP}:cluster:cluster"
PAPERS = "arn:aws:s3:::restores-papers"
DEPLOY_ROLE = "strongroom-deploy"
STRATEGY = """\
strongroom: 1
name: bring
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333"}
  governs: [Workloads]
  opt_in: [dynamodb, s3, ebs, ec2, efs, rds, aurora]
keys:
  backup: {kind: multi-region}
vaults:
  local: {in: every-account}
  central: {in: central, region: eu-west-2}
  dr: {in: central, region: eu-west-1}
  airgap: {type: air-gapped, in: central, lock: {min: 7d, max: 1y}, share: ["555555555555"]}
plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "02:00", keep: 30d, copy: [central, dr]}
  guarded:
    select: {types: [dynamodb]}
    rules:
      apart: {at: "04:00", keep: 30d, copy: [airgap]}
  archived:
    select: {types: [efs]}
    rules:
      cold: {at: "03:00", keep: 120d, cold_after: 1d}
  continuous:
    select: {tags: {pitr: "yes"}, types: [rds, s3]}
    rules:
      log: {continuous: true, keep: 35d}
objectives:
  - {select: {tags: {environment: prod}}, rpo: 26h, rto: 4h}
  - {select: {types: [dynamodb]}, rpo: 26h, rto: 1m}
"""


@contextmanager
def backed_up(folder: Path) -> Iterator[World]:
    """A twin that asks IAM of every call, in which `bring` is deployed, three days have passed and a snapshot was taken."""
    endpoint = process.up(folder / "twin-home", 0, SEED, enforce_iam=True)
    world = World(endpoint, Shell(folder, process.environment(endpoint)))
    try:
        world.shell.write("strategy.yaml", STRATEGY)
        assert world.shell.run("apply", "--yes", "--accept-lock", "airgap").code == 0
        _start_machine(world)
        control.move_clock(endpoint, advance="3d")
        assert world.shell.run("sync").code == 0
        yield world
    finally:
        process.down(folder / "twin-home")


def _start_machine(world: World) -> None:
    """Start an instance, of which a seed knows nothing."""
    ec2 = world.client("ec2", aws_access_key_id="AKIATWINSHOP00000001", aws_secret_access_key="local-shop")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "environment", "Value": "prod"}]}]
    ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, InstanceType="t3.micro", TagSpecifications=tags)


@contextmanager
def passing(world: World, *, step: str = "1m") -> Iterator[None]:
    """Let virtual time pass while something waits."""
    over = threading.Event()

    def move() -> None:
        while not over.wait(0.1):
            control.move_clock(world.endpoint, advance=step)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        yield
    finally:
        over.set()
        mover.join()


def sessions() -> Sessions:
    """Sessions of the environment's caller."""
    return Sessions.open(role=DEPLOY_ROLE, region="eu-west-2")


def made(world: World, after: int) -> Counter[str]:
    """What was started, made or tagged since a call of the journal."""
    kinds = ("Start", "Create", "Restore", "Tag", "AddTags", "PutBucketTagging", "Delete")
    return Counter(each["operation"] for each in world.writes(after) if each["operation"].startswith(kinds))
