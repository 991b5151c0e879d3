"""`bonus-malus sync`: one run."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cli.compose import Composition, compose
from cli.course import course
from cli.exits import STATES, Exit
from cli.screen import command, console, print_json
from cli.stopping import on_sigterm
from connectors.protocol import OutcomeKind
from connectors.replacing import replace_file
from sync.brake import Brake, is_id
from sync.job import Job
from sync.job import Progress as Step
from sync.report import Report
from sync.run import run

REFUSED = (OutcomeKind.INVALID.value, OutcomeKind.REJECTED.value, OutcomeKind.RETRY.value)
STAGES = {"read": "reading", "link": "linking people", "score": "scoring", "write": "writing"}


def _an_id(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if value and not is_id(value):
        raise click.BadParameter(f"{value} is no id of a dry run, such as 4f2a91c0-1834; `sync --dry-run` ends with it")
    return value


@click.command()
@click.option("--dry-run", is_flag=True, help="Read and score on a copy of the ledger; write nothing anywhere.")
@click.option("--full", is_flag=True, help="Read everything again instead of what changed.")
@click.option("--first-fill", is_flag=True, help="Yes, write to every record for the first time.")
@click.option("--yes-change", type=click.IntRange(0), default=0, metavar="N", help="Yes, change up to N records.")
@click.option(
    "--read", default="", metavar="ID", callback=_an_id, help="Yes, change what the dry run of this id showed."
)
@click.option("--connection", "only", multiple=True, metavar="NAME", help="Only this connection; may be repeated.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Keep the report in this file, as JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.pass_obj
def sync(
    settings: Path,
    *,
    dry_run: bool,
    full: bool,
    first_fill: bool,
    yes_change: int,
    read: str,
    only: tuple[str, ...],
    report: Path | None,
    as_json: bool,
) -> int:
    """Read what changed, score who moved, write what differs.

    Asks first (exit code 7) before it writes to a CRM for the first time, or to more records than the settings allow.
    SIGTERM lets it finish the page; the next run goes on from there.
    """
    composition = compose(settings)
    answered = composition.brake(first_fill=first_fill, yes_change=yes_change, read=read)
    if report is not None and not report.parent.is_dir():
        raise click.UsageError(f"--report {report}: there is no folder {report.parent}; nothing was read yet")
    done = perform(composition, dry=dry_run, full=full, quiet=as_json, brake=answered, only=only)
    if as_json:
        print_json(done.to_json())
    else:
        show(done, settings)
    if report is not None:
        _keep(done, report, settings)
    return exit_code(done)


def _keep(done: Report, file: Path, settings: Path) -> None:
    """Write the report to its file; where that fails, the run is done all the same, and its exit code says how."""
    try:
        replace_file(file, json.dumps(done.to_json(), ensure_ascii=False, indent=2, default=str), private=False)
    except OSError as error:
        if done.dry:
            raise
        kept = command(settings, f"runs show {done.run} --json")
        click.echo(f"--report {file}: {error.strerror or error}; the run is done, and kept: {kept}", err=True)


def perform(
    composition: Composition,
    *,
    dry: bool = False,
    full: bool = False,
    quiet: bool = False,
    brake: Brake | None = None,
    only: Collection[str] = (),
    work: Callable[[Job], Report] = run,
    stopping: Callable[[], bool] = lambda: False,
) -> Report:
    """One run of these settings, with progress on a terminal, ended in good order by SIGTERM.

    Raises:
        click.UsageError: `only` names a connection that is not in the settings.
    """
    composition.time.now()  # what was last heard of a sandbox's clock may be of another day than this run
    sources = composition.sources()
    if unknown := sorted(set(only) - set(sources)):
        raise click.UsageError(f"--connection {unknown[0]}: the settings name {', '.join(sources)}")
    ledger = composition.ledger()
    out = console()
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.completed}"),
        TimeElapsedColumn(),
        console=out,
        transient=True,
        disable=quiet or not out.is_terminal,
    )
    tasks: dict[tuple[str, str, str], TaskID] = {}

    def watch(step: Step) -> None:
        key = (step.stage, step.connection, step.object)
        if key not in tasks:
            tasks[key] = bar.add_task(
                " ".join(filter(None, (STAGES[step.stage], step.connection, step.object))), total=None
            )
        bar.update(tasks[key], completed=step.done)

    chosen = {name: source for name, source in sources.items() if not only or name in only}
    try:
        with bar, on_sigterm() as asked:
            options = {"dry": dry, "full": full, "watch": watch, "connections": tuple(sources)}
            job = composition.job(chosen, ledger, stopping=lambda: asked() or stopping(), **options)
            return work(job if brake is None else replace(job, brake=brake))
    finally:
        for source in sources.values():
            source.connector.close()
        ledger.close()


def exit_code(report: Report) -> Exit:
    """What the caller should do now."""
    if report.state != "done":
        return STATES[report.state]
    refused = any(each.outcomes[word] for each in report.connections.values() for word in REFUSED)
    return Exit.REJECTS if refused else Exit.DONE


def show(report: Report, settings: Path) -> None:
    """The report as a person reads it; what to type next, for these settings."""
    out = console()
    kind = "dry run (nothing was written, nothing kept)" if report.dry else f"run {report.run}"
    out.print(f"[bold]{kind}[/bold] of {report.day.isoformat()}, rules {report.rules}")
    course(report, settings)
    if report.dry and report.intent:
        out.print()
        out.print(f"to do just this: {command(settings, f'sync --read {report.intent}')}", soft_wrap=True)
