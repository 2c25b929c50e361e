"""The command line: one file a verb; each parses, calls `api`, prints and exits, without logic of its own."""

from strongroom.cli.app import main

__all__ = ["main"]
