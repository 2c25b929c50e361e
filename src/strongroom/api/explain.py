"""`explain`: what a finding's code means, whichever room it comes from."""

from collections.abc import Mapping
from difflib import get_close_matches

from strongroom import checks, documents, strategyfile
from strongroom.checks import suppressions
from strongroom.errors import BadInput
from strongroom.workflows import catalogue


def codes() -> tuple[str, ...]:
    """Return every code that Strongroom can print, sorted."""
    return tuple(sorted((*checks.codes(), *suppressions.CODES, *strategyfile.CODES, *documents.CODES, *catalogue.BY_CODE, *_causes())))


def explain(code: str) -> str:
    """Return title, why and fix of a code, and its limits and source where it has them; raises BadInput for an unknown one."""
    wanted = code.strip().upper()
    if wanted in checks.codes():
        return checks.explain(wanted)
    if wanted in catalogue.BY_CODE:
        return catalogue.explain(wanted)
    found = strategyfile.explain(wanted) or documents.explain(wanted) or suppressions.explanation(wanted) or _causes().get(wanted)
    if found:
        return found
    near = get_close_matches(wanted, codes(), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"codes begin with {', '.join(sorted({each[:3] for each in codes()}))}"
    raise BadInput(f"there is no code {code!r}", hint=hint)


def _causes() -> Mapping[str, str]:
    from strongroom.proof import CAUSES  # with pyarrow and DuckDB: half a second that other codes don't wait for
    from strongroom.proof.live.run import explanations

    return dict(explanations()) | {
        each.code: f"{each.code} ({each.severity}): {each.title[:1].upper()}{each.title[1:]}\n\nWhy:     {each.why}\nFix:     {each.fix}"
        + (f"\nFailure: {each.failure_mode}" if each.failure_mode else "")
        for each in CAUSES
    }
