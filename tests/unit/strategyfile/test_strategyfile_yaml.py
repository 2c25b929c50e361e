"""What is not YAML, or not the YAML of strategies: one clear finding, quickly, whatever the bytes."""

import pytest

from strongroom import strategyfile
from strongroom.errors import BadInput

MIB = 1 << 20
MISTAKES = [
    ("a:\n\tb: 1\n", "YML001", 2, 1, "not YAML: a tab can't be used for indentation"),
    ("a: b: c\n", "YML001", 1, 5, "not YAML: a second colon in this value, or a line indented too far"),
    ("a: 'open\nb: 1\n", "YML001", 1, 4, "not YAML: a quote is opened and never closed"),
    ("a: [1, 2\nb: 3\n", "YML001", 2, 2, "not YAML: a bracket is opened and not closed, or a comma is missing"),
    ("a: @home\n", "YML001", 1, 4, "not YAML: text can't start with @"),
    ('a: "\\q"\n', "YML001", 1, 6, "not YAML: an unknown escape after a backslash"),
    ('a: "\\UFFFFFFFF"\n', "YML001", 1, 1, "not YAML: an unknown escape after a backslash"),
    ("a: 1\nb\nc: 2\n", "YML001", 2, 1, "not YAML: a key without a colon"),
    ("a: 1\n b: 2\n", "YML001", 2, 3, "not YAML: a second colon in this value, or a line indented too far"),
    ("a: 1\nb: \0\n", "YML002", 2, 4, "the file contains the control character U+0000"),
    ('a: "\\0"\n', "YML002", 1, 4, "a value contains the character U+0000"),
    ('a: "\\ud800"\n', "YML002", 1, 4, "a value contains the character U+D800"),
    ("x" * (MIB + 1), "YML003", 1, 1, "the file has 1048577 bytes, at most 1048576 allowed"),
    ("a: 1\n" * 100_000, "YML003", 10_000, 4, "the file holds more than 20000 values, aliases counted with all they repeat"),
    ("!" * 100_001, "YML003", 1, 1, "line 1 has 100001 characters, at most 100000 allowed"),
    ("[" * 90_000, "YML004", 1, 33, "the file is nested deeper than 32 levels"),
    ("{\n" * 90_000, "YML004", 33, 1, "the file is nested deeper than 32 levels"),
    ("strongroom: {a: 1,\n a: 2}\nb: *c\n", "YML005", 2, 2, "key 'a' is written twice: first in line 1"),
    ("a: *b\n", "YML006", 1, 4, "alias *b has no anchor &b before it"),
    ("a: &a [*a]\n", "YML006", 1, 8, "alias *a stands inside its own anchor &a"),
    ("a: !python/object x\n", "YML007", 1, 4, "tag '!python/object' is not used in strategies"),
    ("? [a, b]\n: 1\n", "YML007", 1, 3, "a list or mapping can't be a key"),
    ("a: 1\n---\nb: 2\n", "YML007", 2, 1, "a second document starts here"),
    ("%YAML 1.1\n---\na: yes\n", "YML007", 1, 1, "'%YAML 1.1' declares another version: YAML 1.2 expected"),
    ("%YAML 1.3\n---\na: yes\n", "YML007", 1, 1, "'%YAML 1.3' declares another version: YAML 1.2 expected"),
    ("a: 1\nb: {<<: 7}\n", "YML007", 2, 9, "only a mapping can be merged with <<"),
]


@pytest.mark.parametrize(("text", "code", "line", "column", "message"), MISTAKES, ids=lambda value: repr(value)[:40])
def test_what_cannot_be_read_is_one_finding_with_its_place(text, code, line, column, message):
    """The first finding names code, place and reason, and says what to do."""
    finding = strategyfile.parse(text, file="s.yaml").findings[0]
    assert (finding.code, finding.origin.line, finding.origin.column, finding.message) == (code, line, column, message)
    assert finding.help


def test_aliases_of_aliases_are_counted_with_all_they_repeat():
    """A billion laughs is refused without being laughed."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)]
    (finding,) = strategyfile.parse("\n".join(lines), file="s.yaml").findings
    assert (finding.code, finding.origin.line) == ("YML003", 4)


def test_a_chain_of_aliases_counts_as_depth():
    """Nesting can't be hidden behind aliases."""
    text = "a0: &a0 [x]\n" + "".join(f"a{number}: &a{number} [*a{number - 1}]\n" for number in range(1, 2000))
    (finding,) = strategyfile.parse(text, file="s.yaml").findings
    assert finding.code == "YML004"


