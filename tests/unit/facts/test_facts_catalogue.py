"""The facts: complete, sourced, dated, and nothing else can be asked for."""

import re
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from strongroom import facts
from strongroom.domain.names import Region, ResourceType

SOURCE = Path(facts.__file__).parents[1]
TODAY_OF_READING = date(2026, 11, 21)


@pytest.mark.parametrize("file", facts.FILES)
def test_every_entry_is_complete(file):
    """Value, unit, https source, date read and status stand at each entry, and nothing else does."""
    entries = tomllib.loads(files("strongroom.facts").joinpath(f"{file}.toml").read_text(encoding="utf-8"))
    assert entries
    assert {name for name, entry in entries.items() if set(entry) != {"value", "unit", "source", "read", "status"}} == set()
    for name in facts.names(file):
        fact = facts.fact(file, name)
        assert fact.unit
        assert fact.source.startswith("https://"), name
        assert type(fact.read) is date
        assert fact.read <= TODAY_OF_READING
        assert isinstance(fact.status, facts.Status)


def test_what_is_documented_was_read_on_a_page_of_aws():
    """A field report is never called documented."""
    everything = [facts.fact(file, name) for file in facts.FILES for name in facts.names(file)]
    elsewhere = [fact.name for fact in everything if fact.status is facts.Status.DOCUMENTED and "docs.aws.amazon.com" not in fact.source]
    assert elsewhere == []


def test_an_unknown_name_is_our_mistake_and_suggests_the_nearest():
    """Asking for a fact that doesn't exist fails loudly."""
    with pytest.raises(facts.UnknownFact, match=r"facts/limits.toml has no 'copys_per_rule', did you mean 'copies_per_rule'\?"):
        facts.limit("copys_per_rule")
    with pytest.raises(KeyError, match=r"facts/messages\.toml has no 'zzz'"):
        facts.message("zzz")
    with pytest.raises(facts.UnknownFact, match=r"there is no facts/prices\.toml"):
        facts.fact("prices", "ebs")


def test_every_fact_that_the_code_names_exists():
    """A name in the source is the name of an entry."""
    wanted = {
        (f"{kind}s", name)
        for file in SOURCE.rglob("*.py")
        for kind, name in re.findall(r"facts\.(limit|message)\(\"([a-z0-9_]+)\"\)", file.read_text(encoding="utf-8"))
    }
    assert ("limits", "retention_days_max") in wanted
    assert sorted((file, name) for file, name in wanted if name not in facts.names(file)) == []


def test_patterns_compile():
    """Regular expressions among the facts are regular expressions."""
    for name in facts.names("limits"):
        if name.endswith("_pattern"):
            re.compile(facts.limit(name).value)
    assert re.fullmatch(facts.limit("vault_name_pattern").value, "three-tiers-local")
    assert not re.fullmatch(facts.limit("vault_name_pattern").value, "a")


@pytest.mark.parametrize("resource_type", ResourceType)
def test_every_resource_type_has_capabilities(resource_type):
    """The matrix has a row for each type, with patterns for policies and only names of capabilities that exist."""
    found = facts.capabilities(resource_type)
    assert all(pattern.startswith("arn:aws:") for pattern in found.policy_pattern)
    assert found.policy_pattern
    named = set(facts.fact("resource_types", resource_type).value["can"]) | found.disputed
    assert named <= set(facts.Capabilities.__dataclass_fields__)


def test_the_matrix_has_no_row_for_a_type_that_we_do_not_know():
    """Rows and types are the same set."""
    assert set(facts.names("resource_types")) == {str(resource_type) for resource_type in ResourceType}


def test_regions_look_like_regions():
    """All codes parse, and those to opt in to are among them."""
    assert {str(Region.parse(code)) for code in facts.regions()} == facts.regions()
    assert facts.opt_in_regions() < facts.regions()
    assert {"eu-west-2", "eu-west-1"} <= facts.regions() - facts.opt_in_regions()


@pytest.mark.parametrize("resource_type", ResourceType)
def test_every_resource_type_says_how_it_is_stored(resource_type):
    """The words are the known ones, and cold storage agrees with the matrix of capabilities."""
    found = facts.storage(resource_type)
    assert found.cold in {"none", "cold", "archive", "disputed"}
    assert (found.cold != "none") is facts.capabilities(resource_type).cold_storage
    assert found.later in {"full", "incremental"}
    assert found.chain == ("vault" if facts.capabilities(resource_type).fully_managed else "region")


@pytest.mark.parametrize("name", facts.names("type_lists"))
def test_a_list_of_types_names_each_type_once(name):
    """Every name is a resource type, none is there twice."""
    listed = facts.fact("type_lists", name).value
    assert facts.types(name) == {ResourceType(each) for each in listed}
    assert listed == sorted(set(listed))
