"""`strongroom demo`: the whole product in under a minute, on a twin that it starts and stops itself."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from strongroom.errors import BadInput, Cancelled, Stopped

DAYS = 90
MARKER_DAYS = 10  # between two rows that are written into every database
TESTED = "with-restore-tests"  # folder of an example whose strategy tests restores too
DATABASE = "arn:aws:rds:eu-west-2:777777777777:db:ledger-database"  # the one that the example's restore test is about
LOGIN = "LEDGER_PASSWORD", "not-a-secret"  # the twin's databases all have it
TICK, TICK_SECONDS = "2m", 0.1  # how the clock moves while restores are waited for


@click.command("demo")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), default="demo-report.json", show_default=True)
@click.option("--example", type=click.Path(path_type=Path, file_okay=False), help="Folder with organization.yaml and strategy.yaml.")
@click.option(
    "--enforce-iam/--no-enforce-iam", default=True, show_default=True, help="Let the twin's calls and jobs do only what policies allow."
)
def command(report: Path, example: Path | None, enforce_iam: bool) -> int:  # noqa: FBT001 - click's
    """See all of it in under a minute: deploy a strategy to a local AWS organization, let ninety days pass, prove the result.

    Needs no AWS account and leaves nothing running. What was found is written to a report.
    """
    from strongroom.cli.report import write_report

    folder = example or example_folder()
    for name in ("organization.yaml", "strategy.yaml"):
        if not (folder / name).is_file():
            raise BadInput(f"there is no {folder / name}", hint="name a folder that has both: strongroom demo --example FOLDER")
    writable(report)
    with _own_home() as home:
        story = Story(folder, home, enforce_iam=enforce_iam)
        try:
            story.run()
        except (Stopped, Cancelled) as error:
            raise KeyboardInterrupt from error  # there is nothing to resume: the twin goes, and its state with it
        finally:
            story.stop()
    write_report(report, story.document)
    click.echo(f"\nall of it in {story.document['seconds']:.0f} s; the whole story: {report}")
    return 0


def example_folder() -> Path:
    """Return the example that comes with Strongroom; raises BadInput when it was left out of an installation."""
    package = Path(__file__).parents[1]
    for folder in (package / "examples" / "three-tiers", package.parents[1] / "examples" / "three-tiers"):
        if (folder / "strategy.yaml").exists():
            return folder
    raise BadInput("the example three-tiers is not installed", hint="name a folder: strongroom demo --example FOLDER")


def writable(report: Path) -> None:
    """Raise BadInput now rather than after a minute when the report can't be written."""
    if report.is_dir() or not report.parent.is_dir() or not os.access(report if report.exists() else report.parent, os.W_OK):
        raise BadInput(f"can't write {report}", hint="name another file: strongroom demo --report FILE")


