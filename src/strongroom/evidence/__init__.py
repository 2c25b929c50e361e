"""Evidence: what was shown, when and by whom, as documents that can be checked without Strongroom.

JSON comes first; what people read is made from the JSON alone, so that both say the same.
"""

from strongroom.evidence.restore_tests import Sources, document, markdown
from strongroom.evidence.standing import Standing, standings

__all__ = ["Sources", "Standing", "document", "markdown", "standings"]
