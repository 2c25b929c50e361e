"""The Allowed AMIs setting refuses copies of instances

Why:     A copy of an EC2 recovery point is an AMI that comes from another account. Where Allowed AMIs is enabled, an account and
         Region take only what its criteria list; the copy job fails there, and the backup job stays green.
Fix:     Name the source account among the image providers: ec2 replace-image-criteria-in-allowed-images-settings.
Limits:  Destinations in other accounts, and providers alone: names, dates and Marketplace codes of criteria are not judged. AMIs of the
         account itself are never refused.
Source:  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceImageCriteriaInAllowedImagesSettings.html, read 2026-11-21
         (01 §1.7)
Failure: FM18
"""

import json
from collections.abc import Iterator

from strongroom import ledger
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable

_COPIED = """
SELECT v.account_id, v.region, r.account_id AS source, count(DISTINCT c.resource_no) AS resources, min(DISTINCT r.arn, 20) AS arns
FROM chains AS c
JOIN protected AS r ON r.resource_no = c.resource_no
JOIN vault_places AS v ON v.vault_no = c.vault_no
WHERE c.type = 'EC2' AND v.account_id <> r.account_id
GROUP BY ALL
ORDER BY ALL"""


@live("VRF175", severity=Severity.ERROR)
def allowed_images_refuse_copies(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Compare the image providers of each destination with the accounts that copy instances there."""
    copied = ledger.rows(judgement.connection, _COPIED)
    if not copied:
        return
    settings = judgement.snapshot.table("allowed_images").to_pylist()
    enabled = {(row["account_id"], row["region"]): _providers(row["criteria"]) for row in settings if row["state"] == "enabled"}
    for row in copied:
        account, region, source = row["account_id"], row["region"], row["source"]
        unread = judgement.observed.readings.missing(account, region, "allowed_images")
        if unread:
            yield unread
        elif (account, region) in enabled and source not in enabled[account, region]:
            listed = ", ".join(sorted(enabled[account, region])) or "nobody"
            yield Lack(
                subject=f"account {account} in {region}",
                message=f"Allowed AMIs of account {account} in {region} lists {listed}, and copies of instances come from account {source}",
                help=f"ec2 replace-image-criteria-in-allowed-images-settings --region {region}, with {source} among the ImageProviders",
                account_id=account,
                region=region,
                link=LinkName.COPIED,
                resources=row["resources"],
                arns=tuple(row["arns"]),
                count=row["resources"],
            )


def _providers(criteria: str) -> set[str]:
    return {provider for each in json.loads(criteria) for provider in each.get("ImageProviders") or ()}