def test_thousands_of_mistakes_end_with_one_finding_about_the_rest():
    """The first hundred are shown, in order, and it is said that there are more."""
    text = "strongroom: 1\n" + "".join(f"kez{number}: 1\n" for number in range(9000))
    findings = strategyfile.parse(text, file="s.yaml").findings
    assert [finding.code for finding in findings[-2:]] == ["STR003", "STR026"]
    assert findings[-1].message == "there are more problems: 100 are shown"
    assert [finding.origin.line for finding in findings[2:-1]] == list(range(2, 100))


def test_a_file_that_is_not_utf8_is_a_finding_at_the_byte(tmp_path):
    """Line and column of the first byte that can't be read; columns count characters."""
    path = tmp_path / "s.yaml"
    path.write_bytes("strongroom: 1\nname: é".encode() + b"\xe9\n")
    (finding,) = strategyfile.load(path).findings
    assert (finding.code, finding.message) == ("YML002", "the file is not UTF-8 text: byte 0xe9 can't be read")
    assert str(finding.origin) == f"{path}:2:8"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_are_a_finding(tmp_path, encoding):
    """A file saved as UTF-16 is named as what it is."""
    path = tmp_path / "s.yaml"
    path.write_bytes("strongroom: 1\n".encode(encoding))
    (finding,) = strategyfile.load(path).findings
    assert finding.code == "YML002"


def test_a_byte_order_mark_is_passed_over(tmp_path):
    """Editors on Windows write one; places stay exact."""
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbfstrongroom: 2\n")
    (finding,) = strategyfile.load(path).findings
    assert (finding.code, finding.origin.column) == ("STR002", 13)


def test_a_file_over_a_mebibyte_is_refused_unread(tmp_path):
    """Ten megabytes of YAML: BadInput, before any of it is parsed."""
    path = tmp_path / "s.yaml"
    path.write_bytes(b"a: 1\n" * 2_000_000)
    with pytest.raises(BadInput, match="is larger than 1048576 bytes"):
        strategyfile.load(path)


def test_a_missing_file_and_a_folder_are_bad_input(tmp_path):
    """Both say what to type."""
    with pytest.raises(BadInput, match="there is no file") as missing:
        strategyfile.load(tmp_path / "no.yaml")
    with pytest.raises(BadInput, match="is a folder") as folder:
        strategyfile.load(tmp_path)
    assert (missing.value.hint, folder.value.hint) == ("write one with: strongroom init", f"name the file: {tmp_path / 'strategy.yaml'}")


def test_a_path_with_a_nul_is_bad_input(tmp_path):
    """The operating system refuses it with another error than a missing file."""
    with pytest.raises(BadInput, match="can't read"):
        strategyfile.load(tmp_path / "a\0b")


def test_anchors_aliases_and_merge_keys_work_and_own_keys_win():
    """What a merge brings in is overridden by what is written beside it."""
    text = """\
strongroom: 1
organization: {home_region: eu-west-2, governs: [Workloads]}
plans:
  production:
    select: &prod {tags: {environment: prod}}
    rules:
      daily: &daily {at: "02:00", keep: 30d, start_within: 2h}
      weekly: {<<: *daily, at: "Sunday 04:00", keep: 7y}
objectives:
  - {select: *prod, rpo: 26h}
"""
    strategy = strategyfile.parse(text, file="s.yaml").strategy
    weekly = strategy.plans[0].rules[1]
    assert (weekly.schedule, weekly.keep, weekly.start_within_minutes) == ("cron(0 4 ? * SUN *)", 2557, 120)
    assert strategy.objectives[0].select.tags == strategy.plans[0].select.tags


def test_yaml_1_2_reads_yes_and_times_as_text():
    """`yes` is a tag value and 02:00 a time, without quotes."""
    text = (
        "strongroom: 1\norganization: {home_region: eu-west-2, governs: W}\n"
        "plans: {p: {select: {tags: {pitr: yes}}, rules: {r: {at: 02:00, keep: 7d}}}}\n"
    )
    plan = strategyfile.parse(text, file="s.yaml").strategy.plans[0]
    assert (plan.select.tags[0].values, plan.rules[0].schedule) == (("yes",), "cron(0 2 * * ? *)")


def test_json_is_a_strategy_too():
    """YAML 1.2 includes JSON."""
    text = (
        '{"strongroom": 1, "organization": {"home_region": "eu-west-2", "governs": ["W"]},\n'
        ' "plans": {"p": {"select": {"types": "all"}, "rules": {"r": {"keep": "7d"}}}}}'
    )
    assert strategyfile.parse(text, file="s.json").findings == ()
