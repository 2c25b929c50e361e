"""Findings for machines: JSON, SARIF 2.1.0 (code scanning) and JUnit XML (CI reports)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import click

from strongroom import __version__
from strongroom.domain.estate import Undeployed
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import FileOrigin

FORMAT_VERSION = 1
GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

text_or_json = click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
findings_format = click.option(
    "--format", "output", type=click.Choice(["text", "json", "sarif", "junit"]), default="text", show_default=True
)


def plain(value: Any) -> Any:
    """Return a result as JSON values: dataclasses by field, instants in ISO 8601, enums by value."""
    if isinstance(value, Finding | Undeployed):
        members = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return {**members, "origin": str(value.origin)}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.value if isinstance(value, Enum) else value


def print_json(verb: str, **members: Any) -> None:
    """Print a verb's result as one JSON document with its `format_version`."""
    document = {"format_version": FORMAT_VERSION, "verb": verb, **{name: plain(value) for name, value in members.items()}}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def sarif(findings: Sequence[Finding], ranks: Sequence[float] = ()) -> str:
    """Return findings as SARIF, which code hosts show beside the changed lines; `ranks`: how much each matters, 0 to 100."""
    rules = sorted({finding.code for finding in findings})
    driver = {
        "name": "strongroom",
        "version": __version__,
        "rules": [{"id": code} for code in rules],
    }
    results = [_sarif_result(finding) for finding in findings]
    for result, rank in zip(results, ranks, strict=False):
        result["rank"] = rank
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _sarif_result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. Fix: {finding.help}"},
    }
    if isinstance(finding.origin, FileOrigin):
        place = {
            "artifactLocation": {"uri": finding.origin.file},
            "region": {"startLine": finding.origin.line, "startColumn": finding.origin.column},
        }
        result["locations"] = [{"physicalLocation": place}]
    else:
        result["locations"] = [{"logicalLocations": [{"fullyQualifiedName": str(finding.origin)}]}]
    return result


def junit(suite: str, findings: Sequence[Finding], unknown: Sequence[Finding] = ()) -> str:
    """Return findings as JUnit XML: one failed case each, or one passed case when there are none.

    Remarks pass; those of `unknown` are skipped, because nothing was judged.
    """
    from xml.etree import ElementTree as ET  # for this format alone: `check` must answer at once

    root = ET.Element("testsuites")
    failures = [finding for finding in findings if finding.severity is not Severity.INFO]
    skipped = [finding for finding in unknown if finding not in failures]
    numbers = {"tests": str(len(findings) or 1), "failures": str(len(failures)), "skipped": str(len(skipped))}
    element = ET.SubElement(root, "testsuite", {"name": f"strongroom {suite}", **numbers})
    if not findings:
        ET.SubElement(element, "testcase", classname=suite, name="no findings")
    for finding in findings:
        case = ET.SubElement(element, "testcase", classname=finding.code, name=f"{finding.origin} {finding.subject}")
        if finding.severity is not Severity.INFO:
            failure = ET.SubElement(case, "failure", message=finding.message, type=finding.severity.value)
            failure.text = f"{finding.why}\n{finding.help}"
        elif finding in skipped:
            ET.SubElement(case, "skipped", message=finding.message)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def github(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield findings as workflow commands, which GitHub Actions shows beside the changed lines.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, read 2026-11-21
    """
    for finding in findings:
        place = ""
        if isinstance(finding.origin, FileOrigin):
            place = f"file={_escaped(finding.origin.file, properties=True)},line={finding.origin.line},col={finding.origin.column},"
        text = _escaped(f"{finding.message}\nhelp: {finding.help}", properties=False)
        yield f"::{GITHUB_LEVELS[finding.severity]} {place}title={finding.code}::{text}"


def _escaped(text: str, *, properties: bool) -> str:
    escapes = {"%": "%25", "\r": "%0D", "\n": "%0A"} | ({":": "%3A", ",": "%2C"} if properties else {})
    return "".join(escapes.get(letter, letter) for letter in text)