@contextmanager
def _own_home() -> Iterator[Path]:
    """A state folder and an AWS configuration of the demo's own: nothing of the user's is read or written."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="strongroom-demo-") as folder:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ |= {"STRONGROOM_HOME": folder, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        try:
            yield Path(folder)
        finally:
            os.environ.clear()
            os.environ |= before


class Story:
    """The demo's acts; `document` grows into the report."""

    def __init__(self, folder: Path, home: Path, *, enforce_iam: bool = True) -> None:
        self.tests_restores = (folder / TESTED / "strategy.yaml").is_file()
        self.strategy = _typed((folder / TESTED if self.tests_restores else folder) / "strategy.yaml")
        self.seed = _typed(folder / "organization.yaml")
        self.home = home
        self.enforce_iam = enforce_iam
        self.started = time.monotonic()
        self.act = 0
        self.document: dict[str, Any] = {"format_version": 1, "acts": []}

    def run(self) -> None:
        """Play all acts, one after the other."""
        tests = (self.test,) if self.tests_restores else ()
        for act in (self.start_twin, self.check, self.apply, self.let_time_pass, *tests, self.verify, self.prove):
            began = time.monotonic()
            self.act += 1
            click.echo()
            act()
            self.document["acts"].append({"name": act.__name__, "seconds": round(time.monotonic() - began, 2)})
        self.document["seconds"] = round(time.monotonic() - self.started, 2)

    def start_twin(self) -> None:
        """A local AWS organization starts in a process of its own, on a free port."""
        from strongroom.twin import process

        self._title(f"a local AWS organization, seeded from {self.seed}")
        endpoint = process.up(self.home, 0, self.seed, enforce_iam=self.enforce_iam)
        os.environ |= process.environment(endpoint)
        figures = process.status(self.home)
        self.document["twin"] = figures
        click.echo(f"{figures['accounts']} accounts and {figures['resources']} resources at {endpoint.url}")

    def check(self) -> None:
        """The strategy is checked before anything is deployed."""
        from strongroom.api.check import check
        from strongroom.cli.formats import plain
        from strongroom.cli.printing import counted, print_findings

        self._title(f"strongroom check {self.strategy}")
        checked = check(self.strategy)
        print_findings(checked.findings)
        click.echo(f"{checked.file}: {counted(checked.findings)}")
        self.document["check"] = {"findings": plain(checked.findings)}

    def apply(self) -> None:
        """A plan is shown and executed with the calls that AWS itself would get."""
        from strongroom.api.plan import apply, plan
        from strongroom.cli.changes import fell_short, print_plan, print_shortfalls
        from strongroom.cli.printing import print_findings
        from strongroom.cli.progress import progress

        self._title(f"strongroom apply {self.strategy}")
        made = plan(self.strategy)
        if made.plan is None:
            print_findings(made.findings, err=True)
            raise BadInput(f"{self.strategy} can't be deployed to {self.seed}", hint="mend the findings above")
        print_plan(made.plan)
        with progress("applying") as update:
            done = apply(
                made,
                made.plan,
                home=self.home,
                accept_locks=made.plan.locks,
                on_step=lambda step, total: update(step.number - 1, total, step.title),
            )
        print_shortfalls(done.shortfalls)
        self.document["apply"] = {"run": made.plan.plan_id, "steps": [step.title for step in made.plan.steps]}
        click.echo(f"applied {len(made.plan.steps)} steps{fell_short(done.shortfalls)}")

    def let_time_pass(self) -> None:
        """Ninety days pass on the twin's clock, in which applications write into their databases."""
        from strongroom.cli.twin import let_pass, write_markers
        from strongroom.twin import process

        if self.tests_restores:
            every = f"{MARKER_DAYS}d"
            self._title(f"strongroom twin load --for {DAYS}d --every {every} --kinds databases --only {DATABASE}")
            moved = write_markers(
                process.running(self.home), every, f"{DAYS}d", kinds=("databases",), only=(DATABASE,), seed="demo", quiet=False
            )
            written = moved["markers"] if moved["resources"].get("databases") else 0
            click.echo(f"{written} rows were written into {DATABASE.rpartition(':')[2]}, a real PostgreSQL, one every {MARKER_DAYS} days")
        else:
            self._title(f"strongroom twin clock advance {DAYS}d")
            moved = let_pass(self.home, f"{DAYS}d")
        counts = moved["counts"]
        self.document["clock"] = moved
        click.echo(
            f"{counts['backup_jobs']} backup jobs and {counts['copy_jobs']} copy jobs ran, "
            f"{counts.get('copy_jobs_failed', 0)} copies failed, "
            f"{counts['recovery_points']} recovery points appeared, {counts['expired']} expired"
        )

    def test(self) -> None:
        """A database is restored beside itself, its rows are counted, and what was restored goes again."""
        from strongroom.api.test import exit_code, prepare, run
        from strongroom.cli.progress import progress
        from strongroom.cli.test import print_tested, tested_json

        self._title(f"strongroom sync {self.strategy} && strongroom test --strategy {self.strategy}")
        self._sync()
        prepared = prepare(self.strategy, home=self.home)
        os.environ[LOGIN[0]] = LOGIN[1]
        with self._clock_running(), progress("testing") as update:
            done = run(prepared, on_progress=update)
        print_tested(done, home=self.home)
        self.document["test"] = tested_json(done) | {"exit_code": int(exit_code(done.records, done.untested))}

    @contextmanager
    def _clock_running(self) -> Iterator[None]:
        """Let virtual minutes pass while restore jobs run, which take their time by the twin's clock."""
        from strongroom.twin import client, process

        endpoint, over = process.running(self.home), threading.Event()

        def tick() -> None:
            while not over.wait(TICK_SECONDS):
                client.move_clock(endpoint, advance=TICK)

        ticking = threading.Thread(target=tick)
        ticking.start()
        try:
            yield
        finally:
            over.set()
            ticking.join()

    def _sync(self) -> dict[str, int]:
        """Read every account into the ledger, and return how many rows there are."""
        from strongroom.api.sync import sync
        from strongroom.cli.progress import progress

        with progress("reading") as update:
            synced = sync(self.strategy, home=self.home, on_progress=update)
        rows = dict(synced.rows)
        click.echo(f"read {rows['accounts']} accounts, {rows['resources']} resources, {rows['recovery_points']} recovery points")
        self.document["sync"] = {"rows": rows, "unread": len(synced.unread)}
        return rows

    def verify(self) -> None:
        """Every account is read into the ledger and compared with the strategy."""
        from strongroom.api.verify import verify
        from strongroom.cli.verify import print_verification

        self._title(f"strongroom sync {self.strategy} && strongroom verify {self.strategy}")
        self._sync()
        found = verify(self.strategy, home=self.home)
        print_verification(found)
        self.document["verify"] = found.to_json(chains=True)
        self._healthy, self._broken = _examples(found.chains.to_pylist())

    def prove(self) -> None:
        """One healthy and one broken resource, link by link."""
        from strongroom.api.verify import prove
        from strongroom.cli.formats import plain
        from strongroom.cli.prove import print_chains

        self._title("strongroom prove, for a healthy and a broken resource")
        self.document["prove"] = {}
        for name, arn in (("healthy", self._healthy), ("broken", self._broken)):
            if arn:
                chains = prove(self.strategy, arn, home=self.home)
                print_chains(arn, chains)
                click.echo()
                self.document["prove"][name] = {"arn": arn, "chains": plain(chains)}

    def stop(self) -> None:
        """Stop the twin, also after an error or Ctrl-C."""
        from strongroom.twin import process

        process.down(self.home)

    def _title(self, text: str) -> None:
        click.echo(click.style(f"{self.act}  {text}", bold=True))


def _examples(chains: list[dict[str, Any]]) -> tuple[str, str]:
    """Return a resource that is proven, to a restore if one is, else to its copies, and one with a broken copy, else any broken link."""
    states: dict[str, set[str]] = {}
    restored, copied = set(), set()
    for row in chains:
        arn = row["resource_arn"]
        states.setdefault(arn, set()).update(row[name] for name in row if name.endswith("_state"))
        if row["restored_state"] == "proven":
            restored.add(arn)
        if row["copied_state"] in {"proven", "broken"}:
            copied.add(arn)
    by_copy = sorted(states, key=lambda arn: (arn not in copied, arn))
    whole = [arn for arn in by_copy if not states[arn] & {"broken", "unknown"}]
    healthy = next((arn for arn in whole if arn in restored), next(iter(whole), ""))
    broken = next((arn for arn in by_copy if "broken" in states[arn]), "")
    return healthy, broken


def _typed(path: Path) -> Path:
    """The path as a person would type it from here."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
