"""A case of the comparison: what is true of a request and which policies there are, in AWS's JSON."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.rival import world
from tests.rival.world import Thing, Who

Json = dict[str, Any]
Named = tuple[str, Json]
ALLOW_ALL: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
FULL_ACCESS_OF_RESOURCES: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
# Services whose resources the control policies of this comparison reach; the list that AWS keeps is longer.
CONTROLLED = ("s3", "sts", "kms", "sqs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request, what is true of it, and the policies that apply."""

    number: int
    focus: str  # the layer that was drawn to decide
    who: Who
    action: str
    thing: Thing
    identity: tuple[Json, ...] = ()
    boundary: Json | None = None
    session: Json | None = None
    scps: tuple[tuple[str, tuple[Named, ...]], ...] = ()  # (place, policies) from the root down
    rcps: tuple[tuple[str, tuple[Named, ...]], ...] = ()  # without RCPFullAWSAccess, which every level has
    resource: Json | None = None
    grants: tuple[tuple[str, tuple[str, ...]], ...] = ()  # grantee and operations
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)  # context keys but those that AWS takes from actor and resource

    @property
    def context(self) -> dict[str, tuple[str, ...]]:
        """Every key of the request."""
        return self.values | world.of_principal(self.who) | world.of_resource(self.thing)

    @property
    def service(self) -> str:
        return self.action.partition(":")[0]

    @property
    def same_account(self) -> bool:
        return self.who.account == self.thing.account

    def documents(self) -> Iterator[tuple[str, Json]]:
        """Yield every policy with its layer."""
        yield from (("identity", each) for each in self.identity)
        yield from (("scp", each) for _, policies in self.scps for _, each in policies)
        yield from (("rcp", each) for _, policies in self.rcps for _, each in policies)
        for layer, each in (("boundary", self.boundary), ("session", self.session), ("resource", self.resource)):
            if each is not None:
                yield layer, each

    def statements(self) -> Iterator[tuple[str, Json]]:
        """Yield every statement with its layer."""
        for layer, document in self.documents():
            written = document["Statement"]
            yield from ((layer, each) for each in (written if isinstance(written, list) else [written]))
