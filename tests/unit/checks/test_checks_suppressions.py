"""Choosing and suppressing findings."""

from datetime import date

import pytest

from strongroom import checks
from strongroom.checks.suppression_file import parse_suppressions
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import FileOrigin
from strongroom.errors import BadInput

HERE = FileOrigin("strategy.yaml", 1, 1)
TODAY = date(2026, 11, 21)


def _finding(code, subject="vault central", severity=Severity.ERROR):
    return Finding(code=code, severity=severity, subject=subject, message="m", why="w", help="h", origin=HERE)


def _suppression(**parts):
    default = {
        "code": "LCK003",
        "subject": "vault central",
        "reason": "meant",
        "owner": "team",
        "expires": date(2027, 1, 1),
        "origin": HERE,
    }
    return checks.Suppression(**default | parts)


LOCK, COPY, UNREAD = _finding("LCK003"), _finding("CPY003"), _finding("UNK001", severity=Severity.WARNING)


def test_nothing_selected_means_all():
    """Without options every finding is shown."""
    assert checks.choose((LOCK, COPY), [], []) == (LOCK, COPY)


def test_code_and_prefix_select_and_ignore():
    """`--select LCK` takes all lock checks, `--ignore` takes away."""
    assert checks.choose((LOCK, COPY), ["lck"], []) == (LOCK,)
    assert checks.choose((LOCK, COPY), [], ["LCK003"]) == (COPY,)
    assert checks.choose((LOCK, COPY), ["LCK", "CPY"], ["CPY003"]) == (LOCK,)


@pytest.mark.parametrize(
    "options", [{"select": ["LKC"], "ignore": []}, {"select": [], "ignore": ["LCK03"]}, {"select": [""], "ignore": []}]
)
def test_selector_that_no_code_starts_with_is_refused(options):
    """A typo would silently show everything, or nothing."""
    with pytest.raises(BadInput, match="no check has a code that starts with"):
        checks.choose((LOCK,), **options, known=checks.codes())


@pytest.mark.parametrize(("fail_on", "failing"), [(Severity.ERROR, False), (Severity.WARNING, True), (Severity.INFO, True), (None, False)])
def test_fail_on_counts_what_is_as_severe_or_worse(fail_on, failing):
    """A warning fails on warning and info."""
    assert checks.fails((UNREAD,), fail_on) is failing


def test_suppressed_finding_is_listed_with_its_suppression():
    """Hidden, not gone."""
    suppression = _suppression()
    result = checks.suppress((LOCK, COPY), [suppression], TODAY)
    assert (result.kept, result.suppressed, result.about) == ((COPY,), ((LOCK, suppression),), ())


def test_suppression_counts_on_its_last_day_and_not_after():
    """Expired, it hides nothing and is a finding itself."""
    suppression = _suppression(expires=TODAY)
    assert checks.suppress((LOCK,), [suppression], TODAY).kept == ()
    late = checks.suppress((LOCK,), [suppression], date(2026, 11, 22))
    assert late.kept == (LOCK,)
    assert [(each.code, each.severity) for each in late.about] == [("SUP001", Severity.WARNING)]
    assert late.about[0].message == "the suppression of LCK003 for vault central expired on 2026-11-21, 1 days ago"


def test_live_suppression_beside_an_expired_one_hides():
    """Renewed in a second entry: the finding is hidden, the old entry is named."""
    result = checks.suppress((LOCK,), [_suppression(expires=date(2026, 1, 1)), _suppression()], TODAY)
    assert result.kept == ()
    assert [each.code for each in result.about] == ["SUP001"]


def test_suppression_that_hides_nothing_is_named():
    """A mistyped subject would hide nothing either."""
    result = checks.suppress((LOCK,), [_suppression(subject="vault centrall")], TODAY)
    assert result.kept == (LOCK,)
    assert [each.code for each in result.about] == ["SUP002"]


@pytest.mark.parametrize(
    ("pattern", "subject", "hides"),
    [
        ("arn:*:volume/*", "arn:aws:ec2:x:1:volume/v", True),
        ("vault [c]entral", "vault central", False),
        ("vault ?entral", "vault central", False),
    ],
)
def test_only_the_asterisk_is_a_wildcard(pattern, subject, hides):
    """Brackets and question marks are letters."""
    result = checks.suppress((_finding("LCK003", subject),), [_suppression(subject=pattern)], TODAY)
    assert bool(result.suppressed) is hides


def test_findings_about_suppressions_can_not_be_suppressed():
    """Otherwise the first suppression would silence its own expiry."""
    expired = _finding("SUP001", "suppression of LCK003")
    result = checks.suppress((expired,), [_suppression(code="SUP001", subject="*")], TODAY)
    assert result.kept == (expired,)


FILE = """suppressions:
  - code: LCK003
    subject: vault central
    reason: rehearsed in October
    owner: backup team
    expires: 2027-03-31
"""


def test_file_is_read_with_places():
    """Every part, and where it stands."""
    read = parse_suppressions(FILE, file="s.yaml")
    assert read.findings == ()
    (found,) = read.suppressions
    assert (found.code, found.owner, found.expires, str(found.origin)) == ("LCK003", "backup team", date(2027, 3, 31), "s.yaml:2:5")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (FILE.replace("2027-03-31", "next year"), "s.yaml:6:14", "expires 'next year' is not a date: year-month-day expected"),
        (FILE.replace("    owner: backup team\n", ""), "s.yaml:2:5", "the suppression lacks owner"),
        (FILE.replace("owner", "ower"), "s.yaml:5:5", "unknown key 'ower' in a suppression"),
        (FILE.replace("backup team", "7"), "s.yaml:5:12", "owner of a suppression is not text"),
        (FILE.replace("suppressions", "suppresions"), "s.yaml:1:1", "the file has no list suppressions"),
        ("suppressions: [LCK003]\n", "s.yaml:1:16", "a suppression is keys with values"),
        ("[", "s.yaml:1:2", "not YAML: a bracket is opened and not closed"),
        (FILE + "others: []\n", "s.yaml:7:1", "unknown key 'others'"),
    ],
)
def test_mistake_in_the_file_is_a_finding_with_its_place(text, place, message):
    """Nothing is hidden by an entry that can't be read."""
    read = parse_suppressions(text, file="s.yaml")
    assert (place, message) in {(str(each.origin), each.message) for each in read.findings}


def test_empty_file_has_no_suppressions():
    """Nothing written, nothing wrong."""
    assert parse_suppressions("", file="s.yaml").findings == ()


def test_codes_about_suppressions_are_explained():
    """`strongroom explain SUP001` answers."""
    assert checks.explain("sup001").startswith("SUP001: A suppression has expired")
