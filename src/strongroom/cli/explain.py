"""`strongroom explain`."""

import click


@click.command("explain")
@click.argument("code")
def command(code: str) -> int:
    """Explain a finding's code, such as LCK001: why it happens, how to mend it, what the check can't see."""
    from strongroom.api.explain import explain

    click.echo(explain(code))
    return 0
