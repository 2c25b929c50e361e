"""An AWS Backup that really runs, and really fails, on a virtual clock.

`service.Backup` answers wire calls of the `backup` service and lets time pass. The state is plain data (`state`), the
engine is a queue of events (`clockwork`), the rules are those of `strongroom.semantics` that the checks use too.
"""

from strongroom.twin.backup.service import Backup

__all__ = ["Backup"]
