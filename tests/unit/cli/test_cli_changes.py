"""How a plan, its meaning and what it fell short of look: bounded, with signs, one line a meaning."""

from datetime import UTC, datetime

import pytest

from strongroom.cli.changes import fell_short, print_meaning, print_plan, print_shortfalls
from strongroom.domain.changeplan import ChangePlan, DeletePolicy, Difference, PutPolicy, Shortfall, Sign, Step
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.forecast.policydiff import Effect
from strongroom.workflows.planning.meaning import Meaning, Meanings

HOME = Region("eu-west-2")


def plan(*steps):
    return ChangePlan(
        plan_id="tiers-1",
        strategy="tiers",
        management_account=AccountId("111111111111"),
        home_region=HOME,
        deploy_role="strongroom-deploy",
        created_at="2026-11-21T00:00:00+00:00",
        reads=(),
        steps=steps,
    )


def changed(*differences):
    action = PutPolicy(type=PolicyType.BACKUP, name="tiers-p", content="{}", creates=False)
    return Step(number=1, title="update backup policy tiers-p", removes=False, sign=Sign.CHANGES, differences=differences, action=action)


def test_values_are_shown_with_their_sign_and_cut(capsys):
    """Before and after, added and removed; a long value ends with an ellipsis."""
    print_plan(
        plan(
            changed(
                Difference(path="a", before='"30"', after='"60"'),
                Difference(path="b", before="", after=f'"{"x" * 100}"'),
                Difference(path="c", before="1", after=""),
            )
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "  1 ~ update backup policy tiers-p",
        '        ~ a: "30" -> "60"',
        f'        + b: "{"x" * 71}…',
        "        - c: 1",
        "1 to change",
    ]


def test_only_the_first_differences_are_shown(capsys):
    """The rest is counted, and JSON has it."""
    print_plan(plan(changed(*(Difference(path=f"p{number}", before="1", after="2") for number in range(9)))))
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-2]) == (9, "        and 3 more: --format json shows them all")


@pytest.mark.parametrize(("drift", "end"), [(True, ""), (False, " (changes by hand inside stacks were not looked for)")])
def test_nothing_to_do_is_said_with_what_was_not_looked_at(capsys, drift, end):
    """An empty plan that did not look for drift doesn't claim more than it knows."""
    print_plan(plan(), drift=drift)
    assert capsys.readouterr().out == f"tiers is deployed as declared: nothing to do{end}\n"


def test_steps_are_counted_by_what_they_do(capsys):
    """Creations, changes and destructions, in this order, those that there are."""
    gone = Step(
        number=2,
        title="delete backup policy x",
        removes=True,
        sign=Sign.DESTROYS,
        action=DeletePolicy(type=PolicyType.BACKUP, name="x"),
    )
    print_plan(plan(changed(), gone))
    assert capsys.readouterr().out.splitlines()[-2:] == ["  2 - delete backup policy x", "1 to change, 1 to destroy"]


def test_a_meaning_is_a_line_with_its_ous_and_when_it_was_counted(capsys):
    """Losses have a minus; without a snapshot the line below says that nothing was counted."""
    lost = Meaning(
        effect=Effect.LOSES,
        sentence="2 resources lose the copy in eu-west-1",
        rule="p.r",
        aspect="copy",
        before="1y",
        after="nothing",
        units=("Prod", "Dev"),
        resources=2,
    )
    print_meaning(Meanings(rows=(lost,), unread=(), untold=("the policies at X can't be read",)), datetime(2026, 11, 21, 2, tzinfo=UTC))
    print_meaning(Meanings(rows=(lost,), unread=(), untold=()), None)
    assert capsys.readouterr().out.splitlines() == [
        "    - 2 resources lose the copy in eu-west-1; in Prod, Dev",
        "unread the policies at X can't be read: what their change means is not known",
        "    resources as seen 2026-11-21 02:00 UTC",
        "    - 2 resources lose the copy in eu-west-1; in Prod, Dev",
        "    not counted: there is no snapshot, run sync",
    ]


def test_shortfalls_are_lines_with_their_cause_and_accounts_are_counted_once(capsys):
    """Two Regions of one account are one account."""
    several = tuple(
        Shortfall(subject="StackSet s", account=AccountId("555555555555"), region=region, cause="AWS says no")
        for region in (HOME, Region("eu-west-1"))
    )
    print_shortfalls(several)
    assert capsys.readouterr().out.splitlines() == [
        "failed StackSet s in account 555555555555, eu-west-2: AWS says no",
        "failed StackSet s in account 555555555555, eu-west-1: AWS says no",
        "  help: mend the causes, then: strongroom apply",
    ]
    assert (fell_short(several), fell_short(())) == ("; 1 account fell short", "")
