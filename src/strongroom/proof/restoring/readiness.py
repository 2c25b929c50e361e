"""What a restore meets where it arrives: a subnet group for databases, room in quotas, AMIs that may be launched, opt-in.

Only what a sync asked for is judged: snapshots from before these were synced say nothing about them.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html and
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.proof.observed import Observed, Tables
from strongroom.proof.restoring.ways import Way, is_database
from strongroom.proof.scope import Scope
from strongroom.proof.verdicts import Verdict, broken, unknown

SUBJECTS = SUBNETS, NETWORKS, QUOTAS = "db_subnet_groups", "default_vpcs", "quotas"
# What a restore of a type makes one more of, as RDS names its own quotas; of others AWS doesn't tell how much is used.
COUNTED = {
    ResourceType.RDS: "DBInstances",
    ResourceType.AURORA: "DBClusters",
    ResourceType.DOCUMENTDB: "DBClusters",
    ResourceType.NEPTUNE: "DBClusters",
}

Place = tuple[str, str]  # account, Region


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was read of the places that restores arrive in."""

    estate: Estate
    scope: Scope
    observed: Observed
    asked: frozenset[str]  # subjects that the sync asked for at all
    networks: frozenset[Place]  # with a DB subnet group, or a default VPC that databases go to without one
    quotas: Mapping[tuple[str, str, str], tuple[int, int | None]]  # account, Region, code: value and use

    def lacks(self, type_: str, way: Way, *, own: bool, here: bool) -> Iterator[Verdict]:
        """Yield what the place of a way lacks for a restore of a type: of the resource's `own` account, in its Region (`here`)."""
        whose = f" (account {way.account})" if way.named else ""
        if own and not here:
            yield from self._opt_in(type_, way)
        if not (own and here) and is_database(type_):
            # where a database runs it has a subnet group
            yield from self._subnets(way, whose)
        if type_ in COUNTED:
            yield from self._quota(COUNTED[ResourceType(type_)], way, whose)

    def likeness(self, account: str, region: str) -> tuple[Hashable, ...]:
        """Return what tells the place from others; an account with something unread is named, as its cause names it."""
        unread = [subject for subject in SUBJECTS if self.observed.readings.missing(account, region, subject)]
        counted = (self.quotas.get((account, region, code)) for code in dict.fromkeys(COUNTED.values()))
        return ((account, region) in self.networks, tuple(counted), account if unread else "")

    def _subnets(self, way: Way, whose: str) -> Iterator[Verdict]:
        if not self.asked.issuperset({SUBNETS, NETWORKS}) or (way.account, way.region) in self.networks:
            return
        missing = (self.observed.readings.missing(way.account, way.region, each) for each in (SUBNETS, NETWORKS))
        unread = next((each for each in missing if each), None)
        if unread:
            yield unknown(unread)
        else:
            yield broken("VRF097", f"{way.region} has no DB subnet group and no default VPC for the databases of copies there{whose}")

    def _quota(self, code: str, way: Way, whose: str) -> Iterator[Verdict]:
        if QUOTAS not in self.asked:
            return
        unread = self.observed.readings.missing(way.account, way.region, QUOTAS)
        value, used = self.quotas.get((way.account, way.region, code), (None, None))
        if value is None and unread:
            yield unknown(unread)
        if value is not None and used is not None and used >= value:
            yield broken("VRF098", f"{used} of {value} {code} are used in {way.region}: a restore needs one more{whose}")

    def _opt_in(self, type_: str, way: Way) -> Iterator[Verdict]:
        """In the Region of copies of the account itself: what is restored there would not be backed up."""
        management = self.scope.management
        if way.region not in self.estate.organization.regions or type_ not in self.estate.organization.opt_in:
            return
        unread = self.observed.readings.missing(management, way.region, "settings")
        if unread:
            yield unknown(unread)
        elif self.observed.settings.get((management, way.region, "opt_in"), {}).get(type_) == "false":
            off = f"{type_} is not opted in in {way.region} of the management account"
            yield broken("VRF097", f"{off}: what is restored from the copies there is not backed up")


def readiness(tables: Tables, estate: Estate, scope: Scope, observed: Observed) -> Readiness:
    """Return what was read of the places that restores arrive in; raises CouldNotVerify for a damaged table."""
    columns = ("account_id", "region", "code", "value", "used")
    return Readiness(
        estate=estate,
        scope=scope,
        observed=observed,
        asked=frozenset(tables.table("reads").column("subject").unique().to_pylist()),
        networks=frozenset((*_rows(tables, SUBNETS, "account_id", "region"), *_rows(tables, NETWORKS, "account_id", "region"))),
        quotas={(account, region, code): (value, used) for account, region, code, value, used in _rows(tables, QUOTAS, *columns)},
    )


def _rows(tables: Tables, name: str, *columns: str) -> Iterable[tuple[Any, ...]]:
    table = tables.table(name)
    return zip(*(table.column(column).to_pylist() for column in columns), strict=True)
