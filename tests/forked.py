"""`strongroom` in processes that are forked from one which has imported what its verbs need: half of a short command is imports.

Each command has a process, a folder, an environment and standard streams of its own, and ends as the program does. The hash seed alone
is that of the first process; a command whose environment means something to Python's own start is started.
"""

import array
import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

PROGRAM = str(Path(sys.executable).with_name("strongroom"))
_NOT_OURS = ("AWS_", "STRONGROOM_HOME")  # variables of whoever runs the tests
_READ_AT_START = ("LANG", "LC_", "LD_", "PYTHON")
_ELSEWHERE = ("strongroom.twin.", "strongroom.web", "strongroom.validators.")  # modules of other processes, or of extras
_SERVICES = (  # whose models the SDK reads once a process
    *("backup", "cloudformation", "cloudtrail", "cloudwatch", "controltower", "dynamodb", "ebs", "ec2", "efs", "events", "iam", "kms"),
    *("organizations", "ram", "rds", "resourcegroupstaggingapi", "s3", "service-quotas", "sns", "sqs", "sts"),
)
_PROGRAM = """\
#!{python} -IS
import array, json, os, socket, sys

request = json.dumps({{"command": sys.argv, "folder": os.getcwd(), "env": dict(os.environ)}}).encode() + b"\\n"
with socket.socket(socket.AF_UNIX) as caller:
    caller.connect("{address}")
    caller.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
    with caller.makefile("rb") as answers:
        answers.readline()
        code = int(answers.readline())
sys.exit(code)
"""
_BYTES_MAX = 1 << 20  # of a request
_STREAMS = 3


def run(
    arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], stdin: int = subprocess.DEVNULL, seconds: float
) -> "subprocess.CompletedProcess[bytes]":
    """Run `strongroom` to its end in a folder, with exactly this environment; raises TimeoutExpired, as subprocess does."""
    command = [PROGRAM, *arguments]
    if _at_start(env) != _at_start(os.environ):
        return subprocess.run(command, cwd=folder, env=env, stdin=stdin, capture_output=True, timeout=seconds, check=False)
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        Path(os.devnull).open("rb") as nothing,
        socket.socket(socket.AF_UNIX) as caller,
    ):
        caller.connect(_parent())
        streams = [nothing.fileno() if stdin == subprocess.DEVNULL else stdin, out.fileno(), err.fileno()]
        request = json.dumps({"command": command, "folder": str(folder), "env": dict(env)}).encode() + b"\n"
        caller.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))])
        code = _ended(caller, command, seconds)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


def _at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_START)}


def program(folder: Path) -> Path:
    """Write a `strongroom` into a folder that lets commands of a shell be forked, too; returns the folder, for PATH."""
    file = folder / "strongroom"
    file.write_text(_PROGRAM.format(python=sys.executable, address=_parent()), encoding="utf-8")
    file.chmod(0o755)
    return folder


def _ended(caller: socket.socket, command: list[str], seconds: float) -> int:
    """Wait until a command has ended, and return its exit code, negative for a signal."""
    with caller.makefile("rb") as answers:
        pid = int(answers.readline())
        caller.settimeout(seconds)
        try:
            return int(answers.readline())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, seconds) from None


@cache
def _parent() -> str:
    """Start the process that forks commands, and return its address; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="forked-")
    address = f"{folder.name}/socket"
    bare = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
    line = [sys.executable, "-P", __file__, address]
    parent = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bare, start_new_session=True)
    assert parent.stdin is not None
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    parent.stdout.close()

    def end(ours: Any = parent.stdin) -> None:
        ours.close()
        parent.wait()
        folder.cleanup()

    atexit.register(end)
    return address


def _serve(address: str) -> None:
    """Fork a command for each connection, until standard input ends."""
    _import_everything()
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        os.write(1, b"ready\n")
        while listener in select.select([listener, 0], [], [])[0]:
            _bury()
            caller, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _carry_out(caller)
            caller.close()


def _bury() -> None:
    """Ask after those that have told how their command ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _import_everything() -> None:
    """Import what verbs import when they are called; all modules are looked for, so that none is forgotten."""
    nobody = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_CONFIG_FILE": os.devnull}
    os.environ.update(nobody, PYDANTIC_DISABLE_PLUGINS="__all__")  # the latter as the program does
    import strongroom

    for module in pkgutil.walk_packages(strongroom.__path__, "strongroom."):
        if not module.name.startswith(_ELSEWHERE):
            importlib.import_module(module.name)
    from strongroom.aws.sessions import Sessions

    sessions = Sessions.open(role="none", region="eu-west-2")
    for service in _SERVICES:
        sessions.client(service, "eu-west-2")


def _carry_out(caller: socket.socket) -> NoReturn:
    """Fork the command that a caller wants, wait for it, and tell its caller how it ended."""
    request, ancillary, _, _ = caller.recvmsg(_BYTES_MAX, socket.CMSG_SPACE(_STREAMS * array.array("i").itemsize))
    while not request.endswith(b"\n"):
        request += caller.recv(_BYTES_MAX)
    streams = array.array("i")
    streams.frombytes(ancillary[0][2])
    pid = os.fork()
    if pid == 0:
        caller.close()
        _become(json.loads(request), streams)
    for stream in streams:
        os.close(stream)
    caller.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    caller.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(request: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    """Run the command in this process."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["folder"])
    sys.argv = request["command"]
    from strongroom.cli import main

    try:
        main()
    except SystemExit as ended:
        atexit._run_exitfuncs()  # what the program has left to tidy up
        os._exit(int(ended.code or 0))  # taking all modules apart would last longer than many a command


if __name__ == "__main__":
    _serve(sys.argv[1])
    _bury()
    os._exit(0)  # as quickly as the commands
