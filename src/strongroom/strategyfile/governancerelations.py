"""What keys, restore tests, alerts, frameworks, reports and protection outside of AWS Backup say about other parts of a file.

As `relations`, it works on nodes and passes over values that are wrong in themselves.
"""

from collections.abc import Iterator

from strongroom import facts
from strongroom.domain.governance import ReportTemplate
from strongroom.domain.names import Arn
from strongroom.domain.strategy import KeyKind
from strongroom.strategyfile import awsnames, defaults, examinations
from strongroom.strategyfile.declared import Declared
from strongroom.strategyfile.nearmiss import did_you_mean
from strongroom.strategyfile.nodes import Entry, MappingNode, Node, Path, entries, find, items, plain, text
from strongroom.strategyfile.problem import Problem, named, shown
from strongroom.strategyfile.relations import problem, undeclared_account
from strongroom.strategyfile.values import TYPES


def problems(declared: Declared) -> Iterator[Problem]:
    """Yield every problem between these parts and others."""
    for key in entries(find(declared.root, "keys")):
        yield from _key(declared, key)
    for path in _keys_named(declared.root):
        yield from _known_key(declared, path)
    for test in entries(find(declared.root, "restore_tests")):
        yield from _restore_test(declared, test)
    yield from _alerts(find(declared.root, "alerts"))
    for framework in entries(find(declared.root, "frameworks")):
        for control in entries(find(framework.value, "controls")):
            yield from _parameters(framework, control)
    for report in entries(find(declared.root, "reports")):
        yield from _report(declared, report)


def _key(declared: Declared, key: Entry) -> Iterator[Problem]:
    path: Path = ("keys", key.key)
    title = f"key {named(key.key)}"
    where, arn = find(key.value, "in"), find(key.value, "arn")
    kind = text(find(key.value, "kind"))
    if kind in {KeyKind.PER_ACCOUNT, KeyKind.AWS_MANAGED}:
        for name in ("in", "arn"):
            node = find(key.value, name)
            if node is not None:
                message = f"{title} is {kind} and has the key {name}, which only a multi-region key can have"
                yield problem("STR030", node.place, (*path, name), message, "remove it, or write kind: multi-region")
        return
    if where is not None:
        yield from undeclared_account(declared, title, where, (*path, "in"))
        yield from _elsewhere(declared, title, where, arn, path)
    elif kind == KeyKind.MULTI_REGION and arn is None and defaults.KEY_ACCOUNT not in declared.accounts:
        message = f"{title} is in account {defaults.KEY_ACCOUNT}, which organization.accounts does not declare"
        fix = f'add under organization: accounts: {{{defaults.KEY_ACCOUNT}: "<twelve digits>"}}, or say where the key is: in: management'
        yield problem("STR013", key.key_place, path, message, fix)


def _elsewhere(declared: Declared, title: str, where: Node, arn: Node | None, path: Path) -> Iterator[Problem]:
    """Yield a problem for a key that can't be the one that Strongroom made: it made it in `in`, in the home Region."""
    try:
        made = Arn.parse(text(arn) or "")
    except ValueError:  # none, or reported by the grammar
        return
    place = text(where) or ""
    account = declared.account(place)
    if arn is not None and account is not None and made.account != account:
        message = f"{title} is made in account {account}, and its arn names account {made.account}"
        yield problem("STR030", arn.place, (*path, "arn"), message, "remove in for a key of somebody else, or correct the arn")
    elif arn is not None and declared.home_region and made.region != declared.home_region:
        message = f"{title} is made in the home Region {declared.home_region}, and its arn names {made.region}"
        yield problem("STR030", arn.place, (*path, "arn"), message, "write the ARN of the primary key, not of a replica")


def _keys_named(root: Node) -> Iterator[Path]:
    """Yield where keys are named, but for vaults."""
    yield "organization", "control_tower", "key"
    yield "alerts", "key"
    native: Path = ("native",)
    for group in entries(find(root, *native, "databases")):
        for snapshots in entries(find(group.value, "snapshots")):
            yield *native, "databases", group.key, "snapshots", snapshots.key, "key"
    for group in entries(find(root, *native, "buckets")):
        several = find(group.value, "replicate")
        if isinstance(several, MappingNode):
            yield *native, "buckets", group.key, "replicate", "key"
        for position in range(len(items(several))):
            yield *native, "buckets", group.key, "replicate", position, "key"


