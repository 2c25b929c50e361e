"""AWS Organizations of the twin: a tree of units, accounts that join by invitation, and backup policies with real inheritance.

`install()` puts it in place of moto's, and returns the view of it that AWS Backup and CloudFormation read.
"""

from strongroom.twin.organizations.service import Organizations
from strongroom.twin.organizations.wire import install

__all__ = ["Organizations", "install"]
