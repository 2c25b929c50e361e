"""The grammar of the seed file."""

from pathlib import Path

import pytest

from strongroom.errors import BadInput
from strongroom.twin.seed import AWS_MANAGED, NO_KEY, Kind
from strongroom.twin.seedfile import load, loads

EXAMPLE = Path(__file__).parents[3] / "examples" / "three-tiers" / "organization.yaml"

HEAD = """\
twin: 1
home_region: eu-west-2
regions: [eu-west-2, eu-west-1]
organization:
  management: {name: root, id: "111111111111"}
  units:
    Prod:
      accounts: {shop: "555555555555"}
users:
  - {name: admin, account: root, access_key: AKIAAAAAAAAAAAAAAAAA, secret: x}
"""


def test_smallest_seed() -> None:
    """Version, Region, management account and one user are enough."""
    seed = loads(
        'twin: 1\nhome_region: eu-west-2\norganization: {management: {name: root, id: "111111111111"}}\n'
        "users: [{name: admin, account: root, access_key: AKIAAAAAAAAAAAAAAAAA, secret: x}]"
    )
    assert seed.regions == ("eu-west-2",)
    assert seed.administrator().account == "111111111111"
    assert seed.every_account() == (seed.management,)


def test_example_fits_its_contract() -> None:
    """The example has 60 healthy tagged resources in six workload accounts and two Regions, and three planted ones."""
    seed = load(EXAMPLE)
    healthy = [each for each in seed.resources if not each.planted]
    planted = {each.name: each for each in seed.resources if each.planted}
    workloads = {each.id for each in seed.accounts if each.unit[0] == "Workloads"}
    assert len(healthy) >= 60
    assert all(dict(each.tags)["environment"] in {"prod", "staging", "dev"} for each in healthy)
    assert len(workloads) >= 6
    assert {each.account for each in healthy} == workloads
    assert {each.region for each in healthy} == set(seed.regions)
    assert {each.kind for each in healthy} == {Kind.DYNAMODB, Kind.S3, Kind.RDS, Kind.EBS, Kind.EFS}
    assert not any(each.key == AWS_MANAGED for each in healthy)
    assert ("Workloads", "Prod", "Payments") in seed.units
    assert dict(planted["refunds"].tags)["environment"] == "prd"
    assert planted["shop-legacy"].key == AWS_MANAGED
    assert planted["ledger-cluster"].kind is Kind.AURORA
    assert len(planted) == 3


