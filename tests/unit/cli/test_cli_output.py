"""How results look: aligned whatever the colours, each thing said once."""

import click
import pytest

from strongroom.api.sync import Unread
from strongroom.cli.prove import print_chains
from strongroom.cli.sync import UNREAD_SHOWN, print_unread
from strongroom.domain.names import AccountId, Region
from strongroom.proof import Chain, Link, LinkName, LinkState

ARN = "arn:aws:dynamodb:eu-west-2:555555555555:table/orders"


def chain(label, *links):
    return Chain(
        resource_arn=ARN,
        account_id=AccountId("555555555555"),
        region=Region("eu-west-2"),
        resource_type="DynamoDB",
        plan="production",
        rule="daily",
        destination_label=label,
        destination_vault_arn="",
        links=links,
    )


PROVEN = Link(name=LinkName.SELECTED, state=LinkState.PROVEN, evidence=("plan production selects it",))
BROKEN = Link(name=LinkName.COPIED, state=LinkState.BROKEN, cause="copy jobs fail", fix="mend it", failure_mode="FM21")
OPEN = Link(name=LinkName.RESTORABLE, state=LinkState.NOT_ASSESSED, cause="later")


def test_links_are_aligned_with_and_without_colours(capsys):
    """Causes stand in one column: colours take no room."""
    with click.Context(click.Command("prove"), color=True):
        print_chains(ARN, [chain("local", PROVEN, BROKEN, OPEN)])
    coloured = capsys.readouterr().out
    assert "\x1b[31m" in coloured
    lines = click.unstyle(coloured).splitlines()[3:]
    assert lines == [
        "  selected    proven        plan production selects it",
        "  copied      broken        copy jobs fail",
        "              help: mend it (FM21)",
        "  restorable  not assessed  later",
    ]


def test_destinations_of_which_all_is_alike_are_printed_once(capsys):
    """One heading for chains with the same links, another one where they differ."""
    print_chains(ARN, [chain("local", BROKEN), chain("central", BROKEN), chain("dr", PROVEN)])
    out = capsys.readouterr().out
    assert "production / daily -> local, central: broken\n" in out
    assert "production / daily -> dr: proven\n" in out
    assert out.count("copy jobs fail") == 1


def test_a_resource_that_no_plan_selects_is_said_in_words(capsys):
    """No chains is no proof."""
    print_chains(ARN, [])
    assert capsys.readouterr().out == f"{ARN}\n\nno plan of the strategy selects it, so nothing of it is protected\n"


def test_what_could_not_be_read_is_a_line_for_an_account_and_reason(capsys):
    """Regions with the same reason share a line; further reasons are counted."""
    print_unread(
        [
            Unread(account_id="555555555555", region="", subjects=("roles",), reason="denied"),
            Unread(account_id="555555555555", region="eu-west-1", subjects=("plans", "vaults"), reason="denied"),
            Unread(account_id="666666666666", region="eu-west-1", subjects=("plans",), reason="silent"),
            Unread(account_id="666666666666", region="eu-west-1", subjects=("vaults",), reason="silent too"),
        ]
    )
    assert capsys.readouterr().out.splitlines() == [
        "unread 3 subjects of account 555555555555 in eu-west-1: denied",
        "unread 2 subjects of account 666666666666 in eu-west-1: silent (and 1 further reason)",
    ]


@pytest.mark.parametrize("accounts", [UNREAD_SHOWN, UNREAD_SHOWN + 3])
def test_a_long_list_of_unread_accounts_is_cut(capsys, accounts):
    """Twenty lines, then how many more there are and where."""
    print_unread([Unread(account_id=f"{number:012}", region="", subjects=("roles",), reason="denied") for number in range(accounts)])
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("unread ")]) == UNREAD_SHOWN
    assert lines[UNREAD_SHOWN:] == (["and 3 more; all of them: strongroom sync --format json"] if accounts > UNREAD_SHOWN else [])
