"""What parts of a file say about each other: names that must be declared, vaults that must suit, windows and locks that must fit.

Works on nodes, whatever the grammar says about single values, so that all problems of a file are found at once. A value that
is wrong in itself is passed over here: the grammar has reported it.
"""

from collections.abc import Callable, Iterator

from strongroom import facts
from strongroom.domain.strategy import KeyKind, LockMode
from strongroom.strategyfile import defaults, quantities, values
from strongroom.strategyfile.declared import Declared, DeclaredRule, DeclaredVault, destinations, rules, selects
from strongroom.strategyfile.nearmiss import did_you_mean
from strongroom.strategyfile.nodes import Entry, MappingNode, Node, Path, Place, Plain, ScalarNode, entries, find, items, text
from strongroom.strategyfile.problem import Problem, ValueProblem, dotted, named, shown


def problems(declared: Declared) -> Iterator[Problem]:
    """Yield every problem between the parts of a file."""
    yield from _regions(declared)
    yield from _repeats(declared.root)
    for vault in declared.vaults.values():
        if vault.entry is not None:
            yield from _vault(declared, vault, vault.entry)
    yield from _built_in_vault(declared)
    yield from _vault_names(declared)
    for plan in entries(find(declared.root, "plans")):
        yield from _plan_place(declared, plan)
        yield from _adopted_rules(plan)
    for rule in rules(declared.root):
        yield from _rule_vault(declared, rule)
        yield from _copies(declared, rule)
        yield from _windows(rule)
        yield from _archive(rule)
    yield from _selections(declared.root)
    yield from _objectives(declared.root)
    yield from _owed(declared.root)


def _regions(declared: Declared) -> Iterator[Problem]:
    node = find(declared.root, "organization", "home_region")
    if node is not None and declared.regions and declared.home_region in facts.regions() and declared.home_region not in declared.regions:
        listed = ", ".join(declared.regions)
        message = f"home_region {declared.home_region} is not one of regions: {listed}"
        yield problem("STR011", node.place, ("organization", "home_region"), message, f"add {declared.home_region} to regions")


def _repeats(root: Node) -> Iterator[Problem]:
    """Yield values that a list names twice."""
    places: list[Path] = [("organization", "regions"), ("organization", "governs"), ("organization", "opt_in")]
    places += [("vaults", entry.key, "regions") for entry in entries(find(root, "vaults"))]
    places += [("plans", entry.key, "regions") for entry in entries(find(root, "plans"))]
    places += [("restore_tests", entry.key, "from") for entry in entries(find(root, "restore_tests"))]
    places += [("alerts", "email"), ("alerts", "on"), ("guard_rails", "deny"), ("guard_rails", "exempt")]
    places += [(*path, key) for path, _ in selects(root) for key in ("types", "arns")]
    for path in places:
        yield from _repeated(((text(item), item.place) for item in items(find(root, *path))), path)


def _repeated(named: Iterator[tuple[str | None, Place]], path: Path) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for name, place in named:
        if name is None:
            continue
        if name in seen:
            message = f"{path[-1]} names {shown(name)} twice: first in line {seen[name].line}"
            yield problem("STR022", place, path, message, "remove one of them")
        seen.setdefault(name, place)


def _vault(declared: Declared, vault: DeclaredVault, entry: Entry) -> Iterator[Problem]:
    path: Path = ("vaults", vault.label)
    where = find(entry.value, "in")
    if where is not None:
        yield from undeclared_account(declared, vault.title, where, (*path, "in"))
    if find(entry.value, "region") is not None and (several := find(entry.value, "regions")) is not None:
        yield problem("STR022", several.place, (*path, "regions"), f"{vault.title} has both region and regions", "keep one of the two")
    for key in ("region", "regions"):
        for item in items(find(entry.value, key)):
            yield from _governed_region(declared, vault.title, item, (*path, key))
    if adopted(entry) and (own := find(entry.value, "name")) is not None:
        message = f"{vault.title} is adopted and has a name of its own"
        yield problem("STR030", own.place, (*path, "name"), message, "remove name: adopt is the name in AWS")
    yield from _shares(declared, vault, entry)
    yield from _vault_key(declared, vault, entry)
    yield from _lock(declared, vault, entry)


def adopted(entry: Entry) -> bool:
    """Tell whether a vault or a plan is one that exists and that somebody else keeps."""
    return find(entry.value, "adopt") is not None


