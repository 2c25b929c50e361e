"""From bytes to nodes: places, keys written twice, and everything that is no JSON or YAML."""

import json

import pytest

from strongroom import documents
from strongroom.documents.nodes import Items, Members, Place, Scalar, find, plain
from strongroom.documents.notes import Notes
from strongroom.documents.reading import read
from strongroom.errors import BadInput


def said(text):
    """What is wrong with a text, as (code, line, column)."""
    notes = Notes("d")
    read(text, notes)
    return [(finding.code, finding.origin.line, finding.origin.column) for finding in notes.findings]


def test_every_key_and_value_of_json_knows_its_place():
    """Lines and columns count from 1; the column of a text is that of its quote."""
    root = read('{\n  "a": [1, "zwei"],\n\t"b": {"c": null}\n}', Notes("d"))
    assert isinstance(root, Members)
    assert root.entries["a"].place == Place(2, 3)
    assert find(root, "a") == Items((Scalar(1, Place(2, 9)), Scalar("zwei", Place(2, 12))), Place(2, 8))
    assert find(root, "b", "c") == Scalar(None, Place(3, 13))


def test_json_means_what_pythons_json_says():
    """An independent reader agrees on texts, escapes, numbers and words."""
    text = json.dumps({"a": ["é", "\U0001f600", '"\\/\b\f\n\r\t', 1, -1.5, 1e10, True, False, None, {}, []], "": {"b": 10**17}})
    assert plain(read(text, Notes("d"))) == json.loads(text)


def test_yaml_knows_its_places_and_reads_short_functions():
    """`!Sub x` is `Fn::Sub` of x, `!GetAtt a.b` a list of two; digits as keys stay text."""
    root = read("A: !Sub x-${B}\nC: !GetAtt V.Arn\nD: !Join ['', [a]]\n0123: yes\n", Notes("d"))
    assert plain(root) == {
        "A": {"Fn::Sub": "x-${B}"},
        "C": {"Fn::GetAtt": ["V", "Arn"]},
        "D": {"Fn::Join": ["", ["a"]]},
        "0123": True,
    }
    assert find(root, "A", "Fn::Sub").place == Place(1, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("DOC001", 1, 1)),
        ("{", ("DOC001", 1, 2)),
        ('{"a": 1,\n}', ("DOC001", 2, 1)),
        ('{"a" 1}', ("DOC001", 1, 6)),
        ('{"a": 01}', ("DOC001", 1, 7)),
        ('{"a": "b\n"}', ("DOC001", 1, 7)),
        ('{"a": "\\x"}', ("DOC001", 1, 7)),
        ('{"a": tru}', ("DOC001", 1, 7)),
        ("{'a': 1}", ("DOC001", 1, 2)),
        ('{"a": 1} {', ("DOC001", 1, 10)),
        ('{"a": [1 2]}', ("DOC001", 1, 10)),
        ('{"a": 1 // no\n}', ("DOC001", 1, 9)),
        ('{"a": "\\ud800"}', ("DOC002", 1, 7)),
        ('{"a": 1,\n "a": 2}', ("DOC005", 2, 2)),
        ('{"a":' * 101, ("DOC004", 1, 501)),
        ("a: &x 1\nb: *x\n", ("DOC006", 2, 4)),
        ("a: !Reff x\n", ("DOC006", 1, 4)),
        ("a: 1\n---\nb: 2\n", ("DOC006", 2, 1)),
        ("a: 1\na: 2\n", ("DOC005", 2, 1)),
        ("a: 'b\n", ("DOC001", 2, 1)),
        ("a: b\x00\n", ("DOC002", 1, 5)),
        ("a:\n" + "".join(f"{' ' * depth}- \n" for depth in range(1, 60)), ("DOC004", 51, 51)),
        ("a: [" + "1," * 50_000, ("DOC003", 1, 1)),
    ],
)
def test_what_cannot_be_read_is_a_finding_at_its_place(text, expected):
    """Broken, repeated, too deep, too large: the place is the one to look at."""
    assert said(text)[:1] == [expected]


def test_a_truncated_file_names_the_bracket_that_stays_open():
    """The end of the file is where it is seen, the bracket is what helps."""
    notes = Notes("d")
    read('{\n "a": [1,', notes)
    (finding,) = notes.findings
    assert finding.message == "not JSON: the file ends before the [ of line 2 is closed"


def test_bytes_that_are_no_text_are_found_at_their_place(tmp_path):
    """Column and line of the first byte that isn't UTF-8; a byte order mark is no mistake."""
    path = tmp_path / "policy.json"
    path.write_bytes(b'{"plans": {\n "Pl\xe4n": {}}}')
    (finding,) = documents.load(path).findings
    assert (finding.code, finding.origin.line, finding.origin.column) == ("DOC002", 2, 5)
    path.write_bytes(b'\xef\xbb\xbf{"plans": {}}')
    assert [each.code for each in documents.load(path).findings] == ["DOC024"]


def test_a_file_that_cannot_be_opened_is_bad_input(tmp_path):
    """No such file, or an empty folder: one error with a hint."""
    with pytest.raises(BadInput, match="there is no file"):
        documents.load(tmp_path / "none.json")
    with pytest.raises(BadInput, match="no document to check"):
        documents.load(tmp_path)


def test_only_the_first_hundred_problems_are_shown():
    """A last finding says how many there are."""
    notes = Notes("d")
    read("{" + ",".join(f'"a": {number}' for number in range(202)) + "}", notes)
    assert len(notes.findings) == 101
    assert notes.findings[-1].message == "there are more problems: 100 of 201 are shown"
