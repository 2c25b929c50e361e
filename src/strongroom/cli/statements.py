"""Statements of policies as JSON."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strongroom.semantics.authorization.model import Ground


def statement_member(ground: "Ground") -> dict[str, object]:
    """Return a statement with its place; statements are numbered from 1, as in messages."""
    return {
        "layer": ground.layer,
        "policy": ground.policy,
        "number": None if ground.statement is None else ground.statement + 1,
        "sid": ground.sid,
        "effect": ground.effect,
        "origin": ground.origin,
    }