def _shares(declared: Declared, vault: DeclaredVault, entry: Entry) -> Iterator[Problem]:
    """Yield what keeps a vault from being shared: AWS shares air-gapped ones alone."""
    path: Path = ("vaults", vault.label, "share")
    node = find(entry.value, "share")
    if node is not None and not vault.air_gapped:
        message = f"{vault.title} is shared, and only air-gapped vaults can be"
        yield problem("STR030", node.place, path, message, "remove share, or make it air-gapped: type: air-gapped")
    for position, item in enumerate(items(node)):
        yield from undeclared_account(declared, vault.title, item, (*path, position))


def undeclared_account(declared: Declared, title: str, where: Node, path: Path) -> Iterator[Problem]:
    """Yield a problem when something is in an account that the file gives a part and no id."""
    role = text(where)
    if role in values.ROLES_OF_ACCOUNTS and find(declared.root, "organization", "accounts", role) is None:
        message = f"{title} is in account {role}, which organization.accounts does not declare"
        yield problem("STR013", where.place, path, message, f'add under organization: accounts: {{{role}: "<twelve digits>"}}')


def _plan_place(declared: Declared, plan: Entry) -> Iterator[Problem]:
    where = find(plan.value, "in")
    title = f"plan {named(plan.key)}"
    if where is not None:
        yield from undeclared_account(declared, title, where, ("plans", plan.key, "in"))
    for item in items(find(plan.value, "regions")):
        yield from _governed_region(declared, title, item, ("plans", plan.key, "regions"))


def _adopted_rules(plan: Entry) -> Iterator[Problem]:
    """Yield rules that take a name from AWS in a plan that doesn't."""
    for rule in entries(find(plan.value, "rules")):
        node = find(rule.value, "adopt")
        if node is not None and not adopted(plan):
            message = f"rule {named(plan.key)}.{named(rule.key)} is adopted, and its plan is not"
            fix = "remove adopt, or adopt the plan: adopt: <its name in AWS>"
            yield problem("STR030", node.place, ("plans", plan.key, "rules", rule.key, "adopt"), message, fix)


def _governed_region(declared: Declared, title: str, item: Node, path: Path) -> Iterator[Problem]:
    region = text(item)
    if declared.regions and region in facts.regions() and region not in declared.regions:
        message = f"{title} is in {region}, which is not governed: {', '.join(declared.regions)}"
        yield problem("STR011", item.place, path, message, f"add {region} to organization.regions")


def _vault_key(declared: Declared, vault: DeclaredVault, entry: Entry) -> Iterator[Problem]:
    path: Path = ("vaults", vault.label, "key")
    node = find(entry.value, "key")
    name = text(node)
    known = declared.keys or (defaults.BACKUP_KEY,)
    if node is not None and name is not None and name not in known:
        message = f"{vault.title} names key {shown(name)}, which keys does not declare"
        yield problem("STR015", node.place, path, message, did_you_mean(name, known))
    if vault.air_gapped:
        if node is not None and text(find(declared.root, "keys", name or "", "kind")) == KeyKind.AWS_MANAGED:
            message = f"{vault.title} is air-gapped and names the AWS-managed key {named(name or '')}"
            yield problem("STR030", node.place, path, message, "name a key of another kind, or none: AWS owns the key then")
    elif node is None and adopted(entry):
        if find(declared.root, "organization", "control_tower", "key") is None:
            message = f"{vault.title} is adopted and names no key: which one it has is not known"
            yield problem("STR015", entry.key_place, path, message, f"add: key: {named(next(iter(known)))}, or another one under keys")
    elif node is None and isinstance(entry.value, MappingNode) and defaults.key(declared.keys) is None:
        message = f"{vault.title} names no key, and keys declares several: {named(', '.join(declared.keys))}"
        yield problem("STR015", entry.key_place, path, message, f"add: key: {named(next(iter(declared.keys)))}")


def _built_in_vault(declared: Declared) -> Iterator[Problem]:
    vault = declared.vaults.get(defaults.LOCAL_VAULT)
    keys = find(declared.root, "keys")
    if keys is not None and vault is not None and vault.entry is None and defaults.key(declared.keys) is None:
        message = f"the built-in vault local needs a key, and keys declares several: {named(', '.join(declared.keys))}"
        fix = f"add under vaults: local: {{in: every-account, key: {named(next(iter(declared.keys)))}}}"
        yield problem("STR015", keys.place, ("keys",), message, fix)


