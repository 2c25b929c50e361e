"""Declare, deploy, watch and prove the backups of a whole AWS organization."""

__version__ = "0.1.0"
