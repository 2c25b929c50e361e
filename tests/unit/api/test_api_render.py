"""What `render` writes: a tree with its index and the order of application."""

import json

import pytest

from strongroom.api.render import INDEX, README, render
from strongroom.errors import BadInput

STRATEGY = """strongroom: 1
name: guarded
organization:
  home_region: eu-west-2
  governs: [Workloads]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333"}
vaults: {local: {in: every-account}, central: {in: central}}
plans: {p: {select: {tags: {a: b}}, rules: {daily: {at: "05:00", keep: 30d, copy: central}}}}
"""
RAILS = "guard_rails: {deny: [delete-keys], exempt: [break-glass]}\n"


@pytest.fixture
def rendered(tmp_path):
    """Write a strategy and render it, as often as a test wants."""

    def write(text):
        strategy = tmp_path / "strategy.yaml"
        strategy.write_text(text, encoding="utf-8")
        return render(strategy, tmp_path / "out")

    return write


def paths(written, folder):
    return sorted(str(file.relative_to(folder)) for file in written)


def test_guard_rails_are_files_of_their_own(rendered):
    """Each service control policy as one JSON file; without guard rails there is none."""
    (path,) = [each for each in rendered(STRATEGY + RAILS).files if each.parent.name == "guard-rails"]
    policy = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == "guarded-guard-rails.json"
    assert [each["Sid"] for each in policy["Statement"]] == ["KeysOfBackupsStay", "NobodyBecomesExempt"]


def test_index_names_every_file_and_the_order(rendered, tmp_path):
    """Each file stands once, in a group that says why it is where it is."""
    written = rendered(STRATEGY + RAILS)
    index = json.loads((tmp_path / "out" / INDEX).read_text(encoding="utf-8"))
    grouped = [file["path"] for group in index["order"] for file in group["files"]]
    assert index["format_version"] == 1
    assert sorted([*grouped, README]) == index["files"]
    assert sorted([*index["files"], INDEX]) == paths(written.files, tmp_path / "out")
    assert [group["number"] for group in index["order"]] == list(range(1, len(index["order"]) + 1))
    assert all(group["why"] and group["title"] for group in index["order"])


def test_order_is_that_of_a_change_plan(rendered, tmp_path):
    """What a copy needs comes before what copies, and what forbids comes last."""
    rendered(STRATEGY + RAILS + "tag_policy: {tags: {a: [b]}}\n")
    index = json.loads((tmp_path / "out" / INDEX).read_text(encoding="utf-8"))
    folders = list(dict.fromkeys(file["path"].partition("/")[0] for group in index["order"] for file in group["files"]))
    assert folders == ["bootstrap", "organization", "stacks", "stack-sets", "tag-policies", "policies", "guard-rails"]


def test_readme_links_to_files_that_are_there(rendered, tmp_path):
    """A reader finds each file, what it is for and what it asks for."""
    rendered(STRATEGY + RAILS)
    text = (tmp_path / "out" / README).read_text(encoding="utf-8")
    linked = [part.partition(")")[0] for part in text.split("](")[1:]]
    assert linked
    assert all((tmp_path / "out" / each).is_file() for each in linked)
    assert "| `GovernedPaths` |" in text
    assert "account 333333333333, eu-west-2" in text


def test_roles_that_must_be_there_first_are_written(rendered, tmp_path):
    """The deploy role of each account with stacks, trusted by those who deploy, and the read role."""
    rendered(STRATEGY)
    folder = tmp_path / "out" / "bootstrap"
    assert sorted(file.name for file in folder.iterdir()) == [
        "strongroom-deploy.111111111111.template.json",
        "strongroom-deploy.333333333333.template.json",
        "strongroom-read.template.json",
    ]
    role = json.loads((folder / "strongroom-deploy.333333333333.template.json").read_text(encoding="utf-8"))["Resources"]["DeployRole"]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [each["Fn::Sub"][-17:] for each in trust["Principal"]["AWS"]] == ["111111111111:root", "222222222222:root"]


