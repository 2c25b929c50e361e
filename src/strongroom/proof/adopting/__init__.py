"""A strategy for an organization that others built: what the newest snapshot shows, in the words of a strategy file.

Nothing is invented: what the grammar can't express is named in a comment at its place. Plans, vaults and the role are adopted by
their names in AWS, so that there is nothing to deploy.
"""

from strongroom.proof.adopting.found import Found, find
from strongroom.proof.adopting.writing import written

__all__ = ["Found", "find", "written"]
