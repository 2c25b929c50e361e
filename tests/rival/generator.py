"""Seeded cases for the comparison of evaluators: a request that everything allows, and then one or two layers that have their say.

Nothing here knows how policies are evaluated.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from tests.rival import world
from tests.rival.cases import ALLOW_ALL, CONTROLLED, Case, Json, Named
from tests.rival.conditions import Conditions
from tests.rival.world import ACTIONS, EVERYWHERE, LINKED, PEOPLE, REGION, ROOTS, SERVICES, Thing, Who

ALWAYS = ("aws:RequestedRegion", "kms:CallerAccount")  # keys that no such request is without
LAYERS = ("identity", "boundary", "session", "scp", "rcp", "resource", "grant")
GUARDED_BY_POLICY = ("backup", "kms", "s3", "sts", "sns", "sqs")  # services of the table whose resources have policies


class Generator:
    """Draws cases, one after the other, from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  # the same cases every time are what we want
        self.conditions = Conditions(self.random)
        self.number = 0

    def cases(self, count: int) -> Iterator[Case]:
        """Yield so many cases."""
        yield from (self.case() for _ in range(count))

    def case(self) -> Case:
        """Draw a case: what everything allows first, then what the layer in focus says."""
        self.number += 1
        case = self._request()
        case = self._permit(case)
        layers = [each for each in LAYERS if self._applies(case, each)]
        focus = self.random.choice(layers) if layers else "nothing"
        case = replace(case, focus=focus)
        for layer in layers:
            if layer == focus or self._chance(0.12):
                case = self._speak(case, layer)
        return case

    # The request.

    def _request(self) -> Case:
        action = self.random.choice(tuple(ACTIONS))
        template, own = ACTIONS[action]
        account = self.random.choice((world.WORKLOAD, world.WORKLOAD, world.CENTRAL, world.STRANGER))
        who = self._who(account, action)
        if template == "*":
            thing = Thing(arn="*", account=who.account)
        else:
            tags = {"team": self.random.choice(("backup", "other")), "Stage": "prod"} if self._chance(0.5) and action[:2] != "s3" else {}
            thing = Thing(arn=template.format(region=REGION, account=account), account=account, tags=tags)
        keys = dict(EVERYWHERE) | own
        values = {key: value for key, value in keys.items() if key in ALWAYS or self._chance(0.7)}
        if who.kind != "service" and self._chance(0.7):
            values = {
                key: value for key, value in values.items() if not key.startswith("aws:Source") or key in {"aws:SourceIp", "aws:SourceVpce"}
            }
        if "kms:CallerAccount" in values:
            values["kms:CallerAccount"] = (who.account or account,)
        if who.kind == "service":
            values.pop("kms:CallerAccount", None)
        for key in ("aws:MultiFactorAuthPresent", "aws:SecureTransport", "aws:ViaAWSService"):
            if key in values and self._chance(0.3):
                values[key] = ("false" if values[key] == ("true",) else "true",)
        return Case(number=self.number, focus="", who=who, action=action, thing=thing, values=values)

    def _who(self, account: str, action: str) -> Who:
        drawn = self.random.random()
        guarded = action.partition(":")[0] in GUARDED_BY_POLICY and ACTIONS[action][0] != "*"
        if drawn < 0.08 and guarded and action != "sts:AssumeRole":
            return self.random.choice(SERVICES)
        if drawn < 0.11:
            return self.random.choice(LINKED)
        same = self._chance(0.65)
        people = [each for each in (ROOTS if drawn < 0.18 else PEOPLE) if (each.account == account) is same]
        if action.startswith("sts:"):
            people = [each for each in people if each.kind != "root"] or [each for each in PEOPLE if each.account == account]
        return self.random.choice(people)

    def _permit(self, case: Case) -> Case:
        """Give the case every policy it needs to be allowed."""
        identity = (ALLOW_ALL,) if case.who.kind in {"role", "user"} else ()
        resource = None
        needs = case.service in {"kms", "sts"} or not case.same_account or case.who.kind == "service"
        if case.service in GUARDED_BY_POLICY and case.thing.arn != "*" and (needs or self._chance(0.3)):
            resource = {"Version": "2012-10-17", "Statement": [self._guard("Allow", case, self._principal(case, right=True))]}
        scps: tuple[tuple[str, tuple[Named, ...]], ...] = ()
        rcps: tuple[tuple[str, tuple[Named, ...]], ...] = ()
        if case.who.account and case.who.account != world.MANAGEMENT and self._chance(0.6):
            scps = tuple((place, (("FullAWSAccess", ALLOW_ALL),)) for place in (*world.PATHS[case.who.account][1:], case.who.account))
        if case.thing.arn != "*" and self._chance(0.6 if case.service in CONTROLLED else 0.1):
            rcps = tuple((place, ()) for place in (*world.PATHS[case.thing.account][1:], case.thing.account))
        boundary = ALLOW_ALL if case.who.kind in {"role", "user"} and not case.who.service_linked and self._chance(0.3) else None
        session = ALLOW_ALL if case.who.session and not case.who.service_linked and self._chance(0.3) else None
        return replace(case, identity=identity, resource=resource, scps=scps, rcps=rcps, boundary=boundary, session=session)

    def _applies(self, case: Case, layer: str) -> bool:
        """Whether a layer can have its say."""
        return {
            "identity": case.who.kind in {"role", "user"},
            "boundary": case.boundary is not None,
            "session": case.session is not None,
            "scp": bool(case.scps),
            "rcp": bool(case.rcps),
            "resource": case.service in GUARDED_BY_POLICY and case.thing.arn != "*",
            "grant": case.service == "kms" and case.who.kind in {"role", "user"} and self._chance(0.1),
        }[layer]

    # What a layer says.

    def _speak(self, case: Case, layer: str) -> Case:
        match layer:
            case "identity":
                spoken = {"identity": tuple(self._document(case) for _ in range(self.random.choice((1, 1, 2))))}
            case "boundary" | "session":
                spoken = {layer: self._document(case)}
            case "resource":
                spoken = {"resource": self._resource_policy(case)}
            case "scp":
                spoken = {"scps": self._service_controls(case)}
            case "rcp":
                spoken = {"rcps": self._resource_controls(case)}
            case _:
                nobody = self._guard("Allow", case, {"AWS": "arn:aws:iam::111111111111:role/nobody"})
                operations = (case.action.partition(":")[2], "DescribeKey")
                spoken = {"resource": {"Version": "2012-10-17", "Statement": [nobody]}, "grants": ((case.who.arn, operations),)}
        return replace(case, **spoken)

    def _service_controls(self, case: Case) -> tuple[Any, ...]:
        """One level says more than FullAWSAccess, or something else."""
        at = self.random.randrange(len(case.scps))
        place, policies = case.scps[at]
        spoken = (place, (*(policies if self._chance(0.5) else ()), (f"scp at {place}", self._document(case))))
        return (*case.scps[:at], spoken, *case.scps[at + 1 :])

    def _resource_controls(self, case: Case) -> tuple[Any, ...]:
        """One level denies something: these policies have no Allow but AWS's own, and no Action *."""
        at = self.random.randrange(len(case.rcps))
        place, _ = case.rcps[at]
        statements = [self._guard("Deny", case, "*", conditions=2) for _ in range(self.random.choice((1, 2)))]
        for each in statements:
            each.pop("NotAction", None)
            if each.get("Action") in (None, "*"):
                each["Action"] = f"{case.service}:*"
        spoken = (place, ((f"rcp at {place}", {"Version": "2012-10-17", "Statement": statements}),))
        return (*case.rcps[:at], spoken, *case.rcps[at + 1 :])

    def _document(self, case: Case) -> Json:
        statements = [self._statement("Allow", case, right=0.8)]
        if self._chance(0.4):
            statements.append(self._statement("Deny", case, right=0.6))
        if self._chance(0.25):
            statements.append(self._statement("Allow", case, right=0.5))
        return {"Version": "2012-10-17", "Statement": self._shuffled(statements)}

    def _resource_policy(self, case: Case) -> Json:
        statements = []
        if self._chance(0.8):
            statements.append(self._guard("Allow", case, self._principal(case, right=self._chance(0.8)), conditions=1))
        if self._chance(0.45) or not statements:
            statements.append(self._guard("Deny", case, self._principal(case, right=self._chance(0.6)), conditions=2))
        if self._chance(0.15):
            statements.append(self._not_principal(case))
        version = "2012-10-17"
        if self._chance(0.05):
            version = "2008-10-17"
            if self._chance(0.5):  # in this version it is no variable
                statements[0]["Condition"] = {"StringEquals": {"aws:RequestedRegion": "${aws:RequestedRegion}"}}
        if case.service == "sts":  # a trust policy has no resources: it stands on its role
            for each in statements:
                each.pop("Resource", None)
                each.pop("NotResource", None)
        return {"Version": version, "Statement": self._shuffled(statements)}

    def _statement(self, effect: str, case: Case, *, right: float, conditions: int = 2) -> Json:
        """A statement of an identity, boundary, session or service control policy."""
        written: Json = {"Effect": effect}
        written |= self._actions(case, right=right)
        written |= self._resources(case, right=right)
        most = conditions if self._chance(0.75) else 0
        if effect == "Deny" and not most and self._chance(0.7):
            most = 1  # else it denies nearly always
        if condition := self.conditions.block(case, most):
            written["Condition"] = condition
        return written

    def _guard(self, effect: str, case: Case, principal: Any, *, conditions: int = 0) -> Json:
        """A statement of a policy on the resource's side."""
        if conditions:
            written = self._statement(effect, case, right=0.85, conditions=conditions)
        else:
            written = {"Effect": effect, "Action": f"{case.service}:*", "Resource": "*"}
        return written | {"Principal": principal}

    def _principal(self, case: Case, *, right: bool) -> Any:
        """A Principal element that means who asks, or doesn't."""
        if not right:
            return self.random.choice(
                (
                    {"AWS": "arn:aws:iam::444444444444:root"},
                    {"AWS": ["arn:aws:iam::111111111111:role/nobody", "arn:aws:iam::222222222222:user/bob-2"]},
                    {"Service": "config.amazonaws.com"},
                )
            )
        if case.who.kind == "service":
            return self.random.choice(({"Service": case.who.arn}, {"Service": ["config.amazonaws.com", case.who.arn]}))
        account = case.who.account
        ways: list[Any] = [
            "*",
            {"AWS": "*"},
            {"AWS": f"arn:aws:iam::{account}:root"},
            {"AWS": account},
            {"AWS": [f"arn:aws:iam::{account}:root", "444444444444"]},
        ]
        if case.who.kind != "root":
            ways += [{"AWS": case.who.arn}, {"AWS": ["arn:aws:iam::111111111111:role/nobody", case.who.arn]}]
        if case.who.session:
            ways += [{"AWS": case.who.principal}, {"AWS": [case.who.principal, "444444444444"], "Service": "config.amazonaws.com"}]
        return self.random.choice(ways)

    def _not_principal(self, case: Case) -> Json:
        """A Deny for all but some: those named fully, as AWS's page asks, or others."""
        account = case.who.account or world.WORKLOAD
        named = [f"arn:aws:iam::{account}:root", case.who.arn, case.who.principal]
        others = ["arn:aws:iam::444444444444:root", "arn:aws:iam::444444444444:role/ops"]
        chosen: Any = {"AWS": sorted(set(named if self._chance(0.6) else others))}
        if case.who.kind == "service":
            chosen = {"Service": case.who.arn if self._chance(0.6) else "config.amazonaws.com"}
        written = self._guard("Deny", case, None) | {"NotPrincipal": chosen}
        del written["Principal"]
        return written

    def _actions(self, case: Case, *, right: float) -> Json:
        service, name = case.action.split(":")
        matching = (
            case.action,
            f"{service}:{name[:4]}*",
            f"{service}:*",
            "*",
            case.action.lower(),
            f"{service}:{name[:-1]}?",
            f"{service}:*{name[-5:]}",
            [f"{service}:Tag*", case.action],
        )
        strangers = (
            f"{service}:List*",
            f"{service}:Describe?",
            "ec2:*",
            [f"{service}:Tag*", "ec2:DeleteSnapshot"],
            f"{service}:{name}X",
            f"{name}:*".lower(),
        )
        if self._chance(0.2):
            return {"NotAction": self.random.choice(strangers if self._chance(right) else matching[:3])}
        return {"Action": self.random.choice(matching if self._chance(right) else strangers)}

    def _resources(self, case: Case, *, right: float) -> Json:
        if case.thing.arn == "*":
            return {"Resource": "*"}
        matching, strangers = self._matching(case), self._strangers(case)
        if self._chance(0.15):
            return {"NotResource": self.random.choice(strangers if self._chance(right) else matching[1:])}
        return {"Resource": self.random.choice(matching if self._chance(right) else strangers)}

    def _matching(self, case: Case) -> list[Any]:
        """What a Resource element can say that means what is asked for."""
        arn = case.thing.arn
        parts = arn.split(":")
        tail = parts[-1]
        head = arn[: -len(tail) - 1]
        found: list[Any] = ["*", arn, f"{arn[:-2]}*", f"{arn[:-1]}?", [arn, "arn:aws:s3:::nothing"]]
        if "/" in tail:
            start = tail.partition("/")[0]
            found += [f"{head}:{start}/*", f"{head}:{start}/*{tail[-3:]}"]
        if parts[4]:
            found.append(":".join((*parts[:4], "*", *parts[5:])))
        if parts[3] and len(parts) > 6:
            found.append(":".join((*parts[:3], "*", *parts[5:])))  # ends a part: it stands for Region and account
        if parts[3]:
            found.append(":".join((*parts[:3], "eu-*", *parts[4:])))
        team = case.context.get("aws:PrincipalTag/team", ("",))[0]
        if team and tail.find(team) > 0 and team not in head:
            found.append(arn.replace(team, "${aws:PrincipalTag/team}"))
        return found

    def _strangers(self, case: Case) -> list[Any]:
        """What a Resource element can say that nearly means what is asked for."""
        arn = case.thing.arn
        parts = arn.split(":")
        tail = parts[-1]
        head = arn[: -len(tail) - 1]
        found: list[Any] = [
            f"{arn}x",
            f"{arn[:-1]}??",
            "arn:aws:s3:::nothing/*",
            ["arn:aws:sqs:eu-west-1:111111111111:nothing", arn[:-3]],
            f"{arn}/${{aws:username}}",
        ]
        if arn[-6:-1].swapcase() != arn[-6:-1]:
            found += [f"{arn[:-6]}{arn[-6:].swapcase()}", f"{arn[:-6]}{arn[-6:-1].swapcase()}*", f"{head}:*{tail[-6:].swapcase()}"]
        if parts[3] and len(parts) > 6:
            found.append(":".join((*parts[:3], f"{parts[3][:2]}*{parts[4][-1]}", *parts[5:])))  # within a part, where it stays
        return found

    def _shuffled(self, items: list[Any]) -> list[Any]:
        return self.random.sample(items, len(items))

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability
