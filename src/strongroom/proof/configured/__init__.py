"""Configuration as it is in AWS, through the same checks as a strategy: one catalogue, whoever wrote what it looks at.

`run` gives what the checks say of plans that the strategy does not declare, and of the strategy itself once the resources are
known; `codes` says which checks, and why not the others.
"""

from strongroom.proof.configured.codes import LEFT_OUT, OF_FOREIGN_PLANS, OF_THE_STRATEGY
from strongroom.proof.configured.run import run

__all__ = ["LEFT_OUT", "OF_FOREIGN_PLANS", "OF_THE_STRATEGY", "run"]
