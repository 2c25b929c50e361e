"""The page docs/reference/oracle-coverage.md: which rows of the AWS reference are held by oracle vectors, and which aren't, and why.

`page` is called by docs/generate.py; `rows` and `vectors` are what tests/oracle/test_oracle_coverage.py checks.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ORACLE = Path(__file__).parents[1] / "tests" / "oracle"
SECTIONS = {
    "01": "Plans, rules, selections",
    "02": "Jobs and recovery points",
    "03": "Vaults, locks, air-gapped vaults, approval, legal holds",
    "04": "Restore testing and Audit Manager",
    "05": "Organizations: backup policies, delegation, protection",
    "07": "Keys of backups and copies",
    "IAM": "Who may do what: IAM, Organizations and KMS",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table in the AWS reference: the vectors that hold it, or the reason why none does."""

    id: str  # 01-1.3-7: file, section, row; IAM-1.3-7 where the rows are AWS's own pages
    title: str
    vectors: tuple[str, ...]  # schedule.toml#rate is EventBridge's, not AWS Backup's
    reason: str


def rows() -> tuple[Row, ...]:
    """Return the rows, in the order of the reference."""
    listed = tomllib.loads((ORACLE / "rows.toml").read_text(encoding="utf-8"))["row"]
    return tuple(
        Row(id=each["id"], title=each["title"], vectors=tuple(each.get("vectors", ())), reason=each.get("reason", "")) for each in listed
    )


def vectors() -> Iterator[tuple[str, str]]:
    """Yield the address and the source of every oracle vector."""
    for file in sorted(ORACLE.glob("*.toml")):
        if file.name == "rows.toml":
            continue
        for name, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for vector in table if isinstance(table, list) else [{"what": name, **table}]:
                yield f"{file.name}#{vector['what']}", vector["source"]


def page() -> str:
    """Return the page."""
    everything, sources = rows(), dict(vectors())
    held = [row for row in everything if row.vectors]
    lines = [
        "# Oracle coverage",
        "",
        "Every row of the tables in our AWS reference (sections 01 to 05, and 07 on keys), every rule of AWS's pages on authorization",
        "(IAM), and the vectors in `tests/oracle` that hold it. Vectors are transcribed by hand from that reference, which names AWS's",
        "page, or from AWS's page itself, and never computed by the code under test.",
        "",
        f"{len(sources)} vectors hold {len(held)} of {len(everything)} rows. The others, by reason:",
        "",
        "| rows | why no vector holds them |",
        "|---|---|",
    ]
    reasons = Counter(row.reason for row in everything if not row.vectors)
    lines += [f"| {count} | {reason} |" for reason, count in reasons.most_common()]
    for section, title in SECTIONS.items():
        lines += ["", f"## {section} {title}", "", "| row | what | held by |", "|---|---|---|"]
        lines += [f"| {row.id} | {_cell(row.title)} | {_held(row, sources)} |" for row in everything if row.id.startswith(section)]
    return "\n".join(lines) + "\n"


def _held(row: Row, sources: dict[str, str]) -> str:
    if not row.vectors:
        return f"*{_cell(row.reason)}*"
    pages = sorted({sources[address] for address in row.vectors})
    links = " ".join(f"[{number}]({page})" for number, page in enumerate(pages, 1))
    files = ", ".join(f"{name} ({count})" for name, count in sorted(Counter(each.partition("#")[0] for each in row.vectors).items()))
    return f"{files} {links}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
