"""`manifest`: what is in live resources now, as names and checksums, so that a restore of them can be compared later."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strongroom.api.home import require_writable
from strongroom.api.rolenames import role_named
from strongroom.api.strategy import load_strategy
from strongroom.aws.contents.place import Place
from strongroom.aws.contents.sources import endpoint_of, kind_of, region_of
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Arn, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Restored
from strongroom.domain.roles import RolePurpose
from strongroom.domain.strategy import Login
from strongroom.errors import AwsRefused, BadInput, ExitCode, StrongroomError
from strongroom.workflows.restoring.request import restorable

if TYPE_CHECKING:
    from strongroom.domain.strategy import Strategy

FOLDER: Final = "manifests"  # in the folder of the state
DEPLOY_ROLE: Final = "strongroom-deploy"
_DATABASES: Final = frozenset({ResourceType.RDS, ResourceType.AURORA})
_SECRET: Final = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+"  # noqa: S105 - no password, a pattern of ARNs


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the content of resources is reached; what is empty is taken from the strategy."""

    account: str = ""  # of buckets, whose ARNs name none; empty: the caller's
    role: str = ""  # name of the role to assume in other accounts
    mounted: Path | None = None  # where a file system is
    user: str = ""
    variable: str = ""  # environment variable that holds the password
    secret_arn: str = ""
    database: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A manifest that was written, or why it was not."""

    resource_arn: str
    type: ResourceType
    file: str  # empty: it could not be taken
    count: int = 0
    sha256: str = ""
    taken_at: datetime | None = None
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """What came of all of them."""

    taken: tuple[Taken, ...]

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when the content of a resource could not be read."""
        return ExitCode.PROVEN if all(each.file for each in self.taken) else ExitCode.COULD_NOT_VERIFY


