"""The page docs/reference/authorization-rival.md: the evaluator of IAM's policies that ours is compared with, and each difference.

`page` is called by docs/generate.py; the table is what tests/rival compares by.
"""

import json
import tomllib
from pathlib import Path

RIVAL = Path(__file__).parents[1] / "tests" / "rival"
PACKAGE = "node_modules/@cloud-copilot/iam-simulate"
KINDS = {
    "rival": "Rules that the rival does not know",
    "open": "What AWS's pages leave open, so that our answer is unknown",
}


def page() -> str:
    """Return the page."""
    locked = json.loads((RIVAL / "package-lock.json").read_text(encoding="utf-8"))["packages"][PACKAGE]
    listed = tomllib.loads((RIVAL / "differences.toml").read_text(encoding="utf-8"))["difference"]
    lines = [
        "# The authorization evaluator and its rival",
        "",
        "`tests/rival` asks two evaluators of IAM's policies the same 12,000 questions (`make test-all`: 100,000 more): ours",
        f"(`strongroom.semantics.authorization`) and the npm package `@cloud-copilot/iam-simulate` {locked['version']}, which shares",
        f"nothing with it. Its licence is {locked['license']}: tests run it as it is, in a process of its own; no part of it is imported,",
        "changed or shipped.",
        "",
        "The questions are generated from one seed: actions of AWS Backup, KMS, S3, STS, IAM, SNS, SQS and Organizations; roles with",
        "and without a session, users, root users, service-linked roles and services; in one account and across; identity policies,",
        "permissions boundaries, session policies, service and resource control policies on every level, resource policies, grants; every",
        "condition operator with its qualifiers. Every operator turns the verdict of thirty questions round, ten of them by holding and",
        "ten by failing.",
        "",
        "Whatever the two answer differently must be one of the differences below. A difference is no excuse by itself: the test says",
        "the question in other words, without what the rival doesn't know, and both must then give our answer. Where we answer unknown, it",
        "says the question in each way that AWS's page can be read; the answers must differ, and the rival must agree with each of them.",
        "A difference that no question shows any more fails the test too.",
    ]
    for kind, title in KINDS.items():
        lines += ["", f"## {title}", "", "| difference | ours | the rival | source |", "|---|---|---|---|"]
        lines += [
            f"| {each['name']} | {each['ours']} | {each['rival']} | [AWS]({each['source']}) |" for each in listed if each["kind"] == kind
        ]
    return "\n".join(lines) + "\n"
