"""Verbs run in this process, with the exit code that the outermost loop gives their errors."""

import importlib

import click
import pytest
from click.testing import CliRunner

from strongroom.errors import ExitCode, StrongroomError


@pytest.fixture
def verb(tmp_path, monkeypatch):
    """Return a function that runs a verb and returns (exit code, output, errors); the state folder is empty."""
    monkeypatch.setenv("STRONGROOM_HOME", str(tmp_path / "home"))

    def run(name, *arguments):
        command = importlib.import_module(f"strongroom.cli.{name}").command
        done = CliRunner().invoke(command, [str(argument) for argument in arguments], standalone_mode=False)
        if isinstance(done.exception, StrongroomError):
            findings = "".join(finding.message for finding in getattr(done.exception, "findings", ()))
            return done.exception.exit_code, done.stdout, f"{findings}{done.exception.message}\n{done.exception.hint}\n"
        if isinstance(done.exception, click.ClickException):
            return ExitCode.BAD_INPUT, done.stdout, done.exception.format_message()
        if done.exception:
            raise done.exception
        return done.return_value, done.stdout, done.stderr

    return run
