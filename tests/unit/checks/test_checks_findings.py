"""What findings say: the numbers, the words, the place."""

from dataclasses import replace
from pathlib import Path

import pytest

from strongroom import checks, compiler, strategyfile
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import FileOrigin

EXAMPLES = Path(__file__).parents[3] / "examples"


def _volume(number, **parts):
    return replace(
        checks.Resource(
            arn=f"arn:aws:ec2:eu-west-2:555555555555:volume/vol-{number}",
            type=ResourceType.EBS,
            account=AccountId("555555555555"),
            region=Region("eu-west-2"),
            tags=(("environment", "prod"),),
            encrypted=True,
            key_manager="AWS",
        ),
        **parts,
    )


def _inventory(*resources, unread=()):
    return checks.Inventory(resources=resources, unread=unread)


def _only(findings, code):
    (finding,) = (each for each in findings if each.code == code)
    return finding


def test_the_shipped_example_has_nothing_to_report():
    """Three tiers as S1 wants them: no error, no warning, no notice."""
    parsed = strategyfile.load(EXAMPLES / "three-tiers" / "strategy.yaml")
    assert checks.run(compiler.compile_strategy(parsed.strategy)) == ()


def test_finding_names_the_jobs_that_fail(estate):
    """Which, how often in 30 days, and in AWS's own words."""
    lock = "  locked: {in: central, lock: {mode: governance, min: 90d}}\n"
    plan = 'plans:\n  p:\n    select: {tags: {a: b}}\n    rules:\n      daily: {at: "02:00", start_within: 1h, keep: 30d, copy: locked}\n'
    finding = _only(checks.run(estate(lock + plan)), "LCK002")
    assert finding.message == "the copy's retention is 30 days, vault locked's lock demands at least 90"
    assert finding.why == (
        'every copy job fails, 30 in 30 days for each resource: "Copy job failed. The retention specified in the job is not within '
        'the range specified for the target Backup Vault."'
    )
    assert finding.help == "set keep to 90d or more, or change the lock before it is in force"
    assert (finding.subject, finding.failure_mode, finding.severity) == ("copy p.daily to locked", "FM03", Severity.ERROR)
    assert finding.origin == FileOrigin("strategy.yaml", 17, 63)


def test_lost_runs_are_counted_as_aws_does_in_its_own_example(estate):
    """Sixteen of twenty-four hourly runs a day: 480 of 720 in 30 days."""
    plan = (
        "plans:\n  p:\n    select: {tags: {a: b}}\n    rules:\n"
        "      hourly: {at: hourly, start_within: 1h, keep: 1d}\n"
        '      twice: {at: "cron(0 0/12 * * ? *)", start_within: 8h, keep: 7d}\n'
    )
    finding = _only(checks.run(estate(plan)), "WIN001")
    assert finding.message == "loses 480 of 720 runs in 30 days to rule twice, which keeps 7 days"
    assert finding.count == 480


def test_rule_that_does_not_run_in_30_days_is_counted_over_a_year(estate):
    """A count of zero in 30 days would sound harmless."""
    plan = (
        "  locked: {in: every-account, lock: {mode: governance, min: 90d}}\n"
        "plans:\n  p:\n    select: {tags: {a: b}}\n    rules:\n"
        '      y: {at: "cron(0 2 1 6 ? *)", start_within: 1h, keep: 30d, vault: locked}\n'
    )
    assert "1 in a year for each resource" in _only(checks.run(estate(plan)), "LCK001").why


def test_resources_with_one_fault_are_one_finding(estate):
    """A thousand volumes are one line that counts them and names some."""
    finding = _only(checks.run(estate(), _inventory(*(_volume(number) for number in range(1000)))), "CPY003")
    assert (finding.subject, finding.count) == ("1000 EBS resources", 1000)
    assert finding.message.endswith("volume/vol-10 and 997 more on an AWS-managed key can't be copied to account 333333333333")
    assert '"Snapshots encrypted with the AWS managed key can\'t be shared. Specify another snapshot."' in finding.why


def test_single_resource_is_named(estate):
    """The ARN is the subject, to copy and paste."""
    finding = _only(checks.run(estate(), _inventory(_volume(1))), "CPY003")
    assert finding.subject == "arn:aws:ec2:eu-west-2:555555555555:volume/vol-1"


def test_copy_inside_the_central_account_needs_no_shared_key(estate):
    """A resource of the central account is copied within its own account."""
    inside = _volume(1, account=AccountId("333333333333"))
    assert not checks.run(estate(), _inventory(inside))


def test_resources_outside_the_governed_regions_are_not_selected(estate):
    """No plan runs there, so no copy can fail there."""
    assert not checks.run(estate(), _inventory(_volume(1, region=Region("us-east-1"))))


