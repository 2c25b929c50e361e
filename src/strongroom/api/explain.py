"""`explain`: what a finding's code means."""

from strongroom import checks


def explain(code: str) -> str:
    """Return title, why, fix, limits and source of a code; raises BadInput with near misses for an unknown one."""
    return checks.explain(code)
