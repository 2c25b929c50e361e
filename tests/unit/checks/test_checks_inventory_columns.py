"""An inventory as columns says the same as one of objects, and both lose nothing that an estate asks."""

import csv
import io
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom import checks
from strongroom.checks.inventory import Interest
from strongroom.checks.inventory_rows import resource
from strongroom.errors import BadInput

HEAD = ("arn", "type", "account", "region", "tags", "encrypted", "key_manager", "versioned", "maintenance_window", "tag:team")
SHAPES = {"ebs": "ec2:{region}:{account}:volume/v{number}", "s3": "s3:::b{number}", "ECS": "ecs:{region}:{account}:cluster/c{number}"}
truths = st.sampled_from(["", "true", "false"])
accounts = st.sampled_from(["111122223333", "444455556666", "777788889999"])
regions = st.sampled_from(["eu-west-2", "eu-west-1"])
tags = st.dictionaries(st.sampled_from(["team", "stage", "Name"]), st.sampled_from(["x", "y", ""]))
bodies = st.tuples(
    st.sampled_from(sorted(SHAPES)), accounts, regions, tags, truths, st.sampled_from(["", "AWS", "CUSTOMER"]), truths,
    st.sampled_from(["", "mon:04:00-mon:05:00"]), st.sampled_from(["", "x", "z"]),
)  # fmt: skip
interests = st.builds(
    lambda known, places, keys, arns: Interest(accounts=known, regions=places, tag=keys.__contains__, arns=tuple(sorted(arns))),
    st.frozensets(accounts), st.frozensets(regions), st.frozensets(st.sampled_from(["team", "stage", "Name"])),
    st.sets(st.sampled_from(["arn:aws:s3:::b1*", "arn:aws:s3:::b2", "arn:aws:ec2:*:*:volume/*", "*7"])),
)  # fmt: skip


def _rows(made):
    for number, (kind, account, region, tagged, *switches) in enumerate(made):
        arn = "arn:aws:" + SHAPES[kind].format(region=region, account=account, number=number)
        written = ";".join(f"{key}={value}" for key, value in tagged.items())
        yield dict(zip(HEAD, (arn, kind, account, region, written, *switches), strict=True))


def _columns(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, HEAD)
    writer.writeheader()
    writer.writerows(rows)
    return checks.read_csv(text.getvalue(), file="i.csv")


def _objects(rows):
    found = [resource(row) for row in rows]
    return checks.Inventory(
        resources=tuple(each for each in found if isinstance(each, checks.Resource)),
        unsupported=tuple(each for each in found if isinstance(each, checks.UnsupportedResource)),
    )


def _seen(inventory):
    return Counter((*inventory.resources, *inventory.unsupported))


@settings(deadline=None)
@given(made=st.lists(bodies, max_size=25), interest=interests, inside=st.frozensets(accounts))
def test_columns_and_objects_give_the_same_inventory(made, interest, inside):
    """Groups, counts and the ARNs that stand for them, of all accounts and of some."""
    rows = tuple(_rows(made))
    columns, objects = _columns(rows), _objects(rows)
    assert _seen(columns.alike(interest)) == _seen(objects.alike(interest))
    assert _seen(columns.within(inside).alike(interest)) == _seen(objects.within(inside).alike(interest))


@settings(deadline=None)
@given(made=st.lists(bodies, max_size=25), interest=interests)
def test_every_resource_is_counted_once(made, interest):
    """Whatever is asked, the groups have as many resources as the inventory."""
    seen = _columns(tuple(_rows(made))).alike(interest)
    assert sum(each.count for each in (*seen.resources, *seen.unsupported)) == len(made)
    assert all(len(each.more) == min(each.count, 3) - 1 for each in (*seen.resources, *seen.unsupported))


def test_what_nobody_asks_makes_no_group():
    """A thousand volumes with names of their own are one when no plan selects by name."""
    rows = [f"arn:aws:ec2:eu-west-2:111122223333:volume/v{number},ebs,Name=n{number};team=x" for number in range(1000)]
    held = checks.read_csv("arn,type,tags\n" + "\n".join(rows), file="i.csv")
    ask = Interest(accounts=frozenset(), regions=frozenset({"eu-west-2"}), tag="team".__eq__, arns=())
    (only,) = held.alike(ask).resources
    assert (only.count, only.tags, only.arn[-3:], [arn[-4:] for arn in only.more]) == (1000, (("team", "x"),), "/v0", ["e/v1", "/v10"])
    assert len(held.alike(replace(ask, tag="Name".__eq__)).resources) == 1000


@pytest.mark.parametrize("row", ["arn:aws:s3:::b,ebs,x;y=z", "b,ebs,y=z", "arn:aws:s3:::b,ebs,y=z"])
def test_the_first_mistake_in_the_file_is_named(row):
    """Whatever kind of mistake comes later, and how often."""
    good = "arn:aws:ec2:eu-west-2:111122223333:volume/v,ebs,a=b"
    with pytest.raises(BadInput, match=r"^i\.csv:3: "):
        checks.read_csv(f"arn,type,tags\n{good}\n{row}\n{good}\nx,y,z\narn:aws:s3:::b,s3,q", file="i.csv")
