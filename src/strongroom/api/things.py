"""What an ARN names, and what is kept in a vault, as `can` and `who-can` ask about it."""

import re
from typing import Final

from strongroom.api.entitled import Entitled
from strongroom.proof.holdings import Holdings, Thing, ThingKind, examples, of_access, of_snapshot, thing

_FORMS: Final = (
    (ThingKind.VAULT, r":backup:[^:]*:[0-9]{12}:backup-vault:"),
    (ThingKind.POINT, r":backup:[^:]*:[0-9]{12}:recovery-point:"),
    (ThingKind.PLAN, r":backup:[^:]*:[0-9]{12}:backup-plan:"),
    (ThingKind.HOLD, r":backup:[^:]*:[0-9]{12}:legal-hold:"),
    (ThingKind.KEY, r":kms:[^:]*:[0-9]{12}:key/"),
    (ThingKind.ROLE, r":iam::[0-9]{12}:role/"),
    (ThingKind.TOPIC, r":sns:"),
    (ThingKind.POLICY, r":organizations::[0-9]{12}:policy/"),
    (ThingKind.ACCOUNT, r":organizations::[0-9]{12}:account/"),
    (ThingKind.ORGANIZATION, r":organizations::[0-9]{12}:(?:organization|root)/"),
    (ThingKind.POINT, r":ec2:[^:]*:[0-9]*:(?:snapshot|image)/"),
    (ThingKind.POINT, r":rds:[^:]*:[0-9]{12}:(?:cluster-)?snapshot:"),
    (ThingKind.POINT, r":(?:fsx|dynamodb|redshift|redshift-serverless):[^:]*:[0-9]{12}:(?:.*/)?(?:backup/|snapshot)"),
)


def kind_of(arn: str) -> ThingKind | None:
    """Return what an ARN names, as far as backups hang on it.

    Example:
        >>> kind_of("arn:aws:ec2:eu-west-2::snapshot/snap-1").value, kind_of("arn:aws:s3:::bucket")
        ('recovery point', None)
    """
    return next((kind for kind, form in _FORMS if re.search(form, arn)), None)


def holdings(source: Entitled) -> Holdings:
    """Return what can be asked about; raises CouldNotVerify for a damaged snapshot."""
    return of_snapshot(source.snapshot, source.access) if source.snapshot else of_access(source.access)


def points_of(source: Entitled, vault: str) -> tuple[Thing, ...]:
    """Return a recovery point of each form in a vault, or examples where nobody has listed any."""
    found = tuple(each for each in holdings(source).things if each.kind is ThingKind.POINT and each.vaults == (vault,))
    return found or examples(thing(vault, ThingKind.VAULT))


def vault_of(source: Entitled, point: str) -> str:
    """Return the vault that holds a recovery point; empty: it isn't known, or several do."""
    if source.snapshot is None:
        return ""
    from strongroom import ledger
    from strongroom.domain.names import vault_arn

    connection = ledger.connect(source.snapshot)
    try:
        query = "SELECT DISTINCT account_id, region, vault_name FROM recovery_points WHERE arn = $arn"
        found = ledger.rows(connection, query, {"arn": point})
    finally:
        connection.close()
    return vault_arn(found[0]["account_id"], found[0]["region"], found[0]["vault_name"]) if len(found) == 1 else ""
