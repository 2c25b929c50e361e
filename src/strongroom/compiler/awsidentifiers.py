"""Names of AWS Backup Audit Manager and of restore testing: letters, digits and underscores, where strategies write hyphens."""

import hashlib


def aws_identifier(*words: str, longest: int) -> str:
    """Return a name of letters, digits and underscores; one that is too long ends in a hash of the whole.

    Example:
        >>> aws_identifier("bank", "weekly-test", longest=50)
        'bank_weekly_test'
        >>> aws_identifier("bank", "weekly-test", longest=12)
        'bank_acde53'
    """
    name = "_".join(words).replace("-", "_")
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: longest - len(digest) - 1].rstrip('_')}_{digest}"