def test_two_wrong_tags_are_corrected_together(estate):
    """A resource is a near miss only when correcting all of it would select it."""
    plan = (
        "plans:\n  p:\n    select: {tags: {environment: prod, team: payments}}\n    rules:\n"
        '      d: {at: "02:00", start_within: 1h, keep: 7d}\n'
    )
    both = _volume(1, tags=(("environment", "prd"), ("Team", "payments")))
    finding = _only(checks.run(estate(plan), _inventory(both)), "SEL002")
    assert finding.help == "set the tag to environment: prod and team: payments"
    one = _volume(1, tags=(("environment", "prd"), ("team", "billing")))
    assert not checks.run(estate(plan), _inventory(one))


@pytest.mark.parametrize(
    "resource", [_volume(1), _volume(1, tags=(("environment", "prd"),)), _volume(1, type=ResourceType.AURORA), _volume(1, key_manager=None)]
)
def test_what_could_not_be_read_never_turns_a_finding_into_a_pass(estate, resource):
    """Adding an unread part keeps every finding and adds its own."""
    unread = (checks.UnreadPart(account=AccountId("666666666666"), region="", subject="resources:EBS", reason="AccessDenied"),)
    before = checks.run(estate(), _inventory(resource))
    after = checks.run(estate(), _inventory(resource, unread=unread))
    assert before
    assert set(before) < set(after)
    assert {finding.code for finding in set(after) - set(before)} == {"UNK001"}


def test_unread_part_names_account_subject_and_reason(estate):
    """Where to look, and why it failed."""
    unread = (checks.UnreadPart(account=AccountId("666666666666"), region="eu-west-1", subject="resources:EBS", reason="AccessDenied"),)
    finding = _only(checks.run(estate(), _inventory(unread=unread)), "UNK001")
    assert finding.message == "resources:EBS could not be read in account 666666666666 and Region eu-west-1"
    assert finding.why == "AccessDenied"


def test_findings_stand_in_the_order_of_the_file(estate):
    """A reader goes through the file once."""
    plans = (
        'plans:\n  a:\n    select: {tags: {a: b}}\n    rules:\n      d: {at: "Sunday 02:00", start_within: 1h, keep: 1d}\n'
        '  b:\n    select: {tags: {c: d}}\n    rules:\n      d: {at: "02:00", start_within: 1h, keep: 40d, cold_after: 30d}\n'
    )
    assert [finding.code for finding in checks.run(estate(plans))] == ["LIF003", "LIF001"]


def test_parts_of_a_split_plan_do_not_collide_with_each_other(estate):
    """Eleven rules become two plans of the same selection: that is ours, and no collision."""
    rules = "".join(f'      r{hour}: {{at: "{hour:02}:00", start_within: 1h, keep: 7d}}\n' for hour in range(11))
    compiled = estate("plans:\n  p:\n    select: {tags: {a: b}}\n    rules:\n" + rules)
    assert len(compiled.plans) == 2
    assert checks.run(compiled) == ()


def test_more_policies_than_a_target_takes_are_reported(estate):
    """What packing can't solve is said, with number and bound."""
    compiled = estate()
    many = tuple(replace(compiled.policies[0], name=f"p{number}") for number in range(11))
    finding = _only(checks.run(replace(compiled, policies=many)), "POL001")
    assert finding.message.startswith("each governed OU has 11 ")
    assert finding.message.endswith("10 allowed")


def test_continuous_backup_meets_an_objective_of_minutes(estate):
    """A transaction log is minutes behind, whatever the schedule says."""
    plan = (
        "plans:\n  p:\n    select: {tags: {a: b}, types: [rds]}\n    rules:\n"
        '      log: {at: "02:00", start_within: 1h, keep: 35d, continuous: true}\n'
    )
    assert not checks.run(estate(plan + "objectives:\n  - {select: {tags: {a: b}, types: [rds]}, rpo: 5m}\n"))
    finding = _only(checks.run(estate(plan + "objectives:\n  - {select: {tags: {a: b}, types: [rds]}, rpo: 4m}\n")), "RPO001")
    assert finding.message == "an RPO of 4m is promised for a: b, rds, plan p can do 5m at best"


def test_two_plans_together_can_meet_an_objective(estate):
    """Twelve hours apart in two plans is twelve hours, not twenty-four."""
    plans = "plans:\n" + "".join(
        f'  {name}:\n    select: {{tags: {{a: b}}}}\n    rules:\n      d: {{at: "{hour}:00", start_within: 1h, keep: 7d}}\n'
        for name, hour in (("one", "02"), ("two", "14"))
    )
    assert not checks.run(estate(plans + "objectives:\n  - {select: {tags: {a: b}}, rpo: 13h}\n"))