def test_planted_section_has_the_same_grammar_and_can_be_dropped() -> None:
    """What is planted is marked, and nothing else depends on it."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert not [each for each in loads(text.partition("\nplanted:")[0]).resources if each.planted]


def test_count_and_places() -> None:
    """`count` makes several, with the number in the name; account ids may be used instead of names."""
    seed = loads(HEAD + "resources:\n  - {type: ebs, name: disk, count: 2, account: '555555555555', region: eu-west-1}\n"
                 "  - {type: efs, name: 'f-{n}-x', count: 2, account: shop}\n")  # fmt: skip
    assert [(each.name, each.region) for each in seed.resources] == [
        ("disk-1", "eu-west-1"),
        ("disk-2", "eu-west-1"),
        ("f-1-x", "eu-west-2"),
        ("f-2-x", "eu-west-2"),
    ]
    assert {each.key for each in seed.resources} == {NO_KEY}
    assert str(seed.resources[0].origin) == "organization.yaml:12:5"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "organization.yaml is empty", ""),
        ("twin: 1", "key 'home_region' is missing", ""),
        ("[1]", "1:1  a mapping is expected here, this is a list", ""),
        ("a: b: c", "not YAML", ""),
        (HEAD.replace("twin: 1", "twin: 2"), "1:7  version '2' is unknown", ""),
        (HEAD.replace("home_region: eu-west-2", "home_region: London"), "2:14  'London' is not a Region code", ""),
        (HEAD.replace("home_region: eu-west-2", "home_region: eu-wst-2"), "2:14  Region 'eu-wst-2' is unknown", "did you mean eu-west-2?"),
        (HEAD.replace("home_region: eu-west-2", "home_region: eu-west-3"), "2:14  home Region eu-west-3 is not among", ""),
        (HEAD.replace("home_region: eu-west-2", "home_region:"), "2:1  key 'home_region' has no value", ""),
        (HEAD.replace("555555555555", "5555"), "'5555' is not an account id", ""),
        (HEAD.replace("555555555555", "111111111111"), "account '111111111111' is there twice", ""),
        (HEAD.replace("    Prod:\n      accounts", "    Prod:\n      acounts"), "key 'acounts' is unknown", "did you mean accounts?"),
        (HEAD.replace("AKIAAAAAAAAAAAAAAAAA", "AKIA"), "'AKIA' is not an access key", ""),
        (HEAD.replace("account: root", "account: shop"), "no user in the management account root", "access key"),
        (HEAD + "roles:\n  - {name: r, accounts: all, trusts: [shp]}", "12:39  account 'shp' is unknown", "did you mean shop?"),
        (HEAD + "roles:\n  - {name: r, accounts: every, trusts: []}", "a list is expected here", ""),
        (
            HEAD + "roles:\n  - {name: r, accounts: all, trusts: []}\n  - {name: r, accounts: [shop], trusts: []}",
            "role 'r' is there twice",
            "",
        ),
        (HEAD + "resources:\n  - {type: ebs, name: d, acount: shop}", "12:26  key 'acount' is unknown", "did you mean account?"),
        (HEAD + "resources:\n  - {type: ebz, name: d, account: shop}", "type 'ebz' is unknown", "did you mean ebs?"),
        (HEAD + "resources:\n  - {type: ebs, name: d, account: shop, region: eu-west-3}", "Region 'eu-west-3' is unknown", "eu-west-2"),
        (HEAD + "resources:\n  - {type: ebs, name: d, account: shop, key: data}", "key 'data' is unknown", "possible: none, aws-managed"),
        (HEAD + "resources:\n  - {type: ebs, name: d, account: shop, items: 3}", "items makes no sense for type ebs", ""),
        (HEAD + "resources:\n  - {type: ebs, name: d, account: shop, count: 0}", "'0' is not a whole number from 1 to 10000", ""),
        (HEAD + "resources:\n  - {type: s3, name: Big, account: shop}", "'Big' can't be the name of type s3", ""),
        (
            HEAD + "resources:\n  - {type: ebs, name: d, account: shop}\n  - {type: ebs, name: d, account: shop}",
            "'d' is there twice, first at organization.yaml:12:5",
            "",
        ),
        (HEAD + "resources:\n  - {type: rds, name: d, account: shop, engine: oracle}", "engine 'oracle' is unknown", "postgres"),
        (HEAD + "keys:\n  - {name: none, accounts: [shop]}", "'none' can't be the name of a key", ""),
        (HEAD + "twin: 1", "key 'twin' is there twice", ""),
        ("\t", "not YAML", ""),
        ("a: &x [*x]", "not YAML|unknown", ""),
    ],
)
def test_mistakes_are_named_with_their_place(text: str, message: str, hint: str) -> None:
    """Each mistake is one error with file, line, column and a way out."""
    with pytest.raises(BadInput) as caught:
        loads(text)
    assert any(each in caught.value.message for each in message.split("|")), caught.value.message
    assert caught.value.message.startswith("organization.yaml")
    assert hint in caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """No such file, a folder, binary data and a huge file are one clear error each."""
    binary, huge = tmp_path / "binary", tmp_path / "huge"
    binary.write_bytes(b"\xff\xfe\x00")
    huge.write_bytes(b"#" * (1024 * 1024 + 1))
    for path, message in ((tmp_path / "none", "No such file"), (tmp_path, "directory"), (binary, "not UTF-8"), (huge, "at most 1048576")):
        with pytest.raises(BadInput, match=message):
            load(path)


def test_subnet_groups_are_in_their_accounts_and_regions() -> None:
    """In the home Region where none is named; RDS keeps names in lower case, and one name is there once."""
    seed = loads(HEAD + "subnet_groups: [{name: Restore, accounts: all}, {name: b, accounts: [shop], regions: [eu-west-1]}]")
    assert [(each.name, each.accounts, each.regions) for each in seed.subnet_groups] == [
        ("restore", ("111111111111", "555555555555"), ("eu-west-2",)),
        ("b", ("555555555555",), ("eu-west-1",)),
    ]
    with pytest.raises(BadInput, match="subnet group 'b' is there twice"):
        loads(HEAD + "subnet_groups: [{name: b, accounts: [shop]}, {name: B, accounts: all}]")
