"""AWS Backup's settings: those of the organization, and the service opt-in and advanced features of a Region."""

from collections.abc import Mapping, Sequence
from typing import Any

from strongroom.aws.deployment.site import Site, execute
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import UpdateGlobalSettings, UpdateOptIn
from strongroom.domain.names import Region, ResourceType

Preferences = tuple[tuple[str, bool], ...]  # by type, sorted


def global_settings(sessions: Sessions, home: Region) -> tuple[tuple[str, str], ...]:
    """Return AWS Backup's settings of the organization, sorted by name."""
    answer = sessions.call("backup", home, "describe_global_settings")
    return tuple(sorted(answer["GlobalSettings"].items()))


def region_settings(sessions: Sessions, region: Region, account: str | None = None) -> tuple[Preferences, Preferences]:
    """Return service opt-in and advanced features of an account in a Region; None: the management account."""
    answer = sessions.call("backup", region, "describe_region_settings", account=account)
    return tuple(sorted(answer["ResourceTypeOptInPreference"].items())), tuple(
        sorted((answer.get("ResourceTypeManagementPreference") or {}).items())
    )


def switch_on(
    sessions: Sessions, region: Region, opt_in: Sequence[ResourceType], managed: Sequence[ResourceType], account: str | None = None
) -> tuple[ResourceType, ...]:
    """Opt in to types and switch their advanced features on where they are not; return the types that were changed, each once."""
    opted, preferred = (dict(each) for each in region_settings(sessions, region, account))
    wanted: dict[str, dict[str, bool]] = {
        "ResourceTypeOptInPreference": _missing(opt_in, opted),
        "ResourceTypeManagementPreference": _missing(managed, preferred),
    }
    changes: dict[str, Any] = {name: values for name, values in wanted.items() if values}
    if changes:
        sessions.call("backup", region, "update_region_settings", account=account, **changes)
    return tuple(sorted({ResourceType(kind) for values in changes.values() for kind in values}))


def _missing(kinds: Sequence[ResourceType], there: Mapping[str, bool]) -> dict[str, bool]:
    return {kind.value: True for kind in kinds if not there.get(kind)}


@execute.register
def _(action: UpdateGlobalSettings, site: Site) -> None:
    wanted = dict(action.values)
    settings = site.sessions.call("backup", site.home_region, "describe_global_settings")["GlobalSettings"]
    if any(settings.get(name) != value for name, value in wanted.items()):
        site.sessions.call("backup", site.home_region, "update_global_settings", GlobalSettings=wanted)


@execute.register
def _(action: UpdateOptIn, site: Site) -> None:
    switch_on(site.sessions, action.region, action.opt_in, action.managed)
