"""What `render` writes."""

import json

from strongroom.api.render import render

STRATEGY = """strongroom: 1
name: guarded
organization: {home_region: eu-west-2, governs: [Workloads]}
vaults: {local: {in: every-account}}
plans: {p: {select: {tags: {a: b}}, rules: {daily: {at: "05:00", keep: 30d}}}}
"""


def test_guard_rails_are_files_of_their_own(tmp_path):
    """Each service control policy as one JSON file, for whoever attaches it; without guard rails there is none."""
    strategy = tmp_path / "strategy.yaml"
    strategy.write_text(STRATEGY + "guard_rails: {deny: [delete-keys], exempt: [break-glass]}\n", encoding="utf-8")
    written = render(strategy, tmp_path / "out")
    (path,) = [each for each in written.files if each.parent.name == "guard-rails"]
    policy = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == "guarded-guard-rails.json"
    assert [each["Sid"] for each in policy["Statement"]] == ["KeysOfBackupsStay", "NobodyBecomesExempt"]
    assert [each.subject for each in written.undeployed] == ["guard rails"]
    strategy.write_text(STRATEGY, encoding="utf-8")
    assert not any("guard-rails" in str(each) for each in render(strategy, tmp_path / "other").files)