def test_role_of_the_management_account_is_for_the_administrator_alone(rendered, tmp_path):
    """It has what plan, apply and enrol call there, and nothing that this strategy doesn't use; without an administrator there is none."""
    rendered(STRATEGY)
    file = tmp_path / "out" / "bootstrap" / "strongroom-deploy.111111111111.template.json"
    role = json.loads(file.read_text(encoding="utf-8"))["Resources"]["DeployRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": [{"Fn::Sub": "arn:${AWS::Partition}:iam::222222222222:root"}]}
    (statement,) = [each for each in role["Policies"][0]["PolicyDocument"]["Statement"] if each["Sid"] == "Organization"]
    actions = set(statement["Action"])
    assert {"organizations:AttachPolicy", "cloudformation:CreateStackSet", "backup:UpdateGlobalSettings"} <= actions
    assert not [action for action in actions if action.startswith(("sts:", "iam:", "controltower:", "ram:", "kms:")) or "*" in action]
    assert not actions & {"organizations:LeaveOrganization", "organizations:RemoveAccountFromOrganization", "organizations:CloseAccount"}
    removed = rendered(STRATEGY.replace(', backup_admin: "222222222222"', "")).removed
    assert "bootstrap/strongroom-deploy.111111111111.template.json" in paths(removed, tmp_path / "out")


def test_delegation_is_written_for_the_administrator(rendered, tmp_path):
    """Without one of its own account there is nothing to delegate."""
    rendered(STRATEGY)
    policy = json.loads((tmp_path / "out" / "organization" / "resource-policy.json").read_text(encoding="utf-8"))
    assert {each["Principal"]["AWS"] for each in policy["Statement"]} == {"arn:aws:iam::222222222222:root"}
    removed = rendered(STRATEGY.replace(', backup_admin: "222222222222"', "")).removed
    assert "organization/resource-policy.json" in paths(removed, tmp_path / "out")


def test_same_strategy_writes_the_same_bytes(rendered):
    """Nothing to review where nothing has changed."""
    before = {file: file.read_bytes() for file in rendered(STRATEGY + RAILS).files}
    again = rendered(STRATEGY + RAILS)
    assert {file: file.read_bytes() for file in again.files} == before
    assert again.removed == ()


def test_files_of_an_earlier_run_go_and_those_of_others_stay(rendered, tmp_path):
    """Only what the old index lists is removed, and a folder that is empty then."""
    rendered(STRATEGY + RAILS)
    mine = tmp_path / "out" / "guard-rails" / "notes.md"
    mine.write_text("ours", encoding="utf-8")
    written = rendered(STRATEGY)
    assert paths(written.removed, tmp_path / "out") == ["guard-rails/guarded-guard-rails.json"]
    assert [file.name for file in mine.parent.iterdir()] == ["notes.md"]
    mine.unlink()
    rendered(STRATEGY + RAILS)
    rendered(STRATEGY)
    assert not mine.parent.exists()


@pytest.mark.parametrize(
    "index",
    [
        '{"format_version": 1, "files": ["../precious.txt"]}',
        '{"format_version": 1, "files": ["/etc/hostname", 7, null]}',
        '{"format_version": 2, "files": ["kept.txt"]}',
        '{"files": ["kept.txt"]}',
        '["kept.txt"]',
        "not JSON",
    ],
)
def test_index_of_somebody_else_removes_nothing(rendered, tmp_path, index):
    """No file outside the folder, and none that our own index doesn't name."""
    (tmp_path / "out").mkdir()
    precious = [tmp_path / "precious.txt", tmp_path / "out" / "kept.txt"]
    for file in precious:
        file.write_text("precious", encoding="utf-8")
    (tmp_path / "out" / INDEX).write_text(index, encoding="utf-8")
    assert rendered(STRATEGY).removed == ()
    assert all(file.exists() for file in precious)


def test_folder_that_is_a_file_is_bad_input(rendered, tmp_path):
    """Said with what to do."""
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(BadInput, match="can't write"):
        rendered(STRATEGY)
