"""`strongroom can`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_findings, print_wrapped
from strongroom.cli.statements import statement_member

if TYPE_CHECKING:
    from strongroom.api.can import Answer, Can
    from strongroom.domain.access import Access
    from strongroom.semantics.authorization.model import Decision

COLORS = {"allowed": "green", "denied": "red", "unknown": "yellow"}
LAYER_WIDTH = 26  # the longest name of a layer, and two blanks


@click.command("can")
@click.argument("principal")
@click.argument("action")
@click.argument("resource")
@click.option("--policies", type=click.Path(path_type=Path), help="Access document, or a folder with access.yaml, in place of the ledger.")
@click.option("--ledger", is_flag=True, help="Ask the ledger; this is the default.")
@click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")
@click.option("--strategy", type=click.Path(path_type=Path), help="Only to find its state folder.")
@click.option("--context", multiple=True, metavar="KEY=VALUE", help="A context key of the call; KEY= when the call lacks it. Repeatable.")
@click.option("--session-policy", multiple=True, type=click.Path(path_type=Path), help="Policy of the role's session. Repeatable.")
@click.option("--vault", help="Vault that holds the recovery point RESOURCE; the ledger knows it.")
@click.option("--explain", is_flag=True, help="Show what every layer of policies says.")
@text_or_json
def command(  # noqa: PLR0917 - one parameter for each option
    principal: str,
    action: str,
    resource: str,
    policies: Path | None,
    ledger: bool,  # noqa: FBT001 - click's flag
    as_of: str | None,
    strategy: Path | None,
    context: tuple[str, ...],
    session_policy: tuple[Path, ...],
    vault: str | None,
    explain: bool,  # noqa: FBT001 - click's flag
    output: str,
) -> int:
    """Say whether AWS would let a principal make a call, and why.

    PRINCIPAL is the ARN of a role, user or assumed role, an account id (its root user), a service such as backup.amazonaws.com, or a
    short name such as ops or ops@shop. RESOURCE is an ARN, *, or a short name such as vault:central@333333333333/eu-west-2; what is
    asked of recovery points may name their vault.

    Exits with 0 when it is allowed, 1 when it is denied, 3 when it isn't known.
    """
    from strongroom.api.can import can
    from strongroom.api.entitled import entitled
    from strongroom.api.home import home_for
    from strongroom.errors import BadInput

    if policies is not None and ledger:
        raise BadInput("--policies and --ledger exclude each other", hint="leave one of them out")
    source = entitled(policies=policies, home=home_for(strategy), as_of=as_of)
    found = can(source, principal, action, resource, context=context, session_policies=session_policy, vault=vault)
    for note in found.notes:
        click.echo(f"{click.style('note', fg='yellow')}: {note}", err=True)
    if output == "json":
        print_json("can", **members(found))
    else:
        print_answer(found, source.access, explain=explain)
    return found.exit_code


def members(found: "Can") -> dict[str, object]:
    """Return the answer's members for JSON."""
    return {
        "principal": found.principal,
        "action": found.action,
        "resource": found.resource,
        "verdict": found.verdict,
        "exit_code": int(found.exit_code),
        "source": found.source,
        "observed_at": found.observed_at,
        "answers": [{"resource": each.resource, "vault": each.vault, **_decision(each.decision)} for each in found.answers],
        "notes": found.notes,
        "findings": found.findings,
    }


def _decision(decision: "Decision") -> dict[str, object]:
    return {
        "verdict": decision.verdict,
        "because": decision.because,
        "missing": decision.missing,
        "statement": statement_member(decision.ground),
        "layers": [
            {"layer": layer, "verdict": verdict, "statements": [statement_member(ground) for ground in grounds]}
            for layer, verdict, grounds in decision.layers
        ],
    }


def print_answer(found: "Can", access: "Access", *, explain: bool) -> None:
    """Print the verdict and why; answers that say the same of several recovery points once."""
    from strongroom.api.naming import Names, account_of, called

    print_findings(found.findings, err=True)
    names = Names(access)
    account = account_of(found.principal)
    who = f"{called(found.principal)}{f' of {names.account_called(account)}' if account else ''}"
    kinds: dict[tuple[str, str], list[Answer]] = {}
    for each in found.answers:
        kinds.setdefault((each.decision.verdict, each.decision.because), []).append(each)
    for (verdict, because), answers in kinds.items():
        inside = "recovery points in " if answers[0].vault == found.resource else ""
        click.echo(f"{click.style(verdict, fg=COLORS[verdict], bold=True)}: {found.action}")
        print_wrapped(f"who:  {who}", "  ", deeper=6)
        print_wrapped(f"on:   {inside}{names.thing_called(found.resource)}", "  ", deeper=6)
        if len(kinds) > 1:
            print_wrapped(f"as:   {', '.join(each.resource for each in answers)}", "  ", deeper=6)
        print_wrapped(f"why:  {because}", "  ", deeper=6)
        decision = answers[0].decision
        if decision.ground.origin:
            click.echo(f"  at:   {decision.ground.origin}")
        if keys := [key for key in decision.missing if ":" in key and " " not in key]:
            click.echo(f"  help: say what the call has: {' '.join(f'--context {key}=…' for key in keys)}")
        if explain:
            _print_layers(decision)
    if found.observed_at:
        click.echo(f"  seen: {found.observed_at:%Y-%m-%d %H:%M} UTC")


def _print_layers(decision: "Decision") -> None:
    for layer, verdict, grounds in decision.layers:
        click.echo(f"  {layer.value:<{LAYER_WIDTH}}{click.style(verdict.value, fg=COLORS[verdict.value])}")
        for ground in grounds:
            number = "" if ground.statement is None else f"statement {ground.statement + 1}"
            sid = f" ({ground.sid})" if ground.sid else ""
            print_wrapped(f"{ground.effect or '-':<6} {number}{sid} of {ground.policy}, {ground.origin}", "    ")
