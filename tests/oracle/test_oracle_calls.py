"""Who uses which key for what agrees with vectors transcribed from AWS's pages."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from strongroom.domain.names import ResourceType
from strongroom.semantics.authorization.calls import Call, calls_of
from strongroom.semantics.authorization.places import Operation, Places, When

HERE = Path(__file__).parent
HOME, CENTRAL = "111122223333", "222233334444"
VAULT = f"arn:aws:backup:eu-west-2:{HOME}:backup-vault:local"
DESTINATIONS = {
    "": "",
    "another Region": f"arn:aws:backup:eu-west-1:{HOME}:backup-vault:dr",
    "another account": f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:central",
}
KEYS = {name: f"arn:aws:kms:eu-west-2:{HOME}:key/{name}" for name in ("source", "vault", "topic", "report")}


def vectors() -> list[Any]:
    return [
        pytest.param(vector, type_, id=f"{vector['what']}: {type_}")
        for vector in tomllib.loads((HERE / "calls.toml").read_text(encoding="utf-8"))["key_use"]
        for type_ in vector["types"]
    ]


def calls(vector: dict[str, Any], type_: str) -> list[Call]:
    keys = {f"{name}_key": KEYS[name] for name in vector["keys"] if name in KEYS}
    destination = DESTINATIONS[vector.get("to", "")]
    if "destination" in vector["keys"]:
        keys["destination_key"] = f"arn:aws:kms:{':'.join(destination.split(':')[3:5])}:key/destination"
    places = Places(
        job_role=f"arn:aws:iam::{HOME}:role/backup",
        vault=VAULT,
        caller=f"arn:aws:iam::{HOME}:role/ops",
        topic=f"arn:aws:sns:eu-west-2:{HOME}:backup",
        report_bucket="arn:aws:s3:::reports",
        destination_vault=destination,
        destination_alias=vector.get("alias", ""),
        situation=frozenset(map(When, vector.get("situation", ()))),
        **keys,
    )
    return [call for call in calls_of(Operation(vector["operation"]), ResourceType(type_), places) if call.on_key]


def written(call: Call) -> str:
    via = call.context.values.get("kms:ViaService", ("",))[0].partition(".")[0]
    return f"{call.maker} | {call.action} | {call.on} | {via}"


@pytest.mark.parametrize(("vector", "type_"), vectors())
def test_key_use(vector, type_):
    """Every call that a page names is among the calls, and none that it rules out."""
    found = calls(vector, type_)
    texts = [written(call) for call in found]
    assert [wanted for wanted in vector.get("calls", ()) if not any(fnmatchcase(text, wanted) for text in texts)] == []
    assert [text for text in texts if any(fnmatchcase(text, barred) for barred in vector.get("never", ()))] == []
    grants = [call.context.values for call in found if call.action == "kms:CreateGrant"]
    for key, value in vector.get("context", {}).items():
        assert {values.get(key) for values in grants} == {(value,)}
    aliases = {values for call in found for values in [call.context.values.get("kms:ResourceAliases")] if values}
    assert aliases == {(alias,) for alias in vector.get("aliases", ())}


@pytest.mark.parametrize(("vector", "type_"), vectors())
def test_nothing_is_barred_for_want_of_keys(vector, type_):
    """A vector that only bars something bars calls that are made in another situation: it couldn't hold by accident."""
    everything = {**vector, "keys": sorted({*vector["keys"], "source", "vault"} | ({"destination"} if vector.get("to") else set()))}
    assert calls(everything, type_)
