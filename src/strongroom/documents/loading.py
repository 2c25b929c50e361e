"""Files and folders that others wrote -> estates and findings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from strongroom.documents import (
    accessdocument,
    accessloading,
    apidocument,
    attachments,
    cloudformation,
    iampolicy,
    policydocument,
    policymerge,
    terraform,
    vaultpolicy,
    verdicts,
)
from strongroom.documents.assembly import assemble
from strongroom.documents.drafts import OWN_ACCOUNT, Draft, DraftSelection
from strongroom.documents.kinds import Kind, choices, of_statements, recognized
from strongroom.documents.nodes import Members, Place, described
from strongroom.documents.notes import Notes, shortened
from strongroom.documents.reading import read, read_file
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.domain.names import AccountId, Region
from strongroom.errors import BadInput
from strongroom.facts import limit

_SUFFIXES: Final = frozenset({".json", ".yaml", ".yml", ".template"})
_FILES_MAX: Final = 1_000
POLICIES: Final[Mapping[Kind, iampolicy.Shape]] = {
    Kind.IDENTITY_POLICY: iampolicy.IDENTITY,
    Kind.TRUST_POLICY: iampolicy.TRUST,
    Kind.KEY_POLICY: iampolicy.KEY,
    Kind.SCP: iampolicy.SCP,
    Kind.TOPIC_POLICY: iampolicy.TOPIC,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One estate of what was loaded."""

    estate: Estate
    accounts: tuple[AccountId, ...] = ()  # that it holds for; empty: the document doesn't say


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read. Policies that differ between accounts give several parts: the plans of one never meet those of another."""

    kind: Kind | None  # None: it could not be told, or the files of a folder are of several kinds
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]  # of the documents themselves, in the order of files and lines

    @property
    def estate(self) -> Estate | None:
        """The first estate; None when there is nothing that checks could look at."""
        return self.parts[0].estate if self.parts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """A file that could be read."""

    path: Path
    kind: Kind
    root: Members
    notes: Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """Where the documents are deployed, as far as the caller knows."""

    account: AccountId | None
    region: Region | None


def load(path: Path, *, kind: Kind | None = None, account: str | None = None, region: str | None = None) -> Loaded:
    """Return the estates that a file or folder describes, and what is wrong with it.

    `kind` overrides what the keys tell; `account` and `region` say where it is deployed, when the document doesn't. Raises
    BadInput when there is no such file, when its kind can't be told, or when it is a strategy.
    """
    try:
        setting = _Setting(
            account=AccountId.parse(account) if account else None, region=Region.parse(region) if region else None
        )  # fmt: skip
    except ValueError as error:
        raise BadInput(str(error), hint="name them such as: --account 111122223333 --region eu-west-2") from error
    if not path.is_dir():
        return _file(path, kind, setting)
    if (path / attachments.FILE).exists():
        return _attached(path)
    if (path / accessloading.FILE).exists():
        return _file(path / accessloading.FILE, Kind.ACCESS, setting)
    return _folder(path, kind, setting)


def parse(text: str, *, file: str, kind: Kind | None = None) -> Loaded:
    """Return the estates that a text describes, and what is wrong with it; `file` is what findings call it.

    Raises BadInput when its kind can't be told, or when it is a strategy; nothing else, whatever the text.

    Example:
        >>> loaded = parse('{"BackupPlanName": "nightly", "Rules": []}', file="plan.json")
        >>> loaded.kind.value, [finding.code for finding in loaded.findings]
        ('plan', ['DOC012', 'DOC012', 'DOC012', 'DOC010'])
    """
    notes = Notes(file)
    found = _document(text, Path(file), kind, notes)
    return _single(found, notes, _Setting(account=None, region=None))


def _file(path: Path, kind: Kind | None, setting: _Setting) -> Loaded:
    notes = Notes(str(path))
    text = read_file(path, notes)
    found = _document(text, path, kind, notes) if text is not None else None
    return _single(found, notes, setting)


def _document(text: str, path: Path, kind: Kind | None, notes: Notes) -> _Document | None:
    """Return a document, or None with a finding; raises BadInput when its kind can't be told."""
    root = read(text, notes)
    if root is None:
        return None
    found = kind or recognized(root)
    if kind is None and found in POLICIES and isinstance(root, Members) and "Statement" in root.entries:
        how = of_statements(root)[1]
        notes.add("DOC043", root.place, "document", f"read as {found}: {how}", f"if it is something else, name it: --kind {choices()}")
    if found is None:
        raise BadInput(f"{path} is none of the kinds that can be checked", hint=f"name its kind: --kind {choices()}")
    if found is Kind.STRATEGY:
        raise BadInput(f"{path} is a strategy, no document of AWS", hint=f"check it with: strongroom check {path}")
    if not isinstance(root, Members):
        notes.add("DOC009", root.place, "document", f"the document is {described(root)}: an object expected", "write an object")
        return None
    return _Document(path=path, kind=found, root=root, notes=notes)


def _single(found: _Document | None, notes: Notes, setting: _Setting) -> Loaded:
    if found is None:
        return Loaded(kind=None, parts=(), findings=notes.findings)
    parts = tuple(_parts(found, (), setting))
    return Loaded(kind=found.kind, parts=parts, findings=notes.findings)


def _folder(path: Path, kind: Kind | None, setting: _Setting) -> Loaded:
    """Read each file of a folder; selections join the plan beside them."""
    every = tuple(_documents(path, kind))
    found = tuple(document for document, _ in every if document is not None)
    if not found and not any(notes.findings for _, notes in every):
        raise BadInput(f"there is no document to check in {path}", hint=f"name a file, or its kind: --kind {choices()}")
    alone = sum(each.kind is Kind.PLAN for each in found) == 1
    chosen = {each.path: apidocument.selection(each.root, each.notes) for each in found if each.kind is Kind.SELECTION} if alone else {}
    selected = tuple(each for each in chosen.values() if each is not None)
    parts = tuple(
        part for each in found if each.path not in chosen for part in _parts(each, selected if each.kind is Kind.PLAN else (), setting)
    )
    kinds = {each.kind for each in found}
    findings = tuple(finding for _, notes in every for finding in notes.findings)
    return Loaded(kind=kinds.pop() if len(kinds) == 1 else None, parts=parts, findings=findings)


def _documents(folder: Path, kind: Kind | None) -> Iterator[tuple[_Document | None, Notes]]:
    for path in _files(folder):
        notes = Notes(str(path))
        text = read_file(path, notes)
        document: _Document | None = None
        try:
            document = _document(text, path, kind, notes) if text is not None else None
        except BadInput as error:
            notes.add("DOC007", Place(1, 1), "document", error.message, error.hint)
        yield document, notes


def _files(folder: Path) -> tuple[Path, ...]:
    """Return the documents of a folder itself, sorted; raises BadInput for a folder that can't be read or is too large."""
    try:
        found = sorted(each for each in folder.iterdir() if each.suffix in _SUFFIXES and each.is_file())
    except OSError as error:
        raise BadInput(f"can't read {folder}: {error.strerror}", hint="check the path and its permissions") from error
    if len(found) > _FILES_MAX:
        raise BadInput(f"{folder} has {len(found)} documents, {_FILES_MAX} are read", hint="name a file or a smaller folder")
    return tuple(found)


def _parts(found: _Document, selected: tuple[DraftSelection, ...], setting: _Setting) -> Iterator[Part]:
    """Yield the estates of one document."""
    root, notes = found.root, found.notes
    for draft in _drafts(found, selected, setting):
        placed = replace(draft, account=draft.account or setting.account, region=draft.region or setting.region)
        if setting.region is not None:
            plans = tuple(replace(plan, regions=plan.regions or (setting.region,)) for plan in placed.plans)
            placed = replace(placed, plans=plans)
        accounts = (AccountId(placed.account),) if placed.account else ()  # a plan reaches nothing else
        yield Part(estate=assemble(placed, notes), accounts=accounts)
    if found.kind is Kind.VAULT_POLICY:
        verdicts.of_policy(found.kind, vaultpolicy.document(root, notes), "vault policy", notes)
    elif found.kind is Kind.ACCESS:
        verdicts.of_access(accessdocument.access(root, notes, found.path.parent), notes)
    elif found.kind in POLICIES:
        verdicts.of_policy(found.kind, iampolicy.document(root, POLICIES[found.kind], notes), POLICIES[found.kind].name, notes)


def _drafts(found: _Document, selected: tuple[DraftSelection, ...], setting: _Setting) -> Iterator[Draft]:
    root, notes = found.root, found.notes
    match found.kind:
        case Kind.PLAN:
            plan = apidocument.plan(root, notes, selected=selected)
            yield from (plan,) if plan else ()
        case Kind.SELECTION:
            chosen = apidocument.selection(root, notes)
            yield from (apidocument.selection_alone(chosen),) if chosen else ()
        case Kind.CLOUDFORMATION:
            made = cloudformation.template(root, notes, account=setting.account, region=setting.region)
            yield from (made,) if made else ()
        case Kind.TERRAFORM:
            shown = terraform.show(root, notes, account=setting.account, region=setting.region)
            if shown and (shown.draft.plans or shown.draft.vaults):
                yield shown.draft
            yield from _terraform_policies(shown, notes) if shown else ()
        case Kind.POLICY:
            yield from _policy(root, notes, found.path.stem)
        case _:
            pass


def _terraform_policies(shown: terraform.Shown, notes: Notes) -> Iterator[Draft]:
    """Yield what the policies give on each target, with those of the root above it; OUs between them are not known."""
    written = {address: policydocument.written(content, notes, name=name) for address, (name, content) in shown.policies.items()}
    targets: dict[str, list[terraform.Attachment]] = {}
    for each in shown.attachments:
        targets.setdefault(each.target, []).append(each)
    root = policymerge.Path()
    for target, attached in sorted(targets.items(), key=lambda item: not _is_root(item[0])):
        for each in attached:
            if each.policy not in written:
                message = f"policy {each.policy or 'unknown'} on {shortened(target)} is not in the document: what it changes is unknown"
                notes.add("DOC012", each.place, shortened(target), message, "check it together with that policy")
        if len(attached) > (bound := limit("policies_per_target")).value:
            message = f"{shortened(target)} has {len(attached)} policies, {bound.value} allowed"
            notes.add("DOC022", attached[0].place, shortened(target), message, "merge some of them")
        here = tuple(policy for each in attached if (policy := written.get(each.policy)) is not None)
        path = root.below(here)
        if _is_root(target):
            root = path
        account = target if len(target) == 12 and target.isdigit() else None
        yield from (policymerge.draft(path, f"policies of {shortened(target)}", account, notes, complete=False),) if here else ()
    everywhere = {each.policy for each in shown.attachments}
    for address, policy in written.items():
        if policy is not None and address not in everywhere:
            yield policymerge.draft(root.below((policy,)), policy.name, None, notes, complete=False)


def _is_root(target: str) -> bool:
    return target.startswith(("r-", "aws_organizations_organization."))


def _policy(root: Members, notes: Notes, name: str) -> Iterator[Draft]:
    """Yield what one policy gives an account when nothing else is attached."""
    policy = policydocument.written(root, notes, name=name)
    if policy is not None:
        yield policymerge.draft(policymerge.Path().below((policy,)), name, None, notes, complete=False)


def _attached(folder: Path) -> Loaded:
    """Read a folder of policies with what is attached where."""
    notes = Notes(str(folder / attachments.FILE))
    text = read_file(folder / attachments.FILE, notes)
    tree = read(text, notes) if text is not None else None
    every = tuple(_documents(folder, None))
    policies = dict(_policies(every))
    parts: tuple[Part, ...] = ()
    if isinstance(tree, Members):
        parts = tuple(_effective(attachments.accounts(tree, policies, notes), notes))
    elif tree is not None:
        notes.add("DOC009", tree.place, "attachments", f"the file is {described(tree)}: an object expected", "start with: root:")
    own = [each for _, each in every if each.file != notes.file]
    findings = tuple(finding for each in (notes, *own) for finding in each.findings)
    return Loaded(kind=Kind.POLICY, parts=parts, findings=findings)


def _policies(every: tuple[tuple[_Document | None, Notes], ...]) -> Iterator[tuple[str, policydocument.Written | None]]:
    for document, notes in every:
        path = Path(notes.file)
        if path.name == attachments.FILE:
            continue
        if document is None or document.kind is Kind.POLICY:
            written = policydocument.written(document.root, notes, name=path.stem) if document else None
            yield path.stem, written
        else:
            notes.add("DOC007", Place(1, 1), "document", f"{path} is a {document.kind}, no backup policy", "check it by itself")


def _effective(accounts: tuple[tuple[AccountId, policymerge.Path], ...], notes: Notes) -> Iterator[Part]:
    """Yield an estate for each effective policy, with the accounts that get it."""
    groups: dict[str, tuple[policymerge.Path, list[AccountId]]] = {}
    texts: dict[int, str] = {}  # accounts of one OU without policies of their own share its path
    for account, path in accounts:
        if id(path) not in texts:
            texts[id(path)] = repr(path.merged.document(OWN_ACCOUNT))
        groups.setdefault(texts[id(path)], (path, []))[1].append(account)
    bare = [account for account, path in accounts if not path.levels]
    if bare:
        message = f"no policy reaches {_words(bare)}"
        notes.add("DOC024", Place(1, 1), "attachments", message, "attach a policy to them or above")
    for path, members in groups.values():
        if path.levels:
            own = members[0] if len(members) == 1 else None
            draft = policymerge.draft(path, f"policies of {_words(members)}", own, notes, complete=True)
            yield Part(estate=assemble(draft, notes), accounts=tuple(members))


def _words(accounts: list[AccountId]) -> str:
    if len(accounts) == 1:
        return f"account {accounts[0]}"
    return f"{len(accounts)} accounts ({', '.join(accounts[:3])}{', …' if len(accounts) > 3 else ''})"
