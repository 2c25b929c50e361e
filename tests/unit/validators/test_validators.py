"""What validators are made of, without a process, a server or AWS."""

import ast
import os
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Endpoint, Outcome, PointRef, Restored
from strongroom.domain.strategy import Login
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.strategyfile import examinations
from strongroom.validators import manifests, plugins
from strongroom.validators.doors import Door
from strongroom.validators.encryption import encryption
from strongroom.validators.files import files
from strongroom.validators.manifests import Manifest
from strongroom.validators.statements import statements
from strongroom.validators.target import Target

ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = "arn:aws:kms:eu-west-1:222222222222:key/1"
PLACE = {"account": AccountId("222222222222"), "region": Region("eu-west-1")}


def target(**changed) -> Target:
    known = {"resource_arn": "arn:restored", "type": ResourceType.RDS, "job_id": "job", "endpoint": None, "encrypted": True, "key_arn": KEY}
    members = {name: changed.pop(name) for name in list(changed) if name in known}
    restored = Restored(**PLACE, **{**known, **members}, started_at=NOON, completed_at=NOON)
    point = PointRef(**PLACE, vault="local", arn="arn:point", created_at=NOON)
    return Target(**{"restored": restored, "source_arn": "arn:source", "point": point, "door": Door(_nowhere, None, None), **changed})


def _nowhere():
    raise CouldNotVerify("nobody asks AWS here")


def test_the_validators_of_this_release_are_entry_points_and_known_to_the_grammar():
    """One list of names, wherever it is written."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert dict(plugins.SHIPPED) == project["project"]["entry-points"][plugins.GROUP]
    assert examinations.SHIPPED.keys() | set(plugins.BUILT_IN) == plugins.SHIPPED.keys()
    assert (set(plugins.BUILT_IN), plugins.GROUP) == (examinations.BUILT_IN, examinations.GROUP)
    assert {name: plugins.validator(name).__name__ for name in plugins.SHIPPED} == {name: name for name in plugins.SHIPPED}


def test_an_unknown_validator_is_told_with_what_was_meant():
    """A near miss is named."""
    with pytest.raises(BadInput, match="no validator is called manifst") as raised:
        plugins.validator("manifst")
    assert raised.value.hint == "did you mean manifest?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ; ;; -- nothing\n/* ; */", []),
        ("SELECT 1", [(1, "select", "SELECT 1")]),
        ("SELECT 1;\nVALUES (2)\n;", [(1, "select", "SELECT 1"), (2, "values", "VALUES (2)")]),
        ("-- a; b\n\nselect ';', \"a;b\", 'it''s;'; table t", [(3, "select", "select ';', \"a;b\", 'it''s;'"), (3, "table", "table t")]),
        ("select E'\\';'; show x", [(1, "select", "select E'\\';'"), (1, "show", "show x")]),
        ("select $$;$$ || $a$;$b$;$a$; select 2", [(1, "select", "select $$;$$ || $a$;$b$;$a$"), (1, "select", "select 2")]),
        ("/* a /* b; */ c; */ select 1 /* ; */ + 1; delete", [(1, "select", "select 1 /* ; */ + 1"), (1, "delete", "delete")]),
        ("((select 1)); (delete from x)", [(1, "select", "((select 1))"), (1, "delete", "(delete from x)")]),
        ("/* never closed; select 1", []),
        ("select 'never closed; select 1", [(1, "select", "select 'never closed"), (1, "select", "select 1")]),
    ],
)
def test_a_file_is_split_where_its_statements_end(text, expected):
    """Semicolons in texts, names, comments and dollar quotes end nothing."""
    assert [(each.line, each.word, each.text) for each in statements(text)] == expected


@pytest.mark.parametrize(
    ("changed", "outcome", "told"),
    [
        ({}, Outcome.PASSED, f"it is encrypted under {KEY}"),
        ({"key_arn": None}, Outcome.PASSED, "it is encrypted under a key that AWS owns"),
        ({"encrypted": False}, Outcome.FAILED, "it is not encrypted"),
        ({"encrypted": None}, Outcome.UNKNOWN, "the service doesn't tell whether it is encrypted"),
    ],
)
def test_encryption_is_what_the_service_tells(changed, outcome, told):
    """Not encrypted is failed, not told is unknown."""
    found = encryption(target(**changed), {})
    assert (found.outcome, found.told) == (outcome, told)


def test_what_was_never_encrypted_may_come_back_so():
    """Unless a key was asked for."""
    about = target(encrypted=False)
    plain = replace(about, key_arn=None, point=replace(about.point, encrypted=False))
    assert encryption(plain, {}).outcome is Outcome.PASSED
    assert encryption(replace(plain, key_arn=KEY), {}).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("wanted", "there", "outcome"),
    [(KEY, KEY, Outcome.PASSED), (KEY[:-1] + "2", KEY, Outcome.FAILED), (KEY, None, Outcome.UNKNOWN)],
)
def test_the_key_is_the_one_that_was_asked_for(wanted, there, outcome):
    """Another one fails, and one that nobody tells is unknown."""
    about = target()
    found = encryption(replace(about, key_arn=wanted, restored=replace(about.restored, key_arn=there)), {})
    assert (found.outcome, found.measured["wanted_key"]) == (outcome, wanted)


def test_doors_are_shut_where_no_validator_runs():
    """A target that is passed around opens nothing."""
    with pytest.raises(LookupError):
        replace(target(), door=None).opened()


def test_a_password_is_struck_wherever_it_was_put(monkeypatch):
    """In texts, names and lists, also as it is written in an address; the longer one first."""
    monkeypatch.setenv("PW", "s3cr3t/+pw")
    login = Login(type=ResourceType.RDS, variable="PW", origin=BuiltIn())
    door = Door(_nowhere, login, Endpoint(address="a", port=1, user="master"))
    assert (door.user(), door.password()) == ("master", "s3cr3t/+pw")
    told = door.stricken({"s3cr3t/+pw": ["x s3cr3t/+pw", 5, None, {"at": "http://u:s3cr3t%2F%2Bpw@h"}]})
    assert told == {"•••": ["x •••", 5, None, {"at": "http://u:•••@h"}]}


@pytest.mark.parametrize("login", [None, Login(type=ResourceType.RDS, variable="NOT_SET_ANYWHERE", origin=BuiltIn())])
def test_a_password_that_nobody_has_is_asked_for(login):
    """With what to write."""
    with pytest.raises(BadInput) as raised:
        Door(_nowhere, login, None).password()
    assert raised.value.hint


def test_files_are_read_and_links_are_not_followed(tmp_path):
    """A loop of links ends; a pipe is no file; names keep their folders."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("1")
    (tmp_path / "a" / "up").symlink_to("..")
    os.mkfifo(tmp_path / "pipe")
    found = dict(files(tmp_path))
    assert sorted(found) == ["a/one", "a/up"]
    (tmp_path / "a" / "up").unlink()
    (tmp_path / "a" / "up").symlink_to(".")
    assert dict(files(tmp_path))["a/up"] != found["a/up"]


