"""Conditions for generated statements: any operator on any key that the request has or could have, true about as often as false."""

from random import Random
from typing import Any

from tests.rival.cases import Case, Json
from tests.rival.world import ACTIONS, EVERYWHERE

KINDS = {  # types of the keys, for the operators that suit them; every other key is a string
    "aws:SourceIp": "ip",
    "aws:VpcSourceIp": "ip",
    "aws:CurrentTime": "date",
    "aws:EpochTime": "date",
    "aws:TokenIssueTime": "date",
    "s3:object-lock-retain-until-date": "date",
    "aws:MultiFactorAuthAge": "number",
    "s3:TlsVersion": "number",
    "s3:max-keys": "number",
    "s3:object-lock-remaining-retention-days": "number",
    "backup:MinRetentionDays": "number",
    "backup:MaxRetentionDays": "number",
    "backup:ChangeableForDays": "number",
    "kms:ScheduleKeyDeletionPendingWindowInDays": "number",
    "aws:MultiFactorAuthPresent": "bool",
    "aws:SecureTransport": "bool",
    "aws:ViaAWSService": "bool",
    "aws:PrincipalIsAWSService": "bool",
    "kms:MultiRegion": "bool",
    "kms:GrantIsForAWSResource": "bool",
    "kms:BypassPolicyLockoutSafetyCheck": "bool",
    "aws:PrincipalArn": "arn",
    "aws:SourceArn": "arn",
    "backup:CopyTargets": "arn",
    "iam:AssociatedResourceArn": "arn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "arn",
    "kms:RecipientAttestation:ImageSha384": "binary",
}
SETS = {  # keys with several values
    "aws:CalledVia",
    "aws:TagKeys",
    "aws:PrincipalOrgPaths",
    "aws:ResourceOrgPaths",
    "aws:PrincipalServiceNamesList",
    "backup:CopyTargets",
    "backup:CopyTargetOrgPaths",
    "kms:EncryptionContextKeys",
    "kms:GrantOperations",
    "kms:ResourceAliases",
}
OPERATORS = {
    "string": ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"),
    "number": (
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
    ),
    "date": ("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"),
    "bool": ("Bool",),
    "binary": ("BinaryEquals",),
    "ip": ("IpAddress", "NotIpAddress"),
    "arn": ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"),
}
DECOYS = {
    "string": ("other", "Backup", "prod", "o-00000000zz", "222222222222", "tea*", "${aws:PrincipalTag/team}", "eu-west-2"),
    "number": ("0", "7", "30", "1.2", "365", "1200", "100000"),
    "date": ("2027-01-10T09:30:00Z", "2027-01-10T08:00:00Z", "2026-12-31T23:59:59Z", "2028-03-01T00:00:00Z", "2027-01-10", "1799573400"),
    "bool": ("true", "false"),
    "binary": ("c3Ryb25ncm9vbQ==", "b3RoZXI="),
    "ip": ("203.0.113.0/24", "203.0.113.57", "10.0.0.0/8", "198.51.100.0/24", "2001:db8::/32"),
    "arn": (
        "arn:aws:iam::222222222222:role/ops",
        "arn:aws:iam::*:role/*",
        "arn:aws:backup:*:111111111111:backup-vault:*",
        "arn:aws:*:*:*:*",
        "arn:aws:kms:eu-west-1:111111111111:key/*",
    ),
}
VARIABLES = ("aws:PrincipalTag/team", "aws:username", "aws:PrincipalAccount", "aws:ResourceTag/team", "aws:userid", "aws:RequestedRegion")


