"""Whatever stands in a policy file, a comparison ends in an answer or in one clear message."""

import contextlib
import copy
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.api.policy import diff
from strongroom.errors import BadInput

WHOLE = {
    "plans": {
        "p": {
            "regions": ["eu-west-2"],
            "rules": {
                "r": {
                    "schedule_expression": "cron(0 2 * * ? *)",
                    "target_backup_vault_name": "v",
                    "start_backup_window_minutes": "60",
                    "lifecycle": {"delete_after_days": "120", "move_to_cold_storage_after_days": "30"},
                    "copy_actions": {"a": {"target_backup_vault_arn": "arn:aws:backup:eu-west-1:$account:backup-vault:v", "lifecycle": {}}},
                    "recovery_point_tags": {"t": {"tag_key": "k", "tag_value": "v"}},
                }
            },
            "selections": {
                "tags": {
                    "s": {
                        "iam_role_arn": "arn:aws:iam::$account:role/AWSBackup",
                        "tag_key": "k",
                        "tag_value": ["v"],
                        "conditions": {"string_like": {"c": {"condition_key": "aws:ResourceTag/x", "condition_value": "y*"}}},
                    }
                }
            },
            "advanced_backup_settings": {"ec2": {"windows_vss": "enabled"}},
        }
    }
}
ODD = st.sampled_from(
    [None, 0, -1, 10**30, 1.5, True, "", "x", "0", "-5", "99999999999", "cron(* * * * * *)", "\ud83d\ude00", [], [[]], [{}], {}]
)


def places(document, path=()):
    """Every place of a document."""
    yield path
    items = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(places(WHOLE))[1:]), ODD, st.booleans()), min_size=1, max_size=3))
def test_a_damaged_policy_is_compared_or_refused(changes):
    """Values replaced or taken away anywhere raise BadInput or nothing."""
    document = copy.deepcopy(WHOLE)
    for path, value, removed in changes:
        inner = document
        try:
            for key in path[:-1]:
                inner = inner[key]
            if removed:
                del inner[path[-1]]
            else:
                inner[path[-1]] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue
    with tempfile.TemporaryDirectory() as folder:
        whole, damaged = Path(folder) / "whole.json", Path(folder) / "damaged.json"
        whole.write_text(json.dumps(WHOLE))
        damaged.write_text(json.dumps(document))
        with contextlib.suppress(BadInput):
            diff(whole, damaged, home=None)
