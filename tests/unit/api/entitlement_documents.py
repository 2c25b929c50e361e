"""Access documents for tests of `can` and `who-can`: three accounts, a chain of roles, a vault and a key in the central one."""

import json

MANAGEMENT, CENTRAL, SHOP = "111111111111", "333333333333", "555555555555"
VAULT = f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:central"
KEY = f"arn:aws:kms:eu-west-2:{CENTRAL}:key/1111"
KEEPER = f"arn:aws:iam::{CENTRAL}:role/keeper"
DEPLOY = f"arn:aws:iam::{SHOP}:role/deploy"
ANN = f"arn:aws:iam::{SHOP}:user/ann"
ROOT = f"arn:aws:iam::{CENTRAL}:root"


def statement(effect, *actions, resource="*", **others):
    found = {"Effect": effect, "Action": list(actions), "Resource": resource, **others}
    return found if resource else {key: value for key, value in found.items() if key != "Resource"}


def allow(*actions, **others):
    return statement("Allow", *actions, **others)


def deny(*actions, **others):
    return statement("Deny", *actions, **others)


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trusts(*principals, **others):
    return policy(allow("sts:AssumeRole", resource=None, Principal={"AWS": list(principals)}, **others))


def principal(arn, *statements, trust=None, **others):
    """A role or user; nobody may assume a role unless somebody is trusted."""
    body = {"arn": arn, "policies": [policy(*statements)] if statements else [], "tags": {}, **others}
    return body | {"trust": trust or trusts(arn)} if ":role/" in arn else body


def people():
    """Ann may become deploy, which may become keeper, which may delete recovery points and decrypt."""
    return [
        principal(ANN),
        principal(DEPLOY, allow("sts:AssumeRole", resource=KEEPER, Sid="Hop"), trust=trusts(ANN)),
        principal(KEEPER, allow("backup:Delete*", "kms:Decrypt", Sid="Del"), trust=trusts(SHOP, Sid="FromShop")),
        principal(f"arn:aws:iam::{MANAGEMENT}:role/auditor", allow("backup:List*")),
    ]


def resources(*of_vault):
    root = allow("kms:*", Principal={"AWS": ROOT})
    return [
        {"arn": VAULT, "policy": policy(*of_vault) if of_vault else "none"},
        {"arn": KEY, "policy": policy(root), "grants": []},
    ]


def document(**others):
    """An access document; what a test names takes the place of what is there."""
    return {
        "access": 1,
        "organization": {
            "id": "o-exampleorg1",
            "root": "r-ab12",
            "units": {"Workloads": {"id": "ou-ab12-11111111"}, "Security": {"id": "ou-ab12-22222222"}},
        },
        "accounts": {
            MANAGEMENT: {"name": "management", "management": True},
            CENTRAL: {"name": "central", "in": "Security"},
            SHOP: {"name": "shop", "in": "Workloads"},
        },
        "principals": people(),
        "resources": resources(),
        "controls": [],
    } | others


def write(folder, **others):
    """Write an access document into a folder and return its path."""
    file = folder / "access.yaml"
    file.write_text(json.dumps(document(**others)), encoding="utf-8")
    return file
