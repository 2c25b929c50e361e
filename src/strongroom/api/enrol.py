"""`enrol`: what StackSets can't bring to an account, service opt-in and advanced features of AWS Backup."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.api.sync import organization_refusal
from strongroom.aws.enrolment import EnrolledPlace, enrol_accounts
from strongroom.aws.organization import OrganizationTree, read_tree
from strongroom.aws.sessions import Sessions
from strongroom.compiler.roles.enrol import enrol_role_name
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId
from strongroom.domain.organization import is_governed
from strongroom.errors import AwsRefused, BadInput, ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A governed account that was left out."""

    account: AccountId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What enrolling did, in every account and Region."""

    role: str  # that was assumed in each account
    places: tuple[EnrolledPlace, ...]  # by account and Region
    skipped: tuple[Skipped, ...]  # by account

    @property
    def failed(self) -> tuple[EnrolledPlace, ...]:
        """Places that could not be enrolled."""
        return tuple(place for place in self.places if place.reason)

    @property
    def exit_code(self) -> ExitCode:
        """AWS_REFUSED when any place could not be enrolled."""
        return ExitCode.AWS_REFUSED if self.failed else ExitCode.PROVEN


def enrol(
    strategy: Path, *, accounts: Sequence[str] = (), role: str | None = None, on_progress: Callable[[int, int, str], None]
) -> Enrolled:
    """Opt every governed account, or those named, in to AWS Backup; the management account's switches are set by `apply`.

    Raises BadInput for an account that is not governed, AwsRefused when the organization can't be read.
    """
    estate = compiler.compile_strategy(load_strategy(strategy))
    name = role or enrol_role_name(estate.name)
    sessions = Sessions.open(role=name, region=estate.organization.home_region)
    sessions.caller()  # the plainest error for missing or expired credentials
    try:
        tree = read_tree(sessions)
    except AwsRefused as error:
        raise organization_refusal(error, sessions) from error
    wanted, skipped = _governed(estate, tree, accounts)
    places = enrol_accounts(sessions, wanted, estate.organization.regions, estate.settings, on_progress=on_progress)
    return Enrolled(role=name, places=places, skipped=skipped)


def _governed(estate: Estate, tree: OrganizationTree, named: Sequence[str]) -> tuple[list[AccountId], tuple[Skipped, ...]]:
    governed = {
        account.id: account.status
        for account in tree.accounts
        if account.id != tree.management_account
        and is_governed(estate.organization.governs, ou_path=account.ou_path, ou_ids=account.ou_ids)
    }
    for each in named:
        if each not in governed:
            near = get_close_matches(each, governed, n=1)
            hint = f"did you mean {near[0]}?" if near else f"governed are the accounts under {', '.join(estate.organization.governs)}"
            raise BadInput(f"account {each} is not governed by strategy {estate.name}", hint=hint)
    chosen = [AccountId(each) for each in named] or sorted(governed)
    skipped = tuple(
        Skipped(account=each, reason=f"the account is {governed[each]}") for each in chosen if governed[each] != "ACTIVE"
    )  # fmt: skip
    return [each for each in chosen if governed[each] == "ACTIVE"], skipped
