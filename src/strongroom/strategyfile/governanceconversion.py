"""From the grammar of what stands around backups to the domain."""

from collections.abc import Mapping
from typing import Final

from strongroom.domain.governance import Alerts, Control, Framework, GuardRails, Report, TagPolicy, TagRule
from strongroom.domain.strategy import ControlTower, RestoreOverride, RestoreTest
from strongroom.strategyfile import awsnames
from strongroom.strategyfile import governanceparts as parts
from strongroom.strategyfile.nodes import Path
from strongroom.strategyfile.placed import Source, selection
from strongroom.strategyfile.validationconversion import login, validations

_ANY: Final = "*"
_VALIDATION_HOURS: Final = 8  # where something is validated and nothing is written


def control_tower(part: parts.ControlTowerPart | None, source: Source) -> ControlTower | None:
    """Return the backup baseline of Control Tower, None where none is declared."""
    if part is None:
        return None
    return ControlTower(enabled_on=part.enabled_on, key=part.key, origin=source.key("organization", "control_tower"))


def restore_test(name: str, part: parts.RestoreTestPart, source: Source) -> RestoreTest:
    """Return a restore test."""
    path: Path = ("restore_tests", name)
    default = _VALIDATION_HOURS if part.validations else 0
    return RestoreTest(
        name=name,
        schedule=part.at,
        timezone=part.timezone,
        select=selection(part.select, (*path, "select"), source),
        vaults=part.vaults,
        pick=part.pick,
        within_days=part.within,
        start_within_hours=part.start_within,
        validate_within_hours=default if part.validate_within is None else part.validate_within,
        overrides=tuple(
            RestoreOverride(type=kind, values=tuple(written.items()), origin=source.key(*path, "overrides", kind.keyword))
            for kind, written in part.overrides.items()
        ),
        validations=tuple(
            each for kind, written in part.validations.items() for each in validations(kind, written, (*path, "validate"), source)
        ),
        logins=tuple(login(kind, written, source.key(*path, "login", kind.keyword)) for kind, written in part.login.items()),
        origin=source.key(*path),
    )


def alerts(part: parts.AlertsPart | None, source: Source) -> Alerts | None:
    """Return who is told about what, None where nobody is."""
    if part is None:
        return None
    return Alerts(emails=part.email, topic=part.topic, key=part.key, events=part.on, origin=source.key("alerts"))


def framework(name: str, part: parts.FrameworkPart, source: Source) -> Framework:
    """Return a framework of Audit Manager."""
    return Framework(
        name=name,
        controls=tuple(
            Control(name=control, parameters=_parameters(written), origin=source.key("frameworks", name, "controls", _keyword(control)))
            for control, written in part.controls.items()
        ),
        origin=source.key("frameworks", name),
    )


def _keyword(control: str) -> str:
    return next(keyword for keyword, name in awsnames.controls().items() if name == control)


def _parameters(written: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(written.items()))


def report(name: str, part: parts.ReportPart, source: Source) -> Report:
    """Return a report."""
    return Report(
        name=name,
        template=part.template,
        formats=part.formats,
        bucket=part.bucket,
        prefix=part.prefix,
        frameworks=part.frameworks,
        origin=source.key("reports", name),
    )


def guard_rails(part: parts.GuardRailsPart | None, governs: tuple[str, ...], source: Source) -> GuardRails | None:
    """Return what nobody may do, None where nothing is denied."""
    if part is None:
        return None
    attach_to = part.attach_to or governs
    return GuardRails(deny=part.deny, exempt=part.exempt, attach_to=attach_to, origin=source.key("guard_rails"))


def tag_policy(part: parts.TagPolicyPart | None, governs: tuple[str, ...], source: Source) -> TagPolicy | None:
    """Return how tags have to be written, None where nothing is declared."""
    if part is None:
        return None
    return TagPolicy(
        tags=tuple(
            TagRule(key=key, values=() if _ANY in written else written, origin=source.key("tag_policy", "tags", key))
            for key, written in part.tags.items()
        ),
        enforced_for=part.enforce,
        attach_to=part.attach_to or governs,
        origin=source.key("tag_policy"),
    )
