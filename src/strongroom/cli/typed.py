"""Text on the command line."""

from typing import Any

import click
from click.core import ParameterSource


class Filled(click.types.StringParamType):
    """Text that says something: an option left empty, because a variable of the shell is, must not pass for one left out."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the text; a default may be empty."""
        text = super().convert(value, param, ctx)
        written = ctx is not None and param is not None and ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
        if written and not text.strip():
            self.fail("it is empty", param, ctx)
        return text


FILLED = Filled()
