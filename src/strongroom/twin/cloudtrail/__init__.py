"""CloudTrail of the twin: what LookupEvents tells of the calls that were made, and of what AWS Backup did by itself.

Trails and their buckets stay moto's; here is only the event history of the last 90 days.
"""

from strongroom.twin.cloudtrail.lookup import lookup_events
from strongroom.twin.cloudtrail.trail import Trail

__all__ = ["Trail", "lookup_events"]
