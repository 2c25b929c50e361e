"""The example's organization under other names: whatever could be named or placed differently is drawn by a seed.

Same shape (three tiers, two governed Regions, nested OUs, every resource of the example's `resources:`), other strategy, plans,
rules, vaults, tag key and values, OUs, accounts, Regions, roles, hours and places of resources; and some resources that
no plan is meant for. Nothing in it is wrong, so `verify` must find nothing.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-tiers"
TIERS = {"prod": 0, "staging": 1, "dev": 2}

# Words of which none is a near miss of another.
WORDS = (
    *("anchor", "bishop", "cobalt", "dragon", "ember", "falcon", "garnet", "hazelnut", "indigo", "jasmine", "kestrel", "lantern"),
    *("mustard", "nectar", "obsidian", "pepper", "quartz", "raven", "saffron", "thistle", "umbrella", "velvet", "walnut", "xenon"),
    *("yonder", "zephyr", "acorn", "basalt", "cypress", "dolphin", "eclipse", "fjord", "glacier", "harvest", "iceberg", "juniper"),
    *("kiwi", "lagoon", "magnet", "nomad", "orchid", "pumpkin", "quiver", "rhubarb", "spruce", "turquoise", "ultra", "violet"),
)
KEYS = ("Umgebung", "tier", "Data Class", "org.example:stage", "cost/centre", "環境", "Backup_Class", "@env")
VALUES = (  # of the three tiers; some differ by one letter or by case alone, which is no typo when all are declared
    ("live", "rehearsal", "play"),
    ("tier1", "tier2", "tier3"),
    ("Prod", "PROD", "prod"),
    ("a", "b", "c"),
    ("is production", "is staging", "is for development"),
    ("本番", "検証", "開発"),
    ("gold/7y", "silver/1y", "bronze/7d"),
)
REGIONS = ("eu-west-2", "eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-southeast-2", "sa-east-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of the shuffled organization."""

    kind: str
    name: str
    account: str  # id
    region: str
    tier: int  # 0 production, 1 staging, 2 development; -1: no plan is meant for it
    entry: dict[str, Any]  # as the seed file declares it


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffled:
    """Where things are in a shuffled organization, for those who want to break them."""

    strategy: str  # its name
    home_region: str
    other_region: str
    tag_key: str
    tag_values: tuple[str, str, str]
    management: str  # account ids
    backup_admin: str
    central: str
    bystander: str  # outside the governed OUs
    plans: tuple[str, ...]  # of production, staging and development
    local_vault: str  # names in AWS
    central_vaults: tuple[tuple[str, str], ...]  # (Region, name)
    backup_role: str
    resources: tuple[Resource, ...]
    organization_yaml: str
    strategy_yaml: str

    def write(self, folder: Path) -> None:
        """Write both files into a folder."""
        (folder / "organization.yaml").write_text(self.organization_yaml, encoding="utf-8")
        (folder / "strategy.yaml").write_text(self.strategy_yaml, encoding="utf-8")

    def pick(self, kind: str, tier: int, account: str = "") -> Resource:
        """The first resource of a type and tier, in an account if one is given."""
        return next(each for each in self.resources if (each.kind, each.tier) == (kind, tier) and account in ("", each.account))


class _Draw:
    """What a seed draws, no word twice."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.words = list(WORDS)
        self.random.shuffle(self.words)

    def word(self) -> str:
        return self.words.pop()

    def account(self) -> str:
        return f"{self.random.randrange(10**11, 10**12)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What both files speak of."""

    people: dict[str, tuple[str, str]]  # part in the organization -> name and id of an account
    governed: dict[str, str]  # name -> id of an account
    units: list[str]  # top, two below it, one below the first of them, and one aside
    regions: list[str]  # home, the other governed one, one that is not governed
    key: str
    values: tuple[str, str, str]


