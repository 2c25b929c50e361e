"""Declare, deploy, watch and prove the backups of a whole AWS organization."""
