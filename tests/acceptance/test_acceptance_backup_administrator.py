"""A strategy is deployed from the backup administrator's account, through the deploy role of the management account."""

import os
import subprocess
import sys
from pathlib import Path

from strongroom.twin import client as control
from strongroom.twin import process

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-tiers"


def test_the_backup_administrator_deploys_in_one_hop(tmp_path: Path):
    """Every write of the apply is made in the management or the central account, by the deploy role; a second plan has nothing to do."""
    endpoint = process.up(tmp_path, 0, EXAMPLE / "organization.yaml")
    try:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= process.environment(endpoint)
        environment |= {
            "AWS_ACCESS_KEY_ID": "AKIATWINBACKUPADMIN1",
            "AWS_SECRET_ACCESS_KEY": "local-backup-admin",
            "STRONGROOM_HOME": str(tmp_path),
        }

        def run(*words: str) -> str:
            command = [str(Path(sys.executable).parent / "strongroom"), *words]
            return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

        assert " steps; run three-tiers-" in run("apply", str(EXAMPLE), "--yes")
        writes = control.calls(endpoint, write=True)
        assert {call["account"] for call in writes} == {"111111111111", "333333333333"}
        assert all(":assumed-role/strongroom-deploy/" in call["principal"] for call in writes)
        assert "nothing to do" in run("plan", str(EXAMPLE))
    finally:
        process.down(tmp_path)