def shuffled(seed: int, *, accounts: int = 7, varied: bool = False) -> Shuffled:
    """The organization and strategy that a seed draws; `accounts` are governed, at least 3. `varied`: with locks, tests and alerts."""
    draw = _Draw(seed)
    scene = _Scene(
        people={part: (draw.word(), draw.account()) for part in ("management", "admin", "central", "log", "bystander")},
        governed={draw.word(): draw.account() for _ in range(accounts)},
        units=[draw.word() for _ in range(5)],
        regions=draw.random.sample(REGIONS, 3),
        key=draw.random.choice(KEYS),
        values=draw.random.choice(VALUES),
    )
    resources = [*_example_resources(draw, scene), *_unmeant(draw, scene)]
    draw.random.shuffle(resources)
    declared = _strategy(draw, scene)
    if varied:
        _vary(random.Random(f"varied {seed}"), declared)  # noqa: S311 - reproducible, not secret
    name, vaults = declared["name"], declared["vaults"]
    local, *central = [each.get("name", f"{name}-{label}") for label, each in vaults.items()]
    return Shuffled(
        strategy=name,
        home_region=scene.regions[0],
        other_region=scene.regions[1],
        tag_key=scene.key,
        tag_values=scene.values,
        management=scene.people["management"][1],
        backup_admin=scene.people["admin"][1],
        central=scene.people["central"][1],
        bystander=scene.people["bystander"][1],
        plans=tuple(declared["plans"]),
        local_vault=local,
        central_vaults=tuple(zip(scene.regions, central, strict=False)),
        backup_role=declared["roles"]["backup"],
        resources=tuple(resources),
        organization_yaml=json.dumps(_organization(draw, scene, declared["roles"], resources), indent=1),
        strategy_yaml=json.dumps(declared, indent=1),
    )


def _example_resources(draw: _Draw, scene: _Scene) -> Iterator[Resource]:
    """Every resource of the example, elsewhere and with other tags."""
    for number, (kind, tier, own_key) in enumerate(_example_kinds()):
        account = draw.random.choice(sorted(scene.governed))
        region = scene.regions[draw.random.random() < 0.3]
        entry = {
            "type": kind,
            "name": f"{draw.random.choice(WORDS)}-{draw.random.randrange(10**6):06}-{number}",
            "account": account,
            "region": region,
            "tags": {scene.key: scene.values[tier], draw.random.choice(["app", "owner", "费用"]): draw.random.choice(["shop", "x", "1"])},
            **({"key": "data"} if own_key else {}),
        }
        if kind == "ebs" and tier == TIERS["dev"]:
            entry["key"] = "aws-managed"  # never leaves its account, so that is no fault
        yield Resource(kind=kind, name=entry["name"], account=scene.governed[account], region=region, tier=tier, entry=entry)


def _example_kinds() -> Iterator[tuple[str, int, bool]]:
    document = YAML(typ="safe", pure=True).load(EXAMPLE / "organization.yaml")
    for entry in document["resources"]:
        for _ in range(entry.get("count", 1)):
            yield entry["type"], TIERS[entry["tags"]["environment"]], entry.get("key") == "data"


def _unmeant(draw: _Draw, scene: _Scene) -> Iterator[Resource]:
    """Resources that no plan is meant for: no such tag, an account or Region that is not governed."""
    inside, outside = draw.random.choice(sorted(scene.governed)), scene.people["bystander"][0]
    accounts = scene.governed | dict(scene.people.values())
    for number, (kind, account, region, tags) in enumerate(
        (
            ("dynamodb", inside, scene.regions[0], {}),
            ("aurora", inside, scene.regions[0], {"owner": scene.values[0]}),
            ("ebs", inside, scene.regions[1], {scene.key: "nobody knows"}),
            ("s3", outside, scene.regions[0], {scene.key: scene.values[0]}),
            ("ebs", outside, scene.regions[1], {scene.key: scene.values[0]}),
            ("dynamodb", scene.people["central"][0], scene.regions[0], {scene.key: scene.values[0]}),
            ("rds", inside, scene.regions[2], {scene.key: scene.values[0]}),
        )
    ):
        name = f"unmeant-{draw.random.randrange(10**6):06}-{number}"
        entry = {"type": kind, "name": name, "account": account, "region": region, "tags": tags}
        yield Resource(kind=kind, name=name, account=accounts[account], region=region, tier=-1, entry=entry)


