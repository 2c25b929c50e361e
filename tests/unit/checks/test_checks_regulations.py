"""Statements of regulations: complete, sourced, and told apart by how far they were verified."""

import pytest

from strongroom import checks
from strongroom.checks.regulations import Demand, statements
from strongroom.domain.strategy import RegulationName


def test_every_regulation_of_the_grammar_has_statements():
    """A name that checks nothing would look complied with."""
    assert {each.regulation for each in statements()} == set(RegulationName)


def test_every_demand_has_a_statement():
    """No check of a regulation is idle."""
    assert {each.demand for each in statements()} == set(Demand)


@pytest.mark.parametrize("statement", statements(), ids=lambda each: f"{each.regulation}-{each.clause[:24]}-{each.demand}")
def test_statement_is_complete(statement):
    """Words, clause, days where days are demanded, a reason where nothing is judged."""
    assert statement.words
    assert any(letter.isdigit() for letter in statement.clause)
    assert statement.days >= 0
    assert statement.days == 0 or statement.demand in {Demand.MINIMUM_DAYS, Demand.RESTORE_TESTS}
    assert statement.days or statement.demand is not Demand.MINIMUM_DAYS
    assert bool(statement.reason) == (statement.demand is Demand.NOT_JUDGED)


def test_finding_quotes_the_statement_and_how_far_it_was_verified(estate):
    """A reader can look it up, and knows what was not looked up."""
    plan = 'plans:\n  p:\n    select: {tags: {a: b}}\n    rules:\n      d: {at: "02:00", keep: 1y, copy: central}\nregulations: [pci]\n'
    (finding,) = (each for each in checks.run(estate(plan)) if each.code == "REG003")
    assert finding.why == "10.3.2 PCI DSS 4.0.1: protect audit log files from modification (seen in a secondary source)"
    assert finding.message == "pci: plan p writes into no vault with a lock"


def test_hipaa_documentation_is_not_taken_for_backup_retention(estate):
    """Six years are for documentation: no retention is derived, and the statement says so."""
    plan = 'plans:\n  p:\n    select: {tags: {a: b}}\n    rules:\n      d: {at: "02:00", keep: 30d}\nregulations: hipaa\n'
    found = checks.run(estate(plan))
    assert "REG005" not in {each.code for each in found}
    assert any("not backups of health information" in each.why for each in found)


def test_restore_tests_are_demanded_where_the_text_speaks_of_tests_of_recovery():
    """GDPR speaks of measures, PCI DSS and SEC 17a-4 of no test at all; only DORA names a number of days."""
    demanded = {each.regulation: each.days for each in statements() if each.demand is Demand.RESTORE_TESTS}
    assert demanded == {RegulationName.DORA: 366, RegulationName.HIPAA: 0, RegulationName.NIS2: 0}
