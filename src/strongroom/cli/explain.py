"""`strongroom explain`."""

import click

from strongroom.cli.formats import print_json, text_or_json


@click.command("explain")
@click.argument("code")
@text_or_json
def command(code: str, output: str) -> int:
    """Explain a finding's code, such as LCK001: why it happens, how to mend it, what the check can't see."""
    from strongroom.api.explain import explain

    text = explain(code)
    if output == "json":
        print_json("explain", code=code.strip().upper(), text=text)
    else:
        click.echo(text)
    return 0
