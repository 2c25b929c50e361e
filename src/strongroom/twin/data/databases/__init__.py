"""RDS for PostgreSQL is PostgreSQL: each DB instance is a server, and a recovery point of it is a position in its log.

`install` returns the keeper of these data, `sweep` removes what a twin that was killed has left behind. Other engines, Aurora, Multi-AZ
and read replicas are state alone, and everything is where the wheel with PostgreSQL's programs is missing.
"""

from strongroom.twin.data.databases.keeper import Databases, install
from strongroom.twin.data.databases.sweeping import sweep

__all__ = ["Databases", "install", "sweep"]
