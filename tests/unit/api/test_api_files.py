"""Files of the api: the state folder, plan files, strategy files by their folder."""

import json
import os

import pytest

from strongroom.api.home import home_for, require_writable
from strongroom.api.plan import read_plan, write_plan
from strongroom.api.strategy import FaultyStrategy, load_strategy, strategy_path
from strongroom.api.writing import write_whole
from strongroom.domain.changeplan import AttachPolicy, ChangePlan, ReadObject, Step
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.errors import BadInput

PLAN = ChangePlan(
    plan_id="tiers-0123456789ab",
    strategy="tiers",
    management_account=AccountId("111111111111"),
    home_region=Region("eu-west-2"),
    deploy_role="strongroom-deploy",
    created_at="2026-11-21T00:00:00+00:00",
    reads=(ReadObject(subject="global settings", sha256="0" * 64),),
    steps=(
        Step(
            number=1, title="attach", removes=False, action=AttachPolicy(type=PolicyType.BACKUP, name="tiers-production", target_id="ou-1")
        ),
    ),
)


def test_a_plan_is_read_as_it_was_written(tmp_path):
    """Writing and reading is identity, and leaves no draft."""
    write_plan(PLAN, tmp_path / "p.json")
    assert read_plan(tmp_path / "p.json", strategy="tiers") == PLAN
    assert [file.name for file in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.parametrize("member", ["plan_id", "strategy", "management_account", "deploy_role", "steps", "reads"])
def test_no_member_of_a_plan_file_can_be_changed(tmp_path, member):
    """Whoever changes what a person has agreed to must make a new plan."""
    file = tmp_path / "p.json"
    write_plan(PLAN, file)
    document = json.loads(file.read_text())
    document[member] = [] if isinstance(document[member], list) else "999999999999"
    file.write_text(json.dumps(document))
    with pytest.raises(BadInput, match="its content and its sha256 differ"):
        read_plan(file, strategy="tiers")


def test_a_draft_that_can_t_be_written_leaves_the_old_file(tmp_path):
    """The folder is missing, or a file stands in its place."""
    (tmp_path / "file").write_text("old")
    for target in (tmp_path / "nowhere" / "x", tmp_path / "file" / "x", tmp_path):
        with pytest.raises(BadInput, match="can't write "):
            write_whole(target, "new")
    assert (tmp_path / "file").read_text() == "old"


def test_the_state_folder_is_the_configured_one_else_beside_the_strategy(tmp_path, monkeypatch):
    """$STRONGROOM_HOME, the strategy's folder, the working folder, in this order; a strategy may be named by its folder."""
    monkeypatch.delenv("STRONGROOM_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert home_for(None) == tmp_path / ".strongroom"
    (tmp_path / "a").mkdir()
    assert home_for(tmp_path / "a" / "strategy.yaml") == tmp_path / "a" / ".strongroom"
    assert home_for(tmp_path / "a") == tmp_path / "a" / ".strongroom"
    monkeypatch.setenv("STRONGROOM_HOME", "elsewhere")
    assert str(home_for(tmp_path / "a")) == "elsewhere"


def test_asking_whether_a_home_can_be_written_creates_nothing(tmp_path):
    """A folder to be made is fine; a file in the way, or above it, is not."""
    require_writable(tmp_path / "new" / "deeper")
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BadInput, match="is not a folder"):
            require_writable(home)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path):
    """No right to write: the folder that lacks it is named."""
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="permission denied for "):
        require_writable(tmp_path / "home")


def test_a_faulty_strategy_carries_all_its_findings(tmp_path):
    """What verbs raise has the findings that `check` would return."""
    (tmp_path / "strategy.yaml").write_text("strongroom: 1\nnaem: x\n")
    with pytest.raises(FaultyStrategy, match=r"strategy\.yaml has \d error") as caught:
        load_strategy(tmp_path)
    assert len(caught.value.findings) > 1


def test_the_hint_for_a_missing_strategy_can_be_typed(tmp_path, monkeypatch):
    """`strongroom init` for the default name, with the name for another one, the near file where there is one."""
    monkeypatch.chdir(tmp_path)
    hints = {}
    for path in ("strategy.yaml", "mine.yaml"):
        with pytest.raises(BadInput) as caught:
            strategy_path(tmp_path.__class__(path))
        hints[path] = caught.value.hint
    assert hints == {"strategy.yaml": "write one with: strongroom init", "mine.yaml": "write one with: strongroom init mine.yaml"}
    (tmp_path / "minee.yaml").write_text("")
    with pytest.raises(BadInput) as caught:
        strategy_path(tmp_path.__class__("mine.yaml"))
    assert caught.value.hint == "did you mean minee.yaml?"
