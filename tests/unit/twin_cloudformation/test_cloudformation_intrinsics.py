"""Templates and intrinsic functions of the twin's CloudFormation, without any service behind them."""

from collections.abc import Mapping
from typing import Any

import pytest

from strongroom.twin.cloudformation.handlers import Made
from strongroom.twin.cloudformation.intrinsics import Scope, references
from strongroom.twin.cloudformation.stack import check_references, order
from strongroom.twin.cloudformation.template import Template, check_types, parameter_values, parse
from strongroom.twin.ports import ApiError

TOPIC = {"Type": "AWS::SNS::Topic"}


def template(**sections: Any) -> Template:
    import json

    return parse(json.dumps({"Resources": {"Topic": TOPIC}, **sections}))


def scope(of: Template | None = None, parameters: Mapping[str, Any] | None = None) -> Scope:
    pseudo = {"AWS::AccountId": "111111111111", "AWS::Region": "eu-west-2", "AWS::Partition": "aws"}
    vault = Made(physical_id="vault-name", attributes={"BackupVaultArn": "arn:vault"})
    return Scope(
        template=of or template(),
        parameters=parameters or {"Name": "n", "List": ["a", "b"]},
        pseudo=pseudo,
        resources={"Vault": vault},
        exports={"shared": "exported"},
    )


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Name"}, "n"),
        ({"Ref": "Vault"}, "vault-name"),
        ({"Fn::GetAtt": ["Vault", "BackupVaultArn"]}, "arn:vault"),
        ({"Fn::GetAtt": "Vault.BackupVaultArn"}, "arn:vault"),
        ({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}, "arn:aws:iam::111111111111:root"),
        ({"Fn::Sub": "${Vault.BackupVaultArn}/${!Kept}/${Vault}"}, "arn:vault/${Kept}/vault-name"),
        ({"Fn::Sub": ["${local}-${Name}", {"local": {"Ref": "List"}}]}, "a,b-n"),
        ({"Fn::Join": ["/", [{"Ref": "Name"}, "x"]]}, "n/x"),
        ({"Fn::Join": ["/", {"Ref": "List"}]}, "a/b"),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "p-q"]}]}, "q"),
        ({"Fn::ImportValue": {"Fn::Sub": "shared"}}, "exported"),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::ToJsonString": {"a": {"Ref": "Name"}}}, '{"a": "n"}'),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"Fn::GetAZs": ""}, ["eu-west-2a", "eu-west-2b", "eu-west-2c"]),
    ],
)
def test_values_of_functions(node: Any, value: Any) -> None:
    """Each function has the value that AWS documents."""
    assert scope().value(node) == value


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"Ref": "Nobody"}, "Unresolved resource dependencies [Nobody]"),
        ({"Fn::GetAtt": ["Vault", "Colour"]}, "does not support attribute type Colour"),
        ({"Fn::ImportValue": "private"}, "No export named private found"),
        ({"Fn::Select": [2, ["a"]]}, "nonexistent value at index 2"),
        ({"Fn::Transform": {}}, "does not know the function Fn::Transform"),
    ],
)
def test_functions_that_are_refused(node: Any, message: str) -> None:
    """What has no value is refused with what is missing."""
    with pytest.raises(ApiError) as caught:
        scope().value(node)
    assert message in caught.value.message


def test_conditions_are_booleans_of_each_other() -> None:
    """Equals, And, Or, Not and named conditions; Fn::If chooses by them."""
    conditions = {
        "Home": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-2"]},
        "Away": {"Fn::Not": [{"Condition": "Home"}]},
        "Either": {"Fn::Or": [{"Condition": "Home"}, {"Condition": "Away"}]},
        "Both": {"Fn::And": [{"Condition": "Home"}, {"Condition": "Away"}]},
    }
    seen = scope(template(Conditions=conditions))
    assert [seen.condition(name) for name in conditions] == [True, False, True, False]
    assert seen.value({"Fn::If": ["Away", "yes", {"Ref": "AWS::NoValue"}]}) is not None
    assert seen.value([{"Fn::If": ["Away", "yes", {"Ref": "AWS::NoValue"}]}, "kept"]) == ["kept"]


