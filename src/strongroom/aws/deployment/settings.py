"""AWS Backup's settings: those of the organization, and the service opt-in of a Region."""

from strongroom.aws.deployment.site import Site, execute
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import UpdateGlobalSettings, UpdateOptIn
from strongroom.domain.names import Region


def global_settings(sessions: Sessions, home: Region) -> tuple[tuple[str, str], ...]:
    """Return AWS Backup's settings of the organization, sorted by name."""
    answer = sessions.call("backup", home, "describe_global_settings")
    return tuple(sorted(answer["GlobalSettings"].items()))


def opt_in(sessions: Sessions, region: Region) -> tuple[tuple[str, bool], ...]:
    """Return the service opt-in of the management account in a Region, sorted by type."""
    answer = sessions.call("backup", region, "describe_region_settings")
    return tuple(sorted(answer["ResourceTypeOptInPreference"].items()))


@execute.register
def _(action: UpdateGlobalSettings, site: Site) -> None:
    wanted = dict(action.values)
    settings = site.sessions.call("backup", site.home_region, "describe_global_settings")["GlobalSettings"]
    if any(settings.get(name) != value for name, value in wanted.items()):
        site.sessions.call("backup", site.home_region, "update_global_settings", GlobalSettings=wanted)


@execute.register
def _(action: UpdateOptIn, site: Site) -> None:
    preference = site.sessions.call("backup", action.region, "describe_region_settings")["ResourceTypeOptInPreference"]
    missing = [kind for kind in action.opt_in if not preference.get(kind)]
    if missing:
        wanted = {kind.value: True for kind in missing}
        site.sessions.call("backup", action.region, "update_region_settings", ResourceTypeOptInPreference=wanted)
