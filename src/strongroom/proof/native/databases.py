"""What `native: databases` declares of RDS and Aurora themselves; manual snapshots are for `snapshots`."""

from collections.abc import Callable, Iterator

from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import NativeDatabases
from strongroom.proof.native.comparing import Difference, Ground, Part, Row, Seen, Trait, differences, reaching, resources, switched
from strongroom.proof.readings import Unreadable

DATABASES = (ResourceType.RDS, ResourceType.AURORA)


def found(given: Ground) -> Iterator[Difference | Unreadable]:
    """Yield where databases differ from what is declared of them."""
    if given.estate.native.databases:
        yield from differences(given, resources(given, DATABASES), _parts(given.estate))


def _parts(estate: Estate) -> Iterator[Part]:
    for each in estate.native.databases:
        yield Part(title=title(each), select=each.select, types=DATABASES, traits=tuple(_traits(each)))


def title(declared: NativeDatabases) -> str:
    """Return what a declaration is called."""
    return f"native databases {declared.name}"


def is_cluster(row: Row) -> bool:
    """Tell whether a database is a cluster."""
    return ":cluster:" in row["arn"]


def _traits(declared: NativeDatabases) -> Iterator[Trait]:
    days, protected, copied = declared.retention_days, declared.deletion_protection, declared.copy_tags
    if days is not None:
        fix = _modify(f"--backup-retention-period {days}", "--apply-immediately")
        yield reaching("retention of automated backups", "automated_backup_days", fix, wanted=days)
    if declared.backup_window is not None:
        yield _window("backup", declared.backup_window)
    if declared.maintenance_window is not None:
        yield _window("maintenance", declared.maintenance_window)
    if protected is not None:
        fix = _modify(f"--{'' if protected else 'no-'}deletion-protection")
        yield switched("deletion protection", "deletion_protection", fix, on=protected)
    if copied is not None:
        fix = _modify(f"--{'' if copied else 'no-'}copy-tags-to-snapshot")
        yield switched("copying tags to snapshots", "copies_tags", fix, on=copied)


def _window(which: str, wanted: str) -> Trait:
    column, fix = f"{which}_window", _modify(f"--preferred-{which}-window {wanted}")

    def judge(row: Row) -> Seen | None:
        there = row[column]
        return None if there.lower() == wanted else Seen(value=there, fix=fix(row), severity=Severity.WARNING)

    return Trait(name=f"the {which} window", declared=wanted, column=column, judge=judge)


def _modify(*options: str) -> Callable[[Row], str]:
    """Return what tells the command that changes a database: rds modify-db-instance, or -cluster."""

    def command(row: Row) -> str:
        what = "db-cluster" if is_cluster(row) else "db-instance"
        return " ".join((f"rds modify-{what} --region {row['region']} --{what}-identifier {row['name']}", *options))

    return command
