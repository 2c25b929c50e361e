"""The link `restorable`: would a restore succeed at home, in the Region of the copies, in the account that keeps them?

Nothing is restored: every call behind a restore, and behind the copy back that must come first, is asked of the evaluator, and what a
Region must have for it is looked up in what was read. Restores that happened are for `restored`.
"""

from strongroom.proof.restoring.judging import RESTORABLES, restorables, roles_asked

__all__ = ["RESTORABLES", "restorables", "roles_asked"]
