"""The evidence of one restore test: a JSON document with everything that is needed to check it again, and the same for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from strongroom import __version__
from strongroom.domain.recovery import TestRecord
from strongroom.domain.recoveryjson import encode

FORMAT_VERSION = 1
KIND = "restore test"
SIGNS = {"passed": "PASSED", "failed": "FAILED", "unknown": "UNKNOWN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a test was made from: SHA-256 in hex, so that nobody can say later that it was something else."""

    strategy_sha256: str
    files: Mapping[str, str]  # of the validators, by their path beside the strategy; empty: the file was not there


def document(record: TestRecord, sources: Sources) -> dict[str, Any]:
    """Return the evidence of a test as JSON values; there is no secret in it, because no record holds one."""
    return {
        "format_version": FORMAT_VERSION,
        "document": KIND,
        "tool": {"name": "strongroom", "version": __version__},
        "strategy": {"name": record.strategy, "sha256": sources.strategy_sha256},
        "files": [{"path": path, "sha256": sources.files[path]} for path in sorted(sources.files)],
        "record": encode(record),
    }


def markdown(evidence: Mapping[str, Any]) -> str:
    """Return a document as Markdown; nothing but the document is looked at."""
    record = evidence["record"]
    lines = [f"# Restore test {record['test_id']}: {SIGNS[record['outcome']]}", "", _text(record["told"]), ""]
    for title, rows in _parts(evidence):
        lines += [f"## {title}", "", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _parts(evidence: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    record = evidence["record"]
    yield "What was tested", _table(_tested(record))
    yield "What was restored", _table(_restored(record["restored"])) if record["restored"] else ["Nothing."]
    yield "What was measured", _measured(record["measurements"])
    yield "Time", _table(_time(record))
    yield "Clean-up", _cleaned(record)
    yield "Made from", _table(_made_from(evidence))


def _tested(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    point = record["point"]
    yield "resource", record["resource_arn"]
    yield "type", record["type"]
    yield "vault", f"{record['vault_label'] or '-'}: {point['vault']} in account {point['account']}, {point['region']}"
    yield "recovery point", point["arn"]
    yield "created", point["created_at"]
    yield "restore test", record["test"] or "asked for by hand"
    yield "restored by", {"aws": "AWS Backup's restore testing"}.get(record["origin"], "Strongroom")
    yield "run", record["run_id"]
    yield "tester", record["tester"]


def _restored(made: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "resource", made["resource_arn"]
    yield "account and Region", f"{made['account']}, {made['region']}"
    if made["job_id"]:
        yield "restore job", made["job_id"]
    if made["copy_job_id"]:
        yield "copy job", made["copy_job_id"]
        yield "copied recovery point", made["copied_point_arn"]
    if made["endpoint"]:
        yield "endpoint", f"{made['endpoint']['address']}:{made['endpoint']['port']}"
    yield "encrypted", {True: "yes", False: "no", None: "the service doesn't tell"}[made["encrypted"]]
    if made["key_arn"]:
        yield "key", made["key_arn"]


def _time(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "started", record["started_at"]
    yield "completed", record["completed_at"]
    yield "took", "nothing was restored" if record["seconds"] is None else f"{record['seconds']:.0f} s"
    yield "objective (RTO)", "none" if record["rto_seconds"] is None else f"{record['rto_seconds']} s"
    yield "next test", record["next_at"] or "nobody has declared one"
    if record["reported"]:
        yield "told to AWS", record["reported"]


def _made_from(evidence: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "strategy", f"{evidence['strategy']['name']}, SHA-256 {evidence['strategy']['sha256'] or 'unknown'}"
    for each in evidence["files"]:
        yield "file", f"{each['path']}, SHA-256 {each['sha256'] or 'it was not there'}"
    yield "tool", f"{evidence['tool']['name']} {evidence['tool']['version']}"


def _measured(measurements: list[Mapping[str, Any]]) -> list[str]:
    if not measurements:
        return ["Nothing."]
    rows = [(each["validator"], SIGNS[each["outcome"]], each["told"], f"{each['seconds']:.1f} s") for each in measurements]
    head = ["| validator | outcome | what was found | took |", "|---|---|---|---|"]
    return head + [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]


def _cleaned(record: Mapping[str, Any]) -> list[str]:
    if record["leftovers"]:
        reasons = dict(zip(record["leftovers"], record["left_because"], strict=False))
        return [
            "Still there:",
            "",
            *(f"- {_text(arn)}{f': {_text(reasons[arn])}' if reasons.get(arn) else ''}" for arn in record["leftovers"]),
        ]
    if record["cleaned_up"] is None:
        return ["AWS Backup deletes what it restored." if record["origin"] == "aws" else "Nothing was made."]
    return ["Everything that the test made is gone; AWS was asked until it was." if record["cleaned_up"] else "It was not looked at."]


def _table(rows: Iterator[tuple[str, Any]]) -> list[str]:
    return ["| | |", "|---|---|", *(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows)]


def _cell(value: Any) -> str:
    return _text(value).replace("|", "\\|")


def _text(value: Any) -> str:
    """Return a text on one line in which nothing is taken for markup: databases and other people write what is told."""
    line = " ".join(str(value).split())
    return "".join(f"\\{letter}" if letter in "\\`*_<>[]" else letter for letter in line)
