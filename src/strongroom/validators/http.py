"""An address that must answer over HTTP."""

import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final

from strongroom.aws.contents.sources import name_in
from strongroom.domain.names import ResourceType
from strongroom.errors import BadInput
from strongroom.validators.target import Found, Target, failed, passed, unknown

_BODY_BYTES_MAX: Final = 1 << 20
_ANSWER_SECONDS_MAX: Final = 30.0
_PAUSE_SECONDS: Final = 1.0


def http(target: Target, settings: Mapping[str, Any], /) -> Found:
    """Ask the address once, or until `wait` is over for a machine that still starts.

    A refused connection is failed: the machine is there, and nobody listens. One that can't be reached is unknown.
    """
    url = filled(target, settings["url"])
    until = time.monotonic() + 60.0 * settings.get("wait", 0)
    while True:
        found = _asked(url, target, settings)
        if found.measured.get("status") in settings["status"] or time.monotonic() + _PAUSE_SECONDS > until:
            return found
        time.sleep(_PAUSE_SECONDS)


def filled(target: Target, url: str) -> str:
    """Return an address with {address} and {port} of what was restored; raises BadInput where it has none, AwsRefused."""
    if "{" not in url:
        return url
    endpoint = target.restored.endpoint
    address = endpoint.address if endpoint else _machine(target) if target.restored.type is ResourceType.EC2 else ""
    if not address:
        raise BadInput(f"{target.restored.resource_arn} has no address for {url}", hint="write the address instead of {address}")
    if "{port}" in url and endpoint is None:
        raise BadInput(f"{target.restored.resource_arn} has no port for {url}", hint="write the port instead of {port}")
    return url.replace("{address}", address).replace("{port}", str(endpoint.port if endpoint else ""))


def _machine(target: Target) -> str:
    """Return the address of an instance: the public one, else the private one."""
    name = name_in(target.restored.resource_arn)
    reservations = target.opened().call("ec2", "describe_instances", InstanceIds=[name])["Reservations"]
    instance: Mapping[str, Any] = next((each for reservation in reservations for each in reservation["Instances"]), {})
    return str(instance.get("PublicIpAddress") or instance.get("PrivateIpAddress") or "")


def _asked(url: str, target: Target, settings: Mapping[str, Any]) -> Found:
    begun = time.monotonic()
    try:
        status, body = _answer(url, target, settings)
    except (urllib.error.URLError, HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        measured = {"url": url, "answer_seconds": round(time.monotonic() - begun, 4)}
        if isinstance(reason, ConnectionRefusedError):
            return failed(f"{url} refuses connections: nobody listens", **measured)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return failed(f"the certificate of {url} is not trusted: {reason.verify_message}", **measured)
        told = "took too long" if isinstance(reason, socket.timeout) else str(reason) or type(reason).__name__
        return unknown(f"{url} can't be asked: {told}", **measured)
    measured = {"url": url, "status": status, "bytes": len(body), "answer_seconds": round(time.monotonic() - begun, 4)}
    if status not in settings["status"]:
        return failed(f"{url} answered {status}, {' or '.join(map(str, settings['status']))} expected", **measured)
    if settings.get("body") and not re.search(settings["body"], body.decode(errors="replace")):
        return failed(f"{url} answered {status} without {settings['body']!r} in it", **measured)
    return passed(f"{url} answered {status} in {measured['answer_seconds']:.3f} s", **measured)


def _answer(url: str, target: Target, settings: Mapping[str, Any]) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(target.path(settings["ca"])) if settings.get("ca") else None)
    if not settings.get("verify", True):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # what was restored is asked itself, not what a proxy of this machine knows
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    asked = urllib.request.Request(url, headers={"User-Agent": "strongroom"})  # noqa: S310 - http and https alone, see the grammar
    try:
        with opener.open(asked, timeout=min(_ANSWER_SECONDS_MAX, target.deadline_seconds)) as answer:
            return answer.status, answer.read(_BODY_BYTES_MAX)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_BODY_BYTES_MAX)
