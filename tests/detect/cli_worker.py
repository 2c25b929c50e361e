"""The AWS CLI in a process of its own: a command a line comes in, what it printed goes out.

`aws` takes half a second to start; this starts once, and gives each account a driver of its own that keeps what it has loaded.
"""

import contextlib
import io
import json
import os
import sys
from typing import Any


def main() -> None:
    """Answer each line of standard input: {"environment": {…}, "command": [...]} -> {"code", "out", "err"}."""
    drivers: dict[str, Any] = {}
    loader: Any = None
    for line in sys.stdin:
        asked = json.loads(line)
        os.environ.update(asked["environment"])
        from awscli.clidriver import create_clidriver

        key = asked["environment"]["AWS_ACCESS_KEY_ID"]
        if key not in drivers:
            drivers[key] = create_clidriver()
            loader = loader or drivers[key].session.get_component("data_loader")
            drivers[key].session.register_component("data_loader", loader)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = drivers[key].main(asked["command"])
        sys.stdout.write(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
