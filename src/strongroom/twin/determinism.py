"""The same run gives the same twin: whatever is drawn by chance comes from a sequence that always begins alike."""

from types import SimpleNamespace

SEED = "twin"
_KEY_BYTES = 32  # AES-256


def begin() -> None:
    """Seed moto's chances, and let it draw the material of keys and the ids of databases from them; once a process."""
    from moto.kms import models as kms
    from moto.moto_api._internal import mock_random
    from moto.rds import models as rds

    mock_random.seed(SEED)

    kms.generate_master_key = lambda: mock_random.randbytes(_KEY_BYTES)  # a secret of an emulator is none
    rds.uuid = SimpleNamespace(uuid4=mock_random.uuid4)