def manifest(arns: Sequence[str], *, strategy: Path | None, home: Path, out: Path | None = None, wish: Wish | None = None) -> Manifests:
    """Read live resources and write a manifest of each; one that can't be read doesn't keep the others from being read.

    `out`: where to, instead of `manifests` in `home`. Raises BadInput, NoCredentials.
    """
    wish, root = wish or Wish(), out or home / FOLDER
    kinds = {arn: _kind(arn) for arn in arns}
    _whole(kinds, wish)
    assumed = role_named(wish.role)
    require_writable(root)
    declared = load_strategy(strategy) if strategy else None
    for kind in sorted(_DATABASES.intersection(kinds.values())):
        _login(kind, wish, declared)  # what can't be meant is told before anything is read
    region = declared.organization.home_region if declared else None
    sessions = Sessions.open(role=assumed or _role_of(declared), region=region)
    sessions.caller()  # without credentials nothing can be read
    ways = _Ways(sessions=sessions, wish=wish, declared=declared, root=root, folder=strategy.absolute().parent if strategy else Path())
    return Manifests(taken=tuple(_taken(arn, kind, ways) for arn, kind in kinds.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """How all the resources of one call are reached."""

    sessions: Sessions
    wish: Wish
    declared: "Strategy | None"
    root: Path  # where manifests are written
    folder: Path  # of the strategy


def _kind(arn: str) -> ResourceType:
    kind = kind_of(arn)
    restorable(arn)
    return kind


def _whole(kinds: dict[str, ResourceType], wish: Wish) -> None:
    """Raise BadInput for options that don't fit what is asked for, or that nobody can mean."""
    systems = [arn for arn, kind in kinds.items() if kind is ResourceType.EFS]
    if systems and wish.mounted is None:
        raise BadInput(f"the files of {systems[0]} are read where they are mounted", hint="mount it, and say where: --mounted FOLDER")
    if len(systems) > 1:
        raise BadInput("one folder can't be two file systems", hint="take their manifests one after the other")
    if wish.mounted is not None and not systems:
        raise BadInput(f"no file system is named whose files are in {wish.mounted}", hint="leave out --mounted, or name the file system")
    if wish.mounted is not None and not wish.mounted.is_dir():
        raise BadInput(f"{wish.mounted} is not a folder", hint="mount the file system, and say where: --mounted FOLDER")
    if wish.account:
        _require_account(wish.account)
    _require_login(kinds, wish)


def _require_account(text: str) -> None:
    try:
        AccountId.parse(text)
    except ValueError as error:
        raise BadInput(str(error), hint="--account 111122223333") from None


def _require_login(kinds: dict[str, ResourceType], wish: Wish) -> None:
    given = {"--user": wish.user, "--password-env": wish.variable, "--secret": wish.secret_arn, "--database": wish.database}
    for option, value in given.items():
        if value and not _DATABASES.intersection(kinds.values()):
            raise BadInput(f"no database is named for {option} {value}", hint=f"leave out {option}, or name the database")
    if wish.variable and wish.secret_arn:
        raise BadInput("the password is in an environment variable and in a secret", hint="leave out --password-env or --secret")
    if wish.variable and wish.variable not in os.environ:
        raise BadInput(f"the environment variable {wish.variable} is not set", hint=f"put the password into it: export {wish.variable}=…")
    if wish.secret_arn and not re.fullmatch(_SECRET, wish.secret_arn):
        hint = "such as: --secret arn:aws:secretsmanager:eu-west-2:111122223333:secret:ledger-AbCdEf"
        raise BadInput(f"{wish.secret_arn!r} is not the ARN of a secret in Secrets Manager", hint=hint)


def _role_of(declared: "Strategy | None") -> str:
    if declared is None:
        return DEPLOY_ROLE
    made = next((each.name for each in declared.roles.made if each.purpose is RolePurpose.RECOVERY), "")
    return made or declared.roles.deploy


def _login(kind: ResourceType, wish: Wish, declared: "Strategy | None") -> Login | None:
    """Return how to log in: as the options say, else as the first restore test of the type does."""
    if kind not in _DATABASES:
        return None
    if wish.variable or wish.secret_arn:
        return Login(
            type=kind, user=wish.user, variable=wish.variable, secret_arn=wish.secret_arn, database=wish.database, origin=BuiltIn()
        )
    tests = declared.restore_tests if declared else ()
    found = next((login for test in tests for login in test.logins if login.type is kind), None)
    if found is None and (wish.user or wish.database):
        raise BadInput("where the password is nobody has said", hint="say it: --password-env NAME, or --secret ARN")
    return found and replace(found, user=wish.user or found.user, database=wish.database or found.database)


def _taken(arn: str, kind: ResourceType, ways: _Ways) -> Taken:
    from strongroom.validators import manifests
    from strongroom.validators.content import content
    from strongroom.validators.doors import Door
    from strongroom.validators.target import Target

    try:
        place = _place(arn, ways)
        began_at, login = _now(ways.sessions), _login(kind, ways.wish, ways.declared)
        endpoint = endpoint_of(place, arn) if kind in _DATABASES else None
        live = Restored(
            resource_arn=arn,
            type=kind,
            account=AccountId(place.account),
            region=Region(place.region),
            job_id="",
            endpoint=endpoint,
            encrypted=None,
            key_arn=None,
            started_at=began_at,
            completed_at=began_at,
        )
        target = Target(
            restored=live, source_arn=arn, point=None, login=login, folder=ways.folder, door=Door(lambda: place, login, endpoint)
        )
        there = content(target, mounted=ways.wish.mounted)
        found = manifests.Manifest(
            resource_arn=arn, type=kind, began_at=began_at, taken_at=_now(ways.sessions), entries=there.entries, rows=there.rows
        )
        file = manifests.write(ways.root, found)
    except StrongroomError as error:
        denied = isinstance(error, AwsRefused) and error.code.startswith("AccessDenied")
        hint = f"role {ways.sessions.role} may not read its content, name one that may: --assume NAME" if denied else error.hint
        return Taken(resource_arn=arn, type=kind, file="", reason=error.message, hint=hint)
    return Taken(resource_arn=arn, type=kind, file=str(file), count=len(found.entries), sha256=found.sha256, taken_at=found.taken_at)


def _place(arn: str, ways: _Ways) -> Place:
    parsed, sessions = Arn.parse(arn), ways.sessions
    account = parsed.account or ways.wish.account or sessions.caller().account
    return Place(sessions, account, parsed.region or region_of(Place(sessions, account, sessions.region), arn))


def _now(sessions: Sessions) -> datetime:
    """Return AWS's time by a call that anybody may make."""
    sessions.call("sts", sessions.region, "get_caller_identity")
    return sessions.observed_at()
