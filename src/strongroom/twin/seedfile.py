"""The grammar of the seed file: text -> Seed, or one BadInput with the place of the first mistake."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from strongroom import facts
from strongroom.domain.names import AccountId, Region
from strongroom.twin.seed import (
    AWS_MANAGED,
    EVERY,
    NO_KEY,
    Kind,
    Seed,
    SeedAccount,
    SeedControlTower,
    SeedKey,
    SeedResource,
    SeedRole,
    SeedSubnetGroup,
    SeedUser,
)
from strongroom.twin.seedtree import Value, parse, read

VERSION = "1"
_COUNT_MAX = 10_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.@+=-]{0,63}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ENGINES = {
    Kind.RDS: ("postgres", "mysql", "mariadb"),
    Kind.AURORA: ("aurora-postgresql", "aurora-mysql"),
}
# Versions of landing zones with an OU of their own for security, and the version of AWSControlTowerBaseline that fits each.
# Source: https://docs.aws.amazon.com/controltower/latest/userguide/table-of-baselines.html
_BASELINES = {"3.1": "3.0", "3.2": "4.0", "3.3": "4.0"}
_LANDING_ZONES = {version: version for version in _BASELINES}
_FIELDS = {
    Kind.DYNAMODB: ("items",),
    Kind.S3: ("items", "versioned"),
    Kind.RDS: ("engine", "size_gib"),
    Kind.AURORA: ("engine",),
    Kind.EBS: ("size_gib",),
    Kind.EFS: (),
}


def load(path: Path) -> Seed:
    """Return the seed that a file declares; raises BadInput."""
    return _seed(read(path))


def loads(text: str, *, file: str = "organization.yaml") -> Seed:
    """Return the seed that `text` declares; raises BadInput."""
    return _seed(parse(text, file=file))


@dataclass(frozen=True, slots=True)
class _Names:
    """What later sections may refer to."""

    accounts: Mapping[str, str]  # names and ids -> ids
    regions: Mapping[str, str]
    home_region: str

    def account(self, value: Value) -> str:
        return value.one_of(self.accounts, "account")

    def account_list(self, value: Value) -> tuple[str, ...]:
        """A list of accounts, or `all`."""
        if value.node.value == EVERY:
            return tuple(dict.fromkeys(self.accounts.values()))
        return tuple(self.account(item) for item in value.items())

    def region_list(self, value: Value | None) -> tuple[str, ...]:
        return (self.home_region,) if value is None else tuple(item.one_of(self.regions, "Region") for item in value.items())


def _seed(document: Value) -> Seed:
    fields = document.fields(
        needed=("twin", "home_region", "organization", "users"),
        possible=("regions", "roles", "keys", "subnet_groups", "resources", "planted", "control_tower"),
    )
    if fields["twin"].text() != VERSION:
        raise fields["twin"].bad(f"version {fields['twin'].text()!r} is unknown, this release reads {VERSION!r}")
    home = _region(fields["home_region"])
    regions = tuple(_region(item) for item in fields["regions"].items()) if "regions" in fields else (home,)
    if home not in regions:
        raise fields["home_region"].bad(f"home Region {home} is not among the regions {', '.join(regions)}")
    management, units, accounts = _organization(fields["organization"])
    names = {account.name: account.id for account in (management, *accounts)}
    scope = _Names(names | {account: account for account in names.values()}, {region: region for region in regions}, home)
    keys = tuple(_keys(fields.get("keys"), scope))
    return Seed(
        home_region=home,
        regions=regions,
        management=management,
        units=units,
        accounts=accounts,
        users=_users(fields["users"], scope, management),
        roles=tuple(_roles(fields.get("roles"), scope)),
        keys=keys,
        resources=_resources(fields, scope, keys),
        control_tower=_control_tower(fields["control_tower"], scope, units) if "control_tower" in fields else None,
        subnet_groups=tuple(_subnet_groups(fields.get("subnet_groups"), scope)),
    )


def _control_tower(value: Value, names: _Names, units: tuple[tuple[str, ...], ...]) -> SeedControlTower:
    fields = value.fields(needed=("log_archive", "audit"), possible=("version", "security", "registers"))
    paths = {"/".join(path): path for path in units}
    version = fields["version"].one_of(_LANDING_ZONES, "version") if "version" in fields else "3.3"
    return SeedControlTower(
        version=version,
        baseline=_BASELINES[version],
        log_archive=names.account(fields["log_archive"]),
        audit=names.account(fields["audit"]),
        security=fields["security"].text() if "security" in fields else "Security",
        registers=tuple(item.one_of(paths, "unit") for item in fields["registers"].items()) if "registers" in fields else (),
    )


def _organization(value: Value) -> tuple[SeedAccount, tuple[tuple[str, ...], ...], tuple[SeedAccount, ...]]:
    fields = value.fields(needed=("management",), possible=("accounts", "units"))
    root = fields["management"].fields(needed=("name", "id"))
    management = SeedAccount(name=root["name"].text(), id=root["id"].parsed(AccountId.parse), unit=())
    units: list[tuple[str, ...]] = []
    accounts: list[SeedAccount] = []
    taken = {management.name, management.id}

    def walk(unit: Mapping[str, Value], path: tuple[str, ...]) -> None:
        for name, (place, node) in unit["accounts"].entries().items() if "accounts" in unit else ():
            account = SeedAccount(name=name, id=node.parsed(AccountId.parse), unit=path)
            for word, where in ((name, place), (account.id, node)):
                if word in taken:
                    raise where.bad(f"account {word!r} is there twice")
                taken.add(word)
            accounts.append(account)
        for name, (place, node) in unit["units"].entries().items() if "units" in unit else ():
            if not _NAME.fullmatch(name):
                raise place.bad(f"{name!r} can't be the name of a unit")
            units.append((*path, name))
            walk(node.fields(possible=("accounts", "units")), (*path, name))

    walk(fields, ())
    return management, tuple(units), tuple(accounts)


def _users(value: Value, names: _Names, management: SeedAccount) -> tuple[SeedUser, ...]:
    users: list[SeedUser] = []
    for item in value.items():
        fields = item.fields(needed=("name", "account", "access_key", "secret"))
        access_key = fields["access_key"].text()
        if not re.fullmatch(r"AKIA[A-Z0-9]{16}", access_key):
            raise fields["access_key"].bad(f"{access_key!r} is not an access key: AKIA and 16 capital letters or digits expected")
        user = SeedUser(
            name=_name(fields["name"]), account=names.account(fields["account"]), access_key=access_key, secret=fields["secret"].text()
        )
        if any(other.access_key == access_key or (other.account, other.name) == (user.account, user.name) for other in users):
            raise item.bad(f"user {user.name!r} or its access key is there twice")
        users.append(user)
    if not any(user.account == management.id for user in users):
        raise value.bad(f"no user in the management account {management.name}", hint="clients start with that user's access key")
    return tuple(users)


def _roles(value: Value | None, names: _Names) -> Iterator[SeedRole]:
    taken: set[tuple[str, str]] = set()
    for item in value.items() if value else ():
        fields = item.fields(needed=("name", "accounts", "trusts"))
        role = SeedRole(
            name=_name(fields["name"]), accounts=names.account_list(fields["accounts"]), trusts=names.account_list(fields["trusts"])
        )
        for account in role.accounts:
            if (account, role.name) in taken:
                raise item.bad(f"role {role.name!r} is there twice in account {account}")
            taken.add((account, role.name))
        yield role


def _keys(value: Value | None, names: _Names) -> Iterator[SeedKey]:
    taken: set[tuple[str, str, str]] = set()
    for item in value.items() if value else ():
        fields = item.fields(needed=("name", "accounts"), possible=("regions", "shared_with"))
        key = SeedKey(
            name=_name(fields["name"]),
            accounts=names.account_list(fields["accounts"]),
            regions=names.region_list(fields.get("regions")),
            shared_with=names.account_list(fields["shared_with"]) if "shared_with" in fields else (),
        )
        if key.name in {NO_KEY, AWS_MANAGED}:
            raise fields["name"].bad(f"{key.name!r} can't be the name of a key, it means something else already")
        for place in ((account, region, key.name) for account in key.accounts for region in key.regions):
            if place in taken:
                raise item.bad(f"key {key.name!r} is there twice in account {place[0]}, {place[1]}")
            taken.add(place)
        yield key


def _subnet_groups(value: Value | None, names: _Names) -> Iterator[SeedSubnetGroup]:
    taken: set[tuple[str, str, str]] = set()
    for item in value.items() if value else ():
        fields = item.fields(needed=("name", "accounts"), possible=("regions",))
        group = SeedSubnetGroup(
            name=_name(fields["name"]).lower(),  # as RDS keeps it
            accounts=names.account_list(fields["accounts"]),
            regions=names.region_list(fields.get("regions")),
        )
        for place in ((account, region, group.name) for account in group.accounts for region in group.regions):
            if place in taken:
                raise item.bad(f"subnet group {group.name!r} is there twice in account {place[0]}, {place[1]}")
            taken.add(place)
        yield group


def _resources(sections: Mapping[str, Value], names: _Names, keys: tuple[SeedKey, ...]) -> tuple[SeedResource, ...]:
    found: dict[tuple[str, ...], SeedResource] = {}
    for section in ("resources", "planted"):
        for item in sections[section].items() if section in sections else ():
            for resource in _group(item, names, keys, planted=section == "planted"):
                place: tuple[str, ...] = (resource.kind, resource.name)
                if resource.kind is not Kind.S3:  # the names of buckets are unique in the world
                    place += (resource.account, resource.region)
                if place in found:
                    raise item.bad(f"{resource.kind} {resource.name!r} is there twice, first at {found[place].origin}")
                found[place] = resource
    return tuple(found.values())


def _group(item: Value, names: _Names, keys: tuple[SeedKey, ...], *, planted: bool) -> Iterator[SeedResource]:
    """Yield the resources of one entry: one, or `count` of them."""
    fields = item.fields(
        needed=("type", "name", "account"),
        possible=("region", "key", "tags", "count", "items", "size_gib", "engine", "versioned"),
    )
    kind = fields["type"].one_of({kind.value: kind for kind in Kind}, "type")
    _only_fitting(fields, kind)
    account = names.account(fields["account"])
    region = fields["region"].one_of(names.regions, "Region") if "region" in fields else names.home_region
    key = _key(fields.get("key"), keys, account, region)
    if kind is Kind.S3 and key != NO_KEY:
        raise fields["key"].bad("buckets of a seed have no key of their own")
    tags = tuple((name, value.text()) for name, (_, value) in fields["tags"].entries().items()) if "tags" in fields else ()
    count = fields["count"].whole(least=1, most=_COUNT_MAX) if "count" in fields else 1
    for number in range(1, count + 1):
        yield SeedResource(
            kind=kind,
            name=_resource_name(fields["name"], kind, number if count > 1 else 0),
            account=account,
            region=region,
            key=key,
            tags=tags,
            items=fields["items"].whole(least=0, most=10_000) if "items" in fields else 3,
            size_gib=fields["size_gib"].whole(least=1, most=16_000) if "size_gib" in fields else 20,
            engine=_engine(fields.get("engine"), kind),
            versioned=fields["versioned"].truth() if "versioned" in fields else True,
            planted=planted,
            origin=item.origin,
        )


def _only_fitting(fields: Mapping[str, Value], kind: Kind) -> None:
    special = {name for names in _FIELDS.values() for name in names}
    wrong = sorted((special & set(fields)) - set(_FIELDS[kind]))
    if wrong:
        raise fields[wrong[0]].bad(f"{wrong[0]} makes no sense for type {kind}")


def _key(value: Value | None, keys: tuple[SeedKey, ...], account: str, region: str) -> str:
    if value is None:
        return NO_KEY
    here = {key.name: key.name for key in keys if account in key.accounts and region in key.regions}
    return value.one_of({NO_KEY: NO_KEY, AWS_MANAGED: AWS_MANAGED, **here}, f"in account {account}, {region}, key")


def _engine(value: Value | None, kind: Kind) -> str:
    possible = _ENGINES.get(kind, ("",))
    return possible[0] if value is None else value.one_of({engine: engine for engine in possible}, "engine")


def _resource_name(value: Value, kind: Kind, number: int) -> str:
    """Return the name of the n-th of several: `{n}` is replaced, or `-n` put at the end; 0: it is the only one."""
    text = value.text()
    if number:
        text = text.replace("{n}", str(number)) if "{n}" in text else f"{text}-{number}"
    if not (_BUCKET if kind is Kind.S3 else _NAME).fullmatch(text):
        raise value.bad(f"{text!r} can't be the name of type {kind}")
    return text


def _region(value: Value) -> str:
    region = value.parsed(Region.parse)
    return value.one_of({known: str(region) for known in sorted(facts.regions())}, "Region")


def _name(value: Value) -> str:
    text = value.text()
    if not _NAME.fullmatch(text):
        raise value.bad(f"{text!r} can't be a name: 1 to 64 letters, digits and _.@+=- expected")
    return text
