"""Tags of keys and vaults decide where a policy asks for them; unread ones leave it open."""

import json
from datetime import UTC, datetime

import pytest

from strongroom import ledger
from strongroom.proof.entitlements import access
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Verdict

ACCOUNT, REGION = "555555555555", "eu-west-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
VAULT = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:local"
GOLD = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "backup:DeleteBackupVault"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/tier": "gold"}},
        }
    ],
}
OWN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}],
}


class Read:
    """Tables of one account with a key, a vault and a role that may use what is tagged as gold."""

    observed_at = datetime(2026, 11, 21, tzinfo=UTC)

    def __init__(self, tags):
        place = {"account_id": ACCOUNT, "region": REGION}
        whole = {"account_id": ACCOUNT, "region": "", "read": True, "code": "", "reason": ""}
        self._rows = {
            "accounts": [{"account_id": ACCOUNT, "name": "shop", "status": "ACTIVE", "ou_path": "", "ou_ids": [], "management": True}],
            "reads": [{**whole, "subject": each} for each in ("principals", "control_policies")]
            + [{**whole, **place, "subject": "grants"}],
            "settings": [{"account_id": ACCOUNT, "region": "", "kind": "organization", "name": "id", "value": "o-abcdefghij"}],
            "keys": [place | {"arn": KEY, "manager": "CUSTOMER", "state": "Enabled", "policy": json.dumps(OWN)}],
            "vaults": [place | {"name": "local", "arn": VAULT, "type": "BACKUP_VAULT", "locked": False}],
            "principals": [{"account_id": ACCOUNT, "region": "", "arn": ROLE, "kind": "role", "unique_id": "AROA", "tags": {}}],
            "policy_texts": [{"digest": "gold", "text": json.dumps(GOLD)}],
            "principal_policies": [
                {"account_id": ACCOUNT, "principal_arn": ROLE, "kind": "inline", "name": "gold", "policy_arn": None, "digest": "gold"}
            ],
            "key_tags": [] if tags is None else [place | {"key_arn": KEY, "tags": tags}],
            "vault_tags": [] if tags is None else [place | {"vault_name": "local", "tags": tags}],
        }

    def table(self, name):
        """The table of that name."""
        table = ledger.table_named(name)
        return ledger.from_rows(table, [[row.get(column.name) for column in table.columns] for row in self._rows.get(name, ())])


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        ({"tier": "gold"}, Verdict.ALLOWED),
        ({"tier": "silver"}, Verdict.DENIED),
        ({}, Verdict.DENIED),
        (None, Verdict.UNKNOWN),
    ],
)
@pytest.mark.parametrize(("action", "arn"), [("kms:Decrypt", KEY), ("backup:DeleteBackupVault", VAULT)])
def test_tags_decide_as_they_were_read(tags, verdict, action, arn):
    """A permission for what is tagged as gold holds for gold, for nothing else, and nobody knows where tags were not read."""
    assert Authorizer(access(Read(tags))).decide(ROLE, action, arn).verdict is verdict