def test_references_are_found_in_every_function() -> None:
    """Ref, GetAtt and the variables of Sub that are not its own."""
    node = {"a": {"Ref": "One"}, "b": [{"Fn::GetAtt": ["Two", "Arn"]}, {"Fn::Sub": ["${Three.Arn}${own}${!No}", {"own": {"Ref": "Four"}}]}]}
    assert set(references(node)) == {"One", "Two", "Three", "Four"}


def test_resources_come_after_what_they_need_and_without_those_whose_condition_fails() -> None:
    """The order follows references and DependsOn."""
    resources = {
        "Vault": {**TOPIC, "Properties": {"K": {"Fn::GetAtt": ["Key", "Arn"]}}},
        "Alias": {**TOPIC, "DependsOn": "Vault"},
        "Key": TOPIC,
        "Never": {**TOPIC, "Condition": "No"},
    }
    made = template(Resources=resources, Conditions={"No": {"Fn::Equals": ["a", "b"]}})
    assert order(made, scope(made)) == ("Key", "Vault", "Alias")


def test_a_circle_of_resources_is_refused() -> None:
    """Two resources that need each other can't be made."""
    resources = {"A": {**TOPIC, "DependsOn": ["B"]}, "B": {**TOPIC, "Properties": {"a": {"Ref": "A"}}}}
    made = template(Resources=resources)
    with pytest.raises(ApiError, match="Circular dependency between resources"):
        order(made, scope(made))


def test_names_that_do_not_exist_are_refused_in_resources_outputs_and_conditions() -> None:
    """A misspelt name is refused before anything is made."""
    for sections, message in (
        ({"Resources": {"T": {**TOPIC, "Properties": {"a": {"Fn::Sub": "${Mistake}"}}}}}, "[Mistake] in the Resources block"),
        ({"Outputs": {"O": {"Value": {"Ref": "Mistake"}}}}, "[Mistake] in the Outputs block"),
        ({"Resources": {"T": {**TOPIC, "Condition": "Mistake"}}}, "Unresolved condition dependency Mistake"),
    ):
        with pytest.raises(ApiError) as caught:
            check_references(template(**sections))
        assert message in caught.value.message


def test_unknown_types_are_all_named() -> None:
    """AWS lists the types that it does not recognize."""
    with pytest.raises(ApiError, match=r"Unrecognized resource types: \[AWS::A::B, AWS::C::D\]"):
        check_types(template(Resources={"X": {"Type": "AWS::C::D"}, "Y": {"Type": "AWS::A::B"}, "Z": TOPIC}), {"AWS::SNS::Topic"})


def test_parameters_have_defaults_types_and_constraints() -> None:
    """Defaults fill in, lists are split, values outside of the constraints are refused."""
    declared = {
        "A": {"Type": "String", "Default": "x"},
        "B": {"Type": "CommaDelimitedList"},
        "C": {"Type": "String", "AllowedValues": ["on", "off"], "Default": "on"},
        "D": {"Type": "String", "AllowedPattern": "o-[a-z]+", "Default": "o-a"},
        "E": {"Type": "Number", "Default": 3},
    }
    made = template(Parameters=declared)
    assert parameter_values(made, {"B": "1, 2"}) == {"A": "x", "B": ["1", "2"], "C": "on", "D": "o-a", "E": "3"}
    for given, message in (
        ({}, "Parameters: [B] must have values"),
        ({"B": "", "Z": "1"}, "Parameters: [Z] do not exist in the template"),
        ({"B": "", "C": "maybe"}, "Parameter 'C' must be one of AllowedValues"),
        ({"B": "", "D": "x"}, "Parameter 'D' must match pattern o-[a-z]+"),
        ({"B": "", "E": "three"}, "Parameter 'E' must be a number."),
    ):
        with pytest.raises(ApiError) as caught:
            parameter_values(made, given)
        assert caught.value.message == message


def test_yaml_short_forms_are_the_long_forms() -> None:
    """!GetAtt with a dot, !Sub, !If and dates."""
    made = parse("Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {A: !GetAtt V.Arn, B: !If [C, !Ref X, 2012-10-17]}\n")
    assert made.resources["T"].properties == {"A": {"Fn::GetAtt": ["V", "Arn"]}, "B": {"Fn::If": ["C", {"Ref": "X"}, "2012-10-17"]}}
