"""A server of canned answers: an organization in which every account has a vault with some recovery points, and little else.

`python -m benchmarks.canned ACCOUNTS POINTS` prints its port and answers until it is ended. It speaks just enough HTTP for the SDK, so that
what is measured is the client.
"""

import asyncio
import json
import re
import sys
from email.utils import formatdate

PAGE = 1000
REGION = "eu-west-2"
MANAGEMENT = "111111111111"
EPOCH = 1_767_225_600.0
OLD_JOB = {"AccountId": "600000000000", "BackupJobId": "job", "State": "COMPLETED", "CreationDate": EPOCH}  # cross-account monitoring is on
CREDENTIALS = "<AccessKeyId>AKIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
SCOPE = re.compile(rb"Credential=[^/]+/[0-9]+/[^/]+/([^/]+)/")
LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
TARGET = re.compile(rb"x-amz-target: *[^\r]*\.([A-Za-z]+)", re.IGNORECASE)
XML = {b"sts", b"iam", b"rds", b"sns", b"monitoring", b"cloudformation", b"redshift", b"elasticloadbalancing"}


def account_ids(count: int) -> list[str]:
    """Return the member accounts."""
    return [f"{600_000_000_000 + number}" for number in range(count)]


def point(number: int) -> dict[str, object]:
    """Return a recovery point as AWS lists it."""
    return {
        "RecoveryPointArn": f"arn:aws:backup:{REGION}:600000000000:recovery-point:{number:012}",
        "BackupVaultName": "local",
        "BackupVaultArn": f"arn:aws:backup:{REGION}:600000000000:backup-vault:local",
        "ResourceArn": f"arn:aws:dynamodb:{REGION}:600000000000:table/orders-{number % 200}",
        "ResourceType": "DynamoDB",
        "CreatedBy": {
            "BackupPlanId": "orgs/plan-0001",
            "BackupPlanArn": f"arn:aws:backup:{REGION}:600000000000:backup-plan:orgs/plan-0001",
            "BackupPlanVersion": "v1",
            "BackupRuleId": "rule-0001",
        },
        "IamRoleArn": "arn:aws:iam::600000000000:role/backup",
        "Status": "COMPLETED",
        "CreationDate": EPOCH + number,
        "InitiationDate": EPOCH + number,
        "CompletionDate": EPOCH + number + 60.25,
        "BackupSizeInBytes": 10**9,
        "CalculatedLifecycle": {"DeleteAt": EPOCH + number + 86_400 * 35},
        "Lifecycle": {"DeleteAfterDays": 35},
        "EncryptionKeyArn": f"arn:aws:kms:{REGION}:600000000000:key/0001",
        "IsEncrypted": True,
        "IsParent": False,
        "VaultType": "BACKUP_VAULT",
    }


class Canned:
    """Answers, most of them made once."""

    def __init__(self, accounts: int, points: int) -> None:
        known = {"Status": "ACTIVE", "State": "ACTIVE", "JoinedTimestamp": EPOCH}
        members = [{"Id": each, "Name": each, **known} for each in (MANAGEMENT, *account_ids(accounts))]
        self.calls = 0
        self.pages = [
            {"RecoveryPoints": [point(number) for number in range(first, min(first + PAGE, points))]} for first in range(0, points, PAGE)
        ]
        for number, page in enumerate(self.pages[:-1]):
            page["NextToken"] = str(number + 1)  # type: ignore[assignment]
        self.encoded = [json.dumps(page).encode() for page in self.pages] or [b'{"RecoveryPoints":[]}']
        self.organizations = {
            b"DescribeOrganization": {"Organization": {"Id": "o-benchmark1", "MasterAccountId": MANAGEMENT}},
            b"ListRoots": {"Roots": [{"Id": "r-0001", "Arn": "arn", "Name": "Root", "PolicyTypes": []}]},
            b"ListAccountsForParent": {"Accounts": members},
            b"DescribeResourcePolicy": {"ResourcePolicy": {"Content": "{}"}},
            b"DescribeEffectivePolicy": {"EffectivePolicy": {"PolicyContent": "{}"}},
        }

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Return the body of an answer."""
        found, target = SCOPE.search(head), TARGET.search(head)
        service = found[1] if found else b""
        self.calls += 1
        if head.startswith(b"GET /_calls"):
            return str(self.calls).encode()
        if service == b"backup":
            return self._backup(head.split(b" ", 2)[1])
        if service == b"sts":
            return self._sts(body)
        return self._json(target[1], body) if target else _xml(service, body)

    def _json(self, target: bytes, body: bytes) -> bytes:
        if target == b"DescribeKey":
            key = json.loads(body)["KeyId"]
            return json.dumps({"KeyMetadata": {"Arn": key, "KeyManager": "AWS", "KeyState": "Enabled", "KeyId": key}}).encode()
        return b'{"Quota":{"Value":100.0}}' if target.endswith(b"ServiceQuota") else json.dumps(self.organizations.get(target, {})).encode()

    def _backup(self, path: bytes) -> bytes:
        if b"/recovery-points" in path:
            token = re.search(rb"nextToken=([0-9]+)", path)
            return self.encoded[int(token[1]) if token else 0]
        if path.startswith(b"/backup-jobs") and b"accountId=%2A" in path and b"createdAfter" not in path:
            return json.dumps({"BackupJobs": [OLD_JOB]}).encode()
        if path.startswith(b"/backup-vaults") and b"/backup-vaults/local" not in path:
            vault = {"BackupVaultName": "local", "BackupVaultArn": f"arn:aws:backup:{REGION}:1:backup-vault:local", "Locked": False}
            return json.dumps({"BackupVaultList": [vault]}).encode()
        return b"{}"

    def _sts(self, body: bytes) -> bytes:
        wanted = re.search(rb"%3A%3A([0-9]{12})%3A", body) or re.search(rb"::([0-9]{12}):", body)
        if wanted and b"AssumeRole" in body:
            keys = CREDENTIALS.format(account=wanted[1].decode())
            given = f"<Credentials>{keys}<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>"
            return f"<AssumeRoleResponse><AssumeRoleResult>{given}</AssumeRoleResult></AssumeRoleResponse>".encode()
        who = f"<Account>{MANAGEMENT}</Account><Arn>arn:aws:iam::{MANAGEMENT}:user/benchmark</Arn><UserId>u</UserId>"
        return f"<GetCallerIdentityResponse><GetCallerIdentityResult>{who}</GetCallerIdentityResult></GetCallerIdentityResponse>".encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length and int(length[1]) else b""
                content = self.answer(head, body)
                kind = "text/xml" if content.startswith(b"<") else "application/x-amz-json-1.1"
                lines = (
                    f"HTTP/1.1 200 OK\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
                )
                writer.write(lines.encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def _xml(service: bytes, body: bytes) -> bytes:
    action = re.search(rb"Action=([A-Za-z]+)", body)
    if service not in XML and not action and service != b"s3":
        return b"{}"
    name = action[1].decode() if action else "Listing"
    return (f"<{name}Response/>" if service == b"ec2" else f"<{name}Response><{name}Result/></{name}Response>").encode()


async def main(accounts: int, points: int) -> None:
    """Serve until ended."""
    server = await asyncio.start_server(Canned(accounts, points).serve, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
