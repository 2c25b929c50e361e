"""What is wrong with AWS Backup in Control Tower's landing zone, and with the key of its vaults."""

import json
from collections.abc import Iterator
from typing import Any

from strongroom.domain.finding import Severity
from strongroom.domain.names import Arn
from strongroom.proof.engine import Judgement
from strongroom.proof.organized import rows


def zone_lacks(judgement: Judgement, zone: dict[str, Any]) -> list[tuple[str, Severity | None]]:
    """Return in what the landing zone is not as the strategy says; a severity where it is less than an error."""
    return list(_lacks(judgement, zone))


def key_lacks(judgement: Judgement, zone: dict[str, Any]) -> list[str]:
    """Return why the key of the landing zone does not do for all its Regions; a key that no vault uses was not read."""
    key = key_of(zone)
    if not key:
        return []
    regions = json.loads(zone["manifest"]).get("governedRegions") or judgement.estate.organization.regions
    return list(_key_lacks(rows(judgement, "keys"), key, [str(region) for region in regions]))


def key_of(zone: dict[str, Any]) -> str:
    """Return the ARN of the key of the landing zone's vaults; empty where it names none."""
    configurations = (json.loads(zone["manifest"]).get("backup") or {}).get("configurations") or {}
    return str(configurations.get("kmsKeyArn") or "")


def _lacks(judgement: Judgement, zone: dict[str, Any]) -> Iterator[tuple[str, Severity | None]]:
    estate = judgement.estate
    if zone["status"] == "FAILED" and not key_lacks(judgement, zone):  # else that is why
        yield "the last change of the landing zone failed", None
    if zone["drift"] == "DRIFTED":
        yield "the landing zone has drifted", Severity.WARNING
    manifest = json.loads(zone["manifest"])
    regions = manifest.get("governedRegions") or ()
    left_out = [str(region) for region in estate.organization.regions if regions and region not in regions]
    if left_out:
        yield f"the landing zone does not govern {', '.join(left_out)}", None
    backup = manifest.get("backup") or {}
    if not backup.get("enabled"):
        yield "AWS Backup is not part of the landing zone", None
        return
    configurations = backup.get("configurations") or {}
    accounts = estate.organization.accounts
    parts = (("centralBackup", "central vaults", accounts.central), ("backupAdmin", "reports", accounts.backup_admin))
    found = {words: (configurations.get(part) or {}).get("accountId") for part, words, _ in parts}
    wrong = [(words, wanted) for _, words, wanted in parts if wanted is not None and found[words] != wanted]
    if wrong:
        there = " and ".join(f"{words} in account {found[words]}" for words, _ in wrong)
        yield f"the landing zone keeps {there}; the strategy names {' and '.join(str(wanted) for _, wanted in wrong)}", None


def _key_lacks(keys: list[dict[str, Any]], key: str, regions: list[str]) -> Iterator[str]:
    found = next((row for row in keys if row["arn"] == key), None)
    if found is None or found["multi_region"] is None:
        return  # no vault uses it, so that it was not read
    if found["multi_region"] == "NONE":
        yield "the landing zone's key is no multi-Region key"
        return
    family = (found["primary_arn"], *(found["replica_arns"] or ()))
    there = {Arn.parse(each).region for each in family if each} | {Arn.parse(key).region}
    missing = [region for region in regions if region not in there]
    if missing:
        yield f"the landing zone's key has no replica in {', '.join(missing)}"
