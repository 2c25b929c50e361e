"""What the compiler writes lets every job do its work: its roles, trust, vault policies and key policies, asked call by call.

Calls that AWS's pages don't document are asked too; the bucket policies of the buckets that are backed up are not in a strategy.
"""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom import strategyfile
from strongroom.compiler import compile_strategy
from strongroom.domain.names import ResourceType
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.calls import refused
from strongroom.semantics.authorization.model import Layer, Verdict
from strongroom.semantics.authorization.places import Operation

_spec = importlib.util.spec_from_file_location("compiled_estates", Path(__file__).with_name("compiled_estates.py"))
compiled_estates = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(compiled_estates)

MRK = "arn:aws:kms:eu-west-2:333333333333:key/mrk-0123456789abcdef0123456789abcdef"
KEYS = {
    "a key in each account and Region": "keys:\n  backup: {kind: per-account}\n",
    "one multi-Region key": f'keys:\n  backup: {{kind: multi-region, in: central, arn: "{MRK}"}}\n',
}
STRATEGY = """strongroom: 1
name: law
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {{central: "333333333333"}}
  governs: [Workloads]
{keys}vaults:
  local: {{in: every-account}}
  central: {{in: central}}
  dr: {{in: central, region: eu-west-1}}
plans:
  every:
    select: {{types: [{types}]}}
    rules:
      daily: {{at: "12:00", start_within: 1h, keep: 30d, copy: [central, dr]}}
"""
TYPES = [kind for kind in ResourceType if kind is not ResourceType.VIRTUAL_MACHINE]


def compiled(keys, types, more=""):
    text = STRATEGY.format(keys=KEYS[keys], types=", ".join(kind.keyword for kind in types)) + more
    parsed = strategyfile.parse(text, file="strategy.yaml")
    assert parsed.strategy is not None, parsed.findings
    return compile_strategy(parsed.strategy)


def doubts(estate):
    """Everything that isn't certainly allowed, without what the policy of a bucket that is backed up decides."""
    return [
        (job.subject, str(job.operation), str(job.type), judged.call.action, judged.call.on)
        for job, answers in compiled_estates.answers(estate)
        for judged in answers
        if judged.verdict is not Verdict.ALLOWED and judged.call.on not in {"source", "source objects"}
    ]


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_every_call_of_every_job_is_allowed(keys, kind):
    """Backup, copies to another account in both Regions, restores and expiry."""
    assert doubts(compiled(keys, [kind])) == []


@pytest.mark.parametrize("keys", KEYS)
def test_the_jobs_are_those_of_the_strategy(keys):
    """Two Regions, a backup with its restore and expiry, and two copies: nothing is left out, so that the law says something."""
    found = [(job.operation, job.places.vault.split(":")[3]) for job, _ in compiled_estates.answers(compiled(keys, [ResourceType.EFS]))]
    assert sorted(set(found)) == sorted(
        (each, region)
        for each in (Operation.BACKUP, Operation.COPY, Operation.EXPIRE, Operation.RESTORE)
        for region in ("eu-west-1", "eu-west-2")
    )
    assert sum(operation is Operation.COPY for operation, _ in found) == 2 * 2


def test_each_region_of_a_multi_region_key_is_asked():
    """The primary and the replica have policies of their own, and both are judged."""
    estate = compiled("one multi-Region key", [ResourceType.EFS])
    resources = {resource.arn for resource in compiled_estates.Deployed(estate).access.resources}
    keys = {judged.call.resource for _, answers in compiled_estates.answers(estate) for judged in answers if judged.call.on_key}
    assert keys == {arn for arn in resources if ":kms:" in arn}
    assert {arn.split(":")[3] for arn in keys} == {"eu-west-1", "eu-west-2"}


def _without(estate, sid):
    """The estate with the statement of an id taken out of all templates."""

    def cut(template):
        def walk(value):
            if isinstance(value, dict):
                return {key: walk(each) for key, each in value.items()}
            return (
                [walk(each) for each in value if not (isinstance(each, dict) and each.get("Sid") == sid)]
                if isinstance(value, list)
                else value
            )

        return json.dumps(walk(json.loads(template)))

    return replace(
        estate,
        stacks=tuple(replace(each, template=cut(each.template)) for each in estate.stacks),
        stack_sets=tuple(replace(each, template=cut(each.template)) for each in estate.stack_sets),
    )


