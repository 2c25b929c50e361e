"""Laws of reading: nothing makes it raise, nothing is half read, and every finding points into the file."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from strongroom import strategyfile

SEED = (Path(__file__).parents[3] / "examples" / "three-tiers" / "strategy.yaml").read_text(encoding="utf-8")
PIECES = st.sampled_from(
    (
        *"{}[]:'\"\\\t\n\r\u2028\x85\ufeff\0~", ", ", "- ", "? ", "&a ", "*a", "<<: *a", "!!str ", "!x ", "|\n", ">9\n", "%YAML 1.3\n",
        "---\n", "...\n", "null", "yes", "012", "1e999", ".inf", '"\\UFFFFFFFF"', '"\\ud800"', "like ",
    )
)  # fmt: skip
WORDS = (
    *("in", "lock", "like", "copy", "to", "tags", "arns", "types", "not", "x", "type", "air-gapped", "through", "vault", "kind", "arn"),
    *("from", "validate", "overrides", "rds", "select", "key", "controls", "frameworks", "template", "snapshots", "replicate"),
    *("transitions", "object_lock", "old_versions", "point_in_time", "email", "topic", "on", "deny", "exempt", "keep"),
)
SECTIONS = (
    *("organization", "roles", "keys", "vaults", "plans", "objectives", "retention", "regulations", "name", "strongroom"),
    *("restore_tests", "alerts", "frameworks", "reports", "guard_rails", "tag_policy", "native"),
)
EDITS = st.lists(st.tuples(st.integers(0, len(SEED)), st.integers(0, 20), PIECES | st.text(max_size=5)), min_size=1, max_size=4)
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(text):
    parsed = strategyfile.parse(text, file="s.yaml")
    assert (parsed.strategy is None) == bool(parsed.findings)
    lines = len(text.splitlines()) + 1
    places = [(finding.origin.line, finding.origin.column) for finding in parsed.findings]
    assert places == sorted(places)
    for finding in parsed.findings:
        assert 1 <= finding.origin.line <= lines
        assert finding.origin.column >= 1
        assert finding.message == finding.message.strip()
        assert not finding.message.endswith(".")
        assert finding.message.isprintable()
        assert finding.subject.isprintable()
        assert len(finding.message) < 400
        assert finding.help
        finding.message.encode("utf-8")


@given(st.text(max_size=200))
@example("\ud800")
@example("a: &x\n  <<: *x")
@FEW
def test_any_text_gives_findings_and_never_an_exception(text):
    """Whatever the text: a strategy or findings, in order, inside the file."""
    check(text)


@given(EDITS)
@FEW
def test_a_damaged_strategy_gives_findings_and_never_an_exception(edits):
    """Cut and pasted pieces of YAML anywhere in a good file."""
    text = SEED
    for position, length, piece in edits:
        text = text[:position] + piece + text[position + length :]
    check(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(SECTIONS),
)
@FEW
def test_any_value_under_a_known_key_gives_findings_and_never_an_exception(value, key):
    """JSON of any shape where the grammar expects something else."""
    import json

    known = {
        "strongroom": 1,
        "keys": {"k": value},
        "vaults": {"v": value},
        "plans": {"p": {"select": value, "rules": {"r": value}}},
        "restore_tests": {"t": value},
        "frameworks": {"f": value},
        "reports": {"r": value},
        "native": {kind: {"n": value} for kind in ("databases", "buckets", "tables", "ecs")},
    }
    text = json.dumps({**known, key: value})
    check(text)


@given(st.integers(1, 36_500))
def test_durations_grow_with_their_number_and_agree_between_units(number):
    """Days are exact; a week is seven; months and years round up and never down."""
    assert strategyfile.days(f"{number}d") == number
    assert strategyfile.days(f"{number}w") == 7 * number
    assert 0 <= strategyfile.days(f"{number}mo") - 30.5 * number < 1
    assert 0 <= strategyfile.days(f"{number}y") - 365.25 * number < 1
    assert strategyfile.minutes(f"{number}h") == 60 * number
