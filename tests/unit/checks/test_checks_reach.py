"""Which plans may protect a promise: certain only when it says no."""

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.checks.reach import cells, disjoint, may_select
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.semantics.selection import matches

KEYS, VALUES, TYPES = ("k", "l"), ("x", "y", "z"), (ResourceType.EBS, ResourceType.S3)
ARNS = {ResourceType.EBS: "arn:aws:ec2:eu-west-2:111122223333:volume/vol-1", ResourceType.S3: "arn:aws:s3:::papers"}
PATTERNS = (*ARNS.values(), "arn:aws:s3:::*", "arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*", "arn:aws:ec2:eu-west-2:111122223333:*", "arn:*")

terms = st.dictionaries(st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1, unique=True).map(tuple)).map(
    lambda found: tuple(TagTerm(key=key, values=values) for key, values in found.items())
)
types = st.lists(st.sampled_from(TYPES), unique=True).map(tuple)
arns = st.lists(st.sampled_from(PATTERNS), unique=True, max_size=1).map(tuple)
selections = st.builds(lambda tags, kinds, nots, not_kinds, named, not_named: Selection(
    tags=tags, types=kinds, not_tags=nots, not_types=not_kinds, arns=named, not_arns=not_named, origin=BuiltIn()
), terms, types, terms, types, arns, arns)  # fmt: skip
resources = st.tuples(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)))


@settings(deadline=None)
@given(one=selections, other=selections, resource=resources)
def test_disjoint_selections_share_no_resource(one, other, resource):
    """No resource is ever found in both of two selections that are called disjoint."""
    kind, tags = resource
    if matches(one, kind, tags, ARNS[kind]) and matches(other, kind, tags, ARNS[kind]):
        assert not disjoint(one, other)


@settings(deadline=None)
@given(promise=selections, plan=selections, resource=resources)
def test_plan_that_selects_a_promised_resource_reaches_a_cell_of_it(promise, plan, resource):
    """A plan is never left out of account although it protects something of the promise."""
    kind, tags = resource
    if matches(promise, kind, tags, ARNS[kind]) and matches(plan, kind, tags, ARNS[kind]):
        assert any(may_select(plan, cell) for cell in cells(promise))


def test_cells_are_written_as_a_person_would():
    """One value for each key, and the type."""
    select = Selection(tags=(TagTerm(key="environment", values=("prod", "live")),), types=(ResourceType.S3,), origin=BuiltIn())
    assert [str(cell) for cell in cells(select)] == ["environment: prod, s3", "environment: live, s3"]