def _strategy(draw: _Draw, scene: _Scene) -> dict[str, Any]:
    local, central, far = draw.word(), draw.word(), draw.word()
    roles = [draw.word() for _ in range(3)]
    # before 05:38: near the maintenance window of the twin's databases (Wednesday 06:38) their backups fail, as they do on AWS
    hours = [f"{draw.random.randrange(4):02}:{draw.random.choice([0, 15, 30]):02}" for _ in range(3)]
    weekly = f"{draw.random.choice(['Monday', 'Wednesday', 'Friday', 'Sunday'])} {hours[2]}"
    copies = [{"to": central, "keep": "7y"}, {"to": far, "keep": "7y"}]
    rules = (
        {"at": hours[0], "start_within": "1h", "keep": "30d", "copy": copies},
        {"at": hours[1], "start_within": "1h", "keep": "7d", "copy": {"to": central, "keep": "1y"}},
        {"at": weekly, "keep": "7d"},
    )
    plans = {
        draw.word(): {"select": {"tags": {scene.key: value}}, "rules": {draw.word(): rule}}
        for value, rule in zip(scene.values, rules, strict=True)
    }
    own_name = {"name": f"{draw.word()}_Vault"} if draw.random.random() < 0.5 else {}
    governs = [scene.units[0]] if draw.random.random() < 0.5 else [f"{scene.units[0]}/{unit}" for unit in scene.units[1:3]]
    return {
        "strongroom": 1,
        "name": draw.word(),
        "organization": {
            "home_region": scene.regions[0],
            "regions": scene.regions[:2],
            "accounts": {
                "backup_admin": scene.people["admin"][1],
                "central": scene.people["central"][1],
                "log_archive": scene.people["log"][1],
            },
            "governs": governs,
            "opt_in": ["dynamodb", "s3", "rds", "ebs", "efs"],
        },
        "roles": {"read": roles[0], "deploy": roles[1], "backup": f"{roles[2]}-AWSBackup"},
        "vaults": {
            local: {"in": "every-account", **own_name},
            central: {"in": "central", "region": scene.regions[0]},
            far: {"in": "central", "region": scene.regions[1]},
        },
        "plans": plans,
        "objectives": [{"select": {"tags": {scene.key: [scene.values[0], scene.values[1]]}}, "rpo": "26h"}],
        "retention": [{"select": {"tags": {scene.key: scene.values[0]}}, "at_least": "7y", "basis": "a policy"}],
    }


def _vary(chance: random.Random, declared: dict[str, Any]) -> None:
    """Draw locks, in their grace time or past it, restore tests, and alerts."""
    local, central, far = declared["vaults"]
    lock = chance.choice(
        [
            None,
            {"mode": "governance", "min": "1d", "max": "10y"},
            {"mode": "compliance", "min": "7d", "max": "10y", "grace": "3d"},
            {"mode": "compliance", "max": "8y", "grace": "30d"},
            {"mode": "compliance", "min": "30d", "grace": "4d"},
        ]
    )
    if lock is not None:
        declared["vaults"][central]["lock"] = lock
        declared["vaults"][far] |= chance.choice([{}, {"lock": f"like {central}"}])
    if chance.random() < 0.3:
        declared["vaults"][local]["lock"] = {"mode": "governance", "max": "35d"}
    if chance.random() < 0.6:
        plan = next(iter(declared["plans"].values()))
        types = chance.sample(["dynamodb", "rds", "ebs", "efs"], chance.randrange(1, 3))
        declared["restore_tests"] = {
            "drill": {
                "at": chance.choice(["09:00", "21:30"]),
                "select": {**plan["select"], "types": types},
                "from": chance.choice([[local], [central], [local, central]]),
                "within": chance.choice(["2d", "7d"]),
                "start_within": "1h",
            }
        }
    if chance.random() < 0.3:
        declared["alerts"] = {"email": "backup-team@example.com", "on": "all"}


def _organization(draw: _Draw, scene: _Scene, roles: dict[str, str], resources: list[Resource]) -> dict[str, Any]:
    placed: dict[str, dict[str, str]] = {unit: {} for unit in scene.units[1:4]}
    for number, (name, account) in enumerate(scene.governed.items()):  # each OU gets one: to govern an empty one would be a finding
        placed[scene.units[number + 1] if number < len(placed) else draw.random.choice(scene.units[1:4])][name] = account
    top = {  # the fourth lies two levels below the top
        scene.units[1]: {"accounts": placed[scene.units[1]], "units": {scene.units[3]: {"accounts": placed[scene.units[3]]}}},
        scene.units[2]: {"accounts": placed[scene.units[2]]},
    }
    management, administrators = scene.people["management"][0], [scene.people["management"][0], scene.people["admin"][0]]
    everyone = [*scene.governed, *(name for name, _ in scene.people.values())]
    return {
        "twin": 1,
        "home_region": scene.regions[0],
        "regions": scene.regions,
        "organization": {
            "management": {"name": management, "id": scene.people["management"][1]},
            "accounts": dict([scene.people["log"]]),
            "units": {
                scene.units[4]: {"accounts": dict([scene.people["admin"], scene.people["central"], scene.people["bystander"]])},
                scene.units[0]: {"units": top},
            },
        },
        "users": [
            {"name": "admin", "account": name, "access_key": f"AKIASHUFFLED{number:08}", "secret": "local"}
            for number, name in enumerate(sorted(everyone, key=lambda name: name != management))
        ],
        "roles": [
            {"name": roles["read"], "accounts": "all", "trusts": administrators},
            {"name": roles["deploy"], "accounts": [scene.people["central"][0]], "trusts": administrators},
        ],
        "keys": [
            {"name": "data", "accounts": sorted(scene.governed), "regions": scene.regions, "shared_with": [scene.people["central"][0]]}
        ],
        "resources": [resource.entry for resource in resources],
    }
