"""What AWS Backup's API returns or takes: a plan (GetBackupPlan, CreateBackupPlan), a selection (GetBackupSelection)."""

from typing import Final

from strongroom.documents import plandocument, selections, wirenames
from strongroom.documents.drafts import Draft, DraftPlan, DraftSelection
from strongroom.documents.fields import Fields
from strongroom.documents.nodes import Members, text
from strongroom.documents.notes import Notes
from strongroom.domain.names import AccountId, Arn, Region
from strongroom.domain.origin import Unread

_ANSWER: Final = frozenset({"ResponseMetadata", "CreatorRequestId", "CreationDate", "BackupPlanId", "BackupPlanArn"})
_PLAN_ANSWER: Final = _ANSWER | {
    *("BackupPlan", "BackupPlanTags", "VersionId", "DeletionDate", "LastExecutionDate"),
    *("AdvancedBackupSettings", "ScheduledRunsPreview"),
}
_SELECTION_ANSWER: Final = _ANSWER | {"BackupSelection", "SelectionId"}


def plan(root: Members, notes: Notes, *, selected: tuple[DraftSelection, ...] = ()) -> Draft | None:
    """Return a plan, with selections that belong to it; None when nothing of it can be read."""
    answer = Fields(root, "plan", notes)
    body = answer
    if "BackupPlan" in root.entries:
        answer.only(_PLAN_ANSWER)
        inner = answer.object("BackupPlan")
        if not isinstance(inner, Fields):
            return None
        body = inner
    body.only(wirenames.API.plan_keys)
    name = body.text("BackupPlanName", required=True)
    named = name if isinstance(name, str) else "plan"
    body.subject = f"plan {named}"
    rules, _ = plandocument.rules(body, wirenames.API)
    account, region = place_of(text(answer.value("BackupPlanArn")))
    made = DraftPlan(
        name=named,
        rules=rules,
        selections=selected,
        regions=(region,) if region else (),
        account=account,
        origin=body.origin,
    )
    return Draft(name=named, plans=(made,), account=account, region=region)


def selection(root: Members, notes: Notes) -> DraftSelection | None:
    """Return a selection; None when nothing of it can be read."""
    answer = Fields(root, "selection", notes)
    body = answer
    if "BackupSelection" in root.entries:
        answer.only(_SELECTION_ANSWER)
        inner = answer.object("BackupSelection")
        if not isinstance(inner, Fields):
            return None
        body = inner
    return selections.selection(body, selections.API)


def selection_alone(found: DraftSelection) -> Draft:
    """Return a selection whose plan is not there: a plan without rules, so that its tags and types can be judged."""
    name = found.subject.removeprefix("selection ")
    reason = Unread("the rules of its plan are not in the document")
    made = DraftPlan(name=name, rules=(), selections=(found,), regions=(), account=None, origin=found.origin, selections_unread=reason)
    return Draft(name=name, plans=(made,))


def place_of(arn: str | None) -> tuple[str | None, str | None]:
    """Return account and Region of an ARN, as far as it has them.

    Example:
        >>> place_of("arn:aws:backup:eu-west-2:111122223333:backup-plan:p")
        ('111122223333', 'eu-west-2')
    """
    try:
        parsed = Arn.parse(arn or "")
        return AccountId.parse(parsed.account), Region.parse(parsed.region)
    except ValueError:
        return None, None
