"""Who calls: IAM users' access keys, root keys for seeding, and the sessions that STS handed out."""

import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moto.iam.models import iam_backends

from strongroom.twin.clock import real_now
from strongroom.twin.wire import Refusal, Scope

PARTITION = "aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller whose credentials were accepted."""

    account: str
    arn: str  # IAM user, assumed role, or root
    user_id: str  # as GetCallerIdentity shows it
    role_arn: str = ""  # of a session of a role; trust policies name this one
    session_policies: tuple[str, ...] = ()  # JSON texts that AssumeRole was given: the session may do no more

    @property
    def policy_arn(self) -> str:
        """The ARN that a trust policy names: the role for its sessions."""
        return self.role_arn or self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Temporary credentials; they expire in real time, because clients compare `Expiration` with their own clock."""

    access_key: str
    secret: str
    token: str
    expires_at: datetime  # real, not virtual
    caller: Caller


class Identities:
    """All credentials of the twin; safe to use from several threads."""

    def __init__(self) -> None:
        self._roots: dict[str, str] = {}  # access key -> account
        self._sessions: dict[str, Session] = {}
        self._owners: dict[str, str] = {}  # access key of an IAM user -> account; a cache
        self._lock = threading.Lock()

    def resolve(self, scope: Scope) -> Caller | Refusal:
        """Return the caller behind a credential scope, or why there is none."""
        session = self._sessions.get(scope.access_key)
        if session is not None:
            if scope.token != session.token:
                return Refusal.UNKNOWN_KEY
            return Refusal.EXPIRED if session.expires_at <= real_now() else session.caller
        if scope.token:
            return Refusal.UNKNOWN_KEY
        if scope.access_key in self._roots:
            account = self._roots[scope.access_key]
            return Caller(account=account, arn=f"arn:{PARTITION}:iam::{account}:root", user_id=account)
        return self._user(scope.access_key) or Refusal.UNKNOWN_KEY

    def root_key(self, account: str) -> str:
        """Mint an access key for the root user of an account; for the twin's own seeding."""
        access_key = _key_id("AKIA")
        self._roots[access_key] = account
        return access_key

    def forget_roots(self) -> None:
        """Make every root key useless."""
        self._roots.clear()

    def open_session(self, caller: Caller, lifetime: timedelta) -> Session:
        """Hand out temporary credentials."""
        session = Session(
            access_key=_key_id("ASIA"),
            secret=secrets.token_urlsafe(30),
            token="FwoGZXIvYXdzE" + secrets.token_urlsafe(120),
            expires_at=real_now() + lifetime,
            caller=caller,
        )
        with self._lock:
            self._sessions[session.access_key] = session
        return session

    def expire_sessions(self, *, account: str = "") -> int:
        """End all sessions, or those in one account; they answer ExpiredToken from now on. Returns how many."""
        with self._lock:
            chosen = [key for key, session in self._sessions.items() if account in {"", session.caller.account}]
            for key in chosen:
                self._sessions[key] = replace(self._sessions[key], expires_at=real_now())
        return len(chosen)

    def _user(self, access_key: str) -> Caller | None:
        account = self._owners.get(access_key) or _owner(access_key, list(iam_backends))
        if not account:
            return None
        iam = iam_backends[account][PARTITION]
        key = iam.access_keys.get(access_key)
        if key is None or key.status != "Active" or key.user_name not in iam.users:
            self._owners.pop(access_key, None)
            return None
        self._owners[access_key] = account
        user = iam.users[key.user_name]
        return Caller(account=account, arn=user.arn, user_id=user.id)


def add_access_key(account: str, user: str, access_key: str, secret: str) -> None:
    """Give an existing IAM user an access key with chosen id and secret, which no AWS call can."""
    iam = iam_backends[account][PARTITION]
    key = iam.create_access_key(user)
    iam.access_keys.pop(key.physical_resource_id, None)
    key.access_key_id = access_key
    key.secret_access_key = secret
    iam.access_keys[access_key] = key


def _owner(access_key: str, accounts: Iterable[str]) -> str:
    return next((account for account in accounts if access_key in iam_backends[account][PARTITION].access_keys), "")


def _key_id(prefix: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return prefix + "".join(secrets.choice(alphabet) for _ in range(16))
