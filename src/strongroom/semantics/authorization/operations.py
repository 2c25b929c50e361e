"""What somebody can do to backups, as `who-can` asks for it: the permissions of each way to it.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbackup.html and the page of each way
"""

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strongroom import facts
from strongroom.facts import Deed, Need, Status, UnknownFact, Way
from strongroom.semantics.authorization.model import Context

_NATIVE: Final[Mapping[str, str]] = {  # what ARNs contain that an action of another service can be asked for
    "dynamodb:DeleteBackup": ":dynamodb:",
    "ec2:DeleteSnapshot": "::snapshot/snap-",
    "ec2:DeregisterImage": "::image/ami-",
    "ec2:ModifyImageAttribute": "::image/ami-",
    "ec2:ModifySnapshotAttribute": "::snapshot/snap-",
    "fsx:DeleteBackup": ":fsx:",
    "rds:DeleteDBClusterSnapshot": ":cluster-snapshot:",
    "rds:DeleteDBSnapshot": ":snapshot:awsbackup:",
    "rds:ModifyDBClusterSnapshotAttribute": ":cluster-snapshot:",
    "rds:ModifyDBSnapshotAttribute": ":snapshot:awsbackup:",
    "redshift:DeleteClusterSnapshot": ":redshift:",
}
_PASSED: Final = Context(values=MappingProxyType({"iam:PassedToService": ("backup.amazonaws.com",)}))


def deed(name: str) -> Deed:
    """Return what a verb of `who-can` means; raises UnknownFact with the nearest name.

    Example:
        >>> [need.action for need in deed("restore").ways[0].needs]
        ['backup:StartRestoreJob', 'iam:PassRole']
    """
    known = {each.name: each for each in facts.deeds()}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        raise UnknownFact(f"nothing is known about {name!r}{hint}")
    return known[name]


def verbs() -> tuple[str, ...]:
    """Return the verbs, in the order in which they are listed.

    Example:
        >>> verbs()[:3]
        ('delete', 'shorten', 'delete-vault')
    """
    return tuple(each.name for each in facts.deeds())


def ways_on(found: Deed, kind: str) -> tuple[Way, ...]:
    """Return the ways that ask something of a kind of thing: a recovery point, a vault, a key, a role, a plan …

    Example:
        >>> [way.words for way in ways_on(deed("copy-out"), "vault")]
        ['shares an air-gapped vault']
    """
    return tuple(way for way in found.ways if any(need.on == kind for need in way.needs))


def kinds(found: Deed) -> tuple[str, ...]:
    """Return the kinds of things that the ways ask something of, each once.

    Example:
        >>> kinds(deed("restore"))
        ('recovery point', 'role')
    """
    return tuple(dict.fromkeys(need.on for way in found.ways for need in way.needs))


def concerns(need: Need, arn: str) -> bool:
    """Return whether a permission can be asked for a thing at all: a database's snapshot isn't deleted through EC2.

    Example:
        >>> concerns(Need(action="rds:DeleteDBSnapshot", on="recovery point"), "arn:aws:ec2:eu-west-2::snapshot/snap-1")
        False
    """
    if need.on != "recovery point" or need.action.startswith("backup:"):
        return True
    return need.action in _NATIVE and _NATIVE[need.action] in arn


def context_of(need: Need) -> Context:
    """Return what is known of the context of a permission: a role is passed to AWS Backup.

    Example:
        >>> dict(context_of(Need(action="iam:PassRole", on="role")).values)
        {'iam:PassedToService': ('backup.amazonaws.com',)}
    """
    return _PASSED if need.action == "iam:PassRole" else Context()


def certain(way: Way) -> bool:
    """Return whether AWS's pages say that the way works; another one is never more than unknown."""
    return way.status is Status.DOCUMENTED
