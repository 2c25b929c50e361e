"""Frameworks of AWS Backup Audit Manager: a StackSet brings them to every governed account and Region.

Audit Manager evaluates what AWS Config records. An account and Region has one recorder, often somebody else's, so
that none is made here: what a framework needs of it is on the list of what is not deployed.
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom import facts
from strongroom.compiler.awsidentifiers import aws_identifier
from strongroom.compiler.template import Json, Template, logical_id, owner_tags, render_template
from strongroom.domain.estate import Estate, StackSet, Undeployed
from strongroom.domain.governance import Control, Framework

NAME_CHARACTERS_MAX = 256  # CreateFramework.FrameworkName


def with_frameworks(estate: Estate) -> Estate:
    """Return the estate with the StackSet `<name>-frameworks`; none when no framework is declared."""
    if not estate.frameworks:
        return estate
    stack_set = StackSet(
        name=f"{estate.name}-frameworks",
        description=f"Audit frameworks of strategy {estate.name} in every governed account",
        template=render_template(_template(estate)),
        parameters=(),
        targets=estate.organization.governs,
        regions=estate.organization.regions,
        protects=False,
    )
    return replace(estate, stack_sets=(*estate.stack_sets, stack_set), undeployed=(*estate.undeployed, *_prerequisites(estate)))


def _prerequisites(estate: Estate) -> Iterator[Undeployed]:
    recorded = [each.removeprefix("AWS::Backup::") for each in facts.fact("other_services", "config_types_of_frameworks").value]
    for framework in estate.frameworks:
        yield Undeployed(
            subject=f"AWS Config recorder of framework {framework.name}",
            reason=f"an account and Region has only one, so none is made: where it does not record {', '.join(recorded)} of AWS::Backup "
            "and the resources themselves, the framework evaluates nothing",
            origin=framework.origin,
        )


def _template(estate: Estate) -> Template:
    return Template(
        description=f"Strongroom: audit frameworks of strategy {estate.name} in one account and Region",
        resources={logical_id("framework", each.name): _framework(estate, each) for each in estate.frameworks},
    )


def _framework(estate: Estate, framework: Framework) -> Json:
    return {
        "Type": "AWS::Backup::Framework",
        "Properties": {
            "FrameworkName": aws_identifier(estate.name, framework.name, longest=NAME_CHARACTERS_MAX),
            "FrameworkDescription": f"Framework {framework.name} of strategy {estate.name}",
            "FrameworkControls": [_control(each) for each in framework.controls],
            "FrameworkTags": owner_tags(estate.name),
        },
    }


def _control(control: Control) -> Json:
    written: Json = {"ControlName": control.name}
    if control.parameters:
        written["ControlInputParameters"] = [{"ParameterName": name, "ParameterValue": value} for name, value in control.parameters]
    return written