def test_a_folder_that_can_not_be_read_is_told(tmp_path):
    """It isn't there."""
    with pytest.raises(CouldNotVerify, match="No such file"):
        dict(files(tmp_path / "gone"))


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    """Whole, with no file beside it; another instant has another file."""
    written = Manifest(
        resource_arn="arn:source", type=ResourceType.S3, began_at=NOON, taken_at=NOON, entries={"b é": "1" * 64, "a": "2" * 64}, rows={}
    )
    file = manifests.write(tmp_path, written)
    assert manifests.read(file) == written
    manifests.write(tmp_path, replace(written, taken_at=NOON - timedelta(seconds=1)))
    assert sorted(each.name for each in file.parent.iterdir()) == ["20261121T115959.000000Z.json", "20261121T120000.000000Z.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 1}', '{"format_version": 2}'])
def test_a_damaged_manifest_proves_nothing(tmp_path, text):
    """It can't be read, and that is said."""
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(CouldNotVerify):
        manifests.read(tmp_path / "m.json")


def test_the_order_of_entries_does_not_matter_and_their_borders_do():
    """One checksum for the same names and checksums."""
    assert manifests.digest({"a": "1", "b": "2"}) == manifests.digest({"b": "2", "a": "1"})
    assert manifests.digest({"a": "1", "b": "2"}) != manifests.digest({"a=1\n1:b": "2"})


def test_no_validator_prints():
    """What is printed may be a secret: results go by return alone."""
    for file in (ROOT / "src" / "strongroom" / "validators").glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        assert not {"print", "breakpoint"} & {each.id for each in calls if isinstance(each, ast.Name)}, file.name
