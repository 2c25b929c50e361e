"""`strongroom schema`."""

import json

import click


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of strategy files.

    Editors complete and check a strategy that starts with:  # yaml-language-server: $schema=strategy.schema.json
    """
    from strongroom import strategyfile

    click.echo(json.dumps(strategyfile.json_schema(), indent=2, ensure_ascii=False))
    return 0
