"""The SHA-256 of the rows of a table or query, compared with what is expected or what the manifest says."""

from collections.abc import Mapping
from typing import Any

from strongroom.validators import manifests, tables
from strongroom.validators.postgres import Missing, connected
from strongroom.validators.sql import READS
from strongroom.validators.statements import statements
from strongroom.validators.target import Found, Target, failed, passed, unknown


def checksum(target: Target, settings: Mapping[str, Any], /) -> Found:
    """Compare rows in their order; a table without `sha256` with its manifest."""
    table, wanted = settings.get("table"), settings.get("sha256")
    asked = settings.get("query") or ""
    if asked and [each.word in READS for each in statements(asked)] != [True]:
        return unknown("query is not one statement that only reads")
    with connected(target, settings.get("database") or "") as session:
        measured: dict[str, Any] = session.measured()
        try:
            found = tables.table(session, table) if table else tables.query(session, asked)
            full = tables.full_name(session, table) if table else ""
        except Missing as error:
            return failed(error.message, **measured)
    measured |= {"rows": found.rows, "sha256": found.sha256}
    source = "expected"
    if wanted is None:
        manifest = manifests.newest(target, settings.get("within", manifests.WITHIN_MINUTES))
        source = f"in the manifest of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC"
        wanted = manifest.entries.get(full)
        measured["manifest"] = manifest.taken_at.isoformat()
    if wanted is None:
        return unknown(f"{full} is not {source}", **measured)
    measured["expected_sha256"] = wanted
    named = table or "the query"
    if found.sha256 != wanted:
        return failed(f"{named} has {found.rows} rows with SHA-256 {found.sha256[:12]}…, {wanted[:12]}… {source}", **measured)
    return passed(f"{named} has {found.rows} rows with the SHA-256 {source}", **measured)
