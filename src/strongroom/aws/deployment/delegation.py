"""The resource policy of the organization: what member accounts may do with its policies."""

import json
from typing import Any

from strongroom.aws.deployment.site import Site, execute
from strongroom.aws.deployment.templates import canonical_document
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import PutDelegation, canonical
from strongroom.domain.names import Region
from strongroom.errors import AwsRefused

VERSION = "2012-10-17"


def resource_policy(sessions: Sessions, home: Region) -> str:
    """Return the resource policy of the organization as canonical JSON; empty where there is none."""
    try:
        answer = sessions.call("organizations", home, "describe_resource_policy")
    except AwsRefused as error:
        if error.code == "ResourcePolicyNotFoundException":
            return ""
        raise
    return canonical_document(answer["ResourcePolicy"]["Content"])


@execute.register
def _(action: PutDelegation, site: Site) -> None:
    found = resource_policy(site.sessions, site.home_region)
    document: dict[str, Any] = json.loads(found) if found else {"Version": VERSION, "Statement": []}
    statements: list[dict[str, Any]] = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    wanted = [*(each for each in statements if each.get("Sid") not in action.sids), *json.loads(action.statements)]
    if wanted == statements:
        return
    if wanted:
        site.organizations("put_resource_policy", Content=canonical({**document, "Statement": wanted}))
    else:
        site.organizations("delete_resource_policy")