def _vault_names(declared: Declared) -> Iterator[Problem]:
    """Yield names in AWS that are too long, or that two vaults would have in the same account and Region."""
    taken: dict[tuple[str, str, str], str] = {}
    most = facts.limit("vault_name_characters_max").value
    for vault in declared.vaults.values():
        written = next((name for key in ("adopt", "name") if (name := text(find(vault.entry.value, key)))), None) if vault.entry else None
        name = written or f"{declared.name}-{vault.label}"
        place = vault.entry.key_place if vault.entry else Place(1, 1)
        path: Path = ("vaults", vault.label)
        if not written and len(name) > most:
            message = f"{vault.title} would be named {shown(name)} in AWS: {len(name)} characters, at most {most} allowed"
            yield problem("STR006", place, path, message, "shorten the label or the strategy's name, or give the vault a name of its own")
        account = (declared.account(vault.place) or vault.place) if vault.place else ""
        for region in vault.regions if account else ():
            other = taken.setdefault((account, region, name), vault.label)
            if other != vault.label:
                message = f"vaults {named(other)} and {named(vault.label)} are both named {shown(name)} in {named(account)}, {region}"
                yield problem("STR022", place, path, message, "give one of them another name")
                break


def _lock(declared: Declared, vault: DeclaredVault, entry: Entry) -> Iterator[Problem]:
    path: Path = ("vaults", vault.label, "lock")
    lock = find(entry.value, "lock")
    if lock is None:
        if vault.air_gapped:
            message = f"{vault.title} is air-gapped and has no lock: AWS wants to know the shortest and the longest retention"
            yield problem("STR020", entry.key_place, path, message, f"add: lock: {{min: {_air_gapped_days()}d, max: 1y}}")
        return
    other = like(lock)
    if other is not None:
        yield from _like(declared, vault, other, lock.place, path)
        if isinstance(lock, MappingNode) and len(lock.entries) > 1:
            message = f"the lock of {vault.title} is like {named(other)} and has keys of its own"
            yield problem("STR020", lock.place, path, message, f"write lock: like {named(other)}, or all of its keys")
    elif isinstance(lock, MappingNode):
        yield from (_air_gapped_lock if vault.air_gapped else _lock_mode)(vault.title, lock, path)
        yield from _lock_range(vault.title, lock, path)


def like(lock: Node) -> str | None:
    """Return the label of the vault whose lock this one repeats: `like central` or `{like: central}`."""
    words = (text(lock) or "").split()
    return words[1] if len(words) == 2 and words[0] == "like" else text(find(lock, "like"))


def _like(declared: Declared, like_it: DeclaredVault, other: str, place: Place, path: Path) -> Iterator[Problem]:
    subject = f"the lock of {like_it.title} is like vault {shown(other)}"
    vault = declared.vaults.get(other)
    lock = find(vault.entry.value, "lock") if vault and vault.entry else None
    if vault is None:
        yield problem("STR016", place, path, f"{subject}, which vaults does not declare", did_you_mean(other, declared.vaults))
    elif lock is None:
        yield problem("STR020", place, path, f"{subject}, which has no lock", "write the lock out, or name a vault that has one")
    elif like(lock) is not None:
        yield problem("STR020", place, path, f"{subject}, whose lock is like another", "name the vault that writes its lock out")
    elif vault.air_gapped is not like_it.air_gapped:
        fix = "write the lock out: that of an air-gapped vault has min and max alone, that of another vault a mode too"
        yield problem("STR020", place, path, f"{subject}, and one of the two is air-gapped", fix)


def _lock_mode(title: str, lock: MappingNode, path: Path) -> Iterator[Problem]:
    mode = find(lock, "mode")
    grace = find(lock, "grace")
    if mode is None:
        yield problem("STR004", lock.place, (*path, "mode"), f"the lock of {title} lacks the key mode", "add: mode: governance")
    if text(mode) == LockMode.COMPLIANCE and grace is None:
        bound = facts.limit("lock_grace_days_min").value
        message = f"the compliance lock of {title} has no grace time: {bound} days at least; after it nobody can remove the lock"
        yield problem("STR020", lock.place, (*path, "grace"), message, f"add: grace: {bound}d, or write mode: governance")
    if text(mode) == LockMode.GOVERNANCE and grace is not None:
        message = f"the governance lock of {title} has a grace time, which AWS Backup takes for compliance"
        yield problem("STR020", grace.place, (*path, "grace"), message, "remove grace, or write mode: compliance")


def _air_gapped_lock(title: str, lock: MappingNode, path: Path) -> Iterator[Problem]:
    for key in ("mode", "grace"):
        if key in lock.entries:
            message = f"the lock of {title} has a {key}: that of an air-gapped vault is compliance, and hard from the start"
            yield problem("STR020", lock.entries[key].key_place, (*path, key), message, "remove it: min and max are enough")
    for key in ("min", "max"):
        if key not in lock.entries:
            message = f"the lock of {title} lacks the key {key}, which an air-gapped vault needs"
            yield problem("STR020", lock.place, (*path, key), message, f"add: {key}: {'1y' if key == 'max' else f'{_air_gapped_days()}d'}")
    least, node = _value(find(lock, "min"), quantities.lock_days), find(lock, "min")
    if node is not None and least is not None and least < _air_gapped_days():
        message = f"the lock of {title} demands {least} days, at least {_air_gapped_days()} for an air-gapped vault"
        yield problem("STR020", node.place, (*path, "min"), message, f"raise min to {_air_gapped_days()}d or more")


