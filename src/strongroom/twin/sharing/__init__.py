"""AWS Resource Access Manager of the twin: shares, the accounts that see them, invitations. `install()` puts it in place of moto's.

moto's shares know neither vaults nor the twin's organization, and nobody but their owner sees them.
"""

from strongroom.twin.sharing.service import is_shared_with, shared_with
from strongroom.twin.sharing.wire import install

__all__ = ["install", "is_shared_with", "shared_with"]