def _known_key(declared: Declared, path: Path) -> Iterator[Problem]:
    node = find(declared.root, *path)
    name = text(node)
    known = declared.keys or (defaults.BACKUP_KEY,)
    if node is not None and name is not None and name not in known:
        message = f"{'.'.join(named(str(step)) for step in path[:-1])} names key {shown(name)}, which keys does not declare"
        yield problem("STR015", node.place, path, message, did_you_mean(name, known))


def _restore_test(declared: Declared, test: Entry) -> Iterator[Problem]:
    for item in items(find(test.value, "from")):
        label = text(item)
        if label is not None and label not in declared.vaults:
            message = f"restore test {named(test.key)} takes recovery points from vault {shown(label)}, which vaults does not declare"
            yield problem("STR016", item.place, ("restore_tests", test.key, "from"), message, did_you_mean(label, declared.vaults))
    for kind in entries(find(test.value, "validate")):
        for item in items(kind.value):
            yield from _fitting(test.key, kind.key, item)


def _fitting(test: str, kind: str, item: Node) -> Iterator[Problem]:
    """Yield a problem for each validator that can't examine resources of a type."""
    expanded = examinations.validators(plain(item))
    for name in expanded if isinstance(expanded, dict) else ():
        fitting = examinations.SHIPPED.get(name)
        if fitting is not None and kind in TYPES and TYPES[kind] not in fitting:
            message = (
                f"restore test {named(test)} examines {kind} by {name}, which is for {', '.join(sorted(each.keyword for each in fitting))}"
            )
            others = [each for each, types in examinations.SHIPPED.items() if types is None or TYPES[kind] in types]
            place = next((entry.key_place for entry in entries(item) if entry.key == name), item.place)
            yield problem("STR030", place, ("restore_tests", test, "validate", kind), message, f"write one of: {', '.join(others)}")


def _alerts(alerts: Node | None) -> Iterator[Problem]:
    if not isinstance(alerts, MappingNode):
        return
    if not {"email", "topic"} & set(alerts.entries):
        fix = "add: email: [backup-team@example.com], or the ARN of a topic"
        yield problem("STR029", alerts.place, ("alerts",), "alerts names neither email nor topic", fix)
    if {"topic", "key"} <= set(alerts.entries):
        message = "alerts names a topic that exists and a key, which is for a topic that is made"
        yield problem("STR030", alerts.entries["key"].key_place, ("alerts", "key"), message, "remove one of the two")


def _parameters(framework: Entry, control: Entry) -> Iterator[Problem]:
    known = facts.fact("controls", name).value if (name := awsnames.controls().get(control.key)) else None
    if known is None:
        return
    for parameter in entries(control.value):
        if parameter.key not in known:
            message = f"control {control.key} of framework {named(framework.key)} has no parameter {shown(parameter.key)}"
            fix = did_you_mean(parameter.key, known, otherwise=f"its parameters are: {', '.join(known) or 'none'}")
            path: Path = ("frameworks", framework.key, "controls", control.key, parameter.key)
            yield problem("STR003", parameter.key_place, path, message, fix)


def _report(declared: Declared, report: Entry) -> Iterator[Problem]:
    path: Path = ("reports", report.key, "frameworks")
    node = find(report.value, "frameworks")
    if node is None:
        return
    template = text(find(report.value, "template"))
    if template in {ReportTemplate.BACKUP_JOBS, ReportTemplate.COPY_JOBS, ReportTemplate.RESTORE_JOBS}:
        message = f"report {named(report.key)} is about {template} and names frameworks, which compliance reports are about"
        yield problem("STR030", node.place, path, message, "remove frameworks, or write template: control-compliance")
    known = [framework.key for framework in entries(find(declared.root, "frameworks"))]
    for item in items(node):
        name = text(item)
        if name is not None and name not in known:
            message = f"report {named(report.key)} is about framework {shown(name)}, which frameworks does not declare"
            yield problem("STR031", item.place, path, message, did_you_mean(name, known))