def _air_gapped_days() -> int:
    return int(facts.limit("air_gapped_retention_days_min").value)


def _lock_range(title: str, lock: MappingNode, path: Path) -> Iterator[Problem]:
    least, most = _value(find(lock, "min"), quantities.lock_days), _value(find(lock, "max"), quantities.lock_days)
    node = find(lock, "max")
    if node is not None and least is not None and most is not None and most < least:
        message = f"the lock of {title} allows at most {most} days and demands {least}"
        yield problem("STR020", node.place, (*path, "max"), message, f"raise max to {least}d or more")


def _rule_vault(declared: Declared, rule: DeclaredRule) -> Iterator[Problem]:
    node, through = find(rule.entry.value, "vault"), find(rule.entry.value, "through")
    target = declared.vaults.get(text(node) or "")
    if target is not None and node is not None and target.air_gapped:
        yield from _suits(declared, rule, target, node.place, "vault")
        yield from _standard_vault(declared, rule, through, "through")
        return
    yield from _standard_vault(declared, rule, node, "vault")
    if through is not None:
        message = f"{rule.title} goes through vault {shown(text(through) or '')}, and its target is not an air-gapped vault"
        yield problem("STR030", through.place, (*rule.path, "through"), message, "remove through, or name an air-gapped vault as vault")


def _standard_vault(declared: Declared, rule: DeclaredRule, node: Node | None, key: str) -> Iterator[Problem]:
    path: Path = (*rule.path, key)
    label = text(node) if node else defaults.rule_vault(declared.everywhere)
    place = node.place if node else rule.entry.key_place
    if label is not None and label in declared.vaults:
        vault = declared.vaults[label]
        if vault.air_gapped:
            message = f"{rule.title} goes through {vault.title}, which is air-gapped itself"
            yield problem("STR030", place, path, message, "name a standard vault, or remove through")
        else:
            yield from _suits(declared, rule, vault, place, key)
    elif node is not None and label is not None:
        message = f"{rule.title} backs up into vault {shown(label)}, which vaults does not declare"
        beside = [other.label for other in declared.vaults.values() if other.everywhere]
        yield problem("STR016", place, path, message, did_you_mean(label, beside))
    elif node is None and isinstance(rule.entry.value, MappingNode) and declared.placed:
        kind = "vault" if key == "vault" else "standard vault to go through"
        message = f"{rule.title} names no {kind}, and vaults in every-account are {named(', '.join(declared.everywhere) or 'none')}"
        first = next(iter(declared.everywhere), None)
        fix = f"add: {key}: {named(first)}" if first else "add under vaults: here: {in: every-account}"
        yield problem("STR017", place, path, message, fix)


def _suits(declared: Declared, rule: DeclaredRule, vault: DeclaredVault, place: Place, key: str) -> Iterator[Problem]:
    """Yield why a vault can't take the backups of a rule: it must be in each account and Region where the plan is."""
    path: Path = (*rule.path, key)
    subject = f"{rule.title} backs up into {vault.title}"
    wanted = rule.regions or (() if rule.account else declared.regions)
    absent = [region for region in wanted if region not in vault.regions and region in declared.regions]
    beside = vault.everywhere or (rule.account is not None and _account(declared, rule.account) == _account(declared, vault.place or ""))
    if vault.placed and not beside:
        fix = f"back up into a vault in every-account, and write copy: {named(vault.label)}"
        where = f"in {rule.account}, where its plan is" if rule.account else "in every-account"
        yield problem("STR017", place, path, f"{subject}, which is in {named(vault.place or '')} and not {where}", fix)
    elif absent and vault.regions:
        whose = "Region of its plan" if rule.regions else "governed Region"
        message = f"{subject}, which is not in every {whose}: {', '.join(absent)} missing"
        yield problem("STR017", place, path, message, f"remove the Regions of {vault.title}, or add the missing ones")


def _account(declared: Declared, place: str) -> str:
    return declared.account(place) or place


