"""AWS Control Tower: its landing zone, and the backup baseline on OUs.

Control Tower does one thing at a time, for the whole organization: whoever comes second gets a ConflictException.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from strongroom.aws.deployment.site import Site, execute, wait
from strongroom.aws.deployment.stacks import output_values
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import EnableBaseline, IntegrateBackup, ResetBaseline, UpdateBaseline
from strongroom.domain.deployment import DeployedControlTower, EnabledBaseline, LandingZone
from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.names import AccountId, Arn, Region
from strongroom.errors import AwsRefused
from strongroom.facts import fact

RUNNING = "UNDER_CHANGE"
FAILED = "FAILED"


def read_control_tower(sessions: Sessions, home: Region, key_arn: str) -> DeployedControlTower:
    """Return what Control Tower has to do with backups; `key_arn` is the strategy's, empty where it isn't known."""
    zone = _landing_zone(sessions, home)
    if zone is None:
        return DeployedControlTower(landing_zone=None, baseline_arn="", governed=(), enrolled=(), baselines=(), replicas=None)
    baselines = {each["name"]: each["arn"] for each in sessions.pages("controltower", home, "list_baselines", "baselines")}
    governing = list(_enabled(sessions, home, baselines[_name("governance_baseline")], children=True))
    backing = list(_enabled(sessions, home, baselines[_name("backup_baseline")], children=False))
    return DeployedControlTower(
        landing_zone=zone,
        baseline_arn=baselines[_name("backup_baseline")],
        governed=tuple(sorted(_id(each) for each in governing if _is_unit(each) and each["statusSummary"]["status"] != FAILED)),
        enrolled=tuple(sorted(AccountId(_id(each)) for each in governing if not _is_unit(each))),
        baselines=tuple(sorted((_baseline(each) for each in backing if _is_unit(each)), key=lambda each: each.target_id)),
        replicas=_replicas(sessions, zone.key_arn or key_arn),
    )


def _name(fact_name: str) -> str:
    return str(fact("control_tower", fact_name).value)


def _landing_zone(sessions: Sessions, home: Region) -> LandingZone | None:
    listed = list(sessions.pages("controltower", home, "list_landing_zones", "landingZones"))
    if not listed:
        return None
    found = sessions.call("controltower", home, "get_landing_zone", landingZoneIdentifier=listed[0]["arn"])["landingZone"]
    manifest: Mapping[str, Any] = found.get("manifest") or {}
    backup: Mapping[str, Any] = manifest.get("backup") or {}
    settings: Mapping[str, Any] = backup.get("configurations") or {}
    return LandingZone(
        arn=listed[0]["arn"],
        version=found["version"],
        status=found.get("status", ""),
        drifted=found.get("driftStatus", {}).get("status") == "DRIFTED",
        regions=tuple(Region(region) for region in manifest.get("governedRegions", ())),
        # before 4.0 AWS Config is part of every landing zone, and the manifest does not speak of it
        config=bool((manifest.get("config") or {"enabled": True}).get("enabled")),
        backup=bool(backup.get("enabled")),
        backup_admin=str((settings.get("backupAdmin") or {}).get("accountId", "")),
        central=str((settings.get("centralBackup") or {}).get("accountId", "")),
        key_arn=str(settings.get("kmsKeyArn", "")),
    )


def _enabled(sessions: Sessions, home: Region, baseline: str, *, children: bool) -> Iterator[Mapping[str, Any]]:
    wanted: dict[str, Any] = {"filter": {"baselineIdentifiers": [baseline]}}
    if children:
        wanted["includeChildren"] = True
    yield from sessions.pages("controltower", home, "list_enabled_baselines", "enabledBaselines", **wanted)


def _is_unit(enabled: Mapping[str, Any]) -> bool:
    return ":ou/" in enabled["targetIdentifier"]


def _id(enabled: Mapping[str, Any]) -> str:
    return str(enabled["targetIdentifier"]).rpartition("/")[2]


def _baseline(enabled: Mapping[str, Any]) -> EnabledBaseline:
    drift = enabled.get("driftStatusSummary", {}).get("types", {})
    return EnabledBaseline(
        arn=enabled["arn"],
        target_id=_id(enabled),
        version=enabled.get("baselineVersion", ""),
        status=enabled["statusSummary"]["status"],
        drifted=any(each.get("status") == "DRIFTED" for each in drift.values()),
    )


def _replicas(sessions: Sessions, key_arn: str) -> tuple[tuple[Region, str], ...] | None:
    """Return the Regions that have the key, each with the key's policy there; None where the key can't be read."""
    if not key_arn:
        return None
    arn = Arn.parse(key_arn)
    try:
        described = sessions.call("kms", Region(arn.region), "describe_key", account=arn.account, KeyId=key_arn)["KeyMetadata"]
        family = described.get("MultiRegionConfiguration", {})
        copies = [family["PrimaryKey"], *family.get("ReplicaKeys", ())] if family else [{"Arn": key_arn, "Region": arn.region}]
        return tuple(
            (Region(each["Region"]), _policy(sessions, Region(each["Region"]), each["Arn"], arn.account))
            for each in sorted(copies, key=lambda each: str(each["Region"]))
        )
    except AwsRefused:
        return None


def _policy(sessions: Sessions, region: Region, arn: str, account: str) -> str:
    return str(sessions.call("kms", region, "get_key_policy", account=account, KeyId=arn, PolicyName="default")["Policy"])


@execute.register
def _(action: IntegrateBackup, site: Site) -> None:
    doing = "integrating AWS Backup into the landing zone"
    key_arn = action.key_arn or next(value for _, value in output_values(site.sessions, action.outputs))
    wanted = {
        "enabled": True,
        "configurations": {
            "backupAdmin": {"accountId": action.backup_admin},
            "centralBackup": {"accountId": action.central},
            "kmsKeyArn": key_arn,
        },
    }

    def start() -> dict[str, Any]:
        found = _get_zone(action.landing_zone, site)
        manifest = dict(found.get("manifest") or {})
        if manifest.get("backup") == wanted and found.get("status") != FAILED:  # by a call whose answer was lost
            return {"operationIdentifier": ""}
        return _call(
            site,
            "update_landing_zone",
            landingZoneIdentifier=action.landing_zone,
            version=found["version"],
            manifest={**manifest, "backup": wanted},
        )

    operation = str(_one_at_a_time(start, site, doing=doing)["operationIdentifier"])
    wait(lambda: _get_zone(action.landing_zone, site).get("status") != "PROCESSING", site, doing=doing)
    if _get_zone(action.landing_zone, site).get("status") == FAILED:
        details = _call(site, "get_landing_zone_operation", operationIdentifier=operation)["operationDetails"] if operation else {}
        raise _failed("the landing zone", details.get("statusMessage", ""))


def _get_zone(arn: str, site: Site) -> dict[str, Any]:
    found: dict[str, Any] = _call(site, "get_landing_zone", landingZoneIdentifier=arn)["landingZone"]
    return found


@execute.register
def _(action: EnableBaseline, site: Site) -> None:
    doing = f"enabling the backup baseline on {action.target_id}"

    def start() -> dict[str, Any]:
        if found := _on(action.baseline, action.target, site):  # by a call whose answer was lost, or before a crash
            return {"arn": found["arn"]}
        return _call(
            site,
            "enable_baseline",
            baselineIdentifier=action.baseline,
            baselineVersion=action.version,
            targetIdentifier=action.target,
            tags={OWNER_TAG: site.strategy},
        )

    arn = str(_one_at_a_time(start, site, doing=doing)["arn"])
    _ended(arn, action.target_id, site, doing=doing)


@execute.register
def _(action: UpdateBaseline, site: Site) -> None:
    doing = f"updating the backup baseline on {action.target_id}"
    _ended(action.arn, action.target_id, site, doing=doing, refuse=False)
    if _get(action.arn, site).get("baselineVersion") != action.version:
        wanted = {"enabledBaselineIdentifier": action.arn, "baselineVersion": action.version}
        _one_at_a_time(lambda: _call(site, "update_enabled_baseline", **wanted), site, doing=doing)
    _ended(action.arn, action.target_id, site, doing=doing)


@execute.register
def _(action: ResetBaseline, site: Site) -> None:
    doing = f"resetting the backup baseline on {action.target_id}"
    _ended(action.arn, action.target_id, site, doing=doing, refuse=False)
    found = _baseline(_get(action.arn, site))
    if found.drifted or found.status == FAILED:
        _reset(action.arn, action.target_id, site, doing=doing)


def _reset(arn: str, target_id: str, site: Site, *, doing: str) -> None:
    _one_at_a_time(lambda: _call(site, "reset_enabled_baseline", enabledBaselineIdentifier=arn), site, doing=doing)
    _ended(arn, target_id, site, doing=doing)


def _ended(arn: str, target_id: str, site: Site, *, doing: str, refuse: bool = True) -> str:
    """Wait for the baseline's operation and return how it ended; raises AwsRefused with AWS's reason when it failed."""
    wait(lambda: _get(arn, site)["statusSummary"]["status"] != RUNNING, site, doing=doing)
    summary = _get(arn, site)["statusSummary"]
    if refuse and summary["status"] == FAILED:
        operation = summary.get("lastOperationIdentifier")
        details = _call(site, "get_baseline_operation", operationIdentifier=operation)["baselineOperation"] if operation else {}
        raise _failed(f"the backup baseline on {target_id}", details.get("statusMessage", ""))
    return str(summary["status"])


def _get(arn: str, site: Site) -> dict[str, Any]:
    found: dict[str, Any] = _call(site, "get_enabled_baseline", enabledBaselineIdentifier=arn)["enabledBaselineDetails"]
    return found


def _on(baseline: str, target: str, site: Site) -> dict[str, Any] | None:
    wanted = {"targetIdentifiers": [target], "baselineIdentifiers": [baseline]}
    listed = site.sessions.pages("controltower", site.home_region, "list_enabled_baselines", "enabledBaselines", filter=wanted)
    return next(iter(listed), None)


def _one_at_a_time(start: Callable[[], dict[str, Any]], site: Site, *, doing: str) -> dict[str, Any]:
    """Start an operation as soon as Control Tower has ended the one under way."""
    answers: list[dict[str, Any]] = []

    def started() -> bool:
        try:
            answers.append(start())
        except AwsRefused as error:
            if error.code != "ConflictException":
                raise
        return bool(answers)

    wait(started, site, doing=doing)
    return answers[0]


def _failed(subject: str, reason: str) -> AwsRefused:
    return AwsRefused(
        f"AWS Control Tower could not set up {subject}: {reason or 'no reason given'}",
        hint="mend the cause, see the page Organization in Control Tower's console, then: strongroom apply",
        code=FAILED,
    )


def _call(site: Site, operation: str, **parameters: Any) -> dict[str, Any]:
    return site.sessions.call("controltower", site.home_region, operation, **parameters)
