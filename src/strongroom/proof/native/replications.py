"""What `native: buckets` declares of replication to other buckets.

Source: S3 API reference, ReplicationRule.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from strongroom.domain.changeplan import canonical
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import partition_of
from strongroom.domain.strategy import NativeBuckets, Replication
from strongroom.proof.links import LinkState
from strongroom.proof.native.buckets import BUCKETS, command, title
from strongroom.proof.native.comparing import Difference, Ground, Part, Row, Seen, Trait, differences, resources
from strongroom.proof.native.keys import other_key
from strongroom.proof.native.lifecycles import whole
from strongroom.proof.readings import Unreadable

Rule = Mapping[str, Any]


def found(given: Ground) -> Iterator[Difference | Unreadable]:
    """Yield where buckets are replicated otherwise than declared."""
    if any(each.replications for each in given.estate.native.buckets):
        yield from differences(given, resources(given, BUCKETS), _parts(given))


def _parts(given: Ground) -> Iterator[Part]:
    estate, regions = given.estate, _regions(given)
    for each in estate.native.buckets:
        if each.replications:
            traits = tuple(_trait(estate, each, replication, regions) for replication in each.replications)
            yield Part(title=title(each), select=each.select, types=BUCKETS, traits=traits)


def _regions(given: Ground) -> dict[str, str]:
    """Return the Region of every bucket of the ledger, by name."""
    table = given.tables.table("resources")
    buckets = table.filter(pc.equal(table["type"], "S3"))
    return dict(zip(buckets["name"].to_pylist(), buckets["region"].to_pylist(), strict=True))


def _trait(estate: Estate, declared: NativeBuckets, replication: Replication, regions: Mapping[str, str]) -> Trait:
    def judge(row: Row) -> Seen | None:
        if row["region"] == replication.to and replication.bucket is None:
            return None  # it is where its replicas would be; often it is one, with the tags of its source
        bucket, fix = _bucket(row, replication), _command(row, declared)
        rules = [each for each in json.loads(row["replicates_to"]) if each["Destination"]["Bucket"].rpartition(":::")[2] == bucket]
        if not rules:
            return Seen(value="off", fix=fix)
        lacks = _lacks(estate, replication, rules, regions.get(bucket))
        if lacks:
            return Seen(value="; ".join(text for text, _ in lacks), fix=fix, severity=min(lacks, key=_rank)[1])
        if bucket not in regions:
            unread = f"to a bucket {bucket} whose Region nobody has read"
            return Seen(value=unread, fix=f"s3api get-bucket-location --bucket {bucket}", state=LinkState.UNKNOWN)
        return None

    wanted = f"bucket {replication.bucket or f'<its name>-{replication.to}'}"
    return Trait(name=f"replication to {replication.to}", declared=wanted, column="replicates_to", read="details", judge=judge)


def _rank(lack: tuple[str, Severity]) -> int:
    return list(Severity).index(lack[1])


def _lacks(estate: Estate, declared: Replication, rules: Sequence[Rule], region: str | None) -> list[tuple[str, Severity]]:
    """Return what the rules for one destination lack; what one of them has, they have."""
    lacks: list[tuple[str, Severity]] = []
    complete = [rule for rule in rules if whole(rule)]
    if not complete:
        return [("of some objects alone", Severity.ERROR)]
    if region is not None and region != declared.to:
        lacks.append((f"to a bucket in {region}", Severity.ERROR))
    if declared.encrypted_objects and not any(_takes_encrypted(rule) for rule in complete):
        lacks.append(("without objects that a KMS key encrypts", Severity.ERROR))
    there = complete[0]["Destination"]
    classes = there.get("StorageClass")
    if classes != (declared.storage_class.value if declared.storage_class else None):
        lacks.append((f"in storage class {classes or 'of the source'}", Severity.WARNING))
    if declared.key is not None:
        other = other_key(estate, declared.key, (there.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID"))
        lacks += [(other, Severity.ERROR)] if other else []
    return lacks


def _takes_encrypted(rule: Rule) -> bool:
    criteria = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}
    return bool(criteria.get("Status") == "Enabled")


def _bucket(row: Row, replication: Replication) -> str:
    return replication.bucket or f"{row['name']}-{replication.to}"


def _command(row: Row, declared: NativeBuckets) -> str:
    """Return what sets all declared replications of a bucket; role and key are for those to fill in who have them."""
    rules = []
    for number, each in enumerate(declared.replications, 1):
        destination: dict[str, Any] = {"Bucket": f"arn:{partition_of(row['region'])}:s3:::{_bucket(row, each)}"}
        destination |= {"StorageClass": each.storage_class} if each.storage_class else {}
        rule = {
            "ID": str(each.to),
            "Priority": number,
            "Status": "Enabled",
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Disabled"},
        }
        if each.encrypted_objects:
            rule["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
        if each.encrypted_objects or each.key is not None:
            destination["EncryptionConfiguration"] = {"ReplicaKmsKeyID": "KEY"}
        rules.append({**rule, "Destination": destination})
    document = canonical({"Role": f"arn:{partition_of(row['region'])}:iam::{row['account_id']}:role/ROLE", "Rules": rules})
    return command(row, "put-bucket-replication", f"--replication-configuration '{document}'")