def _copies(declared: Declared, rule: DeclaredRule) -> Iterator[Problem]:
    path: Path = (*rule.path, "copy")
    targets = destinations(rule.entry.value)
    yield from _repeated(iter(targets), path)
    for label, place in targets:
        subject = f"{rule.title} copies to vault {shown(label)}"
        vault = declared.vaults.get(label)
        if vault is None:
            single = [name for name, other in declared.vaults.items() if not other.everywhere]
            fix = did_you_mean(label, single, otherwise="declare it under vaults, in one account and one Region")
            yield problem("STR016", place, path, f"{subject}, which vaults does not declare", fix)
        elif vault.everywhere:
            fix = "copy to a vault in one account, such as {in: central, region: eu-west-1}"
            yield problem("STR018", place, path, f"{subject}, which is in every-account", fix)
        elif len(vault.regions) > 1:
            second = vault.regions[1]
            fix = f"declare a vault for each Region, such as {named(label)}-{second}: {{in: {vault.place}, region: {second}}}"
            yield problem("STR018", place, path, f"{subject}, which is in {len(vault.regions)} Regions: {', '.join(vault.regions)}", fix)


def _windows(rule: DeclaredRule) -> Iterator[Problem]:
    start_node, complete_node = find(rule.entry.value, "start_within"), find(rule.entry.value, "complete_within")
    start = _value(start_node, quantities.start_window) if start_node else _default("start_window_minutes_default")
    complete = _value(complete_node, quantities.completion_window) if complete_node else _default("completion_window_minutes_default")
    node = complete_node or start_node
    if node is not None and start is not None and complete is not None and complete <= start:
        message = f"{rule.title} has {complete} minutes to complete, of which {start} may pass before it starts"
        yield problem("STR019", node.place, (*rule.path, "complete_within"), message, f"make complete_within longer than {start}m")


def _archive(rule: DeclaredRule) -> Iterator[Problem]:
    node = find(rule.entry.value, "archive")
    archived = isinstance(node, ScalarNode) and isinstance(node.value, Plain) and node.value.value is True
    if node is not None and archived and find(rule.entry.value, "cold_after") is None:
        message = f"{rule.title} archives snapshots and lacks the key cold_after, which says when"
        yield problem("STR004", node.place, (*rule.path, "cold_after"), message, "add: cold_after: 30d")


def _default(limit: str) -> int:
    return int(facts.limit(limit).value)


def _selections(root: Node) -> Iterator[Problem]:
    for path, node in selects(root):
        if not isinstance(node, MappingNode):
            continue
        if path[-1] == "select" and not {"tags", "types", "arns"} & set(node.entries):
            message = f"{dotted(path)} names neither tags nor types nor arns"
            yield problem("STR021", node.place, path, message, "add tags, types or arns; types: all means every type")
        if path[-1] == "select" and {"types", "arns"} <= set(node.entries):
            message = f"{dotted(path)} names both types and arns: an ARN tells its type"
            yield problem("STR030", node.entries["types"].key_place, (*path, "types"), message, "remove types, or the arns")
        for tag in entries(find(node, "tags")):
            yield from _repeated(((text(item), item.place) for item in items(tag.value)), (*path, "tags", tag.key))


def _objectives(root: Node) -> Iterator[Problem]:
    for position, node in enumerate(items(find(root, "objectives"))):
        if isinstance(node, MappingNode) and not {"rpo", "rto", "survives"} & set(node.entries):
            path: Path = ("objectives", position)
            yield problem("STR025", node.place, path, f"{dotted(path)} has neither rpo nor rto nor survives", "add: rpo: 26h")


def _owed(root: Node) -> Iterator[Problem]:
    for position, node in enumerate(items(find(root, "retention"))):
        path: Path = ("retention", position)
        if isinstance(node, MappingNode) and not {"at_least", "at_most"} & set(node.entries):
            yield problem("STR025", node.place, path, f"{dotted(path)} has neither at_least nor at_most", "add: at_least: 7y")
        least, most = _value(find(node, "at_least"), quantities.owed), find(node, "at_most")
        bound = _value(most, quantities.owed)
        if most is not None and least is not None and bound is not None and bound < least:
            message = f"{dotted(path)} owes {least} days and allows {bound}"
            yield problem("STR025", most.place, (*path, "at_most"), message, f"raise at_most to {least}d or more, or owe less")


def _value(node: Node | None, check: Callable[[object], int]) -> int | None:
    """Return a value if it is right in itself."""
    if not isinstance(node, ScalarNode):
        return None
    try:
        return check(node.value)
    except ValueProblem:
        return None


def problem(code: str, place: Place, path: Path, message: str, fix: str) -> Problem:
    """Return a problem whose subject is a path."""
    return Problem(code=code, place=place, subject=dotted(path), message=message, help=fix)
