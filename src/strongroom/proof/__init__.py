"""Declared against observed, link by link: proof chains, what they come to, and coverage without any strategy.

Everything is seeded unknown and only evidence moves it. Facts about accounts are judged in Python, mass facts in the named
queries beside this file (*.sql), which an auditor can read and rerun on the ledger.
"""

from strongroom.proof.causes import BY_CODE, CAUSES, Cause
from strongroom.proof.coverage import AccountCoverage, Coverage, GroupCoverage, coverage, grouping
from strongroom.proof.findings import Fault
from strongroom.proof.links import ASSESSED, Chain, Link, LinkName, LinkState
from strongroom.proof.proving import prove
from strongroom.proof.readings import Unreadable
from strongroom.proof.verification import Verification, verify

__all__ = [
    "ASSESSED",
    "BY_CODE",
    "CAUSES",
    "AccountCoverage",
    "Cause",
    "Chain",
    "Coverage",
    "Fault",
    "GroupCoverage",
    "Link",
    "LinkName",
    "LinkState",
    "Unreadable",
    "Verification",
    "coverage",
    "grouping",
    "prove",
    "verify",
]
