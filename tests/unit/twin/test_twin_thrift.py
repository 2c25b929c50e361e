"""What the twin spares at its start is there when somebody asks for it."""

import json
import subprocess
import sys

SCRIPT = """
import json, sys
from strongroom.twin import thrift
import moto.cloudformation.parsing
from moto.apigateway import models
from moto.ec2.models import ec2_backends, instance_types
said = {"early": sorted(each for each in ("jsonschema", "pytest") if each in sys.modules)}
models.validate({"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": {}})
try:
    models.validate({"openapi": "3.0.0"})
except models.OpenAPIValidationError as error:
    said["refused"] = type(error).__module__.partition(".")[0]
offered = list(instance_types.INSTANCE_TYPE_OFFERINGS["region"]["eu-west-2"])
said["places"] = sorted({each["LocationType"] for each in offered}), len(offered) > 100, len(list(offered)) == len(offered)
ec2 = ec2_backends["111111111111"]["eu-west-2"]
said["offered"] = len(ec2.describe_instance_type_offerings("availability-zone")) > 100
said["regions"] = "eu-west-2" in {each.name for each in ec2.describe_regions()}
print(json.dumps(said))
"""


def test_what_is_spared_comes_late():
    """Neither a validator nor pytest is imported at the start; documents are validated, and instance types offered, on demand."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "early": [],
        "refused": "openapi_spec_validator",
        "places": [["region"], True, True],
        "offered": True,
        "regions": True,
    }