def _first(estate):
    return next((job, first) for job, answers in compiled_estates.answers(estate) if (first := refused(answers)) is not None)


def test_a_vault_without_its_access_policy_is_found_out():
    """The law has teeth: without the statement, copies to the other account are refused."""
    job, first = _first(_without(compiled("a key in each account and Region", [ResourceType.EFS]), "CopiesFromTheOrganization"))
    assert (job.operation, first.call.action, first.decision.ground.layer) == (Operation.COPY, "backup:CopyIntoBackupVault", Layer.RESOURCE)


def test_a_replica_whose_policy_lacks_a_line_is_found_out():
    """FM15: the primary's policy is whole; jobs of workload accounts can't use the key where its replica's is not."""
    whole = compiled("one multi-Region key", [ResourceType.EFS])
    cut = _without(_without(whole, "CopiesFromTheOrganization"), "VaultsOfTheOrganization")
    stacks = [
        poor if (each.name, each.region) == ("law-key-backup", "eu-west-1") else each
        for each, poor in zip(whole.stacks, cut.stacks, strict=True)
    ]
    job, first = _first(replace(whole, stacks=tuple(stacks)))
    assert (first.call.on, first.decision.ground.layer) == ("vault key", Layer.RESOURCE)
    assert {first.call.resource.split(":")[3], job.places.vault.split(":")[3]} == {"eu-west-1"}


def test_a_role_that_trusts_nobody_is_found_out():
    """AWS Backup can't take it on."""
    estate = compiled("a key in each account and Region", [ResourceType.EBS])
    strange = [replace(each, template=each.template.replace("backup.amazonaws.com", "ec2.amazonaws.com")) for each in estate.stack_sets]
    _, first = _first(replace(estate, stack_sets=tuple(strange)))
    assert first.call.action == "sts:AssumeRole"


def test_a_role_without_the_policies_for_s3_is_found_out():
    """P25: buckets are selected, and the role can't read them."""
    estate = compiled("a key in each account and Region", [ResourceType.S3])
    poor = [
        replace(each, template=each.template.replace("AWSBackupServiceRolePolicyForS3Backup", "ReadOnlyAccess"))
        for each in estate.stack_sets
    ]
    verdicts = {
        judged.verdict
        for job, answers in compiled_estates.answers(replace(estate, stack_sets=tuple(poor)))
        for judged in answers
        if job.operation is Operation.BACKUP
    }
    assert Verdict.UNKNOWN in verdicts  # ReadOnlyAccess isn't among the policies that are known


RAILS = "guard_rails: {deny: all, exempt: [break-glass]}\n"


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_guard_rails_stop_nothing_that_backups_need(keys, kind):
    """With all of them above every account each call is answered as without: backup, copy, restore and expiry."""
    before, after = (
        [(job, [each.verdict for each in judged]) for job, judged in compiled_estates.answers(compiled(keys, [kind], more))]
        for more in ("", RAILS)
    )
    assert any(verdicts for _, verdicts in before)
    assert after == before


def test_a_guard_rail_that_stops_jobs_is_found_out():
    """The law has teeth: without the exemption of its role, AWS Backup could not delete what has expired."""
    estate = compiled("a key in each account and Region", [ResourceType.FSX], RAILS)
    role = '"arn:aws:iam::*:role/law-AWSBackup",'
    rails = tuple(replace(rail, content=rail.content.replace(role, "")) for rail in estate.rails)
    assert rails != estate.rails
    job, first = _first(replace(estate, rails=rails))
    assert (job.operation, first.call.action, first.decision.ground.layer) == (Operation.EXPIRE, "fsx:DeleteBackup", Layer.SCP)


def test_service_linked_roles_are_not_reached():
    """AWS Backup's own role deletes copies at the end of their lifecycle whatever the guard rails say."""
    deployed = compiled_estates.Deployed(compiled("a key in each account and Region", [ResourceType.EBS], RAILS))
    authorizer = Authorizer(deployed.access)
    levels = {role.arn.rpartition("/")[2]: authorizer.actor(role.arn).controls for role in deployed.access.principals}
    assert levels["AWSServiceRoleForBackup"] == ()
    assert len(levels["law-AWSBackup"]) > 0