class Conditions:
    """Draws conditions from a source of chance."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def block(self, case: Case, most: int) -> Json:
        """Draw a Condition block of so many conditions at most; empty for none."""
        block: dict[str, dict[str, Any]] = {}
        for _ in range(self.random.randint(min(most, 1), most) if most else 0):
            operator, key, values = self._condition(case)
            block.setdefault(operator, {}).setdefault(key, values)
        return block

    def _condition(self, case: Case) -> tuple[str, str, Any]:
        context = case.context
        # Keys of the service, of the principal and of the resource, and a few that are absent.
        possible = [*context, *ACTIONS[case.action][1], *self.random.sample(tuple(EVERYWHERE), 6), "aws:PrincipalTag/none", "aws:username"]
        kinds = sorted({KINDS.get(each, "string") for each in possible})
        if self._chance(0.6):  # else strings would be nearly all
            wanted = "binary" if "binary" in kinds and self._chance(0.3) else self.random.choice(kinds)  # two actions alone have such a key
            possible = [each for each in possible if KINDS.get(each, "string") == wanted]
        key = self.random.choice(possible)
        actual = context.get(key, ())
        kind = KINDS.get(key, "string")
        if self._chance(0.08):
            return "Null", self._cased(key), self.random.choice(("true", "false", ["true"], ["false"]))
        operator = self.random.choice(OPERATORS[kind])
        if kind == "arn" and self._chance(0.1):
            operator = self.random.choice(("StringLike", "StringEquals"))
        values = self._values(kind, operator, actual, case)
        if key in SETS:
            operator = f"{self.random.choice(('ForAnyValue', 'ForAllValues'))}:{operator}"
        elif self._chance(0.15):
            operator += "IfExists"
        return operator, self._cased(key), values if len(values) > 1 or self._chance(0.3) else values[0]

    def _values(self, kind: str, operator: str, actual: tuple[str, ...], case: Case) -> list[str]:
        decoys = [each for each in DECOYS[kind] if not each.startswith("${")]
        found = [self.random.choice(decoys)] if self._chance(0.35) else []
        found += [self._near(kind, operator, value, case) for value in actual if self._chance(0.7)]
        found = found or [self.random.choice(decoys)]
        if kind == "bool":
            return found[:1]
        return list(dict.fromkeys(self.random.sample(found, len(found))))

    def _near(self, kind: str, operator: str, value: str, case: Case) -> str:
        """Draw a value of a policy that is, or nearly is, what the request has."""
        parts = value.split(":", 5)
        ways = {
            "number": lambda: (value, value, str(float(value) + 1), str(int(float(value)) - 1)),
            "ip": lambda: (value, f"{value.rpartition('.')[0]}.0/24", f"{value}/32", "198.51.100.0/24"),
            "arn": lambda: (
                value,
                value,
                ":".join((*parts[:5], "*")),
                ":".join((*parts[:4], "*", parts[5])),
                f"{value}x",
                f"{value[:-2]}??",
                *([":".join(("arn", "*", *value.split(":")[3:]))] if value.count(":") > 5 else []),  # a star never reaches over a colon
            ),
            "bool": lambda: (value, value.capitalize(), "false" if value == "true" else "true"),
            "date": lambda: (value, value, "2026-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
            "binary": lambda: (value, "bmVhcmx5"),
            "string": lambda: self._texts(operator, value, case),
        }
        return self.random.choice(ways[kind]())

    def _texts(self, operator: str, value: str, case: Case) -> list[str]:
        ways = [value, value, value.swapcase(), f"{value}x"]
        if "Like" in operator:
            ways += [f"{value[:3]}*", f"*{value[-3:]}", f"{value[:-1]}?", f"{value[:2]}*{value[-1:]}", f"{value[:-1]}${{*}}"]
        ways += [f"${{{key}}}" for key in VARIABLES if case.context.get(key) == (value,)]
        if self._chance(0.2):
            ways.append(self.random.choice((f"${{aws:PrincipalTag/none, '{value}'}}", "${aws:PrincipalTag/none}", "${aws:username}")))
        return ways

    def _cased(self, key: str) -> str:
        """A key as people write it; names of keys have no case."""
        return key.lower() if self._chance(0.1) else key

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability
