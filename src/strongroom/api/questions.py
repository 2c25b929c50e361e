"""What a verb of `who-can` comes to: which permissions, for which things, any of which ways suffices."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from strongroom.api.naming import Names, account_of
from strongroom.api.things import kind_of
from strongroom.domain.access import Access
from strongroom.errors import BadInput
from strongroom.facts import Deed, Need, Way
from strongroom.proof.holdings import Thing, ThingKind, default_role, thing
from strongroom.semantics.authorization import operations
from strongroom.semantics.authorization.model import Context
from strongroom.semantics.authorization.reach import BY_CHOICE, Asked

_OF_MEMBERS: Final = frozenset({"organizations:LeaveOrganization"})  # the management account can't
_OF_MANAGEMENT: Final = frozenset({"backup:UpdateGlobalSettings"})  # no other account can
_ABOUT_CONTROLS: Final = "lift-guard-rails"  # of the policies this verb means those that forbid, every other one those that back up


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """One way to do it to one thing: all of its permissions are needed."""

    way: Way
    thing: Thing
    needs: tuple[Asked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who could do it to a subject, by any of the chances."""

    subject: Thing  # of recovery points their vault
    chances: tuple[Chance, ...]


def deed_named(text: str) -> Deed:
    """Return what a verb means, also by its unique beginning; raises BadInput with the nearest verb.

    Example:
        >>> deed_named("leave").name
        'leave-organization'
    """
    known = operations.verbs()
    found = [text] if text in known else [verb for verb in known if verb.startswith(f"{text}-")]
    if len(found) == 1:
        return operations.deed(found[0])
    if found:
        raise BadInput(f"{text!r} may be {' or '.join(found)}", hint="write it out")
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"verbs: {', '.join(known)}"
    raise BadInput(f"nothing is known about {text!r}", hint=hint)


def things_meant(deed: Deed, text: str, names: Names, things: tuple[Thing, ...], vault: str = "") -> tuple[Thing, ...]:
    """Return the things that a resource on the command line means for a verb; `vault` holds the recovery point that it names.

    An account means all that it has, a vault what it holds and the keys that encrypt that. Raises BadInput where a verb is about
    something else.
    """
    if len(text) == 12 and text.isdigit():
        return _some_of(deed, (each for each in things if each.account == text), f"account {text}")
    arn = names.resource(text)
    kind = kind_of(arn)
    if kind is ThingKind.VAULT:
        return _some_of(deed, (each for each in things if arn in {each.arn, *each.vaults}), "the vault")
    if kind is None:
        raise BadInput(f"{text} is nothing that {deed.name} is about", hint=_about(deed))
    if kind is ThingKind.POINT and not account_of(vault or arn):
        raise BadInput(f"it isn't known which vault holds {text}", hint="name the vault in its place, such as vault:central@333333333333")
    found = thing(arn, kind, account=account_of(vault), vaults=(vault,) if vault else ())
    return _some_of(deed, [each for each in things if each.arn == arn and (not vault or each.vaults == (vault,))] or [found], f"the {kind}")


def questions(deed: Deed, things: Iterable[Thing], everything: tuple[Thing, ...], access: Access) -> Iterator[Question]:
    """Yield what has to be asked about some things; `everything`: where further things that a way needs are found."""
    management = next((account.id for account in access.accounts if account.management), "")
    vaults = {each.arn: each for each in everything if each.kind is ThingKind.VAULT}
    roles: dict[str, list[str]] = {}
    for each in everything:
        if each.kind is ThingKind.ROLE:
            roles.setdefault(each.account, []).append(each.arn)
    asked: dict[tuple[str, str], tuple[Thing, list[Chance]]] = {}
    for each in things:
        chances = [chance for way in deed.ways for chance in _chances(deed, way, each, roles, management)]
        if not chances:
            continue
        subject = _subject(each, vaults)
        asked.setdefault((subject.arn, subject.account), (subject, []))[1].extend(chances)
    for subject, chances in asked.values():
        order = {id(way): number for number, way in enumerate(deed.ways)}
        yield Question(subject=subject, chances=tuple(sorted(chances, key=lambda chance: order[id(chance.way)])))


def _subject(each: Thing, vaults: Mapping[str, Thing]) -> Thing:
    """Return what people think of: the vault of a recovery point, the account whose settings or membership it is."""
    if each.kind is ThingKind.POINT and each.vaults:
        return vaults.get(each.vaults[0]) or thing(each.vaults[0], ThingKind.VAULT)
    if each.kind in {ThingKind.EVERYTHING, ThingKind.ACCOUNT}:
        return Thing(kind=ThingKind.ACCOUNT, arn=f"arn:aws:iam::{each.account}:root", account=each.account, name=each.name)
    return each


def _chances(deed: Deed, way: Way, each: Thing, roles: Mapping[str, list[str]], management: str) -> Iterator[Chance]:
    """Yield a way for a thing, once for each role that could be passed."""
    first, *others = way.needs
    if first.on != each.kind or not _possible(deed, first, each, management):
        return
    if all(need.on == first.on for need in others):
        yield Chance(way=way, thing=each, needs=tuple(_need(need, each) for need in way.needs))
        return
    for role in roles.get(each.account) or [default_role(each.account)]:
        given = thing(role, ThingKind.ROLE)
        needs = tuple(_need(need, each if need.on == first.on else given) for need in way.needs)
        yield Chance(way=way, thing=each, needs=needs)


def _possible(deed: Deed, need: Need, each: Thing, management: str) -> bool:
    """Return whether a permission can be asked for a thing at all."""
    if need.action in _OF_MEMBERS:
        return bool(management) and each.account != management
    if need.action in _OF_MANAGEMENT:
        return each.account == management
    if each.kind is ThingKind.POLICY:
        return ("/backup_policy/" in each.arn) is (deed.name != _ABOUT_CONTROLS)
    return operations.concerns(need, each.arn)


def _need(need: Need, each: Thing) -> Asked:
    guard = each.vaults[0] if each.kind is ThingKind.POINT and each.vaults and need.action.startswith("backup:") else ""
    return Asked(action=need.action, resource=each.arn, owner=each.account, guard=guard, context=_context(need.action, need.on))


@cache
def _context(action: str, on: str) -> Context:
    """Return what is known of a permission's context; one object for each, by which verdicts are remembered."""
    known = operations.context_of(Need(action=action, on=on))
    return Context(values=MappingProxyType({**BY_CHOICE.values, **known.values}))


def _some_of(deed: Deed, things: Iterable[Thing], what: str) -> tuple[Thing, ...]:
    kinds = operations.kinds(deed)
    found = tuple(each for each in things if each.kind in kinds)
    if not found:
        raise BadInput(f"nothing of {what} is known that {deed.name} is about", hint=_about(deed))
    return found


def _about(deed: Deed) -> str:
    kinds = [kind for kind in operations.kinds(deed) if kind not in {ThingKind.EVERYTHING, ThingKind.ACCOUNT}]
    if ThingKind.POINT in kinds and ThingKind.VAULT not in kinds:
        kinds.insert(0, ThingKind.VAULT)
    return f"{deed.name} takes {', '.join((*kinds, 'account'))}; leave RESOURCE out for all of them"
